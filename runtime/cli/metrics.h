/* Metrics beside the events of a command that counts: what to count for them, and their values. */
#ifndef KPEP_METRICS_H
#define KPEP_METRICS_H

#include "cli.h"
#include "kplive.h"

/* A metric that was asked for. */
struct asked_metric {
    unsigned metric;
    int status; /* KPLIVE_OK, or why its events are not counted */
};

/* What is counted: events that were asked for, then those that metrics need besides. */
struct counted {
    struct kpdb_request events[KPDB_EVENTS_MAX];
    unsigned count;
    struct asked_metric metrics[KPDB_EVENTS_MAX];
    unsigned metric_count;
};

/*
 * Sorts words into events and metrics, KPDB_EVENTS_MAX at most, and programs the sampler with the
 * events and with as many of the metrics' as fit beside them. A status of kplive_program().
 */
int metrics_program(struct kplive *sampler, const char *const *words, size_t count, bool user_only,
                    struct counted *counted, struct kplive_error *error);
/*
 * Prints every metric that the counts are enough for, and for those that were asked for, or whose
 * counts are not of the same modes, why they have no value.
 */
void metrics_print(struct arena *arena, const struct kplive *sampler, const struct counted *counted,
                   const uint64_t *delta);
void metrics_print_json(struct json *json, const struct kplive *sampler,
                        const struct counted *counted, const uint64_t *delta);

#endif
