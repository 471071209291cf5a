/* parse FILE...: what libplist alone needs for the property lists that kpepc compiles. */
#include <plist/plist.h>
#include <stdio.h>
#include <stdlib.h>

static int parse(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long length = -1;
    plist_t root = NULL;

    if (file != NULL && fseek(file, 0, SEEK_END) == 0)
        length = ftell(file);
    if (length > 0)
        text = malloc((size_t)length);
    if (text != NULL && fseek(file, 0, SEEK_SET) == 0 &&
        fread(text, 1, (size_t)length, file) == (size_t)length)
        plist_from_xml(text, (uint32_t)length, &root);
    if (root == NULL)
        fprintf(stderr, "parse: %s: not parsed\n", path);
    plist_free(root);
    free(text);
    if (file != NULL)
        fclose(file);
    return root == NULL;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= parse(argv[i]);
    return failed;
}
