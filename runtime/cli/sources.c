/* Where the values of an event come from and who disagrees, to standard output, or in words. */
#include "cli.h"

#include <string.h>

#define WORD(name, number, word, text) word,
static const char *const source_words[] = {KPDB_SOURCES(WORD)};
#undef WORD
enum { SOURCES = sizeof source_words / sizeof source_words[0] };

#define WORD(name, number, word, text) word,
static const char *const field_words[] = {KPDB_FIELDS(WORD)};
#undef WORD

/* The fields that have a source of their own. */
static const enum kpdb_field own_fields[] = {KPDB_FIELD_LIST, KPDB_FIELD_NUMBER,
                                             KPDB_FIELD_COUNTERS_MASK};
enum { OWN_FIELDS = sizeof own_fields / sizeof own_fields[0] };

static int source_of(unsigned cpu, unsigned release, unsigned id, enum kpdb_field field)
{
    int source = kpdb_source(cpu, (int)release, id, field);

    return source < 0 || source >= SOURCES ? KPDB_SOURCE_UNKNOWN : source;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void value_json(struct json *json, const char *key, int64_t value)
{
    if (value < 0)
        json_null(json, key);
    else
        json_number(json, key, (uint64_t)value);
}

static void disputes_json(struct json *json, unsigned cpu, unsigned release, unsigned id)
{
    struct kpdb_dispute dispute;

    json_begin(json, "disputes", '[');
    for (unsigned n = 0; kpdb_dispute(cpu, (int)release, id, n, &dispute) == KPDB_OK; n++) {
        json_begin(json, NULL, '{');
        json_string(json, "field", field_words[dispute.field]);
        value_json(json, "ours", dispute.ours);
        value_json(json, "theirs", dispute.theirs);
        json_string(json, "says", dispute.says);
        json_string(json, "confirmed", dispute.confirmed);
        json_end(json, '}');
    }
    json_end(json, ']');
}

void cli_sources_json(struct json *json, unsigned cpu, const struct kpdb_event *event)
{
    struct kpdb_event there;

    json_begin_line(json, "sources", '[');
    for (unsigned r = 0; r < kpdb_release_count(); r++) {
        if (kpdb_on_in(cpu, (int)r, event->id, &there) != KPDB_OK)
            continue;
        json_begin_line(json, NULL, '{');
        json_string(json, "release", kpdb_release_name(r));
        for (size_t f = 0; f < OWN_FIELDS; f++)
            json_string(json, field_words[own_fields[f]],
                        source_words[source_of(cpu, r, event->id, own_fields[f])]);
        disputes_json(json, cpu, r, event->id);
        json_end(json, '}');
    }
    json_end(json, ']');
}

/* ---- text ------------------------------------------------------------------------------------ */

static const char *value_text(enum kpdb_field field, int64_t value, char *text, size_t size)
{
    if (field == KPDB_FIELD_COUNTERS_MASK)
        return cli_counters((uint32_t)value, text, size);
    if (value < 0)
        return "none";
    snprintf(text, size, field == KPDB_FIELD_FIXED_COUNTER ? "%u" : "0x%x", (unsigned)value);
    return text;
}

const char *cli_dispute(const struct kpdb_dispute *dispute, char *text, size_t size)
{
    static const char *const nouns[] = {"list", "number", "umask", "counters", "fixed counter"};
    char ours[128], theirs[128];
    const char *here = value_text(dispute->field, dispute->ours, ours, sizeof ours);

    snprintf(text, size, "%s %s here, %s by %s", nouns[dispute->field], here,
             value_text(dispute->field, dispute->theirs, theirs, sizeof theirs), dispute->says);
    if (dispute->confirmed != NULL)
        snprintf(text + strlen(text), size - strlen(text), "; %s also by %s", here,
                 dispute->confirmed);
    return text;
}

/* What one row of the table says: an event on a CPU, in releases where all of it is the same. */
struct row {
    struct kpdb_event event;
    int sources[OWN_FIELDS];
    uint32_t releases;
};

static bool row_in(unsigned cpu, unsigned release, unsigned id, struct row *row)
{
    if (kpdb_on_in(cpu, (int)release, id, &row->event) != KPDB_OK)
        return false;
    for (size_t f = 0; f < OWN_FIELDS; f++)
        row->sources[f] = source_of(cpu, release, id, own_fields[f]);
    row->releases = (uint32_t)1 << release;
    return true;
}

static bool same_row(const struct row *a, const struct row *b)
{
    return a->event.id == b->event.id && a->event.number == b->event.number &&
           a->event.umask == b->event.umask && a->event.counters == b->event.counters &&
           a->event.fixed == b->event.fixed &&
           memcmp(a->sources, b->sources, sizeof a->sources) == 0;
}

static void print_row(struct table *table, const struct kpdb_cpu *info, const struct row *row)
{
    char text[256];

    table_cell(table, "%s", info->db);
    table_cell(table, "%s", cli_releases(row->releases, text, sizeof text));
    table_cell(table, "%s", kpdb_event_name(row->event.id));
    table_cell(table, "%s", cli_number(&row->event, text, sizeof text));
    table_cell(table, "%s", cli_umask(info->arch, &row->event, text, sizeof text));
    table_cell(table, "%s", cli_counters(row->event.counters, text, sizeof text));
    for (size_t f = 0; f < OWN_FIELDS; f++)
        table_cell(table, "%s", source_words[row->sources[f]]);
}

/* Rows of one CPU, oldest release first; the sources that they name are marked in `used`. */
static void cpu_rows(struct table *table, unsigned cpu, int release, unsigned id, bool *used)
{
    struct row row, next;
    struct kpdb_cpu info;
    bool begun = false;

    kpdb_cpu(cpu, &info);
    for (unsigned r = 0; r < kpdb_release_count(); r++) {
        if ((release >= 0 && r != (unsigned)release) || !row_in(cpu, r, id, &next))
            continue;
        for (size_t f = 0; f < OWN_FIELDS; f++)
            used[next.sources[f]] = true;
        if (begun && same_row(&row, &next)) {
            row.releases |= next.releases;
            continue;
        }
        if (begun)
            print_row(table, &info, &row);
        row = next;
        begun = true;
    }
    if (begun)
        print_row(table, &info, &row);
}

/* The releases in which an event has that dispute. */
static uint32_t releases_with(unsigned cpu, unsigned id, const char *said)
{
    struct kpdb_dispute dispute;
    uint32_t releases = 0;
    char text[CLI_DISPUTE_MAX];

    for (unsigned r = 0; r < kpdb_release_count(); r++)
        for (unsigned n = 0; kpdb_dispute(cpu, (int)r, id, n, &dispute) == KPDB_OK; n++)
            if (strcmp(cli_dispute(&dispute, text, sizeof text), said) == 0)
                releases |= (uint32_t)1 << r;
    return releases;
}

/* Each dispute once, at its first release. */
static void cpu_disputes(unsigned cpu, int release, unsigned id, bool *begun)
{
    struct kpdb_dispute dispute;
    struct kpdb_cpu info;
    char text[CLI_DISPUTE_MAX], names[256];

    kpdb_cpu(cpu, &info);
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        for (unsigned n = 0; kpdb_dispute(cpu, (int)r, id, n, &dispute) == KPDB_OK; n++) {
            uint32_t releases = releases_with(cpu, id, cli_dispute(&dispute, text, sizeof text));

            if (release >= 0)
                releases &= (uint32_t)1 << release;
            if (releases == 0 || (releases & (((uint32_t)1 << r) - 1)) != 0 || !(releases >> r & 1))
                continue;
            printf("%sdisputed: %s on %s: %s\n", *begun ? "" : "\n", info.db,
                   cli_releases(releases, names, sizeof names), text);
            *begun = true;
        }
}

void cli_sources_text(struct arena *arena, const char *name, int release)
{
    static const char *const titles[] = {"db",        "releases",    "event",
                                         ">number",   ">umask",      "counters",
                                         "list from", "number from", "counters from"};
    struct table *table = table_new(arena, sizeof titles / sizeof titles[0]);
    bool used[SOURCES] = {false}, begun = false;
    struct kpdb_event event;

    table_titles(table, titles);
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        if (kpdb_find(cpu, release, name, strlen(name), &event) == KPDB_OK)
            cpu_rows(table, cpu, release, event.id, used);
    table_print(table);
    puts("");
    for (int s = 0; s < SOURCES; s++)
        if (used[s])
            printf("%s: from %s\n", source_words[s], kpdb_source_text(s));
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        if (kpdb_find(cpu, release, name, strlen(name), &event) == KPDB_OK)
            cpu_disputes(cpu, release, event.id, &begun);
}
