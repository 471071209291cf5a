/* Events on counters: what can go where, and the matching. */
#include "place.h"

int kpdb_pmu(unsigned cpu, const struct kpdb_options *options, struct kpdb_pmu *out)
{
    int result = kpdb_cpu(cpu, &out->cpu);

    if (result != KPDB_OK)
        return result;
    out->release = options->release == KPDB_ANY_RELEASE ? kpdb_cpu_newest(cpu) : options->release;
    if (out->release < 0 || out->release >= (int)kpdb_release_count() ||
        (out->cpu.releases >> out->release & 1) == 0)
        return KPDB_NOT_IN_RELEASE;
    out->intel = out->cpu.arch == KPDB_X86_64 || out->cpu.arch == KPDB_I386;
    out->config = out->cpu.config_counters & ~(options->unforced ? out->cpu.power_counters : 0);
    return KPDB_OK;
}

int kpdb_want(unsigned cpu, const struct kpdb_pmu *pmu, const struct kpdb_request *request,
              struct kpdb_wanted *out)
{
    int result = kpdb_find(cpu, pmu->release, request->name, request->length, &out->event);

    if (result != KPDB_OK)
        return result;
    out->asked = out->event.id;
    out->fixed = out->event.fixed >= 0 && !pmu->intel;
    out->unavailable = false;
    if (out->event.fixed >= 0 && pmu->intel)
        out->unavailable =
            out->event.fallback == KPDB_NO_ID ||
            kpdb_on_in(cpu, pmu->release, out->event.fallback, &out->event) != KPDB_OK;
    return KPDB_OK;
}

int kpdb_reach(const struct kpdb_pmu *pmu, struct kpdb_wanted *wanted)
{
    uint32_t counters = wanted->event.counters;

    if (wanted->unavailable)
        return KPDB_UNAVAILABLE;
    /* What a fixed counter counts is in the hardware: no other will do, whatever the mask says. */
    wanted->counters = wanted->fixed
                           ? counters & pmu->cpu.fixed_counters & 1u << wanted->event.fixed
                           : counters & pmu->config;
    if (wanted->counters != 0)
        return KPDB_OK;
    return (counters & pmu->cpu.config_counters) != 0 && !wanted->fixed ? KPDB_NOT_FORCED
                                                                        : KPDB_NO_COUNTER;
}

/*
 * Breadth first over counters: from those the new event can take to those that
 * the events on them could move to, until one has room. reached_by[c] is the
 * event that would move to counter c.
 */
uint32_t kpdb_match(struct kpdb_matching *matching)
{
    unsigned event = matching->count++;
    uint32_t seen = matching->masks[event], fresh = seen;
    uint16_t reached_by[KPDB_COUNTERS_MAX];

    for (uint32_t rest = seen; rest != 0; rest &= rest - 1)
        reached_by[kpdb_lowest_bit(rest)] = (uint16_t)event;
    while (fresh != 0) {
        uint32_t next = 0;

        for (uint32_t rest = fresh; rest != 0; rest &= rest - 1) {
            unsigned at = kpdb_lowest_bit(rest);

            if (matching->load[at] >= matching->capacity)
                continue;
            matching->load[at]++;
            for (;;) {
                unsigned moves = reached_by[at], left = matching->counter[moves];

                matching->counter[moves] = (uint8_t)at;
                if (moves == event)
                    return 0;
                at = left;
            }
        }
        for (unsigned i = 0; i < event; i++) {
            uint32_t more = matching->masks[i] & ~seen;

            if (matching->counter[i] == 0xff || (fresh >> matching->counter[i] & 1) == 0)
                continue;
            for (uint32_t rest = more; rest != 0; rest &= rest - 1)
                reached_by[kpdb_lowest_bit(rest)] = (uint16_t)i;
            seen |= more;
            next |= more;
        }
        fresh = next;
    }
    matching->counter[event] = 0xff;
    return seen;
}
