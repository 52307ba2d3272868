/* playback.h: playing a video: playlists, segments and stills, for those who may.
 *
 * Owns: the memory of segment indexes. A rendition is one file; its segments are virtual, cut
 * out by the offsets of its index. Playlists are rendered at request from rows and indexes.
 * Invariants: every address in a private video's playlist carries the signature that let the
 * playlist be read; nothing of a private video is answered without signature or token. Threads:
 * any. */
#ifndef FEATURES_PLAYBACK_PLAYBACK_H
#define FEATURES_PLAYBACK_PLAYBACK_H

#include "features/videos/video.h"
#include "media/segment_index.h"

/** The multivariant playlist (RFC 8216): one variant for each picture size with the shared audio
 *  beside it, or the audio alone. `query` (may be absent) goes behind each address. NOT_FOUND
 *  when the video has no renditions. */
status playlist_write_master(struct ctx *cx, const struct video *video, text query,
                             text *out) CHECKED;

/** The playlist of one rendition, with the address of every segment. */
status playlist_write_media(struct ctx *cx, const struct segment_index *index, text query,
                            text *out) CHECKED;

/** An index in memory, shared by all who use it now. */
struct kept_index;

/** The segment index of a run's rendition, from memory or the store. The caller gives it back with
 *  index_cache_give. NOT_FOUND: there is no such rendition. IO: it is damaged. */
status index_cache_take(struct ctx *cx, struct services *services, text id, text render,
                        text rendition, struct kept_index **out) CHECKED;
const struct segment_index *index_cache_of(const struct kept_index *kept);
void index_cache_give(struct kept_index *kept);

/** Forgets all that nobody uses now (tests, shutdown). */
void index_cache_clear(void);

/** The routes under /media/. */
extern const struct route_table playback_routes;

#endif
