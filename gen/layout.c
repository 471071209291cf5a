#include "layout.h"

#include <stdlib.h>
#include <string.h>

/* ---- growing lists --------------------------------------------------------------------------- */

static void add_number(struct arena *arena, struct numbers *numbers, size_t number)
{
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity == 0 ? 64 : numbers->capacity * 2;
        size_t *list = arena_alloc(arena, capacity, sizeof *list);

        if (numbers->count != 0)
            memcpy(list, numbers->list, numbers->count * sizeof *list);
        numbers->list = list;
        numbers->capacity = capacity;
    }
    numbers->list[numbers->count++] = number;
}

static size_t add_string(struct arena *arena, struct strings *strings, const char *text)
{
    if (strings->count == strings->capacity) {
        size_t capacity = strings->capacity == 0 ? 256 : strings->capacity * 2;
        const char **list = arena_alloc(arena, capacity, sizeof *list);

        if (strings->count != 0)
            memcpy(list, strings->list, strings->count * sizeof *list);
        strings->list = list;
        strings->capacity = capacity;
    }
    strings->list[strings->count] = text;
    strings->bytes += strlen(text) + 1;
    return strings->count++;
}

/* The number of a string at or behind `from`, added when it is not there. */
static size_t share_string(struct arena *arena, struct strings *strings, size_t from,
                           const char *text)
{
    for (size_t i = from; i < strings->count; i++)
        if (strcmp(strings->list[i], text) == 0)
            return i;
    return add_string(arena, strings, text);
}

/* ---- event ids ------------------------------------------------------------------------------- */

/* A name of an event or alias, and where it occurs. */
struct spelling {
    const char *name;
    bool apple; /* on some CPU without unit masks, be it on Intel's too */
    bool hardware;
};

static int compare_spellings(const void *a, const void *b)
{
    return strcmp(((const struct spelling *)a)->name, ((const struct spelling *)b)->name);
}

/*
 * Apple's names first, then those that only Intel has: a CPU's bitmap runs from
 * its first name to its last, so Apple's pay nothing for Intel's, and within a
 * CPU ids are in the order of names.
 */
static int compare_sides(const void *a, const void *b)
{
    const struct spelling *x = a, *y = b;

    return x->apple != y->apple ? y->apple - x->apple : compare_spellings(a, b);
}

static size_t unite_spellings(struct spelling *list, size_t count)
{
    size_t kept = 0;

    if (count != 0)
        qsort(list, count, sizeof *list, compare_spellings);
    for (size_t i = 0; i < count; i++)
        if (kept != 0 && strcmp(list[kept - 1].name, list[i].name) == 0) {
            list[kept - 1].apple |= list[i].apple;
            list[kept - 1].hardware |= list[i].hardware;
        } else {
            list[kept++] = list[i];
        }
    if (kept != 0)
        qsort(list, kept, sizeof *list, compare_sides);
    return kept;
}

char *layout_identifier(struct arena *arena, const char *name)
{
    char *text = arena_copy(arena, name, strlen(name));

    for (char *c = text; *c != '\0'; c++)
        if (!is_upper(*c) && !is_lower(*c) && !is_digit(*c))
            *c = '_';
    return text;
}

char *layout_upper_identifier(struct arena *arena, const char *name)
{
    char *text = layout_identifier(arena, name);

    for (char *c = text; *c != '\0'; c++)
        if (is_lower(*c))
            *c = (char)(*c - 32);
    return text;
}

/* What kpdb_ids.h would define: the name behind KPDB_. */
struct definition {
    const char *name;
    bool event;
};

/* What kpdb.h, its private headers and kpdb_ids.h itself have defined already. */
static const char *const own_definitions[] = {
    "ANY_RELEASE",     "ARM",
    "ARM64",           "CLASS_CONFIGURABLE",
    "CLASS_FIXED",     "CLASS_POWER",
    "CONFLICT",        "COUNTERS_MAX",
    "DUPLICATE",       "END",
    "EVENTS_MAX",      "EVERY_PASS",
    "FINGERPRINT",     "H",
    "HASH_H",          "I386",
    "IDS_H",           "INTERNAL",
    "KPERFDATA",       "NOT_FORCED",
    "NOT_IN_RELEASE",  "NOT_ON_CPU",
    "NO_COUNTER",      "NO_CPU",
    "NO_EVENT",        "NO_EVENTS",
    "NO_ID",           "OK",
    "OPTIMAL",         "PLACE_H",
    "PLAN_MAX",        "SPREAD_MAX",
    "TOO_MANY",        "UNAVAILABLE",
    "UNROLL",          "WARN_ALL_MODES",
    "WARN_OTHER_BITS", "WARN_REFUSED",
    "WARN_TOO_WIDE",   "WARN_UNLISTED",
    "WARN_USER_MODE",  "X86_64",
};

enum { OWN_DEFINITIONS = sizeof own_definitions / sizeof own_definitions[0] };

static int compare_definitions(const void *a, const void *b)
{
    return strcmp(((const struct definition *)a)->name, ((const struct definition *)b)->name);
}

static const char *cpu_definition(struct arena *arena, const char *db)
{
    return layout_upper_identifier(arena, arena_printf(arena, "CPU_%s", db));
}

/* As the filter `ident` writes it: a digit does not come first. */
static const char *event_definition(struct arena *arena, const char *event)
{
    return layout_identifier(arena, is_digit(*event) ? arena_printf(arena, "_%s", event) : event);
}

/* KPDB_A_B must be one event, be its name A.B or A_B, and nothing else. */
static void check_identifiers(struct arena *arena, const struct layout *layout)
{
    const struct model *model = layout->model;
    struct definition *list =
        arena_alloc(arena, layout->event_ids + model->cpu_count + OWN_DEFINITIONS, sizeof *list);
    size_t count = 0;

    for (size_t i = 0; i < layout->event_ids; i++)
        if (layout->is_hardware[i])
            list[count++] =
                (struct definition){event_definition(arena, layout->strings.list[i]), true};
    for (size_t c = 0; c < model->cpu_count; c++)
        list[count++] = (struct definition){cpu_definition(arena, model->cpus[c].db.name), false};
    for (size_t i = 0; i < OWN_DEFINITIONS; i++)
        list[count++] = (struct definition){own_definitions[i], false};
    qsort(list, count, sizeof *list, compare_definitions);
    for (size_t i = 1; i < count; i++)
        if (strcmp(list[i - 1].name, list[i].name) == 0 && list[i - 1].event && list[i].event)
            report_error(NULL,
                         "two events would both be KPDB_%s (expected names that differ in "
                         "letters or digits)",
                         list[i].name);
        else if (strcmp(list[i - 1].name, list[i].name) == 0)
            report_error(NULL,
                         "KPDB_%s would mean two things (expected another name of the event or "
                         "database)",
                         list[i].name);
}

static void lay_out_event_ids(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    struct spelling *list;
    size_t count = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        count += model->cpus[c].db.event_count + model->cpus[c].db.alias_count;
    list = arena_alloc(arena, count, sizeof *list);
    count = 0;
    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct database *db = &model->cpus[c].db;
        bool apple = !arch_has_umask(db->arch);

        for (size_t i = 0; i < db->event_count; i++)
            list[count++] = (struct spelling){db->events[i].name, apple, true};
        for (size_t i = 0; i < db->alias_count; i++)
            list[count++] = (struct spelling){db->aliases[i].name, apple, false};
    }
    layout->event_ids = unite_spellings(list, count);
    layout->is_hardware = arena_alloc(arena, layout->event_ids, sizeof(bool));
    for (size_t i = 0; i < layout->event_ids; i++) {
        add_string(arena, &layout->strings, list[i].name);
        layout->is_hardware[i] = list[i].hardware;
    }
    check_identifiers(arena, layout);
}

/* Every name's place in byte order, so that finding an id is a binary search. */
struct index {
    const char **names;
    size_t *ids;
    size_t count;
};

static const char *const *sorting_names;

static int compare_ids(const void *a, const void *b)
{
    return strcmp(sorting_names[*(const size_t *)a], sorting_names[*(const size_t *)b]);
}

static struct index index_events(struct arena *arena, const struct layout *layout)
{
    struct index index = {.names = layout->strings.list, .count = layout->event_ids};

    index.ids = arena_alloc(arena, index.count, sizeof(size_t));
    for (size_t i = 0; i < index.count; i++)
        index.ids[i] = i;
    sorting_names = layout->strings.list;
    if (index.count != 0)
        qsort(index.ids, index.count, sizeof(size_t), compare_ids);
    return index;
}

static size_t id_of(const struct index *index, const char *name)
{
    size_t low = 0, high = index->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(index->names[index->ids[middle]], name);

        if (order == 0)
            return index->ids[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return LAYOUT_NO_ID;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static size_t share_kind(struct layout *layout, const struct layout_kind *kind)
{
    for (size_t i = 1; i < layout->kind_count; i++) {
        const struct layout_kind *k = &layout->kinds[i];

        if (k->counters == kind->counters && k->fallback == kind->fallback &&
            k->other == kind->other && k->releases == kind->releases && k->fixed == kind->fixed)
            return i;
    }
    layout->kinds[layout->kind_count] = *kind;
    return layout->kind_count++;
}

/* The rows of every id, as they are found: a chain through next from heads[id], numbers from 1. */
struct row_chains {
    struct layout_row *rows;
    size_t *next, *heads;
    size_t count;
};

/* Which of an id's rows it is, added behind the others when it is new. */
static size_t share_row(struct row_chains *chains, size_t id, const struct layout_row *row)
{
    size_t *at = &chains->heads[id], variant = 0;

    for (; *at != 0; at = &chains->next[*at - 1], variant++) {
        const struct layout_row *r = &chains->rows[*at - 1];

        if (r->number == row->number && r->umask == row->umask && r->kind == row->kind)
            return variant;
    }
    chains->rows[chains->count] = *row;
    *at = ++chains->count;
    return variant;
}

/* The rows in the order of their ids, so that a variant is counted from the id's first. */
static void order_rows(struct arena *arena, struct layout *layout, const struct row_chains *chains)
{
    layout->rows = arena_alloc(arena, chains->count, sizeof(struct layout_row));
    for (size_t id = 0; id < layout->event_ids; id++) {
        add_number(arena, &layout->row_at, layout->row_count);
        for (size_t at = chains->heads[id]; at != 0; at = chains->next[at - 1])
            layout->rows[layout->row_count++] = chains->rows[at - 1];
    }
}

static struct layout_row event_row(struct layout *layout, const struct index *index,
                                   const struct cpu *cpu, const struct event *event)
{
    struct layout_kind kind = {
        .counters = event->counters,
        .fallback =
            event->fallback == NULL ? LAYOUT_NO_ID : (unsigned)id_of(index, event->fallback),
        .other = event->other,
        .releases = event->releases == cpu->releases ? 0 : event->releases,
        .fixed = event->fixed,
    };

    return (struct layout_row){event->number, event->umask, share_kind(layout, &kind), event->name};
}

/* A CPU of before that has the same variants of the same ids serves this one too. */
static void share_table(struct layout *layout, size_t cpu)
{
    struct layout_cpu *this = &layout->cpus[cpu];

    for (size_t c = 0; c < cpu; c++) {
        const struct layout_cpu *other = &layout->cpus[c];

        if (other->first != this->first || other->span != this->span || this->span == 0 ||
            memcmp(&layout->variants.list[other->variant_at],
                   &layout->variants.list[this->variant_at], this->span * sizeof(size_t)) != 0)
            continue;
        layout->variants.count = this->variant_at;
        this->variant_at = other->variant_at;
        return;
    }
}

static void lay_out_cpu_events(struct arena *arena, struct layout *layout,
                               const struct index *index, struct row_chains *chains, size_t cpu)
{
    const struct database *db = &layout->model->cpus[cpu].db;
    struct layout_cpu *to = &layout->cpus[cpu];
    size_t *variants = arena_alloc(arena, layout->event_ids, sizeof *variants);
    size_t end = 0;

    to->first = layout->event_ids;
    to->variant_at = layout->variants.count;
    for (size_t id = 0; id < layout->event_ids; id++)
        variants[id] = SIZE_MAX;
    for (size_t i = 0; i < db->event_count + db->alias_count; i++) {
        bool alias = i >= db->event_count;
        const struct alias *a = alias ? &db->aliases[i - db->event_count] : NULL;
        size_t id = id_of(index, alias ? a->name : db->events[i].name);
        struct layout_row row = {.name = alias ? a->event : NULL};

        if (alias)
            row.number = (unsigned)id_of(index, a->event);
        else
            row = event_row(layout, index, &layout->model->cpus[cpu], &db->events[i]);
        variants[id] = share_row(chains, id, &row);
        to->first = id < to->first ? id : to->first;
        end = id + 1 > end ? id + 1 : end;
        if (variants[id] + 1 > layout->no_variant)
            layout->no_variant = variants[id] + 1;
    }
    to->span = end > to->first ? end - to->first : 0;
    for (size_t i = 0; i < to->span; i++)
        add_number(arena, &layout->variants, variants[to->first + i]);
    if (to->span % 2 != 0) /* whole bytes, if two of them share one */
        add_number(arena, &layout->variants, SIZE_MAX);
    share_table(layout, cpu);
}

static void lay_out_events(struct arena *arena, struct layout *layout, const struct index *index)
{
    const struct model *model = layout->model;
    struct row_chains chains = {0};
    size_t rows = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        rows += model->cpus[c].db.event_count + model->cpus[c].db.alias_count;
    chains.rows = arena_alloc(arena, rows, sizeof *chains.rows);
    chains.next = arena_alloc(arena, rows, sizeof *chains.next);
    chains.heads = arena_alloc(arena, layout->event_ids, sizeof *chains.heads);
    layout->kinds = arena_alloc(arena, rows + 1, sizeof(struct layout_kind));
    layout->kind_count = 1;
    for (size_t c = 0; c < model->cpu_count; c++)
        lay_out_cpu_events(arena, layout, index, &chains, c);
    order_rows(arena, layout, &chains);
    layout->no_variant = layout->no_variant < LAYOUT_HALF_BYTE ? LAYOUT_HALF_BYTE
                         : layout->no_variant < UINT8_MAX      ? UINT8_MAX
                                                               : UINT16_MAX;
    for (size_t i = 0; i < layout->variants.count; i++)
        if (layout->variants.list[i] == SIZE_MAX)
            layout->variants.list[i] = layout->no_variant;
}

/* ---- kernels' lists -------------------------------------------------------------------------- */

/* The version that most of a CPU's selectors are in a list since. */
static unsigned common_kernel(const struct database *db)
{
    size_t best = 0;
    unsigned common = 0;

    for (size_t i = 0; i < db->event_count; i++) {
        size_t count = 0;

        for (size_t j = 0; j < db->event_count && db->events[i].has_number; j++)
            count += db->events[j].has_number && db->events[j].kernel == db->events[i].kernel;
        if (count > best) {
            best = count;
            common = db->events[i].kernel;
        }
    }
    return common;
}

static void lay_out_kernels(struct arena *arena, struct layout *layout, const struct index *index)
{
    const struct model *model = layout->model;
    size_t events = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        events += model->cpus[c].db.event_count;
    layout->kernels = arena_alloc(arena, events, sizeof *layout->kernels);
    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct database *db = &model->cpus[c].db;
        unsigned common = model->cpus[c].has_kernel_list ? common_kernel(db) : 0;

        layout->cpus[c].kernel = common;
        layout->cpus[c].kernels_at = layout->kernel_count;
        for (size_t i = 0; i < db->event_count; i++)
            if (db->events[i].has_number && db->events[i].kernel != common)
                layout->kernels[layout->kernel_count++] =
                    (struct layout_kernel){id_of(index, db->events[i].name), db->events[i].kernel};
        layout->cpus[c].kernels = layout->kernel_count - layout->cpus[c].kernels_at;
    }
}

/* ---- renames --------------------------------------------------------------------------------- */

/* Spellings of one event form a ring, so that from any of them all others are reached. */
static void lay_out_renames(struct arena *arena, struct layout *layout, const struct index *index)
{
    const struct model *model = layout->model;
    size_t *next = arena_alloc(arena, layout->event_ids, sizeof *next);

    for (size_t i = 0; i < layout->event_ids; i++)
        next[i] = i;
    for (size_t i = 0; i < model->rename_count; i++) {
        size_t from = id_of(index, model->renames[i].from);
        size_t to = id_of(index, model->renames[i].to);
        bool together = false;

        if (from == LAYOUT_NO_ID || to == LAYOUT_NO_ID)
            continue;
        for (size_t at = next[from]; at != from && !together; at = next[at])
            together = at == to;
        if (!together) { /* exchanging their successors joins two rings */
            size_t after = next[from];

            next[from] = next[to];
            next[to] = after;
        }
    }
    for (size_t i = 0; i < layout->event_ids; i++)
        if (next[i] != i) {
            add_number(arena, &layout->renames, i);
            add_number(arena, &layout->renames, next[i]);
        }
}

/* ---- chip-agnostic names --------------------------------------------------------------------- */

static size_t share_set(struct layout *layout, const bool *cpus)
{
    for (size_t i = 0; i < layout->set_count; i++)
        if (memcmp(layout->sets[i], cpus, layout->model->cpu_count * sizeof *cpus) == 0)
            return i;
    layout->sets[layout->set_count] = cpus;
    return layout->set_count++;
}

/* Whether a candidate can ever be asked for in this build. */
static bool wanted(const struct model *model, const struct candidate *candidate)
{
    for (size_t c = 0; c < model->cpu_count; c++)
        if (candidate->cpus[c])
            return true;
    return false;
}

static void lay_out_names(struct arena *arena, struct layout *layout, const struct index *index)
{
    const struct model *model = layout->model;
    size_t most = 0;

    for (size_t n = 0; n < model->name_count; n++)
        most += model->names[n].candidate_count;
    layout->candidates = arena_alloc(arena, most, sizeof *layout->candidates);
    layout->sets = arena_alloc(arena, most, sizeof *layout->sets);
    for (size_t n = 0; n < model->name_count; n++) {
        const struct portable *name = &model->names[n];

        if (id_of(index, name->name) != LAYOUT_NO_ID)
            report_error(NULL, "%s is a chip-agnostic name and an alias (expected one of the two)",
                         name->name);
        add_string(arena, &layout->strings, name->name);
        add_number(arena, &layout->name_at, layout->candidate_count);
        for (size_t i = 0; i < name->candidate_count; i++) {
            size_t event = id_of(index, name->candidates[i].event);

            if (event == LAYOUT_NO_ID || !wanted(model, &name->candidates[i]))
                continue;
            layout->candidates[layout->candidate_count++] =
                (struct layout_candidate){event, share_set(layout, name->candidates[i].cpus)};
        }
    }
    add_number(arena, &layout->name_at, layout->candidate_count);
}

static void lay_out_prose(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;

    for (size_t n = 0; n < model->name_count; n++) {
        share_string(arena, &layout->prose, 0, model->names[n].unit);
        share_string(arena, &layout->prose, 0, model->names[n].summary);
    }
    for (size_t m = 0; m < model->metric_count; m++) {
        const struct metric *metric = &model->metrics[m];

        share_string(arena, &layout->prose, 0, metric->name);
        share_string(arena, &layout->prose, 0, metric->unit);
        share_string(arena, &layout->prose, 0, metric->summary);
        for (size_t i = 0; i < metric->numerator_count; i++)
            add_number(arena, &layout->terms, metric->numerator[i]);
        for (size_t i = 0; i < metric->denominator_count; i++)
            add_number(arena, &layout->terms, metric->denominator[i]);
    }
}

size_t layout_prose(const struct layout *layout, const char *text)
{
    size_t i = 0;

    while (strcmp(layout->prose.list[i], text) != 0)
        i++;
    return i;
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void lay_out_cpus(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    size_t from = layout->strings.count, ids = 0;

    layout->releases_at = from;
    for (size_t r = 0; r < model->release_count; r++)
        add_string(arena, &layout->strings, model->releases[r]);
    from = layout->strings.count;
    for (size_t c = 0; c < model->cpu_count; c++)
        ids += model->cpus[c].db.id_count;
    layout->ids = arena_alloc(arena, ids, sizeof *layout->ids);
    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct cpu *cpu = &model->cpus[c];
        struct layout_cpu *to = &layout->cpus[c];

        to->cpu = cpu;
        to->db = share_string(arena, &layout->strings, from, cpu->db.name);
        to->marketing = share_string(arena, &layout->strings, from, cpu->db.marketing_name);
        to->ids_at = layout->id_count;
        to->also_at = layout->also.count;
        for (size_t i = 0; i < cpu->also_count; i++)
            add_number(arena, &layout->also,
                       share_string(arena, &layout->strings, from, cpu->also[i]));
        for (size_t i = 0; i < cpu->db.id_count; i++) {
            const struct chip *chip = model_chip(model, &cpu->db.ids[i]);
            struct layout_id *id = &layout->ids[layout->id_count++];

            *id = (struct layout_id){cpu->db.ids[i], c, layout->chips.count, 0};
            for (; chip != NULL && id->chips < chip->name_count; id->chips++)
                add_number(arena, &layout->chips,
                           share_string(arena, &layout->strings, from, chip->names[id->chips]));
        }
    }
}

/* ---- the hash: displacements that send every name to a slot of its own ----------------------- */

enum { BUCKET_BITS_MORE = 3 }; /* than the fewest that are tried */

struct hashing {
    struct kpdb_hashing by;
    size_t names, buckets, slots;
    uint32_t *hashes;
    uint32_t *order; /* hashes, sorted, so a bucket's are together */
    size_t *begin;   /* the bucket's first in `order`; one more than buckets */
    size_t *taken;   /* slots, by the hash that has them */
};

static int compare_hashes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static bool hash_names(const struct layout *layout, struct hashing *hashing)
{
    for (size_t i = 0; i < hashing->names; i++) {
        const char *name = layout->strings.list[i];

        hashing->hashes[i] = hashing->order[i] = kpdb_hash(name, strlen(name), hashing->by);
    }
    qsort(hashing->order, hashing->names, sizeof *hashing->order, compare_hashes);
    for (size_t i = 1; i < hashing->names; i++)
        if (hashing->order[i] == hashing->order[i - 1])
            return false;
    return true;
}

static void fill_buckets(struct hashing *hashing)
{
    size_t at = 0;

    for (size_t b = 0; b < hashing->buckets; b++) {
        hashing->begin[b] = at;
        while (at < hashing->names && kpdb_bucket(hashing->order[at], hashing->by) == b)
            at++;
    }
    hashing->begin[hashing->buckets] = at;
}

static bool place_bucket(struct hashing *hashing, size_t bucket, uint32_t displacement)
{
    for (size_t i = hashing->begin[bucket]; i < hashing->begin[bucket + 1]; i++) {
        uint32_t slot = kpdb_slot(hashing->order[i], displacement, (uint32_t)hashing->slots);

        if (hashing->taken[slot] != SIZE_MAX) {
            while (i-- > hashing->begin[bucket])
                hashing
                    ->taken[kpdb_slot(hashing->order[i], displacement, (uint32_t)hashing->slots)] =
                    SIZE_MAX;
            return false;
        }
        hashing->taken[slot] = i;
    }
    return true;
}

/* The fullest buckets first, while there is room. */
static bool place_names(struct hashing *hashing, uint32_t limit, size_t *displacements)
{
    size_t fullest = 0;

    for (size_t i = 0; i < hashing->slots; i++)
        hashing->taken[i] = SIZE_MAX;
    for (size_t b = 0; b < hashing->buckets; b++) {
        displacements[b] = 0;
        if (hashing->begin[b + 1] - hashing->begin[b] > fullest)
            fullest = hashing->begin[b + 1] - hashing->begin[b];
    }
    for (size_t size = fullest; size > 0; size--)
        for (size_t b = 0; b < hashing->buckets; b++) {
            uint32_t displacement = 0;

            if (hashing->begin[b + 1] - hashing->begin[b] != size)
                continue;
            while (displacement < limit && !place_bucket(hashing, b, displacement))
                displacement++;
            if (displacement == limit)
                return false;
            displacements[b] = displacement;
        }
    return true;
}

static void keep_hash(struct arena *arena, struct layout *layout, const struct hashing *hashing,
                      size_t *displacements)
{
    size_t *slots = arena_alloc(arena, hashing->slots, sizeof *slots);

    for (size_t i = 0; i < hashing->names; i++) {
        uint32_t hash = hashing->hashes[i];
        size_t displacement = displacements[kpdb_bucket(hash, hashing->by)];

        slots[kpdb_slot(hash, (uint32_t)displacement, (uint32_t)hashing->slots)] = i;
    }
    layout->hashing = hashing->by;
    layout->displacements = (struct numbers){displacements, hashing->buckets, hashing->buckets};
    layout->slots = (struct numbers){slots, hashing->slots, hashing->slots};
}

static void measure_names(struct layout *layout, size_t names)
{
    enum { SPREAD_MAX = 3 };
    size_t covered = 0;

    for (size_t i = 0; i < layout->strings.count; i++)
        if (strlen(layout->strings.list[i]) > layout->longest)
            layout->longest = strlen(layout->strings.list[i]);
    for (unsigned spread = 0; spread <= SPREAD_MAX && covered * 8 < names * 7; spread++) {
        covered = 0;
        for (size_t i = 0; i < names; i++)
            covered += strlen(layout->strings.list[i]) <= 8 * (((size_t)1 << spread) + 1);
        layout->compare_spread = spread;
    }
}

/* With the fewest buckets that do, and displacements of one byte where that is possible. */
static bool place_hashes(struct hashing *hashing, unsigned least, size_t *displacements)
{
    for (uint32_t limit = 1u << 8; limit <= 1u << 16; limit <<= 8)
        for (unsigned bits = least; bits < least + BUCKET_BITS_MORE; bits++) {
            hashing->by.shift = 32 - bits;
            hashing->buckets = (size_t)1 << bits;
            fill_buckets(hashing);
            if (place_names(hashing, limit < hashing->slots ? limit : (uint32_t)hashing->slots,
                            displacements))
                return true;
        }
    return false;
}

/* With the fewest words that do. */
static void lay_out_hash(struct arena *arena, struct layout *layout, size_t names)
{
    enum { ROTATE_MIN = 5, ROTATE_MAX = 27 };
    struct hashing hashing = {.names = names, .slots = 1};
    size_t *displacements;
    unsigned least = 1;

    measure_names(layout, names);
    if (names == 0) { /* one slot, of a string that is no name */
        layout->hashing = (struct kpdb_hashing){0, 1, 31};
        add_number(arena, &layout->displacements, 0);
        add_number(arena, &layout->displacements, 0);
        add_number(arena, &layout->slots, 0);
        return;
    }
    while (names >> least > 2)
        least++;
    hashing.hashes = arena_alloc(arena, names, sizeof *hashing.hashes);
    hashing.order = arena_alloc(arena, names, sizeof *hashing.order);
    while (hashing.slots < names)
        hashing.slots *= 2;
    hashing.taken = arena_alloc(arena, hashing.slots, sizeof *hashing.taken);
    hashing.begin =
        arena_alloc(arena, ((size_t)1 << (least + BUCKET_BITS_MORE)) + 1, sizeof *hashing.begin);
    displacements =
        arena_alloc(arena, (size_t)1 << (least + BUCKET_BITS_MORE), sizeof *displacements);
    for (hashing.by.rotate = ROTATE_MIN; hashing.by.rotate <= ROTATE_MAX; hashing.by.rotate++)
        for (hashing.by.spread = 0; hashing.by.spread <= KPDB_SPREAD_MAX; hashing.by.spread++) {
            if (!hash_names(layout, &hashing))
                continue;
            if (!place_hashes(&hashing, least, displacements))
                break;
            keep_hash(arena, layout, &hashing, displacements);
            return;
        }
    report_error(NULL, "no hash tells these %zu names apart (expected ordinary names)", names);
}

/* ---- the step -------------------------------------------------------------------------------- */

/* The tables' numbers are 16 bits wide. */
static void check_sizes(const struct layout *layout, size_t names)
{
    const struct {
        const char *what;
        size_t count;
    } limits[] = {
        {"event and chip-agnostic names", names},
        {"strings", layout->strings.count},
        {"rows", layout->row_count},
        {"variants", layout->variants.count},
        {"kinds of rows", layout->kind_count},
        {"candidates", layout->candidate_count},
        {"strings of prose", layout->prose.count},
        {"CPUs", layout->model->cpu_count},
        {"CPU ids", layout->id_count},
        {"chips", layout->chips.count},
        {"terms of metrics", layout->terms.count},
    };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].count >= LAYOUT_NO_ID)
            report_error(NULL, "%zu %s (expected at most %d)", limits[i].count, limits[i].what,
                         LAYOUT_NO_ID - 1);
}

struct layout layout_tables(struct arena *arena, const struct model *model)
{
    struct layout layout = {.model = model};
    struct index index;
    size_t names;

    layout.cpus = arena_alloc(arena, model->cpu_count, sizeof *layout.cpus);
    lay_out_event_ids(arena, &layout);
    index = index_events(arena, &layout);
    lay_out_events(arena, &layout, &index);
    lay_out_kernels(arena, &layout, &index);
    lay_out_renames(arena, &layout, &index);
    lay_out_names(arena, &layout, &index);
    names = layout.strings.count;
    lay_out_cpus(arena, &layout);
    lay_out_prose(arena, &layout);
    check_sizes(&layout, names);
    if (report_errors() != 0)
        return layout;
    lay_out_hash(arena, &layout, names);
    return layout;
}

void layout_check_names(const struct model *model)
{
    struct arena arena = {0};
    struct layout layout = {.model = model};

    lay_out_event_ids(&arena, &layout);
    arena_free(&arena);
}
