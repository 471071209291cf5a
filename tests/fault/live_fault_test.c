/*
 * libkplive without memory: live_fault_test KPERF KPERFDATA DB_DIR. Each of its allocations fails
 * once; it says so, nothing stays allocated and the machine is as before. The linker puts our
 * malloc() and the others under libkplive (CMakeLists.txt), not under the simulators.
 */
#include "kplive.h"

#include "../unit/check.h"
#include "sim.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *old);

static unsigned long calls, failing; /* failing: which call, from 1; 0: none */
static bool from;                    /* all later ones too */
static long live;

static bool fails(void)
{
    calls++;
    if (failing == 0 || calls < failing || (calls > failing && !from))
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *block)
{
    live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    void *block;

    if (fails())
        return NULL;
    block = __real_realloc(old, size);
    live += old == NULL && block != NULL;
    return block;
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : counted(__real_strdup(text));
}

void __wrap_free(void *old)
{
    live -= old != NULL;
    __real_free(old);
}

/* ---- a life ---------------------------------------------------------------------------------- */

static struct kplive_options options;

/* The status of the first call that failed, of all that allocate or hold something. */
static int live_once(struct kplive_error *error)
{
    static const struct kpdb_request events[] = {{"cycles", 6, false}, {"branches", 8, false}};
    uint64_t values[64 * 2];
    struct kplive_check compared;
    struct kplive *sampler;
    int cpu, status = kplive_open(&options, &sampler, error);

    if (status != KPLIVE_OK)
        return status;
    status = kplive_program(sampler, events, 2, error);
    if (status == KPLIVE_OK)
        status = kplive_start(sampler, error);
    if (status == KPLIVE_OK)
        status = kplive_ready(sampler, error);
    if (status == KPLIVE_OK && kplive_read(sampler, values) != 0)
        status = KPLIVE_SYSTEM;
    if (status == KPLIVE_OK)
        status = kplive_read_cpus(sampler, values, error);
    if (status == KPLIVE_OK)
        status = kplive_read_cpu(sampler, &cpu, values, error);
    if (status == KPLIVE_OK)
        status = kplive_stop(sampler, error);
    if (status == KPLIVE_OK)
        status = kplive_compare(sampler, 3, 1, NULL, NULL, &compared, error);
    kplive_close(sampler);
    return status;
}

static void without_memory(unsigned long at, bool all)
{
    struct sim_config config = {.chip = SIM_M1, .gen = SIM_G4, .pm = SIM_PM_NONE, .seed = 7};
    struct kplive_error error = {0};
    char before[2048], after[2048];
    int status;

    sim_reset(&config);
    sim_state_text(before, sizeof before);
    calls = 0;
    live = 0;
    failing = at;
    from = all;
    status = live_once(&error);
    failing = 0;
    sim_state_text(after, sizeof after);
    CHECK_INT(status, at == 0 ? KPLIVE_OK : KPLIVE_MEMORY);
    CHECK_INT(error.status, status);
    CHECK_INT(error.code, at == 0 ? 0 : ENOMEM);
    CHECK_INT(live, 0);
    CHECK_STR(after, before);
}

int main(int argc, char **argv)
{
    char path[4096];
    unsigned long count;

    if (argc != 4) {
        fprintf(stderr, "usage: live_fault_test KPERF KPERFDATA DB_DIR\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/macos-26.4", argv[3]);
    setenv("KPEP_DB_PATH", path, 1);
    options.kperf = argv[1];
    options.kperfdata = argv[2];
    for (options.words = KPLIVE_VERIFY; options.words <= KPLIVE_KPERFDATA; options.words++) {
        without_memory(0, false);
        count = calls;
        CHECK(count >= 5);
        for (unsigned long at = 1; at <= count; at++) {
            without_memory(at, false);
            without_memory(at, true);
        }
        printf("%lu allocations\n", count);
    }
    return check_done();
}
