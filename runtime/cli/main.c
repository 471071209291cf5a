/* kpep: the tables of its options and commands. */
#include "common/commands.h"
#include "live.h"
#include "placement.h"

#ifndef KPEP_VERSION
#define KPEP_VERSION "unknown"
#endif

enum { REPEAT_MAX = 100000 };

static const struct option_row options[OPTIONS] = {
    [OPT_CPU] = {.name = "cpu",
                 OPTION_FILLS(struct arguments, cpu),
                 .value = "CPU",
                 .help = "a database (a14), chip (m1-max) or id",
                 .hint = "kpep cpus shows what there is",
                 .candidates = cli_each_cpu},
    [OPT_RELEASE] = {.name = "release",
                     OPTION_FILLS(struct arguments, release),
                     .value = "NAME",
                     .help = "a macOS release (macos-15)",
                     .candidates = cli_each_release},
    [OPT_LIVE] = {.name = "live",
                  OPTION_FILLS(struct arguments, live),
                  .help = "events of the Mac this runs on, by its kperfdata"},
    [OPT_SOURCES] = {.name = "sources",
                     OPTION_FILLS(struct arguments, sources),
                     .help = "where the values come from, and who disagrees"},
    [OPT_METRICS] = {.name = "metrics",
                     OPTION_FILLS(struct arguments, metrics),
                     .help = "metrics instead of names"},
    [OPT_STRATEGY] = {.name = "strategy",
                      OPTION_FILLS(struct arguments, strategy),
                      .value = "NAME",
                      .help = "optimal (default), or kperfdata: the same words it gives",
                      .words = strategy_words},
    [OPT_COUNTERS] = {.name = "counters",
                      OPTION_FILLS(struct arguments, counters),
                      .value = "WHICH",
                      .help = "forced (default), or unforced: without the power manager's",
                      .words = counters_words},
    [OPT_USER_ONLY] = {.name = "user-only",
                       OPTION_FILLS(struct arguments, user_only),
                       .help = "count in user mode only"},
    [OPT_INSIST] = {.name = "insist",
                    OPTION_FILLS(struct arguments, insist),
                    .help = "take counters that somebody may hold, if the kernel lets"},
    [OPT_FORCE] = {.name = "force",
                   OPTION_FILLS(struct arguments, force),
                   .help = "take them also from a process that lives"},
    [OPT_FULL] = {.name = "full",
                  OPTION_FILLS(struct arguments, full),
                  .help = "Intel: add the bits that kperfdata drops"},
    [OPT_KPERF] = {.name = "kperf",
                   OPTION_FILLS(struct arguments, kperf),
                   .value = "PATH",
                   .help = "the kperf library (default: macOS's own)"},
    [OPT_KPERFDATA] = {.name = "kperfdata",
                       OPTION_FILLS(struct arguments, kperfdata),
                       .value = "PATH",
                       .help = "the kperfdata library (default: macOS's own)"},
    [OPT_WORDS] = {.name = "words",
                   OPTION_FILLS(struct arguments, words),
                   .value = "FROM",
                   .help = "verify (default: both, and equal), static or kperfdata",
                   .words = live_words},
    [OPT_EVENTS] = {.name = "events",
                    .letter = 'e',
                    OPTION_FILLS(struct arguments, events),
                    .separators = ",",
                    .most = KPDB_EVENTS_MAX,
                    .value = "LIST",
                    .help = "events, by any name, with commas between",
                    .candidates = cli_each_name},
    [OPT_REPEAT] = {.name = "repeat",
                    .letter = 'r',
                    OPTION_FILLS(struct arguments, repeat),
                    .least = 1,
                    .most = REPEAT_MAX,
                    .value = "N",
                    .help = "how many times (default 100)"},
    [OPT_CALIBRATE] = {.name = "calibrate",
                       OPTION_FILLS(struct arguments, calibrate),
                       .help = "measure a loop of kpep's own"},
    [OPT_ALL] = {.name = "all",
                 OPTION_FILLS(struct arguments, all),
                 .help = "every event of the CPU"},
    [OPT_PLAIN] = {.name = "plain",
                   OPTION_FILLS(struct arguments, plain),
                   .help = "every name, one a line, and nothing else"},
    [OPT_JSON] = {.name = "json",
                  OPTION_FILLS(struct arguments, json),
                  .help = "JSON instead of text"},
};

#define COMMAND_ADDRESS(name) &command_##name,
static const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS) NULL};

int main(int argc, char **argv)
{
    static const struct program kpep = {
        .name = "kpep",
        .version = KPEP_VERSION,
        .about = "What Apple's CPU performance counters can count, on any chip, on any machine.",
        .statuses = "0 done, 1 the answer is no, 2 bad command line, 3 the system refused",
        .options = options,
        .option_count = OPTIONS,
        .commands = commands,
    };
    struct arguments arguments = {0};

    return run_program(&kpep, &arguments, argc, argv);
}
