/* The live database as libkplive tells it, and compared: over one that no stride fits. */
#include "foreign_help.h"

static unsigned told;

static const char *shown(const char *text)
{
    return text == NULL ? "" : text;
}

static void tell_event(void *user, const struct kplive_event *event)
{
    (void)user;
    struct foreign_event want;
    told++;
    unsigned n = 0;
    while (foreign_event(n, &want) && strcmp(want.name, event->name) != 0)
        n++;
    CHECK_STR(event->name, want.name);
    CHECK_STR(event->alias, shown(want.alias));
    CHECK_STR(event->description, shown(want.description));
    CHECK_STR(event->errata, shown(want.errata));
    CHECK_INT(event->code, 0);
    CHECK_INT(event->number, want.fixed ? 0 : want.number);
    CHECK_INT(event->word, want.fixed ? 0 : want.number);
    CHECK_INT(event->umask, 0);
    CHECK_INT(event->fixed, want.fixed);
    if (!CHECK_INT(event->counters, want.mask))
        fprintf(stderr, "of %s\n", event->name);
}

static void every_event(void)
{
    struct foreign_event unused;
    unsigned count = 0;
    while (foreign_event(count, &unused))
        count++;
    foreign_reset(&(struct foreign_machine){.not_root = true});
    struct kplive *sampler = opened(KPLIVE_STATIC, false);
    told = 0;
    CHECK_INT(kplive_events(sampler, tell_event, NULL, NULL), KPLIVE_OK);
    CHECK_INT(told, count);
    CHECK_INT(foreign_changes(), 0);
    kplive_close(sampler);
}

static void tell_drift(void *user, const struct kplive_drift *drift)
{
    unsigned *found = user;
    static const char *const added[] = {"FOREIGN_ANYWHERE", "FOREIGN_LAST_ONLY",
                                        "INST_BRANCH_FOREIGN"};
    for (unsigned n = 0; n < 3; n++)
        if (drift->event != NULL && strcmp(drift->event, added[n]) == 0 &&
            strcmp(drift->field, "added") == 0)
            *found |= 1u << n;
    if (drift->event == NULL || strcmp(drift->field, "added") != 0)
        *found |= 8;
    if (*found & 8)
        fprintf(stderr, "drift %s: %s: %s, %s\n", drift->event == NULL ? "-" : drift->event,
                drift->field, drift->table, drift->live);
}

static void compared(void)
{
    struct kplive_check check;
    unsigned found = 0;
    foreign_reset(&(struct foreign_machine){.not_root = true});
    struct kplive *sampler = opened(KPLIVE_STATIC, false);
    CHECK_INT(kplive_compare(sampler, 50, 7, tell_drift, &found, &check, NULL), KPLIVE_OK);
    CHECK_INT(found & 7, 7);
    CHECK_INT(check.event_size, 0);
    CHECK_INT(check.encodings, 50);
    CHECK_INT(foreign_changes(), 0);
    kplive_close(sampler);
}

int main(int argc, char **argv)
{
    help_main(argc, argv);
    every_event();
    compared();
    return check_done();
}
