/*
 * A directory as in /usr/share/kpep, or a snapshot of one -> the databases of a release. What a key
 * is read as stands in the tables of model.c; here is how keys go together, and which file is which
 * CPU's. Only files of that directory are read.
 */
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

struct reader {
    struct arena *arena;  /* of the databases */
    struct arena scratch; /* of one file's values: given back when it is read */
    bool prose;           /* whether descriptions and errata are kept */
};

/* ---- one plist -> one database --------------------------------------------------------------- */

static bool is_event_name(const char *name)
{
    const char *at = name;

    while (is_upper(*at) || is_digit(*at) || *at == '_' || *at == '.')
        at++;
    return at > name && *at == '\0';
}

/* The length of a database's name: it is a file name, with ".plist" or a temporary file's end. */
enum { NAME_MAX_BYTES = 200 };

/* Whether a name can be a file's: it has no separator, and is not hidden. */
static bool is_plain_name(const char *name)
{
    const char *at = name;

    while (is_upper(*at) || is_lower(*at) || is_digit(*at) || *at == '_' || *at == '-' ||
           *at == '.')
        at++;
    return at > name && *at == '\0' && *name != '.';
}

/* Reads a key into the member of a record; a text that is kept is one of the databases' arena. */
static void read_field(struct reader *reader, const struct plist_node *dict,
                       const struct field *field, bool required, void *record)
{
    const char *text = NULL;
    int64_t number;

    if (field->type == FIELD_PROSE) {
        if (plist_prose(dict, field->key, &text) && reader->prose)
            field_set_text(field, record, arena_intern(reader->arena, text));
    } else if (field->type == FIELD_TEXT) {
        if (plist_text(dict, field->key, required, &text))
            field_set_text(field, record, arena_intern(reader->arena, text));
    } else if (plist_integer(dict, field->key, required, 0, field_most(field), &number)) {
        field_set_number(field, record, (uint32_t)number);
    } else if (field->type == FIELD_MASK && plist_has(dict, field->key)) {
        field_fill(field, record); /* so that nothing is said of what follows from it */
    }
}

/* Warns of every key that is neither `first`, a field's, nor one of `last`; both may be NULL. */
static void check_keys(struct reader *reader, const struct plist_node *dict, const char *first,
                       const struct field *fields, size_t count, const char *const last[2])
{
    const char **known = arena_alloc(&reader->scratch, count + 4, sizeof *known);
    size_t k = 0;

    if (first != NULL)
        known[k++] = first;
    for (size_t f = 0; f < count; f++)
        known[k++] = fields[f].key;
    for (size_t i = 0; last != NULL && i < 2; i++)
        known[k++] = last[i];
    plist_unknown_keys(&reader->scratch, dict, known);
}

/*
 * A bit for each row of event_fields[] that the event has: most have few, so that those they lack
 * are not looked for. Any other key is reported.
 */
static uint32_t find_event_fields(struct reader *reader, const struct plist_node *node)
{
    uint32_t has = 0;
    size_t known = 0;

    for (size_t i = 0; i < node->value->length; i++)
        for (size_t f = 0; f < event_field_count; f++)
            if (strcmp(event_fields[f].key, node->value->keys[i]) == 0) {
                has |= 1u << f;
                known++;
                break;
            }
    if (known != node->value->length)
        check_keys(reader, node, NULL, event_fields, event_field_count, NULL);
    return has;
}

/* Whether an event of the database must have the field. */
static bool needs_field(const struct plist_node *node, const struct database *database,
                        const struct field *field)
{
    switch (field->need) {
    case FIELD_OPTIONAL:
        break;
    case FIELD_REQUIRED:
        return true;
    case FIELD_REQUIRED_UNLESS_FIXED:
        return !plist_has(node, "fixed_counter");
    case FIELD_OF_UMASK:
        return database->arch != ARCHES && arch_has_umask(database->arch);
    }
    return false;
}

static void read_event_fields(struct reader *reader, const struct plist_node *node,
                              const struct database *database, struct event *event)
{
    uint32_t has = find_event_fields(reader, node);

    for (size_t f = 0; f < event_field_count; f++) {
        const struct field *field = &event_fields[f];

        field_clear(field, event);
        if ((has >> f & 1) != 0 || needs_field(node, database, field))
            read_field(reader, node, field, true, event);
    }
}

/* Checks the fields against those of the database. */
static void check_event(const struct plist_node *node, const struct database *database,
                        const struct event *event)
{
    struct plist_node umask = {node->file, node, "umask", NULL};
    struct plist_node mask = {node->file, node, "counters_mask", NULL};

    if (database->fixed == 0 && plist_has(node, "fixed_counter"))
        plist_error(node, "fixed_counter in a database without fixed counters (expected "
                          "system.cpu.fixed_counters)");
    if (event->has_umask && database->arch != ARCHES && !arch_has_umask(database->arch))
        plist_error(&umask, "not used on %s (expected none)", arch_name(database->arch));
    if (event->has_mask && (event->plist_mask & ~database_counters(database)) != 0)
        plist_error(&mask, "%u has a bit that is no counter (expected a part of %u)",
                    (unsigned)event->plist_mask, (unsigned)database_counters(database));
}

static void read_event(struct reader *reader, const struct plist_node *node,
                       const struct database *database, struct event *event)
{
    event->name = arena_intern(reader->arena, node->key);
    if (!is_event_name(node->key))
        plist_error(node, "not a hardware event name (expected A-Z, 0-9, _ and .)");
    if (!plist_is_dict(node))
        return;
    read_event_fields(reader, node, database, event);
    event->counters = event->has_mask ? event->plist_mask : database->config;
    check_event(node, database, event);
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

/* owners: of each event the alias that was read for it, or NULL; one each (kperfdata.md 1.4). */
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

/* Sorts the ids by number and keeps each once. */
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

/* Reads what was seen in the release; without the key that is all. */
static void read_coverage(struct reader *reader, const struct plist_node *head,
                          struct database *database)
{
    struct plist_node covers;
    size_t keys = 0;

    if (!plist_array(head, "covers", false, &covers))
        return;
    while (coverage_key(keys) != NULL)
        keys++;
    if (covers.value->length > keys) {
        plist_error(&covers, "an array of %zu (expected at most %zu)", covers.value->length, keys);
        return;
    }
    database->covers = 0;
    for (size_t i = 0; i < covers.value->length; i++) {
        struct plist_node node = plist_child_at(&reader->scratch, &covers, i);
        const char *key;
        uint32_t bit;

        if (!plist_is_text(&node, &key))
            continue;
        bit = coverage_bit(key);
        if (bit == 0)
            plist_error(&node, "%s (expected %s)", key, coverage_keys(&reader->scratch));
        else if ((database->covers & bit) != 0)
            plist_error(&node, "%s twice (expected each once)", key);
        database->covers |= bit;
    }
}

/* Reads what kpepc snapshot adds: the release, the CPU ids, the source and what is covered. */
static void read_snapshot_head(struct reader *reader, const struct plist_node *root,
                               struct database *database)
{
    static const char *const known[] = {"release", "cpus", "source", "covers", NULL};
    struct plist_node head, cpus;

    if (!plist_dict(root, "kpep", false, &head))
        return;
    plist_unknown_keys(&reader->scratch, &head, known);
    plist_text(&head, "release", true, &database->release);
    plist_text(&head, "source", false, &database->source);
    read_coverage(reader, &head, database);
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

static void refuse_architecture(const struct plist_node *node, const char *name)
{
    struct buffer expected = {0};

    for (int i = 0; i < ARCHES; i++)
        buffer_add_alternative(&expected, arch_name((enum arch)i), i + 1 == ARCHES);
    plist_error(node, "%s (expected %s)", name, expected.data);
    buffer_free(&expected);
}

static void read_architecture(const struct plist_node *cpu, struct database *database)
{
    struct plist_node arch = {cpu->file, cpu, "architecture", NULL};
    const char *name;

    database->arch = ARCHES; /* until it is known: nothing is said of what depends on it */
    if (plist_text(cpu, arch.key, true, &name) && !arch_named(name, &database->arch))
        refuse_architecture(&arch, name);
}

static void read_cpu(struct reader *reader, const struct plist_node *root,
                     struct database *database)
{
    static const char *const lists[2] = {"aliases", "events"};
    static const char *const known_system[] = {"cpu", NULL};
    struct plist_node system, cpu;

    if (!plist_dict(root, "system", true, &system))
        return;
    plist_unknown_keys(&reader->scratch, &system, known_system);
    if (!plist_dict(&system, "cpu", true, &cpu))
        return;
    check_keys(reader, &cpu, "architecture", database_fields, database_field_count, lists);
    read_architecture(&cpu, database);
    for (size_t f = 0; f < database_field_count; f++)
        read_field(reader, &cpu, &database_fields[f], database_fields[f].need == FIELD_REQUIRED,
                   database);
    read_events(reader, &cpu, database);
    read_aliases(reader, &cpu, database);
}

static void read_database_name(const struct plist_node *root, struct database *database)
{
    struct plist_node name = {root->file, root, "name", NULL};

    if (!plist_text(root, name.key, true, &database->name))
        return;
    if (!is_plain_name(database->name))
        plist_error(&name, "%s (expected letters, digits, '.', '_' and '-')", database->name);
    else if (strlen(database->name) > NAME_MAX_BYTES)
        plist_error(&name, "%zu bytes (expected at most %d)", strlen(database->name),
                    NAME_MAX_BYTES);
}

static void read_database(struct reader *reader, const char *file, struct database *database)
{
    static const char *const known[] = {"name", "internal", "version", "system", "kpep", NULL};
    struct plist_node root;

    *database =
        (struct database){.file = file, .name = file, .marketing_name = "", .covers = COVERS_ALL};
    if (!plist_load_dict(&reader->scratch, file, &root))
        return;
    plist_unknown_keys(&reader->scratch, &root, known);
    read_database_name(&root, database);
    database->has_internal = plist_bool(&root, "internal", &database->internal);
    database->name = arena_intern(reader->arena, database->name);
    read_version(reader, &root, database);
    read_snapshot_head(reader, &root, database);
    read_cpu(reader, &root, database);
}

/* ---- a directory ----------------------------------------------------------------------------- */

struct listing {
    char **names;
    bool *is_link; /* whether each is a symbolic link; set by read_files() */
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lists the directory's *.plist in byte order, so that readdir's order does not show. */
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

/*
 * The file at the end of a symbolic link, by a path in the same directory; NULL after a report.
 * home: the directory's real path.
 */
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

/* Databases are still in the order of their files' names. */
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

/* Whether a file's name is a CPU id, cpu_TYPE_SUBTYPE_FAMILY.plist (plists.md 2.1). */
static bool id_of_file(const char *path, const char *name, struct cpu_id *id)
{
    if (cpu_id_parse(name, strlen(name) - strlen(".plist"), id))
        return true;
    if (strncmp(name, "cpu_", 4) == 0)
        report_warning(path, "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY.plist, hexadecimal)");
    return false;
}

/* A name that is a CPU id names a snapshot's file, so it must be the id of a CPU that uses it. */
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

/* Reports what two databases share: an id or, of those without ids, the name. */
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

/* Reads all that is no link; false when some entry cannot be told from a link. */
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

/* Adds the CPU ids of the links to the databases that they lead to. */
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

/* The release that a snapshot says it is of, or else the name of the directory. */
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
    make_printable(name);
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
    struct release release = {.name = name, .directory = directory, .whole = true};
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
    for (size_t i = 0; i < release.database_count; i++)
        release.whole &= release.databases[i].covers == COVERS_ALL;
    if (name == NULL)
        release.name = own_name(arena, &release);
    check_ids(arena, &release);
    list_owners(arena, &release);
    return release;
}
