/*
 * usage: sim_machine_test [LIBKPERF_SIM]
 *
 * The rest of the simulator, beside the items of sim_test.c: what is counted, many threads, log,
 * faults, signals, hook, the environment, sysctl's rules, kperf's nodes. Given the library's path,
 * it is opened as a client opens Apple's, too.
 */
#include "sim_check.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

static struct sim_state state(void)
{
    struct sim_state now;
    sim_get_state(&now);
    return now;
}

static void run(uint64_t user, uint64_t kernel)
{
    sim_run(&(struct sim_work){.user = user, .kernel = kernel});
}

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 33) % below;
}

/* ----------------------------------------------------------------------------- what is counted */

static void published_function(void)
{
    CHECK_INT(sim_count(SIM_M1, 0x8c, 0, 1000), 1000);
    CHECK_INT(sim_count(SIM_M1, 0x02, 0, 1000), 2000);
    CHECK_INT(sim_count(SIM_M4, 0x08, 0, 1000), 1000);
    CHECK_INT(sim_count(SIM_M5, 0x11, 0, 1000), 2000);
    CHECK_INT(sim_count(SIM_M4, 0x8c, 0, 1000), 0); /* no such event there */
    CHECK_INT(sim_count(SIM_M1, 0x8d, 0, 1000), 0x90 * 1000 + 0x8d % 89 + 5);
    CHECK_INT(sim_count(SIM_M1, 0x8d, 0, 0), 0);
    CHECK_INT(sim_count(SIM_M1, 0x18d, 7, 1000), sim_count(SIM_M1, 0x8d, 0, 1000));
    CHECK_INT(sim_count(SIM_M4, 0x5a2, 0, 3), 0x5a5 * 3 + 0x5a2 % 89 + 5);
    CHECK_INT(sim_count(SIM_HASWELL, 0xc0, 0, 77), 77);
    CHECK_INT(sim_count(SIM_HASWELL, 0x3c, 0, 77), 154);
    CHECK_INT(sim_count(SIM_HASWELL, 0x3c, 1, 10), (0x13c + 3) * 10 + 0x13c % 89 + 5);
    CHECK_INT(sim_count(SIM_M1, 0, 0, 1000), 0);
    CHECK_INT(sim_count_fixed(SIM_M1, 0, 10), 20);
    CHECK_INT(sim_count_fixed(SIM_M1, 1, 10), 10);
    CHECK_INT(sim_count_fixed(SIM_M1, 2, 10), 0);
    CHECK_INT(sim_count_fixed(SIM_ICELAKE, 0, 10), 10);
    CHECK_INT(sim_count_fixed(SIM_ICELAKE, 3, 10), 40);
    CHECK_INT(sim_count_fixed(SIM_HASWELL, 3, 10), 0);
    /* Intel's masks, by the kpep databases */
    CHECK_INT(sim_counters(SIM_HASWELL, 0xc0, 0), 0x78);
    CHECK_INT(sim_counters(SIM_HASWELL, 0xc0, 1), 0x10);
    CHECK_INT(sim_counters(SIM_HASWELL, 0x48, 1), 0x20);
    CHECK_INT(sim_counters(SIM_HASWELL, 0xa3, 8), 0x20);
    CHECK_INT(sim_counters(SIM_HASWELL, 0xa3, 2), 0x78);
    CHECK_INT(sim_counters(SIM_HASWELL, 0xcd, 1), 0x40);
    CHECK_INT(sim_counters(SIM_ICELAKE, 0xa3, 8), 0xf0);
    CHECK_INT(sim_counters(SIM_ICELAKE, 0xa3, 20), 0xff0);
    CHECK_INT(sim_counters(SIM_ICELAKE, 0x3c, 0), 0xff0);
    CHECK_INT(sim_width(SIM_M1), 47);
    CHECK_INT(sim_width(SIM_M2), 63);
    CHECK_INT(sim_width(SIM_ICELAKE), 48);
}

/* No two events of a chip count alike, so that a swapped counter is seen. */
static void distinct(void)
{
    for (int chip = 0; chip < SIM_CHIPS; chip++) {
        uint64_t last = 0;
        unsigned events = 0;
        const uint32_t limit = chip >= SIM_M3 && chip <= SIM_M5 ? 0x4100 : 0x100;
        for (uint32_t selector = 1; selector < limit; selector++) {
            const uint64_t count = sim_count((enum sim_chip)chip, selector, 0, 1000);
            if (count == 0 || count == 1000 || count == 2000)
                continue;
            CHECK(count > last);
            last = count;
            events++;
        }
        CHECK(events >= 57);
    }
}

static const enum sim_chip all_chips[] = {SIM_M1, SIM_M2,      SIM_M3,     SIM_M4,
                                          SIM_M5, SIM_HASWELL, SIM_ICELAKE};

/* Mostly one that the chip has. */
static uint64_t random_event(enum sim_chip chip, bool x86)
{
    for (unsigned i = 0; i < 1000; i++) {
        const uint64_t event = random_below(x86 ? 0x10000 : chip < SIM_M3 ? 0x100 : 0x8c0);
        if (x86 || sim_counters(chip, (uint32_t)event, 0) != 0)
            return event;
    }
    return 0;
}

/* What the machine counts is what sim_expect() says, over random words, work and CPUs. */
static void prediction(void)
{
    for (unsigned round = 0; round < 210; round++) {
        struct sim_config config = {
            .chip = all_chips[round % 7], .seed = round, .development = true};
        config.gen = round % 4 == 3 ? SIM_G4 : (enum sim_gen)(1 + round % 3);
        config.apply_at_once = round % 8 == 3;
        config.stale = round % 5 == 0 ? SIM_STALE_ALL : round % 5 == 1 ? SIM_STALE_VALUES : 0;
        if (config.chip >= SIM_HASWELL) /* whose overflows cost counts (kernel.md 1.9) */
            config.stale &= ~(unsigned)SIM_STALE_VALUES;
        config.preempt = (unsigned)random_below(4);
        sim_reset(&config);
        const struct sim_state machine = state();
        const unsigned fixed = machine.fixed, count = fixed + machine.configurable;
        const bool x86 = fixed > 2;
        uint64_t words[16] = {0}, back[16], before[16], after[16];
        for (unsigned i = 0; i < 16; i++)
            words[i] = random_event(config.chip, x86) | random_below(16) << 16;
        CHECK_INT(kpc_force_all_ctrs_set(1), 0);
        CHECK_INT(kpc_set_config(C, words), 0);
        CHECK_INT(kpc_set_counting(FC), 0);
        CHECK_INT(kpc_set_thread_counting(FC), 0);
        CHECK_INT(kpc_get_config(C, back), 0);
        for (unsigned cpu = 0; cpu < 3; cpu++) {
            sim_migrate(cpu);
            CHECK_INT(kpc_get_thread_counters(0, count, before), 0);
        }
        struct sim_totals from, to;
        CHECK(sim_totals_at_read(&from));
        for (unsigned step = random_below(20) & 31; step > 0; step--) {
            run(random_below(3) == 0 ? 0 : random_below(100000), random_below(2000));
            if (random_below(3) == 0)
                sim_migrate((unsigned)random_below(3));
            if (random_below(4) == 0)
                sim_other_run((unsigned)random_below(4), &(struct sim_work){999, 999});
            if (random_below(5) == 0)
                kpc_get_counting();
        }
        CHECK_INT(kpc_get_thread_counters(0, count, after), 0);
        CHECK(sim_totals_at_read(&to));
        for (unsigned i = 0; i < count; i++)
            CHECK_INT(after[i] - before[i],
                      sim_expect(config.chip, i, i < fixed ? 0 : back[i - fixed], &from, &to));
    }
}

/* --------------------------------------------------------------------------------- many threads */

enum { THREADS = 12, READS = 200 };

static unsigned thread_failures;
static pthread_mutex_t failures_lock = PTHREAD_MUTEX_INITIALIZER;

static void *reader(void *argument)
{
    const uint64_t own = (uint64_t)(size_t)argument * 1000 + 1000;
    uint64_t before[10], after[10];
    unsigned failures = 0;
    for (unsigned i = 0; i < READS; i++) {
        struct sim_totals from, to;
        failures += kpc_get_thread_counters(0, 10, before) != 0;
        failures += !sim_totals_at_read(&from);
        run(own + i, i);
        failures += kpc_get_thread_counters(0, 10, after) != 0;
        failures += !sim_totals_at_read(&to);
        failures += after[1] - before[1] != own + i + i + 520;
        failures += after[2] - before[2] != sim_expect(SIM_M1, 2, 0x20070, &from, &to);
    }
    pthread_mutex_lock(&failures_lock);
    thread_failures += failures;
    pthread_mutex_unlock(&failures_lock);
    return NULL;
}

/* More threads than CPUs, each sure of its own counts; one CPU at the other end. */
static void many_threads(void)
{
    static const char *const machines[] = {"", "pcpus=1 ecpus=0", "pcpus=2 ecpus=1 preempt=5"};
    for (unsigned m = 0; m < 3; m++) {
        pthread_t threads[THREADS];
        uint64_t words[8] = {0x20070};
        reset(machines[m]);
        CHECK_INT(kpc_force_all_ctrs_set(1), 0);
        CHECK_INT(kpc_set_config(C, words), 0);
        CHECK_INT(kpc_set_counting(FC), 0);
        CHECK_INT(kpc_set_thread_counting(FC), 0);
        for (size_t i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, reader, (void *)i);
        for (size_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        CHECK_INT(thread_failures, 0);
        CHECK_INT(state().threads, 1);
        CHECK_INT(sim_calls("kpc_get_thread_counters"), THREADS * READS * 2);
        CHECK_INT(sim_calls("*"), THREADS * READS * 2 + 4);
    }
}

static void *born_and_gone(void *argument)
{
    *(unsigned *)argument = sim_thread();
    return NULL;
}

/* Threads come and go without end; numbers are never used again. */
static void thread_turnover(void)
{
    reset("");
    CHECK_INT(sim_thread(), 1);
    for (unsigned i = 0; i < 2000; i++) {
        pthread_t thread;
        unsigned number = 0;
        pthread_create(&thread, NULL, born_and_gone, &number);
        pthread_join(thread, NULL);
        if (number != i + 2)
            CHECK_INT(number, i + 2);
    }
    CHECK_INT(state().threads, 1);
}

/* A client that runs as it is: work_per_read gives it something to count. */
static void unknowing_client(void)
{
    uint64_t before[10], after[10];
    reset("work=1000000");
    CHECK_INT(kpc_set_thread_counting(F), 0);
    CHECK_INT(kpc_get_thread_counters(0, 2, before), 0);
    CHECK_INT(kpc_get_thread_counters(0, 2, after), 0);
    CHECK_INT(after[1] - before[1], 1000000 + 520);
}

/* ----------------------------------------------------------------------------------- log, faults
 */

static void log_lines(void)
{
    uint64_t words[8] = {0x8c, 0x20002}, values[10] = {0};
    int value;
    char name[64];
    reset("");
    sim_log_clear();
    kpc_force_all_ctrs_set(1);
    kpc_force_all_ctrs_get(&value);
    kpc_set_config(C, words);
    kpc_set_counting(FC);
    kpc_get_counting();
    kpc_get_counter_count(FC);
    kpc_get_thread_counters(0, 10, values);
    kpc_set_thread_counting(0x1);
    kpc_cpu_string(name, sizeof(name));
    CHECK_STR(name, "cpu_100000c_2_1b588bb3");
    kperf_action_samplers_set(1, 3);
    kperf_reset();
    kpc_set_config(F, words);
    static const char *const lines[] = {
        "kpc_force_all_ctrs_set(1) = 0",
        "kpc_force_all_ctrs_get() = 0 [1]",
        "kpc_set_config(0x2, [0x8c, 0x20002, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]) = 0",
        "kpc_set_counting(0x3) = 0",
        "kpc_get_counting() = 0x3",
        "kpc_get_counter_count(0x3) = 10",
        "kpc_get_thread_counters(0, 10) = -1 EINVAL",
        "kpc_set_thread_counting(0x1) = 0",
        "kpc_cpu_string() = 22 [cpu_100000c_2_1b588bb3]",
        "kperf_action_samplers_set(1, 3) = -1 EINVAL",
        "kperf_reset() = 0",
        "kpc_set_config(0x1, []) = -1",
    };
    const size_t count = sizeof(lines) / sizeof(*lines);
    CHECK_INT(sim_log_count(), count);
    for (size_t i = 0; i < count; i++)
        CHECK_STR(sim_log_at(i), lines[i]);
    CHECK_INT(sim_log_thread(0), 1);
    CHECK(sim_log_at(count) == NULL);
    sim_log_clear();
    CHECK_INT(sim_log_count(), 0);
    CHECK(sim_log_at(0) == NULL);
    sim_log_enable(false);
    kpc_get_counting();
    CHECK_INT(sim_log_count(), 0);
    sim_log_enable(true);
    for (unsigned i = 0; i < 9000; i++)
        kpc_get_counting();
    CHECK_INT(sim_log_count(), 9000);
    CHECK(sim_log_at(9000 - 8193) == NULL);
    CHECK_STR(sim_log_at(9000 - 8192), "kpc_get_counting() = 0x3");
    CHECK_INT(sim_calls("kpc_get_counting"), 9002);
    /* too long a line */
    reset("gen=2 seed=3 stale=values");
    kpc_set_thread_counting(FC);
    sim_set_register(sim_cpu(), 0, 1);
    sim_log_clear();
    kpc_get_thread_counters(0, 10, values);
    kpc_get_cpu_counters(true, FC, &value, (uint64_t[80]){0});
    CHECK_INT(strlen(sim_log_at(1)), 239);
    CHECK_STR(sim_log_at(1) + 236, "...");
}

static void faults(void)
{
    uint64_t words[8] = {0x8c}, values[10];
    reset("");
    CHECK(sim_fail("kpc_set_config", 2, SIM_FAILS, EPERM));
    CHECK_INT(kpc_set_config(C, words), 0);
    words[0] = 0x02;
    CHECK_FAILS(kpc_set_config(C, words), EPERM);
    CHECK_INT(state().words[0], 0x2008c); /* nothing was done */
    CHECK_INT(kpc_set_config(C, words), 0);
    /* a garbage count, once; every time */
    CHECK(sim_fail("kpc_get_counter_count", 1, 99, 0));
    CHECK_INT(kpc_get_counter_count(FC), 99);
    CHECK_INT(kpc_get_counter_count(FC), 10);
    CHECK(sim_fail("kpc_get_config_count", 0, 0, 0));
    for (unsigned i = 0; i < 5; i++)
        CHECK_INT(kpc_get_config_count(C), 0);
    CHECK_INT(kpc_set_config(C, words),
              0); /* the wrapper's own question is no call of the client */
    sim_fail_clear();
    CHECK_INT(kpc_get_config_count(C), 8);
    /* each function's own way of failing */
    CHECK(sim_fail("*", 3, SIM_FAILS, EIO));
    CHECK_INT(kpc_get_counting(), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    errno = 0;
    CHECK_INT(kpc_get_thread_counting(), 0xffffffff);
    CHECK_INT(errno, EIO);
    CHECK_STR(sim_log_at(sim_log_count() - 1), "kpc_get_thread_counting() = 0xffffffff EIO");
    CHECK_INT(kpc_get_thread_counting(), 0);
    /* done, and denied; not done, and claimed */
    CHECK(sim_fail_after("kpc_set_thread_counting", 1, SIM_FAILS, EINTR));
    CHECK_FAILS(kpc_set_thread_counting(FC), EINTR);
    CHECK_INT(kpc_get_thread_counting(), FC);
    CHECK(sim_fail("kpc_get_thread_counters", 1, 0, 0));
    values[0] = 42;
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
    CHECK_INT(values[0], 42);
    /* by name, and names there are not */
    uint32_t number;
    size_t size = sizeof(number);
    CHECK(sim_fail("sysctlbyname/hw.cpufamily", 1, SIM_FAILS, ENOENT));
    CHECK_INT(sysctlbyname("hw.cputype", &number, &size, NULL, 0), 0);
    CHECK_FAILS(sysctlbyname("hw.cpufamily", &number, &size, NULL, 0), ENOENT);
    CHECK_INT(sysctlbyname("hw.cpufamily", &number, &size, NULL, 0), 0);
    CHECK(!sim_fail("kpc_set_confi", 1, 0, 0));
    for (unsigned i = 0; i < 64; i++)
        CHECK(sim_fail("kperf_reset", 1000, 0, 0));
    CHECK(!sim_fail("kperf_reset", 1000, 0, 0));
    reset("");
    CHECK(sim_fail("kperf_reset", 1000, 0, 0));
}

static atomic_uint signals_seen, cleaned_up;

static void on_signal(int signal)
{
    (void)signal;
    signals_seen++;
    cleaned_up += kpc_set_counting(0) == 0; /* a client's own handler calls in here */
}

static void handle(void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
}

static void signals(void)
{
    handle(on_signal);
    reset("");
    CHECK(sim_signal("kpc_set_counting", 1, SIGUSR1));
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(signals_seen, 1);
    CHECK_INT(cleaned_up, 1);
    CHECK_INT(kpc_get_counting(), 0);
    CHECK(sim_signal("*", 2, SIGUSR1));
    kpc_get_counting();
    CHECK_INT(signals_seen, 1);
    kpc_get_counting();
    CHECK_INT(signals_seen, 2);
    /* before: what the handler does comes first, and the call still does its own */
    reset("");
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK(sim_signal_before("kpc_get_counting", 2, SIGUSR1));
    CHECK_INT(kpc_get_counting(), FC);
    CHECK_INT(kpc_get_counting(), 0);
    CHECK_INT(signals_seen, 3);
    CHECK_STR(sim_log_at(sim_log_count() - 2), "kpc_set_counting(0x0) = 0");
    CHECK_STR(sim_log_at(sim_log_count() - 1), "kpc_get_counting() = 0x0");
    /* every call: those of the handler are none */
    reset("");
    CHECK(sim_signal("*", 0, SIGUSR1));
    CHECK(sim_signal_before("kpc_get_counting", 0, SIGUSR1));
    signals_seen = cleaned_up = 0;
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(signals_seen, 1);
    CHECK_INT(kpc_get_counting(), 0);
    CHECK_INT(signals_seen, 3);
    CHECK_INT(cleaned_up, 3);
    CHECK_INT(sim_calls("*"), 5);
    sim_fail_clear();
    handle(SIG_DFL);
}

static atomic_bool quiet;

static void *signaller(void *argument)
{
    while (!quiet) {
        const unsigned seen = signals_seen;
        pthread_kill(*(pthread_t *)argument, SIGUSR1);
        while (signals_seen == seen && !quiet)
            sched_yield();
    }
    return NULL;
}

/* Signals at any moment never find the lock taken by the thread they interrupt. */
static void signals_at_random(void)
{
    pthread_t self = pthread_self(), other;
    handle(on_signal);
    reset("");
    signals_seen = cleaned_up = 0;
    quiet = false;
    pthread_create(&other, NULL, signaller, &self);
    while (signals_seen < 200)
        kpc_get_counter_count(FC);
    quiet = true;
    pthread_join(other, NULL);
    CHECK_INT(cleaned_up, signals_seen);
    handle(SIG_DFL);
}

static unsigned hooked;

static void count_hook(const char *function, unsigned call, void *context)
{
    hooked++;
    CHECK_STR(function, "kpc_get_counting");
    CHECK_INT(call, *(unsigned *)context);
    kpc_get_config_count(C); /* no hook for this one */
    *(unsigned *)context += 2;
}

static void hook(void)
{
    unsigned expected = 1;
    reset("");
    sim_hook(count_hook, &expected);
    kpc_get_counting();
    kpc_get_counting();
    CHECK_INT(hooked, 2);
    CHECK_INT(sim_calls("*"), 4);
    sim_hook(NULL, NULL);
    kpc_get_counting();
    CHECK_INT(hooked, 2);
}

/* ----------------------------------------------------------------------------------- environment
 */

/* What this program prints when run as a child with that environment; its status. */
static int child(const char *kpep_sim, const char *cpu, const char *what, char *output, size_t size)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        kpep_sim != NULL ? setenv("KPEP_SIM", kpep_sim, 1) : unsetenv("KPEP_SIM");
        cpu != NULL ? setenv("KPEP_SIM_CPU", cpu, 1) : unsetenv("KPEP_SIM_CPU");
        execl(program, program, what, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t got; (got = read(ends[0], output + used, size - 1 - used)) > 0;)
        used += (size_t)got;
    output[used] = '\0';
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A client, in short: what the tests below run in processes of their own. */
static int child_main(const char *what)
{
    char name[64];
    uint32_t translated = 0;
    uint64_t words[8] = {0x20070};
    size_t size = sizeof(translated);
    if (strcmp(what, "--identity") == 0) {
        sysctlbyname("sysctl.proc_translated", &translated, &size, NULL, 0);
        const int length = kpc_cpu_string(name, sizeof(name));
        printf("%d %s %u %u\n", length, name, translated, kpc_get_counter_count(C));
        return 0;
    }
    if (kpc_force_all_ctrs_set(1) != 0 || kpc_set_config(C, words) != 0)
        return 3;
    if (kpc_set_counting(FC) != 0 || kpc_set_thread_counting(FC) != 0)
        return 3;
    if (strcmp(what, "--killed") == 0)
        kpc_get_counting();
    kpc_set_counting(0);
    kpc_set_thread_counting(0);
    kpc_force_all_ctrs_set(0);
    return 0;
}

static void environment(void)
{
    static const struct {
        const char *sim, *cpu, *identity;
    } rows[] = {
        {NULL, NULL, "22 cpu_100000c_2_1b588bb3 0 8\n"},
        {"chip=m2 pm=1", NULL, "22 cpu_100000c_2_da33d83d 0 5\n"},
        {"chip=as4,pm=1,pmmask=0x30", NULL, "22 cpu_100000c_2_6f5129ac 0 6\n"},
        {"chip=haswell", NULL, "19 cpu_7_8_10b282dc_46 0 4\n"},
        {"chip=haswell smt=0", NULL, "19 cpu_7_8_10b282dc_46 0 8\n"},
        {"chip=icelake gen=4", NULL, "19 cpu_7_8_38435547_7e 0 4\n"},
        {"translated=1", NULL, "16 cpu_7_4_573b5eec 1 8\n"},
        {"cpuid=100000c_2_123", NULL, "17 cpu_100000c_2_123 0 8\n"},
        {"", "cpu_7_8_38435547", "19 cpu_7_8_38435547_7e 0 8\n"},
        {"chip=m4", "cpu_7_8_38435547", "22 cpu_100000c_2_6f5129ac 0 8\n"},
        {NULL, "cpu_7_8_f817246", "18 cpu_7_8_f817246_46 0 4\n"},
        {"vm=empty", NULL, "22 cpu_100000c_2_1b588bb3 0 0\n"},
    };
    char output[4096];
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        CHECK_INT(child(rows[i].sim, rows[i].cpu, "--identity", output, sizeof(output)), 0);
        CHECK_STR(output, rows[i].identity);
    }
    /* what it does not understand ends the program, and says why */
    CHECK_INT(child("chip=m9", NULL, "--identity", output, sizeof(output)), 70);
    CHECK_STR(output, "kperf_sim: KPEP_SIM: chip=m9: bad value\n");
    CHECK_INT(child("root=0 chop=m1", NULL, "--identity", output, sizeof(output)), 70);
    CHECK_STR(output, "kperf_sim: KPEP_SIM: chop: no such item\n");
    CHECK_INT(child("", "m1", "--identity", output, sizeof(output)), 70);
    /* faults */
    CHECK_INT(child("root=0", NULL, "--run", output, sizeof(output)), 3);
    CHECK_INT(child("fail=kpc_set_config:1:-1:EPERM", NULL, "--run", output, sizeof(output)), 3);
    CHECK_INT(child("fail=kpc_set_config:2:err:EPERM", NULL, "--run", output, sizeof(output)), 0);
    CHECK_INT(child("signal=kpc_set_counting:1:TERM", NULL, "--run", output, sizeof(output)),
              128 + SIGTERM);
    CHECK_INT(child("signal=kpc_set_counting:2:ALRM", NULL, "--run", output, sizeof(output)),
              128 + SIGALRM);
    CHECK_INT(child("before=*:2:XCPU", NULL, "--run", output, sizeof(output)), 128 + SIGXCPU);
    CHECK_INT(child("before=*:0:CONT signal=*:0:URG", NULL, "--run", output, sizeof(output)), 0);
}

static void read_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    const size_t length = file != NULL ? fread(text, 1, size - 1, file) : 0;
    text[length] = '\0';
    if (file != NULL)
        fclose(file);
}

/* log= and state=, which outlive the process whatever becomes of it. */
static void files(void)
{
    char directory[] = "/tmp/sim_machine_test.XXXXXX", text[700], log[64], lasting[64];
    char output[64], got[4096];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(log, sizeof(log), "%s/log", directory);
    snprintf(lasting, sizeof(lasting), "%s/state", directory);
    snprintf(text, sizeof(text), "log=%s state=%s signal=kpc_get_counting:1:KILL", log, lasting);
    CHECK_INT(child(text, NULL, "--run", output, sizeof(output)), 0);
    read_file(log, got, sizeof(got));
    CHECK_STR(got, "kpc_force_all_ctrs_set(1) = 0\n"
                   "kpc_set_config(0x2, [0x20070, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0]) = 0\n"
                   "kpc_set_counting(0x3) = 0\n"
                   "kpc_set_thread_counting(0x3) = 0\n"
                   "kpc_set_counting(0x0) = 0\n"
                   "kpc_set_thread_counting(0x0) = 0\n"
                   "kpc_force_all_ctrs_set(0) = 0\n");
    read_file(lasting, got, sizeof(got));
    static const char end[] =
        "config=[0x20070,0x0,0x0,0x0,0x0,0x0,0x0,0x0] "
        "pending=[0x20070,0x0,0x0,0x0,0x0,0x0,0x0,0x0] "
        "periods=[0x7fffffffffff,0x7fffffffffff,0x7fffffffffff,0x7fffffffffff,0x7fffffffffff,"
        "0x7fffffffffff,0x7fffffffffff,0x7fffffffffff,0x7fffffffffff,0x7fffffffffff] "
        "actionids=[0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0,0x0] sampling=0 actions=0 timers=0 "
        "lightweight=0\n";
    const char *config = strstr(got, "config=");
    CHECK(strncmp(got, "forced=0 counting=0x0 running=0x0 thread_counting=0x0 ", 54) == 0);
    CHECK_STR(config, end);
    /* killed in the middle: the file says in which state it left the machine */
    CHECK_INT(child(text, NULL, "--killed", output, sizeof(output)), 128 + SIGKILL);
    read_file(lasting, got, sizeof(got));
    CHECK(strncmp(got, "forced=1 counting=0x3 running=0xff thread_counting=0x3 ", 55) == 0);
    /* before a call: it has left nothing, not even a line */
    snprintf(text, sizeof(text), "log=%s state=%s before=kpc_set_counting:1:KILL", log, lasting);
    unlink(log);
    CHECK_INT(child(text, NULL, "--run", output, sizeof(output)), 128 + SIGKILL);
    read_file(lasting, got, sizeof(got));
    CHECK(strncmp(got, "forced=1 counting=0x0 ", 22) == 0);
    read_file(log, got, sizeof(got));
    CHECK(strstr(got, "kpc_set_config") != NULL && strstr(got, "kpc_set_counting") == NULL);
    unlink(log);
    unlink(lasting);
    CHECK_INT(rmdir(directory), 0);
}

static void language(void)
{
    static const char *const bad[] = {
        "chip",
        "chip=",
        "gen=0",
        "gen=5",
        "root=2",
        "pm=yes",
        "vm=1",
        "pmmask=0x100",
        "pcpus=65",
        "seed=-1",
        "seed=",
        "seed=1x",
        "stale=",
        "stale=config+x",
        "cpuid=1_2",
        "cpuid=1_2_3_4",
        "os=",
        "fail=x:1:0:0",
        "fail=kpc_set_config:1:0",
        "fail=kpc_set_config:x:0:0",
        "fail=kpc_set_config:1:0:EWHAT",
        "signal=*:1:0",
        "signal=*:1:SIGINT",
        "before=*:1",
        "before=x:1:INT",
        "after=*:1:maybe:0",
        "apply=now",
        "late=1",
        "sdk=1",
        "cores=",
        "cores=Ep",
        "cores=E1",
        "registry=1",
        "off=x",
        "ktracepid=0",
        "configuredby=",
        "osrelease=",
        "work=18446744073709551616",
    };
    char error[160];
    struct sim_config config;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        config = (struct sim_config){0};
        error[0] = '\0';
        CHECK(!sim_parse(&config, bad[i], error, sizeof(error)));
        CHECK(error[0] != '\0');
    }
    config = (struct sim_config){0};
    CHECK(sim_parse(
        &config,
        " chip=m5,gen=2\tos=14.6 build=X root=0 owner=1 translated=1 vm=empty "
        "pm=custom pmmask=0x30 busy=1 otherforce=1 ktrace=1 stale=config+values "
        "apply=once strict=1 dev=1 smt=0 pcpus=3 ecpus=2 offline=1 off=0x6 ktracepid=77 "
        "configuredby=x seed=0x10 cost=0 "
        "work=5 preempt=6 wander=1 late=old log=a state=b fail=*:0:err:5 "
        "after=kperf_reset:3:-7:ENOTSUP signal=*:1:HUP before=*:0:XCPU cpuid=7_8_38435547 ",
        error, sizeof(error)));
    CHECK(config.chip == SIM_ICELAKE && config.gen == SIM_G2 && config.cpufamily == 0x38435547);
    CHECK_STR(config.os_version, "14.6");
    CHECK_STR(config.os_build, "X");
    CHECK(config.unprivileged && config.ktrace_owner && config.translated && config.busy);
    CHECK(config.vm == SIM_VM_EMPTY && config.pm == SIM_PM_CUSTOM && config.pm_mask == 0x30);
    CHECK(config.force_held && config.ktrace_held && config.apply_at_once && config.strict_sets);
    CHECK_INT(config.stale, SIM_STALE_CONFIG | SIM_STALE_VALUES);
    CHECK(config.development && config.no_smt && config.free_calls && config.wander);
    CHECK(config.pcpus == 3 && config.ecpus == 2 && config.offline == 1 && config.seed == 16);
    CHECK(config.work_per_read == 5 && config.preempt == 6 && config.late_is_old);
    CHECK(config.off_mask == 6 && config.ktrace_pid == 77);
    CHECK_STR(config.ktrace_name, "x");
    CHECK_STR(config.log_path, "a");
    CHECK_STR(config.state_path, "b");
}

/* -------------------------------------------------------------------------------- sysctl's rules
 */

static void check_text(const char *name, const char *want)
{
    char text[32] = "";
    size_t size = sizeof(text);
    CHECK_INT(sysctlbyname(name, text, &size, NULL, 0), 0);
    CHECK_STR(text, want);
    CHECK_INT(size, strlen(want) + 1);
}

static uint32_t number_of(const char *name)
{
    uint32_t number = 0;
    size_t size = sizeof(number);
    CHECK_INT(sysctlbyname(name, &number, &size, NULL, 0), 0);
    CHECK_INT(size, 4);
    return number;
}

static void system_nodes(void)
{
    uint32_t number = 7;
    size_t size = 3;
    reset("chip=m4");
    CHECK_INT(number_of("hw.cputype"), 0x100000c);
    CHECK_INT(number_of("hw.cpusubtype"), 2);
    CHECK_INT(number_of("hw.cpufamily"), 0x6f5129ac);
    CHECK_INT(number_of("hw.ncpu"), 10);
    CHECK_INT(number_of("hw.activecpu"), 10);
    CHECK_INT(kpc_cpu_count(), 10);
    CHECK_INT(number_of("kern.cpc.secure"), 1);
    CHECK_INT(number_of("kpc.pc_capture_supported"), 1);
    check_text("kern.osproductversion", "15.5");
    check_text("kern.osversion", "24F74");
    CHECK_INT(number_of("kern.hv_vmm_present"), 0);
    uint64_t frequency = 0;
    size = 8;
    CHECK_INT(sysctlbyname("hw.tbfrequency", &frequency, &size, NULL, 0), 0);
    CHECK_INT(frequency, 24000000);
    CHECK_FAILS(sysctlbyname("hw.tbfrequency", NULL, NULL, &frequency, 8), EPERM);
    CHECK_FAILS(sysctlbyname("kern.osversion", NULL, NULL, &number, 4), EPERM);
    size = 3;
    CHECK_FAILS(sysctlbyname("hw.cpufamily", &number, &size, NULL, 0), ENOMEM);
    CHECK_INT(number, 7);
    CHECK_INT(size, 0); /* as much as was written */
    size = 77;
    CHECK_FAILS(sysctlbyname("hw.nothing", &number, &size, NULL, 0), ENOENT);
    CHECK_INT(size, 77);
    CHECK_INT(sysctlbyname("hw.cpufamily", NULL, &size, NULL, 0), 0); /* the size alone */
    CHECK_INT(size, 4);
    CHECK_FAILS(sysctlbyname("hw.cpufamily", NULL, NULL, &number, 4), EPERM);
    CHECK_FAILS(sysctlbyname("kpc.classes", NULL, NULL, &number, 4), EPERM);
    CHECK_FAILS(sysctlbyname("hw.nothing", &number, &size, NULL, 0), ENOENT);
    CHECK_FAILS(sysctlbyname("kpc.nothing", &number, &size, NULL, 0), ENOENT);
    CHECK_FAILS(sysctlbyname("kperf.nothing", &number, &size, NULL, 0), ENOENT);
    CHECK_FAILS(sysctlbyname("kpc.sw_inc", NULL, NULL, &number, 4), ENOTSUP);
    reset("gen=1 offline=3");
    check_text("kern.osproductversion", "13.6");
    CHECK_FAILS(sysctlbyname("kern.cpc.secure", &number, &size, NULL, 0), ENOENT);
    CHECK_FAILS(sysctlbyname("kpc.pc_capture_supported", &number, &size, NULL, 0), ENOENT);
    CHECK_INT(number_of("hw.activecpu"), 5);
    reset("off=0x12 offline=1");
    CHECK_INT(number_of("hw.activecpu"), 5);
    CHECK_INT(number_of("hw.ncpu"), 8);
    CHECK_INT(sim_cpu(), 5); /* the first P core is off */
    CHECK(!sim_migrate(4));
    CHECK(sim_set_cpu(4, true));
    CHECK(sim_migrate(4));
    CHECK_INT(number_of("hw.activecpu"), 6);
    CHECK(sim_set_cpu(4, false)); /* from under us */
    CHECK_INT(sim_cpu(), 5);
    CHECK(!sim_set_cpu(8, true));
    reset("off=0xff");
    CHECK_INT(number_of("hw.activecpu"), 1);
    CHECK(!sim_set_cpu(0, false));
    reset("chip=icelake");
    CHECK_FAILS(sysctlbyname("sysctl.proc_translated", &number, &size, NULL, 0), ENOENT);
    CHECK_INT(number_of("machdep.cpu.model"), 0x7e);
    CHECK_INT(number_of("kpc.classes"), 3);
    reset("chip=m5");
    check_text("kern.osproductversion", "26.0");
    check_text("kern.osrelease", "25.0.0");
    reset("os=14.2");
    CHECK_INT(number_of("kern.cpc.secure"), 1);
    CHECK_FAILS(sysctlbyname("kpc.pc_capture_supported", &number, &size, NULL, 0), ENOENT);
    reset("");
    CHECK_INT(number_of("kpc.pc_capture_supported"), 1); /* M1, too */
    CHECK_FAILS(sysctlbyname("kpc.pc_capture_supported", NULL, NULL, &number, 4), EPERM);
    reset("os=14.4 chip=m2 vm=empty");
    CHECK_INT(number_of("kpc.pc_capture_supported"), 1);
    CHECK_INT(number_of("kern.hv_vmm_present"), 1);
}

/* Darwin's version goes its own way, and no shim touches it. */
static void releases(void)
{
    static const struct {
        const char *machine, *product, *darwin;
    } rows[] = {
        {"", "15.5", "24.5.0"},
        {"gen=1", "13.6", "22.6.0"},
        {"os=15.6", "15.6", "24.6.0"},
        {"os=14.4.1", "14.4.1", "23.4.0"},
        {"os=26.4", "26.4", "25.4.0"},
        {"os=27", "27", "26.0.0"},
        {"os=26.4 sdk=old", "16.0", "25.4.0"},
        {"os=26.4 sdk=new", "26.4", "25.4.0"},
        {"os=15.5 sdk=old", "15.5", "24.5.0"},
        {"os=26.0 osrelease=25.4.0", "26.0", "25.4.0"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        check_text("kern.osproductversion", rows[i].product);
        check_text("kern.osrelease", rows[i].darwin);
    }
}

/* The views of ktrace, which anybody may read and nobody write. */
static void check_ktrace(uint32_t open, uint32_t active, int pid, const char *name)
{
    CHECK_INT(number_of("ktrace.state"), open);
    CHECK_INT(number_of("ktrace.active_mask"), active);
    CHECK_INT((int)number_of("ktrace.owning_pid"), pid);
    CHECK_INT(number_of("ktrace.background_pid"), 0);
    check_text("ktrace.configured_by", name);
}

/* As the kernel knows this program. */
static const char *short_name(void)
{
    static char kept[17];
    const char *slash = strrchr(program, '/');
    snprintf(kept, sizeof(kept), "%s", slash != NULL ? slash + 1 : program);
    return kept;
}

static void ktrace_views(void)
{
    char text[64];
    uint32_t number = 0;
    size_t size = sizeof(number);
    reset("");
    check_ktrace(0, 0, 0, "");
    CHECK_FAILS(sysctlbyname("ktrace.state", NULL, NULL, &number, 4), EPERM);
    CHECK_FAILS(sysctlbyname("ktrace.nothing", &number, &size, NULL, 0), ENOENT);
    CHECK_INT(kperf_action_count_set(1), 0);
    check_ktrace(1, 2, getpid(), short_name());
    CHECK_INT(kperf_reset(), 0);
    check_ktrace(0, 0, 0, short_name());
    reset("root=0 owner=1");
    check_ktrace(1, 0, getpid(), short_name());
    CHECK_INT(kperf_action_count_set(1), 0);
    CHECK_INT(kperf_reset(), 0); /* blessed: still ours */
    check_ktrace(1, 0, getpid(), short_name());
    CHECK_INT(kpc_set_counting(FC), 0);
    reset("root=0 ktrace=1");
    check_ktrace(1, 3, 1, "other");
    sim_other_exit();
    check_ktrace(1, 3, 1, "other"); /* the dead one's until somebody asks for it */
    reset("ktrace=1 ktracepid=4194305 configuredby=Instruments"); /* no pid is as large */
    check_ktrace(1, 3, 4194305, "Instruments");
    CHECK_INT(kperf_action_count_set(1), 0);
    check_ktrace(1, 3, getpid(), short_name());
    const pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    snprintf(text, sizeof(text), "ktrace=1 ktracepid=%d", (int)pid);
    reset(text);
    CHECK_FAILS(kperf_action_count_set(1), EBUSY);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK_INT(kperf_action_count_set(1), 0);
}

/* ------------------------------------------------------------------------------- I/O registry */

/* A property of an entry, as data: its length, or -1 when there is none or it is no data. */
static long property(uint32_t entry, const char *name, void *bytes)
{
    const void *key = CFStringCreateWithCString(NULL, name, 0x08000100);
    const void *value = IORegistryEntryCreateCFProperty(entry, key, NULL, 0);
    long length = -1;
    CFRelease(key);
    if (value == NULL)
        return -1;
    if (CFGetTypeID(value) == CFDataGetTypeID()) {
        length = CFDataGetLength(value);
        memcpy(bytes, CFDataGetBytePtr(value), (size_t)length);
    }
    CFRelease(value);
    return length;
}

/* The letters of the CPUs by their numbers; "" without a registry, "?" for what is not as it was.
 */
static const char *letters(void)
{
    static char found[65];
    unsigned last = 0, count = 0, in_order = 0;
    uint32_t iterator = 0, entry;
    const uint32_t cpus = IORegistryEntryFromPath(0, "IODeviceTree:/cpus");
    memset(found, 0, sizeof(found));
    if (cpus == 0)
        return "";
    CHECK_INT(IORegistryEntryGetChildIterator(cpus, "IODeviceTree", &iterator), 0);
    while ((entry = IOIteratorNext(iterator)) != 0) {
        char letter[8] = "";
        uint8_t id[8] = {0};
        const long cluster = property(entry, "cluster-type", letter);
        const long logical = property(entry, "logical-cpu-id", id);
        if (cluster == 2 && letter[1] == '\0' && logical == 4 && id[0] < 64 && id[1] == 0)
            found[id[0]] = letter[0];
        else
            found[count] = '?';
        in_order += count != 0 && id[0] == last + 1;
        last = id[0];
        count++;
        CHECK_INT(property(entry, "nothing", id), -1);
        CHECK_INT(IOObjectRelease(entry), 0);
    }
    CHECK_INT(count, number_of("hw.ncpu"));
    CHECK(count < 3 || in_order < count - 1); /* a place in the list is no number */
    CHECK_INT(IOObjectRelease(iterator), 0);
    CHECK_INT(IOObjectRelease(cpus), 0);
    return found;
}

static void registry(void)
{
    static const struct {
        const char *machine, *letters;
    } rows[] = {
        {"", "EEEEPPPP"},
        {"chip=m4", "EEEEEEPPPP"},
        {"pcpus=2 ecpus=1", "EPP"},
        {"cores=EEMMPP off=0x2", "EEMMPP"},
        {"cores=P", "P"},
        {"chip=haswell", ""},
        {"vm=empty", ""},
        {"registry=gone", ""},
        {"registry=none cores=EP", "??"},
        {"registry=odd cores=EP", "??"},
        {"registry=short cores=EP", "??"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        CHECK_STR(letters(), rows[i].letters);
        CHECK_INT(sim_registry_objects(), 0);
    }
    uint32_t iterator = 0;
    reset("");
    CHECK_INT(IORegistryEntryFromPath(0, "IODeviceTree:/nothing"), 0);
    const uint32_t cpus = IORegistryEntryFromPath(0, "IODeviceTree:/cpus");
    CHECK_INT(IORegistryEntryGetChildIterator(cpus, "IOService", &iterator), (int)0xe00002c2);
    CHECK_INT(IORegistryEntryGetChildIterator(cpus, "IODeviceTree", &iterator), 0);
    CHECK_INT(sim_registry_objects(), 2);
    CHECK(CFStringCreateWithCString(NULL, "text", 12345) == NULL);
    CHECK(CFStringCreateWithCString(NULL, "text", 0x600) != NULL);
    CHECK_INT(sim_registry_objects(), 3); /* forgotten */
    CHECK_INT(IOObjectRelease(iterator), 0);
    CHECK_INT(IOObjectRelease(iterator), (int)0xe00002c2);
    CHECK_INT(IOIteratorNext(iterator), 0);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(sim_registry_objects() == 1 && IOObjectRelease(cpus) != 0 ? 0 : 1);
    int status = -1;
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0); /* no port is inherited */
    CHECK(sim_fail("IORegistryEntryFromPath", 1, SIM_FAILS, 0));
    CHECK_STR(letters(), "");
    CHECK(sim_fail("IORegistryEntryCreateCFProperty", 1, SIM_FAILS, 0));
    CHECK_STR(letters(), "E"); /* the first to come is CPU 1: its letter is missing */
}

/* kpc by hand, as the wrappers do it, and as they do not (kernel.md 1.1, 1.3, 1.8). */
static void raw_nodes(void)
{
    uint64_t message[10] = {C, 0x70, 0x75}, back[9];
    uint32_t old = 9, new[2] = {FC, 77};
    size_t size = sizeof(old);
    reset("");
    /* the old value first; more than is needed is ignored, less is EINVAL */
    CHECK_INT(sysctlbyname("kpc.counting", &old, &size, new, sizeof(new)), 0);
    CHECK_INT(old, 0);
    CHECK_INT(sysctlbyname("kpc.counting", &old, &size, new, 4), 0);
    CHECK_INT(old, FC);
    CHECK_FAILS(sysctlbyname("kpc.counting", NULL, NULL, new, 3), EINVAL);
    size = 3;
    CHECK_FAILS(sysctlbyname("kpc.counting", &old, &size, NULL, 0), ENOMEM);
    CHECK_INT(size, 0);
    /* no bytes are no argument, wherever they are */
    size = sizeof(old);
    CHECK_INT(sysctlbyname("kpc.counting", &old, &size, new, 0), 0);
    CHECK_INT(old, FC);
    CHECK_INT(sysctlbyname("kpc.classes", &old, &size, new, 0), 0);
    /* a mask comes in through newp; without one it is 0 */
    size = sizeof(old);
    CHECK_INT(sysctlbyname("kpc.counter_count", &old, &size, new, 4), 0);
    CHECK_INT(old, 10);
    CHECK_INT(sysctlbyname("kpc.counter_count", &old, &size, NULL, 0), 0);
    CHECK_INT(old, 0);
    CHECK_FAILS(sysctlbyname("kpc.counter_count", &old, &size, new, 2), EINVAL);
    /* words: too few of them make it a question, and a question wants an answer's place */
    CHECK_FAILS(sysctlbyname("kpc.config", NULL, NULL, message, 8 + 7 * 8), EINVAL);
    CHECK_FAILS(sysctlbyname("kpc.config", NULL, NULL, message, 4), EINVAL);
    CHECK_INT(sysctlbyname("kpc.config", NULL, NULL, message, 8 + 9 * 8), 0);
    size = sizeof(back);
    CHECK_INT(sysctlbyname("kpc.config", back, &size, message, 8), 0);
    CHECK_INT(size, 64);
    CHECK_INT(back[1], 0x20075);
    size = 63;
    CHECK_FAILS(sysctlbyname("kpc.config", back, &size, message, 8), ENOMEM);
    CHECK_FAILS(sysctlbyname("kpc.config", back, &size, NULL, 0), EINVAL);
    message[0] = F;
    CHECK_FAILS(sysctlbyname("kpc.config", NULL, NULL, message, sizeof(message)), EINVAL);
    CHECK_FAILS(sysctlbyname("kpc.period", NULL, NULL, NULL, 0), EINVAL);
    CHECK_FAILS(sysctlbyname("kpc.actionid", NULL, NULL, NULL, 0), EINVAL);
    CHECK_FAILS(sysctlbyname("kpc.actionid", NULL, NULL, message, 4), EINVAL);
    /* action ids: nobody looks at them */
    uint32_t actions[10] = {0, 0, 1, 2, 3, 99}, got[10];
    CHECK_INT(kpc_set_actionid(FC, actions), 0);
    CHECK_INT(kpc_get_actionid(FC, got), 0);
    CHECK(memcmp(actions, got, sizeof(got)) == 0);
    CHECK_INT(kpc_get_actionid(C, got), 0);
    CHECK_INT(got[3], 99);
    CHECK_INT(state().actions[5], 99);
    size = sizeof(back);
    uint32_t classes = F;
    CHECK_INT(sysctlbyname("kpc.shadow_counters", back, &size, &classes, 4), 0);
    CHECK_INT(size, 24);
}

/* No place for the answer: 0, and nothing is touched. But who may not ask hears it all the same. */
static void nowhere_to_write(void)
{
    int cpu = -1;
    reset("");
    CHECK_INT(kpc_force_all_ctrs_get(NULL), 0);
    CHECK_INT(kpc_get_config(C, NULL), 0);
    CHECK_INT(kpc_get_period(FC, NULL), 0);
    CHECK_INT(kpc_get_actionid(FC, NULL), 0);
    CHECK_INT(kpc_get_cpu_counters(true, FC, NULL, NULL), 0);
    CHECK_INT(kpc_get_cpu_counters(false, FC, &cpu, NULL), 0);
    CHECK_INT(cpu, sim_cpu());
    CHECK_FAILS(kpc_get_thread_counters(0, 10, NULL), EINVAL);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(kpc_get_thread_counters(0, 10, NULL), 0);
    CHECK_INT(kpc_cpu_string(NULL, 64), 22);
    CHECK_INT(kperf_action_count_set(1), 0);
    CHECK_INT(kperf_timer_count_set(1), 0);
    CHECK_INT(kperf_action_count_get(NULL), 0);
    CHECK_INT(kperf_action_samplers_get(1, NULL), 0);
    CHECK_INT(kperf_timer_count_get(NULL), 0);
    CHECK_INT(kperf_timer_period_get(0, NULL), 0);
    CHECK_INT(kperf_timer_action_get(0, NULL), 0);
    CHECK_INT(kperf_timer_pet_get(NULL), 0);
    CHECK_INT(kperf_timer_lightweight_pet_get(NULL), 0);
    CHECK_INT(kperf_sample_get(NULL), 0);
    uint64_t classes = C;
    size_t size = 0;
    CHECK_INT(sysctlbyname("kpc.config", NULL, &size, &classes, sizeof(classes)), 0);
    CHECK_INT(size, 64);
    reset("root=0");
    CHECK_FAILS(kpc_force_all_ctrs_get(NULL), EPERM);
    CHECK_FAILS(kpc_get_config(C, NULL), EPERM);
    CHECK_FAILS(kperf_sample_get(NULL), EPERM);
}

/* ---- kperf's nodes (kernel.md 4.23, 4.24, 4.25) ---------------------------------------------- */

static void kperf_nodes(void)
{
    uint32_t value = 0;
    uint64_t period = 0;
    reset("");
    CHECK_INT(kperf_reset(), 0);
    CHECK_FAILS(kperf_sample_set(1), ECANCELED);
    CHECK_INT(kperf_action_count_set(4), 0);
    CHECK_FAILS(kperf_action_count_set(3), EINVAL); /* never shrinks */
    CHECK_FAILS(kperf_action_count_set(33), EINVAL);
    CHECK_FAILS(kperf_action_samplers_set(0, 1), EINVAL); /* from 1 */
    CHECK_FAILS(kperf_action_samplers_set(5, 1), EINVAL);
    CHECK_FAILS(kperf_action_samplers_set(1, 0x30), EINVAL);
    CHECK_INT(kperf_action_samplers_set(4, 0x10), 0);
    CHECK_INT(kperf_action_samplers_get(4, &value), 0);
    CHECK_INT(value, 0x10);
    CHECK_INT(kperf_action_samplers_get(0, &value), 0);
    CHECK_INT(kperf_action_filter_set_by_pid(1, -1), 0);
    CHECK_INT(kperf_action_filter_set_by_task(1, 259), 0);
    CHECK_FAILS(kperf_timer_count_set(9), EINVAL);
    CHECK_INT(kperf_timer_count_set(2), 0);
    CHECK_FAILS(kperf_timer_period_set(2, 24000), EINVAL); /* from 0 */
    CHECK_INT(kperf_timer_period_set(1, 5), 0);
    CHECK_INT(kperf_timer_period_get(1, &period), 0);
    CHECK_INT(period, 50 * 24); /* raised, not refused */
    CHECK_INT(kperf_timer_action_set(0, 4), 0);
    CHECK_INT(kperf_timer_action_get(0, &value), 0);
    CHECK_INT(value, 4);
    CHECK_INT(kperf_timer_pet_get(&value), 0);
    CHECK_INT(value, 999);
    CHECK_INT(kperf_timer_pet_set(0), 0);
    CHECK_INT(kperf_timer_period_get(0, &period), 0);
    CHECK_INT(period, 1000 * 24);
    CHECK_INT(kperf_timer_period_set(0, 5), 0);
    CHECK_INT(kperf_timer_period_get(0, &period), 0);
    CHECK_INT(period, 1000 * 24); /* as long as it is PET's */
    CHECK_INT(kperf_timer_pet_set(7), 0);
    CHECK_INT(kperf_timer_pet_get(&value), 0);
    CHECK_INT(value, 7); /* no such timer, and yet */
    CHECK_INT(kperf_timer_period_set(0, 5), 0);
    CHECK_INT(kperf_timer_period_get(0, &period), 0);
    CHECK_INT(period, 50 * 24);
    CHECK_INT(kperf_timer_action_set(1, 31), 0); /* above the number of actions */
    CHECK_INT(kperf_timer_lightweight_pet_set(1), 0);
    CHECK_INT(kperf_sample_set(1), 0);
    CHECK_INT(kperf_sample_get(&value), 0);
    CHECK_INT(value, 1);
    CHECK_FAILS(kperf_timer_count_set(3), EBUSY);
    CHECK_FAILS(kperf_timer_period_set(0, 24000), EBUSY);
    CHECK_FAILS(kperf_timer_period_set(9, 24000), EINVAL);
    CHECK_FAILS(kperf_timer_pet_set(0), EBUSY);
    CHECK_FAILS(kperf_timer_lightweight_pet_set(0), EBUSY);
    /* the next owner inherits it all; a reset keeps the counts */
    sim_new_process();
    CHECK_INT(kperf_sample_get(&value), 0);
    CHECK_INT(value, 1);
    CHECK_INT(kperf_reset(), 0);
    CHECK_INT(kperf_action_count_get(&value), 0);
    CHECK_INT(value, 4);
    CHECK_INT(kperf_action_samplers_get(4, &value), 0);
    CHECK_INT(value, 0);
    CHECK_INT(kperf_timer_lightweight_pet_get(&value), 0);
    CHECK_INT(value, 0);
    CHECK_INT(state().sampling, 0);
    CHECK_INT(state().timer_count, 2);
}

/* What a reset leaves, and a buffer for the old value lets through. */
static void kperf_resets(void)
{
    uint64_t period = 0;
    uint32_t value = 0, one = 1;
    size_t size = sizeof(value);
    reset("");
    CHECK_INT(kperf_timer_count_set(4), 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_INT(kperf_timer_period_set(i, 24000), 0);
        CHECK_INT(kperf_timer_action_set(i, 1), 0);
    }
    CHECK_INT(kperf_timer_pet_set(1), 0);
    CHECK_INT(kperf_timer_count_set(2), 0); /* shrinks, and two are out of sight */
    CHECK_INT(kperf_reset(), 0);
    CHECK_INT(kperf_timer_pet_get(&value), 0);
    CHECK_INT(value, 999);
    CHECK_INT(kperf_timer_count_set(4), 0);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_INT(kperf_timer_period_get(i, &period), 0);
        CHECK_INT(period, i < 2 ? 0 : 24000);
        CHECK_INT(kperf_timer_action_get(i, &value), 0);
        CHECK_INT(value, i < 2 ? 0 : 1);
    }
    /* sampling: never set up; without actions; and set up once is enough */
    reset("");
    CHECK_FAILS(sysctlbyname("kperf.sampling", &value, &size, &one, 4), ECANCELED);
    CHECK_FAILS(kperf_sample_set(1), ECANCELED);
    CHECK_INT(kperf_action_count_set(1), 0);
    CHECK_INT(kperf_reset(), 0);
    CHECK_INT(sysctlbyname("kperf.sampling", &value, &size, &one, 4), 0);
    CHECK_INT(state().sampling, 1);
    check_ktrace(0, 0, 0, short_name()); /* and nobody owns it */
}

static uint64_t limit(const char *name)
{
    uint64_t ns = 0;
    size_t size = sizeof(ns);
    CHECK_INT(sysctlbyname(name, &ns, &size, NULL, 0), 0);
    CHECK_INT(size, 8);
    return ns;
}

static void kperf_limits(void)
{
    static const struct {
        const char *machine;
        unsigned us, background_us, pet_us, background_pet_us;
    } rows[] = {
        {"root=0", 50, 1000, 1000, 1000},       {"ktrace=1 os=14.0", 50, 1000, 1000, 1000},
        {"gen=1", 50, 1000, 2000, 10000},       {"chip=haswell gen=1", 20, 1000, 2000, 5000},
        {"chip=icelake", 20, 1000, 1000, 1000},
    };
    uint32_t value = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        reset(rows[i].machine);
        CHECK_INT(limit("kperf.limits.timer_min_period_ns"), rows[i].us * 1000);
        CHECK_INT(limit("kperf.limits.timer_min_bg_period_ns"), rows[i].background_us * 1000);
        CHECK_INT(limit("kperf.limits.timer_min_pet_period_ns"), rows[i].pet_us * 1000);
        CHECK_INT(limit("kperf.limits.timer_min_bg_pet_period_ns"),
                  rows[i].background_pet_us * 1000);
        CHECK_INT(number_of("kperf.limits.max_action_count"), 32);
        CHECK_FAILS(sysctlbyname("kperf.limits.max_action_count", NULL, NULL, &value, 4), EPERM);
    }
    /* PET on 14.0 as it is used */
    uint64_t period = 0;
    reset("os=14.0");
    CHECK_INT(kperf_timer_count_set(1), 0);
    CHECK_INT(kperf_timer_pet_set(0), 0);
    CHECK_INT(kperf_timer_period_get(0, &period), 0);
    CHECK_INT(period, 1000 * 24);
}

/* A pair comes out past sysctl. */
static void kperf_pairs(void)
{
    uint64_t pair[2] = {1, 0}, answer[2] = {0, 0};
    size_t size = 3;
    reset("");
    CHECK_INT(kperf_action_count_set(1), 0);
    CHECK_INT(kperf_action_samplers_set(1, 8), 0);
    CHECK_INT(sysctlbyname("kperf.action.samplers", answer, &size, pair, sizeof(pair)), 0);
    CHECK_INT(size, 0);
    CHECK_INT(answer[0], 1);
    CHECK_INT(answer[1], 8);
    CHECK_FAILS(sysctlbyname("kperf.action.samplers", answer, &size, pair, 0), EFAULT);
    CHECK_FAILS(sysctlbyname("kperf.action.samplers", answer, &size, pair, 15), EINVAL);
}

static void kperf_blessing(void)
{
    int pid = getpid(), got = 0;
    size_t size = sizeof(got);
    reset("root=0 owner=1"); /* its owner, and no root: that is not enough for these */
    CHECK_FAILS(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), EPERM);
    CHECK_FAILS(sysctlbyname("kperf.debug_level", NULL, NULL, &pid, 4), EPERM);
    CHECK_INT(sysctlbyname("kperf.debug_level", &got, &size, NULL, 0), 0);
    CHECK_INT(sysctlbyname("kperf.blessed_pid", &got, &size, NULL, 0), 0);
    CHECK_INT(got, getpid());
    reset("");
    CHECK_INT(sysctlbyname("kperf.debug_level", NULL, NULL, &pid, 4), 0);
    CHECK_INT((int)number_of("kperf.debug_level"), pid);
    pid = 0;
    CHECK_FAILS(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), EINVAL);
    pid = 4194305;
    CHECK_FAILS(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), ESRCH);
    pid = getpid();
    CHECK_INT(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), 0);
    CHECK_INT(kperf_reset(), 0);
    CHECK_INT((int)number_of("ktrace.owning_pid"), pid);
    pid = -1;
    CHECK_INT(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), 0);
    CHECK_INT((int)number_of("ktrace.owning_pid"), 0);
    pid = 1; /* somebody else, who keeps us out; and root lets itself in again */
    CHECK_INT(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), 0);
    CHECK_FAILS(kperf_action_count_set(1), EBUSY);
    pid = getpid();
    CHECK_INT(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), 0);
    CHECK_INT(kperf_action_count_set(1), 0);
    reset("ktrace=1");
    CHECK_FAILS(sysctlbyname("kperf.blessed_pid", NULL, NULL, &pid, 4), EBUSY);
    CHECK_FAILS(sysctlbyname("kperf.debug_level", NULL, NULL, &pid, 4), EBUSY);
}

static void kperf_owners(void)
{
    uint32_t value;
    reset("ktrace=1");
    CHECK_FAILS(kperf_action_count_set(1), EBUSY);
    CHECK_FAILS(kperf_reset(), EBUSY);
    CHECK_INT(kperf_action_count_get(&value), 0); /* root may look */
    sim_other_exit();
    CHECK_INT(kperf_action_count_set(1), 0);
    reset("root=0");
    CHECK_FAILS(kperf_action_count_set(1), EPERM);
    CHECK_FAILS(kperf_action_count_get(&value), EPERM);
    reset("root=0 owner=1");
    CHECK_INT(kperf_action_count_set(1), 0);
    CHECK_INT(kperf_tick_frequency(), 24000000);
    CHECK_INT(kperf_ns_to_ticks(1000000), 24000);
    CHECK_INT(kperf_ticks_to_ns(24000), 1000000);
    CHECK_INT(kperf_ns_to_ticks(1000000000000000000), 24000000000000000);
}

/* ------------------------------------------------------------------------------ as a client opens
 * it */

static void opened(const char *path)
{
    static const char *const names[] = {
        "kpc_pmu_version",
        "kpc_cpu_string",
        "kpc_get_counting",
        "kpc_set_counting",
        "kpc_get_thread_counting",
        "kpc_set_thread_counting",
        "kpc_get_config_count",
        "kpc_get_counter_count",
        "kpc_get_config",
        "kpc_set_config",
        "kpc_get_cpu_counters",
        "kpc_get_thread_counters",
        "kpc_force_all_ctrs_set",
        "kpc_force_all_ctrs_get",
        "kperf_action_count_set",
        "kperf_action_count_get",
        "kperf_action_samplers_set",
        "kperf_action_samplers_get",
        "kperf_action_filter_set_by_task",
        "kperf_action_filter_set_by_pid",
        "kperf_timer_count_set",
        "kperf_timer_count_get",
        "kperf_timer_period_set",
        "kperf_timer_period_get",
        "kperf_timer_action_set",
        "kperf_timer_action_get",
        "kperf_timer_pet_set",
        "kperf_timer_pet_get",
        "kperf_sample_set",
        "kperf_sample_get",
        "kperf_reset",
        "kperf_ns_to_ticks",
        "kperf_ticks_to_ns",
        "kperf_tick_frequency",
        "sysctlbyname",
        "IORegistryEntryFromPath",
        "IORegistryEntryGetChildIterator",
        "IOIteratorNext",
        "IORegistryEntryCreateCFProperty",
        "IOObjectRelease",
        "CFStringCreateWithCString",
        "CFDataGetLength",
        "CFDataGetBytePtr",
        "CFGetTypeID",
        "CFDataGetTypeID",
        "CFRelease",
        "sim_reset",
    };
    for (int round = 0; round < 3; round++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!CHECK(library != NULL))
            return;
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
            CHECK(dlsym(library, names[i]) != NULL);
        CHECK(dlsym(library, "kpc_node") == NULL);
        uint32_t (*counting)(void);
        *(void **)&counting = dlsym(library, "kpc_get_counting");
        reset("");
        kpc_set_counting(FC);
        CHECK_INT(counting(), FC); /* the same machine, whichever way */
        CHECK_INT(dlclose(library), 0);
    }
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 1 && strncmp(argv[1], "--", 2) == 0)
        return child_main(argv[1]);
    unsetenv("KPEP_SIM");
    published_function();
    distinct();
    prediction();
    many_threads();
    thread_turnover();
    unknowing_client();
    log_lines();
    faults();
    signals();
    signals_at_random();
    hook();
    environment();
    files();
    language();
    system_nodes();
    releases();
    ktrace_views();
    registry();
    raw_nodes();
    nowhere_to_write();
    kperf_nodes();
    kperf_resets();
    kperf_limits();
    kperf_pairs();
    kperf_blessing();
    kperf_owners();
    if (argc > 1)
        opened(argv[1]);
    return check_done();
}
