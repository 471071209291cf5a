/* What the commands share that use the live frameworks: opening a sampler, and its errors. */
#ifndef KPEP_LIVE_H
#define KPEP_LIVE_H

#include "cli.h"
#include "kplive.h"

/* Opens with --kperf, --kperfdata, --words and --insist; CLI_OK or another status after a message.
 */
int live_open(const struct cli *cli, struct kplive **sampler);
/* "kpep: ..." with call, code, event and hint; the exit status for it. */
int live_error(const struct kplive_error *error);

#endif
