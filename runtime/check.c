/*
 * Compares the tables with the live kperfdata, as events.c learns it, and tells every difference
 * once; nothing that only follows from one that was told. Programs nothing.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SET_MAX = 10, SET_DRIFTS_MAX = 8, NOT_LIVE = -1 };

/* The part of every word that says not what is counted but how: modes, Intel's enable bit. */
struct mode_bits {
    uint64_t table, live;
    unsigned votes;
};

struct comparison {
    const struct kplive *sampler;
    const struct kplive_live *live;
    struct kpdb_cpu cpu;
    int release;
    void (*tell)(void *user, const struct kplive_drift *drift); /* NULL: only count */
    void *user;
    unsigned drifts;

    bool *told;                /* of live events: no set needs to tell it again */
    bool counters_differ;      /* in number: then nothing about counters can be equal */
    struct mode_bits modes[2]; /* of most words: user and kernel mode, user mode alone */
};

/* ---- telling --------------------------------------------------------------------------------- */

static int find_live(const struct kplive_live *live, const char *name)
{
    for (unsigned i = 0; i < live->count; i++)
        if (strcmp(live->events[i].name, name) == 0)
            return (int)i;
    return NOT_LIVE;
}

static void tell_drift(struct comparison *c, const char *event, const char *field,
                       const char *table, const char *live)
{
    struct kplive_drift found = {.event = event, .field = field};
    int at = event == NULL ? NOT_LIVE : find_live(c->live, event);

    if (at != NOT_LIVE)
        c->told[at] = true;
    c->drifts++;
    if (c->tell == NULL)
        return;
    snprintf(found.table, sizeof found.table, "%.47s", table);
    snprintf(found.live, sizeof found.live, "%.47s", live);
    c->tell(c->user, &found);
}

static void compare_numbers(struct comparison *c, const char *event, const char *field,
                            uint64_t table, uint64_t live)
{
    char a[24], b[24];

    if (table == live)
        return;
    snprintf(a, sizeof a, "%llu", (unsigned long long)table);
    snprintf(b, sizeof b, "%llu", (unsigned long long)live);
    tell_drift(c, event, field, a, b);
}

static void tell_bits(struct comparison *c, const char *event, const char *field, uint64_t table,
                      uint64_t live)
{
    char a[24], b[24];

    snprintf(a, sizeof a, "0x%llx", (unsigned long long)table);
    snprintf(b, sizeof b, "0x%llx", (unsigned long long)live);
    tell_drift(c, event, field, a, b);
}

/* ---- the database ---------------------------------------------------------------------------- */

/* The database's name, where there is a function that tells it, and the number of its counters. */
static void compare_head(struct comparison *c)
{
    const struct kplive_frameworks *f = &c->sampler->frameworks;
    const struct {
        uint8_t class;
        const char *field;
        uint32_t mask;
    } classes[] = {{KPDB_CLASS_FIXED, "fixed_counters", c->cpu.fixed_counters},
                   {KPDB_CLASS_CONFIGURABLE, "config_counters", c->cpu.config_counters},
                   {KPDB_CLASS_POWER, "power_counters", c->cpu.power_counters}};
    const char *given = NULL;
    char name[KPLIVE_NAME_SIZE];

    if (f->kpep_db_name != NULL) {
        if (f->kpep_db_name(c->live->db, &given) != 0 ||
            !kplive_copy_text(given, name, sizeof name))
            tell_drift(c, NULL, "marketing_name", c->cpu.marketing_name, "none");
        else if (strcmp(name, c->cpu.marketing_name) != 0)
            tell_drift(c, NULL, "marketing_name", c->cpu.marketing_name, name);
    }
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        size_t count = 0, known = kplive_count_bits(classes[i].mask);

        if (f->kpep_db_counters_count(c->live->db, classes[i].class, &count) != 0)
            continue;
        compare_numbers(c, NULL, classes[i].field, known, count);
        /* Those of the power manager are held by nobody once all are forced. */
        c->counters_differ |= count != known && classes[i].class != KPDB_CLASS_POWER;
    }
}

/* What the tables say of an event in this release, by the name that it has there. */
static bool table_event(const struct comparison *c, const char *name, struct kpdb_event *event)
{
    return kpdb_find((unsigned)c->sampler->cpu, c->release, name, strlen(name), event) == KPDB_OK &&
           strcmp(kpdb_event_name(event->id), name) == 0;
}

static void compare_aliases(struct comparison *c)
{
    const struct kplive_frameworks *f = &c->sampler->frameworks;
    uint16_t target;

    for (int id = kpdb_alias_next((unsigned)c->sampler->cpu, -1, &target); id >= 0;
         id = kpdb_alias_next((unsigned)c->sampler->cpu, id, &target)) {
        const char *alias = kpdb_event_name((unsigned)id), *given = NULL;
        struct kpep_event *event = NULL;
        char live[KPLIVE_NAME_SIZE];

        if (f->kpep_db_event(c->live->db, alias, &event) != 0 || event == NULL ||
            f->kpep_event_name(event, &given) != 0 || !kplive_copy_text(given, live, sizeof live))
            tell_drift(c, alias, "alias", kpdb_event_name(target), "absent");
        else if (strcmp(live, kpdb_event_name(target)) != 0)
            tell_drift(c, alias, "alias", kpdb_event_name(target), live);
    }
}

static bool is_alias(const struct comparison *c, const char *name)
{
    uint16_t target;

    for (int id = kpdb_alias_next((unsigned)c->sampler->cpu, -1, &target); id >= 0;
         id = kpdb_alias_next((unsigned)c->sampler->cpu, id, &target))
        if (strcmp(kpdb_event_name((unsigned)id), name) == 0)
            return true;
    return false;
}

/* Aliases that the tables lack, where the framework tells them; not those of new events. */
static void compare_new_aliases(struct comparison *c)
{
    const struct kplive_frameworks *f = &c->sampler->frameworks;

    for (unsigned i = 0; i < c->live->count && f->kpep_event_alias != NULL; i++) {
        const char *given = NULL, *event = c->live->events[i].name;
        struct kpdb_event known;
        char alias[KPLIVE_NAME_SIZE];

        if (f->kpep_event_alias(c->live->handles[i], &given) == 0 &&
            kplive_copy_text(given, alias, sizeof alias) && !is_alias(c, alias) &&
            table_event(c, event, &known))
            tell_drift(c, alias, "alias", "absent", event);
    }
}

/* ---- the bits of all words ------------------------------------------------------------------- */

/* The mode bits of an event's words, in both modes; false when one side has no words of it. */
static bool bits_of(const struct comparison *c, const struct kplive_live_event *live,
                    struct mode_bits bits[2])
{
    struct kpdb_options options = {.release = c->release};
    struct kpdb_event event;

    if (live->code != 0 || live->fixed || !live->user_only || !table_event(c, live->name, &event))
        return false;
    for (unsigned mode = 0; mode < 2; mode++) {
        struct kpdb_request request = {live->name, strlen(live->name), mode == 1};
        struct kpdb_encoding encoding;
        uint64_t word = 0;

        if (kpdb_encode((unsigned)c->sampler->cpu, &options, &request, 1, &encoding) != KPDB_OK ||
            encoding.config_count == 0)
            return false;
        for (unsigned i = 0; i < encoding.config_count; i++) /* of which one is not 0 */
            word |= encoding.config[i];
        bits[mode] = (struct mode_bits){.table = word & ~(uint64_t)0xffff,
                                        .live = live->words[mode] & ~(uint64_t)0xffff};
    }
    return true;
}

static uint64_t change_of(const struct mode_bits *bits)
{
    return bits->table ^ bits->live;
}

/* A change of the bits of most events' words (Boyer and Moore's vote) is one difference. */
static void compare_modes(struct comparison *c)
{
    struct mode_bits bits[2];

    memset(c->modes, 0, sizeof c->modes);
    for (unsigned i = 0; i < c->live->count; i++) {
        if (!bits_of(c, &c->live->events[i], bits))
            continue;
        for (unsigned mode = 0; mode < 2; mode++)
            if (c->modes[mode].votes == 0)
                c->modes[mode] = (struct mode_bits){bits[mode].table, bits[mode].live, 1};
            else if (change_of(&c->modes[mode]) == change_of(&bits[mode]))
                c->modes[mode].votes++;
            else
                c->modes[mode].votes--;
    }
    if (change_of(&c->modes[0]) != 0)
        tell_bits(c, NULL, "word_bits", c->modes[0].table, c->modes[0].live);
    if (change_of(&c->modes[1]) != change_of(&c->modes[0]))
        tell_bits(c, NULL, "user_bits", c->modes[1].table, c->modes[1].live);
}

/* How an event's words changed beyond what most events' did. */
static void compare_bits(struct comparison *c, const struct kplive_live_event *live)
{
    struct mode_bits bits[2];
    uint64_t own[2];

    if (!bits_of(c, live, bits))
        return;
    for (unsigned mode = 0; mode < 2; mode++)
        own[mode] = change_of(&bits[mode]) ^ change_of(&c->modes[mode]);
    if (own[0] != 0)
        tell_bits(c, live->name, "word_bits", bits[0].table, bits[0].live);
    if (own[1] != own[0])
        tell_bits(c, live->name, "user_bits", bits[1].table, bits[1].live);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void compare_words(struct comparison *c, const struct kpdb_event *event,
                          const struct kplive_live_event *live)
{
    compare_numbers(c, live->name, "number", event->number,
                    kplive_selector(c->sampler, live->words[0]));
    if (c->sampler->intel)
        compare_numbers(c, live->name, "umask", event->umask,
                        kplive_unit_mask(c->sampler, live->words[0]));
    compare_bits(c, live);
}

/* The counters on which the event can be; false when that is why it cannot be compared further. */
static bool compare_counters(struct comparison *c, const struct kpdb_event *event,
                             const struct kplive_live_event *live)
{
    uint32_t usable =
        event->fixed >= 0 ? (uint32_t)1 << event->fixed : event->counters & c->cpu.config_counters;
    char a[24] = "none", b[24] = "none";

    if (usable == 0) {
        compare_numbers(c, live->name, "code", 16, (uint64_t)live->code);
        return false;
    }
    if (live->code != 0 && (live->code == 12 || live->code == 16) && event->fixed < 0) {
        compare_numbers(c, live->name, "counters_mask", usable, 0);
        return false;
    }
    if (live->code != 0) {
        compare_numbers(c, live->name, "code", 0, (uint64_t)live->code);
        return false;
    }
    if (event->fixed >= 0)
        snprintf(a, sizeof a, "%d", event->fixed);
    if (live->fixed && live->counters != 0)
        snprintf(b, sizeof b, "%d", __builtin_ctz(live->counters));
    if (strcmp(a, b) != 0)
        tell_drift(c, live->name, "fixed_counter", a, b);
    else if (event->fixed < 0)
        compare_numbers(c, live->name, "counters_mask", usable, live->counters);
    return event->fixed < 0 && !live->fixed;
}

/*
 * Intel's fixed events are counted by their fallback, so the framework tells of
 * them only what it tells of the fallback: a difference of that is not told again.
 */
static void compare_fallback(struct comparison *c, const struct kpdb_event *event, int at)
{
    const struct kplive_live_event *live = &c->live->events[at], *counted;
    const char *name;
    int fallback;

    if (event->fallback == KPDB_NO_ID) {
        compare_numbers(c, live->name, "code", 14, (uint64_t)live->code);
        return;
    }
    name = kpdb_event_name(event->fallback);
    fallback = find_live(c->live, name);
    if (fallback == NOT_LIVE || c->told[fallback])
        c->told[at] = true;
    if (fallback == NOT_LIVE)
        return;
    counted = &c->live->events[fallback];
    if (live->code != counted->code || live->counters != counted->counters ||
        live->words[0] != counted->words[0])
        tell_drift(c, live->name, "fallback", name, live->code == 14 ? "none" : "another");
}

static void compare_event(struct comparison *c, const struct kpdb_event *event, int at)
{
    const struct kplive_live_event *live = &c->live->events[at];
    bool words = live->code == 0 && !live->fixed && event->fixed < 0;

    if (!c->counters_differ)
        words = compare_counters(c, event, live);
    if (words)
        compare_words(c, event, live);
}

static void compare_events(struct comparison *c)
{
    struct kpdb_event event = {0};

    for (unsigned pass = 0; pass < 2; pass++) /* those that others fall back on first */
        for (int id = -1;
             kpdb_next_in((unsigned)c->sampler->cpu, c->release, id, &event) == KPDB_OK;
             id = event.id) {
            bool falls_back = event.fixed >= 0 && c->sampler->intel;
            int at;

            if (falls_back != (pass == 1))
                continue;
            at = find_live(c->live, kpdb_event_name(event.id));
            if (at == NOT_LIVE)
                tell_drift(c, kpdb_event_name(event.id), "removed", "present", "absent");
            else if (falls_back)
                compare_fallback(c, &event, at);
            else
                compare_event(c, &event, at);
        }
    for (unsigned i = 0; i < c->live->count; i++)
        if (!table_event(c, c->live->events[i].name, &event))
            tell_drift(c, c->live->events[i].name, "added", "absent", "present");
}

static unsigned compare_release(struct comparison *c, int release)
{
    c->release = release;
    (void)kpdb_cpu_in((unsigned)c->sampler->cpu, release, &c->cpu);
    c->drifts = 0;
    c->counters_differ = false;
    memset(c->told, 0, c->live->count * sizeof *c->told);
    compare_head(c);
    compare_aliases(c);
    compare_modes(c);
    compare_events(c);
    compare_new_aliases(c);
    return c->drifts;
}

/* The release with the fewest differences; of equal ones the sampler's, else the oldest. */
static int best_release(struct comparison *c)
{
    unsigned fewest = UINT32_MAX;
    int best = 0;

    for (int r = 0; r < (int)kpdb_release_count(); r++) {
        unsigned drifts = (c->cpu.releases >> r & 1) != 0 ? compare_release(c, r) : UINT32_MAX;

        if (drifts < fewest || (drifts == fewest && r == c->sampler->release)) {
            fewest = drifts;
            best = r;
        }
    }
    return best;
}

/* ---- encodings of random sets ---------------------------------------------------------------- */

struct set {
    unsigned count;
    unsigned live[SET_MAX]; /* numbers of the events */
    bool user_only[SET_MAX];
};

/* In what the tables and the framework encode a set differently. */
struct difference {
    const char *field;
    int result, code; /* of kpdb, of the framework */
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A set of the events of `fit`, without repetition. */
static struct set random_set(const uint16_t *fit, unsigned fits, uint32_t *state)
{
    unsigned count = 1 + next_random(state) % SET_MAX;
    struct set set = {0};

    for (unsigned tries = 0; set.count < count && tries < 4 * SET_MAX; tries++) {
        unsigned event = fit[next_random(state) % fits];
        bool known = false;

        for (unsigned i = 0; i < set.count; i++)
            known |= set.live[i] == event;
        if (known)
            continue;
        set.live[set.count] = event;
        set.user_only[set.count++] = next_random(state) % 4 == 0;
    }
    return set;
}

/* The live events of which no difference was told yet; returns how many. */
static unsigned find_untold(const struct comparison *c, uint16_t *fit)
{
    unsigned fits = 0;

    for (unsigned i = 0; i < c->live->count; i++)
        if (!c->told[i])
            fit[fits++] = (uint16_t)i;
    return fits;
}

/* Takes back what was told of all words, so that it is not found in every set again. */
static void settle_modes(const struct comparison *c, const struct kpdb_request *events,
                         unsigned count, struct kplive_framework_words *words)
{
    size_t first = (words->classes & KPDB_CLASS_FIXED) != 0 ? c->live->config_first : 0;

    if (words->code != 0)
        return;
    for (unsigned i = 0; i < count; i++) {
        size_t word = words->map[i] - first;

        if (word < words->config_count && words->config[word] != 0)
            words->config[word] ^= change_of(&c->modes[events[i].user_only]);
    }
}

/*
 * Whether the tables and kperfdata encode the events differently: as kperfdata places
 * them, in the order given; or optimally, the events being in the order in which
 * kperfdata finds that placement too. Where masks do not nest it may find none, which is
 * no difference; but it must not place what cannot be placed.
 */
static bool encoding_differs(const struct comparison *c, enum kpdb_strategy strategy,
                             const struct kpdb_request *events, unsigned count,
                             struct difference *out)
{
    struct kpdb_options options = {.release = c->release, .strategy = strategy};
    struct kplive_framework_words words;
    struct kpdb_encoding encoding;

    memset(&encoding, 0, sizeof encoding);
    kplive_ask_words(&c->sampler->frameworks, c->live->db, events, count, &words);
    settle_modes(c, events, count, &words);
    out->result = kpdb_encode((unsigned)c->sampler->cpu, &options, events, count, &encoding);
    out->code = words.code;
    if (strategy == KPDB_OPTIMAL && words.code != 0)
        out->field = NULL;
    else
        out->field = kplive_words_differ(out->result, &encoding, count, &words);
    return out->field != NULL;
}

/* The events in the order in which the tables place them; as they are where one is not known. */
static void order_events(const struct comparison *c, const struct kpdb_request *events,
                         unsigned count, struct kpdb_request *ordered)
{
    struct kpdb_options options = {.release = c->release};
    struct kpdb_encoding encoding;

    for (unsigned i = 0; i < count; i++)
        encoding.order[i] = (uint8_t)i;
    (void)kpdb_encode((unsigned)c->sampler->cpu, &options, events, count, &encoding);
    for (unsigned i = 0; i < count; i++)
        ordered[i] = events[encoding.order[i]];
}

static bool set_differs(const struct comparison *c, const struct set *set, struct difference *out)
{
    struct kpdb_request events[SET_MAX] = {{NULL, 0, false}}, ordered[SET_MAX];

    for (unsigned i = 0; i < set->count; i++) {
        events[i].name = c->live->events[set->live[i]].name;
        events[i].length = strlen(events[i].name);
        events[i].user_only = set->user_only[i];
    }
    order_events(c, events, set->count, ordered);
    return encoding_differs(c, KPDB_KPERFDATA, events, set->count, out) ||
           encoding_differs(c, KPDB_OPTIMAL, ordered, set->count, out);
}

/* The events of a set whose bits are set in mask. */
static struct set subset_of(const struct set *set, uint32_t mask)
{
    struct set part = {0};

    for (unsigned i = 0; i < set->count; i++)
        if ((mask >> i & 1) != 0) {
            part.live[part.count] = set->live[i];
            part.user_only[part.count++] = set->user_only[i];
        }
    return part;
}

/*
 * Reduces a set that differs to a smallest part of it that still does. A set that no
 * longer differs when it is asked again (a call of the framework failed once) stays as
 * it was.
 */
static void reduce_set(const struct comparison *c, struct set *set, struct difference *difference)
{
    struct difference whole = *difference;

    for (unsigned size = 1; size < set->count; size++)
        for (uint32_t mask = 1; mask < (uint32_t)1 << set->count; mask++) {
            struct set part = subset_of(set, mask);

            if (part.count == size && set_differs(c, &part, difference)) {
                *set = part;
                return;
            }
        }
    if (!set_differs(c, set, difference))
        *difference = whole;
}

/* Tells of a set that the tables encode otherwise; its events are done with. */
static void tell_set(struct comparison *c, const struct set *set,
                     const struct difference *difference)
{
    char names[SET_MAX * KPLIVE_NAME_SIZE] = "";
    char table[24] = "that of kpep encode", live[24] = "another";

    for (unsigned i = 0; i < set->count; i++) {
        size_t length = strlen(names);

        c->told[set->live[i]] = true;
        snprintf(names + length, sizeof names - length, "%s%s", i == 0 ? "" : " ",
                 c->live->events[set->live[i]].name);
    }
    if (strcmp(difference->field, "code") == 0) {
        snprintf(table, sizeof table, "%d", kpdb_kperfdata_code(difference->result));
        snprintf(live, sizeof live, "%d", difference->code);
    }
    tell_drift(c, names, difference->field, table, live);
}

/*
 * Compares random sets; returns how many: fewer than asked when no events are left, or
 * when SET_DRIFTS_MAX of them differed.
 */
static unsigned compare_sets(struct comparison *c, unsigned sets, uint32_t seed, uint16_t *fit)
{
    uint32_t state = seed == 0 ? 1 : seed;
    unsigned fits = c->counters_differ ? 0 : find_untold(c, fit), found = 0, i = 0;

    for (; i < sets && fits > 0 && found < SET_DRIFTS_MAX; i++) {
        struct set set = random_set(fit, fits, &state);
        struct difference difference;

        if (!set_differs(c, &set, &difference))
            continue;
        reduce_set(c, &set, &difference);
        tell_set(c, &set, &difference);
        fits = find_untold(c, fit);
        found++;
    }
    return i;
}

/* ---- the size of an event -------------------------------------------------------------------- */

static int compare_addresses(const void *left, const void *right)
{
    const uintptr_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/*
 * The distance from each event to the next in memory, when it is the same all
 * along (kperfdata.md 3.2). What it cannot tell: events that were allocated one by one, from blocks
 * that happen to lie side by side, are as far apart as the allocator's blocks,
 * which may be larger; and an array of something larger that begins with an event
 * looks like one of events. Two events are always evenly spaced: that says nothing.
 */
static unsigned event_size(const struct kplive_live *live, uintptr_t *addresses)
{
    uintptr_t stride;

    if (live->count < 3)
        return 0;
    for (unsigned i = 0; i < live->count; i++)
        addresses[i] = (uintptr_t)live->handles[i];
    qsort(addresses, live->count, sizeof *addresses, compare_addresses);
    stride = addresses[1] - addresses[0];
    if (stride == 0 || stride % 8 != 0 || stride > 4096)
        return 0;
    for (unsigned i = 2; i < live->count; i++)
        if (addresses[i] - addresses[i - 1] != stride)
            return 0;
    return (unsigned)stride;
}

/* ---- the function ---------------------------------------------------------------------------- */

static int check_names(const struct kplive_live *live, struct kplive_error *error)
{
    for (unsigned i = 0; i < live->count; i++)
        if (!live->events[i].named)
            return kplive_fail(error, KPLIVE_SYSTEM, "kpep_event_name", 0, NULL,
                               "event %u of the live database has no proper name", i);
    return KPLIVE_OK;
}

static int compare_all(struct comparison *c, unsigned sets, uint32_t seed,
                       void (*tell)(void *user, const struct kplive_drift *drift),
                       struct kplive_check *check, struct kplive_error *error)
{
    uintptr_t *addresses = calloc(c->live->count, sizeof *addresses);
    uint16_t *fit = calloc(c->live->count, sizeof *fit);
    int status = KPLIVE_OK;

    c->told = calloc(c->live->count, sizeof *c->told);
    if (addresses == NULL || fit == NULL || c->told == NULL) {
        status = kplive_fail(error, KPLIVE_MEMORY, "calloc", ENOMEM, NULL, NULL);
        goto done;
    }
    check->release = best_release(c);
    c->tell = tell;
    compare_release(c, check->release);
    check->encodings = compare_sets(c, sets, seed, fit);
    check->events = c->live->count;
    check->drifts = c->drifts;
    check->event_size = event_size(c->live, addresses);
done:
    free(addresses);
    free(fit);
    free(c->told);
    return status;
}

/*
 * Beside what kplive_learn() needs, kpep_db_event() has to be there: without it neither
 * sets nor aliases can be compared. The function that tells the database's name need not.
 */
int kplive_compare(struct kplive *sampler, unsigned sets, uint32_t seed,
                   void (*tell)(void *user, const struct kplive_drift *drift), void *user,
                   struct kplive_check *check, struct kplive_error *error)
{
    static const char *const needed[] = {"kpep_db_event", NULL};
    struct kplive_live live = {0};
    struct comparison c = {.sampler = sampler, .live = &live, .user = user};
    int status;

    memset(check, 0, sizeof *check);
    if (sampler->cpu < 0 || kpdb_cpu((unsigned)sampler->cpu, &c.cpu) != KPDB_OK)
        return kplive_fail(error, KPLIVE_NO_CPU, "", 0, NULL, "the tables do not know %s",
                           sampler->cpu_name);
    status = kplive_need(&sampler->frameworks, error, needed);
    if (status == KPLIVE_OK)
        status = kplive_learn(sampler, &live, error);
    if (status == KPLIVE_OK)
        status = check_names(&live, error);
    if (status == KPLIVE_OK)
        status = compare_all(&c, sets, seed, tell, check, error);
    kplive_forget(&live);
    return status;
}
