/* serve.c: the two commands that stay: `serve` and `worker`, and how they end.
 *
 * Owns: the program for its whole life. The main thread blocks the signals before any other thread
 * starts and waits for them; the first asks everything to end in good order, the second kills at
 * once. Standard output carries the address and, once, the administrator's account, and nothing
 * else; all else goes to the log. Threads: the main one. */
#include "app/commands.h"

#include "app/home.h"
#include "base/scope.h"
#include "features/accounts/account.h"
#include "net/http.h"

#include <signal.h>
#include <string.h>

enum { GRACE_MS = 30 * 1000, JOBS_MOST = 64 };

static void stop_signals(sigset_t *out) {
    (void)sigemptyset(out);
    (void)sigaddset(out, SIGTERM);
    (void)sigaddset(out, SIGINT);
    (void)sigaddset(out, SIGHUP);
}

static void hold_signals(void) {
    sigset_t stop;
    stop_signals(&stop);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
}

/* Returns at the first signal; from then on the next one has its plain effect. */
static void wait_for_end(void) {
    sigset_t stop;
    stop_signals(&stop);
    int number = 0;
    while (sigwait(&stop, &number) != 0) continue;
    (void)pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    log_event(LOG_LEVEL_INFO, "stopping", LOG_TEXT("signal", text_of(strsignal(number))));
}

static void say_address(const struct program *program) {
    const char *address = program->config.address;
    unsigned port = http_server_port(program->services.http);
    if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0) address = "127.0.0.1";
    bool six = strchr(address, ':') != NULL;
    (void)printf("address: http://%s%s%s:%u\n", six ? "[" : "", address, six ? "]" : "", port);
    (void)fflush(stdout);
    log_event(LOG_LEVEL_INFO, "listening", LOG_TEXT("address", text_of(program->config.address)),
              LOG_INT("port", port), LOG_TEXT("version", text_of(program_version)));
}

/* The password is hashed slowly, so this comes when requests are answered already. */
static status say_admin(struct program *program) {
    struct ctx *cx = &program->cx;
    text email;
    text password;
    status made = account_first_admin(cx, &program->services, &email, &password);
    if (made == NOT_FOUND) return OK;
    TRY(made);
    (void)printf("admin: %.*s %.*s\n", TEXT_ARG(email), TEXT_ARG(password));
    (void)fflush(stdout);
    return OK;
}

static status start_serving(struct program *program, int slots) {
    struct ctx *cx = &program->cx;
    TRY(program_begin(program, "server"));
    if (config_is_embedded(&program->config))
        TRY(home_lock(cx, program->config.home, &program->lock_fd));
    TRY(program_open(program));
    TRY(program_listen(program));
    say_address(program);
    if (slots < 0) slots = (int)program->config.workers;
    if (slots > 0) TRY(program_work(program, slots));
    return say_admin(program);
}

int command_serve(char **arguments) {
    int slots = -1;
    for (; arguments[0]; arguments++) {
        if (strcmp(arguments[0], "--no-worker") != 0)
            return command_misused("serve doesn't know \"%s\"; it takes --no-worker only.",
                                   arguments[0]);
        slots = 0;
    }
    struct program program;
    hold_signals();
    if (start_serving(&program, slots) != OK) return command_failed(&program);
    wait_for_end();
    program_close(&program, GRACE_MS);
    log_event(LOG_LEVEL_INFO, "stopped", LOG_INT("exit", 0));
    return 0;
}

static status start_working(struct program *program, int64_t slots) {
    TRY(program_begin(program, "worker"));
    TRY(program_open(program));
    if (slots == 0) slots = program->config.workers > 0 ? program->config.workers : 1;
    TRY(program_work(program, (int)slots));
    log_event(LOG_LEVEL_INFO, "working", LOG_INT("jobs", slots),
              LOG_TEXT("version", text_of(program_version)));
    return OK;
}

int command_worker(char **arguments) {
    int64_t slots = 0;
    if (arguments[0]) {
        if (strcmp(arguments[0], "--jobs") != 0 || !arguments[1] || arguments[2])
            return command_misused("worker takes --jobs N only.");
        if (text_to_int(text_of(arguments[1]), &slots) != OK || slots < 1 || slots > JOBS_MOST)
            return command_misused("--jobs wants a number from 1 to %d.", JOBS_MOST);
    }
    struct program program;
    hold_signals();
    if (start_working(&program, slots) != OK) return command_failed(&program);
    wait_for_end();
    program_close(&program, GRACE_MS);
    log_event(LOG_LEVEL_INFO, "stopped", LOG_INT("exit", 0));
    return 0;
}
