/* The perfect hash: every key has a slot of its own, and finds it. */
#include "perfect.h"

#include "check.h"

enum { MOST = 1 << 16, LENGTH = 200 };

static struct arena arena;
static char text[MOST][LENGTH];
static const char *names[MOST];

static void check_slots(const struct perfect *perfect, const uint32_t *hashes, size_t count)
{
    size_t taken = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bucket = kpdb_bucket(hashes[i], perfect->by);

        CHECK(bucket < perfect->bucket_count);
        CHECK(perfect->slots[kpdb_slot(hashes[i], (uint32_t)perfect->displacements[bucket],
                                       perfect->by)] == i);
    }
    for (size_t i = 0; i < perfect->slot_count; i++)
        taken += perfect->slots[i] != PERFECT_NONE;
    CHECK_INT(taken, count);
}

static struct perfect check_names(size_t count)
{
    static uint32_t hashes[MOST];
    struct perfect perfect = {0};

    CHECK(perfect_names(&arena, names, count, &perfect));
    for (size_t i = 0; i < count; i++)
        hashes[i] = kpdb_hash(names[i], strlen(names[i]), perfect.by);
    check_slots(&perfect, hashes, count);
    CHECK(perfect.slot_count < 2 * count + 4);
    return perfect;
}

static void test_few(void)
{
    static const char *const few[] = {"", "A", "B", "ABCDEFGH", "ABCDEFGHI"};

    for (size_t count = 0; count <= 5; count++) {
        for (size_t i = 0; i < count; i++)
            names[i] = few[i];
        check_names(count);
    }
}

/* Numbered names, which differ in digits alone: of as many as there can be, too. */
static void test_alike(void)
{
    static const size_t counts[] = {100, 4096, 30000, MOST};

    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (size_t i = 0; i < counts[c]; i++) {
            snprintf(text[i], LENGTH, "CPU%02u_EVENT_%04u", (unsigned)(i % 20), (unsigned)(i / 20));
            names[i] = text[i];
        }
        CHECK(check_names(counts[c]).by.spread <= 1);
    }
}

/* What the quick hash sums up to the same: words that exchange their bytes. */
static void test_thorough(void)
{
    static const char *const same[] = {"AAAABBBB", "BBBBAAAA", "ABABBABA", "BABAABAB"};

    for (size_t i = 0; i < 4; i++)
        names[i] = same[i];
    CHECK(check_names(4).by.thorough);
}

/* Long names that differ in one byte: as many words are taken as that needs. */
static void test_long(void)
{
    size_t count = 0;

    for (size_t at = 0; at < LENGTH - 1; at++, count++) {
        memset(text[count], 'X', LENGTH - 1);
        text[count][at] = 'Y';
        names[count] = text[count];
    }
    CHECK(check_names(count).by.spread >= 4);
}

static void test_one_name_twice(void)
{
    struct perfect perfect;

    names[0] = names[1] = "INST_ALL";
    CHECK(!perfect_names(&arena, names, 2, &perfect));
}

/* Names chosen so that the quick hash sends them all to one bucket: another hash does not. */
static void test_one_bucket(void)
{
    enum { COUNT = 1000, BITS = 12 };
    static char texts[COUNT][9];
    const struct kpdb_hashing quick = {.shift = 32 - BITS};
    struct perfect perfect;
    uint64_t next = 0;

    for (size_t i = 0; i < COUNT; next++) {
        for (unsigned c = 0; c < 8; c++)
            texts[i][c] = (char)('A' + (next >> 3 * c) % 8 + c);
        if (kpdb_bucket(kpdb_hash(texts[i], 8, quick), quick) == 0) {
            names[i] = texts[i];
            i++;
        }
    }
    CHECK(perfect_names(&arena, names, COUNT, &perfect));
    CHECK(perfect.slot_count <= 8 * 1024);
}

/* Every slot taken, and hashes that are as much alike as those of pairs of a list and an id. */
static void test_hashes(void)
{
    static uint32_t hashes[MOST];

    for (size_t i = 0; i < MOST; i++)
        hashes[i] = kpdb_mix_value((uint32_t)(i / 300) << 16, (uint32_t)(i % 300 * 7));
    for (size_t count = MOST / 4; count <= MOST; count *= 2) {
        struct perfect perfect;

        CHECK(perfect_hashes(&arena, (struct kpdb_hashing){.spread = 0}, hashes, count, &perfect));
        check_slots(&perfect, hashes, count);
    }
}

int main(void)
{
    test_few();
    test_alike();
    test_thorough();
    test_long();
    test_one_name_twice();
    test_one_bucket();
    test_hashes();
    arena_free(&arena);
    return check_done();
}
