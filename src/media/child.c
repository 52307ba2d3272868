/* child.c: posix_spawn with exact descriptors, a pidfd, and a poll loop. See child.h.
 *
 * posix_spawn and not fork, because the server has many threads and much memory; the limits of the
 * child's cage are therefore set by the child itself, before it sees the film. */
#include "media/child.h"

#include "base/clock.h"
#include "base/scope.h"
#include "media/sanitizer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { FDS_MOST = 40, SAFE_FD = 100 };

struct child {
    pid_t pid;
    int pidfd;
    int socket;
    bool closed; /* the child has closed its end */
    struct message_reader reader;
};

/* Copies of all descriptors above every target, so that no dup2 overwrites a later one's source. */
struct handover {
    int fds[FDS_MOST];
    size_t count;
    int null;
};

static void handover_done(struct handover *handover) {
    for (size_t i = 0; i < handover->count; i++) (void)close(handover->fds[i]);
    if (handover->null >= 0) (void)close(handover->null);
}

static status handover_open(struct ctx *cx, int child_socket, const int *fds, size_t count,
                            struct handover *out) {
    out->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (out->null < 0) return ctx_fail_errno(cx, "Opening", "/dev/null");
    for (size_t i = 0; i <= count; i++) {
        int fd = fcntl(i == 0 ? child_socket : fds[i - 1], F_DUPFD_CLOEXEC, SAFE_FD);
        if (fd < 0) return ctx_fail_errno(cx, "Copying", "a descriptor for the media process");
        out->fds[out->count++] = fd;
    }
    return OK;
}

static void actions_done(posix_spawn_file_actions_t *actions) {
    (void)posix_spawn_file_actions_destroy(actions);
}

static void attributes_done(posix_spawnattr_t *attributes) {
    (void)posix_spawnattr_destroy(attributes);
}

/* All signals at their defaults and unblocked; a group of its own, so that Ctrl-C at a terminal
 * reaches the parent alone, which then ends the child. */
static int attributes_fill(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    if (!failed) failed = posix_spawnattr_setsigdefault(attributes, &all);
    if (!failed) failed = posix_spawnattr_setpgroup(attributes, 0);
    if (failed) return failed;
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
}

static int actions_fill(posix_spawn_file_actions_t *actions, const struct handover *handover) {
    int failed = 0;
    for (int fd = 0; fd <= 2 && !failed; fd++) {
        if (fd == 2 && SANITIZER_ON) continue; /* for its reports */
        failed = posix_spawn_file_actions_adddup2(actions, handover->null, fd);
    }
    for (size_t i = 0; i < handover->count && !failed; i++) {
        failed =
            posix_spawn_file_actions_adddup2(actions, handover->fds[i], MESSAGE_FD_SOCKET + (int)i);
    }
    return failed;
}

static status launch(struct ctx *cx, const char *program, const struct handover *handover,
                     pid_t *out) {
    scoped(actions_done) posix_spawn_file_actions_t actions;
    scoped(attributes_done) posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (!failed) failed = posix_spawnattr_init(&attributes);
    if (failed) return ctx_no_memory(cx);
    failed = attributes_fill(&attributes);
    if (!failed) failed = actions_fill(&actions, handover);
    char parent[24];
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *arguments[] = {(char[]){"matinee-media"}, (char[]){"--child"}, parent, NULL};
    char *environment[] = {(char[]){"LC_ALL=C"}, NULL};
    if (!failed) {
        failed = posix_spawn(out, program, &actions, &attributes, arguments, environment);
    }
    if (!failed) return OK;
    errno = failed;
    status code = failed == EAGAIN || failed == ENOMEM ? BUSY : IO;
    return ctx_fail(cx, code, "The media program %.200s cannot be started: %s.", program,
                    strerrordesc_np(failed));
}

status child_start(struct ctx *cx, const char *program, const int *fds, size_t count,
                   struct child **out) {
    if (count + 1 > FDS_MOST) return ctx_fail(cx, BUG, "Too many descriptors for a media process.");
    struct child *child = arena_new_of(cx->arena, struct child);
    TRY_NEW(cx, child);
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return ctx_fail_errno(cx, "Opening", "a socket for the media process");
    }
    scoped(scope_close) int ours = pair[0];
    scoped(scope_close) int theirs = pair[1];
    scoped(handover_done) struct handover handover = {.null = -1};
    TRY(handover_open(cx, theirs, fds, count, &handover));
    TRY(launch(cx, program, &handover, &child->pid));
    child->pidfd = pidfd_open(child->pid, 0);
    if (child->pidfd < 0) {
        status failed = ctx_fail_errno(cx, "Watching", "the media process");
        (void)kill(child->pid, SIGKILL); /* ours and not reaped, so the number is still its */
        (void)waitpid(child->pid, NULL, 0);
        return failed;
    }
    child->socket = fd_move(&ours);
    *out = child;
    return OK;
}

/* Waits for the child's end and says how it was. A child that closed its socket and lives on has
 * nothing left to say and is ended. */
static status reap(struct ctx *cx, struct child *child) {
    enum { GRACE_MS = 5000 };
    struct pollfd ending = {.fd = child->pidfd, .events = POLLIN};
    if (poll(&ending, 1, GRACE_MS) == 0) {
        (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
    }
    siginfo_t end = {0};
    int result = 0;
    do {
        result = waitid(P_PIDFD, (id_t)child->pidfd, &end, WEXITED);
    } while (result != 0 && errno == EINTR);
    if (result != 0) return ctx_fail_errno(cx, "Waiting for", "the media process");
    child->pid = 0;
    return child_explain(cx, end.si_code, end.si_status);
}

status child_send(struct ctx *cx, struct child *child, const struct schema *schema,
                  const void *record, enum message_kind kind) {
    status sent = message_send_record(cx, child->socket, kind, schema, record);
    if (sent != GONE) return sent;
    ctx_clear(cx);
    return reap(cx, child);
}

/* One read from the socket into the reader; false in `*out_there` when nothing was waiting. */
static status receive(struct ctx *cx, struct child *child) {
    char bytes[65536];
    ssize_t size = recv(child->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return OK;
    if (size <= 0) {
        child->closed = true; /* a reset counts as closed: what matters is how it died */
        return OK;
    }
    return message_reader_feed(cx, &child->reader, bytes, (size_t)size);
}

status child_next(struct ctx *cx, struct child *child, int64_t wait_ms, struct message *out,
                  bool *out_there) {
    int64_t until_ms = clock_ticks_ms() + wait_ms;
    while (true) {
        TRY(message_reader_next(cx, &child->reader, out, out_there));
        if (*out_there) return OK;
        if (child->closed) {
            if (child->pid == 0) return ctx_fail(cx, IO, "The media process has ended.");
            return reap(cx, child);
        }
        int64_t left_ms = until_ms - clock_ticks_ms();
        struct pollfd wait = {.fd = child->socket, .events = POLLIN};
        int ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : poll(&wait, 1, 0);
        if (ready < 0 && errno != EINTR) return ctx_fail_errno(cx, "Waiting for", "media messages");
        if (ready > 0) TRY(receive(cx, child));
        if (ready == 0 && left_ms <= 0) return OK;
    }
}

void child_end(struct child *child) {
    if (!child) return;
    if (child->pid != 0) {
        (void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
        siginfo_t end;
        while (waitid(P_PIDFD, (id_t)child->pidfd, &end, WEXITED) != 0 && errno == EINTR) {
        }
    }
    (void)close(child->pidfd);
    (void)close(child->socket);
    message_reader_done(&child->reader);
}

void child_done(struct child **child) {
    child_end(*child);
    *child = NULL;
}

static status explain_signal(struct ctx *cx, int number) {
    const char *known = sigdescr_np(number);
    const char *words = known ? known : "unknown";
    switch (number) {
    case SIGSYS:
        return ctx_fail(cx, INVALID,
                        "Decoding the film was stopped: it made the decoder attempt "
                        "something that decoding never needs.");
    case SIGXCPU:
        return ctx_fail(cx, QUOTA, "Processing the film took more processor time than is allowed.");
    case SIGXFSZ:
        return ctx_fail(cx, QUOTA, "The film's renditions grew larger than is allowed.");
    case SIGSEGV:
    case SIGBUS:
    case SIGABRT:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
        return ctx_fail(
            cx, IO, "The film made its decoder crash (%s); the file is probably damaged.", words);
    case SIGKILL:
        return ctx_fail(cx, IO,
                        "The media process was killed from outside, perhaps because the "
                        "machine ran out of memory.");
    default:
        return ctx_fail(cx, IO, "The media process was ended by a signal (%s).", words);
    }
}

status child_explain(struct ctx *cx, int code, int value) {
    if (code == CLD_KILLED || code == CLD_DUMPED) return explain_signal(cx, value);
    if (value == 127) {
        return ctx_fail(cx, IO, "The media program cannot be started; is it installed whole?");
    }
    return ctx_fail(cx, IO, "The media process ended without a result (exit code %d).", value);
}
