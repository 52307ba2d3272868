/* film_make.h: makes test films with the ffmpeg command in a folder of their own.
 *
 * Owns: the folder, removed by maker_close. Threads: one. */
#ifndef TESTS_MEDIA_FILM_MAKE_H
#define TESTS_MEDIA_FILM_MAKE_H

#include <stdbool.h>

enum { MAKER_PATH_BYTES = 512 };

/** Where films are made. */
struct maker {
    char folder[MAKER_PATH_BYTES / 2];
    bool has_base;
};

/** Makes the folder. False: it cannot be made. */
bool maker_open(struct maker *maker);

/** Removes the folder with everything in it. */
void maker_close(struct maker *maker);

/** Writes "FOLDER/name" into `out`. */
void maker_path(const struct maker *maker, const char *name, char out[MAKER_PATH_BYTES]);

/** Makes the film `name`: `arguments` (separated by spaces) are ffmpeg's between the input, five
 *  seconds of test pictures and sound, and the output. "@" in an argument stands for the folder. An
 *  argument list that begins with "-raw" has its own inputs. Made with a shell instead when it
 *  begins with "sh:". */
bool maker_film(struct maker *maker, const char *name, const char *arguments);

#endif
