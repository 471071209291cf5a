/* Lists and masks of the tables as short texts. */
#include "cli.h"

#include <string.h>

const char *cli_or_dash(const char *text)
{
    return *text == '\0' ? "-" : text;
}

void cli_append(char *text, size_t size, const char *word)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ", word);
}

const char *cli_counters(uint32_t mask, char *text, size_t size)
{
    *text = '\0';
    for (unsigned bit = 0; bit < 32; bit++) {
        unsigned last = bit;
        size_t length = strlen(text);

        if (!(mask >> bit & 1))
            continue;
        while (last < 31 && mask >> (last + 1) & 1)
            last++;
        if (last == bit)
            snprintf(text + length, size - length, "%s%u", length == 0 ? "" : ",", bit);
        else
            snprintf(text + length, size - length, "%s%u-%u", length == 0 ? "" : ",", bit, last);
        bit = last;
    }
    return cli_or_dash(text);
}

const char *cli_releases(uint32_t releases, char *text, size_t size)
{
    *text = '\0';
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (releases >> r & 1)
            cli_append(text, size, kpdb_release_name(r));
    return cli_or_dash(text);
}
