/*
 * kperfdata's configuration, written a second time from kperfdata.md 2.1, 2.2, 2.3, 2.4, 2.5 alone:
 * what kpdb_encode() with KPDB_KPERFDATA is held against. It takes an event's facts from libkpdb
 * and nothing else: no code is shared.
 */
#ifndef KPEP_TESTS_KPERFDATA_MODEL_H
#define KPEP_TESTS_KPERFDATA_MODEL_H

#include "kpdb.h"

/* kperfdata's own codes. */
enum model_code {
    MODEL_OK = 0,
    MODEL_INVALID = 1,      /* forced already */
    MODEL_CONFLICT = 12,    /* conflicting events */
    MODEL_FORCE = 13,       /* counters must be forced */
    MODEL_UNAVAILABLE = 14, /* a fixed event that nothing else counts */
    MODEL_NO_COUNTER = 16,  /* no usable counter */
};

enum { MODEL_COUNTERS = 32, MODEL_FREE = -1 };

/* kpep_config_t: what each counter counts, and for whom. */
struct model {
    unsigned cpu;
    struct kpdb_cpu facts;
    unsigned macos; /* 15, 26: user mode is another word from 26 on */
    bool forced;
    uint32_t classes;
    uint32_t used; /* mask of the counters taken */
    struct {
        int event; /* index of the event, or MODEL_FREE */
        uint32_t flag;
    } counter[MODEL_COUNTERS];
    struct kpdb_event event[MODEL_COUNTERS];
    unsigned events;
};

void model_create(struct model *model, unsigned cpu, unsigned macos);
/* kpep_config_force_counters() */
enum model_code model_force_counters(struct model *model);
/*
 * kpep_config_add_event(): *event becomes its fallback when that is what counts. *conflict
 * becomes the bitmap of the events in the way, 0 when there are none.
 */
enum model_code model_add_event(struct model *model, struct kpdb_event *event, uint32_t flag,
                                uint32_t *conflict);
/* kpep_config_kpc_classes(), _kpc_count(), _kpc(), _kpc_map() */
uint32_t model_kpc_classes(const struct model *model);
unsigned model_kpc_count(const struct model *model);
void model_kpc(const struct model *model, uint64_t words[MODEL_COUNTERS]);
void model_kpc_map(const struct model *model, unsigned slots[MODEL_COUNTERS]);
/* The counter that event `index` is on. */
unsigned model_counter(const struct model *model, unsigned index);
/* kpep_db_counters_count(), with POWER too. */
unsigned model_counters_count(const struct kpdb_cpu *cpu, uint32_t classes);
/* The same of the configuration: what kpc_get_thread_counters() fills. */
unsigned model_slots(const struct model *model);

#endif
