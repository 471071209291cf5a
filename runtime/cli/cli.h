/*
 * The command line of kpep: its commands, its options, and what the commands share: choosing a CPU
 * and release, texts of events, tables.
 */
#ifndef KPEP_CLI_H
#define KPEP_CLI_H

#include "common/json.h"
#include "common/options.h"
#include "common/report.h"
#include "kpdb.h"

/* Room for any event's name as typed; longer ones are cut where they are shown. */
enum { CLI_NAME_MAX = 160 };
/* Room for a dispute in words. */
enum { CLI_DISPUTE_MAX = 512 };

/* A command is a file here, with its row, and a line here. */
#define COMMANDS(X) \
    X(cpus)         \
    X(list)         \
    X(show)         \
    X(names)        \
    X(encode)       \
    X(plan)         \
    X(check)        \
    X(measure)      \
    X(reset)

#define COMMAND_DECLARATION(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARATION)
#undef COMMAND_DECLARATION

/* The numbers of the rows in main.c: the order of --help. */
enum {
    OPT_CPU = 1,
    OPT_RELEASE,
    OPT_LIVE,
    OPT_SOURCES,
    OPT_METRICS,
    OPT_STRATEGY,
    OPT_COUNTERS,
    OPT_USER_ONLY,
    OPT_INSIST,
    OPT_FORCE,
    OPT_FULL,
    OPT_KPERF,
    OPT_KPERFDATA,
    OPT_WORDS,
    OPT_EVENTS,
    OPT_REPEAT,
    OPT_CALIBRATE,
    OPT_ALL,
    OPT_LONG,
    OPT_PLAIN,
    OPT_JSON,
    OPTIONS,
};

/* Everything a command line can say; what is not there is NULL, 0 or no words. */
struct arguments {
    struct operands operands;
    const char *cpu, *release;
    const struct option_word *counters, *strategy; /* of placement.h */
    const struct option_word *words;               /* of live.h */
    const char *kperf, *kperfdata;                 /* paths */
    struct option_list events;
    unsigned long repeat;
    bool json, plain, metrics, all, user_only, full, calibrate, live, insist, force, sources,
        meanings;
};

/* complete.c: what the operands of a command could become, for its row. */
int complete_pattern(const struct completion *completion);
int complete_event(const struct completion *completion);
int complete_any_event(const struct completion *completion);
int complete_name(const struct completion *completion);

/* A chip's name as one types it: "M1 Max" is m1-max. */
const char *cli_typed(const char *name, char *text, size_t size);

/*
 * The CPU and release that the options name. A CPU's release is its newest
 * when none was asked for. EXIT_OK, or EXIT_NO after a message with the nearest
 * name.
 */
int cli_cpu(const struct arguments *arguments, unsigned *cpu);
int cli_release(const struct arguments *arguments, int *release); /* -1 when none was asked for */
int cli_release_on(const struct arguments *arguments, unsigned cpu, int *release);
/* The releases that are not whole and whose part of it lacks the CPU: it may be in them. */
uint32_t cli_unseen(const struct kpdb_cpu *info);
/* The name of the newest of some releases; NULL for none. */
const char *cli_newest(uint32_t releases);
/* "kpep: a14 has no 'X' in macos-26.4 (macos-15 has it)" */
void cli_no_event_on(unsigned cpu, int release, const char *name, size_t length);
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
/* Whether it is not empty and no shell pattern, but a word, which may be a part. */
bool cli_is_word(const char *pattern);
/* Whether it matches the event's name, one of its aliases or its chip-agnostic names. */
bool cli_match_event(const char *pattern, unsigned cpu, int release,
                     const struct kpdb_event *event);
/* Whether it is a word that is in what the event counts, or in a name of it, whatever the case. */
bool cli_match_meaning(const char *pattern, const struct kpdb_event *event);
bool cli_match_part(const char *pattern, unsigned cpu, int release, const struct kpdb_event *event);
/* What an event counts, by its id, "(likely)" behind it if it is doubted; "" when not known. */
const char *cli_meaning(unsigned id, char *text, size_t size);

/*
 * One by one, with what was given to the function: all that --cpu takes for one CPU, and for every
 * one; every release; every chip-agnostic name.
 */
void cli_cpu_names(unsigned cpu, void (*each)(const void *user, const char *name),
                   const void *user);
void cli_each_cpu(void (*each)(const void *user, const char *name), const void *user);
void cli_each_release(void (*each)(const void *user, const char *name), const void *user);
void cli_each_name(void (*each)(const void *user, const char *name), const void *user);
/* The n-th alias of an event on a CPU, and the n-th chip-agnostic name; NULL after the last. */
const char *cli_alias(unsigned cpu, int release, const struct kpdb_event *event, unsigned n);
/* Every release that has the event by this name, whatever its values. */
uint32_t cli_event_releases(unsigned cpu, const struct kpdb_event *event);
const char *cli_name(unsigned cpu, int release, const struct kpdb_event *event, unsigned n);

/* The keys of one event as `kpep list --json` has them, in an object that is begun. */
void cli_event_json(struct json *json, unsigned cpu, int release, const struct kpdb_event *event);
void cli_releases_json(struct json *json, const char *key, uint32_t releases);

/*
 * sources.c: where the values of an event come from. As the JSON key "sources"; as `show --sources`
 * has it, a table on stdout; and "X by A; Y by B", a dispute in words.
 */
void cli_sources_json(struct json *json, unsigned cpu, const struct kpdb_event *event);
void cli_sources_text(struct arena *arena, const char *name, int release);
const char *cli_dispute(const struct kpdb_dispute *dispute, char *text, size_t size);

/* On stdout: whether titles are bold (a terminal, not a dumb one, no NO_COLOR). */
bool cli_bold(void);

/*
 * A table of text with columns as wide as they need be. All of it is in the arena. A
 * column whose title begins with '>' is aligned to the right; one that has
 * nothing ("" or "-") in every row is left out. The first row is the titles',
 * bold on a terminal.
 */
struct table;
struct table *table_new(struct arena *arena, unsigned columns);
void table_cell(struct table *table, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line below the last row, indented; "" for none. */
void table_note(struct table *table, const char *text);
void table_titles(struct table *table, const char *const *titles); /* one a column */
void table_print(const struct table *table);                       /* to stdout */

/* "0-1", "2-9", "5,7": the counters of a mask; into text, of at least 128 bytes. */
const char *cli_counters(uint32_t mask, char *text, size_t size);
/* "macos-15, macos-26.4": the releases of a mask. */
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
