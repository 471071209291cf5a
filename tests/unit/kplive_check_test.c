/*
 * What libkplive makes of a kperfdata that drifted, lies or lacks functions:
 * kplive_check_test KPERF KPERFDATA KPERFDATA_OLD DB_DIR (libraries, and db/kpep).
 * The simulator of kperf is linked too, to be driven.
 */
#define _GNU_SOURCE
#include "internal.h"

#include "check.h"
#include "sim.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static const char *kperf_path, *kperfdata_path, *kperfdata_old_path, *db_path;

enum { M1, HASWELL, M4 };
static const struct machine {
    enum sim_chip chip;
    enum sim_gen gen;
    bool old; /* the framework of macOS 15 */
} machines[] = {{SIM_M1, SIM_G4, false}, {SIM_HASWELL, SIM_G3, true}, {SIM_M4, SIM_G3, true}};

static void set_knobs(const char *library, const char *knobs)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL); /* the one that the sampler opens */
    void *symbol = handle == NULL ? NULL : dlsym(handle, "kperfdata_sim_set");
    void (*set)(const char *knobs);

    if (!CHECK(symbol != NULL))
        exit(1);
    memcpy(&set, &symbol, sizeof set);
    set(knobs);
}

/* A sampler on a machine whose kperfdata has these knobs; with an id, a CPU that nobody knows. */
static struct kplive *open_on(unsigned machine, enum kplive_words words, const char *knobs,
                              uint32_t family)
{
    const struct machine *m = &machines[machine];
    struct sim_config config = {.chip = m->chip, .gen = m->gen};
    struct kplive_options options = {.kperf = kperf_path,
                                     .kperfdata = m->old ? kperfdata_old_path : kperfdata_path};
    struct kplive_error error = {0};
    struct kplive *sampler = NULL;
    char path[4096];

    if (family != 0) {
        config.cputype = machine == HASWELL ? 7 : 0x100000c;
        config.cpusubtype = machine == HASWELL ? 8 : 2;
        config.cpufamily = family;
    } else {
        snprintf(path, sizeof path, "%s/%s", db_path, m->old ? "macos-15" : "macos-26.4");
        setenv("KPEP_DB_PATH", path, 1);
    }
    options.words = words;
    sim_reset(&config);
    set_knobs(options.kperfdata, knobs);
    if (!CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK))
        fprintf(stderr, "  %s %s\n", error.call, error.hint);
    return sampler;
}

static struct kpdb_request request(const char *name, bool user_only)
{
    return (struct kpdb_request){name, strlen(name), user_only};
}

/* ---- the live database ----------------------------------------------------------------------- */

struct listing {
    unsigned told, aliases, fixed, wrong, uncountable, longest;
    int cpu, release;
    uint32_t usable;
};

/* What an event is by the tables, which learn it from the file and not from kperfdata. */
static void tell_event(void *user, const struct kplive_event *event)
{
    struct listing *listing = user;
    struct kpdb_event known;
    size_t length = strlen(event->description);

    listing->told++;
    listing->aliases += *event->alias != '\0';
    listing->fixed += event->fixed;
    listing->uncountable += event->code != 0;
    listing->longest = length > listing->longest ? (unsigned)length : listing->longest;
    CHECK_STR(event->errata, "");
    if (kpdb_find((unsigned)listing->cpu, listing->release, event->name, strlen(event->name),
                  &known) != KPDB_OK) {
        listing->wrong++;
        return;
    }
    if (event->code != 0)
        listing->wrong += event->word != 0 || event->counters != 0 || event->fixed;
    else if (event->fixed)
        listing->wrong += event->counters != 1u << known.fixed || event->word != 0;
    else if (known.fixed < 0)
        listing->wrong += event->number != known.number || event->umask != known.umask ||
                          event->counters != (known.counters & listing->usable) ||
                          (event->word & 0xffff) != (known.number | (unsigned)known.umask << 8);
}

static struct listing list(struct kplive *sampler, int want, struct kplive_error *error)
{
    struct listing listing = {.cpu = sampler->cpu, .release = sampler->release};
    struct kpdb_cpu cpu = {0};

    (void)kpdb_cpu((unsigned)sampler->cpu, &cpu);
    listing.usable = cpu.config_counters;
    CHECK_INT(kplive_events(sampler, tell_event, &listing, error), want);
    return listing;
}

/* The older framework has no kpep_event_errata(); Intel's fixed events are their fallbacks. */
static void test_events(void)
{
    static const struct {
        unsigned events, aliases, fixed, uncountable;
    } want[] = {{60, 2, 2, 0}, {298, 7, 0, 1}, {63, 2, 2, 0}};
    struct kplive_error error = {0};

    for (unsigned machine = M1; machine <= M4; machine++) {
        struct kplive *sampler = open_on(machine, KPLIVE_STATIC, "", 0);
        struct listing listing = list(sampler, KPLIVE_OK, &error);

        CHECK_INT(listing.told, want[machine].events);
        CHECK_INT(listing.aliases, want[machine].aliases);
        CHECK_INT(listing.fixed, want[machine].fixed);
        CHECK_INT(listing.uncountable, want[machine].uncountable);
        CHECK_INT(listing.wrong, 0);
        CHECK(kplive_has(&sampler->frameworks, "kpep_event_errata") == (machine == M1));
        kplive_close(sampler);
    }
}

static void first_text(void *user, const struct kplive_event *event)
{
    struct kplive_error *first = user; /* its texts, for want of another struct */

    if (*first->event != '\0')
        return;
    snprintf(first->event, sizeof first->event, "%.90s|", event->name);
    snprintf(first->hint, sizeof first->hint, "%.90s|%.90s", event->alias, event->description);
}

/* Texts that are none, not UTF-8, or without an end, which are not read to where they end. */
static void test_texts(void)
{
    static const struct {
        const char *knobs, *name, *rest;
    } cases[] = {
        {"lie=name:null", "|", "Cycles|"},
        {"lie=name:empty,lie=alias:null", "|", "|"},
        {"lie=alias:empty,lie=description:bytes", "FIXED_CYCLES|", "|\xff\x1b[2J\n\"\\%s\x01"},
        {"fail=kpep_event_alias:1+:11", "FIXED_CYCLES|", "|"},
    };
    struct kplive *sampler = open_on(M1, KPLIVE_STATIC, "", 0);
    struct kplive_error error = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kplive_error first = {0};

        set_knobs(kperfdata_path, cases[i].knobs);
        CHECK_INT(kplive_events(sampler, first_text, &first, &error), KPLIVE_OK);
        CHECK_STR(first.event, cases[i].name);
        CHECK_STR(first.hint, cases[i].rest);
    }
    set_knobs(kperfdata_path, "lie=description:long,lie=name:long,lie=alias:long");
    CHECK_INT(list(sampler, KPLIVE_OK, &error).longest, 1023);
    set_knobs(kperfdata_path, "lie=events:null");
    CHECK_INT(list(sampler, KPLIVE_SYSTEM, &error).told, 0);
    CHECK_STR(error.call, "kpep_event_name");
    set_knobs(kperfdata_path, "fail=kpep_db_create:1:7");
    CHECK_INT(list(sampler, KPLIVE_SYSTEM, &error).told, 0);
    CHECK_INT(error.code, 7);
    kplive_close(sampler);
}

/* ---- functions that are missing -------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
#define FUNCTION(result, name, parameters) {#name, offsetof(struct kplive_frameworks, name)},
    KPERF_SYMBOLS(FUNCTION) KPERFDATA_SYMBOLS(FUNCTION) KPERFDATA_OPTIONAL(FUNCTION)};

static bool missing_is_said(int status, const struct kplive_error *error, const char *name)
{
    return status == KPLIVE_OK ||
           (status == KPLIVE_NO_FRAMEWORK && error->status == KPLIVE_NO_FRAMEWORK &&
            strcmp(error->call, name) == 0 && strstr(error->hint, "no such function") != NULL);
}

/* One function gone at a time: what needs it says so by its name, the rest goes on. */
static void test_missing(void)
{
    struct kpdb_request events[] = {request("cycles", false), request("INST_BRANCH", true)};
    unsigned needed[4] = {0};

    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        struct kplive *sampler = open_on(M1, KPLIVE_VERIFY, "", 0);
        struct kplive_error error = {0};
        struct kplive_check check;
        struct listing listing = {0};
        int status[4];

        memset((char *)&sampler->frameworks + functions[i].offset, 0, sizeof(void *));
        status[0] = kplive_events(sampler, tell_event, &listing, &error);
        CHECK(missing_is_said(status[0], &error, functions[i].name));
        status[1] = kplive_compare(sampler, 10, 1, NULL, NULL, &check, &error);
        CHECK(missing_is_said(status[1], &error, functions[i].name));
        CHECK(status[1] != KPLIVE_OK || (check.drifts == 0 && check.encodings == 10));
        for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++) {
            sampler->words = (enum kplive_words)words;
            status[2] = kplive_program(sampler, events, 2, &error);
            CHECK(missing_is_said(status[2], &error, functions[i].name));
            CHECK(words != KPLIVE_STATIC || status[2] == KPLIVE_OK);
            needed[2] += words == KPLIVE_VERIFY && status[2] != KPLIVE_OK;
            needed[3] += words == KPLIVE_KPERFDATA && status[2] != KPLIVE_OK;
        }
        needed[0] += status[0] != KPLIVE_OK;
        needed[1] += status[1] != KPLIVE_OK;
        kplive_close(sampler);
    }
    CHECK_INT(needed[0], 14);
    CHECK_INT(needed[1], 15); /* kpep_db_event too, not kpep_db_name */
    CHECK_INT(needed[2], 11);
    CHECK_INT(needed[3], 12); /* kpc_get_counter_count too */
}

static void test_no_kperfdata(void)
{
    struct kplive_options options = {
        .kperf = kperf_path, .kperfdata = "/nowhere/kperfdata", .words = KPLIVE_STATIC};
    struct kpdb_request events[] = {request("cycles", false)};
    struct kplive_error error = {0};
    struct kplive_check check;
    struct kplive *sampler;

    kplive_close(open_on(M1, KPLIVE_STATIC, "", 0));
    CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK);
    CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_OK);
    CHECK_INT(list(sampler, KPLIVE_NO_FRAMEWORK, &error).told, 0);
    CHECK_STR(error.call, "kpep_db_create");
    CHECK(strstr(error.hint, "kperfdata could not be loaded") != NULL);
    CHECK_INT(kplive_compare(sampler, 1, 1, NULL, NULL, &check, &error), KPLIVE_NO_FRAMEWORK);
    sampler->words = KPLIVE_KPERFDATA;
    CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_NO_FRAMEWORK);
    kplive_close(sampler);
}

/* ---- verify: whose fault --------------------------------------------------------------------- */

/*
 * FIXED_CYCLES, then the narrow INST_BARRIER and INST_BRANCH on counters 5 and 6, then
 * the wide ones on 2 and 3.
 */
static void test_blame(void)
{
    static const struct {
        const char *knobs, *event, *table, *live;
    } cases[] = {
        {"drift=number:INST_BRANCH:142", "INST_BRANCH", "say 0x8d,", "kperfdata 0x8e;"},
        {"drift=number:INST_BARRIER:157", "INST_BARRIER", "say 0x9c,", "kperfdata 0x9d;"},
        {"drift=number:L1D_TLB_MISS:7", "L1D_TLB_MISS", "say 0x200a1,", "kperfdata 0x20007;"},
        {"drift=mask:L1D_CACHE_MISS_LD:0x300", "L1D_CACHE_MISS_LD", "with word 0xa3,",
         "8 with 0xa3;"},
        {"drift=mask:INST_BARRIER:0x80", "INST_BARRIER", "counter 5 with word 0x9c,",
         "7 with 0x9c;"},
        {"lie=user_bits:0x30000", "L1D_TLB_MISS", "say 0x200a1,", "kperfdata 0x300a1;"},
        {"drift=missing:INST_BARRIER", "INST_BARRIER", "with code 0,", "kperfdata with 11 "},
        {"drift=mask:INST_BRANCH:0", "INST_BRANCH", "with code 0,", "kperfdata with 16 "},
        {"drift=apart:INST_BARRIER:INST_BRANCH", "INST_BRANCH", "with code 0,",
         "kperfdata with 12 "},
        {"lie=map:4", "FIXED_CYCLES", "counter 0 with word 0x0,", "kperfdata on 4 with"},
        {"lie=classes:2", "FIXED_CYCLES", "counter 0 with word 0x0,", "kperfdata on 2 with"},
        {"lie=kpc_count:9", "", "in the count of words", "8 and 9 words"},
    };
    struct kpdb_request events[] = {request("L1D_CACHE_MISS_LD", false),
                                    request("INST_BRANCH", false), request("cycles", false),
                                    request("INST_BARRIER", false), request("L1D_TLB_MISS", true)};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kplive *sampler = open_on(M1, KPLIVE_VERIFY, cases[i].knobs, 0);
        struct kplive_error error = {0};

        CHECK_INT(kplive_program(sampler, events, 5, &error), KPLIVE_DIFFERENT);
        CHECK_STR(error.event, cases[i].event);
        if (!CHECK(strstr(error.hint, cases[i].table) != NULL &&
                   strstr(error.hint, cases[i].live) != NULL))
            fprintf(stderr, "  %s: %s\n", cases[i].knobs, error.hint);
        kplive_close(sampler);
    }
}

/* A framework that fails is no drift. */
static void test_failing_words(void)
{
    static const char *const calls[] = {
        "kpep_db_create",          "kpep_config_create",    "kpep_config_force_counters",
        "kpep_config_kpc_classes", "kpep_config_kpc_count", "kpep_config_kpc",
        "kpep_config_kpc_map"};
    struct kpdb_request events[] = {request("INST_BRANCH", false)};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words += 2) {
            char knobs[80];
            struct kplive *sampler;
            struct kplive_error error = {0};

            snprintf(knobs, sizeof knobs, "fail=%s:1:2", calls[i]);
            sampler = open_on(M1, (enum kplive_words)words, knobs, 0);
            CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_SYSTEM);
            CHECK_STR(error.call, calls[i]);
            CHECK_INT(error.code, 2);
            CHECK_STR(error.event, "");
            kplive_close(sampler);
        }
}

/* ---- answers that cannot be ------------------------------------------------------------------ */

static int no_db(const char *name, struct kpep_db **db)
{
    (void)name;
    *db = NULL;
    return 0;
}

static int failed_db(const char *name, struct kpep_db **db)
{
    (void)name;
    *db = (struct kpep_db *)(uintptr_t)1; /* whoever frees it crashes */
    return 7;
}

static int no_event(struct kpep_db *db, const char *name, struct kpep_event **event)
{
    (void)db;
    (void)name;
    *event = NULL;
    return 0;
}

static int no_config(struct kpep_db *db, struct kpep_config **config)
{
    (void)db;
    *config = NULL;
    return 0;
}

static int failed_config(struct kpep_db *db, struct kpep_config **config)
{
    (void)db;
    *config = (struct kpep_config *)(uintptr_t)1;
    return 7;
}

static int no_words(struct kpep_config *config, size_t *count)
{
    (void)config;
    *count = 0;
    return 0;
}

static int too_many_words(struct kpep_config *config, size_t *count)
{
    (void)config;
    *count = KPDB_COUNTERS_MAX + 1;
    return 0;
}

static int no_slot(struct kpep_config *config, size_t *map, size_t size)
{
    (void)config;
    for (size_t i = 0; i < size / sizeof *map; i++)
        map[i] = i == 0 ? 0 : KPDB_COUNTERS_MAX;
    return 0;
}

/* Texts that just fit, and that just do not. */
static void test_copies(void)
{
    char long_name[KPLIVE_REQUEST_SIZE], name[KPLIVE_REQUEST_SIZE], text[5];
    struct kpdb_request asked = {long_name, sizeof long_name - 1, false};

    text[4] = '!'; /* behind the room that is told */
    CHECK(kplive_copy_text("abc", text, 4));
    CHECK_STR(text, "abc");
    CHECK(!kplive_copy_text("abcd", text, 4));
    CHECK_STR(text, "abc");
    CHECK_INT(text[4], '!');
    CHECK(!kplive_copy_text("", text, 4));
    CHECK_STR(text, "");
    CHECK(!kplive_copy_text(NULL, text, 4));
    CHECK_STR(text, "");
    memset(long_name, 'x', sizeof long_name);
    CHECK(kplive_copy_name(&asked, name));
    CHECK(strlen(name) == asked.length && memcmp(name, long_name, asked.length) == 0);
    asked.length = sizeof long_name;
    CHECK(!kplive_copy_name(&asked, name));
    asked = (struct kpdb_request){"a", 2, false}; /* a NUL inside */
    CHECK(!kplive_copy_name(&asked, name));
}

/* A name that kperfdata cannot be asked for is that of no event. */
static void test_names_out_of_bounds(void)
{
    char name[KPLIVE_REQUEST_SIZE];
    struct kpdb_request events[] = {{name, sizeof name, false}, {"INST_BRANCH", 12, false}};

    memset(name, 'x', sizeof name);
    for (unsigned i = 0; i < 2; i++) {
        struct kplive *sampler = open_on(M1, KPLIVE_KPERFDATA, "", 0);
        struct kplive_error error = {0};

        CHECK_INT(kplive_program(sampler, &events[i], 1, &error), KPLIVE_EVENT);
        CHECK_STR(error.call, "kpep_db_event");
        CHECK_INT(error.code, 11);
        kplive_close(sampler);
    }
}

/* A function of the framework is put in the place of its own, and its answer is an error. */
static void test_answers(void)
{
    struct kpdb_request events[] = {request("INST_BRANCH", false), request("INST_BARRIER", false)};
    struct kplive_error error = {0};
    struct kplive *sampler;

#define ANSWERS(function, answer, status, number)                      \
    do {                                                               \
        sampler = open_on(M1, KPLIVE_KPERFDATA, "", 0);                \
        sampler->frameworks.function = answer;                         \
        CHECK_INT(kplive_program(sampler, events, 2, &error), status); \
        CHECK_STR(error.call, #function);                              \
        CHECK_INT(error.code, number);                                 \
        kplive_close(sampler);                                         \
    } while (0)
    ANSWERS(kpep_db_create, no_db, KPLIVE_SYSTEM, 0);
    ANSWERS(kpep_db_create, failed_db, KPLIVE_SYSTEM, 7);
    ANSWERS(kpep_db_event, no_event, KPLIVE_EVENT, 11);
    ANSWERS(kpep_config_create, no_config, KPLIVE_SYSTEM, 2);
    ANSWERS(kpep_config_create, failed_config, KPLIVE_SYSTEM, 7);
    ANSWERS(kpep_config_kpc_count, no_words, KPLIVE_SYSTEM, 4);
    ANSWERS(kpep_config_kpc_count, too_many_words, KPLIVE_SYSTEM, 4);
    ANSWERS(kpep_config_kpc_map, no_slot, KPLIVE_SYSTEM, 4);
#undef ANSWERS
}

/* ---- compare: as many findings as changes ---------------------------------------------------- */

struct findings {
    unsigned count;
    char text[2048];
};

static void add_finding(void *user, const struct kplive_drift *drift)
{
    struct findings *findings = user;
    size_t length = strlen(findings->text);

    findings->count++;
    snprintf(findings->text + length, sizeof findings->text - length, "%s%s %s %s %s",
             length == 0 ? "" : "; ", drift->event == NULL ? "-" : drift->event, drift->field,
             drift->table, drift->live);
}

static struct kplive_check compare(struct kplive *sampler, struct findings *findings)
{
    struct kplive_check check = {0};
    struct kplive_error error = {0};

    *findings = (struct findings){0};
    if (!CHECK_INT(kplive_compare(sampler, 1000, 20260101, add_finding, findings, &check, &error),
                   KPLIVE_OK))
        fprintf(stderr, "  %s %s\n", error.call, error.hint);
    CHECK_INT(check.drifts, findings->count);
    return check;
}

static const struct {
    unsigned machine;
    const char *knobs, *findings;
    unsigned encodings;
} drifts[] = {
    {M1, "", "", 1000},
    {M4, "", "", 1000},
    {HASWELL, "", "", 1000},
    {M1, "drift=mask:INST_BRANCH:0xc0", "INST_BRANCH counters_mask 224 192", 1000},
    {M1, "drift=mask:L1D_CACHE_MISS_LD:4", "L1D_CACHE_MISS_LD counters_mask 1020 4", 1000},
    {M1, "drift=mask:L1D_CACHE_MISS_LD:0", "L1D_CACHE_MISS_LD counters_mask 1020 0", 1000},
    {M1, "drift=number:INST_BRANCH:142", "INST_BRANCH number 141 142", 1000},
    {M1, "drift=missing:INST_BARRIER", "INST_BARRIER removed present absent", 1000},
    {M1, "drift=added:N1:77,drift=added:N2:78,drift=added:N3:79:0xe0",
     "N1 added absent present; N2 added absent present; N3 added absent present", 1000},
    {M1, "drift=alias:Cycles:INST_ALL", "Cycles alias FIXED_CYCLES INST_ALL", 1000},
    {M1, "drift=alias:Branches:INST_BRANCH", "Branches alias absent INST_BRANCH", 1000},
    {M1, "drift=power_counters:0", "- power_counters 3 0", 1000},
    {M1, "drift=config_counters:0x1fc", "- config_counters 8 7", 0},
    {M1, "drift=fixed_counters:7", "- fixed_counters 2 3", 0},
    {M1, "lie=user_bits:0x30000", "- user_bits 0x20000 0x30000", 1000},
    {M1, "lie=words:0x400000", "- word_bits 0x0 0x400000", 1000},
    {M1, "lie=words:0x400000,lie=user_bits:0x30000",
     "- word_bits 0x0 0x400000; - user_bits 0x20000 0x430000", 1000},
    {M1, "drift=apart:INST_BRANCH:INST_BARRIER", "INST_BRANCH INST_BARRIER code 0 12", 1000},
    {M1,
     "drift=number:INST_ALL:9,drift=mask:INST_BRANCH:0xc0,drift=missing:INST_BARRIER,"
     "lie=user_bits:0x30000,drift=apart:L1D_TLB_MISS:L1D_TLB_ACCESS",
     "- user_bits 0x20000 0x30000; INST_ALL number 140 9; INST_BARRIER removed present absent; "
     "INST_BRANCH counters_mask 224 192; L1D_TLB_MISS L1D_TLB_ACCESS code 0 12",
     1000},
    {HASWELL, "lie=words:0x400000", "- word_bits 0x430000 0x30000", 1000},
    {HASWELL, "lie=user_bits:0x20000", "- user_bits 0x410000 0x420000", 1000},
    {HASWELL, "drift=umask:BR_INST_RETIRED.ALL_BRANCHES:4",
     "BR_INST_RETIRED.ALL_BRANCHES umask 0 4", 1000},
    {HASWELL, "drift=number:INST_RETIRED.ANY_P:193", "INST_RETIRED.ANY_P number 192 193", 1000},
    {HASWELL, "drift=missing:INST_RETIRED.ANY_P", "INST_RETIRED.ANY_P removed present absent",
     1000},
    {HASWELL, "drift=fallback:INST_RETIRED.ANY:CPU_CLK_UNHALTED.THREAD_P",
     "INST_RETIRED.ANY fallback INST_RETIRED.ANY_P another", 1000},
};

static void test_drifts(void)
{
    for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
        struct kplive *sampler = open_on(drifts[i].machine, KPLIVE_STATIC, drifts[i].knobs, 0);
        struct findings findings;
        struct kplive_check check = compare(sampler, &findings);

        if (!CHECK_STR(findings.text, drifts[i].findings))
            fprintf(stderr, "  %s\n", drifts[i].knobs);
        CHECK_INT(check.encodings, drifts[i].encodings);
        kplive_close(sampler);
    }
}

/* Two events on one counter are not programmed, whatever kperfdata says. */
static void test_one_counter(void)
{
    static const struct kpdb_request events[] = {{"FIXED_CYCLES", 12, false},
                                                 {"INST_BRANCH", 11, false}};
    struct kplive *sampler = open_on(M1, KPLIVE_KPERFDATA, "lie=map:4", 0);
    struct kplive_error error = {0};

    CHECK_INT(kplive_program(sampler, events, 2, &error), KPLIVE_SYSTEM);
    CHECK_STR(error.call, "kpep_config_kpc_map");
    CHECK_INT(kplive_program(sampler, events, 1, &error), KPLIVE_OK);
    kplive_close(sampler);
}

/* A framework that finds another event for every name: sets end before they say it of all. */
static void test_hopeless(void)
{
    struct kplive *sampler = open_on(M1, KPLIVE_STATIC, "lie=event:other", 0);
    struct findings findings;
    struct kplive_check check = compare(sampler, &findings);

    CHECK_INT(findings.count, 2 + 8); /* the aliases, and sets of one event */
    CHECK(check.encodings < 50);
    kplive_close(sampler);
}

/* Only what is one array has a size to tell. */
static void test_event_size(void)
{
    static const struct {
        unsigned machine;
        const char *knobs;
        unsigned size;
    } cases[] = {{M1, "", 56},
                 {HASWELL, "", 48},
                 {M1, "lie=layout:apart", 0},
                 {HASWELL, "lie=layout:apart", 0},
                 {M1, "lie=events:same", 0},
                 {M1, "lie=events_count:2,lie=events:changing", 0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kplive *sampler = open_on(cases[i].machine, KPLIVE_STATIC, cases[i].knobs, 0);
        struct findings findings;

        CHECK_INT(compare(sampler, &findings).event_size, cases[i].size);
        kplive_close(sampler);
    }
}

/* ---- a CPU that the tables do not know ------------------------------------------------------- */

enum { STRANGER = 0x12345678 };

/* Its database, as kperfdata looks for it; removed by remove_stranger(). */
static bool make_stranger(const char *directory, const char *id, const char *database)
{
    char from[4096], to[4096];

    snprintf(from, sizeof from, "%s/%s", db_path, database);
    snprintf(to, sizeof to, "%s/%s.plist", directory, id);
    return symlink(from, to) == 0;
}

static void remove_stranger(const char *directory, const char *id)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s.plist", directory, id);
    CHECK(unlink(path) == 0);
}

/* Cycles, instructions, branches and branch misses of one piece of work. */
static void count_stranger(unsigned machine, const uint32_t *branches)
{
    struct kplive *sampler = open_on(machine, KPLIVE_KPERFDATA, "", STRANGER);
    struct kpdb_request events[] = {request("cycles", false), request("instructions", false),
                                    request("branches", false), request("branch-misses", false)};
    struct kpdb_request unknown[] = {request("cache-misses", false)};
    enum sim_chip chip = machines[machine].chip;
    struct sim_work work = {1000, 50};
    struct sim_totals from, to;
    struct sim_state state;
    struct kplive_error error = {0};
    uint64_t a[4], b[4];

    CHECK_INT(kplive_cpu(sampler), KPLIVE_NO_CPU);
    CHECK_INT(kplive_program(sampler, unknown, 1, &error), KPLIVE_EVENT);
    CHECK_STR(error.event, "cache-misses");
    if (!CHECK_INT(kplive_program(sampler, events, 4, &error), KPLIVE_OK) ||
        !CHECK_INT(kplive_start(sampler, &error), KPLIVE_OK)) {
        fprintf(stderr, "  %s %s %s\n", error.event, error.call, error.hint);
        kplive_close(sampler);
        return;
    }
    CHECK_INT(kplive_read(sampler, a), 0);
    CHECK(sim_totals_at_read(&from));
    sim_run(&work);
    CHECK_INT(kplive_read(sampler, b), 0);
    CHECK(sim_totals_at_read(&to));
    sim_get_state(&state);
    for (unsigned i = 0; i < 4; i++) {
        const struct kpdb_encoding *encoding = kplive_encoding(sampler);
        bool with_fixed = (encoding->classes & KPDB_CLASS_FIXED) != 0;
        unsigned counter = encoding->events[i].slot + (with_fixed ? 0 : state.fixed);
        uint64_t word = counter < state.fixed ? 0 : state.words[counter - state.fixed];

        CHECK_INT(b[i] - a[i], sim_expect(chip, counter, word, &from, &to));
        CHECK(i < 2 || (word & 0xffff) == branches[i - 2]);
        CHECK_INT(encoding->events[i].counter, counter);
        CHECK_INT(encoding->order[i], i);
    }
    CHECK(b[1] - a[1] >= 1000 && b[0] - a[0] == 2 * (b[1] - a[1]));
    kplive_close(sampler);
}

static struct listing list_stranger(unsigned machine)
{
    struct kplive *sampler = open_on(machine, KPLIVE_KPERFDATA, "", STRANGER);
    struct listing listing = {.cpu = kpdb_cpu_find("a14", 3), .release = KPDB_ANY_RELEASE};
    struct kplive_error error = {0};
    struct kpdb_cpu cpu;

    if (machine == HASWELL)
        listing.cpu = kpdb_cpu_find("haswell", 7);
    CHECK_INT(kpdb_cpu((unsigned)listing.cpu, &cpu), KPDB_OK);
    listing.usable = cpu.config_counters;
    CHECK_INT(kplive_events(sampler, tell_event, &listing, &error), KPLIVE_OK);
    kplive_close(sampler);
    return listing;
}

static void test_stranger(void)
{
    static const char arm[] = "cpu_100000c_2_12345678", intel[] = "cpu_7_8_12345678";
    static const uint32_t arm_branches[] = {0x8d, 0xcb}, intel_branches[] = {0xc4, 0xc5};
    char directory[] = "/tmp/kplive_check_XXXXXX";

    if (!CHECK(mkdtemp(directory) != NULL &&
               make_stranger(directory, arm, "macos-26.4/a14.plist") &&
               make_stranger(directory, intel, "macos-15/haswell.plist")))
        return;
    setenv("KPEP_DB_PATH", directory, 1);
    count_stranger(M1, arm_branches);
    count_stranger(HASWELL, intel_branches);
    CHECK_INT(list_stranger(M1).wrong, 0);
    CHECK_INT(list_stranger(HASWELL).wrong, 0);
    remove_stranger(directory, arm);
    remove_stranger(directory, intel);
    CHECK(rmdir(directory) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: kplive_check_test KPERF KPERFDATA KPERFDATA_OLD DB_DIR\n");
        return 2;
    }
    kperf_path = argv[1];
    kperfdata_path = argv[2];
    kperfdata_old_path = argv[3];
    db_path = argv[4];
    sim_log_enable(false);
    test_one_counter();
    test_events();
    test_texts();
    test_missing();
    test_no_kperfdata();
    test_blame();
    test_failing_words();
    test_copies();
    test_names_out_of_bounds();
    test_answers();
    test_drifts();
    test_hopeless();
    test_event_size();
    test_stranger();
    return check_done();
}
