/*
 * The program that runs: its name, and its end when it cannot go on. Writes one line to standard
 * error.
 */
#include "common/program.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *program = "kpep";

void program_named(const char *name)
{
    program = name;
}

const char *program_name(void)
{
    return program;
}

void fatal(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(status);
}

void fatal_without_memory(void)
{
    if (errno == ENOMEM)
        fatal(EXIT_SYSTEM, "out of memory");
}
