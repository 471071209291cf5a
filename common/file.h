/* Files that are read whole. */
#ifndef KPEP_FILE_H
#define KPEP_FILE_H

#include "common/buffer.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

/*
 * A regular file, to be read; a FIFO does not make it wait for a writer. NULL with errno, which
 * is 0 for what is no regular file; without memory the end. The caller closes it.
 */
FILE *open_file(const char *path, struct stat *status);
/*
 * All of an open file, whatever the system says of its size: that of those of /proc is 0. No more
 * than `most` bytes and one, or a few, that tell of more. False with errno.
 */
bool read_open_file(FILE *file, size_t most, struct buffer *content);

#endif
