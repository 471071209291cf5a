/*
 * Counts more events than there are counters for: kpdb_plan() splits them into the fewest passes,
 * the work is done once in each, and the results are told in the order asked, with their pass.
 *
 *     cc -o passes passes.c $(pkg-config --cflags --libs kplive) && sudo ./passes
 *
 * Two arguments, KPERF and KPERFDATA, are libraries to load in place of Apple's frameworks.
 */
#include <inttypes.h>
#include <kplive.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    "cycles",         "instructions",          "branches",
    "branch-misses",  "branches-call",         "branches-return",
    "branches-taken", "l1-dcache-load-misses", "l1-dcache-load-misses-spec",
};
enum { COUNT = sizeof names / sizeof names[0] };

struct plan {
    struct kpdb_request events[COUNT];
    uint16_t pass[COUNT];   /* of each event */
    uint64_t counts[COUNT]; /* of a fixed counter, in every pass: of the last */
    unsigned passes;
};

/* What is to be measured. It should do the same in every pass. */
static void work(void)
{
    volatile unsigned sum = 0;

    for (unsigned i = 0; i < 1000000; i++)
        sum = sum + i;
}

static int measure(const struct kplive *sampler, unsigned count, uint64_t *delta)
{
    uint64_t before[COUNT], after[COUNT];
    int status = kplive_read(sampler, before);

    if (status != KPLIVE_OK)
        return status;
    work();
    status = kplive_read(sampler, after);
    if (status == KPLIVE_OK)
        kplive_delta(before, after, count, delta);
    return status;
}

static void complain(const struct kplive_error *error)
{
    char text[600];

    fprintf(stderr, "passes: %s\n", kplive_describe(error, text, sizeof text));
}

/* Programs the events of one pass, does the work, and keeps what each event counted. */
static bool run_pass(struct kplive *sampler, struct plan *plan, unsigned pass)
{
    struct kpdb_request events[COUNT];
    unsigned index[COUNT], count = 0;
    uint64_t delta[COUNT];
    struct kplive_error error;
    int status;

    for (unsigned i = 0; i < COUNT; i++)
        if (plan->pass[i] == pass || plan->pass[i] == KPDB_EVERY_PASS) {
            events[count] = plan->events[i];
            index[count++] = i;
        }
    if (kplive_program(sampler, events, count, &error) != KPLIVE_OK ||
        kplive_start(sampler, &error) != KPLIVE_OK) {
        complain(&error);
        return false;
    }
    status = measure(sampler, count, delta);
    if (status != KPLIVE_OK)
        fprintf(stderr, "passes: %s\n", kplive_strerror(status));
    for (unsigned i = 0; i < count && status == KPLIVE_OK; i++)
        plan->counts[index[i]] = delta[i];
    if (kplive_stop(sampler, &error) != KPLIVE_OK) {
        complain(&error);
        return false;
    }
    return status == KPLIVE_OK;
}

/* Asks the tables alone: no counters, no root. */
static bool make_plan(const struct kplive *sampler, struct plan *plan)
{
    struct kpdb_options options = {.release = kplive_release(sampler)};
    struct kpdb_bottleneck bottleneck;
    unsigned which;
    int passes;

    for (unsigned i = 0; i < COUNT; i++)
        plan->events[i] = (struct kpdb_request){names[i], strlen(names[i]), false};
    if (kplive_cpu(sampler) < 0) {
        fprintf(stderr, "passes: %s\n", kplive_strerror(KPLIVE_NO_CPU));
        return false;
    }
    passes = kpdb_plan((unsigned)kplive_cpu(sampler), &options, plan->events, COUNT, plan->pass,
                       &bottleneck, &which);
    if (passes < 0) {
        fprintf(stderr, "passes: %s: %s\n", names[which], kpdb_strerror(passes));
        return false;
    }
    plan->passes = (unsigned)passes;
    return true;
}

static void report(const struct plan *plan)
{
    printf("%-28s  pass  %15s\n", "event", "count");
    for (unsigned i = 0; i < COUNT; i++)
        if (plan->pass[i] == KPDB_EVERY_PASS)
            printf("%-28s  each  %15" PRIu64 "\n", names[i], plan->counts[i]);
        else
            printf("%-28s  %4u  %15" PRIu64 "\n", names[i], plan->pass[i] + 1u, plan->counts[i]);
}

int main(int argc, char **argv)
{
    struct kplive_options options = {.words = KPLIVE_VERIFY};
    struct kplive_error error;
    struct kplive *sampler;
    struct plan plan;
    bool measured;

    if (argc > 2) {
        options.kperf = argv[1];
        options.kperfdata = argv[2];
    }
    if (kplive_open(&options, &sampler, &error) != KPLIVE_OK ||
        kplive_catch_signals(&error) != KPLIVE_OK) {
        complain(&error);
        kplive_close(sampler);
        return 1;
    }
    measured = make_plan(sampler, &plan);
    for (unsigned pass = 0; measured && pass < plan.passes; pass++)
        measured = run_pass(sampler, &plan, pass);
    if (measured)
        report(&plan);
    kplive_close(sampler);
    return measured ? 0 : 1;
}
