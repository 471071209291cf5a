/*
 * Values -> whether libplist reads the same from them: they are written as a plain document, which
 * it parses, and every node is compared. Crashes and endless loops in it end the program in good
 * order.
 */
#include "libplist.h"

#include "common/report.h"
#include "plist.h"

#include <errno.h>
#include <plist/plist.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- the document it is shown ---------------------------------------------------------------- */

#define PUT(to, literal) buffer_add((to), (literal), sizeof(literal) - 1)

/*
 * The document has nothing that two readers could read differently: no declaration, attribute,
 * comment, white space or reference to a character. A text that could be taken for markup is CDATA,
 * for which libplist needs time in proportion to its length, and not, as for &amp;, to its square.
 */
static void put_text(struct buffer *to, const char *text, size_t length)
{
    const char *at = text, *end = text + length, *mark;

    if (memchr(text, '<', length) == NULL && memchr(text, '&', length) == NULL) {
        buffer_add(to, text, length);
        return;
    }
    PUT(to, "<![CDATA[");
    while ((mark = strstr(at, "]]>")) != NULL) {
        buffer_add(to, at, (size_t)(mark - at) + 2);
        PUT(to, "]]><![CDATA[");
        at = mark + 2;
    }
    buffer_add(to, at, (size_t)(end - at));
    PUT(to, "]]>");
}

static void put_integer(struct buffer *to, int64_t integer)
{
    uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char digits[20], *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (integer < 0)
        *--at = '-';
    buffer_add(to, at, (size_t)(digits + sizeof digits - at));
}

static void put_value(struct buffer *to, const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        buffer_puts(to, value->boolean ? "<true/>" : "<false/>");
        break;
    case VALUE_INT:
        PUT(to, "<integer>");
        put_integer(to, value->integer);
        PUT(to, "</integer>");
        break;
    case VALUE_REAL:
        buffer_printf(to, "<real>%.17g</real>", value->real);
        break;
    case VALUE_STRING:
        PUT(to, "<string>");
        put_text(to, value->string, value->length);
        PUT(to, "</string>");
        break;
    case VALUE_LIST:
        PUT(to, "<array>");
        for (size_t i = 0; i < value->length; i++)
            put_value(to, value->items[i]);
        PUT(to, "</array>");
        break;
    case VALUE_MAP:
        PUT(to, "<dict>");
        for (size_t i = 0; i < value->length; i++) {
            PUT(to, "<key>");
            put_text(to, value->keys[i], strlen(value->keys[i]));
            PUT(to, "</key>");
            put_value(to, value->items[i]);
        }
        PUT(to, "</dict>");
        break;
    case VALUE_OTHER: /* of data and dates it matters only that there is one */
        PUT(to, "<data></data>");
        break;
    }
}

/* ---- what it reads --------------------------------------------------------------------------- */

static bool same_node(const struct plist_node *at, plist_t node);

static bool report_difference(const struct plist_node *at)
{
    fatal_without_memory();
    plist_error(at, "libplist reads this otherwise (expected no difference: an error of kpepc's)");
    return false;
}

static bool same_string(const struct value *value, plist_t node)
{
    uint64_t length = 0;
    const char *text = plist_get_string_ptr(node, &length);

    return text != NULL && length == value->length &&
           memcmp(text, value->string, value->length) == 0;
}

/* Sizes are compared first: a libplist without memory leaves out items. */
static bool same_items(const struct plist_node *at, plist_t node)
{
    plist_array_iter iterator = NULL;
    bool same = plist_array_get_size(node) == at->value->length;

    plist_array_new_iter(node, &iterator);
    if (iterator == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    if (!same)
        report_difference(at);
    for (size_t i = 0; same && i < at->value->length; i++) {
        char place[24];
        const struct plist_node child = {at->file, at, place, at->value->items[i]};
        plist_t item = NULL;

        snprintf(place, sizeof place, "%zu", i);
        plist_array_next_item(node, iterator, &item);
        same = same_node(&child, item);
    }
    free(iterator);
    return same;
}

static bool same_entries(const struct plist_node *at, plist_t node)
{
    plist_dict_iter iterator = NULL;
    bool same = plist_dict_get_size(node) == at->value->length;

    plist_dict_new_iter(node, &iterator);
    if (iterator == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    if (!same)
        report_difference(at);
    for (size_t i = 0; same && i < at->value->length; i++) {
        const struct plist_node child = {at->file, at, at->value->keys[i], at->value->items[i]};
        plist_t item = NULL;

        plist_dict_next_item(node, iterator, NULL, &item);
        same = item != NULL && plist_key_val_compare(plist_dict_item_get_key(item), child.key) == 0
                   ? same_node(&child, item)
                   : report_difference(&child);
    }
    free(iterator);
    return same;
}

static bool same_node(const struct plist_node *at, plist_t node)
{
    const struct value *value = at->value;
    plist_type type = node == NULL ? PLIST_NONE : plist_get_node_type(node);
    uint64_t bits = 0;
    double real = 0;
    bool same = false;

    switch (value->type) {
    case VALUE_BOOL:
        same = type == PLIST_BOOLEAN && (plist_bool_val_is_true(node) == 1) == value->boolean;
        break;
    case VALUE_INT:
        if (type == PLIST_UINT)
            plist_get_uint_val(node, &bits); /* of a negative one, two's complement */
        same = type == PLIST_UINT && bits == (uint64_t)value->integer;
        break;
    case VALUE_REAL:
        if (type == PLIST_REAL)
            plist_get_real_val(node, &real);
        same = type == PLIST_REAL && !(real < value->real) && !(real > value->real);
        break;
    case VALUE_STRING:
        same = type == PLIST_STRING && same_string(value, node);
        break;
    case VALUE_LIST:
        return type == PLIST_ARRAY ? same_items(at, node) : report_difference(at);
    case VALUE_MAP:
        return type == PLIST_DICT ? same_entries(at, node) : report_difference(at);
    case VALUE_OTHER:
        same = type == PLIST_DATA;
        break;
    }
    return same || report_difference(at);
}

/* ---- the last net ---------------------------------------------------------------------------- */

/*
 * libplist checks few of its allocations. Without memory it crashes, goes on for ever, or leaves
 * items out; these signals catch the first two. Their handler has a stack of its own, since what
 * crashed may have used up the other (plists.md 3.1).
 */
static const int breakdowns[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGPROF};

enum { BREAKDOWNS = sizeof breakdowns / sizeof breakdowns[0] };
enum { SECONDS_MAX = 30 };     /* of the processor; the largest document takes less than five */
enum { STACK_SIZE = 1 << 16 }; /* larger than any SIGSTKSZ */

static struct buffer last_words;

static void broke_down(int signal_number)
{
    ssize_t wrote = write(STDERR_FILENO, last_words.data, last_words.length);

    (void)signal_number;
    (void)wrote;
    _exit(EXIT_SYSTEM);
}

struct net {
    struct sigaction before[BREAKDOWNS];
    stack_t stack_before;
};

static void catch_breakdown(const char *name, struct net *net)
{
    static char stack[STACK_SIZE];
    struct sigaction end = {.sa_handler = broke_down, .sa_flags = SA_ONSTACK};
    struct itimerval limit = {.it_value.tv_sec = SECONDS_MAX};

    sigemptyset(&end.sa_mask);
    last_words = report_line(name, "libplist broke down while it read this (out of memory?)");
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, &net->stack_before);
    /* A sanitizer or fuzzer that catches them already tells more. */
    for (size_t i = 0; i < BREAKDOWNS; i++)
        if (sigaction(breakdowns[i], NULL, &net->before[i]) == 0 &&
            (net->before[i].sa_handler == SIG_DFL || net->before[i].sa_handler == SIG_IGN))
            sigaction(breakdowns[i], &end, NULL);
    setitimer(ITIMER_PROF, &limit, NULL);
}

static void stop_catching(const struct net *net)
{
    struct itimerval none = {.it_value.tv_sec = 0};

    setitimer(ITIMER_PROF, &none, NULL);
    for (size_t i = 0; i < BREAKDOWNS; i++)
        sigaction(breakdowns[i], &net->before[i], NULL);
    sigaltstack(&net->stack_before, NULL);
    buffer_free(&last_words);
}

bool libplist_agrees(const char *name, const struct value *root)
{
    const struct plist_node at = {name, NULL, NULL, root};
    struct buffer document = {0};
    struct net net;
    plist_t tree = NULL;
    bool same;

    buffer_puts(&document, "<plist>");
    put_value(&document, root);
    buffer_puts(&document, "</plist>");
    catch_breakdown(name, &net);
    errno = 0;
    plist_from_xml(document.data, (uint32_t)document.length, &tree);
    same = same_node(&at, tree);
    plist_free(tree);
    stop_catching(&net);
    buffer_free(&document);
    return same;
}
