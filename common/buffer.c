/*
 * Bytes and formatted text in, one text out that is ended by a NUL: a block of the system's, twice
 * as large whenever it is full.
 */
#include "common/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
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

void buffer_add_alternative(struct buffer *buffer, const char *word, bool is_last)
{
    buffer_printf(buffer, "%s%s", buffer->length == 0 ? "" : is_last ? " or " : ", ", word);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}
