/*
 * A sampler's life: opens it, finds out on what machine it runs, programs, starts and stops it. The
 * counters themselves are owner.c's.
 */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STRING(x)  #x
#define NUMBER(x)  STRING(x)
#define VERSION(x) NUMBER(KPLIVE_VERSION_##x)

const char *kplive_version(void)
{
    return VERSION(MAJOR) "." VERSION(MINOR) "." VERSION(PATCH);
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* "24.6.0" -> 2406; 0: no such number. */
static unsigned read_version(const char *text)
{
    char *end;
    unsigned long major = strtoul(text, &end, 10), minor = 0;

    if (end != text && *end == '.')
        minor = strtoul(end + 1, NULL, 10);
    return major > 999 || minor > 99 ? 0 : (unsigned)(major * 100 + minor);
}

/* Darwin A.B is macOS (A - 9).B up to 24, and (A + 1).B from 25 on (kernel.md 7.1). */
static unsigned macos_of_darwin(unsigned darwin)
{
    if (darwin < 2000) /* macOS 10 */
        return 0;
    return darwin < 2500 ? darwin - 900 : darwin + 100;
}

/*
 * The kernel's version is the one that no program is lied to about. macOS's own is
 * more exact where both are of one major: 15.7 has the kernel of 15.6.
 */
static void find_macos(struct kplive *sampler)
{
    char kernel[24];
    unsigned told, known;

    (void)kplive_ask_text(&sampler->frameworks, "kern.osrelease", kernel, sizeof kernel);
    (void)kplive_ask_text(&sampler->frameworks, "kern.osproductversion", sampler->macos,
                          sizeof sampler->macos);
    known = macos_of_darwin(read_version(kernel));
    told = read_version(sampler->macos);
    if (known == 0 && told / 100 == 16)
        known = 2600;
    if (known == 0 || known / 100 == told / 100) {
        sampler->macos_version = told;
        if (told == 0)
            snprintf(sampler->macos, sizeof sampler->macos, "0");
        return;
    }
    sampler->macos_version = known;
    snprintf(sampler->macos, sizeof sampler->macos, "%u.%u", known / 100, known % 100);
}

/* How many CPUs the machine has; 0: not known. */
static unsigned count_cpus(const struct kplive_frameworks *f)
{
    uint32_t cpus;

    return kplive_ask_number(f, "hw.ncpu", &cpus) && cpus <= 1024 ? cpus : 0;
}

/* The release of the tables whose macOS is the newest that is not newer than this one. */
static int fitting_release(unsigned cpu, unsigned macos)
{
    struct kpdb_cpu info;
    int best = -1, oldest = -1;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return KPLIVE_NO_CPU;
    for (unsigned r = 0; r < kpdb_release_count(); r++) {
        if ((info.releases >> r & 1) == 0)
            continue;
        oldest = oldest < 0 ? (int)r : oldest;
        if (kpdb_release_macos(r) <= macos)
            best = (int)r;
    }
    return best >= 0 ? best : oldest;
}

static int identify_machine(struct kplive *sampler, struct kplive_error *error)
{
    const struct kplive_frameworks *f = &sampler->frameworks;
    uint32_t type, subtype, family, translated;

    if (f->sysctlbyname == NULL)
        return kplive_fail(error, KPLIVE_NO_FRAMEWORK, "sysctlbyname", 0, NULL,
                           "off macOS the library given for kperf has to have it");
    if (kplive_ask_number(f, "sysctl.proc_translated", &translated) && translated == 1)
        return kplive_fail(
            error, KPLIVE_TRANSLATED, "sysctlbyname", 0, NULL,
            "under Rosetta the system says it is an Intel CPU: use a build for arm64");
    errno = 0;
    if (!kplive_ask_number(f, "hw.cputype", &type) ||
        !kplive_ask_number(f, "hw.cpusubtype", &subtype) ||
        !kplive_ask_number(f, "hw.cpufamily", &family))
        return kplive_fail(error, KPLIVE_SYSTEM, "sysctlbyname", errno, NULL,
                           "hw.cputype, hw.cpusubtype and hw.cpufamily say what CPU this is");
    find_macos(sampler);
    sampler->cpus = count_cpus(f);
    snprintf(sampler->cpu_name, sizeof sampler->cpu_name, "cpu_%x_%x_%x", (unsigned)type,
             (unsigned)subtype, (unsigned)family);
    sampler->intel = type == 7 || type == 0x1000007;
    sampler->cpu = kpdb_cpu_by_id(type, subtype, family);
    if (sampler->cpu < 0)
        sampler->cpu = sampler->release = KPLIVE_NO_CPU;
    else
        sampler->release = fitting_release((unsigned)sampler->cpu, sampler->macos_version);
    return KPLIVE_OK;
}

/* ---- open and close -------------------------------------------------------------------------- */

/* What reads for a sampler that was never started: nothing, and it is found to be stopped. */
static int get_nothing(uint32_t thread, uint32_t count, uint64_t *counters)
{
    (void)thread;
    (void)count;
    (void)counters;
    return 0;
}

/*
 * A library that cannot be loaded is an error here only where every sampler needs it: kperfdata
 * when words come from it, kperf for what it says of the system off macOS. Whatever else needs a
 * function asks for it by kplive_need().
 */
static int load_frameworks(struct kplive *sampler, const struct kplive_options *options,
                           struct kplive_error *error)
{
    char why[256];
    unsigned missing =
        kplive_load(&sampler->frameworks, options->kperf, options->kperfdata, why, sizeof why);

    if (missing == 0 || (missing == KPLIVE_NO_KPERFDATA && sampler->words == KPLIVE_STATIC) ||
        (missing == KPLIVE_NO_KPERF && sampler->frameworks.sysctlbyname != NULL))
        return KPLIVE_OK;
    return kplive_fail(error, KPLIVE_NO_FRAMEWORK, "dlopen", 0, NULL, "%s", why);
}

/* size is 0 in a caller that knows no more than the three members before it. */
static bool insists(const struct kplive_options *options)
{
    return options->size >= offsetof(struct kplive_options, insist) + sizeof options->insist &&
           options->insist;
}

int kplive_open(const struct kplive_options *options, struct kplive **out,
                struct kplive_error *error)
{
    static const struct kplive_options defaults = {.words = KPLIVE_VERIFY};
    struct kplive *sampler;
    int status;

    *out = NULL;
    if (options == NULL)
        options = &defaults;
    sampler = calloc(1, sizeof *sampler);
    if (sampler == NULL)
        return kplive_fail(error, KPLIVE_MEMORY, "calloc", errno, NULL, NULL);
    sampler->words = options->words;
    sampler->insist = insists(options);
    sampler->get = get_nothing;
    sampler->slot_count = 1;
    atomic_init(&sampler->stopped, 1);
    status = load_frameworks(sampler, options, error);
    if (status == KPLIVE_OK)
        status = identify_machine(sampler, error);
    if (status != KPLIVE_OK) {
        kplive_close(sampler);
        return status;
    }
    *out = sampler;
    return KPLIVE_OK;
}

void kplive_close(struct kplive *sampler)
{
    if (sampler == NULL)
        return;
    (void)kplive_disown(sampler, false, NULL);
    kplive_unload(&sampler->frameworks);
    free(sampler->cores);
    free(sampler);
}

int kplive_cpu(const struct kplive *sampler)
{
    return sampler->cpu;
}

int kplive_release(const struct kplive *sampler)
{
    return sampler->release;
}

const char *kplive_cpu_name(const struct kplive *sampler)
{
    return sampler->cpu_name;
}

const char *kplive_macos(const struct kplive *sampler)
{
    return sampler->macos;
}

unsigned kplive_macos_version(const struct kplive *sampler)
{
    return sampler->macos_version;
}

unsigned kplive_cpus(const struct kplive *sampler)
{
    return sampler->cpus;
}

/* ---- programming, starting, stopping --------------------------------------------------------- */

int kplive_program(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                   struct kplive_error *error)
{
    int status;

    if (kplive_runs(sampler))
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "stop it first");
    sampler->programmed = false;
    status = kplive_encode(sampler, events, count, error);
    sampler->programmed = status == KPLIVE_OK;
    return status;
}

const struct kpdb_encoding *kplive_encoding(const struct kplive *sampler)
{
    return sampler->programmed ? &sampler->encoding : NULL;
}

int kplive_start(struct kplive *sampler, struct kplive_error *error)
{
    int status;

    if (!sampler->programmed || kplive_runs(sampler))
        return kplive_fail(error, KPLIVE_STATE, "", 0, NULL, "%s",
                           sampler->programmed ? "it is started already" : "program it first");
    status = kplive_own(sampler, error);
    if (status != KPLIVE_OK)
        return status;
    status = kplive_ready(sampler, error);
    if (status != KPLIVE_OK && kplive_disown(sampler, false, NULL) != KPLIVE_OK)
        kplive_add_hint(error, "; and not all could be put back: see kpep reset");
    return status;
}

int kplive_stop(struct kplive *sampler, struct kplive_error *error)
{
    return kplive_disown(sampler, true, error);
}
