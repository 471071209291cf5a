/* The row of gperf's tables, its members in the order that wastes no byte. */
#ifndef GPERF_ROW_H
#define GPERF_ROW_H

#include <stddef.h>
#include <stdint.h>

struct gperf_row {
    const char *name;
    uint32_t mask; /* of counters */
    uint16_t number;
    uint8_t umask;
    int8_t fixed; /* counter, or -1 */
};

/* With --pic: the name is its place in one string. */
struct gperf_pool_row {
    int name;
    uint32_t mask;
    uint16_t number;
    uint8_t umask;
    int8_t fixed;
};

/* The rows of the one table for all CPUs: a name's number. */
struct gperf_name {
    const char *name;
    uint16_t number;
};

struct gperf_pool_name {
    int name;
    uint16_t number;
};

/* What a CPU has by a name. */
struct gperf_value {
    uint32_t mask;
    uint16_t number;
    uint8_t umask;
    int8_t fixed;
};

typedef const struct gperf_row *gperf_find(const char *name, size_t length);
typedef const struct gperf_pool_row *gperf_pool_find(const char *name, size_t length);

/* Written by bench.py: one function a table, in each of four kinds (see `gperf_kinds`). */
extern gperf_find *const gperf_plain[], *const gperf_lengths[];
extern gperf_pool_find *const gperf_pic[], *const gperf_pic_lengths[];

/* One table for all CPUs; `table` is one of those above, of the CPU that is meant. */
const struct gperf_value *gperf_one(const char *name, size_t length, unsigned table);
const struct gperf_value *gperf_one_pic(const char *name, size_t length, unsigned table);

#endif
