/* kpepc: the tables of its options and commands. */
#include "cli.h"

#include "common/commands.h"
#include "common/report.h"

#ifndef KPEP_VERSION
#define KPEP_VERSION "unknown"
#endif

#define ESCAPE_NAME(name) ", " #name

static const struct option_row options[OPTIONS] = {
    [OPT_OUTPUT] = {.name = "output",
                    .letter = 'o',
                    OPTION_FILLS(struct arguments, output),
                    .value = "PATH",
                    .help = "where to write (default of emit, render: standard output)"},
    [OPT_TEMPLATE] = {.name = "template",
                      .letter = 't',
                      OPTION_FILLS(struct arguments, template),
                      .value = "TEMPLATE",
                      .help = "the template",
                      .candidates = each_own_template},
    [OPT_DATA] = {.name = "data",
                  .letter = 'd',
                  OPTION_FILLS(struct arguments, data),
                  .value = "FILE",
                  .help = "the data, a property list"},
    [OPT_PARTIALS] = {.name = "partials",
                      .letter = 'p',
                      OPTION_FILLS(struct arguments, partials),
                      .value = "DIR",
                      .help = "where {{>name}} finds name.mustache"},
    [OPT_ESCAPE] = {.name = "escape",
                    .letter = 'e',
                    OPTION_FILLS(struct arguments, escape),
                    .value = "KIND",
                    .help = "none" OUTPUT_ESCAPES(ESCAPE_NAME) " (default: as the template's file "
                                                               "name says)",
                    .words = escape_words},
    [OPT_LENIENT] = {.name = "lenient",
                     OPTION_FILLS(struct arguments, lenient),
                     .help = "what a template names and the data lacks is empty"},
    [OPT_NAMES] = {.name = "names",
                   OPTION_FILLS(struct arguments, names),
                   .value = "FILE",
                   .help = "chip-agnostic names and metrics"},
    [OPT_CHIPS] = {.name = "chips",
                   OPTION_FILLS(struct arguments, chips),
                   .value = "FILE",
                   .help = "the chips sold with each CPU id"},
    [OPT_KERNEL] = {.name = "kernel",
                    OPTION_FILLS(struct arguments, kernel),
                    .value = "FILE",
                    .help = "the selectors that macOS kernels accept"},
    [OPT_INTEL] = {.name = "intel",
                   OPTION_FILLS(struct arguments, intel),
                   .value = "FILE",
                   .help = "the bits and MSRs that Intel's events need"},
    [OPT_SOURCES] = {.name = "sources",
                     OPTION_FILLS(struct arguments, sources),
                     .value = "FILE",
                     .help = "where values come from, and who disagrees"},
    [OPT_ACCEPTED] = {.name = "accepted",
                      OPTION_FILLS(struct arguments, accepted),
                      .value = "FILE",
                      .help = "findings that are known"},
    [OPT_CPU] = {.name = "cpu",
                 OPTION_FILLS(struct arguments, cpus),
                 .again = AGAIN_ADDS,
                 .separators = ",;",
                 .value = "CPU",
                 .help = "only this: database, id, with --chips a chip (m1-max); may be repeated"},
    [OPT_RELEASE] = {.name = "release",
                     OPTION_FILLS(struct arguments, release),
                     .value = "NAME",
                     .help = "the macOS release"},
    [OPT_ALLOW_MISSING] = {.name = "allow-missing",
                           OPTION_FILLS(struct arguments, allow_missing),
                           .help = "leave out names whose events no database here has"},
    [OPT_DESCRIPTIONS] = {.name = "descriptions",
                          OPTION_FILLS(struct arguments, descriptions),
                          .help = "keep Apple's text"},
    [OPT_SOURCE] = {.name = "source",
                    OPTION_FILLS(struct arguments, source),
                    .value = "TEXT",
                    .help = "where the facts came from"},
    [OPT_COVERS] = {.name = "covers",
                    OPTION_FILLS(struct arguments, covers),
                    .again = AGAIN_ADDS,
                    .separators = ",",
                    .value = "KEY",
                    .help = "a key that was seen in the release, or none (default: as DIR says)",
                    .candidates = each_coverage_key},
    [OPT_JSON] = {.name = "json",
                  OPTION_FILLS(struct arguments, json),
                  .help = "JSON instead of text"},
    [OPT_NO_SYNC] = {.name = "no-sync",
                     OPTION_FILLS(struct arguments, no_sync),
                     .help = "do not wait until the files are on the disk"},
    [OPT_STRICT] = {.name = "strict",
                    OPTION_FILLS(struct arguments, strict),
                    .help = "a warning is an error"},
};

#define COMMAND_ADDRESS(name) &command_##name,
static const struct command *const commands[] = {COMMANDS(COMMAND_ADDRESS) NULL};

static void begin(const struct arguments *arguments)
{
    report_strict(arguments->strict);
}

int main(int argc, char **argv)
{
    static const struct program kpepc = {
        .name = "kpepc",
        .version = KPEP_VERSION,
        .about = "The compiler of kpep: Apple's CPU event databases to static tables.",
        .statuses = "0 done, 1 bad input, 2 bad command line, 3 the system refused",
        .options = options,
        .option_count = OPTIONS,
        .commands = commands,
        .begin = begin,
    };
    struct arguments arguments = {0};

    return run_program(&kpepc, &arguments, argc, argv);
}
