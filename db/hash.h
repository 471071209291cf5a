/*
 * The hash of a name and the place it leads to: one definition for kpepc, which
 * searches the displacements, and libkpdb, which follows them. Not installed.
 *
 * A name's 64-bit sum takes eight bytes at a step, the last eight overlapping
 * what came before, and no multiplication wider than 32 bits, which small
 * targets would have to call a function for.
 */
#ifndef KPDB_HASH_H
#define KPDB_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Eight bytes as a little-endian number, on any target and at any alignment. */
static inline uint64_t kpdb_load64(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;

    return (uint64_t)b[0] | (uint64_t)b[1] << 8 | (uint64_t)b[2] << 16 | (uint64_t)b[3] << 24 |
           (uint64_t)b[4] << 32 | (uint64_t)b[5] << 40 | (uint64_t)b[6] << 48 |
           (uint64_t)b[7] << 56;
}

static inline uint64_t kpdb_rotate(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

/* by: 1 to 63, which kpepc tries until no two names of a table share a hash. */
static inline uint32_t kpdb_hash(const char *name, size_t length, unsigned by)
{
    uint64_t sum = length;
    uint32_t hash;

    if (length >= 8) {
        const char *last = name + length - 8;

        for (; name < last; name += 8)
            sum = kpdb_rotate(sum, by) + kpdb_load64(name);
        sum = kpdb_rotate(sum, by) + kpdb_load64(last);
    } else {
        for (size_t i = 0; i < length; i++)
            sum = (sum << 8) + (unsigned char)name[i];
    }
    hash = (uint32_t)(sum >> 32) * 0x85ebca6bu ^ (uint32_t)sum;
    return hash ^ hash >> 15;
}

/* The bucket of a hash among `buckets`, and its slot among `slots` under the bucket's
 * displacement; both counts below 65536. */
static inline uint32_t kpdb_bucket(uint32_t hash, uint32_t buckets)
{
    return (hash * 0x9e3779b1u >> 16) * buckets >> 16;
}

static inline uint32_t kpdb_slot(uint32_t hash, uint32_t displacement, uint32_t slots)
{
    return ((hash ^ displacement * 0x27d4eb2fu) * 0xc2b2ae35u >> 16) * slots >> 16;
}

#endif
