/*
 * libplist swallows what a compiler must not: it crashes on deep nesting,
 * takes "12abc" for 12 and "0140" for 96, saturates an integer of more than 64
 * bits, keeps one of two values of a doubled key, ends a binary string at a NUL,
 * reads a file cut short as if it were whole, and says nothing of why it gives up. It takes
 * time with the square of a dictionary's keys or a text's entities, and memory for each use of what
 * is there once. So a file is
 * scanned first, with a reason and a line, and only what passes is given to libplist.
 */
#ifndef KPEPC_SCAN_H
#define KPEPC_SCAN_H

#include "util.h"

struct scan {
    size_t objects;    /* of the whole file: values, and keys of dictionaries */
    const char *error; /* why it was refused, in the arena */
};

bool scan_xml(struct arena *arena, const char *text, size_t length, struct scan *scan);
bool scan_binary(struct arena *arena, const char *text, size_t length, struct scan *scan);
/* The first key of an XML plist that occurs twice in its dictionary, as a message; else NULL. */
const char *scan_doubled_key(struct arena *arena, const char *text, size_t length);

#endif
