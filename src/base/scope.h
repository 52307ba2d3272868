/* scope.h: what is opened in a block is closed when the block is left, on every path.
 *
 * `scoped(fn)` ties a variable to a destructor taking a pointer to that variable; `move(&p)` hands
 * the value on and leaves NULL behind. Destructors take NULL and half-built objects.
 * Threads: none of its own. */
#ifndef BASE_SCOPE_H
#define BASE_SCOPE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Runs `fn(&variable)` when the variable's block is left. */
#define scoped(fn) __attribute__((cleanup(fn), unused))

/** Takes the pointer out of `*place`, leaving NULL there, so that a scoped destructor does
 *  nothing. */
#define move(place)                                                                                \
    __extension__({                                                                                \
        __auto_type moved_ = *(place);                                                             \
        *(place) = NULL;                                                                           \
        moved_;                                                                                    \
    })

/** Number of elements of a true array. */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Frees the malloc'ed block that the variable points to. Use: `scoped(scope_free) char *p = …`. */
static inline void scope_free(void *place) {
    free(*(void **)place);
}

/** Closes the file descriptor held in the variable unless it is negative. */
static inline void scope_close(int *fd) {
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

/** Closes the stdio stream held in the variable unless it is NULL. */
static inline void scope_fclose(FILE **stream) {
    if (*stream) (void)fclose(*stream);
    *stream = NULL;
}

/** Takes a file descriptor out of its variable, leaving -1 there. */
static inline int fd_move(int *fd) {
    int moved = *fd;
    *fd = -1;
    return moved;
}

#endif
