/*
 * Writes JSON (RFC 8259) to a stream. Commas and indentation are its own
 * business: begin and end containers, and name what stands in an object.
 */
#ifndef KPEP_JSON_H
#define KPEP_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 16 };

struct json {
    FILE *out;
    unsigned depth;
    bool used[JSON_DEPTH_MAX];    /* the container holds something already */
    bool on_line[JSON_DEPTH_MAX]; /* the container is written on one line */
};

/* key: the name in an object, NULL in an array or at the top. */
void json_begin(struct json *json, const char *key, char bracket); /* '{' or '[' */
/* The same, with all that it holds on one line. */
void json_begin_line(struct json *json, const char *key, char bracket);
void json_end(struct json *json, char bracket);                         /* '}' or ']' */
void json_string(struct json *json, const char *key, const char *text); /* NULL: null */
void json_number(struct json *json, const char *key, uint64_t number);
void json_real(struct json *json, const char *key, double number); /* finite */
void json_boolean(struct json *json, const char *key, bool boolean);
void json_null(struct json *json, const char *key);

#endif
