/*
 * Who has the counters, and that they are given back: kplive_owner_test KPERF KPERFDATA DB_DIR,
 * against the simulator, which is linked too.
 */
#define _GNU_SOURCE
#include "kplive.h"

#include "check.h"
#include "sim.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *kperf_path, *kperfdata_path;

enum { FIXED = KPDB_CLASS_FIXED, CONFIGURABLE = KPDB_CLASS_CONFIGURABLE, COMMON = 4 };

static const char *const common[COMMON] = {"cycles", "instructions", "branches", "branch-misses"};

/* A machine in the language of KPEP_SIM. */
static void reset(const char *text)
{
    struct sim_config config = {0};
    char error[160] = "";

    if (!sim_parse(&config, text, error, sizeof error))
        CHECK_STR(error, "");
    sim_reset(&config);
}

static struct kplive *open_with(bool insist, uint32_t size)
{
    struct kplive_options options = {.kperf = kperf_path,
                                     .kperfdata = kperfdata_path,
                                     .words = KPLIVE_STATIC,
                                     .size = size,
                                     .insist = insist};
    struct kplive_error error = {0};
    struct kplive *sampler = NULL;

    if (!CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK))
        fprintf(stderr, "  %s\n", error.hint);
    return sampler;
}

static void program(struct kplive *sampler, const char *const *names, unsigned count)
{
    struct kpdb_request events[KPDB_EVENTS_MAX];

    for (unsigned i = 0; i < count; i++)
        events[i] = (struct kpdb_request){names[i], strlen(names[i]), false};
    CHECK_INT(kplive_program(sampler, events, count, NULL), KPLIVE_OK);
}

static struct kplive *open_common(void)
{
    struct kplive *sampler = open_with(false, 0);

    program(sampler, common, COMMON);
    return sampler;
}

static char state_before[4096];

static void remember_state(void)
{
    sim_state_text(state_before, sizeof state_before);
}

static void check_state(void)
{
    char now[4096];

    sim_state_text(now, sizeof now);
    CHECK_STR(now, state_before);
}

/* Calls in the log that set something, whether they did or not. */
static unsigned changing_calls(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < sim_log_count(); i++) {
        const char *line = sim_log_at(i);

        count += strncmp(line, "kpc_set_", 8) == 0 ||
                 strncmp(line, "kpc_force_all_ctrs_set", 22) == 0 ||
                 strncmp(line, "kperf_", 6) == 0;
    }
    return count;
}

/* ---- starts that are refused ----------------------------------------------------------------- */

/* Another tool has the counters and counts: nothing of it is touched. */
static void test_refused(void)
{
    static const char *const machines[] = {"chip=m1 gen=3 otherforce=1 stale=all",
                                           "chip=m1 gen=1 otherforce=1 stale=all pm=1",
                                           "chip=m4 gen=3 otherforce=1 stale=counting+threads",
                                           "chip=haswell gen=3 otherforce=1 stale=all"};

    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct kplive_error error = {0};
        struct kplive *sampler;

        reset(machines[i]);
        remember_state();
        sampler = open_with(false, 0);
        program(sampler, common, machines[i][5] == 'h' ? 1 : COMMON);
        sim_log_clear();
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_BUSY);
        CHECK_STR(error.call, "kpc_force_all_ctrs_get");
        CHECK_INT(changing_calls(), 0);
        kplive_close(sampler);
        CHECK_INT(changing_calls(), 0);
        check_state();
        /* Who insists is refused by the kernel, in the one call that would change anything. */
        sampler = open_with(true, sizeof(struct kplive_options));
        program(sampler, common, machines[i][5] == 'h' ? 1 : COMMON);
        sim_log_clear();
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_BUSY);
        CHECK_STR(error.call, "kpc_force_all_ctrs_set");
        kplive_close(sampler);
        CHECK_INT(changing_calls(), 1);
        check_state();
    }
}

/* What cannot be remembered is not taken. */
static void test_unremembered(void)
{
    static const struct {
        const char *call;
        int64_t result;
        unsigned changing; /* the counters are forced and given back before the last is asked */
    } faults[] = {{"kpc_force_all_ctrs_get", -1, 0},
                  {"kpc_get_counting", 0, 0},
                  {"kpc_get_thread_counting", 0xffffffff, 0},
                  {"kpc_get_thread_counting", 0, 0},
                  {"kpc_get_counter_count", 0, 2},
                  {"kpc_get_config_count", 0, 0},
                  {"kpc_get_config", -1, 0}};

    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct kplive_error error = {0};
        struct kplive *sampler;

        reset("chip=m1 gen=3 stale=counting+threads");
        remember_state();
        sampler = open_common();
        CHECK(sim_fail(faults[i].call, 0, faults[i].result, EIO));
        sim_log_clear();
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_SYSTEM);
        CHECK_STR(error.call, faults[i].call);
        CHECK_INT(error.code, EIO);
        CHECK_INT(changing_calls(), faults[i].changing);
        kplive_close(sampler);
        check_state();
    }
}

/* A wrapper that asked the kernel nothing leaves errno alone: it is not told as the reason. */
static void test_no_errno(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK(sim_fail("kpc_set_config", 1, -1, 0));
    errno = EPERM;
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_NO_COUNTERS);
    CHECK_INT(error.code, 0);
    CHECK_STR(error.call, "kpc_set_config");
    kplive_close(sampler);
}

/* macOS 26 says that somebody may have them, and would let them be replaced. */
static void test_insist(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset("chip=m1 gen=4 otherforce=1 stale=config+counting");
    remember_state();
    sampler = open_with(true, 0); /* a caller who does not know of it */
    program(sampler, common, COMMON);
    sim_log_clear();
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_BUSY);
    CHECK_STR(error.call, "kpc_force_all_ctrs_get");
    CHECK(strstr(error.hint, "insist") != NULL);
    CHECK_INT(changing_calls(), 0);
    kplive_close(sampler);
    check_state();
    sampler = open_with(true, sizeof(struct kplive_options));
    program(sampler, common, COMMON);
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    CHECK(sim_fail("kpc_get_counter_count", 1, 0, EIO));
    sim_log_clear();
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_SYSTEM);
    CHECK_STR(error.call, "kpc_get_counter_count");
    CHECK_INT(changing_calls(), 0);
    kplive_close(sampler);
    check_state();
}

/* ---- giving back ----------------------------------------------------------------------------- */

/* A call that fails for good: the rest is put back, and it is told. */
static void test_left(void)
{
    static const char *const calls[] = {"kpc_set_config", "kpc_set_counting",
                                        "kpc_set_thread_counting", "kpc_force_all_ctrs_set"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct kplive_error error = {0};
        struct kplive *sampler;
        struct sim_state after;

        reset("chip=m1 gen=3 stale=config");
        sampler = open_common();
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
        CHECK(sim_fail(calls[i], 0, -1, EIO));
        CHECK_INT(kplive_stop(sampler, &error), KPLIVE_LEFT);
        CHECK_STR(error.call, calls[i]);
        CHECK_INT(error.code, EIO);
        sim_get_state(&after);
        CHECK((after.forced == 0) == (i != 3));
        CHECK((after.thread_counting == 0) == (i != 2));
        CHECK((after.counting == 0) == (i != 1));
        kplive_close(sampler);
    }
}

/* A start that fails and cannot put back says both. */
static void test_failed_and_left(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK(sim_fail("kpc_set_counting", 0, -1, EIO));
    CHECK(sim_fail("kpc_force_all_ctrs_set", 2, -1, EBUSY));
    CHECK(sim_fail("kpc_force_all_ctrs_set", 3, -1, EBUSY));
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_SYSTEM);
    CHECK_STR(error.call, "kpc_set_counting");
    CHECK(strstr(error.hint, "kpc_force_all_ctrs_set (16)") != NULL);
    kplive_close(sampler);
}

/* The power manager's words are in no list of the kernel: leaving them to it is no failure. */
static void test_power_manager(void)
{
    static const char *const machines[] = {"chip=m1 gen=3 pm=1", "chip=m1 gen=2 pm=custom",
                                           "chip=m4 gen=3 pm=1", "chip=m1 gen=4 pm=1",
                                           "chip=m1 gen=4 pm=1 apply=once"};

    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        struct sim_state before, after;
        struct kplive_error error = {0};
        struct kplive *sampler;

        reset(machines[i]);
        sim_get_state(&before);
        sampler = open_common();
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
        CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
        sim_get_state(&after);
        for (unsigned w = 0; w < 8; w++)
            CHECK_INT(after.words[w], (0x38 >> w & 1) != 0 ? 0 : before.words[w]);
        CHECK_INT(after.forced + (int)after.counting + (int)after.thread_counting, 0);
        kplive_close(sampler);
    }
}

/* ---- handlers -------------------------------------------------------------------------------- */

static void stop_and_return(int number)
{
    (void)number;
    kplive_stop_all();
}

/* One life with a signal in the nth call, whose handler gives back and returns. */
static bool interrupted(const char *machine, unsigned nth)
{
    struct kplive_error error = {0};
    struct kplive *sampler;
    uint64_t values[COMMON];
    unsigned calls;
    int status;

    reset(machine);
    remember_state();
    CHECK(sim_signal("*", nth, SIGUSR1));
    sampler = open_common();
    status = kplive_start(sampler, &error);
    CHECK(status == KPLIVE_OK || status == KPLIVE_STOPPED);
    if (status == KPLIVE_OK) {
        int read = kplive_read(sampler, values);

        CHECK(read == KPLIVE_OK || read == KPLIVE_STOPPED);
        if (read == KPLIVE_OK && kplive_running(sampler, &error) != KPLIVE_OK)
            CHECK_INT(error.status, KPLIVE_STOPPED);
        CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    }
    calls = sim_calls("*");
    kplive_close(sampler);
    check_state();
    return nth <= calls;
}

static void test_handlers(void)
{
    static const char *const machines[] = {"chip=m1 gen=1 pm=0 seed=3", "chip=m1 gen=3",
                                           "chip=m1 gen=4", "chip=m4 gen=4 stale=counting"};
    struct sigaction action = {.sa_handler = stop_and_return};
    struct kplive *sampler;
    unsigned cases = 0;

    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        for (unsigned nth = 1; interrupted(machines[i], nth); nth++)
            cases++;
    CHECK(cases > 80);
    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(sim_fail("kpc_set_counting", 0, -1, EIO));
    errno = 77;
    (void)raise(SIGUSR1);
    CHECK_INT(errno, 77);
    kplive_close(sampler);
}

static void aborts(const char *function, unsigned call, void *context)
{
    (void)call;
    if (strcmp(function, context) == 0)
        abort();
}

/* abort() in the framework lets SIGABRT through, in the thread that is starting or stopping. */
static void test_abort(void)
{
    static const char *const calls[] = {"kpc_set_config", "kpc_set_counting",
                                        "kpc_set_thread_counting"};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        pid_t child;
        int status;

        reset("chip=m1 gen=3");
        remember_state();
        child = fork();
        if (child == 0) {
            struct kplive *sampler = open_common();

            (void)kplive_catch_signals(NULL);
            sim_hook(aborts, (void *)(uintptr_t)calls[i]);
            (void)kplive_start(sampler, NULL);
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        check_state();
    }
}

static struct kplive *late;

static void start_late(void)
{
    (void)raise(SIGTSTP); /* its handler goes on after SIGCONT, and the process still ends */
    if (kplive_start(late, NULL) != KPLIVE_STATE)
        _exit(9);
}

/* After exit() has given back nothing starts any more, whatever suspends the process then. */
static void test_late(void)
{
    pid_t child;
    int status;

    reset("chip=m1 gen=3");
    remember_state();
    child = fork();
    if (child == 0) {
        CHECK(setpgid(0, 0) == 0);      /* a group without a parent elsewhere is not suspended */
        CHECK(atexit(start_late) == 0); /* runs after what the first start registers */
        late = open_common();
        (void)kplive_catch_signals(NULL);
        CHECK_INT(kplive_start(late, NULL), KPLIVE_OK);
        exit(0);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    check_state();
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    check_state();
}

/* What a handler could not put back is told by the next stop, once. */
static void test_told_later(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(sim_fail("kpc_set_thread_counting", 0, -1, EIO));
    kplive_stop_all();
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_LEFT);
    CHECK_STR(error.call, "kpc_set_thread_counting");
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    kplive_close(sampler);
}

/* A sampler that somebody else stopped gives no counts, and starts again. */
static void test_stopped(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;
    uint64_t values[64 * COMMON], slots[KPDB_COUNTERS_MAX];
    int cpu;

    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK_INT(kplive_slots(sampler), 1);
    for (int round = 0; round < 2; round++) {
        CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
        CHECK_INT(kplive_read_raw(sampler, kplive_slots(sampler), slots), KPLIVE_STOPPED);
        CHECK_INT(kplive_ready(sampler, &error), KPLIVE_STOPPED);
        CHECK_INT(kplive_running(sampler, &error), KPLIVE_STOPPED);
        CHECK_INT(kplive_read_cpu(sampler, &cpu, values, &error), KPLIVE_STOPPED);
        CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_STOPPED);
        CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
        CHECK_INT(kplive_slots(sampler), 10);
        CHECK_INT(kplive_running(sampler, &error), KPLIVE_OK);
        CHECK_INT(kplive_read(sampler, values), KPLIVE_OK);
        kplive_stop_all();
    }
    kplive_close(sampler);
}

/* ---- other tools ----------------------------------------------------------------------------- */

/* Another process changes what is counted while we do: no number of it looks right. */
static void test_short(void)
{
    static const char *const one[] = {"L1D_CACHE_MISS_LD"};
    struct kplive_error error = {0};
    struct kplive *sampler;
    uint64_t values[COMMON], slots[KPDB_COUNTERS_MAX];

    reset("chip=m1 gen=3");
    sampler = open_common();
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_read_raw(sampler, 9, slots), KPLIVE_SHORT);
    CHECK_INT(kplive_read_raw(sampler, 11, slots), KPLIVE_SHORT);
    CHECK_INT(sim_other_set_thread_counting(FIXED), 0);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_SHORT);
    CHECK_INT(kplive_read_raw(sampler, 10, slots), KPLIVE_SHORT);
    CHECK_INT(kplive_running(sampler, &error), KPLIVE_SHORT);
    CHECK_INT(kplive_ready(sampler, &error), KPLIVE_SHORT);
    CHECK_INT(sim_other_set_thread_counting(CONFIGURABLE), 0);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_SHORT);
    CHECK_INT(sim_other_set_thread_counting(FIXED | CONFIGURABLE), 0);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_OK);
    CHECK_INT(sim_other_set_counting(FIXED), 0);
    CHECK_INT(kplive_running(sampler, &error), KPLIVE_STOPPED);
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    /* More counters than were started, of which the first are others. */
    program(sampler, one, 1);
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_slots(sampler), 8);
    CHECK_INT(sim_other_set_thread_counting(FIXED | CONFIGURABLE), 0);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_SHORT);
    CHECK_INT(kplive_read_raw(sampler, 8, slots), KPLIVE_SHORT);
    kplive_close(sampler);
}

static void check_taken(const struct kplive *sampler, int force, uint32_t counting,
                        uint32_t threads)
{
    struct kplive_state state = {.size = sizeof state};

    CHECK_INT(kplive_taken(sampler, &state, NULL), KPLIVE_OK);
    CHECK_INT(state.force, force);
    CHECK_INT(state.counting, counting);
    CHECK_INT(state.thread_counting, threads);
    CHECK_INT(state.taken, force != 0 || counting != 0 || threads != 0);
    CHECK(!state.ours);
}

/* What a program left that is gone: told, and switched off unless somebody lives who has it. */
static void test_reset(void)
{
    struct kplive_state state = {.size = sizeof state}, old = {.size = 8};
    struct kplive_error error = {0};
    struct kplive *sampler, *other;

    reset("chip=m1 gen=3");
    sampler = open_common();
    check_taken(sampler, 0, 0, 0);
    CHECK_INT(kplive_reset(sampler, false, &state, &error), KPLIVE_OK);
    CHECK(!state.taken);
    sim_other_set_counting(FIXED | CONFIGURABLE);
    sim_other_set_thread_counting(FIXED);
    check_taken(sampler, 0, FIXED | CONFIGURABLE, FIXED);
    CHECK_INT(kplive_reset(sampler, false, &state, &error), KPLIVE_OK);
    CHECK(state.taken && state.counting == (FIXED | CONFIGURABLE));
    check_taken(sampler, 0, 0, 0);

    sim_other_force(1);
    sim_other_set_counting(FIXED);
    CHECK_INT(kplive_reset(sampler, false, &state, &error), KPLIVE_BUSY);
    check_taken(sampler, 1, FIXED, 0);
    CHECK_INT(kplive_reset(sampler, true, &state, &error), KPLIVE_LEFT);
    CHECK_INT(error.code, EACCES);
    check_taken(sampler, 1, 0, 0);
    sim_other_exit();
    check_taken(sampler, 0, 0, 0);

    /* Ours is not reset, and an older caller is given no more than it has room for. */
    other = open_common();
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_reset(other, true, &state, &error), KPLIVE_STATE);
    CHECK(state.ours && !state.taken);
    CHECK_INT(kplive_taken(other, &old, &error), KPLIVE_OK);
    CHECK(old.force == 0 && old.counting == 0 && old.size == 8);
    CHECK_INT(kplive_running(sampler, &error), KPLIVE_OK);
    kplive_close(other);
    kplive_close(sampler);
}

/* Who owns ktrace may want the counters that are on, while it lives. */
static void test_reset_owner(void)
{
    struct kplive_state state = {.size = sizeof state};
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset("chip=m1 gen=3 ktrace=1 ktracepid=1 configuredby=Instruments stale=counting");
    sampler = open_common();
    CHECK_INT(kplive_reset(sampler, false, &state, &error), KPLIVE_BUSY);
    CHECK(strstr(error.hint, "process 1 (Instruments)") != NULL);
    CHECK(state.owner == 1 && state.owner_lives && state.taken);
    CHECK_STR(state.configured_by, "Instruments");
    check_taken(sampler, 0, FIXED | CONFIGURABLE, 0);
    CHECK_INT(kplive_reset(sampler, true, &state, &error), KPLIVE_OK);
    check_taken(sampler, 0, 0, 0);
    kplive_close(sampler);
}

/* ---- several samplers ------------------------------------------------------------------------ */

/* Each with its own events and order, as libraries inside one program would have them. */
static void test_subsets(void)
{
    static const char *const some[] = {"branch-misses", "cycles"};
    static const char *const words[] = {"INST_BRANCH"};
    static const char *const other[] = {"cycles", "L1D_CACHE_MISS_LD"};
    struct kplive *all, *two, *one, *no;
    uint64_t a[COMMON], b[COMMON], raw[KPDB_COUNTERS_MAX];
    struct kplive_error error = {0};
    struct sim_totals totals;

    reset("chip=m1 gen=3 cost=0");
    remember_state();
    all = open_common();
    two = open_with(false, 0);
    one = open_with(false, 0);
    no = open_with(false, 0);
    program(two, some, 2);
    program(one, words, 1);
    program(no, other, 2);
    CHECK_INT(kplive_start(all, &error), KPLIVE_OK);
    CHECK_INT(kplive_start(two, &error), KPLIVE_OK);
    CHECK_INT(kplive_start(one, &error), KPLIVE_OK);
    CHECK_INT(kplive_start(no, &error), KPLIVE_IN_USE);
    sim_run(&(struct sim_work){1000, 0});
    CHECK_INT(kplive_read(all, a), KPLIVE_OK);
    CHECK_INT(kplive_read(two, b), KPLIVE_OK);
    CHECK(b[0] == a[3] && b[1] == a[0] && a[3] != a[0]);
    CHECK_INT(kplive_read(one, b), KPLIVE_OK);
    CHECK_INT(b[0], a[2]);
    CHECK_INT(kplive_read_raw(one, kplive_slots(one), raw), KPLIVE_OK);
    CHECK_INT(raw[kplive_map(one)[0]], a[2]);
    CHECK(kplive_encoding(one)->events[0].slot != kplive_map(one)[0]);
    CHECK_INT(kplive_stop(all, &error), KPLIVE_OK);
    CHECK_INT(kplive_read(all, a), KPLIVE_STOPPED);
    CHECK_INT(kplive_read(two, b), KPLIVE_OK);
    CHECK_INT(kplive_start(all, &error), KPLIVE_OK); /* what runs is still all of it */
    kplive_close(all);
    kplive_close(two);
    CHECK_INT(kplive_read(one, b), KPLIVE_OK);
    CHECK(sim_totals_at_read(&totals));
    kplive_close(one);
    check_state();
    CHECK_INT(kplive_start(no, &error), KPLIVE_OK);
    kplive_close(no);
    check_state();
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void check_macos(const char *machine, unsigned version, const char *text,
                        const char *release)
{
    struct kplive *sampler;

    reset(machine);
    sampler = open_with(false, 0);
    CHECK_INT(kplive_macos_version(sampler), version);
    CHECK_STR(kplive_macos(sampler), text);
    CHECK_STR(kpdb_release_name((unsigned)kplive_release(sampler)), release);
    kplive_close(sampler);
}

static void test_macos(void)
{
    check_macos("chip=m1 os=15.5", 1505, "15.5", "macos-15");
    check_macos("chip=m1 os=15.7.2 osrelease=24.6.0", 1507, "15.7.2", "macos-15");
    check_macos("chip=m1 os=13.6", 1306, "13.6", "macos-15");
    check_macos("chip=m1 gen=4 os=26.4", 2604, "26.4", "macos-26.4");
    check_macos("chip=m1 gen=4 os=26.4 sdk=old", 2604, "26.4", "macos-26.4");
    check_macos("chip=m1 gen=4 os=26.4 sdk=old osrelease=none", 2600, "26.0", "macos-26.0");
    check_macos("chip=m1 gen=4 os=27.0 osrelease=26.0.0", 2700, "27.0", "macos-26.4");
}

static void test_cpu_off(void)
{
    struct kplive_error error = {0};
    struct kplive *sampler;
    uint64_t values[64 * COMMON];
    int cpu;

    reset("chip=m1 gen=3 offline=1");
    sampler = open_common();
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_CPU_OFF);
    CHECK_STR(error.call, "kpc_get_cpu_counters");
    CHECK_INT(kplive_read_cpu(sampler, &cpu, values, &error), KPLIVE_OK);
    kplive_close(sampler);
    /* One in the middle, that goes and comes while they run. */
    reset("chip=m1 gen=3 off=0x10");
    sampler = open_common();
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_CPU_OFF);
    CHECK(sim_set_cpu(4, true));
    CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_OK);
    CHECK(sim_set_cpu(5, false));
    CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_CPU_OFF);
    kplive_close(sampler);
}

/* Each CPU's kind of core, in whatever order the registry has them. */
static void check_cores(const char *machine, const char *const *letters, unsigned count)
{
    struct kplive *sampler;

    reset(machine);
    sampler = open_with(false, 0);
    for (unsigned i = 0; i < count; i++)
        CHECK_STR(kplive_core(sampler, i), letters[i]);
    CHECK_STR(kplive_core(sampler, 1000), "");
    CHECK_INT(sim_registry_objects(), 0);
    kplive_close(sampler);
}

static void test_cores(void)
{
    static const char *const m1[] = {"E", "E", "E", "E", "P", "P", "P", "P"};
    static const char *const other[] = {"M", "M", "P", "S", "S"};
    static const char *const none[] = {"", "", "", ""};

    check_cores("chip=m1", m1, 8);
    check_cores("chip=m1 cores=MMPSS", other, 5);
    check_cores("chip=m1 registry=none", none, 4);
    check_cores("chip=m1 registry=odd", none, 4);
    check_cores("chip=m1 registry=short", none, 4);
    check_cores("chip=m1 registry=gone", none, 4);
    check_cores("chip=m1 vm=absent", none, 4);
    check_cores("chip=haswell", none, 4);
}

static void test_texts(void)
{
    struct kplive_error none = {0};
    char text[600], version[32];

    CHECK_STR(kplive_describe(&none, text, sizeof text), "no error");
    CHECK_STR(kplive_strerror(KPLIVE_CPU_OFF), "a CPU is switched off");
    CHECK_STR(kplive_strerror(KPLIVE_NO_VALUE - 1), "unknown error");
    CHECK_STR(kplive_strerror(1), "unknown error");
    snprintf(version, sizeof version, "%d.%d.%d", KPLIVE_VERSION_MAJOR, KPLIVE_VERSION_MINOR,
             KPLIVE_VERSION_PATCH);
    CHECK_STR(kplive_version(), version);
}

int main(int argc, char **argv)
{
    char path[4096];

    if (argc != 4) {
        fprintf(stderr, "usage: kplive_owner_test KPERF KPERFDATA DB_DIR\n");
        return 2;
    }
    kperf_path = argv[1];
    kperfdata_path = argv[2];
    snprintf(path, sizeof path, "%s/macos-26.4", argv[3]);
    setenv("KPEP_DB_PATH", path, 1);
    test_late(); /* the first: nothing is registered for exit() yet */
    test_refused();
    test_unremembered();
    test_no_errno();
    test_insist();
    test_left();
    test_failed_and_left();
    test_power_manager();
    test_handlers();
    test_abort();
    test_told_later();
    test_stopped();
    test_short();
    test_reset();
    test_reset_owner();
    test_subsets();
    test_macos();
    test_cpu_off();
    test_cores();
    test_texts();
    return check_done();
}
