/*
 * kpdb_encode(): a CPU and names of events in; the counter of each event, the configuration words
 * and the slots that counts are read from out. Events are placed as kperfdata places them, its
 * mistakes included, or in the order and by the matching of place.h. Nothing is written but the
 * caller's encoding.
 */
#include "place.h"

/* Bits of a configuration word (kperfdata.md 2.4; kernel.md 2.3, 2.4). */
enum {
    ARM_USER_BEFORE_16 = 0x30000, /* EL0 of 32 and 64 bits */
    ARM_USER = 0x20000,           /* EL0 of 64 bits */
    INTEL_USER = 0x10000,
    INTEL_USER_AND_OS = 0x30000,
    INTEL_ENABLE = 0x400000,
    /* Of the `other` bits: CMASK, invert, edge; never any-thread, enable, interrupt or modes. */
    INTEL_OTHER = 0xff84,
    OTHER_USER = 1, /* of the `other` bits */
    OTHER_OS = 2,
    OTHER_ANY_THREAD = 0x20,
};

struct encoder {
    unsigned cpu;
    const struct kpdb_options *options;
    const struct kpdb_request *requests;
    unsigned count;
    struct kpdb_pmu pmu;
    unsigned macos, macos_until; /* the versions of the release; 0 when its name tells none */
    uint32_t classes;            /* with POWER, as kperfdata keeps it */
    struct kpdb_wanted wanted[KPDB_EVENTS_MAX];
    struct kpdb_encoding *out;
};

/* The error, with the event it is about and what is in its way. */
static int refuse_event(const struct encoder *encoder, int error, unsigned index,
                        uint32_t conflicts, uint32_t counters)
{
    encoder->out->failed = index;
    encoder->out->conflicts = conflicts;
    encoder->out->counters = counters;
    return error;
}

/* ---- kperfdata's way (kperfdata.md 2.1, 2.2, 2.3) -------------------------------------------- */

struct greedy {
    uint32_t used; /* counters */
    uint8_t holder[KPDB_COUNTERS_MAX];
};

static int add_fixed(struct encoder *encoder, struct greedy *greedy, unsigned index)
{
    uint32_t counters = encoder->wanted[index].event.counters;
    unsigned counter;

    if (counters == 0)
        return refuse_event(encoder, KPDB_NO_COUNTER, index, 0, 0);
    counter = kpdb_lowest_bit(counters);
    if (greedy->used >> counter & 1)
        return refuse_event(encoder, KPDB_CONFLICT, index, 1u << greedy->holder[counter],
                            1u << counter);
    if (encoder->options->unforced)
        return refuse_event(encoder, KPDB_NOT_FORCED, index, 0, counters);
    encoder->classes |= KPDB_CLASS_FIXED;
    greedy->used |= 1u << counter;
    greedy->holder[counter] = (uint8_t)index;
    encoder->out->events[index].counter = (uint8_t)counter;
    return KPDB_OK;
}

/* The events that hold counters of a mask, a bit each. */
static uint32_t holders_of(const struct greedy *greedy, uint32_t counters)
{
    uint32_t events = 0;

    for (uint32_t rest = counters & greedy->used; rest != 0; rest &= rest - 1)
        events |= 1u << greedy->holder[kpdb_lowest_bit(rest)];
    return events;
}

static int add_configurable(struct encoder *encoder, struct greedy *greedy, unsigned index)
{
    const struct kpdb_cpu *cpu = &encoder->pmu.cpu;
    bool unforced = encoder->options->unforced;
    uint32_t mask = encoder->wanted[index].event.counters, considered, open;
    unsigned fixed = kpdb_count_bits(cpu->fixed_counters);
    unsigned end = fixed + kpdb_count_bits(cpu->config_counters) -
                   (unforced ? kpdb_count_bits(cpu->power_counters) : 0);

    if (encoder->wanted[index].unavailable)
        return refuse_event(encoder, KPDB_UNAVAILABLE, index, 0, 0);
    if (unforced && (mask & ~cpu->power_counters) == 0)
        return refuse_event(encoder, KPDB_NOT_FORCED, index, 0, mask);
    if (mask == 0 || ((encoder->classes & KPDB_CLASS_FIXED) == 0 && kpdb_lowest_bit(mask) < fixed))
        return refuse_event(encoder, KPDB_NO_COUNTER, index, 0, mask);
    considered = mask & (end < 32 ? (1u << end) - 1 : ~0u);
    open = considered & ~greedy->used;
    if (open == 0)
        return refuse_event(encoder,
                            unforced && (mask & cpu->power_counters) != 0 ? KPDB_NOT_FORCED
                                                                          : KPDB_CONFLICT,
                            index, holders_of(greedy, considered), considered);
    if (encoder->classes == 0 && unforced)
        encoder->classes = KPDB_CLASS_POWER;
    encoder->classes |= KPDB_CLASS_CONFIGURABLE;
    encoder->out->events[index].counter = (uint8_t)kpdb_lowest_bit(open);
    greedy->used |= open & -open;
    greedy->holder[kpdb_lowest_bit(open)] = (uint8_t)index;
    return KPDB_OK;
}

static int place_as_kperfdata(struct encoder *encoder)
{
    struct greedy greedy;
    int result = KPDB_OK;

    greedy.used = 0;
    for (unsigned i = 0; i < encoder->count; i++)
        encoder->out->order[i] = (uint8_t)i;
    for (unsigned i = 0; i < encoder->count && result == KPDB_OK; i++)
        result = encoder->wanted[i].fixed ? add_fixed(encoder, &greedy, i)
                                          : add_configurable(encoder, &greedy, i);
    return result;
}

/* ---- a placement whenever there is one ------------------------------------------------------- */

/* KPDB_TOO_MANY: more configurable events than counters, wherever they could go. */
static int check_count(const struct encoder *encoder)
{
    unsigned room = kpdb_count_bits(encoder->pmu.config), configurable = 0;
    uint32_t others = 0;

    for (unsigned i = 0; i < encoder->count; i++) {
        if (encoder->wanted[i].fixed)
            continue;
        if (++configurable > room)
            return refuse_event(encoder, KPDB_TOO_MANY, i, others, encoder->pmu.config);
        others |= 1u << i;
    }
    return KPDB_OK;
}

/* The events, a bit each, that can be on these counters alone. */
static uint32_t confined_to(const struct encoder *encoder, uint32_t counters)
{
    uint32_t events = 0;

    for (unsigned i = 0; i < encoder->count; i++)
        if ((encoder->wanted[i].counters & ~counters) == 0)
            events |= 1u << i;
    return events;
}

static int check_duplicates(const struct encoder *encoder)
{
    for (unsigned i = 1; i < encoder->count; i++)
        for (unsigned j = 0; j < i; j++)
            if (encoder->wanted[i].asked == encoder->wanted[j].asked)
                return refuse_event(encoder, KPDB_DUPLICATE, i, 1u << j, 0);
    return KPDB_OK;
}

/* The errors that do not depend on where the other events go. */
static int check_events(const struct encoder *encoder)
{
    int result = check_duplicates(encoder);

    for (unsigned i = 0; i < encoder->count && result == KPDB_OK; i++) {
        result = kpdb_check_reach(&encoder->pmu, &encoder->wanted[i]);
        if (result != KPDB_OK)
            refuse_event(encoder, result, i, 0, encoder->wanted[i].event.counters);
    }
    return result == KPDB_OK ? check_count(encoder) : result;
}

/* Places every event by matching: one that finds no free counter may move those before it. */
static int move_events(struct encoder *encoder, const uint64_t *keys)
{
    uint8_t counter[KPDB_EVENTS_MAX];
    struct kpdb_matching matching;

    kpdb_begin_matching(&matching, keys, counter);
    for (unsigned i = 0; i < encoder->count; i++) {
        unsigned index = kpdb_key_request(keys[i]);
        uint32_t full = kpdb_match_next(&matching);

        if (full != 0)
            return refuse_event(encoder, KPDB_CONFLICT, index,
                                confined_to(encoder, full) & ~(1u << index), full);
    }
    for (unsigned i = 0; i < encoder->count; i++)
        encoder->out->events[kpdb_key_request(keys[i])].counter = counter[i];
    return KPDB_OK;
}

/* Puts each event on the lowest free counter that can count it; false when one finds none. */
static bool place_lowest(const struct encoder *encoder, const uint64_t *keys)
{
    uint32_t used = 0;

    for (unsigned i = 0; i < encoder->count; i++) {
        uint32_t open = kpdb_key_counters(keys[i]) & ~used;
        unsigned index = kpdb_key_request(keys[i]);

        encoder->out->order[i] = (uint8_t)index;
        if (open == 0)
            return false;
        used |= open & -open;
        encoder->out->events[index].counter = (uint8_t)kpdb_lowest_bit(open);
    }
    return true;
}

static int place_optimally(struct encoder *encoder)
{
    uint64_t keys[KPDB_EVENTS_MAX];
    uint32_t classes = 0;
    bool distinct = true;
    int result;

    for (unsigned i = 0; i < encoder->count; i++) {
        const struct kpdb_wanted *wanted = &encoder->wanted[i];

        distinct &= kpdb_insert_event(keys, i, wanted, i);
        classes |= wanted->fixed ? KPDB_CLASS_FIXED : KPDB_CLASS_CONFIGURABLE;
    }
    encoder->classes = classes;
    if (distinct && place_lowest(encoder, keys))
        return KPDB_OK;
    for (unsigned i = 0; i < encoder->count; i++)
        encoder->out->order[i] = (uint8_t)kpdb_key_request(keys[i]);
    result = check_events(encoder);
    return result == KPDB_OK ? move_events(encoder, keys) : result;
}

/* ---- words and warnings ---------------------------------------------------------------------- */

/*
 * The counters that words and slots speak of, in their order. kperfdata numbers
 * on from the first and leaves the count of held ones off the end (kperfdata.md
 * 2.4); the kernel's list has those that are not held (kernel.md 1.4).
 */
static uint32_t listed_counters(const struct encoder *encoder)
{
    const struct kpdb_cpu *cpu = &encoder->pmu.cpu;
    unsigned end;

    if (encoder->options->strategy == KPDB_OPTIMAL)
        return encoder->pmu.config;
    if ((encoder->classes & KPDB_CLASS_POWER) == 0)
        return cpu->config_counters;
    end = kpdb_count_bits(cpu->fixed_counters) + kpdb_count_bits(cpu->config_counters) -
          kpdb_count_bits(cpu->power_counters);
    return cpu->config_counters & (end < 32 ? (1u << end) - 1 : ~0u);
}

/* What is the same for every event of an encoding. */
struct common {
    uint8_t slot[KPDB_COUNTERS_MAX]; /* of a fixed counter */
    uint8_t word[KPDB_COUNTERS_MAX]; /* of another counter */
    unsigned word_slot;              /* slot of the first word */
    unsigned all_modes, user_only;   /* bits of a word that counts so */
    unsigned other;                  /* `other` bits that go into a word */
    unsigned event_bits;             /* of a selector that fits the PMU (kernel.md 2.2) */
    unsigned modes_warning;          /* of an event that is to be counted in all modes */
    bool kernel_list;                /* the kernel looks for the selector in a list */
    unsigned doubt_count;
    const struct kpdb_doubt *doubts; /* of the CPU's events */
};

/* Numbers the counters of a mask from 0 on; returns how many there are. */
static unsigned number_counters(uint32_t counters, uint8_t *numbers)
{
    unsigned count = 0;

    for (uint32_t rest = counters; rest != 0; rest &= rest - 1)
        numbers[kpdb_lowest_bit(rest)] = (uint8_t)count++;
    return count;
}

/* kperfdata numbers all from the first configurable one on, listed or not (kperfdata.md 2.5). */
static void number_as_kperfdata(const struct kpdb_cpu *cpu, struct common *common)
{
    unsigned first = cpu->config_counters == 0 ? 32 : kpdb_lowest_bit(cpu->config_counters);

    for (unsigned counter = 0; counter < KPDB_COUNTERS_MAX; counter++) {
        common->slot[counter] = (uint8_t)counter;
        common->word[counter] = (uint8_t)(counter - first); /* of one before the first: no word */
    }
    common->word_slot += first - kpdb_count_bits(cpu->fixed_counters);
}

static void find_word_bits(const struct encoder *encoder, struct common *common)
{
    const struct kpdb_cpu *cpu = &encoder->pmu.cpu;
    unsigned macos = encoder->macos;

    common->event_bits = cpu->event_bits;
    if (encoder->pmu.intel) {
        common->all_modes = INTEL_USER_AND_OS | INTEL_ENABLE;
        common->user_only = INTEL_USER | INTEL_ENABLE;
        common->other = encoder->options->full ? INTEL_OTHER : 0;
        common->modes_warning = 0;
        common->kernel_list = false;
    } else {
        common->all_modes = 0;
        common->user_only = macos != 0 && macos < 1600 ? ARM_USER_BEFORE_16 : ARM_USER;
        common->other = 0;
        common->modes_warning = macos >= 1500 ? KPDB_WARN_USER_MODE : 0;
        common->kernel_list = macos >= 1400 && cpu->kernel_list;
    }
}

/* Whether what is encoded is assumed, or another source says otherwise. */
static unsigned doubt_warnings(const struct encoder *encoder, const struct common *common,
                               unsigned id)
{
    unsigned low = 0, high = common->doubt_count, release = (unsigned)encoder->pmu.release;
    const struct kpdb_doubt *doubt;

    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;

        if (common->doubts[middle].event <= id)
            low = middle;
        else
            high = middle;
    }
    doubt = &common->doubts[low];
    if (doubt->event != id)
        return 0;
    return (doubt->assumed >> release & 1 ? KPDB_WARN_ASSUMED : 0u) |
           (doubt->disputed >> release & 1 ? KPDB_WARN_DISPUTED : 0u);
}

/* arm64 kernels from macOS 14 on accept the selectors of a list per SoC alone (kernel.md 2.5). */
static unsigned kernel_warning(const struct encoder *encoder, const struct kpdb_event *event)
{
    unsigned since = kpdb_listed_since(encoder->cpu, event->number);

    if (since != 0)
        return since > encoder->macos_until ? KPDB_WARN_REFUSED : 0;
    return encoder->macos < 1600 ? KPDB_WARN_REFUSED : KPDB_WARN_UNLISTED;
}

/*
 * What an Intel event needs and will not have: CMASK, invert or edge when they are not asked for; a
 * mode that it leaves out; any-thread, which the kernel clears, and an MSR, which nobody programs
 * (kernel.md 2.4, plists.md 1.5). Such an event is warned about and not refused: kperfdata programs
 * it, and whoever writes the MSR some other way counts what it says.
 */
static unsigned intel_warnings(const struct kpdb_event *event, bool full, bool user_only)
{
    unsigned other = event->other, modes = user_only ? OTHER_USER : OTHER_USER | OTHER_OS;
    unsigned warnings = 0;

    if (other != 0 && ((!full && (other & INTEL_OTHER) != 0) || (modes & ~other) != 0))
        warnings |= KPDB_WARN_OTHER_BITS;
    if ((other & OTHER_ANY_THREAD) != 0)
        warnings |= KPDB_WARN_ANY_THREAD;
    if (kpdb_selector_msr(event->number, event->umask) != 0)
        warnings |= KPDB_WARN_MSR;
    return warnings;
}

/* An event that is not on a fixed counter: its word, its slot, and what the kernel will say. */
static void write_word(const struct encoder *encoder, const struct common *common,
                       const struct kpdb_event *event, bool user_only, struct kpdb_placement *out)
{
    unsigned word = common->word[out->counter], warnings = user_only ? 0 : common->modes_warning;

    out->slot = (uint8_t)(common->word_slot + word);
    if (word < encoder->out->config_count)
        encoder->out->config[word] = event->number | (uint32_t)event->umask << 8 |
                                     (user_only ? common->user_only : common->all_modes) |
                                     (event->other & common->other) << 16;
    if (event->number >> common->event_bits != 0)
        warnings |= KPDB_WARN_TOO_WIDE;
    if (common->kernel_list)
        warnings |= kernel_warning(encoder, event);
    if (encoder->pmu.intel)
        warnings |= intel_warnings(event, encoder->options->full, user_only);
    out->warnings = (uint16_t)warnings;
}

static void write_encoding(const struct encoder *encoder)
{
    struct kpdb_encoding *out = encoder->out;
    uint32_t fixed = encoder->pmu.cpu.fixed_counters, listed = listed_counters(encoder);
    struct common common;
    unsigned words, before;

    out->classes = encoder->classes & ~KPDB_CLASS_POWER;
    out->event_count = encoder->count;
    words = number_counters(listed, common.word);
    before = number_counters(fixed, common.slot);
    out->config_count = encoder->classes & KPDB_CLASS_CONFIGURABLE ? words : 0;
    common.word_slot = encoder->classes & KPDB_CLASS_FIXED ? before : 0;
    out->slots = out->config_count + common.word_slot;
    if (encoder->options->strategy == KPDB_KPERFDATA)
        number_as_kperfdata(&encoder->pmu.cpu, &common);
    find_word_bits(encoder, &common);
    common.doubts = kpdb_doubts(encoder->cpu, &common.doubt_count);
    for (unsigned i = 0; i < out->config_count; i++)
        out->config[i] = 0;
    for (unsigned i = 0; i < encoder->count; i++) {
        const struct kpdb_wanted *wanted = &encoder->wanted[i];
        struct kpdb_placement *placement = &out->events[i];
        bool user_only = encoder->requests[i].user_only;

        placement->asked = wanted->asked;
        placement->counted = wanted->event.id;
        if (wanted->fixed) {
            placement->slot = common.slot[placement->counter];
            placement->warnings = user_only ? KPDB_WARN_ALL_MODES : 0;
        } else {
            write_word(encoder, &common, &wanted->event, user_only, placement);
        }
        if (common.doubt_count != 0)
            placement->warnings |= (uint16_t)doubt_warnings(encoder, &common, wanted->event.id);
    }
}

/* ---- the function ---------------------------------------------------------------------------- */

int kpdb_encode(unsigned cpu, const struct kpdb_options *options,
                const struct kpdb_request *requests, unsigned count, struct kpdb_encoding *out)
{
    struct encoder encoder;
    int result;

    encoder.cpu = cpu;
    encoder.options = options;
    encoder.requests = requests;
    encoder.count = count;
    encoder.classes = 0;
    encoder.out = out;
    result = kpdb_find_pmu(cpu, options, &encoder.pmu);
    if (result != KPDB_OK)
        return refuse_event(&encoder, result, 0, 0, 0);
    if (count == 0)
        return refuse_event(&encoder, KPDB_NO_EVENTS, 0, 0, 0);
    if (count > KPDB_EVENTS_MAX)
        return refuse_event(&encoder, KPDB_TOO_MANY, KPDB_EVENTS_MAX, 0, 0);
    encoder.macos = kpdb_release_macos((unsigned)encoder.pmu.release);
    encoder.macos_until = kpdb_release_until((unsigned)encoder.pmu.release);
    for (unsigned i = 0; i < count; i++) {
        result = kpdb_find_wanted(cpu, &encoder.pmu, &requests[i], &encoder.wanted[i]);
        if (result != KPDB_OK)
            return refuse_event(&encoder, result, i, 0, 0);
    }
    result = options->strategy == KPDB_KPERFDATA ? place_as_kperfdata(&encoder)
                                                 : place_optimally(&encoder);
    if (result != KPDB_OK)
        return result;
    write_encoding(&encoder);
    return KPDB_OK;
}
