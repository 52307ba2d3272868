/* log.c: lines of JSON in one write each.
 *
 * Owns: service name, least level and descriptor, set once at start. A line that does not fit its
 * buffer is cut at a field's border, never inside, so each line stays valid JSON. Threads: any. */
#include "base/log.h"

#include "base/clock.h"
#include "base/field.h"
#include "base/record.h"
#include "base/scope.h"

#include <stdatomic.h>
#include <unistd.h>

enum { LINE_BYTES = 16 * 1024, VALUE_BYTES = 2000 };

static const char *service_name = "matinee";
static atomic_int least_level = LOG_LEVEL_INFO;
static atomic_int log_fd = STDERR_FILENO;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_open(const char *service, enum log_level least, int fd) {
    service_name = service;
    atomic_store(&least_level, (int)least);
    atomic_store(&log_fd, fd);
}

bool log_wants(enum log_level level) {
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

status log_level_from(text name, enum log_level *out) {
    for (int i = 0; i < 4; i++) {
        if (text_is(name, level_names[i])) {
            *out = (enum log_level)i;
            return OK;
        }
    }
    return INVALID;
}

static void put_member(struct build *line, const char *name, text value) {
    build_byte(line, ',');
    json_write_text(line, text_of(name));
    build_byte(line, ':');
    json_write_text(line, text_part(value, 0, VALUE_BYTES));
}

static void put_field(struct build *line, const struct log_field *field) {
    if (field->text.at) {
        put_member(line, field->name, field->text);
    } else if (field->number != NO_INT) {
        build_byte(line, ',');
        json_write_text(line, text_of(field->name));
        build_format(line, ":%lld", (long long)field->number);
    }
}

void log_write(enum log_level level, const char *message, const struct log_field *fields,
               size_t count) {
    if (!log_wants(level)) return;
    scoped(arena_done) struct arena *arena = arena_new(8 * LINE_BYTES);
    if (!arena) return;
    char stamp[CLOCK_ISO_BYTES];
    struct build line = {.arena = arena};
    build_format(&line, "{\"timestamp\":\"%s\",\"level\":\"%s\",\"service\":\"%s\"",
                 clock_iso(clock_now_ms(), stamp), level_names[level], service_name);
    put_member(&line, "message", text_of(message));
    for (size_t i = 0; i < count && line.len < LINE_BYTES; i++) put_field(&line, &fields[i]);
    build_c(&line, "}\n");
    text whole = NO_TEXT;
    if (build_text(&line, &whole) != OK) return;
    /* Nothing sensible can be done when the log itself cannot be written. */
    ssize_t written = write(atomic_load(&log_fd), whole.at, whole.len);
    (void)written;
}
