/* The one place where errors are written to standard error, a line each, and counted. */
#include "common/report.h"

#include <stdio.h>

enum { REPORT_MAX = 2000 }; /* bytes of a line that are shown: its two ends */

static size_t errors;
static bool strict_warnings;

struct buffer report_line(const char *where, const char *message)
{
    struct buffer text = {0}, line = {0};

    buffer_printf(&text, "%s: %s", where == NULL ? program_name() : where, message);
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if (i == REPORT_MAX / 2 && text.length > REPORT_MAX) {
            buffer_puts(&line, "...");
            i = text.length - REPORT_MAX / 2 - 1;
        } else if (c < 0x20 || c > 0x7e) {
            buffer_printf(&line, "\\x%02x", c);
        } else {
            buffer_add(&line, &text.data[i], 1);
        }
    }
    buffer_add(&line, "\n", 1);
    buffer_free(&text);
    return line;
}

/* One write a line: standard error has no buffer of its own. */
static void write_line(const char *where, const char *message)
{
    struct buffer line = report_line(where, message);

    fwrite(line.data, 1, line.length, stderr);
    buffer_free(&line);
}

static void report(const char *kind, const char *where, const char *format, va_list args)
{
    struct buffer message = {0};

    buffer_puts(&message, kind);
    buffer_vprintf(&message, format, args);
    write_line(where, message.data);
    buffer_free(&message);
}

void report_error(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("", where, format, args);
    va_end(args);
    errors++;
}

void report_warning(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(strict_warnings ? "" : "warning: ", where, format, args);
    va_end(args);
    if (strict_warnings)
        errors++;
}

void report_note(const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report("note: ", where, format, args);
    va_end(args);
}

size_t report_errors(void)
{
    return errors;
}

void report_strict(bool strict)
{
    strict_warnings = strict;
}

int report_refusal(const char *what)
{
    struct buffer message = {0};

    buffer_printf(&message, "%zu error%s: %s", errors, errors == 1 ? "" : "s", what);
    write_line(NULL, message.data);
    buffer_free(&message);
    return EXIT_NO;
}
