/*
 * The virtual Mac behind kperf_sim.c. One step a file:
 *
 *   kperf_chips.c    chips, events, what is counted where
 *   kperf_machine.c  CPUs, counters, threads, scheduler
 *   kperf_kpc.c      the kpc.* nodes of sysctl
 *   kperf_kperf.c    the kperf.* nodes: actions, timers, no samples
 *   kperf_sysctl.c   sysctl itself: nodes, checks, copying, hw.* and kern.*
 *   kperf_registry.c IOKit's registry of CPUs
 *   kperf_task.c     processes, threads, the lock: what forked children share
 *   kperf_call.c     what surrounds each exported call: lock, log, faults, hook
 *   kperf_config.c   struct sim_config and the language of KPEP_SIM
 *   kperf_sim.c      Apple's functions
 *   kperf_control.c  the functions of sim.h
 *
 * All but kperf_chips.c works on the one `machine`, under the lock of kperf_task.c.
 */
#ifndef KPEP_TESTS_KPERF_MACHINE_H
#define KPEP_TESTS_KPERF_MACHINE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kperf_api.h"

enum {
    MAX_CPUS = 64,
    MAX_THREADS = 1024, /* alive at a time */
    MAX_RAWPMU = 17,
    MAX_ACTIONS = 32,
    MAX_TIMERS = 8,
    MAX_TEXT = 64,
    STATE_TEXT = 4096,
    NO_TIMER = 999,
};

/* ------------------------------------------------------------------------------- kperf_chips.c */

/* The public kernel sources that changed the lists of events or a mode bit (kernel.md 2.3, 2.5). */
enum kernel_list { MACOS_14_0, MACOS_14_4, MACOS_15_0, MACOS_15_2, MACOS_15_4, MACOS_26 };

struct group;

struct chip {
    const char *name, *database;
    uint32_t cputype, cpusubtype, cpufamily;
    int model; /* machdep.cpu.model */
    unsigned width;
    uint32_t selector_mask;
    unsigned fixed, configurable;
    unsigned pcpus, ecpus;
    uint64_t tick_frequency;
    const struct group *event_groups; /* NULL: x86_64, every event exists */
    size_t event_group_count;
};

const struct chip *chip_of(enum sim_chip chip);
bool chip_is_x86(enum sim_chip chip);
bool chip_by_name(const char *name, enum sim_chip *chip);
bool chip_by_id(const struct sim_config *id, enum sim_chip *chip);
bool chip_allows(enum sim_chip chip, uint32_t selector, enum kernel_list list);
uint32_t chip_counters(enum sim_chip chip, uint32_t selector, uint32_t umask);

/* ----------------------------------------------------------------------------- kperf_machine.c */

/* Who owns something: a task, numbered from 2; OTHERS is the one that only sim_other_*() is. */
enum { NOBODY, OTHERS };

struct cpu {
    bool online;
    bool stopped;      /* its configurable ones, until kpc.counting is written (kernel.md 1.10) */
    struct thread *on; /* NULL: idle */
    uint64_t raw[SIM_MAX_COUNTERS];
    uint64_t shadow[SIM_MAX_COUNTERS];
    unsigned overflows[SIM_MAX_COUNTERS];
    uint64_t snapshots[2][SIM_MAX_COUNTERS]; /* last, scratch; in classes' order (kernel.md 1.6) */
    unsigned last;
};

struct thread {
    uint64_t serial; /* 0: free. Never used twice, not even over sim_reset() */
    unsigned number;
    unsigned task; /* OTHERS: of a process that is none of ours */
    unsigned cpu;  /* where it runs when it runs */
    bool has_buffer;
    bool wants_buffer; /* the AST that allocates it on the way to user mode is set */
    uint64_t buffer[SIM_MAX_COUNTERS];
    struct sim_totals totals, at_read;
    bool has_read;
    unsigned calls;
};

struct kperf {
    bool set_up;     /* somebody has configured it, ever */
    unsigned owner;  /* of ktrace */
    bool blessed;    /* who keeps it over a reset */
    bool foreground; /* the state; with what follows, it outlives a dead owner until the next */
    uint32_t active; /* 1 kdebug, 2 kperf */
    int owning_pid;
    char configured_by[MAX_TEXT];
    uint32_t action_count, timer_count;
    uint32_t samplers[MAX_ACTIONS + 1], userdata[MAX_ACTIONS + 1];
    uint32_t ucallstack_depth[MAX_ACTIONS + 1], kcallstack_depth[MAX_ACTIONS + 1];
    int32_t pid[MAX_ACTIONS + 1];
    uint64_t period[MAX_TIMERS];
    uint32_t action[MAX_TIMERS];
    uint32_t pet_timer, pet_action;
    int lightweight, sampling, idle_rate, debug_level;
    bool root_may_bless; /* kperf.blessed_preempt */
};

struct machine {
    struct sim_config config; /* nothing left to default */
    char os_version[MAX_TEXT], os_build[MAX_TEXT], os_release[MAX_TEXT];
    char cores[MAX_CPUS + 1];
    const struct chip *chip;
    bool x86;
    enum kernel_list list;
    unsigned ncpu, fixed, configurable;
    uint64_t random;

    struct cpu cpus[MAX_CPUS];
    struct thread threads[MAX_THREADS];
    unsigned threads_seen;

    unsigned forced;   /* by which task */
    uint32_t counting; /* classes of the last kpc.counting */
    uint32_t running;  /* mask of configurable indexes */
    uint64_t words[SIM_MAX_COUNTERS], pending[SIM_MAX_COUNTERS];
    uint64_t reload[SIM_MAX_COUNTERS], pending_reload[SIM_MAX_COUNTERS];
    bool out_of_date; /* G4: pending is not what the hardware has */
    uint32_t actions[SIM_MAX_COUNTERS];
    uint64_t rawpmu[MAX_RAWPMU];
    bool thread_counting;
    uint32_t thread_classes, thread_slots;
    bool hold_interrupts;
    uint64_t big_array[1 + MAX_CPUS * SIM_MAX_COUNTERS]; /* copied out from (kernel.md 1.7) */

    struct kperf kperf;

    char state_written[STATE_TEXT]; /* in the file of sim_config.state_path */
};

extern struct machine *machine;

void machine_start(const struct sim_config *config); /* complete: config_complete() */

struct thread *thread_create(unsigned task);
void thread_end(struct thread *thread);
void thread_come_on(struct thread *thread); /* on its CPU, back in user mode */
void thread_go_off(struct thread *thread);
bool thread_migrate(struct thread *thread, unsigned cpu);
void thread_preempt(struct thread *thread); /* off and on again, elsewhere if the machine wanders */
void cpu_interrupted(struct cpu *cpu);      /* or idle */
unsigned machine_online(void);              /* how many CPUs */
bool machine_set_cpu(unsigned cpu, bool on);
void thread_sample(struct thread *thread); /* brings its buffer up to date */
void thread_return_to_user(struct thread *thread);
void work_user(struct thread *thread, uint64_t units);
void work_kernel(struct thread *thread, uint64_t units);

uint64_t counter_max(void);            /* of a register */
bool counter_raises(unsigned counter); /* an interrupt when it overflows */
uint64_t counter_value(const struct cpu *cpu, unsigned counter);
void counters_fold(void);                               /* all configurable ones into the shadow */
void counter_reload(unsigned counter, uint64_t reload); /* on all CPUs, after that */
void counter_zero(unsigned counter);                    /* likewise, values gone */
void counter_interrupts(void);                          /* those that had to wait */
bool word_counts_user(uint64_t word);
bool word_counts_kernel(uint64_t word);

uint64_t machine_random(uint64_t below);

/* --------------------------------------------------------------------------------- kperf_kpc.c */

/* A request: what sysctl() got, with how far the handler has come. */
struct request {
    struct thread *thread; /* the caller; NULL: the other process */
    const char *name;
    void *oldp;
    bool wants_size;           /* oldlenp was given: without oldp, a question for the size */
    size_t old_size, old_used; /* old_used counts even when oldp is NULL */
    const void *newp;
    size_t new_size, new_used;
};

uint32_t kpc_mask(uint32_t classes); /* indexes of CONFIGURABLE and POWER (kernel.md 1.4) */
unsigned kpc_counters(uint32_t classes);
unsigned kpc_words(uint32_t classes);
unsigned kpc_values(const struct cpu *cpu, uint32_t classes, uint64_t *values);
int kpc_force(unsigned task, int value);
int kpc_counting(uint32_t classes);
void kpc_thread_counting(uint32_t classes, struct thread *caller);
int kpc_store_words(uint32_t classes, const uint64_t *words, unsigned task);
bool kpc_is_running(void);
void kpc_set_running(uint32_t mask);
uint64_t kpc_program(uint64_t word); /* what the registers make of a word */
int kpc_node(struct request *request);

/* ------------------------------------------------------------------------------- kperf_kperf.c */

void kperf_start(void);
void kperf_bless(unsigned task);
uint64_t kperf_min_period(bool pet, bool background); /* in ns */
int kperf_node(struct request *request);
int ktrace_node(struct request *request);

/* ------------------------------------------------------------------------------ kperf_sysctl.c */

int request_out(struct request *request, const void *data, size_t size);
int request_in(struct request *request, void *data, size_t size);
unsigned request_task(const struct request *request);
int out_int(struct request *request, uint64_t value);
int out_string(struct request *request, const char *text);
bool request_is_root(const struct request *request);

/*
 * As the kernel's: 0 or an errno. *old_size is set to what was, or would be, written; to 0 when it
 * was too short.
 */
int kernel_sysctl(struct thread *thread, const char *name, void *oldp, size_t *old_size,
                  const void *newp, size_t new_size);

/* ---------------------------------------------------------------------------- kperf_registry.c */

void registry_reset(void);
void registry_forked(void);

/* -------------------------------------------------------------------------------- kperf_task.c */

void sim_load(void);

/* The lock, and the calling thread, running. */
struct thread *sim_lock(void);
void sim_lock_machine(void); /* the lock alone: the caller becomes no thread by that */
void sim_unlock(void);
void sim_lock_process(void); /* for what is the process's own: faults, hook, log */
void sim_unlock_process(void);

bool sim_signal_blocked(int signal); /* for the caller, whatever the lock holds back */
struct thread *current_thread(void); /* under the lock */
unsigned task_self(void);
void task_end(unsigned id);
void tasks_reap(void);
void tasks_reset(void);
uint64_t task_new_serial(void);
unsigned task_of_pid(int pid); /* NOBODY: none of ours */
unsigned task_new_number(unsigned id);

/* -------------------------------------------------------------------------------- kperf_call.c */

/* Every exported function and its way of failing. */
#define SIM_FUNCTIONS(X)                                \
    X(kpc_pmu_version, 0)                               \
    X(kpc_cpu_string, -1)                               \
    X(kpc_get_counting, 0)                              \
    X(kpc_set_counting, -1)                             \
    X(kpc_get_thread_counting, 0xffffffff)              \
    X(kpc_set_thread_counting, -1)                      \
    X(kpc_get_config_count, 0)                          \
    X(kpc_get_counter_count, 0)                         \
    X(kpc_get_config, -1)                               \
    X(kpc_set_config, -1)                               \
    X(kpc_get_period, -1)                               \
    X(kpc_set_period, -1)                               \
    X(kpc_get_actionid, -1)                             \
    X(kpc_set_actionid, -1)                             \
    X(kpc_get_cpu_counters, -1)                         \
    X(kpc_get_thread_counters, -1)                      \
    X(kpc_force_all_ctrs_set, -1)                       \
    X(kpc_force_all_ctrs_get, -1)                       \
    X(kpc_cpu_count, 0)                                 \
    X(kperf_action_count_set, -1)                       \
    X(kperf_action_count_get, -1)                       \
    X(kperf_action_samplers_set, -1)                    \
    X(kperf_action_samplers_get, -1)                    \
    X(kperf_action_filter_set_by_task, -1)              \
    X(kperf_action_filter_set_by_pid, -1)               \
    X(kperf_timer_count_set, -1)                        \
    X(kperf_timer_count_get, -1)                        \
    X(kperf_timer_period_set, -1)                       \
    X(kperf_timer_period_get, -1)                       \
    X(kperf_timer_action_set, -1)                       \
    X(kperf_timer_action_get, -1)                       \
    X(kperf_timer_pet_set, -1)                          \
    X(kperf_timer_pet_get, -1)                          \
    X(kperf_timer_lightweight_pet_set, -1)              \
    X(kperf_timer_lightweight_pet_get, -1)              \
    X(kperf_sample_set, -1)                             \
    X(kperf_sample_get, -1)                             \
    X(kperf_reset, -1)                                  \
    X(kperf_ns_to_ticks, 0)                             \
    X(kperf_ticks_to_ns, 0)                             \
    X(kperf_tick_frequency, 0)                          \
    X(sysctlbyname, -1)                                 \
    X(IORegistryEntryFromPath, 0)                       \
    X(IORegistryEntryGetChildIterator, (int)0xe00002bc) \
    X(IOIteratorNext, 0)                                \
    X(IORegistryEntryCreateCFProperty, 0)               \
    X(IOObjectRelease, (int)0xe00002bc)                 \
    X(CFStringCreateWithCString, 0)                     \
    X(CFDataGetLength, 0)                               \
    X(CFDataGetBytePtr, 0)                              \
    X(CFGetTypeID, 0)                                   \
    X(CFDataGetTypeID, 0)                               \
    X(CFRelease, 0)

enum function {
#define X(name, fails) F_##name,
    SIM_FUNCTIONS(X)
#undef X
        FUNCTIONS
};

enum { LINE = 240 };

/* One exported call, from call_begin() to call_end(). */
struct call {
    enum function function;
    struct thread *thread;
    int64_t result;
    int error;           /* for errno, unless 0 */
    bool instead, after; /* a fault replaces the call, or its result */
    int64_t fault_result;
    int fault_error, signal, signal_before, errno_before;
    char arguments[LINE], written[LINE];
    bool log;
};

/*
 * Takes the lock and the thread, and says whether the call is to be done: not when a fault has
 * replaced it. `name` is sysctlbyname's. The arguments are for call_argue() meanwhile.
 */
bool call_begin(struct call *call, enum function function, const char *name);
void call_argue(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_words(struct call *call, const uint64_t *words, size_t count);
void call_wrote(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_wrote_values(struct call *call, const uint64_t *values, size_t count, bool hex);
int64_t call_end(struct call *call);

void calls_reset(void); /* faults, hook, counts, log */
void call_set_paths(const char *log_path, const char *state_path);
void call_state_changed(void);
int state_text(char *buffer, size_t size);

/* Adds a fault; false when there is no such function or no room. */
enum fault_kind { FAULT_INSTEAD, FAULT_AFTER, FAULT_SIGNAL, FAULT_SIGNAL_BEFORE };
bool fault_add(enum fault_kind kind, const char *function, unsigned nth, int64_t result, int error);
bool fault_function_exists(const char *function);

/* ------------------------------------------------------------------------------ kperf_config.c */

void config_complete(struct sim_config *config);
bool config_parse(struct sim_config *config, const char *text, bool faults, char *error,
                  size_t size);
const struct sim_config *config_environment(void); /* read at the first call */
const char *errno_name(int error);                 /* NULL: it has none here */

#endif
