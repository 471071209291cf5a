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

int main(int argc, char **argv)
{
    help_main(argc, argv);
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
