/*
 * Cuts a source file into views for tidy's rules.
 *
 * This is a scanner, not a parser: it knows comments, quotes and preprocessor lines (with their
 * continuations), which is enough to look at braces, words and the beginnings of declarations.
 */
#include "tidy.h"

#include <ctype.h>
#include <string.h>

struct views {
    const char *text;
    char *code;
    char *plain;
    char *comments;
};

static char *blank_copy(const char *text, size_t size) {
    char *copy = keep_text(text, size);
    for (size_t i = 0; i < size; i++)
        if (copy[i] != '\n') copy[i] = ' ';
    return copy;
}

static size_t comment_end(const char *text, size_t at) {
    if (text[at + 1] == '/') return at + strcspn(text + at, "\n");
    const char *end = strstr(text + at + 2, "*/");
    return end ? (size_t)(end - text) + 2 : at + strlen(text + at);
}

/* Returns the offset behind a quoted piece; an unclosed one ends with its line. */
static size_t quote_end(const char *text, size_t at) {
    char quote = text[at++];
    while (text[at] && text[at] != quote && text[at] != '\n')
        at += text[at] == '\\' && text[at + 1] ? 2 : 1;
    return text[at] == quote ? at + 1 : at;
}

/* Cuts one piece beginning at `at` and returns the offset behind it. */
static size_t cut_piece(const struct views *views, size_t at) {
    const char *text = views->text;
    if (text[at] == '/' && (text[at + 1] == '*' || text[at + 1] == '/')) {
        size_t end = comment_end(text, at);
        memcpy(views->comments + at, text + at, end - at);
        return end;
    }
    if (text[at] == '"' || text[at] == '\'') {
        size_t end = quote_end(text, at);
        views->code[at] = text[at];
        views->code[end - 1] = text[end - 1];
        return end;
    }
    views->code[at] = text[at];
    return at + 1;
}

/* Blanks preprocessor lines in `plain`, which starts as a copy of `code`. */
static void blank_preprocessor(char *plain) {
    for (char *line = plain; *line;) {
        bool directive = line[strspn(line, " \t")] == '#';
        bool goes_on = true;
        while (goes_on && *line) {
            size_t size = strcspn(line, "\n");
            goes_on = directive && size && line[size - 1] == '\\';
            if (directive) memset(line, ' ', size);
            line += size + (line[size] == '\n');
        }
    }
}

struct source *source_read(const char *root, const char *path) {
    struct source *source = keep(sizeof *source);
    source->path = path;
    source->text = file_read(keep_format("%s/%s", root, path), &source->size);
    for (size_t i = 0; i < source->size; i++)
        source->line_count += source->text[i] == '\n' || i + 1 == source->size;
    if (!source_is_c(source)) {
        source->code = source->plain = source->text;
        source->comments = blank_copy(source->text, source->size);
        return source;
    }
    struct views views = {
        .text = source->text,
        .code = blank_copy(source->text, source->size),
        .comments = blank_copy(source->text, source->size),
    };
    for (size_t at = 0; at < source->size;) at = cut_piece(&views, at);
    views.plain = keep_text(views.code, source->size);
    blank_preprocessor(views.plain);
    source->code = views.code;
    source->plain = views.plain;
    source->comments = views.comments;
    return source;
}

int source_line(const struct source *source, size_t offset) {
    int line = 1;
    for (size_t i = 0; i < offset && i < source->size; i++) line += source->text[i] == '\n';
    return line;
}

bool source_is_c(const struct source *source) {
    return ends_with(source->path, ".c") || ends_with(source->path, ".h");
}

static bool is_word_byte(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

bool word_at(const char *text, const char *at, const char *word) {
    return begins_with(at, word) && !is_word_byte(at[strlen(word)]) &&
           (at == text || !is_word_byte(at[-1]));
}
