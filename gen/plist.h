/*
 * Property lists: a file -> values, refused with a reason when it is not
 * exactly one well-formed list, and typed access to the values that names the
 * place of whatever is wrong.
 */
#ifndef KPEPC_PLIST_H
#define KPEPC_PLIST_H

#include "common/arena.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What a file may hold at the most; Apple's largest is 135 KB, 3 500 elements, five levels deep.
 * libplist may compare each key of a dictionary with those before it, so of several dictionaries
 * the squares of their keys count.
 */
enum {
    PLIST_SIZE_MAX = 16 << 20,
    PLIST_DEPTH_MAX = 32,
    PLIST_OBJECTS_MAX = 1 << 18,
    PLIST_KEYS_MAX = 1 << 15, /* of one dictionary */
    PLIST_COMPARISONS_MAX = PLIST_KEYS_MAX / 2 * (PLIST_KEYS_MAX + 1),
};

/* The root of the XML or binary plist at path; NULL after a report. */
const struct value *plist_load(struct arena *arena, const char *path);
/* The same of one in memory; name is what reports call it. */
const struct value *plist_parse(struct arena *arena, const char *name, const char *text,
                                size_t length);

/* A value and how it was reached, for messages: "FILE: KEY.PATH". */
struct plist_node {
    const char *file;
    const struct plist_node *parent; /* NULL for the root */
    const char *key;
    const struct value *value;
};

void plist_error(const struct plist_node *node, const char *format, ...) PRINTF_LIKE(2, 3);
void plist_warning(const struct plist_node *node, const char *format, ...) PRINTF_LIKE(2, 3);
/* The n-th child of a map or list: its key (or index, in the arena) and value. */
struct plist_node plist_child_at(struct arena *arena, const struct plist_node *node, size_t n);

/*
 * The child of a dictionary by key. All of them: false when it is absent or
 * not as expected; a report was made unless it is absent and not required.
 */
bool plist_dict(const struct plist_node *dict, const char *key, bool required,
                struct plist_node *child);
bool plist_array(const struct plist_node *dict, const char *key, bool required,
                 struct plist_node *child);
bool plist_integer(const struct plist_node *dict, const char *key, bool required, int64_t min,
                   int64_t max, int64_t *out);
bool plist_bool(const struct plist_node *dict, const char *key, bool *out);
/* Not empty, and printable ASCII only. */
bool plist_text(const struct plist_node *dict, const char *key, bool required, const char **out);
/* Any string that XML can hold: no control character but tab and ends of lines. */
bool plist_prose(const struct plist_node *dict, const char *key, const char **out);
/* The same check as plist_text() for a value that is at hand already. */
bool plist_is_text(const struct plist_node *node, const char **out);
/* A warning for every key that is none of known[], which ends with NULL. */
void plist_unknown_keys(struct arena *arena, const struct plist_node *dict,
                        const char *const known[]);

#endif
