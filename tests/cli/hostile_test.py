#!/usr/bin/env python3
"""Hostile input: names made to break an output, files made to break a reader.

Wherever a string enters it is refused, or every output holds it escaped; nothing is written
beside the output; what is said is short lines of printable ASCII. Files that are bombs are refused
in a line, within a second of CPU time and 256 MB. refusals_test.py has the refusals one by one.

CSV holds what the database says, byte for byte: an alias "=1+1" is a cell "=1+1", since what
reads it here is a program (csv, perf), and a cell with a quote before it would be another name.
"""
import contextlib
import csv
import io
import itertools
import json
import os
import pathlib
import plistlib
import random
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import xml.parsers.expat

import kpeptest
import tables
from kpeptest import CC, KPEP, KPEPC, SANITIZED, check, database, equal, write_plist

kpeptest.in_memory()

# Instrumented code takes more of both; what it is there to find is not the figures.
CPU_SECONDS = 120 if SANITIZED else 10  # what these take is milliseconds
MEMORY = 256 << 10  # KB, as rusage has it
LINE_MAX = 8200     # of 2000 bytes, shown as \xNN
SIZE_MAX = 16 << 20
ID = "cpu_100000c_2_1b588bb3"

TEXTS = {
    "quotes": b"a\"b'c`d\\",
    "end of a comment": b"*/ int x; /* //",
    "newlines": b"a\nb\r\nc",
    "printf": b"%n%s%99999d%",
    "mustache": b"{{x}}{{{y}}}{{>p}}{{#a}}{{/b}}{{=<% %>=}}",
    "NUL": b"a\0b",
    "64 KB": b"A" * 65536,
    "not UTF-8": b"a\xff\xfe\xc0\x80",
    "separators": b"/etc/a/b\\c",
    "parents": b"../../..",
    "parent": b"..",
    "terminal": b"\x1b[31m\x07\x08",
    "markup": b"<b>&amp;]]></b><!--",
    "a formula": b"=1+1|'x'!A1;,\t",
    "a table": b"a | b | c",
    "trigraphs": b"??/??'\\u0041\\x41\\",
    "beyond ASCII": "\u202e\u00fc\U0001f600".encode(),
    "ordinary": b"A1",
}
PRINTABLE = {what: text.decode() for what, text in TEXTS.items()
             if all(0x20 <= byte <= 0x7e for byte in text)}

runs = {"accepted": 0, "refused": 0}


# ---- running ---------------------------------------------------------------------------

def tree(root):
    """What is there: path -> contents, where a link leads, or what else it is."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        found[name] = os.readlink(path) if path.is_symlink() else \
            path.stat().st_size if path.is_file() else None
    return found


def said_well(err, what):
    """Short lines of printable ASCII."""
    lines = err.split(b"\n")
    check(lines.pop() == b"", f"{what}: the last line has no end: {err[-80:]!r}")
    for line in lines:
        if not check(len(line) <= LINE_MAX and all(0x20 <= byte <= 0x7e for byte in line),
                     f"{what}: on stderr {len(line)} bytes, {line[:200]!r}"):
            break
    return lines


def outcome(program, arguments, directory, what, statuses=(0, 1, 2)):
    """Exit status, standard output. Only what is in `out` may have come or changed."""
    before = tree(directory)
    done = subprocess.run([program, *arguments], cwd=directory, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    check(done.returncode in statuses, f"{what}: exit status {done.returncode}")
    lines = said_well(done.stderr, what)
    check(done.returncode != 2 or len(lines) == 1, f"{what}: {len(lines)} lines on stderr")
    after = tree(directory)
    changed = [name for name in before.keys() | after.keys()
               if before.get(name, 0) != after.get(name, 0) and name.split("/")[0] != "out"]
    check(not changed, f"{what}: changed {changed}")
    if done.returncode != 0 and arguments[0] in ("compile", "snapshot", "emit"):
        check("out" not in after, f"{what}: refused, and wrote")
    runs["accepted" if done.returncode == 0 else "refused"] += 1
    return done.returncode, done.stdout


# ---- every text in every place ------------------------------------------------------------

MARK = "@"  # where the text goes: nothing else here has one
NAMES = {
    "names": {"cycles": {"unit": "cycles", "summary": "Cycles.",
                         "candidates": {"arm64": ["FIXED_CYCLES"]}}},
    "metrics": {"m": {"unit": "u", "summary": "A metric.", "expression": "cycles / cycles"}},
    "constants": {"w": {"summary": "A constant."}},
}
CHIPS = {ID: {"chips": ["M1"], "confidence": "high", "note": "measured",
              "constants": {"w": {"P": 8, "source": "A page."}}}}
KERNEL = {"T1": {"cpus": [ID], "selectors": {"15.4": [140]}}}
INTEL = {"msrs": [], "bits": []}
SOURCES = {
    "sources": [{"releases": ["r1"], "databases": ["t1"], "events": ["INST_ALL"],
                 "fields": ["list"], "source": "listing"}],
    "disputes": [{"releases": ["r1"], "databases": ["t1"], "events": ["INST_ALL"],
                  "field": "counters_mask", "ours": 128, "theirs": 64, "says": "A table.",
                  "confirmed": "Another."}],
}
FILES = {"in/t1.plist": database(), "names.plist": NAMES, "chips.plist": CHIPS,
         "kernel.plist": KERNEL, "intel.plist": INTEL, "sources.plist": SOURCES}

# File, path of a value, or of a key when it ends with the mark.
PLACES = [("in/t1.plist", path) for path in (
    "name", "internal", MARK, "system/" + MARK, "system/cpu/" + MARK, "system/cpu/architecture",
    "system/cpu/marketing_name", "system/cpu/aliases/" + MARK, "system/cpu/aliases/Cycles",
    "system/cpu/events/" + MARK, "system/cpu/events/INST_ALL/" + MARK,
    "system/cpu/events/INST_ALL/number", "system/cpu/events/FIXED_INSTRUCTIONS/fallback",
    "system/cpu/events/INST_ALL/description", "system/cpu/events/INST_ALL/errata", "kpep/release",
    "kpep/source", "kpep/" + MARK)]
PLACES += [("names.plist", path) for path in (
    MARK, "names/" + MARK, "names/cycles/unit", "names/cycles/summary", "names/cycles/" + MARK,
    "names/cycles/candidates/" + MARK, "names/cycles/candidates/arm64", "metrics/" + MARK,
    "metrics/m/unit", "metrics/m/summary", "metrics/m/expression", "metrics/m/" + MARK,
    "constants/" + MARK, "constants/w/summary", "constants/w/" + MARK)]
PLACES += [("chips.plist", path) for path in (MARK, f"{ID}/chips", f"{ID}/confidence",
                                              f"{ID}/note", f"{ID}/" + MARK, f"{ID}/constants/" + MARK,
                                              f"{ID}/constants/w/" + MARK,
                                              f"{ID}/constants/w/source")]
PLACES += [("kernel.plist", path) for path in (MARK, "T1/cpus", "T1/" + MARK,
                                               "T1/selectors/" + MARK, "T1/selectors/15.4")]
PLACES += [("intel.plist", path) for path in (MARK, "msrs", "bits")]
PLACES += [("sources.plist", path) for path in (
    MARK, "sources/0/" + MARK, "sources/0/releases", "sources/0/databases", "sources/0/events",
    "sources/0/fields", "sources/0/source", "disputes/0/" + MARK, "disputes/0/field",
    "disputes/0/says", "disputes/0/confirmed")]


def marked(data, path):
    """The data with the mark in the place."""
    data = json.loads(json.dumps(data))
    *parents, last = path.split("/")
    at = data
    for key in parents:
        if isinstance(at, list):
            at = at[int(key)]
        else:
            at = at.setdefault(key, {"release": "r1", "cpus": [ID]} if key == "kpep" else {})
    if last == MARK and parents and parents[-1] == "aliases":
        at[MARK] = "INST_ALL"
    elif last == MARK and parents and parents[-1] == "events":
        at[MARK] = {"number": 9}
    elif last == MARK and parents and parents[-1] in ("candidates", "selectors"):
        at[MARK] = []
    elif last == MARK and parents in (["names"], ["metrics"]):
        at[MARK] = next(iter(at.values()))
    elif isinstance(at.get(last), list):
        at[last] = [MARK]
    else:
        at[last] = MARK
    return data


def with_text(data, text):
    """The plist with the text for the mark, be it text that plistlib cannot write."""
    whole = plistlib.dumps(data)
    raw = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    return whole.replace(b">" + MARK.encode() + b"<", b">" + raw + b"<")


def write_files(directory, files):
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else plistlib.dumps(content))


OPTIONS = ["--names", "names.plist", "--chips", "chips.plist"]
COMPILE = ["compile", "-o", "out", *OPTIONS, "--kernel", "kernel.plist", "--intel",
           "intel.plist", "--sources", "sources.plist", "r1=in"]
FORMATS = ("c-header", "json", "csv", "markdown", "perf-json")
OTHERS = [["snapshot", "-o", "out", "--release", "r1", "in"],
          ["snapshot", "--descriptions", "-o", "out", "--release", "r1", "in"],
          ["diff", "--json", "in", "in"], ["diff", "in", "in"], ["lint", *OPTIONS, "in"],
          ["lint", "--json", *OPTIONS, "r1=in"]] + \
         [["emit", "-t", f, *OPTIONS, "r1=in"] for f in FORMATS]


def every_place():
    """All places and texts through compile, and one of the other commands each in turn."""
    others = itertools.cycle(OTHERS)
    for file, path in PLACES:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            write_files(scratch, FILES)
            (scratch / f"in/{ID}.plist").symlink_to("t1.plist")
            data = marked(FILES[file], path)
            for what, text in TEXTS.items():
                (scratch / file).write_bytes(with_text(data, text))
                for command in (COMPILE, next(others)):
                    outcome(KPEPC, command, scratch, f"{what} in {file} {path}: {command[:4]}")
                    shutil.rmtree(scratch / "out", ignore_errors=True)


def file_names():
    """A database's file, a cpu_ link, what it leads to, and the directory."""
    for what, text in TEXTS.items():
        if b"\0" in text or len(text) > 200:
            continue
        name = os.fsdecode(text.replace(b"/", b":"))
        for kind in ("a database", "a link", "a cpu_ link", "a target", "a directory"):
            with tempfile.TemporaryDirectory() as scratch:
                scratch = pathlib.Path(scratch)
                write_files(scratch, FILES)
                place = "in"
                if kind == "a database":
                    (scratch / f"in/{name}.plist").write_bytes(
                        plistlib.dumps({**database(), "name": "t2"}))
                elif kind == "a directory" and name not in ("..", ".", ""):
                    place = f"./{name}"
                    (scratch / "in").rename(scratch / name)
                elif kind == "a target":
                    (scratch / "in/l.plist").symlink_to(os.fsdecode(text))
                else:
                    prefix = "cpu_" if kind == "a cpu_ link" else ""
                    (scratch / f"in/{prefix}{name}.plist").symlink_to("t1.plist")
                for command in (["compile", "-o", "out", f"r1={place}"], ["diff", place, place],
                                ["lint", place]):
                    status, out = outcome(KPEPC, command, scratch, f"{what}: {kind}, {command[0]}")
                    said_well(out, f"{what}: {kind}, {command[0]}: standard output")


# ---- all that is accepted, at once -----------------------------------------------------------

def accepted_files():
    """A database for each printable text: its marketing name, an alias, a chip; and prose."""
    files, chips, names = {}, {}, {"names": {}, "metrics": {}}
    for n, text in enumerate(PRINTABLE.values()):
        data = database(marketing_name=text, aliases={text: "FIXED_CYCLES"})
        data["name"], cpu_id = f"t{n}", f"cpu_1_2_{n + 1:x}"
        data["kpep"] = {"release": "r1", "cpus": [cpu_id], "source": text}
        data["system"]["cpu"]["events"]["INST_ALL"]["description"] = f"{text}\n\t\u00fc {text}"
        data["system"]["cpu"]["events"]["INST_ALL"]["errata"] = f"{text}\r\n{text}\r"
        files[f"in/{data['name']}.plist"] = plistlib.dumps(data, fmt=plistlib.FMT_BINARY)
        chips[cpu_id] = {"chips": [text], "confidence": "low", "note": text}
        names["names"][f"n{n}"] = {"unit": text, "summary": text,
                                   "candidates": {"arm64": ["INST_ALL"]}}
        names["metrics"][f"m{n}"] = {"unit": text, "summary": text,
                                     "expression": f"n{n} / n{n}"}
    return {**files, "chips.plist": chips, "names.plist": names}


def emitted(scratch, *arguments):
    status, out = outcome(KPEPC, ["emit", *arguments, *OPTIONS, "r1=in"], scratch,
                          f"emit {arguments}")
    equal(status, 0, f"emit {arguments}")
    return out.decode()


def in_tables(scratch):
    status, _ = outcome(KPEPC, ["compile", "-o", "out", *OPTIONS, "r1=in"], scratch, "all at once")
    if not equal(status, 0, "all at once"):
        return
    lines = tables.read(scratch)
    texts = sorted(PRINTABLE.values())
    for kind, place in (("cpu", 3), ("chip", 2), ("name", 2), ("name", 3), ("metric", 2),
                        ("metric", 3)):
        equal(sorted(line[place] for line in lines if line[0] == kind) == texts, True,
              f"tables: word {place} of {kind}")
    equal(sorted(line[2] for line in lines if line[0] == "alias") ==
          texts, True, "tables: aliases")


def in_json(scratch):
    for cpu in json.loads(emitted(scratch, "-t", "json"))["cpus"]:
        text = cpu["marketing_name"]
        aliases = [alias for event in cpu["events"] for alias in event["aliases"]]
        equal((text in PRINTABLE.values(), cpu["chips"] == [text], aliases == [text]),
              (True, True, True), f"json: {text[:40]!r}")
    for n, text in enumerate(PRINTABLE.values()):
        events = json.loads(emitted(scratch, "-t", "perf-json", "--descriptions", "--cpu", f"t{n}"))
        brief = {event["EventName"]: event["BriefDescription"] for event in events}
        equal(brief["INST_ALL"] == f"{text}\n\t\u00fc {text}", True, f"perf-json: {text[:40]!r}")


def in_csv(scratch):
    out = emitted(scratch, "-t", "csv")
    csv.field_size_limit(1 << 20)
    rows = list(csv.DictReader(io.StringIO(out, newline=""), strict=True))
    equal({len(row) for row in rows} | {None in row for row in rows}, {13, False}, "csv: columns")
    aliases = {row["aliases"] for row in rows} - {""}
    equal(aliases == set(PRINTABLE.values()), True, "csv: aliases, exactly")


def in_markdown(scratch):
    """Rows have the columns of their heading, and no markup comes from a name."""
    lines = emitted(scratch, "-t", "markdown").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    equal({line.count("|") for line in rows}, {6}, "markdown: columns")
    headings = [line for line in lines if line.startswith("#")]
    equal(len(headings), len(PRINTABLE), "markdown: headings")
    check(not any("<" in line for line in lines), "markdown: raw markup")


def in_c_header(scratch):
    for n in range(len(PRINTABLE)):
        (scratch / "out").mkdir(exist_ok=True)
        (scratch / "out/header.h").write_text(emitted(scratch, "-t", "c-header", "--cpu", f"t{n}"))
        compiles(scratch, "out/header.h", f"c-header of {list(PRINTABLE)[n]}")


def compiles(scratch, file, what):
    done = subprocess.run([CC, "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "-x", "c",
                           scratch / file], capture_output=True, text=True)
    check(done.returncode == 0, f"{what}: {done.stderr[:500]}")


def in_a_template(scratch):
    """A user's template: a C string literal, and the same text in a comment."""
    (scratch / "out/texts.c.mustache").write_text(
        "#include <stdio.h>\nstatic const struct { const char *text; size_t size; } texts[] = {\n"
        "{{#cpus}}{{#events}}{{#description}}/* {{description}} */\n"
        "{ \"{{description}}\", sizeof \"{{description}}\" },\n{{/description}}{{/events}}{{/cpus}}"
        "};\nint main(void)\n{\n"
        "    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)\n"
        "        fwrite(texts[i].text, 1, texts[i].size, stdout);\n    return 0;\n}\n")
    (scratch / "out/texts.c").write_text(
        emitted(scratch, "-t", "out/texts.c.mustache", "--descriptions"))
    done = subprocess.run([CC, "-Wall", "-Werror", scratch / "out/texts.c", "-o",
                           scratch / "out/texts"], capture_output=True, text=True)
    if check(done.returncode == 0, f"a C template: {done.stderr[:500]}"):
        said = subprocess.run([scratch / "out/texts"], capture_output=True).stdout.decode()
        equal(sorted(said.split("\0")[:-1]) ==
              sorted(f"{text}\n\t\u00fc {text}" for text in PRINTABLE.values()), True,
              "a C template: the literals")


def in_snapshots(scratch):
    """What a snapshot holds is what plistlib reads in the original."""
    want = {path.name: plistlib.loads(path.read_bytes()) for path in (scratch / "in").iterdir()}
    outcome(KPEPC, ["snapshot", "--descriptions", "-o", "out", "--release", "r1", "in"], scratch,
            "a snapshot of all")
    for name, data in want.items():
        got = plistlib.loads((scratch / "out" / name).read_bytes())
        equal(got, data, f"snapshot: {name}")


def all_accepted():
    for test in (in_tables, in_json, in_csv, in_markdown, in_c_header, in_a_template, in_snapshots):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            write_files(scratch, accepted_files())
            (scratch / "out").mkdir()
            if test in (in_tables, in_snapshots):
                (scratch / "out").rmdir()
            test(scratch)


# ---- the command lines ---------------------------------------------------------------------

def kpepc_arguments(text):
    emit = ["emit", "-t", "json", "r1=in"]
    return [["compile", "-o", "out", f"{text}=in"], ["compile", "-o", "out", f"r1={text}"],
            ["compile", "-o", "out", "--cpu", text, "r1=in"], [text], ["compile", text],
            ["compile", f"--{text}"], ["snapshot", "-o", "out", "--release", text, "in"],
            ["diff", f"{text}=in", "in"], ["lint", f"{text}=in"],
            ["lint", "--accepted", text, "in"],
            [*emit, "--release", text], [*emit, "--escape", text], [*emit, "--names", text],
            [*emit, "--chips", text], [*emit, "--kernel", text], ["emit", "-t", text, "r1=in"],
            ["render", "-t", "t.txt", "-p", text], ["render", "-t", text],
            ["render", "-t", "t.txt", "-d", text]]


def kpep_arguments(text):
    return [[text], ["list", text], ["list", "--cpu", text], ["list", "--cpu", "m1", text],
            ["list", "--cpu", "m1", "--release", text], ["show", text], ["show", "--json", text],
            ["encode", "--cpu", "m1", text], ["encode", "--json", "--cpu", "m1", text],
            ["encode", "--cpu", "m1", f"--strategy={text}", "cycles"],
            ["plan", "--json", "--cpu", "m1", "cycles", text], ["names", "--cpu", text],
            ["cpus", f"--{text}"]]


def command_lines():
    for what, text in TEXTS.items():
        if b"\0" in text:
            continue
        text = os.fsdecode(text)
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            write_files(scratch, FILES)
            (scratch / "t.txt").write_text("{{>p}}")
            for arguments in kpepc_arguments(text):
                outcome(KPEPC, arguments, scratch, f"kpepc {what}: {arguments!r:.80}",
                        (0, 1, 2, 3))
                shutil.rmtree(scratch / "out", ignore_errors=True)
            for arguments in kpep_arguments(text):
                _, out = outcome(KPEP, arguments, scratch, f"kpep {what}: {arguments!r:.80}")
                said_well(out, f"kpep {what}: {arguments!r:.80}: standard output")
                if "--json" in arguments and out:
                    json.loads(out)
            source_text(scratch, what, text)


def source_text(scratch, what, text):
    status, _ = outcome(KPEPC, ["snapshot", "-o", "out", "--release", "r1", "--source", text, "in"],
                        scratch, f"--source: {what}")
    equal(status, 0 if what in PRINTABLE else 2, f"--source: {what}")
    if status == 0:
        equal(plistlib.loads((scratch / "out/t1.plist").read_bytes())["kpep"]["source"] == text,
              True, f"--source: {what}: the snapshot")
        equal(outcome(KPEPC, ["compile", "-o", "out/again", "r1=out"], scratch,
                      f"--source: {what}: again")[0], 0, f"--source: {what}: it is read again")


# ---- templates -----------------------------------------------------------------------------

def template_texts():
    """Each text as the name of a variable, section, partial, filter, delimiter; and as data."""
    for what, text in TEXTS.items():
        tags = [tag.replace(b"@", text) for tag in (
            b"{{@}}", b"{{#@}}{{/@}}", b"{{>@}}", b"{{name | @}}", b"{{=@ @=}}", b"@")]
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            (scratch / "secret.mustache").write_text("SECRET")
            (scratch / "p").mkdir()
            (scratch / "d.plist").write_bytes(with_text({"name": MARK}, text))
            for n, tag in enumerate(tags):
                (scratch / "t.txt").write_bytes(tag)
                _, out = outcome(KPEPC, ["render", "-t", "t.txt", "-p", "p", "--escape", "json"],
                                 scratch, f"template: {what}, {n}")
                check(b"SECRET" not in out, f"template: {what}, {n}: a partial from outside")
            (scratch / "t.json").write_text('"{{name}}"')
            status, out = outcome(KPEPC, ["render", "-t", "t.json", "-d", "d.plist"], scratch,
                                  f"render: {what}")
            if status == 0:
                read = text.decode().replace("\r\n", "\n").replace("\r", "\n")
                equal(json.loads(out) == read, True, f"render: {what}")


def partials_outside():
    for name in ("../secret", "/etc/passwd", "./../secret", "p/../../secret", "..", "."):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            (scratch / "secret.mustache").write_text("SECRET")
            (scratch / "p").mkdir()
            (scratch / "t.txt").write_text("{{>" + name + "}}")
            status, out = outcome(KPEPC, ["render", "-t", "t.txt", "-p", "p"], scratch, name)
            equal((status, out), (1, b""), f"partial {name}")


# ---- bombs ---------------------------------------------------------------------------------

# So that a bomb that goes off is a failed check and no more. A shell sets the limits: Python would
# copy itself to do it. A sanitizer's shadow is larger than any limit.
LIMITED = ["/bin/sh", "-c", f"ulimit -t {CPU_SECONDS}; "
           f"{'' if SANITIZED else f'ulimit -v {MEMORY * 2}; '}" 'exec "$@"', "sh"]


def bomb(what, arguments, directory, line, statuses=(1,)):
    """One line (and what compile adds), 10 seconds, 256 MB. The line: all of it, or its beginning."""
    with open(directory / "stderr", "wb") as err:
        process = subprocess.Popen([*LIMITED, KPEPC, *arguments], cwd=directory, stderr=err,
                                   stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    check(process.returncode in statuses, f"{what}: exit status {process.returncode}")
    lines = said_well((directory / "stderr").read_bytes(), what)
    if line is not None:
        want = [line] + ["kpepc: 1 error: nothing was written"] * (arguments[0] == "compile")
        equal([text.decode() for text in lines], want, what)
    check(SANITIZED or usage.ru_maxrss < MEMORY, f"{what}: {usage.ru_maxrss} KB")
    runs["refused" if process.returncode else "accepted"] += 1


@contextlib.contextmanager
def directory_of(files):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name, content in files.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content)
        yield scratch


# Each plist input: where the bomb is, the command.
INPUTS = [("in/t1.plist", ["compile", "-o", "out", "r1=in"]),
          ("names.plist", ["compile", "-o", "out", "--names", "names.plist", "r1=good"]),
          ("chips.plist", ["compile", "-o", "out", "--chips", "chips.plist", "r1=good"]),
          ("kernel.plist", ["compile", "-o", "out", "--kernel", "kernel.plist", "r1=good"]),
          ("intel.plist", ["compile", "-o", "out", "--intel", "intel.plist", "r1=good"]),
          ("data.plist", ["render", "-t", "t.txt", "-d", "data.plist"])]


def plist_bomb(what, content, says, inputs=INPUTS[:1]):
    for file, command in inputs:
        with directory_of({"good/t1.plist": plistlib.dumps(database()), "t.txt": b"",
                           file: content}) as scratch:
            bomb(f"{what}, {file}", command, scratch, f"{file}: {says}")


def plist(body):
    return b'<plist version="1.0">\n' + body + b"\n</plist>\n"


def declared(internal):
    return (b'<?xml version="1.0"?>\n<!DOCTYPE plist [' + internal + b"]>\n" +
            plist(b"<dict><key>name</key><string>&x;</string></dict>"))


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
DECLARES = ("line 2: a document type of another kind (expected none or Apple's "
            "-//Apple//DTD PLIST 1.0//EN)")
ENTITY = "unknown entity (expected &amp; &lt; &gt; &quot; &apos; or &#N;)"
DEEP = "nested too deep (expected at most 32 levels)"
KEYS = "too many keys (expected at most 32768 in a dictionary)"
NO_INTEGER = "not an integer (expected decimal or 0x hexadecimal)"
NO_DATE = "not a date (expected YYYY-MM-DDTHH:MM:SSZ)"
LARGE = "an integer too large (expected one of 64 bits, signed)"
NOT_REGULAR = "not a regular file (expected a property list)"


def keys(count, spell=b"<key>%08d</key><true/>"):
    return plist(b"<dict>" + b"".join(spell % n for n in range(count)) + b"</dict>")


def xml_bombs():
    whole = plistlib.dumps(database())
    for what, content, says in [
            ("billion laughs", declared(b'<!ENTITY l0 "lol">' + LAUGHS), DECLARES),
            ("an external entity", declared(b'<!ENTITY x SYSTEM "file:///etc/passwd">'), DECLARES),
            ("a parameter entity", declared(b'<!ENTITY % p SYSTEM "http://x/">%p;'), DECLARES),
            ("an element declared", declared(b"<!ELEMENT plist ANY>"), DECLARES),
            ("an entity of no declaration", plist(b"<string>&x;</string>"), f"line 2: {ENTITY}"),
            ("500000 keys", keys(500000), f"line 2: {KEYS}"),
            ("a million keys", keys(1000000),
             f"{len(keys(1000000))} bytes (expected at most {SIZE_MAX})"),
            ("a million values", plist(b"<array>" + b"<true/>" * 1000000 + b"</array>"),
             "line 2: too many elements (expected at most 262144)"),
            ("100 MB of zeros", sparse(100 << 20),
             f"{100 << 20} bytes (expected at most {SIZE_MAX})"),
            ("100 MB of XML", large_xml, f"{LARGE_XML} bytes (expected at most {SIZE_MAX})"),
            ("16 MB of zeros", sparse(SIZE_MAX),
             "line 1: a NUL byte (expected an XML or binary property list)")]:
        plist_bomb(what, content, says, INPUTS)
    for digits in (b"9" * 19, b"9" * 20, b"9" * 100000, b"0x1" + b"0" * 16, b"0x" + b"f" * 16,
                   b"0x" + b"f" * 100000):
        for sign in (b"", b"-"):
            plist_bomb(f"an integer {sign}{digits[:20]}",
                       plist(b"<integer>" + sign + digits + b"</integer>"),
                       f"line 2: {NO_INTEGER if sign and b'x' in digits else LARGE}")
    for depth in (33, 1000, 1000000):
        for opening, closing in ((b"<array>", b"</array>"),
                                 (b"<dict><key>a</key>", b"</dict>")):
            if len(opening) * depth < SIZE_MAX:
                plist_bomb(f"{depth} x {opening}", plist(opening * depth + closing * depth)
                           [:SIZE_MAX], f"line 2: {DEEP}")
    plist_bomb("no list", plist(b"<string>" + b"a" * (SIZE_MAX - 100) + b"</string>"),
               "string (expected a dictionary)")
    for what, element, says in [
            ("real", b"9" * 100000, "line 2: a real too large (expected one of 64 bits)"),
            ("real", b"1e999999", "line 2: a real too large (expected one of 64 bits)"),
            ("real", b"nan", "line 2: not a real (expected a decimal number)"),
            ("date", b"9" * 100000, f"line 2: {NO_DATE}"),
            ("date", b"2020-99-99T99:99:99Z", f"line 2: {NO_DATE}"),
            ("data", b"*" * 100000, "line 2: not data (expected Base64)"),
            ("data", b"A" * 1000000, "data or date (expected a dictionary)"),
            ("string", b"&amp;" * 1000000, "string (expected a dictionary)"),
            ("string", b"<![CDATA[]]>" * 100000, "string (expected a dictionary)"),
            ("string", b"]]&gt;" * 1000000, "string (expected a dictionary)"),
            ("string", b"a<!-- -->" * 100000, "string (expected a dictionary)")]:
        plist_bomb(f"{what} {element[:20]}",
                   plist(b"<%s>%s</%s>" % (what.encode(), element, what.encode())), says)
    truncated("xml", whole, 7)


LINES = b"<string>abcdefghijklmnopqrstuvwxyz</string>\n" * 1024
LARGE_XML = len(plist(b"<array></array>")) + len(LINES) * 2300


def large_xml(path):
    """Piece by piece: what this process takes shows in the figures of its children."""
    head, tail = plist(b"<array>|</array>").split(b"|")
    with open(path, "wb") as file:
        file.write(head)
        for _ in range(2300):
            file.write(LINES)
        file.write(tail)


def sparse(size):
    def make(path):
        with open(path, "wb") as file:
            file.truncate(size)
    return make


def special_files():
    def listen(path):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
    for what, make in (("a FIFO", os.mkfifo), ("a directory", os.mkdir)):
        plist_bomb(what, make, NOT_REGULAR, INPUTS)
    with directory_of({"good/t1.plist": plistlib.dumps(database()), "t.txt": b"",
                       "socket": listen}) as scratch:
        bomb("a socket", ["render", "-t", "t.txt", "-d", "socket"], scratch,
             f"socket: {os.strerror(6)} (expected a property list)")
        for option in ("--names", "--chips", "--kernel", "--intel"):
            bomb(f"/dev/zero for {option}", ["compile", "-o", "out", option, "/dev/zero",
                                             "r1=good"], scratch, f"/dev/zero: {NOT_REGULAR}")
        (scratch / "good/z.plist").symlink_to("/dev/zero")
        bomb("a link to /dev/zero", ["compile", "-o", "out", "r1=good"], scratch,
             "good/z.plist: a link out of the directory (expected a database beside it)")


# ---- binary --------------------------------------------------------------------------------

def bplist(*objects, top=0, count=None, offset_size=4, ref_size=1, table=None, offsets=None):
    data, places = b"bplist00", []
    for item in objects:
        places.append(len(data))
        data += item
    where = len(data) if table is None else table
    data += b"".join(struct.pack(">I", place) for place in (offsets or places))
    return data + struct.pack(">6xBBQQQ", offset_size, ref_size,
                              len(objects) if count is None else count, top, where)


def array(count, refs):
    return b"\xaf\x12" + struct.pack(">I", count) + refs


def text_object(text):
    return b"\x5f\x12" + struct.pack(">I", len(text)) + text


BAD_TRAILER = "a bad trailer, as of a file cut short (expected the offsets of its objects)"
INSIDE = "nested too deep, or an object inside itself (expected at most 32 levels)"
OUTSIDE = ("an object outside of where objects are (expected its offset before the offset table)")
BEYOND = "an object beyond the end of the file (expected all of it)"
USES = f"too much text or data, each use of it counted (expected at most {SIZE_MAX} bytes)"
PAIR = ("a control character or half a surrogate pair in a string (expected text in UTF-16)")


def binary_bombs():
    megabyte = text_object(b"a" * (1 << 20))
    wide = struct.pack(">H", 0x100) * 30000
    for what, content, says in [
            ("an array in itself", bplist(b"\xa1\x00"), INSIDE),
            ("a dictionary that is its own key", bplist(b"\xd1\x00\x00"),
             "a key that is no string (expected a string)"),
            ("a cycle of three", bplist(b"\xa1\1", b"\xa1\2", b"\xa1\0"), INSIDE),
            ("2^63 objects", bplist(b"\xa0", count=1 << 63), BAD_TRAILER),
            ("2^64 - 1 objects", bplist(b"\xa0", count=(1 << 64) - 1), BAD_TRAILER),
            ("a root of 2^63", bplist(b"\xa0", top=1 << 63),
             f"a reference to object {1 << 63} (expected one of 1)"),
            ("references of no bytes", bplist(b"\xa0", ref_size=0), BAD_TRAILER),
            ("references of 255 bytes", bplist(b"\xa0", ref_size=255), BAD_TRAILER),
            ("offsets of 255 bytes", bplist(b"\xa0", offset_size=255), BAD_TRAILER),
            ("an offset past the end", bplist(b"\xa0", offsets=[1 << 31]), OUTSIDE),
            ("an offset into the magic", bplist(b"\xa0", offsets=[0]), OUTSIDE),
            ("an offset into the table", bplist(b"\xa0", offsets=[9]), OUTSIDE),
            ("a table over the objects", bplist(b"\xa0\xa0", table=8), BAD_TRAILER),
            ("a table past the end", bplist(b"\xa0", table=(1 << 64) - 8), BAD_TRAILER),
            ("a length of 2^63", bplist(b"\xaf\x13" + b"\x80" + bytes(7)), BEYOND),
            ("a megabyte, 30000 times", bplist(array(30000, b"\1" * 30000), megabyte), USES),
            ("a megabyte of data, 30000 times",
             bplist(array(30000, b"\1" * 30000), b"\x4f" + megabyte[1:]), USES),
            ("33000 keys", bplist(b"\xdf\x12" + struct.pack(">I", 33000) + b"\1" * 66000,
                                  b"\x51a"), KEYS),
            ("30 levels of 10", bplist(*[b"\xaa" + bytes([n + 1]) * 10 for n in range(30)],
                                       b"\xa0"), "too many objects (expected at most 262144)"),
            ("half a pair at the end", bplist(b"\x61\xd8\x00"), PAIR),
            ("two first halves", bplist(b"\x62\xd8\x00\xd8\x00"), PAIR),
            ("a long text of UTF-16", bplist(b"\x6f\x12" + struct.pack(">I", 30000) + wide),
             "string (expected a dictionary)")]:
        everywhere = ("an array in itself", "33000 keys", "a megabyte, 30000 times")
        plist_bomb(what, content, says, INPUTS if what in everywhere else INPUTS[:1])
    for depth in (40, 100000):
        chain = [b"\xa1" + struct.pack(">I", n + 1) for n in range(depth)] + [b"\xa0"]
        plist_bomb(f"{depth} deep, binary", bplist(*chain, ref_size=4), INSIDE)


def small_binary():
    cpu = {"architecture": "arm64", "marketing_name": "A1", "config_counters": 1020,
           "fixed_counters": 3, "aliases": {"C": "FIX"},
           "events": {"FIX": {"fixed_counter": 0}, "B": {"number": 163, "fallback": "FIX"}}}
    return plistlib.dumps({"name": "t1", "version": [1, 0], "system": {"cpu": cpu}},
                          fmt=plistlib.FMT_BINARY)


def many(what, contents):
    """Many files in one run: each is refused in a line of its own or, alone, read as it is."""
    with directory_of({f"in/cpu_1_2_{n + 1:x}.plist": content
                       for n, content in enumerate(contents)}) as scratch:
        with open(scratch / "stderr", "wb") as err:
            done = subprocess.run([KPEPC, "compile", "-o", "out", "r1=in"], cwd=scratch, stderr=err,
                                  stdout=subprocess.DEVNULL, timeout=60)
        check(done.returncode in (0, 1), f"{what}: exit status {done.returncode}")
        lines = said_well((scratch / "stderr").read_bytes(), what)
        bad = {line.split(b":")[0].decode() for line in lines if b"plist: " in line}
        runs["refused"] += len(bad)
        for path in bad:
            (scratch / path).unlink()
        left = sorted(path.name for path in (scratch / "in").iterdir())
        if left:
            survivors(what, scratch, left)


def survivors(what, scratch, left):
    """What is accepted says what plistlib reads in it."""
    runs["accepted"] += len(left)
    spellings = {}
    for name in left[:]:  # a snapshot refuses names that differ in case alone
        said = (facts(scratch / "in" / name) or {"name": name})["name"]
        if spellings.setdefault(said.lower(), said) != said:
            (scratch / "in" / name).unlink()
            left.remove(name)
    status = subprocess.run([KPEPC, "snapshot", "-o", "out", "--release", "r1", "in"], cwd=scratch,
                            stderr=subprocess.DEVNULL, timeout=60).returncode
    if not equal(status, 0, f"{what}: the snapshot of what is left"):
        return
    got = {}
    for path in (scratch / "out").iterdir():
        data = plistlib.loads(path.read_bytes())
        got[data.pop("kpep")["cpus"][0]] = data
    for name in left:
        want = facts(scratch / "in" / name)
        check(want is None or got.get(name[:-6]) == want,
              f"{what}: {name}: got {got.get(name[:-6])}, want {want}")


def facts(path):
    """What a snapshot has of a database; None when plistlib cannot read it."""
    try:
        data = plistlib.loads(path.read_bytes())
    except (xml.parsers.expat.ExpatError, LookupError, ValueError):
        return None
    if not data["system"]["cpu"].get("aliases", True):
        del data["system"]["cpu"]["aliases"]
    for event in data["system"]["cpu"]["events"].values():
        event.pop("description", None)
    return {key: data[key] for key in ("name", "version", "system", "internal") if key in data}


def truncated(what, whole, step):
    many(f"{what}, cut at every {step}th byte", [whole[:n] for n in range(1, len(whole), step)])


def flipped_bits():
    whole = small_binary()
    truncated("binary", whole, 1)
    flips = []
    for bit in range(len(whole) * 8):
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        flips.append(bytes(data))
    many("each bit flipped", flips)
    rng = random.Random(20260917)
    whole = plistlib.dumps(database())
    mutants = []
    for _ in range(500):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b"<>&;/\0\xff\"'0aA-![] ")
        mutants.append(bytes(data))
    many("XML with bytes changed", mutants)


# ---- templates that are bombs ----------------------------------------------------------------

def template_bombs():
    items = {"a": {"a": [True] * 1000}, "s": "x" * 100000, "l": [1] * 1000}
    for what, text, says in [
            ("a million sections", b"{{#a}}" * 1000000 + b"{{/a}}" * 1000000, None),
            ("a million open sections", b"{{#a}}" * 1000000, None),
            ("a million closed sections", b"{{/a}}" * 1000000, None),
            ("1000^4 repetitions", b"{{#l}}" * 4 + b"{{/l}}" * 4,
             "kpepc: t.txt:1: too much repetition (expected at most 16777216 steps)"),
            ("an output without end", b"{{#l}}{{#l}}{{s}}{{/l}}{{/l}}", None),
            ("a partial in itself", b"{{>p}}", None),
            ("two partials in each other", b"{{>q}}", None),
            ("a million variables", b"{{zz}}" * 1000000, None),
            ("a name of a megabyte", b"{{" + b"a." * 500000 + b"a}}", None),
            ("100 MB", sparse(100 << 20),
             f"t.txt: more than {SIZE_MAX} bytes (expected a template)"),
            ("a FIFO", os.mkfifo, "t.txt: not a regular file (expected a template)"),
            ("a directory", os.mkdir, "t.txt: not a regular file (expected a template)")]:
        with directory_of({"t.txt": text, "d.plist": plistlib.dumps(items),
                           "p.mustache": b"{{>p}}", "q.mustache": b"{{>r}}",
                           "r.mustache": b"  {{>q}}\n"}) as scratch:
            bomb(f"template: {what}", ["render", "-t", "t.txt", "-d", "d.plist", "-p", "."],
                 scratch, says)
    with directory_of({}) as scratch:
        bomb("template: /dev/zero", ["render", "-t", "/dev/zero"], scratch,
             "/dev/zero: not a regular file (expected a template)")


def accepted_bombs():
    """The file of accepted findings."""
    row = b"t%d no-aliases * # why\n"
    for what, content, says in [
            ("100 MB", sparse(100 << 20), "accepted: more than 8388608 bytes (expected accepted "
             "findings)"),
            ("a FIFO", os.mkfifo, "accepted: not a regular file (expected accepted findings)"),
            ("newlines", b"\n" * (8 << 20), None),
            ("rows", b"".join(row % n for n in range(100000)), None)]:
        with directory_of({"in/t1.plist": plistlib.dumps(database()),
                           "accepted": content}) as scratch:
            lint = ["lint", "--accepted", "accepted", "in"]
            bomb(f"accepted: {what}", lint, scratch, says, (0, 1))


# ---- more than the tables count ----------------------------------------------------------------

def too_many():
    """Counts of 8 bits in the tables: one more is refused, and not cut to 8 bits."""
    ids = [f"cpu_1_2_{n + 1:x}" for n in range(256)]
    for what, file, data, option, says in [
            ("CPU ids", "in/t1.plist", {**database(), "kpep": {"release": "r1", "cpus": ids}}, [],
             "in/t1.plist: kpep.cpus: an array of 256 (expected at most 255)"),
            ("expressions", "n.plist",
             {"names": NAMES["names"], "metrics": {f"m{n}": {
                 **NAMES["metrics"]["m"], "otherwise": ["cycles"]} for n in range(128)}},
             ["--names", "n.plist"],
             "n.plist: metrics: more than 255 expressions (expected at most that)"),
            ("constants", "n.plist",
             {"names": NAMES["names"], "constants": {f"c{n}": {"summary": "A constant."}
                                                     for n in range(256)}},
             ["--names", "n.plist"], "n.plist: constants: a dictionary of 256 (expected at most 255)"),
            ("names in an expression", "n.plist",
             {"names": {f"n{n:02}": NAMES["names"]["cycles"] for n in range(17)}, "metrics": {"m": {
                 **NAMES["metrics"]["m"], "expression": " + ".join(f"n{n:02}" for n in range(17))}}},
             ["--names", "n.plist"], "n.plist: metrics.m.expression: character 97: too many names "
             "(expected at most 16 different ones)"),
            ("chips", "c.plist", {ID: {"chips": ["M1"] * 33, "confidence": "high"}},
             ["--chips", "c.plist"],
             f"c.plist: {ID}.chips: an array of 33 (expected at most 32)")]:
        with directory_of({"in/t1.plist": plistlib.dumps(database()),
                           file: plistlib.dumps(data)}) as scratch:
            bomb(what, ["compile", "-o", "out", *option, "r1=in"], scratch, says)
    with directory_of({"in/t1.plist": plistlib.dumps(database())}) as scratch:
        for name in ids:
            (scratch / f"in/{name}.plist").symlink_to("t1.plist")
        bomb("links", ["compile", "-o", "out", "r1=in"], scratch,
             "in/t1.plist: 256 CPU ids (expected at most 255)")


# ---- names that are taken ----------------------------------------------------------------------

def taken_names():
    """kpdb_ids.h's macros have prefixes of their own, and no two events or databases are one."""
    db = kpeptest.SOURCE / "db"
    own = {word for path in db.glob("*.[ch]") for word in re.findall(
        r"\bKPDB_[A-Z0-9_]+", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S))}
    check(len(own) > 30, "the headers' definitions")
    equal([word for word in sorted(own) if re.match("KPDB_(EVENT|NAME|CPU)_", word)], [],
          "what begins as kpdb_ids.h's macros do")
    one = "(expected names that differ in letters or digits)"
    for events, name, says in [
            (["END", "CPU_T1", "EVENT_A", "A", "5", "_5"], "t1", []),
            (["A.B", "A_B"], "t1", [f"two events would both be KPDB_EVENT_A_B {one}"]),
            (["A"], "t-2", [f"two databases would both be KPDB_CPU_T_2 {one}"]),
            (["A"], "T-2", [f"two databases would both be KPDB_CPU_T_2 {one}"])]:
        second = {**database(), "name": "t.2"}
        data = {**database(events={event: {"number": 1} for event in events}, aliases={}),
                "name": name}
        with directory_of({"in/a.plist": plistlib.dumps(data),
                           "in/b.plist": plistlib.dumps(second)}) as scratch:
            status, _, err = kpeptest.run(KPEPC, "compile", "-o", "out", "r1=in", cwd=scratch)
            want = [f"kpepc: {line}" for line in says]
            want += ["kpepc: 1 error: nothing was written"] * bool(says)
            equal((status, err.splitlines()), (bool(says), want), f"events {events}, database {name}")


# ---- the kernels' lists -------------------------------------------------------------------------

def kernel_refusals():
    version = "not a macOS version (expected MAJOR.MINOR)"
    selector = "not a selector (expected an integer from 0 to 65535)"
    no_id = "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)"
    soc = KERNEL["T1"]
    cases = [([1], "array (expected a dictionary)"),
             ({"T1": [1]}, "T1: array (expected a dictionary)"),
             ({"T1": {"cpus": [ID]}}, "T1.selectors: missing (expected a dictionary)"),
             ({"T1": {**soc, "selectors": [1]}}, "T1.selectors: array (expected a dictionary)"),
             ({"T1": {"selectors": {}}}, "T1.cpus: missing (expected an array)"),
             ({"T1": {**soc, "cpus": ID}}, "T1.cpus: string (expected an array)"),
             ({"T1": {**soc, "cpus": [5]}}, "T1.cpus.0: integer (expected a string)"),
             ({"T1": {**soc, "cpus": [ID, ""]}}, "T1.cpus.1: empty (expected text)"),
             ({"T1": {**soc, "cpus": ["M1"]}}, f"T1.cpus.0: {no_id}"),
             ({"T1": {**soc, "selectors": {"15.4": 140}}},
              "T1.selectors.15.4: integer (expected an array)")]
    cases += [({"T1": {**soc, "selectors": {name: [1]}}}, f"T1.selectors.{name}: {version}")
              for name in ("15", "15.", ".4", "15.4.1", "macos-15", "15.4 ", "150.4", "15.400",
                           "-1.2", "0x1.2", "1,2")]
    cases += [({"T1": {**soc, "selectors": {"15.4": [0, value]}}},
               f"T1.selectors.15.4.1: {selector}") for value in (-1, 65536, 2**63 - 1, "1", 1.5,
                                                                 True, [])]
    for data, says in cases:
        with directory_of({"in/t1.plist": plistlib.dumps(database()),
                           "kernel.plist": plistlib.dumps(data)}) as scratch:
            bomb(f"kernel.plist: {says}", ["compile", "-o", "out", "--kernel", "kernel.plist",
                                           "r1=in"], scratch, f"kernel.plist: {says}")
    kernel_unknown_key()


def kernel_unknown_key():
    data = {"T1": {**KERNEL["T1"], "colour": 1}}
    with directory_of({"in/t1.plist": plistlib.dumps(database()),
                       "kernel.plist": plistlib.dumps(data)}) as scratch:
        line = "kernel.plist: T1.colour: {}unknown key (expected cpus or selectors)"
        command = ["compile", "-o", "out", "--kernel", "kernel.plist"]
        bomb("an unknown key, strict", [*command, "--strict", "r1=in"], scratch, line.format(""))
        equal(kpeptest.run(KPEPC, *command, "r1=in", cwd=scratch),
              (0, "", line.format("warning: ") + "\n"), "kernel.plist: an unknown key")


if __name__ == "__main__":
    for test in (every_place, file_names, all_accepted, command_lines, template_texts,
                 partials_outside, xml_bombs, special_files, binary_bombs, flipped_bits,
                 template_bombs, accepted_bombs, too_many, taken_names, kernel_refusals):
        test()
    print(f"{runs['refused']} inputs refused, {runs['accepted']} accepted")
    kpeptest.done()
