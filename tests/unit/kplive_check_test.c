/*
 * What libkplive makes of a kperfdata that drifted, lies or lacks functions:
 * kplive_check_test KPERF KPERFDATA KPERFDATA_OLD DB_DIR (libraries, and db/kpep).
 * The simulator of kperf is linked too, to be driven.
 */
#define _GNU_SOURCE
#include "sampler.h"

#include "check.h"
#include "sim.h"

#include <dlfcn.h>
#include <stdlib.h>

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
        snprintf(path, sizeof path, "%s/%s", db_path, m->old ? "macos-15" : "macos-26");
        setenv("KPEP_DB_PATH", path, 1);
    }
    options.words = words;
    sim_reset(&config);
    set_knobs(options.kperfdata, knobs);
    if (!CHECK_INT(kplive_open(&options, &sampler, &error), KPLIVE_OK))
        fprintf(stderr, "  %s %s\n", error.call, error.hint);
    return sampler;
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
    } want[] = {{60, 2, 2, 0}, {298, 7, 0, 1}, {60, 2, 2, 0}};
    struct kplive_error error = {0};

    for (unsigned machine = M1; machine <= HASWELL; machine++) {
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
    test_events();
    test_texts();
    return check_done();
}
