/* setting.h: one row of the table of settings, and how a text becomes its value.
 *
 * Owns nothing. Threads: any. */
#ifndef APP_SETTING_H
#define APP_SETTING_H

#include "app/config.h"

/** What a setting holds, and so how it is written. */
enum setting_kind {
    SETTING_TEXT,     /**< Any text without control characters. */
    SETTING_INT,      /**< A whole number. */
    SETTING_SIZE,     /**< Bytes, with k, M, G or T behind (1024 steps): "20G". */
    SETTING_DURATION, /**< With s, m, h or d behind: "24h"; kept in milliseconds. */
    SETTING_CHOICE,   /**< One of a list. */
    SETTING_LATER,    /**< Of a part that doesn't exist yet: refused when set. */
};

/** A row. `min` and `max` bound numbers (bytes, milliseconds) and the length of texts. */
struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;        /**< Of the member in struct config. */
    const char *standard; /**< Default, written as a user would. */
    int64_t min;
    int64_t max;
    const char *const *choices; /**< NULL-terminated, for SETTING_CHOICE. */
    bool secret;                /**< Never printed; may come from the file NAME_FILE names. */
    const char *doc;            /**< One sentence or two. */
};

/** The table, in the order of documentation. */
extern const struct setting setting_all[];
extern const size_t setting_count;

/** The row of that name, or NULL. */
const struct setting *setting_find(text name);

/** Reads a value into the config. INVALID: the sentence names the setting and what would do. */
status setting_set(struct ctx *cx, const struct setting *setting, text value,
                   struct config *config) CHECKED;

/** The value in force, written as a user would; secrets as "(set)" or "(not set)". */
status setting_show(struct ctx *cx, const struct setting *setting, const struct config *config,
                    text *out) CHECKED;

#endif
