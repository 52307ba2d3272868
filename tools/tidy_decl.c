/*
 * tidy's rules on declarations: how long functions are, that public declarations say what they
 * mean, and that a header needs nothing before it.
 *
 * A declaration is what stands between the braces of depth 0: it begins with the first word after a
 * `;` or `}` and ends with its own. That holds for our style, and the rules need no more of C.
 */
#include "tidy.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FUNCTION_LINES_MAX = 70, FUNCTION_LINES_USUAL = 40 };

extern char **environ;

/* A declaration at file level: [start, body) is its head, body the '{' or the ';' that ends it. */
struct declaration {
    size_t start;
    size_t body;
    size_t end; /* of the last byte: '}' or ';' */
    bool has_braces;
};

/* Returns the offset behind the '}' that closes the '{' at `at`. */
static size_t braces_end(const char *plain, size_t at) {
    int depth = 0;
    for (; plain[at]; at++) {
        depth += plain[at] == '{';
        depth -= plain[at] == '}';
        if (depth == 0) return at + 1;
    }
    return at;
}

/* Blanks `__attribute__((…))` in a head, whose parentheses would look like parameters. */
static char *head_of(const struct source *source, const struct declaration *declaration) {
    char *head =
        keep_text(source->plain + declaration->start, declaration->body - declaration->start);
    for (char *at = head; (at = strstr(at, "__attribute__"));) {
        char *open = strchr(at, '(');
        int depth = 0;
        for (char *inside = open; inside && *inside; inside++) {
            depth += *inside == '(';
            depth -= *inside == ')';
            *inside = ' ';
            if (depth == 0) break;
        }
        memset(at, ' ', strlen("__attribute__"));
    }
    return head;
}

static bool head_is_function(const char *head) {
    return strchr(head, '(') && !strchr(head, '=');
}

/* Finds the next declaration from `*at` on and moves `*at` behind it; false at the end. */
static bool next_declaration(const struct source *source, size_t *at, struct declaration *out) {
    const char *plain = source->plain;
    size_t start = *at;
    while (plain[start] &&
           (isspace((unsigned char)plain[start]) || plain[start] == ';' || plain[start] == '}'))
        start++;
    if (!plain[start]) return false;
    struct declaration found = {.start = start};
    found.body = start + strcspn(plain + start, "{;");
    found.end = found.body;
    if (plain[found.body] == '{') {
        found.has_braces = true;
        size_t behind = braces_end(plain, found.body);
        found.end = behind - 1;
        /* A struct or an initialiser goes on to its ';'; a function's body is its end. */
        if (!head_is_function(head_of(source, &found)) && plain[behind])
            found.end = behind + strcspn(plain + behind, ";");
    }
    *at = plain[found.end] ? found.end + 1 : found.end;
    *out = found;
    return true;
}

static const char *function_name(const char *head) {
    const char *open = strchr(head, '(');
    const char *end = open;
    while (end > head && isspace((unsigned char)end[-1])) end--;
    const char *start = end;
    while (start > head && (isalnum((unsigned char)start[-1]) || start[-1] == '_')) start--;
    return keep_text(start, (size_t)(end - start));
}

void check_functions(const struct source *source) {
    struct declaration declaration;
    for (size_t at = 0; next_declaration(source, &at, &declaration);) {
        const char *head = head_of(source, &declaration);
        if (!declaration.has_braces || !head_is_function(head)) continue;
        int first = source_line(source, declaration.start);
        int lines = source_line(source, declaration.end) - first + 1;
        tally.functions++;
        tally.long_functions += lines > FUNCTION_LINES_USUAL;
        if (lines > FUNCTION_LINES_MAX)
            finding(source, first, "function-length", "%s has %d lines; the most is %d",
                    function_name(head), lines, FUNCTION_LINES_MAX);
    }
}

static size_t line_start(const struct source *source, size_t offset) {
    while (offset > 0 && source->text[offset - 1] != '\n') offset--;
    return offset;
}

static bool line_is_blank(const char *view, size_t start) {
    size_t size = strcspn(view + start, "\n");
    for (size_t i = 0; i < size; i++)
        if (!isspace((unsigned char)view[start + i])) return false;
    return true;
}

/* A header called inner.h or x_inner.h is shared by the files of one module: any comment does. */
static bool is_private(const struct source *source) {
    return ends_with(source->path, "/inner.h") || ends_with(source->path, "_inner.h");
}

/* True when the line that begins at `start` belongs to a comment which began with two stars. */
static bool in_doc_comment(const struct source *source, size_t start) {
    size_t end = start + strcspn(source->text + start, "\n");
    for (size_t at = end; at > 1; at--)
        if (begins_with(source->comments + at - 2, "/*"))
            return is_private(source) || begins_with(source->comments + at - 2, "/**");
    return false;
}

/* Tells whether what begins on the line at `start` is documented: by the comment above it, by a
 * trailing one, or by standing in a row, without a blank line, under something that is. */
static bool is_documented(const struct source *source, size_t start, bool above_is) {
    size_t size = strcspn(source->comments + start, "\n");
    const char *own = keep_text(source->comments + start, size);
    if (strstr(own, "/**")) return true;
    if (start == 0) return false;
    size_t above = line_start(source, start - 1);
    if (line_is_blank(source->text, above)) return false;
    if (!line_is_blank(source->code, above)) {
        if (source->text[above + strspn(source->text + above, " ")] == '#' &&
            !begins_with(source->text + above, "#define"))
            return is_documented(source, above, above_is);
        return above_is;
    }
    return in_doc_comment(source, above);
}

static bool needs_doc(const char *head, bool has_braces) {
    if (begins_with(head, "_Static_assert")) return false;
    bool names_a_type =
        begins_with(head, "struct ") || begins_with(head, "enum ") || begins_with(head, "union ");
    /* `struct arena;` says only that there is one; its doc stands where it's defined. */
    const char *rest = head + strcspn(head, " ");
    rest += strspn(rest, " ");
    rest += strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return !(names_a_type && !has_braces && *rest == '\0');
}

static void check_macros(const struct source *source) {
    bool above_is = false;
    for (size_t at = 0; at < source->size;) {
        size_t size = strcspn(source->code + at, "\n");
        const char *line = keep_text(source->code + at, size);
        if (begins_with(line, "#define ")) {
            const char *name = line + strlen("#define ");
            size_t name_size = strcspn(name, " (\\");
            bool has_value = name[name_size] && name[name_size + strspn(name + name_size, " ")];
            bool internal = name_size && name[name_size - 1] == '_';
            above_is = is_documented(source, at, above_is);
            if (has_value && !internal && !above_is)
                finding(source, source_line(source, at), "doc-comment",
                        "the macro %.*s is public: say what it means", (int)name_size, name);
        }
        at += size + 1;
    }
}

void check_docs(const struct source *source) {
    struct declaration declaration;
    bool above_is = false;
    for (size_t at = 0; next_declaration(source, &at, &declaration);) {
        const char *head = head_of(source, &declaration);
        above_is = is_documented(source, line_start(source, declaration.start), above_is);
        if (above_is || !needs_doc(head, declaration.has_braces)) continue;
        finding(source, source_line(source, declaration.start), "doc-comment",
                "'%.*s' is public: say its meaning, units, ownership and errors in a /** comment",
                (int)strcspn(head, "\n"), head);
    }
    check_macros(source);
}

void check_alone(const struct source *source, const char *root, const struct strings *command) {
    struct strings words = {0};
    for (size_t i = 0; i < command->count; i++) strings_add(&words, command->items[i]);
    strings_add(&words, keep_format("-I%s/src", root));
    strings_add(&words, "-fsyntax-only");
    strings_add(&words, "-xc");
    strings_add(&words, keep_format("%s/%s", root, source->path));
    strings_add(&words, NULL);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int error = posix_spawnp(&child, words.items[0], &actions, NULL, words.items, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) fail("the compiler %s can't be started: %s", words.items[0], strerror(error));
    int state = 0;
    while (waitpid(child, &state, 0) < 0 && errno == EINTR) continue;
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        finding(source, 1, "header-alone", "it doesn't compile by itself: include what it uses");
}
