/*
 * Event numbers in firmware: bare metal on an M1 counts three events, cycles and instructions with
 * the constants of `kpepc emit` alone. No library, no libc.
 *
 *   kpepc emit -t c-header --cpu m1 --chips db/chips.plist -o m1.h RELEASE=db/kpep/RELEASE...
 *   aarch64-linux-gnu-gcc -Os -ffreestanding -nostdlib -static -Wl,-e,entry firmware.c
 *   cc firmware.c && ./a.out       # on any machine: prints what it would write
 *
 * A core without these registers, which sets up an M1's from outside, gets them in memory:
 *
 *   arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb -Os -ffreestanding -nostdlib -Wl,-e,entry firmware.c
 */
#include <stdint.h>

#include "m1.h"

/* What to count, and on which counter. */
#define EVENTS(EVENT)                \
    EVENT(L1D_CACHE_MISS_LD, 2)      \
    EVENT(BRANCH_MISPRED_NONSPEC, 5) \
    EVENT(INST_BRANCH, 6)

/* On a counter that cannot count it an event is another one, so the compiler looks. */
#define CHECK(event, counter)                                                 \
    _Static_assert((KPEP_M1_EVENT_##event##_COUNTERS & 1 << counter) != 0,    \
                   #event " cannot be counted on counter " #counter);         \
    _Static_assert(KPEP_M1_EVENT_##event##_NUMBER >> KPEP_M1_EVENT_BITS == 0, \
                   #event " is too wide for its byte");
EVENTS(CHECK)

/* The counters of cycles and instructions, which count nothing else. */
#define FIXED(EVENT)                                      \
    EVENT(FIXED_CYCLES, KPEP_M1_EVENT_FIXED_CYCLES_FIXED) \
    EVENT(FIXED_INSTRUCTIONS, KPEP_M1_EVENT_FIXED_INSTRUCTIONS_FIXED)

#define LOW(event, counter)   | KPEP_M1_PMESR0_EVENT(KPEP_M1_EVENT_##event##_NUMBER, counter)
#define HIGH(event, counter)  | KPEP_M1_PMESR1_EVENT(KPEP_M1_EVENT_##event##_NUMBER, counter)
#define MODES(event, counter) | KPEP_M1_PMCR1_EL0(counter) | KPEP_M1_PMCR1_EL1(counter)
#define RUN(event, counter)   | KPEP_M1_PMCR0_ENABLE(counter)

enum pmu_register { PMESR0, PMESR1, PMCR1, PMCR0 };

static const struct {
    enum pmu_register number;
    uint64_t value;
} words[] = {
    {PMESR0, 0 EVENTS(LOW)},
    {PMESR1, 0 EVENTS(HIGH)},
    {PMCR1, 0 FIXED(MODES) EVENTS(MODES)},
    {PMCR0, 0 FIXED(RUN) EVENTS(RUN)},
};

static void write_register(enum pmu_register number, uint64_t value);

static void start_counting(void)
{
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        write_register(words[i].number, words[i].value);
}

#if __STDC_HOSTED__
#include <stdio.h>

static void write_register(enum pmu_register number, uint64_t value)
{
    static const char names[][8] = {"PMESR0", "PMESR1", "PMCR1", "PMCR0"};

    printf("%s 0x%llx\n", names[number], (unsigned long long)value);
}

int main(void)
{
#define PRINT(event, counter) printf("%s %u %d\n", #event, KPEP_M1_EVENT_##event##_NUMBER, counter);
    EVENTS(PRINT)
    start_counting();
    return 0;
}
#else
#ifdef __aarch64__
static void write_register(enum pmu_register number, uint64_t value)
{
    switch (number) {
    case PMESR0:
        __asm__ volatile("msr " KPEP_M1_PMESR0 ", %0" : : "r"(value));
        break;
    case PMESR1:
        __asm__ volatile("msr " KPEP_M1_PMESR1 ", %0" : : "r"(value));
        break;
    case PMCR1:
        __asm__ volatile("msr " KPEP_M1_PMCR1 ", %0" : : "r"(value));
        break;
    case PMCR0:
        __asm__ volatile("msr " KPEP_M1_PMCR0 ", %0\n isb" : : "r"(value) : "memory");
        break;
    }
}
#else
volatile uint64_t pmu_registers[4];

static void write_register(enum pmu_register number, uint64_t value)
{
    pmu_registers[number] = value;
}
#endif

_Noreturn void entry(void);

void entry(void)
{
    start_counting();
    for (;;)
        ;
}
#endif
