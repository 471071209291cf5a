/*
 * PROGRAM --complete WORD...: what the last word could become, for completions/. The first line
 * says what it is: COMMAND, OPTION, ARGUMENT or what the command's row calls its operands, or what
 * --help calls the value of an option. Then every candidate that begins as typed, one a line; of an
 * option, what it is for, behind a tab. FILE, PATH, TEMPLATE and DIR are the shell's to complete.
 */
#ifndef KPEP_COMPLETE_H
#define KPEP_COMPLETE_H

#include "common/options.h"

struct completion {
    const struct program *program;
    const struct command *command;
    char **words; /* behind the command's name */
    int count;
    const char *word;                /* the last, which is completed */
    size_t head;                     /* of which so much stays: "--cpu=", "cycles," */
    const struct option_row *option; /* of which it is the value, or NULL */
};

/* words: what is typed behind the program's name. An exit status. */
int complete_words(const struct program *program, int count, char **words);

/* For a command's .complete. user: the completion. Prints the candidate if it begins as typed. */
void completion_offer(const void *user, const char *candidate);
/* The value that the words before the last give an option, or NULL; whether they have it. */
const char *completion_value(const struct completion *completion, int option);
bool completion_has(const struct completion *completion, int option);

#endif
