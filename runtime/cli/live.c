#include "live.h"

#include <string.h>

int live_error(const struct kplive_error *error)
{
    char text[600];

    cli_error("%s", kplive_describe(error, text, sizeof text));
    switch (error->status) {
    case KPLIVE_EVENT:
    case KPLIVE_CONFLICT:
    case KPLIVE_DIFFERENT:
        return EXIT_NO;
    default:
        return EXIT_SYSTEM;
    }
}

static int read_words(const char *typed, enum kplive_words *words)
{
    if (typed == NULL || strcmp(typed, "verify") == 0) {
        *words = KPLIVE_VERIFY;
    } else if (strcmp(typed, "static") == 0) {
        *words = KPLIVE_STATIC;
    } else if (strcmp(typed, "kperfdata") == 0) {
        *words = KPLIVE_KPERFDATA;
    } else {
        cli_error("--words %.100s (expected verify, static or kperfdata)", typed);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int live_open(const struct cli *cli, struct kplive **sampler)
{
    struct kplive_options options = {.kperf = cli->kperf,
                                     .kperfdata = cli->kperfdata,
                                     .size = sizeof options,
                                     .insist = cli->insist};
    static char kperf[PATH_MAX], kperfdata[PATH_MAX];
    struct kplive_error error;
    int status = read_words(cli->words, &options.words);

    *sampler = NULL;
    if (status == EXIT_OK)
        status = trusted("--kperf", &options.kperf, kperf);
    if (status == EXIT_OK)
        status = trusted("--kperfdata", &options.kperfdata, kperfdata);
    if (status != EXIT_OK)
        return status;
    return kplive_open(&options, sampler, &error) == KPLIVE_OK ? EXIT_OK : live_error(&error);
}
