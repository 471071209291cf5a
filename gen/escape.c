/*
 * In goes a value or a text, out come the bytes that a place can take: of C, of JSON, of a table.
 * Only sink_add() keeps anything, in the sink that it is given.
 */
#include "escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- where text goes ------------------------------------------------------------------------- */

static bool flush_sink(struct sink *sink)
{
    if (sink->flush == NULL)
        return true;
    sink->flushed = sink->to->data[sink->to->length - 1];
    if (!sink->flush(sink->flush_to))
        sink->state = SINK_FAILED;
    return sink->state == SINK_OK;
}

bool sink_add(struct sink *sink, const char *text, size_t length)
{
    if (length > sink->room && sink->state == SINK_OK)
        sink->state = SINK_FULL;
    if (sink->state != SINK_OK)
        return false;
    if (length != 0)
        buffer_add(sink->to, text, length);
    sink->room -= length;
    return sink->to->length < SINK_CHUNK || flush_sink(sink);
}

/* The byte that a text is to follow, NUL for none. */
static char last_byte(const struct sink *sink)
{
    return sink->to->length != 0 ? sink->to->data[sink->to->length - 1] : sink->flushed;
}

/* ---- the text of a value --------------------------------------------------------------------- */

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

bool format_value(char number[NUMBER_MAX], const struct value *value, struct span *text)
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

/* ---- escapes --------------------------------------------------------------------------------- */

/* What replaces the byte at text[at]; of length 0: the byte stays. */
struct escape {
    char text[12];
    size_t length;
    size_t taken; /* bytes of the text that were looked at */
};

/* `before` is the byte before text[at], or NUL when there is none. */
typedef struct escape escape_fn(struct span text, size_t at, char before);

static struct escape replace_byte(const char *with)
{
    struct escape escape = {.length = strlen(with), .taken = 1};

    memcpy(escape.text, with, escape.length);
    return escape;
}

static struct escape leave_bytes(size_t taken)
{
    return (struct escape){.taken = taken};
}

static struct escape replace_octal(unsigned char c)
{
    const char octal[] = {'\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
                          (char)('0' + (c & 7)), '\0'};

    return replace_byte(octal);
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
        return replace_byte("\\\"");
    case '\n':
        return replace_byte("\\n");
    case '\r':
        return replace_byte("\\r");
    case '\t':
        return replace_byte("\\t");
    case '\\':
        return last ? replace_octal(c) : replace_byte("\\\\");
    case '?':
        return last || before == '?' ? replace_byte("\\?") : leave_bytes(1);
    case '*':
        return last || before == '/' ? replace_octal(c) : leave_bytes(1);
    case '/':
        return last || before == '*' ? replace_octal(c) : leave_bytes(1);
    default:
        return c < 0x20 || c > 0x7e ? replace_octal(c) : leave_bytes(1);
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
        return replace_byte("\\\"");
    if (c == '\\')
        return replace_byte("\\\\");
    if (c < 0x20) {
        const char control[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], '\0'};

        return replace_byte(control);
    }
    length = utf8_length(text.text + at, text.length - at);
    return length == 0 ? replace_byte("\\ufffd") : leave_bytes(length);
}

static struct escape escape_html(struct span text, size_t at, char before)
{
    (void)before;
    switch (text.text[at]) {
    case '&':
        return replace_byte("&amp;");
    case '<':
        return replace_byte("&lt;");
    case '>':
        return replace_byte("&gt;");
    case '"':
        return replace_byte("&quot;");
    case '\'':
        return replace_byte("&#39;");
    case '\r': /* which a reader of XML would take for a newline */
        return replace_byte("&#13;");
    default:
        return leave_bytes(1);
    }
}

static struct escape escape_quotes(struct span text, size_t at, char before)
{
    (void)before;
    return text.text[at] == '"' ? replace_byte("\"\"") : leave_bytes(1);
}

/* Most bytes are plain: no escape touches them. */
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
 * The bytes of always[] mean something anywhere; '_', '-' and '+' at the ends of a word; ':' and
 * blanks at the beginning of a line; '.' and ')' behind the number of a list. GitHub makes links of
 * http://, www. and a@b after it has read references, so these get a word joiner (U+2060), which is
 * not seen.
 */
static struct escape escape_markdown(struct span text, size_t at, char before)
{
    static const char always[] = "\n\r!#$&*<=>[\\]^`{|}~";
    char c = text.text[at], next = at + 1 < text.length ? text.text[at + 1] : '\0';

    switch (c) {
    case '@':
        return replace_byte("&#8288;@");
    case '/':
        return before == ':' ? replace_byte("&#8288;/") : leave_bytes(1);
    case '.':
        if (before == 'w' || before == 'W')
            return replace_byte("&#8288;.");
        return begins_list(text, at) ? replace_reference(c) : leave_bytes(1);
    case ')':
        return begins_list(text, at) ? replace_reference(c) : leave_bytes(1);
    case '_':
    case '-':
    case '+':
        return is_plain(before) && is_plain(next) ? leave_bytes(1) : replace_reference(c);
    case ':':
    case ' ':
    case '\t':
        return before == '\n' || before == '\0' ? replace_reference(c) : leave_bytes(1);
    default:
        return memchr(always, c, sizeof always - 1) != NULL ? replace_reference(c) : leave_bytes(1);
    }
}

static void put_escaped(struct sink *sink, struct span text, escape_fn *escape)
{
    char before = last_byte(sink);
    size_t done = 0, at = 0;

    while (at < text.length) {
        struct escape found;

        if (is_plain(text.text[at])) {
            at++;
            continue;
        }
        found = escape(text, at, at == 0 ? before : text.text[at - 1]);
        if (found.length != 0) {
            sink_add(sink, text.text + done, at - done);
            sink_add(sink, found.text, found.length);
            done = at + found.taken;
        }
        at += found.taken;
    }
    sink_add(sink, text.text + done, at - done);
}

static void put_c(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_escaped(sink, text, escape_c);
}

static void put_json(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_escaped(sink, text, escape_json);
}

static void put_html(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_escaped(sink, text, escape_html);
}

static void put_markdown(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_escaped(sink, text, escape_markdown);
}

/* Up to the last blank before `most` bytes are over; up to the first, if that is later. */
static size_t line_length(struct span text, size_t most)
{
    size_t at = most;

    if (text.length <= most)
        return text.length;
    while (at != 0 && text.text[at] != ' ')
        at--;
    if (at == 0)
        for (at = most; at < text.length && text.text[at] != ' ';)
            at++;
    return at;
}

/*
 * For the inside of a comment of C, which has " * " before each line: what is long is broken at
 * blanks. What the lines begin with is not known here, so there is room for twenty bytes of it.
 */
static void put_comment(struct sink *sink, struct span text, const struct value *value)
{
    enum { LINE = 80 };

    (void)value;
    while (text.length != 0 && sink->state == SINK_OK) {
        size_t length = line_length(text, LINE);

        put_escaped(sink, (struct span){text.text, length}, escape_c);
        text.text += length;
        text.length -= length;
        if (text.length != 0) {
            text.text++; /* the blank */
            text.length--;
            sink_add(sink, "\n * ", 4);
        }
    }
}

/*
 * RFC 4180: quotes only where the text would not be read back otherwise, or where a spreadsheet
 * would run a string, not a number, as a formula, which gets a ' before it.
 */
static void put_csv(struct sink *sink, struct span text, const struct value *value)
{
    bool formula = value->type == VALUE_STRING && text.length != 0 &&
                   memchr("=+-@\t\r\n", *text.text, 7) != NULL;
    bool quote = formula;

    for (size_t i = 0; i < text.length; i++) {
        if (memchr(",\"\r\n", text.text[i], 4) != NULL)
            quote = true;
    }
    if (quote)
        sink_add(sink, "\"", 1);
    if (formula)
        sink_add(sink, "'", 1);
    put_escaped(sink, text, escape_quotes);
    if (quote)
        sink_add(sink, "\"", 1);
}

/* ---- other filters --------------------------------------------------------------------------- */

static char upper_byte(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

static char lower_byte(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char identifier_byte(char c)
{
    return is_plain(c) ? c : '_';
}

/* Byte by byte. */
static void put_mapped(struct sink *sink, struct span text, char (*map_byte)(char c))
{
    char chunk[256];

    while (text.length != 0 && sink->state == SINK_OK) {
        size_t length = text.length < sizeof chunk ? text.length : sizeof chunk;

        for (size_t i = 0; i < length; i++)
            chunk[i] = map_byte(text.text[i]);
        sink_add(sink, chunk, length);
        text.text += length;
        text.length -= length;
    }
}

static void put_hex(struct sink *sink, struct span text, const struct value *value)
{
    char number[NUMBER_MAX];

    text = format_integer(number, value->integer, true);
    sink_add(sink, text.text, text.length);
}

/* The text is decimal already. */
static void put_dec(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    sink_add(sink, text.text, text.length);
}

static void put_ident(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    if (text.length == 0 || is_digit(text.text[0]))
        sink_add(sink, "_", 1);
    put_mapped(sink, text, identifier_byte);
}

static void put_upper(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_mapped(sink, text, upper_byte);
}

static void put_lower(struct sink *sink, struct span text, const struct value *value)
{
    (void)value;
    put_mapped(sink, text, lower_byte);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct filter filters[] = {
    {.name = "hex", .of_integer = true, .put = put_hex},
    {.name = "dec", .of_integer = true, .put = put_dec},
    {.name = "ident", .put = put_ident},
    {.name = "upper", .put = put_upper},
    {.name = "lower", .put = put_lower},
    {.name = "c", .escapes = true, .endings = ".c.h.inc", .put = put_c},
    {.name = "comment", .escapes = true, .put = put_comment},
    {.name = "json", .escapes = true, .endings = ".json", .put = put_json},
    {.name = "html", .escapes = true, .endings = ".html.htm.xml.svg", .put = put_html},
    {.name = "csv", .escapes = true, .put = put_csv},
    {.name = "markdown", .escapes = true, .endings = ".md.markdown", .put = put_markdown},
    {.name = NULL},
};

const struct filter *filter_named(struct span name)
{
    for (const struct filter *filter = filters; filter->name != NULL; filter++)
        if (same_span(name, span_of(filter->name)))
            return filter;
    return NULL;
}
