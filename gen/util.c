#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARENA_BLOCK = 256 * 1024 }; /* fresh pages from the system: zeroed already */
enum { REPORT_MAX = 2000 };        /* bytes of a line that are shown: its two ends */

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

/* A tree in which a key's hash tells the way down, two bits a step. */
struct map_node {
    struct map_node *child[4];
    uint64_t hash;
    const void *key;
    size_t length;
    size_t value;
};

static size_t errors;
static bool strict_warnings;

void fatal(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("kpepc: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(status);
}

void fatal_without_memory(void)
{
    if (errno == ENOMEM)
        fatal(EXIT_SYSTEM, "out of memory");
}

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

void *arena_more(struct arena *arena, void *list, size_t count, size_t size)
{
    void *more;

    if ((count & (count - 1)) != 0) /* full: 0, 1, 2, 4, 8 ... */
        return list;
    more = arena_alloc(arena, count * 2 + 1, size);
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

/* Eight bytes at a time: what comes of it is not seen outside, so it may differ between machines.
 */
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
static struct map_node *map_node(struct arena *arena, struct map *map, const void *key,
                                 size_t length)
{
    uint64_t hash = hash_of(key, length);
    struct map_node **at = &map->root;

    for (size_t step = 0; *at != NULL; step++) {
        if (has_key(*at, hash, key, length))
            return *at;
        at = &(*at)->child[way_of(hash, key, length, step)];
    }
    *at = arena_alloc(arena, 1, sizeof **at);
    **at = (struct map_node){.hash = hash, .key = key, .length = length};
    return *at;
}

const char *arena_intern(struct arena *arena, const char *text)
{
    size_t length;
    struct map_node *node;

    if (text == NULL)
        return NULL;
    length = strlen(text);
    node = map_node(arena, &arena->texts, text, length);
    if (node->value == 0) {
        node->key = arena_copy(arena, text, length);
        node->value = 1;
    }
    return node->key;
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
    arena->texts = (struct map){NULL};
}

void arena_give(struct arena *arena, struct arena *from)
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

size_t *map_at(struct arena *arena, struct map *map, const void *key, size_t length)
{
    return &map_node(arena, map, key, length)->value;
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

static void buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t want;

    if (more > SIZE_MAX / 4 - buffer->length)
        fatal(EXIT_SYSTEM, "out of memory");
    want = buffer->length + more + 1;
    if (want <= buffer->capacity)
        return;
    if (want < buffer->capacity * 2)
        want = buffer->capacity * 2;
    char *data = realloc(buffer->data, want);
    if (data == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    buffer->data = data;
    buffer->capacity = want;
}

void buffer_add(struct buffer *buffer, const char *text, size_t length)
{
    if (buffer->capacity - buffer->length <= length)
        buffer_reserve(buffer, length);
    if (length != 0)
        memcpy(buffer->data + buffer->length, text, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

static void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
    va_list again;
    int length;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length < 0)
        fatal(EXIT_SYSTEM, "cannot format a message");
    buffer_reserve(buffer, (size_t)length);
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    buffer->length += (size_t)length;
    va_end(again);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vprintf(buffer, format, args);
    va_end(args);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

struct buffer report_line(const char *where, const char *message)
{
    struct buffer text = {0}, line = {0};

    buffer_printf(&text, "%s: %s", where == NULL ? "kpepc" : where, message);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (i == REPORT_MAX / 2 && text.length > REPORT_MAX) {
            buffer_puts(&line, "...");
            i = text.length - REPORT_MAX / 2 - 1;
        } else if (c < 0x20 || c > 0x7e) {
            buffer_printf(&line, "\\x%02x", c);
        } else {
            buffer_add(&line, &text.data[i], 1);
        }
    }
    buffer_add(&line, "\n", 1);
    buffer_free(&text);
    return line;
}

/* One write a line: standard error has no buffer of its own. */
static void report(const char *kind, const char *where, const char *format, va_list args)
{
    struct buffer message = {0}, line;

    buffer_puts(&message, kind);
    buffer_vprintf(&message, format, args);
    line = report_line(where, message.data);
    fwrite(line.data, 1, line.length, stderr);
    buffer_free(&message);
    buffer_free(&line);
}

void report_error(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("", where, format, args);
    va_end(args);
    errors++;
}

void report_warning(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(strict_warnings ? "" : "warning: ", where, format, args);
    va_end(args);
    if (strict_warnings)
        errors++;
}

void report_note(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("note: ", where, format, args);
    va_end(args);
}

size_t report_errors(void)
{
    return errors;
}

void report_strict(bool strict)
{
    strict_warnings = strict;
}

FILE *open_file(const char *path, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK), why;
    FILE *file = NULL;

    if (fd >= 0 && fstat(fd, status) == 0) {
        errno = 0;
        file = S_ISREG(status->st_mode) ? fdopen(fd, "rb") : NULL;
    }
    if (file == NULL) {
        fatal_without_memory();
        why = errno;
        if (fd >= 0)
            close(fd);
        errno = why;
    }
    return file;
}

bool read_open_file(FILE *file, size_t most, struct buffer *content)
{
    char chunk[1 << 14];
    size_t got;

    errno = 0;
    while (content->length <= most && (got = fread(chunk, 1, sizeof chunk, file)) != 0)
        buffer_add(content, chunk, got);
    return !ferror(file);
}

struct span span_trim(struct span span)
{
    while (span.length != 0 && is_space(span.text[0])) {
        span.text++;
        span.length--;
    }
    while (span.length != 0 && is_space(span.text[span.length - 1]))
        span.length--;
    return span;
}

bool is_text(const char *text)
{
    const char *at = text;

    while (*at >= 0x20 && *at <= 0x7e)
        at++;
    return at > text && *at == '\0';
}
