/*
 * metric_values SEED: every metric of every CPU and release as an expression and its value, of
 * counts that follow from SEED, for metrics_test.py, which computes them a second time.
 */
#include <inttypes.h>
#include <kpdb.h>
#include <stdio.h>
#include <stdlib.h>

/* A count of 0 to 2^40, small ones as often as large ones. */
static double next_count(uint64_t *state)
{
    uint64_t bits;

    *state = *state * 6364136223846793005u + 1442695040888963407u;
    bits = *state >> 24;
    return (double)(bits >> bits % 41);
}

static void print_metric(unsigned cpu, int release, const char *db, unsigned n, uint64_t *state)
{
    static const char cores[] = {'\0', 'P', 'E', 'M'};
    double counts[KPDB_METRIC_NAMES_MAX], value;
    struct kpdb_event events[KPDB_METRIC_NAMES_MAX];
    struct kpdb_metric metric;

    if (kpdb_metric_on(cpu, release, n, &metric) != KPDB_OK)
        return;
    printf("%s\t%s\t%s\t%s", db, kpdb_release_name((unsigned)release), metric.name,
           metric.expression);
    for (unsigned i = 0; i < metric.name_count; i++) {
        struct kpdb_name name;

        counts[i] = next_count(state);
        if (kpdb_name(metric.names[i], &name) == KPDB_OK)
            printf("%s%s=%.0f", i == 0 ? "\t" : " ", name.name, counts[i]);
    }
    for (unsigned i = 0; i < sizeof cores; i++) {
        int result = kpdb_metric_value(cpu, cores[i], &metric, counts, &value);

        printf(i == 0 ? "\t" : " ");
        if (result == KPDB_OK)
            printf("%.17g", value);
        else
            printf("%s", result == KPDB_NO_VALUE ? "none" : "unknown");
    }
    for (int user_only = 0; user_only < 2; user_only++) {
        int result = kpdb_metric_events(cpu, release, &metric, user_only != 0, events);

        printf("\t%s", result == KPDB_OK ? "" : "mixed");
        for (unsigned i = 0; result == KPDB_OK && i < metric.name_count; i++)
            printf("%s%s", i == 0 ? "" : " ", kpdb_event_name(events[i].id));
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    uint64_t state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    struct kpdb_cpu info;

    for (unsigned cpu = 0; kpdb_cpu(cpu, &info) == KPDB_OK; cpu++)
        for (int r = 0; r < (int)kpdb_release_count(); r++)
            for (unsigned n = 0; n < kpdb_metric_count(); n++)
                print_metric(cpu, r, info.db, n, &state);
    return 0;
}
