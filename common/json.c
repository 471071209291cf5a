/* Values -> JSON text on a stream, two spaces a level. */
#include "common/json.h"

#include <inttypes.h>

static void write_text(struct json *json, const char *text)
{
    fputc('"', json->out);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(json->out, "\\%c", c);
        else if (c < 0x20 || c > 0x7e) /* text here is ASCII; a stray byte is shown as its number */
            fprintf(json->out, "\\u%04x", c);
        else
            fputc(c, json->out);
    }
    fputc('"', json->out);
}

/* What stands before a value: a comma, a line, and its name. */
static void begin_value(struct json *json, const char *key)
{
    if (json->depth > 0) {
        if (json->used[json->depth])
            fputc(',', json->out);
        if (!json->on_line[json->depth])
            fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
        else if (json->used[json->depth])
            fputc(' ', json->out);
        json->used[json->depth] = true;
    }
    if (key != NULL) {
        write_text(json, key);
        fputs(": ", json->out);
    }
}

static void begin(struct json *json, const char *key, char bracket, bool on_line)
{
    bool inside = json->depth > 0 && json->on_line[json->depth];

    begin_value(json, key);
    fputc(bracket, json->out);
    if (json->depth + 1 < JSON_DEPTH_MAX)
        json->depth++;
    json->used[json->depth] = false;
    json->on_line[json->depth] = on_line || inside;
}

void json_begin(struct json *json, const char *key, char bracket)
{
    begin(json, key, bracket, false);
}

void json_begin_line(struct json *json, const char *key, char bracket)
{
    begin(json, key, bracket, true);
}

void json_end(struct json *json, char bracket)
{
    bool line = json->used[json->depth] && !json->on_line[json->depth];

    json->depth--;
    if (line)
        fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
    fputc(bracket, json->out);
    if (json->depth == 0)
        fputc('\n', json->out);
}

void json_string(struct json *json, const char *key, const char *text)
{
    begin_value(json, key);
    if (text == NULL)
        fputs("null", json->out);
    else
        write_text(json, text);
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRIu64, number);
}

void json_real(struct json *json, const char *key, double number)
{
    begin_value(json, key);
    fprintf(json->out, "%.17g", number);
}

void json_boolean(struct json *json, const char *key, bool boolean)
{
    begin_value(json, key);
    fputs(boolean ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
    json_string(json, key, NULL);
}
