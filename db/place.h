/*
 * What encode.c and plan.c share: the order of placement, and the matching of events to counters.
 * Not installed.
 */
#ifndef KPDB_PLACE_H
#define KPDB_PLACE_H

#include "kpdb.h"

/* Before functions that files share: "static" where all files are one (cmake/amalgamate.cmake). */
#ifndef KPDB_INTERNAL
#ifdef __GNUC__
#define KPDB_INTERNAL __attribute__((visibility("hidden")))
#else
#define KPDB_INTERNAL
#endif
#endif

static inline unsigned kpdb_count_bits(uint32_t bits)
{
    bits -= bits >> 1 & 0x55555555u;
    bits = (bits & 0x33333333u) + (bits >> 2 & 0x33333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0fu;
    return bits * 0x01010101u >> 24;
}

/* The number of the lowest bit that is set; bits must not be 0. */
static inline unsigned kpdb_lowest_bit(uint32_t bits)
{
#if defined(__x86_64__) || defined(__aarch64__)
    return (unsigned)__builtin_ctz(bits); /* two instructions at most; elsewhere perhaps a call */
#else
    return kpdb_count_bits(~bits & (bits - 1));
#endif
}

/* A CPU as encoding sees it. */
struct kpdb_pmu {
    struct kpdb_cpu cpu;
    int release;
    bool intel;
    uint32_t config; /* configurable counters that may be used: all, or those not held */
};

/* An event asked for, and what decides where it can be placed. */
struct kpdb_wanted {
    struct kpdb_event event; /* the one that is programmed */
    uint16_t asked;          /* id of the one that the name means */
    bool fixed;              /* on a fixed counter */
    bool unavailable;        /* on Intel: fixed, and nothing configurable counts the same */
    uint32_t counters; /* where it can go on what may be used; 0: kpdb_check_reach() says why */
};

/* The CPU in a release, as the options have it: 0, KPDB_NO_CPU or KPDB_NOT_IN_RELEASE. */
KPDB_INTERNAL int kpdb_find_pmu(unsigned cpu, const struct kpdb_options *options,
                                struct kpdb_pmu *out);
/* The rest of kpdb_find_wanted(), for an event of a fixed counter. */
KPDB_INTERNAL void kpdb_find_wanted_fixed(unsigned cpu, const struct kpdb_pmu *pmu,
                                          struct kpdb_wanted *wanted);
/* The event of a name; on Intel the fallback of a fixed one. 0, or an error of kpdb_find(). */
static inline int kpdb_find_wanted(unsigned cpu, const struct kpdb_pmu *pmu,
                                   const struct kpdb_request *request, struct kpdb_wanted *out)
{
    int result = kpdb_find(cpu, pmu->release, request->name, request->length, &out->event);

    if (result != KPDB_OK)
        return result;
    out->asked = out->event.id;
    out->fixed = false;
    out->unavailable = false;
    out->counters = out->event.counters & pmu->config;
    if (out->event.fixed >= 0)
        kpdb_find_wanted_fixed(cpu, pmu, out);
    return KPDB_OK;
}
/* Whether it can go anywhere: KPDB_OK, KPDB_UNAVAILABLE, KPDB_NOT_FORCED or KPDB_NO_COUNTER. */
KPDB_INTERNAL int kpdb_check_reach(const struct kpdb_pmu *pmu, const struct kpdb_wanted *wanted);
/* kpdb_msr() of an Intel CPU's event by its number and unit mask. */
KPDB_INTERNAL unsigned kpdb_selector_msr(unsigned number, unsigned umask);
/*
 * The newest macOS that a release's name means: 1599 of "macos-15", which has no minor, and 1504 of
 * "macos-15.4"; 0 when the name tells none.
 */
KPDB_INTERNAL unsigned kpdb_release_until(unsigned release);
/* kpdb_kernel_since() of a selector that the CPU has. */
KPDB_INTERNAL unsigned kpdb_listed_since(unsigned cpu, unsigned number);

/*
 * The order of placement (kperfdata.md 2.7). An event is a number, and the smallest is placed
 * first: the event with the fewest counters, of equally many that with the smallest mask, then that
 * with the smallest id. So where events go depends on the set alone; which request it is decides
 * nothing.
 */
static inline uint64_t kpdb_key(uint32_t counters, unsigned asked, unsigned request)
{
    return (uint64_t)kpdb_count_bits(counters) << 58 | (uint64_t)counters << 26 | asked << 10 |
           request;
}

_Static_assert(KPDB_EVENTS_MAX <= KPDB_PLAN_MAX && KPDB_PLAN_MAX <= 1 << 10, "10 bits of a key");

static inline uint32_t kpdb_key_counters(uint64_t key)
{
    return (uint32_t)(key >> 26);
}

static inline unsigned kpdb_key_request(uint64_t key)
{
    return (unsigned)key & 0x3ff;
}

/*
 * Puts a request's event among `count` others, in the order of placement. False: the same event is
 * there already.
 */
static inline bool kpdb_insert_event(uint64_t *keys, unsigned count,
                                     const struct kpdb_wanted *wanted, unsigned request)
{
    uint64_t *at = keys + count, key = kpdb_key(wanted->counters, wanted->asked, request);

    for (; at != keys && at[-1] > key; at--)
        at[0] = at[-1];
    *at = key;
    return at == keys || (at[-1] ^ key) >> 10 != 0;
}

/*
 * A matching of events to counters, of which each takes `capacity` events.
 * Events are given to it one by one and may move as others come.
 */
struct kpdb_matching {
    const uint64_t *keys; /* of event i, with some counters */
    uint8_t *counter;     /* where event i is */
    unsigned count;       /* events that have a place */
    unsigned capacity;
    uint32_t full; /* counters without room */
    uint16_t load[KPDB_COUNTERS_MAX];
};

/* An empty one, of capacity 1. The arrays are the caller's and as long as there are events. */
KPDB_INTERNAL void kpdb_begin_matching(struct kpdb_matching *matching, const uint64_t *keys,
                                       uint8_t *counter);
/*
 * Gives event matching->count its counter, moving others where that helps. 0;
 * or else the set of counters, all full, that it and the events on them cannot
 * leave: the proof that there is no place. Then nothing has changed.
 */
KPDB_INTERNAL uint32_t kpdb_match_next(struct kpdb_matching *matching);
/* Room for one event more on every counter. */
KPDB_INTERNAL void kpdb_grow_matching(struct kpdb_matching *matching);

/* An event of which kpdb_encode() warns: bit r says in release r. */
struct kpdb_doubt {
    uint16_t event; /* id */
    uint16_t assumed, disputed;
};

/* Those of a CPU, in the order of ids, in sources.c. */
KPDB_INTERNAL const struct kpdb_doubt *kpdb_doubts(unsigned cpu, unsigned *count);

#endif
