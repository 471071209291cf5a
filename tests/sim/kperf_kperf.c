/*
 * The kperf.* nodes: actions, timers, PET (kernel.md 1.13, 1.14). They keep what is set and refuse
 * what the kernel refuses; no timer fires and no sample is taken.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "kperf_machine.h"

enum { MAX_NAME = 16 }; /* of a process, to the kernel */

/*
 * 1.14. It keeps both counts, and of the timers beyond theirs, which a smaller count leaves
 * behind, all that is set.
 */
static void reset_settings(void)
{
    struct kperf *kperf = &machine->kperf;
    kperf->active &= ~2u;
    kperf->sampling = kperf->lightweight = 0;
    kperf->pet_timer = NO_TIMER;
    kperf->idle_rate = 15;
    for (unsigned i = 0; i <= MAX_ACTIONS; i++) {
        kperf->samplers[i] = kperf->userdata[i] = 0;
        kperf->pid[i] = -1;
        kperf->ucallstack_depth[i] = 256;
        kperf->kcallstack_depth[i] = 128;
    }
    for (unsigned i = 0; i < kperf->timer_count; i++) {
        kperf->period[i] = 0;
        kperf->action[i] = 0;
    }
}

/* ktrace is ours from now on: of a process of the client's. */
static void take_ktrace(unsigned task)
{
    struct kperf *kperf = &machine->kperf;
    kperf->owner = task;
    kperf->foreground = true;
    kperf->owning_pid = getpid();
    snprintf(kperf->configured_by, MAX_NAME + 1, "%s", program_invocation_short_name);
}

/* owner=1. */
void kperf_bless(unsigned task)
{
    take_ktrace(task);
    machine->kperf.blessed = true;
}

void kperf_start(void)
{
    reset_settings(); /* of a machine that is all zero but for the name */
    if (machine->config.ktrace_held) {
        machine->kperf.owner = OTHERS;
        machine->kperf.foreground = true;
        machine->kperf.owning_pid = machine->config.ktrace_pid;
        machine->kperf.active = 1 | 2;
        return;
    }
    machine->kperf.configured_by[0] = '\0';
    if (machine->config.ktrace_owner)
        kperf_bless(task_self());
}

static void drop_owner(void)
{
    machine->kperf.owner = NOBODY;
    machine->kperf.blessed = false;
}

/*
 * A root newcomer takes over what nobody, or a dead process, owns, with all that is set (kernel.md
 * 1.13).
 */
static int configure(const struct request *request)
{
    struct kperf *kperf = &machine->kperf;
    const unsigned task = request_task(request);
    if (kperf->owner == OTHERS && kill(kperf->owning_pid, 0) != 0 && errno == ESRCH)
        drop_owner();
    if (kperf->owner != NOBODY && kperf->owner != task)
        return EBUSY;
    if (kperf->owner == NOBODY && !request_is_root(request))
        return EPERM;
    if (kperf->owner == NOBODY)
        take_ktrace(task);
    kperf->active |= 2;
    kperf->set_up = true;
    return 0;
}

/*
 * A pure write asks for ownership; one with a buffer for the old value is a read (kernel.md 1.14).
 */
static int check(const struct request *request)
{
    if (request->oldp == NULL && request->newp != NULL)
        return configure(request);
    return request_is_root(request) || machine->kperf.owner == request_task(request) ? 0 : EPERM;
}

/* ------------------------------------------------------------------------------------ numbers */

static int set_action_count(int count)
{
    struct kperf *kperf = &machine->kperf;
    if (count < 0 || count > MAX_ACTIONS || (uint32_t)count < kperf->action_count)
        return EINVAL;
    kperf->action_count = (uint32_t)count;
    return 0;
}

static int set_timer_count(int count)
{
    struct kperf *kperf = &machine->kperf;
    if (kperf->sampling)
        return EBUSY;
    if (count < 0 || count > MAX_TIMERS)
        return EINVAL;
    kperf->timer_count = (uint32_t)count;
    return 0;
}

/*
 * 50 us in the foreground, 20 us on Intel, 1 ms in the background. PET 1 ms for both from macOS 14
 * on; before, 2 ms and 10 ms, 5 ms on Intel.
 */
uint64_t kperf_min_period(bool pet, bool background)
{
    const uint64_t us = 1000, ms = 1000 * us;
    if (pet && machine->config.gen >= SIM_G2)
        return ms;
    if (pet)
        return !background ? 2 * ms : machine->x86 ? 5 * ms : 10 * ms;
    return background ? ms : machine->x86 ? 20 * us : 50 * us;
}

/* In ticks, of a timer: one that PET uses fires no more often than PET does. */
static uint64_t min_ticks(uint64_t timer)
{
    const bool pet = timer == machine->kperf.pet_timer;
    return kperf_min_period(pet, false) * machine->chip->tick_frequency / 1000000000;
}

/*
 * Takes over the timer's action now and makes its period fit (kernel.md 4.24). Any number is kept.
 */
static int set_pet_timer(int timer)
{
    struct kperf *kperf = &machine->kperf;
    if (kperf->sampling)
        return EBUSY;
    kperf->pet_timer = (uint32_t)timer;
    if (timer < 0 || (uint32_t)timer >= kperf->timer_count)
        return 0;
    kperf->pet_action = kperf->action[timer];
    if (kperf->period[timer] < min_ticks((uint64_t)timer))
        kperf->period[timer] = min_ticks((uint64_t)timer);
    return 0;
}

/* What a reset does not undo is that kperf was set up once. */
static int set_sampling(int on)
{
    struct kperf *kperf = &machine->kperf;
    if (on && (!kperf->set_up || kperf->action_count == 0))
        return ECANCELED;
    kperf->sampling = on != 0;
    return 0;
}

static int set_lightweight(int on)
{
    if (machine->kperf.sampling)
        return EBUSY;
    machine->kperf.lightweight = on == 1;
    return 0;
}

static int set_idle_rate(int rate)
{
    machine->kperf.idle_rate = rate;
    return 0;
}

static int set_debug_level(int level)
{
    machine->kperf.debug_level = level;
    return 0;
}

static int set_bless_root(int on)
{
    machine->kperf.root_may_bless = on != 0;
    return 0;
}

static int set_reset(int value)
{
    if (value == 0)
        return 0;
    reset_settings();
    if (machine->kperf.blessed)
        return 0;
    machine->kperf.owner = NOBODY; /* who it was stays in configured_by */
    machine->kperf.foreground = false;
    machine->kperf.owning_pid = 0;
    return 0;
}

struct number {
    const char *name;
    int (*get)(void);
    int (*set)(int);
};

#define GET(member)                        \
    static int get_##member(void)          \
    {                                      \
        return (int)machine->kperf.member; \
    }
GET(action_count)
GET(timer_count)
GET(pet_timer)
GET(sampling)
GET(lightweight)
GET(idle_rate)
GET(debug_level)
GET(root_may_bless)
#undef GET

static int get_zero(void)
{
    return 0;
}

static const struct number numbers[] = {
    {"kperf.action.count", get_action_count, set_action_count},
    {"kperf.timer.count", get_timer_count, set_timer_count},
    {"kperf.timer.pet_timer", get_pet_timer, set_pet_timer},
    {"kperf.sampling", get_sampling, set_sampling},
    {"kperf.lightweight_pet", get_lightweight, set_lightweight},
    {"kperf.pet_idle_rate", get_idle_rate, set_idle_rate},
    {"kperf.reset", get_zero, set_reset},
    {"kperf.debug_level", get_debug_level, set_debug_level},
    {"kperf.blessed_preempt", get_root_may_bless, set_bless_root},
};

/* Anybody may read these (kernel.md 1.1). */
static int node_limit(struct request *request, const char *leaf)
{
    static const char *const periods[] = {"timer_min_period_ns", "timer_min_bg_period_ns",
                                          "timer_min_pet_period_ns", "timer_min_bg_pet_period_ns"};
    if (strcmp(leaf, "max_action_count") == 0)
        return out_int(request, MAX_ACTIONS);
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t ns = kperf_min_period(i >= 2, i % 2 != 0);
        if (strcmp(leaf, periods[i]) == 0)
            return request->newp != NULL ? EPERM : request_out(request, &ns, sizeof(ns));
    }
    return ENOENT;
}

static int node_number(struct request *request, const struct number *number)
{
    int value = number->get();
    int error = request_out(request, &value, sizeof(value));
    if (error != 0 || request->newp == NULL)
        return error;
    error = request_in(request, &value, sizeof(value));
    return error != 0 ? error : number->set(value);
}

/* -------------------------------------------------------------------------------------- pairs */

static bool action_exists(uint64_t action)
{
    return action >= 1 && action <= machine->kperf.action_count;
}

static int set_samplers(uint64_t action, uint64_t value)
{
    if (!action_exists(action) || (value & 0x30) == 0x30) /* PMC_THREAD with PMC_CPU */
        return EINVAL;
    machine->kperf.samplers[action] = (uint32_t)value;
    return 0;
}

static int set_userdata(uint64_t action, uint64_t value)
{
    if (!action_exists(action))
        return EINVAL;
    machine->kperf.userdata[action] = (uint32_t)value;
    return 0;
}

static int set_pid(uint64_t action, uint64_t value)
{
    if (!action_exists(action))
        return EINVAL;
    machine->kperf.pid[action] = (int32_t)value;
    return 0;
}

/* The only port a simulated task has is its own: that is our pid. */
static int set_task(uint64_t action, uint64_t value)
{
    return set_pid(action, (int32_t)value <= 0 ? (uint64_t)-1 : (uint64_t)getpid());
}

static int set_ucallstack_depth(uint64_t action, uint64_t value)
{
    if (!action_exists(action) || value < 2 || value > 256)
        return EINVAL;
    machine->kperf.ucallstack_depth[action] = (uint32_t)value;
    return 0;
}

static int set_kcallstack_depth(uint64_t action, uint64_t value)
{
    if (!action_exists(action) || value < 1 || value > 128)
        return EINVAL;
    machine->kperf.kcallstack_depth[action] = (uint32_t)value;
    return 0;
}

static int set_period(uint64_t timer, uint64_t value)
{
    if (timer >= machine->kperf.timer_count)
        return EINVAL;
    if (machine->kperf.sampling)
        return EBUSY;
    const uint64_t least = min_ticks(timer);
    machine->kperf.period[timer] = value != 0 && value < least ? least : value;
    return 0;
}

static int set_action(uint64_t timer, uint64_t value)
{
    if (timer >= machine->kperf.timer_count)
        return EINVAL;
    if (machine->kperf.sampling)
        return EBUSY;
    machine->kperf.action[timer] = (uint32_t)value;
    return 0;
}

struct pair {
    const char *name;
    int (*set)(uint64_t id, uint64_t value);
};

static const struct pair pairs[] = {
    {"kperf.action.samplers", set_samplers},
    {"kperf.action.userdata", set_userdata},
    {"kperf.action.filter_by_pid", set_pid},
    {"kperf.action.filter_by_task", set_task},
    {"kperf.action.ucallstack_depth", set_ucallstack_depth},
    {"kperf.action.kcallstack_depth", set_kcallstack_depth},
    {"kperf.timer.period", set_period},
    {"kperf.timer.action", set_action},
};

static int get_pair(const struct pair *pair, uint64_t id, uint64_t *value)
{
    const struct kperf *kperf = &machine->kperf;
    const bool timer = pair->set == set_period || pair->set == set_action;
    if (id >= (timer ? kperf->timer_count : kperf->action_count + 1))
        return EINVAL;
    if (pair->set == set_samplers)
        *value = kperf->samplers[id];
    else if (pair->set == set_userdata)
        *value = kperf->userdata[id];
    else if (pair->set == set_pid || pair->set == set_task)
        *value = (uint64_t)(int64_t)kperf->pid[id];
    else if (pair->set == set_ucallstack_depth)
        *value = kperf->ucallstack_depth[id];
    else if (pair->set == set_kcallstack_depth)
        *value = kperf->kcallstack_depth[id];
    else
        *value = pair->set == set_period ? kperf->period[id] : kperf->action[id];
    return 0;
}

/* {id, value}: with a buffer for the old value a get, else a set (kernel.md 1.14). */
static int node_pair(struct request *request, const struct pair *pair)
{
    uint64_t values[2] = {0, 0};
    if (request->newp == NULL)
        return EFAULT;
    int error = request_in(request, values, sizeof(values));
    if (error != 0)
        return error;
    if (request->oldp == NULL)
        return pair->set(values[0], values[1]);
    error = get_pair(pair, values[0], &values[1]);
    if (error == 0) /* past sysctl: whatever room there is; no length is told (kernel.md 1.1) */
        memcpy(request->oldp, values, sizeof(values));
    return error;
}

/* ----------------------------------------------------------------------------- blessed_pid, nodes
 */

/* -1: nobody any more. A pid that is none of ours stands for another process (kernel.md 1.13). */
static int bless(int pid)
{
    struct kperf *kperf = &machine->kperf;
    if (pid == -1) {
        kperf->blessed = false;
        return set_reset(1);
    }
    if (pid == 0)
        return EINVAL;
    if (kill(pid, 0) != 0 && errno == ESRCH)
        return ESRCH;
    const unsigned task = task_of_pid(pid);
    kperf->owner = task != NOBODY ? task : OTHERS;
    kperf->owning_pid = pid;
    kperf->foreground = kperf->blessed = true;
    return 0;
}

static int node_blessed_pid(struct request *request)
{
    int pid = machine->kperf.owning_pid;
    const bool allowed =
        machine->kperf.root_may_bless || (machine->kperf.blessed && request_is_root(request));
    int error = 0;
    if (request->newp == NULL)
        error =
            request_is_root(request) || machine->kperf.owner == request_task(request) ? 0 : EPERM;
    else if (!allowed)
        error = configure(request);
    if (error == 0)
        error = request_out(request, &pid, sizeof(pid));
    if (error != 0 || request->newp == NULL)
        return error;
    error = request_in(request, &pid, sizeof(pid));
    return error != 0 ? error : bless(pid);
}

/* These lack ANYBODY: who is not root may not write them, whoever owns ktrace (kernel.md 1.1). */
static bool refused(const struct request *request)
{
    static const char *const names[] = {"kperf.blessed_pid", "kperf.debug_level"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(request->name, names[i]) == 0)
            return request->newp != NULL && !request_is_root(request);
    return false;
}

/* Read-only views for everybody (kernel.md 1.13). No background tool is modelled. */
int ktrace_node(struct request *request)
{
    const struct kperf *kperf = &machine->kperf;
    const char *leaf = request->name + strlen("ktrace.");
    if (strcmp(leaf, "state") == 0)
        return out_int(request, kperf->foreground);
    if (strcmp(leaf, "active_mask") == 0)
        return out_int(request, kperf->active);
    if (strcmp(leaf, "owning_pid") == 0)
        return out_int(request, (uint64_t)kperf->owning_pid);
    if (strcmp(leaf, "background_pid") == 0)
        return out_int(request, 0);
    if (strcmp(leaf, "configured_by") == 0)
        return out_string(request, kperf->configured_by);
    return ENOENT;
}

int kperf_node(struct request *request)
{
    if (strncmp(request->name, "kperf.limits.", 13) == 0)
        return node_limit(request, request->name + 13);
    if (refused(request))
        return EPERM;
    if (strcmp(request->name, "kperf.blessed_pid") == 0)
        return node_blessed_pid(request);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (strcmp(request->name, numbers[i].name) == 0) {
            const int error = check(request);
            return error != 0 ? error : node_number(request, &numbers[i]);
        }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
        if (strcmp(request->name, pairs[i].name) == 0) {
            const int error = check(request);
            return error != 0 ? error : node_pair(request, &pairs[i]);
        }
    return ENOENT;
}
