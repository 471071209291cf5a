/*
 * The fewest passes. In each pass a counter takes one event, so a plan of P
 * passes is a matching of events to counters that take P events each: no
 * search, whatever the masks. Events are matched one by one; when one finds no
 * place, the full counters it cannot leave prove that one pass more is needed.
 */
#include "place.h"

struct planner {
    struct kpdb_pmu pmu;
    unsigned count;                /* of events that are matched */
    uint32_t fixed;                /* fixed counters in use */
    uint16_t asked[KPDB_PLAN_MAX]; /* id of each event asked for */
    uint16_t index[KPDB_PLAN_MAX]; /* of each matched event: which request it is */
    uint32_t masks[KPDB_PLAN_MAX];
    uint8_t counter[KPDB_PLAN_MAX];
};

static bool goes_before(const struct planner *planner, uint32_t counters, unsigned asked,
                        unsigned other)
{
    unsigned x = kpdb_count_bits(counters), y = kpdb_count_bits(planner->masks[other]);

    if (x != y)
        return x < y;
    return counters != planner->masks[other] ? counters < planner->masks[other]
                                             : asked < planner->asked[planner->index[other]];
}

/* Narrowest first, then by counters and id, so that the plan depends on the set alone. */
static void insert(struct planner *planner, unsigned request, uint32_t counters)
{
    unsigned at = planner->count++;

    for (; at > 0 && goes_before(planner, counters, planner->asked[request], at - 1); at--) {
        planner->masks[at] = planner->masks[at - 1];
        planner->index[at] = planner->index[at - 1];
    }
    planner->masks[at] = counters;
    planner->index[at] = (uint16_t)request;
}

static int take(struct planner *planner, unsigned cpu, const struct kpdb_request *request,
                unsigned i, uint16_t *passes)
{
    struct kpdb_wanted wanted;
    int result = kpdb_want(cpu, &planner->pmu, request, &wanted);

    if (result != KPDB_OK)
        return result;
    for (unsigned j = 0; j < i; j++)
        if (planner->asked[j] == wanted.asked)
            return KPDB_DUPLICATE;
    planner->asked[i] = wanted.asked;
    result = kpdb_reach(&planner->pmu, &wanted);
    if (result != KPDB_OK)
        return result;
    if (!wanted.fixed) {
        insert(planner, i, wanted.counters);
        return KPDB_OK;
    }
    /* A fixed counter is always the same: two events on one never fit, in no number of passes. */
    if ((planner->fixed & wanted.counters) != 0)
        return KPDB_CONFLICT;
    planner->fixed |= wanted.counters;
    passes[i] = KPDB_EVERY_PASS;
    return KPDB_OK;
}

static unsigned match_all(struct planner *planner, struct kpdb_bottleneck *bottleneck)
{
    struct kpdb_matching matching;
    uint32_t tight = 0;

    kpdb_begin(&matching, planner->masks, planner->counter);
    while (matching.count < planner->count) {
        uint32_t full = kpdb_match(&matching);

        if (full == 0)
            continue;
        tight = full;
        kpdb_grow(&matching);
    }
    /* One pass was enough: any counters prove it that some event can be counted on alone. */
    if (tight == 0 && planner->count != 0)
        tight = planner->masks[0];
    bottleneck->counters = tight;
    bottleneck->events = 0;
    for (unsigned i = 0; i < planner->count; i++)
        bottleneck->events += (planner->masks[i] & ~tight) == 0;
    return matching.capacity;
}

int kpdb_plan(unsigned cpu, const struct kpdb_options *options, const struct kpdb_request *requests,
              unsigned count, uint16_t *passes, struct kpdb_bottleneck *bottleneck,
              unsigned *failed)
{
    struct planner planner;
    uint16_t next[KPDB_COUNTERS_MAX];
    unsigned needed;
    int result = kpdb_pmu(cpu, options, &planner.pmu);

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
        result = take(&planner, cpu, &requests[i], i, passes);
    }
    if (result != KPDB_OK)
        return result;
    needed = match_all(&planner, bottleneck);
    for (unsigned c = 0; c < KPDB_COUNTERS_MAX; c++)
        next[c] = 0;
    for (unsigned i = 0; i < planner.count; i++)
        passes[planner.index[i]] = next[planner.counter[i]]++;
    return (int)needed;
}
