/* kpepc emit: databases of releases through a template to text. */
#include "emit.h"

#include "cli.h"
#include "common/report.h"

#include <string.h>

/* What one rendering may put out and do, emit may for every so many events. */
enum { EVENTS_AT_ONCE = 1 << 12 };

/* A builtin template that is for users: those of compile and snapshot are their own business. */
static bool is_own_template(const struct builtin *builtin)
{
    return strncmp(builtin->name, "kpdb_", 5) != 0 && strcmp(builtin->name, "snapshot") != 0;
}

void each_own_template(void (*each)(const void *user, const char *name), const void *user)
{
    for (const struct builtin *builtin = builtins; builtin->name != NULL; builtin++)
        if (is_own_template(builtin))
            each(user, builtin->name);
}

static void add_name(const void *user, const char *name)
{
    struct buffer *const *names = user;

    buffer_printf(*names, "%s%s", (*names)->length == 0 ? "" : ", ", name);
}

static void report_own_templates(void)
{
    struct buffer text = {0}, *names = &text;

    each_own_template(add_name, &names);
    report_note(NULL, "templates of kpepc's own: %s", text.data);
    buffer_free(&text);
}

/* The number of the release among those of the operands, or -1 after a report. */
static int find_release(const struct model *model, const char *name)
{
    for (size_t r = 0; r < model->release_count; r++)
        if (strcmp(model->releases[r], name) == 0)
            return (int)r;
    report_error(NULL, "no release '%s' (expected one of the arguments RELEASE=DIR)", name);
    return -1;
}

/* Nothing of what was asked for is in that release. */
static void check_release_known(const struct model *model, int release)
{
    for (size_t c = 0; c < model->cpu_count; c++)
        if (release < 0 || (model->cpus[c].releases >> release & 1) != 0)
            return;
    report_error(NULL, "no CPU asked for has a database in %s (expected another release)",
                 release < 0 ? "any release" : model->releases[release]);
}

static int run_emit(struct arena *arena, const struct arguments *arguments)
{
    const struct builtin *builtin;
    const char *file, *text;
    struct model model;
    size_t length, events = 0;
    int release = -1;

    builtin = builtin_named(arguments->template);
    if (builtin != NULL && !is_own_template(builtin))
        builtin = NULL;
    if (builtin != NULL) {
        file = builtin->file;
        text = builtin->text;
        length = builtin->length;
    } else {
        int status = read_template(arena, arguments->template, &text, &length);

        if (status != EXIT_OK && strchr(arguments->template, '.') == NULL)
            report_own_templates();
        if (status != EXIT_OK)
            return status;
        file = arguments->template;
    }
    model = read_model(arena, arguments);
    if (report_errors() == 0 && arguments->release != NULL)
        release = find_release(&model, arguments->release);
    if (report_errors() == 0 && builtin != NULL && model.cpu_count != 1 &&
        (strcmp(builtin->name, "c-header") == 0 || strcmp(builtin->name, "perf-json") == 0))
        report_usage("%s is of one CPU: choose it with --cpu", builtin->name);
    if (report_errors() == 0)
        check_release_known(&model, release);
    if (report_errors() == 0)
        layout_check_names(&model);
    if (report_errors() != 0)
        return report_refusal("nothing was written");
    for (size_t c = 0; c < model.cpu_count; c++)
        events += model.cpus[c].db.event_count;
    return render_template(arena, arguments, file, text, length,
                           emit_model_data(arena, &model, release), 1 + events / EVENTS_AT_ONCE);
}

const struct command command_emit = {
    .name = "emit",
    .run = run_emit,
    .takes =
        (const struct option_use[]){
            {.option = OPT_TEMPLATE, .needed = true},
            {.option = OPT_OUTPUT, .value = "FILE"},
            {.option = OPT_PARTIALS},
            {.option = OPT_ESCAPE},
            {.option = OPT_CPU},
            {.option = OPT_RELEASE},
            {.option = OPT_NAMES},
            {.option = OPT_CHIPS},
            {.option = OPT_KERNEL},
            {.option = OPT_INTEL},
            {.option = OPT_SOURCES},
            {.option = OPT_ALLOW_MISSING},
            {.option = OPT_DESCRIPTIONS},
            {.option = OPT_LENIENT},
            {.option = OPT_NO_SYNC},
            {.option = OPT_STRICT},
            {.option = OPTION_HELP},
        },
    RELEASES,
    .help = "Write the databases through a template: c-header, json, csv, markdown, perf-json\n"
            "or a file of your own. Without --release, each CPU's newest release.",
};
