/*
 * A second reading of XML property lists: expat's events -> a tree, by what the format says, and
 * whether kpepc has to accept it. It shares nothing with gen/.
 */
#ifndef KPEP_PLIST_JUDGE_H
#define KPEP_PLIST_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum judge_kind {
    JUDGE_PLIST,
    JUDGE_DICT,
    JUDGE_ARRAY,
    JUDGE_KEY,
    JUDGE_STRING,
    JUDGE_INTEGER,
    JUDGE_REAL,
    JUDGE_DATA,
    JUDGE_DATE,
    JUDGE_TRUE,
    JUDGE_FALSE,
    JUDGE_KINDS
};

struct judge_node {
    enum judge_kind kind;
    struct judge_node *parent, *next; /* the next child of the parent */
    struct judge_node *first, *last;  /* of <plist>, <array> and <dict>, whose keys are children */
    struct judge_node *made_before;   /* of all nodes, to free them */
    char *text;                       /* of the others, after expat's newlines and references */
    size_t length, capacity;
    int64_t integer;
    double real;
};

/* Nothing else is worse: the least of what is found counts. */
enum judge_verdict {
    JUDGE_REFUSE, /* not well-formed, no property list, or beyond a limit: nobody may read it */
    JUDGE_MAY,    /* kpepc may refuse it, but must not read it differently */
    JUDGE_ACCEPT, /* kpepc must read it */
};

struct judge {
    enum judge_verdict verdict;
    const char *why;         /* of the verdict, for a failure's message; NULL for JUDGE_ACCEPT */
    struct judge_node *root; /* <plist>, unless the verdict is JUDGE_REFUSE */
    struct judge_node *nodes;
};

/* depth_max: how deep arrays and dictionaries may be nested. */
struct judge judge_xml(const char *text, size_t length, unsigned depth_max);
void judge_free(struct judge *judge);

#endif
