/* cage.h: what a media child gives up before it reads the first byte of a film.
 *
 * After cage_enter the process can compute, allocate, run threads, read and write the descriptors
 * it holds, and nothing else: no files (Landlock with no rights; open* answers EACCES), no network,
 * no new programs or processes, no executable memory, no devices. Any other system call kills it
 * (SIGSYS). Owns nothing. Threads: enter before any thread is started. Sources: landlock(7),
 * seccomp(2), setrlimit(2). */
#ifndef MEDIA_ENGINE_CAGE_H
#define MEDIA_ENGINE_CAGE_H

#include "base/ctx.h"

/** Limits of the kernel on the process. */
struct cage_limits {
    int64_t memory_bytes; /**< Data it may hold (RLIMIT_DATA; twice that of addresses). */
    int64_t processor_s;  /**< Processor time, then SIGXCPU. */
    int64_t file_bytes;   /**< Largest file written, then SIGXFSZ. */
    /** Added niceness; over 0 also batch scheduling and idle disk priority. */
    int nice;
    int last_fd; /**< Every descriptor above it is closed. */
};

/** Dies with its parent: `parent` is the process that must still be there. GONE: it is not. Call
 *  first. */
status cage_follow_parent(struct ctx *cx, int parent) CHECKED;

/** Locks the process up for good. BUG: the system refuses a part that must not be missing. A kernel
 *  without Landlock is accepted, as the filter alone refuses to open files. */
status cage_enter(struct ctx *cx, const struct cage_limits *limits) CHECKED;

#endif
