"""A release that is not there yet: macOS 28 is made of the newest database of each CPU by seeded
renames, additions, removals, changed numbers, masks, umasks, aliases and heads, a database of
another name, one that goes and a new chip. kpepc diff tells exactly these, and the releases before it keep their
answers when they are compiled with it."""
import copy
import json
import pathlib
import plistlib
import random
import re
import subprocess
import tempfile

import plistfacts
import tables
from kpeptest import KPEPC, SOURCE, check, done, equal, run, write_plist

SEEDS = range(6)
NEW, CHIP_ID = "macos-28", "cpu_100000c_2_28282828"
DATA = [f"--{name}={SOURCE / 'db' / name}.plist"  # as the default build has them
        for name in re.search(r"set\(facts ([^)]*)\)", (SOURCE / "db/CMakeLists.txt").read_text())[1].split()]


# ---- making it -------------------------------------------------------------------------

def newest_databases():
    """The newest database of each CPU, by name: what a whole directory of a Mac would be."""
    found = {}
    for directory in plistfacts.snapshots().values():
        for path in sorted(directory.glob("*.plist")):
            data = plistlib.loads(path.read_bytes())
            found = {name: old for name, old in found.items()
                     if not set(old["kpep"]["cpus"]) & set(data["kpep"]["cpus"])}
            found[data["name"]] = data
    return found


def as_release(databases, release):
    """The same as a snapshot of the release that is whole."""
    return {name: {**copy.deepcopy(data), "kpep": {"release": release, "cpus": data["kpep"]["cpus"]}}
            for name, data in databases.items()}


def write_release(directory, databases):
    for name, data in databases.items():
        write_plist(directory / f"{name}.plist", data)


class Change:
    """One database on its way to the new release: what was done to it, as diff is to tell it."""

    def __init__(self, data, draw):
        self.cpu, self.draw = data["system"]["cpu"], draw
        self.events = self.cpu["events"]
        self.intel = self.cpu["architecture"] == "x86_64"
        self.added, self.removed, self.renamed, self.changed = [], [], [], []
        self.untouched = self.candidates()
        draw.shuffle(self.untouched)

    def candidates(self):
        """Events of an encoding of their own, to which nothing else of the database points."""
        codes = [self.code(event) for event in self.events.values()]
        held = {event.get("fallback") for event in self.events.values()} | set(self.cpu["aliases"].values())
        return [name for name, event in sorted(self.events.items())
                if name not in held and "fixed_counter" not in event and codes.count(self.code(event)) == 1]

    @staticmethod
    def code(event):
        return event.get("number"), event.get("umask")

    def take(self, most):
        """Some events that nothing was done to yet."""
        count = min(self.draw.randrange(most + 1), len(self.untouched))
        return [self.untouched.pop() for _ in range(count)]

    def fresh_number(self):
        used = {event.get("number") for event in self.events.values()} | {old for _, field, old, _ in self.changed if field == "number"}
        return self.draw.choice([n for n in range(1, 255) if n not in used])

    def set(self, name, field, value):
        event = self.events[name]
        old = event.get(field, self.cpu["config_counters"] if field == "counters_mask" else None)
        event[field] = value
        self.changed.append((name, field, old, value))

    def rename(self):
        for name in self.take(3):
            self.events[f"{name}_28"] = self.events.pop(name)
            self.renamed.append((name, f"{name}_28"))

    def remove(self):
        for name in self.take(3):
            self.removed.append((name, self.events.pop(name)))

    def add(self):
        for n in range(self.draw.randrange(4)):
            event = {"number": self.fresh_number(), **({"umask": 1} if self.intel else {})}
            self.events[f"NEW_IN_28_{n}"] = event
            self.added.append((f"NEW_IN_28_{n}", event))

    def change(self):
        for name in self.take(3):
            self.set(name, "number", self.fresh_number())
        for name in self.take(3):
            old = self.events[name].get("counters_mask", self.cpu["config_counters"])
            bits = [1 << n for n in range(32) if self.cpu["config_counters"] >> n & 1]
            self.set(name, "counters_mask", self.draw.choice([bit for bit in bits if bit != old]))
        for name in self.take(3) if self.intel else ():
            used = {self.code(event)[1] for event in self.events.values()
                    if event.get("number") == self.events[name]["number"]}
            self.set(name, "umask", self.draw.choice([n for n in range(256) if n not in used]))

    def change_head(self):
        """The database's own values, what aliases mean and what counts like a fixed event."""
        cpu, chance = self.cpu, self.draw.random
        if chance() < 0.3:
            self.changed.append((None, "marketing_name", cpu["marketing_name"], "Apple of 28"))
            cpu["marketing_name"] = "Apple of 28"
        if chance() < 0.3 and "power_counters" in cpu:
            self.changed.append((None, "power_counters", cpu["power_counters"], 96))
            cpu["power_counters"] = 96
        for alias, event in sorted(cpu["aliases"].items()):
            if chance() < 0.3 and self.untouched:
                cpu["aliases"][alias] = self.untouched.pop()
                self.changed.append((None, f"aliases.{alias}", event, cpu["aliases"][alias]))
        for name in [name for name, event in sorted(self.events.items()) if "fallback" in event]:
            if chance() < 0.3 and self.untouched:
                self.set(name, "fallback", self.untouched.pop())

    def make(self):
        """Numbers that are gone are given to nobody, so that the order does not matter."""
        self.change_head()
        self.rename()
        self.change()
        self.add()
        self.remove()
        return self


class Release:
    """The databases of macOS 28, and all that was done to those of before."""

    def __init__(self, before, seed):
        draw = random.Random(seed)
        self.databases = as_release(before, NEW)
        self.changes = {}
        names = sorted(before)
        intel = [name for name in names if before[name]["system"]["cpu"]["architecture"] == "x86_64"]
        apple = [name for name in names if name not in intel]
        for name in names:
            if draw.random() < 0.7:
                self.changes[name] = Change(self.databases[name], draw).make()
        self.gone = draw.choice(intel)
        del self.databases[self.gone]
        self.changes.pop(self.gone, None)
        self.was, self.now = draw.choice(apple), "as28"
        self.databases[self.now] = {**self.databases.pop(self.was), "name": self.now}
        change = self.changes.pop(self.was, None) or Change(self.databases[self.now], draw)
        change.changed.append((None, "name", self.was, self.now))
        self.changes[self.now] = change
        chip = copy.deepcopy(self.databases[self.now])
        chip.update(name="as28-1", kpep={"release": NEW, "cpus": [CHIP_ID]})
        Change(chip, draw).make()
        self.databases["as28-1"] = chip


# ---- what diff says --------------------------------------------------------------------

def check_json(release, before, old, new, what):
    status, output, errors = run(KPEPC, "diff", "--json", old, new)
    equal((status, errors), (1, ""), f"{what}: diff")
    got = json.loads(output)
    wanted = {name: {"db": name, "added": sorted(name for name, _ in change.added),
                     "removed": sorted(name for name, _ in change.removed),
                     "renamed": [{"from": a, "to": b} for a, b in sorted(change.renamed)],
                     "changed": sorted(change.changed, key=str), "not_covered": {"old": [], "new": []}}
              for name, change in release.changes.items()
              if change.added or change.removed or change.renamed or change.changed}
    for database in got["databases"]:
        database["changed"] = sorted(((c["name"], c["field"], c["old"], c["new"]) for c in database["changed"]),
                                     key=str)
        equal(database, wanted.pop(database["db"], None), f"{what}: {database['db']}")
    equal(sorted(wanted), [], f"{what}: databases that diff says nothing of")
    ids = before[release.was]["kpep"]["cpus"]
    equal({key: got[key] for key in ("only_old", "only_new", "not_covered", "cpu_ids")},
          {"only_old": [release.gone], "only_new": ["as28-1"], "not_covered": {"old": [], "new": []},
           "cpu_ids": {"added": {CHIP_ID: "as28-1"},
                       "removed": {i: release.gone for i in before[release.gone]["kpep"]["cpus"]},
                       "moved": {i: {"from": release.was, "to": release.now} for i in ids},
                       "not_covered": {}}}, f"{what}: databases and ids")


def encoding(event):
    return f"0x{event['number']:x}" + (f"/0x{event['umask']:02x}" if "umask" in event else "")


def lines_of(change):
    def value(old):
        return "none" if old is None else old
    lines = [f"  changed  {'' if name is None else name + ' '}{field}: {value(new)}, was {value(old)}"
             for name, field, old, new in change.changed]
    lines += [f"  renamed  {new}, was {old}" for old, new in change.renamed]
    lines += [f"  added    {name} ({encoding(event)})" for name, event in change.added]
    return sorted(lines + [f"  removed  {name} ({encoding(event)})" for name, event in change.removed])


def check_text(release, before, old, new, what):
    blocks = run(KPEPC, "diff", old, new)[1].split("\n\n")
    equal(blocks[:3], [f"{old.name} -> {NEW}", "new databases: as28-1", f"databases gone: {release.gone}"],
          f"{what}: the head")
    told = {}
    for block in blocks[3:-1]:
        head, *lines = block.splitlines()
        names, counts = head.split(": ")
        kinds = [line.split()[0] for line in lines]
        equal(counts, ", ".join(f"{kinds.count(kind)} {kind}" for kind in ("changed", "renamed", "added", "removed")
                                if kind in kinds), f"{what}: the counts of {names}")
        told.update(dict.fromkeys(names.split(", "), sorted(lines)))
    equal(told, {name: lines for name, change in release.changes.items() if (lines := lines_of(change))},
          f"{what}: the text")
    ids = [f"  new      {CHIP_ID} is as28-1"]
    ids += [f"  gone     {i} was {release.gone}" for i in before[release.gone]["kpep"]["cpus"]]
    ids += [f"  moved    {i} is {release.now}, was {release.was}" for i in before[release.was]["kpep"]["cpus"]]
    head, *lines = blocks[-1].splitlines()
    equal((head, sorted(lines)), ("CPU ids", sorted(ids)), f"{what}: the ids")


# ---- what the tables say ---------------------------------------------------------------

def answers(scratch, releases):
    """The lines of answers.c, but those of macOS 28."""
    scratch.mkdir()
    status, _, errors = run(KPEPC, "compile", "--no-sync", "-o", scratch / "out", *DATA, *releases)
    if not equal((status, re.sub(r".*: note: .*\n", "", errors)), (0, ""), f"compile {releases[-1]}"):
        return set()
    done = subprocess.run([tables.build(scratch, "answers")],
                          capture_output=True, text=True)
    check(done.returncode == 0, f"answers: exit status {done.returncode}")
    return {line for line in done.stdout.splitlines() if not line.startswith(f"{NEW} ")}


def main():
    before = newest_databases()
    known = plistfacts.arguments(plistfacts.snapshots())
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        old = directory / "before"
        write_release(old, as_release(before, "before"))
        wanted = answers(directory / "tables", known)
        check(len(wanted) > 10000, f"{len(wanted)} answers of the releases that there are")
        for seed in SEEDS:
            release = Release(before, seed)
            new = directory / f"release-{seed}"
            write_release(new, release.databases)
            check_json(release, before, old, new, f"seed {seed}")
            check_text(release, before, old, new, f"seed {seed}")
            got = answers(directory / f"tables-{seed}", [*known, f"{NEW}={new}"])
            lost = sorted(wanted - got)
            equal((len(lost), lost[:3]), (0, []), f"seed {seed}: answers of older releases that changed")
            more = {line for line in got - wanted if "_28" not in line}
            equal(sorted(more)[:3], [], f"seed {seed}: answers of older releases that came")
    done()


main()
