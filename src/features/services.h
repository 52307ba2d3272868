/* services.h: what every feature may use, wired together once by app/.
 *
 * Owns nothing: app/ opens the parts at start and closes them at the end; they outlive every call.
 * Threads: the pointers never change while the program serves; each part says its own rules. */
#ifndef FEATURES_SERVICES_H
#define FEATURES_SERVICES_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct db;
struct queue;
struct blob_store;
struct cache;
struct bus;
struct http_server;
struct account_keys; /* features/accounts/account_keys.h */

/** The settings that rules depend on; filled from app/config. Texts are NUL-terminated. */
struct settings {
    const char *home;               /**< MATINEE_HOME: embedded database, objects, keys. */
    /** "https://films.example" without a slash, or "" = as asked. */
    const char *public_url;
    const char *media_program;      /**< Path of the matinee-media executable. */
    const char *environment;        /**< "production" or "development". */
    text url_key;                   /**< 32 bytes: signs media URLs. */
    text address_key;               /**< 32 bytes: keys the hash of addresses in logs and rows. */
    int64_t max_file_size_bytes;    /**< Largest upload. */
    int64_t user_quota_bytes;       /**< Sum of a user's sources; 0 = no limit. */
    int64_t upload_lifetime_ms;     /**< An unfinished upload expires after this idle time. */
    int64_t signed_url_lifetime_ms; /**< Of playback URLs. */
    int encoder_threads;            /**< Threads for a media child. */
};

/** All parts. */
struct services {
    struct settings settings;
    struct db *db;
    struct queue *queue;
    struct blob_store *blobs;
    struct cache *cache;
    struct bus *bus;
    struct http_server *http;    /**< NULL in a worker without a server. */
    struct account_keys *keys;
    int64_t started_ticks_ms;
};

#endif
