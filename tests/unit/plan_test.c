/*
 * kpdb_plan(): the fewest passes of small sets by trying all partitions, of large ones by the
 * closed form; that every pass can be encoded, that the bottleneck proves there cannot be fewer,
 * and that the order asked does not matter.
 *
 * plan_test [CASES [SEED]]. Linked with libkpdb as built, whose masks nest, and with the tables
 * of random_databases.py, whose masks mostly do not.
 */
#include "kpdb.h"

#include "check.h"
#include "random.h"

enum {
    MOST_CASES = 80000,
    SMALL = 8,
    MOST_CHOICES = 400,
    MOST_SUBSETS = 12, /* counters whose sets are all tried */
    LARGE_EVERY = 16,  /* one case in so many is of many events */
    MOST_REPORTS = 20,
};

static unsigned bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

/* ---- a case ---------------------------------------------------------------------------------- */

/* An event asked for, and the counters that can count it or its fallback. */
struct wish {
    struct kpdb_event event;
    uint32_t mask;
    int error;  /* that it alone makes impossible */
    bool fixed; /* on a fixed counter: in every pass */
    bool user_only;
};

struct sample {
    unsigned cpu;
    struct kpdb_cpu facts;
    struct kpdb_options options;
    uint32_t counters; /* the configurable ones there are */
    struct wish wishes[MOST_CHOICES];
    unsigned count;
};

/* What kpdb_plan() gave. */
struct answer {
    int passes;
    uint16_t pass[MOST_CHOICES];
    struct kpdb_bottleneck bottleneck;
    unsigned failed;
};

static void fill_wish(const struct sample *sample, struct wish *wish)
{
    const struct kpdb_event *event = &wish->event;
    struct kpdb_event counted = *event;

    wish->error = KPDB_OK;
    wish->fixed = event->fixed >= 0 && sample->facts.arch == KPDB_ARM64;
    wish->mask = wish->fixed ? (uint32_t)1 << event->fixed : 0;
    if (wish->fixed)
        return;
    if (event->fixed >= 0 && kpdb_on(sample->cpu, event->fallback, &counted) != KPDB_OK) {
        wish->error = KPDB_UNAVAILABLE;
        return;
    }
    wish->mask = counted.counters & sample->counters;
    if (wish->mask == 0)
        wish->error = (counted.counters & sample->facts.config_counters) == 0 ? KPDB_NO_COUNTER
                                                                              : KPDB_NOT_FORCED;
}

static void set_scene(struct sample *sample, unsigned cpu, unsigned release, bool unforced)
{
    memset(sample, 0, sizeof *sample);
    sample->cpu = cpu;
    CHECK(kpdb_cpu(cpu, &sample->facts) == KPDB_OK);
    sample->options.release = (int)release;
    sample->options.unforced = unforced;
    sample->counters = sample->facts.config_counters;
    if (unforced)
        sample->counters &= ~sample->facts.power_counters;
}

/* All events of the release. */
static void fill_all(struct sample *sample)
{
    struct kpdb_event event = {0};

    for (int id = -1; kpdb_next(sample->cpu, id, &event) == KPDB_OK; id = event.id)
        if ((event.releases >> sample->options.release & 1) != 0 &&
            CHECK(sample->count < MOST_CHOICES)) {
            sample->wishes[sample->count].event = event;
            sample->wishes[sample->count].user_only = pick(2) == 0;
            fill_wish(sample, &sample->wishes[sample->count++]);
        }
}

static void drop(struct sample *sample, unsigned i)
{
    sample->wishes[i] = sample->wishes[--sample->count];
}

/* Keeps what can be counted at all: of Intel's fixed events, and of those a power manager holds. */
static void drop_errors(struct sample *sample, bool fixed_too)
{
    for (unsigned i = sample->count; i-- > 0;)
        if (sample->wishes[i].error != KPDB_OK || (fixed_too && sample->wishes[i].event.fixed >= 0))
            drop(sample, i);
}

static void draw_scene(struct sample *sample)
{
    unsigned cpu = pick(kpdb_cpu_count()), release;
    struct kpdb_cpu facts;

    CHECK(kpdb_cpu(cpu, &facts) == KPDB_OK);
    do
        release = pick(kpdb_release_count());
    while ((facts.releases >> release & 1) == 0);
    set_scene(sample, cpu, release, pick(3) == 0);
}

/* Random events of the CPU; small sets are of narrow masks, or most would fit one pass. */
static void draw_sample(struct sample *sample, unsigned most)
{
    unsigned narrow = 1 + pick(4), wanted = 1 + pick(most);
    unsigned errors = pick(8) == 0 ? 2 : 1000; /* few sets may hold what cannot be counted */

    draw_scene(sample);
    fill_all(sample);
    for (unsigned i = sample->count; i-- > 0;)
        if (sample->wishes[i].error != KPDB_OK && pick(errors) != 0)
            drop(sample, i);
    while (sample->count > wanted) {
        unsigned i = pick(sample->count);

        if (bits(sample->wishes[i].mask) > narrow || pick(8) == 0)
            drop(sample, i);
        else
            narrow -= narrow > 1 && pick(200) == 0;
    }
}

static void print_sample(const struct sample *sample)
{
    fprintf(stderr, "  on %s in %s, %s:", sample->facts.db,
            kpdb_release_name((unsigned)sample->options.release),
            sample->options.unforced ? "unforced" : "forced");
    for (unsigned i = 0; i < sample->count && i < 40; i++)
        fprintf(stderr, " %s[%x]", kpdb_event_name(sample->wishes[i].event.id),
                (unsigned)sample->wishes[i].mask);
    fputc('\n', stderr);
}

static struct kpdb_request request(const struct wish *wish)
{
    const char *name = kpdb_event_name(wish->event.id);

    return (struct kpdb_request){name, strlen(name), wish->user_only};
}

static void plan(const struct sample *sample, struct answer *answer)
{
    static struct kpdb_request requests[MOST_CHOICES];

    for (unsigned i = 0; i < sample->count; i++)
        requests[i] = request(&sample->wishes[i]);
    memset(answer, 0xa5, sizeof *answer);
    answer->passes = kpdb_plan(sample->cpu, &sample->options, requests, sample->count, answer->pass,
                               &answer->bottleneck, &answer->failed);
}

/* ---- how many passes there must be: by trying all, by the closed form, by first fit ---------- */

/*
 * Which sets of events fit the counters, one event each: counter after counter, what those so far
 * can count. Nothing is left out, so this is all assignments.
 */
static void find_fits(const struct sample *sample, bool fit[1 << SMALL])
{
    unsigned all = (1u << sample->count) - 1;

    memset(fit, 0, sizeof(bool) << SMALL);
    fit[0] = true;
    for (unsigned n = 0; n < KPDB_COUNTERS_MAX; n++)
        for (unsigned set = all; set + 1 > 0; set--) {
            if (!fit[set])
                continue;
            for (unsigned i = 0; i < sample->count; i++)
                if (sample->wishes[i].mask >> n & 1)
                    fit[set | 1u << i] = true;
        }
}

/* The fewest of all partitions of the configurable events into sets that fit. */
static unsigned fewest_passes(const struct sample *sample)
{
    bool fit[1 << SMALL];
    unsigned fewest[1 << SMALL] = {0}, wanted = 0;

    for (unsigned i = 0; i < sample->count; i++)
        wanted |= sample->wishes[i].fixed ? 0 : 1u << i;
    find_fits(sample, fit);
    for (unsigned set = 1; set < 1u << sample->count; set++) {
        fewest[set] = SMALL + 1;
        for (unsigned part = set; part != 0; part = (part - 1) & set)
            if (fit[part] && fewest[set & ~part] + 1 < fewest[set])
                fewest[set] = fewest[set & ~part] + 1;
    }
    return wanted == 0 ? 1 : fewest[wanted];
}

/* How many events can be counted on these counters alone. */
static unsigned confined(const struct sample *sample, uint32_t counters)
{
    unsigned count = 0;

    for (unsigned i = 0; i < sample->count; i++)
        count += !sample->wishes[i].fixed && (sample->wishes[i].mask & ~counters) == 0;
    return count;
}

static unsigned ceiling(unsigned events, unsigned counters)
{
    return (events + counters - 1) / counters;
}

/*
 * Most of all sets of counters: events confined to them a counter, rounded up (kperfdata.md 4.3).
 */
static unsigned closed_form(const struct sample *sample)
{
    unsigned most = 1;

    for (uint32_t set = sample->counters; set != 0; set = (set - 1) & sample->counters) {
        unsigned passes = ceiling(confined(sample, set), bits(set));

        most = passes > most ? passes : most;
    }
    return most;
}

/* Narrowest first, each in the first pass with a free counter, the smallest of them. */
static unsigned first_fit(const struct sample *sample)
{
    uint32_t taken[MOST_CHOICES] = {0};
    unsigned passes = 1;

    for (unsigned width = 1; width <= KPDB_COUNTERS_MAX; width++)
        for (unsigned i = 0; i < sample->count; i++) {
            uint32_t mask = sample->wishes[i].mask;
            unsigned pass = 0;

            if (sample->wishes[i].fixed || bits(mask) != width)
                continue;
            while ((mask & ~taken[pass]) == 0)
                pass++;
            mask &= ~taken[pass];
            taken[pass] |= mask & (~mask + 1);
            passes = pass >= passes ? pass + 1 : passes;
        }
    return passes;
}

/* ---- what kpdb_plan() gives ------------------------------------------------------------------ */

/* Each pass, the fixed events with it, is a set that kpdb_encode() places. */
static void check_encodes(const struct sample *sample, const struct answer *answer)
{
    struct kpdb_request requests[KPDB_EVENTS_MAX];
    struct kpdb_encoding encoding;

    for (int pass = 0; pass < answer->passes; pass++) {
        unsigned count = 0, own = 0;

        for (unsigned i = 0; i < sample->count; i++) {
            if (answer->pass[i] != pass && answer->pass[i] != KPDB_EVERY_PASS)
                continue;
            if (!CHECK(count < KPDB_EVENTS_MAX))
                return;
            own += answer->pass[i] == pass;
            requests[count++] = request(&sample->wishes[i]);
        }
        CHECK(own != 0 || answer->bottleneck.events == 0);
        CHECK_INT(kpdb_encode(sample->cpu, &sample->options, requests, count, &encoding), KPDB_OK);
    }
}

static void check_bottleneck(const struct sample *sample, const struct answer *answer)
{
    const struct kpdb_bottleneck *bottleneck = &answer->bottleneck;
    unsigned configurable = 0;

    for (unsigned i = 0; i < sample->count; i++)
        configurable += !sample->wishes[i].fixed;
    if (configurable == 0) {
        CHECK_INT(answer->passes, 1);
        CHECK_INT(bottleneck->events, 0);
        return;
    }
    CHECK((bottleneck->counters & ~sample->counters) == 0);
    CHECK_INT(confined(sample, bottleneck->counters), bottleneck->events);
    if (CHECK(bottleneck->counters != 0))
        CHECK_INT(ceiling(bottleneck->events, bits(bottleneck->counters)), answer->passes);
}

static void check_passes(const struct sample *sample, const struct answer *answer)
{
    for (unsigned i = 0; i < sample->count; i++) {
        if (sample->wishes[i].fixed)
            CHECK_INT(answer->pass[i], KPDB_EVERY_PASS);
        else
            CHECK(answer->pass[i] < answer->passes);
    }
    check_encodes(sample, answer);
    check_bottleneck(sample, answer);
}

/* The same events in another order: in the same passes each. */
static void check_order(const struct sample *sample, const struct answer *answer)
{
    static struct sample shuffled;
    static struct answer again;
    unsigned at[MOST_CHOICES];

    shuffled = *sample;
    for (unsigned i = 0; i < sample->count; i++)
        at[i] = i;
    for (unsigned i = sample->count; i > 1; i--) {
        unsigned k = pick(i), from = at[k];

        at[k] = at[i - 1];
        at[i - 1] = from;
    }
    for (unsigned i = 0; i < sample->count; i++)
        shuffled.wishes[i] = sample->wishes[at[i]];
    plan(&shuffled, &again);
    if (!CHECK_INT(again.passes, answer->passes) || answer->passes < 0)
        return;
    CHECK_INT(again.bottleneck.counters, answer->bottleneck.counters);
    CHECK_INT(again.bottleneck.events, answer->bottleneck.events);
    for (unsigned i = 0; i < sample->count; i++)
        CHECK_INT(again.pass[i], answer->pass[at[i]]);
}

/* ---- random sets ----------------------------------------------------------------------------- */

static unsigned long by_code[32], by_passes[SMALL + 2], better_than_first_fit, large;

/* Whether the fixed events get a fixed counter each. */
static bool fixed_fit(const struct sample *sample)
{
    static struct sample fixed;
    bool fit[1 << SMALL];

    fixed = *sample;
    for (unsigned i = fixed.count; i-- > 0;)
        if (!fixed.wishes[i].fixed)
            drop(&fixed, i);
    if (!CHECK(fixed.count <= SMALL))
        return false;
    find_fits(&fixed, fit);
    return fit[(1u << fixed.count) - 1];
}

static bool is_impossible(const struct sample *sample)
{
    for (unsigned i = 0; i < sample->count; i++)
        if (sample->wishes[i].error != KPDB_OK)
            return true;
    return !fixed_fit(sample);
}

static void check_error(const struct sample *sample, const struct answer *answer)
{
    if (!CHECK(answer->failed < sample->count))
        return;
    by_code[-answer->passes]++;
    if (answer->passes == KPDB_CONFLICT)
        CHECK(sample->wishes[answer->failed].fixed && !fixed_fit(sample));
    else
        CHECK_INT(answer->passes, sample->wishes[answer->failed].error);
}

static void check_number(const struct sample *sample, const struct answer *answer)
{
    unsigned fit = first_fit(sample), passes = (unsigned)answer->passes;

    CHECK(passes <= fit);
    better_than_first_fit += passes < fit;
    if (bits(sample->counters) <= MOST_SUBSETS)
        CHECK_INT(passes, closed_form(sample));
    if (sample->count <= SMALL) {
        CHECK_INT(passes, fewest_passes(sample));
        by_passes[passes <= SMALL ? passes : SMALL + 1]++;
    } else {
        large++;
    }
}

static void test_sample(const struct sample *sample)
{
    static unsigned reports;
    static struct answer answer;
    unsigned long failures = check_failures;

    plan(sample, &answer);
    if (CHECK_INT(answer.passes < 0, is_impossible(sample))) {
        if (answer.passes < 0) {
            check_error(sample, &answer);
        } else {
            check_passes(sample, &answer);
            check_number(sample, &answer);
            check_order(sample, &answer);
        }
    }
    if (check_failures != failures) {
        print_sample(sample);
        if (++reports == MOST_REPORTS)
            exit(check_done());
    }
}

static void test_random_sets(unsigned cases)
{
    static struct sample sample;
    bool apple = kpdb_cpu_find("a14", 3) >= 0;

    for (unsigned i = 0; i < cases; i++) {
        draw_sample(&sample, i % LARGE_EVERY == 0 ? 200 : SMALL);
        if (sample.count != 0)
            test_sample(&sample);
    }
    for (unsigned n = 1; n <= SMALL; n++)
        printf("%8lu  of at most %d events in %u passes\n", by_passes[n], SMALL, n);
    printf("%8lu  of more events\n", large);
    printf("%8lu  in fewer passes than first fit, narrowest first\n", better_than_first_fit);
    for (int error = KPDB_CONFLICT; error >= KPDB_NO_COUNTER; error--)
        printf("%8lu  %s\n", by_code[-error], kpdb_strerror(error));
    if (cases < MOST_CASES)
        return;
    CHECK(by_passes[2] > 1000 && by_passes[3] > 300 && by_passes[4] > 300 && large > 500);
    CHECK(apple ? better_than_first_fit == 0 : better_than_first_fit > 300);
    CHECK(by_code[-KPDB_NOT_FORCED] > 300 && (apple || by_code[-KPDB_CONFLICT] > 300));
    CHECK(by_code[-KPDB_UNAVAILABLE] > 100 && (apple || by_code[-KPDB_NO_COUNTER] > 300));
}

/* ---- whole databases ------------------------------------------------------------------------- */

/* kperfdata.md 4.3 */
static const struct whole {
    const char *cpu, *release;
    unsigned events, passes;
} whole[] = {
    {"a14", "macos-15", 59, 9},
    {"as4", "macos-15", 61, 8},
    {"skylake", "macos-15", 250, 63},
    {"icelake", "macos-15", 316, 48},
};

static void check_whole(const struct sample *sample, unsigned passes)
{
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(whole[i].cpu, sample->facts.db) == 0 &&
            strcmp(whole[i].release, kpdb_release_name((unsigned)sample->options.release)) == 0) {
            CHECK_INT(sample->count, whole[i].events);
            CHECK_INT(passes, whole[i].passes);
        }
}

/* Every event of a CPU in a release that can be counted, without fixed events or with them. */
static void test_whole(unsigned cpu, unsigned release, unsigned how)
{
    static struct sample sample;
    static struct answer answer;
    unsigned long failures = check_failures;

    set_scene(&sample, cpu, release, (how & 1) != 0);
    fill_all(&sample);
    drop_errors(&sample, (how & 2) != 0);
    if (sample.count == 0)
        return;
    test_sample(&sample);
    plan(&sample, &answer);
    if (how == 2 && answer.passes > 0)
        check_whole(&sample, (unsigned)answer.passes);
    if (how == 2 && kpdb_cpu_find("a14", 3) >= 0)
        printf("%s %s: %u events in %d passes, %u of them on counters %x\n", sample.facts.db,
               kpdb_release_name(release), sample.count, answer.passes, answer.bottleneck.events,
               (unsigned)answer.bottleneck.counters);
    if (failures != check_failures)
        print_sample(&sample);
}

static void test_whole_databases(void)
{
    struct kpdb_cpu facts;

    for (unsigned cpu = 0; kpdb_cpu(cpu, &facts) == KPDB_OK; cpu++)
        for (unsigned r = 0; r < kpdb_release_count(); r++)
            for (unsigned how = 0; how < 4; how++)
                if (facts.releases >> r & 1)
                    test_whole(cpu, r, how);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static const struct refused {
    const char *cpu, *release;
    bool unforced;
    const char *names[3];
    int want;
    unsigned failed;
} refused[] = {
    {"m1", NULL, false, {"MAP_STALL", "NO_SUCH_EVENT"}, KPDB_NO_EVENT, 1},
    {"m1", NULL, false, {"UOPS_ISSUED.ANY"}, KPDB_NOT_ON_CPU, 0},
    {"m1", "macos-26.4", false, {"MAP_STALL", "INST_BRANCH_COND"}, KPDB_NOT_IN_RELEASE, 1},
    {"m1", "macos-15", false, {"MAP_STALL", "INST_BRANCH_COND"}, 1, 0},
    {"m1", NULL, false, {"MAP_STALL", "INST_ALL", "MAP_STALL"}, KPDB_DUPLICATE, 2},
    {"m1", NULL, false, {"Cycles", "INST_ALL", "FIXED_CYCLES"}, KPDB_DUPLICATE, 2},
    {"m1", NULL, false, {"Cycles", "Instructions"}, 1, 0},
    {"m1", NULL, true, {"Cycles", "Instructions"}, 1, 0},
    {"m1", NULL, false, {"INST_ALL", "INST_INT_ALU", "Cycles"}, 2, 0},
    {"m1", NULL, true, {"MAP_STALL", "INST_BRANCH"}, KPDB_NOT_FORCED, 1},
    {"a9", "macos-26.4", false, {"MAP_STALL"}, KPDB_NOT_IN_RELEASE, 0},
    {"skylake", NULL, false, {"UOPS_ISSUED.ANY", "ReferenceCycles"}, KPDB_UNAVAILABLE, 1},
    {"skylake", NULL, false, {"INST_RETIRED.ANY", "CPU_CLK_UNHALTED.THREAD"}, 1, 0},
};

static void test_refused(void)
{
    struct kpdb_bottleneck bottleneck;
    uint16_t passes[3];

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct refused *row = &refused[i];
        struct kpdb_options options = {.release = KPDB_ANY_RELEASE, .unforced = row->unforced};
        int cpu = kpdb_cpu_find(row->cpu, strlen(row->cpu)), got;
        struct kpdb_request requests[3];
        unsigned count = 0, failed = 99;

        for (; count < 3 && row->names[count] != NULL; count++)
            requests[count] =
                (struct kpdb_request){row->names[count], strlen(row->names[count]), false};
        if (cpu < 0)
            continue;
        if (row->release != NULL)
            options.release = kpdb_release_find(row->release, strlen(row->release));
        got = kpdb_plan((unsigned)cpu, &options, requests, count, passes, &bottleneck, &failed);
        if (CHECK_INT(got, row->want) && got < 0)
            CHECK_INT(failed, row->failed);
    }
}

static void test_limits(void)
{
    static struct kpdb_request requests[KPDB_PLAN_MAX + 1];
    static uint16_t passes[KPDB_PLAN_MAX + 1];
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE};
    struct kpdb_bottleneck bottleneck;
    struct kpdb_event event;
    unsigned failed;

    CHECK(kpdb_next(0, -1, &event) == KPDB_OK);
    for (unsigned i = 0; i <= KPDB_PLAN_MAX; i++)
        requests[i] = (struct kpdb_request){kpdb_event_name(event.id),
                                            strlen(kpdb_event_name(event.id)), false};
    CHECK_INT(kpdb_plan(0, &options, requests, KPDB_PLAN_MAX + 1, passes, &bottleneck, &failed),
              KPDB_TOO_MANY);
    CHECK_INT(kpdb_plan(0, &options, requests, KPDB_PLAN_MAX, passes, &bottleneck, &failed),
              KPDB_DUPLICATE);
    CHECK_INT(kpdb_plan(0, &options, requests, 0, passes, &bottleneck, &failed), KPDB_NO_EVENTS);
    CHECK_INT(kpdb_plan(kpdb_cpu_count(), &options, requests, 1, passes, &bottleneck, &failed),
              KPDB_NO_CPU);
}

int main(int argc, char **argv)
{
    unsigned cases = random_cases(argc, argv, MOST_CASES, 20260919);

    test_random_sets(cases);
    test_whole_databases();
    test_refused();
    test_limits();
    return check_done();
}
