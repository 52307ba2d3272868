/* commands.c: the commands that do one thing and end. Owns nothing. Threads: the main one. */
#include "app/commands.h"

#include "api/api.h"
#include "app/catalogue.h"
#include "features/accounts/account.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int command_migrate(char **arguments) {
    if (!command_takes_nothing(arguments, "migrate")) return 2;
    struct program program;
    if (program_begin(&program, "migrate") != OK || program_open(&program) != OK)
        return command_failed(&program);
    (void)printf("The database has the schema of version %s.\n", program_version);
    program_close(&program, 0);
    return 0;
}

int command_config(char **arguments) {
    if (!command_takes_nothing(arguments, "config")) return 2;
    struct arena *arena = arena_new(4 * 1024 * 1024);
    struct program program = {.arena = arena, .cx.arena = arena, .lock_fd = -1, .roll.fd = -1};
    if (!arena || config_load(&program.cx, &program.config) != OK ||
        config_print(&program.cx, &program.config, stdout) != OK)
        return command_failed(&program);
    program_close(&program, 0);
    return 0;
}

int command_openapi(char **arguments) {
    if (!command_takes_nothing(arguments, "openapi")) return 2;
    struct arena *arena = arena_new(4 * 1024 * 1024);
    struct program program = {.arena = arena, .cx.arena = arena, .lock_fd = -1, .roll.fd = -1};
    struct route_table tables[32];
    for (size_t i = 0; i < catalogue_route_count; i++) tables[i] = *catalogue_routes[i];
    struct api_options options = {
        .tables = tables, .table_count = catalogue_route_count, .version = program_version};
    if (!arena || api_open(&program.cx, &options, &program.api) != OK)
        return command_failed(&program);
    text document = api_document(program.api);
    bool wrote = fwrite(document.at, 1, document.len, stdout) == document.len &&
                 fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    program_close(&program, 0);
    return wrote ? 0 : 1;
}

int command_media(char **arguments) {
    struct arena *arena = arena_new(4 * 1024 * 1024);
    struct program program = {.arena = arena, .cx.arena = arena, .lock_fd = -1, .roll.fd = -1};
    if (!arena || config_load(&program.cx, &program.config) != OK) return command_failed(&program);
    /* The word "media" before the arguments makes room for the program's own name. */
    arguments[-1] = (char *)program.config.media_program;
    (void)execv(program.config.media_program, arguments - 1);
    (void)ctx_fail_errno(&program.cx, "Running", program.config.media_program);
    return command_failed(&program);
}

int command_keys(char **arguments) {
    if (!arguments[0] || strcmp(arguments[0], "rotate") != 0 || arguments[1])
        return command_misused("keys takes one word: rotate.");
    struct program program;
    text kid;
    if (program_begin(&program, "keys") != OK || program_open(&program) != OK ||
        account_keys_rotate(&program.cx, program.services.keys, &kid) != OK)
        return command_failed(&program);
    (void)printf("Tokens are signed with key %.*s from now on.\n", TEXT_ARG(kid));
    program_close(&program, 0);
    return 0;
}

int command_password(char **arguments) {
    if (!arguments[0] || arguments[1])
        return command_misused("password takes the e-mail address of one account.");
    struct program program;
    text password;
    if (program_begin(&program, "password") != OK || program_open(&program) != OK ||
        account_reset_password(&program.cx, &program.services, text_of(arguments[0]), &password) !=
            OK)
        return command_failed(&program);
    (void)printf("password: %.*s\n", TEXT_ARG(password));
    program_close(&program, 0);
    return 0;
}
