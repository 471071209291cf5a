/*
 * An XML property list -> values. A part of XML 1.0 is read, each construct as XML says; what a
 * document has beyond it (an internal subset, another encoding) is refused, never skipped.
 */
#include "common/text.h"
#include "scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum element { KEY, INTEGER, STRING, DICT, ARRAY, TRUE, FALSE, REAL, DATA, DATE, PLIST, ELEMENTS };

static const struct span names[ELEMENTS] = {
    [KEY] = {"key", 3},     [INTEGER] = {"integer", 7}, [STRING] = {"string", 6},
    [DICT] = {"dict", 4},   [ARRAY] = {"array", 5},     [TRUE] = {"true", 4},
    [FALSE] = {"false", 5}, [REAL] = {"real", 4},       [DATA] = {"data", 4},
    [DATE] = {"date", 4},   [PLIST] = {"plist", 5},
};

struct xml {
    struct arena *arena;
    const char *text, *at, *end;
    const char *error;
    size_t elements;
    uint64_t comparisons;
    struct scan_entry *entries;     /* a stack: those of the dictionaries that are open */
    size_t entry_count, entry_most; /* its height, and its greatest height so far */
    struct buffer content;          /* text of an element that differs from what the file has */
};

static struct value *read_value(struct xml *xml, unsigned depth);

/* ---- places ---------------------------------------------------------------------------------- */

/* The number of the line of a place, counted only for messages. */
static size_t line_of(const struct xml *xml, const char *at)
{
    size_t line = 1;

    for (const char *c = xml->text; c < at; c++)
        line += *c == '\n' || (*c == '\r' && (c + 1 == xml->end || c[1] != '\n'));
    return line;
}

/* Keeps the reason, unless there is one already; always false. */
PRINTF_LIKE(3, 4)
static bool refuse_at(struct xml *xml, const char *at, const char *format, ...)
{
    va_list args;

    if (xml->error != NULL)
        return false;
    va_start(args, format);
    xml->error = arena_printf(xml->arena, "line %zu: %s", line_of(xml, at),
                              arena_vprintf(xml->arena, format, args));
    va_end(args);
    return false;
}

#define REFUSE(xml, ...) refuse_at((xml), (xml)->at, __VA_ARGS__)

static inline bool starts(const struct xml *xml, const char *with)
{
    size_t length = strlen(with);

    return (size_t)(xml->end - xml->at) >= length && memcmp(xml->at, with, length) == 0;
}

static inline bool take(struct xml *xml, const char *text)
{
    if (!starts(xml, text))
        return false;
    xml->at += strlen(text);
    return true;
}

static inline bool is_xml_space(char c)
{
    return c == '\t' || c == ' ' || c == '\n' || c == '\r';
}

/* Takes white space; whether there was any. */
static inline bool take_space(struct xml *xml)
{
    const char *begin = xml->at, *at = begin;

    while (at < xml->end && is_xml_space(*at))
        at++;
    xml->at = at;
    return at != begin;
}

/* ---- characters ------------------------------------------------------------------------------ */

static bool is_plain(char c)
{
    return (unsigned char)c - 0x20u < 0x60u;
}

/* The bytes of one character of UTF-8, ASCII or not; 0 when there is none that XML has. */
static size_t take_wide(const char *at, const char *end)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)*at;
    size_t more = lead < 0x80         ? 0
                  : lead >> 5 == 0x06 ? 1
                  : lead >> 4 == 0x0e ? 2
                  : lead >> 3 == 0x1e ? 3
                                      : SIZE_MAX;
    uint32_t code = more == 0 ? lead : lead & (0x3fu >> (more & 3));

    if (more >= (size_t)(end - at))
        return 0;
    for (size_t i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    return code >= least[more] && scan_is_character(code) ? more + 1 : 0;
}

static bool refuse_character(struct xml *xml)
{
    unsigned char c = (unsigned char)*xml->at;

    if (c == 0)
        return REFUSE(xml, "a NUL byte (expected an XML or binary property list)");
    if (c < 0x20)
        return REFUSE(xml, "a control character (expected text)");
    return REFUSE(xml,
                  "bytes that are no character in UTF-8 (expected an XML or binary property list)");
}

static bool take_character(struct xml *xml)
{
    size_t size = is_plain(*xml->at) ? 1 : take_wide(xml->at, xml->end);

    xml->at += size;
    return size != 0 || refuse_character(xml);
}

/* Refuses text where none may stand; a byte that is no character of XML is refused as such. */
static bool refuse_text(struct xml *xml, const char *why)
{
    const char *begin = xml->at;

    return take_character(xml) && refuse_at(xml, begin, "%s", why);
}

/* The value of a hexadecimal digit; 16 for any other character. */
static unsigned digit_value(char c)
{
    char lower = (char)(c | 32);

    return is_digit(c)                    ? (unsigned)(c - '0')
           : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                          : 16;
}

/* Takes &amp; or another of the five, or a character by number, and appends it to the content. */
static bool take_reference(struct xml *xml)
{
    static const struct {
        const char *name, *text;
    } named[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
    const char *begin = xml->at;
    uint32_t code = 0, base = 10;

    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (take(xml, named[i].name)) {
            buffer_add(&xml->content, named[i].text, 1);
            return true;
        }
    if (!take(xml, "&#"))
        return REFUSE(xml, "unknown entity (expected &amp; &lt; &gt; &quot; &apos; or &#N;)");
    if (take(xml, "x"))
        base = 16;
    for (; xml->at < xml->end && digit_value(*xml->at) < base && code <= 0x10ffff; xml->at++)
        code = code * base + digit_value(*xml->at);
    if (xml->at == xml->end || *xml->at != ';' || !scan_is_character(code))
        return refuse_at(xml, begin, "bad character number (expected one that XML has)");
    xml->at++;
    scan_add_character(&xml->content, code);
    return true;
}

/* ---- what says nothing ----------------------------------------------------------------------- */

/* Takes characters up to a mark, and the mark; an error is told of where they began. */
static bool take_past(struct xml *xml, const char *mark, const char *begin, const char *what,
                      const char *expected)
{
    while (xml->at < xml->end && !starts(xml, mark))
        if (!take_character(xml))
            return false;
    return take(xml, mark) ||
           refuse_at(xml, begin, "%s does not end (expected %s)", what, expected);
}

static bool skip_comment(struct xml *xml)
{
    const char *begin = xml->at;

    xml->at += strlen("<!--");
    if (!take_past(xml, "--", begin, "comment", "-->"))
        return false;
    return take(xml, ">") || refuse_at(xml, begin, "-- in a comment (expected --> at its end)");
}

static bool is_name(char c, bool first)
{
    return is_upper(c) || is_lower(c) || c == '_' || c == ':' ||
           (!first && (is_digit(c) || c == '-' || c == '.'));
}

/* Takes a processing instruction. XML keeps the name xml, in any case, for the declaration. */
static bool skip_instruction(struct xml *xml)
{
    const char *begin = xml->at, *name = xml->at + strlen("<?");
    bool declares;

    for (xml->at = name; xml->at < xml->end && is_name(*xml->at, xml->at == name); xml->at++)
        ;
    declares = xml->at - name == 3 && (name[0] | 32) == 'x' && (name[1] | 32) == 'm' &&
               (name[2] | 32) == 'l';
    if (xml->at == name || declares || (!starts(xml, "?>") && !take_space(xml)))
        return refuse_at(xml, begin,
                         "an instruction of no name of its own (expected <?NAME ...?>)");
    return take_past(xml, "?>", begin, "processing instruction", "?>");
}

/* Takes white space, comments and instructions; false only on an error. */
static bool skip_nothing(struct xml *xml)
{
    for (;;) {
        take_space(xml);
        if (xml->end - xml->at < 2 || *xml->at != '<' || (xml->at[1] != '!' && xml->at[1] != '?'))
            return true;
        if (!starts(xml, "<!--") && xml->at[1] == '!')
            return true;
        if (!(xml->at[1] == '!' ? skip_comment : skip_instruction)(xml))
            return false;
    }
}

/* ---- before the list ------------------------------------------------------------------------- */

/* Takes TEXT in quotes of either kind. */
static bool take_quoted(struct xml *xml, const char *text)
{
    const char *begin = xml->at;
    char quote = begin == xml->end ? '\0' : *begin;

    if (quote == '"' || quote == '\'') {
        xml->at++;
        if (take(xml, text) && xml->at < xml->end && *xml->at == quote) {
            xml->at++;
            return true;
        }
    }
    xml->at = begin;
    return false;
}

/* Takes white space and NAME="VALUE", or nothing when they are not there. */
static bool take_attribute(struct xml *xml, const char *name, const char *value)
{
    const char *begin = xml->at;

    if (take_space(xml) && take(xml, name)) {
        take_space(xml);
        if (take(xml, "=")) {
            take_space(xml);
            if (take_quoted(xml, value))
                return true;
        }
    }
    xml->at = begin;
    return false;
}

static bool read_declaration(struct xml *xml)
{
    const char *begin = xml->at;

    if (!starts(xml, "<?xml") || xml->end - xml->at < 6 || !is_xml_space(xml->at[5]))
        return true;
    xml->at += strlen("<?xml");
    if (take_attribute(xml, "version", "1.0")) {
        if (!take_attribute(xml, "encoding", "UTF-8"))
            take_attribute(xml, "encoding", "utf-8");
        if (!take_attribute(xml, "standalone", "yes"))
            take_attribute(xml, "standalone", "no");
        take_space(xml);
        if (take(xml, "?>"))
            return true;
    }
    return refuse_at(xml, begin,
                     "an XML declaration of another kind (expected version 1.0 and "
                     "encoding UTF-8)");
}

static bool read_document_type(struct xml *xml)
{
    static const char system[] = "http://www.apple.com/DTDs/PropertyList-1.0.dtd";
    const char *begin = xml->at;

    if (!take(xml, "<!DOCTYPE"))
        return true;
    if (take_space(xml) && take(xml, "plist") && take_space(xml) && take(xml, "PUBLIC") &&
        take_space(xml) &&
        (take_quoted(xml, "-//Apple//DTD PLIST 1.0//EN") ||
         take_quoted(xml, "-//Apple Computer//DTD PLIST 1.0//EN")) &&
        take_space(xml) && take_quoted(xml, system)) {
        take_space(xml);
        if (take(xml, ">"))
            return true;
    }
    return refuse_at(xml, begin,
                     "a document type of another kind (expected none or Apple's "
                     "-//Apple//DTD PLIST 1.0//EN)");
}

/* ---- tags ------------------------------------------------------------------------------------ */

/* The first element whose name begins with the character; others that do follow it. */
static enum element first_element(char c)
{
    switch (c) {
    case 'k':
        return KEY;
    case 'i':
        return INTEGER;
    case 's':
        return STRING;
    case 'd':
        return DICT;
    default:
        return ARRAY;
    }
}

static inline bool ends_name(char c)
{
    return c == '>' || c == '/' || c == '<' || is_xml_space(c);
}

static inline bool take_name(struct xml *xml, enum element element)
{
    size_t length = names[element].length;

    if ((size_t)(xml->end - xml->at) <= length ||
        memcmp(xml->at, names[element].text, length) != 0 || !ends_name(xml->at[length]))
        return false;
    xml->at += length;
    return true;
}

static bool refuse_name(struct xml *xml, const char *begin)
{
    const char *name = xml->at, *end = name;

    while (end < xml->end && !ends_name(*end))
        end++;
    if (end == xml->end)
        return refuse_at(xml, begin, "a tag does not end (expected >)");
    return refuse_at(xml, begin, "unknown element <%.*s> (expected one of a property list)",
                     end - name > 20 ? 20 : (int)(end - name), name);
}

static bool read_start(struct xml *xml, enum element *element, bool *empty)
{
    const char *begin = xml->at++;

    *element = xml->at == xml->end ? ELEMENTS : first_element(*xml->at);
    while (*element < ELEMENTS && !take_name(xml, *element))
        ++*element;
    if (*element == ELEMENTS)
        return refuse_name(xml, begin);
    if (++xml->elements > PLIST_OBJECTS_MAX)
        return refuse_at(xml, begin, "too many elements (expected at most %d)", PLIST_OBJECTS_MAX);
    if (*element == PLIST)
        take_attribute(xml, "version", "1.0");
    take_space(xml);
    *empty = take(xml, "/>");
    if (*empty || take(xml, ">"))
        return true;
    if (xml->at == xml->end || *xml->at == '<')
        return refuse_at(xml, begin, "a tag does not end (expected >)");
    return refuse_at(xml, begin, "<%s> with an attribute (expected %s)", names[*element].text,
                     *element == PLIST ? "none but version=\"1.0\"" : "none");
}

/* Takes the end tag of an element. */
static bool read_end(struct xml *xml, enum element element)
{
    const char *begin = xml->at;

    if (xml->error != NULL)
        return false;
    if (take(xml, "</") && take_name(xml, element)) {
        take_space(xml);
        if (take(xml, ">"))
            return true;
    }
    return refuse_at(xml, begin, "a closing tag out of place (expected </%s>)",
                     names[element].text);
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Whether a character of a text stands for itself; most do. */
static bool is_ordinary(char c)
{
    return is_plain(c) ? c != '<' && c != '&' && c != ']' : c == '\n' || c == '\t';
}

/* Takes CR or CR LF, which are ends of lines as LF is. */
static void take_return(struct xml *xml)
{
    xml->at++;
    take(xml, "\n");
    buffer_add(&xml->content, "\n", 1);
}

static bool take_cdata(struct xml *xml)
{
    const char *begin = xml->at;

    xml->at += strlen("<![CDATA[");
    while (xml->at < xml->end && !starts(xml, "]]>")) {
        const char *character = xml->at;

        if (*character == '\r') {
            take_return(xml);
            continue;
        }
        if (!take_character(xml))
            return false;
        buffer_add(&xml->content, character, (size_t)(xml->at - character));
    }
    return take(xml, "]]>") || refuse_at(xml, begin, "CDATA does not end (expected ]]>)");
}

/* Takes what does not stand for itself into the content; false only on an error. */
static bool take_special(struct xml *xml)
{
    if (*xml->at == '&')
        return take_reference(xml);
    if (*xml->at == '\r') {
        take_return(xml);
        return true;
    }
    if (starts(xml, "<![CDATA["))
        return take_cdata(xml);
    if (starts(xml, "<!--"))
        return skip_comment(xml);
    return starts(xml, "<?") ? skip_instruction(xml)
                             : REFUSE(xml, "markup out of place (expected text)");
}

/* Takes the text of an element and its end tag. The text is the file's or xml->content. */
static bool read_text(struct xml *xml, enum element element, struct span *text)
{
    const char *begin = xml->at, *run = begin;

    xml->content.length = 0;
    for (;;) {
        const char *at = xml->at;

        while (at < xml->end && is_ordinary(*at))
            at++;
        xml->at = at;
        if (xml->at == xml->end || starts(xml, "</"))
            break;
        if (starts(xml, "]]>"))
            return REFUSE(xml, "]]> in a text (expected ]]&gt;)");
        if (*xml->at == '<' && xml->end - xml->at > 1 && xml->at[1] != '!' && xml->at[1] != '?')
            break;
        if (*xml->at == '&' || *xml->at == '<' || *xml->at == '\r') {
            buffer_add(&xml->content, run, (size_t)(xml->at - run));
            if (!take_special(xml))
                return false;
            run = xml->at;
        } else if (!take_character(xml)) {
            return false;
        }
    }
    *text = (struct span){begin, (size_t)(xml->at - begin)};
    if (run != begin) {
        buffer_add(&xml->content, run, (size_t)(xml->at - run));
        *text = (struct span){xml->content.data, xml->content.length};
    }
    if (!starts(xml, "</"))
        return refuse_at(xml, begin, "<%s> does not end (expected </%s>)", names[element].text,
                         names[element].text);
    return read_end(xml, element);
}

/*
 * Why the text is no integer, or NULL. It is one if all of it is decimal or 0x..., within 64 bits
 * signed. A leading zero is refused, since libplist takes 0140 for octal and Apple for decimal
 * (plists.md 3.1).
 */
static const char *parse_integer(struct span text, int64_t *integer)
{
    static const char none[] = "an integer without digits (expected decimal or 0x hexadecimal)";
    bool negative = text.length != 0 && text.text[0] == '-';
    const char *at = text.text + negative, *end = text.text + text.length;
    uint64_t value = 0, limit = (uint64_t)INT64_MAX + negative;
    unsigned base = 10;

    if (!negative && end - at > 1 && at[0] == '0' && at[1] == 'x') {
        at += 2;
        base = 16;
    }
    if (at == end)
        return none;
    if (base == 10 && end - at > 1 && at[0] == '0' && is_digit(at[1]))
        return "an integer with a leading zero (expected decimal or 0x hexadecimal)";
    for (; at < end; at++) {
        unsigned digit = digit_value(*at);

        if (digit >= base)
            return "not an integer (expected decimal or 0x hexadecimal)";
        if (value > (limit - digit) / base)
            return "an integer too large (expected one of 64 bits, signed)";
        value = value * base + digit;
    }
    *integer = negative && value != 0 ? -(int64_t)(value - 1) - 1 : (int64_t)value;
    return NULL;
}

static bool skip_digits(const char **at)
{
    const char *begin = *at;

    while (is_digit(**at))
        ++*at;
    return *at != begin;
}

/* Why the text is no real, or NULL. It is one if it is decimal, as C writes it, and finite. */
static const char *parse_real(const char *text, double *real)
{
    const char *at = text;
    bool digits;

    at += *at == '-' || *at == '+';
    digits = skip_digits(&at);
    if (*at == '.') {
        at++;
        digits |= skip_digits(&at);
    }
    if (digits && (*at | 32) == 'e') {
        at++;
        at += *at == '-' || *at == '+';
        digits = skip_digits(&at);
    }
    if (!digits || *at != '\0')
        return "not a real (expected a decimal number)";
    *real = strtod(text, NULL);
    return isfinite(*real) ? NULL : "a real too large (expected one of 64 bits)";
}

/* Why the text is not Base64, with white space anywhere; or NULL. */
static const char *check_data(struct span text)
{
    size_t count = 0, padding = 0;

    for (size_t i = 0; i < text.length; i++) {
        char c = text.text[i];

        if (is_xml_space(c))
            continue;
        if (c != '=' && (padding != 0 ||
                         (!is_upper(c) && !is_lower(c) && !is_digit(c) && c != '+' && c != '/')))
            return "not data (expected Base64)";
        count++;
        padding += c == '=';
    }
    return count % 4 == 0 && padding <= 2 ? NULL : "data cut short (expected Base64)";
}

static const char *check_date(struct span text)
{
    static const char form[] =
        "0000-19-39T29:59:59Z"; /* the most that each digit but the year's can be */
    bool ok = text.length == strlen(form);

    for (size_t i = 0; ok && i < text.length; i++)
        ok = is_digit(form[i]) ? is_digit(text.text[i]) && (i < 4 || text.text[i] <= form[i])
                               : text.text[i] == form[i];
    return ok ? NULL : "not a date (expected YYYY-MM-DDTHH:MM:SSZ)";
}

static struct value *read_scalar(struct xml *xml, enum element element, bool empty)
{
    struct span text = {"", 0};
    const char *begin = xml->at, *why = NULL;
    int64_t integer = 0;
    double real = 0;

    if (!empty && !read_text(xml, element, &text))
        return NULL;
    if (element == STRING)
        return value_string(xml->arena, text.text, text.length);
    if (element == INTEGER)
        why = parse_integer(span_trim(text), &integer);
    else if (element == REAL)
        why =
            parse_real(arena_copy(xml->arena, span_trim(text).text, span_trim(text).length), &real);
    else
        why = element == DATA ? check_data(text) : check_date(span_trim(text));
    if (why != NULL) {
        refuse_at(xml, begin, "%s", why);
        return NULL;
    }
    return element == INTEGER ? value_int(xml->arena, integer)
           : element == REAL  ? value_real(xml->arena, real)
                              : value_other(xml->arena);
}

/* ---- containers ------------------------------------------------------------------------------ */

/* Goes to the next start tag; false at anything else, which the caller takes for its end tag. */
static bool at_child(struct xml *xml, enum element parent)
{
    if (!skip_nothing(xml))
        return false;
    if (xml->at == xml->end)
        return REFUSE(xml, "the file is cut short (expected </%s>)", names[parent].text);
    if (*xml->at != '<')
        return refuse_text(xml, "text outside a value (expected an element)");
    if (starts(xml, "<!"))
        return REFUSE(xml, "markup out of place (expected an element)");
    return !starts(xml, "</");
}

static struct value *read_array(struct xml *xml, bool empty, unsigned depth)
{
    struct value *list = value_list(xml->arena);

    if (empty)
        return list;
    while (at_child(xml, ARRAY)) {
        struct value *item = read_value(xml, depth);

        if (item == NULL)
            return NULL;
        value_append(xml->arena, list, item);
    }
    return read_end(xml, ARRAY) ? list : NULL;
}

static bool read_key(struct xml *xml, const char **key)
{
    const char *begin = xml->at;
    struct span text = {"", 0};
    enum element element = ELEMENTS;
    bool empty = false;

    if (!read_start(xml, &element, &empty))
        return false;
    if (element != KEY)
        return refuse_at(xml, begin, "<%s> in <dict> (expected <key>)", names[element].text);
    if (!empty && !read_text(xml, KEY, &text))
        return false;
    *key = arena_copy(xml->arena, text.text, text.length);
    return true;
}

static void push_entry(struct xml *xml, const char *key, const char *begin, struct value *value)
{
    if (xml->entry_count == xml->entry_most) {
        xml->entries = arena_grow(xml->arena, xml->entries, xml->entry_most, sizeof *xml->entries);
        xml->entry_most++;
    }
    xml->entries[xml->entry_count++] = (struct scan_entry){key, value, (size_t)(begin - xml->text)};
}

static struct value *read_dict(struct xml *xml, bool empty, unsigned depth)
{
    size_t first = xml->entry_count;
    const struct scan_entry *doubled = NULL;
    struct value *map;

    while (!empty && at_child(xml, DICT)) {
        const char *begin = xml->at, *key = NULL;
        struct value *value = NULL;

        xml->comparisons += xml->entry_count - first + 1;
        if (xml->comparisons > PLIST_COMPARISONS_MAX)
            REFUSE(xml, "too many keys (expected at most %d in a dictionary)", PLIST_KEYS_MAX);
        else if (read_key(xml, &key) && at_child(xml, DICT))
            value = read_value(xml, depth);
        else
            REFUSE(xml, "</dict> too early (expected a value)");
        if (value == NULL)
            return NULL;
        push_entry(xml, key, begin, value);
    }
    if (!empty && !read_end(xml, DICT))
        return NULL;
    map = scan_map(xml->arena, xml->entries == NULL ? NULL : xml->entries + first,
                   xml->entry_count - first, &doubled);
    xml->entry_count = first;
    if (map == NULL)
        refuse_at(xml, xml->text + doubled->place, "%s", scan_doubled(xml->arena, doubled));
    return map;
}

/* Takes an element, from its start tag on. */
static struct value *read_value(struct xml *xml, unsigned depth)
{
    const char *begin = xml->at;
    enum element element = ELEMENTS;
    bool empty = false;

    if (!read_start(xml, &element, &empty))
        return NULL;
    switch (element) {
    case DICT:
    case ARRAY:
        if (depth == PLIST_DEPTH_MAX) {
            refuse_at(xml, begin, "nested too deep (expected at most %d levels)", PLIST_DEPTH_MAX);
            return NULL;
        }
        return (element == DICT ? read_dict : read_array)(xml, empty, depth + 1);
    case TRUE:
    case FALSE:
        if (!empty && !starts(xml, "</"))
            refuse_at(xml, begin, "<%s> is not empty (expected <%s/>)", names[element].text,
                      names[element].text);
        return empty || read_end(xml, element) ? value_bool(xml->arena, element == TRUE) : NULL;
    case KEY:
    case PLIST:
        refuse_at(xml, begin, "<%s> out of place (expected a value)", names[element].text);
        return NULL;
    default:
        return read_scalar(xml, element, empty);
    }
}

/* ---- the document ---------------------------------------------------------------------------- */

/* Takes all up to the start tag of <plist>, and that. */
static bool read_begin(struct xml *xml)
{
    const char *begin;
    enum element element = ELEMENTS;
    bool empty = false;

    take(xml, "\xef\xbb\xbf");
    if (!read_declaration(xml) || !skip_nothing(xml) || !read_document_type(xml) ||
        !skip_nothing(xml))
        return false;
    begin = xml->at;
    if (begin == xml->end)
        return REFUSE(xml, "no property list (expected <plist>)");
    if (*begin != '<')
        return refuse_text(xml, "text before <plist> (expected an XML or binary property list)");
    if (starts(xml, "<!") || starts(xml, "</"))
        return REFUSE(xml, "%s out of place (expected <plist>)",
                      begin[1] == '!' ? "markup" : "a closing tag");
    if (!read_start(xml, &element, &empty))
        return false;
    if (element != PLIST)
        return refuse_at(xml, begin, "<%s> outside <plist> (expected <plist>)",
                         names[element].text);
    return !empty || refuse_at(xml, begin, "<plist/> is empty (expected a value)");
}

static struct value *read_document(struct xml *xml)
{
    struct value *root;

    if (!read_begin(xml))
        return NULL;
    if (!at_child(xml, PLIST)) {
        REFUSE(xml, "</plist> too early (expected a value)");
        return NULL;
    }
    root = read_value(xml, 0);
    if (root == NULL)
        return NULL;
    if (at_child(xml, PLIST)) {
        REFUSE(xml, "a second value (expected </plist>)");
        return NULL;
    }
    if (!read_end(xml, PLIST) || !skip_nothing(xml))
        return NULL;
    if (xml->at == xml->end)
        return root;
    refuse_text(xml, "more behind </plist> (expected the end)");
    return NULL;
}

struct value *scan_xml(struct arena *arena, const char *text, size_t length, const char **error)
{
    struct xml xml = {.arena = arena, .text = text, .at = text, .end = text + length};
    struct value *root = read_document(&xml);

    buffer_free(&xml.content);
    *error = xml.error;
    return root;
}
