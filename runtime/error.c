/*
 * Failures: fills in a struct kplive_error, and says it in one line. What an errno of kpc means is
 * told here alone. Touches nothing but the error.
 */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int kplive_fail(struct kplive_error *error, int status, const char *call, int code,
                const char *event, const char *hint, ...)
{
    va_list args;

    if (error == NULL)
        return status;
    error->status = (enum kplive_status)status;
    error->call = call == NULL ? "" : call;
    error->code = code;
    snprintf(error->event, sizeof error->event, "%s", event == NULL ? "" : event);
    error->hint[0] = '\0';
    if (hint != NULL) {
        va_start(args, hint);
        vsnprintf(error->hint, sizeof error->hint, hint, args);
        va_end(args);
    }
    return status;
}

void kplive_add_hint(struct kplive_error *error, const char *format, ...)
{
    size_t length;
    va_list args;

    if (error == NULL)
        return;
    length = strlen(error->hint);
    va_start(args, format);
    vsnprintf(error->hint + length, sizeof error->hint - length, format, args);
    va_end(args);
}

const char *kplive_strerror(int status)
{
#define TEXT(name, number, text) \
    case name:                   \
        return text;
    switch (status) {
        KPLIVE_STATUSES(TEXT)
    default:
        return "unknown error";
    }
#undef TEXT
}

const char *kplive_describe(const struct kplive_error *error, char *text, size_t size)
{
    const char *call = error->call == NULL ? "" : error->call; /* of an error that is all zero */
    char code[16] = "";

    if (error->code != 0)
        snprintf(code, sizeof code, " (%d)", error->code);
    snprintf(text, size, "%s%s%s%s%s%s%s%s", kplive_strerror((int)error->status),
             *error->event == '\0' ? "" : ": ", error->event, *call == '\0' ? "" : ": ", call, code,
             *error->hint == '\0' ? "" : ": ", error->hint);
    for (size_t i = 0; i < size && text[i] != '\0'; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    return text;
}

const char *kplive_errno_text(int code, char *text, size_t size)
{
    if (strerror_r(code, text, size) != 0)
        snprintf(text, size, "errno %d", code);
    return text;
}

int kplive_kpc_failed(struct kplive_error *error, const char *call, int code, bool config)
{
    char text[96];

    switch (code) {
    case 0:
        return kplive_fail(error, KPLIVE_NO_COUNTERS, call, code, NULL,
                           "it failed without saying why, as where the kernel has no counters of "
                           "these classes");
    case EPERM:
        if (config)
            return kplive_fail(error, KPLIVE_REFUSED, call, code, NULL,
                               "this kernel lets only the events of its own list be counted; "
                               "kpep encode says which are not in it");
        return kplive_fail(error, KPLIVE_NO_PERMISSION, call, code, NULL, "run it as root");
    case EACCES:
    case EBUSY:
        return kplive_fail(error, KPLIVE_BUSY, call, code, NULL,
                           "another tool has the counters: Instruments, xctrace, powermetrics or a "
                           "second sampler");
    case ENOENT:
    case ENOTSUP:
        return kplive_fail(error, KPLIVE_NO_COUNTERS, call, code, NULL,
                           "this kernel has no counters, as in a virtual machine");
    default:
        return kplive_fail(error, KPLIVE_SYSTEM, call, code, NULL, "%s",
                           kplive_errno_text(code, text, sizeof text));
    }
}
