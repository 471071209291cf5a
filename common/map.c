/*
 * Bytes -> a number, and equal texts once: a tree in which a key's hash tells the way down, two
 * bits a step. Keys made to have one hash go on by their own bits, so none of them makes it slow.
 */
#include "common/map.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct map_node {
    struct map_node *child[4];
    uint64_t hash;
    const void *key;
    size_t length;
    size_t value;
};

/* A hash by eight bytes at a time. It is not seen outside, so it may differ between machines. */
static uint64_t hash_of(const void *key, size_t length)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    const unsigned char *at = key;
    uint64_t hash = length, word = 0;

    for (; length >= sizeof word; at += sizeof word, length -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    if (length != 0)
        memcpy(&word, at, length);
    return (hash ^ word) * odd;
}

static bool has_key(const struct map_node *node, uint64_t hash, const void *key, size_t length)
{
    return node->hash == hash && node->length == length && memcmp(node->key, key, length) == 0;
}

/*
 * Where a key goes from the step-th node down: by its hash, two bits a step, and for keys that were
 * made to have one hash by their own bits.
 */
static unsigned way_of(uint64_t hash, const void *key, size_t length, size_t step)
{
    const unsigned char *bytes = key;
    size_t at = step / 4 - 8; /* behind the 64 bits of the hash */

    if (step < 32)
        return hash >> (62 - 2 * step) & 3;
    return at < length ? bytes[at] >> (6 - step % 4 * 2) & 3u : 0;
}

/* The node of the key, made when there is none. */
static struct map_node *find_node(struct arena *arena, struct map_node **root, const void *key,
                                  size_t length)
{
    uint64_t hash = hash_of(key, length);
    struct map_node **at = root;

    for (size_t step = 0; *at != NULL; step++) {
        if (has_key(*at, hash, key, length))
            return *at;
        at = &(*at)->child[way_of(hash, key, length, step)];
    }
    *at = arena_alloc(arena, 1, sizeof **at);
    **at = (struct map_node){.hash = hash, .key = key, .length = length};
    return *at;
}

size_t *map_at(struct arena *arena, struct map *map, const void *key, size_t length)
{
    return &find_node(arena, &map->root, key, length)->value;
}

size_t *map_text(struct arena *arena, struct map *map, const char *text)
{
    return map_at(arena, map, text, strlen(text));
}

size_t map_get(const struct map *map, const void *key, size_t length)
{
    uint64_t hash = hash_of(key, length);
    const struct map_node *node = map->root;

    for (size_t step = 0; node != NULL && !has_key(node, hash, key, length); step++)
        node = node->child[way_of(hash, key, length, step)];
    return node == NULL ? 0 : node->value;
}

const char *arena_intern(struct arena *arena, const char *text)
{
    size_t length;
    struct map_node *node;

    if (text == NULL)
        return NULL;
    length = strlen(text);
    node = find_node(arena, &arena->interned, text, length);
    if (node->value == 0) {
        node->key = arena_copy(arena, text, length);
        node->value = 1;
    }
    return node->key;
}
