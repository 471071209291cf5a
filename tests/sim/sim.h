/*
 * A stand-in for the kernel side of Apple's performance counters, for tests on any system.
 * libkperf_sim exports kperf.framework's functions (kperf_api.h), sysctlbyname() and a little of
 * IOKit and CoreFoundation with Apple's signatures and conventions; behind them runs a virtual Mac:
 * CPUs with counters, a kernel of a chosen generation, threads that a test makes work. What it does
 * is what the kernel does, as doc/kernel.md has it. It shares no code with gen/, db/ and runtime/,
 * so that agreeing with it means something.
 *
 * A client needs nothing of this file: it opens the library and calls Apple's functions. A test
 * links the library too, or finds these functions by dlsym; there is one machine per process and
 * its forked children, whichever way the library came in, and it stays until they end.
 *
 * THE ENVIRONMENT
 *
 * KPEP_SIM, read when the library is loaded, is a list of items separated by spaces or commas;
 * numbers as in C. An item that is not understood ends the program with status 70. Each is a
 * field of struct sim_config, described there:
 *
 *   chip=m1|m2|m3|m4|m5|haswell|icelake   also a14 a15 as1 as4 as5
 *   cpuid=T_S_F      hexadecimal; of a chip above: that chip too
 *   gen=1..4         os=15.5            build=24F74
 *   osrelease=24.5.0 sdk=old
 *   root=0|1         owner=0|1          translated=0|1 vm=none|absent|empty|old
 *   pm=0|1|custom    pmmask=N           busy=0|1       otherforce=0|1  ktrace=0|1
 *   stale=WHAT+WHAT  (config, counting, threads, values, all)
 *   apply=deferred|once                 strict=0|1     dev=0|1         smt=0|1
 *   pcpus=N          ecpus=N            offline=N      off=MASK        seed=N
 *   ktracepid=N      configuredby=NAME  cost=0|1       cores=LETTERS
 *   registry=full|none|odd|short|gone
 *   work=N           preempt=N          wander=0|1     late=new|old
 *   log=FILE         state=FILE
 *   fail=FUNCTION:N:RESULT:ERRNO        sim_fail(): RESULT a number or err; ERRNO a name or number
 *   after=FUNCTION:N:RESULT:ERRNO       sim_fail_after()
 *   signal=FUNCTION:N:SIGNAL            sim_signal(): a name (INT, TERM, XCPU and so on) or number
 *   before=FUNCTION:N:SIGNAL            sim_signal_before()
 *
 * KPEP_SIM_CPU=cpu_T_S_F, the variable of kperfdata_sim.h, is the CPU id where KPEP_SIM names
 * neither chip nor cpuid; an id of none of the chips is an M1, or a Haswell, that calls itself so.
 *
 * THREADS OF TESTS
 *
 * Every function may be called from any thread; one lock makes each call a whole, and signals are
 * held back while it is taken, as in a system call. sim_reset() and sim_new_process() want no other
 * thread inside the library. A pthread becomes a thread of the virtual process at its first call
 * of one of Apple's functions or of those under "threads" here, and leaves it when it ends.
 *
 * PROCESSES
 *
 * A forked child is another task on the same machine (kernel.md 1.4, 1.11): what either does the
 * other finds. Its one thread is new, and as old as the fork: it has a buffer if threads were
 * counted then. It has neither its parent's forcing nor its ktrace. When a task's process ends,
 * killed or not, or executes another program, its threads, forcing and ownership end, which is seen
 * at the next call of whoever is left, before anybody waits for it. Faults, hook, log and the
 * counts of calls are copied and each process's own from then on; state= is kept right by all of
 * them, log= appended to. sim_reset() in one is for all: the others are newcomers then. A process
 * that closes file descriptors it knows nothing of, one of which is ours, is no longer kept from
 * calling at the same time as others, and the others learn of its end when it is waited for.
 *
 * CHOICES where the facts are silent, contradict themselves or are not known (kernel.md 6.1)
 *
 *   - force_all_ctrs: non-root get and set are EPERM, 4 bytes. A foreign task's set is EACCES
 *     whatever the value, 0 included (kernel.md 1.4); G4 returns 0 and ignores it.
 *   - macOS 14.0 to 14.3 enforce the list of events; a SoC without a list allows only 0, so an M2
 *     before 14.4 counts nothing. G4's lists, not public, are the last public ones and every event
 *     of macOS 26's kpep database.
 *   - The power manager has no events of its own: its counters keep what was last written there,
 *     at the start an event that counts nothing.
 *   - G4: a plain counting write restarts (zeroes) the configurable counters whether or not a
 *     configuration waits; mode bits are as in macOS 15.2; the words that come with set_config are
 *     laid out by the mask from before the kernel's own attempt to force; RAWPMU while shared is
 *     EXDEV before that attempt; a word of an event on a counter that cannot count it makes
 *     kpc.counting EINVAL only with strict=1.
 *   - RAWPMU has 11 words; in G4 7 on 8-bit chips and 17 on 16-bit ones.
 *   - The power manager has control of the fixed counters when pm=custom (period: EPERM unless
 *     counters are forced).
 *   - macOS 14.0 to 14.3 take EL3 alone for no mode, as 13 does.
 *   - Counting before forcing stops counters (kernel.md 1.10) on arm64 up to macOS 15. A CPU is
 *     idle when its thread blocks, migrates or ends, and interrupted by overflows, preempt= and
 *     sim_interrupt().
 *   - Intel's configurable counters from the fifth on, and they alone, overflow without an
 *     interrupt: the register starts at 0 and the value falls by 2^48. A word without EN counts
 *     nothing.
 *   - What a missing CPU's slot of an all-CPU read holds: all nodes with arrays, but for actionid,
 *     share the one that the kernel copies out from.
 *   - Under Rosetta hw.cputype is 7, hw.cpusubtype 4; the kernel below is still arm64's.
 *   - kpc.counting reads POWER back as it does CONFIGURABLE: when the counters of that class run.
 *   - Ice Lake has 4 fixed counters, as its kpep database says.
 *   - kpc_cpu_string() returns the length, as snprintf does.
 *   - x86_64: no event selects nothing, every other event code counts; edge, invert and CMASK do
 *     not change a count.
 *   - ktrace.owning_pid and background_pid are 0 for nobody. The process of ktrace=1 uses both
 *     kdebug and kperf. The views are there in a virtual machine too. Ours are real pids.
 *   - A forked child is not blessed by owner=1; what sim_new_process() makes of the caller is.
 *   - IORegistryEntryFromPath() finds nothing, 0, where there is no registry of CPUs.
 *
 * NOT MODELLED: kdebug, samples and PET walks (kperf's nodes only keep and refuse, a timer's action
 * above their count is taken and nothing comes of it), P and E cores that count differently, action
 * ids having an effect, a background owner of ktrace, kernel threads, which never get buffers, and
 * what calls take of time and of other CPUs (kernel.md 1.6). RAWPMU words are kept and nothing
 * more: no CPU loses them when it is switched off, though a kernel rewrites them only if
 * kpc.counting had bit 8. kperfdata's generations are two libraries of their own: kperfdata_sim.h.
 */
#ifndef KPEP_TESTS_SIM_H
#define KPEP_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SIM_API __attribute__((visibility("default")))
#else
#define SIM_API
#endif

enum sim_chip { SIM_M1, SIM_M2, SIM_M3, SIM_M4, SIM_M5, SIM_HASWELL, SIM_ICELAKE, SIM_CHIPS };

/* Kernel generations (kernel.md 0.1). Default: G3; G4 on M5. */
enum sim_gen { SIM_G_DEFAULT, SIM_G1, SIM_G2, SIM_G3, SIM_G4 };

enum sim_vm {
    SIM_VM_NONE,
    SIM_VM_ABSENT, /* no kpc.* and kperf.* nodes at all: ENOENT (kernel.md 0.1) */
    SIM_VM_EMPTY,  /* Apple's VM: 2 fixed, 0 configurable counters (kernel.md 2.1) */
    SIM_VM_OLD,    /* a PMU the kernel does not support: ENOTSUP (kernel.md 1.2) */
};

enum sim_pm {
    SIM_PM_NONE,   /* no power manager: nothing is reserved, all counters at any time */
    SIM_PM_SHARED, /* reserves pm_mask until counters are forced, as class POWER */
    SIM_PM_CUSTOM, /* the same, custom_config: POWER is empty (kernel.md 1.4) */
};

/* What the I/O registry has of the CPUs; in a virtual machine and on Intel, nothing. */
enum sim_registry {
    SIM_REGISTRY_FULL,
    SIM_REGISTRY_NONE,  /* no such properties */
    SIM_REGISTRY_ODD,   /* properties of another type, CFString */
    SIM_REGISTRY_SHORT, /* no letter, and numbers of 2 bytes */
    SIM_REGISTRY_GONE,  /* not even the CPUs */
};

/* What a program that died or runs elsewhere has left behind (kernel.md 4.13, 4.17). */
enum sim_stale {
    SIM_STALE_CONFIG = 1,   /* foreign events on every configurable counter */
    SIM_STALE_COUNTING = 2, /* kpc.counting is FIXED + CONFIGURABLE */
    SIM_STALE_THREADS = 4,  /* kpc.thread_counting likewise */
    SIM_STALE_VALUES = 8,   /* values just below 2^64 and registers just below overflow */
    SIM_STALE_ALL = 15,
};

/*
 * The machine. All zero is an M1 without power manager, 4 P and 4 E cores, macOS 15.5; the caller
 * is root and alone. Fields are named for what is unusual, so that 0 is the usual.
 */
struct sim_config {
    enum sim_chip chip;
    enum sim_gen gen;
    const char *os_version; /* kern.osproductversion; NULL: 13.6, 14.5, 15.5 or 26.0 by gen */
    const char *os_build;   /* kern.osversion; NULL: one that fits */
    const char *os_release; /* kern.osrelease, Darwin's; NULL: the one that goes with os_version */
    bool old_sdk; /* sdk=old: our program was built before macOS 26, which then calls itself 16.0 */
    uint32_t cputype; /* what hw.* say instead of the chip's own, all three unless all 0 */
    uint32_t cpusubtype;
    uint32_t cpufamily;
    bool unprivileged; /* root=0 */
    bool ktrace_owner; /* owner=1: no root, but owner of ktrace: kpc works (kernel.md 1.2) */
    bool translated;   /* under Rosetta: sysctl.proc_translated 1, hw.cpufamily 573b5eec */
    enum sim_vm vm;
    enum sim_pm pm;
    uint32_t pm_mask;        /* of configurable indexes; 0: 0x38, PMC5-7 (kernel.md 1.4) */
    bool busy;               /* an in-kernel client has the PMU: EBUSY everywhere */
    bool force_held;         /* otherforce=1: another task has forced the counters: EACCES */
    bool ktrace_held;        /* ktrace=1: another process owns ktrace: kperf setters EBUSY */
    int ktrace_pid;          /* ktracepid=N: that one; 0: 1. Dropped when no process has that pid */
    const char *ktrace_name; /* configuredby=NAME: what it is called; NULL: "other" */
    unsigned stale;          /* of enum sim_stale */
    bool apply_at_once;      /* apply=once: G4 that programs counters as G3 (kernel.md 1.12) */
    bool strict_sets;        /* strict=1: G4 refuses to start what cannot count */
    bool development;        /* dev=1: no list of events, kernel mode counts; kern.cpc.secure 0 */
    bool no_smt;             /* smt=0: Intel without HyperThreading: Haswell has 8 counters */
    const char *cores; /* cores=EEMMPP: a letter a CPU for the registry, and how many there are: the
                          leading Es are ecpus, the rest pcpus */
    enum sim_registry registry;
    unsigned pcpus, ecpus;  /* both 0: the chip's own. E cores have the low numbers. 64 at most */
    unsigned offline;       /* so many of the highest CPUs are off at the start (kernel.md 1.7) */
    uint64_t off_mask;      /* off=MASK: these too, by bit; the lowest stays on if none else does */
    uint64_t seed;          /* absolute values at the start, wandering */
    bool free_calls;        /* cost=0: system calls cost nothing (see SIM_COST_*) */
    uint64_t work_per_read; /* work=N: user units a thread does before each read, so that a client
                               that knows nothing of sim_run() has something to count */
    unsigned preempt;       /* every Nth call of a thread finds it switched out and in again */
    bool wander;            /* and on another CPU */
    bool late_is_old;       /* late=old: a thread whose first call comes when thread counting is
                               on is one from before, without a buffer (kernel.md 4.14) */
    const char *log_path;   /* every line of the log is appended to this file */
    const char *state_path; /* this file holds sim_state_text() and a newline, always current */
};

/* Work: so many units in user mode, then so many in the kernel. */
struct sim_work {
    uint64_t user;
    uint64_t kernel;
};

/* ---------------------------------------------------------------------------- the machine */

/*
 * Starts over with this machine (NULL: the environment's, with its faults). Faults, hook and log
 * are cleared, every thread is gone but the caller, which is the main thread of a new process.
 */
SIM_API void sim_reset(const struct sim_config *config);

/*
 * Reads the language of KPEP_SIM into *config, on top of what is there. False, with one line in
 * error (size bytes), for what it does not understand. fail=, after=, signal= and before= are only
 * checked. Strings in *config are kept in the library until the next but seven such call.
 */
SIM_API bool sim_parse(struct sim_config *config, const char *text, char *error, size_t size);

/*
 * The calling process dies, or executes another program (kernel.md 1.11): its threads end, the
 * force bit is released if it held it, all else stays. The caller goes on as the main thread of a
 * new process; other pthreads join that at their next call.
 */
SIM_API void sim_new_process(void);

/* Another process of root's at work while ours runs (kernel.md 4.22, 4.33). 0, or as errno. */
SIM_API int sim_other_set_counting(uint32_t classes);
SIM_API int sim_other_set_thread_counting(uint32_t classes);
SIM_API int sim_other_set_config(uint32_t classes, const uint64_t *words, size_t count);
SIM_API int sim_other_force(int value);
SIM_API void sim_other_exit(void);

/* An in-kernel client takes or leaves the PMU: false while counters are forced (kernel.md 1.2). */
SIM_API bool sim_kernel_client(bool take);

/* ------------------------------------------------------------------------------- threads */

/* The calling pthread exists from now on: what a thread without a buffer needs (kernel.md 4.14). */
SIM_API void sim_attach(void);

/* Work on the calling thread, on its CPU. sim_kernel_work(n) is sim_run of {0, n}. */
SIM_API void sim_run(const struct sim_work *work);
SIM_API void sim_kernel_work(uint64_t units);

/* The calling thread blocks, comes back to the same CPU, and returns to user mode. */
SIM_API void sim_switch_out(void);

/* The same, but it comes back on that CPU. False for a CPU that is not there or off. */
SIM_API bool sim_migrate(unsigned cpu);

/*
 * Switches a CPU off or on; who runs there goes elsewhere. Its counters keep what they have. False
 * for one that is not there, or when it is the last.
 */
SIM_API bool sim_set_cpu(unsigned cpu, bool on);

/* A CPU takes an interrupt, as it does by itself when a counter overflows (kernel.md 1.10). */
SIM_API void sim_interrupt(unsigned cpu);

SIM_API unsigned sim_cpu(void);    /* where the caller runs */
SIM_API unsigned sim_thread(void); /* its number: 1 for the main thread, never used again */

/* A thread of another process runs on that CPU, pushing off whoever is there, and blocks. */
SIM_API void sim_other_run(unsigned cpu, const struct sim_work *work);

/* -------------------------------------------------------------------------- what is counted */

/*
 * How often an event happens in one piece of work of `units`, the same on every core:
 *
 *   0                 for 0 units, for selector 0, for an event the chip does not have (arm64:
 *                     one in no list of kernel.md 2.5 and no kpep database of the chip)
 *   units             instructions: arm64 INST_ALL (0x8c, 0x08 from M4); x86_64 0xc0 umask 0 or 1
 *   2 * units         cycles: arm64 CORE_ACTIVE_CYCLE (0x02, 0x11 from M4); x86_64 0x3c umask 0
 *   (k + 3) * units + k % 89 + 5   any other, where k = selector | umask << 8
 *
 * The selector is as wide as the chip's (8 or 16 bits): more is cut off. A counter adds this once
 * for the user part of a sim_run() if it counts user mode, once for the kernel part if it counts
 * that. Fixed counters (0 cycles, 1 instructions; x86_64: 0 instructions, 1 cycles, 2 reference =
 * units, 3 slots = 4 * units) count both. An event on a counter that cannot count it: 0.
 */
SIM_API uint64_t sim_count(enum sim_chip chip, uint32_t selector, uint32_t umask, uint64_t units);
SIM_API uint64_t sim_count_fixed(enum sim_chip chip, unsigned counter, uint64_t units);

/* Absolute counter numbers the event can be counted on; 0 for one the chip does not have. */
SIM_API uint32_t sim_counters(enum sim_chip chip, uint32_t selector, uint32_t umask);

/*
 * What a system call costs its thread (kernel.md 4.20), in pieces: in user mode before it, in the
 * kernel before and after what it does. So between two reads of one kind the second pays a user
 * piece, then ENTRY, and the first has left EXIT. Functions that make two system calls pay twice.
 */
#define SIM_COST_USER  20
#define SIM_COST_ENTRY 300
#define SIM_COST_EXIT  200

/* All that the calling thread has done: units and pieces (that were not empty). */
struct sim_totals {
    uint64_t user, user_pieces;
    uint64_t kernel, kernel_pieces;
};
SIM_API void sim_totals(struct sim_totals *totals);

/* The same at its last kpc_get_thread_counters that succeeded; false if there was none. */
SIM_API bool sim_totals_at_read(struct sim_totals *totals);

/*
 * By how much a counter (absolute number) programmed with that word, as kpc_get_config reads it
 * back, advances between two totals. The word means nothing for a fixed counter.
 */
SIM_API uint64_t sim_expect(enum sim_chip chip, unsigned counter, uint64_t word,
                            const struct sim_totals *from, const struct sim_totals *to);

/* ----------------------------------------------------------------------------- looking in */

#define SIM_MAX_COUNTERS 12 /* Ice Lake: 4 + 8 */

struct sim_state {
    unsigned fixed, configurable;       /* counters there are, whoever has them */
    int forced;                         /* 0 no, 1 by the calling process, 2 by another task */
    uint32_t counting;                  /* classes of the last kpc.counting write */
    uint32_t running;                   /* mask of configurable indexes that count */
    uint32_t thread_counting;           /* classes, 0 when off */
    uint32_t thread_slots;              /* values per thread, kept even when off */
    uint64_t words[SIM_MAX_COUNTERS];   /* registers as read back, by configurable index */
    uint64_t pending[SIM_MAX_COUNTERS]; /* G4: stored and not applied; else as words */
    uint64_t periods[SIM_MAX_COUNTERS]; /* by absolute counter; the width's maximum: none */
    uint32_t actions[SIM_MAX_COUNTERS];
    int sampling;                       /* kperf.sampling */
    uint32_t action_count, timer_count; /* kperf */
    unsigned threads;                   /* of our process, alive */
    unsigned buffers;                   /* of them, with a counter buffer */
};
SIM_API void sim_get_state(struct sim_state *state);

/*
 * The lasting part of it in one line, for comparing before with after:
 * "forced=0 counting=0x0 running=0x0 thread_counting=0x0 config=[0x0,...] pending=[...]
 * periods=[...] actionids=[...] sampling=0 actions=0 timers=0 lightweight=0". forced=1 is by the
 * caller, its parent or a child, 2 by the task of otherforce=1. Returns its length, as snprintf
 * does. G4's zeroed counters and values in general are no part of it.
 */
SIM_API int sim_state_text(char *buffer, size_t size);

/* The 64-bit value of a counter of a CPU, and its register; overflows it has had. */
SIM_API uint64_t sim_value(unsigned cpu, unsigned counter);
SIM_API uint64_t sim_register(unsigned cpu, unsigned counter);
SIM_API void sim_set_register(unsigned cpu, unsigned counter, uint64_t raw);
SIM_API unsigned sim_overflows(unsigned cpu, unsigned counter);

/* Overflow interrupts wait while held: reads have to correct for them (kernel.md 2.6). */
SIM_API void sim_hold_interrupts(bool hold);

/* Ports and CoreFoundation objects of this process that wait for their release. */
SIM_API unsigned sim_registry_objects(void);

/* The register width: 47, 63 or 48 bits. */
SIM_API unsigned sim_width(enum sim_chip chip);

/* ---------------------------------------------------------------------------- log, faults */

/*
 * Every call of an exported function, oldest first, as
 *   kpc_set_config(0x2, [0x8c, 0x0]) = 0
 *   kpc_get_thread_counters(0, 10) = 0 [1, 2, 3]     what it wrote, on success
 *   kpc_force_all_ctrs_set(1) = -1 EACCES            errno, where the call set it
 *   sysctlbyname(hw.cpufamily) = 0 [0x1b588bb3]
 * Class masks and words are hexadecimal, the rest decimal; a line ends in "..." when longer than
 * 239 bytes. The last 8192 are kept: sim_log_count() counts all since sim_log_clear(),
 * sim_log_at() is NULL for one that is not there, and else good until the same thread's next.
 */
SIM_API size_t sim_log_count(void);
SIM_API const char *sim_log_at(size_t index);
SIM_API unsigned sim_log_thread(size_t index);
SIM_API void sim_log_clear(void);

/* Whether to keep a log (it does): off, a call costs less. */
SIM_API void sim_log_enable(bool on);

/* Calls of that function ("*": of any) since sim_reset(). */
SIM_API unsigned sim_calls(const char *function);

/* As a result: the function's own way of failing: -1, 0 or 0xffffffff. */
#define SIM_FAILS INT64_MIN

/*
 * The Nth call of a function from now (1 is the next, 0 every one) does nothing and returns
 * `result`, with errno set to `error` unless that is 0. A function is "kpc_set_config", "*" for
 * any, or "sysctlbyname/hw.cputype" for one name. A result that is no failure is a lie: a garbage
 * count (kpc_get_counter_count), a success that did nothing. sim_fail_after(): the call does its
 * work, and then returns that. Each holds once; 64 may wait; false when there is no room or no
 * such function. sim_fail_clear() forgets all of them, signals too.
 */
SIM_API bool sim_fail(const char *function, unsigned nth, int64_t result, int error);
SIM_API bool sim_fail_after(const char *function, unsigned nth, int64_t result, int error);
SIM_API void sim_fail_clear(void);

/*
 * A signal to the calling thread when the Nth call from now has done its work, or right before it
 * does anything. 0: at every call, but for those of a thread that has the signal blocked, as in its
 * own handler.
 */
SIM_API bool sim_signal(const char *function, unsigned nth, int signal);
SIM_API bool sim_signal_before(const char *function, unsigned nth, int signal);

/*
 * Called before each call of an exported function, outside the lock, with its name and the number
 * sim_calls("*") will have: a test lets another process interfere there. It may call anything in
 * here; Apple's functions called from it do not call it again. NULL: none.
 */
SIM_API void sim_hook(void (*before)(const char *function, unsigned call, void *context),
                      void *context);

#endif
