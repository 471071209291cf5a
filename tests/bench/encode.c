/*
 * Encoding and planning: encode N|pfm N|plan N, in N rounds, so that the instructions
 * of one are the difference of two runs; plan prints "events <tab> nanoseconds", the least of N.
 * order N: of N sets of events that fit, how many kperfdata refuses, in lines
 * "CPU <tab> events <tab> N <tab> refused".
 */
#include "kpdb.h"

#include <perfmon/pfmlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned state = 20260101;
static volatile unsigned result; /* so that no loop is optimised away */

static unsigned next_random(void)
{
    state = state * 1103515245u + 12345u;
    return state >> 8;
}

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "encode: %s\n", what);
    exit(1);
}

/* The configurable events of a CPU in its newest release. */
static unsigned configurable(unsigned cpu, struct kpdb_request *events)
{
    int release = kpdb_cpu_newest(cpu);
    struct kpdb_event event = {0};
    unsigned count = 0;

    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id)
        if (event.fixed < 0 && (event.releases >> release & 1) != 0)
            events[count++] = (struct kpdb_request){kpdb_event_name(event.id),
                                                    strlen(kpdb_event_name(event.id)), false};
    return count;
}

/* A random prefix of a random order of them all. */
static void shuffle(struct kpdb_request *all, unsigned count, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        unsigned other = i + next_random() % (count - i);
        struct kpdb_request swap = all[i];

        all[i] = all[other];
        all[other] = swap;
    }
}

/* Random sets of that many events until enough of them fit: which kperfdata refuses. */
static void order_of(const char *name, unsigned size, unsigned enough)
{
    struct kpdb_options optimal = {.release = KPDB_ANY_RELEASE};
    struct kpdb_options kperfdata = {.release = KPDB_ANY_RELEASE, .strategy = KPDB_KPERFDATA};
    static struct kpdb_request all[KPDB_PLAN_MAX];
    unsigned cpu = (unsigned)kpdb_cpu_find(name, strlen(name)), count = configurable(cpu, all);
    unsigned fit = 0, refused = 0;
    struct kpdb_encoding out;

    while (fit < enough) {
        shuffle(all, count, size);
        if (kpdb_encode(cpu, &optimal, all, size, &out) != KPDB_OK)
            continue;
        fit++;
        refused += kpdb_encode(cpu, &kperfdata, all, size, &out) != KPDB_OK;
    }
    printf("%s\t%u\t%u\t%u\n", name, size, fit, refused);
}

static void order(unsigned enough)
{
    static const char *const cpus[] = {"a14", "as4", "icelake"};

    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++)
        for (unsigned size = 5; size <= 8; size++)
            order_of(cpus[i], size, enough);
}

static unsigned encode(unsigned rounds)
{
    static const char *const names[] = {
        "FIXED_CYCLES", "FIXED_INSTRUCTIONS", "INST_BRANCH",       "BRANCH_MISPRED_NONSPEC",
        "INST_ALL",     "L1D_CACHE_MISS_LD",  "L1D_CACHE_MISS_ST", "MAP_STALL"};
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE};
    struct kpdb_request events[8];
    struct kpdb_encoding out = {0};
    unsigned cpu = (unsigned)kpdb_cpu_find("a14", 3), sum = 0;

    for (size_t i = 0; i < 8; i++)
        events[i] = (struct kpdb_request){names[i], strlen(names[i]), false};
    for (unsigned r = 0; r < rounds; r++) {
        if (kpdb_encode(cpu, &options, events, 8, &out) != KPDB_OK)
            fail("the events do not fit");
        sum += out.slots;
    }
    return sum;
}

/* The same number of events by libpfm4 on its nearest PMU, Ice Lake, whether this machine has it.
 */
static unsigned pfm(unsigned rounds)
{
    static const char *const names[] = {"icl::BR_INST_RETIRED:ALL_BRANCHES",
                                        "icl::BR_MISP_RETIRED:ALL_BRANCHES",
                                        "icl::INST_RETIRED:ANY_P",
                                        "icl::MEM_INST_RETIRED:ALL_LOADS",
                                        "icl::MEM_INST_RETIRED:ALL_STORES",
                                        "icl::MEM_LOAD_RETIRED:L1_MISS",
                                        "icl::UOPS_ISSUED:ANY",
                                        "icl::L1D:REPLACEMENT"};
    uint64_t codes[8];
    unsigned sum = 0;

    setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
    if (pfm_initialize() != PFM_SUCCESS)
        fail("libpfm4 cannot be initialised");
    for (unsigned r = 0; r < rounds; r++)
        for (size_t i = 0; i < 8; i++) {
            pfm_pmu_encode_arg_t encoding = {.codes = codes, .count = 8, .size = sizeof encoding};

            if (pfm_get_os_event_encoding(names[i], PFM_PLM3 | PFM_PLM0, PFM_OS_NONE, &encoding) !=
                PFM_SUCCESS)
                fail(names[i]);
            sum += (unsigned)encoding.codes[0];
        }
    return sum;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* All configurable events of Ice Lake. */
static void plan(unsigned rounds)
{
    static struct kpdb_request all[KPDB_PLAN_MAX];
    static uint16_t passes[KPDB_PLAN_MAX];
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE};
    struct kpdb_bottleneck bottleneck;
    unsigned cpu = (unsigned)kpdb_cpu_find("icelake", 7), count = configurable(cpu, all), failed;
    double least = 1e12;

    for (unsigned r = 0; r < rounds; r++) {
        double begin = now(), took;

        if (kpdb_plan(cpu, &options, all, count, passes, &bottleneck, &failed) <= 0)
            fail("no plan");
        took = now() - begin;
        least = took < least ? took : least;
    }
    printf("%u\t%.0f\n", count, least);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 0;

    if (rounds == 0)
        return 2;
    if (strcmp(argv[1], "order") == 0)
        order(rounds);
    else if (strcmp(argv[1], "encode") == 0)
        result = encode(rounds);
    else if (strcmp(argv[1], "pfm") == 0)
        result = pfm(rounds);
    else if (strcmp(argv[1], "plan") == 0)
        plan(rounds);
    else
        return 2;
    return 0;
}
