/*
 * Where values come from: a CPU, release and event in; the source of each field and who disagrees
 * out. The one file that includes their tables (kpdb_sources.h).
 */
#include "place.h"

#include "kpdb_sources.h"

#if !defined(SOURCE_END) || SOURCE_END != KPDB_FINGERPRINT
#error "kpdb_sources.h is cut short: compile the databases again"
#endif

/* Comparisons that gcc does not call pointless in a build without sources. */
static bool has_sources(unsigned cpu, unsigned cpus)
{
    return cpu < cpus;
}

/* The event in a release, which becomes the newest that has it when any will do. */
static int find_in(unsigned cpu, int *release, unsigned id, struct kpdb_event *event)
{
    int result = kpdb_on_in(cpu, *release, id, event);

    if (result == KPDB_OK && *release == KPDB_ANY_RELEASE)
        for (*release = SOURCE_RELEASES - 1; *release > 0 && !(event->releases >> *release & 1);)
            --*release;
    return result;
}

/* ---- sources --------------------------------------------------------------------------------- */

static const struct source_values *values_of(unsigned cpu, unsigned release, unsigned id)
{
    uint32_t low = source_exceptions_at[cpu], end = source_exceptions_at[cpu + 1], high = end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct source_exception *found = &source_exceptions[middle];

        if (found->event < id || (found->event == id && found->release < release))
            low = middle + 1;
        else
            high = middle;
    }
    if (low < end && source_exceptions[low].event == id &&
        source_exceptions[low].release == release)
        return &source_exceptions[low].from;
    return &source_most[(size_t)cpu * SOURCE_RELEASES + release];
}

int kpdb_source(unsigned cpu, int release, unsigned id, enum kpdb_field field)
{
    struct kpdb_event event;
    const struct source_values *from;
    int result = find_in(cpu, &release, id, &event);

    if (result != KPDB_OK)
        return result;
    if ((unsigned)field > KPDB_FIELD_FIXED_COUNTER)
        return KPDB_END;
    if (!has_sources(cpu, SOURCE_CPUS))
        return KPDB_SOURCE_UNKNOWN;
    from = values_of(cpu, (unsigned)release, event.id);
    if (field == KPDB_FIELD_LIST)
        return from->list;
    return field == KPDB_FIELD_NUMBER || field == KPDB_FIELD_UMASK ? from->number : from->counters;
}

/*
 * The n-th of texts that are one behind the other, in an array of `size` bytes: a table of pointers
 * would be relocated.
 */
static const char *nth_text(const char *texts, size_t size, unsigned n)
{
    size_t at = 0;

    while (n > 0 && at + 1 < size)
        if (texts[at++] == '\0')
            n--;
    return &texts[at];
}

const char *kpdb_source_text(int source)
{
#define ROW(name, number, word, text) SOURCE_ROW_##name,
    enum { KPDB_SOURCES(ROW) SOURCE_ROWS };
#undef ROW
#define TEXT(name, number, word, text) text "\0"
    static const char texts[] = KPDB_SOURCES(TEXT);
#undef TEXT

    return nth_text(texts, sizeof texts,
                    source < 0 || source >= SOURCE_ROWS ? KPDB_SOURCE_UNKNOWN : (unsigned)source);
}

/* ---- disputes -------------------------------------------------------------------------------- */

static int64_t value_of(const struct kpdb_event *event, enum kpdb_field field)
{
    switch (field) {
    case KPDB_FIELD_NUMBER:
        return event->number;
    case KPDB_FIELD_UMASK:
        return event->umask;
    case KPDB_FIELD_FIXED_COUNTER:
        return event->fixed;
    default:
        return event->counters;
    }
}

static void fill_dispute(const struct kpdb_event *event, const struct source_dispute *from,
                         struct kpdb_dispute *out)
{
    out->field = (enum kpdb_field)from->field;
    out->ours = value_of(event, out->field);
    out->theirs = out->field == KPDB_FIELD_FIXED_COUNTER ? (int32_t)from->theirs /* -1: none */
                                                         : (int64_t)from->theirs;
    out->says = nth_text(source_texts, sizeof source_texts, from->says - 1u);
    out->confirmed = from->confirmed == 0
                         ? NULL
                         : nth_text(source_texts, sizeof source_texts, from->confirmed - 1u);
}

int kpdb_dispute(unsigned cpu, int release, unsigned id, unsigned n, struct kpdb_dispute *out)
{
    struct kpdb_event event;
    int result = find_in(cpu, &release, id, &event);

    if (result != KPDB_OK)
        return result;
    if (!has_sources(cpu, SOURCE_CPUS))
        return KPDB_END;
    for (uint32_t i = source_disputes_at[cpu]; i < source_disputes_at[cpu + 1]; i++) {
        const struct source_dispute *dispute = &source_disputes[i];

        if (dispute->event != event.id || !(dispute->releases >> release & 1))
            continue;
        if (n-- == 0) {
            fill_dispute(&event, dispute, out);
            return KPDB_OK;
        }
    }
    return KPDB_END;
}

const struct kpdb_doubt *kpdb_doubts(unsigned cpu, unsigned *count)
{
    if (!has_sources(cpu, SOURCE_CPUS)) {
        *count = 0;
        return source_doubts;
    }
    *count = source_doubts_at[cpu + 1] - source_doubts_at[cpu];
    return &source_doubts[source_doubts_at[cpu]];
}
