/* config.h: the settings of this process: one table that reads, checks, documents and prints them.
 *
 * A setting comes from the environment, else from a file of KEY=value lines (MATINEE_CONFIG, or
 * matinee.conf in MATINEE_HOME), else from its default; a secret also from the file that KEY_FILE
 * names. Owns: nothing but texts in the context's arena, which must live as long as the process.
 * Invariant: after config_load every value is in its range. Threads: constant after loading. */
#ifndef APP_CONFIG_H
#define APP_CONFIG_H

#include "base/ctx.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** All settings as the program uses them; what each means is said in the table of config.c. Texts
 * are NUL-terminated and never NULL. */
struct config {
    const char *home;
    const char *database_url;      /**< Filled in when not set: sqlite:HOME/matinee.db. */
    const char *database_read_url; /**< "" = none. */
    const char *storage_path;      /**< Filled in when not set: HOME/storage. */
    const char *address;
    const char *socket; /**< Unix socket to listen on as well, or "". */
    const char *public_url;
    const char *environment;
    const char *log_level;
    const char *cors_origins;
    const char *trusted_proxies;
    const char *media_program; /**< Filled in when not set: beside this program. */
    const char *contract_log;
    const char *limits; /**< "on" or "off". */
    int64_t port;
    int64_t workers;         /**< Jobs at the same time in one process. */
    int64_t encoder_threads; /**< 0 = processors divided by workers. */
    int64_t handlers;
    int64_t database_readers;
    int64_t database_writers;
    int64_t max_file_size_bytes;
    int64_t user_quota_bytes;
    int64_t cache_size_bytes;
    int64_t upload_lifetime_ms;
    int64_t signed_url_lifetime_ms;
};

/** Reads everything. INVALID (with one sentence that names the setting and says what to do):
 * unknown or repeated line in the file, malformed or out of range, a setting of a part that this
 * version doesn't have. IO, NOT_FOUND, DENIED: a named file can't be read. */
status config_load(struct ctx *cx, struct config *out) CHECKED;

/** Writes the table with meaning, default and the value in force to the stream; secrets are said to
 * be set or not. */
status config_print(struct ctx *cx, const struct config *config, FILE *to) CHECKED;

/** True when the database is the embedded one. */
bool config_is_embedded(const struct config *config);

/** LOG_LEVEL as a number. */
enum log_level config_log_level(const struct config *config);

#endif
