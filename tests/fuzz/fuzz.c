/* An input -> its parts and the files made of them; what the code under test said, kept to read. */
#include "fuzz.h"

#include <string.h>
#include <unistd.h>

void fuzz_split(const uint8_t *data, size_t size, struct part *parts, size_t count)
{
    static const char line[] = "\n%%\n";
    const char *at = (const char *)data, *end = at + size;

    for (size_t i = 0; i < count; i++) {
        const char *stop = end, *next = end;

        for (const char *c = at; i + 1 < count && c + 4 <= end; c++)
            if (memcmp(c, line, 4) == 0) {
                stop = c;
                next = c + 4;
                break;
            }
        parts[i] = (struct part){at, (size_t)(stop - at)};
        at = next;
    }
}

static FILE *spoken;
static char *said;
static size_t said_length;

void fuzz_silence(void)
{
    spoken = stderr;
    stderr = open_memstream(&said, &said_length);
    MUST(stderr != NULL);
}

char *fuzz_speak(void)
{
    fclose(stderr);
    stderr = spoken;
    for (size_t i = 0; i < said_length; i++)
        MUST(said[i] == '\n' || (said[i] >= 0x20 && said[i] <= 0x7e));
    MUST(said_length == 0 || said[said_length - 1] == '\n');
    return said;
}

void fuzz_make_directory(char *path, size_t size)
{
    const char *parent = getenv("TMPDIR");

    snprintf(path, size, "%s/kpep-fuzz-XXXXXX", parent == NULL ? "/tmp" : parent);
    MUST(mkdtemp(path) != NULL);
}

static void join(char *path, size_t size, const char *directory, const char *name)
{
    MUST((size_t)snprintf(path, size, "%s/%s", directory, name) < size);
}

void fuzz_write(const char *directory, const char *name, struct part part)
{
    char path[512];
    FILE *file;

    join(path, sizeof path, directory, name);
    file = fopen(path, "wb");
    MUST(file != NULL);
    MUST(fwrite(part.text, 1, part.length, file) == part.length);
    MUST(fclose(file) == 0);
}

void fuzz_remove(const char *directory, const char *const *names)
{
    char path[512];

    for (; *names != NULL; names++) {
        join(path, sizeof path, directory, *names);
        (void)unlink(path);
    }
    MUST(rmdir(directory) == 0);
}
