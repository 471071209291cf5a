/*
 * kpdb_plan(): a CPU and names of events in; the pass of each event out, in the fewest passes. In
 * each pass a counter takes one event, so a plan of P passes is a matching of events to counters
 * that take P events each: no search, whatever the masks. Events are matched one by one; when one
 * finds no place, the full counters it cannot leave prove that one pass more is needed
 * (kperfdata.md 4.3).
 */
#include "place.h"

struct planner {
    struct kpdb_pmu pmu;
    unsigned count;                 /* of events that are matched */
    uint32_t fixed;                 /* fixed counters in use */
    uint16_t on[KPDB_COUNTERS_MAX]; /* id of the event on each of these */
    uint64_t keys[KPDB_PLAN_MAX];   /* of the events that are matched, sorted */
    uint8_t counter[KPDB_PLAN_MAX]; /* where each of these is */
};

/* Finds the i-th event: its pass when it is a fixed counter's, else a key to be matched. */
static int add_request(struct planner *planner, unsigned cpu, const struct kpdb_request *request,
                       unsigned i, uint16_t *passes)
{
    struct kpdb_wanted wanted;
    int result = kpdb_find_wanted(cpu, &planner->pmu, request, &wanted);
    unsigned counter;

    if (result == KPDB_OK)
        result = kpdb_check_reach(&planner->pmu, &wanted);
    if (result != KPDB_OK)
        return result;
    if (!wanted.fixed)
        return kpdb_insert_event(planner->keys, planner->count++, &wanted, i) ? KPDB_OK
                                                                              : KPDB_DUPLICATE;
    /* A fixed counter is always the same: two events on one never fit, in no number of passes. */
    counter = kpdb_lowest_bit(wanted.counters);
    if ((planner->fixed & wanted.counters) != 0)
        return planner->on[counter] == wanted.asked ? KPDB_DUPLICATE : KPDB_CONFLICT;
    planner->fixed |= wanted.counters;
    planner->on[counter] = wanted.asked;
    passes[i] = KPDB_EVERY_PASS;
    return KPDB_OK;
}

/* Gives every event a counter; returns the passes that takes, and why fewer cannot do. */
static unsigned match_events(struct planner *planner, struct kpdb_bottleneck *bottleneck)
{
    struct kpdb_matching matching;
    uint32_t tight = 0;

    kpdb_begin_matching(&matching, planner->keys, planner->counter);
    while (matching.count < planner->count) {
        uint32_t full = kpdb_match_next(&matching);

        if (full == 0)
            continue;
        tight = full;
        kpdb_grow_matching(&matching);
    }
    /* One pass was enough, and none is not: an event needs one of its counters. */
    if (tight == 0 && planner->count != 0)
        tight = kpdb_key_counters(planner->keys[0]);
    bottleneck->counters = tight;
    bottleneck->events = 0;
    for (unsigned i = 0; i < planner->count; i++)
        bottleneck->events += (kpdb_key_counters(planner->keys[i]) & ~tight) == 0;
    return matching.capacity;
}

int kpdb_plan(unsigned cpu, const struct kpdb_options *options, const struct kpdb_request *requests,
              unsigned count, uint16_t *passes, struct kpdb_bottleneck *bottleneck,
              unsigned *failed)
{
    struct planner planner;
    uint16_t next[KPDB_COUNTERS_MAX];
    unsigned needed;
    int result = kpdb_find_pmu(cpu, options, &planner.pmu);

    *failed = 0;
    if (result != KPDB_OK)
        return result;
    if (count == 0)
        return KPDB_NO_EVENTS;
    if (count > KPDB_PLAN_MAX) {
        *failed = KPDB_PLAN_MAX;
        return KPDB_TOO_MANY;
    }
    planner.count = 0;
    planner.fixed = 0;
    for (unsigned i = 0; i < count && result == KPDB_OK; i++) {
        *failed = i;
        result = add_request(&planner, cpu, &requests[i], i, passes);
    }
    if (result != KPDB_OK)
        return result;
    needed = match_events(&planner, bottleneck);
    for (unsigned c = 0; c < KPDB_COUNTERS_MAX; c++)
        next[c] = 0;
    for (unsigned i = 0; i < planner.count; i++)
        passes[kpdb_key_request(planner.keys[i])] = next[planner.counter[i]]++;
    return (int)needed;
}
