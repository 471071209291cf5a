/*
 * Two releases' databases -> what differs: which are compared with which, field by field as the
 * tables of model.c say, and the result as text and as JSON on stdout.
 */
#include "diff.h"

#include "common/buffer.h"
#include "common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- which databases are compared ------------------------------------------------------------ */

/* Which databases are paired already. */
struct pairing {
    bool *old, *new;
};

static void add_pair(struct diff *diff, struct pairing *paired, const struct database *old,
                     const struct database *new)
{
    paired->old[old - diff->old->databases] = true;
    paired->new[new - diff->new->databases] = true;
    diff->pairs[diff->pair_count++] = (struct comparison){.old = old, .new = new};
}

/* Pairs a new database with each old one that shares an id. */
static void pair_by_id(struct diff *diff, struct pairing *paired, const struct database *new)
{
    size_t first = diff->pair_count;

    for (size_t k = 0; k < new->id_count; k++) {
        const struct database *was = release_database(diff->old, &new->ids[k]);
        size_t i = first;

        while (i < diff->pair_count && diff->pairs[i].old != was)
            i++;
        if (was != NULL && i == diff->pair_count)
            add_pair(diff, paired, was, new);
    }
}

/* Pairs databases that are left over by their names; both lists are by name. */
static void pair_by_name(struct diff *diff, struct pairing *paired)
{
    const struct release *old = diff->old, *new = diff->new;
    size_t at = 0;

    for (size_t i = 0; i < new->database_count; i++) {
        if (paired->new[i])
            continue;
        while (at < old->database_count &&
               (paired->old[at] || strcmp(old->databases[at].name, new->databases[i].name) < 0))
            at++;
        if (at < old->database_count &&
            strcmp(old->databases[at].name, new->databases[i].name) == 0)
            add_pair(diff, paired, &old->databases[at], &new->databases[i]);
    }
}

static int compare_pairs(const void *a, const void *b)
{
    const struct comparison *x = a, *y = b;
    int order = strcmp(x->new->name, y->new->name);

    return order != 0 ? order : strcmp(x->old->name, y->old->name);
}

static const struct database **list_unpaired(struct arena *arena, const struct release *release,
                                             const bool *paired, size_t *count)
{
    const struct database **list = arena_alloc(arena, release->database_count, sizeof *list);

    for (size_t i = 0; i < release->database_count; i++)
        if (!paired[i])
            list[(*count)++] = &release->databases[i];
    return list;
}

/* Pairs by CPU id first, then by name. */
static void find_pairs(struct arena *arena, struct diff *diff)
{
    const struct release *old = diff->old, *new = diff->new;
    struct pairing paired = {arena_alloc(arena, old->database_count, sizeof(bool)),
                             arena_alloc(arena, new->database_count, sizeof(bool))};

    diff->pairs = arena_alloc(arena, new->owner_count + new->database_count, sizeof *diff->pairs);
    for (size_t i = 0; i < new->database_count; i++)
        pair_by_id(diff, &paired, &new->databases[i]);
    pair_by_name(diff, &paired);
    if (diff->pair_count != 0)
        qsort(diff->pairs, diff->pair_count, sizeof *diff->pairs, compare_pairs);
    diff->only_old = list_unpaired(arena, old, paired.old, &diff->only_old_count);
    diff->only_new = list_unpaired(arena, new, paired.new, &diff->only_new_count);
}

static int compare_changes(const void *a, const void *b)
{
    return cpu_id_compare(&((const struct id_change *)a)->id, &((const struct id_change *)b)->id);
}

static void find_ids(struct arena *arena, struct diff *diff)
{
    const struct release *old = diff->old, *new = diff->new;

    diff->ids = arena_alloc(arena, old->owner_count + new->owner_count, sizeof *diff->ids);
    for (size_t i = 0; i < old->owner_count; i++) {
        const struct owner *was = &old->owners[i];
        const struct database *is = release_database(new, &was->id);

        if (is == NULL || strcmp(was->database->name, is->name) != 0)
            diff->ids[diff->id_count++] = (struct id_change){was->id, was->database, is};
    }
    for (size_t i = 0; i < new->owner_count; i++)
        if (release_database(old, &new->owners[i].id) == NULL)
            diff->ids[diff->id_count++] =
                (struct id_change){new->owners[i].id, NULL, new->owners[i].database};
    if (diff->id_count != 0)
        qsort(diff->ids, diff->id_count, sizeof *diff->ids, compare_changes);
}

/* ---- one database against another ------------------------------------------------------------ */

static void add_change(struct arena *arena, struct comparison *pair, struct change change)
{
    pair->changed = arena_grow(arena, pair->changed, pair->changed_count, sizeof change);
    pair->changed[pair->changed_count++] = change;
}

/*
 * Whether both sides cover what has the bit; else it is not compared. Where only one does it is
 * said whenever there is anything to compare, and where none does, when it differs.
 */
static bool both_cover(struct comparison *pair, uint32_t bit, bool differs, bool any)
{
    bool old = (pair->old->covers & bit) != 0, new = (pair->new->covers &bit) != 0;

    if (old && new)
        return true;
    if (differs || (any && old != new))
        pair->unseen |= bit;
    return false;
}

/* Compares two texts of the databases themselves; NULL where one has none. */
static void compare_texts(struct arena *arena, struct comparison *pair, const char *key,
                          const char *old, const char *new)
{
    if (old == NULL || new == NULL ? old != new : strcmp(old, new) != 0)
        add_change(arena, pair, (struct change){NULL, key, old, new, false});
}

static const char *field_text(struct arena *arena, const struct field *field,
                              const struct field_value *value)
{
    if (field_is_text(field) || !value->present)
        return value->text;
    return arena_printf(arena, "%" PRId64, value->number);
}

/* Compares two aliases of a name: the events that they are for. */
static void compare_alias(struct arena *arena, struct comparison *pair, const char *name)
{
    const char *old = database_alias(pair->old, name), *new = database_alias(pair->new, name);

    if (both_cover(pair, coverage_bit("aliases"),
                   old == NULL || new == NULL || strcmp(old, new) != 0, true))
        compare_texts(arena, pair, arena_printf(arena, "aliases.%s", name), old, new);
}

/* Compares two events by the name, or two databases, whose name is NULL here. */
static void compare_fields(struct arena *arena, struct comparison *pair, const char *name,
                           const struct field *fields, size_t count, const void *old,
                           const void *new)
{
    uint32_t first = coverage_bit(fields[0].key);

    for (size_t f = 0; f < count; f++) {
        const struct field *field = &fields[f];
        const struct field_value was = field_meant(field, old), is = field_meant(field, new);
        bool differs = field_differs(field, old, new);
        bool any = field->type != FIELD_PROSE &&
                   (field_written(field, old).present || field_written(field, new).present);

        if (both_cover(pair, first << f, differs, any) && differs)
            add_change(arena, pair,
                       (struct change){name, field->key, field_text(arena, field, &was),
                                       field_text(arena, field, &is), !field_is_text(field)});
    }
}

/* Compares everything but the events. */
static void compare_heads(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;

    compare_texts(arena, pair, "name", old->name, new->name);
    compare_texts(arena, pair, "architecture", arch_name(old->arch), arch_name(new->arch));
    compare_fields(arena, pair, NULL, database_fields, database_field_count, old, new);
    for (size_t i = 0; i < old->alias_count; i++)
        compare_alias(arena, pair, old->aliases[i].name);
    for (size_t i = 0; i < new->alias_count; i++)
        if (database_alias(old, new->aliases[i].name) == NULL)
            compare_alias(arena, pair, new->aliases[i].name);
}

/*
 * Sorts events into removed, renamed and added, and compares those that both have. An event came or
 * went where it was seen on one side, and the list of the other is whole; to rename takes two such.
 */
static void compare_events(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;
    bool *came = arena_alloc(arena, new->event_count, sizeof *came); /* by a rename */
    const uint32_t list = coverage_bit("events");
    bool old_whole = (old->covers & list) != 0, new_whole = (new->covers &list) != 0;
    struct departure *departures;
    size_t count = merge_departures(arena, old, new, &departures);

    for (size_t i = 0; i < old->event_count; i++) {
        const struct event *was = &old->events[i], *is;

        if (count != 0 && departures->gone == was) {
            is = departures->come;
            count--;
            departures++;
            if (!new_whole || old->covers == 0)
                pair->unseen |= list;
            else if (is == NULL || !old_whole)
                pair->removed[pair->removed_count++] = was;
            if (is == NULL || !old_whole || !new_whole)
                continue;
            came[is - new->events] = true;
            pair->renamed[pair->renamed_count++] = (struct rename){was->name, is->name};
        } else {
            is = database_event(new, was->name);
        }
        compare_fields(arena, pair, is->name, event_fields, event_field_count, was, is);
    }
    for (size_t i = 0; i < new->event_count; i++) {
        if (came[i] || database_event(old, new->events[i].name) != NULL)
            continue;
        if (old_whole && new->covers != 0)
            pair->added[pair->added_count++] = &new->events[i];
        else
            pair->unseen |= list;
    }
}

static void compare_databases(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;

    pair->removed = arena_alloc(arena, old->event_count, sizeof *pair->removed);
    pair->added = arena_alloc(arena, new->event_count, sizeof *pair->added);
    pair->renamed = arena_alloc(arena, old->event_count, sizeof *pair->renamed);
    compare_heads(arena, pair);
    compare_events(arena, pair);
}

static bool pair_differs(const struct comparison *pair)
{
    return pair->added_count != 0 || pair->removed_count != 0 || pair->renamed_count != 0 ||
           pair->changed_count != 0;
}

struct diff diff_releases(struct arena *arena, const struct release *old, const struct release *new)
{
    struct diff diff = {.old = old, .new = new};

    find_pairs(arena, &diff);
    find_ids(arena, &diff);
    for (size_t i = 0; i < diff.pair_count; i++)
        compare_databases(arena, &diff.pairs[i]);
    return diff;
}

/* What became of an id. */
enum id_kind { ID_ADDED, ID_REMOVED, ID_MOVED, ID_UNSEEN };

static enum id_kind id_kind(const struct diff *diff, const struct id_change *change)
{
    if (change->old == NULL)
        return diff->old->whole ? ID_ADDED : ID_UNSEEN;
    if (change->new == NULL)
        return diff->new->whole ? ID_REMOVED : ID_UNSEEN;
    return ID_MOVED;
}

bool diff_any(const struct diff *diff)
{
    bool any = (diff->only_old_count != 0 && diff->new->whole) ||
               (diff->only_new_count != 0 && diff->old->whole);

    for (size_t i = 0; i < diff->id_count && !any; i++)
        any = id_kind(diff, &diff->ids[i]) != ID_UNSEEN;
    for (size_t i = 0; i < diff->pair_count && !any; i++)
        any = pair_differs(&diff->pairs[i]);
    return any;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* "0x8d", "0xc4/0x20" or "fixed 1". */
static const char *encoding_text(struct arena *arena, const struct event *event)
{
    if (event->fixed >= 0)
        return arena_printf(arena, "fixed %d", event->fixed);
    if (event->has_umask)
        return arena_printf(arena, "0x%x/0x%02x", event->number, event->umask);
    return arena_printf(arena, "0x%x", event->number);
}

static const char *value_or_none(const char *text)
{
    return text == NULL ? "none" : text;
}

/* Adds the keys of some bits: "number, counters_mask"; returns whether there is one. */
static bool add_keys(struct buffer *text, const char *before, uint32_t bits)
{
    for (size_t n = 0; coverage_key(n) != NULL; n++)
        if ((bits >> n & 1) != 0) {
            buffer_printf(text, "%s%s", before, coverage_key(n));
            before = ", ";
        }
    return bits != 0;
}

/* "  unknown  counters_mask: not in this snapshot (macos-26.4)" */
static void add_unseen(struct buffer *text, uint32_t bits, const char *snapshot)
{
    if (add_keys(text, "  unknown  ", bits))
        buffer_printf(text, ": not in this snapshot (%s)\n", snapshot);
}

static void add_comparison(struct arena *arena, struct buffer *text, const struct diff *diff,
                           const struct comparison *pair)
{
    for (size_t i = 0; i < pair->changed_count; i++) {
        const struct change *change = &pair->changed[i];

        buffer_printf(text, "  changed  %s%s%s: %s, was %s\n",
                      change->name == NULL ? "" : change->name, change->name == NULL ? "" : " ",
                      change->field, value_or_none(change->new), value_or_none(change->old));
    }
    for (size_t i = 0; i < pair->renamed_count; i++)
        buffer_printf(text, "  renamed  %s, was %s\n", pair->renamed[i].to, pair->renamed[i].from);
    for (size_t i = 0; i < pair->added_count; i++)
        buffer_printf(text, "  added    %s (%s)\n", pair->added[i]->name,
                      encoding_text(arena, pair->added[i]));
    for (size_t i = 0; i < pair->removed_count; i++)
        buffer_printf(text, "  removed  %s (%s)\n", pair->removed[i]->name,
                      encoding_text(arena, pair->removed[i]));
    add_unseen(text, pair->unseen & ~pair->old->covers, diff->old->name);
    add_unseen(text, pair->unseen & ~pair->new->covers, diff->new->name);
}

static void print_count(size_t count, const char *what, bool *any)
{
    if (count != 0)
        printf("%s%zu %s", *any ? ", " : "", count, what);
    *any |= count != 0;
}

static size_t count_bits(uint32_t bits)
{
    size_t count = 0;

    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* Prints one heading for all databases that changed in the same way: first, next[first] and on. */
static void print_same(const struct diff *diff, size_t first, const size_t *next)
{
    const struct comparison *pair = &diff->pairs[first];
    bool any = false;

    printf("\n%s", pair->new->name);
    for (size_t i = next[first]; i != 0; i = next[i])
        printf(", %s", diff->pairs[i].new->name);
    printf(": ");
    print_count(pair->changed_count, "changed", &any);
    print_count(pair->renamed_count, "renamed", &any);
    print_count(pair->added_count, "added", &any);
    print_count(pair->removed_count, "removed", &any);
    print_count(count_bits(pair->unseen), "unknown", &any);
    printf("\n");
}

static void print_pairs(struct arena *arena, const struct diff *diff)
{
    struct buffer *texts = arena_alloc(arena, diff->pair_count, sizeof *texts);
    size_t *next = arena_alloc(arena, diff->pair_count, sizeof *next);
    struct map last = {NULL}; /* text -> the last pair that has it, from 1 */

    for (size_t i = 0; i < diff->pair_count; i++) {
        size_t *number;

        add_comparison(arena, &texts[i], diff, &diff->pairs[i]);
        if (texts[i].length == 0)
            continue;
        number = map_at(arena, &last, texts[i].data, texts[i].length);
        if (*number != 0) {
            next[*number - 1] = i;
            buffer_free(&texts[i]);
        }
        *number = i + 1;
    }
    for (size_t i = 0; i < diff->pair_count; i++) {
        if (texts[i].length == 0)
            continue;
        print_same(diff, i, next);
        fwrite(texts[i].data, 1, texts[i].length, stdout);
    }
    for (size_t i = 0; i < diff->pair_count; i++)
        buffer_free(&texts[i]);
}

/* Prints the databases that `side` does not have: by the title, unless it is not known to be so. */
static void print_databases(const char *title, const struct release *side,
                            const struct database *const *list, size_t count)
{
    if (count == 0)
        return;
    if (side->whole)
        printf("\n%s:", title);
    else
        printf("\nnot in this snapshot (%s):", side->name);
    for (size_t i = 0; i < count; i++)
        printf("%s %s", i == 0 ? "" : ",", list[i]->name);
    printf("\n");
}

/* Prints the ids, but those that a side just does not have. */
static void print_ids(struct arena *arena, const struct diff *diff)
{
    const char *heading = "\nCPU ids\n";

    for (size_t i = 0; i < diff->id_count; i++) {
        const struct id_change *change = &diff->ids[i];
        const char *id = cpu_id_text(arena, &change->id);
        enum id_kind kind = id_kind(diff, change);

        if (kind == ID_UNSEEN)
            continue;
        printf("%s", heading);
        heading = "";
        if (kind == ID_ADDED)
            printf("  new      %s is %s\n", id, change->new->name);
        else if (kind == ID_REMOVED)
            printf("  gone     %s was %s\n", id, change->old->name);
        else
            printf("  moved    %s is %s, was %s\n", id, change->new->name, change->old->name);
    }
}

void diff_print_text(struct arena *arena, const struct diff *diff)
{
    bool unseen = diff->only_old_count != 0 || diff->only_new_count != 0;

    for (size_t i = 0; i < diff->pair_count && !unseen; i++)
        unseen = diff->pairs[i].unseen != 0;
    if (diff_any(diff))
        printf("%s -> %s\n", diff->old->name, diff->new->name);
    else
        printf("%s and %s say the same%s\n", diff->old->name, diff->new->name,
               unseen ? " of what both cover" : "");
    print_databases("new databases", diff->old, diff->only_new, diff->only_new_count);
    print_databases("databases gone", diff->new, diff->only_old, diff->only_old_count);
    print_pairs(arena, diff);
    print_ids(arena, diff);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void print_value_json(struct json *json, const char *key, const char *text, bool number)
{
    if (text != NULL && number)
        json_number(json, key, strtoull(text, NULL, 10));
    else
        json_string(json, key, text);
}

static void print_keys_json(struct json *json, const char *key, uint32_t bits)
{
    json_begin(json, key, '[');
    for (size_t n = 0; coverage_key(n) != NULL; n++)
        if ((bits >> n & 1) != 0)
            json_string(json, NULL, coverage_key(n));
    json_end(json, ']');
}

static void print_pair_json(struct json *json, const struct comparison *pair)
{
    json_begin(json, NULL, '{');
    json_string(json, "db", pair->new->name);
    json_begin_line(json, "added", '[');
    for (size_t i = 0; i < pair->added_count; i++)
        json_string(json, NULL, pair->added[i]->name);
    json_end(json, ']');
    json_begin_line(json, "removed", '[');
    for (size_t i = 0; i < pair->removed_count; i++)
        json_string(json, NULL, pair->removed[i]->name);
    json_end(json, ']');
    json_begin(json, "renamed", '[');
    for (size_t i = 0; i < pair->renamed_count; i++) {
        json_begin_line(json, NULL, '{');
        json_string(json, "from", pair->renamed[i].from);
        json_string(json, "to", pair->renamed[i].to);
        json_end(json, '}');
    }
    json_end(json, ']');
    json_begin(json, "changed", '[');
    for (size_t i = 0; i < pair->changed_count; i++) {
        const struct change *change = &pair->changed[i];

        json_begin_line(json, NULL, '{');
        json_string(json, "name", change->name);
        json_string(json, "field", change->field);
        print_value_json(json, "old", change->old, change->number);
        print_value_json(json, "new", change->new, change->number);
        json_end(json, '}');
    }
    json_end(json, ']');
    json_begin_line(json, "not_covered", '{');
    print_keys_json(json, "old", pair->unseen & ~pair->old->covers);
    print_keys_json(json, "new", pair->unseen & ~pair->new->covers);
    json_end(json, '}');
    json_end(json, '}');
}

static void print_names_json(struct json *json, const char *key, const struct database *const *list,
                             size_t count)
{
    json_begin_line(json, key, '[');
    for (size_t i = 0; i < count; i++)
        json_string(json, NULL, list[i]->name);
    json_end(json, ']');
}

/* Prints the databases that one side alone has, or that the other does not cover. */
static void print_unpaired_json(struct json *json, const struct diff *diff)
{
    const struct database *const *old = diff->only_old, *const *new = diff->only_new;

    print_names_json(json, "only_old", old, diff->new->whole ? diff->only_old_count : 0);
    print_names_json(json, "only_new", new, diff->old->whole ? diff->only_new_count : 0);
    json_begin_line(json, "not_covered", '{');
    print_names_json(json, "old", new, diff->old->whole ? 0 : diff->only_new_count);
    print_names_json(json, "new", old, diff->new->whole ? 0 : diff->only_old_count);
    json_end(json, '}');
}

/* Prints the ids that came, went or are on one side as id: database, others as id: {from, to}. */
static void print_ids_json(struct arena *arena, struct json *json, const struct diff *diff)
{
    static const char *const keys[] = {[ID_ADDED] = "added",
                                       [ID_REMOVED] = "removed",
                                       [ID_MOVED] = "moved",
                                       [ID_UNSEEN] = "not_covered"};

    json_begin(json, "cpu_ids", '{');
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        json_begin(json, keys[k], '{');
        for (size_t i = 0; i < diff->id_count; i++) {
            const struct id_change *change = &diff->ids[i];
            const char *id = cpu_id_text(arena, &change->id);

            if (id_kind(diff, change) != k)
                continue;
            if (k != ID_MOVED) {
                json_string(json, id, (change->new != NULL ? change->new : change->old)->name);
                continue;
            }
            json_begin_line(json, id, '{');
            json_string(json, "from", change->old->name);
            json_string(json, "to", change->new->name);
            json_end(json, '}');
        }
        json_end(json, '}');
    }
    json_end(json, '}');
}

void diff_print_json(struct arena *arena, const struct diff *diff)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '{');
    json_string(&json, "old", diff->old->name);
    json_string(&json, "new", diff->new->name);
    json_begin(&json, "databases", '[');
    for (size_t i = 0; i < diff->pair_count; i++)
        if (pair_differs(&diff->pairs[i]) || diff->pairs[i].unseen != 0)
            print_pair_json(&json, &diff->pairs[i]);
    json_end(&json, ']');
    print_unpaired_json(&json, diff);
    print_ids_json(arena, &json, diff);
    json_end(&json, '}');
}
