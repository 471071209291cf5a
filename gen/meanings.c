/*
 * A file like db/meanings.plist -> the model's events: what each counts, in a sentence, and the
 * errata that Intel publishes of it. An event that was renamed has one meaning: what is said of it
 * by one name holds for each, and nothing else may be said by another.
 */
#include "common/text.h"
#include "model.h"
#include "plist.h"

#include <string.h>

struct meanings {
    struct arena *arena;
    struct model *model;
    bool allow_missing;
    struct map databases; /* -> numbers of CPUs, from 1 */
};

/* What is said of an event; of its summary and errata, one is there. */
struct said {
    const struct plist_node *node; /* where */
    const char *summary, *errata;
    bool doubted;
};

/* Tells one CPU's event; false after a report. */
static bool tell_event(const struct said *said, struct event *event)
{
    if (said->errata != NULL) {
        if (event->errata_ids != NULL && strcmp(event->errata_ids, said->errata) != 0) {
            plist_error(said->node, "%s has other errata (expected those of an event in one list)",
                        event->name);
            return false;
        }
        event->errata_ids = said->errata;
        return true;
    }
    if (event->summary != NULL &&
        (event->doubted != said->doubted || strcmp(event->summary, said->summary) != 0)) {
        plist_error(said->node, "%s means something else (expected one meaning of an event)",
                    event->name);
        return false;
    }
    event->summary = said->summary;
    event->doubted = said->doubted;
    return true;
}

/* Tells a CPU's event of that very name, of every release; *found becomes true where there is one.
 */
static bool tell_name(const struct said *said, const struct cpu *cpu, const char *name, bool *found)
{
    struct event *event = database_event(&cpu->db, name);

    if (event == NULL)
        return true;
    *found = true;
    for (; event != NULL; event = event->older)
        if (!tell_event(said, event))
            return false;
    return true;
}

/* The same under every name that the event ever had; false after a report. */
static bool tell_cpu(const struct meanings *meanings, const struct said *said,
                     const struct cpu *cpu, const char *name, bool *found)
{
    const struct spellings names = model_spellings(meanings->model, &name);

    for (size_t i = 0; i < names.count; i++)
        if (!tell_name(said, cpu, names.names[i], found))
            return false;
    return true;
}

static void report_missing(const struct meanings *meanings, const struct plist_node *node,
                           const char *what, const char *name, const char *expected)
{
    if (!meanings->allow_missing)
        plist_error(node, "no %s %s (expected %s)", what, name, expected);
}

/* ---- summaries ------------------------------------------------------------------------------- */

static void read_summary(const struct meanings *meanings, const struct plist_node *node,
                         bool doubted)
{
    struct said said = {.node = node, .doubted = doubted};
    bool found = false, well = true;

    if (!plist_is_text(node, &said.summary))
        return;
    if (said.summary[strlen(said.summary) - 1] != '.') {
        plist_error(node, "no full stop at its end (expected a sentence)");
        return;
    }
    for (size_t c = 0; well && c < meanings->model->cpu_count; c++)
        well = tell_cpu(meanings, &said, &meanings->model->cpus[c], node->key, &found);
    if (!found)
        report_missing(meanings, node, "event", node->key, "the name of one");
}

static void read_summaries(const struct meanings *meanings, const struct plist_node *root,
                           const char *key, bool doubted)
{
    struct plist_node list;

    if (!plist_dict(root, key, false, &list))
        return;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node node = plist_child_at(meanings->arena, &list, i);

        read_summary(meanings, &node, doubted);
    }
}

/* ---- errata ---------------------------------------------------------------------------------- */

/* The CPUs that the texts of a list name; false for those that it does not. */
static const bool *read_databases(const struct meanings *meanings, const struct plist_node *list)
{
    bool *cpus = arena_alloc(meanings->arena, meanings->model->cpu_count, sizeof *cpus);

    for (size_t i = 0; i < list->value->length; i++) {
        struct plist_node node = plist_child_at(meanings->arena, list, i);
        const char *name;
        size_t cpu;

        if (!plist_is_text(&node, &name))
            continue;
        cpu = map_get(&meanings->databases, name, strlen(name));
        if (cpu != 0)
            cpus[cpu - 1] = true;
        else
            report_missing(meanings, &node, "database", name, "the name of one");
    }
    return cpus;
}

/* "SKL091, SKL044": upper-case letters and digits, a comma and a blank between two. */
static bool is_errata_list(const char *text)
{
    const char *word = text;

    for (;; word = text += 2) {
        while (is_upper(*text) || is_digit(*text))
            text++;
        if (text == word || text[0] != ',' || text[1] != ' ')
            return text != word && *text == '\0';
    }
}

static void read_erratum(const struct meanings *meanings, const struct plist_node *node)
{
    static const char *const known[] = {"databases", "events", NULL};
    struct plist_node databases, events;
    const bool *cpus;

    if (!is_errata_list(node->key)) {
        plist_error(node, "no list of errata (expected such as 'SKL091, SKL044')");
        return;
    }
    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(meanings->arena, node, known);
    if (!plist_array(node, "databases", true, &databases) ||
        !plist_array(node, "events", true, &events))
        return;
    cpus = read_databases(meanings, &databases);
    for (size_t i = 0; i < events.value->length; i++) {
        struct plist_node item = plist_child_at(meanings->arena, &events, i);
        struct said said = {.node = &item, .errata = node->key};
        bool found = false, well = true;
        const char *name;

        if (!plist_is_text(&item, &name))
            continue;
        for (size_t c = 0; well && c < meanings->model->cpu_count; c++)
            if (cpus[c])
                well = tell_cpu(meanings, &said, &meanings->model->cpus[c], name, &found);
        if (!found)
            report_missing(meanings, &item, "event", name, "one of these databases");
    }
}

void meanings_read(struct arena *arena, struct model *model, const char *file, bool allow_missing)
{
    static const char *const known[] = {"summaries", "doubted", "errata", NULL};
    struct meanings meanings = {arena, model, allow_missing, model_databases(arena, model)};
    struct plist_node root, errata;

    if (!plist_load_dict(arena, file, &root))
        return;
    plist_unknown_keys(arena, &root, known);
    read_summaries(&meanings, &root, "summaries", false);
    read_summaries(&meanings, &root, "doubted", true);
    if (!plist_dict(&root, "errata", false, &errata))
        return;
    for (size_t i = 0; i < errata.value->length; i++) {
        struct plist_node node = plist_child_at(arena, &errata, i);

        read_erratum(&meanings, &node);
    }
}
