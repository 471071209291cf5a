#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* For the signal handler: what has to go when the program is interrupted. */
static struct output *volatile pending;
static volatile size_t pending_count;

static void remove_pending(int signal_number)
{
    for (size_t i = 0; i < pending_count; i++)
        if (pending[i].temporary != NULL)
            unlink(pending[i].temporary);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static int failed(const char *path, int status)
{
    report_error(path, "%s", strerror(errno));
    return status;
}

static bool write_all(int fd, const struct buffer *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t wrote = write(fd, text->data + done, text->length - done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

static int write_in_place(const struct output *output)
{
    const char *shown = output->path == NULL ? "standard output" : output->path;
    int fd = output->path == NULL ? dup(STDOUT_FILENO) : open(output->path, O_WRONLY);
    bool ok;

    if (fd < 0)
        return failed(shown, EXIT_SYSTEM);
    ok = write_all(fd, &output->text);
    if (!ok) {
        int status = failed(shown, EXIT_NO);

        close(fd);
        return status;
    }
    return close(fd) == 0 ? EXIT_OK : failed(shown, EXIT_NO);
}

static int write_temporary(struct output *output)
{
    size_t length = strlen(output->path);
    mode_t mask = umask(0);
    char *name;
    int fd;

    umask(mask);
    name = malloc(length + sizeof ".XXXXXX");
    if (name == NULL)
        return failed(output->path, EXIT_SYSTEM);
    memcpy(name, output->path, length);
    memcpy(name + length, ".XXXXXX", sizeof ".XXXXXX");
    fd = mkstemp(name);
    if (fd < 0) {
        int status = failed(output->path, EXIT_SYSTEM);

        free(name);
        return status;
    }
    output->temporary = name;
    if (!write_all(fd, &output->text) || fchmod(fd, 0666 & ~mask) != 0) {
        int status = failed(output->path, EXIT_NO);

        close(fd);
        return status;
    }
    return close(fd) == 0 ? EXIT_OK : failed(output->path, EXIT_NO);
}

static bool goes_in_place(const struct output *output)
{
    struct stat status;

    return output->path == NULL || (stat(output->path, &status) == 0 && !S_ISREG(status.st_mode));
}

static void forget_temporaries(struct output *outputs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (outputs[i].temporary != NULL) {
            unlink(outputs[i].temporary);
            free(outputs[i].temporary);
            outputs[i].temporary = NULL;
        }
}

int output_commit(struct output *outputs, size_t count)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    int status = EXIT_OK;

    pending = outputs;
    pending_count = count;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signal(signals[i], remove_pending) == SIG_IGN)
            signal(signals[i], SIG_IGN);
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (!goes_in_place(&outputs[i]))
            status = write_temporary(&outputs[i]);
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].temporary == NULL)
            status = write_in_place(&outputs[i]);
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].temporary != NULL && rename(outputs[i].temporary, outputs[i].path) != 0)
            status = failed(outputs[i].path, EXIT_SYSTEM);
    forget_temporaries(outputs, count);
    pending_count = 0;
    return status;
}
