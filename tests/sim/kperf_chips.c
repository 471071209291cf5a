/*
 * The chips: what they call themselves, their counters, and which event counts where. The selectors
 * and the macOS whose kernel first lists them are those of kernel.md 2.5, counter masks those of
 * kernel.md 2.3; what is marked macOS 26 is in no public list, only in the kpep databases of that
 * release.
 */
#include "kperf_machine.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

enum { ANY = 0x3fc, PMC2_7 = 0xfc, PMC5_7 = 0xe0, PMC7 = 0x80 };

struct group {
    uint32_t counters;
    enum kernel_list since;
    const uint16_t *selectors;
    size_t count;
};

static const uint16_t m1_any_macos_14_0[] = {0x02, 0x04, 0x05, 0x07, 0x08, 0x0a, 0x0b, 0x0d, 0x52,
                                             0x6c, 0x70, 0x75, 0x76, 0x7c, 0x7d, 0x7e, 0x84, 0xa0,
                                             0xa1, 0xa2, 0xa3, 0xa6, 0xa7, 0xa8, 0xb1, 0xb2, 0xb3,
                                             0xb4, 0xd4, 0xd6, 0xdb, 0xde, 0xe5, 0xe6};
static const uint16_t m1_pmc5_7_macos_14_0[] = {0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
                                                0x98, 0x99, 0x9c, 0xbf, 0xc0, 0xc1, 0xc4,
                                                0xc5, 0xc6, 0xc8, 0xca, 0xcb};
static const uint16_t m1_pmc7_macos_14_0[] = {0x01, 0x8c, 0x96, 0x97, 0x9a, 0x9b};
static const uint16_t m1_any_macos_26[] = {0x51};
static const struct group m1_events[] = {
    {ANY, MACOS_14_0, m1_any_macos_14_0, LENGTH(m1_any_macos_14_0)},
    {PMC5_7, MACOS_14_0, m1_pmc5_7_macos_14_0, LENGTH(m1_pmc5_7_macos_14_0)},
    {PMC7, MACOS_14_0, m1_pmc7_macos_14_0, LENGTH(m1_pmc7_macos_14_0)},
    {ANY, MACOS_26, m1_any_macos_26, LENGTH(m1_any_macos_26)},
};

static const uint16_t m2_any_macos_14_4[] = {0x02, 0x04, 0x05, 0x07, 0x08, 0x0a, 0x0b, 0x0d, 0x6c,
                                             0x70, 0x75, 0x76, 0x7c, 0x7d, 0x7e, 0x84, 0xa0, 0xa1,
                                             0xa2, 0xa3, 0xa6, 0xa7, 0xa8, 0xb1, 0xb2, 0xb3, 0xb4,
                                             0xd4, 0xd6, 0xdb, 0xde, 0xe5, 0xe6};
static const uint16_t m2_pmc5_7_macos_14_4[] = {0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
                                                0x98, 0x99, 0x9c, 0xbf, 0xc0, 0xc1, 0xc4,
                                                0xc5, 0xc6, 0xc8, 0xca, 0xcb};
static const uint16_t m2_pmc7_macos_14_4[] = {0x01, 0x8c, 0x96, 0x97, 0x9a, 0x9b};
static const uint16_t m2_any_macos_26[] = {0x51};
static const uint16_t m2_pmc7_macos_26[] = {0x9f};
static const struct group m2_events[] = {
    {ANY, MACOS_14_4, m2_any_macos_14_4, LENGTH(m2_any_macos_14_4)},
    {PMC5_7, MACOS_14_4, m2_pmc5_7_macos_14_4, LENGTH(m2_pmc5_7_macos_14_4)},
    {PMC7, MACOS_14_4, m2_pmc7_macos_14_4, LENGTH(m2_pmc7_macos_14_4)},
    {ANY, MACOS_26, m2_any_macos_26, LENGTH(m2_any_macos_26)},
    {PMC7, MACOS_26, m2_pmc7_macos_26, LENGTH(m2_pmc7_macos_26)},
};

static const uint16_t m3_any_macos_15_0[] = {
    0x02,  0x84,  0x1d4, 0x1d6, 0x1db, 0x1de, 0x269, 0x26c, 0x270, 0x275, 0x276, 0x27c,
    0x27d, 0x27e, 0x404, 0x405, 0x407, 0x408, 0x40a, 0x40b, 0x40d, 0x5a0, 0x5a1, 0x5a2,
    0x5a3, 0x5a6, 0x5a7, 0x5a8, 0x5b1, 0x5b2, 0x5b3, 0x5b4, 0x5e5, 0x5e6};
static const uint16_t m3_pmc5_7_macos_15_0[] = {0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
                                                0x98, 0x99, 0x9c, 0xbf, 0xc0, 0xc1, 0xc4,
                                                0xc5, 0xc6, 0xc8, 0xca, 0xcb};
static const uint16_t m3_pmc7_macos_15_0[] = {0x01, 0x8c, 0x96, 0x97, 0x9a, 0x9b};
static const uint16_t m3_any_macos_15_4[] = {0x182, 0x183};
static const uint16_t m3_any_macos_26[] = {0x283, 0x290, 0x291, 0x351};
static const uint16_t m3_pmc7_macos_26[] = {0x9f};
static const struct group m3_events[] = {
    {ANY, MACOS_15_0, m3_any_macos_15_0, LENGTH(m3_any_macos_15_0)},
    {PMC5_7, MACOS_15_0, m3_pmc5_7_macos_15_0, LENGTH(m3_pmc5_7_macos_15_0)},
    {PMC7, MACOS_15_0, m3_pmc7_macos_15_0, LENGTH(m3_pmc7_macos_15_0)},
    {ANY, MACOS_15_4, m3_any_macos_15_4, LENGTH(m3_any_macos_15_4)},
    {ANY, MACOS_26, m3_any_macos_26, LENGTH(m3_any_macos_26)},
    {PMC7, MACOS_26, m3_pmc7_macos_26, LENGTH(m3_pmc7_macos_26)},
};

static const uint16_t m4_any_macos_15_0[] = {
    0x11,  0x3b,  0x182, 0x183, 0x1d4, 0x1d6, 0x1de, 0x26c, 0x270, 0x275, 0x276, 0x27c,
    0x27d, 0x27e, 0x404, 0x405, 0x407, 0x408, 0x40a, 0x40b, 0x40d, 0x5a0, 0x5a1, 0x5a2,
    0x5a3, 0x5a6, 0x5a7, 0x5a8, 0x5b1, 0x5b2, 0x5b3, 0x5b4, 0x5e5, 0x5e6, 0x884, 0x4006};
static const uint16_t m4_pmc2_7_macos_15_0[] = {0x08,  0x21,  0x22,  0x3a,  0x88e, 0x88f, 0x890,
                                                0x893, 0x894, 0x895, 0x898, 0x899, 0x89c, 0x8bf,
                                                0x8c0, 0x8c1, 0x8c4, 0x8c5, 0x8c6, 0x8c8, 0x8ca};
static const uint16_t m4_pmc7_macos_15_0[] = {0x896, 0x897, 0x89a, 0x89b};
static const uint16_t m4_any_macos_26[] = {
    0x03,  0x04,  0x10,  0x12,  0x23,  0x24,  0x39,  0x3c,  0x3d,  0x3e,  0x3f,  0x40,
    0x1e1, 0x283, 0x285, 0x286, 0x287, 0x288, 0x28c, 0x28e, 0x28f, 0x290, 0x291, 0x294,
    0x2ad, 0x2ae, 0x351, 0x508, 0x529, 0x52c, 0x52e, 0x573, 0x574, 0x575, 0x576, 0x577};
static const uint16_t m4_pmc2_7_macos_26[] = {0x8a0, 0x8a1, 0x8a2, 0x8a3};
static const uint16_t m4_pmc7_macos_26[] = {0x89f};
static const struct group m4_events[] = {
    {ANY, MACOS_15_0, m4_any_macos_15_0, LENGTH(m4_any_macos_15_0)},
    {PMC2_7, MACOS_15_0, m4_pmc2_7_macos_15_0, LENGTH(m4_pmc2_7_macos_15_0)},
    {PMC7, MACOS_15_0, m4_pmc7_macos_15_0, LENGTH(m4_pmc7_macos_15_0)},
    {ANY, MACOS_26, m4_any_macos_26, LENGTH(m4_any_macos_26)},
    {PMC2_7, MACOS_26, m4_pmc2_7_macos_26, LENGTH(m4_pmc2_7_macos_26)},
    {PMC7, MACOS_26, m4_pmc7_macos_26, LENGTH(m4_pmc7_macos_26)},
};

static const uint16_t m5_any_macos_26[] = {
    0x03,  0x04,  0x10,  0x11,  0x12,   0x13,   0x14,   0x23,  0x24,  0x39,  0x3b,  0x3c,
    0x3d,  0x3e,  0x3f,  0x40,  0x66,   0x67,   0x182,  0x183, 0x186, 0x1d4, 0x1d6, 0x1de,
    0x1e1, 0x1e4, 0x26c, 0x270, 0x275,  0x276,  0x27c,  0x27d, 0x27e, 0x283, 0x285, 0x286,
    0x287, 0x288, 0x28c, 0x28e, 0x28f,  0x290,  0x291,  0x294, 0x295, 0x29d, 0x2ad, 0x2ae,
    0x351, 0x404, 0x405, 0x407, 0x408,  0x40a,  0x40b,  0x508, 0x529, 0x52c, 0x52e, 0x573,
    0x574, 0x575, 0x576, 0x577, 0x580,  0x5a0,  0x5a1,  0x5a2, 0x5a3, 0x5a6, 0x5a7, 0x5a8,
    0x5b1, 0x5b2, 0x5b3, 0x5b4, 0x5e5,  0x5e6,  0x884,  0x916, 0x917, 0x918, 0x919, 0x91b,
    0x91c, 0x91d, 0x91e, 0x91f, 0x4006, 0x4024, 0x4025, 0x4026};
static const uint16_t m5_pmc2_7_macos_26[] = {
    0x08,  0x21,  0x22,  0x3a,  0x88e, 0x88f, 0x890, 0x891, 0x893, 0x894, 0x895, 0x898,
    0x899, 0x89c, 0x8a0, 0x8a1, 0x8a2, 0x8a3, 0x8af, 0x8b0, 0x8b1, 0x8b2, 0x8b3, 0x8b4,
    0x8b9, 0x8ba, 0x8bf, 0x8c0, 0x8c1, 0x8c4, 0x8c5, 0x8c6, 0x8c7, 0x8c8, 0x8ca};
static const uint16_t m5_pmc7_macos_26[] = {0x896, 0x897, 0x89a, 0x89b, 0x89f, 0x8a4};
static const struct group m5_events[] = {
    {ANY, MACOS_26, m5_any_macos_26, LENGTH(m5_any_macos_26)},
    {PMC2_7, MACOS_26, m5_pmc2_7_macos_26, LENGTH(m5_pmc2_7_macos_26)},
    {PMC7, MACOS_26, m5_pmc7_macos_26, LENGTH(m5_pmc7_macos_26)},
};
static const struct chip chips[SIM_CHIPS] = {
#define ARM(name, db, family, width, selector, all_events, e_cores)                      \
    {                                                                                    \
        name, db, 0x0100000c, 2, family, 0, width, selector, 2, 8, 4, e_cores, 24000000, \
            all_events, LENGTH(all_events)                                               \
    }
    [SIM_M1] = ARM("m1", "a14", 0x1b588bb3, 47, 0xff, m1_events, 4),
    [SIM_M2] = ARM("m2", "a15", 0xda33d83d, 63, 0xff, m2_events, 4),
    [SIM_M3] = ARM("m3", "as1", 0xfa33415e, 63, 0xffff, m3_events, 4),
    [SIM_M4] = ARM("m4", "as4", 0x6f5129ac, 63, 0xffff, m4_events, 6),
    [SIM_M5] = ARM("m5", "as5", 0x1d5a87e8, 63, 0xffff, m5_events, 6),
    [SIM_HASWELL] = {"haswell", "haswell", 7, 8, 0x10b282dc, 0x46, 48, 0xff, 3, 4, 8, 0, 1000000000,
                     NULL, 0},
    [SIM_ICELAKE] = {"icelake", "icelake", 7, 8, 0x38435547, 0x7e, 48, 0xff, 4, 8, 8, 0, 1000000000,
                     NULL, 0},
};

const struct chip *chip_of(enum sim_chip chip)
{
    return &chips[chip];
}

bool chip_is_x86(enum sim_chip chip)
{
    return chips[chip].event_groups == NULL;
}

bool chip_by_name(const char *name, enum sim_chip *chip)
{
    for (int i = 0; i < SIM_CHIPS; i++)
        if (strcmp(name, chips[i].name) == 0 || strcmp(name, chips[i].database) == 0) {
            *chip = (enum sim_chip)i;
            return true;
        }
    return false;
}

/* The chip that calls itself what the configuration says. */
bool chip_by_id(const struct sim_config *id, enum sim_chip *chip)
{
    for (int i = 0; i < SIM_CHIPS; i++)
        if (chips[i].cputype == id->cputype && chips[i].cpusubtype == id->cpusubtype &&
            chips[i].cpufamily == id->cpufamily) {
            *chip = (enum sim_chip)i;
            return true;
        }
    return false;
}

/* The group an arm64 event is in. */
static const struct group *group_of(enum sim_chip chip, uint32_t selector)
{
    for (size_t i = 0; i < chips[chip].event_group_count; i++) {
        const struct group *group = &chips[chip].event_groups[i];
        for (size_t k = 0; k < group->count; k++)
            if (group->selectors[k] == selector)
                return group;
    }
    return NULL;
}

/* kernel.md 2.5: 0 is always allowed; all else has to be in the list of that kernel. */
bool chip_allows(enum sim_chip chip, uint32_t selector, enum kernel_list list)
{
    selector &= chips[chip].selector_mask;
    if (selector == 0)
        return true;
    const struct group *group = group_of(chip, selector);
    return group != NULL && group->since <= list;
}

/* Which of Haswell's counters 3-6 (3-10 without HyperThreading) and Ice Lake's 4-11, from the kpep
 * databases of macOS 15. */
static uint32_t intel_counters(enum sim_chip chip, uint32_t selector, uint32_t umask)
{
    static const uint8_t first_four[] = {0x03, 0x07, 0x08, 0x24, 0x28, 0x32, 0x48, 0x49,
                                         0x4c, 0x51, 0x54, 0x60, 0x79, 0x80, 0x83, 0x85,
                                         0x87, 0xa3, 0xa8, 0xab, 0xb0, 0xb7, 0xbd, 0xd0,
                                         0xd1, 0xd2, 0xe6, 0xf0, 0xf1, 0xf2, 0xf4};
    if (selector == 0)
        return 0;
    if (chip == SIM_HASWELL) {
        if (selector == 0xc0 && umask == 1)
            return 0x10;
        if (selector == 0x48 || (selector == 0xa3 && umask == 8))
            return 0x20;
        return selector == 0xcd ? 0x40 : 0x7f8;
    }
    if (selector == 0xa3 && (umask == 4 || umask == 16 || umask == 20))
        return 0xff0;
    return memchr(first_four, (int)selector, sizeof(first_four)) != NULL ? 0xf0 : 0xff0;
}

uint32_t chip_counters(enum sim_chip chip, uint32_t selector, uint32_t umask)
{
    selector &= chips[chip].selector_mask;
    if (chip_is_x86(chip))
        return intel_counters(chip, selector, umask & 0xff);
    const struct group *group = group_of(chip, selector);
    return group == NULL ? 0 : group->counters;
}

uint32_t sim_counters(enum sim_chip chip, uint32_t selector, uint32_t umask)
{
    const uint32_t first = chips[chip].fixed, count = chips[chip].configurable;
    return chip_counters(chip, selector, umask) & ((1u << count) - 1) << first;
}

uint64_t sim_count(enum sim_chip chip, uint32_t selector, uint32_t umask, uint64_t units)
{
    const bool x86 = chip_is_x86(chip), m4 = chip == SIM_M4 || chip == SIM_M5;
    selector &= chips[chip].selector_mask;
    umask = x86 ? umask & 0xff : 0;
    if (units == 0 || chip_counters(chip, selector, umask) == 0)
        return 0;
    if (x86 ? selector == 0xc0 && umask <= 1 : selector == (m4 ? 0x08 : 0x8c))
        return units;
    if (x86 ? selector == 0x3c && umask == 0 : selector == (m4 ? 0x11 : 0x02))
        return 2 * units;
    const uint64_t key = selector | umask << 8;
    return (key + 3) * units + key % 89 + 5;
}

uint64_t sim_count_fixed(enum sim_chip chip, unsigned counter, uint64_t units)
{
    static const unsigned arm[] = {2, 1}, x86[] = {1, 2, 1, 4};
    if (counter >= chips[chip].fixed)
        return 0;
    return units * (chip_is_x86(chip) ? x86[counter] : arm[counter]);
}

unsigned sim_width(enum sim_chip chip)
{
    return chips[chip].width;
}
