/*
 * Encoding and planning, for bench: order|encode N|pfm N|plan N. N rounds, so that the cost of
 * one is the difference of two runs.
 */
#include "kpdb.h"

#include <perfmon/pfmlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 4000, MOST = 10 };

static unsigned state = 20260101;

static unsigned next_random(void)
{
    state = state * 1103515245u + 12345u;
    return state >> 8;
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

/* Of the random sets of that size that fit, how many kperfdata refuses in a random order. */
static void order_of(unsigned cpu, unsigned size)
{
    struct kpdb_options optimal = {.release = KPDB_ANY_RELEASE};
    struct kpdb_options greedy = {.release = KPDB_ANY_RELEASE, .strategy = KPDB_KPERFDATA};
    static struct kpdb_request all[KPDB_PLAN_MAX];
    unsigned count = configurable(cpu, all), feasible = 0, refused = 0;
    struct kpdb_encoding out;

    for (unsigned tries = 0; feasible < SETS && tries < 200 * SETS; tries++) {
        struct kpdb_request set[MOST];

        for (unsigned i = 0; i < size; i++) { /* a random prefix of a random order of them all */
            unsigned other = i + next_random() % (count - i);
            struct kpdb_request swap = all[i];

            all[i] = all[other];
            all[other] = swap;
            set[i] = all[i];
        }
        if (kpdb_encode(cpu, &optimal, set, size, &out) != KPDB_OK)
            continue;
        feasible++;
        refused += kpdb_encode(cpu, &greedy, set, size, &out) != KPDB_OK;
    }
    if (feasible < 100)
        printf("%6s", "-");
    else
        printf("%5.0f%%", 100.0 * refused / feasible);
}

static void order(void)
{
    static const char *const cpus[] = {"a7", "a14", "as3", "as4", "as5", "icelake"};

    printf("Sets of events that fit, refused by kperfdata in a random order, by size\n\n%-10s", "");
    for (unsigned size = 2; size <= 8; size++)
        printf("%6u", size);
    puts("");
    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        int cpu = kpdb_cpu_find(cpus[i], strlen(cpus[i]));

        printf("%-10s", cpus[i]);
        for (unsigned size = 2; size <= 8; size++)
            order_of((unsigned)cpu, size);
        puts("");
    }
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
    for (unsigned r = 0; r < rounds; r++)
        sum += (unsigned)kpdb_encode(cpu, &options, events, 8, &out) + out.slots;
    return sum;
}

/* The same number of events by libpfm4 on its nearest PMU: Ice Lake. */
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
    unsigned sum = 0;

    if (pfm_initialize() != PFM_SUCCESS)
        return 0;
    for (unsigned r = 0; r < rounds; r++)
        for (size_t i = 0; i < 8; i++) {
            pfm_pmu_encode_arg_t argument;

            memset(&argument, 0, sizeof argument);
            argument.size = sizeof argument;
            if (pfm_get_os_event_encoding(names[i], PFM_PLM3 | PFM_PLM0, PFM_OS_NONE, &argument) !=
                PFM_SUCCESS)
                fprintf(stderr, "libpfm4 has no %s\n", names[i]);
            sum += (unsigned)argument.count;
            free(argument.codes);
        }
    return sum;
}

static unsigned plan(unsigned rounds)
{
    static struct kpdb_request all[KPDB_PLAN_MAX];
    static uint16_t passes[KPDB_PLAN_MAX];
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE};
    struct kpdb_bottleneck bottleneck;
    unsigned cpu = (unsigned)kpdb_cpu_find("icelake", 7), count = configurable(cpu, all);
    unsigned failed, sum = count;

    for (unsigned r = 0; r < rounds; r++)
        sum += (unsigned)kpdb_plan(cpu, &options, all, count, passes, &bottleneck, &failed);
    return sum;
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 0, sum = 0;

    if (argc > 1 && strcmp(argv[1], "order") == 0)
        order();
    else if (argc > 2 && strcmp(argv[1], "encode") == 0)
        sum = encode(rounds);
    else if (argc > 2 && strcmp(argv[1], "pfm") == 0)
        sum = pfm(rounds);
    else if (argc > 2 && strcmp(argv[1], "plan") == 0)
        sum = plan(rounds);
    else
        return 2;
    return sum == 1;
}
