/* read KPERF KPERFDATA N: reads ten counters of the simulated M1 N times, sorted and raw. */
#include "kplive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS = 10 };

static const char *const names[EVENTS] = {
    "FIXED_CYCLES",   "FIXED_INSTRUCTIONS", "INST_BRANCH",       "BRANCH_MISPRED_NONSPEC",
    "INST_ALL",       "L1D_CACHE_MISS_LD",  "L1D_CACHE_MISS_ST", "MAP_STALL",
    "L1D_TLB_ACCESS", "L1D_TLB_MISS"};

_Noreturn static void fail(const char *what, const char *hint)
{
    fprintf(stderr, "read: %s: %s\n", what, hint);
    exit(1);
}

static struct kplive *start(const char *kperf, const char *kperfdata)
{
    struct kplive_options options = {
        .kperf = kperf, .kperfdata = kperfdata, .words = KPLIVE_VERIFY};
    struct kpdb_request events[EVENTS];
    struct kplive_error error = {0};
    struct kplive *sampler;

    for (size_t i = 0; i < EVENTS; i++)
        events[i] = (struct kpdb_request){names[i], strlen(names[i]), false};
    if (kplive_open(&options, &sampler, &error) != KPLIVE_OK ||
        kplive_program(sampler, events, EVENTS, &error) != KPLIVE_OK ||
        kplive_start(sampler, &error) != KPLIVE_OK)
        fail(kplive_strerror((int)error.status), error.hint);
    return sampler;
}

int main(int argc, char **argv)
{
    uint64_t values[EVENTS], slots[KPDB_COUNTERS_MAX];
    struct kplive *sampler;

    if (argc != 4)
        return 2;
    sampler = start(argv[1], argv[2]);
    for (long i = atol(argv[3]); i > 0; i--)
        if (kplive_read(sampler, values) != KPLIVE_OK ||
            kplive_read_raw(sampler, kplive_slots(sampler), slots) != KPLIVE_OK)
            fail("kplive_read", "failed");
    kplive_close(sampler);
    return 0;
}
