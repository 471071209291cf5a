/* kperf's sampling functions, which keep what they are told, and sysctlbyname(). */
#include "foreign_inside.h"

#include <stdio.h>
#include <string.h>

enum { ACTIONS = 33, TIMERS = 8 };

static struct {
    uint32_t action_count, samplers[ACTIONS];
    uint32_t timer_count, actions[TIMERS], pet, light, sampling;
    uint64_t periods[TIMERS];
} sampling;

static int done(int error)
{
    end();
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

static int set32(int error, uint32_t *where, uint32_t value)
{
    machine_changes();
    if (error == 0 && where == NULL)
        error = EINVAL;
    if (error == 0)
        *where = value;
    return done(error);
}

static int get32(int error, const uint32_t *where, uint32_t *value)
{
    if (error == 0)
        *value = where == NULL ? 0 : *where;
    return done(error);
}

static uint32_t *action(uint32_t id)
{
    return id > 0 && id <= sampling.action_count && id < ACTIONS ? &sampling.samplers[id] : NULL;
}

static uint32_t *timer(uint32_t id)
{
    return id < sampling.timer_count && id < TIMERS ? &sampling.actions[id] : NULL;
}

#define GET_SET_COUNT(name, where)                       \
    EXPORT int name##_set(uint32_t value)                \
    {                                                    \
        return set32(begin(#name "_set"), where, value); \
    }                                                    \
    EXPORT int name##_get(uint32_t *value)               \
    {                                                    \
        return get32(begin(#name "_get"), where, value); \
    }

#define GET_SET_PAIR(name, where)                            \
    EXPORT int name##_set(uint32_t id, uint32_t value)       \
    {                                                        \
        return set32(begin(#name "_set"), where(id), value); \
    }                                                        \
    EXPORT int name##_get(uint32_t id, uint32_t *value)      \
    {                                                        \
        return get32(begin(#name "_get"), where(id), value); \
    }

GET_SET_COUNT(kperf_action_count, &sampling.action_count)
GET_SET_COUNT(kperf_timer_count, &sampling.timer_count)
GET_SET_COUNT(kperf_timer_pet, &sampling.pet)
GET_SET_COUNT(kperf_timer_lightweight_pet, &sampling.light)
GET_SET_COUNT(kperf_sample, &sampling.sampling)
GET_SET_PAIR(kperf_action_samplers, action)
GET_SET_PAIR(kperf_timer_action, timer)

EXPORT int kperf_action_filter_set_by_task(uint32_t id, int32_t port)
{
    (void)port;
    int error = begin(__func__);
    machine_changes();
    return done(error != 0 ? error : action(id) == NULL ? EINVAL : 0);
}

EXPORT int kperf_action_filter_set_by_pid(uint32_t id, int32_t pid)
{
    (void)pid;
    int error = begin(__func__);
    machine_changes();
    return done(error != 0 ? error : action(id) == NULL ? EINVAL : 0);
}

EXPORT int kperf_timer_period_set(uint32_t id, uint64_t ticks)
{
    int error = begin(__func__);
    machine_changes();
    if (error == 0 && timer(id) == NULL)
        error = EINVAL;
    if (error == 0)
        sampling.periods[id] = ticks;
    return done(error);
}

EXPORT int kperf_timer_period_get(uint32_t id, uint64_t *ticks)
{
    int error = begin(__func__);
    if (error == 0)
        *ticks = timer(id) == NULL ? 0 : sampling.periods[id];
    return done(error);
}

EXPORT int kperf_reset(void)
{
    int error = begin(__func__);
    machine_changes();
    if (error == 0)
        sampling.sampling = sampling.light = sampling.pet = 0;
    return done(error);
}

EXPORT uint64_t kperf_ns_to_ticks(uint64_t ns)
{
    begin(__func__);
    end();
    return ns * 24 / 1000;
}

EXPORT uint64_t kperf_ticks_to_ns(uint64_t ticks)
{
    begin(__func__);
    end();
    return ticks * 1000 / 24;
}

EXPORT uint64_t kperf_tick_frequency(void)
{
    begin(__func__);
    end();
    return 24000000;
}

/* ---- sysctl ---------------------------------------------------------------------------------- */

int sysctlbyname(const char *name, void *old, size_t *old_size, void *value, size_t size);

static int give(void *old, size_t *old_size, const void *bytes, size_t size)
{
    bool fits = old == NULL || *old_size >= size;
    if (old != NULL && fits)
        memcpy(old, bytes, size);
    *old_size = fits ? size : 0;
    return fits ? 0 : ENOMEM;
}

static int give_number(const char *name, void *old, size_t *old_size)
{
    const struct {
        const char *name;
        uint32_t value;
    } numbers[] = {
        {"hw.cputype", 0x100000c},
        {"hw.cpusubtype", 2},
        {"hw.cpufamily", 0x1b588bb3},
        {"hw.ncpu", 8},
        {"hw.logicalcpu", machine_found()->cpu_off ? 7 : 8},
        {"hw.logicalcpu_max", 8},
        {"hw.physicalcpu", machine_found()->cpu_off ? 7 : 8},
        {"hw.physicalcpu_max", 8},
        {"hw.activecpu", machine_found()->cpu_off ? 7 : 8},
        {"sysctl.proc_translated", 0},
        {"ktrace.owning_pid", 0},
        {"ktrace.state", 0},
    };
    for (size_t n = 0; n < COUNT(numbers); n++)
        if (strcmp(name, numbers[n].name) == 0)
            return give(old, old_size, &numbers[n].value, sizeof numbers[n].value);
    return ENOENT;
}

static int give_text(const char *name, void *old, size_t *old_size)
{
    bool new = machine_found()->macos_26;
    const char *const texts[][2] = {
        {"kern.osrelease", new ? "25.4.0" : "24.5.0"},
        {"kern.osproductversion", new ? "16.0" : "15.5"},
        {"machdep.cpu.brand_string", "Apple M1"},
        {"ktrace.configured_by", ""},
    };
    for (size_t n = 0; n < COUNT(texts); n++)
        if (strcmp(name, texts[n][0]) == 0)
            return give(old, old_size, texts[n][1], strlen(texts[n][1]) + 1);
    return ENOENT;
}

EXPORT int sysctlbyname(const char *name, void *old, size_t *old_size, void *value, size_t size)
{
    int error = begin(__func__);
    if (error == 0 && (value != NULL || size != 0))
        error = EPERM;
    if (error == 0 && old_size == NULL)
        error = EFAULT;
    if (error == 0)
        error = give_number(name, old, old_size);
    if (error == ENOENT)
        error = give_text(name, old, old_size);
    return done(error);
}
