/* setting.c: the one table of settings. Everything about a setting is said in its row.
 * Owns: constant data. Threads: any. */
#include "app/setting.h"

#include "base/scope.h"

#include <string.h>

static const char *const environments[] = {"production", "development", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
static const char *const on_off[] = {"on", "off", NULL};

#define KIB ((int64_t)1024)
#define GIB (KIB * KIB * KIB)
#define HOUR_MS ((int64_t)3600 * 1000)

#define IN(member_) .offset = offsetof(struct config, member_)

const struct setting setting_all[] = {
    {"MATINEE_HOME", SETTING_TEXT, IN(home), "./var", .min = 1, .max = 1000,
     .doc = "Folder of the embedded database, films, keys and logs; two servers need two."},
    {"PORT", SETTING_INT, IN(port), "8080", .max = 65535,
     .doc = "TCP port to listen on; 0 takes any free one."},
    {"ADDRESS", SETTING_TEXT, IN(address), "127.0.0.1", .min = 1, .max = 100,
     .doc = "Address to listen on. Passwords travel here in the clear, so only this machine can "
            "connect until a proxy speaks TLS in front, or 0.0.0.0 is asked for."},
    {"SOCKET", SETTING_TEXT, IN(socket), "", .max = 100,
     .doc = "Unix socket to listen on as well, for a proxy on this machine."},
    {"PUBLIC_URL", SETTING_TEXT, IN(public_url), "", .max = 500,
     .doc = "How people reach this server, such as https://films.example; https makes cookies "
            "Secure."},
    {"TRUSTED_PROXIES", SETTING_TEXT, IN(trusted_proxies), "", .max = 2000,
     .doc = "Addresses, separated by spaces, whose X-Forwarded-For is believed."},
    {"CORS_ORIGINS", SETTING_TEXT, IN(cors_origins), "", .max = 4000,
     .doc = "Origins of other sites, separated by commas, that may call the API."},
    {"DATABASE_URL", SETTING_TEXT, IN(database_url), "", .max = 4000, .secret = true,
     .doc = "sqlite:PATH or postgres://…; not set, an embedded database in MATINEE_HOME."},
    {"DATABASE_READ_URL", SETTING_TEXT, IN(database_read_url), "", .max = 4000, .secret = true,
     .doc = "A replica for reads, with PostgreSQL only."},
    {"DATABASE_READERS", SETTING_INT, IN(database_readers), "4", .min = 1, .max = 64,
     .doc = "Connections for reads."},
    {"DATABASE_WRITERS", SETTING_INT, IN(database_writers), "4", .min = 1, .max = 64,
     .doc = "Connections for writes, with PostgreSQL only."},
    {"STORAGE_PATH", SETTING_TEXT, IN(storage_path), "", .max = 1000,
     .doc = "Folder of the films; not set, the folder storage in MATINEE_HOME."},
    {"MAX_FILE_SIZE", SETTING_SIZE, IN(max_file_size_bytes), "20G", .min = 1, .max = 16384 * GIB,
     .doc = "Largest film that can be uploaded."},
    {"USER_QUOTA", SETTING_SIZE, IN(user_quota_bytes), "0", .max = 1048576 * GIB,
     .doc = "Most that the uploaded films of one user may take together; 0 is no limit."},
    {"UPLOAD_LIFETIME", SETTING_DURATION, IN(upload_lifetime_ms), "24h", .min = 60000,
     .max = 365 * 24 * HOUR_MS,
     .doc = "How long an unfinished upload is kept after its last byte."},
    {"SIGNED_URL_LIFETIME", SETTING_DURATION, IN(signed_url_lifetime_ms), "6h", .min = 60000,
     .max = 7 * 24 * HOUR_MS, .doc = "How long the address of a private film can be played."},
    {"WORKERS", SETTING_INT, IN(workers), "1", .max = 64,
     .doc = "Films processed at the same time by this process; 0 leaves it to others."},
    {"ENCODER_THREADS", SETTING_INT, IN(encoder_threads), "0", .max = 256,
     .doc = "Threads for one film; 0 divides the processors among the WORKERS."},
    {"HANDLERS", SETTING_INT, IN(handlers), "8", .min = 1, .max = 256,
     .doc = "Requests that may wait for the database or the disk at the same time."},
    {"CACHE_SIZE", SETTING_SIZE, IN(cache_size_bytes), "16M", .min = 64 * KIB, .max = 64 * GIB,
     .doc = "Most memory for cached answers and limits."},
    {"LIMITS", SETTING_CHOICE, IN(limits), "on", .choices = on_off,
     .doc = "off: callers are not limited (tests and measurements)."},
    {"LOG_LEVEL", SETTING_CHOICE, IN(log_level), "info", .choices = levels,
     .doc = "Least level of the lines written to standard error: debug, info, warning, error."},
    {"ENVIRONMENT", SETTING_CHOICE, IN(environment), "production", .choices = environments,
     .doc = "production or development."},
    {"MATINEE_MEDIA", SETTING_TEXT, IN(media_program), "", .max = 1000,
     .doc = "The program matinee-media; not set, the one beside this program."},
    {"MATINEE_CONTRACT_LOG", SETTING_TEXT, IN(contract_log), "", .max = 1000,
     .doc = "Tests: a file that gets a line for each reply, held against its schema."},
    {"REDIS_URL", SETTING_LATER, .secret = true, .doc = "Planned: a shared cache, bus and queue."},
    {"RABBITMQ_URL", SETTING_LATER, .secret = true, .doc = "Planned: a queue on RabbitMQ."},
    {"S3_ENDPOINT", SETTING_LATER, .doc = "Planned: films on S3-compatible storage."},
    {"S3_BUCKET", SETTING_LATER, .doc = "Planned: see S3_ENDPOINT."},
    {"S3_REGION", SETTING_LATER, .doc = "Planned: see S3_ENDPOINT."},
    {"S3_ACCESS_KEY", SETTING_LATER, .secret = true, .doc = "Planned: see S3_ENDPOINT."},
    {"S3_SECRET_KEY", SETTING_LATER, .secret = true, .doc = "Planned: see S3_ENDPOINT."},
};
const size_t setting_count = COUNT_OF(setting_all);

const struct setting *setting_find(text name) {
    for (size_t i = 0; i < setting_count; i++)
        if (text_is(name, setting_all[i].name)) return &setting_all[i];
    return NULL;
}

/* A number and a unit: each unit is one letter and what it multiplies by. */
struct unit {
    char letter;
    int64_t factor;
};
static const struct unit size_units[] = {
    {'k', KIB}, {'K', KIB}, {'M', KIB *KIB}, {'G', GIB}, {'T', KIB *GIB}};
static const struct unit duration_units[] = {
    {'s', 1000}, {'m', 60000}, {'h', HOUR_MS}, {'d', 24 * HOUR_MS}};

static bool with_unit(text value, const struct unit *units, size_t count, int64_t *out) {
    int64_t factor = 1;
    if (value.len == 0) return false;
    for (size_t i = 0; i < count; i++) {
        if (value.at[value.len - 1] != units[i].letter) continue;
        factor = units[i].factor;
        value.len--;
        break;
    }
    int64_t number;
    if (text_to_int(value, &number) != OK) return false;
    return !__builtin_mul_overflow(number, factor, out);
}

static status set_number(struct ctx *cx, const struct setting *setting, text value, int64_t *out) {
    static const char *const forms[] = {
        [SETTING_INT] = "a whole number",
        [SETTING_SIZE] = "a size such as 500M or 20G",
        [SETTING_DURATION] = "a time such as 30m, 24h or 7d",
    };
    int64_t number = 0;
    bool read = false;
    if (setting->kind == SETTING_INT) read = text_to_int(value, &number) == OK;
    if (setting->kind == SETTING_SIZE)
        read = with_unit(value, size_units, COUNT_OF(size_units), &number);
    if (setting->kind == SETTING_DURATION)
        read = with_unit(value, duration_units, COUNT_OF(duration_units), &number);
    if (!read)
        return ctx_fail(cx, INVALID, "%s must be %s, not \"%.*s\".", setting->name,
                        forms[setting->kind], TEXT_ARG(text_part(value, 0, 80)));
    if (number < setting->min || number > setting->max)
        return ctx_fail(cx, INVALID, "%s must lie between %lld and %lld; %.*s is outside.",
                        setting->name, (long long)setting->min, (long long)setting->max,
                        TEXT_ARG(text_part(value, 0, 80)));
    *out = number;
    return OK;
}

static status set_text(struct ctx *cx, const struct setting *setting, text value,
                       const char **out) {
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < 0x20 || value.at[i] == 0x7f)
            return ctx_fail(cx, INVALID, "%s holds a control character.", setting->name);
    if ((int64_t)value.len < setting->min)
        return ctx_fail(cx, INVALID, "%s must not be empty.", setting->name);
    if ((int64_t)value.len > setting->max)
        return ctx_fail(cx, INVALID, "%s must have at most %lld bytes.", setting->name,
                        (long long)setting->max);
    return text_to_c(cx->arena, value.at ? value : TEXT(""), out) == OK ? OK : ctx_no_memory(cx);
}

static status set_choice(struct ctx *cx, const struct setting *setting, text value,
                         const char **out) {
    struct build known = {.arena = cx->arena};
    for (size_t i = 0; setting->choices[i]; i++) {
        if (text_is(value, setting->choices[i])) {
            *out = setting->choices[i];
            return OK;
        }
        build_format(&known, "%s%s", i ? ", " : "", setting->choices[i]);
    }
    text all;
    if (build_text(&known, &all) != OK) return ctx_no_memory(cx);
    return ctx_fail(cx, INVALID, "%s must be one of %.*s, not \"%.*s\".", setting->name,
                    TEXT_ARG(all), TEXT_ARG(text_part(value, 0, 80)));
}

status setting_set(struct ctx *cx, const struct setting *setting, text value,
                   struct config *config) {
    void *member = (char *)config + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        return set_text(cx, setting, value, member);
    case SETTING_CHOICE:
        return set_choice(cx, setting, value, member);
    case SETTING_INT:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return set_number(cx, setting, value, member);
    case SETTING_LATER:
        break;
    }
    if (value.len == 0) return OK;
    return ctx_fail(cx, INVALID, "%s can't be used yet in this version; take it out.",
                    setting->name);
}

/* Writes a number with the largest unit that leaves no rest. */
static void show_number(struct build *to, int64_t number, const struct unit *units, size_t count) {
    for (size_t i = count; i-- > 0;) {
        if (number == 0 || number % units[i].factor != 0) continue;
        build_format(to, "%lld%c", (long long)(number / units[i].factor), units[i].letter);
        return;
    }
    build_format(to, "%lld", (long long)number);
}

status setting_show(struct ctx *cx, const struct setting *setting, const struct config *config,
                    text *out) {
    const void *member = (const char *)config + setting->offset;
    struct build value = {.arena = cx->arena};
    switch (setting->kind) {
    case SETTING_LATER:
        break;
    case SETTING_INT:
        build_format(&value, "%lld", *(const long long *)member);
        break;
    case SETTING_SIZE:
        show_number(&value, *(const int64_t *)member, size_units, COUNT_OF(size_units));
        break;
    case SETTING_DURATION:
        show_number(&value, *(const int64_t *)member, duration_units, COUNT_OF(duration_units));
        break;
    case SETTING_TEXT:
    case SETTING_CHOICE: {
        const char *c_string = *(const char *const *)member;
        bool hidden = setting->secret && !text_starts(text_of(c_string), TEXT("sqlite:"));
        build_c(&value, !hidden ? c_string : *c_string ? "(set)" : "(not set)");
        break;
    }
    }
    return build_text(&value, out) == OK ? OK : ctx_no_memory(cx);
}
