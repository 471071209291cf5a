/*
 * A model becomes the numbers of the tables that libkpdb reads (db/lookup.c): what is a string, a
 * row, a bit, and which number stands for what. Names follow the arrays of
 * gen/templates/kpdb_tables.h.mustache, which says of each what an index into it is.
 *
 * The way of kpdb_find(cpu, ..., "INST_BRANCH", ...) through them:
 *
 *     name     "INST_BRANCH"
 *      | kpdb_hash()
 *     hash ---------------------------.
 *      | kpdb_bucket()                |
 *     bucket                          |
 *      | displacements[bucket]        |
 *     displacement --- kpdb_slot() ---'
 *                          |
 *                         slot
 *                          | slots[slot]; string_at[string] says whether it is that name
 *                         string, and event id when below TABLE_EVENT_IDS: else a chip-agnostic
 *                          |      name, whose candidates are event ids
 *                          | cpus[cpu]: first <= id < first + span
 *                          | variants[list + id - first]
 *                         variant, from 1; 0: not on this CPU
 *                          | row_at[id] + variant - 1
 *                         row     number, umask
 *                          | rows[row].kind
 *                         kind    counters, fallback, other, releases, fixed; below alias_kinds:
 *                                 an alias, the row's number being the id to go on with
 *
 * A row holds in the releases of its kind. Where an event or alias was otherwise in others, their
 * row is an older one of it (older_rows).
 *
 * Where CPUs have few of the ids of their spans (sparse), the pair of list and id is hashed as a
 * name is, to a slot of pair_lists and pair_rows: there is no variant.
 */
#ifndef KPEPC_LAYOUT_H
#define KPEPC_LAYOUT_H

#include "common/map.h"
#include "model.h"
#include "perfect.h"

enum { LAYOUT_NO_ID = 0xffff, LAYOUT_HALF_BYTE = 15, LAYOUT_ALL_RELEASES = 0xffff };

/* What many rows share, so that a row is four bytes. The first kinds are those of aliases. */
struct layout_kind {
    uint32_t counters;
    unsigned fallback; /* event id, or LAYOUT_NO_ID */
    unsigned other;
    uint32_t releases; /* LAYOUT_ALL_RELEASES: all of the CPU's */
    int fixed;
};

/* An id's meaning on some CPU: an event, or by its kind an alias of the event id in number. */
struct layout_row {
    unsigned number, umask;
    size_t kind;
    const char *name; /* of the event that is meant, for the comment */
};

/* A row and that of the same event or alias in older releases. */
struct layout_older {
    size_t row, older;
};

/* A CPU's counters as releases have them that say otherwise than the newest. */
struct layout_past {
    size_t cpu, marketing; /* marketing: a string */
    uint32_t releases, fixed, config, power;
};

struct layout_cpu {
    const struct cpu *cpu;
    size_t db, marketing;       /* strings */
    unsigned kernel;            /* the first macOS whose kernel lists most of its events */
    size_t kernels_at, kernels; /* its part of layout.kernels */
    size_t list;                /* index into layout.lists; CPUs may share one */
    size_t ids_at, also_at;
};

/* The ids that a CPU has, and which of each id's rows it has. */
struct layout_list {
    const size_t *ids, *variants;
    size_t count;
    size_t first, span; /* ids first to first + span - 1 are those it may have */
    size_t at;          /* of its first variant in layout.variants, unless sparse */
    unsigned shift;     /* 4: its variants are the upper halves of their bytes */
};

struct layout_id {
    struct cpu_id id;
    size_t cpu;
    size_t chips_at, chips;
    unsigned confidence;
    size_t note; /* of prose, from 1; 0: none */
};

/* The first macOS whose kernel lists a selector of a CPU; the name of an event for the comment. */
struct layout_kernel {
    unsigned number, since;
    const char *name;
};

struct layout_candidate {
    size_t event, set;
};

/* A CPU by one of its names. */
struct layout_designation {
    size_t string, cpu;
    size_t rank; /* of two that are the same when folded, the lower one counts */
};

/* Numbers, as many as were added. */
struct numbers {
    size_t *list;
    size_t count;
};

struct strings {
    const char **list;
    size_t count;
    size_t bytes;     /* with their NULs */
    struct map known; /* text -> its number, from 1 */
};

struct layout {
    const struct model *model;
    struct strings strings; /* event ids, then names, then what CPUs are called */
    size_t event_ids;
    struct map id_by_name; /* of event ids, from 1 */
    bool *is_hardware;     /* by event id: some CPU has it as an event, not only as an alias */
    size_t releases_at;    /* the first release's string */

    struct layout_cpu *cpus;
    struct layout_id *ids;
    size_t id_count;
    struct numbers chips, also;              /* strings */
    struct numbers id_order;                 /* indices into ids, by type, subtype, family */
    struct layout_designation *designations; /* in the order of what they are when folded */
    size_t designation_count;

    struct layout_list *lists; /* all different */
    size_t list_count;
    /*
     * Which row of an id a list has: either variants, for each id of its span, from 1, 0 being
     * none; or, when most of those would be 0 (sparse), a perfect hash of the pairs of a list and
     * an id that it has.
     */
    bool sparse;
    size_t most_variants; /* what a variant can be; LAYOUT_HALF_BYTE: two share a byte */
    struct numbers variants;
    struct perfect pairs;
    struct numbers pair_lists, pair_rows; /* by slot of pairs; list_count: none */
    struct numbers row_at;                /* by event id: its first row; and the end */
    struct layout_row *rows;
    size_t row_count;
    struct layout_older *older_rows; /* by row */
    size_t older_row_count;
    struct layout_kind *kinds;
    size_t kind_count;
    size_t alias_kinds;       /* kind 0 is that of an alias which means one event everywhere */
    struct layout_past *past; /* by CPU, then newest first */
    size_t past_count;
    struct layout_kernel
        *kernels; /* by CPU and number: those listed since another macOS than most */
    size_t kernel_count;
    struct numbers renames; /* pairs of an id and the next spelling of the event, by id */

    struct numbers name_at; /* by chip-agnostic name: its first candidate; and the end */
    struct layout_candidate *candidates;
    size_t candidate_count;
    const bool **sets; /* by set and CPU: whether it has the CPU */
    size_t set_count;

    struct strings prose; /* units, summaries, notes */

    struct perfect names;    /* of event ids and names */
    size_t longest;          /* bytes of the longest string */
    unsigned compare_spread; /* as kpdb_hashing.spread: words that hold three names of four */
};

/* Reports what the tables cannot hold; the layout is whole only if nothing was reported. */
struct layout layout_tables(struct arena *arena, const struct model *model);
/* Only reports the names that would be one C identifier. */
void layout_check_names(const struct model *model);
/* The C identifier a name becomes: what is no letter or digit is '_'. */
char *layout_identifier(struct arena *arena, const char *name);
/* The same in upper case. */
char *layout_upper_identifier(struct arena *arena, const char *name);
/* The event id of a name; LAYOUT_NO_ID for none. */
size_t layout_event_id(const struct layout *layout, const char *name);
/* The number of a string of prose that is there. */
size_t layout_prose(const struct layout *layout, const char *text);

#endif
