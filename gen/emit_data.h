/*
 * What the files emit*.c build a template's data with: a key of a map gets its value. No other file
 * includes this.
 */
#ifndef KPEPC_EMIT_DATA_H
#define KPEPC_EMIT_DATA_H

#include "layout.h"
#include "value.h"

/* emit_sources.c: adds to emit_tables_data() what kpdb_sources.h.mustache has. */
void emit_sources_data(struct arena *arena, const struct layout *layout, struct value *data);

static inline void set_value(struct arena *arena, struct value *map, const char *key,
                             struct value *value)
{
    value_set(arena, map, key, value);
}

static inline void set_text(struct arena *arena, struct value *map, const char *key,
                            const char *text)
{
    set_value(arena, map, key, text == NULL ? value_bool(arena, false) : value_text(arena, text));
}

static inline void set_int(struct arena *arena, struct value *map, const char *key, size_t number)
{
    set_value(arena, map, key, value_int(arena, (int64_t)number));
}

static inline void set_bool(struct arena *arena, struct value *map, const char *key, bool boolean)
{
    set_value(arena, map, key, value_bool(arena, boolean));
}

/* ---- emit_lines.c: for all headers ----------------------------------------------------------- */

/* A list of strings by number, each in lines of the header; a list of lines of eight numbers. */
struct value *strings_data(struct arena *arena, const struct strings *strings);
struct value *numbers_data(struct arena *arena, const struct numbers *numbers);
struct value *list_data(struct arena *arena, const size_t *numbers, size_t count);
/* Sets `text` to what fits into the first line, `more` to the lines behind it. */
void set_lines(struct arena *arena, struct value *item, const char *text);
/* Adds a number to such a list. */
void add_number(struct arena *arena, struct value *lines, size_t number);
/* The bits of the narrowest type that has room for a number. */
void set_width(struct arena *arena, struct value *data, const char *key, size_t largest);

/* ---- emit_metrics.c -------------------------------------------------------------------------- */

/* Adds what kpdb_metrics.h.mustache is rendered from. */
void set_metrics(struct arena *arena, struct value *data, const struct layout *layout);

/* ---- emit_texts.c ---------------------------------------------------------------------------- */

/* Adds what kpdb_texts.h.mustache is rendered from. */
void emit_texts_data(struct arena *arena, const struct layout *layout, struct value *data);

#endif
