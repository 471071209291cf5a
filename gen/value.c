/*
 * Makes values in an arena, adds them to lists and maps, and finds them there. What a value means
 * is known to who made it.
 */
#include "value.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static struct value *make_value(struct arena *arena, enum value_type type)
{
    struct value *value = arena_alloc(arena, 1, sizeof *value);

    value->type = type;
    return value;
}

struct value *value_bool(struct arena *arena, bool boolean)
{
    struct value *value = make_value(arena, VALUE_BOOL);

    value->boolean = boolean;
    return value;
}

struct value *value_int(struct arena *arena, int64_t integer)
{
    struct value *value = make_value(arena, VALUE_INT);

    value->integer = integer;
    return value;
}

struct value *value_real(struct arena *arena, double real)
{
    struct value *value = make_value(arena, VALUE_REAL);

    value->real = real;
    return value;
}

struct value *value_string(struct arena *arena, const char *text, size_t length)
{
    struct value *value = make_value(arena, VALUE_STRING);

    value->string = arena_copy(arena, text, length);
    value->length = length;
    return value;
}

struct value *value_text(struct arena *arena, const char *text)
{
    return value_string(arena, text, strlen(text));
}

struct value *value_list(struct arena *arena)
{
    return make_value(arena, VALUE_LIST);
}

struct value_source {
    value_item_fn *item;
    const void *user;
};

struct value *value_lazy_list(struct arena *arena, value_item_fn *item, const void *user,
                              size_t length)
{
    struct value *value = make_value(arena, VALUE_LIST);

    value->source = arena_alloc(arena, 1, sizeof *value->source);
    *value->source = (struct value_source){item, user};
    value->length = length;
    return value;
}

struct value *value_map(struct arena *arena)
{
    return make_value(arena, VALUE_MAP);
}

struct value *value_other(struct arena *arena)
{
    return make_value(arena, VALUE_OTHER);
}

/* Makes room for one more item. */
static void make_room(struct arena *arena, struct value *value)
{
    value->items = arena_grow(arena, value->items, value->length, sizeof *value->items);
    if (value->type == VALUE_MAP)
        value->keys = arena_grow(arena, value->keys, value->length, sizeof *value->keys);
}

void value_append(struct arena *arena, struct value *list, struct value *item)
{
    make_room(arena, list);
    list->items[list->length++] = item;
}

bool value_is_lazy(const struct value *list)
{
    return list->items == NULL && list->length != 0;
}

const struct value *value_item(struct arena *arena, const struct value *list, size_t index)
{
    return value_is_lazy(list) ? list->source->item(arena, list->source->user, index)
                               : list->items[index];
}

void value_push(struct arena *arena, struct value *map, const char *key, struct value *item)
{
    make_room(arena, map);
    map->keys[map->length] = key;
    map->items[map->length++] = item;
}

/* Compares a key, which has no NUL, with a text, which may: then it is behind the key it begins
 * with. */
static int compare_key(const char *key, const char *text, size_t length)
{
    int order = length != 0 && *key != *text ? (unsigned char)*key - (unsigned char)*text
                                             : strncmp(key, text, length);

    if (order != 0)
        return order;
    return memchr(text, '\0', length) != NULL ? -1 : key[length] != '\0';
}

/*
 * The index of the first key that is not below the text. The last key is compared first, so that
 * adding keys that come sorted takes one comparison each.
 */
static size_t lower_bound(const struct value *map, const char *text, size_t length)
{
    size_t low = 0, high = map->length;

    if (high != 0 && compare_key(map->keys[high - 1], text, length) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_key(map->keys[middle], text, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool value_set(struct arena *arena, struct value *map, const char *key, struct value *item)
{
    size_t length = strlen(key);
    size_t at = lower_bound(map, key, length);

    if (at < map->length && compare_key(map->keys[at], key, length) == 0)
        return false;
    make_room(arena, map);
    if (at != map->length) {
        size_t behind = map->length - at;

        memmove(map->items + at + 1, map->items + at, behind * sizeof(struct value *));
        memmove(map->keys + at + 1, map->keys + at, behind * sizeof(char *));
    }
    map->items[at] = item;
    map->keys[at] = key;
    map->length++;
    return true;
}

const struct value *value_get(const struct value *map, const char *key, size_t length)
{
    size_t at;

    if (map->type != VALUE_MAP)
        return NULL;
    at = lower_bound(map, key, length);
    return at < map->length && compare_key(map->keys[at], key, length) == 0 ? map->items[at] : NULL;
}

const char *value_type_name(enum value_type type)
{
    switch (type) {
    case VALUE_BOOL:
        return "boolean";
    case VALUE_INT:
        return "integer";
    case VALUE_REAL:
        return "real";
    case VALUE_STRING:
        return "string";
    case VALUE_LIST:
        return "array";
    case VALUE_MAP:
        return "dictionary";
    case VALUE_OTHER:
        break;
    }
    return "data or date";
}
