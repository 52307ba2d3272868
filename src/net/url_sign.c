/* url_sign.c: makes and checks signed URLs; see url_sign.h for what a signature covers.
 *
 * Owns nothing; a check needs no arena and so no memory but the stack. Invariant: the expiry is
 * compared only after the signature was found genuine, so an attacker learns nothing about times.
 * Threads: pure. */
#include "net/url_sign.h"

#include "base/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    MAC_TEXT_BYTES = 43,    /* 32 bytes in base64url without padding */
    SCOPE_CAP_BYTES = 1024, /* far over any path we sign; bounds the stack */
    DECIMAL_BYTES = 24,     /* an int64 in decimal with sign and NUL */
};

/* Part of what is signed, so that one key can serve several purposes without mixing them up. */
static const char mac_label[] = "matinee url 1\n";

static void base64url_of_mac(const unsigned char mac[SHA256_BYTES], char out[MAC_TEXT_BYTES + 1]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = 0;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        bits = bits << 8 | mac[i];
        for (held += 8; held >= 6; held -= 6) out[at++] = digits[bits >> (held - 6) & 63];
    }
    out[at++] = digits[bits << (6 - held) & 63];
    out[at] = '\0';
}

/* The signature text for a scope and an expiry; false when the scope doesn't fit. */
static bool mac_of(text key, text scope, int64_t expires_s, char out[MAC_TEXT_BYTES + 1]) {
    char message[sizeof mac_label + DECIMAL_BYTES + SCOPE_CAP_BYTES];
    if (scope.len == 0 || scope.len > SCOPE_CAP_BYTES) return false;
    /* The number ends at a line feed, so number and scope can't flow into each other. */
    int head = snprintf(message, sizeof message, "%s%" PRId64 "\n", mac_label, expires_s);
    if (head < 0) return false;
    memcpy(message + head, scope.at, scope.len);
    unsigned char mac[SHA256_BYTES];
    digest_hmac_sha256(key, message, (size_t)head + scope.len, mac);
    base64url_of_mac(mac, out);
    return true;
}

status url_sign(struct ctx *cx, text key, text scope, int64_t expires_s, text *out_query) {
    char mac[MAC_TEXT_BYTES + 1];
    if (expires_s < 0 || !mac_of(key, scope, expires_s, mac))
        return ctx_fail(cx, INVALID, "A signed address needs a path of 1 to %d bytes and a time.",
                        SCOPE_CAP_BYTES);
    status made = text_format(cx->arena, out_query, "exp=%" PRId64 "&sig=%s", expires_s, mac);
    return made == OK ? OK : ctx_no_memory(cx);
}

/* Only the one spelling we write ourselves: digits without sign, leading zero or space. */
static bool expiry_read(text exp, int64_t *out_s) {
    if (exp.len == 0 || exp.len > 15 || (exp.at[0] == '0' && exp.len > 1)) return false;
    int64_t value = 0;
    for (size_t i = 0; i < exp.len; i++) {
        if (exp.at[i] < '0' || exp.at[i] > '9') return false;
        value = value * 10 + (exp.at[i] - '0');
    }
    *out_s = value;
    return true;
}

status url_check(text key, text scope, text exp, text sig, int64_t now_s) {
    int64_t expires_s = 0;
    char mac[MAC_TEXT_BYTES + 1];
    if (!expiry_read(exp, &expires_s) || !mac_of(key, scope, expires_s, mac)) return DENIED;
    if (sig.len != MAC_TEXT_BYTES || !digest_equal(sig, (text){mac, MAC_TEXT_BYTES})) return DENIED;
    return now_s > expires_s ? GONE : OK;
}
