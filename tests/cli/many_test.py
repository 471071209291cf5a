"""Many CPUs and many names: they compile, and every lookup is what plistlib says.

The inputs are of the two shapes that tables have: CPUs with most ids of their spans, and CPUs with
few of them.
"""
import pathlib
import plistlib
import resource
import tempfile

import kpeptest
import tables
from kpeptest import KPEPC, SANITIZED, check, database, equal, run, write_plist

NOT_ON_CPU, NO_EVENT = -3, -2
MEGABYTES = 512


def cpu_id(number):
    return f"cpu_100000c_{number % 7}_{0x1000 + number * 65537:x}"


def write_cpus(directory, names):
    """One database for each list of names; numbers that tell neighbours apart."""
    for number, own in enumerate(names):
        events = {name: {"number": (number * 131 + i) % 65536} for i, name in enumerate(own)}
        plist = database(aliases={}, events=events)
        plist["name"] = f"db{number}"
        plist["kpep"] = {"cpus": [cpu_id(number)], "release": "r-1"}
        write_plist(directory / f"db{number}.plist", plist)


def queries(directory):
    """Lines for lookups.c: what each CPU has, and two names that it has not."""
    cpus = []
    for path in sorted(directory.iterdir()):
        plist = plistlib.loads(path.read_bytes())
        cpus.append((plist["kpep"]["cpus"][0], plist["name"], plist["system"]["cpu"]["events"]))
    for (cpu, db, events), (_, _, others) in zip(cpus, cpus[1:] + cpus[:1]):
        for place, (name, event) in enumerate(events.items()):
            yield f"{db if place % 2 else cpu} {name} {event['number']}"
        foreign = next(name for name in others if name not in events)
        yield f"{cpu} {foreign} {NOT_ON_CPU}"
        yield f"{cpu} {foreign[:-1]}. {NO_EVENT}"
    yield "cpu_100000c_7_1000 X -1"


def compile_tables(what, scratch, names, sparse):
    write_cpus(scratch / "in", names)
    status, _, err = run(KPEPC, "compile", "-o", scratch / "out", f"r-1={scratch / 'in'}")
    equal((status, err), (0, ""), f"{what}: compile")
    header = (scratch / "out/kpdb_tables.h").read_text()
    equal("#define TABLE_PAIRS" in header, sparse, f"{what}: the tables' shape")


def every_lookup(what, names, sparse):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        compile_tables(what, scratch, names, sparse)
        lines = list(queries(scratch / "in"))
        status, out, _ = run(tables.build(scratch, "lookups"), stdin="\n".join(lines).encode())
        equal((status, out), (0, f"{len(lines)}\n"), f"{what}: lookups")


def every_walk(what, names, sparse):
    """The events of each CPU one after the other."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        compile_tables(what, scratch, names, sparse)
        lines = tables.read(scratch)
        dbs = {line[1]: line[2] for line in lines if line[0] == "cpu"}
        got = [(dbs[line[1]], *line[2:4]) for line in lines if line[0] == "event"]
        want = []
        for path in (scratch / "in").iterdir():
            plist = plistlib.loads(path.read_bytes())
            want += [(plist["name"], name, event["number"])
                     for name, event in plist["system"]["cpu"]["events"].items()]
        equal(sorted(got), sorted(want), f"{what}: what CPUs have")


def one_designation_of_two():
    """A database's name goes before a chip's, and the first of two CPUs with one chip's name."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_cpus(scratch / "in", [[f"E{c}"] for c in range(3)])
        chips = {cpu_id(c): {"chips": names, "confidence": "high"}
                 for c, names in ((0, ["DB1", "Same"]), (2, ["sAME", "Own Chip"]))}
        write_plist(scratch / "chips.plist", chips)
        status, _, err = run(KPEPC, "compile", "-o", scratch / "out", "--chips",
                             scratch / "chips.plist", f"r-1={scratch / 'in'}")
        equal((status, err), (0, ""), "designations: compile")
        lines = "db1 E1 131\nDB1 E1 131\nSAME E0 0\nown-chip E2 262\nOWN-CHIPS E2 -1\nown E2 -1\n"
        status, out, _ = run(tables.build(scratch, "lookups"), stdin=lines.encode())
        equal((status, out), (0, "6\n"), "designations")


def memory():
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    check(SANITIZED or peak <= MEGABYTES, f"{peak} MB of memory (expected at most {MEGABYTES})")


def most_names():
    """As many names as there can be, and one more."""
    for count, wanted in ((65534, (0, "")),
                          (65535, (1, "kpepc: 65535 names of events (expected at most 65534)\n"
                                      "kpepc: 1 error: nothing was written\n"))):
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            names = [f"E{i}" for i in range(count)]
            write_cpus(scratch / "in", [names[at : at + 8000] for at in range(0, count, 8000)])
            status, _, err = run(KPEPC, "compile", "-o", scratch / "out", f"r-1={scratch / 'in'}")
            equal((status, err), wanted, f"{count} names")


def no_names():
    """What a table of no names has first is a release, which is none."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        compile_tables("no names", scratch, [[]], False)
        lines = "db0 r-1 -2\ndb0 db0 -2\ndb0 X -2\n"
        status, out, _ = run(tables.build(scratch, "lookups"), stdin=lines.encode())
        equal((status, out), (0, "3\n"), "no names")


no_names()
most_names()
memory()
one_designation_of_two()
every_lookup("20 CPUs with 1 500 names of their own",
             [[f"CPU{c}_EVENT_{i:04}" for i in range(1500)] for c in range(20)], False)
every_lookup("names of 12 CPUs mixed", [[f"E{i:04}.{c:02}" for i in range(1400)] for c in range(12)],
             False)
every_walk("60 CPUs with most names", [[f"E{i:02}" for i in range(c, 80)] for c in range(60)], False)
every_walk("60 CPUs with few names", [[f"E{i:02}_{c:02}" for i in range(9)] for c in range(60)], True)
every_lookup("2 000 CPUs", [[f"E{i:02}_{c:04}" for i in range(9)] for c in range(2000)], True)
kpeptest.done()
