#!/usr/bin/env python3
"""Every refusal of kpepc: what is wrong, the exact lines on stderr, exit status 1, nothing written.

A case is a row: what it is about, a maker of the input directory `in` (and of files beside it),
and the lines. The last line, "kpepc: N errors: nothing was written", is added here.
"""
import copy
import errno
import functools
import itertools
import os
import pathlib
import plistlib
import string
import struct
import tempfile
import time

import kpeptest
from kpeptest import KPEPC, check, database, equal, run, write_plist

# A tmpfs lists a directory in the order it was made in; ext4 has one order for the same names.
kpeptest.in_memory()

SIZE_MAX = 16 << 20
ID, ID2 = "cpu_100000c_2_1b588bb3", "cpu_100000c_2_da33d83d"
EVENTS = "system/cpu/events/"
ALIASES = "system/cpu/aliases/"
COVERED = ("number, umask, counters_mask, fixed_counter, fallback, other, description, errata, marketing_name, "
           "fixed_counters, config_counters, power_counters, aliases or events")


# ---- makers of inputs: each is a function of the directory `in` ------------------------

def edited(data, *edits):
    """A copy with edits: (path, value) puts a value, (path,) takes a key away."""
    data = copy.deepcopy(data)
    for path, *value in edits:
        *parents, key = path.split("/")
        place = data
        for parent in parents:
            place = place[parent]
        if value:
            place[key] = value[0]
        else:
            del place[key]
    return data


def put(path, value):
    return files({"t1.plist": edited(database(), (path, value))})


def drop(path):
    return files({"t1.plist": edited(database(), (path,))})


def intel(**changes):
    """An x86_64 database of one event."""
    event = {"number": 60, "umask": 1}
    event.update(changes)
    return database(architecture="x86_64", events={"A": {k: v for k, v in event.items()
                                                         if v is not None}}, aliases={})


def files(contents):
    """Bytes as they are, dictionaries as XML plists, strings as symbolic links, else called."""
    def make(directory):
        for name, content in contents.items():
            path = directory / name
            if isinstance(content, dict):
                write_plist(path, content)
            elif isinstance(content, bytes):
                path.write_bytes(content)
            elif isinstance(content, str):
                path.symlink_to(content)
            else:
                content(path)
    return make


def raw(text):
    return files({"t1.plist": text if isinstance(text, bytes) else text.encode()})


def xml(body):
    """body is on line 2."""
    return raw(f'<plist version="1.0">\n{body}\n</plist>\n')


def value(element):
    """A dictionary with one entry, on line 2."""
    return xml(f"<dict><key>a</key>{element}</dict>")


def snapshot(name, release="r1", cpus=(), **more):
    data = database()
    data["name"] = name
    data["kpep"] = {"release": release, "cpus": list(cpus), **more}
    return data


def bplist(*objects, top=0, length=None, count=None, offset_size=4, table=None):
    """A binary plist of these objects, written by hand; references are bytes."""
    data, offsets = b"bplist00", []
    for item in objects:
        offsets.append(len(data))
        data += item
    trailer = struct.pack(">6xBBQQQ", offset_size, 1, len(objects) if count is None else count,
                          top, len(data) if table is None else table)
    data += b"".join(struct.pack(">I", offset) for offset in offsets) + trailer
    return raw(data[:length])


def ascii_object(text):
    return bytes([0x50 | len(text)]) + text


NAME = ascii_object(b"name")


def of_name(item):
    """A binary plist { name = item }."""
    return bplist(b"\xd1\x01\x02", NAME, item)


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(SIZE_MAX + 1)


# ---- the checks ------------------------------------------------------------------------

def verdict(count):
    return f"kpepc: {count} error{'' if count == 1 else 's'}: nothing was written"


def compile_in(directory, *options):
    return run(KPEPC, "compile", "-o", "out", *options, cwd=directory)


def refused(what, make, lines, *options):
    """The run says the lines in that order, then the verdict; it writes nothing."""
    lines = [lines] if isinstance(lines, str) else lines
    whole = ("in:", "names.plist:", "chips.plist:", "intel.plist:", "meanings.plist:", "kpepc:")
    lines = [line if line.startswith(whole) else f"in/{line}" for line in lines]
    errors = [line for line in lines if ": warning: " not in line]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "in").mkdir()
        make(scratch / "in")
        status, out, err = compile_in(scratch, *options, "r1=in")
        equal(err.splitlines(), lines + [verdict(len(errors))], what)
        equal((status, out), (1, ""), f"{what}: exit status and standard output")
        check(not (scratch / "out").exists(), f"{what}: something was written")


def all_refused(table, *options):
    for what, make, lines in table:
        refused(what, make, lines, *options)


# ---- the schema ------------------------------------------------------------------------

def required_fields():
    text, array, dictionary = "a string", "an array", "a dictionary"
    for path, wanted in [("name", text), ("version", array), ("system", dictionary),
                         ("system/cpu", dictionary), ("system/cpu/architecture", text),
                         ("system/cpu/marketing_name", text), ("system/cpu/events", dictionary)]:
        dotted = path.replace("/", ".")
        refused(f"no {path}", drop(path), f"t1.plist: {dotted}: missing (expected {wanted})")
        refused(f"{path} of another type", put(path, 1.5),
                f"t1.plist: {dotted}: real (expected {wanted})")


def typed_fields():
    mask = "an integer from 0 to 4294967295"
    small = "an integer from 0 to 65535"
    for path, given, says in [
            ("internal", "yes", "string (expected true or false)"),
            ("internal", 1, "integer (expected true or false)"),
            ("name", b"t1", "data or date (expected a string)"),
            ("name", "", "empty (expected text)"),
            ("version", [1], "an array of 1 (expected two integers)"),
            ("version", [1, 0, 0], "an array of 3 (expected two integers)"),
            ("system/cpu/marketing_name", "M\u00fc",
             "a byte that is not printable ASCII (expected text)"),
            ("system/cpu/fixed_counters", "3", f"string (expected {mask})"),
            ("system/cpu/config_counters", 2**32, f"4294967296 (expected {mask})"),
            ("system/cpu/power_counters", -1, f"-1 (expected {mask})"),
            ("system/cpu/aliases", ["Cycles"], "array (expected a dictionary)"),
            (ALIASES + "Cycles", 1, "integer (expected a string)"),
            (ALIASES + "Cycles", "", "empty (expected text)"),
            (EVENTS + "INST_ALL", 140, "integer (expected a dictionary)"),
            (EVENTS + "INST_ALL/number", "140", f"string (expected {small})"),
            (EVENTS + "INST_ALL/number", 140.0, f"real (expected {small})"),
            (EVENTS + "INST_ALL/number", True, f"boolean (expected {small})"),
            (EVENTS + "INST_ALL/number", 65536, f"65536 (expected {small})"),
            (EVENTS + "INST_ALL/number", -1, f"-1 (expected {small})"),
            (EVENTS + "INST_ALL/number", 2**63 - 1, f"9223372036854775807 (expected {small})"),
            (EVENTS + "INST_ALL/counters_mask", "1", f"string (expected {mask})"),
            (EVENTS + "INST_ALL/counters_mask", 2**32, f"4294967296 (expected {mask})"),
            (EVENTS + "INST_ALL/other", 65536, f"65536 (expected {small})"),
            (EVENTS + "INST_ALL/description", 1, "integer (expected a string)"),
            (EVENTS + "INST_ALL/errata", ["x"], "array (expected a string)"),
            (EVENTS + "FIXED_INSTRUCTIONS/fallback", 140, "integer (expected a string)"),
            (EVENTS + "FIXED_CYCLES/fixed_counter", 32, "32 (expected an integer from 0 to 31)"),
            (EVENTS + "FIXED_CYCLES/fixed_counter", -1, "-1 (expected an integer from 0 to 31)"),
            (EVENTS + "FIXED_CYCLES/fixed_counter", "0",
             "string (expected an integer from 0 to 31)")]:
        key = path.replace("/", ".")
        refused(f"{path} = {given!r}", put(path, given), f"t1.plist: {key}: {says}")
    for index, version, says in [(0, [2, 0], "2 (expected 1)"),
                                 (0, ["1", 0], "string (expected an integer)"),
                                 (1, [1, True], "boolean (expected an integer)")]:
        refused(f"version {version}", put("version", version),
                f"t1.plist: version.{index}: {says}")


MEANING = [
    ("unknown architecture", put("system/cpu/architecture", "riscv64"),
     "t1.plist: system.cpu.architecture: riscv64 (expected i386, x86_64, arm or arm64)"),
    ("neither number nor fixed counter", put(EVENTS + "INST_ALL", {"counters_mask": 128}),
     "t1.plist: system.cpu.events.INST_ALL.number: missing (expected an integer from 0 to 65535)"),
    ("umask on arm64", put(EVENTS + "INST_ALL/umask", 1),
     "t1.plist: system.cpu.events.INST_ALL.umask: not used on arm64 (expected none)"),
    ("no umask on x86_64", files({"t1.plist": intel(umask=None)}),
     "t1.plist: system.cpu.events.A.umask: missing (expected an integer from 0 to 255)"),
    ("umask of 9 bits", files({"t1.plist": intel(umask=256)}),
     "t1.plist: system.cpu.events.A.umask: 256 (expected an integer from 0 to 255)"),
    ("negative umask", files({"t1.plist": intel(umask=-1)}),
     "t1.plist: system.cpu.events.A.umask: -1 (expected an integer from 0 to 255)"),
    ("fixed events, no fixed counters", put("system/cpu/fixed_counters", 0),
     ["t1.plist: system.cpu.events.FIXED_CYCLES: fixed_counter in a database without fixed "
      "counters (expected system.cpu.fixed_counters)",
      "t1.plist: system.cpu.events.FIXED_CYCLES.counters_mask: 1 has a bit that is no counter "
      "(expected a part of 1020)",
      "t1.plist: system.cpu.events.FIXED_INSTRUCTIONS: fixed_counter in a database without fixed "
      "counters (expected system.cpu.fixed_counters)",
      "t1.plist: system.cpu.events.FIXED_INSTRUCTIONS.counters_mask: 2 has a bit that is no "
      "counter (expected a part of 1020)"]),
    ("mask beyond the counters", put(EVENTS + "INST_ALL/counters_mask", 1024 + 128),
     "t1.plist: system.cpu.events.INST_ALL.counters_mask: 1152 has a bit that is no counter "
     "(expected a part of 1023)"),
    ("alias of no event", put(ALIASES + "Cycles", "NOTHING"),
     "t1.plist: system.cpu.aliases.Cycles: no event NOTHING (expected one of this database)"),
    ("two aliases of one event", put(ALIASES + "Ticks", "FIXED_CYCLES"),
     "t1.plist: system.cpu.aliases.Ticks: FIXED_CYCLES has the alias Cycles already (expected one "
     "alias for each event)"),
    ("an alias that is an event", put(ALIASES + "INST_ALL", "INST_BRANCH"),
     "t1.plist: system.cpu.aliases.INST_ALL: an event has that name too (expected an alias of its "
     "own)"),
    ("an alias beyond ASCII", put(ALIASES + "Bef\u00e9hle", "INST_ALL"),
     "t1.plist: system.cpu.aliases.Bef\\xc3\\xa9hle: a byte that is not printable ASCII (expected "
     "text)"),
    ("an alias with a newline and a control character",
     files({"t1.plist": plistlib.dumps(edited(database(), (ALIASES + "A\n\x7f[31m", "INST_ALL")),
                                       fmt=plistlib.FMT_BINARY)}),
     "t1.plist: system.cpu.aliases.A\\x0a\\x7f[31m: a byte that is not printable ASCII (expected "
     "text)"),
    ("a control character in prose",
     files({"t1.plist": plistlib.dumps(edited(database(), (EVENTS + "INST_ALL/errata", "a\x01")),
                                       fmt=plistlib.FMT_BINARY)}),
     "t1.plist: a control character or a byte above 127 in an ASCII string (expected text)"),
    ("an alias without a name", put(ALIASES, "INST_ALL"),
     "t1.plist: system.cpu.aliases.: an alias without a name (expected text)"),
    ("fallback to no event", put(EVENTS + "FIXED_INSTRUCTIONS/fallback", "INST_ANY"),
     "t1.plist: system.cpu.events.FIXED_INSTRUCTIONS.fallback: no event INST_ANY (expected one of "
     "this database)"),
    ("a hostile event name", put(EVENTS + "INST\nrm -rf \u202e", {"number": 1}),
     "t1.plist: system.cpu.events.INST\\x0arm -rf \\xe2\\x80\\xae: not a hardware event name "
     "(expected A-Z, 0-9, _ and .)"),
    ("an empty event name", put(EVENTS, {"number": 1}),
     "t1.plist: system.cpu.events.: not a hardware event name (expected A-Z, 0-9, _ and .)"),
    ("not a dictionary", files({"t1.plist": plistlib.dumps([1])}),
     "t1.plist: array (expected a dictionary)"),
] + [
    (f"event name {name}", put(EVENTS + name, {"number": 1}),
     f"t1.plist: system.cpu.events.{name}: not a hardware event name (expected A-Z, 0-9, _ and .)")
    for name in ("inst_all", "INST-ALL", "INST ALL", "A*", "\"")
] + [
    (f"database name {name}", put("name", name),
     f"t1.plist: name: {name} (expected letters, digits, '.', '_' and '-')")
    for name in ("../t1", "a/b", "..", ".t1", "t 1", "t\"1")
]


# ---- directories -----------------------------------------------------------------------

GOOD = database()
NOWHERE = os.strerror(errno.ENOENT)
DIRECTORIES = [
    ("empty directory", files({}), "in: no *.plist (expected databases)"),
    ("only other files", files({"t1.txt": b"x", ".t1.plist": b"x"}),
     "in: no *.plist (expected databases)"),
    ("no directory", lambda directory: directory.rmdir(),
     f"in: {NOWHERE} (expected a directory of databases)"),
    ("a file for a directory", lambda directory: (directory.rmdir(), directory.write_bytes(b"")),
     f"in: {os.strerror(errno.ENOTDIR)} (expected a directory of databases)"),
    ("empty file", raw(b""), "t1.plist: empty (expected a property list)"),
    ("too large", files({"t1.plist": sparse}),
     f"t1.plist: {SIZE_MAX + 1} bytes (expected at most {SIZE_MAX})"),
    ("a directory named .plist", files({"x.plist": os.mkdir}),
     "x.plist: not a regular file (expected a property list)"),
    ("a FIFO named .plist", files({"x.plist": os.mkfifo}),
     "x.plist: not a regular file (expected a property list)"),
    ("link out of the directory",
     lambda d: (write_plist(d.parent / "other/t1.plist", GOOD),
                files({f"{ID}.plist": "../other/t1.plist"})(d)),
     f"{ID}.plist: a link out of the directory (expected a database beside it)"),
    ("link into a directory below",
     lambda d: (write_plist(d / "below/t1.plist", GOOD), files({"l.plist": "below/t1.plist"})(d)),
     "l.plist: a link out of the directory (expected a database beside it)"),
    ("absolute link", files({"l.plist": "/etc/passwd"}),
     "l.plist: a link out of the directory (expected a database beside it)"),
    ("dangling link", files({"t1.plist": GOOD, f"{ID}.plist": "t2.plist"}),
     f"{ID}.plist: {NOWHERE} (expected a link to a database beside it)"),
    ("link to itself", files({"l.plist": "l.plist"}),
     f"l.plist: {os.strerror(errno.ELOOP)} (expected a link to a database beside it)"),
    ("link to no plist", files({"a.txt": b"x", f"{ID}.plist": "a.txt"}),
     f"{ID}.plist: links to what is no *.plist (expected a database beside it)"),
    ("two databases of one id", files({"t1.plist": GOOD, "t2.plist": snapshot("t2", cpus=[ID]),
                                       f"{ID}.plist": "t1.plist"}),
     f"t2.plist: {ID} has a database already, in/t1.plist (expected one for each CPU)"),
    ("two snapshots of one id",
     files({"t1.plist": snapshot("t1", cpus=[ID, ID2]), "t2.plist": snapshot("t2", cpus=[ID2])}),
     f"t2.plist: {ID2} has a database already, in/t1.plist (expected one for each CPU)"),
    ("a name twice and no ids", files({"a.plist": GOOD, "b.plist": GOOD}),
     "b.plist: t1 is the name of in/a.plist too (expected cpu_* entries to tell them apart)"),
    ("another CPU's id for a name",
     files({"t1.plist": edited(GOOD, ("name", ID)), f"{ID2}.plist": "t1.plist"}),
     f"t1.plist: name: {ID}, a CPU that does not use it (expected another name)"),
    ("snapshot of another release", files({"t1.plist": snapshot("t1", release="r0")}),
     "t1.plist: a snapshot of r0 (expected r1)"),
    ("snapshot without release", files({"t1.plist": edited(snapshot("t1"), ("kpep/release",))}),
     "t1.plist: kpep.release: missing (expected a string)"),
    ("snapshot without ids", files({"t1.plist": edited(snapshot("t1"), ("kpep/cpus",))}),
     "t1.plist: kpep.cpus: missing (expected an array)"),
    ("snapshot with a bad id", files({"t1.plist": snapshot("t1", cpus=["cpu_1_2_03"])}),
     "t1.plist: kpep.cpus.0: cpu_1_2_03 (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)"),
    ("snapshot with an id twice", files({"t1.plist": snapshot("t1", cpus=[ID, ID2, ID])}),
     f"t1.plist: kpep.cpus: {ID} twice (expected each once)"),
    ("snapshot with a number for a source", files({"t1.plist": snapshot("t1", source=1)}),
     "t1.plist: kpep.source: integer (expected a string)"),
    ("snapshot with a word for what it covers", files({"t1.plist": snapshot("t1", covers="number")}),
     "t1.plist: kpep.covers: string (expected an array)"),
    ("snapshot that covers what is no key", files({"t1.plist": snapshot("t1", covers=["masks", 5])}),
     [f"t1.plist: kpep.covers.0: masks (expected {COVERED})",
      "t1.plist: kpep.covers.1: integer (expected a string)"]),
    ("snapshot that covers more than there is", files({"t1.plist": snapshot("t1", covers=["number"] * 15)}),
     "t1.plist: kpep.covers: an array of 15 (expected at most 14)"),
    ("snapshot that covers a key twice", files({"t1.plist": snapshot("t1", covers=["events"] * 2)}),
     "t1.plist: kpep.covers.1: events twice (expected each once)"),
    ("a hostile file name", files({"a\n\x1b[31m\\.plist": b""}),
     "a\\x0a\\x1b[31m\\.plist: empty (expected a property list)"),
]


# ---- XML -------------------------------------------------------------------------------

DIGITS = "(expected decimal or 0x hexadecimal)"
LARGE = "an integer too large (expected one of 64 bits, signed)"
DEEP = "nested too deep (expected at most 32 levels)"
TYPE = ("a document type of another kind (expected none or Apple's -//Apple//DTD PLIST 1.0//EN)")
WHOLE = plistlib.dumps(GOOD)
LAST = WHOLE.count(b"\n")
XML = [
    ("nested too deep", xml("<array>" * 33 + "</array>" * 33), f"t1.plist: line 2: {DEEP}"),
    ("a million nested arrays", xml("<array>" * 1000000), f"t1.plist: line 2: {DEEP}"),
    ("a million dictionaries", xml("<dict><key>a</key>" * 500000), f"t1.plist: line 2: {DEEP}"),
    ("too many elements", xml("<array>" + "<true/>" * 262144 + "</array>"),
     "t1.plist: line 2: too many elements (expected at most 262144)"),
    ("only blanks", raw(" \n "), "t1.plist: line 2: no property list (expected <plist>)"),
    ("no XML", raw("{ name = t1; }"),
     "t1.plist: line 1: text before <plist> (expected an XML or binary property list)"),
    ("UTF-16", raw("<plist/>".encode("utf-16-be")),
     "t1.plist: line 1: a NUL byte (expected an XML or binary property list)"),
    ("a NUL byte", raw(WHOLE.replace(b"\n\t<key>name", b"\n\0<key>name")),
     "t1.plist: line 7: a NUL byte (expected an XML or binary property list)"),
    ("not UTF-8", raw(b"<plist>\n<dict>\xff</dict></plist>"),
     "t1.plist: line 2: bytes that are no character in UTF-8 (expected an XML or binary property list)"),
    ("an overlong NUL", raw(b"<plist>\n<string>\xc0\x80</string></plist>"),
     "t1.plist: line 2: bytes that are no character in UTF-8 (expected an XML or binary property list)"),
    ("no </plist>", raw(WHOLE.replace(b"</plist>\n", b"")),
     f"t1.plist: line {LAST}: the file is cut short (expected </plist>)"),
    ("cut between elements", raw(WHOLE[:WHOLE.index(b"<key>version")]),
     f"t1.plist: line {WHOLE[:WHOLE.index(b'<key>version')].count(10) + 1}: the file is cut short "
     "(expected </dict>)"),
    ("cut in a string", raw("<plist>\n<string>a\nb"),
     "t1.plist: line 2: <string> does not end (expected </string>)"),
    ("cut in a tag", raw("<plist>\n<string"),
     "t1.plist: line 2: a tag does not end (expected >)"),
    ("a tag in a tag", value("<string <true/>>a</string>"),
     "t1.plist: line 2: a tag does not end (expected >)"),
    ("cut in a comment", raw("<plist>\n<!-- \n-"),
     "t1.plist: line 2: comment does not end (expected -->)"),
    ("a comment that is none", xml("<!--><true/>"),
     "t1.plist: line 2: comment does not end (expected -->)"),
    ("text after </plist>", raw(WHOLE + b"x"),
     f"t1.plist: line {LAST + 1}: more behind </plist> (expected the end)"),
    ("an element after </plist>", raw(WHOLE + b"<dict/>"),
     f"t1.plist: line {LAST + 1}: more behind </plist> (expected the end)"),
    ("two lists", raw(WHOLE + WHOLE.split(b"\n", 2)[2]),
     f"t1.plist: line {LAST + 1}: more behind </plist> (expected the end)"),
    ("two values", xml("<dict/><dict/>"), "t1.plist: line 2: a second value (expected </plist>)"),
    ("no value", xml(""), "t1.plist: line 3: </plist> too early (expected a value)"),
    ("text between elements", xml("<array>x</array>"),
     "t1.plist: line 2: text outside a value (expected an element)"),
    ("unknown element", value("<uint>1</uint>"),
     "t1.plist: line 2: unknown element <uint> (expected one of a property list)"),
    ("nearly an element", value("<integer8>1</integer8>"),
     "t1.plist: line 2: unknown element <integer8> (expected one of a property list)"),
    ("a hostile element", value("<\x1b[31m>"),
     "t1.plist: line 2: unknown element <\\x1b[31m> (expected one of a property list)"),
    ("an element in a string", value("<string>a<b/></string>"),
     "t1.plist: line 2: <string> does not end (expected </string>)"),
    ("crossed elements", xml("<dict><key>a</key><array></dict></array>"),
     "t1.plist: line 2: a closing tag out of place (expected </array>)"),
    ("a closing tag alone", raw("</plist>"),
     "t1.plist: line 1: a closing tag out of place (expected <plist>)"),
    ("<true> with a body", value("<true>1</true>"),
     "t1.plist: line 2: <true> is not empty (expected <true/>)"),
    ("entity declaration", raw('<!DOCTYPE plist [\n<!ENTITY a "b">]>' "<plist><dict/></plist>"),
     f"t1.plist: line 1: {TYPE}"),
    ("a declaration inside", xml("<!DOCTYPE plist><dict/>"),
     "t1.plist: line 2: markup out of place (expected an element)"),
    ("unknown entity", value("<string>&nbsp;</string>"),
     "t1.plist: line 2: unknown entity (expected &amp; &lt; &gt; &quot; &apos; or &#N;)"),
    ("key without value", xml("<dict><key>a</key></dict>"),
     "t1.plist: line 2: </dict> too early (expected a value)"),
    ("two keys in a row", xml("<dict><key>a</key><key>b</key></dict>"),
     "t1.plist: line 2: <key> out of place (expected a value)"),
    ("value without key", xml("<dict><true/></dict>"),
     "t1.plist: line 2: <true> in <dict> (expected <key>)"),
    ("key in an array", xml("<array><key>a</key></array>"),
     "t1.plist: line 2: <key> out of place (expected a value)"),
    ("duplicate key", xml("<dict><key>a</key><true/>\n<key>a</key><true/></dict>"),
     "t1.plist: line 3: key a occurs twice (expected each key once)"),
    ("duplicate key, two spellings", xml("<dict><key>a</key><true/><key>&#97;</key><true/></dict>"),
     "t1.plist: line 2: key a occurs twice (expected each key once)"),
    ("integer without value", value("<integer/>"),
     f"t1.plist: line 2: an integer without digits {DIGITS}"),
] + [
    (f"character {number}", value(f"<string>{number}</string>"),
     "t1.plist: line 2: bad character number (expected one that XML has)")
    for number in ("&#0;", "&#x0;", "&#xd800;", "&#x110000;", "&#99999999999999999999;", "&#;",
                   "&#12", "&#x;", "&#1;", "&#xfffe;", "&#12a;", "&# 12;")
] + [
    (f"integer {text!r}", value(f"<integer>{text}</integer>"), f"t1.plist: line 2: {says}")
    for text, says in [("12abc", f"not an integer {DIGITS}"),
                       ("1 2", f"not an integer {DIGITS}"),
                       ("+1", f"not an integer {DIGITS}"),
                       ("1.0", f"not an integer {DIGITS}"),
                       ("0xg", f"not an integer {DIGITS}"),
                       ("", f"an integer without digits {DIGITS}"),
                       ("-", f"an integer without digits {DIGITS}"),
                       ("0140", f"an integer with a leading zero {DIGITS}"),
                       ("9223372036854775808", LARGE),
                       ("-9223372036854775809", LARGE),
                       ("0x8000000000000000", LARGE),
                       ("18446744073709551616000000", LARGE)]
]


# ---- binary ----------------------------------------------------------------------------

TRAILER = "a bad trailer, as of a file cut short (expected the offsets of its objects)"
BEYOND = "an object beyond the end of the file (expected all of it)"
BINARY_DEEP = "nested too deep, or an object inside itself (expected at most 32 levels)"
NOT_ASCII = "a control character or a byte above 127 in an ASCII string (expected text)"
NOT_UTF16 = ("a control character or half a surrogate pair in a string "
             "(expected text in UTF-16)")
UNKNOWN = "an object of unknown type (expected what XML can say)"
CHAIN = [b"\xa1" + bytes([i + 1]) for i in range(40)] + [b"\xa0"]
BINARY = [(what, make, f"t1.plist: {says}") for what, make, says in [
    ("binary: nothing but the magic", bplist(b"\xa0", length=8),
     "the file is cut short (expected a trailer of 32 bytes)"),
    ("binary: cut in the trailer", bplist(b"\xa0", length=-10),
     "the file is cut short (expected a trailer of 32 bytes)"),
    ("binary: cut in the middle",
     raw(plistlib.dumps(GOOD, fmt=plistlib.FMT_BINARY)[:-100]), TRAILER),
    ("binary: offsets of no bytes", bplist(b"\xa0", offset_size=0), TRAILER),
    ("binary: offsets of 9 bytes", bplist(b"\xa0", offset_size=9), TRAILER),
    ("binary: a table beyond the end", bplist(b"\xa0", table=1 << 40), TRAILER),
    ("binary: no object", bplist(b"\xa0", count=0), TRAILER),
    ("binary: too many objects", bplist(b"\xa0", count=1 << 61), TRAILER),
    ("binary: an object inside itself", bplist(b"\xd1\x01\x00", NAME), BINARY_DEEP),
    ("binary: a cycle of two", bplist(b"\xa1\x01", b"\xa1\x00"), BINARY_DEEP),
    ("binary: too deep", bplist(*CHAIN), BINARY_DEEP),
    ("binary: ten to the 25 objects",
     bplist(*[b"\xaa" + bytes([i + 1]) * 10 for i in range(25)], b"\xa0"),
     "too many objects (expected at most 262144)"),
    ("binary: reference to no object", bplist(b"\xa1\x05"),
     "a reference to object 5 (expected one of 1)"),
    ("binary: a root that is no object", bplist(b"\xa0", top=7),
     "a reference to object 7 (expected one of 1)"),
    ("binary: an array longer than the file", bplist(b"\xaf\x12\x7f\xff\xff\xff"), BEYOND),
    ("binary: a string longer than the file", bplist(b"\x5f\x13" + b"\x7f" * 8), BEYOND),
    ("binary: a string into the table", bplist(b"\xd1\x01\x02", NAME, b"\x54ab"), BEYOND),
    ("binary: an integer of 128 bits", of_name(b"\x14" + bytes(15) + b"\1"), LARGE),
    ("binary: duplicate key", bplist(b"\xd2\x01\x01\x02\x02", NAME, ascii_object(b"t1")),
     "key name occurs twice (expected each key once)"),
    ("binary: two equal keys", bplist(b"\xd2\x01\x02\x03\x03", NAME, NAME, ascii_object(b"t1")),
     "key name occurs twice (expected each key once)"),
    ("binary: a number for a key", bplist(b"\xd1\x01\x01", b"\x10\x05"),
     "a key that is no string (expected a string)"),
    ("binary: a NUL in a string", of_name(ascii_object(b"t1\0x")), NOT_ASCII),
    ("binary: a NUL in a key", bplist(b"\xd1\x01\x01", ascii_object(b"name\0x")), NOT_ASCII),
    ("binary: 8 bits in a string", of_name(ascii_object(b"t\xe9")), NOT_ASCII),
    ("binary: a NUL in UTF-16", of_name(b"\x62\0t\0\0"), NOT_UTF16),
    ("binary: half a surrogate pair", of_name(b"\x62\xd8\x00\0t"), NOT_UTF16),
    ("binary: the other half", of_name(b"\x62\0t\xdc\x00"), NOT_UTF16),
    ("binary: a null", of_name(b"\x00"), UNKNOWN),
    ("binary: a set", of_name(b"\xc0"), UNKNOWN),
    ("binary: a UID of 10 bytes", of_name(b"\x89" + bytes(10)), UNKNOWN),
    ("binary: a date of one byte", of_name(b"\x30\x00"),
     "a real or date of unknown size (expected 8 bytes)"),
]]


# ---- names and chips -------------------------------------------------------------------

NAMES = {
    "names": {
        "cycles": {"unit": "cycles", "summary": "Core cycles.",
                   "candidates": {"arm64": ["FIXED_CYCLES", "INST_ALL"]},
                   "configurable": {"arm64": ["INST_ALL"]}},
        "branches": {"unit": "instructions", "summary": "Branches.",
                     "candidates": {"arm64": ["INST_BRANCH"], "x86_64": ["ANYTHING"]}}},
    "metrics": {
        "cpb": {"unit": "cycles", "summary": "Cycles a branch.",
                "expression": "10 * cycles / branches"}},
    "constants": {"width": {"summary": "A width."}},
}
CHIPS = {ID: {"chips": ["M1"], "confidence": "high", "event_bits": 8}}
NAME_RULE = "not a chip-agnostic name (expected a-z, 0-9 and '-')"
NO_CANDIDATE = "(expected one of a database that the key names)"
KEYS = "(expected an architecture, a database or a CPU id)"
CANDIDATES = "names/cycles/candidates"


def beside(name, data):
    def make(directory):
        write_plist(directory / "t1.plist", GOOD)
        if data is not None:
            write_plist(directory.parent / name, data)
    return make


OPERAND = "expected a number, a name, max, min or '('"
# An expression, and what is said of it.
BAD_EXPRESSIONS = [(text, f"character {at}: {says}") for text, at, says in [
    ("10 * cycles / seconds", 15, "no name seconds (expected one of names or constants)"),
    ("cycles-1", 1, "no name cycles-1 (expected one of names or constants)"),
    (" ", 2, OPERAND), ("cycles /", 9, OPERAND), ("- cycles", 1, OPERAND),
    ("cycles + * branches", 10, OPERAND), ("cycles ** 2", 9, OPERAND), ("(cycles + )", 11, OPERAND),
    ("cycles / 0", 8, "a division by 0"), ("cycles / 0.00", 8, "a division by 0"),
    ("cycles branches", 8, "expected an operator"), ("cycles )", 8, "expected an operator"),
    ("(cycles", 8, "expected an operator or ')'"), ("(cycles, 1)", 8, "expected an operator or ')'"),
    ("max(cycles)", 11, "expected ',' and a second operand"),
    ("min(cycles, 1, 2)", 14, "expected an operator or ')'"),
    ("abs(cycles)", 1, "no function abs (expected max or min)"),
    ("cycles -1", 8, "expected a blank on both sides of a minus"),
    ("(cycles)- 1", 9, "expected a blank on both sides of a minus"),
    ("10 * 2", 1, "expected at least one chip-agnostic name"),
    ("width", 1, "expected at least one chip-agnostic name"),
    ("007 * cycles", 1, "expected a number without a leading 0"),
    ("1. * cycles", 3, "expected digits behind the point"), (".5 * cycles", 1, OPERAND),
    ("1e3 * cycles", 2, "expected an operator"),
    ("0.123456789 * cycles", 1, "expected a number of at most 9 digits"),
    ("17 * " * 40 + "cycles", 163, "too long (expected at most 64 numbers, names and operators)"),
    ("(" * 17 + "cycles" + ")" * 17, 17, "nested too deeply (expected at most 16 parentheses)"),
    ("max(0, " * 17 + "cycles" + ")" * 17, 116, "nested too deeply (expected at most 16 parentheses)"),
    ("cycles" + " " * 500, 501, "too long (expected at most 500 bytes)"),
]]


def bad_names():
    clash = edited(NAMES, ("names/ticks", NAMES["names"]["cycles"]))
    refused("a name that is an alias",
            files({"t1.plist": edited(GOOD, (ALIASES + "ticks", "INST_ALL")), "../names.plist": clash}),
            "kpepc: ticks is a chip-agnostic name and an alias (expected one of the two)",
            "--names", "names.plist")
    entry = NAMES["names"]["cycles"]
    for path, given, says in [
            ("names", None, "missing (expected a dictionary)"),
            ("names", [], "array (expected a dictionary)"),
            ("metrics", "x", "string (expected a dictionary)"),
            ("names/Cycles", entry, NAME_RULE),
            ("names/1st", entry, NAME_RULE),
            ("names/a_b", entry, NAME_RULE),
            ("names/cycles", "FIXED_CYCLES", "string (expected a dictionary)"),
            ("names/cycles/unit", None, "missing (expected a string)"),
            ("names/cycles/summary", None, "missing (expected a string)"),
            ("names/cycles/summary", 7, "integer (expected a string)"),
            (CANDIDATES, None, "missing (expected a dictionary)"),
            (CANDIDATES, ["A"], "array (expected a dictionary)"),
            (CANDIDATES + "/arm64", "A", "string (expected an array)"),
            (CANDIDATES + "/nosuch", ["INST_ALL"], f"no database nosuch {KEYS}"),
            (CANDIDATES + "/cpu_1_2_3", ["INST_ALL"], f"no database cpu_1_2_3 {KEYS}"),
            ("metrics/cycles", NAMES["metrics"]["cpb"],
             "a name and a metric (expected one of the two)"),
            ("metrics/Cpb", NAMES["metrics"]["cpb"], "not a metric's name (expected a-z, 0-9 and '-')"),
            ("metrics/cpb", [], "array (expected a dictionary)"),
            ("metrics/cpb/unit", None, "missing (expected a string)"),
            ("metrics/cpb/expression", None, "missing (expected a string)"),
            ("metrics/cpb/expression", ["cycles"], "array (expected a string)"),
            ("metrics/cpb/otherwise", "cycles", "string (expected an array)"),
            ("constants", [], "array (expected a dictionary)"),
            ("constants/width", 4, "integer (expected a dictionary)"),
            ("constants/width/summary", None, "missing (expected a string)"),
            ("constants/Width", {"summary": "A width."},
             "not a constant's name (expected a-z, 0-9 and '-')"),
            ("constants/cycles", {"summary": "A width."},
             "a name and a constant (expected one of the two)"),
            ("names/branches/configurable", ["INST_ALL"], "array (expected a dictionary)"),
            ("names/cycles/configurable/arm64", "INST_ALL", "string (expected an array)"),
            *(("metrics/cpb/expression", text, says) for text, says in BAD_EXPRESSIONS)]:
        data = edited(NAMES, (path,) if given is None else (path, given))
        if path == "names":
            del data["metrics"]
        refused(f"names: {path} = {given}", beside("names.plist", data),
                f"names.plist: {path.replace('/', '.')}: {says}", "--names", "names.plist")
    for path, given, says in [
            (CANDIDATES + "/arm64", ["NOT_HERE", "INST_ALL"], f"no event NOT_HERE {NO_CANDIDATE}"),
            (CANDIDATES + "/t1", ["NOT_HERE"], f"no event NOT_HERE {NO_CANDIDATE}"),
            (CANDIDATES + "/t1", [5], "integer (expected a string)"),
            ("names/cycles/configurable/arm64", ["NOT_HERE"], f"no event NOT_HERE {NO_CANDIDATE}"),
            ("metrics/cpb/otherwise", ["seconds / cycles"],
             "character 1: no name seconds (expected one of names or constants)"),
            ("metrics/cpb/otherwise", [True], "boolean (expected a string)")]:
        refused(f"names: {path} = {given}", beside("names.plist", edited(NAMES, (path, given))),
                f"names.plist: {path.replace('/', '.')}.0: {says}", "--names", "names.plist")
    refused("no such names file", beside("names.plist", None),
            f"names.plist: {NOWHERE} (expected a property list)", "--names", "names.plist")


def bad_chips():
    for path, given, says in [
            ("cpu_1_2", {"chips": [], "confidence": "low"},
             "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)"),
            ("cpu_1_2_0A", {"chips": [], "confidence": "low"},
             "not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY, hexadecimal)"),
            (ID, "M1", "string (expected a dictionary)"),
            (f"{ID}/chips", None, "missing (expected an array)"),
            (f"{ID}/chips", "M1", "string (expected an array)"),
            (f"{ID}/confidence", None, "missing (expected a string)"),
            (f"{ID}/note", 1, "integer (expected a string)"),
            (f"{ID}/note", "two\nlines", "a byte that is not printable ASCII (expected text)"),
            (f"{ID}/event_bits", 17, "17 (expected an integer from 1 to 16)")]:
        data = edited(CHIPS, (path,) if given is None else (path, given))
        refused(f"chips: {path} = {given}", beside("chips.plist", data),
                f"chips.plist: {path.replace('/', '.')}: {says}", "--chips", "chips.plist")
    no_core = "no kind of core (expected source, all, or a letter as P or E)"
    for constants, path, says in [
            (4, "", "integer (expected a dictionary)"),
            ({"width": 4}, ".width", "integer (expected a dictionary)"),
            ({"width": {"P": 8}}, ".width.source", "missing (expected a string)"),
            ({"width": {"source": "A page."}}, ".width",
             "no value (expected one for all, or for a letter as P or E)"),
            *(({"width": {"all": 4, key: 8, "source": "A page."}}, f".width.{key}", no_core)
              for key in ("", "p", "PE", "every")),
            ({"width": {"P": 0, "source": "A page."}}, ".width.P",
             "0 (expected an integer from 1 to 65535)"),
            ({"width": {"all": 65536, "source": "A page."}}, ".width.all",
             "65536 (expected an integer from 1 to 65535)")]:
        refused(f"chips: constants {constants}",
                beside("chips.plist", edited(CHIPS, (f"{ID}/constants", constants))),
                f"chips.plist: {ID}.constants{path}: {says}", "--chips", "chips.plist")
    refused("chips: a confidence of one's own",
            beside("chips.plist", edited(CHIPS, (f"{ID}/confidence", "quite"))),
            f"chips.plist: {ID}: confidence is 'quite' (expected high, medium or low)",
            "--chips", "chips.plist")
    refused("chips: a number for a chip",
            beside("chips.plist", edited(CHIPS, (f"{ID}/chips", [1]))),
            f"chips.plist: {ID}.chips.0: integer (expected a string)", "--chips", "chips.plist")


def many_constants():
    """What is known of chips that the tables have no room for."""
    def chips(count, constants, cores):
        values = {core: 1 for core in string.ascii_uppercase[:cores]}
        return {f"cpu_1_2_{n + 1:x}": {
            "chips": [], "confidence": "low",
            "constants": {f"c{k}": {**values, "source": "A page."} for k in range(constants)}}
                for n in range(count)}

    for data, says in [
            (chips(1, 256, 1), "cpu_1_2_1.constants: a dictionary of 256 (expected at most 255)"),
            (chips(10, 253, 26), "65780 values of constants (expected at most 65535)")]:
        refused(f"chips: {says}", beside("chips.plist", data), f"chips.plist: {says}", "--chips",
                "chips.plist")


def bad_intel():
    def intel(change):
        """Of X and Y of an Intel database t2, beside t1."""
        data = {"msrs": [{"number": 0xB7, "umask": 1, "msr": 0x1A6}],
                "bits": [{"databases": ["t2"],
                          "events": {"X": {"msr_value": 5}, "Y": {"cmask": 1, "inv": True}}}]}
        change(data)
        return data

    def group(**changes):
        return lambda data: data["bits"][0].update(changes)

    def event(**changes):
        return lambda data: data["bits"][0]["events"]["Y"].update(changes)

    def msr(**changes):
        return lambda data: data["msrs"][0].update(changes)

    other = database(architecture="x86_64", aliases={}, events={
        "X": {"number": 0xB7, "umask": 1}, "Y": {"number": 9, "umask": 1, "other": 0x53},
        "F": {"umask": 0, "fixed_counter": 1}})
    twice = {"databases": ["t2"], "events": {"Y": {"edge": True}}}
    nothing = "nothing (expected any, cmask, edge, inv or msr_value)"
    for what, change, says in [
            ("no msrs", lambda data: data.pop("msrs"),
             ["intel.plist: msrs: missing (expected an array)",
              "intel.plist: bits.0.events.X: a value for no MSR (expected one of msrs for number "
              "0xb7, umask 0x1)"]),
            ("no bits", lambda data: data.pop("bits"),
             "intel.plist: bits: missing (expected an array)"),
            ("an MSR that is none", lambda data: data["msrs"].append(7),
             "intel.plist: msrs.1: integer (expected a dictionary)"),
            ("a wide unit mask", lambda data: data["msrs"].append({"number": 1, "umask": 256,
                                                                   "msr": 1}),
             "intel.plist: msrs.1.umask: 256 (expected an integer from 0 to 255)"),
            ("an MSR 0", lambda data: data["msrs"].append({"number": 1, "umask": 2, "msr": 0}),
             "intel.plist: msrs.1.msr: 0 (expected an integer from 1 to 65535)"),
            ("a selector twice", lambda data: data["msrs"].append(data["msrs"][0]),
             "intel.plist: msrs: number 0xb7 with umask 0x1 twice (expected each once)"),
            ("a value for no MSR", msr(umask=2),
             "intel.plist: bits.0.events.X: a value for no MSR (expected one of msrs for number "
             "0xb7, umask 0x1)"),
            ("a group that is none", lambda data: data["bits"].append("t2"),
             "intel.plist: bits.1: string (expected a dictionary)"),
            ("no databases", lambda data: data["bits"][0].pop("databases"),
             "intel.plist: bits.0.databases: missing (expected an array)"),
            ("no events", lambda data: data["bits"][0].pop("events"),
             "intel.plist: bits.0.events: missing (expected a dictionary)"),
            ("a database of another name", group(databases=["t3", "t2"]),
             "intel.plist: bits.0.databases.0: no Intel database t3 (expected one whose events have "
             "unit masks)"),
            ("an Apple chip", group(databases=["t2", "t1"]),
             "intel.plist: bits.0.databases.1: no Intel database t1 (expected one whose events have "
             "unit masks)"),
            ("a number for a database", group(databases=[1]),
             "intel.plist: bits.0.databases.0: integer (expected a string)"),
            ("an unknown event", group(events={"Z": {"any": True}}),
             "intel.plist: bits.0.events.Z: no such event in t2 (expected one of its events)"),
            ("an event of a fixed counter", group(events={"F": {"any": True}}),
             "intel.plist: bits.0.events.F: on fixed counter 1 (expected an event that has a "
             "selector)"),
            ("an event twice", lambda data: data["bits"].append(twice),
             "intel.plist: bits.1.events.Y: twice for t2 (expected each event once)"),
            ("a database twice", group(databases=["t2", "t2"]),
             "intel.plist: bits.0.databases.1: t2 twice (expected each once)"),
            ("an event that is none", group(events={"Y": True}),
             "intel.plist: bits.0.events.Y: boolean (expected a dictionary)"),
            ("an event without needs", group(events={"Y": {}}),
             f"intel.plist: bits.0.events.Y: {nothing}"),
            ("bits that are not set", group(events={"Y": {"inv": False}}),
             f"intel.plist: bits.0.events.Y: {nothing}"),
            ("a wide cmask", event(cmask=256),
             "intel.plist: bits.0.events.Y.cmask: 256 (expected an integer from 1 to 255)"),
            ("a number for a bit", event(inv=1),
             "intel.plist: bits.0.events.Y.inv: integer (expected true or false)"),
            ("a value for an event without an MSR", event(msr_value=3),
             "intel.plist: bits.0.events.Y: a value for no MSR (expected one of msrs for number "
             "0x9, umask 0x1)")]:
        make = files({"t1.plist": GOOD, "t2.plist": {**other, "name": "t2"},
                      "../intel.plist": intel(change)})
        refused(f"intel: {what}", make, says, "--intel", "intel.plist")
        if what in ("a database of another name", "an unknown event"):
            with tempfile.TemporaryDirectory() as scratch:
                scratch = pathlib.Path(scratch)
                (scratch / "in").mkdir()
                make(scratch / "in")
                equal(compile_in(scratch, "--intel", "intel.plist", "--allow-missing", "r1=in"),
                      (0, "", ""), f"intel: {what} may be missing")
MEANINGS = {
    "summaries": {"INST_ALL": "Retired instructions.", "FIXED_CYCLES": "Core cycles."},
    "doubted": {"INST_BRANCH": "Retired branches."},
    "errata": {"ABC1, ABC2": {"databases": ["t1"], "events": ["INST_ALL"]}},
}
NOT_ONE = "means something else (expected one meaning of an event)"
NO_LIST = "no list of errata (expected such as 'SKL091, SKL044')"


def bad_meanings():
    """At a path, the event at its end, what is said of it; and an item of a list."""
    erratum, pair = MEANINGS["errata"]["ABC1, ABC2"], "errata/ABC1, ABC2"
    for path, given, says in [
            ("summaries", [], "array (expected a dictionary)"),
            ("doubted", "x", "string (expected a dictionary)"),
            ("errata", [], "array (expected a dictionary)"),
            ("summaries/INST_ALL", 7, "integer (expected a string)"),
            ("summaries/INST_ALL", "", "empty (expected text)"),
            ("summaries/INST_ALL", "\u00b5ops.",
             "a byte that is not printable ASCII (expected text)"),
            ("summaries/INST_ALL", "Retired", "no full stop at its end (expected a sentence)"),
            ("summaries/NOT_HERE", "A.", "no event NOT_HERE (expected the name of one)"),
            ("summaries/Instructions", "A.", "no event Instructions (expected the name of one)"),
            ("doubted/INST_ALL", "Retired instructions.", f"INST_ALL {NOT_ONE}"),
            ("errata/abc1", erratum, NO_LIST), ("errata/ABC1,ABC2", erratum, NO_LIST),
            ("errata/ABC1, ", erratum, NO_LIST), ("errata/ABC1,", erratum, NO_LIST),
            (pair, [], "array (expected a dictionary)"),
            (f"{pair}/databases", None, "missing (expected an array)"),
            (f"{pair}/events", "x", "string (expected an array)")]:
        data = edited(MEANINGS, (path,) if given is None else (path, given))
        refused(f"meanings: {path} = {given}", beside("meanings.plist", data),
                f"meanings.plist: {path.replace('/', '.')}: {says}", "--meanings", "meanings.plist")
    for path, given, says in [
            (f"{pair}/databases", ["t1", "t9"], "1: no database t9 (expected the name of one)"),
            (f"{pair}/databases", [3, "t1"], "0: integer (expected a string)"),
            (f"{pair}/events", [False], "0: boolean (expected a string)"),
            (f"{pair}/events", ["NOT_HERE"],
             "0: no event NOT_HERE (expected one of these databases)"),
            ("errata/XYZ3", {"databases": ["t1"], "events": ["FIXED_CYCLES", "INST_ALL"]},
             "events.1: INST_ALL has other errata (expected those of an event in one list)")]:
        where = f"meanings.plist: {path.replace('/', '.')}."
        refused(f"meanings: {path} = {given}",
                beside("meanings.plist", edited(MEANINGS, (path, given))), where + says,
                "--meanings", "meanings.plist")
    refused("no such meanings file", beside("meanings.plist", None),
            f"meanings.plist: {NOWHERE} (expected a property list)", "--meanings", "meanings.plist")


def missing_meanings():
    """With --allow-missing what no database has is left out."""
    data = edited(MEANINGS, ("summaries/NOT_HERE", "A."),
                  ("errata/XYZ3", {"databases": ["t9"], "events": ["INST_ALL"]}))
    with tempfile.TemporaryDirectory() as scratch:
        beside("meanings.plist", data)(pathlib.Path(scratch) / "in")
        equal(compile_in(scratch, "--meanings", "meanings.plist", "--allow-missing", "r1=in"),
              (0, "", ""), "meanings: what is missing is allowed")


def renamed_meanings():
    """A renamed event has one meaning: said by one name, or the same by both."""
    older = database(events={"OLD": {"number": 5}}, aliases={})
    newer = database(events={"NEW": {"number": 5}}, aliases={})
    conflict = ("meanings.plist: summaries.OLD: NEW " + NOT_ONE, "meanings.plist: summaries.OLD: OLD " + NOT_ONE)
    for said, well in [({"OLD": "A."}, True), ({"NEW": "A."}, True), ({"OLD": "A.", "NEW": "A."}, True),
                       ({"OLD": "A.", "NEW": "B."}, False)]:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            write_plist(scratch / "r1/t1.plist", older)
            write_plist(scratch / "r2/t1.plist", newer)
            write_plist(scratch / "meanings.plist", {"summaries": said})
            status, out, err = run(KPEPC, "emit", "-t", "json", "--meanings", "meanings.plist",
                                   "r1=r1", "r2=r2", cwd=scratch)
            equal(status, 0 if well else 1, f"meanings of a renamed event: {said}: {err}")
            if well:
                equal(out.count('"summary": "A."'), 1, f"meanings of a renamed event: {said}")
            else:
                check(err.splitlines()[0] in conflict, f"meanings of a renamed event: {err}")


# ---- the command line ------------------------------------------------------------------

def command_lines():
    release = "(expected letters, digits, '.', '_' and '-')"
    for arguments, line in [
            (["r1"], "'r1' (expected RELEASE=DIR)"),
            (["=in"], "'=in' (expected RELEASE=DIR)"),
            (["r1="], "'r1=' (expected RELEASE=DIR)"),
            ([""], "'' (expected RELEASE=DIR)"),
            (["../r1=in"], f"release '../r1' {release}"),
            (["r 1=in"], f"release 'r 1' {release}"),
            (["r1=in", "r1=in"], "release r1 twice (expected each once)"),
            ([], "compile takes 1 to 16 RELEASE=DIR, oldest release first (kpepc compile --help)"),
            (["--nonsense", "r1=in"],
             "compile takes no option '--nonsense' (kpepc compile --help)"),
            (["-x", "r1=in"], "compile takes no option '-x' (kpepc compile --help)"),
            (["--strict=1", "r1=in"], "--strict takes no value (kpepc compile --help)"),
            (["r1=in", "--cpu"], "--cpu needs a value (kpepc compile --help)")]:
        with tempfile.TemporaryDirectory() as scratch:
            write_plist(pathlib.Path(scratch) / "in/t1.plist", GOOD)
            status, out, err = compile_in(scratch, *arguments)
            equal((status, out, err), (2, "", f"kpepc: {line}\n"), f"{arguments}")
            check(not (pathlib.Path(scratch) / "out").exists(), f"{arguments}: written")
    for arguments, line in [
            (["compile", "r1=in"], "compile needs -o DIR (kpepc compile --help)"),
            (["snapshot", "in"], "snapshot needs -o DIR (kpepc snapshot --help)"),
            (["snapshot", "in", "-o", "x"],
             "snapshot needs --release NAME (kpepc snapshot --help)"),
            (["snapshot"], "snapshot takes one directory (kpepc snapshot --help)"),
            (["diff", "in"],
             "diff takes two directories, the older first (kpepc diff --help)"),
            (["emit", "r1=in"], "emit needs -t TEMPLATE (kpepc emit --help)"),
            (["render"], "render needs -t FILE (kpepc render --help)"),
            (["render", "-t", "x", "y"], "render takes no argument (kpepc render --help)"),
            (["render", "-t", "x", "--escape", "y"],
             "--escape y (expected none, html, c, json or markdown)")]:
        equal(run(KPEPC, *arguments), (2, "", f"kpepc: {line}\n"), f"{arguments}")
    status, out, err = run(KPEPC)
    equal((status, out, err.splitlines()[:1]), (2, "", ["usage: kpepc COMMAND [OPTION...] [ARGUMENT...]"]),
          "no command")
    refused("--cpu unknown", beside("", None),
            "kpepc: no CPU 'm9' (expected a database, chip or cpu_TYPE_SUBTYPE_FAMILY)",
            "--cpu", "m9")


# ---- warnings --------------------------------------------------------------------------

def unknown_keys():
    """At each level a warning and exit 0; with --strict an error."""
    event = "number, umask, counters_mask, fixed_counter, fallback, other, description or errata"
    cpu = ("architecture, marketing_name, fixed_counters, config_counters, power_counters, aliases "
           "or events")
    data = edited(snapshot("t1", colour=5), ("colour", 1), ("system/colour", 2),
                  ("system/cpu/colour", 3), (EVENTS + "INST_ALL/colour\n", 4))
    names = edited(NAMES, ("colour", 1), ("names/cycles/colour", 1), ("metrics/cpb/colour", 1))
    lines = [
        "in/t1.plist: colour: {}unknown key (expected name, internal, version, system or kpep)",
        "in/t1.plist: kpep.colour: {}unknown key (expected release, cpus, source or covers)",
        "in/t1.plist: system.colour: {}unknown key (expected cpu)",
        f"in/t1.plist: system.cpu.colour: {{}}unknown key (expected {cpu})",
        f"in/t1.plist: system.cpu.events.INST_ALL.colour\\x0a: {{}}unknown key (expected {event})",
        "in/cpu_1_2.plist: {}not a CPU id (expected cpu_TYPE_SUBTYPE_FAMILY.plist, hexadecimal)"]
    later = [
        f"chips.plist: {ID}.colour: {{}}unknown key (expected chips, confidence, "
        "event_bits, note or constants)",
        "names.plist: colour: {}unknown key (expected names, constants or metrics)",
        "names.plist: names.cycles.colour: {}unknown key (expected unit, summary, candidates or "
        "configurable)",
        f"chips.plist: {ID}.constants.widht: {{}}no such constant (expected one of constants of the "
        "file of names)",
        "names.plist: metrics.cpb.colour: {}unknown key (expected unit, summary, expression "
        "or otherwise)",
        "meanings.plist: colour: {}unknown key (expected summaries, doubted or errata)",
        "meanings.plist: errata.ABC1, ABC2.colour: {}unknown key (expected databases or events)"]
    options = ["--names", "names.plist", "--chips", "chips.plist", "--meanings", "meanings.plist",
               "r1=in"]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_plist(scratch / "in/t1.plist", data)
        (scratch / "in/cpu_1_2.plist").symlink_to("t1.plist")
        write_plist(scratch / "names.plist", names)
        write_plist(scratch / "chips.plist", edited(
            CHIPS, (f"{ID}/colour", 1),
            (f"{ID}/constants", {"widht": {"P": 8, "E": 4, "source": "A page."}})))
        write_plist(scratch / "meanings.plist", edited(
            MEANINGS, ("colour", 1), ("errata/ABC1, ABC2/colour", 1)))
        status, _, err = compile_in(scratch, "--strict", *options)
        equal(err.splitlines(), [line.format("") for line in lines] + [verdict(len(lines))],
              "unknown keys, strict")
        equal(status, 1, "unknown keys, strict: exit status")
        check(not (scratch / "out").exists(), "unknown keys, strict: written")
        status, _, err = compile_in(scratch, *options)
        equal(err.splitlines(), [line.format("warning: ") for line in lines + later],
              "unknown keys")
        equal(status, 0, "unknown keys: exit status")
        check((scratch / "out/kpdb_tables.h").exists(), "unknown keys: nothing written")
        write_plist(scratch / "in/t1.plist", GOOD)
        (scratch / "in/cpu_1_2.plist").unlink()
        status, _, err = compile_in(scratch, "--strict", *options)
        equal(err.splitlines(), [line.format("") for line in later] + [verdict(len(later))],
              "unknown keys in names and chips, strict")


# ---- many at once ----------------------------------------------------------------------

def many_at_once():
    """Every error of every file and release is said in one run, in the order of the files' names,
    whatever order the directory has."""
    bad = {
        "a.plist": edited(database(), ("version",), (EVENTS + "INST_ALL/number", 65536),
                          (ALIASES + "Cycles", "NOTHING"), (ALIASES + "Loads", 1)),
        "b.plist": b"<plist>",
        "c.plist": edited(database(), ("name", "c")),
        "d.plist": edited(database(), ("name", "d"), ("system",)),
        f"{ID}.plist": "nowhere.plist",
    }
    lines = [
        "a.plist: version: missing (expected an array)",
        "a.plist: system.cpu.events.INST_ALL.number: 65536 (expected an integer from 0 to 65535)",
        "a.plist: system.cpu.aliases.Cycles: no event NOTHING (expected one of this database)",
        "a.plist: system.cpu.aliases.Loads: integer (expected a string)",
        "b.plist: line 1: the file is cut short (expected </plist>)",
        "d.plist: system: missing (expected a dictionary)",
        f"{ID}.plist: {NOWHERE} (expected a link to a database beside it)"]
    for order in list(itertools.permutations(bad))[::17]:
        refused(f"many errors, made as {order}", files({name: bad[name] for name in order}), lines)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for release in ("r1", "r2"):
            (scratch / release).mkdir()
            files(bad)(scratch / release)
        status, _, err = compile_in(scratch, "r1=r1", "r2=r2")
        want = [f"{release}/{line}" for release in ("r1", "r2") for line in lines]
        equal(err.splitlines(), want + [verdict(len(want))], "two releases")
        equal(status, 1, "two releases: exit status")


def other_commands():
    """snapshot and emit refuse alike."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "in").mkdir()
        drop("name")(scratch / "in")
        want = ("in/t1.plist: name: missing (expected a string)\n" + verdict(1) + "\n")
        for command in (["snapshot", "-o", "out", "--release", "r1", "in"],
                        ["emit", "-t", "json", "-o", "out", "r1=in"]):
            equal(run(KPEPC, *command, cwd=scratch), (1, "", want), command[0])
            check(not (scratch / "out").exists(), f"{command[0]}: written")


def accepted():
    """What is at the edge of a refusal, and no further."""
    wide = edited(database(), (EVENTS + "INST_ALL/number", 65535),
                  (EVENTS + "FIXED_CYCLES/fixed_counter", 31))
    spaced = WHOLE.replace(b"<integer>140</integer>", b"<integer> 0x8c\n</integer>")
    for what, make in [
            ("the widest numbers", files({"t1.plist": wide})),
            ("the widest umask", files({"t1.plist": intel(umask=255)})),
            ("32 levels", put("zz", functools.reduce(lambda inner, _: [inner], range(30), []))),
            ("a byte order mark", raw(b"\xef\xbb\xbf" + WHOLE)),
            ("CR LF", raw(WHOLE.replace(b"\n", b"\r\n"))),
            ("hexadecimal and blanks", raw(spaced)),
            ("CDATA and comments", raw(WHOLE.replace(b"<string>t1<", b"<string><![CDATA[t]]>1<"))),
            ("a link to a link", files({"t1.plist": GOOD, "m1.plist": "t1.plist",
                                        f"{ID}.plist": "m1.plist"})),
            ("its own id for a name", files({f"{ID}.plist": edited(GOOD, ("name", ID))})),
            ("one name, two ids", files({f"{ID}.plist": GOOD, f"{ID2}.plist": GOOD}))]:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            (scratch / "in").mkdir()
            make(scratch / "in")
            status, _, err = compile_in(scratch, "r1=in")
            equal(status, 0, f"accepted: {what}: {err}")
            check((scratch / "out/kpdb_ids.h").exists(), f"accepted: {what}: nothing written")
    overridden = edited(NAMES, (CANDIDATES, {"arm64": ["ELSEWHERE"], "t1": ["INST_ALL"]}))
    with tempfile.TemporaryDirectory() as scratch:
        beside("names.plist", overridden)(pathlib.Path(scratch) / "in")
        equal(compile_in(scratch, "--names", "names.plist", "r1=in"), (0, "", ""),
              "accepted: an architecture whose databases have lists of their own")


began = time.monotonic()
required_fields()
typed_fields()
all_refused(MEANING)
all_refused(DIRECTORIES)
all_refused(XML)
all_refused(BINARY)
bad_names()
bad_chips()
many_constants()
bad_intel()
bad_meanings()
missing_meanings()
renamed_meanings()
command_lines()
unknown_keys()
many_at_once()
other_commands()
accepted()
# A hostile file must not take its time either; sanitizers are why this is not a second.
check(time.monotonic() - began < 60, "the refusals took more than a minute")
kpeptest.done()
