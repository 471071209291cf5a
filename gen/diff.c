#include "diff.h"

#include "common/buffer.h"
#include "common/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- which databases are compared ------------------------------------------------------------ */

/* Which databases have a partner by now; both lists are by name. */
struct pairing {
    bool *old, *new;
};

static void pair(struct diff *diff, struct pairing *paired, const struct database *old,
                 const struct database *new)
{
    paired->old[old - diff->old->databases] = true;
    paired->new[new - diff->new->databases] = true;
    diff->pairs[diff->pair_count++] = (struct comparison){.old = old, .new = new};
}

/* With each old database that has an id of it, once. */
static void pair_by_id(struct diff *diff, struct pairing *paired, const struct database *new)
{
    size_t first = diff->pair_count;

    for (size_t k = 0; k < new->id_count; k++) {
        const struct database *was = release_database(diff->old, &new->ids[k]);
        size_t i = first;

        while (i < diff->pair_count && diff->pairs[i].old != was)
            i++;
        if (was != NULL && i == diff->pair_count)
            pair(diff, paired, was, new);
    }
}

/* Those that are left over. */
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
            pair(diff, paired, &old->databases[at], &new->databases[i]);
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

/* By CPU id; what is left over by name. */
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

static void add_change(struct comparison *pair, const char *name, const char *field,
                       const char *old, const char *new, bool number)
{
    if (old == new || (old != NULL && new != NULL &&strcmp(old, new) == 0))
        return;
    pair->changed[pair->changed_count++] = (struct change){name, field, old, new, number};
}

static const char *number_text(struct arena *arena, bool present, uint32_t number)
{
    return present ? arena_printf(arena, "%" PRIu32, number) : NULL;
}

static void compare_event(struct arena *arena, struct comparison *pair, const struct event *old,
                          const struct event *new)
{
    const struct {
        const char *field, *old, *new;
    } numbers[] = {
        {"number", number_text(arena, old->has_number, old->number),
         number_text(arena, new->has_number, new->number)},
        {"umask", number_text(arena, old->has_umask, old->umask),
         number_text(arena, new->has_umask, new->umask)},
        {"counters_mask", number_text(arena, true, old->counters),
         number_text(arena, true, new->counters)},
        {"fixed_counter", number_text(arena, old->fixed >= 0, (uint32_t)old->fixed),
         number_text(arena, new->fixed >= 0, (uint32_t) new->fixed)},
        {"other", number_text(arena, old->other != 0, old->other),
         number_text(arena, new->other != 0, new->other)},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        add_change(pair, new->name, numbers[i].field, numbers[i].old, numbers[i].new, true);
    add_change(pair, new->name, "fallback", old->fallback, new->fallback, false);
}

static const char *alias_target(const struct database *database, const char *name)
{
    const struct alias *alias = database_alias(database, name);

    return alias == NULL ? NULL : alias->event;
}

/* Everything but the events. */
static void compare_heads(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;

    add_change(pair, NULL, "name", old->name, new->name, false);
    add_change(pair, NULL, "marketing_name", old->marketing_name, new->marketing_name, false);
    add_change(pair, NULL, "architecture", arch_name(old->arch), arch_name(new->arch), false);
    add_change(pair, NULL, "fixed_counters", number_text(arena, true, old->fixed),
               number_text(arena, true, new->fixed), true);
    add_change(pair, NULL, "config_counters", number_text(arena, true, old->config),
               number_text(arena, true, new->config), true);
    add_change(pair, NULL, "power_counters", number_text(arena, true, old->power),
               number_text(arena, true, new->power), true);
    for (size_t i = 0; i < old->alias_count; i++)
        add_change(pair, NULL, arena_printf(arena, "aliases.%s", old->aliases[i].name),
                   old->aliases[i].event, alias_target(new, old->aliases[i].name), false);
    for (size_t i = 0; i < new->alias_count; i++)
        if (alias_target(old, new->aliases[i].name) == NULL)
            add_change(pair, NULL, arena_printf(arena, "aliases.%s", new->aliases[i].name), NULL,
                       new->aliases[i].event, false);
}

enum { FIELDS = 6, HEAD_FIELDS = 6 };

/* Events that both have, gone, come, or renamed. */
static void compare_events(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;
    bool *came = arena_alloc(arena, new->event_count, sizeof *came); /* by a rename */
    struct departure *departures;
    size_t count = merge_departures(arena, old, new, &departures);

    for (size_t i = 0; i < old->event_count; i++) {
        const struct event *was = &old->events[i], *is;

        if (count != 0 && departures->gone == was) {
            is = departures->come;
            count--;
            departures++;
            if (is == NULL) {
                pair->removed[pair->removed_count++] = was;
                continue;
            }
            came[is - new->events] = true;
            pair->renamed[pair->renamed_count++] = (struct rename){was->name, is->name};
        } else {
            is = database_event(new, was->name);
        }
        compare_event(arena, pair, was, is);
    }
    for (size_t i = 0; i < new->event_count; i++)
        if (!came[i] && database_event(old, new->events[i].name) == NULL)
            pair->added[pair->added_count++] = &new->events[i];
}

static void compare_databases(struct arena *arena, struct comparison *pair)
{
    const struct database *old = pair->old, *new = pair->new;

    pair->removed = arena_alloc(arena, old->event_count, sizeof *pair->removed);
    pair->added = arena_alloc(arena, new->event_count, sizeof *pair->added);
    pair->renamed = arena_alloc(arena, old->event_count, sizeof *pair->renamed);
    pair->changed = arena_alloc(
        arena, old->event_count * FIELDS + HEAD_FIELDS + old->alias_count + new->alias_count,
        sizeof *pair->changed);
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

bool diff_any(const struct diff *diff)
{
    bool any = diff->only_old_count != 0 || diff->only_new_count != 0 || diff->id_count != 0;

    for (size_t i = 0; i < diff->pair_count && !any; i++)
        any = pair_differs(&diff->pairs[i]);
    return any;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* "0x8d", "0xc4/0x20", "fixed 1". */
static const char *encoding(struct arena *arena, const struct event *event)
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

static void add_comparison(struct arena *arena, struct buffer *text, const struct comparison *pair)
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
                      encoding(arena, pair->added[i]));
    for (size_t i = 0; i < pair->removed_count; i++)
        buffer_printf(text, "  removed  %s (%s)\n", pair->removed[i]->name,
                      encoding(arena, pair->removed[i]));
}

static void print_count(size_t count, const char *what, bool *any)
{
    if (count != 0)
        printf("%s%zu %s", *any ? ", " : "", count, what);
    *any |= count != 0;
}

/* One heading for all databases that changed in the same way: the first, then next[] of each. */
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
    printf("\n");
}

static void print_pairs(struct arena *arena, const struct diff *diff)
{
    struct buffer *texts = arena_alloc(arena, diff->pair_count, sizeof *texts);
    size_t *next = arena_alloc(arena, diff->pair_count, sizeof *next);
    struct map last = {NULL}; /* of those that changed so, from 1 */

    for (size_t i = 0; i < diff->pair_count; i++) {
        size_t *number;

        add_comparison(arena, &texts[i], &diff->pairs[i]);
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

static void print_databases(const char *title, const struct database *const *list, size_t count)
{
    if (count == 0)
        return;
    printf("\n%s:", title);
    for (size_t i = 0; i < count; i++)
        printf("%s %s", i == 0 ? "" : ",", list[i]->name);
    printf("\n");
}

void diff_print_text(struct arena *arena, const struct diff *diff)
{
    if (!diff_any(diff)) {
        printf("%s and %s say the same\n", diff->old->name, diff->new->name);
        return;
    }
    printf("%s -> %s\n", diff->old->name, diff->new->name);
    print_databases("new databases", diff->only_new, diff->only_new_count);
    print_databases("databases gone", diff->only_old, diff->only_old_count);
    print_pairs(arena, diff);
    if (diff->id_count != 0)
        printf("\nCPU ids\n");
    for (size_t i = 0; i < diff->id_count; i++) {
        const struct id_change *change = &diff->ids[i];
        const char *id = cpu_id_text(arena, &change->id);

        if (change->old == NULL)
            printf("  new      %s is %s\n", id, change->new->name);
        else if (change->new == NULL)
            printf("  gone     %s was %s\n", id, change->old->name);
        else
            printf("  moved    %s is %s, was %s\n", id, change->new->name, change->old->name);
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_value(struct json *json, const char *key, const char *text, bool number)
{
    if (text != NULL && number)
        json_number(json, key, strtoull(text, NULL, 10));
    else
        json_string(json, key, text);
}

static void pair_json(struct json *json, const struct comparison *pair)
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
        json_value(json, "old", change->old, change->number);
        json_value(json, "new", change->new, change->number);
        json_end(json, '}');
    }
    json_end(json, ']');
    json_end(json, '}');
}

static void names_json(struct json *json, const char *key, const struct database *const *list,
                       size_t count)
{
    json_begin_line(json, key, '[');
    for (size_t i = 0; i < count; i++)
        json_string(json, NULL, list[i]->name);
    json_end(json, ']');
}

/* The ids that came, went (id: database) or moved (id: {from, to}). */
static void ids_json(struct arena *arena, struct json *json, const struct diff *diff)
{
    static const char *const keys[] = {"added", "removed", "moved"};

    json_begin(json, "cpu_ids", '{');
    for (size_t k = 0; k < 3; k++) {
        json_begin(json, keys[k], '{');
        for (size_t i = 0; i < diff->id_count; i++) {
            const struct id_change *change = &diff->ids[i];
            const char *id = cpu_id_text(arena, &change->id);
            size_t kind = change->old == NULL ? 0 : change->new == NULL ? 1 : 2;

            if (kind != k)
                continue;
            if (kind < 2) {
                json_string(json, id, kind == 0 ? change->new->name : change->old->name);
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
        if (pair_differs(&diff->pairs[i]))
            pair_json(&json, &diff->pairs[i]);
    json_end(&json, ']');
    names_json(&json, "only_old", diff->only_old, diff->only_old_count);
    names_json(&json, "only_new", diff->only_new, diff->only_new_count);
    ids_json(arena, &json, diff);
    json_end(&json, '}');
}
