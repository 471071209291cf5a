/*
 * From what was typed to a CPU, a release, an event of the tables; and what to say when there is no
 * such one: the nearest name that there is.
 */
#include "cli.h"

#include <string.h>

/* ---- the nearest name ------------------------------------------------------------------------ */

/* What an edit costs: case decides only between two that are as near otherwise. */
enum { NEAREST_LENGTH_MAX = 64, EDIT = NEAREST_LENGTH_MAX + 1, CASE = 1 };

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c == '-' ? '_' : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned replacement(char a, char b)
{
    return a == b ? 0 : upper(a) == upper(b) ? CASE : EDIT;
}

/* Insertions, deletions and replacements from a to b: Levenshtein's distance. */
static unsigned distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[NEAREST_LENGTH_MAX + 1];

    for (size_t j = 0; j <= b_length; j++)
        row[j] = (unsigned)j * EDIT;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i * EDIT;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned replaced = diagonal + replacement(a[i - 1], b[j - 1]);

            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + EDIT);
        }
    }
    return row[b_length];
}

const char *cli_nearer(const char *typed, const char *name, const char *nearest, unsigned *best)
{
    size_t a = strlen(typed), b = strlen(name);
    unsigned d;

    if (a > NEAREST_LENGTH_MAX || b > NEAREST_LENGTH_MAX)
        return nearest;
    d = distance(typed, a, name, b);
    if (d >= *best)
        return nearest;
    *best = d;
    return name;
}

unsigned cli_reach(const char *typed)
{
    size_t length = strlen(typed);

    return length > NEAREST_LENGTH_MAX ? 0 : (unsigned)(length / 3 + 2) * EDIT;
}

static bool is_metric(const char *name)
{
    struct kpdb_metric metric;

    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++)
        if (strcmp(metric.name, name) == 0)
            return true;
    return false;
}

void cli_unknown_event(const char *name)
{
    const char *nearest = NULL;
    unsigned best = cli_reach(name);
    struct kpdb_name portable;

    if (is_metric(name)) {
        report_error(NULL, "'%s' is no event but a metric (kpep names --metrics %s)", name, name);
        return;
    }
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        nearest = cli_nearer(name, kpdb_event_name(id), nearest, &best);
    for (unsigned n = 0; kpdb_name(n, &portable) == KPDB_OK; n++)
        nearest = cli_nearer(name, portable.name, nearest, &best);
    if (nearest == NULL)
        report_error(NULL, "no event '%.100s' (kpep list and kpep names show what there is)", name);
    else
        report_error(NULL, "no event '%.100s' (did you mean '%s'?)", name, nearest);
}

/* ---- CPUs and releases ----------------------------------------------------------------------- */

const char *cli_typed(const char *name, char *text, size_t size)
{
    size_t i = 0;

    for (; name[i] != '\0' && i + 1 < size; i++)
        text[i] = name[i] == ' '                     ? '-'
                  : name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32)
                                                     : name[i];
    text[i] = '\0';
    return text;
}

static void unknown_cpu(const char *typed)
{
    const char *nearest = NULL;
    unsigned best = cli_reach(typed);
    char text[NEAREST_LENGTH_MAX + 1];

    for (unsigned c = 0; c < kpdb_cpu_count(); c++) {
        struct kpdb_cpu cpu;
        const char *chip;

        if (kpdb_cpu(c, &cpu) == KPDB_OK)
            nearest = cli_nearer(typed, cpu.db, nearest, &best);
        for (unsigned n = 0; (chip = kpdb_cpu_chip(c, n)) != NULL; n++)
            nearest = cli_nearer(typed, chip, nearest, &best);
    }
    if (nearest == NULL)
        report_error(NULL, "no CPU '%.100s' (kpep cpus shows what there is)", typed);
    else
        report_error(NULL, "no CPU '%.100s' (did you mean '%s'?)", typed,
                     cli_typed(nearest, text, sizeof text));
}

int cli_cpu(const struct arguments *arguments, unsigned *cpu)
{
    int found = kpdb_cpu_find(arguments->cpu, strlen(arguments->cpu));

    if (found < 0) {
        unknown_cpu(arguments->cpu);
        return EXIT_NO;
    }
    *cpu = (unsigned)found;
    return EXIT_OK;
}

int cli_release(const struct arguments *arguments, int *release)
{
    char all[256] = "";

    *release = -1;
    if (arguments->release == NULL)
        return EXIT_OK;
    *release = kpdb_release_find(arguments->release, strlen(arguments->release));
    if (*release >= 0)
        return EXIT_OK;
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        cli_append(all, sizeof all, kpdb_release_name(r));
    report_error(NULL, "no release '%.100s' (there are %s)", arguments->release, all);
    return EXIT_NO;
}

void cli_each_name(void (*each)(const void *user, const char *name), const void *user)
{
    struct kpdb_name name;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        each(user, name.name);
}

void cli_each_release(void (*each)(const void *user, const char *name), const void *user)
{
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        each(user, kpdb_release_name(r));
}

int cli_release_on(const struct arguments *arguments, unsigned cpu, int *release)
{
    struct kpdb_cpu info;

    if (cli_release(arguments, release) != EXIT_OK || kpdb_cpu(cpu, &info) != KPDB_OK)
        return EXIT_NO;
    if (*release < 0) {
        *release = kpdb_cpu_newest(cpu);
    } else if (!(info.releases >> *release & 1)) {
        const char *newest = kpdb_release_name((unsigned)kpdb_cpu_newest(cpu));

        if (kpdb_release_whole((unsigned)*release))
            report_error(NULL, "%s has no database in %s (its newest is of %s)", info.db,
                         arguments->release, newest);
        else
            report_error(NULL, "%s is not in the snapshot of %s (%s has it)", info.db,
                         arguments->release, newest);
        return EXIT_NO;
    }
    return EXIT_OK;
}

const char *cli_newest(uint32_t releases)
{
    unsigned newest = kpdb_release_count();

    while (newest > 0 && !(releases >> (newest - 1) & 1))
        newest--;
    return newest == 0 ? NULL : kpdb_release_name(newest - 1);
}

uint32_t cli_unseen(const struct kpdb_cpu *info)
{
    uint32_t unseen = 0;

    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (!(info->releases >> r & 1) && !kpdb_release_whole(r))
            unseen |= 1u << r;
    return unseen;
}

void cli_no_event_on(unsigned cpu, int release, const char *name, size_t length)
{
    const char *in = kpdb_release_name((unsigned)release);
    struct kpdb_event event;
    struct kpdb_cpu info;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return;
    if (kpdb_find(cpu, KPDB_ANY_RELEASE, name, length, &event) != KPDB_OK) {
        report_error(NULL, "%s has no '%.*s' in %s", info.db, (int)length, name, in);
        return;
    }
    report_error(NULL, "%s has no '%.*s' in %s (%s has it)", info.db, (int)length, name, in,
                 cli_newest(event.releases));
}
