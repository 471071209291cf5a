/*
 * Preloaded into a command, this makes one call of a kind fail, or ends the process there. In
 * the environment:
 *
 *     FAULT_KIND   memory, write or read: which calls are counted
 *     FAULT_DO     fail (that call), from (it and all after it), short (a write of half), again
 *                  (EINTR), or a signal to be raised before the call: term, kill, stop
 *     FAULT_AT     which call, from 1; 0: none. Or several, with blanks: see each()
 *     FAULT_LOG    a file that gets the name of every call counted, a line each
 *     FAULT_OWN    set: memory counts only where the program itself asks for it, not what it loads
 *
 * stdio's own system calls cannot be interposed in glibc: standard output becomes a stream
 * whose flushes are counted as writes.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *kind, *action = "";
static unsigned long at, calls;
static int log_fd = -1;
static void *program; /* where it is loaded; NULL: memory counts whoever asks for it */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool is(const char *what)
{
    return strcmp(action, what) == 0;
}

/* Counts a call; whether it is the one that is to go wrong, of which errno then says why. */
static bool hit(const char *of, const char *name, int error)
{
    if (kind == NULL || strcmp(kind, of) != 0)
        return false;
    calls++;
    if (log_fd >= 0) {
        syscall(SYS_write, log_fd, name, strlen(name));
        syscall(SYS_write, log_fd, "\n", 1);
    }
    if (at == 0 || calls < at || (calls > at && !is("from")))
        return false;
    if (is("term") || is("kill") || is("stop")) {
        raise(is("term") ? SIGTERM : is("kill") ? SIGKILL : SIGSTOP);
        return false;
    }
    errno = error;
    return is("fail") || is("from");
}

#define REAL(name)                 \
    static __typeof__(name) *real; \
    if (real == NULL)              \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

/* ---- memory ---------------------------------------------------------------------------------- */

static bool counts(void *caller)
{
    Dl_info info;

    return program == NULL || (dladdr(caller, &info) != 0 && info.dli_fbase == program);
}

#define NO_MEMORY(name) (counts(__builtin_return_address(0)) && hit("memory", name, ENOMEM))

void *malloc(size_t size)
{
    return NO_MEMORY("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return NO_MEMORY("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return NO_MEMORY("realloc") ? NULL : __libc_realloc(old, size);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Whether the call just counted, where there is one, is to be made again. */
static bool interrupted(unsigned long before)
{
    if (calls == before || calls != at || !is("again"))
        return false;
    errno = EINTR;
    return true;
}

static ssize_t write_some(int fd, const void *data, size_t size)
{
    REAL(write);
    unsigned long before = calls;

    if (hit("write", "write", ENOSPC) || interrupted(before))
        return -1;
    return real(fd, data, calls != before && calls == at && is("short") ? (size + 1) / 2 : size);
}

ssize_t write(int fd, const void *data, size_t size)
{
    return fd == STDERR_FILENO ? (ssize_t)syscall(SYS_write, fd, data, size)
                               : write_some(fd, data, size);
}

static ssize_t write_stdout(void *cookie, const char *text, size_t size)
{
    ssize_t wrote = write_some(STDOUT_FILENO, text, size);

    (void)cookie;
    return wrote < 0 ? 0 : wrote;
}

int open(const char *path, int flags, ...)
{
    REAL(open);
    const bool reads = (flags & O_ACCMODE) == O_RDONLY;
    unsigned long before = calls;
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
    va_end(args);
    if (hit(reads ? "read" : "write", "open", EIO) || (!reads && interrupted(before)))
        return -1;
    return real(path, flags, mode);
}

int mkstemp(char *name)
{
    REAL(mkstemp);
    return hit("write", "mkstemp", ENOSPC) ? -1 : real(name);
}

int fchmod(int fd, mode_t mode)
{
    REAL(fchmod);
    return hit("write", "fchmod", EIO) ? -1 : real(fd, mode);
}

int fchown(int fd, uid_t user, gid_t group)
{
    REAL(fchown);
    return hit("write", "fchown", EIO) ? -1 : real(fd, user, group);
}

int fsync(int fd)
{
    REAL(fsync);
    return hit("write", "fsync", EIO) ? -1 : real(fd);
}

/* The descriptor is gone, but what was written may not have arrived. */
int close(int fd)
{
    REAL(close);
    bool failing = hit("write", "close", EIO);
    int error = errno, result = real(fd);

    errno = failing ? error : errno;
    return failing ? -1 : result;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return hit("write", "rename", EIO) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(mkdir);
    return hit("write", "mkdir", EROFS) ? -1 : real(path, mode);
}

int dup(int fd)
{
    REAL(dup);
    return hit("write", "dup", EMFILE) ? -1 : real(fd);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* What is given seconds ends in hundredths of them: a test does not wait. */
int setitimer(__itimer_which_t which, const struct itimerval *limit, struct itimerval *before)
{
    REAL(setitimer);
    struct itimerval soon = {.it_value.tv_usec = limit->it_value.tv_sec * 10000};

    return real(which, &soon, before);
}

/* ---- reading --------------------------------------------------------------------------------- */

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    return hit("read", "fopen", EIO) ? NULL : real(path, mode);
}

ssize_t read(int fd, void *data, size_t size)
{
    REAL(read);
    return hit("read", "read", EIO) ? -1 : real(fd, data, size);
}

int fstat(int fd, struct stat *status)
{
    REAL(fstat);
    return hit("read", "fstat", EIO) ? -1 : real(fd, status);
}

int lstat(const char *path, struct stat *status)
{
    REAL(lstat);
    return hit("read", "lstat", EIO) ? -1 : real(path, status);
}

int stat(const char *path, struct stat *status)
{
    REAL(stat);
    return hit("read", "stat", EIO) ? -1 : real(path, status);
}

DIR *opendir(const char *path)
{
    REAL(opendir);
    return hit("read", "opendir", EIO) ? NULL : real(path);
}

struct dirent *readdir(DIR *directory)
{
    REAL(readdir);
    return hit("read", "readdir", EIO) ? NULL : real(directory);
}

char *realpath(const char *path, char *resolved)
{
    REAL(realpath);
    return hit("read", "realpath", EIO) ? NULL : real(path, resolved);
}

/* ---- the start ------------------------------------------------------------------------------- */

static void redirect(int fd, const char *beside, const char *suffix)
{
    char path[64];

    snprintf(path, sizeof path, "%s%s", beside, suffix);
    if (dup2(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), fd) != fd)
        abort();
}

/*
 * Returns in a process for each of the numbers, in the directory of that name; what it prints goes
 * to the files name.out and name.err. The status each ends with is printed here, a line each. So
 * the program is loaded once, which costs more than most of its runs.
 */
static void each(char *numbers)
{
    for (char *rest, *one = strtok_r(numbers, " ", &rest); one != NULL;
         one = strtok_r(NULL, " ", &rest)) {
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
            redirect(STDOUT_FILENO, one, ".out");
            redirect(STDERR_FILENO, one, ".err");
            if (chdir(one) != 0)
                abort();
            at = strtoul(one, NULL, 10);
            return;
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
            abort();
        dprintf(STDOUT_FILENO, "%d\n", status);
    }
    _exit(0);
}

/* What happens before the program's main() is the loader's. */
__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("FAULT_LOG");
    Dl_info info;

    if (getenv("FAULT_KIND") == NULL)
        return;
    action = getenv("FAULT_DO");
    if (strchr(getenv("FAULT_AT"), ' ') != NULL)
        each(getenv("FAULT_AT"));
    else
        at = strtoul(getenv("FAULT_AT"), NULL, 10);
    log_fd = log == NULL ? -1 : open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (getenv("FAULT_OWN") != NULL && dladdr((void *)getauxval(AT_ENTRY), &info) != 0)
        program = info.dli_fbase;
    if (strcmp(getenv("FAULT_KIND"), "write") == 0)
        stdout = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_stdout});
    kind = getenv("FAULT_KIND");
}
