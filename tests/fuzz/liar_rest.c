/* Of every symbol that libkplive wants one that it must not call, where liar.c has none. */
#include "kperf.h"

#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"

#define NEVER_CALLED(result, name, parameters)   \
    result name parameters;                      \
    __attribute__((weak)) result name parameters \
    {                                            \
        abort();                                 \
    }

KPERF_SYMBOLS(NEVER_CALLED)
KPERFDATA_SYMBOLS(NEVER_CALLED)
