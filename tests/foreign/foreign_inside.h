/* What the files of the stand-in share. */
#ifndef KPEP_TESTS_FOREIGN_INSIDE_H
#define KPEP_TESTS_FOREIGN_INSIDE_H

#include "foreign.h"

#include <errno.h>

#include "foreign_facts.h"

/* The signatures are those of Apple's functions, as kplive binds them. */
#include "kperf.h"

#define EXPORT __attribute__((visibility("default")))
#ifdef __clang__
#pragma clang assume_nonnull begin /* as in kperf.h */
#endif
#define DECLARED(result, name, parameters) EXPORT result name parameters;
KPERF_SYMBOLS(DECLARED)
KPERF_OPTIONAL(DECLARED)
KPERFDATA_SYMBOLS(DECLARED)
KPERFDATA_OPTIONAL(DECLARED)

#define COUNT(array) (sizeof(array) / sizeof *(array))

/*
 * Every function of the frameworks begins with begin(), which counts, runs what is to run before,
 * and gives the errno it is to fail with, or 0; and ends with end().
 */
int begin(const char *function);
void end(void);

/*
 * foreign_events.c: how many events there are, Apple's and three more; what may be counted at all,
 * and whether an event of that number can be on a counter.
 */
#define ONE_FACT(name, alias, number, mask, fixed) +1
enum { EVENTS = FACTS(ONE_FACT) + 3 };
bool selector_allowed(uint32_t selector);
bool event_on(uint32_t selector, unsigned counter);

/* foreign_kpc.c */
const struct foreign_machine *machine_found(void);
/* Somebody calls a setter. */
void machine_changes(void);

#ifdef __clang__
#pragma clang assume_nonnull end
#endif

#endif
