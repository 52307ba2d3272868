/*
 * Memory until exit, growing text, files and messages for the build's tools; see toolkit.h.
 *
 * Kept blocks hang on one chain, so that leak checkers see them as reachable and atexit can free
 * them. One thread.
 */
#include "toolkit.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct block {
    struct block *next;
    max_align_t bytes[];
};

static struct block *blocks;

static void blocks_free(void) {
    while (blocks) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

void *keep(size_t size_bytes) {
    if (!blocks) atexit(blocks_free);
    struct block *block = NULL;
    if (size_bytes < SIZE_MAX / 2) block = calloc(1, sizeof *block + size_bytes);
    if (!block) fail("out of memory");
    block->next = blocks;
    blocks = block;
    return block->bytes;
}

char *keep_text(const char *bytes, size_t size_bytes) {
    char *copy = keep(size_bytes + 1);
    memcpy(copy, bytes, size_bytes);
    return copy;
}

__attribute__((format(printf, 2, 0), nonnull(2))) static void
buffer_vformat(struct buffer *buffer, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) fail("a message couldn't be formatted");
    char *text = keep((size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    buffer_put(buffer, text, (size_t)length);
}

char *keep_format(const char *format, ...) {
    struct buffer buffer = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vformat(&buffer, format, arguments);
    va_end(arguments);
    return buffer.bytes;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t size_bytes) {
    if (buffer->size + size_bytes + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < buffer->size + size_bytes + 1) capacity *= 2;
        char *grown = keep(capacity);
        if (buffer->size) memcpy(grown, buffer->bytes, buffer->size);
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    if (size_bytes) memcpy(buffer->bytes + buffer->size, bytes, size_bytes);
    buffer->size += size_bytes;
    buffer->bytes[buffer->size] = '\0';
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_vformat(buffer, format, arguments);
    va_end(arguments);
}

void buffer_literal(struct buffer *buffer, const char *text) {
    buffer_put(buffer, "\"", 1);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        char escaped[5];
        if (*at == '"' || *at == '\\')
            buffer_put(buffer, (char[]){'\\', (char)*at}, 2);
        else if (*at == '\n')
            buffer_put(buffer, "\\n", 2);
        else if (*at < 0x20 || *at > 0x7e || *at == '?')
            buffer_put(buffer, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\%03o", *at));
        else
            buffer_put(buffer, at, 1);
    }
    buffer_put(buffer, "\"", 1);
}

void strings_add(struct strings *strings, char *text) {
    if (strings->count == strings->capacity) {
        size_t capacity = strings->capacity ? strings->capacity * 2 : 16;
        char **grown = keep(capacity * sizeof *grown);
        if (strings->count) memcpy(grown, strings->items, strings->count * sizeof *grown);
        strings->items = grown;
        strings->capacity = capacity;
    }
    strings->items[strings->count++] = text;
}

static int compare_strings(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void strings_sort(struct strings *strings) {
    if (strings->count)
        qsort(strings->items, strings->count, sizeof *strings->items, compare_strings);
}

char *file_read(const char *path, size_t *out_size) {
    FILE *file = fopen(path, "rb");
    if (!file) fail("%s can't be read: %s", path, strerror(errno));
    struct buffer content = {0};
    char piece[65536];
    size_t got;
    buffer_put(&content, "", 0);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) buffer_put(&content, piece, got);
    bool broken = ferror(file);
    fclose(file);
    if (broken) fail("%s can't be read: %s", path, strerror(errno));
    if (out_size) *out_size = content.size;
    return content.bytes;
}

void file_write(const char *path, const struct buffer *buffer) {
    FILE *file = fopen(path, "wb");
    if (!file) fail("%s can't be written: %s", path, strerror(errno));
    size_t put = buffer->size ? fwrite(buffer->bytes, 1, buffer->size, file) : 0;
    if (fclose(file) != 0 || put != buffer->size)
        fail("%s can't be written: %s", path, strerror(errno));
}

static void walk_into(const char *root, const char *beneath, DIR *dir, struct strings *out) {
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        char *relative = *beneath ? keep_format("%s/%s", beneath, entry->d_name)
                                  : keep_format("%s", entry->d_name);
        const char *path = keep_format("%s/%s", root, relative);
        struct stat about;
        if (stat(path, &about) != 0)
            continue; /* a dangling link, or gone since readdir: nothing to read either way */
        if (S_ISREG(about.st_mode)) {
            strings_add(out, relative);
        } else if (S_ISDIR(about.st_mode)) {
            DIR *inner = opendir(path);
            if (!inner) fail("%s can't be opened: %s", path, strerror(errno));
            walk_into(root, relative, inner, out);
            closedir(inner);
        }
    }
}

bool folder_walk(const char *folder, struct strings *out) {
    DIR *dir = opendir(folder);
    if (!dir) return false;
    walk_into(folder, "", dir, out);
    closedir(dir);
    strings_sort(out);
    return true;
}

const char *path_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool ends_with(const char *text, const char *end) {
    size_t text_size = strlen(text);
    size_t end_size = strlen(end);
    return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

bool begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

_Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

_Noreturn void fail_at(const char *path, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", path, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}
