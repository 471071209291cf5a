/* What changed between two directories of databases. */
#ifndef KPEPC_DIFF_H
#define KPEPC_DIFF_H

#include "common/arena.h"
#include "model.h"

#include <stdbool.h>

/* A field that differs, of an event or of the database itself. */
struct change {
    const char *name;      /* the event's; NULL for the database */
    const char *field;     /* the plist's key */
    const char *old, *new; /* NULL where it is absent */
    bool number;           /* both are numbers */
};

/* Two databases of one CPU, or of one name. */
struct comparison {
    const struct database *old, *new;
    const struct event **added, **removed;
    size_t added_count, removed_count;
    struct rename *renamed;
    size_t renamed_count;
    struct change *changed;
    size_t changed_count;
    uint32_t unseen; /* bits of coverage_key(): what differs, or may, and is not covered by both */
};

/* A CPU id that came, went or has another database; or that one side, not whole, does not have. */
struct id_change {
    struct cpu_id id;
    const struct database *old, *new; /* NULL where the release does not know the id */
};

struct diff {
    const struct release *old, *new;
    struct comparison *pairs; /* by the new name; also those that are the same */
    size_t pair_count;
    const struct database **only_old, **only_new; /* of a release that is not whole: unseen there */
    size_t only_old_count, only_new_count;
    struct id_change *ids; /* by id */
    size_t id_count;
};

struct diff diff_releases(struct arena *arena, const struct release *old,
                          const struct release *new);
/* Whether there is any difference at all: what is not covered is none. */
bool diff_any(const struct diff *diff);
/* Text that reads like a release note, and the JSON of kpepc-diff(1); to stdout. */
void diff_print_text(struct arena *arena, const struct diff *diff);
void diff_print_json(struct arena *arena, const struct diff *diff);

#endif
