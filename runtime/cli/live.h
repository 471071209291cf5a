/* What the commands share that use the live frameworks: opening a sampler, and its errors. */
#ifndef KPEP_LIVE_H
#define KPEP_LIVE_H

#include "cli.h"
#include "kplive.h"

#include <limits.h>

/* The words of --words: enum kplive_words. */
extern const struct option_word live_words[];
/* Opens as --kperf, --kperfdata, --words and --insist say; EXIT_OK, or another after a message. */
int live_open(const struct arguments *arguments, struct kplive **sampler);
/* "kpep: ..." with call, code, event and hint; the exit status for it. */
int live_error(const struct kplive_error *error);

/*
 * Whether the library at *path may be loaded: always, unless root asks. Then *path is set to where
 * it really is, in resolved, of PATH_MAX bytes: what was looked at is what is loaded. EXIT_OK or
 * another status after a message that begins with the option's name.
 */
int check_library(const char *option, const char **path, char *resolved);

/* kpep list --live and kpep show --live. */
int list_live(struct arena *arena, const struct arguments *arguments);
int show_live(struct arena *arena, const struct arguments *arguments);
/* Names and aliases of the events that kpep list --live has, one by one; EXIT_OK or as these. */
int live_names(struct arena *arena, const struct arguments *arguments,
               void (*each)(const void *user, const char *name), const void *user);

#endif
