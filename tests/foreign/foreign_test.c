/* libkplive over the second stand-in: what it reads, refuses and puts back. */
#include "foreign_help.h"

#include <errno.h>

static const struct foreign_machine machines[] = {
    {0},
    {.no_power = true},
    {.used = true},
    {.used = true, .no_power = true},
    {.power_words = true},
    {.used = true, .power_words = true},
    {.macos_26 = true},
    {.macos_26 = true, .used = true},
    {.macos_26 = true, .used = true, .power_words = true},
    {.macos_26 = true, .deferred = true},
    {.macos_26 = true, .deferred = true, .used = true},
    {.macos_26 = true, .says_forced = true},
    {.macos_26 = true, .says_forced = true, .used = true},
    {.macos_26 = true, .was_forced = true},
    {.macos_26 = true, .was_forced = true, .used = true},
};

static void lives_on(const struct foreign_machine *machine, unsigned number)
{
    for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++) {
        struct life life;
        foreign_reset(machine);
        const char *before = state();
        live((enum kplive_words)words, machine->macos_26, &life);
        if (!CHECK(life.status == KPLIVE_OK && !life.wrong))
            fprintf(stderr, "machine %u, %s: %s gave %d; wrong %d\n", number, words_names[words],
                    life.step == NULL ? "nothing" : life.step, life.status, life.wrong);
        if (!CHECK_STR(state(), before))
            fprintf(stderr, "machine %u, %s\n", number, words_names[words]);
    }
}

/* ---- who holds the counters ------------------------------------------------------------------ */

static void check_refused(struct kplive *sampler, int status, unsigned long changes)
{
    struct kplive_error error;
    const char *before = state();
    unsigned long changed = foreign_changes();
    CHECK_INT(kplive_start(sampler, &error), status);
    CHECK_INT(error.status, status);
    CHECK_INT(foreign_changes() - changed, changes);
    CHECK_STR(state(), before);
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_INT(foreign_changes() - changed, changes);
}

static void others_hold_them(void)
{
    foreign_reset(&(struct foreign_machine){.used = true});
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    foreign_other_force(true);
    unsigned long changed = foreign_changes();
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_BUSY);
    CHECK(foreign_changes() - changed <= 1);
    foreign_other_force(false);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    kplive_close(sampler);

    /* Taken between the question and the call: the kernel's EACCES is the first change. */
    foreign_reset(&(struct foreign_machine){0});
    sampler = programmed(KPLIVE_STATIC);
    foreign_fail("kpc_force_all_ctrs_set", 1, false, EACCES);
    check_refused(sampler, KPLIVE_BUSY, 1);
    kplive_close(sampler);
}

static void refused_before_anything(void)
{
    static const char *const getters[] = {"kpc_get_counting", "kpc_get_thread_counting"};
    for (unsigned n = 0; n < 2; n++) {
        foreign_reset(&(struct foreign_machine){.used = true});
        struct kplive *sampler = programmed(KPLIVE_STATIC);
        foreign_fail(getters[n], 1, true, EPERM);
        check_refused(sampler, KPLIVE_NO_PERMISSION, 0);
        foreign_fail(getters[n], 1, true, EBUSY);
        check_refused(sampler, KPLIVE_BUSY, 0);
        kplive_close(sampler);
    }
    foreign_reset(&(struct foreign_machine){.used = true});
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    foreign_fail("kpc_get_config", 1, true, EPERM);
    check_refused(sampler, KPLIVE_NO_PERMISSION, 0);
    kplive_close(sampler);
    foreign_reset(&(struct foreign_machine){.not_root = true});
    sampler = programmed(KPLIVE_STATIC);
    check_refused(sampler, KPLIVE_NO_PERMISSION, 0);
    kplive_close(sampler);
    foreign_reset(&(struct foreign_machine){.virtual_mac = true});
    sampler = programmed(KPLIVE_STATIC);
    check_refused(sampler, KPLIVE_NO_COUNTERS, 0);
    kplive_close(sampler);
}

/* Refused by the kernel's list, after counters were taken: everything is put back. */
static void refused_event(void)
{
    static const struct kpdb_request asked = {.name = "FOREIGN_ANYWHERE", .length = 16};
    foreign_reset(&(struct foreign_machine){.used = true, .power_words = true});
    struct kplive *sampler = opened(KPLIVE_KPERFDATA, false);
    const char *before = state();
    CHECK_INT(kplive_program(sampler, &asked, 1, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_REFUSED);
    CHECK_STR(state(), before);
    kplive_close(sampler);
    CHECK_STR(state(), before);
}

static void macos_26_says_forced(const struct foreign_machine *machine)
{
    foreign_reset(machine);
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    CHECK_INT(kplive_macos_version(sampler), 2604);
    check_refused(sampler, KPLIVE_BUSY, 0);
    kplive_close(sampler);

    const char *before = state();
    sampler = opened(KPLIVE_STATIC, true);
    CHECK_INT(kplive_program(sampler, events, EVENTS, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    CHECK_INT(kplive_stop(sampler, NULL), KPLIVE_OK);
    CHECK_STR(state(), before);
    kplive_close(sampler);
    CHECK_STR(state(), before);
}

/* ---- what another process does meanwhile ----------------------------------------------------- */

static void others_change_threads(uint32_t classes)
{
    uint64_t values[KPDB_EVENTS_MAX], slots[KPDB_COUNTERS_MAX];
    foreign_reset(&(struct foreign_machine){0});
    const char *before = state();
    struct kplive *sampler = programmed(KPLIVE_STATIC);
    if (classes == 3) /* wider than these */
        CHECK_INT(kplive_program(sampler, events, 1, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(sampler, NULL), KPLIVE_OK);
    CHECK_INT(kplive_running(sampler, NULL), KPLIVE_OK);
    foreign_other_thread_counting(classes);
    CHECK_INT(kplive_read(sampler, values), KPLIVE_SHORT);
    CHECK_INT(kplive_read_raw(sampler, kplive_slots(sampler), slots), KPLIVE_SHORT);
    CHECK_INT(kplive_running(sampler, NULL), KPLIVE_SHORT);
    CHECK_INT(kplive_ready(sampler, NULL), KPLIVE_SHORT);
    kplive_close(sampler);
    CHECK_STR(state(), before);
}

static void others_switch_off(void)
{
    foreign_reset(&(struct foreign_machine){0});
    const char *before = state();
    struct kplive *sampler = started(KPLIVE_STATIC);
    foreign_other_counting(0);
    CHECK_INT(kplive_running(sampler, NULL), KPLIVE_STOPPED);
    kplive_close(sampler);
    CHECK_STR(state(), before);

    sampler = started(KPLIVE_STATIC);
    uint64_t cpus[8 * EVENTS];
    CHECK_INT(kplive_read_cpus(sampler, cpus, NULL), KPLIVE_OK);
    foreign_other_thread_counting(0);
    int status = kplive_running(sampler, NULL);
    CHECK(status == KPLIVE_SHORT || status == KPLIVE_STOPPED);
    kplive_close(sampler);
    CHECK_STR(state(), before);
}

static void cpu_is_off(void)
{
    uint64_t values[8 * EVENTS], one[EVENTS];
    int cpu;
    foreign_reset(&(struct foreign_machine){.cpu_off = true});
    struct kplive *sampler = started(KPLIVE_STATIC);
    CHECK_INT(kplive_read_cpus(sampler, values, NULL), KPLIVE_CPU_OFF);
    CHECK_INT(kplive_read_cpu(sampler, &cpu, one, NULL), KPLIVE_OK);
    CHECK(reads_right(sampler));
    kplive_close(sampler);
}

/* ---- words that cannot be put back ----------------------------------------------------------- */

static void words_are_lost(void)
{
    struct kplive_error error;
    foreign_reset(&(struct foreign_machine){.used = true});
    struct kplive *sampler = started(KPLIVE_STATIC);
    foreign_fail("kpc_set_config", 1, true, EINVAL);
    CHECK_INT(kplive_stop(sampler, &error), KPLIVE_LEFT);
    CHECK_INT(error.status, KPLIVE_LEFT);
    CHECK_STR(error.call, "kpc_set_config");
    CHECK_INT(error.code, EINVAL);
    CHECK(error.hint[0] != '\0');
    char rest[64]; /* all but the words is as it was */
    snprintf(rest, sizeof rest, "%s", state());
    rest[strcspn(rest, "w")] = '\0';
    CHECK_STR(rest, "forced 0 counting 3 running c7 threads 1 ");
    foreign_fail(NULL, 0, false, 0);
    uint64_t values[EVENTS];
    CHECK_INT(kplive_read(sampler, values), KPLIVE_STOPPED);
    kplive_close(sampler);

    /* A word that reads back otherwise than it was found: put back all the same, or told. */
    foreign_reset(&(struct foreign_machine){.twisted = true});
    const char *before = state();
    sampler = started(KPLIVE_STATIC);
    int status = kplive_stop(sampler, NULL);
    CHECK(status == KPLIVE_LEFT || strcmp(state(), before) == 0);
    kplive_close(sampler);
}

/* ---- several samplers ------------------------------------------------------------------------ */

static void subset_shares(enum kplive_words words)
{
    const struct kpdb_request few[] = {events[4], events[3], events[0]};
    static const struct kpdb_request other = {.name = "INST_BARRIER", .length = 12};
    foreign_reset(&(struct foreign_machine){.used = true});
    const char *before = state();
    struct kplive *first = started(words), *second = opened(words, false);
    struct kplive *third = opened(words, false);
    CHECK_INT(kplive_program(second, few, 3, NULL), KPLIVE_OK);
    unsigned long changed = foreign_changes();
    CHECK_INT(kplive_start(second, NULL), KPLIVE_OK);
    CHECK_INT(kplive_program(third, &other, 1, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(third, NULL), KPLIVE_IN_USE);
    CHECK_INT(foreign_changes(), changed);
    CHECK(reads_right(first));
    CHECK(reads_right_of(second, few, 3));
    CHECK_INT(kplive_stop(first, NULL), KPLIVE_OK);
    CHECK_INT(foreign_changes(), changed);
    CHECK(reads_right_of(second, few, 3));
    CHECK_INT(kplive_running(second, NULL), KPLIVE_OK);
    uint64_t values[EVENTS];
    CHECK_INT(kplive_read(first, values), KPLIVE_STOPPED);
    CHECK_INT(kplive_start(third, NULL), KPLIVE_IN_USE);
    CHECK_INT(kplive_start(first, NULL), KPLIVE_OK);
    CHECK(reads_right(first));
    kplive_close(first);
    CHECK_INT(kplive_stop(second, NULL), KPLIVE_OK);
    CHECK_STR(state(), before);
    CHECK_INT(kplive_start(third, NULL), KPLIVE_OK);
    CHECK(reads_right_of(third, &other, 1));
    kplive_close(third);
    kplive_close(second);
    CHECK_STR(state(), before);
}

/* What is counted in user mode only is another event than the same in both modes. */
static void modes_differ(void)
{
    struct kpdb_request user = events[2];
    user.user_only = true;
    foreign_reset(&(struct foreign_machine){0});
    struct kplive *first = started(KPLIVE_STATIC), *second = opened(KPLIVE_STATIC, false);
    CHECK_INT(kplive_program(second, &user, 1, NULL), KPLIVE_OK);
    CHECK_INT(kplive_start(second, NULL), KPLIVE_IN_USE);
    kplive_close(second);
    kplive_close(first);
}

static void all_are_stopped(void)
{
    uint64_t values[8 * EVENTS];
    foreign_reset(&(struct foreign_machine){.used = true});
    const char *before = state();
    struct kplive *first = started(KPLIVE_STATIC), *second = started(KPLIVE_STATIC);
    for (unsigned n = 0; n < 3; n++) {
        errno = ENOTTY;
        kplive_stop_all();
        CHECK_INT(errno, ENOTTY);
        CHECK_STR(state(), before);
        CHECK_INT(kplive_read(first, values), KPLIVE_STOPPED);
        CHECK_INT(kplive_read_raw(second, kplive_slots(second), values), KPLIVE_STOPPED);
        CHECK_INT(kplive_read_cpus(second, values, NULL), KPLIVE_STOPPED);
        CHECK_INT(kplive_ready(first, NULL), KPLIVE_STOPPED);
        CHECK_INT(kplive_running(first, NULL), KPLIVE_STOPPED);
        CHECK_INT(kplive_stop(second, NULL), KPLIVE_OK);
        CHECK_INT(kplive_start(second, NULL), KPLIVE_OK);
        CHECK(reads_right(second));
        CHECK_INT(kplive_read(first, values), KPLIVE_STOPPED);
        CHECK_INT(kplive_start(first, NULL), KPLIVE_OK);
        CHECK(reads_right(first));
    }
    kplive_close(second);
    CHECK(reads_right(first));
    kplive_close(first);
    CHECK_STR(state(), before);
}

int main(int argc, char **argv)
{
    help_main(argc, argv);
    for (unsigned n = 0; n < sizeof machines / sizeof *machines; n++)
        lives_on(&machines[n], n);
    others_hold_them();
    refused_before_anything();
    refused_event();
    macos_26_says_forced(&(struct foreign_machine){.macos_26 = true, .says_forced = true});
    macos_26_says_forced(&(struct foreign_machine){.macos_26 = true, .was_forced = true});
    for (uint32_t classes = 1; classes <= 3; classes++)
        others_change_threads(classes);
    others_switch_off();
    cpu_is_off();
    words_are_lost();
    for (int words = KPLIVE_VERIFY; words <= KPLIVE_KPERFDATA; words++)
        subset_shares((enum kplive_words)words);
    modes_differ();
    all_are_stopped();
    return check_done();
}
