/* The functions of text.h that are no line: text in, a part of it or an answer out. */
#include "common/text.h"

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

void make_printable(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
}

bool is_text(const char *text)
{
    const char *at = text;

    while (*at >= 0x20 && *at <= 0x7e)
        at++;
    return at > text && *at == '\0';
}
