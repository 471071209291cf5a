/*
 * In go texts and numbers of libkpdb's tables, out come the lists of lines that the headers have of
 * them. Nothing else is touched.
 */
#include "emit_data.h"

#include <string.h>

/* A bare number behind the others of its table, which has a list for each line of the header. */
void add_number(struct arena *arena, struct value *lines, size_t number)
{
    enum { NUMBERS_A_LINE = 8 };
    struct value *line = lines->length == 0 ? NULL : lines->items[lines->length - 1];

    if (line == NULL || line->length == NUMBERS_A_LINE) {
        line = value_list(arena);
        value_append(arena, lines, line);
    }
    value_append(arena, line, value_int(arena, (int64_t)number));
}

struct value *list_data(struct arena *arena, const size_t *numbers, size_t count)
{
    struct value *lines = value_list(arena);

    for (size_t i = 0; i < count; i++)
        add_number(arena, lines, numbers[i]);
    return lines;
}

struct value *numbers_data(struct arena *arena, const struct numbers *numbers)
{
    return list_data(arena, numbers->list, numbers->count);
}

/*
 * Bytes of a text that fit into a line of the header: all, or up to behind the last blank that
 * does. As wide as C has them: an escape is of at most four characters.
 */
static size_t line_length(const char *text)
{
    enum { LINE_MAX = 80 };
    size_t width = 0, blank = 0, i;

    for (i = 0; text[i] != '\0'; i++) {
        bool plain = text[i] >= ' ' && text[i] <= '~' && strchr("\"\\?*/", text[i]) == NULL;

        width += plain ? 1 : 4;
        if (width > LINE_MAX)
            return blank == 0 ? i : blank;
        if (text[i] == ' ')
            blank = i + 1;
    }
    return i;
}

void set_lines(struct arena *arena, struct value *item, const char *text)
{
    size_t length = line_length(text);
    struct value *more = value_list(arena);

    set_value(arena, item, "text", value_string(arena, text, length));
    for (text += length; *text != '\0'; text += length) {
        length = line_length(text);
        value_append(arena, more, value_string(arena, text, length));
    }
    set_value(arena, item, "more", more);
}

struct value *strings_data(struct arena *arena, const struct strings *strings)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < strings->count; i++) {
        struct value *item = value_map(arena);

        set_int(arena, item, "n", i);
        set_lines(arena, item, strings->list[i]);
        value_append(arena, list, item);
    }
    return list;
}

/* The narrowest unsigned type that holds the numbers of an array. */
void set_width(struct arena *arena, struct value *data, const char *key, size_t largest)
{
    set_int(arena, data, key, largest <= UINT8_MAX ? 8 : largest <= UINT16_MAX ? 16 : 32);
}
