/* log.h: one JSON object a line on a file descriptor (mission D8).
 *
 * Owns: the process's log level, service name and descriptor. Every line has timestamp, level,
 * service and message; the caller adds fields. Lines are written with one write(2), so that several
 * processes can share the file. Only boundaries log (floors 4 to 6, and store's background threads
 * through the hooks they are given). Invariant: no secret is ever a field. Threads: any. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/field.h"
#include "base/text.h"

/** How much a line matters. */
enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/** One extra member of a line: a text or an integer. */
struct log_field {
    const char *name; /**< Member name in snake_case; NULL ends a list. */
    text text;        /**< Value when present (cut at 2000 bytes). */
    int64_t number;   /**< Value when `text` is absent and this is not NO_INT. */
};

/** A member of a line: a text, or an integer. */
#define LOG_TEXT(name_, value)                                                                     \
    ((struct log_field){.name = (name_), .text = (value), .number = NO_INT})
#define LOG_INT(name_, value) ((struct log_field){.name = (name_), .number = (value)})

/** Sets what all lines share; `service` must live as long as the process. Default: info, fd 2. */
void log_open(const char *service, enum log_level least, int fd);

/** True when lines of that level are written. */
bool log_wants(enum log_level level);

/** Writes one line; fields with absent text and NO_INT number are left out. */
void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count);

/** log_event(LOG_LEVEL_INFO, "listening", LOG_INT("port", 8080)). */
#define log_event(level, message, ...)                                                             \
    log_write((level), (message), (const struct log_field[]){__VA_ARGS__},                         \
              sizeof((struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/** "debug", "info", "warning", "error" → level; INVALID otherwise. */
status log_level_from(text name, enum log_level *out) CHECKED;

#endif
