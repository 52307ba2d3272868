/* child.h: one media child: started, listened to, ended, and its death put into words.
 *
 * Owns: the child's process, its pidfd and our end of the socket. Invariants: the child gets
 * exactly the descriptors named (message.h) and an empty environment; it dies when the thread that
 * started it or our process dies; child_end leaves no zombie. Threads: a child belongs to the
 * thread that started it. */
#ifndef MEDIA_CHILD_H
#define MEDIA_CHILD_H

#include "media/message.h"

struct child;

/** Starts `program`, which finds its socket at MESSAGE_FD_SOCKET and the `count` descriptors behind
 *  it, in order. The descriptors stay the caller's. The caller ends it with child_end. IO: it
 *  cannot be started; BUSY: no descriptors or processes left. */
status child_start(struct ctx *cx, const char *program, const int *fds, size_t count,
                   struct child **out) CHECKED;

/** Sends one message. IO: the child has gone; then the fault says how it died. */
status child_send(struct ctx *cx, struct child *child, const struct schema *schema,
                  const void *record, enum message_kind kind) CHECKED;

/** Waits at most `wait_ms` for the child's next message; `*out_there` is false when none came. The
 *  body lives until the next call. When the child has died: the status of child_explain. INVALID:
 *  it sent what is no message. */
status child_next(struct ctx *cx, struct child *child, int64_t wait_ms, struct message *out,
                  bool *out_there) CHECKED;

/** Kills the child if it lives, waits for it and frees everything. NULL is fine. */
void child_end(struct child *child);

/** For `scoped(child_done) struct child *child = NULL`. */
void child_done(struct child **child);

/** Says how a child ended, for the film's owner: `code` is CLD_EXITED, CLD_KILLED or CLD_DUMPED and
 *  `value` the exit code or signal, as waitid(2) gives them. INVALID and QUOTA blame the film for
 *  good; IO may be tried again. Never OK: a child that has done its work has said so before. */
status child_explain(struct ctx *cx, int code, int value);

#endif
