"""cmake/page.awk: pages made of headers, the same by every awk there is, and what it refuses."""
import os
import pathlib
import re
import shutil
import tempfile

from kpeptest import SOURCE, check, done, equal, run

MADE = pathlib.Path(os.environ["LIBKPDB"]).parent.parent / "man"
AWKS = [command for command in (["awk"], ["mawk"], ["gawk", "--posix"], ["original-awk"],
                                ["busybox", "awk"]) if shutil.which(command[0])]
HEADERS = ("db/kpdb.h", "runtime/kplive.h", "runtime/kperf.h")

FRAME = """.Sh SYNOPSIS
@synopsis
.Sh DESCRIPTION
@description
.Sh ERRORS
@errors x_error
"""
HEADER = r"""/*
 * libx: what it is. What
 * it does:
 *   EPERM    not root, nor
 *            the owner
 *   ENOTSUP  no PMU
 *
 * More.
 */
#ifndef X_H
#define X_H
#include <stdint.h>
#ifndef X_NULLABLE
#define X_NULLABLE
#endif

/* What is returned, as X(name, number, word, text). */
#define X_ERRORS(X)                                    \
    X(X_OK, 0, "ok", "done")                            \
    X(X_NO_CPU, -1, "no-cpu", "no \"CPU\", (or, none)") \
    X(X_NO_EVENT, -2, "no-event", "as a message")       \
    /* none: a comment */                               \
    X(X_END, -3, "end",                                 \
      "over")

#define X_ERROR(name, number, word, text) name = number,
enum x_error { X_ERRORS(X_ERROR) };
#undef X_ERROR

/* Bits. */
#define X_BITS(X) X(X_LOW, 1, "the lowest") X(X_HIGH, 2, "the highest")
enum x_bit { X_BITS(X_ERROR) };

/* By itself. */
enum x_plain {
    X_NONE = 0, /* nothing */
    X_SOME,
};

/* Both: 'x' and \n. */
int x_one(void);
char *X_NULLABLE x_two(const char *X_NULLABLE text,
                       void (*tell)(void *user, int n), void *X_NULLABLE user, int number);

/* Alone. */

/* ---- more of it ----------------------------------------------------------- */

/* Most. */
#define X_MOST 3 /* three */
#define X_LEAST 1
struct x_opaque;
struct x_options {
    const char *X_NULLABLE
        path;  /* the path */
    int count; /* of them */
};

/*
 * First.
 *
 * a_one(n), a_two(...)
 *   Does
 *   it.
 */
#define X_CALLS(X)           \
    X(int, a_one, (int * n)) \
    X(char *, a_two, (void))
#endif
"""
PAGE = r""".Sh SYNOPSIS
.Ft int
.Fn x_one "void"
.Ft char *
.Fo x_two
.Fa "const char *text"
.Fa "void (*tell)(void *user, int n)"
.Fa "void *user"
.Fa "int number"
.Fc
.Sh DESCRIPTION
libx: what it is.
What it does:
.Bl -tag -width ENOTSUP -compact
.It EPERM
not root, nor the owner
.It ENOTSUP
no PMU
.El
.Pp
More.
.Pp
Bits.
The constants of enum x_bit, rows of X_BITS:
.Bl -tag -width Ds
.It Dv X_LOW Pq 1
the lowest
.It Dv X_HIGH Pq 2
the highest
.El
.Pp
By itself.
.Bd -literal -offset indent
enum x_plain {
    X_NONE = 0, /* nothing */
    X_SOME,
};
.Ed
.Bl -tag -width Ds
.It Fn x_one
.It Fn x_two
Both: 'x' and \en.
.El
.Pp
Alone.
.Ss "More of it"
Most.
.Bd -literal -offset indent
#define X_MOST 3 /* three */
#define X_LEAST 1
.Ed
.Bd -literal -offset indent
struct x_options {
    const char *path; /* the path */
    int count;        /* of them */
};
.Ed
.Bd -literal -offset indent
int a_one(int *n);
char *a_two(void);
.Ed
.Pp
First.
.Bl -tag -width Ds
.It a_one(n)
.It a_two(...)
Does it.
.El
.Sh ERRORS
What is returned, as X(name, number, word, text).
The constants of enum x_error, rows of X_ERRORS:
.Bl -tag -width Ds
.It Dv X_OK Pq 0
done
.It Dv X_NO_CPU Pq \-1
no "CPU", (or, none)
.It Dv X_NO_EVENT Pq \-2
none: a comment
.It Dv X_END Pq \-3
over
.El
"""
# What is wrong, and the line that says so.
REFUSED = (
    ("/* Both: 'x' and \\n. */\n", "", "x.h:40: x_one() has no comment"),
    ("    int count; /* of them */\n};\n", "", "x.h: it ends in the middle of a type"),
    ("int x_one(void);", "int x_one(void;",
     "x.h:41: a parenthesis is not closed: int x_one(void;"),
    ("struct x_opaque;", "(x)", "x.h:52: expected a comment, a constant, a type or a function"),
    ("enum x_error { X_ERRORS(", "enum x_error { X_ERROS(",
     "x.h:27: enum x_error is made of X_ERROS(), which has no rows here"),
    ("enum x_error ", "enum x_status ", "x.3.in:6: the header has nothing for @errors x_error"),
)


def make(directory, awk, frame, header):
    """Exit status, error lines, and the page that was made of two texts, or None."""
    (directory / "x.3.in").write_text(frame)
    (directory / "x.h").write_text(header)
    page = directory / "x.3"
    page.unlink(missing_ok=True)
    status, out, err = run(*awk, "-v", "output=x.3", "-f", SOURCE / "cmake/page.awk",
                           "x.3.in", "x.h", cwd=directory)
    equal(out, "", f"{awk}: standard output")
    return status, err, page.read_text() if page.exists() else None


def check_page(directory, awk):
    equal(make(directory, awk, FRAME, HEADER), (0, "", PAGE), f"{awk}: the page")
    for old, new, line in REFUSED:
        check(old in HEADER, f"the header has {old}")
        equal(make(directory, awk, FRAME, HEADER.replace(old, new)), (1, f"{line}\n", None),
              f"{awk}: {line}")


def check_made(directory, awk):
    """The pages of the build are of today's headers, and a comment changed there changes them."""
    for path in HEADERS:
        header = SOURCE / path
        frame = (header.parent / "man" / f"{header.stem}.3.in").read_text()
        text = header.read_text()
        page = (MADE / f"{header.stem}.3").read_text()
        equal(make(directory, awk, frame, text), (0, "", page), f"{awk}: {header.stem}.3")
        comment = next(comment for comment in re.findall(r"^/\* ([^-].*) \*/$", text, re.M)
                       if comment in page)
        equal(make(directory, awk, frame, text.replace(comment, "Other words."))[2],
              page.replace(comment, "Other words."), f"{awk}: {header.stem}.3 follows its header")


with tempfile.TemporaryDirectory() as name:
    for one in AWKS:
        check_page(pathlib.Path(name), one)
        check_made(pathlib.Path(name), one)
done()
