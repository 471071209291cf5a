/*
 * Bytes -> a number, in time that grows with the length of the bytes alone, whoever made them; and
 * texts of which equal ones are kept once. Both live in an arena.
 */
#ifndef KPEP_MAP_H
#define KPEP_MAP_H

#include "common/arena.h"

/* All zero to begin with. */
struct map {
    struct map_node *root;
};

/* The number of the key, for the caller to set: 0 when it is new. The key must stay as it is. */
size_t *map_at(struct arena *arena, struct map *map, const void *key, size_t length);
/* The same of a text. */
size_t *map_text(struct arena *arena, struct map *map, const char *text);
/* The number of the key, or 0. */
size_t map_get(const struct map *map, const void *key, size_t length);
/* A copy of the text that equal texts share; NULL for NULL. */
const char *arena_intern(struct arena *arena, const char *text);

#endif
