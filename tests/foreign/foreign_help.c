/*
 * What the tests over the stand-in share: the life of a sampler from open to close, whether what it
 * reads is right, and children to try it in.
 */
#include "foreign_help.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* At exit() of several threads ThreadSanitizer sleeps a second, and there are hundreds of them. */
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define KPEP_THREAD_SANITIZER
#endif
#endif
#if defined(__SANITIZE_THREAD__) || defined(KPEP_THREAD_SANITIZER)
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}
#endif

const char *library;
unsigned rounds = 100;

#define EVENT(text)                             \
    {                                           \
        .name = text, .length = sizeof text - 1 \
    }
const struct kpdb_request events[EVENTS] = {
    EVENT("INST_BRANCH"),  EVENT("Cycles"),   EVENT("L1D_CACHE_MISS_LD"),
    EVENT("Instructions"), EVENT("INST_ALL"),
};
const char *const words_names[3] = {"VERIFY", "STATIC", "KPERFDATA"};

void help_main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s LIBFOREIGN\n", argv[0]);
        exit(2);
    }
    library = argv[1];
    const char *asked = getenv("KPEP_ROUNDS");
    if (asked != NULL)
        rounds = (unsigned)strtoul(asked, NULL, 10);
}

/* ---- counts ---------------------------------------------------------------------------------- */

static bool delta_right(const struct kpdb_request *asked, unsigned count, const uint64_t *earlier,
                        const uint64_t *later, uint64_t units)
{
    uint64_t delta[KPDB_EVENTS_MAX];
    kplive_delta(earlier, later, count, delta);
    for (unsigned i = 0; i < count; i++)
        if (delta[i] != units * foreign_rate(asked[i].name))
            return false;
    return true;
}

bool reads_right_of(const struct kplive *sampler, const struct kpdb_request *asked, unsigned count)
{
    uint64_t values[3][KPDB_EVENTS_MAX];
    for (unsigned n = 0; n < 3; n++) {
        if (kplive_read(sampler, values[n]) != KPLIVE_OK)
            return false;
        foreign_work(n == 0 ? 1000 : 77);
    }
    return delta_right(asked, count, values[0], values[1], 1000) &&
           delta_right(asked, count, values[1], values[2], 77);
}

bool reads_right(const struct kplive *sampler)
{
    return reads_right_of(sampler, events, EVENTS);
}

/* ---- a life ---------------------------------------------------------------------------------- */

static int step(struct life *life, const char *name, int status)
{
    if (status != KPLIVE_OK && life->status == KPLIVE_OK) {
        life->status = status;
        life->step = name;
    }
    return status;
}

static bool live_reads(struct kplive *sampler, struct life *life)
{
    uint64_t values[2][KPDB_EVENTS_MAX], slots[2][KPDB_COUNTERS_MAX], sorted[2][KPDB_EVENTS_MAX];
    const uint8_t *map = kplive_map(sampler);
    for (unsigned n = 0; n < 2; n++) {
        if (step(life, "read", kplive_read(sampler, values[n])) != KPLIVE_OK ||
            step(life, "read_raw", kplive_read_raw(sampler, kplive_slots(sampler), slots[n])) !=
                KPLIVE_OK)
            return true;
        for (unsigned i = 0; i < EVENTS; i++)
            sorted[n][i] = slots[n][map[i]];
        foreign_work(900);
    }
    return delta_right(events, EVENTS, values[0], values[1], 900) &&
           delta_right(events, EVENTS, sorted[0], sorted[1], 900);
}

static bool live_cpus(struct kplive *sampler, struct life *life)
{
    uint64_t all[2][8 * EVENTS], one[2][EVENTS];
    int cpu = -1;
    unsigned at = foreign_cpu() * EVENTS;
    if (kplive_cpus(sampler) != 8)
        return step(life, "cpus", KPLIVE_SYSTEM) != KPLIVE_OK;
    for (unsigned n = 0; n < 2; n++) {
        if (step(life, "read_cpus", kplive_read_cpus(sampler, all[n], NULL)) != KPLIVE_OK ||
            step(life, "read_cpu", kplive_read_cpu(sampler, &cpu, one[n], NULL)) != KPLIVE_OK)
            return true;
        foreign_work(31);
    }
    return cpu == (int)foreign_cpu() && delta_right(events, EVENTS, one[0], one[1], 31) &&
           delta_right(events, EVENTS, all[0] + at, all[1] + at, 31);
}

static void live_started(struct kplive *sampler, struct life *life)
{
    if (step(life, "ready", kplive_ready(sampler, NULL)) != KPLIVE_OK)
        return;
    bool right = live_reads(sampler, life);
    right = live_cpus(sampler, life) && right;
    step(life, "running", kplive_running(sampler, NULL));
    life->wrong = !right;
}

void live(enum kplive_words words, bool insist, struct life *life)
{
    struct kplive_options options = {
        .kperf = library, .kperfdata = library, .words = words, .size = sizeof options};
    options.insist = insist;
    struct kplive *sampler = NULL;
    struct kplive_error error = {0};
    *life = (struct life){.started = KPLIVE_STATE, .stopped = KPLIVE_STATE};
    if (step(life, "open", kplive_open(&options, &sampler, NULL)) == KPLIVE_OK &&
        step(life, "program", kplive_program(sampler, events, EVENTS, NULL)) == KPLIVE_OK) {
        life->start_call = foreign_calls() + 1;
        life->started = step(life, "start", kplive_start(sampler, &error));
        life->hinted = life->started != KPLIVE_OK && strstr(error.hint, "put back") != NULL;
        if (life->started == KPLIVE_OK)
            live_started(sampler, life);
        life->stop_call = foreign_calls() + 1;
        life->stopped = step(life, "stop", kplive_stop(sampler, &error));
        life->hinted |= life->stopped == KPLIVE_LEFT;
    }
    kplive_close(sampler);
    life->last_call = foreign_calls();
    life->wrong &= life->status == KPLIVE_OK;
}

const char *state(void)
{
    static char texts[16][400];
    static unsigned turn;
    return foreign_state(texts[turn++ % 16], sizeof texts[0]);
}

/* ---- children -------------------------------------------------------------------------------- */

static void wakes(int signal)
{
    (void)signal; /* waitpid() ends with EINTR */
}

int child_ends(pid_t child, struct stopped *stopped)
{
    struct sigaction wake = {.sa_handler = wakes}, before;
    sigaction(SIGALRM, &wake, &before);
    int status = -1;
    alarm(600);
    while (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status)) {
        if (stopped != NULL) {
            stopped->signal = WSTOPSIG(status);
            foreign_state(stopped->state, sizeof stopped->state);
        }
        kill(child, SIGCONT);
    }
    bool late = alarm(0) == 0;
    sigaction(SIGALRM, &before, NULL);
    if (!late)
        return status;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return -1;
}
