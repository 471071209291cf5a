"""What a program that only looks events up carries: read-only bytes of libkpdb's tables, without any
text for people; of all chips of all releases, and of one."""

import pathlib
import tempfile

import plistfacts
from kpeptest import CC, KPEPC, SOURCE, check, done, equal, run, skip

FACTS = [word for path in sorted((SOURCE / "db").glob("*.plist"))
         for word in (f"--{path.stem}", path)]
FLAGS = ["-Os", "-std=c11", "-ffreestanding", "-fPIC", "-ffunction-sections", "-fdata-sections"]


def linked(directory, function, *options):
    """Sections of a shared library with a function and all that it needs, by name: bytes."""
    status, _, err = run(KPEPC, "compile", "--no-sync", "-o", directory, *options,
                         *plistfacts.arguments(plistfacts.snapshots()))
    equal(status, 0, err)
    (directory / "map").write_text(f"{{ global: {function}; local: *; }};\n")
    sources = sorted((SOURCE / "db").glob("*.c"))
    status, out, err = run(CC, *FLAGS, "-I", SOURCE / "db", "-I", directory, "-shared", "-nostdlib",
                           "-Wl,--gc-sections", f"-Wl,--version-script={directory / 'map'}",
                           *sources, "-o", directory / "library.so")
    equal((status, out + err), (0, ""), f"{function} links alone")
    status, out, err = run("size", "-A", directory / "library.so")
    equal(status, 0, err)
    rows = [line.split() for line in out.splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def read_only(sections):
    return sum(size for name, size in sections.items()
               if name.startswith((".rodata", ".data.rel.ro")))


def main():
    if run("size", "--version")[0] != 0 or "GNU" not in run("size", "--version")[1]:
        skip("no GNU size(1)")
    with tempfile.TemporaryDirectory() as directory:
        made = pathlib.Path(directory)
        whole = linked(made / "all", "kpdb_find", *FACTS)
        chip = linked(made / "m1", "kpdb_find", "--cpu", "a14", "--chips",
                      SOURCE / "db/chips.plist")
        texts = linked(made / "texts", "kpdb_summary", *FACTS)
    print(f"read-only bytes: lookups {read_only(whole)}, of M1 {read_only(chip)}, with summaries "
          f"{read_only(texts)}")
    check(read_only(whole) < 48 * 1024, f"lookups of all chips: {read_only(whole)} bytes")
    check(read_only(chip) < 2600, f"lookups of M1: {read_only(chip)} bytes")
    check(read_only(texts) > 40000, "the summaries are there when they are asked for")
    for sections in (whole, chip):
        equal([name for name in sections if name.startswith((".rela", ".data", ".bss"))], [],
              "relocations and writable data")
    done()


main()
