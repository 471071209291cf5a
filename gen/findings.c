/* The findings of a lint: a list, its order, and what it looks like as text and as JSON. */
#include "findings.h"

#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding *findings_add(struct arena *arena, struct findings *findings)
{
    findings->list = arena_grow(arena, findings->list, findings->count, sizeof *findings->list);
    return &findings->list[findings->count++];
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    order = strcmp(x->database, y->database);
    if (order == 0 && x->severity != y->severity)
        order = x->severity < y->severity ? -1 : 1;
    if (order == 0)
        order = strcmp(x->rule, y->rule);
    if (order == 0)
        order = strcmp(x->event == NULL ? "" : x->event, y->event == NULL ? "" : y->event);
    return order != 0 ? order : strcmp(x->message, y->message);
}

void findings_sort(struct findings *findings)
{
    if (findings->count != 0)
        qsort(findings->list, findings->count, sizeof(struct finding), compare_findings);
}

static const char *const severity_names[SEVERITIES] = {
    [SEVERITY_ERROR] = "error",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_NOTE] = "note",
};

const char *severity_name(enum severity severity)
{
    return severity_names[severity];
}

bool lint_failed(const struct findings *findings, bool notes_count)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->list[i].accepted &&
            (notes_count || findings->list[i].severity != SEVERITY_NOTE))
            return true;
    return false;
}

void lint_print_text(const struct findings *findings)
{
    size_t counts[SEVERITIES] = {0}, accepted = 0;
    const char *comma = "";

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        accepted += finding->accepted;
        if (finding->accepted)
            continue;
        counts[finding->severity]++;
        printf("%s: %s: %s%s%s [%s]\n", finding->database, severity_names[finding->severity],
               finding->event == NULL ? "" : finding->event, finding->event == NULL ? "" : ": ",
               finding->message, finding->rule);
    }
    for (int s = 0; s < SEVERITIES; s++)
        if (counts[s] != 0) {
            printf("%s%zu %s%s", comma, counts[s], severity_names[s], counts[s] == 1 ? "" : "s");
            comma = ", ";
        }
    if (*comma == '\0')
        fputs("no findings", stdout);
    if (accepted != 0)
        printf(" (%zu accepted)", accepted);
    putchar('\n');
}

void lint_print_json(const struct findings *findings)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '[');
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->accepted)
            continue;
        json_begin_line(&json, NULL, '{');
        json_string(&json, "db", finding->database);
        json_string(&json, "severity", severity_names[finding->severity]);
        json_string(&json, "rule", finding->rule);
        json_string(&json, "event", finding->event);
        json_string(&json, "message", finding->message);
        json_end(&json, '}');
    }
    json_end(&json, ']');
}
