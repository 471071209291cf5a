/*
 * --complete: a program's tables and what is typed in, candidates for the last word out, on
 * standard output.
 */
#include "common/complete.h"

#include "common/report.h"

#include <stdio.h>
#include <string.h>

void completion_offer(const void *user, const char *candidate)
{
    const struct completion *completion = user;
    const char *begins = completion->word + completion->head;

    if (strncmp(candidate, begins, strlen(begins)) != 0)
        return;
    fwrite(completion->word, 1, completion->head, stdout);
    puts(candidate);
}

const char *completion_value(const struct completion *completion, int option)
{
    const char *name = option_row(completion->program, option)->name, *value = NULL;
    const size_t length = strlen(name) + 2;

    for (int i = 0; i < completion->count - 1; i++) {
        const char *word = completion->words[i];

        if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, length - 2) != 0)
            continue;
        if (word[length] == '=')
            value = word + length + 1;
        else if (word[length] == '\0' && i + 1 < completion->count - 1)
            value = completion->words[i + 1];
    }
    return value;
}

bool completion_has(const struct completion *completion, int option)
{
    const char *name = option_row(completion->program, option)->name;

    for (int i = 0; i < completion->count - 1; i++)
        if (strncmp(completion->words[i], "--", 2) == 0 &&
            strcmp(completion->words[i] + 2, name) == 0)
            return true;
    return false;
}

static void offer_values(const struct completion *completion)
{
    const struct option_row *row = completion->option;

    for (const struct option_word *word = row->words; word != NULL && word->word != NULL; word++)
        completion_offer(completion, word->word);
    if (row->candidates != NULL)
        row->candidates(completion_offer, completion);
}

static void offer_option(const struct completion *completion, int option)
{
    const struct option_row *row = option_row(completion->program, option);
    char text[256];

    snprintf(text, sizeof text, "--%s\t%s", row->name, row->help);
    completion_offer(completion, text);
}

static void offer_options(const struct completion *completion)
{
    for (int i = 1; i < completion->program->option_count; i++)
        if (option_taken(completion->command, i))
            offer_option(completion, i);
    offer_option(completion, OPTION_HELP);
}

static void offer_commands(const struct completion *completion)
{
    puts("COMMAND");
    for (size_t i = 0; completion->program->commands[i] != NULL; i++)
        completion_offer(completion, completion->program->commands[i]->name);
    if (*completion->word == '-') {
        completion_offer(completion, "--help");
        completion_offer(completion, "--version");
    }
}

/* The option of a name, "--cpu" or "-e", if the command takes it with a value; or NULL. */
static const struct option_row *option_typed(const struct completion *completion, const char *typed,
                                             size_t length)
{
    for (int i = 1; i < completion->program->option_count; i++) {
        const struct option_row *row = option_row(completion->program, i);
        bool is_long = length == strlen(row->name) + 2 && strncmp(typed, "--", 2) == 0 &&
                       strncmp(typed + 2, row->name, length - 2) == 0;
        bool is_short =
            row->letter != 0 && length == 2 && typed[0] == '-' && typed[1] == row->letter;

        if ((is_long || is_short) && option_taken(completion->command, i))
            return row->kind == OPTION_FLAG ? NULL : row;
    }
    return NULL;
}

/* Whether the last word is the value of an option, and how much of the word is not. */
static void find_option(struct completion *completion)
{
    const char *word = completion->word, *last = NULL;
    const char *before = completion->count > 1 ? completion->words[completion->count - 2] : "";
    const size_t name = strcspn(word, "=");

    if (strncmp(word, "--", 2) == 0 && word[name] == '=') {
        completion->option = option_typed(completion, word, name);
        completion->head = completion->option == NULL ? 0 : name + 1;
    } else {
        completion->option = option_typed(completion, before, strlen(before));
    }
    if (completion->option == NULL || completion->option->kind != OPTION_LIST)
        return;
    for (const char *c = word + completion->head; *c != '\0'; c++)
        if (strchr(completion->option->separators, *c) != NULL)
            last = c;
    if (last != NULL)
        completion->head = (size_t)(last + 1 - word);
}

static int complete_operand(const struct completion *completion)
{
    const struct command *command = completion->command;

    puts(command->operand_kind == NULL ? "ARGUMENT" : command->operand_kind);
    return command->complete == NULL ? EXIT_OK : command->complete(completion);
}

int complete_words(const struct program *program, int count, char **words)
{
    struct completion completion = {.program = program, .words = words + 1, .count = count - 1};

    if (count == 0) {
        report_error(NULL, "--complete takes the words that are typed behind %s, to the last",
                     program->name);
        return EXIT_USAGE;
    }
    completion.word = words[count - 1];
    if (count == 1) {
        offer_commands(&completion);
        return EXIT_OK;
    }
    completion.command = command_named(program, words[0]);
    if (completion.command == NULL)
        return EXIT_NO;
    find_option(&completion);
    if (completion.option == NULL && *completion.word == '-') {
        puts("OPTION");
        offer_options(&completion);
        return EXIT_OK;
    }
    if (completion.option == NULL)
        return complete_operand(&completion);
    puts(completion.option->value);
    offer_values(&completion);
    return EXIT_OK;
}
