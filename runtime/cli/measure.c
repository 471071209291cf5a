/*
 * kpep measure --calibrate: reads twice around a known number of instructions.
 * Counting of commands (kpep measure -e ... -- COMMAND) is not yet there.
 */
#include "live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_DEFAULT = 100, ROUNDS_MAX = 100000, ITERATIONS = 100000 };

/* What every chip has, when nothing else is asked for. */
static const char *const default_events[] = {"cycles", "instructions", "branches", "branch-misses"};

/* One add, one compare and one branch or so an iteration: a number the compiler cannot change. */
static uint64_t work(unsigned iterations)
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
        (void)work(iterations);
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

static void print_json(const struct kplive *sampler, const struct kpdb_request *events,
                       unsigned count, const struct calibration *calibration)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '{');
    json_string(&json, "cpu_id", kplive_cpu_name(sampler));
    json_string(&json, "macos", kplive_macos(sampler));
    json_number(&json, "iterations", ITERATIONS);
    json_begin(&json, "events", '[');
    for (unsigned i = 0; i < count; i++) {
        json_begin_line(&json, NULL, '{');
        json_string(&json, "name", events[i].name);
        json_number(&json, "read", calibration->empty[i]);
        json_number(&json, "work", calibration->worked[i]);
        json_boolean(&json, "moves", calibration->worked[i] > calibration->empty[i]);
        json_end(&json, '}');
    }
    json_end(&json, ']');
    json_end(&json, '}');
}

static void print_text(const struct kplive *sampler, const struct kpdb_request *events,
                       unsigned count, const struct calibration *calibration)
{
    struct table *table = table_new(4);

    printf("%s, macOS %s: least of several rounds, %d iterations of work\n\n",
           kplive_cpu_name(sampler), kplive_macos(sampler), ITERATIONS);
    table_cell(table, "event");
    table_cell(table, ">a read costs");
    table_cell(table, ">with work");
    table_cell(table, "moves");
    for (unsigned i = 0; i < count; i++) {
        table_cell(table, "%s", events[i].name);
        table_cell(table, "%" PRIu64, calibration->empty[i]);
        table_cell(table, "%" PRIu64, calibration->worked[i]);
        table_cell(table, "%s", calibration->worked[i] > calibration->empty[i] ? "yes" : "no");
    }
    table_print(table);
}

/* "-e EVENT,EVENT": names into requests, which point into the text. */
static unsigned read_events(const char *list, bool user_only, struct kpdb_request *events)
{
    unsigned count = 0;

    while (list != NULL && *list != '\0' && count < KPDB_EVENTS_MAX) {
        size_t length = strcspn(list, ",");
        static char names[KPDB_EVENTS_MAX][CLI_NAME_MAX];

        snprintf(names[count], sizeof names[count], "%.*s", (int)(length < 150 ? length : 150),
                 list);
        events[count].name = names[count];
        events[count].length = strlen(names[count]);
        events[count].user_only = user_only;
        count += length != 0;
        list += length + (list[length] != '\0');
    }
    for (size_t i = 0; list == NULL && i < sizeof default_events / sizeof default_events[0]; i++)
        events[count++] =
            (struct kpdb_request){default_events[i], strlen(default_events[i]), user_only};
    return count;
}

/* A signal that suspends gives the counters back, and what was measured before it is of no use. */
static int cannot_read(int status)
{
    if (status == KPLIVE_STOPPED)
        cli_error("the counters were given back while this was suspended: measure again");
    else
        cli_error("the counters of this thread cannot be read: %s", kplive_strerror(status));
    return EXIT_SYSTEM;
}

/* Between programming and the end the counters are ours: a signal gives them back. */
static int measure(const struct cli *cli, struct kplive *sampler, unsigned rounds)
{
    struct kpdb_request events[KPDB_EVENTS_MAX];
    unsigned count = read_events(cli->events, cli->user_only, events);
    struct calibration calibration;
    struct kplive_error error;
    int status;

    if (kplive_program(sampler, events, count, &error) != KPLIVE_OK ||
        kplive_catch_signals(&error) != KPLIVE_OK)
        return live_error(&error);
    status = kplive_start(sampler, &error);
    if (status != KPLIVE_OK)
        return status == KPLIVE_STOPPED ? cannot_read(status) : live_error(&error);
    status = calibrate(sampler, count, rounds, &calibration);
    if (kplive_stop(sampler, &error) != KPLIVE_OK)
        return live_error(&error);
    if (status != KPLIVE_OK)
        return cannot_read(status);
    if (cli->json)
        print_json(sampler, events, count, &calibration);
    else
        print_text(sampler, events, count, &calibration);
    for (unsigned i = 0; i < count; i++)
        if (calibration.worked[i] == calibration.empty[i] &&
            strcmp(events[i].name, "instructions") == 0)
            return EXIT_NO;
    return EXIT_OK;
}

int run_measure(const struct cli *cli)
{
    unsigned long rounds = cli->repeat == NULL ? ROUNDS_DEFAULT : strtoul(cli->repeat, NULL, 10);
    struct kplive *sampler;
    int status;

    if (!cli->calibrate || cli->count != 0) {
        cli_error("measure counts no commands yet: kpep measure --calibrate");
        return EXIT_USAGE;
    }
    if (rounds == 0 || rounds > ROUNDS_MAX) {
        cli_error("--repeat %.100s (expected 1 to %d)", cli->repeat, ROUNDS_MAX);
        return EXIT_USAGE;
    }
    status = live_open(cli, &sampler);
    if (status != EXIT_OK)
        return status;
    status = measure(cli, sampler, (unsigned)rounds);
    kplive_close(sampler);
    return status;
}
