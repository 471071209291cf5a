/*
 * Written by kpepc: do not edit. What the events of kpdb_ids.h mean, and their errata.
 *
 * Included by libkpdb's texts.c and by nothing else, so that a program that shows
 * no meaning has none. No array holds a pointer, so nothing has to be relocated;
 * the offsets into the texts are the C compiler's.
 *
 * Lists of bare numbers have eight to a line.
 */
#include "kpdb_ids.h"

#ifndef KPDB_FINGERPRINT
#error "kpdb_ids.h is not kpepc's: compile the databases again"
#endif
_Static_assert(KPDB_FINGERPRINT == 0xd3b1713du,
               "kpdb_ids.h and kpdb_texts.h are of two compiles: compile the databases again");

enum {
    TEXT_EVENT_IDS = 9,
    TEXT_ERRATA = 2,
};

typedef uint8_t text_offset;

/* Sentences and lists of errata, by number; the first is empty. */
#define TEXTS(X) \
    X(0, "") \
    X(1, "Core clock cycles.") \
    X(2, "Retired instructions.") \
    X(3, "Retired branches, \"calls\" & returns included.") \
    X(4, "ABC1, ABC23") \

struct text_strings {
#define X(n, text) char t##n[sizeof text];
    TEXTS(X)
#undef X
};
_Static_assert(sizeof(struct text_strings) == 100, "kpdb_texts.h: texts are missing");
static const struct text_strings text_strings = {
#define X(n, text) .t##n = text,
    TEXTS(X)
#undef X
};
#define T(n) offsetof(struct text_strings, t##n)

/* By event id: where its summary begins in text_strings, bytes; 0 for none. */
static const text_offset text_summaries[TEXT_EVENT_IDS + 1] = {
    T(0), T(1), T(1), T(0), T(2), T(3), T(0), T(0),
    T(0),
    0,
};
/* By event id / 8: bit id % 8 says that the summary is likely only. */
static const uint8_t text_doubted[TEXT_EVENT_IDS / 8 + 1] = {
    0x20, 0x0,
};

/* By CPU, then event id: the errata that are known of the CPU's event. */
struct text_erratum {
    uint16_t cpu, event;
    text_offset text; /* as of summaries */
};
static const struct text_erratum text_errata[TEXT_ERRATA + 1] = {
    { 0, 4, T(4) }, /* INST_ALL */
    { 0, 5, T(4) }, /* INST_BRANCH */
    {0, 0, 0},
};
#undef T

/* The last line: a file cut short fails to compile. */
#define TEXT_END 0xd3b1713du
