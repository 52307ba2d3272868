/*
 * Reads named SQL statements for sqlgen.
 *
 * A file is a row of blocks:
 *
 *     -- :name video_by_id :one
 *     -- The video with this id, whoever may see it.
 *     SELECT … FROM videos WHERE id = $1;
 *
 * Text is brought into one line, so that the same statement looks the same in a log, a cache key
 * and a message of the database. The scanner knows quotes and comments, so a `$1`, `;` or `--`
 * inside them is left alone.
 */
#include "sqlgen.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PARAMETERS_MAX = 64 };

struct scan {
    const char *path;
    int line;
    const char *at;
    bool seen[PARAMETERS_MAX + 1];
    int highest;
    bool ended;
    struct buffer out;
};

static void put(struct scan *scan, char c) {
    buffer_put(&scan->out, &c, 1);
}

/* Copies '…' or "…"; a doubled quote is part of it, as two quoted pieces side by side. */
static void scan_quoted(struct scan *scan) {
    char quote = *scan->at;
    int first_line = scan->line;
    put(scan, *scan->at++);
    while (*scan->at && *scan->at != quote) {
        if (*scan->at == '\n') scan->line++;
        put(scan, *scan->at++);
    }
    if (!*scan->at) fail_at(scan->path, first_line, "a quote is opened here and never closed");
    put(scan, *scan->at++);
}

static void scan_block_comment(struct scan *scan) {
    const char *end = strstr(scan->at + 2, "*/");
    if (!end) fail_at(scan->path, scan->line, "a comment is opened here and never closed");
    for (; scan->at < end; scan->at++) scan->line += *scan->at == '\n';
    scan->at += 2;
    if (scan->out.bytes[scan->out.size - 1] != ' ') put(scan, ' ');
}

static void scan_placeholder(struct scan *scan) {
    if (!isdigit((unsigned char)scan->at[1]))
        fail_at(scan->path, scan->line,
                "a dollar sign must be a placeholder such as $1; dollar quoting isn't supported");
    char *end = NULL;
    long number = strtol(scan->at + 1, &end, 10);
    if (number < 1 || number > PARAMETERS_MAX)
        fail_at(scan->path, scan->line, "placeholders go from $1 to $%d", PARAMETERS_MAX);
    scan->seen[number] = true;
    if (number > scan->highest) scan->highest = (int)number;
    buffer_put(&scan->out, scan->at, (size_t)(end - scan->at));
    scan->at = end;
}

static void scan_space(struct scan *scan) {
    scan->line += *scan->at == '\n';
    scan->at++;
    if (scan->out.size && scan->out.bytes[scan->out.size - 1] != ' ') put(scan, ' ');
}

static void scan_one(struct scan *scan) {
    char c = *scan->at;
    if (c == '-' && scan->at[1] == '-') {
        scan->at += strcspn(scan->at, "\n");
    } else if (c == '/' && scan->at[1] == '*') {
        scan_block_comment(scan);
    } else if (isspace((unsigned char)c)) {
        scan_space(scan);
    } else if (scan->ended) {
        fail_at(scan->path, scan->line, "a block holds one statement, but a second begins here");
    } else if (c == '\'' || c == '"') {
        scan_quoted(scan);
    } else if (c == '$') {
        scan_placeholder(scan);
    } else if (c == '?') {
        fail_at(scan->path, scan->line, "placeholders are written $1, $2, …, not '?'");
    } else if (c == ';') {
        scan->ended = true;
        scan->at++;
    } else {
        put(scan, c);
        scan->at++;
    }
}

char *statement_clean(const char *path, int line, const char *text, int *out_parameter_count) {
    struct scan scan = {.path = path, .line = line, .at = text};
    put(&scan, ' '); /* so that leading space collapses into it; cut off below */
    while (*scan.at) scan_one(&scan);
    while (scan.out.size && scan.out.bytes[scan.out.size - 1] == ' ')
        scan.out.bytes[--scan.out.size] = '\0';
    for (int number = 1; number <= scan.highest; number++)
        if (!scan.seen[number])
            fail_at(path, line, "$%d is used but $%d is not: placeholders must have no gap",
                    scan.highest, number);
    *out_parameter_count = scan.highest;
    return scan.out.size ? scan.out.bytes + 1 : scan.out.bytes;
}

/* Takes the next blank-separated word off a header line; NULL at its end. */
static char *next_word(const char **at) {
    *at += strspn(*at, " \t");
    size_t size = strcspn(*at, " \t\n");
    if (!size) return NULL;
    char *word = keep_text(*at, size);
    *at += size;
    return word;
}

static bool is_name(const char *name) {
    if (!islower((unsigned char)name[0])) return false;
    for (; *name; name++)
        if (!islower((unsigned char)*name) && !isdigit((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

static const char *kind_constant(const char *path, int line, const char *word) {
    if (word && strcmp(word, ":one") == 0) return "SQL_ONE";
    if (word && strcmp(word, ":many") == 0) return "SQL_MANY";
    if (word && strcmp(word, ":exec") == 0) return "SQL_EXEC";
    fail_at(path, line, "unknown kind '%s': a statement is :one, :many or :exec", word ? word : "");
}

static enum dialect dialect_of(const char *path, int line, const char *word) {
    if (!word) return DIALECT_BOTH;
    if (strcmp(word, "@sqlite") == 0) return DIALECT_SQLITE;
    if (strcmp(word, "@postgres") == 0) return DIALECT_POSTGRES;
    fail_at(path, line, "unknown dialect '%s': use @sqlite or @postgres, or neither", word);
}

static struct statement *find_or_add(struct statements *all, const char *name) {
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].name, name) == 0) return &all->items[i];
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? all->capacity * 2 : 32;
        struct statement *grown = keep(capacity * sizeof *grown);
        if (all->count) memcpy(grown, all->items, all->count * sizeof *grown);
        all->items = grown;
        all->capacity = capacity;
    }
    struct statement *added = &all->items[all->count++];
    *added = (struct statement){.name = name};
    return added;
}

/* Gathers the comment lines straight beneath a header; returns the first line after them. */
static const char *read_doc(const char *path, const char *at, int *line, const char **out_doc) {
    struct buffer doc = {0};
    buffer_put(&doc, "", 0);
    while (begins_with(at, "--") && !begins_with(at, "-- :name")) {
        const char *text = at + 2 + strspn(at + 2, " ");
        size_t size = strcspn(text, "\n");
        buffer_format(&doc, "%s%.*s", doc.size ? "\n" : "", (int)size, text);
        at = text + size + (text[size] == '\n');
        ++*line;
    }
    if (strstr(doc.bytes, "*/")) fail_at(path, *line, "a statement's comment can't hold '*/'");
    *out_doc = doc.bytes;
    return at;
}

/* Returns where the block that `at` is in ends: the next header, or the end of the file. */
static const char *block_end(const char *at) {
    while (*at && !begins_with(at, "-- :name")) {
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    return at;
}

static int count_lines(const char *from, const char *to) {
    int lines = 0;
    for (; from < to; from++) lines += *from == '\n';
    return lines;
}

static void add_block(struct statements *all, const char *path, int line, const char *header,
                      const char *doc, const char *body, int body_line) {
    const char *name = next_word(&header);
    if (!name || !is_name(name))
        fail_at(path, line, "a name is small letters, digits and '_', such as video_by_id");
    const char *kind = kind_constant(path, line, next_word(&header));
    enum dialect dialect = dialect_of(path, line, next_word(&header));
    if (next_word(&header))
        fail_at(path, line, "a header is '-- :name NAME :KIND', then @sqlite or @postgres at most");
    int parameter_count = 0;
    char *text = statement_clean(path, body_line, body, &parameter_count);
    if (!*text) fail_at(path, line, "the block '%s' is empty", name);

    struct statement *statement = find_or_add(all, name);
    if (statement->texts[dialect])
        fail_at(path, line, "'%s' is already defined at %s:%d", name, statement->path,
                statement->lines[dialect]);
    if (!statement->kind) {
        *statement = (struct statement){.name = name,
                                        .kind = kind,
                                        .doc = doc,
                                        .path = path,
                                        .line = line,
                                        .parameter_count = parameter_count};
    } else if (strcmp(statement->kind, kind) != 0) {
        fail_at(path, line, "'%s' has another kind at %s:%d", name, statement->path,
                statement->line);
    } else if (statement->parameter_count != parameter_count) {
        fail_at(path, line, "'%s' has %d parameters here and %d at %s:%d", name, parameter_count,
                statement->parameter_count, statement->path, statement->line);
    }
    statement->texts[dialect] = text;
    statement->lines[dialect] = line;
}

void statements_read(const char *path, struct statements *out) {
    const char *content = file_read(path, NULL);
    const char *at = block_end(content);
    int line = 1 + count_lines(content, at);
    int ignored = 0;
    if (*statement_clean(path, 1, keep_text(content, (size_t)(at - content)), &ignored))
        fail_at(path, 1, "there is a statement before the first '-- :name'");
    while (*at) {
        const char *header = at + strlen("-- :name");
        int header_line = line;
        const char *doc = NULL;
        at += strcspn(at, "\n");
        if (*at) {
            at++;
            line++;
        }
        const char *body = read_doc(path, at, &line, &doc);
        const char *end = block_end(body);
        add_block(out, path, header_line, header, doc, keep_text(body, (size_t)(end - body)), line);
        line += count_lines(body, end);
        at = end;
    }
}

void statements_check(const struct statements *statements) {
    for (size_t i = 0; i < statements->count; i++) {
        const struct statement *one = &statements->items[i];
        bool both = one->texts[DIALECT_BOTH];
        if (!both && !one->texts[DIALECT_SQLITE])
            fail_at(one->path, one->line, "'%s' has no text for SQLite", one->name);
        if (!both && !one->texts[DIALECT_POSTGRES])
            fail_at(one->path, one->line, "'%s' has no text for PostgreSQL", one->name);
        if (both && one->texts[DIALECT_SQLITE] && one->texts[DIALECT_POSTGRES])
            fail_at(one->path, one->line,
                    "'%s' has an own text for each dialect, so its common text is never used",
                    one->name);
    }
}
