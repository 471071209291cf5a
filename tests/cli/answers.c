/*
 * All that a build's tables answer of each release by itself, a line an answer: the CPUs, their
 * events by id and by name, what aliases and chip-agnostic names mean, and the words that program
 * them. A CPU is told by its ids, since what it is numbered and called may change with a release.
 */
#include "kpdb.h"

#include <stdio.h>
#include <string.h>

/* What each line begins with: the release and the CPU. */
struct place {
    unsigned cpu;
    int release;
    char text[96];
};

static void print_words(const struct place *place, const char *name)
{
    struct kpdb_request request = {.name = name, .length = strlen(name)};
    struct kpdb_options options = {.release = place->release, .strategy = KPDB_OPTIMAL};
    struct kpdb_encoding encoding;
    int result = kpdb_encode(place->cpu, &options, &request, 1, &encoding);

    printf("%s words %s %d", place->text, name, result);
    if (result == KPDB_OK) {
        printf(" %u %u %u", (unsigned)encoding.classes, encoding.events[0].counter,
               encoding.events[0].warnings);
        for (unsigned i = 0; i < encoding.config_count; i++)
            printf(" %llx", (unsigned long long)encoding.config[i]);
    }
    putchar('\n');
}

static void print_event(const struct place *place, const char *kind, const char *name,
                        const struct kpdb_event *event)
{
    const char *fallback = kpdb_event_name(event->fallback);

    printf("%s %s %s %s %u %u %u %d %u %s\n", place->text, kind, name, kpdb_event_name(event->id),
           event->number, event->umask, (unsigned)event->counters, event->fixed, event->other,
           fallback == NULL ? "-" : fallback);
}

/* Every name of an event that there is, for CPUs are asked for names of others too. */
static void print_events(const struct place *place)
{
    struct kpdb_event event, again;

    for (unsigned id = 0; id < kpdb_event_ids(); id++) {
        const char *name = kpdb_event_name(id);

        if (kpdb_find(place->cpu, place->release, name, strlen(name), &event) != KPDB_OK)
            continue;
        print_event(place, "event", name, &event);
        if (kpdb_on_in(place->cpu, place->release, id, &again) == KPDB_OK)
            print_event(place, "event", name, &again);
        print_words(place, name);
    }
}

static void print_names(const struct place *place)
{
    struct kpdb_event event;
    struct kpdb_name name;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        if (kpdb_name_on(place->cpu, place->release, n, &event) == KPDB_OK)
            print_event(place, "name", name.name, &event);
}

/* What the database itself says in the release. */
static void print_head(const struct place *place)
{
    struct kpdb_cpu info;

    if (kpdb_cpu_in(place->cpu, place->release, &info) == KPDB_OK)
        printf("%s head %u %u %u %d %s\n", place->text, (unsigned)info.fixed_counters,
               (unsigned)info.config_counters, (unsigned)info.power_counters,
               kpdb_release_whole((unsigned)place->release), info.marketing_name);
}

int main(void)
{
    struct place place;
    struct kpdb_cpu info;
    struct kpdb_cpu_id id;

    for (place.cpu = 0; kpdb_cpu(place.cpu, &info) == KPDB_OK; place.cpu++)
        for (unsigned r = 0; r < kpdb_release_count(); r++) {
            if (!(info.releases >> r & 1) || kpdb_cpu_id(place.cpu, 0, &id) != KPDB_OK)
                continue;
            place.release = (int)r;
            snprintf(place.text, sizeof place.text, "%s %s cpu_%x_%x_%x", kpdb_release_name(r),
                     info.db, (unsigned)id.type, (unsigned)id.subtype, (unsigned)id.family);
            print_head(&place);
            print_events(&place);
            print_names(&place);
        }
    return fflush(stdout) != 0;
}
