/* account_rules.c: what an address, a name and a password must be like, beyond their lengths. Owns
 * nothing. Threads: any.
 *
 * An address's normal form is ASCII lower case throughout: mail servers may tell "Ada@" from
 * "ada@", but none in use does, and people type either. */
#include "features/accounts/account_inner.h"

#include <string.h>

static bool local_byte(unsigned char c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
    return letter || (c != '\0' && strchr("!#$%&'*+/=?^_`{|}~-.", c) != NULL);
}

static bool domain_label(text label) {
    if (label.len == 0 || label.len > 63) return false;
    if (label.at[0] == '-' || label.at[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++) {
        unsigned char c = (unsigned char)label.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c >= 0x80))
            return false;
    }
    return true;
}

static bool is_domain(text domain) {
    text label = NO_TEXT, rest = domain;
    if (!domain.len) return false;
    while (text_cut(rest, '.', &label, &rest)) {
        if (!domain_label(label)) return false;
    }
    return true;
}

static bool is_local(text local) {
    if (local.len == 0 || local.len > 64) return false;
    if (local.at[0] == '.' || local.at[local.len - 1] == '.') return false;
    for (size_t i = 0; i < local.len; i++) {
        if (!local_byte((unsigned char)local.at[i])) return false;
        if (i && local.at[i] == '.' && local.at[i - 1] == '.') return false;
    }
    return true;
}

status rules_email(struct ctx *cx, text email, text *out) {
    text lower = NO_TEXT;
    if (text_lower(cx->arena, text_trim(email), &lower) != OK) return ctx_no_memory(cx);
    ptrdiff_t at = text_find(lower, '@');
    bool good = at > 0 && lower.len <= 254 && is_local(text_part(lower, 0, (size_t)at)) &&
                is_domain(text_part(lower, (size_t)at + 1, lower.len));
    if (!good)
        return ctx_fail_field(cx, INVALID, "email",
                              "'email' must be an e-mail address such as ada@example.org.");
    *out = lower;
    return OK;
}

/* The code point at `at`, and its length, of well-formed UTF-8. */
static uint32_t code_point(text t, size_t at, size_t *out_len) {
    unsigned char c = (unsigned char)t.at[at];
    size_t len = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    uint32_t point = len == 1 ? c : c & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len && at + i < t.len; i++)
        point = point << 6 | ((unsigned char)t.at[at + i] & 0x3F);
    *out_len = len;
    return point;
}

/* Marks that turn the direction of what follows, for making one name look like another. */
static bool turns_text(uint32_t point) {
    return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0x200E || point == 0x200F || point == 0x061C;
}

static bool is_invisible(uint32_t point) {
    return point <= 0x20 || point == 0xA0 || point == 0xAD || point == 0x034F || point == 0x1680 ||
           point == 0x180E || (point >= 0x2000 && point <= 0x200F) || point == 0x2028 ||
           point == 0x2029 || point == 0x202F || (point >= 0x205F && point <= 0x2064) ||
           point == 0x2800 || point == 0x3000 || point == 0x3164 || point == 0xFEFF ||
           point == 0xFFA0 || (point >= 0xFE00 && point <= 0xFE0F);
}

status rules_display_name(struct ctx *cx, text name) {
    bool visible = false;
    size_t len = 1;
    for (size_t i = 0; i < name.len; i += len) {
        uint32_t point = code_point(name, i, &len);
        if (point == '\n' || point == '\r' || point == '\t' || turns_text(point))
            return ctx_fail_field(cx, INVALID, "display_name",
                                  "'display_name' must be one line without hidden marks.");
        if (!is_invisible(point)) visible = true;
    }
    if (visible) return OK;
    return ctx_fail_field(cx, INVALID, "display_name",
                          "'display_name' must hold something visible.");
}

status rules_password(struct ctx *cx, text password, text email, text name) {
    text local =
        text_part(email, 0, (size_t)(text_find(email, '@') < 0 ? 0 : text_find(email, '@')));
    bool obvious = text_equal_nocase(password, email) || text_equal_nocase(password, name) ||
                   text_equal_nocase(password, local);
    if (!obvious) return OK;
    return ctx_fail_field(cx, INVALID, "password",
                          "'password' must differ from the e-mail address and the name.");
}
