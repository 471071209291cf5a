/*
 * A perfect hash (db/hash.h): in go names, or hashes of other keys; out come the displacements that
 * send every key to a slot of its own, and which key each slot has. Memory is the arena's, and
 * nothing else is touched. A bucket is the keys that agree in the upper bits of their hash.
 */
#ifndef KPEPC_PERFECT_H
#define KPEPC_PERFECT_H

#include "../db/hash.h"
#include "common/arena.h"

struct perfect {
    struct kpdb_hashing by;
    size_t *displacements; /* by bucket */
    size_t bucket_count;
    size_t *slots; /* by slot: the number of its key, or PERFECT_NONE */
    size_t slot_count;
};

#define PERFECT_NONE SIZE_MAX

/*
 * A perfect hash of keys whose hashes all differ; `by` says how these were made. False, and
 * *perfect untouched, when so many of them share their upper bits that it would take more than
 * eight slots a key.
 */
bool perfect_hashes(struct arena *arena, struct kpdb_hashing by, const uint32_t *hashes,
                    size_t count, struct perfect *perfect);
/*
 * A perfect hash of names that all differ. False, and *perfect untouched, when two of them agree in
 * all words that KPDB_SPREAD_MAX takes.
 */
bool perfect_names(struct arena *arena, const char *const *names, size_t count,
                   struct perfect *perfect);

#endif
