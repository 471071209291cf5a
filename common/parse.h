/* The parser of command lines: argv and a program's tables to the program's struct arguments. */
#ifndef KPEP_PARSE_H
#define KPEP_PARSE_H

#include "common/options.h"

/*
 * argv[0] is the command's name. Options stand anywhere before a "--", as getopt_long() has them:
 * abbreviated, with = or not. EXIT_OK, or EXIT_USAGE after a report. *help: --help was among them,
 * and nothing behind it was read. Lists are in the arena, all else points into argv.
 */
int options_read(struct arena *arena, const struct program *program, const struct command *command,
                 int argc, char **argv, struct arguments *arguments, bool *help);

#endif
