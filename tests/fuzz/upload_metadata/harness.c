/* harness.c: any bytes as an Upload-Metadata header. Whatever is taken must be clean: UTF-8 texts,
 * and a file name without path or control characters. Owns: one arena an input. Threads: one. */
#include "base/scope.h"
#include "features/uploads/upload.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool right) {
    if (!right) abort();
}

static void check(const struct upload_metadata *metadata) {
    text name = metadata->file_name;
    must(text_is_utf8(name) && name.len <= UPLOAD_FILE_NAME_CAP);
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        must(c >= 0x20 && c != 0x7F && c != '/' && c != '\\');
    }
    must(text_is_utf8(metadata->words.title) && text_is_utf8(metadata->words.description));
    must(text_is_utf8(metadata->words.visibility) && text_is_utf8(metadata->file_type));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    scoped(arena_done) struct arena *arena = arena_new(1 << 20);
    if (!arena) return 0;
    struct ctx cx = {.arena = arena};
    struct upload_metadata metadata;
    if (upload_metadata_read(&cx, (text){(const char *)bytes, size}, &metadata) != OK) {
        must(cx.fault.code != OK);
        return 0;
    }
    check(&metadata);
    struct video_new words = metadata.words;
    if (video_new_prepare(&cx, metadata.file_name, &words) == OK)
        must(words.title.len > 0 && text_code_points(words.title) <= VIDEO_TITLE_CAP);
    return 0;
}
