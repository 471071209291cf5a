/*
 * The parser of common/parse.h: a table with an option of every kind, command lines, and what is
 * read of them or said. What getopt_long() does with words must hold whoever takes them apart.
 */
#include "check.h"
#include "common/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORDS_MAX = 16, LINE_BYTES = 600 };

enum {
    OPT_FLAG = 1,
    OPT_TEXT,
    OPT_NUMBER,
    OPT_WORD,
    OPT_LIST,
    OPT_MORE,
    OPT_ONCE,
    OPT_OTHER,
    COUNT
};

struct arguments {
    struct operands operands;
    const char *text, *once;
    unsigned long number;
    const struct option_word *word;
    struct option_list list, more;
    bool flag, other;
};

static const struct option_word words[] = {{"red", 10}, {"green", 20}, {"blue", 30}, {NULL, 0}};

static const struct option_row rows[COUNT] = {
    [OPT_FLAG] = {.name = "flag", .letter = 'f', OPTION_FILLS(struct arguments, flag)},
    [OPT_TEXT] = {.name = "text",
                  .letter = 't',
                  OPTION_FILLS(struct arguments, text),
                  .value = "TEXT",
                  .hint = "a hint"},
    [OPT_NUMBER] = {.name = "number",
                    .letter = 'n',
                    OPTION_FILLS(struct arguments, number),
                    .value = "N",
                    .least = 2,
                    .most = 100},
    [OPT_WORD] = {.name = "word",
                  OPTION_FILLS(struct arguments, word),
                  .value = "COLOR",
                  .words = words},
    [OPT_LIST] = {.name = "list",
                  .letter = 'l',
                  OPTION_FILLS(struct arguments, list),
                  .value = "LIST",
                  .separators = ",",
                  .most = 3},
    [OPT_MORE] = {.name = "more",
                  OPTION_FILLS(struct arguments, more),
                  .value = "WORD",
                  .separators = ",;",
                  .again = AGAIN_ADDS},
    [OPT_ONCE] = {.name = "once",
                  OPTION_FILLS(struct arguments, once),
                  .value = "TEXT",
                  .again = AGAIN_REFUSED},
    [OPT_OTHER] = {.name = "other", .letter = 'o', OPTION_FILLS(struct arguments, other)},
};

/* All but --other. */
static const struct command every = {
    .name = "every",
    .takes = (const struct option_use[]){{.option = OPT_FLAG},
                                         {.option = OPT_TEXT},
                                         {.option = OPT_NUMBER},
                                         {.option = OPT_WORD},
                                         {.option = OPT_LIST},
                                         {.option = OPT_MORE},
                                         {.option = OPT_ONCE},
                                         {.option = OPTION_HELP}},
    .operands = "[WORD...]",
    .most = 3,
    .operands_are = "at most three words",
};

static const struct command strict = {
    .name = "strict",
    .takes = (const struct option_use[]){{.option = OPT_TEXT, .needed = true, .instead = OPT_FLAG},
                                         {.option = OPT_NUMBER, .needed = true, .value = "M"},
                                         {.option = OPT_WORD, .with = OPT_FLAG},
                                         {.option = OPT_ONCE, .without = OPT_FLAG},
                                         {.option = OPTION_HELP}},
    .operands = "WORD",
    .operands_instead = OPT_OTHER,
    .least = 1,
    .most = 1,
    .operands_are = "one word",
};

static const struct program program = {.name = "kpep",
                                       .options = rows,
                                       .option_count = COUNT,
                                       .commands =
                                           (const struct command *const[]){&every, &strict, NULL}};

static struct arena arena;
static struct arguments got;
static bool help;
static char said[LINE_BYTES]; /* on standard error, without the "kpep: " and the newline */

/* Reads the words, which end with NULL; what it says goes to a file. */
static int read_line(const struct command *command, ...)
{
    static FILE *file;
    static char *argv[WORDS_MAX + 2];
    int argc = 1, status, old = dup(STDERR_FILENO);
    size_t length;
    va_list args;

    argv[0] = (char *)(size_t)command->name;
    va_start(args, command);
    while (argc <= WORDS_MAX && (argv[argc] = va_arg(args, char *)) != NULL)
        argc++;
    va_end(args);
    if (file == NULL)
        file = tmpfile();
    if (file == NULL || old < 0 || ftruncate(fileno(file), 0) != 0)
        exit(1);
    rewind(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    got = (struct arguments){0};
    status = options_read(&arena, &program, command, argc, argv, &got, &help);
    fflush(stderr);
    dup2(old, STDERR_FILENO);
    close(old);
    rewind(file);
    length = fread(said, 1, sizeof said - 1, file);
    said[length] = '\0';
    if (length != 0)
        memmove(said, said + strlen("kpep: "), length - strlen("kpep: ") + 1);
    if (strchr(said, '\n') != NULL)
        *strchr(said, '\n') = '\0';
    return status;
}

#define READS(command, ...) CHECK_INT(read_line(&command, __VA_ARGS__, (char *)NULL), EXIT_OK)
#define REFUSES(line, command, ...)                                            \
    do {                                                                       \
        CHECK_INT(read_line(&command, __VA_ARGS__, (char *)NULL), EXIT_USAGE); \
        CHECK_STR(said, line);                                                 \
    } while (0)

static void test_kinds(void)
{
    CHECK_INT(read_line(&every, (char *)NULL), EXIT_OK);
    CHECK(!got.flag && got.text == NULL && got.number == 0 && got.word == NULL);
    CHECK(got.list.words == NULL && got.list.count == 0 && got.operands.count == 0 && !help);
    READS(every, "--flag", "--text", "a", "--number=7", "--word", "green", "--list", "x,,yy,");
    CHECK(got.flag && got.number == 7 && got.word == &words[1] && got.word->value == 20);
    CHECK_STR(got.text, "a");
    CHECK_INT(got.list.count, 2);
    CHECK_STR(got.list.words[0], "x");
    CHECK_STR(got.list.words[1], "yy");
    READS(every, "--list=", "--text=", "--more", "a;b,c");
    CHECK(got.list.words != NULL && got.list.count == 0); /* given, and empty */
    CHECK_STR(got.text, "");
    CHECK_INT(got.more.count, 3);
    READS(every, "--list=a,b,c");
    CHECK_INT(got.list.count, 3);
    READS(every, "--number", "2");
    READS(every, "--number", "0100");
    CHECK_INT(got.number, 100);
}

static void test_values_refused(void)
{
    static const char *const numbers[] = {"5x",
                                          "",
                                          " 5",
                                          "5 ",
                                          "+5",
                                          "-5",
                                          "0x5",
                                          "1",
                                          "101",
                                          "5.",
                                          "five",
                                          "99999999999999999999",
                                          "18446744073709551621" /* 5 more than 64 bits hold */};
    char line[LINE_BYTES];

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        snprintf(line, sizeof line, "--number %s (expected a whole number from 2 to 100)",
                 numbers[i]);
        REFUSES(line, every, "--number", (char *)(size_t)numbers[i]);
        REFUSES(line, every, "-n", (char *)(size_t)numbers[i]);
    }
    REFUSES("--word Red (expected red, green or blue)", every, "--word=Red");
    REFUSES("--word  (expected red, green or blue)", every, "--word=");
    REFUSES("--word r\\x1b (expected red, green or blue)", every, "--word", "r\033");
    REFUSES("--list: 4 of them (expected at most 3)", every, "--list", "a,b,c,d");
}

static void test_given_again(void)
{
    READS(every, "--text=a", "-t", "b", "--number", "3", "-n4", "--word=red", "--word=blue");
    CHECK_STR(got.text, "b");
    CHECK(got.number == 4 && got.word == &words[2]);
    READS(every, "--list=a,b,c", "-l", "d", "--flag", "--flag");
    CHECK_INT(got.list.count, 1);
    CHECK_STR(got.list.words[0], "d");
    READS(every, "--more=a,b", "x", "--more", "c;d;e");
    CHECK_INT(got.more.count, 5);
    CHECK_STR(got.more.words[0], "a");
    CHECK_STR(got.more.words[4], "e");
    READS(every, "--once=a");
    CHECK_STR(got.once, "a");
    REFUSES("--once twice (expected once)", every, "--once=a", "--once=a");
}

/* What getopt_long() has always done for both commands. */
static void test_getopt(void)
{
    READS(every, "-n5", "-fta", "one", "-l", "b,c", "two", "--", "--flag");
    CHECK(got.number == 5 && got.flag && got.list.count == 2);
    CHECK_STR(got.text, "a");
    CHECK_INT(got.operands.count, 3);
    CHECK_STR(got.operands.words[0], "one");
    CHECK_STR(got.operands.words[1], "two");
    CHECK_STR(got.operands.words[2], "--flag");
    READS(every, "--num=8", "--fl", "--te", "x", "-");
    CHECK(got.number == 8 && got.flag && got.operands.count == 1);
    CHECK_STR(got.text, "x");
    CHECK_STR(got.operands.words[0], "-");
    READS(every, "--text", "--flag"); /* a value, whatever it looks like */
    CHECK(!got.flag);
    CHECK_STR(got.text, "--flag");
    READS(every, "a", "--help", "--nonsense");
    CHECK(help);
    READS(every, "-h");
    CHECK(help);
    READS(every, "--he");
    CHECK(help);
    REFUSES("every takes no option '--o' (kpep every --help)", every, "--o", "x"); /* once, other */
    REFUSES("every takes no option '--nonsense=1' (kpep every --help)", every, "--nonsense=1");
    REFUSES("every takes no option '-x' (kpep every --help)", every, "-fx");
    REFUSES("every takes no option '-\\x1b' (kpep every --help)", every, "-\033");
    REFUSES("every takes no option '--other' (kpep every --help)", every, "--other");
    REFUSES("every takes no option '--other' (kpep every --help)", every, "-o");
    REFUSES("--flag takes no value (kpep every --help)", every, "--flag=1");
    REFUSES("--help takes no value (kpep every --help)", every, "--help=1");
    REFUSES("--text needs a value (kpep every --help)", every, "--text");
    REFUSES("--number needs a value (kpep every --help)", every, "a", "-n");
    REFUSES("every takes at most three words (kpep every --help)", every, "a", "b", "c", "d");
}

static void test_what_belongs_together(void)
{
    READS(strict, "-t", "a", "-n", "2", "w");
    READS(strict, "--flag", "-n", "2", "--word=red", "w");
    READS(strict, "--flag", "-n", "2", "--other");
    CHECK(got.other && got.operands.count == 0);
    REFUSES("strict needs -t TEXT or -f (a hint)", strict, "-n", "2", "w");
    REFUSES("strict needs -n M (kpep strict --help)", strict, "-f", "w");
    REFUSES("strict takes --text without --flag (kpep strict --help)", strict, "-f", "-ta", "-n2",
            "w");
    REFUSES("strict takes --once without --flag (kpep strict --help)", strict, "-f", "-n2", "w",
            "--once=1");
    REFUSES("strict takes --word with --flag only (kpep strict --help)", strict, "-ta", "-n2", "w",
            "--word=red");
    REFUSES("strict takes one word, or --other (kpep strict --help)", strict, "-f", "-n2");
    REFUSES("strict takes one word, or --other (kpep strict --help)", strict, "-f", "-n2", "w",
            "v");
    REFUSES("strict takes one word, or --other (kpep strict --help)", strict, "-f", "-n2", "-o",
            "v");
    READS(strict, "--help"); /* whatever is missing */
    CHECK(help);
}

int main(void)
{
    test_kinds();
    test_values_refused();
    test_given_again();
    test_getopt();
    test_what_belongs_together();
    arena_free(&arena);
    return check_done();
}
