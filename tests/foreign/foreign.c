/* What the tests ask of the stand-in: faults and hooks at calls that are numbered. */
#include "foreign_inside.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define CALLS_KEPT 8192

static atomic_ulong calls;
static const char *_Atomic names[CALLS_KEPT];

static struct {
    const char *function;
    unsigned long n;
    bool for_good;
    int error;
    atomic_ulong seen;
} fault;

static struct {
    unsigned long n;
    void (*before)(void *user), (*after)(void *user);
    void *user;
} hook;

/* Of this thread: the call it is in, and that what it calls now comes from a hook. */
static _Thread_local unsigned long current;
static _Thread_local bool inside;

EXPORT unsigned long foreign_calls(void)
{
    return atomic_load(&calls);
}

EXPORT void foreign_count(void)
{
    atomic_store(&calls, 0);
    atomic_store(&fault.seen, 0);
}

EXPORT const char *foreign_call(unsigned long n)
{
    if (n == 0 || n > CALLS_KEPT || n > atomic_load(&calls))
        return "";
    return atomic_load(&names[n - 1]);
}

EXPORT void foreign_fail(const char *function, unsigned long n, bool for_good, int error)
{
    fault.function = function;
    fault.n = n;
    fault.for_good = for_good;
    fault.error = error;
    atomic_store(&fault.seen, 0);
}

EXPORT void foreign_at(unsigned long n, bool after, void (*run)(void *user), void *user)
{
    hook.n = n;
    hook.before = after ? NULL : run;
    hook.after = after ? run : NULL;
    hook.user = user;
}

static void run_hook(void (*run)(void *user))
{
    if (run == NULL || (hook.n != 0 && hook.n != current))
        return;
    inside = true;
    run(hook.user);
    inside = false;
}

int begin(const char *function)
{
    if (inside)
        return 0;
    unsigned long n = atomic_fetch_add(&calls, 1) + 1;
    if (n <= CALLS_KEPT)
        atomic_store(&names[n - 1], function);
    current = n;
    run_hook(hook.before);
    if (fault.n == 0 || (fault.function != NULL && strcmp(fault.function, function) != 0))
        return 0;
    unsigned long seen = fault.function == NULL ? n : atomic_fetch_add(&fault.seen, 1) + 1;
    return seen == fault.n || (fault.for_good && seen > fault.n) ? fault.error : 0;
}

void end(void)
{
    if (!inside)
        run_hook(hook.after);
}
