/* kpep list: the events of one CPU. */
#include "cli.h"

static struct table *event_table(void)
{
    static const char *const titles[] = {"name", ">number", ">umask", "counters", "names"};
    struct table *table = table_new(sizeof titles / sizeof titles[0]);

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        table_cell(table, "%s", titles[i]);
    return table;
}

static void event_row(struct table *table, unsigned cpu, int release,
                      const struct kpdb_event *event)
{
    char text[128], names[256] = "";
    const char *name;

    for (unsigned n = 0; (name = cli_alias(cpu, event, n)) != NULL; n++)
        cli_append(names, sizeof names, name);
    for (unsigned n = 0; (name = cli_name(cpu, release, event, n)) != NULL; n++)
        cli_append(names, sizeof names, name);
    table_cell(table, "%s", kpdb_event_name(event->id));
    if (event->fixed >= 0)
        table_cell(table, "fixed");
    else
        table_cell(table, "0x%x", event->number);
    table_cell(table, event->umask == 0 ? "-" : "0x%02x", event->umask);
    table_cell(table, "%s", cli_counters(event->counters, text, sizeof text));
    table_cell(table, "%s", names);
}

int run_list(const struct cli *cli)
{
    const char *pattern = cli->count == 0 ? "*" : cli->arguments[0];
    struct json json = {.out = stdout};
    struct table *table = NULL;
    struct kpdb_event event = {0};
    unsigned cpu, shown = 0;
    int release;

    if (cli_cpu(cli, &cpu) != CLI_OK || cli_release_on(cli, cpu, &release) != CLI_OK)
        return CLI_NO;
    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id) {
        if (!(event.releases >> release & 1) || !cli_match_event(pattern, cpu, release, &event))
            continue;
        if (shown++ == 0 && cli->json)
            json_begin(&json, NULL, '[');
        else if (shown == 1)
            table = event_table();
        if (!cli->json) {
            event_row(table, cpu, release, &event);
            continue;
        }
        json_begin_line(&json, NULL, '{');
        cli_event_json(&json, cpu, release, &event);
        json_end(&json, '}');
    }
    if (shown == 0) {
        cli_error("no event of %s matches '%.100s' (a pattern like '*%.90s*' matches a part)",
                  cli->cpu, pattern, pattern);
        return CLI_NO;
    }
    if (cli->json)
        json_end(&json, ']');
    else
        table_print(table);
    return CLI_OK;
}
