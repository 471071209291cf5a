/* kpep plan: any list of events in the fewest passes, from the tables to standard output. */
#include "placement.h"

struct plan {
    uint16_t *passes; /* of each request */
    unsigned count;
    struct kpdb_bottleneck bottleneck;
};

/* The requests of one pass, and their encoding. */
struct pass {
    struct kpdb_request requests[KPDB_EVENTS_MAX];
    struct kpdb_encoding encoding;
};

static int encode_pass(const struct placement *placement, const struct plan *plan, unsigned number,
                       struct pass *pass)
{
    struct kpdb_options options = placement->options;
    unsigned count = 0;

    options.strategy = KPDB_OPTIMAL;
    for (unsigned i = 0; i < placement->count && count < KPDB_EVENTS_MAX; i++)
        if (plan->passes[i] == number || plan->passes[i] == KPDB_EVERY_PASS)
            pass->requests[count++] = placement->requests[i];
    return kpdb_encode(placement->cpu, &options, pass->requests, count, &pass->encoding);
}

static unsigned count_bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

static void bottleneck_json(struct json *json, const struct kpdb_bottleneck *bottleneck)
{
    json_begin_line(json, "bottleneck", '{');
    json_number(json, "counters_mask", bottleneck->counters);
    json_number(json, "counters", count_bits(bottleneck->counters));
    json_number(json, "events", bottleneck->events);
    json_end(json, '}');
}

static void bottleneck_text(const struct plan *plan)
{
    char mask[128];

    if (plan->bottleneck.events == 0) {
        printf("1 pass: only fixed counters count\n");
        return;
    }
    printf("%u pass%s: %u event%s can be counted on counter%s %s alone, %u at a time\n",
           plan->count, plan->count == 1 ? "" : "es", plan->bottleneck.events,
           plan->bottleneck.events == 1 ? "" : "s",
           count_bits(plan->bottleneck.counters) == 1 ? "" : "s",
           cli_counters(plan->bottleneck.counters, mask, sizeof mask),
           count_bits(plan->bottleneck.counters));
}

static int print_passes(const struct arguments *arguments, const struct placement *placement,
                        const struct plan *plan)
{
    struct json json = {.out = stdout};
    struct pass pass;
    int result = KPDB_OK;

    if (arguments->json) {
        json_begin(&json, NULL, '{');
        json_string(&json, "db", placement->info.db);
        bottleneck_json(&json, &plan->bottleneck);
        json_begin(&json, "passes", '[');
    } else {
        bottleneck_text(plan);
    }
    for (unsigned p = 0; p < plan->count && result == KPDB_OK; p++) {
        result = encode_pass(placement, plan, p, &pass);
        if (result == KPDB_OK && arguments->json) {
            placement_json(&json, NULL, placement, pass.requests, &pass.encoding);
        } else if (result == KPDB_OK) {
            printf("\npass %u\n", p + 1);
            placement_text(placement, pass.requests, &pass.encoding);
        }
        if (result == KPDB_OK)
            placement_warnings(placement, &pass.encoding, KPDB_WARN_ASSUMED | KPDB_WARN_DISPUTED);
    }
    if (arguments->json) {
        json_end(&json, ']');
        json_end(&json, '}');
    }
    return result;
}

static int run_plan(struct arena *arena, const struct arguments *arguments)
{
    struct placement placement;
    struct plan plan = {0};
    unsigned failed;
    int status = placement_read(arena, arguments, &placement), result;

    if (status != EXIT_OK)
        return status;
    plan.passes = arena_alloc(arena, placement.count, sizeof *plan.passes);
    result = kpdb_plan(placement.cpu, &placement.options, placement.requests, placement.count,
                       plan.passes, &plan.bottleneck, &failed);
    if (result <= 0) {
        status = placement_error(arguments, &placement, result, failed, 0, 0);
    } else {
        plan.count = (unsigned)result;
        if (print_passes(arguments, &placement, &plan) != KPDB_OK) {
            report_error(NULL, "a pass cannot be encoded");
            status = EXIT_NO;
        }
    }
    return status;
}

const struct command command_plan = {
    .name = "plan",
    .run = run_plan,
    .takes =
        (const struct option_use[]){
            {.option = OPT_CPU, .needed = true},
            {.option = OPT_RELEASE},
            {.option = OPT_COUNTERS},
            {.option = OPT_USER_ONLY},
            {.option = OPT_FULL},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .operands = "EVENT...",
    .operands_instead = OPT_ALL,
    .least = 1,
    .most = PLACEMENT_EVENTS_MAX,
    .operands_are = "events",
    .complete = complete_event,
    .help = "Any list of events in the fewest passes, and why fewer cannot do.",
};
