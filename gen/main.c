/* kpepc: the command line. */
#include "common/file.h"
#include "common/report.h"
#include "common/text.h"
#include "diff.h"
#include "emit.h"
#include "lint.h"
#include "plist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* The default build's is 42 KB. */
enum { ACCEPTED_SIZE_MAX = 1 << 23 };

#ifndef KPEP_VERSION
#define KPEP_VERSION "unknown"
#endif

/* Everything any subcommand's command line can say. */
struct arguments {
    const char *output;
    const char *names;
    const char *chips;
    const char *kernel;
    const char *accepted;
    const char *release;
    const char *source;
    const char *template;
    const char *data;
    const char *partials;
    const char *escape;
    const char **cpus;
    size_t cpu_count;
    bool allow_missing, descriptions, json, lenient, no_sync, strict;
    char **rest;
    int rest_count;
};

struct command {
    const char *name;
    const char *options; /* letters of those it takes: see `option_list` */
    int (*run)(struct arena *arena, const struct arguments *arguments);
    const char *usage, *help;
};

/* ---- what the subcommands share -------------------------------------------------------------- */

NORETURN static void usage_error(const char *format, const char *what)
{
    char text[256];

    snprintf(text, sizeof text, format, what);
    report_error(NULL, "%s", text);
    exit(EXIT_USAGE);
}

/* Releases -> the merged model, with what the files of the options say. */
static struct model merge_model(struct arena *arena, const struct arguments *arguments,
                                const struct release *releases, size_t count)
{
    struct model model = {0};

    if (report_errors() != 0)
        return model;
    model = merge_releases(arena, releases, count);
    chips_read(arena, &model, arguments->chips);
    if (arguments->kernel != NULL)
        kernel_read(arena, &model, arguments->kernel);
    if (arguments->names != NULL)
        names_read(arena, &model, arguments->names, arguments->allow_missing);
    if (report_errors() == 0 && arguments->cpu_count != 0)
        merge_select(arena, &model, arguments->cpus, arguments->cpu_count);
    return model;
}

/* "macos-15=DIR" arguments -> the merged model. */
static struct model read_model(struct arena *arena, const struct arguments *arguments)
{
    size_t count = (size_t)arguments->rest_count;
    struct release *releases = arena_alloc(arena, count, sizeof *releases);

    if (count == 0)
        usage_error("%s", "no databases (expected RELEASE=DIR, oldest release first)");
    if (count > RELEASES_MAX)
        usage_error("%s", "more than 16 releases (expected at most 16)");
    for (size_t i = 0; i < count; i++) {
        const char *argument = arguments->rest[i], *equals = strchr(argument, '=');

        if (equals == NULL || equals == argument || equals[1] == '\0')
            usage_error("'%s' (expected RELEASE=DIR)", argument);
        releases[i] = read_release(arena, arena_copy(arena, argument, (size_t)(equals - argument)),
                                   equals + 1, arguments->descriptions);
        for (size_t j = 0; j < i; j++)
            if (strcmp(releases[i].name, releases[j].name) == 0)
                usage_error("release %s twice (expected each once)", releases[i].name);
    }
    return merge_model(arena, arguments, releases, count);
}

/* One line that says how it ended; what is wrong was said before. */
static int refused(const char *what)
{
    fprintf(stderr, "kpepc: %zu error%s: %s\n", report_errors(), report_errors() == 1 ? "" : "s",
            what);
    return EXIT_NO;
}

/* Makes the directory of an -o option when it is not there. */
static int make_directory(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return EXIT_OK;
    report_error(path, "%s (expected a directory to write to)", strerror(errno));
    return EXIT_SYSTEM;
}

/*
 * NULL, or why it cannot be had; errno is 0 unless that is the system's word.
 */
static const char *read_text(struct arena *arena, const char *path, size_t most, const char **text,
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

/* What became of a read_text(): a file that is not there or no text is bad input. */
static int report_text(const char *path, const char *why, const char *expected)
{
    int status = errno == 0 || errno == ENOENT ? EXIT_NO : EXIT_SYSTEM;

    report_error(path, "%s (expected %s)", why, expected);
    return status;
}

/* ---- compile --------------------------------------------------------------------------------- */

static int run_compile(struct arena *arena, const struct arguments *arguments)
{
    struct model model;
    struct layout layout;
    struct output outputs[2] = {{0}};
    int status;

    if (arguments->output == NULL)
        usage_error("%s", "compile needs -o DIR");
    model = read_model(arena, arguments);
    if (report_errors() != 0)
        return refused("nothing was written");
    layout = layout_tables(arena, &model);
    if (report_errors() != 0)
        return refused("nothing was written");
    for (size_t i = 0; i < model.rename_count; i++)
        report_note(NULL, "%s was renamed to %s", model.renames[i].from, model.renames[i].to);
    status = make_directory(arguments->output);
    if (status != EXIT_OK)
        return status;
    outputs[0].path = arena_printf(arena, "%s/kpdb_ids.h", arguments->output);
    outputs[1].path = arena_printf(arena, "%s/kpdb_tables.h", arguments->output);
    output_begin(outputs, 2, !arguments->no_sync);
    emit_tables(arena, &layout, &outputs[0], &outputs[1]);
    return output_commit(outputs, 2);
}

/* ---- snapshot -------------------------------------------------------------------------------- */

/* A database's file in a snapshot; two of one name are told apart by a CPU id. */
static const char *snapshot_file(struct arena *arena, const char *directory,
                                 const struct release *release, size_t index)
{
    const struct database *database = &release->databases[index];
    const char *name = database->name;

    if (index > 0 && strcmp(release->databases[index - 1].name, name) == 0)
        name = database->id_count != 0 ? cpu_id_text(arena, &database->ids[0])
                                       : arena_printf(arena, "%s-%zu", name, index);
    return arena_printf(arena, "%s/%s.plist", directory, name);
}

/* A database that was there and is not in this snapshot would be taken for a part of it. */
static void check_stale(struct arena *arena, const char *directory, const struct output *outputs,
                        size_t count)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;

    if (dir == NULL && errno != ENOENT && errno != ENOTDIR)
        fatal(EXIT_SYSTEM, "cannot list the directory of -o: %s", strerror(errno));
    for (errno = 0; dir != NULL && (entry = readdir(dir)) != NULL; errno = 0) {
        const char *path = arena_printf(arena, "%s/%s", directory, entry->d_name);
        size_t length = strlen(entry->d_name);
        bool known = length < 6 || strcmp(entry->d_name + length - 6, ".plist") != 0;

        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(outputs[i].path, path) == 0;
        if (!known)
            report_error(path,
                         "not of this snapshot (expected a directory without other databases)");
    }
    if (dir != NULL && errno != 0)
        fatal(EXIT_SYSTEM, "cannot list the directory of -o: %s", strerror(errno));
    if (dir != NULL)
        closedir(dir);
}

/* What one database needs is given back before the next. */
static int write_snapshot(const struct arguments *arguments, const struct release *release,
                          struct output *outputs)
{
    output_begin(outputs, release->database_count, !arguments->no_sync);
    for (size_t i = 0; i < release->database_count; i++) {
        const struct database *database = &release->databases[i];
        const char *source = arguments->source != NULL ? arguments->source : database->source;
        struct arena arena = {0};

        emit_output(&arena, "snapshot", emit_snapshot_data(&arena, database, release->name, source),
                    &outputs[i]);
        output_end(&outputs[i]);
        arena_free(&arena);
        if (outputs[i].status != EXIT_OK)
            break;
    }
    return output_commit(outputs, release->database_count);
}

static int compare_folded(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Wherever the snapshot is copied to, its files are as many as they are here. */
static void check_case(struct arena *arena, const struct output *outputs, size_t count)
{
    const char **paths = arena_alloc(arena, count, sizeof *paths);

    for (size_t i = 0; i < count; i++)
        paths[i] = outputs[i].path;
    qsort(paths, count, sizeof *paths, compare_folded);
    for (size_t i = 1; i < count; i++)
        if (strcasecmp(paths[i - 1], paths[i]) == 0)
            report_error(paths[i],
                         "the same file as %s where case does not count (expected databases whose "
                         "names differ in more)",
                         paths[i - 1]);
}

static int run_snapshot(struct arena *arena, const struct arguments *arguments)
{
    struct release release;
    struct output *outputs;
    int status;

    if (arguments->output == NULL || arguments->release == NULL || arguments->rest_count != 1)
        usage_error("%s", "snapshot needs -o DIR, --release NAME and one directory");
    if (arguments->source != NULL && !is_text(arguments->source))
        usage_error("--source '%s' (expected printable ASCII)", arguments->source);
    release = read_release(arena, arguments->release, arguments->rest[0], arguments->descriptions);
    if (report_errors() != 0)
        return refused("nothing was written");
    outputs = arena_alloc(arena, release.database_count, sizeof *outputs);
    for (size_t i = 0; i < release.database_count; i++)
        outputs[i].path = snapshot_file(arena, arguments->output, &release, i);
    check_case(arena, outputs, release.database_count);
    check_stale(arena, arguments->output, outputs, release.database_count);
    if (report_errors() != 0)
        return refused("nothing was written");
    status = make_directory(arguments->output);
    return status == EXIT_OK ? write_snapshot(arguments, &release, outputs) : status;
}

/* ---- diff ------------------------------------------------------------------------------------ */

/* "DIR", which says itself what release it is, or "RELEASE=DIR". */
static struct release read_directory(struct arena *arena, const char *argument)
{
    const char *equals = strchr(argument, '=');

    if (equals == NULL)
        return read_release(arena, NULL, argument, false);
    return read_release(arena, arena_copy(arena, argument, (size_t)(equals - argument)), equals + 1,
                        false);
}

static int run_diff(struct arena *arena, const struct arguments *arguments)
{
    struct release old, new;
    struct diff diff;

    if (arguments->rest_count != 2)
        usage_error("%s", "diff needs two directories, the older first");
    old = read_directory(arena, arguments->rest[0]);
    new = read_directory(arena, arguments->rest[1]);
    if (report_errors() != 0)
        return refused("nothing was compared");
    diff = diff_releases(arena, &old, &new);
    if (arguments->json)
        diff_print_json(arena, &diff);
    else
        diff_print_text(arena, &diff);
    return diff_any(&diff) ? EXIT_NO : EXIT_OK;
}

/* ---- lint ------------------------------------------------------------------------------------ */

static int accept_findings(struct arena *arena, const char *path, const struct model *model,
                           struct findings *findings)
{
    const char *text, *why;
    size_t length;

    why = read_text(arena, path, ACCEPTED_SIZE_MAX, &text, &length);
    if (why != NULL)
        return report_text(path, why, "accepted findings");
    lint_accept(arena, model, findings, path, text, length);
    return report_errors() == 0 ? EXIT_OK : refused("nothing was checked");
}

static int run_lint(struct arena *arena, const struct arguments *arguments)
{
    bool plain = arguments->rest_count == 1 && strchr(arguments->rest[0], '=') == NULL;
    struct findings findings;
    struct release release;
    struct model model;
    int status = EXIT_OK;

    if (plain) {
        release = read_directory(arena, arguments->rest[0]);
        model = merge_model(arena, arguments, &release, 1);
    } else {
        model = read_model(arena, arguments);
    }
    if (report_errors() != 0)
        return refused("nothing was checked");
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

/* ---- emit and render ------------------------------------------------------------------------- */

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

/* What one rendering may put out and do, emit may for every so many events. */
enum { EVENTS_AT_ONCE = 1 << 12 };

/* times: as long an output and as many steps as that many renderings may have. */
static int render(struct arena *arena, const struct arguments *arguments, const char *file,
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

    if (arguments->escape != NULL && !template_escape_named(arguments->escape, &options.escape))
        usage_error("--escape %s (expected none, html, c, json or markdown)", arguments->escape);
    output_begin(&output, 1, !arguments->no_sync);
    if (!template_render(arena, &options, file, text, length, data, &output.text, &error) &&
        error != NULL) {
        report_error(NULL, "%s", error);
        output_drop(&output, 1);
        return partials.refused ? EXIT_SYSTEM : EXIT_NO;
    }
    return output_commit(&output, 1);
}

static int read_template(struct arena *arena, const char *path, const char **text, size_t *length)
{
    const char *why = read_text(arena, path, PLIST_SIZE_MAX, text, length);

    return why == NULL ? EXIT_OK : report_text(path, why, "a template");
}

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

    if (arguments->template == NULL)
        usage_error("%s", "emit needs -t TEMPLATE");
    builtin = builtin_named(arguments->template);
    if (builtin != NULL &&
        (strncmp(builtin->name, "kpdb_", 5) == 0 || strcmp(builtin->name, "snapshot") == 0))
        builtin = NULL;
    if (builtin != NULL) {
        file = builtin->file;
        text = builtin->text;
        length = builtin->length;
    } else {
        int status = read_template(arena, arguments->template, &text, &length);

        if (status != EXIT_OK && strchr(arguments->template, '.') == NULL)
            report_note(NULL, "templates of kpepc's own: c-header, csv, json, markdown, perf-json");
        if (status != EXIT_OK)
            return status;
        file = arguments->template;
    }
    model = read_model(arena, arguments);
    if (report_errors() == 0 && arguments->release != NULL)
        release = find_release(&model, arguments->release);
    if (report_errors() == 0 && builtin != NULL && model.cpu_count != 1 &&
        (strcmp(builtin->name, "c-header") == 0 || strcmp(builtin->name, "perf-json") == 0))
        usage_error("%s is of one CPU: choose it with --cpu", builtin->name);
    if (report_errors() == 0)
        check_release_known(&model, release);
    if (report_errors() == 0)
        layout_check_names(&model);
    if (report_errors() != 0)
        return refused("nothing was written");
    for (size_t c = 0; c < model.cpu_count; c++)
        events += model.cpus[c].db.event_count;
    return render(arena, arguments, file, text, length, emit_model_data(arena, &model, release),
                  1 + events / EVENTS_AT_ONCE);
}

static int run_render(struct arena *arena, const struct arguments *arguments)
{
    const struct value *data = value_map(arena);
    const char *text;
    size_t length;
    int status;

    if (arguments->template == NULL || arguments->rest_count != 0)
        usage_error("%s", "render needs -t FILE and takes no other arguments");
    status = read_template(arena, arguments->template, &text, &length);
    if (status != EXIT_OK)
        return status;
    if (arguments->data != NULL)
        data = plist_load(arena, arguments->data);
    if (data == NULL)
        return EXIT_NO;
    return render(arena, arguments, arguments->template, text, length, data, 1);
}

/* ---- the command line ------------------------------------------------------------------------ */

static const struct command commands[] = {
    {"compile", "oncCkANS", run_compile,
     "kpepc compile -o DIR [--names FILE] [--chips FILE] [--kernel FILE] [--cpu CPU]...\n"
     "              [--allow-missing] [--no-sync] [--strict] RELEASE=DIR...",
     "Compile the databases of one or more macOS releases, oldest first, to the static\n"
     "tables of libkpdb: DIR/kpdb_ids.h and DIR/kpdb_tables.h."},
    {"snapshot", "orDsNS", run_snapshot,
     "kpepc snapshot -o DIR --release NAME [--source TEXT] [--descriptions] [--no-sync]\n"
     "               [--strict] DIR",
     "Copy a directory of databases as plain facts: one file a database, in canonical\n"
     "order, with the CPU ids that its cpu_* entries tell, without Apple's prose."},
    {"diff", "jS", run_diff, "kpepc diff [--json] [--strict] OLD NEW",
     "What changed between two directories of databases: events added, removed, renamed\n"
     "and changed, databases and CPU ids. Exit status 0: nothing, 1: something."},
    {"lint", "jnCkaAS", run_lint,
     "kpepc lint [--json] [--names FILE] [--chips FILE] [--kernel FILE] [--accepted FILE]\n"
     "           [--allow-missing] [--strict] DIR|RELEASE=DIR...",
     "Report what is legal in databases but wrong, a line each. Exit status 1: an error or\n"
     "a warning that is not accepted, with --strict a note too. The file of --accepted has\n"
     "lines DB RULE EVENT # why: DB is names for chip-agnostic names, EVENT is * for any,\n"
     "and A+2 for a finding of A and two other events. Answer N is the code with which\n"
     "kperfdata refuses such an event. The rules:\n"},
    {"emit", "otncCkArDpelNS", run_emit,
     "kpepc emit -t TEMPLATE [-o FILE] [-p DIR] [--escape KIND] [--cpu CPU]... [--release NAME]\n"
     "           [--names FILE] [--chips FILE] [--kernel FILE] [--allow-missing]\n"
     "           [--descriptions] [--lenient] [--no-sync] [--strict] RELEASE=DIR...",
     "Write the databases through a template: c-header, json, csv, markdown, perf-json\n"
     "or a file of your own. Without --release, each CPU's newest release."},
    {"render", "otdpelNS", run_render,
     "kpepc render -t FILE [-d DATA.plist] [-p DIR] [--escape KIND] [--lenient] [--no-sync]\n"
     "             [--strict] [-o FILE]",
     "Render a Mustache template with the data of any property list."},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* The letter is the value getopt_long() returns and what struct command names. */
static const struct {
    struct option option;
    const char *argument, *help;
} option_list[] = {
    {{"output", required_argument, NULL, 'o'},
     "PATH",
     "where to write (default of emit, render: standard output)"},
    {{"template", required_argument, NULL, 't'}, "TEMPLATE", "the template"},
    {{"data", required_argument, NULL, 'd'}, "FILE", "the data, a property list"},
    {{"partials", required_argument, NULL, 'p'}, "DIR", "where {{>name}} finds name.mustache"},
    {{"escape", required_argument, NULL, 'e'},
     "KIND",
     "none, html, c, json, markdown (default: as the template's file name says)"},
    {{"lenient", no_argument, NULL, 'l'},
     NULL,
     "what a template names and the data lacks is empty"},
    {{"names", required_argument, NULL, 'n'}, "FILE", "chip-agnostic names and metrics"},
    {{"chips", required_argument, NULL, 'C'}, "FILE", "the chips sold with each CPU id"},
    {{"kernel", required_argument, NULL, 'k'}, "FILE", "the selectors that macOS kernels accept"},
    {{"accepted", required_argument, NULL, 'a'}, "FILE", "findings that are known"},
    {{"cpu", required_argument, NULL, 'c'},
     "CPU",
     "only this: database, id, with --chips a chip (m1-max); may be repeated"},
    {{"release", required_argument, NULL, 'r'}, "NAME", "the macOS release"},
    {{"allow-missing", no_argument, NULL, 'A'},
     NULL,
     "leave out names whose events no database here has"},
    {{"descriptions", no_argument, NULL, 'D'}, NULL, "keep Apple's text"},
    {{"source", required_argument, NULL, 's'}, "TEXT", "where the facts came from"},
    {{"json", no_argument, NULL, 'j'}, NULL, "JSON instead of text"},
    {{"no-sync", no_argument, NULL, 'N'}, NULL, "do not wait until the files are on the disk"},
    {{"strict", no_argument, NULL, 'S'}, NULL, "a warning is an error"},
    {{"help", no_argument, NULL, 'h'}, NULL, "this text"},
};

enum { OPTIONS = sizeof option_list / sizeof option_list[0] };

static void print_help(FILE *to)
{
    fputs("usage: kpepc COMMAND [OPTION...] [ARGUMENT...]\n"
          "\n"
          "The compiler of kpep: Apple's CPU event databases to static tables.\n\n",
          to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %s\n", commands[i].usage);
    fputs("\n"
          "kpepc COMMAND --help tells more; kpepc --version which one this is.\n"
          "Exit status: 0 done, 1 bad input, 2 bad command line, 3 the system refused.\n",
          to);
}

static void print_command_help(const struct command *command)
{
    printf("usage: %s\n\n%s\n", command->usage, command->help);
    if (command->run == run_lint)
        lint_print_rules();
    putchar('\n');
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[64];

        if (option_list[i].option.val != 'h' &&
            strchr(command->options, option_list[i].option.val) == NULL)
            continue;
        snprintf(left, sizeof left, "%s--%s%s%s",
                 strchr("otdpe", option_list[i].option.val) == NULL
                     ? "    "
                     : (const char[]){'-', (char)option_list[i].option.val, ',', ' ', 0},
                 option_list[i].option.name, option_list[i].argument == NULL ? "" : " ",
                 option_list[i].argument == NULL ? "" : option_list[i].argument);
        printf("  %-24s %s\n", left, option_list[i].help);
    }
}

static const char *const *add_cpus(struct arena *arena, struct arguments *arguments,
                                   const char *list)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",;");
        const char **more = arena_alloc(arena, arguments->cpu_count + 1, sizeof *more);

        for (size_t i = 0; i < arguments->cpu_count; i++)
            more[i] = arguments->cpus[i];
        if (length != 0)
            more[arguments->cpu_count++] = arena_copy(arena, list, length);
        arguments->cpus = more;
        list += length + (list[length] != '\0');
    }
    return arguments->cpus;
}

static void take_option(struct arena *arena, struct arguments *arguments, int letter)
{
    switch (letter) {
    case 'o':
        arguments->output = optarg;
        break;
    case 't':
        arguments->template = optarg;
        break;
    case 'd':
        arguments->data = optarg;
        break;
    case 'p':
        arguments->partials = optarg;
        break;
    case 'e':
        arguments->escape = optarg;
        break;
    case 'l':
        arguments->lenient = true;
        break;
    case 'n':
        arguments->names = optarg;
        break;
    case 'C':
        arguments->chips = optarg;
        break;
    case 'k':
        arguments->kernel = optarg;
        break;
    case 'a':
        arguments->accepted = optarg;
        break;
    case 'c':
        add_cpus(arena, arguments, optarg);
        break;
    case 'r':
        arguments->release = optarg;
        break;
    case 'A':
        arguments->allow_missing = true;
        break;
    case 'D':
        arguments->descriptions = true;
        break;
    case 'N':
        arguments->no_sync = true;
        break;
    case 'j':
        arguments->json = true;
        break;
    case 's':
        arguments->source = optarg;
        break;
    default:
        arguments->strict = true;
        break;
    }
}

/*
 * getopt_long()'s value of a long option is its letter and this, so that an
 * error of one ('?', with the value in optopt) is not taken for one of "-o".
 */
enum { LONG = 256 };

static const char *long_name(int value)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if (option_list[i].option.val == value % LONG)
            return option_list[i].option.name;
    return "";
}

/* What getopt_long() did not like: its own words would show the argument raw. */
static int option_error(const struct command *command, int letter, const char *argument)
{
    if (letter == ':')
        report_error(NULL, "--%s needs a value (kpepc %s --help)", long_name(optopt),
                     command->name);
    else if (optopt >= LONG)
        report_error(NULL, "--%s takes no value (kpepc %s --help)", long_name(optopt),
                     command->name);
    else if (optopt != 0)
        report_error(NULL, "%s takes no option '-%c' (kpepc %s --help)", command->name, optopt,
                     command->name);
    else
        report_error(NULL, "%s takes no option '%.100s' (kpepc %s --help)", command->name, argument,
                     command->name);
    return EXIT_USAGE;
}

static int run(struct arena *arena, const struct command *command, int argc, char **argv)
{
    struct arguments arguments = {0};
    struct option options[OPTIONS + 1] = {{0}};
    int letter;

    for (size_t i = 0; i < OPTIONS; i++) {
        options[i] = option_list[i].option;
        options[i].val += LONG;
    }
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":o:t:d:p:e:h", options, NULL)) != -1) {
        if (letter == '?' || letter == ':')
            return option_error(command, letter, argv[optind - 1]);
        letter %= LONG;
        if (letter == 'h') {
            print_command_help(command);
            return EXIT_OK;
        }
        if (strchr(command->options, letter) == NULL) {
            report_error(NULL, "%s takes no option '--%s' (kpepc %s --help)", command->name,
                         long_name(letter), command->name);
            return EXIT_USAGE;
        }
        take_option(arena, &arguments, letter);
    }
    arguments.rest = argv + optind;
    arguments.rest_count = argc - optind;
    report_strict(arguments.strict);
    return command->run(arena, &arguments);
}

/* What was printed must have arrived: a full disk or a closed pipe is no success. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    report_error(NULL, "cannot write to standard output");
    return EXIT_NO;
}

/*
 * A standard descriptor that is closed would be that of the next file opened, and a report would
 * end in it. This one takes no writes, so they fail as before.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0)
            exit(EXIT_SYSTEM);
}

int main(int argc, char **argv)
{
    static struct arena arena; /* to the end of the process, which gives it back */

    program_named("kpepc");
    hold_standard_descriptors();
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return flushed(EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("kpepc " KPEP_VERSION);
        return flushed(EXIT_OK);
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            argv[1] = arena_printf(&arena, "kpepc %s", commands[i].name);
            return flushed(run(&arena, &commands[i], argc - 1, argv + 1));
        }
    usage_error("no command '%s' (expected compile, snapshot, diff, lint, emit or render)",
                argv[1]);
}
