/*
 * Reads the expression of a metric by recursive descent: a sum of products of operands, each step
 * written as soon as its operands are. All limits are checked while reading, so a hostile text
 * costs no more than the longest that is allowed.
 */
#include "expression.h"

#include "common/text.h"

#include <string.h>

struct parser {
    struct arena *arena;
    const struct words *words;
    struct expression *out;
    const char *text;
    size_t at;
    size_t depth;      /* values on the stack */
    size_t nesting;    /* parentheses that are open */
    const char *wrong; /* the first mistake; NULL: none yet */
    size_t wrong_at;
};

static void fail(struct parser *parser, size_t at, const char *wrong)
{
    if (parser->wrong != NULL)
        return;
    parser->wrong = wrong;
    parser->wrong_at = at;
}

static char next_char(struct parser *parser)
{
    while (parser->text[parser->at] == ' ')
        parser->at++;
    return parser->text[parser->at];
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void add_step(struct parser *parser, struct step step)
{
    struct expression *out = parser->out;

    if (parser->wrong != NULL)
        return;
    if (out->step_count == EXPRESSION_STEPS_MAX) {
        fail(parser, parser->at, "too long (expected at most 64 numbers, names and operators)");
        return;
    }
    out->steps[out->step_count++] = step;
    parser->depth += step.operation < STEP_ADD;
    parser->depth -= step.operation >= STEP_ADD;
    if (parser->depth > out->depth)
        out->depth = parser->depth;
}

static void add_name(struct parser *parser, size_t start, size_t name)
{
    struct expression *out = parser->out;
    size_t i = 0;

    while (i < out->name_count && out->names[i] != name)
        i++;
    if (i == EXPRESSION_NAMES_MAX) {
        fail(parser, start, "too many names (expected at most 16 different ones)");
        return;
    }
    out->names[i] = name;
    out->name_count += i == out->name_count;
    add_step(parser, (struct step){STEP_NAME, i, NULL});
}

/* ---- operands -------------------------------------------------------------------------------- */

static void parse_sum(struct parser *parser);

/* The closing ')' or ',' that has to be next. */
static void expect(struct parser *parser, char c, const char *wrong)
{
    if (next_char(parser) != c)
        fail(parser, parser->at, wrong);
    else
        parser->at++;
}

/* What is behind a '(', which is next, up to and with the ')'. */
static void parse_parentheses(struct parser *parser, bool two, enum operation operation)
{
    if (parser->nesting == EXPRESSION_NESTING_MAX) {
        fail(parser, parser->at, "nested too deeply (expected at most 16 parentheses)");
        return;
    }
    parser->nesting++;
    parser->at++;
    parse_sum(parser);
    if (two) {
        expect(parser, ',', "expected ',' and a second operand");
        if (parser->wrong == NULL)
            parse_sum(parser);
        add_step(parser, (struct step){operation, 0, NULL});
    }
    expect(parser, ')', "expected an operator or ')'");
    parser->nesting--;
}

static size_t digits_at(const char *text)
{
    size_t count = 0;

    while (is_digit(text[count]))
        count++;
    return count;
}

static void parse_number(struct parser *parser)
{
    const char *text = parser->text + parser->at;
    size_t whole = digits_at(text), length = whole, digits = whole;

    if (text[0] == '0' && whole > 1) {
        fail(parser, parser->at, "expected a number without a leading 0");
        return;
    }
    if (text[whole] == '.') {
        digits += digits_at(text + whole + 1);
        length = digits + 1;
        if (digits == whole) {
            fail(parser, parser->at + length, "expected digits behind the point");
            return;
        }
    }
    if (digits > EXPRESSION_NUMBER_MAX) {
        fail(parser, parser->at, "expected a number of at most 9 digits");
        return;
    }
    parser->at += length;
    add_step(parser, (struct step){STEP_NUMBER, 0, arena_copy(parser->arena, text, length)});
}

static void parse_word(struct parser *parser)
{
    const char *text = parser->text + parser->at;
    size_t start = parser->at, length = 0, index;
    const char *word;
    enum operation kind;

    while (is_lower(text[length]) || is_digit(text[length]) || text[length] == '-')
        length++;
    word = arena_copy(parser->arena, text, length);
    parser->at += length;
    if (next_char(parser) == '(') {
        if (strcmp(word, "max") == 0)
            parse_parentheses(parser, true, STEP_MAX);
        else if (strcmp(word, "min") == 0)
            parse_parentheses(parser, true, STEP_MIN);
        else
            fail(parser, start,
                 arena_printf(parser->arena, "no function %s (expected max or min)", word));
    } else if (!parser->words->find(parser->words->user, word, &kind, &index)) {
        fail(parser, start,
             arena_printf(parser->arena,
                          "no name %s (expected one of names or "
                          "constants)",
                          word));
    } else if (kind == STEP_NAME) {
        add_name(parser, start, index);
    } else {
        parser->out->constant_steps++;
        add_step(parser, (struct step){STEP_CONSTANT, index, NULL});
    }
}

static void parse_operand(struct parser *parser)
{
    char c = next_char(parser);

    if (c == '(')
        parse_parentheses(parser, false, STEP_ADD);
    else if (is_digit(c))
        parse_number(parser);
    else if (is_lower(c))
        parse_word(parser);
    else
        fail(parser, parser->at, "expected a number, a name, max, min or '('");
}

/* ---- operators ------------------------------------------------------------------------------- */

/* Whether the last step is a number, and that is 0. */
static bool is_zero(const struct expression *expression)
{
    const struct step *step = &expression->steps[expression->step_count - 1];

    return step->operation == STEP_NUMBER && strspn(step->text, "0.") == strlen(step->text);
}

static void parse_product(struct parser *parser)
{
    parse_operand(parser);
    while (parser->wrong == NULL) {
        char c = next_char(parser);
        size_t start = parser->at;

        if (c != '*' && c != '/')
            return;
        parser->at++;
        parse_operand(parser);
        if (parser->wrong == NULL && c == '/' && is_zero(parser->out))
            fail(parser, start, "a division by 0");
        add_step(parser, (struct step){c == '*' ? STEP_MULTIPLY : STEP_DIVIDE, 0, NULL});
    }
}

static void parse_sum(struct parser *parser)
{
    parse_product(parser);
    while (parser->wrong == NULL) {
        char c = next_char(parser);

        if (c != '+' && c != '-')
            return;
        if (c == '-' &&
            (parser->text[parser->at - 1] != ' ' || parser->text[parser->at + 1] != ' '))
            fail(parser, parser->at, "expected a blank on both sides of a minus");
        parser->at++;
        if (parser->wrong == NULL)
            parse_product(parser);
        add_step(parser, (struct step){c == '+' ? STEP_ADD : STEP_SUBTRACT, 0, NULL});
    }
}

const char *expression_parse(struct arena *arena, const char *text, const struct words *words,
                             struct expression *out, size_t *at)
{
    struct step steps[EXPRESSION_STEPS_MAX];
    size_t names[EXPRESSION_NAMES_MAX];
    struct expression found = {.text = text, .steps = steps, .names = names};
    struct parser parser = {.arena = arena, .words = words, .out = &found, .text = text};

    *at = EXPRESSION_LENGTH_MAX;
    if (strlen(text) > EXPRESSION_LENGTH_MAX)
        return "too long (expected at most 500 bytes)";
    parse_sum(&parser);
    if (parser.wrong == NULL && next_char(&parser) != '\0')
        fail(&parser, parser.at, "expected an operator");
    if (parser.wrong == NULL && found.name_count == 0)
        fail(&parser, 0, "expected at least one chip-agnostic name");
    *at = parser.wrong_at;
    if (parser.wrong != NULL)
        return parser.wrong;
    *out = found;
    out->steps = arena_alloc(arena, found.step_count, sizeof *steps);
    out->names = arena_alloc(arena, found.name_count, sizeof *names);
    memcpy(out->steps, steps, found.step_count * sizeof *steps);
    memcpy(out->names, names, found.name_count * sizeof *names);
    return NULL;
}
