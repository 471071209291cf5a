/*
 * The live database through kperfdata's functions alone: an event added to a fresh
 * forced configuration tells its word and lowest counter, and added again and
 * again it tells its mask (kperfdata.md 3.3). No struct is looked into.
 */
#include "live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 8192, TEXT_SIZE = 1024 };

/* ---- learning -------------------------------------------------------------------------------- */

int kplive_database(const struct kplive *sampler, struct kpep_db **db, struct kplive_error *error)
{
    int code;

    *db = NULL;
    code = sampler->frameworks.kpep_db_create(NULL, db);
    if (code == 0 && *db != NULL)
        return KPLIVE_OK;
    *db = NULL; /* of a failure it is nothing to free */
    return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_create", code, NULL,
                       "kperfdata has no database for %s", sampler->cpu_name);
}

/*
 * kperfdata hands out a pointer and no length. Where a text without an end stops
 * being readable nobody can know: the best that can be done is to read no further
 * than the longest text that is expected.
 */
bool kplive_copy_text(const char *from, char *to, size_t size)
{
    size_t length = 0;

    while (from != NULL && length < size && from[length] != '\0')
        length++;
    if (length != 0)
        memcpy(to, from, length < size ? length : size - 1);
    to[length < size ? length : size - 1] = '\0';
    return length != 0 && length < size;
}

/* Adds an event as often as it goes, or once: how often; 0 and *code. */
static unsigned add_again(const struct kplive_frameworks *f, struct kpep_config *config,
                          struct kpep_event *event, bool user_only, int *code)
{
    unsigned most = user_only ? 1 : KPDB_COUNTERS_MAX, added = 0;

    for (; added < most; added++) {
        struct kpep_event *again = event; /* it may be replaced by its fallback */
        uint32_t conflict = 0;
        int result = f->kpep_config_add_event(config, &again, user_only, &conflict);

        if (result != 0) {
            *code = added > 0 ? 0 : result;
            break;
        }
    }
    return added;
}

/*
 * An event in a configuration of its own: how often it went in, with the words;
 * words->code is of the event, *code of what is needed to ask at all.
 */
static unsigned ask_alone(const struct kplive_live *live, struct kpep_event *event, bool user_only,
                          struct kplive_framework_words *words, int *code)
{
    const struct kplive_frameworks *f = live->frameworks;
    struct kpep_config *config = NULL;
    unsigned added = 0;

    memset(words, 0, sizeof *words);
    *code = f->kpep_config_create(live->db, &config);
    if (*code != 0 || config == NULL) {
        *code = *code != 0 ? *code : 2;
        return 0;
    }
    *code = f->kpep_config_force_counters(config);
    if (*code == 0) {
        added = add_again(f, config, event, user_only, &words->code);
        if (words->code == 0)
            words->code = kplive_take_words(f, config, added, words);
    }
    f->kpep_config_free(config);
    return words->code == 0 ? added : 0;
}

static int learn_event(const struct kplive_live *live, struct kpep_event *handle,
                       struct kplive_live_event *event)
{
    struct kplive_framework_words words;
    int code;
    unsigned added = ask_alone(live, handle, false, &words, &code);
    size_t first = (words.classes & KPDB_CLASS_FIXED) != 0 ? 0 : live->config_first;

    event->code = words.code;
    event->fixed = added > 0 && (words.classes & KPDB_CLASS_FIXED) != 0;
    for (unsigned i = 0; i < added; i++) {
        if (words.map[i] + first < KPDB_COUNTERS_MAX)
            event->counters |= (uint32_t)1 << (words.map[i] + first);
        if (!event->fixed && words.map[i] < words.config_count)
            event->words[0] = words.config[words.map[i]];
    }
    if (code != 0 || added == 0 || event->fixed)
        return code;
    event->user_only =
        ask_alone(live, handle, true, &words, &code) == 1 && words.map[0] < words.config_count;
    if (event->user_only)
        event->words[1] = words.config[words.map[0]];
    return code;
}

/* The list of events, and how many counters come before the configurable ones. */
static int learn_list(struct kplive_live *live, struct kplive_error *error)
{
    const struct kplive_frameworks *f = live->frameworks;
    size_t count = 0;
    int code = f->kpep_db_events_count(live->db, &count);

    if (code != 0 || count == 0 || count > EVENTS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_events_count", code, NULL,
                           "%zu events (expected 1 to %d)", count, EVENTS_MAX);
    live->handles = calloc(count, sizeof *live->handles);
    live->events = calloc(count, sizeof *live->events);
    if (live->handles == NULL || live->events == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    code = f->kpep_db_events(live->db, live->handles, count * sizeof *live->handles);
    if (code != 0)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_events", code, NULL, NULL);
    code = f->kpep_db_counters_count(live->db, KPDB_CLASS_FIXED, &live->config_first);
    if (code != 0 || live->config_first > KPDB_COUNTERS_MAX)
        return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_counters_count", code, NULL, NULL);
    live->count = (unsigned)count;
    return KPLIVE_OK;
}

int kplive_learn(const struct kplive *sampler, struct kplive_live *live, struct kplive_error *error)
{
    static const char *const needed[] = {"kpep_db_create",
                                         "kpep_db_free",
                                         "kpep_db_events_count",
                                         "kpep_db_events",
                                         "kpep_db_counters_count",
                                         "kpep_event_name",
                                         "kpep_config_create",
                                         "kpep_config_free",
                                         "kpep_config_force_counters",
                                         "kpep_config_add_event",
                                         "kpep_config_kpc_classes",
                                         "kpep_config_kpc_count",
                                         "kpep_config_kpc",
                                         "kpep_config_kpc_map",
                                         NULL};
    const struct kplive_frameworks *f = live->frameworks = &sampler->frameworks;
    int status = kplive_need(f, error, needed);

    if (status == KPLIVE_OK)
        status = kplive_database(sampler, &live->db, error);
    if (status == KPLIVE_OK)
        status = learn_list(live, error);
    for (unsigned i = 0; i < live->count && status == KPLIVE_OK; i++) {
        struct kplive_live_event *event = &live->events[i];
        const char *name = NULL;
        int code = live->handles[i] == NULL ? 1 : f->kpep_event_name(live->handles[i], &name);

        if (code != 0)
            return kplive_fail(error, KPLIVE_SYSTEM, "kpep_event_name", code, NULL,
                               "event %u of the live database", i);
        event->named = kplive_copy_text(name, event->name, sizeof event->name);
        code = learn_event(live, live->handles[i], event);
        if (code != 0)
            status = kplive_fail(error, KPLIVE_SYSTEM, "kpep_config_create", code, event->name,
                                 "kperfdata makes no configuration to ask it with");
    }
    return status;
}

void kplive_forget(struct kplive_live *live)
{
    if (live->db != NULL)
        live->frameworks->kpep_db_free(live->db);
    free(live->handles);
    free(live->events);
    memset(live, 0, sizeof *live);
}

/* ---- telling --------------------------------------------------------------------------------- */

/* A text of an event, or "": a newer function may be missing, an event may have none. */
static const char *text_of(int (*function)(struct kpep_event *, const char **),
                           struct kpep_event *event, char *text, size_t size)
{
    const char *given = NULL;

    if (function == NULL || function(event, &given) != 0)
        given = NULL;
    (void)kplive_copy_text(given, text, size);
    return text;
}

static struct kplive_event event_of(const struct kplive_live_event *live, bool intel)
{
    return (struct kplive_event){
        .name = live->name,
        .code = live->code,
        .word = live->words[0],
        .number = (uint32_t)(live->words[0] & (intel ? 0xff : 0xffff)),
        .umask = intel ? (uint32_t)(live->words[0] >> 8 & 0xff) : 0,
        .counters = live->counters,
        .fixed = live->fixed,
    };
}

int kplive_events(const struct kplive *sampler,
                  void (*tell)(void *user, const struct kplive_event *event), void *user,
                  struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    char alias[KPLIVE_NAME_SIZE], description[TEXT_SIZE], errata[TEXT_SIZE];
    struct kplive_live live = {0};
    int status = kplive_learn(sampler, &live, error);

    for (unsigned i = 0; i < live.count && status == KPLIVE_OK; i++) {
        struct kplive_event event = event_of(&live.events[i], sampler->intel);
        struct kpep_event *handle = live.handles[i];

        event.alias = text_of(f->kpep_event_alias, handle, alias, sizeof alias);
        event.description =
            text_of(f->kpep_event_description, handle, description, sizeof description);
        event.errata = text_of(f->kpep_event_errata, handle, errata, sizeof errata);
        tell(user, &event);
    }
    kplive_forget(&live);
    return status;
}
