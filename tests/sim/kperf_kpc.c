/*
 * The kpc.* nodes: classes, forcing, configuration, counting, values (kernel.md 1.3).
 */
#include "kperf_machine.h"

static bool shared(void)
{
    return machine->config.pm != SIM_PM_NONE && machine->forced == NOBODY;
}

static bool g4(void)
{
    return machine->config.gen == SIM_G4;
}

/* G4 stores and applies when counting starts (kernel.md 1.12), unless the switch says otherwise. */
static bool deferred(void)
{
    return g4() && !machine->config.apply_at_once;
}

/* ------------------------------------------------------------------------------ classes, counts */

/*
 * Availability (kernel.md 1.4): every array of words, periods, actions and values is compacted by
 * this.
 */
uint32_t kpc_mask(uint32_t classes)
{
    const uint32_t all = (1u << machine->configurable) - 1;
    const uint32_t pm = shared() ? machine->config.pm_mask & all : 0;
    uint32_t mask = 0;
    if (classes & KPC_CONFIGURABLE)
        mask |= all & ~pm;
    if (classes & KPC_POWER && machine->config.pm == SIM_PM_SHARED)
        mask |= pm;
    return mask;
}

/* The counters of the classes by absolute number, in the order of 1.6; how many. */
static unsigned list_counters(uint32_t classes, unsigned *counters)
{
    const uint32_t order[] = {kpc_mask(classes & KPC_CONFIGURABLE), kpc_mask(classes & KPC_POWER)};
    unsigned count = 0;
    for (unsigned i = 0; classes & KPC_FIXED && i < machine->fixed; i++)
        counters[count++] = i;
    for (unsigned k = 0; k < 2; k++)
        for (unsigned i = 0; i < machine->configurable; i++)
            if (order[k] >> i & 1)
                counters[count++] = machine->fixed + i;
    return count;
}

unsigned kpc_counters(uint32_t classes)
{
    unsigned counters[SIM_MAX_COUNTERS];
    return list_counters(classes, counters);
}

static unsigned rawpmu_words(void)
{
    const bool wide = machine->chip->selector_mask > 0xff;
    if (machine->x86 || shared())
        return 0;
    return !g4() ? 11 : wide ? 17 : 7;
}

unsigned kpc_words(uint32_t classes)
{
    return (classes & KPC_FIXED && machine->x86 ? 1 : 0) + kpc_counters(classes & ~KPC_FIXED) +
           (classes & KPC_RAWPMU ? rawpmu_words() : 0);
}

/*
 * kernel.md 1.9: the correction for an overflow whose interrupt has to wait, which an Intel kernel
 * writes to the place of its first counter; the counter's own value is as if there had been none.
 */
static void misplace(const struct cpu *cpu, unsigned counter, uint64_t *first, uint64_t *own)
{
    const uint64_t max = counter_max();
    if (!machine->x86 || counter < machine->fixed || cpu->raw[counter] <= max)
        return;
    const uint64_t right = *own - 1; /* with the loss that there will be */
    *own -= max + 1;
    *first = right;
}

unsigned kpc_values(const struct cpu *cpu, uint32_t classes, uint64_t *values)
{
    unsigned counters[SIM_MAX_COUNTERS];
    const unsigned count = list_counters(classes, counters);
    const unsigned fixed = classes & KPC_FIXED ? machine->fixed : 0;
    for (unsigned i = 0; i < count; i++)
        values[i] = counter_value(cpu, counters[i]);
    for (unsigned i = fixed; i < count; i++)
        misplace(cpu, counters[i], &values[fixed], &values[i]);
    return count;
}

/* -------------------------------------------------------------------------------------- forcing */

/* In G4 the refusal is computed and lost (kernel.md 1.4, 1.12). */
int kpc_force(unsigned task, int value)
{
    if (machine->forced != NOBODY && machine->forced != task)
        return g4() ? 0 : EACCES;
    machine->forced = value != 0 ? task : NOBODY;
    return 0;
}

/* ------------------------------------------------------------------------------------- counting */

/* G4: what waits goes to the hardware, and whatever was counted is gone (kernel.md 1.12). */
static int restart(uint32_t mask)
{
    for (unsigned i = 0; machine->config.strict_sets && i < machine->configurable; i++) {
        const uint64_t word = machine->pending[i];
        const uint32_t selector = (uint32_t)word & machine->chip->selector_mask;
        const uint32_t counters =
            chip_counters(machine->config.chip, selector, (uint32_t)word >> 8 & 0xff);
        if (mask >> i & 1 && selector != 0 && (counters >> (machine->fixed + i) & 1) == 0)
            return EINVAL;
    }
    for (unsigned i = 0; i < machine->configurable; i++) {
        const unsigned counter = machine->fixed + i;
        if (machine->out_of_date) {
            machine->words[i] = machine->pending[i];
            counter_reload(counter, machine->pending_reload[counter]);
        }
        counter_zero(counter);
    }
    machine->out_of_date = false;
    return 0;
}

/*
 * On arm64 and Intel; what a power manager with custom control has is none of its business
 * (kernel.md 1.10). An Intel kernel sets INT and EN of all its counters each time, and nobody takes
 * them out (kernel.md 2.4).
 */
void kpc_set_running(uint32_t mask)
{
    const uint32_t ours = kpc_mask(KPC_CONFIGURABLE | KPC_POWER);
    machine->running = (machine->running & ~ours) | mask;
    for (unsigned i = 0; i < machine->ncpu; i++)
        machine->cpus[i].stopped = false;
    for (unsigned i = 0; machine->x86 && i < machine->configurable; i++) {
        machine->words[i] |= 0x500000;
        if (!deferred())
            machine->pending[i] = machine->words[i];
    }
}

/* kernel.md 1.5: any value will do; what is not in it is switched off; nothing is zeroed. */
int kpc_counting(uint32_t classes)
{
    const uint32_t mask = kpc_mask(classes);
    if (deferred() && classes & (KPC_CONFIGURABLE | KPC_POWER)) {
        const int error = restart(mask);
        if (error != 0)
            return error;
    }
    kpc_set_running(mask);
    machine->counting = classes & KPC_POWER ? classes | KPC_CONFIGURABLE : classes;
    return 0;
}

/* kernel.md 1.5: CONFIGURABLE only when all of today's counters run; POWER likewise. */
static uint32_t counting(void)
{
    const uint32_t mask = kpc_mask(KPC_CONFIGURABLE), power = kpc_mask(KPC_POWER);
    const bool configurable = machine->counting & KPC_CONFIGURABLE;
    uint32_t classes = machine->counting & KPC_FIXED;
    if (configurable && (machine->running & mask) == mask)
        classes |= KPC_CONFIGURABLE;
    if (configurable && power != 0 && (machine->running & power) == power)
        classes |= KPC_POWER;
    return classes;
}

bool kpc_is_running(void)
{
    return (counting() & (KPC_CONFIGURABLE | KPC_POWER)) != 0;
}

/* Nothing to count turns it off, and that is no error (kernel.md 1.6, 4.15). */
void kpc_thread_counting(uint32_t classes, struct thread *caller)
{
    const unsigned count = kpc_counters(classes);
    machine->thread_counting = count != 0;
    if (count == 0)
        return;
    machine->thread_classes = classes;
    machine->thread_slots = count;
    if (caller != NULL && !caller->has_buffer)
        caller->wants_buffer = true;
}

/* ---------------------------------------------------------------------------------------- words */

/*
 * What the registers make of a word, in the form it is read back in. arm64 (kernel.md 2.3): EL3 is
 * what EL1 is (NO_MONITOR); from G3 on a production machine counts user mode and nothing else.
 * 32-bit user mode goes from macOS 15.2 on, after the word was found to have a mode.
 */
static uint64_t program_arm(uint64_t word)
{
    const uint64_t el0a32 = 0x10000, el0a64 = 0x20000, el1 = 0x40000, el3 = 0x80000;
    uint64_t modes = word & 0xf0000;
    if (word == 0)
        return 0;
    if (machine->config.gen < SIM_G3 || machine->config.development) {
        if (modes == 0 || (modes == el3 && machine->list == MACOS_14_4))
            modes = el0a32 | el0a64 | el1;
        modes = (modes & ~el3) | (modes & el1 ? el3 : 0);
    } else {
        modes &= el0a32 | el0a64;
        if (modes == 0)
            modes = el0a64;
    }
    if (machine->config.gen >= SIM_G3 && machine->list >= MACOS_15_2)
        modes &= ~el0a32;
    return (word & machine->chip->selector_mask) | modes;
}

/* x86_64 (kernel.md 2.4): no PC, INT or AnyThread. */
uint64_t kpc_program(uint64_t word)
{
    return machine->x86 ? word & 0xffc7ffff : program_arm(word);
}

/* Release kernels from G2 on; the selector is cut to its width first (kernel.md 2.2, 2.5, 4.8). */
static bool allowed(uint64_t word)
{
    if (machine->x86 || machine->config.gen < SIM_G2 || machine->config.development)
        return true;
    return chip_allows(machine->config.chip, (uint32_t)word & machine->chip->selector_mask,
                       machine->list);
}

/* kernel.md 1.8: POWER and RAWPMU, before anything else. */
static int classes_refused(uint32_t classes)
{
    if (g4() && classes & KPC_CONFIGURABLE && classes & KPC_POWER)
        return EINVAL;
    if (classes & KPC_POWER)
        return EPERM;
    if (classes & KPC_RAWPMU && shared())
        return g4() ? EXDEV : EPERM;
    return 0;
}

/* Checked as a whole, then stored as a whole (kernel.md 1.8). */
int kpc_store_words(uint32_t classes, const uint64_t *words, unsigned task)
{
    unsigned counters[SIM_MAX_COUNTERS];
    const unsigned count = list_counters(classes & KPC_CONFIGURABLE, counters);
    const int error = classes_refused(classes);
    if (error != 0)
        return error;
    words += classes & KPC_FIXED && machine->x86 ? 1 : 0; /* consumed and ignored */
    for (unsigned i = 0; i < count; i++)
        if (!allowed(words[i]))
            return EPERM;
    for (unsigned i = 0; i < count; i++) {
        const unsigned index = counters[i] - machine->fixed;
        machine->pending[index] = kpc_program(words[i]);
        if (!deferred())
            machine->words[index] = machine->pending[index];
    }
    if (classes & KPC_RAWPMU)
        memcpy(machine->rawpmu, words + count, rawpmu_words() * sizeof(*words));
    machine->out_of_date |= deferred();
    if (g4())
        kpc_force(task, 1); /* kernel.md 1.12: tries it, whatever comes of it */
    return 0;
}

static void load_words(uint32_t classes, uint64_t *words)
{
    unsigned counters[SIM_MAX_COUNTERS];
    const unsigned count = list_counters(classes & ~KPC_FIXED, counters);
    if (classes & KPC_FIXED && machine->x86)
        *words++ = machine->fixed == 4 ? 0xbbbb : 0xbbb; /* all rings, with interrupt */
    for (unsigned i = 0; i < count; i++)
        words[i] = machine->words[counters[i] - machine->fixed];
    if (classes & KPC_RAWPMU)
        memcpy(words + count, machine->rawpmu, rawpmu_words() * sizeof(*words));
}

static int node_config(struct request *request)
{
    uint64_t words[SIM_MAX_COUNTERS + MAX_RAWPMU] = {0}, classes = 0;
    int error = request_in(request, &classes, sizeof(classes));
    const uint32_t mask = (uint32_t)classes;
    const size_t size = kpc_words(mask) * sizeof(*words);
    if (error != 0)
        return error;
    if (size == 0)
        return EINVAL;
    error = request_in(request, words, size); /* too few: a question, if an answer is wanted */
    if (error == 0)
        error = kpc_store_words(mask, words, request_task(request));
    else if (request->wants_size)
        error = classes_refused(mask & KPC_RAWPMU);
    if (error != 0 || !request->wants_size)
        return error;
    load_words(mask, words);
    memcpy(machine->big_array, words, size);
    return request_out(request, words, size);
}

/* ---------------------------------------------------------------------------- periods, actions */

/*
 * 1.9. The array is as long as the classes have counters, but arm64 forgets to step over the
 * fixed ones: with FIXED the first values land on the first configurable counters.
 */
static int store_periods(uint32_t classes, const uint64_t *periods, unsigned task)
{
    const uint64_t max = counter_max();
    unsigned counters[SIM_MAX_COUNTERS];
    const unsigned count = list_counters(classes & KPC_CONFIGURABLE, counters);
    if (classes & KPC_POWER)
        return g4() && classes & KPC_CONFIGURABLE ? EINVAL : EPERM;
    if (classes & KPC_FIXED && machine->x86)
        return EINVAL;
    if (classes & KPC_FIXED && machine->config.pm == SIM_PM_CUSTOM && shared())
        return EPERM;
    for (unsigned i = 0; g4() && i < kpc_counters(classes); i++)
        if (periods[i] > max - 1)
            return EINVAL;
    if (!deferred() && classes & KPC_CONFIGURABLE)
        counters_fold();
    for (unsigned i = 0; i < count; i++) {
        const uint64_t period = periods[i] == 0 ? max : periods[i]; /* nobody looks if it fits */
        machine->pending_reload[counters[i]] = max - period;
        if (!deferred())
            counter_reload(counters[i], max - period);
    }
    machine->out_of_date |= deferred();
    if (g4())
        kpc_force(task, 1);
    return 0;
}

static int node_period(struct request *request)
{
    uint64_t periods[SIM_MAX_COUNTERS] = {0}, classes = 0;
    int error = request_in(request, &classes, sizeof(classes));
    unsigned counters[SIM_MAX_COUNTERS];
    const uint32_t mask = (uint32_t)classes;
    const unsigned count = list_counters(mask, counters);
    if (error != 0)
        return error;
    if (count == 0)
        return EINVAL;
    error = request_in(request, periods, count * sizeof(*periods));
    if (error == 0)
        error = store_periods(mask, periods, request_task(request));
    else if (request->wants_size)
        error = 0;
    if (error != 0 || !request->wants_size)
        return error;
    for (unsigned i = 0; i < count; i++)
        periods[i] = counter_max() - machine->reload[counters[i]];
    memcpy(machine->big_array, periods, count * sizeof(*periods));
    return request_out(request, periods, count * sizeof(*periods));
}

static int node_actionid(struct request *request)
{
    uint32_t actions[SIM_MAX_COUNTERS] = {0};
    uint64_t classes = 0;
    int error = request_in(request, &classes, sizeof(classes));
    unsigned counters[SIM_MAX_COUNTERS];
    const uint32_t mask = (uint32_t)classes;
    const unsigned count = list_counters(mask, counters);
    if (error != 0)
        return error;
    if (count == 0)
        return EINVAL;
    error = request_in(request, actions, count * sizeof(*actions));
    for (unsigned i = 0; error == 0 && i < count; i++)
        machine->actions[counters[i]] = actions[i];
    if (!request->wants_size)
        return error;
    for (unsigned i = 0; i < count; i++)
        actions[i] = machine->actions[counters[i]];
    return request_out(request, actions, count * sizeof(*actions));
}

/* ---------------------------------------------------------------------------------------- values
 */

/*
 * 1.7. Every CPU answers in the slot of its own number, and the length is for as many as answered:
 * with one missing in the middle, its slot has what the array held before, and the last are cut
 * off.
 */
static int node_counters(struct request *request, bool shadows)
{
    uint64_t *values = machine->big_array;
    uint32_t classes = 0;
    const int error = request_in(request, &classes, sizeof(classes));
    const unsigned stride = kpc_counters(classes & ~KPC_ALL_CPUS);
    const bool all = classes & KPC_ALL_CPUS;
    const unsigned here = request->thread->cpu;
    size_t count = 1;
    if (error != 0)
        return error;
    if (stride == 0)
        return EINVAL;
    values[0] = here;
    for (unsigned c = 0; c < machine->ncpu; c++) {
        if (!(all ? machine->cpus[c].online : c == here))
            continue;
        struct cpu cpu = machine->cpus[c];
        if (shadows)
            memcpy(cpu.raw, machine->reload, sizeof(cpu.raw));
        count += kpc_values(&cpu, classes, values + 1 + (all ? c * stride : 0));
    }
    return request_out(request, values, count * sizeof(*values));
}

/* A thread that has no buffer gets none by asking (kernel.md 1.6, 4.14). */
static int node_thread_counters(struct request *request)
{
    struct thread *thread = request->thread;
    uint32_t tid = 0;
    const int error = request_in(request, &tid, sizeof(tid));
    if (error != 0)
        return error;
    if (tid != 0 || !thread->has_buffer)
        return EINVAL;
    thread_sample(thread);
    const size_t size = machine->thread_slots * sizeof(*thread->buffer);
    memcpy(machine->big_array, thread->buffer, size);
    const int failed = request_out(request, thread->buffer, size);
    if (failed == 0 && request->oldp != NULL) {
        thread->at_read = thread->totals;
        thread->has_read = true;
    }
    return failed;
}

/* ----------------------------------------------------------------------------------- the nodes */

/* A mask comes in, a number goes out (kernel.md 1.3). */
static int node_count(struct request *request, unsigned (*count)(uint32_t))
{
    uint32_t classes = 0;
    const int error = request_in(request, &classes, sizeof(classes));
    if (error != 0)
        return error;
    const int number = (int)count(classes);
    return request_out(request, &number, sizeof(number));
}

static int node_read(struct request *request, int value)
{
    return request->newp != NULL ? EPERM : request_out(request, &value, sizeof(value));
}

/* The old value goes out, then the new one comes in (kernel.md 1.1). */
static int node_switch(struct request *request, int value, int (*set)(struct request *, int))
{
    int wanted = value;
    int error = request_out(request, &value, sizeof(value));
    if (error != 0 || request->newp == NULL)
        return error;
    error = request_in(request, &wanted, sizeof(wanted));
    return error != 0 ? error : set(request, wanted);
}

static int set_counting(struct request *request, int classes)
{
    (void)request;
    return kpc_counting((uint32_t)classes);
}

static int set_thread_counting(struct request *request, int classes)
{
    kpc_thread_counting((uint32_t)classes, request->thread);
    return 0;
}

static int set_force(struct request *request, int value)
{
    return kpc_force(request_task(request), value);
}

static bool is(const struct request *request, const char *name)
{
    return strcmp(request->name, name) == 0;
}

/* G4 says yes for every mode but SHARED (kernel.md 1.4): also when another task holds them. */
static int forced(void)
{
    return machine->forced != NOBODY;
}

/* 1.3. Haswell's is version 3, Ice Lake's 5, of which the kernel has not heard. */
static int pmu_version(void)
{
    return !machine->x86 ? 2 : machine->config.chip == SIM_HASWELL ? 1 : 0;
}

static int private_node(struct request *request)
{
    if (is(request, "kpc.pmu_version"))
        return node_read(request, pmu_version());
    if (is(request, "kpc.counting"))
        return node_switch(request, (int)counting(), set_counting);
    if (is(request, "kpc.thread_counting"))
        return node_switch(request, machine->thread_counting ? (int)machine->thread_classes : 0,
                           set_thread_counting);
    if (is(request, "kpc.force_all_ctrs"))
        return node_switch(request, forced(), set_force);
    if (is(request, "kpc.config"))
        return node_config(request);
    if (is(request, "kpc.period"))
        return node_period(request);
    if (is(request, "kpc.actionid"))
        return node_actionid(request);
    if (is(request, "kpc.counters"))
        return node_counters(request, false);
    if (is(request, "kpc.thread_counters"))
        return node_thread_counters(request);
    if (is(request, "kpc.shadow_counters") && !g4())
        return node_counters(request, true);
    if (is(request, "kpc.sw_inc") && !g4())
        return ENOTSUP;
    return ENOENT;
}

static int public_node(struct request *request)
{
    if (is(request, "kpc.classes"))
        return node_read(request, machine->x86 ? 0x3 : 0xb);
    return node_count(request, is(request, "kpc.config_count") ? kpc_words : kpc_counters);
}

static bool exists(const struct request *request)
{
    static const char *const names[] = {
        "kpc.classes",         "kpc.pmu_version",     "kpc.config_count",    "kpc.counter_count",
        "kpc.counting",        "kpc.thread_counting", "kpc.thread_counters", "kpc.counters",
        "kpc.config",          "kpc.period",          "kpc.actionid",        "kpc.force_all_ctrs",
        "kpc.shadow_counters", "kpc.sw_inc",
    };
    const size_t count = sizeof(names) / sizeof(*names);
    for (size_t i = 0; i < (g4() ? count - 2 : count); i++) /* the last two are gone in G4 */
        if (is(request, names[i]))
            return true;
    return false;
}

/* kernel.md 1.2: whether there is a PMU, who asks, who holds the hardware, then the node. */
int kpc_node(struct request *request)
{
    const bool public = is(request, "kpc.classes") || is(request, "kpc.config_count") ||
                        is(request, "kpc.counter_count");
    if (is(request, "kpc.pc_capture_supported") && !machine->x86 && machine->config.gen >= SIM_G2 &&
        machine->list >= MACOS_14_4)
        return node_read(request, 1);
    if (!exists(request))
        return ENOENT;
    if (request->newp != NULL && (is(request, "kpc.classes") || is(request, "kpc.pmu_version")))
        return EPERM; /* sysctl's own doing, before the node is asked */
    if (machine->config.vm == SIM_VM_OLD)
        return ENOTSUP;
    if (!public && !request_is_root(request) && machine->kperf.owner != request_task(request))
        return EPERM;
    if (machine->config.busy)
        return EBUSY;
    return public ? public_node(request) : private_node(request);
}
