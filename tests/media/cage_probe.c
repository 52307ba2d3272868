/* cage_probe.c: enters the cage and then tries what its first argument names, for cage.sh.
 *
 * Exit code 0: the attempt was refused with an error; 1: it succeeded; 3: set-up failed. Attempts
 * that the filter answers with death end by SIGSYS. Owns nothing. Threads: one, but for the attempt
 * "thread". */
#include "base/scope.h"
#include "media/engine/cage.h"
#include "media/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#if SANITIZER_ON
/* The leak checker at exit needs calls that the cage answers with death. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "detect_leaks=0";
}
#endif

static volatile int sink = 1;

static bool try_open(void) {
    return open("/etc/passwd", O_RDONLY) >= 0;
}
static bool try_create(void) {
    return open("/tmp/matinee-cage-escaped", O_WRONLY | O_CREAT, 0600) >= 0;
}
static bool try_unlink(void) {
    return unlink("/tmp/matinee-cage-nothing") == 0;
}
static bool try_socket(void) {
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static bool try_exec(void) {
    char *arguments[] = {(char[]){"true"}, NULL};
    return execv("/bin/true", arguments) == 0;
}
static bool try_fork(void) {
    return fork() >= 0;
}
static bool try_executable_memory(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}
static bool try_make_executable(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}
static bool try_kill_parent(void) {
    return kill(getppid(), 0) == 0;
}
static bool try_trace(void) {
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}
static bool try_clone3(void) {
    char arguments[64] = {0};
    return syscall(SYS_clone3, arguments, sizeof arguments) >= 0;
}
static bool try_raise_limit(void) {
    unsigned long long both[2] = {1024, 1024};
    return syscall(SYS_prlimit64, 0, 7, both, NULL) == 0;
}
static bool try_more_descriptors(void) {
    return dup(1) >= 0;
}
static bool try_much_memory(void) {
    return mmap(NULL, (size_t)1 << 31, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                0) != MAP_FAILED;
}
static bool try_inherited(void) {
    char byte;
    return read(20, &byte, 1) >= 0;
}
static bool try_large_file(void) {
    return pwrite(1, "x", 1, 1 << 20) == 1;
}
static bool try_ioctl(void) {
    return syscall(SYS_ioctl, 1, 0x5401, 0) == 0;
}
static bool try_spin(void) {
    while (sink >= 0) sink = 1;
    return true;
}

static void *run(void *argument) {
    return argument;
}

/* The one thing that must still work: a thread and its memory. */
static bool try_thread(void) {
    pthread_t thread;
    int token = 0;
    void *result = NULL;
    if (pthread_create(&thread, NULL, run, &token) != 0) return true;
    return pthread_join(thread, &result) != 0 || result != &token;
}

static const struct attempt {
    const char *name;
    bool (*make)(void);
} attempts[] = {
    {"open", try_open},
    {"create", try_create},
    {"unlink", try_unlink},
    {"socket", try_socket},
    {"exec", try_exec},
    {"fork", try_fork},
    {"map-exec", try_executable_memory},
    {"make-exec", try_make_executable},
    {"kill", try_kill_parent},
    {"trace", try_trace},
    {"clone3", try_clone3},
    {"limit", try_raise_limit},
    {"dup", try_more_descriptors},
    {"memory", try_much_memory},
    {"inherited", try_inherited},
    {"file-size", try_large_file},
    {"ioctl", try_ioctl},
    {"processor", try_spin},
    {"thread", try_thread},
};

int main(int argc, char **argv) {
    struct ctx cx = {.arena = NULL};
    struct cage_limits limits = {
        .memory_bytes = 1 << 30, .processor_s = 1, .file_bytes = 65536, .nice = 10, .last_fd = 4};
    if (argc != 2 || dup2(0, 20) != 20) return 3;
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        if (strcmp(argv[1], attempts[i].name) != 0) continue;
        if (cage_enter(&cx, &limits) != OK) {
            (void)fprintf(stderr, "cage: %s\n", cx.fault.detail);
            return 3;
        }
        return attempts[i].make() ? 1 : 0;
    }
    return 3;
}
