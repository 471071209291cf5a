"""The measurements. Each gives a table: a list of records (report.py)."""

import json
import os
import re
import sys
import time

import databases
from build import GPERF_KINDS, GPERF_ONE_KINDS, write
from report import record
from tools import plist_flags, run

M1, ALL = "M1 of macOS 15, its own names", "all databases of all releases"
M1_NAMED = "M1 of macOS 15, all chip-agnostic names"
CPUS = {"a14": "M1 (a14)", "as4": "M4 (as4)", "icelake": "Ice Lake"}
READS = 1000
LIVE = ["-pthread", "-ldl"]


class Compared:
    """What several measurements need, built once."""

    def __init__(self, build):
        self.cpus = databases.read_cpus(build.kpep)
        self.tables, self.places = databases.distinct([cpu.rows for cpu in self.cpus])
        self.objects, self.includes = build.library("all", build.lists())
        self.gperf = {kind: build.gperf("all", kind, self.tables) for kind in GPERF_KINDS}
        self.gperf_one = {kind: build.gperf_one(kind, self.tables) for kind in GPERF_ONE_KINDS}


def callgrind(*command, options=("--callgrind-out-file=/dev/null",), env=None):
    """All the instructions that one run executes."""
    done = run(["valgrind", "--tool=callgrind", *options, *command], env=env)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


# ---- lookups ------------------------------------------------------------------------------------


def lookups(build, compared, runs):
    queries = write(build.path("queries.tsv"), databases.queries(compared.cpus, compared.places))
    objects = [*compared.objects]
    for made, _ in [*compared.gperf.values(), *compared.gperf_one.values()]:
        objects += made
    objects.append(build.gperf_lists({kind: made[1] for kind, made in compared.gperf.items()}))
    program = build.program("lookup", objects, compared.includes, ["-lpfm", *plist_flags("--libs")])
    counts = count_lookups(build, program, queries)
    lines = run([program, queries, "time", str(runs)]).stdout.splitlines()
    times = {(s, rival): float(ns) for s, rival, _, ns in (line.split("\t") for line in lines)}
    return less_the_loop("ns", times, 1) + less_the_loop("instructions", counts, 1)


def less_the_loop(unit, values, digits):
    """Records of libkpdb beside each rival, all less what the empty loop costs."""
    own = {key: round(value - values[key[0], "nothing"], digits) for key, value in values.items()}
    records = []
    for name in dict.fromkeys(name for name, _ in own):
        rivals = {r: v for (n, r), v in own.items() if n == name and r not in ("nothing", "libkpdb")}
        ours = own[name, "libkpdb"]
        records += [record(name, unit, ours, *rival) for rival in rivals.items()]
        records += [] if rivals else [record(name, unit, ours)]
    return records


def count_lookups(build, program, queries):
    """Instructions a lookup, by set and rival: the program dumps callgrind's counters for each."""
    dumps = build.path("callgrind", "lookup")
    options = ["--collect-atstart=no", f"--callgrind-out-file={dumps}"]
    callgrind(program, queries, "count", options=options)
    counts = {}
    for file in os.listdir(os.path.dirname(dumps)):
        with open(os.path.join(os.path.dirname(dumps), file), encoding="utf-8") as dump:
            text = dump.read()
        label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.M)
        if label:
            name, rival, size = label.group(1).split("\t")
            total = re.search(r"^(?:totals|summary): (\d+)", text, re.M).group(1)
            counts[int(file.rpartition(".")[2]), name, rival] = int(total) / int(size)
    return {key[1:]: counts[key] for key in sorted(counts)}


# ---- bytes --------------------------------------------------------------------------------------

SECTIONS = (
    (r"\.data\.rel\.ro|\.rodata", "bytes"),
    (r"\.rela\.dyn$", "relocations"),
    (r"\.s?(data|bss)", "writable"),
    (r"\.text", "code"),
    # What a linker adds for symbols and unwinding.
    (r"\.(rela?\.plt|plt|got|dyn|hash|gnu|eh_frame|note|init|fini|interp)", None),
)
ELF_RELA = 24


def sections(path):
    """Bytes by kind."""
    sizes = dict.fromkeys(("bytes", "relocations", "writable", "code"), 0)
    row = r"\s*\[ *\d+\] (\S+)\s+\S+\s+\S+ \S+ (\S+) \S+ +(\w*) "
    for line in run(["readelf", "-SW", path]).stdout.splitlines():
        match = re.match(row, line)
        if match is None or "A" not in match[3]:
            continue
        kinds = [kind for pattern, kind in SECTIONS if re.match(pattern, match[1])]
        if not kinds:
            sys.exit(f"bench: {path}: what is section {match[1]}?")
        if kinds[0] is not None:
            sizes[kinds[0]] += int(match[2], 16)
    return sizes


def libkpdb_size(build, name, objects):
    """Bytes of a lookup alone and of all."""
    sizes = [sections(build.link(name + "-lookup", objects, ["kpdb_find"]))]
    sizes.append(sections(build.link(name, objects, [])))
    if any(size["relocations"] or size["writable"] for size in sizes):
        sys.exit(f"bench: libkpdb ({name}) has relocations or writable data: {sizes}")
    return [size["bytes"] for size in sizes]


def size_records(name, libkpdb, gperf):
    """`gperf`: its sections by kind; empty when it has no such table."""
    lookup, whole = libkpdb
    records = [record(name, "bytes, whole", whole), record(name, "bytes", lookup)]
    for kind, size in gperf.items():
        relocations = size["relocations"]
        records += [
            record(name, "bytes", lookup, kind, size["bytes"]),
            record(name, "bytes of relocations", 0, kind, relocations),
            record(name, "relocations", 0, kind, relocations // ELF_RELA),
            record(name, "bytes with relocations", lookup, kind, size["bytes"] + relocations),
        ]
    return records


def sizes(build, compared):
    one = ["--cpu", "a14"]
    own = build.library("a14", one, ["macos-15"])[0]
    named = build.library("a14-names", [*one, *build.lists(), "--allow-missing"], ["macos-15"])[0]
    files = databases.read_files(build.kpep)["macos-15"].values()
    a14 = [rows for name, rows, *_ in files if name == "a14"]
    linked = {M1: {}, ALL: {}}
    for kind in ("gperf", "gperf -P"):
        for name, made in ((M1, build.gperf("a14", kind, a14)), (ALL, compared.gperf[kind])):
            linked[name][kind] = sections(build.link(f"{kind}-{len(made[1])}", *made))
    for kind, made in compared.gperf_one.items():
        linked[ALL][kind] = sections(build.link(made[1][0], *made))
    return [
        *size_records(M1, libkpdb_size(build, "a14", own), linked[M1]),
        *size_records(M1_NAMED, libkpdb_size(build, "a14-names", named), {}),
        *size_records(ALL, libkpdb_size(build, "all", compared.objects), linked[ALL]),
    ]


def targets(build):
    """libkpdb's bytes on each target that there is a compiler for (tests/targets)."""
    tests = os.path.join(build.source, "tests")
    env = {
        **os.environ,
        **{"KPEPC": build.kpepc, "KPEP": "", "KPEP_SOURCE": build.source, "CC": build.cc},
        "PYTHONPATH": os.path.join(tests, "cli"),
    }
    script = os.path.join(tests, "targets", "targets.py")
    done = run([sys.executable, script, "sizes"], env=env)
    found = json.loads(done.stdout.splitlines()[-2])
    return [
        record(f"{target}, {what}", "bytes", size)
        for target, by_what in found.items()
        for what, size in by_what.items()
    ]


# ---- compiling, encoding, planning, reading -----------------------------------------------------


def time_processes(commands, runs):
    """Milliseconds of each: the least, their runs in turn."""
    least = [float("inf")] * len(commands)
    null = os.open(os.devnull, os.O_WRONLY)
    quiet = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    for _ in range(runs):
        for i, command in enumerate(commands):
            begin = time.perf_counter()
            child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
            status = os.waitpid(child, 0)[1]
            least[i] = min(least[i], (time.perf_counter() - begin) * 1000)
            if status != 0:
                sys.exit(f"bench: {' '.join(command)}: status {status}")
    os.close(null)
    return least


def compiling(build, runs):
    """kpepc beside libplist's bare parse of the same files, each a process from start to exit."""
    lists = build.lists()
    folders = [argument.partition("=")[2] for argument in build.releases()]
    files = [os.path.join(d, name) for d in folders for name in sorted(os.listdir(d))]
    files += lists[1::2]
    compile_all = [build.kpepc, "compile", "-o", build.path("kpdb", "timed", ""), *lists]
    compile_all += build.releases()
    parse_all = [build.program("parse", [], libraries=plist_flags("--libs")), *files]
    ours, parse = time_processes([compile_all, parse_all], runs)
    name, rival = f"compile all databases ({len(files)} files)", "libplist's parse of the same"
    counts = [round(callgrind(*command) / 1e6, 1) for command in (compile_all, parse_all)]
    return [
        record(name, "million instructions", counts[0], rival, counts[1]),
        record(name, "ms", round(ours, 1), rival, round(parse, 1)),
    ]


def each(program, mode, rounds):
    """Instructions of one round: the difference of two runs."""
    counts = [callgrind(program, mode, str(n)) for n in (1, rounds + 1)]
    return round((counts[1] - counts[0]) / rounds)


def encoding(build, program, runs):
    events, ns = run([program, "plan", str(10 * runs)]).stdout.split()
    plan = f"plan {events} events of Ice Lake"
    return [
        record(
            "encode 8 events of M1",
            "instructions",
            each(program, "encode", 100),
            "libpfm4, 8 names of Ice Lake, no placement",
            each(program, "pfm", 20),
        ),
        record(plan, "instructions", each(program, "plan", 20)),
        record(plan, "ms", round(int(ns) / 1e6, 2)),
    ]


def reading(build, compared):
    """What kplive_read() and kplive_read_raw() execute themselves, without the framework's call."""
    runtime = ["-I", os.path.join(build.source, "runtime"), *compared.includes]
    program = build.program("read", build.live(runtime) + compared.objects, runtime, LIVE)
    simulated = {
        **os.environ,
        "KPEP_SIM": "chip=m1 gen=3",
        "KPEP_SIM_CPU": "cpu_100000c_2_1b588bb3",
        "KPEP_DB_PATH": os.path.join(build.kpep, "macos-15"),
    }
    dump = build.path("callgrind-read", "dump")
    options = [f"--callgrind-out-file={dump}"]
    callgrind(program, *build.simulators, str(READS), options=options, env=simulated)
    text = run(["callgrind_annotate", "--threshold=100", dump]).stdout
    records = []
    for function, what in (("kplive_read", ""), ("kplive_read_raw", ", raw")):
        own = re.search(rf"^ *([\d,]+) .*:{function}(?!\w)", text, re.M).group(1).replace(",", "")
        name = f"read ten counters{what}, beside the framework"
        records.append(record(name, "instructions", int(own) // READS))
    return records


# ---- how often kperfdata refuses ----------------------------------------------------------------


def refusals(program, sets):
    """Of sets of events that fit, per cent that kperfdata's order refuses; libkpdb none."""
    records = []
    for line in run([program, "order", str(sets)]).stdout.splitlines():
        cpu, size, fit, refused = line.split("\t")
        share = round(100 * int(refused) / int(fit), 1)
        records.append(record(f"{CPUS[cpu]}, {size} events", "%", 0, "kperfdata's order", share))
    return records
