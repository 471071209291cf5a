/* A program of several commands: from argv to an exit status. */
#ifndef KPEP_COMMANDS_H
#define KPEP_COMMANDS_H

#include "common/options.h"

/* What main() returns. arguments: zeroed, and filled for the command. */
int run_program(const struct program *program, struct arguments *arguments, int argc, char **argv);

#endif
