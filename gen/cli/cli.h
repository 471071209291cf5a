/* The command line of kpepc: its commands, its options, and what the commands share. */
#ifndef KPEPC_CLI_H
#define KPEPC_CLI_H

#include "common/options.h"
#include "model.h"
#include "template.h"

/* A command is a file here, with its row, and a line here. */
#define COMMANDS(X) \
    X(compile)      \
    X(snapshot)     \
    X(diff)         \
    X(lint)         \
    X(emit)         \
    X(render)

#define COMMAND_DECLARATION(name) extern const struct command command_##name;
COMMANDS(COMMAND_DECLARATION)
#undef COMMAND_DECLARATION

/* The numbers of the rows in main.c: the order of --help. */
enum {
    OPT_OUTPUT = 1,
    OPT_TEMPLATE,
    OPT_DATA,
    OPT_PARTIALS,
    OPT_ESCAPE,
    OPT_LENIENT,
    OPT_NAMES,
    OPT_CHIPS,
    OPT_KERNEL,
    OPT_INTEL,
    OPT_SOURCES,
    OPT_ACCEPTED,
    OPT_CPU,
    OPT_RELEASE,
    OPT_ALLOW_MISSING,
    OPT_DESCRIPTIONS,
    OPT_SOURCE,
    OPT_COVERS,
    OPT_JSON,
    OPT_NO_SYNC,
    OPT_STRICT,
    OPTIONS,
};

/* Everything a command line can say; what is not there is NULL, or no words. */
struct arguments {
    struct operands operands;
    const char *output;
    const char *names, *chips, *kernel, *intel, *sources, *accepted;
    const char *release;
    const char *source;
    const char *template;
    const char *data, *partials;
    const struct option_word *escape;
    struct option_list cpus, covers;
    bool allow_missing, descriptions, json, lenient, no_sync, strict;
};

_Static_assert(RELEASES_MAX == 16, "what is said of the operands");
/* In a command's row: what compile and emit take. */
#define RELEASES                                                    \
    .operands = "RELEASE=DIR...", .least = 1, .most = RELEASES_MAX, \
    .operands_are = "1 to 16 RELEASE=DIR, oldest release first", .operand_kind = "DIR"

/* ---- inputs.c -------------------------------------------------------------------------------- */

/* A report of a wrong command line; then the program ends. */
NORETURN void report_usage(const char *format, ...) PRINTF_LIKE(1, 2);
/* Releases -> the merged model, with what the files of the options say. */
struct model merge_model(struct arena *arena, const struct arguments *arguments,
                         const struct release *releases, size_t count);
/* "macos-15=DIR" operands -> the merged model. */
struct model read_model(struct arena *arena, const struct arguments *arguments);
/* "DIR", which says itself what release it is, or "RELEASE=DIR". */
struct release read_directory(struct arena *arena, const char *argument);
/* Makes the directory of -o where it is not there; an exit status. */
int make_directory(const char *path);
/*
 * A file of at most `most` bytes, NUL-terminated, in the arena. NULL, or why it cannot be had;
 * errno is then 0 unless that is the system's word.
 */
const char *read_text(struct arena *arena, const char *path, size_t most, const char **text,
                      size_t *length);
/* Reports why read_text() could not. The exit status: no such file or no text is bad input. */
int report_text(const char *path, const char *why, const char *expected);

/* ---- render.c -------------------------------------------------------------------------------- */

extern const struct option_word escape_words[];
/* The text of a template; an exit status. */
int read_template(struct arena *arena, const char *path, const char **text, size_t *length);
/*
 * Renders a template to the file of -o or standard output; an exit status. file: its name, by which
 * it is escaped. times: as long an output and as many steps as that many renderings may have.
 */
int render_template(struct arena *arena, const struct arguments *arguments, const char *file,
                    const char *text, size_t length, const struct value *data, size_t times);

/* ---- snapshot.c ------------------------------------------------------------------------------ */

/* What a snapshot can say that it covers. */
void each_coverage_key(void (*each)(const void *user, const char *key), const void *user);

/* ---- emit.c ---------------------------------------------------------------------------------- */

/* The templates of kpepc's own that emit takes, by name. */
void each_own_template(void (*each)(const void *user, const char *name), const void *user);

#endif
