/* What is legal in a database but wrong: the rules, and the findings that are known already. */
#ifndef KPEPC_LINT_H
#define KPEPC_LINT_H

#include "findings.h"
#include "model.h"

#include <stdbool.h>

/* The findings of all rules. */
struct findings lint_model(struct arena *arena, const struct model *model);
/* Whether there is a rule by that name whose findings can be accepted. */
bool lint_is_rule(const char *name);
/* The rule of the findings that accept.c adds. */
extern const char lint_stale_rule[];
/* Prints the rules, their severities and what each is about to stdout. */
void lint_print_rules(void);

/*
 * accept.c: marks the findings that a file of accepted findings has ("DB RULE EVENT # why", a line
 * each), and adds a note for every line that accepts nothing. Reports malformed lines as file:line.
 */
void lint_accept(struct arena *arena, const struct model *model, struct findings *findings,
                 const char *file, const char *text, size_t length);

#endif
