/*
 * The signatures of the frameworks' functions, a second time, as published headers of their
 * clients have them: kperf.h must agree, on every target this is compiled for. So must the
 * constants of Apple's names, with the numbers that the public kernel source has.
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

/* As Apple's tests of the kernel call them, and, for those that get, as the kernel's own. */
SAME(kpc_get_period, int (*)(uint32_t, uint64_t *));
SAME(kpc_set_period, int (*)(uint32_t, uint64_t *));
SAME(kpc_get_actionid, int (*)(uint32_t, int32_t *));
SAME(kpc_set_actionid, int (*)(uint32_t, int32_t *));
SAME(kpc_counterbuf_alloc, uint64_t *(*)(void));
SAME(kperf_action_userdata_set, int (*)(uint32_t, uint32_t));
SAME(kperf_action_userdata_get, int (*)(uint32_t, uint32_t *));
SAME(kperf_action_ucallstack_depth_set, int (*)(uint32_t, uint32_t));
SAME(kperf_action_ucallstack_depth_get, int (*)(uint32_t, uint32_t *));
SAME(kperf_action_kcallstack_depth_set, int (*)(uint32_t, uint32_t));
SAME(kperf_action_kcallstack_depth_get, int (*)(uint32_t, uint32_t *));
SAME(kperf_kdebug_action_set, int (*)(uint32_t));
SAME(kperf_kdebug_filter_create, struct kperf_kdebug_filter *(*)(void));
SAME(kperf_kdebug_filter_add_desc, int (*)(struct kperf_kdebug_filter *, const char *));
SAME(kperf_kdebug_filter_set, int (*)(struct kperf_kdebug_filter *));
SAME(kperf_kdebug_filter_destroy, void (*)(struct kperf_kdebug_filter *));
SAME(kperf_timer_lightweight_pet_set, int (*)(uint32_t));
SAME(kperf_timer_lightweight_pet_get, int (*)(uint32_t *));
SAME(kpep_strerror, const char *(*)(int));
SAME(kpep_event_errata, int (*)(struct kpep_event *, const char **));
SAME(kpep_config_add_event_trigger,
     int (*)(struct kpep_config *, struct kpep_event **, uint32_t, uint64_t, uint32_t *));
SAME(kpep_config_kpc_periods, int (*)(struct kpep_config *, uint64_t *, size_t));
SAME(kpep_config_apply, int (*)(struct kpep_config *));

#define COUNT(result, name, parameters) +1
_Static_assert(0 KPERF_SYMBOLS(COUNT) == 34, "kperf: the functions that tools bind");
_Static_assert(0 KPERFDATA_SYMBOLS(COUNT) == 23, "kperfdata: the functions that tools bind");
/* Nothing but these, the two handles and sysctlbyname(): all of them are above. */
_Static_assert(sizeof(struct kplive_frameworks) == (34 + 18 + 23 + 5 + 3) * sizeof(void (*)(void)),
               "kperf.h has a function without a second signature");

_Static_assert(KPC_CLASS_FIXED_MASK == 1 && KPC_CLASS_CONFIGURABLE_MASK == 2 &&
                   KPC_CLASS_POWER_MASK == 4 && KPC_CLASS_RAWPMU_MASK == 8,
               "classes");
_Static_assert(CFGWORD_ALLMODES_MASK == (CFGWORD_EL0A32EN_MASK | CFGWORD_EL0A64EN_MASK |
                                         CFGWORD_EL1EN_MASK | CFGWORD_EL3EN_MASK),
               "modes");
_Static_assert(KPLIVE_RAWPMU_PMTRHLD6 == 10 && KPLIVE_RAWPMU_OPMSK1 == 6, "raw words");
_Static_assert(KPERF_SAMPLER_USTACK == 8 && KPERF_SAMPLER_PMC_THREAD == 0x10 &&
                   KPERF_SAMPLER_EXSTACK == 0x4000,
               "samplers");
_Static_assert(KPEP_CONFIG_ERROR_CONFLICTING_EVENTS == 12 &&
                   KPEP_CONFIG_ERROR_NO_USABLE_COUNTER == 16,
               "codes");

_Static_assert(sizeof(size_t) == 8 && sizeof(void *) == 8,
               "both targets of macOS are 64 bits wide");

/* So that the file is not empty to a linker. */
extern const int kplive_framework_signatures;
const int kplive_framework_signatures = 34 + 18 + 23 + 5;
