/*
 * Asks libkpdb everything and prints the answers. The output depends on the tables alone: not on
 * the width of a pointer or long, the order of bytes, the sign of char, or the compiler.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kpdb.h"

enum { SETS = 200, SET_MAX = 8, LISTS = 10, LIST_MAX = 24 };

static uint32_t random_state = 1;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

/* ---- what there is -------------------------------------------------------------------------- */

static void print_event(const char *what, const char *name, int result,
                        const struct kpdb_event *event)
{
    printf("%s %s: %d", what, name, result);
    if (result == KPDB_OK)
        printf(" %s %u %u %" PRIu32 " %d %u %u %d", kpdb_event_name(event->id), event->number,
               event->umask, event->counters, event->fixed, event->other, event->releases,
               event->fallback == KPDB_NO_ID ? -1 : event->fallback);
    putchar('\n');
}

static void find_everywhere(unsigned cpu, const char *name)
{
    struct kpdb_event event;

    for (int release = KPDB_ANY_RELEASE; release <= (int)kpdb_release_count(); release++) {
        int result = kpdb_find(cpu, release, name, strlen(name), &event);

        print_event("find", name, result, &event);
    }
}

static void print_cpu(unsigned cpu)
{
    struct kpdb_cpu is;
    struct kpdb_cpu_id id;
    const char *name;

    kpdb_cpu(cpu, &is);
    printf("cpu %s %d %s: %s, %" PRIu32 " %" PRIu32 " %" PRIu32 " %u %" PRIu32 " %u %d\n", is.db,
           kpdb_cpu_find(is.db, strlen(is.db)), is.marketing_name, kpdb_arch_name(is.arch),
           is.fixed_counters, is.config_counters, is.power_counters, is.event_bits, is.releases,
           is.events, is.kernel_list);
    for (unsigned n = 0; kpdb_cpu_id(cpu, n, &id) == KPDB_OK; n++)
        printf("id %" PRIx32 " %" PRIx32 " %" PRIx32 ": %d\n", id.type, id.subtype, id.family,
               kpdb_cpu_by_id(id.type, id.subtype, id.family));
    for (unsigned n = 0; (name = kpdb_cpu_chip(cpu, n)) != NULL; n++)
        printf("chip %s: %d\n", name, kpdb_cpu_find(name, strlen(name)));
    for (unsigned n = 0; (name = kpdb_cpu_also(cpu, n)) != NULL; n++)
        printf("also %s: %d\n", name, kpdb_cpu_find(name, strlen(name)));
}

static void print_events(unsigned cpu)
{
    struct kpdb_event event;
    uint16_t means;

    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id) {
        const char *renamed = kpdb_renamed(event.id);

        print_event("event", kpdb_event_name(event.id), KPDB_OK, &event);
        printf("kernel %u, renamed %s\n", kpdb_kernel_since(cpu, event.id),
               renamed == NULL ? "-" : renamed);
    }
    for (int id = -1; (id = kpdb_alias_next(cpu, id, &means)) >= 0;)
        printf("alias %s is %s\n", kpdb_event_name((unsigned)id), kpdb_event_name(means));
    for (unsigned id = 0; id < kpdb_event_ids(); id++) {
        find_everywhere(cpu, kpdb_event_name(id));
        print_event("on", kpdb_event_name(id), kpdb_on(cpu, id, &event), &event);
    }
}

static void print_names(unsigned cpu)
{
    struct kpdb_name name;
    struct kpdb_event event;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++) {
        find_everywhere(cpu, name.name);
        print_event("name", name.name, kpdb_name_on(cpu, KPDB_ANY_RELEASE, n, &event), &event);
    }
}

/* A metric of counts that are different, on a kind of core. */
static void print_value(unsigned cpu, char core, const struct kpdb_metric *metric)
{
    double counts[KPDB_METRIC_NAMES_MAX], value;
    int result;

    for (unsigned i = 0; i < metric->name_count; i++)
        counts[i] = 1000.0 + 17 * i * i;
    result = kpdb_metric_value(cpu, core, metric, counts, &value);
    if (result == KPDB_OK)
        printf(" %.17g", value);
    else
        printf(" none");
}

static void print_metrics(void)
{
    struct kpdb_metric metric;
    struct kpdb_constant constant;

    for (unsigned n = 0; kpdb_metric(n, &metric) == KPDB_OK; n++) {
        printf("metric %s, %s: %s: %s:", metric.name, metric.unit, metric.summary,
               metric.expression);
        for (unsigned i = 0; i < metric.name_count; i++)
            printf(" %u", metric.names[i]);
        putchar('\n');
        for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
            int result = kpdb_metric_on(cpu, KPDB_ANY_RELEASE, n, &metric);

            printf("  on %u: %d", cpu, result);
            if (result == KPDB_OK) {
                print_value(cpu, 0, &metric);
                print_value(cpu, 'P', &metric);
            }
            putchar('\n');
        }
    }
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        for (unsigned n = 0; kpdb_constant(cpu, n, &constant) == KPDB_OK; n++)
            printf("%s of %u, core %d: %u\n", constant.name, cpu, constant.core, constant.value);
}

/* ---- what is computed ------------------------------------------------------------------------ */

static const char *any_name(void)
{
    struct kpdb_name name;

    if (random_below(8) != 0 || kpdb_name_count() == 0)
        return kpdb_event_name(random_below(kpdb_event_ids()));
    kpdb_name(random_below(kpdb_name_count()), &name);
    return name.name;
}

/* Nearly always one that the CPU knows, when some tries find any. */
static const char *random_name(unsigned cpu, int release)
{
    struct kpdb_event event;
    const char *name = any_name();

    if (random_below(100) == 0)
        return "NO_SUCH_EVENT";
    for (unsigned i = 0; i < 100; i++, name = any_name())
        if (kpdb_find(cpu, release, name, strlen(name), &event) == KPDB_OK)
            break;
    return name;
}

static struct kpdb_options random_options(void)
{
    struct kpdb_options options;

    options.release = (int)random_below(kpdb_release_count() + 1) - 1;
    options.strategy = random_below(2) == 0 ? KPDB_OPTIMAL : KPDB_KPERFDATA;
    options.unforced = random_below(3) == 0;
    options.full = random_below(4) == 0;
    printf("%d %d %d %d:", options.release, options.strategy, options.unforced, options.full);
    return options;
}

static void random_requests(unsigned cpu, int release, struct kpdb_request *requests,
                            unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        requests[i].name = random_name(cpu, release);
        requests[i].length = strlen(requests[i].name);
        requests[i].user_only = random_below(4) == 0;
        printf(" %s%s", requests[i].name, requests[i].user_only ? ":u" : "");
    }
    putchar('\n');
}

static void encode(unsigned cpu)
{
    struct kpdb_request requests[SET_MAX];
    struct kpdb_encoding words;
    struct kpdb_options options = random_options();
    unsigned count = random_below(SET_MAX) + 1;
    int result;

    random_requests(cpu, options.release, requests, count);
    result = kpdb_encode(cpu, &options, requests, count, &words);
    printf("encode %d", result);
    if (result != KPDB_OK) {
        printf(" %u %" PRIx32 " %" PRIx32 "\n", words.failed, words.conflicts, words.counters);
        return;
    }
    printf(" classes %" PRIx32 " slots %u\n", words.classes, words.slots);
    for (unsigned i = 0; i < words.config_count; i++)
        printf(" %" PRIx64, words.config[i]);
    for (unsigned i = 0; i < words.event_count; i++)
        printf("\n %u %u %u %u %u", words.events[i].asked, words.events[i].counted,
               words.events[i].counter, words.events[i].slot, words.events[i].warnings);
    putchar('\n');
}

static void plan(unsigned cpu)
{
    struct kpdb_request requests[LIST_MAX];
    uint16_t passes[LIST_MAX];
    struct kpdb_bottleneck bottleneck;
    struct kpdb_options options = random_options();
    unsigned count = random_below(LIST_MAX) + 1, failed = 0;
    int result;

    random_requests(cpu, options.release, requests, count);
    result = kpdb_plan(cpu, &options, requests, count, passes, &bottleneck, &failed);
    printf("plan %d", result);
    if (result > 0)
        printf(" %" PRIx32 " %u:", bottleneck.counters, bottleneck.events);
    else
        printf(" %u", failed);
    for (unsigned i = 0; result > 0 && i < count; i++)
        printf(" %u", passes[i]);
    putchar('\n');
}

/* Every configurable event of the CPU once. */
static void plan_all(unsigned cpu)
{
    static struct kpdb_request requests[KPDB_PLAN_MAX];
    static uint16_t passes[KPDB_PLAN_MAX];
    const struct kpdb_options options = {KPDB_ANY_RELEASE, KPDB_OPTIMAL, false, false};
    struct kpdb_bottleneck bottleneck = {0, 0};
    struct kpdb_event event;
    unsigned count = 0, failed = 0, newest = (unsigned)kpdb_cpu_newest(cpu);
    int result;

    for (int id = -1; kpdb_next(cpu, id, &event) == KPDB_OK; id = event.id)
        if (event.fixed < 0 && (event.releases >> newest & 1) != 0 && count < KPDB_PLAN_MAX) {
            requests[count].name = kpdb_event_name(event.id);
            requests[count].length = strlen(requests[count].name);
            count++;
        }
    result = kpdb_plan(cpu, &options, requests, count, passes, &bottleneck, &failed);
    printf("plan all %u: %d %" PRIx32 " %u %u:", count, result, bottleneck.counters,
           bottleneck.events, failed);
    for (unsigned i = 0; result > 0 && i < count; i++)
        printf(" %u", passes[i]);
    putchar('\n');
}

int main(void)
{
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        printf("release %s %u\n", kpdb_release_name(r), kpdb_release_macos(r));
    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++) {
        print_cpu(cpu);
        print_events(cpu);
        print_names(cpu);
        for (unsigned i = 0; i < SETS; i++)
            encode(cpu);
        for (unsigned i = 0; i < LISTS; i++)
            plan(cpu);
        plan_all(cpu);
    }
    print_metrics();
    for (int error = 1; error >= KPDB_NO_COUNTER - 1; error--)
        printf("error %d: %s, %d\n", error, kpdb_strerror(error), kpdb_kperfdata_code(error));
    return ferror(stdout) != 0 || fflush(stdout) != 0;
}
