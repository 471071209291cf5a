/*
 * gen/template.c, gen/escape.c: what tests/fixtures/mustache does not say: filters, escapes,
 * strict mode and its messages, limits, hostile templates and data.
 */
#include "template.h"

#include "check.h"

#include <locale.h>
#include <stdlib.h>

static struct arena arena;
static struct value *data, *number, *real;
static struct buffer out;

static const struct template_options strict = {0};
static const struct template_options lenient = {.lenient = true};

/* The output, or the error. The last result stays valid until the next call. */
static const char *render_bytes(const struct template_options *options, const char *text,
                                size_t length)
{
    const char *error = NULL;

    out.length = 0;
    if (!template_render(&arena, options, "t", text, length, data, &out, &error))
        return error;
    CHECK(error == NULL);
    return out.data;
}

static const char *render(const struct template_options *options, const char *text)
{
    return render_bytes(options, text, strlen(text));
}

/* The rendering of a text with {{s}} being these bytes. */
static const char *render_with(const struct template_options *options, const char *text,
                               const char *s, size_t length)
{
    struct value *saved = data;
    const char *result;

    data = value_map(&arena);
    value_set(&arena, data, "s", value_string(&arena, s, length));
    result = render(options, text);
    data = saved;
    return result;
}

static const char *filtered(const char *filter, const char *s)
{
    char text[64];

    snprintf(text, sizeof text, "{{s | %s}}", filter);
    return render_with(&strict, text, s, strlen(s));
}

#define RENDER(text, want)         CHECK_STR(render(&strict, (text)), (want))
#define LENIENT(text, want)        CHECK_STR(render(&lenient, (text)), (want))
#define FILTERED(filter, s, want)  CHECK_STR(filtered((filter), (s)), (want))
#define BOTH(text, want)           (RENDER(text, want), LENIENT(text, want))
#define BYTES(options, text, want) CHECK_STR(render_bytes(options, text, sizeof(text) - 1), (want))

static struct value *event(const char *name, int64_t code)
{
    struct value *map = value_map(&arena);

    value_set(&arena, map, "name", value_text(&arena, name));
    value_set(&arena, map, "number", value_int(&arena, code));
    return map;
}

static void make_data(void)
{
    struct value *cpu = value_map(&arena), *core = value_map(&arena);
    struct value *events = value_list(&arena), *pairs = value_list(&arena);

    number = value_int(&arena, 42);
    real = value_real(&arena, 0.1);
    value_append(&arena, events, event("INST_ALL", 140));
    value_append(&arena, events, event("CORE_ACTIVE_CYCLE", 2));
    value_append(&arena, pairs, value_int(&arena, 1));
    value_append(&arena, pairs, value_int(&arena, 2));
    value_set(&arena, core, "n", value_int(&arena, 4));
    value_set(&arena, cpu, "core", core);
    value_set(&arena, cpu, "db", value_text(&arena, "a14"));
    data = value_map(&arena);
    value_set(&arena, data, "blob", value_other(&arena));
    value_set(&arena, data, "cpu", cpu);
    value_set(&arena, data, "empty", value_list(&arena));
    value_set(&arena, data, "events", events);
    value_set(&arena, data, "n", number);
    value_set(&arena, data, "no", value_bool(&arena, false));
    value_set(&arena, data, "pairs", pairs);
    value_set(&arena, data, "real", real);
    value_set(&arena, data, "s", value_text(&arena, "a<b"));
    value_set(&arena, data, "yes", value_bool(&arena, true));
}

static void test_sections(void)
{
    RENDER("{{#events}}\n  {{name}} = {{number | hex}},\n{{/events}}\n",
           "  INST_ALL = 0x8c,\n  CORE_ACTIVE_CYCLE = 0x2,\n");
    RENDER("{{#cpu}}{{db}} {{core.n}} {{n}} {{#core}}{{n}} {{db}}{{/core}}{{/cpu}}",
           "a14 4 42 4 a14");
    RENDER("{{#pairs}}{{#pairs}}{{.}}{{/pairs}};{{/pairs}}", "12;12;");
    RENDER("[{{#no}}x{{/no}}{{^no}}y{{/no}}{{#empty}}x{{/empty}}{{^empty}}y{{/empty}}]", "[yy]");
    RENDER("[{{#blob}}x{{/blob}}{{^blob}}y{{/blob}}]", "[y]");
    RENDER("{{#n}}{{.}}{{/n}}{{#yes}}{{.}}{{/yes}}", "42true");
    RENDER("{{#events}}{{^no}}{{#yes}}{{name}} {{/yes}}{{/no}}{{/events}}",
           "INST_ALL CORE_ACTIVE_CYCLE ");
    LENIENT("[{{#nowhere}}x{{/nowhere}}{{^nowhere}}y{{/nowhere}}]", "[y]");
}

static void test_values(void)
{
    static const struct {
        double real;
        const char *text;
    } reals[] = {
        {0.1, "0.1"},
        {3, "3"},
        {-2.5, "-2.5"},
        {1e100, "1e+100"},
        {1.0 / 3, "0.3333333333333333"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "4.94065645841247e-324"},
        {1e15, "1e+15"},
        {123456789012345.0, "123456789012345"},
    };

    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        real->real = reals[i].real;
        RENDER("{{real}}", reals[i].text);
        CHECK(strtod(reals[i].text, NULL) == reals[i].real);
    }
    real->real = strtod("nan", NULL);
    RENDER("{{real}}", "nan");
    real->real = strtod("-inf", NULL);
    RENDER("{{real}}", "-inf");
    real->real = 0.1;
    RENDER("{{yes}} {{no}} {{n}} {{real}} {{s}}", "true false 42 0.1 a<b");
    CHECK_STR(render_with(&strict, "<{{s}}>", "", 0), "<>");
    render_with(&strict, "{{s}}", "a\0b", 3);
    CHECK_INT(out.length, 3);
    CHECK(memcmp(out.data, "a\0b", 3) == 0);
}

static void test_number_filters(void)
{
    RENDER("{{n | hex}} {{n|dec}} {{ n  |  hex  |  upper }}", "0x2a 42 0X2A");
    number->integer = 0;
    RENDER("{{n}} {{n | hex}}", "0 0x0");
    number->integer = INT64_MAX;
    RENDER("{{n}} {{n | hex}}", "9223372036854775807 0x7fffffffffffffff");
    number->integer = INT64_MIN;
    RENDER("{{n}} {{n | hex}}", "-9223372036854775808 -0x8000000000000000");
    number->integer = 42;
    BOTH("{{s | hex}}", "t:1: filter 'hex' got type string (expected integer)");
    BOTH("{{real | dec}}", "t:1: filter 'dec' got type real (expected integer)");
    BOTH("{{yes | dec}}", "t:1: filter 'dec' got type boolean (expected integer)");
    BOTH("{{n | dec | hex}}", "t:1: filter 'hex' got type string (expected integer)");
}

static void test_text_filters(void)
{
    char longer[1000];

    FILTERED("ident", "INST_ALL", "INST_ALL");
    FILTERED("ident", "L1D-miss.rate (%)", "L1D_miss_rate____");
    FILTERED("ident", "2nd", "_2nd");
    FILTERED("ident", "", "_");
    FILTERED("ident", "\xc3\xa9", "__");
    FILTERED("upper", "aZ-9\xc3\xa9", "AZ-9\xc3\xa9");
    FILTERED("lower", "aZ-9\xc3\x89", "az-9\xc3\x89");
    FILTERED("upper | ident", "l1d-miss", "L1D_MISS");
    FILTERED("ident | lower | upper", "a b", "A_B");
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = (char)(i + 1 == sizeof longer ? '\0' : 'a' + (int)(i % 25));
    filtered("upper", longer);
    for (size_t i = 0; longer[i] != '\0'; i++)
        longer[i] = (char)(longer[i] - 'a' + 'A');
    CHECK_STR(out.data, longer);
    BOTH("{{s | c | c | c | c | c | c | c | c}}", "a<b");
    BOTH("{{s | c | c | c | c | c | c | c | c | c}}", "t:1: too many filters (expected at most 8)");
}

static void test_c(void)
{
    FILTERED("c", "plain text_1.", "plain text_1.");
    FILTERED("c", "a\"b\\c", "a\\\"b\\\\c");
    FILTERED("c", "\n\r\t\1\x7f", "\\n\\r\\t\\001\\177");
    FILTERED("c", "\1771\xc3\xa9z", "\\1771\\303\\251z");
    FILTERED("c", "a?\?/b", "a?\\?/b");
    FILTERED("c", "a?\?\?=b", "a?\\?\\?=b");
    FILTERED("c", "a*/b", "a*\\057b");
    FILTERED("c", "a/*b", "a/\\052b");
    FILTERED("c", "a/*/b", "a/\\052\\057b");
    FILTERED("c", "https://a/b*c?d", "https://a/b*c?d");
    /* At either end the pair may be completed by what the template has there. */
    FILTERED("c", "a/", "a\\057");
    FILTERED("c", "a*", "a\\052");
    FILTERED("c", "a?", "a\\?");
    FILTERED("c", "a\\", "a\\134");
    CHECK_STR(render_with(&strict, "/*{{s | c}}*/", "/", 1), "/*\\057*/");
    CHECK_STR(render_with(&strict, "?{{s | c}}", "?/x", 3), "?\\?/x");
    CHECK_STR(render_with(&strict, "{{s | c}}{{s | c}}", "*", 1), "\\052\\052");
    CHECK_STR(render_with(&strict, "/{{s | c}}", "*x", 2), "/\\052x");
    CHECK_STR(render_with(&strict, "{{s | c}}", "\0x", 2), "\\000x");
}

static void test_json(void)
{
    FILTERED("json", "a\"b\\c/d", "a\\\"b\\\\c/d");
    FILTERED("json", "\n\t\x1f\x7f", "\\u000a\\u0009\\u001f\x7f");
    FILTERED("json", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
             "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    FILTERED("json", "a\xff z\x80", "a\\ufffd z\\ufffd");
    FILTERED("json", "\xc3", "\\ufffd");
    FILTERED("json", "\xc0\x80", "\\ufffd\\ufffd");
    FILTERED("json", "\xe0\xa0\x80 \xed\x9f\xbf", "\xe0\xa0\x80 \xed\x9f\xbf");
    FILTERED("json", "\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd");
    FILTERED("json", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd");
    FILTERED("json", "\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd");
    FILTERED("json", "\xf4\x8f\xbf\xbf\xed\x9f\xbf", "\xf4\x8f\xbf\xbf\xed\x9f\xbf");
    FILTERED("json", "\xe2\x82(", "\\ufffd\\ufffd(");
    FILTERED("json", "\xf8\x88\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd");
    CHECK_STR(render_with(&strict, "{{s | json}}", "\0", 1), "\\u0000");
}

static void test_html_and_csv(void)
{
    FILTERED("html", "<a href=\"x\">'&'</a>",
             "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    FILTERED("csv", "plain, not", "\"plain, not\"");
    FILTERED("csv", "say \"hi\"", "\"say \"\"hi\"\"\"");
    FILTERED("csv", "two\nlines", "\"two\nlines\"");
    FILTERED("csv", "dos\r", "\"dos\r\"");
    FILTERED("csv", "plain text; it's", "plain text; it's");
    FILTERED("csv", "", "");
    /* What a spreadsheet would run; a number it may read. */
    FILTERED("csv", "=1+1", "\"'=1+1\"");
    FILTERED("csv", "+1", "\"'+1\"");
    FILTERED("csv", "-1", "\"'-1\"");
    FILTERED("csv", "@SUM(\"a\",1)", "\"'@SUM(\"\"a\"\",1)\"");
    FILTERED("csv", "\t=1", "\"'\t=1\"");
    FILTERED("csv", "\r=1", "\"'\r=1\"");
    FILTERED("csv", "\n=1", "\"'\n=1\"");
    FILTERED("csv", "a=1", "a=1");
    FILTERED("upper | csv", "=a", "\"'=A\"");
    number->integer = -1;
    real->real = -2.5;
    RENDER("{{n | csv}} {{n | dec | csv}} {{n | hex | csv}} {{real | csv}}", "-1 -1 -0x1 -2.5");
    number->integer = 42;
    real->real = 0.1;
}

static void test_comment(void)
{
    char text[200], wanted[220];

    FILTERED("comment", "", "");
    FILTERED("comment", "short, and \"quoted\"", "short, and \\\"quoted\\\"");
    FILTERED("comment", "a */ b /* c", "a *\\057 b /\\052 c");
    FILTERED("comment", "two\nlines", "two\\nlines");
    /* Broken at the last blank of 81 bytes; a word that is longer stays whole. */
    memset(text, 'a', sizeof text);
    text[60] = text[80] = text[199] = ' ';
    snprintf(wanted, sizeof wanted, "%.80s\n * %.118s\n * ", text, text + 81);
    CHECK_STR(render_with(&strict, "{{s | comment}}", text, sizeof text), wanted);
    text[80] = 'a';
    snprintf(wanted, sizeof wanted, "%.60s\n * %.138s", text, text + 61);
    CHECK_STR(render_with(&strict, "{{s | comment}}", text, 199), wanted);
    /* Not a comment's end where a line is broken, or where a value meets another. */
    memset(text, 'a', 79);
    text[79] = '*';
    memcpy(text + 80, " /b", 3);
    snprintf(wanted, sizeof wanted, "%.79s\\052\n * /b", text);
    CHECK_STR(render_with(&strict, "{{s | comment}}", text, 83), wanted);
    CHECK_STR(render_with(&strict, "*{{s | comment}}", "/", 1), "*\\057");
}

static void test_markdown(void)
{
    FILTERED("markdown", "INST_ALL 3.5 (r-2), it's \"A14/M1\"",
             "INST_ALL 3.5 (r-2), it's \"A14/M1\"");
    FILTERED("markdown", "a|b`c*d", "a&#124;b&#96;c&#42;d");
    FILTERED("markdown", "<b>&amp;", "&#60;b&#62;&#38;amp;");
    FILTERED("markdown", "![a](b)~~", "&#33;&#91;a&#93;(b)&#126;&#126;");
    FILTERED("markdown", "# $x$ {y} ^ = \\", "&#35; &#36;x&#36; &#123;y&#125; &#94; &#61; &#92;");
    FILTERED("markdown", "_a__b_ c_d", "&#95;a&#95;&#95;b&#95; c_d");
    FILTERED("markdown", "- a-b +", "&#45; a-b &#43;");
    FILTERED("markdown", "1. 2) 3.5", "1&#46; 2&#41; 3.5");
    FILTERED("markdown", "7.", "7&#46;");
    FILTERED("markdown", "a\n\n    b\r:", "a&#10;&#10;&#32;   b&#13;:");
    FILTERED("markdown", "\tx", "&#9;x");
    FILTERED("markdown", "http://www.x.org a@b.c", "http:&#8288;//www&#8288;.x.org a&#8288;@b.c");
    FILTERED("markdown", "\xc3\xa9", "\xc3\xa9");
    /* Where a value meets another. */
    CHECK_STR(render_with(&strict, "http:{{s | markdown}}", "//x", 3), "http:&#8288;//x");
    CHECK_STR(render_with(&strict, "www{{s | markdown}}", ".x", 2), "www&#8288;.x");
    CHECK_STR(render_with(&strict, "a{{s | markdown}}b", "_", 1), "a&#95;b");
    CHECK_STR(render_with(&strict, "\n{{s | markdown}}", ": x", 3), "\n&#58; x");
}

static void test_default_escape(void)
{
    struct template_options options = {.escape = filter_named(span_of("html"))};
    static const char all[] =
        "{{s}} {{{s}}} {{&s}} {{s | upper}} {{s | c}} {{{s | c}}} {{&s | upper}}";

    CHECK_STR(render_with(&options, all, "<\"\xff", 3),
              "&lt;&quot;\xff <\"\xff <\"\xff &lt;&quot;\xff <\\\"\\377 <\\\"\\377 <\"\xff");
    CHECK_STR(render_with(&options, "{{s | html}} {{s | markdown}}", "<\"", 2),
              "&lt;&quot; &#60;\"");
    options.escape = filter_named(span_of("json"));
    CHECK_STR(render_with(&options, all, "<\"\xff", 3),
              "<\\\"\\ufffd <\"\xff <\"\xff <\\\"\\ufffd <\\\"\\377 <\\\"\\377 <\"\xff");
    options.escape = filter_named(span_of("c"));
    CHECK_STR(render_with(&options, all, "<\"\xff", 3),
              "<\\\"\\377 <\"\xff <\"\xff <\\\"\\377 <\\\"\\377 <\\\"\\377 <\"\xff");
    CHECK_STR(render_with(&options, "\"{{s}}\" /* {{s}}{{s}} */", "*/\"", 3),
              "\"*\\057\\\"\" /* *\\057\\\"*\\057\\\" */");
    CHECK_STR(render_with(&options, "// {{s}}\nint x;", "\\", 1), "// \\134\nint x;");
    CHECK_STR(render(&options, "{{n}} {{yes}} {{n | hex}}"), "42 true 0x2a");
    options.escape = NULL;
    CHECK_STR(render_with(&options, "{{s}}", "*/\"\n", 4), "*/\"\n");
}

static const char *escape_for(const char *file_name)
{
    const struct filter *escape = template_escape_for(file_name);

    return escape == NULL ? "none" : escape->name;
}

/* What -e names are the filters that some ending chooses, and no other. */
static void test_output_escapes(void)
{
#define ESCAPE_NAME(name) #name,
    static const char *const names[] = {OUTPUT_ESCAPES(ESCAPE_NAME)};
    size_t chosen = 0;

    for (const struct filter *filter = filters; filter->name != NULL; filter++)
        chosen += filter->endings != NULL;
    CHECK(chosen == sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct filter *filter = filter_named(span_of(names[i]));

        CHECK(filter != NULL && filter->escapes && filter->endings != NULL);
    }
}

static void test_escape_names(void)
{
    CHECK_STR(escape_for("kpdb_data.c"), "c");
    CHECK_STR(escape_for("a/b.x/kpdb.h"), "c");
    CHECK_STR(escape_for("events.inc.mustache"), "c");
    CHECK_STR(escape_for("events.json.mustache"), "json");
    CHECK_STR(escape_for("a.json"), "json");
    CHECK_STR(escape_for("a.html"), "html");
    CHECK_STR(escape_for("a.htm"), "html");
    CHECK_STR(escape_for("a.xml"), "html");
    CHECK_STR(escape_for("a.svg"), "html");
    CHECK_STR(escape_for("a.md"), "markdown");
    CHECK_STR(escape_for("a.markdown"), "markdown");
    CHECK_STR(escape_for("a.md.mustache"), "markdown");
    CHECK_STR(escape_for("a.cc"), "none");
    CHECK_STR(escape_for("a.c.txt"), "none");
    CHECK_STR(escape_for("dir.c/file"), "none");
    CHECK_STR(escape_for("c"), "none");
    CHECK_STR(escape_for(""), "none");
    CHECK_STR(escape_for(".mustache"), "none");
}

static void test_unknown_names(void)
{
    struct value *saved = data;

    RENDER("a\n{{nope}}", "t:2: unknown name 'nope' (expected blob, cpu, empty, events, n, no, "
                          "pairs, real, s or yes)");
    RENDER("{{#cpu}}\n\n{{nope}}{{/cpu}}",
           "t:3: unknown name 'nope' (expected core, db, blob, cpu, empty, events, n, no, pairs, "
           "real, s or yes)");
    RENDER("{{#cpu.cores}}x{{/cpu.cores}}",
           "t:1: unknown section 'cpu.cores' (expected cpu.core or cpu.db)");
    RENDER("{{^cpu.core.m.x}}x{{/cpu.core.m.x}}",
           "t:1: unknown section 'cpu.core.m.x' (expected cpu.core.n)");
    RENDER("{{cpu.db.x}}",
           "t:1: unknown name 'cpu.db.x': 'cpu.db' is of type string (expected dictionary)");
    RENDER("{{no.x}}", "t:1: unknown name 'no.x': 'no' is of type boolean (expected dictionary)");
    LENIENT("[{{nope}}{{cpu.db.x}}{{nope | hex}}{{nope | ident}}{{cpu..db}}{{.cpu}}{{cpu.}}]",
            "[]");
    data = NULL;
    RENDER("no data {{! }}", "no data ");
    RENDER("{{.}}", "t:1: unknown name '.' (expected none: there is no name here)");
    LENIENT("[{{.}}{{x}}]", "[]");
    data = value_map(&arena);
    RENDER("{{x}}", "t:1: unknown name 'x' (expected none: there is no name here)");
    value_set(&arena, data, "", value_text(&arena, "e"));
    RENDER("{{.x}}", "t:1: unknown name '.x': '' is of type string (expected dictionary)");
    value_set(&arena, data, "evil\n\x1b[1m\177 and ever so long, longer than a line",
              value_bool(&arena, true));
    RENDER("{{x}}", "t:1: unknown name 'x' (expected  or evil\\x0a\\x1b[1m\\x7f and ever so long, "
                    "longer than...)");
    data = value_map(&arena);
    for (char key[] = "a"; key[0] <= 'm'; key[0]++)
        value_set(&arena, data, arena_copy(&arena, key, 1), value_bool(&arena, true));
    RENDER("{{x}}", "t:1: unknown name 'x' (expected a, b, c, d, e, f, g, h, i, j, k, l, ...)");
    data = saved;
}

static void test_kinds(void)
{
    RENDER("{{pairs}}", "t:1: 'pairs' is of type array (expected string, number or boolean)");
    RENDER("{{cpu | hex}}",
           "t:1: 'cpu' is of type dictionary (expected string, number or boolean)");
    RENDER("{{{blob}}}",
           "t:1: 'blob' is of type data or date (expected string, number or boolean)");
    RENDER("\n{{.}}", "t:2: '.' is of type dictionary (expected string, number or boolean)");
    LENIENT("[{{pairs}}{{cpu | hex}}{{{blob}}}{{.}}]", "[]");
}

static void test_unknown_filters(void)
{
    RENDER("\n{{n | foo}}", "t:2: unknown filter 'foo' (expected hex, dec, ident, upper, lower, c, "
                            "comment, json, html, csv or markdown)");
    RENDER("{{n |}}",
           "t:1: unknown filter '' (expected hex, dec, ident, upper, lower, c, comment, json, "
           "html, csv or markdown)");
    RENDER("{{#no}}{{n | HEX}}{{/no}}", "t:1: unknown filter 'HEX' (expected hex, dec, ident, "
                                        "upper, lower, c, comment, json, html, csv or markdown)");
    LENIENT("[{{n | foo}}{{n | hex | foo}}{{cpu | foo}}]", "[]");
    BOTH("{{#cpu | upper}}x{{/cpu | upper}}",
         "t:1: filters on section 'cpu | upper' (expected a name alone)");
    BOTH("{{ | hex}}", "t:1: empty tag (expected a name)");
}

static void test_syntax(void)
{
    BOTH("{{}}", "t:1: empty tag (expected a name)");
    BOTH("\n\n{{# \n }}", "t:3: empty tag (expected a name)");
    BOTH("{{{}}}", "t:1: empty tag (expected a name)");
    BOTH("{{/}}", "t:1: empty tag (expected a name)");
    BOTH("{{>}}", "t:1: empty tag (expected a name)");
    BOTH("a\nb {{n\nc", "t:2: unclosed tag '{{n' (expected '}}')");
    BOTH("{{n", "t:1: unclosed tag '{{n' (expected '}}')");
    BOTH("{{", "t:1: unclosed tag '{{' (expected '}}')");
    BOTH("{{{", "t:1: unclosed tag '{{{' (expected '}}}')");
    BOTH("{{! no end }", "t:1: unclosed tag '{{! no end }' (expected '}}')");
    BOTH("{{n }{{s}}", "t:1: unclosed tag '{{n }{{s}}' (expected '}}')");
    BOTH("{{#n\n{{/n}}", "t:1: unclosed tag '{{#n' (expected '}}')");
    BOTH("{{{n}} {{{s}}}", "t:1: unclosed tag '{{{n}} {{{s}}}' (expected '}}}')");
    BOTH("{{=<% %>=}}\n<%n", "t:2: unclosed tag '<%n' (expected '%>')");
    BOTH("{{=<% %>=}}<%{n%>", "t:1: unclosed tag '<%{n%>' (expected '}%>')");
    BOTH("{{=<% %>}}", "t:1: unclosed tag '{{=<% %>}}' (expected '=}}')");
    BOTH("{{=}}", "t:1: unclosed tag '{{=}}' (expected '=}}')");
    BOTH("{{0123456789012345678901234567890123456789012345",
         "t:1: unclosed tag '{{01234567890123456789012345678901234567...' (expected '}}')");
}

static void test_delimiters(void)
{
    BOTH("\n{{==}}", "t:2: bad set-delimiter tag '==' (expected two delimiters of at most 32 "
                     "bytes, as in '=<% %>=')");
    BOTH("{{=<%=}}", "t:1: bad set-delimiter tag '=<%=' (expected two delimiters of at most 32 "
                     "bytes, as in '=<% %>=')");
    BOTH("{{=a b c=}}", "t:1: bad set-delimiter tag '=a b c=' (expected two delimiters of at most "
                        "32 bytes, as in '=<% %>=')");
    BOTH("{{=<% %>}}\n{{=[ ]=}}", "t:1: bad set-delimiter tag '=<% %>}}\\x0a{{=[ ]=' (expected two "
                                  "delimiters of at most 32 bytes, as in '=<% %>=')");
    BOTH("{{=12345678901234567890123456789012 >=}}12345678901234567890123456789012n>", "42");
    BOTH("{{=123456789012345678901234567890123 >=}}",
         "t:1: bad set-delimiter tag '=123456789012345678901234567890123 >=' (expected two "
         "delimiters of at most 32 bytes, as in '=<% %>=')");
    BOTH("{{=| |=}}|n| |s| {{n}}", "42 a<b {{n}}");
    BOTH("{{=<% %>=}}<% n | hex | upper %>", "0X2A");
    BOTH("{{== ==}}=n= n", "42 n");
    BOTH("{{={ }=}}{n}{{n}}", "4242");
}

static void test_balance(void)
{
    BOTH("{{#cpu}}\n{{#events}}\n{{/cpu}}",
         "t:3: found '/cpu' in section 'events' of line 2 (expected '/events')");
    BOTH("{{^no}}{{/n}}", "t:1: found '/n' in section 'no' of line 1 (expected '/no')");
    BOTH("x\n{{/cpu}}", "t:2: found '/cpu' outside of any section");
    BOTH("{{#cpu}}{{/cpu}}\n{{/cpu}}", "t:2: found '/cpu' outside of any section");
    BOTH("\n{{#cpu}}\n\nx\n",
         "t:2: section 'cpu' is not closed: found the end of 't' at line 5 (expected '/cpu')");
    BOTH("{{#yes}}{{#no}}{{/no}}",
         "t:1: section 'yes' is not closed: found the end of 't' at line 1 (expected '/yes')");
}

/* Partials */

static const char *partial_of(void *user, const char *name, size_t *length, const char **why)
{
    static const char *const partials[][2] = {
        {"event", "{{name}}={{number | hex}};\n"},
        {"events", "{{#events}}\n  {{> event }}\n{{/events}}\n"},
        {"bad", "fine\n\n{{nope}}"},
        {"open", "\n{{#cpu}}"},
        {"loop", "x\n{{>loop}}"},
        {"deep", "{{#n}}{{>deep}}{{/n}}"},
        {"wider", "\n  {{>wider}}"},
        {"other", "{{>event}}"},
        {"twice", "{{>twice1}}{{>twice1}}"},
        {"blank", ""},
        {"delimited", "{{=[ ]=}}[n]{{n}}"},
        {"ctx", "{{#pairs}}{{.}}{{>dot}}{{/pairs}}"},
        {"dot", "({{.}})"},
    };
    unsigned *asked = user;

    if (asked != NULL)
        ++*asked;
    if (strcmp(name, "locked") == 0)
        *why = "no\nkey";
    for (size_t i = 0; i < sizeof partials / sizeof partials[0]; i++) {
        if (strcmp(name, partials[i][0]) == 0) {
            *length = strlen(partials[i][1]);
            return partials[i][1];
        }
    }
    return NULL;
}

static void test_partials(void)
{
    unsigned asked = 0;
    struct template_options options = {.partial = partial_of, .user = &asked};

    CHECK_STR(render(&options, "{\n\t{{>events}}\n}\n"),
              "{\n\t  INST_ALL=0x8c;\n\t  CORE_ACTIVE_CYCLE=0x2;\n}\n");
    CHECK_INT(asked, 2);
    CHECK_STR(render(&options, "{{>blank}}\n  {{>blank}}\n[{{>ctx}}]"), "[1(1)2(2)]");
    CHECK_STR(render(&options, "{{>delimited}} {{n}} [n]"), "42{{n}} 42 [n]");
    asked = 0;
    CHECK_STR(render(&options, "{{>dot}}{{#pairs}}{{>dot}} {{>dot}}\n {{>dot}}\n{{/pairs}}"),
              "dot:1: '.' is of type dictionary (expected string, number or boolean)");
    CHECK_INT(asked, 1);
    CHECK_STR(render(&options, "{{#n}}{{>bad}}{{/n}}"),
              "bad:3: unknown name 'nope' (expected blob, cpu, empty, events, n, no, pairs, real, "
              "s or yes)");
    CHECK_STR(render(&options, "{{#n}}{{>open}}{{/n}}"),
              "open:2: section 'cpu' is not closed: found the end of 'open' at line 2 (expected "
              "'/cpu')");
    CHECK_STR(render(&options, "\n{{>nope}}"),
              "t:2: unknown partial 'nope' (expected the name of a partial)");
    CHECK_STR(render(&options, "{{#no}}{{>nope}}{{/no}}"),
              "t:1: unknown partial 'nope' (expected the name of a partial)");
    CHECK_STR(render_bytes(&options, "{{>dot\0x}}", 10),
              "t:1: unknown partial 'dot\\x00x' (expected the name of a partial)");
    RENDER("{{>dot}}", "t:1: unknown partial 'dot' (expected none: there are no partials)");
    LENIENT("[{{>dot}}]\n  {{>dot}}\n.", "[]\n.");
    CHECK_STR(render(&options, "\n{{>locked}}"), "t:2: partial 'locked': no\\x0akey");
    options.lenient = true;
    CHECK_STR(render(&options, "\n{{>locked}}"), "t:2: partial 'locked': no\\x0akey");
    CHECK_STR(render(&options, "[{{>nope}}{{#n}}{{>dot}}{{/n}}]"), "[(42)]");
}

/* Limits */

static char *repeat(const char *text, size_t count)
{
    size_t length = strlen(text);
    char *result = arena_alloc(&arena, length * count + 1, 1);

    for (size_t i = 0; i < count; i++)
        memcpy(result + i * length, text, length);
    return result;
}

static void test_depth(void)
{
    struct template_options options = {.partial = partial_of, .depth_max = 3};

    CHECK_STR(render(&options, "{{#n}}{{^no}}{{#n}}x{{/n}}{{/no}}{{/n}}"), "x");
    CHECK_STR(render(&options, "{{#n}}{{^no}}{{#n}}\n{{#n}}{{/n}}{{/n}}{{/no}}{{/n}}"),
              "t:2: nested too deep (expected at most 3 sections and partials)");
    CHECK_STR(render(&options, "{{#n}}{{#n}}{{>dot}}{{/n}}{{/n}}"), "(42)");
    CHECK_STR(render(&options, "{{#events}}{{#n}}{{>other}}{{/n}}{{/events}}"),
              "other:1: nested too deep (expected at most 3 sections and partials)");
    CHECK_STR(render(&options, "{{>loop}}"),
              "loop:2: nested too deep (expected at most 3 sections and partials)");
    CHECK_STR(render(&options, "{{#n}}{{>deep}}{{/n}}"),
              "deep:1: nested too deep (expected at most 3 sections and partials)");
    CHECK_STR(render(&options, "{{>deep}}"),
              "deep:1: nested too deep (expected at most 3 sections and partials)");
    options.depth_max = 0;
    CHECK_STR(render(&options, "{{>loop}}"),
              "loop:2: nested too deep (expected at most 64 sections and partials)");
    CHECK_STR(render(&options, " {{>wider}}"),
              "wider:2: nested too deep (expected at most 64 sections and partials)");
    /* A limit too high to be one still cannot exhaust the C stack. */
    options.depth_max = 100000;
    CHECK_STR(render(&options, "{{>loop}}"),
              "loop:2: nested too deep (expected at most 100000 sections and partials)");
}

static void test_output(void)
{
    struct template_options options = {.output_max = 4};
    const char *error;

    CHECK_STR(render(&options, "{{n}}ab"), "42ab");
    CHECK_STR(render(&options, "abcde"), "t:1: too much output (expected at most 4 bytes)");
    CHECK_STR(render(&options, "abc\n\n{{n}}"), "t:1: too much output (expected at most 4 bytes)");
    CHECK_STR(render(&options, "abc{{!\n}}{{n}}"),
              "t:2: too much output (expected at most 4 bytes)");
    CHECK_STR(render(&options, "{{s | html}}"), "t:1: too much output (expected at most 4 bytes)");
    CHECK_STR(render(&options, "{{s | c | html | c}}"),
              "t:1: too much output (expected at most 4 bytes)");
    /* The limit is for what is added, not for what was there. */
    out.length = 0;
    buffer_puts(&out, "before");
    CHECK(template_render(&arena, &options, "t", "abcd", 4, data, &out, &error));
    CHECK_STR(out.data, "beforeabcd");
    CHECK(!template_render(&arena, &options, "t", "abcde", 5, data, &out, &error));
    options.output_max = 0;
    CHECK_STR(render_with(&options, "{{s | csv | csv | csv | csv | csv | csv | csv | csv}}",
                          repeat("\"", 1 << 20), 1 << 20),
              "t:1: too much output (expected at most 67108864 bytes)");
    CHECK(out.capacity <= 2 * (size_t)TEMPLATE_OUTPUT_MAX + 1024);
}

static size_t made;

/* The item at an index: a map with its number, and the same list again. */
static const struct value *make_item(struct arena *to, const void *user, size_t index)
{
    struct value *map = value_map(to);

    made++;
    value_set(to, map, "i", value_int(to, (int64_t)index));
    value_set(to, map, "again", value_lazy_list(to, make_item, user, 2));
    return map;
}

static void test_lazy_lists(void)
{
    struct template_options options = {.steps_max = 70};
    struct value *saved = data;

    data = value_map(&arena);
    value_set(&arena, data, "lazy", value_lazy_list(&arena, make_item, NULL, 3));
    value_set(&arena, data, "none", value_lazy_list(&arena, make_item, NULL, 0));
    RENDER("{{#lazy}}{{i}} {{/lazy}}", "0 1 2 ");
    CHECK_INT(made, 3);
    RENDER("{{#lazy}}{{#again}}{{i}}{{#again}}-{{i}}{{/again}} {{/again}}{{i}};{{/lazy}}",
           "0-0-1 1-0-1 0;0-0-1 1-0-1 1;0-0-1 1-0-1 2;");
    RENDER("[{{#none}}x{{/none}}{{^none}}y{{/none}}{{^lazy}}x{{/lazy}}]", "[y]");
    CHECK_STR(render(&options, "{{#lazy}}{{i}}{{/lazy}}"),
              "t:1: too much repetition (expected at most 70 steps)");
    options.steps_max = 3 * 64 + 8;
    CHECK_STR(render(&options, "{{#lazy}}{{i}}{{/lazy}}"), "012");
    RENDER("{{lazy}}", "t:1: 'lazy' is of type array (expected string, number or boolean)");
    RENDER("{{#lazy}}{{#again}}{{nope}}{{/again}}{{/lazy}}",
           "t:1: unknown name 'nope' (expected again, i, again, i, lazy or none)");
    data = saved;
}

/* What was flushed, and how often it may be. */
static struct buffer whole;
static unsigned flushes_left;

static bool take(void *from)
{
    struct buffer *text = from;

    if (flushes_left-- == 0)
        return false;
    buffer_add(&whole, text->data, text->length);
    text->length = 0;
    return true;
}

static void test_flush(void)
{
    struct template_options options = {
        .flush = take, .flush_to = &out, .escape = filter_named(span_of("c"))};
    struct value *saved = data;
    struct buffer text = {0};
    const char *error = "";

    data = value_map(&arena);
    value_set(&arena, data, "q", value_text(&arena, "?>"));
    /* The escape of C knows the byte before, though it is gone. */
    buffer_puts(&text, repeat("a", SINK_CHUNK - 1));
    buffer_puts(&text, "?{{q}}");
    out.length = 0;
    flushes_left = 1;
    CHECK(template_render(&arena, &options, "t", text.data, text.length, data, &out, &error));
    CHECK_STR(out.data, "\\?>");
    CHECK_INT(whole.length, SINK_CHUNK);
    /* The limit is of all that was put out. */
    out.length = 0;
    flushes_left = 1;
    options.output_max = SINK_CHUNK + 2;
    CHECK(!template_render(&arena, &options, "t", text.data, text.length, data, &out, &error));
    CHECK_STR(error, "t:1: too much output (expected at most 1048578 bytes)");
    /* Who cannot take it has said why. */
    out.length = 0;
    flushes_left = 0;
    CHECK(!template_render(&arena, &options, "t", text.data, text.length, data, &out, &error));
    CHECK(error == NULL);
    data = saved;
    buffer_free(&text);
    buffer_free(&whole);
}

static void test_repetition(void)
{
    struct value *saved = data, *list = value_list(&arena);
    struct template_options options = {.partial = partial_of};

    for (int i = 0; i < 1000; i++)
        value_append(&arena, list, value_bool(&arena, true));
    data = value_map(&arena);
    value_set(&arena, data, "l", list);
    RENDER("{{#l}}{{#l}}\n{{#l}}{{/l}}{{/l}}{{/l}}",
           "t:2: too much repetition (expected at most 16777216 steps)");
    data = saved;
    options.steps_max = 4;
    CHECK_STR(render(&options, "{{n}}{{n}}{{n}}"), "424242");
    CHECK_STR(render(&options, "{{n}}{{n}}{{n}}{{n}}"),
              "t:1: too much repetition (expected at most 4 steps)");
    options.steps_max = 0;
    CHECK_STR(render(&options, "{{>twice}}"),
              "twice:1: unknown partial 'twice1' (expected the name of a partial)");
}

static void test_big_templates(void)
{
    struct template_options options = {.partial = partial_of, .lenient = true};
    struct buffer text = {0};

    CHECK_STR(render(&strict, repeat("{{", 1 << 19)),
              "t:1: unclosed tag '{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{...' (expected '}}}')");
    CHECK_STR(render(&lenient, repeat("{{#a}}", 1 << 17)),
              "t:1: nested too deep (expected at most 64 sections and partials)");
    CHECK_STR(render(&lenient, repeat("{{/a}}", 1 << 17)),
              "t:1: found '/a' outside of any section");
    CHECK_STR(render(&lenient, repeat("{{a}}", 1 << 18)), "");
    CHECK_STR(render(&lenient, repeat("{{>a}}\n", 1 << 16)), "");
    CHECK_STR(render(&lenient, repeat("{{! {{ }}\n", 1 << 16)), "");
    CHECK_STR(render(&lenient, repeat("{{=a b=}}a={{ }}=b", 1 << 16)), "");
    CHECK_STR(render(&lenient, repeat("a", (16 << 20) + 1)),
              "t:1: too much template text (expected at most 16777216 bytes)");
    CHECK_INT(strlen(render(&lenient, repeat("a", 16 << 20))), 16 << 20);
    for (int i = 0; i < 257; i++) {
        for (int bit = 0; bit < 9; bit++)
            buffer_puts(&text, i >> bit & 1 ? " " : "\t");
        buffer_puts(&text, "{{>dot}}\n");
    }
    CHECK_STR(render(&options, text.data),
              "t:257: too many partials (expected at most 256, each indentation counts)");
    buffer_free(&text);
}

static const char *lines_partial(void *user, const char *name, size_t *length, const char **why)
{
    (void)name;
    (void)why;
    *length = strlen(user);
    return user;
}

static void test_big_indentation(void)
{
    char *lines = repeat("\n", 1 << 12), *spaces = repeat(" ", 1 << 12);
    struct template_options options = {.partial = lines_partial, .user = lines};
    struct buffer text = {0};

    /* 2^12 lines, each with 2^12 bytes before it: their newlines are too much. */
    buffer_printf(&text, "{{!\n}}\n%s{{>p}}", spaces);
    CHECK_STR(render(&options, text.data),
              "t:3: too much template text (expected at most 16777216 bytes)");
    buffer_free(&text);
    buffer_printf(&text, "%s{{>p}}", spaces + 64);
    CHECK_INT(strlen(render(&options, text.data)), ((1 << 12) - 63) << 12);
    buffer_free(&text);
}

static void test_hostile_bytes(void)
{
    CHECK_INT(strlen(render_bytes(&lenient, "a\0b", 3)), 1);
    CHECK_INT(out.length, 3);
    BYTES(&strict, "{{\0}}",
          "t:1: unknown name '\\x00' (expected blob, cpu, empty, events, n, no, "
          "pairs, real, s or yes)");
    BYTES(&lenient, "[{{\0}}{{#\0}}x{{/\0}}]", "[]");
    BYTES(&lenient, "{{n\0}}{{n}}", "42");
    BYTES(&strict, "{{n | hex\0}}",
          "t:1: unknown filter 'hex\\x00' (expected hex, dec, ident, "
          "upper, lower, c, comment, json, html, csv or markdown)");
    BYTES(&strict, "{{=\0 \1=}}\0n\1", "42");
    BYTES(&strict, "{{#n}}{{/\x1b[1m\n}}",
          "t:1: found '/\\x1b[1m' in section 'n' of line 1 (expected '/n')");
    CHECK_STR(render_bytes(&strict, NULL, 0), "");
    CHECK_STR(render_bytes(&strict, "{{n", 0), "");
    CHECK_STR(render_bytes(&strict, "{{n}}", 4), "t:1: unclosed tag '{{n}' (expected '}}')");
    CHECK_STR(render(&lenient, repeat(".", 1 << 16)), repeat(".", 1 << 16));
    CHECK_STR(render(&lenient, repeat("{{a.b..c}}", 1 << 10)), "");
}

/* Texts made of tag pieces, put together at random: no crash, and always an output or an error. */
static void test_random(void)
{
    static const char *const pieces[] = {
        "{{",
        "}}",
        "{{{",
        "}}}",
        "#",
        "/",
        "^",
        ">",
        "!",
        "&",
        "=",
        "|",
        " ",
        "\n",
        "\t",
        "n",
        "cpu",
        ".",
        "db",
        "s",
        "{{#pairs}}",
        "{{/pairs}}",
        "{{n}}",
        "\r\n",
        "hex",
        "c",
        "{{=<% %>=}}",
        "<%",
        "%>",
        "{{>dot}}",
        "  {{>event}}\n",
        "text",
        "'",
    };
    static const char *const escapes[] = {"none", "html", "c", "json", "markdown"};
    struct template_options options = {.partial = partial_of};
    uint32_t random = 1;
    unsigned errors = 0;

    for (int round = 0; round < 20000; round++) {
        struct buffer text = {0};
        const char *error = NULL;

        for (int i = 0; i < 14; i++) {
            random = random * 1664525 + 1013904223;
            buffer_puts(&text, pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
        options.lenient = round % 2 != 0;
        options.escape = filter_named(span_of(escapes[round / 2 % 5]));
        out.length = 0;
        if (!template_render(&arena, &options, "t", text.data, text.length, data, &out, &error)) {
            errors++;
            if (error == NULL || strchr(error, '\n') != NULL)
                CHECK_STR(error, "an error of one line");
        }
        buffer_free(&text);
    }
    CHECK(errors > 1000 && errors < 20000);
}

static void test_locale(void)
{
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                          "tr_TR.UTF-8"};

    for (size_t i = 0; i < sizeof locales / sizeof locales[0]; i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        RENDER("{{real}}", "0.1");
        FILTERED("upper", "i\xe9", "I\xe9");
    }
    setlocale(LC_ALL, "C");
}

int main(void)
{
    make_data();
    test_sections();
    test_values();
    test_number_filters();
    test_text_filters();
    test_c();
    test_json();
    test_html_and_csv();
    test_comment();
    test_markdown();
    test_default_escape();
    test_output_escapes();
    test_escape_names();
    test_unknown_names();
    test_kinds();
    test_unknown_filters();
    test_syntax();
    test_delimiters();
    test_balance();
    test_partials();
    test_depth();
    test_output();
    test_lazy_lists();
    test_flush();
    test_repetition();
    test_big_templates();
    test_big_indentation();
    test_hostile_bytes();
    test_random();
    test_locale();
    buffer_free(&out);
    arena_free(&arena);
    return check_done();
}
