/*
 * What the files of libkplive share, by the file that defines it; files call only those further up.
 * Not installed.
 */
#ifndef KPLIVE_INTERNAL_H
#define KPLIVE_INTERNAL_H

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

/* What a configuration word selects: the event's number, and on Intel its unit mask, else 0. */
static inline uint32_t kplive_selector(const struct kplive *sampler, uint64_t word)
{
    return (uint32_t)word & (sampler->intel ? 0xff : 0xffff);
}

static inline uint32_t kplive_unit_mask(const struct kplive *sampler, uint64_t word)
{
    return sampler->intel ? (uint32_t)word >> 8 & 0xff : 0;
}

/* ---- error.c: failures ----------------------------------------------------------------------- */

/* Fills *error in and returns status. call and event may be NULL; hint is a format, or NULL. */
int kplive_fail(struct kplive_error *error, int status, const char *call, int code,
                const char *event, const char *hint, ...) __attribute__((format(printf, 6, 7)));
/* Appends to the hint; what does not fit is cut. */
void kplive_add_hint(struct kplive_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Writes into text what an errno means, in the system's words; returns text. */
const char *kplive_errno_text(int code, char *text, size_t size);
/*
 * A kpc call failed with errno, or without any (0), and what that means there
 * (kernel.md 1.2, 1.4, 1.8; kperfdata.md 4.2); config: it was kpc_set_config().
 */
int kplive_kpc_failed(struct kplive_error *error, const char *call, int code, bool config);

/* ---- ask.c: what there is, before anything is done ------------------------------------------- */

/*
 * Whether every function of the NULL-terminated list is there: KPLIVE_OK, or
 * KPLIVE_NO_FRAMEWORK with the first that is not as error->call.
 */
int kplive_need(const struct kplive_frameworks *frameworks, struct kplive_error *error,
                const char *const *names);
/* The system's numbers and texts. False, and 0 or "", where it has none such. */
bool kplive_ask_number(const struct kplive_frameworks *frameworks, const char *name,
                       uint32_t *number);
bool kplive_ask_text(const struct kplive_frameworks *frameworks, const char *name, char *text,
                     size_t size);
/*
 * The classes that kpc counts, those for threads, and whether the counters are forced;
 * the functions are known to be there. Errors as kplive_kpc_failed().
 */
int kplive_ask_counting(const struct kplive_frameworks *frameworks, uint32_t *counting,
                        struct kplive_error *error);
int kplive_ask_threads(const struct kplive_frameworks *frameworks, uint32_t *classes,
                       struct kplive_error *error);
int kplive_ask_force(const struct kplive_frameworks *frameworks, int *force,
                     struct kplive_error *error);
/* Waits a millisecond, and keeps errno no more than a system call does. */
void kplive_pause(void);

/* ---- kperfdata.c: its database, and words by it ---------------------------------------------- */

/*
 * Whether the functions for what follows are there; kplive_ask_words() needs kpep_db_event() too.
 * KPLIVE_OK, or KPLIVE_NO_FRAMEWORK as kplive_need().
 */
int kplive_need_kperfdata(const struct kplive_frameworks *frameworks, struct kplive_error *error);
/* kperfdata's database of this CPU, for its kpep_db_free(). */
int kplive_database(const struct kplive *sampler, struct kpep_db **db, struct kplive_error *error);

/* Names and aliases of Apple's are below 64 bytes; what does not end within these is cut. */
enum { KPLIVE_NAME_SIZE = 128 };
/* Copies a text that may be NULL or without an end, cut to fit: whether it is whole, not empty. */
bool kplive_copy_text(const char *from, char *to, size_t size);

/* Room for the longest name of an event that is handed to kperfdata as a C string. */
enum { KPLIVE_REQUEST_SIZE = 96 };
/* An event's name into that much room: whether it is a C string that fits. */
bool kplive_copy_name(const struct kpdb_request *event, char *name);

/* An encoding by kperfdata, forced; codes are kperfdata's. */
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
/* The events added to a configuration of their own, in their order. */
void kplive_ask_words(const struct kplive_frameworks *frameworks, struct kpep_db *db,
                      const struct kpdb_request *events, unsigned count,
                      struct kplive_framework_words *out);

/* ---- words.c: the encoding of a sampler's events --------------------------------------------- */

/* Into sampler->encoding, from where the sampler takes its words. */
int kplive_encode(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                  struct kplive_error *error);
/* Of kpdb's greedy encoding and kperfdata's: the first field that differs, or NULL. */
const char *kplive_words_differ(int kpdb_result, const struct kpdb_encoding *encoding,
                                unsigned count, const struct kplive_framework_words *words);

/* ---- owner.c: starting and stopping, one at a time in a process ------------------------------ */

/* Installs the ways out, once in a process: at exit and fork. */
int kplive_register(struct kplive_error *error);
/* Takes the counters for a sampler, or shares them with those that run. */
int kplive_own(struct kplive *sampler, struct kplive_error *error);
/*
 * Stops a sampler; the last one puts everything back. tell: what an earlier stop, of a handler,
 * could not put back is this one's error too.
 */
int kplive_disown(struct kplive *sampler, bool tell, struct kplive_error *error);
bool kplive_runs(const struct kplive *sampler);
/* Stops all samplers, for good: none starts any more. A signal's handler may call it. */
void kplive_end(void);
/* The same, but until kplive_go_on() was called as often. */
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
int kplive_run_alone(int (*run)(void *context, bool owned), void *context);

/* ---- events.c: the live database, learnt through kperfdata's functions alone ----------------- */

/* What the framework lets be learnt of an event. */
struct kplive_live_event {
    char name[KPLIVE_NAME_SIZE];
    bool named;        /* the name is whole and not empty */
    int code;          /* why it cannot be counted alone and forced; then what follows is 0 */
    bool fixed;        /* it took a counter and no word */
    uint32_t counters; /* that it could take, by absolute number */
    uint64_t words[2]; /* of user and kernel mode; of user mode alone */
    bool user_only;    /* there is the second of these */
};

struct kplive_live {
    const struct kplive_frameworks *frameworks;
    struct kpep_db *db;
    struct kpep_event **handles;
    struct kplive_live_event *events;
    unsigned count;
    size_t config_first; /* number of the first configurable counter: how many are fixed */
};

/*
 * Learns every event. To kplive_forget(), whatever it returns. KPLIVE_NO_FRAMEWORK,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_learn(const struct kplive *sampler, struct kplive_live *live,
                 struct kplive_error *error);
void kplive_forget(struct kplive_live *live);

#endif
