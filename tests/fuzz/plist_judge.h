/*
 * A second reading of property lists: XML by expat's events, binary ones by their format -> a tree,
 * and whether kpepc has to accept it. It shares nothing with gen/ but the limits.
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

struct judge judge_xml(const char *text, size_t length);
/* Of a file that begins with "bplist00". */
struct judge judge_binary(const uint8_t *data, size_t length);
void judge_free(struct judge *judge);

/* For the two of them. The last child of the parent (NULL: the root); its text; what is found. */
struct judge_node *judge_add(struct judge *judge, struct judge_node *parent, enum judge_kind kind);
void judge_add_text(struct judge_node *node, const char *text, size_t length);
void judge_at_most(struct judge *judge, enum judge_verdict verdict, const char *why);
/* Keys and values in turn, each key once. */
void judge_dict(struct judge *judge, const struct judge_node *dict);

#endif
