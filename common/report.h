/*
 * Reports go to stderr, one line each, and errors are counted, so that a run tells all it found
 * before it gives up. `where` names the place ("a14.plist: system.cpu.events.INST_ALL.number");
 * NULL, shown as the program's name, when there is none. Bytes of the message that are not
 * printable ASCII are shown as \xNN: what is reported may be hostile.
 */
#ifndef KPEP_REPORT_H
#define KPEP_REPORT_H

#include "common/buffer.h"

#include <stdbool.h>

void report_error(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
void report_warning(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
void report_note(const char *where, const char *format, ...) PRINTF_LIKE(2, 3);
/* Errors so far; warnings are among them after report_strict(true). */
size_t report_errors(void);
void report_strict(bool strict);
/* "kpepc: 2 errors: nothing was written", behind the reports of these; EXIT_NO. */
int report_refusal(const char *what);
/* The line that a report of the message would be. The caller frees it. */
struct buffer report_line(const char *where, const char *message);

#endif
