"""The databases as Python's plistlib reads them: what the tests hold kpepc and kpep against.

Nothing here is shared with kpepc, and that is the point: who uses which database, which release
wins, what was renamed and what a chip-agnostic name means are worked out a second time, from
plists.md 1.1, 1.2, 2.1, 2.2, 2.3, 2.4 and the man pages.
"""
import functools
import pathlib
import plistlib
import re
import string
import re

import kpeptest

NAMES = kpeptest.SOURCE / "db" / "names.plist"
CHIPS = kpeptest.SOURCE / "db" / "chips.plist"
INTEL = kpeptest.SOURCE / "db" / "intel.plist"
MEANINGS = kpeptest.SOURCE / "db" / "meanings.plist"


def load(path):
    with open(path, "rb") as file:
        return plistlib.load(file)


class Intel:
    """db/intel.plist: what events need besides a number and a unit mask."""

    BITS = {"cmask": lambda value: value << 8, "inv": lambda value: 0x80,
            "any": lambda value: 0x20, "edge": lambda value: 0x04}

    def __init__(self, path=INTEL):
        plist = load(path)
        self.msrs = {(row["number"], row["umask"]): row["msr"] for row in plist["msrs"]}
        self.needs = {(db, event): needs for group in plist["bits"]
                      for db in group["databases"] for event, needs in group["events"].items()}

    def other(self, db, event, fields):
        """`other` with Intel's bits in place of those the plist has; 0 where neither has any."""
        known = fields.get("other", 0)
        if (db, event) not in self.needs:
            return known
        needs = self.needs[db, event]
        bits = sum(of(needs[key]) for key, of in self.BITS.items() if needs.get(key))
        return (known & ~0xFFA4 or 0x53) | bits if known or bits else 0

    def msr(self, cpu, fields):
        """The register by number, or 0; and what it has to hold, by database and event."""
        return self.msrs.get((fields.get("number"), fields.get("umask")), 0) if cpu.intel else 0

    def msr_value(self, db, event):
        return self.needs.get((db, event), {}).get("msr_value", 0)


def release_order(name):
    """macos-9 before macos-10, macos-26.4 before macos-27."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def snapshots():
    """The releases that the default build compiles, oldest first."""
    root = kpeptest.SOURCE / "db" / "kpep"
    return {name: root / name for name in sorted((d.name for d in root.iterdir() if d.is_dir()),
                                                 key=release_order)}


@functools.cache
def parts():
    """Those of them that are not whole: some file says what it covers."""
    return [name for name, directory in snapshots().items()
            if any("covers" in load(path)["kpep"] for path in directory.glob("*.plist"))]


def arguments(releases):
    """RELEASE=DIR... as kpepc takes them."""
    return [f"{name}={directory}" for name, directory in releases.items()]


def id_numbers(text):
    """cpu_100000c_2_1b588bb3 -> (0x100000c, 2, 0x1b588bb3): ids are in the order of these."""
    return tuple(int(part, 16) for part in text.split("_")[1:])


WORD = re.compile(r"(?<![a-z0-9.-])[a-z][a-z0-9-]*(?![a-z0-9-]| *\()")


def words_of(expression):
    """The names and constants of a metric's expression, each once, by first use."""
    return list(dict.fromkeys(WORD.findall(expression)))


def evaluate(expression, values):
    """What an expression is: Python has the same operators, max and min."""
    return eval(WORD.sub(lambda word: f"({values[word[0]]!r})", expression),
                {"__builtins__": {}, "max": max, "min": min})


def macos(release):
    """macos-26.4 -> 2604."""
    major, _, minor = release.removeprefix("macos-").partition(".")
    return int(major) * 100 + int(minor or 0)


# The first macOS whose kernel keeps arm64's configurable counters to user mode (kernel.md 2.3).
FIXED_MODES_FROM = 1500


def designation(chip):
    """M1 Max as one types it."""
    return chip.lower().replace(" ", "-")


class Database:
    """One plist: `name`, `head` (system.cpu), `ids` (who uses it)."""

    def __init__(self, path):
        self.path = path
        self.plist = load(path)
        self.name = self.plist["name"]
        self.head = self.plist["system"]["cpu"]
        self.ids = set(self.plist.get("kpep", {}).get("cpus", []))
        self.events = {name: self.event(fields) for name, fields in self.head["events"].items()}

    def event(self, fields):
        """An event's fields as `kpep list --json` calls them."""
        return {
            "number": fields.get("number", 0),
            "umask": fields.get("umask", 0),
            "counters_mask": fields.get("counters_mask", self.head.get("config_counters", 0)),
            "fixed_counter": fields.get("fixed_counter"),
            "fallback": fields.get("fallback"),
        }


def read_directory(directory):
    """The databases of a release, with the ids that their own names and the links to them say."""
    found = {}
    files = sorted(pathlib.Path(directory).glob("*.plist"))
    for path in files:
        if not path.is_symlink():
            found[path.resolve()] = Database(path)
    for path in files:
        if path.name.startswith("cpu_"):
            found[path.resolve()].ids.add(path.stem)
    return list(found.values())


# What an event counts, and where.
CODE = ("number", "umask", "counters_mask", "fixed_counter")


class Cpu:
    """The ids that use the same database in every release: what kpep calls a db."""

    def __init__(self, history, ids, chips):
        self.history = history  # release -> Database, oldest first
        self.releases = list(history)
        self.newest = history[self.releases[-1]]
        self.db = history[self.releases[0]].name
        self.arch = self.newest.head["architecture"]
        self.intel = self.arch in ("i386", "x86_64")
        self.ids = sorted(ids, key=id_numbers)
        self.sold = [{"id": i, "chips": chips.get(i, {}).get("chips", []),
                      "confidence": chips.get(i, {}).get("confidence"),
                      "note": chips.get(i, {}).get("note")} for i in self.ids]
        self.chips = list(dict.fromkeys(chip for sold in self.sold for chip in sold["chips"]))
        bits = [chips[i]["event_bits"] for i in self.ids if "event_bits" in chips.get(i, {})]
        widest = max(e["number"] for e in self.merged().values())
        self.event_bits = bits[0] if bits else 16 if widest > 255 else 8

    def designations(self):
        """Everything that --cpu takes for it."""
        return [self.db] + [designation(chip) for chip in self.chips] + self.ids

    def also(self):
        """Its other names, which no other CPU of these releases has."""
        return sorted({database.name for database in self.history.values()} - {self.db})

    @functools.cache
    def merged(self):
        """Every event that any release has, as the newest that has it says."""
        events = {}
        for database in self.history.values():
            events.update(database.events)
        return events

    def event_releases(self, event):
        return [r for r, database in self.history.items() if event in database.events]

    @functools.cache
    def all_aliases(self):
        """Of all releases; where one means two events, the newest release's counts."""
        aliases = {}
        for database in self.history.values():
            aliases.update(database.head.get("aliases", {}))
        return aliases

    def alias_means(self, alias, release):
        """In a release that lacks the alias it means what it does in the newest that has it."""
        own = self.history[release].head.get("aliases", {})
        return own.get(alias, self.all_aliases()[alias])

    def aliases(self, event, release):
        return sorted(alias for alias in self.all_aliases()
                      if self.alias_means(alias, release) == event)

    def encoding(self, release, event):
        fields = dict(self.history[release].events[event])
        del fields["fallback"]
        return fields


class Meanings:
    """What events mean and the errata of them, of a file like db/meanings.plist; or of none."""

    def __init__(self, path, spellings):
        said = load(path) if path else {}
        self.spellings = spellings
        self.sure, self.doubted = said.get("summaries", {}), said.get("doubted", {})
        self.errata = {(db, event): numbers for numbers, where in said.get("errata", {}).items()
                       for db in where["databases"] for event in where["events"]}

    def find(self, table, event):
        return table.get(event, table.get(self.spellings.get(event)))

    def row(self, cpu, event):
        """The keys of an event that are about its meaning."""
        sure, doubted = self.find(self.sure, event), self.find(self.doubted, event)
        return {"summary": sure or doubted, "doubted": doubted is not None,
                "errata": self.errata.get((cpu.db, event),
                                          self.errata.get((cpu.db, self.spellings.get(event))))}


class Facts:
    def __init__(self, releases, names=NAMES, chips=CHIPS, meanings=None):
        if meanings is None and names is NAMES:  # what is said of the repository's events
            meanings = MEANINGS
        self.releases = list(releases)
        self.databases = {r: read_directory(directory) for r, directory in releases.items()}
        chips = load(chips) if chips else {}
        tracks = {}
        for i in {i for found in self.databases.values() for d in found for i in d.ids}:
            history = {r: d for r, found in self.databases.items() for d in found if i in d.ids}
            key = tuple((r, d.path) for r, d in history.items())
            tracks.setdefault(key, (history, set()))[1].add(i)
        self.cpus = [Cpu(history, ids, chips) for history, ids in tracks.values()]
        names = load(names) if names else {"names": {}}
        self.names = names["names"]
        self.metrics = names.get("metrics", {})
        self.constants = names.get("constants", {})
        self.chips = chips
        self.spellings = self.find_renames()
        self.meanings = Meanings(meanings, self.spellings)

    def cpu(self, db):
        return next(cpu for cpu in self.cpus if cpu.db == db)

    # ---- renames

    def find_renames(self):
        """Event -> its other spelling."""
        pairs = set()
        for cpu in self.cpus:
            for old, new in zip(cpu.releases, cpu.releases[1:]):
                pairs |= self.renamed_between(cpu, old, new)
        pairs = {pair for pair in pairs if not any(self.contradicts(cpu, *pair)
                                                   for cpu in self.cpus)}
        spellings = dict(pairs) | {to: old for old, to in pairs}
        assert len(spellings) == 2 * len(pairs), "a name renamed twice: teach this about it"
        return spellings

    @staticmethod
    def renamed_between(cpu, old, new):
        """One name gone, one come, and nobody else has that encoding in either release."""
        pairs = set()
        for gone in cpu.history[old].events.keys() - cpu.history[new].events.keys():
            code = cpu.encoding(old, gone)
            before = [e for e in cpu.history[old].events if cpu.encoding(old, e) == code]
            after = [e for e in cpu.history[new].events if cpu.encoding(new, e) == code]
            if len(before) == len(after) == 1 and after[0] not in cpu.history[old].events:
                pairs.add((gone, after[0]))
        return pairs

    @staticmethod
    def contradicts(cpu, old, new):
        events = cpu.merged()
        if old not in events or new not in events:
            return False
        both = set(cpu.event_releases(old)) & set(cpu.event_releases(new))
        codes = [{tuple(database.events[name][key] for key in CODE)
                  for database in cpu.history.values() if name in database.events}
                 for name in (old, new)]
        return bool(both) or codes[0].isdisjoint(codes[1])

    def event_in(self, cpu, release, event):
        """The event in a release by that name or its other one; None when it is not there."""
        events = cpu.history[release].events
        if event in events:
            return event
        other = self.spellings.get(event)
        return other if other in events else None

    # ---- chip-agnostic names

    def candidates(self, name, cpu):
        """The list of the CPU's own key (database or id); else its architecture's."""
        lists = self.names[name]["candidates"]
        own = [key for key in lists if key == cpu.db or key in cpu.ids]
        assert len(own) <= 1, f"{name}: two keys for {cpu.db}"
        return lists[own[0]] if own else lists.get(cpu.arch, [])

    @functools.cache
    def name_on(self, name, cpu, release):
        found = (self.event_in(cpu, release, event) for event in self.candidates(name, cpu))
        return next((event for event in found if event is not None), None)

    def configurable(self, name, cpu, release):
        """What counts a fixed counter's name on configurable counters, or None."""
        lists = self.names[name].get("configurable", {})
        found = (self.event_in(cpu, release, event)
                 for event in lists.get(cpu.db, lists.get(cpu.arch, [])))
        return next((event for event in found if event is not None), None)

    def names_of(self, event, cpu, release):
        return sorted(name for name in self.names if self.name_on(name, cpu, release) == event)

    def constant(self, name, cpu, core):
        """What all ids of the CPU say of it, of that kind of core ("" for none) or of all."""
        said = [self.chips.get(i, {}).get("constants", {}).get(name, {}) for i in cpu.ids]
        values = {values.get(core, values.get("all")) for values in said}
        return values.pop() if len(values) == 1 else None

    def constants_of(self, cpu):
        """Name, kind of core, value and source, of each constant on which all ids agree."""
        for name in sorted(self.constants):
            for core in ["", *string.ascii_uppercase]:
                said = [self.chips.get(i, {}).get("constants", {}).get(name, {}) for i in cpu.ids]
                values = {values.get(core or "all") for values in said}
                if len(values) == 1 and None not in values:
                    yield name, core, values.pop(), said[-1]["source"]

    def metric_on(self, metric, cpu, release):
        """The first of its expressions that the CPU supports, or None."""
        fields = self.metrics[metric]
        for expression in [fields["expression"], *fields.get("otherwise", [])]:
            words = words_of(expression)
            constants = [word for word in words if word in self.constants]
            if all(self.name_on(word, cpu, release) for word in words if word in self.names) and \
                    any(all(self.constant(word, cpu, core) is not None for word in constants)
                        for core in ["", *string.ascii_uppercase]):
                return expression
        return None

    # ---- what kpep is to say

    def row(self, cpu, release, event):
        """One item of `kpep list --json`."""
        return {"name": event, **cpu.history[release].events[event], "aliases": cpu.aliases(event, release),
                "names": self.names_of(event, cpu, release),
                "releases": cpu.event_releases(event), "renamed": self.spellings.get(event),
                **self.meanings.row(cpu, event)}

    def counts(self, row):
        """An event's summary for templates: the meaning, or what its first name says."""
        return row["summary"] or next((self.names[name]["summary"] for name in row["names"]), None)

    @functools.cache
    def rows(self, cpu, release):
        return [self.row(cpu, release, event) for event in sorted(cpu.history[release].events)]


# ---- the shapes of what the commands print as JSON

CPU = {"db": str, "arch": str, "marketing_name": str, "chips": [str], "cpu_ids": [str],
       "ids": [{"id": str, "chips": [str], "confidence": (str, None), "note": (str, None)}],
       "fixed_counters": int, "config_counters": int, "power_counters": int, "event_bits": int,
       "events": int, "releases": [str], "not_in_snapshot": [str]}
EVENT = {"name": str, "number": int, "umask": int, "counters_mask": int,
         "fixed_counter": (int, None), "fallback": (str, None), "aliases": [str], "names": [str],
         "releases": [str], "otherwise": [{"number": int, "umask": int, "counters_mask": int,
                                           "fixed_counter": (int, None), "fallback": (str, None),
                                           "releases": [str]}],
         "renamed": (str, None), "summary": (str, None), "doubted": bool,
         "errata": (str, None),
         "sources": [{"release": str, "list": str, "number": str, "counters_mask": str,
                      "disputes": [{"field": str, "ours": (int, None), "theirs": (int, None),
                                    "says": str, "confirmed": (str, None)}]}]}
SHOW = {"name": str, "on": [{"db": str, **EVENT}], "missing": [str], "not_in_snapshot": [str]}
NAME = {"name": str, "unit": str, "summary": str, "on": {str: (str, None)}}
METRIC = {"name": str, "unit": str, "summary": str, "expression": str, "names": [str],
          "on": {str: (str, None)}}


def has_shape(value, shape):
    """Whether a JSON value has exactly the keys and types of a shape."""
    if isinstance(shape, tuple):
        return any(has_shape(value, one) for one in shape)
    if isinstance(shape, list):
        return type(value) is list and all(has_shape(item, shape[0]) for item in value)
    if isinstance(shape, dict) and list(shape) == [str]:
        return type(value) is dict and all(has_shape(item, shape[str]) for item in value.values())
    if isinstance(shape, dict):
        return type(value) is dict and value.keys() == shape.keys() and \
            all(has_shape(value[key], shape[key]) for key in shape)
    return value is None if shape is None else type(value) is shape
