/* kpep cpus: the CPUs of the tables, to standard output. */
#include "cli.h"

#include <string.h>

static const char *id_text(const struct kpdb_cpu_id *id, char *text, size_t size)
{
    snprintf(text, size, "cpu_%x_%x_%x", (unsigned)id->type, (unsigned)id->subtype,
             (unsigned)id->family);
    return text;
}

static void ids_json(struct json *json, unsigned cpu)
{
    struct kpdb_cpu_id id;
    const char *chip;
    char text[40];

    json_begin(json, "ids", '[');
    for (unsigned i = 0; kpdb_cpu_id(cpu, i, &id) == KPDB_OK; i++) {
        json_begin_line(json, NULL, '{');
        json_string(json, "id", id_text(&id, text, sizeof text));
        json_begin_line(json, "chips", '[');
        for (unsigned n = 0; (chip = kpdb_cpu_id_chip(cpu, i, n)) != NULL; n++)
            json_string(json, NULL, chip);
        json_end(json, ']');
        json_string(json, "confidence", kpdb_cpu_id_confidence(cpu, i));
        json_string(json, "note", kpdb_cpu_id_note(cpu, i));
        json_end(json, '}');
    }
    json_end(json, ']');
}

static void cpu_json(struct json *json, unsigned cpu, const struct kpdb_cpu *info)
{
    struct kpdb_cpu_id id;
    const char *chip;
    char text[40];

    json_begin(json, NULL, '{');
    json_string(json, "db", info->db);
    json_string(json, "arch", kpdb_arch_name(info->arch));
    json_string(json, "marketing_name", info->marketing_name);
    json_begin_line(json, "chips", '[');
    for (unsigned n = 0; (chip = kpdb_cpu_chip(cpu, n)) != NULL; n++)
        json_string(json, NULL, chip);
    json_end(json, ']');
    json_begin_line(json, "cpu_ids", '[');
    for (unsigned n = 0; kpdb_cpu_id(cpu, n, &id) == KPDB_OK; n++)
        json_string(json, NULL, id_text(&id, text, sizeof text));
    json_end(json, ']');
    ids_json(json, cpu);
    json_number(json, "fixed_counters", info->fixed_counters);
    json_number(json, "config_counters", info->config_counters);
    json_number(json, "power_counters", info->power_counters);
    json_number(json, "event_bits", info->event_bits);
    json_number(json, "events", info->events);
    cli_releases_json(json, "releases", info->releases);
    cli_releases_json(json, "not_in_snapshot", cli_unseen(info));
    json_end(json, '}');
}

/* Whether it is sure that the chip has one of the CPU's ids. */
static bool is_sure_chip(unsigned cpu, const char *chip)
{
    struct kpdb_cpu_id id;

    for (unsigned i = 0; kpdb_cpu_id(cpu, i, &id) == KPDB_OK; i++) {
        const char *confidence = kpdb_cpu_id_confidence(cpu, i), *other;

        if (confidence == NULL || strcmp(confidence, "high") != 0)
            continue;
        for (unsigned n = 0; (other = kpdb_cpu_id_chip(cpu, i, n)) != NULL; n++)
            if (strcmp(other, chip) == 0)
                return true;
    }
    return false;
}

/* "M5 Pro, A19?, (unnamed)": what is not sure with a '?', and that an id has no known chip. */
static const char *chips_text(unsigned cpu, char *text, size_t size)
{
    struct kpdb_cpu_id id;
    const char *chip;
    char word[CLI_NAME_MAX];
    bool unnamed = false;

    *text = '\0';
    for (unsigned n = 0; (chip = kpdb_cpu_chip(cpu, n)) != NULL; n++) {
        snprintf(word, sizeof word, "%s%s", chip, is_sure_chip(cpu, chip) ? "" : "?");
        cli_append(text, size, word);
    }
    for (unsigned i = 0; kpdb_cpu_id(cpu, i, &id) == KPDB_OK; i++)
        unnamed |= kpdb_cpu_id_chip(cpu, i, 0) == NULL;
    if (unnamed)
        cli_append(text, size, "(unnamed)");
    return cli_or_dash(text);
}

static void cpu_row(struct table *table, unsigned cpu, const struct kpdb_cpu *info)
{
    char text[1 << 13]; /* 255 ids */
    struct kpdb_cpu_id id;

    table_cell(table, "%s", info->db);
    table_cell(table, "%s", chips_text(cpu, text, sizeof text));
    table_cell(table, "%s", kpdb_arch_name(info->arch));
    table_cell(table, "%u", info->events);
    table_cell(table, "%s", cli_counters(info->fixed_counters, text, sizeof text));
    table_cell(table, "%s", cli_counters(info->config_counters, text, sizeof text));
    table_cell(table, "%s", cli_counters(info->power_counters, text, sizeof text));
    table_cell(table, "%u", info->event_bits);
    table_cell(table, "%s", cli_releases(info->releases, text, sizeof text));
    *text = '\0';
    for (unsigned n = 0; kpdb_cpu_id(cpu, n, &id) == KPDB_OK; n++) {
        char one[40];

        cli_append(text, sizeof text, id_text(&id, one, sizeof one));
    }
    table_cell(table, "%s", cli_or_dash(text));
}

void cli_cpu_names(unsigned cpu, void (*each)(const void *user, const char *name), const void *user)
{
    char text[CLI_NAME_MAX];
    struct kpdb_cpu info;
    struct kpdb_cpu_id id;
    const char *name;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return;
    each(user, info.db);
    for (unsigned n = 0; (name = kpdb_cpu_also(cpu, n)) != NULL; n++)
        each(user, name);
    for (unsigned n = 0; (name = kpdb_cpu_chip(cpu, n)) != NULL; n++)
        if (!cli_match(info.db, name))
            each(user, cli_typed(name, text, sizeof text));
    for (unsigned n = 0; kpdb_cpu_id(cpu, n, &id) == KPDB_OK; n++)
        each(user, id_text(&id, text, sizeof text));
}

void cli_each_cpu(void (*each)(const void *user, const char *name), const void *user)
{
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        cli_cpu_names(cpu, each, user);
}

/* The CPU in a release, with the events that it has there; or, of none, as kpdb_cpu() has it. */
static bool cpu_in(unsigned cpu, int release, struct kpdb_cpu *info)
{
    struct kpdb_event event;

    if (kpdb_cpu_in(cpu, release, info) != KPDB_OK)
        return false;
    if (release < 0)
        return true;
    info->events = 0;
    for (int id = -1; kpdb_next_in(cpu, release, id, &event) == KPDB_OK; id = event.id)
        info->events++;
    return true;
}

static void print_name(const void *user, const char *name)
{
    (void)user;
    puts(name);
}

static struct table *cpu_table(struct arena *arena)
{
    static const char *const titles[] = {"db",     "chips", "arch",  ">events",  "fixed",
                                         "config", "power", ">bits", "releases", "cpu ids"};
    struct table *table = table_new(arena, sizeof titles / sizeof titles[0]);

    table_titles(table, titles);
    return table;
}

/* Prints what a part of a release lacks: of that release the CPUs, or of all the releases. */
static void print_unseen(int release)
{
    const char *before = "\nnot in this snapshot: ";
    uint32_t parts = 0;
    struct kpdb_cpu info;
    char text[256];

    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++) {
        uint32_t unseen = cli_unseen(&info);

        parts |= unseen;
        if (release >= 0 && (unseen >> release & 1) != 0) {
            printf("%s%s", before, info.db);
            before = ", ";
        }
    }
    if (release < 0 && parts != 0)
        printf("\nKnown in part only: %s. A CPU without one of these may be in it all the same.\n",
               cli_releases(parts, text, sizeof text));
    else if (*before == ',')
        putchar('\n');
}

static int run_cpus(struct arena *arena, const struct arguments *arguments)
{
    struct json json = {.out = stdout};
    struct table *table = NULL;
    struct kpdb_cpu info;
    int release;

    if (cli_release(arguments, &release) != EXIT_OK)
        return EXIT_NO;
    if (arguments->json)
        json_begin(&json, NULL, '[');
    else if (!arguments->plain)
        table = cpu_table(arena);
    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++) {
        if (!cpu_in(cpu, release, &info))
            continue;
        if (arguments->json)
            cpu_json(&json, cpu, &info);
        else if (arguments->plain)
            cli_cpu_names(cpu, print_name, NULL);
        else
            cpu_row(table, cpu, &info);
    }
    if (arguments->json)
        json_end(&json, ']');
    else if (!arguments->plain) {
        table_print(table);
        print_unseen(release);
    }
    return EXIT_OK;
}

const struct command command_cpus = {
    .name = "cpus",
    .run = run_cpus,
    .takes =
        (const struct option_use[]){
            {.option = OPT_RELEASE},
            {.option = OPT_PLAIN},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .help = "The CPUs the tables know: databases, chips, ids, counters and releases.",
};
