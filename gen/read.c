/* A directory as in /usr/share/kpep, or a snapshot of one -> the release's databases. */
#include "common/report.h"
#include "common/text.h"
#include "model.h"
#include "plist.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What reading needs: of a file's values, only what the database keeps outlives the file. */
struct reader {
    struct arena *arena;
    struct arena scratch;
    bool prose;
};

/* ---- one plist -> one database --------------------------------------------------------------- */

static bool is_event_name(const char *name)
{
    const char *at = name;

    while (is_upper(*at) || is_digit(*at) || *at == '_' || *at == '.')
        at++;
    return at > name && *at == '\0';
}

/* Of a database's name: with ".plist" and a temporary file's end it is a file's. */
enum { NAME_MAX_BYTES = 200 };

/* Names that become file names: no separator, nothing hidden. */
static bool is_plain_name(const char *name)
{
    const char *at = name;

    while (is_upper(*at) || is_lower(*at) || is_digit(*at) || *at == '_' || *at == '-' ||
           *at == '.')
        at++;
    return at > name && *at == '\0' && *name != '.';
}

/* A mask that was refused has every bit, so that nothing is said of what follows from it. */
static bool read_mask(const struct plist_node *dict, const char *key, uint32_t *mask)
{
    int64_t number;

    if (!plist_integer(dict, key, false, 0, UINT32_MAX, &number)) {
        *mask = value_get(dict->value, key, strlen(key)) == NULL ? 0 : UINT32_MAX;
        return false;
    }
    *mask = (uint32_t)number;
    return true;
}

enum event_key {
    NUMBER,
    UMASK,
    COUNTERS_MASK,
    FIXED_COUNTER,
    FALLBACK,
    OTHER,
    DESCRIPTION,
    ERRATA
};

static const char *const event_keys[] = {"number",        "umask",    "counters_mask",
                                         "fixed_counter", "fallback", "other",
                                         "description",   "errata",   NULL};

/*
 * Which of them an event has, bits by number: most events have few, so those it does not have are
 * not looked for. Any other key is reported.
 */
static unsigned event_has(struct arena *arena, const struct plist_node *node)
{
    unsigned has = 0, known = 0;

    for (size_t i = 0; i < node->value->length; i++)
        for (size_t k = 0; event_keys[k] != NULL; k++)
            if (strcmp(event_keys[k], node->value->keys[i]) == 0) {
                has |= 1u << k;
                known++;
                break;
            }
    if (known != node->value->length)
        plist_unknown_keys(arena, node, event_keys);
    return has;
}

static bool has_key(unsigned has, enum event_key key)
{
    return (has >> key & 1) != 0;
}

static void read_event_numbers(const struct plist_node *node, unsigned has,
                               const struct database *database, struct event *event)
{
    int64_t number;
    bool umask = database->arch != ARCHES && arch_has_umask(database->arch);

    event->fixed = -1;
    if (has_key(has, FIXED_COUNTER)) {
        if (plist_integer(node, "fixed_counter", true, 0, 31, &number))
            event->fixed = (int)number;
        if (database->fixed == 0)
            plist_error(node, "fixed_counter in a database without fixed counters (expected "
                              "system.cpu.fixed_counters)");
    }
    if (plist_integer(node, "number", !has_key(has, FIXED_COUNTER), 0, UINT16_MAX, &number)) {
        event->has_number = true;
        event->number = (uint16_t)number;
    }
    if ((umask || has_key(has, UMASK)) &&
        plist_integer(node, "umask", umask, 0, UINT8_MAX, &number)) {
        struct plist_node child = {node->file, node, "umask", NULL};

        if (!umask && database->arch != ARCHES)
            plist_error(&child, "not used on %s (expected none)", arch_name(database->arch));
        event->has_umask = true;
        event->umask = (uint8_t)number;
    }
    if (has_key(has, OTHER) && plist_integer(node, "other", false, 0, UINT16_MAX, &number))
        event->other = (uint16_t)number;
}

static void read_event_counters(const struct plist_node *node, unsigned has,
                                const struct database *database, struct event *event)
{
    uint32_t counters = database->fixed | database->config | database->power;
    struct plist_node child = {node->file, node, "counters_mask", NULL};

    event->counters = database->config;
    event->has_mask =
        has_key(has, COUNTERS_MASK) && read_mask(node, "counters_mask", &event->plist_mask);
    if (!event->has_mask)
        return;
    event->counters = event->plist_mask;
    if (event->plist_mask & ~counters)
        plist_error(&child, "%u has a bit that is no counter (expected a part of %u)",
                    (unsigned)event->plist_mask, (unsigned)counters);
}

/* Checked, and kept only when prose was asked for. */
static const char *read_prose(struct reader *reader, const struct plist_node *node, const char *key)
{
    const char *text = NULL;

    plist_prose(node, key, &text);
    return reader->prose ? arena_intern(reader->arena, text) : NULL;
}

static void read_event(struct reader *reader, const struct plist_node *node,
                       const struct database *database, struct event *event)
{
    unsigned has;

    event->name = arena_intern(reader->arena, node->key);
    if (!is_event_name(node->key))
        plist_error(node, "not a hardware event name (expected A-Z, 0-9, _ and .)");
    if (node->value->type != VALUE_MAP) {
        plist_error(node, "%s (expected a dictionary)", value_type_name(node->value->type));
        return;
    }
    has = event_has(&reader->scratch, node);
    read_event_numbers(node, has, database, event);
    read_event_counters(node, has, database, event);
    if (has_key(has, FALLBACK) && plist_text(node, "fallback", false, &event->fallback))
        event->fallback = arena_intern(reader->arena, event->fallback);
    if (has_key(has, DESCRIPTION))
        event->description = read_prose(reader, node, "description");
    if (has_key(has, ERRATA))
        event->errata = read_prose(reader, node, "errata");
}

static void read_events(struct reader *reader, const struct plist_node *cpu,
                        struct database *database)
{
    struct plist_node events;

    if (!plist_dict(cpu, "events", true, &events))
        return;
    database->events = arena_alloc(reader->arena, events.value->length, sizeof(struct event));
    database->event_count = events.value->length;
    for (size_t i = 0; i < database->event_count; i++) {
        struct plist_node node = plist_child_at(&reader->scratch, &events, i);

        read_event(reader, &node, database, &database->events[i]);
    }
    for (size_t i = 0; i < database->event_count; i++) {
        const char *fallback = database->events[i].fallback;

        if (fallback != NULL && database_event(database, fallback) == NULL) {
            struct plist_node node = plist_child_at(&reader->scratch, &events, i);
            struct plist_node child = {node.file, &node, "fallback", NULL};

            plist_error(&child, "no event %s (expected one of this database)", fallback);
        }
    }
}

/* owners: the alias of each event that has one by now; one each (kperfdata.md 1.4). */
static void read_alias(struct arena *arena, const struct plist_node *node,
                       const struct database *database, const char **owners, struct alias *alias)
{
    const struct event *event;

    for (const char *c = node->key; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e) {
            plist_error(node, "a byte that is not printable ASCII (expected text)");
            break;
        }
    if (*node->key == '\0')
        plist_error(node, "an alias without a name (expected text)");
    alias->name = arena_intern(arena, node->key);
    alias->event = "";
    if (!plist_is_text(node, &alias->event))
        return;
    alias->event = arena_intern(arena, alias->event);
    event = database_event(database, alias->event);
    if (database->events == NULL)
        return;
    if (event == NULL)
        plist_error(node, "no event %s (expected one of this database)", alias->event);
    else if (owners[event - database->events] != NULL)
        plist_error(node, "%s has the alias %s already (expected one alias for each event)",
                    alias->event, owners[event - database->events]);
    else
        owners[event - database->events] = alias->name;
    if (database_event(database, alias->name) != NULL)
        plist_error(node, "an event has that name too (expected an alias of its own)");
}

static void read_aliases(struct reader *reader, const struct plist_node *cpu,
                         struct database *database)
{
    struct plist_node aliases;
    const char **owners = arena_alloc(&reader->scratch, database->event_count, sizeof *owners);

    if (!plist_dict(cpu, "aliases", false, &aliases))
        return;
    database->aliases = arena_alloc(reader->arena, aliases.value->length, sizeof(struct alias));
    for (size_t i = 0; i < aliases.value->length; i++) {
        struct plist_node node = plist_child_at(&reader->scratch, &aliases, i);

        read_alias(reader->arena, &node, database, owners, &database->aliases[i]);
    }
    database->alias_count = aliases.value->length;
}

static void read_version(struct reader *reader, const struct plist_node *root,
                         struct database *database)
{
    struct plist_node version;

    if (!plist_array(root, "version", true, &version))
        return;
    if (version.value->length != 2) {
        plist_error(&version, "an array of %zu (expected two integers)", version.value->length);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        struct plist_node item = plist_child_at(&reader->scratch, &version, i);

        if (item.value->type != VALUE_INT)
            plist_error(&item, "%s (expected an integer)", value_type_name(item.value->type));
        else if (i == 0 && item.value->integer != 1)
            plist_error(&item, "%lld (expected 1)", (long long)item.value->integer);
        else
            database->version[i] = item.value->integer;
    }
}

static void add_id(struct arena *arena, struct database *database, const struct cpu_id *id)
{
    database->ids = arena_grow(arena, database->ids, database->id_count, sizeof *database->ids);
    database->ids[database->id_count++] = *id;
}

static int compare_ids(const void *a, const void *b)
{
    return cpu_id_compare(a, b);
}

/* By number, each once. */
static void sort_ids(struct database *database)
{
    size_t count = 0;

    if (database->id_count != 0)
        qsort(database->ids, database->id_count, sizeof(struct cpu_id), compare_ids);
    for (size_t i = 0; i < database->id_count; i++)
        if (count == 0 || cpu_id_compare(&database->ids[count - 1], &database->ids[i]) != 0)
            database->ids[count++] = database->ids[i];
    database->id_count = count;
}

/* What kpepc snapshot adds: the release, the CPU ids and the source. */
static void read_snapshot_head(struct reader *reader, const struct plist_node *root,
                               struct database *database)
{
    static const char *const known[] = {"release", "cpus", "source", NULL};
    struct plist_node head, cpus;

    if (!plist_dict(root, "kpep", false, &head))
        return;
    plist_unknown_keys(&reader->scratch, &head, known);
    plist_text(&head, "release", true, &database->release);
    plist_text(&head, "source", false, &database->source);
    database->release = arena_intern(reader->arena, database->release);
    database->source = arena_intern(reader->arena, database->source);
    if (!plist_array(&head, "cpus", true, &cpus))
        return;
    if (cpus.value->length > CPU_IDS_MAX) {
        plist_error(&cpus, "an array of %zu (expected at most %d)", cpus.value->length,
                    CPU_IDS_MAX);
        return;
    }
    for (size_t i = 0; i < cpus.value->length; i++) {
        struct plist_node node = plist_child_at(&reader->scratch, &cpus, i);
        struct cpu_id id;
        const char *text;

        if (!plist_is_text(&node, &text))
            continue;
        if (cpu_id_parse(text, strlen(text), &id))
            add_id(reader->arena, database, &id);
        else
            plist_error(&node, "%s (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)", text);
    }
    if (database->id_count != 0)
        qsort(database->ids, database->id_count, sizeof(struct cpu_id), compare_ids);
    for (size_t i = 1; i < database->id_count; i++)
        if (cpu_id_compare(&database->ids[i - 1], &database->ids[i]) == 0)
            plist_error(&cpus, "%s twice (expected each once)",
                        cpu_id_text(&reader->scratch, &database->ids[i]));
}

static void read_cpu(struct reader *reader, const struct plist_node *root,
                     struct database *database)
{
    static const char *const known[] = {
        "architecture",   "marketing_name", "fixed_counters", "config_counters",
        "power_counters", "aliases",        "events",         NULL};
    static const char *const known_system[] = {"cpu", NULL};
    struct plist_node system, cpu, arch;
    const char *name;

    if (!plist_dict(root, "system", true, &system))
        return;
    plist_unknown_keys(&reader->scratch, &system, known_system);
    if (!plist_dict(&system, "cpu", true, &cpu))
        return;
    plist_unknown_keys(&reader->scratch, &cpu, known);
    database->arch = ARCHES; /* until it is known: nothing is said of what depends on it */
    if (plist_text(&cpu, "architecture", true, &name) && !arch_named(name, &database->arch)) {
        arch = (struct plist_node){cpu.file, &cpu, "architecture", NULL};
        plist_error(&arch, "%s (expected i386, x86_64, arm or arm64)", name);
    }
    plist_text(&cpu, "marketing_name", true, &database->marketing_name);
    database->marketing_name = arena_intern(reader->arena, database->marketing_name);
    database->has_fixed = read_mask(&cpu, "fixed_counters", &database->fixed);
    database->has_config = read_mask(&cpu, "config_counters", &database->config);
    database->has_power = read_mask(&cpu, "power_counters", &database->power);
    read_events(reader, &cpu, database);
    read_aliases(reader, &cpu, database);
}

static void read_database(struct reader *reader, const char *file, struct database *database)
{
    static const char *const known[] = {"name", "internal", "version", "system", "kpep", NULL};
    struct plist_node root = {.file = file, .value = plist_load(&reader->scratch, file)};

    *database = (struct database){.file = file, .name = file, .marketing_name = ""};
    if (root.value == NULL)
        return;
    if (root.value->type != VALUE_MAP) {
        plist_error(&root, "%s (expected a dictionary)", value_type_name(root.value->type));
        return;
    }
    plist_unknown_keys(&reader->scratch, &root, known);
    if (plist_text(&root, "name", true, &database->name)) {
        struct plist_node name = {root.file, &root, "name", NULL};

        if (!is_plain_name(database->name))
            plist_error(&name, "%s (expected letters, digits, '.', '_' and '-')", database->name);
        else if (strlen(database->name) > NAME_MAX_BYTES)
            plist_error(&name, "%zu bytes (expected at most %d)", strlen(database->name),
                        NAME_MAX_BYTES);
    }
    database->has_internal = plist_bool(&root, "internal", &database->internal);
    database->name = arena_intern(reader->arena, database->name);
    read_version(reader, &root, database);
    read_snapshot_head(reader, &root, database);
    read_cpu(reader, &root, database);
}

/* ---- a directory ----------------------------------------------------------------------------- */

struct listing {
    char **names;
    bool *is_link; /* of each name: read_files() finds out */
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The directory's *.plist, in byte order: readdir's order must not show. */
static bool list_directory(struct arena *arena, const char *directory, struct listing *listing)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    bool whole;

    if (dir == NULL) {
        fatal_without_memory();
        report_error(directory, "%s (expected a directory of databases)", strerror(errno));
        return false;
    }
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        size_t length = strlen(entry->d_name);

        if (length < 7 || strcmp(entry->d_name + length - 6, ".plist") != 0 ||
            *entry->d_name == '.')
            continue;
        listing->names = arena_grow(arena, listing->names, listing->count, sizeof(char *));
        listing->names[listing->count++] = arena_copy(arena, entry->d_name, length);
    }
    whole = errno == 0;
    if (!whole)
        report_error(directory, "%s (expected a directory of databases)", strerror(errno));
    else if (listing->count == 0)
        report_error(directory, "no *.plist (expected databases)");
    else
        qsort(listing->names, listing->count, sizeof(char *), compare_names);
    closedir(dir);
    return whole && listing->count != 0;
}

/* home: the directory's real path. The file a symlink ends at, as a name in the same directory;
 * NULL after a report. */
static const char *resolve_link(struct arena *arena, const char *directory, const char *home,
                                const char *path)
{
    char target[PATH_MAX];
    size_t length = strlen(home);

    if (realpath(path, target) == NULL) {
        report_error(path, "%s (expected a link to a database beside it)", strerror(errno));
        return NULL;
    }
    if (length == 0 || strncmp(target, home, length) != 0 || target[length] != '/' ||
        strchr(target + length + 1, '/') != NULL) {
        report_error(path, "a link out of the directory (expected a database beside it)");
        return NULL;
    }
    return arena_printf(arena, "%s/%s", directory, target + length + 1);
}

static int compare_file(const void *file, const void *database)
{
    return strcmp(file, ((const struct database *)database)->file);
}

/* The files were read in the order of their names. */
static struct database *database_of_file(struct release *release, const char *file)
{
    if (release->database_count == 0)
        return NULL;
    return bsearch(file, release->databases, release->database_count, sizeof(struct database),
                   compare_file);
}

static int compare_databases(const void *a, const void *b)
{
    const struct database *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->file, y->file);
}

/* cpu_TYPE_SUBTYPE_FAMILY.plist says which CPU; another name says nothing (plists.md 2.1). */
static bool id_of_file(const char *path, const char *name, struct cpu_id *id)
{
    if (cpu_id_parse(name, strlen(name) - strlen(".plist"), id))
        return true;
    if (strncmp(name, "cpu_", 4) == 0)
        report_warning(path, "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY.plist, hexadecimal)");
    return false;
}

/* A snapshot's file has the database's name: it must not say that another CPU uses it. */
static void check_id_name(const struct database *database)
{
    struct cpu_id id;

    if (!cpu_id_parse(database->name, strlen(database->name), &id))
        return;
    for (size_t i = 0; i < database->id_count; i++)
        if (cpu_id_compare(&database->ids[i], &id) == 0)
            return;
    report_error(database->file, "name: %s, a CPU that does not use it (expected another name)",
                 database->name);
}

/* Of a database without ids, its name; of the others, each id: whose it is already. */
static void check_owned(struct arena *arena, const struct release *release, size_t index,
                        struct map *names, struct map *ids)
{
    const struct database *a = &release->databases[index];

    if (a->id_count == 0) {
        size_t *number = map_text(arena, names, a->name);

        if (*number != 0)
            report_error(a->file,
                         "%s is the name of %s too (expected cpu_* entries to tell them apart)",
                         a->name, release->databases[*number - 1].file);
        *number = *number != 0 ? *number : index + 1;
    }
    for (size_t i = 0; i < a->id_count; i++) {
        size_t *number = map_at(arena, ids, &a->ids[i], sizeof a->ids[i]);

        if (*number != 0)
            report_error(a->file, "%s has a database already, %s (expected one for each CPU)",
                         cpu_id_text(arena, &a->ids[i]), release->databases[*number - 1].file);
        *number = *number != 0 ? *number : index + 1;
    }
}

static void check_ids(struct arena *arena, const struct release *release)
{
    struct map names = {NULL}, ids = {NULL};

    for (size_t i = 0; i < release->database_count; i++) {
        const struct database *database = &release->databases[i];

        check_id_name(database);
        if (database->id_count > CPU_IDS_MAX)
            report_error(database->file, "%zu CPU ids (expected at most %d)", database->id_count,
                         CPU_IDS_MAX);
        if (database->release != NULL && strcmp(database->release, release->name) != 0)
            report_error(database->file, "a snapshot of %s (expected %s)", database->release,
                         release->name);
        check_owned(arena, release, i, &names, &ids);
    }
}

static int compare_owners(const void *a, const void *b)
{
    return cpu_id_compare(&((const struct owner *)a)->id, &((const struct owner *)b)->id);
}

static void list_owners(struct arena *arena, struct release *release)
{
    size_t most = 0;

    for (size_t i = 0; i < release->database_count; i++)
        most += release->databases[i].id_count;
    release->owners = arena_alloc(arena, most, sizeof *release->owners);
    for (size_t i = 0; i < release->database_count; i++)
        for (size_t k = 0; k < release->databases[i].id_count; k++)
            release->owners[release->owner_count++] =
                (struct owner){release->databases[i].ids[k], &release->databases[i]};
    if (most != 0)
        qsort(release->owners, most, sizeof *release->owners, compare_owners);
}

/* The paths of the real files first; false when it is not known what some are. */
static bool read_files(struct reader *reader, struct release *release, struct listing *listing)
{
    bool known = true;

    listing->is_link = arena_alloc(reader->arena, listing->count, sizeof *listing->is_link);
    for (size_t i = 0; i < listing->count; i++) {
        const char *path =
            arena_printf(reader->arena, "%s/%s", release->directory, listing->names[i]);
        struct database *database = &release->databases[release->database_count];
        struct stat status;
        struct cpu_id id;

        if (lstat(path, &status) != 0) {
            report_error(path, "%s (expected a property list)", strerror(errno));
            known = false;
            continue;
        }
        listing->is_link[i] = S_ISLNK(status.st_mode);
        if (listing->is_link[i])
            continue;
        read_database(reader, path, database);
        arena_reset(&reader->scratch);
        if (id_of_file(path, listing->names[i], &id))
            add_id(reader->arena, database, &id);
        release->database_count++;
    }
    return known;
}

/* Then what the links to them add. */
static void read_links(struct arena *arena, struct release *release, const struct listing *listing)
{
    char home[PATH_MAX];

    if (realpath(release->directory, home) == NULL)
        *home = '\0';
    for (size_t i = 0; i < listing->count; i++) {
        const char *path = arena_printf(arena, "%s/%s", release->directory, listing->names[i]);
        const char *target;
        struct database *database;
        struct cpu_id id;

        if (!listing->is_link[i])
            continue;
        target = resolve_link(arena, release->directory, home, path);
        if (target == NULL)
            continue;
        database = database_of_file(release, target);
        if (database == NULL)
            report_error(path, "links to what is no *.plist (expected a database beside it)");
        else if (id_of_file(path, listing->names[i], &id))
            add_id(arena, database, &id);
    }
    for (size_t i = 0; i < release->database_count; i++)
        sort_ids(&release->databases[i]);
}

/* The release that a snapshot says it is of, else what its directory is called. */
static const char *own_name(struct arena *arena, const struct release *release)
{
    const char *end = release->directory + strlen(release->directory), *begin;
    char *name;

    if (release->database_count != 0 && release->databases[0].release != NULL)
        return release->databases[0].release;
    while (end > release->directory && end[-1] == '/')
        end--;
    for (begin = end; begin > release->directory && begin[-1] != '/';)
        begin--;
    name = arena_copy(arena, begin, (size_t)(end - begin));
    for (char *c = name; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e) /* it is shown as it is */
            *c = '?';
    return name;
}

NORETURN static void refuse_release(const char *name)
{
    report_error(NULL, "release '%s' (expected letters, digits, '.', '_' and '-')", name);
    exit(EXIT_USAGE);
}

struct release read_release(struct arena *arena, const char *name, const char *directory,
                            bool descriptions)
{
    struct release release = {.name = name, .directory = directory};
    struct reader reader = {.arena = arena, .prose = descriptions};
    struct listing listing = {0};
    bool known;

    if (name != NULL && !is_plain_name(name))
        refuse_release(name);
    if (!list_directory(arena, directory, &listing))
        return release;
    release.databases = arena_alloc(arena, listing.count, sizeof(struct database));
    known = read_files(&reader, &release, &listing);
    arena_pass_on(arena, &reader.scratch);
    if (!known)
        return release;
    read_links(arena, &release, &listing);
    qsort(release.databases, release.database_count, sizeof(struct database), compare_databases);
    if (name == NULL)
        release.name = own_name(arena, &release);
    check_ids(arena, &release);
    list_owners(arena, &release);
    return release;
}
