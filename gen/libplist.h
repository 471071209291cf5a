/* A second reading of a property list: libplist must agree with scan.h. */
#ifndef KPEPC_LIBPLIST_H
#define KPEPC_LIBPLIST_H

#include "common/program.h"
#include "value.h"

#include <stdbool.h>

/*
 * Whether libplist reads every key and value from a document that is written from the values. False
 * after a report that names the first that differs. The program ends with EXIT_SYSTEM
 * when libplist breaks down or has no memory.
 */
bool libplist_agrees(const char *name, const struct value *root);

#endif
