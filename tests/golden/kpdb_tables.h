/*
 * Written by kpepc from the releases r-1: do not edit.
 *
 * 1 CPUs, 9 names of events, 9 rows for 7 events, 4 chip-agnostic names.
 *
 * Included by libkpdb's lookup.c and by nothing else. No array holds a pointer,
 * so nothing has to be relocated; the offsets into the strings are the C
 * compiler's.
 */
#include "kpdb_ids.h"

#ifndef KPDB_FINGERPRINT
#error "kpdb_ids.h is not kpepc's: compile the databases again"
#endif
_Static_assert(KPDB_FINGERPRINT == 0xb0894f71u,
               "kpdb_ids.h and kpdb_tables.h are of two compiles: compile the databases again");

enum {
    TABLE_RELEASES = 1,
    TABLE_RELEASES_AT = 13, /* the string of the first release's name */
    TABLE_CPUS = 1,
    TABLE_CPU_IDS = 1,
    TABLE_DESIGNATIONS = 2,
    TABLE_EVENT_IDS = 9,
    TABLE_NAMES = 4,
    TABLE_METRICS = 2,
    TABLE_ROWS = 9,
    TABLE_VARIANT_MASK = 15, /* 15: two variants in a byte */
    TABLE_KERNELS = 0,
    TABLE_RENAMES = 0,
    TABLE_HASH_THOROUGH = 0, /* struct kpdb_hashing, of event ids and names */
    TABLE_HASH_SPREAD = 0,
    TABLE_HASH_ROTATE = 0,
    TABLE_HASH_SHIFT = 29,
    TABLE_HASH_SLOT_SHIFT = 28,
    TABLE_LONGEST = 18, /* string, bytes */
    TABLE_COMPARE_SPREAD = 0, /* as TABLE_HASH_SPREAD: what covers most strings */
    TABLE_SET_WORDS = 1,
};

/* The narrowest that hold this build's numbers. */
typedef uint8_t table_number; /* of a string, a CPU, a place in a list */
typedef uint8_t table_variant;
typedef uint8_t table_slot;
typedef uint8_t table_displacement;
typedef uint8_t table_string;
typedef uint8_t table_prose;
typedef uint8_t table_kind_number;

/*
 * Strings: the names of event ids, chip-agnostic names, then what releases and
 * CPUs are called. A string's number is its place in this list.
 */
#define TABLE_STRINGS(X) \
    X(0, "ARM_STALL") \
    X(1, "Cycles") \
    X(2, "FIXED_CYCLES") \
    X(3, "FIXED_INSTRUCTIONS") \
    X(4, "INST_ALL") \
    X(5, "INST_BRANCH") \
    X(6, "Instructions") \
    X(7, "L1D_CACHE_MISS_LD") \
    X(8, "LDST_X64_UOP") \
    X(9, "branches") \
    X(10, "cache-misses") \
    X(11, "cycles") \
    X(12, "instructions") \
    X(13, "r-1") \
    X(14, "t1") \
    X(15, "Test CPU") \
    X(16, "T1") \
    X(17, "T1 Max") \

struct table_strings {
#define X(n, text) char s##n[sizeof text];
    TABLE_STRINGS(X)
#undef X
};
_Static_assert(sizeof(struct table_strings) == 182, "kpdb_tables.h: strings are missing");

/*
 * What an event id is on some CPU, in the order of ids: an event; or, of kind 0,
 * an alias, and number is the id of what it means.
 */
struct table_row {
    uint16_t number;
    uint8_t umask;
    table_kind_number kind;
};

/* Of a CPU what finding an event reads. */
struct table_cpu {
    table_number list;    /* of its ids: where its variants are, or the number in pair_lists */
    uint16_t first, span; /* its ids are of first to first + span - 1 */
    uint16_t releases;    /* mask */
};

/* All that finding an event reads, in one object, so that there is one address to make. */
struct tables {
    struct table_cpu cpus[TABLE_CPUS + 1];
    uint8_t shifts[TABLE_CPUS + 1]; /* of a CPU's variants in their bytes */
    struct table_strings strings;
    /* What many rows share: all but id, number and umask; releases: with the CPU's. */
    struct kpdb_event kinds[7 + 1];
    struct table_row rows[TABLE_ROWS + 1];
    table_displacement displacements[8]; /* of a hash's bucket (db/hash.h) */
    table_slot slots[16];
    table_string string_at[18 + 1]; /* from the beginning of all this */
    table_number row_at[TABLE_EVENT_IDS + 1]; /* an id's first row, and the end */
    uint8_t renamed[TABLE_EVENT_IDS / 8 + 1]; /* bit of an id: it is one of table_renames */
    /* Which of an id's rows is a CPU's, for each id from the CPU's first on; from 1, 0: none. */
    table_variant variants[9 + 1];
};
static const struct tables tables = {
    .cpus = {
        { 0, 0, 9, 0x1 }, /* t1 */
    },
    .shifts = { 0,  },
    .strings = {
#define X(n, text) text,
        TABLE_STRINGS(X)
#undef X
    },
    .kinds = {
        { 0, 0, 0x0, 0, 0x0, 0x0, 0, 0 },
        { 0, 0, 0xfc, 65535, 0x0, 0xffff, -1, 0 },
        { 0, 0, 0x1, 65535, 0x0, 0xffff, 0, 0 },
        { 0, 0, 0x2, 4, 0x0, 0xffff, 1, 0 },
        { 0, 0, 0x80, 65535, 0x0, 0xffff, -1, 0 },
        { 0, 0, 0xe0, 65535, 0x0, 0xffff, -1, 0 },
        { 0, 0, 0x3fc, 65535, 0x0, 0xffff, -1, 0 },
    },
    .rows = {
        { 0x4006, 0x0, 1 }, /* ARM_STALL */
        { 0x2, 0x0, 0 }, /* alias of FIXED_CYCLES */
        { 0x0, 0x0, 2 }, /* FIXED_CYCLES */
        { 0x0, 0x0, 3 }, /* FIXED_INSTRUCTIONS */
        { 0x8c, 0x0, 4 }, /* INST_ALL */
        { 0x8d, 0x0, 5 }, /* INST_BRANCH */
        { 0x3, 0x0, 0 }, /* alias of FIXED_INSTRUCTIONS */
        { 0xa3, 0x0, 6 }, /* L1D_CACHE_MISS_LD */
        { 0xb1, 0x0, 6 }, /* LDST_X64_UOP */
    },
    .displacements = { 0, 0, 0, 0, 0, 1, 0, 0,  },
    .slots = { 0, 4, 12, 5, 0, 6, 3, 7, 9, 0, 0, 2, 1, 11, 8, 10,  },
    .string_at = {
#define X(n, text) offsetof(struct tables, strings.s##n),
        TABLE_STRINGS(X)
#undef X
        offsetof(struct tables, strings) + sizeof(struct table_strings),
    },
    .row_at = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,  },
    .renamed = { 0, 0,  },
    .variants = { 1, 1, 1, 1, 1, 1, 1, 1, 1,  },
};

/* Of a CPU all else. */
struct table_cpu_more {
    uint32_t fixed, config, power; /* masks of counters */
    table_number db, marketing;    /* strings */
    table_number ids_at, also_at, kernels_at;
    uint16_t kernel;  /* the first macOS whose kernel lists most of its events: 1504 is 15.4 */
    uint16_t kernels; /* of those that are not as most */
    uint16_t events;  /* how many */
    uint8_t ids, also, arch, event_bits;
    uint8_t kernel_list; /* some kernel's list of selectors for it is known */
};
static const struct table_cpu_more table_cpus_more[TABLE_CPUS + 1] = {
    { 0x3, 0x3fc, 0xe0, 14, 15, 0, 0, 0, 0, 0, 7, 1, 0, 3, 16, 0 }, /* t1 */
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
};

struct table_id {
    uint32_t type, subtype, family;
    table_number cpu, chips_at;
    uint16_t chips;
};
static const struct table_id table_ids[TABLE_CPU_IDS + 1] = {
    { 0x100000c, 2, 0x1234abcd, 0, 0, 2 },
    {0, 0, 0, 0, 0, 0},
};
/* All of table_ids by number, for a binary search. */
static const table_number table_id_order[] = {
    0, 0,
};
/* Strings. */
static const table_number table_chips[] = {
    16, 17, 0,
};
static const table_number table_also[] = {
    0,
};
/* What CPUs are called, in the order of what kpdb_folded() makes of it. */
struct table_designation {
    table_number string, cpu;
};
static const struct table_designation table_designations[] = {
    { 14, 0 }, /* t1 */
    { 17, 0 }, /* T1 Max */
    {0, 0},
};

/* A CPU's events, by id, that a kernel lists since another macOS than most, or (0) not at all. */
struct table_kernel {
    uint16_t event, since;
};
static const struct table_kernel table_kernels[TABLE_KERNELS + 1] = {
    {0, 0},
};

/* By id, a renamed event's id and the next of its spellings, the last's next being the first. */
struct table_rename {
    uint16_t id, next;
};
static const struct table_rename table_renames[TABLE_RENAMES + 1] = {
    {0, 0},
};

/* Chip-agnostic names: the candidates of name n are table_name_at[n] to table_name_at[n + 1]. */
static const table_number table_name_at[] = {
    0, 1, 1, 2, 3, 
};
_Static_assert(sizeof table_name_at / sizeof table_name_at[0] == TABLE_NAMES + 1,
               "kpdb_tables.h: names are missing");
struct table_candidate {
    uint16_t event;
    table_number set; /* of CPUs it holds for */
};
static const struct table_candidate table_candidates[] = {
    { 5, 0 }, /* INST_BRANCH */
    { 2, 0 }, /* FIXED_CYCLES */
    { 3, 0 }, /* FIXED_INSTRUCTIONS */
    {0, 0},
};
static const uint32_t table_sets[] = {
    0x1, 0,
};

/* Text for people, apart from what a lookup needs: a program that shows none has none. */
#define TABLE_PROSE(X) \
    X(0, "branches") \
    X(1, "Retired branches.") \
    X(2, "requests") \
    X(3, "Last-level misses.") \
    X(4, "cycles") \
    X(5, "Core clock cycles.") \
    X(6, "instructions") \
    X(7, "Retired instructions.") \
    X(8, "branch-fraction") \
    X(9, "percent") \
    X(10, "Share of branches.") \
    X(11, "ipc") \
    X(12, "instructions/cycle") \
    X(13, "Instructions a cycle.") \

struct table_prose_strings {
#define X(n, text) char s##n[sizeof text];
    TABLE_PROSE(X)
#undef X
    char end;
};
_Static_assert(sizeof(struct table_prose_strings) == 204 + 1,
               "kpdb_tables.h: prose is missing");
static const struct table_prose_strings table_prose_strings = {
#define X(n, text) text,
    TABLE_PROSE(X)
#undef X
    0,
};
static const table_prose table_prose_at[] = {
#define X(n, text) offsetof(struct table_prose_strings, s##n),
    TABLE_PROSE(X)
#undef X
    offsetof(struct table_prose_strings, end),
};

struct table_name_text {
    table_number unit, summary; /* prose */
};
static const struct table_name_text table_name_texts[TABLE_NAMES + 1] = {
    { 0, 1 }, /* branches */
    { 2, 3 }, /* cache-misses */
    { 4, 5 }, /* cycles */
    { 6, 7 }, /* instructions */
    {0, 0},
};

struct table_metric {
    table_number name, unit, summary; /* prose */
    table_number terms_at;
    uint32_t scale;
    uint8_t numerators, denominators;
};
static const struct table_metric table_metrics[TABLE_METRICS + 1] = {
    { 8, 9, 10, 0, 100, 1, 1 }, /* branch-fraction */
    { 11, 12, 13, 2, 1, 1, 1 }, /* ipc */
    {0, 0, 0, 0, 0, 0, 0},
};
/* Names, by number. */
static const uint16_t table_terms[] = {
    0, 3, 3, 2, 0,
};

/* The last line: a file cut short fails to compile. */
#define TABLE_END 0xb0894f71u
