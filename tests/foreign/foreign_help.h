/* What the tests over the stand-in share: a life of a sampler, and children to try it in. */
#ifndef KPEP_TESTS_FOREIGN_HELP_H
#define KPEP_TESTS_FOREIGN_HELP_H

#include "foreign.h"
#include "kplive.h"

#include "../unit/check.h"

#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* Set by help_main(): the path of the stand-in, and how often races are run. */
extern const char *library;
extern unsigned rounds;

void help_main(int argc, char **argv);

/* Five events: both fixed counters, two that only the power manager's count, one that any does. */
enum { EVENTS = 5 };
extern const struct kpdb_request events[EVENTS];
extern const char *const words_names[3];

/* Whether the calling thread reads what it works, all of it. */
bool reads_right(const struct kplive *sampler);
/* The same of any events. */
bool reads_right_of(const struct kplive *sampler, const struct kpdb_request *asked, unsigned count);

/* A whole life. What comes after a step that failed is not done, but stop and close always. */
struct life {
    int status; /* the first that was not KPLIVE_OK */
    const char *step;
    int started, stopped; /* what kplive_start() and kplive_stop() gave */
    bool wrong;           /* every status was KPLIVE_OK, and the counts were not */
    bool hinted;          /* an error of start or stop has a hint */
    unsigned long start_call, stop_call, last_call; /* the first call of each, and the last */
};
void live(enum kplive_words words, bool insist, struct life *life);

/* The machine's state now, in one of 16 buffers that take turns: to keep it longer copy it. */
const char *state(void);

struct stopped {
    int signal;      /* 0: it did not stop */
    char state[400]; /* the machine's, meanwhile */
};
/*
 * The wait status of a child, or -1 when it did not end in a minute (it is killed then). One
 * that stops is continued; stopped may be NULL.
 */
int child_ends(pid_t child, struct stopped *stopped);

/* ---- what counts as checked: every program has its own counts -------------------------------- */

/* Runs something in a child, and waits for it. Failed checks in it make it exit with 1. */
static inline int in_child(void (*run)(void *user), void *user, struct stopped *stopped)
{
    fflush(NULL);
    pid_t child = fork();
    if (child != 0)
        return child < 0 ? -1 : child_ends(child, stopped);
    check_failures = 0;
    run(user);
    _exit(check_failures != 0);
}

/* The same, checked: it has to exit with 0. */
#define CHILD_HOLDS(run, user) child_holds(run, user, #run, __FILE__, __LINE__)
static inline int child_holds(void (*run)(void *user), void *user, const char *what,
                              const char *file, int line)
{
    return check_int(in_child(run, user, NULL), 0, what, file, line);
}

static inline struct kplive *opened(enum kplive_words words, bool insist)
{
    struct kplive_options options = {
        .kperf = library, .kperfdata = library, .words = words, .size = sizeof options};
    options.insist = insist;
    struct kplive *sampler = NULL;
    struct kplive_error error;
    char text[600];
    if (!CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK)) {
        fprintf(stderr, "%s\n", kplive_describe(&error, text, sizeof text));
        exit(1);
    }
    return sampler;
}

/* Opened, and with the five events. */
static inline struct kplive *programmed(enum kplive_words words)
{
    struct kplive *sampler = opened(words, false);
    struct kplive_error error;
    char text[600];
    if (!CHECK_INT(kplive_program(sampler, events, EVENTS, &error), KPLIVE_OK))
        fprintf(stderr, "%s\n", kplive_describe(&error, text, sizeof text));
    return sampler;
}

/* And started. */
static inline struct kplive *started(enum kplive_words words)
{
    struct kplive *sampler = programmed(words);
    struct kplive_error error;
    char text[600];
    if (!CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK))
        fprintf(stderr, "%s\n", kplive_describe(&error, text, sizeof text));
    return sampler;
}

#endif
