/* What a feature needs of the frameworks, asked before it begins. */
#include "sampler.h"

#include <string.h>

int kplive_need(const struct kplive_frameworks *frameworks, struct kplive_error *error,
                const char *const *names)
{
    for (; *names != NULL; names++) {
        bool data = strncmp(*names, "kpep_", 5) == 0;
        const char *library = data ? "kperfdata" : "kperf";

        if (kplive_has(frameworks, *names))
            continue;
        if ((data ? frameworks->kperfdata : frameworks->kperf) == NULL)
            return kplive_fail(error, KPLIVE_NO_FRAMEWORK, *names, 0, NULL,
                               "%s could not be loaded, and this needs it", library);
        return kplive_fail(error, KPLIVE_NO_FRAMEWORK, *names, 0, NULL,
                           "%s has no such function on this macOS, and this needs it", library);
    }
    return KPLIVE_OK;
}
