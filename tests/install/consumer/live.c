/* Somebody's program, in C or C++: where there is no framework, libkplive says so. */
#include <kplive.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    struct kplive_options options;
    struct kplive_error error;
    struct kplive *sampler;

    memset(&options, 0, sizeof options);
    options.kperf = "/nonexistent/kperf";
    if (kplive_open(&options, &sampler, &error) != KPLIVE_NO_FRAMEWORK)
        return 1;
    printf("%s in %s\n", kplive_strerror(error.status), error.call);
    return 0;
}
