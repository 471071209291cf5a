/*
 * A framework that lies: Apple's kperf and kperfdata in one library, whose answers come from the
 * input. It keeps to what memory safety rests on: it writes as many bytes as the caller says there
 * is room for, or, where the caller says nothing, as many as follow from its own last answer.
 */
#ifndef KPEP_LIAR_H
#define KPEP_LIAR_H

#include <stddef.h>
#include <stdint.h>

/* What it says where it does not lie. */
struct liar_truth {
    uint32_t type, subtype, family;
    unsigned fixed, configurable; /* counters */
    const char *const *names;     /* of events */
    size_t count;
};

/* Answers from these bytes: each question takes some, and when they are used up the truth is told.
 */
void liar_begin(const struct liar_truth *truth, const uint8_t *data, size_t size);
/* Aborts when something was not given back. */
void liar_end(void);

#endif
