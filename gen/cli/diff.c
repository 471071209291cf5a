/* kpepc diff: what changed between two directories of databases, to standard output. */
#include "diff.h"

#include "cli.h"
#include "common/report.h"

static int run_diff(struct arena *arena, const struct arguments *arguments)
{
    struct release old, new;
    struct diff diff;

    old = read_directory(arena, arguments->operands.words[0]);
    new = read_directory(arena, arguments->operands.words[1]);
    if (report_errors() != 0)
        return report_refusal("nothing was compared");
    diff = diff_releases(arena, &old, &new);
    if (arguments->json)
        diff_print_json(arena, &diff);
    else
        diff_print_text(arena, &diff);
    return diff_any(&diff) ? EXIT_NO : EXIT_OK;
}

const struct command command_diff = {
    .name = "diff",
    .run = run_diff,
    .takes =
        (const struct option_use[]){
            {.option = OPT_JSON},
            {.option = OPT_STRICT},
            {.option = OPTION_HELP},
        },
    .operands = "OLD NEW",
    .least = 2,
    .most = 2,
    .operands_are = "two directories, the older first",
    .operand_kind = "DIR",
    .help = "What changed between two directories of databases: events added, removed, renamed\n"
            "and changed, databases and CPU ids. Exit status 0: nothing, 1: something.",
};
