/*
 * libkplive: the compiled tables beside the live macOS frameworks. A sampler
 * programs the performance counters once; then any thread of the process reads
 * its own.
 *
 * Needs root on macOS, and no entitlement. Off macOS it runs against a pair of
 * libraries that simulate the frameworks (their paths are options).
 *
 * Threads: kplive_read(), kplive_read_raw(), kplive_delta() and kplive_ready()
 * may be called by any number of threads at once on a started sampler; the first
 * three take no lock and no memory. The other functions of one sampler must not
 * run at the same time as each other; those of different samplers may.
 * kplive_stop_all() may be called at any time, by any thread and by a signal
 * handler.
 *
 * Processes: the counters belong to the process that started them. In a child
 * that fork() made no sampler runs and nothing is given back, whatever it calls
 * and however it ends; it may start its own, which the kernel refuses while its
 * parent has the counters. exec(), _exit() and quick_exit() end a program without
 * giving back: call kplive_stop_all() before them. Never dlclose() this library
 * once a sampler has started: what it does at exit(), fork() and signals stays.
 *
 * Cores: a thread's counts are summed over every core that it ran on. On a Mac
 * with several kinds of core, P and E, a thread that migrates has the counts of
 * both in one number: cycles of different length, and on a chip whose cores have
 * different caches, misses of different ones. The kernel does not tell them apart
 * for a thread; kplive_read_cpus() and kplive_core() do for a CPU.
 */
#ifndef KPLIVE_H
#define KPLIVE_H

#include "kpdb.h"

/* What may be NULL, to compilers that ask; all other pointers may not. */
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

/* The version of this header; kplive_version() is the library's. */
#define KPLIVE_VERSION_MAJOR 0
#define KPLIVE_VERSION_MINOR 1
#define KPLIVE_VERSION_PATCH 0

/* "0.1.0": the version of the library that is running. */
const char *kplive_version(void);

/*
 * What functions return: 0, or one of these with *error filled in unless error is NULL. A row is
 * X(name, number, its sentence), with what there is to add behind it.
 */
#define KPLIVE_STATUSES(X)                                                          \
    X(KPLIVE_OK, 0, "no error")                                                     \
    X(KPLIVE_NO_FRAMEWORK, -1, "the performance counter frameworks cannot be used") \
    /* a library or a symbol of it cannot be loaded */                              \
    X(KPLIVE_NO_PERMISSION, -2, "not permitted to use the performance counters")    \
    /* not root: EPERM of a kpc call that is not about an event */                  \
    X(KPLIVE_BUSY, -3, "the performance counters are in use")                       \
    /* another tool holds the counters: EACCES, EBUSY */                            \
    X(KPLIVE_NO_COUNTERS, -4, "there are no performance counters")                  \
    /* no PMU: ENOENT or no counters, as in a virtual machine */                    \
    X(KPLIVE_REFUSED, -5, "the kernel refuses an event")                            \
    /* EPERM on the configuration: the kernel's list of events */                   \
    X(KPLIVE_NO_CPU, -6, "the tables do not know this CPU")                         \
    /* the tables do not know this CPU; kperfdata's words still work */             \
    X(KPLIVE_TRANSLATED, -7, "running translated, on a CPU that cannot be known")   \
    /* under Rosetta, where the CPU cannot be known */                              \
    X(KPLIVE_EVENT, -8, "an event cannot be counted here")                          \
    /* an event is unknown, or not on this CPU or release */                        \
    X(KPLIVE_CONFLICT, -9, "the events do not fit the counters at once")            \
    /* the events do not fit at once: see kpdb_plan() */                            \
    X(KPLIVE_DIFFERENT, -10, "the tables and the framework differ")                 \
    /* the tables and the framework give different words */                         \
    X(KPLIVE_IN_USE, -11, "another sampler of this process counts something else")  \
    X(KPLIVE_STATE, -12, "called out of order")                                     \
    X(KPLIVE_NOT_READY, -13, "the kernel has no counters for this thread yet")      \
    /* the kernel has no counters for this thread yet; try again */                 \
    X(KPLIVE_MEMORY, -14, "out of memory")                                          \
    X(KPLIVE_SYSTEM, -15, "a call failed")                                          \
    /* anything else: error->code tells */                                          \
    X(KPLIVE_STOPPED, -16, "the counters are not running")                          \
    /* the sampler is not running: never started, or stopped */                     \
    X(KPLIVE_SHORT, -17, "another process changed what is counted for threads")     \
    X(KPLIVE_LEFT, -18, "the counters could not all be given back")                 \
    /* something could not be put back as it was: error tells what */               \
    X(KPLIVE_CPU_OFF, -19, "a CPU is switched off")                                 \
    /* a CPU is switched off, and the answer does not say which */                  \
    X(KPLIVE_MODES, -20, "some of the counts have kernel mode and others do not")   \
    X(KPLIVE_CORE, -21, "it depends on the kind of core, which is not known")       \
    X(KPLIVE_NO_VALUE, -22, "a division by 0")

#define KPLIVE_STATUS(name, number, text) name = number,
enum kplive_status { KPLIVE_STATUSES(KPLIVE_STATUS) };
#undef KPLIVE_STATUS

/* Everything that is known of a failure. Texts are constant or cut to fit. */
struct kplive_error {
    enum kplive_status status;
    const char *KPLIVE_NULLABLE
        call;       /* the function of the framework or system that failed; "" when none did */
    int code;       /* its errno, or for kpep_ functions kperfdata's code; else 0 */
    char event[96]; /* the event it is about; "" when it is about none */
    char hint[320]; /* what it means and what can be done; "" when nothing is known */
};

/* One sentence for a status; never NULL. */
const char *kplive_strerror(int status);
/*
 * All of an error as one line into text, and text: status, event, call, code
 * and hint, as far as they are known; 600 bytes hold any. Control characters
 * are shown as '?'.
 */
const char *kplive_describe(const struct kplive_error *error, char *text, size_t size);

/* Where register words come from. */
enum kplive_words {
    KPLIVE_VERIFY,    /* from both, which must be equal */
    KPLIVE_STATIC,    /* from the tables */
    KPLIVE_KPERFDATA, /* from the framework: works on a CPU that the tables do not know */
};

struct kplive_options {
    const char *KPLIVE_NULLABLE kperf;     /* path of the library; NULL: macOS's own */
    const char *KPLIVE_NULLABLE kperfdata; /* likewise */
    enum kplive_words words;
    uint32_t size; /* sizeof (struct kplive_options), for what follows; 0: there is nothing more */
    bool insist;   /* take counters that somebody may hold, if the kernel lets: kplive_start() */
};

struct kplive;

/*
 * Loads the frameworks and finds out on what CPU and macOS this runs; changes
 * nothing and needs no root. options may be NULL. A CPU that the tables do not
 * know is no error here: kplive_cpu() then says KPLIVE_NO_CPU. *out is the
 * caller's, for kplive_close(). KPLIVE_NO_FRAMEWORK, KPLIVE_TRANSLATED,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_open(const struct kplive_options *KPLIVE_NULLABLE options,
                struct kplive *KPLIVE_NULLABLE *KPLIVE_NONNULL out,
                struct kplive_error *KPLIVE_NULLABLE error);
/* Stops if need be, and frees everything. NULL is fine. */
void kplive_close(struct kplive *KPLIVE_NULLABLE sampler);

/* The number of this CPU in the tables, or KPLIVE_NO_CPU. */
int kplive_cpu(const struct kplive *sampler);
/* The release of the tables that fits this macOS best: a number for kpdb, or KPLIVE_NO_CPU. */
int kplive_release(const struct kplive *sampler);
/* "cpu_100000c_2_1b588bb3" and "26.1"; constant until the sampler is closed. */
const char *kplive_cpu_name(const struct kplive *sampler);
const char *kplive_macos(const struct kplive *sampler);
/*
 * macOS's version as major * 100 + minor: 2604 for 26.4; 0: not known. From the
 * kernel's version: a program built with an SDK before 26 is told by macOS 26 that
 * it runs on 16.0, but not that of the kernel.
 */
unsigned kplive_macos_version(const struct kplive *sampler);

/*
 * Works out the words for up to KPDB_EVENTS_MAX events, by any name. Nothing is
 * programmed yet. A second call replaces the first; KPLIVE_STATE when started.
 * KPLIVE_EVENT, KPLIVE_CONFLICT, KPLIVE_DIFFERENT, KPLIVE_NO_CPU (unless the
 * words are KPLIVE_KPERFDATA's), KPLIVE_NO_FRAMEWORK, KPLIVE_NO_COUNTERS,
 * KPLIVE_SYSTEM.
 */
int kplive_program(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                   struct kplive_error *KPLIVE_NULLABLE error);
/* How the programmed events were encoded; NULL before kplive_program(). */
const struct kpdb_encoding *KPLIVE_NULLABLE kplive_encoding(const struct kplive *sampler);

/*
 * Takes the counters and starts them, for all threads of all processes, in the
 * order the kernel wants; the calling thread can read at once. A second sampler
 * of the process whose events are among those that are counted already shares
 * them, in its own order; it must have been opened with the same libraries.
 * Counters that are forced already are somebody else's: KPLIVE_BUSY, unless
 * options.insist. Then the kernel decides: up to macOS 15 it refuses; from macOS 26
 * on it lets the other's configuration be replaced, and says "forced" also where
 * nobody holds them. A start that is refused changes nothing; one that fails later
 * undoes what it did, and error->hint says so if even that failed.
 * KPLIVE_STATE, KPLIVE_IN_USE, KPLIVE_NO_FRAMEWORK, KPLIVE_NO_PERMISSION,
 * KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_REFUSED, KPLIVE_NOT_READY,
 * KPLIVE_STOPPED or KPLIVE_SHORT (by somebody else, meanwhile), KPLIVE_LEFT,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_start(struct kplive *sampler, struct kplive_error *KPLIVE_NULLABLE error);
/*
 * Puts everything back as kplive_start() found it: configuration, counting,
 * thread counting, the force state. The last sampler that stops does it. A call
 * that fails is made once more, and the rest is done all the same: KPLIVE_LEFT,
 * with the first that failed; also of what kplive_stop_all() could not put back,
 * before. Words of the power manager's own, which the kernel takes from nobody
 * else, are no failure. Fine when not started, and in a child.
 */
int kplive_stop(struct kplive *sampler, struct kplive_error *KPLIVE_NULLABLE error);
/*
 * The same for every started sampler of the process: none of them runs then, and
 * reading them is KPLIVE_STOPPED. Nothing in it is unsafe in a signal handler but
 * the calls of the framework themselves, and errno stays as it is; it waits for
 * another thread that is starting or stopping. Also called at exit(), after which
 * nothing starts any more.
 */
void kplive_stop_all(void);
/*
 * Installs handlers for every signal that would end or suspend the process and
 * is not handled or ignored yet: they do what kplive_stop_all() does, nothing
 * starts any more, and then the signal does what it would have done. SIGKILL and
 * SIGSTOP cannot be caught (kpep reset); a program that SIGCONT continues has to
 * start its samplers again. KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_catch_signals(struct kplive_error *KPLIVE_NULLABLE error);
/*
 * Whether the sampler runs, by asking the kernel too: KPLIVE_OK; KPLIVE_STOPPED
 * when it is not started, or another process has switched counting off;
 * KPLIVE_SHORT when another process has changed what is counted for threads. Two
 * system calls. KPLIVE_NO_PERMISSION, KPLIVE_BUSY, KPLIVE_NO_COUNTERS,
 * KPLIVE_SYSTEM.
 */
int kplive_running(const struct kplive *sampler, struct kplive_error *KPLIVE_NULLABLE error);

/*
 * The calling thread's counts into values[i], the i-th event's, as the kernel
 * has them: only differences between two reads of one thread mean anything, and
 * a thread's first read may be far from its second (kplive_ready()). One call of
 * the framework, no lock, no memory. KPLIVE_OK; KPLIVE_STOPPED; KPLIVE_SHORT when
 * the kernel gave fewer or more counters than were started; KPLIVE_NOT_READY when
 * it has none for this thread yet; KPLIVE_SYSTEM with errno as the call left it.
 * values are whole when it is KPLIVE_OK, else undefined.
 */
int kplive_read(const struct kplive *sampler, uint64_t *values);
/*
 * The same without sorting: count values as the kernel gives them, of which event
 * i's is slots[kplive_map()[i]]. count is kplive_slots(), which is never 0, and
 * nor may it be; with another it is KPLIVE_SHORT.
 */
int kplive_read_raw(const struct kplive *sampler, unsigned count, uint64_t *slots);
/* How many counters the kernel gives, 1 to KPDB_COUNTERS_MAX; kplive_start() sets it. */
unsigned kplive_slots(const struct kplive *sampler);
/*
 * For each programmed event the slot that it is read from. Set by kplive_start(),
 * which may share what another sampler has placed: it need not be that of
 * kplive_encoding(). The sampler's, and constant until the next start.
 */
const uint8_t *kplive_map(const struct kplive *sampler);
/*
 * Makes the calling thread fit to be measured: waits until the kernel keeps
 * counts for it, and takes the first difference, which is stale in a thread that
 * ran when counting was switched on. Needed after every start, in every thread but
 * the one that called kplive_start(). KPLIVE_NOT_READY, KPLIVE_STOPPED, KPLIVE_SHORT,
 * KPLIVE_NO_PERMISSION, KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_SYSTEM.
 */
int kplive_ready(const struct kplive *sampler, struct kplive_error *KPLIVE_NULLABLE error);
/* later - earlier, count values, which wrap at 64 bits. */
void kplive_delta(const uint64_t *earlier, const uint64_t *later, unsigned count, uint64_t *delta);

/* How many CPUs kplive_read_cpus() reads; 0: the system does not say, and it fails. */
unsigned kplive_cpus(const struct kplive *sampler);
/*
 * The counts of every CPU, all threads' and processes': values[cpu * count + i]
 * is CPU cpu's i-th event, for kplive_cpus() CPUs. While one of them is switched
 * off the kernel leaves it out of an answer that does not say which:
 * KPLIVE_CPU_OFF. KPLIVE_STOPPED, KPLIVE_NO_FRAMEWORK, KPLIVE_NO_PERMISSION,
 * KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_SHORT, KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_read_cpus(const struct kplive *sampler, uint64_t *values,
                     struct kplive_error *KPLIVE_NULLABLE error);
/* The same of the CPU the call happens to run on, whose number goes to *cpu; the same errors. */
int kplive_read_cpu(const struct kplive *sampler, int *cpu, uint64_t *values,
                    struct kplive_error *KPLIVE_NULLABLE error);
/*
 * What kind of core a CPU is, in macOS's own letter: "P", "E", or another that a
 * newer Mac has; "": not known, as on Intel and in some virtual machines. From the
 * IORegistry, asked the first time. The sampler's; never NULL.
 */
const char *kplive_core(struct kplive *sampler, unsigned cpu);

/*
 * A metric of db/names.plist (its number in kpdb_metric()) from differences of
 * the programmed events. core is the first letter of kplive_core(), where all
 * was counted on one kind of core, or 0: only metrics with a constant that
 * differs between the kinds need it.
 *
 * It is computed of counts in the same modes alone: fixed counters of arm64
 * count every mode, configurable ones user mode only, where that was asked or
 * this kernel lets them no other (macOS 15 and later, kernel.md 2.3). A name on a
 * fixed counter is also found as what kpdb_name_configurable() has for it.
 *
 * KPLIVE_OK, or *out is untouched: KPLIVE_EVENT when an event of it was not
 * programmed or this CPU does not support it, KPLIVE_MODES when its counts are
 * not of the same modes, KPLIVE_CORE, KPLIVE_NO_VALUE; KPLIVE_STATE before
 * kplive_program().
 */
int kplive_metric(const struct kplive *sampler, unsigned metric, char core, const uint64_t *delta,
                  double *out);
/*
 * The events to program for a metric on this machine, as kpdb_metric_events() has them, in as many
 * modes as its kernel lets them count: how many, or KPLIVE_EVENT when this CPU does not support it,
 * KPLIVE_MODES when they cannot be counted in the same modes.
 */
int kplive_metric_events(const struct kplive *sampler, unsigned metric, bool user_only,
                         struct kpdb_event *events);

/* ---- what others left ------------------------------------------------------------------------ */

/* How the machine's counters stand. Numbers are the kernel's. */
struct kplive_state {
    uint32_t size; /* the caller's: sizeof (struct kplive_state) */
    bool taken;    /* anything is on or held, but for what this process has started */
    bool ours;     /* this process has started a sampler */
    int force;     /* 1: all counters are forced from the power manager; up to macOS 15 by a
                      process that lives */
    uint32_t counting, thread_counting; /* classes that are on */
    int owner;        /* process that owns ktrace, and so kperf and kdebug; 0: none, or not known */
    bool owner_lives; /* that process exists */
    char configured_by[64]; /* who ktrace says configured it; "": nobody, or not known */
};

/*
 * Asks the kernel how the counters stand; changes nothing. kpc itself does not
 * say who switched counting on. found->size must be set. KPLIVE_NO_FRAMEWORK,
 * KPLIVE_NO_PERMISSION, KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_SYSTEM.
 */
int kplive_taken(const struct kplive *sampler, struct kplive_state *found,
                 struct kplive_error *KPLIVE_NULLABLE error);
/*
 * Switches off what a program left that died without giving back: counting, thread
 * counting, the force state; configuration words stay, which count nothing then.
 * KPLIVE_BUSY while somebody lives who may still want it - the counters are forced,
 * or the owner of ktrace lives - unless force; then what the kernel does not let
 * go is KPLIVE_LEFT. KPLIVE_STATE while this process has started a sampler;
 * otherwise as kplive_taken(), which tells what was found into *found.
 */
int kplive_reset(const struct kplive *sampler, bool force, struct kplive_state *found,
                 struct kplive_error *KPLIVE_NULLABLE error);

/* ---- the live database ----------------------------------------------------------------------- */

/* An event of the running macOS, by kperfdata's functions alone. Texts are cut to fit. */
struct kplive_event {
    const char *name; /* these four until tell() returns; "": it has none */
    const char *alias;
    const char *description;
    const char *errata;
    int code;        /* 0, or kperfdata's code when it cannot be counted; then what follows is 0 */
    uint64_t word;   /* its configuration word, user and kernel mode; of a fixed event 0 */
    uint32_t number; /* of that word; of a fixed event 0 */
    uint32_t umask;  /* likewise; 0 on arm64 */
    uint32_t counters; /* it can be on, as absolute counter numbers */
    bool fixed;
};

/*
 * Tells every event of the live database, in kperfdata's order: by number. Needs
 * no root, no tables and, on macOS, no kperf. KPLIVE_NO_FRAMEWORK, KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_events(const struct kplive *sampler,
                  void (*tell)(void *KPLIVE_NULLABLE user, const struct kplive_event *event),
                  void *KPLIVE_NULLABLE user, struct kplive_error *KPLIVE_NULLABLE error);

/* ---- tables against the live framework ------------------------------------------------------- */

/* One difference, in the words of kpepc diff. */
struct kplive_drift {
    const char *KPLIVE_NULLABLE
        event;         /* of a set: those, while tell() runs; NULL: of the database */
    const char *field; /* "number", "counters_mask", "added", ... */
    char table[48], live[48];
};

struct kplive_check {
    unsigned events;     /* compared */
    unsigned encodings;  /* random sets compared: fewer than asked when too many differ */
    unsigned drifts;     /* found: told one by one */
    unsigned event_size; /* bytes from one kpep_event to the next; 0: not in one array */
    int release;         /* the release of the tables with the fewest */
};

/*
 * Compares the tables with kperfdata's live database, field by field, through
 * its API alone, and the encodings of `sets` random sets of events (a seed
 * gives the same ones again) in both strategies. tell() is called for each difference. Needs no
 * root. KPLIVE_OK whatever drifted; KPLIVE_NO_CPU, KPLIVE_NO_FRAMEWORK,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_compare(struct kplive *sampler, unsigned sets, uint32_t seed,
                   void (*KPLIVE_NULLABLE tell)(void *KPLIVE_NULLABLE user,
                                                const struct kplive_drift *drift),
                   void *KPLIVE_NULLABLE user, struct kplive_check *check,
                   struct kplive_error *KPLIVE_NULLABLE error);

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
