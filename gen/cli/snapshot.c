/* kpepc snapshot: a directory of databases to one of plain facts, a file a database. */
#include "cli.h"

#include "common/report.h"
#include "common/text.h"
#include "emit.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

void each_coverage_key(void (*each)(const void *user, const char *key), const void *user)
{
    for (size_t n = 0; coverage_key(n) != NULL; n++)
        each(user, coverage_key(n));
    each(user, "none");
}

/* The bits of the keys of --covers; those of the input, where it is not given. */
static uint32_t read_coverage(struct arena *arena, const struct option_list *keys, uint32_t input)
{
    uint32_t covers = 0;

    if (keys->count == 1 && strcmp(keys->words[0], "none") == 0)
        return 0;
    for (size_t i = 0; i < keys->count; i++) {
        uint32_t bit = coverage_bit(keys->words[i]);

        if (bit == 0)
            report_usage("--covers '%.100s' (expected none, %s)", keys->words[i],
                         coverage_keys(arena));
        covers |= bit;
    }
    return keys->count != 0 ? covers : input;
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
        uint32_t covers = read_coverage(&arena, &arguments->covers, database->covers);

        emit_output(&arena, "snapshot",
                    emit_snapshot_data(&arena, database, release->name, source, covers),
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

    if (arguments->source != NULL && !is_text(arguments->source))
        report_usage("--source '%s' (expected printable ASCII)", arguments->source);
    (void)read_coverage(arena, &arguments->covers, COVERS_ALL);
    release = read_release(arena, arguments->release, arguments->operands.words[0],
                           arguments->descriptions);
    if (report_errors() != 0)
        return report_refusal("nothing was written");
    outputs = arena_alloc(arena, release.database_count, sizeof *outputs);
    for (size_t i = 0; i < release.database_count; i++)
        outputs[i].path = snapshot_file(arena, arguments->output, &release, i);
    check_case(arena, outputs, release.database_count);
    check_stale(arena, arguments->output, outputs, release.database_count);
    if (report_errors() != 0)
        return report_refusal("nothing was written");
    status = make_directory(arguments->output);
    return status == EXIT_OK ? write_snapshot(arguments, &release, outputs) : status;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .run = run_snapshot,
    .takes =
        (const struct option_use[]){
            {.option = OPT_OUTPUT, .needed = true, .value = "DIR"},
            {.option = OPT_RELEASE, .needed = true},
            {.option = OPT_SOURCE},
            {.option = OPT_COVERS},
            {.option = OPT_DESCRIPTIONS},
            {.option = OPT_NO_SYNC},
            {.option = OPT_STRICT},
            {.option = OPTION_HELP},
        },
    .operands = "DIR",
    .least = 1,
    .most = 1,
    .operands_are = "one directory",
    .operand_kind = "DIR",
    .help = "Copy a directory of databases as plain facts: one file a database, in canonical\n"
            "order, with the CPU ids that its cpu_* entries tell, without Apple's prose.",
};
