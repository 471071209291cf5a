/* What the simulator's own tests share. */
#ifndef KPEP_TESTS_SIM_CHECK_H
#define KPEP_TESTS_SIM_CHECK_H

#include "../unit/check.h"
#include "kperf_api.h"

#include <errno.h>

enum { F = KPC_FIXED, C = KPC_CONFIGURABLE, FC = KPC_FIXED | KPC_CONFIGURABLE };

/* A machine in the language of KPEP_SIM. */
static inline void reset(const char *text)
{
    struct sim_config config = {0};
    char error[160] = "";
    if (!sim_parse(&config, text, error, sizeof(error)))
        CHECK_STR(error, "");
    sim_reset(&config);
}

/* A call that fails as -1 with that errno. */
#define CHECK_FAILS(call, code) \
    do {                        \
        errno = 0;              \
        CHECK_INT(call, -1);    \
        CHECK_INT(errno, code); \
    } while (0)

#endif
