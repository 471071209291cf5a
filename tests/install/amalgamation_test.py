"""The amalgamation: one file compiled alone by anybody is the library.

amalgamation_test.py DIRECTORY DIRECTORY_OF_ONE_CHIP LIBKPDB.A ITS_OBJECT
"""
import pathlib
import shutil
import sys
import tempfile

from installtest import BUILD, compilers
from kpeptest import CC, SOURCE, check, done, equal, run

FLAGS = ["-std=c11", "-ffreestanding", "-Wall", "-Wextra", "-Wconversion", "-Wshadow",
         "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wpointer-arith", "-Wwrite-strings",
         "-Wvla", "-Wpedantic", "-Wundef", "-Werror"]


def check_text(directory):
    for name in ("kpdb.c", "kpdb.h"):
        text = (directory / name).read_text()
        check(text.startswith("/*\n * libkpdb, made by kpep 0.1.0: do not edit.\n"), f"{name}: top")
        equal(text.count("SPDX-License-Identifier"), 1, f"{name}: licences")
        check(str(SOURCE) not in text and str(BUILD) not in text, f"{name}: no path")


def names(path, option):
    return {line.split()[-1] for line in run("nm", "-g", option, path)[1].splitlines()
            if " " in line.strip()}


def check_alone(directory, public, levels):
    """In a directory with nothing else, by every compiler; with the library's names and no more."""
    with tempfile.TemporaryDirectory() as work:
        for name in ("kpdb.c", "kpdb.h"):
            shutil.copy(directory / name, work)
        for compiler in compilers(CC, "gcc", "clang"):
            for level in levels:
                what = f"{directory.name}: {compiler} {level}"
                status, _, errors = run(compiler, *FLAGS, level, "-c", "kpdb.c", cwd=work)
                if check(status == 0, f"{what}: {errors}"):
                    compiled = pathlib.Path(work) / "kpdb.o"
                    equal(names(compiled, "--defined-only"), public, f"{what}: defined")
                    equal(names(compiled, "--undefined-only"), set(), f"{what}: undefined")


def size(path):
    """Bytes of code and constants."""
    return sum(int(line.split()[0]) for line in run("size", path)[1].splitlines()[1:])


def main():
    everything, one, library, compiled = sys.argv[1:]
    public = names(BUILD / "db" / "libkpdb.so", "--defined-only")
    for directory, levels in ((everything, ["-O2"]), (one, ["-O0", "-O3"])):
        check_text(pathlib.Path(directory))
        check_alone(pathlib.Path(directory), public, levels)
    print(f"bytes: {size(compiled)}, of the library {size(library)}")
    check(abs(size(compiled) - size(library)) < size(library) / 10, "as large as the library")
    done()


main()
