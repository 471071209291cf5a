"""An outside project that uses the installed tree, moved elsewhere.

consumer_test.py cmake|pkgconfig c|cxx
"""
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile

from installtest import CMAKE, TREE, cxx, library_directory
from kpeptest import CC, SOURCE, check, done, equal, run, skip

CONSUMER = SOURCE / "tests" / "install" / "consumer"
# The number is of M1's property lists, the bit above it kperfdata's of macOS 26 for user mode.
TELLS = {"tables": "BRANCH_MISPRED_NONSPEC 0xcb, counter 5, word 0x200cb\n",
         "live": "the performance counter frameworks cannot be used in dlopen\n"}
# What -I of pkg-config does not forgive, unlike -isystem of CMake.
WARNINGS = ("-Wall", "-Wextra", "-Werror")
# A program of libkplive needs libkpdb only by way of it, and finds it beside it.
AS_NEEDED = "-Wl,--as-needed"


def check_program(program, name, libraries, environment=None):
    """It says what it should, and needs those of our libraries."""
    equal(run(program, env=environment), (0, TELLS[name], ""), str(program.name))
    needed = re.findall(r"NEEDED.*\[(libkp.*)\.so\.0\.1\]", run("readelf", "-dW", program)[1])
    equal(sorted(needed), libraries, f"{program.name}: libraries needed")


def with_cmake(tree, work, language):
    name, variable, compiler = ("C", "CC", CC) if language == "c" else ("CXX", "CXX", cxx())
    environment = {**os.environ, variable: compiler, "CMAKE_PREFIX_PATH": str(tree)}
    for command in ((CMAKE, "-S", CONSUMER, "-B", work, f"-DLANGUAGE={name}",
                     f"-DCMAKE_EXE_LINKER_FLAGS={AS_NEEDED}"), (CMAKE, "--build", work)):
        status, output, errors = run(*command, env=environment)
        if not equal(status, 0, f"{command}: {output}{errors}"):
            return
    check_program(work / "tables", "tables", ["libkpdb"])
    check_program(work / "live", "live", ["libkplive"])
    check_program(work / "tables-static", "tables", [])
    check_program(work / "live-static", "live", [])


def with_pkgconfig(tree, work, language):
    pkgconfig = shutil.which("pkg-config") or skip("no pkg-config")
    libraries = library_directory(tree)
    environment = {**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig"),
                   "LD_LIBRARY_PATH": str(libraries)}
    compiler = [CC, "-std=c11"] if language == "c" else [cxx(), "-std=c++11", "-x", "c++"]
    version = run(pkgconfig, "--modversion", "kplive", env=environment)[1].strip()
    for name, package in (("tables", "kpdb"), ("live", "kplive")):
        for linking, needed in (([], [f"lib{package}"]), (["-static"], [])):
            options = ["--static"] if linking else []
            status, flags, errors = run(pkgconfig, *options, "--cflags", "--libs", package,
                                        env=environment)
            equal(status, 0, f"pkg-config {options} {package}: {errors}")
            program = work / "-".join([name, *options])
            status, _, errors = run(*compiler, *WARNINGS, f'-DPACKAGE_VERSION="{version}"',
                                    *linking, AS_NEEDED, "-o", program, CONSUMER / f"{name}.c",
                                    "-x", "none", *shlex.split(flags))
            if check(status == 0, f"{compiler} {flags}: {errors}"):
                check_program(program, name, needed, environment)
    equal(run(pkgconfig, "--exact-version=0.1.0", "kplive", env=environment)[0], 0, "version")


def main():
    method, language = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        moved = pathlib.Path(directory) / "moved"
        work = pathlib.Path(directory) / "work"
        shutil.copytree(TREE, moved, symlinks=True)
        work.mkdir()
        {"cmake": with_cmake, "pkgconfig": with_pkgconfig}[method](moved, work, language)
    done()


main()
