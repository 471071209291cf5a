/*
 * Events on counters: which counters can count an event on a CPU, and the matching that gives every
 * event one. Nothing is written but what the caller passes.
 */
#include "place.h"

int kpdb_find_pmu(unsigned cpu, const struct kpdb_options *options, struct kpdb_pmu *out)
{
    int result;

    out->release = options->release == KPDB_ANY_RELEASE ? kpdb_cpu_newest(cpu) : options->release;
    result = kpdb_cpu_in(cpu, out->release, &out->cpu);
    if (result != KPDB_OK)
        return result;
    out->intel = out->cpu.arch == KPDB_X86_64 || out->cpu.arch == KPDB_I386;
    out->config = out->cpu.config_counters & ~(options->unforced ? out->cpu.power_counters : 0);
    return KPDB_OK;
}

void kpdb_find_wanted_fixed(unsigned cpu, const struct kpdb_pmu *pmu, struct kpdb_wanted *wanted)
{
    struct kpdb_event *event = &wanted->event;

    if (pmu->intel) {
        wanted->unavailable = event->fallback == KPDB_NO_ID ||
                              kpdb_on_in(cpu, pmu->release, event->fallback, event) != KPDB_OK;
        wanted->counters = wanted->unavailable ? 0 : event->counters & pmu->config;
    } else {
        /* The hardware counts it on that counter and no other, whatever the mask says. */
        wanted->fixed = true;
        wanted->counters = event->counters & pmu->cpu.fixed_counters & 1u << event->fixed;
    }
}

int kpdb_check_reach(const struct kpdb_pmu *pmu, const struct kpdb_wanted *wanted)
{
    if (wanted->unavailable)
        return KPDB_UNAVAILABLE;
    if (wanted->counters != 0)
        return KPDB_OK;
    return (wanted->event.counters & pmu->cpu.config_counters) != 0 && !wanted->fixed
               ? KPDB_NOT_FORCED
               : KPDB_NO_COUNTER;
}

/* Counts one event more on a counter that has room. */
static void add_load(struct kpdb_matching *matching, unsigned counter)
{
    if (++matching->load[counter] >= matching->capacity)
        matching->full |= (uint32_t)1 << counter;
}

/*
 * Breadth first over counters: from those the new event can take, all full, to
 * those that the events on them could move to, until one has room.
 * reached_by[c] is the event that would move to counter c.
 */
static uint32_t move_others(struct kpdb_matching *matching, unsigned event)
{
    uint32_t seen = kpdb_key_counters(matching->keys[event]), fresh = seen;
    uint16_t reached_by[KPDB_COUNTERS_MAX];

    for (uint32_t rest = seen; rest != 0; rest &= rest - 1)
        reached_by[kpdb_lowest_bit(rest)] = (uint16_t)event;
    while (fresh != 0) {
        uint32_t next = 0, open = fresh & ~matching->full;

        if (open != 0) {
            unsigned at = kpdb_lowest_bit(open);

            add_load(matching, at);
            for (;;) {
                unsigned moves = reached_by[at], left = matching->counter[moves];

                matching->counter[moves] = (uint8_t)at;
                if (moves == event)
                    return 0;
                at = left;
            }
        }
        for (unsigned i = 0; i < event; i++) {
            uint32_t more = kpdb_key_counters(matching->keys[i]) & ~seen;

            if ((fresh >> matching->counter[i] & 1) == 0)
                continue;
            for (uint32_t rest = more; rest != 0; rest &= rest - 1)
                reached_by[kpdb_lowest_bit(rest)] = (uint16_t)i;
            seen |= more;
            next |= more;
        }
        fresh = next;
    }
    return seen;
}

uint32_t kpdb_match_next(struct kpdb_matching *matching)
{
    unsigned event = matching->count;
    uint32_t open = kpdb_key_counters(matching->keys[event]) & ~matching->full, tight;

    if (open != 0) {
        matching->counter[event] = (uint8_t)kpdb_lowest_bit(open);
        add_load(matching, matching->counter[event]);
    } else {
        tight = move_others(matching, event);
        if (tight != 0)
            return tight;
    }
    matching->count++;
    return 0;
}

void kpdb_grow_matching(struct kpdb_matching *matching)
{
    matching->capacity++;
    matching->full = 0;
}

void kpdb_begin_matching(struct kpdb_matching *matching, const uint64_t *keys, uint8_t *counter)
{
    matching->keys = keys;
    matching->counter = counter;
    matching->count = 0;
    matching->capacity = 1;
    matching->full = 0;
    for (unsigned c = 0; c < KPDB_COUNTERS_MAX; c++)
        matching->load[c] = 0;
}
