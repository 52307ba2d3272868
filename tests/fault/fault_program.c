/* fault_program.c: the programs under test as processes that can be killed at any moment.
 *
 * Owns: the run's folder. Every program dies with the thread that started it (PR_SET_PDEATHSIG), so
 * a test that is broken off leaves nothing behind. Threads: the main one. */
#include "fault.h"

#include "base/clock.h"
#include "base/scope.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { STOP_MS = 40000 };

void fault_say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)printf("\n");
    (void)fflush(stdout);
}

void fault_give_up(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "fault: ");
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "\n");
    _exit(1);
}

/* Runs in the child, where only calls that are safe after a fork of threads may be made. */
static _Noreturn void become(const char *out_path, char *const *arguments) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    int out = open(out_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (out >= 0) {
        (void)dup2(out, 1);
        (void)dup2(out, 2);
    }
    (void)execvp(arguments[0], arguments);
    _exit(127);
}

static void make_film(struct fault_place *place) {
    char log[400];
    int how = 0;
    char *const arguments[] = {"ffmpeg",
                               "-nostdin",
                               "-y",
                               "-f",
                               "lavfi",
                               "-i",
                               "testsrc2=size=320x180:rate=25",
                               "-f",
                               "lavfi",
                               "-i",
                               "sine=frequency=440",
                               "-t",
                               "2",
                               "-c:v",
                               "libx264",
                               "-preset",
                               "ultrafast",
                               "-pix_fmt",
                               "yuv420p",
                               "-g",
                               "50",
                               "-c:a",
                               "aac",
                               "-movflags",
                               "+faststart",
                               place->film,
                               NULL};
    (void)snprintf(log, sizeof log, "%s.log", place->film);
    pid_t child = fork();
    if (child == 0) become(log, arguments);
    if (child < 0 || waitpid(child, &how, 0) != child || how != 0)
        fault_give_up("ffmpeg could not make the film; see %s", log);
}

static int free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    scoped(scope_close) int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0 || bind(probe, (struct sockaddr *)&at, size) != 0 ||
        getsockname(probe, (struct sockaddr *)&at, &size) != 0)
        fault_give_up("no port is free: %s", strerror(errno));
    return ntohs(at.sin_port);
}

static void set(const char *name, const char *value) {
    if (setenv(name, value, 1) != 0) fault_give_up("no memory for %s", name);
}

/* The settings are this process's environment, so the children only inherit. */
static void settle(const struct fault_place *place) {
    char port[16];
    (void)snprintf(port, sizeof port, "%d", place->port);
    set("MATINEE_HOME", place->home);
    set("STORAGE_PATH", place->storage);
    set("DATABASE_URL", place->database);
    set("PORT", port);
    set("LIMITS", "off");
    set("LOG_LEVEL", "info");
    set("WORKERS", "2");
}

void fault_place_make(struct fault_place *place, const char *program, const char *database) {
    *place = (struct fault_place){.port = free_port()};
    (void)snprintf(place->home, sizeof place->home, "/tmp/matinee-fault-XXXXXX");
    if (!mkdtemp(place->home)) fault_give_up("no folder can be made: %s", strerror(errno));
    (void)snprintf(place->program, sizeof place->program, "%s", program);
    (void)snprintf(place->storage, sizeof place->storage, "%s/storage", place->home);
    (void)snprintf(place->film, sizeof place->film, "%s/film.mp4", place->home);
    (void)snprintf(place->base, sizeof place->base, "http://127.0.0.1:%d", place->port);
    if (database)
        (void)snprintf(place->database, sizeof place->database, "%s", database);
    else
        (void)snprintf(place->database, sizeof place->database, "sqlite:%s/fault.db", place->home);
    make_film(place);
    settle(place);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk) {
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void fault_place_remove(const struct fault_place *place) {
    (void)nftw(place->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

pid_t fault_start(const struct fault_place *place, const char *command, const char *option) {
    char log[400];
    char *const arguments[] = {(char *)(uintptr_t)place->program, (char *)(uintptr_t)command,
                               (char *)(uintptr_t)option, NULL};
    (void)snprintf(log, sizeof log, "%s/%s.log", place->home, command);
    pid_t child = fork();
    if (child == 0) become(log, arguments);
    if (child < 0) fault_give_up("%s can't be started: %s", command, strerror(errno));
    return child;
}

bool fault_run(const struct fault_place *place, const char *program, const char *first,
               const char *second) {
    char log[400];
    int how = 0;
    char *const arguments[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)first,
                               (char *)(uintptr_t)second, NULL};
    (void)snprintf(log, sizeof log, "%s/commands.log", place->home);
    pid_t child = fork();
    if (child == 0) become(log, arguments);
    return child > 0 && waitpid(child, &how, 0) == child && how == 0;
}

void fault_kill(pid_t process) {
    int how = 0;
    if (kill(process, SIGKILL) != 0) fault_give_up("process %d had ended by itself", (int)process);
    if (waitpid(process, &how, 0) != process || !WIFSIGNALED(how) || WTERMSIG(how) != SIGKILL)
        fault_give_up("process %d had ended by itself with %d", (int)process, how);
}

bool fault_stop(pid_t process) {
    int how = 0;
    int64_t until_ms = clock_ticks_ms() + STOP_MS;
    (void)kill(process, SIGTERM);
    while (waitpid(process, &how, WNOHANG) == 0) {
        if (clock_ticks_ms() > until_ms) {
            (void)kill(process, SIGKILL);
            (void)waitpid(process, &how, 0);
            return false;
        }
        clock_sleep_ms(20);
    }
    return WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void close_folder(DIR **folder) {
    if (*folder) (void)closedir(*folder);
}

/* Reads name, state and parent of a process from /proc. */
static bool look_up(int process, char name[32], char *out_state, int *out_parent) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", process);
    scoped(scope_fclose) FILE *file = fopen(path, "re");
    return file && fscanf(file, "%*d (%31[^)]) %c %d", name, out_state, out_parent) == 3;
}

pid_t fault_child(pid_t parent, const char *name) {
    scoped(close_folder) DIR *folder = opendir("/proc");
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char found[32];
        char state = 0;
        int of = 0;
        int process = (int)strtol(entry->d_name, NULL, 10);
        if (process <= 0 || !look_up(process, found, &state, &of)) continue;
        if (of == parent && state != 'Z' && strncmp(found, name, strlen(name)) == 0) return process;
    }
    return -1;
}

bool fault_is_alive(pid_t process) {
    char name[32];
    char state = 0;
    int parent = 0;
    return look_up(process, name, &state, &parent) && state != 'Z' && state != 'X';
}
