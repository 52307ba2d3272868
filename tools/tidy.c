/*
 * tidy: proves the rules of the house that a machine can prove.
 *
 *     tidy ROOT [COMPILER [FLAG…]]
 *
 * Looks at src/, tools/, tests/, bench/ and migrations/ beneath ROOT. Each finding is a line
 * `file:line: rule: sentence`. Code 0: nothing found; 1: findings; 2: it couldn't look. Headers are
 * compiled by COMPILER (without it, by $CC or cc) with the flags given and ROOT/src as include
 * path.
 */
#include "tidy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally tally;

void finding(const struct source *source, int line, const char *rule, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%d: %s: ", source->path, line, rule);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    tally.findings++;
}

static bool is_looked_at(const char *path) {
    static const char *const ends[] = {".c", ".h", ".sql", ".sh"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(path, ends[i])) return true;
    return false;
}

static void check_one(const struct source *source, const char *root,
                      const struct strings *command) {
    bool in_house = begins_with(source->path, "src/");
    tally.files++;
    check_form(source);
    if (!source_is_c(source)) return;
    check_words(source, in_house);
    check_functions(source);
    if (!in_house || !ends_with(source->path, ".h")) return;
    check_docs(source);
    check_alone(source, root, command);
}

static void read_folder(const char *root, const char *folder, struct strings *out) {
    struct strings inside = {0};
    if (!folder_walk(keep_format("%s/%s", root, folder), &inside)) return;
    for (size_t i = 0; i < inside.count; i++)
        if (is_looked_at(inside.items[i]) && !strstr(inside.items[i], "node_modules/"))
            strings_add(out, keep_format("%s/%s", folder, inside.items[i]));
}

int main(int argc, char **argv) {
    static const char *const folders[] = {"src", "tools", "tests", "bench", "migrations"};
    static char gnu17[] = "-std=gnu17";
    static char gnu_source[] = "-D_GNU_SOURCE";
    struct strings paths = {0};
    struct strings command = {0};
    if (argc < 2 || argv[1][0] == '-') fail("usage: tidy ROOT [COMPILER [FLAG…]]");
    const char *root = argv[1];
    const char *compiler = argc > 2 ? argv[2] : getenv("CC");
    strings_add(&command, keep_format("%s", compiler && *compiler ? compiler : "cc"));
    strings_add(&command, gnu17);
    strings_add(&command, gnu_source);
    for (int i = 3; i < argc; i++) strings_add(&command, argv[i]);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        read_folder(root, folders[i], &paths);
    if (!paths.count) fail("%s holds no source: is it the tree's root?", root);
    struct source **sources = keep(paths.count * sizeof *sources);
    for (size_t i = 0; i < paths.count; i++) {
        sources[i] = source_read(root, paths.items[i]);
        check_one(sources[i], root, &command);
    }
    check_includes(root, sources, paths.count);
    printf("%d files, %d functions, %d of them over 40 lines (%.1f %%), %d findings\n", tally.files,
           tally.functions, tally.long_functions,
           tally.functions ? 100.0 * tally.long_functions / tally.functions : 0.0, tally.findings);
    return tally.findings ? 1 : 0;
}
