/*
 * The simulated kernel does what section 4 of doc/kernel.md lists, row by row: the table at the end
 * says which function shows which row. Numbers are worked out here from the rules in sim.h, by
 * hand.
 */
#include "sim_check.h"

#include <pthread.h>
#include <stdlib.h>

/* What a read costs, counted by a counter of all modes: three pieces (sim.h). */
enum { READ_UNITS = SIM_COST_USER + SIM_COST_ENTRY + SIM_COST_EXIT };

#define USER_BIT 0x20000u /* EL0A64EN */

/* A getter that answers `value` and leaves that errno. */
#define CHECK_ANSWERS(call, value, code) \
    do {                                 \
        errno = 0;                       \
        CHECK_INT(call, value);          \
        CHECK_INT(errno, code);          \
    } while (0)

static void run(uint64_t user, uint64_t kernel)
{
    sim_run(&(struct sim_work){.user = user, .kernel = kernel});
}

static struct sim_state state(void)
{
    struct sim_state now;
    sim_get_state(&now);
    return now;
}

static uint64_t word(uint64_t selector)
{
    return selector | USER_BIT;
}

/* One event on one configurable counter (by absolute number), the others without. */
static int configure_one(unsigned counter, uint64_t config_word)
{
    uint64_t words[SIM_MAX_COUNTERS] = {0};
    words[counter - 2] = config_word;
    return kpc_set_config(C, words);
}

/* The usual start, on eight words or none. */
static void start(uint32_t classes, uint64_t *words)
{
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    if (words != NULL)
        CHECK_INT(kpc_set_config(classes, words), 0);
    CHECK_INT(kpc_set_counting(classes), 0);
    CHECK_INT(kpc_set_thread_counting(classes), 0);
}

static void read_counters(uint64_t *values, unsigned count)
{
    CHECK_INT(kpc_get_thread_counters(0, count, values), 0);
}

/* By how much slot `slot` of `count` moves over this work between two reads. */
static uint64_t slot_delta(unsigned slot, unsigned count, uint64_t user, uint64_t kernel)
{
    uint64_t before[32], after[32];
    read_counters(before, count);
    run(user, kernel);
    read_counters(after, count);
    return after[slot] - before[slot];
}

/* ------------------------------------------------------- a pthread that does one thing at a time
 */

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void (*job)(void);
    bool stop;
};

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    pthread_mutex_lock(&worker->lock);
    while (!worker->stop) {
        if (worker->job != NULL) {
            worker->job();
            worker->job = NULL;
            pthread_cond_broadcast(&worker->changed);
        }
        pthread_cond_wait(&worker->changed, &worker->lock);
    }
    pthread_mutex_unlock(&worker->lock);
    return NULL;
}

static void worker_start(struct worker *worker)
{
    *worker = (struct worker){.stop = false};
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->changed, NULL);
    pthread_create(&worker->thread, NULL, worker_main, worker);
}

static void worker_do(struct worker *worker, void (*job)(void))
{
    pthread_mutex_lock(&worker->lock);
    worker->job = job;
    pthread_cond_broadcast(&worker->changed);
    while (worker->job != NULL)
        pthread_cond_wait(&worker->changed, &worker->lock);
    pthread_mutex_unlock(&worker->lock);
}

static void worker_end(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    pthread_cond_broadcast(&worker->changed);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->changed);
}

/* ----------------------------------------------------------- permissions and environment: 1 to 5
 */

/* Every node that is not public, by its wrapper, fails with that errno. */
static void check_private_nodes(int code)
{
    uint64_t values[128] = {0};
    uint32_t actions[16] = {0};
    int value;
    const bool counts = code == EPERM; /* the two counts are public */
    CHECK_ANSWERS(kpc_pmu_version(), 0, code);
    CHECK_ANSWERS(kpc_get_counting(), 0, code);
    CHECK_ANSWERS(kpc_get_thread_counting(), 0xffffffff, code);
    CHECK_FAILS(kpc_set_counting(C), code);
    CHECK_FAILS(kpc_set_thread_counting(C), code);
    CHECK_FAILS(kpc_force_all_ctrs_get(&value), code);
    CHECK_FAILS(kpc_force_all_ctrs_set(1), code);
    CHECK_FAILS(kpc_set_config(C, values), code);
    CHECK_FAILS(kpc_get_config(C, values), code);
    CHECK_FAILS(kpc_set_period(C, values), code);
    CHECK_FAILS(kpc_get_period(C, values), code);
    CHECK_FAILS(kpc_set_actionid(C, actions), code);
    CHECK_FAILS(kpc_get_actionid(C, actions), code);
    CHECK_FAILS(kpc_get_cpu_counters(false, FC, &value, values), code);
    CHECK_FAILS(kpc_get_thread_counters(0, 10, values), code);
    CHECK_ANSWERS(kpc_get_config_count(C), counts ? 8 : 0, counts ? 0 : code);
    CHECK_ANSWERS(kpc_get_counter_count(FC), counts ? 10 : 0, counts ? 0 : code);
}

static void not_root(void)
{
    for (int gen = 1; gen <= 4; gen++) {
        char text[32];
        snprintf(text, sizeof(text), "root=0 gen=%d", gen);
        reset(text);
        check_private_nodes(EPERM);
        uint32_t classes = 0;
        size_t size = sizeof(classes);
        CHECK_INT(sysctlbyname("kpc.classes", &classes, &size, NULL, 0), 0);
        CHECK_INT(classes, 0xb);
        CHECK_INT(state().counting, 0);
        CHECK_INT(state().forced, 0);
    }
    /* kernel.md 1.2: the owner of ktrace may, root or not */
    reset("root=0 owner=1");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_counting(), FC);
}

static void no_nodes(void)
{
    int translated = 1;
    size_t size = sizeof(translated);
    reset("vm=absent");
    check_private_nodes(ENOENT);
    CHECK_FAILS(kperf_action_count_set(1), ENOENT);
    CHECK_INT(sysctlbyname("sysctl.proc_translated", &translated, &size, NULL, 0), 0);
    CHECK_INT(translated, 0);

    reset("vm=old root=0 busy=1"); /* kernel.md 1.2: asked first of all */
    check_private_nodes(ENOTSUP);

    /* Apple's own VM: nodes, fixed counters, nothing to configure */
    reset("vm=empty");
    uint64_t values[16] = {0};
    CHECK_INT(kpc_get_counter_count(F), 2);
    CHECK_INT(kpc_get_counter_count(C), 0);
    CHECK_INT(kpc_get_config_count(FC), 0);
    CHECK_FAILS(kpc_set_config(C, values), 0);
    start(F, NULL);
    CHECK_INT(kpc_get_counting(), F);
    CHECK_INT(slot_delta(1, 2, 1000, 0), 1000 + READ_UNITS);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_counting(), FC); /* all of none are running */
}

static void hardware_busy(void)
{
    for (int gen = 1; gen <= 4; gen++) {
        char text[32];
        snprintf(text, sizeof(text), "busy=1 gen=%d", gen);
        reset(text);
        check_private_nodes(EBUSY);
    }
    /* kernel.md 1.2: who is no root hears EPERM first; the public nodes are busy all the same */
    reset("busy=1 root=0");
    CHECK_FAILS(kpc_set_counting(C), EPERM);
    CHECK_ANSWERS(kpc_get_counter_count(C), 0, EBUSY);
    /* and a write to what is read-only is EPERM before anything */
    uint32_t classes = FC;
    CHECK_FAILS(sysctlbyname("kpc.classes", NULL, NULL, &classes, sizeof(classes)), EPERM);
    reset("vm=old");
    CHECK_FAILS(sysctlbyname("kpc.pmu_version", NULL, NULL, &classes, sizeof(classes)), EPERM);
    reset("busy=1");
    CHECK_FAILS(sysctlbyname("kpc.classes", NULL, NULL, &classes, sizeof(classes)), EPERM);
    CHECK_FAILS(sysctlbyname("kpc.pmu_version", NULL, NULL, &classes, sizeof(classes)), EPERM);
    /* forced counters cannot be taken, and taken ones not forced */
    reset("");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK(!sim_kernel_client(true));
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK(sim_kernel_client(true));
    CHECK_FAILS(kpc_force_all_ctrs_set(1), EBUSY);
    CHECK(sim_kernel_client(false));
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
}

static void force_held_elsewhere(void)
{
    int value = 0;
    reset("otherforce=1 gen=3");
    CHECK_FAILS(kpc_force_all_ctrs_set(1), EACCES);
    CHECK_FAILS(kpc_force_all_ctrs_set(0), EACCES);
    CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
    CHECK_INT(value, 1);
    CHECK_INT(kpc_set_counting(C), 0); /* only the force bit has an owner */
    sim_other_exit();
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(state().forced, 1);
    CHECK_INT(sim_other_force(1), EACCES);

    reset("otherforce=1 gen=4");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0); /* said, and not done (kernel.md 1.4) */
    CHECK_INT(state().forced, 2);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(state().forced, 2);
    CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
    CHECK_INT(value, 1);

    /* any value but 0 is 1, and twice is once */
    reset("");
    CHECK_INT(kpc_force_all_ctrs_set(42), 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
    CHECK_INT(value, 1);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
    CHECK_INT(value, 0);
}

static void wrapper_conventions(void)
{
    uint64_t values[16] = {0};
    reset("");
    /* no words, no system call, errno as it was */
    errno = ERANGE;
    CHECK_INT(kpc_set_config(F, values), -1);
    CHECK_INT(errno, ERANGE);
    CHECK_INT(kpc_get_config(F, values), -1);
    CHECK_INT(errno, ERANGE);
    CHECK_INT(kpc_set_config(0, values), -1);
    CHECK_INT(errno, ERANGE);
    CHECK_INT(kpc_set_counting(C), 0); /* success leaves it too */
    CHECK_INT(errno, ERANGE);
    CHECK_INT(kpc_get_counting(), C);
    CHECK_INT(errno, ERANGE);
    CHECK_FAILS(kpc_get_cpu_counters(false, 0, NULL, values), EINVAL);
    CHECK_INT(kpc_get_thread_counting(), 0); /* off is 0, an error is not */
    CHECK_INT(kpc_pmu_version(), 2);
    reset("chip=haswell");
    CHECK_INT(kpc_pmu_version(), 1);
}

/* ------------------------------------------------------------------------ configuration: 6 to 13
 */

static void masks_and_force(void)
{
    uint64_t words[8], back[8];
    static const struct {
        const char *machine;
        unsigned unforced, power, forced;
    } rows[] = {
        {"pm=0", 8, 0, 8},
        {"pm=1", 5, 3, 8},
        {"pm=custom", 5, 0, 8},
        {"pm=1 pmmask=0x30", 6, 2, 8},
        {"pm=1 chip=m4", 5, 3, 8},
        {"pm=1 chip=icelake", 5, 3, 8},
        {"pm=1 chip=haswell", 3, 1, 4},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        const unsigned fixed = state().fixed;
        CHECK_INT(kpc_get_counter_count(C), rows[i].unforced);
        CHECK_INT(kpc_get_counter_count(KPC_POWER), rows[i].power);
        CHECK_INT(kpc_get_counter_count(FC), fixed + rows[i].unforced);
        CHECK_INT(kpc_get_config_count(C), rows[i].unforced);
        CHECK_INT(kpc_force_all_ctrs_set(1), 0);
        CHECK_INT(kpc_get_counter_count(C), rows[i].forced);
        CHECK_INT(kpc_get_counter_count(KPC_POWER), 0);
        CHECK_INT(kpc_get_config_count(C), rows[i].forced);
        CHECK_INT(kpc_force_all_ctrs_set(0), 0);
        CHECK_INT(kpc_get_counter_count(C), rows[i].unforced);
    }
    /* the nth word is the nth counter of the mask: five words are PMC2-4, PMC8, PMC9 */
    reset("pm=1");
    for (unsigned i = 0; i < 8; i++)
        words[i] = word(0x70 + (i == 1 ? 5 : i == 2 ? 6 : i == 3 ? 12 : i == 4 ? 13 : 0));
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(state().words[2], word(0x76));
    CHECK_INT(state().words[3], 0x200fe); /* the power manager's, as they were */
    CHECK_INT(state().words[6], word(0x7c));
    CHECK_INT(state().words[7], word(0x7d));
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[3], word(0x7c));
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_get_config(C, back), 0); /* the same index is another counter now */
    CHECK_INT(back[3], 0x200fe);
    CHECK_INT(back[6], word(0x7c));
}

static void raw_pmu(void)
{
    static const struct {
        const char *machine;
        unsigned words;
    } rows[] = {{"chip=m1 gen=3", 11}, {"chip=m1 gen=4", 7}, {"chip=m4 gen=3", 11},
                {"chip=m4 gen=4", 17}, {"chip=haswell", 0},  {"pm=1", 0}};
    uint64_t words[32], back[32];
    for (unsigned i = 0; i < 32; i++)
        words[i] = 0x1111111111111111ull * (i + 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        CHECK_INT(kpc_get_config_count(KPC_RAWPMU), rows[i].words);
        CHECK_INT(kpc_get_counter_count(KPC_RAWPMU), 0);
        if (rows[i].words == 0)
            continue;
        CHECK_INT(kpc_set_config(KPC_RAWPMU, words), 0);
        CHECK_INT(kpc_get_config(KPC_RAWPMU, back), 0);
        CHECK(memcmp(words, back, rows[i].words * sizeof(*words)) == 0); /* verbatim */
    }
    /* while the power manager shares: refused, and nothing of the rest done */
    memset(words, 0, sizeof(words));
    reset("pm=1 gen=3");
    words[0] = word(0x70);
    CHECK_FAILS(kpc_set_config(C | KPC_RAWPMU, words), EPERM);
    CHECK_FAILS(kpc_get_config(C | KPC_RAWPMU, words), EPERM);
    CHECK_INT(state().words[0], 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_get_config_count(KPC_RAWPMU), 11);
    words[8] = 0x123456789;
    CHECK_INT(kpc_set_config(C | KPC_RAWPMU, words), 0);
    CHECK_INT(kpc_get_config(C | KPC_RAWPMU, back), 0);
    CHECK_INT(back[0], word(0x70));
    CHECK_INT(back[8], 0x123456789); /* after the configurable ones */
    CHECK_INT(kpc_get_config(KPC_RAWPMU, back), 0);
    CHECK_INT(back[0], 0x123456789);
    /* POWER may be read, not written */
    reset("pm=1 gen=3");
    CHECK_INT(kpc_get_config_count(KPC_POWER), 3);
    CHECK_FAILS(kpc_set_config(KPC_POWER, words), EPERM);
    CHECK_INT(kpc_get_config(KPC_POWER, words), 0);
    CHECK_INT(words[2], 0x200fe);
}

/* What INST_BRANCH counts when written as the sixth of eight words, meant for PMC7. */
static uint64_t misordered(const char *machine, bool config_first, bool counting_first)
{
    uint64_t words[8] = {0};
    reset(machine);
    words[5] = word(0x8d);
    if (config_first)
        CHECK_INT(kpc_set_config(C, words), 0);
    if (counting_first)
        CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    if (!config_first)
        CHECK_INT(kpc_set_config(C, words), 0);
    if (!counting_first)
        CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_set_thread_counting(C), 0);
    return slot_delta(5, 8, 1000, 0);
}

static void wrong_order(void)
{
    const uint64_t right = sim_count(SIM_M1, 0x8d, 0, 1000) + sim_count(SIM_M1, 0x8d, 0, 20);
    CHECK_INT(misordered("pm=0", false, false), right);
    CHECK_INT(misordered("pm=0", true, false), right);
    CHECK_INT(misordered("pm=0", false, true), right);
    CHECK_INT(misordered("pm=1", false, false), right);
    CHECK_INT(misordered("pm=1", true, false), 0);
    CHECK_INT(misordered("pm=1", false, true), 0);
    CHECK_INT(kpc_get_counting(), 0); /* kernel.md 1.5: CONFIGURABLE is lost from the readback */
    CHECK_INT(state().running, 0xc7);
    /* without forcing at all: the event has no counter */
    reset("pm=1");
    start(C, NULL);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_FAILS(kpc_get_thread_counters(0, 4, (uint64_t[4]){0}), ENOMEM); /* still 8 slots */
}

/* What a counter counts that runs from the start, before and after the CPU's next interrupt. */
static void check_stopping(const char *machine, void (*event)(void), bool stops)
{
    reset(machine);
    CHECK_INT(configure_one(2, word(0x70)), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_thread_counting(C), 0);
    const uint64_t counted = sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20);
    CHECK_INT(slot_delta(0, 8, 1000, 0), counted);
    event();
    CHECK_INT(slot_delta(0, 8, 1000, 0), stops ? 0 : counted);
    sim_interrupt(sim_cpu());
    CHECK_INT(kpc_set_counting(C), 0); /* until it is written again */
    CHECK_INT(slot_delta(0, 8, 1000, 0), counted);
    sim_interrupt(sim_cpu());
    CHECK_INT(slot_delta(0, 8, 1000, 0), counted);
}

static void interrupt_here(void)
{
    sim_interrupt(sim_cpu());
}

static void interrupt_elsewhere(void)
{
    sim_interrupt(sim_cpu() + 1);
}

static void counting_before_force(void)
{
    check_stopping("pm=1", interrupt_here, true);
    check_stopping("pm=1", sim_switch_out, true);
    check_stopping("pm=1 gen=1", interrupt_here, true);
    check_stopping("pm=1", interrupt_elsewhere, false);
    check_stopping("pm=0", interrupt_here, false);
    /* custom control: what the power manager has is not switched off by us */
    reset("pm=custom");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(kpc_set_counting(0), 0);
    CHECK_INT(state().running, 0x38);
    reset("pm=1");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(kpc_set_counting(0), 0);
    CHECK_INT(state().running, 0);
}

/* How many of all selectors a kernel takes, one at a time. */
static unsigned allowed_selectors(const char *machine)
{
    unsigned count = 0;
    reset(machine);
    sim_log_enable(false);
    for (uint32_t selector = 0; selector < 0x10000; selector++)
        count += configure_one(9, word(selector)) == 0;
    return count;
}

static void allow_list(void)
{
    uint64_t words[8];
    /* 16-bit chips: as many as the lists have, 0 with them. 8-bit ones: 256 times as many. */
    CHECK_INT(allowed_selectors("chip=m1 os=14.0"), 60 * 256);
    CHECK_INT(allowed_selectors("chip=m1 os=15.5"), 60 * 256);
    CHECK_INT(allowed_selectors("chip=m2 os=14.3"), 1 * 256);
    CHECK_INT(allowed_selectors("chip=m2 os=14.4"), 59 * 256);
    CHECK_INT(allowed_selectors("chip=m3 os=14.6"), 1);
    CHECK_INT(allowed_selectors("chip=m3 os=15.0"), 60);
    CHECK_INT(allowed_selectors("chip=m3 os=15.4"), 62);
    CHECK_INT(allowed_selectors("chip=m4 os=15.0"), 62);
    CHECK_INT(allowed_selectors("chip=m5 gen=3"), 1);
    CHECK_INT(allowed_selectors("chip=m4 os=26.0"), 62 + 41);
    CHECK_INT(allowed_selectors("chip=m1 os=13.6"), 65536);
    CHECK_INT(allowed_selectors("chip=m4 os=15.5 dev=1"), 65536);
    CHECK_INT(allowed_selectors("chip=haswell os=15.5"), 65536);
    /* cycles by M1's number on an M4 (kernel.md 2.5) */
    reset("chip=m4");
    CHECK_FAILS(configure_one(2, word(0x02)), EPERM);
    CHECK_FAILS(configure_one(2, word(0x8c)), EPERM);
    CHECK_INT(configure_one(2, word(0x11)), 0);
    /* an M3's selector is cut to another event's on an M1 */
    reset("chip=m1");
    CHECK_INT(configure_one(2, word(0x1d4)), 0);
    CHECK_INT(state().words[0], word(0xd4));
    /* all or nothing */
    for (unsigned i = 0; i < 8; i++)
        words[i] = word(i == 7 ? 0x03 : 0x70);
    CHECK_FAILS(kpc_set_config(C, words), EPERM);
    CHECK_INT(state().words[0], word(0xd4));
    CHECK_INT(state().words[1], 0);
}

static void mode_bits(void)
{
    static const struct {
        const char *gen;
        uint64_t written, read;
        bool user, kernel;
    } rows[] = {
        {"gen=2", 0x70, 0xf0070, true, true},
        {"gen=2", 0x20070, 0x20070, true, false},
        {"gen=2", 0x40070, 0xc0070, false, true},
        {"gen=2", 0x60070, 0xe0070, true, true},
        {"gen=2", 0x10070, 0x10070, false, false},
        {"os=14.3", 0x80070, 0x00070, false, false},
        {"os=14.4", 0x80070, 0xf0070, true, true},
        {"os=14.6", 0x80070, 0xf0070, true, true},
        {"os=14.6", 0xa0070, 0x20070, true, false},
        {"os=15.0", 0xf0070, 0x30070, true, false},
        {"os=15.1", 0x30070, 0x30070, true, false},
        {"os=15.1", 0x10070, 0x10070, false, false},
        {"os=15.2", 0xf0070, 0x20070, true, false},
        {"os=15.2", 0x30070, 0x20070, true, false},
        {"os=15.2", 0x10070, 0x00070, false, false},
        {"os=15.2", 0x00070, 0x20070, true, false},
        {"gen=2", 0x00000, 0x00000, false, false},
        {"gen=1", 0x70, 0xf0070, true, true},
        {"gen=3", 0x70, 0x20070, true, false},
        {"gen=3", 0x20070, 0x20070, true, false},
        {"gen=3", 0x40070, 0x20070, true, false},
        {"gen=3", 0x60070, 0x20070, true, false},
        {"gen=3", 0xf0070, 0x20070, true, false},
        {"gen=3", 0x30070, 0x20070, true, false},
        {"gen=3", 0x10070, 0x00070, false, false},
        {"gen=3", 0x80070, 0x20070, true, false},
        {"gen=3", 0x00000, 0x00000, false, false},
        {"gen=3", 0xffffffff00020070, 0x20070, true, false},
        {"gen=3 dev=1", 0x40070, 0xc0070, false, true},
        {"gen=4 apply=once", 0x30070, 0x20070, true, false},
        {"gen=4 apply=once", 0x10070, 0x00070, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t words[8] = {rows[i].written}, back[8];
        const uint64_t user = sim_count(SIM_M1, 0x70, 0, 1000), kernel = user;
        reset(rows[i].gen);
        start(FC, words);
        CHECK_INT(kpc_get_config(C, back), 0);
        CHECK_INT(back[0], rows[i].read);
        uint64_t expected = 0;
        if (rows[i].user)
            expected += user + sim_count(SIM_M1, 0x70, 0, SIM_COST_USER);
        if (rows[i].kernel)
            expected += kernel + sim_count(SIM_M1, 0x70, 0, SIM_COST_ENTRY) +
                        sim_count(SIM_M1, 0x70, 0, SIM_COST_EXIT);
        CHECK_INT(slot_delta(2, 10, 1000, 1000), expected);
        CHECK_INT(slot_delta(0, 10, 1000, 1000), 2 * (2000 + READ_UNITS)); /* fixed: all modes */
    }
}

static void mode_bits_intel(void)
{
    uint64_t words[8] = {0x333, 0xff7f003c | 0xabull << 32}, back[8];
    reset("chip=haswell");
    CHECK_INT(kpc_get_config_count(FC), 5);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_config(FC, words), 0);
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[0], 0xff47003c); /* no PC, INT, AnyThread; 32 bits */
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[0], 0xff57003c); /* INT and EN: of all counters, by whatever is written */
    CHECK_INT(back[3], 0x500000);
    CHECK_INT(kpc_set_counting(0), 0); /* and there they stay */
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[0], 0xff57003c);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(slot_delta(3, 7, 1000, 1000), 2 * (2000 + READ_UNITS)); /* both rings: cycles */
    words[1] = 0x1003c;
    CHECK_INT(kpc_set_config(FC, words), 0);
    CHECK_INT(slot_delta(3, 7, 1000, 1000), 0); /* no EN: it stops */
    CHECK_INT(kpc_set_counting(F), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(slot_delta(3, 7, 1000, 1000), 2 * (1000 + SIM_COST_USER));
    words[1] = 0x42003c;
    CHECK_INT(kpc_set_config(FC, words), 0);
    CHECK_INT(slot_delta(3, 7, 1000, 1000), 2 * (1000 + SIM_COST_ENTRY + SIM_COST_EXIT));
    words[1] = 0x40003c;
    CHECK_INT(kpc_set_config(FC, words), 0);
    CHECK_INT(slot_delta(3, 7, 1000, 1000), 0);
    /* the fixed counters' word comes first, and only with them */
    CHECK_INT(kpc_set_config(C, (uint64_t[]){0x10051, 0x10052, 0x10053, 0x10054}), 0);
    CHECK_INT(state().words[0], 0x10051);
    CHECK_INT(state().words[3], 0x10054);
    CHECK_INT(kpc_get_config(FC, back), 0);
    CHECK_INT(back[0], 0xbbb);
    CHECK_INT(back[4], 0x10054);
    reset("chip=icelake");
    CHECK_INT(kpc_get_config(F, back), 0);
    CHECK_INT(back[0], 0xbbbb); /* of four counters */
    CHECK_INT(kpc_pmu_version(), 0);
}

static void wrong_counter(void)
{
    static const struct {
        const char *machine;
        enum sim_chip chip;
        uint32_t selector, mask;
    } rows[] = {
        {"chip=m1", SIM_M1, 0x8d, 0xe0},  {"chip=m1", SIM_M1, 0x8c, 0x80},
        {"chip=m1", SIM_M1, 0x70, 0x3fc}, {"chip=m4", SIM_M4, 0x21, 0xfc},
        {"chip=m4", SIM_M4, 0x897, 0x80}, {"chip=m4", SIM_M4, 0x1de, 0x3fc},
        {"chip=m5", SIM_M5, 0x8a4, 0x80}, {"chip=m1 gen=1", SIM_M1, 0x03, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(sim_counters(rows[i].chip, rows[i].selector, 0), rows[i].mask);
        for (unsigned counter = 2; counter < 10; counter++) {
            reset(rows[i].machine);
            CHECK_INT(kpc_force_all_ctrs_set(1), 0);
            CHECK_INT(configure_one(counter, word(rows[i].selector)), 0);
            CHECK_INT(kpc_set_counting(C), 0);
            CHECK_INT(kpc_set_thread_counting(C), 0);
            const uint64_t counted = sim_count(rows[i].chip, rows[i].selector, 0, 1000) +
                                     sim_count(rows[i].chip, rows[i].selector, 0, 20);
            CHECK_INT(slot_delta(counter - 2, 8, 1000, 0),
                      rows[i].mask >> counter & 1 ? counted : 0);
        }
    }
}

static void g4_deferred(void)
{
    uint64_t words[8] = {word(0x70)}, back[8], before[10], after[10];
    reset("gen=4");
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(state().forced, 1); /* by itself (kernel.md 1.12) */
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[0], 0); /* the hardware knows nothing yet */
    CHECK_INT(state().pending[0], word(0x70));
    CHECK_INT(kpc_set_counting(F), 0); /* not with this class */
    CHECK_INT(state().words[0], 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[0], word(0x70));
    CHECK_INT(state().running, 1); /* counters without an event are not enabled */
    CHECK_INT(sim_value(sim_cpu(), 2), sim_count(SIM_M1, 0x70, 0, 20) * 2); /* from zero */
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20));

    /* a change while counting: nothing, until counting is written again */
    words[0] = word(0x75);
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20));
    read_counters(before, 10);
    CHECK_INT(kpc_set_counting(FC), 0);
    read_counters(after, 10);
    CHECK((int64_t)(after[2] - before[2]) < 0); /* over a restart: garbage */
    CHECK(after[1] - before[1] < 10000);        /* fixed ones go on */
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x75, 0, 1000) + sim_count(SIM_M1, 0x75, 0, 20));

    /* the switch: as before */
    reset("gen=4 apply=once");
    start(FC, words);
    words[0] = word(0x70);
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20));
    read_counters(before, 10);
    CHECK_INT(kpc_set_counting(FC), 0);
    read_counters(after, 10);
    CHECK(after[2] - before[2] < 100000);
}

static void g4_errors(void)
{
    uint64_t words[32] = {0};
    reset("gen=4 pm=1");
    CHECK_FAILS(kpc_set_config(C | KPC_POWER, words), EINVAL);
    CHECK_FAILS(kpc_set_config(KPC_POWER, words), EPERM);
    CHECK_FAILS(kpc_set_config(C | KPC_RAWPMU, words), EXDEV);
    CHECK_FAILS(kpc_get_config(C | KPC_RAWPMU, words), EXDEV);
    words[0] = word(0x03);
    CHECK_FAILS(kpc_set_config(C, words), EPERM);
    CHECK_INT(state().forced, 0);
    words[0] = (1ull << 47) - 1; /* the largest period is one less (kernel.md 1.9) */
    CHECK_FAILS(kpc_set_period(C, words), EINVAL);
    words[0]--;
    CHECK_INT(kpc_set_period(C, words), 0);
    CHECK_INT(state().forced, 1);
    CHECK_INT(state().periods[2], (1ull << 47) - 1); /* waits as the words do */
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(state().periods[2], (1ull << 47) - 2);
    /* gone */
    size_t size = 8;
    CHECK_FAILS(sysctlbyname("kpc.shadow_counters", words, &size, NULL, 0), ENOENT);
    CHECK_FAILS(sysctlbyname("kpc.sw_inc", NULL, NULL, words, 4), ENOENT);
    /* a set that cannot count, on a kernel that looks */
    for (int strict = 0; strict < 2; strict++) {
        reset(strict ? "gen=4 strict=1" : "gen=4");
        CHECK_INT(configure_one(2, word(0x8d)), 0);
        if (strict)
            CHECK_FAILS(kpc_set_counting(C), EINVAL);
        else
            CHECK_INT(kpc_set_counting(C), 0);
        CHECK_INT(configure_one(5, word(0x8d)), 0);
        CHECK_INT(kpc_set_counting(C), 0);
    }
    reset("gen=4 strict=1 chip=haswell"); /* PREC_DIST wants counter 4, ANY_P none in particular */
    CHECK_INT(kpc_set_config(C, (uint64_t[]){0x100c0, 0x101c0}), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_set_config(C, (uint64_t[]){0x101c0, 0x100c0}), 0);
    CHECK_FAILS(kpc_set_counting(C), EINVAL);
    reset("gen=4 chip=icelake");
    CHECK_INT(kpc_get_counter_count(C), 4); /* half of CPUID's */
}

static void periods(void)
{
    const uint64_t max = (1ull << 47) - 1;
    uint64_t values[10] = {0}, back[10];
    reset("");
    /* 0 is the largest, and so is what nobody has set */
    CHECK_INT(kpc_get_period(FC, back), 0);
    CHECK_INT(back[0], max);
    CHECK_INT(back[2], max);
    for (unsigned i = 0; i < 10; i++)
        values[i] = 1000 * (i + 1);
    values[7] = 0;
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(kpc_get_period(FC, back), 0);
    CHECK_INT(back[0], max);
    CHECK_INT(back[2], 1000);
    CHECK_INT(back[9], max);
    /* with FIXED the first values land on PMC2 and PMC3, and the fixed keep theirs */
    CHECK_INT(kpc_set_period(FC, values), 0);
    CHECK_INT(kpc_get_period(FC, back), 0);
    CHECK_INT(back[0], max);
    CHECK_INT(back[2], 1000);
    CHECK_INT(back[3], 2000);
    CHECK_INT(back[8], 7000);
    CHECK_INT(back[9], max);
    CHECK_INT(kpc_set_period(F, values), 0); /* accepted and ignored */
    CHECK_INT(state().periods[0], max);

    /* more than fits: echoed, and the value jumps by what the register could not take */
    reset("cost=0");
    const uint64_t was = sim_value(sim_cpu(), 2);
    values[0] = 1ull << 50;
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(kpc_get_period(C, back), 0);
    CHECK_INT(back[0], 1ull << 50);
    CHECK_INT(sim_register(sim_cpu(), 2), max);
    CHECK_INT(sim_value(sim_cpu(), 2) - was, 1ull << 50);
    CHECK_INT(configure_one(2, word(0x02)), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    run(10, 0); /* which overflows, and jumps again */
    CHECK_INT(sim_value(sim_cpu(), 2) - was, (2ull << 50) + 20);
    values[0] = 1000;

    uint32_t actions[10] = {0, 0, 1, 2, 3, 8, 9, 5, 6, 7}, got[10];
    reset("pm=1");
    CHECK_FAILS(kpc_set_period(KPC_POWER, values), EPERM);
    CHECK_INT(kpc_set_period(C, (uint64_t[]){11, 12, 13, 14, 15}), 0);
    CHECK_INT(kpc_get_period(FC | KPC_POWER, back), 0);
    CHECK_INT(back[6], 15); /* PMC9, and then the power manager's */
    CHECK_INT(back[7], max);
    CHECK_INT(kpc_set_actionid(FC | KPC_POWER, actions), 0); /* POWER is welcome here */
    CHECK_INT(kpc_get_actionid(KPC_POWER, got), 0);
    CHECK_INT(got[0], 5);
    CHECK_INT(state().actions[7], 7);
    CHECK_INT(state().actions[8], 8);
    reset("pm=1 gen=4");
    CHECK_FAILS(kpc_set_period(KPC_POWER, values), EPERM);
    CHECK_FAILS(kpc_set_period(C | KPC_POWER, values), EINVAL);
    reset("pm=custom");
    CHECK_FAILS(kpc_set_period(FC, values), EPERM);
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_period(FC, values), 0); /* control is ours now */
    reset("chip=haswell");
    CHECK_FAILS(kpc_set_period(FC, values), EINVAL);
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(kpc_get_period(FC, back), 0);
    CHECK_INT(back[0], (1ull << 48) - 1);
    CHECK_INT(back[3], 1000);
}

/* All counters are folded into the shadow, and those of the mask reloaded: the rest have it twice.
 */
static void period_and_power_manager(void)
{
    uint64_t values[8] = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000}, was[10];
    reset("pm=1 cost=0");
    for (unsigned i = 0; i < 10; i++)
        was[i] = sim_value(0, i);
    CHECK_INT(kpc_set_period(F, values), 0); /* nothing at all */
    CHECK_INT(sim_value(0, 5), was[5]);
    CHECK_INT(kpc_set_period(C, values), 0);
    for (unsigned i = 0; i < 10; i++) /* PMC5-7 are the power manager's */
        CHECK_INT(sim_value(0, i), i >= 5 && i <= 7 ? 2 * was[i] : was[i]);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(sim_value(0, 5), 2 * was[5]);
}

/* What an Intel kernel loses and misplaces of overflows (kernel.md 1.9). */
static void overflow_intel(void)
{
    enum { INSTRUCTIONS = 0x4300c0 };
    const uint64_t max = (1ull << 48) - 1;
    uint64_t values[12], before[12];
    reset("chip=icelake cost=0");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    uint64_t words[8] = {INSTRUCTIONS, INSTRUCTIONS, INSTRUCTIONS, INSTRUCTIONS,
                         INSTRUCTIONS, INSTRUCTIONS, INSTRUCTIONS, INSTRUCTIONS};
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_set_period(C, (uint64_t[8]){999, 999}), 0);
    const unsigned cpu = sim_cpu();
    const uint64_t was = sim_value(cpu, 4);
    run(5000, 0);
    CHECK_INT(sim_overflows(cpu, 4), 5);
    CHECK_INT(sim_value(cpu, 4) - was, 5000 - 5); /* one each */
    /* while the interrupt waits: in the first counter's place, and not in its own */
    sim_hold_interrupts(true);
    sim_set_register(cpu, 6, max - 10);
    CHECK_INT(kpc_get_cpu_counters(false, FC, NULL, before), 0);
    run(100, 0);
    CHECK_INT(kpc_get_cpu_counters(false, FC, NULL, values), 0);
    CHECK_INT(values[6], before[6] + 100 - max - 1);
    CHECK_INT(values[4], before[6] + 100 - 1);
    CHECK_INT(values[5], before[5] + 100);
    CHECK_INT(kpc_get_cpu_counters(false, C, NULL, values), 0);
    CHECK_INT(values[0], before[6] + 100 - 1);
    sim_hold_interrupts(false);
    CHECK_INT(kpc_get_cpu_counters(false, FC, NULL, values), 0);
    CHECK_INT(values[6], before[6] + 100 - 1);
    CHECK_INT(values[4], before[4] + 100);
    /* from the fifth on nobody is told */
    CHECK_INT(kpc_get_cpu_counters(false, FC, NULL, before), 0);
    sim_set_register(cpu, 8, max - 10);
    const uint64_t high = sim_value(cpu, 8);
    run(100, 0);
    CHECK_INT(sim_overflows(cpu, 8), 0);
    CHECK_INT(sim_register(cpu, 8), 100 - 11);
    CHECK_INT(high - sim_value(cpu, 8), max + 1 - 100);
}

/* A period changes the register, never the value (kernel.md 1.9, 2.6). */
static void overflow(void)
{
    uint64_t values[8] = {0, 0, 0, 0, 0, 1000};
    reset("cost=0");
    CHECK_INT(configure_one(7, word(0x8c)), 0); /* instructions = units */
    CHECK_INT(kpc_set_counting(C), 0);
    const unsigned cpu = sim_cpu();
    const uint64_t was = sim_value(cpu, 7);
    CHECK_INT(kpc_set_period(C, values), 0);
    CHECK_INT(sim_value(cpu, 7), was);
    CHECK_INT(sim_register(cpu, 7), (1ull << 47) - 1 - 1000);
    run(1000, 0);
    CHECK_INT(sim_overflows(cpu, 7), 0);
    run(1, 0);
    CHECK_INT(sim_overflows(cpu, 7), 1);
    CHECK_INT(sim_register(cpu, 7), (1ull << 47) - 1 - 1000);
    run(10 * 1001 + 5, 0);
    CHECK_INT(sim_overflows(cpu, 7), 11);
    CHECK_INT(sim_value(cpu, 7), was + 1001 + 10 * 1001 + 5);

    /* every width, at its end, with the interrupt late as well */
    static const struct {
        const char *machine;
        uint64_t max;
    } rows[] = {{"chip=m1 cost=0", (1ull << 47) - 1},
                {"chip=m2 cost=0", (1ull << 63) - 1},
                {"chip=icelake cost=0", (1ull << 48) - 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        sim_set_register(sim_cpu(), 1, rows[i].max - 10);
        const uint64_t start_value = sim_value(sim_cpu(), 1);
        const unsigned per_unit = rows[i].max == (1ull << 48) - 1 ? 2 : 1; /* Intel: cycles */
        run(10 / per_unit, 0);
        CHECK_INT(sim_register(sim_cpu(), 1), rows[i].max);
        sim_hold_interrupts(true);
        run(10, 0);
        CHECK_INT(sim_value(sim_cpu(), 1), start_value + 10 + 10 * per_unit);
        CHECK_INT(sim_overflows(sim_cpu(), 1), 0);
        sim_hold_interrupts(false);
        CHECK_INT(sim_overflows(sim_cpu(), 1), 1);
        CHECK_INT(sim_register(sim_cpu(), 1), 10 * per_unit - 1);
        CHECK_INT(sim_value(sim_cpu(), 1), start_value + 10 + 10 * per_unit - (per_unit - 1));
    }
}

static void stale_state(void)
{
    uint64_t back[8], values[10], again[10];
    reset("stale=all");
    CHECK_INT(kpc_get_counting(), FC);
    CHECK_INT(kpc_get_thread_counting(), FC);
    CHECK_INT(kpc_get_config(C, back), 0);
    for (unsigned i = 0; i < 8; i++)
        CHECK_INT(back[i], 0x20002);
    read_counters(values, 10); /* it counts for us as for anybody: we were born into it */
    run(1000, 0);
    read_counters(again, 10);
    CHECK_INT(again[5] - values[5], 2 * (1000 + SIM_COST_USER));

    /* what a process leaves behind, the next one finds */
    reset("stale=config");
    CHECK_INT(kpc_get_counting(), 0);
    CHECK_INT(configure_one(4, word(0x75)), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_set_thread_counting(C), 0);
    sim_new_process();
    CHECK_INT(kpc_get_config(C, back), 0);
    CHECK_INT(back[2], word(0x75));
    CHECK_INT(kpc_get_counting(), C);
    CHECK_INT(kpc_get_thread_counting(), C);
}

/* ---------------------------------------------------------------------- thread counters: 14 to 22
 */

static int worker_result, worker_errno;
static uint64_t worker_values[32];

static void job_attach(void)
{
    sim_attach();
}

static unsigned worker_cpu;

static void job_attach_elsewhere(void)
{
    sim_attach();
    worker_cpu = sim_cpu();
}

static void job_read(void)
{
    errno = 0;
    worker_result = kpc_get_thread_counters(0, 10, worker_values);
    worker_errno = errno;
}

static void job_switch(void)
{
    sim_switch_out();
}

static void buffers(void)
{
    struct worker old, late;
    uint64_t values[10];
    reset("");
    worker_start(&old);
    worker_do(&old, job_attach);
    CHECK_FAILS(kpc_get_thread_counters(0, 10, values), EINVAL); /* before anybody asked */
    start(FC, NULL);
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0); /* who switched it on: at once */
    CHECK_INT(state().threads, 2);
    CHECK_INT(state().buffers, 1);

    for (int i = 0; i < 3; i++) { /* a thread from before: not by asking */
        worker_do(&old, job_read);
        CHECK_INT(worker_result, -1);
        CHECK_INT(worker_errno, EINVAL);
    }
    worker_do(&old, job_switch);
    worker_do(&old, job_read);
    CHECK_INT(worker_result, 0);

    worker_start(&late); /* a thread made since: at once */
    worker_do(&late, job_read);
    CHECK_INT(worker_result, 0);
    CHECK_INT(state().buffers, 3);
    worker_end(&late);
    CHECK_INT(state().threads, 2);
    CHECK_INT(kpc_set_thread_counting(0), 0); /* off, and the buffers stay readable */
    worker_do(&old, job_read);
    CHECK_INT(worker_result, 0);
    worker_end(&old);
    CHECK_INT(state().threads, 1);

    /* late=old: the same with threads the simulator first sees now */
    reset("late=old");
    start(FC, NULL);
    worker_start(&late);
    worker_do(&late, job_read);
    CHECK_INT(worker_errno, EINVAL);
    worker_do(&late, job_switch);
    worker_do(&late, job_read);
    CHECK_INT(worker_result, 0);
    worker_end(&late);

    /* preempt: being switched out happens to it in the end */
    reset("late=old preempt=3");
    start(FC, NULL);
    worker_start(&late);
    worker_do(&late, job_read);
    CHECK_INT(worker_result, -1);
    worker_do(&late, job_read);
    CHECK_INT(worker_result, -1);
    worker_do(&late, job_read);
    CHECK_INT(worker_result, 0);
    worker_end(&late);
}

static void nothing_to_count(void)
{
    reset("vm=empty");
    CHECK_INT(kpc_set_thread_counting(F), 0);
    CHECK_INT(kpc_get_thread_counting(), F);
    CHECK_INT(kpc_set_thread_counting(C), 0); /* no counter of that class: off, and no error */
    CHECK_INT(kpc_get_thread_counting(), 0);
    reset("");
    CHECK_INT(kpc_set_thread_counting(KPC_RAWPMU), 0);
    CHECK_INT(kpc_get_thread_counting(), 0);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(kpc_set_thread_counting(0), 0);
    CHECK_INT(kpc_get_thread_counting(), 0);
}

static void sizes(void)
{
    uint64_t values[16];
    uint32_t tid = 0;
    size_t size;
    reset("");
    start(FC, NULL);
    for (unsigned count = 0; count < 16; count++) {
        memset(values, 0xaa, sizeof(values));
        if (count < 10)
            CHECK_FAILS(kpc_get_thread_counters(0, count, values), ENOMEM);
        else
            CHECK_INT(kpc_get_thread_counters(0, count, values), 0);
        for (unsigned i = count < 10 ? 0 : 10; i < 16; i++)
            CHECK(values[i] == 0xaaaaaaaaaaaaaaaa);
        size = count * sizeof(*values);
        const int result = sysctlbyname("kpc.thread_counters", values, &size, &tid, sizeof(tid));
        CHECK_INT(result, count < 10 ? -1 : 0);
        if (count >= 10)
            CHECK_INT(size, 80);
    }
    for (tid = 1; tid < 4; tid++)
        CHECK_FAILS(kpc_get_thread_counters(tid, 10, values), EINVAL);
    /* an odd size is cut; the argument may be longer, not shorter (kernel.md 1.1) */
    size = 83;
    tid = 0;
    CHECK_INT(sysctlbyname("kpc.thread_counters", values, &size, (uint32_t[]){0, 9}, 8), 0);
    CHECK_INT(size, 80);
    CHECK_FAILS(sysctlbyname("kpc.thread_counters", values, &size, &tid, 3), EINVAL);
}

static void absolute_values(void)
{
    uint64_t first[10], second[10], other[10];
    reset("seed=7");
    start(FC, NULL);
    read_counters(first, 10); /* against an empty snapshot: all that this CPU ever counted */
    CHECK(first[0] > 1u << 30 && first[0] < 1ull << 46);
    run(1000, 500);
    read_counters(second, 10);
    CHECK_INT(second[1] - first[1], 1500 + READ_UNITS);

    /* a CPU that has been idle since: its idle thread left a snapshot behind, no jump */
    CHECK(sim_migrate(0));
    read_counters(first, 10);
    CHECK_INT(first[1] - second[1], READ_UNITS);
    CHECK(sim_migrate(4));
    read_counters(first, 10);
    CHECK_INT(first[1] - second[1], 2 * READ_UNITS);
    read_counters(second, 10);
    CHECK_INT(second[1] - first[1], READ_UNITS);

    /* off and on: what went on meanwhile is charged at the next sample */
    CHECK_INT(kpc_set_thread_counting(0), 0);
    read_counters(first, 10);
    sim_other_run(sim_cpu(), &(struct sim_work){.user = 70000});
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    read_counters(second, 10);
    CHECK(second[1] - first[1] > 70000 && second[1] - first[1] < 80000);
    /* one that has a buffer and was on no core then has nothing of it */
    CHECK_INT(kpc_set_thread_counting(0), 0);
    read_counters(first, 10);
    sim_other_run(sim_cpu(), &(struct sim_work){.user = 70000});
    CHECK_INT(sim_other_set_thread_counting(FC), 0);
    read_counters(second, 10);
    CHECK_INT(second[1] - first[1], SIM_COST_USER + SIM_COST_ENTRY);
    /* while it is on, others pay for themselves */
    read_counters(first, 10);
    sim_other_run(sim_cpu(), &(struct sim_work){.user = 70000});
    read_counters(second, 10);
    CHECK_INT(second[1] - first[1], READ_UNITS);

    /* seeds: the same machine twice, another one otherwise */
    reset("seed=7");
    start(FC, NULL);
    read_counters(other, 10);
    reset("seed=8");
    start(FC, NULL);
    read_counters(second, 10);
    CHECK(memcmp(other, second, sizeof(other)) != 0);
    reset("seed=7");
    start(FC, NULL);
    read_counters(second, 10);
    CHECK(memcmp(other, second, sizeof(other)) == 0);
}

/* What a thread counts whose first call comes when threads are counted: all of its own, from zero.
 */
static void job_work_and_read(void)
{
    run(4000, 0);
    job_read();
}

static void exact_values(void)
{
    struct worker old, late;
    static const char *const machines[] = {"seed=3", "seed=4 pcpus=1 ecpus=0", "stale=threads"};
    for (unsigned i = 0; i < 3; i++) {
        reset(machines[i]);
        start(FC, NULL);
        worker_start(&late);
        worker_do(&late, job_work_and_read);
        CHECK_INT(worker_result, 0);
        CHECK_INT(worker_values[1], 4000 + SIM_COST_USER + SIM_COST_ENTRY);
        worker_end(&late);
    }
    /* one from before, that spins alone: no buffer, until it is switched out; then from zero too */
    reset("seed=5");
    worker_start(&old);
    worker_do(&old, job_attach);
    start(FC, NULL);
    for (int i = 0; i < 3; i++) {
        worker_do(&old, job_work_and_read);
        CHECK_INT(worker_errno, EINVAL);
    }
    worker_do(&old, job_switch);
    worker_do(&old, job_work_and_read);
    CHECK_INT(worker_result, 0);
    CHECK_INT(worker_values[1], 4000 + SIM_COST_USER + SIM_COST_ENTRY);
    worker_end(&old);
}

static void class_change(void)
{
    uint64_t words[8] = {word(0x70)}, both[10], alone[10];
    reset("");
    start(FC, words);
    read_counters(both, 10);
    read_counters(alone, 10);
    CHECK_INT(alone[0] - both[0], 2 * READ_UNITS); /* slot 0: cycles */
    CHECK_INT(alone[2] - both[2], sim_count(SIM_M1, 0x70, 0, 20));
    CHECK_INT(kpc_set_thread_counting(C), 0);
    read_counters(both, 8); /* 8 slots now, the old sums still in them */
    CHECK_INT(slot_delta(0, 8, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20)); /* slot 0: PMC2 */
    CHECK_INT(kpc_set_thread_counting(F), 0);
    CHECK_INT(kpc_get_thread_counters(0, 2, both), 0);
    CHECK_INT(slot_delta(1, 2, 1000, 0), 1000 + READ_UNITS);
    /* forcing changes the slots of classes already set, and how many values there are, not slots */
    reset("pm=1");
    CHECK_INT(kpc_set_thread_counting(C), 0);
    CHECK_INT(kpc_get_thread_counters(0, 5, both), 0);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_config(C, (uint64_t[8]){0, 0, 0, word(0x8d)}), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(kpc_get_thread_counters(0, 5, both), 0);
    CHECK_INT(slot_delta(3, 5, 1000, 0), sim_count(SIM_M1, 0x8d, 0, 1000) +
                                             sim_count(SIM_M1, 0x8d, 0, 20)); /* PMC5, not PMC8 */
    CHECK_INT(kpc_set_thread_counting(C), 0);
    CHECK_INT(kpc_get_thread_counters(0, 8, both), 0);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(kpc_get_thread_counters(0, 8, both), 0); /* still eight, three of them leftovers */
    /* POWER comes last, and its counters are no CONFIGURABLE ones */
    reset("pm=1");
    CHECK_INT(kpc_set_counting(KPC_POWER), 0);
    CHECK_INT(kpc_get_counting(), KPC_POWER);
    CHECK_INT(state().running, 0x38);
    CHECK_INT(kpc_set_counting(FC | KPC_POWER), 0);
    CHECK_INT(kpc_get_counting(), FC | KPC_POWER);
    CHECK_INT(kpc_set_thread_counting(FC | KPC_POWER), 0);
    CHECK_INT(kpc_get_thread_counters(0, 10, both), 0);
    CHECK_FAILS(kpc_get_thread_counters(0, 9, both), ENOMEM);
}

static void not_counting(void)
{
    uint64_t words[8] = {word(0x70)};
    reset("");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(kpc_get_counting(), 0);
    CHECK_INT(slot_delta(1, 10, 1000, 0), 1000 + READ_UNITS); /* fixed: always */
    CHECK_INT(slot_delta(2, 10, 1000, 0), 0);
    CHECK_INT(kpc_set_counting(C), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20));
    CHECK_INT(kpc_set_counting(F), 0); /* frozen, not zeroed */
    const uint64_t frozen = sim_value(sim_cpu(), 2);
    CHECK(frozen > 1u << 30);
    CHECK_INT(slot_delta(2, 10, 1000, 0), 0);
    CHECK_INT(sim_value(sim_cpu(), 2), frozen);
    CHECK_INT(kpc_get_counting(), F); /* as set, though fixed ones never stop (kernel.md 1.5) */
    CHECK_INT(kpc_set_counting(0xfffffff0), 0); /* nobody looks */
    CHECK_INT(kpc_get_counting(), 0);
}

static void migration_and_cost(void)
{
    uint64_t words[8] = {0x60070}, before[10], after[10];
    static const char *const machines[] = {"gen=1", "gen=2", "gen=3"};
    for (unsigned gen = 0; gen < 3; gen++) {
        const uint64_t user = sim_count(SIM_M1, 0x70, 0, SIM_COST_USER);
        const uint64_t kernel =
            sim_count(SIM_M1, 0x70, 0, SIM_COST_ENTRY) + sim_count(SIM_M1, 0x70, 0, SIM_COST_EXIT);
        reset(machines[gen]);
        start(FC, words);
        read_counters(before, 10);
        read_counters(after, 10);
        CHECK_INT(after[2] - before[2], gen < 2 ? user + kernel : user);
        CHECK_INT(after[1] - before[1], READ_UNITS);
        CHECK_INT(after[0] - before[0], 2 * READ_UNITS);
    }
    /* work on three CPUs, each used once before: the sum */
    for (unsigned cpu = 0; cpu < 3; cpu++) {
        CHECK(sim_migrate(cpu));
        read_counters(before, 10);
    }
    for (unsigned cpu = 0; cpu < 3; cpu++) {
        CHECK(sim_migrate(cpu));
        CHECK_INT(sim_cpu(), cpu);
        run((uint64_t)1000 << cpu, 100);
    }
    read_counters(after, 10);
    CHECK_INT(after[1] - before[1], 7000 + 300 + READ_UNITS);
    CHECK_INT(after[2] - before[2],
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 2000) +
                  sim_count(SIM_M1, 0x70, 0, 4000) + sim_count(SIM_M1, 0x70, 0, SIM_COST_USER));
    CHECK(!sim_migrate(8));
    reset("offline=2");
    CHECK(!sim_migrate(6));
    CHECK(sim_migrate(5));
}

static void wrap(void)
{
    uint64_t before[10], after[10];
    reset("stale=values");
    start(FC, NULL);
    read_counters(before, 10);
    CHECK(before[1] > 1ull << 63);
    CHECK(sim_value(sim_cpu(), 1) > 1ull << 63);
    run(1 << 21, 0);
    read_counters(after, 10);
    CHECK(after[1] < before[1]);
    CHECK_INT(after[1] - before[1], (1 << 21) + READ_UNITS); /* modulo 2^64 */
    CHECK(sim_overflows(sim_cpu(), 1) > 0);
}

/* The other process strikes at a client's third call. */
static void interfere(const char *function, unsigned call, void *context)
{
    (void)function;
    if (call == *(unsigned *)context) {
        const uint64_t words[8] = {word(0x75)};
        CHECK_INT(sim_other_set_config(C, words, 8), 0);
        CHECK_INT(sim_other_set_thread_counting(C), 0);
    }
}

static void other_process(void)
{
    uint64_t words[8] = {word(0x70)}, values[10];
    reset("");
    start(FC, words);
    CHECK_INT(sim_other_set_counting(F), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0), 0);
    CHECK_INT(sim_other_set_counting(FC), 0);
    CHECK_INT(sim_other_set_config(C, (const uint64_t[8]){word(0x75)}, 8), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x75, 0, 1000) + sim_count(SIM_M1, 0x75, 0, 20));
    CHECK_INT(sim_other_set_config(C, (const uint64_t[8]){word(0x03)}, 8), EPERM);

    /* in the middle of a client's start */
    unsigned third = 3;
    reset("");
    sim_hook(interfere, &third);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(kpc_set_counting(FC), 0); /* here */
    sim_hook(NULL, NULL);
    CHECK_INT(state().words[0], word(0x75));
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
}

/* ----------------------------------------------------------------------------- teardown: 32, 33 */

static void death(void)
{
    char before[2048], after[2048];
    uint64_t words[8] = {word(0x70)}, values[10];
    uint64_t some_periods[8] = {100000};
    reset("pm=1");
    start(FC, words);
    CHECK_INT(kpc_set_period(C, some_periods), 0);
    CHECK_INT(kperf_action_count_set(3), 0);
    CHECK_INT(kperf_sample_set(1), 0);
    sim_state_text(before, sizeof(before));
    sim_new_process();
    sim_state_text(after, sizeof(after));
    CHECK(strncmp(before, "forced=1 ", 9) == 0);
    CHECK(strncmp(after, "forced=0 ", 9) == 0);
    CHECK_STR(after + 9, before + 9); /* and nothing else */
    CHECK_INT(state().counting, FC);
    CHECK_INT(state().sampling, 1);
    CHECK_INT(kpc_get_counting(), FC | KPC_POWER); /* the power manager's run as well now */
    /* the run after a crash: born into counting, by other classes than it is going to ask for */
    CHECK_INT(state().thread_slots, 10);
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
    start(FC, words);
    CHECK_INT(slot_delta(2, 10, 1000, 0),
              sim_count(SIM_M1, 0x70, 0, 1000) + sim_count(SIM_M1, 0x70, 0, 20));
    /* a process that had not forced takes nothing with it */
    reset("otherforce=1");
    sim_new_process();
    CHECK_INT(state().forced, 2);
    /* threads start on P cores, one each; then on what is left */
    struct worker first, second;
    reset("pcpus=2 ecpus=1");
    CHECK_INT(sim_cpu(), 1);
    worker_start(&first);
    worker_do(&first, job_attach_elsewhere);
    CHECK_INT(worker_cpu, 2);
    worker_start(&second);
    worker_do(&second, job_attach_elsewhere);
    CHECK_INT(worker_cpu, 0);
    worker_end(&first);
    worker_end(&second);
    /* its threads go with it; the pthread behind one is a new thread of the next process */
    struct worker worker;
    reset("");
    worker_start(&worker);
    worker_do(&worker, job_attach);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    worker_do(&worker, job_read);
    CHECK_INT(worker_errno, EINVAL);
    sim_new_process();
    CHECK_INT(state().threads, 1);
    worker_do(&worker, job_read);
    CHECK_INT(worker_result, 0);
    CHECK_INT(state().threads, 2);
    worker_end(&worker);
    CHECK_INT(state().threads, 1);
}

static void silent_interference(void)
{
    uint64_t words[8] = {word(0x70)}, before[10], after[10];
    reset("");
    start(FC, words);
    CHECK_INT(sim_other_set_counting(0), 0);
    CHECK_INT(slot_delta(2, 10, 1000, 0), 0); /* no error, no count */
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(sim_other_set_thread_counting(0), 0);
    read_counters(before, 10); /* no error here either */
    sim_other_run(sim_cpu(), &(struct sim_work){.user = 50000});
    read_counters(after, 10);
    CHECK(after[1] - before[1] >= 50000); /* and another's work is ours */
    /* the force bit is safe up to macOS 15: see the choices in sim.h */
    CHECK_INT(sim_other_force(0), EACCES);
    CHECK_INT(state().forced, 1);
    reset("gen=4");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(sim_other_force(0), 0);
    CHECK_INT(state().forced, 1);
}

/* --------------------------------------------------------------------------------- kpc.counters */

static void cpu_counters(void)
{
    uint64_t values[128], again[128];
    int cpu = -1;
    reset("offline=1");
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_cpu_counters(false, FC, &cpu, values), 0);
    CHECK_INT(cpu, 4);
    CHECK(sim_migrate(2));
    CHECK_INT(kpc_get_cpu_counters(false, FC, &cpu, values), 0);
    CHECK_INT(cpu, 2);
    sim_other_run(5, &(struct sim_work){.user = 4000});
    memset(values, 0xaa, sizeof(values));
    CHECK_INT(kpc_get_cpu_counters(true, F, &cpu, values), 0);
    CHECK(values[2 * 7] == 0xaaaaaaaaaaaaaaaa); /* seven CPUs answer, by stride 2 */
    CHECK_INT(values[2 * 5 + 1], sim_value(5, 1));
    sim_other_run(5, &(struct sim_work){.user = 4000, .kernel = 1000});
    CHECK_INT(kpc_get_cpu_counters(true, F, &cpu, again), 0);
    CHECK_INT(again[2 * 5 + 1] - values[2 * 5 + 1], 5000);
    CHECK_INT(again[2 * 3] - values[2 * 3], 0);
    CHECK_FAILS(kpc_get_cpu_counters(true, KPC_RAWPMU, &cpu, values), EINVAL);
    size_t size = 2 * sizeof(*values);
    uint32_t classes = F;
    CHECK_FAILS(sysctlbyname("kpc.counters", values, &size, &classes, 4), ENOMEM);
}

/* One CPU in the middle is off (kernel.md 1.7): what it left, and the last one's words missing. */
static void missing_cpu(void)
{
    enum { CPUS = 8, STRIDE = 10 };
    uint64_t first[CPUS * STRIDE], second[CPUS * STRIDE], raw[1 + CPUS * STRIDE];
    uint32_t classes = FC | KPC_ALL_CPUS;
    size_t size = sizeof(raw);
    reset("cost=0");
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_get_cpu_counters(true, FC, NULL, first), 0);
    for (unsigned c = 0; c < CPUS; c++)
        sim_other_run(c, &(struct sim_work){.user = 1000});
    CHECK(sim_set_cpu(2, false));
    memset(second, 0xaa, sizeof(second));
    CHECK_INT(kpc_get_cpu_counters(true, FC, NULL, second), 0);
    for (unsigned c = 0; c < CPUS - 1; c++) {
        CHECK_INT(second[c * STRIDE], c == 2 ? first[c * STRIDE] : sim_value(c, 0));
        if (c != 2)
            CHECK(second[c * STRIDE + 1] - first[c * STRIDE + 1] >= 1000);
    }
    for (unsigned i = (CPUS - 1) * STRIDE; i < CPUS * STRIDE; i++)
        CHECK(second[i] == 0xaaaaaaaaaaaaaaaa);
    CHECK_INT(sysctlbyname("kpc.counters", raw, &size, &classes, sizeof(classes)), 0);
    CHECK_INT(size, (1 + (CPUS - 1) * STRIDE) * sizeof(*raw)); /* which tells */
    CHECK_INT(raw[1 + 3 * STRIDE], sim_value(3, 0));
    /* one whose values nobody had asked for: what the array held from the start */
    reset("cost=0 off=0x3");
    CHECK_INT(kpc_get_cpu_counters(true, F, NULL, first), 0);
    CHECK_INT(first[0], 0);
    CHECK_INT(first[3], 0);
    CHECK_INT(first[4], sim_value(2, 0));
    /* the others go on as before, and it is back with all it had */
    const uint64_t had = sim_value(1, 1);
    CHECK(sim_set_cpu(1, true));
    CHECK_INT(sim_value(1, 1), had);
    CHECK(sim_migrate(1));
    CHECK_INT(kpc_get_cpu_counters(true, F, NULL, first), 0);
    CHECK_INT(first[3], had);
}

static const struct {
    const char *shows;
    void (*test)(void);
} tests[] = {
    {"kernel.md 4.1", not_root},
    {"kernel.md 4.2", no_nodes},
    {"kernel.md 4.3", hardware_busy},
    {"kernel.md 4.4", force_held_elsewhere},
    {"kernel.md 4.5", wrapper_conventions},
    {"kernel.md 4.6", masks_and_force},
    {"kernel.md 4.6", raw_pmu},
    {"kernel.md 4.7", wrong_order},
    {"kernel.md 4.7, 1.10", counting_before_force},
    {"kernel.md 4.8", allow_list},
    {"kernel.md 4.9", mode_bits},
    {"kernel.md 4.9", mode_bits_intel},
    {"kernel.md 4.10", wrong_counter},
    {"kernel.md 4.11", g4_deferred},
    {"kernel.md 4.11", g4_errors},
    {"kernel.md 4.12", periods},
    {"kernel.md 4.12, 1.9", period_and_power_manager},
    {"kernel.md 4.12, 1.9", overflow_intel},
    {"kernel.md 4.12, 2.6", overflow},
    {"kernel.md 4.13", stale_state},
    {"kernel.md 4.14", buffers},
    {"kernel.md 4.15", nothing_to_count},
    {"kernel.md 4.16", sizes},
    {"kernel.md 4.17", absolute_values},
    {"kernel.md 4.17", exact_values},
    {"kernel.md 4.18", class_change},
    {"kernel.md 4.19", not_counting},
    {"kernel.md 4.20", migration_and_cost},
    {"kernel.md 4.21", wrap},
    {"kernel.md 4.22", other_process},
    {"kernel.md 4.32", death},
    {"kernel.md 4.33", silent_interference},
    {"kernel.md 1.7", cpu_counters},
    {"kernel.md 1.7", missing_cpu},
};

int main(void)
{
    for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
        const unsigned long failed = check_failures;
        tests[i].test();
        if (check_failures != failed)
            fprintf(stderr, "that was %s\n", tests[i].shows);
    }
    return check_done();
}
