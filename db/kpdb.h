/*
 * libkpdb: what Apple's CPU event databases say, as constant tables.
 *
 * Every function here only reads constant data: any number of threads may call
 * any of them at any time, in a signal handler or a kernel too. Nothing is
 * allocated, nothing is written but what the caller passes, no libc is called.
 * Strings returned are constant and live for ever.
 *
 * CPUs are numbered 0 to kpdb_cpu_count() - 1, releases 0 to
 * kpdb_release_count() - 1 (oldest first), chip-agnostic names 0 to
 * kpdb_name_count() - 1. kpdb_ids.h has CPUs as KPDB_CPU_A14, ids of hardware
 * events as KPDB_EVENT_INST_BRANCH and names as KPDB_NAME_BRANCH_MISSES. All of
 * these numbers hold for one build of the tables only: store names, not
 * numbers, and see kpdb_fingerprint().
 */
#ifndef KPDB_H
#define KPDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kpdb_ids.h"

#ifdef __cplusplus
extern "C" {
#pragma GCC diagnostic push /* kpdb_cpu() and struct kpdb_cpu, and so on */
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* the library hides all that is not declared here */
#endif

/*
 * What the functions return that return an int: 0 or more is the answer, below 0 are errors. A row
 * is X(name, number, the code kperfdata has for it, its word in JSON, its sentence), with what
 * there is to add behind it.
 */
#define KPDB_ERRORS(X)                                                                             \
    X(KPDB_OK, 0, 0, "ok", "no error")                                                             \
    X(KPDB_NO_CPU, -1, 1, "no-cpu", "no such CPU in this build of the tables")                     \
    X(KPDB_NO_EVENT, -2, 11, "not-found", "no event or name is spelt so")                          \
    X(KPDB_NOT_ON_CPU, -3, 11, "not-on-cpu", "this CPU does not have the event")                   \
    X(KPDB_NOT_IN_RELEASE, -4, 11, "not-in-release", "this macOS release does not have the event") \
    /* this CPU has it, but not in the release asked for */                                        \
    X(KPDB_END, -5, 1, "end", "nothing further")                                                   \
    X(KPDB_NO_EVENTS, -6, 1, "no-events", "no events were asked for")                              \
    X(KPDB_DUPLICATE, -7, 12, "duplicate", "an event was asked for twice")                         \
    X(KPDB_TOO_MANY, -8, 12, "too-many", "more events than counters")                              \
    /* more events than counters, or than the function takes */                                    \
    X(KPDB_CONFLICT, -9, 12, "conflict", "the events do not fit on their counters")                \
    X(KPDB_NOT_FORCED, -10, 13, "not-forced", "the power manager holds its counters")              \
    /* only counters that the power manager holds can count it */                                  \
    X(KPDB_UNAVAILABLE, -11, 14, "unavailable", "a fixed event without a configurable fallback")   \
    X(KPDB_NO_COUNTER, -12, 16, "no-counter", "no counter can count it")                           \
    X(KPDB_MIXED_MODES, -13, 1, "mixed-modes",                                                     \
      "a metric of events that count kernel mode and events that do not")                          \
    X(KPDB_NO_VALUE, -14, 1, "no-value", "a division by 0, which has no value")

#define KPDB_ERROR(name, number, code, word, text) name = number,
enum kpdb_error { KPDB_ERRORS(KPDB_ERROR) };
#undef KPDB_ERROR

/* One sentence for an error code; never NULL. */
const char *kpdb_strerror(int error);
/*
 * KPDB_FINGERPRINT of the library's tables. A program that uses numbers of kpdb_ids.h and links a
 * shared library compares the two once: where they differ its numbers mean other events.
 */
uint32_t kpdb_fingerprint(void);

/* Any release: as the newest release that has the event says. */
#define KPDB_ANY_RELEASE (-1)
/* An id that is no event's. */
#define KPDB_NO_ID 0xffffu

enum kpdb_arch { KPDB_I386, KPDB_X86_64, KPDB_ARM, KPDB_ARM64 };

/* ---- CPUs ------------------------------------------------------------------------------------ */

/*
 * A kind of CPU: those that use the same database in every release. Masks are
 * of absolute counter numbers, as in the plist: on arm64 bits 0 and 1 are the
 * fixed counters and bits 2 to 9 the configurable ones.
 */
struct kpdb_cpu {
    const char *db;             /* "a14": the oldest release's name of the database */
    const char *marketing_name; /* "Apple A14/M1" */
    enum kpdb_arch arch;
    uint32_t fixed_counters;  /* mask */
    uint32_t config_counters; /* mask of the configurable counters */
    uint32_t power_counters;  /* mask of those the power manager holds until forced */
    unsigned event_bits;      /* width of an event selector in the PMU, bits: 8 or 16 */
    uint32_t releases;        /* bit r: release r has its database */
    unsigned events;          /* how many events, over all releases */
    bool kernel_list;         /* it is known which selectors some macOS kernel accepts */
};

/* The three numbers macOS knows a CPU by: hw.cputype, hw.cpusubtype, hw.cpufamily. */
struct kpdb_cpu_id {
    uint32_t type, subtype, family;
};

/* How many CPUs this build knows. */
unsigned kpdb_cpu_count(void);
/* As the newest release that knows the CPU says: 0, or KPDB_NO_CPU and *out untouched. */
int kpdb_cpu(unsigned cpu, struct kpdb_cpu *out);
/*
 * The same as one release says (or KPDB_ANY_RELEASE), which may have other counters or another
 * marketing name; db, event_bits, releases and events are the same in all. KPDB_NOT_IN_RELEASE when
 * the release does not know the CPU.
 */
int kpdb_cpu_in(unsigned cpu, int release, struct kpdb_cpu *out);
/* The CPU of an id, or KPDB_NO_CPU. */
int kpdb_cpu_by_id(uint32_t type, uint32_t subtype, uint32_t family);
/*
 * The CPU of a name: a database of any release ("a14"), a chip as one types it
 * ("m1-max"; case does not matter, a space may be a hyphen), or an id
 * ("cpu_100000c_2_1b588bb3"). KPDB_NO_CPU when there is none.
 */
int kpdb_cpu_find(const char *name, size_t length);
/* The n-th id of a CPU, by number: 0, or KPDB_NO_CPU, or KPDB_END. */
int kpdb_cpu_id(unsigned cpu, unsigned n, struct kpdb_cpu_id *out);
/* The n-th chip with one of the CPU's ids ("M1 Max"), each once, or NULL after the last. */
const char *kpdb_cpu_chip(unsigned cpu, unsigned n);
/*
 * Of the CPU's id of number `id`, as kpdb_cpu_id() counts them: the n-th chip with it, or NULL
 * after the last (of an id that no chip is known to have: at once); how sure that is, "high",
 * "medium" or "low", NULL when nothing is known; how that is known, in one line, or NULL.
 */
const char *kpdb_cpu_id_chip(unsigned cpu, unsigned id, unsigned n);
const char *kpdb_cpu_id_confidence(unsigned cpu, unsigned id);
const char *kpdb_cpu_id_note(unsigned cpu, unsigned id);
/* The n-th other database name that means the CPU ("as6"), or NULL after the last. */
const char *kpdb_cpu_also(unsigned cpu, unsigned n);
/* "arm64", "x86_64", "arm", "i386". */
const char *kpdb_arch_name(enum kpdb_arch arch);

/* ---- releases -------------------------------------------------------------------------------- */

/* How many releases this build knows. */
unsigned kpdb_release_count(void);
/* "macos-15"; NULL when there is no such release. */
const char *kpdb_release_name(unsigned release);
/* The release of a name, or KPDB_NOT_IN_RELEASE. */
int kpdb_release_find(const char *name, size_t length);
/*
 * The macOS version that a release's name tells, major * 100 + minor: "macos-26.4" is 2604,
 * "macos-15" 1500; 0 when it tells none. A running macOS is best served by the newest release that
 * is not newer and knows the CPU.
 */
unsigned kpdb_release_macos(unsigned release);
/* The newest release that knows the CPU, or KPDB_NO_CPU. */
int kpdb_cpu_newest(unsigned cpu);
/*
 * Whether what the tables have of a release is all of it. Where they have a part, a CPU whose
 * releases lack it may be in it all the same: it was not seen, not known to be gone. False also
 * where there is no such release.
 */
bool kpdb_release_whole(unsigned release);

/* ---- events ---------------------------------------------------------------------------------- */

/*
 * An event on one CPU, as the releases in its `releases` say. As a rule these are all that have it;
 * where one says otherwise, an event of KPDB_ANY_RELEASE is as the newest that has it says, and
 * kpdb_older() tells the rest.
 */
struct kpdb_event {
    uint16_t id;       /* KPDB_EVENT_...: which event; kpdb_event_name(id) */
    uint16_t number;   /* selector, 0 for a fixed event without one */
    uint32_t counters; /* mask of the counters that can count it */
    uint16_t fallback; /* id of the configurable event that counts the same, or KPDB_NO_ID */
    uint16_t other;    /* bits 16-31 of Intel's PERFEVTSEL that kperfdata ignores; 0 if none */
    uint16_t releases; /* bit r: release r has it by this name and with these values */
    int8_t fixed;      /* number of its fixed counter, or -1 for a configurable event */
    uint8_t umask;     /* Intel's unit mask, else 0 */
};

/*
 * The event by any of its names on a CPU, tried in this order: Apple's alias
 * ("Instructions"), hardware name ("INST_BRANCH"), chip-agnostic name
 * ("branch-misses"). Spelling is exact.
 *
 * With a release, the event must exist in it; an event that was renamed is
 * found by either spelling in any release and *out has the name of that
 * release. With KPDB_ANY_RELEASE a name that any release knew is found, and a
 * chip-agnostic name is that of the newest release that supports it.
 *
 * 0, or an error and *out untouched: KPDB_NO_CPU, KPDB_NO_EVENT,
 * KPDB_NOT_ON_CPU, KPDB_NOT_IN_RELEASE.
 */
int kpdb_find(unsigned cpu, int release, const char *name, size_t length, struct kpdb_event *out);
/*
 * The event of an id (KPDB_EVENT_INST_BRANCH) on a CPU, in any release, through a
 * rename if need be. 0, or an error and *out untouched: KPDB_NO_CPU,
 * KPDB_NO_EVENT (no such id), KPDB_NOT_ON_CPU.
 */
int kpdb_on(unsigned cpu, unsigned id, struct kpdb_event *out);
/* The same in one release, or KPDB_NOT_IN_RELEASE. */
int kpdb_on_in(unsigned cpu, int release, unsigned id, struct kpdb_event *out);
/*
 * The CPU's events in the order of their ids: the first with an id above
 * `previous`, which is -1 to begin with and then out->id. 0, KPDB_NO_CPU, or
 * KPDB_END after the last.
 */
int kpdb_next(unsigned cpu, int previous, struct kpdb_event *out);
/* The same of those that a release has, as it has them; or KPDB_NOT_IN_RELEASE: no such release. */
int kpdb_next_in(unsigned cpu, int release, int previous, struct kpdb_event *out);
/*
 * The same event by the same name as older releases have it that say otherwise: after that of
 * KPDB_ANY_RELEASE each set of values once, in the order of the newest release of each. event is
 * what another function gave of this CPU, and may be *out. 0; or, *out untouched, KPDB_NO_CPU, or
 * KPDB_END after the last (where releases went back to older values, these came before).
 */
int kpdb_older(unsigned cpu, const struct kpdb_event *event, struct kpdb_event *out);
/* The name of an id, or NULL when it is none. Within a CPU ids are in the order of names. */
const char *kpdb_event_name(unsigned id);
/* How many ids there are: hardware names and aliases of all CPUs of this build. */
unsigned kpdb_event_ids(void);
/*
 * The CPU's aliases: the first with an id above `previous` (-1 to begin with).
 * Its id, whose name is kpdb_event_name()'s, with *event the id of what it
 * means in the newest release (kpdb_find() tells what it means in another); or
 * KPDB_NO_CPU or KPDB_END.
 */
int kpdb_alias_next(unsigned cpu, int previous, uint16_t *event);
/*
 * The first macOS whose kernel lists the selector of a CPU's event, 1504 for
 * 15.4; 0 when no public list has it, or none is known (kpdb_cpu.kernel_list).
 */
unsigned kpdb_kernel_since(unsigned cpu, unsigned id);
/*
 * The model-specific register that says what a CPU's event counts (Intel: 0x1a6 OFFCORE_RSP_0), and
 * that neither kperfdata nor the kernel programs, so that a Mac counts something else, or nothing;
 * 0 when the event needs none, or the CPU does not have it.
 */
unsigned kpdb_msr(unsigned cpu, unsigned id);
/* The other spelling of a renamed event, by its id; NULL when it was not renamed. */
const char *kpdb_renamed(unsigned id);

/* ---- what events mean ------------------------------------------------------------------------ */

/*
 * What an event counts, in one English sentence of printable ASCII, by its id: the same on every
 * CPU that has it, and by each name of a renamed one. The id of what is an alias only says what the
 * event counts that it stands for, where that is one thing on all CPUs. NULL when there is none, or
 * no such id. The sentences of all CPUs are 43 KB, linked only by a program that calls one of these
 * three functions.
 */
const char *kpdb_summary(unsigned id);
/* Whether the sentence is likely, but was not confirmed by a second source; false without one. */
bool kpdb_summary_doubted(unsigned id);
/*
 * The errata that Intel published of an event, by its id or an alias's, on a CPU: numbers of the
 * specification updates, "HSD135, HSD140". NULL when none is known, or the CPU has no such event.
 */
const char *kpdb_errata(unsigned cpu, unsigned id);

/* ---- chip-agnostic names --------------------------------------------------------------------- */

/* A name that means the same quantity on every chip that supports it. */
struct kpdb_name {
    const char *name;    /* "branch-misses" */
    const char *unit;    /* "branches" */
    const char *summary; /* one sentence */
};

/* How many chip-agnostic names there are. */
unsigned kpdb_name_count(void);
/*
 * The n-th name (KPDB_NAME_BRANCH_MISSES), in byte order: 0, or KPDB_NO_EVENT
 * and *out untouched.
 */
int kpdb_name(unsigned n, struct kpdb_name *out);
/* The number of a name, KPDB_NAME_..., or KPDB_NO_EVENT. */
int kpdb_name_find(const char *name, size_t length);
/*
 * The event that counts the n-th name on a CPU in a release (or
 * KPDB_ANY_RELEASE). 0, or an error and *out untouched: KPDB_NO_CPU,
 * KPDB_NO_EVENT (no such name), KPDB_NOT_ON_CPU (not supported there),
 * KPDB_NOT_IN_RELEASE.
 */
int kpdb_name_on(unsigned cpu, int release, unsigned n, struct kpdb_event *out);

/* ---- metrics --------------------------------------------------------------------------------- */

/*
 * metrics.c, the one file of the library with floating point: a program that computes no metric
 * links none.
 */

/* Most names of one metric. */
#define KPDB_METRIC_NAMES_MAX 16

/* A quantity computed of names, and of constants of a chip and kind of core. */
struct kpdb_metric {
    const char *name;       /* "branch-miss-rate" */
    const char *unit;       /* "percent" */
    const char *summary;    /* one sentence */
    const char *expression; /* "100 * branch-misses / branches": kpep-data(5) has the grammar */
    const uint16_t *names;  /* those it uses, each once: numbers as in kpdb_name() */
    unsigned name_count;    /* 1 to KPDB_METRIC_NAMES_MAX */
    bool constants;         /* it uses constants too: kpdb_constant() */
    uint16_t code;          /* which expression this is, for the functions below */
};

/* How many metrics there are. */
unsigned kpdb_metric_count(void);
/*
 * The n-th metric, in byte order, by its first expression: 0, or KPDB_NO_EVENT and *out untouched.
 */
int kpdb_metric(unsigned n, struct kpdb_metric *out);
/* The number of the metric of a name, or KPDB_NO_EVENT. */
int kpdb_metric_find(const char *name, size_t length);
/*
 * The n-th metric by the first of its expressions that a CPU supports in a release (or
 * KPDB_ANY_RELEASE, here and below the newest that knows the CPU): all names have events there, and
 * all constants are known for some kind of core at least. 0, or an error and *out untouched:
 * KPDB_NO_CPU, KPDB_NO_EVENT (no such metric), KPDB_NOT_IN_RELEASE, KPDB_NOT_ON_CPU (not supported
 * there).
 */
int kpdb_metric_on(unsigned cpu, int release, unsigned n, struct kpdb_metric *out);

/* A quantity of a chip's cores that no counter tells. */
struct kpdb_constant {
    const char *name;    /* "width" */
    const char *summary; /* one sentence */
    const char *source;  /* where the value is from, one sentence */
    char core;           /* macOS's letter of the kind of core, as 'P' or 'E'; 0: of every core */
    unsigned value;      /* 1 to 65535 */
};

/* The n-th constant that is known of a CPU: 0, or KPDB_NO_CPU, or KPDB_END after the last. */
int kpdb_constant(unsigned cpu, unsigned n, struct kpdb_constant *out);

/*
 * The event that counts a name on configurable counters, where kpdb_name_on() has one of a fixed
 * counter (CORE_ACTIVE_CYCLE for cycles). 0, or an error of kpdb_name_on().
 */
int kpdb_name_configurable(unsigned cpu, int release, unsigned n, struct kpdb_event *out);
/*
 * The events to count for a metric of kpdb_metric_on(), in the order of its names, all in the same
 * modes. On arm64 a fixed counter counts every mode, and a configurable one user mode alone where
 * that was asked (user_only) or the kernel lets it no other (macOS 15 and later, kernel.md 2.3; so
 * is a release whose name tells no macOS): then no event is on a fixed counter, unless all are and
 * user_only is false. Whether they fit at once is kpdb_encode()'s to say. On Intel nothing is
 * mixed.
 *
 * events: of KPDB_METRIC_NAMES_MAX, [0, metric->name_count) are set. 0, or an error: of
 * kpdb_name_on(), or KPDB_MIXED_MODES where a fixed counter alone has an event.
 */
int kpdb_metric_events(unsigned cpu, int release, const struct kpdb_metric *metric, bool user_only,
                       struct kpdb_event *events);
/*
 * Computes a metric of kpdb_metric_on() from counts in the order of its names. core: macOS's letter
 * of the kind of core that counted, 0 when that is not known, which is an error only where a
 * constant differs. 0, or an error and *value untouched: KPDB_NO_CPU, KPDB_NO_EVENT (no such
 * metric), KPDB_NOT_ON_CPU (a constant is not known), KPDB_NO_VALUE (a division by 0, or more than
 * a double holds).
 */
int kpdb_metric_value(unsigned cpu, char core, const struct kpdb_metric *metric,
                      const double *counts, double *value);

/* ---- where values come from ------------------------------------------------------------------ */

/*
 * The kinds of source. A row is X(name, number, its word in JSON and db/sources.plist, what it is,
 * to go after "from").
 */
#define KPDB_SOURCES(X)                                                                          \
    X(KPDB_SOURCE_UNKNOWN, 0, "unknown", "nowhere that this build knows of")                     \
    X(KPDB_SOURCE_APPLE, 1, "apple", "Apple's own file of that release")                         \
    X(KPDB_SOURCE_LISTING, 2, "listing", "a public listing of that release's database")          \
    X(KPDB_SOURCE_LIVE_TABLE, 3, "live-table", "a public table read from a Mac's live database") \
    X(KPDB_SOURCE_LINUX_DRIVER, 4, "linux-driver", "the Linux driver, or a fork with M3 to M6")  \
    X(KPDB_SOURCE_TWIN, 5, "twin", "another database that is said to be the same")               \
    X(KPDB_SOURCE_OLDER, 6, "older", "an older release; this one's own was not seen")            \
    X(KPDB_SOURCE_ASSUMED, 7, "assumed", "no source: it is assumed")

#define KPDB_SOURCE(name, number, word, text) name = number,
enum kpdb_source { KPDB_SOURCES(KPDB_SOURCE) };
#undef KPDB_SOURCE

/*
 * What of an event has a source. A row is X(name, number, its key in Apple's files and in JSON,
 * what it is).
 */
#define KPDB_FIELDS(X)                                                                   \
    X(KPDB_FIELD_LIST, 0, "list", "that the release has the event, by this name")        \
    X(KPDB_FIELD_NUMBER, 1, "number", "its number")                                      \
    X(KPDB_FIELD_UMASK, 2, "umask", "its unit mask, which has the source of its number") \
    X(KPDB_FIELD_COUNTERS_MASK, 3, "counters_mask", "the counters that can count it")    \
    X(KPDB_FIELD_FIXED_COUNTER, 4, "fixed_counter",                                      \
      "its fixed counter, which has the source of the counters")

#define KPDB_FIELD(name, number, word, text) name = number,
enum kpdb_field { KPDB_FIELDS(KPDB_FIELD) };
#undef KPDB_FIELD

/*
 * Where a field of a CPU's event comes from in a release, or with KPDB_ANY_RELEASE in the newest
 * that has the event: an enum kpdb_source, KPDB_SOURCE_UNKNOWN in a build without
 * --sources. Or an error: KPDB_NO_CPU, KPDB_NO_EVENT (no such id), KPDB_NOT_ON_CPU,
 * KPDB_NOT_IN_RELEASE, KPDB_END (no such field).
 */
int kpdb_source(unsigned cpu, int release, unsigned id, enum kpdb_field field);
/* What a source is, to go after "from"; never NULL. */
const char *kpdb_source_text(int source);

/* Another source has another value of an event's field. */
struct kpdb_dispute {
    enum kpdb_field field;
    int64_t ours, theirs;  /* of KPDB_FIELD_FIXED_COUNTER -1: none, a configurable event */
    const char *says;      /* who has theirs */
    const char *confirmed; /* who else has ours; NULL: nobody */
};

/*
 * The n-th dispute, from 0, about a CPU's event in a release, or with KPDB_ANY_RELEASE in the
 * newest that has it. 0, or an error and *out untouched: KPDB_END after the last, any of
 * kpdb_source()'s.
 */
int kpdb_dispute(unsigned cpu, int release, unsigned id, unsigned n, struct kpdb_dispute *out);

/* ---- encoding: events to register words ------------------------------------------------------ */

/* Most events of one kpdb_encode() and most counters of a CPU; Apple's have 10. */
#define KPDB_EVENTS_MAX   32
#define KPDB_COUNTERS_MAX 32

/* kpc's classes of counters. */
#define KPDB_CLASS_FIXED        0x1u
#define KPDB_CLASS_CONFIGURABLE 0x2u
#define KPDB_CLASS_POWER        0x4u

enum kpdb_strategy {
    /* A placement whenever there is one, the same for a set in any order. */
    KPDB_OPTIMAL,
    /* What kperfdata's kpep_config_add_event() does, in the order asked. */
    KPDB_KPERFDATA,
};

struct kpdb_options {
    int release; /* KPDB_ANY_RELEASE: the newest that knows the CPU */
    enum kpdb_strategy strategy;
    bool unforced; /* the power manager keeps its counters */
    bool full;     /* Intel: add CMASK, INV and EDGE, which kperfdata drops */
};

/* An event asked for, by any of its names. */
struct kpdb_request {
    const char *name;
    size_t length;
    bool user_only; /* count in user mode only */
};

/*
 * What a macOS kernel will make of an event's word: bits of kpdb_placement.warnings. A row is
 * X(name, bit, its word in JSON, what kpep says of it).
 */
#define KPDB_WARNINGS(X)                                                                          \
    X(KPDB_WARN_REFUSED, 1, "refused", "not in this kernel's list of events, refused with EPERM") \
    X(KPDB_WARN_UNLISTED, 2, "unlisted",                                                          \
      "in no public kernel's list of events; this release's own is not public")                   \
    X(KPDB_WARN_TOO_WIDE, 4, "too-wide",                                                          \
      "a selector wider than this PMU's, which would count another event")                        \
    X(KPDB_WARN_USER_MODE, 8, "user-mode",                                                        \
      "counted in user mode only by this kernel, whatever is asked")                              \
    X(KPDB_WARN_OTHER_BITS, 16, "other-bits",                                                     \
      "needs bits that kperfdata drops, and counts something else without them (--full, or :u)")  \
    X(KPDB_WARN_ALL_MODES, 32, "all-modes",                                                       \
      "a fixed counter, which counts user and kernel mode whatever is asked")                     \
    X(KPDB_WARN_ASSUMED, 64, "assumed", "no source says which counters can count it")             \
    X(KPDB_WARN_DISPUTED, 128, "disputed", "sources disagree about it (kpep show --sources)")     \
    X(KPDB_WARN_ANY_THREAD, 256, "any-thread",                                                    \
      "is of both threads of a core, but the kernel clears the bit for it: counted of one")       \
    X(KPDB_WARN_MSR, 512, "msr",                                                                  \
      "needs an MSR that no macOS programs, and counts something else or nothing without it")

#define KPDB_WARNING(name, bit, word, text) name = bit,
enum kpdb_warning { KPDB_WARNINGS(KPDB_WARNING) };
#undef KPDB_WARNING

/* Where an event went. */
struct kpdb_placement {
    uint16_t asked;   /* id of the event that the name means */
    uint16_t counted; /* id of the event that is programmed: on Intel a fixed one's fallback */
    uint8_t counter;  /* absolute counter number */
    uint8_t slot;     /* index into what kpc_get_thread_counters() fills for `classes` */
    uint16_t warnings;
};

struct kpdb_encoding {
    uint32_t classes; /* for kpc_set_counting() and kpc_set_thread_counting() */
    unsigned slots;   /* how many counters these classes have: the size of the thread's buffer */
    unsigned config_count;
    uint64_t config[KPDB_COUNTERS_MAX]; /* for kpc_set_config(): [0, config_count) */
    unsigned event_count;
    struct kpdb_placement events[KPDB_EVENTS_MAX]; /* in the order asked: [0, event_count) */
    /*
     * The order of placement: order[0] is the index of the event that is placed first. Known once
     * every name was found, also when the events do not fit.
     */
    uint8_t order[KPDB_EVENTS_MAX];

    /* After an error, and only then: */
    unsigned failed;    /* index of the event that could not be placed */
    uint32_t conflicts; /* bit i: event i is in its way (of a duplicate: the first of the two) */
    uint32_t counters;  /* mask of the counters they compete for */
};

/*
 * The words that make a CPU's counters count the events, as kperfdata would
 * make them: kpep_config_add_event() for each, then kpep_config_kpc_classes(),
 * _kpc() and _kpc_map(), on a configuration that was forced (or not).
 *
 * KPDB_OPTIMAL finds a placement whenever there is one, by bipartite matching,
 * narrowest events first on the smallest counters, so equal sets give equal
 * words whatever the order. Unforced it uses the counters that the power
 * manager does not hold, and words and slots are those of that shorter list,
 * as the kernel has it. A fixed event of arm64 goes on the counter of its
 * `fixed` and no other, and needs no forcing.
 * KPDB_KPERFDATA does what kperfdata does bit for bit, its mistakes included:
 * nothing placed ever moves, one event may be added twice, and unforced it
 * leaves the number of held counters off the end instead of those held.
 *
 * 0, or an error with *out's last three fields set: KPDB_NO_CPU,
 * KPDB_NO_EVENTS, KPDB_TOO_MANY, KPDB_DUPLICATE (KPDB_OPTIMAL only), any of
 * kpdb_find()'s, KPDB_CONFLICT, KPDB_NOT_FORCED, KPDB_UNAVAILABLE,
 * KPDB_NO_COUNTER.
 */
int kpdb_encode(unsigned cpu, const struct kpdb_options *options,
                const struct kpdb_request *requests, unsigned count, struct kpdb_encoding *out);
/* The code kperfdata has for an error of kpdb_encode(): 11 to 14 or 16; 0 for KPDB_OK; else 1. */
int kpdb_kperfdata_code(int error);

/* ---- planning: more events than fit at once -------------------------------------------------- */

/* Most events of one kpdb_plan(). */
#define KPDB_PLAN_MAX 1024
/* The pass of an event that is counted in every one: a fixed counter's. */
#define KPDB_EVERY_PASS 0xffffu

/* Why fewer passes cannot do: `events` events can be counted on these counters alone. */
struct kpdb_bottleneck {
    uint32_t counters; /* mask */
    unsigned events;   /* passes = events / counters, rounded up */
};

/*
 * Splits events into the fewest passes, each of which fits the counters at
 * once. passes[i] becomes the pass of event i, from 0, or KPDB_EVERY_PASS. The
 * number of passes is exact for any masks: events are matched to counters that
 * take one event a pass, and the bottleneck proves that one pass less is too
 * few. The strategy of the options is not looked at. Uses about 10 KB of stack.
 *
 * The number of passes, at least 1, with *bottleneck set (its events are 0 when
 * only fixed counters count); or an error with *failed the index of the event:
 * KPDB_NO_CPU, KPDB_NO_EVENTS, KPDB_TOO_MANY, KPDB_DUPLICATE, any of
 * kpdb_find()'s, KPDB_CONFLICT (two events on one fixed counter),
 * KPDB_NOT_FORCED, KPDB_UNAVAILABLE, KPDB_NO_COUNTER.
 */
int kpdb_plan(unsigned cpu, const struct kpdb_options *options, const struct kpdb_request *requests,
              unsigned count, uint16_t *passes, struct kpdb_bottleneck *bottleneck,
              unsigned *failed);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
#pragma GCC diagnostic pop
}
#endif

#endif
