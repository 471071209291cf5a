/* Characters and pieces of text: ASCII, whatever the locale. */
#ifndef KPEP_TEXT_H
#define KPEP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Some text that has no NUL behind it. */
struct span {
    const char *text;
    size_t length;
};

static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline bool same_span(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0);
}

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
/* Puts '?' for each byte that is not printable ASCII. */
void make_printable(char *text);

#endif
