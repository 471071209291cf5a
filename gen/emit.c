/*
 * In goes the model, out comes what templates other than libkpdb's tables are rendered from; and
 * builtin templates are rendered, to text or to an output. Nothing else is touched.
 */
#include "emit.h"
#include "emit_data.h"

#include <stdlib.h>
#include <string.h>

/* ---- building data --------------------------------------------------------------------------- */

/*
 * Adds a map to the end of a list. Mustache has no separators: templates ask for
 * {{^first}},{{/first}}.
 */
static struct value *add_item(struct arena *arena, struct value *list)
{
    struct value *item = value_map(arena);

    set_bool(arena, item, "first", list->length == 0);
    value_append(arena, list, item);
    return item;
}

static void add_text(struct arena *arena, struct value *list, const char *text)
{
    set_text(arena, add_item(arena, list), "name", text);
}

/* The names of a list's items in one text. */
static const char *names_text(struct arena *arena, const struct value *list)
{
    struct buffer text = {0};
    const char *copy;

    for (size_t i = 0; i < list->length; i++)
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ",
                      value_get(list->items[i], "name", strlen("name"))->string);
    copy = arena_copy(arena, text.length == 0 ? "" : text.data, text.length);
    buffer_free(&text);
    return copy;
}

/* ---- the model ------------------------------------------------------------------------------- */

static struct value *releases_data(struct arena *arena, const struct model *model,
                                   uint32_t releases)
{
    struct value *list = value_list(arena);

    for (size_t r = 0; r < model->release_count; r++)
        if (releases >> r & 1)
            add_text(arena, list, model->releases[r]);
    return list;
}

/* The counters of a mask, numbered from `base`. */
static struct value *mask_data(struct arena *arena, uint32_t mask, size_t base)
{
    struct value *list = value_list(arena);

    for (size_t bit = base; bit < 32; bit++)
        if (mask >> bit & 1)
            set_int(arena, add_item(arena, list), "counter", bit - base);
    return list;
}

/*
 * What is shown of a CPU: it as of one release; or all that several have, what they say of one
 * event being what the newest of them says.
 */
struct view {
    const struct model *model;
    const struct cpu *cpu;
    uint32_t releases;
    size_t release;                /* the newest of them */
    const struct event **resolved; /* which event every name means there */
};

static bool is_alias_of(const struct view *view, const struct alias *alias,
                        const struct event *event)
{
    return model_same_event(view->model, alias_event(alias, view->release), event->name);
}

static struct value *aliases_data(struct arena *arena, const struct view *view,
                                  const struct event *event)
{
    const struct database *database = &view->cpu->db;
    struct value *list = value_list(arena);

    for (size_t i = 0; i < database->alias_count; i++)
        if (is_alias_of(view, &database->aliases[i], event))
            add_text(arena, list, database->aliases[i].name);
    return list;
}

/* The aliases in one cell of a table, a blank between two: what makes the cell is to escape it. */
static const char *aliases_text(struct arena *arena, const struct view *view,
                                const struct event *event)
{
    const struct database *database = &view->cpu->db;
    struct buffer text = {0};
    const char *copy;

    for (size_t i = 0; i < database->alias_count; i++)
        if (is_alias_of(view, &database->aliases[i], event)) {
            buffer_puts(&text, text.length == 0 ? "" : " ");
            buffer_puts(&text, database->aliases[i].name);
        }
    copy = arena_copy(arena, text.length == 0 ? "" : text.data, text.length);
    buffer_free(&text);
    return copy;
}

/*
 * What `other`, bits 16 to 31 of Intel's PERFEVTSEL, and the event's MSR say to perf; 83 is what
 * every event has.
 */
static void set_perf_flags(struct arena *arena, struct value *item, const struct event *event)
{
    set_bool(arena, item, "edge", event->other >> 2 & 1);
    set_bool(arena, item, "any_thread", event->other >> 5 & 1);
    set_bool(arena, item, "invert", event->other >> 7 & 1);
    set_int(arena, item, "counter_mask", event->other >> 8);
    set_bool(arena, item, "has_counter_mask", event->other >> 8 != 0);
    set_int(arena, item, "msr", event->msr);
    set_bool(arena, item, "has_msr", event->msr != 0);
    set_int(arena, item, "msr_value", event->msr_value);
    set_bool(arena, item, "has_msr_value", event->msr_value != 0);
}

/* What Intel's PERFEVTSEL selects an event with: not for which modes, nor whether it counts. */
static size_t perfevtsel(const struct event *event)
{
    return event->number | (size_t)event->umask << 8 | (size_t)(event->other & 0xffac) << 16;
}

/* The lowest configurable counter: Linux counts Intel's general ones from it, Apple's from 0. */
static size_t perf_base(const struct database *database)
{
    size_t base = 0;

    while (arch_has_umask(database->arch) && base < 31 && !(database->config >> base & 1))
        base++;
    return base;
}

/* What each field of an event or a database means, by its key, and whether it is there. */
static void set_fields(struct arena *arena, struct value *item, const struct field *fields,
                       size_t count, const void *record)
{
    for (size_t f = 0; f < count; f++) {
        const struct field_value value = field_meant(&fields[f], record);

        if (field_is_text(&fields[f]))
            set_text(arena, item, fields[f].key, value.text);
        else
            set_value(arena, item, fields[f].key, value_int(arena, value.number));
        if (fields[f].has_key != NULL)
            set_bool(arena, item, fields[f].has_key, value.present);
    }
}

/* What the event counts: `otherwise` where no meaning of its own is known. */
static void set_meaning(struct arena *arena, struct value *item, const struct event *event,
                        const char *otherwise)
{
    set_text(arena, item, "summary", event->summary == NULL ? otherwise : event->summary);
    set_bool(arena, item, "doubted", event->doubted);
    set_text(arena, item, "errata_ids", event->errata_ids);
}

static void set_event(struct arena *arena, struct value *item, const struct view *view,
                      const struct event *event)
{
    const struct database *db = &view->cpu->db;

    set_text(arena, item, "name", event->name);
    set_text(arena, item, "ident", layout_upper_identifier(arena, event->name));
    set_fields(arena, item, event_fields, event_field_count, event);
    set_perf_flags(arena, item, event);
    set_int(arena, item, "perfevtsel", perfevtsel(event));
    set_value(arena, item, "counters", mask_data(arena, event->counters, 0));
    set_value(arena, item, "perf_counters", mask_data(arena, event->counters, perf_base(db)));
    set_value(arena, item, "aliases", aliases_data(arena, view, event));
    set_text(arena, item, "aliases_text", aliases_text(arena, view, event));
    set_value(arena, item, "releases",
              releases_data(arena, view->model, event_releases(database_event(db, event->name))));
}

/*
 * perf programs an event by its code; Intel's fixed ones have code 0 and a unit mask of their own.
 */
static bool perf_has(const struct database *database, const struct event *event)
{
    return event->has_number || (arch_has_umask(database->arch) && event->fixed >= 0);
}

/* Some events of it. */
struct event_list {
    const struct view *view;
    const struct event **events;
    size_t count;
};

/* The chip-agnostic names that mean the event, and its meaning, or else the first one's. */
static void set_event_names(struct arena *arena, struct value *item, const struct view *view,
                            const struct event *event)
{
    struct value *names = value_list(arena);
    const char *summary = NULL;

    for (size_t n = 0; n < view->model->name_count; n++)
        if (view->resolved[n] == event) {
            if (names->length == 0)
                summary = view->model->names[n].summary;
            add_text(arena, names, view->model->names[n].name);
        }
    set_value(arena, item, "names", names);
    set_meaning(arena, item, event, summary);
}

/* Where its values come from in that release, and who has others: false and none if not known. */
static void set_event_sources(struct arena *arena, struct value *item, const struct view *view,
                              const struct event *event)
{
    const struct cpu *cpu = view->cpu;
    const struct event *there = database_event(cpu->history[view->release], event->name);
    struct value *sources = value_map(arena), *disputes = value_list(arena);

    for (size_t f = 0; f < SOURCE_FIELDS; f++)
        set_text(arena, sources, source_field_words[f],
                 cpu->sources == NULL || there == NULL
                     ? NULL
                     : source_words[model_source(view->model, cpu, view->release, there,
                                                 (enum source_field)f)]);
    for (size_t i = 0; i < cpu->dispute_count; i++) {
        const struct dispute *dispute = &cpu->disputes[i];
        struct value *list_item;

        if (!(dispute->releases >> view->release & 1) || strcmp(dispute->event, event->name) != 0)
            continue;
        list_item = add_item(arena, disputes);
        set_text(arena, list_item, "field", dispute->field->key);
        set_value(arena, list_item, "ours", value_int(arena, dispute->ours));
        set_value(arena, list_item, "theirs", value_int(arena, dispute->theirs));
        set_text(arena, list_item, "says", dispute->says);
        set_text(arena, list_item, "confirmed", dispute->confirmed);
    }
    set_value(arena, item, "sources", sources);
    set_value(arena, item, "disputes", disputes);
}

/* An item of a lazy list: the same as add_item() makes. */
static struct value *lazy_item(struct arena *arena, size_t index)
{
    struct value *item = value_map(arena);

    set_bool(arena, item, "first", index == 0);
    return item;
}

static const struct value *event_data(struct arena *arena, const void *user, size_t index)
{
    const struct event_list *list = user;
    struct value *item = lazy_item(arena, index);

    set_event(arena, item, list->view, list->events[index]);
    set_event_names(arena, item, list->view, list->events[index]);
    set_event_sources(arena, item, list->view, list->events[index]);
    return item;
}

/* The event as the newest of the releases has it; NULL when none of them does. */
static const struct event *newest_of(const struct event *event, uint32_t releases)
{
    while (event != NULL && (event->releases & releases) == 0)
        event = event->older;
    return event;
}

/* A list of the releases, beside what it is that only they have. */
static void set_releases_text(struct arena *arena, struct value *item, const struct view *view,
                              uint32_t releases)
{
    set_text(arena, item, "releases_text",
             names_text(arena, releases_data(arena, view->model, releases & view->releases)));
}

/* Whether the counters have to be told something else to count it. */
static bool is_recoded(const struct event *a, const struct event *b)
{
    return a->number != b->number || a->umask != b->umask || a->other != b->other ||
           a->counters != b->counters || a->fixed != b->fixed;
}

/* What the view's older releases say otherwise of the event. */
static struct value *older_data(struct arena *arena, const struct view *view,
                                const struct event *event)
{
    const struct event *newest = event;
    struct value *list = value_list(arena);

    while ((event = newest_of(event->older, view->releases)) != NULL) {
        struct value *item = add_item(arena, list);

        set_fields(arena, item, event_fields, event_field_count, event);
        set_int(arena, item, "perfevtsel", perfevtsel(event));
        set_bool(arena, item, "recoded", is_recoded(event, newest));
        set_releases_text(arena, item, view, event->releases);
    }
    return list;
}

/* What the CPU calls the event in others of the view's releases. */
static struct value *spellings_data(struct arena *arena, const struct view *view,
                                    const struct event *event)
{
    const char *name = event->name;
    const struct spellings names = model_spellings(view->model, &name);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < names.count; i++) {
        const struct event *other = database_event(&view->cpu->db, names.names[i]);
        struct value *item;

        if (other == NULL || strcmp(other->name, event->name) == 0 ||
            newest_of(other, view->releases) == NULL)
            continue;
        item = add_item(arena, list);
        set_text(arena, item, "name", other->name);
        set_releases_text(arena, item, view, event_releases(other));
    }
    return list;
}

/* One of all events: with what differs between the view's releases. */
static const struct value *any_event_data(struct arena *arena, const void *user, size_t index)
{
    const struct event_list *list = user;
    const struct view *view = list->view;
    const struct event *event = list->events[index];
    uint32_t releases = event_releases(database_event(&view->cpu->db, event->name));
    struct value *item = lazy_item(arena, index);

    set_event(arena, item, view, event);
    set_event_names(arena, item, view, event);
    set_bool(arena, item, "in_all", (view->releases & ~releases) == 0);
    set_releases_text(arena, item, view, releases);
    set_value(arena, item, "older", older_data(arena, view, event));
    set_value(arena, item, "spellings", spellings_data(arena, view, event));
    return item;
}

/* With perf_only, those that perf can count, as the first of their own list. */
static struct value *cpu_events_data(struct arena *arena, const struct view *view,
                                     value_item_fn *data, bool perf_only)
{
    const struct database *db = &view->cpu->db;
    struct event_list *list = arena_alloc(arena, 1, sizeof *list);

    list->view = view;
    list->events = arena_alloc(arena, db->event_count, sizeof *list->events);
    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = newest_of(&db->events[i], view->releases);

        if (event != NULL && (!perf_only || perf_has(db, event)))
            list->events[list->count++] = event;
    }
    return value_lazy_list(arena, data, list, list->count);
}

static const struct value *name_data(struct arena *arena, const void *user, size_t index)
{
    const struct view *view = user;
    const struct portable *name = &view->model->names[index];
    struct value *item = lazy_item(arena, index), *event;

    set_text(arena, item, "name", name->name);
    set_text(arena, item, "ident", layout_upper_identifier(arena, name->name));
    set_text(arena, item, "unit", name->unit);
    set_text(arena, item, "summary", name->summary);
    set_bool(arena, item, "supported", view->resolved[index] != NULL);
    if (view->resolved[index] != NULL) {
        event = value_map(arena);
        set_event(arena, event, view, view->resolved[index]);
        set_meaning(arena, event, view->resolved[index], name->summary);
        set_value(arena, item, "event", event);
    }
    return item;
}

static void add_constant(struct arena *arena, struct value *list, const struct view *view,
                         const char *name, char core)
{
    const struct chip_constant *constant =
        constant_on(view->model, name, (size_t)(view->cpu - view->model->cpus), core);
    struct value *item;

    if (constant == NULL)
        return;
    item = add_item(arena, list);
    set_text(arena, item, "constant", name);
    set_text(arena, item, "core", core == '\0' ? NULL : arena_copy(arena, &core, 1));
    set_int(arena, item, "value", constant->value);
    set_text(arena, item, "source", constant->source);
}

/* The constants of the CPU: of every core first, then by the letter of the kind of core. */
static struct value *constants_data(struct arena *arena, const struct view *view)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < view->model->constant_count; i++) {
        add_constant(arena, list, view, view->model->constants[i].name, '\0');
        for (int core = 'A'; core <= 'Z'; core++)
            add_constant(arena, list, view, view->model->constants[i].name, (char)core);
    }
    return list;
}

/* The chip-agnostic names that a metric uses, and their events. */
static struct value *terms_data(struct arena *arena, const struct view *view,
                                const struct expression *expression)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < expression->name_count; i++) {
        const struct event *event = view->resolved[expression->names[i]];
        struct value *item = add_item(arena, list);

        set_text(arena, item, "name", view->model->names[expression->names[i]].name);
        set_text(arena, item, "event", event == NULL ? NULL : event->name);
    }
    return list;
}

static const struct value *metric_data(struct arena *arena, const void *user, size_t index)
{
    const struct view *view = user;
    const struct metric *metric = &view->model->metrics[index];
    const struct expression *expression =
        metric_on(view->model, metric, (size_t)(view->cpu - view->model->cpus), view->release);
    const struct expression *shown = expression == NULL ? metric->expressions : expression;
    struct value *item = lazy_item(arena, index);

    set_text(arena, item, "name", metric->name);
    set_text(arena, item, "unit", metric->unit);
    set_text(arena, item, "summary", metric->summary);
    set_text(arena, item, "expression", shown->text);
    set_value(arena, item, "names", terms_data(arena, view, shown));
    set_bool(arena, item, "supported", expression != NULL);
    return item;
}

static void set_cpu(struct arena *arena, struct value *item, const struct view *view)
{
    const struct model *model = view->model;
    const struct cpu *c = view->cpu;
    struct value *ids = value_list(arena), *chips = value_list(arena), *also = value_list(arena);
    struct map known = {NULL}; /* a chip with two ids is one */

    set_text(arena, item, "db", c->db.name);
    set_text(arena, item, "ident", layout_upper_identifier(arena, c->db.name));
    set_text(arena, item, "asked",
             layout_upper_identifier(arena, c->asked == NULL ? c->db.name : c->asked));
    set_text(arena, item, "arch", arch_name(c->db.arch));
    set_bool(arena, item, "intel", arch_has_umask(c->db.arch));
    set_bool(arena, item, "arm64", c->db.arch == ARCH_ARM64);
    set_fields(arena, item, database_fields, database_field_count, c->history[view->release]);
    set_int(arena, item, "event_bits", c->event_bits);
    set_value(arena, item, "releases", releases_data(arena, model, c->releases));
    for (size_t i = 0; i < c->db.id_count; i++) {
        const struct chip *chip = model_chip(model, &c->db.ids[i]);

        add_text(arena, ids, cpu_id_text(arena, &c->db.ids[i]));
        for (size_t n = 0; chip != NULL && n < chip->name_count; n++)
            if ((*map_text(arena, &known, chip->names[n]))++ == 0)
                add_text(arena, chips, chip->names[n]);
    }
    for (size_t i = 0; i < c->also_count; i++)
        add_text(arena, also, c->also[i]);
    set_value(arena, item, "cpu_ids", ids);
    set_value(arena, item, "chips", chips);
    set_text(arena, item, "chips_text", chips->length == 0 ? NULL : names_text(arena, chips));
    set_value(arena, item, "also", also);
}

/* The CPUs that are shown, and each one's release. */
struct shown_cpus {
    const struct model *model;
    size_t *cpus, *releases;
    size_t count;
    bool newest; /* each CPU's release is its newest, for want of another */
};

/* The CPU in one release, or in all of a mask. */
static const struct view *make_view(struct arena *arena, const struct model *model, size_t cpu,
                                    uint32_t releases)
{
    struct view *view = arena_alloc(arena, 1, sizeof *view);

    view->model = model;
    view->cpu = &model->cpus[cpu];
    view->releases = releases;
    while (releases >> view->release > 1)
        view->release++;
    view->resolved = arena_alloc(arena, model->name_count, sizeof *view->resolved);
    for (size_t n = 0; n < model->name_count; n++)
        for (size_t r = model->release_count; r-- > 0 && view->resolved[n] == NULL;)
            if (releases >> r & 1)
                view->resolved[n] = portable_on(model, &model->names[n], cpu, r);
    return view;
}

/* The counters, and the registers that the assembler has for arm64's (kernel.md 2.7). */
static struct value *cpu_counters_data(struct arena *arena, const struct database *database)
{
    struct value *list = value_list(arena);
    uint32_t counters = database_counters(database);

    for (unsigned n = 0; n < 32; n++)
        if (counters >> n & 1) {
            struct value *item = add_item(arena, list);

            set_int(arena, item, "counter", n);
            set_text(arena, item, "sysreg",
                     database->arch == ARCH_ARM64
                         ? arena_printf(arena, "s3_2_c15_c%u_0", n < 8 ? n : n + 1)
                         : NULL);
        }
    return list;
}

static const struct value *cpu_data(struct arena *arena, const void *user, size_t index)
{
    const struct shown_cpus *shown = user;
    const struct model *model = shown->model;
    size_t cpu = shown->cpus[index], release = shown->releases[index];
    const struct view *view = make_view(arena, model, cpu, UINT32_C(1) << release), *any = view;
    struct value *item = lazy_item(arena, index);

    if (shown->newest)
        any = make_view(arena, model, cpu, model->cpus[cpu].releases);
    set_cpu(arena, item, view);
    set_text(arena, item, "release", model->releases[release]);
    set_value(arena, item, "events", cpu_events_data(arena, view, event_data, false));
    set_value(arena, item, "perf_events", cpu_events_data(arena, view, event_data, true));
    set_value(arena, item, "names", value_lazy_list(arena, name_data, view, model->name_count));
    set_text(arena, item, "all_releases_text",
             names_text(arena, releases_data(arena, model, any->releases)));
    set_value(arena, item, "all_events", cpu_events_data(arena, any, any_event_data, false));
    set_value(arena, item, "all_names", value_lazy_list(arena, name_data, any, model->name_count));
    set_value(arena, item, "counters", cpu_counters_data(arena, view->cpu->history[release]));
    set_value(arena, item, "metrics",
              value_lazy_list(arena, metric_data, view, model->metric_count));
    set_value(arena, item, "constants", constants_data(arena, view));
    return item;
}

struct value *emit_model_data(struct arena *arena, const struct model *model, int release)
{
    struct value *data = value_map(arena);
    struct shown_cpus *shown = arena_alloc(arena, 1, sizeof *shown);

    shown->model = model;
    shown->newest = release < 0;
    shown->cpus = arena_alloc(arena, model->cpu_count, sizeof *shown->cpus);
    shown->releases = arena_alloc(arena, model->cpu_count, sizeof *shown->releases);
    for (size_t c = 0; c < model->cpu_count; c++) {
        size_t r = release < 0 ? cpu_newest(&model->cpus[c]) : (size_t)release;

        if (!(model->cpus[c].releases >> r & 1))
            continue;
        shown->cpus[shown->count] = c;
        shown->releases[shown->count++] = r;
    }
    set_value(arena, data, "cpus", value_lazy_list(arena, cpu_data, shown, shown->count));
    set_value(arena, data, "releases", releases_data(arena, model, UINT32_MAX));
    return data;
}

/* ---- a snapshot ------------------------------------------------------------------------------ */

static int compare_fields(const void *a, const void *b)
{
    return strcmp((*(const struct field *const *)a)->key, (*(const struct field *const *)b)->key);
}

/* By key, as Apple's plists have them. */
static const struct field **sort_event_fields(struct arena *arena)
{
    const struct field **sorted = arena_alloc(arena, event_field_count, sizeof(struct field *));

    for (size_t f = 0; f < event_field_count; f++)
        sorted[f] = &event_fields[f];
    qsort(sorted, event_field_count, sizeof *sorted, compare_fields);
    return sorted;
}

/* The keys that the event's dictionary has: each with a number or, as a text, with that. */
static struct value *snapshot_fields_data(struct arena *arena, const struct field *const *fields,
                                          const struct event *event)
{
    struct value *list = value_list(arena);

    for (size_t f = 0; f < event_field_count; f++) {
        const struct field_value value = field_written(fields[f], event);
        struct value *item;

        if (!value.present)
            continue;
        item = value_map(arena);
        set_text(arena, item, "key", fields[f]->key);
        set_bool(arena, item, "is_text", field_is_text(fields[f]));
        set_text(arena, item, "text", value.text);
        set_value(arena, item, "number", value_int(arena, value.number));
        value_append(arena, list, item);
    }
    return list;
}

static struct value *snapshot_events_data(struct arena *arena, const struct database *database)
{
    const struct field **fields = sort_event_fields(arena);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < database->event_count; i++) {
        struct value *item = add_item(arena, list);

        set_text(arena, item, "name", database->events[i].name);
        set_value(arena, item, "fields", snapshot_fields_data(arena, fields, &database->events[i]));
    }
    return list;
}

/* A list of the number, or without one: templates take 0 for nothing. */
static void set_optional(struct arena *arena, struct value *map, const char *key,
                         const struct field_value *value)
{
    struct value *list = value_list(arena);

    if (value->present)
        value_append(arena, list, value_int(arena, value->number));
    set_value(arena, map, key, list);
}

struct value *emit_snapshot_data(struct arena *arena, const struct database *database,
                                 const char *release, const char *source, uint32_t covers)
{
    struct value *data = value_map(arena), *ids = value_list(arena), *aliases = value_list(arena);
    struct value *version = value_list(arena), *internal = value_list(arena);
    struct value *keys = value_list(arena);

    set_text(arena, data, "name", database->name);
    set_text(arena, data, "release", release);
    set_text(arena, data, "source", source);
    for (size_t i = 0; i < database->id_count; i++)
        add_text(arena, ids, cpu_id_text(arena, &database->ids[i]));
    set_value(arena, data, "cpus", ids);
    for (size_t n = 0; coverage_key(n) != NULL; n++)
        if ((covers >> n & 1) != 0)
            add_text(arena, keys, coverage_key(n));
    set_value(arena, data, "covers", keys);
    set_bool(arena, data, "is_part", covers != COVERS_ALL);
    if (database->has_internal)
        value_append(arena, internal, value_text(arena, database->internal ? "true" : "false"));
    set_value(arena, data, "internal", internal);
    for (size_t i = 0; i < 2; i++)
        value_append(arena, version, value_int(arena, database->version[i]));
    set_value(arena, data, "version", version);
    set_text(arena, data, "architecture", arch_name(database->arch));
    for (size_t f = 0; f < database_field_count; f++) {
        const struct field_value value = field_written(&database_fields[f], database);

        if (field_is_text(&database_fields[f]))
            set_text(arena, data, database_fields[f].key, value.text);
        else
            set_optional(arena, data, database_fields[f].key, &value);
    }
    for (size_t i = 0; i < database->alias_count; i++) {
        struct value *item = add_item(arena, aliases);

        set_text(arena, item, "name", database->aliases[i].name);
        set_text(arena, item, "event", database->aliases[i].event);
    }
    set_value(arena, data, "aliases", aliases);
    set_bool(arena, data, "has_aliases", database->alias_count != 0);
    set_value(arena, data, "events", snapshot_events_data(arena, database));
    return data;
}

/* ---- templates ------------------------------------------------------------------------------- */

const struct builtin *builtin_named(const char *name)
{
    for (const struct builtin *b = builtins; b->name != NULL; b++)
        if (strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

static void render_builtin(struct arena *arena, const char *name, const struct value *data,
                           struct template_options options, struct buffer *out)
{
    const struct builtin *builtin = builtin_named(name);
    const char *error = NULL;

    options.escape = template_escape_for(builtin->file);
    if (!template_render(arena, &options, builtin->file, builtin->text, builtin->length, data, out,
                         &error) &&
        error != NULL)
        fatal(EXIT_NO, "%s", error);
}

void emit_builtin(struct arena *arena, const char *name, const struct value *data,
                  struct buffer *out)
{
    render_builtin(arena, name, data, (struct template_options){0}, out);
}

void emit_output(struct arena *arena, const char *name, const struct value *data,
                 struct output *output)
{
    const struct template_options options = {.flush = output_flush, .flush_to = output};

    render_builtin(arena, name, data, options, &output->text);
}
