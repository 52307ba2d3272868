/*
 * The parts of sqlgen: reading named statements, reading migrations, writing C.
 */
#ifndef MATINEE_TOOLS_SQLGEN_H
#define MATINEE_TOOLS_SQLGEN_H

#include "toolkit.h"

/** The dialects a block may be for. BOTH is a block without an @dialect. */
enum dialect { DIALECT_BOTH, DIALECT_SQLITE, DIALECT_POSTGRES, DIALECT_COUNT };

/** One named statement, as gathered from one, two or three blocks. */
struct statement {
    const char *name;
    const char *kind; /**< "SQL_ONE", "SQL_MANY" or "SQL_EXEC" */
    const char *doc;  /**< the comment beneath the name; may be empty */
    const char *path; /**< where its first block stands */
    int line;
    const char *texts[DIALECT_COUNT]; /**< NULL when there's no such block */
    int lines[DIALECT_COUNT];
    int parameter_count;
};

/** A growing array of statements; zero-initialised is empty. */
struct statements {
    struct statement *items;
    size_t count;
    size_t capacity;
};

/** Reads the blocks of one .sql file and adds them to `out`. Ends the process with a message
 *  `file:line: sentence` on anything that isn't in order. */
void statements_read(const char *path, struct statements *out);

/** Checks what can only be seen when all blocks are read: each statement has a text for both
 *  dialects. Ends the process as statements_read does. */
void statements_check(const struct statements *statements);

/** Brings a statement's text into one line without comments and without its last semicolon, and
 *  tells its highest placeholder in `out_parameter_count`. `line` is the text's first line. */
char *statement_clean(const char *path, int line, const char *text, int *out_parameter_count);

/** Embeds a folder of migrations NNNN_name.sql as C. `depfile` may be NULL; it tells the build
 *  which files, and that the folder itself, were read. */
void migrations_embed(const char *folder, const char *out_c, const char *out_h,
                      const char *depfile);

#endif
