/* film_make.c: see film_make.h. */
#include "film_make.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WORDS_MOST = 100, TEXT_MOST = 4096 };

/* A dim picture whose upper left quarter is brighter, white from second 2 for 0.3 s; a beep with
 * it. */
static const char pictures[] =
    "nullsrc=s=320x240:r=25:d=5,format=gray,"
    "geq=lum='if(between(T,2,2.299),235,if(lt(X,W/2)*lt(Y,H/2),110,50))',format=yuv420p";
static const char sound[] = "aevalsrc='if(between(t,2,2.3),0.8*sin(2*PI*1000*t),0)':s=48000:d=5,"
                            "aformat=channel_layouts=stereo";

static bool run(char *const *arguments) {
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int outcome = 0;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    (void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    int failed = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        (void)fprintf(stderr, "%s: %s\n", arguments[0], strerror(failed));
        return false;
    }
    while (waitpid(child, &outcome, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0;
}

bool maker_open(struct maker *maker) {
    *maker = (struct maker){.has_base = false};
    const char *where = getenv("TMPDIR");
    (void)snprintf(maker->folder, sizeof maker->folder, "%s/matinee-films-XXXXXX",
                   where && strlen(where) < 100 ? where : "/tmp");
    return mkdtemp(maker->folder) != NULL;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about, (void)kind, (void)place;
    return remove(path);
}

void maker_close(struct maker *maker) {
    (void)nftw(maker->folder, drop, 8, FTW_DEPTH | FTW_PHYS);
}

void maker_path(const struct maker *maker, const char *name, char out[MAKER_PATH_BYTES]) {
    (void)snprintf(out, MAKER_PATH_BYTES, "%s/%s", maker->folder, name);
}

/* Replaces every "@" by the folder. */
static void expand(const struct maker *maker, const char *from, char out[TEXT_MOST]) {
    size_t len = 0, folder = strlen(maker->folder);
    for (; *from && len + folder + 1 < TEXT_MOST; from++) {
        if (*from == '@') {
            memcpy(out + len, maker->folder, folder);
            len += folder;
        } else {
            out[len++] = *from;
        }
    }
    out[len] = '\0';
}

static size_t split(char *line, char **words, size_t count) {
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word && count + 3 < WORDS_MOST;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    return count;
}

/* The pictures and sound that all films are made from, computed once, without loss. */
static bool make_base(struct maker *maker) {
    char path[MAKER_PATH_BYTES];
    maker_path(maker, "base.mkv", path);
    char *arguments[] = {(char[]){"ffmpeg"},
                         (char[]){"-v"},
                         (char[]){"error"},
                         (char[]){"-y"},
                         (char[]){"-f"},
                         (char[]){"lavfi"},
                         (char[]){"-i"},
                         (char *)pictures,
                         (char[]){"-f"},
                         (char[]){"lavfi"},
                         (char[]){"-i"},
                         (char *)sound,
                         (char[]){"-c:v"},
                         (char[]){"ffv1"},
                         (char[]){"-c:a"},
                         (char[]){"pcm_s16le"},
                         path,
                         NULL};
    maker->has_base = run(arguments);
    return maker->has_base;
}

bool maker_film(struct maker *maker, const char *name, const char *arguments) {
    char line[TEXT_MOST], base[MAKER_PATH_BYTES], path[MAKER_PATH_BYTES];
    char *words[WORDS_MOST] = {(char[]){"ffmpeg"}, (char[]){"-v"}, (char[]){"error"},
                               (char[]){"-y"}};
    size_t count = 4;
    if (!maker->has_base && !make_base(maker)) return false;
    maker_path(maker, "base.mkv", base);
    maker_path(maker, name, path);
    expand(maker, arguments, line);
    if (strncmp(line, "sh:", 3) == 0) {
        char *shell[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, line + 3, NULL};
        return run(shell);
    }
    bool raw = strncmp(line, "-raw", 4) == 0;
    if (!raw) {
        static char input[] = "-i"; /* outlives this block */
        words[count++] = input;
        words[count++] = base;
    }
    count = split(line + (raw ? 4 : 0), words, count);
    words[count++] = path;
    words[count] = NULL;
    return run(words);
}
