/* Somebody's program, in C or C++: an event of M1 and its word; the ids are the library's. */
#include <kpdb.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    const struct kpdb_options options = {KPDB_ANY_RELEASE, KPDB_OPTIMAL, false, false};
    const struct kpdb_request request = {"branch-misses", strlen("branch-misses"), true};
    int cpu = kpdb_cpu_find("m1", 2);
    struct kpdb_encoding encoding;
    struct kpdb_event event;

    if (cpu != KPDB_CPU_A14 || kpdb_fingerprint() != KPDB_FINGERPRINT)
        return 1;
    if (kpdb_on((unsigned)cpu, KPDB_EVENT_BRANCH_MISPRED_NONSPEC, &event) != KPDB_OK)
        return 1;
    if (kpdb_name_on((unsigned)cpu, KPDB_ANY_RELEASE, KPDB_NAME_BRANCH_MISSES, &event) != KPDB_OK ||
        event.id != KPDB_EVENT_BRANCH_MISPRED_NONSPEC)
        return 1;
    if (kpdb_encode((unsigned)cpu, &options, &request, 1, &encoding) != KPDB_OK)
        return 1;
    printf("%s 0x%x, counter %d, word 0x%llx\n", kpdb_event_name(event.id), (unsigned)event.number,
           encoding.events[0].counter, (unsigned long long)encoding.config[3]);
    return 0;
}
