/*
 * The hash of a name and the place it leads to: one definition for kpepc, which
 * searches the displacements, and libkpdb, which follows them. Not installed.
 *
 * A hash takes words of eight bytes, the first, the last and some evenly spread
 * between them, so that no branch depends on how long a name is. There is no
 * multiplication wider than 32 bits, which small targets would have to call a
 * function for.
 */
#ifndef KPDB_HASH_H
#define KPDB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What kpepc finds for the keys of a build. */
struct kpdb_hashing {
    bool thorough;       /* hash every bit with every other: for names that are much alike */
    unsigned spread;     /* (1 << spread) + 1 words are taken, 0 to KPDB_SPREAD_MAX */
    unsigned rotate;     /* 0 to 31, between two words; when thorough, the seed */
    unsigned shift;      /* of a hash to its bucket: 32 - the buckets' bits */
    unsigned slot_shift; /* 32 - the slots' bits */
};

enum { KPDB_SPREAD_MAX = 16 };

/*
 * What stands before a loop over words, and before kpdb_hash(). lookup.c defines both first: the
 * compiler is to unroll the one and inline the other.
 */
#ifndef KPDB_UNROLL
#define KPDB_UNROLL
#define KPDB_INLINE inline
#endif

/* Eight bytes as a little-endian number, on any target and at any alignment. */
static inline uint64_t kpdb_load64(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

/*
 * Where the n-th of (1 << spread) + 1 words of a name of at least eight bytes begins: never so late
 * that it ends behind the name. Up to five words begin at multiples of one number, which is cheaper
 * to compute.
 */
static inline size_t kpdb_word_at(size_t length, unsigned n, unsigned spread)
{
    if (n == 1u << spread)
        return length - 8;
    if (spread <= 2)
        return ((length - 7) >> spread) * n;
    for (; n % 2 == 0 && spread != 0; spread--)
        n /= 2;
    return (length - 8) * n >> spread;
}

/* The length up to which every byte of a name is in one of these words. */
static inline size_t kpdb_words_hold(unsigned spread)
{
    return spread == 2 ? 37 : (((size_t)1 << spread) + 1) * 8;
}

static inline uint64_t kpdb_rotate(uint64_t value, unsigned by)
{
    return value << by | value >> (-by & 63);
}

/*
 * A hash with one more value in it. Of the same value different hashes stay different, and of the
 * same hash different values do: no two pairs of a list and an id, both of 16 bits, have the same
 * kpdb_mix_value(list << 16, id).
 */
static inline uint32_t kpdb_mix_value(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * 0x85ebca6bu;
    return hash ^ hash >> 15;
}

static inline uint32_t kpdb_thorough_hash(const char *name, size_t length, struct kpdb_hashing by)
{
    uint32_t hash = kpdb_mix_value(by.rotate, (uint32_t)length);

    if (length >= 8) {
        for (unsigned n = 0; n <= 1u << by.spread; n++) {
            uint64_t word = kpdb_load64(name + kpdb_word_at(length, n, by.spread));

            hash = kpdb_mix_value(kpdb_mix_value(hash, (uint32_t)word), (uint32_t)(word >> 32));
        }
    } else {
        for (size_t i = 0; i < length; i++)
            hash = kpdb_mix_value(hash, (unsigned char)name[i]);
    }
    return hash;
}

/* Words are summed by even and odd number: neither sum waits for the other. */
static KPDB_INLINE uint32_t kpdb_hash(const char *name, size_t length, struct kpdb_hashing by)
{
    const unsigned last = 1u << by.spread;
    uint64_t even = 0x9e3779b1u, odd = 0;

    if (by.thorough)
        return kpdb_thorough_hash(name, length, by);
    if (length >= 8) {
        even = kpdb_load64(name);
        odd = kpdb_load64(name + kpdb_word_at(length, 1, by.spread));
        KPDB_UNROLL for (unsigned n = 2; n < last; n += 2)
        {
            even = kpdb_rotate(even, by.rotate) +
                   kpdb_load64(name + kpdb_word_at(length, n, by.spread));
            odd = kpdb_rotate(odd, by.rotate) +
                  kpdb_load64(name + kpdb_word_at(length, n + 1, by.spread));
        }
        if (last > 1)
            even = kpdb_rotate(even, by.rotate) + kpdb_load64(name + length - 8);
    } else {
        for (size_t i = 0; i < length; i++)
            even = (uint32_t)(((uint32_t)even ^ (unsigned char)name[i]) * 0x85ebca6bu);
    }
    even += 2 * odd;
    return (uint32_t)(even ^ even >> 32);
}

static inline uint32_t kpdb_bucket(uint32_t hash, struct kpdb_hashing by)
{
    return hash * 0x9e3779b1u >> by.shift;
}

/* The slot of a hash under its bucket's displacement. */
static inline uint32_t kpdb_slot(uint32_t hash, uint32_t displacement, struct kpdb_hashing by)
{
    return hash * (0x85ebca6bu + 2 * displacement) >> by.slot_shift;
}

/* How names of CPUs are compared: case does not matter, and a space may be a hyphen. */
static inline char kpdb_folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == ' ' ? '-' : c;
}

#endif
