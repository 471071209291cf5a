/*
 * kpep measure --calibrate: programs the counters, reads them twice around a known number of
 * instructions, gives them back, and prints what was counted. Commands are not counted yet.
 */
#include "live.h"
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

enum { ROUNDS_DEFAULT = 100, ITERATIONS = 100000 };

/* What every chip has, when nothing else is asked for, and metrics of it. */
static const char *const default_words[] = {"cycles",        "instructions", "branches",
                                            "branch-misses", "ipc",          "branch-miss-rate",
                                            "branch-mpki"};

/* One add, one compare and one branch or so an iteration: a number the compiler cannot change. */
static uint64_t run_loop(unsigned iterations)
{
    volatile uint64_t sum = 0;

    for (unsigned i = 0; i < iterations; i++)
        sum += i;
    return sum;
}

struct calibration {
    uint64_t empty[KPDB_EVENTS_MAX];  /* least difference of two reads in a row */
    uint64_t worked[KPDB_EVENTS_MAX]; /* least difference around the work */
};

/* A status of kplive_read(). */
static int measure_once(const struct kplive *sampler, unsigned count, unsigned iterations,
                        uint64_t *least)
{
    uint64_t a[KPDB_EVENTS_MAX], b[KPDB_EVENTS_MAX], delta[KPDB_EVENTS_MAX];
    int status = kplive_read(sampler, a);

    if (status != KPLIVE_OK)
        return status;
    if (iterations != 0)
        (void)run_loop(iterations);
    status = kplive_read(sampler, b);
    if (status != KPLIVE_OK)
        return status;
    kplive_delta(a, b, count, delta);
    for (unsigned i = 0; i < count; i++)
        if (delta[i] < least[i])
            least[i] = delta[i];
    return KPLIVE_OK;
}

static int calibrate(const struct kplive *sampler, unsigned count, unsigned rounds,
                     struct calibration *out)
{
    int status = KPLIVE_OK;

    memset(out, 0xff, sizeof *out);
    for (unsigned r = 0; r < rounds && status == KPLIVE_OK; r++) {
        status = measure_once(sampler, count, 0, out->empty);
        if (status == KPLIVE_OK)
            status = measure_once(sampler, count, ITERATIONS, out->worked);
    }
    return status;
}

static void print_json(const struct kplive *sampler, const struct counted *counted,
                       const struct calibration *calibration)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '{');
    json_string(&json, "cpu_id", kplive_cpu_name(sampler));
    json_string(&json, "macos", kplive_macos(sampler));
    json_number(&json, "iterations", ITERATIONS);
    json_begin(&json, "events", '[');
    for (unsigned i = 0; i < counted->count; i++) {
        json_begin_line(&json, NULL, '{');
        json_string(&json, "name", counted->events[i].name);
        json_number(&json, "read", calibration->empty[i]);
        json_number(&json, "work", calibration->worked[i]);
        json_boolean(&json, "moves", calibration->worked[i] > calibration->empty[i]);
        json_end(&json, '}');
    }
    json_end(&json, ']');
    metrics_print_json(&json, sampler, counted, calibration->worked);
    json_end(&json, '}');
}

static void print_text(struct arena *arena, const struct kplive *sampler,
                       const struct counted *counted, const struct calibration *calibration)
{
    struct table *table = table_new(arena, 4);

    printf("%s, macOS %s: least of several rounds, %d iterations of work\n\n",
           kplive_cpu_name(sampler), kplive_macos(sampler), ITERATIONS);
    table_cell(table, "event");
    table_cell(table, ">a read costs");
    table_cell(table, ">with work");
    table_cell(table, "moves");
    for (unsigned i = 0; i < counted->count; i++) {
        table_cell(table, "%s", counted->events[i].name);
        table_cell(table, "%" PRIu64, calibration->empty[i]);
        table_cell(table, "%" PRIu64, calibration->worked[i]);
        table_cell(table, "%s", calibration->worked[i] > calibration->empty[i] ? "yes" : "no");
    }
    table_print(table);
    metrics_print(arena, sampler, counted, calibration->worked);
}

/* Programs the events and metrics of -e, or those by default. EXIT_OK or another. */
static int program(const struct arguments *arguments, struct kplive *sampler,
                   struct counted *counted)
{
    const size_t defaults = sizeof default_words / sizeof default_words[0];
    const bool given = arguments->events.words != NULL;
    struct kplive_error error;

    if (metrics_program(sampler, given ? arguments->events.words : default_words,
                        given ? arguments->events.count : defaults, arguments->user_only, counted,
                        &error) != KPLIVE_OK)
        return live_error(&error);
    if (counted->count != 0)
        return EXIT_OK;
    report_error(NULL, "no metric of %s can be measured here (kpep names --metrics)",
                 arguments->events.words[0]);
    return EXIT_NO;
}

/* A signal that suspends gives the counters back, and what was measured before it is of no use. */
static int cannot_read(int status)
{
    if (status == KPLIVE_STOPPED)
        report_error(NULL, "the counters were given back while this was suspended: measure again");
    else
        report_error(NULL, "the counters of this thread cannot be read: %s",
                     kplive_strerror(status));
    return EXIT_SYSTEM;
}

/* Between programming and the end the counters are ours: a signal gives them back. */
static int measure(struct arena *arena, const struct arguments *arguments, struct kplive *sampler)
{
    unsigned rounds = arguments->repeat == 0 ? ROUNDS_DEFAULT : (unsigned)arguments->repeat;
    struct calibration calibration;
    struct counted counted;
    struct kplive_error error;
    int status = program(arguments, sampler, &counted);

    if (status != EXIT_OK)
        return status;
    if (kplive_catch_signals(&error) != KPLIVE_OK)
        return live_error(&error);
    status = kplive_start(sampler, &error);
    if (status != KPLIVE_OK)
        return status == KPLIVE_STOPPED ? cannot_read(status) : live_error(&error);
    status = calibrate(sampler, counted.count, rounds, &calibration);
    if (kplive_stop(sampler, &error) != KPLIVE_OK)
        return live_error(&error);
    if (status != KPLIVE_OK)
        return cannot_read(status);
    if (arguments->json)
        print_json(sampler, &counted, &calibration);
    else
        print_text(arena, sampler, &counted, &calibration);
    for (unsigned i = 0; i < counted.count; i++)
        if (calibration.worked[i] == calibration.empty[i] &&
            strcmp(counted.events[i].name, "instructions") == 0)
            return EXIT_NO;
    return EXIT_OK;
}

static int run_measure(struct arena *arena, const struct arguments *arguments)
{
    struct kplive *sampler;
    int status;

    status = live_open(arguments, &sampler);
    if (status != EXIT_OK)
        return status;
    status = measure(arena, arguments, sampler);
    kplive_close(sampler);
    return status;
}

const struct command command_measure = {
    .name = "measure",
    .run = run_measure,
    .takes =
        (const struct option_use[]){
            {.option = OPT_CALIBRATE, .needed = true},
            {.option = OPT_EVENTS},
            {.option = OPT_REPEAT},
            {.option = OPT_WORDS},
            {.option = OPT_USER_ONLY},
            {.option = OPT_INSIST},
            {.option = OPT_KPERF},
            {.option = OPT_KPERFDATA},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .help = "Read the counters twice around a loop of kpep's own, of 100000 iterations: what\n"
            "reading costs, and whether they move. The first thing to run on a new machine, as\n"
            "root. Counting a command is not there yet.",
};
