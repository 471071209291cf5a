/*
 * libkplive: the compiled tables beside the live macOS frameworks. A sampler
 * programs the performance counters once; then any thread of the process reads
 * its own.
 *
 * Needs root on macOS, and no entitlement. Off macOS it runs against a pair of
 * libraries that simulate the frameworks (their paths are options).
 *
 * Threads: kplive_read(), kplive_delta() and kplive_ready() may be called by any
 * number of threads at once on a started sampler; the first two take no lock and
 * no memory. The other functions of one sampler must not run at the same time as
 * each other.
 * Stop a sampler only when no thread reads it any more.
 */
#ifndef KPLIVE_H
#define KPLIVE_H

#include "kpdb.h"

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* the library hides all that is not declared here */
#endif

/* What functions return: 0, or one of these with *error filled in unless error is NULL. */
enum kplive_status {
    KPLIVE_OK = 0,
    KPLIVE_NO_FRAMEWORK = -1,  /* a library or a symbol of it cannot be loaded */
    KPLIVE_NO_PERMISSION = -2, /* not root: EPERM of a kpc call that is not about an event */
    KPLIVE_BUSY = -3,          /* another tool holds the counters: EACCES, EBUSY */
    KPLIVE_NO_COUNTERS = -4,   /* no PMU: ENOENT or no counters, as in a virtual machine */
    KPLIVE_REFUSED = -5,       /* EPERM on the configuration: the kernel's list of events */
    KPLIVE_NO_CPU = -6,        /* the tables do not know this CPU; kperfdata's words still work */
    KPLIVE_TRANSLATED = -7,    /* under Rosetta, where the CPU cannot be known */
    KPLIVE_EVENT = -8,         /* an event is unknown, or not on this CPU or release */
    KPLIVE_CONFLICT = -9,      /* the events do not fit at once: see kpdb_plan() */
    KPLIVE_DIFFERENT = -10,    /* the tables and the framework give different words */
    KPLIVE_IN_USE = -11,       /* another sampler of this process counts something else */
    KPLIVE_STATE = -12,        /* called out of order */
    KPLIVE_NOT_READY = -13,    /* the kernel has no counters for this thread yet; try again */
    KPLIVE_MEMORY = -14,       /* out of memory */
    KPLIVE_SYSTEM = -15,       /* anything else: error->code tells */
};

/* Everything that is known of a failure. Texts are constant or cut to fit. */
struct kplive_error {
    enum kplive_status status;
    const char *call; /* the function of the framework or system that failed; "" when none did */
    int code;         /* its errno, or for kpep_ functions kperfdata's code; else 0 */
    char event[96];   /* the event it is about; "" when it is about none */
    char hint[320];   /* what it means and what can be done; "" when nothing is known */
};

/* One sentence for a status; never NULL. */
const char *kplive_strerror(int status);
/*
 * All of an error as one line into text, and text: status, event, call, code
 * and hint, as far as they are known; 600 bytes hold any. Control characters
 * are shown as '?'.
 */
const char *kplive_describe(const struct kplive_error *error, char *text, size_t size);

/* Where register words come from. */
enum kplive_words {
    KPLIVE_VERIFY,    /* from both, which must be equal */
    KPLIVE_STATIC,    /* from the tables */
    KPLIVE_KPERFDATA, /* from the framework: works on a CPU that the tables do not know */
};

struct kplive_options {
    const char *kperf;     /* path of the library; NULL: macOS's own */
    const char *kperfdata; /* likewise */
    enum kplive_words words;
};

struct kplive;

/*
 * Loads the frameworks and finds out on what CPU and macOS this runs; changes
 * nothing and needs no root. options may be NULL. A CPU that the tables do not
 * know is no error here: kplive_cpu() then says KPLIVE_NO_CPU. *out is the
 * caller's, for kplive_close(). KPLIVE_NO_FRAMEWORK, KPLIVE_TRANSLATED,
 * KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_open(const struct kplive_options *options, struct kplive **out,
                struct kplive_error *error);
/* Stops if need be, and frees everything. NULL is fine. */
void kplive_close(struct kplive *sampler);

/* The number of this CPU in the tables, or KPLIVE_NO_CPU. */
int kplive_cpu(const struct kplive *sampler);
/* The release of the tables that fits this macOS best: a number for kpdb, or KPLIVE_NO_CPU. */
int kplive_release(const struct kplive *sampler);
/* "cpu_100000c_2_1b588bb3" and "26.1"; constant until the sampler is closed. */
const char *kplive_cpu_name(const struct kplive *sampler);
const char *kplive_macos(const struct kplive *sampler);

/*
 * Works out the words for up to KPDB_EVENTS_MAX events, by any name. Nothing is
 * programmed yet. A second call replaces the first; KPLIVE_STATE when started.
 * KPLIVE_EVENT, KPLIVE_CONFLICT, KPLIVE_DIFFERENT, KPLIVE_NO_CPU (unless the
 * words are KPLIVE_KPERFDATA's), KPLIVE_SYSTEM.
 */
int kplive_program(struct kplive *sampler, const struct kpdb_request *events, unsigned count,
                   struct kplive_error *error);
/* How the programmed events were encoded; NULL before kplive_program(). */
const struct kpdb_encoding *kplive_encoding(const struct kplive *sampler);

/*
 * Takes the counters and starts them, for all threads of all processes, in the
 * order the kernel wants; the calling thread can read at once. A second sampler
 * of the process that was programmed with the same words shares them.
 * KPLIVE_STATE, KPLIVE_IN_USE, KPLIVE_NO_PERMISSION, KPLIVE_BUSY,
 * KPLIVE_NO_COUNTERS, KPLIVE_REFUSED, KPLIVE_NOT_READY, KPLIVE_SYSTEM; then
 * everything is as it was before.
 */
int kplive_start(struct kplive *sampler, struct kplive_error *error);
/*
 * Puts everything back as kplive_start() found it: configuration, counting,
 * thread counting, the force state. The first call that failed is reported, and
 * the rest is done all the same. Fine when not started.
 */
int kplive_stop(struct kplive *sampler, struct kplive_error *error);
/*
 * The same for every started sampler of the process, with nothing that is not
 * safe in a signal handler but the calls of the framework themselves. Also
 * called at exit().
 */
void kplive_stop_all(void);

/*
 * The calling thread's counts into values[i], the i-th event's, as the kernel
 * has them: only differences between two reads of one thread mean anything, and
 * a new thread's first read may be far from its second (kplive_ready()). Even a
 * difference may have a jump in it when the thread was moved to a CPU that had
 * switched no thread since kplive_start(): of several, the least is right. One
 * call of the framework, no lock, no memory. 0, or -1 with errno as the call
 * left it: EINVAL, the kernel has no counters for this thread yet.
 */
int kplive_read(const struct kplive *sampler, uint64_t *values);
/*
 * Makes the calling thread fit to be measured: waits until the kernel keeps
 * counts for it, and takes the first, stale difference. Needed once in every
 * thread but the one that called kplive_start(). KPLIVE_NOT_READY, KPLIVE_STATE,
 * KPLIVE_NO_PERMISSION, KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_SYSTEM.
 */
int kplive_ready(const struct kplive *sampler, struct kplive_error *error);
/* later - earlier, count values, which wrap at 64 bits. */
void kplive_delta(const uint64_t *earlier, const uint64_t *later, unsigned count, uint64_t *delta);

/* How many CPUs kplive_read_cpus() reads; 0: the system does not say, and it fails. */
unsigned kplive_cpus(const struct kplive *sampler);
/*
 * The counts of every CPU, all threads' and processes': values[cpu * count + i]
 * is CPU cpu's i-th event, for kplive_cpus() CPUs. KPLIVE_STATE,
 * KPLIVE_NO_PERMISSION, KPLIVE_BUSY, KPLIVE_NO_COUNTERS, KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_read_cpus(const struct kplive *sampler, uint64_t *values, struct kplive_error *error);
/* The same of the CPU the call happens to run on, whose number goes to *cpu; the same errors. */
int kplive_read_cpu(const struct kplive *sampler, int *cpu, uint64_t *values,
                    struct kplive_error *error);

/*
 * A metric of db/names.plist (its number in kpdb_metric()) from differences of
 * the programmed events. KPLIVE_EVENT when an event of it was not programmed or
 * this CPU does not support it; KPLIVE_STATE before kplive_program(). Dividing
 * by a count of 0 gives 0.
 */
int kplive_metric(const struct kplive *sampler, unsigned metric, const uint64_t *delta,
                  double *out);

/* ---- tables against the live framework ------------------------------------------------------- */

/* One difference, in the words of kpepc diff. */
struct kplive_drift {
    const char *event; /* of a set: those, while tell() runs; NULL: of the database */
    const char *field; /* "number", "counters_mask", "added", ... */
    char table[48], live[48];
};

struct kplive_check {
    unsigned events;     /* compared */
    unsigned encodings;  /* random sets compared */
    unsigned drifts;     /* found: told one by one */
    unsigned event_size; /* bytes from one kpep_event to the next; 0: not in one array */
    int release;         /* the release of the tables with the fewest */
};

/*
 * Compares the tables with kperfdata's live database, field by field, through
 * its API alone, and the encodings of `sets` random sets of events (a seed
 * gives the same ones again) in both strategies. tell() is called for each difference. Needs no
 * root. KPLIVE_OK whatever drifted; KPLIVE_NO_CPU, KPLIVE_MEMORY, KPLIVE_SYSTEM.
 */
int kplive_compare(struct kplive *sampler, unsigned sets, uint32_t seed,
                   void (*tell)(void *user, const struct kplive_drift *drift), void *user,
                   struct kplive_check *check, struct kplive_error *error);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
