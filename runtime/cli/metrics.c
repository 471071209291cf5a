/*
 * Metrics beside the events of a command that counts: which events are counted for them, and their
 * values, or in one line why they have none.
 */
#include "metrics.h"

#include <stdio.h>
#include <string.h>

/* ---- what to count --------------------------------------------------------------------------- */

/* Whether the sampler counts the event already. */
static bool is_programmed(const struct kplive *sampler, unsigned id)
{
    const struct kpdb_encoding *encoding = kplive_encoding(sampler);

    for (unsigned i = 0; encoding != NULL && i < encoding->event_count; i++)
        if (encoding->events[i].asked == id)
            return true;
    return false;
}

/* Whether the event is among the first of a metric's: two of its names may mean one event. */
static bool is_among(const struct kpdb_event *events, int count, unsigned id)
{
    int i = 0;

    while (i < count && events[i].id != id)
        i++;
    return i < count;
}

/* Counts what a metric needs as well, if that fits beside the rest. */
static int add_metric(struct kplive *sampler, unsigned metric, bool user_only,
                      struct counted *counted)
{
    struct kpdb_event events[KPDB_METRIC_NAMES_MAX];
    int count = kplive_metric_events(sampler, metric, user_only, events);
    unsigned before = counted->count;
    int status = KPLIVE_OK;

    for (int i = 0; i < count; i++) {
        const char *name = kpdb_event_name(events[i].id);

        if (is_programmed(sampler, events[i].id) || is_among(events, i, events[i].id))
            continue;
        if (counted->count == KPDB_EVENTS_MAX)
            status = KPLIVE_CONFLICT;
        else
            counted->events[counted->count++] =
                (struct kpdb_request){name, strlen(name), user_only};
    }
    if (count < 0 || counted->count == before)
        return count < 0 ? count : status;
    if (status == KPLIVE_OK)
        status = kplive_program(sampler, counted->events, counted->count, NULL);
    if (status != KPLIVE_OK) {
        counted->count = before;
        if (before != 0)
            (void)kplive_program(sampler, counted->events, before, NULL);
    }
    return status;
}

int metrics_program(struct kplive *sampler, const char *const *words, size_t count, bool user_only,
                    struct counted *counted, struct kplive_error *error)
{
    int status;

    counted->count = counted->metric_count = 0;
    for (size_t i = 0; i < count; i++) {
        int metric = kpdb_metric_find(words[i], strlen(words[i]));

        if (metric >= 0)
            counted->metrics[counted->metric_count++].metric = (unsigned)metric;
        else
            counted->events[counted->count++] =
                (struct kpdb_request){words[i], strlen(words[i]), user_only};
    }
    if (counted->count != 0) {
        status = kplive_program(sampler, counted->events, counted->count, error);
        if (status != KPLIVE_OK)
            return status;
    }
    for (unsigned i = 0; i < counted->metric_count; i++)
        counted->metrics[i].status =
            add_metric(sampler, counted->metrics[i].metric, user_only, counted);
    return KPLIVE_OK;
}

/* ---- what comes of it ------------------------------------------------------------------------ */

/* What was found out about a metric when it was asked for; NULL when it was not. */
static const struct asked_metric *find_asked(const struct counted *counted, unsigned metric)
{
    for (unsigned i = 0; i < counted->metric_count; i++)
        if (counted->metrics[i].metric == metric)
            return &counted->metrics[i];
    return NULL;
}

/*
 * The value of a metric, or NULL and why it has none. False: nothing is to be said of it, for it
 * was not asked for and not all of its events are counted.
 */
static bool find_value(const struct kplive *sampler, const struct counted *counted, unsigned metric,
                       const uint64_t *delta, double *value, const char **why)
{
    const struct asked_metric *asked = find_asked(counted, metric);
    int status = kplive_metric(sampler, metric, '\0', delta, value);

    *why = NULL;
    if (status == KPLIVE_OK)
        return true;
    if (asked != NULL && asked->status != KPLIVE_OK)
        status = asked->status;
    else if (asked == NULL && status == KPLIVE_EVENT)
        return false;
    *why = status == KPLIVE_EVENT ? "not supported on this CPU" : kplive_strerror(status);
    return true;
}

void metrics_print(struct arena *arena, const struct kplive *sampler, const struct counted *counted,
                   const uint64_t *delta)
{
    struct table *table = table_new(arena, 3);
    struct kpdb_metric metric;
    unsigned lines = 0;

    table_cell(table, "metric");
    table_cell(table, ">value");
    table_cell(table, "unit");
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        const char *why;
        double value;

        if (!find_value(sampler, counted, m, delta, &value, &why))
            continue;
        lines++;
        table_cell(table, "%s", metric.name);
        if (why == NULL)
            table_cell(table, "%.3f", value);
        else
            table_cell(table, "-");
        table_cell(table, "%s", why == NULL ? metric.unit : why);
    }
    if (lines == 0)
        return;
    putchar('\n');
    table_print(table);
}

void metrics_print_json(struct json *json, const struct kplive *sampler,
                        const struct counted *counted, const uint64_t *delta)
{
    struct kpdb_metric metric;

    json_begin(json, "metrics", '[');
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        const char *why;
        double value;

        if (!find_value(sampler, counted, m, delta, &value, &why))
            continue;
        json_begin_line(json, NULL, '{');
        json_string(json, "name", metric.name);
        json_string(json, "unit", metric.unit);
        if (why == NULL)
            json_real(json, "value", value);
        else
            json_null(json, "value");
        json_string(json, "reason", why);
        json_end(json, '}');
    }
    json_end(json, ']');
}
