/* kpep: the command line. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#ifndef KPEP_VERSION
#define KPEP_VERSION "unknown"
#endif

static const struct command commands[] = {
    {"cpus", "rpj", 0, 0, run_cpus, "kpep cpus [--release NAME] [--plain] [--json]",
     "The CPUs the tables know: databases, chips, ids, counters and releases."},
    {"list", "crpjlKD", 0, 1, run_list,
     "kpep list --cpu CPU|--live [--release NAME] [--kperf PATH] [--kperfdata PATH]\n"
     "            [--plain] [--json] [PATTERN]",
     "The events of a CPU, or those whose name, alias or chip-agnostic name matches a\n"
     "shell pattern. Without --release, those of the newest release that knows the CPU.\n"
     "With --live those of the Mac this runs on, as its own kperfdata has them; no root."},
    {"show", "rjlKD", 1, 1, run_show,
     "kpep show [--live] [--release NAME] [--kperf PATH] [--kperfdata PATH] [--json]\n"
     "            EVENT",
     "One event, by any of its names, on every CPU. With --live, by name or alias, what the\n"
     "kperfdata of the Mac this runs on has of it, with its description; no root."},
    {"names", "crmpj", 0, 1, run_names,
     "kpep names [--cpu CPU] [--release NAME] [--metrics] [--plain] [--json] [PATTERN]",
     "Chip-agnostic names, and which event each is on which CPU; or the metrics."},
    {"encode", "crjUnsf", 1, 1000, run_encode,
     "kpep encode --cpu CPU [--release NAME] [--strategy NAME] [--counters WHICH]\n"
     "              [--user-only] [--full] [--json] EVENT...",
     "The register words, counters and slots for a set of events, as kperfdata gives them,\n"
     "or placed so that every set that can fit does; EVENT:u counts in user mode only.\n"
     "Warns of what the kernel would refuse."},
    {"plan", "crjUnfa", 0, 1000, run_plan,
     "kpep plan --cpu CPU [--release NAME] [--counters WHICH] [--user-only] [--full]\n"
     "            [--json] EVENT...|--all",
     "Any list of events in the fewest passes, and why fewer cannot do."},
    {"check", "jKD", 0, 0, run_check, "kpep check [--kperf PATH] [--kperfdata PATH] [--json]",
     "Compare the tables with the live kperfdata, event by event and encoding by\n"
     "encoding. Needs no root. Exit status 0: equal, 1: something drifted, 3: cannot."},
    {"measure", "jKDWebCUi", 0, 0, run_measure,
     "kpep measure --calibrate [-e LIST] [-r N] [--words FROM] [--user-only] [--insist]\n"
     "               [--kperf PATH] [--kperfdata PATH] [--json]",
     "Read the counters twice around a loop of kpep's own, of 100000 iterations: what\n"
     "reading costs, and whether they move. The first thing to run on a new machine, as\n"
     "root. Counting a command is not there yet."},
    {"reset", "jKDF", 0, 0, run_reset,
     "kpep reset [--force] [--kperf PATH] [--kperfdata PATH] [--json]",
     "Give back the counters that a program left taken when it died: says what is on, and\n"
     "whose it is as far as the kernel tells, and switches it off. Needs root."},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const struct cli_option option_list[] = {
    {{"cpu", required_argument, NULL, 'c'}, "CPU", "a database (a14), chip (m1-max) or id"},
    {{"release", required_argument, NULL, 'r'}, "NAME", "a macOS release (macos-15)"},
    {{"live", no_argument, NULL, 'l'}, NULL, "events of the Mac this runs on, by its kperfdata"},
    {{"metrics", no_argument, NULL, 'm'}, NULL, "metrics instead of names"},
    {{"strategy", required_argument, NULL, 's'},
     "NAME",
     "optimal (default), or kperfdata: the same words it gives"},
    {{"counters", required_argument, NULL, 'n'},
     "WHICH",
     "forced (default), or unforced: without the power manager's"},
    {{"user-only", no_argument, NULL, 'U'}, NULL, "count in user mode only"},
    {{"insist", no_argument, NULL, 'i'},
     NULL,
     "take counters that somebody may hold, if the kernel lets"},
    {{"force", no_argument, NULL, 'F'}, NULL, "take them also from a process that lives"},
    {{"full", no_argument, NULL, 'f'}, NULL, "Intel: add the bits that kperfdata drops"},
    {{"kperf", required_argument, NULL, 'K'}, "PATH", "the kperf library (default: macOS's own)"},
    {{"kperfdata", required_argument, NULL, 'D'},
     "PATH",
     "the kperfdata library (default: macOS's own)"},
    {{"words", required_argument, NULL, 'W'},
     "FROM",
     "verify (default: both, and equal), static or kperfdata"},
    {{"events", required_argument, NULL, 'e'}, "LIST", "events, by any name, with commas between"},
    {{"repeat", required_argument, NULL, 'b'}, "N", "how many times (default 100)"},
    {{"calibrate", no_argument, NULL, 'C'}, NULL, "measure a loop of kpep's own"},
    {{"all", no_argument, NULL, 'a'}, NULL, "every event of the CPU"},
    {{"plain", no_argument, NULL, 'p'}, NULL, "every name, one a line, and nothing else"},
    {{"json", no_argument, NULL, 'j'}, NULL, "JSON instead of text"},
    {{"help", no_argument, NULL, 'h'}, NULL, "this text"},
};

enum { OPTIONS = sizeof option_list / sizeof option_list[0] };

/* One line; what was typed may be in it, and is shown as printable ASCII. */
static void say(const char *kind, const char *format, va_list args)
{
    char text[2048];

    vsnprintf(text, sizeof text, format, args);
    fprintf(stderr, "kpep: %s", kind);
    for (const char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            fprintf(stderr, "\\x%02x", (unsigned char)*c);
        else
            fputc(*c, stderr);
    fputc('\n', stderr);
}

void cli_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void cli_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("warning: ", format, args);
    va_end(args);
}

static void print_help(FILE *to)
{
    fputs("usage: kpep COMMAND [OPTION...] [ARGUMENT...]\n"
          "\n"
          "What Apple's CPU performance counters can count, on any chip, on any machine.\n\n",
          to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %s\n", commands[i].usage);
    fputs("\n"
          "kpep COMMAND --help tells more; kpep --version which one this is.\n"
          "Exit status: 0 done, 1 the answer is no, 2 bad command line, 3 the system refused.\n",
          to);
}

const struct command *cli_command(size_t n)
{
    return n < COMMANDS ? &commands[n] : NULL;
}

const struct cli_option *cli_option(const struct command *command, size_t n)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        int letter = option_list[i].option.val;

        if ((letter == 'h' || strchr(command->options, letter) != NULL) && n-- == 0)
            return &option_list[i];
    }
    return NULL;
}

/* -r is --repeat: 'r' is --release, which has no short form. */
const char *cli_short_option(int letter)
{
    return letter == 'e' ? "-e, " : letter == 'b' ? "-r, " : "";
}

static void print_command_help(const struct command *command)
{
    const struct cli_option *option;

    printf("usage: %s\n\n%s\n\n", command->usage, command->help);
    for (size_t n = 0; (option = cli_option(command, n)) != NULL; n++) {
        char left[40];

        snprintf(left, sizeof left, "%s--%s%s%s", cli_short_option(option->option.val),
                 option->option.name, option->argument == NULL ? "" : " ",
                 option->argument == NULL ? "" : option->argument);
        printf("  %-17s %s\n", left, option->help);
    }
}

static int check_arguments(const struct command *command, const struct cli *cli)
{
    if (cli->count < command->least || cli->count > command->most)
        cli_error("%s takes %s (kpep %s --help)", command->name,
                  command->most == 0    ? "no argument"
                  : command->most > 1   ? "events"
                  : command->least == 0 ? "at most one argument"
                                        : "one argument",
                  command->name);
    else if (cli->count == 0 && !cli->all && strchr(command->options, 'a') != NULL)
        cli_error("%s takes events, or --all (kpep %s --help)", command->name, command->name);
    else if (cli->live && (cli->cpu != NULL || cli->release != NULL))
        cli_error("--live has the events of this Mac alone: no --%s (kpep %s --help)",
                  cli->cpu != NULL ? "cpu" : "release", command->name);
    else if (!cli->live && strchr(command->options, 'l') != NULL &&
             (cli->kperf != NULL || cli->kperfdata != NULL))
        cli_error("%s takes --%s with --live only (kpep %s --help)", command->name,
                  cli->kperf != NULL ? "kperf" : "kperfdata", command->name);
    else if (cli->cpu == NULL && !cli->live && strstr(command->usage, " --cpu CPU") != NULL)
        cli_error("%s needs --cpu CPU%s (kpep cpus shows what there is)", command->name,
                  strchr(command->options, 'l') == NULL ? "" : " or --live");
    else
        return EXIT_OK;
    return EXIT_USAGE;
}

/*
 * getopt_long()'s value of a long option is its letter and this, so that an
 * error of one ('?', with the value in optopt) is not taken for one of "-c".
 */
enum { LONG = 256 };

static const char *long_name(int value)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (option_list[i].option.val + LONG == value)
            return option_list[i].option.name;
    return "";
}

/* What getopt_long() did not like: its own words would show the argument raw. */
static int option_error(const struct command *command, int letter, const char *argument)
{
    if (letter == ':')
        cli_error("--%s needs a value (kpep %s --help)", long_name(optopt), command->name);
    else if (optopt >= LONG)
        cli_error("--%s takes no value (kpep %s --help)", long_name(optopt), command->name);
    else if (optopt != 0)
        cli_error("%s takes no option '-%c' (kpep %s --help)", command->name, optopt,
                  command->name);
    else
        cli_error("%s takes no option '%.100s' (kpep %s --help)", command->name, argument,
                  command->name);
    return EXIT_USAGE;
}

static void take_option(struct cli *cli, int letter)
{
    cli->json |= letter == 'j';
    cli->plain |= letter == 'p';
    cli->metrics |= letter == 'm';
    cli->all |= letter == 'a';
    cli->user_only |= letter == 'U';
    cli->full |= letter == 'f';
    cli->cpu = letter == 'c' ? optarg : cli->cpu;
    cli->release = letter == 'r' ? optarg : cli->release;
    cli->strategy = letter == 's' ? optarg : cli->strategy;
    cli->counters = letter == 'n' ? optarg : cli->counters;
    cli->calibrate |= letter == 'C';
    cli->live |= letter == 'l';
    cli->insist |= letter == 'i';
    cli->force |= letter == 'F';
    cli->kperf = letter == 'K' ? optarg : cli->kperf;
    cli->kperfdata = letter == 'D' ? optarg : cli->kperfdata;
    cli->words = letter == 'W' ? optarg : cli->words;
    cli->events = letter == 'e' ? optarg : cli->events;
    cli->repeat = letter == 'b' ? optarg : cli->repeat;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct option options[OPTIONS + 1] = {{0}};
    struct cli cli = {0};
    int letter;

    for (size_t i = 0; i < OPTIONS; i++) {
        options[i] = option_list[i].option;
        options[i].val += LONG;
    }
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":he:r:", options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return option_error(command, letter, argv[optind - 1]);
        letter = letter == 'r' ? 'b' : letter % LONG; /* -r is --repeat, not --release */
        if (letter == 'h') {
            print_command_help(command);
            return EXIT_OK;
        }
        if (strchr(command->options, letter) == NULL) {
            cli_error("%s takes no option '--%s' (kpep %s --help)", command->name,
                      long_name(letter + LONG), command->name);
            return EXIT_USAGE;
        }
        take_option(&cli, letter);
    }
    cli.count = argc - optind;
    cli.arguments = argv + optind;
    return check_arguments(command, &cli) == EXIT_OK ? command->run(&cli) : EXIT_USAGE;
}

/* What was printed must have arrived: a full disk or a closed pipe is no success. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    cli_error("cannot write to standard output");
    return EXIT_NO;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return flushed(EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("kpep " KPEP_VERSION);
        return flushed(EXIT_OK);
    }
    if (strcmp(argv[1], "--complete") == 0)
        return flushed(cli_complete(argc - 2, argv + 2));
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return flushed(run(&commands[i], argc - 1, argv + 1));
    cli_error("no command '%.100s' (expected cpus, list, show, names, encode, plan, check, measure "
              "or reset)",
              argv[1]);
    return EXIT_USAGE;
}
