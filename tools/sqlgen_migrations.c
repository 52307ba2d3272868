/*
 * Embeds the schema's steps for sqlgen.
 *
 * A migration is a file NNNN_name.sql. Lines `-- @sqlite`, `-- @postgres` and `-- @both` begin a
 * section that goes on to the next such line; a file begins with @both. Numbers run 1, 2, 3 …:
 * a gap or a repeated number stops the build, since it would be applied in a different order on
 * machines which already have the later one.
 */
#include "sqlgen.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number in front of "NNNN_name.sql"; ends the process when the name has another form. */
static int file_number(const char *folder, const char *file) {
    size_t length = strlen(file);
    bool right = length > strlen("0000_.sql") && file[4] == '_' && ends_with(file, ".sql");
    for (int i = 0; right && i < 4; i++) right = isdigit((unsigned char)file[i]);
    for (size_t i = 5; right && i < length - 4; i++)
        right =
            islower((unsigned char)file[i]) || isdigit((unsigned char)file[i]) || file[i] == '_';
    if (!right)
        fail("%s/%s: a migration is called NNNN_name.sql, such as 0001_accounts.sql", folder, file);
    return (int)strtol(file, NULL, 10);
}

/* Tells whether a line switches the section, and to which. */
static bool section_of(const char *path, int line, const char *text, size_t size,
                       enum dialect *out) {
    if (!begins_with(text, "-- @")) return false;
    while (size && isspace((unsigned char)text[size - 1])) size--;
    const char *word = keep_text(text + 3, size - 3);
    if (strcmp(word, "@both") == 0)
        *out = DIALECT_BOTH;
    else if (strcmp(word, "@sqlite") == 0)
        *out = DIALECT_SQLITE;
    else if (strcmp(word, "@postgres") == 0)
        *out = DIALECT_POSTGRES;
    else
        fail_at(path, line, "unknown section '%s': use @sqlite, @postgres or @both", word);
    return true;
}

static void read_sections(const char *path, struct buffer *sqlite, struct buffer *postgres) {
    const char *at = file_read(path, NULL);
    enum dialect section = DIALECT_BOTH;
    buffer_put(sqlite, "", 0);
    buffer_put(postgres, "", 0);
    for (int line = 1; *at; line++) {
        size_t size = strcspn(at, "\n");
        size += at[size] == '\n';
        if (!section_of(path, line, at, size, &section)) {
            if (section != DIALECT_POSTGRES) buffer_put(sqlite, at, size);
            if (section != DIALECT_SQLITE) buffer_put(postgres, at, size);
        }
        at += size;
    }
}

static void put_migration(struct buffer *out, const char *folder, const char *file, int number) {
    struct buffer sqlite = {0};
    struct buffer postgres = {0};
    read_sections(keep_format("%s/%s", folder, file), &sqlite, &postgres);
    buffer_format(out, "    {\n        .number = %d,\n        .name = \"%.*s\",\n", number,
                  (int)(strlen(file) - strlen("0000_.sql")), file + 5);
    buffer_format(out, "        .text_sqlite =\n            ");
    buffer_literal(out, sqlite.bytes);
    buffer_format(out, ",\n        .text_postgres =\n            ");
    buffer_literal(out, postgres.bytes);
    buffer_format(out, ",\n    },\n");
}

void migrations_embed(const char *folder, const char *out_c, const char *out_h,
                      const char *depfile) {
    struct strings files = {0};
    struct buffer source = {0};
    struct buffer header = {0};
    struct buffer depends = {0};
    int count = 0;
    if (!folder_walk(folder, &files)) fail("%s isn't a folder that can be read", folder);
    buffer_format(&source,
                  "/* Made by tools/sqlgen from migrations/. */\n"
                  "#include \"%s\"\n\nconst struct migration migrations_all[] = {\n",
                  path_name(out_h));
    buffer_format(&depends, "%s: %s", out_c, folder);
    for (size_t i = 0; i < files.count; i++) {
        if (!ends_with(files.items[i], ".sql")) continue;
        int number = file_number(folder, files.items[i]);
        if (number == count)
            fail("%s/%s: number %d is taken twice", folder, files.items[i], number);
        if (number != count + 1)
            fail("%s/%s: number %d follows %d, so there is a gap", folder, files.items[i], number,
                 count);
        put_migration(&source, folder, files.items[i], number);
        buffer_format(&depends, " %s/%s", folder, files.items[i]);
        count++;
    }
    buffer_format(&source, "    {0},\n};\n\nconst size_t migrations_count = %d;\n", count);
    buffer_format(&depends, "\n");
    buffer_format(
        &header,
        "/* Made by tools/sqlgen from migrations/. */\n"
        "#ifndef MATINEE_GENERATED_MIGRATIONS\n#define MATINEE_GENERATED_MIGRATIONS\n\n"
        "#include \"store/db/sql.h\"\n\n"
        "/** The schema's steps in order; element i has number i + 1. An empty one ends them. */\n"
        "extern const struct migration migrations_all[];\n"
        "extern const size_t migrations_count;\n\n#endif\n");
    file_write(out_c, &source);
    file_write(out_h, &header);
    if (depfile) file_write(depfile, &depends);
}
