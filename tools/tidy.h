/*
 * The parts of tidy: a source file cut into code and comments, and the groups of rules.
 *
 * A finding is printed where it is found as `file:line: rule: sentence`; the process's exit code
 * says at the end whether there was one. One thread.
 */
#ifndef MATINEE_TOOLS_TIDY_H
#define MATINEE_TOOLS_TIDY_H

#include "toolkit.h"

/** One file. The three views have the same size, so an offset or line means the same in each. */
struct source {
    const char *path;     /**< relative to the tree's root, such as "src/base/arena.c" */
    const char *text;     /**< as it is in the file */
    const char *code;     /**< comments, and what is inside quotes, blanked */
    const char *plain;    /**< like code, with preprocessor lines blanked too */
    const char *comments; /**< everything but comments blanked */
    size_t size;
    int line_count;
};

/** What a run has seen; tidy prints it at its end. */
struct tally {
    int files;
    int functions;
    int long_functions; /**< over the 40 lines that most should keep */
    int findings;
};

/** The run's counts. */
extern struct tally tally;

/** Prints one finding. */
void finding(const struct source *source, int line, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Reads a file and cuts it up. C's rules of quotes and comments apply to .c and .h; any other
 *  file has no comments view and its code is its text. */
struct source *source_read(const char *root, const char *path);

/** The line, from 1, that the byte at `offset` is on. */
int source_line(const struct source *source, size_t offset);

/** True for .c and .h. */
bool source_is_c(const struct source *source);

/** True when `text` has the word `word` at `at`, with no letter, digit or '_' on either side;
 *  `at` must point into `text`. */
bool word_at(const char *text, const char *at, const char *word);

/** Rules on the form of a file: tabs, columns, lines, opening comment, marks of unfinished work. */
void check_form(const struct source *source);

/** Rules on a C file's words: banned calls, goto, SQL outside .sql files. `in_house` is true for
 *  src/, where SQL text isn't allowed. */
void check_words(const struct source *source, bool in_house);

/** Rules on functions: their length. */
void check_functions(const struct source *source);

/** Rule on a header: each public declaration has a doc comment. */
void check_docs(const struct source *source);

/** Rule on a header: it compiles by itself. `command` begins with the compiler. */
void check_alone(const struct source *source, const char *root, const struct strings *command);

/** Rules on includes, over all files of src/: floors, order of features, foreign headers, paths,
 *  circles. Ends the process when tools/floors.txt is missing or can't be understood. */
void check_includes(const char *root, struct source **sources, size_t count);

#endif
