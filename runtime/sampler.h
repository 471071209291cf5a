/* What sampler.c, words.c and check.c share. Not installed. */
#ifndef KPLIVE_SAMPLER_H
#define KPLIVE_SAMPLER_H

#include "kperf.h"
#include "kplive.h"

static inline unsigned kplive_count_bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

/* What was there before the counters were taken. */
struct kplive_before {
    int force;
    uint32_t counting, thread_counting;
    uint64_t config[KPDB_COUNTERS_MAX];
    unsigned config_count; /* words of config, for all that is configurable; 0: not known */
};

struct kplive {
    struct kplive_frameworks frameworks;
    enum kplive_words words;
    int cpu;     /* of the tables, or KPLIVE_NO_CPU */
    int release; /* of the tables, or KPLIVE_NO_CPU */
    char cpu_name[40], macos[24];
    unsigned cpus; /* of the machine; 0: not known */

    bool programmed, started;
    struct kpdb_encoding encoding;
    uint8_t slots[KPDB_EVENTS_MAX]; /* of the events, packed for the reading loop */
    struct kplive *next;            /* of the started samplers */
};

/* Fills *error in and returns status. call and event may be NULL; hint is a format, or NULL. */
int kplive_fail(struct kplive_error *error, int status, const char *call, int code,
                const char *event, const char *hint, ...) __attribute__((format(printf, 6, 7)));

/*
 * need.c: whether every function of the NULL-terminated list is there. KPLIVE_OK,
 * or KPLIVE_NO_FRAMEWORK with the first that is not as error->call.
 */
int kplive_need(const struct kplive_frameworks *frameworks, struct kplive_error *error,
                const char *const *names);

/* words.c: the encoding of the events, from where the sampler takes its words. */
int kplive_encode(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                  struct kplive_error *error);
/* kperfdata's own encoding of the events in that order, forced; codes are kperfdata's. */
struct kplive_framework_words {
    int code;           /* 0, or of the call that failed */
    const char *call;   /* that call */
    unsigned failed;    /* index of the event; their count: it is about none */
    uint32_t conflicts; /* of kpep_config_add_event() */
    uint32_t classes;
    size_t config_count;
    uint64_t config[KPDB_COUNTERS_MAX];
    size_t map[KPDB_EVENTS_MAX];
};
/* Into *out what a configuration of `count` events answers, checked; 0, or kperfdata's code. */
int kplive_take_words(const struct kplive_frameworks *frameworks, struct kpep_config *config,
                      unsigned count, struct kplive_framework_words *out);
void kplive_ask_framework(const struct kplive_frameworks *frameworks, struct kpep_db *db,
                          const struct kpdb_request *events, unsigned count,
                          struct kplive_framework_words *out);
/*
 * kperfdata moves nothing, so it is asked in the order in which that does no
 * harm, kpdb_encode()'s own: narrowest events first, then by counters and id. By
 * the names of this macOS, which it knows.
 */
void kplive_order(const struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                  struct kpdb_request *ordered);
/* Of kpdb's greedy encoding and kperfdata's: the first field that differs, or NULL. */
const char *kplive_words_differ(int kpdb_result, const struct kpdb_encoding *encoding,
                                unsigned count, const struct kplive_framework_words *words);

#endif
