/*
 * What kpepc knows: first as read from one release's directory, then merged
 * over releases, with names and chips resolved. Everything lives in one arena
 * and nothing changes after the step that made it.
 */
#ifndef KPEPC_MODEL_H
#define KPEPC_MODEL_H

#include "common/map.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/* Releases are bits of a 16-bit mask in the tables. */
enum { RELEASES_MAX = 16 };
/* Of a database and of a metric's numerators: counts of 8 bits in the tables. */
enum { CPU_IDS_MAX = 255, TERMS_MAX = 255 };
/* Of a CPU id; Apple's M3 has four. */
enum { CHIPS_MAX = 32 };

enum arch { ARCH_I386, ARCH_X86_64, ARCH_ARM, ARCH_ARM64, ARCHES };

/* The plist's word for it. */
const char *arch_name(enum arch arch);
bool arch_named(const char *name, enum arch *arch);
/* Whether its events carry a unit mask (Intel's). */
bool arch_has_umask(enum arch arch);

/* The three numbers by which macOS knows a CPU: hw.cputype, hw.cpusubtype, hw.cpufamily. */
struct cpu_id {
    uint32_t type, subtype, family;
};

int cpu_id_compare(const struct cpu_id *a, const struct cpu_id *b);
/* "cpu_100000c_2_1b588bb3" (no leading zeros) and back; true when it is exactly that. */
char *cpu_id_text(struct arena *arena, const struct cpu_id *id);
bool cpu_id_parse(const char *text, size_t length, struct cpu_id *id);

struct event {
    const char *name; /* as those of aliases, equal ones once: one text */
    bool has_number, has_umask, has_mask;
    uint16_t number;
    uint8_t umask;
    uint16_t other;       /* Intel's `other` bits, 0 when absent */
    int fixed;            /* index of the fixed counter; -1 for a configurable event */
    uint32_t plist_mask;  /* counters_mask as written, when has_mask */
    uint32_t counters;    /* the effective mask: plist_mask, or all configurable counters */
    const char *fallback; /* NULL when there is none */
    const char *description, *errata; /* Apple's prose, or NULL */
    uint32_t releases;                /* merged: those it exists in */
    uint16_t kernel; /* merged: since which macOS the kernel lists it, 1504 for 15.4; 0: never */
};

struct alias {
    const char *name;
    const char *event;
    uint32_t releases;
};

/* What read.c finds in one plist, and what merge.c makes of several of them. */
struct database {
    const char *name;
    const char *file; /* as read; NULL when merged */
    bool has_internal, internal;
    int64_t version[2];
    enum arch arch;
    const char *marketing_name;
    bool has_fixed, has_config, has_power;
    uint32_t fixed, config, power; /* counter masks, absolute counter numbers */
    struct event *events;          /* by name */
    size_t event_count;
    struct alias *aliases; /* by name */
    size_t alias_count;
    struct cpu_id *ids; /* by number */
    size_t id_count;
    const char *source;  /* of a snapshot: where its facts came from; else NULL */
    const char *release; /* of a snapshot: the release it says it is of; else NULL */
};

struct event *database_event(const struct database *database, const char *name);

struct alias *database_alias(const struct database *database, const char *name);

/* Which of a release's databases a CPU id uses. */
struct owner {
    struct cpu_id id;
    const struct database *database;
};

/* One input directory. */
struct release {
    const char *name;
    const char *directory;
    struct database *databases; /* by name, then file */
    size_t database_count;
    struct owner *owners; /* by id */
    size_t owner_count;
};

/* NULL when the release does not know the CPU. */
const struct database *release_database(const struct release *release, const struct cpu_id *id);

/* A chip-agnostic name: candidates[i] holds for the CPUs of sets[i], the first that exists wins. */
struct candidate {
    const char *event;
    const bool *cpus; /* one flag a CPU of the model */
};

struct portable {
    const char *name, *unit, *summary;
    struct candidate *candidates;
    size_t candidate_count;
};

/* scale * sum(numerator) / sum(denominator), all of them chip-agnostic names (indexes). */
struct metric {
    const char *name, *unit, *summary;
    int64_t scale;
    size_t *numerator, *denominator;
    size_t numerator_count, denominator_count;
};

/* What is sold with a CPU id. */
struct chip {
    struct cpu_id id;
    const char **names;
    size_t name_count;
    const char *confidence;
    unsigned event_bits; /* selector width of its PMU; 0 when not known */
};

/* A merged database: one kind of CPU, the same database in every release. */
struct cpu {
    struct database db;
    uint32_t releases;
    const char **also; /* other database names that mean it */
    size_t also_count;
    unsigned event_bits;
    bool has_kernel_list;            /* some kernel's list of selectors for it is known */
    const struct database **history; /* per release; NULL where it is not known */
};

/* The same event by two names on one CPU: the older release's, the newer's. */
struct rename {
    const char *from, *to;
};

/* The names of one event: A was renamed to B, then B to C. */
struct spellings {
    const char **names;
    size_t count;
};

struct model {
    const char **releases; /* oldest first */
    size_t release_count;
    struct cpu *cpus;
    size_t cpu_count;
    struct rename *renames; /* by from, then to */
    size_t rename_count;
    struct spellings *renamed; /* of each event that has several */
    size_t renamed_count;
    struct map renamed_by_name; /* its number there, from 1 */
    struct portable *names;     /* by name */
    size_t name_count;
    struct metric *metrics; /* by name */
    size_t metric_count;
    struct chip *chips; /* by id */
    size_t chip_count;
};

/*
 * read.c: reports all that is wrong; what it returns is whole only if nothing
 * was. name: NULL for what the databases say of themselves, or the directory's.
 */
struct release read_release(struct arena *arena, const char *name, const char *directory,
                            bool descriptions);

/*
 * An event that is gone from a CPU, and what it is called in its next release: the one event that
 * came and has its encoding, when no other fits. Else NULL, and how many have the encoding in the
 * old and, had they come, in the new release.
 */
struct departure {
    const struct event *gone, *come;
    size_t before, after;
};

/* Of all events of old that new does not have, in old's order; how many. */
size_t merge_departures(struct arena *arena, const struct database *old, const struct database *new,
                        struct departure **departures);

/* merge.c: releases oldest first. */
struct model merge_releases(struct arena *arena, const struct release *releases, size_t count);
/* Only the CPUs named ("a14", "m1-max", "cpu_..."), and what they need; reports unknown ones. */
void merge_select(struct arena *arena, struct model *model, const char *const *cpus, size_t count);

/* names.c: db/names.plist and db/chips.plist into the model. */
void names_read(struct arena *arena, struct model *model, const char *file, bool allow_missing);
void chips_read(struct arena *arena, struct model *model, const char *file);
/* kernel.c: db/kernel.plist into the model's events. */
void kernel_read(struct arena *arena, struct model *model, const char *file);
const struct chip *model_chip(const struct model *model, const struct cpu_id *id);
/* The candidate that a CPU counts the name with in a release; NULL when it is not supported. */
const struct event *portable_on(const struct model *model, const struct portable *name, size_t cpu,
                                size_t release);
/* The same in *event, and which candidate it is; their count when it is not supported. */
size_t portable_candidate(const struct model *model, const struct portable *name, size_t cpu,
                          size_t release, const struct event **event);
/* The CPU of each id, and of each name of a database: its number, from 1. */
struct map model_ids(struct arena *arena, const struct model *model);
struct map model_databases(struct arena *arena, const struct model *model);
/* Whether two names are one event's: the same, or linked by renames. */
bool model_same_event(const struct model *model, const char *a, const char *b);
/* The event by that name in that release, through a rename if need be; NULL when there is none. */
const struct event *event_in(const struct model *model, const struct cpu *cpu, const char *name,
                             size_t release);
/* The newest release that knows the CPU. */
size_t cpu_newest(const struct cpu *cpu);

#endif
