#include "plist.h"

#include "common/file.h"
#include "common/report.h"
#include "libplist.h"
#include "scan.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- a file -> values ------------------------------------------------------------------------ */

/* The caller frees the text, also on failure. */
static bool read_file(const char *path, struct buffer *text)
{
    struct stat status;
    FILE *file = open_file(path, &status);
    bool ok = false;

    if (file == NULL) {
        report_error(path, "%s (expected a property list)",
                     errno == 0 ? "not a regular file" : strerror(errno));
        return false;
    }
    if (status.st_size > PLIST_SIZE_MAX)
        report_error(path, "%lld bytes (expected at most %d)", (long long)status.st_size,
                     PLIST_SIZE_MAX);
    else if (!read_open_file(file, PLIST_SIZE_MAX, text))
        report_error(path, "cannot be read: %s", strerror(errno));
    else if (text->length > PLIST_SIZE_MAX)
        report_error(path, "more than %d bytes (expected a property list)", PLIST_SIZE_MAX);
    else if (text->length == 0)
        report_error(path, "empty (expected a property list)");
    else
        ok = true;
    fclose(file);
    return ok;
}

static bool is_binary(const char *text, size_t length)
{
    return length >= 8 && memcmp(text, "bplist00", 8) == 0;
}

const struct value *plist_parse(struct arena *arena, const char *name, const char *text,
                                size_t length)
{
    const char *why;
    const struct value *root =
        (is_binary(text, length) ? scan_binary : scan_xml)(arena, text, length, &why);

    if (root == NULL)
        report_error(name, "%s", why);
    return root != NULL && libplist_agrees(name, root) ? root : NULL;
}

const struct value *plist_load(struct arena *arena, const char *path)
{
    const struct value *value = NULL;
    struct buffer text = {0};

    if (read_file(path, &text))
        value = plist_parse(arena, path, text.data, text.length);
    buffer_free(&text);
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
