/*
 * What files like db/names.plist and db/chips.plist say of metrics -> the model: expressions over
 * chip-agnostic names, and constants of chips and their cores.
 */
#include "common/report.h"
#include "common/text.h"
#include "model.h"
#include "plist.h"

#include <stdlib.h>
#include <string.h>

/* ---- the constants of a chip ----------------------------------------------------------------- */

/* macOS's letter of a kind of core; 0 for "all", which is said of chips with one kind. */
static bool core_of_key(const char *key, char *core)
{
    bool all = strcmp(key, "all") == 0;

    *core = all ? '\0' : key[0];
    return all || (is_upper(key[0]) && key[1] == '\0');
}

/* Whether there is room for all constants of a dictionary; false after a report. */
static bool check_count(const struct plist_node *list)
{
    if (list->value->length <= CONSTANTS_MAX)
        return true;
    plist_error(list, "a dictionary of %zu (expected at most %d)", list->value->length,
                CONSTANTS_MAX);
    return false;
}

static void read_chip_constant(struct arena *arena, const struct plist_node *node,
                               struct chip *chip)
{
    struct chip_constant constant = {.name = node->key};
    size_t cores = 0;

    if (!plist_is_dict(node) || !plist_text(node, "source", true, &constant.source))
        return;
    for (size_t i = 0; i < node->value->length; i++) {
        struct plist_node item = plist_child_at(arena, node, i);
        int64_t value = 0;

        if (strcmp(item.key, "source") == 0)
            continue;
        if (!core_of_key(item.key, &constant.core)) {
            plist_error(&item, "no kind of core (expected source, all, or a letter as P or E)");
            continue;
        }
        plist_integer(node, item.key, true, 1, UINT16_MAX, &value);
        constant.value = (unsigned)value;
        chip->constants = arena_grow(arena, chip->constants, chip->constant_count, sizeof constant);
        chip->constants[chip->constant_count++] = constant;
        cores++;
    }
    if (cores == 0)
        plist_error(node, "no value (expected one for all, or for a letter as P or E)");
}

void chip_constants_read(struct arena *arena, const struct plist_node *node, struct chip *chip)
{
    struct plist_node list;

    if (!plist_dict(node, "constants", false, &list) || !check_count(&list))
        return;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(arena, &list, i);

        read_chip_constant(arena, &item, chip);
    }
}

static const struct chip_constant *chip_constant(const struct chip *chip, const char *name,
                                                 char core)
{
    for (size_t i = 0; chip != NULL && i < chip->constant_count; i++)
        if (strcmp(chip->constants[i].name, name) == 0 && chip->constants[i].core == core)
            return &chip->constants[i];
    return NULL;
}

const struct chip_constant *constant_on(const struct model *model, const char *name, size_t cpu,
                                        char core)
{
    const struct database *db = &model->cpus[cpu].db;
    const struct chip_constant *found = NULL;

    for (size_t i = 0; i < db->id_count; i++) {
        const struct chip_constant *one = chip_constant(model_chip(model, &db->ids[i]), name, core);

        if (one == NULL || (found != NULL && found->value != one->value))
            return NULL;
        found = one;
    }
    return found;
}

/* ---- which words a file has ------------------------------------------------------------------ */

static int compare_portable(const void *key, const void *name)
{
    return strcmp(key, ((const struct portable *)name)->name);
}

static int compare_constant(const void *key, const void *constant)
{
    return strcmp(key, ((const struct constant *)constant)->name);
}

static const struct portable *find_name(const struct model *model, const char *name)
{
    return model->name_count == 0 ? NULL
                                  : bsearch(name, model->names, model->name_count,
                                            sizeof *model->names, compare_portable);
}

static const struct constant *find_constant(const struct model *model, const char *name)
{
    return model->constant_count == 0 ? NULL
                                      : bsearch(name, model->constants, model->constant_count,
                                                sizeof *model->constants, compare_constant);
}

static bool find_word(const void *user, const char *word, enum operation *kind, size_t *index)
{
    const struct model *model = user;
    const struct portable *name = find_name(model, word);
    const struct constant *constant = find_constant(model, word);

    if (name == NULL && constant == NULL)
        return false;
    *kind = name != NULL ? STEP_NAME : STEP_CONSTANT;
    *index = name != NULL ? (size_t)(name - model->names) : (size_t)(constant - model->constants);
    return true;
}

/* ---- constants and metrics ------------------------------------------------------------------- */

/* The same rule as for chip-agnostic names, which stand beside them in expressions. */
static void check_word(const struct model *model, const struct plist_node *node, const char *what)
{
    const char *at = node->key;

    while (is_lower(*at) || is_digit(*at) || *at == '-')
        at++;
    if (*at != '\0' || !is_lower(node->key[0]))
        plist_error(node, "not a %s's name (expected a-z, 0-9 and '-')", what);
    if (find_name(model, node->key) != NULL)
        plist_error(node, "a name and a %s (expected one of the two)", what);
}

static void read_constant(struct arena *arena, const struct model *model,
                          const struct plist_node *node, struct constant *constant)
{
    static const char *const known[] = {"summary", NULL};

    *constant = (struct constant){.name = node->key, .summary = ""};
    check_word(model, node, "constant");
    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(arena, node, known);
    plist_text(node, "summary", true, &constant->summary);
}

/* One expression more of a metric; nothing is added when the text is wrong. */
static void add_expression(struct arena *arena, const struct model *model,
                           const struct plist_node *node, struct metric *metric)
{
    const struct words words = {find_word, model};
    const char *text, *wrong;
    size_t at;

    if (!plist_is_text(node, &text))
        return;
    metric->expressions = arena_grow(arena, metric->expressions, metric->expression_count,
                                     sizeof *metric->expressions);
    wrong =
        expression_parse(arena, text, &words, &metric->expressions[metric->expression_count], &at);
    if (wrong != NULL)
        plist_error(node, "character %zu: %s", at + 1, wrong);
    else
        metric->expression_count++;
}

static void read_expressions(struct arena *arena, const struct model *model,
                             const struct plist_node *node, struct metric *metric)
{
    const struct value *first = value_get(node->value, "expression", strlen("expression"));
    struct plist_node list;
    const char *text;

    if (plist_text(node, "expression", true, &text)) {
        struct plist_node item = {node->file, node, "expression", first};

        add_expression(arena, model, &item, metric);
    }
    if (!plist_array(node, "otherwise", false, &list))
        return;
    for (size_t i = 0; i < list.value->length; i++) {
        struct plist_node item = plist_child_at(arena, &list, i);

        add_expression(arena, model, &item, metric);
    }
}

static void read_metric(struct arena *arena, const struct model *model,
                        const struct plist_node *node, struct metric *metric)
{
    static const char *const known[] = {"unit", "summary", "expression", "otherwise", NULL};

    *metric = (struct metric){.name = node->key, .unit = "", .summary = ""};
    check_word(model, node, "metric");
    if (!plist_is_dict(node))
        return;
    plist_unknown_keys(arena, node, known);
    plist_text(node, "unit", true, &metric->unit);
    plist_text(node, "summary", true, &metric->summary);
    read_expressions(arena, model, node, metric);
}

static void read_constants(struct arena *arena, struct model *model, const struct plist_node *list)
{
    if (!check_count(list))
        return;
    model->constants = arena_alloc(arena, list->value->length, sizeof(struct constant));
    for (size_t i = 0; i < list->value->length; i++) {
        struct plist_node node = plist_child_at(arena, list, i);

        read_constant(arena, model, &node, &model->constants[i]);
    }
    model->constant_count = list->value->length;
}

/* A constant of a chip that nothing declares is most likely misspelt: no metric can use it. */
static void check_chip_constants(struct arena *arena, const struct model *model)
{
    for (size_t i = 0; i < model->chip_count; i++) {
        const struct chip *chip = &model->chips[i];

        for (size_t k = 0; k < chip->constant_count; k++)
            if (find_constant(model, chip->constants[k].name) == NULL &&
                (k == 0 || chip->constants[k - 1].name != chip->constants[k].name))
                report_warning(arena_printf(arena, "%s: %s.constants.%s", model->chips_file,
                                            cpu_id_text(arena, &chip->id), chip->constants[k].name),
                               "no such constant (expected one of constants of the file of names)");
    }
}

void metrics_read(struct arena *arena, struct model *model, const struct plist_node *root)
{
    struct plist_node list;
    size_t expressions = 0;

    if (plist_dict(root, "constants", false, &list)) {
        read_constants(arena, model, &list);
        check_chip_constants(arena, model);
    }
    if (!plist_dict(root, "metrics", false, &list))
        return;
    model->metrics = arena_alloc(arena, list.value->length, sizeof(struct metric));
    for (size_t i = 0; i < list.value->length && expressions <= EXPRESSIONS_MAX; i++) {
        struct plist_node node = plist_child_at(arena, &list, i);

        read_metric(arena, model, &node, &model->metrics[i]);
        expressions += model->metrics[i].expression_count;
        model->metric_count++;
    }
    if (expressions > EXPRESSIONS_MAX)
        plist_error(&list, "more than %d expressions (expected at most that)", EXPRESSIONS_MAX);
}

/* ---- which CPUs have a metric ---------------------------------------------------------------- */

/* Whether the constants that an expression needs are known for one kind of core. */
static bool constants_on(const struct model *model, const struct expression *expression, size_t cpu,
                         char core)
{
    for (size_t i = 0; i < expression->step_count; i++) {
        const struct step *step = &expression->steps[i];
        const char *name;

        if (step->operation != STEP_CONSTANT)
            continue;
        name = model->constants[step->operand].name;
        if (constant_on(model, name, cpu, core) == NULL &&
            constant_on(model, name, cpu, '\0') == NULL)
            return false;
    }
    return true;
}

static bool expression_on(const struct model *model, const struct expression *expression,
                          size_t cpu, size_t release)
{
    bool known = constants_on(model, expression, cpu, '\0');

    for (size_t i = 0; i < expression->name_count; i++)
        if (portable_on(model, &model->names[expression->names[i]], cpu, release) == NULL)
            return false;
    for (int core = 'A'; core <= 'Z' && !known; core++)
        known = constants_on(model, expression, cpu, (char)core);
    return known;
}

const struct expression *metric_on(const struct model *model, const struct metric *metric,
                                   size_t cpu, size_t release)
{
    for (size_t i = 0; i < metric->expression_count; i++)
        if (expression_on(model, &metric->expressions[i], cpu, release))
            return &metric->expressions[i];
    return NULL;
}
