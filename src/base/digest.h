/* digest.h: hashes, HMAC and the text forms of bytes (OpenSSL's libcrypto).
 *
 * Owns nothing but the streaming state a caller holds. Threads: any; a `struct sha256` has one
 * owner. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/arena.h"
#include "base/text.h"

/** Sizes of digests; SHA256_HEX_BYTES holds one in hex with its NUL. */
enum { SHA1_BYTES = 20, SHA256_BYTES = 32, SHA256_HEX_BYTES = 65 };

/** One-shot SHA-256 (FIPS 180-4). */
void digest_sha256(const void *bytes, size_t size, unsigned char out[SHA256_BYTES]);

/** One-shot HMAC-SHA-256 (RFC 2104). */
void digest_hmac_sha256(text key, const void *bytes, size_t size, unsigned char out[SHA256_BYTES]);

/** A hash fed piece by piece: one of "sha1", "sha256", "md5". */
struct digest;
struct digest *digest_open(text algorithm) CHECKED; /**< NULL: unknown algorithm or no memory. */
void digest_feed(struct digest *digest, const void *bytes, size_t size);
/** Writes the hash (at most 32 bytes) and its length; the digest can only be closed afterwards. */
void digest_finish(struct digest *digest, unsigned char out[SHA256_BYTES], size_t *out_size);
void digest_close(struct digest *digest); /**< Frees it; NULL is fine. */

/** Lower-case hex of `size` bytes into `out` (2 × size + 1 bytes with the NUL). */
void hex_write(const void *bytes, size_t size, char *out);

/** Base64url without padding (RFC 4648 §5) in the arena. */
status base64url_encode(struct arena *arena, const void *bytes, size_t size, text *out) CHECKED;

/** Decodes base64url without padding; INVALID for any other byte or non-canonical tail. */
status base64url_decode(struct arena *arena, text t, text *out) CHECKED;

/** Decodes standard base64 with padding (RFC 4648 §4), as tus metadata and checksums use. */
status base64_decode(struct arena *arena, text t, text *out) CHECKED;

/** Compares in time that depends on the lengths only. */
bool digest_equal(text a, text b);

#endif
