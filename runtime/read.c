/*
 * Reads the counters: of the calling thread, which is the hot path, and of the CPUs. Changes
 * nothing of the sampler, and takes no lock.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- threads --------------------------------------------------------------------------------- */

/*
 * The framework does not tell how many counters the kernel gave. It is asked for
 * as many as were started: more of them is its ENOMEM, and after fewer this is
 * still in the last. A counter that is just this number is an error too: better
 * one in 2^64 good reads refused than one bad read that passes.
 */
#define UNWRITTEN ((uint64_t)(int64_t)-0x2152411)

/* Which status a read has that is not good; a good read never comes here. */
static __attribute__((noinline, cold)) int why_not(const struct kplive *sampler, int result)
{
    if (!kplive_runs(sampler))
        return KPLIVE_STOPPED;
    if (result == 0 || errno == ENOMEM)
        return KPLIVE_SHORT;
    return errno == EINVAL ? KPLIVE_NOT_READY : KPLIVE_SYSTEM;
}

/* Whether it runs is asked afterwards: what was read while it was stopped is no count either. */
static inline int read_slots(const struct kplive *sampler, unsigned count, uint64_t *slots)
{
    uint64_t *last = slots + count - 1;
    int result, stopped;

    *last = UNWRITTEN;
    result = sampler->get(0, count, slots);
    stopped = atomic_load_explicit(&sampler->stopped, memory_order_acquire);
    if (__builtin_expect((result | stopped) != 0, 0) || __builtin_expect(*last == UNWRITTEN, 0))
        return why_not(sampler, result);
    return KPLIVE_OK;
}

int kplive_read_raw(const struct kplive *sampler, unsigned count, uint64_t *slots)
{
    return read_slots(sampler, count, slots);
}

/* Straight on from the last event to the first: a loop would cost half as much again. */
#define ONE(n)                             \
    case n:                                \
        values[n - 1] = slots[map[n - 1]]; \
        __attribute__((fallthrough));

_Static_assert(KPDB_EVENTS_MAX == 32, "a case for each count of events");

int kplive_read(const struct kplive *sampler, uint64_t *values)
{
    uint64_t slots[KPDB_COUNTERS_MAX];
    const uint8_t *map = sampler->map;
    int status = read_slots(sampler, sampler->slot_count, slots);

    if (__builtin_expect(status != KPLIVE_OK, 0))
        return status;
    /* clang-format off */
    switch (sampler->event_count) {
        ONE(32) ONE(31) ONE(30) ONE(29) ONE(28) ONE(27) ONE(26) ONE(25)
        ONE(24) ONE(23) ONE(22) ONE(21) ONE(20) ONE(19) ONE(18) ONE(17)
        ONE(16) ONE(15) ONE(14) ONE(13) ONE(12) ONE(11) ONE(10) ONE(9)
        ONE(8) ONE(7) ONE(6) ONE(5) ONE(4) ONE(3) ONE(2) ONE(1)
    case 0:
        return KPLIVE_OK;
    }
    /* clang-format on */
    __builtin_unreachable();
}

unsigned kplive_slots(const struct kplive *sampler)
{
    return sampler->slot_count;
}

const uint8_t *kplive_map(const struct kplive *sampler)
{
    return sampler->map;
}

/* Says why a read failed. It may look like another tool's doing where we were stopped meanwhile. */
static int cannot_read(const struct kplive *sampler, int status, struct kplive_error *error)
{
    const char *call = "kpc_get_thread_counters";

    switch (kplive_runs(sampler) ? status : KPLIVE_STOPPED) {
    case KPLIVE_STOPPED:
        return kplive_fail(error, KPLIVE_STOPPED, "", 0, NULL, "start it first");
    case KPLIVE_SHORT:
        return kplive_fail(error, status, call, 0, NULL,
                           "fewer or more counters than were started: another tool counts too");
    case KPLIVE_NOT_READY:
        return kplive_fail(error, status, call, EINVAL, NULL,
                           "the kernel keeps no counts for this thread");
    default:
        return kplive_kpc_failed(error, call, errno, false);
    }
}

int kplive_ready(const struct kplive *sampler, struct kplive_error *error)
{
    enum { TRIES = 100 };
    uint64_t slots[KPDB_COUNTERS_MAX];
    int status = KPLIVE_NOT_READY;

    for (int i = 0; i < TRIES && status == KPLIVE_NOT_READY; i++) {
        if (i != 0)
            kplive_pause(); /* an older thread gets its counts when it next runs (kernel.md 1.6) */
        status = kplive_read_raw(sampler, sampler->slot_count, slots);
        /* The snapshot this read began from may be stale; the next one begins from this. */
        if (status == KPLIVE_OK)
            status = kplive_read_raw(sampler, sampler->slot_count, slots);
    }
    return status == KPLIVE_OK ? KPLIVE_OK : cannot_read(sampler, status, error);
}

void kplive_delta(const uint64_t *earlier, const uint64_t *later, unsigned count, uint64_t *delta)
{
    for (unsigned i = 0; i < count; i++)
        delta[i] = later[i] - earlier[i];
}

/*
 * The kernel's CONFIGURABLE is on only when all of those counters run (kernel.md 1.5).
 * The functions are there: starting asked for them.
 */
int kplive_running(const struct kplive *sampler, struct kplive_error *error)
{
    uint32_t classes = sampler->running_classes, counting = 0, threads = 0;
    int status;

    if (!kplive_runs(sampler))
        return cannot_read(sampler, KPLIVE_STOPPED, error);
    status = kplive_ask_counting(&sampler->frameworks, &counting, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_threads(&sampler->frameworks, &threads, error);
    if (!kplive_runs(sampler))
        return cannot_read(sampler, KPLIVE_STOPPED, error);
    if (status != KPLIVE_OK)
        return status;
    if ((counting & classes) != classes || threads == 0)
        return kplive_fail(error, KPLIVE_STOPPED, "", 0, NULL, "another tool has stopped them");
    return threads == classes ? KPLIVE_OK : cannot_read(sampler, KPLIVE_SHORT, error);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static int check_cpus(const struct kplive *sampler, bool all, struct kplive_error *error)
{
    static const char *const needed[] = {"kpc_get_cpu_counters", NULL};
    uint32_t cpus;

    if (!kplive_runs(sampler))
        return cannot_read(sampler, KPLIVE_STOPPED, error);
    if (all && (sampler->cpus == 0 || !kplive_ask_number(&sampler->frameworks, "hw.ncpu", &cpus) ||
                cpus != sampler->cpus))
        return kplive_fail(error, KPLIVE_SYSTEM, "sysctlbyname", 0, NULL,
                           "hw.ncpu does not say how many CPUs there are, or not as before");
    return kplive_need(&sampler->frameworks, error, needed);
}

/*
 * An answer that does not come to the last CPU's last counter is without one of them (kernel.md
 * 1.7).
 */
static int take_cpus(const struct kplive *sampler, bool all, int *cpu, uint64_t *counters,
                     unsigned words, struct kplive_error *error)
{
    uint64_t *last = &counters[words - 1];
    int result;

    *last = UNWRITTEN;
    errno = 0;
    result = sampler->frameworks.kpc_get_cpu_counters(all, sampler->running_classes, cpu, counters);
    if (!kplive_runs(sampler))
        return cannot_read(sampler, KPLIVE_STOPPED, error);
    if (result < 0)
        return kplive_kpc_failed(error, "kpc_get_cpu_counters", errno, false);
    if (*last != UNWRITTEN)
        return KPLIVE_OK;
    return kplive_fail(error, all ? KPLIVE_CPU_OFF : KPLIVE_SHORT, "kpc_get_cpu_counters", 0, NULL,
                       "the kernel gave fewer counters than there are");
}

static int read_cpus(const struct kplive *sampler, bool all, int *cpu, uint64_t *values,
                     struct kplive_error *error)
{
    unsigned cpus = all ? sampler->cpus : 1, count = sampler->event_count;
    unsigned stride = sampler->slot_count, now;
    int status = check_cpus(sampler, all, error);
    uint64_t *counters;

    if (status != KPLIVE_OK)
        return status;
    /* The wrapper goes by this count and is told of no room (kernel.md 5.3): it gets more room. */
    errno = 0;
    now = sampler->frameworks.kpc_get_counter_count(sampler->running_classes);
    if (now == 0 && errno != 0)
        return kplive_kpc_failed(error, "kpc_get_counter_count", errno, false);
    if (now != stride)
        return cannot_read(sampler, KPLIVE_SHORT, error);
    counters = calloc((size_t)cpus * KPDB_COUNTERS_MAX + KPDB_COUNTERS_MAX, sizeof *counters);
    if (counters == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    status = take_cpus(sampler, all, cpu, counters, cpus * stride, error);
    for (unsigned c = 0; c < cpus && status == KPLIVE_OK; c++)
        for (unsigned i = 0; i < count; i++)
            values[c * count + i] = counters[c * stride + sampler->map[i]];
    free(counters);
    return status;
}

int kplive_read_cpus(const struct kplive *sampler, uint64_t *values, struct kplive_error *error)
{
    int cpu;

    return read_cpus(sampler, true, &cpu, values, error);
}

int kplive_read_cpu(const struct kplive *sampler, int *cpu, uint64_t *values,
                    struct kplive_error *error)
{
    return read_cpus(sampler, false, cpu, values, error);
}
