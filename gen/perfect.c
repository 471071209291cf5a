/*
 * Keys that share the upper bits of their hash are a bucket; the fullest bucket
 * first, each gets the first displacement that sends all its keys to free
 * slots. Every step is linear in the keys or as long as sorting them.
 */
#include "perfect.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_BITS_MORE = 3 }; /* how often twice as many slots are tried */
enum { SEEDS = 64 };         /* how many seeds the thorough hash is tried with */

struct key {
    uint32_t hash;
    size_t number;
};

struct placing {
    struct perfect to;
    const struct key *keys; /* by bucket, whatever the number of buckets */
    size_t count;
    size_t *begin; /* the bucket's first key; one more than buckets */
    size_t *order; /* the buckets, fullest first */
};

static int compare_keys(const void *a, const void *b)
{
    const struct kpdb_hashing whole = {0};
    uint32_t x = kpdb_bucket(((const struct key *)a)->hash, whole);
    uint32_t y = kpdb_bucket(((const struct key *)b)->hash, whole);

    return x < y ? -1 : x > y;
}

static struct key *sort_keys(struct arena *arena, const uint32_t *hashes, size_t count)
{
    struct key *keys = arena_alloc(arena, count, sizeof *keys);

    for (size_t i = 0; i < count; i++)
        keys[i] = (struct key){hashes[i], i};
    if (count != 0)
        qsort(keys, count, sizeof *keys, compare_keys);
    return keys;
}

/* ---- placing --------------------------------------------------------------------------------- */

static size_t bucket_size(const struct placing *placing, size_t bucket)
{
    return placing->begin[bucket + 1] - placing->begin[bucket];
}

static void fill_buckets(struct placing *placing)
{
    size_t at = 0;

    for (size_t b = 0; b < placing->to.bucket_count; b++) {
        placing->begin[b] = at;
        while (at < placing->count && kpdb_bucket(placing->keys[at].hash, placing->to.by) == b)
            at++;
    }
    placing->begin[placing->to.bucket_count] = at;
}

/* Counting sort: at[s] is where the next bucket of that size goes. */
static void order_buckets(struct arena *arena, struct placing *placing)
{
    size_t fullest = 0, *at;

    for (size_t b = 0; b < placing->to.bucket_count; b++)
        if (bucket_size(placing, b) > fullest)
            fullest = bucket_size(placing, b);
    at = arena_alloc(arena, fullest + 2, sizeof *at);
    for (size_t b = 0; b < placing->to.bucket_count; b++)
        at[bucket_size(placing, b)]++;
    for (size_t size = fullest + 1, before = 0; size-- > 0;) {
        size_t here = at[size];

        at[size] = before;
        before += here;
    }
    for (size_t b = 0; b < placing->to.bucket_count; b++)
        placing->order[at[bucket_size(placing, b)]++] = b;
}

static bool place_bucket(struct placing *placing, size_t bucket, uint32_t displacement)
{
    size_t *slots = placing->to.slots, first = placing->begin[bucket];

    for (size_t i = first; i < placing->begin[bucket + 1]; i++) {
        uint32_t slot = kpdb_slot(placing->keys[i].hash, displacement, placing->to.by);

        if (slots[slot] != PERFECT_NONE) {
            while (i-- > first)
                slots[kpdb_slot(placing->keys[i].hash, displacement, placing->to.by)] =
                    PERFECT_NONE;
            return false;
        }
        slots[slot] = placing->keys[i].number;
    }
    return true;
}

static bool place_all(struct placing *placing, uint32_t limit)
{
    for (size_t i = 0; i < placing->to.slot_count; i++)
        placing->to.slots[i] = PERFECT_NONE;
    for (size_t i = 0; i < placing->to.bucket_count; i++) {
        size_t bucket = placing->order[i];
        uint32_t displacement = 0;

        while (displacement < limit && !place_bucket(placing, bucket, displacement))
            displacement++;
        if (displacement == limit)
            return false;
        placing->to.displacements[bucket] = displacement;
    }
    return true;
}

/*
 * Whether all keys find slots among 1 << slot_bits. Displacements of one byte are tried with every
 * number of buckets before wider ones.
 */
static bool place_in_slots(struct arena *arena, struct placing *placing, unsigned slot_bits)
{
    enum { BUCKET_BITS_MORE = 3 }; /* how many numbers of buckets are tried, each twice the last */
    unsigned least = 1;

    while (placing->count >> least > 2)
        least++;
    placing->to.by.slot_shift = 32 - slot_bits;
    placing->to.slot_count = (size_t)1 << slot_bits;
    placing->to.slots = arena_alloc(arena, placing->to.slot_count, sizeof(size_t));
    placing->to.displacements =
        arena_alloc(arena, (size_t)1 << (least + BUCKET_BITS_MORE), sizeof(size_t));
    placing->begin =
        arena_alloc(arena, ((size_t)1 << (least + BUCKET_BITS_MORE)) + 1, sizeof(size_t));
    placing->order = arena_alloc(arena, (size_t)1 << (least + BUCKET_BITS_MORE), sizeof(size_t));
    for (uint32_t limit = 1u << 8; limit <= 1u << 16; limit <<= 8)
        for (unsigned bits = least; bits < least + BUCKET_BITS_MORE; bits++) {
            placing->to.by.shift = 32 - bits;
            placing->to.bucket_count = (size_t)1 << bits;
            fill_buckets(placing);
            order_buckets(arena, placing);
            if (place_all(placing, limit))
                return true;
        }
    return false;
}

/* Tries as few slots as there can be for so many keys, then twice as many, and on. */
static bool place_keys(struct arena *arena, struct kpdb_hashing by, const struct key *keys,
                       size_t count, struct perfect *perfect)
{
    struct placing placing = {.to = {.by = by}, .keys = keys, .count = count};
    unsigned slot_bits = 1, most;

    while ((size_t)1 << slot_bits < count)
        slot_bits++;
    for (most = slot_bits + SLOT_BITS_MORE; slot_bits <= most; slot_bits++)
        if (place_in_slots(arena, &placing, slot_bits)) {
            *perfect = placing.to;
            return true;
        }
    return false;
}

bool perfect_hashes(struct arena *arena, struct kpdb_hashing by, const uint32_t *hashes,
                    size_t count, struct perfect *perfect)
{
    return place_keys(arena, by, sort_keys(arena, hashes, count), count, perfect);
}

/* ---- names ----------------------------------------------------------------------------------- */

struct naming {
    const char *const *names;
    size_t count;
    struct key *keys;
    const struct key *same; /* the first of two keys with one hash */
};

static uint32_t hash_name(const char *name, struct kpdb_hashing by)
{
    return kpdb_hash(name, strlen(name), by);
}

/* Whether all hashes differ. */
static bool hash_all(struct naming *naming, struct kpdb_hashing by)
{
    for (size_t i = 0; i < naming->count; i++)
        naming->keys[i] = (struct key){hash_name(naming->names[i], by), i};
    if (naming->count != 0)
        qsort(naming->keys, naming->count, sizeof *naming->keys, compare_keys);
    for (size_t i = 1; i < naming->count; i++)
        if (naming->keys[i].hash == naming->keys[i - 1].hash) {
            naming->same = &naming->keys[i - 1];
            return false;
        }
    return true;
}

/*
 * Whether the two names have one hash because their words are the same: where it is by chance,
 * another seed gives them two.
 */
static bool same_words(const struct naming *naming, struct kpdb_hashing by)
{
    by.rotate++;
    return hash_name(naming->names[naming->same[0].number], by) ==
           hash_name(naming->names[naming->same[1].number], by);
}

/* Finds the thorough hash of the fewest words that tells all names apart. */
static bool find_words(struct naming *naming, struct kpdb_hashing *by)
{
    for (by->spread = 0; by->spread <= KPDB_SPREAD_MAX; by->spread++)
        for (by->rotate = 0; by->rotate < SEEDS; by->rotate++) {
            if (hash_all(naming, *by))
                return true;
            if (same_words(naming, *by))
                break;
        }
    return false;
}

/* Finds a quick hash that tells all names apart, if there is one. */
static bool find_quick(struct naming *naming, struct kpdb_hashing *quick)
{
    enum { ROTATE_MAX = 27 };

    for (quick->rotate = 0; quick->rotate <= ROTATE_MAX; quick->rotate++)
        if (hash_all(naming, *quick))
            return true;
    return false;
}

/*
 * The quick hash where it tells all names apart and finds slots for them; the thorough one, seed
 * after seed, for names that were made to share a bucket of it.
 */
bool perfect_names(struct arena *arena, const char *const *names, size_t count,
                   struct perfect *perfect)
{
    struct naming naming = {
        .names = names,
        .count = count,
        .keys = arena_alloc(arena, count, sizeof(struct key)),
    };
    struct kpdb_hashing by = {.thorough = true}, quick = {.thorough = false};

    if (!find_words(&naming, &by))
        return false;
    quick.spread = by.spread;
    if (find_quick(&naming, &quick) && place_keys(arena, quick, naming.keys, count, perfect))
        return true;
    for (; by.rotate < SEEDS; by.rotate++)
        if (hash_all(&naming, by) && place_keys(arena, by, naming.keys, count, perfect))
            return true;
    return false;
}
