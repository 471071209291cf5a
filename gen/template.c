/*
 * In goes a template and data, out comes text, a chunk at a time: a loop runs the nodes that
 * template_parse.c made, with a stack of frames of its own. Nothing here calls itself, so no
 * template and no data can exhaust the C stack, and output, nesting and repetition have limits.
 */
#include "template.h"

#include "template_parse.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

enum { KEYS_MAX = 12 }; /* names listed in an error */

/* A section being in, or a partial; the first one is that of the data. */
struct frame {
    const struct value *context; /* NULL: adds none */
    const struct value *list;    /* being gone through, at index */
    size_t index;
    struct arena item;             /* what a lazy list made for the context; kept for the next */
    const struct program *program; /* where a partial's end goes on */
    size_t at;
};

struct render {
    struct job job;
    struct sink out;
    struct buffer scratch[2]; /* between two filters */
    uint64_t output_max;
    uint64_t steps_max, steps_left;
    const struct program *program; /* being run */
    const struct node *node;
    size_t at;
    struct frame *frames;
    size_t depth;
    size_t frame_count; /* of the deepest so far */
};

#define FAIL(render, ...) \
    template_fail(&(render)->job, (render)->program, (render)->node->line, __VA_ARGS__)

/* An error that was reported already. */
static const char reported[] = "";

/* Says why the sink took no more. */
static bool fail_output(struct render *render, const struct sink *sink)
{
    if (sink->state == SINK_FULL)
        return FAIL(render, "too much output (expected at most %" PRIu64 " bytes)",
                    render->output_max);
    render->job.error = reported;
    return false;
}

static bool put_text(struct render *render, struct span text)
{
    return sink_add(&render->out, text.text, text.length) || fail_output(render, &render->out);
}

/* Where the search for a name ended: `in` lacks its next part; NULL: no context has the first. */
struct miss {
    const struct value *in;
    size_t done; /* bytes of the name that were found */
};

/* The first part comes from the innermost context that has it, the rest strictly from inside. */
static const struct value *resolve(const struct render *render, const struct node *node,
                                   struct miss *miss)
{
    struct span name = node->text;
    const struct value *value = NULL;
    size_t at = node->first;

    *miss = (struct miss){0};
    for (size_t i = render->depth; i-- > 0 && value == NULL;) {
        const struct value *context = render->frames[i].context;

        if (context != NULL && at == 0 && name.length == 1)
            return context;
        if (context != NULL)
            value = value_get(context, name.text, at);
    }
    while (value != NULL && at < name.length) {
        const char *part = name.text + at + 1;
        size_t left = name.length - at - 1;
        const char *dot = memchr(part, '.', left);
        size_t length = dot == NULL ? left : (size_t)(dot - part);

        *miss = (struct miss){value, at};
        value = value_get(value, part, length);
        at += 1 + length;
    }
    return value;
}

static bool list_keys(const struct value *map, const char **keys, size_t *count)
{
    if (map == NULL || map->type != VALUE_MAP)
        return false;
    for (size_t i = 0; i < map->length; i++) {
        if (*count == KEYS_MAX)
            return true;
        keys[(*count)++] = map->keys[i];
    }
    return false;
}

/* Says what there would have been instead of the unknown name. */
static bool fail_unknown(struct render *render, const struct node *node, struct miss miss)
{
    const char *what = node->op == OP_VALUE ? "name" : "section";
    const char *name = template_show(&render->job, node->text);
    struct span prefix = {node->text.text, miss.in == NULL ? 0 : miss.done + 1};
    const char *keys[KEYS_MAX];
    size_t count = 0;
    bool more = false;

    if (miss.in != NULL && miss.in->type != VALUE_MAP) {
        prefix.length--;
        return FAIL(render, "unknown %s '%s': '%s' is of type %s (expected dictionary)", what, name,
                    template_show(&render->job, prefix), value_type_name(miss.in->type));
    }
    if (miss.in != NULL)
        more = list_keys(miss.in, keys, &count);
    for (size_t i = render->depth; miss.in == NULL && i-- > 0 && !more;)
        more = list_keys(render->frames[i].context, keys, &count);
    if (count == 0)
        return FAIL(render, "unknown %s '%s' (expected none: there is no name here)", what, name);
    return FAIL(render, "unknown %s '%s' (expected %s)", what, name,
                template_join(&render->job, prefix, keys, count, more));
}

/* NULL: there is none, which is an error unless lenient. */
static const struct value *look_up(struct render *render, const struct node *node)
{
    struct miss miss;
    const struct value *value = resolve(render, node, &miss);

    if (value == NULL && !render->job.options->lenient)
        fail_unknown(render, node, miss);
    return value;
}

/* What the n-th filter of a tag makes of a text, which is the value's when it is the first. */
static bool put_filtered(struct render *render, struct sink *sink, const struct node *node,
                         unsigned n, struct span text, const struct value *value)
{
    const struct filter *filter = &filters[node->filters[n]];

    if (filter->of_integer && (n != 0 || value->type != VALUE_INT))
        return FAIL(render, "filter '%s' got type %s (expected integer)", filter->name,
                    value_type_name(n != 0 ? VALUE_STRING : value->type));
    filter->put(sink, text, value);
    return sink->state == SINK_OK || fail_output(render, sink);
}

static bool run_value(struct render *render, const struct node *node)
{
    const struct value *value = look_up(render, node);
    char digits[NUMBER_MAX];
    struct span text;

    if (value == NULL)
        return render->job.error == NULL;
    if (!format_value(digits, value, &text))
        return render->job.options->lenient ||
               FAIL(render, "'%s' is of type %s (expected string, number or boolean)",
                    template_show(&render->job, node->text), value_type_name(value->type));
    if (node->filter_count == 0)
        return put_text(render, text);
    for (unsigned i = 0; i + 1 < node->filter_count; i++) {
        struct buffer *to = &render->scratch[i % 2];
        struct sink between = {.to = to, .room = render->output_max};

        to->length = 0;
        if (!put_filtered(render, &between, node, i, text, value))
            return false;
        text = (struct span){to->data == NULL ? "" : to->data, to->length};
    }
    return put_filtered(render, &render->out, node, node->filter_count - 1, text, value);
}

static struct frame *push_frame(struct render *render)
{
    /* The first frame, the data's, is no nesting. */
    if (render->depth > render->job.depth_max) {
        FAIL(render, "nested too deep (expected at most %u sections and partials)",
             render->job.depth_max);
        return NULL;
    }
    if (render->depth == render->frame_count) {
        render->frames = arena_grow(render->job.arena, render->frames, render->frame_count,
                                    sizeof *render->frames);
        render->frame_count++;
    }
    render->frames[render->depth] = (struct frame){.item = render->frames[render->depth].item};
    return &render->frames[render->depth++];
}

/*
 * The specification leaves truth to the language but for false, nothing and the
 * empty list. Here these are false, and so is a type that nothing reads; the
 * empty string, zero and the empty map are values like any other, and true.
 */
static bool is_true(const struct value *value)
{
    if (value == NULL || value->type == VALUE_OTHER)
        return false;
    if (value->type == VALUE_BOOL)
        return value->boolean;
    return value->type != VALUE_LIST || value->length != 0;
}

/* Making an item counts as much as running that many nodes, so that it is limited too. */
enum { ITEM_STEPS = 64 };

static void enter_item(struct render *render, struct frame *frame)
{
    if (value_is_lazy(frame->list)) {
        arena_reset(&frame->item);
        render->steps_left -= render->steps_left < ITEM_STEPS ? render->steps_left : ITEM_STEPS;
    }
    frame->context = value_item(&frame->item, frame->list, frame->index);
}

static bool run_section(struct render *render, const struct node *node)
{
    const struct value *value = look_up(render, node);
    bool inverted = node->op == OP_INVERTED;
    struct frame *frame;

    if (render->job.error != NULL)
        return false;
    if (is_true(value) == inverted) {
        render->at = node->mate + 1;
        return true;
    }
    frame = push_frame(render);
    if (frame == NULL)
        return false;
    if (inverted)
        return true;
    if (value->type == VALUE_LIST)
        frame->list = value;
    frame->context = value;
    if (frame->list != NULL)
        enter_item(render, frame);
    return true;
}

static bool run_end(struct render *render, const struct node *node)
{
    struct frame *frame = &render->frames[render->depth - 1];

    if (frame->list != NULL && ++frame->index < frame->list->length) {
        enter_item(render, frame);
        render->at = node->mate + 1;
    } else {
        render->depth--;
    }
    return true;
}

static bool run_partial(struct render *render, const struct node *node)
{
    struct program *partial = node->partial;
    struct frame *frame = push_frame(render);

    if (frame == NULL)
        return false;
    if (partial->nodes == NULL) {
        if (!template_indent(&render->job, partial))
            return FAIL(render, "too much template text (expected at most %d bytes)", TEXT_MAX);
        if (!template_parse(&render->job, partial))
            return false;
    }
    frame->program = render->program;
    frame->at = render->at;
    render->program = partial;
    render->at = 0;
    return true;
}

/* The end of a partial goes on behind its tag, that of the template ends. */
static bool run_return(struct render *render)
{
    const struct frame *frame = &render->frames[--render->depth];

    render->program = frame->program;
    render->at = frame->at;
    return render->program != NULL;
}

/* Runs one node; false at the end or on an error. */
static bool run_node(struct render *render)
{
    const struct node *node = &render->program->nodes[render->at++];

    render->node = node;
    if (render->steps_left-- == 0)
        return FAIL(render, "too much repetition (expected at most %" PRIu64 " steps)",
                    render->steps_max);
    switch (node->op) {
    case OP_TEXT:
        return put_text(render, node->text);
    case OP_VALUE:
        return run_value(render, node);
    case OP_SECTION:
    case OP_INVERTED:
        return run_section(render, node);
    case OP_END:
        return run_end(render, node);
    case OP_PARTIAL:
        return run_partial(render, node);
    case OP_RETURN:
        break;
    }
    return run_return(render);
}

bool template_render(struct arena *arena, const struct template_options *options, const char *name,
                     const char *text, size_t length, const struct value *data, struct buffer *out,
                     const char **error)
{
    struct program program = {.name = name, .source = {text == NULL ? "" : text, length}};
    uint64_t output_max = options->output_max == 0 ? TEMPLATE_OUTPUT_MAX : options->output_max;
    struct render render = {
        .job = {.arena = arena,
                .options = options,
                .depth_max = options->depth_max == 0 ? TEMPLATE_DEPTH_MAX : options->depth_max,
                .text_left = TEXT_MAX},
        .out = {.to = out,
                .room = output_max,
                .flush = options->flush,
                .flush_to = options->flush_to},
        .output_max = output_max,
        .steps_max = options->steps_max == 0 ? TEMPLATE_STEPS_MAX : options->steps_max,
        .program = &program,
    };

    render.steps_left = render.steps_max;
    push_frame(&render)->context = data;
    buffer_add(out, "", 0);
    if (!template_indent(&render.job, &program)) {
        template_fail(&render.job, &program, 1,
                      "too much template text (expected at most %d bytes)", TEXT_MAX);
    } else if (template_parse(&render.job, &program)) {
        while (run_node(&render))
            ;
    }
    for (size_t i = 0; i < render.frame_count; i++)
        arena_free(&render.frames[i].item);
    buffer_free(&render.scratch[0]);
    buffer_free(&render.scratch[1]);
    *error = render.job.error == reported ? NULL : render.job.error;
    return render.job.error == NULL;
}

/* Whether the endings, each behind a '.', have this one, which is behind its own. */
static bool has_ending(const char *endings, struct span ending)
{
    for (const char *at = endings; at != NULL; at = strchr(at + 1, '.'))
        if (same_span(ending, (struct span){at, strcspn(at + 1, ".") + 1}))
            return true;
    return false;
}

const struct filter *template_escape_for(const char *file_name)
{
    static const struct span mustache = {".mustache", 9};
    const char *slash = strrchr(file_name, '/');
    struct span name = span_of(slash == NULL ? file_name : slash + 1);
    const struct filter *filter = filters;
    size_t dot;

    if (name.length >= mustache.length &&
        memcmp(name.text + name.length - mustache.length, mustache.text, mustache.length) == 0)
        name.length -= mustache.length;
    for (dot = name.length; dot != 0 && name.text[dot - 1] != '.'; dot--)
        ;
    if (dot == 0)
        return NULL;
    name = (struct span){name.text + dot - 1, name.length - dot + 1};
    while (filter->name != NULL && !has_ending(filter->endings, name))
        filter++;
    return filter->name == NULL ? NULL : filter;
}
