/* A fuzz target without libFuzzer: every file of a directory, once. */
#include "fuzz.h"

#include <dirent.h>
#include <string.h>

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;

    MUST(file != NULL && fseek(file, 0, SEEK_END) == 0);
    size = ftell(file);
    MUST(size >= 0);
    rewind(file);
    data = malloc((size_t)size + (size == 0)); /* no byte more, which would hide an overrun */
    MUST(data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size);
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    unsigned inputs = 0;
    int count;

    if (argc != 2)
        return 2;
    count = scandir(argv[1], &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        if (*entries[i]->d_name != '.') {
            replay(path);
            inputs++;
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    printf("%u inputs\n", inputs);
    return inputs == 0;
}
