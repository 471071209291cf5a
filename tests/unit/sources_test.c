/*
 * kpdb_source(), kpdb_dispute() and the warnings that rest on them, over every event of every CPU
 * in every release: with the default build's tables, and with tables that say nothing of sources.
 */
#include "kpdb.h"

#include "check.h"

static unsigned long known, unknown, assumed, disputed;

static int source(const char *cpu, const char *release, const char *event, enum kpdb_field field)
{
    struct kpdb_event found;
    int number = kpdb_cpu_find(cpu, strlen(cpu));
    int in = release == NULL ? KPDB_ANY_RELEASE : kpdb_release_find(release, strlen(release));

    if (!CHECK(number >= 0) ||
        !CHECK(kpdb_find((unsigned)number, in, event, strlen(event), &found) == KPDB_OK))
        return KPDB_END;
    return kpdb_source((unsigned)number, in, found.id, field);
}

/* Says the same as the fields one by one, or an error and nothing written. */
static void check_disputes(unsigned cpu, int release, const struct kpdb_event *event)
{
    struct kpdb_dispute dispute, untouched;
    unsigned n = 0;

    for (; kpdb_dispute(cpu, release, event->id, n, &dispute) == KPDB_OK; n++) {
        int64_t ours = dispute.field == KPDB_FIELD_NUMBER          ? event->number
                       : dispute.field == KPDB_FIELD_UMASK         ? event->umask
                       : dispute.field == KPDB_FIELD_FIXED_COUNTER ? event->fixed
                                                                   : (int64_t)event->counters;

        CHECK_INT(dispute.ours, ours);
        CHECK(dispute.theirs != dispute.ours);
        CHECK(dispute.says != NULL && *dispute.says != '\0');
        CHECK(dispute.confirmed == NULL || *dispute.confirmed != '\0');
    }
    memset(&dispute, 0x5a, sizeof dispute);
    untouched = dispute;
    CHECK_INT(kpdb_dispute(cpu, release, event->id, n, &dispute), KPDB_END);
    CHECK_INT(kpdb_dispute(cpu, release, event->id, 0xffffffffu, &dispute), KPDB_END);
    CHECK(memcmp(&dispute, &untouched, sizeof dispute) == 0);
    disputed += n;
}

/* kpdb_encode() warns of just the events that it programs and that are assumed or disputed. */
static void check_warnings(unsigned cpu, int release, const struct kpdb_event *event)
{
    struct kpdb_options options = {.release = release};
    const char *name = kpdb_event_name(event->id);
    struct kpdb_request request = {name, strlen(name), false};
    struct kpdb_encoding encoding;
    struct kpdb_dispute dispute;
    unsigned want = 0, counted;

    if (kpdb_encode(cpu, &options, &request, 1, &encoding) != KPDB_OK)
        return;
    counted = encoding.events[0].counted;
    if (kpdb_source(cpu, release, counted, KPDB_FIELD_COUNTERS_MASK) == KPDB_SOURCE_ASSUMED)
        want |= KPDB_WARN_ASSUMED;
    if (kpdb_dispute(cpu, release, counted, 0, &dispute) == KPDB_OK)
        want |= KPDB_WARN_DISPUTED;
    CHECK_INT(encoding.events[0].warnings & (KPDB_WARN_ASSUMED | KPDB_WARN_DISPUTED), want);
}

static void check_event(unsigned cpu, int release, const struct kpdb_event *event)
{
    int list = kpdb_source(cpu, release, event->id, KPDB_FIELD_LIST);
    int number = kpdb_source(cpu, release, event->id, KPDB_FIELD_NUMBER);
    int counters = kpdb_source(cpu, release, event->id, KPDB_FIELD_COUNTERS_MASK);
    bool all = list != KPDB_SOURCE_UNKNOWN && number != KPDB_SOURCE_UNKNOWN &&
               counters != KPDB_SOURCE_UNKNOWN;

    CHECK(list >= 0 && number >= 0 && counters >= 0);
    CHECK_INT(kpdb_source(cpu, release, event->id, KPDB_FIELD_UMASK), number);
    CHECK_INT(kpdb_source(cpu, release, event->id, KPDB_FIELD_FIXED_COUNTER), counters);
    CHECK_INT(kpdb_source(cpu, release, event->id, (enum kpdb_field)5), KPDB_END);
    known += all;
    unknown += !all;
    assumed += counters == KPDB_SOURCE_ASSUMED;
    check_disputes(cpu, release, event);
    check_warnings(cpu, release, event);
}

static void check_all(void)
{
    struct kpdb_event event;

    for (unsigned cpu = 0; cpu < kpdb_cpu_count(); cpu++)
        for (unsigned r = 0; r < kpdb_release_count(); r++)
            for (unsigned id = 0; id < kpdb_event_ids(); id++)
                if (kpdb_on_in(cpu, (int)r, id, &event) == KPDB_OK && event.id == id)
                    check_event(cpu, (int)r, &event);
}

static void check_errors(void)
{
    struct kpdb_event event = {0};
    struct kpdb_dispute dispute;
    int releases = (int)kpdb_release_count();

    CHECK(kpdb_next(0, -1, &event) == KPDB_OK);
    CHECK_INT(kpdb_source(kpdb_cpu_count(), 0, event.id, KPDB_FIELD_LIST), KPDB_NO_CPU);
    CHECK_INT(kpdb_source(0, 0, kpdb_event_ids(), KPDB_FIELD_LIST), KPDB_NO_EVENT);
    CHECK_INT(kpdb_source(0, releases, event.id, KPDB_FIELD_LIST), KPDB_NOT_IN_RELEASE);
    CHECK_INT(kpdb_dispute(kpdb_cpu_count(), 0, event.id, 0, &dispute), KPDB_NO_CPU);
    CHECK_INT(kpdb_dispute(0, 0, kpdb_event_ids(), 0, &dispute), KPDB_NO_EVENT);
    CHECK_INT(kpdb_dispute(0, releases, event.id, 0, &dispute), KPDB_NOT_IN_RELEASE);
    CHECK_STR(kpdb_source_text(KPDB_SOURCE_UNKNOWN), "nowhere that this build knows of");
    CHECK_STR(kpdb_source_text(-1), "nowhere that this build knows of");
    CHECK_STR(kpdb_source_text(KPDB_SOURCE_ASSUMED + 1), "nowhere that this build knows of");
    CHECK_STR(kpdb_source_text(KPDB_SOURCE_APPLE), "Apple's own file of that release");
    CHECK_STR(kpdb_source_text(KPDB_SOURCE_ASSUMED), "no source: it is assumed");
}

/* A few by hand. */
static void check_known(void)
{
    struct kpdb_dispute dispute;
    struct kpdb_event event;
    int cpu = kpdb_cpu_find("m4", 2), skylake = kpdb_cpu_find("skylake", 7);
    int release = kpdb_release_find("macos-26.0", 10), first = kpdb_release_find("macos-15", 8);

    CHECK_INT(source("m1", "macos-15", "INST_ALL", KPDB_FIELD_LIST), KPDB_SOURCE_APPLE);
    CHECK_INT(source("m1", "macos-26.0", "INST_ALL", KPDB_FIELD_LIST), KPDB_SOURCE_LISTING);
    CHECK_INT(source("m1", "macos-26.0", "INST_ALL", KPDB_FIELD_COUNTERS_MASK),
              KPDB_SOURCE_LIVE_TABLE);
    CHECK_INT(source("m1", NULL, "INST_ALL", KPDB_FIELD_NUMBER), KPDB_SOURCE_OLDER);
    CHECK_INT(source("m3", NULL, "INST_ALL", KPDB_FIELD_NUMBER), KPDB_SOURCE_TWIN);
    CHECK_INT(source("m5", NULL, "PL2_CACHE_ACCESS_LD", KPDB_FIELD_COUNTERS_MASK),
              KPDB_SOURCE_LINUX_DRIVER);
    CHECK_INT(source("a12", "macos-26.0", "SCHEDULE_EMPTY", KPDB_FIELD_COUNTERS_MASK),
              KPDB_SOURCE_ASSUMED);
    CHECK_INT(source("a12", "macos-26.0", "SCHEDULE_EMPTY", KPDB_FIELD_NUMBER),
              KPDB_SOURCE_LISTING);
    if (!CHECK(kpdb_find((unsigned)cpu, release, "INST_INT_ST", 11, &event) == KPDB_OK) ||
        !CHECK(kpdb_dispute((unsigned)cpu, release, event.id, 0, &dispute) == KPDB_OK))
        return;
    CHECK_INT(dispute.field, KPDB_FIELD_COUNTERS_MASK);
    CHECK_INT(dispute.ours, 0x80);
    CHECK_INT(dispute.theirs, 0xfc);
    CHECK_STR(dispute.says, "a fork of the Linux driver (M4)");
    CHECK_STR(dispute.confirmed, "Apple's file of macOS 15, two public tables of live databases");
    if (!CHECK(kpdb_find((unsigned)skylake, first, "CPU_CLK_UNHALTED.REF_TSC", 24, &event) ==
               KPDB_OK) ||
        !CHECK(kpdb_dispute((unsigned)skylake, first, event.id, 0, &dispute) == KPDB_OK))
        return;
    CHECK_INT(dispute.field, KPDB_FIELD_FIXED_COUNTER);
    CHECK_INT(dispute.ours, 1);
    CHECK_INT(dispute.theirs, 2);
    CHECK(dispute.confirmed == NULL);
}

int main(int argc, char **argv)
{
    check_errors();
    check_all();
    if (argc > 1 && strcmp(argv[1], "none") == 0) {
        CHECK_INT(known + assumed + disputed, 0);
        CHECK(unknown != 0);
    } else {
        CHECK_INT(unknown, 0);
        CHECK(known > 4000 && assumed > 50 && disputed > 50);
        check_known();
    }
    return check_done();
}
