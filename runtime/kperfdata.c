/*
 * What kperfdata is asked: for its database of this CPU, for the words of a list of events, for
 * texts. What it answers is checked before it is used. Changes nothing.
 */
#include "internal.h"

#include <string.h>

/* Every function called here but kpep_db_event(): events.c does without that one. */
int kplive_need_kperfdata(const struct kplive_frameworks *f, struct kplive_error *error)
{
    static const char *const needed[] = {"kpep_db_create",
                                         "kpep_db_free",
                                         "kpep_config_create",
                                         "kpep_config_free",
                                         "kpep_config_force_counters",
                                         "kpep_config_add_event",
                                         "kpep_config_kpc_classes",
                                         "kpep_config_kpc_count",
                                         "kpep_config_kpc",
                                         "kpep_config_kpc_map",
                                         NULL};

    return kplive_need(f, error, needed);
}

/* ---- the database ---------------------------------------------------------------------------- */

int kplive_database(const struct kplive *sampler, struct kpep_db **db, struct kplive_error *error)
{
    int code;

    *db = NULL;
    code = sampler->frameworks.kpep_db_create(NULL, db);
    if (code == 0 && *db != NULL)
        return KPLIVE_OK;
    *db = NULL; /* of a failure it is nothing to free */
    return kplive_fail(error, KPLIVE_SYSTEM, "kpep_db_create", code, NULL,
                       "kperfdata has no database for %s", sampler->cpu_name);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/*
 * kperfdata hands out a pointer and no length. Where a text without an end stops
 * being readable nobody can know: the best that can be done is to read no further
 * than the longest text that is expected.
 */
bool kplive_copy_text(const char *from, char *to, size_t size)
{
    size_t length = 0;

    while (from != NULL && length < size && from[length] != '\0')
        length++;
    if (length != 0)
        memcpy(to, from, length < size ? length : size - 1);
    to[length < size ? length : size - 1] = '\0';
    return length != 0 && length < size;
}

bool kplive_copy_name(const struct kpdb_request *event, char *name)
{
    if (event->length >= KPLIVE_REQUEST_SIZE || memchr(event->name, '\0', event->length) != NULL)
        return false;
    memcpy(name, event->name, event->length);
    name[event->length] = '\0';
    return true;
}

/* ---- words ----------------------------------------------------------------------------------- */

static int add_event(const struct kplive_frameworks *f, struct kpep_db *db,
                     struct kpep_config *config, const struct kpdb_request *event,
                     struct kplive_framework_words *out)
{
    struct kpep_event *found = NULL;
    char name[KPLIVE_REQUEST_SIZE];

    out->call = "kpep_db_event";
    if (!kplive_copy_name(event, name))
        return 11;
    out->code = f->kpep_db_event(db, name, &found);
    if (out->code != 0 || found == NULL)
        return out->code != 0 ? out->code : 11;
    out->call = "kpep_config_add_event";
    return f->kpep_config_add_event(config, &found, event->user_only, &out->conflicts);
}

/* What a framework says of sizes is checked before it writes. */
int kplive_take_words(const struct kplive_frameworks *f, struct kpep_config *config, unsigned count,
                      struct kplive_framework_words *out)
{
    int code;

    out->call = "kpep_config_kpc_classes";
    code = f->kpep_config_kpc_classes(config, &out->classes);
    if (code != 0)
        return code;
    out->call = "kpep_config_kpc_count";
    code = f->kpep_config_kpc_count(config, &out->config_count);
    if (code != 0)
        return code;
    if (out->config_count > KPDB_COUNTERS_MAX ||
        (out->config_count == 0 && (out->classes & KPDB_CLASS_CONFIGURABLE) != 0))
        return 4;
    out->call = "kpep_config_kpc";
    if (out->config_count != 0) {
        code = f->kpep_config_kpc(config, out->config, out->config_count * sizeof out->config[0]);
        if (code != 0)
            return code;
    }
    out->call = "kpep_config_kpc_map";
    code = f->kpep_config_kpc_map(config, out->map, count * sizeof out->map[0]);
    for (unsigned i = 0; i < count && code == 0; i++)
        if (out->map[i] >= KPDB_COUNTERS_MAX)
            code = 4;
    return code;
}

void kplive_ask_words(const struct kplive_frameworks *f, struct kpep_db *db,
                      const struct kpdb_request *events, unsigned count,
                      struct kplive_framework_words *out)
{
    struct kpep_config *config = NULL;

    memset(out, 0, sizeof *out);
    out->failed = count;
    out->call = "kpep_config_create";
    out->code = f->kpep_config_create(db, &config);
    if (out->code != 0 || config == NULL) {
        out->code = out->code != 0 ? out->code : 2;
        return;
    }
    out->call = "kpep_config_force_counters";
    out->code = f->kpep_config_force_counters(config);
    for (unsigned i = 0; i < count && out->code == 0; i++) {
        out->code = add_event(f, db, config, &events[i], out);
        out->failed = out->code != 0 ? i : count;
    }
    if (out->code == 0)
        out->code = kplive_take_words(f, config, count, out);
    f->kpep_config_free(config);
}
