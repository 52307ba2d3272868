/* frame_queue.c: see frame_queue.h. */
#include "media/engine/frame_queue.h"

#include "base/thread.h"

#include <assert.h>
#include <stdlib.h>

enum { CAPACITY_MOST = 64 };

struct frame_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct picture ring[CAPACITY_MOST];
    size_t capacity;
    size_t first, count;
    bool ended;
};

status frame_queue_open(struct ctx *cx, size_t capacity, struct frame_queue **out) {
    assert(capacity >= 1 && capacity <= CAPACITY_MOST);
    struct frame_queue *queue = calloc(1, sizeof *queue);
    TRY_NEW(cx, queue);
    (void)pthread_mutex_init(&queue->mutex, NULL);
    condition_init(&queue->changed);
    queue->capacity = capacity;
    *out = queue;
    return OK;
}

bool frame_queue_push(struct frame_queue *queue, struct picture *picture) {
    LOCKED(&queue->mutex);
    while (!queue->ended && queue->count == queue->capacity) {
        (void)condition_wait(&queue->changed, &queue->mutex, 0);
    }
    if (queue->ended) return false;
    queue->ring[(queue->first + queue->count) % queue->capacity] = *picture;
    queue->count++;
    picture->frame = NULL;
    (void)pthread_cond_broadcast(&queue->changed);
    return true;
}

bool frame_queue_pop(struct frame_queue *queue, struct picture *out) {
    LOCKED(&queue->mutex);
    while (!queue->ended && queue->count == 0) {
        (void)condition_wait(&queue->changed, &queue->mutex, 0);
    }
    if (queue->count == 0) return false;
    *out = queue->ring[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    (void)pthread_cond_broadcast(&queue->changed);
    return true;
}

void frame_queue_end(struct frame_queue *queue) {
    LOCKED(&queue->mutex);
    queue->ended = true;
    (void)pthread_cond_broadcast(&queue->changed);
}

static void empty(struct frame_queue *queue) {
    for (; queue->count > 0; queue->count--) {
        av_frame_free(&queue->ring[queue->first].frame);
        queue->first = (queue->first + 1) % queue->capacity;
    }
}

void frame_queue_drop(struct frame_queue *queue) {
    LOCKED(&queue->mutex);
    queue->ended = true;
    empty(queue);
    (void)pthread_cond_broadcast(&queue->changed);
}

void frame_queue_close(struct frame_queue *queue) {
    if (!queue) return;
    empty(queue);
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->mutex);
    free(queue);
}
