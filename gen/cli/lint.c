/* kpepc lint: what is legal in databases but wrong, a line each, to standard output. */
#include "lint.h"

#include "cli.h"
#include "common/report.h"

#include <string.h>

/* The default build's is 42 KB. */
enum { ACCEPTED_SIZE_MAX = 1 << 23 };

static int accept_findings(struct arena *arena, const char *path, const struct model *model,
                           struct findings *findings)
{
    const char *text, *why;
    size_t length;

    why = read_text(arena, path, ACCEPTED_SIZE_MAX, &text, &length);
    if (why != NULL)
        return report_text(path, why, "accepted findings");
    lint_accept(arena, model, findings, path, text, length);
    return report_errors() == 0 ? EXIT_OK : report_refusal("nothing was checked");
}

static int run_lint(struct arena *arena, const struct arguments *arguments)
{
    bool plain =
        arguments->operands.count == 1 && strchr(arguments->operands.words[0], '=') == NULL;
    struct findings findings;
    struct release release;
    struct model model;
    int status = EXIT_OK;

    if (plain) {
        release = read_directory(arena, arguments->operands.words[0]);
        model = merge_model(arena, arguments, &release, 1);
    } else {
        model = read_model(arena, arguments);
    }
    if (report_errors() != 0)
        return report_refusal("nothing was checked");
    findings = lint_model(arena, &model);
    if (arguments->accepted != NULL)
        status = accept_findings(arena, arguments->accepted, &model, &findings);
    if (status != EXIT_OK)
        return status;
    if (arguments->json)
        lint_print_json(&findings);
    else
        lint_print_text(&findings);
    return lint_failed(&findings, arguments->strict) ? EXIT_NO : EXIT_OK;
}

const struct command command_lint = {
    .name = "lint",
    .run = run_lint,
    .takes =
        (const struct option_use[]){
            {.option = OPT_JSON},
            {.option = OPT_NAMES},
            {.option = OPT_CHIPS},
            {.option = OPT_KERNEL},
            {.option = OPT_INTEL},
            {.option = OPT_SOURCES},
            {.option = OPT_ACCEPTED},
            {.option = OPT_ALLOW_MISSING},
            {.option = OPT_STRICT},
            {.option = OPTION_HELP},
        },
    .operands = "DIR|RELEASE=DIR...",
    .least = 1,
    .most = RELEASES_MAX,
    .operands_are = "DIR, or 1 to 16 RELEASE=DIR, oldest release first",
    .operand_kind = "DIR",
    .help = "Report what is legal in databases but wrong, a line each. Exit status 1: an error or\n"
            "a warning that is not accepted, with --strict a note too. The file of --accepted has\n"
            "lines DB RULE EVENT # why: DB is names for chip-agnostic names, EVENT is * for any,\n"
            "and A+2 for a finding of A and two other events. Answer N is the code with which\n"
            "kperfdata refuses such an event. The rules:\n",
    .print_more_help = lint_print_rules,
};
