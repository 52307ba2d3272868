/* bus.c: subscriptions of this process: exact topics in a hash table, prefixes in a list.
 *
 * Owns: copies of the topics, and every subscription until it is given back. A read lock is held
 * while listeners run, so that unsubscribe (write lock) returns only when none is running; writers
 * are preferred, or a busy publisher could keep them out for ever. Threads: any. */
#include "store/bus/bus.h"

#include "base/scope.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct bus_subscription {
    struct bus_subscription *next;
    struct bus_subscription **place; /* what points at this one */
    bus_listener *listener;
    void *argument;
    size_t len; /* of the topic, or of the prefix */
    char topic[];
};

struct bus {
    pthread_rwlock_t lock;
    unsigned char hash_key[crypto_shorthash_KEYBYTES]; /* topics come from outside: no flooding */
    struct bus_subscription *prefixes;
    struct bus_subscription *exact[BUCKETS];
};

static void must(int result) {
    if (result != 0) abort();
}

static struct bus_subscription **bucket_of(struct bus *bus, text topic) {
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t number;
    (void)crypto_shorthash(hash, (const unsigned char *)(topic.at ? topic.at : ""), topic.len,
                           bus->hash_key);
    memcpy(&number, hash, sizeof number);
    return &bus->exact[number % BUCKETS];
}

status bus_open(struct ctx *cx, struct bus **out) {
    struct bus *bus = calloc(1, sizeof *bus);
    TRY_NEW(cx, bus);
    crypto_shorthash_keygen(bus->hash_key);
    pthread_rwlockattr_t kind;
    must(pthread_rwlockattr_init(&kind));
    must(pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP));
    must(pthread_rwlock_init(&bus->lock, &kind));
    must(pthread_rwlockattr_destroy(&kind));
    *out = bus;
    return OK;
}

static void free_all(struct bus_subscription *first) {
    while (first) {
        struct bus_subscription *next = first->next;
        free(first);
        first = next;
    }
}

void bus_close(struct bus *bus) {
    if (!bus) return;
    for (size_t i = 0; i < BUCKETS; i++) free_all(bus->exact[i]);
    free_all(bus->prefixes);
    must(pthread_rwlock_destroy(&bus->lock));
    free(bus);
}

void bus_publish(struct bus *bus, text topic, text message) {
    must(pthread_rwlock_rdlock(&bus->lock));
    for (struct bus_subscription *s = *bucket_of(bus, topic); s; s = s->next)
        if (text_equal(topic, (text){s->topic, s->len})) s->listener(s->argument, topic, message);
    for (struct bus_subscription *s = bus->prefixes; s; s = s->next)
        if (text_starts(topic, (text){s->topic, s->len})) s->listener(s->argument, topic, message);
    must(pthread_rwlock_unlock(&bus->lock));
}

status bus_subscribe(struct bus *bus, text topic, bus_listener *listener, void *argument,
                     struct bus_subscription **out) {
    bool prefix = text_ends(topic, TEXT("*"));
    size_t length = prefix ? topic.len - 1 : topic.len;
    struct bus_subscription *subscription = malloc(sizeof *subscription + length + 1);
    if (!subscription) return NO_MEMORY;
    *subscription =
        (struct bus_subscription){.listener = listener, .argument = argument, .len = length};
    if (length) memcpy(subscription->topic, topic.at, length);
    subscription->topic[length] = '\0';
    struct bus_subscription **head = prefix ? &bus->prefixes : bucket_of(bus, topic);
    must(pthread_rwlock_wrlock(&bus->lock));
    subscription->next = *head;
    subscription->place = head;
    if (*head) (*head)->place = &subscription->next;
    *head = subscription;
    must(pthread_rwlock_unlock(&bus->lock));
    *out = subscription;
    return OK;
}

void bus_unsubscribe(struct bus *bus, struct bus_subscription *subscription) {
    if (!subscription) return;
    must(pthread_rwlock_wrlock(&bus->lock));
    *subscription->place = subscription->next;
    if (subscription->next) subscription->next->place = subscription->place;
    must(pthread_rwlock_unlock(&bus->lock));
    free(subscription);
}
