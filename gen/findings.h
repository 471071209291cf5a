/* What lint finds, one sentence each: made by lint.c, marked by accept.c, and printed. */
#ifndef KPEPC_FINDINGS_H
#define KPEPC_FINDINGS_H

#include "common/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE, SEVERITIES };

struct finding {
    size_t order;         /* of the database: the model's, then names, then what is unknown */
    const char *database; /* "names": of the chip-agnostic names */
    enum severity severity;
    const char *rule;
    const char *event;   /* NULL: of the database as a whole */
    const char *subject; /* what accepts it: the event, or "EVENT+2" with two others */
    const char *message; /* one sentence */
    bool accepted;
};

struct findings {
    struct finding *list; /* by database, severity, rule, event */
    size_t count;
};

/* A new one, at the end, for the caller to fill. */
struct finding *findings_add(struct arena *arena, struct findings *findings);
/* By database, severity, rule and event. */
void findings_sort(struct findings *findings);
/* "error", "warning", "note" */
const char *severity_name(enum severity severity);

/* Whether something was found that is not accepted; of notes only when they count. */
bool lint_failed(const struct findings *findings, bool notes_count);
/* What is not accepted, to stdout: a line each and a summary, or the JSON of kpepc-lint(1). */
void lint_print_text(const struct findings *findings);
void lint_print_json(const struct findings *findings);

#endif
