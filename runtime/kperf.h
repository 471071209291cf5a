/*
 * Bindings of Apple's private frameworks kperf and kperfdata: their functions with
 * types, units and errors, their constants and codes, and a loader that fills a struct
 * of function pointers. libkplive itself is written with it. No struct of Apple's is
 * declared: they have changed, and pointers to them are only handed on.
 *
 * Apple publishes neither header nor manual. What is said here is from the public
 * kernel sources up to macOS 15.5 and Apple's tests in them, from the export lists of
 * Apple's SDKs of macOS 10.11 to 12.3, from headers that other tools publish, and from
 * the frameworks' observed behaviour; nothing of it was run on a Mac. "Not certain"
 * marks what rests on less. Behaviour of macOS 26 is known in part only.
 *
 * Where the functions are: the 34 of KPERF_SYMBOLS are exported by every kperf from
 * macOS 10.11 to 12.3, the 23 of KPERFDATA_SYMBOLS by every kperfdata from 10.12 to
 * 12.3, and both are what tools bind on every macOS since. Those of the lists named
 * OPTIONAL say themselves since when. Any may be missing on some macOS: its pointer is
 * NULL then.
 *
 * kperf's functions are thin wrappers of sysctl(3), which only root may use but where
 * it says so; no entitlement is needed. Unless it says otherwise they return 0, or -1
 * with errno; a NULL pointer given to one that gets something asks for its size only
 * and is no error. What errno means for every kpc_ function:
 *   EPERM    not root (nor the process that owns ktrace)
 *   EBUSY    from macOS 12: something in the kernel itself has the counters
 *   ENOENT   from macOS 14: a virtual machine, whose kernel has no kpc at all
 *   ENOTSUP  Intel: no PMU of version 2 or later
 * and for every kperf_ function that sets something:
 *   EPERM    not root
 *   EBUSY    another process that lives owns ktrace (Instruments, fs_usage, ...); the
 *            call makes the caller its owner otherwise
 * kperf_ functions that get something need root or that ownership: EPERM.
 *
 * Threads: the kernel does one of these calls at a time. kperfdata's objects have no
 * lock: one thread at a time each (not certain).
 */
#ifndef KPLIVE_KPERF_H
#define KPLIVE_KPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What may be NULL, to compilers that ask; all other pointers may not. As in kplive.h. */
#ifndef KPLIVE_NULLABLE
#if defined(__clang__)
#define KPLIVE_NULLABLE _Nullable
#define KPLIVE_NONNULL  _Nonnull
#else
#define KPLIVE_NULLABLE
#define KPLIVE_NONNULL
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* the library hides all that is not declared here */
#endif
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-extension"
#pragma clang assume_nonnull begin
#endif

/* In the dyld shared cache: there is no such file, but dlopen() finds it. */
#define KPERF_PATH     "/System/Library/PrivateFrameworks/kperf.framework/kperf"
#define KPERFDATA_PATH "/System/Library/PrivateFrameworks/kperfdata.framework/kperfdata"

/* kperfdata's objects, of which only the addresses are known. */
struct kpep_db;
struct kpep_event;
struct kpep_config;
/* kperf's filter of kdebug events, likewise. */
struct kperf_kdebug_filter;

/* ---- constants ------------------------------------------------------------------------------- */

/*
 * By the names of Apple's public kernel source, unless a header that was included
 * before has them already. Names that begin with KPLIVE_ are ours.
 */

/* Classes of counters, and the masks that the functions take. */
#ifndef KPC_CLASS_FIXED
#define KPC_CLASS_FIXED        (0) /* count one thing each: cycles, instructions */
#define KPC_CLASS_CONFIGURABLE (1) /* count what their configuration words say */
#define KPC_CLASS_POWER        (2) /* of those, the ones that the power manager holds */
#define KPC_CLASS_RAWPMU       (3) /* registers of the PMU that are no counters; arm64 */
#endif
#ifndef KPC_CLASS_FIXED_MASK
#define KPC_CLASS_FIXED_MASK        (1u << KPC_CLASS_FIXED)
#define KPC_CLASS_CONFIGURABLE_MASK (1u << KPC_CLASS_CONFIGURABLE)
#define KPC_CLASS_POWER_MASK        (1u << KPC_CLASS_POWER)
#define KPC_CLASS_RAWPMU_MASK       (1u << KPC_CLASS_RAWPMU)
#endif

/* Answers of kpc_pmu_version(). */
#ifndef KPC_PMU_ERROR
#define KPC_PMU_ERROR     (0)
#define KPC_PMU_INTEL_V3  (1)
#define KPC_PMU_ARM_APPLE (2)
#define KPC_PMU_INTEL_V2  (3)
#define KPC_PMU_ARM_V2    (4)
#endif

/*
 * Room for one CPU's counters that does on every Mac: tools use it. The kernel's own
 * constant of that name is 11 on arm64 (2 fixed, 8 configurable and one) and 32 on Intel.
 */
#ifndef KPC_MAX_COUNTERS
#define KPC_MAX_COUNTERS 32
#endif

/*
 * A configuration word on arm64: the event's selector, 8 bits wide up to A15 and M2, 16
 * from A16 and M3 on (the kernel cuts it to that), and the modes to count in. Up to
 * macOS 14 a word of a selector alone counts in all modes. From macOS 15 on the kernel
 * of a Mac as it is sold takes EL1 and EL3 away: what is left of a word with no other
 * mode, as of a selector alone, is EL0A64. EL0A32 alone counts nothing on a chip of the
 * M series, and from kernel 11215.61.5 on, in macOS 15, it is taken away too.
 */
#ifndef CFGWORD_EL0A32EN_MASK
#define CFGWORD_EL0A32EN_MASK (0x10000) /* user mode, 32 bits */
#define CFGWORD_EL0A64EN_MASK (0x20000) /* user mode */
#define CFGWORD_EL1EN_MASK    (0x40000) /* the kernel */
#define CFGWORD_EL3EN_MASK    (0x80000) /* the monitor */
#define CFGWORD_ALLMODES_MASK (0xf0000)
#endif

/*
 * A configuration word on Intel: the event's number, its umask, these, and from bit 24
 * on the counter mask, as in IA32_PERFEVTSELx. The kernel clears PC and ANY, sets
 * INT and EN while the counter runs, and drops what is above bit 31.
 */
#define KPLIVE_X86_UMASK_SHIFT 8
#define KPLIVE_X86_USR         0x10000u  /* user mode */
#define KPLIVE_X86_OS          0x20000u  /* the kernel */
#define KPLIVE_X86_EDGE        0x40000u  /* count rising edges */
#define KPLIVE_X86_PC          0x80000u  /* pin control */
#define KPLIVE_X86_INT         0x100000u /* interrupt on overflow */
#define KPLIVE_X86_ANY         0x200000u /* both threads of the core */
#define KPLIVE_X86_EN          0x400000u /* enabled */
#define KPLIVE_X86_INV         0x800000u /* below the counter mask, not at or above */
#define KPLIVE_X86_CMASK_SHIFT 24

/*
 * The words of KPC_CLASS_RAWPMU up to macOS 15, in order: 11 on every board of the public
 * sources; the first 7 alone are possible too. In macOS 26 there are 7 or 17; with 17 come
 * PM_MEMFLT_CTL23 and 45 and PMEFR2 to 9, in an order that is not known. 0 while the power
 * manager shares the counters. They are written to the registers as they are, and after
 * a CPU was off again only if counting had the class on.
 */
enum kplive_rawpmu {
    KPLIVE_RAWPMU_PMCR2,
    KPLIVE_RAWPMU_PMCR3,
    KPLIVE_RAWPMU_PMCR4,
    KPLIVE_RAWPMU_OPMAT0,
    KPLIVE_RAWPMU_OPMAT1,
    KPLIVE_RAWPMU_OPMSK0,
    KPLIVE_RAWPMU_OPMSK1,
    KPLIVE_RAWPMU_PMMMAP,
    KPLIVE_RAWPMU_PMTRHLD2,
    KPLIVE_RAWPMU_PMTRHLD4,
    KPLIVE_RAWPMU_PMTRHLD6,
    KPLIVE_RAWPMU_MAX = 17, /* room that does on every macOS */
};

/* What an action of kperf samples. Names are those that tools publish, bits the kernel's. */
#ifndef KPERF_SAMPLER_TH_INFO
#define KPERF_SAMPLER_TH_INFO       (1U << 0) /* process, thread, its state */
#define KPERF_SAMPLER_TH_SNAPSHOT   (1U << 1)
#define KPERF_SAMPLER_KSTACK        (1U << 2)  /* call stack in the kernel */
#define KPERF_SAMPLER_USTACK        (1U << 3)  /* in user mode; taken when it returns there */
#define KPERF_SAMPLER_PMC_THREAD    (1U << 4)  /* the thread's counters; not with PMC_CPU */
#define KPERF_SAMPLER_PMC_CPU       (1U << 5)  /* the CPU's */
#define KPERF_SAMPLER_PMC_CONFIG    (1U << 6)  /* configuration words */
#define KPERF_SAMPLER_MEMINFO       (1U << 7)  /* memory of the process */
#define KPERF_SAMPLER_TH_SCHEDULING (1U << 8)  /* priorities and times */
#define KPERF_SAMPLER_TH_DISPATCH   (1U << 9)  /* its dispatch queue */
#define KPERF_SAMPLER_TK_SNAPSHOT   (1U << 10) /* of the process */
#define KPERF_SAMPLER_SYS_MEM       (1U << 11) /* memory of the machine */
#define KPERF_SAMPLER_TH_INSCYC     (1U << 12) /* instructions and cycles of its life, exact */
#define KPERF_SAMPLER_TK_INFO       (1U << 13) /* process */
#endif
#ifndef KPERF_SAMPLER_EXSTACK
#define KPERF_SAMPLER_EXSTACK (1U << 14) /* from macOS 14.4: call stack in an exclave */
#endif

/* kperf.limits.max_action_count; actions are numbered from 1, and 0 is none. */
#ifndef KPERF_ACTION_MAX
#define KPERF_ACTION_MAX (32)
#endif
/* Timers, numbered from 0; up to macOS 10.15 there were 16. */
#ifndef KPERF_TIMER_MAX
#define KPERF_TIMER_MAX (8)
#endif

/* ---- kperf: the machine ---------------------------------------------------------------------- */

/*
 * The lists are X(what it returns, its name, its parameters).
 *
 * kpc_pmu_version()
 *   KPC_PMU_*. KPC_PMU_ERROR also where it failed, and for an Intel PMU that is neither
 *   version 2 nor 3: Ice Lake's.
 *
 * kpc_cpu_string(buffer, size)
 *   "cpu_100000c_2_1b588bb3": hw.cputype, hw.cpusubtype and hw.cpufamily in hexadecimal,
 *   and on Intel machdep.cpu.model. Less than 0: it failed. Otherwise the length, as from
 *   snprintf() (not certain). For everybody.
 *
 * kpc_get_config_count(classes)
 *   How many configuration words the classes have; 0: none, or it failed. For everybody.
 *   CONFIGURABLE on arm64: 8 (6 on A7 and A8, 0 in a virtual machine); on Intel 4 with
 *   hyperthreading and 8 without, in macOS 26 half of what the CPU has. FIXED: 0 on arm64, 1
 *   on Intel, which is read and ignored. RAWPMU: KPLIVE_RAWPMU_*. While the power
 *   manager holds counters that are not forced from it, they are not among the
 *   CONFIGURABLE ones (6 of 8 were left on a MacBook): ask again after forcing.
 *
 * kpc_get_counter_count(classes)
 *   How many counters they have; 0: none, or it failed. For everybody. FIXED: 2 on
 *   arm64 (cycles, instructions), 3 on Intel (instructions, cycles, reference cycles; 4 from
 *   Ice Lake on); CONFIGURABLE and POWER: as their words.
 */
#define KPERF_SYMBOLS_MACHINE(X)                          \
    X(uint32_t, kpc_pmu_version, (void))                  \
    X(int, kpc_cpu_string, (char *buffer, size_t size))   \
    X(uint32_t, kpc_get_config_count, (uint32_t classes)) \
    X(uint32_t, kpc_get_counter_count, (uint32_t classes))

/* ---- kperf: what counts ---------------------------------------------------------------------- */

/*
 * The order that works everywhere: force all counters, ask for the counts, configure,
 * switch counting on, then thread counting. kpc belongs to nobody: any other process of
 * root can change all of it at any time, and only the force state ends with a process.
 *
 * kpc_force_all_ctrs_set(force)
 *   1 takes all counters from the power manager, 0 gives them back; again is no error.
 *   Goes with the process: the kernel gives back when it ends or calls exec(), and not
 *   to a child of fork(). It changes how many counters there are, and which is the n-th.
 *   EACCES: another process has forced them; macOS 26 returns 0 then, and nothing tells.
 *   (The kernel's code of this one is not public: as tools observe it.)
 *
 * kpc_force_all_ctrs_get(force)
 *   1 or 0. In macOS 26 also 1 where nobody has forced them, whenever they are not shared
 *   with the power manager.
 *
 * kpc_get_counting()
 *   The classes that are on; 0: none, or it failed. FIXED is told as it was last set,
 *   though the fixed counters always run. CONFIGURABLE is only told while all of its
 *   counters run: not after counting was switched on first and counters forced then.
 *
 * kpc_set_counting(classes)
 *   Switches the counters of these classes on and all others off, but for the fixed ones,
 *   which always run; all keep their values. Up to macOS 15 any mask will do and nothing
 *   is reset. POWER brings CONFIGURABLE with it. Before forcing: from the CPU's next pause
 *   on none of its configurable counters runs. macOS 26 applies configuration words in
 *   this call alone, and zeroes the sums: EINVAL where it cannot.
 *
 * kpc_get_thread_counting()
 *   The classes that are kept for every thread; 0: none. UINT32_MAX: it failed, with errno.
 *
 * kpc_set_thread_counting(classes)
 *   Keeps the counters of these classes for every thread of every process. 0, or classes
 *   without a counter (CONFIGURABLE in a virtual machine): switches it off, and that is no
 *   error. The caller can read its own from the call's return on, a thread made later
 *   always, any other one once it has been switched out and back. Configurable counters
 *   stand still in threads too unless counting has them on.
 */
#define KPERF_SYMBOLS_COUNTING(X)                \
    X(int, kpc_force_all_ctrs_set, (int force))  \
    X(int, kpc_force_all_ctrs_get, (int *force)) \
    X(uint32_t, kpc_get_counting, (void))        \
    X(int, kpc_set_counting, (uint32_t classes)) \
    X(uint32_t, kpc_get_thread_counting, (void)) \
    X(int, kpc_set_thread_counting, (uint32_t classes))

/* ---- kperf: configuration words -------------------------------------------------------------- */

/*
 * Words are in the order fixed, configurable, power, raw, without those that there are
 * none of: the n-th configurable word is the n-th configurable counter's that there is.
 *
 * kpc_get_config(classes, config)
 *   Writes as many words as the kernel counts at that moment, and is not told how much
 *   room there is: counts grow when counters are forced, so give room for
 *   KPC_MAX_COUNTERS, and KPLIVE_RAWPMU_MAX for RAWPMU. On arm64 they are what the registers
 *   of this CPU hold, not what was set: the modes are those that the kernel left. On
 *   Intel FIXED is 0xbbb or 0xbbbb. EINVAL: the classes have no words. EPERM (macOS 26:
 *   EXDEV) also: RAWPMU while the power manager shares. In macOS 26 what was set shows only
 *   when counting starts.
 *
 * kpc_set_config(classes, config)
 *   Reads as many words as the kernel counts, and sets all of them or none; neither
 *   starts nor zeroes a counter. Classes without a word: -1 without a system call, with
 *   errno as it was. EPERM also: POWER; RAWPMU while the power manager shares (macOS 26:
 *   EXDEV); and on arm64, from macOS 14 on (not certain before 14.4), an event that the
 *   kernel's list for this chip has not. EINVAL in macOS 26: CONFIGURABLE with POWER. At
 *   once up to macOS 15; macOS 26 keeps the words until kpc_set_counting(), and a selector
 *   of 0 leaves its counter off. That a counter cannot count an event is not checked: it
 *   counts nothing then.
 */
#define KPERF_SYMBOLS_CONFIG(X)                                   \
    X(int, kpc_get_config, (uint32_t classes, uint64_t * config)) \
    X(int, kpc_set_config, (uint32_t classes, uint64_t * config))

/* ---- kperf: reading -------------------------------------------------------------------------- */

/*
 * kpc_get_cpu_counters(all, classes, cpu, buffer)
 *   The counts of the CPU that the call happens to run on, or of all: as many as
 *   kpc_get_counter_count(classes) says, with all that times hw.ncpu, CPU after CPU; the
 *   call is not told how much room there is. The number of the CPU goes to *cpu unless
 *   it is NULL. 0 on success; not certain that it is never more. EINVAL: the classes have no
 *   counters. With all every CPU is interrupted and waited for; while one is switched off
 *   the kernel's answer is shorter, which this function does not tell: that CPU's place has
 *   what an earlier call left in the kernel, and the end of buffer stays as it was. The
 *   sysctl kpc.counters itself tells the length.
 *
 * kpc_get_thread_counters(thread, count, buffer)
 *   The calling thread's counts of the classes of kpc_set_thread_counting(), fixed,
 *   configurable and power, each ascending; count is how many there is room for, and what
 *   is left of it stays as it was. thread has to be 0. Only differences mean anything: the
 *   first may hold what its CPU counted before. EINVAL: the kernel has no counts for
 *   this thread yet (asking does not change that), or thread is not 0. ENOMEM: count is
 *   too small. All threads wait for each other in it.
 */
#define KPERF_SYMBOLS_READ(X)                                                   \
    X(int, kpc_get_cpu_counters,                                                \
      (bool all, uint32_t classes, int *KPLIVE_NULLABLE cpu, uint64_t *buffer)) \
    X(int, kpc_get_thread_counters, (uint32_t thread, uint32_t count, uint64_t * buffer))

/* ---- kperf: actions -------------------------------------------------------------------------- */

/*
 * What is sampled, whenever something triggers it. Samples go to the kernel's trace
 * (kdebug), class 0x25.
 *
 * kperf_action_count_set(count), kperf_action_count_get(count)
 *   Up to KPERF_ACTION_MAX. Never less than before until the machine restarts: EINVAL, as
 *   above the most; ENOMEM.
 *
 * kperf_action_samplers_set(action, samplers), kperf_action_samplers_get(action, samplers)
 *   KPERF_SAMPLER_* of action 1 to count. EINVAL: no such action (0 may be got, and is 0),
 *   or PMC_THREAD with PMC_CPU.
 *
 * kperf_action_filter_set_by_task(action, port), kperf_action_filter_set_by_pid(action, pid)
 *   Samples of one process only, not of its children: by a Mach port of its task, or its
 *   pid, which need not be of any process; -1: of all. EINVAL: no such action.
 */
#define KPERF_SYMBOLS_ACTION(X)                                               \
    X(int, kperf_action_count_set, (uint32_t count))                          \
    X(int, kperf_action_count_get, (uint32_t * count))                        \
    X(int, kperf_action_samplers_set, (uint32_t action, uint32_t samplers))   \
    X(int, kperf_action_samplers_get, (uint32_t action, uint32_t * samplers)) \
    X(int, kperf_action_filter_set_by_task, (uint32_t action, int32_t port))  \
    X(int, kperf_action_filter_set_by_pid, (uint32_t action, int32_t pid))

/* ---- kperf: timers --------------------------------------------------------------------------- */

/*
 * What triggers actions again and again, on every CPU that is not idle. Setting any of it
 * is EBUSY also while kperf samples.
 *
 * kperf_timer_count_set(count), kperf_timer_count_get(count)
 *   Up to KPERF_TIMER_MAX, else EINVAL. From macOS 11 on it can be made less again.
 *
 * kperf_timer_period_set(timer, ticks), kperf_timer_period_get(timer, ticks)
 *   In Mach ticks: kperf_ns_to_ticks(). 0: it does not run. What is less than the kernel's
 *   minimum becomes that without a word: the sysctl kperf.limits.timer_min_period_ns
 *   (50 microseconds on arm64, 20 on Intel). EINVAL: no such timer.
 *
 * kperf_timer_action_set(timer, action), kperf_timer_action_get(timer, action)
 *   The action it triggers. It is not checked: one that does not exist samples nothing.
 *   EINVAL: no such timer. (Published headers have the two names the wrong way round.)
 *
 * kperf_timer_pet_set(timer), kperf_timer_pet_get(timer)
 *   Makes it the timer that samples every thread of every process, not only those that
 *   run. A number that is no timer's switches that off; it reads back as it was set. Its
 *   action and period have to be set before: they are looked at in this call, and the
 *   period is raised to another minimum (1 millisecond from macOS 14 on; 2 and more before).
 */
#define KPERF_SYMBOLS_TIMER(X)                                          \
    X(int, kperf_timer_count_set, (uint32_t count))                     \
    X(int, kperf_timer_count_get, (uint32_t * count))                   \
    X(int, kperf_timer_period_set, (uint32_t timer, uint64_t ticks))    \
    X(int, kperf_timer_period_get, (uint32_t timer, uint64_t * ticks))  \
    X(int, kperf_timer_action_set, (uint32_t timer, uint32_t action))   \
    X(int, kperf_timer_action_get, (uint32_t timer, uint32_t * action)) \
    X(int, kperf_timer_pet_set, (uint32_t timer))                       \
    X(int, kperf_timer_pet_get, (uint32_t * timer))

/* ---- kperf: sampling, and time --------------------------------------------------------------- */

/*
 * kperf_sample_set(enabled), kperf_sample_get(enabled)
 *   1 starts the timers, 0 stops them; again is no error. Overflows and kdebug events
 *   trigger without it. ECANCELED: there is no action.
 *
 * kperf_reset()
 *   Switches all of kperf off: timers, samplers, filters and triggers; the counts of actions
 *   and timers stay. Does nothing to kpc, nor to the trace. Who owned ktrace for kperf alone
 *   does so no more.
 *
 * kperf_ns_to_ticks(ns), kperf_ticks_to_ns(ticks), kperf_tick_frequency()
 *   Nanoseconds, Mach ticks (as mach_absolute_time() counts) and how many of these a
 *   second has: 24 million on Apple silicon, 1000 million on Intel. For everybody; they
 *   cannot fail.
 */
#define KPERF_SYMBOLS_SAMPLE(X)                      \
    X(int, kperf_sample_set, (uint32_t enabled))     \
    X(int, kperf_sample_get, (uint32_t * enabled))   \
    X(int, kperf_reset, (void))                      \
    X(uint64_t, kperf_ns_to_ticks, (uint64_t ns))    \
    X(uint64_t, kperf_ticks_to_ns, (uint64_t ticks)) \
    X(uint64_t, kperf_tick_frequency, (void))

/* The 34 that tools bind. */
#define KPERF_SYMBOLS(X)      \
    KPERF_SYMBOLS_MACHINE(X)  \
    KPERF_SYMBOLS_COUNTING(X) \
    KPERF_SYMBOLS_CONFIG(X)   \
    KPERF_SYMBOLS_READ(X)     \
    KPERF_SYMBOLS_ACTION(X)   \
    KPERF_SYMBOLS_TIMER(X)    \
    KPERF_SYMBOLS_SAMPLE(X)

/* ---- kperf: more of it ----------------------------------------------------------------------- */

/*
 * Exported from macOS 10.11 to 12.3 (those of 10.12 say so); of later ones it is not known.
 * Those of periods, action ids, room and kdebug are as Apple's tests call them, or in pairs with
 * such; those of userdata and depths take what the kernel's sysctl of that name takes.
 *
 * kpc_get_period(classes, periods), kpc_set_period(classes, periods)
 *   For each counter of the classes how many events until it interrupts; 0: never. In the
 *   order of the words. EPERM also: POWER. FIXED is EINVAL on Intel; on arm64 its values
 *   are not skipped but go to the first configurable counters (or it is EPERM): give
 *   CONFIGURABLE alone. More than the counter holds makes its value jump (macOS 26:
 *   EINVAL). There is no minimum: a small one leaves the CPUs no time for anything else.
 *
 * kpc_get_actionid(classes, actions), kpc_set_actionid(classes, actions)
 *   For each counter of the classes the action that its interrupt triggers; 0: none. It is
 *   not checked.
 *
 * kpc_counterbuf_alloc()
 *   Room for kpc_get_cpu_counters() of all CPUs and classes; NULL: out of memory. The
 *   caller's, for free(), as Apple's tests do it.
 *
 * kperf_action_userdata_set(action, userdata), kperf_action_userdata_get(action, userdata)
 *   A number of the caller's that is in every sample of the action. EINVAL: no such action.
 *
 * kperf_action_ucallstack_depth_set(action, depth), kperf_action_ucallstack_depth_get(...),
 * kperf_action_kcallstack_depth_set(action, depth), kperf_action_kcallstack_depth_get(...)
 *   From 10.12. How many frames at most: 2 to 256 in user mode, 1 to 128 in the kernel; the
 *   most unless set. EINVAL: out of that range, or no such action.
 *
 * kperf_kdebug_action_set(action)
 *   From 10.12. The action that a kdebug event triggers in the thread that makes it; 0:
 *   none. EINVAL: no such action.
 *
 * kperf_kdebug_filter_create(), kperf_kdebug_filter_add_desc(filter, text),
 * kperf_kdebug_filter_set(filter), kperf_kdebug_filter_destroy(filter)
 *   From 10.12. Which events do: a filter of up to 32, described by "C0x07" (a class),
 *   "S0x0701" (a subclass) or "D0x07010004" (an event), with an r behind it only its end,
 *   and with commas between them. create() gives NULL when it fails; the kernel has a copy
 *   after set(), and the filter is still to be destroyed.
 *
 * kperf_timer_lightweight_pet_set(enabled), kperf_timer_lightweight_pet_get(enabled)
 *   From 12 (not in 11.3); before it is the sysctl kperf.lightweight_pet. 1: the timer of
 *   kperf_timer_pet_set() suspends no thread, and each is sampled when it next runs; to be
 *   set before that one. EBUSY also while kperf samples. Set *enabled to 0 before getting:
 *   it is not certain that all four bytes are written.
 */
#define KPERF_OPTIONAL(X)                                                                         \
    X(int, kpc_get_period, (uint32_t classes, uint64_t * periods))                                \
    X(int, kpc_set_period, (uint32_t classes, uint64_t * periods))                                \
    X(int, kpc_get_actionid, (uint32_t classes, int32_t * actions))                               \
    X(int, kpc_set_actionid, (uint32_t classes, int32_t * actions))                               \
    X(uint64_t *KPLIVE_NULLABLE, kpc_counterbuf_alloc, (void))                                    \
    X(int, kperf_action_userdata_set, (uint32_t action, uint32_t userdata))                       \
    X(int, kperf_action_userdata_get, (uint32_t action, uint32_t * userdata))                     \
    X(int, kperf_action_ucallstack_depth_set, (uint32_t action, uint32_t depth))                  \
    X(int, kperf_action_ucallstack_depth_get, (uint32_t action, uint32_t * depth))                \
    X(int, kperf_action_kcallstack_depth_set, (uint32_t action, uint32_t depth))                  \
    X(int, kperf_action_kcallstack_depth_get, (uint32_t action, uint32_t * depth))                \
    X(int, kperf_kdebug_action_set, (uint32_t action))                                            \
    X(struct kperf_kdebug_filter *KPLIVE_NULLABLE, kperf_kdebug_filter_create, (void))            \
    X(int, kperf_kdebug_filter_add_desc, (struct kperf_kdebug_filter * filter, const char *text)) \
    X(int, kperf_kdebug_filter_set, (struct kperf_kdebug_filter * filter))                        \
    X(void, kperf_kdebug_filter_destroy, (struct kperf_kdebug_filter * filter))                   \
    X(int, kperf_timer_lightweight_pet_set, (uint32_t enabled))                                   \
    X(int, kperf_timer_lightweight_pet_get, (uint32_t * enabled))

/*
 * Known by name alone, up to 12.3: kpc_counterbuf_free, kpc_sw_inc (the kernel answers
 * ENOTSUP always), kperf_action_filter_get, kperf_bless_*, kperf_buffer_*, kperf_debug,
 * kperf_kdbg_*, other kperf_kdebug_*, kperf_kern_is_64bit, kperf_lazy_* (from 10.14),
 * kperf_logging_*, kperf_sample_on, kperf_sample_off, kperf_signpost_action_*,
 * kperf_typefilter_*. Reported by tools and in none of the lists: kpc_cpu_count.
 */

/* ---- kperfdata: databases -------------------------------------------------------------------- */

/*
 * kperfdata's functions return 0 or one of KPLIVE_KPERFDATA_CODES below, and set errno
 * only for code 15. They need no root. Sizes are in bytes, and buffers that are too small
 * are code 4; a NULL pointer is code 1. Names and texts belong to the database and live
 * as long as it does.
 *
 * kpep_db_create(name, db)
 *   Opens the database NAME.plist; NULL: that of this CPU, the first three numbers of
 *   kpc_cpu_string(). It is searched for in the directory that the environment's
 *   KPEP_DB_PATH names (root's too), then in /usr/local/share/kpep and /usr/share/kpep. *db is
 *   the caller's, for kpep_db_free(). Codes 2, 3, 5 to 10.
 *
 * kpep_db_free(db)
 *   Frees it, with its events, names and texts.
 *
 * kpep_db_name(db, name)
 *   The name for people: "Apple A14/M1".
 *
 * kpep_db_aliases_count(db, count), kpep_db_aliases(db, names, size)
 *   Names of the form "Cycles", in the order of strcmp().
 *
 * kpep_db_counters_count(db, classes, count)
 *   How many counters the database knows, whatever the kernel says: configurable ones with
 *   CONFIGURABLE, less those of the power manager if POWER is given too; those with POWER
 *   alone; and the fixed ones with FIXED.
 *
 * kpep_db_events_count(db, count), kpep_db_events(db, events, size)
 *   In the order of number and umask.
 *
 * kpep_db_event(db, name, event)
 *   By an alias, or else by name, as they are spelt. Code 11.
 */
#define KPERFDATA_SYMBOLS_DB(X)                                                                   \
    X(int, kpep_db_create,                                                                        \
      (const char *KPLIVE_NULLABLE name, struct kpep_db *KPLIVE_NULLABLE *KPLIVE_NONNULL db))     \
    X(void, kpep_db_free, (struct kpep_db * db))                                                  \
    X(int, kpep_db_name, (struct kpep_db * db, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL name)) \
    X(int, kpep_db_aliases_count, (struct kpep_db * db, size_t * count))                          \
    X(int, kpep_db_aliases,                                                                       \
      (struct kpep_db * db, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL names, size_t size))      \
    X(int, kpep_db_counters_count, (struct kpep_db * db, uint8_t classes, size_t * count))        \
    X(int, kpep_db_events_count, (struct kpep_db * db, size_t * count))                           \
    X(int, kpep_db_events,                                                                        \
      (struct kpep_db * db, struct kpep_event * KPLIVE_NULLABLE * KPLIVE_NONNULL events,          \
       size_t size))                                                                              \
    X(int, kpep_db_event,                                                                         \
      (struct kpep_db * db, const char *name,                                                     \
       struct kpep_event *KPLIVE_NULLABLE *KPLIVE_NONNULL event))

/*
 * kpep_event_name(event, name), kpep_event_alias(event, alias),
 * kpep_event_description(event, description)
 *   NULL where it has none. There is no function for its number, umask or counters: add it
 *   alone to a forced configuration and look at the words and the map.
 */
#define KPERFDATA_SYMBOLS_EVENT(X)                                                    \
    X(int, kpep_event_name,                                                           \
      (struct kpep_event * event, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL name))  \
    X(int, kpep_event_alias,                                                          \
      (struct kpep_event * event, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL alias)) \
    X(int, kpep_event_description,                                                    \
      (struct kpep_event * event, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL description))

/* ---- kperfdata: configurations --------------------------------------------------------------- */

/*
 * A set of events on its counters, worked out without the kernel.
 *
 * kpep_config_create(db, config)
 *   An empty one. *config is the caller's, for kpep_config_free(). Code 2.
 *
 * kpep_config_free(config)
 *   Frees it, but not the database: that comes after it, as it points there.
 *
 * kpep_config_force_counters(config)
 *   As if kpc_force_all_ctrs_set(1) were done: to be called before events are added. Code
 *   1: it is so already.
 *
 * kpep_config_add_event(config, event, flag, conflict)
 *   flag 0: counted in user mode and the kernel, otherwise in user mode only. The event
 *   gets the first counter that can count it and is free, and none that is placed moves:
 *   add those first that few counters can count. On Intel, *event is replaced by the
 *   event that stands for a fixed one. *conflict, unless it is NULL, gets a bit for the
 *   index of each event in its way, with code 12 only. Codes 12; 13: not forced, and only
 *   the power manager's counters can count it, or it is a fixed event of arm64; 14: a fixed
 *   event without one that stands for it; 16, in newer macOS: no counter at all can
 *   count it.
 *
 * kpep_config_remove_event(config, index)
 *   The index-th that was added; those behind it move down by one. Code 1: no such event.
 *
 * kpep_config_events_count(config, count), kpep_config_events(config, events, size)
 *   In the order in which they were added.
 *
 * kpep_config_kpc_classes(config, classes)
 *   For kpc_set_counting() and so on: the masks of the classes that it needs, never POWER.
 *
 * kpep_config_kpc_count(config, count), kpep_config_kpc(config, words, size)
 *   The words for kpc_set_config() of those classes; 0 for a counter without an event. On
 *   arm64 fixed counters have none, and a word of user mode has the bits 0x30000 (macOS
 *   26: 0x20000), one of both modes none; on Intel KPLIVE_X86_EN and _USR, and _OS in both
 *   modes.
 *
 * kpep_config_kpc_map(config, map, size)
 *   For each event the index of its count in what kpc_get_thread_counters() gives for
 *   those classes.
 */
#define KPERFDATA_SYMBOLS_CONFIG(X)                                                              \
    X(int, kpep_config_create,                                                                   \
      (struct kpep_db * db, struct kpep_config * KPLIVE_NULLABLE * KPLIVE_NONNULL config))       \
    X(void, kpep_config_free, (struct kpep_config * config))                                     \
    X(int, kpep_config_force_counters, (struct kpep_config * config))                            \
    X(int, kpep_config_add_event,                                                                \
      (struct kpep_config * config, struct kpep_event * KPLIVE_NONNULL * KPLIVE_NONNULL event,   \
       uint32_t flag, uint32_t * KPLIVE_NULLABLE conflict))                                      \
    X(int, kpep_config_remove_event, (struct kpep_config * config, size_t index))                \
    X(int, kpep_config_events_count, (struct kpep_config * config, size_t * count))              \
    X(int, kpep_config_events,                                                                   \
      (struct kpep_config * config, struct kpep_event * KPLIVE_NULLABLE * KPLIVE_NONNULL events, \
       size_t size))                                                                             \
    X(int, kpep_config_kpc_classes, (struct kpep_config * config, uint32_t * classes))           \
    X(int, kpep_config_kpc_count, (struct kpep_config * config, size_t * count))                 \
    X(int, kpep_config_kpc, (struct kpep_config * config, uint64_t * words, size_t size))        \
    X(int, kpep_config_kpc_map, (struct kpep_config * config, size_t * map, size_t size))

/* The 23 that tools bind. */
#define KPERFDATA_SYMBOLS(X)   \
    KPERFDATA_SYMBOLS_DB(X)    \
    KPERFDATA_SYMBOLS_EVENT(X) \
    KPERFDATA_SYMBOLS_CONFIG(X)

/* ---- kperfdata: more of it ------------------------------------------------------------------- */

/*
 * Exported from macOS 10.12 to 12.3; of later ones Apple's tests use all but
 * kpep_event_errata().
 *
 * kpep_strerror(code)
 *   Apple's text for a code; not certain that there is one for every number.
 *
 * kpep_event_errata(event, errata)
 *   As kpep_event_description(); that its parameters are the same is not certain.
 *
 * kpep_config_add_event_trigger(config, event, flag, period, conflict)
 *   As kpep_config_add_event(), with a number of events after which the counter interrupts.
 *   A fixed event is replaced as on Intel: no fixed counter can.
 *
 * kpep_config_kpc_periods(config, periods, size)
 *   Those numbers, for kpc_set_period() of the same classes; 0 for the others.
 *
 * kpep_config_apply(config)
 *   Hands the words to the kernel, and does not start counting. Code 15, with errno as from
 *   kpc_set_config(). Whether it sets periods too is not known.
 *
 * Known by name alone: kpep_db_architecture, kpep_db_serialize, kpep_db_deserialize;
 * newer than 12.3: kpep_db_createx, which has flags between name and db whose numbers
 * are not public, and kpep_db_is_internal. Of other things than counters: kpdecode_*,
 * kpfile_*.
 */
#define KPERFDATA_OPTIONAL(X)                                                                  \
    X(const char *KPLIVE_NULLABLE, kpep_strerror, (int code))                                  \
    X(int, kpep_event_errata,                                                                  \
      (struct kpep_event * event, const char *KPLIVE_NULLABLE *KPLIVE_NONNULL errata))         \
    X(int, kpep_config_add_event_trigger,                                                      \
      (struct kpep_config * config, struct kpep_event * KPLIVE_NONNULL * KPLIVE_NONNULL event, \
       uint32_t flag, uint64_t period, uint32_t * KPLIVE_NULLABLE conflict))                   \
    X(int, kpep_config_kpc_periods,                                                            \
      (struct kpep_config * config, uint64_t * periods, size_t size))                          \
    X(int, kpep_config_apply, (struct kpep_config * config))

/*
 * What the functions of kperfdata return. A row is X(code, its name in the headers that tools
 * publish, the text of kplive_kperfdata_error()). 16 is newer, and its name ours.
 */
#define KPLIVE_KPERFDATA_CODES(X)                                                                 \
    X(0, KPEP_CONFIG_ERROR_NONE, "no error")                                                      \
    X(1, KPEP_CONFIG_ERROR_INVALID_ARGUMENT, "an argument is not valid, or it was done already")  \
    X(2, KPEP_CONFIG_ERROR_OUT_OF_MEMORY, "out of memory")                                        \
    X(3, KPEP_CONFIG_ERROR_IO, "a database cannot be read")                                       \
    X(4, KPEP_CONFIG_ERROR_BUFFER_TOO_SMALL, "the buffer is too small")                           \
    X(5, KPEP_CONFIG_ERROR_CUR_SYSTEM_UNKNOWN, "this machine does not say what CPU it has")       \
    X(6, KPEP_CONFIG_ERROR_DB_PATH_INVALID, "the path of the databases is not valid")             \
    X(7, KPEP_CONFIG_ERROR_DB_NOT_FOUND, "there is no database of that name or for this CPU")     \
    X(8, KPEP_CONFIG_ERROR_DB_ARCH_UNSUPPORTED, "the database is of an unknown architecture")     \
    X(9, KPEP_CONFIG_ERROR_DB_VERSION_UNSUPPORTED, "the database is of an unknown version")       \
    X(10, KPEP_CONFIG_ERROR_DB_CORRUPT, "the database contradicts itself")                        \
    X(11, KPEP_CONFIG_ERROR_EVENT_NOT_FOUND, "the database has no event of that name")            \
    X(12, KPEP_CONFIG_ERROR_CONFLICTING_EVENTS,                                                   \
      "other events have the counters that can count it")                                         \
    X(13, KPEP_CONFIG_ERROR_COUNTERS_NOT_FORCED, "the counters have to be forced for this event") \
    X(14, KPEP_CONFIG_ERROR_EVENT_UNAVAILABLE, "the event cannot be counted on this machine")     \
    X(15, KPEP_CONFIG_ERROR_ERRNO, "a system call failed: errno says how")                        \
    X(16, KPEP_CONFIG_ERROR_NO_USABLE_COUNTER, "no counter can count the event")

#define KPLIVE_CODE(code, name, text) name = code,
enum kplive_kperfdata_code { KPLIVE_KPERFDATA_CODES(KPLIVE_CODE) };
#undef KPLIVE_CODE

/* Our text for one of kperfdata's codes, "an unknown code" for any other; never NULL. */
const char *kplive_kperfdata_error(int code);

/* ---- the loader ------------------------------------------------------------------------------ */

#define KPLIVE_MEMBER(result, name, parameters) result(*KPLIVE_NULLABLE name) parameters;
/*
 * The functions, each under its own name: frameworks.kpc_pmu_version(). Every one may be
 * NULL. The struct is as long as the lists are: they change only when the soname does.
 */
struct kplive_frameworks {
    void *KPLIVE_NULLABLE kperf;     /* the handle of dlopen(); NULL: not loaded */
    void *KPLIVE_NULLABLE kperfdata; /* likewise */
    KPERF_SYMBOLS(KPLIVE_MEMBER)
    KPERF_OPTIONAL(KPLIVE_MEMBER)
    KPERFDATA_SYMBOLS(KPLIVE_MEMBER)
    KPERFDATA_OPTIONAL(KPLIVE_MEMBER)
    /* macOS's; elsewhere that of the kperf given, which simulates it: for what has no wrapper. */
    int (*KPLIVE_NULLABLE sysctlbyname)(const char *name, void *KPLIVE_NULLABLE old,
                                        size_t *KPLIVE_NULLABLE old_size,
                                        void *KPLIVE_NULLABLE value, size_t size);
};
#undef KPLIVE_MEMBER

/* Which libraries kplive_load() could not load. */
enum { KPLIVE_NO_KPERF = 1, KPLIVE_NO_KPERFDATA = 2 };

/*
 * Loads both libraries and looks up every function; paths may be NULL for macOS's
 * own. Functions that are not there are NULL. Returns 0, or the libraries that
 * could not be loaded: their functions are all NULL then, and the loader's words
 * for the first of them are in why, cut to size; with size 0 why may be NULL. The
 * environment is not asked: this runs as root. The caller's to kplive_unload(),
 * whatever it returns.
 */
unsigned kplive_load(struct kplive_frameworks *frameworks, const char *KPLIVE_NULLABLE kperf_path,
                     const char *KPLIVE_NULLABLE kperfdata_path, char *KPLIVE_NULLABLE why,
                     size_t size);
/* In any state, also of a zeroed struct and twice. */
void kplive_unload(struct kplive_frameworks *frameworks);
/* The name of the n-th function that is missing, newer ones too; NULL after the last. */
const char *KPLIVE_NULLABLE kplive_missing(const struct kplive_frameworks *frameworks, unsigned n);
/* Whether the function of that name is there; false for a name that is none. */
bool kplive_has(const struct kplive_frameworks *frameworks, const char *name);

#ifdef __clang__
#pragma clang assume_nonnull end
#pragma clang diagnostic pop
#endif
#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
