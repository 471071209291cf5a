/*
 * Metrics: which events to count for one, and its value from their counts. The one file with
 * floating point, and the one that includes kpdb_metrics.h.
 */
#include "kpdb.h"

#include "kpdb_metrics.h"

#if !defined(METRICS_END) || METRICS_END != KPDB_FINGERPRINT
#error "kpdb_metrics.h is cut short: compile the databases again"
#endif

static const char *metric_text(unsigned n)
{
    return (const char *)&metric_strings + metric_string_at[n];
}

/* A comparison that gcc does not call pointless in a build where a count is 0. */
static bool is_row(unsigned n, unsigned count)
{
    return n < count;
}

/* ---- what metrics there are ------------------------------------------------------------------ */

unsigned kpdb_metric_count(void)
{
    return METRICS;
}

/* The n-th metric by an expression of it. */
static void fill_metric(unsigned n, unsigned code, struct kpdb_metric *out)
{
    const struct metric_expression *expression = &metric_expressions[code];

    out->name = metric_text(metric_rows[n].name);
    out->unit = metric_text(metric_rows[n].unit);
    out->summary = metric_text(metric_rows[n].summary);
    out->expression = metric_text(expression->expression);
    out->names = &metric_names[expression->names_at];
    out->name_count = expression->names;
    out->constants = expression->constants != 0;
    out->code = (uint16_t)code;
}

int kpdb_metric(unsigned n, struct kpdb_metric *out)
{
    if (!is_row(n, METRICS))
        return KPDB_NO_EVENT;
    fill_metric(n, metric_rows[n].expressions_at, out);
    return KPDB_OK;
}

int kpdb_metric_find(const char *name, size_t length)
{
    for (unsigned n = 0; is_row(n, METRICS); n++) {
        const char *text = metric_text(metric_rows[n].name);
        size_t i = 0;

        while (i < length && text[i] == name[i] && text[i] != '\0')
            i++;
        if (i == length && text[i] == '\0')
            return (int)n;
    }
    return KPDB_NO_EVENT;
}

/* ---- constants ------------------------------------------------------------------------------- */

int kpdb_constant(unsigned cpu, unsigned n, struct kpdb_constant *out)
{
    const struct metric_value *value;

    if (cpu >= kpdb_cpu_count())
        return KPDB_NO_CPU;
    if (!is_row(n, (unsigned)metric_values_at[cpu + 1] - metric_values_at[cpu]))
        return KPDB_END;
    value = &metric_values[metric_values_at[cpu] + n];
    out->name = metric_text(metric_constants[value->constant].name);
    out->summary = metric_text(metric_constants[value->constant].summary);
    out->source = metric_text(value->source);
    out->core = (char)value->core;
    out->value = value->value;
    return KPDB_OK;
}

/* What a constant is on a kind of core, or on every core; 0: not known, which no constant is. */
static unsigned constant_of(unsigned cpu, char core, unsigned constant)
{
    unsigned found = 0;

    for (unsigned i = metric_values_at[cpu]; i < metric_values_at[cpu + 1]; i++) {
        const struct metric_value *value = &metric_values[i];

        if (value->constant == constant &&
            (value->core == (unsigned char)core || (value->core == 0 && found == 0)))
            found = value->value;
    }
    return found;
}

/* Whether all constants of an expression are known on a kind of core. */
static bool has_constants(unsigned cpu, char core, const struct metric_expression *expression)
{
    for (unsigned at = expression->code_at; metric_code[at] != METRIC_END; at++)
        if (METRIC_KIND(metric_code[at]) == METRIC_CONSTANT(0) &&
            constant_of(cpu, core, METRIC_OPERAND(metric_code[at])) == 0)
            return false;
    return true;
}

/* ---- which CPUs have a metric ---------------------------------------------------------------- */

static int find_expression(unsigned cpu, int release, const struct metric_expression *expression)
{
    bool known = has_constants(cpu, '\0', expression);

    for (unsigned i = 0; i < expression->names; i++) {
        struct kpdb_event event;
        int result = kpdb_name_on(cpu, release, metric_names[expression->names_at + i], &event);

        if (result != KPDB_OK)
            return result;
    }
    for (int core = 'A'; core <= 'Z' && !known; core++)
        known = has_constants(cpu, (char)core, expression);
    return known ? KPDB_OK : KPDB_NOT_ON_CPU;
}

int kpdb_metric_on(unsigned cpu, int release, unsigned n, struct kpdb_metric *out)
{
    int first = KPDB_NOT_ON_CPU;

    if (cpu >= kpdb_cpu_count())
        return KPDB_NO_CPU;
    if (!is_row(n, METRICS))
        return KPDB_NO_EVENT;
    if (release == KPDB_ANY_RELEASE)
        release = kpdb_cpu_newest(cpu);
    for (unsigned i = metric_rows[n].expressions_at; i < metric_rows[n + 1].expressions_at; i++) {
        int result = find_expression(cpu, release, &metric_expressions[i]);

        if (result == KPDB_OK) {
            fill_metric(n, i, out);
            return KPDB_OK;
        }
        first = i == metric_rows[n].expressions_at ? result : first;
    }
    return first;
}

/* ---- the events of a metric ------------------------------------------------------------------ */

/* The macOS whose kernel, and all later, keep configurable counters to user mode (kernel.md 2.3).
 */
enum { STRIPS_FROM = 1500 };

int kpdb_name_configurable(unsigned cpu, int release, unsigned n, struct kpdb_event *out)
{
    int result = KPDB_NOT_ON_CPU;

    if (cpu >= kpdb_cpu_count())
        return KPDB_NO_CPU;
    if (!is_row(n, kpdb_name_count()))
        return KPDB_NO_EVENT;
    for (unsigned i = 0; is_row(i, METRIC_OTHERS); i++) {
        struct kpdb_event event;
        int found;

        if (metric_others[i].name != n || metric_others[i].cpu != cpu)
            continue;
        found = kpdb_on_in(cpu, release, metric_others[i].event, &event);
        if (found == KPDB_OK && event.fixed < 0) {
            *out = event;
            return KPDB_OK;
        }
        result = found == KPDB_NOT_IN_RELEASE ? found : result;
    }
    return result;
}

int kpdb_metric_events(unsigned cpu, int release, const struct kpdb_metric *metric, bool user_only,
                       struct kpdb_event *events)
{
    struct kpdb_cpu info;
    unsigned fixed = 0;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return KPDB_NO_CPU;
    if (release == KPDB_ANY_RELEASE)
        release = kpdb_cpu_newest(cpu);
    for (unsigned i = 0; i < metric->name_count; i++) {
        int result = kpdb_name_on(cpu, release, metric->names[i], &events[i]);

        if (result != KPDB_OK)
            return result;
        fixed += events[i].fixed >= 0;
    }
    /* Intel's fixed events are programmed on configurable counters (kperfdata.md 2.4). */
    if (fixed == 0 || info.arch == KPDB_X86_64 || info.arch == KPDB_I386)
        return KPDB_OK;
    if (!user_only &&
        (fixed == metric->name_count || kpdb_release_macos((unsigned)release) < STRIPS_FROM))
        return KPDB_OK;
    for (unsigned i = 0; i < metric->name_count; i++)
        if (events[i].fixed >= 0 &&
            kpdb_name_configurable(cpu, release, metric->names[i], &events[i]) != KPDB_OK)
            return KPDB_MIXED_MODES;
    return KPDB_OK;
}

/* ---- the value of a metric ------------------------------------------------------------------- */

/* Whether the operation of *a and b has a value, which *a becomes. */
static bool apply(unsigned operation, double *a, double b)
{
    /* Volatile, or clang makes a switch of the bits, whose table would be relocated. */
    const volatile unsigned bit = METRIC_OPERAND(operation);

    if ((bit & METRIC_OPERAND(METRIC_DIVIDE)) != 0 && b == 0)
        return false;
    if ((bit & METRIC_OPERAND(METRIC_ADD)) != 0)
        *a += b;
    if ((bit & METRIC_OPERAND(METRIC_SUBTRACT)) != 0)
        *a -= b;
    if ((bit & METRIC_OPERAND(METRIC_MULTIPLY)) != 0)
        *a *= b;
    if ((bit & METRIC_OPERAND(METRIC_DIVIDE)) != 0)
        *a /= b;
    if ((bit & METRIC_OPERAND(METRIC_MAX)) != 0 && *a < b)
        *a = b;
    if ((bit & METRIC_OPERAND(METRIC_MIN)) != 0 && *a > b)
        *a = b;
    return true;
}

/* The value of what pushes one. */
static int push(unsigned step, unsigned cpu, char core, const double *counts, double *value)
{
    unsigned operand = METRIC_OPERAND(step), constant;

    if (METRIC_KIND(step) == METRIC_NAME(0)) {
        *value = counts[operand];
    } else if (METRIC_KIND(step) == METRIC_NUMBER(0)) {
        *value = metric_numbers[operand];
    } else {
        constant = constant_of(cpu, core, operand);
        if (constant == 0)
            return KPDB_NOT_ON_CPU;
        *value = constant;
    }
    return KPDB_OK;
}

/* kpepc has checked that no code pops what is not there, nor pushes more than METRIC_DEPTH. */
int kpdb_metric_value(unsigned cpu, char core, const struct kpdb_metric *metric,
                      const double *counts, double *value)
{
    double stack[METRIC_DEPTH];
    unsigned depth = 0;

    for (unsigned i = 0; i < METRIC_DEPTH; i++)
        stack[i] = 0; /* for analyzers, which do not know what kpepc has checked */
    if (cpu >= kpdb_cpu_count())
        return KPDB_NO_CPU;
    if (!is_row(metric->code, METRIC_EXPRESSIONS))
        return KPDB_NO_EVENT;
    for (unsigned at = metric_expressions[metric->code].code_at; metric_code[at] != METRIC_END;
         at++) {
        unsigned step = metric_code[at];

        if (METRIC_KIND(step) == METRIC_OPERATION) {
            depth--;
            if (!apply(step, &stack[depth - 1], stack[depth]))
                return KPDB_NO_VALUE;
        } else {
            int result = push(step, cpu, core, counts, &stack[depth++]);

            if (result != KPDB_OK)
                return result;
        }
    }
    if (!(stack[0] - stack[0] == 0)) /* infinite, or no number */
        return KPDB_NO_VALUE;
    *value = stack[0];
    return KPDB_OK;
}
