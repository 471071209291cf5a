"""Builds everything that is compared, with one compiler and one set of options."""

import os
import shutil

import databases
from tools import plist_flags, run

OPTIMISE = ["-O2", "-fPIC"]
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
# As db/CMakeLists.txt compiles the library.
FREESTANDING = ["-ffreestanding"]
FREESTANDING_GCC = ["-fno-tree-loop-distribute-patterns"]
SECTIONS = ["-ffunction-sections", "-fdata-sections"]

# What a careful user of gperf would try: read-only tables, ten searches for a small one, lengths
# compared before letters or not, names as pointers or, against relocations, in one pool.
GPERF = ["gperf", "-t", "-C", "-I", "-m", "10"]
GPERF_KINDS = {
    "gperf": ("plain", []),
    "gperf -l": ("lengths", ["-l"]),
    "gperf -P": ("pic", ["-P"]),
    "gperf -l -P": ("pic_lengths", ["-l", "-P"]),
}
# One table for the names of all CPUs, and what a CPU has by a name beside it.
GPERF_ONE_KINDS = {
    "gperf, one table": ("one", []),
    "gperf -P, one table": ("one_pic", ["-P"]),
}


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Build:
    def __init__(self, options):
        self.source = os.path.abspath(options.source)
        self.here = os.path.join(self.source, "tests", "bench")
        self.kpep = os.path.join(self.source, "db", "kpep")
        self.out = os.path.abspath(os.path.join(options.out, "work"))
        shutil.rmtree(self.out, ignore_errors=True)
        self.cc = options.cc
        self.kpdb = [name for name in options.kpdb.split(";") if name.endswith(".c")]
        self.kplive = options.kplive.split(";")
        self.kpepc = self.stripped(options.kpepc)
        self.simulators = [self.stripped(options.kperf), self.stripped(options.kperfdata)]
        clang = "clang" in run([self.cc, "--version"]).stdout
        self.freestanding = FREESTANDING + ([] if clang else FREESTANDING_GCC)

    def path(self, *names):
        path = os.path.join(self.out, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def stripped(self, file):
        """A copy: valgrind gives up on debug information that is newer than it."""
        copy = self.path("stripped", os.path.basename(file))
        run(["objcopy", "--strip-debug", file, copy])
        return copy

    def compile(self, source, target, *options):
        run([self.cc, *OPTIMISE, *SECTIONS, *options, "-c", source, "-o", target])
        return target

    def program(self, name, objects, includes=(), libraries=()):
        """One source of this directory, linked with objects and libraries."""
        includes = [*includes, "-I", self.here, *plist_flags("--cflags")]
        how = [*WARNINGS, "-D_XOPEN_SOURCE=700", *includes]
        main = self.compile(os.path.join(self.here, f"{name}.c"), self.path(f"{name}.o"), *how)
        run([self.cc, "-o", self.path(name), main, *objects, *libraries])
        return self.path(name)

    def releases(self, names=None):
        return [f"{n}={os.path.join(self.kpep, n)}" for n in names or sorted(os.listdir(self.kpep))]

    def lists(self):
        """Options of kpepc for what db/ holds beside the databases, as db/CMakeLists.txt."""
        db = os.path.join(self.source, "db")
        return [a for n in ("names", "chips", "kernel", "meanings") for a in (f"--{n}", f"{db}/{n}.plist")]

    def library(self, name, options, releases=None):
        """libkpdb's object files over tables of their own, and where its headers are."""
        folder = self.path("kpdb", name, "")
        run([self.kpepc, "compile", "-o", folder, *options, *self.releases(releases)])
        db = os.path.join(self.source, "db")
        includes = ["-I", folder, "-I", db]
        how = [*WARNINGS, *self.freestanding, *includes]
        return [
            self.compile(os.path.join(db, file), os.path.join(folder, f"{file}.o"), *how)
            for file in self.kpdb
        ], includes

    def live(self, includes):
        """libkplive's object files."""
        runtime = os.path.join(self.source, "runtime")
        how = [*WARNINGS, "-D_XOPEN_SOURCE=700", *includes]
        return [
            self.compile(os.path.join(runtime, file), self.path("kplive", f"{file}.o"), *how)
            for file in self.kplive
        ]

    def gperf(self, name, kind, tables):
        """gperf's objects and functions for a list of tables."""
        suffix, options = GPERF_KINDS[kind]
        objects, functions = [], []
        for i, rows in enumerate(tables):
            function = f"gperf_{suffix}_{i}"
            base = self.path("gperf", f"{name}-{suffix}", str(i))
            rows = databases.gperf_rows(rows)
            text = databases.gperf_input(rows, function, "row", "-P" in options)
            objects.append(self.gperf_table(base, text, options))
            functions.append(function)
        return objects, functions

    def gperf_table(self, base, text, options):
        write(f"{base}.gperf", text)
        run([*GPERF, *options, f"--output-file={base}.c", f"{base}.gperf"])
        return self.compile(f"{base}.c", f"{base}.o", "-w", "-I", self.here)

    def gperf_one(self, kind, tables):
        """The same for the one table of all names."""
        suffix, options = GPERF_ONE_KINDS[kind]
        function, pool = f"gperf_{suffix}", "_pool" if "-P" in options else ""
        base = self.path("gperf", suffix, "all")
        numbers, values, begins, which = databases.in_one_table(tables)
        names = {name: (number,) for name, number in numbers.items()}
        text = databases.gperf_input(names, f"{function}_names", "name", "-P" in options)
        rows = ",".join(f"{{{r.mask},{r.number},{r.umask},{r.fixed}}}" for r in values)
        marks = ",".join(f"{{{','.join(map(str, row))}}}" for row in which)
        code = f"""#include "gperf_row.h"
const struct gperf{pool}_name *{function}_names(const char *name, size_t length);
static const struct gperf_value values[] = {{{rows}}};
static const uint16_t begins[] = {{{','.join(map(str, begins))}}};
static const uint8_t which[][{len(tables)}] = {{{marks}}};
const struct gperf_value *{function}(const char *name, size_t length, unsigned table)
{{
    const struct gperf{pool}_name *found = {function}_names(name, length);
    unsigned mark = found == NULL ? 0 : which[found->number][table];

    return mark == 0 ? NULL : &values[begins[found->number] + mark - 1];
}}
"""
        beside = write(f"{base}-values.c", code)
        return [
            self.gperf_table(base, text, options),
            self.compile(beside, f"{base}-values.o", *WARNINGS, "-I", self.here),
        ], [function]

    def gperf_lists(self, functions):
        """One array of functions for each kind: gperf_row.h declares them."""
        code = '#include "gperf_row.h"\n'
        for kind, names in functions.items():
            suffix, options = GPERF_KINDS[kind]
            pool = "_pool" if "-P" in options else ""
            code += "".join(f"gperf{pool}_find {name};\n" for name in names)
            code += f"gperf{pool}_find *const gperf_{suffix}[] = {{{', '.join(names)}}};\n"
        source = write(self.path("gperf", "lists.c"), code)
        return self.compile(source, self.path("gperf", "lists.o"), *WARNINGS, "-I", self.here)

    def link(self, name, objects, functions):
        """
        A shared object, without startup files or libraries, that exports `functions` and has what
        they need; or all there is, if none is named.
        """
        target, options = self.path("size", f"{name}.so"), []
        if functions:
            script = write(f"{target}.map", f"{{ global: {'; '.join(functions)}; local: *; }};\n")
            options = ["-Wl,--gc-sections", f"-Wl,--version-script={script}"]
        run([self.cc, "-shared", "-nostdlib", *options, "-o", target, *objects])
        return target
