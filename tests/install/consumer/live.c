/*
 * Somebody's program, in C or C++: where there is no framework, libkplive and its loader say so;
 * what is running is what the program was compiled with; and a program that was compiled with an
 * older header still works.
 */
#include <kperf.h>
#include <kplive.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MISSING "/nonexistent/kperf"

/* ---- the version ----------------------------------------------------------------------------- */

static int check_version(void)
{
    char version[32];

    snprintf(version, sizeof version, "%d.%d.%d", KPLIVE_VERSION_MAJOR, KPLIVE_VERSION_MINOR,
             KPLIVE_VERSION_PATCH);
    return strcmp(version, PACKAGE_VERSION) == 0 && strcmp(kplive_version(), version) == 0;
}

/* ---- the loader ------------------------------------------------------------------------------ */

static int check_loader(void)
{
    struct kplive_frameworks frameworks;
    char why[200];
    unsigned missing = 0;

    if (kplive_load(&frameworks, MISSING, MISSING "data", why, sizeof why) !=
        (KPLIVE_NO_KPERF | KPLIVE_NO_KPERFDATA))
        return 0;
    if (strncmp(why, MISSING, strlen(MISSING)) != 0 || frameworks.kpc_pmu_version != NULL ||
        frameworks.kpep_config_apply != NULL || frameworks.kperf != NULL)
        return 0;
    while (kplive_missing(&frameworks, missing) != NULL)
        missing++;
    if (missing < 34 + 23 || kplive_has(&frameworks, "kpc_set_config") ||
        strcmp(kplive_missing(&frameworks, 0), "kpc_pmu_version") != 0)
        return 0;
    kplive_unload(&frameworks);
    kplive_unload(&frameworks);
    return kplive_load(&frameworks, MISSING, MISSING, NULL, 0) != 0 &&
           strstr(kplive_kperfdata_error(KPEP_CONFIG_ERROR_CONFLICTING_EVENTS), "counters") &&
           strcmp(kplive_kperfdata_error(-1), kplive_kperfdata_error(99)) == 0;
}

/* ---- a program of an older header ------------------------------------------------------------ */

/* The options as they once were. */
struct old_options {
    const char *kperf;
    const char *kperfdata;
    enum kplive_words words;
};

/* What such a program passes, and what may follow it in its memory. */
union old_caller {
    struct old_options options;
    struct kplive_options newer; /* for its alignment */
    unsigned char bytes[sizeof(struct kplive_options) + 64];
};

static int check_old_caller(struct kplive_error *error)
{
    union old_caller caller;
    struct kplive *sampler;
    const size_t size = offsetof(struct kplive_options, size);

    if (offsetof(struct kplive_options, kperf) != offsetof(struct old_options, kperf) ||
        offsetof(struct kplive_options, kperfdata) != offsetof(struct old_options, kperfdata) ||
        offsetof(struct kplive_options, words) != offsetof(struct old_options, words))
        return 0;
    /* It is 0 there, though the old program knows nothing of it. */
    if (size < offsetof(struct old_options, words) + sizeof caller.options.words ||
        size + sizeof caller.newer.size > sizeof(struct old_options))
        return 0;
    memset(&caller, 0xff, sizeof caller);
    memset(&caller.options, 0, sizeof caller.options);
    caller.options.kperf = MISSING;
    if (caller.newer.size != 0)
        return 0;
    return kplive_open(&caller.newer, &sampler, error) == KPLIVE_NO_FRAMEWORK;
}

int main(void)
{
    struct kplive_options options;
    struct kplive_error error;
    struct kplive *sampler;

    if (!check_version() || !check_loader() || !check_old_caller(&error))
        return 1;
    memset(&options, 0, sizeof options);
    options.kperf = MISSING;
    options.size = sizeof options;
    if (kplive_open(&options, &sampler, &error) != KPLIVE_NO_FRAMEWORK)
        return 1;
    printf("%s in %s\n", kplive_strerror(error.status), error.call);
    return 0;
}
