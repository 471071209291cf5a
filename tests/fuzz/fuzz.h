/*
 * What the fuzz targets share. A target is LLVMFuzzerTestOneInput(): libFuzzer calls it with inputs
 * that it makes, replay.c with those of the corpus. What must hold is said with MUST.
 */
#ifndef KPEP_FUZZ_H
#define KPEP_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition) must((condition), #condition, __FILE__, __LINE__)

/* Past `stderr`, which a target may have turned away. */
static inline void must(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    dprintf(2, "%s:%d: failed: %s\n", file, line, what);
    abort();
}

/* A part of an input. Parts are parted by a line "%%", so that a corpus file stays readable. */
struct part {
    const char *text;
    size_t length;
};

/* The parts, the last of which has all that is left; empty ones where there are fewer. */
void fuzz_split(const uint8_t *data, size_t size, struct part *parts, size_t count);

/* What is printed to stderr until fuzz_speak() goes to memory; fuzz_speak() returns it. */
void fuzz_silence(void);
/* Lines of printable ASCII, each with its end; the caller frees it. */
char *fuzz_speak(void);

/* A new directory of our own. */
void fuzz_make_directory(char *path, size_t size);
void fuzz_write(const char *directory, const char *name, struct part part);
/* Also those that are not there. */
void fuzz_remove(const char *directory, const char *const *names);

#endif
