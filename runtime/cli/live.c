#include "live.h"

#include <signal.h>
#include <string.h>

int live_error(const struct kplive_error *error)
{
    char text[600];

    cli_error("%s", kplive_describe(error, text, sizeof text));
    switch (error->status) {
    case KPLIVE_EVENT:
    case KPLIVE_CONFLICT:
    case KPLIVE_DIFFERENT:
        return CLI_NO;
    default:
        return CLI_SYSTEM;
    }
}

int live_open(const struct cli *cli, struct kplive **sampler)
{
    struct kplive_options options = {.kperf = cli->kperf, .kperfdata = cli->kperfdata};
    const char *words = cli->words == NULL ? "verify" : cli->words;
    struct kplive_error error;

    *sampler = NULL;
    if (strcmp(words, "verify") == 0) {
        options.words = KPLIVE_VERIFY;
    } else if (strcmp(words, "static") == 0) {
        options.words = KPLIVE_STATIC;
    } else if (strcmp(words, "kperfdata") == 0) {
        options.words = KPLIVE_KPERFDATA;
    } else {
        cli_error("--words %.100s (expected verify, static or kperfdata)", words);
        return CLI_USAGE;
    }
    return kplive_open(&options, sampler, &error) == KPLIVE_OK ? CLI_OK : live_error(&error);
}

static void on_signal(int number)
{
    kplive_stop_all();
    signal(number, SIG_DFL);
    raise(number);
}

void live_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signal(signals[i], on_signal) == SIG_IGN)
            signal(signals[i], SIG_IGN);
}
