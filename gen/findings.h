/* What lint finds, one sentence each: made by lint.c, marked by accept.c, and printed. */
#ifndef KPEPC_FINDINGS_H
#define KPEPC_FINDINGS_H

#include "common/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE, SEVERITIES };

struct finding {
    size_t order; /* its place: by CPU, then names, then all else */
    const char *
        database; /* "names" for chip-agnostic names; "chips", "kernel", "sources" for such files */
    enum severity severity;
    const char *rule;
    const char *event;   /* or name, or CPU id; NULL for the database as a whole */
    const char *subject; /* by which it is accepted: the event, "EVENT+2" for one and two others */
    const char *message; /* one sentence */
    bool accepted;
};

struct findings {
    struct finding *list; /* after findings_sort() in its order */
    size_t count;
};

/* Adds a finding at the end, for the caller to fill. */
struct finding *findings_add(struct arena *arena, struct findings *findings);
/* Sorts by order, database, severity, rule and event. */
void findings_sort(struct findings *findings);
/* "error", "warning", "note" */
const char *severity_name(enum severity severity);

/* Whether some finding is not accepted; a note only when notes count. */
bool lint_failed(const struct findings *findings, bool notes_count);
/* Print what is not accepted to stdout: a line each and a summary, or the JSON of kpepc-lint(1). */
void lint_print_text(const struct findings *findings);
void lint_print_json(const struct findings *findings);

#endif
