"""libkpdb on small and foreign targets, from this machine's cross compilers.

    targets.py native|aarch64|arm|s390x   the answers of selftest.c, those of the library as built
    targets.py cortex-m0                  tiny.c, linked without any library and run
    targets.py sizes                      bytes by target, and as JSON in the last but one line

The environment is that of the command tests (kpeptest.py). What is not installed is skipped,
and missing with KPEP_REQUIRE_TARGETS set, as in CI.
"""
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import plistfacts
from kpeptest import CC, KPEPC, SOURCE, check, done, equal, run, skip

HERE = Path(__file__).parent
KPDB = sorted((SOURCE / "db").glob("*.c"))
FACTS = [word for name in ("names", "chips", "meanings")
         for word in (f"--{name}", SOURCE / f"db/{name}.plist")]
INPUTS = plistfacts.arguments(plistfacts.snapshots())
STRICT = ["-std=c11", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes",
          "-Wmissing-prototypes", "-Wpointer-arith", "-Wwrite-strings", "-Wvla", "-Werror"]
FREESTANDING = ["-ffreestanding", "-nostdlib", "-ffunction-sections", "-fdata-sections",
                "-fno-asynchronous-unwind-tables"]
GCC = ["-fno-tree-loop-distribute-patterns"]  # or it calls memset() for a loop

# The compiler's prefix, what it is told, the emulator.
TARGETS = {
    "native": ("", [] if "clang" in CC else GCC, None),
    "aarch64": ("aarch64-linux-gnu-", GCC, "qemu-aarch64"),
    "arm": ("arm-linux-gnueabihf-", GCC, "qemu-arm"),
    "s390x": ("s390x-linux-gnu-", GCC, "qemu-s390x"),
    "cortex-m0": ("arm-none-eabi-", [*GCC, "-mcpu=cortex-m0", "-mthumb"], "qemu-arm"),
}


def tool(name):
    path = shutil.which(name)
    if path is None:
        if "KPEP_REQUIRE_TARGETS" in os.environ:
            check(False, f"{name} is installed")
            done()
        skip(f"no {name}")
    return path


def compiler(target):
    prefix, flags, _ = TARGETS[target]
    return [tool(f"{prefix}gcc" if prefix else CC), *flags]


def succeed(*command, **options):
    status, out, err = run(*command, **options)
    if not equal((status, err), (0, ""), " ".join(map(str, command))):
        done()
    return out


def compile_tables(directory, *options):
    status, _, err = run(KPEPC, "compile", "-o", directory, *FACTS, "--kernel",
                         SOURCE / "db/kernel.plist", "--sources",
                         SOURCE / "db/sources.plist", *options, *INPUTS)
    equal(status, 0, f"the tables: {err}")
    return directory


def build(target, tables, output, *arguments):
    """A program of the arguments, libkpdb's sources or objects among them."""
    succeed(*compiler(target), *STRICT, "-I", SOURCE / "db", "-I", tables, *arguments, "-o", output)
    return output


def objects(target, tables, directory, *flags):
    """libkpdb's, compiled in a directory that is made."""
    directory.mkdir()
    succeed(*compiler(target), *STRICT, *flags, "-I", SOURCE / "db", "-I", tables, "-c", *KPDB,
            cwd=directory)
    return sorted(directory.iterdir())


# ---- the same answers --------------------------------------------------------------------------

def answers(target, directory):
    """With the tables of the library as built, so that nothing else is another."""
    tables = Path(os.environ["LIBKPDB"]).parent / "tables"
    program = build(target, tables, directory / target, *KPDB, HERE / "selftest.c", "-static")
    return succeed(tool(TARGETS[target][2]), program)


def told(output):
    """Of the self-test's lines: database -> event -> number, unit mask, counters, fixed counter."""
    cpus = {}
    for line in output.splitlines():
        if match := re.match(r"cpu (\S+) ", line):
            events = cpus.setdefault(match[1], {})
        elif match := re.match(r"event (\S+): 0 \S+ (\d+) (\d+) (\d+) (-?\d+) ", line):
            events[match[1]] = tuple(map(int, match.groups()[1:]))
    return cpus


def against_json(output):
    """kpepc emit knows nothing of the tables' shape, nor of how they are read."""
    cpus = told(output)
    status, text, _ = run(KPEPC, "emit", "-t", "json", *FACTS, *INPUTS)
    equal(status, 0, "kpepc emit -t json")
    for cpu in json.loads(text)["cpus"]:
        for event in cpu["events"]:
            fixed = event["fixed_counter"]
            want = (event["number"], event["umask"], event["counters_mask"],
                    -1 if fixed is None else fixed)
            equal(cpus[cpu["db"]].get(event["name"]), want, f"{cpu['db']} {event['name']}")
    equal(sorted(cpus), sorted(cpu["db"] for cpu in json.loads(text)["cpus"]), "the databases")
    sets = re.findall(r"^encode 0 ", output, re.M)
    check(len(sets) > 1000, f"{len(sets)} sets were placed")


def selftest(target, directory):
    native = succeed(os.environ["SELFTEST"])
    if target == "native":
        against_json(native)
        return
    here, there = native.splitlines(), answers(target, directory).splitlines()
    equal(len(there), len(here), "as many lines")
    different = [pair for pair in zip(there, here) if pair[0] != pair[1]]
    equal(different[:3], [], f"{len(different)} lines differ, (got, want)")


def linkable(target, paths):
    """Sources or objects: whoever computes metrics links the compiler's own arithmetic, which a
    Cortex-M0 has not."""
    return [path for path in paths if target != "cortex-m0" or path.stem != "metrics"]


# ---- no library ---------------------------------------------------------------------------------

def cortex_m0(directory):
    compiler("cortex-m0")
    for cpu in ("a14", "icelake"):
        tables = compile_tables(directory / cpu, "--cpu", cpu)
        native = build("native", tables, directory / "native", "-O0", *KPDB, HERE / "tiny.c")
        digest = succeed(native).strip()
        library = linkable("cortex-m0", objects("cortex-m0", tables, directory / f"{cpu}-objects",
                                                *FREESTANDING))
        for want, status in ((digest, 0), (f"{int(digest, 0) ^ 1:#x}", 1)):
            program = build("cortex-m0", tables, directory / "tiny", *FREESTANDING, *library,
                            f"-DDIGEST={want}u", HERE / "tiny.c", "-Wl,-e,entry")
            equal(run(tool("qemu-arm"), program)[0], status, f"{cpu}: the digest {want}")


# ---- sizes ---------------------------------------------------------------------------------------

LOOKUP = """#include "kpdb.h"
int entry(const char *name, size_t length, struct kpdb_event *event);
int entry(const char *name, size_t length, struct kpdb_event *event)
{
    return kpdb_find(0, KPDB_ANY_RELEASE, name, length, event);
}
"""


def size(target, program):
    """text (with constant data), data, bss; what a linker script aligns to is in none."""
    lines = succeed(tool(f"{TARGETS[target][0]}size"), program).splitlines()
    out = succeed(tool(f"{TARGETS[target][0]}size"), "-A", program)
    return [int(lines[1].split()[0]),
            *(sum(int(n) for n in re.findall(rf"^\.s?{kind}\S*\s+(\d+)", out, re.M))
              for kind in ("data", "bss"))]


def code(target, program):
    """Of text, what is not tables."""
    out = succeed(tool(f"{TARGETS[target][0]}size"), "-A", program)
    return [sum(int(n) for n in re.findall(r"^\.text\S*\s+(\d+)", out, re.M)), 0, 0]


def target_sizes(target, directory):
    static = [*FREESTANDING, "-static", "-Wl,--build-id=none,-e,entry"]
    one = compile_tables(directory / "a14", "--cpu", "a14")
    every = compile_tables(directory / "tables")
    (directory / "lookup.c").write_text(LOOKUP)
    library = linkable(target, objects(target, one, directory / f"{target}-objects",
                                       *FREESTANDING))
    whole = build(target, one, directory / "whole", *static, *library, "-Wl,-e,0")
    lookup = build(target, one, directory / "lookup", *static, *library, directory / "lookup.c",
                   "-Wl,--gc-sections")
    full = build(target, every, directory / "every", *static, *linkable(target, KPDB),
                 "-Wl,-e,0")
    return [("code alone", code(target, full)), ("a14, lookup only", size(target, lookup)),
            ("a14, all of it", size(target, whole)), ("all databases", size(target, full))]


def sizes(directory):
    """Printed as a table, then as JSON: {target: {what: text}}."""
    found = {}
    print(f"{'target':10} {'what':17} {'text':>7} {'data':>5} {'bss':>5}")
    for target, (prefix, _, _) in TARGETS.items():
        if prefix and not shutil.which(f"{prefix}gcc") and "KPEP_REQUIRE_TARGETS" not in os.environ:
            print(f"{target:10} (no {prefix}gcc)")
            continue
        for what, (text, data, bss) in target_sizes(target, directory):
            print(f"{target:10} {what:17} {text:7} {data:5} {bss:5}")
            equal((data, bss), (0, 0), f"{target}, {what}: nothing is writable")
            found.setdefault(target, {})[what] = text
    print(json.dumps(found))


def main(what):
    with tempfile.TemporaryDirectory() as name:
        if what == "sizes":
            sizes(Path(name))
        elif what == "cortex-m0":
            cortex_m0(Path(name))
        else:
            selftest(what, Path(name))
    done()


main(sys.argv[1])
