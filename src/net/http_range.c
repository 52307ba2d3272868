/* http_range.c: ranges, entity tags and dates in requests; see http_range.h.
 *
 * Owns nothing. Invariant: arithmetic on sizes can't overflow, as numbers are read with a cap.
 * Threads: pure. */
#include "net/http_range.h"

#include "base/clock.h"

/* A run of digits at the front; -1 when there is none. Larger than any file saturates. */
static int64_t digits_take(text *t) {
    if (t->len == 0 || t->at[0] < '0' || t->at[0] > '9') return -1;
    int64_t value = 0;
    while (t->len && t->at[0] >= '0' && t->at[0] <= '9') {
        int digit = t->at[0] - '0';
        value = value > (INT64_MAX - digit) / 10 ? INT64_MAX : value * 10 + digit;
        *t = text_part(*t, 1, SIZE_MAX);
    }
    return value;
}

static struct range part_of(int64_t first, int64_t last, int64_t size) {
    if (first >= size) return (struct range){.kind = RANGE_OUTSIDE};
    if (last >= size) last = size - 1;
    return (struct range){RANGE_PART, first, last - first + 1};
}

struct range range_of(text header, int64_t size_bytes) {
    const struct range whole = {RANGE_WHOLE, 0, size_bytes};
    if (!text_equal_nocase(text_part(header, 0, 6), TEXT("bytes="))) return whole;
    text spec = text_trim(text_part(header, 6, SIZE_MAX));
    int64_t first = digits_take(&spec);
    if (spec.len == 0 || spec.at[0] != '-') return whole;
    spec = text_part(spec, 1, SIZE_MAX);
    int64_t last = digits_take(&spec);
    if (spec.len != 0 || (first < 0 && last < 0)) return whole;
    if (first >= 0 && last >= 0 && last < first) return whole;
    if (first >= 0) return part_of(first, last < 0 ? INT64_MAX : last, size_bytes);
    if (last == 0) return (struct range){.kind = RANGE_OUTSIDE};
    return part_of(last >= size_bytes ? 0 : size_bytes - last, INT64_MAX, size_bytes);
}

static text opaque_of(text tag) {
    return text_starts(tag, TEXT("W/")) ? text_part(tag, 2, SIZE_MAX) : tag;
}

/* Weak comparison takes "W/" off both; strong comparison refuses it (RFC 9110 §8.8.3.2). */
static bool tags_equal(text a, text b, bool strong) {
    if (a.len == 0 || b.len == 0) return false;
    if (strong && (text_starts(a, TEXT("W/")) || text_starts(b, TEXT("W/")))) return false;
    return text_equal(opaque_of(a), opaque_of(b));
}

/* Is our tag in the header's list? Tags may hold commas inside their quotes. */
static bool list_has(text header, text etag, bool strong) {
    header = text_trim(header);
    if (text_is(header, "*")) return true;
    while (header.len) {
        size_t begin = 0;
        while (begin < header.len && header.at[begin] != '"') begin++;
        size_t end = begin + 1;
        while (end < header.len && header.at[end] != '"') end++;
        if (end >= header.len) return false;
        text tag = text_trim(text_part(header, 0, end + 1));
        if (tags_equal(tag, etag, strong)) return true;
        header = text_trim(text_part(header, end + 1, SIZE_MAX));
        if (header.len && header.at[0] != ',') return false;
        header = text_trim(text_part(header, 1, SIZE_MAX));
    }
    return false;
}

/* Dates in headers count whole seconds. A malformed date is as if it weren't there: -1. */
static int64_t date_s(text header) {
    int64_t time_ms = 0;
    if (!header.at || clock_from_http_date(text_trim(header), &time_ms) != OK) return -1;
    return time_ms / 1000;
}

int range_conditions(const struct conditions *conditions, const struct validators *validators) {
    int64_t modified_s = validators->modified_ms / 1000;
    bool dated = validators->modified_ms > 0;
    if (conditions->if_match.at) {
        if (!list_has(conditions->if_match, validators->etag, true)) return 412;
    } else if (dated && date_s(conditions->if_unmodified_since) >= 0 &&
               modified_s > date_s(conditions->if_unmodified_since)) {
        return 412;
    }
    if (conditions->if_none_match.at)
        return list_has(conditions->if_none_match, validators->etag, false) ? 304 : 200;
    if (dated && date_s(conditions->if_modified_since) >= modified_s) return 304;
    return 200;
}

bool range_if_range(text if_range, const struct validators *validators) {
    if (!if_range.at) return true;
    text value = text_trim(if_range);
    if (text_starts(value, TEXT("\"")) || text_starts(value, TEXT("W/")))
        return tags_equal(value, validators->etag, true);
    return validators->modified_ms > 0 && date_s(value) == validators->modified_ms / 1000;
}
