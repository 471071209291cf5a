"""
The benchmark: libkpdb beside GNU gperf, libpfm4 and libplist. Run by the target `bench`:

    cmake --build build --target bench

Builds everything that is compared in its own directory, with one compiler and one set of options,
prints one report and writes the same as results.json. Nothing here is part of the tests.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

import databases

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
# Those that are also built alone, as one would for one chip.
ONE_CHIPS = ["a14", "as4", "skylake", "icelake"]
PROCESS_RUNS = 31
KB = 1024


class Missing(Exception):
    """Something that the benchmark needs is not installed."""


def run(command, **options):
    """Its standard output; what it says otherwise is shown only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


class Bench:
    def __init__(self, options):
        self.source = os.path.abspath(options.source)
        self.here = os.path.join(self.source, "tests", "bench")
        self.results = os.path.abspath(os.path.join(options.out, "results.json"))
        self.out = os.path.abspath(os.path.join(options.out, "work"))
        self.kpepc = os.path.abspath(options.kpepc)
        self.build_type = options.build_type
        self.library = [name for name in options.library.split(";") if name.endswith(".c")]
        self.cc = options.cc
        self.kpep = os.path.join(self.source, "db", "kpep")
        self.originals = os.path.join(os.path.dirname(self.source), "shared", "kpep")
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)

    def path(self, *names):
        path = os.path.join(self.out, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    # ---- tools ------------------------------------------------------------------------------

    def find_tools(self):
        missing = [
            f"{tool} (Debian: {package})"
            for tool, package in (
                ("gperf", "gperf"),
                ("valgrind", "valgrind"),
                ("readelf", "binutils"),
                ("objcopy", "binutils"),
                ("pkg-config", "pkg-config"),
            )
            if shutil.which(tool) is None
        ]
        self.plist = []
        if shutil.which("pkg-config") is not None:
            asked = ["pkg-config", "--cflags", "--libs", "libplist-2.0"]
            self.plist = subprocess.run(asked, capture_output=True, text=True).stdout.split()
        for what, package, header, libraries in (
            ("libpfm4", "libpfm4-dev", "perfmon/pfmlib.h", ["-lpfm"]),
            ("libplist", "libplist-dev", "plist/plist.h", self.plist),
            ("valgrind's headers", "valgrind", "valgrind/callgrind.h", []),
        ):
            probe = write(self.path("probe.c"), f"#include <{header}>\nint main(void)\n{{\n}}\n")
            command = [self.cc, probe, "-o", self.path("probe"), *libraries]
            if subprocess.run(command, capture_output=True).returncode != 0:
                missing.append(f"{what} (Debian: {package})")
        clang = "clang" in run([self.cc, "--version"])
        self.freestanding = FREESTANDING + ([] if clang else FREESTANDING_GCC)
        if missing:
            raise Missing("bench: cannot run without " + ", ".join(missing))
        # Valgrind gives up on debug information that is newer than it.
        run(["objcopy", "--strip-debug", self.kpepc, self.path("kpepc")])
        self.kpepc = self.path("kpepc")

    def machine(self):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            model = re.search(r"model name\s*: (.*)", file.read())
        return {
            "cpu": model.group(1) if model else platform.machine(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "compiler": run([self.cc, "--version"]).splitlines()[0],
            "options": " ".join(OPTIMISE),
            "gperf": run(["gperf", "--version"]).splitlines()[0],
            "gperf options": " ".join(GPERF[1:]),
            "libpfm4": f"{self.pfm_version()}, as it says itself",
            "libplist": run(["pkg-config", "--modversion", "libplist-2.0"]).strip(),
            "valgrind": run(["valgrind", "--version"]).strip(),
            "kpepc": f"{run([self.kpepc, '--version']).strip()}, {self.build_type}",
        }

    def pfm_version(self):
        code = (
            "#include <perfmon/pfmlib.h>\n#include <stdio.h>\nint main(void)\n{\n"
            '    printf("%d.%d", PFM_MAJ_VERSION(pfm_get_version()),'
            " PFM_MIN_VERSION(pfm_get_version()));\n}\n"
        )
        program = self.path("probe")
        run([self.cc, write(self.path("probe.c"), code), "-o", program, "-lpfm"])
        return run([program])

    # ---- building what is compared ------------------------------------------------------------

    def compile(self, source, target, *options):
        run([self.cc, *OPTIMISE, *SECTIONS, *options, "-c", source, "-o", target])
        return target

    def release_arguments(self, directory, releases=None):
        names = sorted(os.listdir(directory)) if releases is None else releases
        return [f"{name}={os.path.join(directory, name)}" for name in names]

    def with_names(self):
        """Options of kpepc for what db/ holds beside the databases, as db/CMakeLists.txt."""
        options = []
        for option in ("names", "chips", "kernel"):
            path = os.path.join(self.source, "db", f"{option}.plist")
            if os.path.exists(path):
                options += [f"--{option}", path]
        return options

    def tables(self, name, options, releases=None):
        """libkpdb's object files over tables of their own, and where its headers are."""
        folder = self.path("kpdb", name, "")
        compiling = [self.kpepc, "compile", "-o", folder, *options]
        run([*compiling, *self.release_arguments(self.kpep, releases)])
        db = os.path.join(self.source, "db")
        includes = ["-I", folder, "-I", db]
        objects = []
        for source in self.library:
            target = os.path.join(folder, f"{os.path.basename(source)}.o")
            how = [*WARNINGS, *self.freestanding, *includes]
            objects.append(self.compile(os.path.join(db, source), target, *how))
        return objects, includes

    def gperf(self, name, kind, tables):
        """gperf's objects and functions for a list of tables."""
        suffix, options = GPERF_KINDS[kind]
        objects, functions = [], []
        for i, rows in enumerate(tables):
            function = f"gperf_{suffix}_{i}"
            base = self.path("gperf", f"{name}-{suffix}", str(i))
            text = databases.gperf_input(rows, function, "-P" in options)
            write(f"{base}.gperf", text)
            run([*GPERF, *options, f"--output-file={base}.c", f"{base}.gperf"])
            objects.append(self.compile(f"{base}.c", f"{base}.o", "-w", "-I", self.here))
            functions.append(function)
        return objects, functions

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

    def one_chips(self, includes):
        """libkpdb once more for some chips alone, of which only kpdb_find() is to be seen."""
        objects = []
        code = '#include "one_chip.h"\n'
        code += "".join(f"kpdb_find_function kpdb_find_{chip};\n" for chip in ONE_CHIPS)
        code += "const struct one_chip one_chips[] = {"
        for chip in ONE_CHIPS:
            library = self.tables(chip, ["--cpu", chip])[0]
            target = self.path("kpdb", chip, "one.o")
            run([self.cc, "-r", "-nostdlib", "-o", target, *library])
            rename = f"kpdb_find=kpdb_find_{chip}"
            run(["objcopy", "--keep-global-symbol=kpdb_find", target])
            run(["objcopy", f"--redefine-sym={rename}", target])
            objects.append(target)
            code += f'{{"{chip}", kpdb_find_{chip}}}, '
        source = write(self.path("kpdb", "one_chips.c"), code + "{0, 0}};\n")
        how = [*WARNINGS, "-I", self.here, *includes]
        return [*objects, self.compile(source, self.path("kpdb", "one_chips.o"), *how)]

    # ---- a) lookups -----------------------------------------------------------------------------

    def lookups(self):
        cpus = databases.read_cpus(self.kpep)
        tables, places = databases.distinct([cpu.rows for cpu in cpus])
        queries = write(self.path("queries.tsv"), databases.queries(cpus, places))
        library, includes = self.tables("all", self.with_names())
        objects, functions = [*library, *self.one_chips(includes)], {}
        for kind in GPERF_KINDS:
            made, functions[kind] = self.gperf("all", kind, tables)
            objects += made
        objects.append(self.gperf_lists(functions))
        program = self.path("lookup")
        main = self.compile(
            os.path.join(self.here, "lookup.c"),
            self.path("lookup.o"),
            *WARNINGS,
            "-D_XOPEN_SOURCE=700",
            "-I",
            self.here,
            *includes,
        )
        run([self.cc, "-o", program, main, *objects, "-lpfm", *self.plist])
        times = self.read_times(run([program, queries, "time"]))
        counts = self.count_lookups(program, queries)
        return self.collect_lookups(times, counts), self.collect_parses(times, counts)

    @staticmethod
    def read_times(text):
        times = {}
        for line in text.splitlines():
            _, group, rival, queries, value = line.split("\t")
            times[group, rival] = (int(queries), float(value))
        return times

    def count_lookups(self, program, queries):
        dumps = self.path("callgrind", "lookup")
        run(
            [
                "valgrind",
                "--tool=callgrind",
                "--collect-atstart=no",
                f"--callgrind-out-file={dumps}",
                program,
                queries,
                "count",
            ]
        )
        counts = {}
        for file in sorted(os.listdir(os.path.dirname(dumps))):
            with open(os.path.join(os.path.dirname(dumps), file), encoding="utf-8") as dump:
                text = dump.read()
            label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
            if label:
                group, rival, size = label.group(1).split("\t")
                counts[group, rival] = (int(size), self.total(text))
        return counts

    @staticmethod
    def total(dump):
        return int(re.search(r"^(?:totals|summary): (\d+)", dump, re.M).group(1))

    @staticmethod
    def collect_lookups(times, counts):
        rows = []
        for (group, rival), (size, ns) in times.items():
            if rival in ("nothing", "parse"):
                continue
            instructions = counts[group, rival][1] - counts[group, "nothing"][1]
            rows.append(
                {
                    "set": group,
                    "rival": rival,
                    "names": size,
                    "instructions": round(instructions / size, 2),
                    "ns": round(ns - times[group, "nothing"][1], 2),
                }
            )
        return rows

    def collect_parses(self, times, counts):
        return [
            {
                "file": os.path.relpath(group, self.source),
                "instructions": counts[group, rival][1],
                "ns": ns,
            }
            for (group, rival), (_, ns) in times.items()
            if rival == "parse"
        ]

    # ---- b) bytes -----------------------------------------------------------------------------

    def link(self, target, objects, functions):
        """
        A shared object, without startup files or libraries, that exports `functions` and has what
        they need; or all there is, if none is named.
        """
        options = []
        if functions:
            script = write(f"{target}.map", f"{{ global: {'; '.join(functions)}; local: *; }};\n")
            options = ["-Wl,--gc-sections", f"-Wl,--version-script={script}"]
        run([self.cc, "-shared", "-nostdlib", *options, "-o", target, *objects])
        return target

    @staticmethod
    def sections(path):
        """Bytes by kind. Left out: what a linker adds for symbols and unwinding."""
        sizes = {"constant": 0, "relocated": 0, "writable": 0, "relocations": 0, "code": 0}
        count = 0
        for line in run(["readelf", "-SW", path]).splitlines():
            match = re.match(
                r"\s*\[ *\d+\] (\S+)\s+(\S+)\s+\S+ \S+ (\S+) (\S+) +([WAXMSILGTECxop]*) ", line
            )
            if match is None:
                continue
            name, size, entry, flags = match[1], int(match[3], 16), int(match[4], 16), match[5]
            if name.startswith(".data.rel.ro"):
                sizes["relocated"] += size
            elif name.startswith(".rodata"):
                sizes["constant"] += size
            elif re.match(r"\.s?(data|bss)", name):
                sizes["writable"] += size
            elif name == ".rela.dyn":
                sizes["relocations"] += size
                count = size // entry
            elif name.startswith(".text"):
                sizes["code"] += size
            elif "A" in flags and not re.match(
                r"\.(rela?\.plt|plt|got|dyn|hash|gnu|eh_frame|note|init|fini|interp)", name
            ):
                sys.exit(f"bench: {path}: what is section {name}?")
        return {**sizes, "relocation_count": count, "bytes": sizes["constant"] + sizes["relocated"]}

    def size(self, what, rival, objects, functions):
        name = re.sub(r"\W+", "-", f"{what}-{rival}")
        linked = self.link(self.path("size", f"{name}.so"), objects, functions)
        return {"what": what, "rival": rival, **self.sections(linked)}

    def sizes(self):
        one = ["--cpu", "a14"]
        rows = []
        a14 = "a14 of macos-15"
        own = self.tables("a14", one, ["macos-15"])[0]
        names = self.with_names() + ["--allow-missing"]
        named = self.tables("a14-names", one + names, ["macos-15"])[0]
        every = self.tables("all", self.with_names())[0]
        bare = self.tables("all-bare", [])[0]
        for what, rival, library, functions in (
            (a14, "libkpdb, kpdb_find alone", own, ["kpdb_find"]),
            (a14, "libkpdb, whole", own, []),
            (a14, "libkpdb with names.plist, kpdb_find alone", named, ["kpdb_find"]),
            (a14, "libkpdb with names.plist, whole", named, []),
            ("all", "libkpdb without names.plist, kpdb_find alone", bare, ["kpdb_find"]),
            ("all", "libkpdb, kpdb_find alone", every, ["kpdb_find"]),
            ("all", "libkpdb, whole", every, []),
        ):
            rows.append(self.size(what, rival, library, functions))
        files = databases.read_files(self.kpep)
        first = [rows for name, rows, _ in files["macos-15"].values() if name == "a14"]
        cpus = databases.distinct([cpu.rows for cpu in databases.read_cpus(self.kpep)])[0]
        each = [rows for release in files.values() for _, rows, _ in release.values()]
        for what, name, tables in (
            (a14, "a14", first),
            ("all", "all", cpus),
            ("all", "files", databases.distinct(each)[0]),
            ("all", "every", each),
        ):
            for kind in GPERF_KINDS:
                objects, functions = self.gperf(name, kind, tables)
                told = f"{kind}, {len(tables)} table{'s' * (len(tables) != 1)}"
                told += {"files": ", one a distinct file", "every": ", one a file"}.get(name, "")
                rows.append(self.size(what, told, objects, functions))
        return rows

    # ---- c) compiling ---------------------------------------------------------------------------

    def count_process(self, command):
        dump = self.path("callgrind", "process")
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={dump}", *command])
        with open(dump, encoding="utf-8") as file:
            return self.total(file.read())

    @staticmethod
    def time_processes(commands):
        """Milliseconds of each: the median, their runs in turn."""
        times = [[] for _ in commands]
        null = os.open(os.devnull, os.O_WRONLY)
        quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
        for _ in range(PROCESS_RUNS):
            for i, command in enumerate(commands):
                begin = time.perf_counter()
                child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
                _, status = os.waitpid(child, 0)
                times[i].append((time.perf_counter() - begin) * 1000)
                if status != 0:
                    sys.exit(f"bench: {' '.join(command)}: status {status}")
        os.close(null)
        return [statistics.median(values) for values in times]

    def compare_compile(self, what, directory, options, others):
        files = [
            os.path.join(folder, name)
            for folder, _, names in sorted(os.walk(directory))
            for name in sorted(names)
            if not os.path.islink(os.path.join(folder, name))
        ]
        out = self.path("kpdb", "timed", "")
        compiling = [self.kpepc, "compile", "-o", out, *options]
        compiling += self.release_arguments(directory)
        parsing = [self.path("parse"), *files, *others]
        compile_ms, parse_ms = self.time_processes([compiling, parsing])
        compile_count, parse_count = self.count_process(compiling), self.count_process(parsing)
        return {
            "what": what,
            "files": len(files) + len(others),
            "compile_ms": round(compile_ms, 3),
            "parse_ms": round(parse_ms, 3),
            "ratio_ms": round(compile_ms / parse_ms, 3),
            "compile_instructions": compile_count,
            "parse_instructions": parse_count,
            "ratio_instructions": round(compile_count / parse_count, 3),
        }

    def compiles(self):
        source = os.path.join(self.here, "parse.c")
        object_file = self.compile(source, self.path("parse.o"), *WARNINGS)
        run([self.cc, "-o", self.path("parse"), object_file, *self.plist])
        named = self.with_names()
        rows = [
            self.compare_compile("db/kpep as built", self.kpep, named, named[1::2]),
            self.compare_compile("db/kpep alone", self.kpep, [], []),
        ]
        if os.path.exists(os.path.join(self.originals, "mktree")):
            tree = self.path("originals")
            run(["sh", os.path.join(self.originals, "mktree"), tree])
            rows.append(self.compare_compile("originals as built", tree, named, named[1::2]))
        return rows


# ---- the report -------------------------------------------------------------------------------


def compare_lookups(lookups, rivals, unit, kind):
    """libkpdb's cost and the least of the rivals', set by set, and whether all are less."""
    told, met = [], True
    for group in [row["set"] for row in lookups if row["rival"] == "libkpdb"]:
        if group.endswith(kind) and "*" not in group:
            values = {row["rival"]: row[unit] for row in lookups if row["set"] == group}
            best = min(values[rival] for rival in rivals)
            told.append(f"{group.split()[0]} {values['libkpdb']:.1f}:{best:.1f}")
            met = met and values["libkpdb"] < best
    return ", ".join(told), met


def aims(lookups, sizes, compiles):
    """Each aim with what was measured for it, and whether it is met."""
    rows = []

    def aim(what, told, met):
        rows.append({"aim": what, "measured": told, "met": bool(met)})

    def size(what, rival):
        return next(row for row in sizes if row["what"] == what and row["rival"] == rival)

    for rivals, name in ((["gperf"], "gperf"), (list(GPERF_KINDS), "the fastest of gperf's")):
        for unit in ("instructions", "ns"):
            for kind in ("hits", "misses"):
                told, met = compare_lookups(lookups, rivals, unit, kind)
                aim(f"lookup faster than {name}, {unit}, {kind}", told, met)
    mine = size("all", "libkpdb, kpdb_find alone")["bytes"]
    for rival in [row for row in sizes if row["what"] == "all" and "gperf" in row["rival"]]:
        if rival["rival"].startswith(("gperf,", "gperf -P,")):  # the usual one, the smallest
            theirs = rival["bytes"] + rival["relocations"]
            told = f"{mine} of {theirs}: {mine / theirs:.3f}"
            aim(f"all databases at a tenth of {rival['rival']}", told, mine * 10 <= theirs)
    for what, rival, limit in (
        ("a14 of macos-15", "libkpdb, kpdb_find alone", 2.5),
        ("a14 of macos-15", "libkpdb, whole", 2.5),
        ("all", "libkpdb, kpdb_find alone", 48),
        ("all", "libkpdb, whole", 48),
    ):
        mine = size(what, rival)["bytes"]
        aim(f"{what} under {limit} KB ({rival})", f"{mine / KB:.2f} KB", mine < limit * KB)
    for unit in ("ms", "instructions"):
        told = ", ".join(f"{row['what']} {row[f'ratio_{unit}']:.2f}" for row in compiles)
        met = all(row[f"ratio_{unit}"] <= 1.5 for row in compiles)
        aim(f"compile within 1.5 times the bare parse, {unit}", told, met)
    relocations = sum(row["relocation_count"] for row in sizes if "libkpdb" in row["rival"])
    aim("zero relocations", str(relocations), relocations == 0)
    return rows


def print_table(head, rows):
    """Columns; all but the first are of numbers, unless a cell says otherwise."""
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        first = row[0].ljust(widths[0])
        print("  ".join([first] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]).rstrip())
    print()


def print_lookups(lookups, parses):
    print(
        "a) A lookup: name on a CPU -> number, unit mask, counter mask\n"
        "Instructions (callgrind, each name once) and nanoseconds (median of runs in shuffled\n"
        "order), less the empty loop. hits: every event; misses: one letter changed.\n"
        "*: only the names that libpfm4 has too. libpfm4 gives no counter mask and takes the name\n"
        "with its PMU; libplist's file is already parsed. libkpdb alone also tries aliases and\n"
        "chip-agnostic names and knows releases. one chip: libkpdb with that CPU's tables only,\n"
        "as gperf's table is of one. Ratios are libkpdb's to gperf and to the least of gperf's.\n"
    )
    rivals = list(dict.fromkeys(row["rival"] for row in lookups))
    rivals.sort(key=lambda rival: rival not in ("libkpdb", "one chip"))
    for unit in ("instructions", "ns"):
        rows = []
        for group in dict.fromkeys(row["set"] for row in lookups):
            values = {row["rival"]: row[unit] for row in lookups if row["set"] == group}
            names = next(row["names"] for row in lookups if row["set"] == group)
            best = min(values[rival] for rival in GPERF_KINDS)
            rows.append(
                [group, names]
                + [f"{values[rival]:.1f}" if rival in values else "-" for rival in rivals]
                + [f"{values['libkpdb'] / other:.2f}" for other in (values["gperf"], best)]
            )
        print_table([unit, "names", *rivals, "ratio", "to best"], rows)
    print("What libplist needs before its first lookup in a file:\n")
    rows = [
        [parse["file"], parse["instructions"], f"{parse['ns'] / 1000:.1f}"]
        for parse in parses
        if os.path.basename(parse["file"])[: -len(".plist")] in ONE_CHIPS
    ]
    print_table(["parse of", "instructions", "us"], rows)


def print_sizes(sizes):
    print(
        "b) Bytes, linked as a shared object: constants (.rodata*), constants that the loader\n"
        "writes pointers to (.data.rel.ro*), both together; apart from them the relocations\n"
        "(.rela.dyn), and code. libkpdb also holds aliases, chips, CPU ids, releases, renames,\n"
        "fallbacks and what counters a CPU has; a gperf row is name, mask, number, umask, fixed.\n"
        "gperf gets one table for each CPU, CPUs that are alike sharing one, releases merged; or\n"
        "one for each distinct file; or one for each file. The linker merges equal names of its\n"
        "tables (not with -P). kpdb_find alone: what a program that calls nothing else has left.\n"
    )
    rows = [
        [f"{row['what']}: {row['rival']}"]
        + [row[key] for key in ("constant", "relocated", "bytes", "relocations")]
        + [row["relocation_count"], row["writable"], row["code"]]
        for row in sizes
    ]
    head = ["bytes", "rodata", "data.rel.ro", "both", "rela.dyn", "relocations", "writable"]
    print_table([*head, "text"], rows)


def print_compiles(compiles):
    print(
        "c) kpepc compile beside libplist's parse of the same files, each a process: milliseconds\n"
        f"(median of {PROCESS_RUNS}) and instructions (callgrind), start and exit included.\n"
        "As built: with the names, chips and kernel lists of db/, which are parsed too.\n"
    )
    rows = [
        [row["what"], row["files"]]
        + [f"{row[key]:.2f}" for key in ("compile_ms", "parse_ms", "ratio_ms")]
        + [f"{row[key] / 1e6:.1f}" for key in ("compile_instructions", "parse_instructions")]
        + [f"{row['ratio_instructions']:.2f}"]
        for row in compiles
    ]
    head = ["compile", "files", "ms", "parse ms", "ratio", "M instr.", "parse M", "ratio"]
    print_table(head, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    for name in ("source", "out", "kpepc", "cc", "build-type", "library"):
        parser.add_argument(f"--{name}", required=True)
    bench = Bench(parser.parse_args())
    try:
        bench.find_tools()
    except Missing as missing:
        sys.exit(str(missing))
    machine = bench.machine()
    lookups, parses = bench.lookups()
    sizes = bench.sizes()
    compiles = bench.compiles()
    result = aims(lookups, sizes, compiles)
    for name, value in machine.items():
        print(f"{name}: {value}")
    if bench.build_type not in ("Release", "RelWithDebInfo"):
        print("kpepc was not built for speed: its times in c) say nothing")
    print()
    print_lookups(lookups, parses)
    print_sizes(sizes)
    print_compiles(compiles)
    print("Aims\n")
    for row in result:
        print(f"{'met    ' if row['met'] else 'not met'}  {row['aim']}: {row['measured']}")
    with open(bench.results, "w", encoding="ascii") as file:
        json.dump(
            {
                "machine": machine,
                "lookups": lookups,
                "parses": parses,
                "sizes": sizes,
                "compiles": compiles,
                "aims": result,
            },
            file,
            indent=1,
        )
        file.write("\n")
    print(f"\nThe same as JSON: {bench.results}")


if __name__ == "__main__":
    main()
