/*
 * What is asked before anything else is done: whether the functions are there, what the system
 * answers, and how kpc stands. Changes nothing.
 */
#include "internal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- the frameworks -------------------------------------------------------------------------- */

int kplive_need(const struct kplive_frameworks *frameworks, struct kplive_error *error,
                const char *const *names)
{
    for (; *names != NULL; names++) {
        bool data = strncmp(*names, "kpep_", 5) == 0;
        const char *library = data ? "kperfdata" : "kperf";

        if (kplive_has(frameworks, *names))
            continue;
        if ((data ? frameworks->kperfdata : frameworks->kperf) == NULL)
            return kplive_fail(error, KPLIVE_NO_FRAMEWORK, *names, 0, NULL,
                               "%s could not be loaded, and this needs it", library);
        return kplive_fail(error, KPLIVE_NO_FRAMEWORK, *names, 0, NULL,
                           "%s has no such function on this macOS, and this needs it", library);
    }
    return KPLIVE_OK;
}

/* ---- the system ------------------------------------------------------------------------------ */

bool kplive_ask_number(const struct kplive_frameworks *f, const char *name, uint32_t *number)
{
    size_t size = sizeof *number;

    *number = 0;
    return f->sysctlbyname != NULL && f->sysctlbyname(name, number, &size, NULL, 0) == 0 &&
           size == sizeof *number;
}

bool kplive_ask_text(const struct kplive_frameworks *f, const char *name, char *text, size_t size)
{
    size_t room = size - 1;
    bool found;

    memset(text, 0, size);
    found = f->sysctlbyname != NULL && f->sysctlbyname(name, text, &room, NULL, 0) == 0;
    text[found ? size - 1 : 0] = '\0';
    return found;
}

/* ---- kpc ------------------------------------------------------------------------------------- */

/*
 * The wrappers' error is 0, or all ones, and errno (kernel.md 4.5). 0 with an
 * errno is asked once more: a signal's handler may have left it there.
 */
static int ask_classes(uint32_t (*get)(void), const char *call, uint32_t *classes,
                       struct kplive_error *error)
{
    for (int tries = 0; tries < 2; tries++) {
        errno = 0;
        *classes = get();
        if (*classes != UINT32_MAX && (*classes != 0 || errno == 0))
            return KPLIVE_OK;
    }
    return kplive_kpc_failed(error, call, errno, false);
}

int kplive_ask_counting(const struct kplive_frameworks *frameworks, uint32_t *counting,
                        struct kplive_error *error)
{
    return ask_classes(frameworks->kpc_get_counting, "kpc_get_counting", counting, error);
}

int kplive_ask_threads(const struct kplive_frameworks *frameworks, uint32_t *classes,
                       struct kplive_error *error)
{
    return ask_classes(frameworks->kpc_get_thread_counting, "kpc_get_thread_counting", classes,
                       error);
}

int kplive_ask_force(const struct kplive_frameworks *frameworks, int *force,
                     struct kplive_error *error)
{
    errno = 0;
    if (frameworks->kpc_force_all_ctrs_get(force) == 0)
        return KPLIVE_OK;
    return kplive_kpc_failed(error, "kpc_force_all_ctrs_get", errno, false);
}

/* ---- waiting --------------------------------------------------------------------------------- */

void kplive_pause(void)
{
    (void)poll(NULL, 0, 1); /* which a signal's handler may call, as POSIX has it */
}
