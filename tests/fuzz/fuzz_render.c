/*
 * Template and data -> text. An input's parts: letters of options, the template, the partial `p`,
 * the data.
 */
#include "fuzz.h"
#include "plist.h"
#include "template.h"

#include <string.h>

enum { OPTIONS, TEMPLATE, PARTIAL, DATA, PARTS };
enum { OUTPUT_MAX = 1 << 16 };

static const char *const files[] = {"data.plist", NULL};

static const char *find_partial(void *user, const char *name, size_t *length, const char **why)
{
    const struct part *parts = user;

    if (strcmp(name, "q") == 0)
        *why = "locked";
    if (strcmp(name, "p") != 0)
        return NULL;
    *length = parts[PARTIAL].length;
    return parts[PARTIAL].text;
}

/* "NAME:LINE: what is wrong", on one line. */
static void check_error(const char *error)
{
    const char *at = strchr(error, ':');
    size_t digits;

    MUST(at != NULL && (strncmp(error, "t:", 2) == 0 || strncmp(error, "p:", 2) == 0));
    digits = strspn(at + 1, "0123456789");
    MUST(digits > 0 && strncmp(at + 1 + digits, ": ", 2) == 0);
    for (const char *c = error; *c != '\0'; c++)
        MUST((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static bool render(struct part *parts, const struct value *data, bool lenient, struct buffer *out)
{
    struct template_options options = {
        .lenient = lenient, .partial = find_partial, .user = parts, .output_max = OUTPUT_MAX};
    struct arena arena = {0};
    const char *error = NULL;
    bool ok;

    /* An output's escape by its first letter. */
    for (const struct filter *filter = filters; filter->name != NULL; filter++)
        if (filter->endings != NULL &&
            memchr(parts[OPTIONS].text, filter->name[0], parts[OPTIONS].length) != NULL)
            options.escape = filter;
    ok = template_render(&arena, &options, "t", parts[TEMPLATE].text, parts[TEMPLATE].length, data,
                         out, &error);
    MUST(ok == (error == NULL));
    MUST(!ok || out->length <= OUTPUT_MAX);
    if (!ok)
        check_error(error);
    arena_free(&arena);
    return ok;
}

static void render_all(struct part *parts, const struct value *data)
{
    struct buffer once = {0}, twice = {0}, lenient = {0};
    bool ok = render(parts, data, false, &once);

    MUST(render(parts, data, false, &twice) == ok);
    MUST(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
    /* Lenience is about what is missing: where nothing is, it changes nothing. */
    if (render(parts, data, true, &lenient) && ok)
        MUST(once.length == lenient.length && memcmp(once.data, lenient.data, once.length) == 0);
    else
        MUST(!ok);
    buffer_free(&once);
    buffer_free(&twice);
    buffer_free(&lenient);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct part parts[PARTS];
    struct arena arena = {0};
    char directory[256], path[300];
    const struct value *data;

    fuzz_split(bytes, size, parts, PARTS);
    fuzz_make_directory(directory, sizeof directory);
    fuzz_write(directory, files[0], parts[DATA]);
    snprintf(path, sizeof path, "%s/%s", directory, files[0]);
    fuzz_silence();
    data = plist_load(&arena, path);
    free(fuzz_speak());
    render_all(parts, data == NULL ? value_map(&arena) : data);
    arena_free(&arena);
    fuzz_remove(directory, files);
    return 0;
}
