/* The judge of XML lists: what expat tells, event by event -> a tree and a verdict. */
#include "plist_judge.h"

#include "fuzz.h"
#include "scan.h"

#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <string.h>

static const char *const names[JUDGE_KINDS] = {
    [JUDGE_PLIST] = "plist", [JUDGE_DICT] = "dict",     [JUDGE_ARRAY] = "array",
    [JUDGE_KEY] = "key",     [JUDGE_STRING] = "string", [JUDGE_INTEGER] = "integer",
    [JUDGE_REAL] = "real",   [JUDGE_DATA] = "data",     [JUDGE_DATE] = "date",
    [JUDGE_TRUE] = "true",   [JUDGE_FALSE] = "false",
};

static const char *const document_types[] = {
    "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">",
    "<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" "
    "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">",
};

/* ---- trees ----------------------------------------------------------------------------------- */

struct judge_node *judge_add(struct judge *judge, struct judge_node *parent, enum judge_kind kind)
{
    struct judge_node *node = calloc(1, sizeof *node);

    MUST(node != NULL);
    node->kind = kind;
    node->parent = parent;
    node->made_before = judge->nodes;
    judge->nodes = node;
    if (parent == NULL)
        judge->root = node;
    else if (parent->last == NULL)
        parent->first = node;
    else
        parent->last->next = node;
    if (parent != NULL)
        parent->last = node;
    return node;
}

void judge_add_text(struct judge_node *node, const char *text, size_t length)
{
    if (node->length + length > node->capacity) {
        node->capacity = 2 * (node->length + length);
        node->text = realloc(node->text, node->capacity);
        MUST(node->text != NULL);
    }
    if (length != 0)
        memcpy(node->text + node->length, text, length);
    node->length += length;
}

void judge_at_most(struct judge *judge, enum judge_verdict verdict, const char *why)
{
    if (verdict >= judge->verdict)
        return;
    judge->verdict = verdict;
    judge->why = why;
}

static int compare_texts(const void *a, const void *b)
{
    const struct judge_node *x = *(struct judge_node *const *)a;
    const struct judge_node *y = *(struct judge_node *const *)b;
    size_t length = x->length < y->length ? x->length : y->length;
    int order = length == 0 ? 0 : memcmp(x->text, y->text, length);

    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

void judge_dict(struct judge *judge, const struct judge_node *dict)
{
    const struct judge_node **keys;
    size_t count = 0, children = 0;

    for (const struct judge_node *node = dict->first; node != NULL; node = node->next)
        children++;
    keys = calloc(children + 1, sizeof *keys);
    MUST(keys != NULL);
    for (const struct judge_node *node = dict->first; node != NULL; node = node->next) {
        if (node->kind == JUDGE_KEY)
            keys[count++] = node;
        if ((node->kind == JUDGE_KEY) == (node->next == NULL || node->next->kind == JUDGE_KEY))
            judge_at_most(judge, JUDGE_REFUSE, "no key, or no value");
    }
    if (dict->first != NULL && dict->first->kind != JUDGE_KEY)
        judge_at_most(judge, JUDGE_REFUSE, "a value without a key");
    if (count != 0)
        qsort(keys, count, sizeof *keys, compare_texts);
    for (size_t i = 1; i < count; i++)
        if (compare_texts(&keys[i - 1], &keys[i]) == 0)
            judge_at_most(judge, JUDGE_REFUSE, "a key twice");
    free(keys);
}

void judge_free(struct judge *judge)
{
    for (struct judge_node *node = judge->nodes, *before; node != NULL; node = before) {
        before = node->made_before;
        free(node->text);
        free(node);
    }
}

/* ---- an XML file being read ------------------------------------------------------------------ */

struct reading {
    struct judge judge;
    XML_Parser parser;
    const char *text;
    size_t length;
    struct judge_node *open;
    unsigned depth;
    bool in_cdata;
};

static void refuse(struct reading *reading, const char *why)
{
    judge_at_most(&reading->judge, JUDGE_REFUSE, why);
}

static void may_refuse(struct reading *reading, const char *why)
{
    judge_at_most(&reading->judge, JUDGE_MAY, why);
}

static bool is_container(const struct judge_node *node)
{
    return node->kind <= JUDGE_ARRAY;
}

/* ---- expat's events -------------------------------------------------------------------------- */

/* After a refusal nothing is kept, and the open element is not known any more. */
static bool is_refused(const struct reading *reading)
{
    return reading->judge.verdict == JUDGE_REFUSE;
}

/* The bytes of the event as they are in the file, for what the event itself does not tell. */
static bool source_has(const struct reading *reading, char c)
{
    XML_Index begin = XML_GetCurrentByteIndex(reading->parser);
    int count = XML_GetCurrentByteCount(reading->parser);

    MUST(begin >= 0 && count >= 0 && (size_t)begin + (size_t)count <= reading->length);
    return memchr(reading->text + begin, c, (size_t)count) != NULL;
}

static void check_attributes(struct reading *reading, enum judge_kind kind, const char **attributes)
{
    if (*attributes == NULL)
        return;
    if (kind != JUDGE_PLIST || strcmp(attributes[0], "version") != 0 || attributes[2] != NULL)
        may_refuse(reading, "an attribute that no property list has");
    else if (strcmp(attributes[1], "1.0") != 0 || source_has(reading, '&'))
        may_refuse(reading, "another version of property lists");
}

static void on_start(void *user, const char *name, const char **attributes)
{
    struct reading *reading = user;
    enum judge_kind kind = JUDGE_PLIST;

    if (is_refused(reading))
        return;
    while (kind < JUDGE_KINDS && strcmp(names[kind], name) != 0)
        kind++;
    if (kind == JUDGE_KINDS || (kind == JUDGE_PLIST) != (reading->open == NULL) ||
        (reading->open != NULL && !is_container(reading->open))) {
        refuse(reading, "an element out of place");
        return;
    }
    check_attributes(reading, kind, attributes);
    reading->open = judge_add(&reading->judge, reading->open, kind);
    reading->depth += is_container(reading->open);
    if (reading->depth > PLIST_DEPTH_MAX + 1) /* and <plist> */
        refuse(reading, "nested too deep");
    /* Of an empty tag both events have the same bytes. */
    if ((kind == JUDGE_TRUE || kind == JUDGE_FALSE) && !source_has(reading, '/'))
        may_refuse(reading, "<true></true>");
    if (kind == JUDGE_KEY && source_has(reading, '/'))
        may_refuse(reading, "<key/>");
}

static void on_end(void *user, const char *name)
{
    struct reading *reading = user;

    (void)name;
    if (is_refused(reading))
        return;
    reading->depth -= is_container(reading->open);
    reading->open = reading->open->parent;
}

static void on_text(void *user, const char *text, int length)
{
    struct reading *reading = user;

    if (is_refused(reading))
        return;
    if (!is_container(reading->open)) {
        judge_add_text(reading->open, text, (size_t)length);
        if ((reading->open->kind == JUDGE_INTEGER || reading->open->kind == JUDGE_REAL) &&
            (reading->in_cdata || source_has(reading, '&')))
            may_refuse(reading, "a number by another name");
        return;
    }
    for (int i = 0; i < length; i++)
        if (memchr(" \t\r\n", text[i], 4) == NULL)
            refuse(reading, "text outside a value");
    if (reading->in_cdata || source_has(reading, '&'))
        may_refuse(reading, "white space by another name outside a value");
}

static void on_cdata(void *user)
{
    struct reading *reading = user;

    reading->in_cdata = true;
    if (!is_refused(reading) && is_container(reading->open))
        may_refuse(reading, "CDATA outside a value");
}

static void on_cdata_end(void *user)
{
    ((struct reading *)user)->in_cdata = false;
}

static void on_comment(void *user, const char *text)
{
    struct reading *reading = user;

    (void)text;
    if (!is_refused(reading) && reading->open != NULL && !is_container(reading->open))
        may_refuse(reading, "a comment in a value");
}

static void on_instruction(void *user, const char *target, const char *data)
{
    struct reading *reading = user;

    (void)data;
    if (!is_refused(reading) && reading->open != NULL && !is_container(reading->open))
        may_refuse(reading, "a processing instruction in a value");
    for (; *target != '\0'; target++)
        if (!isalnum((unsigned char)*target) && strchr("-_.", *target) == NULL)
            may_refuse(reading, "a processing instruction of an unusual name");
}

static void on_declaration(void *user, const char *version, const char *encoding, int standalone)
{
    struct reading *reading = user;

    if (version == NULL || strcmp(version, "1.0") != 0)
        may_refuse(reading, "another version of XML");
    if (encoding != NULL && strcmp(encoding, "UTF-8") != 0)
        may_refuse(reading, "another encoding, or another spelling of it");
    if (standalone != -1)
        may_refuse(reading, "standalone");
}

/* expat tells it at its end, with white space in its names made one blank. */
static bool is_document_type(const struct reading *reading, const char *wanted)
{
    XML_Index end = XML_GetCurrentByteIndex(reading->parser) + 1;
    size_t size = strlen(wanted);

    return end >= (XML_Index)size && (size_t)end <= reading->length &&
           memcmp(reading->text + (size_t)end - size, wanted, size) == 0;
}

static void on_document_type(void *user, const char *name, const char *system_id,
                             const char *public_id, int has_subset)
{
    struct reading *reading = user;

    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    if (!is_document_type(reading, document_types[0]) &&
        !is_document_type(reading, document_types[1]))
        may_refuse(reading, "a document type that is not Apple's as Apple writes it");
}

/* What a declaration means that nobody read: it could be anything. */
static void on_skipped(void *user, const char *name, int parameter)
{
    (void)name;
    (void)parameter;
    refuse(user, "an entity that nothing declares");
}

/* ---- what the elements mean ------------------------------------------------------------------ */

/* Text without the white space around it, as a C string; the caller frees it. */
static char *trimmed(const struct judge_node *node, bool *had_space)
{
    size_t begin = 0, end = node->length;
    char *text;

    while (begin < end && strchr(" \t\r\n", node->text[begin]) != NULL)
        begin++;
    while (end > begin && strchr(" \t\r\n", node->text[end - 1]) != NULL)
        end--;
    *had_space = end - begin != node->length;
    text = calloc(end - begin + 1, 1);
    MUST(text != NULL);
    if (end != begin)
        memcpy(text, node->text + begin, end - begin);
    return text;
}

/* [+-] decimal or 0x hexadecimal, in 64 bits signed. */
static void read_integer(struct reading *reading, struct judge_node *node)
{
    bool had_space, hexadecimal;
    char *text = trimmed(node, &had_space), *end;
    const char *digits = text + (*text == '-' || *text == '+');

    hexadecimal = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    digits += hexadecimal ? 2 : 0;
    if (*digits == '\0' ||
        strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
        refuse(reading, "not an integer");
    if (had_space || *text == '+' || (*text == '-' && hexadecimal) || strchr(text, 'X') != NULL)
        may_refuse(reading, "an integer that is written unusually");
    if (!hexadecimal && digits[0] == '0' && digits[1] != '\0')
        refuse(reading, "an integer with a leading zero, which some take for octal");
    if (strcmp(text, "-0") == 0)
        may_refuse(reading, "an integer that is written unusually");
    errno = 0;
    node->integer = strtoll(text, &end, hexadecimal ? 16 : 10);
    if (errno != 0)
        refuse(reading, "an integer beyond 64 bits");
    free(text);
}

static void read_real(struct reading *reading, struct judge_node *node)
{
    bool had_space;
    char *text = trimmed(node, &had_space), *end;

    node->real = strtod(text, &end);
    if (*text == '\0' || *end != '\0')
        refuse(reading, "not a real");
    if (had_space || *text == '+' || strspn(text, "-0123456789.eE+") != strlen(text) ||
        node->real > 1e300 || node->real < -1e300)
        may_refuse(reading, "a real that is written unusually");
    free(text);
}

/* Nothing reads what is in them: malformed ones may be refused, and need not be. */
static void read_data(struct reading *reading, const struct judge_node *node)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bool whole = node->length % 4 == 0;

    for (size_t i = 0; i < node->length; i++)
        whole = whole && memchr(base64, node->text[i], strlen(base64)) != NULL;
    if (!whole)
        may_refuse(reading, "data that may be malformed");
}

static void read_date(struct reading *reading, const struct judge_node *node)
{
    static const char most[] = "9999-09-19T19:59:59Z", least[] = "0000-01-01T00:00:00Z";
    bool whole = node->length == strlen(most);

    for (size_t i = 0; whole && i < node->length; i++)
        whole = node->text[i] >= least[i] && node->text[i] <= most[i];
    if (!whole)
        may_refuse(reading, "a date that may be malformed");
}

static void check_node(struct reading *reading, struct judge_node *node)
{
    switch (node->kind) {
    case JUDGE_PLIST:
        if (node->first == NULL || node->first != node->last || node->first->kind == JUDGE_KEY)
            refuse(reading, "not one value in <plist>");
        break;
    case JUDGE_DICT:
        judge_dict(&reading->judge, node);
        break;
    case JUDGE_ARRAY:
        for (const struct judge_node *item = node->first; item != NULL; item = item->next)
            if (item->kind == JUDGE_KEY)
                refuse(reading, "a key in <array>");
        break;
    case JUDGE_INTEGER:
        read_integer(reading, node);
        break;
    case JUDGE_REAL:
        read_real(reading, node);
        break;
    case JUDGE_DATA:
        read_data(reading, node);
        break;
    case JUDGE_DATE:
        read_date(reading, node);
        break;
    case JUDGE_TRUE:
    case JUDGE_FALSE:
        if (node->length != 0)
            refuse(reading, "text in <true> or <false>");
        break;
    default:
        break;
    }
}

static void set_handlers(struct reading *reading)
{
    XML_Parser parser = reading->parser;

    XML_SetUserData(parser, reading);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetCdataSectionHandler(parser, on_cdata, on_cdata_end);
    XML_SetCommentHandler(parser, on_comment);
    XML_SetProcessingInstructionHandler(parser, on_instruction);
    XML_SetXmlDeclHandler(parser, on_declaration);
    XML_SetStartDoctypeDeclHandler(parser, on_document_type);
    XML_SetSkippedEntityHandler(parser, on_skipped);
}

struct judge judge_xml(const char *text, size_t length)
{
    struct reading reading = {.judge.verdict = JUDGE_ACCEPT, .text = text, .length = length};

    reading.parser = XML_ParserCreate(NULL);
    MUST(reading.parser != NULL);
    XML_SetHashSalt(reading.parser, 1); /* else of its own choice, and no run is like another */
    set_handlers(&reading);
    if (memchr(text, '\0', length) != NULL)
        may_refuse(&reading, "UTF-16");
    if (XML_Parse(reading.parser, text, (int)length, XML_TRUE) != XML_STATUS_OK)
        refuse(&reading, XML_ErrorString(XML_GetErrorCode(reading.parser)));
    XML_ParserFree(reading.parser);
    if (reading.judge.verdict != JUDGE_REFUSE)
        for (struct judge_node *node = reading.judge.nodes; node != NULL; node = node->made_before)
            check_node(&reading, node);
    return reading.judge;
}
