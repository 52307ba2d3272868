/* replay.c: feeds every file of the given folders to a fuzz harness once, as a plain program.
 *
 * The same harness (LLVMFuzzerTestOneInput) is driven by libFuzzer in a build with -Dfuzzing=true;
 * here its corpus is replayed in the ordinary test run under whatever sanitizers the build has.
 * Owns: one input at a time. Threads: one. */
#include "base/scope.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int closedir_of(DIR *folder) {
    return folder ? closedir(folder) : 0;
}

static void folder_done(DIR **folder) {
    (void)closedir_of(*folder);
}

/* Reads the whole file and gives an exact-size copy, so that an over-read is seen by ASan. */
static int replay_file(const char *path) {
    scoped(scope_fclose) FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) return -1;
    long size = ftell(file);
    rewind(file);
    if (size < 0) return -1;
    scoped(scope_free) uint8_t *bytes = malloc(size ? (size_t)size : 1);
    if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) return -1;
    (void)LLVMFuzzerTestOneInput(bytes, (size_t)size);
    return 0;
}

static int replay_folder(const char *path) {
    scoped(folder_done) DIR *folder = opendir(path);
    if (!folder) return -1;
    int count = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        char file[4096];
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (replay_file(file) != 0) {
            (void)fprintf(stderr, "replay: cannot read %s\n", file);
            return -1;
        }
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0) return 1;
        total += count;
    }
    if (total == 0) {
        (void)fprintf(stderr, "replay: no input was found\n");
        return 1;
    }
    (void)printf("%d inputs replayed\n", total);
    return 0;
}
