/*
 * kpep --complete WORD...: what the last word could become, for completions/. The first line says
 * what it is: COMMAND, OPTION, ARGUMENT, or what --help calls the value of an option. Then every
 * candidate that begins as typed, one a line; of an option, what it is for, behind a tab.
 */
#include "live.h"

#include <string.h>

struct typed {
    const struct command *command;
    char **words; /* behind the command */
    int count;
    const char *word;                /* the last, which is completed */
    size_t head;                     /* of which so much stays: "--cpu=", "cycles," */
    const struct cli_option *option; /* of which it is the value, or NULL */
};

static void offer(const void *user, const char *candidate)
{
    const struct typed *typed = user;
    const char *begins = typed->word + typed->head;

    if (strncmp(candidate, begins, strlen(begins)) != 0)
        return;
    fwrite(typed->word, 1, typed->head, stdout);
    puts(candidate);
}

/* The value that the words before the last give an option, or NULL. */
static const char *given(const struct typed *typed, const char *option)
{
    const size_t length = strlen(option);
    const char *value = NULL;

    for (int i = 0; i < typed->count - 1; i++)
        if (strncmp(typed->words[i], option, length) != 0)
            continue;
        else if (typed->words[i][length] == '=')
            value = typed->words[i] + length + 1;
        else if (typed->words[i][length] == '\0' && i + 1 < typed->count - 1)
            value = typed->words[i + 1];
    return value;
}

static bool has(const struct typed *typed, const char *option)
{
    for (int i = 0; i < typed->count - 1; i++)
        if (strcmp(typed->words[i], option) == 0)
            return true;
    return false;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* CPUs, and the release they are asked for: -1 is the newest of each. */
struct choice {
    unsigned first, end;
    int release;
};

static int release_of(const struct choice *choice, unsigned cpu)
{
    return choice->release < 0 ? kpdb_cpu_newest(cpu) : choice->release;
}

/* Whether one of the CPUs has it by this spelling: an event that was renamed has another too. */
static bool have_event(const struct choice *choice, unsigned id)
{
    struct kpdb_event event;

    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (kpdb_on_in(cpu, release_of(choice, cpu), id, &event) == KPDB_OK &&
            (event.id == id || kpdb_renamed(id) == NULL))
            return true;
    return false;
}

static bool have_name(const struct choice *choice, unsigned name)
{
    struct kpdb_event event;

    for (unsigned cpu = choice->first; cpu < choice->end; cpu++)
        if (kpdb_name_on(cpu, release_of(choice, cpu), name, &event) == KPDB_OK)
            return true;
    return false;
}

static void offer_names(const struct typed *typed, const struct choice *choice)
{
    struct kpdb_name name;

    for (unsigned n = 0; kpdb_name(n, &name) == KPDB_OK; n++)
        if (choice == NULL || have_name(choice, n))
            offer(typed, name.name);
}

static void offer_metrics(const struct typed *typed)
{
    struct kpdb_metric metric;

    for (unsigned m = 0; kpdb_metric(m, &metric) == KPDB_OK; m++)
        offer(typed, metric.name);
}

/* Every name of an event of the CPUs. */
static void offer_events(const struct typed *typed, const struct choice *choice)
{
    for (unsigned id = 0; id < kpdb_event_ids(); id++)
        if (have_event(choice, id))
            offer(typed, kpdb_event_name(id));
    offer_names(typed, choice);
}

/* The event before a colon can have one modifier. */
static void offer_modifier(const struct typed *typed, unsigned cpu, int release)
{
    const size_t length = strcspn(typed->word, ":");
    struct kpdb_event event;

    if (kpdb_find(cpu, release, typed->word, length, &event) == KPDB_OK &&
        strncmp(":u", typed->word + length, strlen(typed->word + length)) == 0)
        printf("%.*s:u\n", (int)length, typed->word);
}

static int offer_events_of_cpu(const struct typed *typed, const struct cli *cli)
{
    struct choice choice;

    if (cli->cpu == NULL || cli_cpu(cli, &choice.first) != EXIT_OK ||
        cli_release_on(cli, choice.first, &choice.release) != EXIT_OK)
        return EXIT_NO;
    choice.end = choice.first + 1;
    if (typed->command->run != run_list && strchr(typed->word, ':') != NULL)
        offer_modifier(typed, choice.first, choice.release);
    else
        offer_events(typed, &choice);
    return EXIT_OK;
}

/* ---- what is completed ----------------------------------------------------------------------- */

static int offer_arguments(const struct typed *typed)
{
    const struct cli cli = {.cpu = given(typed, "--cpu"),
                            .release = given(typed, "--release"),
                            .kperf = given(typed, "--kperf"),
                            .kperfdata = given(typed, "--kperfdata")};
    struct choice all = {0, kpdb_cpu_count(), -1};

    if (typed->command->most == 0)
        return EXIT_OK;
    if (typed->command->run == run_names) {
        if (has(typed, "--metrics"))
            offer_metrics(typed);
        else
            offer_names(typed, NULL);
        return EXIT_OK;
    }
    if (has(typed, "--live"))
        return live_names(&cli, offer, typed);
    if (typed->command->run != run_show)
        return offer_events_of_cpu(typed, &cli);
    if (cli_release(&cli, &all.release) != EXIT_OK)
        return EXIT_NO;
    offer_events(typed, &all);
    return EXIT_OK;
}

static void offer_values(const struct typed *typed)
{
    /* By an option's letter in main.c; where there are few. */
    static const struct {
        int letter;
        const char *value;
    } values[] = {{'s', "optimal"}, {'s', "kperfdata"}, {'n', "forced"},   {'n', "unforced"},
                  {'W', "verify"},  {'W', "static"},    {'W', "kperfdata"}};
    const int letter = typed->option->option.val;

    for (unsigned cpu = 0; letter == 'c' && cpu < kpdb_cpu_count(); cpu++)
        cli_cpu_names(cpu, offer, typed);
    for (unsigned r = 0; letter == 'r' && r < kpdb_release_count(); r++)
        offer(typed, kpdb_release_name(r));
    if (letter == 'e')
        offer_names(typed, NULL);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        if (values[i].letter == letter)
            offer(typed, values[i].value);
}

static void offer_options(const struct typed *typed)
{
    const struct cli_option *option;
    char text[256];

    for (size_t n = 0; (option = cli_option(typed->command, n)) != NULL; n++) {
        snprintf(text, sizeof text, "--%s\t%s", option->option.name, option->help);
        offer(typed, text);
    }
}

static void offer_commands(const struct typed *typed)
{
    const struct command *command;

    puts("COMMAND");
    for (size_t n = 0; (command = cli_command(n)) != NULL; n++)
        offer(typed, command->name);
    if (*typed->word == '-') {
        offer(typed, "--help");
        offer(typed, "--version");
    }
}

/* The option of a name, "--cpu" or "-e", if it takes a value; or NULL. */
static const struct cli_option *option_of(const struct command *command, const char *typed,
                                          size_t length)
{
    const struct cli_option *option;

    for (size_t n = 0; (option = cli_option(command, n)) != NULL; n++) {
        const char *name = option->option.name, *letter = cli_short_option(option->option.val);
        bool is_long = length == strlen(name) + 2 && strncmp(typed, "--", 2) == 0 &&
                       strncmp(typed + 2, name, length - 2) == 0;

        if (is_long || (*letter != '\0' && length == 2 && strncmp(typed, letter, 2) == 0))
            break;
    }
    return option != NULL && option->argument != NULL ? option : NULL;
}

/* Whether the last word is the value of an option, and how much of the word is not. */
static void find_option(struct typed *typed)
{
    const char *before = typed->count > 1 ? typed->words[typed->count - 2] : "", *comma;
    const size_t name = strcspn(typed->word, "=");

    if (strncmp(typed->word, "--", 2) == 0 && typed->word[name] == '=') {
        typed->option = option_of(typed->command, typed->word, name);
        typed->head = typed->option == NULL ? 0 : name + 1;
    } else {
        typed->option = option_of(typed->command, before, strlen(before));
    }
    comma = strrchr(typed->word + typed->head, ',');
    if (typed->option != NULL && strcmp(typed->option->argument, "LIST") == 0 && comma != NULL)
        typed->head = (size_t)(comma + 1 - typed->word);
}

int cli_complete(int count, char **words)
{
    struct typed typed = {.words = words + 1, .count = count - 1};

    if (count == 0) {
        cli_error("--complete takes the words that are typed behind kpep, to the last");
        return EXIT_USAGE;
    }
    typed.word = words[count - 1];
    if (count == 1) {
        offer_commands(&typed);
        return EXIT_OK;
    }
    for (size_t n = 0; (typed.command = cli_command(n)) != NULL; n++)
        if (strcmp(words[0], typed.command->name) == 0)
            break;
    if (typed.command == NULL)
        return EXIT_NO;
    find_option(&typed);
    if (typed.option == NULL && *typed.word == '-') {
        puts("OPTION");
        offer_options(&typed);
        return EXIT_OK;
    }
    puts(typed.option == NULL ? "ARGUMENT" : typed.option->argument);
    if (typed.option == NULL)
        return offer_arguments(&typed);
    offer_values(&typed);
    return EXIT_OK;
}
