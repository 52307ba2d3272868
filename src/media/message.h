/* message.h: what the parent and its media child say to each other over one socket.
 *
 * A message is a header of 8 bytes (u32 length of the body, u8 kind, three zero bytes; little
 * endian) and the body: JSON of a record, or plain bytes where the kind says so. Parent → child:
 * one JOB. Child → parent: any number of PROGRESS, then either INFO, or for a run one INDEX a
 * rendition in the plan's order, perhaps a THUMBNAIL, and RESULT; or, at any time, FAULT. INFO,
 * RESULT and FAULT are last.
 * Owns: the reader's buffer. Invariant: a child's bytes are hostile until a reader has passed them.
 * Threads: one at a time per reader; message_send from one thread at a time per socket. */
#ifndef MEDIA_MESSAGE_H
#define MEDIA_MESSAGE_H

#include "media/media.h"

/** Sizes of the header and of the largest body, in bytes. */
enum { MESSAGE_HEADER_BYTES = 8, MESSAGE_BODY_MOST = 32 * 1024 * 1024 };

/** What a body holds. */
enum message_kind {
    MESSAGE_JOB = 1,       /**< JSON, struct message_job. */
    MESSAGE_INFO = 2,      /**< JSON, struct media_info. */
    MESSAGE_PROGRESS = 3,  /**< JSON, struct media_progress. */
    MESSAGE_INDEX = 4,     /**< Bytes of a segment index. */
    MESSAGE_THUMBNAIL = 5, /**< Bytes of a JPEG. */
    MESSAGE_RESULT = 6,    /**< JSON, struct media_result. */
    MESSAGE_FAULT = 7,     /**< JSON, struct message_fault. */
};

/** One message; the body's bytes belong to whoever the function that gave it names. */
struct message {
    enum message_kind kind;
    text body;
};

/** What a child is to do. Its descriptors: MESSAGE_FD_SOCKET, MESSAGE_FD_SOURCE, then an output a
 *  rendition in the plan's order. */
enum { MESSAGE_FD_SOCKET = 3, MESSAGE_FD_SOURCE = 4, MESSAGE_FD_OUTPUTS = 5 };
struct message_job {
    text command;               /**< "probe" or "run". */
    int64_t source_size_bytes;  /**< Of the source. */
    int64_t threads;            /**< At least 1. */
    int64_t nice;               /**< 0..19. */
    int64_t memory_limit_bytes; /**< Data the child may hold. */
    int64_t processor_limit_s;  /**< Processor seconds it may use. */
    int64_t file_limit_bytes;   /**< Largest output. */
    struct media_plan *plan;    /**< For a run. */
};
extern const struct schema message_job_schema;

/** Why a child gave up. */
struct message_fault {
    text code;   /**< A status by name. */
    text detail; /**< One sentence. */
};
extern const struct schema message_fault_schema;

/** Puts arriving bytes together. Made by message_reader_open; ended by message_reader_done. */
struct message_reader {
    char *at;     /**< Buffer (malloc). */
    size_t room;  /**< Its size in bytes. */
    size_t len;   /**< Bytes held. */
    size_t taken; /**< Bytes of these already given out. */
};

/** Frees the buffer and empties the reader. A zeroed reader is fine. */
void message_reader_done(struct message_reader *reader);

/** Appends bytes that arrived. NO_MEMORY; BUG when a body over MESSAGE_BODY_MOST would be held. */
status message_reader_feed(struct ctx *cx, struct message_reader *reader, const void *bytes,
                           size_t size) CHECKED;

/** Gives the next whole message, if there is one (`*out_there`). The body lives in the reader's
 *  buffer until the next call on it. INVALID: a header no honest side sends. */
status message_reader_next(struct ctx *cx, struct message_reader *reader, struct message *out,
                           bool *out_there) CHECKED;

/** Writes one message to the socket, waiting as long as it takes. GONE: the other side has
 *  closed. */
status message_send(struct ctx *cx, int socket_fd, enum message_kind kind, text body) CHECKED;

/** Writes a record as JSON message; memory for the JSON comes from the context's arena. */
status message_send_record(struct ctx *cx, int socket_fd, enum message_kind kind,
                           const struct schema *schema, const void *record) CHECKED;

/** The status of that name; BUG for none. */
status message_status_from(text name);

#endif
