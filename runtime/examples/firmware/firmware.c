/*
 * Event numbers in firmware: bare metal on an M1 counts three events with the constants of
 * `kpepc emit` alone. No library, no libc. The registers and their bits are as Linux's driver has
 * them (drivers/perf/apple_m1_cpu_pmu.c).
 *
 *   kpepc emit -t c-header --cpu a14 -o a14.h macos-26.4=db/kpep/macos-26.4
 *   aarch64-linux-gnu-gcc -Os -ffreestanding -nostdlib -static -Wl,-e,entry firmware.c
 *   cc firmware.c && ./a.out       # on any machine: prints what it would write
 *
 * A core without these registers, which sets up an M1's from outside, gets them in memory:
 *
 *   arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb -Os -ffreestanding -nostdlib -Wl,-e,entry firmware.c
 */
#include <stdint.h>

#include "a14.h"

/* What to count, and on which counter. */
#define EVENTS(EVENT)                \
    EVENT(L1D_CACHE_MISS_LD, 2)      \
    EVENT(BRANCH_MISPRED_NONSPEC, 5) \
    EVENT(INST_BRANCH, 6)

/* On a counter that cannot count it an event is another one, so the compiler looks. */
#define CHECK(event, counter)                                                   \
    _Static_assert((KPEP_A14_EVENT_##event##_COUNTERS & 1 << counter) != 0,     \
                   #event " cannot be counted on counter " #counter);           \
    _Static_assert(KPEP_A14_EVENT_##event##_NUMBER >> KPEP_A14_EVENT_BITS == 0, \
                   #event " is too wide for its byte");
EVENTS(CHECK)

/* A byte a selector: counters 2 to 5 have PMESR0, and 6 to 9 PMESR1. */
#define SELECTOR(event, counter) (uint64_t) KPEP_A14_EVENT_##event##_NUMBER << (counter - 2) % 4 * 8
#define LOW(event, counter)      | (counter < 6 ? SELECTOR(event, counter) : 0)
#define HIGH(event, counter)     | (counter < 6 ? 0 : SELECTOR(event, counter))

/* A bit a counter; those of 8 and 9 are 24 bits further on. */
#define BIT(event, counter) | (uint64_t)1 << (counter < 8 ? counter : counter + 24)
#define COUNTERS            (KPEP_A14_FIXED_COUNTERS EVENTS(BIT))

enum pmu_register { PMESR0, PMESR1, PMCR1, PMCR0 };

static const struct {
    enum pmu_register number;
    uint64_t value;
} words[] = {
    {PMESR0, 0 EVENTS(LOW)},
    {PMESR1, 0 EVENTS(HIGH)},
    {PMCR1, COUNTERS << 8 | COUNTERS << 16}, /* in user mode, and in the kernel's */
    {PMCR0, COUNTERS},                       /* they run */
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
#define PRINT(event, counter) \
    printf("%s %u %d\n", #event, KPEP_A14_EVENT_##event##_NUMBER, counter);
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
        __asm__ volatile("msr s3_1_c15_c5_0, %0" : : "r"(value));
        break;
    case PMESR1:
        __asm__ volatile("msr s3_1_c15_c6_0, %0" : : "r"(value));
        break;
    case PMCR1:
        __asm__ volatile("msr s3_1_c15_c1_0, %0" : : "r"(value));
        break;
    case PMCR0:
        __asm__ volatile("msr s3_1_c15_c0_0, %0\n isb" : : "r"(value) : "memory");
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
