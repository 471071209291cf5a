/*
 * The live database through kperfdata's functions alone: an event added to a fresh
 * forced configuration tells its word and lowest counter, and added again and
 * again it tells its mask (kperfdata.md 3.3). No struct is looked into.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 8192, TEXT_SIZE = 1024 };

/* ---- learning -------------------------------------------------------------------------------- */

/* Adds an event as often as it fits, of user mode once; returns how often, or 0 with *code. */
static unsigned add_repeatedly(const struct kplive_frameworks *f, struct kpep_config *config,
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
 * Adds an event to a configuration of its own; returns how often it fits, with the words.
 * words->code says why the event cannot be counted, *code why it could not even be asked.
 */
static unsigned ask_event_alone(const struct kplive_live *live, struct kpep_event *event,
                                bool user_only, struct kplive_framework_words *words, int *code)
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
        added = add_repeatedly(f, config, event, user_only, &words->code);
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
    unsigned added = ask_event_alone(live, handle, false, &words, &code);
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
    event->user_only = ask_event_alone(live, handle, true, &words, &code) == 1 &&
                       words.map[0] < words.config_count;
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
    static const char *const needed[] = {"kpep_db_events_count", "kpep_db_events",
                                         "kpep_db_counters_count", "kpep_event_name", NULL};
    const struct kplive_frameworks *f = live->frameworks = &sampler->frameworks;
    int status = kplive_need_kperfdata(f, error);

    if (status == KPLIVE_OK)
        status = kplive_need(f, error, needed);
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

static struct kplive_event event_of(const struct kplive *sampler,
                                    const struct kplive_live_event *live)
{
    return (struct kplive_event){
        .name = live->name,
        .code = live->code,
        .word = live->words[0],
        .number = kplive_selector(sampler, live->words[0]),
        .umask = kplive_unit_mask(sampler, live->words[0]),
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
        struct kplive_event event = event_of(sampler, &live.events[i]);
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
