/*
 * A file like db/sources.plist -> the model: what each value of each release comes from, and where
 * another source has another value. What it names must be the model's.
 */
#include "common/buffer.h"
#include "model.h"
#include "plist.h"

#include <string.h>

const char *const source_words[SOURCE_WORDS] = {
    [SOURCE_UNKNOWN] = "unknown",
    [SOURCE_APPLE] = "apple",
    [SOURCE_LISTING] = "listing",
    [SOURCE_LIVE_TABLE] = "live-table",
    [SOURCE_LINUX_DRIVER] = "linux-driver",
    [SOURCE_TWIN] = "twin",
    [SOURCE_OLDER] = "older",
    [SOURCE_ASSUMED] = "assumed",
};

const char *const source_field_words[SOURCE_FIELDS] = {
    [SOURCE_LIST] = "list",
    [SOURCE_NUMBER] = "number",
    [SOURCE_COUNTERS] = "counters_mask",
};

/* The keys of an event that sources can disagree about. */
static const char *const dispute_keys[] = {"number", "umask", "counters_mask", "fixed_counter"};
enum { DISPUTE_KEYS = sizeof dispute_keys / sizeof dispute_keys[0] };

/* Values that all rows of a file speak of, one of several rows counted for each: 25 000 in ours. */
enum { SPOKEN_OF_MAX = 1 << 26 };

struct sources {
    struct arena *arena;
    struct model *model;
    bool allow_missing;
    struct map releases, ids, databases; /* -> numbers of releases and CPUs, from 1 */
    size_t spoken_of;
};

/* What a row is about: events of databases of releases. */
struct scope {
    uint32_t releases;
    size_t *cpus;
    size_t cpu_count;
    const char **events; /* NULL: all */
    size_t event_count;
};

/* ---- what a row is about --------------------------------------------------------------------- */

static void report_missing(const struct sources *sources, const struct plist_node *node,
                           const char *what, const char *expected)
{
    if (!sources->allow_missing)
        plist_error(node, "no %s (expected %s)", what, expected);
}

/* The value of a key that is there. */
static struct plist_node child_named(const struct sources *sources, const struct plist_node *dict,
                                     const char *key)
{
    size_t n = 0;

    while (strcmp(dict->value->keys[n], key) != 0)
        n++;
    return plist_child_at(sources->arena, dict, n);
}

/* The texts of an array, each once; false after a report, or when it is absent and not required. */
static bool read_texts(const struct sources *sources, const struct plist_node *row, const char *key,
                       bool required, struct plist_node *list, const char ***texts)
{
    struct map seen = {NULL};
    size_t count = 0;

    if (!plist_array(row, key, required, list))
        return false;
    if (list->value->length == 0)
        plist_error(list, "empty (expected at least one, or no such key)");
    *texts = arena_alloc(sources->arena, list->value->length, sizeof(char *));
    for (size_t i = 0; i < list->value->length; i++) {
        struct plist_node item = plist_child_at(sources->arena, list, i);
        size_t *number;

        if (!plist_is_text(&item, &(*texts)[count]))
            continue;
        number = map_text(sources->arena, &seen, (*texts)[count]);
        if (*number != 0)
            plist_error(&item, "%s twice (expected each once)", (*texts)[count]);
        *number = ++count;
    }
    return list->value->length != 0 && count == list->value->length;
}

static bool read_releases(const struct sources *sources, const struct plist_node *row,
                          struct scope *scope)
{
    struct plist_node list;
    const char **texts;

    if (!read_texts(sources, row, "releases", true, &list, &texts))
        return false;
    for (size_t i = 0; i < list.value->length; i++) {
        size_t number = map_get(&sources->releases, texts[i], strlen(texts[i]));
        struct plist_node item = plist_child_at(sources->arena, &list, i);

        if (number == 0)
            report_missing(sources, &item, arena_printf(sources->arena, "release %s", texts[i]),
                           "one of the arguments RELEASE=DIR");
        else
            scope->releases |= (uint32_t)1 << (number - 1);
    }
    return scope->releases != 0;
}

static bool read_databases(const struct sources *sources, const struct plist_node *row,
                           bool required, struct scope *scope)
{
    const struct model *model = sources->model;
    struct plist_node list;
    const char **texts;
    bool there = plist_has(row, "databases"), *named;

    scope->cpus = arena_alloc(sources->arena, model->cpu_count, sizeof *scope->cpus);
    if (!read_texts(sources, row, "databases", required, &list, &texts)) {
        for (size_t c = 0; c < model->cpu_count && !there; c++)
            if ((model->cpus[c].releases & scope->releases) != 0)
                scope->cpus[scope->cpu_count++] = c;
        return !there && !required;
    }
    named = arena_alloc(sources->arena, model->cpu_count, sizeof *named);
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(sources->arena, &list, i);
        size_t number = model_cpu_named(&sources->ids, &sources->databases, texts[i]);

        if (number == 0 || (model->cpus[number - 1].releases & scope->releases) == 0)
            report_missing(sources, &item, arena_printf(sources->arena, "database %s", texts[i]),
                           "one of the row's releases");
        else if (!named[number - 1])
            scope->cpus[scope->cpu_count++] = number - 1;
        if (number != 0) /* it may be there by another of its names too */
            named[number - 1] = true;
    }
    return true;
}

/* The event by the spelling of that release; NULL when the row is not about it, or it is not. */
static const struct event *event_of(const struct sources *sources, const struct scope *scope,
                                    size_t cpu, size_t release, const char *name)
{
    const struct database *database = sources->model->cpus[cpu].history[release];

    if (database == NULL || !(scope->releases >> release & 1))
        return NULL;
    return database_event(database, name);
}

static bool has_event(const struct sources *sources, const struct scope *scope, const char *name)
{
    for (size_t c = 0; c < scope->cpu_count; c++)
        for (size_t r = 0; r < sources->model->release_count; r++)
            if (event_of(sources, scope, scope->cpus[c], r, name) != NULL)
                return true;
    return false;
}

static bool read_events(const struct sources *sources, const struct plist_node *row, bool required,
                        struct scope *scope)
{
    struct plist_node list;
    const char **texts;

    if (!read_texts(sources, row, "events", required, &list, &texts))
        return !required && !plist_has(row, "events");
    scope->events = texts;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(sources->arena, &list, i);

        if (has_event(sources, scope, texts[i]))
            scope->events[scope->event_count++] = texts[i];
        else
            report_missing(sources, &item, arena_printf(sources->arena, "event %s", texts[i]),
                           "one of the row's databases in its releases");
    }
    return true;
}

/* Counts what a row speaks of, so that no file makes this run for hours. */
static bool take_steps(struct sources *sources, const struct plist_node *row,
                       const struct scope *scope, size_t of_each)
{
    size_t steps = scope->cpu_count * sources->model->release_count;

    if (steps > SPOKEN_OF_MAX || steps * (of_each + 1) > SPOKEN_OF_MAX - sources->spoken_of) {
        plist_error(row, "the rows up to here speak of too many values (expected at most %d)",
                    SPOKEN_OF_MAX);
        sources->spoken_of = SPOKEN_OF_MAX;
        return false;
    }
    sources->spoken_of += steps * (of_each + 1);
    return true;
}

/* Of a row that names databases and events, or (optional) may leave them out for all. */
static bool read_scope(struct sources *sources, const struct plist_node *row, bool optional,
                       struct scope *scope)
{
    size_t named = plist_has(row, "events") ? child_named(sources, row, "events").value->length : 0;

    *scope = (struct scope){0};
    return read_releases(sources, row, scope) && read_databases(sources, row, !optional, scope) &&
           take_steps(sources, row, scope, named) && read_events(sources, row, !optional, scope);
}

/* ---- sources --------------------------------------------------------------------------------- */

/* The index of a word in a list, or its count after a report. */
static size_t read_word(const struct sources *sources, const struct plist_node *node,
                        const char *word, const char *const *words, size_t first, size_t count)
{
    struct buffer text = {0};

    for (size_t i = first; i < count; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    for (size_t i = first; i < count; i++)
        buffer_add_alternative(&text, words[i], i + 1 == count);
    plist_error(node, "'%s' (expected %s)", word,
                arena_copy(sources->arena, text.data, text.length));
    buffer_free(&text);
    return count;
}

static bool read_fields(const struct sources *sources, const struct plist_node *row,
                        bool fields[SOURCE_FIELDS])
{
    struct plist_node list;
    const char **texts;
    bool whole = true;

    if (!read_texts(sources, row, "fields", false, &list, &texts)) {
        for (size_t f = 0; f < SOURCE_FIELDS; f++)
            fields[f] = true;
        return !plist_has(row, "fields");
    }
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(sources->arena, &list, i);
        size_t field = read_word(sources, &item, texts[i], source_field_words, 0, SOURCE_FIELDS);

        if (field < SOURCE_FIELDS)
            fields[field] = true;
        else
            whole = false;
    }
    return whole;
}

static void say_source(struct cpu *cpu, size_t release, size_t event, size_t row,
                       const bool fields[SOURCE_FIELDS])
{
    for (size_t f = 0; f < SOURCE_FIELDS; f++)
        if (fields[f])
            cpu->sources[release][event * SOURCE_FIELDS + f] = (uint16_t)(row + 1);
}

/* What a row says counts where no later row says anything else. */
static void apply_row(struct sources *sources, const struct plist_node *node,
                      const struct scope *scope, size_t row, const bool fields[SOURCE_FIELDS])
{
    struct model *model = sources->model;

    for (size_t c = 0; c < scope->cpu_count; c++)
        for (size_t r = 0; r < model->release_count; r++) {
            struct cpu *cpu = &model->cpus[scope->cpus[c]];
            const struct database *database = cpu->history[r];

            if (database == NULL || !(scope->releases >> r & 1))
                continue;
            if (scope->events == NULL) {
                const struct scope one = {.cpu_count = 1};

                if (!take_steps(sources, node, &one, database->event_count))
                    return;
                for (size_t e = 0; e < database->event_count; e++)
                    say_source(cpu, r, e, row, fields);
            }
            for (size_t e = 0; e < scope->event_count; e++) {
                const struct event *event = database_event(database, scope->events[e]);

                if (event != NULL)
                    say_source(cpu, r, (size_t)(event - database->events), row, fields);
            }
        }
}

static void read_source(struct sources *sources, const struct plist_node *node, size_t row)
{
    static const char *const known[] = {"releases", "databases", "events",
                                        "fields",   "source",    NULL};
    bool fields[SOURCE_FIELDS] = {false};
    struct scope scope;
    const char *word;

    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(sources->arena, node, known);
    if (plist_text(node, "source", true, &word)) {
        struct plist_node child = child_named(sources, node, "source");

        sources->model->source_rows[row] = (uint8_t)read_word(sources, &child, word, source_words,
                                                              SOURCE_UNKNOWN + 1, SOURCE_WORDS);
    }
    if (read_scope(sources, node, true, &scope) && read_fields(sources, node, fields))
        apply_row(sources, node, &scope, row, fields);
}

/* ---- disputes -------------------------------------------------------------------------------- */

static const struct field *field_of_key(const char *key)
{
    size_t f = 0;

    while (strcmp(event_fields[f].key, key) != 0)
        f++;
    return &event_fields[f];
}

/* The releases in which the event is there with the value that the row says. */
static uint32_t releases_of(const struct sources *sources, const struct plist_node *node,
                            const struct scope *scope, size_t cpu, const struct dispute *dispute)
{
    uint32_t releases = 0;

    for (size_t r = 0; r < sources->model->release_count; r++) {
        const struct event *event = event_of(sources, scope, cpu, r, dispute->event);
        int64_t has;

        if (event == NULL)
            continue;
        has = field_meant(dispute->field, event).number;
        if (has == dispute->ours)
            releases |= (uint32_t)1 << r;
        else
            plist_error(node, "%lld, but %s of %s has %lld in %s (expected its value)",
                        (long long)dispute->ours, dispute->event, sources->model->cpus[cpu].db.name,
                        (long long)has, sources->model->releases[r]);
    }
    return releases;
}

static void add_dispute(const struct sources *sources, struct cpu *cpu, struct dispute dispute)
{
    cpu->disputes = arena_grow(sources->arena, cpu->disputes, cpu->dispute_count, sizeof dispute);
    cpu->disputes[cpu->dispute_count++] = dispute;
}

/* Adds the disputes of a row to every database and event that it is about. */
static void apply_dispute(const struct sources *sources, const struct plist_node *row,
                          const struct scope *scope, struct dispute dispute)
{
    struct plist_node node = child_named(sources, row, "ours");

    for (size_t c = 0; c < scope->cpu_count; c++)
        for (size_t e = 0; e < scope->event_count; e++) {
            dispute.event = scope->events[e];
            dispute.releases = releases_of(sources, &node, scope, scope->cpus[c], &dispute);
            if (dispute.releases != 0)
                add_dispute(sources, &sources->model->cpus[scope->cpus[c]], dispute);
        }
}

static bool read_values(const struct sources *sources, const struct plist_node *node,
                        struct dispute *dispute)
{
    const char *key;
    struct plist_node child;
    size_t n;
    int64_t most;

    if (!plist_text(node, "field", true, &key))
        return false;
    child = child_named(sources, node, "field");
    n = read_word(sources, &child, key, dispute_keys, 0, DISPUTE_KEYS);
    if (n == DISPUTE_KEYS)
        return false;
    dispute->field = field_of_key(dispute_keys[n]);
    most = field_most(dispute->field);
    if (!plist_integer(node, "ours", true, dispute->field->absent, most, &dispute->ours) ||
        !plist_integer(node, "theirs", true, dispute->field->absent, most, &dispute->theirs))
        return false;
    if (dispute->ours == dispute->theirs) {
        child = child_named(sources, node, "theirs");
        plist_error(&child, "the same as ours (expected another value)");
    }
    return dispute->ours != dispute->theirs;
}

static void read_dispute(struct sources *sources, const struct plist_node *node)
{
    static const char *const known[] = {"releases", "databases", "events",    "field", "ours",
                                        "theirs",   "says",      "confirmed", NULL};
    struct dispute dispute = {0};
    struct scope scope;
    bool whole;

    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(sources->arena, node, known);
    whole = plist_text(node, "says", true, &dispute.says);
    if (plist_has(node, "confirmed"))
        whole &= plist_text(node, "confirmed", true, &dispute.confirmed);
    whole &= read_values(sources, node, &dispute);
    if (read_scope(sources, node, false, &scope) && whole)
        apply_dispute(sources, node, &scope, dispute);
}

/* ---- the file -------------------------------------------------------------------------------- */

static void make_room(struct arena *arena, struct model *model)
{
    for (size_t c = 0; c < model->cpu_count; c++) {
        struct cpu *cpu = &model->cpus[c];

        cpu->sources = arena_alloc(arena, model->release_count, sizeof *cpu->sources);
        for (size_t r = 0; r < model->release_count; r++)
            if (cpu->history[r] != NULL)
                cpu->sources[r] = arena_alloc(arena, cpu->history[r]->event_count,
                                              SOURCE_FIELDS * sizeof *cpu->sources[r]);
    }
}

static bool read_rows(const struct plist_node *root, const char *key, bool required,
                      struct plist_node *list)
{
    if (!plist_array(root, key, required, list))
        return false;
    if (list->value->length <= SOURCE_ROWS_MAX)
        return true;
    plist_error(list, "an array of %zu (expected at most %d)", list->value->length,
                SOURCE_ROWS_MAX);
    return false;
}

void sources_read(struct arena *arena, struct model *model, const char *file, bool allow_missing)
{
    static const char *const known[] = {"sources", "disputes", NULL};
    struct sources sources = {
        arena, model, allow_missing, {NULL}, model_ids(arena, model), model_databases(arena, model),
        0};
    struct plist_node root, list;

    if (!plist_load_dict(arena, file, &root))
        return;
    plist_unknown_keys(arena, &root, known);
    for (size_t r = 0; r < model->release_count; r++)
        *map_text(arena, &sources.releases, model->releases[r]) = r + 1;
    make_room(arena, model);
    model->sources_file = file;
    if (read_rows(&root, "sources", true, &list)) {
        model->source_rows = arena_alloc(arena, list.value->length, sizeof *model->source_rows);
        model->source_row_count = list.value->length;
        for (size_t i = 0; i < list.value->length; i++) {
            struct plist_node node = plist_child_at(arena, &list, i);

            read_source(&sources, &node, i);
        }
    }
    if (!read_rows(&root, "disputes", false, &list))
        return;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node node = plist_child_at(arena, &list, i);

        read_dispute(&sources, &node);
    }
}

enum source model_source(const struct model *model, const struct cpu *cpu, size_t release,
                         const struct event *event, enum source_field field)
{
    size_t at, row;

    if (cpu->sources == NULL)
        return SOURCE_UNKNOWN;
    at = (size_t)(event - cpu->history[release]->events);
    row = cpu->sources[release][at * SOURCE_FIELDS + (size_t)field];
    return row == 0 ? SOURCE_UNKNOWN : (enum source)model->source_rows[row - 1];
}
