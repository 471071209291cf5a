/*
 * Bindings of Apple's private frameworks kperf and kperfdata: every function they
 * are known to have, loaded at run time. Any of them may be missing on some macOS:
 * its pointer is NULL then. Signatures are from published headers of tools that
 * call them; no struct of Apple's is declared, only pointers to them are handed on.
 */
#ifndef KPLIVE_KPERF_H
#define KPLIVE_KPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kpep_db;
struct kpep_event;
struct kpep_config;

/* In the dyld shared cache: there is no such file, but dlopen() finds it. */
#define KPERF_PATH     "/System/Library/PrivateFrameworks/kperf.framework/kperf"
#define KPERFDATA_PATH "/System/Library/PrivateFrameworks/kperfdata.framework/kperfdata"

/* X(what it returns, its name, its parameters), of macOS 12 and later. */
#define KPERF_SYMBOLS(X)                                                                   \
    X(uint32_t, kpc_pmu_version, (void))                                                   \
    X(int, kpc_cpu_string, (char *buffer, size_t size))                                    \
    X(uint32_t, kpc_get_counting, (void))                                                  \
    X(int, kpc_set_counting, (uint32_t classes))                                           \
    X(uint32_t, kpc_get_thread_counting, (void))                                           \
    X(int, kpc_set_thread_counting, (uint32_t classes))                                    \
    X(uint32_t, kpc_get_config_count, (uint32_t classes))                                  \
    X(uint32_t, kpc_get_counter_count, (uint32_t classes))                                 \
    X(int, kpc_get_config, (uint32_t classes, uint64_t * config))                          \
    X(int, kpc_set_config, (uint32_t classes, uint64_t * config))                          \
    X(int, kpc_get_cpu_counters, (bool all, uint32_t classes, int *cpu, uint64_t *buffer)) \
    X(int, kpc_get_thread_counters, (uint32_t thread, uint32_t count, uint64_t * buffer))  \
    X(int, kpc_force_all_ctrs_set, (int force))                                            \
    X(int, kpc_force_all_ctrs_get, (int *force))                                           \
    X(int, kperf_action_count_set, (uint32_t count))                                       \
    X(int, kperf_action_count_get, (uint32_t * count))                                     \
    X(int, kperf_action_samplers_set, (uint32_t action, uint32_t samplers))                \
    X(int, kperf_action_samplers_get, (uint32_t action, uint32_t * samplers))              \
    X(int, kperf_action_filter_set_by_task, (uint32_t action, int32_t port))               \
    X(int, kperf_action_filter_set_by_pid, (uint32_t action, int32_t pid))                 \
    X(int, kperf_timer_count_set, (uint32_t count))                                        \
    X(int, kperf_timer_count_get, (uint32_t * count))                                      \
    X(int, kperf_timer_period_set, (uint32_t timer, uint64_t ticks))                       \
    X(int, kperf_timer_period_get, (uint32_t timer, uint64_t * ticks))                     \
    X(int, kperf_timer_action_set, (uint32_t timer, uint32_t action))                      \
    X(int, kperf_timer_action_get, (uint32_t timer, uint32_t * action))                    \
    X(int, kperf_timer_pet_set, (uint32_t timer))                                          \
    X(int, kperf_timer_pet_get, (uint32_t * timer))                                        \
    X(int, kperf_sample_set, (uint32_t enabled))                                           \
    X(int, kperf_sample_get, (uint32_t * enabled))                                         \
    X(int, kperf_reset, (void))                                                            \
    X(uint64_t, kperf_ns_to_ticks, (uint64_t ns))                                          \
    X(uint64_t, kperf_ticks_to_ns, (uint64_t ticks))                                       \
    X(uint64_t, kperf_tick_frequency, (void))

#define KPERFDATA_SYMBOLS(X)                                                                  \
    X(int, kpep_config_create, (struct kpep_db * db, struct kpep_config * *config))           \
    X(void, kpep_config_free, (struct kpep_config * config))                                  \
    X(int, kpep_config_add_event,                                                             \
      (struct kpep_config * config, struct kpep_event * *event, uint32_t flag,                \
       uint32_t * conflict))                                                                  \
    X(int, kpep_config_remove_event, (struct kpep_config * config, size_t index))             \
    X(int, kpep_config_force_counters, (struct kpep_config * config))                         \
    X(int, kpep_config_events_count, (struct kpep_config * config, size_t * count))           \
    X(int, kpep_config_events,                                                                \
      (struct kpep_config * config, struct kpep_event * *events, size_t size))                \
    X(int, kpep_config_kpc, (struct kpep_config * config, uint64_t * words, size_t size))     \
    X(int, kpep_config_kpc_count, (struct kpep_config * config, size_t * count))              \
    X(int, kpep_config_kpc_classes, (struct kpep_config * config, uint32_t * classes))        \
    X(int, kpep_config_kpc_map, (struct kpep_config * config, size_t * map, size_t size))     \
    X(int, kpep_db_create, (const char *name, struct kpep_db **db))                           \
    X(void, kpep_db_free, (struct kpep_db * db))                                              \
    X(int, kpep_db_name, (struct kpep_db * db, const char **name))                            \
    X(int, kpep_db_aliases_count, (struct kpep_db * db, size_t * count))                      \
    X(int, kpep_db_aliases, (struct kpep_db * db, const char **names, size_t size))           \
    X(int, kpep_db_counters_count, (struct kpep_db * db, uint8_t classes, size_t * count))    \
    X(int, kpep_db_events_count, (struct kpep_db * db, size_t * count))                       \
    X(int, kpep_db_events, (struct kpep_db * db, struct kpep_event * *events, size_t size))   \
    X(int, kpep_db_event, (struct kpep_db * db, const char *name, struct kpep_event **event)) \
    X(int, kpep_event_name, (struct kpep_event * event, const char **name))                   \
    X(int, kpep_event_alias, (struct kpep_event * event, const char **alias))                 \
    X(int, kpep_event_description, (struct kpep_event * event, const char **description))

/* Newer ones: NULL where the framework has them not. */
#define KPERF_OPTIONAL(X)                                       \
    X(int, kperf_timer_lightweight_pet_set, (uint32_t enabled)) \
    X(int, kperf_timer_lightweight_pet_get, (uint32_t * enabled))

#define KPERFDATA_OPTIONAL(X)                  \
    X(const char *, kpep_strerror, (int code)) \
    X(int, kpep_event_errata, (struct kpep_event * event, const char **errata))

#define KPLIVE_MEMBER(result, name, parameters) result(*name) parameters;

struct kplive_frameworks {
    void *kperf, *kperfdata; /* handles of dlopen(); NULL: not loaded */
    KPERF_SYMBOLS(KPLIVE_MEMBER)
    KPERF_OPTIONAL(KPLIVE_MEMBER)
    KPERFDATA_SYMBOLS(KPLIVE_MEMBER)
    KPERFDATA_OPTIONAL(KPLIVE_MEMBER)
    /* macOS's sysctlbyname(); elsewhere the one that the kperf given exports, which simulates it.
     */
    int (*sysctlbyname)(const char *name, void *old, size_t *old_size, void *value, size_t size);
};

/* Which libraries kplive_load() could not load. */
enum { KPLIVE_NO_KPERF = 1, KPLIVE_NO_KPERFDATA = 2 };

/*
 * Loads both libraries and looks up every function; paths may be NULL for macOS's
 * own. Functions that are not there are NULL. Returns 0, or the libraries that
 * could not be loaded: their functions are all NULL then, and the loader's words
 * for the first of them are in why, cut to size. The environment is not asked:
 * this runs as root. The caller's to kplive_unload(), whatever it returns.
 */
unsigned kplive_load(struct kplive_frameworks *frameworks, const char *kperf_path,
                     const char *kperfdata_path, char *why, size_t size);
/* In any state, also of a zeroed struct and twice. */
void kplive_unload(struct kplive_frameworks *frameworks);
/* The name of the n-th function that is missing, newer ones too; NULL after the last. */
const char *kplive_missing(const struct kplive_frameworks *frameworks, unsigned n);
/* Whether the function of that name is there; false for a name that is none. */
bool kplive_has(const struct kplive_frameworks *frameworks, const char *name);

#endif
