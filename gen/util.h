/*
 * What every step of kpepc needs: memory that lives until the end, growing
 * text, and the one place where errors are written and counted.
 */
#ifndef KPEPC_UTIL_H
#define KPEPC_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* Exit status of kpepc and kpep: README.md, "Exit status". */
enum {
    EXIT_OK = 0,
    EXIT_NO = 1,     /* the answer is no: not found, bad input, conflict */
    EXIT_USAGE = 2,  /* the command line */
    EXIT_SYSTEM = 3, /* the system refused: memory, permission, missing file */
};

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN               __attribute__((noreturn))
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#endif

/* Bytes -> a number, in time that grows with the length of the bytes alone; it lives in an arena.
 */
struct map {
    struct map_node *root;
};

/*
 * Memory that is given back all at once. A compiler's data lives until its
 * output is written, so nothing is freed singly and no owner has to be named.
 */
struct arena {
    struct arena_block *head;
    struct arena_block *spare; /* zeroed, to be used before more is asked for */
    struct map texts;          /* those of arena_intern() */
};

/* Zeroed, aligned for any type; ends the program with EXIT_SYSTEM when there is none. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
/* A list of count items with room for one more: itself, or a copy when it is full. */
void *arena_more(struct arena *arena, void *list, size_t count, size_t size);
/* A copy of length bytes with a NUL behind them. */
char *arena_copy(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* A copy of the text that equal texts share; NULL for NULL. */
const char *arena_intern(struct arena *arena, const char *text);
/* Makes room: what was in the arena is gone, its memory is kept for what comes. */
void arena_reset(struct arena *arena);
/* The same, and its memory is the other's. */
void arena_give(struct arena *arena, struct arena *from);
void arena_free(struct arena *arena);

/* The number of the key, for the caller to set: 0 when it is new. The key must stay as it is. */
size_t *map_at(struct arena *arena, struct map *map, const void *key, size_t length);
/* The same of a text. */
size_t *map_text(struct arena *arena, struct map *map, const char *text);
/* The number of the key, or 0. */
size_t map_get(const struct map *map, const void *key, size_t length);

/* Text that grows; data is NUL-terminated once anything was added. Free with buffer_free(). */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
};

void buffer_add(struct buffer *buffer, const char *text, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_free(struct buffer *buffer);

/*
 * Reports go to stderr, one line each, and errors are counted, so that a run
 * tells all it found before it gives up. `where` names the place ("a14.plist:
 * system.cpu.events.INST_ALL.number"); NULL, shown as kpepc, when there is none. Bytes of the
 * message that are not printable ASCII are shown as \xNN: what is reported may
 * be hostile.
 */
void report_error(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
void report_warning(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
void report_note(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
/* Errors so far; warnings are among them after report_strict(true). */
size_t report_errors(void);
void report_strict(bool strict);
/* The line that a report of the message would be. The caller frees it. */
struct buffer report_line(const char *where, const char *message);
/* "kpepc: message", then the end of the program with that status. */
void fatal(int status, const char *format, ...) NORETURN PRINTF_LIKE(2, 3);
/* When that is what errno says: a call that failed for want of memory found nothing bad. */
void fatal_without_memory(void);

/*
 * A regular file, to be read; a FIFO does not make it wait for a writer. NULL with errno, which
 * is 0 for what is no regular file; without memory the end. The caller closes it.
 */
FILE *open_file(const char *path, struct stat *status);
/*
 * All of an open file, whatever the system says of its size: that of those of /proc is 0. No more
 * than `most` bytes and one, or a few, that tell of more. False with errno.
 */
bool read_open_file(FILE *file, size_t most, struct buffer *content);

/* Some text that has no NUL behind it. */
struct span {
    const char *text;
    size_t length;
};

/* Without white space at its ends. */
struct span span_trim(struct span span);

/* ASCII only, whatever the locale. */
static inline bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Printable ASCII, and some. */
bool is_text(const char *text);

#endif
