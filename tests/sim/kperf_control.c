/*
 * The functions of sim.h that drive the machine and look into it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "kperf_machine.h"

/* --------------------------------------------------------------------------------------- machine
 */

/* The caller as the main thread of a process just started. */
static void start_process(void)
{
    struct thread *thread = sim_lock();
    thread->has_buffer = machine->thread_counting;
    call_state_changed();
    sim_unlock();
}

void sim_reset(const struct sim_config *config)
{
    char error[160];
    sim_lock_machine();
    const struct sim_config *environment = config_environment();
    struct sim_config complete = config != NULL ? *config : *environment;
    config_complete(&complete);
    calls_reset();
    tasks_reset();
    machine_start(&complete);
    call_set_paths(complete.log_path, complete.state_path);
    if (config == NULL && getenv("KPEP_SIM") != NULL)
        config_parse(&complete, getenv("KPEP_SIM"), true, error, sizeof(error));
    sim_unlock();
    start_process();
}

bool sim_parse(struct sim_config *config, const char *text, char *error, size_t size)
{
    sim_lock_machine();
    const bool right = config_parse(config, text, false, error, size);
    sim_unlock();
    return right;
}

void sim_new_process(void)
{
    sim_lock_machine();
    const bool blessed = machine->kperf.blessed && machine->kperf.owner == task_self();
    task_end(task_self());
    if (blessed) /* owner=1 says so of whatever process is ours */
        kperf_bless(task_self());
    sim_unlock();
    start_process();
}

int sim_other_set_counting(uint32_t classes)
{
    sim_lock_machine();
    const int error = machine->config.busy ? EBUSY : kpc_counting(classes);
    call_state_changed();
    sim_unlock();
    return error;
}

int sim_other_set_thread_counting(uint32_t classes)
{
    sim_lock_machine();
    const int error = machine->config.busy ? EBUSY : 0;
    if (error == 0)
        kpc_thread_counting(classes, NULL);
    call_state_changed();
    sim_unlock();
    return error;
}

int sim_other_set_config(uint32_t classes, const uint64_t *words, size_t count)
{
    sim_lock_machine();
    int error = machine->config.busy ? EBUSY : 0;
    if (error == 0 && (count == 0 || count < kpc_words(classes)))
        error = EINVAL;
    if (error == 0)
        error = kpc_store_words(classes, words, OTHERS);
    call_state_changed();
    sim_unlock();
    return error;
}

int sim_other_force(int value)
{
    sim_lock_machine();
    const int error = machine->config.busy ? EBUSY : kpc_force(OTHERS, value);
    call_state_changed();
    sim_unlock();
    return error;
}

void sim_other_exit(void)
{
    sim_lock_machine();
    if (machine->forced == OTHERS)
        machine->forced = NOBODY;
    if (machine->kperf.owner == OTHERS)
        machine->kperf.owner = NOBODY;
    call_state_changed();
    sim_unlock();
}

bool sim_kernel_client(bool take)
{
    sim_lock_machine();
    const bool done = !take || machine->forced == NOBODY;
    if (done)
        machine->config.busy = take;
    sim_unlock();
    return done;
}

/* --------------------------------------------------------------------------------------- threads
 */

void sim_attach(void)
{
    sim_lock();
    sim_unlock();
}

void sim_run(const struct sim_work *work)
{
    struct thread *thread = sim_lock();
    work_user(thread, work->user);
    work_kernel(thread, work->kernel);
    sim_unlock();
}

void sim_kernel_work(uint64_t units)
{
    sim_run(&(struct sim_work){.kernel = units});
}

void sim_switch_out(void)
{
    struct thread *thread = sim_lock();
    thread_go_off(thread);
    thread_come_on(thread);
    sim_unlock();
}

bool sim_migrate(unsigned cpu)
{
    struct thread *thread = sim_lock();
    const bool done = thread_migrate(thread, cpu);
    sim_unlock();
    return done;
}

bool sim_set_cpu(unsigned cpu, bool on)
{
    sim_lock_machine();
    const bool done = machine_set_cpu(cpu, on);
    sim_unlock();
    return done;
}

void sim_interrupt(unsigned cpu)
{
    sim_lock_machine();
    if (cpu < machine->ncpu)
        cpu_interrupted(&machine->cpus[cpu]);
    sim_unlock();
}

unsigned sim_cpu(void)
{
    const unsigned cpu = sim_lock()->cpu;
    sim_unlock();
    return cpu;
}

unsigned sim_thread(void)
{
    const unsigned number = sim_lock()->number;
    sim_unlock();
    return number;
}

void sim_other_run(unsigned cpu, const struct sim_work *work)
{
    sim_lock_machine();
    if (cpu < machine->ncpu && machine->cpus[cpu].online) {
        struct thread *thread = thread_create(OTHERS);
        thread->cpu = cpu;
        thread_come_on(thread);
        work_user(thread, work->user);
        work_kernel(thread, work->kernel);
        thread_end(thread);
    }
    sim_unlock();
}

/* ---------------------------------------------------------------------------------------- counts
 */

void sim_totals(struct sim_totals *totals)
{
    *totals = sim_lock()->totals;
    sim_unlock();
}

bool sim_totals_at_read(struct sim_totals *totals)
{
    const struct thread *thread = sim_lock();
    const bool has_read = thread->has_read;
    *totals = thread->at_read;
    sim_unlock();
    return has_read;
}

/* An affine function over several pieces: its slope by the units, its offset by the pieces. */
static uint64_t several(uint64_t one, uint64_t two, uint64_t units, uint64_t pieces)
{
    const uint64_t slope = two - one, offset = one - slope;
    return slope * units + offset * pieces;
}

uint64_t sim_expect(enum sim_chip chip, unsigned counter, uint64_t word,
                    const struct sim_totals *from, const struct sim_totals *to)
{
    const struct chip *known = chip_of(chip);
    const bool x86 = chip_is_x86(chip);
    const uint32_t selector = (uint32_t)word & known->selector_mask;
    const uint32_t umask = x86 ? (uint32_t)word >> 8 & 0xff : 0;
    const uint64_t enabled_bit = x86 ? 0x400000 : 0;
    const uint64_t user_bit = x86 ? 0x10000 : 0x20000, kernel_bit = x86 ? 0x20000 : 0x40000;
    uint64_t one = sim_count(chip, selector, umask, 1), two = sim_count(chip, selector, umask, 2);
    bool user = word & user_bit, kernel = word & kernel_bit;
    if (counter < known->fixed) {
        one = sim_count_fixed(chip, counter, 1);
        two = sim_count_fixed(chip, counter, 2);
        user = kernel = true;
    } else if ((chip_counters(chip, selector, umask) >> counter & 1) == 0 ||
               (word & enabled_bit) != enabled_bit) {
        return 0;
    }
    return (user ? several(one, two, to->user - from->user, to->user_pieces - from->user_pieces)
                 : 0) +
           (kernel ? several(one, two, to->kernel - from->kernel,
                             to->kernel_pieces - from->kernel_pieces)
                   : 0);
}

/* ------------------------------------------------------------------------------------ looking in
 */

/* G4 does not enable a counter without an event (kernel.md 1.12). */
static uint32_t enabled(void)
{
    uint32_t mask = machine->running;
    for (unsigned i = 0; machine->config.gen == SIM_G4 && i < machine->configurable; i++)
        if ((machine->words[i] & machine->chip->selector_mask) == 0)
            mask &= ~(1u << i);
    return mask;
}

void sim_get_state(struct sim_state *state)
{
    sim_lock_machine();
    const unsigned own = task_self();
    *state = (struct sim_state){.fixed = machine->fixed, .configurable = machine->configurable};
    state->forced = machine->forced == NOBODY ? 0 : machine->forced == own ? 1 : 2;
    state->counting = machine->counting;
    state->running = enabled();
    state->thread_counting = machine->thread_counting ? machine->thread_classes : 0;
    state->thread_slots = machine->thread_slots;
    memcpy(state->words, machine->words, sizeof(state->words));
    memcpy(state->pending, machine->pending, sizeof(state->pending));
    for (unsigned i = 0; i < machine->fixed + machine->configurable; i++) {
        state->periods[i] = counter_max() - machine->reload[i];
        state->actions[i] = machine->actions[i];
    }
    state->sampling = machine->kperf.sampling;
    state->action_count = machine->kperf.action_count;
    state->timer_count = machine->kperf.timer_count;
    for (unsigned i = 0; i < MAX_THREADS; i++) {
        const struct thread *thread = &machine->threads[i];
        state->threads += thread->serial != 0 && thread->task == own;
        state->buffers += thread->serial != 0 && thread->task == own && thread->has_buffer;
    }
    sim_unlock();
}

struct text {
    char *buffer;
    size_t size;
    int length;
};

static __attribute__((format(printf, 2, 3))) void put(struct text *text, const char *format, ...)
{
    const size_t used = (size_t)text->length;
    const size_t left = used < text->size ? text->size - used : 0;
    va_list arguments;
    va_start(arguments, format);
    text->length += vsnprintf(left != 0 ? text->buffer + used : NULL, left, format, arguments);
    va_end(arguments);
}

static void put_array(struct text *text, const char *name, const uint64_t *values, unsigned count)
{
    put(text, " %s=[", name);
    for (unsigned i = 0; i < count; i++)
        put(text, "%s0x%llx", i == 0 ? "" : ",", (unsigned long long)values[i]);
    put(text, "]");
}

int state_text(char *buffer, size_t size)
{
    struct text text = {.buffer = buffer, .size = size};
    const unsigned counters = machine->fixed + machine->configurable;
    uint64_t periods[SIM_MAX_COUNTERS], actions[SIM_MAX_COUNTERS];
    /* no word of which process it is that looks: the file is that of all */
    const int forced = machine->forced == NOBODY ? 0 : machine->forced == OTHERS ? 2 : 1;
    for (unsigned i = 0; i < counters; i++) {
        periods[i] = counter_max() - machine->reload[i];
        actions[i] = machine->actions[i];
    }
    put(&text, "forced=%d counting=0x%x running=0x%x thread_counting=0x%x", forced,
        machine->counting, machine->running,
        machine->thread_counting ? machine->thread_classes : 0);
    put_array(&text, "config", machine->words, machine->configurable);
    put_array(&text, "pending", machine->pending, machine->configurable);
    put_array(&text, "periods", periods, counters);
    put_array(&text, "actionids", actions, counters);
    put(&text, " sampling=%d actions=%u timers=%u lightweight=%d", machine->kperf.sampling,
        machine->kperf.action_count, machine->kperf.timer_count, machine->kperf.lightweight);
    return text.length;
}

int sim_state_text(char *buffer, size_t size)
{
    sim_lock_machine();
    const int length = state_text(buffer, size);
    sim_unlock();
    return length;
}

uint64_t sim_value(unsigned cpu, unsigned counter)
{
    sim_lock_machine();
    const uint64_t value = counter_value(&machine->cpus[cpu], counter);
    sim_unlock();
    return value;
}

uint64_t sim_register(unsigned cpu, unsigned counter)
{
    sim_lock_machine();
    const uint64_t raw = machine->cpus[cpu].raw[counter];
    sim_unlock();
    return raw;
}

void sim_set_register(unsigned cpu, unsigned counter, uint64_t raw)
{
    sim_lock_machine();
    machine->cpus[cpu].raw[counter] = raw;
    sim_unlock();
}

unsigned sim_overflows(unsigned cpu, unsigned counter)
{
    sim_lock_machine();
    const unsigned overflows = machine->cpus[cpu].overflows[counter];
    sim_unlock();
    return overflows;
}

void sim_hold_interrupts(bool hold)
{
    sim_lock_machine();
    machine->hold_interrupts = hold;
    if (!hold)
        counter_interrupts();
    sim_unlock();
}

/* ---------------------------------------------------------------------------------------- faults
 */

static bool add(enum fault_kind kind, const char *function, unsigned nth, int64_t result, int error)
{
    sim_lock_machine();
    const bool added = fault_add(kind, function, nth, result, error);
    sim_unlock();
    return added;
}

bool sim_fail(const char *function, unsigned nth, int64_t result, int error)
{
    return add(FAULT_INSTEAD, function, nth, result, error);
}

bool sim_fail_after(const char *function, unsigned nth, int64_t result, int error)
{
    return add(FAULT_AFTER, function, nth, result, error);
}

bool sim_signal_before(const char *function, unsigned nth, int signal)
{
    return add(FAULT_SIGNAL_BEFORE, function, nth, 0, signal);
}

bool sim_signal(const char *function, unsigned nth, int signal)
{
    return add(FAULT_SIGNAL, function, nth, 0, signal);
}
