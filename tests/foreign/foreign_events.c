/*
 * The events of the stand-in: those of Apple's own M1 file, as foreign_table.py read it, and a few
 * that no file has; which counter each can be on, and which selectors the kernel takes.
 */
#include "foreign_inside.h"

struct fact {
    const char *name, *alias;
    uint8_t number;
    uint32_t mask;
    bool fixed;
};

#define FACT(name, alias, number, mask, fixed) {name, alias, number, mask, fixed},
static const struct fact facts[] = {FACTS(FACT)};
#define SELECTOR(number) number,
static const uint8_t allowed[] = {ALLOWED(SELECTOR)};

/* 0xee and 0xef are not in the kernel's list: it refuses them. 0x8d with another mask is. */
static const struct fact added[] = {
    {"FOREIGN_ANYWHERE", "", 0xee, 0x3fc, false},
    {"FOREIGN_LAST_ONLY", "Foreign", 0xef, 0x200, false},
    {"INST_BRANCH_FOREIGN", NULL, 0x8d, 0xe0, false},
};
_Static_assert(COUNT(facts) + COUNT(added) == EVENTS, "as foreign_inside.h has it");

static const struct fact *fact(unsigned n)
{
    return n < COUNT(facts) ? &facts[n] : &added[n - COUNT(facts)];
}

EXPORT bool foreign_event(unsigned n, struct foreign_event *out)
{
    if (n >= EVENTS)
        return false;
    const struct fact *from = fact(n);
    *out = (struct foreign_event){
        .name = from->name,
        .alias = from->alias,
        .description = n % 3 == 0   ? NULL
                       : n % 3 == 1 ? ""
                                    : "as found in the stand-in",
        .errata = n % 5 == 0 ? "counts twice on Tuesdays" : NULL,
        .number = from->number,
        .mask = from->mask,
        .fixed = from->fixed,
        .added = n >= COUNT(facts),
    };
    return true;
}

bool selector_allowed(uint32_t selector)
{
    for (unsigned n = 0; n < COUNT(allowed); n++)
        if (allowed[n] == selector)
            return true;
    return selector == 0;
}

bool event_on(uint32_t selector, unsigned counter)
{
    for (unsigned n = 0; n < EVENTS; n++)
        if (!fact(n)->fixed && fact(n)->number == selector && (fact(n)->mask >> counter & 1))
            return true;
    return false;
}
