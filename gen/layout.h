/*
 * The shape of the tables that libkpdb reads (db/lookup.c): what is a string,
 * a row, a bit, and which number stands for what. Names follow the arrays of
 * gen/templates/kpdb_tables.h.mustache.
 */
#ifndef KPEPC_LAYOUT_H
#define KPEPC_LAYOUT_H

#include "model.h"

enum { LAYOUT_NO_ID = 0xffff };

/* What many rows share, so that a row is four bytes. */
struct layout_kind {
    uint32_t counters;
    unsigned fallback; /* event id, or LAYOUT_NO_ID */
    unsigned other;
    uint32_t releases;
    int fixed;
    size_t kernel; /* of `versions`, from 1 on; 0: in no kernel's list */
};

struct layout_row {
    unsigned number, umask;
    size_t kind;
    const char *name; /* one of those that have it, for the comment */
};

/* A word of a CPU's event bitmap, and the entry of its lowest bit. */
struct layout_word {
    uint32_t bits;
    size_t rank;
};

struct layout_cpu {
    const struct cpu *cpu;
    size_t db, marketing; /* strings */
    size_t first, words, word_at;
    size_t ids_at, also_at;
};

struct layout_id {
    struct cpu_id id;
    size_t cpu;
    size_t chips_at, chips;
};

struct layout_candidate {
    size_t event, set;
};

/* Numbers, growing. */
struct numbers {
    size_t *list;
    size_t count, capacity;
};

struct strings {
    const char **list;
    size_t count, capacity;
    size_t bytes; /* with their NULs */
};

struct layout {
    const struct model *model;
    struct strings strings; /* event ids, then names, then what CPUs are called */
    size_t event_ids;
    bool *is_hardware;  /* of an event id: a hardware name somewhere, not only an alias */
    size_t releases_at; /* the first release's string */

    struct layout_cpu *cpus;
    struct layout_id *ids;
    size_t id_count;
    struct numbers chips, also; /* strings */

    struct layout_word *words;
    size_t word_count;
    struct numbers entries; /* a row, or row_count + the event id an alias means */
    struct layout_row *rows;
    size_t row_count;
    struct layout_kind *kinds;
    size_t kind_count;
    struct numbers versions; /* of macOS: since when a kernel lists an event */
    struct numbers renames;  /* pairs: an id and the next spelling of the same event */

    struct numbers name_at; /* the first candidate of each name, and the end */
    struct layout_candidate *candidates;
    size_t candidate_count;
    const bool **sets; /* of CPUs */
    size_t set_count;

    struct strings prose; /* units, summaries, names of metrics */
    struct numbers terms; /* of metrics */

    unsigned rotate; /* of the hash */
    struct numbers displacements, slots;
    uint32_t fingerprint; /* of every string and number above */
};

/* Reports what the tables cannot hold; the layout is whole only if nothing was. */
struct layout layout_tables(struct arena *arena, const struct model *model);
/* The C identifier a name becomes: what is no letter or digit is '_'. */
char *layout_identifier(struct arena *arena, const char *name);
/* The number of a string of prose that is there. */
size_t layout_prose(const struct layout *layout, const char *text);

#endif
