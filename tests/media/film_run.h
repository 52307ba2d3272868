/* film_run.h: one film through probe, plan and run, and everything that must hold of the result.
 *
 * Owns nothing after returning. Threads: one. */
#ifndef TESTS_MEDIA_FILM_RUN_H
#define TESTS_MEDIA_FILM_RUN_H

#include "media/media.h"

/** What is expected of a film. Zero members are not looked at. */
struct expected {
    int width, height;   /**< Of the largest rendition. */
    double duration_s;   /**< Of the picture, within a frame; of the sound where there is none. */
    double flash_s;      /**< When picture flashes and beep begins, within 60 ms (films shift by a
                            frame),       and within 40 ms of each other. */
    bool silent;         /**< No audio rendition. */
    bool blind;          /**< Audio rendition only. */
    bool quarters;       /**< The upper left quarter is brighter, the others are even. */
    bool held;           /**< The last picture is held until the sound ends. */
    bool damaged;        /**< Times and frames may be missing: only soundness is looked at. */
    const char *refused; /**< Words of the sentence that refuses it; nothing else counts then. */
    const char *reason;  /**< Words among the plan's reasons. */
};

/** Runs the film and checks it. Problems are printed as TAP comments; true when there are none. */
bool film_run(const char *program, const char *path, const struct expected *expected);

#endif
