/*
 * CPUs with counters, and threads that run on them. Counters count when a thread works, by
 * sim_count(); a thread that leaves its CPU is charged for what has happened there since the last
 * snapshot (kernel.md 1.6), whoever did it.
 */
#include <stdio.h>

#include "kperf_machine.h"

/* splitmix64: the same values everywhere for one seed. */
uint64_t machine_random(uint64_t below)
{
    uint64_t x = machine->random += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (x ^ x >> 31) % below;
}

/* ----------------------------------------------------------------------------------- counters */

uint64_t counter_max(void)
{
    return (1ull << machine->chip->width) - 1;
}

/*
 * Monotonic, 64 bits (kernel.md 1.7). A register beyond its maximum is one whose interrupt has to
 * wait: the bit above stands for the overflow status, and the difference is right without more
 * (kernel.md 2.6).
 */
uint64_t counter_value(const struct cpu *cpu, unsigned counter)
{
    return cpu->shadow[counter] + (cpu->raw[counter] - machine->reload[counter]);
}

/* As much of a value as a register takes: arm64's have a bit for the overflow. */
static uint64_t register_of(uint64_t value)
{
    const unsigned bits = machine->chip->width + (machine->x86 ? 0 : 1);
    return bits == 64 ? value : value & ((1ull << bits) - 1);
}

/* kernel.md 1.9: Intel's from the fifth on do not. */
bool counter_raises(unsigned counter)
{
    return !machine->x86 || counter < machine->fixed + 4;
}

/*
 * What the handler of the overflow interrupt does (kernel.md 2.6), for as many as there were.
 * Intel's forgets the count that made it overflow (kernel.md 1.9). A reload beyond the register is
 * of a period as large.
 */
static void counter_overflow(struct cpu *cpu, unsigned counter)
{
    const uint64_t reload = machine->reload[counter];
    const uint64_t span = counter_max() - reload + 1;
    const uint64_t lost = machine->x86 ? 1 : 0;
    uint64_t times = 1;
    if (cpu->raw[counter] <= counter_max())
        return;
    if (reload <= counter_max()) {
        times = (cpu->raw[counter] - reload) / span;
        cpu->shadow[counter] += times * (span - lost);
        cpu->raw[counter] -= times * span;
    } else {
        cpu->shadow[counter] += cpu->raw[counter] - reload - lost;
        cpu->raw[counter] = register_of(reload);
    }
    cpu->overflows[counter] += (unsigned)times;
    cpu_interrupted(cpu);
}

static void counter_add(struct cpu *cpu, unsigned counter, uint64_t count)
{
    cpu->raw[counter] += count;
    if (!counter_raises(counter))
        cpu->raw[counter] = register_of(cpu->raw[counter]); /* round, and nobody notices */
    else if (!machine->hold_interrupts)
        counter_overflow(cpu, counter);
}

void counter_interrupts(void)
{
    for (unsigned c = 0; c < machine->ncpu; c++)
        for (unsigned i = 0; i < machine->fixed + machine->configurable; i++)
            counter_overflow(&machine->cpus[c], i);
}

/*
 * Programming a period folds the counts into the shadow: of all counters, though only those it is
 * for are reloaded then. The others have it twice (kernel.md 1.9).
 */
void counters_fold(void)
{
    for (unsigned c = 0; c < machine->ncpu; c++)
        for (unsigned i = 0; i < machine->configurable; i++) {
            struct cpu *cpu = &machine->cpus[c];
            cpu->shadow[machine->fixed + i] = counter_value(cpu, machine->fixed + i);
        }
}

void counter_reload(unsigned counter, uint64_t reload)
{
    for (unsigned c = 0; c < machine->ncpu; c++)
        machine->cpus[c].raw[counter] = register_of(reload);
    machine->reload[counter] = reload;
}

void counter_zero(unsigned counter)
{
    for (unsigned c = 0; c < machine->ncpu; c++) {
        machine->cpus[c].shadow[counter] = 0;
        machine->cpus[c].raw[counter] = register_of(machine->reload[counter]);
    }
}

/* EL0A64 and EL1, nothing runs in 32 bits (kernel.md 2.3); USR and OS (kernel.md 2.4). */
bool word_counts_user(uint64_t word)
{
    return (word & (machine->x86 ? 0x10000 : 0x20000)) != 0;
}

bool word_counts_kernel(uint64_t word)
{
    return (word & (machine->x86 ? 0x20000 : 0x40000)) != 0;
}

/* How much one configurable counter counts. An event on the wrong one: nothing (kernel.md 4.10). */
static uint64_t configurable_count(unsigned index, uint64_t units, bool kernel)
{
    const uint64_t enabled = 0x400000; /* Intel's EN */
    const uint64_t word = machine->words[index];
    const uint32_t selector = (uint32_t)word & machine->chip->selector_mask;
    const uint32_t umask = machine->x86 ? (uint32_t)word >> 8 & 0xff : 0;
    if ((machine->running >> index & 1) == 0)
        return 0;
    if (machine->x86 && (word & enabled) == 0)
        return 0;
    if (!(kernel ? word_counts_kernel(word) : word_counts_user(word)))
        return 0;
    const uint32_t counters = chip_counters(machine->config.chip, selector, umask);
    if ((counters >> (machine->fixed + index) & 1) == 0)
        return 0;
    return sim_count(machine->config.chip, selector, umask, units);
}

static void work_piece(struct thread *thread, uint64_t units, bool kernel)
{
    struct cpu *cpu = &machine->cpus[thread->cpu];
    if (units == 0)
        return;
    for (unsigned i = 0; i < machine->fixed; i++) /* always, in all modes (kernel.md 1.5, 2.3) */
        counter_add(cpu, i, sim_count_fixed(machine->config.chip, i, units));
    for (unsigned i = 0; i < machine->configurable && !cpu->stopped; i++)
        counter_add(cpu, machine->fixed + i, configurable_count(i, units, kernel));
}

void work_user(struct thread *thread, uint64_t units)
{
    thread->totals.user += units;
    thread->totals.user_pieces += units != 0;
    work_piece(thread, units, false);
}

void work_kernel(struct thread *thread, uint64_t units)
{
    thread->totals.kernel += units;
    thread->totals.kernel_pieces += units != 0;
    work_piece(thread, units, true);
}

/*
 * On the way out of idle and of an interrupt an arm64 kernel switches the counters on again that
 * it finds running by kpc.counting's own account: none, when counting was written before forcing
 * gave it more of them (kernel.md 1.10).
 */
void cpu_interrupted(struct cpu *cpu)
{
    if (!machine->x86 && machine->config.gen != SIM_G4 && machine->running != 0)
        cpu->stopped |= !kpc_is_running();
}

/* ------------------------------------------------------------------------------------ threads */

/*
 * Accumulation (kernel.md 1.6): the difference to the CPU's snapshot is this thread's, and a new
 * snapshot. When forcing has ended meanwhile there are fewer values than slots, and what is left of
 * older snapshots is charged for the rest.
 */
static void charge(struct thread *thread)
{
    struct cpu *cpu = &machine->cpus[thread->cpu];
    const uint64_t *last = cpu->snapshots[cpu->last];
    uint64_t *now = cpu->snapshots[!cpu->last];
    kpc_values(cpu, machine->thread_classes, now);
    if (thread->has_buffer)
        for (unsigned i = 0; i < machine->thread_slots; i++)
            thread->buffer[i] += now[i] - last[i];
    cpu->last = !cpu->last;
}

void thread_sample(struct thread *thread)
{
    charge(thread);
}

/* The hook of the context switch: also what finds a thread without a buffer (kernel.md 4.14). */
void thread_go_off(struct thread *thread)
{
    struct cpu *cpu = &machine->cpus[thread->cpu];
    if (cpu->on != thread)
        return;
    if (machine->thread_counting) {
        charge(thread);
        thread->wants_buffer |= !thread->has_buffer;
    }
    cpu->on = NULL;
    cpu_interrupted(cpu);
}

void thread_return_to_user(struct thread *thread)
{
    if (thread->wants_buffer) {
        thread->wants_buffer = false;
        thread->has_buffer = true;
        memset(thread->buffer, 0, sizeof(thread->buffer));
    }
}

/* Whoever was there goes off first; an idle thread, which never has a buffer, as any other. */
static void make_room(struct cpu *cpu)
{
    if (cpu->on != NULL) {
        thread_go_off(cpu->on);
    } else if (machine->thread_counting) {
        cpu->last = !cpu->last;
        kpc_values(cpu, machine->thread_classes, cpu->snapshots[cpu->last]);
    }
}

void thread_come_on(struct thread *thread)
{
    struct cpu *cpu = &machine->cpus[thread->cpu];
    if (cpu->on == thread)
        return;
    make_room(cpu);
    cpu->on = thread;
    thread_return_to_user(thread);
}

bool thread_migrate(struct thread *thread, unsigned cpu)
{
    if (cpu >= machine->ncpu || !machine->cpus[cpu].online)
        return false;
    thread_go_off(thread);
    thread->cpu = cpu;
    thread_come_on(thread);
    return true;
}

/* The nth CPU that is on, from the first P core on and round. */
static unsigned nth_cpu(unsigned nth)
{
    const unsigned first = machine->config.ecpus % machine->ncpu;
    for (unsigned i = 0;; i++) {
        const unsigned cpu = (first + i) % machine->ncpu;
        if (machine->cpus[cpu].online && nth-- == 0)
            return cpu;
    }
}

unsigned machine_online(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < machine->ncpu; i++)
        count += machine->cpus[i].online;
    return count;
}

void thread_preempt(struct thread *thread)
{
    unsigned cpu = thread->cpu;
    if (machine->config.wander)
        cpu = nth_cpu((unsigned)machine_random(machine_online()));
    thread_migrate(thread, cpu);
}

/* P cores first: an idle one, or the next in turn. */
static unsigned choose_cpu(void)
{
    const unsigned online = machine_online();
    for (unsigned i = 0; i < online; i++)
        if (machine->cpus[nth_cpu(i)].on == NULL)
            return nth_cpu(i);
    return nth_cpu(machine->threads_seen % online);
}

/* Its registers are saved and come back with it (kernel.md 2.6). */
bool machine_set_cpu(unsigned number, bool on)
{
    struct cpu *cpu = &machine->cpus[number];
    if (number >= machine->ncpu || (cpu->online && !on && machine_online() == 1))
        return false;
    if (!on && cpu->on != NULL)
        thread_go_off(cpu->on);
    cpu->online = on;
    for (unsigned i = 0; i < MAX_THREADS; i++)
        if (!on && machine->threads[i].serial != 0 && machine->threads[i].cpu == number)
            machine->threads[i].cpu = choose_cpu();
    return true;
}

struct thread *thread_create(unsigned task)
{
    struct thread *thread = NULL;
    for (unsigned i = 0; i < MAX_THREADS && thread == NULL; i++)
        if (machine->threads[i].serial == 0)
            thread = &machine->threads[i];
    if (thread == NULL)
        abort(); /* more than sim.h promises */
    *thread = (struct thread){.serial = task_new_serial(), .task = task};
    thread->cpu = choose_cpu();
    thread->number = task_new_number(task);
    machine->threads_seen += task != OTHERS;
    /* kernel.md 1.6: new threads have one at creation */
    thread->has_buffer = machine->thread_counting && !machine->config.late_is_old;
    return thread;
}

void thread_end(struct thread *thread)
{
    thread_go_off(thread);
    thread->serial = 0;
}

/* -------------------------------------------------------------------------------------- start */

static void start_cpus(void)
{
    for (unsigned i = 0; i < machine->ncpu - machine->config.offline; i++)
        machine->cpus[i].online = (machine->config.off_mask >> i & 1) == 0;
    if (machine_online() == 0)
        machine->cpus[0].online = true;
}

/* Values of a machine that has run for a while, or is about to wrap (kernel.md 4.17, 4.21). */
static void start_values(void)
{
    for (unsigned c = 0; c < machine->ncpu; c++) {
        struct cpu *cpu = &machine->cpus[c];
        for (unsigned i = 0; i < machine->fixed + machine->configurable; i++) {
            const uint64_t some = 1000 + machine_random(1 << 20);
            cpu->raw[i] = (1ull << 30) + machine_random(1ull << 44);
            if (machine->config.stale & SIM_STALE_VALUES) {
                cpu->raw[i] = counter_max() - some;
                cpu->shadow[i] = 0 - cpu->raw[i] - some / 2;
            }
        }
    }
}

/* The words of a program that is gone, and of the power manager. */
static void start_words(void)
{
    const uint64_t cycles = machine->x86                                       ? 0x41003c
                            : sim_counters(machine->config.chip, 0x11, 0) != 0 ? 0x20011
                                                                               : 0x20002;
    for (unsigned i = 0; i < machine->configurable; i++) {
        if (machine->config.pm != SIM_PM_NONE && machine->config.pm_mask >> i & 1)
            machine->words[i] = machine->x86 ? 0 : 0x200fe;
        if (machine->config.stale & SIM_STALE_CONFIG)
            machine->words[i] = cycles;
    }
    memcpy(machine->pending, machine->words, sizeof(machine->words));
}

/* What that program has left switched on. */
static void start_counting(void)
{
    const uint32_t both = KPC_FIXED | KPC_CONFIGURABLE;
    if (machine->config.stale & SIM_STALE_COUNTING) {
        machine->counting = both;
        kpc_set_running(kpc_mask(both));
    }
    if ((machine->config.stale & SIM_STALE_THREADS) == 0)
        return;
    kpc_thread_counting(both, NULL);
    for (unsigned c = 0; c < machine->ncpu; c++) {
        uint64_t *last = machine->cpus[c].snapshots[machine->cpus[c].last];
        kpc_values(&machine->cpus[c], both, last);
        for (unsigned i = 0; i < machine->thread_slots; i++)
            last[i] -= machine_random(1 << 16);
    }
}

static enum kernel_list list_of(const char *os_version)
{
    char *rest;
    const unsigned long major = strtoul(os_version, &rest, 10);
    const unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    if (major > 15)
        return MACOS_26;
    if (major == 15)
        return minor >= 4 ? MACOS_15_4 : minor >= 2 ? MACOS_15_2 : MACOS_15_0;
    return major == 14 && minor >= 4 ? MACOS_14_4 : MACOS_14_0;
}

/* kernel.md 2.1: what CPUID or the SoC has. G4 gives an Intel kernel half of it. */
static unsigned configurable_counters(void)
{
    unsigned count = machine->chip->configurable;
    if (machine->config.vm == SIM_VM_EMPTY)
        return 0;
    if (machine->config.no_smt && machine->config.chip == SIM_HASWELL)
        count *= 2;
    return machine->x86 && machine->config.gen == SIM_G4 ? count / 2 : count;
}

/* The machine's own copy, which every process has. */
static void keep_text(const char **text, char *copy)
{
    snprintf(copy, MAX_TEXT, "%s", *text);
    *text = copy;
}

void machine_start(const struct sim_config *config)
{
    memset(machine, 0, sizeof(*machine));
    machine->config = *config;
    machine->ncpu = config->pcpus + config->ecpus;
    machine->config.log_path = machine->config.state_path = NULL; /* of one process */
    keep_text(&machine->config.os_version, machine->os_version);
    keep_text(&machine->config.os_build, machine->os_build);
    keep_text(&machine->config.os_release, machine->os_release);
    memcpy(machine->cores, config->cores, machine->ncpu + 1);
    machine->config.cores = machine->cores;
    keep_text(&machine->config.ktrace_name, machine->kperf.configured_by);
    machine->chip = chip_of(config->chip);
    machine->x86 = chip_is_x86(config->chip);
    machine->list = config->gen == SIM_G4 ? MACOS_26 : list_of(machine->os_version);
    machine->fixed = machine->chip->fixed;
    machine->configurable = configurable_counters();
    machine->random = config->seed;
    machine->forced = config->force_held ? OTHERS : NOBODY;
    start_cpus();
    start_values();
    start_words();
    start_counting();
    kperf_start();
}
