/*
 * Threads, signal handlers, forks and exits at the same time as starts and stops; every round in
 * a process of its own, and the machine is as it was after each. KPEP_ROUNDS says how many.
 */
#include "foreign_help.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

enum { STOPS = 60 }; /* a round: so many, and then the threads are let finish */

static atomic_uint turns, done;
static atomic_bool quit;
static atomic_int surprise; /* a status that nobody should have been given */

static void doze(long nanoseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

static bool expected(int status, const int *allowed, unsigned count)
{
    for (unsigned n = 0; n < count; n++)
        if (status == allowed[n])
            return true;
    atomic_store(&surprise, status);
    return false;
}

#define EXPECT(status, ...)                                   \
    expected((status), (const int[]){KPLIVE_OK, __VA_ARGS__}, \
             sizeof(const int[]){KPLIVE_OK, __VA_ARGS__} / sizeof(int))

/*
 * One session of a thread's own sampler, that anybody may end. Reading all CPUs takes memory,
 * which a child that is forked meanwhile would seem to leak.
 */
static void session(struct kplive *sampler, bool cpus)
{
    uint64_t values[8 * EVENTS];
    if (kplive_start(sampler, NULL) == KPLIVE_OK) {
        EXPECT(kplive_read(sampler, values), KPLIVE_STOPPED, KPLIVE_NOT_READY);
        foreign_work(10);
        EXPECT(kplive_read(sampler, values), KPLIVE_STOPPED, KPLIVE_NOT_READY);
        if (cpus)
            EXPECT(kplive_read_cpus(sampler, values, NULL), KPLIVE_STOPPED);
        EXPECT(kplive_running(sampler, NULL), KPLIVE_STOPPED);
    }
    EXPECT(kplive_stop(sampler, NULL), KPLIVE_OK);
    atomic_fetch_add(&turns, 1);
}

static void *sessions_for_ever(void *user)
{
    while (!atomic_load(&quit))
        session(user, false);
    return NULL;
}

static void *sessions_of_thread(void *user)
{
    for (unsigned n = 0; n < 12; n++)
        session(user, true);
    atomic_fetch_add(&done, 1);
    while (!atomic_load(&quit)) /* a thread that is signalled has to be there */
        doze(100000);
    return NULL;
}

static void await_turns(unsigned count)
{
    while (atomic_load(&turns) < count)
        sched_yield();
}

static void no_surprise(void)
{
    CHECK_INT(atomic_load(&surprise), KPLIVE_OK);
}

/* ---- exit() ---------------------------------------------------------------------------------- */

static void exits_meanwhile(void *user)
{
    const unsigned *round = user;
    pthread_t threads[2];
    for (unsigned n = 0; n < 2; n++)
        pthread_create(&threads[n], NULL, sessions_for_ever, programmed(KPLIVE_STATIC));
    await_turns(1 + *round % 5);
    doze((long)(*round % 7) * 3000);
    exit(check_failures != 0);
}

/* ---- kplive_stop_all() ----------------------------------------------------------------------- */

static void stops_all(int signal)
{
    (void)signal;
    int saved = errno;
    errno = ERANGE;
    kplive_stop_all();
    if (errno != ERANGE)
        atomic_store(&surprise, 1000);
    errno = saved;
}

static void handlers_meanwhile(void *user)
{
    (void)user;
    const struct sigaction action = {.sa_handler = stops_all, .sa_flags = SA_RESTART};
    const char *before = state();
    pthread_t threads[3];
    struct kplive *samplers[3];
    sigaction(SIGUSR1, &action, NULL);
    for (unsigned n = 0; n < 3; n++) {
        samplers[n] = programmed(KPLIVE_STATIC);
        pthread_create(&threads[n], NULL, sessions_of_thread, samplers[n]);
    }
    for (unsigned n = 0; n < STOPS && atomic_load(&done) < 3; n++) {
        pthread_kill(threads[n % 3], SIGUSR1);
        doze(20000);
    }
    while (atomic_load(&done) < 3)
        doze(100000);
    atomic_store(&quit, true);
    for (unsigned n = 0; n < 3; n++) {
        pthread_join(threads[n], NULL);
        kplive_close(samplers[n]);
    }
    no_surprise();
    CHECK_STR(state(), before);
}

static void other_thread_stops_all(void *user)
{
    (void)user;
    pthread_t threads[2];
    struct kplive *samplers[2];
    for (unsigned n = 0; n < 2; n++) {
        samplers[n] = programmed(KPLIVE_STATIC);
        pthread_create(&threads[n], NULL, sessions_of_thread, samplers[n]);
    }
    for (unsigned n = 0; n < STOPS && atomic_load(&done) < 2; n++) {
        kplive_stop_all();
        doze(20000);
    }
    while (atomic_load(&done) < 2)
        doze(100000);
    atomic_store(&quit, true);
    for (unsigned n = 0; n < 2; n++) {
        pthread_join(threads[n], NULL);
        kplive_close(samplers[n]);
    }
    no_surprise();
}

/* ---- fork() ---------------------------------------------------------------------------------- */

static void child_of_threads(void *user)
{
    uint64_t values[EVENTS];
    struct kplive *sampler = user;
    CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
    kplive_stop_all();
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    exit(check_failures != 0);
}

static void forks_meanwhile(void *user)
{
    const unsigned *round = user;
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    pthread_t thread;
    pthread_create(&thread, NULL, sessions_for_ever, sampler);
    for (unsigned n = 1; n < 4; n++) {
        await_turns(n + *round % 3);
        CHILD_HOLDS(child_of_threads, sampler);
    }
    atomic_store(&quit, true);
    pthread_join(thread, NULL);
    kplive_close(sampler);
    no_surprise();
}

/* ---- processes that want the counters at once ------------------------------------------------ */

static void wants_them_too(void *user)
{
    (void)user;
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    for (unsigned n = 0; n < 10; n++) {
        if (EXPECT(kplive_start(sampler, NULL), KPLIVE_BUSY))
            EXPECT(kplive_stop(sampler, NULL), KPLIVE_OK);
        doze(1000);
    }
    kplive_close(sampler);
    no_surprise();
}

static void two_processes(void *user)
{
    fflush(NULL);
    pid_t other = fork();
    wants_them_too(user);
    if (other == 0)
        _exit(check_failures != 0);
    CHECK_INT(child_ends(other, NULL), 0);
}

static void all_rounds(void (*race)(void *), const char *name,
                       const struct foreign_machine *machine)
{
    char before[400];
    foreign_reset(machine);
    foreign_state(before, sizeof before);
    for (unsigned round = 0; round < rounds; round++) {
        int status = in_child(race, &round, NULL);
        if (!CHECK_INT(status, 0) || !CHECK_STR(state(), before)) {
            fprintf(stderr, "%s, round %u\n", name, round);
            return;
        }
    }
}

/* ---- the same window, on purpose ------------------------------------------------------------- */

static int to_other[2], to_this[2];

/* The other process starts, and stops, when it is told to. */
static void other_sampler(void)
{
    char byte;
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    while (read(to_other[0], &byte, 1) == 1) {
        if (byte == '+')
            CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
        else
            CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
        CHECK_INT(write(to_this[1], &byte, 1), 1);
    }
    kplive_close(sampler);
    _exit(check_failures != 0);
}

static void tell_other(char byte)
{
    CHECK_INT(write(to_other[1], &byte, 1), 1);
    CHECK_INT(read(to_this[0], &byte, 1), 1);
}

struct window {
    unsigned long open, closed; /* the calls before which the other starts and stops */
    void (*tell)(char byte);
};

static void in_the_window(void *user)
{
    const struct window *window = user;
    if (foreign_calls() == window->open)
        window->tell('+');
    else if (foreign_calls() == window->closed)
        window->tell('-');
}

/*
 * Another process has the counters while this one looks at how it finds them, and gives them back
 * before this one takes them: what was seen meanwhile is not what has to be put back.
 */
static void other_comes_and_goes(struct window *window, const struct foreign_machine *machine)
{
    foreign_reset(machine);
    const char *before = state();
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    foreign_count();
    foreign_at(0, false, in_the_window, window);
    int status = kplive_start(sampler, NULL);
    foreign_at(0, false, NULL, NULL);
    CHECK(status == KPLIVE_OK || status == KPLIVE_BUSY);
    if (foreign_calls() < window->closed)
        window->tell('-');
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    if (!CHECK_STR(state(), before))
        fprintf(stderr, "the other had them from before %s, %lu, to before %s, %lu\n",
                foreign_call(window->open), window->open, foreign_call(window->closed),
                window->closed);
    kplive_close(sampler);
}

/* The other is between forcing and counting: what is on is told otherwise while it is. */
static void other_forces(char byte)
{
    foreign_other_force(byte == '+');
}

/* The first call of a start that changes something. */
static unsigned long first_change(void)
{
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    foreign_count();
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    unsigned long n = 1;
    while (strstr(foreign_call(n), "_set") == NULL && n < foreign_calls())
        n++;
    kplive_close(sampler);
    return n;
}

static void every_window(void)
{
    foreign_reset(&(struct foreign_machine){0});
    unsigned long last = first_change();
    CHECK(pipe(to_other) == 0 && pipe(to_this) == 0);
    fflush(NULL);
    pid_t other = fork();
    if (other == 0) {
        close(to_other[1]);
        other_sampler();
    }
    for (unsigned long open = 1; open < last; open++)
        for (unsigned long closed = open + 1; closed <= last; closed++) {
            struct window window = {open, closed, tell_other};
            other_comes_and_goes(&window, &(struct foreign_machine){0});
            window.tell = other_forces;
            other_comes_and_goes(&window, &(struct foreign_machine){.used = true});
        }
    close(to_other[1]);
    CHECK_INT(child_ends(other, NULL), 0);
}

int main(int argc, char **argv)
{
    help_main(argc, argv);
    every_window();
    const struct foreign_machine used = {.used = true}, unused = {0};
    all_rounds(exits_meanwhile, "exit", &used);
    all_rounds(handlers_meanwhile, "handlers", &used);
    all_rounds(other_thread_stops_all, "a thread that stops all", &used);
    all_rounds(forks_meanwhile, "forks", &used);
    /*
     * Where counting was left on, a look at it while another process forces says that it is off.
     * One that forces and lets go twice, just around both looks of a start, cannot be known from
     * the truth: the machine of this race has nothing left on.
     */
    all_rounds(two_processes, "two processes", &unused);
    return check_done();
}
