/* Lines of the generated headers: numbers and strings of which each line holds no more than fits.
 */
#include "emit_data.h"

#include <string.h>

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
