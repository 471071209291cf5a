/* libplist's opinion of a property list that was read (scan.h). */
#ifndef KPEPC_LIBPLIST_H
#define KPEPC_LIBPLIST_H

#include "common/program.h"
#include "value.h"

#include <stdbool.h>

/*
 * Whether libplist reads, in a document written from the values, those values: every key and every
 * value. False after a report that names the first that differs. The program ends with EXIT_SYSTEM
 * when libplist breaks down or has no memory.
 */
bool libplist_agrees(const char *name, const struct value *root);

#endif
