/*
 * A merged model -> findings: what is legal in databases but wrong. A rule is one function, called
 * for every event, every database, every unknown CPU id or once; it says what it finds with
 * add_finding(). What it says of kperfdata and the kernel is in doc/ (kperfdata.md 2.2, 2.3, 2.4;
 * kernel.md 2.2, 2.5); what there is to find in Apple's files in plists.md 1.3.
 */
#include "lint.h"

#include "common/buffer.h"
#include "common/text.h"
#include "findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lint;

/* A rule has one function, called for each event, each database or each unknown id, or once. */
struct rule {
    const char *name;
    enum severity severity;
    void (*event)(struct lint *lint, const struct event *event);
    void (*database)(struct lint *lint);
    void (*names)(struct lint *lint); /* once, for chip-agnostic names and metrics */
    void (*unknown)(struct lint *lint, const struct unknown_id *unknown);
    void (*sources)(struct lint *lint); /* once, for the file of sources */
    const char *about;
};

struct lint {
    struct arena *arena;
    const struct model *model;
    struct findings *findings;
    const struct rule *rule; /* the one that is running */
    size_t cpu;              /* the CPU it runs on, or a number behind them all */
    const char *database;    /* the CPU's; else "names", "chips", "kernel" or "sources" */
};

/* ---- findings -------------------------------------------------------------------------------- */

static void fill_finding(struct lint *lint, const char *event, const char *subject,
                         const char *message)
{
    *findings_add(lint->arena, lint->findings) = (struct finding){
        .order = lint->cpu,
        .database = lint->database,
        .severity = lint->rule->severity,
        .rule = lint->rule->name,
        .event = event,
        .subject = subject,
        .message = message,
    };
}

/* Adds a finding of the running rule, of an event or, with NULL, of the database as a whole. */
PRINTF_LIKE(3, 4)
static void add_finding(struct lint *lint, const char *event, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill_finding(lint, event, event, arena_vprintf(lint->arena, format, args));
    va_end(args);
}

/* Adds a finding of an event and a number of others, which may be 0. */
PRINTF_LIKE(4, 5)
static void add_group_finding(struct lint *lint, const char *event, size_t others,
                              const char *format, ...)
{
    const char *subject = others == 0 ? event : arena_printf(lint->arena, "%s+%zu", event, others);
    va_list args;

    va_start(args, format);
    fill_finding(lint, event, subject, arena_vprintf(lint->arena, format, args));
    va_end(args);
}

/* "A, B, C" */
static const char *join_names(struct arena *arena, const struct event *const *events, size_t count)
{
    struct buffer text = {0};
    const char *joined;

    for (size_t i = 0; i < count; i++)
        buffer_printf(&text, "%s%s", i == 0 ? "" : ", ", events[i]->name);
    joined = arena_copy(arena, text.data, text.length);
    buffer_free(&text);
    return joined;
}

/* ---- what the rules ask ---------------------------------------------------------------------- */

static const struct cpu *cpu_of(const struct lint *lint)
{
    return &lint->model->cpus[lint->cpu];
}

static const struct database *database_of(const struct lint *lint)
{
    return &cpu_of(lint)->db;
}

static bool is_configurable(const struct event *event)
{
    return event->fixed < 0;
}

static unsigned count_bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

/* A mask of the bits below one; of all bits from 32 on. */
static uint32_t bits_below(unsigned bit)
{
    return bit < 32 ? (1u << bit) - 1 : UINT32_MAX;
}

/* The number of the n-th set bit of a mask, from 0; 32 when it has fewer. */
static unsigned nth_bit(uint32_t mask, unsigned n)
{
    unsigned bit = 0;

    while (bit < 32 && !(mask >> bit & 1 && n-- == 0))
        bit++;
    return bit;
}

/* The key of an event by which it is grouped; negative for one that is in no group. */
typedef int64_t key_fn(const struct event *event);

struct keyed {
    int64_t key;
    const struct event *event;
};

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

/*
 * Lists the first of the events of one key, and those after it that share a release with one that
 * is listed. Returns their count; 0 when the first shares one of the releases `before`, those of
 * the events before it: it was listed with them.
 */
static size_t group_from(const struct keyed *list, size_t count, uint32_t before,
                         const struct event **group)
{
    uint32_t releases = list->event->releases;
    size_t size = 0;

    if ((releases & before) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if ((list[i].event->releases & releases) != 0) {
            releases |= list[i].event->releases;
            group[size++] = list[i].event;
        }
    return size;
}

/* Calls report() for every group of two or more events that have one key and share releases. */
static void each_group(struct lint *lint, key_fn *key,
                       void (*report)(struct lint *lint, const struct event **group, size_t count))
{
    const struct database *db = database_of(lint);
    struct keyed *list = arena_alloc(lint->arena, db->event_count, sizeof *list);
    const struct event **group = arena_alloc(lint->arena, db->event_count, sizeof *group);
    size_t count = 0, end;

    for (size_t i = 0; i < db->event_count; i++)
        if (key(&db->events[i]) >= 0)
            list[count++] = (struct keyed){key(&db->events[i]), &db->events[i]};
    if (count != 0)
        qsort(list, count, sizeof *list, compare_keyed);
    for (size_t begin = 0; begin < count; begin = end) {
        uint32_t before = 0;

        for (end = begin; end < count && list[end].key == list[begin].key;)
            end++;
        for (size_t i = begin; i < end; i++) {
            size_t size = group_from(&list[i], end - i, before, group);

            if (size > 1)
                report(lint, group, size);
            before |= list[i].event->releases;
        }
    }
}

/* ---- fixed counters -------------------------------------------------------------------------- */

static void fixed_outside_mask(struct lint *lint, const struct event *event)
{
    uint32_t mask = database_of(lint)->fixed;

    if (!is_configurable(event) && !(mask >> event->fixed & 1))
        add_finding(lint, event->name,
                    "is on fixed counter %d, which the fixed mask 0x%x does not have, so no "
                    "counter can be read for it",
                    event->fixed, (unsigned)mask);
}

static void fixed_mask_mismatch(struct lint *lint, const struct event *event)
{
    if (!is_configurable(event) && event->counters != 1u << event->fixed)
        add_finding(lint, event->name,
                    "is on fixed counter %d but has the mask 0x%x, so that kperfdata, which "
                    "goes by the mask, and who goes by the index read different counters",
                    event->fixed, (unsigned)event->counters);
}

/* Intel's code for fixed counter n is number 0 with umask n + 1. */
static void fixed_umask_mismatch(struct lint *lint, const struct event *event)
{
    if (!is_configurable(event) && event->number == 0 && event->umask != 0 &&
        event->umask != event->fixed + 1)
        add_finding(lint, event->name,
                    "has umask 0x%x, Intel's code for fixed counter %d, but is on fixed "
                    "counter %d, which counts something else",
                    event->umask, event->umask - 1, event->fixed);
}

static int64_t fixed_counter(const struct event *event)
{
    return event->fixed;
}

static void report_fixed_shared(struct lint *lint, const struct event **group, size_t count)
{
    add_group_finding(
        lint, group[0]->name, count - 1,
        "is on fixed counter %d like %s, so they count the same, whatever their names say",
        group[0]->fixed, join_names(lint->arena, group + 1, count - 1));
}

static void fixed_counter_shared(struct lint *lint)
{
    each_group(lint, fixed_counter, report_fixed_shared);
}

static void fallback_fixed(struct lint *lint, const struct event *event)
{
    const struct event *fallback =
        event->fallback == NULL ? NULL : database_event(database_of(lint), event->fallback);

    if (fallback != NULL && !is_configurable(fallback))
        add_finding(lint, event->name,
                    "has the fallback %s, itself a fixed event, so kperfdata programs a "
                    "selector that it does not have",
                    event->fallback);
}

static void fallback_missing(struct lint *lint, const struct event *event)
{
    enum arch arch = database_of(lint)->arch;

    if (!is_configurable(event) && event->fallback == NULL && arch_has_umask(arch))
        add_finding(lint, event->name,
                    "is fixed and has no fallback, by which alone kperfdata counts it on "
                    "%s, so it answers 14 (event unavailable)",
                    arch_name(arch));
}

/* ---- counter masks --------------------------------------------------------------------------- */

static void counter_masks_overlap(struct lint *lint)
{
    const struct database *db = database_of(lint);

    if ((db->fixed & db->config) != 0)
        add_finding(lint, NULL,
                    "counters 0x%x are both fixed (mask 0x%x) and configurable (mask 0x%x), "
                    "so what is counted on them is read from another counter's slot",
                    (unsigned)(db->fixed & db->config), (unsigned)db->fixed, (unsigned)db->config);
}

static void power_outside_config(struct lint *lint)
{
    const struct database *db = database_of(lint);

    if ((db->power & ~db->config) != 0)
        add_finding(lint, NULL,
                    "counters 0x%x of the power mask 0x%x are not configurable (mask 0x%x), "
                    "so kperfdata holds back as many that are, until counters are forced",
                    (unsigned)(db->power & ~db->config), (unsigned)db->power, (unsigned)db->config);
}

static void counters_with_hole(struct lint *lint)
{
    const struct database *db = database_of(lint);
    unsigned count = count_bits(db->fixed) + count_bits(db->config);
    uint32_t beyond = db->config & ~bits_below(count);

    if (beyond != 0)
        add_finding(lint, NULL,
                    "the counters 0x%x are not numbered on from 0, and kperfdata, which "
                    "stops at their count %u, never uses the counters 0x%x",
                    (unsigned)(db->fixed | db->config), count, (unsigned)beyond);
}

static void mask_empty(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && event->counters == 0)
        add_finding(lint, event->name,
                    "has no counter (mask 0x0), so kperfdata answers 16 (no usable counter)");
}

static void mask_not_configurable(struct lint *lint, const struct event *event)
{
    uint32_t others = event->counters & ~database_of(lint)->config;

    if (is_configurable(event) && others != 0)
        add_finding(lint, event->name,
                    "has the mask 0x%x, of which the counters 0x%x are not configurable, so "
                    "kperfdata answers 16 (no usable counter) or places it where nothing is "
                    "counted",
                    (unsigned)event->counters, (unsigned)others);
}

static bool masks_cross(const struct event *a, const struct event *b)
{
    uint32_t both = a->counters & b->counters;

    return is_configurable(a) && is_configurable(b) && both != 0 && both != a->counters &&
           both != b->counters;
}

/* Masks of 32 counters that are all nested or apart are a tree of 32 leaves: at most 63. */
enum { NESTED_MAX = 64 };

static void masks_not_nested(struct lint *lint)
{
    const struct database *db = database_of(lint);
    const struct event *distinct[NESTED_MAX]; /* the first of each mask */
    size_t count = 0;

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];
        bool known = !is_configurable(event) || event->counters == 0;

        for (size_t k = 0; k < count && !known; k++) {
            known = distinct[k]->counters == event->counters;
            if (!masks_cross(distinct[k], event))
                continue;
            add_finding(lint, NULL,
                        "the masks of %s (0x%x) and %s (0x%x) overlap and neither holds the "
                        "other, so how many passes a set of events takes needs a search",
                        distinct[k]->name, (unsigned)distinct[k]->counters, event->name,
                        (unsigned)event->counters);
            return; /* one pair is enough */
        }
        if (!known)
            distinct[count++] = event;
    }
}

static void no_free_counter(struct lint *lint)
{
    const struct database *db = database_of(lint);
    size_t held = 0, all = 0;

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];

        all += is_configurable(event);
        held +=
            is_configurable(event) && event->counters != 0 && (event->counters & ~db->power) == 0;
    }
    if (held != 0)
        add_finding(lint, NULL,
                    "%zu of %zu configurable events count on nothing but counters that the "
                    "power manager holds (0x%x), so kperfdata answers 13 for them until "
                    "counters are forced",
                    held, all, (unsigned)db->power);
}

/*
 * The first counter of an event that kperfdata, unforced, may choose and that is another to the
 * kernel, *real, on which the event does not count; 32 when there is none. kperfdata takes the
 * lowest counters by number, as many as are not held; the kernel takes its n-th word for the n-th
 * counter that is not held.
 */
static unsigned first_misplaced(const struct database *db, const struct event *event,
                                unsigned *real)
{
    uint32_t available = db->config & ~db->power;

    if (!is_configurable(event) || (event->counters & available) == 0)
        return 32;
    for (unsigned counter = 0; counter < 32; counter++) {
        *real = nth_bit(available, count_bits(db->config & bits_below(counter)));
        if (event->counters >> counter & 1 && *real < 32 && !(event->counters >> *real & 1))
            return counter;
    }
    return 32;
}

static void unforced_misplaced(struct lint *lint)
{
    const struct database *db = database_of(lint);
    const struct event *first = NULL;
    unsigned counter = 0, real = 0;
    size_t count = 0;

    for (size_t i = db->event_count; i-- > 0;) {
        unsigned other, at = first_misplaced(db, &db->events[i], &other);

        if (at == 32)
            continue;
        count++;
        first = &db->events[i];
        counter = at;
        real = other;
    }
    if (count != 0)
        add_finding(lint, NULL,
                    "while counters are not forced kperfdata may give %zu event%s (first "
                    "%s, mask 0x%x) counter %u, which is counter %u to a kernel whose power "
                    "manager holds 0x%x, where nothing of use is counted",
                    count, count == 1 ? "" : "s", first->name, (unsigned)first->counters, counter,
                    real, (unsigned)db->power);
}

/* ---- encodings ------------------------------------------------------------------------------- */

/*
 * The `other` bits (plists.md 1.4; 16 to 31 of Intel's PERFEVTSEL) that decide what an event
 * counts: not enable and interrupt, which the kernel sets.
 */
enum {
    USR = 0x01,
    OS = 0x02,
    EDGE = 0x04,
    ANY = 0x20,
    INV = 0x80,
    CMASK = 0xff00,
    MODES = USR | OS,
    FULL = EDGE | INV | CMASK, /* what kperfdata drops and the kernel takes */
};

/* What decides what an event counts; of one that needs an MSR, which would decide too, nothing. */
static int64_t encoding(const struct event *event)
{
    unsigned other = event->other == 0 ? MODES : event->other & (unsigned)(FULL | ANY | MODES);

    if (!is_configurable(event) || event->msr != 0)
        return -1;
    return ((int64_t)event->number << 8 | event->umask) << 16 | other;
}

static const char *encoding_text(const struct lint *lint, const struct event *event)
{
    if (arch_has_umask(database_of(lint)->arch))
        return arena_printf(lint->arena, "number 0x%x and umask 0x%x", event->number, event->umask);
    return arena_printf(lint->arena, "number 0x%x", event->number);
}

/* The bits as text; "" when none is set. */
static const char *other_text(struct arena *arena, uint16_t other)
{
    struct buffer text = {0};
    const char *copy;

    if (other & CMASK)
        buffer_printf(&text, ", CMASK %u", (unsigned)other >> 8);
    if (other & INV)
        buffer_puts(&text, ", INV");
    if (other & EDGE)
        buffer_puts(&text, ", EDGE");
    if (other & ANY)
        buffer_puts(&text, ", ANY");
    if ((other & MODES) == USR)
        buffer_puts(&text, ", USR without OS");
    if ((other & MODES) == OS)
        buffer_puts(&text, ", OS without USR");
    copy = text.length == 0 ? "" : arena_copy(arena, text.data + 2, text.length - 2);
    buffer_free(&text);
    return copy;
}

static void report_encoding_shared(struct lint *lint, const struct event **group, size_t count)
{
    add_group_finding(lint, group[0]->name, count - 1, "has %s like %s, so they count the same",
                      encoding_text(lint, group[0]), join_names(lint->arena, group + 1, count - 1));
}

static void shared_encoding(struct lint *lint)
{
    each_group(lint, encoding, report_encoding_shared);
}

/* ---- what events need and a Mac does not program (kernel.md 2.4) ----------------------------- */

static bool needs_full(const struct event *event)
{
    return (event->other & FULL) != 0 && (event->other & ANY) == 0;
}

static bool needs_any(const struct event *event)
{
    return (event->other & ANY) != 0;
}

static bool needs_mode(const struct event *event)
{
    return (event->other & MODES) != 0 && (event->other & MODES) != MODES;
}

static bool needs_msr(const struct event *event)
{
    return event->msr != 0;
}

/* What a Mac leaves out of an event's word, or "MSR 0x3f7"; "" when there is nothing. */
static const char *needs_text(struct arena *arena, const struct event *event)
{
    const char *other = other_text(arena, event->other);

    if (event->msr == 0)
        return other;
    return arena_printf(arena, "%s%sMSR 0x%x", other, *other == '\0' ? "" : ", ", event->msr);
}

/* One finding of all events of the database that need something: "A: SAYS: A (CMASK 1), B (INV)" */
static void report_needs(struct lint *lint, bool (*needs)(const struct event *event),
                         const char *says)
{
    const struct database *db = database_of(lint);
    const struct event *first = NULL;
    struct buffer list = {0};
    size_t count = 0;

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];

        if (!is_configurable(event) || !needs(event))
            continue;
        buffer_printf(&list, "%s%s (%s)", count == 0 ? "" : ", ", event->name,
                      needs_text(lint->arena, event));
        first = count++ == 0 ? event : first;
    }
    if (count != 0)
        add_group_finding(lint, first->name, count - 1, "%s: %s", says, list.data);
    buffer_free(&list);
}

static void other_dropped(struct lint *lint)
{
    report_needs(lint, needs_full,
                 "needs bits that kperfdata drops, and counts something else without them (kpep "
                 "encode --full has them)");
}

static void mode_dropped(struct lint *lint)
{
    report_needs(lint, needs_mode,
                 "is of one mode, but kperfdata asks for both (kpep encode --user-only: for USR)");
}

static void any_thread_dropped(struct lint *lint)
{
    report_needs(lint, needs_any,
                 "is of both threads of a core, but the kernel clears the bit for it, so that one "
                 "thread is counted");
}

static void msr_not_set(struct lint *lint)
{
    report_needs(lint, needs_msr,
                 "needs an MSR that no macOS programs, and counts something else or nothing "
                 "without it");
}

static void other_overruled(struct lint *lint, const struct event *event)
{
    if (event->overruled != 0)
        add_finding(lint, event->name,
                    "has other bits 0x%x (%s) in the database and 0x%x (%s) by Intel's files, "
                    "which count here",
                    event->overruled, other_text(lint->arena, event->overruled), event->other,
                    other_text(lint->arena, event->other));
}

static void name_other_dropped(struct lint *lint)
{
    const struct model *model = lint->model;
    size_t release = cpu_newest(cpu_of(lint));

    for (size_t i = 0; i < model->name_count; i++) {
        const struct event *event = portable_on(model, &model->names[i], lint->cpu, release);
        const char *needs = event == NULL ? "" : needs_text(lint->arena, event);

        if (*needs != '\0' && is_configurable(event))
            add_finding(lint, event->name,
                        "is what %s means here, and a Mac counts something else with it, as it "
                        "does not program what the event needs (%s)",
                        model->names[i].name, needs);
    }
}

/* ---- selectors ------------------------------------------------------------------------------- */

static void selector_zero(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && event->number == 0 && !arch_has_umask(database_of(lint)->arch))
        add_finding(
            lint, event->name,
            "has number 0x0, which is no event on an Apple chip, so its counter stays at 0");
}

/* Selector -> index, from 1, of the first event that has it. */
static struct map map_selectors(const struct lint *lint)
{
    const struct database *db = database_of(lint);
    struct map first = {NULL};

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];
        size_t *place;

        if (!is_configurable(event))
            continue;
        place = map_at(lint->arena, &first, &event->number, sizeof event->number);
        *place = *place == 0 ? i + 1 : *place;
    }
    return first;
}

/* "0x8d, INST_BRANCH": the selector and, if it has one, its first event. */
static const char *selector_text(const struct lint *lint, const struct map *first, uint16_t number)
{
    size_t place = map_get(first, &number, sizeof number);

    if (place == 0)
        return arena_printf(lint->arena, "0x%x", number);
    return arena_printf(lint->arena, "0x%x, %s", number, database_of(lint)->events[place - 1].name);
}

static void report_too_wide(struct lint *lint, const struct event *event, const struct map *first)
{
    unsigned bits = cpu_of(lint)->event_bits;

    if (arch_has_umask(database_of(lint)->arch) && event->number > UINT8_MAX)
        add_finding(
            lint, event->name,
            "has number 0x%x, wider than Intel's 8 bits, so what is counted is 0x%x with umask "
            "0x%x",
            event->number, event->number & UINT8_MAX, event->umask | event->number >> 8);
    else
        add_finding(
            lint, event->name,
            "has number 0x%x, wider than the %u bits of the chip's selectors, so what is counted "
            "is %s",
            event->number, bits,
            selector_text(lint, first, (uint16_t)(event->number & bits_below(bits))));
}

/* Intel's selectors have 8 bits, whatever the chips file says. */
static bool is_too_wide(const struct lint *lint, const struct event *event)
{
    if (!is_configurable(event))
        return false;
    return event->number >> cpu_of(lint)->event_bits != 0 ||
           (arch_has_umask(database_of(lint)->arch) && event->number > UINT8_MAX);
}

static void selector_too_wide(struct lint *lint)
{
    const struct database *db = database_of(lint);
    struct map first = {NULL};

    for (size_t i = 0; i < db->event_count; i++) {
        if (!is_too_wide(lint, &db->events[i]))
            continue;
        if (first.root == NULL)
            first = map_selectors(lint);
        report_too_wide(lint, &db->events[i], &first);
    }
}

/* ---- the kernel's list ----------------------------------------------------------------------- */

static void not_in_kernel_list(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && cpu_of(lint)->has_kernel_list && event->kernel == 0 &&
        event->number != 0)
        add_finding(
            lint, event->name,
            "has selector 0x%x, which no public kernel lists for all chips of this CPU, so a "
            "release kernel of macOS 14 or later may answer EPERM",
            event->number);
}

/* The first macOS whose kernel has a list for the CPU; 0 for none. */
static unsigned first_listed(const struct database *db)
{
    unsigned first = 0;

    for (size_t i = 0; i < db->event_count; i++)
        if (db->events[i].kernel != 0 && (first == 0 || db->events[i].kernel < first))
            first = db->events[i].kernel;
    return first;
}

static void late_in_kernel_list(struct lint *lint)
{
    const struct database *db = database_of(lint);
    unsigned first = first_listed(db);

    for (size_t i = 0; i < db->event_count; i++) {
        const struct event *event = &db->events[i];

        if (is_configurable(event) && event->kernel > first)
            add_finding(lint, event->name,
                        "has selector 0x%x, listed by the kernel since macOS %d.%d but not in "
                        "the chip's first list of %u.%u, so kernels between answer EPERM",
                        event->number, event->kernel / 100, event->kernel % 100, first / 100,
                        first % 100);
    }
}

/* ---- between releases ------------------------------------------------------------------------ */

static const char *field_text(struct arena *arena, const struct field *field,
                              const struct event *event)
{
    const struct field_value value = field_meant(field, event);

    if (!value.present)
        return "absent";
    if (field_is_text(field))
        return value.text;
    return arena_printf(arena, field->type == FIELD_INDEX ? "%u" : "0x%x", (unsigned)value.number);
}

static void compare_event_fields(struct lint *lint, const struct event *old, size_t old_release,
                                 const struct event *new, size_t new_release)
{
    const char *const *releases = lint->model->releases;

    for (size_t f = 0; f < event_field_count; f++) {
        const struct field *field = &event_fields[f];

        if (field_differs(field, old, new))
            add_finding(
                lint, new->name,
                "has %s %s in %s and %s in %s, so a word or a placement that was made for one "
                "is wrong in the other",
                field->key, field_text(lint->arena, field, old), releases[old_release],
                field_text(lint->arena, field, new), releases[new_release]);
    }
}

static void field_changed(struct lint *lint, const struct event *event)
{
    const struct cpu *cpu = cpu_of(lint);
    const struct event *old = NULL;
    size_t old_release = 0;

    for (size_t r = 0; r < lint->model->release_count; r++) {
        const struct event *new =
            cpu->history[r] == NULL ? NULL : database_event(cpu->history[r], event->name);

        if (new == NULL)
            continue;
        if (old != NULL)
            compare_event_fields(lint, old, old_release, new, r);
        old = new;
        old_release = r;
    }
}

/* The last release before one that knows the CPU; the same release when none does. */
static size_t release_before(const struct cpu *cpu, size_t release)
{
    size_t before = release;

    while (before > 0)
        if (cpu->history[--before] != NULL)
            return before;
    return release;
}

static void compare_counters(struct lint *lint, size_t old, size_t new)
{
    const struct cpu *cpu = cpu_of(lint);
    const char *const *releases = lint->model->releases;

    for (size_t f = 0; f < database_field_count; f++) {
        const struct field *field = &database_fields[f];

        if (field->type == FIELD_MASK && field_differs(field, cpu->history[old], cpu->history[new]))
            add_finding(
                lint, NULL,
                "%s is 0x%x in %s and 0x%x in %s, so words and slots that were made for one "
                "are wrong in the other",
                field->key, (unsigned)field_meant(field, cpu->history[old]).number, releases[old],
                (unsigned)field_meant(field, cpu->history[new]).number, releases[new]);
    }
}

/* Compares each release that knows the CPU with the one before that does. */
static void each_update(struct lint *lint,
                        void (*compare)(struct lint *lint, size_t old, size_t new))
{
    const struct cpu *cpu = cpu_of(lint);

    for (size_t r = 0; r < lint->model->release_count; r++) {
        size_t before = release_before(cpu, r);

        if (before != r && cpu->history[r] != NULL)
            compare(lint, before, r);
    }
}

static void counters_changed(struct lint *lint)
{
    each_update(lint, compare_counters);
}

static void compare_alias(struct lint *lint, const char *alias, size_t old, size_t new)
{
    const struct cpu *cpu = cpu_of(lint);
    const char *was = database_alias(cpu->history[old], alias),
               *is = database_alias(cpu->history[new], alias);
    const struct event *now;

    if (was == NULL || is == NULL)
        return;
    now = event_in(lint->model, cpu, was, new); /* which may have a new name */
    if (now == NULL || strcmp(now->name, is) != 0)
        add_finding(lint, NULL,
                    "the alias %s means %s in %s and %s in %s, so a program that asks for "
                    "it counts something else after an update",
                    alias, was, lint->model->releases[old], is, lint->model->releases[new]);
}

static void compare_aliases(struct lint *lint, size_t old, size_t new)
{
    const struct database *db = database_of(lint);

    for (size_t i = 0; i < db->alias_count; i++)
        compare_alias(lint, db->aliases[i].name, old, new);
}

static void alias_moved(struct lint *lint)
{
    each_update(lint, compare_aliases);
}

/* ---- chip-agnostic names --------------------------------------------------------------------- */

/* Marks the candidates that the name means on some CPU in some release. */
static void mark_used(const struct model *model, const struct portable *name, bool *used)
{
    for (size_t c = 0; c < model->cpu_count; c++)
        for (size_t r = 0; r < model->release_count; r++) {
            const struct event *event;
            size_t i = portable_candidate(model, name, c, r, &event);

            if (event != NULL)
                used[i] = true;
        }
}

static void candidate_shadowed(struct lint *lint)
{
    const struct model *model = lint->model;

    for (size_t i = 0; i < model->name_count; i++) {
        const struct portable *name = &model->names[i];
        bool *used = arena_alloc(lint->arena, name->candidate_count, sizeof *used);

        mark_used(model, name, used);
        for (size_t c = 0; c < name->candidate_count; c++)
            if (!used[c])
                add_finding(lint, name->name,
                            "has the candidate %s, which is never used because an earlier "
                            "one exists wherever it does",
                            name->candidates[c].event);
    }
}

static bool term_on(const struct model *model, size_t term, size_t cpu, size_t release)
{
    return portable_on(model, &model->names[term], cpu, release) != NULL;
}

/* Goes through `places`: each CPU in each release. */
static void name_unsupported(struct lint *lint)
{
    const struct model *model = lint->model;
    size_t places = model->cpu_count * model->release_count;

    for (size_t i = 0; i < model->name_count; i++) {
        size_t at = 0;

        while (at < places && !term_on(model, i, at % model->cpu_count, at / model->cpu_count))
            at++;
        if (at == places)
            add_finding(
                lint, model->names[i].name,
                "has no event on any CPU here, so whoever asks for it is told not supported");
    }
    for (size_t i = 0; i < model->metric_count; i++) {
        const struct metric *metric = &model->metrics[i];
        size_t at = 0;

        while (at < places &&
               metric_on(model, metric, at % model->cpu_count, at / model->cpu_count) == NULL)
            at++;
        if (at == places)
            add_finding(
                lint, metric->name,
                "needs names and constants of which no CPU here has all, so it can never be "
                "computed");
    }
}

/* ---- files of other facts -------------------------------------------------------------------- */

/* A SoC can have any name, of any length. */
static void id_without_database(struct lint *lint, const struct unknown_id *unknown)
{
    char *place = arena_printf(lint->arena, "%.100s in %s", unknown->about, unknown->file);

    make_printable(place);
    add_finding(lint, cpu_id_text(lint->arena, &unknown->id),
                "is %s, and no database here has that id, so what is said of it reaches no CPU",
                place);
}

/* ---- sources --------------------------------------------------------------------------------- */

/* "macos-26.0, macos-26.4" */
static const char *releases_text(struct lint *lint, uint32_t releases)
{
    struct buffer text = {0};
    const char *joined;

    for (size_t r = 0; r < lint->model->release_count; r++)
        if (releases >> r & 1)
            buffer_printf(&text, "%s%s", text.length == 0 ? "" : ", ", lint->model->releases[r]);
    joined = arena_copy(lint->arena, text.data, text.length);
    buffer_free(&text);
    return joined;
}

static const char *disputed_value(struct lint *lint, const struct field *field, int64_t value)
{
    if (value < 0)
        return "none";
    return arena_printf(lint->arena, field->type == FIELD_INDEX ? "%u" : "0x%x", (unsigned)value);
}

static void disputed(struct lint *lint)
{
    const struct cpu *cpu = cpu_of(lint);

    for (size_t i = 0; i < cpu->dispute_count; i++) {
        const struct dispute *dispute = &cpu->disputes[i];

        const char *ours = disputed_value(lint, dispute->field, dispute->ours);

        add_finding(lint, dispute->event, "has %s %s in %s, where %s has %s%s%s",
                    dispute->field->key, ours, releases_text(lint, dispute->releases),
                    dispute->says, disputed_value(lint, dispute->field, dispute->theirs),
                    dispute->confirmed == NULL
                        ? ""
                        : arena_printf(lint->arena, "; %s is also that of ", ours),
                    dispute->confirmed == NULL ? "" : dispute->confirmed);
    }
}

/* How many of a database's values no row speaks of. */
static size_t count_unsourced(const struct lint *lint, size_t release)
{
    const struct database *db = cpu_of(lint)->history[release];
    size_t count = 0;

    for (size_t e = 0; e < db->event_count; e++)
        for (size_t f = 0; f < SOURCE_FIELDS; f++)
            count += model_source(lint->model, cpu_of(lint), release, &db->events[e],
                                  (enum source_field)f) == SOURCE_UNKNOWN;
    return count;
}

static void source_missing(struct lint *lint)
{
    const struct cpu *cpu = cpu_of(lint);

    for (size_t r = 0; r < lint->model->release_count && cpu->sources != NULL; r++) {
        size_t count = cpu->history[r] == NULL ? 0 : count_unsourced(lint, r);

        if (count != 0)
            add_finding(lint, NULL,
                        "has %zu values in %s of which nothing says where they are from", count,
                        lint->model->releases[r]);
    }
}

static void source_unused(struct lint *lint)
{
    const struct model *model = lint->model;
    bool *used = arena_alloc(lint->arena, model->source_row_count + 1, sizeof *used);

    for (size_t c = 0; c < model->cpu_count; c++)
        for (size_t r = 0; r < model->release_count; r++) {
            const struct database *db = model->cpus[c].history[r];

            for (size_t i = 0; db != NULL && i < db->event_count * SOURCE_FIELDS; i++)
                used[model->cpus[c].sources[r][i]] = true;
        }
    for (size_t i = 0; i < model->source_row_count; i++)
        if (!used[i + 1])
            add_finding(lint, arena_printf(lint->arena, "sources.%zu", i),
                        "is a row of %s that says nothing, because later rows speak of all that "
                        "it is about",
                        model->sources_file);
}

/* ---- the rules ------------------------------------------------------------------------------- */

const char lint_stale_rule[] = "stale-accepted";

static const struct rule rules[] = {
    {"fixed-outside-mask", SEVERITY_ERROR, .event = fixed_outside_mask,
     .about = "the fixed counter of an event is none of fixed_counters"},
    {"fixed-mask-mismatch", SEVERITY_ERROR, .event = fixed_mask_mismatch,
     .about = "fixed_counter and counters_mask of a fixed event disagree"},
    {"fixed-umask-mismatch", SEVERITY_ERROR, .event = fixed_umask_mismatch,
     .about = "fixed_counter and umask of an Intel fixed event disagree"},
    {"fixed-counter-shared", SEVERITY_WARNING, .database = fixed_counter_shared,
     .about = "several fixed events on one counter"},
    {"fallback-fixed", SEVERITY_ERROR, .event = fallback_fixed,
     .about = "the fallback of a fixed event is fixed itself"},
    {"fallback-missing", SEVERITY_WARNING, .event = fallback_missing,
     .about = "a fixed event that Intel cannot count: answer 14"},
    {"counter-masks-overlap", SEVERITY_ERROR, .database = counter_masks_overlap,
     .about = "counters that are both fixed and configurable"},
    {"power-outside-config", SEVERITY_ERROR, .database = power_outside_config,
     .about = "held counters that are not configurable"},
    {"counters-with-hole", SEVERITY_ERROR, .database = counters_with_hole,
     .about = "counters that kperfdata never uses"},
    {"mask-empty", SEVERITY_ERROR, .event = mask_empty,
     .about = "an event without counters: answer 16"},
    {"mask-not-configurable", SEVERITY_ERROR, .event = mask_not_configurable,
     .about = "a configurable event on other counters: answer 16"},
    {"masks-not-nested", SEVERITY_NOTE, .database = masks_not_nested,
     .about = "counter masks that overlap without one holding the other"},
    {"no-free-counter", SEVERITY_NOTE, .database = no_free_counter,
     .about = "events on no counter but those that are held: answer 13 unforced"},
    {"unforced-misplaced", SEVERITY_WARNING, .database = unforced_misplaced,
     .about = "events that land on a counter of no use unless counters are forced"},
    {"shared-encoding", SEVERITY_WARNING, .database = shared_encoding,
     .about = "events with the same number, umask and bits: they count the same"},
    {"other-dropped", SEVERITY_WARNING, .database = other_dropped,
     .about = "events need CMASK, INV or EDGE, and kperfdata drops them (--intel)"},
    {"mode-dropped", SEVERITY_WARNING, .database = mode_dropped,
     .about = "events of one mode, and kperfdata asks for both"},
    {"any-thread-dropped", SEVERITY_WARNING, .database = any_thread_dropped,
     .about = "events need ANY, and the kernel clears it (--intel)"},
    {"msr-not-set", SEVERITY_WARNING, .database = msr_not_set,
     .about = "events need an MSR, and nobody programs it (--intel)"},
    {"other-overruled", SEVERITY_WARNING, .event = other_overruled,
     .about = "a database and Intel give an event other bits (--intel)"},
    {"name-other-dropped", SEVERITY_ERROR, .database = name_other_dropped,
     .about = "a chip-agnostic name for an event with such needs (--names)"},
    {"selector-zero", SEVERITY_ERROR, .event = selector_zero,
     .about = "number 0 on an Apple chip: counts nothing"},
    {"selector-too-wide", SEVERITY_ERROR, .database = selector_too_wide,
     .about = "a number wider than the chip's selectors (--chips)"},
    {"not-in-kernel-list", SEVERITY_WARNING, .event = not_in_kernel_list,
     .about = "a selector that the kernel refuses: EPERM (--kernel)"},
    {"late-in-kernel-list", SEVERITY_NOTE, .database = late_in_kernel_list,
     .about = "a selector that older kernels refuse (--kernel)"},
    {"field-changed", SEVERITY_WARNING, .event = field_changed,
     .about = "a field of an event differs between releases"},
    {"counters-changed", SEVERITY_WARNING, .database = counters_changed,
     .about = "the counters of a CPU differ between releases"},
    {"alias-moved", SEVERITY_WARNING, .database = alias_moved,
     .about = "an alias means another event in a newer release"},
    {"candidate-shadowed", SEVERITY_WARNING, .names = candidate_shadowed,
     .about = "an event of a chip-agnostic name that is never chosen (--names)"},
    {"name-unsupported", SEVERITY_NOTE, .names = name_unsupported,
     .about = "a name or metric that no CPU here has (--names)"},
    {"id-without-database", SEVERITY_NOTE, .unknown = id_without_database,
     .about = "a CPU id that no database here has (--chips, --kernel)"},
    {"disputed", SEVERITY_WARNING, .database = disputed,
     .about = "another source has another value (--sources)"},
    {"source-missing", SEVERITY_WARNING, .database = source_missing,
     .about = "values of which no row says where they are from (--sources)"},
    {"source-unused", SEVERITY_WARNING, .sources = source_unused,
     .about = "a row that later rows make say nothing (--sources)"},
    {lint_stale_rule, SEVERITY_NOTE, .about = "an accepted finding that is not there (--accepted)"},
};

enum { RULES = sizeof rules / sizeof rules[0] };

static void run_on_cpu(struct lint *lint)
{
    const struct database *db = database_of(lint);

    lint->database = db->name;
    if (lint->rule->database != NULL)
        lint->rule->database(lint);
    for (size_t i = 0; lint->rule->event != NULL && i < db->event_count; i++)
        lint->rule->event(lint, &db->events[i]);
}

static void run_on_names(struct lint *lint)
{
    lint->cpu = lint->model->cpu_count;
    lint->database = "names";
    lint->rule->names(lint);
}

static void run_on_sources(struct lint *lint)
{
    lint->cpu = lint->model->cpu_count + 1;
    lint->database = "sources";
    lint->rule->sources(lint);
}

static void run_on_unknown_ids(struct lint *lint)
{
    lint->cpu = lint->model->cpu_count + 1;
    for (size_t i = 0; i < lint->model->unknown_id_count; i++) {
        lint->database = lint->model->unknown_ids[i].kind;
        lint->rule->unknown(lint, &lint->model->unknown_ids[i]);
    }
}

struct findings lint_model(struct arena *arena, const struct model *model)
{
    struct findings findings = {0};
    struct lint lint = {arena, model, &findings, NULL, 0, NULL};

    for (size_t i = 0; i < RULES; i++) {
        lint.rule = &rules[i];
        for (lint.cpu = 0; lint.cpu < model->cpu_count; lint.cpu++)
            run_on_cpu(&lint);
        if (lint.rule->names != NULL)
            run_on_names(&lint);
        if (lint.rule->sources != NULL && model->sources_file != NULL)
            run_on_sources(&lint);
        if (lint.rule->unknown != NULL)
            run_on_unknown_ids(&lint);
    }
    findings_sort(&findings);
    return findings;
}

bool lint_is_rule(const char *name)
{
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(rules[i].name, name) == 0)
            return rules[i].name != lint_stale_rule;
    return false;
}

void lint_print_rules(void)
{
    for (size_t i = 0; i < RULES; i++)
        printf("  %-8s %-22s %s\n", severity_name(rules[i].severity), rules[i].name,
               rules[i].about);
}
