/*
 * usage: kperfdata_sim_test LIBKPERFDATA_SIM LIBKPERFDATA_SIM_OLD DB_KPEP
 *
 * The simulated kperfdata does what doc/kperfdata.md says, seen as a client sees it: symbols by
 * dlsym, objects by their offsets in memory. DB_KPEP holds macos-15 and macos-26. Linked with
 * ENABLE_EXPORTS, it is also the system that answers sysctlbyname().
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "../unit/check.h"

#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define M1      "cpu_100000c_2_1b588bb3"
#define HASWELL "cpu_7_8_10b282dc"
#define ICELAKE "cpu_7_8_38435547"

/* Apple's structures are opaque here, but for the offsets that test_layouts() reads. */
struct db;
struct event;
struct config;

/* The 23 of every framework, then those of newer ones. */
#define EVERY(X)                                                                            \
    X(int, kpep_db_create, (const char *, struct db **))                                    \
    X(void, kpep_db_free, (struct db *))                                                    \
    X(int, kpep_db_name, (struct db *, const char **))                                      \
    X(int, kpep_db_aliases_count, (struct db *, size_t *))                                  \
    X(int, kpep_db_aliases, (struct db *, const char **, size_t))                           \
    X(int, kpep_db_counters_count, (struct db *, uint8_t, size_t *))                        \
    X(int, kpep_db_events_count, (struct db *, size_t *))                                   \
    X(int, kpep_db_events, (struct db *, struct event **, size_t))                          \
    X(int, kpep_db_event, (struct db *, const char *, struct event **))                     \
    X(int, kpep_event_name, (struct event *, const char **))                                \
    X(int, kpep_event_alias, (struct event *, const char **))                               \
    X(int, kpep_event_description, (struct event *, const char **))                         \
    X(int, kpep_config_create, (struct db *, struct config **))                             \
    X(void, kpep_config_free, (struct config *))                                            \
    X(int, kpep_config_add_event, (struct config *, struct event **, uint32_t, uint32_t *)) \
    X(int, kpep_config_remove_event, (struct config *, size_t))                             \
    X(int, kpep_config_force_counters, (struct config *))                                   \
    X(int, kpep_config_events_count, (struct config *, size_t *))                           \
    X(int, kpep_config_events, (struct config *, struct event **, size_t))                  \
    X(int, kpep_config_kpc, (struct config *, uint64_t *, size_t))                          \
    X(int, kpep_config_kpc_count, (struct config *, size_t *))                              \
    X(int, kpep_config_kpc_classes, (struct config *, uint32_t *))                          \
    X(int, kpep_config_kpc_map, (struct config *, size_t *, size_t))
#define NEWER(X)                                                           \
    X(int, kpep_db_createx, (const char *, uint32_t, struct db **))        \
    X(int, kpep_db_is_internal, (struct db *, uint8_t *))                  \
    X(int, kpep_db_architecture, (struct db *, uint32_t *))                \
    X(int, kpep_event_errata, (struct event *, const char **))             \
    X(const char *, kpep_strerror, (int))                                  \
    X(int, kpep_config_apply, (struct config *))                           \
    X(int, kpep_config_kpc_periods, (struct config *, uint64_t *, size_t)) \
    X(int, kpep_config_add_event_trigger,                                  \
      (struct config *, struct event **, uint32_t, uint64_t, uint32_t *))
#define CONTROL(X)                             \
    X(void, kperfdata_sim_set, (const char *)) \
    X(size_t, kperfdata_sim_calls, (void))     \
    X(size_t, kperfdata_sim_live, (void))

#define FIELD(result, name, parameters) result(*name) parameters;
static struct {
    void *handle;
    bool old;
    EVERY(FIELD)
    NEWER(FIELD)
    CONTROL(FIELD)
} lib;

static const char *kpep_directory;

/* ---- the client ------------------------------------------------------------------------------ */

#define LOAD(result, name, parameters)         \
    symbol = dlsym(lib.handle, #name);         \
    memcpy(&lib.name, &symbol, sizeof symbol); \
    missing += symbol == NULL;

static bool load(const char *path, bool old)
{
    void *symbol;
    int missing = 0;
    lib.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    lib.old = old;
    if (!CHECK(lib.handle != NULL))
        return false;
    EVERY(LOAD)
    CONTROL(LOAD)
    CHECK_INT(missing, 0);
    NEWER(LOAD)
    CHECK_INT(missing, old ? 8 : 0);
    return true;
}

static void use_release(const char *release)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", kpep_directory, release);
    setenv("KPEP_DB_PATH", path, 1);
}

static struct db *open_db(const char *release, const char *name)
{
    struct db *db = NULL;
    use_release(release);
    CHECK_INT(lib.kpep_db_create(name, &db), 0);
    return db;
}

static struct config *new_config(struct db *db, bool forced)
{
    struct config *config = NULL;
    CHECK_INT(lib.kpep_config_create(db, &config), 0);
    if (forced)
        CHECK_INT(lib.kpep_config_force_counters(config), 0);
    return config;
}

static struct event *event_of(struct db *db, const char *name)
{
    struct event *event = NULL;
    CHECK_INT(lib.kpep_db_event(db, name, &event), 0);
    return event;
}

/* Adds and returns the code; *conflicts is the bitmap, 0xabcd if it was left alone. */
static int add_flagged(struct db *db, struct config *config, const char *name, uint32_t flag,
                       uint32_t *conflicts)
{
    struct event *event = event_of(db, name);
    *conflicts = 0xabcd;
    return lib.kpep_config_add_event(config, &event, flag, conflicts);
}

static int add(struct db *db, struct config *config, const char *name)
{
    uint32_t conflicts;
    return add_flagged(db, config, name, 0, &conflicts);
}

static uint32_t classes_of(struct config *config)
{
    uint32_t classes = 0xff;
    CHECK_INT(lib.kpep_config_kpc_classes(config, &classes), 0);
    return classes;
}

static size_t words_of(struct config *config)
{
    size_t count = 99;
    CHECK_INT(lib.kpep_config_kpc_count(config, &count), 0);
    return count;
}

static uint64_t word(struct config *config, size_t index)
{
    uint64_t words[32] = {0};
    CHECK_INT(lib.kpep_config_kpc(config, words, sizeof words), 0);
    return words[index];
}

static size_t slot(struct config *config, size_t index)
{
    size_t map[32] = {0};
    CHECK_INT(lib.kpep_config_kpc_map(config, map, sizeof map), 0);
    return map[index];
}

static const char *name_of(struct event *event)
{
    const char *name = NULL;
    CHECK_INT(lib.kpep_event_name(event, &name), 0);
    return name;
}

/* What lies at an offset of an object. */
static uint64_t at(const void *object, size_t offset, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, (const char *)object + offset, size);
    return value;
}

static const void *pointer_at(const void *object, size_t offset)
{
    const void *pointer;
    memcpy(&pointer, (const char *)object + offset, sizeof pointer);
    return pointer;
}

static unsigned number_at(const struct event *event)
{
    return (unsigned)at(event, 0x2c, lib.old ? 1 : 2);
}

static unsigned umask_at(const struct event *event)
{
    return (unsigned)at(event, lib.old ? 0x2d : 0x2e, 1);
}

/* What events are sorted by. */
static unsigned rank_at(const struct event *event)
{
    return number_at(event) << 8 | umask_at(event);
}

static bool fixed_at(const struct event *event)
{
    return at(event, lib.old ? 0x2f : 0x30, 1) & 1;
}

static uint32_t mask_at(const struct event *event)
{
    return (uint32_t)at(event, 0x28, 4);
}

/* ---- databases ------------------------------------------------------------------------------- */

static void test_counters(struct db *db, const size_t want[8])
{
    for (uint8_t classes = 0; classes < 8; classes++) {
        size_t count = 99;
        CHECK_INT(lib.kpep_db_counters_count(db, classes, &count), 0);
        CHECK_INT(count, want[classes]);
    }
}

static void test_database(void)
{
    struct db *db = open_db("macos-15", M1);
    const char *name = NULL, *aliases[2];
    size_t count = 0;
    CHECK_INT(lib.kpep_db_name(db, &name), 0);
    CHECK_STR(name, "Apple A14/M1");
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    CHECK_INT(count, 61);
    CHECK_INT(lib.kpep_db_aliases_count(db, &count), 0);
    CHECK_INT(count, 2);
    CHECK_INT(lib.kpep_db_aliases(db, aliases, 2 * sizeof *aliases - 1), 4);
    CHECK_INT(lib.kpep_db_aliases(db, aliases, sizeof aliases), 0);
    CHECK_STR(aliases[0], "Cycles");
    CHECK_STR(aliases[1], "Instructions");
    test_counters(db, (const size_t[8]){0, 2, 8, 10, 3, 5, 5, 7});

    CHECK(event_of(db, "Cycles") == event_of(db, "FIXED_CYCLES"));
    struct event *event = event_of(db, "Instructions");
    CHECK_STR(name_of(event), "FIXED_INSTRUCTIONS");
    CHECK_INT(lib.kpep_event_alias(event, &name), 0);
    CHECK_STR(name, "Instructions");
    CHECK_INT(lib.kpep_event_alias(event_of(db, "INST_ALL"), &name), 0);
    CHECK(name == NULL);
    CHECK_INT(lib.kpep_event_description(event, &name), 0);
    CHECK(name == NULL); /* a snapshot holds none of Apple's text */
    CHECK_INT(lib.kpep_db_event(db, "inst_all", &event), 11);
    CHECK_INT(lib.kpep_db_event(db, "", &event), 11);
    lib.kpep_db_free(db);

    db = open_db("macos-15", HASWELL);
    test_counters(db, (const size_t[8]){0, 3, 4, 7, 0, 3, 4, 7});
    lib.kpep_db_free(db);
    lib.kpep_db_free(NULL);
}

static void test_event_order(const char *release, const char *name)
{
    struct db *db = open_db(release, name);
    size_t count = 0;
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    struct event **events = calloc(count, sizeof(struct event *));
    CHECK_INT(lib.kpep_db_events(db, events, count * sizeof(struct event *) - 1), 4);
    CHECK_INT(lib.kpep_db_events(db, events, count * sizeof(struct event *)), 0);
    if (!lib.old || at(db, 0x80, 4) == 1) /* 48 bytes hold no whole number of newer Apple chips */
        for (size_t i = 1; i < count; i++)
            CHECK(rank_at(events[i - 1]) <= rank_at(events[i]));
    free(events);
    lib.kpep_db_free(db);
}

static void test_null_arguments(void)
{
    struct db *db = open_db("macos-15", M1);
    struct config *config = new_config(db, true);
    struct event *event = NULL, *events[64];
    const char *text, *texts[2];
    uint64_t words[32];
    size_t count, map[32];
    uint32_t classes;
    CHECK_INT(lib.kpep_db_create("a14", NULL), 1);
    CHECK_INT(lib.kpep_db_name(NULL, &text), 1);
    CHECK_INT(lib.kpep_db_name(db, NULL), 1);
    CHECK_INT(lib.kpep_db_aliases_count(NULL, &count), 1);
    CHECK_INT(lib.kpep_db_aliases_count(db, NULL), 1);
    CHECK_INT(lib.kpep_db_aliases(NULL, texts, sizeof texts), 1);
    CHECK_INT(lib.kpep_db_aliases(db, NULL, 64), 1);
    CHECK_INT(lib.kpep_db_counters_count(NULL, 1, &count), 1);
    CHECK_INT(lib.kpep_db_counters_count(db, 1, NULL), 1);
    CHECK_INT(lib.kpep_db_events_count(NULL, &count), 1);
    CHECK_INT(lib.kpep_db_events_count(db, NULL), 1);
    CHECK_INT(lib.kpep_db_events(NULL, events, sizeof events), 1);
    CHECK_INT(lib.kpep_db_events(db, NULL, 512), 1);
    CHECK_INT(lib.kpep_db_event(NULL, "INST_ALL", &event), 1);
    CHECK_INT(lib.kpep_db_event(db, NULL, &event), 1);
    CHECK_INT(lib.kpep_db_event(db, "INST_ALL", NULL), 1);
    CHECK_INT(lib.kpep_event_name(NULL, &text), 1);
    CHECK_INT(lib.kpep_event_alias(NULL, &text), 1);
    CHECK_INT(lib.kpep_event_description(NULL, &text), 1);
    CHECK_INT(lib.kpep_event_name(event_of(db, "INST_ALL"), NULL), 1);
    CHECK_INT(lib.kpep_config_create(NULL, &config), 1);
    CHECK_INT(lib.kpep_config_create(db, NULL), 1);
    CHECK_INT(lib.kpep_config_force_counters(NULL), 1);
    CHECK_INT(lib.kpep_config_add_event(NULL, &event, 0, NULL), 1);
    CHECK_INT(lib.kpep_config_add_event(config, NULL, 0, NULL), 1);
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, NULL), 1); /* *event is NULL */
    CHECK_INT(lib.kpep_config_remove_event(NULL, 0), 1);
    CHECK_INT(lib.kpep_config_remove_event(config, 0), 1); /* there is none */
    CHECK_INT(lib.kpep_config_events_count(NULL, &count), 1);
    CHECK_INT(lib.kpep_config_events_count(config, NULL), 1);
    CHECK_INT(lib.kpep_config_events(NULL, events, sizeof events), 1);
    CHECK_INT(lib.kpep_config_events(config, NULL, 64), 1);
    CHECK_INT(lib.kpep_config_kpc(NULL, words, sizeof words), 1);
    CHECK_INT(lib.kpep_config_kpc(config, NULL, 256), 1);
    CHECK_INT(lib.kpep_config_kpc_count(NULL, &count), 1);
    CHECK_INT(lib.kpep_config_kpc_count(config, NULL), 1);
    CHECK_INT(lib.kpep_config_kpc_classes(NULL, &classes), 1);
    CHECK_INT(lib.kpep_config_kpc_classes(config, NULL), 1);
    CHECK_INT(lib.kpep_config_kpc_map(NULL, map, sizeof map), 1);
    CHECK_INT(lib.kpep_config_kpc_map(config, NULL, 256), 1);
    lib.kpep_config_free(config);
    lib.kpep_config_free(NULL);
    lib.kpep_db_free(db);
}

/* ---- finding the database -------------------------------------------------------------------- */

static struct {
    bool answers;
    uint32_t type, subtype, family;
} machine;

/* What dlsym(RTLD_DEFAULT) finds when this program exports it. */
#pragma GCC visibility push(default)
int sysctlbyname(const char *name, void *old, size_t *size, void *new, size_t new_size);
#pragma GCC visibility pop
int sysctlbyname(const char *name, void *old, size_t *size, void *new, size_t new_size)
{
    const uint32_t *value = strcmp(name, "hw.cputype") == 0      ? &machine.type
                            : strcmp(name, "hw.cpusubtype") == 0 ? &machine.subtype
                            : strcmp(name, "hw.cpufamily") == 0  ? &machine.family
                                                                 : NULL;
    if (!machine.answers || value == NULL || *size < sizeof *value || new != NULL || new_size != 0)
        return -1;
    memcpy(old, value, sizeof *value);
    *size = sizeof *value;
    return 0;
}

/* The CPU id the framework took itself to run on, "" if it did not know. */
static void check_this_cpu(const char *want)
{
    struct db *db = NULL;
    int code = lib.kpep_db_create(NULL, &db);
    CHECK_INT(code, *want == '\0' ? 5 : 0);
    if (db != NULL)
        CHECK_STR(pointer_at(db, 8), want);
    if (db != NULL)
        lib.kpep_db_free(db);
}

static void test_this_cpu(void)
{
    use_release("macos-15");
    unsetenv("KPEP_SIM_CPU");
    check_this_cpu("");
    setenv("KPEP_SIM_CPU", M1, 1);
    check_this_cpu(M1);
    if (dlsym(RTLD_DEFAULT, "sysctlbyname") == NULL) {
        printf("not tested: sysctlbyname, which needs a program linked with ENABLE_EXPORTS\n");
        return;
    }
    /* Leading zeros are dropped: the A12's family is 07d34b9f. */
    machine.answers = true;
    machine.type = 0x100000c;
    machine.subtype = 2;
    machine.family = 0x07d34b9f;
    check_this_cpu("cpu_100000c_2_7d34b9f");
    machine.answers = false;
    unsetenv("KPEP_SIM_CPU");
    check_this_cpu("");
}

static char directory[] = "/tmp/kperfdata_sim_test.XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(in_directory(name), "w");
    CHECK(file != NULL && fputs(text, file) >= 0);
    if (file != NULL)
        fclose(file);
}

static int code_of(const char *name)
{
    struct db *db = NULL;
    setenv("KPEP_DB_PATH", directory, 1);
    int code = lib.kpep_db_create(name, &db);
    CHECK((db != NULL) == (code == 0));
    if (db != NULL)
        lib.kpep_db_free(db);
    return code;
}

/* Directories as on a Mac, snapshots, and what cannot be opened. */
static void test_finding(void)
{
    char target[PATH_MAX], name[PATH_MAX + 1];
    struct db *db = NULL;
    snprintf(target, sizeof target, "%s/macos-15/haswell.plist", kpep_directory);
    CHECK(realpath(target, name) != NULL);
    CHECK_INT(symlink(name, in_directory("cpu_7_8_1.plist")), 0);
    CHECK_INT(code_of("cpu_7_8_1"), 0);
    CHECK_INT(code_of("haswell"), 7);
    CHECK_INT(code_of(HASWELL), 0); /* the same file, now as a snapshot that lists it */
    CHECK_INT(code_of("cpu_7_8_2"), 7);
    CHECK_INT(code_of(""), 7);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_INT(code_of(name), 6);
    unlink(in_directory("cpu_7_8_1.plist"));

    mkdir(in_directory("folder.plist"), 0777);
    CHECK_INT(code_of("folder"), 3);
    rmdir(in_directory("folder.plist"));
    setenv("KPEP_DB_PATH", "/nowhere", 1);
    CHECK_INT(lib.kpep_db_create("a14", &db), 7);
    unsetenv("KPEP_DB_PATH");
    CHECK_INT(lib.kpep_db_create("no_such_database", &db), 7);

    db = open_db("macos-15", "as3"); /* two CPUs, one database */
    CHECK_STR(pointer_at(db, 0), "as3");
    CHECK_STR(pointer_at(db, 8), "as3");
    lib.kpep_db_free(db);
    db = open_db("macos-15", "cpu_100000c_2_72015832");
    CHECK_STR(pointer_at(db, 0), "as3");
    lib.kpep_db_free(db);
}

/* ---- corrupt databases ----------------------------------------------------------------------- */

#define NUMBER(key, value) "<key>" key "</key><integer>" #value "</integer>"
#define STRING(key, value) "<key>" key "</key><string>" value "</string>"
#define DICT(key, value)   "<key>" key "</key><dict>" value "</dict>"
#define VERSION(a, b) \
    "<key>version</key><array><integer>" #a "</integer><integer>" #b "</integer></array>"

#define GOOD_EVENTS                                                      \
    DICT("FIXED", NUMBER("fixed_counter", 0) NUMBER("counters_mask", 1)) \
    DICT("A", NUMBER("number", 1)) DICT("B", NUMBER("number", 2))
#define ARM                         \
    STRING("architecture", "arm64") \
    STRING("marketing_name", "Test") NUMBER("fixed_counters", 3) NUMBER("config_counters", 60)
#define INTEL                        \
    STRING("architecture", "x86_64") \
    STRING("marketing_name", "Test") NUMBER("fixed_counters", 3) NUMBER("config_counters", 60)
#define BARE \
    STRING("architecture", "arm64") STRING("marketing_name", "Test") NUMBER("config_counters", 60)

static const struct {
    int line, code;
    const char *head, *cpu, *events, *aliases;
} databases[] = {
#define ROW(code, head, cpu, events, aliases) {__LINE__, code, head, cpu, events, aliases},
#define HEAD                                  STRING("name", "test") VERSION(1, 0)
    ROW(0, HEAD, ARM, GOOD_EVENTS, STRING("X", "A") STRING("Y", "B")) ROW(
        0, HEAD "<key>internal</key><true/>", ARM, "",
        "") ROW(0, STRING("name", "test") VERSION(1, 7), ARM, GOOD_EVENTS,
                "") ROW(10, STRING("name", "test") VERSION(2, 0), ARM, GOOD_EVENTS,
                        "") ROW(10, STRING("name", "test") VERSION(0, 1), ARM, GOOD_EVENTS,
                                "") ROW(10, STRING("name", "test"), ARM, GOOD_EVENTS, "")
        ROW(10, STRING("name", "test") "<key>version</key><integer>1</integer>", ARM, "",
            "") ROW(10, VERSION(1, 0), ARM, GOOD_EVENTS, "")
            ROW(10, HEAD NUMBER("internal", 1), ARM, GOOD_EVENTS, "") ROW(
                10, HEAD, ARM, GOOD_EVENTS,
                STRING("X", "C")) ROW(10, HEAD, ARM, GOOD_EVENTS, STRING("X", "A") STRING("Y", "A"))
                ROW(10, HEAD, ARM, GOOD_EVENTS, NUMBER("X", 1)) ROW(10, HEAD, BARE, GOOD_EVENTS, "")
                    ROW(0, HEAD, BARE, DICT("A", NUMBER("number", 1)), "") ROW(
                        8, HEAD, STRING("architecture", "ppc") STRING("marketing_name", "T"),
                        GOOD_EVENTS, "")
                        ROW(10, HEAD, NUMBER("architecture", 3) STRING("marketing_name", "T"),
                            GOOD_EVENTS,
                            "") ROW(10, HEAD, STRING("marketing_name", "T"), GOOD_EVENTS, "")
                            ROW(10, HEAD, STRING("architecture", "arm64"), "", "") ROW(
                                10, HEAD, ARM STRING("power_counters", "224"), "",
                                "") ROW(10, HEAD, ARM, DICT("A", ""), "")
                                ROW(10, HEAD, ARM, DICT("A", STRING("number", "1")), "") ROW(
                                    10, HEAD, ARM,
                                    DICT("A", NUMBER("number", 1) STRING("counters_mask", "4")), "")
                                    ROW(10, HEAD, ARM,
                                        DICT("A", NUMBER("number", 1) NUMBER("description", 1)),
                                        "") ROW(10, HEAD, ARM,
                                                DICT("A", STRING("fixed_counter", "0")),
                                                "") ROW(10, HEAD, ARM, NUMBER("A", 1), "")
                                        ROW(0, HEAD, ARM, DICT("A", NUMBER("fixed_counter", 9)), "")
                                            ROW(10, HEAD, INTEL, DICT("A", NUMBER("number", 1)), "")
                                                ROW(0, HEAD, INTEL,
                                                    DICT("A",
                                                         NUMBER("number", 1) NUMBER("umask", 2)),
                                                    "")};

static void write_database(const char *head, const char *cpu, const char *events,
                           const char *aliases)
{
    char text[4096];
    int length = snprintf(text, sizeof text,
                          "<?xml version=\"1.0\"?><plist version=\"1.0\"><dict>%s"
                          "<key>system</key><dict><key>cpu</key><dict>%s"
                          "<key>events</key><dict>%s</dict><key>aliases</key><dict>%s</dict>"
                          "</dict></dict></dict></plist>",
                          head, cpu, events, aliases);
    CHECK(length > 0 && (size_t)length < sizeof text);
    write_file("test.plist", text);
}

static void test_corrupt(void)
{
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        write_database(databases[i].head, databases[i].cpu, databases[i].events,
                       databases[i].aliases);
        if (!CHECK_INT(code_of("test"), databases[i].code))
            fprintf(stderr, "the database is that of line %d\n", databases[i].line);
    }
    write_file("test.plist", "no property list");
    CHECK_INT(code_of("test"), 10);
    write_file("test.plist", "");
    CHECK_INT(code_of("test"), 10);
    write_file("test.plist", "<plist version=\"1.0\"><array/></plist>");
    CHECK_INT(code_of("test"), 10);
    write_file("test.plist", "bplist00 and no more");
    CHECK_INT(code_of("test"), 10);
    unlink(in_directory("test.plist"));
}

/* ---- configurations -------------------------------------------------------------------------- */

/* Six events that any counter takes: PMC2 to PMC7 when added first. */
static const char *const anywhere[] = {"CORE_ACTIVE_CYCLE", "L1D_TLB_MISS",       "L1D_TLB_ACCESS",
                                       "FETCH_RESTART",     "MAP_STALL_DISPATCH", "L1D_TLB_FILL"};

static void test_unforced(void)
{
    struct db *db = open_db("macos-15", M1);
    struct config *config = new_config(db, false);
    uint32_t conflicts;
    CHECK_INT(classes_of(config), 0);
    CHECK_INT(words_of(config), 0);
    CHECK_INT(add(db, config, "FIXED_CYCLES"), 13);
    CHECK_INT(add(db, config, "INST_BRANCH"), 13); /* all of its mask is the power manager's */
    CHECK_INT(add(db, config, "INST_ALL"), 13);
    CHECK_INT(classes_of(config), 0);
    for (size_t i = 0; i < 5; i++) /* 8 less the power count of 3, numbered from below */
        CHECK_INT(add(db, config, anywhere[i]), 0);
    CHECK_INT(add_flagged(db, config, anywhere[5], 0, &conflicts), 13);
    CHECK_INT(conflicts, 0xabcd);
    CHECK_INT(slot(config, 4), 4);
    CHECK_INT(classes_of(config), 2); /* POWER is not told */
    CHECK_INT(words_of(config), 5);

    /* Forced later: POWER goes, the other three counters are there. */
    CHECK_INT(lib.kpep_config_force_counters(config), 0);
    CHECK_INT(lib.kpep_config_force_counters(config), 1);
    CHECK_INT(words_of(config), 8);
    CHECK_INT(add(db, config, anywhere[5]), 0);
    CHECK_INT(slot(config, 5), 5);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);

    db = open_db("macos-15", HASWELL); /* no power counters: unforced is no less */
    config = new_config(db, false);
    CHECK_INT(add(db, config, "INST_RETIRED.ANY_P"), 0);
    CHECK_INT(classes_of(config), 2);
    CHECK_INT(words_of(config), 4);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

static void test_fixed_arm(void)
{
    struct db *db = open_db("macos-15", M1);
    struct config *config = new_config(db, true);
    uint32_t conflicts;
    CHECK_INT(add(db, config, "Instructions"), 0);
    CHECK_INT(classes_of(config), 1);
    CHECK_INT(words_of(config), 0);
    CHECK_INT(lib.kpep_config_kpc(config, (uint64_t[1]){0}, 0), 0);
    CHECK_INT(slot(config, 0), 1);
    CHECK_INT(add_flagged(db, config, "FIXED_INSTRUCTIONS", 0, &conflicts), 12);
    CHECK_INT(conflicts, 1);
    CHECK_INT(add(db, config, "INST_ALL"), 0);
    CHECK_INT(add(db, config, "FIXED_CYCLES"), 0);
    CHECK_INT(add_flagged(db, config, "Cycles", 0, &conflicts), 12);
    CHECK_INT(conflicts, 4);
    CHECK_INT(classes_of(config), 3);
    CHECK_INT(words_of(config), 8);
    CHECK_INT(slot(config, 0), 1);
    CHECK_INT(slot(config, 1), 7);
    CHECK_INT(slot(config, 2), 0);
    CHECK_INT(word(config, 5), 0x8c); /* PMC7 is the sixth configurable */
    for (size_t i = 0; i < 8; i++)
        CHECK(i == 5 || word(config, i) == 0);

    /* Without its fixed events it has no FIXED, and the map begins at PMC2. */
    CHECK_INT(lib.kpep_config_remove_event(config, 3), 1);
    CHECK_INT(lib.kpep_config_remove_event(config, 0), 0);
    CHECK_INT(classes_of(config), 3);
    CHECK_INT(slot(config, 0), 7);
    CHECK_INT(slot(config, 1), 0);
    CHECK_INT(lib.kpep_config_remove_event(config, 1), 0);
    CHECK_INT(classes_of(config), 2);
    CHECK_INT(slot(config, 0), 5);
    CHECK_INT(lib.kpep_config_remove_event(config, 0), 0);
    CHECK_INT(classes_of(config), 0);
    CHECK_INT(words_of(config), 0);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

/* Adds names[0] to names[count - 2] and says what becomes of the last. */
static int add_all(struct db *db, const char *const *names, size_t count, uint32_t *conflicts)
{
    struct config *config = new_config(db, true);
    for (size_t i = 0; i + 1 < count; i++)
        CHECK_INT(add(db, config, names[i]), 0);
    int code = add_flagged(db, config, names[count - 1], 0, conflicts);
    lib.kpep_config_free(config);
    return code;
}

/* Nothing moves, so order decides (kperfdata.md 2.7). */
static void test_greedy(void)
{
    static const struct {
        int code;
        uint32_t conflicts;
        size_t count;
        const char *names[8];
    } rows[] = {
        {12,
         0x38,
         7,
         {"CORE_ACTIVE_CYCLE", "L1D_TLB_MISS", "L1D_TLB_ACCESS", "FETCH_RESTART",
          "MAP_STALL_DISPATCH", "L1D_TLB_FILL", "INST_BRANCH"}},
        {0,
         0xabcd,
         6,
         {"CORE_ACTIVE_CYCLE", "L1D_TLB_MISS", "L1D_TLB_ACCESS", "FETCH_RESTART",
          "MAP_STALL_DISPATCH", "INST_BRANCH"}},
        {12, 4, 4, {"INST_BRANCH", "INST_BARRIER", "INST_INT_LD", "INST_INT_ALU"}},
        {12, 7, 4, {"INST_BRANCH", "INST_BARRIER", "INST_INT_LD", "INST_SIMD_LD"}},
        {0, 0xabcd, 3, {"INST_BRANCH", "INST_BARRIER", "INST_ALL"}},
        {0, 0xabcd, 3, {"INST_ALL", "INST_BRANCH", "INST_BARRIER"}},
        {12, 7, 4, {"INST_ALL", "INST_BRANCH", "INST_BARRIER", "INST_INT_LD"}},
        {12, 2, 3, {"Cycles", "INST_ALL", "INST_ALL"}},
        {0, 0xabcd, 2, {"CORE_ACTIVE_CYCLE", "CORE_ACTIVE_CYCLE"}},
    };
    struct db *db = open_db("macos-15", M1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t conflicts;
        CHECK_INT(add_all(db, rows[i].names, rows[i].count, &conflicts), rows[i].code);
        CHECK_INT(conflicts, rows[i].conflicts);
    }
    lib.kpep_db_free(db);
}

static void test_words_arm(void)
{
    struct db *db = open_db("macos-15", M1);
    struct config *config = new_config(db, true);
    uint32_t unused;
    CHECK_INT(add_flagged(db, config, "CORE_ACTIVE_CYCLE", 1, &unused), 0);
    CHECK_INT(add_flagged(db, config, "L1D_TLB_MISS", 0, &unused), 0);
    CHECK_INT(add_flagged(db, config, "FIXED_CYCLES", 1, &unused), 0);
    CHECK_INT(add_flagged(db, config, "INST_ALL", 0x80000000, &unused), 0);
    CHECK_INT(word(config, 0), lib.old ? 0x30002 : 0x20002);
    CHECK_INT(word(config, 1), 0xa1);
    CHECK_INT(word(config, 5), lib.old ? 0x3008c : 0x2008c);
    uint64_t words[10];
    CHECK_INT(lib.kpep_config_kpc(config, words, 8 * sizeof *words - 1), 4);
    CHECK_INT(lib.kpep_config_kpc(config, words, 8 * sizeof *words), 0);
    size_t map[4];
    CHECK_INT(lib.kpep_config_kpc_map(config, map, sizeof map - 1), 4);
    CHECK_INT(lib.kpep_config_kpc_map(config, map, sizeof map), 0);
    struct event *events[4];
    size_t count = 0;
    CHECK_INT(lib.kpep_config_events_count(config, &count), 0);
    CHECK_INT(count, 4);
    CHECK_INT(lib.kpep_config_events(config, events, sizeof events - 1), 4);
    CHECK_INT(lib.kpep_config_events(config, events, sizeof events), 0);
    CHECK_STR(name_of(events[3]), "INST_ALL");
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);

    /* Numbers above 8 bits, whatever the size of the structure's field. */
    db = open_db("macos-15", "as4");
    config = new_config(db, true);
    CHECK_INT(add(db, config, "L1I_CACHE_MISS_DEMAND"), 0);
    CHECK_INT(word(config, 0), 0x4006);
    CHECK_INT(number_at(event_of(db, "L1I_CACHE_MISS_DEMAND")), lib.old ? 0x06 : 0x4006);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

static void test_intel(void)
{
    struct db *db = open_db("macos-15", HASWELL);
    struct config *config = new_config(db, true);
    struct event *event = event_of(db, "INST_RETIRED.ANY");
    uint32_t conflicts = 0xabcd;
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, &conflicts), 0);
    CHECK_STR(name_of(event), "INST_RETIRED.ANY_P");
    CHECK_INT(classes_of(config), 2);
    CHECK_INT(slot(config, 0), 0);
    CHECK_INT(word(config, 0), 0x4300c0);
    CHECK_INT(add(db, config, "CPU_CLK_UNHALTED.REF_TSC"), 14);
    CHECK_INT(add(db, config, "ReferenceCycles"), 14);
    CHECK_INT(add_flagged(db, config, "INST_RETIRED.PREC_DIST", 1, &conflicts), 0);
    CHECK_INT(word(config, 1), 0x4101c0); /* mask 16: the second of 3 to 6 */
    CHECK_INT(add(db, config, "CORE_ACTIVE_CYCLE"), 0);
    CHECK_INT(word(config, 2), 0x43003c);
    CHECK_INT(add(db, config, "INST_BRANCH"), 0);
    CHECK_INT(words_of(config), 4);
    /* Full. The pointer has the fallback, though it found no place. */
    event = event_of(db, "INST_ALL");
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, &conflicts), 12);
    CHECK_INT(conflicts, 0xf);
    CHECK_STR(name_of(event), "INST_RETIRED.ANY_P");
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, NULL), 12);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);

    db = open_db("macos-15", ICELAKE);
    config = new_config(db, true);
    CHECK_INT(add(db, config, "INST_RETIRED.PREC_DIST"), 14);
    CHECK_INT(add(db, config, "TOPDOWN.SLOTS"), 14);
    CHECK_INT(add(db, config, "CORE_ACTIVE_CYCLE"), 0);
    CHECK_INT(words_of(config), 8);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

/* Masks that no shipped file has: of nothing, of fixed counters, of counters out of reach. */
static void test_odd_masks(void)
{
#define EVENT(name, mask) DICT(name, NUMBER("number", 7) NUMBER("counters_mask", mask))
    write_database(HEAD, ARM NUMBER("power_counters", 48),
                   GOOD_EVENTS EVENT("NONE", 0) EVENT("ON_FIXED", 3) EVENT("TOO_HIGH", 64)
                       EVENT("LOW", 4) EVENT("LOW_AND_POWER", 20),
                   "");
    setenv("KPEP_DB_PATH", directory, 1);
    struct db *db = NULL;
    CHECK_INT(lib.kpep_db_create("test", &db), 0);
    struct config *config = new_config(db, false);
    uint32_t conflicts;
    CHECK_INT(add(db, config, "NONE"), 13); /* nothing outside the power mask */
    CHECK_INT(add(db, config, "ON_FIXED"), 16);
    CHECK_INT(add(db, config, "LOW"), 0);
    CHECK_INT(add_flagged(db, config, "LOW", 0, &conflicts), 12); /* power is not concerned */
    CHECK_INT(conflicts, 1);
    CHECK_INT(add(db, config, "LOW_AND_POWER"), 13);
    CHECK_INT(lib.kpep_config_force_counters(config), 0);
    CHECK_INT(add(db, config, "NONE"), 16);
    CHECK_INT(add_flagged(db, config, "TOO_HIGH", 0, &conflicts), 12); /* nothing is in the way */
    CHECK_INT(conflicts, 0);
    CHECK_INT(add(db, config, "ON_FIXED"), 16);
    CHECK_INT(add(db, config, "FIXED"), 0);
    CHECK_INT(add(db, config, "ON_FIXED"), 0); /* with FIXED a fixed counter is one of them */
    CHECK_INT(slot(config, 2), 1);
    CHECK_INT(words_of(config), 4);
    CHECK_INT(word(config, 0), 7);
    CHECK_INT(word(config, 1), 0);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
    unlink(in_directory("test.plist"));
}

/* Aliases are looked up before events; a fallback that is not there is none. */
static void test_odd_names(void)
{
    write_database(
        HEAD, INTEL,
        DICT("A", NUMBER("number", 1) NUMBER("umask", 0))
            DICT("B", NUMBER("number", 2) NUMBER("umask", 0))
                DICT("F", NUMBER("fixed_counter", 0) NUMBER("umask", 1) STRING("fallback", "GONE")),
        STRING("B", "A"));
    setenv("KPEP_DB_PATH", directory, 1);
    struct db *db = NULL;
    CHECK_INT(lib.kpep_db_create("test", &db), 0);
    struct config *config = new_config(db, true);
    CHECK_STR(name_of(event_of(db, "B")), "A");
    CHECK_INT(add(db, config, "F"), 14);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
    unlink(in_directory("test.plist"));
}

/* POWER comes with the first configurable event and goes with the last. */
static void test_remove_unforced(void)
{
    struct db *db = open_db("macos-15", M1);
    struct config *config = new_config(db, false);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(add(db, config, anywhere[i]), 0);
    CHECK_INT(lib.kpep_config_remove_event(config, 0), 0);
    CHECK_INT(words_of(config), 5);
    CHECK_INT(slot(config, 0), 1); /* the others stay where they are, one index lower */
    CHECK_INT(slot(config, 1), 2);
    CHECK_INT(add(db, config, anywhere[3]), 0);
    CHECK_INT(slot(config, 2), 0);
    for (size_t i = 0; i < 3; i++)
        CHECK_INT(lib.kpep_config_remove_event(config, 0), 0);
    CHECK_INT(words_of(config), 0);
    CHECK_INT(add(db, config, anywhere[0]), 0);
    CHECK_INT(words_of(config), 5);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

/* ---- the shares of kperfdata.md 2.7 ---------------------------------------------------------- */

static uint64_t random_state = 1;

static size_t random_below(size_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % limit;
}

/* Whether event i of masks can have a counter, moving others if need be; taken[c] is who has c. */
static bool find_room(const uint32_t *masks, size_t i, int taken[32], uint32_t *tried)
{
    for (unsigned c = 0; c < 32; c++) {
        if ((masks[i] >> c & 1) == 0 || (*tried >> c & 1) != 0)
            continue;
        *tried |= 1u << c;
        if (taken[c] < 0 || find_room(masks, (size_t)taken[c], taken, tried)) {
            taken[c] = (int)i;
            return true;
        }
    }
    return false;
}

static bool feasible(const uint32_t *masks, size_t count)
{
    int taken[32];
    for (unsigned c = 0; c < 32; c++)
        taken[c] = -1;
    for (size_t i = 0; i < count; i++) {
        uint32_t tried = 0;
        if (!find_room(masks, i, taken, &tried))
            return false;
    }
    return true;
}

/* 1: refused though feasible, 0: not refused, -1: not feasible. */
static int refusal(struct db *db, struct event **events, size_t all, size_t count)
{
    uint32_t masks[8];
    struct config *config = new_config(db, true);
    int code = 0;
    for (size_t i = 0; i < count; i++) { /* the first count of a shuffle */
        size_t j = i + random_below(all - i);
        struct event *event = events[j];
        events[j] = events[i];
        events[i] = event;
        masks[i] = mask_at(event);
        if (code == 0)
            code = lib.kpep_config_add_event(config, &event, 0, NULL);
    }
    lib.kpep_config_free(config);
    CHECK(code == 0 || code == 12);
    return !feasible(masks, count) ? -1 : code != 0;
}

static void check_share(struct db *db, size_t count, int want)
{
    struct event *events[512];
    size_t all = 0, configurable = 0;
    int refused = 0, sets = 0;
    CHECK_INT(lib.kpep_db_events_count(db, &all), 0);
    CHECK_INT(lib.kpep_db_events(db, events, sizeof events), 0);
    for (size_t i = 0; i < all; i++)
        if (!fixed_at(events[i]))
            events[configurable++] = events[i];
    while (sets < 3000) {
        int answer = refusal(db, events, configurable, count);
        sets += answer >= 0;
        refused += answer > 0;
    }
    int share = (refused * 200 + sets) / (2 * sets);
    CHECK(share >= want - 3 && share <= want + 3 && (want > 0 || refused == 0));
    if (getenv("VERBOSE") != NULL)
        printf("%zu events: %d %% refused, %d %% known\n", count, share, want);
}

static void test_shares(void)
{
    struct db *db = open_db("macos-15", M1);
    check_share(db, 5, 0);
    check_share(db, 6, 0);
    check_share(db, 7, 33);
    check_share(db, 8, 52);
    lib.kpep_db_free(db);
    db = open_db("macos-15", ICELAKE);
    check_share(db, 5, 56);
    check_share(db, 8, 94);
    lib.kpep_db_free(db);
}

/* ---- layouts: what published clients read (kperfdata.md 3.2) --------------------------------- */

static void check_event_layout(struct db *db, const struct event *event)
{
    const char *text = "";
    struct event *same = (struct event *)(uintptr_t)event;
    CHECK_STR(pointer_at(event, 0x00), name_of(same));
    CHECK(event_of(db, pointer_at(event, 0x00)) == event);
    CHECK_INT(lib.kpep_event_description(same, &text), 0);
    CHECK(pointer_at(event, 0x08) == text);
    CHECK(pointer_at(event, 0x10) == NULL);
    CHECK_INT(lib.kpep_event_alias(same, &text), 0);
    CHECK(pointer_at(event, 0x18) == text);
    CHECK(pointer_at(event, 0x20) == NULL || fixed_at(event));

    if (fixed_at(event))
        return;
    struct config *config = new_config(db, true);
    CHECK_INT(lib.kpep_config_add_event(config, &same, 0, NULL), 0);
    uint64_t got = word(config, slot(config, 0));
    bool intel = at(db, 0x80, 4) == 1;
    CHECK_INT(got & (lib.old || intel ? 0xff : 0xffff), number_at(event));
    CHECK(!intel || (got >> 8 & 0xff) == umask_at(event));
    CHECK(mask_at(event) >> (slot(config, 0) + at(db, 0x68, 8)) & 1);
    lib.kpep_config_free(config);
}

static void check_db_layout(struct db *db)
{
    size_t count = 0, stride = lib.old ? 48 : 56;
    const char *name = NULL;
    CHECK_INT(lib.kpep_db_name(db, &name), 0);
    CHECK(pointer_at(db, 0x10) == name);
    CHECK(pointer_at(db, 0x18) == NULL);
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    CHECK_INT(at(db, 0x58, 8), count);
    const char *events = pointer_at(db, 0x28);
    for (size_t i = 0; i < count; i++)
        check_event_layout(db, (const void *)(events + i * stride));
    CHECK_INT(lib.kpep_db_aliases_count(db, &count), 0);
    CHECK_INT(at(db, 0x60, 8), count);
    static const uint8_t classes[] = {1, 2, 4};
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(lib.kpep_db_counters_count(db, classes[i], &count), 0);
        CHECK_INT(at(db, 0x68 + 8 * i, 8), count);
        CHECK_INT((size_t)__builtin_popcount((unsigned)at(db, 0x84 + 4 * i, 4)), count);
    }
}

static void check_config_layout(struct db *db)
{
    struct config *config = new_config(db, true);
    CHECK_INT(add(db, config, "INST_ALL"), 0);
    CHECK_INT(add(db, config, "Cycles"), 0);
    CHECK(pointer_at(config, 0) == db);
    CHECK(pointer_at(pointer_at(config, 0x08), 8) == event_of(db, "Cycles"));
    CHECK_INT(at(pointer_at(config, 0x10), 0, 8), 7);
    CHECK_INT(at(pointer_at(config, 0x10), 8, 8), 0);
    CHECK_INT(at(pointer_at(config, 0x18), 0, 8), 1);
    CHECK(at(pointer_at(config, 0x18), 8, 8) == UINT64_MAX);
    CHECK_INT(at(pointer_at(config, 0x18), 56, 8), 0);
    CHECK_INT(at(pointer_at(config, 0x20), 28, 4), 0);
    CHECK_INT(at(pointer_at(config, 0x28), 56, 8), 0);
    CHECK_INT(at(config, 0x30, 8), 2);
    CHECK_INT(at(config, 0x38, 8), 10);
    CHECK_INT(at(config, 0x40, 4), 3);
    CHECK_INT(at(config, 0x44, 4), 0x81);
    CHECK_INT(at(config, 0x48, 1), 1);
    lib.kpep_config_free(config);
}

static void test_layouts(void)
{
    struct db *db = open_db("macos-15", M1);
    CHECK_STR(pointer_at(db, 0x00), "a14");
    CHECK_STR(pointer_at(db, 0x08), M1);
    CHECK_INT(at(db, 0x80, 4), 3);
    CHECK_INT(at(db, 0x84, 4), 3);
    CHECK_INT(at(db, 0x88, 4), 1020);
    CHECK_INT(at(db, 0x8c, 4), 224);
    const void *fixed = pointer_at(db, 0x30);
    CHECK(pointer_at(fixed, 0) == event_of(db, "FIXED_CYCLES"));
    CHECK(pointer_at(fixed, 8) == event_of(db, "FIXED_INSTRUCTIONS"));
    CHECK_STR(pointer_at(event_of(db, "Instructions"), 0x20), "INST_ALL");
    CHECK_INT(mask_at(event_of(db, "INST_BRANCH")), 0xe0);
    CHECK_INT(mask_at(event_of(db, "L1D_TLB_MISS")), 1020);
    check_config_layout(db);
    lib.kpep_db_free(db);
}

/* Every database of a release: order, layout, and each event's word by itself. */
static void test_release(const char *release)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", kpep_directory, release);
    DIR *entries = opendir(path);
    size_t opened = 0;
    if (!CHECK(entries != NULL))
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char *dot = strstr(entry->d_name, ".plist");
        if (dot == NULL)
            continue;
        *dot = '\0';
        test_event_order(release, entry->d_name);
        struct db *db = open_db(release, entry->d_name);
        check_db_layout(db);
        lib.kpep_db_free(db);
        opened++;
    }
    closedir(entries);
    CHECK(opened >= 12);
}

/* ---- newer functions ------------------------------------------------------------------------- */

static void test_trigger(struct db *db)
{
    struct config *config = new_config(db, true);
    struct event *event = event_of(db, "FIXED_INSTRUCTIONS");
    uint64_t periods[8];
    uint32_t conflicts;
    CHECK_INT(lib.kpep_config_add_event_trigger(config, &event, 1, 1000, NULL), 0);
    CHECK_STR(name_of(event), "INST_ALL");
    CHECK_INT(classes_of(config), 2);
    CHECK_INT(slot(config, 0), 5);
    CHECK_INT(word(config, 5), 0x2008c);
    CHECK_INT(lib.kpep_config_kpc_periods(config, periods, sizeof periods), 0);
    CHECK_INT(periods[5], 1000);
    CHECK_INT(periods[0], 0);
    CHECK_INT(lib.kpep_config_kpc_periods(config, periods, sizeof periods - 1), 4);
    event = event_of(db, "INST_ALL");
    CHECK_INT(lib.kpep_config_add_event_trigger(config, &event, 0, 7, &conflicts), 12);
    CHECK_INT(conflicts, 1);
    event = event_of(db, "FIXED_CYCLES");
    CHECK_INT(lib.kpep_config_add_event_trigger(config, &event, 0, 7, NULL), 14);
    CHECK_INT(lib.kpep_config_remove_event(config, 0), 0);
    CHECK_INT(classes_of(config), 0);
    CHECK_INT(add(db, config, "INST_ALL"), 0); /* on the same counter, without a period */
    CHECK_INT(lib.kpep_config_kpc_periods(config, periods, sizeof periods), 0);
    CHECK_INT(periods[5], 0);
    lib.kpep_config_free(config);
}

static void test_newer(void)
{
    struct db *db = open_db("macos-15", M1), *other = NULL;
    struct config *config = new_config(db, true);
    uint32_t arch = 99;
    uint8_t internal = 99;
    const char *text = "";
    CHECK_INT(lib.kpep_db_architecture(db, &arch), 0);
    CHECK_INT(arch, 3);
    CHECK_INT(lib.kpep_db_is_internal(db, &internal), 0);
    CHECK_INT(internal, 0);
    CHECK_INT(lib.kpep_event_errata(event_of(db, "INST_ALL"), &text), 0);
    CHECK(text == NULL);
    CHECK_INT(lib.kpep_config_apply(config), 1);
    CHECK_INT(lib.kpep_db_createx("a14", 3, &other), 1);
    CHECK_INT(lib.kpep_db_createx("a14", 0, &other), 0);
    lib.kpep_db_free(other);
    lib.kpep_config_free(config);
    test_trigger(db);
    lib.kpep_db_free(db);

    db = open_db("macos-15", HASWELL);
    CHECK(lib.kpep_db_is_internal(db, &internal) != 0);
    lib.kpep_db_free(db);
    for (int code = 0; code <= 16; code++)
        for (int less = -1; less < code; less++)
            CHECK(strcmp(lib.kpep_strerror(code), lib.kpep_strerror(less)) != 0);
    CHECK_STR(lib.kpep_strerror(17), lib.kpep_strerror(-1));
}

/* ---- knobs ----------------------------------------------------------------------------------- */

/* Every function of a measuring client in turn; what the first to fail returned. */
static int run_client(void)
{
    struct db *db = NULL;
    struct config *config = NULL;
    struct event *events[160], *event = NULL;
    const char *text, *texts[16];
    uint64_t words[32];
    size_t count, map[32];
    uint32_t classes;
    int code;
    (void)((code = lib.kpep_db_create("a14", &db)) || (code = lib.kpep_db_name(db, &text)) ||
           (code = lib.kpep_db_aliases_count(db, &count)) ||
           (code = lib.kpep_db_aliases(db, texts, sizeof texts)) ||
           (code = lib.kpep_db_counters_count(db, 2, &count)) ||
           (code = lib.kpep_db_events_count(db, &count)) ||
           (code = lib.kpep_db_events(db, events, sizeof events)) ||
           (code = lib.kpep_db_event(db, "INST_ALL", &event)) ||
           (code = lib.kpep_event_name(event, &text)) ||
           (code = lib.kpep_event_alias(event, &text)) ||
           (code = lib.kpep_event_description(event, &text)) ||
           (code = lib.kpep_config_create(db, &config)) ||
           (code = lib.kpep_config_force_counters(config)) ||
           (code = lib.kpep_config_add_event(config, &event, 0, NULL)) ||
           (code = lib.kpep_config_events_count(config, &count)) ||
           (code = lib.kpep_config_events(config, events, sizeof events)) ||
           (code = lib.kpep_config_kpc(config, words, sizeof words)) ||
           (code = lib.kpep_config_kpc_count(config, &count)) ||
           (code = lib.kpep_config_kpc_classes(config, &classes)) ||
           (code = lib.kpep_config_kpc_map(config, map, sizeof map)) ||
           (code = lib.kpep_config_remove_event(config, 0)));
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
    return code;
}

static void test_faults(void)
{
    use_release("macos-15");
    lib.kperfdata_sim_set("");
    CHECK_INT(run_client(), 0);
    size_t calls = lib.kperfdata_sim_calls();
    CHECK_INT(calls, 21); /* 23 but the two that free */
    for (size_t n = 1; n <= calls; n++) {
        char knobs[32];
        snprintf(knobs, sizeof knobs, "fail=*:%zu:%zu", n, 100 + n);
        lib.kperfdata_sim_set(knobs);
        CHECK_INT(run_client(), 100 + n);
        CHECK_INT(run_client(), 0); /* that call only */
        CHECK_INT(lib.kperfdata_sim_live(), 0);
    }
    lib.kperfdata_sim_set("fail=kpep_config_kpc:1:4");
    CHECK_INT(run_client(), 4);
    CHECK_INT(run_client(), 0);
    lib.kperfdata_sim_set("fail=kpep_db_create:2+:-1");
    CHECK_INT(run_client(), 0);
    CHECK_INT(run_client(), -1);
    CHECK_INT(run_client(), -1);

    /* A success that leaves the result unset. */
    struct db *db = NULL;
    lib.kperfdata_sim_set("fail=kpep_db_create:1:0");
    CHECK_INT(lib.kpep_db_create("a14", &db), 0);
    CHECK(db == NULL);
    setenv("KPEP_SIM_DATA", "fail=kpep_db_create:1:3", 1);
    lib.kperfdata_sim_set(NULL);
    unsetenv("KPEP_SIM_DATA");
    CHECK_INT(lib.kpep_db_create("a14", &db), 3);
    lib.kperfdata_sim_set("");
}

static void check_drift_event(const char *knobs, const char *name, unsigned number, uint32_t mask)
{
    lib.kperfdata_sim_set(knobs);
    struct db *db = open_db("macos-15", "a14");
    struct config *config = new_config(db, true);
    CHECK_INT(add(db, config, name), 0);
    CHECK_INT(word(config, slot(config, 0)), number);
    CHECK_INT(mask_at(event_of(db, name)), mask);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

static void test_drift(void)
{
    size_t count = 0;
    struct event *event;
    check_drift_event("drift=number:INST_ALL:0x1234", "INST_ALL", 0x1234, 0x80);
    check_drift_event("drift=mask:INST_ALL:0x40", "INST_ALL", 0x8c, 0x40);
    check_drift_event("drift=added:NEW_EVENT:9", "NEW_EVENT", 9, 1020);
    check_drift_event("drift=added:NEW_EVENT:9:0xe0", "NEW_EVENT", 9, 0xe0);
    check_drift_event("drift=alias:Branches:INST_BRANCH", "Branches", 0x8d, 0xe0);
    check_drift_event("drift=config_counters:0xfc drift=umask:INST_ALL:3", "L1D_TLB_MISS", 0xa1,
                      0xfc);
    lib.kperfdata_sim_set("drift=missing:INST_BRANCH,drift=power_counters:0");
    struct db *db = open_db("macos-15", "a14");
    CHECK_INT(lib.kpep_db_event(db, "INST_BRANCH", &event), 11);
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    CHECK_INT(count, 60);
    CHECK_INT(lib.kpep_db_counters_count(db, 6, &count), 0);
    CHECK_INT(count, 8);
    lib.kpep_db_free(db);
    lib.kperfdata_sim_set("drift=apart:INST_ALL:INST_BRANCH");
    db = open_db("macos-15", "a14");
    struct config *config = new_config(db, true);
    CHECK_INT(add(db, config, "INST_BRANCH"), 0);
    CHECK_INT(add(db, config, "INST_ALL"), 12);
    CHECK_INT(add(db, config, "INST_BARRIER"), 0);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
    lib.kperfdata_sim_set("drift=missing:FIXED_CYCLES"); /* whose alias now has no event */
    CHECK_INT(lib.kpep_db_create("a14", &db), 10);
    lib.kperfdata_sim_set("");
}

static void check_lying_text(struct db *db, struct event *event)
{
    const char *text = "", *texts[2];
    lib.kperfdata_sim_set("lie=name:null lie=alias:bytes lie=db_name:empty lie=aliases:null");
    CHECK(name_of(event) == NULL);
    CHECK_INT(lib.kpep_event_alias(event, &text), 0);
    CHECK_INT((unsigned char)text[0], 0xff);
    CHECK_INT(lib.kpep_db_name(db, &text), 0);
    CHECK_STR(text, "");
    CHECK_INT(lib.kpep_db_aliases(db, texts, sizeof texts), 0);
    CHECK(texts[0] == NULL && texts[1] == NULL);
    lib.kperfdata_sim_set("lie=name:long");
    text = name_of(event);
    CHECK(text != NULL && memchr(text, '\0', 1 << 20) == NULL);
}

static void check_lying_lists(struct db *db)
{
    size_t count = 0, less = 0;
    struct event *events[61] = {NULL}, *again[61] = {NULL};
    lib.kperfdata_sim_set("lie=events:changing");
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    CHECK_INT(lib.kpep_db_events_count(db, &less), 0);
    CHECK_INT(count - less, 1);
    CHECK_INT(lib.kpep_db_events(db, events, less * sizeof *events), 0);
    CHECK_INT(lib.kpep_db_events(db, again, count * sizeof *again), 0);
    CHECK(events[0] != again[0] && events[1] == again[0] && events[60] == NULL);
    lib.kperfdata_sim_set("lie=events:null");
    CHECK_INT(lib.kpep_db_events(db, events, sizeof events), 0);
    CHECK(events[0] == NULL && events[60] == NULL);
    lib.kperfdata_sim_set("lie=events:same");
    CHECK_INT(lib.kpep_db_events(db, events, sizeof events), 0);
    CHECK(events[0] != NULL && events[0] == events[60]);
    lib.kperfdata_sim_set("lie=event:null");
    CHECK(event_of(db, "INST_ALL") == NULL);
    lib.kperfdata_sim_set("lie=event:other");
    CHECK(strcmp(name_of(event_of(db, "INST_ALL")), "INST_ALL") != 0);
    CHECK_INT(lib.kpep_db_event(db, "nothing", &events[0]), 11);
    lib.kperfdata_sim_set("");
}

static void check_lying_config(struct db *db)
{
    struct config *config = new_config(db, true);
    struct event *event = event_of(db, "INST_ALL");
    uint32_t conflicts = 0;
    lib.kperfdata_sim_set("lie=writeback:null lie=map:-1 lie=words:0x100 lie=classes:0xffffffff "
                          "lie=conflict:0x80000000");
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, NULL), 0);
    CHECK(event == NULL);
    event = event_of(db, "INST_ALL");
    CHECK_INT(lib.kpep_config_add_event(config, &event, 0, &conflicts), 12);
    CHECK_INT(conflicts, 0x80000000);
    CHECK(slot(config, 0) == SIZE_MAX);
    CHECK_INT(word(config, 5), 0x18c);
    CHECK_INT(word(config, 4), 0);
    CHECK_INT(classes_of(config), 0xffffffff);
    lib.kperfdata_sim_set("lie=kpc_count:1000000 lie=config_events_count:0");
    size_t count = 1;
    CHECK_INT(words_of(config), 1000000);
    CHECK_INT(lib.kpep_config_events_count(config, &count), 0);
    CHECK_INT(count, 0);
    lib.kperfdata_sim_set("");
    lib.kpep_config_free(config);
}

/* Events at uneven distances; a mode of its own for what counts user mode alone. */
static void check_lying_layout(void)
{
    lib.kperfdata_sim_set("lie=layout:apart lie=user_bits:0x70000");
    struct db *db = open_db("macos-15", "a14");
    struct event *events[61] = {NULL}, *event = event_of(db, "INST_ALL");
    CHECK_INT(lib.kpep_db_events(db, events, sizeof events), 0);
    ptrdiff_t first = (const char *)events[1] - (const char *)events[0];
    bool even = true;
    for (size_t i = 2; i < 61; i++)
        even = even && (const char *)events[i] - (const char *)events[i - 1] == first;
    CHECK(!even);
    struct config *config = new_config(db, true);
    CHECK_INT(lib.kpep_config_add_event(config, &event, 1, NULL), 0);
    CHECK_INT(word(config, 5), 0x7008c);
    lib.kpep_config_free(config);
    lib.kpep_db_free(db);
}

static void test_lies(void)
{
    check_lying_layout();
    lib.kperfdata_sim_set("");
    struct db *db = open_db("macos-15", "a14");
    size_t count = 1;
    check_lying_text(db, event_of(db, "INST_ALL"));
    check_lying_lists(db);
    check_lying_config(db);
    lib.kperfdata_sim_set("lie=events_count:-1,lie=aliases_count:0,lie=counters_count:0");
    CHECK_INT(lib.kpep_db_events_count(db, &count), 0);
    CHECK(count == SIZE_MAX);
    CHECK_INT(lib.kpep_db_aliases_count(db, &count), 0);
    CHECK_INT(count, 0);
    CHECK_INT(lib.kpep_db_counters_count(db, 3, &count), 0);
    CHECK_INT(count, 0);
    lib.kperfdata_sim_set("");
    lib.kpep_db_free(db);
}

/* A knob that is not understood must end the test that asked for it. */
static void test_bad_knobs(void)
{
    static const char *const knobs[] = {
        "nothing",         "lie=nothing:1",
        "lie=map",         "lie=map:x",
        "lie=name:nul",    "fail=kpep:0:1",
        "fail=kpep:1",     "fail=kpep:1-:1",
        "drift=mask:X",    "drift=colour:X:1",
        "drift=missing",   "lie=map:1x",
        "lie=map:1:2",     "drift=missing:INST_ALL:1",
        "drift=apart:X",   "lie=layout:even",
        "log=/nowhere/at", "drift=number:X:1",
    };
    use_release("macos-15");
    for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            struct db *db = NULL;
            fclose(stderr);
            lib.kperfdata_sim_set(knobs[i]);
            lib.kpep_db_create("a14", &db); /* the last two show only here */
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child);
        if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 70))
            fprintf(stderr, "the knob is %s\n", knobs[i]);
    }
}

static void test_log(void)
{
    char knobs[PATH_MAX + 8], text[256] = "";
    snprintf(knobs, sizeof knobs, "log=%s", in_directory("log"));
    lib.kperfdata_sim_set(knobs);
    struct db *db = open_db("macos-15", "a14");
    lib.kpep_config_free(new_config(db, true));
    lib.kpep_db_free(db);
    lib.kperfdata_sim_set("");
    FILE *file = fopen(in_directory("log"), "r");
    if (CHECK(file != NULL)) {
        CHECK(fread(text, 1, sizeof text - 1, file) > 0);
        fclose(file);
    }
    CHECK_STR(text, "kpep_db_create\nkpep_config_create\nkpep_config_force_counters\n"
                    "kpep_config_free\nkpep_db_free\n");
    unlink(in_directory("log"));
}

/* ---- threads: one database, a configuration each --------------------------------------------- */

static void *configure_often(void *argument)
{
    struct db *db = argument;
    size_t wrong = 0;
    for (int i = 0; i < 500; i++) {
        struct config *config = NULL;
        struct event *event = NULL;
        uint64_t words[8] = {0};
        wrong += lib.kpep_config_create(db, &config) != 0;
        wrong += lib.kpep_config_force_counters(config) != 0;
        wrong += lib.kpep_db_event(db, "INST_ALL", &event) != 0;
        wrong += lib.kpep_config_add_event(config, &event, 0, NULL) != 0;
        wrong += lib.kpep_config_kpc(config, words, sizeof words) != 0 || words[5] != 0x8c;
        lib.kpep_config_free(config);
    }
    return (void *)(uintptr_t)wrong;
}

static void test_threads(void)
{
    struct db *db = open_db("macos-15", M1);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, configure_often, db), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong = db;
        CHECK_INT(pthread_join(threads[i], &wrong), 0);
        CHECK(wrong == NULL);
    }
    lib.kpep_db_free(db);
}

static void test_library(const char *path, bool old)
{
    if (!load(path, old))
        return;
    lib.kperfdata_sim_set("");
    test_database();
    test_null_arguments();
    test_this_cpu();
    test_finding();
    test_corrupt();
    test_unforced();
    test_fixed_arm();
    test_greedy();
    test_words_arm();
    test_intel();
    test_odd_masks();
    test_odd_names();
    test_remove_unforced();
    test_shares();
    test_layouts();
    test_release("macos-15");
    test_release("macos-26.4");
    if (!old)
        test_newer();
    test_faults();
    test_drift();
    test_lies();
    test_bad_knobs();
    test_log();
    test_threads();
    CHECK_INT(lib.kperfdata_sim_live(), 0);
    CHECK_INT(dlclose(lib.handle), 0);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr,
                "usage: kperfdata_sim_test LIBKPERFDATA_SIM LIBKPERFDATA_SIM_OLD DB_KPEP\n");
        return 2;
    }
    unsetenv("KPEP_SIM_DATA");
    kpep_directory = argv[3];
    if (mkdtemp(directory) == NULL) {
        perror(directory);
        return 2;
    }
    test_library(argv[1], false);
    test_library(argv[2], true);
    rmdir(directory);
    return check_done();
}
