/* kpepc compile: databases of releases to the tables of libkpdb. */
#include "cli.h"

#include "common/report.h"
#include "emit.h"

static int run_compile(struct arena *arena, const struct arguments *arguments)
{
    struct model model;
    struct layout layout;
    struct output outputs[TABLE_HEADER_COUNT] = {{0}};
    int status;

    model = read_model(arena, arguments);
    if (report_errors() != 0)
        return report_refusal("nothing was written");
    layout = layout_tables(arena, &model);
    if (report_errors() != 0)
        return report_refusal("nothing was written");
    for (size_t i = 0; i < model.rename_count; i++)
        report_note(NULL, "%s was renamed to %s", model.renames[i].from, model.renames[i].to);
    status = make_directory(arguments->output);
    if (status != EXIT_OK)
        return status;
    for (size_t i = 0; i < TABLE_HEADER_COUNT; i++)
        outputs[i].path = arena_printf(arena, "%s/%s.h", arguments->output, table_headers[i]);
    output_begin(outputs, TABLE_HEADER_COUNT, !arguments->no_sync);
    emit_tables(arena, &layout, outputs);
    return output_commit(outputs, TABLE_HEADER_COUNT);
}

const struct command command_compile = {
    .name = "compile",
    .run = run_compile,
    .takes =
        (const struct option_use[]){
            {.option = OPT_OUTPUT, .needed = true, .value = "DIR"},
            {.option = OPT_NAMES},
            {.option = OPT_CHIPS},
            {.option = OPT_KERNEL},
            {.option = OPT_INTEL},
            {.option = OPT_SOURCES},
            {.option = OPT_MEANINGS},
            {.option = OPT_CPU},
            {.option = OPT_ALLOW_MISSING},
            {.option = OPT_NO_SYNC},
            {.option = OPT_STRICT},
            {.option = OPTION_HELP},
        },
    RELEASES,
    .help = "Compile the databases of one or more macOS releases, oldest first, to the static\n"
            "tables of libkpdb: DIR/kpdb_ids.h and the headers that its sources include.",
};
