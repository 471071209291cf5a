/*
 * In goes the layout, out comes what kpdb_metrics.h.mustache is rendered from: metrics as postfix
 * code, constants by CPU, and what counts a fixed counter's name on configurable ones.
 */
#include "emit_data.h"

#include "common/map.h"

#include <string.h>

struct metric_data {
    struct arena *arena;
    const struct layout *layout;
    struct value *strings, *numbers; /* each text once */
    struct map known_strings, known_numbers;
    size_t bytes; /* of all strings */
};

/* The number of a text that the header has, or has from now on. */
static size_t string_number(struct metric_data *to, const char *text)
{
    size_t *number = map_text(to->arena, &to->known_strings, text);

    if (*number == 0) {
        struct value *item = value_map(to->arena);

        set_int(to->arena, item, "n", to->strings->length);
        set_lines(to->arena, item, text);
        value_append(to->arena, to->strings, item);
        to->bytes += strlen(text) + 1;
        *number = to->strings->length;
    }
    return *number - 1;
}

/* The number of a number, which is spelt as C has a double: "100.0". */
static size_t double_number(struct metric_data *to, const char *text)
{
    const char *spelt = strchr(text, '.') != NULL ? text : arena_printf(to->arena, "%s.0", text);
    size_t *number = map_text(to->arena, &to->known_numbers, spelt);

    if (*number == 0) {
        value_append(to->arena, to->numbers, value_text(to->arena, spelt));
        *number = to->numbers->length;
    }
    return *number - 1;
}

/* A step as its macro of the header, without METRIC_. */
static const char *step_text(struct metric_data *to, const struct step *step)
{
    static const char *const operations[] = {
        [STEP_ADD] = "ADD",       [STEP_SUBTRACT] = "SUBTRACT", [STEP_MULTIPLY] = "MULTIPLY",
        [STEP_DIVIDE] = "DIVIDE", [STEP_MAX] = "MAX",           [STEP_MIN] = "MIN",
    };

    switch (step->operation) {
    case STEP_NAME:
        return arena_printf(to->arena, "NAME(%zu)", step->operand);
    case STEP_CONSTANT:
        return arena_printf(to->arena, "CONSTANT(%zu)", step->operand);
    case STEP_NUMBER:
        return arena_printf(to->arena, "NUMBER(%zu)", double_number(to, step->text));
    default:
        return operations[step->operation];
    }
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* How much the arrays that are shared by all expressions have. */
struct counts {
    size_t expressions, code, names, depth;
};

static struct value *expression_data(struct metric_data *to, const char *name,
                                     const struct expression *expression,
                                     const struct counts *before)
{
    enum { STEPS_A_LINE = 4 };
    struct value *item = value_map(to->arena), *code = value_list(to->arena);
    struct value *names = value_list(to->arena);

    set_int(to->arena, item, "expression", string_number(to, expression->text));
    set_int(to->arena, item, "code_at", before->code);
    set_int(to->arena, item, "names_at", before->names);
    set_int(to->arena, item, "name_count", expression->name_count);
    set_int(to->arena, item, "constants", expression->constant_steps);
    for (size_t i = 0; i < expression->step_count; i++) {
        if (i % STEPS_A_LINE == 0)
            value_append(to->arena, code, value_list(to->arena));
        value_append(to->arena, code->items[code->length - 1],
                     value_text(to->arena, step_text(to, &expression->steps[i])));
    }
    for (size_t i = 0; i < expression->name_count; i++)
        value_append(to->arena, names, value_int(to->arena, (int64_t)expression->names[i]));
    set_value(to->arena, item, "code", code);
    set_value(to->arena, item, "names", names);
    set_text(to->arena, item, "text", name);
    return item;
}

static void set_metric_rows(struct metric_data *to, struct value *data)
{
    const struct model *model = to->layout->model;
    struct value *list = value_list(to->arena), *expressions = value_list(to->arena);
    struct counts counts = {.depth = 1};

    for (size_t m = 0; m < model->metric_count; m++) {
        const struct metric *metric = &model->metrics[m];
        struct value *item = value_map(to->arena);

        set_int(to->arena, item, "n", m);
        set_text(to->arena, item, "text", metric->name);
        set_int(to->arena, item, "name", string_number(to, metric->name));
        set_int(to->arena, item, "unit", string_number(to, metric->unit));
        set_int(to->arena, item, "summary", string_number(to, metric->summary));
        set_int(to->arena, item, "expressions_at", counts.expressions);
        value_append(to->arena, list, item);
        for (size_t i = 0; i < metric->expression_count; i++) {
            const struct expression *expression = &metric->expressions[i];

            value_append(to->arena, expressions,
                         expression_data(to, metric->name, expression, &counts));
            counts.expressions++;
            counts.code += expression->step_count + 1;
            counts.names += expression->name_count;
            counts.depth = expression->depth > counts.depth ? expression->depth : counts.depth;
        }
    }
    set_int(to->arena, data, "metric_count", model->metric_count);
    set_int(to->arena, data, "expression_count", counts.expressions);
    set_int(to->arena, data, "metric_depth", counts.depth);
    set_value(to->arena, data, "metrics", list);
    set_value(to->arena, data, "expressions", expressions);
}

/* ---- constants ------------------------------------------------------------------------------- */

static void add_value(struct metric_data *to, struct value *list, size_t constant, size_t cpu,
                      char core)
{
    const struct model *model = to->layout->model;
    const struct chip_constant *found =
        constant_on(model, model->constants[constant].name, cpu, core);
    struct value *item;

    if (found == NULL)
        return;
    item = value_map(to->arena);
    set_int(to->arena, item, "constant", constant);
    set_int(to->arena, item, "core", (size_t)core);
    set_int(to->arena, item, "value", found->value);
    set_int(to->arena, item, "source", string_number(to, found->source));
    value_append(to->arena, list, item);
}

static void set_constants(struct metric_data *to, struct value *data)
{
    const struct model *model = to->layout->model;
    struct value *constants = value_list(to->arena), *values = value_list(to->arena);
    struct value *at = value_list(to->arena);

    for (size_t c = 0; c < model->constant_count; c++) {
        const struct constant *constant = &model->constants[c];
        struct value *item = value_map(to->arena);

        set_text(to->arena, item, "text", constant->name);
        set_int(to->arena, item, "name", string_number(to, constant->name));
        set_int(to->arena, item, "summary", string_number(to, constant->summary));
        value_append(to->arena, constants, item);
    }
    for (size_t cpu = 0; cpu < model->cpu_count; cpu++) {
        add_number(to->arena, at, values->length);
        for (size_t c = 0; c < model->constant_count; c++) {
            add_value(to, values, c, cpu, '\0');
            for (int core = 'A'; core <= 'Z'; core++)
                add_value(to, values, c, cpu, (char)core);
        }
    }
    add_number(to->arena, at, values->length);
    set_value(to->arena, data, "metric_values_at", at);
    set_value(to->arena, data, "metric_constants", constants);
    set_value(to->arena, data, "metric_values", values);
    set_int(to->arena, data, "metric_value_count", values->length);
}

/* ---- names on configurable counters ---------------------------------------------------------- */

static void set_others(struct metric_data *to, struct value *data)
{
    const struct model *model = to->layout->model;
    struct value *list = value_list(to->arena);

    for (size_t n = 0; n < model->name_count; n++) {
        const struct portable *other = model->names[n].configurable;

        for (size_t c = 0; other != NULL && c < other->candidate_count; c++) {
            size_t event = layout_event_id(to->layout, other->candidates[c].event);

            for (size_t cpu = 0; cpu < model->cpu_count && event != LAYOUT_NO_ID; cpu++) {
                struct value *item;

                if (!other->candidates[c].cpus[cpu])
                    continue;
                item = value_map(to->arena);
                set_int(to->arena, item, "name", n);
                set_int(to->arena, item, "cpu", cpu);
                set_int(to->arena, item, "event", event);
                set_text(to->arena, item, "text",
                         arena_printf(to->arena, "%s: %s on %s", model->names[n].name,
                                      other->candidates[c].event, model->cpus[cpu].db.name));
                value_append(to->arena, list, item);
            }
        }
    }
    set_value(to->arena, data, "metric_others", list);
    set_int(to->arena, data, "metric_other_count", list->length);
}

void set_metrics(struct arena *arena, struct value *data, const struct layout *layout)
{
    struct metric_data to = {.arena = arena, .layout = layout};

    to.strings = value_list(arena);
    to.numbers = value_list(arena);
    set_metric_rows(&to, data);
    set_constants(&to, data);
    set_others(&to, data);
    set_value(arena, data, "metric_strings", to.strings);
    set_value(arena, data, "metric_numbers", to.numbers);
    set_int(arena, data, "metric_string_bytes", to.bytes);
    set_int(arena, data, "metric_string_width",
            to.bytes <= UINT8_MAX    ? 8
            : to.bytes <= UINT16_MAX ? 16
                                     : 32);
}
