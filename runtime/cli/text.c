/* Tables and lists of plain text, and the nearest of many names. */
#include "cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
    struct arena *arena;
    unsigned columns;
    size_t cells;
    const char **text;
};

struct table *table_new(struct arena *arena, unsigned columns)
{
    struct table *table = arena_alloc(arena, 1, sizeof *table);

    *table = (struct table){.arena = arena, .columns = columns};
    return table;
}

void table_cell(struct table *table, const char *format, ...)
{
    va_list args;

    table->text = arena_grow(table->arena, table->text, table->cells, sizeof *table->text);
    va_start(args, format);
    table->text[table->cells++] = arena_vprintf(table->arena, format, args);
    va_end(args);
}

void table_titles(struct table *table, const char *const *titles)
{
    for (unsigned i = 0; i < table->columns; i++)
        table_cell(table, "%s", titles[i]);
}

/* A title may begin with '>', which is not shown. */
static const char *shown(const struct table *table, size_t cell)
{
    const char *text = table->text[cell];

    return cell < table->columns && *text == '>' ? text + 1 : text;
}

bool cli_bold(void)
{
    const char *no = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

static int column_width(const struct table *table, size_t column)
{
    int width = 0;

    for (size_t cell = column; cell < table->cells; cell += table->columns) {
        int length = (int)strlen(shown(table, cell));

        if (length > width)
            width = length;
    }
    return width;
}

/* Whether some row has something in the column. */
static bool column_used(const struct table *table, size_t column)
{
    for (size_t cell = column + table->columns; cell < table->cells; cell += table->columns)
        if (*table->text[cell] != '\0' && strcmp(table->text[cell], "-") != 0)
            return true;
    return false;
}

static void print_row(const struct table *table, size_t row, const int *widths)
{
    int blanks = 0; /* owed to the next cell: a line ends without any */

    for (size_t c = 0; c < table->columns; c++) {
        const char *text = shown(table, row * table->columns + c);
        int rest = widths[c] - (int)strlen(text);
        bool right = *table->text[c] == '>';

        if (widths[c] == 0)
            continue;
        if (*text != '\0')
            printf("%*s%s", blanks + (right ? rest : 0), "", text);
        blanks = *text == '\0' ? blanks + rest + 2 : (right ? 0 : rest) + 2;
    }
}

void table_print(const struct table *table)
{
    int *widths = arena_alloc(table->arena, table->columns, sizeof *widths);
    bool bold = cli_bold();

    for (size_t c = 0; c < table->columns; c++)
        widths[c] = column_used(table, c) ? column_width(table, c) : 0;
    for (size_t row = 0; row < table->cells / table->columns; row++) {
        fputs(bold && row == 0 ? "\033[1m" : "", stdout);
        print_row(table, row, widths);
        fputs(bold && row == 0 ? "\033[0m\n" : "\n", stdout);
    }
}

const char *cli_or_dash(const char *text)
{
    return *text == '\0' ? "-" : text;
}

void cli_append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", word);
}

const char *cli_counters(uint32_t mask, char *text, size_t size)
{
    *text = '\0';
    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned last = bit;
        size_t length = strlen(text);

        if (!(mask >> bit & 1))
            continue;
        while (last < 31 && mask >> (last + 1) & 1)
            last++;
        if (last == bit)
            snprintf(text + length, size - length, "%s%u", length == 0 ? "" : ",", bit);
        else
            snprintf(text + length, size - length, "%s%u-%u", length == 0 ? "" : ",", bit, last);
        bit = last;
    }
    return cli_or_dash(text);
}

const char *cli_releases(uint32_t releases, char *text, size_t size)
{
    *text = '\0';
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (releases >> r & 1)
            cli_append(text, size, kpdb_release_name(r));
    return cli_or_dash(text);
}

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

int cli_cpu(const struct arguments *cli, unsigned *cpu)
{
    int found = kpdb_cpu_find(cli->cpu, strlen(cli->cpu));

    if (found < 0) {
        unknown_cpu(cli->cpu);
        return EXIT_NO;
    }
    *cpu = (unsigned)found;
    return EXIT_OK;
}

int cli_release(const struct arguments *cli, int *release)
{
    char all[256] = "";

    *release = -1;
    if (cli->release == NULL)
        return EXIT_OK;
    *release = kpdb_release_find(cli->release, strlen(cli->release));
    if (*release >= 0)
        return EXIT_OK;
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        cli_append(all, sizeof all, kpdb_release_name(r));
    report_error(NULL, "no release '%.100s' (there are %s)", cli->release, all);
    return EXIT_NO;
}

void cli_each_release(void (*each)(const void *user, const char *name), const void *user)
{
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        each(user, kpdb_release_name(r));
}

int cli_release_on(const struct arguments *cli, unsigned cpu, int *release)
{
    struct kpdb_cpu info;

    if (cli_release(cli, release) != EXIT_OK || kpdb_cpu(cpu, &info) != KPDB_OK)
        return EXIT_NO;
    if (*release < 0) {
        *release = kpdb_cpu_newest(cpu);
    } else if (!(info.releases >> *release & 1)) {
        report_error(NULL, "%s has no database in %s (its newest is of %s)", info.db, cli->release,
                     kpdb_release_name((unsigned)kpdb_cpu_newest(cpu)));
        return EXIT_NO;
    }
    return EXIT_OK;
}
