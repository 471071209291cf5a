/* What a program's tables say of its use: usage lines and --help, to a stream. */
#ifndef KPEP_USAGE_H
#define KPEP_USAGE_H

#include "common/options.h"

#include <stdio.h>

/* --help of the program, and of one command. */
void usage_print(FILE *to, const struct program *program);
void usage_print_command(const struct program *program, const struct command *command);

#endif
