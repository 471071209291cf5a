/*
 * Counters that a program left taken: asks the kernel what is on, and switches it off. Never while
 * this process has a sampler running.
 */
#include "internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static const char *const needed[] = {"kpc_force_all_ctrs_get",
                                     "kpc_force_all_ctrs_set",
                                     "kpc_get_counting",
                                     "kpc_set_counting",
                                     "kpc_get_thread_counting",
                                     "kpc_set_thread_counting",
                                     NULL};

/* Who owns ktrace: nobody, where an older kernel lacks the nodes (kernel.md 1.13). */
static void find_owner(const struct kplive_frameworks *f, struct kplive_state *state)
{
    uint32_t owner;

    if (kplive_ask_number(f, "ktrace.owning_pid", &owner) && owner != 0 && owner <= INT32_MAX) {
        state->owner = (int)owner;
        state->owner_lives = kill((pid_t)owner, 0) == 0 || errno == EPERM;
    }
    (void)kplive_ask_text(f, "ktrace.configured_by", state->configured_by,
                          sizeof state->configured_by);
}

static int ask_state(const struct kplive *sampler, struct kplive_state *state,
                     struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    int status = kplive_ask_force(f, &state->force, error);

    if (status == KPLIVE_OK)
        status = kplive_ask_counting(f, &state->counting, error);
    if (status == KPLIVE_OK)
        status = kplive_ask_threads(f, &state->thread_counting, error);
    if (status != KPLIVE_OK)
        return status;
    find_owner(f, state);
    state->taken = state->force != 0 || state->counting != 0 || state->thread_counting != 0;
    return KPLIVE_OK;
}

/* Copies what a caller built against an older header has room for. */
static void copy_state(const struct kplive_state *state, struct kplive_state *out)
{
    size_t size = out->size < sizeof *out ? out->size : sizeof *out;

    if (size > sizeof out->size)
        memcpy((char *)out + sizeof out->size, (const char *)state + sizeof out->size,
               size - sizeof out->size);
}

struct resetting {
    const struct kplive *sampler;
    bool reset, force;
    struct kplive_state state;
    struct kplive_error *error;
};

/* KPLIVE_BUSY where one lives who forced them (kernel.md 1.11) or owns ktrace. */
static int check_nobody_wants(const struct resetting *r)
{
    const struct kplive_state *state = &r->state;

    if (state->owner_lives && state->owner != (int)getpid())
        return kplive_fail(r->error, KPLIVE_BUSY, "", 0, NULL,
                           "process %d (%s) owns ktrace and lives", state->owner,
                           *state->configured_by == '\0' ? "?" : state->configured_by);
    if (state->force != 0)
        return kplive_fail(r->error, KPLIVE_BUSY, "", 0, NULL,
                           "the counters are forced: up to macOS 15 that ends with the process "
                           "that did it, so it lives; later macOS may say so of nobody's");
    return KPLIVE_OK;
}

static int switch_off(const struct kplive *sampler, const struct kplive_state *state,
                      struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    struct kplive_trouble trouble = {0};
    struct kplive_state now = {0};
    int status;

    if (state->counting != 0)
        kplive_put_back(&trouble, "kpc_set_counting", f->kpc_set_counting, 0);
    if (state->thread_counting != 0)
        kplive_put_back(&trouble, "kpc_set_thread_counting", f->kpc_set_thread_counting, 0);
    if (state->force != 0)
        kplive_unforce(&trouble, f);
    status = ask_state(sampler, &now, error);
    if (status != KPLIVE_OK || !now.taken)
        return status;
    return kplive_fail(error, KPLIVE_LEFT, trouble.call, trouble.code, NULL,
                       "still on: force %d, counting 0x%x, thread counting 0x%x", now.force,
                       (unsigned)now.counting, (unsigned)now.thread_counting);
}

static int look_and_reset(void *context, bool owned)
{
    struct resetting *r = context;
    int status;

    status = ask_state(r->sampler, &r->state, r->error);
    r->state.ours = owned;
    if (owned)
        r->state.taken = false;
    if (status != KPLIVE_OK || !r->reset)
        return status;
    if (owned)
        return kplive_fail(r->error, KPLIVE_STATE, "", 0, NULL,
                           "this process has started a sampler");
    if (!r->state.taken)
        return KPLIVE_OK;
    status = r->force ? KPLIVE_OK : check_nobody_wants(r);
    return status == KPLIVE_OK ? switch_off(r->sampler, &r->state, r->error) : status;
}

static int run_alone(struct resetting *r, struct kplive_state *found)
{
    int status = kplive_need(&r->sampler->frameworks, r->error, needed);

    r->state.size = found->size;
    if (status == KPLIVE_OK)
        status = kplive_run_alone(look_and_reset, r);
    copy_state(&r->state, found);
    return status;
}

int kplive_taken(const struct kplive *sampler, struct kplive_state *found,
                 struct kplive_error *error)
{
    struct resetting asking = {.sampler = sampler, .error = error};

    return run_alone(&asking, found);
}

int kplive_reset(const struct kplive *sampler, bool force, struct kplive_state *found,
                 struct kplive_error *error)
{
    struct resetting resetting = {
        .sampler = sampler, .reset = true, .force = force, .error = error};

    return run_alone(&resetting, found);
}
