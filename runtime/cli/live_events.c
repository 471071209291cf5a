/*
 * kpep list --live and kpep show --live: the events of the macOS that runs, as its kperfdata tells
 * them, to standard output. Nothing is changed, and no root needed.
 */
#include "kperf.h"
#include "live.h"

#include <string.h>

/* An event with texts of its own, as printable ASCII: they come from the system. */
struct row {
    char *name, *alias, *description, *errata;
    struct kplive_event event; /* whose texts are gone */
};

struct live {
    struct arena *arena;
    struct kplive *sampler;
    struct row *rows;
    size_t count;
};

static char *copy_printable(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text, strlen(text));

    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\n' || *c == '\t')
            *c = ' ';
        else if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return copy;
}

static void add_row(void *user, const struct kplive_event *event)
{
    struct live *live = user;

    live->rows = arena_grow(live->arena, live->rows, live->count, sizeof *live->rows);
    live->rows[live->count++] = (struct row){copy_printable(live->arena, event->name),
                                             copy_printable(live->arena, event->alias),
                                             copy_printable(live->arena, event->description),
                                             copy_printable(live->arena, event->errata), *event};
}

/* Reads all events before any is shown, so that an error comes without output. */
static int open_live(struct arena *arena, const struct arguments *arguments, struct live *live)
{
    struct kplive_error error;
    int status;

    *live = (struct live){.arena = arena};
    status = live_open(arguments, &live->sampler);
    if (status != EXIT_OK)
        return status;
    if (kplive_events(live->sampler, add_row, live, &error) == KPLIVE_OK)
        return EXIT_OK;
    status = live_error(&error);
    kplive_close(live->sampler);
    return status;
}

/* ---- what is said of an event ---------------------------------------------------------------- */

/* Why kperfdata does not place the event alone; "" when it does. */
static const char *reason(int code, char *text, size_t size)
{
    if (code == 0)
        return "";
    snprintf(text, size, "%s (%d)", kplive_kperfdata_error(code), code);
    return text;
}

static const char *live_number(const struct kplive_event *event, char *text, size_t size)
{
    if (event->fixed)
        return "fixed";
    if (event->code != 0)
        return "-";
    snprintf(text, size, "0x%x", event->number);
    return text;
}

/* "0x01", or "-" off Intel, whose CPU type is 7, with or without the bit for 64 bits. */
static const char *live_umask(const struct live *live, const struct kplive_event *event, char *text,
                              size_t size)
{
    const char *cpu = kplive_cpu_name(live->sampler);
    bool intel = strncmp(cpu, "cpu_7_", 6) == 0 || strncmp(cpu, "cpu_1000007_", 12) == 0;

    if (!intel || event->fixed || event->code != 0)
        return "-";
    snprintf(text, size, "0x%02x", event->umask);
    return text;
}

static unsigned lowest_counter(uint32_t counters)
{
    unsigned bit = 0;

    while (bit < 31 && !(counters >> bit & 1))
        bit++;
    return bit;
}

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

static void row_json(struct json *json, const struct row *row)
{
    json_begin_line(json, NULL, '{');
    json_string(json, "name", row->name);
    json_number(json, "number", row->event.number);
    json_number(json, "umask", row->event.umask);
    json_number(json, "counters_mask", row->event.counters);
    if (row->event.fixed)
        json_number(json, "fixed_counter", lowest_counter(row->event.counters));
    else
        json_null(json, "fixed_counter");
    json_begin_line(json, "aliases", '[');
    if (*row->alias != '\0')
        json_string(json, NULL, row->alias);
    json_end(json, ']');
    json_string(json, "description", or_null(row->description));
    json_string(json, "errata", or_null(row->errata));
    json_number(json, "code", (uint32_t)row->event.code);
    json_end(json, '}');
}

/* ---- list ------------------------------------------------------------------------------------ */

static bool is_listed(const struct row *row, const char *pattern)
{
    return cli_match(pattern, row->name) || (*row->alias != '\0' && cli_match(pattern, row->alias));
}

static void list_json(const struct live *live, const char *pattern)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '[');
    for (size_t i = 0; i < live->count; i++)
        if (is_listed(&live->rows[i], pattern))
            row_json(&json, &live->rows[i]);
    json_end(&json, ']');
}

static void list_plain(const struct live *live, const char *pattern)
{
    for (size_t i = 0; i < live->count; i++) {
        if (!is_listed(&live->rows[i], pattern))
            continue;
        puts(live->rows[i].name);
        if (*live->rows[i].alias != '\0')
            puts(live->rows[i].alias);
    }
}

static void list_text(const struct live *live, const char *pattern, size_t matching)
{
    static const char *const titles[] = {"name",     ">number", ">umask",
                                         "counters", "alias",   "not counted"};
    struct table *table = table_new(live->arena, sizeof titles / sizeof titles[0]);
    char text[256];

    table_titles(table, titles);
    for (size_t i = 0; i < live->count; i++) {
        const struct row *row = &live->rows[i];

        if (!is_listed(row, pattern))
            continue;
        table_cell(table, "%s", row->name);
        table_cell(table, "%s", live_number(&row->event, text, sizeof text));
        table_cell(table, "%s", live_umask(live, &row->event, text, sizeof text));
        table_cell(table, "%s", cli_counters(row->event.counters, text, sizeof text));
        table_cell(table, "%s", row->alias);
        table_cell(table, "%s", reason(row->event.code, text, sizeof text));
    }
    table_print(table);
    printf("\n%zu", matching);
    if (matching != live->count)
        printf(" of the %zu", live->count);
    printf(" events of %s, macOS %s\n", kplive_cpu_name(live->sampler),
           kplive_macos(live->sampler));
}

int list_live(struct arena *arena, const struct arguments *arguments)
{
    const char *pattern = arguments->operands.count == 0 ? "*" : arguments->operands.words[0];
    size_t matching = 0;
    struct live live;
    int status = open_live(arena, arguments, &live);

    if (status != EXIT_OK)
        return status;
    for (size_t i = 0; i < live.count; i++)
        matching += is_listed(&live.rows[i], pattern);
    if (matching == 0) {
        report_error(NULL,
                     "no event of this macOS matches '%.100s' (a pattern like '*%.90s*' matches a "
                     "part)",
                     pattern, pattern);
        status = EXIT_NO;
    } else if (arguments->json) {
        list_json(&live, pattern);
    } else if (arguments->plain) {
        list_plain(&live, pattern);
    } else {
        list_text(&live, pattern, matching);
    }
    kplive_close(live.sampler);
    return status;
}

int live_names(struct arena *arena, const struct arguments *arguments,
               void (*each)(const void *user, const char *name), const void *user)
{
    struct live live;
    int status = open_live(arena, arguments, &live);

    if (status != EXIT_OK)
        return status;
    for (size_t i = 0; i < live.count; i++) {
        each(user, live.rows[i].name);
        if (*live.rows[i].alias != '\0')
            each(user, live.rows[i].alias);
    }
    kplive_close(live.sampler);
    return EXIT_OK;
}

/* ---- show ------------------------------------------------------------------------------------ */

static void show_field(const char *name, const char *value)
{
    if (*value != '\0' && strcmp(value, "-") != 0)
        printf("  %-12s  %s\n", name, value);
}

static void show_text(const struct live *live, const struct row *row)
{
    char text[256];

    printf("%s of %s, macOS %s\n", row->name, kplive_cpu_name(live->sampler),
           kplive_macos(live->sampler));
    show_field("number", live_number(&row->event, text, sizeof text));
    show_field("umask", live_umask(live, &row->event, text, sizeof text));
    show_field("counters", cli_counters(row->event.counters, text, sizeof text));
    show_field("alias", row->alias);
    show_field("not counted", reason(row->event.code, text, sizeof text));
    show_field("description", row->description);
    show_field("errata", row->errata);
}

static void unknown_event(const struct live *live, const char *typed)
{
    unsigned best = cli_reach(typed);
    const char *nearest = NULL;

    for (size_t i = 0; i < live->count; i++) {
        nearest = cli_nearer(typed, live->rows[i].name, nearest, &best);
        nearest = cli_nearer(typed, live->rows[i].alias, nearest, &best);
    }
    if (nearest == NULL)
        report_error(NULL, "no event '%.100s' on this macOS (kpep list --live shows what there is)",
                     typed);
    else
        report_error(NULL, "no event '%.100s' on this macOS (did you mean '%s'?)", typed, nearest);
}

int show_live(struct arena *arena, const struct arguments *arguments)
{
    const char *typed = arguments->operands.words[0];
    struct json json = {.out = stdout};
    const struct row *found = NULL;
    struct live live;
    int status = open_live(arena, arguments, &live);

    if (status != EXIT_OK)
        return status;
    for (size_t i = 0; i < live.count && found == NULL; i++)
        if (strcmp(live.rows[i].name, typed) == 0 ||
            (*typed != '\0' && strcmp(live.rows[i].alias, typed) == 0))
            found = &live.rows[i];
    if (found == NULL) {
        unknown_event(&live, typed);
        status = EXIT_NO;
    } else if (arguments->json) {
        row_json(&json, found);
    } else {
        show_text(&live, found);
    }
    kplive_close(live.sampler);
    return status;
}
