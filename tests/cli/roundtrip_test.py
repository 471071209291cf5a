#!/usr/bin/env python3
"""Random valid databases, plist -> snapshot -> tables -> list: all of it says what the model says.

The model is plistfacts.py's second reading of the same files. Databases are drawn from a seed with
what the schema allows and Apple's files do not hold: any masks, numbers and lengths of names.
"""
import filecmp
import itertools
import json
import pathlib
import plistlib
import random
import re
import string
import tempfile

import kpeptest
import tables
from kpeptest import KPEPC, check, equal, run
from plistfacts import Facts

RELEASES = ["r1", "r2", "r3"]
ARCHES = ["arm64", "arm64", "x86_64", "x86_64", "i386", "arm"]
ALL = (1 << 32) - 1
HEAD_MASKS = ("fixed_counters", "config_counters", "power_counters")
NAME_LETTERS = string.ascii_uppercase + string.digits + "_."


# ---- drawing databases ---------------------------------------------------------------------

class Draw(random.Random):
    """Random parts of a database. No two names differ in '.' and '_' only."""

    def __init__(self, seed):
        super().__init__(seed)
        self.identifiers = set()
        self.renamed = set()  # once: plistfacts.py knows no chains
        self.pool = [self.new_name() for _ in range(150)]

    def new_name(self):
        while True:
            length = self.choice([1, 2, 3, self.randrange(4, 40), self.randrange(40, 200)])
            name = "".join(self.choices(NAME_LETTERS, k=length))
            identifier = name.replace(".", "_")
            if identifier not in self.identifiers:
                self.identifiers.add(identifier)
                return name

    def text(self, most):
        return "".join(self.choices([chr(c) for c in range(0x20, 0x7f)], k=self.randrange(1, most)))

    def mask(self, within):
        """A part of a mask: none, all, a bit, a run of bits, any bits."""
        low, high = sorted((self.randrange(33), self.randrange(33)))
        return self.choice([0, within, 1 << self.randrange(32), (1 << high) - (1 << low),
                            self.getrandbits(32)]) & within

    def event(self, head):
        event = {}
        if head.get("fixed_counters") and self.random() < 0.3:
            event["fixed_counter"] = self.choice([0, 31, self.randrange(32)])
        if "fixed_counter" not in event or self.random() < 0.3:
            event["number"] = self.choice([0xffff, 255, 256] + [self.randrange(1, 65536)] * 8)
            if "fixed_counter" not in event and self.random() < 0.1:
                event["number"] = 0  # for plistfacts.py a number that is not there is 0
        if head["architecture"] in ("x86_64", "i386"):
            event["umask"] = self.choice([0, 255, self.randrange(256)])
        if self.random() < 0.2:
            event["other"] = self.choice([0, 1, 0xffff, self.randrange(65536)])
        if self.random() < 0.8:
            event["counters_mask"] = self.mask(sum({1 << bit for key in HEAD_MASKS for bit in
                                                    range(32) if head.get(key, 0) >> bit & 1}))
        return event

    def database(self, number):
        cpu = {"architecture": self.choice(ARCHES), "marketing_name": self.text(200)}
        for key in HEAD_MASKS:
            if self.random() < 0.9:
                cpu[key] = self.mask(ALL)
        names = self.sample(self.pool, self.choice([1, 2, 40, self.randrange(1, 41)]))
        cpu["events"] = {name: self.event(cpu) for name in names}
        cpu["aliases"] = {}
        data = {"name": f"db{number}", "version": [1, self.choice([0, 1, 2**63 - 1])],
                "system": {"cpu": cpu}}
        if self.random() < 0.5:
            data["internal"] = self.random() < 0.5
        self.refer(cpu)
        return data

    def refer(self, cpu):
        """Fallbacks and aliases, and none to what is not there."""
        events = cpu["events"]
        for event in events.values():
            if event.get("fallback") not in events or self.random() < 0.1:
                event.pop("fallback", None)
                if self.random() < 0.2:
                    event["fallback"] = self.choice(list(events))
        aliases = {alias: event for alias, event in cpu["aliases"].items() if event in events}
        for alias in sorted(aliases):
            free = sorted(events.keys() - set(aliases.values()))
            if free and self.random() < 0.2:
                aliases[alias] = self.choice(free)  # it means another event in this release
        for event in sorted(events.keys() - set(aliases.values())):
            if self.random() < 0.2:
                aliases["a" + self.text(60)] = event
        cpu["aliases"] = aliases

    def later(self, data):
        """The database a release later: events gone, come, renamed and changed."""
        data = json.loads(json.dumps(data))
        cpu = data["system"]["cpu"]
        events = {}
        for name, event in cpu["events"].items():
            what = self.random()
            if what < 0.8 and (what < 0.7 or name in self.renamed):
                events[name] = event
            elif what < 0.8:
                new = self.new_name()
                events[new] = event
                self.renamed |= {name, new}
            elif what < 0.9:
                events[name] = self.event(cpu)
        for _ in range(self.randrange(3)):
            events[self.new_name()] = self.event(cpu)
        cpu["events"] = events or {self.new_name(): self.event(cpu)}
        if self.random() < 0.2:
            grown = self.choice(HEAD_MASKS)
            cpu[grown] = cpu.get(grown, 0) | self.mask(ALL)
        if self.random() < 0.3:
            cpu["marketing_name"] = self.text(50)
        if self.random() < 0.2:
            data["name"] += "-later"
        self.refer(cpu)
        return data


def write(rng, path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    fmt = rng.choice([plistlib.FMT_XML, plistlib.FMT_BINARY])
    path.write_bytes(plistlib.dumps(data, fmt=fmt, sort_keys=rng.random() < 0.5))


def write_releases(rng, root, count):
    """Each database in one release or some, from any of them on, with one id or several."""
    for number in range(count):
        data = rng.database(number)
        ids = [f"cpu_{rng.choice(['7', '100000c'])}_{number}_{rng.getrandbits(32):x}"
               for _ in range(rng.choice([1, 1, 2, 5]))]
        known = sorted(rng.sample(RELEASES, rng.randrange(1, 4)))
        for release in RELEASES:
            if release in known or (number == 0):
                write(rng, root / release / f"{data['name']}.plist", data)
                for cpu_id in ids:
                    (root / release / f"{cpu_id}.plist").symlink_to(f"{data['name']}.plist")
                data = rng.later(data)


def write_names(rng, path, facts):
    """Chip-agnostic names of random events, by architecture and by database."""
    names = {}
    for n in range(40):
        own = rng.sample(facts.cpus, 3)
        by_key = {cpu.db: set(cpu.merged()) for cpu in own}
        for cpu in facts.cpus:
            if cpu not in own:
                by_key.setdefault(cpu.arch, set()).update(cpu.merged())
        candidates = {key: rng.sample(sorted(events), min(len(events), rng.randrange(1, 20)))
                      for key, events in by_key.items()}
        names[f"n{n}"] = {"unit": rng.text(20), "summary": rng.text(300), "candidates": candidates}
    path.write_bytes(plistlib.dumps({"names": names}))


# ---- what is to be said of them ------------------------------------------------------------

class Model(Facts):
    """Renames as of random events: pairs that share a name are one event, or none of them is."""

    def find_renames(self):
        groups = []
        for cpu in self.cpus:
            for old, new in zip(cpu.releases, cpu.releases[1:]):
                for pair in self.renamed_between(cpu, old, new):
                    met = [group for group in groups if group & set(pair)]
                    groups = [group for group in groups if group not in met]
                    groups.append(set(pair).union(*met))
        groups = [group for group in groups if not any(
            self.contradicts(cpu, *pair) for cpu in self.cpus
            for pair in itertools.combinations(sorted(group), 2))]
        assert all(len(group) == 2 for group in groups), "another seed: a name renamed twice"
        return {name: (group - {name}).pop() for group in groups for name in group}

    def aliases_of(self, cpu, release, event):
        """Those of its other spelling too."""
        return sorted(alias for alias in cpu.all_aliases()
                      if self.alias_on(cpu, release, alias) == event)

    def alias_on(self, cpu, release, alias):
        return self.event_in(cpu, release, cpu.alias_means(alias, release))


def versions(cpu, name):
    """The releases that say the same of an event, and one of them: newest first."""
    found = {}
    for release in reversed(cpu.event_releases(name)):
        key = tuple(fields_of(cpu.history[release], name).items())
        found.setdefault(key, []).insert(0, release)
    return [(releases, cpu.history[releases[-1]]) for releases in found.values()]


def head_line(n, cpu):
    head = cpu.newest.head
    return ["cpu", n, cpu.db, head["marketing_name"], cpu.arch] + \
        [head.get(key, 0) for key in HEAD_MASKS] + [cpu.event_bits, len(cpu.merged()), 0]


def release_lines(facts, cpu, n, release):
    head = cpu.history[release].head
    yield ["cpu-in", n, release, head["marketing_name"], *(head.get(key, 0) for key in HEAD_MASKS)]
    for alias in cpu.all_aliases():
        event = facts.alias_on(cpu, release, alias)
        if event is not None:
            yield ["alias-in", n, release, alias, event]


def expected(facts, numbers):
    """The lines of dump.c."""
    lines = []
    for cpu in facts.cpus:
        n = numbers[cpu.db]
        lines += [head_line(n, cpu), ["cpu-releases", n, *cpu.releases]]
        lines += [["id", n, cpu_id] for cpu_id in cpu.ids]
        lines += [["also", n, n, name] for name in
                  dict.fromkeys(d.name for d in cpu.history.values()) if name != cpu.db]
        for name in cpu.merged():
            for releases, database in versions(cpu, name):
                event = database.events[name]
                fixed = -1 if event["fixed_counter"] is None else event["fixed_counter"]
                lines.append(["event", n, name, event["number"], event["umask"],
                              event["counters_mask"], fixed,
                              database.head["events"][name].get("other", 0), 0,
                              event["fallback"], facts.spellings.get(name), *releases])
        lines += [["alias", n, alias, event] for alias, event in cpu.all_aliases().items()]
        for release in facts.releases:
            if release in cpu.history:
                lines += release_lines(facts, cpu, n, release)
            lines += [["on", n, release, name,
                       facts.name_on(name, cpu, release) if release in cpu.history else None]
                      for name in facts.names]
    lines += [["name", name, fields["unit"], fields["summary"]]
              for name, fields in facts.names.items()]
    return sorted(lines, key=repr)


def same_lines(got, want, what):
    """One line of each that differs tells enough."""
    got, want = sorted(got, key=repr), sorted(want, key=repr)
    extra = [line for line in got if line not in want] if got != want else []
    missing = [line for line in want if line not in got] if got != want else []
    check(got == want, f"{what}: {len(extra)} lines too many, as {extra[:2]}, "
                       f"{len(missing)} missing, as {missing[:2]}")


# ---- the tests -----------------------------------------------------------------------------

def compile_to(scratch, output, arguments):
    status, _, err = run(KPEPC, "compile", "-o", output, "--names", "names.plist",
                         *arguments, cwd=scratch)
    wrong = [line for line in err.splitlines() if ": note: " not in line]
    equal((status, wrong), (0, []), f"compile {arguments}")


def snapshots_compile_alike(scratch, arguments):
    """And a snapshot of a snapshot is the same."""
    for release in RELEASES:
        first, second = f"snap/{release}", f"again/{release}"
        for source, output in ((release, first), (first, second)):
            (scratch / output).parent.mkdir(exist_ok=True)
            equal(run(KPEPC, "snapshot", "-o", output, "--release", release, source, cwd=scratch),
                  (0, "", ""), f"snapshot of {source}")
        same = filecmp.dircmp(scratch / first, scratch / second)
        equal((same.diff_files, same.left_only, same.right_only), ([], [], []), release)
    compile_to(scratch, "out", arguments)
    compile_to(scratch, "out2", [f"{release}=snap/{release}" for release in RELEASES])
    for name in ("kpdb_ids.h", "kpdb_tables.h", "kpdb_metrics.h"):
        check((scratch / "out" / name).read_bytes() == (scratch / "out2" / name).read_bytes(),
              f"{name} of the originals and of the snapshots differ")


def tables_say_the_model(scratch, facts):
    got = tables.read(scratch)
    numbers = {line[2]: line[1] for line in got if line[0] == "cpu"}
    if equal(sorted(numbers), sorted(cpu.db for cpu in facts.cpus), "the CPUs"):
        same_lines(got, expected(facts, numbers), "the tables")


def json_says_the_model(scratch, facts, arguments):
    status, out, _ = run(KPEPC, "emit", "-t", "json", "--names", "names.plist",
                         *arguments, cwd=scratch)
    equal(status, 0, "emit -t json")
    found = {cpu["db"]: cpu for cpu in json.loads(out)["cpus"]}
    for cpu in facts.cpus:
        newest = cpu.releases[-1]
        rows = [{**row, "aliases": facts.aliases_of(cpu, newest, row["name"])}
                for row in facts.rows(cpu, newest)]
        for row in rows:
            del row["renamed"]
        same_lines(found[cpu.db]["events"], rows, f"json: {cpu.db}")
        equal(found[cpu.db]["names"], {name: facts.name_on(name, cpu, newest)
                                       for name in facts.names}, f"json: names of {cpu.db}")


def fields_of(database, name):
    """An event as kpepc diff compares it."""
    event = database.head["events"][name]
    return {"number": event.get("number"), "umask": event.get("umask"),
            "counters_mask": database.events[name]["counters_mask"],
            "fixed_counter": event.get("fixed_counter"), "other": event.get("other") or None,
            "fallback": event.get("fallback")}


def head_fields(database):
    head = database.head
    aliases = {f"aliases.{alias}": event for alias, event in head.get("aliases", {}).items()}
    return {"name": database.name, "marketing_name": head["marketing_name"],
            "architecture": head["architecture"], **{key: head.get(key, 0) for key in HEAD_MASKS},
            **aliases}


def changes(name, old, new):
    return [[name, field, old.get(field), new.get(field)] for field in {**old, **new}
            if old.get(field) != new.get(field)]


def difference(cpu, old, new):
    """What one release has changed in a CPU's database."""
    renamed = sorted(Facts.renamed_between(cpu, old, new))
    before, after = cpu.history[old], cpu.history[new]
    pairs = renamed + [(name, name) for name in before.events.keys() & after.events.keys()]
    changed = changes(None, head_fields(before), head_fields(after))
    for was, name in pairs:
        changed += changes(name, fields_of(before, was), fields_of(after, name))
    return {"added": sorted(after.events.keys() - before.events.keys() - {b for _, b in renamed}),
            "removed": sorted(before.events.keys() - after.events.keys() - {a for a, _ in renamed}),
            "renamed": renamed, "changed": sorted(changed, key=repr)}


def diff_says_the_model(scratch, facts):
    for old, new in zip(RELEASES, RELEASES[1:]):
        _, out, err = run(KPEPC, "diff", "--json", old, new, cwd=scratch)
        equal(err, "", f"diff {old} {new}")
        data = json.loads(out)
        pairs = {pair["db"]: pair for pair in data["databases"]}
        both = [cpu for cpu in facts.cpus if old in cpu.releases and new in cpu.releases]
        for cpu in both:
            got = pairs.pop(cpu.history[new].name, None)
            want = difference(cpu, old, new)
            got = got and {"added": sorted(got["added"]), "removed": sorted(got["removed"]),
                           "renamed": sorted((r["from"], r["to"]) for r in got["renamed"]),
                           "changed": sorted(([c["name"], c["field"], c["old"], c["new"]]
                                              for c in got["changed"]), key=repr)}
            equal(got, want if any(want.values()) else None, f"diff {old} {new}: {cpu.db}")
        equal(pairs, {}, f"diff {old} {new}: databases that do not differ")
        for key, here, there in (("only_old", old, new), ("only_new", new, old)):
            equal(sorted(data[key]), sorted(cpu.history[here].name for cpu in facts.cpus if here in
                                            cpu.releases and there not in cpu.releases), key)


def round_trip(seed, count):
    with tempfile.TemporaryDirectory() as scratch:
        scratch, rng = pathlib.Path(scratch), Draw(seed)
        write_releases(rng, scratch, count)
        releases = {release: scratch / release for release in RELEASES}
        write_names(rng, scratch / "names.plist", Model(releases, names=None, chips=None))
        facts = Model(releases, names=scratch / "names.plist", chips=None)
        arguments = [f"{release}={release}" for release in RELEASES]
        snapshots_compile_alike(scratch, arguments)
        tables_say_the_model(scratch, facts)
        json_says_the_model(scratch, facts, arguments)
        diff_says_the_model(scratch, facts)
        print(f"seed {seed}: {len(facts.cpus)} databases, "
              f"{sum(len(cpu.merged()) for cpu in facts.cpus)} events, "
              f"{len(facts.spellings) // 2} renames")


def every_field():
    """What an event's dictionary has is in its snapshot and in the data for templates; what it lacks
    is in neither."""
    full = {"number": 60, "umask": 255, "counters_mask": 8, "fixed_counter": 31, "fallback": "BARE",
            "other": 65535, "description": "Counts <&> all", "errata": "SKL001"}
    bare = {"number": 0, "umask": 0}
    cpu = {"architecture": "x86_64", "fixed_counters": 1 << 31, "config_counters": 0x78,
           "power_counters": None, "aliases": {}, "events": {"BARE": bare, "FULL": full}}
    data = kpeptest.database(**cpu)
    del data["system"]["cpu"]["power_counters"], data["system"]["cpu"]["aliases"]
    keys = ["number", "umask", "counters_mask", "fixed_counter", "fallback", "other", "description",
            "errata"]
    flags = ["has_number", "has_umask", "fixed", "has_other"]
    template = ("{{#cpus}}{{#events}}{{name}}"
                + "".join(f"|{{{{#{key}}}}}{{{{{key}}}}}{{{{/{key}}}}}" for key in keys)
                + "".join(f"|{{{{#{flag}}}}}{flag}{{{{/{flag}}}}}" for flag in flags)
                + "\n{{/events}}{{/cpus}}")
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        kpeptest.write_plist(scratch / "in/t1.plist", data)
        (scratch / "in/cpu_7_4_1.plist").symlink_to("t1.plist")
        (scratch / "keys.mustache").write_text(template)
        made = run(KPEPC, "snapshot", "--descriptions", "--release", "r1", "-o", scratch / "out",
                   scratch / "in")
        equal(made, (0, "", ""), "a snapshot of every field")
        snapshot = plistlib.loads((scratch / "out/t1.plist").read_bytes())
        del snapshot["kpep"]
        equal(snapshot, data, "every field in a snapshot")
        text = (scratch / "out/t1.plist").read_text().partition("<key>FULL</key>")[2]
        equal(re.findall("<key>(.*)</key>", text)[:len(keys)], sorted(keys), "in the order of keys")
        shown = run(KPEPC, "emit", "--descriptions", "-t", scratch / "keys.mustache",
                    f"r1={scratch / 'out'}")
        # a number is there for sections even when it is 0; fixed_counter is -1 where there is none
        equal(shown, (0, "BARE|0|0|120|-1||0|||has_number|has_umask||\n"
                         "FULL|60|255|8|31|BARE|65535|Counts <&> all|SKL001|has_number|has_umask|fixed|"
                         "has_other\n", ""), "every field in data for templates")


every_field()
for seed, count in ((1, 3), (2, 20), (3, 60)):
    round_trip(seed, count)
kpeptest.done()
