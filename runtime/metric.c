/*
 * Metrics of a sampler's counts: which of the programmed events counts each name, in which modes,
 * and the value where all modes are the same. Only reads the sampler.
 */
#include "internal.h"

/* What a count has in it. */
enum modes { MODES_ALL, MODES_USER, MODES };

/* Bits of a word (kernel.md 2.3, 2.4). */
enum { ARM_MODES = 0xf0000, ARM_USER = 0x30000, INTEL_OS = 0x20000 };

/* A kernel from macOS 15 on keeps arm64's configurable counters to user mode (kernel.md 2.3). */
enum { STRIPS_FROM = 1500 };

static enum modes word_modes(const struct kplive *sampler, uint64_t word)
{
    if (sampler->intel)
        return (word & INTEL_OS) != 0 ? MODES_ALL : MODES_USER;
    if (sampler->macos_version >= STRIPS_FROM)
        return MODES_USER;
    return (word & ARM_MODES) == 0 || (word & ARM_MODES & ~(uint64_t)ARM_USER) != 0 ? MODES_ALL
                                                                                    : MODES_USER;
}

/* The words are behind the fixed counters in a thread's buffer. */
static enum modes event_modes(const struct kplive *sampler, unsigned i)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;
    unsigned slot = encoding->events[i].slot, fixed = encoding->slots - encoding->config_count;

    return slot < fixed ? MODES_ALL : word_modes(sampler, encoding->config[slot - fixed]);
}

/* The programmed event of an id that counts in these modes; their count when there is none. */
static unsigned find_counted(const struct kplive *sampler, unsigned id, enum modes modes)
{
    unsigned i = 0;

    while (i < sampler->encoding.event_count &&
           (sampler->encoding.events[i].asked != id || event_modes(sampler, i) != modes))
        i++;
    return i;
}

/* The programmed event that counts a name in these modes; their count when there is none. */
static unsigned find_name(const struct kplive *sampler, unsigned name, enum modes modes)
{
    unsigned cpu = (unsigned)sampler->cpu, i = sampler->encoding.event_count;
    struct kpdb_event event;

    if (kpdb_name_on(cpu, sampler->release, name, &event) == KPDB_OK)
        i = find_counted(sampler, event.id, modes);
    if (i == sampler->encoding.event_count &&
        kpdb_name_configurable(cpu, sampler->release, name, &event) == KPDB_OK)
        i = find_counted(sampler, event.id, modes);
    return i;
}

/* The counts of a metric's names in modes that all have: KPLIVE_OK, KPLIVE_EVENT, KPLIVE_MODES. */
static int take_counts(const struct kplive *sampler, const struct kpdb_metric *metric,
                       const uint64_t *delta, double *counts)
{
    const unsigned none = sampler->encoding.event_count;
    bool whole[MODES] = {true, true};

    for (unsigned n = 0; n < metric->name_count; n++) {
        bool counted = false;

        for (enum modes modes = 0; modes < MODES; modes++) {
            bool found = find_name(sampler, metric->names[n], modes) != none;

            whole[modes] &= found;
            counted |= found;
        }
        if (!counted)
            return KPLIVE_EVENT;
    }
    if (!whole[MODES_ALL] && !whole[MODES_USER])
        return KPLIVE_MODES;
    for (unsigned n = 0; n < metric->name_count; n++)
        counts[n] = (double)
            delta[find_name(sampler, metric->names[n], whole[MODES_ALL] ? MODES_ALL : MODES_USER)];
    return KPLIVE_OK;
}

int kplive_metric(const struct kplive *sampler, unsigned metric, char core, const uint64_t *delta,
                  double *out)
{
    struct kpdb_metric formula;
    double counts[KPDB_METRIC_NAMES_MAX];
    int status;

    if (!sampler->programmed)
        return KPLIVE_STATE;
    if (sampler->cpu < 0 ||
        kpdb_metric_on((unsigned)sampler->cpu, sampler->release, metric, &formula) != KPDB_OK)
        return KPLIVE_EVENT;
    status = take_counts(sampler, &formula, delta, counts);
    if (status != KPLIVE_OK)
        return status;
    switch (kpdb_metric_value((unsigned)sampler->cpu, core, &formula, counts, out)) {
    case KPDB_OK:
        return KPLIVE_OK;
    case KPDB_NO_VALUE:
        return KPLIVE_NO_VALUE;
    default:
        return KPLIVE_CORE;
    }
}

int kplive_metric_events(const struct kplive *sampler, unsigned metric, bool user_only,
                         struct kpdb_event *events)
{
    struct kpdb_metric formula;
    int result = KPDB_OK;

    if (sampler->cpu < 0 ||
        kpdb_metric_on((unsigned)sampler->cpu, sampler->release, metric, &formula) != KPDB_OK)
        return KPLIVE_EVENT;
    /* The oldest tables may be of a kernel that keeps counters to user mode where this one does
     * not. */
    if (!user_only && sampler->macos_version < STRIPS_FROM)
        for (unsigned i = 0; i < formula.name_count && result == KPDB_OK; i++)
            result = kpdb_name_on((unsigned)sampler->cpu, sampler->release, formula.names[i],
                                  &events[i]);
    else
        result = kpdb_metric_events((unsigned)sampler->cpu, sampler->release, &formula, user_only,
                                    events);
    if (result != KPDB_OK)
        return result == KPDB_MIXED_MODES ? KPLIVE_MODES : KPLIVE_EVENT;
    return (int)formula.name_count;
}
