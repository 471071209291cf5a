/*
 * In goes the layout, out comes what kpdb_sources.h.mustache is rendered from: where values come
 * from, who disagrees, and of which events kpdb_encode() has to warn. Nothing else is touched.
 */
#include "emit.h"
#include "emit_data.h"

#include <stdlib.h>

/* The sources of an event's values in a release. */
struct triple {
    uint8_t of[SOURCE_FIELDS];
};

enum { TRIPLES = SOURCE_WORDS * SOURCE_WORDS * SOURCE_WORDS };

static size_t triple_number(const struct triple *triple)
{
    size_t number = 0;

    for (size_t f = 0; f < SOURCE_FIELDS; f++)
        number = number * SOURCE_WORDS + triple->of[f];
    return number;
}

static struct triple triple_of(const struct model *model, const struct cpu *cpu, size_t release,
                               const struct event *event)
{
    struct triple triple;

    for (size_t f = 0; f < SOURCE_FIELDS; f++)
        triple.of[f] = (uint8_t)model_source(model, cpu, release, event, (enum source_field)f);
    return triple;
}

/* What most events of a CPU in a release come from. */
static struct triple most_of(const struct model *model, const struct cpu *cpu, size_t release)
{
    const struct database *database = cpu->history[release];
    size_t counts[TRIPLES] = {0}, most = 0;
    struct triple result = {{0}};

    for (size_t e = 0; database != NULL && e < database->event_count; e++) {
        struct triple triple = triple_of(model, cpu, release, &database->events[e]);
        size_t count = ++counts[triple_number(&triple)];

        if (count > most) {
            most = count;
            result = triple;
        }
    }
    return result;
}

static void set_triple(struct arena *arena, struct value *item, const struct triple *triple)
{
    for (size_t f = 0; f < SOURCE_FIELDS; f++)
        set_text(arena, item, source_field_words[f],
                 layout_upper_identifier(arena, source_words[triple->of[f]]));
}

/* What is made for each CPU, one part behind the other. */
struct parts {
    struct arena *arena;
    const struct layout *layout;
    struct strings texts; /* who says what, from 1 */
};

/* ---- what a CPU's part of an array has ------------------------------------------------------- */

/* An item about an event, by which a CPU's are sorted; of one event, in the order they came. */
struct about {
    size_t id, order;
    size_t release;
    struct triple triple;
    const struct dispute *dispute;
    uint32_t assumed, disputed; /* releases */
};

struct abouts {
    struct about *list;
    size_t count;
};

static struct about *add_about(struct arena *arena, struct abouts *abouts, size_t id)
{
    struct about *about;

    abouts->list = arena_grow(arena, abouts->list, abouts->count, sizeof *abouts->list);
    about = &abouts->list[abouts->count];
    *about = (struct about){.id = id, .order = abouts->count++};
    return about;
}

static int compare_abouts(const void *a, const void *b)
{
    const struct about *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void sort_abouts(struct abouts *abouts)
{
    if (abouts->count != 0)
        qsort(abouts->list, abouts->count, sizeof *abouts->list, compare_abouts);
}

/* The events whose values are not from what most of the CPU's in that release are from. */
static struct abouts exceptions_of(const struct parts *parts, const struct cpu *cpu)
{
    const struct model *model = parts->layout->model;
    struct abouts abouts = {NULL, 0};

    for (size_t r = 0; r < model->release_count; r++) {
        const struct database *database = cpu->history[r];
        struct triple most = most_of(model, cpu, r);

        for (size_t e = 0; database != NULL && e < database->event_count; e++) {
            struct triple triple = triple_of(model, cpu, r, &database->events[e]);
            struct about *about;

            if (triple_number(&triple) == triple_number(&most))
                continue;
            about = add_about(parts->arena, &abouts,
                              layout_event_id(parts->layout, database->events[e].name));
            about->release = r;
            about->triple = triple;
        }
    }
    sort_abouts(&abouts);
    return abouts;
}

static struct abouts disputes_of(const struct parts *parts, const struct cpu *cpu)
{
    struct abouts abouts = {NULL, 0};

    for (size_t i = 0; i < cpu->dispute_count; i++)
        add_about(parts->arena, &abouts, layout_event_id(parts->layout, cpu->disputes[i].event))
            ->dispute = &cpu->disputes[i];
    sort_abouts(&abouts);
    return abouts;
}

/* Makes one of those that are about the same event. */
static void unite_abouts(struct abouts *abouts)
{
    size_t kept = 0;

    sort_abouts(abouts);
    for (size_t i = 0; i < abouts->count; i++) {
        const struct about about = abouts->list[i];

        if (kept == 0 || abouts->list[kept - 1].id != about.id) {
            abouts->list[kept++] = about;
        } else {
            abouts->list[kept - 1].assumed |= about.assumed;
            abouts->list[kept - 1].disputed |= about.disputed;
        }
    }
    abouts->count = kept;
}

/* The events of which kpdb_encode() warns, and in which releases. */
static struct abouts doubts_of(const struct parts *parts, const struct cpu *cpu)
{
    const struct model *model = parts->layout->model;
    struct abouts abouts = {NULL, 0};

    for (size_t r = 0; r < model->release_count; r++) {
        const struct database *database = cpu->history[r];

        for (size_t e = 0; database != NULL && e < database->event_count; e++)
            if (model_source(model, cpu, r, &database->events[e], SOURCE_COUNTERS) ==
                SOURCE_ASSUMED)
                add_about(parts->arena, &abouts,
                          layout_event_id(parts->layout, database->events[e].name))
                    ->assumed = (uint32_t)1 << r;
    }
    for (size_t i = 0; i < cpu->dispute_count; i++)
        add_about(parts->arena, &abouts, layout_event_id(parts->layout, cpu->disputes[i].event))
            ->disputed = cpu->disputes[i].releases;
    unite_abouts(&abouts);
    return abouts;
}

/* ---- as data --------------------------------------------------------------------------------- */

static size_t text_number(struct parts *parts, const char *text)
{
    size_t *number;

    if (text == NULL)
        return 0;
    number = map_text(parts->arena, &parts->texts.known, text);
    if (*number == 0) {
        parts->texts.list =
            arena_grow(parts->arena, parts->texts.list, parts->texts.count, sizeof(char *));
        parts->texts.list[parts->texts.count++] = text;
        *number = parts->texts.count;
    }
    return *number;
}

static void set_about(struct parts *parts, struct value *item, const struct about *about)
{
    struct arena *arena = parts->arena;

    set_int(arena, item, "event", about->id);
    set_text(arena, item, "name", parts->layout->strings.list[about->id]);
    set_int(arena, item, "release", about->release);
    set_int(arena, item, "assumed", about->assumed);
    set_int(arena, item, "disputed", about->disputed);
    set_triple(arena, item, &about->triple);
    if (about->dispute == NULL)
        return;
    set_int(arena, item, "releases", about->dispute->releases);
    set_text(arena, item, "field", layout_upper_identifier(arena, about->dispute->field->key));
    set_value(arena, item, "theirs", value_int(arena, about->dispute->theirs));
    set_int(arena, item, "says", text_number(parts, about->dispute->says));
    set_int(arena, item, "confirmed", text_number(parts, about->dispute->confirmed));
}

typedef struct abouts abouts_fn(const struct parts *parts, const struct cpu *cpu);

/* Sets `key` to the items of all CPUs, and `key`_at to where each CPU's begin, and the end. */
static void set_parts(struct parts *parts, struct value *data, const char *key, abouts_fn *of)
{
    struct arena *arena = parts->arena;
    const struct model *model = parts->layout->model;
    struct value *list = value_list(arena), *at = value_list(arena);

    for (size_t c = 0; c < model->cpu_count && model->sources_file != NULL; c++) {
        struct abouts abouts = of(parts, &model->cpus[c]);

        value_append(arena, at, value_int(arena, (int64_t)list->length));
        for (size_t i = 0; i < abouts.count; i++) {
            struct value *item = value_map(arena);

            set_about(parts, item, &abouts.list[i]);
            value_append(arena, list, item);
        }
    }
    set_int(arena, data, arena_printf(arena, "%s_count", key), list->length);
    set_value(arena, data, key, list);
    set_value(arena, data, arena_printf(arena, "%s_at", key), at);
}

static struct value *most_data(struct arena *arena, const struct model *model)
{
    struct value *list = value_list(arena);

    for (size_t c = 0; c < model->cpu_count && model->sources_file != NULL; c++)
        for (size_t r = 0; r < model->release_count; r++) {
            struct triple triple = most_of(model, &model->cpus[c], r);
            struct value *item = value_map(arena);

            set_triple(arena, item, &triple);
            set_text(arena, item, "db", model->cpus[c].db.name);
            set_text(arena, item, "name", model->releases[r]);
            value_append(arena, list, item);
        }
    return list;
}

void emit_sources_data(struct arena *arena, const struct layout *layout, struct value *data)
{
    const struct model *model = layout->model;
    struct parts parts = {.arena = arena, .layout = layout};
    struct value *texts = value_list(arena);

    set_int(arena, data, "source_cpus", model->sources_file == NULL ? 0 : model->cpu_count);
    set_value(arena, data, "source_most", most_data(arena, model));
    set_parts(&parts, data, "source_exceptions", exceptions_of);
    set_parts(&parts, data, "source_disputes", disputes_of);
    set_parts(&parts, data, "source_doubts", doubts_of);
    for (size_t i = 0; i < parts.texts.count; i++)
        value_append(arena, texts, value_text(arena, parts.texts.list[i]));
    set_value(arena, data, "source_texts", texts);
}
