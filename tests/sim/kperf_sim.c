/*
 * Apple's functions: thin wrappers of sysctl, with the wrappers' own habits (kernel.md 4.5, 5.3).
 */
#include <stdio.h>

#include "kperf_machine.h"

/* -1 and errno, or 0. */
static void set_result(struct call *call, int error)
{
    call->result = error != 0 ? -1 : 0;
    call->error = error;
}

static int kernel(struct call *call, const char *name, void *oldp, size_t old_size,
                  const void *newp, size_t new_size)
{
    return kernel_sysctl(call->thread, name, oldp, old_size != 0 ? &old_size : NULL, newp,
                         new_size);
}

/* How many words or counters these classes have; 0 and errno when the kernel does not say. */
static uint32_t count_of(struct call *call, const char *name, uint32_t classes)
{
    uint32_t count = 0;
    const int error = kernel(call, name, &count, sizeof(count), &classes, sizeof(classes));
    if (error != 0)
        call->error = error;
    return error != 0 ? 0 : count;
}

/* ---------------------------------------------------------------------------------- one integer */

/* A getter whose result is the value. */
static uint32_t get_mask(enum function function, const char *name, uint32_t failed)
{
    struct call call;
    uint32_t value = 0;
    if (call_begin(&call, function, NULL)) {
        call.error = kernel(&call, name, &value, sizeof(value), NULL, 0);
        call.result = call.error != 0 ? failed : value;
    }
    return (uint32_t)call_end(&call);
}

/* Without a place for the value the size is asked for, and nobody told (kernel.md 1.1). */
static int get_int(enum function function, const char *name, void *value, bool hex)
{
    struct call call;
    if (call_begin(&call, function, NULL)) {
        uint32_t got = 0;
        void *const place = value != NULL ? &got : NULL;
        set_result(&call, kernel(&call, name, place, sizeof(got), NULL, 0));
        if (call.result == 0 && value != NULL) {
            memcpy(value, &got, sizeof(got));
            call_wrote(&call, hex ? "[0x%x]" : "[%u]", got);
        }
    }
    return (int)call_end(&call);
}

static int set_int(enum function function, const char *name, uint32_t value, bool hex)
{
    struct call call;
    const bool go = call_begin(&call, function, NULL);
    call_argue(&call, hex ? "0x%x" : "%u", value);
    if (go)
        set_result(&call, kernel(&call, name, NULL, 0, &value, sizeof(value)));
    return (int)call_end(&call);
}

uint32_t kpc_pmu_version(void)
{
    return get_mask(F_kpc_pmu_version, "kpc.pmu_version", 0);
}

uint32_t kpc_get_counting(void)
{
    return get_mask(F_kpc_get_counting, "kpc.counting", 0);
}

uint32_t kpc_get_thread_counting(void)
{
    return get_mask(F_kpc_get_thread_counting, "kpc.thread_counting", 0xffffffff);
}

uint32_t kpc_cpu_count(void)
{
    return get_mask(F_kpc_cpu_count, "hw.ncpu", 0);
}

int kpc_set_counting(uint32_t classes)
{
    return set_int(F_kpc_set_counting, "kpc.counting", classes, true);
}

int kpc_set_thread_counting(uint32_t classes)
{
    return set_int(F_kpc_set_thread_counting, "kpc.thread_counting", classes, true);
}

int kpc_force_all_ctrs_set(int value)
{
    return set_int(F_kpc_force_all_ctrs_set, "kpc.force_all_ctrs", (uint32_t)value, false);
}

int kpc_force_all_ctrs_get(int *value)
{
    return get_int(F_kpc_force_all_ctrs_get, "kpc.force_all_ctrs", value, false);
}

static uint32_t get_count(enum function function, const char *name, uint32_t classes)
{
    struct call call;
    const bool go = call_begin(&call, function, NULL);
    call_argue(&call, "0x%x", classes);
    if (go)
        call.result = count_of(&call, name, classes);
    return (uint32_t)call_end(&call);
}

uint32_t kpc_get_config_count(uint32_t classes)
{
    return get_count(F_kpc_get_config_count, "kpc.config_count", classes);
}

uint32_t kpc_get_counter_count(uint32_t classes)
{
    return get_count(F_kpc_get_counter_count, "kpc.counter_count", classes);
}

int kpc_cpu_string(char *buffer, size_t size)
{
    struct call call;
    static const char *const names[] = {"hw.cputype", "hw.cpusubtype", "hw.cpufamily",
                                        "machdep.cpu.model"};
    const size_t room = buffer != NULL ? size : 0;
    if (call_begin(&call, F_kpc_cpu_string, NULL)) {
        uint32_t id[4] = {0};
        int error = 0;
        for (int i = 0; i < 3 && error == 0; i++)
            error = kernel(&call, names[i], &id[i], sizeof(id[i]), NULL, 0);
        set_result(&call, error);
        if (error == 0 && kernel(&call, names[3], &id[3], sizeof(id[3]), NULL, 0) == 0)
            call.result = snprintf(buffer, room, "cpu_%x_%x_%x_%x", id[0], id[1], id[2], id[3]);
        else if (error == 0)
            call.result = snprintf(buffer, room, "cpu_%x_%x_%x", id[0], id[1], id[2]);
        if (error == 0 && size > 0 && buffer != NULL)
            call_wrote(&call, "[%s]", buffer);
    }
    return (int)call_end(&call);
}

/* ---------------------------------------------------------------------------------------- arrays
 */

/*
 * The class mask, 8 bytes here, and what follows it: an array of `count` elements going in or
 * coming out. No element: -1 without asking the kernel, errno as it was (kernel.md 4.5).
 */
static void array_set(struct call *call, const char *name, uint32_t classes, const void *array,
                      uint32_t count, size_t element)
{
    uint64_t message[1 + SIM_MAX_COUNTERS + MAX_RAWPMU];
    message[0] = classes;
    call->result = -1;
    if (count == 0)
        return;
    memcpy(message + 1, array, count * element);
    set_result(call, kernel(call, name, NULL, 0, message, sizeof(*message) + count * element));
}

static void array_get(struct call *call, const char *name, uint32_t classes, void *array,
                      uint32_t count, size_t element)
{
    const uint64_t wide = classes;
    call->result = -1;
    if (count != 0)
        set_result(call, kernel(call, name, array, count * element, &wide, sizeof(wide)));
}

int kpc_set_config(uint32_t classes, uint64_t *config)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_set_config, NULL);
    call_argue(&call, "0x%x, ", classes);
    call_words(&call, config, config == NULL ? 0 : kpc_words(classes));
    if (go)
        array_set(&call, "kpc.config", classes, config,
                  count_of(&call, "kpc.config_count", classes), sizeof(*config));
    return (int)call_end(&call);
}

int kpc_get_config(uint32_t classes, uint64_t *config)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_get_config, NULL);
    call_argue(&call, "0x%x", classes);
    if (go) {
        const uint32_t count = count_of(&call, "kpc.config_count", classes);
        array_get(&call, "kpc.config", classes, config, count, sizeof(*config));
        if (call.result == 0 && config != NULL)
            call_wrote_values(&call, config, count, true);
    }
    return (int)call_end(&call);
}

int kpc_set_period(uint32_t classes, uint64_t *periods)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_set_period, NULL);
    call_argue(&call, "0x%x, ", classes);
    call_words(&call, periods, periods == NULL ? 0 : kpc_counters(classes));
    if (go)
        array_set(&call, "kpc.period", classes, periods,
                  count_of(&call, "kpc.counter_count", classes), sizeof(*periods));
    return (int)call_end(&call);
}

int kpc_get_period(uint32_t classes, uint64_t *periods)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_get_period, NULL);
    call_argue(&call, "0x%x", classes);
    if (go) {
        const uint32_t count = count_of(&call, "kpc.counter_count", classes);
        array_get(&call, "kpc.period", classes, periods, count, sizeof(*periods));
        if (call.result == 0 && periods != NULL)
            call_wrote_values(&call, periods, count, true);
    }
    return (int)call_end(&call);
}

int kpc_set_actionid(uint32_t classes, uint32_t *actions)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_set_actionid, NULL);
    call_argue(&call, "0x%x", classes);
    if (go)
        array_set(&call, "kpc.actionid", classes, actions,
                  count_of(&call, "kpc.counter_count", classes), sizeof(*actions));
    return (int)call_end(&call);
}

int kpc_get_actionid(uint32_t classes, uint32_t *actions)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_get_actionid, NULL);
    call_argue(&call, "0x%x", classes);
    if (go)
        array_get(&call, "kpc.actionid", classes, actions,
                  count_of(&call, "kpc.counter_count", classes), sizeof(*actions));
    return (int)call_end(&call);
}

/* ---------------------------------------------------------------------------------------- values
 */

/* sim_config.work_per_read: for clients that know nothing of sim_run(). */
static void work_before_read(struct call *call)
{
    work_user(call->thread, machine->config.work_per_read);
}

int kpc_get_cpu_counters(bool all_cpus, uint32_t classes, int *cpu, uint64_t *values)
{
    struct call call;
    uint64_t got[1 + MAX_CPUS * SIM_MAX_COUNTERS];
    const bool go = call_begin(&call, F_kpc_get_cpu_counters, NULL);
    call_argue(&call, "%s, 0x%x", all_cpus ? "true" : "false", classes);
    if (go) {
        const uint32_t mask = classes | (all_cpus ? KPC_ALL_CPUS : 0);
        size_t size = sizeof(got);
        work_before_read(&call);
        size_t room = count_of(&call, "kpc.counter_count", classes);
        room = sizeof(*got) * (1 + room * (all_cpus ? machine->ncpu : 1));
        size = room < size ? room : size;
        set_result(&call,
                   kernel_sysctl(call.thread, "kpc.counters", got, &size, &mask, sizeof(mask)));
        if (call.result == 0) {
            if (cpu != NULL)
                *cpu = (int)got[0];
            if (values != NULL)
                memcpy(values, got + 1, size - sizeof(*got));
            call_wrote(&call, "cpu %u ", (unsigned)got[0]);
            call_wrote_values(&call, got + 1, size / sizeof(*got) - 1, false);
        }
    }
    return (int)call_end(&call);
}

int kpc_get_thread_counters(uint32_t tid, uint32_t count, uint64_t *values)
{
    struct call call;
    const bool go = call_begin(&call, F_kpc_get_thread_counters, NULL);
    call_argue(&call, "%u, %u", tid, count);
    if (go) {
        size_t size = count * sizeof(*values);
        work_before_read(&call);
        set_result(&call, kernel_sysctl(call.thread, "kpc.thread_counters", values, &size, &tid,
                                        sizeof(tid)));
        if (call.result == 0 && values != NULL)
            call_wrote_values(&call, values, size / sizeof(*values), false);
    }
    return (int)call_end(&call);
}

/* ---------------------------------------------------------------------------------------- kperf */

/* A pure write: ownership is asked for (kernel.md 1.14). */
static int set_pair(enum function function, const char *name, uint64_t id, uint64_t value)
{
    struct call call;
    const uint64_t pair[2] = {id, value};
    const bool go = call_begin(&call, function, NULL);
    call_argue(&call, "%llu, %lld", (unsigned long long)id, (long long)value);
    if (go)
        set_result(&call, kernel(&call, name, NULL, 0, pair, sizeof(pair)));
    return (int)call_end(&call);
}

static int get_pair(enum function function, const char *name, uint64_t id, uint64_t *value)
{
    struct call call;
    uint64_t pair[2] = {id, 0};
    const bool go = call_begin(&call, function, NULL);
    call_argue(&call, "%llu", (unsigned long long)id);
    if (go) {
        set_result(&call, kernel(&call, name, pair, sizeof(pair), pair, sizeof(pair)));
        if (call.result == 0 && value != NULL) {
            *value = pair[1];
            call_wrote(&call, "[%llu]", (unsigned long long)pair[1]);
        }
    }
    return (int)call_end(&call);
}

static int get_pair32(enum function function, const char *name, uint64_t id, uint32_t *value)
{
    uint64_t wide = 0;
    const int result = get_pair(function, name, id, &wide);
    if (result == 0 && value != NULL)
        *value = (uint32_t)wide;
    return result;
}

int kperf_action_count_set(uint32_t count)
{
    return set_int(F_kperf_action_count_set, "kperf.action.count", count, false);
}

int kperf_action_count_get(uint32_t *count)
{
    return get_int(F_kperf_action_count_get, "kperf.action.count", count, false);
}

int kperf_action_samplers_set(uint32_t action, uint32_t samplers)
{
    return set_pair(F_kperf_action_samplers_set, "kperf.action.samplers", action, samplers);
}

int kperf_action_samplers_get(uint32_t action, uint32_t *samplers)
{
    return get_pair32(F_kperf_action_samplers_get, "kperf.action.samplers", action, samplers);
}

int kperf_action_filter_set_by_task(uint32_t action, int32_t port)
{
    return set_pair(F_kperf_action_filter_set_by_task, "kperf.action.filter_by_task", action,
                    (uint64_t)port);
}

int kperf_action_filter_set_by_pid(uint32_t action, int32_t pid)
{
    return set_pair(F_kperf_action_filter_set_by_pid, "kperf.action.filter_by_pid", action,
                    (uint64_t)pid);
}

int kperf_timer_count_set(uint32_t count)
{
    return set_int(F_kperf_timer_count_set, "kperf.timer.count", count, false);
}

int kperf_timer_count_get(uint32_t *count)
{
    return get_int(F_kperf_timer_count_get, "kperf.timer.count", count, false);
}

int kperf_timer_period_set(uint32_t timer, uint64_t ticks)
{
    return set_pair(F_kperf_timer_period_set, "kperf.timer.period", timer, ticks);
}

int kperf_timer_period_get(uint32_t timer, uint64_t *ticks)
{
    return get_pair(F_kperf_timer_period_get, "kperf.timer.period", timer, ticks);
}

int kperf_timer_action_set(uint32_t timer, uint32_t action)
{
    return set_pair(F_kperf_timer_action_set, "kperf.timer.action", timer, action);
}

int kperf_timer_action_get(uint32_t timer, uint32_t *action)
{
    return get_pair32(F_kperf_timer_action_get, "kperf.timer.action", timer, action);
}

int kperf_timer_pet_set(uint32_t timer)
{
    return set_int(F_kperf_timer_pet_set, "kperf.timer.pet_timer", timer, false);
}

int kperf_timer_pet_get(uint32_t *timer)
{
    return get_int(F_kperf_timer_pet_get, "kperf.timer.pet_timer", timer, false);
}

int kperf_timer_lightweight_pet_set(uint32_t on)
{
    return set_int(F_kperf_timer_lightweight_pet_set, "kperf.lightweight_pet", on, false);
}

int kperf_timer_lightweight_pet_get(uint32_t *on)
{
    return get_int(F_kperf_timer_lightweight_pet_get, "kperf.lightweight_pet", on, false);
}

int kperf_sample_set(uint32_t on)
{
    return set_int(F_kperf_sample_set, "kperf.sampling", on, false);
}

int kperf_sample_get(uint32_t *on)
{
    return get_int(F_kperf_sample_get, "kperf.sampling", on, false);
}

int kperf_reset(void)
{
    struct call call;
    const int one = 1;
    if (call_begin(&call, F_kperf_reset, NULL))
        set_result(&call, kernel(&call, "kperf.reset", NULL, 0, &one, sizeof(one)));
    return (int)call_end(&call);
}

/* Mach ticks: 24 MHz, 1 GHz on Intel. No system call. */
static uint64_t scale(enum function function, uint64_t value, bool to_ticks)
{
    struct call call;
    const bool go = call_begin(&call, function, NULL);
    const uint64_t frequency = machine->chip->tick_frequency, second = 1000000000;
    const uint64_t from = to_ticks ? second : frequency, to = to_ticks ? frequency : second;
    call_argue(&call, "%llu", (unsigned long long)value);
    if (go)
        call.result = (int64_t)(value / from * to + value % from * to / from);
    return (uint64_t)call_end(&call);
}

uint64_t kperf_ns_to_ticks(uint64_t ns)
{
    return scale(F_kperf_ns_to_ticks, ns, true);
}

uint64_t kperf_ticks_to_ns(uint64_t ticks)
{
    return scale(F_kperf_ticks_to_ns, ticks, false);
}

uint64_t kperf_tick_frequency(void)
{
    struct call call;
    if (call_begin(&call, F_kperf_tick_frequency, NULL))
        call.result = (int64_t)machine->chip->tick_frequency;
    return (uint64_t)call_end(&call);
}

/* ---------------------------------------------------------------------------------------- sysctl
 */

int sysctlbyname(const char *name, void *oldp, size_t *oldlen, void *newp, size_t newlen)
{
    struct call call;
    const bool go = call_begin(&call, F_sysctlbyname, name);
    call_argue(&call, "%s", name);
    if (go) {
        set_result(&call, kernel_sysctl(call.thread, name, oldp, oldlen, newp, newlen));
        if (call.result == 0 && oldp != NULL && oldlen != NULL && *oldlen == 4) {
            uint32_t value;
            memcpy(&value, oldp, sizeof(value));
            call_wrote(&call, "[0x%x]", value);
        } else if (call.result == 0 && oldp != NULL && strncmp(name, "kern.os", 7) == 0) {
            call_wrote(&call, "[%s]", (const char *)oldp);
        }
    }
    return (int)call_end(&call);
}
