/* The model as data for templates, and templates to files. */
#ifndef KPEPC_EMIT_H
#define KPEPC_EMIT_H

#include "common/arena.h"
#include "common/buffer.h"
#include "layout.h"
#include "output.h"
#include "template.h"

/*
 * The headers that one compile makes: X(name) is name.h, of templates/name.h.mustache. The first
 * has what their users see, each other one the tables of one file of libkpdb.
 */
#define TABLE_HEADERS(X) \
    X(kpdb_ids)          \
    X(kpdb_tables)       \
    X(kpdb_sources)      \
    X(kpdb_metrics)      \
    X(kpdb_texts)

#define TABLE_HEADER(name) TABLE_HEADER_##name,
enum { TABLE_HEADERS(TABLE_HEADER) TABLE_HEADER_COUNT };
#undef TABLE_HEADER

extern const char *const table_headers[TABLE_HEADER_COUNT];

/* A template that is part of the program: gen/templates/NAME.EXTENSION.mustache. */
struct builtin {
    const char *name; /* "c-header" */
    const char *file; /* "c-header.h.mustache" */
    const char *text;
    size_t length;
};

extern const struct builtin builtins[]; /* ends with a NULL name */
const struct builtin *builtin_named(const char *name);

/* What gen/templates/kpdb_*.mustache are rendered from. */
struct value *emit_tables_data(struct arena *arena, const struct layout *layout);
/*
 * What every other template is rendered from; kpepc-emit(1)
 * lists the keys. The long lists are lazy, so the model must outlive the value.
 * release: only the events of that one, or -1 for each CPU's newest.
 */
struct value *emit_model_data(struct arena *arena, const struct model *model, int release);
/* What snapshot.plist.mustache is rendered from. covers: as in struct database. */
struct value *emit_snapshot_data(struct arena *arena, const struct database *database,
                                 const char *release, const char *source, uint32_t covers);
/* A builtin template to text; ends the program when it fails, which is a bug. */
void emit_builtin(struct arena *arena, const char *name, const struct value *data,
                  struct buffer *out);
/* The same to an output, which knows whether it could be written. */
void emit_output(struct arena *arena, const char *name, const struct value *data,
                 struct output *output);
/* Renders the layout to an output for each of TABLE_HEADERS. */
void emit_tables(struct arena *arena, const struct layout *layout, struct output *outputs);

#endif
