/*
 * In goes text, a chunk at a time, out come files that are written whole or not at all: temporary
 * files beside them, renamed at the end. It touches those, signal handlers and, for what cannot be
 * taken back (a pipe, standard output), a file without a name in TMPDIR.
 */
#include "output.h"

#include "common/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The outputs whose temporary files go when the program is interrupted. */
static struct output *volatile pending;
static volatile size_t pending_count;
static bool syncs;

static const int fatal_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};

enum { FATAL_SIGNALS = sizeof fatal_signals / sizeof fatal_signals[0] };

/* Also at exit: a program that ends half-way, for want of memory too, leaves none. */
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

/* Reports errno. */
static bool fail(struct output *output, const char *path, int status)
{
    report_error(path, "%s", strerror(errno));
    output->status = status;
    return false;
}

static const char *shown_path(const struct output *output)
{
    return output->path == NULL ? "standard output" : output->path;
}

static bool write_all(int fd, const char *text, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t wrote = write(fd, text + done, length - done);

        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

/* ---- the temporary file ---------------------------------------------------------------------- */

/* The path, or where it leads when it is a link; NULL with errno. */
static char *place_of(const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return errno == ENOENT ? strdup(path) : NULL;
    return S_ISLNK(status.st_mode) ? realpath(path, NULL) : strdup(path);
}

/* "FILE.XXXXXX", for mkstemp(); NULL with errno. */
static char *name_beside(const char *file)
{
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(file);
    char *name = malloc(length + sizeof suffix);

    if (name == NULL)
        return NULL;
    memcpy(name, file, length);
    memcpy(name + length, suffix, sizeof suffix);
    return name;
}

/* -1 after a report; so below. */
static int make_temporary(struct output *output)
{
    sigset_t before;
    char *name;
    int fd;

    output->place = place_of(output->path);
    name = output->place == NULL ? NULL : name_beside(output->place);
    before = hold_signals();
    fd = name == NULL ? -1 : mkstemp(name);
    output->temporary = fd < 0 ? NULL : name;
    release_signals(before);
    if (fd < 0) {
        fail(output, output->path, EXIT_SYSTEM);
        free(name);
    }
    return fd;
}

/* For what is long and written in place: no name, so that nothing is left of it. */
static int make_spool(struct output *output)
{
    const char *directory = getenv("TMPDIR");
    struct buffer path = {0};
    sigset_t before = hold_signals();
    int fd;

    buffer_printf(&path, "%s/kpepc.XXXXXX",
                  directory == NULL || *directory == '\0' ? "/tmp" : directory);
    fd = mkstemp(path.data);
    if (fd >= 0)
        unlink(path.data);
    release_signals(before);
    if (fd < 0)
        fail(output, path.data, EXIT_SYSTEM);
    buffer_free(&path);
    return fd;
}

/* Whether it is written as it is, a pipe or a device; false after a report. */
static bool find_kind(struct output *output)
{
    struct stat status, standard;

    if (output->kind != OUTPUT_UNKNOWN)
        return true;
    output->kind = output->path == NULL ? OUTPUT_IN_PLACE : OUTPUT_FILE;
    if (output->path == NULL)
        return true;
    if (stat(output->path, &status) != 0)
        return errno == ENOENT || fail(output, output->path, EXIT_SYSTEM);
    output->replaces = true;
    output->mode = status.st_mode;
    output->user = status.st_uid;
    output->group = status.st_gid;
    /* /dev/stdout leads to the file that standard output goes to, which may hold more than this. */
    if (fstat(STDOUT_FILENO, &standard) == 0 && status.st_dev == standard.st_dev &&
        status.st_ino == standard.st_ino)
        output->path = NULL;
    if (output->path == NULL || !S_ISREG(status.st_mode))
        output->kind = OUTPUT_IN_PLACE;
    return true;
}

static bool open_output(struct output *output)
{
    if (output->fd >= 0)
        return true;
    if (output->status != EXIT_OK || !find_kind(output))
        return false;
    output->fd = output->kind == OUTPUT_IN_PLACE ? make_spool(output) : make_temporary(output);
    return output->fd >= 0;
}

bool output_flush(void *to)
{
    struct output *output = to;

    if (!open_output(output))
        return false;
    if (!write_all(output->fd, output->text.data, output->text.length))
        return fail(output, shown_path(output), EXIT_NO);
    output->text.length = 0;
    return true;
}

/* Only root may give a file to anybody, others to groups that they are in. */
static bool give_file(int fd, uid_t user, gid_t group)
{
    return fchown(fd, user, group) == 0;
}

/*
 * As what it replaces, or as the umask says. Who may not give it to the same group does not give
 * another one more than everybody has.
 */
static bool set_mode(const struct output *output)
{
    mode_t mask = umask(0), mode = 0666 & ~mask;
    struct stat own;

    umask(mask);
    if (output->replaces) {
        if (fstat(output->fd, &own) != 0)
            return false;
        mode = output->mode & 0777;
        if (own.st_uid != output->user)
            give_file(output->fd, output->user, (gid_t)-1);
        if (own.st_gid != output->group && !give_file(output->fd, (uid_t)-1, output->group))
            mode &= ~(mode_t)070 | (mode & 07) << 3;
    }
    return fchmod(output->fd, mode) == 0;
}

/* Not everything can be synced: what cannot is as good as it gets. */
static bool sync_file(int fd)
{
    while (syncs && fsync(fd) != 0)
        if (errno != EINTR)
            return errno == EINVAL || errno == ENOTSUP;
    return true;
}

static void end_temporary(struct output *output)
{
    if (!output_flush(output))
        return;
    if (!set_mode(output) || !sync_file(output->fd))
        fail(output, output->path, EXIT_NO);
    if (close(output->fd) != 0 && output->status == EXIT_OK)
        fail(output, output->path, EXIT_NO);
    output->fd = -1;
    buffer_free(&output->text);
}

void output_end(struct output *output)
{
    if (output->ended || output->status != EXIT_OK || !find_kind(output))
        return;
    output->ended = true;
    if (output->kind == OUTPUT_FILE)
        end_temporary(output);
    else if (output->fd >= 0)
        output_flush(output);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* What is no regular file; a FIFO waits for its reader. */
static int open_in_place(const char *path)
{
    int fd;

    do
        fd = open(path, O_WRONLY);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static bool copy_spool(int spool, int fd)
{
    char chunk[1 << 16];
    ssize_t got;

    if (lseek(spool, 0, SEEK_SET) != 0)
        return false;
    while ((got = read(spool, chunk, sizeof chunk)) > 0)
        if (!write_all(fd, chunk, (size_t)got))
            return false;
    return got == 0;
}

static bool write_in_place(struct output *output)
{
    int fd = output->path == NULL ? dup(STDOUT_FILENO) : open_in_place(output->path);
    bool ok;

    if (fd < 0)
        return fail(output, shown_path(output), EXIT_SYSTEM);
    ok = output->fd < 0 ? write_all(fd, output->text.data, output->text.length)
                        : copy_spool(output->fd, fd);
    if (!ok) {
        fail(output, shown_path(output), EXIT_NO);
        close(fd);
        return false;
    }
    return close(fd) == 0 || fail(output, shown_path(output), EXIT_NO);
}

/* Bytes of the path of its directory, 0 when it has none. */
static size_t directory_length(const struct output *output)
{
    const char *slash = strrchr(output->place, '/');

    return slash == NULL ? 0 : (size_t)(slash - output->place) + 1;
}

/*
 * Before anything has changed, so that of all that is done to a directory only the sync can fail.
 * One directory is opened for all outputs in it that are together. Who may write to it but not
 * read it cannot sync it.
 */
static bool open_directory(struct output *output, const struct output *before)
{
    size_t length = directory_length(output);
    char *path;

    if (before != NULL && before->kind == OUTPUT_FILE && directory_length(before) == length &&
        memcmp(before->place, output->place, length) == 0)
        return true;
    path = length == 0 ? strdup(".") : strndup(output->place, length);
    if (path != NULL)
        output->fd = open(path, O_RDONLY | O_DIRECTORY);
    if (output->fd < 0 && (path == NULL || (errno != EACCES && errno != EPERM)))
        fail(output, output->path, EXIT_SYSTEM);
    free(path);
    return output->status == EXIT_OK;
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
    return ok || fail(output, output->path, EXIT_SYSTEM);
}

void output_begin(struct output *outputs, size_t count, bool sync)
{
    syncs = sync;
    for (size_t i = 0; i < count; i++)
        outputs[i].fd = -1;
    pending = outputs;
    pending_count = count;
    atexit(remove_pending);
    catch_signals();
}

void output_drop(struct output *outputs, size_t count)
{
    sigset_t before = hold_signals();

    for (size_t i = 0; i < count; i++) {
        if (outputs[i].temporary != NULL)
            unlink(outputs[i].temporary);
        if (outputs[i].fd >= 0)
            close(outputs[i].fd);
        buffer_free(&outputs[i].text);
        free(outputs[i].temporary);
        free(outputs[i].place);
    }
    pending_count = 0;
    release_signals(before);
}

int output_commit(struct output *outputs, size_t count)
{
    int status = EXIT_OK;

    for (size_t i = 0; i < count && status == EXIT_OK; i++) {
        output_end(&outputs[i]);
        status = outputs[i].status;
    }
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (syncs && outputs[i].kind == OUTPUT_FILE &&
            !open_directory(&outputs[i], i == 0 ? NULL : &outputs[i - 1]))
            status = outputs[i].status;
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].kind == OUTPUT_IN_PLACE && !write_in_place(&outputs[i]))
            status = outputs[i].status;
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].kind == OUTPUT_FILE && !give_name(&outputs[i]))
            status = outputs[i].status;
    for (size_t i = 0; i < count && status == EXIT_OK; i++)
        if (outputs[i].kind == OUTPUT_FILE && outputs[i].fd >= 0 && !sync_file(outputs[i].fd)) {
            fail(&outputs[i], outputs[i].path, EXIT_SYSTEM);
            status = outputs[i].status;
        }
    output_drop(outputs, count);
    return status;
}
