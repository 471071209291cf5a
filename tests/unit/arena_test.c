/*
 * common/arena.h and common/buffer.h: lists that grow keep their items and are copied only when
 * they are full, memory that was given back comes back zeroed, and words become "a, b or c".
 */
#include "check.h"
#include "common/arena.h"
#include "common/buffer.h"

#include <string.h>

static void test_grow(void)
{
    enum { ITEMS = 1000 };
    struct arena arena = {0};
    size_t *list = NULL, copies = 0, wrong = 0;

    for (size_t i = 0; i < ITEMS; i++) {
        size_t *grown = arena_grow(&arena, list, i, sizeof *list);

        copies += grown != list;
        list = grown;
        list[i] = i + 1;
        memset(arena_alloc(&arena, 1, 8), 0xff, 8); /* a neighbour that an overflow would meet */
    }
    for (size_t i = 0; i < ITEMS; i++)
        wrong += list[i] != i + 1;
    CHECK_INT(wrong, 0);
    CHECK_INT(copies, 9); /* 4, 8 ... 1024 */
    arena_free(&arena);
}

/* Whether all bytes are 0; makes them 0xff. */
static bool was_zeroed(unsigned char *bytes, size_t count)
{
    bool zeroed = true;

    for (size_t i = 0; i < count; i++) {
        zeroed = zeroed && bytes[i] == 0;
        bytes[i] = 0xff;
    }
    return zeroed;
}

static void test_memory(void)
{
    enum { BYTES = 300 * 1024 }; /* more than a block */
    struct arena arena = {0}, other = {0};
    unsigned char *first = arena_alloc(&arena, BYTES, 1), *again, *passed;

    CHECK(was_zeroed(first, BYTES));
    arena_reset(&arena);
    again = arena_alloc(&arena, BYTES, 1);
    CHECK(again == first);
    CHECK(was_zeroed(again, BYTES));
    arena_pass_on(&other, &arena);
    CHECK(arena.head == NULL && arena.spare == NULL);
    passed = arena_alloc(&other, BYTES, 1);
    CHECK(passed == first);
    CHECK(was_zeroed(passed, BYTES));
    arena_free(&arena);
    arena_free(&other);
}

static void test_alternatives(void)
{
    static const char *const words[] = {"a", "b", "c"};
    static const char *const wanted[] = {"a", "a or b", "a, b or c"};

    for (size_t count = 1; count <= 3; count++) {
        struct buffer text = {0};

        for (size_t i = 0; i < count; i++)
            buffer_add_alternative(&text, words[i], i + 1 == count);
        CHECK_STR(text.data, wanted[count - 1]);
        buffer_free(&text);
    }
}

int main(void)
{
    test_grow();
    test_memory();
    test_alternatives();
    return check_done();
}
