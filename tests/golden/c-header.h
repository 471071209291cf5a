/*
 * Events of T1, T1 Max
 * (database t1, "Test CPU"), written by kpepc from
 * r-1.
 *
 * An event is here if any of these releases lists it, since what one does not list the chip
 * counts all the same; a comment tells which do, unless all. One that was renamed is here by
 * each of its names. Bare numbers, no type and nothing to include, for C, #if and assembler.
 *
 * Per event (KPEP_T1_EVENT_...) and per chip-agnostic name (KPEP_T1_NAME_...):
 * NUMBER, the selector; COUNTERS, the mask of absolute counter numbers that can count it; and for
 * a fixed event FIXED, the number of its counter. A fixed event without a selector has no
 * NUMBER, and a name that t1 does not support is not here.
 */
#ifndef KPEP_T1_H
#define KPEP_T1_H

/* Masks of counters, and the width of a selector in bits. */
#define KPEP_T1_FIXED_COUNTERS 0x3
#define KPEP_T1_CONFIG_COUNTERS 0x3fc
#define KPEP_T1_POWER_COUNTERS 0xe0
#define KPEP_T1_EVENT_BITS 16

/*
 * The PMU's registers, as names for the assembler's msr and mrs (kpep's doc/kernel.md 2.7).
 */
#define KPEP_T1_PMCR0 "s3_1_c15_c0_0"
#define KPEP_T1_PMCR1 "s3_1_c15_c1_0"
#define KPEP_T1_PMESR0 "s3_1_c15_c5_0"
#define KPEP_T1_PMESR1 "s3_1_c15_c6_0"
#define KPEP_T1_PMC0 "s3_2_c15_c0_0"
#define KPEP_T1_PMC1 "s3_2_c15_c1_0"
#define KPEP_T1_PMC2 "s3_2_c15_c2_0"
#define KPEP_T1_PMC3 "s3_2_c15_c3_0"
#define KPEP_T1_PMC4 "s3_2_c15_c4_0"
#define KPEP_T1_PMC5 "s3_2_c15_c5_0"
#define KPEP_T1_PMC6 "s3_2_c15_c6_0"
#define KPEP_T1_PMC7 "s3_2_c15_c7_0"
#define KPEP_T1_PMC8 "s3_2_c15_c9_0"
#define KPEP_T1_PMC9 "s3_2_c15_c10_0"

/*
 * Their bits, 64 wide, by the number of a counter: of PMCR0, that it runs and that its overflow
 * interrupts; of PMCR1, that it counts in user mode (EL0) and in the kernel's (EL1); of PMESR0
 * and PMESR1, the selector of what it counts, or 0 where it has its own in the other.
 */
#define KPEP_T1_COUNTER_BIT(counter) (1ull << ((counter) < 8 ? (counter) : (counter) + 24))
#define KPEP_T1_PMCR0_ENABLE(counter) KPEP_T1_COUNTER_BIT(counter)
#define KPEP_T1_PMCR0_INTERRUPT(counter) (KPEP_T1_COUNTER_BIT(counter) << 12)
#define KPEP_T1_PMCR1_EL0(counter) (KPEP_T1_COUNTER_BIT(counter) << 8)
#define KPEP_T1_PMCR1_EL1(counter) (KPEP_T1_COUNTER_BIT(counter) << 16)
#define KPEP_T1_PMESR0_EVENT(number, counter) \
    ((counter) >= 2 && (counter) < 6 ? (number) * 1ull << ((counter) + 2) % 4 * 16 : 0ull)
#define KPEP_T1_PMESR1_EVENT(number, counter) \
    ((counter) >= 6 && (counter) < 10 ? (number) * 1ull << ((counter) + 2) % 4 * 16 : 0ull)

/* In a word of macOS's kpc_set_config(), beside the selector: the modes (doc/kernel.md 2.3). */
#define KPEP_T1_WORD_EL0 0x20000
#define KPEP_T1_WORD_EL1 0x40000

/*
 * ARM_STALL
 */
#define KPEP_T1_EVENT_ARM_STALL_NUMBER 0x4006
#define KPEP_T1_EVENT_ARM_STALL_COUNTERS 0xfc

/*
 * FIXED_CYCLES
 * Core clock cycles.
 */
#define KPEP_T1_EVENT_FIXED_CYCLES_COUNTERS 0x1
#define KPEP_T1_EVENT_FIXED_CYCLES_FIXED 0

/*
 * FIXED_INSTRUCTIONS
 * Retired instructions.
 */
#define KPEP_T1_EVENT_FIXED_INSTRUCTIONS_COUNTERS 0x2
#define KPEP_T1_EVENT_FIXED_INSTRUCTIONS_FIXED 1

/*
 * INST_ALL
 * Retired instructions.
 * Errata: ABC1, ABC23
 */
#define KPEP_T1_EVENT_INST_ALL_NUMBER 0x8c
#define KPEP_T1_EVENT_INST_ALL_COUNTERS 0x80

/*
 * INST_BRANCH
 * Retired branches, \"calls\" & returns included. (Likely.)
 * Errata: ABC1, ABC23
 */
#define KPEP_T1_EVENT_INST_BRANCH_NUMBER 0x8d
#define KPEP_T1_EVENT_INST_BRANCH_COUNTERS 0xe0

/*
 * L1D_CACHE_MISS_LD
 */
#define KPEP_T1_EVENT_L1D_CACHE_MISS_LD_NUMBER 0xa3
#define KPEP_T1_EVENT_L1D_CACHE_MISS_LD_COUNTERS 0x3fc

/*
 * LDST_X64_UOP
 */
#define KPEP_T1_EVENT_LDST_X64_UOP_NUMBER 0xb1
#define KPEP_T1_EVENT_LDST_X64_UOP_COUNTERS 0x3fc

/*
 * branches is INST_BRANCH
 * Retired branches. Unit: branches.
 */
#define KPEP_T1_NAME_BRANCHES_NUMBER 0x8d
#define KPEP_T1_NAME_BRANCHES_COUNTERS 0xe0

/*
 * cycles is FIXED_CYCLES
 * Core clock cycles. Unit: cycles.
 */
#define KPEP_T1_NAME_CYCLES_COUNTERS 0x1
#define KPEP_T1_NAME_CYCLES_FIXED 0

/*
 * instructions is FIXED_INSTRUCTIONS
 * Retired instructions. Unit: instructions.
 */
#define KPEP_T1_NAME_INSTRUCTIONS_COUNTERS 0x2
#define KPEP_T1_NAME_INSTRUCTIONS_FIXED 1

#endif
