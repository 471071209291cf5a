"""The build: tables are compiled again when a database, a template or the compiler changes."""
import os
import pathlib
import shutil
import tempfile
import time

from kpeptest import KPEPC, SOURCE, check, done, equal, run

TABLES = "db/tables/kpdb_tables.h"


def build(source, build_directory):
    status, output, errors = run("cmake", "--build", build_directory, "--target", "kpdb-tables")
    equal(status, 0, f"the build succeeds: {output}{errors}")
    return (build_directory / TABLES).stat().st_mtime_ns, (build_directory / TABLES).read_text()


def change(path, old, new):
    time.sleep(1.1)  # make compares whole seconds on some file systems
    text = path.read_text()
    check(old in text, f"{path.name} has {old!r}")
    path.write_text(text.replace(old, new, 1))


def configure(source, build_directory, *options):
    status, output, errors = run("cmake", "-S", source, "-B", build_directory, "-DKPEP_TESTS=OFF",
                                 "-DCMAKE_BUILD_TYPE=Debug", *options)
    equal(status, 0, f"cmake configures: {output}{errors}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        source, built = pathlib.Path(directory, "source"), pathlib.Path(directory, "build")
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", ".git"))
        configure(source, built)
        first = build(source, built)
        equal(build(source, built)[0], first[0], "nothing changed, nothing compiled")

        change(source / "db/kpep/macos-26.4/a14.plist", "Apple A14/M1", "Apple A14/M1 changed")
        second = build(source, built)
        check("M1 changed" in second[1], "a database changed")
        change(source / "gen/templates/kpdb_tables.h.mustache", "do not edit", "leave alone")
        third = build(source, built)
        check("leave alone" in third[1], "a template changed")
        change(source / "db/names.plist", "<key>branch-misses</key>", "<key>branch-misses-x</key>")
        status, _, _ = run("cmake", "--build", built, "--target", "kpdb-tables")
        check(status != 0, "names.plist changed: a metric lost its term, and the build says so")
        change(source / "db/names.plist", "<key>branch-misses-x</key>", "<key>branch-misses</key>")
        fourth = build(source, built)
        change(source / "gen/cli/main.c", "/* kpepc: the tables of its options and commands. */", "/* kpepc. */")
        check(build(source, built)[0] > fourth[0], "the compiler changed")

        only = pathlib.Path(directory, "only")
        configure(source, only, f"-DKPEPC_EXECUTABLE={KPEPC}", "-DKPEP_CPUS=a14;m4")
        text = build(source, only)[1]
        check("TABLE_CPUS = 2," in text, "KPEP_CPUS chooses chips")
        check(not (only / "gen").exists(), "with KPEPC_EXECUTABLE no compiler is built")
    done()


os.environ.pop("MAKEFLAGS", None)
main()
