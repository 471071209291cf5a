/* A program's tables in, the row of an option or command out, or how a usage line names it. */
#include "common/options.h"

#include <string.h>

const struct option_row *option_row(const struct program *program, int option)
{
    static const struct option_row help = {.name = "help", .help = "this text"};

    return option == OPTION_HELP ? &help : &program->options[option];
}

bool option_taken(const struct command *command, int option)
{
    for (const struct option_use *use = command->takes; use->option != OPTION_HELP; use++)
        if (use->option == option || use->instead == option)
            return true;
    return option == OPTION_HELP || option == command->operands_instead;
}

const struct command *command_named(const struct program *program, const char *name)
{
    for (size_t i = 0; program->commands[i] != NULL; i++)
        if (strcmp(program->commands[i]->name, name) == 0)
            return program->commands[i];
    return NULL;
}

void option_add_usage(struct buffer *text, const struct program *program,
                      const struct option_use *use)
{
    const struct option_row *row = option_row(program, use->option);
    const char *value = use->value == NULL ? row->value : use->value;

    if (row->letter != 0)
        buffer_printf(text, "-%c", row->letter);
    else
        buffer_printf(text, "--%s", row->name);
    if (value != NULL)
        buffer_printf(text, " %s", value);
}
