/* What the commands share that use the live frameworks: opening a sampler, and its errors. */
#include "live.h"

int live_error(const struct kplive_error *error)
{
    char text[600];

    report_error(NULL, "%s", kplive_describe(error, text, sizeof text));
    switch (error->status) {
    case KPLIVE_EVENT:
    case KPLIVE_CONFLICT:
    case KPLIVE_DIFFERENT:
        return EXIT_NO;
    default:
        return EXIT_SYSTEM;
    }
}

const struct option_word live_words[] = {{"verify", KPLIVE_VERIFY},
                                         {"static", KPLIVE_STATIC},
                                         {"kperfdata", KPLIVE_KPERFDATA},
                                         {NULL, 0}};

int live_open(const struct arguments *arguments, struct kplive **sampler)
{
    struct kplive_options options = {.kperf = arguments->kperf,
                                     .kperfdata = arguments->kperfdata,
                                     .size = sizeof options,
                                     .words = arguments->words == NULL
                                                  ? KPLIVE_VERIFY
                                                  : (enum kplive_words)arguments->words->value,
                                     .insist = arguments->insist};
    static char kperf[PATH_MAX], kperfdata[PATH_MAX];
    struct kplive_error error;
    int status;

    *sampler = NULL;
    status = check_library("--kperf", &options.kperf, kperf);
    if (status == EXIT_OK)
        status = check_library("--kperfdata", &options.kperfdata, kperfdata);
    if (status != EXIT_OK)
        return status;
    return kplive_open(&options, sampler, &error) == KPLIVE_OK ? EXIT_OK : live_error(&error);
}
