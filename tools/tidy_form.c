/*
 * tidy's rules on form and words: what can be told from one file without its neighbours.
 */
#include "tidy.h"

#include <ctype.h>
#include <string.h>

enum { COLUMNS_MAX = 100, LINES_MAX = 500 };

/* Calls with a better one at hand, or which can't be used safely. */
static const struct banned {
    const char *name;
    const char *instead;
} banned[] = {
    {"strcpy", "text_copy"},
    {"strcat", "a text builder"},
    {"sprintf", "text_format or snprintf"},
    {"vsprintf", "text_format or vsnprintf"},
    {"gets", "a read with a length"},
    {"strtok", "text_cut"},
    {"system", "posix_spawn with an argument list"},
    {"popen", "posix_spawn with an argument list"},
    {"atoi", "text_to_int"},
    {"atol", "text_to_int"},
    {"atof", "strtod"},
    {"rand", "random.h"},
    {"alloca", "an arena"},
    {"setjmp", "a status"},
    {"longjmp", "a status"},
};

static int columns(const char *line, size_t size) {
    int count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)line[i] & 0xc0) != 0x80; /* a code point's first byte */
    return count;
}

static void check_line(const struct source *source, int line, const char *at, size_t size) {
    int width = columns(at, size);
    if (width > COLUMNS_MAX)
        finding(source, line, "line-length", "%d columns; the most is %d", width, COLUMNS_MAX);
    if (memchr(at, '\t', size)) finding(source, line, "tab", "indent with spaces");
}

/* The words are put together here so that this file doesn't hold what it looks for. */
static bool is_mark(const char *text, const char *at) {
    return word_at(text, at,
                   "TO"
                   "DO") ||
           word_at(text, at,
                   "FIX"
                   "ME") ||
           word_at(text, at,
                   "XX"
                   "X");
}

static void check_marks(const struct source *source) {
    const char *view = source_is_c(source) ? source->comments : source->text;
    for (const char *at = view; *at; at++)
        if (isupper((unsigned char)*at) && is_mark(view, at))
            finding(
                source, source_line(source, (size_t)(at - view)), "unfinished",
                "finish it now, or open an issue; the source holds no marks of unfinished work");
}

static void check_opening(const struct source *source) {
    const char *start = source->text + strspn(source->text, " \n");
    bool opens = true;
    if (source_is_c(source))
        opens = begins_with(start, "/*");
    else if (ends_with(source->path, ".sql"))
        opens = begins_with(start, "--") && !begins_with(start, "-- :name");
    if (!opens)
        finding(source, 1, "file-comment",
                "open the file with a comment: what it is, what it owns, its invariants, threads");
}

void check_form(const struct source *source) {
    int line = 1;
    for (const char *at = source->text; *at; line++) {
        size_t size = strcspn(at, "\n");
        check_line(source, line, at, size);
        at += size + (at[size] == '\n');
    }
    if (source->line_count > LINES_MAX)
        finding(source, source->line_count, "file-length", "%d lines; the most is %d",
                source->line_count, LINES_MAX);
    check_opening(source);
    check_marks(source);
}

static bool is_call(const char *code, const char *at, const char *name) {
    if (!word_at(code, at, name)) return false;
    const char *behind = at + strlen(name);
    behind += strspn(behind, " \n");
    bool member = at > code && (at[-1] == '.' || at[-1] == '>');
    return *behind == '(' && !member;
}

static bool starts_nocase(const char *text, const char *start) {
    for (; *start; text++, start++)
        if (tolower((unsigned char)*text) != tolower((unsigned char)*start)) return false;
    return true;
}

/* A sentence may begin with "Select …"; SQL is told from it by its capitals or its second word. */
static bool is_sql(const char *literal) {
    static const char *const openings[] = {"SELECT ", "INSERT ", "UPDATE ", "DELETE ",
                                           "CREATE ", "DROP ",   "ALTER ",  "WITH "};
    static const char *const pairs[] = {"insert into ",  "delete from ", "create table ",
                                        "create index ", "drop table ",  "alter table "};
    literal += strspn(literal, " ");
    for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++)
        if (begins_with(literal, openings[i])) return true;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (starts_nocase(literal, pairs[i])) return true;
    size_t end = strcspn(literal, "\"\n");
    const char *inside = keep_text(literal, end);
    return (starts_nocase(inside, "select ") && strstr(inside, " from ")) ||
           (starts_nocase(inside, "update ") && strstr(inside, " set "));
}

static void check_sql(const struct source *source) {
    bool inside = false;
    for (size_t at = 0; at < source->size; at++) {
        if (source->code[at] != '"') continue;
        inside = !inside;
        if (inside && is_sql(source->text + at + 1))
            finding(source, source_line(source, at), "sql-text",
                    "SQL lives in a .sql file and is named there");
    }
}

void check_words(const struct source *source, bool in_house) {
    for (const char *at = source->code; *at; at++) {
        if (!isalpha((unsigned char)*at)) continue;
        int line = 0;
        for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
            if (!is_call(source->code, at, banned[i].name)) continue;
            line = source_line(source, (size_t)(at - source->code));
            finding(source, line, "banned-call", "%s isn't used here; use %s", banned[i].name,
                    banned[i].instead);
        }
        if (word_at(source->code, at, "goto")) {
            line = source_line(source, (size_t)(at - source->code));
            finding(source, line, "goto", "leave by return; what is open is closed by scoped()");
        }
    }
    if (in_house) check_sql(source);
}
