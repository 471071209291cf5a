/* Children of a process that samples: whatever they do, the machine and their parent go on. */
#include "foreign_help.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char true_name[] = "true";
static char *const arguments[] = {true_name, NULL};

/* ---- what a child does ----------------------------------------------------------------------- */

static void does_nothing(void *sampler)
{
    (void)sampler;
    _exit(0);
}

static void exits(void *sampler)
{
    (void)sampler;
    exit(check_failures != 0);
}

static void reads(void *user)
{
    const struct kplive *sampler = user;
    uint64_t values[8 * EVENTS];
    CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
    CHECK_INT(kplive_read_raw(sampler, kplive_slots(sampler), values), KPLIVE_STOPPED);
    CHECK_INT(kplive_read_cpus(sampler, values, NULL), KPLIVE_STOPPED);
    CHECK_INT(kplive_ready(sampler, NULL), KPLIVE_STOPPED);
    CHECK_INT(kplive_running(sampler, NULL), KPLIVE_STOPPED);
    exits(NULL);
}

static void closes(void *sampler)
{
    kplive_close(sampler);
    exits(NULL);
}

static void stops(void *sampler)
{
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    kplive_close(sampler);
    exits(NULL);
}

static void stops_all(void *sampler)
{
    (void)sampler;
    kplive_stop_all();
    exits(NULL);
}

static void dies(void *sampler)
{
    (void)sampler;
    kplive_catch_signals(NULL);
    raise(SIGTERM);
}

/* Its own start goes as far as the kernel's refusal, and undoes nothing that is its parent's. */
static void starts(void *sampler)
{
    uint64_t values[EVENTS];
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_BUSY);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
    struct kplive *own = programmed(KPLIVE_STATIC);
    CHECK_INT(kplive_start(own, NULL), KPLIVE_BUSY);
    kplive_close(own);
    kplive_close(sampler);
    exits(NULL);
}

static void forks(void *sampler)
{
    CHILD_HOLDS(reads, sampler);
    CHILD_HOLDS(stops, sampler);
    exits(NULL);
}

static void starts_others(void *sampler)
{
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_program(sampler, events, 2, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_BUSY);
    exits(NULL);
}

static void spawns(void *sampler)
{
    pid_t child;
    int status = -1;
    (void)sampler;
    CHECK_INT(posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ), 0);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void vforks(void *sampler)
{
    int status = -1;
    (void)sampler;
    pid_t child = vfork();
    if (child == 0) {
        execv("/bin/true", arguments);
        _exit(127);
    }
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
}

static void executes(void *sampler)
{
    (void)sampler;
    execv("/bin/true", arguments);
}

/* ---- and what it leaves ---------------------------------------------------------------------- */

static void try_child(void (*child)(void *), const char *name, bool here, int status)
{
    foreign_reset(&(struct foreign_machine){.used = true});
    const char *before = state();
    struct kplive *sampler = started(KPLIVE_STATIC), *second = started(KPLIVE_STATIC);
    const char *during = state();
    unsigned long changes = foreign_changes();
    uint64_t earlier[EVENTS], later[EVENTS], delta[EVENTS];
    CHECK_INT(kplive_read(sampler, earlier), KPLIVE_OK);
    if (here)
        child(sampler);
    else if (!CHECK_INT(in_child(child, sampler, NULL), status))
        fprintf(stderr, "a child that %s\n", name);
    foreign_work(500);
    CHECK_INT(kplive_read(sampler, later), KPLIVE_OK);
    kplive_delta(earlier, later, EVENTS, delta);
    for (unsigned i = 0; i < EVENTS; i++)
        CHECK_INT(delta[i], 500 * foreign_rate(events[i].name));
    if (!CHECK_STR(state(), during))
        fprintf(stderr, "a child that %s\n", name);
    /* A refused start may ask for the counters, and is told no. */
    unsigned long asked = child == starts ? 2 : child == starts_others ? 1 : 0;
    CHECK(foreign_changes() - changes <= asked);
    CHECK(reads_right(second));
    kplive_close(second);
    CHECK_INT(kplive_running(sampler, NULL), KPLIVE_OK);
    kplive_close(sampler);
    CHECK_STR(state(), before);
}

#define TRY(child)        try_child(child, #child, false, 0)
#define TRY_STATUS(child) try_child(child, #child, false, SIGTERM)
#define TRY_HERE(child)   try_child(child, #child, true, 0)

/* ---- counters change hands ------------------------------------------------------------------- */

static void samples_itself(void *user)
{
    (void)user;
    struct kplive *sampler = started(KPLIVE_STATIC);
    CHECK(reads_right(sampler));
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    kplive_close(sampler);
}

static void starts_and_exits(void *user)
{
    (void)user;
    struct kplive *sampler = started(KPLIVE_STATIC);
    CHECK(reads_right(sampler));
    exits(NULL); /* with the sampler running */
}

static void starts_and_vanishes(void *user)
{
    (void)user;
    started(KPLIVE_STATIC);
    raise(SIGKILL);
}

static void restarts_what_it_inherited(void *sampler)
{
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    kplive_close(sampler);
}

static void change_hands(void)
{
    foreign_reset(&(struct foreign_machine){.used = true});
    const char *before = state();
    CHILD_HOLDS(samples_itself, NULL);
    CHECK_STR(state(), before);
    CHILD_HOLDS(starts_and_exits, NULL);
    CHECK_STR(state(), before);
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    CHILD_HOLDS(restarts_what_it_inherited, sampler);
    CHECK_STR(state(), before);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_STR(state(), before);

    /* Killed: only the force ends with it, and who comes then can sample all the same. */
    CHECK_INT(in_child(starts_and_vanishes, NULL, NULL), SIGKILL);
    const char *left = state();
    CHECK(strcmp(left, before) != 0);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_STR(state(), left);
    kplive_close(sampler);
}

/* What was left by the killed can be switched off, and what lives is let be. */
static void reset_after(void)
{
    struct kplive_state found = {.size = sizeof found};
    foreign_reset(&(struct foreign_machine){0});
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    CHECK_INT(in_child(starts_and_vanishes, NULL, NULL), SIGKILL);
    unsigned long changes = foreign_changes();
    CHECK_INT(kplive_taken(sampler, &found, NULL), KPLIVE_OK);
    CHECK(found.taken && !found.ours && found.force == 0);
    CHECK_INT(found.thread_counting, 3);
    CHECK_INT(foreign_changes(), changes);
    foreign_other_force(true);
    CHECK_INT(kplive_reset(sampler, false, &found, NULL), KPLIVE_BUSY);
    CHECK_INT(foreign_changes(), changes);
    CHECK_INT(kplive_reset(sampler, true, &found, NULL), KPLIVE_LEFT);
    foreign_other_force(false);
    CHECK_INT(kplive_reset(sampler, false, &found, NULL), KPLIVE_OK);
    CHECK_INT(kplive_taken(sampler, &found, NULL), KPLIVE_OK);
    CHECK(!found.taken && found.counting == 0 && found.thread_counting == 0);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_taken(sampler, &found, NULL), KPLIVE_OK);
    CHECK(found.ours && !found.taken);
    CHECK_INT(kplive_reset(sampler, true, &found, NULL), KPLIVE_STATE);
    CHECK(reads_right(sampler));
    kplive_close(sampler);
}

/* ---- threads --------------------------------------------------------------------------------- */

static pthread_barrier_t met;

static void *old_thread(void *user)
{
    struct kplive *const *sampler = user;
    uint64_t values[EVENTS];
    foreign_old_thread();
    pthread_barrier_wait(&met); /* the thread is there before counting is on */
    pthread_barrier_wait(&met);
    CHECK_INT(kplive_read(*sampler, values), KPLIVE_NOT_READY);
    CHECK_INT(kplive_ready(*sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(*sampler));
    pthread_barrier_wait(&met); /* counting goes off and on */
    pthread_barrier_wait(&met);
    CHECK_INT(kplive_ready(*sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(*sampler));
    return NULL;
}

static void *new_thread(void *user)
{
    CHECK_INT(kplive_ready(user, NULL), KPLIVE_OK);
    CHECK(reads_right(user));
    return NULL;
}

static void threads_read(void)
{
    pthread_t thread, other;
    foreign_reset(&(struct foreign_machine){0});
    pthread_barrier_init(&met, NULL, 2);
    struct kplive *sampler = NULL;
    pthread_create(&thread, NULL, old_thread, &sampler);
    pthread_barrier_wait(&met);
    sampler = started(KPLIVE_STATIC);
    CHECK(reads_right(sampler));
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&met);
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    pthread_barrier_wait(&met);
    pthread_join(thread, NULL);
    pthread_create(&other, NULL, new_thread, sampler);
    pthread_join(other, NULL);
    pthread_barrier_destroy(&met);
    kplive_close(sampler);
}

int main(int argc, char **argv)
{
    help_main(argc, argv);
    TRY(does_nothing);
    TRY(exits);
    TRY(reads);
    TRY(closes);
    TRY(stops);
    TRY(stops_all);
    TRY_STATUS(dies);
    TRY(starts);
    TRY(forks);
    TRY(starts_others);
    TRY(executes);
    TRY_HERE(spawns);
    TRY_HERE(vforks);
    change_hands();
    reset_after();
    threads_read();
    return check_done();
}
