"""libkpdb's objects: nothing undefined, nothing writable, no relocation in data.

The library is compiled here with every compiler at hand and at every level, as
somebody would who has no libc; then the objects are looked into with binutils.
"""
import pathlib
import re
import shutil
import tempfile

from kpeptest import CC, SOURCE, check, done, equal, run
import os

TABLES = pathlib.Path(os.environ["LIBKPDB"]).parent / "tables"
SOURCES = sorted((SOURCE / "db").glob("*.c"))
FLAGS = ["-std=c11", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
         "-Werror", "-I", SOURCE / "db", "-I", TABLES]


def sections(path):
    """name -> (type, size, flags), of an ELF file."""
    _, text, _ = run("readelf", "-SW", path)
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\.\S+)\s+(\S+)\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)"
                         r"\s+\S+\s+([A-Zx]*)", line)
        if match:
            name, kind, size, flags = match.groups()
            found[name] = (kind, int(size, 16), flags)
    return found


def check_object(path, what):
    found = sections(path)
    if path.stem == "lookup":
        check(any(name.startswith(".rodata") for name in found), f"{what}: has the tables")
    for name, (kind, size, flags) in found.items():
        check("W" not in flags or size == 0, f"{what}: {name} is writable, {size} bytes")
        if kind in ("RELA", "REL") and size != 0:
            of = re.sub(r"^\.rela?", "", name)
            check("X" in found.get(of, ("", 0, ""))[2] or of.startswith((".debug", ".eh_frame")),
                  f"{what}: {of} is relocated")


def compile_with(compiler, level, directory):
    what = f"{pathlib.Path(compiler).name} {level}"
    status, _, errors = run(compiler, *FLAGS, level, "-fPIC", "-c", *SOURCES, cwd=directory)
    if not equal(status, 0, f"{what}: the sources compile: {errors}"):
        return
    objects = [directory / f"{source.stem}.o" for source in SOURCES]
    for source, target in zip(SOURCES, objects):
        check_object(target, f"{what} {source.name}")
    linked = directory / "linked.o"
    status, _, errors = run("ld", "-r", "-o", linked, *objects)
    equal(status, 0, f"{what}: objects link: {errors}")
    equal(run("nm", "-u", linked)[1], "", f"{what}: undefined symbols")
    shared = directory / "libkpdb.so"
    status, _, errors = run(compiler, "-shared", "-nostdlib", "-Wl,-z,defs", "-o", shared, *objects)
    equal(status, 0, f"{what}: links without any library: {errors}")
    _, text, _ = run("readelf", "-rW", shared)
    dynamic = [line for line in text.splitlines() if re.match(r"[0-9a-f]{8,} ", line)]
    # Calls between public functions of a shared library go through its PLT; data must not.
    equal([line for line in dynamic if "JUMP_SLO" not in line], [], f"{what}: run-time relocations")


def main():
    compilers = {os.path.realpath(shutil.which(name)) for name in (CC, "gcc", "clang")
                 if shutil.which(name)}
    with tempfile.TemporaryDirectory() as directory:
        for compiler in sorted(compilers):
            for level in ("-O0", "-O1", "-O2", "-O3", "-Os"):
                compile_with(compiler, level, pathlib.Path(directory))
    print("compilers:", ", ".join(sorted(compilers)))
    done()


main()
