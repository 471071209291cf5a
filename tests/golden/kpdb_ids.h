/*
 * Written by kpepc: do not edit. The releases, by number:
 *   0 r-1
 *
 * An id names a hardware event on every chip; kpdb_on() gives it on one. The
 * numbers hold for this compile only, and kpdb_tables.h checks that it is of the
 * same one.
 */
#ifndef KPDB_IDS_H
#define KPDB_IDS_H

#define KPDB_FINGERPRINT 0xd16726b1u

/* CPUs. */
#define KPDB_CPU_T1 0 /* t1 */

/* Hardware events. */
#define KPDB_ARM_STALL 0
#define KPDB_FIXED_CYCLES 2
#define KPDB_FIXED_INSTRUCTIONS 3
#define KPDB_INST_ALL 4
#define KPDB_INST_BRANCH 5
#define KPDB_L1D_CACHE_MISS_LD 7
#define KPDB_LDST_X64_UOP 8

#endif
