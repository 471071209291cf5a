/* What the two scanners share: dictionaries with their keys in order, and characters. */
#include "scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int compare_entries(const void *a, const void *b)
{
    const struct scan_entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

/* How many entries, from the first on, are in order and have each key once. */
static size_t in_order(const struct scan_entry *entries, size_t count)
{
    size_t i = 1;

    while (i < count && strcmp(entries[i - 1].key, entries[i].key) < 0)
        i++;
    return i;
}

struct value *scan_map(struct arena *arena, struct scan_entry *entries, size_t count,
                       const struct scan_entry **doubled)
{
    struct value *map = value_map(arena);
    size_t ordered = in_order(entries, count);

    if (ordered < count) { /* Apple and kpepc snapshot write keys in order */
        qsort(entries, count, sizeof *entries, compare_entries);
        ordered = in_order(entries, count);
    }
    if (ordered < count) {
        *doubled = &entries[ordered];
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        value_push(arena, map, entries[i].key, entries[i].value);
    return map;
}

const char *scan_doubled(struct arena *arena, const struct scan_entry *doubled)
{
    return arena_printf(arena, "key %.100s occurs twice (expected each key once)", doubled->key);
}

bool scan_is_character(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff);
}

void scan_add_character(struct buffer *to, uint32_t code)
{
    char bytes[4];
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;

    for (size_t i = more; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (char)(more == 0 ? code : code | (0xf0u << (3 - more)));
    buffer_add(to, bytes, more + 1);
}
