/* kpep show: one event on every CPU, from the tables to standard output. */
#include "live.h"

#include <string.h>

/*
 * The event on one CPU, and the release it was found in: the one asked for and no other; where none
 * was, the CPU's newest, or the newest that has the event.
 */
static int find_on(unsigned cpu, int release, const char *name, struct kpdb_event *event,
                   int *found_in)
{
    int result;

    *found_in = release >= 0 ? release : kpdb_cpu_newest(cpu);
    result = kpdb_find(cpu, *found_in, name, strlen(name), event);
    if (result != KPDB_NOT_IN_RELEASE || release >= 0)
        return result;
    result = kpdb_find(cpu, KPDB_ANY_RELEASE, name, strlen(name), event);
    while (result == KPDB_OK && !(event->releases >> *found_in & 1))
        --*found_in;
    return result;
}

/* What is known of a CPU on which the event was not found. */
enum absence { ABSENT, UNSEEN };

/* UNSEEN: the CPU has it, and is not in what there is of the release. */
static enum absence absence_on(unsigned cpu, int release, const char *name)
{
    struct kpdb_event event;
    struct kpdb_cpu info;

    if (release < 0 || kpdb_cpu(cpu, &info) != KPDB_OK || !(cli_unseen(&info) >> release & 1) ||
        kpdb_find(cpu, KPDB_ANY_RELEASE, name, strlen(name), &event) != KPDB_OK)
        return ABSENT;
    return UNSEEN;
}

static void absence_json(struct json *json, const char *key, const char *name, int release,
                         enum absence absence)
{
    struct kpdb_event event;
    struct kpdb_cpu info;
    int found_in;

    json_begin_line(json, key, '[');
    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++)
        if (find_on(cpu, release, name, &event, &found_in) != KPDB_OK &&
            absence_on(cpu, release, name) == absence)
            json_string(json, NULL, info.db);
    json_end(json, ']');
}

static void show_json(const char *name, int release)
{
    struct json json = {.out = stdout};
    struct kpdb_event event;
    struct kpdb_cpu info;
    int found_in;

    json_begin(&json, NULL, '{');
    json_string(&json, "name", name);
    json_begin(&json, "on", '[');
    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++) {
        if (find_on(cpu, release, name, &event, &found_in) != KPDB_OK)
            continue;
        json_begin_line(&json, NULL, '{');
        json_string(&json, "db", info.db);
        cli_event_json(&json, cpu, found_in, &event);
        cli_sources_json(&json, cpu, &event);
        json_end(&json, '}');
    }
    json_end(&json, ']');
    absence_json(&json, "missing", name, release, ABSENT);
    absence_json(&json, "not_in_snapshot", name, release, UNSEEN);
    json_end(&json, '}');
}

static void show_row(struct table *table, const char *name, unsigned cpu, int found_in,
                     const struct kpdb_event *event)
{
    struct kpdb_cpu info;
    char text[256];

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return;
    table_cell(table, "%s", info.db);
    table_cell(table, "%s", kpdb_event_name(event->id));
    table_cell(table, "%s", cli_number(event, text, sizeof text));
    table_cell(table, "%s", cli_umask(info.arch, event, text, sizeof text));
    table_cell(table, "%s", cli_counters(event->counters, text, sizeof text));
    table_cell(table, "%s", event->fallback == KPDB_NO_ID ? "-" : kpdb_event_name(event->fallback));
    table_cell(table, "%s", cli_releases(event->releases, text, sizeof text));
    table_cell(table, "%s", cli_other_names(cpu, found_in, event, name, text, sizeof text));
    table_cell(table, "%s",
               kpdb_errata(cpu, event->id) == NULL ? "-" : kpdb_errata(cpu, event->id));
}

/* The event as it was found, and where any release will do as each older one has it. */
static void show_versions(struct table *table, const char *name, unsigned cpu, int release,
                          int found_in, const struct kpdb_event *event)
{
    struct kpdb_event version = *event;

    show_row(table, name, cpu, found_in, &version);
    while (release < 0 && kpdb_older(cpu, &version, &version) == KPDB_OK) {
        while (found_in > 0 && !(version.releases >> found_in & 1))
            found_in--;
        show_row(table, name, cpu, found_in, &version);
    }
}

static void show_absence(const char *before, const char *name, int release, enum absence absence)
{
    struct kpdb_event event;
    struct kpdb_cpu info;
    int found_in;

    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++)
        if (find_on(cpu, release, name, &event, &found_in) != KPDB_OK &&
            absence_on(cpu, release, name) == absence) {
            printf("%s%s", before, info.db);
            before = ", ";
        }
    if (*before == ',')
        putchar('\n');
}

/* What it means, above the table: a chip-agnostic name, and once each event that a CPU has. */
static void show_meanings(const char *name, int release)
{
    int portable = kpdb_name_find(name, strlen(name)), found_in;
    struct kpdb_event event, before;
    struct kpdb_name about;
    bool any = false;
    char text[512];

    if (portable >= 0 && kpdb_name((unsigned)portable, &about) == KPDB_OK)
        any = printf("%s (%s): %s\n", about.name, about.unit, about.summary) > 0;
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        bool told = find_on(cpu, release, name, &event, &found_in) != KPDB_OK;

        for (unsigned other = 0; other < cpu && !told; other++)
            told = find_on(other, release, name, &before, &found_in) == KPDB_OK &&
                   before.id == event.id;
        if (!told && *cli_meaning(event.id, text, sizeof text) != '\0')
            any = printf("%s: %s\n", kpdb_event_name(event.id), text) > 0;
    }
    if (any)
        putchar('\n');
}

static void show_text(struct arena *arena, const char *name, int release)
{
    static const char *const titles[] = {"db",       "event",    ">number", ">umask", "counters",
                                         "fallback", "releases", "names",   "errata"};
    struct table *table = table_new(arena, sizeof titles / sizeof titles[0]);
    const char *spelling = NULL, *renamed = NULL;
    struct kpdb_event event;
    int found_in;

    show_meanings(name, release);
    table_titles(table, titles);
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        if (find_on(cpu, release, name, &event, &found_in) != KPDB_OK)
            continue;
        show_versions(table, name, cpu, release, found_in, &event);
        if (renamed == NULL) {
            spelling = kpdb_event_name(event.id);
            renamed = kpdb_renamed(event.id);
        }
    }
    table_print(table);
    if (renamed != NULL)
        printf("\n%s and %s are one event, renamed between releases\n", spelling, renamed);
    show_absence("\nnot on ", name, release, ABSENT);
    show_absence("\nnot in this snapshot: ", name, release, UNSEEN);
}

/* Without a release there is none that has it; with one, another may. */
static void report_not_found(const char *name, int release)
{
    uint32_t releases = 0;
    struct kpdb_event event;

    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        if (kpdb_find(cpu, KPDB_ANY_RELEASE, name, strlen(name), &event) == KPDB_OK)
            releases |= event.releases;
    if (release < 0 || releases == 0)
        report_error(NULL, "no CPU has '%.100s'", name);
    else
        report_error(NULL, "no CPU has '%.100s' in %s%s (%s has it)", name,
                     kpdb_release_whole((unsigned)release) ? "" : "the snapshot of ",
                     kpdb_release_name((unsigned)release), cli_newest(releases));
}

static int run_show(struct arena *arena, const struct arguments *arguments)
{
    const char *name = arguments->operands.words[0];
    struct kpdb_event event;
    bool found = false;
    int release, found_in;

    if (arguments->live)
        return show_live(arena, arguments);
    if (cli_release(arguments, &release) != EXIT_OK)
        return EXIT_NO;
    for (unsigned cpu = 0; cpu < kpdb_cpu_count() && !found; cpu++)
        found = find_on(cpu, release, name, &event, &found_in) == KPDB_OK;
    if (!found && kpdb_find(0, KPDB_ANY_RELEASE, name, strlen(name), &event) == KPDB_NO_EVENT) {
        cli_unknown_event(name);
        return EXIT_NO;
    }
    if (arguments->json)
        show_json(name, release);
    else if (found && arguments->sources)
        cli_sources_text(arena, name, release);
    else if (found)
        show_text(arena, name, release);
    if (!found)
        report_not_found(name, release);
    return found ? EXIT_OK : EXIT_NO;
}

const struct command command_show = {
    .name = "show",
    .run = run_show,
    .takes =
        (const struct option_use[]){
            {.option = OPT_LIVE},
            {.option = OPT_RELEASE, .without = OPT_LIVE},
            {.option = OPT_SOURCES, .without = OPT_LIVE},
            {.option = OPT_KPERF, .with = OPT_LIVE},
            {.option = OPT_KPERFDATA, .with = OPT_LIVE},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .operands = "EVENT",
    .least = 1,
    .most = 1,
    .operands_are = "one argument",
    .complete = complete_any_event,
    .help =
        "One event, by any of its names, on every CPU. With --live, by name or alias, what the\n"
        "kperfdata of the Mac this runs on has of it, with its description; no root. With\n"
        "--sources, where its values in each release come from, and who says otherwise.",
};
