/*
 * Prints all that a build's tables say, for the tests that compile tables of their own: a line a
 * fact, words apart by a blank, a string as '=' and its bytes in hexadecimal, '-' for NULL.
 */
#include "kpdb.h"

#include <stdio.h>
#include <string.h>

static void print_string(const char *text)
{
    if (text == NULL) {
        fputs(" -", stdout);
        return;
    }
    fputs(" =", stdout);
    for (; *text != '\0'; text++)
        printf("%02x", (unsigned)(unsigned char)*text);
}

static void print_release_set(unsigned releases)
{
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (releases >> r & 1)
            print_string(kpdb_release_name(r));
    putchar('\n');
}

static void print_cpu(unsigned n)
{
    struct kpdb_cpu cpu;
    struct kpdb_cpu_id id;
    const char *text;

    kpdb_cpu(n, &cpu);
    printf("cpu %u", n);
    print_string(cpu.db);
    print_string(cpu.marketing_name);
    print_string(kpdb_arch_name(cpu.arch));
    printf(" %u %u %u %u %u %d\n", (unsigned)cpu.fixed_counters, (unsigned)cpu.config_counters,
           (unsigned)cpu.power_counters, cpu.event_bits, cpu.events, cpu.kernel_list);
    printf("cpu-releases %u", n);
    print_release_set(cpu.releases);
    for (unsigned i = 0; kpdb_cpu_id(n, i, &id) == KPDB_OK; i++)
        printf("id %u cpu_%x_%x_%x\n", n, (unsigned)id.type, (unsigned)id.subtype,
               (unsigned)id.family);
    for (unsigned i = 0; (text = kpdb_cpu_also(n, i)) != NULL; i++) {
        printf("also %u %d", n, kpdb_cpu_find(text, strlen(text)));
        print_string(text);
        putchar('\n');
    }
    for (unsigned i = 0; (text = kpdb_cpu_chip(n, i)) != NULL; i++) {
        printf("chip %u", n);
        print_string(text);
        putchar('\n');
    }
}

static void print_event(unsigned cpu, const struct kpdb_event *event)
{
    printf("event %u", cpu);
    print_string(kpdb_event_name(event->id));
    printf(" %u %u %u %d %u %u", event->number, event->umask, (unsigned)event->counters,
           event->fixed, event->other, kpdb_kernel_since(cpu, event->id));
    print_string(event->fallback == KPDB_NO_ID ? NULL : kpdb_event_name(event->fallback));
    print_string(kpdb_renamed(event->id));
    print_release_set(event->releases);
}

static void print_errata(unsigned cpu, unsigned id)
{
    if (kpdb_errata(cpu, id) == NULL)
        return;
    printf("errata %u", cpu);
    print_string(kpdb_event_name(id));
    print_string(kpdb_errata(cpu, id));
    putchar('\n');
}

static void print_meanings(void)
{
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        if (kpdb_summary(id) != NULL) {
            fputs("means", stdout);
            print_string(kpdb_event_name(id));
            print_string(kpdb_summary(id));
            printf(" %d\n", kpdb_summary_doubted(id));
        }
}

static void print_events(unsigned cpu)
{
    struct kpdb_event event;
    uint16_t means;

    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id) {
        do
            print_event(cpu, &event);
        while (kpdb_older(cpu, &event, &event) == KPDB_OK);
        print_errata(cpu, event.id);
    }
    for (int id = -1; (id = kpdb_alias_next(cpu, id, &means)) >= 0;) {
        printf("alias %u", cpu);
        print_string(kpdb_event_name((unsigned)id));
        print_string(kpdb_event_name(means));
        putchar('\n');
    }
}

/* The counters and names of databases of a release, and what its aliases mean. */
static void print_release(unsigned cpu, unsigned release)
{
    struct kpdb_event event;
    struct kpdb_cpu info;
    uint16_t newest;

    if (kpdb_cpu_in(cpu, (int)release, &info) != KPDB_OK)
        return;
    printf("cpu-in %u", cpu);
    print_string(kpdb_release_name(release));
    print_string(info.marketing_name);
    printf(" %u %u %u\n", (unsigned)info.fixed_counters, (unsigned)info.config_counters,
           (unsigned)info.power_counters);
    for (int id = -1; (id = kpdb_alias_next(cpu, id, &newest)) >= 0;)
        if (kpdb_on_in(cpu, (int)release, (unsigned)id, &event) == KPDB_OK) {
            printf("alias-in %u", cpu);
            print_string(kpdb_release_name(release));
            print_string(kpdb_event_name((unsigned)id));
            print_string(kpdb_event_name(event.id));
            putchar('\n');
        }
}

/* What each chip-agnostic name is in a release. */
static void print_supported(unsigned cpu, unsigned release)
{
    struct kpdb_event event;
    struct kpdb_name name;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        bool found = kpdb_name_on(cpu, (int)release, n, &event) == KPDB_OK;

        printf("on %u", cpu);
        print_string(kpdb_release_name(release));
        print_string(name.name);
        print_string(found ? kpdb_event_name(event.id) : NULL);
        putchar('\n');
    }
}

static void print_names(void)
{
    struct kpdb_name name;
    struct kpdb_metric metric;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        fputs("name", stdout);
        print_string(name.name);
        print_string(name.unit);
        print_string(name.summary);
        putchar('\n');
    }
    for (unsigned n = 0; kpdb_metric(n, &metric) == KPDB_OK; n++) {
        fputs("metric", stdout);
        print_string(metric.name);
        print_string(metric.unit);
        print_string(metric.summary);
        print_string(metric.expression);
        putchar('\n');
    }
}

int main(void)
{
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        print_cpu(cpu);
        print_events(cpu);
        for (unsigned release = 0; release < kpdb_release_count(); release++) {
            print_release(cpu, release);
            print_supported(cpu, release);
        }
    }
    print_names();
    print_meanings();
    return fflush(stdout) != 0;
}
