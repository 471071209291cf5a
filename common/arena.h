/*
 * Memory that is given back all at once. What a command works out lives until
 * its output is written, so nothing is freed singly and no owner has to be named.
 */
#ifndef KPEP_ARENA_H
#define KPEP_ARENA_H

#include "common/program.h"

#include <stdarg.h>
#include <stddef.h>

/* All zero to begin with. */
struct arena {
    struct arena_block *head;
    struct arena_block *spare; /* zeroed, to be used before more is asked for */
    struct map_node *interned; /* of arena_intern(), map.h */
};

/* Zeroed, aligned for any type; ends the program with EXIT_SYSTEM when there is none. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* A list of count items with room for one more: itself, or a copy when it is full. */
void *arena_grow(struct arena *arena, void *list, size_t count, size_t size);
/* A copy of length bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Makes room: what was in the arena is gone, its memory is kept for what comes. */
void arena_reset(struct arena *arena);
/* The end of `from`, whose memory the arena has then for what comes. */
void arena_pass_on(struct arena *arena, struct arena *from);
void arena_free(struct arena *arena);

#endif
