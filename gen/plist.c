#include "plist.h"

#include "scan.h"

#include <errno.h>
#include <plist/plist.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- a file -> values ------------------------------------------------------------------------ */

/* The caller frees *text, which is set even on failure. */
static bool read_file(const char *path, char **text, size_t *length)
{
    struct stat status;
    FILE *file = open_file(path, &status);
    bool ok = false;

    if (file == NULL) {
        report_error(path, "%s (expected a property list)",
                     errno == 0 ? "not a regular file" : strerror(errno));
        return false;
    }
    if (status.st_size > PLIST_SIZE_MAX) {
        report_error(path, "%lld bytes (expected at most %d)", (long long)status.st_size,
                     PLIST_SIZE_MAX);
    } else if (status.st_size == 0) {
        report_error(path, "empty (expected a property list)");
    } else {
        *text = malloc((size_t)status.st_size);
        if (*text == NULL)
            fatal(EXIT_SYSTEM, "out of memory");
        *length = fread(*text, 1, (size_t)status.st_size, file);
        ok = !ferror(file) && *length == (size_t)status.st_size;
        if (!ok)
            report_error(path, "cannot be read: %s", strerror(errno));
    }
    fclose(file);
    return ok;
}

/*
 * libplist checks few of its allocations. Without memory it crashes, goes on for ever, or leaves
 * out what it had no room for: so the first two are caught, and the objects it read are counted.
 */
static const int breakdowns[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGPROF};

enum { BREAKDOWNS = sizeof breakdowns / sizeof breakdowns[0] };
enum { SECONDS_MAX = 30 }; /* of the processor; what passed the scan takes less than one */

static struct buffer last_words;

static void broke_down(int signal_number)
{
    ssize_t wrote = write(STDERR_FILENO, last_words.data, last_words.length);

    (void)signal_number;
    (void)wrote;
    _exit(EXIT_SYSTEM);
}

static void catch_breakdown(const char *path, struct sigaction before[BREAKDOWNS])
{
    struct sigaction end = {.sa_handler = broke_down};
    struct itimerval limit = {.it_value.tv_sec = SECONDS_MAX};

    sigemptyset(&end.sa_mask);
    last_words = report_line(path, "libplist broke down while it read this (out of memory?)");
    /* Who catches them already, a sanitizer or a fuzzer, tells more. */
    for (size_t i = 0; i < BREAKDOWNS; i++)
        if (sigaction(breakdowns[i], NULL, &before[i]) == 0 &&
            (before[i].sa_handler == SIG_DFL || before[i].sa_handler == SIG_IGN))
            sigaction(breakdowns[i], &end, NULL);
    setitimer(ITIMER_PROF, &limit, NULL);
}

static void no_breakdown(const struct sigaction before[BREAKDOWNS])
{
    struct itimerval none = {.it_value.tv_sec = 0};

    setitimer(ITIMER_PROF, &none, NULL);
    for (size_t i = 0; i < BREAKDOWNS; i++)
        sigaction(breakdowns[i], &before[i], NULL);
    buffer_free(&last_words);
}

static struct value *convert(struct arena *arena, plist_t node, size_t *objects);

static struct value *convert_dict(struct arena *arena, plist_t node, size_t *objects)
{
    struct value *map = value_map(arena);
    plist_dict_iter iterator = NULL;
    char *key = NULL;
    plist_t item = NULL;

    plist_dict_new_iter(node, &iterator);
    if (iterator == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    for (plist_dict_next_item(node, iterator, &key, &item); key != NULL;
         plist_dict_next_item(node, iterator, &key, &item)) {
        struct value *value = convert(arena, item, objects);

        *objects += value_set(arena, map, key, value);
        free(key);
        key = NULL;
    }
    free(iterator);
    return map;
}

/* plist_array_get_item() would walk from the first item to each. */
static struct value *convert_array(struct arena *arena, plist_t node, size_t *objects)
{
    struct value *list = value_list(arena);
    plist_array_iter iterator = NULL;
    plist_t item = NULL;

    plist_array_new_iter(node, &iterator);
    if (iterator == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    for (plist_array_next_item(node, iterator, &item); item != NULL;
         plist_array_next_item(node, iterator, &item))
        value_append(arena, list, convert(arena, item, objects));
    free(iterator);
    return list;
}

static struct value *convert_integer(struct arena *arena, plist_t node)
{
    uint64_t bits = 0;

    /* The scan let nothing beyond 64 bits signed pass: the upper half are the negative ones. */
    plist_get_uint_val(node, &bits);
    return value_int(arena, bits > INT64_MAX ? -(int64_t)(UINT64_MAX - bits) - 1 : (int64_t)bits);
}

static struct value *convert_string(struct arena *arena, plist_t node)
{
    uint64_t length = 0;
    const char *text = plist_get_string_ptr(node, &length);

    if (text == NULL)
        fatal(EXIT_SYSTEM, "out of memory");
    return value_string(arena, text, (size_t)length);
}

static struct value *convert(struct arena *arena, plist_t node, size_t *objects)
{
    double real = 0;

    ++*objects;
    switch (plist_get_node_type(node)) {
    case PLIST_BOOLEAN:
        return value_bool(arena, plist_bool_val_is_true(node) == 1);
    case PLIST_UINT:
        return convert_integer(arena, node);
    case PLIST_REAL:
        plist_get_real_val(node, &real);
        return value_real(arena, real);
    case PLIST_STRING:
        return convert_string(arena, node);
    case PLIST_DICT:
        return convert_dict(arena, node, objects);
    case PLIST_ARRAY:
        return convert_array(arena, node, objects);
    default:
        return value_other(arena);
    }
}

static bool is_binary(const char *text, size_t length)
{
    return length >= 8 && memcmp(text, "bplist00", 8) == 0;
}

/* What libplist makes of it; NULL with errno when it makes nothing of it. */
static const struct value *read_tree(struct arena *arena, const char *path, const char *text,
                                     size_t length, size_t *objects)
{
    struct sigaction before[BREAKDOWNS];
    const struct value *value;
    plist_t root = NULL;

    catch_breakdown(path, before);
    errno = 0;
    if (is_binary(text, length))
        plist_from_bin(text, (uint32_t)length, &root);
    else if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) /* which libplist does not know */
        plist_from_xml(text + 3, (uint32_t)length - 3, &root);
    else
        plist_from_xml(text, (uint32_t)length, &root);
    value = root == NULL ? NULL : convert(arena, root, objects);
    plist_free(root);
    no_breakdown(before);
    return value;
}

const struct value *plist_parse(struct arena *arena, const char *name, const char *text,
                                size_t length)
{
    struct scan scan = {0};
    const struct value *value;
    size_t objects = 0;

    if (!(is_binary(text, length) ? scan_binary : scan_xml)(arena, text, length, &scan)) {
        report_error(name, "%s", scan.error);
        return NULL;
    }
    value = read_tree(arena, name, text, length, &objects);
    if (value == NULL || objects != scan.objects)
        fatal_without_memory();
    if (value == NULL) {
        report_error(name, "libplist cannot read it (expected a property list)");
        return NULL;
    }
    if (objects != scan.objects) {
        const char *why = is_binary(text, length) ? NULL : scan_doubled_key(arena, text, length);

        report_error(name, "%s", why != NULL ? why : "a key occurs twice (expected each key once)");
        return NULL;
    }
    return value;
}

const struct value *plist_load(struct arena *arena, const char *path)
{
    const struct value *value = NULL;
    char *text = NULL;
    size_t length;

    if (read_file(path, &text, &length))
        value = plist_parse(arena, path, text, length);
    free(text);
    return value;
}

/* ---- typed access ---------------------------------------------------------------------------- */

static void add_path(struct buffer *path, const struct plist_node *node)
{
    if (node->parent == NULL)
        return;
    add_path(path, node->parent);
    if (node->parent->parent != NULL)
        buffer_puts(path, ".");
    buffer_puts(path, node->key);
}

static void report_node(const struct plist_node *node, bool warning, const char *format,
                        va_list args)
{
    struct buffer where = {0};
    char message[1024];

    buffer_printf(&where, "%s", node->file);
    if (node->parent != NULL)
        buffer_puts(&where, ": ");
    add_path(&where, node);
    vsnprintf(message, sizeof message, format, args);
    if (warning)
        report_warning(where.data, "%s", message);
    else
        report_error(where.data, "%s", message);
    buffer_free(&where);
}

void plist_error(const struct plist_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_node(node, false, format, args);
    va_end(args);
}

void plist_warning(const struct plist_node *node, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report_node(node, true, format, args);
    va_end(args);
}

struct plist_node plist_child_at(struct arena *arena, const struct plist_node *node, size_t n)
{
    const char *key =
        node->value->type == VALUE_MAP ? node->value->keys[n] : arena_printf(arena, "%zu", n);

    return (struct plist_node){node->file, node, key, node->value->items[n]};
}

static bool find(const struct plist_node *dict, const char *key, bool required, const char *wanted,
                 struct plist_node *child)
{
    *child = (struct plist_node){dict->file, dict, key, value_get(dict->value, key, strlen(key))};
    if (child->value == NULL && required)
        plist_error(child, "missing (expected %s)", wanted);
    return child->value != NULL;
}

static bool typed(const struct plist_node *dict, const char *key, bool required,
                  enum value_type type, const char *wanted, struct plist_node *child)
{
    if (!find(dict, key, required, wanted, child))
        return false;
    if (child->value->type == type)
        return true;
    plist_error(child, "%s (expected %s)", value_type_name(child->value->type), wanted);
    return false;
}

bool plist_dict(const struct plist_node *dict, const char *key, bool required,
                struct plist_node *child)
{
    return typed(dict, key, required, VALUE_MAP, "a dictionary", child);
}

bool plist_array(const struct plist_node *dict, const char *key, bool required,
                 struct plist_node *child)
{
    return typed(dict, key, required, VALUE_LIST, "an array", child);
}

bool plist_integer(const struct plist_node *dict, const char *key, bool required, int64_t min,
                   int64_t max, int64_t *out)
{
    const struct value *value = value_get(dict->value, key, strlen(key));
    struct plist_node child;
    char wanted[80];

    if (value == NULL && !required)
        return false;
    if (value != NULL && value->type == VALUE_INT && value->integer >= min &&
        value->integer <= max) {
        *out = value->integer;
        return true;
    }
    snprintf(wanted, sizeof wanted, "an integer from %lld to %lld", (long long)min, (long long)max);
    if (typed(dict, key, required, VALUE_INT, wanted, &child))
        plist_error(&child, "%lld (expected %s)", (long long)child.value->integer, wanted);
    return false;
}

bool plist_bool(const struct plist_node *dict, const char *key, bool *out)
{
    struct plist_node child;

    if (!typed(dict, key, false, VALUE_BOOL, "true or false", &child))
        return false;
    *out = child.value->boolean;
    return true;
}

bool plist_is_text(const struct plist_node *node, const char **out)
{
    const struct value *value = node->value;

    if (value->type != VALUE_STRING) {
        plist_error(node, "%s (expected a string)", value_type_name(value->type));
        return false;
    }
    for (size_t i = 0; i < value->length; i++)
        if (value->string[i] < 0x20 || value->string[i] > 0x7e) {
            plist_error(node, "a byte that is not printable ASCII (expected text)");
            return false;
        }
    if (value->length == 0) {
        plist_error(node, "empty (expected text)");
        return false;
    }
    *out = value->string;
    return true;
}

bool plist_text(const struct plist_node *dict, const char *key, bool required, const char **out)
{
    struct plist_node child;

    return typed(dict, key, required, VALUE_STRING, "a string", &child) &&
           plist_is_text(&child, out);
}

bool plist_prose(const struct plist_node *dict, const char *key, const char **out)
{
    struct plist_node child;

    if (!typed(dict, key, false, VALUE_STRING, "a string", &child))
        return false;
    for (const char *c = child.value->string, *end = c + child.value->length; c < end; c++)
        if ((unsigned char)*c < 0x20 && *c != '\t' && *c != '\n' && *c != '\r') {
            plist_error(&child, "a control character (expected text)");
            return false;
        }
    *out = child.value->string;
    return true;
}

/* "a, b or c" */
static const char *alternatives(struct arena *arena, const char *const known[])
{
    const char *text = known[0];

    for (size_t k = 1; known[k] != NULL; k++)
        text = arena_printf(arena, "%s%s%s", text, known[k + 1] == NULL ? " or " : ", ", known[k]);
    return text;
}

void plist_unknown_keys(struct arena *arena, const struct plist_node *dict,
                        const char *const known[])
{
    for (size_t i = 0; i < dict->value->length; i++) {
        size_t k = 0;

        while (known[k] != NULL && strcmp(known[k], dict->value->keys[i]) != 0)
            k++;
        if (known[k] == NULL) {
            struct plist_node child = plist_child_at(arena, dict, i);

            plist_warning(&child, "unknown key (expected %s)", alternatives(arena, known));
        }
    }
}
