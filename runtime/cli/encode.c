/* kpep encode: the register words for a set of events, from the tables to standard output. */
#include "placement.h"

static int run_encode(struct arena *arena, const struct arguments *arguments)
{
    struct placement placement;
    struct kpdb_encoding encoding = {0};
    struct json json = {.out = stdout};
    int status = placement_read(arena, arguments, &placement), result;

    if (status != EXIT_OK)
        return status;
    result = kpdb_encode(placement.cpu, &placement.options, placement.requests, placement.count,
                         &encoding);
    if (result != KPDB_OK) {
        status = placement_error(arguments, &placement, result, encoding.failed, encoding.conflicts,
                                 encoding.counters);
    } else {
        if (arguments->json)
            placement_json(&json, NULL, &placement, placement.requests, &encoding);
        else
            placement_text(&placement, placement.requests, &encoding);
        placement_warnings(&placement, &encoding, ~0u);
    }
    return status;
}

const struct command command_encode = {
    .name = "encode",
    .run = run_encode,
    .takes =
        (const struct option_use[]){
            {.option = OPT_CPU, .needed = true},
            {.option = OPT_RELEASE},
            {.option = OPT_STRATEGY},
            {.option = OPT_COUNTERS},
            {.option = OPT_USER_ONLY},
            {.option = OPT_FULL},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .operands = "EVENT...",
    .least = 1,
    .most = PLACEMENT_EVENTS_MAX,
    .operands_are = "events",
    .complete = complete_event,
    .help = "The register words, counters and slots for a set of events, as kperfdata gives them,\n"
            "or placed so that every set that can fit does; EVENT:u counts in user mode only.\n"
            "Warns of what the kernel would refuse.",
};
