/*
 * What kpepc knows: databases as read from one release's directory (read.c), then CPUs merged over
 * releases (merge.c), with names, chips (names.c) and kernel lists (kernel.c) resolved. Everything
 * lives in one arena, and nothing changes after the step that made it.
 */
#ifndef KPEPC_MODEL_H
#define KPEPC_MODEL_H

#include "common/map.h"
#include "expression.h"
#include "value.h"

#include <stdbool.h>
#include <stdint.h>

/* The tables have a bit for each release, in 16. */
enum { RELEASES_MAX = 16 };
/* The ids of a database: the tables count in 8 bits. */
enum { CPU_IDS_MAX = 255 };
/* Constants of a file, and expressions of all its metrics: the tables have 13 bits for an operand.
 */
enum { CONSTANTS_MAX = 255, EXPRESSIONS_MAX = 255 };
/* Constants of all chips: the tables have 16 bits for where a CPU's begin. */
enum { CHIP_CONSTANTS_MAX = UINT16_MAX };
/* The chips sold with one CPU id; Apple's M3 has four. */
enum { CHIPS_MAX = 32 };
/*
 * Rows of each list of a file of sources: a value keeps the number of its row in 16 bits, and a
 * dispute those of its texts.
 */
enum { SOURCE_ROWS_MAX = 4096 };

enum arch { ARCH_I386, ARCH_X86_64, ARCH_ARM, ARCH_ARM64, ARCHES };

/* The architecture's word in a plist. */
const char *arch_name(enum arch arch);
bool arch_named(const char *name, enum arch *arch);
/* Whether events of the architecture have a unit mask: Intel's do. */
bool arch_has_umask(enum arch arch);

/* The three numbers by which macOS knows a CPU: hw.cputype, hw.cpusubtype, hw.cpufamily. */
struct cpu_id {
    uint32_t type, subtype, family;
};

int cpu_id_compare(const struct cpu_id *a, const struct cpu_id *b);
/* "cpu_100000c_2_1b588bb3", without leading zeros, and back; false for any other text. */
char *cpu_id_text(struct arena *arena, const struct cpu_id *id);
bool cpu_id_parse(const char *text, size_t length, struct cpu_id *id);

/* Each key of an event's dictionary has a row in event_fields[]. */
struct event {
    const char *name; /* interned, like that of an alias: equal names are one pointer */
    bool has_number, has_umask, has_mask;
    bool doubted; /* merged: its summary is likely, not certain */
    uint16_t number;
    uint8_t umask;
    uint16_t other;       /* Intel's `other` bits, 0 when absent */
    int fixed;            /* index of the fixed counter; -1 for a configurable event */
    uint32_t plist_mask;  /* counters_mask as written, when has_mask */
    uint32_t counters;    /* the effective mask: plist_mask, or all configurable counters */
    const char *fallback; /* NULL when there is none */
    const char *description, *errata; /* Apple's prose, or NULL */
    /* merged: what it counts, in a sentence, and "SKL091, SKL044"; NULL where nothing says so */
    const char *summary, *errata_ids;
    uint32_t releases;   /* merged: a bit for each that has the event, with these values */
    struct event *older; /* merged: as other releases have it, newest first; or NULL */
    uint16_t kernel;     /* merged: the first macOS whose kernel lists it, 1504 for 15.4; 0: none */
    /* Merged, from a file like db/intel.plist, which may also set or change `other`: */
    uint16_t overruled; /* the plist's own `other` where it differs; else 0 */
    uint16_t msr;       /* the register that says what the event counts; 0: none */
    uint64_t msr_value; /* what it has to hold; 0 when that is not known */
};

struct alias {
    const char *name;
    const char *event;
    uint32_t releases;   /* merged, as of an event */
    struct alias *older; /* merged: as other releases have it, newest first; or NULL */
};

/* One plist as read.c has it, or several as merge.c makes them one. */
struct database {
    const char *name;
    const char *file; /* its path; NULL when merged */
    bool has_internal, internal;
    int64_t version[2];
    enum arch arch;
    const char *marketing_name;
    bool has_fixed, has_config, has_power;
    uint32_t fixed, config, power; /* counter masks: a bit is the counter of that number */
    struct event *events;          /* by name */
    size_t event_count;
    struct alias *aliases; /* by name */
    size_t alias_count;
    struct cpu_id *ids; /* by number */
    size_t id_count;
    const char *source;  /* of a snapshot: where its facts came from; else NULL */
    const char *release; /* of a snapshot: the release that it says; else NULL */
    uint32_t covers;     /* of a plist: bits of coverage_key(), or COVERS_ALL */
};

/* The mask of all counters: fixed, configurable, and those that the power manager may hold. */
uint32_t database_counters(const struct database *database);
/* The event of a name; the name of the event that an alias is for. NULL when there is none. */
struct event *database_event(const struct database *database, const char *name);
const char *database_alias(const struct database *database, const char *name);

/* Every release that has an event by this name, whatever its values. */
uint32_t event_releases(const struct event *event);
/* The event with the values of a release, of a merged one and those older; NULL: it lacks it. */
const struct event *event_as_in(const struct event *event, size_t release);
/* Whether two releases say the same of an event, prose apart. */
bool event_equals(const struct event *a, const struct event *b);
/*
 * What an alias is for in a release: in one that does not have it, what it is for in the newest
 * that does.
 */
const char *alias_event(const struct alias *alias, size_t release);

enum field_type {
    FIELD_CODE,  /* a number that messages show as hexadecimal */
    FIELD_MASK,  /* the same, of counters; one that is refused has every bit */
    FIELD_INDEX, /* a number that messages show as decimal */
    FIELD_TEXT,  /* printable ASCII */
    FIELD_PROSE, /* any text, for people: kept when asked for, and never compared */
};

enum field_need {
    FIELD_OPTIONAL,
    FIELD_REQUIRED,
    FIELD_REQUIRED_UNLESS_FIXED, /* by an event that has no fixed_counter */
    FIELD_OF_UMASK,              /* required where arch_has_umask(), refused elsewhere */
};

/*
 * A key of a dictionary and the member of a record (struct event or struct database) that keeps it.
 * Whoever reads, compares or shows the keys walks a table of such rows, so that a new key is a row.
 */
struct field {
    const char *key;     /* of the plist, and of the data for templates */
    const char *has_key; /* of the data: whether it is there; NULL for none */
    enum field_type type;
    enum field_need need;
    uint32_t most;  /* of a number; 0: what the member has room for */
    int absent;     /* the number that the member has where the key is not there */
    size_t offset;  /* of the member: a text, or a number of `size` bytes */
    size_t size;    /* 1, 2 or 4; 0 of a text */
    size_t has;     /* offset of the bool that says whether the key is there; 0: `absent` says it */
    size_t meaning; /* offset of the uint32_t that is compared and shown instead; 0 for none */
};

/* The order is that in which differences are told. */
extern const struct field event_fields[], database_fields[];
extern const size_t event_field_count, database_field_count;

struct field_value {
    bool present;
    int64_t number;   /* of a number; its `absent` when it is not there */
    const char *text; /* of a text or prose; NULL when it is not there */
};

/*
 * The field of an event or a database as its plist has it, and as it is meant: where counters_mask
 * is absent, all configurable counters are meant.
 */
struct field_value field_written(const struct field *field, const void *record);
struct field_value field_meant(const struct field *field, const void *record);
bool field_is_text(const struct field *field);
/* The greatest number that the field can be; 0 is the least. */
uint32_t field_most(const struct field *field);
/* Whether the field is meant otherwise in two records; prose never is. */
bool field_differs(const struct field *field, const void *a, const void *b);
/* Set the member as where the key is not there, and to every bit. */
void field_clear(const struct field *field, void *record);
void field_fill(const struct field *field, void *record);
/* Set the member as where the key is there. The text must live as long as the record. */
void field_set_number(const struct field *field, void *record, uint32_t number);
void field_set_text(const struct field *field, void *record, const char *text);

/*
 * What a snapshot that was put together of listings can cover, for it was seen in the release: the
 * keys of event_fields[], then those of database_fields[], "aliases", and "events", which is that
 * the release has no other event. What it has beside these is from elsewhere, and says nothing of
 * the release; that it has the database and the CPU ids is always said. The n-th key, whose bit is
 * 1 << n; NULL behind the last.
 */
const char *coverage_key(size_t n);
/* The bit of a key; 0 when there is no such one. */
uint32_t coverage_bit(const char *key);
/* "number, umask, ... or events": what a message says was expected. */
const char *coverage_keys(struct arena *arena);
/* More than all keys: also that there is no other database. */
#define COVERS_ALL UINT32_MAX

/* The database of a release that a CPU id uses. */
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
    bool whole; /* no file says what it covers: a database that is not here is not in the release */
};

/* The database of a CPU id in the release; NULL when the release does not know the CPU. */
const struct database *release_database(const struct release *release, const struct cpu_id *id);

/* An event that a chip-agnostic name may mean, and on which CPUs. */
struct candidate {
    const char *event;
    const bool *cpus; /* one flag a CPU of the model */
};

/* A chip-agnostic name. On a CPU it means the first of its candidates that exists there. */
struct portable {
    const char *name, *unit, *summary;
    struct candidate *candidates;
    size_t candidate_count;
    /* Where the candidates are on fixed counters: what counts it on configurable ones, or NULL. */
    struct portable *configurable;
};

/* A quantity computed of chip-agnostic names and constants: by the first that a CPU supports. */
struct metric {
    const char *name, *unit, *summary;
    struct expression *expressions;
    size_t expression_count;
};

/* A quantity of a chip that no counter tells, as the width of its rename stage. */
struct constant {
    const char *name, *summary;
};

/* What a constant is on one kind of core of a chip. */
struct chip_constant {
    const char *name, *source;
    char core; /* macOS's letter, as 'P'; 0: of all cores */
    unsigned value;
};

/* The chips sold with a CPU id; none where no chip is known to have it. */
struct chip {
    struct cpu_id id;
    const char **names;
    size_t name_count;
    enum { CONFIDENCE_NONE, CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH } confidence;
    const char *note;                /* how that is known, in one line; or NULL */
    unsigned event_bits;             /* selector width of its PMU; 0 when not known */
    struct chip_constant *constants; /* by name */
    size_t constant_count;
};

/* Where a value comes from: the words are those of KPDB_SOURCES() of db/kpdb.h. */
enum source {
    SOURCE_UNKNOWN,
    SOURCE_APPLE,
    SOURCE_LISTING,
    SOURCE_LIVE_TABLE,
    SOURCE_LINUX_DRIVER,
    SOURCE_TWIN,
    SOURCE_OLDER,
    SOURCE_ASSUMED,
    SOURCE_WORDS,
};

/* The values of an event that have a source of their own. */
enum source_field { SOURCE_LIST, SOURCE_NUMBER, SOURCE_COUNTERS, SOURCE_FIELDS };

extern const char *const source_words[SOURCE_WORDS], *const source_field_words[SOURCE_FIELDS];

/* Another source has another value of an event's field. */
struct dispute {
    const char *event; /* as these releases spell it */
    uint32_t releases;
    const struct field *field;
    int64_t ours, theirs;
    const char *says;      /* who has it */
    const char *confirmed; /* who has ours; NULL: nobody else */
};

/* A merged database: one kind of CPU, the same database in every release. */
struct cpu {
    struct database db;
    uint32_t releases;
    const char **also; /* other names of databases that mean this CPU */
    size_t also_count;
    const char *asked; /* what it was chosen by, as typed; NULL when nobody chose */
    unsigned event_bits;
    bool has_kernel_list;            /* some kernel's list of selectors for it is known */
    const struct database **history; /* per release; NULL where it is not known */
    /*
     * By release, then by event of `history` and SOURCE_FIELDS: which of the model's source_rows
     * says what it comes from, from 1; 0: none. NULL without a file of sources.
     */
    uint16_t **sources;
    struct dispute *disputes;
    size_t dispute_count;
};

/* One event of a CPU that has another name in a newer release. */
struct rename {
    const char *from, *to;
};

/* The names of one event: A was renamed to B, then B to C. */
struct spellings {
    const char **names;
    size_t count;
};

/* A CPU id of which a file says something, and that no database here has. */
struct unknown_id {
    struct cpu_id id;
    const char *file;  /* its path */
    const char *kind;  /* what the file is of: "chips", "kernel" */
    const char *about; /* what has the id there: chips, or the kernel's name of a SoC */
};

/* Intel's events of a selector count what a model-specific register says. */
struct msr {
    uint32_t selector; /* number << 8 | unit mask */
    uint16_t msr;
};

struct model {
    const char **releases; /* oldest first */
    size_t release_count;
    uint32_t whole_releases; /* a bit for each that is whole */
    struct cpu *cpus;
    size_t cpu_count;
    struct rename *renames; /* by from, then to */
    size_t rename_count;
    struct spellings *renamed; /* the names of each event that has several */
    size_t renamed_count;
    struct map renamed_by_name; /* name -> index in `renamed`, from 1 */
    struct portable *names;     /* by name */
    size_t name_count;
    struct metric *metrics; /* by name */
    size_t metric_count;
    struct constant *constants; /* by name */
    size_t constant_count;
    struct msr *msrs; /* by selector, each once */
    size_t msr_count;
    const char *chips_file; /* NULL: no file says anything of chips */
    struct chip *chips;     /* by id */
    size_t chip_count;
    struct unknown_id *unknown_ids; /* in the order in which they were read */
    size_t unknown_id_count;
    const char *sources_file; /* NULL: no file says where values come from */
    uint8_t *source_rows;     /* the enum source of each row */
    size_t source_row_count;
};

/* For the readers of files that speak of CPU ids. */
void model_add_unknown_id(struct arena *arena, struct model *model, struct unknown_id unknown);

/*
 * read.c: the databases of a directory. All that is wrong is reported; the result is whole only
 * when nothing was. name: of the release; NULL for the one that snapshots say, or the directory's
 * name. descriptions: whether prose is kept.
 */
struct release read_release(struct arena *arena, const char *name, const char *directory,
                            bool descriptions);

/*
 * An event that is gone from a CPU. come: the event of the next release that it was renamed to, the
 * only one that came and has its encoding; NULL when there is none. before, after: how many events
 * have the encoding in the old and in the new release; after is 0 when the only one is no new name.
 */
struct departure {
    const struct event *gone, *come;
    size_t before, after;
};

/* Lists the events of old that new does not have, in old's order; returns their count. */
size_t merge_departures(struct arena *arena, const struct database *old, const struct database *new,
                        struct departure **departures);

/* merge.c: the releases, oldest first, as one model. */
struct model merge_releases(struct arena *arena, const struct release *releases, size_t count);
/* Keeps only the CPUs named ("a14", "m1-max", "cpu_..."); reports names of none. */
void merge_select(struct arena *arena, struct model *model, const char *const *cpus, size_t count);

/* names.c: adds to the model what files like db/names.plist and db/chips.plist say. */
void names_read(struct arena *arena, struct model *model, const char *file, bool allow_missing);
void chips_read(struct arena *arena, struct model *model, const char *file);
/* intel.c: tells the model's events what a file like db/intel.plist says. */
void intel_read(struct arena *arena, struct model *model, const char *file, bool allow_missing);
/* kernel.c: tells the model's events what a file like db/kernel.plist says. */
void kernel_read(struct arena *arena, struct model *model, const char *file);
/* sources.c: adds to the model's CPUs what a file like db/sources.plist says. */
void sources_read(struct arena *arena, struct model *model, const char *file, bool allow_missing);
/* Where a value of an event of cpu->history[release] comes from. */
enum source model_source(const struct model *model, const struct cpu *cpu, size_t release,
                         const struct event *event, enum source_field field);
/* meanings.c: tells the model's events what a file like db/meanings.plist says. */
void meanings_read(struct arena *arena, struct model *model, const char *file, bool allow_missing);
/* The chips of a CPU id; NULL when no file says anything of it. */
const struct chip *model_chip(const struct model *model, const struct cpu_id *id);
/* The event that a chip-agnostic name means on a CPU in a release; NULL when there is none. */
const struct event *portable_on(const struct model *model, const struct portable *name, size_t cpu,
                                size_t release);
/* Sets *event to the same and returns its index in `candidates`, or their count for NULL. */
size_t portable_candidate(const struct model *model, const struct portable *name, size_t cpu,
                          size_t release, const struct event **event);
/* metrics.c: what names_read() and chips_read() leave to it, in a dictionary of their files. */
struct plist_node;
void metrics_read(struct arena *arena, struct model *model, const struct plist_node *root);
void chip_constants_read(struct arena *arena, const struct plist_node *node, struct chip *chip);
/* What a constant is on a CPU's core, where all its ids say the same; NULL: not known. */
const struct chip_constant *constant_on(const struct model *model, const char *name, size_t cpu,
                                        char core);
/*
 * The first expression of which a CPU has all names in a release, and the constants of some kind of
 * core at least; NULL: the metric is not supported there.
 */
const struct expression *metric_on(const struct model *model, const struct metric *metric,
                                   size_t cpu, size_t release);
/* CPU id -> index of the CPU, from 1; name of a database -> the same. */
struct map model_ids(struct arena *arena, const struct model *model);
struct map model_databases(struct arena *arena, const struct model *model);
/* The number, from 1, of the CPU that is called so: by id or a database's name; 0 for none. */
size_t model_cpu_named(const struct map *ids, const struct map *databases, const char *name);
/* All names of the event that has one; only that one where it was never renamed. */
struct spellings model_spellings(const struct model *model, const char **name);
/* Whether two names are of one event: equal, or linked by renames. */
bool model_same_event(const struct model *model, const char *a, const char *b);
/* The event that has the name, or another one of the same event, in a release; NULL for none. */
const struct event *event_in(const struct model *model, const struct cpu *cpu, const char *name,
                             size_t release);
/* The newest release that knows the CPU. */
size_t cpu_newest(const struct cpu *cpu);

#endif
