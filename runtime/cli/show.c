/* kpep show: one event on every CPU. */
#include "cli.h"

#include <string.h>

/* On one CPU: in the release asked for, or else in its newest, or else in any. */
static int find_on(unsigned cpu, int release, const char *name, struct kpdb_event *event,
                   int *found_in)
{
    int result;

    *found_in = release >= 0 ? release : kpdb_cpu_newest(cpu);
    result = kpdb_find(cpu, *found_in, name, strlen(name), event);
    if (result != KPDB_NOT_IN_RELEASE || release >= 0)
        return result;
    result = kpdb_find(cpu, KPDB_ANY_RELEASE, name, strlen(name), event);
    for (*found_in = 0; result == KPDB_OK && !(event->releases >> *found_in & 1);)
        ++*found_in;
    return result;
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
        json_end(&json, '}');
    }
    json_end(&json, ']');
    json_begin_line(&json, "missing", '[');
    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++)
        if (find_on(cpu, release, name, &event, &found_in) != KPDB_OK)
            json_string(&json, NULL, info.db);
    json_end(&json, ']');
    json_end(&json, '}');
}

static void show_row(struct table *table, const struct kpdb_cpu *info,
                     const struct kpdb_event *event)
{
    char counters[128], releases[256] = "";

    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (event->releases >> r & 1)
            cli_append(releases, sizeof releases, kpdb_release_name(r));
    table_cell(table, "%s", info->db);
    table_cell(table, "%s", kpdb_event_name(event->id));
    if (event->fixed >= 0)
        table_cell(table, "fixed");
    else
        table_cell(table, "0x%x", event->number);
    table_cell(table, event->umask == 0 ? "-" : "0x%02x", event->umask);
    table_cell(table, "%s", cli_counters(event->counters, counters, sizeof counters));
    table_cell(table, "%s", releases);
}

static void show_text(const char *name, int release)
{
    static const char *const titles[] = {"db",     "event",    ">number",
                                         ">umask", "counters", "releases"};
    struct table *table = table_new(sizeof titles / sizeof titles[0]);
    int portable = kpdb_name_find(name, strlen(name));
    char missing[512] = "";
    struct kpdb_event event;
    struct kpdb_name about;
    struct kpdb_cpu info;
    int found_in;

    if (portable >= 0 && kpdb_name((unsigned)portable, &about) == KPDB_OK)
        printf("%s, in %s: %s\n\n", about.name, about.unit, about.summary);
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        table_cell(table, "%s", titles[i]);
    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++)
        if (find_on(cpu, release, name, &event, &found_in) == KPDB_OK)
            show_row(table, &info, &event);
        else
            cli_append(missing, sizeof missing, info.db);
    table_print(table);
    if (*missing != '\0')
        printf("\nnot on %s\n", missing);
}

int run_show(const struct cli *cli)
{
    const char *name = cli->arguments[0];
    struct kpdb_event event;
    bool found = false;
    int release, found_in;

    if (cli_release(cli, &release) != CLI_OK)
        return CLI_NO;
    for (unsigned cpu = 0; cpu < kpdb_cpu_count() && !found; cpu++)
        found = find_on(cpu, release, name, &event, &found_in) == KPDB_OK;
    if (!found && kpdb_find(0, KPDB_ANY_RELEASE, name, strlen(name), &event) == KPDB_NO_EVENT) {
        cli_unknown_event(name);
        return CLI_NO;
    }
    if (cli->json)
        show_json(name, release);
    else if (found)
        show_text(name, release);
    if (!found)
        cli_error("no CPU has '%.100s'%s%s", name, release < 0 ? "" : " in ",
                  release < 0 ? "" : kpdb_release_name((unsigned)release));
    return found ? CLI_OK : CLI_NO;
}
