/* commands.h: the words of the command line. Each takes what stands behind it and returns the exit
 * code: 0 done, 1 failed (one sentence on standard error), 2 misused. Threads: the main one. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/program.h"

/** Arguments behind the command's own name, NULL-terminated. */
typedef int command(char **arguments);

command command_serve;
command command_worker;
command command_migrate;
command command_config;
command command_openapi;
command command_media;
command command_keys;

/** Says on standard error what failed, in one sentence, and gives the exit code for it. */
int command_failed(struct program *program);

/** Says what was wrong with the command line; returns 2. */
int command_misused(const char *format, ...) PRINTF_LIKE(1, 2);

/** True when nothing stands behind the command; else says so. */
bool command_takes_nothing(char **arguments, const char *name);

#endif
