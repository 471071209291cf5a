/*
 * Every call of a sampler's life refused, once and from then on, with every errno that is known:
 * afterwards the machine is as it was, or somebody was told that it is not.
 */
#include "foreign_help.h"

#include <errno.h>
#include <stdlib.h>

static const int errors[] = {EPERM, EACCES, EBUSY, ENOENT, EINVAL};

static const struct foreign_machine machines[] = {
    {0},
    {.used = true, .power_words = true},
    {.macos_26 = true, .used = true},
};

struct trial {
    enum kplive_words words;
    const char *function;
    unsigned long n;
    bool for_good;
    int error;
};

/* How trials went: a test that never leaves anything behind would prove nothing. */
static unsigned long whole, refused, left;

static bool holds(const struct trial *trial, const struct life *life, bool same)
{
    const char *why = NULL;
    whole += life->status == KPLIVE_OK;
    refused += life->started != KPLIVE_OK;
    left += !same;
    if (!same && life->status == KPLIVE_OK)
        why = "left, and nobody was told";
    else if (!same && life->stopped != KPLIVE_LEFT && !life->hinted)
        why = "left, and no hint of it";
    else if (life->wrong)
        why = "wrong counts, and every status is OK";
    if (why == NULL)
        return true;
    fprintf(stderr, "%s: %s: call %lu, %s, errno %d%s; %s gave %d, start %d, stop %d\n", why,
            words_names[trial->words], trial->n,
            trial->function == NULL ? foreign_call(trial->n) : trial->function, trial->error,
            trial->for_good ? " for good" : "", life->step == NULL ? "nothing" : life->step,
            life->status, life->started, life->stopped);
    return false;
}

static void try_once(const struct foreign_machine *machine, const struct trial *trial)
{
    struct life life;
    foreign_reset(machine);
    const char *before = state();
    foreign_fail(trial->function, trial->n, trial->for_good, trial->error);
    live(trial->words, false, &life);
    CHECK(holds(trial, &life, strcmp(state(), before) == 0));
}

/* What a failure left in the library would show in the next life. */
static unsigned long clean_life(const struct foreign_machine *machine, enum kplive_words words)
{
    struct life life;
    foreign_reset(machine);
    const char *before = state();
    live(words, false, &life);
    CHECK(life.status == KPLIVE_OK && !life.wrong);
    CHECK_STR(state(), before);
    return life.last_call;
}

static void every_call(const struct foreign_machine *machine, enum kplive_words words)
{
    struct trial trial = {.words = words};
    unsigned long calls = clean_life(machine, words);
    CHECK(calls > 20);
    for (trial.n = 1; trial.n <= calls; trial.n++) {
        for (unsigned e = 0; e < sizeof errors / sizeof *errors; e++) {
            trial.error = errors[e];
            trial.for_good = false;
            try_once(machine, &trial);
            trial.for_good = true;
            try_once(machine, &trial);
        }
        clean_life(machine, words);
    }
}

/* One function alone fails from its n-th call on; all others do what they should. */
static void every_function(const struct foreign_machine *machine, enum kplive_words words)
{
    struct trial trial = {.words = words, .for_good = true};
    unsigned long calls = clean_life(machine, words);
    const char **names = calloc(calls, sizeof *names);
    for (unsigned long n = 0; n < calls; n++)
        names[n] = foreign_call(n + 1);
    for (unsigned long n = 0; n < calls; n++) {
        trial.function = names[n];
        trial.n = 1;
        for (unsigned long earlier = 0; earlier < n; earlier++)
            trial.n += names[earlier] == names[n];
        for (unsigned e = 0; e < sizeof errors / sizeof *errors; e++) {
            trial.error = errors[e];
            try_once(machine, &trial);
        }
        clean_life(machine, words);
    }
    free(names);
}

/* ---- what needs no start --------------------------------------------------------------------- */

static void count_event(void *user, const struct kplive_event *event)
{
    unsigned *told = user;
    bool nothing = event->word == 0 && event->number == 0 && event->counters == 0;
    *told += event->name[0] != '\0' && (event->code == 0 || nothing);
}

static void count_drift(void *user, const struct kplive_drift *drift)
{
    unsigned *told = user;
    (void)drift;
    (*told)++;
}

/* What each gives, and whether that is right; called again with every call of it failing. */
static int asks_taken(const struct kplive *sampler, bool *right)
{
    struct kplive_state found = {.size = sizeof found};
    int status = kplive_taken(sampler, &found, NULL);
    *right = found.taken && found.counting == 3 && found.thread_counting == 1 && !found.force;
    return status;
}

static int resets(const struct kplive *sampler, bool *right)
{
    struct kplive_state found = {.size = sizeof found};
    int status = kplive_reset(sampler, true, &found, NULL);
    *right = strstr(state(), "forced 0 counting 0 running 0 threads 0") != NULL;
    return status;
}

static int tells_events(const struct kplive *sampler, bool *right)
{
    unsigned told = 0;
    int status = kplive_events(sampler, count_event, &told, NULL);
    *right = told == 64;
    return status;
}

static int compares(struct kplive *sampler, bool *right)
{
    unsigned told = 0;
    struct kplive_check check = {0};
    int status = kplive_compare(sampler, 5, 1, count_drift, &told, &check, NULL);
    *right = told >= 3 && check.drifts == told;
    return status;
}

/* OK and wrong is what must not be. kplive_compare() may tell a failure as a difference. */
static void without_start(void *user)
{
    const int which = *(const int *)user;
    bool right = false;
    unsigned long calls = 0;
    for (unsigned long n = 0; n <= calls; n++)
        for (unsigned e = 0; e < 2; e++) { /* once, and for good */
            foreign_reset(&(struct foreign_machine){.used = true});
            struct kplive *sampler = opened(KPLIVE_STATIC, false);
            foreign_count();
            foreign_fail(NULL, n, e % 2 != 0, errors[e]);
            int status = which == 0   ? asks_taken(sampler, &right)
                         : which == 1 ? resets(sampler, &right)
                         : which == 2 ? tells_events(sampler, &right)
                                      : compares(sampler, &right);
            if (n == 0)
                calls = foreign_calls();
            if (!CHECK(n == 0 ? status == KPLIVE_OK && right : status != KPLIVE_OK || right))
                fprintf(stderr, "which %d: call %lu, %s, errno %d%s: OK, and wrong\n", which, n,
                        foreign_call(n), errors[e], e % 2 != 0 ? " for good" : "");
            foreign_fail(NULL, 0, false, 0);
            kplive_close(sampler);
        }
}

int main(int argc, char **argv)
{
    help_main(argc, argv);
    /* First: after thousands of lives ThreadSanitizer's memory is too much for a fork. */
    for (int which = 0; which < 4; which++)
        CHILD_HOLDS(without_start, &which);
    for (unsigned n = 0; n < sizeof machines / sizeof *machines; n++)
        for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++)
            every_call(&machines[n], (enum kplive_words)words);
    for (unsigned n = 0; n < sizeof machines / sizeof *machines; n++)
        every_function(&machines[n], (enum kplive_words)n);
    printf("%lu lives whole, %lu without a start, %lu left something and said so\n", whole, refused,
           left);
    CHECK(whole > 0 && refused > 0 && left > 0);
    return check_done();
}
