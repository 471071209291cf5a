/*
 * The machine's description: its defaults, and the language of KPEP_SIM (sim.h).
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "kperf_machine.h"

static const struct {
    const char *name;
    int number;
} errnos[] = {
#define X(name) {#name, name},
    X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(ENOMEM) X(EACCES) X(EFAULT) X(EBUSY) X(EXDEV)
        X(EINVAL) X(ENOSPC) X(EAGAIN) X(ERANGE) X(ECANCELED) X(ENOTSUP) X(EOVERFLOW) X(ENOSYS)
#undef X
};

static const struct {
    const char *name;
    int number;
} signals[] = {
#define X(name) {#name, SIG##name},
    X(HUP) X(INT) X(QUIT) X(ILL) X(TRAP) X(ABRT) X(BUS) X(FPE) X(KILL) X(USR1) X(SEGV) X(USR2)
        X(PIPE) X(ALRM) X(TERM) X(CHLD) X(CONT) X(STOP) X(TSTP) X(TTIN) X(TTOU) X(URG) X(XCPU)
            X(XFSZ) X(VTALRM) X(PROF) X(SYS)
#undef X
};

const char *errno_name(int error)
{
    for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
        if (errnos[i].number == error)
            return errnos[i].name;
    return NULL;
}

/* --------------------------------------------------------------------------------------- defaults
 */

static enum sim_gen gen_of(const char *os_version)
{
    const int major = atoi(os_version);
    return major <= 13 ? SIM_G1 : major == 14 ? SIM_G2 : major == 15 ? SIM_G3 : SIM_G4;
}

/* Darwin's version: major + 9 before macOS and the year agreed, major - 1 since. */
static const char *darwin_of(const char *os_version)
{
    static char release[32];
    int major = 0, minor = 0;
    sscanf(os_version, "%d.%d", &major, &minor);
    snprintf(release, sizeof(release), "%d.%d.0", major >= 26 ? major - 1 : major + 9, minor);
    return release;
}

/* E cores have the low numbers. */
static const char *letters_of(const struct sim_config *config)
{
    static char letters[MAX_CPUS + 1];
    memset(letters, 0, sizeof(letters));
    memset(letters, 'E', config->ecpus);
    memset(letters + config->ecpus, 'P', config->pcpus);
    return letters;
}

void config_complete(struct sim_config *config)
{
    static const char *const versions[] = {"", "13.6", "14.5", "15.5", "26.0"};
    static const char *const builds[] = {"", "22G120", "23F79", "24F74", "25A354"};
    const struct chip *chip = chip_of(config->chip);
    if (config->gen == SIM_G_DEFAULT && config->os_version != NULL)
        config->gen = gen_of(config->os_version);
    if (config->gen == SIM_G_DEFAULT)
        config->gen = config->chip == SIM_M5 ? SIM_G4 : SIM_G3;
    if (config->os_version == NULL)
        config->os_version = versions[config->gen];
    if (config->os_build == NULL)
        config->os_build = builds[config->gen];
    if (config->os_release == NULL)
        config->os_release = darwin_of(config->os_version);
    if (config->cputype == 0 && config->cpusubtype == 0 && config->cpufamily == 0) {
        config->cputype = chip->cputype;
        config->cpusubtype = chip->cpusubtype;
        config->cpufamily = chip->cpufamily;
    }
    if (config->cores != NULL) {
        config->ecpus = (unsigned)strspn(config->cores, "E");
        config->pcpus = (unsigned)strlen(config->cores) - config->ecpus;
    }
    if (config->pcpus == 0 && config->ecpus == 0) {
        config->pcpus = chip->pcpus;
        config->ecpus = chip->ecpus;
    }
    if (config->pcpus > MAX_CPUS)
        config->pcpus = MAX_CPUS;
    if (config->ecpus > MAX_CPUS - config->pcpus)
        config->ecpus = MAX_CPUS - config->pcpus;
    if (config->offline >= config->pcpus + config->ecpus)
        config->offline = config->pcpus + config->ecpus - 1;
    if (config->cores == NULL)
        config->cores = letters_of(config);
    if (config->pm_mask == 0)
        config->pm_mask = 0x38;
    if (config->ktrace_pid == 0)
        config->ktrace_pid = 1;
    if (config->ktrace_name == NULL)
        config->ktrace_name = "other";
}

/* -------------------------------------------------------------------------------- values of items
 */

/* Strings live on here: a few texts' worth. */
static const char *keep(const char *text)
{
    static char kept[32][PATH_MAX];
    static unsigned next;
    char *copy = kept[next++ % 32];
    snprintf(copy, PATH_MAX, "%s", text);
    return copy;
}

static bool parse_number(const char *text, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 0);
    return errno == 0 && end != text && *end == '\0';
}

static bool parse_unsigned(const char *text, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 0);
    return errno == 0 && end != text && *end == '\0' && *text != '-';
}

static bool parse_limited(const char *text, unsigned limit, unsigned *number)
{
    uint64_t wide;
    if (!parse_unsigned(text, &wide) || wide > limit)
        return false;
    *number = (unsigned)wide;
    return true;
}

static bool parse_pid(const char *text, int *pid)
{
    unsigned number;
    if (!parse_limited(text, INT_MAX, &number) || number == 0)
        return false;
    *pid = (int)number;
    return true;
}

static bool parse_bool(const char *text, bool *value, bool inverse)
{
    if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
        return false;
    *value = (*text == '1') != inverse;
    return true;
}

/* One capital a CPU. */
static bool parse_cores(struct sim_config *config, const char *text)
{
    const size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    config->cores = keep(text);
    return text[length] == '\0' && length > 0 && length <= MAX_CPUS;
}

/* The place of text among words separated by '|', or -1. */
static int parse_word(const char *text, const char *words)
{
    const size_t length = strlen(text);
    for (int i = 0;; i++) {
        const size_t end = strcspn(words, "|");
        if (end == length && memcmp(words, text, length) == 0)
            return i;
        if (words[end] == '\0')
            return -1;
        words += end + 1;
    }
}

static bool parse_id(struct sim_config *config, const char *text)
{
    int end = 0;
    if (sscanf(text, "%x_%x_%x%n", &config->cputype, &config->cpusubtype, &config->cpufamily,
               &end) != 3)
        return false;
    chip_by_id(config, &config->chip);
    return text[end] == '\0';
}

static bool parse_stale(struct sim_config *config, const char *text)
{
    static const unsigned values[] = {SIM_STALE_CONFIG, SIM_STALE_COUNTING, SIM_STALE_THREADS,
                                      SIM_STALE_VALUES, SIM_STALE_ALL};
    char word[16];
    config->stale = 0;
    for (;;) {
        const size_t length = strcspn(text, "+");
        if (length >= sizeof(word))
            return false;
        memcpy(word, text, length);
        word[length] = '\0';
        const int found = parse_word(word, "config|counting|threads|values|all");
        if (found < 0)
            return false;
        config->stale |= values[found];
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

static bool parse_errno(const char *text, int *error)
{
    long long number;
    for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
        if (strcmp(errnos[i].name, text) == 0) {
            *error = errnos[i].number;
            return true;
        }
    if (!parse_number(text, &number) || number < 0 || number > 4095)
        return false;
    *error = (int)number;
    return true;
}

static bool parse_signal(const char *text, int *signal)
{
    unsigned number;
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        if (strcmp(signals[i].name, text) == 0) {
            *signal = signals[i].number;
            return true;
        }
    if (!parse_limited(text, 64, &number) || number == 0)
        return false;
    *signal = (int)number;
    return true;
}

/* FUNCTION:N:RESULT:ERRNO, or FUNCTION:N:SIGNAL. */
static bool parse_fault(enum fault_kind kind, const char *text, bool apply)
{
    char copy[256], *field[4] = {copy, NULL, NULL, NULL};
    const bool signal = kind == FAULT_SIGNAL || kind == FAULT_SIGNAL_BEFORE;
    const int fields = signal ? 3 : 4;
    unsigned nth;
    long long result = 0;
    int error = 0;
    if (strlen(text) >= sizeof(copy))
        return false;
    memcpy(copy, text, strlen(text) + 1);
    for (int i = 1; i < fields; i++) {
        field[i] = strchr(field[i - 1], ':');
        if (field[i] == NULL)
            return false;
        *field[i]++ = '\0';
    }
    if (!fault_function_exists(copy) || !parse_limited(field[1], UINT_MAX, &nth))
        return false;
    if (signal) {
        if (!parse_signal(field[2], &error))
            return false;
    } else {
        if (strcmp(field[2], "err") == 0)
            result = SIM_FAILS;
        else if (!parse_number(field[2], &result))
            return false;
        if (!parse_errno(field[3], &error))
            return false;
    }
    return !apply || fault_add(kind, copy, nth, result, error);
}

/* ------------------------------------------------------------------------------------------ items
 */

static bool parse_words(struct sim_config *config, const char *key, const char *value, bool *known)
{
    int place = 0;
    *known = true;
    if (strcmp(key, "chip") == 0)
        return chip_by_name(value, &config->chip);
    if (strcmp(key, "vm") == 0) {
        config->vm = (enum sim_vm)(place = parse_word(value, "none|absent|empty|old"));
    } else if (strcmp(key, "pm") == 0) {
        config->pm = (enum sim_pm)(place = parse_word(value, "0|1|custom"));
    } else if (strcmp(key, "gen") == 0) {
        config->gen = (enum sim_gen)((place = parse_word(value, "1|2|3|4")) + 1);
    } else if (strcmp(key, "apply") == 0) {
        config->apply_at_once = (place = parse_word(value, "deferred|once")) == 1;
    } else if (strcmp(key, "registry") == 0) {
        config->registry =
            (enum sim_registry)(place = parse_word(value, "full|none|odd|short|gone"));
    } else if (strcmp(key, "sdk") == 0) {
        config->old_sdk = (place = parse_word(value, "new|old")) == 1;
    } else if (strcmp(key, "late") == 0) {
        config->late_is_old = (place = parse_word(value, "new|old")) == 1;
    } else if (strcmp(key, "stale") == 0) {
        return parse_stale(config, value);
    } else if (strcmp(key, "cpuid") == 0) {
        return parse_id(config, value);
    } else {
        *known = false;
    }
    return place >= 0;
}

static bool parse_flags(struct sim_config *config, const char *key, const char *value, bool *known)
{
    const struct {
        const char *key;
        bool *flag, inverse;
    } flags[] = {
        {"root", &config->unprivileged, true},
        {"owner", &config->ktrace_owner, false},
        {"translated", &config->translated, false},
        {"busy", &config->busy, false},
        {"otherforce", &config->force_held, false},
        {"ktrace", &config->ktrace_held, false},
        {"strict", &config->strict_sets, false},
        {"dev", &config->development, false},
        {"smt", &config->no_smt, true},
        {"cost", &config->free_calls, true},
        {"wander", &config->wander, false},
    };
    *known = true;
    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
        if (strcmp(key, flags[i].key) == 0)
            return parse_bool(value, flags[i].flag, flags[i].inverse);
    *known = false;
    return true;
}

static bool parse_rest(struct sim_config *config, const char *key, const char *value, bool *known)
{
    *known = true;
    if (strcmp(key, "os") == 0)
        return (config->os_version = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "build") == 0)
        return (config->os_build = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "osrelease") == 0)
        return (config->os_release = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "cores") == 0)
        return parse_cores(config, value);
    if (strcmp(key, "log") == 0)
        return (config->log_path = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "state") == 0)
        return (config->state_path = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "pmmask") == 0)
        return parse_limited(value, 0xff, &config->pm_mask);
    if (strcmp(key, "pcpus") == 0)
        return parse_limited(value, MAX_CPUS, &config->pcpus);
    if (strcmp(key, "ecpus") == 0)
        return parse_limited(value, MAX_CPUS, &config->ecpus);
    if (strcmp(key, "offline") == 0)
        return parse_limited(value, MAX_CPUS, &config->offline);
    if (strcmp(key, "off") == 0)
        return parse_unsigned(value, &config->off_mask);
    if (strcmp(key, "ktracepid") == 0)
        return parse_pid(value, &config->ktrace_pid);
    if (strcmp(key, "configuredby") == 0)
        return (config->ktrace_name = keep(value)) != NULL && *value != '\0';
    if (strcmp(key, "seed") == 0)
        return parse_unsigned(value, &config->seed);
    if (strcmp(key, "work") == 0)
        return parse_unsigned(value, &config->work_per_read);
    if (strcmp(key, "preempt") == 0)
        return parse_limited(value, UINT_MAX, &config->preempt);
    *known = false;
    return true;
}

static bool parse_item(struct sim_config *config, const char *key, const char *value, bool faults,
                       bool *known)
{
    bool right = parse_words(config, key, value, known);
    if (!*known)
        right = parse_flags(config, key, value, known);
    if (!*known)
        right = parse_rest(config, key, value, known);
    if (*known)
        return right;
    *known = true;
    if (strcmp(key, "fail") == 0)
        return parse_fault(FAULT_INSTEAD, value, faults);
    if (strcmp(key, "after") == 0)
        return parse_fault(FAULT_AFTER, value, faults);
    if (strcmp(key, "signal") == 0)
        return parse_fault(FAULT_SIGNAL, value, faults);
    if (strcmp(key, "before") == 0)
        return parse_fault(FAULT_SIGNAL_BEFORE, value, faults);
    *known = false;
    return false;
}

bool config_parse(struct sim_config *config, const char *text, bool faults, char *error,
                  size_t size)
{
    char item[PATH_MAX + 32];
    for (text += strspn(text, " ,\t\n"); *text != '\0'; text += strspn(text, " ,\t\n")) {
        const size_t length = strcspn(text, " ,\t\n");
        bool known = true;
        if (length >= sizeof(item)) {
            snprintf(error, size, "an item of %zu bytes", length);
            return false;
        }
        memcpy(item, text, length);
        item[length] = '\0';
        text += length;
        char *value = strchr(item, '=');
        if (value != NULL)
            *value++ = '\0';
        if (value == NULL || !parse_item(config, item, value, faults, &known)) {
            snprintf(error, size,
                     known && value != NULL ? "%.40s=%.80s: bad value" : "%.40s: no such item",
                     item, value != NULL ? value : "");
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------ environment
 */

static void give_up(const char *variable, const char *why)
{
    fprintf(stderr, "kperf_sim: %s: %s\n", variable, why);
    _exit(70);
}

/* KPEP_SIM_CPU, where KPEP_SIM says nothing of the chip. */
static void parse_cpu(struct sim_config *config, const char *id)
{
    if (strncmp(id, "cpu_", 4) != 0 || !parse_id(config, id + 4))
        give_up("KPEP_SIM_CPU", "not of the form cpu_100000c_2_1b588bb3");
    if (!chip_by_id(config, &config->chip))
        config->chip = (config->cputype & 0xff) == 7 ? SIM_HASWELL : SIM_M1;
}

const struct sim_config *config_environment(void)
{
    static struct sim_config config;
    static bool read;
    char error[160];
    const char *text = getenv("KPEP_SIM"), *id = getenv("KPEP_SIM_CPU");
    if (read)
        return &config;
    read = true;
    if (text == NULL)
        text = "";
    if (id != NULL && strstr(text, "chip=") == NULL && strstr(text, "cpuid=") == NULL)
        parse_cpu(&config, id);
    if (!config_parse(&config, text, false, error, sizeof(error)))
        give_up("KPEP_SIM", error);
    return &config;
}
