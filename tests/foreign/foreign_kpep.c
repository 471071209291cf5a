/*
 * kperfdata over the events of foreign_events.c. Every event is where no stride finds it, every
 * database has texts of its own, and what can be NULL is.
 */
#include "foreign_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Codes, as far as they are given here. */
enum {
    INVALID = 1,
    MEMORY = 2,
    SMALL = 4,
    NO_DATABASE = 7,
    NO_EVENT = 11,
    CONFLICT = 12,
    NOT_FORCED = 13,
    SEE_ERRNO = 15,
    NO_COUNTER = 16,
};
enum { FIXED_COUNT = 2, CONFIG_COUNT = 8, POWER_COUNT = 3, COUNTERS = FIXED_COUNT + CONFIG_COUNT };
#define FIXED_MASK 0x3u
#define POWER_MASK 0xe0u

/* ---- database -------------------------------------------------------------------------------- */

struct kpep_event {
    char padding[16]; /* a name at offset 0 would be found by who looks into Apple's struct */
    char *name, *alias, *description, *errata;
    uint32_t mask, number;
    bool fixed;
};

struct kpep_db {
    struct kpep_event *events[EVENTS]; /* in the order of the list */
    char *arena;
};

static int done(int code)
{
    end();
    return code;
}

static int code_of(int error)
{
    if (error != 0)
        errno = error;
    return error == 0 ? 0 : SEE_ERRNO;
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

/* 72 to 200 bytes from one to the next, and no rule in it; every third is elsewhere altogether. */
static struct kpep_event *placed(struct kpep_db *db, unsigned n, size_t *at)
{
    if (n % 3 == 2)
        return calloc(1, sizeof(struct kpep_event));
    struct kpep_event *event = (struct kpep_event *)(void *)(db->arena + *at);
    *at += 72 + 8 * (n * 7 % 17);
    return event;
}

static void fill(struct kpep_event *event, unsigned n)
{
    struct foreign_event from;
    foreign_event(n, &from);
    event->name = copy(from.name);
    event->alias = copy(from.alias);
    event->description = copy(from.description);
    event->errata = copy(from.errata);
    event->mask = from.mask;
    event->number = from.number;
    event->fixed = from.fixed;
}

static struct kpep_db *made_db(void)
{
    struct kpep_db *db = calloc(1, sizeof *db);
    size_t at = 0;
    if (db == NULL || (db->arena = calloc(EVENTS, 200)) == NULL) {
        free(db);
        return NULL;
    }
    for (unsigned n = 0; n < EVENTS; n++) {
        db->events[n] = placed(db, n, &at);
        if (db->events[n] == NULL)
            abort();
        fill(db->events[n], n);
    }
    return db;
}

EXPORT int kpep_db_create(const char *name, struct kpep_db **db)
{
    int code = code_of(begin(__func__));
    bool known =
        name == NULL || strcmp(name, "a14") == 0 || strcmp(name, "cpu_100000c_2_1b588bb3") == 0;
    if (code == 0 && db == NULL)
        code = INVALID;
    if (code == 0 && !known)
        code = NO_DATABASE;
    if (code == 0 && (*db = made_db()) == NULL)
        code = MEMORY;
    return done(code);
}

EXPORT void kpep_db_free(struct kpep_db *db)
{
    begin(__func__);
    for (unsigned n = 0; db != NULL && n < EVENTS; n++) {
        free(db->events[n]->name);
        free(db->events[n]->alias);
        free(db->events[n]->description);
        free(db->events[n]->errata);
        if (n % 3 == 2)
            free(db->events[n]);
    }
    if (db != NULL)
        free(db->arena);
    free(db);
    end();
}

EXPORT int kpep_db_name(struct kpep_db *db, const char **name)
{
    (void)db;
    int code = code_of(begin(__func__));
    if (code == 0)
        *name = FACTS_NAME;
    return done(code);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t aliases(struct kpep_db *db, const char **names)
{
    size_t count = 0;
    for (unsigned n = 0; n < EVENTS; n++) {
        const char *alias = db->events[n]->alias;
        if (alias != NULL && alias[0] != '\0')
            names[count++] = alias;
    }
    qsort(names, count, sizeof *names, by_text);
    return count;
}

EXPORT int kpep_db_aliases_count(struct kpep_db *db, size_t *count)
{
    const char *names[EVENTS];
    int code = code_of(begin(__func__));
    if (code == 0)
        *count = aliases(db, names);
    return done(code);
}

EXPORT int kpep_db_aliases(struct kpep_db *db, const char **names, size_t size)
{
    const char *all[EVENTS];
    int code = code_of(begin(__func__));
    size_t bytes = aliases(db, all) * sizeof *names;
    if (code == 0 && size < bytes)
        code = SMALL;
    if (code == 0)
        memcpy(names, all, bytes);
    return done(code);
}

static size_t counters_of(uint32_t classes)
{
    size_t count = classes & 1 ? FIXED_COUNT : 0;
    if (classes & 2)
        count += classes & 4 ? CONFIG_COUNT - POWER_COUNT : CONFIG_COUNT;
    else if (classes & 4)
        count += POWER_COUNT;
    return count;
}

EXPORT int kpep_db_counters_count(struct kpep_db *db, uint8_t classes, size_t *count)
{
    (void)db;
    int code = code_of(begin(__func__));
    if (code == 0)
        *count = counters_of(classes);
    return done(code);
}

EXPORT int kpep_db_events_count(struct kpep_db *db, size_t *count)
{
    (void)db;
    int code = code_of(begin(__func__));
    if (code == 0)
        *count = EVENTS;
    return done(code);
}

/* In no order at all: 37 has no divisor in common with the number of events. */
EXPORT int kpep_db_events(struct kpep_db *db, struct kpep_event **events, size_t size)
{
    _Static_assert(EVENTS % 37 != 0, "every event once");
    int code = code_of(begin(__func__));
    if (code == 0 && size < EVENTS * sizeof *events)
        code = SMALL;
    for (unsigned n = 0; code == 0 && n < EVENTS; n++)
        events[n] = db->events[(n * 37 + 11) % EVENTS];
    return done(code);
}

EXPORT int kpep_db_event(struct kpep_db *db, const char *name, struct kpep_event **event)
{
    int code = code_of(begin(__func__));
    if (code != 0)
        return done(code);
    code = NO_EVENT;
    for (unsigned n = 0; code != 0 && n < 2 * EVENTS; n++) {
        struct kpep_event *at = db->events[n % EVENTS];
        const char *text = n < EVENTS ? at->alias : at->name;
        if (text == NULL || text[0] == '\0' || strcmp(text, name) != 0)
            continue;
        *event = at;
        code = 0;
    }
    return done(code);
}

static int tell(const char *function, const char *text, const char **out)
{
    int code = code_of(begin(function));
    if (code == 0)
        *out = text;
    return done(code);
}

EXPORT int kpep_event_name(struct kpep_event *event, const char **name)
{
    return tell(__func__, event->name, name);
}

EXPORT int kpep_event_alias(struct kpep_event *event, const char **alias)
{
    return tell(__func__, event->alias, alias);
}

EXPORT int kpep_event_description(struct kpep_event *event, const char **description)
{
    return tell(__func__, event->description, description);
}

EXPORT int kpep_event_errata(struct kpep_event *event, const char **errata)
{
    return tell(__func__, event->errata, errata);
}

EXPORT const char *kpep_strerror(int code)
{
    static _Thread_local char text[32];
    bool fails = begin(__func__) != 0;
    snprintf(text, sizeof text, "foreign code %d", code);
    end();
    return fails ? NULL : text;
}

/* ---- configuration --------------------------------------------------------------------------- */

struct kpep_config {
    struct kpep_db *db;
    unsigned count;
    struct kpep_event *events[COUNTERS];
    unsigned counters[COUNTERS];
    uint32_t flags[COUNTERS];
    uint32_t used, classes;
    bool forced;
};

EXPORT int kpep_config_create(struct kpep_db *db, struct kpep_config **config)
{
    int code = code_of(begin(__func__));
    if (code == 0 && (db == NULL || config == NULL))
        code = INVALID;
    if (code == 0 && (*config = calloc(1, sizeof **config)) == NULL)
        code = MEMORY;
    if (code == 0)
        (*config)->db = db;
    return done(code);
}

EXPORT void kpep_config_free(struct kpep_config *config)
{
    begin(__func__);
    free(config);
    end();
}

EXPORT int kpep_config_force_counters(struct kpep_config *config)
{
    int code = code_of(begin(__func__));
    if (code == 0 && config->forced)
        code = INVALID;
    if (code == 0) {
        config->forced = true;
        config->classes &= ~4u;
    }
    return done(code);
}

static uint32_t in_the_way(const struct kpep_config *config, uint32_t mask)
{
    uint32_t events = 0;
    for (unsigned n = 0; n < config->count; n++)
        if (mask >> config->counters[n] & 1)
            events |= 1u << n;
    return events;
}

static int put(struct kpep_config *config, struct kpep_event *event, uint32_t flag, uint32_t mask)
{
    unsigned counter = 0;
    while (!(mask >> counter & 1))
        counter++;
    config->events[config->count] = event;
    config->counters[config->count] = counter;
    config->flags[config->count++] = flag;
    config->used |= 1u << counter;
    return 0;
}

static int add_fixed(struct kpep_config *config, struct kpep_event *event, uint32_t flag,
                     uint32_t *conflict)
{
    if (config->used & event->mask) {
        *conflict = in_the_way(config, event->mask);
        return CONFLICT;
    }
    if (!config->forced)
        return NOT_FORCED;
    config->classes |= 1;
    return put(config, event, flag, event->mask);
}

/* Nothing that is placed ever moves. */
static int add_configurable(struct kpep_config *config, struct kpep_event *event, uint32_t flag,
                            uint32_t *conflict)
{
    if (!config->forced && (event->mask & ~POWER_MASK) == 0)
        return NOT_FORCED;
    if (event->mask == 0 || (!(config->classes & 1) && (event->mask & FIXED_MASK)))
        return NO_COUNTER;
    unsigned limit = config->forced ? COUNTERS : COUNTERS - POWER_COUNT;
    uint32_t possible = event->mask & ((1u << limit) - 1), free_ones = possible & ~config->used;
    if (free_ones == 0) {
        *conflict = in_the_way(config, possible);
        return !config->forced && (event->mask & POWER_MASK) ? NOT_FORCED : CONFLICT;
    }
    if (config->classes == 0 && !config->forced)
        config->classes |= 4;
    config->classes |= 2;
    return put(config, event, flag, free_ones);
}

EXPORT int kpep_config_add_event(struct kpep_config *config, struct kpep_event **event,
                                 uint32_t flag, uint32_t *conflict)
{
    uint32_t unused;
    int code = code_of(begin(__func__));
    if (conflict == NULL)
        conflict = &unused;
    if (code == 0 && (config == NULL || event == NULL || *event == NULL))
        code = INVALID;
    if (code == 0)
        code = ((*event)->fixed ? add_fixed : add_configurable)(config, *event, flag, conflict);
    return done(code);
}

static void classes_of_what_is_left(struct kpep_config *config)
{
    config->classes = 0;
    for (unsigned n = 0; n < config->count; n++)
        config->classes |= config->events[n]->fixed ? 1 : config->forced ? 2 : 6;
}

EXPORT int kpep_config_remove_event(struct kpep_config *config, size_t index)
{
    int code = code_of(begin(__func__));
    if (code == 0 && index >= config->count)
        code = INVALID;
    if (code != 0)
        return done(code);
    config->used &= ~(1u << config->counters[index]);
    config->count--;
    for (size_t n = index; n < config->count; n++) {
        config->events[n] = config->events[n + 1];
        config->counters[n] = config->counters[n + 1];
        config->flags[n] = config->flags[n + 1];
    }
    classes_of_what_is_left(config);
    return done(0);
}

EXPORT int kpep_config_events_count(struct kpep_config *config, size_t *count)
{
    int code = code_of(begin(__func__));
    if (code == 0)
        *count = config->count;
    return done(code);
}

EXPORT int kpep_config_events(struct kpep_config *config, struct kpep_event **events, size_t size)
{
    int code = code_of(begin(__func__));
    if (code == 0 && size < config->count * sizeof *events)
        code = SMALL;
    if (code == 0)
        memcpy(events, config->events, config->count * sizeof *events);
    return done(code);
}

static size_t words(const struct kpep_config *config)
{
    return counters_of(config->classes & ~1u);
}

EXPORT int kpep_config_kpc(struct kpep_config *config, uint64_t *buffer, size_t size)
{
    int code = code_of(begin(__func__));
    uint64_t user_only = machine_found()->macos_26 ? 0x20000 : 0x30000;
    if (code == 0 && size < words(config) * sizeof *buffer)
        code = SMALL;
    if (code == 0)
        memset(buffer, 0, words(config) * sizeof *buffer);
    for (unsigned n = 0; code == 0 && n < config->count; n++)
        if (!config->events[n]->fixed)
            buffer[config->counters[n] - FIXED_COUNT] =
                config->events[n]->number | (config->flags[n] != 0 ? user_only : 0);
    return done(code);
}

EXPORT int kpep_config_kpc_count(struct kpep_config *config, size_t *count)
{
    int code = code_of(begin(__func__));
    if (code == 0)
        *count = words(config);
    return done(code);
}

EXPORT int kpep_config_kpc_classes(struct kpep_config *config, uint32_t *classes)
{
    int code = code_of(begin(__func__));
    if (code == 0)
        *classes = config->classes & ~4u;
    return done(code);
}

EXPORT int kpep_config_kpc_map(struct kpep_config *config, size_t *map, size_t size)
{
    int code = code_of(begin(__func__));
    if (code == 0 && size < config->count * sizeof *map)
        code = SMALL;
    for (unsigned n = 0; code == 0 && n < config->count; n++)
        map[n] = config->counters[n] - (config->classes & 1 ? 0 : FIXED_COUNT);
    return done(code);
}
