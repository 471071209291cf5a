/*
 * In goes the model, out comes the layout: which numbers stand where in libkpdb's tables. What they
 * cannot hold is reported. Memory is the arena's; nothing else is touched, and no C is written.
 */
#include "layout.h"

#include "common/report.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- growing lists --------------------------------------------------------------------------- */

static void add_number(struct arena *arena, struct numbers *numbers, size_t number)
{
    numbers->list = arena_grow(arena, numbers->list, numbers->count, sizeof *numbers->list);
    numbers->list[numbers->count++] = number;
}

static size_t add_string(struct arena *arena, struct strings *strings, const char *text)
{
    strings->list = arena_grow(arena, strings->list, strings->count, sizeof *strings->list);
    strings->list[strings->count] = text;
    strings->bytes += strlen(text) + 1;
    return strings->count++;
}

/* ---- what was seen before -------------------------------------------------------------------- */

/* The number that the same bytes got before, or `next`, which they have from now on. */
static size_t number_of(struct arena *arena, struct map *known, const void *bytes, size_t size,
                        size_t next)
{
    size_t number = map_get(known, bytes, size);

    if (number != 0)
        return number - 1;
    *map_at(arena, known, arena_copy(arena, bytes, size), size) = next + 1;
    return next;
}

/* The number of a string that was shared before, or is added now. */
static size_t share_string(struct arena *arena, struct strings *strings, const char *text)
{
    size_t *number = map_text(arena, &strings->known, text);

    if (*number == 0)
        *number = add_string(arena, strings, text) + 1;
    return *number - 1;
}

/* ---- event ids ------------------------------------------------------------------------------- */

/* A name of an event or alias, and where it occurs. */
struct spelling {
    const char *name;
    bool apple; /* some CPU without unit masks has it; Intel's may have it too */
    bool hardware;
};

static int compare_spellings(const void *a, const void *b)
{
    return strcmp(((const struct spelling *)a)->name, ((const struct spelling *)b)->name);
}

/*
 * Apple's names come first, then those that only Intel's CPUs have: the variants of a CPU run from
 * its first id to its last, so that Apple's have no gaps for Intel's. Within a CPU ids are in the
 * order of names.
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

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Reports what two names would be one macro of kpdb_ids.h; sorts the list. */
static void check_identifiers(const char **list, size_t count, const char *what, const char *prefix)
{
    if (count != 0)
        qsort(list, count, sizeof *list, compare_texts);
    for (size_t i = 1; i < count; i++)
        if (strcmp(list[i - 1], list[i]) == 0)
            report_error(NULL,
                         "two %s would both be %s%s (expected names that differ in letters or "
                         "digits)",
                         what, prefix, list[i]);
}

/* Chip-agnostic names need no check: names.c takes none that differ in less than a letter. */
static void check_macros(struct arena *arena, const struct layout *layout)
{
    const struct model *model = layout->model;
    const char **events = arena_alloc(arena, layout->event_ids, sizeof *events);
    const char **cpus = arena_alloc(arena, model->cpu_count, sizeof *cpus);
    size_t count = 0;

    for (size_t i = 0; i < layout->event_ids; i++)
        if (layout->is_hardware[i])
            events[count++] = layout_identifier(arena, layout->strings.list[i]);
    for (size_t c = 0; c < model->cpu_count; c++)
        cpus[c] = layout_upper_identifier(arena, model->cpus[c].db.name);
    check_identifiers(events, count, "events", "KPDB_EVENT_");
    check_identifiers(cpus, model->cpu_count, "databases", "KPDB_CPU_");
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
        *map_text(arena, &layout->id_by_name, list[i].name) = i + 1;
        layout->is_hardware[i] = list[i].hardware;
    }
    check_macros(arena, layout);
}

size_t layout_event_id(const struct layout *layout, const char *name)
{
    size_t number = map_get(&layout->id_by_name, name, strlen(name));

    return number == 0 ? LAYOUT_NO_ID : number - 1;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/*
 * The rows in the order they are found in: of each its id, which of the id's rows it is, and the
 * number, from 1, of that for older releases.
 */
struct row_list {
    struct layout_row *rows;
    size_t *ids, *variants, *older;
    size_t count;
    size_t *variant_count; /* of each id */
    struct map known, kinds, lists;
};

static size_t share_kind(struct arena *arena, struct layout *layout, struct map *known,
                         const struct layout_kind *kind)
{
    const uint32_t parts[] = {kind->counters, kind->fallback, kind->other, kind->releases,
                              (uint32_t)kind->fixed};
    size_t number = number_of(arena, known, parts, sizeof parts, layout->kind_count);

    if (number == layout->kind_count)
        layout->kinds[layout->kind_count++] = *kind;
    return number;
}

/* The number of the row, from 1; a new one becomes the id's last. older: as in the list. */
static size_t share_row(struct arena *arena, struct row_list *rows, size_t id,
                        const struct layout_row *row, size_t older)
{
    const size_t parts[] = {id, row->number, row->umask, row->kind, older};
    size_t number = number_of(arena, &rows->known, parts, sizeof parts, rows->count);

    if (number == rows->count) {
        rows->rows[number] = *row;
        rows->ids[number] = id;
        rows->older[number] = older;
        rows->variants[number] = rows->variant_count[id]++;
        rows->count++;
    }
    return number + 1;
}

static int compare_older(const void *a, const void *b)
{
    size_t x = ((const struct layout_older *)a)->row, y = ((const struct layout_older *)b)->row;

    return x < y ? -1 : x > y;
}

/* Where the i-th row of the list comes to be. */
static size_t place_of(const struct layout *layout, const struct row_list *rows, size_t i)
{
    return layout->row_at.list[rows->ids[i]] + rows->variants[i];
}

/* Sorts the rows by id, so that row_at[id] + variant is a row. */
static void order_rows(struct arena *arena, struct layout *layout, const struct row_list *rows)
{
    layout->rows = arena_alloc(arena, rows->count, sizeof(struct layout_row));
    layout->row_count = rows->count;
    add_number(arena, &layout->row_at, 0);
    for (size_t id = 0; id < layout->event_ids; id++)
        add_number(arena, &layout->row_at, layout->row_at.list[id] + rows->variant_count[id]);
    for (size_t i = 0; i < rows->count; i++)
        layout->rows[place_of(layout, rows, i)] = rows->rows[i];
    layout->older_rows = arena_alloc(arena, rows->count, sizeof *layout->older_rows);
    for (size_t i = 0; i < rows->count; i++)
        if (rows->older[i] != 0)
            layout->older_rows[layout->older_row_count++] = (struct layout_older){
                place_of(layout, rows, i), place_of(layout, rows, rows->older[i] - 1)};
    if (layout->older_row_count != 0)
        qsort(layout->older_rows, layout->older_row_count, sizeof *layout->older_rows,
              compare_older);
}

static struct layout_row event_row(struct arena *arena, struct layout *layout,
                                   struct row_list *rows, const struct cpu *cpu,
                                   const struct event *event)
{
    struct layout_kind kind = {
        .counters = event->counters,
        .fallback = event->fallback == NULL ? LAYOUT_NO_ID
                                            : (unsigned)layout_event_id(layout, event->fallback),
        .other = event->other,
        .releases = event->releases == cpu->releases ? LAYOUT_ALL_RELEASES : event->releases,
        .fixed = event->fixed,
    };

    return (struct layout_row){event->number, event->umask,
                               share_kind(arena, layout, &rows->kinds, &kind), event->name};
}

/* The number, from 1, of an event's row, behind which are those of older releases. */
static size_t share_event(struct arena *arena, struct layout *layout, struct row_list *rows,
                          const struct cpu *cpu, const struct event *event)
{
    size_t id = layout_event_id(layout, event->name), number = 0;
    const struct event *versions[RELEASES_MAX];
    size_t count = 0;

    for (; event != NULL; event = event->older)
        versions[count++] = event;
    while (count-- > 0) {
        const struct layout_row row = event_row(arena, layout, rows, cpu, versions[count]);

        number = share_row(arena, rows, id, &row, number);
    }
    return number;
}

/* Of a kind: what no event's fixed counter is. */
enum { NOT_AN_EVENT = -2 };

/*
 * The kind of an alias that means another event in other releases: of the newest meaning, in all
 * releases but those of the others.
 */
static struct layout_kind alias_kind(const struct alias *alias, bool newest)
{
    uint32_t others = 0;

    for (const struct alias *older = alias->older; older != NULL; older = older->older)
        others |= older->releases;
    return (struct layout_kind){
        .fallback = LAYOUT_NO_ID,
        .releases = newest ? LAYOUT_ALL_RELEASES & ~others : alias->releases,
        .fixed = NOT_AN_EVENT,
    };
}

/* The same as share_event() of an alias. */
static size_t share_alias(struct arena *arena, struct layout *layout, struct row_list *rows,
                          const struct alias *alias)
{
    const struct alias *meanings[RELEASES_MAX];
    size_t id = layout_event_id(layout, alias->name), number = 0, count = 0;

    for (; alias != NULL; alias = alias->older)
        meanings[count++] = alias;
    for (size_t i = count; i-- > 0;) {
        const struct layout_kind kind = alias_kind(meanings[i], i == 0);
        const struct layout_row row = {
            .number = (unsigned)layout_event_id(layout, meanings[i]->event),
            .kind = count == 1 ? 0 : share_kind(arena, layout, &rows->kinds, &kind),
            .name = meanings[i]->event,
        };

        number = share_row(arena, rows, id, &row, number);
    }
    return number;
}

/* Makes the kinds of aliases, which come before those of events. */
static void lay_out_alias_kinds(struct arena *arena, struct layout *layout, struct row_list *rows)
{
    for (size_t c = 0; c < layout->model->cpu_count; c++) {
        const struct database *db = &layout->model->cpus[c].db;

        for (size_t i = 0; i < db->alias_count; i++)
            for (const struct alias *alias = &db->aliases[i];
                 db->aliases[i].older != NULL && alias != NULL; alias = alias->older) {
                const struct layout_kind kind = alias_kind(alias, alias == &db->aliases[i]);

                share_kind(arena, layout, &rows->kinds, &kind);
            }
    }
    layout->alias_kinds = layout->kind_count;
}

/*
 * The number of the list: that of a CPU before which has the same ids and variants, or a new one.
 * In memory list->variants is right behind list->ids, so that both are one key of the map.
 */
static size_t share_list(struct arena *arena, struct layout *layout, struct map *known,
                         const struct layout_list *list)
{
    size_t *number = map_at(arena, known, list->ids, 2 * list->count * sizeof *list->ids);

    if (*number == 0) {
        layout->lists[layout->list_count++] = *list;
        *number = layout->list_count;
    }
    return *number - 1;
}

static void lay_out_cpu_events(struct arena *arena, struct layout *layout, struct row_list *rows,
                               size_t cpu)
{
    const struct database *db = &layout->model->cpus[cpu].db;
    size_t count = db->event_count + db->alias_count, end = 0;
    size_t *ids = arena_alloc(arena, 2 * count, sizeof *ids), *variants = ids + count;
    struct layout_list list = {ids, variants, count, layout->event_ids, 0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        size_t row =
            i < db->event_count
                ? share_event(arena, layout, rows, &layout->model->cpus[cpu], &db->events[i])
                : share_alias(arena, layout, rows, &db->aliases[i - db->event_count]);

        ids[i] = rows->ids[row - 1];
        variants[i] = rows->variants[row - 1];
        list.first = ids[i] < list.first ? ids[i] : list.first;
        end = ids[i] + 1 > end ? ids[i] + 1 : end;
    }
    list.span = end > list.first ? end - list.first : 0;
    layout->cpus[cpu].list = share_list(arena, layout, &rows->lists, &list);
}

/* How many rows a CPU's events and aliases have at most. */
static size_t count_rows(const struct database *db)
{
    size_t count = 0;

    for (size_t i = 0; i < db->event_count; i++)
        for (const struct event *event = &db->events[i]; event != NULL; event = event->older)
            count++;
    for (size_t i = 0; i < db->alias_count; i++)
        for (const struct alias *alias = &db->aliases[i]; alias != NULL; alias = alias->older)
            count++;
    return count;
}

static void lay_out_events(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    struct row_list rows = {0};
    size_t most = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        most += count_rows(&model->cpus[c].db);
    rows.rows = arena_alloc(arena, most, sizeof *rows.rows);
    rows.ids = arena_alloc(arena, most, sizeof *rows.ids);
    rows.variants = arena_alloc(arena, most, sizeof *rows.variants);
    rows.older = arena_alloc(arena, most, sizeof *rows.older);
    rows.variant_count = arena_alloc(arena, layout->event_ids, sizeof *rows.variant_count);
    layout->kinds = arena_alloc(arena, most + 1, sizeof(struct layout_kind));
    layout->kinds[0] =
        (struct layout_kind){.fallback = LAYOUT_NO_ID, .releases = LAYOUT_ALL_RELEASES};
    layout->kind_count = 1;
    lay_out_alias_kinds(arena, layout, &rows);
    layout->lists = arena_alloc(arena, model->cpu_count, sizeof(struct layout_list));
    for (size_t c = 0; c < model->cpu_count; c++)
        lay_out_cpu_events(arena, layout, &rows, c);
    order_rows(arena, layout, &rows);
}

/* ---- which of an id's rows is a CPU's -------------------------------------------------------- */

static int compare_spans(const void *a, const void *b)
{
    const struct layout_list *x = *(struct layout_list *const *)a;
    const struct layout_list *y = *(struct layout_list *const *)b;

    return x->span != y->span ? (x->span < y->span ? 1 : -1) : (x > y) - (x < y);
}

/*
 * Says where each list's variants are, and gives the length of the array. The longest list comes
 * first, the others behind it; variants of half a byte go to the lower or the upper halves,
 * whichever are fewer so far.
 */
static size_t place_lists(struct arena *arena, struct layout *layout)
{
    struct layout_list **order = arena_alloc(arena, layout->list_count, sizeof *order);
    bool halves = layout->most_variants == LAYOUT_HALF_BYTE;
    size_t ends[2] = {0, 0};

    for (size_t i = 0; i < layout->list_count; i++)
        order[i] = &layout->lists[i];
    if (layout->list_count != 0)
        qsort(order, layout->list_count, sizeof *order, compare_spans);
    for (size_t i = 0; i < layout->list_count; i++) {
        bool half = halves && ends[1] < ends[0];

        order[i]->at = ends[half];
        order[i]->shift = half ? 4 : 0;
        ends[half] += order[i]->span;
    }
    return ends[0] > ends[1] ? ends[0] : ends[1];
}

static void fill_variants(struct arena *arena, struct layout *layout, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_number(arena, &layout->variants, 0);
    for (size_t l = 0; l < layout->list_count; l++) {
        const struct layout_list *list = &layout->lists[l];

        for (size_t i = 0; i < list->count; i++)
            layout->variants.list[list->at + list->ids[i] - list->first] |= (list->variants[i] + 1)
                                                                            << list->shift;
    }
}

static void fill_pairs(struct arena *arena, struct layout *layout, size_t count)
{
    uint32_t *hashes = arena_alloc(arena, count, sizeof *hashes);
    size_t *lists = arena_alloc(arena, count, sizeof *lists);
    size_t *rows = arena_alloc(arena, count, sizeof *rows), pair = 0;

    for (size_t l = 0; l < layout->list_count; l++)
        for (size_t i = 0; i < layout->lists[l].count; i++, pair++) {
            const struct layout_list *list = &layout->lists[l];

            hashes[pair] = kpdb_mix_value((uint32_t)l << 16, (uint32_t)list->ids[i]);
            lists[pair] = l;
            rows[pair] = layout->row_at.list[list->ids[i]] + list->variants[i];
        }
    if (!perfect_hashes(arena, (struct kpdb_hashing){.thorough = false}, hashes, count,
                        &layout->pairs)) {
        report_error(NULL, "no hash tells %zu pairs of a CPU and an event apart (expected fewer)",
                     count);
        return;
    }
    for (size_t i = 0; i < layout->pairs.slot_count; i++) {
        pair = layout->pairs.slots[i];
        add_number(arena, &layout->pair_lists,
                   pair == PERFECT_NONE ? layout->list_count : lists[pair]);
        add_number(arena, &layout->pair_rows, pair == PERFECT_NONE ? 0 : rows[pair]);
    }
}

/*
 * Chooses between variants and pairs. Variants are faster, and smaller where CPUs have most ids of
 * their spans; pairs are taken where variants would be more than BYTES_A_PAIR bytes for each pair
 * of a list and an id that it has.
 */
static void lay_out_lists(struct arena *arena, struct layout *layout)
{
    enum { BYTES_A_PAIR = 16, BYTES_FREE = 4096 };
    size_t most = 0, pairs = 0, numbers;

    for (size_t l = 0; l < layout->list_count; l++) {
        const struct layout_list *list = &layout->lists[l];

        pairs += list->count;
        for (size_t i = 0; i < list->count; i++)
            most = list->variants[i] >= most ? list->variants[i] + 1 : most;
    }
    layout->most_variants = most <= LAYOUT_HALF_BYTE ? LAYOUT_HALF_BYTE
                            : most <= UINT8_MAX      ? UINT8_MAX
                                                     : UINT16_MAX;
    numbers = place_lists(arena, layout);
    layout->sparse =
        numbers * (layout->most_variants == UINT16_MAX ? 2 : 1) > pairs * BYTES_A_PAIR + BYTES_FREE;
    if (layout->sparse)
        fill_pairs(arena, layout, pairs);
    else
        fill_variants(arena, layout, numbers);
}

/* ---- kernels' lists -------------------------------------------------------------------------- */

static int compare_kernels(const void *a, const void *b)
{
    const struct layout_kernel *x = a, *y = b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The selectors of a CPU, each once, by number. */
static size_t list_selectors(struct arena *arena, const struct database *db,
                             struct layout_kernel **selectors)
{
    size_t count = 0, kept = 0, most = count_rows(db);
    struct layout_kernel *list = arena_alloc(arena, most, sizeof *list);

    for (size_t i = 0; i < db->event_count; i++)
        for (const struct event *event = &db->events[i]; event != NULL; event = event->older)
            if (event->has_number)
                list[count++] = (struct layout_kernel){event->number, event->kernel, event->name};
    if (count != 0)
        qsort(list, count, sizeof *list, compare_kernels);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || list[kept - 1].number != list[i].number)
            list[kept++] = list[i];
    *selectors = list;
    return kept;
}

/*
 * The first macOS whose kernel lists most of the selectors; of two as common the one that comes
 * first. counts, by version, is all 0 before and after.
 */
static unsigned common_kernel(const struct layout_kernel *selectors, size_t count, size_t *counts)
{
    size_t best = 0;
    unsigned common = 0;

    for (size_t i = 0; i < count; i++)
        counts[selectors[i].since]++;
    for (size_t i = 0; i < count; i++)
        if (counts[selectors[i].since] > best) {
            best = counts[selectors[i].since];
            common = selectors[i].since;
        }
    for (size_t i = 0; i < count; i++)
        counts[selectors[i].since] = 0;
    return common;
}

static void lay_out_kernels(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    size_t *counts = arena_alloc(arena, UINT16_MAX + 1, sizeof *counts), rows = 0;

    for (size_t c = 0; c < model->cpu_count; c++)
        rows += count_rows(&model->cpus[c].db);
    layout->kernels = arena_alloc(arena, rows, sizeof *layout->kernels);
    for (size_t c = 0; c < model->cpu_count; c++) {
        struct layout_cpu *cpu = &layout->cpus[c];
        struct layout_kernel *selectors;
        size_t count = model->cpus[c].has_kernel_list
                           ? list_selectors(arena, &model->cpus[c].db, &selectors)
                           : 0;

        cpu->kernel = count == 0 ? 0 : common_kernel(selectors, count, counts);
        cpu->kernels_at = layout->kernel_count;
        for (size_t i = 0; i < count; i++)
            if (selectors[i].since != cpu->kernel)
                layout->kernels[layout->kernel_count++] = selectors[i];
        cpu->kernels = layout->kernel_count - cpu->kernels_at;
    }
}

/* ---- renames --------------------------------------------------------------------------------- */

/* The id that stands for all that i was joined with. */
static size_t root_of(size_t *roots, size_t i)
{
    for (; roots[i] != i; i = roots[i])
        roots[i] = roots[roots[i]];
    return i;
}

/* Spellings of one event form a ring, so that from any of them all others are reached. */
static void lay_out_renames(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    size_t *next = arena_alloc(arena, layout->event_ids, sizeof *next);
    size_t *roots = arena_alloc(arena, layout->event_ids, sizeof *roots);

    for (size_t i = 0; i < layout->event_ids; i++)
        next[i] = roots[i] = i;
    for (size_t i = 0; i < model->rename_count; i++) {
        size_t from = layout_event_id(layout, model->renames[i].from);
        size_t to = layout_event_id(layout, model->renames[i].to);

        if (from == LAYOUT_NO_ID || to == LAYOUT_NO_ID)
            continue;
        if (root_of(roots, from) != root_of(roots, to)) { /* exchanging successors joins rings */
            size_t after = next[from];

            next[from] = next[to];
            next[to] = after;
            roots[root_of(roots, from)] = root_of(roots, to);
        }
    }
    for (size_t i = 0; i < layout->event_ids; i++)
        if (next[i] != i) {
            add_number(arena, &layout->renames, i);
            add_number(arena, &layout->renames, next[i]);
        }
}

/* ---- chip-agnostic names --------------------------------------------------------------------- */

static size_t share_set(struct arena *arena, struct layout *layout, struct map *known,
                        const bool *cpus)
{
    size_t *number = map_at(arena, known, cpus, layout->model->cpu_count * sizeof *cpus);

    if (*number == 0) {
        layout->sets[layout->set_count++] = cpus;
        *number = layout->set_count;
    }
    return *number - 1;
}

/* Whether some CPU of this build is of the candidate's. */
static bool is_wanted(const struct model *model, const struct candidate *candidate)
{
    for (size_t c = 0; c < model->cpu_count; c++)
        if (candidate->cpus[c])
            return true;
    return false;
}

static void lay_out_names(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    struct map sets = {NULL};
    size_t most = 0;

    for (size_t n = 0; n < model->name_count; n++)
        most += model->names[n].candidate_count;
    layout->candidates = arena_alloc(arena, most, sizeof *layout->candidates);
    layout->sets = arena_alloc(arena, most, sizeof *layout->sets);
    for (size_t n = 0; n < model->name_count; n++) {
        const struct portable *name = &model->names[n];

        if (layout_event_id(layout, name->name) != LAYOUT_NO_ID)
            report_error(NULL, "%s is a chip-agnostic name and an alias (expected one of the two)",
                         name->name);
        add_string(arena, &layout->strings, name->name);
        add_number(arena, &layout->name_at, layout->candidate_count);
        for (size_t i = 0; i < name->candidate_count; i++) {
            size_t event = layout_event_id(layout, name->candidates[i].event);

            if (event == LAYOUT_NO_ID || !is_wanted(model, &name->candidates[i]))
                continue;
            layout->candidates[layout->candidate_count++] = (struct layout_candidate){
                event, share_set(arena, layout, &sets, name->candidates[i].cpus)};
        }
    }
    add_number(arena, &layout->name_at, layout->candidate_count);
}

static void lay_out_prose(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;

    for (size_t n = 0; n < model->name_count; n++) {
        share_string(arena, &layout->prose, model->names[n].unit);
        share_string(arena, &layout->prose, model->names[n].summary);
    }
}

size_t layout_prose(const struct layout *layout, const char *text)
{
    return map_get(&layout->prose.known, text, strlen(text)) - 1;
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void lay_out_cpus(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;
    size_t ids = 0;

    layout->releases_at = layout->strings.count;
    for (size_t r = 0; r < model->release_count; r++)
        add_string(arena, &layout->strings, model->releases[r]);
    for (size_t c = 0; c < model->cpu_count; c++)
        ids += model->cpus[c].db.id_count;
    layout->ids = arena_alloc(arena, ids, sizeof *layout->ids);
    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct cpu *cpu = &model->cpus[c];
        struct layout_cpu *to = &layout->cpus[c];

        to->cpu = cpu;
        to->db = share_string(arena, &layout->strings, cpu->db.name);
        to->marketing = share_string(arena, &layout->strings, cpu->db.marketing_name);
        to->ids_at = layout->id_count;
        to->also_at = layout->also.count;
        for (size_t i = 0; i < cpu->also_count; i++)
            add_number(arena, &layout->also, share_string(arena, &layout->strings, cpu->also[i]));
        for (size_t i = 0; i < cpu->db.id_count; i++) {
            const struct chip *chip = model_chip(model, &cpu->db.ids[i]);
            struct layout_id *id = &layout->ids[layout->id_count++];

            *id =
                (struct layout_id){.id = cpu->db.ids[i], .cpu = c, .chips_at = layout->chips.count};
            if (chip != NULL)
                id->confidence = chip->confidence;
            if (chip != NULL && chip->note != NULL)
                id->note = 1 + share_string(arena, &layout->prose, chip->note);
            for (; chip != NULL && id->chips < chip->name_count; id->chips++)
                add_number(arena, &layout->chips,
                           share_string(arena, &layout->strings, chip->names[id->chips]));
        }
    }
}

/* Whether a release says the same of a CPU's counters as the newest that has it. */
static bool same_counters(const struct database *a, const struct database *b)
{
    return a->fixed == b->fixed && a->config == b->config && a->power == b->power &&
           strcmp(a->marketing_name, b->marketing_name) == 0;
}

static bool is_past(const struct layout *layout, const struct layout_past *past,
                    const struct database *was)
{
    return past->fixed == was->fixed && past->config == was->config && past->power == was->power &&
           strcmp(layout->strings.list[past->marketing], was->marketing_name) == 0;
}

static void lay_out_past(struct arena *arena, struct layout *layout)
{
    const struct model *model = layout->model;

    layout->past =
        arena_alloc(arena, model->cpu_count * model->release_count, sizeof *layout->past);
    for (size_t c = 0; c < model->cpu_count; c++) {
        size_t first = layout->past_count;

        for (size_t r = model->release_count; r-- > 0;) {
            const struct database *was = model->cpus[c].history[r];
            size_t i = first;

            if (was == NULL || same_counters(was, &model->cpus[c].db))
                continue;
            while (i < layout->past_count && !is_past(layout, &layout->past[i], was))
                i++;
            if (i == layout->past_count)
                layout->past[layout->past_count++] = (struct layout_past){
                    .cpu = c,
                    .marketing = share_string(arena, &layout->strings, was->marketing_name),
                    .fixed = was->fixed,
                    .config = was->config,
                    .power = was->power,
                };
            layout->past[i].releases |= 1u << r;
        }
    }
}

/* ---- finding CPUs ---------------------------------------------------------------------------- */

static const struct layout_id *sorting_ids;

static int compare_cpu_ids(const void *a, const void *b)
{
    return cpu_id_compare(&sorting_ids[*(const size_t *)a].id, &sorting_ids[*(const size_t *)b].id);
}

static void order_ids(struct arena *arena, struct layout *layout)
{
    for (size_t i = 0; i < layout->id_count; i++)
        add_number(arena, &layout->id_order, i);
    sorting_ids = layout->ids;
    if (layout->id_count != 0)
        qsort(layout->id_order.list, layout->id_count, sizeof(size_t), compare_cpu_ids);
}

static int compare_folded(const char *a, const char *b)
{
    while (*a != '\0' && kpdb_folded(*a) == kpdb_folded(*b))
        a++, b++;
    return (unsigned char)kpdb_folded(*a) - (unsigned char)kpdb_folded(*b);
}

static const char *const *sorting_names;

static int compare_designations(const void *a, const void *b)
{
    const struct layout_designation *x = a, *y = b;
    int order = compare_folded(sorting_names[x->string], sorting_names[y->string]);

    return order != 0 ? order : x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void add_designation(struct layout *layout, size_t string, size_t cpu)
{
    size_t rank = layout->designation_count++;

    layout->designations[rank] = (struct layout_designation){string, cpu, rank};
}

/*
 * What several CPUs are called means the first of them: databases come before other names of
 * databases, and these before chips.
 */
static void lay_out_designations(struct arena *arena, struct layout *layout)
{
    struct layout_designation *list;
    size_t cpus = layout->model->cpu_count, count = 0;

    list = arena_alloc(arena, cpus + layout->also.count + layout->chips.count, sizeof *list);
    layout->designations = list;
    for (size_t c = 0; c < cpus; c++)
        add_designation(layout, layout->cpus[c].db, c);
    for (size_t c = 0; c < cpus; c++)
        for (size_t i = 0; i < layout->model->cpus[c].also_count; i++)
            add_designation(layout, layout->also.list[layout->cpus[c].also_at + i], c);
    for (size_t i = 0; i < layout->id_count; i++)
        for (size_t n = 0; n < layout->ids[i].chips; n++)
            add_designation(layout, layout->chips.list[layout->ids[i].chips_at + n],
                            layout->ids[i].cpu);
    sorting_names = layout->strings.list;
    if (layout->designation_count != 0)
        qsort(list, layout->designation_count, sizeof *list, compare_designations);
    for (size_t i = 0; i < layout->designation_count; i++)
        if (count == 0 || compare_folded(sorting_names[list[count - 1].string],
                                         sorting_names[list[i].string]) != 0)
            list[count++] = list[i];
    layout->designation_count = count;
}

/* ---- the hash of names ----------------------------------------------------------------------- */

static void measure_names(struct layout *layout, size_t names)
{
    enum { SPREAD_MAX = 3 };
    size_t covered = 0;

    for (size_t i = 0; i < layout->strings.count; i++)
        if (strlen(layout->strings.list[i]) > layout->longest)
            layout->longest = strlen(layout->strings.list[i]);
    for (unsigned spread = 0; spread <= SPREAD_MAX && covered * 4 < names * 3; spread++) {
        covered = 0;
        for (size_t i = 0; i < names; i++)
            covered += strlen(layout->strings.list[i]) <= kpdb_words_hold(spread);
        layout->compare_spread = spread;
    }
}

static void lay_out_hash(struct arena *arena, struct layout *layout, size_t names)
{
    measure_names(layout, names);
    if (!perfect_names(arena, layout->strings.list, names, &layout->names))
        report_error(NULL,
                     "two of these %zu names agree in all of %d words spread over them (expected "
                     "names that differ more)",
                     names, (1 << KPDB_SPREAD_MAX) + 1);
}

/* ---- the step -------------------------------------------------------------------------------- */

/* Numbers of events and of CPUs are 16 bits wide in kpdb.h, and where a pair of them is hashed. */
static void check_sizes(const struct layout *layout)
{
    if (layout->event_ids >= LAYOUT_NO_ID)
        report_error(NULL, "%zu names of events (expected at most %d)", layout->event_ids,
                     LAYOUT_NO_ID - 1);
    if (layout->model->cpu_count >= LAYOUT_NO_ID)
        report_error(NULL, "%zu CPUs (expected at most %d)", layout->model->cpu_count,
                     LAYOUT_NO_ID - 1);
}

struct layout layout_tables(struct arena *arena, const struct model *model)
{
    struct layout layout = {.model = model};
    size_t names;

    layout.cpus = arena_alloc(arena, model->cpu_count, sizeof *layout.cpus);
    lay_out_event_ids(arena, &layout);
    lay_out_events(arena, &layout);
    lay_out_kernels(arena, &layout);
    lay_out_renames(arena, &layout);
    lay_out_names(arena, &layout);
    names = layout.strings.count;
    lay_out_cpus(arena, &layout);
    lay_out_past(arena, &layout);
    order_ids(arena, &layout);
    lay_out_designations(arena, &layout);
    lay_out_prose(arena, &layout);
    check_sizes(&layout);
    if (report_errors() != 0)
        return layout;
    lay_out_lists(arena, &layout);
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
