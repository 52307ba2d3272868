/* config.c: gathers settings from environment and files, and prints them.
 *
 * Owns: nothing that outlives the context's arena. Precedence: environment, then file, then
 * default. An environment variable that is there but empty counts as not set, as compose files
 * write it. Threads: at start only. */
#include "app/config.h"

#include "app/setting.h"
#include "base/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_CAP_BYTES = 256 * 1024, NAME_CAP_BYTES = 64, MAX_SETTINGS = 64 };

/* Where each setting's value came from so far. */
struct gathering {
    struct ctx *cx;
    text values[MAX_SETTINGS];  /* absent = not set yet */
    bool in_file[MAX_SETTINGS]; /* to refuse repeated lines */
};

static size_t index_of(const struct setting *setting) {
    return (size_t)(setting - setting_all);
}

/* Reads a small file whole. */
static status read_file(struct ctx *cx, const char *path, text *out) {
    scoped(scope_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ctx_fail_errno(cx, "Reading the settings in", path);
    char *bytes = arena_take(cx->arena, FILE_CAP_BYTES + 1);
    TRY_NEW(cx, bytes);
    size_t size = 0;
    while (size <= FILE_CAP_BYTES) {
        ssize_t n = read(fd, bytes + size, FILE_CAP_BYTES + 1 - size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return ctx_fail_errno(cx, "Reading the settings in", path);
        if (n == 0) break;
        size += (size_t)n;
    }
    if (size > FILE_CAP_BYTES)
        return ctx_fail(cx, INVALID, "%s is too long for a file of settings.", path);
    *out = (text){bytes, size};
    return OK;
}

/* The value of a secret from the file that NAME_FILE names. */
static status value_from_file(struct ctx *cx, const char *path, text *out) {
    text whole;
    TRY(read_file(cx, path, &whole));
    *out = text_trim(whole);
    if (out->len == 0) return ctx_fail(cx, INVALID, "%s holds no value.", path);
    return OK;
}

/* "DATABASE_URL_FILE" → the row of DATABASE_URL, if it is a secret. */
static const struct setting *secret_of(text name) {
    if (!text_ends(name, TEXT("_FILE"))) return NULL;
    const struct setting *setting = setting_find(text_part(name, 0, name.len - 5));
    return setting && setting->secret ? setting : NULL;
}

static status from_environment(struct gathering *all) {
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_all[i];
        char name[NAME_CAP_BYTES];
        (void)snprintf(name, sizeof name, "%s_FILE", setting->name);
        const char *value = getenv(setting->name);
        const char *path = setting->secret ? getenv(name) : NULL;
        bool given = value && *value;
        if (given && path && *path)
            return ctx_fail(all->cx, INVALID, "%s and %s are both set; keep one of them.",
                            setting->name, name);
        if (given) all->values[i] = text_of(value);
        if (path && *path) TRY(value_from_file(all->cx, path, &all->values[i]));
    }
    return OK;
}

/* Double or single quotes around the whole value are taken off, as shells and compose write them.
 */
static text unquoted(text value) {
    if (value.len < 2) return value;
    char first = value.at[0];
    if ((first != '"' && first != '\'') || value.at[value.len - 1] != first) return value;
    return text_part(value, 1, value.len - 2);
}

static status take_line(struct gathering *all, const char *path, int number, text line,
                        bool home_is_known) {
    struct ctx *cx = all->cx;
    text name;
    text value;
    if (text_find(line, '=') < 1)
        return ctx_fail(cx, INVALID, "%s, line %d: this is no KEY=value line.", path, number);
    (void)text_cut(line, '=', &name, &value);
    name = text_trim(name);
    value = unquoted(text_trim(value));
    const struct setting *secret = secret_of(name);
    const struct setting *setting = secret ? secret : setting_find(name);
    if (!setting)
        return ctx_fail(cx, INVALID,
                        "%s, line %d: there is no setting %.*s; matinee config lists all.", path,
                        number, TEXT_ARG(text_part(name, 0, 80)));
    if (home_is_known && index_of(setting) == 0)
        return ctx_fail(
            cx, INVALID,
            "%s, line %d: this file was found through MATINEE_HOME and can't change it.", path,
            number);
    if (all->in_file[index_of(setting)])
        return ctx_fail(cx, INVALID, "%s, line %d: %s is set twice.", path, number, setting->name);
    all->in_file[index_of(setting)] = true;
    if (all->values[index_of(setting)].at) return OK; /* the environment has said otherwise */
    if (secret) {
        const char *from;
        if (text_to_c(cx->arena, value, &from) != OK) return ctx_no_memory(cx);
        return value_from_file(cx, from, &all->values[index_of(setting)]);
    }
    all->values[index_of(setting)] = value;
    return OK;
}

static status from_file(struct gathering *all, const char *path, bool home_is_known) {
    text rest;
    text line;
    TRY(read_file(all->cx, path, &rest));
    for (int number = 1; text_cut(rest, '\n', &line, &rest); number++) {
        line = text_trim(line);
        if (line.len == 0 || line.at[0] == '#') continue;
        TRY(take_line(all, path, number, line, home_is_known));
    }
    return OK;
}

/* MATINEE_CONFIG must be there when it is named; the file in the home may be missing. */
static status from_files(struct gathering *all) {
    const char *named = getenv("MATINEE_CONFIG");
    if (named && *named) return from_file(all, named, false);
    text home = all->values[0].at ? all->values[0] : text_of(setting_all[0].standard);
    text path;
    if (text_format(all->cx->arena, &path, "%.*s/matinee.conf", TEXT_ARG(home)) != OK)
        return ctx_no_memory(all->cx);
    if (access(path.at, F_OK) != 0) return OK;
    return from_file(all, path.at, true);
}

static status check_together(struct ctx *cx, const struct config *config) {
    text url = text_of(config->public_url);
    if (url.len && !text_starts(url, TEXT("http://")) && !text_starts(url, TEXT("https://")))
        return ctx_fail(cx, INVALID, "PUBLIC_URL must begin with http:// or https://.");
    if (url.len && text_ends(url, TEXT("/")))
        return ctx_fail(cx, INVALID, "PUBLIC_URL must not end with a slash.");
    if (*config->database_read_url && config_is_embedded(config))
        return ctx_fail(cx, INVALID, "DATABASE_READ_URL needs PostgreSQL as DATABASE_URL.");
    text database = text_of(config->database_url);
    if (!text_starts(database, TEXT("sqlite:")) && !text_starts(database, TEXT("postgres://")) &&
        !text_starts(database, TEXT("postgresql://")))
        return ctx_fail(cx, INVALID, "DATABASE_URL must begin with sqlite: or postgres://.");
    return OK;
}

static status join(struct ctx *cx, const char **place, const char *format, const char *folder) {
    if (**place) return OK;
    text made;
    struct build build = {.arena = cx->arena};
    for (; *format; format++) {
        if (*format == '@')
            build_c(&build, folder);
        else
            build_byte(&build, *format);
    }
    if (build_text(&build, &made) != OK) return ctx_no_memory(cx);
    *place = made.at;
    return OK;
}

/* What isn't set follows from the home, or from where this program lies. */
static status fill_in(struct ctx *cx, struct config *config) {
    TRY(join(cx, &config->database_url, "sqlite:@/matinee.db", config->home));
    TRY(join(cx, &config->storage_path, "@/storage", config->home));
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return ctx_fail_errno(cx, "Finding", "this program");
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash) *slash = '\0';
    return join(cx, &config->media_program, "@/matinee-media", self);
}

status config_load(struct ctx *cx, struct config *out) {
    struct gathering all = {.cx = cx};
    struct config config = {0};
    TRY(from_environment(&all));
    TRY(from_files(&all));
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_all[i];
        text value = all.values[i];
        if (!value.at && setting->kind != SETTING_LATER) value = text_of(setting->standard);
        TRY(setting_set(cx, setting, value, &config));
    }
    TRY(fill_in(cx, &config));
    TRY(check_together(cx, &config));
    *out = config;
    return OK;
}

bool config_is_embedded(const struct config *config) {
    return strncmp(config->database_url, "sqlite:", 7) == 0;
}

enum log_level config_log_level(const struct config *config) {
    enum log_level level = LOG_LEVEL_INFO;
    if (log_level_from(text_of(config->log_level), &level) != OK) return LOG_LEVEL_INFO;
    return level;
}

status config_print(struct ctx *cx, const struct config *config, FILE *to) {
    (void)fprintf(to,
                  "# Settings come from the environment, else from the file that MATINEE_CONFIG\n"
                  "# names or matinee.conf in MATINEE_HOME, else from the default. A secret may\n"
                  "# come from a file that NAME_FILE names. These values are in force now:\n");
    for (size_t i = 0; i < setting_count; i++) {
        const struct setting *setting = &setting_all[i];
        if (setting->kind == SETTING_LATER) continue;
        text value;
        TRY(setting_show(cx, setting, config, &value));
        (void)fprintf(to, "\n# %s\n", setting->doc);
        if (*setting->standard) (void)fprintf(to, "# Default: %s\n", setting->standard);
        (void)fprintf(to, "%s%s=%.*s\n", setting->secret ? "# " : "", setting->name,
                      TEXT_ARG(value));
    }
    return OK;
}
