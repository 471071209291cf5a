/*
 * usage: sim_fork_test
 *
 * One machine, several processes: what forked children share with their parent, what they do not,
 * and what ends with them (kernel.md 1.4, 1.6, 1.11).
 */
#include "sim_check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *program;

static struct sim_state state(void)
{
    struct sim_state now;
    sim_get_state(&now);
    return now;
}

/* ---------------------------------------------------------------- a child, and steps in turn with
 * it
 */

struct child {
    pid_t pid;
    int to, from;
};

/* In the child: says that it is so far, and waits to be told to go on. */
static struct child self;

static void step(void)
{
    char byte = 0;
    if (write(self.from, &byte, 1) != 1 || read(self.to, &byte, 1) != 1)
        _exit(99);
}

static void wait_for(const struct child *child)
{
    char byte;
    CHECK_INT(read(child->from, &byte, 1), 1);
}

static void go_on(const struct child *child)
{
    const char byte = 0;
    CHECK_INT(write(child->to, &byte, 1), 1);
}

static struct child start_child(void (*job)(void))
{
    int to[2], from[2];
    struct child child = {.pid = -1};
    if (!CHECK(pipe(to) == 0 && pipe(from) == 0))
        exit(1);
    child.pid = fork();
    if (child.pid == 0) {
        close(to[1]);
        close(from[0]);
        self = (struct child){.to = to[0], .from = from[1]};
        check_failures = 0;
        job();
        _exit(check_failures != 0 ? 1 : 0);
    }
    close(to[0]);
    close(from[1]);
    child.to = to[1];
    child.from = from[0];
    return child;
}

static int end_child(const struct child *child)
{
    int status = 0;
    close(child->to);
    close(child->from);
    CHECK_INT(waitpid(child->pid, &status, 0), child->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_child(void (*job)(void))
{
    const struct child child = start_child(job);
    return end_child(&child);
}

/* Until a process is dead, and without waiting for it: it stays a zombie. */
static void await_death(const struct child *child)
{
    siginfo_t info;
    CHECK_INT(waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
}

/* ------------------------------------------------------------------------------- what is shared */

static void set_things(void)
{
    uint64_t words[8] = {0x20070};
    CHECK_INT(kpc_get_counting(), C); /* the parent's */
    CHECK_INT(kpc_set_counting(FC), 0);
    CHECK_INT(kpc_set_config(C, words), 0);
    CHECK_INT(kperf_action_count_set(3), 0);
    sim_run(&(struct sim_work){.user = 1000});
}

static void one_machine(void)
{
    reset("cost=0 pcpus=1 ecpus=0");
    CHECK_INT(kpc_set_counting(C), 0);
    const uint64_t before = sim_value(0, 1);
    CHECK_INT(run_child(set_things), 0);
    CHECK_INT(sim_value(0, 1) - before, 1000);
    CHECK_INT(kpc_get_counting(), FC);
    CHECK_INT(state().words[0], 0x20070);
    CHECK_INT(state().action_count, 3);
    CHECK_INT(sim_calls("kpc_set_config"), 0); /* faults, hook and log: each process has its own */
}

/* ------------------------------------------------------------------------------------- forcing */

static void find_forced(void)
{
    int value = 0;
    CHECK_INT(state().forced, 2);
    CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
    CHECK_INT(value, 1);
    CHECK_FAILS(kpc_force_all_ctrs_set(1), EACCES);
    CHECK_FAILS(kpc_force_all_ctrs_set(0), EACCES);
}

static void find_forced_g4(void)
{
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);
    CHECK_INT(state().forced, 2);
}

static void force_and_exit(void)
{
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(state().forced, 1);
    step();
}

static void force_and_execute(void)
{
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    step();
    char to[16], from[16];
    snprintf(to, sizeof(to), "%d", self.to);
    snprintf(from, sizeof(from), "%d", self.from);
    execl(program, program, to, from, (char *)NULL);
}

static void forcing(void)
{
    reset("gen=3");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(run_child(find_forced), 0); /* not inherited, and no child's end releases it */
    CHECK_INT(state().forced, 1);
    reset("gen=4");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(run_child(find_forced_g4), 0);
    CHECK_INT(state().forced, 1);

    /* a child's: ours to see, not to change, and gone with it before anybody has waited for it */
    for (int killed = 0; killed < 2; killed++) {
        int value = 0;
        reset("gen=3 pm=1");
        const struct child child = start_child(force_and_exit);
        wait_for(&child);
        CHECK_INT(state().forced, 2);
        CHECK_FAILS(kpc_force_all_ctrs_set(1), EACCES);
        CHECK_INT(kpc_get_counter_count(C), 8);
        if (killed)
            kill(child.pid, SIGKILL);
        else
            go_on(&child);
        await_death(&child);
        CHECK_INT(kpc_force_all_ctrs_get(&value), 0);
        CHECK_INT(value, 0);
        CHECK_INT(kpc_get_counter_count(C), 5);
        CHECK_INT(kpc_force_all_ctrs_set(1), 0);
        CHECK_INT(end_child(&child), killed ? 128 + SIGKILL : 0);
    }
    /* another program in the same process is another task */
    reset("gen=3");
    const struct child child = start_child(force_and_execute);
    wait_for(&child);
    CHECK_INT(state().forced, 2);
    go_on(&child);
    wait_for(&child);
    CHECK_INT(kill(child.pid, 0), 0);
    CHECK_INT(state().forced, 0);
    go_on(&child);
    CHECK_INT(end_child(&child), 0);
}

static void own_kperf(void)
{
    CHECK_INT(kperf_action_count_set(2), 0);
    step();
}

static void ktrace(void)
{
    uint32_t count = 0;
    reset("");
    const struct child child = start_child(own_kperf);
    wait_for(&child);
    CHECK_FAILS(kperf_action_count_set(4), EBUSY);
    go_on(&child);
    await_death(&child);
    CHECK_INT(kperf_action_count_get(&count), 0);
    CHECK_INT(count, 2);
    CHECK_INT(kperf_action_count_set(4), 0);
    CHECK_INT(end_child(&child), 0);
}

/* -------------------------------------------------------------------------------------- threads */

static atomic_bool stop;

static void *idle(void *argument)
{
    (void)argument;
    sim_attach();
    while (!stop)
        sched_yield();
    return NULL;
}

static void have_no_buffer(void)
{
    uint64_t values[10];
    CHECK_INT(sim_thread(), 1); /* the first of its own process */
    CHECK_INT(state().threads, 1);
    CHECK_INT(kpc_set_thread_counting(0), 0);
    CHECK_FAILS(kpc_get_thread_counters(0, 10, values), EINVAL);
}

static void have_a_buffer(void)
{
    uint64_t values[10];
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
    CHECK(values[1] < 1000); /* not the parent's sums */
}

static void wait_for_counting(void)
{
    uint64_t values[10];
    step();
    CHECK_FAILS(kpc_get_thread_counters(0, 10, values), EINVAL); /* older than that */
    sim_switch_out();
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
}

static void threads(void)
{
    uint64_t values[10];
    pthread_t other;
    reset("");
    pthread_create(&other, NULL, idle, NULL);
    while (state().threads < 2)
        sched_yield();
    CHECK_INT(run_child(have_no_buffer), 0);
    CHECK_INT(state().threads, 2);

    const struct child child = start_child(wait_for_counting);
    wait_for(&child);
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
    sim_run(&(struct sim_work){.user = 100000});
    go_on(&child);
    CHECK_INT(end_child(&child), 0);
    CHECK_INT(run_child(have_a_buffer), 0);
    CHECK_INT(state().threads, 2);
    stop = true;
    pthread_join(other, NULL);
    CHECK_INT(state().threads, 1);
}

/* ------------------------------------------------------------------------------- the state file */

static void force_counting(void)
{
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
    step();
}

static void check_state_file(const char *path, const char *start)
{
    char text[4096] = "", now[4096];
    FILE *file = fopen(path, "r");
    if (!CHECK(file != NULL))
        return;
    const size_t length = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    sim_state_text(now, sizeof(now));
    CHECK(strncmp(text, start, strlen(start)) == 0);
    CHECK_INT(length, strlen(now) + 1);
    CHECK(strncmp(text, now, strlen(now)) == 0);
}

static void state_file(void)
{
    char path[] = "/tmp/sim_fork_test.XXXXXX", text[64];
    const int file = mkstemp(path);
    CHECK(file >= 0);
    close(file);
    snprintf(text, sizeof(text), "state=%s", path);
    reset(text);
    const struct child child = start_child(force_counting);
    wait_for(&child);
    check_state_file(path, "forced=1 counting=0x3 ");
    CHECK_INT(kpc_set_counting(0), 0); /* what we wrote last ourselves is not what is there */
    check_state_file(path, "forced=1 counting=0x0 ");
    go_on(&child);
    await_death(&child);
    kpc_get_counting();
    check_state_file(path, "forced=0 counting=0x0 ");
    CHECK_INT(end_child(&child), 0);
    reset("");
    unlink(path);
}

/* ------------------------------------------------------------------------------ all at one time */

static void *caller(void *argument)
{
    (void)argument;
    while (!stop) {
        kpc_get_counter_count(FC);
        sim_run(&(struct sim_work){.user = 10});
    }
    return NULL;
}

static void call_often(void)
{
    uint64_t values[10];
    CHECK_INT(kpc_get_thread_counters(0, 10, values), 0);
    for (unsigned i = 0; i < 50; i++)
        CHECK_INT(kpc_get_counter_count(FC), 10);
}

static void call_for_ever(void)
{
    step();
    for (;;)
        kpc_get_counting();
}

static void at_one_time(void)
{
    pthread_t callers[4];
    struct child children[8];
    reset("");
    stop = false;
    CHECK_INT(kpc_set_thread_counting(FC), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_create(&callers[i], NULL, caller, NULL);
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 8; i++)
            children[i] = start_child(i < 4 ? call_often : call_for_ever);
        for (unsigned i = 4; i < 8; i++) {
            wait_for(&children[i]);
            go_on(&children[i]);
        }
        kpc_get_counting();
        for (unsigned i = 4; i < 8; i++) /* wherever it is, in the lock as well */
            kill(children[i].pid, SIGKILL);
        for (unsigned i = 0; i < 8; i++)
            CHECK_INT(end_child(&children[i]), i < 4 ? 0 : 128 + SIGKILL);
    }
    stop = true;
    for (unsigned i = 0; i < 4; i++)
        pthread_join(callers[i], NULL);
    CHECK_INT(kpc_get_thread_counting(), FC);
    CHECK_INT(state().threads, 1);
}

/* Detached from its first moment: the process may exit in any. */
static void start_detached(void *(*run)(void *argument), void *argument)
{
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_create(&thread, &detached, run, argument);
    pthread_attr_destroy(&detached);
}

/* Threads in the middle of calls, and of their own ends, when the process exits. */
static void *come_and_go(void *argument)
{
    kpc_get_counter_count(FC);
    kpc_set_counting(FC);
    start_detached(come_and_go, argument);
    return NULL;
}

static void exit_in_the_middle(void)
{
    for (unsigned i = 0; i < 3; i++)
        start_detached(i == 0 ? come_and_go : caller, NULL);
    for (unsigned i = 0; i < 20; i++)
        kpc_get_counting();
    exit(0);
}

static void exits(void)
{
    reset("");
    stop = false;
    for (unsigned i = 0; i < 30; i++)
        CHECK_INT(run_child(exit_in_the_middle), 0);
    CHECK_INT(kpc_set_counting(0), 0);
    CHECK_INT(state().counting, 0);
}

/* -------------------------------------------------------------- children of no interest, and odd
 * ones
 */

static void close_everything(void)
{
    for (int file = 3; file < 1024; file++)
        close(file);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(kpc_set_counting(FC), 0);
}

static void start_over(void)
{
    reset("chip=m4 pm=1");
    CHECK_INT(kpc_get_counter_count(C), 5);
}

static void odd_children(void)
{
    pid_t pid;
    int status = -1;
    char *const arguments[] = {(char *)(size_t)program, (char *)(size_t) "--nothing", NULL};
    reset("");
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
    CHECK_INT(posix_spawn(&pid, program, NULL, NULL, arguments, environ), 0);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK_INT(status, 0);
    CHECK_INT(system("exit 7"), 7 << 8);
    CHECK_INT(state().forced, 1);
    CHECK_INT(kpc_force_all_ctrs_set(0), 0);

    CHECK_INT(run_child(close_everything), 0);
    CHECK_INT(state().counting, FC);
    CHECK_INT(state().forced, 0);

    CHECK_INT(run_child(start_over), 0);
    CHECK_INT(kpc_get_counter_count(C), 5);
    CHECK_INT(sim_thread(), 1);
    CHECK_INT(kpc_force_all_ctrs_set(1), 0);
}

/* What force_and_execute() becomes. */
static int executed(char **argv)
{
    self = (struct child){.to = atoi(argv[1]), .from = atoi(argv[2])};
    step();
    return 0;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc > 2)
        return executed(argv);
    if (argc > 1)
        return 0;
    alarm(1200); /* a deadlock is a failure, a busy machine is none */
    one_machine();
    forcing();
    ktrace();
    threads();
    state_file();
    at_one_time();
    exits();
    odd_children();
    return check_done();
}
