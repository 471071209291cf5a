/*
 * A macOS without one of the functions: libkplive opens, and every feature works as it does with
 * all of them, or says KPLIVE_NO_FRAMEWORK and which function is missing. The first argument is
 * the stand-in, the others are the functions that are missing, one after the other.
 */
#include "kplive.h"

#include "../unit/check.h"
#include "foreign.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

/* The copy's own: every copy has a machine of its own. */
static struct {
    void (*reset)(const struct foreign_machine *machine);
    const char *(*state)(char *text, size_t size);
    void (*work)(uint64_t units);
    uint64_t (*rate)(const char *event);
    unsigned long (*changes)(void);
} control;

static const char *function;
static unsigned long worked, said;

#define EVENT(text)                             \
    {                                           \
        .name = text, .length = sizeof text - 1 \
    }
static const struct kpdb_request events[] = {EVENT("Cycles"), EVENT("INST_BRANCH")};
enum { EVENTS = 2 };

static void set_pointer(void *library, const char *name, void *pointer)
{
    void *found = dlsym(library, name);
    memcpy(pointer, &found, sizeof found);
    if (!CHECK(found != NULL))
        exit(1);
}

static void control_of(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(library != NULL)) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    set_pointer(library, "foreign_reset", &control.reset);
    set_pointer(library, "foreign_state", &control.state);
    set_pointer(library, "foreign_work", &control.work);
    set_pointer(library, "foreign_rate", &control.rate);
    set_pointer(library, "foreign_changes", &control.changes);
    CHECK(dlsym(library, function) == NULL);
}

/* Works, or says what is missing. Steps that need one that did not work are not to be asked. */
static bool holds(const char *feature, int status, const struct kplive_error *error)
{
    if (status == KPLIVE_OK) {
        worked++;
        return true;
    }
    said++;
    bool named = error != NULL && ((error->call != NULL && strcmp(error->call, function) == 0) ||
                                   strstr(error->hint, function) != NULL);
    if (!CHECK(status == KPLIVE_NO_FRAMEWORK && (error == NULL || named))) {
        char text[600];
        fprintf(stderr, "without %s %s gave %d: %s\n", function, feature, status,
                error == NULL ? "" : kplive_describe(error, text, sizeof text));
    }
    return false;
}

static void try_reads(struct kplive *sampler)
{
    uint64_t values[2][EVENTS], slots[KPDB_COUNTERS_MAX], cpus[8 * EVENTS], delta[EVENTS];
    struct kplive_error error = {0};
    int cpu;
    holds("ready", kplive_ready(sampler, &error), &error);
    if (holds("read", kplive_read(sampler, values[0]), NULL)) {
        control.work(50);
        CHECK_INT(kplive_read(sampler, values[1]), KPLIVE_OK);
        kplive_delta(values[0], values[1], EVENTS, delta);
        for (unsigned i = 0; i < EVENTS; i++)
            CHECK_INT(delta[i], 50 * control.rate(events[i].name));
    }
    holds("read_raw", kplive_read_raw(sampler, kplive_slots(sampler), slots), NULL);
    if (kplive_cpus(sampler) == 8)
        holds("read_cpus", kplive_read_cpus(sampler, cpus, &error), &error);
    holds("read_cpu", kplive_read_cpu(sampler, &cpu, cpus, &error), &error);
    holds("running", kplive_running(sampler, &error), &error);
}

/* A start that says what is missing says so before it changes anything. */
static void try_life(struct kplive *sampler)
{
    char before[400], after[400];
    struct kplive_error error = {0};
    control.state(before, sizeof before);
    if (!holds("program", kplive_program(sampler, events, EVENTS, &error), &error))
        return;
    if (holds("start", kplive_start(sampler, &error), &error)) {
        try_reads(sampler);
        CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    } else {
        CHECK_INT(control.changes(), 0);
    }
    CHECK_STR(control.state(after, sizeof after), before);
}

static void ignore_event(void *user, const struct kplive_event *event)
{
    unsigned *events_told = user;
    *events_told += event->name != NULL && event->alias != NULL;
}

static void try_others(struct kplive *sampler)
{
    struct kplive_error error = {0};
    struct kplive_check check;
    struct kplive_state found = {.size = sizeof found};
    unsigned told = 0;
    if (holds("events", kplive_events(sampler, ignore_event, &told, &error), &error))
        CHECK(told > 60);
    memset(&error, 0, sizeof error);
    holds("compare", kplive_compare(sampler, 3, 1, NULL, NULL, &check, &error), &error);
    memset(&error, 0, sizeof error);
    holds("taken", kplive_taken(sampler, &found, &error), &error);
    memset(&error, 0, sizeof error);
    holds("reset", kplive_reset(sampler, false, &found, &error), &error);
}

static void try_words(const char *path, enum kplive_words words)
{
    struct kplive_options options = {.kperf = path, .kperfdata = path, .words = words};
    struct kplive *sampler = NULL;
    struct kplive_error error = {0};
    control.reset(&(struct foreign_machine){.used = true});
    /* Without sysctl it is not known on what this runs; macOS is never without. */
    int status = kplive_open(&options, &sampler, &error);
    if (status != KPLIVE_OK && strcmp(function, "sysctlbyname") == 0)
        return;
    if (!CHECK_INT(status, KPLIVE_OK)) {
        fprintf(stderr, "without %s\n", function);
        return;
    }
    try_life(sampler);
    if (words == KPLIVE_STATIC)
        try_others(sampler);
    kplive_close(sampler);
}

static size_t read_library(const char *path, char *bytes, size_t most)
{
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(bytes, 1, most, file);
    if (!CHECK(size > 0 && size < most && fclose(file) == 0))
        exit(1);
    return size;
}

/* Gives the function, if the stand-in has it, another name: nobody finds it by its own. */
static void hide_function(char *bytes, size_t size)
{
    char name[100] = "";
    size_t length = strlen(function) + 2; /* with the ends of the string before and of itself */
    snprintf(name + 1, sizeof name - 1, "%s", function);
    for (char *at = bytes; (at = memmem(at, size - (size_t)(at - bytes), name, length)) != NULL;)
        at[1] = '-';
}

/* Beside the stand-in; the path is a template of mkstemp(). */
static void write_library(char *path, const char *bytes, size_t size)
{
    int fd = mkstemp(path);
    if (!CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0))
        exit(1);
}

int main(int argc, char **argv)
{
    static char whole[1 << 22], bytes[sizeof whole];
    size_t size = read_library(argv[1], whole, sizeof whole);
    for (int n = 2; n < argc; n++) {
        char path[4096];
        snprintf(path, sizeof path, "%s.XXXXXX", argv[1]);
        function = argv[n];
        memcpy(bytes, whole, size);
        hide_function(bytes, size);
        write_library(path, bytes, size);
        control_of(path);
        for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++)
            try_words(path, (enum kplive_words)words);
        unlink(path);
    }
    printf("%lu features worked, %lu said what is missing\n", worked, said);
    CHECK(worked > 0 && said > 0);
    return check_done();
}
