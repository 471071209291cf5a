/*
 * The tables of this build asked anything: lookups, encodings, plans and, with the input's bytes as
 * masks, the matching under them. An input is a header and then names, a line each: as they are, or
 * "#" and a byte or two for the CPU's event of that number; ":u" at the end is user mode only.
 */
#include "fuzz.h"
#include "place.h"

#include <string.h>

enum { NAMES_MAX = 1100, MASKS_MAX = 64 };
enum { UNFORCED = 1, FULL = 2, ANY_RELEASE = 4, ODD_RELEASE = 8, NO_SUCH_CPU = 16 };

struct header {
    uint8_t cpu, release, flags, spare;
    int32_t number; /* where any will do */
};

struct question {
    unsigned cpu;
    struct kpdb_options options;
    struct kpdb_request names[NAMES_MAX];
    unsigned count;
};

static unsigned lowest(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* ---- an input -> a question -------------------------------------------------------------------
 */

/* Where a byte too many read is seen; freed with the question. */
static const char *copy(const char *text, size_t length)
{
    char *to = malloc(length + (length == 0));

    MUST(to != NULL);
    return memcpy(to, text, length);
}

static const char *nth_event(unsigned cpu, unsigned n)
{
    struct kpdb_event event = {0};
    struct kpdb_cpu info;
    int id = -1;

    if (kpdb_cpu(cpu, &info) != KPDB_OK)
        return "";
    for (unsigned i = 0; i <= n % info.events; i++) {
        MUST(kpdb_next(cpu, id, &event) == KPDB_OK);
        id = event.id;
    }
    return kpdb_event_name(event.id);
}

static struct kpdb_request request(unsigned cpu, const char *line, size_t length)
{
    bool user = length >= 2 && memcmp(line + length - 2, ":u", 2) == 0;

    length -= user ? 2 : 0;
    if (length >= 2 && length <= 3 && *line == '#') {
        unsigned number =
            (unsigned char)line[1] + (length == 3 ? 256u * (unsigned char)line[2] : 0);

        line = nth_event(cpu, number);
        length = strlen(line);
    }
    return (struct kpdb_request){copy(line, length), length, user};
}

static void take_names(struct question *question, const char *at, size_t size)
{
    const char *end = at + size;

    while (at < end && question->count < NAMES_MAX) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        line = line == NULL ? end : line;
        question->names[question->count++] = request(question->cpu, at, (size_t)(line - at));
        at = line == end ? end : line + 1;
    }
}

/* ---- lookups ----------------------------------------------------------------------------------
 */

static void check_event(const struct question *question, int release,
                        const struct kpdb_event *event)
{
    struct kpdb_event again;
    struct kpdb_cpu cpu;
    const char *name = kpdb_event_name(event->id);

    MUST(kpdb_cpu(question->cpu, &cpu) == KPDB_OK);
    MUST(name != NULL && event->id < kpdb_event_ids());
    MUST((event->counters & ~(cpu.fixed_counters | cpu.config_counters | cpu.power_counters)) == 0);
    MUST(event->fixed >= -1 && event->fixed < KPDB_COUNTERS_MAX);
    MUST(event->releases != 0 && (event->releases & ~cpu.releases) == 0);
    MUST(release < 0 || (event->releases >> release & 1) != 0);
    MUST(event->fallback == KPDB_NO_ID || kpdb_event_name(event->fallback) != NULL);
    MUST(kpdb_find(question->cpu, release, name, strlen(name), &again) == KPDB_OK);
    MUST(again.id == event->id);
    MUST(kpdb_on_in(question->cpu, release, event->id, &again) == KPDB_OK);
    MUST(again.id == event->id && again.number == event->number);
    MUST(kpdb_on(question->cpu, event->id, &again) == KPDB_OK);
}

/* What was not found has left no trace. */
static void check_answer(const struct question *question, int release, int result, int least,
                         const struct kpdb_event *event)
{
    static const struct kpdb_event untouched = {.id = 0x1234, .number = 0x4321};

    MUST(result <= KPDB_OK && result >= least);
    if (result == KPDB_OK)
        check_event(question, release, event);
    else
        MUST(event->id == untouched.id && event->number == untouched.number);
}

static void look_up(const struct question *question, const struct kpdb_request *name)
{
    struct kpdb_event event = {.id = 0x1234, .number = 0x4321};
    int release = question->options.release, found;
    struct kpdb_cpu cpu;
    struct kpdb_name agnostic;

    found = kpdb_find(question->cpu, release, name->name, name->length, &event);
    check_answer(question, release, found, KPDB_NOT_IN_RELEASE, &event);
    found = kpdb_cpu_find(name->name, name->length);
    MUST(found == KPDB_NO_CPU || kpdb_cpu((unsigned)found, &cpu) == KPDB_OK);
    found = kpdb_release_find(name->name, name->length);
    MUST(found == KPDB_NOT_IN_RELEASE ||
         (strlen(kpdb_release_name((unsigned)found)) == name->length &&
          memcmp(kpdb_release_name((unsigned)found), name->name, name->length) == 0));
    found = kpdb_metric_find(name->name, name->length);
    MUST(found == KPDB_NO_EVENT || (unsigned)found < kpdb_metric_count());
    found = kpdb_name_find(name->name, name->length);
    if (found < 0) {
        MUST(found == KPDB_NO_EVENT);
        return;
    }
    MUST(kpdb_name((unsigned)found, &agnostic) == KPDB_OK);
    MUST(strlen(agnostic.name) == name->length &&
         memcmp(agnostic.name, name->name, name->length) == 0);
}

/* Every set of values of an event is of releases of its own, and found in each of them. */
static void ask_versions(const struct question *question, unsigned id)
{
    struct kpdb_event event, again;
    unsigned releases = 0;
    int result = kpdb_on(question->cpu, id, &event);

    for (; result == KPDB_OK; result = kpdb_older(question->cpu, &event, &event)) {
        MUST(event.releases != 0 && (event.releases & releases) == 0);
        releases |= event.releases;
        for (unsigned r = 0; r < kpdb_release_count(); r++)
            MUST((event.releases >> r & 1) == 0 ||
                 (kpdb_on_in(question->cpu, (int)r, event.id, &again) == KPDB_OK &&
                  memcmp(&again, &event, sizeof event) == 0));
    }
    event = (struct kpdb_event){.id = (uint16_t)id, .releases = (uint16_t)(id >> 16)};
    (void)kpdb_older(question->cpu, &event, &event);
}

/* What a release has, in the order of ids. */
static void ask_release(const struct question *question, int number)
{
    struct kpdb_event event = {.id = 0x1234, .number = 0x4321};
    int release = question->options.release;
    int result = kpdb_next_in(question->cpu, release, number, &event);
    struct kpdb_cpu info;

    check_answer(question, release, result, KPDB_END, &event);
    MUST(result != KPDB_OK || event.id > number);
    result = kpdb_cpu_in(question->cpu, release, &info);
    MUST(result == KPDB_OK || result == KPDB_NO_CPU || result == KPDB_NOT_IN_RELEASE);
    MUST(result != KPDB_OK || release < 0 || (info.releases >> release & 1) != 0);
    result = kpdb_cpu_newest(question->cpu);
    MUST(result == KPDB_NO_CPU || result < (int)kpdb_release_count());
}

/* Sources and disputes of an event, and what it means. */
static void ask_sources(const struct question *question, unsigned id)
{
    int release = question->options.release, result;
    struct kpdb_dispute dispute;
    unsigned n = 0;

    result = kpdb_source(question->cpu, release, id, (enum kpdb_field)(id % 7));
    MUST(result >= KPDB_END && result <= KPDB_SOURCE_ASSUMED);
    MUST(*kpdb_source_text(result) != '\0' && *kpdb_source_text((int)id) != '\0');
    while ((result = kpdb_dispute(question->cpu, release, id, n, &dispute)) == KPDB_OK) {
        MUST(*dispute.says != '\0' && dispute.ours != dispute.theirs);
        n++;
    }
    MUST(result < KPDB_OK && result >= KPDB_END);
    MUST(kpdb_dispute(question->cpu, release, id, ~0u, &dispute) == result);
    MUST(kpdb_summary(id) != NULL || !kpdb_summary_doubted(id));
    MUST(kpdb_errata(question->cpu, id) == NULL || *kpdb_errata(question->cpu, id) != '\0');
    (void)kpdb_msr(question->cpu, id);
}

static void ask_metric(const struct question *question, unsigned n)
{
    double counts[KPDB_METRIC_NAMES_MAX], value = 0;
    struct kpdb_event events[KPDB_METRIC_NAMES_MAX];
    struct kpdb_constant constant;
    struct kpdb_metric metric;
    unsigned cpu = question->cpu;
    int release = question->options.release, result;

    for (unsigned i = 0; i < KPDB_METRIC_NAMES_MAX; i++)
        counts[i] = (double)(n % (i + 3)) * (double)n;
    for (unsigned i = 0; kpdb_constant(cpu, i, &constant) == KPDB_OK; i++)
        MUST(constant.value != 0 && *constant.source != '\0');
    (void)kpdb_name_configurable(cpu, release, n, events);
    if (kpdb_metric_on(cpu, release, n, &metric) != KPDB_OK)
        return;
    MUST(metric.name_count >= 1 && metric.name_count <= KPDB_METRIC_NAMES_MAX);
    result = kpdb_metric_events(cpu, release, &metric, n % 2 == 0, events);
    MUST(result == KPDB_OK || result == KPDB_MIXED_MODES);
    MUST(kpdb_metric_value(cpu, (char)('@' + n % 28), &metric, counts, &value) != KPDB_OK ||
         value - value == 0);
}

/* Every function that takes a number, with one that may be none. */
static void ask_numbers(const struct question *question, int number)
{
    unsigned cpu = question->cpu, n = (unsigned)number;
    struct kpdb_event event = {.id = 0x1234, .number = 0x4321};
    int release = question->options.release, result;
    struct kpdb_metric metric;
    struct kpdb_cpu_id id;
    uint16_t target = 0;

    check_answer(question, KPDB_ANY_RELEASE, kpdb_on(cpu, n, &event), KPDB_NOT_ON_CPU, &event);
    event = (struct kpdb_event){.id = 0x1234, .number = 0x4321};
    result = kpdb_on_in(cpu, release, n, &event);
    check_answer(question, release, result, KPDB_NOT_IN_RELEASE, &event);
    event = (struct kpdb_event){.id = 0x1234, .number = 0x4321};
    result = kpdb_name_on(cpu, release, n, &event);
    check_answer(question, release, result, KPDB_NOT_IN_RELEASE, &event);
    event = (struct kpdb_event){.id = 0x1234, .number = 0x4321};
    result = kpdb_next(cpu, number, &event);
    check_answer(question, KPDB_ANY_RELEASE, result, KPDB_END, &event);
    MUST(result != KPDB_OK || event.id > number);
    result = kpdb_alias_next(cpu, number, &target);
    MUST(result < 0 || (result > number && kpdb_on(cpu, target, &event) == KPDB_OK));
    result = kpdb_cpu_id(cpu, n, &id);
    MUST(result != KPDB_OK || kpdb_cpu_by_id(id.type, id.subtype, id.family) == (int)cpu);
    result = kpdb_metric(n, &metric);
    MUST(result == KPDB_OK || result == KPDB_NO_EVENT);
    for (unsigned i = 0; result == KPDB_OK && i < metric.name_count; i++)
        MUST(metric.names[i] < kpdb_name_count());
    ask_metric(question, n);
    ask_versions(question, n);
    ask_release(question, number);
    ask_sources(question, n);
    (void)kpdb_cpu_chip(cpu, n);
    (void)kpdb_cpu_also(cpu, n);
    (void)kpdb_cpu_id_chip(cpu, n, n);
    (void)kpdb_cpu_id_confidence(cpu, n);
    (void)kpdb_cpu_id_note(cpu, n);
    (void)kpdb_kernel_since(cpu, n);
    (void)kpdb_renamed(n);
    (void)kpdb_release_macos(n);
    (void)kpdb_release_whole(n);
    (void)kpdb_kperfdata_code(number);
    MUST(kpdb_strerror(number) != NULL && kpdb_arch_name((enum kpdb_arch)(n % 4)) != NULL);
    MUST((kpdb_release_name(n) != NULL) == (n < kpdb_release_count()));
    MUST((kpdb_event_name(n) != NULL) == (n < kpdb_event_ids()));
}

/* ---- encodings ------------------------------------------------------------------------------
 */

/* Where each event could go, by the parts that encoding and planning are made of. */
static void reach(const struct question *question, unsigned count, struct kpdb_wanted *wanted)
{
    struct kpdb_pmu pmu;

    MUST(kpdb_find_pmu(question->cpu, &question->options, &pmu) == KPDB_OK);
    for (unsigned i = 0; i < count; i++) {
        MUST(kpdb_find_wanted(question->cpu, &pmu, &question->names[i], &wanted[i]) == KPDB_OK);
        MUST(kpdb_check_reach(&pmu, &wanted[i]) == KPDB_OK);
    }
}

static void check_encoding(const struct question *question, const struct kpdb_encoding *encoding)
{
    struct kpdb_wanted wanted[KPDB_EVENTS_MAX];
    uint32_t used = 0, slots = 0;
    unsigned before;
    struct kpdb_cpu cpu;

    reach(question, encoding->event_count, wanted);
    MUST(kpdb_cpu(question->cpu, &cpu) == KPDB_OK);
    MUST(encoding->event_count == question->count);
    MUST(encoding->config_count <= KPDB_COUNTERS_MAX && encoding->slots <= KPDB_COUNTERS_MAX);
    before = encoding->slots - encoding->config_count;
    for (unsigned i = 0; i < encoding->event_count; i++) {
        const struct kpdb_placement *place = &encoding->events[i];
        uint32_t value = (uint32_t)wanted[i].event.number | (uint32_t)wanted[i].event.umask << 8;

        MUST(place->asked == wanted[i].asked && place->counted == wanted[i].event.id);
        MUST(place->counter < KPDB_COUNTERS_MAX && place->slot < encoding->slots);
        MUST((wanted[i].counters >> place->counter & 1) != 0);
        MUST((used >> place->counter & 1) == 0 && (slots >> place->slot & 1) == 0);
        used |= 1u << place->counter;
        slots |= 1u << place->slot;
        MUST(!question->options.unforced || wanted[i].fixed ||
             (cpu.power_counters >> place->counter & 1) == 0);
        MUST(wanted[i].fixed == (place->slot < before));
        MUST(wanted[i].fixed || (encoding->config[place->slot - before] & 0xffff) == value);
    }
}

/* An answer of "no" is proved: more events than counters, and they can go nowhere else. */
static void check_conflict(const struct question *question, const struct kpdb_encoding *encoding)
{
    struct kpdb_wanted wanted[KPDB_EVENTS_MAX];

    reach(question, question->count, wanted);
    MUST((encoding->conflicts >> encoding->failed & 1) == 0);
    MUST(kpdb_count_bits(encoding->conflicts) + 1 > kpdb_count_bits(encoding->counters));
    for (unsigned i = 0; i < question->count; i++)
        if (i == encoding->failed || (encoding->conflicts >> i & 1) != 0)
            MUST((wanted[i].counters & ~encoding->counters) == 0);
}

/* The same events the other way round go to the same counters. */
static void check_order(const struct question *question, const struct kpdb_encoding *encoding)
{
    struct kpdb_request reversed[KPDB_EVENTS_MAX];
    struct kpdb_encoding other;
    unsigned count = question->count;

    for (unsigned i = 0; i < count; i++)
        reversed[i] = question->names[count - 1 - i];
    MUST(kpdb_encode(question->cpu, &question->options, reversed, count, &other) == KPDB_OK);
    MUST(other.classes == encoding->classes && other.config_count == encoding->config_count);
    for (unsigned i = 0; i < count; i++)
        MUST(other.events[count - 1 - i].counter == encoding->events[i].counter);
    MUST(memcmp(other.config, encoding->config, other.config_count * sizeof other.config[0]) == 0);
}

static int encode(const struct question *question)
{
    struct kpdb_encoding encoding = {0};
    int result =
        kpdb_encode(question->cpu, &question->options, question->names, question->count, &encoding);

    MUST(result <= KPDB_OK && result >= KPDB_NO_COUNTER && result != KPDB_END);
    if (result == KPDB_OK) {
        check_encoding(question, &encoding);
        check_order(question, &encoding);
    } else if (result == KPDB_CONFLICT) {
        check_conflict(question, &encoding);
    }
    MUST(result == KPDB_OK || encoding.failed == 0 || encoding.failed < question->count);
    return result;
}

/* kperfdata's way may refuse what the other finds, and not the other way round. */
static void encode_greedily(const struct question *question, int optimal)
{
    struct kpdb_options options = question->options;
    struct kpdb_encoding encoding;
    int result;

    options.strategy = KPDB_KPERFDATA;
    result = kpdb_encode(question->cpu, &options, question->names, question->count, &encoding);
    MUST(result <= KPDB_OK && result >= KPDB_NO_COUNTER);
    MUST(result != KPDB_OK || options.unforced || optimal == KPDB_OK || optimal == KPDB_DUPLICATE);
    for (unsigned i = 0; result == KPDB_OK && i < question->count; i++)
        MUST(encoding.events[i].counter < KPDB_COUNTERS_MAX);
}

/* ---- plans ------------------------------------------------------------------------------------
 */

/* The events of a pass fit at once. */
static void check_pass(const struct question *question, const uint16_t *passes, unsigned pass)
{
    struct kpdb_request events[KPDB_EVENTS_MAX];
    struct kpdb_encoding encoding;
    unsigned count = 0, own = 0;

    for (unsigned i = 0; i < question->count; i++) {
        if (passes[i] != pass && passes[i] != KPDB_EVERY_PASS)
            continue;
        MUST(count < KPDB_EVENTS_MAX);
        own += passes[i] == pass;
        events[count++] = question->names[i];
    }
    MUST(own > 0 || pass == 0);
    MUST(kpdb_encode(question->cpu, &question->options, events, count, &encoding) == KPDB_OK);
}

/* One pass fewer is too few: the events of the bottleneck can go nowhere else. */
static void check_bottleneck(const struct question *question, unsigned passes,
                             const struct kpdb_bottleneck *bottleneck)
{
    static struct kpdb_wanted wanted[NAMES_MAX];
    unsigned counters = kpdb_count_bits(bottleneck->counters), events = 0;

    reach(question, question->count, wanted);
    for (unsigned i = 0; i < question->count; i++)
        events += !wanted[i].fixed && (wanted[i].counters & ~bottleneck->counters) == 0;
    MUST(events == bottleneck->events);
    MUST(events == 0 ? passes == 1 : passes == (events + counters - 1) / counters);
}

static void plan(const struct question *question, int optimal)
{
    uint16_t passes[NAMES_MAX];
    struct kpdb_bottleneck bottleneck;
    unsigned failed;
    int result = kpdb_plan(question->cpu, &question->options, question->names, question->count,
                           passes, &bottleneck, &failed);

    MUST(result >= KPDB_NO_COUNTER && result != 0 && result != KPDB_END);
    MUST((result == 1) == (optimal == KPDB_OK));
    if (result < 0) {
        MUST(failed == 0 || failed < question->count);
        return;
    }
    for (unsigned i = 0; i < question->count; i++)
        MUST(passes[i] < result || passes[i] == KPDB_EVERY_PASS);
    for (unsigned pass = 0; pass < (unsigned)result; pass++)
        check_pass(question, passes, pass);
    check_bottleneck(question, (unsigned)result, &bottleneck);
}

/* ---- any masks ------------------------------------------------------------------------------ */

static void check_full(const uint32_t *masks, unsigned last, unsigned capacity, uint32_t full)
{
    unsigned confined = 0;

    for (unsigned i = 0; i <= last; i++)
        confined += (masks[i] & ~full) == 0;
    MUST((masks[last] & ~full) == 0 && confined > capacity * kpdb_count_bits(full));
}

static void match_masks(const uint8_t *data, size_t size)
{
    uint32_t masks[MASKS_MAX];
    uint64_t keys[MASKS_MAX];
    uint8_t counter[MASKS_MAX];
    unsigned count = lowest((unsigned)(size / sizeof masks[0]), MASKS_MAX);
    unsigned load[KPDB_COUNTERS_MAX] = {0};
    struct kpdb_matching matching;

    memcpy(masks, data, count * sizeof masks[0]);
    for (unsigned i = 0; i < count; i++) {
        masks[i] = masks[i] == 0 ? 1 : masks[i];
        keys[i] = kpdb_key(masks[i], 0, i);
    }
    kpdb_begin_matching(&matching, keys, counter);
    while (matching.count < count) {
        uint32_t full = kpdb_match_next(&matching);

        if (full == 0)
            continue;
        check_full(masks, matching.count, matching.capacity, full);
        kpdb_grow_matching(&matching);
    }
    for (unsigned i = 0; i < count; i++) {
        MUST((masks[i] >> counter[i] & 1) != 0);
        MUST(++load[counter[i]] <= matching.capacity);
    }
}

/* ---- an input ------------------------------------------------------------------------------- */

static int release_of(const struct header *header)
{
    if ((header->flags & ANY_RELEASE) != 0)
        return KPDB_ANY_RELEASE;
    return (header->flags & ODD_RELEASE) != 0 ? header->number
                                              : (int)(header->release % kpdb_release_count());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct question question;
    struct header header;
    int optimal;

    if (size < sizeof header)
        return 0;
    memcpy(&header, data, sizeof header);
    question.cpu = header.cpu % kpdb_cpu_count();
    if ((header.flags & NO_SUCH_CPU) != 0)
        question.cpu = (unsigned)header.number;
    question.options = (struct kpdb_options){.release = release_of(&header),
                                             .strategy = KPDB_OPTIMAL,
                                             .unforced = (header.flags & UNFORCED) != 0,
                                             .full = (header.flags & FULL) != 0};
    question.count = 0;
    take_names(&question, (const char *)data + sizeof header, size - sizeof header);
    for (unsigned i = 0; i < question.count; i++)
        look_up(&question, &question.names[i]);
    ask_numbers(&question, header.number);
    optimal = encode(&question);
    encode_greedily(&question, optimal);
    plan(&question, optimal);
    match_masks(data + sizeof header, size - sizeof header);
    for (unsigned i = 0; i < question.count; i++)
        free((void *)(uintptr_t)question.names[i].name);
    return 0;
}
