/*
 * kpdb_encode() with KPDB_KPERFDATA against a second implementation of kperfdata's rules
 * (kperfdata_model.c) on random sets of events, and both against answers known beforehand; its
 * errors and its warnings. Optimal placements are optimal_test.c's.
 *
 * encode_test [CASES [SEED]]. Linked with libkpdb as built, and with the tables of
 * random_databases.py, where every outcome can be had.
 */
#include "kperfdata_model.h"

#include "check.h"
#include "random.h"

enum {
    MOST_CASES = 1000000,
    FEW = 10,
    MOST_EVENTS = KPDB_EVENTS_MAX,
    MOST_CHOICES = 400,
    MOST_SCENES = 160,
    MOST_NAMES = 8,
    MOST_REPORTS = 20,
};

static bool has_cpu(const char *name)
{
    return kpdb_cpu_find(name, strlen(name)) >= 0;
}

/* ---- what a case draws from ------------------------------------------------------------------ */

/* An event and all its names. */
struct choice {
    struct kpdb_event event;
    const char *names[MOST_NAMES];
    unsigned name_count;
};

/* Fixed events, those of fewer counters than all, the others. */
enum bucket { FIXED, NARROW, WIDE, BUCKETS };

/* A CPU in a release. */
struct scene {
    unsigned cpu;
    int release;
    unsigned macos, until; /* 1500 to 1599 of "macos-15", 1503 to 1503 of "macos-15.3" */
    struct kpdb_cpu facts;
    struct choice choices[MOST_CHOICES];
    unsigned choice_count;
    uint16_t bucket[BUCKETS][MOST_CHOICES];
    unsigned size[BUCKETS];
};

static struct scene *scenes;
static unsigned scene_count;

static struct choice *choice_of(struct scene *scene, uint16_t id)
{
    for (unsigned i = 0; i < scene->choice_count; i++)
        if (scene->choices[i].event.id == id)
            return &scene->choices[i];
    return NULL;
}

static void add_name(struct scene *scene, uint16_t id, const char *name)
{
    struct choice *choice = choice_of(scene, id);

    if (choice != NULL && choice->name_count < MOST_NAMES)
        choice->names[choice->name_count++] = name;
}

static void fill_choices(struct scene *scene)
{
    struct kpdb_event event = {0};
    enum bucket bucket;

    for (int id = -1; kpdb_next(scene->cpu, id, &event) == KPDB_OK; id = event.id) {
        if ((event.releases >> scene->release & 1) == 0)
            continue;
        CHECK(scene->choice_count < MOST_CHOICES);
        bucket = event.fixed >= 0                                 ? FIXED
                 : event.counters != scene->facts.config_counters ? NARROW
                                                                  : WIDE;
        scene->bucket[bucket][scene->size[bucket]++] = (uint16_t)scene->choice_count;
        scene->choices[scene->choice_count++].event = event;
        add_name(scene, event.id, kpdb_event_name(event.id));
        if (kpdb_renamed(event.id) != NULL)
            add_name(scene, event.id, kpdb_renamed(event.id));
    }
}

static void fill_names(struct scene *scene)
{
    struct kpdb_event event;
    struct kpdb_name name;
    uint16_t target;

    for (int id = kpdb_alias_next(scene->cpu, -1, &target); id >= 0;
         id = kpdb_alias_next(scene->cpu, id, &target))
        if (kpdb_find(scene->cpu, scene->release, kpdb_event_name((unsigned)id),
                      strlen(kpdb_event_name((unsigned)id)), &event) == KPDB_OK)
            add_name(scene, event.id, kpdb_event_name((unsigned)id));
    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        if (kpdb_name_on(scene->cpu, scene->release, n, &event) == KPDB_OK)
            add_name(scene, event.id, name.name);
}

/* The versions that a release's name means, read otherwise than libkpdb does. */
static void read_macos(unsigned release, unsigned *macos, unsigned *until)
{
    unsigned major = 0, minor = 0;
    int read = sscanf(kpdb_release_name(release), "macos-%u.%u", &major, &minor);

    CHECK(read >= 1);
    *macos = major * 100 + minor;
    *until = read == 2 ? *macos : major * 100 + 99;
}

static void make_scenes(void)
{
    struct scene *scene;
    struct kpdb_cpu facts;

    scenes = calloc(MOST_SCENES, sizeof *scenes);
    if (!CHECK(scenes != NULL))
        exit(1);
    for (unsigned cpu = 0; kpdb_cpu(cpu, &facts) == KPDB_OK; cpu++)
        for (unsigned r = 0; r < kpdb_release_count(); r++) {
            if ((facts.releases >> r & 1) == 0 || !CHECK(scene_count < MOST_SCENES))
                continue;
            scene = &scenes[scene_count++];
            scene->cpu = cpu;
            scene->release = (int)r;
            scene->facts = facts;
            read_macos(r, &scene->macos, &scene->until);
            fill_choices(scene);
            fill_names(scene);
        }
}

/* ---- a case ---------------------------------------------------------------------------------- */

struct sample {
    const struct scene *scene;
    struct kpdb_options options;
    struct kpdb_request requests[MOST_EVENTS];
    struct kpdb_event events[MOST_EVENTS];
    unsigned count;
};

static bool is_in(const struct sample *sample, uint16_t id)
{
    for (unsigned i = 0; i < sample->count; i++)
        if (sample->events[i].id == id)
            return true;
    return false;
}

static void ask_for(struct sample *sample, const struct choice *choice, bool user_only)
{
    const char *name = choice->names[pick(choice->name_count)];

    sample->requests[sample->count] = (struct kpdb_request){name, strlen(name), user_only};
    sample->events[sample->count++] = choice->event;
}

/* How often each bucket is drawn from is itself drawn, for each case. */
static const struct choice *draw(const struct scene *scene, const unsigned weights[BUCKETS])
{
    unsigned at = pick(weights[FIXED] + weights[NARROW] + weights[WIDE]);
    enum bucket bucket = FIXED;

    while (at >= weights[bucket])
        at -= weights[bucket++];
    return &scene->choices[scene->bucket[bucket][pick(scene->size[bucket])]];
}

static void draw_sample(struct sample *sample)
{
    static const unsigned most[BUCKETS] = {2, 8, 8};
    const struct scene *scene = &scenes[pick(scene_count)];
    unsigned weights[BUCKETS], wanted = 1 + pick(pick(64) == 0 ? MOST_EVENTS : FEW), total = 0;
    unsigned users = pick(3);
    bool newest = scene->release == kpdb_cpu_newest(scene->cpu);
    bool twice = pick(16) == 0;

    memset(sample, 0, sizeof *sample);
    sample->scene = scene;
    sample->options.strategy = KPDB_KPERFDATA;
    sample->options.unforced = pick(3) == 0;
    sample->options.release = newest && pick(2) == 0 ? KPDB_ANY_RELEASE : scene->release;
    for (unsigned b = 0; b < BUCKETS; b++) {
        weights[b] = scene->size[b] == 0 ? 0 : pick(most[b]);
        total += weights[b];
    }
    if (total == 0)
        weights[scene->size[WIDE] != 0 ? WIDE : NARROW] = 1;
    for (unsigned tries = 0; sample->count < wanted && tries < 4 * MOST_EVENTS; tries++) {
        const struct choice *choice = draw(scene, weights);

        if (twice || !is_in(sample, choice->event.id))
            ask_for(sample, choice, users == 2 || (users == 1 && pick(2) == 0));
    }
}

static void print_sample(const struct sample *sample)
{
    fprintf(stderr, "  on %s in %s (%s), %s:", sample->scene->facts.db,
            kpdb_release_name((unsigned)sample->scene->release),
            sample->options.release < 0 ? "any" : "named",
            sample->options.unforced ? "unforced" : "forced");
    for (unsigned i = 0; i < sample->count; i++)
        fprintf(stderr, " %s%s[%x]", sample->requests[i].name,
                sample->requests[i].user_only ? ":u" : "", (unsigned)sample->events[i].counters);
    fputc('\n', stderr);
}

/* What the model says of a case. */
struct verdict {
    enum model_code code;
    unsigned failed;
    uint32_t conflict;
    struct model model;
};

static void ask_model(const struct sample *sample, struct verdict *verdict)
{
    verdict->code = MODEL_OK;
    verdict->conflict = 0;
    model_create(&verdict->model, sample->scene->cpu, sample->scene->macos / 100);
    if (!sample->options.unforced)
        CHECK(model_force_counters(&verdict->model) == MODEL_OK);
    for (verdict->failed = 0; verdict->failed < sample->count; verdict->failed++) {
        struct kpdb_event event = sample->events[verdict->failed];
        uint32_t flag = sample->requests[verdict->failed].user_only ? 1 : 0;

        verdict->code = model_add_event(&verdict->model, &event, flag, &verdict->conflict);
        if (verdict->code != MODEL_OK)
            return;
    }
}

/* ---- what came out of the cases, and how often ----------------------------------------------- */

enum outcome {
    PLACED_FORCED,
    PLACED_UNFORCED,
    PLACED_FIXED,
    PLACED_FALLBACK,
    PLACED_USER,
    PLACED_TWICE,
    CONFLICT_FIXED,
    CONFLICT_FORCED,
    CONFLICT_UNFORCED,
    FORCE_FIXED,
    FORCE_POWER,
    FORCE_FULL,
    UNAVAILABLE,
    NO_COUNTER,
    OUTCOMES
};

/* The least of each that a whole run must have, with Apple's databases and with random ones. */
static const struct {
    const char *name;
    unsigned apple, random;
} outcomes[OUTCOMES] = {
    [PLACED_FORCED] = {"placed, forced", 10000, 10000},
    [PLACED_UNFORCED] = {"placed, not forced", 10000, 5000},
    [PLACED_FIXED] = {"placed, some on fixed counters", 1000, 1000},
    [PLACED_FALLBACK] = {"placed, some by their fallback", 1000, 500},
    [PLACED_USER] = {"placed, user mode and both mixed", 1000, 1000},
    [PLACED_TWICE] = {"placed, an event twice", 500, 500},
    [CONFLICT_FIXED] = {"12, a fixed counter", 200, 1000},
    [CONFLICT_FORCED] = {"12, forced", 10000, 10000},
    [CONFLICT_UNFORCED] = {"12, not forced", 1000, 1000},
    [FORCE_FIXED] = {"13, a fixed event", 1000, 1000},
    [FORCE_POWER] = {"13, power manager's counters only", 1000, 1000},
    [FORCE_FULL] = {"13, the others are taken", 1000, 1000},
    [UNAVAILABLE] = {"14, no fallback", 1000, 1000},
    [NO_COUNTER] = {"16, no counter", 0, 1000},
};

static unsigned long seen[OUTCOMES];

static void count_failure(const struct sample *sample, const struct verdict *verdict)
{
    const struct kpdb_event *event = &sample->events[verdict->failed];
    bool fixed = event->fixed >= 0 && sample->scene->facts.arch == KPDB_ARM64;

    seen[CONFLICT_FIXED] += verdict->code == MODEL_CONFLICT && fixed;
    seen[CONFLICT_FORCED] += verdict->code == MODEL_CONFLICT && !fixed && !sample->options.unforced;
    seen[CONFLICT_UNFORCED] +=
        verdict->code == MODEL_CONFLICT && !fixed && sample->options.unforced;
    seen[FORCE_FIXED] += verdict->code == MODEL_FORCE && fixed;
    seen[FORCE_POWER] += verdict->code == MODEL_FORCE && !fixed && verdict->conflict == 0;
    seen[FORCE_FULL] += verdict->code == MODEL_FORCE && !fixed && verdict->conflict != 0;
    seen[UNAVAILABLE] += verdict->code == MODEL_UNAVAILABLE;
    seen[NO_COUNTER] += verdict->code == MODEL_NO_COUNTER;
}

static void count_success(const struct sample *sample, const struct verdict *verdict)
{
    bool user = false, both = false, fixed = false, fallback = false, twice = false;

    for (unsigned i = 0; i < sample->count; i++) {
        user |= sample->requests[i].user_only;
        both |= !sample->requests[i].user_only;
        fixed |= verdict->model.event[i].fixed >= 0;
        fallback |= verdict->model.event[i].id != sample->events[i].id;
        for (unsigned k = 0; k < i; k++)
            twice |= sample->events[i].id == sample->events[k].id;
    }
    seen[PLACED_FORCED] += !sample->options.unforced;
    seen[PLACED_UNFORCED] += sample->options.unforced;
    seen[PLACED_FIXED] += fixed;
    seen[PLACED_FALLBACK] += fallback;
    seen[PLACED_USER] += user && both;
    seen[PLACED_TWICE] += twice;
}

static void check_outcomes(unsigned cases)
{
    bool apple = has_cpu("a14");

    for (unsigned o = 0; o < OUTCOMES; o++) {
        unsigned least = apple ? outcomes[o].apple : outcomes[o].random;

        printf("%8lu  %s\n", seen[o], outcomes[o].name);
        if (cases >= MOST_CASES && !CHECK(seen[o] >= least))
            fprintf(stderr, "  %s: fewer than %u\n", outcomes[o].name, least);
    }
}

/* ---- the comparison -------------------------------------------------------------------------- */

static int error_of(enum model_code code)
{
    switch (code) {
    case MODEL_CONFLICT:
        return KPDB_CONFLICT;
    case MODEL_FORCE:
        return KPDB_NOT_FORCED;
    case MODEL_UNAVAILABLE:
        return KPDB_UNAVAILABLE;
    case MODEL_NO_COUNTER:
        return KPDB_NO_COUNTER;
    default:
        return KPDB_OK;
    }
}

/* The events in the way are those on the counters competed for. */
static void compare_failure(const struct verdict *verdict, const struct kpdb_encoding *got)
{
    uint32_t taken = 0;

    CHECK_INT(got->failed, verdict->failed);
    CHECK_INT(got->conflicts, verdict->conflict);
    for (unsigned i = 0; i < verdict->failed; i++)
        if (verdict->conflict >> i & 1)
            taken |= (uint32_t)1 << model_counter(&verdict->model, i);
    if (verdict->conflict != 0)
        CHECK_INT(got->counters, taken);
}

static void compare_success(const struct sample *sample, const struct verdict *verdict,
                            const struct kpdb_encoding *got)
{
    const struct model *model = &verdict->model;
    unsigned slots[MODEL_COUNTERS];
    uint64_t words[MODEL_COUNTERS];

    CHECK_INT(got->classes, model_kpc_classes(model));
    CHECK_INT(got->slots, model_slots(model));
    CHECK_INT(got->event_count, sample->count);
    if (!CHECK_INT(got->config_count, model_kpc_count(model)))
        return;
    model_kpc(model, words);
    for (unsigned i = 0; i < got->config_count; i++)
        CHECK_INT(got->config[i], words[i]);
    model_kpc_map(model, slots);
    for (unsigned i = 0; i < sample->count; i++) {
        CHECK_INT(got->events[i].counter, model_counter(model, i));
        CHECK_INT(got->events[i].slot, slots[i]);
        CHECK_INT(got->events[i].asked, sample->events[i].id);
        CHECK_INT(got->events[i].counted, model->event[i].id);
    }
}

static void compare(const struct sample *sample)
{
    static unsigned reports;
    struct kpdb_encoding got;
    struct verdict verdict;
    unsigned long failures = check_failures;
    int error;

    memset(&got, 0xa5, sizeof got);
    error =
        kpdb_encode(sample->scene->cpu, &sample->options, sample->requests, sample->count, &got);
    ask_model(sample, &verdict);
    for (unsigned i = 0; i < sample->count; i++)
        CHECK_INT(got.order[i], i);
    if (CHECK_INT(error, error_of(verdict.code))) {
        CHECK_INT(error == KPDB_OK ? 0 : kpdb_kperfdata_code(error), verdict.code);
        if (error == KPDB_OK)
            compare_success(sample, &verdict, &got);
        else
            compare_failure(&verdict, &got);
    }
    if (verdict.code == MODEL_OK)
        count_success(sample, &verdict);
    else
        count_failure(sample, &verdict);
    if (check_failures != failures) {
        print_sample(sample);
        if (++reports == MOST_REPORTS)
            exit(check_done());
    }
}

static void test_random_sets(unsigned cases)
{
    struct sample sample;

    for (unsigned i = 0; i < cases; i++) {
        draw_sample(&sample);
        compare(&sample);
    }
    check_outcomes(cases);
}

/* ---- answers known beforehand ---------------------------------------------------------------- */

/* "INST_ALL INST_BRANCH:u" to requests; how many. */
static unsigned parse(const char *names, struct kpdb_request *requests)
{
    unsigned count = 0;

    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        bool user_only = length > 2 && memcmp(names + length - 2, ":u", 2) == 0;

        requests[count++] = (struct kpdb_request){names, length - (user_only ? 2 : 0), user_only};
        names += length + (names[length] == ' ');
    }
    return count;
}

static struct kpdb_options options_of(const char *release, const char *how)
{
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE, .strategy = KPDB_KPERFDATA};

    if (release != NULL)
        options.release = kpdb_release_find(release, strlen(release));
    options.strategy = strstr(how, "optimal") != NULL ? KPDB_OPTIMAL : KPDB_KPERFDATA;
    options.unforced = strstr(how, "unforced") != NULL;
    options.full = strstr(how, "full") != NULL;
    return options;
}

/* "2 8: 0 8d : 3" is classes 2 and 8 slots: words: slots; "12 at 6: 3 5" a code, and the events. */
static void describe(int error, const struct kpdb_encoding *got, char *text, size_t size)
{
    size_t at;

    if (error != KPDB_OK) {
        at = (size_t)snprintf(text, size, "%d at %u:", kpdb_kperfdata_code(error), got->failed);
        for (unsigned i = 0; i < KPDB_EVENTS_MAX; i++)
            if (got->conflicts >> i & 1)
                at += (size_t)snprintf(text + at, size - at, " %u", i);
        return;
    }
    at = (size_t)snprintf(text, size, "%u %u:", (unsigned)got->classes, got->slots);
    for (unsigned i = 0; i < got->config_count; i++)
        at += (size_t)snprintf(text + at, size - at, " %llx", (unsigned long long)got->config[i]);
    at += (size_t)snprintf(text + at, size - at, " :");
    for (unsigned i = 0; i < got->event_count; i++)
        at += (size_t)snprintf(text + at, size - at, " %u", got->events[i].slot);
}

/* Six events that any of the M1's configurable counters can count. */
#define SIX \
    "L1D_TLB_ACCESS L1D_TLB_MISS L1D_CACHE_MISS_ST L1D_CACHE_MISS_LD LD_UNIT_UOP ST_UNIT_UOP"

static const struct known {
    const char *cpu, *release, *how, *names, *want;
} known[] = {
    /* The order decides (kperfdata.md 2.7). */
    {"m1", "macos-15", "", SIX " INST_BRANCH", "12 at 6: 3 4 5"},
    {"m1", "macos-15", "", "INST_BRANCH " SIX, "2 8: a0 a1 a2 8d a3 a6 a7 0 : 3 0 1 2 4 5 6"},
    {"m1", "macos-15", "", "INST_BRANCH INST_BRANCH_CALL INST_BRANCH_RET INST_INT_ALU",
     "12 at 3: 2"},
    {"m1", "macos-15", "", "INST_BRANCH INST_BRANCH_CALL INST_ALL",
     "2 8: 0 0 0 8d 8e 8c 0 0 : 3 4 5"},
    {"m1", "macos-15", "", "INST_ALL INST_BRANCH INST_BRANCH_CALL",
     "2 8: 0 0 0 8d 8e 8c 0 0 : 5 3 4"},
    {"m1", "macos-15", "", "INST_ALL INST_BRANCH INST_BRANCH_CALL INST_BRANCH_RET",
     "12 at 3: 0 1 2"},
    {"m1", "macos-15", "", "INST_ALL INST_INT_ALU", "12 at 1: 0"},
    {"m1", "macos-15", "", SIX " CORE_ACTIVE_CYCLE MAP_REWIND MAP_STALL",
     "12 at 8: 0 1 2 3 4 5 6 7"},
    /* Fixed counters: slots are counted from them only when they are used. */
    {"m1", "macos-15", "", "FIXED_CYCLES", "1 2: : 0"},
    {"m1", "macos-15", "", "Instructions Cycles", "1 2: : 1 0"},
    {"m1", "macos-15", "", "INST_BRANCH Cycles", "3 10: 0 0 0 8d 0 0 0 0 : 5 0"},
    {"m1", "macos-15", "", "cycles MAP_STALL", "3 10: 76 0 0 0 0 0 0 0 : 0 2"},
    {"m1", "macos-15", "", "MAP_STALL", "2 8: 76 0 0 0 0 0 0 0 : 0"},
    /* An event twice. */
    {"m1", "macos-15", "", "FIXED_CYCLES MAP_STALL Cycles", "12 at 2: 0"},
    {"m1", "macos-15", "", "MAP_STALL MAP_STALL:u", "2 8: 76 30076 0 0 0 0 0 0 : 0 1"},
    /* User mode only: a word of the release. */
    {"m1", "macos-15", "", "INST_BRANCH:u Cycles:u", "3 10: 0 0 0 3008d 0 0 0 0 : 5 0"},
    {"m1", "macos-26.4", "", "INST_BRANCH:u Cycles:u", "3 10: 0 0 0 2008d 0 0 0 0 : 5 0"},
    {"m1", NULL, "", "INST_BRANCH:u INST_ALL", "2 8: 0 0 0 2008d 0 8c 0 0 : 3 5"},
    {"a9", "macos-15", "", "INST_BRANCH_CALL:u", "2 6: 0 0 0 3008e 0 0 : 3"},
    {"a9", NULL, "", "INST_BRANCH_CALL:u", "2 6: 0 0 0 2008e 0 0 : 3"},
    {"m4", "macos-26.4", "", "L1I_CACHE_MISS_DEMAND:u INST_ALL INST_INT_ALU",
     "2 8: 24006 8 0 0 0 897 0 0 : 0 1 5"},
    {"a7", "macos-15", "", "INST_ALL INST_INT_ALU INST_BRANCH", "2 6: 0 0 0 7b 7a 85 : 4 5 3"},
    {"a7", "macos-15", "", "INST_ALL INST_INT_ALU INST_LDST", "12 at 2: 0 1"},
    /* Not forced: as many counters fewer as are held, not those that are held. */
    {"m1", "macos-15", "unforced", "L1D_TLB_ACCESS", "2 5: a0 0 0 0 0 : 0"},
    {"m1", "macos-15", "unforced", "L1D_TLB_ACCESS L1D_TLB_MISS L1D_CACHE_MISS_ST MAP_STALL",
     "2 5: a0 a1 a2 76 0 : 0 1 2 3"},
    {"m1", "macos-15", "unforced", SIX, "13 at 5: 0 1 2 3 4"},
    {"m1", "macos-15", "unforced", "MAP_STALL INST_BRANCH", "13 at 1:"},
    {"m1", "macos-15", "unforced", "INST_ALL", "13 at 0:"},
    {"m1", "macos-15", "unforced", "MAP_STALL FIXED_CYCLES", "13 at 1:"},
    {"m4", "macos-15", "unforced", "INST_ALL", "2 5: 8 0 0 0 0 : 0"},
    {"m4", "macos-15", "unforced", "INST_BRANCH:u INST_ALL", "2 5: 30021 8 0 0 0 : 0 1"},
    {"a9", "macos-15", "unforced", "MAP_STALL", "2 3: 76 0 0 : 0"},
    /* Intel: number, umask, modes, enable; fixed events by their fallback. */
    {"skylake", "macos-15", "", "LONGEST_LAT_CACHE.MISS", "2 4: 43412e 0 0 0 : 0"},
    {"skylake", "macos-15", "", "MEM_INST_RETIRED.ALL_LOADS:u UOPS_ISSUED.ANY",
     "2 4: 4181d0 43010e 0 0 : 0 1"},
    {"skylake", "macos-15", "", "INST_RETIRED.ANY", "2 4: 4300c0 0 0 0 : 0"},
    {"skylake", "macos-15", "", "INST_RETIRED.ANY:u CPU_CLK_UNHALTED.THREAD INST_RETIRED.ANY_P",
     "2 4: 4100c0 43003c 4300c0 0 : 0 1 2"},
    {"skylake", "macos-15", "unforced", "INST_RETIRED.ANY", "2 4: 4300c0 0 0 0 : 0"},
    {"skylake", "macos-15", "", "UOPS_ISSUED.ANY CPU_CLK_UNHALTED.REF_TSC", "14 at 1:"},
    {"skylake", "macos-15", "unforced", "ReferenceCycles", "14 at 0:"},
    {"skylake", "macos-15", "",
     "INST_ALL CORE_ACTIVE_CYCLE L2_RQSTS.MISS LONGEST_LAT_CACHE.MISS UOPS_ISSUED.ANY",
     "12 at 4: 0 1 2 3"},
    {"skylake", "macos-15", "unforced",
     "INST_ALL CORE_ACTIVE_CYCLE L2_RQSTS.MISS LONGEST_LAT_CACHE.MISS UOPS_ISSUED.ANY",
     "12 at 4: 0 1 2 3"},
    {"skylake", "macos-15", "", "UOPS_ISSUED.ANY L2_RQSTS.MISS INST_RETIRED.PREC_DIST",
     "12 at 2: 1"},
    {"skylake", "macos-15", "", "INST_RETIRED.PREC_DIST L2_RQSTS.MISS UOPS_ISSUED.ANY",
     "2 4: 433f24 4301c0 43010e 0 : 1 0 2"},
    {"icelake", "macos-15", "", "ASSISTS.ANY INST_RETIRED.ANY BACLEARS.ANY",
     "2 8: 4307c1 4300c0 4301e6 0 0 0 0 0 : 0 1 2"},
    {"icelake", "macos-15", "", "INST_RETIRED.PREC_DIST", "14 at 0:"},
    {"icelake", "macos-15", "", "TOPDOWN.SLOTS", "14 at 0:"},
    /* What kperfdata drops of Intel's word, and what it takes to count it all the same. */
    {"ivybridge", "macos-15", "", "CYCLE_ACTIVITY.CYCLES_L2_PENDING", "2 4: 4301a3 0 0 0 : 0"},
    {"ivybridge", "macos-15", "full", "BACLEARS.ANY:u UOPS_DISPATCHED_PORT.PORT_0_CORE",
     "2 4: 411fe6 4301a1 0 0 : 0 1"},
    {"ivybridge", "macos-15", "full optimal", "CYCLE_ACTIVITY.CYCLES_L2_PENDING",
     "2 4: 14301a3 0 0 0 : 0"},
    {"ivybridge", "macos-15", "full optimal", "ARITH.FPU_DIV:u", "2 4: 1450414 0 0 0 : 0"},
    /* The same of what Apple's file lacks: CMASK 1, bit 24; INV, bit 23; EDGE, bit 18. */
    {"skylake", "macos-15", "", "ARITH.DIVIDER_ACTIVE", "2 4: 430114 0 0 0 : 0"},
    {"skylake", "macos-15", "full",
     "ARITH.DIVIDER_ACTIVE UOPS_ISSUED.STALL_CYCLES:u RS_EVENTS.EMPTY_END "
     "L1D_PEND_MISS.PENDING",
     "2 4: 1430114 1c1010e 1c7015e 430148 : 0 1 2 3"},
    /* Any-thread, bit 21, which the kernel clears, and an MSR are in no word. */
    {"skylake", "macos-15", "full", "L1D_PEND_MISS.PENDING_CYCLES_ANY FRONTEND_RETIRED.DSB_MISS",
     "2 4: 1430148 4301c6 0 0 : 0 1"},
    {"m1", "macos-15", "full", "INST_BRANCH", "2 8: 0 0 0 8d 0 0 0 0 : 3"},
    /* Optimal: what kperfdata refuses for the order alone; unforced the kernel's shorter list. */
    {"m1", "macos-15", "optimal", "INST_BRANCH INST_ALL INST_BRANCH_CALL",
     "2 8: 0 0 0 8d 8e 8c 0 0 : 3 5 4"},
    {"m1", "macos-15", "optimal unforced", "MAP_STALL:u Cycles", "3 7: 30076 0 0 0 0 : 2 0"},
};

static void test_known(void)
{
    struct kpdb_request requests[KPDB_EVENTS_MAX];
    struct kpdb_encoding got;
    char text[512];

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct known *row = &known[i];
        struct kpdb_options options = options_of(row->release, row->how);
        int cpu = kpdb_cpu_find(row->cpu, strlen(row->cpu)), error;

        if (cpu < 0)
            continue;
        memset(&got, 0, sizeof got);
        error = kpdb_encode((unsigned)cpu, &options, requests, parse(row->names, requests), &got);
        describe(error, &got, text, sizeof text);
        if (!CHECK_STR(text, row->want))
            fprintf(stderr, "  of %s on %s, %s\n", row->names, row->cpu, row->how);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* On M1 unless another CPU is named; conflicts are what the header promises of each error. */
static const struct refused {
    const char *cpu, *release, *how, *names;
    int error;
    unsigned failed;
    uint32_t conflicts, counters;
} refused[] = {
    {"m1", NULL, "", "", KPDB_NO_EVENTS, 0, 0, 0},
    {"m1", NULL, "optimal", "", KPDB_NO_EVENTS, 0, 0, 0},
    {"m1", NULL, "", "MAP_STALL NO_SUCH_EVENT", KPDB_NO_EVENT, 1, 0, 0},
    {"m1", NULL, "optimal", "MAP_STALL NO_SUCH_EVENT", KPDB_NO_EVENT, 1, 0, 0},
    {"m1", NULL, "", "map_stall", KPDB_NO_EVENT, 0, 0, 0},
    {"m1", NULL, "", "MAP_STALL UOPS_ISSUED.ANY", KPDB_NOT_ON_CPU, 1, 0, 0},
    {"m1", NULL, "optimal", "UOPS_ISSUED.ANY", KPDB_NOT_ON_CPU, 0, 0, 0},
    {"m1", "macos-26.4", "", "MAP_STALL INST_ALL INST_BRANCH_COND", KPDB_NOT_IN_RELEASE, 2, 0, 0},
    {"m1", NULL, "", "INST_BRANCH_COND", KPDB_NOT_IN_RELEASE, 0, 0, 0},
    {"m1", "macos-15", "", "INST_BRANCH_COND", KPDB_OK, 0, 0, 0},
    {"m1", "macos-26.4", "", "ST_MEMORY_ORDER_VIOLATION_NONSPEC", KPDB_OK, 0, 0, 0},
    {"m1", "macos-99", "", "MAP_STALL", KPDB_NOT_IN_RELEASE, 0, 0, 0},
    {"a9", "macos-26.4", "optimal", "MAP_STALL", KPDB_NOT_IN_RELEASE, 0, 0, 0},
    {"m1", NULL, "optimal", "MAP_STALL FIXED_CYCLES INST_ALL Cycles", KPDB_DUPLICATE, 3, 2, 0},
    {"m1", NULL, "optimal", "MAP_STALL MAP_STALL", KPDB_DUPLICATE, 1, 1, 0},
    {"m1", NULL, "optimal", "INST_ALL INST_INT_ALU", KPDB_CONFLICT, 1, 1, 0x80},
    {"m1", NULL, "optimal", "INST_BRANCH INST_BRANCH_CALL INST_BRANCH_RET INST_BRANCH_TAKEN",
     KPDB_CONFLICT, 3, 7, 0xe0},
    {"m1", NULL, "optimal", SIX " MAP_STALL MAP_REWIND CORE_ACTIVE_CYCLE", KPDB_TOO_MANY, 8, 0xff,
     0x3fc},
    {"m1", NULL, "", SIX " MAP_STALL MAP_REWIND CORE_ACTIVE_CYCLE", KPDB_CONFLICT, 8, 0xff, 0x3fc},
    {"m1", NULL, "unforced optimal", "MAP_STALL INST_BRANCH", KPDB_NOT_FORCED, 1, 0, 0xe0},
    {"m1", NULL, "unforced optimal", SIX, KPDB_TOO_MANY, 5, 0x1f, 0x31c},
    {"m1", NULL, "unforced", "Cycles", KPDB_NOT_FORCED, 0, 0, 1},
    {"m1", NULL, "unforced optimal", "Cycles", KPDB_OK, 0, 0, 0},
    {"skylake", NULL, "optimal", "UOPS_ISSUED.ANY ReferenceCycles", KPDB_UNAVAILABLE, 1, 0, 0},
    {"icelake", NULL, "", "TOPDOWN.SLOTS", KPDB_UNAVAILABLE, 0, 0, 0},
};

static void test_refused(void)
{
    struct kpdb_request requests[KPDB_EVENTS_MAX];
    struct kpdb_encoding got;

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const struct refused *row = &refused[i];
        struct kpdb_options options = options_of(row->release, row->how);
        int cpu = kpdb_cpu_find(row->cpu, strlen(row->cpu)), error;
        unsigned long failures = check_failures;

        if (cpu < 0)
            continue;
        if (row->release != NULL && options.release < 0)
            options.release = 99;
        memset(&got, 0xa5, sizeof got);
        error = kpdb_encode((unsigned)cpu, &options, requests, parse(row->names, requests), &got);
        if (CHECK_INT(error, row->error) && error != KPDB_OK) {
            CHECK_INT(got.failed, row->failed);
            CHECK_INT(got.conflicts, row->conflicts);
            if (error != KPDB_UNAVAILABLE)
                CHECK_INT(got.counters, row->counters);
        }
        if (failures != check_failures)
            fprintf(stderr, "  of %s on %s, %s\n", row->names, row->cpu, row->how);
    }
}

/* More requests than the function takes, whatever they are; and no such CPU. */
static void test_limits(void)
{
    struct kpdb_request requests[KPDB_EVENTS_MAX + 1];
    const char *name = scenes[0].choices[scenes[0].bucket[WIDE][0]].names[0];
    struct kpdb_options options = {.release = KPDB_ANY_RELEASE, .strategy = KPDB_KPERFDATA};
    struct kpdb_encoding got;

    for (unsigned i = 0; i <= KPDB_EVENTS_MAX; i++)
        requests[i] = (struct kpdb_request){name, strlen(name), false};
    for (unsigned s = 0; s < 2; s++) {
        options.strategy = s == 0 ? KPDB_OPTIMAL : KPDB_KPERFDATA;
        CHECK_INT(kpdb_encode(0, &options, requests, KPDB_EVENTS_MAX + 1, &got), KPDB_TOO_MANY);
        CHECK_INT(kpdb_encode(kpdb_cpu_count(), &options, requests, 1, &got), KPDB_NO_CPU);
        CHECK_INT(kpdb_encode(0, &options, NULL, 0, &got), KPDB_NO_EVENTS);
    }
}

static void test_codes(void)
{
    CHECK_INT(kpdb_kperfdata_code(KPDB_NO_EVENT), 11);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NOT_ON_CPU), 11);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NOT_IN_RELEASE), 11);
    CHECK_INT(kpdb_kperfdata_code(KPDB_CONFLICT), 12);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NOT_FORCED), 13);
    CHECK_INT(kpdb_kperfdata_code(KPDB_UNAVAILABLE), 14);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NO_COUNTER), 16);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NO_EVENTS), 1);
    CHECK_INT(kpdb_kperfdata_code(KPDB_OK), 0);
    CHECK_INT(kpdb_kperfdata_code(1), 1);
    CHECK_INT(kpdb_kperfdata_code(KPDB_NO_COUNTER - 1), 1);
    CHECK_INT(kpdb_kperfdata_code(-2147483647 - 1), 1);
    for (unsigned r = 0; r < kpdb_release_count(); r++) {
        unsigned macos, until;

        read_macos(r, &macos, &until);
        CHECK_INT(kpdb_release_macos(r), macos);
    }
}

/* ---- warnings: what a kernel makes of a word (kernel.md 2.2, 2.3, 2.4, 2.5) ------------------ */

enum {
    COUNTED_ANYWAY = 0x53,  /* USR, OS, INT, EN: what every word has or the kernel adds */
    KERNEL_DROPS = 0x20,    /* AnyThread: the kernel's mask, 0xffc7ffff, takes it off */
    USER_AND_KERNEL = 0x03, /* USR, OS */
    NEWEST_PUBLIC_KERNEL = 1599,
};

/* OFFCORE_RSP, PEBS_LD_LAT_THRESHOLD and PEBS_FRONTEND, as Linux's extra_regs have them. */
static unsigned msr_of(const struct kpdb_event *event)
{
    if (!has_cpu("a14"))
        return 0; /* not compiled with Apple's databases */
    switch (event->number << 8 | event->umask) {
    case 0xb701:
        return 0x1a6;
    case 0xbb01:
        return 0x1a7;
    case 0xcd01:
        return 0x3f6;
    case 0xc601:
        return 0x3f7;
    default:
        return 0;
    }
}

static unsigned intel_warnings(const struct kpdb_event *event, bool user_only, bool full)
{
    unsigned dropped = event->other & ~(unsigned)COUNTED_ANYWAY & ~(unsigned)KERNEL_DROPS;
    unsigned warnings = event->other & KERNEL_DROPS ? KPDB_WARN_ANY_THREAD : 0;

    if (msr_of(event) != 0)
        warnings |= KPDB_WARN_MSR;
    if (event->other == 0)
        return warnings;
    if (!user_only && (event->other & USER_AND_KERNEL) != USER_AND_KERNEL)
        return warnings | KPDB_WARN_OTHER_BITS;
    return warnings | (dropped != 0 && !full ? KPDB_WARN_OTHER_BITS : 0);
}

static unsigned apple_warnings(const struct scene *scene, const struct kpdb_event *event,
                               bool user_only)
{
    unsigned warnings = 0;
    unsigned since = kpdb_kernel_since(scene->cpu, event->id);
    bool listed = since != 0 && since <= scene->until;

    if (event->fixed >= 0)
        return user_only ? KPDB_WARN_ALL_MODES : 0;
    if (event->number >> scene->facts.event_bits != 0)
        warnings |= KPDB_WARN_TOO_WIDE;
    if (scene->macos >= 1500 && !user_only)
        warnings |= KPDB_WARN_USER_MODE;
    if (scene->facts.kernel_list && scene->macos >= 1400 && !listed)
        warnings |= scene->macos > NEWEST_PUBLIC_KERNEL ? KPDB_WARN_UNLISTED : KPDB_WARN_REFUSED;
    return warnings;
}

enum { WARNINGS = 10 };

static unsigned long warned[WARNINGS];

static void check_warnings(const struct scene *scene, const struct choice *choice, unsigned how)
{
    struct kpdb_options options = {.release = scene->release};
    struct kpdb_request request = {choice->names[0], strlen(choice->names[0]), (how & 1) != 0};
    struct kpdb_encoding got;
    struct kpdb_event event;
    unsigned want;

    options.strategy = (how & 2) != 0 ? KPDB_OPTIMAL : KPDB_KPERFDATA;
    options.full = (how & 4) != 0;
    if (kpdb_encode(scene->cpu, &options, &request, 1, &got) != KPDB_OK)
        return;
    CHECK(kpdb_on(scene->cpu, got.events[0].counted, &event) == KPDB_OK);
    want = scene->facts.arch == KPDB_ARM64
               ? apple_warnings(scene, &event, request.user_only)
               : intel_warnings(&event, request.user_only, options.full);
    if (event.other != 0 && (event.other & USER_AND_KERNEL) != USER_AND_KERNEL && request.user_only)
        return; /* what is dropped there is just what is asked for: either will do */
    got.events[0].warnings &=
        (uint16_t) ~(KPDB_WARN_ASSUMED | KPDB_WARN_DISPUTED); /* sources_test */
    if (!CHECK_INT(got.events[0].warnings, want))
        fprintf(stderr, "  of %s (other %x) on %s in %s%s%s\n", request.name, event.other,
                scene->facts.db, kpdb_release_name((unsigned)scene->release),
                request.user_only ? ", user only" : "", options.full ? ", full" : "");
    if (scene->facts.arch == KPDB_X86_64)
        CHECK_INT(kpdb_msr(scene->cpu, event.id), msr_of(&event));
    for (unsigned bit = 0; bit < WARNINGS; bit++)
        warned[bit] += want >> bit & 1;
}

static void test_warnings(void)
{
    bool apple = has_cpu("a14");

    for (unsigned s = 0; s < scene_count; s++)
        for (unsigned i = 0; i < scenes[s].choice_count; i++)
            for (unsigned how = 0; how < 8; how++)
                check_warnings(&scenes[s], &scenes[s].choices[i], how);
    printf("warnings: %lu refused, %lu unlisted, %lu too wide, %lu user mode, %lu other bits, "
           "%lu all modes, %lu any thread, %lu MSR\n",
           warned[0], warned[1], warned[2], warned[3], warned[4], warned[5], warned[8], warned[9]);
    CHECK(warned[1] > 100 && warned[3] > 100 && warned[5] > 100 &&
          (apple ? warned[4] : warned[0]) > 100);
    CHECK(!apple || (warned[8] > 100 && warned[9] > 100));
    CHECK(apple || warned[2] > 100);
}

int main(int argc, char **argv)
{
    unsigned cases = random_cases(argc, argv, MOST_CASES, 20260917);

    make_scenes();
    test_random_sets(cases);
    test_known();
    test_refused();
    test_limits();
    test_codes();
    test_warnings();
    free(scenes);
    return check_done();
}
