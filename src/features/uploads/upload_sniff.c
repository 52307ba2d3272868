/* upload_sniff.c: telling at the first bytes that a file is plainly no film.
 *
 * Owns nothing. It spares people a long upload of the wrong file; it's no defence: what passes
 * here is still hostile. Threads: pure functions. */
#include "features/uploads/upload.h"

#include <string.h>

struct signature {
    const char *bytes;
    size_t size;
    const char *what;
};

#define SIGNATURE(literal, what_) {(literal), sizeof(literal) - 1, (what_)}

static const struct signature signatures[] = {
    SIGNATURE("%PDF-", "a PDF document"),
    SIGNATURE("PK\003\004", "a ZIP archive or an office document"),
    SIGNATURE("\x7f" "ELF", "a program"),
    SIGNATURE("MZ\x90\0", "a program"),
    SIGNATURE("\x89PNG\r\n", "a picture"),
    SIGNATURE("\xff\xd8\xff\xe0", "a picture"),
    SIGNATURE("\xff\xd8\xff\xe1", "a picture"),
    SIGNATURE("\x1f\x8b\x08", "a compressed archive"),
    SIGNATURE("7z\xbc\xaf\x27\x1c", "a compressed archive"),
    SIGNATURE("Rar!\x1a\x07", "a compressed archive"),
    SIGNATURE("<!DOCTYPE", "a web page"),
    SIGNATURE("<!doctype", "a web page"),
    SIGNATURE("<html", "a web page"),
    SIGNATURE("{\\rtf", "a text document"),
    SIGNATURE("#!/", "a script"),
    SIGNATURE("SQLite format 3", "a database"),
};

status upload_sniff(struct ctx *cx, const void *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const struct signature *one = &signatures[i];
        if (size < one->size || memcmp(bytes, one->bytes, one->size) != 0) continue;
        return ctx_fail_field(cx, INVALID, "file", "This is %s and no film; choose a video file.",
                              one->what);
    }
    return OK;
}
