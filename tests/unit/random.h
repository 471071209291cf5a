/* What the tests draw at random, the same in every run from the same seed. */
#ifndef KPEP_TESTS_RANDOM_H
#define KPEP_TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

/* xorshift64*: 0 to below - 1. */
static inline unsigned pick(unsigned below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (unsigned)((random_state * 2685821657736338717u >> 33) % below);
}

/* The arguments of such a test, [CASES [SEED]]: how many cases, and what they start from. */
static inline unsigned random_cases(int argc, char **argv, unsigned cases, uint64_t seed)
{
    if (argc > 1)
        cases = (unsigned)strtoul(argv[1], NULL, 10);
    random_state = argc > 2 ? strtoull(argv[2], NULL, 10) : seed;
    printf("%u cases, seed %llu\n", cases, (unsigned long long)random_state);
    return cases;
}

#endif
