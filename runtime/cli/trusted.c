/*
 * Which libraries root loads. What is loaded runs as root, so a path that root is given - in a
 * script, by a habit of sudo's - must not be one that somebody else can put a file at: the library
 * and every directory above it have to be root's alone. Owners and permissions are looked at, no
 * access control lists.
 */
#include "kperf.h"
#include "live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_no_directory(const struct stat *it)
{
    return !S_ISDIR(it->st_mode);
}

static bool is_no_file(const struct stat *it)
{
    return !S_ISREG(it->st_mode);
}

static bool is_foreign(const struct stat *it)
{
    return it->st_uid != 0;
}

/* As /tmp: others make entries there, but only an entry's owner renames or removes it. */
static bool keeps_entries(const struct stat *it)
{
    return S_ISDIR(it->st_mode) && (it->st_mode & S_ISVTX) != 0;
}

static bool others_write(const struct stat *it)
{
    return (it->st_mode & S_IWOTH) != 0 && !keeps_entries(it);
}

static bool group_writes(const struct stat *it)
{
    return (it->st_mode & S_IWGRP) != 0 && it->st_gid != 0 && !keeps_entries(it);
}

/* What no part of the path may be, and for which parts that holds. */
static const struct rule {
    bool above, library;
    bool (*broken)(const struct stat *it);
    const char *says;
} rules[] = {
    {true, false, is_no_directory, "is no directory"},
    {false, true, is_no_file, "is no regular file"},
    {true, true, is_foreign, "does not belong to root"},
    {true, true, others_write, "can be written by anybody"},
    {true, true, group_writes, "can be written by its group"},
};

static const char *broken_rule(const char *part, bool library)
{
    struct stat it;

    if (lstat(part, &it) != 0)
        return strerror(errno);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if ((library ? rules[i].library : rules[i].above) && rules[i].broken(&it))
            return rules[i].says;
    return NULL;
}

/* From / down to the library, for a path without links: the first part that breaks a rule. */
static const char *find_fault(const char *path, char *part)
{
    const char *says = NULL;
    size_t end = 1;

    for (;;) {
        memcpy(part, path, end);
        part[end] = '\0';
        says = broken_rule(part, path[end] == '\0');
        if (says != NULL || path[end] == '\0')
            return says;
        end += path[end] == '/';
        end += strcspn(path + end, "/");
    }
}

int check_library(const char *option, const char **path, char *resolved)
{
    char part[PATH_MAX];
    const char *says;

    if (*path == NULL || geteuid() != 0 || strcmp(*path, KPERF_PATH) == 0 ||
        strcmp(*path, KPERFDATA_PATH) == 0) /* which are in no file system */
        return EXIT_OK;
    if (**path != '/') {
        report_error(NULL, "%s %.300s: not an absolute path, as root needs", option, *path);
        return EXIT_USAGE;
    }
    if (realpath(*path, resolved) == NULL) {
        report_error(NULL, "%s %.300s: %s", option, *path, strerror(errno));
        return EXIT_SYSTEM;
    }
    says = find_fault(resolved, part);
    if (says != NULL) {
        report_error(NULL, "%s %.300s: %.300s %s (root loads only what root alone can change)",
                     option, *path, part, says);
        return EXIT_USAGE;
    }
    *path = resolved;
    return EXIT_OK;
}
