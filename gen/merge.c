/*
 * Several releases -> one model. A kind of CPU is the set of CPU ids that use
 * the same database in every release; its name is the oldest release's, since
 * names were given to other chips later while ids never were.
 */
#include "model.h"

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

static const struct database *database_of_id(const struct release *release, const struct cpu_id *id)
{
    for (size_t i = 0; i < release->database_count; i++)
        for (size_t j = 0; j < release->databases[i].id_count; j++)
            if (cpu_id_compare(&release->databases[i].ids[j], id) == 0)
                return &release->databases[i];
    return NULL;
}

static bool same_history(const struct tracks *tracks, const struct database *const *a,
                         const struct database *const *b)
{
    for (size_t r = 0; r < tracks->release_count; r++)
        if (a[r] != b[r])
            return false;
    return true;
}

static struct track *add_track(struct tracks *tracks, const struct database **history)
{
    struct track *track = &tracks->list[tracks->count++];

    track->history = history;
    return track;
}

static void add_track_id(struct tracks *tracks, struct track *track, const struct cpu_id *id)
{
    struct cpu_id *ids = arena_alloc(tracks->arena, track->id_count + 1, sizeof *ids);
    size_t at = 0;

    for (; at < track->id_count && cpu_id_compare(&track->ids[at], id) < 0; at++)
        ids[at] = track->ids[at];
    ids[at] = *id;
    for (; at < track->id_count; at++)
        ids[at + 1] = track->ids[at];
    track->ids = ids;
    track->id_count++;
}

static bool has_id(const struct tracks *tracks, const struct cpu_id *id)
{
    for (size_t i = 0; i < tracks->count; i++)
        for (size_t j = 0; j < tracks->list[i].id_count; j++)
            if (cpu_id_compare(&tracks->list[i].ids[j], id) == 0)
                return true;
    return false;
}

static void track_id(struct tracks *tracks, const struct cpu_id *id)
{
    const struct database **history;

    if (has_id(tracks, id))
        return;
    history = arena_alloc(tracks->arena, tracks->release_count, sizeof(struct database *));
    for (size_t r = 0; r < tracks->release_count; r++)
        history[r] = database_of_id(&tracks->releases[r], id);
    for (size_t i = 0; i < tracks->count; i++)
        if (same_history(tracks, tracks->list[i].history, history)) {
            add_track_id(tracks, &tracks->list[i], id);
            return;
        }
    add_track_id(tracks, add_track(tracks, history), id);
}

/* What a track was called when the release came: names went to other chips later. */
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

/* A database that no id points to has only its name to go by. */
static void track_name(struct tracks *tracks, size_t release, const struct database *database)
{
    const struct database **history;
    bool found = false;

    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->list[i].history[release] == NULL &&
            strcmp(name_at(tracks, &tracks->list[i], release), database->name) == 0) {
            tracks->list[i].history[release] = database;
            found = true;
        }
    if (found)
        return;
    history = arena_alloc(tracks->arena, tracks->release_count, sizeof(struct database *));
    history[release] = database;
    add_track(tracks, history);
}

static struct tracks find_tracks(struct arena *arena, const struct release *releases,
                                 size_t release_count)
{
    struct tracks tracks = {.arena = arena, .releases = releases, .release_count = release_count};
    size_t most = 0;

    for (size_t r = 0; r < release_count; r++)
        for (size_t i = 0; i < releases[r].database_count; i++)
            most += 1 + releases[r].databases[i].id_count;
    tracks.list = arena_alloc(arena, most, sizeof(struct track));
    for (size_t r = 0; r < release_count; r++)
        for (size_t i = 0; i < releases[r].database_count; i++)
            for (size_t j = 0; j < releases[r].databases[i].id_count; j++)
                track_id(&tracks, &releases[r].databases[i].ids[j]);
    for (size_t r = 0; r < release_count; r++)
        for (size_t i = 0; i < releases[r].database_count; i++)
            if (releases[r].databases[i].id_count == 0)
                track_name(&tracks, r, &releases[r].databases[i]);
    return tracks;
}

/* ---- one CPU's databases -> one -------------------------------------------------------------- */

static int compare_events(const void *a, const void *b)
{
    return strcmp(((const struct event *)a)->name, ((const struct event *)b)->name);
}

static int compare_aliases(const void *a, const void *b)
{
    return strcmp(((const struct alias *)a)->name, ((const struct alias *)b)->name);
}

/* All events of all releases, each once, as its newest release has it. */
static void merge_events(struct arena *arena, struct cpu *cpu, size_t release_count)
{
    size_t most = 0, count = 0;

    for (size_t r = 0; r < release_count; r++)
        most += cpu->history[r] == NULL ? 0 : cpu->history[r]->event_count;
    cpu->db.events = arena_alloc(arena, most, sizeof(struct event));
    for (size_t r = release_count; r-- > 0;) {
        const struct database *from = cpu->history[r];

        cpu->db.event_count = count;
        for (size_t i = 0; from != NULL && i < from->event_count; i++) {
            struct event *known = database_event(&cpu->db, from->events[i].name);

            if (known == NULL) {
                known = &cpu->db.events[count++];
                *known = from->events[i];
                known->releases = 0;
            }
            known->releases |= 1u << r;
        }
        if (count != 0)
            qsort(cpu->db.events, count, sizeof(struct event), compare_events);
    }
    cpu->db.event_count = count;
}

static void merge_aliases(struct arena *arena, struct cpu *cpu, size_t release_count)
{
    size_t most = 0;
    struct database *db = &cpu->db;

    for (size_t r = 0; r < release_count; r++)
        most += cpu->history[r] == NULL ? 0 : cpu->history[r]->alias_count;
    db->aliases = arena_alloc(arena, most, sizeof(struct alias));
    db->alias_count = 0;
    for (size_t r = release_count; r-- > 0;) {
        const struct database *from = cpu->history[r];

        for (size_t i = 0; from != NULL && i < from->alias_count; i++) {
            size_t known = 0;

            while (known < db->alias_count &&
                   strcmp(db->aliases[known].name, from->aliases[i].name) != 0)
                known++;
            if (known == db->alias_count)
                db->aliases[db->alias_count++] =
                    (struct alias){from->aliases[i].name, from->aliases[i].event, 0};
            db->aliases[known].releases |= 1u << r;
        }
    }
    if (db->alias_count != 0)
        qsort(db->aliases, db->alias_count, sizeof(struct alias), compare_aliases);
}

/* What the newest counters cannot say of an older release's event or alias. */
static void check_merged(const struct cpu *cpu)
{
    uint32_t counters = cpu->db.fixed | cpu->db.config | cpu->db.power;

    for (size_t i = 0; i < cpu->db.event_count; i++) {
        const struct event *event = &cpu->db.events[i];

        if (event->counters & ~counters)
            report_error(cpu->db.name,
                         "%s of an older release counts on %u (expected a part of %u, the "
                         "counters of the newest)",
                         event->name, (unsigned)event->counters, (unsigned)counters);
    }
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

static bool name_taken(const struct model *model, size_t before, const char *name)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(model->cpus[i].db.name, name) == 0)
            return true;
    return false;
}

static size_t oldest(const struct cpu *cpu)
{
    size_t release = 0;

    while (!(cpu->releases >> release & 1))
        release++;
    return release;
}

/*
 * The oldest release's name, or the first later one that no other CPU shows;
 * when all are taken, the oldest with its release; when that is too, the id.
 */
static const char *choose_name(struct arena *arena, const struct model *model, size_t index)
{
    const struct cpu *cpu = &model->cpus[index];
    const char *name;

    for (size_t r = 0; r < model->release_count; r++)
        if (cpu->history[r] != NULL && !name_taken(model, index, cpu->history[r]->name))
            return cpu->history[r]->name;
    name = cpu->history[oldest(cpu)]->name;
    name = arena_printf(arena, "%s@%s", name, model->releases[oldest(cpu)]);
    if (name_taken(model, index, name) && cpu->db.id_count != 0)
        name = cpu_id_text(arena, &cpu->db.ids[0]);
    return name;
}

/* Later names keep resolving where no other CPU is called that in any release. */
static void other_names(struct arena *arena, struct model *model, size_t index)
{
    struct cpu *cpu = &model->cpus[index];

    cpu->also = arena_alloc(arena, model->release_count, sizeof(char *));
    for (size_t r = 0; r < model->release_count; r++) {
        const char *name = cpu->history[r] == NULL ? cpu->db.name : cpu->history[r]->name;
        bool known = strcmp(name, cpu->db.name) == 0;

        for (size_t i = 0; i < cpu->also_count; i++)
            known |= strcmp(name, cpu->also[i]) == 0;
        for (size_t i = 0; i < model->cpu_count && !known; i++)
            for (size_t q = 0; q < model->release_count && i != index; q++)
                known |= model->cpus[i].history[q] != NULL &&
                         strcmp(model->cpus[i].history[q]->name, name) == 0;
        if (!known)
            cpu->also[cpu->also_count++] = name;
    }
}

/* Numbers inside names count as numbers: a7, a8, a10. */
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

/* The first release first, so that it has the first choice of names. */
static int compare_age(const void *a, const void *b)
{
    const struct cpu *x = a, *y = b;
    size_t p = oldest(x), q = oldest(y);
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

static bool same_encoding(const struct event *a, const struct event *b)
{
    return a->has_number == b->has_number && a->number == b->number && a->umask == b->umask &&
           a->counters == b->counters && a->fixed == b->fixed;
}

/*
 * Who of the events of `in` has the encoding: *only is the one, and the count
 * tells whether it is the only one.
 */
static size_t with_encoding(const struct database *in, const struct event *like,
                            const struct event **only)
{
    size_t count = 0;

    for (size_t i = 0; i < in->event_count; i++)
        if (same_encoding(&in->events[i], like)) {
            *only = &in->events[i];
            count++;
        }
    return count;
}

static void add_rename(struct arena *arena, struct model *model, const char *from, const char *to)
{
    for (size_t i = 0; i < model->rename_count; i++)
        if (strcmp(model->renames[i].from, from) == 0 && strcmp(model->renames[i].to, to) == 0)
            return;
    if ((model->rename_count & (model->rename_count - 1)) == 0) { /* full: 0, 1, 2, 4, 8 ... */
        struct rename *more = arena_alloc(arena, model->rename_count * 2 + 1, sizeof *more);

        if (model->rename_count != 0)
            memcpy(more, model->renames, model->rename_count * sizeof *more);
        model->renames = more;
    }
    model->renames[model->rename_count++] = (struct rename){from, to, 0};
}

/* One name gone, one come, one encoding. */
const struct event *merge_renamed(const struct database *old, const struct database *new,
                                  const struct event *gone, size_t *before, size_t *after)
{
    const struct event *come = NULL, *was = NULL;

    *before = *after = 0;
    if (database_event(new, gone->name) != NULL)
        return NULL;
    *before = with_encoding(old, gone, &was);
    *after = with_encoding(new, gone, &come);
    if (*after == 1 && database_event(old, come->name) != NULL)
        *after = 0; /* it was there before, so it is no other name of what is gone */
    return *before == 1 && *after == 1 ? come : NULL;
}

/* From one release of a CPU to its next. */
static void find_renames(struct arena *arena, struct model *model, const struct cpu *cpu,
                         const struct database *old, const struct database *new)
{
    for (size_t i = 0; i < old->event_count; i++) {
        const struct event *gone = &old->events[i];
        size_t before, after;
        const struct event *come = merge_renamed(old, new, gone, &before, &after);

        if (come != NULL)
            add_rename(arena, model, gone->name, come->name);
        else if (after != 0)
            report_note(cpu->db.name,
                        "%s is gone and not taken for a rename: its encoding was that of %zu and "
                        "is that of %zu events",
                        gone->name, before, after);
    }
}

/* Renames that share a name speak of one event, so all their names are its. */
static void group_renames(struct model *model)
{
    struct rename *renames = model->renames;

    for (size_t i = 0; i < model->rename_count; i++) {
        renames[i].group = i;
        for (size_t j = 0; j < i; j++) {
            size_t group = renames[j].group;

            if (strcmp(renames[i].from, renames[j].from) != 0 &&
                strcmp(renames[i].from, renames[j].to) != 0 &&
                strcmp(renames[i].to, renames[j].from) != 0 &&
                strcmp(renames[i].to, renames[j].to) != 0)
                continue;
            for (size_t k = 0; k <= i; k++)
                if (renames[k].group == group)
                    renames[k].group = i;
        }
    }
}

/*
 * A CPU that knows both names at once, or names two codes by them, says they are not the same;
 * NULL when none does.
 */
static const char *contradiction(struct arena *arena, const struct model *model, const char *a,
                                 const char *b)
{
    for (size_t i = 0; i < model->cpu_count; i++) {
        const struct database *db = &model->cpus[i].db;
        const struct event *x = database_event(db, a), *y = database_event(db, b);

        if (x == y || x == NULL || y == NULL)
            continue;
        if ((x->releases & y->releases) != 0)
            return arena_printf(arena, "%s has both %s and %s", db->name, a, b);
        if (!same_encoding(x, y))
            return arena_printf(arena, "%s and %s differ on %s", a, b, db->name);
    }
    return NULL;
}

/* What speaks against each group: any two of its names. Groups are numbered as renames are. */
static const char **contradictions(struct arena *arena, const struct model *model)
{
    static const unsigned char pairs[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    const char **why = arena_alloc(arena, model->rename_count, sizeof *why);

    for (size_t i = 0; i < model->rename_count; i++)
        for (size_t j = 0; j <= i; j++) {
            const struct rename *a = &model->renames[j], *b = &model->renames[i];
            const char *names[] = {a->from, a->to, b->from, b->to};

            for (size_t k = 0; k < 6 && a->group == b->group && why[a->group] == NULL; k++)
                why[a->group] = contradiction(arena, model, names[pairs[k][0]], names[pairs[k][1]]);
        }
    return why;
}

static int compare_renames(const void *a, const void *b)
{
    const struct rename *x = a, *y = b;
    int order = strcmp(x->from, y->from);

    return order != 0 ? order : strcmp(x->to, y->to);
}

static void link_renames(struct arena *arena, struct model *model)
{
    const char **why;
    size_t kept = 0;

    for (size_t i = 0; i < model->cpu_count; i++) {
        const struct database *old = NULL;

        for (size_t r = 0; r < model->release_count; r++) {
            const struct database *new = model->cpus[i].history[r];

            if (old != NULL && new != NULL)
                find_renames(arena, model, &model->cpus[i], old, new);
            old = new == NULL ? old : new;
        }
    }
    if (model->rename_count == 0)
        return;
    qsort(model->renames, model->rename_count, sizeof *model->renames, compare_renames);
    group_renames(model);
    why = contradictions(arena, model);
    for (size_t i = 0; i < model->rename_count; i++) {
        const struct rename *rename = &model->renames[i];

        if (why[rename->group] == NULL)
            model->renames[kept++] = *rename;
        else
            report_note(NULL, "%s to %s is not taken for a rename: %s", rename->from, rename->to,
                        why[rename->group]);
    }
    model->rename_count = kept;
}

/* ---- the step -------------------------------------------------------------------------------- */

struct model merge_releases(struct arena *arena, const struct release *releases, size_t count)
{
    struct tracks tracks = find_tracks(arena, releases, count);
    struct model model = {.release_count = count, .cpu_count = tracks.count};

    model.releases = arena_alloc(arena, count, sizeof(char *));
    for (size_t r = 0; r < count; r++)
        model.releases[r] = releases[r].name;
    model.cpus = arena_alloc(arena, tracks.count, sizeof(struct cpu));
    for (size_t i = 0; i < tracks.count; i++)
        merge_cpu(arena, &tracks, &tracks.list[i], &model.cpus[i]);
    if (model.cpu_count == 0)
        return model;
    qsort(model.cpus, model.cpu_count, sizeof(struct cpu), compare_age);
    for (size_t i = 0; i < model.cpu_count; i++)
        model.cpus[i].db.name = choose_name(arena, &model, i);
    for (size_t i = 0; i < model.cpu_count; i++) {
        other_names(arena, &model, i);
        check_merged(&model.cpus[i]);
    }
    qsort(model.cpus, model.cpu_count, sizeof(struct cpu), compare_cpus);
    link_renames(arena, &model);
    return model;
}

/* "M1 Max" is m1-max on a command line. */
static bool same_designation(const char *shown, const char *typed)
{
    for (; *shown != '\0' && *typed != '\0'; shown++, typed++) {
        char s = *shown == ' ' ? '-' : is_upper(*shown) ? (char)(*shown + 32) : *shown;
        char t = *typed == ' ' ? '-' : is_upper(*typed) ? (char)(*typed + 32) : *typed;

        if (s != t)
            return false;
    }
    return *shown == *typed;
}

static bool cpu_is(const struct model *model, const struct cpu *cpu, const char *designation)
{
    struct cpu_id id;
    bool is_id = cpu_id_parse(designation, strlen(designation), &id);

    if (same_designation(cpu->db.name, designation))
        return true;
    for (size_t i = 0; i < cpu->also_count; i++)
        if (same_designation(cpu->also[i], designation))
            return true;
    for (size_t i = 0; i < cpu->db.id_count; i++) {
        const struct chip *chip = model_chip(model, &cpu->db.ids[i]);

        if (is_id && cpu_id_compare(&id, &cpu->db.ids[i]) == 0)
            return true;
        for (size_t n = 0; chip != NULL && n < chip->name_count; n++)
            if (same_designation(chip->names[n], designation))
                return true;
    }
    return false;
}

void merge_select(struct arena *arena, struct model *model, const char *const *cpus, size_t count)
{
    bool *keep = arena_alloc(arena, model->cpu_count, sizeof *keep);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        bool found = false;

        for (size_t c = 0; c < model->cpu_count && !found; c++) {
            found = cpu_is(model, &model->cpus[c], cpus[i]);
            keep[c] |= found;
        }
        if (!found)
            report_error(NULL, "no CPU '%s' (expected a database, chip or cpu_TYPE_SUBTYPE_FAMILY)",
                         cpus[i]);
    }
    for (size_t n = 0; n < model->name_count; n++)
        for (size_t c = 0; c < model->names[n].candidate_count; c++) {
            bool *set = arena_alloc(arena, model->cpu_count, sizeof *set);

            for (size_t i = 0, to = 0; i < model->cpu_count; i++)
                if (keep[i])
                    set[to++] = model->names[n].candidates[c].cpus[i];
            model->names[n].candidates[c].cpus = set;
        }
    for (size_t i = 0; i < model->cpu_count; i++)
        if (keep[i])
            model->cpus[kept++] = model->cpus[i];
    model->cpu_count = kept;
}
