/*
 * The signatures of the frameworks' functions, a second time, as published headers of their
 * clients have them: kperf.h must agree, on every target this is compiled for.
 */
#include "kperf.h"

#define SAME(name, ...)                                                                           \
    _Static_assert(_Generic(((struct kplive_frameworks *)0)->name, __VA_ARGS__ : 1, default : 0), \
                   "kperf.h: " #name)

SAME(kpc_pmu_version, uint32_t (*)(void));
SAME(kpc_cpu_string, int (*)(char *, size_t));
SAME(kpc_get_counting, uint32_t (*)(void));
SAME(kpc_set_counting, int (*)(uint32_t));
SAME(kpc_get_thread_counting, uint32_t (*)(void));
SAME(kpc_set_thread_counting, int (*)(uint32_t));
SAME(kpc_get_config_count, uint32_t (*)(uint32_t));
SAME(kpc_get_counter_count, uint32_t (*)(uint32_t));
SAME(kpc_get_config, int (*)(uint32_t, uint64_t *));
SAME(kpc_set_config, int (*)(uint32_t, uint64_t *));
SAME(kpc_get_cpu_counters, int (*)(bool, uint32_t, int *, uint64_t *));
SAME(kpc_get_thread_counters, int (*)(uint32_t, uint32_t, uint64_t *));
SAME(kpc_force_all_ctrs_set, int (*)(int));
SAME(kpc_force_all_ctrs_get, int (*)(int *));
SAME(kperf_action_count_set, int (*)(uint32_t));
SAME(kperf_action_count_get, int (*)(uint32_t *));
SAME(kperf_action_samplers_set, int (*)(uint32_t, uint32_t));
SAME(kperf_action_samplers_get, int (*)(uint32_t, uint32_t *));
SAME(kperf_action_filter_set_by_task, int (*)(uint32_t, int32_t));
SAME(kperf_action_filter_set_by_pid, int (*)(uint32_t, int32_t));
SAME(kperf_timer_count_set, int (*)(uint32_t));
SAME(kperf_timer_count_get, int (*)(uint32_t *));
SAME(kperf_timer_period_set, int (*)(uint32_t, uint64_t));
SAME(kperf_timer_period_get, int (*)(uint32_t, uint64_t *));
SAME(kperf_timer_action_set, int (*)(uint32_t, uint32_t));
SAME(kperf_timer_action_get, int (*)(uint32_t, uint32_t *));
SAME(kperf_timer_pet_set, int (*)(uint32_t));
SAME(kperf_timer_pet_get, int (*)(uint32_t *));
SAME(kperf_sample_set, int (*)(uint32_t));
SAME(kperf_sample_get, int (*)(uint32_t *));
SAME(kperf_reset, int (*)(void));
SAME(kperf_ns_to_ticks, uint64_t (*)(uint64_t));
SAME(kperf_ticks_to_ns, uint64_t (*)(uint64_t));
SAME(kperf_tick_frequency, uint64_t (*)(void));
SAME(kpep_config_create, int (*)(struct kpep_db *, struct kpep_config **));
SAME(kpep_config_free, void (*)(struct kpep_config *));
SAME(kpep_config_add_event,
     int (*)(struct kpep_config *, struct kpep_event **, uint32_t, uint32_t *));
SAME(kpep_config_remove_event, int (*)(struct kpep_config *, size_t));
SAME(kpep_config_force_counters, int (*)(struct kpep_config *));
SAME(kpep_config_events_count, int (*)(struct kpep_config *, size_t *));
SAME(kpep_config_events, int (*)(struct kpep_config *, struct kpep_event **, size_t));
SAME(kpep_config_kpc, int (*)(struct kpep_config *, uint64_t *, size_t));
SAME(kpep_config_kpc_count, int (*)(struct kpep_config *, size_t *));
SAME(kpep_config_kpc_classes, int (*)(struct kpep_config *, uint32_t *));
SAME(kpep_config_kpc_map, int (*)(struct kpep_config *, size_t *, size_t));
SAME(kpep_db_create, int (*)(const char *, struct kpep_db **));
SAME(kpep_db_free, void (*)(struct kpep_db *));
SAME(kpep_db_name, int (*)(struct kpep_db *, const char **));
SAME(kpep_db_aliases_count, int (*)(struct kpep_db *, size_t *));
SAME(kpep_db_aliases, int (*)(struct kpep_db *, const char **, size_t));
SAME(kpep_db_counters_count, int (*)(struct kpep_db *, uint8_t, size_t *));
SAME(kpep_db_events_count, int (*)(struct kpep_db *, size_t *));
SAME(kpep_db_events, int (*)(struct kpep_db *, struct kpep_event **, size_t));
SAME(kpep_db_event, int (*)(struct kpep_db *, const char *, struct kpep_event **));
SAME(kpep_event_name, int (*)(struct kpep_event *, const char **));
SAME(kpep_event_alias, int (*)(struct kpep_event *, const char **));
SAME(kpep_event_description, int (*)(struct kpep_event *, const char **));

_Static_assert(sizeof(size_t) == 8 && sizeof(void *) == 8,
               "both targets of macOS are 64 bits wide");

/* So that the file is not empty to a linker. */
extern const int kplive_framework_signatures;
const int kplive_framework_signatures = 57;
