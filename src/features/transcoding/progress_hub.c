/* progress_hub.c: see progress_hub.h.
 *
 * Owns: everything under `hub`. A listener is freed by the hub's thread only, after its stream
 * said that it is closed. Lock: `hub.lock` guards the lists and each listener's `stream`;
 * database and cache are asked without it. Threads: handlers add, poll threads close, publishers
 * put messages into the bounded inbox (a full one loses them; the next look at the rows makes up
 * for it), the hub's thread does all else. */
#include "features/transcoding/progress_hub.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/record.h"
#include "base/scope.h"
#include "base/thread.h"
#include "features/transcoding/transcode.h"
#include "store/bus/bus.h"
#include "store/cache/cache.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    INBOX_MOST = 256,
    LISTENERS_MOST = 4096,
    SEEN_PLACES = 1024,      /* videos whose last told state is remembered */
    LOOK_EVERY_MS = 1000,    /* at the rows, while somebody listens */
    LOOK_BACK_MS = 2000,     /* clocks of several machines differ a little */
    RING_BYTES = 128 << 10,  /* of one listener */
    ROUND_ARENA_BYTES = 4 << 20,
};

/* The last state told of a video. */
struct seen {
    char id[ID_BYTES];
    int64_t updated_at_ms;
};

struct listener {
    struct listener *next;
    struct event_stream *stream; /* NULL once closed */
    char id[ID_BYTES];           /* "" = all */
    char user_id[64];
    enum role role;
    /* The hub's thread only: */
    bool greeted;       /* has got the present state */
    struct seen *known; /* what it was greeted with: older news of these would go back in time */
    size_t known_count;
};

static struct {
    pthread_mutex_t start_lock; /* one starts at a time; never taken under `lock` */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool ready; /* condition and subscription exist, the thread runs */
    bool stopping;
    pthread_t thread;
    struct services *services;
    struct bus_subscription *subscription;
    struct listener *listeners;
    size_t count;
    char *inbox[INBOX_MOST];
    size_t inbox_count;
    struct seen seen[SEEN_PLACES]; /* the hub's thread only */
    int64_t looked_to_ms;          /* likewise */
} hub = {.start_lock = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- called from outside ---- */

static void hear(void *argument, text topic, text message) {
    (void)argument;
    (void)topic;
    LOCKED(&hub.lock);
    if (hub.count == 0 || hub.inbox_count == INBOX_MOST) return;
    char *copy = strndup(message.at, message.len);
    if (!copy) return;
    hub.inbox[hub.inbox_count++] = copy;
    (void)pthread_cond_signal(&hub.wake);
}

static void closed(void *argument) {
    struct listener *listener = argument;
    LOCKED(&hub.lock);
    listener->stream = NULL;
    (void)pthread_cond_signal(&hub.wake);
}

static void *serve(void *argument);

static bool is_up(void) {
    LOCKED(&hub.lock);
    return hub.ready || hub.stopping;
}

/* At the first listener. The lock isn't held while subscribing: the bus holds its own while it
 * calls `hear`, which takes ours. */
static status start(struct ctx *cx, struct services *services) {
    LOCKED(&hub.start_lock);
    if (is_up()) return OK;
    hub.services = services;
    hub.looked_to_ms = clock_now_ms();
    condition_init(&hub.wake);
    TRY(bus_subscribe(services->bus, TEXT("video:progress:all"), hear, NULL, &hub.subscription));
    status started = thread_start(&hub.thread, "progress", serve, NULL);
    if (started != OK) {
        bus_unsubscribe(services->bus, hub.subscription);
        return ctx_fail(cx, BUSY, "No more threads can be started.");
    }
    LOCKED(&hub.lock);
    hub.ready = true;
    return OK;
}

static status admit(struct ctx *cx, struct services *services, struct listener *listener) {
    TRY(start(cx, services));
    LOCKED(&hub.lock);
    if (hub.stopping || hub.count >= LISTENERS_MOST)
        return ctx_fail(cx, BUSY, "Too many listen to progress now; try again later.");
    listener->next = hub.listeners;
    hub.listeners = listener;
    hub.count++;
    (void)pthread_cond_signal(&hub.wake);
    return OK;
}

static struct listener *listener_new(const struct call *call, text id) {
    struct listener *listener = calloc(1, sizeof *listener);
    if (!listener) return NULL;
    (void)snprintf(listener->id, sizeof listener->id, "%.*s", TEXT_ARG(id));
    (void)snprintf(listener->user_id, sizeof listener->user_id, "%.*s",
                   TEXT_ARG(call->actor.user_id));
    listener->role = call->actor.role;
    return listener;
}

status progress_hub_listen(struct call *call, text id) {
    struct listener *listener = listener_new(call, id);
    struct event_stream *stream = NULL;
    TRY_NEW(&call->cx, listener);
    status opened =
        event_open(&call->cx, call->services->http, RING_BYTES, closed, listener, &stream);
    if (opened != OK) {
        free(listener);
        return opened;
    }
    listener->stream = stream;
    status admitted = admit(&call->cx, call->services, listener);
    if (admitted != OK) { /* nobody knows the listener yet, so its end is ours */
        event_close(stream);
        free(listener);
        return admitted;
    }
    return call_events(call, stream);
}

/* ---- the hub's thread ---- */

static struct seen *place_of(text id) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < id.len; i++) hash = (hash ^ (unsigned char)id.at[i]) * 16777619u;
    return &hub.seen[hash % SEEN_PLACES];
}

static void note(struct seen *seen, const struct video_progress *progress) {
    (void)snprintf(seen->id, sizeof seen->id, "%.*s", TEXT_ARG(progress->video_id));
    seen->updated_at_ms = progress->updated_at_ms;
}

static void listener_free(struct listener *listener) {
    free(listener->known);
    free(listener);
}

/* True when the state is news; remembers it. Two videos that share a place only cost repetition. */
static bool is_news(const struct video_progress *progress) {
    struct seen *seen = place_of(progress->video_id);
    bool same = text_is(progress->video_id, seen->id);
    if (same && progress->updated_at_ms <= seen->updated_at_ms) return false;
    note(seen, progress);
    return true;
}

static bool is_known(const struct listener *listener, const struct video_progress *progress) {
    for (size_t i = 0; i < listener->known_count; i++) {
        const struct seen *known = &listener->known[i];
        if (progress->updated_at_ms <= known->updated_at_ms &&
            text_is(progress->video_id, known->id))
            return true;
    }
    return false;
}

/* One video's own listeners see it unless it's private and not theirs; those who listen to all
 * don't hear of unlisted videos of others either. */
static bool may_hear(const struct listener *listener, const struct video_access *access) {
    if (listener->role >= ROLE_MODERATOR) return true;
    if (listener->user_id[0] && text_is(access->owner_id, listener->user_id)) return true;
    if (listener->id[0]) return !text_is(access->visibility, "private");
    return text_is(access->visibility, "public");
}

static void push(struct listener *listener, const struct video_progress *progress, text json) {
    char id[24];
    LOCKED(&hub.lock);
    if (!listener->stream) return;
    (void)snprintf(id, sizeof id, "%" PRId64, progress->updated_at_ms);
    event_push(listener->stream, text_of(id), TEXT("progress"), json);
}

/* The listeners as they are now. Only this thread takes any off, so the list may be walked
 * without the lock from its head as seen under it. */
static struct listener *head(void) {
    LOCKED(&hub.lock);
    return hub.listeners;
}

static void tell_all(struct ctx *cx, const struct video_progress *progress,
                     const struct video_access *access) {
    text json = NO_TEXT;
    if (!is_news(progress)) return;
    if (record_to_json(cx, &video_progress_schema, progress, &json) != OK) return;
    for (struct listener *one = head(); one; one = one->next) {
        bool wants = one->greeted && (!one->id[0] || text_is(progress->video_id, one->id));
        if (wants && !is_known(one, progress) && may_hear(one, access)) push(one, progress, json);
    }
}

static void tell_message(struct ctx *cx, const char *message) {
    struct video_progress progress;
    struct video_access access;
    if (record_read(cx, &video_progress_schema, text_of(message), RECORD_LENIENT, &progress) != OK)
        return;
    if (video_access_of(cx, hub.services, progress.video_id, &access) != OK) return;
    tell_all(cx, &progress, &access);
}

static struct video_access access_from(const struct video *video) {
    return (struct video_access){video->visibility, video->owner_id, video->render, false};
}

static void look_at_rows(struct ctx *cx) {
    list rows = {0};
    if (video_progress_since(cx, hub.services, hub.looked_to_ms - LOOK_BACK_MS, &rows) != OK)
        return;
    const struct video *videos = rows.at;
    for (size_t i = 0; i < rows.len; i++) {
        struct video_progress progress;
        struct video_access access = access_from(&videos[i]);
        video_progress_of(&videos[i], &progress);
        tell_all(cx, &progress, &access);
        if (progress.updated_at_ms > hub.looked_to_ms) hub.looked_to_ms = progress.updated_at_ms;
    }
}

/* The newer of what the row and the cache say. */
static void present(struct ctx *cx, const struct video *video, struct video_progress *out) {
    text key = NO_TEXT, kept = NO_TEXT;
    struct video_progress cached;
    video_progress_of(video, out);
    if (text_format(cx->arena, &key, "progress:%.*s", TEXT_ARG(video->id)) != OK) return;
    if (cache_get(cx, hub.services->cache, key, &kept) != OK) return;
    if (record_read(cx, &video_progress_schema, kept, RECORD_LENIENT, &cached) != OK) return;
    if (cached.updated_at_ms > out->updated_at_ms) *out = cached;
}

static void greet_with(struct ctx *cx, struct listener *listener, const struct video *video) {
    struct video_progress progress;
    text json = NO_TEXT;
    present(cx, video, &progress);
    if (record_to_json(cx, &video_progress_schema, &progress, &json) != OK) return;
    note(&listener->known[listener->known_count++], &progress);
    push(listener, &progress, json);
}

/* Room to remember so many; without it the listener isn't greeted. */
static bool make_known(struct listener *listener, size_t count) {
    listener->known = count ? calloc(count, sizeof *listener->known) : NULL;
    return listener->known != NULL;
}

static void greet(struct ctx *cx, struct listener *listener) {
    struct video video;
    list open = {0};
    struct actor actor = {.role = listener->role};
    listener->greeted = true;
    if (listener->user_id[0]) actor.user_id = text_of(listener->user_id);
    if (listener->id[0]) {
        if (video_find(cx, hub.services, &actor, text_of(listener->id), &video) == OK &&
            make_known(listener, 1))
            greet_with(cx, listener, &video);
        return;
    }
    if (video_progress_open(cx, hub.services, &actor, &open) != OK) return;
    if (!make_known(listener, open.len)) return;
    const struct video *videos = open.at;
    for (size_t i = 0; i < open.len; i++) greet_with(cx, listener, &videos[i]);
}

static void free_closed(void) {
    LOCKED(&hub.lock);
    struct listener **place = &hub.listeners;
    while (*place) {
        struct listener *one = *place;
        if (one->stream) {
            place = &one->next;
            continue;
        }
        *place = one->next;
        hub.count--;
        listener_free(one);
    }
}

/* Waits for something to do; takes the inbox along. False: stop. */
static bool wait_for_work(char **messages, size_t *out_count, int64_t look_at_ticks) {
    LOCKED(&hub.lock);
    bool news = false;
    for (struct listener *one = hub.listeners; one; one = one->next) news |= !one->greeted;
    bool idle = hub.count == 0;
    if (!hub.stopping && !news && hub.inbox_count == 0)
        (void)condition_wait(&hub.wake, &hub.lock, idle ? 0 : look_at_ticks);
    if (idle) hub.looked_to_ms = clock_now_ms(); /* what went by while nobody listened is old */
    memcpy(messages, hub.inbox, hub.inbox_count * sizeof *messages);
    *out_count = hub.inbox_count;
    hub.inbox_count = 0;
    return !hub.stopping;
}

/* One round: messages first, since they are the newest of this process, then newcomers, then
 * rows. */
static void round_of(struct ctx *cx, char **messages, size_t count, int64_t *look_at_ticks) {
    for (size_t i = 0; i < count; i++) {
        tell_message(cx, messages[i]);
        ctx_clear(cx);
        free(messages[i]);
    }
    for (struct listener *one = head(); one; one = one->next) {
        if (!one->greeted) greet(cx, one);
        ctx_clear(cx);
    }
    if (clock_ticks_ms() < *look_at_ticks) return;
    look_at_rows(cx);
    *look_at_ticks = clock_ticks_ms() + LOOK_EVERY_MS;
}

static void *serve(void *argument) {
    char *messages[INBOX_MOST];
    size_t count = 0;
    int64_t look_at_ticks = 0;
    (void)argument;
    while (wait_for_work(messages, &count, look_at_ticks)) {
        scoped(arena_done) struct arena *arena = arena_new(ROUND_ARENA_BYTES);
        free_closed();
        struct ctx cx = {.arena = arena};
        if (arena) {
            round_of(&cx, messages, count, &look_at_ticks);
        } else {
            for (size_t i = 0; i < count; i++) free(messages[i]);
            clock_sleep_ms(100);
        }
    }
    for (size_t i = 0; i < count; i++) free(messages[i]);
    return NULL;
}

void progress_close(void) {
    {
        LOCKED(&hub.lock);
        if (!hub.ready) return;
        hub.stopping = true;
        (void)pthread_cond_signal(&hub.wake);
    }
    bus_unsubscribe(hub.services->bus, hub.subscription);
    thread_join(hub.thread);
    free_closed();
    LOCKED(&hub.lock);
    (void)pthread_cond_destroy(&hub.wake);
    hub.ready = hub.stopping = false;
}
