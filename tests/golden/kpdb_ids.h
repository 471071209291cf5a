/*
 * Written by kpepc: do not edit. The releases, by number:
 *   0 r-1
 *
 * The numbers hold for this compile only, and kpdb_tables.h checks that it is of
 * the same one.
 */
#ifndef KPDB_IDS_H
#define KPDB_IDS_H

#define KPDB_FINGERPRINT 0xd3b1713du

/* CPUs: kpdb_cpu(). */
#define KPDB_CPU_T1 0 /* t1 */

/* Hardware events, each the same on every chip that has it: kpdb_on(). */
#define KPDB_EVENT_ARM_STALL 0
#define KPDB_EVENT_FIXED_CYCLES 2
#define KPDB_EVENT_FIXED_INSTRUCTIONS 3
#define KPDB_EVENT_INST_ALL 4
#define KPDB_EVENT_INST_BRANCH 5
#define KPDB_EVENT_L1D_CACHE_MISS_LD 7
#define KPDB_EVENT_LDST_X64_UOP 8

/* Chip-agnostic names: kpdb_name(), kpdb_name_on(). */
#define KPDB_NAME_BRANCHES 0
#define KPDB_NAME_CACHE_MISSES 1
#define KPDB_NAME_CYCLES 2
#define KPDB_NAME_INSTRUCTIONS 3

#endif
