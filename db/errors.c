/* What each error means, to people and to kperfdata: from the rows of KPDB_ERRORS(). */
#include "kpdb.h"

#define ROW(name, number, code, word, text) ROW_OF_##name,
enum { KPDB_ERRORS(ROW) ROWS };
#undef ROW

#define ROW(name, number, code, word, text) \
    _Static_assert(ROW_OF_##name == -(number), "rows are in the order of their numbers, from 0");
KPDB_ERRORS(ROW)
#undef ROW

/* The sentences are one behind the other: a table of pointers would be relocated. */
const char *kpdb_strerror(int error)
{
#define TEXT(name, number, code, word, text) text "\0"
    static const char texts[] = KPDB_ERRORS(TEXT) "unknown error";
#undef TEXT
    const char *text = texts;
    int before = error >= 0 ? 0 : error <= -ROWS ? ROWS : -error;

    for (; before > 0; before--)
        while (*text++ != '\0')
            ;
    return text;
}

int kpdb_kperfdata_code(int error)
{
#define CODE(name, number, code, word, text) code,
    static const uint8_t codes[] = {KPDB_ERRORS(CODE)};
#undef CODE

    return error > 0 || error <= -ROWS ? 1 : codes[-error];
}
