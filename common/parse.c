/*
 * The parser of command lines: argv and a program's tables in, the program's struct arguments out,
 * or one line of what is wrong. getopt_long() takes the words apart.
 */
#include "common/parse.h"

#include "common/report.h"
#include "common/text.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

/*
 * getopt_long()'s value of a long option is its number and this, so that an error of one ('?', with
 * the value in optopt) is not taken for one of a letter.
 */
enum { LONG = 256 };

struct parser {
    struct arena *arena;
    const struct program *program;
    const struct command *command;
    struct arguments *arguments;
    bool *given; /* by the number of an option; never OPTION_HELP */
};

/* The number of the option that getopt_long() found; -1 for a letter of none. */
static int option_found(const struct program *program, int value)
{
    if (value >= LONG)
        return value - LONG;
    for (int i = 1; i < program->option_count; i++)
        if (program->options[i].letter == value)
            return i;
    return value == 'h' ? OPTION_HELP : -1;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool read_number(const char *text, unsigned long *number)
{
    *number = 0;
    for (const char *c = text; *c != '\0'; c++) {
        unsigned digit = (unsigned)(*c - '0');

        if (!is_digit(*c) || *number > (ULONG_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *text != '\0';
}

static int take_number(const struct option_row *row, const char *text, unsigned long *number)
{
    if (read_number(text, number) && *number >= row->least && *number <= row->most)
        return EXIT_OK;
    report_error(NULL, "--%s %.100s (expected a whole number from %lu to %lu)", row->name, text,
                 row->least, row->most);
    return EXIT_USAGE;
}

static int take_word(const struct option_row *row, const char *text,
                     const struct option_word **taken)
{
    struct buffer expected = {0};

    for (const struct option_word *word = row->words; word->word != NULL; word++) {
        if (strcmp(word->word, text) == 0) {
            *taken = word;
            buffer_free(&expected);
            return EXIT_OK;
        }
        buffer_add_alternative(&expected, word->word, word[1].word == NULL);
    }
    report_error(NULL, "--%s %.100s (expected %s)", row->name, text, expected.data);
    buffer_free(&expected);
    return EXIT_USAGE;
}

static int take_list(struct arena *arena, const struct option_row *row, const char *text,
                     struct option_list *list)
{
    if (list->words == NULL || row->again != AGAIN_ADDS)
        *list = (struct option_list){arena_alloc(arena, 1, sizeof *list->words), 0};
    while (*text != '\0') {
        size_t length = strcspn(text, row->separators);

        if (length != 0) {
            list->words = arena_grow(arena, list->words, list->count, sizeof *list->words);
            list->words[list->count++] = arena_copy(arena, text, length);
        }
        text += length + (text[length] != '\0');
    }
    if (row->most == 0 || list->count <= row->most)
        return EXIT_OK;
    report_error(NULL, "--%s: %zu of them (expected at most %lu)", row->name, list->count,
                 row->most);
    return EXIT_USAGE;
}

static int take_value(const struct parser *parser, int option, const char *text)
{
    const struct option_row *row = option_row(parser->program, option);
    char *at = (char *)parser->arguments + row->at;

    if (parser->given[option] && row->again == AGAIN_REFUSED) {
        report_error(NULL, "--%s twice (expected once)", row->name);
        return EXIT_USAGE;
    }
    parser->given[option] = true;
    switch (row->kind) {
    case OPTION_TEXT:
        *(const char **)(void *)at = text;
        return EXIT_OK;
    case OPTION_NUMBER:
        return take_number(row, text, (unsigned long *)(void *)at);
    case OPTION_WORD:
        return take_word(row, text, (const struct option_word **)(void *)at);
    case OPTION_LIST:
        return take_list(parser->arena, row, text, (struct option_list *)(void *)at);
    default:
        *(bool *)at = true;
        return EXIT_OK;
    }
}

/* ---- what belongs together ------------------------------------------------------------------- */

/* Behind what is wrong: where to look. */
static void add_hint(struct buffer *text, const struct parser *parser, const char *hint)
{
    if (hint != NULL)
        buffer_printf(text, " (%s)", hint);
    else
        buffer_printf(text, " (%s %s --help)", parser->program->name, parser->command->name);
}

/* The end of a line that begins with the command's name. */
static int refuse(const struct parser *parser, struct buffer *text, const char *hint)
{
    add_hint(text, parser, hint);
    report_error(NULL, "%s", text->data);
    buffer_free(text);
    return EXIT_USAGE;
}

static int check_operands(const struct parser *parser, int count)
{
    const struct command *command = parser->command;
    bool instead_given = parser->given[command->operands_instead];
    struct buffer text = {0};

    if (instead_given ? count == 0 : count >= command->least && count <= command->most)
        return EXIT_OK;
    buffer_printf(&text, "%s takes %s", command->name,
                  command->most == 0 ? "no argument" : command->operands_are);
    if (command->operands_instead != OPTION_HELP)
        buffer_printf(&text, ", or --%s",
                      option_row(parser->program, command->operands_instead)->name);
    return refuse(parser, &text, NULL);
}

static int check_needed(const struct parser *parser, const struct option_use *use)
{
    const struct option_use other = {.option = use->instead};
    struct buffer text = {0};

    if (!use->needed || parser->given[use->option] || parser->given[use->instead])
        return EXIT_OK;
    buffer_printf(&text, "%s needs ", parser->command->name);
    option_add_usage(&text, parser->program, use);
    if (use->instead != OPTION_HELP) {
        buffer_puts(&text, " or ");
        option_add_usage(&text, parser->program, &other);
    }
    return refuse(parser, &text, option_row(parser->program, use->option)->hint);
}

/* Of two options which one has to be, or must not be, beside the other. */
static int check_beside(const struct parser *parser, int option, const char *beside, int other,
                        bool wanted)
{
    struct buffer text = {0};

    if (other == OPTION_HELP || !parser->given[option] || parser->given[other] == wanted)
        return EXIT_OK;
    buffer_printf(&text, "%s takes --%s %s --%s%s", parser->command->name,
                  option_row(parser->program, option)->name, beside,
                  option_row(parser->program, other)->name, wanted ? " only" : "");
    return refuse(parser, &text, NULL);
}

static int check_uses(const struct parser *parser)
{
    int status = EXIT_OK;

    for (const struct option_use *use = parser->command->takes;
         status == EXIT_OK && use->option != OPTION_HELP; use++) {
        status = check_needed(parser, use);
        if (status == EXIT_OK)
            status = check_beside(parser, use->option, "without", use->instead, false);
        if (status == EXIT_OK)
            status = check_beside(parser, use->option, "without", use->without, false);
        if (status == EXIT_OK)
            status = check_beside(parser, use->option, "with", use->with, true);
    }
    return status;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* What getopt_long() did not know: its own words would show the argument raw. */
static int refuse_unknown(const struct parser *parser, const char *argument)
{
    struct buffer text = {0};

    if (optopt >= LONG)
        buffer_printf(&text, "--%s takes no value",
                      option_row(parser->program, optopt - LONG)->name);
    else if (optopt != 0)
        buffer_printf(&text, "%s takes no option '-%c'", parser->command->name, optopt);
    else
        buffer_printf(&text, "%s takes no option '%.100s'", parser->command->name, argument);
    return refuse(parser, &text, NULL);
}

/* For getopt_long(): the long options, and the letters, with a ':' where a value follows. */
static struct option *long_options(const struct parser *parser, struct buffer *letters)
{
    const struct program *program = parser->program;
    struct option *options =
        arena_alloc(parser->arena, (size_t)program->option_count + 1, sizeof *options);

    buffer_puts(letters, ":h");
    for (int i = 0; i < program->option_count; i++) {
        const struct option_row *row = option_row(program, i);

        options[i] = (struct option){
            row->name, row->kind == OPTION_FLAG ? no_argument : required_argument, NULL, LONG + i};
        if (row->letter != 0)
            buffer_printf(letters, "%c%s", row->letter, row->kind == OPTION_FLAG ? "" : ":");
    }
    return options;
}

static int read_words(const struct parser *parser, int argc, char **argv, bool *help)
{
    struct buffer letters = {0}, text = {0};
    const struct option *options = long_options(parser, &letters);
    int status = EXIT_OK, found;

    opterr = 0;
    optind = 0; /* from the beginning, whatever was read before */
    while (status == EXIT_OK && !*help &&
           (found = getopt_long(argc, argv, letters.data, options, NULL)) != -1) {
        const bool lacks_value = found == ':';
        const int option = option_found(parser->program, lacks_value ? optopt : found);

        if (found == '?') {
            status = refuse_unknown(parser, argv[optind - 1]);
        } else if (!option_taken(parser->command, option)) {
            buffer_printf(&text, "%s takes no option '--%s'", parser->command->name,
                          option_row(parser->program, option)->name);
            status = refuse(parser, &text, NULL);
        } else if (lacks_value) {
            buffer_printf(&text, "--%s needs a value", option_row(parser->program, option)->name);
            status = refuse(parser, &text, NULL);
        } else if (option == OPTION_HELP) {
            *help = true;
        } else {
            status = take_value(parser, option, optarg);
        }
    }
    buffer_free(&letters);
    return status;
}

int options_read(struct arena *arena, const struct program *program, const struct command *command,
                 int argc, char **argv, struct arguments *arguments, bool *help)
{
    struct operands *operands = (struct operands *)(void *)arguments;
    struct parser parser = {arena, program, command, arguments, NULL};
    int status;

    *help = false;
    parser.given = arena_alloc(arena, (size_t)program->option_count, sizeof *parser.given);
    status = read_words(&parser, argc, argv, help);
    if (status != EXIT_OK || *help)
        return status;
    operands->words = argv + optind;
    operands->count = argc - optind;
    status = check_operands(&parser, operands->count);
    return status == EXIT_OK ? check_uses(&parser) : status;
}
