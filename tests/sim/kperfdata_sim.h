/*
 * A stand-in for Apple's kperfdata.framework, for tests on any system: the same symbols, the
 * same signatures (kperfdata.md 3.1), the same objects in memory (kperfdata.md 3.2), the same
 * answers. It reads kpep property lists itself and shares no code with gen/ or db/, so that
 * agreeing with it means something.
 *
 * Two libraries are built from kperfdata_sim.c (with -pthread, dl and libplist-2.0):
 *
 *   kperfdata_sim      macOS 26: 56-byte events, 152-byte databases, user-only bit 0x20000
 *   kperfdata_sim_old  with KPERFDATA_SIM_OLD: 48-byte events, 144-byte databases, user-only
 *                      bits 0x30000, and none of the newer functions
 *
 * Which CPU this is: sysctlbyname("hw.cputype"), ("hw.cpusubtype") and ("hw.cpufamily") when
 * something in the process exports sysctlbyname and it answers; else the environment's
 * KPEP_SIM_CPU, as cpu_100000c_2_1b588bb3; else error 5. Databases are looked for in
 * KPEP_DB_PATH, /usr/local/share/kpep and /usr/share/kpep, as NAME.plist; a directory without a
 * cpu_*.plist for this CPU may instead hold snapshots as in db/kpep, whose kpep.cpus lists it.
 *
 * KPEP_SIM_DATA, read at the first call, makes it misbehave: items separated by commas or spaces,
 * numbers as in C, -1 for the largest. An item not understood ends the program with status 70.
 *
 *   fail=FUNCTION:N:CODE    The Nth call of FUNCTION returns CODE and does nothing else; N+ is
 *                           every call from the Nth on, FUNCTION * is any that returns a code.
 *                           CODE 0 is a success that leaves the result unset.
 *   lie=COUNT:NUMBER        events_count, aliases_count, counters_count, config_events_count,
 *                           kpc_count: the function of that name answers NUMBER.
 *   lie=classes:NUMBER      kpep_config_kpc_classes answers NUMBER.
 *   lie=map:NUMBER          Every entry of kpep_config_kpc_map is NUMBER.
 *   lie=words:NUMBER        Every word of kpep_config_kpc that is not 0 is XORed with NUMBER.
 *   lie=user_bits:NUMBER    A user-only word has NUMBER for its mode.
 *   lie=conflict:NUMBER     The bitmap of events in the way is NUMBER.
 *   lie=TEXT:HOW            name, alias, description (of events), db_name, aliases (the list):
 *                           HOW is null, empty, bytes (no UTF-8, terminal controls) or long (1
 *                           MiB that nothing terminates: reading on is a fault).
 *   lie=events:HOW          kpep_db_events: changing (one less at every other count, another
 *                           order at every call), null (no event in the list), same (one only).
 *   lie=event:HOW           kpep_db_event: null, or other (the first event whatever was asked).
 *   lie=writeback:HOW       kpep_config_add_event leaves null or another event in the pointer.
 *   lie=layout:apart        Events are not one behind the other in memory, nor evenly apart.
 *   drift=number:EVENT:N    The database has changed: likewise umask:EVENT:N, mask:EVENT:N,
 *                           missing:EVENT, added:EVENT:N[:MASK], alias:ALIAS:EVENT,
 *                           fallback:EVENT:EVENT, apart:EVENT:EVENT (never both; the second
 *                           to come is in conflict with the first), fixed_counters:N,
 *                           config_counters:N, power_counters:N.
 *   log=FILE                The name of every function called is appended to FILE, one a line.
 *
 * CHOICES where the facts are silent or contradict themselves
 *
 *   - Error 6 is a path that is too long. Error 3 is a file that is there and cannot be read. What
 *     is no property list, or has another version than 1, is corrupt (10), an unknown architecture
 *     8; 9 is only for a database that does not say whether it is internal.
 *   - A sysctlbyname that is there and fails counts as not there.
 *   - The bitmap of conflicts is written with 12 alone; 13, 14, 16 and success leave it as it was.
 *   - The fallback is in the caller's pointer even when no counter is free for it. One that names
 *     no event is none: 14.
 *   - A mask of 0 is 13 while counters are not forced, then 16. A mask of counters that do not
 *     exist is 12 with no bit. A fixed event without a counter is 16. The older framework, too,
 *     says 16.
 *   - With FIXED in the classes a configurable event may have a fixed counter, as the facts say; it
 *     then has no word, and keeps FIXED in the classes when the fixed event goes.
 *   - Events with equal number and umask are in the order of the file.
 *   - A larger buffer than needed keeps what it held behind the results.
 *   - Only the 48-byte structure cuts numbers to 8 bits; words always have 16: macOS 15 has both
 *     words of 0x30000 and M4's numbers up to 0x4006. 32-bit arm is like arm64.
 *   - kpep_config_apply() does nothing and returns 1; a trigger period of 0 is none.
 */
#ifndef KPEP_TESTS_KPERFDATA_SIM_H
#define KPEP_TESTS_KPERFDATA_SIM_H

#include <stddef.h>
#include <stdint.h>

/* What the functions return (kperfdata.md 1.1). */
enum kpep_error {
    KPEP_OK = 0,
    KPEP_INVALID_ARGUMENT = 1,
    KPEP_OUT_OF_MEMORY = 2,
    KPEP_IO = 3,
    KPEP_BUFFER_TOO_SMALL = 4,
    KPEP_SYSTEM_UNKNOWN = 5,
    KPEP_PATH_INVALID = 6,
    KPEP_DB_NOT_FOUND = 7,
    KPEP_ARCH_UNSUPPORTED = 8,
    KPEP_UNKNOWN = 9,
    KPEP_DB_CORRUPT = 10,
    KPEP_EVENT_NOT_FOUND = 11,
    KPEP_CONFLICT = 12,
    KPEP_NOT_FORCED = 13,
    KPEP_EVENT_UNAVAILABLE = 14,
    KPEP_ERRNO = 15,
    KPEP_NO_USABLE_COUNTER = 16,
};

enum kpep_class { KPEP_FIXED = 1, KPEP_CONFIGURABLE = 2, KPEP_POWER = 4 };

enum kpep_arch { KPEP_I386 = 0, KPEP_X86_64 = 1, KPEP_ARM = 2, KPEP_ARM64 = 3 };

struct kpep_event {
    const char *name;
    const char *description; /* this and the next three: NULL when there is none */
    const char *errata;
    const char *alias;
    const char *fallback;
    uint32_t mask; /* counters that can count it, by absolute number */
#ifdef KPERFDATA_SIM_OLD
    uint8_t number; /* the low byte; the register words hold all of it (plists.md 1.2) */
    uint8_t umask;
    uint8_t reserved;
    uint8_t is_fixed;
#else
    uint16_t number;
    uint8_t umask;
    uint8_t reserved;
    uint8_t flags; /* bit 0: fixed */
#endif
};

struct kpep_db {
    const char *name;
    const char *cpu_id; /* what was asked for: a name or cpu_%x_%x_%x */
    const char *marketing_name;
    void *plist_data;             /* NULL */
    void *event_map;              /* by name; struct named in kperfdata_sim.c */
    struct kpep_event *event_arr; /* in the order of the file */
    struct kpep_event **fixed_event_arr;
    void *alias_map;
    void *reserved[3]; /* the first: struct behind in kperfdata_sim.c */
    size_t event_count;
    size_t alias_count;
    size_t fixed_counter_count;
    size_t config_counter_count;
    size_t power_counter_count;
    uint32_t arch; /* enum kpep_arch */
    uint32_t fixed_bits;
    uint32_t config_bits;
    uint32_t power_bits;
#ifndef KPERFDATA_SIM_OLD
    uint32_t flags;
    uint8_t internal;
    uint8_t internal_known;
#endif
};

struct kpep_config {
    struct kpep_db *db;
    struct kpep_event **ev_arr; /* by index of event */
    size_t *ev_map;             /* index of event -> counter */
    size_t *ev_idx;             /* counter -> index of event, or -1 */
    uint32_t *flags;            /* by counter */
    uint64_t *kpc_periods;      /* by counter */
    size_t event_count;
    size_t counter_count;
    uint32_t classes;
    uint32_t used;   /* mask of counters */
    uint32_t forced; /* Apple's is a byte here; on a little-endian machine both read alike */
};

#pragma GCC visibility push(default) /* however the library is built, these are what it is for */

int kpep_db_create(const char *name, struct kpep_db **db);
void kpep_db_free(struct kpep_db *db);
int kpep_db_name(struct kpep_db *db, const char **name);
int kpep_db_aliases_count(struct kpep_db *db, size_t *count);
int kpep_db_aliases(struct kpep_db *db, const char **buffer, size_t bytes);
int kpep_db_counters_count(struct kpep_db *db, uint8_t classes, size_t *count);
int kpep_db_events_count(struct kpep_db *db, size_t *count);
int kpep_db_events(struct kpep_db *db, struct kpep_event **buffer, size_t bytes);
int kpep_db_event(struct kpep_db *db, const char *name, struct kpep_event **event);
int kpep_event_name(struct kpep_event *event, const char **text);
int kpep_event_alias(struct kpep_event *event, const char **text);
int kpep_event_description(struct kpep_event *event, const char **text);
int kpep_config_create(struct kpep_db *db, struct kpep_config **config);
void kpep_config_free(struct kpep_config *config);
int kpep_config_add_event(struct kpep_config *config, struct kpep_event **event, uint32_t flag,
                          uint32_t *conflicts);
int kpep_config_remove_event(struct kpep_config *config, size_t index);
int kpep_config_force_counters(struct kpep_config *config);
int kpep_config_events_count(struct kpep_config *config, size_t *count);
int kpep_config_events(struct kpep_config *config, struct kpep_event **buffer, size_t bytes);
int kpep_config_kpc(struct kpep_config *config, uint64_t *buffer, size_t bytes);
int kpep_config_kpc_count(struct kpep_config *config, size_t *count);
int kpep_config_kpc_classes(struct kpep_config *config, uint32_t *classes);
int kpep_config_kpc_map(struct kpep_config *config, size_t *buffer, size_t bytes);

#ifndef KPERFDATA_SIM_OLD
int kpep_db_createx(const char *name, uint32_t flags, struct kpep_db **db);
int kpep_db_is_internal(struct kpep_db *db, uint8_t *internal);
int kpep_db_architecture(struct kpep_db *db, uint32_t *arch);
int kpep_event_errata(struct kpep_event *event, const char **text);
const char *kpep_strerror(int code);
int kpep_config_apply(struct kpep_config *config);
int kpep_config_kpc_periods(struct kpep_config *config, uint64_t *buffer, size_t bytes);
int kpep_config_add_event_trigger(struct kpep_config *config, struct kpep_event **event,
                                  uint32_t flag, uint64_t period, uint32_t *conflicts);
#endif

/*
 * For tests that hold the library: found by dlsym, in neither of Apple's.
 *
 * kperfdata_sim_set() replaces the knobs (NULL: by what KPEP_SIM_DATA says now) and begins to
 * count calls anew; no other thread may be inside the library. kperfdata_sim_calls() is the
 * number of calls that fail=*:N:CODE counts, since then. kperfdata_sim_live() is the number of
 * databases and configurations not yet freed.
 */
void kperfdata_sim_set(const char *knobs);
size_t kperfdata_sim_calls(void);
size_t kperfdata_sim_live(void);

#pragma GCC visibility pop

#endif
