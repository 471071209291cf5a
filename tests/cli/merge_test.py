#!/usr/bin/env python3
"""Several releases in one run: which databases are one CPU, which events one event, what wins.

Each test lays out tiny releases r1, r2 ... (oldest first) and looks at what `kpepc emit -t json`
says of them, and at the lines on stderr.
"""
import json
import pathlib
import subprocess
import tempfile

import kpeptest
import tables
from kpeptest import CC, KPEPC, SOURCE, check, equal, run, write_plist

ID1, ID2, ID3 = "cpu_100000c_2_1", "cpu_100000c_2_2", "cpu_100000c_2_3"


# ---- fixtures --------------------------------------------------------------------------

def database(name, *ids, aliases=None, arch="arm64", fixed=3, config=1020, title="Test", **events):
    """A database and the ids that link to it. An event is its number, (number, mask) or a dict."""
    shapes = {int: lambda e: {"number": e}, dict: dict,
              tuple: lambda e: {"number": e[0], "counters_mask": e[1]}}
    cpu = {"architecture": arch, "marketing_name": title, "fixed_counters": fixed,
           "config_counters": config, "aliases": aliases or {},
           "events": {key: shapes[type(e)](e) for key, e in events.items()}}
    return ids, {"name": name, "version": [1, 0], "system": {"cpu": cpu}}


class Releases:
    """Directories r1, r2 ..., one a list of databases, for as long as the test lasts."""

    def __init__(self, *releases, names=None):
        self.scratch = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.scratch.name)
        self.arguments = []
        for number, databases in enumerate(releases, 1):
            release = f"r{number}"
            for ids, data in databases:
                write_plist(self.path / release / f"{data['name']}.plist", data)
                for cpu_id in ids:
                    (self.path / release / f"{cpu_id}.plist").symlink_to(f"{data['name']}.plist")
            self.arguments.append(f"{release}={release}")
        if names:
            write_plist(self.path / "names.plist", {"names": {
                name: {"unit": "events", "summary": "A test.", "candidates": {"arm64": [event]}}
                for name, event in names.items()}})
            self.arguments = ["--names", "names.plist"] + self.arguments

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.scratch.cleanup()

    def run(self, *command):
        return run(KPEPC, *command, *self.arguments, cwd=self.path)

    def compile(self):
        """Exit status and the lines on stderr."""
        status, _, err = self.run("compile", "-o", "out")
        return status, err.splitlines()

    def cpus(self, *options):
        """The CPUs of the JSON by name; of no release but --release's, else each one's newest."""
        status, out, err = self.run("emit", "-t", "json", *options)
        if not equal(status, 0, f"emit {options}: {err}"):
            return {}
        return {cpu["db"]: cpu for cpu in json.loads(out)["cpus"]}

    def release(self, number, cpu="t1"):
        """What one CPU has in a release: its events by name; None when it is not there."""
        found = self.cpus("--release", f"r{number}").get(cpu)
        return found and {event["name"]: event for event in found["events"]}

    def numbers(self, number, cpu="t1"):
        events = self.release(number, cpu)
        return events and {name: event["number"] for name, event in events.items()}

    def shown(self):
        """CPU by CPU: its ids, and where it is."""
        return {name: (cpu["cpu_ids"], cpu["releases"]) for name, cpu in self.cpus().items()}

    def selected(self, designation):
        """What --cpu finds: a name, or the refusal."""
        status, out, err = self.run("emit", "-t", "json", "--cpu", designation)
        if status != 0:
            return err.splitlines()[0]
        return ",".join(cpu["db"] for cpu in json.loads(out)["cpus"])


def one(old, new, *more, names=None):
    """One CPU over releases that differ in events."""
    return Releases(*[[database("t1", ID1, **events)] for events in (old, new, *more)],
                    names=names)


# ---- events ----------------------------------------------------------------------------

def come_and_gone():
    with one(dict(A=1, OLD=2), dict(A=1, NEW=3)) as r:
        equal(r.compile(), (0, []), "come and gone: compile")
        equal(r.numbers(1), {"A": 1, "OLD": 2}, "the old release")
        equal(r.numbers(2), {"A": 1, "NEW": 3}, "the new release")
        equal(r.cpus()["t1"]["release"], "r2", "the newest is the default")
        for release, name, where in [(1, "A", ["r1", "r2"]), (1, "OLD", ["r1"]),
                                     (2, "NEW", ["r2"])]:
            equal(r.release(release)[name]["releases"], where, f"releases of {name}")
    with one(dict(A=1), dict(B=2), dict(A=1)) as r:
        equal(r.release(3)["A"]["releases"], ["r1", "r3"], "an event that came back")


def own_values():
    old = database("t1", ID1, title="Old", config=252, aliases={"Alias": "A", "Gone": "B"},
                   A=(1, 4), B=2, F={"fixed_counter": 0, "fallback": "A"})
    new = database("t1", ID1, title="New", config=1020, aliases={"Alias": "B"},
                   A=(7, 8), B=2, F={"fixed_counter": 1, "counters_mask": 2, "fallback": "B"})
    with Releases([old], [new], [old]) as r:
        equal(r.compile()[0], 0, "own values: compile")
        for release in (1, 2, 3):
            events, newer = r.release(release), release == 2
            equal((events["A"]["number"], events["A"]["counters_mask"]),
                  (7, 8) if newer else (1, 4), "number and mask")
            equal(events["B"]["counters_mask"], 1020 if newer else 252, "what no mask means")
            equal((events["F"]["fixed_counter"], events["F"]["fallback"]),
                  (1, "B") if newer else (0, "A"), "fixed")
            equal((events["A"]["aliases"], sorted(events["B"]["aliases"])),
                  ([], ["Alias", "Gone"]) if newer else (["Alias"], ["Gone"]), "aliases")
            equal(events["A"]["releases"], ["r1", "r2", "r3"], "an event of all, whatever it was")
            cpu = r.cpus("--release", f"r{release}")["t1"]
            equal((cpu["marketing_name"], cpu["config_counters"]),
                  ("New", 1020) if newer else ("Old", 252), "the CPU")
    with one(dict(A=1, B=1023), dict(B=2, A=3), dict(C=3, B=4)) as r:
        equal(r.release(1)["A"]["number"], 1, "renamed after it changed")
        equal(r.run("compile", "-o", "out")[2], "kpepc: note: A was renamed to C\n", "is a rename")


def absent_in_between():
    with Releases([database("t1", ID1, A=1), database("t2", ID2, A=1)], [database("t2", ID2, A=1)],
                  [database("t1", ID1, A=1)]) as r:
        equal(r.shown(), {"t1": ([ID1], ["r1", "r3"]), "t2": ([ID2], ["r1", "r2"])}, "gaps")
        equal(r.numbers(2), None, "a CPU that a release does not know")
        equal(r.cpus()["t2"]["release"], "r2", "each CPU's own newest release")


# ---- renames ---------------------------------------------------------------------------

def renames(*pairs):
    """What is said of "AB", A renamed to B."""
    return [f"kpepc: note: {old} was renamed to {new}" for old, new in pairs]


def not_taken(pair, why):
    return f"kpepc: note: {pair[0]} to {pair[1]} is not taken for a rename: {why}"


def renamed():
    with one(dict(A=1, X=9), dict(B=1, X=9), names={"a": "A", "b": "B"}) as r:
        equal(r.compile(), (0, renames("AB")), "a rename is said")
        for release, name in ((1, "A"), (2, "B")):
            equal(r.cpus("--release", f"r{release}")["t1"]["names"], {"a": name, "b": name},
                  f"either spelling in r{release}")
    for what, event in [("fixed", {"fixed_counter": 1, "counters_mask": 2}),
                        ("with a mask", (5, 224))]:
        with one(dict(A=event), dict(B=event)) as r:
            equal(r.compile(), (0, renames("AB")), f"renamed: {what}")
    with one(dict(A=(5, 1020)), dict(B=5)) as r:
        equal(r.compile(), (0, renames("AB")), "all counters, said or not")
    with one(dict(A=1), dict(B=1), dict(A=1)) as r:
        equal(r.compile(), (0, renames("AB", "BA")),
              "renamed and back")


USE = r"""
#include "kpdb.h"
#include <stdio.h>
#include <string.h>
int main(void)
{
    static const char *const names[] = {"A", "B", "C", "a", "b", "c"};
    for (int release = -1; release < (int)kpdb_release_count(); release++)
        for (int i = 0; i < 6; i++) {
            struct kpdb_event event;
            int result = kpdb_find(0, release, names[i], 1, &event);
            printf("%s ", result < 0 ? "-" : kpdb_event_name(event.id));
        }
    return 0;
}
"""


def renamed_twice():
    """A to B to C: any of the three finds the event in any release, in emit and in libkpdb."""
    with one(dict(A=1), dict(B=1), dict(C=1), names={"a": "A", "b": "B", "c": "C"}) as r:
        equal(r.compile(), (0, renames("AB", "BC")),
              "renamed twice")
        for release, name in ((1, "A"), (2, "B"), (3, "C")):
            equal(r.cpus("--release", f"r{release}")["t1"]["names"],
                  {"a": name, "b": name, "c": name}, f"renamed twice: r{release}")
        (r.path / "use.c").write_text(USE)
        subprocess.run([CC, "-I", r.path / "out", "-I", SOURCE / "db", "-o", r.path / "use",
                        r.path / "use.c", SOURCE / "db/lookup.c"], check=True)
        use = subprocess.run([r.path / "use"], check=True, capture_output=True, text=True).stdout
        # Without a release, each spelling is itself, and a name is that of the newest release.
        equal(use.split(), "A B C C C C".split() + ["A"] * 6 + ["B"] * 6 + ["C"] * 6, "libkpdb")


def not_renamed():
    """Nothing is guessed when two fit; what it was not sure of is said."""
    for what, old, new, lines in [
            ("two come", dict(A=1), dict(B=1, C=1), [("A", 1, 2)]),
            ("two gone", dict(A=1, B=1), dict(C=1), [("A", 2, 1), ("B", 2, 1)]),
            ("one stays", dict(A=1, B=1), dict(B=1, C=1), [("A", 2, 2)]),
            ("one gone, none come", dict(A=1, B=1), dict(B=1), []),
            ("one that was there has its number now", dict(A=1, B=2), dict(B=1), []),
            ("one that was there, and one come", dict(A=1, B=2), dict(B=1, C=1), [("A", 1, 2)]),
            ("another number", dict(A=1), dict(B=2), []),
            ("another mask", dict(A=(1, 32)), dict(B=(1, 64)), []),
            ("another fixed counter", dict(A={"fixed_counter": 0}), dict(B={"fixed_counter": 1}),
             [])]:
        with one(old, new) as r:
            said = [f"t1: note: {name} is gone and not taken for a rename: its encoding was that "
                    f"of {before} and is that of {after} events" for name, before, after in lines]
            equal(r.compile(), (0, said), f"not renamed: {what}")
    intel = dict(arch="x86_64", fixed=0)
    with one(dict(A={"number": 1, "umask": 1}, **intel),
             dict(B={"number": 1, "umask": 2}, **intel)) as r:
        equal(r.compile(), (0, []), "not renamed: another umask")


def contradicted():
    """What one CPU makes of two names holds for all."""
    renaming = [database("t1", ID1, A=1)], [database("t1", ID1, B=1)]
    for what, old, new, why in [
            ("both at once", dict(A=1, B=1), dict(A=1, B=1), "t2 has both A and B"),
            ("both, in the new one", dict(X=7), dict(A=1, B=2), "t2 has both A and B"),
            ("two numbers", dict(A=5), dict(B=6), "A and B differ on t2")]:
        with Releases(renaming[0] + [database("t2", ID2, **old)],
                      renaming[1] + [database("t2", ID2, **new)], names={"a": "A"}) as r:
            equal(r.compile(), (0, [not_taken("AB", why)]), what)
            equal(r.cpus()["t1"]["names"]["a"], None, f"{what}: no link")
    # A became B here and C there, but B and C are two: neither can be trusted.
    both = database("t3", ID3, B=1, C=2)
    with Releases([database("t1", ID1, A=1), database("t2", ID2, A=1), both],
                  [database("t1", ID1, B=1), database("t2", ID2, C=1), both],
                  names={"c": "C"}) as r:
        equal(r.compile(), (0, [not_taken(pair, "t3 has both B and C") for pair in ("AB", "AC")]),
              "one name, two successors")
        equal(r.cpus()["t1"]["names"]["c"], None, "one name, two successors: no link")
    with Releases([database("t1", ID1, A=1), database("t2", ID2, A=2)],
                  [database("t1", ID1, B=1), database("t2", ID2, B=2)]) as r:
        equal(r.compile(), (0, renames("AB")), "one rename, two CPUs, said once")


# ---- identity --------------------------------------------------------------------------

def other_name():
    with Releases([database("old", ID1, A=1)], [database("new", ID1, A=1)]) as r:
        equal(r.shown(), {"old": ([ID1], ["r1", "r2"])}, "the oldest release's name is shown")
        for designation in ("old", "new", "NEW", ID1):
            equal(r.selected(designation), "old", f"--cpu {designation}")
        equal(r.selected("older"), "kpepc: no CPU 'older' (expected a database, chip or "
                                   "cpu_TYPE_SUBTYPE_FAMILY)", "a name of none")


def name_moved():
    """As as4-1: the name of one chip, later of another."""
    with Releases([database("as4", ID1, A=1)],
                  [database("as6", ID1, A=1), database("as4", ID2, B=2)]) as r:
        equal(r.shown(), {"as4": ([ID1], ["r1", "r2"]), "as4@r2": ([ID2], ["r2"])}, "moved name")
        for designation, shown in [("as4", "as4"), ("as6", "as4"), (ID2, "as4@r2"),
                                   ("as4@r2", "as4@r2")]:
            equal(r.selected(designation), shown, f"moved name: --cpu {designation}")
        equal(r.numbers(2, "as4"), {"A": 1}, "the id's events, not the name's")
        equal(r.compile()[0], 0, "moved name: compile")
    # The other way round: a name given to two, one after the other, names neither.
    with Releases([database("x", ID1, A=1), database("y", ID2, B=2)],
                  [database("z", ID1, A=1), database("y", ID2, B=2)],
                  [database("x", ID1, A=1), database("z", ID2, B=2)]) as r:
        equal(sorted(r.shown()), ["x", "y"], "a name of two: shown")
        check(r.selected("z").startswith("kpepc: no CPU 'z'"), "a name of two finds neither")


def split_ids():
    with Releases([database("t1", ID1, ID2, A=1)],
                  [database("t1", ID1, A=1), database("t2", ID2, A=1, B=2)]) as r:
        equal(r.shown(), {"t1": ([ID1], ["r1", "r2"]), "t2": ([ID2], ["r1", "r2"])}, "split")
        equal((r.numbers(1, "t2"), r.numbers(2, "t2")), ({"A": 1}, {"A": 1, "B": 2}),
              "split: both have the old events")
        equal(r.numbers(2, "t1"), {"A": 1}, "split: the new ones are one's")
    with Releases([database("t1", ID1, A=1), database("t2", ID2, A=1)],
                  [database("t1", ID1, ID2, A=1)]) as r:
        equal(r.shown(), {"t1": ([ID1], ["r1", "r2"]), "t2": ([ID2], ["r1", "r2"])}, "joined")
    with Releases([database("t1", ID1, A=1)], [database("t1", ID1, ID2, A=1)]) as r:
        equal(r.shown(), {"t1": ([ID1], ["r1", "r2"]), "t1@r2": ([ID2], ["r2"])}, "a new id")
        equal(r.selected(ID2), "t1@r2", "a new id: --cpu")


def without_ids():
    """Without cpu_* entries the name has to do."""
    plain, linked = database("t1", A=1), database("t1", ID1, A=1)
    other = database("t2", B=1)
    for what, first, second, ids in [("neither has them", plain, plain, []),
                                     ("only the newer has", plain, linked, [ID1]),
                                     ("only the older has", linked, plain, [ID1])]:
        with Releases([first], [second, other]) as r:
            equal(r.shown(), {"t1": (ids, ["r1", "r2"]), "t2": ([], ["r2"])}, f"no ids: {what}")
    # What a name meant last, not what it meant once.
    with Releases([database("as4", ID1, A=1)],
                  [database("as6", ID1, A=1), database("as4", ID2, B=2)],
                  [database("as6", A=1), database("as4", B=2)]) as r:
        equal((r.numbers(3, "as4"), r.numbers(3, "as4@r2")), ({"A": 1}, {"B": 2}),
              "no ids: the name's latest owner")
    # One database without a link beside others with one.
    with Releases([linked, other], [linked, other]) as r:
        equal(r.shown(), {"t1": ([ID1], ["r1", "r2"]), "t2": ([], ["r1", "r2"])}, "some ids")


def real_file():
    """From macOS 27 cpu_*.plist may be the database itself."""
    _, data = database("t1", A=1)
    with Releases([database("t1", ID1, A=1)], []) as r:
        write_plist(r.path / "r2" / f"{ID1}.plist", data)
        equal(r.shown(), {"t1": ([ID1], ["r1", "r2"])}, "a real cpu_*.plist")
        (r.path / "r2" / f"{ID2}.plist").symlink_to(f"{ID1}.plist")
        equal(r.cpus("--release", "r2")["t1"]["cpu_ids"], [ID1], "a link to a real cpu_*.plist")
        equal(r.selected(ID2), "t1@r2", "a link to a real cpu_*.plist: --cpu")


# ---- refused ---------------------------------------------------------------------------

def refused():
    for what, old, new, lines in [
            ("another architecture", database("t1", ID1, A=1), database("t1", ID1, arch="arm", A=1),
             ["r1/t1.plist: arm64 (expected arm, as in the newest release)"]),
            ("an alias, later an event", database("t1", ID1, aliases={"A": "B"}, B=1),
             database("t1", ID1, A=2, B=1),
             ["t1: A is an alias in one release and an event in another (expected one meaning)"])]:
        with Releases([old], [new]) as r:
            count = f"{len(lines)} error{'s' * (len(lines) != 1)}"
            equal(r.compile(), (1, lines + [f"kpepc: {count}: nothing was written"]), what)
            check(not (r.path / "out").exists(), f"{what}: written")


def compiled_names():
    """libkpdb finds a database by its later name too, and so may a candidate be keyed."""
    with Releases([database("t1", ID1, A=1)], [database("t2", ID1, A=1)]) as r:
        write_plist(r.path / "names.plist", {"names": {"cycles": {
            "unit": "cycles", "summary": "A test.", "candidates": {"t2": ["A"]}}}})
        r.arguments = ["--names", "names.plist"] + r.arguments
        equal(r.compile(), (0, []), "keyed by the later name")
        lines = tables.read(r.path)
        equal([line for line in lines if line[0] == "also"], [["also", 0, 0, "t2"]], "also")
        equal(r.cpus()["t1"]["names"], {"cycles": "A"}, "the candidate")


def many_releases():
    database_of = [database("t1", ID1, A=1)]
    with Releases(*[database_of] * 16) as r:
        equal(r.compile(), (0, []), "16 releases")
        equal(r.release(1)["A"]["releases"], [f"r{n}" for n in range(1, 17)], "in all 16")
    with Releases(*[database_of] * 17) as r:
        status, lines = r.compile()
        equal((status, lines), (2, ["kpepc: compile takes 1 to 16 RELEASE=DIR, oldest release first "
                                    "(kpepc compile --help)"]), "17 releases")
        check(not (r.path / "out").exists(), "17 releases: written")
    with Releases(database_of) as r:
        status, _, err = r.run("emit", "-t", "json", "--release", "r9")
        equal((status, err.splitlines()[0]),
              (1, "kpepc: no release 'r9' (expected one of the arguments RELEASE=DIR)"),
              "--release r9")
    with Releases(database_of, [database("t2", ID2, A=1)]) as r:
        status, _, err = r.run("emit", "-t", "json", "--release", "r1", "--cpu", "t2")
        equal((status, err.splitlines()[0]),
              (1, "kpepc: no CPU asked for has a database in r1 (expected another release)"),
              "--release of another CPU")


for test in (come_and_gone, own_values, absent_in_between, renamed, renamed_twice, not_renamed,
             contradicted, other_name, name_moved, split_ids, without_ids, real_file, refused,
             compiled_names, many_releases):
    test()
kpeptest.done()
