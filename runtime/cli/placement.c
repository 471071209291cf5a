/*
 * What encode and plan share: the command line to requests, and an encoding, its warnings or why
 * there is none to text or JSON on standard output.
 */
#include "placement.h"

#include <inttypes.h>
#include <string.h>

/* ---- from the command line ------------------------------------------------------------------- */

const struct option_word strategy_words[] = {
    {"optimal", KPDB_OPTIMAL}, {"kperfdata", KPDB_KPERFDATA}, {NULL, 0}};
/* The values are those of kpdb_options.unforced. */
const struct option_word counters_words[] = {{"forced", false}, {"unforced", true}, {NULL, 0}};

static void read_options(const struct arguments *arguments, struct placement *placement)
{
    placement->strategy = arguments->strategy == NULL ? &strategy_words[0] : arguments->strategy;
    placement->options.strategy = (enum kpdb_strategy)placement->strategy->value;
    placement->options.unforced = arguments->counters != NULL && arguments->counters->value != 0;
    placement->options.full = arguments->full;
}

static void add_request(struct placement *placement, const char *name, size_t length,
                        bool user_only)
{
    placement->requests[placement->count++] = (struct kpdb_request){name, length, user_only};
}

/* "INST_ALL:u" counts in user mode only, as perf's modifier does. */
static void read_events(const struct arguments *arguments, struct placement *placement)
{
    for (int i = 0; i < arguments->operands.count; i++) {
        const char *name = arguments->operands.words[i];
        size_t length = strlen(name);
        bool user = length > 2 && strcmp(name + length - 2, ":u") == 0;

        add_request(placement, name, user ? length - 2 : length, user || arguments->user_only);
    }
}

/* Every event that counts; on Intel not the fixed ones, whose fallbacks are among the rest. */
static void read_all_events(const struct arguments *arguments, struct placement *placement)
{
    bool intel = placement->info.arch == KPDB_X86_64 || placement->info.arch == KPDB_I386;
    struct kpdb_event event = {0};

    for (int id = -1;
         kpdb_next_in(placement->cpu, placement->options.release, id, &event) == KPDB_OK;
         id = event.id) {
        const char *name = kpdb_event_name(event.id);

        if (!(intel && event.fixed >= 0))
            add_request(placement, name, strlen(name), arguments->user_only);
    }
}

int placement_read(struct arena *arena, const struct arguments *arguments,
                   struct placement *placement)
{
    int status;

    *placement = (struct placement){.arena = arena};
    read_options(arguments, placement);
    status = cli_cpu(arguments, &placement->cpu);
    if (status == EXIT_OK)
        status = cli_release_on(arguments, placement->cpu, &placement->options.release);
    if (status != EXIT_OK)
        return status;
    kpdb_cpu_in(placement->cpu, placement->options.release, &placement->info);
    placement->requests =
        arena_alloc(arena, (size_t)arguments->operands.count + placement->info.events,
                    sizeof *placement->requests);
    if (arguments->all)
        read_all_events(arguments, placement);
    else
        read_events(arguments, placement);
    return EXIT_OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* A request's name as typed, without its modifier. */
static const char *asked_name(const struct kpdb_request *request, char *text, size_t size)
{
    snprintf(text, size, "%.*s", (int)(request->length < size ? request->length : size - 1),
             request->name);
    return text;
}

#define WARNING(name, bit, word, text) {bit, word, text},
static const struct {
    unsigned bit;
    const char *name, *message;
} warning_list[] = {KPDB_WARNINGS(WARNING)};
enum { WARNINGS = sizeof warning_list / sizeof warning_list[0] };
#undef WARNING

static void warnings_json(struct json *json, const struct kpdb_encoding *encoding)
{
    json_begin(json, "warnings", '[');
    for (unsigned i = 0; i < encoding->event_count; i++)
        for (size_t w = 0; w < WARNINGS; w++) {
            if ((encoding->events[i].warnings & warning_list[w].bit) == 0)
                continue;
            json_begin_line(json, NULL, '{');
            json_string(json, "event", kpdb_event_name(encoding->events[i].counted));
            json_string(json, "warning", warning_list[w].name);
            json_string(json, "message", warning_list[w].message);
            json_end(json, '}');
        }
    json_end(json, ']');
}

void placement_json(struct json *json, const char *key, const struct placement *placement,
                    const struct kpdb_request *requests, const struct kpdb_encoding *encoding)
{
    char text[CLI_NAME_MAX];

    json_begin(json, key, '{');
    json_string(json, "db", placement->info.db);
    json_string(json, "arch", kpdb_arch_name(placement->info.arch));
    json_string(json, "release", kpdb_release_name((unsigned)placement->options.release));
    json_string(json, "strategy", placement->strategy->word);
    json_string(json, "counters", counters_words[placement->options.unforced].word);
    json_boolean(json, "full", placement->options.full);
    json_number(json, "classes", encoding->classes);
    json_number(json, "slots", encoding->slots);
    json_begin_line(json, "config", '[');
    for (unsigned i = 0; i < encoding->config_count; i++)
        json_number(json, NULL, encoding->config[i]);
    json_end(json, ']');
    json_begin_line(json, "map", '[');
    for (unsigned i = 0; i < encoding->event_count; i++)
        json_number(json, NULL, encoding->events[i].slot);
    json_end(json, ']');
    json_begin(json, "events", '[');
    for (unsigned i = 0; i < encoding->event_count; i++) {
        json_begin_line(json, NULL, '{');
        json_string(json, "asked", asked_name(&requests[i], text, sizeof text));
        json_string(json, "name", kpdb_event_name(encoding->events[i].counted));
        json_number(json, "counter", encoding->events[i].counter);
        json_boolean(json, "user_only", requests[i].user_only);
        json_end(json, '}');
    }
    json_end(json, ']');
    warnings_json(json, encoding);
    json_end(json, '}');
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Events are 'a', 'b', ... in the row of counters and in the lines below it. */
static char letter(unsigned event)
{
    return (char)('a' + event % 26);
}

/*
 * counter   0  1 |  2  3  4  5* 6* 7* 8  9
 * event     a  b |  c  -  -  d  -  -  -  -
 */
static void print_row(const struct placement *placement, const struct kpdb_encoding *encoding)
{
    uint32_t fixed = placement->info.fixed_counters, config = placement->info.config_counters;
    char numbers[256] = "", events[256] = "";
    bool held = false;

    for (unsigned c = 0; c < KPDB_COUNTERS_MAX; c++) {
        uint32_t bit = (uint32_t)1 << c;
        bool power = (placement->info.power_counters & bit) != 0;
        const char *bar =
            (config & bit) != 0 && (config & (bit - 1)) == 0 && fixed != 0 ? " |" : "";
        char mark = '-';

        if (((fixed | config) & bit) == 0)
            continue;
        held |= power;
        for (unsigned i = 0; i < encoding->event_count; i++)
            if (encoding->events[i].counter == c)
                mark = letter(i);
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%s %2u%c", bar, c,
                 power ? '*' : ' ');
        snprintf(events + strlen(events), sizeof events - strlen(events), "%s  %c ", bar, mark);
    }
    for (char *end = events + strlen(events); end > events && end[-1] == ' ';)
        *--end = '\0';
    for (char *end = numbers + strlen(numbers); end > numbers && end[-1] == ' ';)
        *--end = '\0';
    printf("counter %s\nevent   %s\n", numbers, events);
    if (held)
        printf("        %s\n", placement->options.unforced
                                   ? "* held by the power manager"
                                   : "* held by the power manager until forced");
}

static uint64_t word_at(const struct placement *placement, const struct kpdb_encoding *encoding,
                        unsigned event)
{
    unsigned fixed = 0, slot = encoding->events[event].slot;

    for (uint32_t rest = placement->info.fixed_counters; rest != 0; rest &= rest - 1)
        fixed++;
    if ((encoding->classes & KPDB_CLASS_FIXED) != 0)
        slot -= fixed;
    return slot < encoding->config_count ? encoding->config[slot] : 0;
}

void placement_text(const struct placement *placement, const struct kpdb_request *requests,
                    const struct kpdb_encoding *encoding)
{
    static const char *const titles[] = {"",      "event",   ">counter", ">slot",
                                         ">word", "can use", "asked"};
    struct table *table = table_new(placement->arena, sizeof titles / sizeof titles[0]);

    print_row(placement, encoding);
    puts("");
    table_titles(table, titles);
    for (unsigned i = 0; i < encoding->event_count; i++) {
        const struct kpdb_placement *event = &encoding->events[i];
        char text[CLI_NAME_MAX], counters[128];
        const char *name = kpdb_event_name(event->counted);
        const char *asked = asked_name(&requests[i], text, sizeof text);
        bool fixed = (placement->info.fixed_counters >> event->counter & 1) != 0;
        struct kpdb_event facts = {0};

        kpdb_on_in(placement->cpu, placement->options.release, event->counted, &facts);
        table_cell(table, "%c", letter(i));
        table_cell(table, "%s%s", name, requests[i].user_only ? ":u" : "");
        table_cell(table, "%u", event->counter);
        table_cell(table, "%u", event->slot);
        if (fixed)
            table_cell(table, "-");
        else
            table_cell(table, "0x%" PRIx64, word_at(placement, encoding, i));
        table_cell(table, "%s", cli_counters(facts.counters, counters, sizeof counters));
        table_cell(table, "%s", strcmp(asked, name) == 0 ? "" : asked);
    }
    table_print(table);
    printf("\nclasses 0x%x, %u slots, config", (unsigned)encoding->classes, encoding->slots);
    for (unsigned i = 0; i < encoding->config_count; i++)
        printf(" 0x%" PRIx64, encoding->config[i]);
    puts(encoding->config_count == 0 ? " none" : "");
}

/* Each dispute about an event is a line. */
static void dispute_warnings(const struct placement *placement, unsigned id)
{
    int release = placement->options.release;
    struct kpdb_dispute dispute;
    char text[CLI_DISPUTE_MAX];

    for (unsigned n = 0; kpdb_dispute(placement->cpu, release, id, n, &dispute) == KPDB_OK; n++)
        report_warning(NULL, "%s on %s: %s: disputed: %s", placement->info.db,
                       kpdb_release_name((unsigned)release), kpdb_event_name(id),
                       cli_dispute(&dispute, text, sizeof text));
}

/* Events that share a warning are named in one line. */
void placement_warnings(const struct placement *placement, const struct kpdb_encoding *encoding,
                        unsigned which)
{
    for (size_t w = 0; w < WARNINGS; w++) {
        char events[512] = "";

        for (unsigned i = 0; i < encoding->event_count; i++) {
            unsigned warned = encoding->events[i].warnings & which & warning_list[w].bit;

            if (warned == KPDB_WARN_DISPUTED)
                dispute_warnings(placement, encoding->events[i].counted);
            else if (warned != 0)
                cli_append(events, sizeof events, kpdb_event_name(encoding->events[i].counted));
        }
        if (*events != '\0')
            report_warning(NULL, "%s on %s: %s: %s", placement->info.db,
                           kpdb_release_name((unsigned)placement->options.release), events,
                           warning_list[w].message);
    }
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* The word of an error in JSON. */
static const char *error_word(int error)
{
#define WORD(name, number, code, word, text) \
    case name:                               \
        return word;
    switch (error) {
        KPDB_ERRORS(WORD)
    default:
        return "ok";
    }
#undef WORD
}

static void error_json(const struct placement *placement, int error, unsigned failed,
                       uint32_t conflicts, uint32_t counters, unsigned passes)
{
    struct json json = {.out = stdout};
    char text[CLI_NAME_MAX];

    json_begin(&json, NULL, '{');
    json_string(&json, "db", placement->info.db);
    json_string(&json, "error", error_word(error));
    json_string(&json, "message", kpdb_strerror(error));
    json_number(&json, "kperfdata_code", (uint64_t)kpdb_kperfdata_code(error));
    json_string(&json, "asked",
                failed < placement->count
                    ? asked_name(&placement->requests[failed], text, sizeof text)
                    : NULL);
    json_begin_line(&json, "conflicts", '[');
    for (unsigned i = 0; i < placement->count && i < KPDB_EVENTS_MAX; i++)
        if (conflicts >> i & 1)
            json_string(&json, NULL, asked_name(&placement->requests[i], text, sizeof text));
    json_end(&json, ']');
    json_number(&json, "counters_mask", counters);
    if (passes != 0)
        json_number(&json, "passes", passes);
    json_end(&json, '}');
}

static void conflict_text(const struct placement *placement, const char *asked, uint32_t conflicts,
                          uint32_t counters, unsigned passes)
{
    char others[512] = "", text[CLI_NAME_MAX], mask[128], advice[80] = "";

    for (unsigned i = 0; i < placement->count && i < KPDB_EVENTS_MAX; i++)
        if (conflicts >> i & 1)
            cli_append(others, sizeof others,
                       asked_name(&placement->requests[i], text, sizeof text));
    if (passes != 0)
        snprintf(advice, sizeof advice, "; %u pass%s would do (kpep plan%s)", passes,
                 passes == 1 ? "" : "es", passes == 1 ? ", or the optimal strategy" : "");
    report_error(NULL, "%s does not fit on %s beside %s: all of them want counters %s%s", asked,
                 placement->info.db, *others == '\0' ? "the others" : others,
                 cli_counters(counters, mask, sizeof mask), advice);
}

/* How many passes the whole list would take; 0 when no number of them would do. */
static unsigned passes_needed(const struct placement *placement)
{
    uint16_t *passes = arena_alloc(placement->arena, placement->count, sizeof *passes);
    struct kpdb_bottleneck bottleneck;
    unsigned failed;
    int needed;

    needed = kpdb_plan(placement->cpu, &placement->options, placement->requests, placement->count,
                       passes, &bottleneck, &failed);
    return needed > 0 ? (unsigned)needed : 0;
}

int placement_error(const struct arguments *arguments, const struct placement *placement, int error,
                    unsigned failed, uint32_t conflicts, uint32_t counters)
{
    bool crowded = error == KPDB_CONFLICT || error == KPDB_TOO_MANY;
    unsigned passes = crowded ? passes_needed(placement) : 0;
    char text[CLI_NAME_MAX] = "", mask[128];

    if (failed < placement->count)
        asked_name(&placement->requests[failed], text, sizeof text);
    if (arguments->json)
        error_json(placement, error, failed, conflicts, counters, passes);
    if (error == KPDB_NO_EVENT)
        cli_unknown_event(text);
    else if (error == KPDB_NOT_ON_CPU || error == KPDB_NOT_IN_RELEASE)
        cli_no_event_on(placement->cpu, placement->options.release, text, strlen(text));
    else if (error == KPDB_NOT_FORCED)
        report_error(NULL,
                     "%s can be counted only on counters %s, which the power manager holds until "
                     "they are forced",
                     text, cli_counters(counters, mask, sizeof mask));
    else if (crowded)
        conflict_text(placement, text, conflicts, counters, passes);
    else
        report_error(NULL, "%s: %s", text, kpdb_strerror(error));
    return EXIT_NO;
}
