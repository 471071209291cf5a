/* kpep list: the events of one CPU, from the tables to standard output. */
#include "live.h"

/* What is listed: the events of a CPU in a release that match a pattern. */
struct listing {
    unsigned cpu;
    struct kpdb_cpu info;
    int release;
    const char *pattern;
    bool whole;                    /* it is the whole name of an event there */
    bool meanings;                 /* below each event */
    unsigned matching, in_release; /* in the release: that match, and all */
    unsigned elsewhere;            /* that match, in other releases only */
};

/* Whether the pattern means an event by a whole name that it has in the release. */
static bool is_named(const struct listing *listing, int release, const struct kpdb_event *event)
{
    return cli_match_event(listing->pattern, listing->cpu, release, event);
}

/* A word that is nobody's whole name may be a part of one. */
static bool is_meant(const struct listing *listing, int release, const struct kpdb_event *event)
{
    return is_named(listing, release, event) || cli_match_meaning(listing->pattern, event) ||
           (!listing->whole && cli_match_part(listing->pattern, listing->cpu, release, event));
}

static bool names_an_event(const struct listing *listing)
{
    struct kpdb_event event = {0};

    for (int id = -1; kpdb_next_in(listing->cpu, listing->release, id, &event) == KPDB_OK;
         id = event.id)
        if (is_named(listing, listing->release, &event))
            return true;
    return false;
}

/* The next event of the release that is listed; false after the last. */
static bool next_listed(const struct listing *listing, int previous, struct kpdb_event *event)
{
    while (kpdb_next_in(listing->cpu, listing->release, previous, event) == KPDB_OK) {
        if (is_meant(listing, listing->release, event))
            return true;
        previous = event->id;
    }
    return false;
}

static void count_events(struct listing *listing)
{
    struct kpdb_event event = {0};

    listing->whole = names_an_event(listing);
    for (int id = -1; kpdb_next_in(listing->cpu, listing->release, id, &event) == KPDB_OK;
         id = event.id) {
        bool listed = is_meant(listing, listing->release, &event);

        listing->in_release++;
        listing->matching += listed;
        listing->meanings |= listed && !is_named(listing, listing->release, &event);
    }
    for (int id = -1; kpdb_next(listing->cpu, id, &event) == KPDB_OK; id = event.id)
        if (!(cli_event_releases(listing->cpu, &event) >> listing->release & 1))
            listing->elsewhere += is_meant(listing, KPDB_ANY_RELEASE, &event);
}

static void list_json(const struct listing *listing)
{
    struct json json = {.out = stdout};
    struct kpdb_event event = {0};

    json_begin(&json, NULL, '[');
    for (int id = -1; next_listed(listing, id, &event); id = event.id) {
        json_begin_line(&json, NULL, '{');
        cli_event_json(&json, listing->cpu, listing->release, &event);
        cli_sources_json(&json, listing->cpu, &event);
        json_end(&json, '}');
    }
    json_end(&json, ']');
}

/* Every spelling that finds one of the events. */
static void list_plain(const struct listing *listing)
{
    struct kpdb_event event = {0};
    const char *name;

    for (int id = -1; next_listed(listing, id, &event); id = event.id) {
        puts(kpdb_event_name(event.id));
        for (unsigned n = 0; (name = cli_alias(listing->cpu, listing->release, &event, n)) != NULL;
             n++)
            puts(name);
        for (unsigned n = 0; (name = cli_name(listing->cpu, listing->release, &event, n)) != NULL;
             n++)
            puts(name);
    }
}

static void event_row(struct table *table, const struct listing *listing,
                      const struct kpdb_event *event)
{
    bool one_release = (listing->info.releases & (listing->info.releases - 1)) == 0;
    uint32_t releases = cli_event_releases(listing->cpu, event);
    char text[256];

    table_cell(table, "%s", kpdb_event_name(event->id));
    table_cell(table, "%s", cli_number(event, text, sizeof text));
    table_cell(table, "%s", cli_umask(listing->info.arch, event, text, sizeof text));
    table_cell(table, "%s", cli_counters(event->counters, text, sizeof text));
    table_cell(table, "%s", one_release ? "-" : cli_releases(releases, text, sizeof text));
    table_cell(table, "%s",
               cli_other_names(listing->cpu, listing->release, event, NULL, text, sizeof text));
}

/* The line below an event: what it counts, and its errata. */
static void event_note(struct table *table, const struct listing *listing,
                       const struct kpdb_event *event)
{
    const char *errata = kpdb_errata(listing->cpu, event->id);
    char meaning[512], text[640];

    cli_meaning(event->id, meaning, sizeof meaning);
    snprintf(text, sizeof text, "%s%s%s%s", meaning, errata != NULL ? " [errata " : "",
             errata != NULL ? errata : "", errata != NULL ? "]" : "");
    table_note(table, text);
}

static void list_text(struct arena *arena, const struct listing *listing)
{
    static const char *const titles[] = {"name",     ">number",  ">umask",
                                         "counters", "releases", "names"};
    struct table *table = table_new(arena, sizeof titles / sizeof titles[0]);
    struct kpdb_event event = {0};

    table_titles(table, titles);
    for (int id = -1; next_listed(listing, id, &event); id = event.id) {
        event_row(table, listing, &event);
        if (listing->meanings)
            event_note(table, listing, &event);
    }
    table_print(table);
    printf("\n%u", listing->matching);
    if (listing->matching != listing->in_release)
        printf(" of the %u", listing->in_release);
    printf(" events of %s in %s", listing->info.db, kpdb_release_name((unsigned)listing->release));
    if (listing->elsewhere != 0)
        printf("; %u more in other releases only (--release)", listing->elsewhere);
    putchar('\n');
}

static void nothing_matches(const struct listing *listing)
{
    const char *release = kpdb_release_name((unsigned)listing->release);

    if (listing->elsewhere != 0)
        report_error(NULL,
                     "no event of %s in %s matches '%.100s', but %u in other releases (--release)",
                     listing->info.db, release, listing->pattern, listing->elsewhere);
    else if (cli_is_word(listing->pattern))
        report_error(NULL, "no event of %s has '%.100s' in a name or in what it counts",
                     listing->info.db, listing->pattern);
    else
        report_error(NULL,
                     "no event of %s matches '%.100s' (a pattern like '*%.90s*' matches a part)",
                     listing->info.db, listing->pattern, listing->pattern);
}

static int run_list(struct arena *arena, const struct arguments *arguments)
{
    struct listing listing = {
        .pattern = arguments->operands.count == 0 ? "*" : arguments->operands.words[0],
        .meanings = arguments->meanings};

    if (arguments->live)
        return list_live(arena, arguments);
    if (cli_cpu(arguments, &listing.cpu) != EXIT_OK ||
        cli_release_on(arguments, listing.cpu, &listing.release) != EXIT_OK ||
        kpdb_cpu(listing.cpu, &listing.info) != KPDB_OK)
        return EXIT_NO;
    count_events(&listing);
    if (listing.matching == 0) {
        nothing_matches(&listing);
        return EXIT_NO;
    }
    if (arguments->json)
        list_json(&listing);
    else if (arguments->plain)
        list_plain(&listing);
    else
        list_text(arena, &listing);
    return EXIT_OK;
}

const struct command command_list = {
    .name = "list",
    .run = run_list,
    .takes =
        (const struct option_use[]){
            {.option = OPT_CPU, .needed = true, .instead = OPT_LIVE},
            {.option = OPT_RELEASE, .without = OPT_LIVE},
            {.option = OPT_KPERF, .with = OPT_LIVE},
            {.option = OPT_KPERFDATA, .with = OPT_LIVE},
            {.option = OPT_LONG, .without = OPT_LIVE},
            {.option = OPT_PLAIN},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .operands = "[PATTERN]",
    .most = 1,
    .operands_are = "at most one argument",
    .complete = complete_pattern,
    .help = "The events of a CPU, or those whose name, alias or chip-agnostic name matches a\n"
            "shell pattern, or that have a word in what they count, which is then shown below\n"
            "each, or in a name, where the word is no whole one.\n"
            "Without --release, those of the newest release that knows the CPU.\n"
            "With --live those of the Mac this runs on, as its own kperfdata has them; no root.",
};
