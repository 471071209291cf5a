/*
 * Plain data: what a property list holds and what a template is rendered from.
 * Values live in an arena. A map keeps its keys sorted (by bytes), so walking
 * one is deterministic and looking a key up is a binary search. A list may be
 * lazy: its items are made one at a time, by who walks it, and given back.
 */
#ifndef KPEPC_VALUE_H
#define KPEPC_VALUE_H

#include "common/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum value_type {
    VALUE_BOOL,
    VALUE_INT,
    VALUE_REAL,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_MAP,
    VALUE_OTHER, /* data or a date of a plist: checked, and not kept */
};

struct value;

/* Makes the item of a lazy list at an index, in the arena. */
typedef const struct value *value_item_fn(struct arena *arena, const void *user, size_t index);

struct value {
    enum value_type type;
    size_t length; /* bytes of a string, items of a list or map */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const char *string;   /* `length` bytes, which may be NULs, and a NUL */
        struct value **items; /* NULL in a lazy list */
    };
    union {
        const char **keys;           /* of a map: NUL-terminated, sorted, each once */
        struct value_source *source; /* of a lazy list */
    };
};

struct value *value_bool(struct arena *arena, bool boolean);
struct value *value_int(struct arena *arena, int64_t integer);
struct value *value_real(struct arena *arena, double real);
/* Copies the text. */
struct value *value_string(struct arena *arena, const char *text, size_t length);
struct value *value_text(struct arena *arena, const char *text);
struct value *value_list(struct arena *arena);
struct value *value_lazy_list(struct arena *arena, value_item_fn *item, const void *user,
                              size_t length);
bool value_is_lazy(const struct value *list);
struct value *value_map(struct arena *arena);
struct value *value_other(struct arena *arena);

void value_append(struct arena *arena, struct value *list, struct value *item);
/*
 * Adds an item to a map. The key must live as long as the map: a literal, or text of the arena.
 * False, and nothing done, when the map has it already.
 */
bool value_set(struct arena *arena, struct value *map, const char *key, struct value *item);
/* An item of a list. That of a lazy list is made in the arena, which may be freed after its use. */
const struct value *value_item(struct arena *arena, const struct value *list, size_t index);
/* Adds an item to a map whose keys are all below the new one. */
void value_push(struct arena *arena, struct value *map, const char *key, struct value *item);
/* The item of a key; NULL when map is not a map or has no such key. */
const struct value *value_get(const struct value *map, const char *key, size_t length);
/* The word for the type in messages: "string", "integer", ... */
const char *value_type_name(enum value_type type);

#endif
