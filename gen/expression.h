/*
 * The expression of a metric: text -> postfix steps over chip-agnostic names, constants of a chip
 * and numbers. kpep-data(5) has the grammar.
 */
#ifndef KPEPC_EXPRESSION_H
#define KPEPC_EXPRESSION_H

#include "common/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EXPRESSION_LENGTH_MAX = 500, /* bytes of text */
    EXPRESSION_STEPS_MAX = 64,
    EXPRESSION_NESTING_MAX = 16, /* parentheses within parentheses */
    EXPRESSION_NAMES_MAX = 16,   /* different names; KPDB_METRIC_NAMES_MAX of db/kpdb.h */
    EXPRESSION_NUMBER_MAX = 9,   /* digits of a number */
};

enum operation {
    STEP_NAME,     /* push the count of a chip-agnostic name */
    STEP_CONSTANT, /* push a constant of the chip and core kind */
    STEP_NUMBER,   /* push a number */
    STEP_ADD,      /* this and what follows: of the two on top, the lower one first */
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_MAX,
    STEP_MIN,
};

struct step {
    enum operation operation;
    size_t operand; /* of a name: index in `names` of the expression; of a constant: of the model */
    const char *text; /* of a number: digits, perhaps a point and digits */
};

struct expression {
    const char *text; /* as it was written */
    struct step *steps;
    size_t step_count;
    size_t depth;  /* the most values on the stack */
    size_t *names; /* the chip-agnostic names that it uses, each once, by first use */
    size_t name_count;
    size_t constant_steps; /* how many steps push a constant */
};

/* What a word of an expression means; false for a word that means nothing. */
struct words {
    bool (*find)(const void *user, const char *word, enum operation *kind, size_t *index);
    const void *user;
};

/*
 * Parses. NULL, or what is wrong, with *at the byte of the text where; *out is set only when
 * nothing is. The text must live as long as the expression.
 */
const char *expression_parse(struct arena *arena, const char *text, const struct words *words,
                             struct expression *out, size_t *at);

#endif
