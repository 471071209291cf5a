/*
 * In goes the text of a template or partial, out comes a flat array of nodes. Nothing here calls
 * itself, and every way to ask for much from little (text, partials, filters, nesting) has a
 * limit. Of the job only the partials, the text that is left and the error are changed.
 */
#include "template_parse.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum {
    PARTIALS_MAX = 256, /* each indentation of a partial counts */
    DELIMITER_MAX = 32, /* bytes */
    SHOWN_MAX = 40,     /* bytes of a name or tag in an error */
};

static const size_t none = SIZE_MAX;

struct parser {
    struct job *job;
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

/* ---- errors ---------------------------------------------------------------------------------- */

const char *template_show(struct job *job, struct span text)
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
    return arena_copy(job->arena, shown, length);
}

bool template_fail(struct job *job, const struct program *program, size_t line, const char *format,
                   ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (job->error == NULL)
        job->error = arena_printf(job->arena, "%s:%zu: %s", program->name, line, message);
    return false;
}

#define FAIL_TAG(parser, tag, ...) \
    template_fail((parser)->job, (parser)->program, (tag)->line, __VA_ARGS__)

const char *template_join(struct job *job, struct span prefix, const char *const *items,
                          size_t count, bool more)
{
    struct buffer list = {0};
    const char *result;

    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            buffer_puts(&list, i + 1 == count && !more ? " or " : ", ");
        buffer_puts(&list, template_show(job, prefix));
        buffer_puts(&list, template_show(job, span_of(items[i])));
    }
    if (more)
        buffer_puts(&list, ", ...");
    result = arena_copy(job->arena, list.data, list.length);
    buffer_free(&list);
    return result;
}

/* ---- tags ------------------------------------------------------------------------------------ */

static bool starts_with(struct span text, size_t at, struct span what)
{
    return text.length - at >= what.length && memcmp(text.text + at, what.text, what.length) == 0;
}

static size_t find_text(struct span text, size_t from, struct span what)
{
    while (text.length - from >= what.length) {
        const char *hit = memchr(text.text + from, what.text[0], text.length - from);

        if (hit == NULL)
            break;
        from = (size_t)(hit - text.text);
        if (starts_with(text, from, what))
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

    program->nodes =
        arena_grow(parser->job->arena, program->nodes, program->count, sizeof *program->nodes);
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

static bool fail_unclosed(struct parser *parser, const struct tag *tag)
{
    struct span text = parser->program->text;
    struct span shown = {text.text + tag->start, text.length - tag->start};
    const char *newline = memchr(shown.text, '\n', shown.length);
    const char *before = tag->sigil == '{' ? "}" : tag->sigil == '=' ? "=" : "";

    if (newline != NULL)
        shown.length = (size_t)(newline - shown.text);
    return FAIL_TAG(parser, tag, "unclosed tag '%s' (expected '%s%s')",
                    template_show(parser->job, shown), before,
                    template_show(parser->job, parser->close));
}

/* Ends the tag whose content starts at `from`: {{{ needs }}}, and {{= needs =}}. */
static bool read_content(struct parser *parser, struct tag *tag, size_t from)
{
    struct span text = parser->program->text;
    size_t close = find_text(text, from, parser->close);
    size_t end = close;

    if (tag->sigil == '=') {
        while (close != none && (close == from || text.text[close - 1] != '='))
            close = find_text(text, close + 1, parser->close);
        end = close - 1;
    } else if (tag->sigil == '{' && close != none) {
        if (close > from && text.text[close - 1] == '}')
            end = close - 1;
        else if (text.text[close] == '}' && starts_with(text, close + 1, parser->close))
            close++;
        else
            close = none;
    }
    if (close == none)
        return fail_unclosed(parser, tag);
    tag->content = (struct span){text.text + from, end - from};
    tag->next = close + parser->close.length;
    /* A tag that holds the start of another one was not closed where it should have been. */
    if (tag->sigil != '!' && tag->sigil != '=' && find_text(tag->content, 0, parser->open) != none)
        return fail_unclosed(parser, tag);
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
                        template_show(parser->job, content), DELIMITER_MAX);
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

/* The names of all filters, for the message about one that does not exist. */
static const char *known_filters(struct job *job)
{
    const char **names;
    size_t count = 0;

    while (filters[count].name != NULL)
        count++;
    names = arena_alloc(job->arena, count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = filters[i].name;
    return template_join(job, span_of(""), names, count, false);
}

static bool add_value(struct parser *parser, const struct tag *tag)
{
    struct span rest = tag->content;
    struct span name = next_part(&rest);
    struct node node = {0}, *added;
    const struct filter *escape = tag->sigil == ' ' ? parser->job->options->escape : NULL;

    if (name.length == 0)
        return FAIL_TAG(parser, tag, "empty tag (expected a name)");
    while (rest.text != NULL) {
        struct span part = next_part(&rest);
        const struct filter *filter = filter_named(part);

        /* An unknown filter makes nothing of anything. */
        if (filter == NULL && parser->job->options->lenient)
            return true;
        if (filter == NULL)
            return FAIL_TAG(parser, tag, "unknown filter '%s' (expected %s)",
                            template_show(parser->job, part), known_filters(parser->job));
        if (node.filter_count == FILTERS_MAX)
            return FAIL_TAG(parser, tag, "too many filters (expected at most %d)", FILTERS_MAX);
        node.filters[node.filter_count++] = (unsigned char)(filter - filters);
        if (filter->escapes)
            escape = NULL;
    }
    if (escape != NULL)
        node.filters[node.filter_count++] = (unsigned char)(escape - filters);
    added = add_named(parser, OP_VALUE, tag->line, name);
    added->filter_count = node.filter_count;
    memcpy(added->filters, node.filters, sizeof node.filters);
    return true;
}

static bool open_section(struct parser *parser, const struct tag *tag)
{
    struct job *job = parser->job;
    enum op op = tag->sigil == '#' ? OP_SECTION : OP_INVERTED;

    if (memchr(tag->content.text, '|', tag->content.length) != NULL)
        return FAIL_TAG(parser, tag, "filters on section '%s' (expected a name alone)",
                        template_show(job, tag->content));
    if (parser->depth++ == job->depth_max)
        return FAIL_TAG(parser, tag, "nested too deep (expected at most %u sections and partials)",
                        job->depth_max);
    add_named(parser, op, tag->line, tag->content)->mate = parser->section;
    parser->section = parser->program->count - 1;
    return true;
}

static bool close_section(struct parser *parser, const struct tag *tag)
{
    struct job *job = parser->job;
    const char *found = template_show(job, tag->content);
    size_t index = parser->section;
    struct node *section;

    if (index == none)
        return FAIL_TAG(parser, tag, "found '/%s' outside of any section", found);
    section = &parser->program->nodes[index];
    if (!same_span(section->text, tag->content)) {
        const char *open = template_show(job, section->text);

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
    const struct template_options *options = parser->job->options;
    const char *text, *why = NULL;
    struct span name = tag->content;

    if (options->partial == NULL)
        return false;
    /* Nothing sane is called so, and the name is to be a C string and part of an error. */
    for (size_t i = 0; i < name.length; i++) {
        if ((unsigned char)name.text[i] < 0x20)
            return false;
    }
    text = options->partial(options->user, arena_copy(parser->job->arena, name.text, name.length),
                            &source->length, &why);
    if (why != NULL)
        return FAIL_TAG(parser, tag, "partial '%s': %s", template_show(parser->job, name),
                        template_show(parser->job, span_of(why)));
    source->text = text;
    return text != NULL;
}

/* The partial, one for each indentation; NULL and no error: lenient, and there is none. */
static struct program *find_partial(struct parser *parser, const struct tag *tag)
{
    struct job *job = parser->job;
    struct span source = {0};
    struct program *partial;

    for (partial = job->partials; partial != NULL; partial = partial->next) {
        if (!same_span(span_of(partial->name), tag->content))
            continue;
        if (same_span(partial->indent, tag->indent))
            return partial;
        source = partial->source;
    }
    if (source.text == NULL && !find_source(parser, tag, &source)) {
        if (!job->options->lenient)
            FAIL_TAG(parser, tag, "unknown partial '%s' (expected %s)",
                     template_show(job, tag->content),
                     job->options->partial == NULL ? "none: there are no partials"
                                                   : "the name of a partial");
        return NULL;
    }
    if (job->partial_count++ == PARTIALS_MAX) {
        FAIL_TAG(parser, tag, "too many partials (expected at most %d, each indentation counts)",
                 PARTIALS_MAX);
        return NULL;
    }
    partial = arena_alloc(job->arena, 1, sizeof *partial);
    partial->name = arena_copy(job->arena, tag->content.text, tag->content.length);
    partial->source = source;
    partial->indent = tag->indent;
    partial->next = job->partials;
    job->partials = partial;
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
        return parser->job->error == NULL;
    default:
        return add_value(parser, tag);
    }
}

bool template_parse(struct job *job, struct program *program)
{
    struct parser parser = {
        .job = job,
        .program = program,
        .line = 1,
        .open = span_of("{{"),
        .close = span_of("}}"),
        .section = none,
    };
    struct tag tag;

    for (;;) {
        tag = (struct tag){.start = find_text(program->text, parser.at, parser.open)};
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
        const char *name = template_show(job, section->text);

        return template_fail(
            job, program, section->line,
            "section '%s' is not closed: found the end of '%s' at line %zu (expected "
            "'/%s')",
            name, program->name,
            parser.line + count_lines(program->text, parser.at, program->text.length), name);
    }
    add_node(&parser, OP_RETURN, parser.line, span_of(""));
    return true;
}

bool template_indent(struct job *job, struct program *program)
{
    struct span source = program->source;
    size_t indent = program->indent.length, length = source.length, at = 0, lines;
    char *text, *to;

    if (length > job->text_left)
        return false;
    program->text = source;
    lines = count_lines(source, 0, length) + (length != 0 && source.text[length - 1] != '\n');
    if (indent != 0) {
        if (lines > (job->text_left - length) / indent)
            return false;
        length += lines * indent;
        to = text = arena_alloc(job->arena, length + 1, 1);
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
    job->text_left -= length;
    return true;
}
