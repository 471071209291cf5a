/* An encoding for people and for programs: what encode and plan share. */
#ifndef KPEP_PLACEMENT_H
#define KPEP_PLACEMENT_H

#include "cli.h"

/* The words of --strategy (enum kpdb_strategy) and --counters (1: unforced). */
extern const struct option_word strategy_words[], counters_words[];

/* Operands of encode and plan. */
enum { PLACEMENT_EVENTS_MAX = 1000 };

/* What the command line asks to encode. */
struct placement {
    struct arena *arena;
    unsigned cpu;
    struct kpdb_cpu info;
    struct kpdb_options options;
    const struct option_word *strategy;
    struct kpdb_request *requests;
    unsigned count;
};

/* From the options and operands; EXIT_OK, or EXIT_NO after a report. */
int placement_read(struct arena *arena, const struct arguments *arguments,
                   struct placement *placement);

/* The encoding of requests[0..count) as the JSON contract has it. */
void placement_json(struct json *json, const char *key, const struct placement *placement,
                    const struct kpdb_request *requests, const struct kpdb_encoding *encoding);
/* The counters in a row with the event on each, then a line an event. */
void placement_text(const struct placement *placement, const struct kpdb_request *requests,
                    const struct kpdb_encoding *encoding);
/* Lines on stderr: what the kernel will make of it, of these warnings (enum kpdb_warning). */
void placement_warnings(const struct placement *placement, const struct kpdb_encoding *encoding,
                        unsigned which);
/*
 * Why it cannot be: one line on stderr, or with --json the error object on
 * stdout. Returns the exit status, EXIT_NO. counters and conflicts: those of a
 * failed encoding, or 0.
 */
int placement_error(const struct arguments *arguments, const struct placement *placement, int error,
                    unsigned failed, uint32_t conflicts, uint32_t counters);

#endif
