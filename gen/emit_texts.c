/*
 * In goes the layout, out comes what kpdb_texts.h.mustache is rendered from: what the events of
 * the model mean and the errata of them. Nothing else is touched.
 */
#include "emit.h"
#include "emit_data.h"

#include <stdlib.h>
#include <string.h>

/* Equal texts are one; the first is empty, and stands for none. */
struct texts {
    struct arena *arena;
    struct strings strings;
    const struct layout *layout;
};

static size_t share_text(struct texts *texts, const char *text)
{
    struct strings *strings = &texts->strings;
    size_t *number = map_text(texts->arena, &strings->known, text);

    if (*number == 0) {
        strings->list =
            arena_grow(texts->arena, strings->list, strings->count, sizeof *strings->list);
        strings->list[strings->count] = text;
        strings->bytes += strlen(text) + 1;
        *number = ++strings->count;
    }
    return *number - 1;
}

/* ---- summaries ------------------------------------------------------------------------------- */

/* What an id means: a text's number, 0 for none, and whether that is likely only. */
struct meaning {
    size_t text;
    bool doubted, told;
};

static void tell_events(struct texts *texts, const struct database *db, struct meaning *meanings)
{
    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];

        meanings[layout_event_id(texts->layout, event->name)] = (struct meaning){
            event->summary == NULL ? 0 : share_text(texts, event->summary), event->doubted, true};
    }
}

/* What an alias means: what each of the events does that it is for, or nothing. */
static void tell_alias(struct meaning *alias, const struct meaning *event)
{
    if (alias->told && alias->text != event->text) {
        *alias = (struct meaning){.told = true};
    } else {
        alias->text = event->text;
        alias->doubted |= event->doubted;
        alias->told = true;
    }
}

/* The ids that are aliases only: an event's own meaning stays, whatever has its name elsewhere. */
static void tell_aliases(const struct texts *texts, const struct database *db,
                         const bool *is_hardware, struct meaning *meanings)
{
    for (size_t i = 0; i < db->alias_count; i++) {
        size_t id = layout_event_id(texts->layout, db->aliases[i].name);

        for (const struct alias *alias = &db->aliases[i]; alias != NULL && !is_hardware[id];
             alias = alias->older)
            tell_alias(&meanings[id], &meanings[layout_event_id(texts->layout, alias->event)]);
    }
}

static struct meaning *find_meanings(struct texts *texts, const struct layout *layout)
{
    struct meaning *meanings = arena_alloc(texts->arena, layout->event_ids, sizeof *meanings);

    for (size_t c = 0; c < layout->model->cpu_count; c++)
        tell_events(texts, &layout->model->cpus[c].db, meanings);
    for (size_t c = 0; c < layout->model->cpu_count; c++)
        tell_aliases(texts, &layout->model->cpus[c].db, layout->is_hardware, meanings);
    return meanings;
}

/* Lines of eight texts, and of eight bytes of a bit for each id. */
static void set_meanings(struct arena *arena, struct value *data, const struct layout *layout,
                         const struct meaning *meanings)
{
    size_t *texts = arena_alloc(arena, layout->event_ids, sizeof *texts);
    size_t *doubted = arena_alloc(arena, layout->event_ids / 8 + 1, sizeof *doubted);

    for (size_t id = 0; id < layout->event_ids; id++) {
        texts[id] = meanings[id].text;
        doubted[id / 8] |= (size_t)meanings[id].doubted << id % 8;
    }
    set_value(arena, data, "summaries",
              numbers_data(arena, &(struct numbers){texts, layout->event_ids}));
    set_value(arena, data, "doubted",
              numbers_data(arena, &(struct numbers){doubted, layout->event_ids / 8 + 1}));
}

/* ---- errata ---------------------------------------------------------------------------------- */

struct erratum {
    size_t event, text;
    const char *name;
};

static int compare_errata(const void *a, const void *b)
{
    const struct erratum *x = a, *y = b;

    return x->event < y->event ? -1 : x->event > y->event;
}

/* The errata of a CPU, by event id. */
static size_t list_errata(struct texts *texts, const struct database *db, struct erratum *errata)
{
    size_t count = 0;

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];

        if (event->errata_ids != NULL)
            errata[count++] = (struct erratum){layout_event_id(texts->layout, event->name),
                                               share_text(texts, event->errata_ids), event->name};
    }
    if (count != 0)
        qsort(errata, count, sizeof *errata, compare_errata);
    return count;
}

static struct value *errata_data(struct texts *texts, const struct model *model)
{
    struct value *list = value_list(texts->arena);

    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct database *db = &model->cpus[c].db;
        struct erratum *errata = arena_alloc(texts->arena, db->event_count, sizeof *errata);
        size_t count = list_errata(texts, db, errata);

        for (size_t i = 0; i < count; i++) {
            struct value *item = value_map(texts->arena);

            set_int(texts->arena, item, "cpu", c);
            set_int(texts->arena, item, "event", errata[i].event);
            set_int(texts->arena, item, "text", errata[i].text);
            set_text(texts->arena, item, "name", errata[i].name);
            value_append(texts->arena, list, item);
        }
    }
    return list;
}

/* ---- the step -------------------------------------------------------------------------------- */

void emit_texts_data(struct arena *arena, const struct layout *layout, struct value *data)
{
    struct texts texts = {.arena = arena, .layout = layout};
    struct value *errata;

    share_text(&texts, "");
    set_meanings(arena, data, layout, find_meanings(&texts, layout));
    errata = errata_data(&texts, layout->model);
    set_value(arena, data, "errata", errata);
    set_int(arena, data, "erratum_count", errata->length);
    set_value(arena, data, "texts", strings_data(arena, &texts.strings));
    set_int(arena, data, "text_bytes", texts.strings.bytes);
    set_width(arena, data, "text_width", texts.strings.bytes);
}
