/* What check and measure share: options to open a sampler, and its errors. */
#ifndef KPEP_LIVE_H
#define KPEP_LIVE_H

#include "cli.h"
#include "kplive.h"

/* Opens with --kperf, --kperfdata and --words; CLI_OK or another status after a message. */
int live_open(const struct cli *cli, struct kplive **sampler);
/* "kpep: ..." with call, code, event and hint; the exit status for it. */
int live_error(const struct kplive_error *error);
/* From here on SIGINT, SIGTERM and SIGHUP give the counters back before they end the program. */
void live_catch_signals(void);

#endif
