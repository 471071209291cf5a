/* libkpdb built for one chip each: its kpdb_find() under another name. bench.py makes the list. */
#ifndef ONE_CHIP_H
#define ONE_CHIP_H

#include "kpdb.h"

typedef int kpdb_find_function(unsigned cpu, int release, const char *name, size_t length,
                               struct kpdb_event *out);

extern const struct one_chip {
    const char *cpu; /* NULL behind the last */
    kpdb_find_function *find;
} one_chips[];

#endif
