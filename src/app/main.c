/* main.c: finds the command and runs it. Owns: the table of commands. Threads: the main one. */
#include "app/commands.h"

#include "base/scope.h"

#include <stdarg.h>
#include <string.h>

static command command_help;
static command command_version;

static const struct {
    const char *name;
    command *run;
    const char *takes;
    const char *doc;
} commands[] = {
    {"serve", command_serve, "[--no-worker]",
     "answer requests and process films, in the foreground"},
    {"worker", command_worker, "[--jobs N]",
     "only process films, beside a server on the same data"},
    {"migrate", command_migrate, "", "bring the database to this version's schema"},
    {"config", command_config, "", "explain every setting and show the values in force"},
    {"keys", command_keys, "rotate",
     "sign tokens with a new key from now on; nobody is signed out"},
    {"password", command_password, "EMAIL",
     "give an account a new random password and sign it out everywhere"},
    {"openapi", command_openapi, "", "print the description of the HTTP interface"},
    {"media", command_media, "...", "run matinee-media with these arguments"},
    {"version", command_version, "", "print the version"},
    {"help", command_help, "", "print this"},
};

static int command_help(char **arguments) {
    (void)arguments;
    (void)printf("Usage: matinee COMMAND\n\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        (void)printf("  %-8s %-14s %s\n", commands[i].name, commands[i].takes, commands[i].doc);
    (void)printf("\nSettings come from the environment or a file; matinee config lists them.\n");
    return 0;
}

static int command_version(char **arguments) {
    if (!command_takes_nothing(arguments, "version")) return 2;
    (void)printf("matinee %s\n", program_version);
    return 0;
}

int command_misused(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("matinee: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return 2;
}

bool command_takes_nothing(char **arguments, const char *name) {
    if (!arguments[0]) return true;
    (void)command_misused("%s takes no argument, but got \"%s\".", name, arguments[0]);
    return false;
}

int command_failed(struct program *program) {
    const struct fault *fault = &program->cx.fault;
    const char *said = fault->detail[0] ? fault->detail : "There is not enough memory to start.";
    (void)fprintf(stderr, "matinee: %s\n", said);
    int code = fault->code == INVALID ? 2 : 1;
    program_close(program, 0);
    return code;
}

int main(int count, char **arguments) {
    const char *name = count > 1 ? arguments[1] : NULL;
    if (!name) return command_misused("Which command? matinee help lists them.");
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    if (strcmp(name, "--version") == 0) name = "version";
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(name, commands[i].name) == 0) return commands[i].run(arguments + 2);
    return command_misused("There is no command \"%s\"; matinee help lists them.", name);
}
