/*
 * libkperfdata_sim: see kperfdata_sim.h for what it is and how to make it misbehave.
 *
 * In this order: the knobs; finding a property list; the knobs' changes to it; the list made
 * into a database; the functions of databases and events; of configurations. "The facts" are doc/.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT, memmem */
#include "kperfdata_sim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <plist/plist.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The layouts clients out there rely on (kperfdata.md 3.2). */
_Static_assert(sizeof(void *) == 8, "the layouts are those of 64-bit systems");
_Static_assert(offsetof(struct kpep_event, alias) == 0x18, "kpep_event");
_Static_assert(offsetof(struct kpep_event, mask) == 0x28, "kpep_event");
_Static_assert(offsetof(struct kpep_event, number) == 0x2c, "kpep_event");
_Static_assert(offsetof(struct kpep_db, event_arr) == 0x28, "kpep_db");
_Static_assert(offsetof(struct kpep_db, reserved) == 0x40, "kpep_db");
_Static_assert(offsetof(struct kpep_db, event_count) == 0x58, "kpep_db");
_Static_assert(offsetof(struct kpep_db, arch) == 0x80, "kpep_db");
_Static_assert(offsetof(struct kpep_db, power_bits) == 0x8c, "kpep_db");
_Static_assert(offsetof(struct kpep_config, flags) == 0x20, "kpep_config");
_Static_assert(offsetof(struct kpep_config, counter_count) == 0x38, "kpep_config");
_Static_assert(offsetof(struct kpep_config, classes) == 0x40, "kpep_config");
_Static_assert(offsetof(struct kpep_config, forced) == 0x48, "kpep_config");
_Static_assert(sizeof(struct kpep_config) == 80, "kpep_config");
#ifdef KPERFDATA_SIM_OLD
_Static_assert(offsetof(struct kpep_event, umask) == 0x2d, "kpep_event");
_Static_assert(offsetof(struct kpep_event, is_fixed) == 0x2f, "kpep_event");
_Static_assert(sizeof(struct kpep_event) == 48, "kpep_event");
_Static_assert(sizeof(struct kpep_db) == 144, "kpep_db");
#else
_Static_assert(offsetof(struct kpep_event, umask) == 0x2e, "kpep_event");
_Static_assert(offsetof(struct kpep_event, flags) == 0x30, "kpep_event");
_Static_assert(sizeof(struct kpep_event) == 56, "kpep_event");
_Static_assert(offsetof(struct kpep_db, flags) == 0x90, "kpep_db");
_Static_assert(offsetof(struct kpep_db, internal) == 0x94, "kpep_db");
_Static_assert(sizeof(struct kpep_db) == 152, "kpep_db");
#endif

/* ---- knobs ----------------------------------------------------------------------------------- */

enum { MAX_KNOBS = 32, KNOB_TEXT = 4096, LONG_NAME = 1 << 20 };

struct fault {
    const char *function; /* "*": any */
    size_t nth;
    bool onwards;
    int code;
    atomic_size_t seen;
};

struct drift {
    const char *kind;
    const char *key;  /* of an event's field; NULL for what is no field */
    const char *name; /* event or alias; NULL for the counters of the CPU */
    const char *target;
    uint64_t number;
    uint64_t mask; /* of an added event; 0: not given */
};

/* What can be lied about, and how: NULL is a number. */
#define LIES(X)                               \
    X(events_count, NULL)                     \
    X(aliases_count, NULL)                    \
    X(counters_count, NULL)                   \
    X(config_events_count, NULL)              \
    X(kpc_count, NULL)                        \
    X(classes, NULL)                          \
    X(map, NULL)                              \
    X(words, NULL)                            \
    X(user_bits, NULL)                        \
    X(conflict, NULL)                         \
    X(name, " null empty bytes long ")        \
    X(alias, " null empty bytes long ")       \
    X(description, " null empty bytes long ") \
    X(db_name, " null empty bytes long ")     \
    X(aliases, " null empty bytes long ")     \
    X(events, " changing null same ")         \
    X(event, " null other ")                  \
    X(layout, " apart ")                      \
    X(writeback, " null other ")

#define LIE_ID(name, how)    LIE_##name,
#define LIE_SHAPE(name, how) {#name, how},
enum lie_id { LIES(LIE_ID) LIE_COUNT };
static const struct {
    const char *name, *how;
} lie_shapes[LIE_COUNT] = {LIES(LIE_SHAPE)};

static struct {
    char text[KNOB_TEXT];
    const char *log;
    struct fault faults[MAX_KNOBS];
    size_t fault_count;
    struct drift drifts[MAX_KNOBS];
    size_t drift_count;
    struct {
        const char *how; /* NULL: no lie */
        uint64_t number;
    } lies[LIE_COUNT];
    char *long_name;
} knobs;

static pthread_once_t knobs_read = PTHREAD_ONCE_INIT;
static atomic_size_t calls, events_calls, events_count_calls, live_objects;

/* A test that asks for what is not there must not pass. */
static _Noreturn void bad_knob(const char *what)
{
    fprintf(stderr, "kperfdata_sim: KPEP_SIM_DATA: cannot make sense of \"%s\"\n", what);
    _exit(70);
}

/* Cuts the next field off *rest; there has to be one. */
static const char *next_field(char **rest)
{
    char *field = *rest;
    if (field == NULL || *field == '\0')
        bad_knob("missing field");
    *rest = strchr(field, ':');
    if (*rest != NULL)
        *(*rest)++ = '\0';
    return field;
}

static void end_fields(const char *rest)
{
    if (rest != NULL)
        bad_knob(rest);
}

static uint64_t number_of(const char *field)
{
    char *end;
    errno = 0;
    uint64_t number = strtoull(field, &end, 0);
    if (end == field || *end != '\0' || errno != 0)
        bad_knob(field);
    return number;
}

static void parse_fault(char *rest)
{
    if (knobs.fault_count == MAX_KNOBS)
        bad_knob("too many fail=");
    struct fault *fault = &knobs.faults[knobs.fault_count++];
    fault->function = next_field(&rest);
    char *end, *nth = (char *)next_field(&rest);
    fault->nth = strtoul(nth, &end, 10);
    fault->onwards = *end == '+';
    if (fault->nth == 0 || end[fault->onwards] != '\0')
        bad_knob(nth);
    fault->code = (int)number_of(next_field(&rest));
    end_fields(rest);
    fault->seen = 0;
}

static void parse_lie(char *rest)
{
    const char *name = next_field(&rest);
    size_t id = 0;
    while (id < LIE_COUNT && strcmp(lie_shapes[id].name, name) != 0)
        id++;
    if (id == LIE_COUNT)
        bad_knob(name);
    const char *how = next_field(&rest), *choices = lie_shapes[id].how;
    end_fields(rest);
    char spaced[16];
    if (choices == NULL)
        knobs.lies[id].number = number_of(how);
    else if ((size_t)snprintf(spaced, sizeof spaced, " %s ", how) >= sizeof spaced ||
             strstr(choices, spaced) == NULL)
        bad_knob(how);
    knobs.lies[id].how = how;
}

/* What can drift: an event's field (by its key), the list of events, of aliases, the CPU. */
static const struct {
    const char *kind, *key;
} drift_kinds[] = {
    {"number", "number"},      {"umask", "umask"},       {"mask", "counters_mask"},
    {"missing", NULL},         {"added", NULL},          {"alias", NULL},
    {"fallback", "fallback"},  {"apart", NULL},          {"fixed_counters", NULL},
    {"config_counters", NULL}, {"power_counters", NULL},
};

static void parse_drift(char *rest)
{
    if (knobs.drift_count == MAX_KNOBS)
        bad_knob("too many drift=");
    struct drift *drift = &knobs.drifts[knobs.drift_count++];
    *drift = (struct drift){.kind = next_field(&rest)};
    size_t kind = 0, kinds = sizeof drift_kinds / sizeof *drift_kinds;
    while (kind < kinds && strcmp(drift_kinds[kind].kind, drift->kind) != 0)
        kind++;
    if (kind == kinds)
        bad_knob(drift->kind);
    drift->key = drift_kinds[kind].key;
    if (strstr(drift->kind, "_counters") == NULL)
        drift->name = next_field(&rest);
    if (strcmp(drift->kind, "alias") == 0 || strcmp(drift->kind, "fallback") == 0 ||
        strcmp(drift->kind, "apart") == 0)
        drift->target = next_field(&rest);
    else if (strcmp(drift->kind, "missing") != 0)
        drift->number = number_of(next_field(&rest));
    if (strcmp(drift->kind, "added") == 0 && rest != NULL)
        drift->mask = number_of(next_field(&rest));
    end_fields(rest);
}

static void parse_knobs(const char *text)
{
    knobs.log = NULL;
    knobs.fault_count = knobs.drift_count = 0;
    memset(knobs.lies, 0, sizeof knobs.lies);
    calls = events_calls = events_count_calls = 0;
    if (strlen(text) >= sizeof knobs.text)
        bad_knob(text);
    strcpy(knobs.text, text);

    char *state = NULL;
    for (char *item = strtok_r(knobs.text, ", ", &state); item != NULL;
         item = strtok_r(NULL, ", ", &state)) {
        char *value = strchr(item, '=');
        if (value == NULL)
            bad_knob(item);
        *value++ = '\0';
        if (strcmp(item, "fail") == 0)
            parse_fault(value);
        else if (strcmp(item, "lie") == 0)
            parse_lie(value);
        else if (strcmp(item, "drift") == 0)
            parse_drift(value);
        else if (strcmp(item, "log") == 0)
            knobs.log = value;
        else
            bad_knob(item);
    }
}

static void read_environment(void)
{
    const char *text = getenv("KPEP_SIM_DATA");
    parse_knobs(text == NULL ? "" : text);
}

void kperfdata_sim_set(const char *text)
{
    pthread_once(&knobs_read, read_environment);
    if (text == NULL)
        read_environment();
    else
        parse_knobs(text);
}

size_t kperfdata_sim_calls(void)
{
    return calls;
}

size_t kperfdata_sim_live(void)
{
    return live_objects;
}

static void log_call(const char *function)
{
    pthread_once(&knobs_read, read_environment);
    if (knobs.log == NULL)
        return;
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", function);
    int file = open(knobs.log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0 || write(file, line, (size_t)length) != length)
        bad_knob(knobs.log);
    close(file);
}

/* Whether this call of function has to fail, and how. */
static bool fails(const char *function, int *code)
{
    log_call(function);
    calls++;
    bool failing = false;
    for (struct fault *fault = knobs.faults; fault < knobs.faults + knobs.fault_count; fault++) {
        if (strcmp(fault->function, "*") != 0 && strcmp(fault->function, function) != 0)
            continue;
        size_t nth = ++fault->seen;
        if (nth == fault->nth || (fault->onwards && nth > fault->nth)) {
            *code = fault->code;
            failing = true;
        }
    }
    return failing;
}

/* The first line of every function of Apple's that returns a code. */
#define ENTER()                            \
    do {                                   \
        int forced_code;                   \
        if (fails(__func__, &forced_code)) \
            return forced_code;            \
    } while (0)

static bool lying(enum lie_id id)
{
    return knobs.lies[id].how != NULL;
}

static bool lies_as(enum lie_id id, const char *how)
{
    return lying(id) && strcmp(knobs.lies[id].how, how) == 0;
}

static size_t count_or_lie(enum lie_id id, size_t count)
{
    return lying(id) ? (size_t)knobs.lies[id].number : count;
}

/* 1 MiB of text with a page behind it that cannot be read. */
static const char *long_name(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    if (knobs.long_name == NULL) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *text = mmap(NULL, LONG_NAME + page, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (text == MAP_FAILED)
            bad_knob("long");
        memset(text, 'A', LONG_NAME);
        mprotect(text + LONG_NAME, page, PROT_NONE);
        knobs.long_name = text;
    }
    pthread_mutex_unlock(&lock);
    return knobs.long_name;
}

__attribute__((destructor)) static void unload(void)
{
    if (knobs.long_name != NULL)
        munmap(knobs.long_name, LONG_NAME + (size_t)sysconf(_SC_PAGESIZE));
}

static const char *text_or_lie(enum lie_id id, const char *text)
{
    if (!lying(id))
        return text;
    if (lies_as(id, "null"))
        return NULL;
    if (lies_as(id, "empty"))
        return "";
    if (lies_as(id, "bytes"))
        return "\xff\x1b[2J\n\"\\%s\x01";
    return long_name();
}

/* ---- finding a property list ----------------------------------------------------------------- */

/* The whole file, or NULL with errno. */
static char *read_file(const char *path, uint32_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    char *bytes = NULL;
    long size = -1;
    errno = EIO;
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || size > INT_MAX)
        goto done;
    rewind(file);
    bytes = malloc((size_t)size + 1);
    if (bytes != NULL && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
        errno = EIO;
    }
    *length = (uint32_t)size;
done:
    fclose(file);
    return bytes;
}

static plist_t parse_plist(const char *bytes, uint32_t length)
{
    plist_t root = NULL;
    if (length >= 8 && memcmp(bytes, "bplist00", 8) == 0)
        plist_from_bin(bytes, length, &root);
    else
        plist_from_xml(bytes, length, &root);
    return root;
}

/* Error 7 is "not here", for the caller to look elsewhere. */
static int load_plist(const char *path, plist_t *root)
{
    uint32_t length = 0;
    char *bytes = read_file(path, &length);
    if (bytes == NULL)
        return errno == ENOENT || errno == ENOTDIR ? KPEP_DB_NOT_FOUND
               : errno == ENOMEM                   ? KPEP_OUT_OF_MEMORY
                                                   : KPEP_IO;
    *root = parse_plist(bytes, length);
    free(bytes);
    return *root == NULL ? KPEP_DB_CORRUPT : KPEP_OK;
}

static const char *string_of(plist_t node)
{
    if (node == NULL || plist_get_node_type(node) != PLIST_STRING)
        return NULL;
    uint64_t length;
    return plist_get_string_ptr(node, &length);
}

static bool lists_cpu(plist_t root, const char *id)
{
    plist_t cpus = plist_dict_get_item(plist_dict_get_item(root, "kpep"), "cpus");
    if (cpus == NULL || plist_get_node_type(cpus) != PLIST_ARRAY)
        return false;
    for (uint32_t i = 0; i < plist_array_get_size(cpus); i++) {
        const char *cpu = string_of(plist_array_get_item(cpus, i));
        if (cpu != NULL && strcmp(cpu, id) == 0)
            return true;
    }
    return false;
}

/* A snapshot of `kpepc snapshot` for this CPU. Most files are dismissed without parsing them. */
static plist_t load_if_snapshot_of(const char *path, const char *id)
{
    uint32_t length = 0;
    char *bytes = read_file(path, &length);
    if (bytes == NULL)
        return NULL;
    plist_t root = NULL;
    if (memmem(bytes, length, id, strlen(id)) != NULL)
        root = parse_plist(bytes, length);
    free(bytes);
    if (root != NULL && !lists_cpu(root, id)) {
        plist_free(root);
        root = NULL;
    }
    return root;
}

static int find_snapshot(const char *directory, const char *id, plist_t *root)
{
    DIR *entries = opendir(directory);
    if (entries == NULL)
        return KPEP_DB_NOT_FOUND;
    *root = NULL;
    for (struct dirent *entry; *root == NULL && (entry = readdir(entries)) != NULL;) {
        size_t length = strlen(entry->d_name);
        char path[PATH_MAX];
        if (length > 6 && strcmp(entry->d_name + length - 6, ".plist") == 0 &&
            (size_t)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < sizeof path)
            *root = load_if_snapshot_of(path, id);
    }
    closedir(entries);
    return *root == NULL ? KPEP_DB_NOT_FOUND : KPEP_OK;
}

static int find_in(const char *directory, const char *name, plist_t *root)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s.plist", directory, name) >= sizeof path)
        return KPEP_PATH_INVALID;
    int code = load_plist(path, root);
    if (code == KPEP_DB_NOT_FOUND && strncmp(name, "cpu_", 4) == 0)
        code = find_snapshot(directory, name, root);
    return code;
}

/* Where it is looked for (kperfdata.md 1.2). */
static int find_plist(const char *name, plist_t *root)
{
    const char *directories[] = {getenv("KPEP_DB_PATH"), "/usr/local/share/kpep",
                                 "/usr/share/kpep"};
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        if (directories[i] == NULL || *directories[i] == '\0')
            continue;
        int code = find_in(directories[i], name, root);
        if (code != KPEP_DB_NOT_FOUND)
            return code;
    }
    return KPEP_DB_NOT_FOUND;
}

typedef int sysctl_function(const char *name, void *old, size_t *size, void *new, size_t new_size);

/* Whether the three sysctls that make an id answer (Linux has them only in a test). */
static bool ask_sysctl(uint32_t numbers[3])
{
    static const char *const names[3] = {"hw.cputype", "hw.cpusubtype", "hw.cpufamily"};
    void *symbol = dlsym(RTLD_DEFAULT, "sysctlbyname");
    if (symbol == NULL)
        return false;
    sysctl_function *function;
    memcpy(&function, &symbol, sizeof function);
    for (size_t i = 0; i < 3; i++) {
        size_t size = sizeof numbers[i];
        if (function(names[i], &numbers[i], &size, NULL, 0) != 0)
            return false;
    }
    return true;
}

static int this_cpu(char *id, size_t size)
{
    uint32_t numbers[3];
    if (ask_sysctl(numbers)) {
        snprintf(id, size, "cpu_%x_%x_%x", numbers[0], numbers[1], numbers[2]);
        return KPEP_OK;
    }
    const char *given = getenv("KPEP_SIM_CPU");
    if (given == NULL || *given == '\0' || strlen(given) >= size)
        return KPEP_SYSTEM_UNKNOWN;
    strcpy(id, given);
    return KPEP_OK;
}

/* ---- drift: the list is changed before anything is made of it, so the lie is consistent ------ */

static void set_integer(plist_t dict, const char *key, uint64_t value)
{
    plist_dict_set_item(dict, key, plist_new_uint(value));
}

static void change_event(plist_t events, const struct drift *drift)
{
    plist_t event = plist_dict_get_item(events, drift->name);
    if (event == NULL)
        bad_knob(drift->name);
    if (strcmp(drift->kind, "missing") == 0)
        plist_dict_remove_item(events, drift->name);
    else if (drift->target != NULL)
        plist_dict_set_item(event, drift->key, plist_new_string(drift->target));
    else
        set_integer(event, drift->key, drift->number);
}

static void add_drifted_event(plist_t events, const struct drift *drift)
{
    plist_t event = plist_new_dict();
    set_integer(event, "number", drift->number);
    set_integer(event, "umask", 0);
    if (drift->mask != 0)
        set_integer(event, "counters_mask", drift->mask);
    plist_dict_set_item(events, drift->name, event);
}

static void need_events(plist_t events, const char *one, const char *other)
{
    if (plist_dict_get_item(events, one) == NULL || plist_dict_get_item(events, other) == NULL)
        bad_knob(one);
}

static void apply_drift(plist_t root, const struct drift *drift)
{
    plist_t cpu = plist_dict_get_item(plist_dict_get_item(root, "system"), "cpu");
    plist_t events = plist_dict_get_item(cpu, "events");
    if (events == NULL)
        bad_knob(drift->kind);
    if (drift->name == NULL)
        set_integer(cpu, drift->kind, drift->number);
    else if (strcmp(drift->kind, "apart") == 0) /* of the framework, not of the list */
        need_events(events, drift->name, drift->target);
    else if (strcmp(drift->kind, "alias") == 0)
        plist_dict_set_item(plist_dict_get_item(cpu, "aliases"), drift->name,
                            plist_new_string(drift->target));
    else if (strcmp(drift->kind, "added") == 0)
        add_drifted_event(events, drift);
    else
        change_event(events, drift);
}

/* ---- the property list made into a database -------------------------------------------------- */

struct text {
    struct text *next;
    char string[];
};

struct named {
    const char *name;
    struct kpep_event *event;
};

struct ranked {
    uint32_t rank; /* number, then umask */
    struct kpep_event *event;
};

/* What Apple's structures have no room for, at reserved[0]. */
struct behind {
    struct text *texts;      /* every string of the database, to free them */
    uint16_t *numbers;       /* by place in event_arr: all 16 bits, whatever the layout */
    struct ranked *in_order; /* every event */
};

static struct behind *behind(const struct kpep_db *db)
{
    return db->reserved[0];
}

static uint16_t number_of_event(const struct kpep_db *db, const struct kpep_event *event)
{
    return behind(db)->numbers[event - db->event_arr];
}

static bool is_fixed(const struct kpep_event *event)
{
#ifdef KPERFDATA_SIM_OLD
    return event->is_fixed != 0;
#else
    return (event->flags & 1) != 0;
#endif
}

static int keep_text(struct kpep_db *db, const char *string, const char **kept)
{
    size_t size = strlen(string) + 1;
    struct text *text = malloc(sizeof *text + size);
    if (text == NULL)
        return KPEP_OUT_OF_MEMORY;
    memcpy(text->string, string, size);
    text->next = behind(db)->texts;
    behind(db)->texts = text;
    *kept = text->string;
    return KPEP_OK;
}

/* An absent string leaves *text NULL; one of another type is corrupt. */
static int read_text(struct kpep_db *db, plist_t dict, const char *key, const char **text)
{
    plist_t node = plist_dict_get_item(dict, key);
    if (node == NULL)
        return KPEP_OK;
    const char *string = string_of(node);
    return string == NULL ? KPEP_DB_CORRUPT : keep_text(db, string, text);
}

static int need_text(struct kpep_db *db, plist_t dict, const char *key, const char **text)
{
    int code = read_text(db, dict, key, text);
    return code == KPEP_OK && *text == NULL ? KPEP_DB_CORRUPT : code;
}

/* An absent integer leaves *value as it was; one of another type is corrupt. */
static int read_integer(plist_t dict, const char *key, uint64_t *value)
{
    plist_t node = plist_dict_get_item(dict, key);
    if (node == NULL)
        return KPEP_OK;
    if (plist_get_node_type(node) != PLIST_UINT)
        return KPEP_DB_CORRUPT;
    plist_get_uint_val(node, value);
    return KPEP_OK;
}

static int read_mask(plist_t dict, const char *key, uint32_t *mask)
{
    uint64_t value = *mask;
    int code = read_integer(dict, key, &value);
    *mask = (uint32_t)value;
    return code;
}

static plist_t dict_of(plist_t parent, const char *key)
{
    plist_t node = plist_dict_get_item(parent, key);
    return node != NULL && plist_get_node_type(node) == PLIST_DICT ? node : NULL;
}

static size_t bits_in(uint32_t mask)
{
    return (size_t)__builtin_popcount(mask);
}

static int read_version(plist_t root)
{
    plist_t version = plist_dict_get_item(root, "version");
    if (version == NULL || plist_get_node_type(version) != PLIST_ARRAY)
        return KPEP_DB_CORRUPT;
    plist_t first = plist_array_get_item(version, 0);
    uint64_t number = 0;
    if (first != NULL && plist_get_node_type(first) == PLIST_UINT)
        plist_get_uint_val(first, &number);
    return number == 1 ? KPEP_OK : KPEP_DB_CORRUPT;
}

static int read_arch(plist_t cpu, uint32_t *arch)
{
    static const char *const names[] = {"i386", "x86_64", "arm", "arm64"};
    const char *name = string_of(plist_dict_get_item(cpu, "architecture"));
    if (name == NULL)
        return KPEP_DB_CORRUPT;
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *arch = i;
            return KPEP_OK;
        }
    }
    return KPEP_ARCH_UNSUPPORTED;
}

static int read_internal(struct kpep_db *db, plist_t root)
{
    plist_t node = plist_dict_get_item(root, "internal");
    if (node == NULL)
        return KPEP_OK;
    if (plist_get_node_type(node) != PLIST_BOOLEAN)
        return KPEP_DB_CORRUPT;
    uint8_t value = 0;
    plist_get_bool_val(node, &value);
#ifdef KPERFDATA_SIM_OLD
    (void)db;
#else
    db->internal = value;
    db->internal_known = 1;
#endif
    return KPEP_OK;
}

static int read_head(struct kpep_db *db, plist_t root, plist_t cpu)
{
    int code;
    if ((code = read_version(root)) != KPEP_OK ||
        (code = need_text(db, root, "name", &db->name)) != KPEP_OK ||
        (code = read_internal(db, root)) != KPEP_OK ||
        (code = read_arch(cpu, &db->arch)) != KPEP_OK ||
        (code = need_text(db, cpu, "marketing_name", &db->marketing_name)) != KPEP_OK ||
        (code = read_mask(cpu, "fixed_counters", &db->fixed_bits)) != KPEP_OK ||
        (code = read_mask(cpu, "config_counters", &db->config_bits)) != KPEP_OK ||
        (code = read_mask(cpu, "power_counters", &db->power_bits)) != KPEP_OK)
        return code;
    db->fixed_counter_count = bits_in(db->fixed_bits);
    db->config_counter_count = bits_in(db->config_bits);
    db->power_counter_count = bits_in(db->power_bits);
    return KPEP_OK;
}

static int set_fixed(struct kpep_db *db, struct kpep_event *event, plist_t dict)
{
    uint64_t index = 0;
    if (db->fixed_counter_count == 0 || read_integer(dict, "fixed_counter", &index) != KPEP_OK)
        return KPEP_DB_CORRUPT;
#ifdef KPERFDATA_SIM_OLD
    event->is_fixed = 1;
#else
    event->flags = 1;
#endif
    /* Ice Lake gives one counter to two events, Comet Lake one that is not there. */
    if (index < db->fixed_counter_count && db->fixed_event_arr[index] == NULL)
        db->fixed_event_arr[index] = event;
    return KPEP_OK;
}

static int set_number(struct kpep_db *db, struct kpep_event *event, plist_t dict)
{
    uint64_t number = 0, umask = 0;
    bool x86 = db->arch == KPEP_X86_64;
    bool fixed = plist_dict_get_item(dict, "fixed_counter") != NULL;
    if ((plist_dict_get_item(dict, "number") == NULL && !fixed) ||
        (plist_dict_get_item(dict, "umask") == NULL && x86) ||
        read_integer(dict, "number", &number) != KPEP_OK ||
        read_integer(dict, "umask", &umask) != KPEP_OK)
        return KPEP_DB_CORRUPT;
    behind(db)->numbers[event - db->event_arr] = (uint16_t)number;
#ifdef KPERFDATA_SIM_OLD
    event->number = (uint8_t)number;
#else
    event->number = (uint16_t)number;
#endif
    event->umask = (uint8_t)umask;
    return KPEP_OK;
}

static int read_event(struct kpep_db *db, struct kpep_event *event, const char *name, plist_t dict)
{
    int code;
    if (plist_get_node_type(dict) != PLIST_DICT)
        return KPEP_DB_CORRUPT;
    event->mask = db->config_bits;
    if ((code = keep_text(db, name, &event->name)) != KPEP_OK ||
        (code = read_text(db, dict, "description", &event->description)) != KPEP_OK ||
        (code = read_text(db, dict, "errata", &event->errata)) != KPEP_OK ||
        (code = read_text(db, dict, "fallback", &event->fallback)) != KPEP_OK ||
        (code = read_mask(dict, "counters_mask", &event->mask)) != KPEP_OK ||
        (code = set_number(db, event, dict)) != KPEP_OK)
        return code;
    return plist_dict_get_item(dict, "fixed_counter") == NULL ? KPEP_OK
                                                              : set_fixed(db, event, dict);
}

static int compare_named(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static struct kpep_event *look_up(const struct named *map, size_t count, const char *name)
{
    struct named key = {.name = name};
    const struct named *found = bsearch(&key, map, count, sizeof *map, compare_named);
    return found == NULL ? NULL : found->event;
}

static struct kpep_event *event_named(const struct kpep_db *db, const char *name)
{
    struct kpep_event *event = look_up(db->alias_map, db->alias_count, name);
    return event != NULL ? event : look_up(db->event_map, db->event_count, name);
}

/* Calls each() for every entry of dict, until one returns an error. */
static int for_each(plist_t dict, struct kpep_db *db,
                    int (*each)(struct kpep_db *, const char *, plist_t))
{
    plist_dict_iter iterator = NULL;
    int code = KPEP_OK;
    plist_dict_new_iter(dict, &iterator);
    while (code == KPEP_OK) {
        char *key = NULL;
        plist_t value = NULL;
        plist_dict_next_item(dict, iterator, &key, &value);
        if (value == NULL)
            break;
        code = each(db, key, value);
        free(key);
    }
    free(iterator);
    return code;
}

/* Where in memory the n-th event is: one behind the other, or with gaps. */
static size_t place_of(size_t n)
{
    return lies_as(LIE_layout, "apart") ? 2 * n + n / 3 : n;
}

static int add_to_events(struct kpep_db *db, const char *name, plist_t dict)
{
    struct kpep_event *event = &db->event_arr[place_of(db->event_count)];
    int code = read_event(db, event, name, dict);
    struct named *map = db->event_map;
    map[db->event_count] = (struct named){event->name, event};
    uint32_t rank = (uint32_t)number_of_event(db, event) << 8 | event->umask;
    behind(db)->in_order[db->event_count] = (struct ranked){rank, event};
    db->event_count++;
    return code;
}

static int add_to_aliases(struct kpep_db *db, const char *alias, plist_t node)
{
    const char *target = string_of(node);
    struct kpep_event *event =
        target == NULL ? NULL : look_up(db->event_map, db->event_count, target);
    if (event == NULL || event->alias != NULL)
        return KPEP_DB_CORRUPT;
    int code = keep_text(db, alias, &event->alias);
    struct named *map = db->alias_map;
    map[db->alias_count++] = (struct named){event->alias, event};
    return code;
}

/* Where number and umask agree the facts do not say: here, the order of the file. */
static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return (a->event > b->event) - (a->event < b->event);
}

static int read_events(struct kpep_db *db, plist_t events)
{
    size_t count = (size_t)plist_dict_get_size(events) + 1;
    db->event_arr = calloc(place_of(count) + 1, sizeof *db->event_arr);
    db->event_map = calloc(count, sizeof(struct named));
    behind(db)->numbers = calloc(place_of(count) + 1, sizeof *behind(db)->numbers);
    behind(db)->in_order = calloc(count, sizeof *behind(db)->in_order);
    db->fixed_event_arr = calloc(db->fixed_counter_count + 1, sizeof *db->fixed_event_arr);
    if (db->event_arr == NULL || db->event_map == NULL || behind(db)->numbers == NULL ||
        behind(db)->in_order == NULL || db->fixed_event_arr == NULL)
        return KPEP_OUT_OF_MEMORY;
    int code = for_each(events, db, add_to_events);
    if (code != KPEP_OK)
        return code;
    qsort(db->event_map, db->event_count, sizeof(struct named), compare_named);
    qsort(behind(db)->in_order, db->event_count, sizeof(struct ranked), compare_ranked);
    return KPEP_OK;
}

static int read_aliases(struct kpep_db *db, plist_t cpu)
{
    plist_t aliases = dict_of(cpu, "aliases");
    if (aliases == NULL)
        return plist_dict_get_item(cpu, "aliases") == NULL ? KPEP_OK : KPEP_DB_CORRUPT;
    db->alias_map = calloc((size_t)plist_dict_get_size(aliases) + 1, sizeof(struct named));
    if (db->alias_map == NULL)
        return KPEP_OUT_OF_MEMORY;
    int code = for_each(aliases, db, add_to_aliases);
    if (code == KPEP_OK)
        qsort(db->alias_map, db->alias_count, sizeof(struct named), compare_named);
    return code;
}

static void free_db(struct kpep_db *db)
{
    struct behind *data = behind(db);
    for (struct text *text = data->texts, *next; text != NULL; text = next) {
        next = text->next;
        free(text);
    }
    free(data->numbers);
    free(data->in_order);
    free(data);
    free(db->event_arr);
    free(db->fixed_event_arr);
    free(db->event_map);
    free(db->alias_map);
    free(db);
    live_objects--;
}

static struct kpep_db *new_db(void)
{
    struct kpep_db *db = calloc(1, sizeof *db);
    struct behind *data = calloc(1, sizeof *data);
    if (db == NULL || data == NULL) {
        free(db);
        free(data);
        return NULL;
    }
    db->reserved[0] = data;
    live_objects++;
    return db;
}

static int read_db(plist_t root, const char *id, struct kpep_db **result)
{
    plist_t cpu = dict_of(dict_of(root, "system"), "cpu");
    plist_t events = dict_of(cpu, "events");
    if (events == NULL)
        return KPEP_DB_CORRUPT;
    struct kpep_db *db = new_db();
    if (db == NULL)
        return KPEP_OUT_OF_MEMORY;
    int code;
    if ((code = keep_text(db, id, &db->cpu_id)) != KPEP_OK ||
        (code = read_head(db, root, cpu)) != KPEP_OK ||
        (code = read_events(db, events)) != KPEP_OK || (code = read_aliases(db, cpu)) != KPEP_OK)
        free_db(db);
    else
        *result = db;
    return code;
}

/* ---- databases and events -------------------------------------------------------------------- */

static int open_db(const char *name, struct kpep_db **db)
{
    char id[128];
    if (db == NULL)
        return KPEP_INVALID_ARGUMENT;
    if (name == NULL) {
        int unknown = this_cpu(id, sizeof id);
        if (unknown != KPEP_OK)
            return unknown;
        name = id;
    }
    plist_t root = NULL;
    int code = find_plist(name, &root);
    if (code != KPEP_OK)
        return code;
    for (size_t i = 0; i < knobs.drift_count; i++)
        apply_drift(root, &knobs.drifts[i]);
    code = read_db(root, name, db);
    plist_free(root);
    return code;
}

int kpep_db_create(const char *name, struct kpep_db **db)
{
    ENTER();
    return open_db(name, db);
}

void kpep_db_free(struct kpep_db *db)
{
    log_call(__func__);
    if (db != NULL)
        free_db(db);
}

/* The marketing name, whatever the function is called. */
int kpep_db_name(struct kpep_db *db, const char **name)
{
    ENTER();
    if (db == NULL || name == NULL)
        return KPEP_INVALID_ARGUMENT;
    *name = text_or_lie(LIE_db_name, db->marketing_name);
    return KPEP_OK;
}

int kpep_db_aliases_count(struct kpep_db *db, size_t *count)
{
    ENTER();
    if (db == NULL || count == NULL)
        return KPEP_INVALID_ARGUMENT;
    *count = count_or_lie(LIE_aliases_count, db->alias_count);
    return KPEP_OK;
}

int kpep_db_aliases(struct kpep_db *db, const char **buffer, size_t bytes)
{
    ENTER();
    if (db == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    if (bytes / sizeof *buffer < db->alias_count)
        return KPEP_BUFFER_TOO_SMALL;
    const struct named *map = db->alias_map;
    for (size_t i = 0; i < db->alias_count; i++)
        buffer[i] = text_or_lie(LIE_aliases, map[i].name);
    return KPEP_OK;
}

static size_t counters_count(const struct kpep_db *db, uint32_t classes)
{
    size_t count = 0, power = (classes & KPEP_POWER) != 0 ? db->power_counter_count : 0;
    if ((classes & KPEP_CONFIGURABLE) == 0)
        count = power;
    else if (db->config_counter_count > power)
        count = db->config_counter_count - power;
    return count + ((classes & KPEP_FIXED) != 0 ? db->fixed_counter_count : 0);
}

int kpep_db_counters_count(struct kpep_db *db, uint8_t classes, size_t *count)
{
    ENTER();
    if (db == NULL || count == NULL)
        return KPEP_INVALID_ARGUMENT;
    *count = count_or_lie(LIE_counters_count, counters_count(db, classes));
    return KPEP_OK;
}

int kpep_db_events_count(struct kpep_db *db, size_t *count)
{
    ENTER();
    if (db == NULL || count == NULL)
        return KPEP_INVALID_ARGUMENT;
    *count = count_or_lie(LIE_events_count, db->event_count);
    if (lies_as(LIE_events, "changing") && events_count_calls++ % 2 == 1)
        *count -= *count > 0;
    return KPEP_OK;
}

int kpep_db_events(struct kpep_db *db, struct kpep_event **buffer, size_t bytes)
{
    ENTER();
    if (db == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    size_t count = db->event_count, first = 0;
    if (lies_as(LIE_events, "changing")) {
        count = bytes / sizeof *buffer < count ? bytes / sizeof *buffer : count;
        first = ++events_calls;
    }
    if (bytes / sizeof *buffer < count)
        return KPEP_BUFFER_TOO_SMALL;
    for (size_t i = 0; i < count; i++) {
        size_t place = lies_as(LIE_events, "same") ? 0 : (first + i) % db->event_count;
        buffer[i] = lies_as(LIE_events, "null") ? NULL : behind(db)->in_order[place].event;
    }
    return KPEP_OK;
}

/* Aliases first (kperfdata.md 1.3). */
int kpep_db_event(struct kpep_db *db, const char *name, struct kpep_event **event)
{
    ENTER();
    if (db == NULL || name == NULL || event == NULL)
        return KPEP_INVALID_ARGUMENT;
    struct kpep_event *found = event_named(db, name);
    if (found == NULL)
        return KPEP_EVENT_NOT_FOUND;
    if (lying(LIE_event))
        found = lies_as(LIE_event, "null") ? NULL : db->event_arr;
    *event = found;
    return KPEP_OK;
}

int kpep_event_name(struct kpep_event *event, const char **text)
{
    ENTER();
    if (event == NULL || text == NULL)
        return KPEP_INVALID_ARGUMENT;
    *text = text_or_lie(LIE_name, event->name);
    return KPEP_OK;
}

int kpep_event_alias(struct kpep_event *event, const char **text)
{
    ENTER();
    if (event == NULL || text == NULL)
        return KPEP_INVALID_ARGUMENT;
    *text = text_or_lie(LIE_alias, event->alias);
    return KPEP_OK;
}

int kpep_event_description(struct kpep_event *event, const char **text)
{
    ENTER();
    if (event == NULL || text == NULL)
        return KPEP_INVALID_ARGUMENT;
    *text = text_or_lie(LIE_description, event->description);
    return KPEP_OK;
}

/* ---- configurations -------------------------------------------------------------------------- */

#ifdef KPERFDATA_SIM_OLD
static const uint64_t arm_user_only = 0x30000;
#else
static const uint64_t arm_user_only = 0x20000;
#endif

enum x86_bits { X86_USER = 0x10000, X86_USER_AND_KERNEL = 0x30000, X86_ENABLE = 0x400000 };

static bool is_x86(const struct kpep_db *db)
{
    return db->arch == KPEP_X86_64 || db->arch == KPEP_I386;
}

static uint32_t bit(size_t n)
{
    return n < 32 ? 1u << n : 0;
}

static size_t lowest(uint32_t mask)
{
    return (size_t)__builtin_ctz(mask);
}

static void free_config(struct kpep_config *config)
{
    free(config->ev_arr);
    free(config->ev_map);
    free(config->ev_idx);
    free(config->flags);
    free(config->kpc_periods);
    free(config);
    live_objects--;
}

int kpep_config_create(struct kpep_db *db, struct kpep_config **result)
{
    ENTER();
    if (db == NULL || result == NULL)
        return KPEP_INVALID_ARGUMENT;
    struct kpep_config *config = calloc(1, sizeof *config);
    if (config == NULL)
        return KPEP_OUT_OF_MEMORY;
    live_objects++;
    size_t count = db->fixed_counter_count + db->config_counter_count;
    config->db = db;
    config->counter_count = count;
    config->ev_arr = calloc(count + 1, sizeof *config->ev_arr);
    config->ev_map = calloc(count + 1, sizeof *config->ev_map);
    config->ev_idx = calloc(count + 1, sizeof *config->ev_idx);
    config->flags = calloc(count + 1, sizeof *config->flags);
    config->kpc_periods = calloc(count + 1, sizeof *config->kpc_periods);
    if (config->ev_arr == NULL || config->ev_map == NULL || config->ev_idx == NULL ||
        config->flags == NULL || config->kpc_periods == NULL) {
        free_config(config);
        return KPEP_OUT_OF_MEMORY;
    }
    for (size_t i = 0; i < count; i++)
        config->ev_idx[i] = SIZE_MAX;
    *result = config;
    return KPEP_OK;
}

void kpep_config_free(struct kpep_config *config)
{
    log_call(__func__);
    if (config != NULL)
        free_config(config);
}

int kpep_config_force_counters(struct kpep_config *config)
{
    ENTER();
    if (config == NULL || config->forced)
        return KPEP_INVALID_ARGUMENT;
    config->classes &= ~(uint32_t)KPEP_POWER;
    config->forced = 1;
    return KPEP_OK;
}

/* Whether the event on this counter was placed as a fixed one: only arm64 does, and not with a
 * trigger period, which asks for the fallback instead. */
static bool holds_fixed(const struct kpep_config *config, size_t counter)
{
    const struct kpep_event *event = config->ev_arr[config->ev_idx[counter]];
    return !is_x86(config->db) && is_fixed(event) && config->kpc_periods[counter] == 0;
}

/* A counter for a fixed event, or in *conflicts the event that has it (kperfdata.md 2.2). */
static int find_fixed(struct kpep_config *config, uint32_t mask, size_t *counter,
                      uint32_t *conflicts)
{
    if (mask == 0 || lowest(mask) >= config->counter_count)
        return KPEP_NO_USABLE_COUNTER;
    *counter = lowest(mask);
    if ((config->used & bit(*counter)) != 0) {
        *conflicts = bit(config->ev_idx[*counter]);
        return KPEP_CONFLICT;
    }
    if (!config->forced)
        return KPEP_NOT_FORCED;
    config->classes |= KPEP_FIXED;
    return KPEP_OK;
}

/* The first free counter of the mask, ascending: nothing ever moves (kperfdata.md 2.3). */
static bool first_free(const struct kpep_config *config, uint32_t mask, size_t *counter,
                       uint32_t *conflicts)
{
    size_t limit = config->counter_count;
    if (!config->forced) /* less the power count, though it need not be the top ones that are */
        limit -= limit < config->db->power_counter_count ? limit : config->db->power_counter_count;
    for (size_t i = 0; i < limit; i++) {
        if ((mask & bit(i)) == 0)
            continue;
        if ((config->used & bit(i)) == 0) {
            *counter = i;
            return true;
        }
        *conflicts |= bit(config->ev_idx[i]);
    }
    return false;
}

static int find_configurable(struct kpep_config *config, uint32_t mask, size_t *counter,
                             uint32_t *conflicts)
{
    const struct kpep_db *db = config->db;
    if (!config->forced && (mask & ~db->power_bits) == 0)
        return KPEP_NOT_FORCED;
    if (mask == 0 ||
        ((config->classes & KPEP_FIXED) == 0 && lowest(mask) < db->fixed_counter_count))
        return KPEP_NO_USABLE_COUNTER;
    if (!first_free(config, mask, counter, conflicts))
        return !config->forced && (mask & db->power_bits) != 0 ? KPEP_NOT_FORCED : KPEP_CONFLICT;
    if (config->classes == 0 && !config->forced)
        config->classes |= KPEP_POWER;
    config->classes |= KPEP_CONFIGURABLE;
    return KPEP_OK;
}

/* The caller's pointer has the fallback from here on, even when there is no room for it. */
static int fall_back(const struct kpep_db *db, struct kpep_event **event)
{
    const char *name = (*event)->fallback;
    struct kpep_event *fallback = name == NULL ? NULL : event_named(db, name);
    if (fallback == NULL)
        return KPEP_EVENT_UNAVAILABLE;
    *event = fallback;
    return KPEP_OK;
}

static void place(struct kpep_config *config, struct kpep_event *event, size_t counter,
                  uint32_t flag, uint64_t period)
{
    size_t index = config->event_count++;
    config->ev_arr[index] = event;
    config->ev_map[index] = counter;
    config->ev_idx[counter] = index;
    config->flags[counter] = flag;
    config->kpc_periods[counter] = period;
    config->used |= bit(counter);
}

static bool pair_is(const struct drift *drift, const char *a, const char *b)
{
    return strcmp(drift->name, a) == 0 && strcmp(drift->target, b) == 0;
}

/* Whether an event of the configuration keeps this one out (drift=apart), and which. */
static bool keeps_apart(const struct kpep_config *config, const struct kpep_event *event,
                        uint32_t *in_the_way)
{
    for (size_t d = 0; d < knobs.drift_count; d++) {
        const struct drift *drift = &knobs.drifts[d];
        if (strcmp(drift->kind, "apart") != 0)
            continue;
        for (size_t i = 0; i < config->event_count; i++) {
            const char *name = config->ev_arr[i]->name;
            if (pair_is(drift, name, event->name) || pair_is(drift, event->name, name)) {
                *in_the_way = bit(i);
                return true;
            }
        }
    }
    return false;
}

static int add_event(struct kpep_config *config, struct kpep_event **event, uint32_t flag,
                     uint64_t period, uint32_t *conflicts)
{
    if (config == NULL || event == NULL || *event == NULL)
        return KPEP_INVALID_ARGUMENT;
    bool fixed = is_fixed(*event);
    if (fixed && (is_x86(config->db) || period != 0)) {
        int unavailable = fall_back(config->db, event);
        if (unavailable != KPEP_OK)
            return unavailable;
        fixed = false;
    }
    size_t counter = 0;
    uint32_t in_the_way = 0;
    int code = KPEP_CONFLICT;
    if (!keeps_apart(config, *event, &in_the_way))
        code =
            (fixed ? find_fixed : find_configurable)(config, (*event)->mask, &counter, &in_the_way);
    if (code == KPEP_OK)
        place(config, *event, counter, flag, period);
    else if (code == KPEP_CONFLICT && conflicts != NULL) /* on 13 it is left alone */
        *conflicts = (uint32_t)count_or_lie(LIE_conflict, in_the_way);
    if (code == KPEP_OK && lying(LIE_writeback))
        *event = lies_as(LIE_writeback, "null") ? NULL : config->db->event_arr;
    return code;
}

int kpep_config_add_event(struct kpep_config *config, struct kpep_event **event, uint32_t flag,
                          uint32_t *conflicts)
{
    ENTER();
    return add_event(config, event, flag, 0, conflicts);
}

/* FIXED for an event on a fixed counter, CONFIGURABLE for one that is configured; POWER goes
 * with the last of these, since it came with the first. */
static uint32_t needed_classes(const struct kpep_config *config)
{
    uint32_t classes = 0;
    for (size_t i = 0; i < config->event_count; i++) {
        size_t counter = config->ev_map[i];
        bool fixed = holds_fixed(config, counter);
        if (fixed || counter < config->db->fixed_counter_count)
            classes |= KPEP_FIXED;
        if (!fixed)
            classes |= KPEP_CONFIGURABLE | KPEP_POWER;
    }
    return classes;
}

/* Later events move down (kperfdata.md 2.6). */
int kpep_config_remove_event(struct kpep_config *config, size_t index)
{
    ENTER();
    if (config == NULL || index >= config->event_count)
        return KPEP_INVALID_ARGUMENT;
    size_t counter = config->ev_map[index];
    config->used &= ~bit(counter);
    config->ev_idx[counter] = SIZE_MAX;
    config->flags[counter] = 0;
    config->kpc_periods[counter] = 0;
    config->event_count--;
    for (size_t i = index; i < config->event_count; i++) {
        config->ev_arr[i] = config->ev_arr[i + 1];
        config->ev_map[i] = config->ev_map[i + 1];
        config->ev_idx[config->ev_map[i]] = i;
    }
    config->ev_arr[config->event_count] = NULL;
    config->ev_map[config->event_count] = 0;
    config->classes &= needed_classes(config);
    return KPEP_OK;
}

int kpep_config_events_count(struct kpep_config *config, size_t *count)
{
    ENTER();
    if (config == NULL || count == NULL)
        return KPEP_INVALID_ARGUMENT;
    *count = count_or_lie(LIE_config_events_count, config->event_count);
    return KPEP_OK;
}

int kpep_config_events(struct kpep_config *config, struct kpep_event **buffer, size_t bytes)
{
    ENTER();
    if (config == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    if (bytes / sizeof *buffer < config->event_count)
        return KPEP_BUFFER_TOO_SMALL;
    for (size_t i = 0; i < config->event_count; i++)
        buffer[i] = config->ev_arr[i];
    return KPEP_OK;
}

/* Words that a configuration has: arm64 has none for its fixed counters. */
static size_t words_count(const struct kpep_config *config)
{
    uint32_t without = is_x86(config->db) ? 0 : (uint32_t)KPEP_FIXED;
    return counters_count(config->db, config->classes & ~without);
}

int kpep_config_kpc_count(struct kpep_config *config, size_t *count)
{
    ENTER();
    if (config == NULL || count == NULL)
        return KPEP_INVALID_ARGUMENT;
    *count = count_or_lie(LIE_kpc_count, words_count(config));
    return KPEP_OK;
}

int kpep_config_kpc_classes(struct kpep_config *config, uint32_t *classes)
{
    ENTER();
    if (config == NULL || classes == NULL)
        return KPEP_INVALID_ARGUMENT;
    *classes = (uint32_t)count_or_lie(LIE_classes, config->classes & ~(uint32_t)KPEP_POWER);
    return KPEP_OK;
}

static uint64_t word_of(const struct kpep_config *config, size_t counter)
{
    if (counter >= config->counter_count || (config->used & bit(counter)) == 0 ||
        holds_fixed(config, counter))
        return 0;
    const struct kpep_event *event = config->ev_arr[config->ev_idx[counter]];
    uint64_t number = number_of_event(config->db, event);
    bool x86 = is_x86(config->db);
    uint64_t mode = x86 ? (uint64_t)X86_USER_AND_KERNEL : 0;
    if (config->flags[counter] != 0)
        mode = count_or_lie(LIE_user_bits, x86 ? (uint64_t)X86_USER : arm_user_only);
    return number | mode | (x86 ? (uint64_t)event->umask << 8 | X86_ENABLE : 0);
}

int kpep_config_kpc(struct kpep_config *config, uint64_t *buffer, size_t bytes)
{
    ENTER();
    if (config == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    size_t count = words_count(config);
    if (bytes / sizeof *buffer < count)
        return KPEP_BUFFER_TOO_SMALL;
    for (size_t i = 0; i < count; i++) {
        buffer[i] = word_of(config, config->db->fixed_counter_count + i);
        if (buffer[i] != 0 && lying(LIE_words))
            buffer[i] ^= knobs.lies[LIE_words].number;
    }
    return KPEP_OK;
}

/* Places in what kpc_get_thread_counters() fills in for these classes (kperfdata.md 2.5). */
int kpep_config_kpc_map(struct kpep_config *config, size_t *buffer, size_t bytes)
{
    ENTER();
    if (config == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    if (bytes / sizeof *buffer < config->event_count)
        return KPEP_BUFFER_TOO_SMALL;
    size_t first = (config->classes & KPEP_FIXED) != 0 ? 0 : config->db->fixed_counter_count;
    for (size_t i = 0; i < config->event_count; i++)
        buffer[i] = count_or_lie(LIE_map, config->ev_map[i] - first);
    return KPEP_OK;
}

/* ---- what newer frameworks have besides ------------------------------------------------------ */

#ifndef KPERFDATA_SIM_OLD

/* The two flags exclude each other; which is which the facts do not say, nor does it matter
 * here: no database a test has is internal, and one that says so is only left out. */
enum db_flag { DB_PUBLIC_ONLY = 1, DB_INTERNAL_ONLY = 2 };

int kpep_db_createx(const char *name, uint32_t flags, struct kpep_db **db)
{
    ENTER();
    const uint32_t both = DB_PUBLIC_ONLY | DB_INTERNAL_ONLY;
    if (db == NULL || (flags & both) == both)
        return KPEP_INVALID_ARGUMENT;
    struct kpep_db *opened = NULL;
    int code = open_db(name, &opened);
    if (code != KPEP_OK)
        return code;
    if ((flags & (opened->internal ? DB_PUBLIC_ONLY : DB_INTERNAL_ONLY)) != 0) {
        free_db(opened);
        return KPEP_DB_NOT_FOUND;
    }
    *db = opened;
    return KPEP_OK;
}

int kpep_db_is_internal(struct kpep_db *db, uint8_t *internal)
{
    ENTER();
    if (db == NULL || internal == NULL)
        return KPEP_INVALID_ARGUMENT;
    if (!db->internal_known) /* Intel's files do not say */
        return KPEP_UNKNOWN;
    *internal = db->internal;
    return KPEP_OK;
}

int kpep_db_architecture(struct kpep_db *db, uint32_t *arch)
{
    ENTER();
    if (db == NULL || arch == NULL)
        return KPEP_INVALID_ARGUMENT;
    *arch = db->arch;
    return KPEP_OK;
}

int kpep_event_errata(struct kpep_event *event, const char **text)
{
    ENTER();
    if (event == NULL || text == NULL)
        return KPEP_INVALID_ARGUMENT;
    *text = event->errata;
    return KPEP_OK;
}

const char *kpep_strerror(int code)
{
    static const char *const texts[] = {
        "no error",
        "invalid argument",
        "out of memory",
        "I/O error",
        "buffer too small",
        "current system unknown",
        "database path invalid",
        "database not found",
        "database architecture unsupported",
        "database version unsupported",
        "database corrupt",
        "event not found",
        "conflicting events",
        "all counters must be forced",
        "event unavailable",
        "check errno",
        "no usable counter",
    };
    log_call(__func__);
    bool known = code >= 0 && (size_t)code < sizeof texts / sizeof *texts;
    return known ? texts[code] : "unknown error";
}

/* Applying is kperf's business, which a test may not have loaded. */
int kpep_config_apply(struct kpep_config *config)
{
    (void)config;
    ENTER();
    return KPEP_INVALID_ARGUMENT;
}

/* A period for each of kpep_config_kpc()'s words. */
int kpep_config_kpc_periods(struct kpep_config *config, uint64_t *buffer, size_t bytes)
{
    ENTER();
    if (config == NULL || buffer == NULL)
        return KPEP_INVALID_ARGUMENT;
    size_t count = words_count(config), first = config->db->fixed_counter_count;
    if (bytes / sizeof *buffer < count)
        return KPEP_BUFFER_TOO_SMALL;
    for (size_t i = 0; i < count; i++)
        buffer[i] = first + i < config->counter_count ? config->kpc_periods[first + i] : 0;
    return KPEP_OK;
}

int kpep_config_add_event_trigger(struct kpep_config *config, struct kpep_event **event,
                                  uint32_t flag, uint64_t period, uint32_t *conflicts)
{
    ENTER();
    return add_event(config, event, flag, period, conflicts);
}

#endif
