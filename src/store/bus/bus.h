/* bus.h: messages to whoever listens now; nothing is kept for those who do not.
 *
 * Owns: the subscriptions of this process (PostgreSQL NOTIFY and Redis pub/sub join later behind
 * the same calls). Topics are texts such as "video:progress:ID". Threads: any; a listener is called
 * in the publisher's thread, must be quick, and must not publish or unsubscribe from inside. */
#ifndef STORE_BUS_BUS_H
#define STORE_BUS_BUS_H

#include "base/ctx.h"

struct bus;
struct bus_subscription;

/** Called for each message; the texts are valid during the call only. */
typedef void bus_listener(void *argument, text topic, text message);

/** An empty bus; the caller closes it with bus_close. NO_MEMORY. */
status bus_open(struct ctx *cx, struct bus **out) CHECKED;
/** Frees the bus and what is still subscribed; nobody may publish any more. NULL is fine. */
void bus_close(struct bus *bus);

/** Delivers to all present subscribers of the topic. */
void bus_publish(struct bus *bus, text topic, text message);

/** Listens to one topic, or to all that begin with it when it ends in '*'. When bus_unsubscribe has
 *  returned, the listener is not running and never runs again. */
status bus_subscribe(struct bus *bus, text topic, bus_listener *listener, void *argument,
                     struct bus_subscription **out) CHECKED;
void bus_unsubscribe(struct bus *bus, struct bus_subscription *subscription);

#endif
