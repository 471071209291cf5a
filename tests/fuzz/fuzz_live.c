/*
 * libkplive over a framework that lies (liar.h). An input: the CPU, where words come from, letters
 * of what is done until the end of the line, and then the framework's answers.
 */
#include "fuzz.h"
#include "kplive.h"
#include "liar.h"

#include <string.h>

enum { SAMPLERS = 2, NAMES = 12, OPERATIONS_MAX = 64, CANARY = 0x5ca1ab1e };

struct session {
    struct kplive *samplers[SAMPLERS], *sampler;
    bool started[SAMPLERS];
    unsigned at; /* which of them */
    enum kplive_words words;
    const char *names[NAMES]; /* of this CPU's events */
    struct liar_truth truth;
};

/* ---- what must hold ------------------------------------------------------------------------ */

static bool ok(int status, const struct kplive_error *error)
{
    MUST(status <= KPLIVE_OK && status >= KPLIVE_CPU_OFF);
    MUST(strlen(kplive_strerror(status)) > 0);
    if (status == KPLIVE_OK)
        return true;
    MUST((int)error->status == status && error->call != NULL);
    MUST(memchr(error->event, '\0', sizeof error->event) != NULL);
    MUST(memchr(error->hint, '\0', sizeof error->hint) != NULL);
    return false;
}

/* Room for so many values, with one behind them that nobody writes. */
static uint64_t *room(size_t count)
{
    uint64_t *values = calloc(count + 1, sizeof *values);

    MUST(values != NULL);
    values[count] = CANARY;
    return values;
}

static void give_up_room(uint64_t *values, size_t count)
{
    MUST(values[count] == CANARY);
    free(values);
}

static void check_programmed(const struct session *session, unsigned count)
{
    const struct kpdb_encoding *encoding = kplive_encoding(session->sampler);

    MUST(encoding != NULL && encoding->event_count == count);
    MUST(encoding->config_count <= KPDB_COUNTERS_MAX && encoding->slots <= KPDB_COUNTERS_MAX);
    for (unsigned i = 0; i < count; i++)
        MUST(encoding->events[i].slot < KPDB_COUNTERS_MAX);
}

/* ---- what is done --------------------------------------------------------------------------- */

static void open_sampler(struct session *session)
{
    struct kplive_options options = {
        .kperf = "libliar.so", .kperfdata = "libliar.so", .words = session->words};
    struct kplive_error error;

    if (session->sampler == NULL &&
        ok(kplive_open(&options, &session->samplers[session->at], &error), &error)) {
        session->sampler = session->samplers[session->at];
        MUST(strlen(kplive_cpu_name(session->sampler)) > 0);
        MUST(strlen(kplive_macos(session->sampler)) < 24);
    }
}

static void program(struct session *session, const char *const *names, unsigned count)
{
    struct kpdb_request events[KPDB_EVENTS_MAX + 1];
    struct kplive_error error;

    for (unsigned i = 0; i < count; i++)
        events[i] = (struct kpdb_request){names[i % NAMES], strlen(names[i % NAMES]), i % 2 != 0};
    if (ok(kplive_program(session->sampler, events, count, &error), &error))
        check_programmed(session, count);
    else
        MUST(error.status == KPLIVE_STATE || kplive_encoding(session->sampler) == NULL);
}

static void program_common(struct session *session)
{
    static const char *const names[NAMES] = {"cycles", "instructions", "branches", "branch-misses"};

    program(session, names, 4);
}

static void program_oddly(struct session *session)
{
    static const char
        with_nul
            [] = "cycles\0and",
    long_name[] =
        "A_NAME_THAT_IS_LONGER_THAN_ANY_EVENT_HAS_AND_THAN_WHAT_IS_HANDED_TO_KPERFDATA_WHICH_IS_96";
    const struct kpdb_request odd[] = {{with_nul, sizeof with_nul - 1, false},
                                       {long_name, sizeof long_name - 1, false},
                                       {"", 0, true}};
    struct kplive_error error;

    program(session, session->names, 0);
    program(session, session->names, KPDB_EVENTS_MAX + 1);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        (void)ok(kplive_program(session->sampler, &odd[i], 1, &error), &error);
}

static void start(struct session *session)
{
    struct kplive_error error;

    if (ok(kplive_start(session->sampler, &error), &error))
        session->started[session->at] = true;
}

static void stop(struct session *session)
{
    struct kplive_error error;

    (void)ok(kplive_stop(session->sampler, &error), &error);
    session->started[session->at] = false;
}

static void read_counts(struct session *session)
{
    const struct kpdb_encoding *encoding = kplive_encoding(session->sampler);
    size_t count = encoding == NULL ? 0 : encoding->event_count;
    size_t cpus = count * kplive_cpus(session->sampler);
    uint64_t *own = room(count), *one = room(count), *all = room(cpus);
    struct kplive_error error;
    double result;
    int cpu;

    if (session->started[session->at])
        (void)kplive_read(session->sampler, own);
    (void)ok(kplive_ready(session->sampler, &error), &error);
    (void)ok(kplive_read_cpu(session->sampler, &cpu, one, &error), &error);
    (void)ok(kplive_read_cpus(session->sampler, all, &error), &error);
    for (unsigned m = 0; m <= kpdb_metric_count(); m++)
        MUST(kplive_metric(session->sampler, m, m % 3 == 0 ? 'P' : '\0', own, &result) <=
             KPLIVE_OK);
    give_up_room(own, count);
    give_up_room(one, count);
    give_up_room(all, cpus);
}

static void tell(void *user, const struct kplive_drift *drift)
{
    unsigned *told = user;

    MUST(drift->field != NULL);
    MUST(memchr(drift->table, '\0', sizeof drift->table) != NULL);
    MUST(memchr(drift->live, '\0', sizeof drift->live) != NULL);
    ++*told;
}

static void compare(struct session *session)
{
    struct kplive_check check;
    struct kplive_error error;
    unsigned told = 0;

    if (!ok(kplive_compare(session->sampler, 3, 1, tell, &told, &check, &error), &error))
        return;
    MUST(told == check.drifts && check.release >= 0);
    MUST(check.release < (int)kpdb_release_count());
}

static void tell_event(void *user, const struct kplive_event *event)
{
    unsigned *told = user;

    MUST(strlen(event->name) < 128 && strlen(event->alias) < 128);
    MUST(strlen(event->description) < 1024 && strlen(event->errata) < 1024);
    MUST(event->code == 0 || (event->word == 0 && event->counters == 0 && !event->fixed));
    MUST(!event->fixed || (event->word == 0 && event->number == 0 && event->umask == 0));
    ++*told;
}

static void list_events(struct session *session)
{
    struct kplive_error error;
    unsigned told = 0;

    if (ok(kplive_events(session->sampler, tell_event, &told, &error), &error))
        MUST(told > 0);
    else
        MUST(told == 0);
}

static void change_sampler(struct session *session)
{
    session->at = (session->at + 1) % SAMPLERS;
    session->sampler = session->samplers[session->at];
    open_sampler(session);
}

static void stop_all(struct session *session)
{
    kplive_stop_all();
    memset(session->started, 0, sizeof session->started);
}

static void operate(struct session *session, char operation)
{
    if (operation == 'x')
        change_sampler(session);
    else if (operation == 'z')
        stop_all(session);
    else if (session->sampler == NULL)
        open_sampler(session);
    else if (operation == 'p')
        program_common(session);
    else if (operation >= '1' && operation <= '8')
        program(session, session->names, (unsigned)(operation - '0'));
    else if (operation == 'o')
        program_oddly(session);
    else if (operation == 's')
        start(session);
    else if (operation == 'r')
        read_counts(session);
    else if (operation == 't')
        stop(session);
    else if (operation == 'k')
        compare(session);
    else if (operation == 'e')
        list_events(session);
}

/* ---- an input ------------------------------------------------------------------------------- */

static void tell_truth(struct session *session, unsigned cpu)
{
    struct kpdb_event event = {0};
    struct kpdb_cpu_id id = {0};
    struct kpdb_cpu info;
    int last = -1;

    MUST(kpdb_cpu(cpu, &info) == KPDB_OK && info.events >= NAMES);
    (void)kpdb_cpu_id(cpu, 0, &id);
    for (unsigned i = 0; i < NAMES; i++, last = event.id) {
        MUST(kpdb_next(cpu, last, &event) == KPDB_OK);
        session->names[i] = kpdb_event_name(event.id);
    }
    session->truth = (struct liar_truth){id.type,
                                         id.subtype,
                                         id.family,
                                         (unsigned)__builtin_popcount(info.fixed_counters),
                                         (unsigned)__builtin_popcount(info.config_counters),
                                         session->names,
                                         NAMES};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session session = {0};
    size_t at = 2;

    if (size < 3)
        return 0;
    tell_truth(&session, data[0] % kpdb_cpu_count());
    session.words = (enum kplive_words)(data[1] % 3);
    while (at < size && at < OPERATIONS_MAX && data[at] != '\n')
        at++;
    liar_begin(&session.truth, data + at, size - at);
    open_sampler(&session);
    for (size_t i = 2; i < at; i++)
        operate(&session, (char)data[i]);
    for (unsigned i = 0; i < SAMPLERS; i++)
        kplive_close(session.samplers[i]);
    liar_end();
    return 0;
}
