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

/* plist_load.c: the root of the XML or binary plist at path; NULL after a report. */
const struct value *plist_load(struct arena *arena, const char *path);
/* The same of a plist in memory; name is what reports call it. */
const struct value *plist_parse(struct arena *arena, const char *name, const char *text,
                                size_t length);

/* A value and how it was reached, for messages: "FILE: KEY.PATH". */
struct plist_node {
    const char *file;
    const struct plist_node *parent; /* NULL for the root */
    const char *key;
    const struct value *value;
};

/* plist_load.c: the root of a file that must hold a dictionary; false after a report. */
bool plist_load_dict(struct arena *arena, const char *path, struct plist_node *root);

/* Report what is wrong with a value, behind "FILE: KEY.PATH: ". */
void plist_error(const struct plist_node *node, const char *format, ...) PRINTF_LIKE(2, 3);
void plist_warning(const struct plist_node *node, const char *format, ...) PRINTF_LIKE(2, 3);
/* The n-th child of a map or list: its value, and its key or, as text in the arena, its index. */
struct plist_node plist_child_at(struct arena *arena, const struct plist_node *node, size_t n);

/* Whether a dictionary has the key. */
bool plist_has(const struct plist_node *dict, const char *key);
/*
 * Get the child of a dictionary by key. False when it is absent or not as expected: then a report
 * was made, unless it is absent and not required.
 */
bool plist_dict(const struct plist_node *dict, const char *key, bool required,
                struct plist_node *child);
bool plist_array(const struct plist_node *dict, const char *key, bool required,
                 struct plist_node *child);
bool plist_integer(const struct plist_node *dict, const char *key, bool required, int64_t min,
                   int64_t max, int64_t *out);
bool plist_bool(const struct plist_node *dict, const char *key, bool *out);
/* A string that is not empty and printable ASCII. */
bool plist_text(const struct plist_node *dict, const char *key, bool required, const char **out);
/* Any string that XML can hold: no control character but tab and ends of lines. */
bool plist_prose(const struct plist_node *dict, const char *key, const char **out);
/* Check a value in the same way; false after a report. */
bool plist_is_dict(const struct plist_node *node);
bool plist_is_array(const struct plist_node *node);
bool plist_is_text(const struct plist_node *node, const char **out);
/* Warns of every key that is none of known[], which ends with NULL. */
void plist_unknown_keys(struct arena *arena, const struct plist_node *dict,
                        const char *const known[]);

#endif
