/*
 * Property lists -> model -> tables. An input's parts: letters that say what to do, the database of
 * the first release, that of the second, names, chips, kernel, a second database of the first
 * release, intel, sources, meanings. What is empty is not there.
 */
#include "diff.h"
#include "emit.h"
#include "fuzz.h"
#include "lint.h"

#include <string.h>
#include <unistd.h>

/* Its count of errors begins anew with each compilation. */
#include "../../common/report.c"

#define LINK "cpu_100000c_2_1234abcd.plist"

enum { FLAGS, FIRST, SECOND, NAMES, CHIPS, KERNEL, OTHER, INTEL, SOURCES, MEANINGS, PARTS };
enum { RELEASES = 2, PATH_LENGTH = 200 };

static const char *const release_names[RELEASES] = {"macos-15", "macos-26"};
/* The files beside the databases, and the part that each is. */
static const char *const side_files[] = {"names.plist", "chips.plist",   "kernel.plist",
                                         "intel.plist", "sources.plist", "meanings.plist",
                                         NULL};
static const unsigned side_parts[] = {NAMES, CHIPS, KERNEL, INTEL, SOURCES, MEANINGS};
static const char *const files[] = {"t1.plist", "t2.plist", LINK, NULL};

struct input {
    struct part parts[PARTS];
    char side[PATH_LENGTH];
    char directories[RELEASES][PATH_LENGTH];
};

struct compiled {
    bool whole;
    struct buffer headers; /* one behind the other */
    char *said;
};

static bool flag(const struct input *input, char letter)
{
    return memchr(input->parts[FLAGS].text, letter, input->parts[FLAGS].length) != NULL;
}

static const char *side(struct arena *arena, const struct input *input, unsigned part)
{
    size_t i = 0;

    if (input->parts[part].length == 0)
        return NULL;
    while (side_parts[i] != part)
        i++;
    return arena_printf(arena, "%s/%s", input->side, side_files[i]);
}

/* ---- what must hold of a compilation ------------------------------------------------------- */

/* What a perfect hash has in the slot of a hash. */
static size_t find_key(const struct perfect *perfect, uint32_t hash)
{
    uint32_t bucket = kpdb_bucket(hash, perfect->by), slot;

    MUST(bucket < perfect->bucket_count);
    slot = kpdb_slot(hash, (uint32_t)perfect->displacements[bucket], perfect->by);
    MUST(slot < perfect->slot_count);
    return slot;
}

static size_t find_string(const struct layout *layout, const char *name)
{
    uint32_t hash = kpdb_hash(name, strlen(name), layout->names.by);
    size_t string = layout->names.slots[find_key(&layout->names, hash)];

    MUST(string == PERFECT_NONE || string < layout->strings.count);
    return string != PERFECT_NONE && strcmp(layout->strings.list[string], name) == 0 ? string
                                                                                     : SIZE_MAX;
}

/* The row of an id that the list has. */
static size_t find_row(const struct layout *layout, size_t number, size_t id)
{
    const struct layout_list *list = &layout->lists[number];
    size_t at, variant;

    if (layout->sparse) {
        at = find_key(&layout->pairs, kpdb_mix_value((uint32_t)number << 16, (uint32_t)id));
        MUST(layout->pair_lists.list[at] == number);
        return layout->pair_rows.list[at];
    }
    MUST(id >= list->first && id - list->first < list->span);
    at = list->at + id - list->first;
    MUST(at < layout->variants.count);
    variant = layout->variants.list[at] >> list->shift & layout->most_variants;
    MUST(variant != 0);
    return layout->row_at.list[id] + variant - 1;
}

/* Every event is found by its name, and its row says what the database does. */
static void check_event(const struct layout *layout, const struct layout_cpu *cpu,
                        const struct event *event)
{
    size_t id = find_string(layout, event->name), at;
    const struct layout_row *row;

    MUST(id < layout->event_ids && layout->is_hardware[id]);
    at = find_row(layout, cpu->list, id);
    MUST(at >= layout->row_at.list[id] && at < layout->row_at.list[id + 1]);
    row = &layout->rows[at];
    MUST(row->kind != 0 && row->kind < layout->kind_count);
    MUST(row->number == event->number && row->umask == event->umask);
    MUST(layout->kinds[row->kind].counters == event->counters);
    MUST(layout->kinds[row->kind].fixed == event->fixed);
    MUST(layout->kinds[row->kind].other == event->other);
}

static void check_layout(const struct layout *layout)
{
    for (size_t c = 0; c < layout->model->cpu_count; c++) {
        const struct database *db = &layout->cpus[c].cpu->db;

        for (size_t i = 0; i < db->event_count; i++)
            check_event(layout, &layout->cpus[c], &db->events[i]);
        for (size_t i = 0; i < db->alias_count; i++)
            MUST(find_string(layout, db->aliases[i].name) < layout->event_ids);
    }
    for (size_t i = 0; i < layout->model->name_count; i++)
        MUST(find_string(layout, layout->model->names[i].name) != SIZE_MAX);
    for (size_t i = 0; i < layout->chips.count; i++)
        MUST(layout->chips.list[i] < layout->strings.count);
    for (size_t i = 0; i < layout->candidate_count; i++)
        MUST(layout->candidates[i].event < layout->event_ids &&
             layout->candidates[i].set < layout->set_count);
}

/* Every template of our own renders what was accepted: emit_builtin() ends the program else. */
static void render_builtins(struct arena *arena, const struct model *model, int release)
{
    const struct value *data = emit_model_data(arena, model, release);

    for (const struct builtin *builtin = builtins; builtin->name != NULL; builtin++) {
        bool one =
            strcmp(builtin->name, "c-header") == 0 || strcmp(builtin->name, "perf-json") == 0;
        struct buffer text = {0};

        if (strncmp(builtin->name, "kpdb_", 5) == 0 || strcmp(builtin->name, "snapshot") == 0 ||
            (one && model->cpu_count != 1))
            continue;
        emit_builtin(arena, builtin->name, data, &text);
        buffer_free(&text);
    }
}

/* ---- compile, snapshot ---------------------------------------------------------------------- */

static size_t read_all(struct arena *arena, const struct input *input, struct release *releases)
{
    size_t count = input->parts[SECOND].length == 0 ? 1 : RELEASES;

    for (size_t i = 0; i < count; i++)
        releases[i] =
            read_release(arena, release_names[i], input->directories[i], flag(input, 'd'));
    return count;
}

/* As kpepc compile does it, and what other commands do with the model. */
static bool build(struct arena *arena, const struct input *input, struct compiled *out)
{
    static const char *const only = "t1";
    struct release releases[RELEASES];
    size_t count = read_all(arena, input, releases);
    struct layout layout;
    struct model model;
    const struct value *data;

    if (report_errors() != 0)
        return false;
    model = merge_releases(arena, releases, count);
    chips_read(arena, &model, side(arena, input, CHIPS));
    if (side(arena, input, KERNEL) != NULL)
        kernel_read(arena, &model, side(arena, input, KERNEL));
    if (side(arena, input, INTEL) != NULL)
        intel_read(arena, &model, side(arena, input, INTEL), flag(input, 'a'));
    if (side(arena, input, NAMES) != NULL)
        names_read(arena, &model, side(arena, input, NAMES), flag(input, 'a'));
    if (side(arena, input, SOURCES) != NULL)
        sources_read(arena, &model, side(arena, input, SOURCES), flag(input, 'a'));
    if (side(arena, input, MEANINGS) != NULL)
        meanings_read(arena, &model, side(arena, input, MEANINGS), flag(input, 'a'));
    if (report_errors() == 0 && flag(input, 'o'))
        merge_select(arena, &model, &only, 1);
    if (report_errors() != 0)
        return false;
    (void)lint_model(arena, &model);
    (void)diff_releases(arena, &releases[0], &releases[count - 1]);
    layout = layout_tables(arena, &model);
    if (report_errors() != 0)
        return false;
    check_layout(&layout);
    data = emit_tables_data(arena, &layout);
    for (size_t i = 0; i < TABLE_HEADER_COUNT; i++)
        emit_builtin(arena, table_headers[i], data, &out->headers);
    for (int release = -1; release < (int)count; release++)
        render_builtins(arena, &model, release);
    return true;
}

static struct compiled compile(const struct input *input)
{
    struct compiled out = {0};
    struct arena arena = {0};

    errors = 0;
    fuzz_silence();
    out.whole = build(&arena, input, &out);
    out.said = fuzz_speak();
    arena_free(&arena);
    MUST(out.whole || *out.said != '\0');
    return out;
}

static void same(const struct compiled *a, const struct compiled *b)
{
    MUST(a->whole == b->whole);
    MUST(a->headers.length == b->headers.length);
    MUST(a->headers.length == 0 ||
         memcmp(a->headers.data, b->headers.data, a->headers.length) == 0);
}

static void forget(struct compiled *compiled)
{
    buffer_free(&compiled->headers);
    free(compiled->said);
}

/* The facts of a directory in files of another: the same tables must come of them. */
static void compile_snapshot(const struct input *input, const struct compiled *original)
{
    struct input copy = *input;
    struct release releases[RELEASES];
    struct arena arena = {0};
    struct compiled again;
    size_t count;

    fuzz_silence();
    count = read_all(&arena, input, releases);
    free(fuzz_speak());
    for (size_t r = 0; r < count; r++) {
        fuzz_make_directory(copy.directories[r], PATH_LENGTH);
        for (size_t i = 0; i < releases[r].database_count; i++) {
            struct buffer text = {0};

            emit_builtin(&arena, "snapshot",
                         emit_snapshot_data(&arena, &releases[r].databases[i], releases[r].name,
                                            "a fuzzer", releases[r].databases[i].covers),
                         &text);
            fuzz_write(copy.directories[r], files[i], (struct part){text.data, text.length});
            buffer_free(&text);
        }
    }
    arena_free(&arena);
    again = compile(&copy);
    if (!again.whole)
        dprintf(2, "%s", again.said);
    same(original, &again);
    forget(&again);
    for (size_t r = 0; r < count; r++)
        fuzz_remove(copy.directories[r], files);
}

/* ---- an input ------------------------------------------------------------------------------- */

static void add_link(const struct input *input, size_t release)
{
    char path[PATH_LENGTH + sizeof LINK];

    snprintf(path, sizeof path, "%s/%s", input->directories[release], LINK);
    MUST(symlink("t1.plist", path) == 0);
}

static void write_files(struct input *input)
{
    fuzz_make_directory(input->side, PATH_LENGTH);
    for (size_t i = 0; side_files[i] != NULL; i++)
        if (input->parts[side_parts[i]].length != 0)
            fuzz_write(input->side, side_files[i], input->parts[side_parts[i]]);
    for (size_t r = 0; r < RELEASES; r++) {
        fuzz_make_directory(input->directories[r], PATH_LENGTH);
        fuzz_write(input->directories[r], "t1.plist", input->parts[FIRST + r]);
        if (flag(input, "lm"[r]))
            add_link(input, r);
    }
    if (input->parts[OTHER].length != 0)
        fuzz_write(input->directories[0], "t2.plist", input->parts[OTHER]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    struct compiled first, second;

    fuzz_split(data, size, input.parts, PARTS);
    write_files(&input);
    first = compile(&input);
    second = compile(&input);
    same(&first, &second);
    MUST(strcmp(first.said, second.said) == 0);
    if (first.whole)
        compile_snapshot(&input, &first);
    forget(&first);
    forget(&second);
    for (size_t r = 0; r < RELEASES; r++)
        fuzz_remove(input.directories[r], files);
    fuzz_remove(input.side, side_files);
    return 0;
}
