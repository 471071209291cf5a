/*
 * kpep names: chip-agnostic names and metrics and the CPUs that support them, from the tables to
 * standard output.
 */
#include "cli.h"

#include <string.h>

/* The CPUs asked for: one, or all that the release knows. */
struct choice {
    unsigned first, end;
    int release; /* -1: each CPU's newest */
    const char *pattern;
};

static bool is_asked_for(const struct choice *choice, unsigned cpu, struct kpdb_cpu *info)
{
    return kpdb_cpu(cpu, info) == KPDB_OK &&
           (choice->release < 0 || (info->releases >> choice->release & 1));
}

static const char *event_of(const struct choice *choice, unsigned cpu, unsigned name)
{
    int release = choice->release < 0 ? kpdb_cpu_newest(cpu) : choice->release;
    struct kpdb_event event;

    return kpdb_name_on(cpu, release, name, &event) == KPDB_OK ? kpdb_event_name(event.id) : NULL;
}

/* A metric as a CPU has it; false when it is not supported there. */
static bool metric_on(const struct choice *choice, unsigned cpu, unsigned n,
                      struct kpdb_metric *metric)
{
    return kpdb_metric_on(cpu, choice->release < 0 ? kpdb_cpu_newest(cpu) : choice->release, n,
                          metric) == KPDB_OK;
}

static void names_json(const struct choice *choice)
{
    struct json json = {.out = stdout};
    struct kpdb_name name;
    struct kpdb_cpu info;

    json_begin(&json, NULL, '[');
    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        if (!cli_match(choice->pattern, name.name))
            continue;
        json_begin(&json, NULL, '{');
        json_string(&json, "name", name.name);
        json_string(&json, "unit", name.unit);
        json_string(&json, "summary", name.summary);
        json_begin_line(&json, "on", '{');
        for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
            if (is_asked_for(choice, cpu, &info))
                json_string(&json, info.db, event_of(choice, cpu, n));
        json_end(&json, '}');
        json_end(&json, '}');
    }
    json_end(&json, ']');
}

/* By which expression each CPU has the metric. */
static void metric_on_json(struct json *json, const struct choice *choice, unsigned n)
{
    struct kpdb_metric metric;
    struct kpdb_cpu info;

    json_begin_line(json, "on", '{');
    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (is_asked_for(choice, cpu, &info))
            json_string(json, info.db,
                        metric_on(choice, cpu, n, &metric) ? metric.expression : NULL);
    json_end(json, '}');
}

static void metrics_json(const struct choice *choice)
{
    struct json json = {.out = stdout};
    struct kpdb_metric metric;
    struct kpdb_name name;

    json_begin(&json, NULL, '[');
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        if (!cli_match(choice->pattern, metric.name))
            continue;
        json_begin(&json, NULL, '{');
        json_string(&json, "name", metric.name);
        json_string(&json, "unit", metric.unit);
        json_string(&json, "summary", metric.summary);
        json_string(&json, "expression", metric.expression);
        json_begin_line(&json, "names", '[');
        for (unsigned i = 0; i < metric.name_count; i++)
            if (kpdb_name(metric.names[i], &name) == KPDB_OK)
                json_string(&json, NULL, name.name);
        json_end(&json, ']');
        metric_on_json(&json, choice, m);
        json_end(&json, '}');
    }
    json_end(&json, ']');
}

static void names_of_one(struct arena *arena, const struct choice *choice)
{
    struct table *table = table_new(arena, 4);
    struct kpdb_name name;

    table_cell(table, "name");
    table_cell(table, "event");
    table_cell(table, "unit");
    table_cell(table, "summary");
    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        const char *event = event_of(choice, choice->first, n);

        if (!cli_match(choice->pattern, name.name))
            continue;
        table_cell(table, "%s", name.name);
        table_cell(table, "%s", event == NULL ? "not supported" : event);
        table_cell(table, "%s", name.unit);
        table_cell(table, "%s", name.summary);
    }
    table_print(table);
}

enum { MATRIX_LINE_MAX = 1024 };

/* A line of the matrix without the blanks at its end. */
static void print_line(char *line)
{
    size_t length = strlen(line);

    while (length > 0 && line[length - 1] == ' ')
        length--;
    printf("%.*s\n", (int)length, line);
}

static void add_mark(char *line, char mark)
{
    size_t length = strlen(line);

    if (length + 3 <= MATRIX_LINE_MAX)
        snprintf(line + length, 3, " %c", mark);
}

/* The databases, from top to bottom: a column is one letter wide. */
static void matrix_titles(const struct choice *choice, int width)
{
    struct kpdb_cpu info;
    char line[MATRIX_LINE_MAX];
    size_t height = 0;

    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (is_asked_for(choice, cpu, &info) && strlen(info.db) > height)
            height = strlen(info.db);
    for (size_t rest = height; rest > 0; rest--) {
        snprintf(line, sizeof line, "%-*s", width, rest == 1 ? "name" : "");
        for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
            if (is_asked_for(choice, cpu, &info)) {
                size_t length = strlen(info.db);

                add_mark(line, length < rest ? ' ' : info.db[length - rest]);
            }
        print_line(line);
    }
}

/* A column a CPU: + where it supports the name. */
static void names_matrix(const struct choice *choice)
{
    struct kpdb_cpu info;
    struct kpdb_name name;
    char line[MATRIX_LINE_MAX];
    int width = (int)strlen("name");

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        if (cli_match(choice->pattern, name.name) && (int)strlen(name.name) > width)
            width = (int)strlen(name.name);
    fputs(cli_bold() ? "\033[1m" : "", stdout);
    matrix_titles(choice, width);
    fputs(cli_bold() ? "\033[0m" : "", stdout);
    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        if (!cli_match(choice->pattern, name.name))
            continue;
        snprintf(line, sizeof line, "%-*s", width, name.name);
        for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
            if (is_asked_for(choice, cpu, &info))
                add_mark(line, event_of(choice, cpu, n) == NULL ? '.' : '+');
        print_line(line);
    }
}

static void metrics_text(struct arena *arena, const struct choice *choice)
{
    struct table *table = table_new(arena, 4);
    struct kpdb_metric metric, there;
    struct kpdb_cpu info;
    bool one = choice->end - choice->first == 1;

    table_cell(table, "metric");
    table_cell(table, "unit");
    table_cell(table, "%s", one ? "supported" : ">CPUs");
    table_cell(table, "expression");
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        unsigned count = 0;

        if (!cli_match(choice->pattern, metric.name))
            continue;
        for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
            count += is_asked_for(choice, cpu, &info) && metric_on(choice, cpu, m, &there);
        table_cell(table, "%s", metric.name);
        table_cell(table, "%s", metric.unit);
        if (one)
            table_cell(table, "%s", count == 1 ? "yes" : "no");
        else
            table_cell(table, "%u", count);
        table_cell(table, "%s", one && count == 1 ? there.expression : metric.expression);
    }
    table_print(table);
}

/* Names or metrics that match, a line each; with --cpu those that it supports. */
static void names_plain(const struct choice *choice, bool metrics)
{
    const bool one = choice->end - choice->first == 1;
    struct kpdb_metric metric;
    struct kpdb_name name;

    for (unsigned m = 0; metrics && kpdb_metric(m, &metric) == KPDB_OK; m++)
        if (cli_match(choice->pattern, metric.name) &&
            (!one || metric_on(choice, choice->first, m, &metric)))
            puts(metric.name);
    for (unsigned n = 0; !metrics && kpdb_name(n, &name) == KPDB_OK; n++)
        if (cli_match(choice->pattern, name.name) &&
            (!one || event_of(choice, choice->first, n) != NULL))
            puts(name.name);
}

static bool anything_matches(const struct choice *choice, bool metrics)
{
    struct kpdb_metric metric;
    struct kpdb_name name;

    for (unsigned m = 0; metrics && kpdb_metric(m, &metric) == KPDB_OK; m++)
        if (cli_match(choice->pattern, metric.name))
            return true;
    for (unsigned n = 0; !metrics && kpdb_name(n, &name) == KPDB_OK; n++)
        if (cli_match(choice->pattern, name.name))
            return true;
    return false;
}

static int run_names(struct arena *arena, const struct arguments *arguments)
{
    struct choice choice = {0, kpdb_cpu_count(), -1,
                            arguments->operands.count == 0 ? "*" : arguments->operands.words[0]};

    if (arguments->cpu != NULL) {
        if (cli_cpu(arguments, &choice.first) != EXIT_OK ||
            cli_release_on(arguments, choice.first, &choice.release) != EXIT_OK)
            return EXIT_NO;
        choice.end = choice.first + 1;
    } else if (cli_release(arguments, &choice.release) != EXIT_OK) {
        return EXIT_NO;
    }
    if (!anything_matches(&choice, arguments->metrics)) {
        report_error(NULL, "no %s matches '%.100s' (a pattern like '*%.90s*' matches a part)",
                     arguments->metrics ? "metric" : "name", choice.pattern, choice.pattern);
        return EXIT_NO;
    }
    if (arguments->json && arguments->metrics)
        metrics_json(&choice);
    else if (arguments->json)
        names_json(&choice);
    else if (arguments->plain)
        names_plain(&choice, arguments->metrics);
    else if (arguments->metrics)
        metrics_text(arena, &choice);
    else if (arguments->cpu != NULL)
        names_of_one(arena, &choice);
    else
        names_matrix(&choice);
    return EXIT_OK;
}

const struct command command_names = {
    .name = "names",
    .run = run_names,
    .takes =
        (const struct option_use[]){
            {.option = OPT_CPU},
            {.option = OPT_RELEASE},
            {.option = OPT_METRICS},
            {.option = OPT_PLAIN},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .operands = "[PATTERN]",
    .most = 1,
    .operands_are = "at most one argument",
    .complete = complete_name,
    .help = "Chip-agnostic names, and which event each is on which CPU; or the metrics.",
};
