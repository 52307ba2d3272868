/* commands.h: the words of the command line.
 *
 * Each takes what stands behind it and returns the exit code: 0 done, 1 failed (one sentence on
 * standard error), 2 misused. Owns nothing. Threads: the main one. */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/program.h"

/** Arguments behind the command's own name, NULL-terminated. */
typedef int command(char **arguments);

/** `serve [--no-worker]`: server, workers and ticks until a signal. */
command command_serve;

/** `worker [--jobs N]`: workers and ticks until a signal. */
command command_worker;

/** `migrate`: brings the schema along and ends. */
command command_migrate;

/** `config`: explains the settings and prints those in force. */
command command_config;

/** `openapi`: prints the description of the HTTP interface. */
command command_openapi;

/** `media …`: becomes matinee-media with these arguments. */
command command_media;

/** `keys rotate`: signs tokens with a new key from now on. */
command command_keys;

/** `password EMAIL`: gives an account a random password, shown once, and signs it out. */
command command_password;

/** Says on standard error what failed, in one sentence, and gives the exit code for it. Closes the
 *  program. */
int command_failed(struct program *program);

/** Says what was wrong with the command line; returns 2. */
int command_misused(const char *format, ...) PRINTF_LIKE(1, 2);

/** True when nothing stands behind the command; else says so. */
bool command_takes_nothing(char **arguments, const char *name);

#endif
