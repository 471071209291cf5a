/*
 * The tables against the live kperfdata, learnt through its API alone: an event
 * added to a fresh forced configuration tells its word and lowest counter, and
 * added again and again it tells its mask. No struct is looked into.
 */
#include "sampler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 8192, SET_MAX = 10, NAME_LENGTH = 128 };

/* What the framework lets be learnt of an event. */
struct live_event {
    char name[NAME_LENGTH];
    int code;          /* of adding it alone, forced */
    bool fixed;        /* it took a counter and no word */
    uint64_t word;     /* of user and kernel mode */
    uint32_t counters; /* that it could take */
};

struct live {
    struct kpep_db *db;
    struct kpep_event **handles;
    struct live_event *events;
    unsigned count;
    size_t config_first; /* number of the first configurable counter: how many are fixed */
};

struct comparison {
    struct kplive *sampler;
    const struct live *live;
    int release;
    void (*tell)(void *user, const struct kplive_drift *drift); /* NULL: only count */
    void *user;
    unsigned drifts;
};

/* ---- learning -------------------------------------------------------------------------------- */

static int learn_event(const struct kplive_frameworks *f, const struct live *live,
                       struct kpep_event *handle, struct live_event *event)
{
    struct kpep_config *config = NULL;
    size_t map[KPDB_COUNTERS_MAX + 1] = {0}, words = 0;
    uint64_t word[KPDB_COUNTERS_MAX] = {0};
    uint32_t conflict = 0, classes = 0;
    unsigned added = 0;
    int code = f->kpep_config_create(live->db, &config);

    if (code != 0 || config == NULL)
        return code != 0 ? code : 2;
    code = f->kpep_config_force_counters(config);
    for (; code == 0 && added < KPDB_COUNTERS_MAX; added++) {
        struct kpep_event *again = handle; /* it may be replaced by its fallback */

        event->code = f->kpep_config_add_event(config, &again, 0, &conflict);
        if (event->code != 0)
            break;
    }
    event->code = added > 0 ? 0 : event->code;
    if (code == 0 && added > 0 && f->kpep_config_kpc_classes(config, &classes) == 0 &&
        f->kpep_config_kpc_map(config, map, added * sizeof map[0]) == 0 &&
        f->kpep_config_kpc_count(config, &words) == 0 && words <= KPDB_COUNTERS_MAX &&
        (words == 0 || f->kpep_config_kpc(config, word, words * sizeof word[0]) == 0)) {
        bool with_fixed = (classes & KPDB_CLASS_FIXED) != 0;

        event->fixed = with_fixed;
        for (unsigned i = 0; i < added; i++) {
            size_t counter = map[i] + (with_fixed ? 0 : live->config_first);

            if (counter < KPDB_COUNTERS_MAX)
                event->counters |= (uint32_t)1 << counter;
            if (!with_fixed && map[i] < words)
                event->word = word[map[i]];
        }
    }
    f->kpep_config_free(config);
    return code;
}

/* A name the framework gave, which may be none or have no end. */
static bool copy_text(const char *from, char *to, size_t size)
{
    size_t length = 0;

    while (from != NULL && length < size && from[length] != '\0')
        length++;
    if (from == NULL || length == 0 || length == size)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

static int learn(const struct kplive_frameworks *f, struct live *live, struct kplive_error *error)
{
    size_t count = 0;
    int code = f->kpep_db_events_count(live->db, &count);

    if (code != 0 || count == 0 || count > EVENTS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_events_count", code, NULL,
                           "%zu events (expected 1 to %d)", count, EVENTS_MAX);
    live->handles = calloc(count, sizeof *live->handles);
    live->events = calloc(count, sizeof *live->events);
    if (live->handles == NULL || live->events == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    code = f->kpep_db_events(live->db, live->handles, count * sizeof *live->handles);
    if (code == 0)
        code = f->kpep_db_counters_count(live->db, KPDB_CLASS_FIXED, &live->config_first);
    if (code != 0)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_events", code, NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        struct live_event *event = &live->events[i];
        const char *name = NULL;

        code = live->handles[i] == NULL ? 1 : f->kpep_event_name(live->handles[i], &name);
        if (code != 0 || !copy_text(name, event->name, sizeof event->name))
            return kplive_fail(error, KPLIVE_SYSTEM, "kpep_event_name", code, NULL,
                               "event %zu of the live database has no proper name", i);
        code = learn_event(f, live, live->handles[i], event);
        if (code != 0)
            return kplive_fail(error, KPLIVE_SYSTEM, "kpep_config_create", code, event->name, NULL);
    }
    live->count = (unsigned)count;
    return KPLIVE_OK;
}

/* The smallest distance between two events in memory: their size, if they are in one array. */
static unsigned event_size(const struct live *live)
{
    uintptr_t least = UINTPTR_MAX;

    for (unsigned i = 1; i < live->count; i++)
        for (unsigned j = 0; j < i; j++) {
            uintptr_t a = (uintptr_t)live->handles[i], b = (uintptr_t)live->handles[j];
            uintptr_t distance = a < b ? b - a : a - b;

            if (distance != 0 && distance < least)
                least = distance;
        }
    return least < 4096 ? (unsigned)least : 0;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static void drift(struct comparison *c, const char *event, const char *field, const char *table,
                  const char *live)
{
    struct kplive_drift found = {.event = event, .field = field};

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
    drift(c, event, field, a, b);
}

static const struct live_event *find_live(const struct live *live, const char *name)
{
    for (unsigned i = 0; i < live->count; i++)
        if (strcmp(live->events[i].name, name) == 0)
            return &live->events[i];
    return NULL;
}

/* Intel's fixed events are known by what is counted instead of them. */
static bool counted_event(const struct comparison *c, const struct kpdb_event *asked, bool intel,
                          struct kpdb_event *counted)
{
    *counted = *asked;
    return asked->fixed < 0 || !intel ||
           (asked->fallback != KPDB_NO_ID &&
            kpdb_on_in((unsigned)c->sampler->cpu, c->release, asked->fallback, counted) == KPDB_OK);
}

static void compare_event(struct comparison *c, const struct kpdb_cpu *cpu,
                          const struct kpdb_event *event, const struct live_event *live)
{
    const char *name = live->name;
    bool intel = cpu->arch == KPDB_X86_64 || cpu->arch == KPDB_I386;
    uint32_t usable = cpu->config_counters;
    struct kpdb_event counted;

    if (!counted_event(c, event, intel, &counted)) {
        compare_numbers(c, name, "code", 14, (uint64_t)live->code);
        return;
    }
    if (counted.fixed >= 0) {
        compare_numbers(c, name, "fixed_counter", (uint64_t)counted.fixed,
                        live->fixed && live->counters != 0 ? (uint64_t)__builtin_ctz(live->counters)
                                                           : KPDB_COUNTERS_MAX);
        return;
    }
    if ((counted.counters & usable) == 0) {
        compare_numbers(c, name, "code", 16, (uint64_t)live->code);
        return;
    }
    compare_numbers(c, name, "number", counted.number, live->word & (intel ? 0xff : 0xffff));
    if (intel)
        compare_numbers(c, name, "umask", counted.umask, live->word >> 8 & 0xff);
    compare_numbers(c, name, "counters_mask", counted.counters & usable, live->counters);
}

static void compare_events(struct comparison *c, const struct kpdb_cpu *cpu)
{
    struct kpdb_event event = {0};

    for (int id = -1; kpdb_next((unsigned)c->sampler->cpu, id, &event) == KPDB_OK; id = event.id) {
        const char *name = kpdb_event_name(event.id);
        const struct live_event *live = find_live(c->live, name);

        if (!(event.releases >> c->release & 1))
            continue;
        if (live == NULL)
            drift(c, name, "removed", "present", "absent");
        else
            compare_event(c, cpu, &event, live);
    }
    for (unsigned i = 0; i < c->live->count; i++) {
        const char *name = c->live->events[i].name;
        int found = kpdb_find((unsigned)c->sampler->cpu, c->release, name, strlen(name), &event);

        if (found != KPDB_OK || strcmp(kpdb_event_name(event.id), name) != 0)
            drift(c, name, "added", "absent", "present");
    }
}

static void compare_head(struct comparison *c, const struct kpdb_cpu *cpu)
{
    const struct kplive_frameworks *f = &c->sampler->frameworks;
    static const struct {
        uint8_t class;
        const char *field;
    } classes[] = {{KPDB_CLASS_FIXED, "fixed_counters"},
                   {KPDB_CLASS_CONFIGURABLE, "config_counters"},
                   {KPDB_CLASS_POWER, "power_counters"}};
    const uint32_t masks[] = {cpu->fixed_counters, cpu->config_counters, cpu->power_counters};
    const char *given = NULL;
    char name[NAME_LENGTH];

    if (f->kpep_db_name(c->live->db, &given) != 0 || !copy_text(given, name, sizeof name))
        drift(c, NULL, "marketing_name", cpu->marketing_name, "none");
    else if (strcmp(name, cpu->marketing_name) != 0)
        drift(c, NULL, "marketing_name", cpu->marketing_name, name);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        size_t count = 0;

        if (f->kpep_db_counters_count(c->live->db, classes[i].class, &count) == 0)
            compare_numbers(c, NULL, classes[i].field, kplive_count_bits(masks[i]), count);
    }
}

static void compare_aliases(struct comparison *c)
{
    const struct kplive_frameworks *f = &c->sampler->frameworks;
    uint16_t target;

    for (int id = kpdb_alias_next((unsigned)c->sampler->cpu, -1, &target); id >= 0;
         id = kpdb_alias_next((unsigned)c->sampler->cpu, id, &target)) {
        const char *alias = kpdb_event_name((unsigned)id), *given = NULL;
        struct kpep_event *event = NULL;
        char live[NAME_LENGTH];

        if (f->kpep_db_event(c->live->db, alias, &event) != 0 || event == NULL ||
            f->kpep_event_name(event, &given) != 0 || !copy_text(given, live, sizeof live))
            drift(c, alias, "alias", kpdb_event_name(target), "absent");
        else if (strcmp(live, kpdb_event_name(target)) != 0)
            drift(c, alias, "alias", kpdb_event_name(target), live);
    }
}

static unsigned compare_release(struct comparison *c, int release)
{
    struct kpdb_cpu cpu;

    c->release = release;
    c->drifts = 0;
    kpdb_cpu((unsigned)c->sampler->cpu, &cpu);
    compare_head(c, &cpu);
    compare_aliases(c);
    compare_events(c, &cpu);
    return c->drifts;
}

/* ---- encodings of random sets ---------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A set of live events without repetition, by name. */
static unsigned random_set(const struct live *live, uint32_t *state, struct kpdb_request *events)
{
    unsigned count = 1 + next_random(state) % SET_MAX, taken = 0;
    unsigned chosen[SET_MAX];

    for (unsigned tries = 0; taken < count && tries < 4 * SET_MAX; tries++) {
        unsigned event = next_random(state) % live->count;
        bool known = false;

        for (unsigned i = 0; i < taken; i++)
            known |= chosen[i] == event;
        if (known)
            continue;
        chosen[taken] = event;
        events[taken].name = live->events[event].name;
        events[taken].length = strlen(events[taken].name);
        events[taken].user_only = next_random(state) % 4 == 0;
        taken++;
    }
    return taken;
}

/* A set of events that the tables encode otherwise: result, and the framework's code. */
static void tell_set(struct comparison *c, const struct kpdb_request *events, unsigned count,
                     const char *field, int result, int code)
{
    char names[256] = "", table[24] = "that of kpep encode", live[24] = "another";

    for (unsigned i = 0; i < count; i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i == 0 ? "" : " ",
                 events[i].name);
    if (strcmp(field, "code") == 0) {
        snprintf(table, sizeof table, "%d", kpdb_kperfdata_code(result));
        snprintf(live, sizeof live, "%d", code);
    }
    drift(c, names, field, table, live);
}

/* In the order given, as kperfdata places them. */
static void compare_greedy(struct comparison *c, const struct kpdb_request *events, unsigned count)
{
    struct kpdb_options options = {.release = c->release, .strategy = KPDB_KPERFDATA};
    struct kplive_framework_words words;
    struct kpdb_encoding encoding;
    const char *field;
    int result;

    memset(&encoding, 0, sizeof encoding);
    kplive_ask_framework(&c->sampler->frameworks, c->live->db, events, count, &words);
    result = kpdb_encode((unsigned)c->sampler->cpu, &options, events, count, &encoding);
    field = kplive_words_differ(result, &encoding, count, &words);
    if (field != NULL)
        tell_set(c, events, count, field, result, words.code);
}

/*
 * The best placement, with kperfdata asked in the order that makes it find it. It
 * may still not, where masks do not nest; but it must not place what cannot be.
 */
static void compare_optimal(struct comparison *c, const struct kpdb_request *events, unsigned count)
{
    struct kpdb_options options = {.release = c->release, .strategy = KPDB_OPTIMAL};
    struct kpdb_request ordered[KPDB_EVENTS_MAX] = {{NULL, 0, false}};
    struct kplive_framework_words words;
    struct kpdb_encoding encoding;
    const char *field = NULL;
    int result;

    memset(&encoding, 0, sizeof encoding);
    kplive_order(c->sampler, events, count, ordered);
    kplive_ask_framework(&c->sampler->frameworks, c->live->db, ordered, count, &words);
    result = kpdb_encode((unsigned)c->sampler->cpu, &options, ordered, count, &encoding);
    if (result == KPDB_OK && words.code == 0)
        field = kplive_words_differ(result, &encoding, count, &words);
    else if (words.code == 0)
        field = "code";
    if (field != NULL)
        tell_set(c, ordered, count, field, result, words.code);
}

/* ---- the function ---------------------------------------------------------------------------- */

int kplive_compare(struct kplive *sampler, unsigned sets, uint32_t seed,
                   void (*tell)(void *user, const struct kplive_drift *drift), void *user,
                   struct kplive_check *check, struct kplive_error *error)
{
    struct live live = {0};
    struct comparison c = {.sampler = sampler, .live = &live, .user = user};
    struct kpdb_request events[SET_MAX];
    uint32_t state = seed == 0 ? 1 : seed;
    struct kpdb_cpu cpu;
    int status, code;

    memset(check, 0, sizeof *check);
    if (sampler->cpu < 0 || kpdb_cpu((unsigned)sampler->cpu, &cpu) != KPDB_OK)
        return kplive_fail(error, KPLIVE_NO_CPU, "", 0, NULL, "the tables do not know %s",
                           sampler->cpu_name);
    code = sampler->frameworks.kpep_db_create(NULL, &live.db);
    if (code != 0 || live.db == NULL)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_create", code, NULL,
                           "kperfdata has no database for %s", sampler->cpu_name);
    status = learn(&sampler->frameworks, &live, error);
    if (status == KPLIVE_OK) {
        unsigned fewest = UINT32_MAX;

        for (int r = 0; r < (int)kpdb_release_count(); r++) {
            unsigned drifts = (cpu.releases >> r & 1) != 0 ? compare_release(&c, r) : UINT32_MAX;

            if (drifts < fewest || (drifts == fewest && r == sampler->release)) {
                fewest = drifts;
                check->release = r;
            }
        }
        c.tell = tell;
        compare_release(&c, check->release);
        for (unsigned i = 0; i < sets; i++) {
            unsigned count = random_set(&live, &state, events);

            compare_greedy(&c, events, count);
            compare_optimal(&c, events, count);
        }
        check->events = live.count;
        check->encodings = sets;
        check->drifts = c.drifts;
        check->event_size = event_size(&live);
    }
    free(live.handles);
    free(live.events);
    sampler->frameworks.kpep_db_free(live.db);
    return status;
}
