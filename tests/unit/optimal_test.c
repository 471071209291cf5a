/*
 * kpdb_encode() with KPDB_OPTIMAL against all assignments there are: it succeeds exactly when one
 * exists, what it gives is one, the order asked does not matter, and when it fails the events it
 * names really are too many for the counters it names.
 *
 * optimal_test [CASES [SEED]]. Linked with libkpdb as built, whose masks nest, and with the tables
 * of random_databases.py, whose masks mostly do not.
 */
#include "kpdb.h"

#include "check.h"
#include "random.h"

enum {
    MOST_CASES = 100000,
    SMALL = 8, /* events whose assignments are all tried */
    MOST_EVENTS = KPDB_EVENTS_MAX,
    MOST_CHOICES = 400,
    SHUFFLES = 3,
    MOST_REPORTS = 20,
};

static unsigned bits(uint32_t mask)
{
    unsigned count = 0;

    for (; mask != 0; mask &= mask - 1)
        count++;
    return count;
}

/* How many counters of a mask are numbered below n. */
static unsigned rank(uint32_t mask, unsigned n)
{
    return bits(mask & (((uint32_t)1 << n) - 1));
}

/* ---- a case ---------------------------------------------------------------------------------- */

/* An event asked for: what is programmed for it, and the counters that can count it here. */
struct wish {
    struct kpdb_event event, counted;
    uint32_t mask;
    int error; /* that it alone makes impossible */
    bool user_only;
};

struct sample {
    unsigned cpu;
    unsigned macos;
    struct kpdb_cpu facts;
    struct kpdb_options options;
    uint32_t counters; /* the configurable ones there are */
    struct wish wishes[MOST_EVENTS];
    unsigned count;
};

/* A fixed event of arm64 goes on the counter of its number; Intel's is counted by its fallback. */
static void fill_wish(const struct sample *sample, struct wish *wish)
{
    const struct kpdb_event *event = &wish->event;

    wish->counted = *event;
    wish->error = KPDB_OK;
    if (event->fixed >= 0 && sample->facts.arch == KPDB_ARM64) {
        wish->mask = (uint32_t)1 << event->fixed;
        return;
    }
    if (event->fixed >= 0 && kpdb_on(sample->cpu, event->fallback, &wish->counted) != KPDB_OK) {
        wish->error = KPDB_UNAVAILABLE;
        wish->mask = 0;
        return;
    }
    wish->mask = wish->counted.counters & sample->counters;
    if (wish->mask == 0)
        wish->error = (wish->counted.counters & sample->facts.config_counters) == 0
                          ? KPDB_NO_COUNTER
                          : KPDB_NOT_FORCED;
}

static bool is_fixed(const struct sample *sample, const struct wish *wish)
{
    return wish->event.fixed >= 0 && sample->facts.arch == KPDB_ARM64;
}

static bool is_in(const struct sample *sample, uint16_t id)
{
    for (unsigned i = 0; i < sample->count; i++)
        if (sample->wishes[i].event.id == id)
            return true;
    return false;
}

/* A random CPU, in a random release of its. */
static void draw_scene(struct sample *sample)
{
    memset(sample, 0, sizeof *sample);
    sample->cpu = pick(kpdb_cpu_count());
    CHECK(kpdb_cpu(sample->cpu, &sample->facts) == KPDB_OK);
    do
        sample->options.release = (int)pick(kpdb_release_count());
    while ((sample->facts.releases >> sample->options.release & 1) == 0);
    CHECK(sscanf(kpdb_release_name((unsigned)sample->options.release), "macos-%u",
                 &sample->macos) == 1);
    sample->options.strategy = KPDB_OPTIMAL;
    sample->options.unforced = pick(3) == 0;
    sample->counters = sample->facts.config_counters;
    if (sample->options.unforced)
        sample->counters &= ~sample->facts.power_counters;
}

static unsigned list_events(const struct sample *sample, struct kpdb_event *events)
{
    struct kpdb_event event = {0};
    unsigned count = 0;

    for (int id = -1; kpdb_next(sample->cpu, id, &event) == KPDB_OK; id = event.id)
        if (event.releases >> sample->options.release & 1)
            events[count++] = event;
    CHECK(count <= MOST_CHOICES);
    return count;
}

/* Any of the CPU's events, or (one time in ten) the next fixed one. */
static const struct kpdb_event *draw_event(const struct kpdb_event *events, unsigned count)
{
    unsigned at = pick(count);

    if (pick(10) == 0)
        for (unsigned i = 0; i < count && events[at].fixed < 0; i++)
            at = (at + 1) % count;
    return &events[at];
}

/* Distinct events; those with few counters more often, those that none can count less. */
static void draw_sample(struct sample *sample)
{
    static struct kpdb_event events[MOST_CHOICES];
    unsigned wanted = 1 + pick(SMALL), narrow = 1 + pick(8), choices;
    struct wish wish;

    draw_scene(sample);
    choices = list_events(sample, events);
    if (pick(16) == 0) {
        wanted = SMALL + pick(bits(sample->counters) + 1);
        narrow = KPDB_COUNTERS_MAX;
    }
    for (unsigned tries = 0; sample->count < wanted && sample->count < MOST_EVENTS && tries < 200;
         tries++) {
        wish.event = *draw_event(events, choices);
        wish.user_only = pick(2) == 0;
        fill_wish(sample, &wish);
        if (is_in(sample, wish.event.id) || (wish.error != KPDB_OK && pick(20) != 0) ||
            (bits(wish.mask) > narrow && pick(4) != 0))
            continue;
        sample->wishes[sample->count++] = wish;
    }
}

static void make_requests(const struct sample *sample, struct kpdb_request *requests)
{
    for (unsigned i = 0; i < sample->count; i++) {
        const struct wish *wish = &sample->wishes[i];
        const char *name = kpdb_event_name(wish->event.id);

        requests[i] = (struct kpdb_request){name, strlen(name), wish->user_only};
    }
}

static void print_sample(const struct sample *sample)
{
    fprintf(stderr, "  on %s in %s, %s:", sample->facts.db,
            kpdb_release_name((unsigned)sample->options.release),
            sample->options.unforced ? "unforced" : "forced");
    for (unsigned i = 0; i < sample->count; i++)
        fprintf(stderr, " %s%s[%x]", kpdb_event_name(sample->wishes[i].event.id),
                sample->wishes[i].user_only ? ":u" : "", (unsigned)sample->wishes[i].mask);
    fputc('\n', stderr);
}

/*
 * Whether any assignment exists: counter after counter, which sets of events the counters so far
 * can count, one event each at most. Nothing is left out, so this is all assignments.
 */
static bool has_assignment(const struct sample *sample)
{
    bool reached[1 << SMALL] = {true};
    unsigned all = (1u << sample->count) - 1;

    for (unsigned n = 0; n < KPDB_COUNTERS_MAX; n++)
        for (unsigned set = all; set + 1 > 0; set--) {
            if (!reached[set])
                continue;
            for (unsigned i = 0; i < sample->count; i++)
                if (sample->wishes[i].mask >> n & 1)
                    reached[set | 1u << i] = true;
        }
    return reached[all];
}

/* ---- what kpdb_encode() gives ---------------------------------------------------------------- */

static uint64_t word(const struct sample *sample, const struct wish *wish)
{
    uint64_t selector = wish->counted.number;

    if (sample->facts.arch == KPDB_ARM64)
        return !wish->user_only ? selector : selector | (sample->macos < 26 ? 0x30000u : 0x20000u);
    return selector | (uint64_t)wish->counted.umask << 8 | 0x400000u |
           (wish->user_only ? 0x10000u : 0x30000u);
}

/* The header: words and slots are those of the counters that the kernel then has. */
static void check_placement(const struct sample *sample, const struct kpdb_encoding *got)
{
    uint64_t words[KPDB_COUNTERS_MAX] = {0};
    uint32_t taken = 0, classes = 0;
    unsigned first = 0, fixed = bits(sample->facts.fixed_counters);

    for (unsigned i = 0; i < sample->count; i++)
        classes |=
            is_fixed(sample, &sample->wishes[i]) ? KPDB_CLASS_FIXED : KPDB_CLASS_CONFIGURABLE;
    first = (classes & KPDB_CLASS_FIXED) != 0 ? fixed : 0;
    for (unsigned i = 0; i < sample->count; i++) {
        const struct wish *wish = &sample->wishes[i];
        unsigned n = got->events[i].counter;

        CHECK(n < KPDB_COUNTERS_MAX && (wish->mask >> n & 1) != 0 && (taken >> n & 1) == 0);
        taken |= (uint32_t)1 << n;
        CHECK_INT(got->events[i].asked, wish->event.id);
        CHECK_INT(got->events[i].counted, wish->counted.id);
        if (is_fixed(sample, wish)) {
            CHECK_INT(got->events[i].slot, rank(sample->facts.fixed_counters, n));
        } else {
            CHECK_INT(got->events[i].slot, first + rank(sample->counters, n));
            words[rank(sample->counters, n)] = word(sample, wish);
        }
    }
    CHECK_INT(got->event_count, sample->count);
    CHECK_INT(got->classes, classes);
    CHECK_INT(got->config_count,
              (classes & KPDB_CLASS_CONFIGURABLE) != 0 ? bits(sample->counters) : 0);
    CHECK_INT(got->slots, got->config_count + first);
    for (unsigned i = 0; i < got->config_count; i++)
        CHECK_INT(got->config[i], words[i]);
}

/* The order in which events are placed: narrowest first, then by counters, then by id. */
static bool goes_before(const struct wish *a, const struct wish *b)
{
    if (bits(a->mask) != bits(b->mask))
        return bits(a->mask) < bits(b->mask);
    return a->mask != b->mask ? a->mask < b->mask : a->event.id < b->event.id;
}

static unsigned next_placed(const struct sample *sample, uint64_t placed)
{
    unsigned next = MOST_EVENTS;

    for (unsigned i = 0; i < sample->count; i++)
        if ((placed >> i & 1) == 0 &&
            (next == MOST_EVENTS || goes_before(&sample->wishes[i], &sample->wishes[next])))
            next = i;
    return next;
}

/* Also where they do not fit. */
static void check_order(const struct sample *sample, const struct kpdb_encoding *got)
{
    uint64_t before = 0;

    for (unsigned n = 0; n < sample->count; n++) {
        unsigned next = next_placed(sample, before);

        CHECK_INT(got->order[n], next);
        before |= (uint64_t)1 << next;
    }
}

/* Each on the smallest counter that is left for it; false where one has none and others move. */
static bool check_smallest(const struct sample *sample, const struct kpdb_encoding *got)
{
    unsigned counter[MOST_EVENTS];
    uint64_t placed = 0;
    uint32_t taken = 0;

    for (unsigned n = 0; n < sample->count; n++) {
        unsigned i = next_placed(sample, placed);
        uint32_t left = sample->wishes[i].mask & ~taken;

        if (left == 0)
            return false;
        placed |= (uint64_t)1 << i;
        taken |= left & -left;
        counter[i] = bits((left & -left) - 1);
    }
    for (unsigned i = 0; i < sample->count; i++)
        CHECK_INT(got->events[i].counter, counter[i]);
    return true;
}

/* Hall: the events named, all confined to the counters named, are more than those. */
static void check_conflict(const struct sample *sample, const struct kpdb_encoding *got)
{
    unsigned confined = 0;

    CHECK(got->failed < sample->count && (got->conflicts >> got->failed & 1) == 0);
    CHECK((uint64_t)got->conflicts >> sample->count == 0 && got->conflicts != 0);
    for (unsigned i = 0; i < sample->count; i++)
        if (i == got->failed || (got->conflicts >> i & 1) != 0) {
            CHECK((sample->wishes[i].mask & ~got->counters) == 0);
            confined++;
        }
    CHECK(confined > bits(got->counters));
}

static void check_failure(const struct sample *sample, int error, const struct kpdb_encoding *got)
{
    if (error == KPDB_CONFLICT || error == KPDB_TOO_MANY)
        check_conflict(sample, got);
    else if (CHECK(got->failed < sample->count))
        CHECK_INT(error, sample->wishes[got->failed].error);
}

static void shuffle(struct sample *sample, unsigned came_from[MOST_EVENTS])
{
    for (unsigned i = 0; i < sample->count; i++)
        came_from[i] = i;
    for (unsigned i = sample->count; i > 1; i--) {
        unsigned k = pick(i), from = came_from[i - 1];
        struct wish wish = sample->wishes[i - 1];

        sample->wishes[i - 1] = sample->wishes[k];
        sample->wishes[k] = wish;
        came_from[i - 1] = came_from[k];
        came_from[k] = from;
    }
}

static void check_same(const struct kpdb_encoding *first, const struct kpdb_encoding *got,
                       const unsigned came_from[MOST_EVENTS])
{
    CHECK_INT(got->classes, first->classes);
    CHECK_INT(got->slots, first->slots);
    CHECK_INT(got->config_count, first->config_count);
    CHECK(memcmp(got->config, first->config, first->config_count * sizeof first->config[0]) == 0);
    for (unsigned i = 0; i < first->event_count; i++) {
        const struct kpdb_placement *before = &first->events[came_from[i]], *now = &got->events[i];

        CHECK(now->asked == before->asked && now->counted == before->counted &&
              now->counter == before->counter && now->slot == before->slot &&
              now->warnings == before->warnings);
    }
}

static void check_orders(struct sample sample, int error, const struct kpdb_encoding *first)
{
    struct kpdb_request requests[MOST_EVENTS];
    unsigned came_from[MOST_EVENTS];
    struct kpdb_encoding got;
    struct sample shuffled;

    for (unsigned n = 0; n < SHUFFLES; n++) {
        int again;

        shuffled = sample;
        shuffle(&shuffled, came_from);
        make_requests(&shuffled, requests);
        again = kpdb_encode(sample.cpu, &sample.options, requests, sample.count, &got);
        if (!CHECK((again == KPDB_OK) == (error == KPDB_OK)))
            continue;
        if (error == KPDB_OK)
            check_same(first, &got, came_from);
        else
            check_failure(&shuffled, again, &got);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static unsigned long placed, placed_smallest, placed_large, placed_unforced, refused,
    refused_unforced, greedy_refused;
static unsigned long by_code[32];

static void count_outcome(const struct sample *sample, int error)
{
    struct kpdb_options greedy = sample->options;
    struct kpdb_request requests[MOST_EVENTS];
    struct kpdb_encoding got;

    placed += error == KPDB_OK;
    placed_large += error == KPDB_OK && sample->count > SMALL;
    placed_unforced += error == KPDB_OK && sample->options.unforced;
    refused += error == KPDB_CONFLICT || error == KPDB_TOO_MANY;
    refused_unforced +=
        (error == KPDB_CONFLICT || error == KPDB_TOO_MANY) && sample->options.unforced;
    by_code[-error]++;
    if (error != KPDB_OK || sample->options.unforced)
        return;
    greedy.strategy = KPDB_KPERFDATA;
    make_requests(sample, requests);
    greedy_refused += kpdb_encode(sample->cpu, &greedy, requests, sample->count, &got) != KPDB_OK;
}

static void test_sample(const struct sample *sample)
{
    static unsigned reports;
    struct kpdb_request requests[MOST_EVENTS];
    unsigned long failures = check_failures;
    struct kpdb_encoding got;
    int error;

    memset(&got, 0xa5, sizeof got);
    make_requests(sample, requests);
    error = kpdb_encode(sample->cpu, &sample->options, requests, sample->count, &got);
    /* Of more events what is checked below is the proof, either way. */
    if (sample->count > SMALL || CHECK_INT(error == KPDB_OK, has_assignment(sample))) {
        if (error == KPDB_OK) {
            check_placement(sample, &got);
            placed_smallest += check_smallest(sample, &got);
        } else {
            check_failure(sample, error, &got);
        }
        check_order(sample, &got);
        check_orders(*sample, error, &got);
    }
    count_outcome(sample, error);
    if (check_failures != failures) {
        print_sample(sample);
        if (++reports == MOST_REPORTS)
            exit(check_done());
    }
}

static void print_outcomes(unsigned cases)
{
    bool apple = kpdb_cpu_find("a14", 3) >= 0;

    printf("%lu placed (%lu unforced), %lu too many for their counters (%lu unforced)\n", placed,
           placed_unforced, refused, refused_unforced);
    printf("%lu placed without a move\n", placed_smallest);
    printf("%lu placed of more than %d events\n", placed_large, SMALL);
    printf("%lu placed that kperfdata refuses in the order asked\n", greedy_refused);
    for (int error = KPDB_TOO_MANY; error >= KPDB_NO_COUNTER; error--)
        printf("%8lu  %s\n", by_code[-error], kpdb_strerror(error));
    if (cases < MOST_CASES)
        return;
    CHECK(placed > 10000 && refused > 10000 && placed_unforced > 1000 && refused_unforced > 1000);
    CHECK(placed_smallest > 10000 && (apple || placed_smallest < placed));
    CHECK(placed_large > 100 && greedy_refused > 1000 && by_code[-KPDB_UNAVAILABLE] > 300);
    CHECK(by_code[-KPDB_NOT_FORCED] > 1000 && (apple || by_code[-KPDB_NO_COUNTER] > 300));
}

int main(int argc, char **argv)
{
    unsigned cases = random_cases(argc, argv, MOST_CASES, 20260918);
    struct sample sample;

    for (unsigned i = 0; i < cases; i++) {
        draw_sample(&sample);
        if (sample.count != 0)
            test_sample(&sample);
    }
    print_outcomes(cases);
    return check_done();
}
