#include "model.h"

#include <stdlib.h>
#include <string.h>

static const char *const arch_names[ARCHES] = {"i386", "x86_64", "arm", "arm64"};

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
    const struct event *event = database_event(&cpu->db, name);

    return event != NULL && event->releases >> release & 1 ? event : NULL;
}

static bool renames(const struct rename *rename, const char *name)
{
    return strcmp(rename->from, name) == 0 || strcmp(rename->to, name) == 0;
}

bool model_same_event(const struct model *model, const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    for (size_t i = 0; i < model->rename_count; i++)
        for (size_t j = 0; j < model->rename_count && renames(&model->renames[i], a); j++)
            if (model->renames[j].group == model->renames[i].group &&
                renames(&model->renames[j], b))
                return true;
    return false;
}

const struct event *event_in(const struct model *model, const struct cpu *cpu, const char *name,
                             size_t release)
{
    const struct event *event = named_in(cpu, name, release);
    const struct rename *known = model->renames;
    const struct rename *end = known == NULL ? NULL : known + model->rename_count;

    while (known < end && strcmp(known->from, name) != 0 && strcmp(known->to, name) != 0)
        known++;
    for (const struct rename *r = model->renames; event == NULL && known < end && r < end; r++)
        if (r->group == known->group) {
            event = named_in(cpu, r->from, release);
            event = event != NULL ? event : named_in(cpu, r->to, release);
        }
    return event;
}

const struct event *portable_on(const struct model *model, const struct portable *name, size_t cpu,
                                size_t release)
{
    for (size_t i = 0; i < name->candidate_count; i++) {
        const struct candidate *candidate = &name->candidates[i];
        const struct event *event =
            candidate->cpus[cpu] ? event_in(model, &model->cpus[cpu], candidate->event, release)
                                 : NULL;

        if (event != NULL)
            return event;
    }
    return NULL;
}
