/*
 * Signals at every call of a sampler's life: those that end or suspend a process, with the
 * handlers of kplive_catch_signals(), and those whose own handler stops all samplers and returns.
 */
#include "foreign_help.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct trial {
    enum kplive_words words;
    unsigned long n;
    bool after;
    int signal;
    struct life life;
};

static void report(const struct trial *trial, const char *what, int status)
{
    fprintf(stderr, "%s: %s, signal %d %s call %lu; wait status %x\n", what,
            words_names[trial->words], trial->signal, trial->after ? "after" : "before", trial->n,
            (unsigned)status);
}

static void raises(void *user)
{
    const struct trial *trial = user;
    raise(trial->signal);
}

/* ---- signals that end or suspend ------------------------------------------------------------- */

static void lives_until_the_signal(void *user)
{
    struct trial *trial = user;
    /* Of a group of its own, whose parent is not in it: else the kernel ignores SIGTSTP. */
    setpgid(0, 0);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    CHECK_INT(kplive_catch_signals(NULL), KPLIVE_OK);
    foreign_count();
    foreign_at(trial->n, trial->after, raises, trial);
    live(trial->words, false, &trial->life);
    if (trial->signal != SIGTSTP)
        _exit(99); /* it should not have come so far */
    CHECK(trial->life.started == KPLIVE_OK || trial->life.started == KPLIVE_STOPPED);
    CHECK_INT(trial->life.stopped, KPLIVE_OK);
    CHECK(trial->life.status == KPLIVE_OK || trial->life.status == KPLIVE_STOPPED);
    CHECK(!trial->life.wrong);
}

static void try_signal(const struct foreign_machine *machine, struct trial *trial)
{
    foreign_reset(machine);
    const char *before = state();
    struct stopped stopped = {0};
    int status = in_child(lives_until_the_signal, trial, &stopped);
    bool held = trial->signal == SIGTSTP
                    ? CHECK_INT(stopped.signal, SIGTSTP) && CHECK_INT(status, 0) &&
                          CHECK_STR(stopped.state, before)
                    : CHECK(WIFSIGNALED(status) && WTERMSIG(status) == trial->signal);
    if (!CHECK_STR(state(), before) || !held)
        report(trial, "a life", status);
}

static void every_signal(const struct foreign_machine *machine, enum kplive_words words,
                         unsigned long first, unsigned long last)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGABRT, SIGTSTP};
    struct trial trial = {.words = words};
    for (trial.n = first; trial.n <= last; trial.n++)
        for (unsigned n = 0; n < 2 * sizeof signals / sizeof *signals; n++) {
            trial.signal = signals[n / 2];
            trial.after = n % 2 != 0;
            try_signal(machine, &trial);
        }
}

/* ---- a handler that returns ------------------------------------------------------------------ */

static volatile sig_atomic_t handled, errno_changed;

static void stops_all(int signal)
{
    (void)signal;
    int saved = errno;
    handled = 1;
    errno = EDOM;
    kplive_stop_all();
    if (errno != EDOM)
        errno_changed = 1;
    errno = saved;
}

static void lives_through_it(void *user)
{
    struct trial *trial = user;
    const struct sigaction action = {.sa_handler = stops_all};
    const char *before = state();
    sigaction(SIGUSR1, &action, NULL);
    foreign_count();
    foreign_at(trial->n, trial->after, raises, trial);
    live(trial->words, false, &trial->life);
    foreign_at(0, false, NULL, NULL);
    const struct life *life = &trial->life;
    CHECK(handled && !errno_changed);
    CHECK(life->started == KPLIVE_OK || life->started == KPLIVE_STOPPED);
    CHECK_INT(life->stopped, KPLIVE_OK);
    if (!CHECK(life->status == KPLIVE_OK || life->status == KPLIVE_STOPPED))
        fprintf(stderr, "%s gave %d\n", life->step, life->status);
    CHECK(!life->wrong);
    CHECK_STR(state(), before);

    /* Nothing of it is left in the library. */
    live(trial->words, false, &trial->life);
    CHECK(life->status == KPLIVE_OK && !life->wrong);
    CHECK_STR(state(), before);
}

static void try_handler(const struct foreign_machine *machine, struct trial *trial)
{
    trial->signal = SIGUSR1;
    for (unsigned n = 0; n < 2; n++) {
        trial->after = n != 0;
        foreign_reset(machine);
        if (!CHILD_HOLDS(lives_through_it, trial))
            report(trial, "a handler that returns", 0);
    }
}

/* n 0 is at every call, also at those that undo. */
static void every_handler(const struct foreign_machine *machine, enum kplive_words words,
                          unsigned long first, unsigned long last)
{
    struct trial trial = {.words = words, .n = 0};
    try_handler(machine, &trial);
    for (trial.n = first; trial.n <= last; trial.n++)
        try_handler(machine, &trial);
}

/* ---- a handler that exits, and one that forks ------------------------------------------------ */

static void exits(int signal)
{
    (void)signal;
    exit(77); /* not allowed in a handler, and what many programs do */
}

static void lives_until_exit(void *user)
{
    struct trial *trial = user;
    signal(SIGUSR1, exits);
    foreign_count();
    foreign_at(trial->n, trial->after, raises, trial);
    live(trial->words, false, &trial->life);
}

static void forks(void *user)
{
    (void)user;
    pid_t child = fork();
    if (child == 0) {
        kplive_stop_all();
        _exit(0);
    }
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void forks_and_exits(void *user)
{
    (void)user;
    pid_t child = fork();
    if (child == 0)
        exit(0);
    int status = -1;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void lives_with_children(void *user)
{
    struct trial *trial = user;
    const char *before = state();
    foreign_count();
    foreign_at(trial->n, trial->after, trial->signal == 0 ? forks : forks_and_exits, NULL);
    live(trial->words, false, &trial->life);
    CHECK_INT(trial->life.status, KPLIVE_OK);
    CHECK(!trial->life.wrong);
    CHECK_STR(state(), before);
}

static void every_exit_and_fork(const struct foreign_machine *machine, enum kplive_words words,
                                unsigned long first, unsigned long last)
{
    struct trial trial = {.words = words};
    for (trial.n = first; trial.n <= last; trial.n++)
        for (unsigned n = 0; n < 4; n++) {
            trial.after = n % 2 != 0;
            trial.signal = SIGUSR1;
            foreign_reset(machine);
            const char *before = state();
            int status = n < 2 ? in_child(lives_until_exit, &trial, NULL) : 77 << 8;
            if (!CHECK_INT(status, 77 << 8) || !CHECK_STR(state(), before))
                report(&trial, "a handler that exits", status);
            trial.signal = n < 2 ? 0 : SIGUSR1;
            if (!CHILD_HOLDS(lives_with_children, &trial))
                report(&trial, "a fork", 0);
        }
}

/* ---- who is not caught ----------------------------------------------------------------------- */

static void ignores(void *user)
{
    (void)user;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, stops_all);
    CHECK_INT(kplive_catch_signals(NULL), KPLIVE_OK);
    CHECK_INT(kplive_catch_signals(NULL), KPLIVE_OK);
    struct kplive *sampler = started(KPLIVE_STATIC);
    raise(SIGINT);
    raise(SIGCHLD);
    raise(SIGCONT);
    raise(SIGWINCH);
    CHECK(reads_right(sampler));
    raise(SIGTERM);
    CHECK(handled);
    uint64_t values[EVENTS];
    CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
    kplive_close(sampler);
}

/* The first and last call of interest: all, or those of start and stop and between. */
static void range(const struct foreign_machine *machine, enum kplive_words words,
                  unsigned long *first, unsigned long *last)
{
    struct life life;
    foreign_reset(machine);
    live(words, false, &life);
    CHECK(life.status == KPLIVE_OK && !life.wrong);
    *first = words == KPLIVE_STATIC ? 1 : life.start_call;
    *last = life.last_call;
}

int main(int argc, char **argv)
{
    static const struct foreign_machine machines[] = {{0}, {.used = true, .power_words = true}};
    help_main(argc, argv);
    for (unsigned n = 0; n < 2; n++)
        for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++) {
            unsigned long first, last;
            range(&machines[n], (enum kplive_words)words, &first, &last);
            every_signal(&machines[n], (enum kplive_words)words, first, last);
            every_handler(&machines[n], (enum kplive_words)words, first, last);
            every_exit_and_fork(&machines[n], (enum kplive_words)words, first, last);
        }
    foreign_reset(&machines[0]);
    CHILD_HOLDS(ignores, NULL);
    return check_done();
}
