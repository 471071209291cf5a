/*
 * sysctl: finding the node, copying in and out by its rules (kernel.md 1.1), what a call costs, and
 * the nodes that say what machine this is.
 */
#include "kperf_machine.h"

/* Without a buffer the size alone is counted; a short one gets nothing. */
int request_out(struct request *request, const void *data, size_t size)
{
    if (request->oldp != NULL) {
        if (request->old_size - request->old_used < size)
            return ENOMEM;
        memcpy((char *)request->oldp + request->old_used, data, size);
    }
    request->old_used += size;
    return 0;
}

/* Nothing given leaves the argument as it is; too little is EINVAL; the rest is ignored. */
int request_in(struct request *request, void *data, size_t size)
{
    if (request->newp == NULL)
        return 0;
    if (request->new_size - request->new_used < size)
        return EINVAL;
    memcpy(data, (const char *)request->newp + request->new_used, size);
    request->new_used += size;
    return 0;
}

unsigned request_task(const struct request *request)
{
    return request->thread == NULL ? OTHERS : request->thread->task;
}

bool request_is_root(const struct request *request)
{
    return request->thread == NULL || !machine->config.unprivileged;
}

/* ------------------------------------------------------------------------------ hw.* and kern.* */

/* Nodes to be read only, which is said before anything else. */
int out_int(struct request *request, uint64_t value)
{
    const uint32_t number = (uint32_t)value;
    return request->newp != NULL ? EPERM : request_out(request, &number, sizeof(number));
}

int out_string(struct request *request, const char *text)
{
    return request->newp != NULL ? EPERM : request_out(request, text, strlen(text) + 1);
}

/* A translated process is told of a Westmere: choices in sim.h. */
static int cpu_node(struct request *request, const char *leaf)
{
    const struct sim_config *config = &machine->config;
    if (strcmp(leaf, "cputype") == 0)
        return out_int(request, config->translated ? 7 : config->cputype);
    if (strcmp(leaf, "cpusubtype") == 0)
        return out_int(request, config->translated ? 4 : config->cpusubtype);
    if (strcmp(leaf, "cpufamily") == 0)
        return out_int(request, config->translated ? 0x573b5eec : config->cpufamily);
    if (strcmp(leaf, "ncpu") == 0 || strcmp(leaf, "logicalcpu") == 0)
        return out_int(request, machine->ncpu);
    if (strcmp(leaf, "activecpu") == 0)
        return out_int(request, machine_online());
    if (strcmp(leaf, "tbfrequency") == 0) {
        const uint64_t frequency = machine->chip->tick_frequency;
        return request->newp != NULL ? EPERM : request_out(request, &frequency, sizeof(frequency));
    }
    return ENOENT;
}

/* A program built with an SDK before 26 is told that 26 is 16; kern.osrelease is not shimmed. */
static const char *product_version(void)
{
    const struct sim_config *config = &machine->config;
    return config->old_sdk && atoi(config->os_version) >= 26 ? "16.0" : config->os_version;
}

static int system_node(struct request *request)
{
    const char *name = request->name;
    if (strncmp(name, "hw.", 3) == 0)
        return cpu_node(request, name + 3);
    if (strcmp(name, "sysctl.proc_translated") == 0 && !machine->x86)
        return out_int(request, machine->config.translated);
    if (strcmp(name, "kern.osproductversion") == 0)
        return out_string(request, product_version());
    if (strcmp(name, "kern.osrelease") == 0)
        return out_string(request, machine->config.os_release);
    if (strcmp(name, "kern.osversion") == 0)
        return out_string(request, machine->config.os_build);
    if (strcmp(name, "kern.hv_vmm_present") == 0)
        return out_int(request, machine->config.vm != SIM_VM_NONE);
    if (strcmp(name, "kern.cpc.secure") == 0 && machine->config.gen >= SIM_G2)
        return out_int(request, !machine->config.development);
    if (strcmp(name, "machdep.cpu.model") == 0 && machine->x86)
        return out_int(request, (uint64_t)machine->chip->model);
    return ENOENT;
}

/* ----------------------------------------------------------------------------------- the call */

static int node(struct request *request)
{
    const bool kpc = strncmp(request->name, "kpc.", 4) == 0;
    const bool kperf = strncmp(request->name, "kperf.", 6) == 0;
    if ((kpc || kperf) && machine->config.vm == SIM_VM_ABSENT)
        return ENOENT;
    if (strncmp(request->name, "ktrace.", 7) == 0)
        return ktrace_node(request);
    return kpc ? kpc_node(request) : kperf ? kperf_node(request) : system_node(request);
}

int kernel_sysctl(struct thread *thread, const char *name, void *oldp, size_t *old_size,
                  const void *newp, size_t new_size)
{
    const bool costs = !machine->config.free_calls;
    struct request request = {.thread = thread, .name = name};
    request.oldp = old_size != NULL ? oldp : NULL;
    request.wants_size = old_size != NULL;
    request.old_size = old_size != NULL ? *old_size : 0;
    request.newp = new_size != 0 ? newp : NULL;
    request.new_size = new_size;
    work_user(thread, costs ? SIM_COST_USER : 0);
    work_kernel(thread, costs ? SIM_COST_ENTRY : 0);
    const int error = node(&request);
    work_kernel(thread, costs ? SIM_COST_EXIT : 0);
    thread_return_to_user(thread);
    if (old_size != NULL && (error == 0 || error == ENOMEM))
        *old_size = error == 0 ? request.old_used : 0;
    return error;
}
