/*
 * Counts per thread: every worker reads its own counters around each of its jobs, wherever it
 * runs and whatever the others do meanwhile.
 *
 *     cc -pthread -o threads threads.c $(pkg-config --cflags --libs kplive) && sudo ./threads
 *
 * Two arguments, KPERF and KPERFDATA, are libraries to load in place of Apple's frameworks.
 */
#include <inttypes.h>
#include <kplive.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"cycles", "instructions"};
enum { COUNT = sizeof names / sizeof names[0], WORKERS = 4 };

struct worker {
    pthread_t thread;
    const struct kplive *sampler;
    unsigned jobs;          /* to do */
    unsigned measured;      /* of them */
    uint64_t counts[COUNT]; /* of all measured jobs */
};

static void do_job(void)
{
    volatile unsigned sum = 0;

    for (unsigned i = 0; i < 1000000; i++)
        sum = sum + i;
}

static bool measure_job(struct worker *worker)
{
    uint64_t before[COUNT], after[COUNT], delta[COUNT];

    if (kplive_read(worker->sampler, before) != 0)
        return false;
    do_job();
    if (kplive_read(worker->sampler, after) != 0)
        return false;
    kplive_delta(before, after, COUNT, delta);
    for (unsigned i = 0; i < COUNT; i++)
        worker->counts[i] += delta[i];
    return true;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct kplive_error error;
    char text[600];

    /* A thread's first counts are stale, or not there yet: once, before the first read. */
    if (kplive_ready(worker->sampler, &error) != KPLIVE_OK) {
        fprintf(stderr, "threads: %s\n", kplive_describe(&error, text, sizeof text));
        return NULL;
    }
    while (worker->measured < worker->jobs && measure_job(worker))
        worker->measured++;
    return NULL;
}

/* The nth worker does n jobs. All of them end before the sampler may stop. */
static bool run_workers(const struct kplive *sampler, struct worker *workers)
{
    unsigned started = 0;
    bool measured = true;

    for (; started < WORKERS; started++) {
        workers[started] = (struct worker){.sampler = sampler, .jobs = started + 1};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        measured = measured && workers[i].measured == workers[i].jobs;
    }
    return measured && started == WORKERS;
}

static void report(const struct worker *workers)
{
    printf("thread  jobs %15s %15s\n", names[0], names[1]);
    for (unsigned i = 0; i < WORKERS; i++)
        printf("%6u %5u %15" PRIu64 " %15" PRIu64 "\n", i + 1, workers[i].jobs,
               workers[i].counts[0], workers[i].counts[1]);
}

int main(int argc, char **argv)
{
    struct kplive_options options = {.words = KPLIVE_VERIFY};
    struct kpdb_request events[COUNT];
    struct worker workers[WORKERS];
    struct kplive_error error;
    struct kplive *sampler;
    char text[600];
    bool measured;

    if (argc > 2) {
        options.kperf = argv[1];
        options.kperfdata = argv[2];
    }
    for (unsigned i = 0; i < COUNT; i++)
        events[i] = (struct kpdb_request){names[i], strlen(names[i]), false};
    if (kplive_open(&options, &sampler, &error) != KPLIVE_OK ||
        kplive_catch_signals(&error) != KPLIVE_OK ||
        kplive_program(sampler, events, COUNT, &error) != KPLIVE_OK ||
        kplive_start(sampler, &error) != KPLIVE_OK) {
        fprintf(stderr, "threads: %s\n", kplive_describe(&error, text, sizeof text));
        kplive_close(sampler);
        return 1;
    }
    measured = run_workers(sampler, workers);
    if (measured)
        report(workers);
    else
        fprintf(stderr, "threads: not all jobs were measured\n");
    kplive_close(sampler);
    return measured ? 0 : 1;
}
