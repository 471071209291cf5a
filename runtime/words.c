/*
 * Names of events in, the register words of a sampler out: from the tables, from kperfdata, or from
 * both, which must be equal; where they are not, which event or word differs. Programs nothing.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the tables ------------------------------------------------------------------------------ */

static void show_name(const struct kpdb_request *event, char *text, size_t size)
{
    snprintf(text, size, "%.*s", (int)(event->length < size ? event->length : size - 1),
             event->name);
}

static int tell_table_error(const struct kplive *sampler, const struct kpdb_request *events,
                            unsigned count, int result, const struct kpdb_encoding *encoding,
                            struct kplive_error *error)
{
    char event[KPLIVE_REQUEST_SIZE] = "";
    struct kpdb_bottleneck bottleneck;
    struct kpdb_options options = {.release = sampler->release};
    uint16_t passes[KPDB_EVENTS_MAX];
    unsigned failed;
    int needed;

    if (encoding->failed < count)
        show_name(&events[encoding->failed], event, sizeof event);
    if (result != KPDB_CONFLICT && result != KPDB_TOO_MANY)
        return kplive_fail(error, KPLIVE_EVENT, "kpdb_encode", kpdb_kperfdata_code(result), event,
                           "%s on %s", kpdb_strerror(result), sampler->cpu_name);
    needed = count > KPDB_EVENTS_MAX ? 0
                                     : kpdb_plan((unsigned)sampler->cpu, &options, events, count,
                                                 passes, &bottleneck, &failed);
    return kplive_fail(error, KPLIVE_CONFLICT, "kpdb_encode", kpdb_kperfdata_code(result), event,
                       needed > 0 ? "%d passes would do: kpdb_plan() says which"
                                  : "too many events at once",
                       needed);
}

static int encode_static(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                         struct kplive_error *error)
{
    struct kpdb_options options = {.release = sampler->release};
    int result;

    if (sampler->cpu < 0)
        return kplive_fail(error, KPLIVE_NO_CPU, "", 0, NULL,
                           "the tables do not know %s; words can still come from kperfdata",
                           sampler->cpu_name);
    result = kpdb_encode((unsigned)sampler->cpu, &options, events, count, &sampler->encoding);
    return result == KPDB_OK
               ? KPLIVE_OK
               : tell_table_error(sampler, events, count, result, &sampler->encoding, error);
}

/* ---- kperfdata's words as an encoding -------------------------------------------------------- */

static int tell_framework_error(const struct kpdb_request *events, unsigned count,
                                const struct kplive_framework_words *words,
                                struct kplive_error *error)
{
    char event[KPLIVE_REQUEST_SIZE] = "";

    if (words->failed >= count)
        return kplive_fail(error, KPLIVE_SYSTEM, words->call, words->code, NULL, NULL);
    show_name(&events[words->failed], event, sizeof event);
    switch (words->code) {
    case 11:
        return kplive_fail(error, KPLIVE_EVENT, words->call, words->code, event,
                           "kperfdata has no such event on this machine and macOS");
    case 12:
        return kplive_fail(error, KPLIVE_CONFLICT, words->call, words->code, event,
                           "kperfdata places events in the order given and moves none");
    case 13:
    case 14:
    case 16:
        return kplive_fail(error, KPLIVE_EVENT, words->call, words->code, event,
                           "kperfdata cannot count it");
    default:
        return kplive_fail(error, KPLIVE_SYSTEM, words->call, words->code, event, NULL);
    }
}

/* An event by the name that this macOS knows, when the tables know which that is. */
static struct kpdb_request known_name(const struct kplive *sampler,
                                      const struct kpdb_request *asked, struct kpdb_event *event)
{
    struct kpdb_request request = *asked;

    if (sampler->cpu >= 0 && kpdb_find((unsigned)sampler->cpu, sampler->release, asked->name,
                                       asked->length, event) == KPDB_OK) {
        request.name = kpdb_event_name(event->id);
        request.length = strlen(request.name);
    }
    return request;
}

/*
 * What the chip-agnostic names that matter most are to kperfdata, for a CPU that
 * the tables do not know: the first of them that it has. Each is db/names.plist's
 * event on every CPU of its architecture, and the same quantity on both, so that
 * no name here is ever an approximation; all others need the tables.
 */
static const struct {
    const char *name, *events[3];
} agnostic[] = {
    /* Apple's alias of the fixed counter of core clock cycles; Intel's, which has no such alias. */
    {"cycles", {"Cycles", "FIXED_CYCLES", "CPU_CLK_UNHALTED.THREAD"}},
    /* Likewise of retired instructions. */
    {"instructions", {"Instructions", "FIXED_INSTRUCTIONS", "INST_RETIRED.ANY"}},
    /* Retired branches; Apple makes the first an alias of the second on every Intel CPU. */
    {"branches", {"INST_BRANCH", "BR_INST_RETIRED.ALL_BRANCHES"}},
    /* Retired branches that were mispredicted; likewise. */
    {"branch-misses", {"BRANCH_MISPRED_NONSPEC", "BR_MISP_RETIRED.ALL_BRANCHES"}},
};

static bool has_event(const struct kplive_frameworks *f, struct kpep_db *db, const char *name)
{
    struct kpep_event *event = NULL;

    return f->kpep_db_event(db, name, &event) == 0 && event != NULL;
}

/* An event by the name that kperfdata knows, without the tables. */
static struct kpdb_request framework_name(const struct kplive_frameworks *f, struct kpep_db *db,
                                          const struct kpdb_request *asked)
{
    struct kpdb_request request = *asked;
    char name[KPLIVE_REQUEST_SIZE];

    if (!kplive_copy_name(asked, name) || has_event(f, db, name))
        return request;
    for (size_t i = 0; i < sizeof agnostic / sizeof agnostic[0]; i++)
        for (size_t n = 0; n < 3 && strcmp(agnostic[i].name, name) == 0; n++)
            if (agnostic[i].events[n] != NULL && has_event(f, db, agnostic[i].events[n])) {
                request.name = agnostic[i].events[n];
                request.length = strlen(request.name);
                return request;
            }
    return request;
}

/*
 * The counters of the classes once they are forced, which the kernel would not
 * count before. Its count of the fixed ones comes from kperf, which may be missing.
 */
static int forced_slots(const struct kplive_frameworks *f,
                        const struct kplive_framework_words *words, unsigned *slots,
                        struct kplive_error *error)
{
    static const char *const needed[] = {"kpc_get_counter_count", NULL};
    uint32_t fixed = 0;
    int status;

    if ((words->classes & KPDB_CLASS_FIXED) != 0) {
        status = kplive_need(f, error, needed);
        if (status != KPLIVE_OK)
            return status;
        errno = 0;
        fixed = f->kpc_get_counter_count(KPDB_CLASS_FIXED);
        if (fixed == 0)
            return kplive_kpc_failed(error, "kpc_get_counter_count", errno, false);
    }
    *slots = fixed > KPDB_COUNTERS_MAX ? fixed : fixed + (unsigned)words->config_count;
    if (*slots > KPDB_COUNTERS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpc_get_counter_count", 0, NULL,
                           "%u counters (expected at most %d)", *slots, KPDB_COUNTERS_MAX);
    return KPLIVE_OK;
}

/* The counters before the configurable ones: by the tables, else by kperfdata if it says. */
static unsigned fixed_counters(const struct kplive *sampler, struct kpep_db *db)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    struct kpdb_cpu cpu;
    size_t count = 0;

    if (sampler->cpu >= 0 && kpdb_cpu_in((unsigned)sampler->cpu, sampler->release, &cpu) == KPDB_OK)
        return kplive_count_bits(cpu.fixed_counters);
    if (f->kpep_db_counters_count == NULL ||
        f->kpep_db_counters_count(db, KPDB_CLASS_FIXED, &count) != 0 || count > KPDB_COUNTERS_MAX)
        return 0;
    return (unsigned)count;
}

static bool are_apart(const size_t *map, unsigned count)
{
    uint32_t taken = 0;

    for (unsigned i = 0; i < count; i++) {
        if ((taken >> map[i] & 1) != 0)
            return false;
        taken |= (uint32_t)1 << map[i];
    }
    return true;
}

static int encode_kperfdata(struct kplive *sampler, struct kpep_db *db,
                            const struct kpdb_request *events, unsigned count,
                            struct kplive_error *error)
{
    struct kpdb_encoding *encoding = &sampler->encoding;
    struct kpdb_request known[KPDB_EVENTS_MAX] = {{NULL, 0, false}};
    struct kpdb_event found[KPDB_EVENTS_MAX];
    struct kplive_framework_words words;
    unsigned slots = 0, hidden;
    int status;

    for (unsigned i = 0; i < count; i++) {
        found[i].id = KPDB_NO_ID;
        known[i] = sampler->cpu >= 0 ? known_name(sampler, &events[i], &found[i])
                                     : framework_name(&sampler->frameworks, db, &events[i]);
    }
    kplive_ask_words(&sampler->frameworks, db, known, count, &words);
    if (words.code != 0)
        return tell_framework_error(events, count, &words, error);
    if (!are_apart(words.map, count))
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_config_kpc_map", 0, NULL,
                           "kperfdata puts two events on one counter");
    status = forced_slots(&sampler->frameworks, &words, &slots, error);
    if (status != KPLIVE_OK)
        return status;
    hidden = (words.classes & KPDB_CLASS_FIXED) != 0 ? 0 : fixed_counters(sampler, db);
    memset(encoding, 0, sizeof *encoding);
    encoding->classes = words.classes;
    encoding->config_count = (unsigned)words.config_count;
    memcpy(encoding->config, words.config, sizeof encoding->config);
    encoding->event_count = count;
    encoding->slots = slots;
    for (unsigned i = 0; i < count; i++) {
        encoding->events[i].slot = (uint8_t)words.map[i];
        encoding->events[i].counter = (uint8_t)(words.map[i] + hidden);
        encoding->events[i].asked = encoding->events[i].counted = found[i].id;
        encoding->order[i] = (uint8_t)i;
    }
    return KPLIVE_OK;
}

/* ---- both ------------------------------------------------------------------------------------ */

const char *kplive_words_differ(int kpdb_result, const struct kpdb_encoding *encoding,
                                unsigned count, const struct kplive_framework_words *words)
{
    int code = kpdb_kperfdata_code(kpdb_result);

    if (code != words->code)
        return "code";
    if (code != 0)
        return encoding->failed == words->failed ? NULL : "failing event";
    if (encoding->classes != words->classes)
        return "classes";
    if (encoding->config_count != words->config_count)
        return "count of words";
    for (unsigned i = 0; i < encoding->config_count; i++)
        if (encoding->config[i] != words->config[i])
            return "word";
    for (unsigned i = 0; i < count; i++)
        if (encoding->events[i].slot != words->map[i])
            return "map";
    return NULL;
}

/* ---- what to blame for a difference ---------------------------------------------------------- */

/* What the tables and kperfdata make of the same events in the same order. */
struct both {
    const struct kpdb_request *events;
    unsigned count;
    unsigned fixed; /* counters before the configurable ones */
    int result;     /* kpdb's, of greedy */
    const struct kpdb_encoding *greedy;
    const struct kplive_framework_words *words;
};

/* The n-th configuration word; 0 for a number that is none's. */
static unsigned long long word_of(const uint64_t *config, size_t count, size_t word)
{
    return word < count ? (unsigned long long)config[word] : 0;
}

static int blame_code(const struct both *both, struct kplive_error *error)
{
    int table = kpdb_kperfdata_code(both->result), live = both->words->code;
    unsigned failed = table != 0 ? both->greedy->failed : both->count;
    char event[KPLIVE_REQUEST_SIZE] = "";

    if (live != 0 && both->words->failed < failed)
        failed = both->words->failed;
    if (failed < both->count)
        show_name(&both->events[failed], event, sizeof event);
    return kplive_fail(error, KPLIVE_DIFFERENT, both->words->call, live, event,
                       "placing it the tables end with code %d, kperfdata with %d (0: it can be "
                       "counted); kpep check says what drifted",
                       table != 0 && both->greedy->failed == failed ? table : 0,
                       live != 0 && both->words->failed == failed ? live : 0);
}

/* The event whose counter or word is another; KPLIVE_OK when there is none. */
static int blame_event(const struct both *both, struct kplive_error *error)
{
    const struct kpdb_encoding *greedy = both->greedy;
    const struct kplive_framework_words *words = both->words;
    size_t hidden = (words->classes & KPDB_CLASS_FIXED) != 0 ? 0 : both->fixed;

    for (unsigned i = 0; i < both->count; i++) {
        size_t table = greedy->events[i].counter, live = words->map[i] + hidden;
        unsigned long long a = word_of(greedy->config, greedy->config_count, table - both->fixed);
        unsigned long long b = word_of(words->config, words->config_count, live - both->fixed);
        char event[KPLIVE_REQUEST_SIZE];

        show_name(&both->events[i], event, sizeof event);
        if (table != live)
            return kplive_fail(error, KPLIVE_DIFFERENT, "kpep_config_kpc_map", 0, event,
                               "the tables put it on counter %zu with word 0x%llx, kperfdata on "
                               "%zu with 0x%llx; kpep check says what drifted",
                               table, a, live, b);
        if (a != b)
            return kplive_fail(error, KPLIVE_DIFFERENT, "kpep_config_kpc", 0, event,
                               "word %zu: the tables say 0x%llx, kperfdata 0x%llx; kpep check says "
                               "what drifted",
                               table - both->fixed, a, b);
    }
    return KPLIVE_OK;
}

/* A difference that is no event's: a word of a counter that none is on, or a count. */
static int blame_rest(const struct both *both, const char *field, struct kplive_error *error)
{
    const struct kpdb_encoding *greedy = both->greedy;
    const struct kplive_framework_words *words = both->words;

    for (unsigned i = 0; i < greedy->config_count && i < words->config_count; i++)
        if (greedy->config[i] != words->config[i])
            return kplive_fail(error, KPLIVE_DIFFERENT, "kpep_config_kpc", 0, NULL,
                               "word %u, of no event: the tables say 0x%llx, kperfdata 0x%llx", i,
                               (unsigned long long)greedy->config[i],
                               (unsigned long long)words->config[i]);
    return kplive_fail(error, KPLIVE_DIFFERENT, "kpep_config_kpc", 0, NULL,
                       "the tables and kperfdata differ in the %s: classes 0x%x and 0x%x, %u and "
                       "%zu words; kpep check says what drifted",
                       field, (unsigned)greedy->classes, (unsigned)words->classes,
                       greedy->config_count, words->config_count);
}

static int blame_difference(const struct both *both, const char *field, struct kplive_error *error)
{
    int status;

    if (both->result != KPDB_OK || both->words->code != 0)
        return blame_code(both, error);
    status = blame_event(both, error);
    return status != KPLIVE_OK ? status : blame_rest(both, field, error);
}

/*
 * kperfdata moves no event, so it is asked in the order in which the tables placed them, and by the
 * names of this macOS, which it knows.
 */
static int verify_words(struct kplive *sampler, struct kpep_db *db,
                        const struct kpdb_request *events, unsigned count,
                        struct kplive_error *error)
{
    struct kpdb_options options = {.release = sampler->release, .strategy = KPDB_KPERFDATA};
    struct kpdb_request ordered[KPDB_EVENTS_MAX] = {{NULL, 0, false}};
    struct kplive_framework_words words;
    struct kpdb_encoding greedy;
    struct both both;
    const char *field;
    int result;

    memset(&greedy, 0, sizeof greedy);
    for (unsigned i = 0; i < count; i++) {
        struct kpdb_event found;

        ordered[i] = known_name(sampler, &events[sampler->encoding.order[i]], &found);
    }
    kplive_ask_words(&sampler->frameworks, db, ordered, count, &words);
    result = kpdb_encode((unsigned)sampler->cpu, &options, ordered, count, &greedy);
    if (words.code != 0 && words.failed >= count)
        return tell_framework_error(ordered, count, &words, error);
    field = kplive_words_differ(result, &greedy, count, &words);
    if (field == NULL)
        return KPLIVE_OK;
    both = (struct both){ordered, count, fixed_counters(sampler, db), result, &greedy, &words};
    return blame_difference(&both, field, error);
}

int kplive_encode(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                  struct kplive_error *error)
{
    static const char *const needed[] = {"kpep_db_event", NULL};
    const struct kplive_frameworks *f = &sampler->frameworks;
    struct kpep_db *db = NULL;
    int status = KPLIVE_OK;

    if (count == 0 || count > KPDB_EVENTS_MAX)
        return kplive_fail(error, count == 0 ? KPLIVE_EVENT : KPLIVE_CONFLICT, "", 0, NULL,
                           "%u events (expected 1 to %d)", count, KPDB_EVENTS_MAX);
    if (sampler->words != KPLIVE_KPERFDATA) {
        status = encode_static(sampler, events, count, error);
        if (status != KPLIVE_OK || sampler->words == KPLIVE_STATIC)
            return status;
    }
    status = kplive_need_kperfdata(f, error);
    if (status == KPLIVE_OK)
        status = kplive_need(f, error, needed);
    if (status == KPLIVE_OK)
        status = kplive_database(sampler, &db, error);
    if (status != KPLIVE_OK)
        return status;
    if (sampler->words == KPLIVE_KPERFDATA)
        status = encode_kperfdata(sampler, db, events, count, error);
    else
        status = verify_words(sampler, db, events, count, error);
    f->kpep_db_free(db);
    return status;
}
