/*
 * The loader of kperf.h: opens both libraries and looks up every function of its lists, by name.
 */
#include "kperf.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#ifdef __APPLE__
/* As <sys/sysctl.h> declares it, which not every SDK for cross-compiling has. */
int sysctlbyname(const char *name, void *old, size_t *old_size, void *value, size_t size);
#endif

/* A function and where its address goes. */
struct symbol {
    const char *name;
    size_t offset; /* of its member in struct kplive_frameworks */
};

#define KPLIVE_SYMBOL(result, name, parameters) {#name, offsetof(struct kplive_frameworks, name)},

static const struct symbol symbols[] = {KPERF_SYMBOLS(KPLIVE_SYMBOL) KPERF_OPTIONAL(
    KPLIVE_SYMBOL) KPERFDATA_SYMBOLS(KPLIVE_SYMBOL) KPERFDATA_OPTIONAL(KPLIVE_SYMBOL)};
enum { SYMBOLS = sizeof symbols / sizeof symbols[0] };

/* dlsym() gives an object pointer; POSIX has it that functions are kept in the same bits. */
_Static_assert(sizeof(void *) == sizeof(void (*)(void)), "a function does not fit a pointer");

static void *address_of(const struct kplive_frameworks *frameworks, const struct symbol *symbol)
{
    void *address;

    memcpy(&address, (const char *)frameworks + symbol->offset, sizeof address);
    return address;
}

static void look_up_symbol(struct kplive_frameworks *frameworks, const struct symbol *symbol)
{
    bool data = strncmp(symbol->name, "kpep_", 5) == 0;
    void *handle = data ? frameworks->kperfdata : frameworks->kperf;
    void *address = handle == NULL ? NULL : dlsym(handle, symbol->name);

    memcpy((char *)frameworks + symbol->offset, &address, sizeof address);
}

static void *open_library(const char *path, const char *usual, char *why, size_t size)
{
    void *handle = dlopen(path == NULL ? usual : path, RTLD_NOW | RTLD_LOCAL);
    const char *reason = handle == NULL ? dlerror() : NULL;

    if (handle == NULL && size != 0 && *why == '\0')
        snprintf(why, size, "%s: %s", path == NULL ? usual : path,
                 reason == NULL ? "unknown" : reason);
    return handle;
}

unsigned kplive_load(struct kplive_frameworks *frameworks, const char *kperf_path,
                     const char *kperfdata_path, char *why, size_t size)
{
    memset(frameworks, 0, sizeof *frameworks);
    if (size != 0)
        *why = '\0';
    frameworks->kperf = open_library(kperf_path, KPERF_PATH, why, size);
    frameworks->kperfdata = open_library(kperfdata_path, KPERFDATA_PATH, why, size);
    for (size_t i = 0; i < SYMBOLS; i++)
        look_up_symbol(frameworks, &symbols[i]);
#ifdef __APPLE__
    frameworks->sysctlbyname = sysctlbyname;
#else
    look_up_symbol(frameworks, &(struct symbol){"sysctlbyname",
                                                offsetof(struct kplive_frameworks, sysctlbyname)});
#endif
    return (frameworks->kperf == NULL ? KPLIVE_NO_KPERF : 0u) |
           (frameworks->kperfdata == NULL ? KPLIVE_NO_KPERFDATA : 0u);
}

void kplive_unload(struct kplive_frameworks *frameworks)
{
    if (frameworks->kperfdata != NULL)
        dlclose(frameworks->kperfdata);
    if (frameworks->kperf != NULL)
        dlclose(frameworks->kperf);
    memset(frameworks, 0, sizeof *frameworks);
}

const char *kplive_kperfdata_error(int code)
{
#define KPLIVE_TEXT(number, name, text) \
    case number:                        \
        return text;
    switch (code) {
        KPLIVE_KPERFDATA_CODES(KPLIVE_TEXT)
    default:
        return "an unknown code";
    }
}

const char *kplive_missing(const struct kplive_frameworks *frameworks, unsigned n)
{
    for (size_t i = 0; i < SYMBOLS; i++)
        if (address_of(frameworks, &symbols[i]) == NULL && n-- == 0)
            return symbols[i].name;
    return NULL;
}

bool kplive_has(const struct kplive_frameworks *frameworks, const char *name)
{
    for (size_t i = 0; i < SYMBOLS; i++)
        if (strcmp(symbols[i].name, name) == 0)
            return address_of(frameworks, &symbols[i]) != NULL;
    return false;
}
