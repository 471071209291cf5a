/* What list and show say of one event, and which events a pattern means. */
#include "cli.h"

#include <fnmatch.h>
#include <string.h>

enum { PATTERN_MAX = 256, MEANING_MAX = 512 };

static void copy_lowered(const char *from, char *to, size_t size)
{
    size_t i = 0;

    for (; from[i] != '\0' && i < size - 1; i++)
        to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] + 32) : from[i];
    to[i] = '\0';
}

bool cli_match(const char *pattern, const char *name)
{
    char low_pattern[PATTERN_MAX], low_name[PATTERN_MAX];

    if (strlen(pattern) >= PATTERN_MAX)
        return false;
    copy_lowered(pattern, low_pattern, sizeof low_pattern);
    copy_lowered(name, low_name, sizeof low_name);
    return fnmatch(low_pattern, low_name, FNM_NOESCAPE) == 0;
}

const char *cli_alias(unsigned cpu, int release, const struct kpdb_event *event, unsigned n)
{
    struct kpdb_event meant;
    uint16_t target;

    for (int id = kpdb_alias_next(cpu, -1, &target); id >= 0;
         id = kpdb_alias_next(cpu, id, &target))
        if (kpdb_on_in(cpu, release, (unsigned)id, &meant) == KPDB_OK && meant.id == event->id &&
            n-- == 0)
            return kpdb_event_name((unsigned)id);
    return NULL;
}

uint32_t cli_event_releases(unsigned cpu, const struct kpdb_event *event)
{
    struct kpdb_event version;
    uint32_t releases = 0;

    if (kpdb_on(cpu, event->id, &version) != KPDB_OK)
        return event->releases;
    do
        releases |= version.releases;
    while (kpdb_older(cpu, &version, &version) == KPDB_OK);
    return releases;
}

const char *cli_name(unsigned cpu, int release, const struct kpdb_event *event, unsigned n)
{
    struct kpdb_event meant;
    struct kpdb_name name;

    for (unsigned i = 0; kpdb_name(i, &name) == KPDB_OK; i++)
        if (kpdb_name_on(cpu, release, i, &meant) == KPDB_OK && meant.id == event->id && n-- == 0)
            return name.name;
    return NULL;
}

/* Whether one of the event's names in a release matches, by a function of pattern and name. */
static bool match_name(bool (*match)(const char *pattern, const char *name), const char *pattern,
                       unsigned cpu, int release, const struct kpdb_event *event)
{
    const char *name;

    if (match(pattern, kpdb_event_name(event->id)))
        return true;
    for (unsigned n = 0; (name = cli_alias(cpu, release, event, n)) != NULL; n++)
        if (match(pattern, name))
            return true;
    for (unsigned n = 0; (name = cli_name(cpu, release, event, n)) != NULL; n++)
        if (match(pattern, name))
            return true;
    return false;
}

bool cli_match_event(const char *pattern, unsigned cpu, int release, const struct kpdb_event *event)
{
    return match_name(cli_match, pattern, cpu, release, event);
}

/* Whether a word is in a text, whatever the case. */
static bool is_in(const char *word, const char *text)
{
    char low_text[MEANING_MAX], low_word[PATTERN_MAX];

    copy_lowered(text, low_text, sizeof low_text);
    copy_lowered(word, low_word, sizeof low_word);
    return strstr(low_text, low_word) != NULL;
}

bool cli_is_word(const char *pattern)
{
    return *pattern != '\0' && strpbrk(pattern, "*?[") == NULL && strlen(pattern) < PATTERN_MAX;
}

bool cli_match_meaning(const char *pattern, const struct kpdb_event *event)
{
    const char *summary = kpdb_summary(event->id);

    return summary != NULL && cli_is_word(pattern) && is_in(pattern, summary);
}

bool cli_match_part(const char *pattern, unsigned cpu, int release, const struct kpdb_event *event)
{
    return cli_is_word(pattern) && match_name(is_in, pattern, cpu, release, event);
}

const char *cli_meaning(unsigned id, char *text, size_t size)
{
    const char *summary = kpdb_summary(id);

    snprintf(text, size, "%s%s", summary == NULL ? "" : summary,
             kpdb_summary_doubted(id) ? " (likely)" : "");
    return text;
}

const char *cli_number(const struct kpdb_event *event, char *text, size_t size)
{
    if (event->fixed >= 0)
        return "fixed";
    snprintf(text, size, "0x%x", event->number);
    return text;
}

const char *cli_umask(enum kpdb_arch arch, const struct kpdb_event *event, char *text, size_t size)
{
    if (arch != KPDB_X86_64 && arch != KPDB_I386)
        return "-";
    snprintf(text, size, "0x%02x", event->umask);
    return text;
}

const char *cli_other_names(unsigned cpu, int release, const struct kpdb_event *event,
                            const char *typed, char *text, size_t size)
{
    const char *name;

    *text = '\0';
    for (unsigned n = 0; (name = cli_alias(cpu, release, event, n)) != NULL; n++)
        if (typed == NULL || strcmp(name, typed) != 0)
            cli_append(text, size, name);
    for (unsigned n = 0; (name = cli_name(cpu, release, event, n)) != NULL; n++)
        if (typed == NULL || strcmp(name, typed) != 0)
            cli_append(text, size, name);
    return text;
}

void cli_releases_json(struct json *json, const char *key, uint32_t releases)
{
    json_begin_line(json, key, '[');
    for (unsigned r = 0; r < kpdb_release_count(); r++)
        if (releases >> r & 1)
            json_string(json, NULL, kpdb_release_name(r));
    json_end(json, ']');
}

static void values_json(struct json *json, const struct kpdb_event *event)
{
    json_number(json, "number", event->number);
    json_number(json, "umask", event->umask);
    json_number(json, "counters_mask", event->counters);
    if (event->fixed < 0)
        json_null(json, "fixed_counter");
    else
        json_number(json, "fixed_counter", (uint64_t)event->fixed);
    json_string(json, "fallback", kpdb_event_name(event->fallback));
}

/* The event as other releases have it that say otherwise, newest first. */
static void otherwise_json(struct json *json, unsigned cpu, const struct kpdb_event *event)
{
    struct kpdb_event version;
    int result = kpdb_on(cpu, event->id, &version);

    json_begin_line(json, "otherwise", '[');
    for (; result == KPDB_OK; result = kpdb_older(cpu, &version, &version)) {
        if (version.id != event->id || version.releases == event->releases)
            continue;
        json_begin_line(json, NULL, '{');
        values_json(json, &version);
        cli_releases_json(json, "releases", version.releases);
        json_end(json, '}');
    }
    json_end(json, ']');
}

void cli_event_json(struct json *json, unsigned cpu, int release, const struct kpdb_event *event)
{
    const char *name;

    json_string(json, "name", kpdb_event_name(event->id));
    values_json(json, event);
    json_begin_line(json, "aliases", '[');
    for (unsigned n = 0; (name = cli_alias(cpu, release, event, n)) != NULL; n++)
        json_string(json, NULL, name);
    json_end(json, ']');
    json_begin_line(json, "names", '[');
    for (unsigned n = 0; (name = cli_name(cpu, release, event, n)) != NULL; n++)
        json_string(json, NULL, name);
    json_end(json, ']');
    cli_releases_json(json, "releases", cli_event_releases(cpu, event));
    otherwise_json(json, cpu, event);
    json_string(json, "renamed", kpdb_renamed(event->id));
    json_string(json, "summary", kpdb_summary(event->id));
    json_boolean(json, "doubted", kpdb_summary_doubted(event->id));
    json_string(json, "errata", kpdb_errata(cpu, event->id));
}
