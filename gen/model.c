/*
 * The tables of fields, and looking things up in a model that is whole. Nothing here reads a file
 * or reports.
 */
#include "model.h"

#include "common/buffer.h"
#include "common/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const arch_names[ARCHES] = {
    [ARCH_I386] = "i386",
    [ARCH_X86_64] = "x86_64",
    [ARCH_ARM] = "arm",
    [ARCH_ARM64] = "arm64",
};

const char *arch_name(enum arch arch)
{
    return arch_names[arch];
}

bool arch_named(const char *name, enum arch *arch)
{
    for (int i = 0; i < ARCHES; i++)
        if (strcmp(name, arch_names[i]) == 0) {
            *arch = (enum arch)i;
            return true;
        }
    return false;
}

bool arch_has_umask(enum arch arch)
{
    return arch == ARCH_I386 || arch == ARCH_X86_64;
}

int cpu_id_compare(const struct cpu_id *a, const struct cpu_id *b)
{
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->subtype != b->subtype)
        return a->subtype < b->subtype ? -1 : 1;
    return a->family < b->family ? -1 : a->family > b->family;
}

char *cpu_id_text(struct arena *arena, const struct cpu_id *id)
{
    return arena_printf(arena, "cpu_%x_%x_%x", (unsigned)id->type, (unsigned)id->subtype,
                        (unsigned)id->family);
}

bool cpu_id_parse(const char *text, size_t length, struct cpu_id *id)
{
    uint32_t numbers[3] = {0};
    const char *at = text + 3, *end = text + length;

    if (length < 3 || memcmp(text, "cpu", 3) != 0)
        return false;
    for (int i = 0; i < 3; i++) {
        const char *digits = at + 1;

        if (at == end || *at != '_')
            return false;
        for (at = digits; at < end && (is_digit(*at) || (*at >= 'a' && *at <= 'f')); at++)
            numbers[i] = numbers[i] << 4 | (uint32_t)(is_digit(*at) ? *at - '0' : *at - 'a' + 10);
        if (at == digits || at - digits > 8 || (*digits == '0' && at - digits > 1))
            return false;
    }
    *id = (struct cpu_id){numbers[0], numbers[1], numbers[2]};
    return at == end;
}

/* ---- fields ---------------------------------------------------------------------------------- */

/* Where a row's member is, and its size by its type: any other type does not compile. */
#define MEMBER(record, member)                                                              \
    .offset = offsetof(struct record, member),                                              \
    .size = _Generic(((struct record *)0)->member, uint8_t : 1, uint16_t : 2, uint32_t : 4, \
                     int : 4, const char * : 0)

const struct field event_fields[] = {
    {"number", "has_number", FIELD_CODE, FIELD_REQUIRED_UNLESS_FIXED, MEMBER(event, number),
     .has = offsetof(struct event, has_number)},
    {"umask", "has_umask", FIELD_CODE, FIELD_OF_UMASK, MEMBER(event, umask),
     .has = offsetof(struct event, has_umask)},
    {"counters_mask", NULL, FIELD_MASK, MEMBER(event, plist_mask),
     .has = offsetof(struct event, has_mask), .meaning = offsetof(struct event, counters)},
    {"fixed_counter", "fixed", FIELD_INDEX, .most = 31, MEMBER(event, fixed), .absent = -1},
    {"fallback", NULL, FIELD_TEXT, MEMBER(event, fallback)},
    {"other", "has_other", FIELD_CODE, MEMBER(event, other)},
    {"description", NULL, FIELD_PROSE, MEMBER(event, description)},
    {"errata", NULL, FIELD_PROSE, MEMBER(event, errata)},
};

const size_t event_field_count = sizeof event_fields / sizeof event_fields[0];

enum { EVENT_FIELDS = sizeof event_fields / sizeof event_fields[0] };
_Static_assert(EVENT_FIELDS <= 32, "read.c has a bit for each");

const struct field database_fields[] = {
    {"marketing_name", NULL, FIELD_TEXT, FIELD_REQUIRED, MEMBER(database, marketing_name)},
    {"fixed_counters", NULL, FIELD_MASK, MEMBER(database, fixed),
     .has = offsetof(struct database, has_fixed), .meaning = offsetof(struct database, fixed)},
    {"config_counters", NULL, FIELD_MASK, MEMBER(database, config),
     .has = offsetof(struct database, has_config), .meaning = offsetof(struct database, config)},
    {"power_counters", NULL, FIELD_MASK, MEMBER(database, power),
     .has = offsetof(struct database, has_power), .meaning = offsetof(struct database, power)},
};

const size_t database_field_count = sizeof database_fields / sizeof database_fields[0];

enum {
    COVERAGE_ALIASES = EVENT_FIELDS + sizeof database_fields / sizeof database_fields[0],
    COVERAGE_EVENTS,
    COVERAGE_KEYS,
};
_Static_assert(COVERAGE_KEYS < 32, "database.covers has a bit for each, and one is left");

const char *coverage_key(size_t n)
{
    if (n < EVENT_FIELDS)
        return event_fields[n].key;
    if (n < COVERAGE_ALIASES)
        return database_fields[n - EVENT_FIELDS].key;
    return n == COVERAGE_ALIASES ? "aliases" : n == COVERAGE_EVENTS ? "events" : NULL;
}

uint32_t coverage_bit(const char *key)
{
    for (size_t n = 0; n < COVERAGE_KEYS; n++)
        if (strcmp(coverage_key(n), key) == 0)
            return 1u << n;
    return 0;
}

const char *coverage_keys(struct arena *arena)
{
    struct buffer keys = {0};
    const char *text;

    for (size_t n = 0; n < COVERAGE_KEYS; n++)
        buffer_add_alternative(&keys, coverage_key(n), n + 1 == COVERAGE_KEYS);
    text = arena_copy(arena, keys.data, keys.length);
    buffer_free(&keys);
    return text;
}

bool field_is_text(const struct field *field)
{
    return field->type == FIELD_TEXT || field->type == FIELD_PROSE;
}

/* The greatest number that the member has room for. */
static uint32_t member_most(const struct field *field)
{
    return UINT32_MAX >> (32 - 8 * field->size);
}

uint32_t field_most(const struct field *field)
{
    return field->most != 0 ? field->most : member_most(field);
}

static uint32_t load_number(const struct field *field, const void *record)
{
    const char *at = (const char *)record + field->offset;

    return field->size == 1   ? *(const uint8_t *)at
           : field->size == 2 ? *(const uint16_t *)(const void *)at
                              : *(const uint32_t *)(const void *)at;
}

static void store_number(const struct field *field, void *record, uint32_t number)
{
    char *at = (char *)record + field->offset;

    if (field->size == 1)
        *(uint8_t *)at = (uint8_t)number;
    else if (field->size == 2)
        *(uint16_t *)(void *)at = (uint16_t)number;
    else
        *(uint32_t *)(void *)at = number;
}

struct field_value field_written(const struct field *field, const void *record)
{
    const char *bytes = record;
    uint32_t number;
    bool present;

    if (field_is_text(field)) {
        const char *text = *(const char *const *)(const void *)(bytes + field->offset);

        return (struct field_value){text != NULL, 0, text};
    }
    number = load_number(field, record);
    present = field->has != 0 ? *(const bool *)(bytes + field->has)
                              : number != ((uint32_t)field->absent & member_most(field));
    return (struct field_value){present, present ? (int64_t)number : field->absent, NULL};
}

struct field_value field_meant(const struct field *field, const void *record)
{
    const void *meaning = (const char *)record + field->meaning;

    if (field->meaning == 0)
        return field_written(field, record);
    return (struct field_value){true, *(const uint32_t *)meaning, NULL};
}

bool field_differs(const struct field *field, const void *a, const void *b)
{
    const struct field_value x = field_meant(field, a), y = field_meant(field, b);

    if (field->type == FIELD_PROSE)
        return false;
    if (x.present != y.present || x.number != y.number)
        return true;
    return x.text != y.text && strcmp(x.text, y.text) != 0;
}

void field_clear(const struct field *field, void *record)
{
    if (field->absent != 0)
        store_number(field, record, (uint32_t)field->absent);
}

void field_fill(const struct field *field, void *record)
{
    store_number(field, record, UINT32_MAX);
}

void field_set_number(const struct field *field, void *record, uint32_t number)
{
    store_number(field, record, number);
    if (field->has != 0)
        *(bool *)((char *)record + field->has) = true;
}

void field_set_text(const struct field *field, void *record, const char *text)
{
    *(const char **)(void *)((char *)record + field->offset) = text;
}

/* ---- finding things -------------------------------------------------------------------------- */

uint32_t database_counters(const struct database *database)
{
    return database->fixed | database->config | database->power;
}

static int compare_event(const void *name, const void *event)
{
    return strcmp(name, ((const struct event *)event)->name);
}

struct event *database_event(const struct database *database, const char *name)
{
    if (database->event_count == 0)
        return NULL;
    return bsearch(name, database->events, database->event_count, sizeof(struct event),
                   compare_event);
}

static int compare_alias(const void *name, const void *alias)
{
    return strcmp(name, ((const struct alias *)alias)->name);
}

const char *database_alias(const struct database *database, const char *name)
{
    const struct alias *alias = NULL;

    if (database->alias_count != 0)
        alias =
            bsearch(name, database->aliases, database->alias_count, sizeof *alias, compare_alias);
    return alias == NULL ? NULL : alias->event;
}

uint32_t event_releases(const struct event *event)
{
    uint32_t releases = 0;

    for (; event != NULL; event = event->older)
        releases |= event->releases;
    return releases;
}

const struct event *event_as_in(const struct event *event, size_t release)
{
    while (event != NULL && !(event->releases >> release & 1))
        event = event->older;
    return event;
}

bool event_equals(const struct event *a, const struct event *b)
{
    for (size_t f = 0; f < event_field_count; f++)
        if (field_differs(&event_fields[f], a, b))
            return false;
    return true;
}

const char *alias_event(const struct alias *alias, size_t release)
{
    for (const struct alias *as = alias; as != NULL; as = as->older)
        if (as->releases >> release & 1)
            return as->event;
    return alias->event;
}

static int compare_owner(const void *id, const void *owner)
{
    return cpu_id_compare(id, &((const struct owner *)owner)->id);
}

const struct database *release_database(const struct release *release, const struct cpu_id *id)
{
    const struct owner *owner = NULL;

    if (release->owner_count != 0)
        owner = bsearch(id, release->owners, release->owner_count, sizeof *owner, compare_owner);
    return owner == NULL ? NULL : owner->database;
}

struct map model_ids(struct arena *arena, const struct model *model)
{
    struct map ids = {NULL};

    for (size_t c = 0; c < model->cpu_count; c++)
        for (size_t i = 0; i < model->cpus[c].db.id_count; i++)
            *map_at(arena, &ids, &model->cpus[c].db.ids[i], sizeof(struct cpu_id)) = c + 1;
    return ids;
}

struct map model_databases(struct arena *arena, const struct model *model)
{
    struct map names = {NULL};

    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct cpu *cpu = &model->cpus[c];

        *map_text(arena, &names, cpu->db.name) = c + 1;
        for (size_t i = 0; i < cpu->also_count; i++)
            *map_text(arena, &names, cpu->also[i]) = c + 1;
    }
    return names;
}

size_t model_cpu_named(const struct map *ids, const struct map *databases, const char *name)
{
    struct cpu_id id;

    if (cpu_id_parse(name, strlen(name), &id))
        return map_get(ids, &id, sizeof id);
    return map_get(databases, name, strlen(name));
}

void model_add_unknown_id(struct arena *arena, struct model *model, struct unknown_id unknown)
{
    model->unknown_ids =
        arena_grow(arena, model->unknown_ids, model->unknown_id_count, sizeof unknown);
    model->unknown_ids[model->unknown_id_count++] = unknown;
}

static int compare_chip(const void *id, const void *chip)
{
    return cpu_id_compare(id, &((const struct chip *)chip)->id);
}

const struct chip *model_chip(const struct model *model, const struct cpu_id *id)
{
    if (model->chip_count == 0)
        return NULL;
    return bsearch(id, model->chips, model->chip_count, sizeof(struct chip), compare_chip);
}

size_t cpu_newest(const struct cpu *cpu)
{
    size_t release = RELEASES_MAX - 1;

    while (!(cpu->releases >> release & 1))
        release--;
    return release;
}

static const struct event *named_in(const struct cpu *cpu, const char *name, size_t release)
{
    return event_as_in(database_event(&cpu->db, name), release);
}

/* The index in model->renamed, from 1; 0 for a name that has no others. */
static size_t renamed_number(const struct model *model, const char *name)
{
    return map_get(&model->renamed_by_name, name, strlen(name));
}

struct spellings model_spellings(const struct model *model, const char **name)
{
    size_t number = renamed_number(model, *name);

    return number == 0 ? (struct spellings){name, 1} : model->renamed[number - 1];
}

bool model_same_event(const struct model *model, const char *a, const char *b)
{
    size_t number;

    if (strcmp(a, b) == 0)
        return true;
    number = renamed_number(model, a);
    return number != 0 && number == renamed_number(model, b);
}

const struct event *event_in(const struct model *model, const struct cpu *cpu, const char *name,
                             size_t release)
{
    const struct event *event = named_in(cpu, name, release);
    size_t number = event != NULL ? 0 : renamed_number(model, name);

    for (size_t i = 0; number != 0 && event == NULL && i < model->renamed[number - 1].count; i++)
        event = named_in(cpu, model->renamed[number - 1].names[i], release);
    return event;
}

size_t portable_candidate(const struct model *model, const struct portable *name, size_t cpu,
                          size_t release, const struct event **event)
{
    size_t i = 0;

    for (*event = NULL; i < name->candidate_count; i++) {
        const struct candidate *candidate = &name->candidates[i];

        if (candidate->cpus[cpu])
            *event = event_in(model, &model->cpus[cpu], candidate->event, release);
        if (*event != NULL)
            break;
    }
    return i;
}

const struct event *portable_on(const struct model *model, const struct portable *name, size_t cpu,
                                size_t release)
{
    const struct event *event;

    portable_candidate(model, name, cpu, release, &event);
    return event;
}
