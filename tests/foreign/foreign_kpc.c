/*
 * The kernel's side, and kperf's kpc_ functions over it. As the public sources of macOS 15 have
 * it, and what is known of macOS 26: masks compacted by what the power manager holds, words that
 * read back as the registers have them, buffers that threads get when they have been switched out.
 */
#include "foreign_inside.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIXED = 1, CONFIGURABLE = 2, POWER = 4, RAW = 8 };
enum { CPUS = 8, CONFIGS = 8, COUNTERS = 10, POWER_MASK = 0x38, RAW_WORDS = 7, OFF_CPU = 5 };
/* A pid that lives as long as the test and is no process of it. */
enum { OTHER_PROCESS = 1 };

#define USER_64 0x20000u
#define USER_32 0x10000u

/* All that processes share. */
struct kernel {
    pthread_mutex_t lock;
    struct foreign_machine found;
    uint64_t words[CONFIGS], registers[CONFIGS]; /* set, and in force: two only if deferred */
    uint32_t running;                            /* bit i: configurable counter i is on */
    uint32_t counting, thread_counting;
    pid_t forced_by;
    bool exclusive;    /* forced by nobody: macOS 26 */
    unsigned sessions; /* how often thread counting was switched on */
    unsigned threads;  /* seen so far */
    unsigned long changes;
    uint64_t counts[CPUS][COUNTERS];
    uint64_t answer[CPUS * COUNTERS]; /* what the last read of all CPUs left */
};

static struct kernel *kernel;

/* Of a thread; a forked child's is a new thread, so it says whose it is. */
static _Thread_local struct {
    pid_t pid;
    unsigned cpu;
    bool kept;     /* the kernel keeps counts for it */
    unsigned wait; /* reads that fail until it does */
    unsigned session;
    uint64_t hardware[COUNTERS], last[COUNTERS], sums[COUNTERS];
} thread;

static sigset_t masked_by(void)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    return old;
}

/* As a system call no signal handler sees it half done, and who dies in it leaves it usable. */
static sigset_t enter(void)
{
    sigset_t old = masked_by();
    if (pthread_mutex_lock(&kernel->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&kernel->lock);
    return old;
}

static void leave(const sigset_t *old)
{
    pthread_mutex_unlock(&kernel->lock);
    pthread_sigmask(SIG_SETMASK, old, NULL);
}

static void power_takes_back(void)
{
    kernel->forced_by = 0;
    kernel->exclusive = false;
    if (kernel->found.no_power)
        return;
    kernel->running &= ~(uint32_t)POWER_MASK;
    if (!kernel->found.power_words)
        return;
    kernel->running |= POWER_MASK;
    for (unsigned i = 3; i < 6; i++)
        kernel->words[i] = kernel->registers[i] = USER_64 | (0xf0 + i);
}

/* The kernel ends a force when its process ends. */
static bool forced(void)
{
    pid_t owner = kernel->forced_by;
    int saved = errno;
    if (owner != 0 && owner != getpid() && kill(owner, 0) != 0 && errno == ESRCH)
        power_takes_back();
    errno = saved;
    return kernel->exclusive || kernel->forced_by != 0;
}

static uint32_t power(void)
{
    return kernel->found.no_power || forced() ? 0 : POWER_MASK;
}

static uint32_t configurable(void)
{
    return 0xff & ~power();
}

static unsigned bits(uint32_t mask)
{
    unsigned count = 0;
    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

/* The absolute numbers of the counters of some classes, in the kernel's order. */
static unsigned counters_of(uint32_t classes, unsigned counters[COUNTERS])
{
    unsigned count = 0;
    if (classes & FIXED)
        counters[count++] = 0, counters[count++] = 1;
    for (unsigned i = 0; i < CONFIGS; i++)
        if ((classes & CONFIGURABLE) && (configurable() >> i & 1))
            counters[count++] = 2 + i;
    for (unsigned i = 0; i < CONFIGS; i++)
        if ((classes & POWER) && (power() >> i & 1))
            counters[count++] = 2 + i;
    return count;
}

static unsigned count_words(uint32_t classes)
{
    unsigned raw = (classes & RAW) && power() == 0 ? RAW_WORDS : 0;
    return (classes & CONFIGURABLE ? bits(configurable()) : 0) + raw;
}

/* ---- what is found --------------------------------------------------------------------------- */

static void made_used(void)
{
    static const uint64_t left[CONFIGS] = {0x2008d, 0, 0x20002, 0x20097, 0x20099, 0, 0x20001, 0xde};
    memcpy(kernel->words, left, sizeof left);
    kernel->words[7] |= kernel->found.twisted ? 0 : USER_64;
    memcpy(kernel->registers, kernel->words, sizeof left);
    kernel->counting = FIXED | CONFIGURABLE;
    kernel->running = 0xff;
    kernel->thread_counting = FIXED;
    kernel->sessions = 1;
}

static void made_kernel(void)
{
    kernel = mmap(NULL, sizeof *kernel, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (kernel == MAP_FAILED)
        abort();
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&kernel->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void machine_reset(const struct foreign_machine *found)
{
    sigset_t old = enter();
    size_t after = offsetof(struct kernel, found);
    memset((char *)kernel + after, 0, sizeof *kernel - after);
    kernel->found = *found;
    if (found->used || found->twisted)
        made_used();
    power_takes_back();
    kernel->exclusive = found->was_forced;
    if (kernel->exclusive)
        kernel->running = kernel->counting & CONFIGURABLE ? 0xff : 0;
    memset(&thread, 0, sizeof thread);
    leave(&old);
}

/* A program that asks before any foreign_reset() finds a machine that nobody has used. */
__attribute__((constructor)) static void made(void)
{
    made_kernel();
    machine_reset(&(struct foreign_machine){0});
}

EXPORT void foreign_reset(const struct foreign_machine *machine)
{
    foreign_fail(NULL, 0, false, 0);
    foreign_at(0, false, NULL, NULL);
    foreign_count();
    machine_reset(machine);
}

const struct foreign_machine *machine_found(void)
{
    return &kernel->found;
}

EXPORT const char *foreign_state(char *text, size_t size)
{
    sigset_t old = enter();
    bool is_forced = forced();
    int length = snprintf(text, size, "forced %d counting %x running %x threads %x words",
                          is_forced, kernel->counting, kernel->running, kernel->thread_counting);
    for (unsigned i = 0; i < CONFIGS && length > 0 && (size_t)length < size; i++)
        length += snprintf(text + length, size - (size_t)length, " %llx",
                           (unsigned long long)kernel->words[i]);
    leave(&old);
    return text;
}

EXPORT unsigned long foreign_changes(void)
{
    sigset_t old = enter();
    unsigned long changes = kernel->changes;
    leave(&old);
    return changes;
}

void machine_changes(void)
{
    sigset_t old = enter();
    kernel->changes++;
    leave(&old);
}

/* ---- threads and their work ------------------------------------------------------------------ */

/* The first thing a thread does in the kernel decides whether it is new or was there before. */
static void meet_thread(void)
{
    if (thread.pid == getpid())
        return;
    memset(&thread, 0, sizeof thread);
    thread.pid = getpid();
    thread.cpu = kernel->threads++ % OFF_CPU;
    thread.kept = kernel->thread_counting != 0;
    thread.wait = 3;
    thread.session = kernel->sessions;
}

EXPORT unsigned foreign_cpu(void)
{
    sigset_t old = enter();
    meet_thread();
    leave(&old);
    return thread.cpu;
}

EXPORT void foreign_old_thread(void)
{
    sigset_t old = enter();
    meet_thread();
    thread.kept = false;
    leave(&old);
}

static uint64_t rate_of(uint32_t selector)
{
    return selector == 0 ? 0 : 3 * (uint64_t)selector + 5;
}

static uint64_t rate_on(unsigned counter)
{
    if (counter < 2)
        return counter == 0 ? 7 : 13;
    uint64_t word = kernel->registers[counter - 2];
    uint32_t selector = word & 0xff;
    bool counts = (word & USER_64) && (kernel->running >> (counter - 2) & 1);
    return counts && event_on(selector, counter) ? rate_of(selector) : 0;
}

EXPORT uint64_t foreign_rate(const char *event)
{
    struct foreign_event found;
    for (unsigned n = 0; foreign_event(n, &found); n++) {
        bool same = strcmp(found.name, event) == 0 ||
                    (found.alias != NULL && strcmp(found.alias, event) == 0);
        if (same)
            return !found.fixed ? rate_of(found.number) : found.mask & 1 ? 7 : 13;
    }
    return 0;
}

EXPORT void foreign_work(uint64_t units)
{
    sigset_t old = enter();
    meet_thread();
    for (unsigned counter = 0; counter < COUNTERS; counter++) {
        uint64_t counted = rate_on(counter) * units;
        thread.hardware[counter] += counted;
        kernel->counts[thread.cpu][counter] += counted;
    }
    leave(&old);
}

/*
 * What the calling thread has counted goes to its slots. Who had a buffer when thread counting
 * was switched on is charged with what others have counted until then.
 */
static void accumulate(void)
{
    unsigned counters[COUNTERS], count = counters_of(kernel->thread_counting, counters);
    uint64_t stale = thread.session == kernel->sessions ? 0 : 0x123456789aull;
    thread.session = kernel->sessions;
    for (unsigned slot = 0; slot < count; slot++) {
        unsigned counter = counters[slot];
        thread.sums[slot] += thread.hardware[counter] - thread.last[counter] + stale;
        thread.last[counter] = thread.hardware[counter];
    }
}

/* ---- kpc ------------------------------------------------------------------------------------- */

/* What the kernel says to everybody, and what to those who are not root; 0: go on. */
static int denied(int fault, bool public)
{
    if (fault != 0)
        return fault;
    if (kernel->found.virtual_mac)
        return ENOENT;
    return kernel->found.not_root && !public ? EPERM : 0;
}

static int done(int error)
{
    end();
    if (error == 0)
        return 0;
    errno = error;
    return -1;
}

static uint32_t told(int error, uint32_t value, uint32_t failed)
{
    return done(error) == 0 ? value : failed;
}

EXPORT uint32_t kpc_pmu_version(void)
{
    return told(denied(begin(__func__), false), 2, 0);
}

EXPORT int kpc_cpu_string(char *buffer, size_t size)
{
    int error = begin(__func__);
    if (error == 0)
        snprintf(buffer, size, "cpu_100000c_2_1b588bb3");
    return done(error);
}

/* CONFIGURABLE reads back only while every counter that it means now is on. */
EXPORT uint32_t kpc_get_counting(void)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    uint32_t classes = kernel->counting;
    if (configurable() & ~kernel->running)
        classes &= ~(uint32_t)CONFIGURABLE;
    leave(&old);
    return told(error, classes, 0);
}

static void count_classes(uint32_t classes)
{
    if (classes & POWER)
        classes |= CONFIGURABLE;
    uint32_t own = power() != 0 && kernel->found.power_words ? POWER_MASK : 0;
    kernel->running = own | (classes & CONFIGURABLE ? configurable() : 0);
    if (classes & POWER)
        kernel->running |= power();
    kernel->counting = classes & (FIXED | CONFIGURABLE | POWER);
    if (!kernel->found.deferred || !(classes & CONFIGURABLE))
        return;
    memcpy(kernel->registers, kernel->words, sizeof kernel->words);
    for (unsigned cpu = 0; cpu < CPUS; cpu++)
        memset(kernel->counts[cpu] + 2, 0, CONFIGS * sizeof(uint64_t));
}

EXPORT int kpc_set_counting(uint32_t classes)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    kernel->changes++;
    if (error == 0)
        count_classes(classes);
    leave(&old);
    return done(error);
}

EXPORT uint32_t kpc_get_thread_counting(void)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    uint32_t classes = kernel->thread_counting;
    leave(&old);
    return told(error, classes, UINT32_MAX);
}

/* Classes without a counter switch it off, and that is no error. */
static void count_threads(uint32_t classes)
{
    unsigned counters[COUNTERS];
    classes &= FIXED | CONFIGURABLE | POWER;
    if (counters_of(classes, counters) == 0)
        classes = 0;
    if (classes != 0 && kernel->thread_counting == 0)
        kernel->sessions++;
    kernel->thread_counting = classes;
}

EXPORT int kpc_set_thread_counting(uint32_t classes)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    meet_thread();
    kernel->changes++;
    if (error == 0)
        count_threads(classes);
    if (error == 0 && kernel->thread_counting != 0)
        thread.kept = true;
    leave(&old);
    return done(error);
}

EXPORT uint32_t kpc_get_config_count(uint32_t classes)
{
    int error = denied(begin(__func__), true);
    sigset_t old = enter();
    uint32_t count = count_words(classes);
    leave(&old);
    return told(error, count, 0);
}

EXPORT uint32_t kpc_get_counter_count(uint32_t classes)
{
    unsigned counters[COUNTERS];
    int error = denied(begin(__func__), true);
    sigset_t old = enter();
    uint32_t count = counters_of(classes, counters);
    leave(&old);
    return told(error, count, 0);
}

static void read_words(uint32_t classes, uint64_t *config)
{
    for (unsigned i = 0; i < CONFIGS; i++)
        if ((classes & CONFIGURABLE) && (configurable() >> i & 1))
            *config++ = kernel->registers[i];
    if ((classes & RAW) && power() == 0)
        memset(config, 0, RAW_WORDS * sizeof *config);
}

EXPORT int kpc_get_config(uint32_t classes, uint64_t *config)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    unsigned count = count_words(classes);
    if (error == 0 && count != 0 && config != NULL)
        read_words(classes, config);
    leave(&old);
    if (error == 0 && count == 0) {
        end();
        return -1; /* libkperf asks nothing of the kernel then: errno is somebody else's */
    }
    return done(error);
}

/* Kernel mode is nobody's to count; a word that is left without a mode counts user mode. */
static uint64_t normal(uint64_t word)
{
    uint64_t modes = word & (USER_32 | USER_64);
    if (word == 0)
        return 0;
    return (word & 0xff) | (modes == USER_32 ? 0 : USER_64);
}

static int write_words(uint32_t classes, const uint64_t *config)
{
    unsigned count = count_words(classes & CONFIGURABLE);
    if (classes & POWER)
        return EPERM;
    if ((classes & RAW) && power() != 0)
        return kernel->found.macos_26 ? EXDEV : EPERM;
    for (unsigned n = 0; n < count; n++)
        if (!selector_allowed(config[n] & 0xff))
            return EPERM;
    for (unsigned i = 0; i < CONFIGS; i++)
        if ((classes & CONFIGURABLE) && (configurable() >> i & 1))
            kernel->words[i] = normal(*config++);
    if (!kernel->found.deferred)
        memcpy(kernel->registers, kernel->words, sizeof kernel->words);
    return 0;
}

EXPORT int kpc_set_config(uint32_t classes, uint64_t *config)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    kernel->changes++;
    if (error == 0 && kernel->found.macos_26 && !forced())
        kernel->forced_by = getpid(); /* macOS 26 tries that first, and does not tell */
    unsigned count = count_words(classes);
    if (error == 0 && count != 0)
        error = write_words(classes, config);
    leave(&old);
    if (error == 0 && count == 0) {
        end();
        return -1;
    }
    return done(error);
}

/* The answers stand at their CPUs' places, and as many words as there are answers are given. */
static unsigned read_all(const unsigned *counters, unsigned count, uint64_t *values)
{
    unsigned answers = 0;
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (kernel->found.cpu_off && cpu == OFF_CPU)
            continue;
        for (unsigned n = 0; n < count; n++)
            kernel->answer[cpu * count + n] = kernel->counts[cpu][counters[n]];
        answers += count;
    }
    memcpy(values, kernel->answer, answers * sizeof *values);
    return answers;
}

EXPORT int kpc_get_cpu_counters(bool all, uint32_t classes, int *cpu, uint64_t *buffer)
{
    int error = denied(begin(__func__), false);
    unsigned counters[COUNTERS];
    sigset_t old = enter();
    meet_thread();
    unsigned count = counters_of(classes, counters);
    if (error == 0 && count == 0)
        error = EINVAL;
    if (error == 0 && cpu != NULL)
        *cpu = (int)thread.cpu;
    if (error == 0 && all && buffer != NULL)
        read_all(counters, count, buffer);
    for (unsigned n = 0; error == 0 && !all && buffer != NULL && n < count; n++)
        buffer[n] = kernel->counts[thread.cpu][counters[n]];
    leave(&old);
    return done(error);
}

/* A thread that was there before gets its buffer when it has been switched out. */
static int read_thread(uint32_t count, uint64_t *buffer)
{
    unsigned counters[COUNTERS], slots = counters_of(kernel->thread_counting, counters);
    if (!thread.kept && kernel->thread_counting != 0 && thread.wait > 0) {
        thread.kept = --thread.wait == 0;
        thread.session = kernel->sessions;
        memcpy(thread.last, thread.hardware, sizeof thread.last);
        return EINVAL;
    }
    if (!thread.kept)
        return EINVAL;
    if (buffer == NULL)
        return 0; /* asks for the size only */
    if (count < slots)
        return ENOMEM;
    accumulate();
    memcpy(buffer, thread.sums, slots * sizeof *buffer);
    return 0;
}

EXPORT int kpc_get_thread_counters(uint32_t tid, uint32_t count, uint64_t *buffer)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    meet_thread();
    if (error == 0)
        error = tid != 0 ? EINVAL : read_thread(count, buffer);
    leave(&old);
    return done(error);
}

static int force(int on)
{
    bool was = forced();
    if (was && !kernel->exclusive && kernel->forced_by != getpid())
        return kernel->found.macos_26 ? 0 : EACCES;
    if (was == (on != 0))
        return 0;
    if (on == 0)
        power_takes_back();
    else
        kernel->forced_by = getpid();
    if (on != 0 && !kernel->found.no_power)
        kernel->running &= ~(uint32_t)POWER_MASK;
    return 0;
}

EXPORT int kpc_force_all_ctrs_set(int on)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    kernel->changes++;
    if (error == 0)
        error = force(on);
    leave(&old);
    return done(error);
}

EXPORT int kpc_force_all_ctrs_get(int *on)
{
    int error = denied(begin(__func__), false);
    sigset_t old = enter();
    if (error == 0 && on != NULL)
        *on = forced() || kernel->found.says_forced;
    leave(&old);
    return done(error);
}

/* ---- what another process does --------------------------------------------------------------- */

EXPORT void foreign_other_counting(uint32_t classes)
{
    sigset_t old = enter();
    count_classes(classes);
    leave(&old);
}

EXPORT void foreign_other_thread_counting(uint32_t classes)
{
    sigset_t old = enter();
    count_threads(classes);
    leave(&old);
}

EXPORT void foreign_other_force(bool on)
{
    sigset_t old = enter();
    power_takes_back();
    if (on) {
        kernel->forced_by = OTHER_PROCESS;
        kernel->running &= ~(uint32_t)POWER_MASK;
    }
    leave(&old);
}
