/*
 * A Mustache templater: text with {{tags}} + plain data (value.h) -> text.
 *
 *   {{name}} {{a.b}} {{.}}        interpolation, escaped as the output needs
 *   {{{name}}} {{&name}}          interpolation, not escaped
 *   {{name | upper | ident}}      through filters, left to right
 *   {{#name}}..{{/name}}          section: once per item of a list, once for a
 *                                 true value, not at all for false, empty or missing
 *   {{^name}}..{{/name}}          the opposite
 *   {{! comment }} {{>partial}} {{=<% %>=}}
 *
 * Filters are those of escape.c's table, hex (0x2a) and others; some escape for a place, and
 * replace the output's own escape.
 *
 * A name, filter or partial that is not known is an error, so a misspelt tag
 * cannot go unseen; with `lenient` it is empty, as the Mustache specification
 * (v1.1, the mandatory modules) has it. A section's or inverted section's name
 * must exist too, unless lenient.
 */
#ifndef KPEPC_TEMPLATE_H
#define KPEPC_TEMPLATE_H

#include "common/arena.h"
#include "common/buffer.h"
#include "escape.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Longest output, most nodes run (sections can repeat a lot without printing a
 * byte) and deepest nesting of sections and partials, of one rendering.
 */
enum {
    TEMPLATE_OUTPUT_MAX = 64 << 20,
    TEMPLATE_STEPS_MAX = 16 << 20,
    TEMPLATE_DEPTH_MAX = 64,
};

struct template_options {
    const struct filter *escape; /* of what no filter escapes, or NULL */
    bool lenient;
    /*
     * The text of a partial, or NULL when there is none; it must stay valid until
     * the rendering ends. With *why, which is NULL before, there is one that cannot
     * be had: an error, lenient or not. NULL: no partials.
     */
    const char *(*partial)(void *user, const char *name, size_t *length, const char **why);
    void *user;
    /*
     * Called with flush_to each time `out` is SINK_CHUNK long or longer, to take what is in
     * it and empty it; false, after a report, ends the rendering. NULL: out keeps all.
     */
    bool (*flush)(void *flush_to);
    void *flush_to;
    uint64_t output_max; /* 0: TEMPLATE_OUTPUT_MAX */
    uint64_t steps_max;  /* 0: TEMPLATE_STEPS_MAX */
    unsigned depth_max;  /* 0: TEMPLATE_DEPTH_MAX */
};

/*
 * Appends the rendering of text[0..length) with data to out. On failure false,
 * *error is one line "NAME:LINE: what is wrong" in the arena, or NULL when it
 * was the flush that failed, and what was appended so far is to be thrown away.
 * `name` is what errors call the template (the partial's own name inside a
 * partial). Of a lazy list one item is in memory at a time.
 */
bool template_render(struct arena *arena, const struct template_options *options, const char *name,
                     const char *text, size_t length, const struct value *data, struct buffer *out,
                     const char **error);

/*
 * The escape for an output of that file name, by its ending as escape.c's table has it, or NULL; a
 * last ".mustache" is not looked at.
 */
const struct filter *template_escape_for(const char *file_name);

#endif
