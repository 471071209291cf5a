/* The functions that libkplive calls: an input of liar.h -> answers, true or not. */
#include "liar.h"

#include "fuzz.h"
#include "kpdb.h"
#include "kperf.h"

#include <errno.h>
#include <string.h>

#define DECLARE(result, name, parameters) result name parameters;
KPERF_SYMBOLS(DECLARE)
KPERFDATA_SYMBOLS(DECLARE)
KPERFDATA_OPTIONAL(DECLARE)

enum { HANDLES = 8192, ENDLESS = 128, ENDLESS_TEXT = 1024, TRUE_CPUS = 8 };
/* An answer's first byte: the truth below, a lie of the small kind below the next, else a big one.
 */
enum { SMALL_LIE = 0x80, BIG_LIE = 0xc0 };

struct kpep_db {
    int unused;
};

struct kpep_config {
    unsigned added;
};

struct kept {
    uint32_t force, counting, thread_counting;
};

static struct {
    const struct liar_truth *truth;
    const uint8_t *at, *end;
    unsigned objects;        /* not freed yet */
    struct kept told;        /* when last asked */
    struct kept before, now; /* since the counters were taken; by the last calls */
    bool taken;
    uint32_t counters, words, cpus; /* as last told */
    char *endless;                  /* a name without its NUL, at the end of what may be read */
    char *endless_text;             /* likewise a description */
} liar;

static char handles[HANDLES]; /* an event is an address in it */

void liar_begin(const struct liar_truth *truth, const uint8_t *data, size_t size)
{
    memset(&liar, 0, sizeof liar);
    liar.truth = truth;
    liar.at = data;
    liar.end = data + size;
    liar.cpus = TRUE_CPUS;
    liar.endless = malloc(ENDLESS);
    liar.endless_text = malloc(ENDLESS_TEXT);
    MUST(liar.endless != NULL && liar.endless_text != NULL);
    memset(liar.endless, 'N', ENDLESS);
    memset(liar.endless_text, 'T', ENDLESS_TEXT);
}

void liar_end(void)
{
    free(liar.endless);
    free(liar.endless_text);
    MUST(liar.objects == 0);
    if (!liar.taken)
        return;
    MUST(liar.now.force == liar.before.force || liar.before.force != 0);
    MUST(liar.now.counting == liar.before.counting);
    MUST(liar.now.thread_counting == liar.before.thread_counting);
}

/* ---- lies ------------------------------------------------------------------------------------ */

static unsigned take(void)
{
    return liar.at == liar.end ? 0 : *liar.at++;
}

static uint64_t number(uint64_t truth)
{
    static const uint64_t big[] = {0,  1,   31,    32,         33,         64,         255,  256,
                                   96, 128, 65535, UINT32_MAX, UINT64_MAX, 1ull << 31, 1024, 8193};
    unsigned byte = take();

    if (byte < SMALL_LIE)
        return truth;
    return byte < BIG_LIE ? byte - SMALL_LIE : big[byte % 16];
}

static int kpc_result(void)
{
    static const int errors[] = {EPERM, EACCES, EBUSY, ENOENT, ENOTSUP, EINVAL, 0, 99999};
    unsigned byte = take();

    if (byte < BIG_LIE)
        return 0;
    errno = errors[byte % 8];
    return -1;
}

static int kpep_result(void)
{
    static const int codes[] = {1, 2, 4, 11, 12, 13, 14, 16, -1, 99999};
    unsigned byte = take();

    return byte < BIG_LIE ? 0 : codes[byte % 10];
}

static void fill(uint64_t *words, size_t count)
{
    uint64_t value = number(0x5a);

    for (size_t i = 0; i < count; i++)
        words[i] = value + i;
}

/* ---- the system ---------------------------------------------------------------------------- */

int sysctlbyname(const char *name, void *old, size_t *size, void *new, size_t new_size);
int sysctlbyname(const char *name, void *old, size_t *size, void *new, size_t new_size)
{
    uint32_t value = 0;

    MUST(new == NULL &&new_size == 0);
    if (kpc_result() != 0)
        return -1;
    if (strncmp(name, "kern.os", 7) == 0) {
        if (take() >= SMALL_LIE)
            memset(old, '9', *size);
        else
            strcpy(old, strcmp(name, "kern.osrelease") == 0 ? "24.1.0" : "15.1");
        return 0;
    }
    MUST(*size == sizeof value);
    if (strcmp(name, "hw.cputype") == 0)
        value = liar.truth->type;
    else if (strcmp(name, "hw.cpusubtype") == 0)
        value = liar.truth->subtype;
    else if (strcmp(name, "hw.cpufamily") == 0)
        value = liar.truth->family;
    else if (strcmp(name, "hw.ncpu") == 0)
        value = liar.cpus = (uint32_t)number(TRUE_CPUS);
    if (take() >= BIG_LIE) {
        *size = 2;
        return 0;
    }
    memcpy(old, &value, sizeof value);
    return 0;
}

/* ---- kperf --------------------------------------------------------------------------------- */

static unsigned true_count(uint32_t classes)
{
    return ((classes & KPDB_CLASS_FIXED) != 0 ? liar.truth->fixed : 0) +
           ((classes & KPDB_CLASS_CONFIGURABLE) != 0 ? liar.truth->configurable : 0);
}

uint32_t kpc_get_counting(void)
{
    return liar.told.counting = (uint32_t)number(0);
}

uint32_t kpc_get_thread_counting(void)
{
    uint32_t told = (uint32_t)number(0);

    liar.told.thread_counting = told == UINT32_MAX ? 0 : told; /* that is the wrapper's error */
    return told;
}

/* What a call sets, if it says so; or tries to put back, which is all that can be done. */
static int set(uint32_t *now, uint32_t value, uint32_t before)
{
    int result = kpc_result();

    if (result == 0 || value == before)
        *now = value;
    return result;
}

int kpc_set_counting(uint32_t classes)
{
    return set(&liar.now.counting, classes, liar.before.counting);
}

int kpc_set_thread_counting(uint32_t classes)
{
    return set(&liar.now.thread_counting, classes, liar.before.thread_counting);
}

/* The first that changes anything. */
int kpc_force_all_ctrs_set(int force)
{
    if (force == 1) {
        liar.before = liar.now = liar.told;
        liar.taken = true;
    }
    return set(&liar.now.force, (uint32_t)force, liar.before.force);
}

int kpc_force_all_ctrs_get(int *force)
{
    int result = kpc_result();

    if (result == 0) {
        *force = (int)number(0);
        liar.told.force = *force != 0;
    }
    return result;
}

uint32_t kpc_get_config_count(uint32_t classes)
{
    return liar.words = (uint32_t)number(true_count(classes & ~(uint32_t)KPDB_CLASS_FIXED));
}

uint32_t kpc_get_counter_count(uint32_t classes)
{
    return liar.counters = (uint32_t)number(true_count(classes));
}

int kpc_get_config(uint32_t classes, uint64_t *config)
{
    (void)classes;
    fill(config, liar.words);
    return kpc_result();
}

int kpc_set_config(uint32_t classes, uint64_t *config)
{
    volatile uint64_t read = 0; /* so that they are */

    (void)classes;
    for (uint32_t i = 0; i < liar.words; i++)
        read = config[i];
    (void)read;
    return kpc_result();
}

int kpc_get_cpu_counters(bool all, uint32_t classes, int *cpu, uint64_t *buffer)
{
    (void)classes;
    fill(buffer, (size_t)liar.counters * (all ? liar.cpus : 1));
    *cpu = (int)number(0);
    return kpc_result();
}

int kpc_get_thread_counters(uint32_t thread, uint32_t count, uint64_t *buffer)
{
    MUST(thread == 0);
    fill(buffer, count);
    return kpc_result();
}

/* ---- kperfdata ------------------------------------------------------------------------------- */

static struct kpep_event *handle(uint64_t index)
{
    return (struct kpep_event *)(void *)&handles[index % HANDLES];
}

static size_t index_of(const struct kpep_event *event)
{
    const char *at = (const char *)event;

    MUST(at >= handles && at < handles + HANDLES);
    return (size_t)(at - handles);
}

int kpep_db_create(const char *name, struct kpep_db **db)
{
    int code = kpep_result();

    MUST(name == NULL);
    *db = NULL;
    if (code != 0 || take() >= BIG_LIE)
        return code;
    *db = calloc(1, sizeof **db);
    MUST(*db != NULL);
    liar.objects++;
    return 0;
}

void kpep_db_free(struct kpep_db *db)
{
    MUST(db != NULL);
    liar.objects--;
    free(db);
}

int kpep_config_create(struct kpep_db *db, struct kpep_config **config)
{
    int code = kpep_result();

    MUST(db != NULL);
    *config = NULL;
    if (code != 0 || take() >= BIG_LIE)
        return code;
    *config = calloc(1, sizeof **config);
    MUST(*config != NULL);
    liar.objects++;
    return 0;
}

void kpep_config_free(struct kpep_config *config)
{
    MUST(config != NULL);
    liar.objects--;
    free(config);
}

int kpep_config_force_counters(struct kpep_config *config)
{
    MUST(config != NULL);
    return kpep_result();
}

int kpep_config_add_event(struct kpep_config *config, struct kpep_event **event, uint32_t user,
                          uint32_t *conflict)
{
    unsigned lie = take();

    MUST(config != NULL && user <= 1);
    (void)index_of(*event);
    *conflict = (uint32_t)number(0);
    if (lie >= SMALL_LIE)
        *event = lie < BIG_LIE ? handle(lie) : NULL;
    if (++config->added > liar.truth->configurable && lie < BIG_LIE)
        return 12;
    return kpep_result();
}

int kpep_config_kpc_classes(struct kpep_config *config, uint32_t *classes)
{
    MUST(config != NULL);
    *classes = (uint32_t)number(KPDB_CLASS_FIXED | KPDB_CLASS_CONFIGURABLE);
    return kpep_result();
}

int kpep_config_kpc_count(struct kpep_config *config, size_t *count)
{
    MUST(config != NULL);
    *count = number(liar.truth->configurable);
    return kpep_result();
}

int kpep_config_kpc(struct kpep_config *config, uint64_t *words, size_t size)
{
    MUST(config != NULL && size % sizeof *words == 0);
    fill(words, size / sizeof *words);
    return kpep_result();
}

int kpep_config_kpc_map(struct kpep_config *config, size_t *map, size_t size)
{
    MUST(config != NULL && size % sizeof *map == 0);
    for (size_t i = 0; i < size / sizeof *map; i++)
        map[i] = number(liar.truth->fixed + i);
    return kpep_result();
}

int kpep_db_name(struct kpep_db *db, const char **name)
{
    unsigned lie = take();

    MUST(db != NULL);
    *name = lie < SMALL_LIE ? "Test CPU" : lie < BIG_LIE ? NULL : liar.endless;
    return kpep_result();
}

int kpep_db_counters_count(struct kpep_db *db, uint8_t classes, size_t *count)
{
    MUST(db != NULL);
    *count = number(true_count(classes));
    return kpep_result();
}

int kpep_db_events_count(struct kpep_db *db, size_t *count)
{
    MUST(db != NULL);
    *count = number(liar.truth->count);
    return kpep_result();
}

int kpep_db_events(struct kpep_db *db, struct kpep_event **events, size_t size)
{
    unsigned lie = take();

    MUST(db != NULL && size % sizeof *events == 0 && size / sizeof *events <= HANDLES);
    for (size_t i = 0; i < size / sizeof *events; i++)
        events[i] = lie < SMALL_LIE || i != lie % 16 ? handle(i) : lie < BIG_LIE ? handle(0) : NULL;
    return kpep_result();
}

int kpep_db_event(struct kpep_db *db, const char *name, struct kpep_event **event)
{
    unsigned lie = take();

    MUST(db != NULL);
    *event = NULL;
    if (lie >= SMALL_LIE) {
        *event = lie < BIG_LIE ? handle(lie) : NULL;
        return kpep_result();
    }
    for (size_t i = 0; i < liar.truth->count; i++)
        if (strcmp(liar.truth->names[i], name) == 0) {
            *event = handle(i);
            return 0;
        }
    return 11;
}

int kpep_event_name(struct kpep_event *event, const char **name)
{
    static char other[16];
    size_t index = index_of(event);
    unsigned lie = take();

    snprintf(other, sizeof other, "E%zu", index);
    *name = index < liar.truth->count ? liar.truth->names[index] : other;
    if (lie >= BIG_LIE)
        *name = lie % 2 == 0 ? NULL : liar.endless;
    else if (lie >= SMALL_LIE)
        *name = lie % 2 == 0 ? "" : liar.truth->names[lie % liar.truth->count];
    return kpep_result();
}

/* Texts of an event: none, a short one, one without an end. */
static int tell_text(struct kpep_event *event, const char **text, const char *endless)
{
    unsigned lie = take();

    (void)index_of(event);
    *text = lie < SMALL_LIE ? NULL : lie < BIG_LIE ? "\xff\x1b text" : endless;
    return kpep_result();
}

int kpep_event_alias(struct kpep_event *event, const char **alias)
{
    return tell_text(event, alias, liar.endless);
}

int kpep_event_description(struct kpep_event *event, const char **description)
{
    return tell_text(event, description, liar.endless_text);
}

int kpep_event_errata(struct kpep_event *event, const char **errata)
{
    return tell_text(event, errata, liar.endless_text);
}
