/*
 * kperf.framework's functions as Apple declares them (kernel.md 5.3): the 34 that clients bind, a
 * few more, and sysctlbyname(). These are thin wrappers of sysctl. Getters of counts and classes
 * answer 0 on error, kpc_get_thread_counting() 0xffffffff, the rest -1 with errno (kernel.md 4.5).
 */
#ifndef KPEP_TESTS_KPERF_API_H
#define KPEP_TESTS_KPERF_API_H

#include "sim.h"

#define KPC_FIXED        1u
#define KPC_CONFIGURABLE 2u
#define KPC_POWER        4u
#define KPC_RAWPMU       8u
#define KPC_ALL_CPUS     (1u << 31)

SIM_API uint32_t kpc_pmu_version(void);
SIM_API int kpc_cpu_string(char *buffer, size_t size); /* its length, as snprintf */
SIM_API uint32_t kpc_get_counting(void);
SIM_API int kpc_set_counting(uint32_t classes);
SIM_API uint32_t kpc_get_thread_counting(void);
SIM_API int kpc_set_thread_counting(uint32_t classes);
SIM_API uint32_t kpc_get_config_count(uint32_t classes);
SIM_API uint32_t kpc_get_counter_count(uint32_t classes);
SIM_API int kpc_get_config(uint32_t classes, uint64_t *config);
SIM_API int kpc_set_config(uint32_t classes, uint64_t *config);
SIM_API int kpc_get_period(uint32_t classes, uint64_t *periods);
SIM_API int kpc_set_period(uint32_t classes, uint64_t *periods);
SIM_API int kpc_get_actionid(uint32_t classes, uint32_t *actions);
SIM_API int kpc_set_actionid(uint32_t classes, uint32_t *actions);
SIM_API int kpc_get_cpu_counters(bool all_cpus, uint32_t classes, int *cpu, uint64_t *values);
SIM_API int kpc_get_thread_counters(uint32_t tid, uint32_t count, uint64_t *values);
SIM_API int kpc_force_all_ctrs_set(int value);
SIM_API int kpc_force_all_ctrs_get(int *value);
SIM_API uint32_t kpc_cpu_count(void);

SIM_API int kperf_action_count_set(uint32_t count);
SIM_API int kperf_action_count_get(uint32_t *count);
SIM_API int kperf_action_samplers_set(uint32_t action, uint32_t samplers);
SIM_API int kperf_action_samplers_get(uint32_t action, uint32_t *samplers);
SIM_API int kperf_action_filter_set_by_task(uint32_t action, int32_t port);
SIM_API int kperf_action_filter_set_by_pid(uint32_t action, int32_t pid);
SIM_API int kperf_timer_count_set(uint32_t count);
SIM_API int kperf_timer_count_get(uint32_t *count);
SIM_API int kperf_timer_period_set(uint32_t timer, uint64_t ticks);
SIM_API int kperf_timer_period_get(uint32_t timer, uint64_t *ticks);
SIM_API int kperf_timer_action_set(uint32_t timer, uint32_t action);
SIM_API int kperf_timer_action_get(uint32_t timer, uint32_t *action);
SIM_API int kperf_timer_pet_set(uint32_t timer);
SIM_API int kperf_timer_pet_get(uint32_t *timer);
SIM_API int kperf_timer_lightweight_pet_set(uint32_t on);
SIM_API int kperf_timer_lightweight_pet_get(uint32_t *on);
SIM_API int kperf_sample_set(uint32_t on);
SIM_API int kperf_sample_get(uint32_t *on);
SIM_API int kperf_reset(void);
SIM_API uint64_t kperf_ns_to_ticks(uint64_t ns);
SIM_API uint64_t kperf_ticks_to_ns(uint64_t ticks);
SIM_API uint64_t kperf_tick_frequency(void);

SIM_API int sysctlbyname(const char *name, void *oldp, size_t *oldlen, void *newp, size_t newlen);

/*
 * Public ones, of IOKit and CoreFoundation: which CPU is which kind of core. Apple's types, as they
 * are in a 64-bit program: io_object_t and kern_return_t are 32 bits, CFIndex and CFTypeID long.
 */
SIM_API uint32_t IORegistryEntryFromPath(uint32_t main_port, const char *path);
SIM_API int IORegistryEntryGetChildIterator(uint32_t entry, const char *plane, uint32_t *iterator);
SIM_API uint32_t IOIteratorNext(uint32_t iterator);
SIM_API const void *IORegistryEntryCreateCFProperty(uint32_t entry, const void *key,
                                                    const void *allocator, uint32_t options);
SIM_API int IOObjectRelease(uint32_t object);
SIM_API const void *CFStringCreateWithCString(const void *allocator, const char *text,
                                              uint32_t encoding);
SIM_API long CFDataGetLength(const void *data);
SIM_API const uint8_t *CFDataGetBytePtr(const void *data);
SIM_API unsigned long CFGetTypeID(const void *object);
SIM_API unsigned long CFDataGetTypeID(void);
SIM_API void CFRelease(const void *object);

#endif
