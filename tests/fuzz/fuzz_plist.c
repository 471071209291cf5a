/*
 * Property lists, read twice: by plist_parse(), and by expat and plist_judge.c. What plist_parse()
 * accepts both read as the same tree. What it refuses it refuses in one line, and may refuse. Of
 * binary lists, which expat does not read, only the line is checked here:
 * plist_differential_test.py has a second reader of them.
 */
#include "common/report.h"
#include "fuzz.h"
#include "plist.h"
#include "plist_judge.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NAME "fuzzed.plist"

static size_t inputs[2], accepted[2], refused_valid[2]; /* binary ones, XML */

/* Of many inputs that all are refused nothing would be learnt. */
static void summary(void)
{
    for (int xml = 0; xml < 2; xml++) {
        printf("fuzz_plist: of %zu %s inputs %zu accepted, %zu refused that are valid\n",
               inputs[xml], xml ? "XML" : "binary", accepted[xml], refused_valid[xml]);
        MUST(inputs[xml] < 10000 || accepted[xml] > inputs[xml] / 50);
    }
}

/* ---- the trees ------------------------------------------------------------------------------- */

static bool same(const struct value *value, const struct judge_node *node);

static bool same_text(const char *text, size_t length, const struct judge_node *node)
{
    return length == node->length && (length == 0 || memcmp(text, node->text, length) == 0);
}

static bool same_list(const struct value *value, const struct judge_node *array)
{
    size_t i = 0;

    if (value->type != VALUE_LIST)
        return false;
    for (const struct judge_node *item = array->first; item != NULL; item = item->next, i++)
        if (i >= value->length || !same(value->items[i], item))
            return false;
    return i == value->length;
}

/* The judge found no key twice, so as many keys that are all there are the same keys. */
static bool same_map(const struct value *value, const struct judge_node *dict)
{
    size_t keys = 0;

    if (value->type != VALUE_MAP)
        return false;
    for (const struct judge_node *key = dict->first; key != NULL; key = key->next->next, keys++) {
        size_t i = 0;

        while (i < value->length && !same_text(value->keys[i], strlen(value->keys[i]), key))
            i++;
        if (i == value->length || !same(value->items[i], key->next))
            return false;
    }
    return keys == value->length;
}

static bool same(const struct value *value, const struct judge_node *node)
{
    switch (node->kind) {
    case JUDGE_PLIST:
        return same(value, node->first);
    case JUDGE_DICT:
        return same_map(value, node);
    case JUDGE_ARRAY:
        return same_list(value, node);
    case JUDGE_STRING:
        return value->type == VALUE_STRING && same_text(value->string, value->length, node);
    case JUDGE_INTEGER:
        return value->type == VALUE_INT && value->integer == node->integer;
    case JUDGE_REAL:
        return value->type == VALUE_REAL &&
               (value->real == node->real || (isnan(value->real) && isnan(node->real)));
    case JUDGE_DATA:
    case JUDGE_DATE:
        return value->type == VALUE_OTHER;
    case JUDGE_TRUE:
    case JUDGE_FALSE:
        return value->type == VALUE_BOOL && value->boolean == (node->kind == JUDGE_TRUE);
    default:
        return false;
    }
}

/* ---- the line -------------------------------------------------------------------------------- */

/* "NAME: message" or, of a file of lines, "NAME: line N: message", with an N that there is. */
static bool is_refusal(const char *said, bool xml, const char *text, size_t length)
{
    unsigned long line, lines = 1;
    char *end;

    if (strncmp(said, NAME ": ", strlen(NAME ": ")) != 0 ||
        strchr(said, '\n') != said + strlen(said) - 1)
        return false;
    if (!xml)
        return true;
    said += strlen(NAME ": ");
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n' || text[i] == '\r';
    if (strncmp(said, "line ", strlen("line ")) != 0)
        return false;
    line = strtoul(said + strlen("line "), &end, 10);
    return line >= 1 && line <= lines && strncmp(end, ": ", 2) == 0;
}

/* ---- an input -------------------------------------------------------------------------------- */

static void complain(bool holds, const char *what, const struct judge *judge, const char *said)
{
    if (holds)
        return;
    dprintf(2, "%s\n  the judge: %s\n  kpepc: %s\n", what,
            judge == NULL || judge->why == NULL ? "valid" : judge->why,
            *said == '\0' ? "accepted" : said);
    abort();
}

static void compare(const struct value *value, const char *said, const struct judge *judge)
{
    if (value == NULL) {
        complain(judge->verdict != JUDGE_ACCEPT, "refused what is a property list", judge, said);
        return;
    }
    complain(judge->verdict != JUDGE_REFUSE, "accepted what is no property list", judge, said);
    complain(same(value, judge->root), "read differently", judge, said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    bool xml = size < 8 || memcmp(data, "bplist00", 8) != 0;
    const char *text = (const char *)data;
    size_t errors = report_errors();
    const struct value *value;
    struct arena arena = {0};
    struct judge judge;
    char *said;

    if (!begun)
        atexit(summary);
    begun = true;
    fuzz_silence();
    value = plist_parse(&arena, NAME, text, size);
    said = fuzz_speak();
    if (value == NULL)
        complain(is_refusal(said, xml, text, size) && report_errors() == errors + 1,
                 "not refused in one line", NULL, said);
    else
        complain(*said == '\0' && report_errors() == errors, "accepted with complaints", NULL,
                 said);
    judge = xml ? judge_xml(text, size) : judge_binary(data, size);
    inputs[xml]++;
    accepted[xml] += value != NULL;
    refused_valid[xml] += value == NULL && judge.verdict == JUDGE_MAY;
    compare(value, said, &judge);
    judge_free(&judge);
    free(said);
    arena_free(&arena);
    return 0;
}
