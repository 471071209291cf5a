/*
 * Written by kpepc: do not edit. 2 metrics, and the constants of chips.
 *
 * Included by libkpdb's metrics.c and by nothing else. No array holds a pointer, so nothing has to
 * be relocated. Arrays end with an item of zeros, so that none is empty.
 */
#include "kpdb_ids.h"

#ifndef KPDB_FINGERPRINT
#error "kpdb_ids.h is not kpepc's: compile the databases again"
#endif
_Static_assert(KPDB_FINGERPRINT == 0xd3b1713du,
               "kpdb_ids.h and kpdb_metrics.h are of two compiles: compile the databases again");

enum {
    METRICS = 2,
    METRIC_EXPRESSIONS = 2,
    METRIC_VALUES = 0,
    METRIC_OTHERS = 0,
    METRIC_DEPTH = 2, /* the most values that a code has on its stack */
};

/* A step of a code: its kind and, in the low bits, an operand. */
#define METRIC_KIND(step)    ((step) & 0xe000u)
#define METRIC_OPERAND(step) ((step) & 0x1fffu)
#define METRIC_NAME(n)     (0x2000u | n) /* push the count of the metric's n-th name */
#define METRIC_CONSTANT(n) (0x4000u | n) /* push a constant of metric_constants */
#define METRIC_NUMBER(n)   (0x6000u | n) /* push a number of metric_numbers */
#define METRIC_OPERATION   0x8000u       /* of the two on top, the lower one first; a bit each: */
#define METRIC_ADD         0x8001u
#define METRIC_SUBTRACT    0x8002u
#define METRIC_MULTIPLY    0x8004u
#define METRIC_DIVIDE      0x8008u
#define METRIC_MAX         0x8010u
#define METRIC_MIN         0x8020u
#define METRIC_END         0u

#define METRIC_STRINGS(X) \
    X(0, "branch-fraction") \
    X(1, "percent") \
    X(2, "Share of branches.") \
    X(3, "100 * branches / instructions") \
    X(4, "ipc") \
    X(5, "instructions/cycle") \
    X(6, "Instructions a cycle.") \
    X(7, "instructions / cycles") \

struct metric_strings {
#define X(n, text) char s##n[sizeof text];
    METRIC_STRINGS(X)
#undef X
    char end;
};
_Static_assert(sizeof(struct metric_strings) == 140 + 1,
               "kpdb_metrics.h: strings are missing");
static const struct metric_strings metric_strings = {
#define X(n, text) .s##n = text,
    METRIC_STRINGS(X)
#undef X
    .end = 0,
};
/* By number of a string: where it begins, bytes. */
static const uint8_t metric_string_at[] = {
#define X(n, text) offsetof(struct metric_strings, s##n),
    METRIC_STRINGS(X)
#undef X
    offsetof(struct metric_strings, end),
};

/* By metric. */
struct metric_row {
    uint16_t name, unit, summary; /* strings */
    uint16_t expressions_at; /* its first of metric_expressions */
};
static const struct metric_row metric_rows[METRICS + 1] = {
    /* 0: branch-fraction */
    { .name = 0, .unit = 1, .summary = 2,
      .expressions_at = 0 },
    /* 1: ipc */
    { .name = 4, .unit = 5, .summary = 6,
      .expressions_at = 1 },
    { .expressions_at = METRIC_EXPRESSIONS },
};
/* Each metric's in the order in which a CPU is asked whether it supports them. */
struct metric_expression {
    uint16_t expression; /* string */
    uint16_t code_at, names_at; /* its first of metric_code, of metric_names */
    uint8_t names, constants; /* how many of each its code has */
};
static const struct metric_expression metric_expressions[METRIC_EXPRESSIONS + 1] = {
    { .expression = 3, .code_at = 0, .names_at = 0,
      .names = 2, .constants = 0 }, /* branch-fraction */
    { .expression = 7, .code_at = 6, .names_at = 2,
      .names = 2, .constants = 0 }, /* ipc */
    {0, 0, 0, 0, 0},
};
/* By metric_expression.names_at and on: chip-agnostic names. */
static const uint16_t metric_names[] = {
    0, 3,
    3, 2,
    0,
};
/* By metric_expression.code_at and on: steps in postfix order. */
static const uint16_t metric_code[] = {
    /* branch-fraction */
    METRIC_NUMBER(0), METRIC_NAME(0), METRIC_MULTIPLY, METRIC_NAME(1),
    METRIC_DIVIDE,
    METRIC_END,
    /* ipc */
    METRIC_NAME(0), METRIC_NAME(1), METRIC_DIVIDE,
    METRIC_END,
    METRIC_END,
};
static const double metric_numbers[] = {
    100.0,
    0,
};

/* Constants, and what they are on which CPU. */
struct metric_constant {
    uint16_t name, summary; /* strings */
};
static const struct metric_constant metric_constants[] = {
    {0, 0},
};
struct metric_value {
    uint16_t value, source; /* source: a string */
    uint8_t constant, core;      /* core: a letter, or 0 for every core */
};
static const struct metric_value metric_values[METRIC_VALUES + 1] = {
    {0, 0, 0, 0},
};
/* By CPU: its first of metric_values; and the end. */
static const uint16_t metric_values_at[] = {
    0, 0,
};

/* What counts a name on configurable counters where its event is on a fixed one. */
struct metric_other {
    uint16_t name, cpu, event; /* event: an id */
};
static const struct metric_other metric_others[METRIC_OTHERS + 1] = {
    {0, 0, 0},
};

/* The last line: a file cut short fails to compile. */
#define METRICS_END 0xd3b1713du
