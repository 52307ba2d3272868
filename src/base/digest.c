/* digest.c: OpenSSL's hashes and the text forms of bytes.
 *
 * Owns: the EVP context inside a `struct digest`. A failing EVP call on these algorithms is a
 * programmer's error and asserts. Threads: any; a digest has one owner. */
#include "base/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    EVP_MD_CTX *evp;
};

void digest_sha256(const void *bytes, size_t size, unsigned char out[SHA256_BYTES]) {
    (void)SHA256(bytes, size, out);
}

void digest_hmac_sha256(text key, const void *bytes, size_t size, unsigned char out[SHA256_BYTES]) {
    unsigned int length = 0;
    const unsigned char *made =
        HMAC(EVP_sha256(), key.at ? key.at : "", (int)key.len, bytes, size, out, &length);
    assert(made && length == SHA256_BYTES);
    (void)made;
}

static const EVP_MD *algorithm_of(text name) {
    if (text_is(name, "sha256")) return EVP_sha256();
    if (text_is(name, "sha1")) return EVP_sha1();
    if (text_is(name, "md5")) return EVP_md5();
    return NULL;
}

struct digest *digest_open(text algorithm) {
    const EVP_MD *kind = algorithm_of(algorithm);
    struct digest *digest = kind ? calloc(1, sizeof *digest) : NULL;
    if (!digest) return NULL;
    digest->evp = EVP_MD_CTX_new();
    if (!digest->evp || EVP_DigestInit_ex(digest->evp, kind, NULL) != 1) {
        digest_close(digest);
        return NULL;
    }
    return digest;
}

void digest_feed(struct digest *digest, const void *bytes, size_t size) {
    int fed = EVP_DigestUpdate(digest->evp, bytes, size);
    assert(fed == 1);
    (void)fed;
}

void digest_finish(struct digest *digest, unsigned char out[SHA256_BYTES], size_t *out_size) {
    unsigned int length = 0;
    int done = EVP_DigestFinal_ex(digest->evp, out, &length);
    assert(done == 1 && length <= SHA256_BYTES);
    (void)done;
    *out_size = length;
}

void digest_close(struct digest *digest) {
    if (!digest) return;
    EVP_MD_CTX_free(digest->evp);
    free(digest);
}

void hex_write(const void *bytes, size_t size, char *out) {
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
    out[2 * size] = '\0';
}

bool digest_equal(text a, text b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.at, b.at, a.len) == 0);
}
