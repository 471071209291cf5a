/*
 * Semantic checks: what is legal but wrong. A rule is one function, called for
 * every event, every database or once; it says what it finds with found(). What
 * it says of kperfdata and the kernel is in doc/ (kperfdata.md 2.2, 2.3, 2.4;
 * kernel.md 2.2, 2.5); what there is to find in Apple's files in plists.md 1.3.
 */
#include "lint.h"

#include "common/json.h"
#include "common/report.h"

#include <stdlib.h>
#include <string.h>

struct lint;

/* One of the three is set: whether it is called for each event, each database, or once. */
struct rule {
    const char *name;
    enum severity severity;
    void (*event)(struct lint *lint, const struct event *event);
    void (*database)(struct lint *lint);
    void (*names)(struct lint *lint);
    const char *about;
};

struct lint {
    struct arena *arena;
    const struct model *model;
    struct findings *findings;
    const struct rule *rule; /* the one that is running */
    size_t cpu;              /* and on what: an index of the model; cpu_count for the names */
};

/* ---- findings -------------------------------------------------------------------------------- */

static struct finding *add_finding(struct arena *arena, struct findings *findings)
{
    findings->list = arena_grow(arena, findings->list, findings->count, sizeof *findings->list);
    return &findings->list[findings->count++];
}

static void add_found(struct lint *lint, const char *event, const char *subject,
                      const char *message)
{
    const struct model *model = lint->model;
    bool names = lint->cpu == model->cpu_count;

    *add_finding(lint->arena, lint->findings) = (struct finding){
        .order = lint->cpu,
        .database = names ? "names" : model->cpus[lint->cpu].db.name,
        .severity = lint->rule->severity,
        .rule = lint->rule->name,
        .event = event,
        .subject = subject,
        .message = message,
    };
}

/* What the running rule says of the database it runs on, and of an event there or of none. */
PRINTF_LIKE(3, 4)
static void found(struct lint *lint, const char *event, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_found(lint, event, event, arena_vprintf(lint->arena, format, args));
    va_end(args);
}

/* The same of an event and so many others. */
PRINTF_LIKE(4, 5)
static void found_group(struct lint *lint, const char *event, size_t others, const char *format,
                        ...)
{
    const char *subject = arena_printf(lint->arena, "%s+%zu", event, others);
    va_list args;

    va_start(args, format);
    add_found(lint, event, subject, arena_vprintf(lint->arena, format, args));
    va_end(args);
}

/* "A, B, C" */
static const char *join(struct arena *arena, const struct event *const *events, size_t count)
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

/* The bits below one; all of them from 32 on. */
static uint32_t bits_below(unsigned bit)
{
    return bit < 32 ? (1u << bit) - 1 : UINT32_MAX;
}

/* The n-th set bit of a mask as a number, 32 when it has fewer. */
static unsigned nth_bit(uint32_t mask, unsigned n)
{
    unsigned bit = 0;

    while (bit < 32 && !(mask >> bit & 1 && n-- == 0))
        bit++;
    return bit;
}

/* What is the same of events that count the same; negative for one that has no part in it. */
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
 * Of events of one key, the first and all after it that exist together with it or one of them in
 * some release; 0 when one before it has them already: it exists in some of the releases `before`.
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

/* Tells of every group of two or more events whose key is the same. */
static void each_group(struct lint *lint, key_fn *key,
                       void (*tell)(struct lint *lint, const struct event **group, size_t count))
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
                tell(lint, group, size);
            before |= list[i].event->releases;
        }
    }
}

/* ---- fixed counters -------------------------------------------------------------------------- */

static void fixed_outside_mask(struct lint *lint, const struct event *event)
{
    uint32_t mask = database_of(lint)->fixed;

    if (!is_configurable(event) && !(mask >> event->fixed & 1))
        found(lint, event->name,
              "is on fixed counter %d, which the fixed mask 0x%x does not have, so no "
              "counter can be read for it",
              event->fixed, (unsigned)mask);
}

static void fixed_mask_mismatch(struct lint *lint, const struct event *event)
{
    if (!is_configurable(event) && event->counters != 1u << event->fixed)
        found(lint, event->name,
              "is on fixed counter %d but has the mask 0x%x, so that kperfdata, which "
              "goes by the mask, and who goes by the index read different counters",
              event->fixed, (unsigned)event->counters);
}

/* Intel's code for fixed counter n is number 0 with umask n + 1. */
static void fixed_umask_mismatch(struct lint *lint, const struct event *event)
{
    if (!is_configurable(event) && event->number == 0 && event->umask != 0 &&
        event->umask != event->fixed + 1)
        found(lint, event->name,
              "has umask 0x%x, Intel's code for fixed counter %d, but is on fixed "
              "counter %d, which counts something else",
              event->umask, event->umask - 1, event->fixed);
}

static int64_t fixed_counter(const struct event *event)
{
    return event->fixed;
}

static void tell_fixed_shared(struct lint *lint, const struct event **group, size_t count)
{
    found_group(lint, group[0]->name, count - 1,
                "is on fixed counter %d like %s, so they count the same, whatever their names say",
                group[0]->fixed, join(lint->arena, group + 1, count - 1));
}

static void fixed_counter_shared(struct lint *lint)
{
    each_group(lint, fixed_counter, tell_fixed_shared);
}

static void fallback_fixed(struct lint *lint, const struct event *event)
{
    const struct event *fallback =
        event->fallback == NULL ? NULL : database_event(database_of(lint), event->fallback);

    if (fallback != NULL && !is_configurable(fallback))
        found(lint, event->name,
              "has the fallback %s, itself a fixed event, so kperfdata programs a "
              "selector that it does not have",
              event->fallback);
}

static void fallback_missing(struct lint *lint, const struct event *event)
{
    enum arch arch = database_of(lint)->arch;

    if (!is_configurable(event) && event->fallback == NULL && arch_has_umask(arch))
        found(lint, event->name,
              "is fixed and has no fallback, by which alone kperfdata counts it on "
              "%s, so it answers 14 (event unavailable)",
              arch_name(arch));
}

/* ---- counter masks --------------------------------------------------------------------------- */

static void counter_masks_overlap(struct lint *lint)
{
    const struct database *db = database_of(lint);

    if ((db->fixed & db->config) != 0)
        found(lint, NULL,
              "counters 0x%x are both fixed (mask 0x%x) and configurable (mask 0x%x), "
              "so what is counted on them is read from another counter's slot",
              (unsigned)(db->fixed & db->config), (unsigned)db->fixed, (unsigned)db->config);
}

static void power_outside_config(struct lint *lint)
{
    const struct database *db = database_of(lint);

    if ((db->power & ~db->config) != 0)
        found(lint, NULL,
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
        found(lint, NULL,
              "the counters 0x%x are not numbered on from 0, and kperfdata, which "
              "stops at their count %u, never uses the counters 0x%x",
              (unsigned)(db->fixed | db->config), count, (unsigned)beyond);
}

static void mask_empty(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && event->counters == 0)
        found(lint, event->name,
              "has no counter (mask 0x0), so kperfdata answers 16 (no usable counter)");
}

static void mask_not_configurable(struct lint *lint, const struct event *event)
{
    uint32_t others = event->counters & ~database_of(lint)->config;

    if (is_configurable(event) && others != 0)
        found(lint, event->name,
              "has the mask 0x%x, of which the counters 0x%x are not configurable, so "
              "kperfdata answers 16 (no usable counter) or places it where nothing is "
              "counted",
              (unsigned)event->counters, (unsigned)others);
}

static bool crosses(const struct event *a, const struct event *b)
{
    uint32_t both = a->counters & b->counters;

    return is_configurable(a) && is_configurable(b) && both != 0 && both != a->counters &&
           both != b->counters;
}

/* Of masks that are nested or apart no two of 32 counters' halves are the same: so few there are.
 */
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
            if (!crosses(distinct[k], event))
                continue;
            found(lint, NULL,
                  "the masks of %s (0x%x) and %s (0x%x) overlap and neither holds the "
                  "other, so how many passes a set of events takes needs a search",
                  distinct[k]->name, (unsigned)distinct[k]->counters, event->name,
                  (unsigned)event->counters);
            return; /* one pair is enough to know */
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
        found(lint, NULL,
              "%zu of %zu configurable events count on nothing but counters that the "
              "power manager holds (0x%x), so kperfdata answers 13 for them until "
              "counters are forced",
              held, all, (unsigned)db->power);
}

/*
 * Unforced, kperfdata uses the lowest counters by number, as many as are not
 * held; its n-th word is for the kernel the n-th counter that is not held.
 * The first counter which that makes one that the event cannot use; 32 when none.
 */
static unsigned misplaced(const struct database *db, const struct event *event, unsigned *real)
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
        unsigned other, at = misplaced(db, &db->events[i], &other);

        if (at == 32)
            continue;
        count++;
        first = &db->events[i];
        counter = at;
        real = other;
    }
    if (count != 0)
        found(lint, NULL,
              "while counters are not forced kperfdata may give %zu event%s (first "
              "%s, mask 0x%x) counter %u, which is counter %u to a kernel whose power "
              "manager holds 0x%x, where nothing of use is counted",
              count, count == 1 ? "" : "s", first->name, (unsigned)first->counters, counter, real,
              (unsigned)db->power);
}

/* ---- encodings ------------------------------------------------------------------------------- */

static int64_t encoding(const struct event *event)
{
    return is_configurable(event) ? (int64_t)event->number << 8 | event->umask : -1;
}

static const char *encoding_text(const struct lint *lint, const struct event *event)
{
    if (arch_has_umask(database_of(lint)->arch))
        return arena_printf(lint->arena, "number 0x%x and umask 0x%x", event->number, event->umask);
    return arena_printf(lint->arena, "number 0x%x", event->number);
}

/*
 * What of the `other` bits (plists.md 1.4) makes an event what it is; "" when
 * nothing does. Enable and interrupt are the kernel's to set.
 */
static const char *other_text(struct arena *arena, uint16_t other)
{
    enum { USR = 0x01, OS = 0x02, EDGE = 0x04, ANY = 0x20, INV = 0x80, CMASK = 0xff00 };
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
    if ((other & (USR | OS)) == USR)
        buffer_puts(&text, ", USR without OS");
    if ((other & (USR | OS)) == OS)
        buffer_puts(&text, ", OS without USR");
    copy = text.length == 0 ? "" : arena_copy(arena, text.data + 2, text.length - 2);
    buffer_free(&text);
    return copy;
}

/* Whether `other` bits would tell some of them apart. */
static bool other_differs(const struct lint *lint, const struct event *const *group, size_t count)
{
    const char *first = other_text(lint->arena, group[0]->other);

    for (size_t i = 1; i < count; i++)
        if (strcmp(first, other_text(lint->arena, group[i]->other)) != 0)
            return true;
    return false;
}

static void tell_encoding_shared(struct lint *lint, const struct event **group, size_t count)
{
    found_group(lint, group[0]->name, count - 1, "has %s like %s, so %sthey count the same",
                encoding_text(lint, group[0]), join(lint->arena, group + 1, count - 1),
                other_differs(lint, group, count) ? "without the other bits that kperfdata drops "
                                                  : "");
}

static void shared_encoding(struct lint *lint)
{
    each_group(lint, encoding, tell_encoding_shared);
}

static void other_dropped(struct lint *lint, const struct event *event)
{
    const char *other = other_text(lint->arena, event->other);

    if (is_configurable(event) && *other != '\0')
        found(lint, event->name,
              "has other bits 0x%x (%s) that kperfdata drops, and without them %s "
              "counts something else",
              event->other, other, encoding_text(lint, event));
}

static void name_other_dropped(struct lint *lint)
{
    const struct model *model = lint->model;
    size_t release = cpu_newest(cpu_of(lint));

    for (size_t i = 0; i < model->name_count; i++) {
        const struct event *event = portable_on(model, &model->names[i], lint->cpu, release);
        const char *other = event == NULL ? "" : other_text(lint->arena, event->other);

        if (*other != '\0' && is_configurable(event))
            found(lint, event->name,
                  "is what %s means here, and a Mac counts something else with it, as "
                  "kperfdata drops its other bits 0x%x (%s)",
                  model->names[i].name, event->other, other);
    }
}

static void selector_zero(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && event->number == 0 && !arch_has_umask(database_of(lint)->arch))
        found(lint, event->name,
              "has number 0x0, which is no event on an Apple chip, so its counter stays at 0");
}

/* The first event of each selector, by number of both: an event's place, from 1. */
static struct map selectors(const struct lint *lint)
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

/* The selector and its event, for a message. */
static const char *selector_text(const struct lint *lint, const struct map *first, uint16_t number)
{
    size_t place = map_get(first, &number, sizeof number);

    if (place == 0)
        return arena_printf(lint->arena, "0x%x", number);
    return arena_printf(lint->arena, "0x%x, %s", number, database_of(lint)->events[place - 1].name);
}

static void tell_too_wide(struct lint *lint, const struct event *event, const struct map *first)
{
    unsigned bits = cpu_of(lint)->event_bits;

    if (arch_has_umask(database_of(lint)->arch) && event->number > UINT8_MAX)
        found(lint, event->name,
              "has number 0x%x, wider than Intel's 8 bits, so what is counted is 0x%x with umask "
              "0x%x",
              event->number, event->number & UINT8_MAX, event->umask | event->number >> 8);
    else
        found(lint, event->name,
              "has number 0x%x, wider than the %u bits of the chip's selectors, so what is counted "
              "is %s",
              event->number, bits,
              selector_text(lint, first, (uint16_t)(event->number & bits_below(bits))));
}

/* Intel's selectors have 8 bits, whatever their chips'. */
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
            first = selectors(lint);
        tell_too_wide(lint, &db->events[i], &first);
    }
}

/* ---- the kernel's list ----------------------------------------------------------------------- */

static void not_in_kernel_list(struct lint *lint, const struct event *event)
{
    if (is_configurable(event) && cpu_of(lint)->has_kernel_list && event->kernel == 0 &&
        event->number != 0)
        found(lint, event->name,
              "has selector 0x%x, which no public kernel lists for all chips of this CPU, so a "
              "release kernel of macOS 14 or later may answer EPERM",
              event->number);
}

/* The version that first had a list for the CPU. */
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
            found(lint, event->name,
                  "has selector 0x%x, listed by the kernel since macOS %d.%d but not in "
                  "the chip's first list of %u.%u, so kernels between answer EPERM",
                  event->number, event->kernel / 100, event->kernel % 100, first / 100,
                  first % 100);
    }
}

/* ---- between releases ------------------------------------------------------------------------ */

static const char *const field_names[] = {"number",        "umask",    "counters_mask",
                                          "fixed_counter", "fallback", "other"};

enum { FIELDS = sizeof field_names / sizeof field_names[0] };

static const char *hex(struct arena *arena, bool has, uint32_t number)
{
    return has ? arena_printf(arena, "0x%x", (unsigned)number) : "absent";
}

static const char *field_text(struct arena *arena, const struct event *event, size_t field)
{
    switch (field) {
    case 0:
        return hex(arena, event->has_number, event->number);
    case 1:
        return hex(arena, event->has_umask, event->umask);
    case 2:
        return hex(arena, true, event->counters);
    case 3:
        return event->fixed < 0 ? "absent" : arena_printf(arena, "%d", event->fixed);
    case 4:
        return event->fallback == NULL ? "absent" : event->fallback;
    default:
        return hex(arena, event->other != 0, event->other);
    }
}

static void compare_event_fields(struct lint *lint, const struct event *old, size_t old_release,
                                 const struct event *new, size_t new_release)
{
    const char *const *releases = lint->model->releases;

    for (size_t f = 0; f < FIELDS; f++) {
        const char *was = field_text(lint->arena, old, f), *is = field_text(lint->arena, new, f);

        if (strcmp(was, is) != 0)
            found(lint, new->name,
                  "has %s %s in %s and %s in %s, and the tables have the newest, so "
                  "they are wrong about the older",
                  field_names[f], was, releases[old_release], is, releases[new_release]);
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

/* The last release before one that knows the CPU; that one itself when none does. */
static size_t release_before(const struct cpu *cpu, size_t release)
{
    size_t before = release;

    while (before > 0)
        if (cpu->history[--before] != NULL)
            return before;
    return release;
}

static void compare_counters(struct lint *lint, const char *field, uint32_t was, size_t old,
                             uint32_t is, size_t new)
{
    if (was != is)
        found(lint, NULL,
              "%s is 0x%x in %s and 0x%x in %s, and the tables have the newest, so "
              "words and slots are wrong for the older",
              field, (unsigned)was, lint->model->releases[old], (unsigned)is,
              lint->model->releases[new]);
}

static void counters_changed(struct lint *lint)
{
    const struct cpu *cpu = cpu_of(lint);

    for (size_t r = 0; r < lint->model->release_count; r++) {
        size_t before = release_before(cpu, r);
        const struct database *old = cpu->history[before], *new = cpu->history[r];

        if (before == r || new == NULL)
            continue;
        compare_counters(lint, "fixed_counters", old->fixed, before, new->fixed, r);
        compare_counters(lint, "config_counters", old->config, before, new->config, r);
        compare_counters(lint, "power_counters", old->power, before, new->power, r);
    }
}

static const char *meaning(const struct database *database, const char *name)
{
    const struct alias *alias = database == NULL ? NULL : database_alias(database, name);

    return alias == NULL ? NULL : alias->event;
}

static void compare_alias(struct lint *lint, const char *alias, size_t old, size_t new)
{
    const struct cpu *cpu = cpu_of(lint);
    const char *was = meaning(cpu->history[old], alias), *is = meaning(cpu->history[new], alias);
    const struct event *now;

    if (was == NULL || is == NULL)
        return;
    now = event_in(lint->model, cpu, was, new); /* by its new name, if it has one */
    if (now == NULL || strcmp(now->name, is) != 0)
        found(lint, NULL,
              "the alias %s means %s in %s and %s in %s, so a program that asks for "
              "it counts something else after an update",
              alias, was, lint->model->releases[old], is, lint->model->releases[new]);
}

static void alias_moved(struct lint *lint)
{
    const struct cpu *cpu = cpu_of(lint);

    for (size_t r = 0; r < lint->model->release_count; r++)
        for (size_t i = 0; i < cpu->db.alias_count; i++)
            if (release_before(cpu, r) != r)
                compare_alias(lint, cpu->db.aliases[i].name, release_before(cpu, r), r);
}

/* ---- chip-agnostic names --------------------------------------------------------------------- */

/* Marks which candidates are what some CPU counts the name with in some release. */
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
                found(lint, name->name,
                      "has the candidate %s, which is never used because an earlier "
                      "one exists wherever it does",
                      name->candidates[c].event);
    }
}

static bool term_on(const struct model *model, size_t term, size_t cpu, size_t release)
{
    return portable_on(model, &model->names[term], cpu, release) != NULL;
}

static bool metric_on(const struct model *model, const struct metric *metric, size_t cpu,
                      size_t release)
{
    bool all = true;

    for (size_t i = 0; i < metric->numerator_count; i++)
        all = all && term_on(model, metric->numerator[i], cpu, release);
    for (size_t i = 0; i < metric->denominator_count; i++)
        all = all && term_on(model, metric->denominator[i], cpu, release);
    return all;
}

/* Each CPU in each release, by number. */
static void name_unsupported(struct lint *lint)
{
    const struct model *model = lint->model;
    size_t places = model->cpu_count * model->release_count;

    for (size_t i = 0; i < model->name_count; i++) {
        size_t at = 0;

        while (at < places && !term_on(model, i, at % model->cpu_count, at / model->cpu_count))
            at++;
        if (at == places)
            found(lint, model->names[i].name,
                  "has no event on any CPU here, so whoever asks for it is told not supported");
    }
    for (size_t i = 0; i < model->metric_count; i++) {
        const struct metric *metric = &model->metrics[i];
        size_t at = 0;

        while (at < places &&
               !metric_on(model, metric, at % model->cpu_count, at / model->cpu_count))
            at++;
        if (at == places)
            found(lint, metric->name,
                  "needs names of which no CPU here has all, so it can never be computed");
    }
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const char stale_rule[] = "stale-accepted";

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
     .about = "events with the same number and umask: they count the same"},
    {"other-dropped", SEVERITY_WARNING, .event = other_dropped,
     .about = "CMASK, INV, EDGE, ANY or mode bits that kperfdata drops"},
    {"name-other-dropped", SEVERITY_ERROR, .database = name_other_dropped,
     .about = "a chip-agnostic name for such an event (--names)"},
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
    {stale_rule, SEVERITY_NOTE, .about = "an accepted finding that is not there (--accepted)"},
};

enum { RULES = sizeof rules / sizeof rules[0] };

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int order;

    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    order = strcmp(x->database, y->database);
    if (order == 0 && x->severity != y->severity)
        order = x->severity < y->severity ? -1 : 1;
    if (order == 0)
        order = strcmp(x->rule, y->rule);
    if (order == 0)
        order = strcmp(x->event == NULL ? "" : x->event, y->event == NULL ? "" : y->event);
    return order != 0 ? order : strcmp(x->message, y->message);
}

static void sort_findings(struct findings *findings)
{
    if (findings->count != 0)
        qsort(findings->list, findings->count, sizeof(struct finding), compare_findings);
}

static void run_on_cpu(struct lint *lint)
{
    const struct database *db = database_of(lint);

    if (lint->rule->database != NULL)
        lint->rule->database(lint);
    for (size_t i = 0; lint->rule->event != NULL && i < db->event_count; i++)
        lint->rule->event(lint, &db->events[i]);
}

struct findings lint_model(struct arena *arena, const struct model *model)
{
    struct findings findings = {0};
    struct lint lint = {arena, model, &findings, NULL, 0};

    for (size_t i = 0; i < RULES; i++) {
        lint.rule = &rules[i];
        for (lint.cpu = 0; lint.cpu < model->cpu_count; lint.cpu++)
            run_on_cpu(&lint);
        if (lint.rule->names != NULL)
            lint.rule->names(&lint);
    }
    sort_findings(&findings);
    return findings;
}

/* ---- accepted findings ----------------------------------------------------------------------- */

enum { ACCEPTED_FIELDS = 3 };

struct accepted {
    const char *fields[ACCEPTED_FIELDS]; /* database, rule, and a finding's subject or "*" */
    size_t line;
    bool used;
};

struct acceptance {
    struct arena *arena;
    const char *file;
    struct accepted *list;
    size_t count;
    struct map entries; /* by their fields, a blank between two: numbers from 1 */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* Up to three fields; *at is then what stands behind them. */
static size_t split(struct arena *arena, const char **at, const char *end, struct accepted *entry)
{
    size_t count = 0;

    while (count < ACCEPTED_FIELDS) {
        const char *from = skip_blanks(*at, end);

        for (*at = from; *at < end && !is_blank(**at) && **at != '#';)
            ++*at;
        if (*at == from)
            break;
        entry->fields[count++] = arena_copy(arena, from, (size_t)(*at - from));
    }
    *at = skip_blanks(*at, end);
    return count;
}

static bool is_rule(const char *name)
{
    for (size_t i = 0; i < RULES; i++)
        if (strcmp(rules[i].name, name) == 0)
            return rules[i].name != stale_rule;
    return false;
}

/* An entry's fields as one text: none of them has a blank. */
static const char *entry_text(struct arena *arena, const char *const *fields)
{
    return arena_printf(arena, "%s %s %s", fields[0], fields[1], fields[2]);
}

static bool is_printable(const char *at, const char *end)
{
    while (at < end && (is_blank(*at) || (*at >= 0x20 && *at <= 0x7e)))
        at++;
    return at == end;
}

/* What is wrong with a line of so many fields, from the end of the last one on; NULL: nothing. */
static const char *line_fault(struct acceptance *acceptance, const struct accepted *entry,
                              size_t count, const char *at, const char *end)
{
    const char *text;
    size_t *number;

    if (count < ACCEPTED_FIELDS)
        return "not an accepted finding";
    if (at < end && *at != '#')
        return "more than three fields";
    if (at == end || skip_blanks(at + 1, end) == end)
        return "no reason";
    if (!is_rule(entry->fields[1]))
        return arena_printf(acceptance->arena, "no rule '%s'", entry->fields[1]);
    text = entry_text(acceptance->arena, entry->fields);
    number = map_text(acceptance->arena, &acceptance->entries, text);
    if (*number != 0)
        return arena_printf(acceptance->arena, "the same as line %zu",
                            acceptance->list[*number - 1].line);
    *number = acceptance->count + 1;
    return NULL;
}

static void read_line(struct acceptance *acceptance, const char *from, const char *end, size_t line)
{
    struct accepted entry = {.line = line};
    const char *at = from, *fault;
    size_t count = split(acceptance->arena, &at, end, &entry);

    if (count == 0 && (at == end || *at == '#'))
        return;
    fault = is_printable(from, end) ? line_fault(acceptance, &entry, count, at, end)
                                    : "a byte that is not printable ASCII";
    if (fault != NULL) {
        report_error(arena_printf(acceptance->arena, "%s:%zu", acceptance->file, line),
                     "%s (expected DB RULE EVENT # why)", fault);
        return;
    }
    acceptance->list =
        arena_grow(acceptance->arena, acceptance->list, acceptance->count, sizeof entry);
    acceptance->list[acceptance->count++] = entry;
}

static struct acceptance read_accepted(struct arena *arena, const char *file, const char *text,
                                       size_t length)
{
    struct acceptance acceptance = {.arena = arena, .file = file};
    const char *at = text, *end = text + length;

    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop == NULL ? end : stop;
        read_line(&acceptance, at, stop, line);
        at = stop < end ? stop + 1 : end;
    }
    return acceptance;
}

/* By an entry of its database and rule, and of that subject. */
static bool accepts(struct acceptance *acceptance, const struct finding *finding,
                    const char *subject)
{
    const char *const fields[] = {finding->database, finding->rule, subject};
    const char *text = subject == NULL ? "" : entry_text(acceptance->arena, fields);
    size_t number = map_get(&acceptance->entries, text, strlen(text));

    if (number != 0)
        acceptance->list[number - 1].used = true;
    return number != 0;
}

/* Where findings of a database by that name stand; behind all others when there is none. */
static size_t order_of(const struct model *model, const struct map *databases, const char *name)
{
    size_t number = map_get(databases, name, strlen(name));

    if (number != 0)
        return number - 1;
    return model->cpu_count + (strcmp(name, "names") != 0);
}

static struct map shown_names(struct arena *arena, const struct model *model)
{
    struct map numbers = {NULL};

    for (size_t c = 0; c < model->cpu_count; c++) {
        size_t *number = map_text(arena, &numbers, model->cpus[c].db.name);

        *number = *number == 0 ? c + 1 : *number;
    }
    return numbers;
}

static void add_stale(struct arena *arena, struct findings *findings, const struct accepted *entry,
                      size_t order)
{
    const char *subject = entry->fields[2];
    struct finding *finding = add_finding(arena, findings);

    *finding = (struct finding){
        .order = order,
        .database = entry->fields[0],
        .severity = SEVERITY_NOTE,
        .rule = stale_rule,
        .event =
            strcmp(subject, "*") == 0 ? NULL : arena_copy(arena, subject, strcspn(subject, "+")),
        .subject = subject,
        .message = arena_printf(arena,
                                "line %zu accepts a finding of %s that is not there, and would "
                                "hide it if it came back",
                                entry->line, entry->fields[1]),
    };
}

void lint_accept(struct arena *arena, const struct model *model, struct findings *findings,
                 const char *file, const char *text, size_t length)
{
    struct acceptance acceptance = read_accepted(arena, file, text, length);
    struct map databases = shown_names(arena, model);

    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];
        bool all = accepts(&acceptance, finding, "*");

        finding->accepted = accepts(&acceptance, finding, finding->subject) || all;
    }
    for (size_t e = 0; e < acceptance.count; e++)
        if (!acceptance.list[e].used)
            add_stale(arena, findings, &acceptance.list[e],
                      order_of(model, &databases, acceptance.list[e].fields[0]));
    sort_findings(findings);
}

/* ---- the result ------------------------------------------------------------------------------ */

static const char *const severity_names[SEVERITIES] = {"error", "warning", "note"};

bool lint_failed(const struct findings *findings, bool notes_count)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!findings->list[i].accepted &&
            (notes_count || findings->list[i].severity != SEVERITY_NOTE))
            return true;
    return false;
}

void lint_print_text(const struct findings *findings)
{
    size_t counts[SEVERITIES] = {0}, accepted = 0;
    const char *comma = "";

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        accepted += finding->accepted;
        if (finding->accepted)
            continue;
        counts[finding->severity]++;
        printf("%s: %s: %s%s%s [%s]\n", finding->database, severity_names[finding->severity],
               finding->event == NULL ? "" : finding->event, finding->event == NULL ? "" : ": ",
               finding->message, finding->rule);
    }
    for (int s = 0; s < SEVERITIES; s++)
        if (counts[s] != 0) {
            printf("%s%zu %s%s", comma, counts[s], severity_names[s], counts[s] == 1 ? "" : "s");
            comma = ", ";
        }
    if (*comma == '\0')
        fputs("no findings", stdout);
    if (accepted != 0)
        printf(" (%zu accepted)", accepted);
    putchar('\n');
}

void lint_print_json(const struct findings *findings)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '[');
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->accepted)
            continue;
        json_begin_line(&json, NULL, '{');
        json_string(&json, "db", finding->database);
        json_string(&json, "severity", severity_names[finding->severity]);
        json_string(&json, "rule", finding->rule);
        json_string(&json, "event", finding->event);
        json_string(&json, "message", finding->message);
        json_end(&json, '}');
    }
    json_end(&json, ']');
}

void lint_print_rules(void)
{
    for (size_t i = 0; i < RULES; i++)
        printf("  %-8s %-22s %s\n", severity_names[rules[i].severity], rules[i].name,
               rules[i].about);
}
