/* Usage lines and --help: a program's tables in, text out. */
#include "common/usage.h"

#include <string.h>

enum { COLUMNS = 84 };

/* A usage line that goes on below itself where a piece does not fit. */
struct line {
    FILE *to;
    size_t column, indent;
};

static void print_piece(struct line *line, const char *text)
{
    size_t length = strlen(text);

    if (line->column + 1 + length > COLUMNS) {
        fprintf(line->to, "\n%*s%s", (int)line->indent, "", text);
        line->column = line->indent + length;
    } else {
        fprintf(line->to, " %s", text);
        line->column += 1 + length;
    }
}

/* "--cpu CPU|--live", "[--cpu CPU]...". */
static void print_use(struct line *line, const struct program *program,
                      const struct option_use *use)
{
    const struct option_use other = {.option = use->instead};
    struct buffer text = {0};

    buffer_puts(&text, use->needed ? "" : "[");
    option_add_usage(&text, program, use);
    if (use->instead != OPTION_HELP) {
        buffer_puts(&text, "|");
        option_add_usage(&text, program, &other);
    }
    buffer_puts(&text, use->needed ? "" : "]");
    if (option_row(program, use->option)->again == AGAIN_ADDS)
        buffer_puts(&text, "...");
    print_piece(line, text.data);
    buffer_free(&text);
}

/* The usage of a command, in the column of the list of --help. */
static void print_usage(FILE *to, const struct program *program, const struct command *command)
{
    const size_t before = strlen("  "), name = strlen(program->name) + 1 + strlen(command->name);
    struct line line = {to, before + name, before + name + 1};
    struct buffer text = {0};

    fprintf(to, "%s %s", program->name, command->name);
    for (const struct option_use *use = command->takes; use->option != OPTION_HELP; use++)
        print_use(&line, program, use);
    if (command->operands != NULL) {
        buffer_puts(&text, command->operands);
        if (command->operands_instead != OPTION_HELP)
            buffer_printf(&text, "|--%s", option_row(program, command->operands_instead)->name);
        print_piece(&line, text.data);
        buffer_free(&text);
    }
    fputc('\n', to);
}

void usage_print(FILE *to, const struct program *program)
{
    fprintf(to, "usage: %s COMMAND [OPTION...] [ARGUMENT...]\n\n%s\n\n", program->name,
            program->about);
    for (size_t i = 0; program->commands[i] != NULL; i++) {
        fputs("  ", to);
        print_usage(to, program, program->commands[i]);
    }
    fprintf(to,
            "\n%s COMMAND --help tells more; %s --version which one this is.\nExit status: %s.\n",
            program->name, program->name, program->statuses);
}

/* "-e, --events LIST"; without a letter, below one that has. */
static void option_title(struct buffer *title, const struct option_row *row, bool letters)
{
    if (row->letter != 0)
        buffer_printf(title, "-%c, ", row->letter);
    else
        buffer_puts(title, letters ? "    " : "");
    buffer_printf(title, "--%s", row->name);
    if (row->value != NULL)
        buffer_printf(title, " %s", row->value);
}

/* Whether one of the command's options has a letter, and how wide the widest title is then. */
static bool measure_options(const struct program *program, const struct command *command,
                            size_t *width)
{
    struct buffer title = {0};
    bool letters = false;

    for (int i = 1; i < program->option_count; i++)
        letters |= option_taken(command, i) && program->options[i].letter != 0;
    *width = 0;
    for (int i = 0; i < program->option_count; i++) {
        title.length = 0;
        option_title(&title, option_row(program, i), letters);
        if (option_taken(command, i) && title.length > *width)
            *width = title.length;
    }
    buffer_free(&title);
    return letters;
}

static void print_option(const struct option_row *row, bool letters, size_t width)
{
    struct buffer title = {0};

    option_title(&title, row, letters);
    printf("  %-*s  %s\n", (int)width, title.data, row->help);
    buffer_free(&title);
}

/* In the order of the program's rows; --help is last. */
static void print_options(const struct program *program, const struct command *command)
{
    size_t width;
    bool letters = measure_options(program, command, &width);

    for (int i = 1; i < program->option_count; i++)
        if (option_taken(command, i))
            print_option(&program->options[i], letters, width);
    print_option(option_row(program, OPTION_HELP), letters, width);
}

void usage_print_command(const struct program *program, const struct command *command)
{
    fputs("usage: ", stdout);
    print_usage(stdout, program, command);
    printf("\n%s\n", command->help);
    if (command->print_more_help != NULL)
        command->print_more_help();
    putchar('\n');
    print_options(program, command);
}
