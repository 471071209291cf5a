/*
 * The one reading of a property list: bytes -> values, or the reason why not. Whatever a second
 * reader could take otherwise is refused: a declaration, an attribute but version="1.0", a key
 * twice, an integer that is not exactly one of 64 bits, a character that XML does not have, a file
 * cut short or with something behind its end. What is accepted means what XML says it means:
 * comments, instructions and CDATA, references to characters, ends of lines.
 *
 * libplist then reads a document written from these values (libplist.c), never the bytes
 * themselves: of those it skips quotes where there are none and knows but one kind, takes 0140 for
 * 96 and 12abc for 12, keeps one of two values of a doubled key, crashes on deep nesting, needs
 * time with the square of a text's entities, and says nothing of why it gives up.
 */
#ifndef KPEPC_SCAN_H
#define KPEPC_SCAN_H

#include "common/arena.h"
#include "common/buffer.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The limits of one file; Apple's largest is 135 KB, 3 500 elements, five levels deep. libplist may
 * compare each key of a dictionary with those before it: the comparisons of all dictionaries
 * together are as many as those of one with the most keys.
 */
enum {
    PLIST_SIZE_MAX = 16 << 20,   /* bytes */
    PLIST_DEPTH_MAX = 32,        /* levels of values in values */
    PLIST_OBJECTS_MAX = 1 << 18, /* elements, or objects as often as they are referred to */
    PLIST_KEYS_MAX = 1 << 15,    /* of one dictionary */
    PLIST_COMPARISONS_MAX = PLIST_KEYS_MAX / 2 * (PLIST_KEYS_MAX + 1),
};

/*
 * Read a document. The root, in the arena; or NULL with *error, also there: one line without its
 * end. Data and dates are checked and become VALUE_OTHER.
 */
struct value *scan_xml(struct arena *arena, const char *text, size_t length, const char **error);
struct value *scan_binary(struct arena *arena, const char *text, size_t length, const char **error);

/* A key of a dictionary with its value, and its place in the file, higher for later ones. */
struct scan_entry {
    const char *key;
    struct value *value;
    size_t place;
};

/* Sorts entries and makes a map of them; NULL with *doubled the second of two that have one key. */
struct value *scan_map(struct arena *arena, struct scan_entry *entries, size_t count,
                       const struct scan_entry **doubled);
/* What a message says of such an entry. */
const char *scan_doubled(struct arena *arena, const struct scan_entry *doubled);
/* Whether XML has the character. */
bool scan_is_character(uint32_t code);
/* Appends a character as UTF-8. */
void scan_add_character(struct buffer *to, uint32_t code);

#endif
