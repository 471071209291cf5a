/* Tables of text: cells in, lines in columns out, on standard output. */
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
    const char **notes; /* by cell; that of a row's last is below the row, NULL: none */
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
    table->text[table->cells] = arena_vprintf(table->arena, format, args);
    va_end(args);
    table->notes = arena_grow(table->arena, table->notes, table->cells, sizeof *table->notes);
    table->notes[table->cells++] = NULL;
}

void table_note(struct table *table, const char *text)
{
    if (*text != '\0')
        table->notes[table->cells - 1] = arena_printf(table->arena, "%s", text);
}

void table_titles(struct table *table, const char *const *titles)
{
    for (unsigned i = 0; i < table->columns; i++)
        table_cell(table, "%s", titles[i]);
}

/* A title may begin with '>', which is not shown. */
static const char *cell_text(const struct table *table, size_t cell)
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
        int length = (int)strlen(cell_text(table, cell));

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

/* The row of which this is the first cell. */
static void print_row(const struct table *table, size_t first, const int *widths)
{
    int blanks = 0; /* owed to the next cell: a line ends without any */

    for (size_t c = 0; c < table->columns; c++) {
        const char *text = cell_text(table, first + c);
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
    for (size_t cell = 0; cell < table->cells; cell += table->columns) {
        const char *note = table->notes[cell + table->columns - 1];

        fputs(bold && cell == 0 ? "\033[1m" : "", stdout);
        print_row(table, cell, widths);
        fputs(bold && cell == 0 ? "\033[0m\n" : "\n", stdout);
        if (note != NULL)
            printf("    %s\n", note);
    }
}
