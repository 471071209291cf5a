/*
 * kpep reset: asks the kernel who holds the counters, says so, and gives back what a program left
 * that died with them in its hands.
 */
#include "live.h"

#include <inttypes.h>
#include <string.h>

/* KPC_CLASS_*_MASK of the kernel. */
static const struct {
    uint32_t bit;
    const char *name;
} classes[] = {{1, "fixed"}, {2, "configurable"}, {4, "power"}, {8, "rawpmu"}};

enum { CLASSES = sizeof classes / sizeof classes[0] };

/* Fills names[] with the classes of a mask and, in rest, the bits that have no name as a number. */
static unsigned name_classes(uint32_t mask, const char *names[CLASSES + 1], char rest[16])
{
    unsigned count = 0;

    for (size_t i = 0; i < CLASSES; i++) {
        if (mask & classes[i].bit)
            names[count++] = classes[i].name;
        mask &= ~classes[i].bit;
    }
    snprintf(rest, 16, "0x%" PRIx32, mask);
    if (mask != 0)
        names[count++] = rest;
    return count;
}

static const char *list_classes(uint32_t mask, char *text, size_t size)
{
    const char *names[CLASSES + 1];
    char rest[16];
    unsigned count = name_classes(mask, names, rest);

    *text = '\0';
    for (unsigned i = 0; i < count; i++)
        cli_append(text, size, names[i]);
    return text;
}

static void classes_json(struct json *json, const char *key, uint32_t mask)
{
    const char *names[CLASSES + 1];
    char rest[16];
    unsigned count = name_classes(mask, names, rest);

    json_begin_line(json, key, '[');
    for (unsigned i = 0; i < count; i++)
        json_string(json, NULL, names[i]);
    json_end(json, ']');
}

static void print_json(const struct kplive_state *found, bool given_back)
{
    struct json json = {.out = stdout};

    json_begin(&json, NULL, '{');
    json_boolean(&json, "taken", found->taken);
    json_boolean(&json, "forced", found->force != 0);
    classes_json(&json, "counting", found->counting);
    classes_json(&json, "thread_counting", found->thread_counting);
    if (found->owner > 0)
        json_number(&json, "owner", (uint64_t)found->owner);
    else
        json_null(&json, "owner");
    json_boolean(&json, "owner_lives", found->owner_lives);
    json_string(&json, "configured_by",
                *found->configured_by == '\0' ? NULL : found->configured_by);
    json_boolean(&json, "given_back", given_back);
    json_end(&json, '}');
}

static void print_line(const char *what, const char *value)
{
    if (*value != '\0')
        printf("%-16s %s\n", what, value);
}

/* What ktrace says is the system's own text: shown as printable ASCII. */
static const char *printable(const char *from, char *text, size_t size)
{
    snprintf(text, size, "%s", from);
    for (char *c = text; *c != '\0'; c++)
        if (*c < 0x20 || *c > 0x7e)
            *c = '?';
    return text;
}

static void print_text(const struct kplive_state *found, int result)
{
    char text[128];

    if (!found->taken) {
        puts("nothing is taken");
        return;
    }
    print_line("forced", found->force != 0 ? "all counters" : "");
    print_line("counting", list_classes(found->counting, text, sizeof text));
    print_line("thread counting", list_classes(found->thread_counting, text, sizeof text));
    if (found->owner > 0) {
        snprintf(text, sizeof text, "process %d, which %s", found->owner,
                 found->owner_lives ? "lives" : "is gone");
        print_line("owner of ktrace", text);
    }
    print_line("configured by", printable(found->configured_by, text, sizeof text));
    puts(result == KPLIVE_OK     ? "given back"
         : result == KPLIVE_LEFT ? "not all given back"
                                 : "not given back");
}

/* What was found is printed also where nothing is given back: it says why. */
static int reset(const struct arguments *arguments, const struct kplive *sampler)
{
    struct kplive_state found = {.size = sizeof found}, again = {.size = sizeof again};
    struct kplive_error error;
    int result;

    if (kplive_taken(sampler, &found, &error) != KPLIVE_OK)
        return live_error(&error);
    result = found.taken ? kplive_reset(sampler, arguments->force, &again, &error) : KPLIVE_OK;
    if (arguments->json)
        print_json(&found, found.taken && result == KPLIVE_OK);
    else
        print_text(&found, result);
    return result == KPLIVE_OK ? EXIT_OK : live_error(&error);
}

static int run_reset(struct arena *arena, const struct arguments *arguments)
{
    static const struct option_word static_words = {"static", KPLIVE_STATIC};
    struct arguments without_kperfdata = *arguments;
    struct kplive *sampler;
    int status;

    (void)arena;
    without_kperfdata.words = &static_words; /* there are none to make */
    status = live_open(&without_kperfdata, &sampler);

    if (status != EXIT_OK)
        return status;
    status = reset(arguments, sampler);
    kplive_close(sampler);
    return status;
}

const struct command command_reset = {
    .name = "reset",
    .run = run_reset,
    .takes =
        (const struct option_use[]){
            {.option = OPT_FORCE},
            {.option = OPT_KPERF},
            {.option = OPT_KPERFDATA},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .help = "Give back the counters that a program left taken when it died: says what is on, and\n"
            "whose it is as far as the kernel tells, and switches it off. Needs root.",
};
