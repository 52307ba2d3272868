/* clock.h: the two clocks. Wall time for people and rows, ticks for durations and deadlines.
 *
 * Owns nothing. Threads: any. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/text.h"

#include <stdint.h>

/** Room for a moment as text, with its NUL. */
enum { CLOCK_ISO_BYTES = 32 };

/** Wall clock, milliseconds since 1970 UTC. Can jump; for rows and people only. */
int64_t clock_now_ms(void);

/** Monotonic clock in milliseconds (microseconds) from an arbitrary origin. Never jumps. */
int64_t clock_ticks_ms(void);
int64_t clock_ticks_us(void);

/** Writes "2026-01-31T23:59:59.123Z" (RFC 3339) into the buffer and returns it. */
const char *clock_iso(int64_t time_ms, char buffer[CLOCK_ISO_BYTES]);

/** Writes an HTTP date ("Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110 §5.6.7) and returns the
 *  buffer. */
const char *clock_http_date(int64_t time_ms, char buffer[CLOCK_ISO_BYTES]);

/** Reads an HTTP date in the preferred form; INVALID otherwise. */
status clock_from_http_date(text date, int64_t *out_ms) CHECKED;

/** Sleeps; interrupted sleeps are resumed. */
void clock_sleep_ms(int64_t duration_ms);

#endif
