/*
 * Typed access to the values of a property list. What is not as expected is reported by the file
 * and the keys that lead to it.
 */
#include "plist.h"

#include "common/report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

bool plist_has(const struct plist_node *dict, const char *key)
{
    return value_get(dict->value, key, strlen(key)) != NULL;
}

static bool find_child(const struct plist_node *dict, const char *key, bool required,
                       const char *wanted, struct plist_node *child)
{
    *child = (struct plist_node){dict->file, dict, key, value_get(dict->value, key, strlen(key))};
    if (child->value == NULL && required)
        plist_error(child, "missing (expected %s)", wanted);
    return child->value != NULL;
}

static bool is_type(const struct plist_node *node, enum value_type type, const char *wanted)
{
    if (node->value->type == type)
        return true;
    plist_error(node, "%s (expected %s)", value_type_name(node->value->type), wanted);
    return false;
}

bool plist_is_dict(const struct plist_node *node)
{
    return is_type(node, VALUE_MAP, "a dictionary");
}

bool plist_is_array(const struct plist_node *node)
{
    return is_type(node, VALUE_LIST, "an array");
}

static bool find_typed(const struct plist_node *dict, const char *key, bool required,
                       enum value_type type, const char *wanted, struct plist_node *child)
{
    return find_child(dict, key, required, wanted, child) && is_type(child, type, wanted);
}

bool plist_dict(const struct plist_node *dict, const char *key, bool required,
                struct plist_node *child)
{
    return find_typed(dict, key, required, VALUE_MAP, "a dictionary", child);
}

bool plist_array(const struct plist_node *dict, const char *key, bool required,
                 struct plist_node *child)
{
    return find_typed(dict, key, required, VALUE_LIST, "an array", child);
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
    if (find_typed(dict, key, required, VALUE_INT, wanted, &child))
        plist_error(&child, "%lld (expected %s)", (long long)child.value->integer, wanted);
    return false;
}

bool plist_bool(const struct plist_node *dict, const char *key, bool *out)
{
    struct plist_node child;

    if (!find_typed(dict, key, false, VALUE_BOOL, "true or false", &child))
        return false;
    *out = child.value->boolean;
    return true;
}

bool plist_is_text(const struct plist_node *node, const char **out)
{
    const struct value *value = node->value;

    if (!is_type(node, VALUE_STRING, "a string"))
        return false;
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

    return find_typed(dict, key, required, VALUE_STRING, "a string", &child) &&
           plist_is_text(&child, out);
}

bool plist_prose(const struct plist_node *dict, const char *key, const char **out)
{
    struct plist_node child;

    if (!find_typed(dict, key, false, VALUE_STRING, "a string", &child))
        return false;
    *out = child.value->string;
    return true;
}

static void warn_unknown_key(const struct plist_node *child, const char *const known[])
{
    struct buffer expected = {0};

    for (size_t k = 0; known[k] != NULL; k++)
        buffer_add_alternative(&expected, known[k], known[k + 1] == NULL);
    plist_warning(child, "unknown key (expected %s)", expected.data);
    buffer_free(&expected);
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

            warn_unknown_key(&child, known);
        }
    }
}
