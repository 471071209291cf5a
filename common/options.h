/*
 * The tables of a program's command line. What options and commands there are is said in these
 * alone: the parser and its errors (parse.h), usage lines and --help (usage.h), --complete
 * (complete.h) and what the man pages list (tests/cli/help_test.py) derive from them.
 */
#ifndef KPEP_OPTIONS_H
#define KPEP_OPTIONS_H

#include "common/arena.h"
#include "common/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* Everything a command line can say: each program's own, which begins with a struct operands. */
struct arguments;
struct completion;

/* What is neither an option nor the value of one. */
struct operands {
    char **words;
    int count;
};

/* One of the few words that an option takes, and what it stands for; a NULL word ends a list. */
struct option_word {
    const char *word;
    int value;
};

/* The words of an option that takes several; words is NULL where it was not given. */
struct option_list {
    const char **words;
    size_t count;
};

/* By the type of the field in struct arguments. What was not given stays zero. */
enum option_kind {
    OPTION_FLAG,   /* bool: no value */
    OPTION_TEXT,   /* const char *: any */
    OPTION_NUMBER, /* unsigned long: a whole number from .least to .most */
    OPTION_WORD,   /* const struct option_word *: one of .words */
    OPTION_LIST,   /* struct option_list: words with .separators between, at most .most of them */
};

/* What an option does that is given again. */
enum option_again {
    AGAIN_REPLACES, /* the last one counts */
    AGAIN_ADDS,     /* to a list */
    AGAIN_REFUSED,
};

/* In a row: where the value goes, and with the type of that its kind. */
#define OPTION_FILLS(type, field) \
    .at = offsetof(type, field), .kind = _Generic(((type *)0)->field, bool                         \
                                                  : OPTION_FLAG, const char *                      \
                                                  : OPTION_TEXT, unsigned long                     \
                                                  : OPTION_NUMBER, const struct option_word *      \
                                                  : OPTION_WORD, struct option_list                \
                                                  : OPTION_LIST)

/* An option of the program. */
struct option_row {
    const char *name; /* "cpu", typed as --cpu */
    char letter;      /* of a short form, or 0 */
    enum option_kind kind;
    enum option_again again;
    size_t at;
    const char *value; /* what its value is called: "CPU" */
    const char *help;
    const char *hint;                /* what helps who left it out, NULL: --help of the command */
    const char *separators;          /* OPTION_LIST: the characters between words */
    unsigned long least, most;       /* OPTION_NUMBER; OPTION_LIST: most words, 0 any number */
    const struct option_word *words; /* OPTION_WORD */
    /* Every value that there is, one by one, for --complete; or NULL. */
    void (*candidates)(void (*each)(const void *user, const char *word), const void *user);
};

/* Every command takes --help, which is no row of a program's: where an option is named, none. */
enum { OPTION_HELP = 0 };

/* That a command takes an option. Options are numbered as the rows of the program, from 1. */
struct option_use {
    int option;
    bool needed;
    const char *value; /* what the command calls the value, where that is not the row's word */
    int instead;       /* an option that does as well, but not beside it */
    int with, without; /* an option that has to be given too, that cannot be */
};

/* A command is its own file, with its row. */
struct command {
    const char *name;
    int (*run)(struct arena *arena, const struct arguments *arguments);
    const struct option_use *takes; /* as the usage line has them; ends with OPTION_HELP */
    const char *operands;           /* as the usage line has them: "EVENT...", or NULL */
    int operands_instead;           /* an option that does as well, but not beside them */
    int least, most;                /* operands */
    const char *operands_are;       /* what the error says that it takes: "events" */
    const char *help;               /* paragraphs of --help */
    void (*print_more_help)(void);  /* behind these, or NULL */
    /* --complete of an operand: what it is ("DIR", NULL: "ARGUMENT"), and who offers candidates. */
    const char *operand_kind;
    int (*complete)(const struct completion *completion);
};

struct program {
    const char *name, *version;
    const char *about, *statuses;                     /* of --help */
    const struct option_row *options;                 /* from 1: that of OPTION_HELP is not used */
    int option_count;                                 /* with that of OPTION_HELP */
    const struct command *const *commands;            /* ends with NULL */
    void (*begin)(const struct arguments *arguments); /* before a command runs, or NULL */
};

/* The row of an option, also of OPTION_HELP. */
const struct option_row *option_row(const struct program *program, int option);
/* Whether the command takes the option. */
bool option_taken(const struct command *command, int option);
/* The command of a name, or NULL. */
const struct command *command_named(const struct program *program, const char *name);

/* An option as a usage line has it: "-o DIR", "--cpu CPU". */
void option_add_usage(struct buffer *text, const struct program *program,
                      const struct option_use *use);

#endif
