/* Random numbers -> a valid binary list, in any of the layouts that the format has. */
#include "fuzz.h"
#include "plist_judge.h"
#include "plist_mutator.h"

#include <string.h>

enum { HEAD = 8, TRAILER = 32, OBJECTS_MAX = 20, KEYS = 6, ROOM = 4096 };

/* ---- a valid one ----------------------------------------------------------------------------- */

struct output {
    uint8_t data[ROOM];
    size_t length;
    size_t ref_size;
    uint32_t objects; /* and behind them the keys */
    bool container[OBJECTS_MAX];
};

static void put(struct output *output, uint64_t value, size_t size)
{
    MUST(size <= ROOM - output->length);
    for (size_t i = 0; i < size; i++)
        output->data[output->length++] = (uint8_t)(size - i > 8 ? 0 : value >> 8 * (size - i - 1));
}

/* A marker with a count, which may be an integer behind it. */
static void put_head(struct output *output, unsigned type, uint32_t count)
{
    uint32_t exponent = below(4);

    if (count < 15 && below(8) != 0) {
        put(output, type << 4 | count, 1);
        return;
    }
    put(output, type << 4 | 15, 1);
    put(output, 0x10 | exponent, 1);
    put(output, count, (size_t)1 << exponent);
}

static void put_number(struct output *output)
{
    static const uint64_t numbers[] = {
        0,
        1,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0x7fffffff,
        0x80000000,
        0x7fffffffffffffff,
        0x8000000000000000,
        0xffffffffffffffff,
        0x3ff8000000000000,
        0xbfb999999999999a,
        0x3fc00000,
    };
    uint64_t number = numbers[below(sizeof numbers / sizeof *numbers)];
    uint32_t exponent = below(4);

    switch (below(4)) {
    case 0:
    case 1:
        put(output, 0x10 | exponent, 1);
        put(output, number, (size_t)1 << exponent);
        break;
    case 2:
        put(output, 0x22, 1);
        put(output, number & 0x7f7fffff, 4); /* finite */
        break;
    default:
        put(output, below(2) == 0 ? 0x23 : 0x33, 1);
        put(output, number & 0xbfffffffffffffff, 8);
        break;
    }
}

static void put_string(struct output *output)
{
    static const uint16_t units[] = {'a',   '<',   '&',    '\n',   0x7f,  0x80,
                                     0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd};
    static const char ascii[] = "aZ09_.<>&'\"]\n\t\r -";
    bool wide = below(2) == 0;
    uint32_t count = below(4) == 0 ? below(40) : below(5);

    put_head(output, wide ? 6 : 5, count);
    for (; count != 0; count--) {
        if (!wide) {
            put(output, (uint8_t)ascii[below(sizeof ascii - 1)], 1);
        } else if (count > 1 && below(4) == 0) {
            put(output, 0xd800 + below(0x400), 2);
            put(output, 0xdc00 + below(0x400), 2);
            count--;
        } else {
            put(output, units[below(sizeof units / sizeof *units)], 2);
        }
    }
}

static void put_leaf(struct output *output)
{
    uint32_t count = below(20);

    switch (below(5)) {
    case 0:
        put(output, 8 + below(2), 1);
        break;
    case 1:
    case 2:
        put_number(output);
        break;
    case 3:
        put_string(output);
        break;
    default:
        put_head(output, 4, count);
        for (; count != 0; count--)
            put(output, below(256), 1);
        break;
    }
}

/* A later object; of containers one at the most, so that there are not too many uses of them. */
static uint32_t later(const struct output *output, uint32_t object, bool first)
{
    uint32_t other = object + 1 + below(output->objects + KEYS - object - 1);

    return other < output->objects && output->container[other] && !first ? output->objects : other;
}

static void put_container(struct output *output, uint32_t object)
{
    bool dict = below(2) == 0;
    uint32_t count = below(dict ? KEYS + 1 : 18);

    put_head(output, dict ? 13 : 10, count);
    for (uint32_t i = 0; dict && i < count; i++)
        put(output, output->objects + i, output->ref_size);
    for (uint32_t i = 0; i < count; i++)
        put(output, later(output, object, i == 0), output->ref_size);
}

/* One character and its number, in either encoding. */
static void put_key(struct output *output, uint32_t key)
{
    if (below(2) == 0)
        put(output, 0x520000 | (uint32_t)'k' << 8 | ('0' + key), 3);
    else
        put(output, 0x6200200000 | (uint64_t)('0' + key), 5);
}

size_t generate_binary(uint8_t *data, size_t max_size)
{
    struct output output = {.ref_size = 1 + below(8) % (1 + below(8))};
    uint64_t offsets[OBJECTS_MAX + KEYS], table;
    size_t offset_size = 2 + below(7);
    struct judge judge;

    output.objects = 1 + below(OBJECTS_MAX);
    for (uint32_t i = 0; i < output.objects; i++)
        output.container[i] = i == 0 || below(3) == 0;
    memcpy(output.data, "bplist00", HEAD);
    output.length = HEAD;
    for (uint32_t i = 0; i < output.objects + KEYS; i++) {
        offsets[i] = output.length;
        if (i >= output.objects)
            put_key(&output, i - output.objects);
        else if (output.container[i])
            put_container(&output, i);
        else
            put_leaf(&output);
    }
    table = output.length;
    for (uint32_t i = 0; i < output.objects + KEYS; i++)
        put(&output, offsets[i], offset_size);
    put(&output, offset_size << 8 | output.ref_size, 8);
    put(&output, output.objects + KEYS, 8);
    put(&output, 0, 8);
    put(&output, table, 8);
    judge = judge_binary(output.data, output.length);
    MUST(judge.verdict == JUDGE_ACCEPT);
    judge_free(&judge);
    if (output.length > max_size)
        return 0;
    memcpy(data, output.data, output.length);
    return output.length;
}

/* ---- one changed ----------------------------------------------------------------------------- */

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    while (size-- != 0)
        value = value << 8 | *at++;
    return value;
}

/* What is between the head and the table of offsets, which moves. */
static size_t change_objects(uint8_t *data, size_t size, size_t max_size, uint64_t table)
{
    uint8_t objects[ROOM];
    size_t length = (size_t)table - HEAD, rest = size - (size_t)table, most, changed;

    most = max_size - HEAD - rest < ROOM ? max_size - HEAD - rest : ROOM;
    if (length > most || most == 0)
        return size;
    memcpy(objects, data + HEAD, length);
    changed = LLVMFuzzerMutate(objects, length, most);
    memmove(data + HEAD + changed, data + table, rest);
    memcpy(data + HEAD, objects, changed);
    size = HEAD + changed + rest;
    for (size_t i = 0; i < 8; i++)
        data[size - 1 - i] = (uint8_t)((HEAD + changed) >> 8 * i);
    return size;
}

size_t change_binary(uint8_t *data, size_t size, size_t max_size)
{
    static const uint8_t markers[] = {0x00, 0x08, 0x09, 0x0f, 0x10, 0x13, 0x14, 0x1f, 0x22, 0x23,
                                      0x33, 0x40, 0x4f, 0x50, 0x51, 0x5f, 0x60, 0x61, 0x6f, 0x80,
                                      0x83, 0xa0, 0xa1, 0xaf, 0xc1, 0xd0, 0xd1, 0xdf, 0xff};
    static const uint8_t bytes[] = {0, 1, 2, 3, 8, 9, 15, 16, 0x7f, 0x80, 0xd8, 0xdc, 0xff};
    const uint8_t *trailer = data + size - TRAILER;
    uint64_t count, table, offset_size;
    uint8_t *entry, *other, *object;

    if (size < HEAD + TRAILER + 1 || max_size < size)
        return LLVMFuzzerMutate(data, size, max_size);
    offset_size = trailer[6];
    count = number(trailer + 8, 8);
    table = number(trailer + 24, 8);
    if (offset_size - 1 > 7 || count - 1 > 255 || table <= HEAD || table > size - TRAILER ||
        count * offset_size > size - TRAILER - table || below(12) == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    entry = data + table + below((uint32_t)count) * offset_size;
    other = data + table + below((uint32_t)count) * offset_size;
    object = data + HEAD + (number(entry, (size_t)offset_size) - HEAD) % (table - HEAD);
    switch (below(7)) {
    case 0:
        *object = markers[below(sizeof markers)];
        break;
    case 1:
        data[HEAD + below((uint32_t)table - HEAD)] = bytes[below(sizeof bytes)];
        break;
    case 2:
        data[HEAD + below((uint32_t)table - HEAD)] = (uint8_t)below((uint32_t)count + 1);
        break;
    case 3:
        memmove(entry, other, (size_t)offset_size);
        break;
    case 4:
        entry[offset_size - 1] = (uint8_t)(entry[offset_size - 1] + 1 - 2 * below(2));
        break;
    case 5:
        data[size - 1 - below(TRAILER)] = bytes[below(sizeof bytes)];
        break;
    default:
        return change_objects(data, size, max_size, table);
    }
    return size;
}
