#include "emit.h"

#include <string.h>

/* ---- building data --------------------------------------------------------------------------- */

static void set(struct arena *arena, struct value *map, const char *key, struct value *value)
{
    value_set(arena, map, key, value);
}

static void set_text(struct arena *arena, struct value *map, const char *key, const char *text)
{
    set(arena, map, key, text == NULL ? value_bool(arena, false) : value_text(arena, text));
}

static void set_int(struct arena *arena, struct value *map, const char *key, size_t number)
{
    set(arena, map, key, value_int(arena, (int64_t)number));
}

static void set_bool(struct arena *arena, struct value *map, const char *key, bool boolean)
{
    set(arena, map, key, value_bool(arena, boolean));
}

/* A map at the end of a list. Mustache has no separators: templates ask for {{^first}},{{/first}}.
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

/* ---- the tables ------------------------------------------------------------------------------ */

/* A bare number behind the others of its table, which has a list for each line of the header. */
static void add_number(struct arena *arena, struct value *lines, size_t number)
{
    enum { NUMBERS_A_LINE = 8 };
    struct value *line = lines->length == 0 ? NULL : lines->items[lines->length - 1];

    if (line == NULL || line->length == NUMBERS_A_LINE) {
        line = value_list(arena);
        value_append(arena, lines, line);
    }
    value_append(arena, line, value_int(arena, (int64_t)number));
}

static struct value *list_data(struct arena *arena, const size_t *numbers, size_t count)
{
    struct value *lines = value_list(arena);

    for (size_t i = 0; i < count; i++)
        add_number(arena, lines, numbers[i]);
    return lines;
}

static struct value *numbers_data(struct arena *arena, const struct numbers *numbers)
{
    return list_data(arena, numbers->list, numbers->count);
}

/*
 * Bytes of a text that fit into a line of the header: all, or up to behind the last blank that
 * does. As wide as C has them: an escape is of at most four characters.
 */
static size_t line_length(const char *text)
{
    enum { LINE_MAX = 80 };
    size_t width = 0, blank = 0, i;

    for (i = 0; text[i] != '\0'; i++) {
        bool plain = text[i] >= ' ' && text[i] <= '~' && strchr("\"\\?*/", text[i]) == NULL;

        width += plain ? 1 : 4;
        if (width > LINE_MAX)
            return blank == 0 ? i : blank;
        if (text[i] == ' ')
            blank = i + 1;
    }
    return i;
}

/* text is what fits into the first line, more what the lines behind it have. */
static void set_lines(struct arena *arena, struct value *item, const char *text)
{
    size_t length = line_length(text);
    struct value *more = value_list(arena);

    set(arena, item, "text", value_string(arena, text, length));
    for (text += length; *text != '\0'; text += length) {
        length = line_length(text);
        value_append(arena, more, value_string(arena, text, length));
    }
    set(arena, item, "more", more);
}

static struct value *strings_data(struct arena *arena, const struct strings *strings)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < strings->count; i++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "n", i);
        set_lines(arena, item, strings->list[i]);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *table_releases_data(struct arena *arena, const struct model *model)
{
    struct value *list = value_list(arena);

    for (size_t r = 0; r < model->release_count; r++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "n", r);
        set_text(arena, item, "name", model->releases[r]);
        value_append(arena, list, item);
    }
    return list;
}

static void add_row(struct arena *arena, struct value *list, const struct layout *layout, size_t id,
                    size_t row)
{
    const struct layout_row *from = &layout->rows[row];
    struct value *item = value_map(arena);

    set_int(arena, item, "number", from->number);
    set_int(arena, item, "umask", from->umask);
    set_int(arena, item, "kind", from->kind);
    set_text(arena, item, "event", from->name);
    set_bool(arena, item, "alias", from->kind == 0);
    set_bool(arena, item, "begins", row == layout->row_at.list[id]);
    set_int(arena, item, "id", id);
    set_int(arena, item, "row", row);
    set_text(arena, item, "name", layout->strings.list[id]);
    value_append(arena, list, item);
}

static struct value *rows_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t id = 0; id < layout->event_ids; id++)
        for (size_t row = layout->row_at.list[id]; row < layout->row_at.list[id + 1]; row++)
            add_row(arena, list, layout, id, row);
    return list;
}

static struct value *kinds_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->kind_count; i++) {
        const struct layout_kind *kind = &layout->kinds[i];
        struct value *item = value_map(arena);

        set_int(arena, item, "n", i);
        set_int(arena, item, "counters", kind->counters);
        set_bool(arena, item, "has_fallback", kind->fallback != LAYOUT_NO_ID);
        set_int(arena, item, "fallback", kind->fallback);
        set_int(arena, item, "other", kind->other);
        set_int(arena, item, "releases", kind->releases);
        set(arena, item, "fixed", value_int(arena, kind->fixed));
        value_append(arena, list, item);
    }
    return list;
}

static struct value *table_cpus_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t c = 0; c < layout->model->cpu_count; c++) {
        const struct layout_cpu *from = &layout->cpus[c];
        const struct layout_list *ids = &layout->lists[from->list];
        const struct database *db = &from->cpu->db;
        struct value *item = value_map(arena);

        set_int(arena, item, "n", c);
        set_text(arena, item, "name", db->name);
        set_text(arena, item, "ident", layout_upper_identifier(arena, db->name));
        set_int(arena, item, "arch", (size_t)db->arch);
        set_int(arena, item, "fixed", db->fixed);
        set_int(arena, item, "config", db->config);
        set_int(arena, item, "power", db->power);
        set_int(arena, item, "db", from->db);
        set_int(arena, item, "marketing", from->marketing);
        set_int(arena, item, "releases", from->cpu->releases);
        set_int(arena, item, "event_bits", from->cpu->event_bits);
        set_int(arena, item, "kernel_list", from->cpu->has_kernel_list);
        set_int(arena, item, "kernel", from->kernel);
        set_int(arena, item, "kernels_at", from->kernels_at);
        set_int(arena, item, "kernels", from->kernels);
        set_int(arena, item, "events", db->event_count);
        set_int(arena, item, "first", ids->first);
        set_int(arena, item, "span", ids->span);
        set_int(arena, item, "list", layout->sparse ? from->list : ids->at);
        set_int(arena, item, "ids_at", from->ids_at);
        set_int(arena, item, "ids", db->id_count);
        set_int(arena, item, "also_at", from->also_at);
        set_int(arena, item, "also", from->cpu->also_count);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *shifts_data(struct arena *arena, const struct layout *layout)
{
    struct value *lines = value_list(arena);

    for (size_t c = 0; c < layout->model->cpu_count; c++)
        add_number(arena, lines, layout->lists[layout->cpus[c].list].shift);
    return lines;
}

static struct value *table_ids_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->id_count; i++) {
        const struct layout_id *from = &layout->ids[i];
        struct value *item = value_map(arena);

        set_int(arena, item, "type", from->id.type);
        set_int(arena, item, "subtype", from->id.subtype);
        set_int(arena, item, "family", from->id.family);
        set_int(arena, item, "cpu", from->cpu);
        set_int(arena, item, "chips_at", from->chips_at);
        set_int(arena, item, "chips", from->chips);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *kernels_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->kernel_count; i++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "event", layout->kernels[i].event);
        set_int(arena, item, "since", layout->kernels[i].since);
        set_text(arena, item, "name", layout->strings.list[layout->kernels[i].event]);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *designations_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->designation_count; i++) {
        const struct layout_designation *from = &layout->designations[i];
        struct value *item = value_map(arena);

        set_int(arena, item, "string", from->string);
        set_int(arena, item, "cpu", from->cpu);
        set_text(arena, item, "name", layout->strings.list[from->string]);
        value_append(arena, list, item);
    }
    return list;
}

/* Where there is no name, the first. */
static struct value *slots_data(struct arena *arena, const struct perfect *perfect)
{
    struct value *lines = value_list(arena);

    for (size_t i = 0; i < perfect->slot_count; i++)
        add_number(arena, lines, perfect->slots[i] == PERFECT_NONE ? 0 : perfect->slots[i]);
    return lines;
}

/* The bits of the ids that were renamed, in bytes. */
static struct value *renamed_data(struct arena *arena, const struct layout *layout)
{
    struct value *lines = value_list(arena);
    size_t at = 0;

    for (size_t byte = 0; byte <= layout->event_ids / 8; byte++) {
        size_t bits = 0;

        for (; at < layout->renames.count && layout->renames.list[at] / 8 == byte; at += 2)
            bits |= (size_t)1 << layout->renames.list[at] % 8;
        add_number(arena, lines, bits);
    }
    return lines;
}

static struct value *renames_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->renames.count; i += 2) {
        struct value *item = value_map(arena);

        set_int(arena, item, "id", layout->renames.list[i]);
        set_int(arena, item, "next", layout->renames.list[i + 1]);
        set_text(arena, item, "name", layout->strings.list[layout->renames.list[i]]);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *candidates_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->candidate_count; i++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "event", layout->candidates[i].event);
        set_int(arena, item, "set", layout->candidates[i].set);
        set_text(arena, item, "name", layout->strings.list[layout->candidates[i].event]);
        value_append(arena, list, item);
    }
    return list;
}

/* Sets of CPUs as words of 32. */
static struct value *sets_data(struct arena *arena, const struct layout *layout)
{
    struct value *lines = value_list(arena);

    for (size_t s = 0; s < layout->set_count; s++)
        for (size_t c = 0; c < layout->model->cpu_count; c += 32) {
            uint32_t word = 0;

            for (size_t b = 0; b < 32 && c + b < layout->model->cpu_count; b++)
                word |= (uint32_t)layout->sets[s][c + b] << b;
            add_number(arena, lines, word);
        }
    return lines;
}

static struct value *name_texts_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t n = 0; n < layout->model->name_count; n++) {
        const struct portable *name = &layout->model->names[n];
        struct value *item = value_map(arena);

        set_int(arena, item, "n", n);
        set_text(arena, item, "ident", layout_upper_identifier(arena, name->name));
        set_int(arena, item, "unit", layout_prose(layout, name->unit));
        set_int(arena, item, "summary", layout_prose(layout, name->summary));
        set_text(arena, item, "name", name->name);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *table_metrics_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);
    size_t at = 0;

    for (size_t m = 0; m < layout->model->metric_count; m++) {
        const struct metric *metric = &layout->model->metrics[m];
        struct value *item = value_map(arena);

        set_int(arena, item, "n", m);
        set_int(arena, item, "name", layout_prose(layout, metric->name));
        set_int(arena, item, "unit", layout_prose(layout, metric->unit));
        set_int(arena, item, "summary", layout_prose(layout, metric->summary));
        set_int(arena, item, "scale", (size_t)metric->scale);
        set_int(arena, item, "terms_at", at);
        set_int(arena, item, "numerators", metric->numerator_count);
        set_int(arena, item, "denominators", metric->denominator_count);
        set_text(arena, item, "text", metric->name);
        at += metric->numerator_count + metric->denominator_count;
        value_append(arena, list, item);
    }
    return list;
}

static struct value *hardware_ids_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->event_ids; i++) {
        struct value *item;

        if (!layout->is_hardware[i])
            continue;
        item = add_item(arena, list);
        set_int(arena, item, "id", i);
        set_text(arena, item, "ident", layout_identifier(arena, layout->strings.list[i]));
    }
    return list;
}

/* The narrowest unsigned type that holds the numbers of an array. */
static void set_width(struct arena *arena, struct value *data, const char *key, size_t largest)
{
    set_int(arena, data, key, largest <= UINT8_MAX ? 8 : largest <= UINT16_MAX ? 16 : 32);
}

static size_t largest(const size_t *list, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = list[i] > most ? list[i] : most;
    return most;
}

/* What struct table_cpu has at most: they come before the strings. */
enum { TABLE_CPU_BYTES = 24 };

/* Of all that a number can be an index of: table_number's largest. */
static size_t largest_number(const struct layout *layout)
{
    const size_t counts[] = {
        layout->strings.count,   layout->prose.count,  layout->row_count,        layout->id_count,
        layout->variants.count,  layout->kernel_count, layout->chips.count,      layout->also.count,
        layout->candidate_count, layout->terms.count,  layout->model->cpu_count, layout->set_count,
    };

    return largest(counts, sizeof counts / sizeof counts[0]);
}

static void set_hash(struct arena *arena, struct value *data, const char *prefix,
                     const struct perfect *perfect)
{
    const struct kpdb_hashing *by = &perfect->by;
    const struct {
        const char *key;
        size_t number;
    } numbers[] = {
        {"thorough", by->thorough},
        {"spread", by->spread},
        {"rotate", by->rotate},
        {"shift", by->shift},
        {"slot_shift", by->slot_shift},
        {"displacement_count", perfect->bucket_count},
        {"slot_count", perfect->slot_count},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        set_int(arena, data, arena_printf(arena, "%s_%s", prefix, numbers[i].key),
                numbers[i].number);
    set_width(arena, data, arena_printf(arena, "%s_displacement_width", prefix),
              largest(perfect->displacements, perfect->bucket_count));
    set(arena, data, arena_printf(arena, "%s_displacements", prefix),
        list_data(arena, perfect->displacements, perfect->bucket_count));
}

static void set_sizes(struct arena *arena, struct value *data, const struct layout *layout)
{
    const struct model *model = layout->model;

    set_int(arena, data, "release_count", model->release_count);
    set_int(arena, data, "releases_at", layout->releases_at);
    set_int(arena, data, "cpu_count", model->cpu_count);
    set_int(arena, data, "id_count", layout->id_count);
    set_int(arena, data, "designation_count", layout->designation_count);
    set_int(arena, data, "event_ids", layout->event_ids);
    set_int(arena, data, "name_count", model->name_count);
    set_int(arena, data, "metric_count", model->metric_count);
    set_int(arena, data, "row_count", layout->row_count);
    set_int(arena, data, "kernel_count", layout->kernel_count);
    set_int(arena, data, "rename_count", layout->renames.count / 2);
    set_int(arena, data, "kind_count", layout->kind_count);
    set_int(arena, data, "longest", layout->longest);
    set_int(arena, data, "compare_spread", layout->compare_spread);
    set_int(arena, data, "string_count", layout->strings.count);
    set_int(arena, data, "string_bytes", layout->strings.bytes);
    set_int(arena, data, "prose_bytes", layout->prose.bytes);
    set_bool(arena, data, "sparse", layout->sparse);
    set_int(arena, data, "list_count", layout->list_count);
    set_int(arena, data, "variant_count", layout->variants.count);
    set_int(arena, data, "variant_mask", layout->most_variants);
    set_int(arena, data, "set_words", (model->cpu_count + 31) / 32);
    set_width(arena, data, "number_width", largest_number(layout));
    set_width(arena, data, "variant_width", layout->most_variants);
    set_width(arena, data, "slot_width", layout->event_ids + model->name_count);
    set_width(arena, data, "string_width",
              layout->strings.bytes + (model->cpu_count + 1) * TABLE_CPU_BYTES);
    set_width(arena, data, "prose_width", layout->prose.bytes);
    set_width(arena, data, "kind_width", layout->kind_count);
}

/* How many events the CPUs have, counted as often as they have them: what sharing saves. */
static size_t events_of_all(const struct model *model)
{
    size_t events = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        events += model->cpus[c].db.event_count;
    return events;
}

/* FNV-1a. */
static void hash_bytes(uint32_t *sum, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < size; i++)
        *sum = (*sum ^ bytes[i]) * 16777619u;
}

/* The low byte first, and no byte behind the highest: most numbers of tables are small. */
static void hash_number(uint32_t *sum, uint64_t number)
{
    do {
        *sum = (*sum ^ (uint32_t)(number & 0xff)) * 16777619u;
        number >>= 8;
    } while (number != 0);
}

static void hash_value(uint32_t *sum, const struct value *value)
{
    hash_number(sum, value->type);
    switch (value->type) {
    case VALUE_BOOL:
        hash_number(sum, value->boolean);
        break;
    case VALUE_INT:
        hash_number(sum, (uint64_t)value->integer);
        break;
    case VALUE_STRING:
        hash_bytes(sum, value->string, value->length + 1);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        hash_number(sum, value->length);
        for (size_t i = 0; i < value->length; i++)
            hash_value(sum, value->items[i]);
        break;
    case VALUE_REAL: /* not in tables */
    case VALUE_OTHER:
        break;
    }
}

/*
 * Whoever has one header of one compile and one of another has two that differ in it: it is of all
 * that they are rendered from, and of the templates. Keys of maps are the templates'.
 */
static uint32_t fingerprint(const struct value *data)
{
    static const char *const names[] = {"kpdb_ids", "kpdb_tables"};
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        hash_bytes(&sum, builtin_named(names[i])->text, builtin_named(names[i])->length);
    hash_value(&sum, data);
    return sum;
}

struct value *emit_tables_data(struct arena *arena, const struct layout *layout)
{
    struct value *data = value_map(arena);

    set_sizes(arena, data, layout);
    set_hash(arena, data, "hash", &layout->names);
    set(arena, data, "hash_slots", slots_data(arena, &layout->names));
    set(arena, data, "releases", table_releases_data(arena, layout->model));
    set_int(arena, data, "events_of_all", events_of_all(layout->model));
    set(arena, data, "strings", strings_data(arena, &layout->strings));
    set(arena, data, "prose", strings_data(arena, &layout->prose));
    set(arena, data, "rows", rows_data(arena, layout));
    set(arena, data, "kinds", kinds_data(arena, layout));
    set(arena, data, "cpus", table_cpus_data(arena, layout));
    set(arena, data, "shifts", shifts_data(arena, layout));
    set(arena, data, "ids", table_ids_data(arena, layout));
    set(arena, data, "chips", numbers_data(arena, &layout->chips));
    set(arena, data, "also", numbers_data(arena, &layout->also));
    if (layout->sparse) {
        set_hash(arena, data, "pair", &layout->pairs);
        set(arena, data, "pair_lists", numbers_data(arena, &layout->pair_lists));
        set(arena, data, "pair_rows", numbers_data(arena, &layout->pair_rows));
    }
    set(arena, data, "variants", numbers_data(arena, &layout->variants));
    set(arena, data, "renamed", renamed_data(arena, layout));
    set(arena, data, "id_order", numbers_data(arena, &layout->id_order));
    set(arena, data, "designations", designations_data(arena, layout));
    set(arena, data, "row_at", numbers_data(arena, &layout->row_at));
    set(arena, data, "kernels", kernels_data(arena, layout));
    set(arena, data, "renames", renames_data(arena, layout));
    set(arena, data, "name_at", numbers_data(arena, &layout->name_at));
    set(arena, data, "candidates", candidates_data(arena, layout));
    set(arena, data, "sets", sets_data(arena, layout));
    set(arena, data, "name_texts", name_texts_data(arena, layout));
    set(arena, data, "metrics", table_metrics_data(arena, layout));
    set(arena, data, "terms", numbers_data(arena, &layout->terms));
    set(arena, data, "hardware_ids", hardware_ids_data(arena, layout));
    set_int(arena, data, "fingerprint", fingerprint(data));
    return data;
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

static struct value *aliases_data(struct arena *arena, const struct model *model,
                                  const struct database *database, const struct event *event)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < database->alias_count; i++)
        if (model_same_event(model, database->aliases[i].event, event->name))
            add_text(arena, list, database->aliases[i].name);
    return list;
}

/* The aliases in one cell of a table, a blank between two: what makes the cell is to escape it. */
static const char *aliases_text(struct arena *arena, const struct model *model,
                                const struct database *database, const struct event *event)
{
    struct buffer text = {0};
    const char *copy;

    for (size_t i = 0; i < database->alias_count; i++)
        if (model_same_event(model, database->aliases[i].event, event->name)) {
            buffer_puts(&text, text.length == 0 ? "" : " ");
            buffer_puts(&text, database->aliases[i].name);
        }
    copy = arena_copy(arena, text.length == 0 ? "" : text.data, text.length);
    buffer_free(&text);
    return copy;
}

/* What `other`, bits 16 to 31 of Intel's PERFEVTSEL, says to perf; 83 is what every event has. */
static void set_perf_flags(struct arena *arena, struct value *item, const struct event *event)
{
    set_bool(arena, item, "edge", event->other >> 2 & 1);
    set_bool(arena, item, "any_thread", event->other >> 5 & 1);
    set_bool(arena, item, "invert", event->other >> 7 & 1);
    set_int(arena, item, "counter_mask", event->other >> 8);
    set_bool(arena, item, "has_counter_mask", event->other >> 8 != 0);
}

/* The lowest configurable counter: Linux numbers Intel's general counters from it, Apple's from 0.
 */
static size_t perf_base(const struct database *database)
{
    size_t base = 0;

    while (arch_has_umask(database->arch) && base < 31 && !(database->config >> base & 1))
        base++;
    return base;
}

static void set_event(struct arena *arena, struct value *item, const struct model *model,
                      const struct cpu *cpu, const struct event *event)
{
    set_text(arena, item, "name", event->name);
    set_text(arena, item, "ident", layout_upper_identifier(arena, event->name));
    set_int(arena, item, "number", event->number);
    set_bool(arena, item, "has_number", event->has_number);
    set_int(arena, item, "umask", event->umask);
    set_bool(arena, item, "has_umask", event->has_umask);
    set_int(arena, item, "other", event->other);
    set_perf_flags(arena, item, event);
    set_int(arena, item, "counters_mask", event->counters);
    set(arena, item, "counters", mask_data(arena, event->counters, 0));
    set_bool(arena, item, "fixed", event->fixed >= 0);
    set(arena, item, "fixed_counter", value_int(arena, event->fixed));
    set(arena, item, "perf_counters", mask_data(arena, event->counters, perf_base(&cpu->db)));
    set_text(arena, item, "fallback", event->fallback);
    set_text(arena, item, "description", event->description);
    set(arena, item, "aliases", aliases_data(arena, model, &cpu->db, event));
    set_text(arena, item, "aliases_text", aliases_text(arena, model, &cpu->db, event));
    set(arena, item, "releases", releases_data(arena, model, event->releases));
}

/* perf programs an event by its code; Intel's fixed ones have code 0 and a unit mask of their own.
 */
static bool perf_has(const struct database *database, const struct event *event)
{
    return event->has_number || (arch_has_umask(database->arch) && event->fixed >= 0);
}

/* What is shown of a CPU: it as of one release. */
struct view {
    const struct model *model;
    const struct cpu *cpu;
    const struct event **resolved; /* which event every name means there */
};

/* Some events of it. */
struct event_list {
    const struct view *view;
    const struct event **events;
    size_t count;
};

/* The chip-agnostic names that mean the event, and the first one's summary. */
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
    set(arena, item, "names", names);
    set_text(arena, item, "summary", summary);
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

    set_event(arena, item, list->view->model, list->view->cpu, list->events[index]);
    set_event_names(arena, item, list->view, list->events[index]);
    return item;
}

/* With perf_only, those that perf can count, as the first of their own list. */
static struct value *cpu_events_data(struct arena *arena, const struct view *view, size_t release,
                                     bool perf_only)
{
    const struct database *db = &view->cpu->db;
    struct event_list *list = arena_alloc(arena, 1, sizeof *list);

    list->view = view;
    list->events = arena_alloc(arena, db->event_count, sizeof *list->events);
    for (size_t i = 0; i < db->event_count; i++)
        if ((db->events[i].releases >> release & 1) && (!perf_only || perf_has(db, &db->events[i])))
            list->events[list->count++] = &db->events[i];
    return value_lazy_list(arena, event_data, list, list->count);
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
        set_event(arena, event, view->model, view->cpu, view->resolved[index]);
        set(arena, item, "event", event);
    }
    return item;
}

static struct value *terms_data(struct arena *arena, const struct view *view, const size_t *terms,
                                size_t count, bool *supported)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < count; i++) {
        const struct event *event = view->resolved[terms[i]];
        struct value *item = add_item(arena, list);

        set_text(arena, item, "name", view->model->names[terms[i]].name);
        set_text(arena, item, "event", event == NULL ? NULL : event->name);
        *supported &= event != NULL;
    }
    return list;
}

static const struct value *metric_data(struct arena *arena, const void *user, size_t index)
{
    const struct view *view = user;
    const struct metric *metric = &view->model->metrics[index];
    struct value *item = lazy_item(arena, index);
    bool supported = true;

    set_text(arena, item, "name", metric->name);
    set_text(arena, item, "unit", metric->unit);
    set_text(arena, item, "summary", metric->summary);
    set_int(arena, item, "scale", (size_t)metric->scale);
    set(arena, item, "numerator",
        terms_data(arena, view, metric->numerator, metric->numerator_count, &supported));
    set(arena, item, "denominator",
        terms_data(arena, view, metric->denominator, metric->denominator_count, &supported));
    set_bool(arena, item, "supported", supported);
    return item;
}

static void set_cpu(struct arena *arena, struct value *item, const struct model *model,
                    const struct cpu *c)
{
    struct value *ids = value_list(arena), *chips = value_list(arena), *also = value_list(arena);

    set_text(arena, item, "db", c->db.name);
    set_text(arena, item, "ident", layout_upper_identifier(arena, c->db.name));
    set_text(arena, item, "arch", arch_name(c->db.arch));
    set_bool(arena, item, "intel", arch_has_umask(c->db.arch));
    set_text(arena, item, "marketing_name", c->db.marketing_name);
    set_int(arena, item, "fixed_counters", c->db.fixed);
    set_int(arena, item, "config_counters", c->db.config);
    set_int(arena, item, "power_counters", c->db.power);
    set_int(arena, item, "event_bits", c->event_bits);
    set(arena, item, "releases", releases_data(arena, model, c->releases));
    for (size_t i = 0; i < c->db.id_count; i++) {
        const struct chip *chip = model_chip(model, &c->db.ids[i]);

        add_text(arena, ids, cpu_id_text(arena, &c->db.ids[i]));
        for (size_t n = 0; chip != NULL && n < chip->name_count; n++)
            add_text(arena, chips, chip->names[n]);
    }
    for (size_t i = 0; i < c->also_count; i++)
        add_text(arena, also, c->also[i]);
    set(arena, item, "cpu_ids", ids);
    set(arena, item, "chips", chips);
    set(arena, item, "also", also);
}

/* The CPUs that are shown, and each one's release. */
struct shown_cpus {
    const struct model *model;
    size_t *cpus, *releases;
    size_t count;
};

static const struct value *cpu_data(struct arena *arena, const void *user, size_t index)
{
    const struct shown_cpus *shown = user;
    const struct model *model = shown->model;
    size_t cpu = shown->cpus[index], release = shown->releases[index];
    struct view *view = arena_alloc(arena, 1, sizeof *view);
    struct value *item = lazy_item(arena, index);

    view->model = model;
    view->cpu = &model->cpus[cpu];
    view->resolved = arena_alloc(arena, model->name_count, sizeof *view->resolved);
    for (size_t n = 0; n < model->name_count; n++)
        view->resolved[n] = portable_on(model, &model->names[n], cpu, release);
    set_cpu(arena, item, model, view->cpu);
    set_text(arena, item, "release", model->releases[release]);
    set(arena, item, "events", cpu_events_data(arena, view, release, false));
    set(arena, item, "perf_events", cpu_events_data(arena, view, release, true));
    set(arena, item, "names", value_lazy_list(arena, name_data, view, model->name_count));
    set(arena, item, "metrics", value_lazy_list(arena, metric_data, view, model->metric_count));
    return item;
}

struct value *emit_model_data(struct arena *arena, const struct model *model, int release)
{
    struct value *data = value_map(arena);
    struct shown_cpus *shown = arena_alloc(arena, 1, sizeof *shown);

    shown->model = model;
    shown->cpus = arena_alloc(arena, model->cpu_count, sizeof *shown->cpus);
    shown->releases = arena_alloc(arena, model->cpu_count, sizeof *shown->releases);
    for (size_t c = 0; c < model->cpu_count; c++) {
        size_t r = release < 0 ? cpu_newest(&model->cpus[c]) : (size_t)release;

        if (!(model->cpus[c].releases >> r & 1))
            continue;
        shown->cpus[shown->count] = c;
        shown->releases[shown->count++] = r;
    }
    set(arena, data, "cpus", value_lazy_list(arena, cpu_data, shown, shown->count));
    set(arena, data, "releases", releases_data(arena, model, UINT32_MAX));
    return data;
}

/* ---- a snapshot ------------------------------------------------------------------------------ */

static struct value *snapshot_events_data(struct arena *arena, const struct database *database)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < database->event_count; i++) {
        const struct event *event = &database->events[i];
        struct value *item = add_item(arena, list);

        set_text(arena, item, "name", event->name);
        set_bool(arena, item, "has_mask", event->has_mask);
        set_int(arena, item, "counters_mask", event->plist_mask);
        set_text(arena, item, "description", event->description);
        set_text(arena, item, "errata", event->errata);
        set_text(arena, item, "fallback", event->fallback);
        set_bool(arena, item, "fixed", event->fixed >= 0);
        set(arena, item, "fixed_counter", value_int(arena, event->fixed));
        set_bool(arena, item, "has_number", event->has_number);
        set_int(arena, item, "number", event->number);
        set_bool(arena, item, "has_other", event->other != 0);
        set_int(arena, item, "other", event->other);
        set_bool(arena, item, "has_umask", event->has_umask);
        set_int(arena, item, "umask", event->umask);
    }
    return list;
}

static void set_optional(struct arena *arena, struct value *map, const char *key, bool present,
                         uint32_t number)
{
    struct value *list = value_list(arena);

    if (present)
        value_append(arena, list, value_int(arena, number));
    set(arena, map, key, list);
}

struct value *emit_snapshot_data(struct arena *arena, const struct database *database,
                                 const char *release, const char *source)
{
    struct value *data = value_map(arena), *ids = value_list(arena), *aliases = value_list(arena);
    struct value *version = value_list(arena), *internal = value_list(arena);

    set_text(arena, data, "name", database->name);
    set_text(arena, data, "release", release);
    set_text(arena, data, "source", source);
    for (size_t i = 0; i < database->id_count; i++)
        add_text(arena, ids, cpu_id_text(arena, &database->ids[i]));
    set(arena, data, "cpus", ids);
    if (database->has_internal)
        value_append(arena, internal, value_text(arena, database->internal ? "true" : "false"));
    set(arena, data, "internal", internal);
    for (size_t i = 0; i < 2; i++)
        value_append(arena, version, value_int(arena, database->version[i]));
    set(arena, data, "version", version);
    set_text(arena, data, "architecture", arch_name(database->arch));
    set_text(arena, data, "marketing_name", database->marketing_name);
    set_optional(arena, data, "fixed_counters", database->has_fixed, database->fixed);
    set_optional(arena, data, "config_counters", database->has_config, database->config);
    set_optional(arena, data, "power_counters", database->has_power, database->power);
    for (size_t i = 0; i < database->alias_count; i++) {
        struct value *item = add_item(arena, aliases);

        set_text(arena, item, "name", database->aliases[i].name);
        set_text(arena, item, "event", database->aliases[i].event);
    }
    set(arena, data, "aliases", aliases);
    set_bool(arena, data, "has_aliases", database->alias_count != 0);
    set(arena, data, "events", snapshot_events_data(arena, database));
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

void emit_tables(struct arena *arena, const struct layout *layout, struct output *ids,
                 struct output *tables)
{
    const struct value *data = emit_tables_data(arena, layout);

    emit_output(arena, "kpdb_ids", data, ids);
    emit_output(arena, "kpdb_tables", data, tables);
}
