#include "framework.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#ifdef __APPLE__
/* As <sys/sysctl.h> declares it, which not every SDK for cross-compiling has. */
int sysctlbyname(const char *name, void *old, size_t *old_size, void *new, size_t new_size);
#endif

/* A symbol and where its address goes. */
struct symbol {
    const char *name;
    size_t offset; /* of its member in struct frameworks */
    bool optional;
};

#define KPLIVE_NEEDED(result, name, parameters)   {#name, offsetof(struct frameworks, name), false},
#define KPLIVE_OPTIONAL(result, name, parameters) {#name, offsetof(struct frameworks, name), true},

static const struct symbol kperf_symbols[] = {
    KPERF_SYMBOLS(KPLIVE_NEEDED) KPERF_OPTIONAL(KPLIVE_OPTIONAL)
#ifndef __APPLE__
        {"sysctlbyname", offsetof(struct frameworks, sysctlbyname), false},
#endif
};

static const struct symbol kperfdata_symbols[] = {KPERFDATA_SYMBOLS(KPLIVE_NEEDED)
                                                      KPERFDATA_OPTIONAL(KPLIVE_OPTIONAL)};

/* dlsym() gives an object pointer; POSIX has it that functions are kept in the same bits. */
_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "a function does not fit a pointer");

static void say(struct framework_error *error, const char *library, const char *symbol)
{
    const char *reason = dlerror();

    error->library = library;
    error->symbol = symbol;
    snprintf(error->reason, sizeof error->reason, "%s", reason == NULL ? "unknown" : reason);
}

static bool load(struct frameworks *frameworks, void **handle, const char *path,
                 const struct symbol *symbols, size_t count, struct framework_error *error)
{
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*handle == NULL) {
        say(error, path, NULL);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(*handle, symbols[i].name);

        if (address == NULL && !symbols[i].optional) {
            say(error, path, symbols[i].name);
            return false;
        }
        memcpy((char *)frameworks + symbols[i].offset, &address, sizeof address);
    }
    return true;
}

bool kplive_framework_open(struct frameworks *frameworks, const char *kperf_path,
                           const char *kperfdata_path, struct framework_error *error)
{
    memset(frameworks, 0, sizeof *frameworks);
#ifdef __APPLE__
    frameworks->sysctlbyname = sysctlbyname;
#endif
    if (load(frameworks, &frameworks->kperf, kperf_path == NULL ? KPERF_PATH : kperf_path,
             kperf_symbols, sizeof kperf_symbols / sizeof kperf_symbols[0], error) &&
        load(frameworks, &frameworks->kperfdata,
             kperfdata_path == NULL ? KPERFDATA_PATH : kperfdata_path, kperfdata_symbols,
             sizeof kperfdata_symbols / sizeof kperfdata_symbols[0], error))
        return true;
    kplive_framework_close(frameworks);
    return false;
}

void kplive_framework_close(struct frameworks *frameworks)
{
    if (frameworks->kperfdata != NULL)
        dlclose(frameworks->kperfdata);
    if (frameworks->kperf != NULL)
        dlclose(frameworks->kperf);
    memset(frameworks, 0, sizeof *frameworks);
}
