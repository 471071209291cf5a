/* Text that grows. Ends the program with EXIT_SYSTEM where there is no memory. */
#ifndef KPEP_BUFFER_H
#define KPEP_BUFFER_H

#include "common/program.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* All zero to begin with; data is NUL-terminated once anything was added. Free: buffer_free(). */
struct buffer {
    char *data;
    size_t length;
    size_t capacity;
};

void buffer_add(struct buffer *buffer, const char *text, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_vprintf(struct buffer *buffer, const char *format, va_list args) PRINTF_LIKE(2, 0);
/* Adds the next of several words, none of them empty, to what has only these: "a, b or c". */
void buffer_add_alternative(struct buffer *buffer, const char *word, bool is_last);
void buffer_free(struct buffer *buffer);

#endif
