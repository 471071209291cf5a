/*
 * What the operands of kpep's commands could become: the functions that their rows name, which
 * offer names of events from the tables or the live kperfdata to common/complete.c.
 */
#include "live.h"

#include "common/complete.h"

#include <string.h>

/* CPUs, and the release they are asked for: -1 is the newest of each. */
struct choice {
    unsigned first, end;
    int release;
};

static int release_of(const struct choice *choice, unsigned cpu)
{
    return choice->release < 0 ? kpdb_cpu_newest(cpu) : choice->release;
}

/* Whether one of the CPUs has it by this spelling: an event that was renamed has another too. */
static bool have_event(const struct choice *choice, unsigned id)
{
    struct kpdb_event event;

    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (kpdb_on_in(cpu, release_of(choice, cpu), id, &event) == KPDB_OK &&
            (event.id == id || kpdb_renamed(id) == NULL))
            return true;
    return false;
}

static bool have_name(const struct choice *choice, unsigned name)
{
    struct kpdb_event event;

    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (kpdb_name_on(cpu, release_of(choice, cpu), name, &event) == KPDB_OK)
            return true;
    return false;
}

static void offer_names(const struct completion *completion, const struct choice *choice)
{
    struct kpdb_name name;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        if (have_name(choice, n))
            completion_offer(completion, name.name);
}

static void offer_metrics(const struct completion *completion)
{
    struct kpdb_metric metric;

    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++)
        completion_offer(completion, metric.name);
}

/* Every name of an event of the CPUs. */
static void offer_events(const struct completion *completion, const struct choice *choice)
{
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        if (have_event(choice, id))
            completion_offer(completion, kpdb_event_name(id));
    offer_names(completion, choice);
}

/* The event before a colon can have one modifier. */
static void offer_modifier(const struct completion *completion, unsigned cpu, int release)
{
    const size_t length = strcspn(completion->word, ":");
    struct kpdb_event event;

    if (kpdb_find(cpu, release, completion->word, length, &event) == KPDB_OK &&
        strncmp(":u", completion->word + length, strlen(completion->word + length)) == 0)
        printf("%.*s:u\n", (int)length, completion->word);
}

/* The options before the word that say what there is to offer. */
static struct arguments read_given(const struct completion *completion)
{
    return (struct arguments){.cpu = completion_value(completion, OPT_CPU),
                              .release = completion_value(completion, OPT_RELEASE),
                              .kperf = completion_value(completion, OPT_KPERF),
                              .kperfdata = completion_value(completion, OPT_KPERFDATA)};
}

/* An arena of its own: nothing is kept of it. */
static int offer_live(const struct completion *completion, const struct arguments *given)
{
    struct arena arena = {0};
    int status = live_names(&arena, given, completion_offer, completion);

    arena_free(&arena);
    return status;
}

/* The CPU and release asked for; EXIT_NO where there is none of these. */
static int choose_cpu(const struct arguments *given, struct choice *choice)
{
    if (given->cpu == NULL || cli_cpu(given, &choice->first) != EXIT_OK ||
        cli_release_on(given, choice->first, &choice->release) != EXIT_OK)
        return EXIT_NO;
    choice->end = choice->first + 1;
    return EXIT_OK;
}

int complete_pattern(const struct completion *completion)
{
    const struct arguments given = read_given(completion);
    struct choice choice;

    if (completion_has(completion, OPT_LIVE))
        return offer_live(completion, &given);
    if (choose_cpu(&given, &choice) != EXIT_OK)
        return EXIT_NO;
    offer_events(completion, &choice);
    return EXIT_OK;
}

int complete_event(const struct completion *completion)
{
    const struct arguments given = read_given(completion);
    struct choice choice;

    if (choose_cpu(&given, &choice) != EXIT_OK)
        return EXIT_NO;
    if (strchr(completion->word, ':') != NULL)
        offer_modifier(completion, choice.first, choice.release);
    else
        offer_events(completion, &choice);
    return EXIT_OK;
}

int complete_any_event(const struct completion *completion)
{
    const struct arguments given = read_given(completion);
    struct choice all = {0, kpdb_cpu_count(), -1};

    if (completion_has(completion, OPT_LIVE))
        return offer_live(completion, &given);
    if (cli_release(&given, &all.release) != EXIT_OK)
        return EXIT_NO;
    offer_events(completion, &all);
    return EXIT_OK;
}

int complete_name(const struct completion *completion)
{
    if (completion_has(completion, OPT_METRICS))
        offer_metrics(completion);
    else
        cli_each_name(completion_offer, completion);
    return EXIT_OK;
}
