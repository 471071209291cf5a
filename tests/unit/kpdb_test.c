/* libkpdb: that every name is found where it belongs, and nowhere else. */
#include "kpdb.h"

#include "check.h"

#include <stdlib.h>

enum { MOST_IDS = 8192, RANDOM_STRINGS = 10000 };

static int find(unsigned cpu, int release, const char *name, struct kpdb_event *event)
{
    return kpdb_find(cpu, release, name, strlen(name), event);
}

static bool same_event(const struct kpdb_event *a, const struct kpdb_event *b)
{
    return a->id == b->id && a->number == b->number && a->fallback == b->fallback &&
           a->other == b->other && a->counters == b->counters && a->releases == b->releases &&
           a->umask == b->umask && a->fixed == b->fixed;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* What a CPU has by each id, learnt by walking it: an event, an alias, or nothing. */
struct presence {
    bool event[MOST_IDS], alias[MOST_IDS];
    uint16_t meant[MOST_IDS];
};

static void walk(unsigned cpu, struct presence *presence)
{
    struct kpdb_event event = {0}, again;
    const char *before = "";
    struct kpdb_cpu info;
    unsigned count = 0;
    uint16_t target;

    memset(presence, 0, sizeof *presence);
    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id, count++) {
        const char *name = kpdb_event_name(event.id);

        presence->event[event.id] = true;
        CHECK((int)event.id > id && strcmp(before, name) < 0);
        CHECK(find(cpu, KPDB_ANY_RELEASE, name, &again) == KPDB_OK && same_event(&event, &again));
        CHECK(kpdb_on(cpu, event.id, &again) == KPDB_OK && same_event(&event, &again));
        CHECK(event.fixed >= -1 && event.fixed < 32 && event.releases != 0);
        before = name;
    }
    CHECK(kpdb_cpu(cpu, &info) == KPDB_OK);
    CHECK_INT(count, info.events);
    for (int id = kpdb_alias_next(cpu, -1, &target); id >= 0;
         id = kpdb_alias_next(cpu, id, &target)) {
        presence->alias[id] = true;
        presence->meant[id] = target;
        CHECK(find(cpu, KPDB_ANY_RELEASE, kpdb_event_name((unsigned)id), &event) == KPDB_OK);
        CHECK_INT(event.id, target);
    }
}

/* Whether the CPU has another spelling of a renamed event. */
static bool respelled(const struct presence *presence, unsigned id)
{
    const char *other = kpdb_renamed(id);

    for (unsigned i = 0; other != NULL && i < kpdb_event_ids(); i++)
        if (strcmp(kpdb_event_name(i), other) == 0)
            return presence->event[i];
    return false;
}

/* Every name there is, on every CPU: found exactly where the walk saw it. */
static void test_every_name_on_every_cpu(void)
{
    static struct presence presence;
    struct kpdb_event event;

    CHECK(kpdb_event_ids() <= MOST_IDS);
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        walk(cpu, &presence);
        for (unsigned id = 0; id < kpdb_event_ids(); id++) {
            bool has = presence.event[id] || presence.alias[id] || respelled(&presence, id);
            int found = find(cpu, KPDB_ANY_RELEASE, kpdb_event_name(id), &event);

            CHECK_INT(found, has ? KPDB_OK : KPDB_NOT_ON_CPU);
            CHECK_INT(kpdb_on(cpu, id, &event), found);
            if (presence.event[id])
                CHECK_INT(event.id, id);
            if (presence.alias[id])
                CHECK_INT(event.id, presence.meant[id]);
        }
    }
}

static unsigned state = 12345;

static unsigned next_random(void)
{
    state = state * 1103515245u + 12345u;
    return state >> 8;
}

static bool is_known(const char *name, size_t length)
{
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        if (strlen(kpdb_event_name(id)) == length && memcmp(kpdb_event_name(id), name, length) == 0)
            return true;
    return kpdb_name_find(name, length) >= 0;
}

/* Random bytes, and names with one byte changed, cut or added. */
static void test_random_strings(void)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-abcdefghijklm";
    struct kpdb_event event;
    unsigned misses = 0;

    for (int i = 0; i < RANDOM_STRINGS; i++) {
        char name[128];
        size_t length = next_random() % 64;

        if (i % 2 == 0) {
            for (size_t k = 0; k < length; k++)
                name[k] = i % 4 == 0 ? letters[next_random() % (sizeof letters - 1)]
                                     : (char)next_random();
        } else {
            const char *known = kpdb_event_name(next_random() % kpdb_event_ids());

            length = strlen(known);
            memcpy(name, known, length);
            name[next_random() % length] = letters[next_random() % (sizeof letters - 1)];
            length -= next_random() % 3 == 0;
        }
        if (is_known(name, length))
            continue;
        misses++;
        CHECK_INT(
            kpdb_find(next_random() % kpdb_cpu_count(), KPDB_ANY_RELEASE, name, length, &event),
            KPDB_NO_EVENT);
    }
    CHECK(misses > RANDOM_STRINGS / 2);
}

static void test_errors(void)
{
    struct kpdb_event event = {.number = 42}, before = event;
    struct kpdb_cpu info;
    struct kpdb_cpu_id id;
    uint16_t target;
    unsigned none = kpdb_cpu_count();

    CHECK_INT(find(none, KPDB_ANY_RELEASE, "INST_ALL", &event), KPDB_NO_CPU);
    CHECK_INT(find(0, 99, "INST_ALL", &event), KPDB_NOT_IN_RELEASE);
    CHECK_INT(find(0, -2, "INST_ALL", &event), KPDB_NOT_IN_RELEASE);
    CHECK_INT(find(0, KPDB_ANY_RELEASE, "", &event), KPDB_NO_EVENT);
    CHECK_INT(kpdb_on(none, 0, &event), KPDB_NO_CPU);
    CHECK_INT(kpdb_on(0, kpdb_event_ids(), &event), KPDB_NO_EVENT);
    CHECK_INT(kpdb_on(0, KPDB_NO_ID, &event), KPDB_NO_EVENT);
    CHECK_INT(kpdb_name_on(0, KPDB_ANY_RELEASE, kpdb_name_count(), &event), KPDB_NO_EVENT);
    CHECK_INT(kpdb_next(none, -1, &event), KPDB_NO_CPU);
    CHECK_INT(kpdb_next(0, (int)kpdb_event_ids(), &event), KPDB_END);
    CHECK_INT(kpdb_alias_next(none, -1, &target), KPDB_NO_CPU);
    CHECK(same_event(&event, &before));
    CHECK_INT(kpdb_cpu(none, &info), KPDB_NO_CPU);
    CHECK_INT(kpdb_cpu_newest(none), KPDB_NO_CPU);
    CHECK_INT(kpdb_cpu_id(none, 0, &id), KPDB_NO_CPU);
    CHECK_INT(kpdb_cpu_id(0, 1000, &id), KPDB_END);
    CHECK(kpdb_cpu_chip(none, 0) == NULL && kpdb_cpu_chip(0, 1000) == NULL);
    CHECK(kpdb_cpu_id_chip(none, 0, 0) == NULL && kpdb_cpu_id_chip(0, 1000, 0) == NULL);
    CHECK(kpdb_cpu_id_chip(0, 0, 1000) == NULL);
    CHECK(kpdb_cpu_id_confidence(none, 0) == NULL && kpdb_cpu_id_confidence(0, 1000) == NULL);
    CHECK(kpdb_cpu_id_note(none, 0) == NULL && kpdb_cpu_id_note(0, 1000) == NULL);
    CHECK(kpdb_cpu_also(none, 0) == NULL && kpdb_cpu_also(0, 1000) == NULL);
    CHECK(kpdb_event_name(kpdb_event_ids()) == NULL && kpdb_renamed(KPDB_NO_ID) == NULL);
    CHECK(kpdb_release_name(kpdb_release_count()) == NULL);
    CHECK(!kpdb_release_whole(kpdb_release_count()) && !kpdb_release_whole(none));
    CHECK_INT(kpdb_release_find("macos", 5), KPDB_NOT_IN_RELEASE);
}

/* Every code has its own sentence, whatever number is asked for. */
static void test_strerror(void)
{
#define ONE(name, number, code, word, text) +1
    const int rows = KPDB_ERRORS(ONE); /* numbered 0, -1, ... */
#undef ONE

    CHECK_STR(kpdb_strerror(KPDB_OK), "no error");
    CHECK_STR(kpdb_strerror(7), "no error");
    CHECK_STR(kpdb_strerror(KPDB_END), "nothing further");
    CHECK_STR(kpdb_strerror(-rows), "unknown error");
    CHECK_STR(kpdb_strerror(-2147483647 - 1), "unknown error");
    for (int a = 1 - rows; a < 0; a++)
        for (int b = a + 1; b <= 0; b++)
            CHECK(strcmp(kpdb_strerror(a), kpdb_strerror(b)) != 0);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

static void test_cpus(void)
{
    struct kpdb_cpu_id id;
    struct kpdb_cpu info;
    const char *chip;
    char text[64];

    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++) {
        CHECK_INT(kpdb_cpu_find(info.db, strlen(info.db)), cpu);
        CHECK(info.event_bits == 8 || info.event_bits == 16);
        CHECK(info.releases >> kpdb_cpu_newest(cpu) == 1);
        for (unsigned n = 0; kpdb_cpu_id(cpu, n, &id) == KPDB_OK; n++) {
            CHECK_INT(kpdb_cpu_by_id(id.type, id.subtype, id.family), cpu);
            snprintf(text, sizeof text, "cpu_%x_%x_%x", (unsigned)id.type, (unsigned)id.subtype,
                     (unsigned)id.family);
            CHECK_INT(kpdb_cpu_find(text, strlen(text)), cpu);
        }
        for (unsigned n = 0; (chip = kpdb_cpu_chip(cpu, n)) != NULL; n++) {
            CHECK_INT(kpdb_cpu_find(chip, strlen(chip)), cpu);
            snprintf(text, sizeof text, "%s", chip);
            for (char *c = text; *c != '\0'; c++)
                *c = *c == ' ' ? '-' : *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
            CHECK_INT(kpdb_cpu_find(text, strlen(text)), cpu);
        }
    }
    CHECK_INT(kpdb_cpu_by_id(1, 2, 3), KPDB_NO_CPU);
}

static void test_designations_that_are_none(void)
{
    static const char *const none[] = {"",
                                       "m",
                                       "m1-",
                                       "cpu",
                                       "cpu_",
                                       "cpu__1_2",
                                       "cpu_100000c_2",
                                       "cpu_100000c_2_1b588bb3_",
                                       "cpu_100000c_2_1b588bb3x",
                                       "cpu_100000c_2_11b588bb3",
                                       "cpu_100000c_2_g",
                                       "macos-15"};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK_INT(kpdb_cpu_find(none[i], strlen(none[i])), KPDB_NO_CPU);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_names(void)
{
    struct kpdb_name name;
    struct kpdb_event event, again;
    const char *before = "";

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        CHECK(strcmp(before, name.name) < 0 && *name.unit != '\0' && *name.summary != '\0');
        CHECK_INT(kpdb_name_find(name.name, strlen(name.name)), n);
        for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
            for (int r = KPDB_ANY_RELEASE; r < (int)kpdb_release_count(); r++) {
                int found = kpdb_name_on(cpu, r, n, &event);

                CHECK_INT(find(cpu, r, name.name, &again), found);
                if (found == KPDB_OK)
                    CHECK(same_event(&event, &again) && (r < 0 || (event.releases >> r & 1) != 0));
            }
        before = name.name;
    }
    CHECK_INT(kpdb_name_find("INST_ALL", 8), KPDB_NO_EVENT);
    CHECK_INT(kpdb_name(kpdb_name_count(), &name), KPDB_NO_EVENT);
}

/* All events of a metric count the same modes, whatever the release and what is asked. */
static void check_modes(unsigned cpu, int release, const struct kpdb_metric *metric, bool user_only)
{
    struct kpdb_event events[KPDB_METRIC_NAMES_MAX];
    struct kpdb_cpu info;
    unsigned fixed = 0;

    CHECK_INT(kpdb_cpu(cpu, &info), KPDB_OK);
    CHECK_INT(kpdb_metric_events(cpu, release, metric, user_only, events), KPDB_OK);
    for (unsigned i = 0; i < metric->name_count; i++) {
        struct kpdb_event named;

        fixed += events[i].fixed >= 0;
        CHECK_INT(kpdb_name_on(cpu, release, metric->names[i], &named), KPDB_OK);
        CHECK(events[i].id == named.id || (named.fixed >= 0 && events[i].fixed < 0));
    }
    if (info.arch != KPDB_ARM64 && info.arch != KPDB_ARM)
        return;
    CHECK(!user_only || fixed == 0);
    if (kpdb_release_macos((unsigned)release) >= 1500)
        CHECK(fixed == 0 || fixed == metric->name_count);
}

static void check_metric_on_cpus(unsigned m)
{
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        for (int r = 0; r < (int)kpdb_release_count(); r++) {
            struct kpdb_metric metric;
            int result = kpdb_metric_on(cpu, r, m, &metric);

            CHECK(result == KPDB_OK || result == KPDB_NOT_ON_CPU || result == KPDB_NOT_IN_RELEASE);
            if (result != KPDB_OK)
                continue;
            check_modes(cpu, r, &metric, false);
            check_modes(cpu, r, &metric, true);
        }
}

/* The metrics of counts that are 0, 1, 2 and so on; and what has no value. */
static void test_values(void)
{
    double zero[KPDB_METRIC_NAMES_MAX] = {0}, huge[KPDB_METRIC_NAMES_MAX], value = -1;
    struct kpdb_metric metric;
    unsigned without = 0;

    for (unsigned i = 0; i < KPDB_METRIC_NAMES_MAX; i++)
        huge[i] = i % 2 == 0 ? 1e308 : 1e-308;
    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        if (metric.constants)
            continue;
        CHECK_INT(kpdb_metric_value(kpdb_cpu_count(), 0, &metric, zero, &value), KPDB_NO_CPU);
        without += kpdb_metric_value(0, 0, &metric, zero, &value) == KPDB_NO_VALUE;
        CHECK_INT(kpdb_metric_value(0, 0, &metric, huge, &value), KPDB_NO_VALUE);
        CHECK(value == -1);
        metric.code = UINT16_MAX;
        CHECK_INT(kpdb_metric_value(0, 0, &metric, zero, &value), KPDB_NO_EVENT);
    }
    CHECK(kpdb_metric_count() == 0 || without > 0);
}

static void test_metrics(void)
{
    struct kpdb_metric metric;
    const char *before = "";

    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++) {
        CHECK(strcmp(before, metric.name) < 0 && *metric.unit != '\0' && *metric.summary != '\0');
        CHECK(metric.name_count >= 1 && metric.name_count <= KPDB_METRIC_NAMES_MAX);
        for (unsigned i = 0; i < metric.name_count; i++)
            CHECK(metric.names[i] < kpdb_name_count());
        CHECK_INT(kpdb_metric_find(metric.name, strlen(metric.name)), m);
        CHECK_INT(kpdb_metric_find(metric.name, strlen(metric.name) - 1), KPDB_NO_EVENT);
        check_metric_on_cpus(m);
        before = metric.name;
    }
    CHECK_INT(kpdb_metric(kpdb_metric_count(), &metric), KPDB_NO_EVENT);
    metric.name_count = 0;
    CHECK_INT(kpdb_metric_events(kpdb_cpu_count(), -1, &metric, false, NULL), KPDB_NO_CPU);
}

/* What fixed counters count, on others: where the release has the CPU, and an error where not. */
static void test_configurable(void)
{
    struct kpdb_event fixed, event, untouched;
    int cycles = kpdb_name_find("cycles", 6);

    memset(&event, 0x5a, sizeof event);
    untouched = event;
    CHECK_INT(kpdb_name_configurable(kpdb_cpu_count(), -1, 0, &event), KPDB_NO_CPU);
    CHECK_INT(kpdb_name_configurable(0, -1, kpdb_name_count(), &event), KPDB_NO_EVENT);
    CHECK(memcmp(&event, &untouched, sizeof event) == 0);
    for (unsigned cpu = 0; cycles >= 0 && cpu < kpdb_cpu_count(); cpu++)
        for (int r = KPDB_ANY_RELEASE; r < (int)kpdb_release_count(); r++) {
            int named = kpdb_name_on(cpu, r, (unsigned)cycles, &fixed);
            int result = kpdb_name_configurable(cpu, r, (unsigned)cycles, &event);
            struct kpdb_cpu info;

            CHECK_INT(kpdb_cpu(cpu, &info), KPDB_OK);
            CHECK_INT(result, info.arch == KPDB_ARM64 ? named : KPDB_NOT_ON_CPU);
            CHECK(result != KPDB_OK || (fixed.fixed >= 0 && event.fixed < 0));
        }
}

static void test_constants(void)
{
    struct kpdb_constant constant, untouched;

    memset(&constant, 0x5a, sizeof constant);
    CHECK_INT(kpdb_constant(kpdb_cpu_count(), 0, &constant), KPDB_NO_CPU);
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        unsigned n = 0;

        for (; kpdb_constant(cpu, n, &constant) == KPDB_OK && n < 1000; n++)
            CHECK(*constant.name != '\0' && *constant.summary != '\0' && *constant.source != '\0' &&
                  constant.value > 0);
        untouched = constant;
        CHECK_INT(kpdb_constant(cpu, n, &constant), KPDB_END);
        CHECK_INT(kpdb_constant(cpu, UINT32_MAX, &constant), KPDB_END);
        CHECK(memcmp(&constant, &untouched, sizeof constant) == 0);
    }
}

/* ---- what releases renamed (plists.md 2.3), and an M1, in a build that has the CPU ----------- */

static void test_rename(void)
{
    int m1 = kpdb_cpu_find("m1", 2), old = kpdb_release_find("macos-15", 8);
    int new = kpdb_release_find("macos-26.4", 8);
    const char *before = "ST_MEMORY_ORDER_VIOLATION_NONSPEC";
    const char *after = "ST_MEM_ORDER_VIOL_LD_NONSPEC";
    struct kpdb_event event;

    if (m1 < 0 || old < 0 || new < 0)
        return;
    CHECK(find((unsigned)m1, old, after, &event) == KPDB_OK);
    CHECK_STR(kpdb_event_name(event.id), before);
    CHECK(find((unsigned)m1, new, before, &event) == KPDB_OK);
    CHECK_STR(kpdb_event_name(event.id), after);
    CHECK_INT(event.number, 196);
    CHECK_STR(kpdb_renamed(event.id), before);
    CHECK_INT(find((unsigned)m1, new, "MMU_VIRTUAL_MEMORY_FAULT_NONSPEC", &event),
              KPDB_NOT_IN_RELEASE);
    CHECK_INT(find((unsigned)m1, KPDB_ANY_RELEASE, "MMU_VIRTUAL_MEMORY_FAULT_NONSPEC", &event),
              KPDB_OK);
}

static void test_m1(void)
{
    int m1 = kpdb_cpu_find("M1 Max", 6);
    struct kpdb_event event;

    if (m1 < 0)
        return;
    CHECK(find((unsigned)m1, KPDB_ANY_RELEASE, "Instructions", &event) == KPDB_OK);
    CHECK_STR(kpdb_event_name(event.id), "FIXED_INSTRUCTIONS");
    CHECK_INT(event.fixed, 1);
    CHECK_INT(event.counters, 2);
    CHECK_STR(kpdb_event_name(event.fallback), "INST_ALL");
    CHECK(kpdb_on((unsigned)m1, KPDB_EVENT_INST_BRANCH, &event) == KPDB_OK);
    CHECK_INT(event.number, 0x8d);
    CHECK_INT(event.counters, 0xe0);
    CHECK(kpdb_on((unsigned)m1, KPDB_EVENT_CORE_ACTIVE_CYCLE, &event) == KPDB_OK);
    CHECK_INT(event.counters, 0x3fc);
}

/* ---- what events mean ------------------------------------------------------------------------ */

static bool is_sentence(const char *text)
{
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return false;
    return length > 1 && text[length - 1] == '.';
}

/* An alias of one CPU can be the name of another's event. */
static bool is_event_somewhere(unsigned id)
{
    struct kpdb_event event;

    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        if (kpdb_on(cpu, id, &event) == KPDB_OK && event.id == id)
            return true;
    return false;
}

/* A build with names has meanings too: of every event of every CPU. */
static void test_summaries(void)
{
    struct kpdb_event event = {0};
    uint16_t target;

    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id) {
            const char *summary = kpdb_summary(event.id);

            if (!CHECK(kpdb_name_count() == 0 ? summary == NULL
                                              : summary != NULL && is_sentence(summary)))
                fprintf(stderr, "%s\n", kpdb_event_name(event.id));
            CHECK(summary != NULL || !kpdb_summary_doubted(event.id));
        }
        for (int id = kpdb_alias_next(cpu, -1, &target); id >= 0;
             id = kpdb_alias_next(cpu, id, &target))
            CHECK(kpdb_summary((unsigned)id) == NULL || is_event_somewhere((unsigned)id) ||
                  strcmp(kpdb_summary((unsigned)id), kpdb_summary(target)) == 0);
    }
    CHECK(kpdb_summary(kpdb_event_ids()) == NULL && kpdb_summary(KPDB_NO_ID) == NULL);
    CHECK(!kpdb_summary_doubted(kpdb_event_ids()) && !kpdb_summary_doubted(KPDB_NO_ID));
}

/* Each spelling of an event means the same. */
static void test_summary_of_renamed(void)
{
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        for (unsigned other = 0; kpdb_renamed(id) != NULL && other < kpdb_event_ids(); other++)
            if (strcmp(kpdb_event_name(other), kpdb_renamed(id)) == 0)
                CHECK(kpdb_summary(id) == kpdb_summary(other) &&
                      kpdb_summary_doubted(id) == kpdb_summary_doubted(other));
}

static void test_errata(void)
{
    int skylake = kpdb_cpu_find("skylake", 7), m1 = kpdb_cpu_find("m1", 2);
    struct kpdb_event event;

    CHECK(kpdb_errata(kpdb_cpu_count(), 0) == NULL);
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        CHECK(kpdb_errata(cpu, kpdb_event_ids()) == NULL);
    for (unsigned id = 0; m1 >= 0 && id < kpdb_event_ids(); id++)
        CHECK(kpdb_errata((unsigned)m1, id) == NULL);
    if (skylake < 0)
        return;
    CHECK(find((unsigned)skylake, KPDB_ANY_RELEASE, "INST_RETIRED.ANY_P", &event) == KPDB_OK);
    CHECK_STR(kpdb_errata((unsigned)skylake, event.id), "SKL091, SKL044");
    CHECK(find((unsigned)skylake, KPDB_ANY_RELEASE, "INST_RETIRED.ANY", &event) == KPDB_OK);
    CHECK(kpdb_errata((unsigned)skylake, event.id) == NULL);
}

int main(void)
{
    test_every_name_on_every_cpu();
    test_random_strings();
    test_errors();
    test_strerror();
    test_cpus();
    test_designations_that_are_none();
    test_names();
    test_metrics();
    test_configurable();
    test_constants();
    test_values();
    test_rename();
    test_m1();
    test_summaries();
    test_summary_of_renamed();
    test_errata();
    CHECK_INT(kpdb_fingerprint(), KPDB_FINGERPRINT);
    return check_done();
}
