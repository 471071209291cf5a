/*
 * Asks a build's tables what the lines of its input say: an id of a CPU, a name, and the number of
 * the event that it is there, or what kpdb_find() returns when it is none. Prints each line that
 * they answer otherwise, with the answer, and then how many were read.
 */
#include "kpdb.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    char id[64], name[256];
    unsigned long lines = 0;
    int expected;

    for (; scanf("%63s %255s %d", id, name, &expected) == 3; lines++) {
        int cpu = kpdb_cpu_find(id, strlen(id));
        struct kpdb_event event = {0};
        int found =
            cpu < 0 ? cpu : kpdb_find((unsigned)cpu, KPDB_ANY_RELEASE, name, strlen(name), &event);
        int answer = found == KPDB_OK ? event.number : found;

        if (answer != expected ||
            (found == KPDB_OK && strcmp(kpdb_event_name(event.id), name) != 0))
            printf("%s %s %d: %d\n", id, name, expected, answer);
    }
    printf("%lu\n", lines);
    return fflush(stdout) != 0;
}
