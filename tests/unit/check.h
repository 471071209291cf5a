/*
 * The unit tests' only tool: CHECK a condition, go on, and say at the end how
 * many held. A test program ends with `return check_done();`.
 */
#ifndef KPEP_TESTS_CHECK_H
#define KPEP_TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

static unsigned long check_count, check_failures;

#define CHECK(condition)     check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_STR(got, want) check_str((got), (want), __FILE__, __LINE__)
#define CHECK_INT(got, want) \
    check_int((long long)(got), (long long)(want), #got, __FILE__, __LINE__)

static inline int check_that(int holds, const char *what, const char *file, int line)
{
    check_count++;
    if (!holds) {
        check_failures++;
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    }
    return holds;
}

static inline int check_str(const char *got, const char *want, const char *file, int line)
{
    check_count++;
    if (got != NULL && strcmp(got, want) == 0)
        return 1;
    check_failures++;
    fprintf(stderr, "%s:%d: got  \"%s\"\n%s:%d: want \"%s\"\n", file, line,
            got == NULL ? "(null)" : got, file, line, want);
    return 0;
}

static inline int check_int(long long got, long long want, const char *what, const char *file,
                            int line)
{
    check_count++;
    if (got == want)
        return 1;
    check_failures++;
    fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, got, want);
    return 0;
}

static inline int check_done(void)
{
    printf("%lu checks, %lu failed\n", check_count, check_failures);
    return check_failures != 0 || check_count == 0;
}

#endif
