/*
 * Files like db/names.plist and db/chips.plist -> the model: chip-agnostic names and the chips
 * sold with each CPU id; metrics.c reads the metrics and constants in them. The events and CPUs
 * that they name must be the model's.
 */
#include "common/buffer.h"
#include "common/text.h"
#include "model.h"
#include "plist.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

struct names {
    struct arena *arena;
    struct model *model;
    bool allow_missing;
    struct map ids, databases; /* -> numbers of CPUs, from 1 */
    const bool **alone;        /* sets of one CPU each; NULL for one that no key named yet */
};

/* Chip-agnostic names are lower-case with hyphens, like perf's; no event or alias looks so. */
static bool is_portable_name(const char *name)
{
    const char *at = name;

    while (is_lower(*at) || is_digit(*at) || *at == '-')
        at++;
    return at > name && *at == '\0' && is_lower(*name);
}

static void check_name(const struct plist_node *node)
{
    if (!is_portable_name(node->key))
        plist_error(node, "not a chip-agnostic name (expected a-z, 0-9 and '-')");
}

/* The number, from 1, of the one CPU that a key of `candidates` names; 0 for an architecture. */
static size_t cpu_of_key(const struct names *names, const char *key)
{
    enum arch arch;

    if (arch_named(key, &arch))
        return 0;
    return model_cpu_named(&names->ids, &names->databases, key);
}

/* The CPUs that have keys of their own in `candidates`: the architecture's is not theirs then. */
static const bool *cpus_of_keys(const struct names *names, const struct plist_node *candidates)
{
    bool *cpus = arena_alloc(names->arena, names->model->cpu_count, sizeof *cpus);

    for (size_t k = 0; k < candidates->value->length; k++) {
        size_t cpu = cpu_of_key(names, candidates->value->keys[k]);

        if (cpu != 0)
            cpus[cpu - 1] = true;
    }
    return cpus;
}

/*
 * The CPUs that a key of `candidates` is for; NULL when there is none. named: cpus_of_keys(). The
 * set of one CPU is made once for all keys.
 */
static const bool *cpus_of_key(const struct names *names, const char *key, const bool *named)
{
    const struct model *model = names->model;
    bool *cpus = NULL;
    enum arch arch;
    size_t cpu;

    if (arch_named(key, &arch)) {
        for (size_t c = 0; c < model->cpu_count; c++)
            if (model->cpus[c].db.arch == arch && !named[c]) {
                if (cpus == NULL)
                    cpus = arena_alloc(names->arena, model->cpu_count, sizeof *cpus);
                cpus[c] = true;
            }
        return cpus;
    }
    cpu = cpu_of_key(names, key);
    if (cpu != 0 && names->alone[cpu - 1] == NULL) {
        cpus = arena_alloc(names->arena, model->cpu_count, sizeof *cpus);
        cpus[cpu - 1] = true;
        names->alone[cpu - 1] = cpus;
    }
    return cpu == 0 ? NULL : names->alone[cpu - 1];
}

static void report_missing(const struct names *names, const struct plist_node *node,
                           const char *what, const char *expected)
{
    if (names->allow_missing)
        return;
    plist_error(node, "no %s (expected %s)", what, expected);
}

static void read_candidate(const struct names *names, const struct plist_node *node,
                           const bool *cpus, struct portable *name)
{
    const char *event;
    bool found = false;

    if (!plist_is_text(node, &event))
        return;
    for (size_t c = 0; c < names->model->cpu_count && !found; c++)
        found = cpus[c] && database_event(&names->model->cpus[c].db, event) != NULL;
    if (!found) {
        report_missing(names, node, arena_printf(names->arena, "event %s", event),
                       "one of a database that the key names");
        return;
    }
    name->candidates[name->candidate_count++] = (struct candidate){event, cpus};
}

static void read_candidates(const struct names *names, const struct plist_node *node,
                            const char *key, bool required, struct portable *name)
{
    struct plist_node candidates;
    const bool *named;
    size_t most = 0;

    if (!plist_dict(node, key, required, &candidates))
        return;
    named = cpus_of_keys(names, &candidates);
    for (size_t k = 0; k < candidates.value->length; k++)
        most +=
            candidates.value->items[k]->type == VALUE_LIST ? candidates.value->items[k]->length : 0;
    name->candidates = arena_alloc(names->arena, most, sizeof(struct candidate));
    for (size_t k = 0; k < candidates.value->length; k++) {
        struct plist_node list = plist_child_at(names->arena, &candidates, k);
        const bool *cpus = cpus_of_key(names, list.key, named);
        enum arch arch;

        if (!plist_is_array(&list))
            continue;
        if (cpus == NULL && !arch_named(list.key, &arch))
            report_missing(names, &list, arena_printf(names->arena, "database %s", list.key),
                           "an architecture, a database or a CPU id");
        for (size_t i = 0; cpus != NULL && i < list.value->length; i++) {
            struct plist_node item = plist_child_at(names->arena, &list, i);

            read_candidate(names, &item, cpus, name);
        }
    }
}

static void read_name(const struct names *names, const struct plist_node *node,
                      struct portable *name)
{
    static const char *const known[] = {"unit", "summary", "candidates", "configurable", NULL};

    name->name = node->key;
    name->unit = name->summary = "";
    check_name(node);
    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(names->arena, node, known);
    plist_text(node, "unit", true, &name->unit);
    plist_text(node, "summary", true, &name->summary);
    read_candidates(names, node, "candidates", true, name);
    if (plist_has(node, "configurable")) {
        name->configurable = arena_alloc(names->arena, 1, sizeof *name);
        read_candidates(names, node, "configurable", true, name->configurable);
    }
}

void names_read(struct arena *arena, struct model *model, const char *file, bool allow_missing)
{
    static const char *const known[] = {"names", "constants", "metrics", NULL};
    struct names names = {arena,
                          model,
                          allow_missing,
                          model_ids(arena, model),
                          model_databases(arena, model),
                          arena_alloc(arena, model->cpu_count, sizeof(bool *))};
    struct plist_node root, list;

    if (!plist_load_dict(arena, file, &root))
        return;
    plist_unknown_keys(arena, &root, known);
    if (plist_dict(&root, "names", true, &list)) {
        model->names = arena_alloc(arena, list.value->length, sizeof(struct portable));
        for (size_t i = 0; i < list.value->length; i++) {
            struct plist_node node = plist_child_at(arena, &list, i);

            read_name(&names, &node, &model->names[i]);
        }
        model->name_count = list.value->length;
    }
    metrics_read(arena, model, &root);
}

/* ---- chips ----------------------------------------------------------------------------------- */

static void read_confidence(const struct plist_node *node, struct chip *chip)
{
    static const char *const words[] = {
        [CONFIDENCE_LOW] = "low", [CONFIDENCE_MEDIUM] = "medium", [CONFIDENCE_HIGH] = "high"};
    const char *word;

    chip->confidence = CONFIDENCE_NONE;
    if (!plist_text(node, "confidence", true, &word))
        return;
    for (unsigned level = CONFIDENCE_LOW; level <= CONFIDENCE_HIGH; level++)
        if (strcmp(word, words[level]) == 0)
            chip->confidence = level;
    if (chip->confidence == CONFIDENCE_NONE)
        plist_error(node, "confidence is '%s' (expected high, medium or low)", word);
}

static void read_chip(struct arena *arena, const struct plist_node *node, struct chip *chip)
{
    static const char *const known[] = {"chips", "confidence", "event_bits",
                                        "note",  "constants",  NULL};
    struct plist_node list;
    int64_t bits = 0;

    if (!cpu_id_parse(node->key, strlen(node->key), &chip->id))
        plist_error(node, "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)");
    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(arena, node, known);
    read_confidence(node, chip);
    plist_text(node, "note", false, &chip->note);
    plist_integer(node, "event_bits", false, 1, 16, &bits);
    chip->event_bits = (unsigned)bits;
    chip_constants_read(arena, node, chip);
    if (!plist_array(node, "chips", true, &list))
        return;
    if (list.value->length > CHIPS_MAX) {
        plist_error(&list, "an array of %zu (expected at most %d)", list.value->length, CHIPS_MAX);
        return;
    }
    chip->names = arena_alloc(arena, list.value->length, sizeof(char *));
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(arena, &list, i);

        chip->name_count += plist_is_text(&item, &chip->names[chip->name_count]);
    }
}

static int compare_chips(const void *a, const void *b)
{
    return cpu_id_compare(&((const struct chip *)a)->id, &((const struct chip *)b)->id);
}

/* The width that the chips file gives (kernel.md 2.2), or what the widest selector needs, bits. */
static unsigned selector_width(const struct model *model, const struct cpu *cpu)
{
    unsigned bits = 8;

    for (size_t i = 0; i < cpu->db.id_count; i++) {
        const struct chip *chip = model_chip(model, &cpu->db.ids[i]);

        if (chip != NULL && chip->event_bits != 0)
            return chip->event_bits;
    }
    for (size_t i = 0; i < cpu->db.event_count; i++)
        if (cpu->db.events[i].number > UINT8_MAX)
            bits = 16;
    return bits;
}

static const char *join_names(struct arena *arena, const struct chip *chip)
{
    struct buffer text = {0};
    const char *joined;

    for (size_t i = 0; i < chip->name_count; i++)
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", chip->names[i]);
    joined = text.length == 0 ? "no chip" : arena_copy(arena, text.data, text.length);
    buffer_free(&text);
    return joined;
}

static void note_unknown_ids(struct arena *arena, struct model *model, const char *file)
{
    struct map ids = model_ids(arena, model);

    for (size_t i = 0; i < model->chip_count; i++) {
        const struct chip *chip = &model->chips[i];

        if (map_get(&ids, &chip->id, sizeof chip->id) == 0)
            model_add_unknown_id(
                arena, model,
                (struct unknown_id){chip->id, file, "chips", join_names(arena, chip)});
    }
}

void chips_read(struct arena *arena, struct model *model, const char *file)
{
    struct plist_node root;
    size_t constants = 0;

    model->chips_file = file;
    if (file != NULL) {
        if (!plist_load_dict(arena, file, &root))
            return;
        model->chips = arena_alloc(arena, root.value->length, sizeof(struct chip));
        for (size_t i = 0; i < root.value->length; i++) {
            struct plist_node node = plist_child_at(arena, &root, i);

            read_chip(arena, &node, &model->chips[i]);
            constants += model->chips[i].constant_count;
        }
        if (constants > CHIP_CONSTANTS_MAX)
            plist_error(&root, "%zu values of constants (expected at most %d)", constants,
                        CHIP_CONSTANTS_MAX);
        model->chip_count = root.value->length;
        if (model->chip_count != 0)
            qsort(model->chips, model->chip_count, sizeof(struct chip), compare_chips);
        note_unknown_ids(arena, model, file);
    }
    for (size_t i = 0; i < model->cpu_count; i++)
        model->cpus[i].event_bits = selector_width(model, &model->cpus[i]);
}
