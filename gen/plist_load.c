/*
 * A property list's file -> values: XML or binary, read by scan_xml.c or scan_binary.c, and what
 * libplist reads of it is the same. All that is wrong with a file as a whole is reported here.
 */
#include "common/file.h"
#include "common/report.h"
#include "libplist.h"
#include "plist.h"
#include "scan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The caller frees the text, also on failure. */
static bool read_file(const char *path, struct buffer *text)
{
    struct stat status;
    FILE *file = open_file(path, &status);
    bool ok = false;

    if (file == NULL) {
        report_error(path, "%s (expected a property list)",
                     errno == 0 ? "not a regular file" : strerror(errno));
        return false;
    }
    if (status.st_size > PLIST_SIZE_MAX)
        report_error(path, "%lld bytes (expected at most %d)", (long long)status.st_size,
                     PLIST_SIZE_MAX);
    else if (!read_open_file(file, PLIST_SIZE_MAX, text))
        report_error(path, "cannot be read: %s", strerror(errno));
    else if (text->length > PLIST_SIZE_MAX)
        report_error(path, "more than %d bytes (expected a property list)", PLIST_SIZE_MAX);
    else if (text->length == 0)
        report_error(path, "empty (expected a property list)");
    else
        ok = true;
    fclose(file);
    return ok;
}

static bool is_binary(const char *text, size_t length)
{
    return length >= 8 && memcmp(text, "bplist00", 8) == 0;
}

const struct value *plist_parse(struct arena *arena, const char *name, const char *text,
                                size_t length)
{
    const char *why;
    const struct value *root =
        (is_binary(text, length) ? scan_binary : scan_xml)(arena, text, length, &why);

    if (root == NULL)
        report_error(name, "%s", why);
    return root != NULL && libplist_agrees(name, root) ? root : NULL;
}

const struct value *plist_load(struct arena *arena, const char *path)
{
    const struct value *value = NULL;
    struct buffer text = {0};

    if (read_file(path, &text))
        value = plist_parse(arena, path, text.data, text.length);
    buffer_free(&text);
    return value;
}

bool plist_load_dict(struct arena *arena, const char *path, struct plist_node *root)
{
    *root = (struct plist_node){.file = path, .value = plist_load(arena, path)};
    return root->value != NULL && plist_is_dict(root);
}
