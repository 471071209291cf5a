/*
 * What plist_parse() reads, for plist_differential_test.py: standard input is property lists, each
 * behind its length in bytes and a newline. Of each a line goes to standard output, its tree or
 * '-', and what is refused is reported by its number, from 0.
 *
 * A tree: b0 or b1, i and a decimal integer, r and the bits of a real, s and the bytes of a string,
 * o for what kpepc does not read, [ and items and ], { and keys like strings, each with its value,
 * and }. Reals and bytes are hexadecimal.
 */
#include "plist.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_bytes(const char *text, size_t length)
{
    putchar('s');
    for (size_t i = 0; i < length; i++)
        printf("%02x", (unsigned)(unsigned char)text[i]);
    putchar(' ');
}

static void print_real(double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof bits);
    printf("r%016" PRIx64 " ", bits);
}

static void print_tree(const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        printf("b%d ", value->boolean);
        break;
    case VALUE_INT:
        printf("i%" PRId64 " ", value->integer);
        break;
    case VALUE_REAL:
        print_real(value->real);
        break;
    case VALUE_STRING:
        print_bytes(value->string, value->length);
        break;
    case VALUE_LIST:
        fputs("[ ", stdout);
        for (size_t i = 0; i < value->length; i++)
            print_tree(value->items[i]);
        fputs("] ", stdout);
        break;
    case VALUE_MAP:
        fputs("{ ", stdout);
        for (size_t i = 0; i < value->length; i++) {
            print_bytes(value->keys[i], strlen(value->keys[i]));
            print_tree(value->items[i]);
        }
        fputs("} ", stdout);
        break;
    case VALUE_OTHER:
        fputs("o ", stdout);
        break;
    }
}

static void dump(unsigned number, size_t length)
{
    char *text = malloc(length + (length == 0)); /* no byte more, which would hide an overrun */
    const struct value *value;
    struct arena arena = {0};
    char name[16];

    if (text == NULL || fread(text, 1, length, stdin) != length)
        fatal(EXIT_SYSTEM, "cannot read the input");
    snprintf(name, sizeof name, "%u", number);
    value = plist_parse(&arena, name, text, length);
    if (value == NULL)
        putchar('-');
    else
        print_tree(value);
    putchar('\n');
    arena_free(&arena);
    free(text);
}

int main(void)
{
    size_t length;

    for (unsigned number = 0; scanf("%zu", &length) == 1 && getchar() == '\n'; number++)
        dump(number, length);
    return fflush(stdout) != 0;
}
