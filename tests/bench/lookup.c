/*
 * Looks the same names up in libkpdb and in its rivals.
 *
 *   lookup QUERIES time RUNS   nanoseconds a lookup, the least of RUNS; cold: with what the program
 *                              has in memory flushed from the caches before each
 *   lookup QUERIES count       under callgrind: a dump of its counters per measurement
 *
 * QUERIES is written by databases.py. Every rival first answers every query once
 * and must be right; then each loop runs over the same queries in the same
 * shuffled order, and the empty loop's cost is to be subtracted. A rival's answer
 * is the number, unit mask and counter mask, as far as it knows them.
 *
 * Prints lines "set <tab> rival <tab> queries <tab> nanoseconds".
 */
#include "gperf_row.h"
#include "kpdb.h"

#include <math.h>
#include <perfmon/pfmlib.h>
#include <plist/plist.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

enum {
    LINE_MAX_BYTES = 1024,
    FILES_MAX = 64,
    LOOKUPS = 1 << 14,      /* a timed run, at least; in rounds of their own order */
    SLOW_LOOKUPS = 1 << 10, /* of the slow rivals: a longer run would be interrupted */
    COLD_LOOKUPS = 1 << 8,
};

struct answer {
    bool found;
    uint32_t number, umask, mask;
};

enum kind { HIT, MISSPELT, FOREIGN, ALIAS, CHIP_AGNOSTIC };

struct query {
    enum kind kind;
    const char *cpu_name;
    unsigned cpu;   /* libkpdb's */
    unsigned table; /* gperf's */
    plist_t events; /* libplist's: the dictionary of the file's events */
    const char *name;
    size_t length;
    const char *pfm_name; /* NULL: libpfm4 has no such PMU, or no such event on it */
    struct answer expected;
};

_Noreturn static void fail(const char *what, const char *which)
{
    fprintf(stderr, "lookup: %s: %s\n", which, what);
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);

    if (memory == NULL)
        fail("out of memory", "lookup");
    return memory;
}

/* ---- the rivals ------------------------------------------------------------------------------ */

/* What a loop costs that looks nothing up but loads what the others are given. */
static inline struct answer find_nothing(const struct query *query)
{
    __asm__ volatile("" : : "r"(query->name), "r"(query->length), "r"(query->cpu));
    return (struct answer){0};
}

static inline struct answer find_kpdb(const struct query *query)
{
    struct kpdb_event event;

    if (kpdb_find(query->cpu, KPDB_ANY_RELEASE, query->name, query->length, &event) != KPDB_OK)
        return (struct answer){0};
    return (struct answer){true, event.number, event.umask, event.counters};
}

static inline struct answer gperf_answer(const struct gperf_row *row)
{
    return row == NULL ? (struct answer){0}
                       : (struct answer){true, row->number, row->umask, row->mask};
}

static inline struct answer gperf_pool_answer(const struct gperf_pool_row *row)
{
    return row == NULL ? (struct answer){0}
                       : (struct answer){true, row->number, row->umask, row->mask};
}

static inline struct answer find_gperf_plain(const struct query *query)
{
    return gperf_answer(gperf_plain[query->table](query->name, query->length));
}

static inline struct answer find_gperf_lengths(const struct query *query)
{
    return gperf_answer(gperf_lengths[query->table](query->name, query->length));
}

static inline struct answer find_gperf_pic(const struct query *query)
{
    return gperf_pool_answer(gperf_pic[query->table](query->name, query->length));
}

static inline struct answer find_gperf_pic_lengths(const struct query *query)
{
    return gperf_pool_answer(gperf_pic_lengths[query->table](query->name, query->length));
}

static inline struct answer gperf_value_answer(const struct gperf_value *value)
{
    return value == NULL ? (struct answer){0}
                         : (struct answer){true, value->number, value->umask, value->mask};
}

static inline struct answer find_gperf_one(const struct query *query)
{
    return gperf_value_answer(gperf_one(query->name, query->length, query->table));
}

static inline struct answer find_gperf_one_pic(const struct query *query)
{
    return gperf_value_answer(gperf_one_pic(query->name, query->length, query->table));
}

static inline uint32_t plist_number(plist_t event, const char *key)
{
    plist_t node = plist_dict_get_item(event, key);
    uint64_t value = 0;

    if (node != NULL)
        plist_get_uint_val(node, &value);
    return (uint32_t)value;
}

/* The mask of an event without one is the CPU's, which a tool would have at hand: not looked up. */
static inline struct answer find_libplist(const struct query *query)
{
    plist_t event = plist_dict_get_item(query->events, query->name);

    if (event == NULL)
        return (struct answer){0};
    return (struct answer){true, plist_number(event, "number"), plist_number(event, "umask"),
                           plist_number(event, "counters_mask")};
}

/* The code has number and unit mask; libpfm4 gives no counter mask. */
static inline struct answer find_libpfm4(const struct query *query)
{
    uint64_t codes[8];
    pfm_pmu_encode_arg_t encoding = {.codes = codes, .count = 8, .size = sizeof encoding};

    if (pfm_get_os_event_encoding(query->pfm_name, PFM_PLM0 | PFM_PLM3, PFM_OS_NONE, &encoding) !=
        PFM_SUCCESS)
        return (struct answer){0};
    return (struct answer){true, codes[0] & 0xff, codes[0] >> 8 & 0xff, 0};
}

typedef struct answer find_function(const struct query *query);

static inline __attribute__((always_inline)) uint64_t
find_all(find_function *find, const struct query *const *queries, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct answer answer = find(queries[i]);

        sum += answer.number + answer.umask + answer.mask;
    }
    return sum;
}

#define RIVAL(name)                                                                          \
    __attribute__((noinline)) static uint64_t run_##name(const struct query *const *queries, \
                                                         size_t count)                       \
    {                                                                                        \
        return find_all(find_##name, queries, count);                                        \
    }
RIVAL(nothing)
RIVAL(kpdb)
RIVAL(gperf_plain)
RIVAL(gperf_lengths)
RIVAL(gperf_pic)
RIVAL(gperf_pic_lengths)
RIVAL(gperf_one)
RIVAL(gperf_one_pic)
RIVAL(libplist)
RIVAL(libpfm4)
#undef RIVAL

static const struct rival {
    const char *name;
    uint64_t (*run)(const struct query *const *queries, size_t count);
    find_function *find;
    bool knows_mask;
} rivals[] = {
    {"nothing", run_nothing, find_nothing, false},
    {"libkpdb", run_kpdb, find_kpdb, true},
    {"gperf", run_gperf_plain, find_gperf_plain, true},
    {"gperf -l", run_gperf_lengths, find_gperf_lengths, true},
    {"gperf -P", run_gperf_pic, find_gperf_pic, true},
    {"gperf -l -P", run_gperf_pic_lengths, find_gperf_pic_lengths, true},
    {"gperf, one table", run_gperf_one, find_gperf_one, true},
    {"gperf -P, one table", run_gperf_one_pic, find_gperf_one_pic, true},
    {"libplist", run_libplist, find_libplist, false},
    {"libpfm4", run_libpfm4, find_libpfm4, false},
};

enum {
    RIVALS = sizeof rivals / sizeof rivals[0],
    LIBKPDB = 1,
    SLOW = RIVALS - 2,
    LIBPFM4 = RIVALS - 1
};

static bool can_answer(size_t rival, const struct query *query)
{
    return rival != LIBPFM4 || query->pfm_name != NULL;
}

/* ---- the queries ----------------------------------------------------------------------------- */

static struct file {
    char *path;
    plist_t events;
} files[FILES_MAX];

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    char *text = allocate(1u << 20, 1);

    if (file == NULL)
        fail("cannot be read", path);
    *length = fread(text, 1, 1u << 20, file);
    fclose(file);
    return text;
}

static plist_t parse(const char *path, const char *text, size_t length)
{
    plist_t root = NULL;

    plist_from_xml(text, (uint32_t)length, &root);
    if (root == NULL)
        fail("libplist refuses it", path);
    return root;
}

static plist_t events_of(const char *path)
{
    struct file *file = files;
    size_t length;
    char *text;

    while (file->path != NULL && strcmp(file->path, path) != 0)
        if (++file == files + FILES_MAX - 1)
            fail("too many plists", path);
    if (file->path != NULL)
        return file->events;
    file->path = strdup(path);
    text = read_file(path, &length);
    file->events = plist_access_path(parse(path, text, length), 3, "system", "cpu", "events");
    free(text);
    if (file->events == NULL)
        fail("has no events", path);
    return file->events;
}

static unsigned number(const char *text)
{
    return (unsigned)strtol(text, NULL, 0);
}

static enum kind kind_named(const char *text)
{
    return strcmp(text, "hit") == 0 ? HIT : strcmp(text, "misspelt") == 0 ? MISSPELT : FOREIGN;
}

/* One line of QUERIES: see queries() of databases.py. */
static struct query read_query(char *line)
{
    enum { CPU, ID, TABLE, PLIST, NAME, PFM, KIND, NUMBER, UMASK, MASK, FIXED, FIELDS };
    char *field[FIELDS];
    struct query query = {0};
    int cpu;

    for (int i = 0; i < FIELDS; i++)
        if ((field[i] = strtok(i == 0 ? line : NULL, "\t\n")) == NULL)
            fail("a line lacks fields", "queries");
    cpu = kpdb_cpu_find(field[ID], strlen(field[ID]));
    if (cpu < 0)
        fail("no such CPU in libkpdb", field[ID]);
    query.kind = kind_named(field[KIND]);
    query.cpu_name = strdup(field[CPU]);
    query.cpu = (unsigned)cpu;
    query.table = number(field[TABLE]);
    query.events = events_of(field[PLIST]);
    query.name = strdup(field[NAME]);
    query.length = strlen(query.name);
    query.pfm_name = strcmp(field[PFM], "-") == 0 ? NULL : strdup(field[PFM]);
    query.expected = (struct answer){query.kind == HIT, number(field[NUMBER]), number(field[UMASK]),
                                     number(field[MASK])};
    return query;
}

/* Whether libpfm4 has the event and means the same by it; if not, it is not asked for it. */
static void drop_foreign(struct query *hit, struct query *miss)
{
    struct answer answer = {0}, other = {0};

    if (hit->pfm_name != NULL) {
        answer = find_libpfm4(hit);
        other = find_libpfm4(miss);
    }
    if (answer.found && answer.number == hit->expected.number &&
        answer.umask == hit->expected.umask && !other.found)
        return;
    hit->pfm_name = miss->pfm_name = NULL;
}

struct queries {
    struct query *list;
    size_t count, capacity;
};

static void add_query(struct queries *queries, struct query query)
{
    if (queries->count == queries->capacity) {
        queries->capacity = 2 * queries->capacity + 1024;
        queries->list = realloc(queries->list, queries->capacity * sizeof *queries->list);
        if (queries->list == NULL)
            fail("out of memory", "queries");
    }
    queries->list[queries->count++] = query;
}

static void read_queries(const char *path, struct queries *queries)
{
    FILE *file = fopen(path, "r");
    char line[LINE_MAX_BYTES];

    if (file == NULL)
        fail("cannot be read", path);
    while (fgets(line, sizeof line, file) != NULL)
        add_query(queries, read_query(line));
    fclose(file);
    for (size_t i = 0; i + 1 < queries->count; i += 3)
        drop_foreign(&queries->list[i], &queries->list[i + 1]);
}

/* A name that the rivals do not know: what libkpdb answers is what the tests say it should. */
static void add_own(struct queries *queries, unsigned cpu, enum kind kind, const char *name)
{
    struct query query = {.kind = kind, .cpu = cpu, .name = name, .length = strlen(name)};

    query.expected = find_kpdb(&query);
    if (query.expected.found)
        add_query(queries, query);
}

static void add_own_names(struct queries *queries)
{
    struct kpdb_name name;
    uint16_t event;

    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        for (int id = -1; (id = kpdb_alias_next(cpu, id, &event)) >= 0;)
            add_own(queries, cpu, ALIAS, kpdb_event_name((unsigned)id));
        for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
            add_own(queries, cpu, CHIP_AGNOSTIC, name.name);
    }
}

static void check(const struct rival *rival, const struct query *query)
{
    struct answer answer = rival->find(query);
    const struct answer *expected = &query->expected;

    if (answer.found != expected->found || answer.number != expected->number ||
        answer.umask != expected->umask || (rival->knows_mask && answer.mask != expected->mask))
        fail(rival->name, query->name);
}

/* ---- the sets -------------------------------------------------------------------------------- */

/* Queries of one measurement: of one CPU or all. */
static const struct set {
    const char *name, *cpu; /* NULL: all */
    enum kind kind;
    enum { USUAL, OF_LIBPFM4, COLD } how; /* OF_LIBPFM4: those that it has too, and only there */
} sets[] = {
    {"all databases, hits", NULL, HIT, USUAL},
    {"all databases, hits, cold caches", NULL, HIT, COLD},
    {"all databases, misses: a letter is wrong", NULL, MISSPELT, USUAL},
    {"all databases, misses: another CPU's event", NULL, FOREIGN, USUAL},
    {"all databases, Apple's aliases", NULL, ALIAS, USUAL},
    {"all databases, chip-agnostic names", NULL, CHIP_AGNOSTIC, USUAL},
    {"M1 (a14), hits", "a14", HIT, USUAL},
    {"M4 (as4), hits", "as4", HIT, USUAL},
    {"Ice Lake, events that libpfm4 has too, hits", "icelake", HIT, OF_LIBPFM4},
};

enum { SETS = sizeof sets / sizeof sets[0] };

static uint64_t random_state = 1;

/* Seeded: the same order in every run. Knuth's MMIX generator. */
static size_t random_below(size_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % limit;
}

/* All queries of a set in rounds, each round in another order, until there are `least`. */
static size_t choose(const struct set *set, const struct query *queries, size_t count, size_t least,
                     const struct query ***chosen, size_t *of)
{
    const struct query **list;
    size_t size = 0, total = 0;

    *chosen = allocate(least + count, sizeof **chosen);
    do {
        list = *chosen + total;
        size = 0;
        for (size_t i = 0; i < count; i++)
            if (queries[i].kind == set->kind &&
                (set->cpu == NULL || strcmp(set->cpu, queries[i].cpu_name) == 0) &&
                (set->how != OF_LIBPFM4 || queries[i].pfm_name != NULL))
                list[size++] = &queries[i];
        for (size_t i = size; i > 1; i--) {
            size_t other = random_below(i);
            const struct query *query = list[i - 1];

            list[i - 1] = list[other];
            list[other] = query;
        }
        total += size;
    } while (total < least && size != 0);
    if (size == 0)
        fail("no names", set->name);
    *of = size;
    return total;
}

static bool takes_part(size_t rival, const struct set *set)
{
    if (set->kind == ALIAS || set->kind == CHIP_AGNOSTIC)
        return rival <= LIBKPDB;
    return set->how == COLD ? rival < SLOW : rival != LIBPFM4 || set->how == OF_LIBPFM4;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static volatile uint64_t result; /* so that no loop is optimised away */

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double time_run(const struct rival *rival, const struct query *const *queries, size_t count)
{
    double begin = now();

    result = rival->run(queries, count);
    return now() - begin;
}

/* What the program is, code and tables, out of all caches. */
static void flush_caches(void)
{
#ifdef __x86_64__
    extern const char __executable_start[], _end[];

    for (const char *at = __executable_start; at < _end; at += 64)
        __builtin_ia32_clflush(at);
    __builtin_ia32_mfence();
#endif
}

/* Of one lookup after the other, the mean. */
static double time_cold(const struct rival *rival, const struct query *const *queries, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        flush_caches();
        now(); /* its code, and the query, are not what is measured */
        result = run_nothing(&queries[i], 1) + (uint64_t)queries[i]->name[0];
        sum += time_run(rival, &queries[i], 1);
    }
    return sum;
}

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

/*
 * The rivals in turn, run after run, so that a disturbance does not fall on one alone; each run in
 * another order, which no branch predictor has seen before.
 */
static void time_set(const struct set *set, const struct query *queries, size_t count,
                     unsigned runs)
{
    double least[RIVALS];
    size_t size = 0;

    for (size_t r = 0; r < RIVALS; r++)
        least[r] = HUGE_VAL;
    for (unsigned run = 0; run < runs; run++) {
        const struct query **chosen;
        size_t total = choose(set, queries, count, LOOKUPS, &chosen, &size);

        for (size_t r = 0; r < RIVALS; r++) {
            bool cold = set->how == COLD;
            size_t lookups = cold       ? COLD_LOOKUPS
                             : r < SLOW ? total
                                        : size * (1 + SLOW_LOOKUPS / size);

            if (takes_part(r, set))
                least[r] =
                    lesser(least[r], (cold ? time_cold : time_run)(&rivals[r], chosen, lookups) /
                                         (double)lookups);
        }
        free(chosen);
    }
    for (size_t r = 0; r < RIVALS; r++)
        if (takes_part(r, set))
            printf("%s\t%s\t%zu\t%.3f\n", set->name, rivals[r].name, size, least[r]);
}

/* Each name once; everything has run before, so that no symbol is bound while it counts. */
static void count_set(const struct set *set, const struct query *queries, size_t count)
{
    const struct query **chosen;
    size_t size;

    choose(set, queries, count, 1, &chosen, &size);
    for (size_t r = 0; r < RIVALS; r++) {
        char label[96];

        if (!takes_part(r, set))
            continue;
        snprintf(label, sizeof label, "%s\t%s\t%zu", set->name, rivals[r].name, size);
        CALLGRIND_ZERO_STATS;
        CALLGRIND_TOGGLE_COLLECT;
        result = rivals[r].run(chosen, size);
        CALLGRIND_TOGGLE_COLLECT;
        CALLGRIND_DUMP_STATS_AT(label);
    }
    free(chosen);
}

int main(int argc, char **argv)
{
    struct queries queries = {0};
    unsigned runs;

    if (argc < 3) {
        fputs("usage: lookup QUERIES time RUNS|count\n", stderr);
        return 2;
    }
    runs = argc > 3 ? number(argv[3]) : 0;
    setenv("LIBPFM_ENCODE_INACTIVE", "1", 1); /* PMUs that this machine has not, too */
    if (pfm_initialize() != PFM_SUCCESS)
        fail("cannot be initialised", "libpfm4");
    read_queries(argv[1], &queries);
    for (size_t r = LIBKPDB; r < RIVALS; r++)
        for (size_t i = 0; i < queries.count; i++)
            if (can_answer(r, &queries.list[i]))
                check(&rivals[r], &queries.list[i]);
    add_own_names(&queries);
    for (size_t s = 0; s < SETS; s++)
        if (runs != 0)
            time_set(&sets[s], queries.list, queries.count, runs);
        else if (sets[s].how != COLD)
            count_set(&sets[s], queries.list, queries.count);
    return 0;
}
