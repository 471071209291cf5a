/*
 * A template, and each partial, is parsed once into a flat array of nodes; a
 * loop then runs the nodes with a stack of frames of its own. Nothing here
 * calls itself, so no template and no data can exhaust the C stack, and every
 * way to ask for much from little (output, nesting, repetition, text, partials,
 * filters) has a limit below or in the options.
 */
#include "template.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_MAX = 16 << 20, /* bytes parsed by one rendering, partials included */
    PARTIALS_MAX = 256,  /* each indentation of a partial counts */
    FILTERS_MAX = 8,     /* of one tag */
    DELIMITER_MAX = 32,  /* bytes */
    SHOWN_MAX = 40,      /* bytes of a name or tag in an error */
    KEYS_MAX = 12,       /* names listed in an error */
};

static const size_t none = SIZE_MAX;

enum filter {
    FILTER_HEX,
    FILTER_DEC,
    FILTER_IDENT,
    FILTER_UPPER,
    FILTER_LOWER,
    FILTER_C, /* this and what follows escape */
    FILTER_JSON,
    FILTER_HTML,
    FILTER_CSV,
    FILTER_MARKDOWN,
    FILTER_COUNT,
};

static const char *const filter_names[FILTER_COUNT] = {
    [FILTER_HEX] = "hex",           [FILTER_DEC] = "dec",     [FILTER_IDENT] = "ident",
    [FILTER_UPPER] = "upper",       [FILTER_LOWER] = "lower", [FILTER_C] = "c",
    [FILTER_JSON] = "json",         [FILTER_HTML] = "html",   [FILTER_CSV] = "csv",
    [FILTER_MARKDOWN] = "markdown",
};

enum op { OP_TEXT, OP_VALUE, OP_SECTION, OP_INVERTED, OP_END, OP_PARTIAL, OP_RETURN };

struct node {
    enum op op;
    unsigned filter_count;
    unsigned char filters[FILTERS_MAX + 1]; /* the last may be the default escape */
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
    const char *name;
    struct span source;
    struct span indent; /* of a standalone partial tag */
    struct span text;   /* source, each line of it indented: what is parsed */
    struct node *nodes; /* NULL before it is parsed */
    size_t count;
    size_t capacity;
    struct program *next;
};

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
    struct arena *arena;
    const struct template_options *options;
    uint64_t output_max;
    unsigned depth_max;
    struct buffer *out;
    uint64_t output;          /* bytes so far, in out or flushed */
    char flushed;             /* the last byte flushed */
    struct buffer scratch[2]; /* between two filters */
    struct program *partials;
    unsigned partial_count;
    size_t text_left;
    uint64_t steps_max, steps_left;
    const struct program *program; /* being run */
    const struct node *node;
    size_t at;
    struct frame *frames;
    size_t depth;
    size_t capacity;
    const char *error;
};

struct parser {
    struct render *render;
    struct program *program;
    size_t at;
    size_t line;
    struct span open;
    struct span close;
    size_t section; /* the innermost open one, or none */
    unsigned depth;
};

struct tag {
    size_t start;
    size_t next; /* behind it; a standalone one takes the rest of its line along */
    size_t line;
    char sigil; /* ' ' for plain interpolation */
    struct span content;
    struct span indent; /* of a standalone one */
};

/* Errors */

/* What a message shows of a template or of data: one line of bounded length. */
static const char *show(struct render *render, struct span text)
{
    static const char digits[] = "0123456789abcdef";
    char shown[SHOWN_MAX * 4 + 4];
    size_t length = 0;

    for (size_t i = 0; i < text.length && i < SHOWN_MAX; i++) {
        unsigned char c = (unsigned char)text.text[i];

        if (c >= 0x20 && c != 0x7f) {
            shown[length++] = (char)c;
            continue;
        }
        shown[length++] = '\\';
        shown[length++] = 'x';
        shown[length++] = digits[c >> 4];
        shown[length++] = digits[c & 15];
    }
    if (text.length > SHOWN_MAX) {
        memcpy(shown + length, "...", 3);
        length += 3;
    }
    return arena_copy(render->arena, shown, length);
}

static struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

PRINTF_LIKE(4, 5)
static bool fail(struct render *render, const struct program *program, size_t line,
                 const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (render->error == NULL)
        render->error = arena_printf(render->arena, "%s:%zu: %s", program->name, line, message);
    return false;
}

#define FAIL(render, ...) fail((render), (render)->program, (render)->node->line, __VA_ARGS__)
#define FAIL_TAG(parser, tag, ...) \
    fail((parser)->render, (parser)->program, (tag)->line, __VA_ARGS__)

/* "a, b or c", each behind the prefix; "a, b, ..." when there are more. */
static const char *join(struct render *render, struct span prefix, const char *const *items,
                        size_t count, bool more)
{
    struct buffer list = {0};
    const char *result;

    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            buffer_puts(&list, i + 1 == count && !more ? " or " : ", ");
        buffer_puts(&list, show(render, prefix));
        buffer_puts(&list, show(render, span_of(items[i])));
    }
    if (more)
        buffer_puts(&list, ", ...");
    result = arena_copy(render->arena, list.data, list.length);
    buffer_free(&list);
    return result;
}

/* Parsing */

static bool same(struct span a, struct span b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0);
}

static bool starts(struct span text, size_t at, struct span what)
{
    return text.length - at >= what.length && memcmp(text.text + at, what.text, what.length) == 0;
}

static size_t find(struct span text, size_t from, struct span what)
{
    while (text.length - from >= what.length) {
        const char *hit = memchr(text.text + from, what.text[0], text.length - from);

        if (hit == NULL)
            break;
        from = (size_t)(hit - text.text);
        if (starts(text, from, what))
            return from;
        from++;
    }
    return none;
}

static size_t count_lines(struct span text, size_t from, size_t to)
{
    size_t lines = 0;

    while (from < to) {
        const char *hit = memchr(text.text + from, '\n', to - from);

        if (hit == NULL)
            break;
        lines++;
        from = (size_t)(hit - text.text) + 1;
    }
    return lines;
}

static struct node *add_node(struct parser *parser, enum op op, size_t line, struct span text)
{
    struct program *program = parser->program;
    struct node *node;

    if (program->count == program->capacity) {
        size_t capacity = program->capacity == 0 ? 16 : program->capacity * 2;
        struct node *nodes = arena_alloc(parser->render->arena, capacity, sizeof *nodes);

        if (program->count != 0)
            memcpy(nodes, program->nodes, program->count * sizeof *nodes);
        program->nodes = nodes;
        program->capacity = capacity;
    }
    node = &program->nodes[program->count++];
    node->op = op;
    node->line = line;
    node->text = text;
    return node;
}

static void add_text(struct parser *parser, size_t end)
{
    const char *text = parser->program->text.text;

    if (end > parser->at)
        add_node(parser, OP_TEXT, parser->line, (struct span){text + parser->at, end - parser->at});
}

static struct node *add_named(struct parser *parser, enum op op, size_t line, struct span name)
{
    struct node *node = add_node(parser, op, line, name);
    const char *dot = memchr(name.text, '.', name.length);

    node->first = dot == NULL ? name.length : (size_t)(dot - name.text);
    return node;
}

static bool unclosed(struct parser *parser, const struct tag *tag)
{
    struct span text = parser->program->text;
    struct span shown = {text.text + tag->start, text.length - tag->start};
    const char *newline = memchr(shown.text, '\n', shown.length);
    const char *before = tag->sigil == '{' ? "}" : tag->sigil == '=' ? "=" : "";

    if (newline != NULL)
        shown.length = (size_t)(newline - shown.text);
    return FAIL_TAG(parser, tag, "unclosed tag '%s' (expected '%s%s')", show(parser->render, shown),
                    before, show(parser->render, parser->close));
}

/* Ends the tag whose content starts at `from`: {{{ needs }}}, and {{= needs =}}. */
static bool read_content(struct parser *parser, struct tag *tag, size_t from)
{
    struct span text = parser->program->text;
    size_t close = find(text, from, parser->close);
    size_t end = close;

    if (tag->sigil == '=') {
        while (close != none && (close == from || text.text[close - 1] != '='))
            close = find(text, close + 1, parser->close);
        end = close - 1;
    } else if (tag->sigil == '{' && close != none) {
        if (close > from && text.text[close - 1] == '}')
            end = close - 1;
        else if (text.text[close] == '}' && starts(text, close + 1, parser->close))
            close++;
        else
            close = none;
    }
    if (close == none)
        return unclosed(parser, tag);
    tag->content = (struct span){text.text + from, end - from};
    tag->next = close + parser->close.length;
    /* A tag that holds the start of another one was not closed where it should have been. */
    if (tag->sigil != '!' && tag->sigil != '=' && find(tag->content, 0, parser->open) != none)
        return unclosed(parser, tag);
    tag->content = span_trim(tag->content);
    if (tag->sigil != '!' && tag->sigil != '=' && tag->content.length == 0)
        return FAIL_TAG(parser, tag, "empty tag (expected a name)");
    return true;
}

static bool read_tag(struct parser *parser, struct tag *tag)
{
    struct span text = parser->program->text;
    size_t at = tag->start + parser->open.length;

    tag->line = parser->line + count_lines(text, parser->at, tag->start);
    while (at < text.length && is_space(text.text[at]))
        at++;
    tag->sigil = ' ';
    if (at < text.length && memchr("#^/>!=&{", text.text[at], 8) != NULL)
        tag->sigil = text.text[at++];
    return read_content(parser, tag, at);
}

/*
 * A tag that prints nothing itself and is alone on its line takes the line
 * with it: moves the tag's start and end over the blanks and the newline.
 */
static void widen_standalone(struct parser *parser, struct tag *tag)
{
    struct span text = parser->program->text;
    size_t start = tag->start, next = tag->next;

    if (tag->sigil == ' ' || tag->sigil == '&' || tag->sigil == '{')
        return;
    while (start > parser->at && (text.text[start - 1] == ' ' || text.text[start - 1] == '\t'))
        start--;
    if (start != 0 && text.text[start - 1] != '\n')
        return;
    while (next < text.length && (text.text[next] == ' ' || text.text[next] == '\t'))
        next++;
    if (next < text.length) {
        if (text.text[next] == '\r' && next + 1 < text.length && text.text[next + 1] == '\n')
            next++;
        if (text.text[next] != '\n')
            return;
        next++;
    }
    tag->indent = (struct span){text.text + start, tag->start - start};
    tag->start = start;
    tag->next = next;
}

static bool set_delimiters(struct parser *parser, const struct tag *tag)
{
    struct span content = tag->content;
    struct span open = {content.text, 0}, close;

    while (open.length < content.length && !is_space(content.text[open.length]))
        open.length++;
    close = span_trim((struct span){content.text + open.length, content.length - open.length});
    for (size_t i = 0; i < close.length; i++) {
        if (is_space(close.text[i]))
            close.length = 0;
    }
    if (close.length == 0 || close.length > DELIMITER_MAX || open.length > DELIMITER_MAX)
        return FAIL_TAG(parser, tag,
                        "bad set-delimiter tag '=%s=' (expected two delimiters of at most %d "
                        "bytes, as in '=<%% %%>=')",
                        show(parser->render, content), DELIMITER_MAX);
    parser->open = open;
    parser->close = close;
    return true;
}

/* Cuts the next part, up to a '|', off the rest. */
static struct span next_part(struct span *rest)
{
    const char *bar = memchr(rest->text, '|', rest->length);
    struct span part = {rest->text, bar == NULL ? rest->length : (size_t)(bar - rest->text)};
    size_t taken = part.length + (bar != NULL);

    rest->text += taken;
    rest->length -= taken;
    if (bar == NULL)
        rest->text = NULL;
    return span_trim(part);
}

static enum filter filter_named(struct span name)
{
    unsigned filter = 0;

    while (filter < FILTER_COUNT && !same(name, span_of(filter_names[filter])))
        filter++;
    return (enum filter)filter;
}

static enum filter default_filter(const struct parser *parser, const struct tag *tag)
{
    if (tag->sigil != ' ')
        return FILTER_COUNT;
    switch (parser->render->options->escape) {
    case TEMPLATE_HTML:
        return FILTER_HTML;
    case TEMPLATE_C:
        return FILTER_C;
    case TEMPLATE_JSON:
        return FILTER_JSON;
    case TEMPLATE_MARKDOWN:
        return FILTER_MARKDOWN;
    case TEMPLATE_NONE:
        break;
    }
    return FILTER_COUNT;
}

static bool add_value(struct parser *parser, const struct tag *tag)
{
    struct span rest = tag->content;
    struct span name = next_part(&rest);
    struct node node = {0}, *added;
    enum filter escape = default_filter(parser, tag);

    if (name.length == 0)
        return FAIL_TAG(parser, tag, "empty tag (expected a name)");
    while (rest.text != NULL) {
        struct span part = next_part(&rest);
        enum filter filter = filter_named(part);

        /* An unknown filter makes nothing of anything. */
        if (filter == FILTER_COUNT && parser->render->options->lenient)
            return true;
        if (filter == FILTER_COUNT)
            return FAIL_TAG(parser, tag, "unknown filter '%s' (expected %s)",
                            show(parser->render, part),
                            join(parser->render, span_of(""), filter_names, FILTER_COUNT, false));
        if (node.filter_count == FILTERS_MAX)
            return FAIL_TAG(parser, tag, "too many filters (expected at most %d)", FILTERS_MAX);
        node.filters[node.filter_count++] = (unsigned char)filter;
        if (filter >= FILTER_C)
            escape = FILTER_COUNT;
    }
    if (escape != FILTER_COUNT)
        node.filters[node.filter_count++] = (unsigned char)escape;
    added = add_named(parser, OP_VALUE, tag->line, name);
    added->filter_count = node.filter_count;
    memcpy(added->filters, node.filters, sizeof node.filters);
    return true;
}

static bool open_section(struct parser *parser, const struct tag *tag)
{
    struct render *render = parser->render;
    enum op op = tag->sigil == '#' ? OP_SECTION : OP_INVERTED;

    if (memchr(tag->content.text, '|', tag->content.length) != NULL)
        return FAIL_TAG(parser, tag, "filters on section '%s' (expected a name alone)",
                        show(render, tag->content));
    if (parser->depth++ == render->depth_max)
        return FAIL_TAG(parser, tag, "nested too deep (expected at most %u sections and partials)",
                        render->depth_max);
    add_named(parser, op, tag->line, tag->content)->mate = parser->section;
    parser->section = parser->program->count - 1;
    return true;
}

static bool close_section(struct parser *parser, const struct tag *tag)
{
    struct render *render = parser->render;
    const char *found = show(render, tag->content);
    size_t index = parser->section;
    struct node *section;

    if (index == none)
        return FAIL_TAG(parser, tag, "found '/%s' outside of any section", found);
    section = &parser->program->nodes[index];
    if (!same(section->text, tag->content)) {
        const char *open = show(render, section->text);

        return FAIL_TAG(parser, tag, "found '/%s' in section '%s' of line %zu (expected '/%s')",
                        found, open, section->line, open);
    }
    parser->section = section->mate;
    parser->depth--;
    section->mate = parser->program->count;
    add_node(parser, OP_END, tag->line, tag->content)->mate = index;
    return true;
}

/* Asks for the text of a partial that no tag named before. */
static bool find_source(struct parser *parser, const struct tag *tag, struct span *source)
{
    const struct template_options *options = parser->render->options;
    const char *text, *why = NULL;
    struct span name = tag->content;

    if (options->partial == NULL)
        return false;
    /* Nothing sane is called so, and the name is to be a C string and part of an error. */
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.text[i] < 0x20)
            return false;
    }
    text =
        options->partial(options->user, arena_copy(parser->render->arena, name.text, name.length),
                         &source->length, &why);
    if (why != NULL)
        return FAIL_TAG(parser, tag, "partial '%s': %s", show(parser->render, name),
                        show(parser->render, span_of(why)));
    source->text = text;
    return text != NULL;
}

/* The partial, one for each indentation; NULL and no error: lenient, and there is none. */
static struct program *find_partial(struct parser *parser, const struct tag *tag)
{
    struct render *render = parser->render;
    struct span source = {0};
    struct program *partial;

    for (partial = render->partials; partial != NULL; partial = partial->next) {
        if (!same(span_of(partial->name), tag->content))
            continue;
        if (same(partial->indent, tag->indent))
            return partial;
        source = partial->source;
    }
    if (source.text == NULL && !find_source(parser, tag, &source)) {
        if (!render->options->lenient)
            FAIL_TAG(parser, tag, "unknown partial '%s' (expected %s)", show(render, tag->content),
                     render->options->partial == NULL ? "none: there are no partials"
                                                      : "the name of a partial");
        return NULL;
    }
    if (render->partial_count++ == PARTIALS_MAX) {
        FAIL_TAG(parser, tag, "too many partials (expected at most %d, each indentation counts)",
                 PARTIALS_MAX);
        return NULL;
    }
    partial = arena_alloc(render->arena, 1, sizeof *partial);
    partial->name = arena_copy(render->arena, tag->content.text, tag->content.length);
    partial->source = source;
    partial->indent = tag->indent;
    partial->next = render->partials;
    render->partials = partial;
    return partial;
}

static bool add_tag(struct parser *parser, const struct tag *tag)
{
    struct program *partial;

    switch (tag->sigil) {
    case '!':
        return true;
    case '=':
        return set_delimiters(parser, tag);
    case '#':
    case '^':
        return open_section(parser, tag);
    case '/':
        return close_section(parser, tag);
    case '>':
        partial = find_partial(parser, tag);
        if (partial != NULL)
            add_node(parser, OP_PARTIAL, tag->line, tag->content)->partial = partial;
        return parser->render->error == NULL;
    default:
        return add_value(parser, tag);
    }
}

static bool parse(struct render *render, struct program *program)
{
    struct parser parser = {
        .render = render,
        .program = program,
        .line = 1,
        .open = span_of("{{"),
        .close = span_of("}}"),
        .section = none,
    };
    struct tag tag;

    for (;;) {
        tag = (struct tag){.start = find(program->text, parser.at, parser.open)};
        if (tag.start == none)
            break;
        if (!read_tag(&parser, &tag))
            return false;
        widen_standalone(&parser, &tag);
        add_text(&parser, tag.start);
        parser.line = tag.line + count_lines(program->text, tag.start, tag.next);
        parser.at = tag.next;
        if (!add_tag(&parser, &tag))
            return false;
    }
    add_text(&parser, program->text.length);
    if (parser.section != none) {
        const struct node *section = &program->nodes[parser.section];
        const char *name = show(render, section->text);

        return fail(render, program, section->line,
                    "section '%s' is not closed: found the end of '%s' at line %zu (expected "
                    "'/%s')",
                    name, program->name,
                    parser.line + count_lines(program->text, parser.at, program->text.length),
                    name);
    }
    add_node(&parser, OP_RETURN, parser.line, span_of(""));
    return true;
}

/* Puts the indentation before each line of a partial; false when that is too much text. */
static bool indent_source(struct render *render, struct program *program)
{
    struct span source = program->source;
    size_t indent = program->indent.length, length = source.length, at = 0, lines;
    char *text, *to;

    if (length > render->text_left)
        return false;
    program->text = source;
    lines = count_lines(source, 0, length) + (length != 0 && source.text[length - 1] != '\n');
    if (indent != 0) {
        if (lines > (render->text_left - length) / indent)
            return false;
        length += lines * indent;
        to = text = arena_alloc(render->arena, length + 1, 1);
        while (at < source.length) {
            const char *newline = memchr(source.text + at, '\n', source.length - at);
            size_t next = newline == NULL ? source.length : (size_t)(newline - source.text) + 1;

            memcpy(to, program->indent.text, indent);
            memcpy(to + indent, source.text + at, next - at);
            to += indent + (next - at);
            at = next;
        }
        program->text = (struct span){text, length};
    }
    render->text_left -= length;
    return true;
}

/* Running */

/* An error that was reported already. */
static const char reported[] = "";

static bool flush(struct render *render)
{
    if (render->options->flush == NULL)
        return true;
    render->flushed = render->out->data[render->out->length - 1];
    if (!render->options->flush(render->options->flush_to))
        render->error = reported;
    return render->error == NULL;
}

static bool put(struct render *render, struct buffer *to, const char *text, size_t length)
{
    uint64_t used = to == render->out ? render->output : to->length;

    if (render->error != NULL)
        return false;
    if (length > render->output_max - used)
        return FAIL(render, "too much output (expected at most %" PRIu64 " bytes)",
                    render->output_max);
    if (length != 0)
        buffer_add(to, text, length);
    if (to != render->out)
        return true;
    render->output += length;
    return to->length < TEMPLATE_CHUNK || flush(render);
}

static void put_span(struct render *render, struct buffer *to, struct span text)
{
    put(render, to, text.text, text.length);
}

enum { NUMBER_MAX = 40 };

/* The digits of a magnitude, ending where number[] ends. */
static struct span format_digits(char number[NUMBER_MAX], uint64_t magnitude, unsigned base)
{
    size_t at = NUMBER_MAX;

    do {
        number[--at] = "0123456789abcdef"[magnitude % base];
        magnitude /= base;
    } while (magnitude != 0);
    return (struct span){number + at, NUMBER_MAX - at};
}

static struct span format_integer(char number[NUMBER_MAX], int64_t integer, bool hex)
{
    uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    struct span text = format_digits(number, magnitude, hex ? 16 : 10);
    size_t at = (size_t)(text.text - number);

    if (hex) {
        number[--at] = 'x';
        number[--at] = '0';
    }
    if (integer < 0)
        number[--at] = '-';
    return (struct span){number + at, NUMBER_MAX - at};
}

/* The shortest text that reads back the same, with a '.' whatever the locale has for it. */
static struct span format_real(char number[NUMBER_MAX], double real)
{
    size_t length = 0;

    if (real != real)
        return span_of("nan");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(number, NUMBER_MAX, "%.*g", digits, real);
        if (strtod(number, NULL) == real)
            break;
    }
    for (size_t i = 0; number[i] != '\0'; i++) {
        char c = number[i];

        if (is_digit(c) || is_lower(c) || c == '+' || c == '-')
            number[length++] = c;
        else if (length == 0 || number[length - 1] != '.')
            number[length++] = '.';
    }
    return (struct span){number, length};
}

/* The text of a value; false when it has none: a list, a map, a type that nothing reads. */
static bool format_value(char number[NUMBER_MAX], const struct value *value, struct span *text)
{
    switch (value->type) {
    case VALUE_BOOL:
        *text = span_of(value->boolean ? "true" : "false");
        return true;
    case VALUE_INT:
        *text = format_integer(number, value->integer, false);
        return true;
    case VALUE_REAL:
        *text = format_real(number, value->real);
        return true;
    case VALUE_STRING:
        *text = (struct span){value->string, value->length};
        return true;
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_OTHER:
        break;
    }
    return false;
}

/* What replaces the byte at text[at], or nothing (length 0): it stays. */
struct escape {
    char text[12];
    size_t length;
    size_t taken; /* bytes of the text that were looked at */
};

/* `before` is the byte before text[at], or NUL when there is none. */
typedef struct escape escape_fn(struct span text, size_t at, char before);

static struct escape replace(const char *with)
{
    struct escape escape = {.length = strlen(with), .taken = 1};

    memcpy(escape.text, with, escape.length);
    return escape;
}

static struct escape keep(size_t taken)
{
    return (struct escape){.taken = taken};
}

static struct escape replace_octal(unsigned char c)
{
    const char octal[] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
                          (char)('0' + (c & 7)), '\0'};

    return replace(octal);
}

/*
 * For the inside of a C string literal or comment. No two bytes may meet that
 * mean something together: no trigraph, no end and no start of a comment. What
 * comes before is known (the output ends with it), what comes behind is not, so
 * a last byte that could be half of such a pair is escaped as well; so is a
 * last backslash, which would otherwise join a // comment with the next line.
 */
static struct escape escape_c(struct span text, size_t at, char before)
{
    unsigned char c = (unsigned char)text.text[at];
    bool last = at + 1 == text.length;

    switch (c) {
    case '"':
        return replace("\\\"");
    case '\n':
        return replace("\\n");
    case '\r':
        return replace("\\r");
    case '\t':
        return replace("\\t");
    case '\\':
        return last ? replace_octal(c) : replace("\\\\");
    case '?':
        return last || before == '?' ? replace("\\?") : keep(1);
    case '*':
        return last || before == '/' ? replace_octal(c) : keep(1);
    case '/':
        return last || before == '*' ? replace_octal(c) : keep(1);
    default:
        return c < 0x20 || c > 0x7e ? replace_octal(c) : keep(1);
    }
}

/* Bytes of the UTF-8 character at the start of the text, 0 when it is none (RFC 3629). */
static size_t utf8_length(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned char low = 0x80, high = 0xbf;
    size_t want;

    if (s[0] < 0x80)
        return 1;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    want = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (s[0] == 0xe0)
        low = 0xa0; /* shorter forms exist */
    else if (s[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f; /* above U+10FFFF */
    if (length < want || s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < want; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return want;
}

static struct escape escape_json(struct span text, size_t at, char before)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char c = (unsigned char)text.text[at];
    size_t length;

    (void)before;
    if (c == '"')
        return replace("\\\"");
    if (c == '\\')
        return replace("\\\\");
    if (c < 0x20) {
        const char control[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], '\0'};

        return replace(control);
    }
    length = utf8_length(text.text + at, text.length - at);
    return length == 0 ? replace("\\ufffd") : keep(length);
}

static struct escape escape_html(struct span text, size_t at, char before)
{
    (void)before;
    switch (text.text[at]) {
    case '&':
        return replace("&amp;");
    case '<':
        return replace("&lt;");
    case '>':
        return replace("&gt;");
    case '"':
        return replace("&quot;");
    case '\'':
        return replace("&#39;");
    case '\r': /* which a reader of XML would take for a newline */
        return replace("&#13;");
    default:
        return keep(1);
    }
}

static struct escape escape_quotes(struct span text, size_t at, char before)
{
    (void)before;
    return text.text[at] == '"' ? replace("\"\"") : keep(1);
}

/* What no escape touches: most of what there is. */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A reference to a character never means markup, in no reader of Markdown. */
static struct escape replace_reference(char c)
{
    struct escape escape = {.taken = 1};

    escape.length = (size_t)snprintf(escape.text, sizeof escape.text, "&#%d;", c);
    return escape;
}

/* "1." or "1)" where a line may begin. */
static bool begins_list(struct span text, size_t at)
{
    size_t start = at;

    while (start != 0 && is_digit(text.text[start - 1]))
        start--;
    return (start == 0 || (start != at && is_space(text.text[start - 1]))) &&
           (at + 1 == text.length || is_space(text.text[at + 1]));
}

/*
 * What means something inside a word is always replaced, what does at its ends only there, and what
 * does at the beginning of a line where there may be one. What makes a link by itself does so as a
 * reference too, after those are read, so it is broken by a character that is not seen.
 */
static struct escape escape_markdown(struct span text, size_t at, char before)
{
    static const char always[] = "\n\r!#$&*<=>[\\]^`{|}~";
    char c = text.text[at], next = at + 1 < text.length ? text.text[at + 1] : '\0';

    switch (c) {
    case '@':
        return replace("&#8288;@");
    case '/':
        return before == ':' ? replace("&#8288;/") : keep(1);
    case '.':
        if (before == 'w' || before == 'W')
            return replace("&#8288;.");
        return begins_list(text, at) ? replace_reference(c) : keep(1);
    case ')':
        return begins_list(text, at) ? replace_reference(c) : keep(1);
    case '_':
    case '-':
    case '+':
        return is_plain(before) && is_plain(next) ? keep(1) : replace_reference(c);
    case ':':
    case ' ':
    case '\t':
        return before == '\n' || before == '\0' ? replace_reference(c) : keep(1);
    default:
        return memchr(always, c, sizeof always - 1) != NULL ? replace_reference(c) : keep(1);
    }
}

static void put_escaped(struct render *render, struct buffer *to, struct span text,
                        escape_fn *escape)
{
    char before = to->length != 0     ? to->data[to->length - 1]
                  : to == render->out ? render->flushed
                                      : '\0';
    size_t done = 0, at = 0;

    while (at < text.length) {
        struct escape found;

        if (is_plain(text.text[at])) {
            at++;
            continue;
        }
        found = escape(text, at, at == 0 ? before : text.text[at - 1]);
        if (found.length != 0) {
            put(render, to, text.text + done, at - done);
            put(render, to, found.text, found.length);
            done = at + found.taken;
        }
        at += found.taken;
    }
    put(render, to, text.text + done, at - done);
}

/* RFC 4180: quotes only where the text would not be read back otherwise, or would be run. */
static void put_csv(struct render *render, struct buffer *to, struct span text, bool is_string)
{
    bool formula = is_string && text.length != 0 && memchr("=+-@\t\r\n", *text.text, 7) != NULL;
    bool quote = formula;

    for (size_t i = 0; i < text.length; i++) {
        if (memchr(",\"\r\n", text.text[i], 4) != NULL)
            quote = true;
    }
    if (quote)
        put(render, to, "\"", 1);
    if (formula)
        put(render, to, "'", 1);
    put_escaped(render, to, text, escape_quotes);
    if (quote)
        put(render, to, "\"", 1);
}

static char map_byte(enum filter filter, char c)
{
    if (filter == FILTER_UPPER)
        return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    if (filter == FILTER_LOWER)
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    return is_plain(c) ? c : '_';
}

/* Byte by byte: upper, lower, ident. */
static void put_mapped(struct render *render, struct buffer *to, struct span text,
                       enum filter filter)
{
    char chunk[256];

    while (text.length != 0 && render->error == NULL) {
        size_t length = text.length < sizeof chunk ? text.length : sizeof chunk;

        for (size_t i = 0; i < length; i++)
            chunk[i] = map_byte(filter, text.text[i]);
        put(render, to, chunk, length);
        text.text += length;
        text.length -= length;
    }
}

static void put_filtered(struct render *render, struct buffer *to, enum filter filter,
                         struct span text, const struct value *value)
{
    char number[NUMBER_MAX];

    switch (filter) {
    case FILTER_HEX:
        put_span(render, to, format_integer(number, value->integer, true));
        break;
    case FILTER_IDENT:
        if (text.length == 0 || is_digit(text.text[0]))
            put(render, to, "_", 1);
        put_mapped(render, to, text, filter);
        break;
    case FILTER_UPPER:
    case FILTER_LOWER:
        put_mapped(render, to, text, filter);
        break;
    case FILTER_C:
        put_escaped(render, to, text, escape_c);
        break;
    case FILTER_JSON:
        put_escaped(render, to, text, escape_json);
        break;
    case FILTER_HTML:
        put_escaped(render, to, text, escape_html);
        break;
    case FILTER_CSV:
        put_csv(render, to, text, value->type == VALUE_STRING);
        break;
    case FILTER_MARKDOWN:
        put_escaped(render, to, text, escape_markdown);
        break;
    case FILTER_DEC: /* the text is decimal already */
    case FILTER_COUNT:
        put_span(render, to, text);
        break;
    }
}

/* How far a name was found: in this value (NULL: in no context) no next part. */
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
static bool unknown(struct render *render, const struct node *node, struct miss miss)
{
    const char *what = node->op == OP_VALUE ? "name" : "section";
    const char *name = show(render, node->text);
    struct span prefix = {node->text.text, miss.in == NULL ? 0 : miss.done + 1};
    const char *keys[KEYS_MAX];
    size_t count = 0;
    bool more = false;

    if (miss.in != NULL && miss.in->type != VALUE_MAP) {
        prefix.length--;
        return FAIL(render, "unknown %s '%s': '%s' is of type %s (expected dictionary)", what, name,
                    show(render, prefix), value_type_name(miss.in->type));
    }
    if (miss.in != NULL)
        more = list_keys(miss.in, keys, &count);
    for (size_t i = render->depth; miss.in == NULL && i-- > 0 && !more;)
        more = list_keys(render->frames[i].context, keys, &count);
    if (count == 0)
        return FAIL(render, "unknown %s '%s' (expected none: there is no name here)", what, name);
    return FAIL(render, "unknown %s '%s' (expected %s)", what, name,
                join(render, prefix, keys, count, more));
}

/* NULL: there is none, which is an error unless lenient. */
static const struct value *look_up(struct render *render, const struct node *node)
{
    struct miss miss;
    const struct value *value = resolve(render, node, &miss);

    if (value == NULL && !render->options->lenient)
        unknown(render, node, miss);
    return value;
}

static bool run_value(struct render *render, const struct node *node)
{
    const struct value *value = look_up(render, node);
    char number[NUMBER_MAX];
    struct span text;

    if (value == NULL)
        return render->error == NULL;
    if (!format_value(number, value, &text))
        return render->options->lenient ||
               FAIL(render, "'%s' is of type %s (expected string, number or boolean)",
                    show(render, node->text), value_type_name(value->type));
    if (node->filter_count == 0)
        return put(render, render->out, text.text, text.length);
    for (unsigned i = 0; i < node->filter_count && render->error == NULL; i++) {
        enum filter filter = (enum filter)node->filters[i];
        bool last = i + 1 == node->filter_count;
        struct buffer *to = last ? render->out : &render->scratch[i % 2];

        if (filter <= FILTER_DEC && (i != 0 || value->type != VALUE_INT))
            return FAIL(render, "filter '%s' got type %s (expected integer)", filter_names[filter],
                        value_type_name(i != 0 ? VALUE_STRING : value->type));
        if (!last)
            to->length = 0;
        put_filtered(render, to, filter, text, value);
        text = (struct span){to->data == NULL ? "" : to->data, to->length};
    }
    return render->error == NULL;
}

static struct frame *push(struct render *render)
{
    /* The first frame, the data's, is no nesting. */
    if (render->depth > render->depth_max) {
        FAIL(render, "nested too deep (expected at most %u sections and partials)",
             render->depth_max);
        return NULL;
    }
    if (render->depth == render->capacity) {
        size_t capacity = render->capacity == 0 ? 16 : render->capacity * 2;
        struct frame *frames = arena_alloc(render->arena, capacity, sizeof *frames);

        if (render->depth != 0)
            memcpy(frames, render->frames, render->depth * sizeof *frames);
        render->frames = frames;
        render->capacity = capacity;
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

    if (render->error != NULL)
        return false;
    if (is_true(value) == inverted) {
        render->at = node->mate + 1;
        return true;
    }
    frame = push(render);
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
    struct frame *frame = push(render);

    if (frame == NULL)
        return false;
    if (partial->nodes == NULL) {
        if (!indent_source(render, partial))
            return FAIL(render, "too much template text (expected at most %d bytes)", TEXT_MAX);
        if (!parse(render, partial))
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
static bool step(struct render *render)
{
    const struct node *node = &render->program->nodes[render->at++];

    render->node = node;
    if (render->steps_left-- == 0)
        return FAIL(render, "too much repetition (expected at most %" PRIu64 " steps)",
                    render->steps_max);
    switch (node->op) {
    case OP_TEXT:
        return put(render, render->out, node->text.text, node->text.length);
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
    struct render render = {
        .arena = arena,
        .options = options,
        .output_max = options->output_max == 0 ? TEMPLATE_OUTPUT_MAX : options->output_max,
        .depth_max = options->depth_max == 0 ? TEMPLATE_DEPTH_MAX : options->depth_max,
        .out = out,
        .text_left = TEXT_MAX,
        .steps_max = options->steps_max == 0 ? TEMPLATE_STEPS_MAX : options->steps_max,
        .program = &program,
    };

    render.steps_left = render.steps_max;
    push(&render)->context = data;
    buffer_add(out, "", 0);
    if (!indent_source(&render, &program)) {
        fail(&render, &program, 1, "too much template text (expected at most %d bytes)", TEXT_MAX);
    } else if (parse(&render, &program)) {
        while (step(&render))
            ;
    }
    for (size_t i = 0; i < render.capacity; i++)
        arena_free(&render.frames[i].item);
    buffer_free(&render.scratch[0]);
    buffer_free(&render.scratch[1]);
    *error = render.error == reported ? NULL : render.error;
    return render.error == NULL;
}

enum template_escape template_escape_for(const char *file_name)
{
    static const struct {
        const char *ending;
        enum template_escape escape;
    } endings[] = {
        {".c", TEMPLATE_C},         {".h", TEMPLATE_C},
        {".inc", TEMPLATE_C},       {".json", TEMPLATE_JSON},
        {".html", TEMPLATE_HTML},   {".htm", TEMPLATE_HTML},
        {".xml", TEMPLATE_HTML},    {".svg", TEMPLATE_HTML},
        {".md", TEMPLATE_MARKDOWN}, {".markdown", TEMPLATE_MARKDOWN},
    };
    static const struct span mustache = {".mustache", 9};
    const char *slash = strrchr(file_name, '/');
    struct span name = span_of(slash == NULL ? file_name : slash + 1);
    size_t dot;

    if (name.length >= mustache.length && starts(name, name.length - mustache.length, mustache))
        name.length -= mustache.length;
    for (dot = name.length; dot != 0 && name.text[dot - 1] != '.'; dot--)
        ;
    if (dot == 0)
        return TEMPLATE_NONE;
    name = (struct span){name.text + dot - 1, name.length - dot + 1};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (same(name, span_of(endings[i].ending)))
            return endings[i].escape;
    }
    return TEMPLATE_NONE;
}
