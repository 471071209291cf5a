/* The judge of binary lists: bytes -> a tree and a verdict, by the format alone. */
#include "plist_judge.h"

#include "fuzz.h"
#include "scan.h"

#include <math.h>
#include <string.h>

enum { TRAILER = 32 };

struct reading {
    struct judge judge;
    const uint8_t *data;
    size_t table; /* where objects end and their offsets begin */
    size_t offset_size, ref_size;
    uint64_t objects, read, bytes;
};

static bool refuse(struct reading *reading, const char *why)
{
    judge_at_most(&reading->judge, JUDGE_REFUSE, why);
    return false;
}

static void may_refuse(struct reading *reading, const char *why)
{
    judge_at_most(&reading->judge, JUDGE_MAY, why);
}

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    while (size-- != 0)
        value = value << 8 | *at++;
    return value;
}

/* An object: its marker's halves, and what is behind the marker and the count. */
struct object {
    unsigned type, low;
    const uint8_t *at;
    size_t left; /* to the table */
};

static bool find_object(struct reading *reading, uint64_t index, struct object *object)
{
    uint64_t offset;

    if (index >= reading->objects)
        return refuse(reading, "no such object");
    offset =
        number(reading->data + reading->table + index * reading->offset_size, reading->offset_size);
    if (offset < strlen("bplist00") || offset >= reading->table)
        return refuse(reading, "an object in the head or the table");
    object->type = reading->data[offset] >> 4;
    object->low = reading->data[offset] & 15;
    object->at = reading->data + offset + 1;
    object->left = reading->table - offset - 1;
    return true;
}

/* How many bytes or items of so many bytes; all of them must be there. */
static bool read_count(struct reading *reading, struct object *object, size_t size, size_t *count)
{
    uint64_t value = object->low;

    if (object->low == 15) {
        size_t bytes;

        if (object->left == 0 || (*object->at & 0xf0) != 0x10 || (*object->at & 15) > 3)
            return refuse(reading, "a count that is no integer");
        bytes = (size_t)1 << (*object->at & 15);
        if (bytes > object->left - 1)
            return refuse(reading, "a count beyond the table");
        value = number(object->at + 1, bytes);
        object->at += 1 + bytes;
        object->left -= 1 + bytes;
    }
    if (value > object->left / size)
        return refuse(reading, "contents beyond the table");
    *count = (size_t)value;
    return true;
}

static void read_integer(struct reading *reading, struct judge_node *node,
                         const struct object *object, size_t size)
{
    uint64_t low = number(object->at + (size > 8 ? size - 8 : 0), size > 8 ? 8 : size);
    uint64_t high = size > 8 ? number(object->at, size - 8) : 0;

    if (size > 8)
        may_refuse(reading, "an integer of 128 bits");
    if (size > 8 && high != (low >> 63 == 0 ? 0 : UINT64_MAX))
        refuse(reading, "an integer beyond 64 bits");
    memcpy(&node->integer, &low, sizeof low);
}

static void read_real(struct reading *reading, struct judge_node *node, const struct object *object,
                      size_t size)
{
    uint64_t bits = number(object->at, size);
    uint32_t half = (uint32_t)bits;
    float single;

    memcpy(&single, &half, sizeof single);
    memcpy(&node->real, &bits, sizeof bits);
    if (size == sizeof single)
        node->real = (double)single;
    if (!isfinite(node->real))
        may_refuse(reading, "a real or date that is no number");
}

/* What has its size in its marker. */
static bool read_number(struct reading *reading, struct judge_node *parent,
                        const struct object *object)
{
    size_t size = (size_t)1 << object->low;
    bool known = object->type == 1 ? size <= 16 : size == 8 || (object->type == 2 && size == 4);
    struct judge_node *node;

    if (!known || size > object->left)
        return refuse(reading, "a number of unknown size, or beyond the table");
    node = judge_add(&reading->judge, parent,
                     object->type == 1   ? JUDGE_INTEGER
                     : object->type == 2 ? JUDGE_REAL
                                         : JUDGE_DATE);
    if (object->type == 1)
        read_integer(reading, node, object, size);
    else
        read_real(reading, node, object, size);
    return true;
}

static void add_character(struct judge_node *node, uint32_t code)
{
    char text[4];
    size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = length; --i != 0; code >>= 6)
        text[i] = (char)(0x80 | (code & 0x3f));
    text[0] = (char)(length == 1 ? code : code | (0xf00u >> length & 0xff));
    judge_add_text(node, text, length);
}

/* Of UTF-16, or ASCII as if it were. */
static bool read_characters(struct reading *reading, struct judge_node *node,
                            const struct object *object, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t code = (uint32_t)number(object->at + i * size, size);

        if (size == 1 && code > 0x7f)
            return refuse(reading, "a byte that is not ASCII");
        if (code >= 0xd800 && code < 0xe000) {
            uint32_t low = i + 1 < count ? (uint32_t)number(object->at + ++i * size, size) : 0;

            if (code >= 0xdc00 || low < 0xdc00 || low >= 0xe000)
                return refuse(reading, "half a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        if ((code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0xfffe ||
            code == 0xffff)
            may_refuse(reading, "a character that XML cannot say");
        add_character(node, code);
    }
    return true;
}

static bool read_bytes(struct reading *reading, struct judge_node *parent, enum judge_kind kind,
                       struct object *object)
{
    size_t size = object->type == 6 ? 2 : 1, count;
    struct judge_node *node;

    if (!read_count(reading, object, size, &count))
        return false;
    reading->bytes += count * size;
    if (reading->bytes > PLIST_SIZE_MAX / 2)
        may_refuse(reading, "much text, each use of it counted");
    if (reading->bytes > 2 * PLIST_SIZE_MAX)
        return refuse(reading, "too much text, each use of it counted");
    node = judge_add(&reading->judge, parent, object->type == 4 ? JUDGE_DATA : kind);
    return object->type == 4 || read_characters(reading, node, object, count, size);
}

static bool read_object(struct reading *reading, struct judge_node *parent, uint64_t index,
                        bool key, unsigned depth);

static bool read_container(struct reading *reading, struct judge_node *parent,
                           struct object *object, unsigned depth)
{
    bool dict = object->type == 13;
    struct judge_node *node = judge_add(&reading->judge, parent, dict ? JUDGE_DICT : JUDGE_ARRAY);
    size_t count, size = reading->ref_size;

    if (depth > PLIST_DEPTH_MAX)
        return refuse(reading, "nested too deep, or an object inside itself");
    if (!read_count(reading, object, dict ? 2 * size : size, &count))
        return false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *ref = object->at + i * size;

        if (dict && !read_object(reading, node, number(ref, size), true, depth))
            return false;
        if (!read_object(reading, node, number(dict ? ref + count * size : ref, size), false,
                         depth))
            return false;
    }
    if (dict)
        judge_dict(&reading->judge, node);
    return reading->judge.verdict != JUDGE_REFUSE;
}

/* depth: of the containers around it. */
static bool read_object(struct reading *reading, struct judge_node *parent, uint64_t index,
                        bool key, unsigned depth)
{
    struct object object;

    if (++reading->read > PLIST_OBJECTS_MAX)
        return refuse(reading, "too many objects, each use of them counted");
    if (!find_object(reading, index, &object))
        return false;
    if (key && object.type != 5 && object.type != 6)
        return refuse(reading, "a key that is no string");
    switch (object.type) {
    case 0:
        judge_add(&reading->judge, parent, object.low == 9 ? JUDGE_TRUE : JUDGE_FALSE);
        return object.low == 8 || object.low == 9 || refuse(reading, "null, or a fill byte");
    case 1:
    case 2:
    case 3:
        return read_number(reading, parent, &object);
    case 4:
    case 5:
    case 6:
        return read_bytes(reading, parent, key ? JUDGE_KEY : JUDGE_STRING, &object);
    case 8:
        may_refuse(reading, "a uid, which XML cannot say");
        judge_add(&reading->judge, parent, JUDGE_DATA);
        return object.low < object.left || refuse(reading, "a uid beyond the table");
    case 10:
    case 13:
        return read_container(reading, parent, &object, depth + 1);
    default:
        return refuse(reading, "an object of unknown type");
    }
}

struct judge judge_binary(const uint8_t *data, size_t length)
{
    struct reading reading = {.judge.verdict = JUDGE_ACCEPT, .data = data};
    const uint8_t *trailer = data + length - TRAILER;
    uint64_t table, room;

    judge_add(&reading.judge, NULL, JUDGE_PLIST);
    if (length < strlen("bplist00") + TRAILER) {
        refuse(&reading, "no trailer");
        return reading.judge;
    }
    reading.offset_size = trailer[6];
    reading.ref_size = trailer[7];
    reading.objects = number(trailer + 8, 8);
    table = number(trailer + 24, 8);
    room = length - TRAILER - (table > length - TRAILER ? length - TRAILER : table);
    if (reading.offset_size < 1 || reading.offset_size > 8 || reading.ref_size < 1 ||
        reading.ref_size > 8 || reading.objects == 0 ||
        reading.objects > room / reading.offset_size) {
        refuse(&reading, "a trailer that says what is not there");
        return reading.judge;
    }
    if (reading.objects * reading.offset_size != room)
        may_refuse(&reading, "something between the table and the trailer");
    reading.table = (size_t)table;
    read_object(&reading, reading.judge.root, number(trailer + 16, 8), false, 0);
    return reading.judge;
}
