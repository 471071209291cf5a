/*
 * Between the two halves of a templater: template_parse.c makes nodes of text, template.c runs
 * them. No other file includes this.
 */
#ifndef KPEPC_TEMPLATE_PARSE_H
#define KPEPC_TEMPLATE_PARSE_H

#include "common/arena.h"
#include "common/text.h"
#include "escape.h"
#include "template.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    TEXT_MAX = 16 << 20, /* bytes parsed by one rendering, partials included */
    FILTERS_MAX = 8,     /* of one tag */
};

enum op { OP_TEXT, OP_VALUE, OP_SECTION, OP_INVERTED, OP_END, OP_PARTIAL, OP_RETURN };

struct node {
    enum op op;
    unsigned filter_count;
    unsigned char filters[FILTERS_MAX + 1]; /* of escape.h's; the last may be the output's escape */
    size_t line;
    struct span text; /* literal text, or the name */
    size_t first;     /* bytes of the name before its first dot */
    union {
        size_t mate; /* a section's end, an end's section; while it is open, the one around it */
        struct program *partial;
    };
};

/* A template or partial. */
struct program {
    const char *name; /* for errors */
    struct span source;
    struct span indent; /* of a standalone partial tag */
    struct span text;   /* source, each line of it indented: what is parsed */
    struct node *nodes; /* NULL before it is parsed */
    size_t count;
    struct program *next;
};

/* What is known of one rendering while its templates are parsed. */
struct job {
    struct arena *arena;
    const struct template_options *options;
    unsigned depth_max;
    struct program *partials;
    unsigned partial_count;
    size_t text_left; /* of TEXT_MAX */
    const char *error;
};

/* Says the job's error, unless it has one; false. */
PRINTF_LIKE(4, 5)
bool template_fail(struct job *job, const struct program *program, size_t line, const char *format,
                   ...);
/* What a message shows of a template or of data: one line of bounded length. */
const char *template_show(struct job *job, struct span text);
/* "a, b or c", each behind the prefix; "a, b, ..." when there are more. */
const char *template_join(struct job *job, struct span prefix, const char *const *items,
                          size_t count, bool more);

/* The program's text: its source, indented; false, and no error said, when that is too much. */
bool template_indent(struct job *job, struct program *program);
/* Its nodes, of its text; partials get their source but are not parsed. False with an error. */
bool template_parse(struct job *job, struct program *program);

#endif
