/*
 * Who has the counters. They are the machine's: one configuration for all samplers
 * of the process, taken by the first that starts and given back by the last that
 * stops, by kplive_stop_all(), at exit() or by a signal's handler, whichever is
 * first.
 */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was there before the counters were taken. */
struct before {
    int force;
    uint32_t counting, thread_counting;
    /* Words of what is configurable: before the counters were forced, and then. */
    struct words {
        uint32_t count;
        uint64_t word[KPDB_COUNTERS_MAX];
    } free, all;
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
    struct kplive_trouble left; /* by a handler, which can tell nobody */
    bool ended;                 /* nothing starts any more */
    unsigned suspended;         /* handlers that suspend the process: nothing starts meanwhile */
} owner;

/* ---- one at a time --------------------------------------------------------------------------- */

/*
 * All of `owner` is read and written between enter() and leave() alone. Signals
 * are held back there, so that a handler of this thread never finds it half-way,
 * and one that runs in another thread waits: whoever is inside always gets on,
 * since nothing there waits but for the kernel. A handler could not take a plain
 * mutex. Only abort() lets its signal through: is_inside() tells.
 */
static atomic_bool busy;
static _Atomic(uintptr_t) inside; /* the thread that is */

static void enter(sigset_t *before)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, before);
    while (atomic_exchange_explicit(&busy, true, memory_order_acquire))
        kplive_pause();
    atomic_store_explicit(&inside, (uintptr_t)pthread_self(), memory_order_relaxed);
}

static void leave(const sigset_t *before)
{
    atomic_store_explicit(&inside, 0, memory_order_relaxed);
    atomic_store_explicit(&busy, false, memory_order_release);
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Whether this thread is between enter() and leave(): the framework called abort(), or fork(). */
static bool is_inside(void)
{
    return atomic_load_explicit(&inside, memory_order_relaxed) == (uintptr_t)pthread_self();
}

/* Not so in a child that vfork() made: what it reads and writes here is its parent's. */
static bool is_owner(void)
{
    return owner.process == getpid();
}

/* ---- giving back ----------------------------------------------------------------------------- */

/* Keeps the call that failed first. */
static void note_trouble(struct kplive_trouble *trouble, const char *call, int code)
{
    if (trouble->call == NULL)
        *trouble = (struct kplive_trouble){call, code};
}

/*
 * A step of putting things back. Leaving counters taken is worse than asking
 * twice, so a call that fails is made once more before it counts as failed.
 */
void kplive_put_back(struct kplive_trouble *trouble, const char *call, int (*function)(uint32_t),
                     uint32_t value)
{
    errno = 0;
    if (function(value) != 0 && function(value) != 0)
        note_trouble(trouble, call, errno);
}

/* As kplive_put_back(), for the one function whose parameter is signed. */
void kplive_unforce(struct kplive_trouble *trouble, const struct kplive_frameworks *f)
{
    errno = 0;
    if (f->kpc_force_all_ctrs_set(0) != 0 && f->kpc_force_all_ctrs_set(0) != 0)
        note_trouble(trouble, "kpc_force_all_ctrs_set", errno);
}

static bool set_words(uint64_t *words)
{
    errno = 0;
    return owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, words) == 0 ||
           owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, words) == 0;
}

/* Bits of an Intel word that come and go with counting (kernel.md 2.4). */
enum { INTEL_INT = 1 << 20, INTEL_EN = 1 << 22 };

/* Whether the words of `some` are all among `others`, in the same order. */
static bool are_among(const struct words *some, const struct words *others)
{
    uint64_t ignored = owner.intel ? INTEL_INT | INTEL_EN : 0;
    uint32_t found = 0;

    for (uint32_t i = 0; i < others->count && found < some->count; i++)
        found += ((others->word[i] ^ some->word[found]) & ~ignored) == 0;
    return found == some->count;
}

/* Whether the kernel has these words, which it is asked for twice. */
static bool kernel_has_words(const struct words *words)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    struct words now;

    for (int tries = 0; tries < 2; tries++) {
        now.count = f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE);
        if (now.count == words->count && f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, now.word) == 0)
            return are_among(words, &now);
    }
    return false;
}

/*
 * The kernel holds us to its list, all or nothing (kernel.md 1.8), and what was there
 * may not be in it: the power manager's words, for one. So each that it takes; no
 * event for the others.
 */
static bool set_each_word(struct words *words)
{
    struct words taken = {.count = words->count};

    if (!set_words(taken.word))
        return false;
    for (uint32_t i = 0; i < words->count; i++) {
        taken.word[i] = words->word[i];
        if (words->word[i] != 0 &&
            owner.frameworks.kpc_set_config(KPDB_CLASS_CONFIGURABLE, taken.word) != 0)
            taken.word[i] = 0;
    }
    *words = taken;
    return true;
}

/*
 * The words that were there, while the counters are forced as they were when the
 * words were read. macOS 26 keeps them until counting is next set (kernel.md 1.12).
 * Those that could be seen before have to be there again; the others are the power
 * manager's, which sets them itself.
 */
static void put_words_back(struct kplive_trouble *trouble, bool counting)
{
    struct words words = owner.before.all;
    int code = 0;

    if (!set_words(words.word)) {
        code = errno;
        if (!set_each_word(&words))
            note_trouble(trouble, "kpc_set_config", code);
    }
    if (counting && !kernel_has_words(&words)) {
        kplive_put_back(trouble, "kpc_set_counting", owner.frameworks.kpc_set_counting,
                        KPDB_CLASS_CONFIGURABLE);
        kplive_put_back(trouble, "kpc_set_counting", owner.frameworks.kpc_set_counting, 0);
    }
    if (!kernel_has_words(&words) || !are_among(&owner.before.free, &words))
        note_trouble(trouble, "kpc_set_config", code);
}

/*
 * Undoes the steps that were taken and no other, in the reverse of the kernel's
 * order (kernel.md 1.10). What was counting goes on once the force is back, on the
 * counters that are left; but it is said before already, since from then on another
 * process may look how it finds them.
 */
static struct kplive_trouble give_back(void)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    const struct before *before = &owner.before;
    unsigned steps = owner.steps;
    struct kplive_trouble trouble = {0};

    owner.steps = 0;
    if ((steps & COUNTING) != 0)
        kplive_put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, 0);
    if ((steps & CONFIGURED) != 0)
        put_words_back(&trouble, (steps & COUNTING) != 0);
    if ((steps & THREADS) != 0)
        kplive_put_back(&trouble, "kpc_set_thread_counting", f->kpc_set_thread_counting,
                        before->thread_counting);
    if ((steps & COUNTING) != 0 && before->counting != 0)
        kplive_put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, before->counting);
    if ((steps & FORCED) != 0)
        kplive_unforce(&trouble, f);
    if ((steps & COUNTING) != 0 && before->counting != 0)
        kplive_put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, before->counting);
    return trouble;
}

static int tell_left(struct kplive_error *error, const struct kplive_trouble *trouble)
{
    char text[96];

    return kplive_fail(error, KPLIVE_LEFT, trouble->call, trouble->code, NULL, "%s; %s",
                       trouble->code == 0 ? "the words that were there are not there again"
                                          : kplive_errno_text(trouble->code, text, sizeof text),
                       "the rest was put back; kpep reset switches off what is on");
}

/* ---- taking ---------------------------------------------------------------------------------- */

/*
 * The counts that hold once the counters are forced (kperfdata.md 4.1): both as
 * they were encoded for, or every slot after the first that is missing would be
 * another's.
 */
static int check_counts(const struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    const struct kpdb_encoding *encoding = &sampler->encoding;
    uint32_t words;

    errno = 0;
    owner.slots = f->kpc_get_counter_count(encoding->classes);
    if (owner.slots == 0)
        return kplive_kpc_failed(error, "kpc_get_counter_count", errno, false);
    if (owner.slots != encoding->slots)
        return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_counter_count", 0, NULL,
                           "%u counters (expected %u): fewer are as in a virtual machine",
                           (unsigned)owner.slots, encoding->slots);
    if (encoding->config_count == 0)
        return KPLIVE_OK;
    errno = 0;
    words = f->kpc_get_config_count(encoding->classes);
    if (words == 0)
        return kplive_kpc_failed(error, "kpc_get_config_count", errno, false);
    if (words != encoding->config_count)
        return kplive_fail(error, KPLIVE_NO_COUNTERS, "kpc_get_config_count", 0, NULL,
                           "%u configuration words (expected %u): the counters were not forced",
                           (unsigned)words, encoding->config_count);
    return KPLIVE_OK;
}

/* Reads the configuration words that there are now, which may be none. */
static int remember_words(struct words *words, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;

    errno = 0;
    words->count = f->kpc_get_config_count(KPDB_CLASS_CONFIGURABLE);
    if (words->count == 0 && errno != 0)
        return kplive_kpc_failed(error, "kpc_get_config_count", errno, false);
    if (words->count > KPDB_COUNTERS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpc_get_config_count", 0, NULL,
                           "%u configuration words (expected at most %d)", (unsigned)words->count,
                           KPDB_COUNTERS_MAX);
    errno = 0;
    if (words->count != 0 && f->kpc_get_config(KPDB_CLASS_CONFIGURABLE, words->word) != 0)
        return kplive_kpc_failed(error, "kpc_get_config", errno, false);
    return KPLIVE_OK;
}

/*
 * Reads all that give_back() puts back; what cannot be read is not taken. The force
 * state and the counting classes are read before and after the rest: where they
 * differ, another process has changed them meanwhile, and *same is false.
 */
static int remember_state(bool words, bool *same, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &owner.frameworks;
    struct before *before = &owner.before;
    uint32_t counting = 0;
    int status, first = 0;

    memset(before, 0, sizeof *before);
    status = kplive_ask_force(f, &first, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_counting(f, &before->counting, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_threads(f, &before->thread_counting, error);
    if (status == KPLIVE_OK && words)
        status = remember_words(&before->free, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_force(f, &before->force, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_counting(f, &counting, error);
    *same = first == before->force && counting == before->counting;
    return status;
}

/*
 * Whether what counts is still as remembered, now that the counters are forced and
 * nobody else can start or stop them. The kernel tells CONFIGURABLE when all counters
 * of the class run, which the power manager's need not (kernel.md 1.5): that class may
 * be missing now.
 */
static int check_unchanged(bool *same, struct kplive_error *error)
{
    const struct before *before = &owner.before;
    uint32_t counting = 0, threads = 0;
    int status = kplive_ask_counting(&owner.frameworks, &counting, error);

    if (status == KPLIVE_OK)
        status = kplive_ask_threads(&owner.frameworks, &threads, error);
    *same = threads == before->thread_counting && (counting & ~before->counting) == 0 &&
            ((counting ^ before->counting) & KPDB_CLASS_FIXED) == 0;
    return status;
}

/*
 * Counters that are forced already are somebody else's, or this process's own by
 * other means, and what they count cannot be told from what was there before. Up
 * to macOS 15 the kernel would refuse, macOS 26 replaces the other's configuration
 * without a word (kernel.md 1.4).
 */
static int check_force(const struct kplive *sampler, struct kplive_error *error)
{
    if (owner.before.force == 0 || sampler->insist)
        return KPLIVE_OK;
    return kplive_fail(error, KPLIVE_BUSY, "kpc_force_all_ctrs_get", 0, NULL,
                       "the counters are forced: another tool has them (Instruments, xctrace, "
                       "powermetrics), or on macOS 26 may have; kplive_options.insist (kpep: "
                       "--insist) takes what the kernel lets be taken");
}

/* How many configurable counters can be had now; 0 with an errno is a failure. */
static int count_free_counters(uint32_t *count, struct kplive_error *error)
{
    errno = 0;
    *count = owner.frameworks.kpc_get_counter_count(KPDB_CLASS_CONFIGURABLE);
    return *count != 0 || errno == 0
               ? KPLIVE_OK
               : kplive_kpc_failed(error, "kpc_get_counter_count", errno, false);
}

/*
 * Forces the counters: the step that fails where another tool has them, before
 * anything was changed. Counters that were forced already may stay as they were:
 * then there are as many as before, and there is nothing to undo.
 */
static int force_counters(struct kplive_error *error)
{
    bool was_forced = owner.before.force != 0;
    uint32_t before = 0, now = 1;
    int status = was_forced ? count_free_counters(&before, error) : KPLIVE_OK;

    if (status != KPLIVE_OK)
        return status;
    errno = 0;
    if (owner.frameworks.kpc_force_all_ctrs_set(1) != 0)
        return kplive_kpc_failed(error, "kpc_force_all_ctrs_set", errno, false);
    if (was_forced)
        status = count_free_counters(&now, error);
    if (status != KPLIVE_OK || now != before)
        owner.steps |= FORCED;
    return status;
}

static int configure_counters(const struct kpdb_encoding *encoding, struct kplive_error *error)
{
    struct before *before = &owner.before;
    uint64_t words[KPDB_COUNTERS_MAX];
    int status = remember_words(&before->all, error);

    if (status != KPLIVE_OK)
        return status;
    if (!are_among(&before->free, &before->all)) /* another process changed them meanwhile */
        before->free.count = 0;
    memcpy(words, encoding->config, sizeof words);
    errno = 0;
    if (owner.frameworks.kpc_set_config(encoding->classes, words) != 0)
        return kplive_kpc_failed(error, "kpc_set_config", errno, true);
    owner.steps |= CONFIGURED;
    return KPLIVE_OK;
}

/* Counting is also what makes macOS 26 apply the configuration it keeps (kernel.md 1.12). */
static int start_counting(uint32_t classes, struct kplive_error *error)
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

/* Tries once; *same is false when another process has changed something meanwhile. */
static int take_force(const struct kplive *sampler, bool *same, struct kplive_error *error)
{
    int status = remember_state(sampler->encoding.config_count != 0, same, error);

    if (status == KPLIVE_OK && *same)
        status = check_force(sampler, error);
    if (status != KPLIVE_OK || !*same)
        return status;
    status = force_counters(error);
    return status == KPLIVE_OK ? check_unchanged(same, error) : status;
}

/* Another process has started or stopped meanwhile: what was there is not known. */
enum { TRY_AGAIN = 1 };

/* force, check, config, counting, thread counting: the kernel's order (kernel.md 1.10). */
static int take_counters(const struct kplive *sampler, struct kplive_error *error)
{
    const struct kpdb_encoding *encoding = &sampler->encoding;
    bool same = true;
    int status = take_force(sampler, &same, error);

    if (status == KPLIVE_OK && !same)
        return TRY_AGAIN;
    if (status == KPLIVE_OK)
        status = check_counts(sampler, error);
    if (status == KPLIVE_OK && encoding->config_count != 0)
        status = configure_counters(encoding, error);
    return status == KPLIVE_OK ? start_counting(encoding->classes, error) : status;
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
    struct kplive_trouble trouble;

    if (status != KPLIVE_OK)
        return status;
    owner.frameworks = sampler->frameworks;
    owner.running = sampler->encoding;
    owner.intel = sampler->intel;
    owner.steps = 0;
    status = take_counters(sampler, error);
    if (status == KPLIVE_OK) {
        for (unsigned i = 0; i < sampler->encoding.event_count; i++)
            sampler->map[i] = sampler->encoding.events[i].slot;
        return KPLIVE_OK;
    }
    trouble = give_back();
    if (trouble.call != NULL && status == TRY_AGAIN)
        return tell_left(error, &trouble);
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

static int share_counters(struct kplive *sampler, struct kplive_error *error)
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

/* Ends every sampler and gives back what is taken; their counts are invalid before it is. */
static void end_samplers(void)
{
    struct kplive_trouble trouble;

    if (owner.samplers == NULL)
        return;
    for (; owner.samplers != NULL; owner.samplers = owner.samplers->next)
        atomic_store(&owner.samplers->stopped, 1);
    trouble = give_back();
    if (trouble.call != NULL)
        owner.left = trouble;
}

static void stop_samplers(bool end, unsigned suspended)
{
    int before = errno;
    sigset_t signals;

    if (is_inside()) { /* and will not go on: what was done till now is undone */
        (void)give_back();
        return;
    }
    enter(&signals);
    if (is_owner()) {
        owner.ended |= end;
        owner.suspended += suspended;
        end_samplers();
    }
    leave(&signals);
    errno = before;
}

void kplive_stop_all(void)
{
    stop_samplers(false, 0);
}

void kplive_end(void)
{
    stop_samplers(true, 0);
}

void kplive_suspend(void)
{
    stop_samplers(false, 1);
}

void kplive_go_on(void)
{
    sigset_t signals;

    enter(&signals);
    if (is_owner())
        owner.suspended--;
    leave(&signals);
}

/*
 * fork() copies one thread alone, and nothing that another is doing: it waits until
 * nobody is. The child has its parent's samplers, and none of them runs.
 */
static sigset_t forking;
static bool waited;

static void before_fork(void)
{
    sigset_t signals;

    if (is_inside())
        return;
    enter(&signals);
    forking = signals;
    waited = true;
}

static void after_fork(void)
{
    sigset_t signals = forking;

    if (!waited)
        return;
    waited = false;
    leave(&signals);
}

static void in_child(void)
{
    for (; owner.samplers != NULL; owner.samplers = owner.samplers->next)
        atomic_store(&owner.samplers->stopped, 1);
    owner.process = getpid();
    owner.steps = 0;
    owner.left = (struct kplive_trouble){0};
    owner.ended = false;
    owner.suspended = 0;
    after_fork();
}

static int registered; /* 0, or the errno that says why not */

static void register_ways_out(void)
{
    sigset_t signals;

    enter(&signals);
    owner.process = getpid();
    leave(&signals);
    registered = pthread_atfork(before_fork, after_fork, in_child);
    if (registered == 0 && atexit(kplive_end) != 0)
        registered = ENOMEM;
}

static int start_sampler(struct kplive *sampler, struct kplive_error *error)
{
    int status;

    if (!is_owner())
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "in a child that shares memory");
    if (owner.ended || owner.suspended != 0)
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "the process is ending or suspended");
    status = owner.samplers == NULL ? start_first(sampler, error) : share_counters(sampler, error);
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
    enum { TRIES = 20 };
    int status = kplive_register(error);
    sigset_t signals;

    if (status != KPLIVE_OK)
        return status;
    for (int tries = 0; tries < TRIES; tries++) {
        if (tries != 0)
            kplive_pause();
        enter(&signals);
        status = start_sampler(sampler, error);
        leave(&signals);
        if (status != TRY_AGAIN)
            return status;
    }
    return kplive_fail(error, KPLIVE_BUSY, "", 0, NULL,
                       "another tool goes on starting and stopping the counters");
}

/* What a handler could not put back it could tell nobody: the next to stop tells it. */
int kplive_disown(struct kplive *sampler, bool tell, struct kplive_error *error)
{
    struct kplive_trouble trouble = {0};
    sigset_t signals;

    enter(&signals);
    if (tell && is_owner()) {
        trouble = owner.left;
        owner.left = (struct kplive_trouble){0};
    }
    for (struct kplive **at = &owner.samplers; is_owner() && *at != NULL; at = &(*at)->next)
        if (*at == sampler) {
            atomic_store(&sampler->stopped, 1);
            *at = sampler->next;
            if (owner.samplers == NULL)
                trouble = give_back();
            break;
        }
    leave(&signals);
    return trouble.call == NULL ? KPLIVE_OK : tell_left(error, &trouble);
}

bool kplive_runs(const struct kplive *sampler)
{
    return atomic_load(&sampler->stopped) == 0;
}

int kplive_run_alone(int (*run)(void *context, bool owned), void *context)
{
    sigset_t signals;
    int status;

    enter(&signals);
    status = run(context, owner.samplers != NULL && is_owner());
    leave(&signals);
    return status;
}
