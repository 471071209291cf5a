/*
 * What several commands of kpepc read and write: databases of releases to the merged model, files
 * of text, the directory of -o; and how a command that refuses ends.
 */
#include "cli.h"

#include "common/file.h"
#include "common/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void report_usage(const char *format, ...)
{
    struct buffer text = {0};
    va_list args;

    va_start(args, format);
    buffer_vprintf(&text, format, args);
    va_end(args);
    report_error(NULL, "%s", text.data);
    exit(EXIT_USAGE);
}

struct model merge_model(struct arena *arena, const struct arguments *arguments,
                         const struct release *releases, size_t count)
{
    struct model model = {0};

    if (report_errors() != 0)
        return model;
    model = merge_releases(arena, releases, count);
    chips_read(arena, &model, arguments->chips);
    if (arguments->kernel != NULL)
        kernel_read(arena, &model, arguments->kernel);
    if (arguments->intel != NULL)
        intel_read(arena, &model, arguments->intel, arguments->allow_missing);
    if (arguments->names != NULL)
        names_read(arena, &model, arguments->names, arguments->allow_missing);
    if (arguments->sources != NULL)
        sources_read(arena, &model, arguments->sources, arguments->allow_missing);
    if (report_errors() == 0 && arguments->cpus.count != 0)
        merge_select(arena, &model, arguments->cpus.words, arguments->cpus.count);
    return model;
}

struct model read_model(struct arena *arena, const struct arguments *arguments)
{
    size_t count = (size_t)arguments->operands.count;
    struct release *releases = arena_alloc(arena, count, sizeof *releases);

    for (size_t i = 0; i < count; i++) {
        const char *argument = arguments->operands.words[i], *equals = strchr(argument, '=');

        if (equals == NULL || equals == argument || equals[1] == '\0')
            report_usage("'%s' (expected RELEASE=DIR)", argument);
        releases[i] = read_release(arena, arena_copy(arena, argument, (size_t)(equals - argument)),
                                   equals + 1, arguments->descriptions);
        for (size_t j = 0; j < i; j++)
            if (strcmp(releases[i].name, releases[j].name) == 0)
                report_usage("release %s twice (expected each once)", releases[i].name);
    }
    return merge_model(arena, arguments, releases, count);
}

int make_directory(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return EXIT_OK;
    report_error(path, "%s (expected a directory to write to)", strerror(errno));
    return EXIT_SYSTEM;
}

const char *read_text(struct arena *arena, const char *path, size_t most, const char **text,
                      size_t *length)
{
    struct stat status;
    FILE *file = open_file(path, &status);
    struct buffer content = {0};
    const char *why = NULL;

    *text = "";
    *length = 0;
    if (file == NULL)
        return errno == 0 ? "not a regular file" : strerror(errno);
    if (!read_open_file(file, most, &content)) {
        why = strerror(errno);
    } else if (content.length > most) {
        why = arena_printf(arena, "more than %zu bytes", most);
    } else if (content.length != 0) {
        *text = arena_copy(arena, content.data, content.length);
        *length = content.length;
    }
    fclose(file);
    buffer_free(&content);
    return why;
}

int report_text(const char *path, const char *why, const char *expected)
{
    int status = errno == 0 || errno == ENOENT ? EXIT_NO : EXIT_SYSTEM;

    report_error(path, "%s (expected %s)", why, expected);
    return status;
}

struct release read_directory(struct arena *arena, const char *argument)
{
    const char *equals = strchr(argument, '=');

    if (equals == NULL)
        return read_release(arena, NULL, argument, false);
    return read_release(arena, arena_copy(arena, argument, (size_t)(equals - argument)), equals + 1,
                        false);
}
