/* Files written whole or not at all. */
#ifndef KPEPC_OUTPUT_H
#define KPEPC_OUTPUT_H

#include "common/buffer.h"

#include <stdbool.h>
#include <sys/types.h>

/* One file, or standard output. Text is added to `text`, which output_flush() empties. */
struct output {
    const char *path; /* NULL: standard output */
    struct buffer text;
    /* The rest is output.c's own. */
    int fd; /* of the temporary or spooled file, or the directory, while it is open; else -1 */
    enum { OUTPUT_UNKNOWN, OUTPUT_FILE, OUTPUT_IN_PLACE } kind;
    bool ended;    /* nothing more is to come */
    int status;    /* EXIT_OK, or what went wrong and was reported */
    bool replaces; /* a file, which has that mode and those owners */
    mode_t mode;
    uid_t user;
    gid_t group;
    char *place;     /* path, or what it links to */
    char *temporary; /* beside it, while it is being written */
};

/*
 * Outputs are begun together, written one after the other and committed
 * together. From the beginning to output_commit() or output_drop() they stay
 * where they are; whatever ends the program in between leaves no temporary file.
 *
 * What is to be a file is written under a temporary name beside its place, and
 * a link stays one: the file it leads to is replaced, by one of its mode and, as
 * far as it may be given away, its owner and group. With `sync`, files are on the
 * disk before they get their names, and these before all is done. What is no regular file (a
 * pipe, /dev/full) or is standard output cannot be taken back: its text waits in
 * memory or, when it is long, in a file without a name in TMPDIR (/tmp) until
 * all outputs are whole.
 */
void output_begin(struct output *outputs, size_t count, bool sync);
/* Writes `text` of a struct output to its file and empties it; false after a report. */
bool output_flush(void *output);
/* All text was added: what is to be a file needs neither memory nor a descriptor any more. */
void output_end(struct output *output);
/*
 * Ends those that are not, and gives them their names when every byte of every one is written.
 * EXIT_OK, or after one report, here or before, EXIT_NO when a write failed and EXIT_SYSTEM when
 * a file cannot be made; then no file has changed, unless a rename failed half-way or the
 * directory could not be synced.
 */
int output_commit(struct output *outputs, size_t count);
/* As if they had never been begun. */
void output_drop(struct output *outputs, size_t count);

#endif
