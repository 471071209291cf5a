/* What the parts of libkplive share. Not installed. */
#ifndef KPLIVE_SAMPLER_H
#define KPLIVE_SAMPLER_H

#include "kperf.h"
#include "kplive.h"

#include <stdatomic.h>

static inline unsigned kplive_count_bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

struct kplive {
    struct kplive_frameworks frameworks;
    enum kplive_words words;
    bool insist;
    int cpu;     /* of the tables, or KPLIVE_NO_CPU */
    int release; /* of the tables, or KPLIVE_NO_CPU */
    bool intel;
    char cpu_name[40], macos[24];
    unsigned macos_version;     /* 2604 for 26.4; 0: not known */
    unsigned cpus;              /* of the machine; 0: not known */
    struct kplive_cores *cores; /* cores.c; NULL until it is asked */

    bool programmed;
    struct kpdb_encoding encoding;

    /* What reading goes by: owner.c sets it, and others may read it meanwhile. */
    atomic_int stopped; /* 0 from its start to its end, whoever ends it */
    uint32_t slot_count;
    int (*get)(uint32_t thread, uint32_t count, uint64_t *counters);
    uint32_t event_count;
    uint32_t running_classes;
    uint8_t map[KPDB_EVENTS_MAX]; /* slot of each event */
    struct kplive *next;          /* of those that run */
};

/* error.c: fills *error in and returns status. call and event may be NULL; hint is a format, or
 * NULL.
 */
int kplive_fail(struct kplive_error *error, int status, const char *call, int code,
                const char *event, const char *hint, ...) __attribute__((format(printf, 6, 7)));
/* More for the end of the hint. */
void kplive_add_hint(struct kplive_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What errno means; text. */
const char *kplive_errno_text(int code, char *text, size_t size);
/*
 * A kpc call failed with errno, or without any (0), and what that means there
 * (kernel.md 1.2, 1.4, 1.8; kperfdata.md 4.2); config: it was kpc_set_config().
 */
int kplive_kpc_failed(struct kplive_error *error, const char *call, int code, bool config);

/* sampler.c: the system's numbers and texts. False, and 0 or "", where it has none such. */
bool kplive_number(const struct kplive_frameworks *frameworks, const char *name, uint32_t *number);
bool kplive_text(const struct kplive_frameworks *frameworks, const char *name, char *text,
                 size_t size);

/*
 * owner.c: starting and stopping, one at a time in a process. It has the
 * counters' former state, and gives it back once.
 */
int kplive_register(struct kplive_error *error); /* the ways out, once in a process */
int kplive_own(struct kplive *sampler, struct kplive_error *error);
int kplive_disown(struct kplive *sampler, bool tell, struct kplive_error *error);
bool kplive_runs(const struct kplive *sampler);
/* As kplive_stop_all(), for a signal's handler too; and nothing starts any more. */
void kplive_end(void);
/* The same until kplive_go_on(), as often as it is called. */
void kplive_suspend(void);
void kplive_go_on(void);
/* What went wrong first, while the rest is still being put back; all 0: nothing yet. */
struct kplive_trouble {
    const char *call;
    int code; /* its errno */
};
void kplive_put_back(struct kplive_trouble *trouble, const char *call, int (*function)(uint32_t),
                     uint32_t value);
void kplive_unforce(struct kplive_trouble *trouble, const struct kplive_frameworks *frameworks);
/* Runs while nothing starts or stops; owned: this process has started a sampler. */
int kplive_alone(int (*run)(void *context, bool owned), void *context);

/*
 * need.c: whether every function of the NULL-terminated list is there. KPLIVE_OK,
 * or KPLIVE_NO_FRAMEWORK with the first that is not as error->call.
 */
int kplive_need(const struct kplive_frameworks *frameworks, struct kplive_error *error,
                const char *const *names);

/* need.c: waits a millisecond, and keeps errno no more than a system call does. */
void kplive_pause(void);
/*
 * need.c: the classes that kpc counts, those for threads, and whether the counters
 * are forced; the functions are known to be there. Errors as kplive_kpc_failed().
 */
int kplive_ask_counting(const struct kplive_frameworks *frameworks, uint32_t *counting,
                        struct kplive_error *error);
int kplive_ask_threads(const struct kplive_frameworks *frameworks, uint32_t *classes,
                       struct kplive_error *error);
int kplive_ask_force(const struct kplive_frameworks *frameworks, int *force,
                     struct kplive_error *error);

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
 * kperfdata moves nothing (kperfdata.md 2.7), so it is asked in the order in which
 * that does no harm, kpdb_encode()'s own: narrowest events first, then by counters and id. By
 * the names of this macOS, which it knows.
 */
void kplive_order(const struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                  struct kpdb_request *ordered);
/* Of kpdb's greedy encoding and kperfdata's: the first field that differs, or NULL. */
const char *kplive_words_differ(int kpdb_result, const struct kpdb_encoding *encoding,
                                unsigned count, const struct kplive_framework_words *words);

#endif
