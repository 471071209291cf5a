#include "scan.h"

#include "plist.h"

#include <stdlib.h>
#include <string.h>

/*
 * What takes libplist time with the square of its size: each key of a dictionary is compared with
 * those before it, and each entity of a text moves what is behind it.
 */
enum { COMPARISONS_MAX = PLIST_KEYS_MAX * (PLIST_KEYS_MAX + 1) / 2, MOVED_MAX = 1 << 30 };

static bool exceeds(uint64_t *spent, uint64_t more, uint64_t most)
{
    *spent += more;
    return *spent > most;
}

/* ---- XML ------------------------------------------------------------------------------------- */

enum element {
    NOTHING, /* the file itself, outside <plist> */
    PLIST,
    DICT,
    ARRAY,
    KEY,
    STRING,
    INTEGER,
    REAL,
    DATA,
    DATE,
    TRUE,
    FALSE,
    ELEMENTS
};

static const char *const element_names[ELEMENTS] = {
    [NOTHING] = "",  [PLIST] = "plist",   [DICT] = "dict",       [ARRAY] = "array",
    [KEY] = "key",   [STRING] = "string", [INTEGER] = "integer", [REAL] = "real",
    [DATA] = "data", [DATE] = "date",     [TRUE] = "true",       [FALSE] = "false",
};

static const char *const closing_tags[ELEMENTS] = {
    [NOTHING] = "",     [PLIST] = "</plist>",   [DICT] = "</dict>",       [ARRAY] = "</array>",
    [KEY] = "</key>",   [STRING] = "</string>", [INTEGER] = "</integer>", [REAL] = "</real>",
    [DATA] = "</data>", [DATE] = "</date>",     [TRUE] = "</true>",       [FALSE] = "</false>",
};

/* A key as it is spelt in the file, for scan_doubled_key(). */
struct key {
    size_t dict; /* where its dictionary begins */
    const char *text;
    size_t length;
};

struct xml {
    struct arena *arena;
    const char *text, *at, *end;
    const char *error;
    size_t keys, elements;
    uint64_t comparisons, moved;
    struct key *key_list; /* NULL: only count */
    struct {
        enum element element;
        size_t begin;
        size_t keys;
        bool has_value; /* of <plist>; in <dict>: the last key has its value */
    } open[PLIST_DEPTH_MAX + 2];
    size_t depth;
    size_t begun;
};

/* Lines are counted when one has to be told, not while scanning. */
static size_t line_of(const struct xml *xml, const char *at)
{
    size_t line = 1;

    for (const char *c = xml->text; c < at; c++)
        line += *c == '\n';
    return line;
}

static bool refuse(struct xml *xml, const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(struct xml *xml, const char *format, ...)
{
    char text[256];
    va_list args;

    if (xml->error != NULL)
        return false;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    xml->error = arena_printf(xml->arena, "line %zu: %s", line_of(xml, xml->at), text);
    return false;
}

static bool starts(const struct xml *xml, const char *with)
{
    size_t length = strlen(with);

    return (size_t)(xml->end - xml->at) >= length && memcmp(xml->at, with, length) == 0;
}

static void step(struct xml *xml, size_t bytes)
{
    xml->at += bytes;
}

static bool skip_past(struct xml *xml, const char *mark, const char *what)
{
    const char *begin = xml->at;

    while (xml->at < xml->end && !starts(xml, mark)) {
        const char *next = memchr(xml->at + 1, *mark, (size_t)(xml->end - xml->at - 1));

        xml->at = next == NULL ? xml->end : next;
    }
    if (xml->at == xml->end) {
        xml->at = begin; /* where it begins */
        return refuse(xml, "%s does not end (expected %s)", what, mark);
    }
    step(xml, strlen(mark));
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Comments, processing instructions and the document type, which must not declare anything. */
static bool skip_markup(struct xml *xml)
{
    if (starts(xml, "<!--")) {
        step(xml, strlen("<!--"));
        return skip_past(xml, "-->", "comment");
    }
    if (starts(xml, "<?")) {
        step(xml, strlen("<?"));
        return skip_past(xml, "?>", "processing instruction");
    }
    if (!starts(xml, "<!DOCTYPE") || xml->depth != 0)
        return refuse(xml, "markup out of place (expected an element)");
    for (const char *at = xml->at; at < xml->end && *at != '>'; at++)
        if (*at == '[')
            return refuse(xml, "the document type declares entities (expected none)");
    return skip_past(xml, ">", "document type");
}

static bool is_surrogate(unsigned long code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

/* &amp; and the other four, or a character by number, which must not be NUL. */
static bool check_entity(struct xml *xml)
{
    static const char *const named[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
    const char *at = xml->at + 2;
    bool hexadecimal = at < xml->end && *at == 'x';
    unsigned long code = 0;

    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (starts(xml, named[i])) {
            step(xml, strlen(named[i]));
            return true;
        }
    if (!starts(xml, "&#"))
        return refuse(xml, "unknown entity (expected &amp; &lt; &gt; &quot; &apos; or &#N;)");
    at += hexadecimal;
    for (; at < xml->end && *at != ';' && code <= 0x10ffff; at++) {
        if (is_digit(*at))
            code = code * (hexadecimal ? 16 : 10) + (unsigned long)(*at - '0');
        else if (hexadecimal && ((*at | 32) >= 'a' && (*at | 32) <= 'f'))
            code = code * 16 + (unsigned long)((*at | 32) - 'a' + 10);
        else
            break;
    }
    if (at == xml->end || *at != ';' || code == 0 || code > 0x10ffff || is_surrogate(code))
        return refuse(xml, "bad character number (expected &#1; to &#1114111;, no surrogate)");
    step(xml, (size_t)(at + 1 - xml->at));
    return true;
}

/*
 * Decimal or 0x..., within 64 bits signed: all of the element, so "12abc" is not 12. A leading
 * zero is refused, since libplist takes 0140 for octal and Apple for decimal.
 */
static bool check_integer(struct xml *xml, const char *text, size_t length)
{
    const char *end = text + length;
    uint64_t value = 0, limit = INT64_MAX;
    unsigned base = 10;

    while (text < end && is_space(*text))
        text++;
    while (end > text && is_space(end[-1]))
        end--;
    if (text < end && *text == '-') {
        text++;
        limit++;
    }
    if (end - text > 2 && text[0] == '0' && text[1] == 'x') {
        text += 2;
        base = 16;
    }
    if (text == end)
        return refuse(xml, "an integer without digits (expected decimal or 0x hexadecimal)");
    if (base == 10 && end - text > 1 && *text == '0' && is_digit(text[1]))
        return refuse(xml, "an integer with a leading zero (expected decimal or 0x hexadecimal)");
    for (; text < end; text++) {
        char lower = (char)(*text | 32);
        unsigned digit = is_digit(*text)                              ? (unsigned)(*text - '0')
                         : base == 16 && lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a') + 10
                                                                      : 16;
        if (digit == 16)
            return refuse(xml, "not an integer (expected decimal or 0x hexadecimal)");
        if (value > (limit - digit) / base)
            return refuse(xml, "an integer too large (expected one of 64 bits, signed)");
        value = value * base + digit;
    }
    return true;
}

/* The inside of <key>, <string>, <integer> ...: text, entities, comments, CDATA. */
static bool scan_content(struct xml *xml, enum element element)
{
    const char *begin = xml->at, *closing = closing_tags[element];
    size_t entities = 0;

    while (xml->at < xml->end) {
        if (*xml->at == '&') {
            if (!check_entity(xml))
                return false;
            entities++;
        } else if (starts(xml, "<![CDATA[")) {
            if (!skip_past(xml, "]]>", "CDATA"))
                return false;
        } else if (starts(xml, "<!--")) {
            if (!skip_markup(xml))
                return false;
        } else if (*xml->at == '<') {
            break;
        } else {
            while (xml->at < xml->end && *xml->at != '<' && *xml->at != '&')
                xml->at++;
        }
    }
    size_t length = (size_t)(xml->at - begin);
    if (!starts(xml, closing)) {
        xml->at = begin;
        return refuse(xml, "<%s> does not end (expected %s)", element_names[element], closing);
    }
    if (exceeds(&xml->moved, (uint64_t)entities * length, MOVED_MAX))
        return refuse(xml, "too many entities in a long text (expected fewer or shorter ones)");
    if (element == INTEGER && !check_integer(xml, begin, length))
        return false;
    if (element == KEY && xml->key_list != NULL)
        xml->key_list[xml->keys] = (struct key){xml->open[xml->depth].begin, begin, length};
    xml->keys += element == KEY;
    step(xml, strlen(closing));
    return true;
}

/* Whether an element may stand here: one value in <plist>, keys and values in turn in <dict>. */
static bool check_place(struct xml *xml, enum element element)
{
    enum element parent = xml->open[xml->depth].element;
    const char *name = element_names[element];

    if (parent == NOTHING ? element != PLIST : element == PLIST)
        return refuse(xml, "<%s> %s", name,
                      parent == NOTHING ? "outside <plist> (expected <plist>)"
                                        : "inside <plist> (expected a value)");
    if (parent == NOTHING || parent == PLIST) {
        if (element == KEY)
            return refuse(xml, "<key> outside <dict> (expected a value)");
        if (xml->open[xml->depth].has_value)
            return refuse(xml, "a second <%s> (expected the end)", name);
        xml->open[xml->depth].has_value = true;
    } else if (parent == ARRAY) {
        if (element == KEY)
            return refuse(xml, "<key> in <array> (expected a value)");
    } else {
        bool want_key = xml->open[xml->depth].has_value;

        if (want_key != (element == KEY))
            return refuse(xml, "<%s> in <dict> (expected %s)", name,
                          want_key ? "<key>" : "the value of the key before");
        if (want_key && exceeds(&xml->comparisons, ++xml->open[xml->depth].keys, COMPARISONS_MAX))
            return refuse(xml, "too many keys (expected at most %d in a dictionary)",
                          PLIST_KEYS_MAX);
        xml->open[xml->depth].has_value = !want_key;
    }
    return true;
}

static bool close_container(struct xml *xml)
{
    enum element element = xml->open[xml->depth].element;
    const char *closing = closing_tags[element];

    if (element == NOTHING || !starts(xml, closing))
        return refuse(xml, "a closing tag out of place (expected %s)",
                      element == NOTHING ? "<plist>" : closing);
    if ((element == PLIST || element == DICT) && !xml->open[xml->depth].has_value)
        return refuse(xml, "%s too early (expected a value)", closing);
    step(xml, strlen(closing));
    xml->depth--;
    return true;
}

static bool open_element(struct xml *xml)
{
    const char *name = xml->at + 1, *after = name;
    enum element element = PLIST;
    bool empty;

    while (after < xml->end && !is_space(*after) && *after != '>' &&
           !(*after == '/' && xml->end - after > 1 && after[1] == '>'))
        after++;
    while (element < ELEMENTS &&
           !(strlen(element_names[element]) == (size_t)(after - name) &&
             memcmp(element_names[element], name, (size_t)(after - name)) == 0))
        element++;
    if (element == ELEMENTS)
        return refuse(xml, "unknown element <%.*s> (expected one of a property list)",
                      after - name > 20 ? 20 : (int)(after - name), name);
    if (++xml->elements > PLIST_OBJECTS_MAX)
        return refuse(xml, "too many elements (expected at most %d)", PLIST_OBJECTS_MAX);
    while (after < xml->end && *after != '>' && *after != '<')
        after++;
    if (after < xml->end && *after == '<')
        return refuse(xml, "a tag does not end (expected >)");
    if (!check_place(xml, element) || !skip_past(xml, ">", "a tag"))
        return false;
    empty = xml->at[-2] == '/';
    if (element == TRUE || element == FALSE)
        return empty || refuse(xml, "<%s> is not empty (expected <%s/>)", element_names[element],
                               element_names[element]);
    if (empty && (element == INTEGER || element == KEY || element == PLIST))
        return refuse(xml, "<%s/> is empty (expected a value)", element_names[element]);
    if (empty)
        return true;
    if (element > ARRAY)
        return scan_content(xml, element);
    if (xml->depth == PLIST_DEPTH_MAX + 1)
        return refuse(xml, "nested too deep (expected at most %d levels)", PLIST_DEPTH_MAX);
    xml->depth++;
    xml->open[xml->depth].element = element;
    xml->open[xml->depth].begin = ++xml->begun;
    xml->open[xml->depth].keys = 0;
    xml->open[xml->depth].has_value = element == DICT;
    return true;
}

static bool scan_document(struct xml *xml)
{
    while (xml->at < xml->end) {
        bool ok = true;

        while (xml->at < xml->end && is_space(*xml->at))
            xml->at++;
        if (xml->at == xml->end)
            break;
        if (starts(xml, "</"))
            ok = close_container(xml);
        else if (starts(xml, "<!") || starts(xml, "<?"))
            ok = skip_markup(xml);
        else if (*xml->at == '<')
            ok = open_element(xml);
        else if (xml->depth != 0)
            ok = refuse(xml, "text outside a value (expected an element)");
        else if (xml->open[0].has_value)
            ok = refuse(xml, "text after </plist> (expected the end)");
        else
            ok = refuse(xml, "text before <plist> (expected an XML or binary property list)");
        if (!ok)
            return false;
    }
    if (xml->depth != 0)
        return refuse(xml, "the file is cut short (expected </%s>)",
                      element_names[xml->open[xml->depth].element]);
    return xml->open[0].has_value || refuse(xml, "no property list (expected <plist>)");
}

/* Where text stops being UTF-8; NULL when all of it is. */
static const char *not_utf8(const char *at, const char *end)
{
    static const unsigned long least[] = {0, 0x80, 0x800, 0x10000};

    while (at < end) {
        uint64_t eight;

        if (end - at >= 8 && (memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
            at += 8;
            continue;
        }
        unsigned char lead = (unsigned char)*at;
        size_t more = lead < 0x80         ? 0
                      : lead >> 5 == 0x06 ? 1
                      : lead >> 4 == 0x0e ? 2
                      : lead >> 3 == 0x1e ? 3
                                          : SIZE_MAX;
        unsigned long code = more == 0 ? lead : lead & (0x3fu >> (more & 3));

        if (more >= (size_t)(end - at))
            return at;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return at;
            code = code << 6 | (at[i] & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || is_surrogate(code))
            return at;
        at += more + 1;
    }
    return NULL;
}

static struct xml begin_xml(struct arena *arena, const char *text, size_t length)
{
    struct xml xml = {.arena = arena, .text = text, .at = text, .end = text + length};

    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        xml.at += 3;
    return xml;
}

bool scan_xml(struct arena *arena, const char *text, size_t length, struct scan *scan)
{
    struct xml xml = begin_xml(arena, text, length);
    const char *nul = memchr(text, '\0', length), *bad = not_utf8(text, text + length);
    bool ok = false;

    if (nul != NULL) {
        step(&xml, nul < xml.at ? 0 : (size_t)(nul - xml.at));
        refuse(&xml, "a NUL byte (expected an XML or binary property list)");
    } else if (bad != NULL) {
        step(&xml, (size_t)(bad - xml.at));
        refuse(&xml, "a byte that is not UTF-8 (expected an XML or binary property list)");
    } else {
        ok = scan_document(&xml);
    }
    scan->objects = xml.elements - 1; /* but <plist> */
    scan->error = xml.error;
    return ok;
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    size_t length = x->length < y->length ? x->length : y->length;
    int order;

    if (x->dict != y->dict)
        return x->dict < y->dict ? -1 : 1;
    order = memcmp(x->text, y->text, length);
    if (order != 0)
        return order;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return x->text < y->text ? -1 : x->text > y->text;
}

const char *scan_doubled_key(struct arena *arena, const char *text, size_t length)
{
    struct xml count = begin_xml(arena, text, length), xml = count;

    if (!scan_document(&count))
        return count.error;
    xml.key_list = arena_alloc(arena, count.keys, sizeof(struct key));
    scan_document(&xml);
    qsort(xml.key_list, xml.keys, sizeof(struct key), compare_keys);
    for (size_t i = 1; i < xml.keys; i++) {
        const struct key *a = &xml.key_list[i - 1], *b = &xml.key_list[i];

        if (a->dict == b->dict && a->length == b->length &&
            memcmp(a->text, b->text, a->length) == 0)
            return arena_printf(arena, "line %zu: key %.*s occurs twice (expected each key once)",
                                line_of(&xml, b->text), a->length > 100 ? 100 : (int)a->length,
                                a->text);
    }
    return NULL;
}

/* ---- binary ---------------------------------------------------------------------------------- */

enum { TRAILER = 32 };

struct binary {
    struct arena *arena;
    const unsigned char *data;
    size_t length; /* without the trailer */
    size_t offset_size, ref_size, objects, table;
    size_t visited;
    uint64_t comparisons, copied;
    const char *error;
};

static bool refuse_binary(struct binary *binary, const char *why)
{
    if (binary->error == NULL)
        binary->error = why;
    return false;
}

static const char beyond_end[] = "an object beyond the end of the file (expected all of it)";

static uint64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/* The count of an object: its low nibble, or an integer object behind it when that is 15. */
static bool object_count(struct binary *binary, size_t *at, size_t *count)
{
    size_t size;

    *count = binary->data[(*at)++] & 15;
    if (*count != 15)
        return true;
    if (*at >= binary->table || binary->data[*at] >> 4 != 1 || (binary->data[*at] & 15) > 3)
        return refuse_binary(binary, "an object without its length (expected an integer)");
    size = (size_t)1 << (binary->data[*at] & 15);
    if (binary->table - *at - 1 < size)
        return refuse_binary(binary, beyond_end);
    *count = (size_t)big_endian(binary->data + *at + 1, size);
    *at += 1 + size;
    return *count <= binary->length || refuse_binary(binary, beyond_end);
}

static bool scan_object(struct binary *binary, uint64_t index, bool key, unsigned depth);

static bool scan_container(struct binary *binary, size_t at, bool dict, unsigned depth)
{
    size_t count, refs;

    if (!object_count(binary, &at, &count))
        return false;
    if (dict && exceeds(&binary->comparisons, (uint64_t)count * (count + 1) / 2, COMPARISONS_MAX))
        return refuse_binary(binary,
                             arena_printf(binary->arena,
                                          "too many keys (expected at most %d in a dictionary)",
                                          PLIST_KEYS_MAX));
    refs = dict ? 2 * count : count;
    if (refs > (binary->table - at) / binary->ref_size)
        return refuse_binary(binary, beyond_end);
    for (size_t i = 0; i < refs; i++)
        if (!scan_object(binary,
                         big_endian(binary->data + at + i * binary->ref_size, binary->ref_size),
                         dict && i < count, depth + 1))
            return false;
    return true;
}

/* libplist ends a string at a NUL and drops what is no character. */
static bool check_string(struct binary *binary, size_t at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (binary->data[at + i] - 1u > 0x7e)
            return refuse_binary(binary, "a NUL or a byte above 127 in an ASCII string (expected "
                                         "ASCII)");
    return true;
}

static bool check_utf16(struct binary *binary, size_t at, size_t size)
{
    static const char why[] = "a NUL or half a surrogate pair in a string (expected UTF-16)";

    for (size_t i = 0; i < size; i += 2) {
        uint64_t unit = big_endian(binary->data + at + i, 2);
        uint64_t next = i + 2 < size ? big_endian(binary->data + at + i + 2, 2) : 0;

        if (unit == 0 || unit >> 10 == 0x37 || (unit >> 10 == 0x36 && next >> 10 != 0x37))
            return refuse_binary(binary, why);
        i += unit >> 10 == 0x36 ? 2 : 0;
    }
    return true;
}

/* One text can be referred to often, and libplist copies it each time. */
static bool few_bytes(struct binary *binary, size_t size)
{
    return !exceeds(&binary->copied, size, PLIST_SIZE_MAX) ||
           refuse_binary(binary, arena_printf(binary->arena,
                                              "too much text or data, each use of it counted "
                                              "(expected at most %d bytes)",
                                              PLIST_SIZE_MAX));
}

static bool scan_string(struct binary *binary, size_t at, bool wide)
{
    size_t size;

    if (!object_count(binary, &at, &size))
        return false;
    size *= wide ? 2 : 1;
    if (size > binary->table - at)
        return refuse_binary(binary, beyond_end);
    return few_bytes(binary, size) && (wide ? check_utf16 : check_string)(binary, at, size);
}

static bool scan_object(struct binary *binary, uint64_t index, bool key, unsigned depth)
{
    static const char unknown[] = "an object of unknown type (expected what XML can say)";
    size_t at, size;
    unsigned marker, low;

    /* A cycle is without end in depth, a bomb of shared objects in visits. */
    if (depth > PLIST_DEPTH_MAX + 1)
        return refuse_binary(binary, arena_printf(binary->arena,
                                                  "nested too deep, or an object inside itself "
                                                  "(expected at most %d levels)",
                                                  PLIST_DEPTH_MAX));
    if (++binary->visited > PLIST_OBJECTS_MAX)
        return refuse_binary(binary,
                             arena_printf(binary->arena, "too many objects (expected at most %d)",
                                          PLIST_OBJECTS_MAX));
    if (index >= binary->objects)
        return refuse_binary(
            binary, arena_printf(binary->arena, "a reference to object %llu (expected one of %zu)",
                                 (unsigned long long)index, binary->objects));
    at = (size_t)big_endian(binary->data + binary->table + index * binary->offset_size,
                            binary->offset_size);
    if (at < 8 || at >= binary->table)
        return refuse_binary(binary, "an object outside of where objects are (expected its offset "
                                     "before the offset table)");
    marker = binary->data[at] >> 4;
    low = binary->data[at] & 15;
    if (key && marker != 0x5 && marker != 0x6)
        return refuse_binary(binary, "a key that is no string (expected a string)");
    switch (marker) {
    case 0x0:
        return low == 8 || low == 9 || refuse_binary(binary, unknown);
    case 0x1:
        size = (size_t)1 << low;
        if (low > 3)
            return refuse_binary(binary, "an integer too large (expected one of 64 bits, signed)");
        break;
    case 0x2:
    case 0x3:
        size = (size_t)1 << low;
        if (low != 3 && (marker == 0x3 || low != 2))
            return refuse_binary(binary, "a real or date of unknown size (expected 8 bytes)");
        break;
    case 0x8:
        size = low + 1;
        if ((size & low) != 0 || size > 8)
            return refuse_binary(binary, unknown);
        break;
    case 0x4:
        if (!object_count(binary, &at, &size) || !few_bytes(binary, size))
            return false;
        at--;
        break;
    case 0x5:
    case 0x6:
        return scan_string(binary, at, marker == 0x6);
    case 0xa:
    case 0xd:
        return scan_container(binary, at, marker == 0xd, depth);
    default:
        return refuse_binary(binary, unknown);
    }
    return size < binary->table - at || refuse_binary(binary, beyond_end);
}

bool scan_binary(struct arena *arena, const char *text, size_t length, struct scan *scan)
{
    struct binary binary = {.arena = arena, .data = (const unsigned char *)text};
    const unsigned char *trailer = binary.data + length - TRAILER;
    uint64_t objects, top, table;
    bool ok;

    scan->objects = 0;
    scan->error = "the file is cut short (expected a trailer of 32 bytes)";
    if (length < 8 + TRAILER)
        return false;
    binary.length = length - TRAILER;
    binary.offset_size = trailer[6];
    binary.ref_size = trailer[7];
    objects = big_endian(trailer + 8, 8);
    top = big_endian(trailer + 16, 8);
    table = big_endian(trailer + 24, 8);
    if (binary.offset_size - 1 > 7 || binary.ref_size - 1 > 7 || objects == 0 || table < 9 ||
        table > binary.length || objects > (binary.length - table) / binary.offset_size)
        ok = refuse_binary(&binary, "a bad trailer, as of a file cut short (expected the offsets "
                                    "of its objects)");
    else {
        binary.objects = (size_t)objects;
        binary.table = (size_t)table;
        ok = scan_object(&binary, top, false, 0);
    }
    scan->objects = binary.visited;
    scan->error = binary.error;
    return ok;
}
