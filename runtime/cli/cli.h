/* What the subcommands of kpep share: options, choosing a CPU and release, tables of text. */
#ifndef KPEP_CLI_H
#define KPEP_CLI_H

#include "common/json.h"
#include "common/program.h"
#include "kpdb.h"

#include <getopt.h>

/* Room for any event's name as typed; longer ones are cut where they are shown. */
enum { CLI_NAME_MAX = 160 };

struct cli {
    const char *cpu;               /* as typed, or NULL */
    const char *release;           /* as typed, or NULL */
    const char *counters;          /* "forced", "unforced" or NULL */
    const char *strategy;          /* "optimal", "kperfdata" or NULL */
    const char *kperf, *kperfdata; /* paths, or NULL */
    const char *words;             /* "verify", "static", "kperfdata" or NULL */
    const char *events, *repeat;   /* of measure, as typed */
    bool json, plain, metrics, all, user_only, full, calibrate, live, insist, force;
    int count; /* of arguments */
    char **arguments;
};

struct command {
    const char *name;
    const char *options; /* letters of the options it takes: see main.c */
    int least, most;     /* arguments */
    int (*run)(const struct cli *cli);
    const char *usage, *help;
};

/* An option by its letter, which is no short form of it; with what its value is called, or NULL. */
struct cli_option {
    struct option option;
    const char *argument, *help;
};

/* The n-th command, and the n-th option that one takes; NULL after the last. */
const struct command *cli_command(size_t n);
const struct cli_option *cli_option(const struct command *command, size_t n);
/* "-e, ", or "" for an option without a short form. */
const char *cli_short_option(int letter);
/* kpep --complete, see complete.c: of what is typed behind kpep. */
int cli_complete(int count, char **words);

int run_cpus(const struct cli *cli);
int run_list(const struct cli *cli);
int run_show(const struct cli *cli);
int run_names(const struct cli *cli);
int run_encode(const struct cli *cli);
int run_plan(const struct cli *cli);
int run_check(const struct cli *cli);
int run_measure(const struct cli *cli);
int run_reset(const struct cli *cli);

/* "kpep: ..." on stderr. */
void cli_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A chip's name as one types it: "M1 Max" is m1-max. */
const char *cli_typed(const char *name, char *text, size_t size);
/* The end: "kpep: out of memory". */
void cli_no_memory(void) __attribute__((noreturn));

/*
 * The CPU and release that the options name. A CPU's release is its newest
 * when none was asked for. EXIT_OK, or EXIT_NO after a message with the nearest
 * name.
 */
int cli_cpu(const struct cli *cli, unsigned *cpu);
int cli_release(const struct cli *cli, int *release); /* -1 when none was asked for */
int cli_release_on(const struct cli *cli, unsigned cpu, int *release);
/* "kpep: no event 'X' (did you mean 'Y'?)": the nearest of all events, aliases and names. */
void cli_unknown_event(const char *name);
/*
 * The nearer of two names to what was typed; *best, the distance to beat, begins as cli_reach():
 * what is further away than a third of what was typed is no suggestion.
 */
const char *cli_nearer(const char *typed, const char *name, const char *nearest, unsigned *best);
unsigned cli_reach(const char *typed);

/* Whether a shell pattern (* ? [...]; case does not matter) matches the whole name. */
bool cli_match(const char *pattern, const char *name);
/* Whether it matches the event's name, one of its aliases or its chip-agnostic names. */
bool cli_match_event(const char *pattern, unsigned cpu, int release,
                     const struct kpdb_event *event);

/* Everything that --cpu takes for a CPU, one by one, with what was given to the function. */
void cli_cpu_names(unsigned cpu, void (*each)(const void *user, const char *name),
                   const void *user);
/* The n-th alias of an event on a CPU, and the n-th chip-agnostic name; NULL after the last. */
const char *cli_alias(unsigned cpu, const struct kpdb_event *event, unsigned n);
const char *cli_name(unsigned cpu, int release, const struct kpdb_event *event, unsigned n);

/* The keys of one event as `kpep list --json` has them, in an object that is begun. */
void cli_event_json(struct json *json, unsigned cpu, int release, const struct kpdb_event *event);
void cli_releases_json(struct json *json, uint32_t releases);

/* On stdout: whether titles are bold (a terminal, not a dumb one, no NO_COLOR). */
bool cli_bold(void);

/*
 * A table of text with columns as wide as they need be. Cells are copied. A
 * column whose title begins with '>' is aligned to the right; one that has
 * nothing ("" or "-") in every row is left out. The first row is the titles',
 * bold on a terminal.
 */
struct table;
struct table *table_new(unsigned columns);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *table); /* to stdout, and frees it */

/* "0-1", "2-9", "5,7": the counters of a mask; into text, of at least 128 bytes. */
const char *cli_counters(uint32_t mask, char *text, size_t size);
/* "macos-15, macos-26": the releases of a mask. */
const char *cli_releases(uint32_t releases, char *text, size_t size);
/* "0x8d", or "fixed". */
const char *cli_number(const struct kpdb_event *event, char *text, size_t size);
/* "0x01", or "-" where events have no unit mask. */
const char *cli_umask(enum kpdb_arch arch, const struct kpdb_event *event, char *text, size_t size);
/* The event's aliases and chip-agnostic names, but for `typed` (NULL: all of them). */
const char *cli_other_names(unsigned cpu, int release, const struct kpdb_event *event,
                            const char *typed, char *text, size_t size);
/* "-" for an empty text. */
const char *cli_or_dash(const char *text);
/* Adds a word to a list, with a comma and a space between; what does not fit is cut. */
void cli_append(char *text, size_t size, const char *word);

#endif
