/*
 * What the build's own tools share: memory that lives until exit, growing text, files, messages.
 *
 * The tools are short-lived processes of one thread, so memory has one owner, the process: nothing
 * is freed one by one, everything is freed at exit. A tool that can't go on says why and ends with
 * code 2; code 1 is left for "I looked and found something".
 */
#ifndef MATINEE_TOOLS_TOOLKIT_H
#define MATINEE_TOOLS_TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>

/** Text or bytes that grow. Zero-initialised is empty; `bytes` always ends with a NUL once used. */
struct buffer {
    char *bytes;
    size_t size;
    size_t capacity;
};

/** A growing array of strings; zero-initialised is empty. */
struct strings {
    char **items;
    size_t count;
    size_t capacity;
};

/** Returns `size_bytes` zeroed bytes which live until exit. Ends the process when memory is out. */
void *keep(size_t size_bytes);

/** Returns a kept copy of the first `size_bytes` bytes of `bytes`, with a NUL behind it. */
char *keep_text(const char *bytes, size_t size_bytes);

/** Returns kept text made as printf would make it. */
char *keep_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Appends `size_bytes` bytes; `bytes` may hold NULs. */
void buffer_put(struct buffer *buffer, const void *bytes, size_t size_bytes);

/** Appends formatted text. */
void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Appends `text` as a C string literal with its quotes; bytes outside ASCII are written octal. */
void buffer_literal(struct buffer *buffer, const char *text);

/** Appends `text` (not copied: it must live on). */
void strings_add(struct strings *strings, char *text);

/** Sorts by byte value, so that output never depends on the order of a folder's entries. */
void strings_sort(struct strings *strings);

/** Returns a file's content with a NUL behind it and its size in `out_size` (may be NULL).
 *  Ends the process when the file can't be read. */
char *file_read(const char *path, size_t *out_size);

/** Writes `buffer` to `path`, replacing what was there. Ends the process on failure. */
void file_write(const char *path, const struct buffer *buffer);

/** Adds each regular file beneath `folder` as a path relative to it, sorted; hidden entries are
 *  left out. Returns false when the folder can't be opened. */
bool folder_walk(const char *folder, struct strings *out);

/** Returns the last part of a path; points into `path`. */
const char *path_name(const char *path);

/** True when `text` ends with `end`. */
bool ends_with(const char *text, const char *end);

/** True when `text` begins with `start`. */
bool begins_with(const char *text, const char *start);

/** Writes "tool: sentence" to standard error and ends the process with code 2. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Writes "path:line: sentence" to standard error and ends the process with code 2. */
_Noreturn void fail_at(const char *path, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
