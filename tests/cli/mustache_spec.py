#!/usr/bin/env python3
"""Renders every case of tests/fixtures/mustache with kpepc and compares the bytes.

    mustache_spec.py KPEPC FIXTURES_DIR

A fixture file is lines of text. Those before the first case are comments.

    === NAME            starts a case
    --- data            the data: an XML property list without its outer <plist>
    --- template        the template
    --- partial NAME    a partial: NAME.mustache in the directory given with -p
    --- expected        what comes out

A block goes on to the next such line; empty lines before a "===" are not part
of it. In template, partials and expected text \\r \\t \\s (space) and \\\\ stand
for the byte, and a backslash at the end of a line joins it with the next, so a
text that ends with one has no newline at its end.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ESCAPES = {"r": "\r", "t": "\t", "s": " ", "\\": "\\", "\n": ""}
PLIST = '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n%s</plist>\n'


def unescape(text):
    return re.sub(r"\\(.|\n)", lambda match: ESCAPES[match.group(1)], text)


def read_cases(path):
    """Yields (name, {block: text}); a block without text is there, and empty."""
    text = path.read_bytes().decode()
    for part in re.split(r"^=== ", text, flags=re.M)[1:]:
        name, body = part.split("\n", 1)
        blocks = re.split(r"^--- (.*)\n", body.rstrip("\n") + "\n", flags=re.M)
        if blocks[0].strip():
            sys.exit(f"{path}: {name}: text outside of a block")
        case = dict(zip(blocks[1::2], blocks[2::2]))
        if not {"data", "template", "expected"} <= case.keys():
            sys.exit(f"{path}: {name}: data, template or expected is missing")
        if len(case) * 2 + 1 != len(blocks):
            sys.exit(f"{path}: {name}: a block comes twice")
        yield name, case


def render(kpepc, case, directory):
    """The rendering, or the reason why there is none."""
    template, data, partials = (directory / name for name in ("t.mustache", "d.plist", "partials"))
    partials.mkdir()
    template.write_bytes(unescape(case["template"]).encode())
    data.write_bytes((PLIST % case["data"]).encode())
    for block, text in case.items():
        if block.startswith("partial "):
            (partials / (block.split(" ", 1)[1] + ".mustache")).write_bytes(unescape(text).encode())
    command = [kpepc, "render", "-t", template, "-d", data, "-p", partials]
    done = subprocess.run(command + ["--escape", "html", "--lenient"], capture_output=True,
                          timeout=60, check=False)
    if done.returncode != 0 or done.stderr:
        return f"exit status {done.returncode}, stderr {done.stderr!r}"
    return done.stdout


def main():
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} KPEPC FIXTURES_DIR")
    passed = failed = 0
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.txt")):
        for name, case in read_cases(path):
            with tempfile.TemporaryDirectory() as directory:
                got = render(sys.argv[1], case, pathlib.Path(directory))
            want = unescape(case["expected"]).encode()
            if got == want:
                passed += 1
                continue
            failed += 1
            print(f"{path.name}: {name}\n  got  {got!r}\n  want {want!r}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
