/*
 * How libFuzzer makes the inputs of fuzz_plist: valid property lists from a grammar, in every
 * spelling that XML has for them, and what attacks a reader put between their tags.
 */
#include "plist_mutator.h"
#include "fuzz.h"
#include "plist_judge.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define PICK(list) pick((list), sizeof(list) / sizeof *(list))

/* clang-format off */
/* White space, or what counts as much, between elements. */
static const char *const between[] = {
    "", "", "", "\n", "\r\n", "\r", "\t", "  ", "<!-- a > b ' \" -->", "<!---->", "<!-- - <a> -->",
    "<?p?>", "<?p a='>' b=\"<\"?>", "\n\t\n",
};

/* What a text may have in it. */
static const char *const texts[] = {
    "a", "Z9_.", " ", "  ", "\t", "\n", "\r\n", "\r", "'", "\"", " >", "/>", "]]", "]", "--", "-->",
    "?>", "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#65;", "&#x41;", "&#x0a;", "&#10;",
    "&#13;", "&#9;", "&#38;", "&#60;", "&#x10FFFF;", "&#xD7FF;", "&#xe000;", "&#65533;",
    "&#00000000065;", "&amp;lt;", "<![CDATA[]]>", "<![CDATA[<a b='>'>&amp;]]>", "<![CDATA[]]]]>",
    "<![CDATA[\r\n]]>", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\x7f", "counters_mask",
};

static const char *const integers[] = {
    "0", "1", "-1", "9", "10", "140", "65535", "2147483648", "4294967296", "9223372036854775807",
    "-9223372036854775808", "0x0", "0xff", "0xAbC", "0x7fffffffffffffff", "0x00ff", "-7",
};

static const char *const reals[] = {
    "0", "1.5", "-2", "1e10", "0.1", "3.14159265358979", "-1.25E-3", ".5", "5.", "1e300", "007",
};

/* What no property list has, or what is told from something harmless by one character. */
static const char *const attacks[] = {
    " a=\">\"", " a='>'", " a=\"'>\"", " a='\"'", " version=\"1.0\"", " a", " a=", " a=b", " /",
    "/", "/>", ">", "<", "'", "\"", "=", "</", "<!", "<?", "<!-", "<!--", "-->", "--", "->", "--->",
    "<!--->", "<!-- -- -->", "<![CDATA[", "]]>", "]]", "]>", "?>", "<?\?>", "<?xml?>",
    "<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding=\"utf-8\"?>",
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "<?XML?>", "<!DOCTYPE plist>",
    "<!DOCTYPE plist [", "<!DOCTYPE plist [<!ENTITY a \"b\">]>", "<!DOCTYPE plist SYSTEM \"x\">",
    "<!DOCTYPE plist SYSTEM \"a>b\">", "<!ENTITY a \"b\">", "[", "]", "&a;", "&", ";", "&#", "&#x",
    "&#0;", "&#x0;", "&#1;", "&#x1f;", "&#xd800;", "&#xDFFF;", "&#xfffe;", "&#xFFFF;", "&#x110000;",
    "&#99999999999999999999;", "&#x100000041;", "&#X41;", "&#-65;", "&# 65;", "&#x;", "&#;", "&amp",
    "&AMP;", "&nbsp;", "\xef\xbb\xbf", "\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\xef\xbf\xbe",
    "\xf4\x90\x80\x80", "\x80", "\x01", "\x1b", "\x0b", "\x0c", "\r", "\r\n", "\xc2\x85",
    "\xe2\x80\xa8", "<plist>", "</plist>", "<plist/>", "<dict>", "</dict>", "<dict/>", "<array>",
    "</array>", "<array/>", "<key>", "</key>", "<key/>", "<string>", "</string>", "<string/>",
    "<integer>", "</integer>", "<integer/>", "<real>", "</real>", "<real/>", "<data>", "</data>",
    "<date>", "</date>", "<true/>", "<true></true>", "<false/>", "<false>", "<true>", "<ustring>",
    "<Dict>", "<dict\n>", "</dict >", "</ dict>", "< dict>", "<p:dict>",
    "<integer a=\">\">0140</integer>", "<key a='>'>counters_mask</key>",
    "<string><string></string></string>", "<key>k1</key><true/>", "0140", "12abc", "0x", "0X1f",
    "- 1", "+5", " 5 ", "1 2", "1<!-- -->2", "<!-- -->5", "&#53;", "<![CDATA[5]]>", "08", "1.5",
    "9223372036854775808", "18446744073709551615", "-9223372036854775809", "0xffffffffffffffff",
    "0x10000000000000000", "1e5", "nan", "inf", "-0", "1,5", "0x1p3", "AAAA", "A===",
    "2001-01-01T00:00:00Z", "bplist00",
};

/* clang-format on */

struct output {
    uint8_t *data;
    size_t length, max;
    bool full;
    unsigned elements; /* how many there may still be */
    unsigned keys;
};

static uint32_t state;

uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

static const char *pick(const char *const *list, size_t count)
{
    return list[below((uint32_t)count)];
}

static void put(struct output *output, const char *text)
{
    size_t length = strlen(text);

    if (length > output->max - output->length) {
        output->full = true;
        return;
    }
    memcpy(output->data + output->length, text, length);
    output->length += length;
}

/* ---- a valid one ----------------------------------------------------------------------------- */

static void put_space(struct output *output)
{
    for (uint32_t n = below(3); n != 0; n--)
        put(output, PICK(between));
}

static void put_text(struct output *output)
{
    for (uint32_t n = below(6); n != 0; n--)
        put(output, PICK(texts));
}

static void put_tag(struct output *output, const char *begin, const char *name, const char *end)
{
    static const char *const spaces[] = {"", "", "", "", " ", "\n", "\t", "\r\n"};

    put(output, begin);
    put(output, name);
    put(output, PICK(spaces));
    put(output, end);
}

static void put_leaf(struct output *output, const char *name, const char *text)
{
    put_tag(output, "<", name, ">");
    put(output, text);
    put_tag(output, "</", name, ">");
}

/* Each key ends in a number of its own, so that none occurs twice. */
static void put_key(struct output *output)
{
    char number[16];

    put_tag(output, "<", "key", ">");
    put_text(output);
    snprintf(number, sizeof number, "%u", output->keys++);
    put(output, number);
    put_tag(output, "</", "key", ">");
}

static void put_value(struct output *output, unsigned depth);

static void put_container(struct output *output, unsigned depth)
{
    bool dict = below(2) == 0;
    const char *name = dict ? "dict" : "array";

    if (below(8) == 0) {
        put_tag(output, "<", name, "/>");
        return;
    }
    put_tag(output, "<", name, ">");
    put_space(output);
    for (uint32_t n = below(6); n != 0 && output->elements != 0; n--) {
        if (dict)
            put_key(output);
        put_space(output);
        put_value(output, depth + 1);
        put_space(output);
    }
    put_tag(output, "</", name, ">");
}

static void put_value(struct output *output, unsigned depth)
{
    uint32_t kind = below(depth == 0 ? 4 : 12);

    output->elements -= output->elements != 0;
    if (kind < 5 && depth < 30) {
        put_container(output, depth);
    } else if (kind < 8) {
        put_tag(output, "<", "string", ">");
        put_text(output);
        put_tag(output, "</", "string", ">");
    } else if (kind < 10) {
        put_leaf(output, "integer", PICK(integers));
    } else if (kind == 10) {
        put_leaf(output, "real", PICK(reals));
    } else if (below(3) == 0) {
        bool data = below(2) == 0;

        put_leaf(output, data ? "data" : "date", data ? "AAEC" : "2001-01-01T00:00:00Z");
    } else {
        static const char *const empty[] = {"true", "false", "string", "data", "true"};

        put_tag(output, "<", PICK(empty), "/>");
    }
}

static void put_prolog(struct output *output)
{
    static const char *const declarations[] = {"", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
                                               "<?xml version='1.0'?>",
                                               "<?xml version = \"1.0\"\r\n encoding='UTF-8' ?>"};
    static const char *const types[] = {
        "",
        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">",
        "<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" "
        "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">"};

    put(output, below(8) == 0 ? "\xef\xbb\xbf" : "");
    put(output, PICK(declarations));
    put_space(output);
    put(output, PICK(types));
    put_space(output);
}

static size_t generate(uint8_t *data, size_t max)
{
    static const char *const roots[] = {"<plist version=\"1.0\">", "<plist>",
                                        "<plist\tversion = '1.0' >"};
    struct output output = {.data = data, .max = max, .elements = 1 + below(40)};
    struct judge judge;

    put_prolog(&output);
    put(&output, PICK(roots));
    put_space(&output);
    put_value(&output, 0);
    put_space(&output);
    put_tag(&output, "</", "plist", ">");
    put_space(&output);
    if (!output.full) { /* else what there was room for */
        judge = judge_xml((const char *)data, output.length);
        MUST(judge.verdict == JUDGE_ACCEPT);
        judge_free(&judge);
    }
    return output.length;
}

/* ---- one changed ----------------------------------------------------------------------------- */

/* A place where a tag begins or ends, or any. */
static size_t boundary(const uint8_t *data, size_t size)
{
    size_t at = below((uint32_t)size + 1);

    if (below(4) == 0)
        return at;
    while (at < size && data[at] != '<' && (at == 0 || data[at - 1] != '>'))
        at++;
    return at;
}

/* What is from one place to another becomes a text. */
static size_t replace(uint8_t *data, size_t size, size_t max, size_t from, size_t to,
                      const char *text, size_t length)
{
    if (size - (to - from) + length > max)
        return size;
    memmove(data + from + length, data + to, size - to);
    if (length != 0)
        memcpy(data + from, text, length);
    return size - (to - from) + length;
}

/* Something goes, is there once more, or is an attack instead. */
static size_t change_part(uint8_t *data, size_t size, size_t max)
{
    size_t from = boundary(data, size), to = from, length;
    char part[256];
    const char *attack = PICK(attacks);

    for (uint32_t n = 1 + below(3); n != 0 && to < size; n--)
        for (to++; to < size && data[to] != '<' && data[to - 1] != '>'; to++)
            ;
    length = to - from < sizeof part ? to - from : sizeof part;
    memcpy(part, data + from, length);
    switch (below(3)) {
    case 0:
        return replace(data, size, max, from, to, NULL, 0);
    case 1:
        from = boundary(data, size);
        return replace(data, size, max, from, from, part, length);
    default:
        return replace(data, size, max, from, to, attack, strlen(attack));
    }
}

/* Between tags, or in one before its end. */
static size_t insert_attack(uint8_t *data, size_t size, size_t max)
{
    size_t at = boundary(data, size);
    const char *attack = below(6) == 0 ? PICK(between) : PICK(attacks);

    if (at != 0 && data[at - 1] == '>' && below(3) == 0)
        at--;
    return replace(data, size, max, at, at, attack, strlen(attack));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    state = seed * 2654435761u | 1;
    (void)below(1);
    if (below(16) == 0)
        return generate_binary(data, max_size);
    if (size >= 8 && memcmp(data, "bplist00", 8) == 0)
        return change_binary(data, size, max_size);
    switch (below(8)) {
    case 0:
        return generate(data, max_size);
    case 1:
        size = generate(data, max_size);
        return insert_attack(data, size, max_size);
    case 2:
    case 3:
        return insert_attack(data, size, max_size);
    case 4:
    case 5:
        return change_part(data, size, max_size);
    default:
        return LLVMFuzzerMutate(data, size, max_size);
    }
}
