/*
 * A file like db/kernel.plist -> the model's events: which selectors a release kernel accepts, and
 * since which macOS (kernel.md 2.5).
 */
#include "model.h"
#include "plist.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SELECTORS = UINT16_MAX + 1 };

/*
 * The selectors that one SoC's kernels list. SoCs are read one after the other into the same array,
 * and each selector says of which it is: clearing 65 536 of them for each SoC would take longer.
 */
struct listing {
    uint32_t soc;
    struct {
        uint32_t soc;   /* the one that `since` is of; of another, it is not listed */
        uint16_t since; /* the first version whose list has it */
    } selectors[SELECTORS];
};

/* The first version that lists a selector; 0 for none. */
static uint16_t listed_since(const struct listing *listing, uint16_t selector)
{
    return listing->selectors[selector].soc == listing->soc ? listing->selectors[selector].since
                                                            : 0;
}

static void list_selector(struct listing *listing, uint16_t selector, uint16_t version)
{
    uint16_t since = listed_since(listing, selector);

    listing->selectors[selector].soc = listing->soc;
    listing->selectors[selector].since = since == 0 || version < since ? version : since;
}

/* "15.4" -> 1504, and 0 after a report. */
static uint16_t read_version(const struct plist_node *node)
{
    const char *at = node->key;
    unsigned numbers[2] = {0};

    for (int i = 0; i < 2; i++) {
        size_t digits = strspn(at, "0123456789");

        for (size_t d = 0; d < digits && d < 3; d++)
            numbers[i] = numbers[i] * 10 + (unsigned)(at[d] - '0');
        if (digits == 0 || digits > 2 || at[digits] != (i == 0 ? '.' : '\0')) {
            plist_error(node, "not a macOS version (expected MAJOR.MINOR)");
            return 0;
        }
        at += digits + (i == 0);
    }
    return (uint16_t)(numbers[0] * 100 + numbers[1]);
}

static void refuse_selector(struct arena *arena, const struct plist_node *list, size_t n)
{
    struct plist_node node = plist_child_at(arena, list, n);

    plist_error(&node, "not a selector (expected an integer from 0 to 65535)");
}

static bool read_selectors(struct arena *arena, const struct plist_node *soc,
                           struct listing *listing)
{
    struct plist_node versions;

    if (!plist_dict(soc, "selectors", true, &versions))
        return false;
    for (size_t v = 0; v < versions.value->length; v++) {
        struct plist_node list = plist_child_at(arena, &versions, v);
        uint16_t version = read_version(&list);

        if (!plist_is_array(&list))
            continue;
        for (size_t i = 0; i < list.value->length; i++) {
            const struct value *selector = list.value->items[i];

            if (selector->type != VALUE_INT || selector->integer < 0 ||
                selector->integer > UINT16_MAX)
                refuse_selector(arena, &list, i);
            else
                list_selector(listing, (uint16_t)selector->integer, version);
        }
    }
    return true;
}

/* An event of a CPU of several SoCs is accepted where and when all of them accept it. */
static void apply_listing(struct cpu *cpu, const struct listing *listing)
{
    for (size_t i = 0; i < cpu->db.event_count; i++)
        for (struct event *event = &cpu->db.events[i]; event != NULL; event = event->older) {
            uint16_t version = listed_since(listing, event->number);

            if (!event->has_number)
                continue;
            if (!cpu->has_kernel_list || version == 0 ||
                (event->kernel != 0 && version > event->kernel))
                event->kernel = version;
        }
    cpu->has_kernel_list = true;
}

/* Applies the list of one SoC to the CPUs of its ids. ids: model_ids(). */
static void read_soc(struct arena *arena, struct model *model, const struct map *ids,
                     const struct plist_node *soc, struct listing *listing)
{
    static const char *const known[] = {"cpus", "selectors", NULL};
    struct plist_node cpus;

    if (!plist_is_dict(soc))
        return;
    plist_unknown_keys(arena, soc, known);
    if (!read_selectors(arena, soc, listing) || !plist_array(soc, "cpus", true, &cpus))
        return;
    for (size_t i = 0; i < cpus.value->length; i++) {
        struct plist_node node = plist_child_at(arena, &cpus, i);
        struct cpu_id id;
        const char *text;
        size_t cpu;

        if (!plist_is_text(&node, &text))
            continue;
        if (!cpu_id_parse(text, strlen(text), &id)) {
            plist_error(&node, "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)");
            continue;
        }
        cpu = map_get(ids, &id, sizeof id);
        if (cpu != 0)
            apply_listing(&model->cpus[cpu - 1], listing);
        else
            model_add_unknown_id(arena, model,
                                 (struct unknown_id){id, node.file, "kernel", soc->key});
    }
}

void kernel_read(struct arena *arena, struct model *model, const char *file)
{
    struct listing *listing = arena_alloc(arena, 1, sizeof *listing);
    struct map ids = model_ids(arena, model);
    struct plist_node root;

    if (!plist_load_dict(arena, file, &root))
        return;
    for (size_t i = 0; i < root.value->length; i++) {
        struct plist_node soc = plist_child_at(arena, &root, i);

        listing->soc = (uint32_t)i + 1;
        read_soc(arena, model, &ids, &soc, listing);
    }
}
