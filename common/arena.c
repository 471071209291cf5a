/* Memory that is given back all at once: blocks of the system's, filled one after the other. */
#include "common/arena.h"

#include "common/program.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK = 256 * 1024 }; /* fresh pages from the system: zeroed already */

/* What is as aligned as anything that a step keeps. */
union arena_item {
    void *pointer;
    int64_t integer;
    double real;
};

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    _Alignas(union arena_item) unsigned char data[];
};

static struct arena_block *arena_block(struct arena *arena, size_t want)
{
    size_t size = want > ARENA_BLOCK ? want : ARENA_BLOCK;
    struct arena_block *block = arena->spare;

    if (block != NULL && block->size >= want) {
        arena->spare = block->next;
        return block;
    }
    block = calloc(1, sizeof *block + size);
    if (block == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    block->size = size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    const size_t align = _Alignof(union arena_item), half = (size_t)1 << sizeof(size_t) * 4;
    struct arena_block *block = arena->head;
    size_t want;
    void *result;

    /* A division each time would take longer than all else here. */
    if ((count >= half || size >= half) && size != 0 && count > (SIZE_MAX / 2 - align) / size)
        fatal(EXIT_SYSTEM, "out of memory");
    want = (count * size + align - 1) / align * align;
    if (block == NULL || block->size - block->used < want) {
        block = arena_block(arena, want);
        block->next = arena->head;
        arena->head = block;
    }
    result = block->data + block->used;
    block->used += want;
    return result;
}

void *arena_grow(struct arena *arena, void *list, size_t count, size_t size)
{
    void *more;

    if ((count & (count - 1)) != 0 || (count != 0 && count < 4)) /* full: 0, 4, 8, 16 ... */
        return list;
    more = arena_alloc(arena, count == 0 ? 4 : count * 2, size);
    if (count != 0)
        memcpy(more, list, count * size);
    return more;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1, 1);

    memcpy(copy, text, length);
    return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    int length;
    char *text;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0)
        fatal(EXIT_SYSTEM, "cannot format a message");
    text = arena_alloc(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->head;

    while (block != NULL) {
        struct arena_block *next = block->next;

        memset(block->data, 0, block->used);
        block->used = 0;
        block->next = arena->spare;
        arena->spare = block;
        block = next;
    }
    arena->head = NULL;
    arena->interned = NULL;
}

void arena_pass_on(struct arena *arena, struct arena *from)
{
    struct arena_block **end = &from->spare;

    arena_reset(from);
    while (*end != NULL)
        end = &(*end)->next;
    *end = arena->spare;
    arena->spare = from->spare;
    *from = (struct arena){0};
}

static void free_blocks(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;

        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    free_blocks(arena->head);
    free_blocks(arena->spare);
    *arena = (struct arena){0};
}
