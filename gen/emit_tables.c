/*
 * In goes the layout, out come libkpdb's headers, which kpdb_ids.h.mustache and
 * kpdb_tables.h.mustache are rendered to. Nothing else is touched.
 */
#include "emit.h"
#include "emit_data.h"

#define TABLE_HEADER(name) #name,
const char *const table_headers[TABLE_HEADER_COUNT] = {TABLE_HEADERS(TABLE_HEADER)};
#undef TABLE_HEADER

/* ---- lists of the tables --------------------------------------------------------------------- */

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
    bool alias = from->kind < layout->alias_kinds, begins = row == layout->row_at.list[id];

    set_int(arena, item, "number", from->number);
    set_int(arena, item, "umask", from->umask);
    set_int(arena, item, "kind", from->kind);
    set_bool(arena, item, "alias", alias);
    if (alias)
        set_text(arena, item, "event", from->name);
    set_bool(arena, item, "begins", begins);
    if (begins) {
        set_int(arena, item, "id", id);
        set_int(arena, item, "row", row);
        set_text(arena, item, "name", layout->strings.list[id]);
    }
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
        set_value(arena, item, "fixed", value_int(arena, kind->fixed));
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
        set_text(arena, item, "arch", layout_upper_identifier(arena, arch_name(db->arch)));
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
        set_int(arena, item, "confidence", from->confidence);
        set_int(arena, item, "note", from->note);
        value_append(arena, list, item);
    }
    return list;
}

/* Adds an item of two numbers, with the name that its comment shows. */
static void add_pair(struct arena *arena, struct value *list, const char *first_key, size_t first,
                     const char *second_key, size_t second, const char *name)
{
    struct value *item = value_map(arena);

    set_int(arena, item, first_key, first);
    set_int(arena, item, second_key, second);
    set_text(arena, item, "name", name);
    value_append(arena, list, item);
}

static struct value *kernels_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->kernel_count; i++)
        add_pair(arena, list, "number", layout->kernels[i].number, "since",
                 layout->kernels[i].since, layout->kernels[i].name);
    return list;
}

static struct value *older_rows_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->older_row_count; i++)
        add_pair(arena, list, "row", layout->older_rows[i].row, "older",
                 layout->older_rows[i].older, layout->rows[layout->older_rows[i].row].name);
    return list;
}

static struct value *past_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->past_count; i++) {
        const struct layout_past *past = &layout->past[i];
        struct value *item = value_map(arena);

        set_int(arena, item, "cpu", past->cpu);
        set_text(arena, item, "name", layout->model->cpus[past->cpu].db.name);
        set_int(arena, item, "marketing", past->marketing);
        set_int(arena, item, "releases", past->releases);
        set_int(arena, item, "fixed", past->fixed);
        set_int(arena, item, "config", past->config);
        set_int(arena, item, "power", past->power);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *msrs_data(struct arena *arena, const struct model *model)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < model->msr_count; i++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "selector", model->msrs[i].selector);
        set_int(arena, item, "msr", model->msrs[i].msr);
        value_append(arena, list, item);
    }
    return list;
}

static struct value *designations_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->designation_count; i++)
        add_pair(arena, list, "string", layout->designations[i].string, "cpu",
                 layout->designations[i].cpu, layout->strings.list[layout->designations[i].string]);
    return list;
}

/* The string of each slot; 0, the first, in a slot that no name has. */
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

    for (size_t i = 0; i < layout->renames.count; i += 2)
        add_pair(arena, list, "id", layout->renames.list[i], "next", layout->renames.list[i + 1],
                 layout->strings.list[layout->renames.list[i]]);
    return list;
}

static struct value *candidates_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->candidate_count; i++)
        add_pair(arena, list, "event", layout->candidates[i].event, "set",
                 layout->candidates[i].set, layout->strings.list[layout->candidates[i].event]);
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

static struct value *hardware_ids_data(struct arena *arena, const struct layout *layout)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < layout->event_ids; i++) {
        struct value *item;

        if (!layout->is_hardware[i])
            continue;
        item = value_map(arena);
        set_int(arena, item, "id", i);
        set_text(arena, item, "ident", layout_identifier(arena, layout->strings.list[i]));
        value_append(arena, list, item);
    }
    return list;
}

/* ---- sizes and hashes ------------------------------------------------------------------------ */

static size_t largest(const size_t *list, size_t count)
{
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most = list[i] > most ? list[i] : most;
    return most;
}

/* The most bytes that a struct table_cpu has: one for each CPU comes before the strings. */
enum { TABLE_CPU_BYTES = 24 };

/* The largest table_number: the length of the longest table that one is an index into. */
static size_t largest_number(const struct layout *layout)
{
    const size_t counts[] = {
        layout->strings.count,   layout->prose.count,      layout->row_count,   layout->id_count,
        layout->variants.count,  layout->kernel_count,     layout->chips.count, layout->also.count,
        layout->candidate_count, layout->model->cpu_count, layout->set_count,
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
    set_value(arena, data, arena_printf(arena, "%s_displacements", prefix),
              list_data(arena, perfect->displacements, perfect->bucket_count));
}

static void set_sizes(struct arena *arena, struct value *data, const struct layout *layout)
{
    const struct model *model = layout->model;

    set_int(arena, data, "release_count", model->release_count);
    set_int(arena, data, "releases_at", layout->releases_at);
    set_int(arena, data, "whole_releases", layout->model->whole_releases);
    set_int(arena, data, "cpu_count", model->cpu_count);
    set_int(arena, data, "id_count", layout->id_count);
    set_int(arena, data, "designation_count", layout->designation_count);
    set_int(arena, data, "event_ids", layout->event_ids);
    set_int(arena, data, "name_count", model->name_count);
    set_int(arena, data, "row_count", layout->row_count);
    set_int(arena, data, "older_row_count", layout->older_row_count);
    set_int(arena, data, "alias_kinds", layout->alias_kinds);
    set_int(arena, data, "past_count", layout->past_count);
    set_int(arena, data, "kernel_count", layout->kernel_count);
    set_int(arena, data, "msr_count", model->msr_count);
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

/* ---- the fingerprint ------------------------------------------------------------------------- */

/* Adds bytes to a sum, by FNV-1a. */
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
 * The number that tells the headers of one compile from those of any other: a hash of all data
 * that they are rendered from, and of the templates' text. The keys of maps are left out, since
 * they are the same whenever the templates are.
 */
static uint32_t fingerprint(const struct value *data)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < TABLE_HEADER_COUNT; i++)
        hash_bytes(&sum, builtin_named(table_headers[i])->text,
                   builtin_named(table_headers[i])->length);
    hash_value(&sum, data);
    return sum;
}

/* ---- the step -------------------------------------------------------------------------------- */

struct value *emit_tables_data(struct arena *arena, const struct layout *layout)
{
    struct value *data = value_map(arena);

    set_sizes(arena, data, layout);
    set_hash(arena, data, "hash", &layout->names);
    set_value(arena, data, "hash_slots", slots_data(arena, &layout->names));
    set_value(arena, data, "releases", table_releases_data(arena, layout->model));
    set_int(arena, data, "events_of_all", events_of_all(layout->model));
    set_value(arena, data, "strings", strings_data(arena, &layout->strings));
    set_value(arena, data, "prose", strings_data(arena, &layout->prose));
    set_value(arena, data, "rows", rows_data(arena, layout));
    set_value(arena, data, "kinds", kinds_data(arena, layout));
    set_value(arena, data, "cpus", table_cpus_data(arena, layout));
    set_value(arena, data, "shifts", shifts_data(arena, layout));
    set_value(arena, data, "ids", table_ids_data(arena, layout));
    set_value(arena, data, "chips", numbers_data(arena, &layout->chips));
    set_value(arena, data, "also", numbers_data(arena, &layout->also));
    if (layout->sparse) {
        set_hash(arena, data, "pair", &layout->pairs);
        set_value(arena, data, "pair_lists", numbers_data(arena, &layout->pair_lists));
        set_value(arena, data, "pair_rows", numbers_data(arena, &layout->pair_rows));
    }
    set_value(arena, data, "variants", numbers_data(arena, &layout->variants));
    set_value(arena, data, "renamed", renamed_data(arena, layout));
    set_value(arena, data, "id_order", numbers_data(arena, &layout->id_order));
    set_value(arena, data, "designations", designations_data(arena, layout));
    set_value(arena, data, "row_at", numbers_data(arena, &layout->row_at));
    set_value(arena, data, "older_rows", older_rows_data(arena, layout));
    set_value(arena, data, "past", past_data(arena, layout));
    set_value(arena, data, "kernels", kernels_data(arena, layout));
    set_value(arena, data, "msrs", msrs_data(arena, layout->model));
    set_value(arena, data, "renames", renames_data(arena, layout));
    set_value(arena, data, "name_at", numbers_data(arena, &layout->name_at));
    set_value(arena, data, "candidates", candidates_data(arena, layout));
    set_value(arena, data, "sets", sets_data(arena, layout));
    set_value(arena, data, "name_texts", name_texts_data(arena, layout));
    set_metrics(arena, data, layout);
    set_value(arena, data, "hardware_ids", hardware_ids_data(arena, layout));
    emit_sources_data(arena, layout, data);
    emit_texts_data(arena, layout, data);
    set_int(arena, data, "fingerprint", fingerprint(data));
    return data;
}

void emit_tables(struct arena *arena, const struct layout *layout, struct output *outputs)
{
    const struct value *data = emit_tables_data(arena, layout);

    for (size_t i = 0; i < TABLE_HEADER_COUNT; i++)
        emit_output(arena, table_headers[i], data, &outputs[i]);
}
