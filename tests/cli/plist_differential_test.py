#!/usr/bin/env python3
"""Property lists, read by kpepc and by plistlib: what kpepc accepts both read as the same values.

Valid ones, binary in every layout that the format has and XML, must be accepted; of what was changed
since, by bytes and by fields, kpepc refuses in one line what it does not read, and plistlib judges
the rest. A key that occurs twice nobody may read. Each run begins at another seed: KPEP_SEED=N
repeats it. tests/fuzz/fuzz_plist.c does the same for XML, with expat.
"""
import binascii
import collections
import datetime
import os
import plistlib
import random
import re
import struct
import subprocess

import kpeptest
from kpeptest import check

SEED = int(os.environ.get("KPEP_SEED") or int.from_bytes(os.urandom(4), "big"))
VALID, CHANGED = 1000, 5000  # of each format
PRINTED = 3                  # inputs of a kind of failure: more say nothing new

rng = random.Random(SEED)


# ---- values --------------------------------------------------------------------------------

CHARACTERS = list("aZ09_. \t\n'\"&<>]/-") + ["\x7f", "\x80", "\xe9", "\u20ac", "\ud7ff", "\ue000",
                                             "\ufeff", "\ufffd", "\U00010000", "\U0001f600",
                                             "\U0010ffff"]
INTEGERS = [0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1,
            2**32, 2**63 - 1, -2**63, -2**31, -128, -129]
REALS = [0.0, -0.0, 1.5, -2.25, 0.1, 1e300, -1e-300, 5e-324, 3.141592653589793]


def random_text():
    plain = rng.random() < 0.5
    characters = CHARACTERS[:17] if plain else CHARACTERS
    return "".join(rng.choices(characters, k=rng.choice([0, 1, 3, 14, 15, 16, 40])))


def random_value(depth=0):
    kind = rng.randrange(9 if depth < 5 else 7) if depth else rng.randrange(6, 9)
    if kind == 0:
        return rng.random() < 0.5
    if kind == 1:
        return rng.choice(INTEGERS)
    if kind == 2:
        return rng.choice(REALS)
    if kind == 3:
        return rng.randbytes(rng.choice([0, 1, 14, 15, 20]))
    if kind == 4:
        return datetime.datetime(2001, 1, 1) + datetime.timedelta(seconds=rng.randrange(10**9))
    if kind in (5, 6):
        return random_text()
    count = rng.choice([0, 1, 2, 3, 5, 15, 16]) if depth < 3 else rng.randrange(3)
    if kind == 7:
        return [random_value(depth + 1) for _ in range(count)]
    return {random_text(): random_value(depth + 1) for _ in range(count)}


# ---- a binary writer that uses all of the format -----------------------------------------------

class Writer:
    """plistlib writes the smallest of everything, and each object once."""

    def __init__(self):
        self.objects = []
        self.shared = {}
        self.share = rng.random() < 0.5
        self.wide = rng.random() < 0.3  # sizes larger than needed

    def integer(self, value):
        least = 8 if value < 0 else max(1, (value.bit_length() + 7) // 8)
        sizes = [size for size in (1, 2, 4, 8) if size >= least]
        # Of 8 bytes they are signed, of fewer not.
        size = rng.choice(sizes) if self.wide else sizes[0]
        return bytes([0x10 | (1, 2, 4, 8).index(size)]) + value.to_bytes(size, "big",
                                                                         signed=size == 8)

    def head(self, marker, count):
        if count < 15 and not (self.wide and rng.random() < 0.3):
            return bytes([marker << 4 | count])
        return bytes([marker << 4 | 15]) + self.integer(count)

    def add(self, value):
        """The number of its object; containers keep those of what is in them."""
        key = (type(value), repr(value))
        if self.share and key in self.shared:
            return self.shared[key]
        number = len(self.objects)
        self.objects.append(None)
        self.objects[number] = self.encode(value)
        self.shared[key] = number
        return number

    def encode(self, value):
        if isinstance(value, bool):
            return bytes([9 if value else 8])
        if isinstance(value, int):
            return self.integer(value)
        if isinstance(value, float):
            return b"\x23" + struct.pack(">d", value)
        if isinstance(value, datetime.datetime):
            return b"\x33" + struct.pack(">d", (value - datetime.datetime(2001, 1, 1)).total_seconds())
        if isinstance(value, bytes):
            return self.head(4, len(value)) + value
        if isinstance(value, str):
            if value.isascii() and not (self.wide and rng.random() < 0.3):
                return self.head(5, len(value)) + value.encode()
            text = value.encode("utf-16-be")
            return self.head(6, len(text) // 2) + text
        if isinstance(value, list):
            return self.head(10, len(value)), [self.add(item) for item in value]
        return self.head(13, len(value)), ([self.add(key) for key in value] +
                                           [self.add(item) for item in value.values()])

    def write(self, value):
        top = self.add(value)
        order = list(range(len(self.objects)))
        rng.shuffle(order)
        place = {number: n for n, number in enumerate(order)}
        least = max(1, (len(order).bit_length() + 7) // 8)
        refs = rng.randrange(least, 9) if self.wide else least
        data, offsets = b"bplist00", []
        for number in order:
            if rng.random() < 0.05:
                data += rng.randbytes(rng.randrange(4))  # what no offset leads to
            offsets.append(len(data))
            encoded = self.objects[number]
            if isinstance(encoded, tuple):
                encoded = encoded[0] + b"".join(place[ref].to_bytes(refs, "big")
                                                for ref in encoded[1])
            data += encoded
        least = (len(data).bit_length() + 7) // 8
        size = rng.randrange(least, 9) if self.wide else least
        table = b"".join(offset.to_bytes(size, "big") for offset in offsets)
        return data + table + struct.pack(">6xBBQQQ", size, refs, len(order), place[top], len(data))


def valid_binary():
    value = random_value()
    if rng.random() < 0.5:
        return plistlib.dumps(value, fmt=plistlib.FMT_BINARY, sort_keys=False)
    return Writer().write(value)


# ---- changes -------------------------------------------------------------------------------

MARKERS = [0x00, 0x08, 0x09, 0x0f, 0x10, 0x13, 0x14, 0x1f, 0x22, 0x23, 0x33, 0x40, 0x4f, 0x50, 0x51,
           0x5f, 0x60, 0x61, 0x6f, 0x80, 0x81, 0xa0, 0xa1, 0xaf, 0xc1, 0xd0, 0xd1, 0xdf, 0xff]
PIECES = [b"<integer>", b"</integer>", b"<string>", b"</string>", b"<key>", b"</key>", b"<dict>",
          b"</dict>", b"<dict/>", b"<array>", b"</array>", b"<true/>", b"<true></true>", b"<string/>",
          b"<plist>", b"</plist>", b"<integer a='>'>0140</integer>", b"<integer a=\">\">5</integer>",
          b"<!-- a > b -->", b"<!--", b"-->", b"<![CDATA[<a>]]>", b"<![CDATA[", b"]]>", b"<?p >?>",
          b"&amp;", b"&#65;", b"&#0;", b"&#xd800;", b"&#13;", b"&x;", b"\r\n", b"\r", b"'", b'"', b"<",
          b">", b"/", b"0", b"12", b" ", b"0x1f", b"\xef\xbb\xbf", b"\x01", b"\x80", b" a='b'"]


def change_bytes(data):
    at = rng.randrange(len(data))
    end = min(len(data), at + rng.choice([1, 1, 2, 4, 8, 16]))
    kind = rng.randrange(5)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at] = rng.choice(MARKERS)
    elif kind == 2:
        del data[at:end]
    elif kind == 3:
        to = rng.randrange(len(data))
        data[to:to] = data[at:end]
    else:
        del data[at:]


def change_binary(data):
    """A field, so that what is behind stays in its place; or bytes."""
    if len(data) < 41 or rng.random() < 0.2:
        return change_bytes(data)
    size, refs, count, top, table = struct.unpack(">BBQQQ", data[-26:])
    kind = rng.randrange(6)
    if kind < 2:
        at = rng.randrange(8, max(9, min(table, len(data) - 32)))
        data[at] = rng.choice([rng.choice(MARKERS), rng.randrange(256), data[at] ^ 1,
                               rng.randrange(max(1, min(count, 255)))])
    elif kind == 2 and size in range(1, 9) and table + count * size <= len(data) - 32 and count:
        a, b = (table + size * rng.randrange(count) for _ in range(2))
        data[a:a + size] = data[b:b + size]
    elif kind == 3 and size in range(1, 9) and table + count * size <= len(data) - 32 and count:
        at = table + size * rng.randrange(count) + size - 1
        data[at] = (data[at] + rng.choice([-1, 1, 2])) % 256
    elif kind == 4:
        data[-rng.randrange(1, 27)] = rng.choice([0, 1, 2, 8, 9, 16, 255])
    else:
        field = rng.choice([(-24, count), (-16, top), (-8, table)])
        value = max(0, min(2**64 - 1, field[1] + rng.choice([-1, 1, 7, 2**32, 2**63])))
        data[len(data) + field[0]:len(data) + field[0] + 8] = value.to_bytes(8, "big")
    return None


def change_xml(data):
    """Something more, less or else at the edge of a tag; or bytes."""
    if not data or rng.random() < 0.3:
        return change_bytes(data) if data else None
    edges = [match.start() for match in re.finditer(rb"[<>]", data)] or [0]
    at, end = rng.choice(edges), rng.choice(edges)
    at += rng.randrange(2)
    if rng.random() < 0.6:
        data[at:at] = rng.choice(PIECES)
    elif at < end < at + 40:
        del data[at:end]
    else:
        data[at:at] = data[end:end + 40]
    return None


def changed(data, change):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if data:
            change(data)
    return bytes(data)


def inputs():
    """(must be accepted, bytes)"""
    for _ in range(VALID):
        yield True, valid_binary()
        yield True, plistlib.dumps(random_value(), sort_keys=False)
    for _ in range(CHANGED):
        yield False, changed(valid_binary(), change_binary)
        yield False, changed(plistlib.dumps(random_value(), sort_keys=False), change_xml)


# ---- the two readings ------------------------------------------------------------------------

class EachKeyOnce(dict):
    def __setitem__(self, key, value):
        if not isinstance(key, str) or key in self:
            raise ValueError("a key twice, or one that is no string")
        super().__setitem__(key, value)


def text_tree(text):
    return f"s{text.encode().hex()} "


def tree(value):
    """As plistdump.c prints it."""
    if isinstance(value, bool):
        return f"b{value:d} "
    if isinstance(value, int):
        return f"i{value} "
    if isinstance(value, float):
        return f"r{struct.pack('>d', value).hex()} "
    if isinstance(value, str):
        return text_tree(value)
    if isinstance(value, list):
        return f"[ {''.join(map(tree, value))}] "
    if isinstance(value, dict):
        pairs = sorted((key.encode(), item) for key, item in value.items())
        return "{ " + "".join(text_tree(key.decode()) + tree(item) for key, item in pairs) + "} "
    return "o "


def plistlib_reads(data):
    """The tree, or why there is none; None when that is a date or data, which kpepc does not read."""
    binary = data.startswith(b"bplist00")
    try:
        return tree(plistlib.loads(data, fmt=plistlib.FMT_BINARY if binary else plistlib.FMT_XML,
                                   dict_type=EachKeyOnce))
    except Exception as error:  # of whatever kind: bytes that nobody checked
        unread = (isinstance(error.__context__, OverflowError) and b"\x33" in data if binary else
                  isinstance(error, binascii.Error) or "groupdict" in str(error) or
                  re.search("must be in|is out of range", str(error)))  # no day of the calendar
        return None if unread else f"refused: {error!r}"


def kpepc_reads(documents):
    """Of each: its tree or '-', and what was said of it."""
    stream = b"".join(b"%d\n" % len(data) + data for data in documents)
    done = subprocess.run([os.environ["PLISTDUMP"]], input=stream, capture_output=True, timeout=600)
    trees = done.stdout.decode().splitlines()
    check(done.returncode == 0 and len(trees) == len(documents),
          f"plistdump: exit status {done.returncode}, {len(trees)} answers to {len(documents)}: "
          f"{done.stderr[-2000:]!r}")
    said = {}
    for line in done.stderr.decode("latin-1").split("\n")[:-1]:
        match = re.fullmatch(r"(\d+): ([ -~]+)", line)
        if check(match, f"plistdump: no line of a refusal: {line!r}"):
            said.setdefault(int(match[1]), []).append(match[2])
    return trees, said


def compare(must, data, got, said):
    """What is wrong, or None."""
    if got == "-":
        if len(said) != 1:
            return f"refused in {len(said)} lines"
        if not data.startswith(b"bplist00") and not re.match(r"line \d+: ", said[0]):
            return f"refused without the line: {said[0]}"
        return f"valid, and refused: {said[0]}" if must else None
    if said:
        return f"accepted, and said {said}"
    want = plistlib_reads(data)
    return None if want in (None, got) else f"read differently\n   got  {got}\n   want {want}"


def main():
    print(f"KPEP_SEED={SEED} repeats this")
    documents = list(inputs())
    trees, said = kpepc_reads([data for _, data in documents])
    kinds, accepted = collections.Counter(), {True: 0, False: 0}
    for n, ((must, data), got) in enumerate(zip(documents, trees)):
        accepted[must] += got != "-"
        why = compare(must, data, got, said.get(n, []))
        kind = re.sub(r"\d+", "N", why or "").split("\n")[0]
        kinds[kind] += 1
        check(why is None, f"input {n}: {why}\n   {data.hex() if b'bplist' in data[:6] else data}"
              if kinds[kind] <= PRINTED else f"input {n}: {kind}")
    print(f"accepted: {accepted[True]} of {2 * VALID} valid ones, {accepted[False]} of "
          f"{2 * CHANGED} changed ones")
    check(accepted[False] > CHANGED // 20, "few of the changed ones are accepted")


main()
kpeptest.done()
