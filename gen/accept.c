/*
 * The file of accepted findings, "DB RULE EVENT # why" a line: which findings it covers, and which
 * of its lines cover none. Malformed lines are reported as FILE:LINE.
 */
#include "common/report.h"
#include "findings.h"
#include "lint.h"

#include <string.h>

enum { ACCEPTED_FIELDS = 3 };

struct accepted {
    const char *fields[ACCEPTED_FIELDS]; /* database, rule, and a finding's subject or "*" */
    size_t line;
    bool used;
};

struct acceptance {
    struct arena *arena;
    const char *file;
    struct accepted *list;
    size_t count;
    struct map entries; /* entry_text() -> index in the list, from 1 */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* Copies up to three fields and returns how many; *at is then what stands behind them. */
static size_t split_fields(struct arena *arena, const char **at, const char *end,
                           struct accepted *entry)
{
    size_t count = 0;

    while (count < ACCEPTED_FIELDS) {
        const char *from = skip_blanks(*at, end);

        for (*at = from; *at < end && !is_blank(**at) && **at != '#';)
            ++*at;
        if (*at == from)
            break;
        entry->fields[count++] = arena_copy(arena, from, (size_t)(*at - from));
    }
    *at = skip_blanks(*at, end);
    return count;
}

/* The fields as one text, a blank between two: none of them has one. */
static const char *entry_text(struct arena *arena, const char *const *fields)
{
    return arena_printf(arena, "%s %s %s", fields[0], fields[1], fields[2]);
}

static bool is_printable(const char *at, const char *end)
{
    while (at < end && (is_blank(*at) || (*at >= 0x20 && *at <= 0x7e)))
        at++;
    return at == end;
}

/*
 * Why a line is no entry, or NULL for one, which is then known. count: how many fields it has; at:
 * what stands behind them.
 */
static const char *line_fault(struct acceptance *acceptance, const struct accepted *entry,
                              size_t count, const char *at, const char *end)
{
    const char *text;
    size_t *number;

    if (count < ACCEPTED_FIELDS)
        return "not an accepted finding";
    if (at < end && *at != '#')
        return "more than three fields";
    if (at == end || skip_blanks(at + 1, end) == end)
        return "no reason";
    if (!lint_is_rule(entry->fields[1]))
        return arena_printf(acceptance->arena, "no rule '%s'", entry->fields[1]);
    text = entry_text(acceptance->arena, entry->fields);
    number = map_text(acceptance->arena, &acceptance->entries, text);
    if (*number != 0)
        return arena_printf(acceptance->arena, "the same as line %zu",
                            acceptance->list[*number - 1].line);
    *number = acceptance->count + 1;
    return NULL;
}

static void read_line(struct acceptance *acceptance, const char *from, const char *end, size_t line)
{
    struct accepted entry = {.line = line};
    const char *at = from, *fault;
    size_t count = split_fields(acceptance->arena, &at, end, &entry);

    if (count == 0 && (at == end || *at == '#'))
        return;
    fault = is_printable(from, end) ? line_fault(acceptance, &entry, count, at, end)
                                    : "a byte that is not printable ASCII";
    if (fault != NULL) {
        report_error(arena_printf(acceptance->arena, "%s:%zu", acceptance->file, line),
                     "%s (expected DB RULE EVENT # why)", fault);
        return;
    }
    acceptance->list =
        arena_grow(acceptance->arena, acceptance->list, acceptance->count, sizeof entry);
    acceptance->list[acceptance->count++] = entry;
}

static struct acceptance read_accepted(struct arena *arena, const char *file, const char *text,
                                       size_t length)
{
    struct acceptance acceptance = {.arena = arena, .file = file};
    const char *at = text, *end = text + length;

    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop == NULL ? end : stop;
        read_line(&acceptance, at, stop, line);
        at = stop < end ? stop + 1 : end;
    }
    return acceptance;
}

/* Whether an entry is of the finding's database and rule and of the subject; marks it as used. */
static bool accepts(struct acceptance *acceptance, const struct finding *finding,
                    const char *subject)
{
    const char *const fields[] = {finding->database, finding->rule, subject};
    const char *text = subject == NULL ? "" : entry_text(acceptance->arena, fields);
    size_t number = map_get(&acceptance->entries, text, strlen(text));

    if (number != 0)
        acceptance->list[number - 1].used = true;
    return number != 0;
}

/* The order of findings of a database by that name; behind all others when there is none. */
static size_t order_of(const struct model *model, const struct map *databases, const char *name)
{
    size_t number = map_get(databases, name, strlen(name));

    if (number != 0)
        return number - 1;
    return model->cpu_count + (strcmp(name, "names") != 0);
}

static struct map shown_names(struct arena *arena, const struct model *model)
{
    struct map numbers = {NULL};

    for (size_t c = 0; c < model->cpu_count; c++) {
        size_t *number = map_text(arena, &numbers, model->cpus[c].db.name);

        *number = *number == 0 ? c + 1 : *number;
    }
    return numbers;
}

static void add_stale(struct arena *arena, struct findings *findings, const struct accepted *entry,
                      size_t order)
{
    const char *subject = entry->fields[2];
    struct finding *finding = findings_add(arena, findings);

    *finding = (struct finding){
        .order = order,
        .database = entry->fields[0],
        .severity = SEVERITY_NOTE,
        .rule = lint_stale_rule,
        .event =
            strcmp(subject, "*") == 0 ? NULL : arena_copy(arena, subject, strcspn(subject, "+")),
        .subject = subject,
        .message = arena_printf(arena,
                                "line %zu accepts a finding of %s that is not there, and would "
                                "hide it if it came back",
                                entry->line, entry->fields[1]),
    };
}

void lint_accept(struct arena *arena, const struct model *model, struct findings *findings,
                 const char *file, const char *text, size_t length)
{
    struct acceptance acceptance = read_accepted(arena, file, text, length);
    struct map databases = shown_names(arena, model);

    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];
        bool all = accepts(&acceptance, finding, "*");

        finding->accepted = accepts(&acceptance, finding, finding->subject) || all;
    }
    for (size_t e = 0; e < acceptance.count; e++)
        if (!acceptance.list[e].used)
            add_stale(arena, findings, &acceptance.list[e],
                      order_of(model, &databases, acceptance.list[e].fields[0]));
    findings_sort(findings);
}
