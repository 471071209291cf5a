#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What has to go when the program is interrupted. */
static struct output *volatile pending;
static volatile size_t pending_count;

static const int fatal_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof fatal_signals[0] };

/* What ends the program half-way, a signal or want of memory, leaves none of them. */
static void remove_pending(void)
{
    for (size_t i = 0; i < pending_count; i++)
        if (pending[i].temporary != NULL)
            unlink(pending[i].temporary);
}

static void interrupted(int signal_number)
{
    remove_pending();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static sigset_t signal_set(void)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < FATAL_SIGNALS; i++)
        sigaddset(&set, fatal_signals[i]);
    return set;
}

/* Between making a temporary file and noting its name no signal may come, nor while it is
 * forgotten. */
static sigset_t hold_signals(void)
{
    sigset_t set = signal_set(), before;

    sigprocmask(SIG_BLOCK, &set, &before);
    return before;
}

static void release_signals(sigset_t before)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* What is ignored stays so; too large a file is an error of write(), not the end. */
static void catch_signals(void)
{
    struct sigaction remove = {.sa_handler = interrupted, .sa_mask = signal_set()}, before;

    for (size_t i = 0; i < FATAL_SIGNALS; i++)
        if (sigaction(fatal_signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(fatal_signals[i], &remove, NULL);
    signal(SIGXFSZ, SIG_IGN);
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

/* What is no regular file; a FIFO waits for its reader. */
static int open_in_place(const char *path)
{
    int fd;

    do
        fd = open(path, O_WRONLY);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static int write_in_place(const struct output *output)
{
    const char *shown = output->path == NULL ? "standard output" : output->path;
    int fd = output->path == NULL ? dup(STDOUT_FILENO) : open_in_place(output->path);
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

/* The path, or where it leads when it is a link; NULL with errno. */
static char *place_of(const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return errno == ENOENT ? strdup(path) : NULL;
    return S_ISLNK(status.st_mode) ? realpath(path, NULL) : strdup(path);
}

static int make_temporary(struct output *output)
{
    static const char suffix[] = ".XXXXXX";
    size_t length;
    sigset_t before;
    char *name;
    int fd;

    output->place = place_of(output->path);
    if (output->place == NULL)
        return -1;
    length = strlen(output->place);
    name = malloc(length + sizeof suffix);
    if (name == NULL)
        return -1;
    memcpy(name, output->place, length);
    memcpy(name + length, suffix, sizeof suffix);
    before = hold_signals();
    fd = mkstemp(name);
    output->temporary = fd < 0 ? NULL : name;
    release_signals(before);
    if (fd < 0)
        free(name);
    return fd;
}

static int write_temporary(struct output *output)
{
    mode_t mask = umask(0);
    int fd;

    umask(mask);
    fd = make_temporary(output);
    if (fd < 0)
        return failed(output->path, EXIT_SYSTEM);
    if (!write_all(fd, &output->text) || fchmod(fd, 0666 & ~mask) != 0) {
        int status = failed(output->path, EXIT_NO);

        close(fd);
        return status;
    }
    return close(fd) == 0 ? EXIT_OK : failed(output->path, EXIT_NO);
}

/* Whether it is written as it is, a pipe or a device; false with errno when that cannot be said. */
static bool find_kind(struct output *output, bool *in_place)
{
    struct stat status, standard;

    *in_place = output->path == NULL;
    if (*in_place)
        return true;
    if (stat(output->path, &status) != 0)
        return errno == ENOENT;
    /* /dev/stdout leads to the file that standard output goes to, which may hold more than this. */
    if (fstat(STDOUT_FILENO, &standard) == 0 && status.st_dev == standard.st_dev &&
        status.st_ino == standard.st_ino)
        output->path = NULL;
    *in_place = output->path == NULL || !S_ISREG(status.st_mode);
    return true;
}

/* Writes the temporary file of what is to be a file. */
static int prepare(struct output *output)
{
    bool in_place;

    if (!find_kind(output, &in_place))
        return failed(output->path, EXIT_SYSTEM);
    return in_place ? EXIT_OK : write_temporary(output);
}

static bool give_name(struct output *output)
{
    sigset_t before = hold_signals();
    bool ok = rename(output->temporary, output->place) == 0;

    if (ok) {
        free(output->temporary);
        output->temporary = NULL;
    }
    release_signals(before);
    return ok;
}

static void forget_temporaries(struct output *outputs, size_t count)
{
    sigset_t before = hold_signals();

    for (size_t i = 0; i < count; i++) {
        if (outputs[i].temporary != NULL)
            unlink(outputs[i].temporary);
        free(outputs[i].temporary);
        free(outputs[i].place);
        outputs[i].temporary = outputs[i].place = NULL;
    }
    pending_count = 0;
    release_signals(before);
}

int output_commit(struct output *outputs, size_t count)
{
    int status = EXIT_OK;

    pending = outputs;
    pending_count = count;
    atexit(remove_pending);
    catch_signals();
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        status = prepare(&outputs[i]);
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].temporary == NULL)
            status = write_in_place(&outputs[i]);
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].temporary != NULL && !give_name(&outputs[i]))
            status = failed(outputs[i].path, EXIT_SYSTEM);
    forget_temporaries(outputs, count);
    return status;
}
