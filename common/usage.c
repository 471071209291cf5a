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

/* The next option that the command takes, in the order of the program's rows: --help is last. */
static int next_option(const struct program *program, const struct command *command, int option)
{
    do {
        option++;
    } while (option < program->option_count && !option_taken(command, option));
    return option < program->option_count ? option : OPTION_HELP;
}

static void print_options(const struct program *program, const struct command *command)
{
    size_t width = 0;
    bool letters = false;
    int option = OPTION_HELP;

    while ((option = next_option(program, command, option)) != OPTION_HELP)
        letters |= option_row(program, option)->letter != 0;
    for (int pass = 0; pass < 2; pass++)
        do {
            const struct option_row *row;
            struct buffer title = {0};

            option = next_option(program, command, option);
            row = option_row(program, option);
            option_title(&title, row, letters);
            if (pass == 0)
                width = title.length > width ? title.length : width;
            else
                printf("  %-*s  %s\n", (int)width, title.data, row->help);
            buffer_free(&title);
        } while (option != OPTION_HELP);
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
