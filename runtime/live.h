/* The live database, learnt through kperfdata's functions alone: for events.c and check.c. */
#ifndef KPLIVE_LIVE_H
#define KPLIVE_LIVE_H

#include "sampler.h"

/* Names and aliases of Apple's are below 64 bytes; what does not end within these is cut. */
enum { KPLIVE_NAME_SIZE = 128 };

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
 * kperfdata's database of this CPU, for its kpep_db_free(): the caller has asked for
 * both functions with kplive_need().
 */
int kplive_database(const struct kplive *sampler, struct kpep_db **db, struct kplive_error *error);
/*
 * Learns every event. To kplive_forget(), whatever it returns. KPLIVE_NO_FRAMEWORK,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_learn(const struct kplive *sampler, struct kplive_live *live,
                 struct kplive_error *error);
void kplive_forget(struct kplive_live *live);
/* Copies a text that may be NULL or without an end, cut to fit: whether it is whole, not empty. */
bool kplive_copy_text(const char *from, char *to, size_t size);

#endif
