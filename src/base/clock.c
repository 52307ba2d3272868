/* clock.c: clocks and dates. Owns nothing. Threads: any. */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t read_us(clockid_t id) {
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void) {
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_ticks_ms(void) {
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_ticks_us(void) {
    return read_us(CLOCK_MONOTONIC);
}

/* Splits a time into UTC parts; times outside years 0 to 9999 are clamped to 1970. */
static struct tm parts_of(int64_t time_ms, int *out_ms) {
    time_t seconds = (time_t)(time_ms / 1000);
    *out_ms = (int)(time_ms % 1000);
    if (*out_ms < 0) {
        *out_ms += 1000;
        seconds--;
    }
    struct tm parts = {0};
    if (!gmtime_r(&seconds, &parts) || parts.tm_year > 8099 || parts.tm_year < -1900) {
        seconds = 0;
        (void)gmtime_r(&seconds, &parts);
    }
    return parts;
}

const char *clock_iso(int64_t time_ms, char buffer[CLOCK_ISO_BYTES]) {
    int ms = 0;
    struct tm parts = parts_of(time_ms, &ms);
    size_t used = strftime(buffer, CLOCK_ISO_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(buffer + used, CLOCK_ISO_BYTES - used, ".%03dZ", ms % 1000);
    return buffer;
}

static const char *const day_names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

const char *clock_http_date(int64_t time_ms, char buffer[CLOCK_ISO_BYTES]) {
    int ms = 0;
    struct tm parts = parts_of(time_ms, &ms);
    (void)snprintf(buffer, CLOCK_ISO_BYTES, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                   day_names[parts.tm_wday % 7], (unsigned)parts.tm_mday % 100,
                   month_names[parts.tm_mon % 12], (unsigned)(parts.tm_year + 1900) % 10000,
                   (unsigned)parts.tm_hour % 100, (unsigned)parts.tm_min % 100,
                   (unsigned)parts.tm_sec % 100);
    return buffer;
}

static bool digits(text t, size_t from, size_t len, int *out) {
    int64_t value = 0;
    text part = text_part(t, from, len);
    if (part.len != len || part.at[0] == '-' || text_to_int(part, &value) != OK) return false;
    *out = (int)value;
    return true;
}

status clock_from_http_date(text date, int64_t *out_ms) {
    struct tm parts = {0};
    if (date.len != 29 || !text_ends(date, TEXT(" GMT"))) return INVALID;
    parts.tm_mon = -1;
    for (int i = 0; i < 12; i++) {
        if (text_is(text_part(date, 8, 3), month_names[i])) parts.tm_mon = i;
    }
    bool numbers = digits(date, 5, 2, &parts.tm_mday) && digits(date, 12, 4, &parts.tm_year) &&
                   digits(date, 17, 2, &parts.tm_hour) && digits(date, 20, 2, &parts.tm_min) &&
                   digits(date, 23, 2, &parts.tm_sec);
    if (!numbers || parts.tm_mon < 0) return INVALID;
    parts.tm_year -= 1900;
    *out_ms = (int64_t)timegm(&parts) * 1000;
    /* The canonical form of what was read must be what came, or a part was out of range. */
    char again[CLOCK_ISO_BYTES];
    return text_is(date, clock_http_date(*out_ms, again)) ? OK : INVALID;
}

void clock_sleep_ms(int64_t duration_ms) {
    if (duration_ms <= 0) return;
    struct timespec left = {.tv_sec = duration_ms / 1000,
                            .tv_nsec = (long)(duration_ms % 1000) * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) continue;
}
