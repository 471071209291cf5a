/*
 * A file like db/intel.plist -> the model's events: what Intel's need besides a number and a unit
 * mask (plists.md 1.5). `other` then has Intel's bits, in the form that Apple's files have them
 * (plists.md 1.4), also where Apple's has none or others.
 */
#include "model.h"
#include "plist.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    USR_OS_INT_EN = 0x53, /* what most of Apple's have, so that kinds of rows are shared */
    EDGE = 0x04,
    ANY = 0x20,
    INV = 0x80,
    CMASK = 0xff00,
    CMASK_SHIFT = 8,
    BITS = EDGE | ANY | INV | CMASK,
};

struct reader {
    struct arena *arena;
    struct model *model;
    bool allow_missing;
    struct map databases; /* -> numbers of CPUs, from 1 */
    bool **seen;          /* by CPU and event: its bits are known */
};

/* ---- MSRs ------------------------------------------------------------------------------------ */

static int compare_selectors(const void *a, const void *b)
{
    const struct msr *x = a, *y = b;

    return (x->selector > y->selector) - (x->selector < y->selector);
}

static void read_msr(struct arena *arena, struct model *model, const struct plist_node *node)
{
    static const char *const known[] = {"number", "umask", "msr", NULL};
    int64_t number, umask, msr;

    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(arena, node, known);
    if (plist_integer(node, "number", true, 0, UINT16_MAX, &number) &&
        plist_integer(node, "umask", true, 0, UINT8_MAX, &umask) &&
        plist_integer(node, "msr", true, 1, UINT16_MAX, &msr))
        model->msrs[model->msr_count++] =
            (struct msr){(uint32_t)(number << 8 | umask), (uint16_t)msr};
}

static void apply_msr(const struct model *model, struct event *event)
{
    struct msr key = {(uint32_t)event->number << 8 | event->umask, 0}, *found;

    found = bsearch(&key, model->msrs, model->msr_count, sizeof key, compare_selectors);
    if (found != NULL && event->has_number)
        event->msr = found->msr;
}

/* Tells the events of each selector which MSR they need. */
static void apply_msrs(const struct model *model, const struct database *database)
{
    for (size_t i = 0; i < database->event_count; i++)
        for (struct event *event = &database->events[i]; event != NULL; event = event->older)
            apply_msr(model, event);
}

static void read_msrs(struct arena *arena, struct model *model, const struct plist_node *list)
{
    model->msrs = arena_alloc(arena, list->value->length, sizeof *model->msrs);
    for (size_t i = 0; i < list->value->length; i++) {
        struct plist_node node = plist_child_at(arena, list, i);

        read_msr(arena, model, &node);
    }
    if (model->msr_count == 0)
        return;
    qsort(model->msrs, model->msr_count, sizeof *model->msrs, compare_selectors);
    for (size_t i = 1; i < model->msr_count; i++)
        if (model->msrs[i].selector == model->msrs[i - 1].selector)
            plist_error(list, "number 0x%x with umask 0x%x twice (expected each once)",
                        (unsigned)model->msrs[i].selector >> 8,
                        (unsigned)model->msrs[i].selector & 0xff);
    for (size_t c = 0; c < model->cpu_count; c++)
        if (arch_has_umask(model->cpus[c].db.arch))
            apply_msrs(model, &model->cpus[c].db);
}

/* ---- bits ------------------------------------------------------------------------------------ */

/* What an event needs. */
struct needs {
    unsigned bits; /* of `other` */
    uint64_t msr_value;
};

/* False after a report. */
static bool read_needs(const struct reader *reader, const struct plist_node *node,
                       struct needs *needs)
{
    static const char *const known[] = {"any", "cmask", "edge", "inv", "msr_value", NULL};
    bool any = false, edge = false, inv = false;
    int64_t cmask = 0, value = 0;

    if (!plist_is_dict(node))
        return false;
    plist_unknown_keys(reader->arena, node, known);
    plist_bool(node, "any", &any);
    plist_bool(node, "edge", &edge);
    plist_bool(node, "inv", &inv);
    plist_integer(node, "cmask", false, 1, UINT8_MAX, &cmask);
    plist_integer(node, "msr_value", false, 1, INT64_MAX, &value);
    needs->bits =
        (unsigned)cmask << CMASK_SHIFT | (any ? ANY : 0) | (edge ? EDGE : 0) | (inv ? INV : 0);
    needs->msr_value = (uint64_t)value;
    if (needs->bits != 0 || value != 0)
        return true;
    plist_error(node, "nothing (expected any, cmask, edge, inv or msr_value)");
    return false;
}

static void apply_bits(struct event *event, unsigned bits)
{
    unsigned other = event->other == 0 ? USR_OS_INT_EN : event->other & ~(unsigned)BITS;

    if (bits == (event->other & (unsigned)BITS))
        return;
    event->overruled = event->other;
    event->other = (uint16_t)(other | bits);
}

/* As all releases have the event. */
static void apply_needs(const struct plist_node *node, struct event *newest,
                        const struct needs *needs)
{
    for (struct event *event = newest; event != NULL; event = event->older) {
        apply_bits(event, needs->bits);
        event->msr_value = event->msr == 0 ? 0 : needs->msr_value;
    }
    if (newest->fixed >= 0)
        plist_error(node, "on fixed counter %d (expected an event that has a selector)",
                    newest->fixed);
    else if (needs->msr_value != 0 && newest->msr == 0)
        plist_error(node, "a value for no MSR (expected one of msrs for number 0x%x, umask 0x%x)",
                    newest->number, newest->umask);
}

/* One event of one of a group's databases, which is that of a CPU, by every name it ever had. */
static void read_event(const struct reader *reader, const struct plist_node *node,
                       const struct needs *needs, size_t cpu)
{
    const struct database *database = &reader->model->cpus[cpu].db;
    const char *name = node->key;
    const struct spellings names = model_spellings(reader->model, &name);
    bool found = false;

    for (size_t i = 0; i < names.count; i++) {
        struct event *event = database_event(database, names.names[i]);
        bool *seen;

        if (event == NULL)
            continue;
        found = true;
        seen = &reader->seen[cpu][event - database->events];
        if (*seen)
            plist_error(node, "twice for %s (expected each event once)", database->name);
        else
            apply_needs(node, event, needs);
        *seen = true;
    }
    if (!found && !reader->allow_missing)
        plist_error(node, "no such event in %s (expected one of its events)", database->name);
}

/* The number of the CPU, from 1, whose database has the name; 0 after a report if it must be one.
 */
static size_t find_cpu(const struct reader *reader, const struct plist_node *node)
{
    const char *name;
    size_t cpu;

    if (!plist_is_text(node, &name))
        return 0;
    cpu = map_get(&reader->databases, name, strlen(name));
    if (cpu == 0 && reader->allow_missing)
        return 0;
    if (cpu == 0 || !arch_has_umask(reader->model->cpus[cpu - 1].db.arch)) {
        plist_error(node, "no Intel database %s (expected one whose events have unit masks)", name);
        return 0;
    }
    if (reader->seen[cpu - 1] == NULL)
        reader->seen[cpu - 1] =
            arena_alloc(reader->arena, reader->model->cpus[cpu - 1].db.event_count, sizeof(bool));
    return cpu;
}

/* Lists the CPUs of a group's databases, each once; returns their count. */
static size_t list_cpus(const struct reader *reader, const struct plist_node *databases,
                        size_t *cpus)
{
    bool *listed = arena_alloc(reader->arena, reader->model->cpu_count, sizeof *listed);
    size_t count = 0;

    for (size_t i = 0; i < databases->value->length; i++) {
        struct plist_node item = plist_child_at(reader->arena, databases, i);
        size_t cpu = find_cpu(reader, &item);

        if (cpu == 0)
            continue;
        if (listed[cpu - 1])
            plist_error(&item, "%s twice (expected each once)",
                        reader->model->cpus[cpu - 1].db.name);
        else
            cpus[count++] = cpu - 1;
        listed[cpu - 1] = true;
    }
    return count;
}

static void read_group(const struct reader *reader, const struct plist_node *node)
{
    static const char *const known[] = {"databases", "events", NULL};
    struct plist_node databases, events;
    size_t *cpus, count;

    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(reader->arena, node, known);
    if (!plist_array(node, "databases", true, &databases) ||
        !plist_dict(node, "events", true, &events))
        return;
    cpus = arena_alloc(reader->arena, reader->model->cpu_count, sizeof *cpus);
    count = list_cpus(reader, &databases, cpus);
    for (size_t i = 0; i < events.value->length; i++) {
        struct plist_node event = plist_child_at(reader->arena, &events, i);
        struct needs needs;

        if (!read_needs(reader, &event, &needs))
            continue;
        for (size_t d = 0; d < count; d++)
            read_event(reader, &event, &needs, cpus[d]);
    }
}

void intel_read(struct arena *arena, struct model *model, const char *file, bool allow_missing)
{
    static const char *const known[] = {"msrs", "bits", NULL};
    struct reader reader = {.arena = arena,
                            .model = model,
                            .allow_missing = allow_missing,
                            .databases = model_databases(arena, model),
                            .seen = arena_alloc(arena, model->cpu_count, sizeof(bool *))};
    struct plist_node root, list;

    if (!plist_load_dict(arena, file, &root))
        return;
    plist_unknown_keys(arena, &root, known);
    if (plist_array(&root, "msrs", true, &list))
        read_msrs(arena, model, &list);
    if (!plist_array(&root, "bits", true, &list))
        return;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node group = plist_child_at(arena, &list, i);

        read_group(&reader, &group);
    }
}
