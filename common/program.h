/*
 * The program that runs: its exit statuses, its name, and its end when it cannot go on.
 */
#ifndef KPEP_PROGRAM_H
#define KPEP_PROGRAM_H

/* Exit status of kpepc and kpep: kpep(1), "EXIT STATUS". */
enum {
    EXIT_OK = 0,
    EXIT_NO = 1,     /* the answer is no: not found, bad input, conflict */
    EXIT_USAGE = 2,  /* the command line */
    EXIT_SYSTEM = 3, /* the system refused: memory, permission, missing file */
};

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NORETURN               __attribute__((noreturn))
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#endif

/* "kpepc" or "kpep": what its lines on standard error begin with. The text is kept, not copied. */
void program_named(const char *name);
const char *program_name(void);

/* "kpepc: message", then the end of the program with that status. */
void fatal(int status, const char *format, ...) NORETURN PRINTF_LIKE(2, 3);
/* When that is what errno says: a call that failed for want of memory found nothing bad. */
void fatal_without_memory(void);

#endif
