"""
What kpepc costs as the databases grow: today's CPUs several times over, and today's names. Copies
have ids, chips and a part of the names of their own; names are added to every CPU alike.
"""

import os
import plistlib

import report
from measure import callgrind, sections
from report import number, record
from tools import run

TITLE = (
    "kpepc as databases grow: copies of today's CPUs with ids and a sixteenth of the names of "
    "their own, and names added to every CPU. Instructions by valgrind, up to ten times."
)
TODAY = "today's"
COMMANDS, UNITS = ("compile", "emit json"), ("million instructions", "s", "MB")
TABLES = "bytes of tables"
COLUMNS = [f"{command}, {unit}" for command in COMMANDS for unit in UNITS] + [TABLES]
CPUS, NAMES = (10, 100), (10, 20)
COUNTED_MAX = 10  # what valgrind counts; beyond, it would take minutes
OWN = 16  # one of so many names of a copy is its own
MASK = 0xFFFFFFFF
GOLDEN = 0x9E3779B1  # odd: families times it are as many


def read(path):
    with open(path, "rb") as file:
        return plistlib.load(file)


def write(path, plist):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        plistlib.dump(plist, file)


def copied_id(cpu_id, copy):
    """An id of the same type: the family tells copies apart."""
    cpu, cpu_type, subtype, family = cpu_id.split("_")
    return f"{cpu}_{cpu_type}_{subtype}_{int(family, 16) + copy * GOLDEN & MASK:x}"


def copied_events(cpu, copy):
    """The part of a database that names events, with some of the copy's own."""
    own = {name: f"{name}_X{copy}" for name in sorted(cpu["events"])[copy % OWN :: OWN]}
    events = {}
    for name, event in cpu["events"].items():
        fallback = event.get("fallback")
        other = {"fallback": own.get(fallback, fallback)} if fallback else {}
        events[own.get(name, name)] = event | other
    aliases = {alias: own.get(name, name) for alias, name in cpu.get("aliases", {}).items()}
    return cpu | {"events": events} | ({"aliases": aliases} if "aliases" in cpu else {})


def copied(plist, copy):
    kpep = plist["kpep"] | {"cpus": [copied_id(i, copy) for i in plist["kpep"]["cpus"]]}
    cpu = copied_events(plist["system"]["cpu"], copy)
    return plist | {"name": f"{plist['name']}x{copy}", "kpep": kpep, "system": {"cpu": cpu}}


def with_names(plist, count):
    """The database with more events, the same in every release."""
    cpu = plist["system"]["cpu"]
    intel = {} if cpu["architecture"] == "arm64" else {"umask": 1}
    prefix = plist["name"].upper().replace("-", "_")
    more = {f"{prefix}_EVENT_{n:05}": {"number": n % 255 + 1} | intel for n in range(count)}
    return plist | {"system": {"cpu": cpu | {"events": more | cpu["events"]}}}


def read_today(build):
    return {
        release: [read(os.path.join(build.kpep, release, file)) for file in sorted(files)]
        for release in sorted(os.listdir(build.kpep))
        for files in [os.listdir(os.path.join(build.kpep, release))]
    }


def names_of(today):
    """All that occur: of databases, of events."""
    plists = [plist for release in today.values() for plist in release]
    events = {name for plist in plists for name in plist["system"]["cpu"]["events"]}
    return {plist["name"] for plist in plists}, events


class Input:
    """Directories of databases, and the lists beside them with what the copies need."""

    def __init__(self, build, name):
        self.folder = build.path("growth", name, "")
        self.releases, self.lists = [], []
        self.today = {
            kind: read(os.path.join(build.source, "db", f"{kind}.plist"))
            for kind in ("names", "chips", "kernel")
        }

    def add_databases(self, release, plists):
        for plist in plists:
            write(os.path.join(self.folder, release, f"{plist['name']}.plist"), plist)
        argument = f"{release}={os.path.join(self.folder, release)}"
        self.releases += [] if argument in self.releases else [argument]

    def add_lists(self, copies):
        chips, kernel = self.today["chips"], self.today["kernel"]
        more = {
            copied_id(i, copy): chip | {"chips": [f"{name} x{copy}" for name in chip["chips"]]}
            for copy in range(1, copies)
            for i, chip in chips.items()
        }
        socs = {
            name: soc | {"cpus": [copied_id(i, n) for n in range(copies) for i in soc["cpus"]]}
            for name, soc in kernel.items()
        }
        lists = {"names": self.today["names"], "chips": chips | more, "kernel": socs}
        for kind, plist in lists.items():
            path = os.path.join(self.folder, f"{kind}.plist")
            write(path, plist)
            self.lists += [f"--{kind}", path]

    def command(self, build, *command):
        return [build.kpepc, *command, *self.lists, *self.releases]


def more_cpus(build, today, times):
    made = Input(build, f"cpus-{times}")
    for release, plists in today.items():
        made.add_databases(release, plists)
        for copy in range(1, times):
            made.add_databases(release, [copied(plist, copy) for plist in plists])
    made.add_lists(times)
    return made


def more_names(build, today, times):
    made = Input(build, f"names-{times}")
    cpus, events = names_of(today)
    each = (times - 1) * len(events) // len(cpus)
    for release, plists in today.items():
        made.add_databases(release, [with_names(plist, each) for plist in plists])
    made.add_lists(1)
    return made


def table_bytes(build, folder):
    """Constants of the library over the tables, linked whole."""
    db = os.path.join(build.source, "db")
    includes = ["-I", folder, "-I", db]
    objects = [
        build.compile(os.path.join(db, file), os.path.join(folder, f"{file}.o"), *includes)
        for file in build.kpdb
    ]
    return sections(build.link(os.path.basename(folder.rstrip("/")), objects, []))["bytes"]


def costs(build, peak, made, counted):
    """{unit: what it costs}."""
    tables = os.path.join(made.folder, "tables", "")
    found = {}
    for what, command in (
        ("compile", made.command(build, "compile", "-o", tables)),
        ("emit json", made.command(build, "emit", "-t", "json")),
    ):
        seconds, kilobytes = run([peak, *command]).stdout.split()
        count = round(callgrind(*command) / 1e6) if counted else None
        found[f"{what}, million instructions"] = count
        found[f"{what}, s"] = float(seconds)
        found[f"{what}, MB"] = round(int(kilobytes) / 1024, 1)
    found[TABLES] = table_bytes(build, tables)
    return found


def measure(build, quick):
    """Records: what each input costs, and today's beside it."""
    peak = build.program("peak", [])
    today = read_today(build)
    most = COUNTED_MAX if quick else max(CPUS + NAMES)
    inputs = [("today's CPUs and names", more_cpus, 1)]
    inputs += [(f"{n} times the CPUs", more_cpus, n) for n in CPUS if n <= most]
    inputs += [(f"{n} times the names", more_names, n) for n in NAMES if n <= most]
    records, first = [], None
    for name, make, times in inputs:
        found = costs(build, peak, make(build, today, times), times <= COUNTED_MAX)
        first = first or found
        records += [
            record(name, unit, value, TODAY, first[unit])
            for unit, value in found.items()
            if value is not None
        ]
    return records


def rows(records):
    found = {}
    for r in records:
        found.setdefault(r["name"], {})[r["unit"]] = number(r["ours"])
    return [
        [name, *(values.get(column, number(None)) for column in COLUMNS)]
        for name, values in found.items()
    ]


def table(build, quick):
    return {"id": "growth", "title": TITLE, "records": measure(build, quick)}


report.LAYOUTS["growth"] = ("|".join(["databases", *COLUMNS]), rows)
