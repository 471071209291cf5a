/* The model that kperfdata_model.h describes: events in, counters and words out. */
#include "kperfdata_model.h"

#include <string.h>

enum { FIXED = 1, CONFIGURABLE = 2, POWER = 4 };

static unsigned bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask >>= 1)
        count += mask & 1;
    return count;
}

/* The number of the lowest bit, or MODEL_COUNTERS when there is none. */
static unsigned lowest(uint32_t mask)
{
    unsigned n = 0;

    while (n < MODEL_COUNTERS && (mask >> n & 1) == 0)
        n++;
    return n;
}

static bool is_arm64(const struct model *model)
{
    return model->facts.arch == KPDB_ARM64;
}

void model_create(struct model *model, unsigned cpu, unsigned macos)
{
    memset(model, 0, sizeof *model);
    model->cpu = cpu;
    model->macos = macos;
    kpdb_cpu(cpu, &model->facts);
    for (unsigned n = 0; n < MODEL_COUNTERS; n++)
        model->counter[n].event = MODEL_FREE;
}

enum model_code model_force_counters(struct model *model)
{
    if (model->forced)
        return MODEL_INVALID;
    model->classes &= ~(uint32_t)POWER;
    model->forced = true;
    return MODEL_OK;
}

static void take(struct model *model, unsigned n, const struct kpdb_event *event, uint32_t flag)
{
    model->used |= (uint32_t)1 << n;
    model->counter[n].event = (int)model->events;
    model->counter[n].flag = flag;
    model->event[model->events++] = *event;
}

static enum model_code add_fixed(struct model *model, const struct kpdb_event *event, uint32_t flag,
                                 uint32_t *conflict)
{
    unsigned n = lowest(event->counters);

    if (model->used >> n & 1) {
        *conflict = (uint32_t)1 << model->counter[n].event;
        return MODEL_CONFLICT;
    }
    if (!model->forced)
        return MODEL_FORCE;
    model->classes |= FIXED;
    take(model, n, event, flag);
    return MODEL_OK;
}

/* One above the last counter considered: the power manager's are taken off by their number. */
static unsigned considered(const struct model *model)
{
    unsigned all = bits(model->facts.fixed_counters) + bits(model->facts.config_counters);

    return model->forced ? all : all - bits(model->facts.power_counters);
}

static enum model_code add_configurable(struct model *model, const struct kpdb_event *event,
                                        uint32_t flag, uint32_t *conflict)
{
    uint32_t mask = event->counters, in_the_way = 0;
    unsigned fixed = bits(model->facts.fixed_counters);

    if (!model->forced && (mask & ~model->facts.power_counters) == 0)
        return MODEL_FORCE;
    if (mask == 0)
        return MODEL_NO_COUNTER;
    if ((model->classes & FIXED) == 0 && lowest(mask) < fixed)
        return MODEL_NO_COUNTER;
    for (unsigned n = 0; n < considered(model); n++) {
        if ((mask >> n & 1) == 0)
            continue;
        if ((model->used >> n & 1) == 0) {
            take(model, n, event, flag);
            if (model->classes == 0 && !model->forced)
                model->classes |= POWER;
            model->classes |= CONFIGURABLE;
            return MODEL_OK;
        }
        in_the_way |= (uint32_t)1 << model->counter[n].event;
    }
    *conflict = in_the_way;
    return !model->forced && (mask & model->facts.power_counters) != 0 ? MODEL_FORCE
                                                                       : MODEL_CONFLICT;
}

enum model_code model_add_event(struct model *model, struct kpdb_event *event, uint32_t flag,
                                uint32_t *conflict)
{
    *conflict = 0;
    if (event->fixed < 0)
        return add_configurable(model, event, flag, conflict);
    if (is_arm64(model))
        return add_fixed(model, event, flag, conflict);
    if (event->fallback == KPDB_NO_ID || kpdb_on(model->cpu, event->fallback, event) != KPDB_OK)
        return MODEL_UNAVAILABLE;
    return add_configurable(model, event, flag, conflict);
}

uint32_t model_kpc_classes(const struct model *model)
{
    return model->classes & ~(uint32_t)POWER;
}

unsigned model_counters_count(const struct kpdb_cpu *cpu, uint32_t classes)
{
    unsigned count = 0;

    if (classes & CONFIGURABLE)
        count = bits(cpu->config_counters) - (classes & POWER ? bits(cpu->power_counters) : 0);
    else if (classes & POWER)
        count = bits(cpu->power_counters);
    if (classes & FIXED)
        count += bits(cpu->fixed_counters);
    return count;
}

unsigned model_slots(const struct model *model)
{
    return model_counters_count(&model->facts, model->classes);
}

unsigned model_kpc_count(const struct model *model)
{
    uint32_t classes = model->classes;

    if (is_arm64(model))
        classes &= ~(uint32_t)FIXED;
    return model_counters_count(&model->facts, classes);
}

static uint64_t word(const struct model *model, unsigned n)
{
    const struct kpdb_event *event = &model->event[model->counter[n].event];
    uint32_t flag = model->counter[n].flag;

    if (event->fixed >= 0)
        return 0;
    if (!is_arm64(model))
        return event->number | (uint64_t)event->umask << 8 | (flag != 0 ? 0x10000u : 0x30000u) |
               0x400000u;
    if (flag == 0)
        return event->number;
    return event->number | (model->macos >= 26 ? 0x20000u : 0x30000u);
}

void model_kpc(const struct model *model, uint64_t words[MODEL_COUNTERS])
{
    unsigned first = bits(model->facts.fixed_counters);

    for (unsigned i = 0; i < model_kpc_count(model); i++)
        words[i] = model->counter[first + i].event == MODEL_FREE ? 0 : word(model, first + i);
}

unsigned model_counter(const struct model *model, unsigned index)
{
    unsigned n = 0;

    while (n < MODEL_COUNTERS && model->counter[n].event != (int)index)
        n++;
    return n;
}

void model_kpc_map(const struct model *model, unsigned slots[MODEL_COUNTERS])
{
    unsigned fixed = bits(model->facts.fixed_counters);

    for (unsigned i = 0; i < model->events; i++)
        slots[i] = model_counter(model, i) - (model->classes & FIXED ? 0 : fixed);
}
