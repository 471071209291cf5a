/*
 * The client's processes and their threads. The machine is in memory that forked children share,
 * under one lock: it is one machine for all of them, and each of them is a task of its own. What
 * belongs to a process, faults, hook and log, is under a lock of that process, taken first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kperf_machine.h"

enum { MAX_TASKS = 256, LOCK_FILE = 200 };

struct task {
    unsigned id; /* 0: free. Never used twice */
    pid_t pid;
    bool locked; /* its byte of the lock file is taken as long as it lives */
    unsigned threads_seen;
};

static struct shared {
    uint64_t serials;
    unsigned ids;
    struct task tasks[MAX_TASKS];
    struct machine machine;
} * shared;

struct machine *machine;

/* initial-exec: no allocation at a thread's first use, which may be in a signal handler. */
#define PER_THREAD static _Thread_local __attribute__((tls_model("initial-exec")))

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static int lock_file = -1;
static struct stat lock_file_identity;
static unsigned own_task; /* 0: not yet */
static bool forked, forked_while_counting;

PER_THREAD sigset_t signals_before;
PER_THREAD struct {
    struct thread *thread;
    uint64_t serial;
} self;

/* ------------------------------------------------------------------------------------- the locks
 */

void sim_lock_process(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&process_lock);
    signals_before = before;
}

void sim_unlock_process(void)
{
    const sigset_t before = signals_before;
    pthread_mutex_unlock(&process_lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * Locks of bytes of a file, by process: the kernel lets go of them when the process ends, killed or
 * not, or executes another program. No forked child inherits them.
 */
static bool lock_byte(unsigned byte, int command, int type)
{
    struct flock flock = {.l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
    int result;
    flock.l_type = (short)type;
    do
        result = fcntl(lock_file, command, &flock);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* Byte 0. A process that was killed in a call leaves the machine as it was then. */
static void take_machine_lock(void)
{
    lock_byte(0, F_SETLKW, F_WRLCK);
}

static void release_machine_lock(void)
{
    lock_byte(0, F_SETLK, F_UNLCK);
}

void sim_lock_machine(void)
{
    const int errno_before = errno;
    sim_lock_process();
    take_machine_lock();
    tasks_reap();
    errno = errno_before;
}

void sim_unlock(void)
{
    const int errno_before = errno;
    release_machine_lock();
    sim_unlock_process();
    errno = errno_before;
}

bool sim_signal_blocked(int signal)
{
    return sigismember(&signals_before, signal) == 1;
}

/* ----------------------------------------------------------------------------------------- tasks
 */

/*
 * Each task has the byte of its number, so that its end is known, sooner than its process is waited
 * for. A client that closes what it does not know may have put another file in the place of ours.
 */
static bool lock_file_is_ours(void)
{
    struct stat now;
    return fstat(lock_file, &now) == 0 && now.st_ino == lock_file_identity.st_ino &&
           now.st_dev == lock_file_identity.st_dev;
}

static bool task_lives(const struct task *task)
{
    struct flock flock = {.l_whence = SEEK_SET, .l_start = (off_t)task->id, .l_len = 1};
    flock.l_type = F_WRLCK;
    if (!task->locked || !lock_file_is_ours() || fcntl(lock_file, F_GETLK, &flock) != 0)
        return kill(task->pid, 0) == 0 || errno == EPERM;
    return flock.l_type != F_UNLCK;
}

static struct task *find_task(unsigned id)
{
    for (unsigned i = 0; i < MAX_TASKS; i++)
        if (shared->tasks[i].id == id)
            return &shared->tasks[i];
    return NULL;
}

/* What ends with a task (kernel.md 1.11): its threads, its forcing, its ownership of ktrace. */
void task_end(unsigned id)
{
    struct task *task = find_task(id);
    for (unsigned i = 0; i < MAX_THREADS; i++)
        if (machine->threads[i].serial != 0 && machine->threads[i].task == id)
            thread_end(&machine->threads[i]);
    if (machine->forced == id)
        machine->forced = NOBODY;
    if (machine->kperf.owner == id) {
        machine->kperf.owner = NOBODY;
        machine->kperf.blessed = false;
    }
    if (task == NULL)
        return;
    if (id == own_task) {
        lock_byte(id, F_SETLK, F_UNLCK);
        own_task = 0;
    }
    task->id = 0;
}

/* Those whose process is gone or has become another program. */
void tasks_reap(void)
{
    bool any = false;
    for (unsigned i = 0; i < MAX_TASKS; i++) {
        const struct task *task = &shared->tasks[i];
        if (task->id == 0 || task->id == own_task || task_lives(task))
            continue;
        task_end(task->id);
        any = true;
    }
    if (any)
        call_state_changed();
}

unsigned task_self(void)
{
    if (own_task != 0 && find_task(own_task) != NULL)
        return own_task;
    struct task *task = find_task(0);
    if (task == NULL)
        abort(); /* more than sim.h promises */
    *task = (struct task){.id = ++shared->ids, .pid = getpid()};
    own_task = task->id;
    task->locked = lock_file_is_ours() && lock_byte(task->id, F_SETLK, F_WRLCK);
    return own_task;
}

/* Whoever else was there is a newcomer at his next call. */
void tasks_reset(void)
{
    if (own_task != 0)
        lock_byte(own_task, F_SETLK, F_UNLCK);
    own_task = 0;
    memset(shared->tasks, 0, sizeof(shared->tasks));
}

uint64_t task_new_serial(void)
{
    return ++shared->serials;
}

unsigned task_of_pid(int pid)
{
    for (unsigned i = 0; i < MAX_TASKS; i++)
        if (shared->tasks[i].id != 0 && shared->tasks[i].pid == pid)
            return shared->tasks[i].id;
    return NOBODY;
}

/* Of a thread: 1 for a task's first. */
unsigned task_new_number(unsigned id)
{
    struct task *task = find_task(id);
    return task == NULL ? 0 : ++task->threads_seen;
}

/* --------------------------------------------------------------------------------------- threads
 */

struct thread *current_thread(void)
{
    if (self.thread != NULL && self.thread->serial == self.serial)
        return self.thread;
    self.thread = thread_create(task_self());
    self.serial = self.thread->serial;
    if (forked) /* its first thread is as old as the process */
        self.thread->has_buffer = forked_while_counting;
    forked = false;
    pthread_setspecific(at_exit, self.thread);
    return self.thread;
}

struct thread *sim_lock(void)
{
    sim_lock_machine();
    struct thread *thread = current_thread();
    thread_come_on(thread);
    return thread;
}

static void pthread_ends(void *thread)
{
    sim_lock_machine();
    if (self.thread == thread && self.thread->serial == self.serial)
        thread_end(self.thread);
    sim_unlock();
}

/* ------------------------------------------------------------------------------------ load, fork
 */

/*
 * While the lock of the process is held no thread of ours is in the machine, so that the child
 * finds what is its own whole; the machine's lock may be another process's.
 */
static void fork_child(void)
{
    own_task = 0;
    self.thread = NULL;
    pthread_setspecific(at_exit, NULL);
    registry_forked();
    take_machine_lock();
    forked = true;
    forked_while_counting = machine->thread_counting;
    release_machine_lock();
    sim_unlock_process();
}

static void give_up(const char *what)
{
    perror(what);
    _exit(70);
}

static void share(void)
{
    void *const memory =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        give_up("kperf_sim: shared memory");
    shared = memory;
    shared->ids = OTHERS;
    machine = &shared->machine;
}

/* Out of the way of a client that counts on the lowest numbers. */
static void open_lock_file(void)
{
    const int file = memfd_create("kperf_sim", MFD_CLOEXEC);
    lock_file = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, LOCK_FILE);
    if (lock_file < 0)
        lock_file = file;
    else
        close(file);
    if (lock_file < 0 || fstat(lock_file, &lock_file_identity) != 0)
        give_up("kperf_sim: a file to lock");
}

/* The machine of the environment, until somebody calls sim_reset(). */
static void load(void)
{
    share();
    open_lock_file();
    pthread_key_create(&at_exit, pthread_ends);
    pthread_atfork(sim_lock_process, sim_unlock_process, fork_child);
    sim_reset(NULL);
}

__attribute__((constructor)) void sim_load(void)
{
    pthread_once(&once, load);
}
