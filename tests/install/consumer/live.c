/* Somebody's program, in C or C++: where there is no framework, libkplive says so. */
#include <kplive.h>

#include <stdio.h>

int main(void)
{
    const struct kplive_options options = {"/nonexistent/kperf", NULL, KPLIVE_VERIFY};
    struct kplive_error error;
    struct kplive *sampler;

    if (kplive_open(&options, &sampler, &error) != KPLIVE_NO_FRAMEWORK)
        return 1;
    printf("%s in %s\n", kplive_strerror(error.status), error.call);
    return 0;
}
