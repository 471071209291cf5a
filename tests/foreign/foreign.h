/*
 * A second stand-in for Apple's kperf and kperfdata, one library for both, written from what is
 * known of the kernel and not from tests/sim: where Apple's could differ from that, this one does.
 * An M1 with 8 CPUs; its machine is in memory that forked children share.
 */
#ifndef KPEP_TESTS_FOREIGN_H
#define KPEP_TESTS_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the machine is found. All zero is macOS 15 on a machine that nobody has used. */
struct foreign_machine {
    bool macos_26;    /* 25.4.0; a second owner's force is ignored; setting words forces */
    bool says_forced; /* macOS 26: force reads 1 though the power manager has its counters */
    bool was_forced;  /* macOS 26: force reads 1, is, and nobody owns it */
    bool deferred;    /* macOS 26: words take effect when counting is set, and that zeroes */
    bool no_power;    /* the power manager holds no counters */
    bool power_words; /* its three counters have words that only it may set */
    bool used;        /* somebody left words, counting and thread counting behind */
    bool twisted;     /* used, with a word that no set of the same word gives */
    bool not_root;    /* EPERM where root is needed */
    bool virtual_mac; /* no kpc: ENOENT */
    bool cpu_off;     /* CPU 5 is switched off */
};

/* A new machine, no faults, no hooks, counts at 0. Of this process and all that it forks later. */
void foreign_reset(const struct foreign_machine *machine);
/* All that outlives a program on the machine, as one line. text is returned. */
const char *foreign_state(char *text, size_t size);
/* Setters of kpc and kperf called since the reset, refused ones too, by all processes. */
unsigned long foreign_changes(void);

/* Functions called by this process since the last foreign_count(), which starts anew. */
unsigned long foreign_calls(void);
void foreign_count(void);
/* The name of the function that was the n-th call, from 1; "" when there was none. */
const char *foreign_call(unsigned long n);

/*
 * The n-th call fails with this errno, or all from it on do; of kpep_ functions with code 15.
 * function NULL: of any function, else only calls of that one are counted. n 0: none fails.
 */
void foreign_fail(const char *function, unsigned long n, bool for_good, int error);

/*
 * Runs something in the thread that makes the n-th call, before or after it; n 0: at every
 * call. Calls made from there are neither counted nor failed. NULL: nothing.
 */
void foreign_at(unsigned long n, bool after, void (*run)(void *user), void *user);

/* ---- work: all that makes counters advance --------------------------------------------------- */

/* The calling thread works so many units, on the CPU of its thread. */
void foreign_work(uint64_t units);
/* What one unit adds to a counter that counts the event. */
uint64_t foreign_rate(const char *event);
/* The thread is found running, with nothing kept for it: one made before counting was on. */
void foreign_old_thread(void);
/* The number of the CPU the calling thread's work is on. */
unsigned foreign_cpu(void);

/* ---- what another process does --------------------------------------------------------------- */

void foreign_other_counting(uint32_t classes);
void foreign_other_thread_counting(uint32_t classes);
/* Another process that lives forces the counters, or no longer does. */
void foreign_other_force(bool force);

/* ---- the live database ----------------------------------------------------------------------- */

/* An event as the stand-in has it, in the order of its own list; false after the last. */
struct foreign_event {
    const char *name;
    const char *alias, *description, *errata; /* NULL, where it has none */
    uint32_t number, mask;
    bool fixed;
    bool added; /* Apple's file does not have it */
};
bool foreign_event(unsigned n, struct foreign_event *out);

#endif
