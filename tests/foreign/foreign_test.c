/* libkplive over the second stand-in: what it reads, refuses and puts back. */
#include "foreign_help.h"

#include "../unit/check.h"

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

int main(int argc, char **argv)
{
    help_main(argc, argv);
    for (unsigned n = 0; n < sizeof machines / sizeof *machines; n++)
        lives_on(&machines[n], n);
    return check_done();
}
