/*
 * Handlers of the signals that would end or suspend the process: they give the counters back first,
 * and then let the signal do what it does.
 */
#include "internal.h"

#include <errno.h>
#include <signal.h>

#ifdef SIGRTMAX
#define LAST_SIGNAL SIGRTMAX
#else
#define LAST_SIGNAL (NSIG - 1)
#endif

/* Signals that do not end a process by default, or cannot be caught. */
static bool is_left_alone(int number)
{
    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
#ifdef __APPLE__
    case SIGIO:
    case SIGINFO:
#endif
        return true;
    default:
        return false;
    }
}

static bool suspends(int number)
{
    return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void restore_default(int number, struct sigaction *before)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, before);
}

/*
 * Every signal is held back while it runs, and the handler stays until the
 * counters are given back: one that comes again meanwhile, in another thread,
 * waits for that and does not end the process half-way; nor does another thread
 * start anew before the process is gone. What is raised here arrives as the
 * handler returns, or at once where it suspends: then SIGCONT goes on below.
 */
static void give_back_first(int number)
{
    int before = errno;
    struct sigaction action;
    sigset_t again;

    if (suspends(number))
        kplive_suspend();
    else
        kplive_end();
    restore_default(number, &action);
    (void)raise(number);
    if (suspends(number)) {
        (void)sigemptyset(&again);
        (void)sigaddset(&again, number);
        (void)pthread_sigmask(SIG_UNBLOCK, &again, NULL);
        if (action.sa_handler == give_back_first) /* not what another thread's has set meanwhile */
            (void)sigaction(number, &action, NULL);
        kplive_go_on();
    }
    errno = before;
}

int kplive_catch_signals(struct kplive_error *error)
{
    struct sigaction action = {.sa_handler = give_back_first, .sa_flags = SA_RESTART | SA_ONSTACK};
    int status = kplive_register(error);

    if (status != KPLIVE_OK)
        return status;
    (void)sigfillset(&action.sa_mask);
    for (int number = 1; number <= LAST_SIGNAL; number++) {
        struct sigaction before;

        /* Of some numbers the C library says that there is no such signal: they are its own. */
        if (is_left_alone(number) || sigaction(number, NULL, &before) != 0 ||
            (before.sa_flags & SA_SIGINFO) != 0 || before.sa_handler != SIG_DFL)
            continue;
        if (sigaction(number, &action, NULL) != 0)
            return kplive_fail(error, KPLIVE_SYSTEM, "sigaction", errno, NULL, "signal %d", number);
    }
    return KPLIVE_OK;
}
