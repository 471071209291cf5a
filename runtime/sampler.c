/* Taking the counters, reading them, and putting everything back. */
#include "sampler.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- errors ---------------------------------------------------------------------------------- */

int kplive_fail(struct kplive_error *error, int status, const char *call, int code,
                const char *event, const char *hint, ...)
{
    va_list args;

    if (error == NULL)
        return status;
    error->status = (enum kplive_status)status;
    error->call = call == NULL ? "" : call;
    error->code = code;
    snprintf(error->event, sizeof error->event, "%s", event == NULL ? "" : event);
    error->hint[0] = '\0';
    if (hint != NULL) {
        va_start(args, hint);
        vsnprintf(error->hint, sizeof error->hint, hint, args);
        va_end(args);
    }
    return status;
}

const char *kplive_strerror(int status)
{
    static const char *const texts[] = {
        "no error",
        "the performance counter frameworks cannot be loaded",
        "not permitted to use the performance counters",
        "the performance counters are in use",
        "there are no performance counters",
        "the kernel refuses an event",
        "the tables do not know this CPU",
        "running translated, on a CPU that cannot be known",
        "an event cannot be counted here",
        "the events do not fit the counters at once",
        "the tables and the framework differ",
        "another sampler of this process counts something else",
        "called out of order",
        "the kernel has no counters for this thread yet",
        "out of memory",
        "a call failed",
        "unknown error",
    };

    return texts[status > 0 || status < KPLIVE_SYSTEM ? 1 - KPLIVE_SYSTEM : -status];
}

const char *kplive_describe(const struct kplive_error *error, char *text, size_t size)
{
    char code[16] = "";

    if (error->code != 0)
        snprintf(code, sizeof code, " (%d)", error->code);
    snprintf(text, size, "%s%s%s%s%s%s%s%s", kplive_strerror((int)error->status),
             *error->event == '\0' ? "" : ": ", error->event, *error->call == '\0' ? "" : ": ",
             error->call, code, *error->hint == '\0' ? "" : ": ", error->hint);
    for (size_t i = 0; i < size && text[i] != '\0'; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    return text;
}

/* A kpc call failed with errno: what it means there (xnu.md 1.2, 1.4, 1.8; peers.md, what hurts).
 */
static int kpc_failed(struct kplive_error *error, const char *call, int code, bool config)
{
    switch (code) {
    case EPERM:
        if (config)
            return kplive_fail(error, KPLIVE_REFUSED, call, code, NULL,
                               "this kernel lets only the events of its own list be counted; "
                               "kpep encode says which are not in it");
        return kplive_fail(error, KPLIVE_NO_PERMISSION, call, code, NULL, "run it as root");
    case EACCES:
    case EBUSY:
        return kplive_fail(error, KPLIVE_BUSY, call, code, NULL,
                           "another tool has the counters: Instruments, xctrace, powermetrics or a "
                           "second sampler");
    case ENOENT:
    case ENOTSUP:
        return kplive_fail(error, KPLIVE_NO_COUNTERS, call, code, NULL,
                           "this kernel has no counters, as in a virtual machine");
    default:
        return kplive_fail(error, KPLIVE_SYSTEM, call, code, NULL, "%s", strerror(code));
    }
}

/* ---- open and close -------------------------------------------------------------------------- */

static bool read_number(const struct kplive_frameworks *f, const char *name, uint32_t *number)
{
    size_t size = sizeof *number;

    *number = 0;
    return f->sysctlbyname(name, number, &size, NULL, 0) == 0 && size == sizeof *number;
}

/* Of the machine; 0: not known. */
static unsigned count_cpus(const struct kplive_frameworks *f)
{
    uint32_t cpus;

    return read_number(f, "hw.ncpu", &cpus) && cpus <= 1024 ? cpus : 0;
}

/* The release of the tables whose macOS is the newest that is not newer than this one. */
static int fitting_release(unsigned cpu, unsigned macos)
{
    struct kpdb_cpu info;
    int best = -1, oldest = -1;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return KPLIVE_NO_CPU;
    for (unsigned r = 0; r < kpdb_release_count(); r++) {
        if ((info.releases >> r & 1) == 0)
            continue;
        oldest = oldest < 0 ? (int)r : oldest;
        if (kpdb_release_macos(r) <= macos)
            best = (int)r;
    }
    return best >= 0 ? best : oldest;
}

static int identify(struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    size_t size = sizeof sampler->macos - 1;
    uint32_t type, subtype, family, translated;
    unsigned macos;

    if (read_number(f, "sysctl.proc_translated", &translated) && translated == 1)
        return kplive_fail(
            error, KPLIVE_TRANSLATED, "sysctlbyname", 0, NULL,
            "under Rosetta the system says it is an Intel CPU: use a build for arm64");
    if (!read_number(f, "hw.cputype", &type) || !read_number(f, "hw.cpusubtype", &subtype) ||
        !read_number(f, "hw.cpufamily", &family))
        return kplive_fail(error, KPLIVE_SYSTEM, "sysctlbyname", errno, NULL,
                           "hw.cputype, hw.cpusubtype and hw.cpufamily say what CPU this is");
    if (f->sysctlbyname("kern.osproductversion", sampler->macos, &size, NULL, 0) != 0)
        snprintf(sampler->macos, sizeof sampler->macos, "0");
    sampler->macos[sizeof sampler->macos - 1] = '\0';
    sampler->cpus = count_cpus(f);
    snprintf(sampler->cpu_name, sizeof sampler->cpu_name, "cpu_%x_%x_%x", (unsigned)type,
             (unsigned)subtype, (unsigned)family);
    macos = (unsigned)strtoul(sampler->macos, NULL, 10);
    sampler->cpu = kpdb_cpu_by_id(type, subtype, family);
    if (sampler->cpu < 0)
        sampler->cpu = sampler->release = KPLIVE_NO_CPU;
    else
        sampler->release = fitting_release((unsigned)sampler->cpu, macos);
    return KPLIVE_OK;
}

int kplive_open(const struct kplive_options *options, struct kplive **out,
                struct kplive_error *error)
{
    static const struct kplive_options defaults = {.words = KPLIVE_VERIFY};
    unsigned missing;
    char why[256];
    struct kplive *sampler;
    int status;

    *out = NULL;
    if (options == NULL)
        options = &defaults;
    sampler = calloc(1, sizeof *sampler);
    if (sampler == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    sampler->words = options->words;
    missing =
        kplive_load(&sampler->frameworks, options->kperf, options->kperfdata, why, sizeof why);
    if ((missing & KPLIVE_NO_KPERF) != 0 || (missing != 0 && sampler->words != KPLIVE_STATIC)) {
        kplive_unload(&sampler->frameworks);
        free(sampler);
        return kplive_fail(error, KPLIVE_NO_FRAMEWORK, "dlopen", 0, NULL, "%s", why);
    }
    status = identify(sampler, error);
    if (status != KPLIVE_OK) {
        kplive_close(sampler);
        return status;
    }
    *out = sampler;
    return KPLIVE_OK;
}

void kplive_close(struct kplive *sampler)
{
    if (sampler == NULL)
        return;
    kplive_stop(sampler, NULL);
    kplive_unload(&sampler->frameworks);
    free(sampler);
}

int kplive_cpu(const struct kplive *sampler)
{
    return sampler->cpu;
}

int kplive_release(const struct kplive *sampler)
{
    return sampler->release;
}

const char *kplive_cpu_name(const struct kplive *sampler)
{
    return sampler->cpu_name;
}

const char *kplive_macos(const struct kplive *sampler)
{
    return sampler->macos;
}

unsigned kplive_cpus(const struct kplive *sampler)
{
    return sampler->cpus;
}

int kplive_program(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                   struct kplive_error *error)
{
    int status;

    if (sampler->started)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "stop it first");
    sampler->programmed = false;
    status = kplive_encode(sampler, events, count, error);
    if (status != KPLIVE_OK)
        return status;
    for (unsigned i = 0; i < count; i++)
        sampler->slots[i] = sampler->encoding.events[i].slot;
    sampler->programmed = true;
    return KPLIVE_OK;
}

const struct kpdb_encoding *kplive_encoding(const struct kplive *sampler)
{
    return sampler->programmed ? &sampler->encoding : NULL;
}

/* ---- start and stop -------------------------------------------------------------------------- */

/*
 * The counters are the machine's: one configuration for all samplers of the
 * process, taken by the first that starts and given back by the last that
 * stops. What was there before is kept here, where a signal handler finds it.
 */
static pthread_mutex_t owners_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kplive *owners; /* those that are started */
static struct kplive_before before;
/* Whose counters they are from the first change to the last: all a signal handler asks. */
static const struct kplive_frameworks *volatile held;

static void remember(const struct kplive_frameworks *f)
{
    uint32_t thread_counting = f->kpc_get_thread_counting();

    memset(&before, 0, sizeof before);
    before.counting = f->kpc_get_counting();
    /* The wrapper's error is all ones (xnu.md 5.3). */
    before.thread_counting = thread_counting == UINT32_MAX ? 0 : thread_counting;
}

/* Once forced, so that the words are those of all counters. What cannot be put back is not taken.
 */
static bool remember_config(const struct kplive_frameworks *f)
{
    uint32_t count = f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE);

    before.config_count = 0;
    if (count == 0 || count > KPDB_COUNTERS_MAX ||
        f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, before.config) != 0)
        return false;
    before.config_count = count;
    return true;
}

/* What went wrong first, while the rest is still being done. */
struct trouble {
    const char *call;
    int code;
};

/*
 * A step of putting things back. Leaving counters taken is worse than asking
 * twice, so a call that fails is made once more before it counts as failed.
 */
static void put_back(struct trouble *trouble, const char *call, int (*function)(uint32_t),
                     uint32_t value)
{
    int result = function(value);

    if (result != 0)
        result = function(value);
    if (result != 0 && trouble->call == NULL)
        *trouble = (struct trouble){call, errno};
}

/* The same of the one function whose parameter is signed. */
static void put_force_back(const struct kplive_frameworks *f, struct trouble *trouble)
{
    if (f->kpc_force_all_ctrs_set(before.force) != 0 &&
        f->kpc_force_all_ctrs_set(before.force) != 0 && trouble->call == NULL)
        *trouble = (struct trouble){"kpc_force_all_ctrs_set", errno};
}

/*
 * The words that were there, while the counters are still forced as they were
 * when the words were read. The kernel may not take them back from us, who are
 * held to its list of events, the power manager's among them: then none are
 * left. macOS 26 applies words when counting is next set.
 */
static void put_config_back(const struct kplive_frameworks *f, struct trouble *trouble)
{
    static uint64_t none[KPDB_COUNTERS_MAX];

    if (before.config_count == 0)
        return;
    if (f->kpc_set_config(KPDB_CLASS_CONFIGURABLE, before.config) != 0 &&
        f->kpc_set_config(KPDB_CLASS_CONFIGURABLE, before.config) != 0)
        (void)f->kpc_set_config(KPDB_CLASS_CONFIGURABLE, none);
    put_back(trouble, "kpc_set_counting", f->kpc_set_counting, KPDB_CLASS_CONFIGURABLE);
}

/*
 * As it was before, in the reverse of the kernel's order (xnu.md 1.10); what was
 * counting goes on once the force is back, on the counters that are left.
 */
static struct trouble give_back(const struct kplive_frameworks *f)
{
    struct trouble trouble = {0};

    put_config_back(f, &trouble);
    put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, 0);
    put_back(&trouble, "kpc_set_thread_counting", f->kpc_set_thread_counting,
             before.thread_counting);
    put_force_back(f, &trouble);
    if (before.counting != 0)
        put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, before.counting);
    return trouble;
}

/* How many counters the kernel has of the classes; every event is on one of them. */
static int count_counters(const struct kplive *sampler, uint32_t *counters,
                          struct kplive_error *error)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;

    *counters = sampler->frameworks.kpc_get_counter_count(encoding->classes);
    if (*counters == 0)
        return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_counter_count", errno, NULL,
                           "this kernel has no counters of these classes, as in a virtual machine");
    if (*counters > KPDB_COUNTERS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpc_get_counter_count", 0, NULL,
                           "%u counters (expected at most %d)", (unsigned)*counters,
                           KPDB_COUNTERS_MAX);
    for (unsigned i = 0; i < encoding->event_count; i++)
        if (encoding->events[i].slot >= *counters)
            return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_counter_count", 0, NULL,
                               "%u counters, and an event is on number %u: as in a virtual machine",
                               (unsigned)*counters, encoding->events[i].slot);
    return KPLIVE_OK;
}

/* The counts and sizes that hold once the counters are forced (peers.md, mistakes). */
static int check_counts(const struct kplive *sampler, struct kplive_error *error)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;
    uint32_t counters, words;
    int status = count_counters(sampler, &counters, error);

    if (status != KPLIVE_OK)
        return status;
    words = sampler->frameworks.kpc_get_config_count(encoding->classes);
    if (encoding->config_count != 0 && words != encoding->config_count)
        return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_config_count", 0, NULL,
                           "%u configuration words (expected %u): the counters were not forced",
                           (unsigned)words, encoding->config_count);
    return KPLIVE_OK;
}

/* force, check, config, counting, thread counting: the kernel's order. */
static int take(struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    uint32_t classes = sampler->encoding.classes;
    uint64_t words[KPDB_COUNTERS_MAX];
    int status;

    if (f->kpc_force_all_ctrs_set(1) != 0)
        return kpc_failed(error, "kpc_force_all_ctrs_set", errno, false);
    status = check_counts(sampler, error);
    if (status != KPLIVE_OK)
        return status;
    if (sampler->encoding.config_count != 0 && !remember_config(f))
        return kpc_failed(error, "kpc_get_config", errno, false);
    memcpy(words, sampler->encoding.config, sizeof words);
    if (sampler->encoding.config_count != 0 && f->kpc_set_config(classes, words) != 0)
        return kpc_failed(error, "kpc_set_config", errno, true);
    /* Also what makes macOS 26 apply the configuration, which it only keeps until then. */
    if (f->kpc_set_counting(classes) != 0)
        return kpc_failed(error, "kpc_set_counting", errno, false);
    if (f->kpc_set_thread_counting(classes) != 0)
        return kpc_failed(error, "kpc_set_thread_counting", errno, false);
    return KPLIVE_OK;
}

static bool same_words(const struct kpdb_encoding *a, const struct kpdb_encoding *b)
{
    return a->classes == b->classes && a->config_count == b->config_count &&
           memcmp(a->config, b->config, a->config_count * sizeof a->config[0]) == 0;
}

static int start_first(struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    int status;

    remember(f);
    /* The first question that needs root, and the one that changes nothing. */
    if (f->kpc_force_all_ctrs_get(&before.force) != 0)
        return kpc_failed(error, "kpc_force_all_ctrs_get", errno, false);
    held = f;
    status = take(sampler, error);
    if (status != KPLIVE_OK) {
        (void)give_back(f);
        held = NULL;
    }
    return status;
}

static void stop_at_exit(void)
{
    kplive_stop_all();
}

static void register_exit(void)
{
    (void)atexit(stop_at_exit);
}

int kplive_start(struct kplive *sampler, struct kplive_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int status = KPLIVE_OK;

    if (!sampler->programmed || sampler->started)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "%s",
                           sampler->started ? "it is started already" : "program it first");
    (void)pthread_once(&once, register_exit);
    pthread_mutex_lock(&owners_lock);
    if (owners == NULL)
        status = start_first(sampler, error);
    else if (!same_words(&owners->encoding, &sampler->encoding))
        status = kplive_fail(error, KPLIVE_IN_USE, "", 0, NULL,
                             "the counters are the machine's: it would count something else too");
    if (status == KPLIVE_OK) {
        sampler->next = owners;
        owners = sampler;
        sampler->started = true;
    }
    pthread_mutex_unlock(&owners_lock);
    if (status == KPLIVE_OK) {
        status = kplive_ready(sampler, error);
        if (status != KPLIVE_OK)
            (void)kplive_stop(sampler, NULL);
    }
    return status;
}

int kplive_stop(struct kplive *sampler, struct kplive_error *error)
{
    struct trouble trouble = {0};

    if (!sampler->started)
        return KPLIVE_OK;
    pthread_mutex_lock(&owners_lock);
    for (struct kplive **at = &owners; *at != NULL; at = &(*at)->next)
        if (*at == sampler) {
            *at = sampler->next;
            break;
        }
    if (sampler->started && owners == NULL) {
        trouble = give_back(held);
        held = NULL;
    } else if (owners != NULL) {
        held = &owners->frameworks;
    }
    sampler->started = false;
    pthread_mutex_unlock(&owners_lock);
    return trouble.call == NULL ? KPLIVE_OK : kpc_failed(error, trouble.call, trouble.code, false);
}

void kplive_stop_all(void)
{
    const struct kplive_frameworks *f = held;

    if (f == NULL)
        return;
    (void)give_back(f);
    held = NULL;
    for (struct kplive *sampler = owners; sampler != NULL; sampler = sampler->next)
        sampler->started = false;
    owners = NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

int kplive_read(const struct kplive *sampler, uint64_t *values)
{
    uint64_t counters[KPDB_COUNTERS_MAX];
    size_t count, i;

    if (sampler->frameworks.kpc_get_thread_counters(0, KPDB_COUNTERS_MAX, counters) != 0)
        return -1;
    count = sampler->encoding.event_count;
    i = count & 1;
    if (i != 0)
        values[0] = counters[sampler->slots[0]];
    for (; i < count; i += 2) { /* two at a step: a third fewer instructions */
        values[i] = counters[sampler->slots[i]];
        values[i + 1] = counters[sampler->slots[i + 1]];
    }
    return 0;
}

/* A millisecond: the kernel gives an older thread its counters when it next runs. */
static void wait_a_little(void)
{
    struct timespec pause = {0, 1000000};

    (void)nanosleep(&pause, NULL);
}

int kplive_ready(const struct kplive *sampler, struct kplive_error *error)
{
    uint64_t values[KPDB_EVENTS_MAX];
    enum { TRIES = 100 };

    if (!sampler->started)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "start it first");
    for (int i = 0; i < TRIES; i++) {
        if (kplive_read(sampler, values) == 0) {
            /* The snapshot this read began from may be stale; the next one begins from this. */
            if (kplive_read(sampler, values) == 0)
                return KPLIVE_OK;
        }
        if (errno != EINVAL)
            return kpc_failed(error, "kpc_get_thread_counters", errno, false);
        wait_a_little();
    }
    return kplive_fail(error, KPLIVE_NOT_READY, "kpc_get_thread_counters", EINVAL, NULL,
                       "the kernel keeps no counts for this thread");
}

void kplive_delta(const uint64_t *earlier, const uint64_t *later, unsigned count, uint64_t *delta)
{
    for (unsigned i = 0; i < count; i++)
        delta[i] = later[i] - earlier[i];
}

static int read_cpus(const struct kplive *sampler, bool all, int *cpu, uint64_t *values,
                     struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    unsigned cpus = all ? sampler->cpus : 1;
    uint64_t *counters;
    uint32_t stride;
    int status, result;

    if (!sampler->started)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "start it first");
    if (all && (cpus == 0 || cpus != count_cpus(f)))
        return kplive_fail(error, KPLIVE_SYSTEM, "sysctlbyname", 0, NULL,
                           "hw.ncpu does not say how many CPUs there are, or not as before");
    /* What the wrapper goes by, which is not told how much room there is: it gets more. */
    status = count_counters(sampler, &stride, error);
    if (status != KPLIVE_OK)
        return status;
    counters = calloc((size_t)cpus * KPDB_COUNTERS_MAX + KPDB_COUNTERS_MAX, sizeof *counters);
    if (counters == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    result = f->kpc_get_cpu_counters(all, sampler->encoding.classes, cpu, counters);
    for (unsigned c = 0; c < cpus && result >= 0; c++)
        for (unsigned i = 0; i < sampler->encoding.event_count; i++)
            values[c * sampler->encoding.event_count + i] =
                counters[c * stride + sampler->slots[i]];
    free(counters);
    return result >= 0 ? KPLIVE_OK : kpc_failed(error, "kpc_get_cpu_counters", errno, false);
}

int kplive_read_cpus(const struct kplive *sampler, uint64_t *values, struct kplive_error *error)
{
    int cpu;

    return read_cpus(sampler, true, &cpu, values, error);
}

int kplive_read_cpu(const struct kplive *sampler, int *cpu, uint64_t *values,
                    struct kplive_error *error)
{
    return read_cpus(sampler, false, cpu, values, error);
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* The sum of the counts of names; false when one of them was not programmed. */
static bool sum_terms(const struct kplive *sampler, const uint16_t *names, unsigned count,
                      const uint64_t *delta, double *sum)
{
    *sum = 0;
    for (unsigned n = 0; n < count; n++) {
        struct kpdb_event event;
        unsigned i = 0;

        if (kpdb_name_on((unsigned)sampler->cpu, sampler->release, names[n], &event) != KPDB_OK)
            return false;
        while (i < sampler->encoding.event_count && sampler->encoding.events[i].asked != event.id)
            i++;
        if (i == sampler->encoding.event_count)
            return false;
        *sum += (double)delta[i];
    }
    return true;
}

int kplive_metric(const struct kplive *sampler, unsigned metric, const uint64_t *delta, double *out)
{
    struct kpdb_metric formula;
    double numerator, denominator;

    if (!sampler->programmed)
        return KPLIVE_STATE;
    if (sampler->cpu < 0 || kpdb_metric(metric, &formula) != KPDB_OK ||
        !sum_terms(sampler, formula.numerators, formula.numerator_count, delta, &numerator) ||
        !sum_terms(sampler, formula.denominators, formula.denominator_count, delta, &denominator))
        return KPLIVE_EVENT;
    *out = denominator == 0 ? 0 : formula.scale * numerator / denominator;
    return KPLIVE_OK;
}
