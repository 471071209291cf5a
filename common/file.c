/*
 * The path of a file -> its bytes. What is read is a regular file, so that no FIFO or device makes
 * a command wait, and what the system says of its size is not believed.
 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

FILE *open_file(const char *path, struct stat *status)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK), why;
    FILE *file = NULL;

    if (fd >= 0 && fstat(fd, status) == 0) {
        errno = 0;
        file = S_ISREG(status->st_mode) ? fdopen(fd, "rb") : NULL;
    }
    if (file == NULL) {
        fatal_without_memory();
        why = errno;
        if (fd >= 0)
            close(fd);
        errno = why;
    }
    return file;
}

bool read_open_file(FILE *file, size_t most, struct buffer *content)
{
    char chunk[1 << 14];
    size_t got;

    errno = 0;
    while (content->length <= most && (got = fread(chunk, 1, sizeof chunk, file)) != 0)
        buffer_add(content, chunk, got);
    return !ferror(file);
}
