/* What is legal in a database but wrong: rules, findings, and those accepted beforehand. */
#ifndef KPEPC_LINT_H
#define KPEPC_LINT_H

#include "common/arena.h"
#include "model.h"

#include <stdbool.h>

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

/* Everything that any rule finds. */
struct findings lint_model(struct arena *arena, const struct model *model);
/*
 * Marks what the text of an accepted-findings file accepts ("DB RULE EVENT # why", a line each),
 * and adds a note for every line that accepts nothing. Reports malformed lines as file:line.
 */
void lint_accept(struct arena *arena, const struct model *model, struct findings *findings,
                 const char *file, const char *text, size_t length);
/* Whether something was found that is not accepted; of notes only when they count. */
bool lint_failed(const struct findings *findings, bool notes_count);

/* What is not accepted, to stdout: a line each and a summary, or the JSON of kpepc-lint(1). */
void lint_print_text(const struct findings *findings);
void lint_print_json(const struct findings *findings);
/* The rules, their severities, and what each is about, to stdout. */
void lint_print_rules(void);

#endif
