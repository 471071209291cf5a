/* kpep check: compares the tables with the live kperfdata, which it only asks. */
#include "live.h"

enum { SETS = 1000, SEED = 20260101 };

/* user: the struct json to write to, or NULL for text. */
static void print_drift(void *user, const struct kplive_drift *drift)
{
    struct json *json = user;

    if (json == NULL) {
        printf("  changed  %s%s%s: %s, the tables say %s\n",
               drift->event == NULL ? "" : drift->event, drift->event == NULL ? "" : " ",
               drift->field, drift->live, drift->table);
        return;
    }
    json_begin_line(json, NULL, '{');
    json_string(json, "name", drift->event);
    json_string(json, "field", drift->field);
    json_string(json, "table", drift->table);
    json_string(json, "live", drift->live);
    json_end(json, '}');
}

static void print_json_end(struct json *json, const struct kplive_check *check)
{
    json_end(json, ']');
    json_number(json, "drifts", check->drifts);
    json_number(json, "events", check->events);
    json_number(json, "encodings", check->encodings);
    json_number(json, "event_size", check->event_size);
    json_string(json, "release", kpdb_release_name((unsigned)check->release));
    json_end(json, '}');
}

static void print_text_end(const struct kplive_check *check)
{
    printf("%u events and %u encodings compared with %s, which fits best: %u difference%s\n",
           check->events, check->encodings, kpdb_release_name((unsigned)check->release),
           check->drifts, check->drifts == 1 ? "" : "s");
    if (check->event_size != 0)
        printf("kpep_event is %u bytes here (never used)\n", check->event_size);
}

static int run_check(struct arena *arena, const struct arguments *arguments)
{
    struct json json = {.out = stdout};
    struct kplive_check check;
    struct kplive_error error;
    struct kplive *sampler;
    struct kpdb_cpu cpu;
    int status = live_open(arguments, &sampler), result;

    (void)arena;
    if (status != EXIT_OK)
        return status;
    if (kplive_cpu(sampler) >= 0 && kpdb_cpu((unsigned)kplive_cpu(sampler), &cpu) == KPDB_OK) {
        if (arguments->json) {
            json_begin(&json, NULL, '{');
            json_string(&json, "db", cpu.db);
            json_string(&json, "cpu_id", kplive_cpu_name(sampler));
            json_string(&json, "macos", kplive_macos(sampler));
            json_begin(&json, "changed", '[');
        } else {
            printf("%s (%s), macOS %s\n", cpu.db, kplive_cpu_name(sampler), kplive_macos(sampler));
        }
    }
    result = kplive_compare(sampler, SETS, SEED, print_drift, arguments->json ? &json : NULL,
                            &check, &error);
    if (result == KPLIVE_OK && arguments->json)
        print_json_end(&json, &check);
    else if (result == KPLIVE_OK)
        print_text_end(&check);
    status = result != KPLIVE_OK ? (live_error(&error), EXIT_SYSTEM)
                                 : (check.drifts == 0 ? EXIT_OK : EXIT_NO);
    kplive_close(sampler);
    return status;
}

const struct command command_check = {
    .name = "check",
    .run = run_check,
    .takes =
        (const struct option_use[]){
            {.option = OPT_KPERF},
            {.option = OPT_KPERFDATA},
            {.option = OPT_JSON},
            {.option = OPTION_HELP},
        },
    .help = "Compare the tables with the live kperfdata, event by event and encoding by\n"
            "encoding. Needs no root. Exit status 0: equal, 1: something drifted, 3: cannot.",
};
