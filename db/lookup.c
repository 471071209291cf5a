/*
 * Lookups: names, ids and numbers in; events, CPUs, releases and names out. The one file that
 * includes kpdb_tables.h. Nothing is written but what the caller passes.
 */
#include "kpdb.h"

#if defined(__GNUC__)
#define NOINLINE __attribute__((noinline))
#define HOT      __attribute__((always_inline)) inline
#else
#define NOINLINE
#define HOT inline
#endif

#if defined(__clang__)
#define KPDB_UNROLL _Pragma("clang loop unroll_count(8)")
#elif defined(__GNUC__)
#define KPDB_UNROLL _Pragma("GCC unroll 9")
#else
#define KPDB_UNROLL
#endif
#define KPDB_INLINE HOT
#include "hash.h"
#include "kpdb_tables.h"
#include "place.h"

#if !defined(TABLE_END) || TABLE_END != KPDB_FINGERPRINT
#error "kpdb_tables.h is cut short: compile the databases again"
#endif

/* ---- strings --------------------------------------------------------------------------------- */

/* The n-th string of the tables: event ids, then chip-agnostic names, then others. */
static const char *string_of(size_t n)
{
    return (const char *)&tables + tables.string_at[n];
}

static HOT size_t string_length(size_t n)
{
    return (size_t)tables.string_at[n + 1] - tables.string_at[n] - 1;
}

/* The n-th unit or sentence. */
static const char *prose_of(unsigned n)
{
    return (const char *)&table_prose_strings + table_prose_at[n];
}

/* A comparison that gcc does not call pointless in a build where a count is 0. */
static bool is_below(unsigned n, unsigned count)
{
    return n < count;
}

/*
 * Compares words of eight bytes that are spread as kpdb_hash() spreads them, as many as most names
 * of this build need, without a branch between them: where two names differ, or how long they are,
 * no branch predictor can foresee.
 */
static HOT bool same_bytes(const char *a, const char *b, size_t length)
{
    uint64_t differ = 0;

    if (length >= 8) {
        KPDB_UNROLL for (unsigned n = 0; n <= 1u << TABLE_COMPARE_SPREAD; n++)
        {
            size_t at = kpdb_word_at(length, n, TABLE_COMPARE_SPREAD);

            differ |= kpdb_load64(a + at) ^ kpdb_load64(b + at);
        }
        if (TABLE_LONGEST > kpdb_words_hold(TABLE_COMPARE_SPREAD) &&
            length > kpdb_words_hold(TABLE_COMPARE_SPREAD))
            for (size_t at = 8; at < length - 8; at += 8)
                differ |= kpdb_load64(a + at) ^ kpdb_load64(b + at);
    } else {
        for (size_t i = 0; i < length; i++)
            differ |= (uint64_t)(a[i] ^ b[i]);
    }
    return differ == 0;
}

/* The number of an event id's or chip-agnostic name's string. */
static HOT bool find_string(const char *name, size_t length, size_t *found)
{
    const struct kpdb_hashing by = {TABLE_HASH_THOROUGH != 0, TABLE_HASH_SPREAD, TABLE_HASH_ROTATE,
                                    TABLE_HASH_SHIFT, TABLE_HASH_SLOT_SHIFT};
    uint32_t hash = kpdb_hash(name, length, by);
    uint32_t displacement = tables.displacements[kpdb_bucket(hash, by)];
    size_t at;

    *found = tables.slots[kpdb_slot(hash, displacement, by)];
    at = tables.string_at[*found];
    /* An empty slot leads to the first string, which is no name where there are none. */
    return is_below(0, TABLE_EVENT_IDS + TABLE_NAMES) &&
           at + length + 1 == tables.string_at[*found + 1] &&
           same_bytes((const char *)&tables + at, name, length);
}

/* ---- events on a CPU ------------------------------------------------------------------------- */

#ifdef TABLE_PAIRS
static HOT const struct table_row *listed_row(size_t cpu, size_t id)
{
    const struct kpdb_hashing by = {.shift = TABLE_PAIR_SHIFT, .slot_shift = TABLE_PAIR_SLOT_SHIFT};
    uint32_t hash = kpdb_mix_value((uint32_t)tables.cpus[cpu].list << 16, (uint32_t)id);
    uint32_t slot = kpdb_slot(hash, tables.pair_displacements[kpdb_bucket(hash, by)], by);
    size_t row = tables.pair_rows[slot];

    return tables.pair_lists[slot] == tables.cpus[cpu].list && row >= tables.row_at[id] &&
                   row < tables.row_at[id + 1]
               ? &tables.rows[row]
               : NULL;
}
#else
static HOT const struct table_row *listed_row(size_t cpu, size_t id)
{
    size_t place = id - tables.cpus[cpu].first;
    size_t variant = tables.variants[tables.cpus[cpu].list + place];

    if (TABLE_VARIANT_MASK == 15) /* two in a byte */
        variant = variant >> tables.shifts[cpu] & 15u;
    return variant == 0 ? NULL : &tables.rows[tables.row_at[id] + variant - 1];
}
#endif

/* The CPU's row of an event or alias by that id, and by no other spelling; NULL: it has none. */
static HOT const struct table_row *own_row(size_t cpu, size_t id)
{
    return id - tables.cpus[cpu].first < tables.cpus[cpu].span ? listed_row(cpu, id) : NULL;
}

static bool is_alias(const struct table_row *row)
{
    return row->kind < TABLE_ALIAS_KINDS;
}

static bool was_renamed(size_t id)
{
    return TABLE_RENAMES != 0 && (tables.renamed[id / 8] >> id % 8 & 1) != 0;
}

/* The next spelling of a renamed event; the id itself when it was never renamed. */
static unsigned next_spelling(unsigned id)
{
    unsigned low = 0, high = TABLE_RENAMES;

    if (!is_below(id, TABLE_EVENT_IDS) || !was_renamed(id))
        return id;
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;

        if (table_renames[middle].id <= id)
            low = middle;
        else
            high = middle;
    }
    return table_renames[low].next;
}

static HOT unsigned releases_of(size_t cpu, const struct table_row *row)
{
    return (unsigned)tables.kinds[row->kind].releases & tables.cpus[cpu].releases;
}

static HOT void fill_event(size_t cpu, const struct table_row *row, size_t id,
                           struct kpdb_event *out)
{
    *out = tables.kinds[row->kind];
    out->releases = (uint16_t)releases_of(cpu, row);
    out->id = (uint16_t)id;
    out->number = row->number;
    out->umask = row->umask;
}

static bool is_release(int release)
{
    return release >= KPDB_ANY_RELEASE && release < TABLE_RELEASES;
}

static HOT bool in_release(size_t cpu, const struct table_row *row, int release)
{
    return ((releases_of(cpu, row) << 1 | 1) >> (release + 1) & 1) != 0; /* bit 0: of any */
}

/* The row of the same event or alias in older releases that say otherwise; NULL: there are none. */
static const struct table_row *older_row(const struct table_row *row)
{
    size_t low = 0, high = TABLE_OLDER_ROWS, number = (size_t)(row - tables.rows);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table_older_rows[middle].row == number)
            return &tables.rows[table_older_rows[middle].older];
        if (table_older_rows[middle].row < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The row, or an older one of the same, that holds in a release; NULL when none does. */
static const struct table_row *row_in(size_t cpu, const struct table_row *row, int release)
{
    while (row != NULL && !in_release(cpu, row, release))
        row = older_row(row);
    return row;
}

/* The id of what an alias means in a release; in one that lacks it as in the newest. */
static unsigned alias_means(size_t cpu, const struct table_row *alias, int release)
{
    const struct table_row *row = TABLE_ALIAS_KINDS > 1 ? row_in(cpu, alias, release) : NULL;

    return row != NULL ? row->number : alias->number;
}

/*
 * The row of an id, in any release, through what an alias means in one; *id becomes the event's
 * own. NULL when there is none.
 */
static const struct table_row *row_of(size_t cpu, int release, unsigned *id)
{
    const struct table_row *row = own_row(cpu, *id);

    if (row != NULL && is_alias(row)) {
        *id = alias_means(cpu, row, release);
        row = own_row(cpu, *id);
    }
    return row;
}

/*
 * Finds an event by another spelling, where the CPU has none by this id, or (known) has it but not
 * in the release.
 */
static int find_respelled(size_t cpu, int release, unsigned id, bool known, struct kpdb_event *out)
{
    for (unsigned other = next_spelling(id); other != id; other = next_spelling(other)) {
        unsigned event = other;
        const struct table_row *newest = row_of(cpu, release, &event);
        const struct table_row *row = row_in(cpu, newest, release);

        if (row != NULL) {
            fill_event(cpu, row, event, out);
            return KPDB_OK;
        }
        known |= newest != NULL;
    }
    return known ? KPDB_NOT_IN_RELEASE : KPDB_NOT_ON_CPU;
}

/* The event of its own id in a release, or by another spelling. */
static NOINLINE int find_event(size_t cpu, int release, unsigned id, struct kpdb_event *out)
{
    const struct table_row *newest = own_row(cpu, id), *row = row_in(cpu, newest, release);

    if (row == NULL)
        return find_respelled(cpu, release, id, newest != NULL, out);
    fill_event(cpu, row, id, out);
    return KPDB_OK;
}

/* As find_event(), but an alias's id finds the event that it means. */
static int find_event_or_alias(size_t cpu, int release, unsigned id, struct kpdb_event *out)
{
    const struct table_row *row = own_row(cpu, id);

    if (row != NULL && is_alias(row))
        id = alias_means(cpu, row, release);
    return find_event(cpu, release, id, out);
}

int kpdb_on_in(unsigned cpu, int release, unsigned id, struct kpdb_event *out)
{
    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (!is_below(id, TABLE_EVENT_IDS))
        return KPDB_NO_EVENT;
    if (!is_release(release))
        return KPDB_NOT_IN_RELEASE;
    return find_event_or_alias(cpu, release, id, out);
}

int kpdb_on(unsigned cpu, unsigned id, struct kpdb_event *out)
{
    return kpdb_on_in(cpu, KPDB_ANY_RELEASE, id, out);
}

static HOT bool in_set(unsigned set, size_t cpu)
{
    return (table_sets[(size_t)set * TABLE_SET_WORDS + cpu / 32] >> cpu % 32 & 1) != 0;
}

/* The event of the n-th chip-agnostic name in one release: the first candidate that it has. */
static int find_name_in(size_t cpu, int release, unsigned n, struct kpdb_event *out)
{
    int result = KPDB_NOT_ON_CPU;

    for (unsigned i = table_name_at[n]; i < table_name_at[n + 1]; i++) {
        int found;

        if (!in_set(table_candidates[i].set, cpu))
            continue;
        found = find_event_or_alias(cpu, release, table_candidates[i].event, out);
        if (found == KPDB_OK)
            return KPDB_OK;
        if (found == KPDB_NOT_IN_RELEASE)
            result = found;
    }
    return result;
}

static HOT int newest_release(size_t cpu)
{
    int release = TABLE_RELEASES - 1;

    while (release > 0 && (tables.cpus[cpu].releases >> release & 1) == 0)
        release--;
    return release;
}

/*
 * The event of the n-th chip-agnostic name on a CPU: as a rule the first candidate that is for this
 * CPU; where it is no event there, all candidates are searched, from the newest release on.
 */
static NOINLINE int find_name(size_t cpu, int release, unsigned n, struct kpdb_event *out)
{
    int r = release == KPDB_ANY_RELEASE ? newest_release(cpu) : release;
    unsigned i = table_name_at[n];
    const struct table_row *row;

    while (i < table_name_at[n + 1] && !in_set(table_candidates[i].set, cpu))
        i++;
    if (i == table_name_at[n + 1])
        return KPDB_NOT_ON_CPU;
    row = own_row(cpu, table_candidates[i].event);
    if (row != NULL && !is_alias(row) && in_release(cpu, row, r)) {
        fill_event(cpu, row, table_candidates[i].event, out);
        return KPDB_OK;
    }
    if (release != KPDB_ANY_RELEASE)
        return find_name_in(cpu, r, n, out);
    for (; r >= 0; r--)
        if (find_name_in(cpu, r, n, out) == KPDB_OK)
            return KPDB_OK;
    return KPDB_NOT_ON_CPU;
}

int kpdb_find(unsigned cpu, int release, const char *name, size_t length, struct kpdb_event *out)
{
    const struct table_row *row;
    size_t found;

    if (!find_string(name, length, &found))
        return cpu < TABLE_CPUS ? KPDB_NO_EVENT : KPDB_NO_CPU;
    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (!is_release(release))
        return KPDB_NOT_IN_RELEASE;
    row = own_row(cpu, found);
    if (row != NULL) {
        if (is_alias(row))
            return find_event(cpu, release, alias_means(cpu, row, release), out);
        if (in_release(cpu, row, release)) {
            fill_event(cpu, row, found, out);
            return KPDB_OK;
        }
        if (TABLE_OLDER_ROWS != 0)
            return find_event(cpu, release, (unsigned)found, out);
    }
    if (!is_below((unsigned)found, TABLE_EVENT_IDS))
        return find_name(cpu, release, (unsigned)found - TABLE_EVENT_IDS, out);
    if (was_renamed(found))
        return find_respelled(cpu, release, (unsigned)found, row != NULL, out);
    return row != NULL ? KPDB_NOT_IN_RELEASE : KPDB_NOT_ON_CPU;
}

/*
 * The row of the first id above `previous` that is an alias, or an event, in a release; NULL after
 * the last.
 */
static const struct table_row *next_row(size_t cpu, int release, int previous, bool alias,
                                        unsigned *id)
{
    unsigned end = (unsigned)tables.cpus[cpu].first + tables.cpus[cpu].span;

    for (*id = previous < tables.cpus[cpu].first ? tables.cpus[cpu].first : (unsigned)previous + 1;
         *id < end; ++*id) {
        const struct table_row *row = own_row(cpu, *id);

        if (row != NULL && is_alias(row) == alias)
            row = alias ? row : row_in(cpu, row, release);
        else
            row = NULL;
        if (row != NULL)
            return row;
    }
    return NULL;
}

int kpdb_next_in(unsigned cpu, int release, int previous, struct kpdb_event *out)
{
    const struct table_row *row;
    unsigned id;

    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (!is_release(release))
        return KPDB_NOT_IN_RELEASE;
    row = next_row(cpu, release, previous, false, &id);
    if (row == NULL)
        return KPDB_END;
    fill_event(cpu, row, id, out);
    return KPDB_OK;
}

int kpdb_next(unsigned cpu, int previous, struct kpdb_event *out)
{
    return kpdb_next_in(cpu, KPDB_ANY_RELEASE, previous, out);
}

int kpdb_older(unsigned cpu, const struct kpdb_event *event, struct kpdb_event *out)
{
    const struct table_row *row = NULL;
    unsigned id = event->id;

    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (is_below(id, TABLE_EVENT_IDS))
        row = own_row(cpu, id);
    while (row != NULL && releases_of(cpu, row) != event->releases)
        row = older_row(row);
    if (row != NULL)
        row = older_row(row);
    if (row == NULL)
        return KPDB_END;
    fill_event(cpu, row, id, out);
    return KPDB_OK;
}

int kpdb_alias_next(unsigned cpu, int previous, uint16_t *event)
{
    const struct table_row *row;
    unsigned id;

    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    row = next_row(cpu, KPDB_ANY_RELEASE, previous, true, &id);
    if (row == NULL)
        return KPDB_END;
    *event = row->number;
    return (int)id;
}

const char *kpdb_event_name(unsigned id)
{
    return is_below(id, TABLE_EVENT_IDS) ? string_of(id) : NULL;
}

unsigned kpdb_event_ids(void)
{
    return TABLE_EVENT_IDS;
}

unsigned kpdb_listed_since(unsigned cpu, unsigned number)
{
    const struct table_cpu_more *more = &table_cpus_more[cpu];
    size_t low = more->kernels_at, high = low + more->kernels;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table_kernels[middle].number == number)
            return table_kernels[middle].since;
        if (table_kernels[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return more->kernel;
}

unsigned kpdb_kernel_since(unsigned cpu, unsigned id)
{
    unsigned event = id;
    const struct table_row *row = cpu < TABLE_CPUS && is_below(id, TABLE_EVENT_IDS)
                                      ? row_of(cpu, KPDB_ANY_RELEASE, &event)
                                      : NULL;

    if (row == NULL || tables.kinds[row->kind].fixed >= 0)
        return 0;
    return kpdb_listed_since(cpu, row->number);
}

/* By halves: of a loop over so few rows clang makes a table of addresses, which is relocated. */
unsigned kpdb_selector_msr(unsigned number, unsigned umask)
{
    uint32_t selector = (uint32_t)number << 8 | umask;
    size_t low = 0, high = TABLE_MSRS;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (table_msrs[middle].selector == selector)
            return table_msrs[middle].msr;
        if (table_msrs[middle].selector < selector)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

unsigned kpdb_msr(unsigned cpu, unsigned id)
{
    struct kpdb_event event;

    if (kpdb_on(cpu, id, &event) != KPDB_OK || event.fixed >= 0 ||
        (table_cpus_more[cpu].arch != KPDB_X86_64 && table_cpus_more[cpu].arch != KPDB_I386))
        return 0;
    return kpdb_selector_msr(event.number, event.umask);
}

const char *kpdb_renamed(unsigned id)
{
    unsigned other = next_spelling(id);

    return other == id ? NULL : string_of(other);
}

/* ---- chip-agnostic names --------------------------------------------------------------------- */

int kpdb_name_on(unsigned cpu, int release, unsigned n, struct kpdb_event *out)
{
    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (!is_below(n, TABLE_NAMES))
        return KPDB_NO_EVENT;
    if (!is_release(release))
        return KPDB_NOT_IN_RELEASE;
    return find_name(cpu, release, n, out);
}

unsigned kpdb_name_count(void)
{
    return TABLE_NAMES;
}

int kpdb_name(unsigned n, struct kpdb_name *out)
{
    if (!is_below(n, TABLE_NAMES))
        return KPDB_NO_EVENT;
    out->name = string_of(TABLE_EVENT_IDS + n);
    out->unit = prose_of(table_name_texts[n].unit);
    out->summary = prose_of(table_name_texts[n].summary);
    return KPDB_OK;
}

int kpdb_name_find(const char *name, size_t length)
{
    size_t found;

    if (!find_string(name, length, &found) || is_below((unsigned)found, TABLE_EVENT_IDS))
        return KPDB_NO_EVENT;
    return (int)(found - TABLE_EVENT_IDS);
}

/* ---- CPUs ------------------------------------------------------------------------------------ */

unsigned kpdb_cpu_count(void)
{
    return TABLE_CPUS;
}

int kpdb_cpu(unsigned cpu, struct kpdb_cpu *out)
{
    const struct table_cpu *from = &tables.cpus[cpu < TABLE_CPUS ? cpu : 0];
    const struct table_cpu_more *more = &table_cpus_more[cpu < TABLE_CPUS ? cpu : 0];

    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    out->db = string_of(more->db);
    out->marketing_name = string_of(more->marketing);
    out->arch = (enum kpdb_arch)more->arch;
    out->fixed_counters = more->fixed;
    out->config_counters = more->config;
    out->power_counters = more->power;
    out->event_bits = more->event_bits;
    out->releases = from->releases;
    out->events = more->events;
    out->kernel_list = more->kernel_list != 0;
    return KPDB_OK;
}

int kpdb_cpu_in(unsigned cpu, int release, struct kpdb_cpu *out)
{
    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (!is_release(release) || !(release < 0 || tables.cpus[cpu].releases >> release & 1))
        return KPDB_NOT_IN_RELEASE;
    (void)kpdb_cpu(cpu, out);
    for (unsigned i = 0; release >= 0 && is_below(i, TABLE_PAST); i++) {
        const struct table_past *past = &table_past[i];

        if (past->cpu == cpu && past->releases >> release & 1) {
            out->marketing_name = string_of(past->marketing);
            out->fixed_counters = past->fixed;
            out->config_counters = past->config;
            out->power_counters = past->power;
        }
    }
    return KPDB_OK;
}

static int compare_ids(const struct table_id *id, uint32_t type, uint32_t subtype, uint32_t family)
{
    if (id->type != type)
        return id->type < type ? -1 : 1;
    if (id->subtype != subtype)
        return id->subtype < subtype ? -1 : 1;
    return id->family < family ? -1 : id->family > family;
}

int kpdb_cpu_by_id(uint32_t type, uint32_t subtype, uint32_t family)
{
    unsigned low = 0, high = TABLE_CPU_IDS;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct table_id *id = &table_ids[table_id_order[middle]];
        int order = compare_ids(id, type, subtype, family);

        if (order == 0)
            return (int)id->cpu;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return KPDB_NO_CPU;
}

/* As strcmp(), of a designation in the tables and one as typed, when folded. */
static int compare_designations(const char *shown, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char a = (unsigned char)kpdb_folded(shown[i]);
        unsigned char b = (unsigned char)kpdb_folded(name[i]);

        if (a != b || shown[i] == '\0')
            return a <= b ? -1 : 1;
    }
    return shown[length] != '\0';
}

/* One hexadecimal number of an id behind its '_'; 0 for none, else the characters taken. */
static size_t read_number(const char *text, size_t length, uint32_t *number)
{
    size_t i = 1;

    *number = 0;
    if (length < 2 || text[0] != '_')
        return 0;
    for (; i < length && i < 9; i++) {
        char c = kpdb_folded(text[i]);

        if (c >= '0' && c <= '9')
            *number = *number << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *number = *number << 4 | (uint32_t)(c - 'a' + 10);
        else
            break;
    }
    return i == 1 ? 0 : i;
}

static int find_by_id(const char *name, size_t length)
{
    uint32_t numbers[3];
    size_t at = 3;

    if (length < 3 || kpdb_folded(name[0]) != 'c' || kpdb_folded(name[1]) != 'p' ||
        kpdb_folded(name[2]) != 'u')
        return KPDB_NO_CPU;
    for (int i = 0; i < 3; i++) {
        size_t taken = read_number(name + at, length - at, &numbers[i]);

        if (taken == 0)
            return KPDB_NO_CPU;
        at += taken;
    }
    return at == length ? kpdb_cpu_by_id(numbers[0], numbers[1], numbers[2]) : KPDB_NO_CPU;
}

int kpdb_cpu_find(const char *name, size_t length)
{
    unsigned low = 0, high = TABLE_DESIGNATIONS;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct table_designation *designation = &table_designations[middle];
        int order = compare_designations(string_of(designation->string), name, length);

        if (order == 0)
            return (int)designation->cpu;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return find_by_id(name, length);
}

int kpdb_cpu_id(unsigned cpu, unsigned n, struct kpdb_cpu_id *out)
{
    const struct table_id *id;

    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    if (n >= table_cpus_more[cpu].ids)
        return KPDB_END;
    id = &table_ids[table_cpus_more[cpu].ids_at + n];
    out->type = id->type;
    out->subtype = id->subtype;
    out->family = id->family;
    return KPDB_OK;
}

/* Whether an id of the CPU before the one that has this chip has the same. */
static bool is_chip_of_earlier(size_t cpu, size_t chip)
{
    size_t at = table_ids[table_cpus_more[cpu].ids_at].chips_at;

    while (at < chip && table_chips[at] != table_chips[chip])
        at++;
    return at < chip;
}

const char *kpdb_cpu_chip(unsigned cpu, unsigned n)
{
    if (cpu >= TABLE_CPUS)
        return NULL;
    for (unsigned i = 0; i < table_cpus_more[cpu].ids; i++) {
        const struct table_id *id = &table_ids[table_cpus_more[cpu].ids_at + i];

        for (size_t at = id->chips_at; at < (size_t)id->chips_at + id->chips; at++)
            if (!is_chip_of_earlier(cpu, at) && n-- == 0)
                return string_of(table_chips[at]);
    }
    return NULL;
}

const char *kpdb_cpu_id_chip(unsigned cpu, unsigned id, unsigned n)
{
    const struct table_id *found;

    if (cpu >= TABLE_CPUS || id >= table_cpus_more[cpu].ids)
        return NULL;
    found = &table_ids[table_cpus_more[cpu].ids_at + id];
    return n < found->chips ? string_of(table_chips[found->chips_at + n]) : NULL;
}

const char *kpdb_cpu_id_confidence(unsigned cpu, unsigned id)
{
    static const char words[][8] = {"low", "medium", "high"};
    unsigned level;

    if (cpu >= TABLE_CPUS || id >= table_cpus_more[cpu].ids)
        return NULL;
    level = table_id_notes[table_cpus_more[cpu].ids_at + id].confidence;
    return level == 0 ? NULL : words[level - 1];
}

const char *kpdb_cpu_id_note(unsigned cpu, unsigned id)
{
    unsigned note;

    if (cpu >= TABLE_CPUS || id >= table_cpus_more[cpu].ids)
        return NULL;
    note = table_id_notes[table_cpus_more[cpu].ids_at + id].note;
    return note == 0 ? NULL : prose_of(note - 1);
}

const char *kpdb_cpu_also(unsigned cpu, unsigned n)
{
    if (cpu >= TABLE_CPUS || n >= table_cpus_more[cpu].also)
        return NULL;
    return string_of(table_also[table_cpus_more[cpu].also_at + n]);
}

/* An array of arrays: one of pointers would be relocated. */
const char *kpdb_arch_name(enum kpdb_arch arch)
{
    static const char names[][8] = {
        [KPDB_I386] = "i386", [KPDB_X86_64] = "x86_64", [KPDB_ARM] = "arm", [KPDB_ARM64] = "arm64"};

    return names[arch <= KPDB_ARM64 ? arch : KPDB_ARM64];
}

/* ---- releases -------------------------------------------------------------------------------- */

unsigned kpdb_release_count(void)
{
    return TABLE_RELEASES;
}

const char *kpdb_release_name(unsigned release)
{
    return release < TABLE_RELEASES ? string_of(TABLE_RELEASES_AT + release) : NULL;
}

int kpdb_release_find(const char *name, size_t length)
{
    for (unsigned r = 0; r < TABLE_RELEASES; r++)
        if (string_length(TABLE_RELEASES_AT + r) == length &&
            same_bytes(string_of(TABLE_RELEASES_AT + r), name, length))
            return (int)r;
    return KPDB_NOT_IN_RELEASE;
}

bool kpdb_release_whole(unsigned release)
{
    return release < TABLE_RELEASES && (TABLE_WHOLE_RELEASES >> release & 1) != 0;
}

/* The number of the digits from *text on, at most 9999; *text comes to be behind them. */
static unsigned read_digits(const char **text)
{
    unsigned number = 0;

    for (; **text >= '0' && **text <= '9'; ++*text)
        number = number < 1000 ? number * 10 + (unsigned)(**text - '0') : 9999;
    return number;
}

/* The version that a release's name tells; with the minor given where it tells none. */
static unsigned read_version(unsigned release, unsigned minor)
{
    const char *name = kpdb_release_name(release);
    unsigned major;

    while (name != NULL && *name != '\0' && (*name < '0' || *name > '9'))
        name++;
    major = name == NULL ? 0 : read_digits(&name);
    if (major == 0)
        return 0;
    if (*name == '.') {
        name++;
        minor = read_digits(&name);
    }
    return major * 100 + (minor < 100 ? minor : 99);
}

unsigned kpdb_release_macos(unsigned release)
{
    return read_version(release, 0);
}

unsigned kpdb_release_until(unsigned release)
{
    return read_version(release, 99);
}

int kpdb_cpu_newest(unsigned cpu)
{
    if (cpu >= TABLE_CPUS)
        return KPDB_NO_CPU;
    return newest_release(cpu);
}

uint32_t kpdb_fingerprint(void)
{
    return KPDB_FINGERPRINT;
}
