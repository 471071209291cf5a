/* What is legal in a database but wrong: the rules, and the findings that are known already. */
#ifndef KPEPC_LINT_H
#define KPEPC_LINT_H

#include "findings.h"
#include "model.h"

#include <stdbool.h>

/* Everything that any rule finds. */
struct findings lint_model(struct arena *arena, const struct model *model);
/* Whether findings can be of a rule by that name, and so be accepted. */
bool lint_is_rule(const char *name);
/* The rule of accept.c's own findings. */
extern const char lint_stale_rule[];
/* The rules, their severities, and what each is about, to stdout. */
void lint_print_rules(void);

/*
 * accept.c: marks what the text of an accepted-findings file accepts ("DB RULE EVENT # why", a line
 * each), and adds a note for every line that accepts nothing. Reports malformed lines as file:line.
 */
void lint_accept(struct arena *arena, const struct model *model, struct findings *findings,
                 const char *file, const char *text, size_t length);

#endif
