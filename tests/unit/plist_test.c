/*
 * The one reading of property lists (gen/scan.h): what each construct of XML means, what is
 * refused and with which words; and that a libplist that reads otherwise, or breaks down, is told.
 * Expected values are what XML 1.0 says, written by hand.
 */
#define _GNU_SOURCE
#include "plist.h"
#include "scan.h"

#include "check.h"

#include <dlfcn.h>
#include <plist/plist.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a libplist that can be made to lie ------------------------------------------------------ */

/* What is put in place of what in the document it is shown; none: it is asked as it is. */
static const char *lie_from, *lie_to;
static volatile int crash_depth;

static int use_up_stack(int depth)
{
    volatile char room[4096];

    room[0] = (char)depth;
    return depth == crash_depth ? 0 : use_up_stack(depth + 1) + room[0];
}

/* In place of the library's: the program's own symbols come first. */
void plist_from_xml(const char *text, uint32_t length, plist_t *plist)
{
    void (*real)(const char *, uint32_t, plist_t *) = NULL;
    const char *at = lie_from == NULL ? NULL : strstr(text, lie_from);
    struct buffer other = {0};

    *(void **)&real = dlsym(RTLD_NEXT, "plist_from_xml");
    if (crash_depth != 0)
        exit(use_up_stack(0));
    if (at == NULL) {
        real(text, length, plist);
        return;
    }
    buffer_add(&other, text, (size_t)(at - text));
    buffer_puts(&other, lie_to);
    buffer_puts(&other, at + strlen(lie_from));
    real(other.data, (uint32_t)other.length, plist);
    buffer_free(&other);
}

/* ---- showing values -------------------------------------------------------------------------- */

static void show_text(struct buffer *to, const char *text, size_t length)
{
    buffer_puts(to, "'");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20)
            buffer_printf(to, "\\%02x", (unsigned char)text[i]);
        else
            buffer_add(to, text + i, 1);
    buffer_puts(to, "'");
}

static void show(struct buffer *to, const struct value *value)
{
    switch (value->type) {
    case VALUE_BOOL:
        buffer_puts(to, value->boolean ? "true" : "false");
        break;
    case VALUE_INT:
        buffer_printf(to, "%lld", (long long)value->integer);
        break;
    case VALUE_REAL:
        buffer_printf(to, "%.17gr", value->real);
        break;
    case VALUE_STRING:
        show_text(to, value->string, value->length);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        buffer_puts(to, value->type == VALUE_LIST ? "[" : "{");
        for (size_t i = 0; i < value->length; i++) {
            buffer_puts(to, i == 0 ? "" : " ");
            if (value->type == VALUE_MAP) {
                show_text(to, value->keys[i], strlen(value->keys[i]));
                buffer_puts(to, "=");
            }
            show(to, value->items[i]);
        }
        buffer_puts(to, value->type == VALUE_LIST ? "]" : "}");
        break;
    case VALUE_OTHER:
        buffer_puts(to, "other");
        break;
    }
}

/* What the reports of a call said, and its result shown, or its exit status: "SHOWN|REPORTS". */
static struct buffer parse(const char *text, size_t length)
{
    struct buffer said = {0};
    char part[4096];
    size_t size;
    int ends[2], status = 0;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        exit(1);
    if (child == 0) {
        struct arena arena = {0};
        const struct value *value;
        struct buffer shown = {0};

        dup2(ends[1], STDERR_FILENO);
        value = plist_parse(&arena, "f", text, length);
        buffer_puts(&shown, "");
        if (value != NULL)
            show(&shown, value);
        if (write(ends[1], shown.data, shown.length) < 0)
            _exit(9);
        _exit(value == NULL);
    }
    close(ends[1]);
    buffer_puts(&said, "");
    while ((size = (size_t)read(ends[0], part, sizeof part)) - 1 < sizeof part)
        buffer_add(&said, part, size);
    close(ends[0]);
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        buffer_printf(&said, "signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) > 1)
        buffer_printf(&said, "exit %d", WEXITSTATUS(status));
    return said;
}

static void expect(const char *text, size_t length, const char *want)
{
    struct buffer said = parse(text, length);

    if (!CHECK_STR(said.data, want))
        fprintf(stderr, "   of %.200s\n", text);
    buffer_free(&said);
}

/* ---- XML ------------------------------------------------------------------------------------- */

#define PLIST(body) "<plist version=\"1.0\">" body "</plist>"
#define TYPE        "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
#define SYSTEM      "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\""

struct reading {
    const char *text, *want;
};

static const struct reading accepted[] = {
    {PLIST("<true/>"), "true"},
    {"<plist><false/></plist>", "false"},
    {"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n" TYPE SYSTEM
     " >\n<!-- c --><?p i?><plist\tversion = '1.0' ><true/></plist >\n<!-- > ' \" <a> & -->\n",
     "true"},
    {"<!DOCTYPE plist PUBLIC '-//Apple Computer//DTD PLIST 1.0//EN' " SYSTEM ">" PLIST("<true/>"),
     "true"},
    {PLIST("<dict/>"), "{}"},
    {PLIST("<array></array>"), "[]"},
    {PLIST("<array><?p \" ?><true/><?p \" ?></array>"), "[true]"},
    {PLIST("<array><?p <true/> ' ?><!-- <false/> - \" --><true></true ><true /></array>"),
     "[true true]"},
    {PLIST("<dict><key>b</key><integer>1</integer> <key>a</key>\n<string/></dict>"),
     "{'a'='' 'b'=1}"},
    {PLIST("<dict><key/><dict><key>x</key><array><dict/></array></dict></dict>"),
     "{''={'x'=[{}]}}"},
    /* text */
    {PLIST("<string> a\tb \n</string>"), "' a\\09b \\0a'"},
    {PLIST("<string>a\r\nb\rc\n\rd&#13;&#10;&#xD;</string>"), "'a\\0ab\\0ac\\0a\\0ad\\0d\\0a\\0d'"},
    {PLIST("<string>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#x1F600;&#xe9;</string>"),
     "'<&>\"'AB\xf0\x9f\x98\x80\xc3\xa9'"},
    {PLIST("<string>&amp;lt;&#38;amp;</string>"), "'&lt;&amp;'"},
    {PLIST("<string>a<!-- x -->b<?p y?>c<![CDATA[<&amp;>]]]]><![CDATA[>]]>d</string>"),
     "'abc<&amp;>]]>d'"},
    {PLIST("<string><![CDATA[\r\n'\"<!--]]></string>"), "'\\0a'\"<!--'"},
    {PLIST("<string>]]&gt; ]] > ]>\x7f</string>"), "']]> ]] > ]>\x7f'"},
    {PLIST("<string><!-- --></string>"), "''"},
    {PLIST("<dict><key>a<![CDATA[<]]>&amp;</key><true/></dict>"), "{'a<&'=true}"},
    /* numbers */
    {PLIST("<array><integer>0</integer><integer> -1\n</integer><integer>0x7f</integer></array>"),
     "[0 -1 127]"},
    {PLIST("<array><integer>9223372036854775807</integer><integer>-9223372036854775808</integer>"
           "<integer>0x7FFFFFFFFFFFFFFF</integer><integer>-0</integer></array>"),
     "[9223372036854775807 -9223372036854775808 9223372036854775807 0]"},
    {PLIST("<integer>1<!-- -->2<![CDATA[3]]>&#52;</integer>"), "1234"},
    {PLIST("<array><real>0.5</real><real>-1e3</real><real>.5</real><real>+2.</real></array>"),
     "[0.5r -1000r 0.5r 2r]"},
    {PLIST("<real>0.1</real>"), "0.10000000000000001r"},
    {PLIST("<real>1.7976931348623157e308</real>"), "1.7976931348623157e+308r"},
    {PLIST("<array><data/><data> QU\nI= </data><date>2026-11-21T00:00:00Z</date></array>"),
     "[other other other]"},
};

#define INTEGER "(expected decimal or 0x hexadecimal)"
#define BAD_TYPE \
    "a document type of another kind (expected none or Apple's -//Apple//DTD PLIST 1.0//EN)"
#define BAD_DECLARATION \
    "an XML declaration of another kind (expected version 1.0 and encoding UTF-8)"
#define BAD_INSTRUCTION "an instruction of no name of its own (expected <?NAME ...?>)"

static const struct reading refused[] = {
    /* the tricks that libplist 2.2 fell for */
    {PLIST("<integer a=\">\">0140</integer>"),
     "line 1: <integer> with an attribute (expected none)"},
    {PLIST("<integer a=\">\">12abc</integer>"),
     "line 1: <integer> with an attribute (expected none)"},
    {PLIST("<dict><key a='>'>counters_mask</key><true/></dict>"),
     "line 1: <key> with an attribute (expected none)"},
    {PLIST("<array a=''/>"), "line 1: <array> with an attribute (expected none)"},
    {"<plist version=\"1.1\"><true/></plist>",
     "line 1: <plist> with an attribute (expected none but version=\"1.0\")"},
    {"<plist version=\"1.0\" version=\"1.0\"><true/></plist>",
     "line 1: <plist> with an attribute (expected none but version=\"1.0\")"},
    {"<plist version=1.0><true/></plist>",
     "line 1: <plist> with an attribute (expected none but version=\"1.0\")"},
    {"<plist version=\"1.0'><true/></plist>",
     "line 1: <plist> with an attribute (expected none but version=\"1.0\")"},
    {PLIST("<true x/>"), "line 1: <true> with an attribute (expected none)"},
    {PLIST("<true/ >"), "line 1: <true> with an attribute (expected none)"},
    {PLIST("<string></string x>"), "line 1: a closing tag out of place (expected </string>)"},
    {PLIST("<string></ string>"), "line 1: a closing tag out of place (expected </string>)"},
    {PLIST("<string>a</key>"), "line 1: a closing tag out of place (expected </string>)"},
    {"<plist><", "line 1: a tag does not end (expected >)"},
    {"<plist><strin", "line 1: a tag does not end (expected >)"},
    {PLIST("<string>a<"), "line 1: <string> does not end (expected </string>)"},
    {PLIST("<string>a</string"), "line 1: a closing tag out of place (expected </string>)"},
    {PLIST("<true>&#32;</true>"), "line 1: <true> is not empty (expected <true/>)"},
    {PLIST("<array>&#32;</array>"), "line 1: text outside a value (expected an element)"},
    {PLIST("<array><![CDATA[ ]]></array>"), "line 1: markup out of place (expected an element)"},
    {PLIST("<string>]]></string>"), "line 1: ]]> in a text (expected ]]&gt;)"},
    {PLIST("<string><![CDATA[a]]></string"),
     "line 1: a closing tag out of place (expected </string>)"},
    {PLIST("<string><![CDATA[a]></string>"), "line 1: CDATA does not end (expected ]]>)"},
    {PLIST("<string><!DOCTYPE plist></string>"), "line 1: markup out of place (expected text)"},
    {PLIST("<string><!-- a -- b --></string>"),
     "line 1: -- in a comment (expected --> at its end)"},
    {PLIST("<string><!-- a ---></string>"), "line 1: -- in a comment (expected --> at its end)"},
    {PLIST("<string>\x01</string>"), "line 1: a control character (expected text)"},
    {PLIST("<string><!-- \x01 --></string>"), "line 1: a control character (expected text)"},
    {PLIST("<string><![CDATA[\x0b]]></string>"), "line 1: a control character (expected text)"},
    {PLIST("<string>\xef\xbf\xbe</string>"),
     "line 1: bytes that are no character in UTF-8 (expected an XML or binary property list)"},
    {PLIST("<string>\xed\xa0\x80</string>"),
     "line 1: bytes that are no character in UTF-8 (expected an XML or binary property list)"},
    {PLIST("<string>\xf4\x90\x80\x80</string>"),
     "line 1: bytes that are no character in UTF-8 (expected an XML or binary property list)"},
    {PLIST("<string>&#0;</string>"), "line 1: bad character number (expected one that XML has)"},
    {PLIST("<string>&#4294967361;</string>"),
     "line 1: bad character number (expected one that XML has)"},
    {PLIST("<string>&#X41;</string>"), "line 1: bad character number (expected one that XML has)"},
    {PLIST("<string>&ampx;</string>"),
     "line 1: unknown entity (expected &amp; &lt; &gt; &quot; &apos; or &#N;)"},
    {PLIST("<integer>0140</integer>"), "line 1: an integer with a leading zero " INTEGER},
    {PLIST("<integer>-01</integer>"), "line 1: an integer with a leading zero " INTEGER},
    {PLIST("<integer>-0x1</integer>"), "line 1: not an integer " INTEGER},
    {PLIST("<integer>0X1</integer>"), "line 1: not an integer " INTEGER},
    {PLIST("<integer>0x</integer>"), "line 1: an integer without digits " INTEGER},
    {PLIST("<integer>1\xc2\xa0</integer>"), "line 1: not an integer " INTEGER},
    {PLIST("<real>0x1p3</real>"), "line 1: not a real (expected a decimal number)"},
    {PLIST("<real>1e</real>"), "line 1: not a real (expected a decimal number)"},
    {PLIST("<real>.</real>"), "line 1: not a real (expected a decimal number)"},
    {PLIST("<real/>"), "line 1: not a real (expected a decimal number)"},
    {PLIST("<real>inf</real>"), "line 1: not a real (expected a decimal number)"},
    {PLIST("<real>1e309</real>"), "line 1: a real too large (expected one of 64 bits)"},
    {PLIST("<data>QUI</data>"), "line 1: data cut short (expected Base64)"},
    {PLIST("<data>QQ==QQ==</data>"), "line 1: not data (expected Base64)"},
    {PLIST("<data>Q===</data>"), "line 1: data cut short (expected Base64)"},
    {PLIST("<data>QU-_</data>"), "line 1: not data (expected Base64)"},
    {PLIST("<date>2026-1/-21T00:00:00Z</date>"),
     "line 1: not a date (expected YYYY-MM-DDTHH:MM:SSZ)"},
    {PLIST("<date>/026-11-21T00:00:00Z</date>"),
     "line 1: not a date (expected YYYY-MM-DDTHH:MM:SSZ)"},
    {PLIST("<date>2026-11-21</date>"), "line 1: not a date (expected YYYY-MM-DDTHH:MM:SSZ)"},
    {PLIST("<date>2026-11-21 00:00:00Z</date>"),
     "line 1: not a date (expected YYYY-MM-DDTHH:MM:SSZ)"},
    /* before and behind */
    {"<?xml version=\"1.1\"?>" PLIST("<true/>"), "line 1: " BAD_DECLARATION},
    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?>" PLIST("<true/>"), "line 1: " BAD_DECLARATION},
    {"<?xml encoding=\"UTF-8\"?>" PLIST("<true/>"), "line 1: " BAD_DECLARATION},
    {"<?xml version=\"1.0\"", "line 1: " BAD_DECLARATION},
    {"\n<?xml version=\"1.0\"?>" PLIST("<true/>"), "line 2: " BAD_INSTRUCTION},
    {"<?XML a?>" PLIST("<true/>"), "line 1: " BAD_INSTRUCTION},
    {"<? a?>" PLIST("<true/>"), "line 1: " BAD_INSTRUCTION},
    {"<?a\"?>" PLIST("<true/>"), "line 1: " BAD_INSTRUCTION},
    {"<?a >" PLIST("<true/>"), "line 1: processing instruction does not end (expected ?>)"},
    {"<!DOCTYPE plist>" PLIST("<true/>"), "line 1: " BAD_TYPE},
    {"<!DOCTYPE plist [<!ENTITY a \"b\">]>" PLIST("<true/>"), "line 1: " BAD_TYPE},
    {TYPE SYSTEM "[]>" PLIST("<true/>"), "line 1: " BAD_TYPE},
    {TYPE "'http://www.apple.com/DTDs/PropertyList-1.0.dtd\">" PLIST("<true/>"),
     "line 1: " BAD_TYPE},
    {TYPE SYSTEM ">" TYPE SYSTEM ">" PLIST("<true/>"),
     "line 1: markup out of place (expected <plist>)"},
    {PLIST("<true/>") TYPE SYSTEM ">", "line 1: more behind </plist> (expected the end)"},
    {PLIST("<true/>") PLIST("<true/>"), "line 1: more behind </plist> (expected the end)"},
    {PLIST("<true/>") "\r\n\r\r\n&#32;", "line 4: more behind </plist> (expected the end)"},
    {PLIST("<true/>") "\x01", "line 1: a control character (expected text)"},
    {PLIST("<true/><!-- --><false/>"), "line 1: a second value (expected </plist>)"},
    {PLIST("<plist><true/></plist>"), "line 1: <plist> out of place (expected a value)"},
    {"<dict/>", "line 1: <dict> outside <plist> (expected <plist>)"},
    {"<plist/>", "line 1: <plist/> is empty (expected a value)"},
    {"", "line 1: no property list (expected <plist>)"},
    {"\xef\xbb\xbf", "line 1: no property list (expected <plist>)"},
    {PLIST("<dict><key>a</key>\n<true/><key>&#97;</key>\n<true/></dict>"),
     "line 2: key a occurs twice (expected each key once)"},
    {PLIST("<dict><key>a</key></dict>"), "line 1: </dict> too early (expected a value)"},
    {PLIST("<dict><key>a</key><key>b</key></dict>"),
     "line 1: <key> out of place (expected a value)"},
};

static void xml(void)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        expect(accepted[i].text, strlen(accepted[i].text), accepted[i].want);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct buffer want = {0};

        buffer_printf(&want, "f: %s\n", refused[i].want);
        expect(refused[i].text, strlen(refused[i].text), want.data);
        buffer_free(&want);
    }
}

/* Each beginning of a document is refused, with one line: what it lacks is never made up. */
static void cut_short(void)
{
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
        const char *end = strstr(accepted[i].text, "</plist");

        for (size_t length = 0; length <= (size_t)(end - accepted[i].text) + 6; length++) {
            struct arena arena = {0};
            char *copy = malloc(length + 1); /* so that reading beyond it is found */
            const char *error = NULL;

            memcpy(copy, accepted[i].text, length);
            copy = realloc(copy, length == 0 ? 1 : length);
            CHECK(scan_xml(&arena, copy, length, &error) == NULL);
            CHECK(error != NULL && strncmp(error, "line ", 5) == 0 && strchr(error, '\n') == NULL);
            free(copy);
            arena_free(&arena);
        }
    }
}

/* ---- libplist -------------------------------------------------------------------------------- */

static const char everything[] =
    PLIST("<dict><key>a</key><array><integer>1</integer><real>0.5</real><true/></array>"
          "<key>b</key><dict><key>c</key><string>x</string><key>d</key><data/></dict></dict>");

static void lies(void)
{
    static const struct {
        const char *from, *to, *place;
    } lie_list[] = {
        {"<integer>1", "<integer>2", ": a.0"},
        {"<integer>1</integer>", "<true/>", ": a.0"},
        {"<real>0.5", "<real>0.25", ": a.1"},
        {"<real>0.5</real>", "<string>0.5</string>", ": a.1"},
        {"<true/>", "<false/>", ": a.2"},
        {"<true/>", "", ": a"},
        {"<true/>", "<true/><true/>", ": a"},
        {"<string>x", "<string>y", ": b.c"},
        {"<string>x", "<string>xx", ": b.c"},
        {"<data></data>", "<string></string>", ": b.d"},
        {"<key>c", "<key>C", ": b.c"},
        {"<key>d</key><data></data>", "", ": b"},
        {"<plist><dict>", "<plist><array></array><dict>", ""},
        {"<plist>", "<", ""},
    };

    expect(everything, strlen(everything), "{'a'=[1 0.5r true] 'b'={'c'='x' 'd'=other}}");
    for (size_t i = 0; i < sizeof lie_list / sizeof lie_list[0]; i++) {
        struct buffer want = {0};

        lie_from = lie_list[i].from;
        lie_to = lie_list[i].to;
        buffer_printf(&want,
                      "f%s: libplist reads this otherwise (expected no difference: an error "
                      "of kpepc's)\n",
                      lie_list[i].place);
        expect(everything, strlen(everything), want.data);
        buffer_free(&want);
    }
    lie_from = NULL;
}

/* Sanitizers catch a crash themselves, and tell more. */
static void breaks_down(void)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    crash_depth = -1;
    expect(everything, strlen(everything),
           "f: libplist broke down while it read this (out of memory?)\nexit 3");
    crash_depth = 0;
#endif
}

int main(void)
{
    xml();
    cut_short();
    lies();
    breaks_down();
    return check_done();
}
