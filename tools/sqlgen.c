/*
 * sqlgen: turns .sql files into constant C descriptors (store/db/sql.h) at build time.
 *
 *     sqlgen OUT.c OUT.h FILE.sql…                 the named statements of a feature
 *     sqlgen --index OUT.c OUT.h FILE.sql…         one table sql_sets of all those files
 *     sqlgen --migrations DIR OUT.c OUT.h [DEPFILE] the schema's steps
 *
 * OUT.h is `x_sql.h`: x names the arrays sql_all_x and sql_count_x. Anything not in order ends it
 * with `file:line: sentence` and code 2, and nothing is written.
 */
#include "sqlgen.h"

#include <stdio.h>
#include <string.h>

static const char *const BANNER = "/* Made by tools/sqlgen; change the .sql file instead. */\n";

/* "…/video_sql.h" → "video"; "…/video.sql" → "video". */
static char *base_name(const char *path, const char *suffix) {
    const char *name = path_name(path);
    if (!ends_with(name, suffix) || strlen(name) == strlen(suffix))
        fail("%s must end with %s", path, suffix);
    return keep_text(name, strlen(name) - strlen(suffix));
}

static void put_doc(struct buffer *out, const char *doc) {
    if (!*doc) return;
    buffer_format(out, "/** ");
    for (; *doc; doc++) {
        buffer_put(out, doc, 1);
        if (*doc == '\n') buffer_format(out, " *  ");
    }
    buffer_format(out, " */\n");
}

static struct buffer make_header(const char *base, const struct statements *statements) {
    struct buffer out = {0};
    buffer_format(&out, "%s#ifndef MATINEE_GENERATED_SQL_%s\n#define MATINEE_GENERATED_SQL_%s\n\n",
                  BANNER, base, base);
    buffer_format(&out, "#include \"store/db/sql.h\"\n\n");
    for (size_t i = 0; i < statements->count; i++) {
        put_doc(&out, statements->items[i].doc);
        buffer_format(&out, "extern const struct sql sql_%s;\n", statements->items[i].name);
    }
    buffer_format(&out,
                  "\nextern const struct sql *const sql_all_%s[];\n"
                  "extern const size_t sql_count_%s;\n\n#endif\n",
                  base, base);
    return out;
}

static void put_statement(struct buffer *out, const struct statement *one) {
    const char *sqlite = one->texts[DIALECT_SQLITE];
    const char *postgres = one->texts[DIALECT_POSTGRES];
    buffer_format(out, "\nconst struct sql sql_%s = {\n    .name = \"%s\",\n    .kind = %s,\n",
                  one->name, one->name, one->kind);
    buffer_format(out, "    .text_sqlite = ");
    buffer_literal(out, sqlite ? sqlite : one->texts[DIALECT_BOTH]);
    buffer_format(out, ",\n    .text_postgres = ");
    buffer_literal(out, postgres ? postgres : one->texts[DIALECT_BOTH]);
    buffer_format(out, ",\n    .parameter_count = %d,\n};\n", one->parameter_count);
}

static struct buffer make_source(const char *base, const char *header,
                                 const struct statements *statements) {
    struct buffer out = {0};
    buffer_format(&out, "%s#include \"%s\"\n", BANNER, path_name(header));
    for (size_t i = 0; i < statements->count; i++) put_statement(&out, &statements->items[i]);
    buffer_format(&out, "\nconst struct sql *const sql_all_%s[] = {\n", base);
    for (size_t i = 0; i < statements->count; i++)
        buffer_format(&out, "    &sql_%s,\n", statements->items[i].name);
    buffer_format(&out, "};\n\nconst size_t sql_count_%s = %zu;\n", base, statements->count);
    return out;
}

static int generate(const char *out_c, const char *out_h, char **files, int file_count) {
    struct statements statements = {0};
    for (int i = 0; i < file_count; i++) statements_read(files[i], &statements);
    if (!statements.count) fail_at(files[0], 1, "there is no '-- :name' block here");
    statements_check(&statements);
    const char *base = base_name(out_h, "_sql.h");
    struct buffer source = make_source(base, out_h, &statements);
    struct buffer header = make_header(base, &statements);
    file_write(out_c, &source);
    file_write(out_h, &header);
    return 0;
}

/* One table over all files, for code that must visit every statement, such as a test which
 * prepares each of them on both databases. */
static int generate_index(const char *out_c, const char *out_h, char **files, int file_count) {
    struct buffer source = {0};
    struct buffer rows = {0};
    struct buffer header = {0};
    buffer_format(&source, "%s#include \"%s\"\n\n", BANNER, path_name(out_h));
    for (int i = 0; i < file_count; i++) {
        struct statements statements = {0};
        statements_read(files[i], &statements);
        const char *base = base_name(files[i], ".sql");
        buffer_format(&source, "extern const struct sql *const sql_all_%s[];\n", base);
        buffer_format(&rows, "    {\"%s\", sql_all_%s, %zu},\n", base, base, statements.count);
    }
    buffer_format(&source,
                  "\nconst struct sql_set sql_sets[] = {\n%s};\n\n"
                  "const size_t sql_set_count = %d;\n",
                  rows.bytes, file_count);
    buffer_format(&header,
                  "%s#ifndef MATINEE_GENERATED_SQL_INDEX\n#define MATINEE_GENERATED_SQL_INDEX\n\n"
                  "#include \"store/db/sql.h\"\n\n"
                  "/** The statements of every .sql file of the program. */\n"
                  "extern const struct sql_set sql_sets[];\n"
                  "extern const size_t sql_set_count;\n\n#endif\n",
                  BANNER);
    file_write(out_c, &source);
    file_write(out_h, &header);
    return 0;
}

static _Noreturn void usage(void) {
    fail("usage: sqlgen OUT.c OUT.h FILE.sql… | sqlgen --index OUT.c OUT.h FILE.sql… | "
         "sqlgen --migrations DIR OUT.c OUT.h [DEPFILE]");
}

int main(int argc, char **argv) {
    if (argc >= 5 && argc <= 6 && strcmp(argv[1], "--migrations") == 0) {
        migrations_embed(argv[2], argv[3], argv[4], argv[5]);
        return 0;
    }
    if (argc >= 5 && strcmp(argv[1], "--index") == 0)
        return generate_index(argv[2], argv[3], argv + 4, argc - 4);
    if (argc < 4 || argv[1][0] == '-') usage();
    return generate(argv[1], argv[2], argv + 3, argc - 3);
}
