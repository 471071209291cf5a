/*
 * Who has the counters. They are the machine's: one configuration for all samplers
 * of the process, taken by the first that starts and given back by the last that
 * stops, by kplive_stop_all(), at exit() or by a signal's handler, whichever is
 * first.
 */
#include "sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What was there before the counters were taken. */
struct before {
    int force;
    uint32_t counting, thread_counting;
    /* Words of all that is configurable: before the counters were forced, and then. */
    uint64_t free_words[KPDB_COUNTERS_MAX], words[KPDB_COUNTERS_MAX];
    uint32_t free_count, count;
};

/* The steps of taking the counters that changed something, and so are undone. */
enum { FORCED = 1, CONFIGURED = 2, COUNTING = 4, THREADS = 8 };

static struct {
    pid_t process;                       /* whose this is; 0: nobody has started */
    struct kplive *samplers;             /* those that run */
    struct kplive_frameworks frameworks; /* of the first of them */
    struct kpdb_encoding running;        /* its events and words */
    uint32_t slots;                      /* counters that the kernel gives for them */
    bool intel;
    unsigned steps;
    struct before before;
    bool ended; /* nothing starts any more */
} owner;

/* ---- one at a time --------------------------------------------------------------------------- */

/*
 * All of `owner` is read and written between enter() and leave() alone. Signals
 * are held back there, so that a handler of this thread never finds it half-way,
 * and one that runs in another thread waits: whoever is inside always gets on,
 * since nothing there waits but for the kernel. A plain mutex would be taken by
 * no handler.
 */
static atomic_bool busy;

static void enter(sigset_t *before)
{
    struct timespec pause = {0, 50000};
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, before);
    while (atomic_exchange_explicit(&busy, true, memory_order_acquire))
        (void)nanosleep(&pause, NULL);
}

static void leave(const sigset_t *before)
{
    atomic_store_explicit(&busy, false, memory_order_release);
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Not in a child that vfork() made: what it reads and writes here is its parent's. */
static bool is_owner(void)
{
    return owner.process == getpid();
}

/* ---- giving back ----------------------------------------------------------------------------- */

/* What went wrong first, while the rest is still being done. */
struct trouble {
    const char *call;
    int code;
};

static void note(struct trouble *trouble, const char *call, int code)
{
    if (trouble->call == NULL)
        *trouble = (struct trouble){call, code};
}

/*
 * A step of putting things back. Leaving counters taken is worse than asking
 * twice, so a call that fails is made once more before it counts as failed.
 */
static void put_back(struct trouble *trouble, const char *call, int (*function)(uint32_t),
                     uint32_t value)
{
    errno = 0;
    if (function(value) != 0 && function(value) != 0)
        note(trouble, call, errno);
}

/* The same of the one function whose parameter is signed. */
static void unforce(struct trouble *trouble)
{
    errno = 0;
    if (owner.frameworks.kpc_force_all_ctrs_set(0) != 0 &&
        owner.frameworks.kpc_force_all_ctrs_set(0) != 0)
        note(trouble, "kpc_force_all_ctrs_set", errno);
}

static bool set_words(uint64_t *words)
{
    errno = 0;
    return owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, words) == 0 ||
           owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, words) == 0;
}

/* Whether the kernel's words are these. Intel's INT and EN come and go with counting (xnu.md 2.4).
 */
static bool words_are(const uint64_t *words, uint32_t count)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    uint64_t ignored = owner.intel ? 0x500000 : 0, now[KPDB_COUNTERS_MAX];

    if (f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE) != count &&
        f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE) != count)
        return false;
    if (count == 0)
        return true;
    if (f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, now) != 0 &&
        f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, now) != 0)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (((words[i] ^ now[i]) & ~ignored) != 0)
            return false;
    return true;
}

/*
 * The kernel holds us to its list of events, all or nothing, and what was there
 * may not be in it: the power manager's words, for one. So each that it takes; no
 * event for the others.
 */
static bool set_each_word(uint64_t *words)
{
    uint64_t taken[KPDB_COUNTERS_MAX] = {0};

    if (!set_words(taken))
        return false;
    for (uint32_t i = 0; i < owner.before.count; i++) {
        taken[i] = words[i];
        if (words[i] != 0 && owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, taken) != 0)
            taken[i] = 0;
    }
    memcpy(words, taken, sizeof taken);
    return true;
}

/*
 * The words that were there, while the counters are forced as they were when the
 * words were read. macOS 26 keeps them until counting is next set (xnu.md 1.12).
 */
static void put_words_back(struct trouble *trouble, bool counting)
{
    uint64_t words[KPDB_COUNTERS_MAX];

    memcpy(words, owner.before.words, sizeof words);
    if (!set_words(words)) {
        int code = errno;

        if (!set_each_word(words))
            note(trouble, "kpc_set_config", code);
    }
    if (counting && !words_are(words, owner.before.count)) {
        put_back(trouble, "kpc_set_counting", owner.frameworks.kpc_set_counting,
                 KPDB_CLASS_CONFIGURABLE);
        put_back(trouble, "kpc_set_counting", owner.frameworks.kpc_set_counting, 0);
    }
}

/*
 * Undoes the steps that were taken and no other, in the reverse of the kernel's
 * order (xnu.md 1.10); what was counting goes on once the force is back, on the
 * counters that are left. Only counters that the power manager has again may have
 * other words than before: those it sets itself.
 */
static struct trouble give_back(void)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    const struct before *before = &owner.before;
    unsigned steps = owner.steps;
    struct trouble trouble = {0};

    owner.steps = 0;
    if ((steps & COUNTING) != 0)
        put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, 0);
    if ((steps & CONFIGURED) != 0)
        put_words_back(&trouble, (steps & COUNTING) != 0);
    if ((steps & THREADS) != 0)
        put_back(&trouble, "kpc_set_thread_counting", f->kpc_set_thread_counting,
                 before->thread_counting);
    if ((steps & FORCED) != 0)
        unforce(&trouble);
    if ((steps & COUNTING) != 0 && before->counting != 0)
        put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, before->counting);
    if ((steps & CONFIGURED) != 0 && !words_are(before->free_words, before->free_count))
        note(&trouble, "kpc_set_config", 0);
    return trouble;
}

static int left(struct kplive_error *error, const struct trouble *trouble)
{
    return kplive_fail(error, KPLIVE_LEFT, trouble->call, trouble->code, NULL, "%s; %s",
                       trouble->code == 0 ? "the words that were there are not there again"
                                          : strerror(trouble->code),
                       "the rest was put back; kpep reset switches off what is on");
}

/* ---- taking ---------------------------------------------------------------------------------- */

int kplive_count_counters(const struct kplive *sampler, uint32_t *counters,
                          struct kplive_error *error)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;

    errno = 0;
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
    int status = kplive_count_counters(sampler, &owner.slots, error);
    uint32_t words;

    if (status != KPLIVE_OK || encoding->config_count == 0)
        return status;
    errno = 0;
    words = sampler->frameworks.kpc_get_config_count(encoding->classes);
    if (words != encoding->config_count)
        return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_config_count", errno, NULL,
                           "%u configuration words (expected %u): the counters were not forced",
                           (unsigned)words, encoding->config_count);
    return KPLIVE_OK;
}

/* Words of the configurable counters that are ours to set now; there may be none. */
static int remember_words(uint64_t *words, uint32_t *count, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;

    errno = 0;
    *count = f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE);
    if (*count == 0 && errno != 0)
        return kplive_kpc_failed(error, "kpc_get_config_count", errno, false);
    if (*count > KPDB_COUNTERS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpc_get_config_count", 0, NULL,
                           "%u configuration words (expected at most %d)", (unsigned)*count,
                           KPDB_COUNTERS_MAX);
    errno = 0;
    if (*count != 0 && f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, words) != 0)
        return kplive_kpc_failed(error, "kpc_get_config", errno, false);
    return KPLIVE_OK;
}

/* What cannot be remembered is not taken. The wrappers' errors: xnu.md 4, item 5. */
static int remember(bool words, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    struct before *before = &owner.before;

    memset(before, 0, sizeof *before);
    /* The first question that needs root. */
    errno = 0;
    if (f->kpc_force_all_ctrs_get(&before->force) != 0)
        return kplive_kpc_failed(error, "kpc_force_all_ctrs_get", errno, false);
    errno = 0;
    before->counting = f->kpc_get_counting();
    if (before->counting == 0 && errno != 0)
        return kplive_kpc_failed(error, "kpc_get_counting", errno, false);
    errno = 0;
    before->thread_counting = f->kpc_get_thread_counting();
    if (before->thread_counting == UINT32_MAX || (before->thread_counting == 0 && errno != 0))
        return kplive_kpc_failed(error, "kpc_get_thread_counting", errno, false);
    return words ? remember_words(before->free_words, &before->free_count, error) : KPLIVE_OK;
}

/*
 * Up to macOS 15 the kernel refuses to force what another task has forced, and
 * this process may have done it itself. macOS 26 refuses nothing and replaces the
 * other's configuration (xnu.md 1.4); a macOS that is not known is taken for that.
 */
static int check_force(const struct kplive *sampler, struct kplive_error *error)
{
    bool refuses = sampler->macos_version != 0 && sampler->macos_version < 2600;

    if (owner.before.force == 0 || refuses || sampler->insist)
        return KPLIVE_OK;
    return kplive_fail(error, KPLIVE_BUSY, "kpc_force_all_ctrs_get", 0, NULL,
                       "the counters are forced already: another tool may have them, and this "
                       "macOS would not say so; kplive_options.insist (kpep: --insist) takes "
                       "them all the same");
}

/* The one step that another tool's having the counters makes fail: nothing was changed before. */
static int force(struct kplive_error *error)
{
    errno = 0;
    if (owner.frameworks.kpc_force_all_ctrs_set(1) != 0)
        return kplive_kpc_failed(error, "kpc_force_all_ctrs_set", errno, false);
    owner.steps |= owner.before.force == 0 ? FORCED : 0;
    return KPLIVE_OK;
}

static int configure(const struct kpdb_encoding *encoding, struct kplive_error *error)
{
    uint64_t words[KPDB_COUNTERS_MAX];
    int status = remember_words(owner.before.words, &owner.before.count, error);

    if (status != KPLIVE_OK)
        return status;
    memcpy(words, encoding->config, sizeof words);
    errno = 0;
    if (owner.frameworks.kpc_set_config(encoding->classes, words) != 0)
        return kplive_kpc_failed(error, "kpc_set_config", errno, true);
    owner.steps |= CONFIGURED;
    return KPLIVE_OK;
}

/* Counting is also what makes macOS 26 apply the configuration, which it only keeps until then. */
static int count(uint32_t classes, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;

    errno = 0;
    if (f->kpc_set_counting(classes) != 0)
        return kplive_kpc_failed(error, "kpc_set_counting", errno, false);
    owner.steps |= COUNTING;
    errno = 0;
    if (f->kpc_set_thread_counting(classes) != 0)
        return kplive_kpc_failed(error, "kpc_set_thread_counting", errno, false);
    owner.steps |= THREADS;
    return KPLIVE_OK;
}

/* force, check, config, counting, thread counting: the kernel's order. */
static int take(const struct kplive *sampler, struct kplive_error *error)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;
    bool words = encoding->config_count != 0;
    int status = remember(words, error);

    if (status == KPLIVE_OK)
        status = check_force(sampler, error);
    if (status == KPLIVE_OK)
        status = force(error);
    if (status == KPLIVE_OK)
        status = check_counts(sampler, error);
    if (status == KPLIVE_OK && words)
        status = configure(encoding, error);
    return status == KPLIVE_OK ? count(encoding->classes, error) : status;
}

static int check_functions(const struct kplive *sampler, struct kplive_error *error)
{
    static const char *const always[] = {
        "kpc_force_all_ctrs_get", "kpc_force_all_ctrs_set",  "kpc_get_counting",
        "kpc_set_counting",       "kpc_get_thread_counting", "kpc_set_thread_counting",
        "kpc_get_counter_count",  "kpc_get_thread_counters", NULL};
    static const char *const configuring[] = {"kpc_get_config_count", "kpc_get_config",
                                              "kpc_set_config", NULL};
    int status = kplive_need(&sampler->frameworks, error, always);

    return status != KPLIVE_OK || sampler->encoding.config_count == 0
               ? status
               : kplive_need(&sampler->frameworks, error, configuring);
}

static int start_first(struct kplive *sampler, struct kplive_error *error)
{
    int status = check_functions(sampler, error);
    struct trouble trouble;

    if (status != KPLIVE_OK)
        return status;
    owner.process = getpid();
    owner.frameworks = sampler->frameworks;
    owner.running = sampler->encoding;
    owner.intel = sampler->intel;
    owner.steps = 0;
    status = take(sampler, error);
    if (status == KPLIVE_OK) {
        for (unsigned i = 0; i < sampler->encoding.event_count; i++)
            sampler->map[i] = sampler->encoding.events[i].slot;
        return KPLIVE_OK;
    }
    trouble = give_back();
    if (trouble.call != NULL)
        kplive_add_hint(error, "; and not all could be put back: %s (%d); see kpep reset",
                        trouble.call, trouble.code);
    return status;
}

/* ---- sharing --------------------------------------------------------------------------------- */

/* Fixed counters among the slots: they have no word. */
static unsigned fixed_slots(const struct kpdb_encoding *encoding)
{
    return encoding->slots - encoding->config_count;
}

/*
 * The slot in which what runs counts the same: the fixed counter itself, or any
 * with the same word that an event was placed on. -1: none.
 */
static int find_slot(const struct kpdb_encoding *wanted, unsigned slot)
{
    const struct kpdb_encoding *running = &owner.running;
    unsigned fixed = fixed_slots(wanted);

    for (unsigned i = 0; i < running->event_count; i++) {
        unsigned other = running->events[i].slot;

        if (slot < fixed
                ? other == slot && slot < fixed_slots(running)
                : other >= fixed_slots(running) &&
                      running->config[other - fixed_slots(running)] == wanted->config[slot - fixed])
            return (int)other;
    }
    return -1;
}

static int share(struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    uint8_t map[KPDB_EVENTS_MAX] = {0};

    if (f->kpc_set_counting != owner.frameworks.kpc_set_counting)
        return kplive_fail(error, KPLIVE_IN_USE, "", 0, NULL,
                           "through another library than this sampler's");
    for (unsigned i = 0; i < sampler->encoding.event_count; i++) {
        int slot = find_slot(&sampler->encoding, sampler->encoding.events[i].slot);

        if (slot < 0)
            return kplive_fail(error, KPLIVE_IN_USE, "", 0, NULL,
                               "the counters are the machine's: only events that are counted "
                               "already can be shared");
        map[i] = (uint8_t)slot;
    }
    memcpy(sampler->map, map, sizeof map);
    return KPLIVE_OK;
}

/* ---- starting and stopping ------------------------------------------------------------------- */

/* All give back what is taken; with what went wrong. The samplers know first: their counts are no
 * more.
 */
static struct trouble end_all(void)
{
    struct trouble none = {0};

    if (owner.samplers == NULL)
        return none;
    for (; owner.samplers != NULL; owner.samplers = owner.samplers->next)
        atomic_store(&owner.samplers->stopped, 1);
    return give_back();
}

static void stop_all(bool end)
{
    int before = errno;
    sigset_t signals;

    enter(&signals);
    if (is_owner()) {
        owner.ended |= end;
        (void)end_all();
    }
    leave(&signals);
    errno = before;
}

void kplive_stop_all(void)
{
    stop_all(false);
}

void kplive_end(void)
{
    stop_all(true);
}

void kplive_go_on(void)
{
    sigset_t signals;

    enter(&signals);
    owner.ended = false;
    leave(&signals);
}

/* fork() copies one thread alone: what others were doing will never be done here. */
static void forget_in_child(void)
{
    for (; owner.samplers != NULL; owner.samplers = owner.samplers->next)
        atomic_store(&owner.samplers->stopped, 1);
    owner.process = getpid();
    owner.steps = 0;
    owner.ended = false;
    atomic_store(&busy, false);
}

static int registered; /* 0, or the errno that says why not */

static void register_ways_out(void)
{
    owner.process = getpid();
    registered = pthread_atfork(NULL, NULL, forget_in_child);
    if (registered == 0 && atexit(kplive_end) != 0)
        registered = ENOMEM;
}

static int start(struct kplive *sampler, struct kplive_error *error)
{
    int status;

    if (!is_owner())
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "in a child that shares memory");
    if (owner.ended)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "the process is ending");
    status = owner.samplers == NULL ? start_first(sampler, error) : share(sampler, error);
    if (status != KPLIVE_OK)
        return status;
    sampler->slot_count = owner.slots;
    sampler->running_classes = owner.running.classes;
    sampler->event_count = sampler->encoding.event_count;
    sampler->get = owner.frameworks.kpc_get_thread_counters;
    sampler->next = owner.samplers;
    owner.samplers = sampler;
    atomic_store(&sampler->stopped, 0);
    return KPLIVE_OK;
}

int kplive_register(struct kplive_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, register_ways_out);
    return registered == 0 ? KPLIVE_OK
                           : kplive_fail(error, KPLIVE_MEMORY, "pthread_atfork", registered, NULL,
                                         "the counters could not be given back");
}

int kplive_own(struct kplive *sampler, struct kplive_error *error)
{
    int status = kplive_register(error);
    sigset_t signals;

    if (status != KPLIVE_OK)
        return status;
    enter(&signals);
    status = start(sampler, error);
    leave(&signals);
    return status;
}

int kplive_disown(struct kplive *sampler, struct kplive_error *error)
{
    struct trouble trouble = {0};
    sigset_t signals;

    enter(&signals);
    for (struct kplive **at = &owner.samplers; is_owner() && *at != NULL; at = &(*at)->next)
        if (*at == sampler) {
            atomic_store(&sampler->stopped, 1);
            *at = sampler->next;
            if (owner.samplers == NULL)
                trouble = give_back();
            break;
        }
    leave(&signals);
    return trouble.call == NULL ? KPLIVE_OK : left(error, &trouble);
}

bool kplive_runs(const struct kplive *sampler)
{
    return atomic_load(&sampler->stopped) == 0;
}

int kplive_alone(int (*run)(void *context, bool owned), void *context)
{
    sigset_t signals;
    int status;

    enter(&signals);
    status = run(context, owner.samplers != NULL && is_owner());
    leave(&signals);
    return status;
}
