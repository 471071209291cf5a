/*
 * Written by kpepc: do not edit. The releases, by number:
 *   0 r-1
 *
 * 1 CPUs, 9 names of events, 9 rows for 7 events,
 * 4 chip-agnostic names.
 *
 * Included by libkpdb's lookup.c and by nothing else. No array holds a pointer,
 * so nothing has to be relocated; the offsets into the strings are the C
 * compiler's. gen/layout.h draws the way from a name to its event.
 *
 * Lists of bare numbers have eight to a line. Many arrays end with an item of
 * zeros, so that none is empty.
 */
#include "kpdb_ids.h"

#ifndef KPDB_FINGERPRINT
#error "kpdb_ids.h is not kpepc's: compile the databases again"
#endif
_Static_assert(KPDB_FINGERPRINT == 0xd3b1713du,
               "kpdb_ids.h and kpdb_tables.h are of two compiles: compile the databases again");

enum {
    TABLE_RELEASES = 1,
    TABLE_RELEASES_AT = 13, /* the string of the first release's name */
    TABLE_WHOLE_RELEASES = 0x1, /* bit n: release n lacks what is not in it */
    TABLE_CPUS = 1,
    TABLE_CPU_IDS = 1,
    TABLE_DESIGNATIONS = 2,
    TABLE_EVENT_IDS = 9,
    TABLE_NAMES = 4,
    TABLE_ROWS = 9,
    TABLE_VARIANT_MASK = 0xf, /* 0xf: two variants in a byte */
    TABLE_OLDER_ROWS = 0,
    TABLE_ALIAS_KINDS = 1,
    TABLE_PAST = 0,
    TABLE_KERNELS = 0,
    TABLE_MSRS = 0,
    TABLE_RENAMES = 0,
    /* How names of events and chip-agnostic names are hashed: struct kpdb_hashing (db/hash.h). */
    TABLE_HASH_THOROUGH = 0,
    TABLE_HASH_SPREAD = 0,
    TABLE_HASH_ROTATE = 0,
    TABLE_HASH_SHIFT = 29,
    TABLE_HASH_SLOT_SHIFT = 28,
    TABLE_LONGEST = 18, /* bytes of the longest string */
    TABLE_COMPARE_SPREAD = 0, /* the spread at which most names are compared whole */
    TABLE_SET_WORDS = 1, /* words in a set of CPUs, one for 32 of them */
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
 * Strings, by number: string n below TABLE_EVENT_IDS is the name of event id n,
 * TABLE_EVENT_IDS + n that of chip-agnostic name n; then what releases and CPUs
 * are called.
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
 * What an event id is on some CPU, in the order of ids: an event; or, of a kind
 * below TABLE_ALIAS_KINDS, an alias, and number is the id of what it means.
 */
struct table_row {
    uint16_t number;
    uint8_t umask;
    table_kind_number kind; /* index into kinds */
};

/* What finding an event reads of a CPU. */
struct table_cpu {
    table_number list;    /* index into variants of its first one; CPUs may share them */
    uint16_t first, span; /* its event ids are among first to first + span - 1 */
    uint16_t releases;    /* bit n: release n has the CPU */
};

/* All that finding an event reads, in one object, so that there is one address to make. */
struct tables {
    /* By CPU. */
    struct table_cpu cpus[TABLE_CPUS + 1];
    /* By CPU: how far a byte of variants is shifted right for its own, 0 or 4 bits. */
    uint8_t shifts[TABLE_CPUS + 1];
    struct table_strings strings;
    /*
     * By kind: what many rows share, which is all but id, number and umask. The first are those of
     * aliases. releases is a mask, 0xffff being all that have the CPU: a row is what an event is in
     * these.
     */
    struct kpdb_event kinds[7 + 1];
    /* By row: row_at says which an id's are. */
    struct table_row rows[TABLE_ROWS + 1];
    /* By bucket of a name's hash (db/hash.h). */
    table_displacement displacements[8];
    /* By slot of a name's hash: the number of its string; 0 too where no name is. */
    table_slot slots[16];
    /* By string: where it begins, bytes from the beginning of this struct; and the last's end. */
    table_string string_at[18 + 1];
    /* By event id: its first row; and the end of the last one's. */
    table_number row_at[TABLE_EVENT_IDS + 1];
    /* By event id / 8: bit id % 8 says that the id is one of table_renames. */
    uint8_t renamed[TABLE_EVENT_IDS / 8 + 1];
    /*
     * By table_cpu.list + event id - table_cpu.first: which of the id's rows is the CPU's, from 1;
     * 0: none.
     */
    table_variant variants[9 + 1];
};
static const struct tables tables = {
    .cpus = {
        /* 0: t1 */
        { .list = 0, .first = 0, .span = 9, .releases = 0x1 },
    },
    .shifts = {
        0,
        0,
    },
    .strings = {
#define X(n, text) .s##n = text,
        TABLE_STRINGS(X)
#undef X
    },
    .kinds = {
        /* 0 */
        { .id = 0, .number = 0, .counters = 0x0,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = 0, .umask = 0 },
        /* 1 */
        { .id = 0, .number = 0, .counters = 0xfc,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = -1, .umask = 0 },
        /* 2 */
        { .id = 0, .number = 0, .counters = 0x1,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = 0, .umask = 0 },
        /* 3 */
        { .id = 0, .number = 0, .counters = 0x2,
          .fallback = 4,
          .other = 0x0, .releases = 0xffff, .fixed = 1, .umask = 0 },
        /* 4 */
        { .id = 0, .number = 0, .counters = 0x80,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = -1, .umask = 0 },
        /* 5 */
        { .id = 0, .number = 0, .counters = 0xe0,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = -1, .umask = 0 },
        /* 6 */
        { .id = 0, .number = 0, .counters = 0x3fc,
          .fallback = KPDB_NO_ID,
          .other = 0x0, .releases = 0xffff, .fixed = -1, .umask = 0 },
    },
    .rows = {
        /* id 0, row 0: ARM_STALL */
        { .number = 0x4006, .umask = 0x0, .kind = 1 },
        /* id 1, row 1: Cycles */
        /* an alias of FIXED_CYCLES */
        { .number = 0x2, .umask = 0x0, .kind = 0 },
        /* id 2, row 2: FIXED_CYCLES */
        { .number = 0x0, .umask = 0x0, .kind = 2 },
        /* id 3, row 3: FIXED_INSTRUCTIONS */
        { .number = 0x0, .umask = 0x0, .kind = 3 },
        /* id 4, row 4: INST_ALL */
        { .number = 0x8c, .umask = 0x0, .kind = 4 },
        /* id 5, row 5: INST_BRANCH */
        { .number = 0x8d, .umask = 0x0, .kind = 5 },
        /* id 6, row 6: Instructions */
        /* an alias of FIXED_INSTRUCTIONS */
        { .number = 0x3, .umask = 0x0, .kind = 0 },
        /* id 7, row 7: L1D_CACHE_MISS_LD */
        { .number = 0xa3, .umask = 0x0, .kind = 6 },
        /* id 8, row 8: LDST_X64_UOP */
        { .number = 0xb1, .umask = 0x0, .kind = 6 },
    },
    .displacements = {
        0, 0, 0, 0, 0, 1, 0, 0,
    },
    .slots = {
        0, 4, 12, 5, 0, 6, 3, 7,
        9, 0, 0, 2, 1, 11, 8, 10,
    },
    .string_at = {
#define X(n, text) offsetof(struct tables, strings.s##n),
        TABLE_STRINGS(X)
#undef X
        offsetof(struct tables, strings) + sizeof(struct table_strings),
    },
    .row_at = {
        0, 1, 2, 3, 4, 5, 6, 7,
        8, 9,
    },
    .renamed = {
        0, 0,
    },
    .variants = {
        1, 1, 1, 1, 1, 1, 1, 1,
        1,
        0,
    },
};

/* By CPU: all else that is known of it. The members that end in _at are where its part begins. */
struct table_cpu_more {
    uint32_t fixed, config, power; /* masks of counters */
    table_number db, marketing;    /* strings */
    table_number ids_at, also_at, kernels_at; /* of table_ids, table_also, table_kernels */
    uint16_t kernel;     /* the first macOS whose kernel lists most of its events: 1504 is 15.4 */
    uint16_t kernels;    /* how many of table_kernels are its */
    uint16_t events;     /* how many it has */
    uint8_t ids, also;   /* how many of table_ids and table_also are its */
    uint8_t arch;        /* enum kpdb_arch */
    uint8_t event_bits;  /* width of a selector of its PMU */
    uint8_t kernel_list; /* 1: some kernel's list of selectors for it is known */
};
static const struct table_cpu_more table_cpus_more[TABLE_CPUS + 1] = {
    /* 0: t1 */
    { .fixed = 0x3, .config = 0x3fc, .power = 0xe0,
      .db = 14, .marketing = 15,
      .ids_at = 0, .also_at = 0, .kernels_at = 0,
      .kernel = 0, .kernels = 0, .events = 7,
      .ids = 1, .also = 0, .arch = KPDB_ARM64, .event_bits = 16,
      .kernel_list = 0 },
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
};

/* By CPU and its ids: those of a CPU are from its ids_at on. */
struct table_id {
    uint32_t type, subtype, family;
    table_number cpu;
    table_number chips_at; /* its first of table_chips */
    uint16_t chips;
};
static const struct table_id table_ids[TABLE_CPU_IDS + 1] = {
    { .type = 0x100000c, .subtype = 2, .family = 0x1234abcd,
      .cpu = 0, .chips_at = 0, .chips = 2 },
    {0, 0, 0, 0, 0, 0},
};
/* By number of table_ids: how sure its chips are, and how that is known. */
struct table_id_note {
    table_number note;  /* prose, from 1; 0: none */
    uint8_t confidence; /* 1 low, 2 medium, 3 high; 0: not known */
};
static const struct table_id_note table_id_notes[TABLE_CPU_IDS + 1] = {
    { .note = 0, .confidence = 3 },
    {0, 0},
};
/* By rank: indices into table_ids, in the order of their numbers, for a binary search. */
static const table_number table_id_order[] = {
    0,
    0,
};
/* By table_id.chips_at and on: strings. */
static const table_number table_chips[] = {
    16, 17,
    0,
};
/* By table_cpu_more.also_at and on: strings. */
static const table_number table_also[] = {
    0,
};
/* By rank: what CPUs are called, in the order of what kpdb_folded() makes of it. */
struct table_designation {
    table_number string, cpu;
};
static const struct table_designation table_designations[] = {
    { .string = 14, .cpu = 0 }, /* t1 */
    { .string = 17, .cpu = 0 }, /* T1 Max */
    {0, 0},
};

/*
 * By rank, in the order of rows: a row and that of the same event or alias in older releases, where
 * these say otherwise.
 */
struct table_older_row {
    table_number row, older;
};
static const struct table_older_row table_older_rows[TABLE_OLDER_ROWS + 1] = {
    {0, 0},
};

/* By CPU: what releases say of its counters that say otherwise than the newest. */
struct table_past {
    uint32_t fixed, config, power; /* masks of counters */
    table_number cpu, marketing;   /* marketing: a string */
    uint16_t releases;             /* bit n: release n says so */
};
static const struct table_past table_past[TABLE_PAST + 1] = {
    {0, 0, 0, 0, 0, 0},
};

/*
 * By table_cpu_more.kernels_at and on, in the order of numbers: a CPU's selectors that a kernel
 * lists since another macOS than most, or (0) not at all.
 */
struct table_kernel {
    uint16_t number, since;
};
static const struct table_kernel table_kernels[TABLE_KERNELS + 1] = {
    {0, 0},
};

/* In the order of selectors: Intel's whose events count what a model-specific register says. */
struct table_msr {
    uint32_t selector; /* number << 8 | unit mask */
    uint16_t msr;
};
static const struct table_msr table_msrs[TABLE_MSRS + 1] = {
    {0, 0},
};

/*
 * By rank, in the order of ids: a renamed event's id and the next of its spellings, the last's
 * next being the first.
 */
struct table_rename {
    uint16_t id, next;
};
static const struct table_rename table_renames[TABLE_RENAMES + 1] = {
    {0, 0},
};

/* By chip-agnostic name: its first of table_candidates; and the end of the last one's. */
static const table_number table_name_at[] = {
    0, 1, 1, 2, 3,
};
_Static_assert(sizeof table_name_at / sizeof table_name_at[0] == TABLE_NAMES + 1,
               "kpdb_tables.h: names are missing");
/* By table_name_at and on: what counts a name, best first. */
struct table_candidate {
    uint16_t event;
    table_number set; /* of the CPUs it holds for */
};
static const struct table_candidate table_candidates[] = {
    { .event = 5, .set = 0 }, /* INST_BRANCH */
    { .event = 2, .set = 0 }, /* FIXED_CYCLES */
    { .event = 3, .set = 0 }, /* FIXED_INSTRUCTIONS */
    {0, 0},
};
/* By set * TABLE_SET_WORDS + CPU / 32: bit CPU % 32 says that the set has the CPU. */
static const uint32_t table_sets[] = {
    0x1,
    0,
};

/*
 * Text for people, by number of prose, apart from what a lookup needs: a program that shows none
 * has none.
 */
#define TABLE_PROSE(X) \
    X(0, "branches") \
    X(1, "Retired branches.") \
    X(2, "requests") \
    X(3, "Last-level misses.") \
    X(4, "cycles") \
    X(5, "Core clock cycles.") \
    X(6, "instructions") \
    X(7, "Retired instructions.") \

struct table_prose_strings {
#define X(n, text) char s##n[sizeof text];
    TABLE_PROSE(X)
#undef X
    char end;
};
_Static_assert(sizeof(struct table_prose_strings) == 116 + 1,
               "kpdb_tables.h: prose is missing");
static const struct table_prose_strings table_prose_strings = {
#define X(n, text) .s##n = text,
    TABLE_PROSE(X)
#undef X
    .end = 0,
};
/* By number of prose: where it begins in table_prose_strings, bytes; and the end of the last. */
static const table_prose table_prose_at[] = {
#define X(n, text) offsetof(struct table_prose_strings, s##n),
    TABLE_PROSE(X)
#undef X
    offsetof(struct table_prose_strings, end),
};

/* By chip-agnostic name. */
struct table_name_text {
    table_number unit, summary; /* prose */
};
static const struct table_name_text table_name_texts[TABLE_NAMES + 1] = {
    { .unit = 0, .summary = 1 }, /* branches */
    { .unit = 2, .summary = 3 }, /* cache-misses */
    { .unit = 4, .summary = 5 }, /* cycles */
    { .unit = 6, .summary = 7 }, /* instructions */
    {0, 0},
};

/* The last line: a file cut short fails to compile. */
#define TABLE_END 0xd3b1713du
