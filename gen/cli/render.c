/* kpepc render: a template and any property list to text; and what emit shares with it. */
#include "cli.h"

#include "common/report.h"
#include "output.h"
#include "plist.h"
#include "scan.h"
#include "template.h"

#include <errno.h>
#include <string.h>

/* The word alone counts: none, or the filter of that name. */
#define ESCAPE_WORD(name) {#name, 0},
const struct option_word escape_words[] = {
    {"none", 0},
    OUTPUT_ESCAPES(ESCAPE_WORD) /* and the end */
    {NULL, 0},
};

/* Partials of a template: NAME.mustache in the directory of -p. */
struct partials {
    struct arena *arena;
    const char *directory;
    bool refused; /* by the system */
};

static const char *find_partial(void *user, const char *name, size_t *length, const char **why)
{
    struct partials *partials = user;
    const char *text;

    if (partials->directory == NULL || *name == '.' || strchr(name, '/') != NULL)
        return NULL;
    *why = read_text(partials->arena,
                     arena_printf(partials->arena, "%s/%s.mustache", partials->directory, name),
                     PLIST_SIZE_MAX, &text, length);
    if (*why == NULL)
        return text;
    if (errno == ENOENT || errno == ENAMETOOLONG) /* there is none, or can be none */
        *why = NULL;
    else
        partials->refused = errno != 0;
    return NULL;
}

int render_template(struct arena *arena, const struct arguments *arguments, const char *file,
                    const char *text, size_t length, const struct value *data, size_t times)
{
    struct output output = {.path = arguments->output};
    struct partials partials = {arena, arguments->partials, false};
    struct template_options options = {.escape = template_escape_for(file),
                                       .lenient = arguments->lenient,
                                       .partial = find_partial,
                                       .user = &partials,
                                       .flush = output_flush,
                                       .flush_to = &output,
                                       .output_max = (uint64_t)TEMPLATE_OUTPUT_MAX * times,
                                       .steps_max = (uint64_t)TEMPLATE_STEPS_MAX * times};
    const char *error = NULL;

    if (arguments->escape != NULL)
        options.escape = filter_named(span_of(arguments->escape->word));
    output_begin(&output, 1, !arguments->no_sync);
    if (!template_render(arena, &options, file, text, length, data, &output.text, &error) &&
        error != NULL) {
        report_error(NULL, "%s", error);
        output_drop(&output, 1);
        return partials.refused ? EXIT_SYSTEM : EXIT_NO;
    }
    return output_commit(&output, 1);
}

int read_template(struct arena *arena, const char *path, const char **text, size_t *length)
{
    const char *why = read_text(arena, path, PLIST_SIZE_MAX, text, length);

    return why == NULL ? EXIT_OK : report_text(path, why, "a template");
}

static int run_render(struct arena *arena, const struct arguments *arguments)
{
    const struct value *data = value_map(arena);
    const char *text;
    size_t length;
    int status;

    status = read_template(arena, arguments->template, &text, &length);
    if (status != EXIT_OK)
        return status;
    if (arguments->data != NULL)
        data = plist_load(arena, arguments->data);
    if (data == NULL)
        return EXIT_NO;
    return render_template(arena, arguments, arguments->template, text, length, data, 1);
}

const struct command command_render = {
    .name = "render",
    .run = run_render,
    .takes =
        (const struct option_use[]){
            {.option = OPT_TEMPLATE, .needed = true, .value = "FILE"},
            {.option = OPT_DATA, .value = "DATA.plist"},
            {.option = OPT_PARTIALS},
            {.option = OPT_ESCAPE},
            {.option = OPT_LENIENT},
            {.option = OPT_NO_SYNC},
            {.option = OPT_STRICT},
            {.option = OPT_OUTPUT, .value = "FILE"},
            {.option = OPTION_HELP},
        },
    .help = "Render a Mustache template with the data of any property list.",
};
