/* kpep encode: the register words for a set of events. */
#include "placement.h"

int run_encode(const struct cli *cli)
{
    struct placement placement;
    struct kpdb_encoding encoding = {0};
    struct json json = {.out = stdout};
    int status = placement_read(cli, &placement), result;

    if (status != EXIT_OK)
        return status;
    result = kpdb_encode(placement.cpu, &placement.options, placement.requests, placement.count,
                         &encoding);
    if (result != KPDB_OK) {
        status = placement_error(cli, &placement, result, encoding.failed, encoding.conflicts,
                                 encoding.counters);
    } else {
        if (cli->json)
            placement_json(&json, NULL, &placement, placement.requests, &encoding);
        else
            placement_text(&placement, placement.requests, &encoding);
        placement_warnings(&placement, &encoding);
    }
    placement_free(&placement);
    return status;
}
