#!/usr/bin/env python3
"""kpepc on far more CPUs, names and renames than Apple has: the results are those of a few lines of
Python, and with four times the input the instructions, which valgrind counts where there is one,
are about four times as many. No time is measured.
"""
import collections
import functools
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import kpeptest
from kpeptest import KPEPC, check, run, write_plist

# Of four times the input: n log n needs 4.7 times the instructions at the most, n * n up to 16.
GROWTH, COST_MAX = 4, 4.7


# ---- databases -------------------------------------------------------------------------

def cpu_id(number):
    return f"cpu_100000c_2_{number + 1:x}"


def write(path, name, ids, events, **more):
    cpu = {"architecture": "arm64", "marketing_name": name, "fixed_counters": 3,
           "config_counters": 1020, "events": events, **more}
    write_plist(path / f"{name}.plist", {"name": name, "version": [1, 0], "kpep": {
        "release": path.name, "cpus": ids}, "system": {"cpu": cpu}})


def spread(number):
    """The n-th encoding: 16 bits of a number, and another mask for each 65536 of them."""
    return {"number": number % 0xffff + 1, "counters_mask": 1020 >> number // 0xffff}


def renames(path, cpus, count):
    """CPUs of own names. Of ten events seven have another name in r2, one is gone, one of two with
    one number is gone, and one stays. Aliases follow the names, but those of what stays go round."""
    for cpu in range(cpus):
        names, numbers = [f"E{cpu}_{n:05}" for n in range(count)], range(count)
        old = {names[n]: {"number": n if n % 10 == 8 else n + 1} for n in numbers}
        new = {names[n] + "_NEW": {"number": n + 1} for n in numbers if n % 10 < 7}
        new |= {names[n]: {"number": n + 1} for n in numbers if n % 10 == 9}
        write(path / "r1", f"c{cpu}", [cpu_id(cpu)], old,
              aliases={f"A {n}": names[n] for n in numbers if n % 10 in (0, 9)})
        write(path / "r2", f"c{cpu}", [cpu_id(cpu)], new,
              aliases={f"A {n}": names[n] + "_NEW" for n in numbers if n % 10 == 0}
              | {f"A {n}": names[(n + 10) % count] for n in numbers if n % 10 == 9})


def names(path, count, more):
    """One CPU of many names, and one of which all are renamed."""
    same = {f"N_{n:05}": spread(n) for n in range(count)}
    for release, prefix in (("r1", "OLD"), ("r2", "NEW")):
        write(path / release, "a", [cpu_id(0)], same)
        write(path / release, "b", [cpu_id(1)],
              {f"{prefix}_{n:05}": spread(n) for n in range(more)})


def chips(path, count, common=30):
    """CPUs of common names, one of each own, of which in r2 every third has the next one's id, and
    every seventh no id at all: as files and symlinks beside them."""
    for cpu in range(count):
        events = {f"E_{n}": {"number": n + 1} for n in range(common)}
        events |= {f"OWN_{cpu}": {"number": common + 1}}
        write(path / "r1", f"c{cpu}", [cpu_id(cpu)], events, aliases={"Cycles": "E_0"})
        moved = cpu + 1 if cpu % 3 == 0 else cpu - 1 if cpu % 3 == 1 else cpu
        write(path / "r2", f"c{cpu}", [], events, aliases={"Cycles": "E_1"})
        if cpu % 7 != 0:
            (path / "r2" / f"{cpu_id(moved)}.plist").symlink_to(f"c{cpu}.plist")


def shared(path, cpus, count):
    """CPUs of own names, of which every two have the same number."""
    for cpu in range(cpus):
        write(path / "r1", f"c{cpu}", [cpu_id(cpu)],
              {f"E{cpu}_{n:05}": {"number": n // 2 + 1} for n in range(count)})
    lines = [f"c{cpu} shared-encoding E{cpu}_{n:05}+1 # A test.\n"
             for cpu in range(cpus) for n in range(0, count // 8, 2)]
    (path / "accepted.txt").write_text("".join(lines))


# ---- what is to come out ---------------------------------------------------------------

def renamed(old, new):
    """{old name: new name} of two dictionaries of events."""
    def codes(events):
        return collections.Counter(json.dumps(event, sort_keys=True) for event in events.values())

    before, after = codes(old), codes(new)
    by_code = {json.dumps(event, sort_keys=True): name for name, event in new.items()}
    found = {}
    for name, event in old.items():
        code = json.dumps(event, sort_keys=True)
        if name not in new and before[code] == after[code] == 1 and by_code[code] not in old:
            found[name] = by_code[code]
    return found


@functools.cache
def events(path):
    """{database: its events} of a directory."""
    plists = [kpeptest.plistlib.loads(file.read_bytes()) for file in sorted(path.glob("*.plist"))
              if not file.is_symlink()]
    return {plist["name"]: plist["system"]["cpu"]["events"] for plist in plists}


def same(got, want, what):
    """equal() of what is too long to show."""
    if not check(got == want, what):
        print(f"   got  {str(got)[:500]}\n   want {str(want)[:500]}", file=sys.stderr)


def both(path):
    return [f"{release}={path / release}" for release in ("r1", "r2")]


def check_diff(path, what):
    """Which events of which database diff finds renamed, gone and come."""
    status, out, err = run(KPEPC, "diff", "--json", *(path / r for r in ("r1", "r2")))
    same((status, err), (1, ""), f"{what}: diff")
    got = {d["db"]: d for d in json.loads(out)["databases"]}
    old, new = events(path / "r1"), events(path / "r2")
    same(sorted(got), sorted(db for db in old if old[db] != new[db]), f"{what}: databases")
    for db, found in got.items():
        want = renamed(old[db], new[db])
        same({r["from"]: r["to"] for r in found["renamed"]}, want, f"{what}: renamed on {db}")
        same(found["removed"], sorted(set(old[db]) - set(new[db]) - set(want)), f"{what}: gone")
        same(found["added"], sorted(set(new[db]) - set(old[db]) - set(want.values())),
              f"{what}: come")


def test_renames(path):
    renames(path, 20, 300)
    check_diff(path, "renames")
    status, out, _ = run(KPEPC, "lint", "--json", *both(path))
    found = [f for f in json.loads(out) if f["rule"] == "alias-moved"]
    want = {(f"c{cpu}", f"the alias A {n} ") for cpu in range(20) for n in range(9, 300, 10)}
    same({(f["db"], f["message"].partition("means")[0]) for f in found}, want, "renames: aliases")
    same((status, len(found)), (1, len(want)), "renames: lint")


def test_names(path):
    names(path, 8000, 8000)
    check_diff(path, "names")
    same(run(KPEPC, "lint", *both(path)), (0, "no findings\n", ""), "names: lint")


def test_chips(path):
    chips(path, 2000)
    status, out, err = run(KPEPC, "diff", "--json", path / "r1", path / "r2")
    old = {cpu_id(n): f"c{n}" for n in range(2000)}
    new = {link.stem: str(link.readlink()).removesuffix(".plist")
           for link in (path / "r2").glob("cpu_*.plist")}
    result = json.loads(out)
    same((status, err), (1, ""), "chips: diff")
    same(result["cpu_ids"], {
        "added": {i: db for i, db in sorted(new.items()) if i not in old},
        "removed": {i: db for i, db in old.items() if i not in new},
        "moved": {i: {"from": db, "to": new[i]} for i, db in old.items() if new.get(i, db) != db},
        "not_covered": {},
    }, "chips: diff, ids")
    # The id decides where there is one, of the rest the name.
    pairs = {(old[i], db) for i, db in new.items() if i in old}
    left = {db for db in old.values() if db not in {a for a, _ in pairs} | {b for _, b in pairs}}
    pairs |= {(db, db) for db in left}
    moved = {(c["old"], c["new"]) for d in result["databases"] for c in d["changed"]
             if c["field"] == "name"}
    same(moved, {(a, b) for a, b in pairs if a != b}, "chips: diff, pairs")
    same(sum(c["field"] == "aliases.Cycles" for d in result["databases"] for c in d["changed"]),
          len(pairs), "chips: diff, aliases")
    status, out, err = run(KPEPC, "lint", "--json", f"r2={path / 'r2'}")
    same((status, json.loads(out), err), (0, [], ""), "chips: lint")


def test_shared(path):
    shared(path, 20, 1500)
    status, out, err = run(KPEPC, "lint", "--json", "--accepted", path / "accepted.txt",
                           f"r1={path / 'r1'}")
    accepted = {tuple(line.split()[::2][:2]) for line in
                (path / "accepted.txt").read_text().splitlines()}
    want = [(f"c{cpu}", f"E{cpu}_{n:05}") for cpu in range(20) for n in range(0, 1500, 2)]
    want = [(db, name) for db, name in want if (db, f"{name}+1") not in accepted]
    same((status, err), (1, ""), "shared: lint")
    same([(f["db"], f["event"]) for f in json.loads(out)], want, "shared: findings")
    same({f["rule"] for f in json.loads(out)}, {"shared-encoding"}, "shared: rule")


# ---- small and at random ---------------------------------------------------------------

def linked(cpus):
    """The renames of CPUs, each a list of its events by release: those of names that renames link
    are taken back when some CPU has two of the names at once, or with two numbers."""
    found = {pair for releases in cpus for old, new in zip(releases, releases[1:])
             for pair in renamed(old, new).items()}
    groups = {name: {name} for pair in found for name in pair}
    for pair in found:
        union = groups[pair[0]] | groups[pair[1]]
        groups.update(dict.fromkeys(union, union))

    def contradicted(group):
        for releases in cpus:
            codes = {name: {events[name]["number"] for events in releases if name in events}
                     for name in group}
            apart = [numbers for numbers in codes.values() if numbers]
            kin = set(apart[0]) if apart else set()
            while any(numbers & kin and not numbers <= kin for numbers in apart):
                kin = kin.union(*(numbers for numbers in apart if numbers & kin))
            if any(len(group & set(events)) > 1 for events in releases) or any(
                    not numbers & kin for numbers in apart):
                return True
        return False

    return {pair for pair in found if not contradicted(groups[pair[0]])}


def test_linked(path):
    """Renames of few names and numbers, so that many CPUs link and contradict."""
    rng, kept = random.Random(20), 0
    for trial in range(60):
        folder = path / str(trial)
        cpus = [[{f"E_{n}": {"number": rng.randint(1, 9)} for n in rng.sample(range(12), 3)}
                 for _ in range(3)] for _ in range(rng.randint(1, 3))]
        for number, releases in enumerate(cpus):
            for release, found in enumerate(releases, 1):
                write(folder / f"r{release}", f"c{number}", [cpu_id(number)], found)
        _, _, err = run(KPEPC, "compile", "-o", folder / "out",
                        *(f"r{r}={folder / f'r{r}'}" for r in (1, 2, 3)))
        want = linked(cpus)
        kept += len(want)
        same(set(re.findall(r"(\w+) was renamed to (\w+)", err)), want, f"linked: trial {trial}")
    check(kept > 20, f"linked: {kept} renames in all")


def test_claims(path):
    """Of many files of one id, or of one name and no id, each is told of the first alone."""
    for number in range(300):
        write(path / "r1", f"c{number:03}", [cpu_id(0)], {"E": {"number": 1}})
        write(path / "r2", "c", [], {"E": {"number": 1}})
        (path / "r2" / "c.plist").rename(path / "r2" / f"{number:03}.plist")
    for release, first, says in (("r1", "c000", "has a database already, {} "),
                                 ("r2", "000", "is the name of {} too ")):
        status, _, err = run(KPEPC, "lint", f"{release}={path / release}")
        lines = err.splitlines()
        says = says.format(path / release / f"{first}.plist")
        same((status, len(lines)), (1, 300), f"claims: {release}")
        check(all(says in line for line in lines[:-1]), f"claims: {release}: {lines[0]}")


# ---- what it costs ---------------------------------------------------------------------

class Counter:
    """Instructions by valgrind, from a copy without debug information, which it may not know."""

    def __init__(self, folder):
        self.kpepc = folder / "kpepc"
        shutil.copy(KPEPC, self.kpepc)
        if shutil.which("objcopy"):
            subprocess.run(["objcopy", "--strip-debug", self.kpepc], check=False)

    def count(self, *command):
        """None where it cannot be: no valgrind, or a program that it cannot run."""
        if shutil.which("valgrind") is None:
            return None
        *done, err = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                         self.kpepc, *command)
        found = re.search(r"Collected : (\d+)", err)
        return int(found.group(1)) if found and done == [*run(KPEPC, *command)[:2]] else None


# The command, and what makes an input of one and of four times.
COSTS = [
    ("lint", "renames", lambda path, n: renames(path, 5, 100 * n)),
    ("lint", "CPUs that rename", lambda path, n: renames(path, 3 * n, 100)),
    ("lint", "names", lambda path, n: names(path, 250 * n, 250 * n)),
    ("lint", "names of one code", lambda path, n: shared(path, 2, 400 * n)),
    ("lint", "CPUs", lambda path, n: chips(path, 125 * n, 2)),
    ("diff", "renames", lambda path, n: renames(path, 5, 100 * n)),
    ("diff", "names", lambda path, n: names(path, 500 * n, 500 * n)),
]


def arguments(path, command):
    if command == "diff":
        return [command, path / "r1", path / "r2"]
    accepted = path / "accepted.txt"
    options = ["--accepted", accepted] if accepted.exists() else []
    return [command, *options, *(a for a in both(path) if pathlib.Path(a[3:]).exists())]


def check_costs(scratch):
    counter, counted = Counter(scratch), 0
    for number, (command, what, make) in enumerate(COSTS):
        counts = []
        for times in (1, GROWTH):
            path = scratch / f"{number}-{times}"
            make(path, times)
            counts.append(counter.count(*arguments(path, command)))
        if None in counts:
            print(f"not counted: {command} of {what}")
            continue
        counted += 1
        print(f"{command} of {what}: {counts[0]} and {counts[1]} instructions")
        check(counts[1] <= COST_MAX * counts[0],
              f"{command} of {GROWTH} times the {what}: {counts[1] / counts[0]:.1f} times the "
              f"instructions")
    print(f"{counted} costs counted")


def main():
    for test in (test_renames, test_names, test_chips, test_shared, test_linked, test_claims):
        with tempfile.TemporaryDirectory() as scratch:
            test(pathlib.Path(scratch))
    with tempfile.TemporaryDirectory() as scratch:
        check_costs(pathlib.Path(scratch))
    kpeptest.done()


main()
