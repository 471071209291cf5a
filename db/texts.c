/*
 * Events in, what they mean and their errata out. The one file that includes the compiled texts
 * (kpdb_texts.h): a program that calls nothing here links none of them.
 */
#include "kpdb.h"

#include "kpdb_texts.h"

#if !defined(TEXT_END) || TEXT_END != KPDB_FINGERPRINT
#error "kpdb_texts.h is cut short: compile the databases again"
#endif

static const char *text_of(unsigned offset)
{
    return offset == 0 ? NULL : (const char *)&text_strings + offset;
}

/* A comparison that gcc does not call pointless in a build without events. */
static bool is_text_id(unsigned id, unsigned count)
{
    return id < count;
}

const char *kpdb_summary(unsigned id)
{
    return is_text_id(id, TEXT_EVENT_IDS) ? text_of(text_summaries[id]) : NULL;
}

bool kpdb_summary_doubted(unsigned id)
{
    return is_text_id(id, TEXT_EVENT_IDS) && (text_doubted[id / 8] >> id % 8 & 1) != 0;
}

const char *kpdb_errata(unsigned cpu, unsigned id)
{
    unsigned low = 0, high = TEXT_ERRATA;
    struct kpdb_event event;

    if (kpdb_on(cpu, id, &event) != KPDB_OK)
        return NULL;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct text_erratum *erratum = &text_errata[middle];

        if (erratum->cpu == cpu && erratum->event == event.id)
            return text_of(erratum->text);
        if (erratum->cpu < cpu || (erratum->cpu == cpu && erratum->event < event.id))
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
