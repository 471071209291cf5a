/*
 * The databases of several releases -> one model of CPUs. A CPU is the set of CPU ids that use the
 * same database in every release; it has the oldest release's name for it, since names were given
 * to other chips later while ids never were (plists.md 2.2). An event is as the newest release has
 * it; where others say otherwise, what they say is behind it (`older`).
 */
#include "common/report.h"
#include "common/text.h"
#include "model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- which databases belong together --------------------------------------------------------- */

/* The databases of one id (or of none) over the releases; NULL where a release has none. */
struct track {
    const struct database **history;
    struct cpu_id *ids;
    size_t id_count;
};

struct tracks {
    struct arena *arena;
    const struct release *releases;
    size_t release_count;
    struct track *list;
    size_t count;
};

static void add_track(struct tracks *tracks, const struct database **history)
{
    tracks->list[tracks->count++].history = history;
}

static void add_track_id(struct tracks *tracks, struct track *track, const struct cpu_id *id)
{
    track->ids = arena_grow(tracks->arena, track->ids, track->id_count, sizeof *track->ids);
    track->ids[track->id_count++] = *id;
}

/* The least of the ids that the releases have from next[] on; NULL behind the last. */
static const struct cpu_id *least_id(const struct tracks *tracks, const size_t *next)
{
    const struct cpu_id *least = NULL;

    for (size_t r = 0; r < tracks->release_count; r++) {
        const struct release *release = &tracks->releases[r];

        if (next[r] < release->owner_count &&
            (least == NULL || cpu_id_compare(&release->owners[next[r]].id, least) < 0))
            least = &release->owners[next[r]].id;
    }
    return least;
}

/* Makes a track of all ids that have the same history. Those of a track are in their order. */
static void track_ids(struct tracks *tracks)
{
    size_t next[RELEASES_MAX] = {0}, size = tracks->release_count * sizeof(struct database *);
    struct map by_history = {NULL};
    const struct cpu_id *least;

    while ((least = least_id(tracks, next)) != NULL) {
        const struct database **history = arena_alloc(tracks->arena, 1, size);
        const struct cpu_id id = *least;
        size_t *number;

        for (size_t r = 0; r < tracks->release_count; r++) {
            const struct release *release = &tracks->releases[r];

            if (next[r] < release->owner_count &&
                cpu_id_compare(&release->owners[next[r]].id, &id) == 0)
                history[r] = release->owners[next[r]++].database;
        }
        number = map_at(tracks->arena, &by_history, history, size);
        if (*number == 0) {
            add_track(tracks, history);
            *number = tracks->count;
        }
        add_track_id(tracks, &tracks->list[*number - 1], &id);
    }
}

/* The name of a track when the release came: its last before it, or else its first. */
static const char *name_at(const struct tracks *tracks, const struct track *track, size_t release)
{
    size_t r = release;

    while (r > 0 && track->history[r - 1] == NULL)
        r--;
    if (r > 0)
        return track->history[r - 1]->name;
    while (r < tracks->release_count && track->history[r] == NULL)
        r++;
    return r < tracks->release_count ? track->history[r]->name : "";
}

/* The tracks that lack a database of a release, listed by what they are called: numbers from 1. */
struct gaps {
    struct map first; /* name -> the last track that is called so */
    size_t *next;     /* of a track: another one of that name, or 0 */
};

static struct gaps find_gaps(const struct tracks *tracks, size_t release)
{
    struct gaps gaps = {.next = arena_alloc(tracks->arena, tracks->count, sizeof *gaps.next)};

    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->list[i].history[release] == NULL) {
            const char *name = name_at(tracks, &tracks->list[i], release);
            size_t *first = map_text(tracks->arena, &gaps.first, name);

            gaps.next[i] = *first;
            *first = i + 1;
        }
    return gaps;
}

/* A database without ids belongs to the tracks of its name, or else to one of its own. */
static void track_name(struct tracks *tracks, struct gaps *gaps, size_t release,
                       const struct database *database)
{
    size_t i = *map_text(tracks->arena, &gaps->first, database->name);
    const struct database **history;

    if (i == 0) {
        history = arena_alloc(tracks->arena, tracks->release_count, sizeof(struct database *));
        history[release] = database;
        add_track(tracks, history);
    }
    for (; i != 0; i = gaps->next[i - 1])
        tracks->list[i - 1].history[release] = database;
}

static void track_names(struct tracks *tracks, size_t release)
{
    const struct release *from = &tracks->releases[release];
    struct gaps gaps = {.next = NULL};

    for (size_t i = 0; i < from->database_count; i++)
        if (from->databases[i].id_count == 0) {
            if (gaps.next == NULL)
                gaps = find_gaps(tracks, release);
            track_name(tracks, &gaps, release, &from->databases[i]);
        }
}

static struct tracks find_tracks(struct arena *arena, const struct release *releases,
                                 size_t release_count)
{
    struct tracks tracks = {.arena = arena, .releases = releases, .release_count = release_count};
    size_t most = 0;

    for (size_t r = 0; r < release_count; r++)
        most += releases[r].owner_count + releases[r].database_count;
    tracks.list = arena_alloc(arena, most, sizeof(struct track));
    track_ids(&tracks);
    for (size_t r = 0; r < release_count; r++)
        track_names(&tracks, r);
    return tracks;
}

/* ---- one CPU's databases -> one -------------------------------------------------------------- */

static int compare_names(const char *a, const char *b)
{
    return a == b ? 0 : strcmp(a, b); /* equal names are interned */
}

/* The least by name of the events from next[] on, as the newest release has it; NULL for none. */
static const struct event *least_event(const struct cpu *cpu, size_t release_count,
                                       const size_t *next)
{
    const struct event *least = NULL;

    for (size_t r = release_count; r-- > 0;) {
        const struct database *from = cpu->history[r];

        if (from != NULL && next[r] < from->event_count &&
            (least == NULL || compare_names(from->events[next[r]].name, least->name) < 0))
            least = &from->events[next[r]];
    }
    return least;
}

/*
 * Adds what a release says of an event to what newer ones do: its bit where one of them says the
 * same, else one more behind them.
 */
static void add_version(struct arena *arena, struct event *newest, const struct event *event,
                        size_t release)
{
    struct event *version = newest, *added;

    while (!event_equals(version, event) && version->older != NULL)
        version = version->older;
    if (!event_equals(version, event)) {
        added = arena_alloc(arena, 1, sizeof *added);
        *added = *event;
        version->older = added;
        version = added;
    }
    version->releases |= 1u << release;
}

/* Lists each event once, unless events is NULL; returns the count. */
static size_t unite_events(struct arena *arena, const struct cpu *cpu, size_t release_count,
                           struct event *events)
{
    size_t next[RELEASES_MAX] = {0}, count = 0;
    const struct event *least;

    for (; (least = least_event(cpu, release_count, next)) != NULL; count++) {
        if (events != NULL)
            events[count] = *least;
        for (size_t r = release_count; r-- > 0;) {
            const struct database *from = cpu->history[r];

            if (from == NULL || next[r] == from->event_count ||
                compare_names(from->events[next[r]].name, least->name) != 0)
                continue;
            if (events != NULL)
                add_version(arena, &events[count], &from->events[next[r]], r);
            next[r]++;
        }
    }
    return count;
}

static void merge_events(struct arena *arena, struct cpu *cpu, size_t release_count)
{
    cpu->db.event_count = unite_events(arena, cpu, release_count, NULL);
    cpu->db.events = arena_alloc(arena, cpu->db.event_count, sizeof(struct event));
    unite_events(arena, cpu, release_count, cpu->db.events);
}

static int compare_aliases(const void *a, const void *b)
{
    return strcmp(((const struct alias *)a)->name, ((const struct alias *)b)->name);
}

/* The same as add_version() does with an event. */
static void add_meaning(struct arena *arena, struct alias *newest, const char *event,
                        size_t release)
{
    struct alias *meaning = newest, *added;

    while (compare_names(meaning->event, event) != 0 && meaning->older != NULL)
        meaning = meaning->older;
    if (compare_names(meaning->event, event) != 0) {
        added = arena_alloc(arena, 1, sizeof *added);
        *added = (struct alias){.name = newest->name, .event = event};
        meaning->older = added;
        meaning = added;
    }
    meaning->releases |= 1u << release;
}

static void merge_aliases(struct arena *arena, struct cpu *cpu, size_t release_count)
{
    size_t most = 0;
    struct database *db = &cpu->db;
    struct map known = {NULL};

    for (size_t r = 0; r < release_count; r++)
        most += cpu->history[r] == NULL ? 0 : cpu->history[r]->alias_count;
    db->aliases = arena_alloc(arena, most, sizeof(struct alias));
    db->alias_count = 0;
    for (size_t r = release_count; r-- > 0;) {
        const struct database *from = cpu->history[r];

        for (size_t i = 0; from != NULL && i < from->alias_count; i++) {
            size_t *number = map_text(arena, &known, from->aliases[i].name);

            if (*number == 0) {
                db->aliases[db->alias_count++] =
                    (struct alias){.name = from->aliases[i].name, .event = from->aliases[i].event};
                *number = db->alias_count;
            }
            add_meaning(arena, &db->aliases[*number - 1], from->aliases[i].event, r);
        }
    }
    if (db->alias_count != 0)
        qsort(db->aliases, db->alias_count, sizeof(struct alias), compare_aliases);
}

/* Reports what older releases have that the tables cannot tell beside the newest. */
static void check_merged(const struct cpu *cpu)
{
    for (size_t i = 0; i < cpu->db.alias_count; i++)
        if (database_event(&cpu->db, cpu->db.aliases[i].name) != NULL)
            report_error(cpu->db.name,
                         "%s is an alias in one release and an event in another (expected one "
                         "meaning)",
                         cpu->db.aliases[i].name);
    for (size_t r = 0; r < RELEASES_MAX && cpu->releases >> r != 0; r++)
        if (cpu->history[r] != NULL && cpu->history[r]->arch != cpu->db.arch)
            report_error(cpu->history[r]->file, "%s (expected %s, as in the newest release)",
                         arch_name(cpu->history[r]->arch), arch_name(cpu->db.arch));
}

static void merge_cpu(struct arena *arena, const struct tracks *tracks, const struct track *track,
                      struct cpu *cpu)
{
    cpu->history = track->history;
    for (size_t r = 0; r < tracks->release_count; r++)
        if (track->history[r] != NULL) {
            cpu->releases |= 1u << r;
            cpu->db = *track->history[r];
        }
    cpu->db.ids = track->ids;
    cpu->db.id_count = track->id_count;
    merge_events(arena, cpu, tracks->release_count);
    merge_aliases(arena, cpu, tracks->release_count);
}

/* ---- names of CPUs --------------------------------------------------------------------------- */

static size_t oldest_release(const struct cpu *cpu)
{
    size_t release = 0;

    while (!(cpu->releases >> release & 1))
        release++;
    return release;
}

/*
 * The oldest release's name, or the first later one that is not taken; when all are, the oldest
 * with its release; when that is taken too, the id.
 */
static const char *choose_name(struct arena *arena, const struct model *model,
                               const struct cpu *cpu, const struct map *taken)
{
    const char *name;

    for (size_t r = 0; r < model->release_count; r++)
        if (cpu->history[r] != NULL &&
            map_get(taken, cpu->history[r]->name, strlen(cpu->history[r]->name)) == 0)
            return cpu->history[r]->name;
    name = cpu->history[oldest_release(cpu)]->name;
    name = arena_printf(arena, "%s@%s", name, model->releases[oldest_release(cpu)]);
    if (map_get(taken, name, strlen(name)) != 0 && cpu->db.id_count != 0)
        name = cpu_id_text(arena, &cpu->db.ids[0]);
    return name;
}

static void choose_names(struct arena *arena, struct model *model)
{
    struct map taken = {NULL};

    for (size_t i = 0; i < model->cpu_count; i++) {
        model->cpus[i].db.name = choose_name(arena, model, &model->cpus[i], &taken);
        *map_text(arena, &taken, model->cpus[i].db.name) = 1;
    }
}

/* Name -> the only CPU that has it in some release: its number, from 1, or SIZE_MAX for several. */
static struct map map_unique_names(struct arena *arena, const struct model *model)
{
    struct map only = {NULL};

    for (size_t i = 0; i < model->cpu_count; i++)
        for (size_t r = 0; r < model->release_count; r++) {
            const struct database *database = model->cpus[i].history[r];
            size_t *number = database == NULL ? NULL : map_text(arena, &only, database->name);

            if (number != NULL)
                *number = *number == 0 || *number == i + 1 ? i + 1 : SIZE_MAX;
        }
    return only;
}

/* Lists the other names of each CPU that no other CPU has in any release. */
static void list_other_names(struct arena *arena, struct model *model)
{
    struct map only = map_unique_names(arena, model);

    for (size_t i = 0; i < model->cpu_count; i++) {
        struct cpu *cpu = &model->cpus[i];

        cpu->also = arena_alloc(arena, model->release_count, sizeof(char *));
        for (size_t r = 0; r < model->release_count; r++) {
            const char *name = cpu->history[r] == NULL ? cpu->db.name : cpu->history[r]->name;
            bool known = strcmp(name, cpu->db.name) == 0;

            for (size_t k = 0; k < cpu->also_count; k++)
                known |= strcmp(name, cpu->also[k]) == 0;
            if (!known && map_get(&only, name, strlen(name)) == i + 1)
                cpu->also[cpu->also_count++] = name;
        }
    }
}

/* Compares digits inside names as numbers: a7, a8, a10. */
static int compare_natural(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            size_t x = strspn(a, "0123456789"), y = strspn(b, "0123456789");
            int order = x != y ? (x < y ? -1 : 1) : strncmp(a, b, x);

            if (order != 0)
                return order;
            a += x;
            b += y;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

/* The CPUs of older releases come first: they choose their names first. */
static int compare_age(const void *a, const void *b)
{
    const struct cpu *x = a, *y = b;
    size_t p = oldest_release(x), q = oldest_release(y);
    int order;

    if (p != q)
        return p < q ? -1 : 1;
    order = strcmp(x->history[p]->name, y->history[q]->name);
    if (order != 0)
        return order;
    if (x->db.id_count == 0 || y->db.id_count == 0)
        return (x->db.id_count != 0) - (y->db.id_count != 0);
    return cpu_id_compare(&x->db.ids[0], &y->db.ids[0]);
}

static int compare_cpus(const void *a, const void *b)
{
    const struct cpu *x = a, *y = b;

    if (x->db.arch != y->db.arch)
        return x->db.arch > y->db.arch ? -1 : 1;
    return compare_natural(x->db.name, y->db.name);
}

/* ---- renames --------------------------------------------------------------------------------- */

/* The encoding of an event: what decides what it counts. Compared as bytes: it has no padding. */
struct code {
    uint32_t numbers, counters;
    int32_t fixed;
};

static struct code code_of(const struct event *event)
{
    uint32_t numbers = (uint32_t)event->has_number << 31 | (uint32_t)event->umask << 16;

    return (struct code){numbers | event->number, event->counters, event->fixed};
}

/* Whether two names have one encoding, each in some release. */
static bool share_encoding(const struct event *a, const struct event *b)
{
    for (; a != NULL; a = a->older)
        for (const struct event *other = b; other != NULL; other = other->older) {
            const struct code x = code_of(a), y = code_of(other);

            if (memcmp(&x, &y, sizeof x) == 0)
                return true;
        }
    return false;
}

/* The events that have the code of one that is gone. */
struct holders {
    struct code code;
    size_t before, after;     /* how many in the old and in the new release */
    const struct event *come; /* the last one of the new */
};

static struct holders *holders_of(struct holders *list, const struct map *by_code,
                                  const struct event *event)
{
    struct code code = code_of(event);
    size_t number = map_get(by_code, &code, sizeof code);

    return number == 0 ? NULL : &list[number - 1];
}

static void count_holders(struct arena *arena, const struct database *old,
                          const struct database *new, struct departure *departures, size_t count)
{
    struct holders *list = arena_alloc(arena, count, sizeof *list), *found;
    struct map by_code = {NULL};
    size_t codes = 0;

    for (size_t i = 0; i < count; i++) {
        size_t *number;

        list[codes].code = code_of(departures[i].gone);
        number = map_at(arena, &by_code, &list[codes].code, sizeof list[codes].code);
        if (*number == 0)
            *number = ++codes;
    }
    for (size_t i = 0; i < old->event_count; i++)
        if ((found = holders_of(list, &by_code, &old->events[i])) != NULL)
            found->before++;
    for (size_t i = 0; i < new->event_count; i++)
        if ((found = holders_of(list, &by_code, &new->events[i])) != NULL) {
            found->after++;
            found->come = &new->events[i];
        }
    for (size_t i = 0; i < count; i++) {
        found = holders_of(list, &by_code, departures[i].gone);
        departures[i].before = found->before;
        departures[i].after = found->after;
        departures[i].come = found->come;
    }
}

size_t merge_departures(struct arena *arena, const struct database *old, const struct database *new,
                        struct departure **departures)
{
    size_t count = 0, next = 0;

    *departures = NULL;
    for (size_t i = 0; i < old->event_count; i++) {
        int order = -1;

        while (next < new->event_count &&
               (order = compare_names(new->events[next].name, old->events[i].name)) < 0)
            next++;
        if (next < new->event_count && order == 0)
            continue;
        *departures = arena_grow(arena, *departures, count, sizeof **departures);
        (*departures)[count++].gone = &old->events[i];
    }
    if (count != 0)
        count_holders(arena, old, new, *departures, count);
    for (size_t i = 0; i < count; i++) {
        struct departure *departure = &(*departures)[i];

        if (departure->after == 1 && database_event(old, departure->come->name) != NULL)
            departure->after = 0; /* an event that was there before is no new name */
        if (departure->before != 1 || departure->after != 1)
            departure->come = NULL;
    }
    return count;
}

static void add_rename(struct arena *arena, struct model *model, struct map *known,
                       const struct rename *rename)
{
    struct rename *key;

    if (map_get(known, rename, sizeof *rename) != 0)
        return;
    key = arena_alloc(arena, 1, sizeof *key);
    *key = *rename;
    *map_at(arena, known, key, sizeof *key) = 1;
    model->renames = arena_grow(arena, model->renames, model->rename_count, sizeof *key);
    model->renames[model->rename_count++] = *rename;
}

/*
 * Adds the renames from one release of a CPU to its next (plists.md 2.3). known has those that were
 * added before, of other CPUs too.
 */
static void find_renames(struct arena *arena, struct model *model, const struct cpu *cpu,
                         const struct database *old, const struct database *new, struct map *known)
{
    struct departure *departures;
    size_t count = merge_departures(arena, old, new, &departures);

    for (size_t i = 0; i < count; i++) {
        const struct departure *departure = &departures[i];

        if (departure->come != NULL)
            add_rename(arena, model, known,
                       &(struct rename){departure->gone->name, departure->come->name});
        else if (departure->after != 0)
            report_note(cpu->db.name,
                        "%s is gone and not taken for a rename: its encoding was that of %zu and "
                        "is that of %zu events",
                        departure->gone->name, departure->before, departure->after);
    }
}

/* Names in a forest: those of one event are in one tree, to whose root parents[] leads. */
struct kinship {
    struct map numbers; /* name -> index of the two lists, from 1 */
    const char **names;
    size_t *parents;
    size_t count;
};

static size_t kin_number(struct arena *arena, struct kinship *kinship, const char *name)
{
    size_t *number = map_text(arena, &kinship->numbers, name);

    if (*number == 0) {
        kinship->names[kinship->count] = name;
        kinship->parents[kinship->count] = kinship->count;
        *number = ++kinship->count;
    }
    return *number - 1;
}

static size_t kin_root(struct kinship *kinship, size_t number)
{
    while (kinship->parents[number] != number) {
        kinship->parents[number] = kinship->parents[kinship->parents[number]];
        number = kinship->parents[number];
    }
    return number;
}

/* Sets model->renamed: renames that share a name are of one event, which has all their names. */
static void group_renames(struct arena *arena, struct model *model)
{
    struct kinship kinship = {.names = arena_alloc(arena, 2 * model->rename_count, sizeof(char *)),
                              .parents =
                                  arena_alloc(arena, 2 * model->rename_count, sizeof(size_t))};
    size_t *events, count = 0;

    for (size_t i = 0; i < model->rename_count; i++) {
        size_t from = kin_number(arena, &kinship, model->renames[i].from);
        size_t to = kin_number(arena, &kinship, model->renames[i].to);

        kinship.parents[kin_root(&kinship, to)] = kin_root(&kinship, from);
    }
    events = arena_alloc(arena, kinship.count, sizeof *events); /* root -> event, from 1 */
    model->renamed = arena_alloc(arena, kinship.count, sizeof *model->renamed);
    model->renamed_by_name = (struct map){NULL};
    for (size_t i = 0; i < kinship.count; i++) {
        size_t *event = &events[kin_root(&kinship, i)];
        struct spellings *spellings;

        if (*event == 0)
            *event = ++count;
        *map_text(arena, &model->renamed_by_name, kinship.names[i]) = *event;
        spellings = &model->renamed[*event - 1];
        spellings->names =
            arena_grow(arena, spellings->names, spellings->count, sizeof *spellings->names);
        spellings->names[spellings->count++] = kinship.names[i];
    }
    model->renamed_count = count;
}

/* Marks the events that share an encoding with a marked one, or with one marked so. */
static void mark_kin(const struct event *const *events, size_t count, bool *marked)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < count && marked[i]; k++)
                if (!marked[k] && share_encoding(events[i], events[k]))
                    more = marked[k] = true;
    }
}

/* Why several of the names are not one event on a CPU; NULL when they may be. */
static const char *first_conflict(struct arena *arena, const struct database *db,
                                  const struct spellings *spellings)
{
    const struct event **known = arena_alloc(arena, spellings->count, sizeof *known);
    bool *kin = arena_alloc(arena, spellings->count, sizeof *kin);
    size_t count = 0;

    for (size_t i = 0; i < spellings->count; i++) {
        known[count] = database_event(db, spellings->names[i]);
        count += known[count] != NULL;
    }
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if ((event_releases(known[k]) & event_releases(known[i])) != 0)
                return arena_printf(arena, "%s has both %s and %s", db->name, known[k]->name,
                                    known[i]->name);
    kin[0] = true;
    mark_kin(known, count, kin);
    for (size_t i = 1; i < count; i++)
        if (!kin[i])
            return arena_printf(arena, "%s and %s differ on %s", known[0]->name, known[i]->name,
                                db->name);
    return NULL;
}

/*
 * For each event of several names, why it is not one event: some CPU has two of the names in one
 * release, or two encodings by them. NULL where no CPU contradicts.
 */
static const char **find_contradictions(struct arena *arena, const struct model *model)
{
    struct {
        size_t cpu; /* the last one that has the event, from 1 */
        const struct event *first;
        uint32_t releases; /* that have any of the names on that CPU */
    } *seen = arena_alloc(arena, model->renamed_count, sizeof *seen);
    const char **why = arena_alloc(arena, model->renamed_count, sizeof *why);

    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct database *db = &model->cpus[c].db;

        for (size_t i = 0; i < db->event_count; i++) {
            const struct event *event = &db->events[i];
            size_t n = map_get(&model->renamed_by_name, event->name, strlen(event->name));

            if (n-- == 0 || why[n] != NULL)
                continue;
            if (seen[n].cpu != c + 1) {
                seen[n].cpu = c + 1;
                seen[n].first = event;
                seen[n].releases = 0;
            }
            if ((seen[n].releases & event_releases(event)) != 0 ||
                !share_encoding(seen[n].first, event))
                why[n] = first_conflict(arena, db, &model->renamed[n]);
            seen[n].releases |= event_releases(event);
        }
    }
    return why;
}

static int compare_renames(const void *a, const void *b)
{
    const struct rename *x = a, *y = b;
    int order = strcmp(x->from, y->from);

    return order != 0 ? order : strcmp(x->to, y->to);
}

/* Takes back the renames that some CPU contradicts. */
static void drop_contradicted(struct arena *arena, struct model *model)
{
    const char **contradiction = find_contradictions(arena, model);
    size_t kept = 0;

    for (size_t i = 0; i < model->rename_count; i++) {
        const struct rename *rename = &model->renames[i];
        size_t n = map_get(&model->renamed_by_name, rename->from, strlen(rename->from));
        const char *why = contradiction[n - 1];

        if (why == NULL)
            model->renames[kept++] = *rename;
        else
            report_note(NULL, "%s to %s is not taken for a rename: %s", rename->from, rename->to,
                        why);
    }
    if (kept == model->rename_count)
        return;
    model->rename_count = kept;
    group_renames(arena, model);
}

static void link_renames(struct arena *arena, struct model *model)
{
    struct map known = {NULL};

    for (size_t i = 0; i < model->cpu_count; i++) {
        const struct database *old = NULL;

        for (size_t r = 0; r < model->release_count; r++) {
            const struct database *new = model->cpus[i].history[r];

            if (old != NULL && new != NULL)
                find_renames(arena, model, &model->cpus[i], old, new, &known);
            old = new == NULL ? old : new;
        }
    }
    if (model->rename_count == 0)
        return;
    qsort(model->renames, model->rename_count, sizeof *model->renames, compare_renames);
    group_renames(arena, model);
    drop_contradicted(arena, model);
}

/* ---- the step -------------------------------------------------------------------------------- */

struct model merge_releases(struct arena *arena, const struct release *releases, size_t count)
{
    struct tracks tracks = find_tracks(arena, releases, count);
    struct model model = {.release_count = count, .cpu_count = tracks.count};

    model.releases = arena_alloc(arena, count, sizeof(char *));
    for (size_t r = 0; r < count; r++) {
        model.releases[r] = releases[r].name;
        model.whole_releases |= (uint32_t)releases[r].whole << r;
    }
    model.cpus = arena_alloc(arena, tracks.count, sizeof(struct cpu));
    for (size_t i = 0; i < tracks.count; i++)
        merge_cpu(arena, &tracks, &tracks.list[i], &model.cpus[i]);
    if (model.cpu_count == 0)
        return model;
    qsort(model.cpus, model.cpu_count, sizeof(struct cpu), compare_age);
    choose_names(arena, &model);
    list_other_names(arena, &model);
    for (size_t i = 0; i < model.cpu_count; i++)
        check_merged(&model.cpus[i]);
    qsort(model.cpus, model.cpu_count, sizeof(struct cpu), compare_cpus);
    link_renames(arena, &model);
    return model;
}

/* "M1 Max" is m1-max on a command line. */
static char *make_designation(struct arena *arena, const char *name)
{
    char *text = arena_copy(arena, name, strlen(name));

    for (char *c = text; *c != '\0'; c++)
        *c = *c == ' ' ? '-' : is_upper(*c) ? (char)(*c + 32) : *c;
    return text;
}

/* Maps a name to the number of a CPU, unless an earlier one has it. */
static void add_designation(struct arena *arena, struct map *cpus, const char *name, size_t number)
{
    size_t *known = map_text(arena, cpus, make_designation(arena, name));

    if (*known == 0)
        *known = number;
}

static struct map map_designations(struct arena *arena, const struct model *model)
{
    struct map cpus = {NULL};

    for (size_t c = 0; c < model->cpu_count; c++) {
        const struct cpu *cpu = &model->cpus[c];

        add_designation(arena, &cpus, cpu->db.name, c + 1);
        for (size_t i = 0; i < cpu->also_count; i++)
            add_designation(arena, &cpus, cpu->also[i], c + 1);
        for (size_t i = 0; i < cpu->db.id_count; i++) {
            const struct chip *chip = model_chip(model, &cpu->db.ids[i]);

            for (size_t n = 0; chip != NULL && n < chip->name_count; n++)
                add_designation(arena, &cpus, chip->names[n], c + 1);
        }
    }
    return cpus;
}

/* The number, from 1, of the CPU that is meant on a command line; 0 when there is none. */
static size_t find_designated(struct arena *arena, const struct map *ids, const struct map *names,
                              const char *typed)
{
    struct cpu_id id;
    size_t number = 0;

    if (cpu_id_parse(typed, strlen(typed), &id))
        number = map_get(ids, &id, sizeof id);
    return number != 0 ? number : map_get(names, make_designation(arena, typed), strlen(typed));
}

/* Lists the CPUs that were named, in the model's order; returns their count. */
static size_t select_cpus(struct arena *arena, struct model *model, const char *const *cpus,
                          size_t count, size_t *kept)
{
    struct map ids = model_ids(arena, model), names = map_designations(arena, model);
    bool *keep = arena_alloc(arena, model->cpu_count, sizeof *keep);
    size_t kept_count = 0;

    for (size_t i = 0; i < count; i++) {
        size_t number = find_designated(arena, &ids, &names, cpus[i]);

        if (number == 0) {
            report_error(NULL, "no CPU '%s' (expected a database, chip or cpu_TYPE_SUBTYPE_FAMILY)",
                         cpus[i]);
            continue;
        }
        keep[number - 1] = true;
        if (model->cpus[number - 1].asked == NULL)
            model->cpus[number - 1].asked = cpus[i];
    }
    for (size_t i = 0; i < model->cpu_count; i++)
        if (keep[i])
            kept[kept_count++] = i;
    return kept_count;
}

/* The sets of CPUs of a name's candidates without the CPUs that are not kept. */
static void keep_candidates(struct arena *arena, struct portable *name, const size_t *kept,
                            size_t kept_count)
{
    for (size_t c = 0; c < name->candidate_count; c++) {
        bool *set = arena_alloc(arena, kept_count, sizeof *set);

        for (size_t i = 0; i < kept_count; i++)
            set[i] = name->candidates[c].cpus[kept[i]];
        name->candidates[c].cpus = set;
    }
}

void merge_select(struct arena *arena, struct model *model, const char *const *cpus, size_t count)
{
    size_t *kept = arena_alloc(arena, model->cpu_count, sizeof *kept);
    size_t kept_count = select_cpus(arena, model, cpus, count, kept);

    for (size_t n = 0; n < model->name_count; n++) {
        keep_candidates(arena, &model->names[n], kept, kept_count);
        if (model->names[n].configurable != NULL)
            keep_candidates(arena, model->names[n].configurable, kept, kept_count);
    }
    for (size_t i = 0; i < kept_count; i++)
        model->cpus[i] = model->cpus[kept[i]];
    model->cpu_count = kept_count;
}
