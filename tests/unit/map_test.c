/* The map of common/map.h: keys made to have one hash are found as fast as others. */

#include "check.h"
#include "common/map.h"

#include <stdint.h>

enum { KEYS = 1 << 17 };

/* Two words each, chosen with what hash_of() makes of the first so that all hash alike. */
static void make_keys(uint64_t (*keys)[2])
{
    for (uint64_t i = 0; i < KEYS; i++) {
        uint64_t state = (sizeof keys[0] ^ i) * 0x9e3779b97f4a7c15u;

        keys[i][0] = i;
        keys[i][1] = state ^ state >> 32;
    }
}

int main(void)
{
    struct arena arena = {0};
    struct map map = {NULL};
    uint64_t(*keys)[2] = arena_alloc(&arena, KEYS, sizeof *keys);
    size_t wrong = 0;

    make_keys(keys);
    for (size_t i = 0; i < KEYS; i++) {
        size_t *number = map_at(&arena, &map, keys[i], sizeof keys[i]);

        wrong += *number != 0;
        *number = i + 1;
    }
    for (size_t i = 0; i < KEYS; i++)
        wrong += map_get(&map, keys[i], sizeof keys[i]) != i + 1;
    CHECK_INT(wrong, 0);
    *map_text(&arena, &map, "") = 7;
    CHECK_INT(map_get(&map, "", 0), 7);
    CHECK_INT(map_get(&map, "no", 2), 0);
    arena_free(&arena);
    return check_done();
}
