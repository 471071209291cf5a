/*
 * What a template makes of a value: its text, and the filters of one table (escape.c). They read
 * a text, and a value where it is no string, and write to a sink; nothing else is touched. A new
 * filter is a row of the table, its lines in tests/unit/template_test.c and in kpepc-render(1).
 */
#ifndef KPEPC_ESCAPE_H
#define KPEPC_ESCAPE_H

#include "common/buffer.h"
#include "common/text.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/* Where text goes, as long as there is room and nothing fails. */
struct sink {
    struct buffer *to;
    uint64_t room; /* bytes that may still come */
    /* Called when `to` is long: takes what is in it and empties it. NULL: it keeps all. */
    bool (*flush)(void *flush_to);
    void *flush_to;
    char flushed; /* the last byte that was taken */
    enum { SINK_OK, SINK_FULL, SINK_FAILED } state;
};

/* What `to` may hold before it is flushed. */
enum { SINK_CHUNK = 1 << 20 };

/* All of the text, or nothing of it and another state; after that nothing at all. */
bool sink_add(struct sink *sink, const char *text, size_t length);

/* Bytes of the longest text of a number. */
enum { NUMBER_MAX = 40 };

/* The text of a value, in digits[] if need be; false for a list, a map, or what nothing reads. */
bool format_value(char digits[NUMBER_MAX], const struct value *value, struct span *text);

/*
 * The filters that are the escape of a whole output, which -e names: those of the table that have
 * endings (tests/unit/template_test.c).
 */
#define OUTPUT_ESCAPES(X) X(html) X(c) X(json) X(markdown)

struct filter {
    const char *name;
    bool of_integer;     /* reads the value, an integer, so it comes before all others */
    bool escapes;        /* takes the place of the output's own escape */
    const char *endings; /* of outputs that it is the escape of, each behind a '.'; or NULL */
    void (*put)(struct sink *sink, struct span text, const struct value *value);
};

extern const struct filter filters[]; /* ends with a NULL name */

/* NULL when there is none of that name. */
const struct filter *filter_named(struct span name);

#endif
