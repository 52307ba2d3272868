/* db_slots.c: the prepared statements of one connection, found by the address of their `struct
 * sql`.
 *
 * Owns: the table, not what is prepared. Statements are constants of the program, so the table only
 * grows to their number and nothing is ever taken out. Threads: one at a time, as its connection.
 */
#include "store/db/db_driver.h"

#include <stdlib.h>

enum { ROOM_FIRST = 64 };

static size_t slot_of(const struct db_slots *slots, const struct sql *sql) {
    /* Statements lie in one array of constants; the multiplication spreads their equal low bits. */
    size_t at = (size_t)(((uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
    at &= slots->room - 1;
    while (slots->at[at].sql && slots->at[at].sql != sql) at = (at + 1) & (slots->room - 1);
    return at;
}

void *db_slots_get(const struct db_slots *slots, const struct sql *sql) {
    if (slots->room == 0) return NULL;
    return slots->at[slot_of(slots, sql)].prepared;
}

static status grow(struct db_slots *slots) {
    struct db_slots larger = {.room = slots->room ? slots->room * 2 : ROOM_FIRST};
    larger.at = calloc(larger.room, sizeof *larger.at);
    if (!larger.at) return NO_MEMORY;
    for (size_t i = 0; i < slots->room; i++) {
        if (!slots->at[i].sql) continue;
        larger.at[slot_of(&larger, slots->at[i].sql)] = slots->at[i];
    }
    larger.used = slots->used;
    free(slots->at);
    *slots = larger;
    return OK;
}

status db_slots_put(struct db_slots *slots, const struct sql *sql, void *prepared) {
    if ((slots->used + 1) * 2 > slots->room) TRY(grow(slots));
    slots->at[slot_of(slots, sql)] = (struct db_slot){.sql = sql, .prepared = prepared};
    slots->used++;
    return OK;
}

void db_slots_done(struct db_slots *slots, void (*release)(void *prepared)) {
    for (size_t i = 0; release && i < slots->room; i++) {
        if (slots->at[i].sql) release(slots->at[i].prepared);
    }
    free(slots->at);
    *slots = (struct db_slots){0};
}
