/*
 * A program of several commands: finds the command, has its options read, runs it, and makes sure
 * that what it printed arrived.
 */
#include "common/commands.h"

#include "common/complete.h"
#include "common/parse.h"
#include "common/report.h"
#include "common/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was printed must have arrived: a full disk or a closed pipe is no success. */
static int check_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    report_error(NULL, "cannot write to standard output");
    return EXIT_NO;
}

/*
 * A standard descriptor that is closed would be that of the next file opened, and a report would
 * end in it. This one takes no writes, so they fail as before.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            exit(EXIT_SYSTEM);
}

static int refuse_command(const struct program *program, const char *typed)
{
    const struct command *const *commands = program->commands;
    struct buffer expected = {0};

    for (size_t i = 0; commands[i] != NULL; i++)
        buffer_add_alternative(&expected, commands[i]->name, commands[i + 1] == NULL);
    report_error(NULL, "no command '%.100s' (expected %s)", typed, expected.data);
    buffer_free(&expected);
    return EXIT_USAGE;
}

static int run_command(const struct program *program, struct arguments *arguments, int argc,
                       char **argv)
{
    static struct arena arena; /* to the end of the process, which gives it back */
    const struct command *command = command_named(program, argv[0]);
    bool help;
    int status;

    if (command == NULL)
        return refuse_command(program, argv[0]);
    status = options_read(&arena, program, command, argc, argv, arguments, &help);
    if (status != EXIT_OK)
        return status;
    if (help) {
        usage_print_command(program, command);
        return EXIT_OK;
    }
    if (program->begin != NULL)
        program->begin(arguments);
    return command->run(&arena, arguments);
}

int run_program(const struct program *program, struct arguments *arguments, int argc, char **argv)
{
    int status = EXIT_OK;

    program_named(program->name);
    hold_standard_descriptors();
    if (argc < 2) {
        usage_print(stderr, program);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        usage_print(stdout, program);
    else if (strcmp(argv[1], "--version") == 0)
        printf("%s %s\n", program->name, program->version);
    else if (strcmp(argv[1], "--complete") == 0)
        status = complete_words(program, argc - 2, argv + 2);
    else
        status = run_command(program, arguments, argc - 1, argv + 1);
    return check_output(status);
}
