/*
 * libkpdb where there is nothing else: no libc, no start-up code, no compiler support. A digest of
 * lookups, words and plans of one chip; with DIGEST, what it has to be, the exit status says so.
 */
#include "kpdb.h"

#ifndef DIGEST
#include <stdio.h>
#endif

static uint32_t digest = 0x811c9dc5u;

static void add(uint32_t value)
{
    digest = (digest ^ value) * 0x01000193u;
}

static size_t length_of(const char *name)
{
    size_t length = 0;

    while (name[length] != '\0')
        length++;
    return length;
}

static void look_up(struct kpdb_request *requests, unsigned *count)
{
    struct kpdb_event event, found;

    for (int id = -1; kpdb_next(0, id, &event) == KPDB_OK; id = event.id) {
        const char *name = kpdb_event_name(event.id);

        requests[*count] = (struct kpdb_request){name, length_of(name), (event.id & 1) != 0};
        add((uint32_t)kpdb_find(0, KPDB_ANY_RELEASE, name, length_of(name), &found));
        add(found.number);
        add(found.counters);
        add(found.umask);
        *count += event.fixed < 0;
    }
}

static void encode(const struct kpdb_request *requests, const struct kpdb_options *options)
{
    struct kpdb_encoding words;
    int result = kpdb_encode(0, options, requests, 4, &words);

    add((uint32_t)result);
    for (unsigned i = 0; result == KPDB_OK && i < words.config_count; i++) {
        add((uint32_t)words.config[i]);
        add((uint32_t)(words.config[i] >> 32));
    }
}

static void compute(void)
{
    static struct kpdb_request requests[KPDB_PLAN_MAX];
    static uint16_t passes[KPDB_PLAN_MAX];
    const struct kpdb_options optimal = {KPDB_ANY_RELEASE, KPDB_OPTIMAL, false, false};
    const struct kpdb_options greedy = {KPDB_ANY_RELEASE, KPDB_KPERFDATA, false, false};
    struct kpdb_bottleneck bottleneck;
    unsigned count = 0, failed = 0;

    look_up(requests, &count);
    for (unsigned i = 0; i + 4 <= count; i++) {
        encode(&requests[i], &optimal);
        encode(&requests[i], &greedy);
    }
    add((uint32_t)kpdb_plan(0, &optimal, requests, count, passes, &bottleneck, &failed));
    for (unsigned i = 0; i < count; i++)
        add(passes[i]);
}

#ifdef DIGEST
/* Linux's exit, which qemu-user understands on a bare Cortex-M too. */
_Noreturn void entry(void);

void entry(void)
{
    compute();
    register int status __asm__("r0") = digest != DIGEST;
    register int call __asm__("r7") = 1;
    __asm__ volatile("svc 0" : : "r"(status), "r"(call));
    for (;;)
        ;
}
#else
int main(void)
{
    compute();
    return printf("0x%08lx\n", (unsigned long)digest) < 0;
}
#endif
