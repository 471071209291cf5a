/* An encoding for people and for programs: what encode and plan share. */
#ifndef KPEP_PLACEMENT_H
#define KPEP_PLACEMENT_H

#include "cli.h"

/* What the command line asks to encode. */
struct placement {
    unsigned cpu;
    struct kpdb_cpu info;
    struct kpdb_options options;
    const char *strategy; /* "optimal" or "kperfdata" */
    struct kpdb_request *requests;
    unsigned count;
};

/* From the options and arguments; EXIT_OK, or EXIT_NO or EXIT_USAGE after a message. */
int placement_read(const struct cli *cli, struct placement *placement);
void placement_free(struct placement *placement);

/* The encoding of requests[0..count) as the JSON contract has it. */
void placement_json(struct json *json, const char *key, const struct placement *placement,
                    const struct kpdb_request *requests, const struct kpdb_encoding *encoding);
/* The counters in a row with the event on each, then a line an event. */
void placement_text(const struct placement *placement, const struct kpdb_request *requests,
                    const struct kpdb_encoding *encoding);
/* Lines on stderr: what the kernel will make of it. */
void placement_warnings(const struct placement *placement, const struct kpdb_encoding *encoding);
/*
 * Why it cannot be: one line on stderr, or with --json the error object on
 * stdout. Returns the exit status, EXIT_NO. counters and conflicts: those of a
 * failed encoding, or 0.
 */
int placement_error(const struct cli *cli, const struct placement *placement, int error,
                    unsigned failed, uint32_t conflicts, uint32_t counters);

#endif
