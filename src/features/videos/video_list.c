/* video_list.c: pages of videos by keyset: a page costs the same wherever in the list it lies.
 *
 * Owns nothing. Invariant: with unchanged rows, following next_cursor meets every video once.
 * Threads: any. */
#include "base/record.h"
#include "features/videos/video.h"
#include "features/videos/video_sql.h"

enum { PAGE_DEFAULT = 24 };

/* Whose videos, and which of them. */
struct listing {
    const struct sql *sql;
    bool by_creation;  /* ordered by created_at_ms, else by published_at_ms */
    text owner_id;
    int64_t limit;
    int64_t time_ms;
    text id;
    list videos;
};

static status choose(struct ctx *cx, const struct actor *actor, text owner, struct listing *out) {
    if (!owner.at || owner.len == 0) {
        out->sql = &sql_video_list_published;
        return OK;
    }
    bool mine = text_is(owner, "me");
    if (mine && !actor->user_id.at)
        return ctx_fail(cx, DENIED, "Sign in to see your own videos.");
    out->owner_id = mine ? actor->user_id : owner;
    out->by_creation = text_equal(out->owner_id, actor->user_id) || actor->role >= ROLE_MODERATOR;
    out->sql = out->by_creation ? &sql_video_list_of_owner : &sql_video_list_published_of_owner;
    return OK;
}

static status ids_as_json(struct ctx *cx, const struct listing *listing, text *out) {
    struct build build = {.arena = cx->arena};
    const struct video *videos = listing->videos.at;
    build_byte(&build, '[');
    for (size_t i = 0; i < listing->videos.len; i++) {
        if (i) build_byte(&build, ',');
        json_write_text(&build, videos[i].id);
    }
    build_byte(&build, ']');
    return build_text(&build, out);
}

/* Rows come ordered by video, so each video's renditions are one run of the array. */
static void deal_out(struct listing *listing, const list *files) {
    struct video *videos = listing->videos.at;
    struct video_rendition *all = files->at;
    for (size_t from = 0; from < files->len;) {
        size_t to = from;
        while (to < files->len && text_equal(all[to].video_id, all[from].video_id)) to++;
        for (size_t v = 0; v < listing->videos.len; v++) {
            if (text_equal(videos[v].id, all[from].video_id))
                videos[v].renditions = (list){&all[from], to - from};
        }
        from = to;
    }
}

static status list_work(struct ctx *cx, struct db_tx *tx, void *argument) {
    struct listing *listing = argument;
    int64_t asked = listing->limit + 1; /* one more tells whether there is a next page */
    const struct db_args *args =
        listing->owner_id.at ? DB_ARGS(listing->time_ms, listing->id, asked, listing->owner_id)
                             : DB_ARGS(listing->time_ms, listing->id, asked);
    TRY(tx_list(cx, tx, listing->sql, args, &video_schema, &listing->videos));
    if (listing->videos.len == 0) return OK;
    text ids = NO_TEXT;
    list files = {0};
    TRY(ids_as_json(cx, listing, &ids));
    TRY(tx_list(cx, tx, &sql_video_files_of_many, DB_ARGS(ids), &video_rendition_schema, &files));
    deal_out(listing, &files);
    return OK;
}

status video_list(struct ctx *cx, struct services *services, const struct actor *actor,
                  const struct video_query *query, struct video_page *out) {
    struct listing listing = {.limit = query->limit == NO_INT ? PAGE_DEFAULT : query->limit};
    TRY(choose(cx, actor, query->owner, &listing));
    TRY(video_cursor_read(cx, query->cursor, &listing.time_ms, &listing.id));
    TRY(db_read(cx, services->db, list_work, &listing));
    struct video *videos = listing.videos.at;
    struct video_page page = {.items = listing.videos};
    if ((int64_t)page.items.len > listing.limit) {
        page.items.len = (size_t)listing.limit;
        const struct video *last = &videos[page.items.len - 1];
        int64_t time_ms = listing.by_creation ? last->created_at_ms : last->published_at_ms;
        TRY(video_cursor_write(cx, time_ms, last->id, &page.next_cursor));
    }
    for (size_t i = 0; i < page.items.len; i++) TRY(video_complete(cx, services, &videos[i]));
    *out = page;
    return OK;
}
