/*
 * libkpdb: what Apple's CPU event databases say, as constant tables.
 *
 * Every function here only reads constant data: any number of threads may call
 * any of them at any time, in a signal handler or a kernel too. Nothing is
 * allocated, nothing is written but what the caller passes, no libc is called.
 * Strings returned are constant and live for ever.
 *
 * CPUs are numbered 0 to kpdb_cpu_count() - 1, releases 0 to
 * kpdb_release_count() - 1 (oldest first), and event ids are the KPDB_* of
 * kpdb_ids.h. All of these numbers hold for one build of the tables only: store
 * names, not numbers.
 */
#ifndef KPDB_H
#define KPDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kpdb_ids.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions return that return an int: 0 or more is the answer, these are not. */
enum kpdb_error {
    KPDB_OK = 0,
    KPDB_NO_CPU = -1,         /* no such CPU in this build */
    KPDB_NO_EVENT = -2,       /* no CPU of this build has an event or name spelt so */
    KPDB_NOT_ON_CPU = -3,     /* a known event or name that this CPU does not have */
    KPDB_NOT_IN_RELEASE = -4, /* this CPU has it, but not in the release asked for */
    KPDB_END = -5,            /* nothing further: the end of an iteration */
};

/* One sentence for an error code; never NULL. */
const char *kpdb_strerror(int error);

/* Any release: as the newest release that has the event says. */
#define KPDB_ANY_RELEASE (-1)
/* An id that is no event's. */
#define KPDB_NO_ID 0xffffu

enum kpdb_arch { KPDB_I386, KPDB_X86_64, KPDB_ARM, KPDB_ARM64 };

/* ---- CPUs ------------------------------------------------------------------------ */

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
};

/* The three numbers macOS knows a CPU by: hw.cputype, hw.cpusubtype, hw.cpufamily. */
struct kpdb_cpu_id {
    uint32_t type, subtype, family;
};

unsigned kpdb_cpu_count(void);
/* 0, or KPDB_NO_CPU and *out untouched. */
int kpdb_cpu(unsigned cpu, struct kpdb_cpu *out);
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
/* The n-th chip with one of the CPU's ids ("M1 Max"), or NULL after the last. */
const char *kpdb_cpu_chip(unsigned cpu, unsigned n);
/* The n-th other database name that means the CPU ("as6"), or NULL after the last. */
const char *kpdb_cpu_also(unsigned cpu, unsigned n);
/* "arm64", "x86_64", "arm", "i386". */
const char *kpdb_arch_name(enum kpdb_arch arch);

/* ---- releases -------------------------------------------------------------------- */

unsigned kpdb_release_count(void);
/* "macos-15"; NULL when there is no such release. */
const char *kpdb_release_name(unsigned release);
/* The release of a name, or KPDB_NOT_IN_RELEASE. */
int kpdb_release_find(const char *name, size_t length);
/* The newest release that knows the CPU, or KPDB_NO_CPU. */
int kpdb_cpu_newest(unsigned cpu);

/* ---- events ---------------------------------------------------------------------- */

/* An event on one CPU, as the newest release that has it says. */
struct kpdb_event {
    uint16_t id;       /* KPDB_...: which event; kpdb_event_name(id) */
    uint16_t number;   /* selector, 0 for a fixed event without one */
    uint16_t fallback; /* id of the configurable event that counts the same, or KPDB_NO_ID */
    uint16_t other;    /* bits 16-31 of Intel's PERFEVTSEL that kperfdata ignores; 0 if none */
    uint32_t counters; /* mask of the counters that can count it */
    uint32_t releases; /* bit r: release r has it by this name */
    uint8_t umask;     /* Intel's unit mask, else 0 */
    int8_t fixed;      /* number of its fixed counter, or -1 for a configurable event */
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
 * The event of an id (KPDB_INST_BRANCH) on a CPU, in any release, through a
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
/* The name of an id, or NULL when it is none. Within a CPU ids are in the order of names. */
const char *kpdb_event_name(unsigned id);
/* How many ids there are: hardware names and aliases of all CPUs of this build. */
unsigned kpdb_event_ids(void);
/*
 * The CPU's aliases: the first with an id above `previous` (-1 to begin with).
 * Its id, whose name is kpdb_event_name()'s, with *event the id of what it
 * means; or KPDB_NO_CPU or KPDB_END.
 */
int kpdb_alias_next(unsigned cpu, int previous, uint16_t *event);
/* The other spelling of a renamed event, by its id; NULL when it was not renamed. */
const char *kpdb_renamed(unsigned id);

/* ---- chip-agnostic names and metrics ------------------------------------------------ */

/* A name that means the same quantity on every chip that supports it. */
struct kpdb_name {
    const char *name;    /* "branch-misses" */
    const char *unit;    /* "branches" */
    const char *summary; /* one sentence */
};

unsigned kpdb_name_count(void);
/* The n-th name, in byte order: 0, or KPDB_NO_EVENT and *out untouched. */
int kpdb_name(unsigned n, struct kpdb_name *out);
/* The number of a name, or KPDB_NO_EVENT. */
int kpdb_name_find(const char *name, size_t length);
/*
 * The event that counts the n-th name on a CPU in a release (or
 * KPDB_ANY_RELEASE). 0, or an error and *out untouched: KPDB_NO_CPU,
 * KPDB_NO_EVENT (no such name), KPDB_NOT_ON_CPU (not supported there),
 * KPDB_NOT_IN_RELEASE.
 */
int kpdb_name_on(unsigned cpu, int release, unsigned n, struct kpdb_event *out);

/* A quantity computed of names: scale * sum of numerators / sum of denominators. */
struct kpdb_metric {
    const char *name;    /* "ipc" */
    const char *unit;    /* "instructions/cycle" */
    const char *summary; /* one sentence */
    uint32_t scale;
    const uint16_t *numerators; /* numbers of names, as in kpdb_name() */
    unsigned numerator_count;
    const uint16_t *denominators;
    unsigned denominator_count;
};

unsigned kpdb_metric_count(void);
/* The n-th metric, in byte order: 0, or KPDB_NO_EVENT and *out untouched. */
int kpdb_metric(unsigned n, struct kpdb_metric *out);

#ifdef __cplusplus
}
#endif

#endif
