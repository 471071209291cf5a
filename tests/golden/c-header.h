/*
 * Written by kpepc from r-1: events of t1 (Test CPU).
 *
 * Bare numbers, no type and nothing to include. Per event (KPEP_T1_EVENT_...)
 * and per chip-agnostic name (KPEP_T1_NAME_...): NUMBER, the selector; UMASK,
 * Intel's unit mask; COUNTERS, the mask of absolute counter numbers that can
 * count it; and for a fixed event FIXED, the number of its counter. A fixed event
 * without a selector has no NUMBER, a CPU without unit masks no UMASK, and a name
 * that t1 does not support is not here.
 */
#ifndef KPEP_T1_H
#define KPEP_T1_H

#define KPEP_T1_FIXED_COUNTERS 0x3
#define KPEP_T1_CONFIG_COUNTERS 0x3fc
#define KPEP_T1_POWER_COUNTERS 0xe0
#define KPEP_T1_EVENT_BITS 16

#define KPEP_T1_EVENT_ARM_STALL_NUMBER 0x4006
#define KPEP_T1_EVENT_ARM_STALL_COUNTERS 0xfc

#define KPEP_T1_EVENT_FIXED_CYCLES_COUNTERS 0x1
#define KPEP_T1_EVENT_FIXED_CYCLES_FIXED 0

#define KPEP_T1_EVENT_FIXED_INSTRUCTIONS_COUNTERS 0x2
#define KPEP_T1_EVENT_FIXED_INSTRUCTIONS_FIXED 1

#define KPEP_T1_EVENT_INST_ALL_NUMBER 0x8c
#define KPEP_T1_EVENT_INST_ALL_COUNTERS 0x80

#define KPEP_T1_EVENT_INST_BRANCH_NUMBER 0x8d
#define KPEP_T1_EVENT_INST_BRANCH_COUNTERS 0xe0

#define KPEP_T1_EVENT_L1D_CACHE_MISS_LD_NUMBER 0xa3
#define KPEP_T1_EVENT_L1D_CACHE_MISS_LD_COUNTERS 0x3fc

#define KPEP_T1_EVENT_LDST_X64_UOP_NUMBER 0xb1
#define KPEP_T1_EVENT_LDST_X64_UOP_COUNTERS 0x3fc

/* branches is INST_BRANCH, in branches. */
#define KPEP_T1_NAME_BRANCHES_NUMBER 0x8d
#define KPEP_T1_NAME_BRANCHES_COUNTERS 0xe0

/* cycles is FIXED_CYCLES, in cycles. */
#define KPEP_T1_NAME_CYCLES_COUNTERS 0x1
#define KPEP_T1_NAME_CYCLES_FIXED 0

/* instructions is FIXED_INSTRUCTIONS, in instructions. */
#define KPEP_T1_NAME_INSTRUCTIONS_COUNTERS 0x2
#define KPEP_T1_NAME_INSTRUCTIONS_FIXED 1

#endif
