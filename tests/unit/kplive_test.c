/*
 * libkplive against the simulator: kplive_test KPERF KPERFDATA KPERFDATA_OLD DB_DIR
 * (libraries, and db/kpep). The simulator of kperf is linked too, to be driven.
 */
#define _GNU_SOURCE
#include "kplive.h"

#include "check.h"
#include "sim.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static const char *kperf_path, *kperfdata_path, *kperfdata_old_path, *db_path;

static const char *const common[] = {"cycles", "instructions", "branches", "branch-misses"};
enum { COMMON = sizeof common / sizeof common[0] };

static struct kpdb_request request(const char *name, bool user_only)
{
    return (struct kpdb_request){name, strlen(name), user_only};
}

static void common_requests(struct kpdb_request *events)
{
    for (size_t i = 0; i < COMMON; i++)
        events[i] = request(common[i], false);
}

/* The directory and generation of kperfdata that go with a kernel. */
static const char *use_release(enum sim_gen gen)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", db_path, gen == SIM_G4 ? "macos-26.0" : "macos-15");
    setenv("KPEP_DB_PATH", path, 1);
    return gen == SIM_G4 ? kperfdata_path : kperfdata_old_path;
}

static struct kplive *open_sampler(enum kplive_words words, enum sim_gen gen)
{
    struct kplive_options options = {
        .kperf = kperf_path, .kperfdata = use_release(gen), .words = words};
    struct kplive_error error = {0};
    struct kplive *sampler = NULL;

    if (!CHECK(kplive_open(&options, &sampler, &error) == KPLIVE_OK))
        fprintf(stderr, "  open: %s: %s\n", kplive_strerror((int)error.status), error.hint);
    return sampler;
}

static const struct profile {
    enum sim_chip chip;
    enum sim_gen gen;
} profiles[] = {
    {SIM_M1, SIM_G1}, {SIM_M1, SIM_G2},      {SIM_M1, SIM_G3},      {SIM_M1, SIM_G4},
    {SIM_M2, SIM_G3}, {SIM_M3, SIM_G3},      {SIM_M4, SIM_G3},      {SIM_M4, SIM_G4},
    {SIM_M5, SIM_G4}, {SIM_HASWELL, SIM_G3}, {SIM_ICELAKE, SIM_G3},
};
enum { PROFILES = sizeof profiles / sizeof profiles[0] };

static void reset(const struct profile *profile, enum sim_pm pm, unsigned stale)
{
    struct sim_config config = {
        .chip = profile->chip, .gen = profile->gen, .pm = pm, .stale = stale, .seed = 7};

    sim_reset(&config);
}

/*
 * What must be the same afterwards. The power manager's own words are not ours
 * to write back: with one, all but the words.
 */
static void state(enum sim_pm pm, char *text, size_t size)
{
    char *words;

    sim_state_text(text, size);
    words = strstr(text, " config=");
    if (pm != SIM_PM_NONE && words != NULL)
        *words = '\0';
}

/* ---- counting -------------------------------------------------------------------------------- */

/* What a counter must have counted between two reads, by the simulator's own account. */
static uint64_t expected(const struct profile *profile, const struct kplive *sampler, unsigned i,
                         const struct sim_totals *from, const struct sim_totals *to)
{
    const struct kpdb_encoding *encoding = kplive_encoding(sampler);
    struct sim_state state;
    unsigned counter, slot = encoding->events[i].slot;

    sim_get_state(&state);
    counter = slot + ((encoding->classes & KPDB_CLASS_FIXED) != 0 ? 0 : state.fixed);
    return sim_expect(profile->chip, counter,
                      counter < state.fixed ? 0 : state.words[counter - state.fixed], from, to);
}

static void count_once(const struct profile *profile, enum kplive_words words,
                       const struct kpdb_request *events, unsigned count)
{
    struct kplive *sampler = open_sampler(words, profile->gen);
    uint64_t a[KPDB_EVENTS_MAX], b[KPDB_EVENTS_MAX], delta[KPDB_EVENTS_MAX];
    struct kplive_error error = {0};
    struct sim_totals from, to;
    struct sim_work work = {1000, 50};

    if (sampler == NULL)
        return;
    if (!CHECK(kplive_program(sampler, events, count, &error) == KPLIVE_OK) ||
        !CHECK(kplive_start(sampler, &error) == KPLIVE_OK)) {
        fprintf(stderr, "  %s %s %d %s %s\n", kplive_strerror((int)error.status), error.call,
                error.code, error.event, error.hint);
        kplive_close(sampler);
        return;
    }
    CHECK(kplive_read(sampler, a) == 0);
    CHECK(sim_totals_at_read(&from));
    sim_run(&work);
    CHECK(kplive_read(sampler, b) == 0);
    CHECK(sim_totals_at_read(&to));
    kplive_delta(a, b, count, delta);
    for (unsigned i = 0; i < count; i++)
        CHECK_INT(delta[i], expected(profile, sampler, i, &from, &to));
    CHECK(kplive_stop(sampler, &error) == KPLIVE_OK);
    kplive_close(sampler);
}

/* Every machine, every source of words, forced by nobody or everybody, stale or clean before. */
static void test_counting(void)
{
    static const enum kplive_words words[] = {KPLIVE_VERIFY, KPLIVE_STATIC, KPLIVE_KPERFDATA};
    struct kpdb_request events[COMMON];

    common_requests(events);
    for (size_t p = 0; p < PROFILES; p++)
        for (size_t w = 0; w < 3; w++)
            for (int pm = SIM_PM_NONE; pm <= SIM_PM_SHARED; pm++) {
                char before[2048], after[2048];

                reset(&profiles[p], (enum sim_pm)pm, 0);
                state((enum sim_pm)pm, before, sizeof before);
                count_once(&profiles[p], words[w], events, COMMON);
                state((enum sim_pm)pm, after, sizeof after);
                CHECK_STR(after, before);
            }
}

/* Another tool left its configuration and counting on: it is there again afterwards. */
static void test_stale_state(void)
{
    struct kpdb_request events[COMMON];

    common_requests(events);
    for (size_t p = 0; p < PROFILES; p++) {
        struct sim_state before, after;

        reset(&profiles[p], SIM_PM_NONE, SIM_STALE_COUNTING | SIM_STALE_THREADS | SIM_STALE_VALUES);
        sim_get_state(&before);
        count_once(&profiles[p], KPLIVE_STATIC, events, COMMON);
        sim_get_state(&after);
        CHECK_INT(after.counting, before.counting);
        CHECK_INT(after.thread_counting, before.thread_counting);
        CHECK_INT(after.forced, before.forced);
    }
}

/* ---- random sets ----------------------------------------------------------------------------- */

static unsigned state_of_random = 20260101;

static unsigned next_random(void)
{
    state_of_random = state_of_random * 1103515245u + 12345u;
    return state_of_random >> 8;
}

/* Distinct events of a CPU and release, some in user mode only. */
static unsigned random_events(unsigned cpu, int release, struct kpdb_request *events)
{
    unsigned count = 1 + next_random() % 6, taken = 0;

    for (unsigned tries = 0; taken < count && tries < 1000; tries++) {
        struct kpdb_event event;
        bool known = kpdb_on_in(cpu, release, next_random() % kpdb_event_ids(), &event) != KPDB_OK;

        for (unsigned i = 0; i < taken && !known; i++)
            known = strcmp(events[i].name, kpdb_event_name(event.id)) == 0;
        if (!known)
            events[taken++] = request(kpdb_event_name(event.id), next_random() % 4 == 0);
    }
    return taken;
}

/* Words from the tables, from the framework and from both agree, or all say that it cannot be. */
static void test_random_sets(void)
{
    unsigned placed = 0, refused = 0;

    for (size_t p = 0; p < PROFILES; p++) {
        struct kplive *fixed, *both;

        reset(&profiles[p], SIM_PM_NONE, 0);
        sim_log_enable(false);
        fixed = open_sampler(KPLIVE_STATIC, profiles[p].gen);
        both = open_sampler(KPLIVE_VERIFY, profiles[p].gen);
        for (int i = 0; i < 300; i++) {
            struct kpdb_request events[KPDB_EVENTS_MAX];
            struct kplive_error error = {0};
            unsigned count =
                random_events((unsigned)kplive_cpu(fixed), kplive_release(fixed), events);
            int a = kplive_program(fixed, events, count, NULL);
            int b = kplive_program(both, events, count, &error);

            if (!CHECK_INT(b, a))
                fprintf(stderr, "  %s %s: %s\n", error.call, error.event, error.hint);
            placed += a == KPLIVE_OK;
            refused += a != KPLIVE_OK;
            if (a == KPLIVE_OK && b == KPLIVE_OK)
                CHECK(memcmp(kplive_encoding(fixed)->config, kplive_encoding(both)->config,
                             kplive_encoding(fixed)->config_count * sizeof(uint64_t)) == 0);
        }
        kplive_close(fixed);
        kplive_close(both);
        sim_log_enable(true);
    }
    printf("%u random sets placed, %u refused\n", placed, refused);
    CHECK(placed > 1000 && refused > 100);
}

/* ---- the order of calls ---------------------------------------------------------------------- */

static size_t position(const char *call)
{
    for (size_t i = 0; i < sim_log_count(); i++)
        if (strncmp(sim_log_at(i), call, strlen(call)) == 0)
            return i;
    return SIZE_MAX;
}

static void test_order(void)
{
    static const char *const order[] = {
        "kpc_force_all_ctrs_get(",  "kpc_force_all_ctrs_set(1)", "kpc_get_counter_count(",
        "kpc_set_config(0x3",       "kpc_set_counting(0x3)",     "kpc_set_thread_counting(0x3)",
        "kpc_get_thread_counters(", "kpc_set_counting(0x0)",     "kpc_set_thread_counting(0x0)",
        "kpc_force_all_ctrs_set(0)"};
    struct kpdb_request events[COMMON];

    common_requests(events);
    reset(&profiles[2], SIM_PM_SHARED, 0);
    sim_log_clear();
    count_once(&profiles[2], KPLIVE_VERIFY, events, COMMON);
    for (size_t i = 1; i < sizeof order / sizeof order[0]; i++)
        CHECK(position(order[i - 1]) < position(order[i]) && position(order[i]) != SIZE_MAX);
}

static void test_reading_is_one_call(void)
{
    struct kpdb_request events[COMMON];
    struct kplive *sampler;
    uint64_t values[COMMON];

    common_requests(events);
    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_STATIC, profiles[2].gen);
    CHECK(kplive_program(sampler, events, COMMON, NULL) == KPLIVE_OK);
    CHECK(kplive_start(sampler, NULL) == KPLIVE_OK);
    sim_log_clear();
    CHECK(kplive_read(sampler, values) == 0);
    CHECK_INT(sim_log_count(), 1);
    kplive_close(sampler);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static void try_start(const struct sim_config *config, int want, const char *call)
{
    struct kpdb_request events[COMMON];
    struct kplive_error error = {0};
    struct kplive *sampler;
    char before[2048], after[2048];

    common_requests(events);
    sim_reset(config);
    sim_state_text(before, sizeof before);
    sampler = open_sampler(KPLIVE_STATIC, config->gen);
    CHECK(kplive_program(sampler, events, COMMON, &error) == KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, &error), want);
    CHECK_INT(error.status, want);
    CHECK_STR(error.call, call);
    CHECK(*error.hint != '\0');
    kplive_close(sampler);
    sim_state_text(after, sizeof after);
    CHECK_STR(after, before);
}

/* One line of all that is known, and never more than there is room for. */
static void test_describe(void)
{
    struct kplive_error error = {KPLIVE_REFUSED, "kpc_set_config", EPERM, "INST_ALL", "see there"};
    struct kplive_error least = {.status = KPLIVE_MEMORY, .call = ""};
    char text[600], small[8];

    CHECK_STR(kplive_describe(&error, text, sizeof text),
              "the kernel refuses an event: INST_ALL: kpc_set_config (1): see there");
    CHECK_STR(kplive_describe(&least, text, sizeof text), "out of memory");
    CHECK_STR(kplive_describe(&error, small, sizeof small), "the ker");
    memcpy(error.event, "A\nB", sizeof "A\nB");
    CHECK_STR(kplive_describe(&error, text, sizeof text),
              "the kernel refuses an event: A?B: kpc_set_config (1): see there");
    memset(error.event, 'E', sizeof error.event - 1);
    memset(error.hint, 'H', sizeof error.hint - 1);
    error.status = KPLIVE_IN_USE;
    error.code = -2147483647;
    CHECK(strlen(kplive_describe(&error, text, sizeof text)) < sizeof text - 1);
}

/* What users run into (kperfdata.md 4.2). */
static void test_errors(void)
{
    struct sim_config config = {.chip = SIM_M1, .gen = SIM_G3};

    config.unprivileged = true;
    try_start(&config, KPLIVE_NO_PERMISSION, "kpc_force_all_ctrs_get");
    config.unprivileged = false;
    config.busy = true;
    try_start(&config, KPLIVE_BUSY, "kpc_force_all_ctrs_get");
    config.busy = false;
    config.force_held = true;
    try_start(&config, KPLIVE_BUSY, "kpc_force_all_ctrs_get");
    config.force_held = false;
    config.vm = SIM_VM_ABSENT;
    try_start(&config, KPLIVE_NO_COUNTERS, "kpc_force_all_ctrs_get");
    config.vm = SIM_VM_EMPTY;
    try_start(&config, KPLIVE_NO_COUNTERS, "kpc_get_counter_count");
}

/* A selector that the kernel's list has not: all or nothing, and everything as before. */
static void test_kernel_list(void)
{
    struct sim_config config = {.chip = SIM_M3, .gen = SIM_G3, .os_version = "15.0"};
    struct kpdb_request events[1];
    struct kplive_error error = {0};
    struct kplive *sampler;

    sim_reset(&config);
    events[0] = request("MAP_DISPATCH_BUBBLE_IC", false);
    sampler = open_sampler(KPLIVE_STATIC, SIM_G3);
    CHECK(kplive_program(sampler, events, 1, &error) == KPLIVE_OK);
    CHECK(sim_fail("kpc_set_config", 1, -1, EPERM));
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_REFUSED);
    CHECK_STR(error.call, "kpc_set_config");
    CHECK_INT(error.code, EPERM);
    kplive_close(sampler);
}

static void test_programming_errors(void)
{
    struct kpdb_request events[5];
    struct kplive_error error = {0};
    struct kplive *sampler;
    uint64_t values[5];

    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_VERIFY, SIM_G3);
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_STATE);
    CHECK_INT(kplive_ready(sampler, &error), KPLIVE_STOPPED);
    CHECK_INT(kplive_read_cpus(sampler, values, &error), KPLIVE_STOPPED);
    CHECK(kplive_encoding(sampler) == NULL);
    events[0] = request("NO_SUCH_EVENT", false);
    CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_EVENT);
    CHECK_STR(error.event, "NO_SUCH_EVENT");
    CHECK_INT(kplive_program(sampler, events, 0, &error), KPLIVE_EVENT);
    events[0] = request("SCHEDULE_EMPTY", false);
    CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_EVENT);
    events[0] = request("INST_BRANCH", false);
    events[1] = request("INST_BRANCH_CALL", false);
    events[2] = request("INST_BRANCH_RET", false);
    events[3] = request("INST_BRANCH_TAKEN", false);
    CHECK_INT(kplive_program(sampler, events, 4, &error), KPLIVE_CONFLICT);
    CHECK(strstr(error.hint, "2 passes") != NULL);
    CHECK_INT(kplive_program(sampler, events, 3, &error), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_program(sampler, events, 3, &error), KPLIVE_STATE);
    CHECK_INT(kplive_start(sampler, &error), KPLIVE_STATE);
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_OK);
    kplive_close(sampler);
    kplive_close(NULL);
}

/* kperfdata's words need to know how many counters come first. */
static void test_kperfdata_errors(void)
{
    struct kpdb_request events[2] = {request("FIXED_CYCLES", false), request("INST_BRANCH", false)};
    struct kplive_error error = {0};
    struct kplive *sampler;

    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_KPERFDATA, SIM_G3);
    CHECK(sim_fail("kpc_get_counter_count", 1, 0, EIO));
    CHECK_INT(kplive_program(sampler, events, 2, &error), KPLIVE_SYSTEM);
    CHECK_STR(error.call, "kpc_get_counter_count");
    CHECK_INT(error.code, EIO);
    CHECK_INT(kplive_program(sampler, events, 2, &error), KPLIVE_OK);
    kplive_close(sampler);
}

static void test_opening_errors(void)
{
    struct kplive_options options = {
        .kperf = "/nowhere/kperf", .kperfdata = kperfdata_path, .words = KPLIVE_STATIC};
    struct kplive_error error = {0};
    struct kplive *sampler;
    struct sim_config config = {.translated = true};

    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_NO_FRAMEWORK);
    CHECK(sampler == NULL && strstr(error.hint, "/nowhere/kperf") != NULL);
    options.kperf = kperfdata_path; /* a library, but not this one */
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_NO_FRAMEWORK);
    CHECK_STR(error.call, "sysctlbyname");
    options.kperf = kperf_path;
    options.kperfdata = "/nowhere/kperfdata"; /* which nobody needs for the tables' words */
    options.words = KPLIVE_VERIFY;
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_NO_FRAMEWORK);
    CHECK(sampler == NULL && strstr(error.hint, "/nowhere/kperfdata") != NULL);
    options.words = KPLIVE_STATIC;
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK);
    kplive_close(sampler);
    options.kperfdata = kperfdata_path;
    sim_reset(&config);
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_TRANSLATED);
}

/* A CPU that the tables do not know: kperfdata alone still works, and that is said. */
static void test_unknown_cpu(void)
{
    struct sim_config config = {.chip = SIM_M1,
                                .gen = SIM_G3,
                                .cputype = 0x100000c,
                                .cpusubtype = 2,
                                .cpufamily = 0x12345678};
    struct kplive_options options = {
        .kperf = kperf_path, .kperfdata = use_release(SIM_G3), .words = KPLIVE_VERIFY};
    struct kpdb_request events[COMMON];
    struct kplive_error error = {0};
    struct kplive *sampler;

    common_requests(events);
    sim_reset(&config);
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_cpu(sampler), KPLIVE_NO_CPU);
    CHECK_STR(kplive_cpu_name(sampler), "cpu_100000c_2_12345678");
    CHECK_INT(kplive_program(sampler, events, COMMON, &error), KPLIVE_NO_CPU);
    CHECK(strstr(error.hint, "kperfdata") != NULL);
    kplive_close(sampler);
}

/* ---- which release --------------------------------------------------------------------------- */

/* Of each macOS, the newest release that is not newer and knows the CPU; else the oldest. */
static void test_fitting_release(void)
{
    static const struct {
        const char *macos;
        const char *m1, *m4, *m4_pro, *m5, *haswell;
    } rows[] = {
        {"13.6", "macos-15", "macos-15", "macos-26.4", "macos-26.0", "macos-15"},
        {"15.6", "macos-15", "macos-15", "macos-26.4", "macos-26.0", "macos-15"},
        {"26.0", "macos-26.0", "macos-26.0", "macos-26.4", "macos-26.0", "macos-15"},
        {"26.2", "macos-26.0", "macos-26.0", "macos-26.4", "macos-26.0", "macos-15"},
        {"26.4", "macos-26.4", "macos-26.4", "macos-26.4", "macos-26.4", "macos-15"},
        {"26.6", "macos-26.4", "macos-26.4", "macos-26.4", "macos-26.4", "macos-15"},
        {"27.0", "macos-26.4", "macos-26.4", "macos-26.4", "macos-27", "macos-15"},
        {"27.1", "macos-26.4", "macos-26.4", "macos-26.4", "macos-27", "macos-15"},
    };
    struct kplive_options options = {
        .kperf = kperf_path, .kperfdata = use_release(SIM_G4), .words = KPLIVE_STATIC};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct {
            enum sim_chip chip;
            uint32_t family; /* another CPU id than the chip's own; 0: that */
            const char *release;
        } chips[] = {{SIM_M1, 0, rows[i].m1},
                     {SIM_M4, 0, rows[i].m4},
                     {SIM_M4, 0x17d5b93a, rows[i].m4_pro},
                     {SIM_M5, 0, rows[i].m5},
                     {SIM_HASWELL, 0, rows[i].haswell}};

        for (size_t c = 0; c < sizeof chips / sizeof chips[0]; c++) {
            struct sim_config config = {
                .chip = chips[c].chip, .gen = SIM_G4, .os_version = rows[i].macos};
            struct kplive_error error = {0};
            struct kplive *sampler = NULL;

            if (chips[c].family != 0) {
                config.cputype = 0x100000c;
                config.cpusubtype = 2;
                config.cpufamily = chips[c].family;
            }
            sim_reset(&config);
            if (!CHECK(kplive_open(&options, &sampler, &error) == KPLIVE_OK))
                continue;
            if (!CHECK_STR(kpdb_release_name((unsigned)kplive_release(sampler)), chips[c].release))
                fprintf(stderr, "  %s on macOS %s\n", kplive_cpu_name(sampler), rows[i].macos);
            kplive_close(sampler);
        }
    }
}

/* ---- two samplers ---------------------------------------------------------------------------- */

static void test_two_samplers(void)
{
    struct kpdb_request events[COMMON], other[1];
    struct kplive_error error = {0};
    struct kplive *a, *b, *c;
    char before[2048], after[2048];
    uint64_t values[COMMON];

    common_requests(events);
    other[0] = request("L1D_CACHE_MISS_LD", false);
    reset(&profiles[2], SIM_PM_NONE, 0);
    sim_state_text(before, sizeof before);
    a = open_sampler(KPLIVE_STATIC, SIM_G3);
    b = open_sampler(KPLIVE_STATIC, SIM_G3);
    c = open_sampler(KPLIVE_STATIC, SIM_G3);
    CHECK(kplive_program(a, events, COMMON, NULL) == KPLIVE_OK);
    CHECK(kplive_program(b, events, COMMON, NULL) == KPLIVE_OK);
    CHECK(kplive_program(c, other, 1, NULL) == KPLIVE_OK);
    CHECK(kplive_start(a, &error) == KPLIVE_OK);
    CHECK(kplive_start(b, &error) == KPLIVE_OK);
    CHECK_INT(kplive_start(c, &error), KPLIVE_IN_USE);
    CHECK(kplive_stop(a, &error) == KPLIVE_OK);
    CHECK(kplive_read(b, values) == 0);
    CHECK_INT(kplive_start(c, &error), KPLIVE_IN_USE);
    kplive_close(b);
    sim_state_text(after, sizeof after);
    CHECK_STR(after, before);
    CHECK(kplive_start(c, &error) == KPLIVE_OK);
    kplive_stop_all();
    sim_state_text(after, sizeof after);
    CHECK_STR(after, before);
    kplive_close(c);
    kplive_close(a);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 50 };

struct worker {
    const struct kplive *sampler;
    unsigned wrong;
};

/* Each thread counts its own work, whatever the others do and wherever it runs. */
static void *count_own(void *argument)
{
    struct worker *worker = argument;
    uint64_t a[1], b[1];

    if (kplive_ready(worker->sampler, NULL) != KPLIVE_OK)
        worker->wrong++;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sim_work work = {1000 + i, 0};
        struct sim_totals from, to;

        if (kplive_read(worker->sampler, a) != 0 || !sim_totals_at_read(&from))
            worker->wrong++;
        sim_run(&work);
        if (kplive_read(worker->sampler, b) != 0 || !sim_totals_at_read(&to))
            worker->wrong++;
        worker->wrong += b[0] - a[0] != sim_expect(SIM_M1, 1, 0, &from, &to);
    }
    return NULL;
}

static void test_threads(void)
{
    struct kpdb_request events[1] = {request("instructions", false)};
    struct worker workers[THREADS];
    pthread_t threads[THREADS];
    struct kplive *sampler;

    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_STATIC, SIM_G3);
    CHECK(kplive_program(sampler, events, 1, NULL) == KPLIVE_OK);
    CHECK(kplive_start(sampler, NULL) == KPLIVE_OK);
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){sampler, 0};
        CHECK(pthread_create(&threads[i], NULL, count_own, &workers[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_INT(workers[i].wrong, 0);
    }
    kplive_close(sampler);
}

/* ---- CPUs, metrics --------------------------------------------------------------------------- */

static void test_cpus_and_metrics(void)
{
    struct kpdb_request events[COMMON];
    uint64_t values[64 * COMMON], again[64 * COMMON], delta[COMMON] = {2000, 1000, 500, 50};
    struct kplive *sampler;
    struct kplive_error error = {0};
    struct sim_work work = {1000, 0};
    struct kpdb_metric metric;
    double result;
    int cpu = -1;

    common_requests(events);
    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_STATIC, SIM_G3);
    CHECK(kplive_program(sampler, events, COMMON, NULL) == KPLIVE_OK);
    CHECK(kplive_start(sampler, NULL) == KPLIVE_OK);
    CHECK_INT(kplive_cpus(sampler), 8);
    CHECK(kplive_read_cpus(sampler, values, &error) == KPLIVE_OK);
    sim_run(&work);
    CHECK(kplive_read_cpus(sampler, again, &error) == KPLIVE_OK);
    CHECK(again[sim_cpu() * COMMON + 1] - values[sim_cpu() * COMMON + 1] >= 1000);
    CHECK(kplive_read_cpu(sampler, &cpu, values, &error) == KPLIVE_OK);
    CHECK_INT(cpu, sim_cpu());
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        int status = kplive_metric(sampler, m, '\0', delta, &result);

        if (strcmp(metric.name, "ipc") == 0)
            CHECK(status == KPLIVE_OK && result == 0.5);
        else if (strcmp(metric.name, "branch-miss-rate") == 0)
            CHECK(status == KPLIVE_OK && result == 10.0);
        else if (strcmp(metric.name, "branch-mpki") == 0 ||
                 strcmp(metric.name, "branch-fraction") == 0)
            CHECK_INT(status, KPLIVE_MODES);
        else
            CHECK_INT(status, KPLIVE_EVENT);
    }
    kplive_close(sampler);
}

static int metric_named(struct kplive *sampler, const char *name, char core, double *out)
{
    static const uint64_t delta[KPDB_EVENTS_MAX] = {2000, 1000, 500, 50, 8000, 4000};

    return kplive_metric(sampler, (unsigned)kpdb_metric_find(name, strlen(name)), core, delta, out);
}

/* Cycles and instructions of fixed counters, branches of configurable ones, all of each. */
static void metrics_of(enum sim_gen generation, bool user_only, const char *const *names,
                       unsigned count, int ipc, int mpki, double per_thousand)
{
    struct kpdb_request events[KPDB_EVENTS_MAX];
    struct kplive *sampler;
    double value = -1;

    for (unsigned i = 0; i < count; i++)
        events[i] = (struct kpdb_request){names[i], strlen(names[i]), user_only};
    reset(&profiles[generation - SIM_G1], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_STATIC, generation);
    CHECK_INT(metric_named(sampler, "ipc", '\0', &value), KPLIVE_STATE);
    CHECK_INT(kplive_program(sampler, events, count, NULL), KPLIVE_OK);
    CHECK_INT(metric_named(sampler, "ipc", '\0', &value), ipc);
    CHECK_INT(metric_named(sampler, "branch-mpki", '\0', &value), mpki);
    CHECK(mpki != KPLIVE_OK || value == per_thousand);
    kplive_close(sampler);
}

/*
 * A metric never mixes modes (kernel.md 2.3): before macOS 15 all counters count all unless asked
 * otherwise; from then on, and with user mode asked, the fixed ones alone do.
 */
static void test_modes(void)
{
    static const char *const both[] = {"cycles",        "instructions",      "branches",
                                       "branch-misses", "CORE_ACTIVE_CYCLE", "INST_ALL"};
    static const char *const wide[] = {"CORE_ACTIVE_CYCLE", "RETIRE_UOP", "MAP_STALL"};
    const enum sim_gen strip[] = {SIM_G3, SIM_G4};
    struct kpdb_request events[3];
    struct kplive *sampler;
    double value = -1;

    metrics_of(SIM_G2, false, both, COMMON, KPLIVE_OK, KPLIVE_OK, 50);
    metrics_of(SIM_G2, true, both, COMMON, KPLIVE_OK, KPLIVE_MODES, 0);
    metrics_of(SIM_G2, true, both, 6, KPLIVE_OK, KPLIVE_OK, 12.5);
    for (unsigned g = 0; g < 2; g++) {
        metrics_of(strip[g], false, both, COMMON, KPLIVE_OK, KPLIVE_MODES, 0);
        metrics_of(strip[g], false, both, 6, KPLIVE_OK, KPLIVE_OK, 12.5);
        metrics_of(strip[g], true, both, 6, KPLIVE_OK, KPLIVE_OK, 12.5);
        metrics_of(strip[g], false, both + 2, 4, KPLIVE_OK, KPLIVE_OK, 20000);
    }
    for (unsigned i = 0; i < 3; i++)
        events[i] = (struct kpdb_request){wide[i], strlen(wide[i]), false};
    reset(&profiles[2], SIM_PM_NONE, 0);
    sampler = open_sampler(KPLIVE_STATIC, SIM_G3);
    CHECK_INT(kplive_program(sampler, events, 3, NULL), KPLIVE_OK);
    CHECK_INT(metric_named(sampler, "bottleneck-useful", '\0', &value), KPLIVE_CORE);
    CHECK_INT(metric_named(sampler, "bottleneck-useful", 'P', &value), KPLIVE_OK);
    CHECK(value == 100 * 1000.0 / (8 * 2000));
    CHECK_INT(metric_named(sampler, "bottleneck-useful", 'E', &value), KPLIVE_OK);
    CHECK(value == 100 * 1000.0 / (4 * 2000));
    CHECK_INT(metric_named(sampler, "rename-stall-fraction", '\0', &value), KPLIVE_OK);
    CHECK(value == 25);
    kplive_close(sampler);
}

/* Counters that the power manager holds are counted too, whoever made the words. */
static void read_held_cpus(enum kplive_words words)
{
    struct kpdb_request events[COMMON];
    uint64_t from[8 * COMMON], to[8 * COMMON];
    struct sim_work work = {1000, 0};
    struct kplive *sampler;

    common_requests(events);
    reset(&profiles[2], SIM_PM_SHARED, 0);
    CHECK(sim_migrate(5));
    sampler = open_sampler(words, SIM_G3);
    CHECK(kplive_program(sampler, events, COMMON, NULL) == KPLIVE_OK);
    CHECK_INT(kplive_encoding(sampler)->slots, 10);
    CHECK(kplive_start(sampler, NULL) == KPLIVE_OK);
    CHECK_INT(kplive_cpus(sampler), 8);
    CHECK(kplive_read_cpus(sampler, from, NULL) == KPLIVE_OK);
    sim_run(&work);
    CHECK(kplive_read_cpus(sampler, to, NULL) == KPLIVE_OK);
    CHECK_INT(sim_cpu(), 5);
    for (unsigned i = 0; i < COMMON; i++)
        CHECK(to[5 * COMMON + i] - from[5 * COMMON + i] >= (i == 1 ? 1000u : 1u));
    kplive_close(sampler);
}

static void test_held_cpus(void)
{
    read_held_cpus(KPLIVE_STATIC);
    read_held_cpus(KPLIVE_KPERFDATA);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static const int errnos[] = {EPERM, EACCES, EBUSY, ENOENT, EINVAL, ENOMEM};

/* One life of a sampler with the nth call failing; whatever happens, everything is as before. */
static bool live_through(const struct profile *profile, enum sim_pm pm, unsigned nth, int code)
{
    struct kplive_options options = {
        .kperf = kperf_path, .kperfdata = use_release(profile->gen), .words = KPLIVE_STATIC};
    struct kpdb_request events[COMMON];
    struct kplive_error error = {0};
    struct kplive *sampler = NULL;
    uint64_t values[COMMON];
    char before[2048], after[2048];
    unsigned calls;
    int status;

    common_requests(events);
    reset(profile, pm, 0);
    state(pm, before, sizeof before);
    sim_fail("*", nth, SIM_FAILS, code);
    status = kplive_open(&options, &sampler, &error);
    if (status == KPLIVE_OK)
        status = kplive_program(sampler, events, COMMON, &error);
    if (status == KPLIVE_OK)
        status = kplive_start(sampler, &error);
    if (status == KPLIVE_OK && kplive_read(sampler, values) != 0)
        CHECK_INT(errno, code);
    if (status == KPLIVE_OK)
        status = kplive_stop(sampler, &error);
    if (status != KPLIVE_OK) {
        CHECK_INT(error.status, status);
        CHECK(error.code == code || error.code == 0);
        CHECK(*kplive_strerror(status) != '\0');
    }
    kplive_close(sampler);
    calls = sim_calls("*");
    sim_fail_clear();
    state(pm, after, sizeof after);
    CHECK_STR(after, before);
    return nth <= calls;
}

static void test_faults(void)
{
    unsigned long cases = 0;

    for (size_t p = 0; p < PROFILES; p++)
        for (size_t e = 0; e < sizeof errnos / sizeof errnos[0]; e++)
            for (int pm = SIM_PM_NONE; pm <= SIM_PM_SHARED; pm++)
                for (unsigned nth = 1; live_through(&profiles[p], (enum sim_pm)pm, nth, errnos[e]);
                     nth++)
                    cases++;
    printf("%lu faults\n", cases);
    CHECK(cases > 1000);
}

/* ---- compare --------------------------------------------------------------------------------- */

static void count_drift(void *user, const struct kplive_drift *drift)
{
    unsigned *drifts = user;

    ++*drifts;
    fprintf(stderr, "  drift: %s %s: tables %s, live %s\n",
            drift->event == NULL ? "" : drift->event, drift->field, drift->table, drift->live);
}

static void test_compare(void)
{
    for (size_t p = 0; p < PROFILES; p++) {
        struct kplive_check check = {0};
        struct kplive_error error = {0};
        struct kplive *sampler;
        unsigned drifts = 0;

        reset(&profiles[p], SIM_PM_NONE, 0);
        sim_log_enable(false);
        sampler = open_sampler(KPLIVE_STATIC, profiles[p].gen);
        CHECK(kplive_compare(sampler, 300, 1, count_drift, &drifts, &check, &error) == KPLIVE_OK);
        CHECK_INT(drifts, 0);
        CHECK_INT(check.drifts, 0);
        CHECK(check.events > 40);
        CHECK_INT(check.event_size, profiles[p].gen == SIM_G4 ? 56 : 48);
        CHECK_INT(check.release, kplive_release(sampler));
        kplive_close(sampler);
        sim_log_enable(true);
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: kplive_test KPERF KPERFDATA KPERFDATA_OLD DB_DIR\n");
        return 2;
    }
    kperf_path = argv[1];
    kperfdata_path = argv[2];
    kperfdata_old_path = argv[3];
    db_path = argv[4];
    test_counting();
    test_stale_state();
    test_random_sets();
    test_order();
    test_reading_is_one_call();
    test_describe();
    test_errors();
    test_kernel_list();
    test_programming_errors();
    test_kperfdata_errors();
    test_opening_errors();
    test_unknown_cpu();
    test_fitting_release();
    test_two_samplers();
    test_threads();
    test_cpus_and_metrics();
    test_modes();
    test_held_cpus();
    test_faults();
    test_compare();
    return check_done();
}
