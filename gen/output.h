/* Files written whole or not at all. */
#ifndef KPEPC_OUTPUT_H
#define KPEPC_OUTPUT_H

#include "util.h"

struct output {
    const char *path; /* NULL: standard output */
    struct buffer text;
    char *place;     /* path, or what it links to */
    char *temporary; /* while it is being written */
};

/*
 * Writes all of them under temporary names beside their places, and only when
 * every byte of every one is written gives them their names. What is no regular
 * file (a pipe, /dev/full) or is standard output is written in place, and a link
 * stays one: the file it leads to is replaced. EXIT_OK, or after one report
 * EXIT_NO when a write failed and EXIT_SYSTEM when a file cannot be made; then no
 * file has changed, unless a rename itself failed half-way.
 */
int output_commit(struct output *outputs, size_t count);

#endif
