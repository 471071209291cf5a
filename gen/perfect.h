/* A perfect hash: displacements that send every key to a slot of its own. */
#ifndef KPEPC_PERFECT_H
#define KPEPC_PERFECT_H

#include "../db/hash.h"
#include "common/arena.h"

struct perfect {
    struct kpdb_hashing by;
    size_t *displacements; /* of each bucket */
    size_t bucket_count;
    size_t *slots; /* the key of each; PERFECT_NONE where there is none */
    size_t slot_count;
};

#define PERFECT_NONE SIZE_MAX

/*
 * Of keys whose hashes all differ; `by` says how they were made. False, and *perfect untouched,
 * when so many of them share their upper bits that it would take more than eight slots a key.
 */
bool perfect_place(struct arena *arena, struct kpdb_hashing by, const uint32_t *hashes,
                   size_t count, struct perfect *perfect);
/*
 * Of names that all differ. False when their words have too much in common,
 * and *perfect untouched: KPDB_SPREAD_MAX is not enough for them.
 */
bool perfect_names(struct arena *arena, const char *const *names, size_t count,
                   struct perfect *perfect);

#endif
