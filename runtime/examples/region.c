/*
 * Measures a region of code: how many cycles, instructions, branches and mispredicted branches
 * it took, and what metrics follow from them.
 *
 *     cc -o region region.c $(pkg-config --cflags --libs kplive) && sudo ./region
 *
 * Two arguments, KPERF and KPERFDATA, are libraries to load in place of Apple's frameworks.
 * kplive_catch_signals(): Ctrl-C gives the counters back before it ends the program.
 */
#include <inttypes.h>
#include <kplive.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"cycles", "instructions", "branches", "branch-misses"};
enum { COUNT = sizeof names / sizeof names[0] };

/* What is to be measured: put your own code here. */
static void region(void)
{
    volatile unsigned state = 1, odd = 0;

    for (int i = 0; i < 1000000; i++) {
        state = state * 1664525u + 1013904223u;
        if (state >> 31 != 0) /* a coin: mispredicted every other time */
            odd = odd + 1;
    }
}

static int measure(const struct kplive *sampler, uint64_t *counts)
{
    uint64_t before[COUNT], after[COUNT];
    int status = kplive_read(sampler, before);

    if (status != KPLIVE_OK)
        return status;
    region();
    status = kplive_read(sampler, after);
    if (status == KPLIVE_OK)
        kplive_delta(before, after, COUNT, counts);
    return status;
}

static void report(const struct kplive *sampler, const uint64_t *counts)
{
    struct kpdb_metric metric;
    double value;

    for (unsigned i = 0; i < COUNT; i++)
        printf("%-20s %15" PRIu64 "\n", names[i], counts[i]);
    /* Every metric that these events are enough for. */
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++)
        if (kplive_metric(sampler, m, '\0', counts, &value) == KPLIVE_OK)
            printf("%-20s %15.3f %s\n", metric.name, value, metric.unit);
}

int main(int argc, char **argv)
{
    struct kplive_options options = {.words = KPLIVE_VERIFY};
    struct kpdb_request events[COUNT];
    struct kplive_error error;
    struct kplive *sampler;
    uint64_t counts[COUNT];
    char text[600];
    int status;

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
        fprintf(stderr, "region: %s\n", kplive_describe(&error, text, sizeof text));
        kplive_close(sampler);
        return 1;
    }
    status = measure(sampler, counts);
    if (status != KPLIVE_OK)
        fprintf(stderr, "region: %s\n", kplive_strerror(status));
    else
        report(sampler, counts);
    kplive_close(sampler);
    return status == KPLIVE_OK ? 0 : 1;
}
