/* test_config.c: where settings come from, what is refused and with which words, what is printed.
 */
#include "../store/folder.h"

#include "app/config.h"
#include "app/setting.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Every test begins without any setting in the environment. */
static int clean_open(void **state) {
    char name[80];
    for (size_t i = 0; i < setting_count; i++) {
        (void)unsetenv(setting_all[i].name);
        (void)snprintf(name, sizeof name, "%s_FILE", setting_all[i].name);
        (void)unsetenv(name);
    }
    (void)unsetenv("MATINEE_CONFIG");
    if (folder_open(state) != 0) return -1;
    return setenv("MATINEE_HOME", ((struct folder *)*state)->path, 1);
}

static const char *write_file(struct folder *folder, const char *name, const char *content) {
    text path;
    assert_int_equal(text_format(folder->cx.arena, &path, "%s/%s", folder->path, name), OK);
    scoped(scope_fclose) FILE *file = fopen(path.at, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    return path.at;
}

static void expect_refusal(struct folder *folder, const char *words) {
    struct config config;
    assert_int_equal(config_load(&folder->cx, &config), INVALID);
    if (!strstr(folder->cx.fault.detail, words))
        fail_msg("\"%s\" does not say \"%s\"", folder->cx.fault.detail, words);
    ctx_clear(&folder->cx);
}

static void test_defaults(void **state) {
    struct folder *folder = *state;
    struct config config;
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_int_equal(config.port, 8080);
    assert_string_equal(config.address, "127.0.0.1");
    assert_int_equal(config.max_file_size_bytes, 20LL << 30);
    assert_int_equal(config.upload_lifetime_ms, 24 * 3600 * 1000);
    assert_string_equal(config.home, folder->path);
    text expected;
    assert_int_equal(text_format(folder->cx.arena, &expected, "sqlite:%s/matinee.db", folder->path),
                     OK);
    assert_string_equal(config.database_url, expected.at);
    assert_true(config_is_embedded(&config));
    assert_true(text_ends(text_of(config.media_program), TEXT("/matinee-media")));
}

static void test_environment(void **state) {
    struct folder *folder = *state;
    struct config config;
    (void)setenv("PORT", "0", 1);
    (void)setenv("MAX_FILE_SIZE", "1500M", 1);
    (void)setenv("UPLOAD_LIFETIME", "90m", 1);
    (void)setenv("LOG_LEVEL", "debug", 1);
    (void)setenv("USER_QUOTA", "", 1); /* empty is as good as absent */
    (void)setenv("DATABASE_URL", "postgres://someone@db/films", 1);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_int_equal(config.port, 0);
    assert_int_equal(config.max_file_size_bytes, 1500LL << 20);
    assert_int_equal(config.upload_lifetime_ms, 90 * 60 * 1000);
    assert_int_equal(config.user_quota_bytes, 0);
    assert_int_equal(config_log_level(&config), LOG_LEVEL_DEBUG);
    assert_false(config_is_embedded(&config));
}

static void test_file(void **state) {
    struct folder *folder = *state;
    struct config config;
    (void)write_file(folder, "matinee.conf",
                     "# a comment\n\n  PORT = 8123 \nPUBLIC_URL=\"https://films.example\"\n"
                     "WORKERS=3\nCORS_ORIGINS='https://a.example, https://b.example'\r\n");
    (void)setenv("WORKERS", "5", 1);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_int_equal(config.port, 8123);
    assert_int_equal(config.workers, 5); /* the environment wins */
    assert_string_equal(config.public_url, "https://films.example");
    assert_string_equal(config.cors_origins, "https://a.example, https://b.example");
    /* A named file replaces the one in the home. */
    (void)setenv("MATINEE_CONFIG", write_file(folder, "other.conf", "PORT=8200"), 1);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_int_equal(config.port, 8200);
    assert_string_equal(config.public_url, "");
    (void)setenv("MATINEE_CONFIG", "/nonexistent/matinee.conf", 1);
    assert_fails(&folder->cx, config_load(&folder->cx, &config), NOT_FOUND);
}

static void test_secret_files(void **state) {
    struct folder *folder = *state;
    struct config config;
    const char *path = write_file(folder, "secret", "postgres://u:secret-word@h/d\n");
    (void)setenv("DATABASE_URL_FILE", path, 1);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_string_equal(config.database_url, "postgres://u:secret-word@h/d");
    (void)setenv("DATABASE_URL", "postgres://u@h/d", 1);
    expect_refusal(folder, "DATABASE_URL and DATABASE_URL_FILE are both set");
    (void)unsetenv("DATABASE_URL");
    (void)unsetenv("DATABASE_URL_FILE");
    text line;
    assert_int_equal(text_format(folder->cx.arena, &line, "DATABASE_URL_FILE=%s\n", path), OK);
    (void)write_file(folder, "matinee.conf", line.at);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_string_equal(config.database_url, "postgres://u:secret-word@h/d");
    (void)write_file(folder, "matinee.conf", "PORT_FILE=/etc/hostname\n");
    expect_refusal(folder, "line 1: there is no setting PORT_FILE");
}

static void test_refusals(void **state) {
    static const struct {
        const char *name;
        const char *value;
        const char *words;
    } cases[] = {
        {"PORT", "70000", "PORT must lie between 0 and 65535"},
        {"PORT", "80 80", "PORT must be a whole number"},
        {"PORT", "-1", "PORT must lie between"},
        {"MAX_FILE_SIZE", "20X", "MAX_FILE_SIZE must be a size"},
        {"MAX_FILE_SIZE", "99999999999999999999G", "MAX_FILE_SIZE must be a size"},
        {"MAX_FILE_SIZE", "9007199254740993T", "MAX_FILE_SIZE must be a size"},
        {"UPLOAD_LIFETIME", "5w", "UPLOAD_LIFETIME must be a time"},
        {"UPLOAD_LIFETIME", "1s", "UPLOAD_LIFETIME must lie between"},
        {"LOG_LEVEL", "loud", "LOG_LEVEL must be one of debug, info, warning, error"},
        {"PUBLIC_URL", "films.example", "PUBLIC_URL must begin with http"},
        {"PUBLIC_URL", "https://films.example/", "must not end with a slash"},
        {"ADDRESS", "a\tb", "ADDRESS holds a control character"},
        {"DATABASE_URL", "mysql://h/d", "DATABASE_URL must begin with sqlite: or postgres://"},
        {"DATABASE_READ_URL", "postgres://h/d", "needs PostgreSQL"},
        {"REDIS_URL", "redis://h", "REDIS_URL can't be used yet"},
        {"RABBITMQ_URL", "amqp://h", "RABBITMQ_URL can't be used yet"},
        {"S3_ENDPOINT", "https://s3", "S3_ENDPOINT can't be used yet"},
    };
    struct folder *folder = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)setenv(cases[i].name, cases[i].value, 1);
        expect_refusal(folder, cases[i].words);
        (void)unsetenv(cases[i].name);
    }
}

static void test_file_refusals(void **state) {
    struct folder *folder = *state;
    (void)write_file(folder, "matinee.conf", "PORT=1\nPROT=2\n");
    expect_refusal(folder, "line 2: there is no setting PROT");
    (void)write_file(folder, "matinee.conf", "PORT=1\nPORT=2\n");
    expect_refusal(folder, "line 2: PORT is set twice");
    (void)write_file(folder, "matinee.conf", "PORT 1\n");
    expect_refusal(folder, "line 1: this is no KEY=value line");
    (void)write_file(folder, "matinee.conf", "MATINEE_HOME=/elsewhere\n");
    expect_refusal(folder, "can't change it");
}

static void test_print(void **state) {
    struct folder *folder = *state;
    struct config config;
    (void)setenv("DATABASE_URL", "postgres://u:secret-word@h/d", 1);
    (void)setenv("MAX_FILE_SIZE", "2048M", 1);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    char *printed = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&printed, &size);
    assert_non_null(to);
    assert_ok(&folder->cx, config_print(&folder->cx, &config, to));
    (void)fclose(to);
    assert_non_null(strstr(printed, "\nMAX_FILE_SIZE=2G\n"));
    assert_non_null(strstr(printed, "# DATABASE_URL=(set)"));
    assert_null(strstr(printed, "secret-word"));
    for (size_t i = 0; i < setting_count; i++)
        if (setting_all[i].kind != SETTING_LATER)
            assert_non_null(strstr(printed, setting_all[i].name));
    /* What is printed can be read back as a file of settings. */
    (void)unsetenv("MAX_FILE_SIZE");
    char *home = strstr(printed, "MATINEE_HOME=");
    assert_non_null(home);
    *home = '#';
    (void)write_file(folder, "matinee.conf", printed);
    assert_ok(&folder->cx, config_load(&folder->cx, &config));
    assert_int_equal(config.max_file_size_bytes, 2LL << 30);
    free(printed);
}

#define CONFIG_TEST(test) cmocka_unit_test_setup_teardown(test, clean_open, folder_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_defaults), CONFIG_TEST(test_environment),
        CONFIG_TEST(test_file),     CONFIG_TEST(test_secret_files),
        CONFIG_TEST(test_refusals), CONFIG_TEST(test_file_refusals),
        CONFIG_TEST(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
