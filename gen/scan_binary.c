/*
 * A binary property list -> values. Objects that XML cannot write (UIDs, sets, null) are refused,
 * and so are cycles and shared objects that unfold to more than the limits.
 */
#include "scan.h"

#include <math.h>
#include <string.h>

enum { HEADER = 8, TRAILER = 32 };

struct binary {
    struct arena *arena;
    const unsigned char *data;
    size_t length; /* of the data, without the trailer */
    size_t offset_size, ref_size, objects, table;
    size_t visited;
    uint64_t comparisons, copied;
    struct buffer content; /* the string that is read, as UTF-8 */
    const char *error;
};

static struct value *read_object(struct binary *binary, uint64_t index, unsigned depth);

/* Keeps the reason, unless there is one already; always NULL. */
static void *refuse(struct binary *binary, const char *why)
{
    if (binary->error == NULL)
        binary->error = why;
    return NULL;
}

static const char beyond_end[] = "an object beyond the end of the file (expected all of it)";

static uint64_t big_endian(const unsigned char *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

/* A count or offset; SIZE_MAX, which is beyond any end, for what no size_t holds. */
static size_t read_size(const unsigned char *at, size_t size)
{
    uint64_t value = big_endian(at, size);

    return value < SIZE_MAX ? (size_t)value : SIZE_MAX;
}

/* Takes an object's marker and count: its low nibble, or for 15 the integer object behind it. */
static bool read_count(struct binary *binary, size_t *at, size_t *count)
{
    size_t size;

    *count = binary->data[(*at)++] & 15;
    if (*count != 15)
        return true;
    if (*at >= binary->table || binary->data[*at] >> 4 != 1 || (binary->data[*at] & 15) > 3)
        return refuse(binary, "an object without its length (expected an integer)") != NULL;
    size = (size_t)1 << (binary->data[*at] & 15);
    if (binary->table - *at - 1 < size)
        return refuse(binary, beyond_end) != NULL;
    *count = read_size(binary->data + *at + 1, size);
    *at += 1 + size;
    return *count <= binary->length || refuse(binary, beyond_end) != NULL;
}

/* ---- strings and data ------------------------------------------------------------------------ */

/* Takes an object's marker and count, of `size` bytes each. All uses of one object are counted. */
static bool read_bytes(struct binary *binary, size_t *at, size_t size, size_t *length)
{
    if (!read_count(binary, at, length))
        return false;
    *length *= size;
    if (*length > binary->table - *at)
        return refuse(binary, beyond_end) != NULL;
    binary->copied += *length;
    return binary->copied <= PLIST_SIZE_MAX ||
           refuse(binary, arena_printf(binary->arena,
                                       "too much text or data, each use of it counted (expected at "
                                       "most %d bytes)",
                                       PLIST_SIZE_MAX)) != NULL;
}

static bool read_ascii(struct binary *binary, size_t at)
{
    size_t length;

    if (!read_bytes(binary, &at, 1, &length))
        return false;
    for (size_t i = 0; i < length; i++)
        if (binary->data[at + i] > 0x7f || !scan_is_character(binary->data[at + i]))
            return refuse(binary, "a control character or a byte above 127 in an ASCII string "
                                  "(expected text)") != NULL;
    buffer_add(&binary->content, (const char *)binary->data + at, length);
    return true;
}

static bool read_utf16(struct binary *binary, size_t at)
{
    size_t length;

    if (!read_bytes(binary, &at, 2, &length))
        return false;
    for (size_t i = 0; i < length; i += 2) {
        uint32_t code = (uint32_t)big_endian(binary->data + at + i, 2);

        if (code >> 10 == 0x36 && i + 2 < length) {
            uint32_t low = (uint32_t)big_endian(binary->data + at + i + 2, 2);

            if (low >> 10 == 0x37) {
                code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
                i += 2;
            }
        }
        if (!scan_is_character(code))
            return refuse(binary, "a control character or half a surrogate pair in a string "
                                  "(expected text in UTF-16)") != NULL;
        scan_add_character(&binary->content, code);
    }
    return true;
}

/* Reads a string into binary->content. */
static bool read_string(struct binary *binary, size_t at)
{
    binary->content.length = 0;
    buffer_puts(&binary->content, ""); /* so that data is not NULL for an empty string */
    return (binary->data[at] >> 4 == 0x5 ? read_ascii : read_utf16)(binary, at);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* An integer of 8 bytes has a sign, shorter ones have none. */
static struct value *read_integer(struct binary *binary, const unsigned char *at, size_t size)
{
    uint64_t bits = big_endian(at, size);
    int64_t integer;

    memcpy(&integer, &bits, sizeof integer);
    return value_int(binary->arena, integer);
}

static double read_double(const unsigned char *at, size_t size)
{
    uint64_t bits = big_endian(at, size);
    uint32_t half = (uint32_t)bits;
    double real;
    float single;

    if (size == sizeof single) {
        memcpy(&single, &half, sizeof single);
        return (double)single;
    }
    memcpy(&real, &bits, sizeof real);
    return real;
}

/* Reads an object of a fixed size: an integer, a real, a date. */
static struct value *read_number(struct binary *binary, size_t at)
{
    unsigned marker = binary->data[at] >> 4, low = binary->data[at] & 15;
    size_t size = (size_t)1 << low;
    double real;

    if (marker == 0x1 && low > 3)
        return refuse(binary, "an integer too large (expected one of 64 bits, signed)");
    if (marker != 0x1 && low != 3 && (marker == 0x3 || low != 2))
        return refuse(binary, "a real or date of unknown size (expected 8 bytes)");
    if (size >= binary->table - at)
        return refuse(binary, beyond_end);
    if (marker == 0x1)
        return read_integer(binary, binary->data + at + 1, size);
    real = read_double(binary->data + at + 1, size);
    if (!isfinite(real))
        return refuse(binary, "a real or date that is no number (expected a finite one)");
    return marker == 0x2 ? value_real(binary->arena, real) : value_other(binary->arena);
}

/* ---- containers ------------------------------------------------------------------------------ */

static size_t offset_of(const struct binary *binary, uint64_t index)
{
    return read_size(binary->data + binary->table + index * binary->offset_size,
                     binary->offset_size);
}

static uint64_t read_ref(const struct binary *binary, size_t at, size_t n)
{
    return big_endian(binary->data + at + n * binary->ref_size, binary->ref_size);
}

/* Whether the file has an object of that index, and not too many were read. */
static bool check_object(struct binary *binary, uint64_t index)
{
    size_t at;

    /* Shared objects can unfold to any number of visits. */
    if (++binary->visited > PLIST_OBJECTS_MAX)
        return refuse(binary, arena_printf(binary->arena, "too many objects (expected at most %d)",
                                           PLIST_OBJECTS_MAX)) != NULL;
    if (index >= binary->objects)
        return refuse(binary, arena_printf(binary->arena,
                                           "a reference to object %llu (expected one of %zu)",
                                           (unsigned long long)index, binary->objects)) != NULL;
    at = offset_of(binary, index);
    return (at >= HEADER && at < binary->table) ||
           refuse(binary, "an object outside of where objects are (expected its offset before the "
                          "offset table)") != NULL;
}

static const char *read_key(struct binary *binary, uint64_t index)
{
    size_t at;

    if (!check_object(binary, index))
        return NULL;
    at = offset_of(binary, index);
    if (binary->data[at] >> 4 != 0x5 && binary->data[at] >> 4 != 0x6)
        return refuse(binary, "a key that is no string (expected a string)");
    return read_string(binary, at)
               ? arena_copy(binary->arena, binary->content.data, binary->content.length)
               : NULL;
}

/* Takes an object's count, behind which stand `each` references for one. */
static bool read_refs(struct binary *binary, size_t *at, size_t each, size_t *count)
{
    return read_count(binary, at, count) &&
           (*count * each <= (binary->table - *at) / binary->ref_size ||
            refuse(binary, beyond_end) != NULL);
}

static struct value *read_array(struct binary *binary, size_t at, unsigned depth)
{
    struct value *list = value_list(binary->arena);
    size_t count;

    if (!read_refs(binary, &at, 1, &count))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct value *item = read_object(binary, read_ref(binary, at, i), depth + 1);

        if (item == NULL)
            return NULL;
        value_append(binary->arena, list, item);
    }
    return list;
}

static struct value *read_dict(struct binary *binary, size_t at, unsigned depth)
{
    const struct scan_entry *doubled = NULL;
    struct scan_entry *entries;
    struct value *map;
    size_t count;

    if (!read_refs(binary, &at, 2, &count))
        return NULL;
    binary->comparisons += (uint64_t)count * (count + 1) / 2;
    if (binary->comparisons > PLIST_COMPARISONS_MAX)
        return refuse(binary, arena_printf(binary->arena,
                                           "too many keys (expected at most %d in a dictionary)",
                                           PLIST_KEYS_MAX));
    entries = arena_alloc(binary->arena, count, sizeof *entries);
    for (size_t i = 0; i < count; i++) {
        const char *key = read_key(binary, read_ref(binary, at, i));
        struct value *value =
            key == NULL ? NULL : read_object(binary, read_ref(binary, at, count + i), depth + 1);

        if (value == NULL)
            return NULL;
        entries[i] = (struct scan_entry){key, value, i};
    }
    map = scan_map(binary->arena, entries, count, &doubled);
    return map != NULL ? map : refuse(binary, scan_doubled(binary->arena, doubled));
}

static struct value *read_object(struct binary *binary, uint64_t index, unsigned depth)
{
    static const char unknown[] = "an object of unknown type (expected what XML can say)";
    size_t at, length;

    if (!check_object(binary, index))
        return NULL;
    at = offset_of(binary, index);
    switch (binary->data[at] >> 4) {
    case 0x0:
        if (binary->data[at] != 8 && binary->data[at] != 9)
            return refuse(binary, unknown);
        return value_bool(binary->arena, binary->data[at] == 9);
    case 0x1:
    case 0x2:
    case 0x3:
        return read_number(binary, at);
    case 0x4:
        return read_bytes(binary, &at, 1, &length) ? value_other(binary->arena) : NULL;
    case 0x5:
    case 0x6:
        return read_string(binary, at)
                   ? value_string(binary->arena, binary->content.data, binary->content.length)
                   : NULL;
    case 0xa:
    case 0xd:
        if (depth == PLIST_DEPTH_MAX) /* a cycle gets here too */
            return refuse(binary, arena_printf(binary->arena,
                                               "nested too deep, or an object inside itself "
                                               "(expected at most %d levels)",
                                               PLIST_DEPTH_MAX));
        return (binary->data[at] >> 4 == 0xa ? read_array : read_dict)(binary, at, depth);
    default:
        return refuse(binary, unknown);
    }
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Reads where the objects are; the table of their offsets must end where the trailer begins. */
static bool read_trailer(struct binary *binary, uint64_t *top)
{
    const unsigned char *trailer = binary->data + binary->length;
    uint64_t objects = big_endian(trailer + 8, 8), table = big_endian(trailer + 24, 8);

    *top = big_endian(trailer + 16, 8);
    binary->offset_size = trailer[6];
    binary->ref_size = trailer[7];
    if (binary->offset_size - 1 > 7 || binary->ref_size - 1 > 7 || objects == 0 ||
        table <= HEADER || table > binary->length ||
        objects > (binary->length - table) / binary->offset_size ||
        objects * binary->offset_size != binary->length - table)
        return false;
    binary->objects = (size_t)objects;
    binary->table = (size_t)table;
    return true;
}

struct value *scan_binary(struct arena *arena, const char *text, size_t length, const char **error)
{
    struct binary binary = {.arena = arena, .data = (const unsigned char *)text};
    struct value *root = NULL;
    uint64_t top;

    *error = "the file is cut short (expected a trailer of 32 bytes)";
    if (length < HEADER + TRAILER)
        return NULL;
    binary.length = length - TRAILER;
    if (read_trailer(&binary, &top))
        root = read_object(&binary, top, 0);
    else
        refuse(&binary, "a bad trailer, as of a file cut short (expected the offsets of its "
                        "objects)");
    buffer_free(&binary.content);
    *error = binary.error;
    return root;
}
