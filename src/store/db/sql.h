/*
 * SQL as data: the statements and migrations that tools/sqlgen makes from .sql files at build time.
 *
 * Everything here is constant and shared by all threads. A feature writes `video.sql`, the build
 * makes video_sql.h with one `sql_<name>` for each block, and only descriptors travel through the
 * code: no SQL text is written, joined or formatted in C.
 */
#ifndef MATINEE_STORE_DB_SQL_H
#define MATINEE_STORE_DB_SQL_H

#include <stddef.h>

/** What a statement answers; it decides which call of db.h may run it. */
enum sql_kind {
    SQL_ONE,  /**< exactly one row, or none, which is NOT_FOUND */
    SQL_MANY, /**< any number of rows */
    SQL_EXEC, /**< no rows; the number of rows changed counts */
};

/** One named statement, the same in meaning in both dialects. */
struct sql {
    const char *name; /**< as written after `-- :name`; for logs, metrics and caches */
    enum sql_kind kind;
    const char *text_sqlite;   /**< one statement, placeholders $1..$n, no semicolon */
    const char *text_postgres; /**< the same text unless the file has an @postgres block */
    int parameter_count;       /**< n of the highest placeholder; 0 when there is none */
};

/** All statements of one .sql file, in its order. */
struct sql_set {
    const char *name; /**< the file's name without .sql */
    const struct sql *const *statements;
    size_t count;
};

/** One step of the schema. Steps are numbered 1, 2, 3 … without gaps and never change again. */
struct migration {
    int number;
    const char *name;          /**< what follows the number in the file's name */
    const char *text_sqlite;   /**< any number of statements; may be empty, not NULL */
    const char *text_postgres; /**< likewise */
};

#endif
