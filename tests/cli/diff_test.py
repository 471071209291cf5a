"""kpepc diff: against a second implementation over plistlib, and case by case."""
import json
import pathlib
import plistlib
import tempfile

import plistfacts
from kpeptest import KPEPC, SOURCE, check, database, done, equal, run, write_plist

FIELDS = ("number", "umask", "fixed_counter", "other", "fallback")


def load(directory):
    """name -> (cpu dictionary, ids, what it covers or None), of a directory of snapshots."""
    found = {}
    for path in sorted(pathlib.Path(directory).glob("*.plist")):
        data = plistlib.loads(path.read_bytes())
        kpep = data.get("kpep", {})
        found[data["name"]] = (data["system"]["cpu"], kpep.get("cpus", []), kpep.get("covers"))
    return found


def encoding(cpu, event):
    return (event.get("number"), event.get("umask"), event.get("fixed_counter"),
            event.get("counters_mask", cpu["config_counters"]))


def compare(old, new, covers=(None, None)):
    """What DESIGN's JSON says of two databases, renames by a count of encodings."""
    a, b = old["events"], new["events"]

    def seen(key, sides=covers):
        return all(side is None or key in side for side in sides)

    gone, come = set(a) - set(b), set(b) - set(a)
    renamed = []
    for name in sorted(gone if seen("events") else ()):
        like = encoding(old, a[name])
        fits = [n for n in b if encoding(new, b[n]) == like]
        if len(fits) == 1 and fits[0] in come and [encoding(old, e) for e in a.values()].count(like) == 1:
            renamed.append({"from": name, "to": fits[0]})
    gone -= {r["from"] for r in renamed}
    come -= {r["to"] for r in renamed}
    changed = []
    for name in sorted(set(a) & set(b)):
        for field in FIELDS:
            if seen(field) and a[name].get(field) != b[name].get(field):
                changed.append((name, field, a[name].get(field), b[name].get(field)))
        masks = encoding(old, a[name])[3], encoding(new, b[name])[3]
        if seen("counters_mask") and masks[0] != masks[1]:
            changed.append((name, "counters_mask", *masks))
    return {"added": sorted(come) if seen("events", covers[:1]) and covers[1] != [] else [],
            "removed": sorted(gone) if seen("events", covers[1:]) and covers[0] != [] else [],
            "renamed": renamed, "changed": sorted(changed, key=str)}


def diff(old, new, *options):
    status, output, errors = run(KPEPC, "diff", *options, old, new)
    equal(errors, "", "nothing on stderr")
    return status, output


NOTHING = {"added": [], "removed": [], "renamed": [], "changed": []}


def compare_releases(old, new, before, after):
    """The JSON of two directories, which hold what is in before and after."""
    got = json.loads(diff(old, new, "--json")[1])
    whole = [all(covers is None for _, _, covers in side.values()) for side in (before, after)]
    ids = [{i: n for n, (_, l, _) in side.items() for i in l} for side in (before, after)]
    moved = {i: {"from": ids[0][i], "to": ids[1][i]} for i in set(ids[0]) & set(ids[1]) if ids[0][i] != ids[1][i]}
    pairs = {(ids[0][i], ids[1][i]) for i in set(ids[0]) & set(ids[1])}
    by_db = {d["db"]: d for d in got["databases"]}
    for one, other in sorted(pairs):
        want = compare(before[one][0], after[other][0], (before[one][2], after[other][2]))
        have = by_db.pop(other, NOTHING)
        for key in ("added", "removed", "renamed"):
            equal(have[key], want[key], f"{new.name}: {other} {key}")
        named = [] if one == other else [(None, "name", one, other)]
        equal(sorted(((c["name"], c["field"], c["old"], c["new"]) for c in have["changed"]), key=str),
              sorted(want["changed"] + named, key=str), f"{new.name}: {other} changed")
    equal(by_db, {}, "no other database is compared")
    only = [sorted(set(side) - {pair[n] for pair in pairs}) for n, side in enumerate((before, after))]
    equal([sorted(got["only_old"]), sorted(got["not_covered"]["new"])], [only[0], []] if whole[1] else [[], only[0]],
          f"{new.name}: databases gone")
    equal([sorted(got["only_new"]), sorted(got["not_covered"]["old"])], [only[1], []] if whole[0] else [[], only[1]],
          f"{new.name}: new databases")
    came, went = ({i: side[i] for i in side if i not in other} for side, other in (ids[::-1], ids))
    unseen = ({} if whole[0] else came) | ({} if whole[1] else went)
    equal(got["cpu_ids"], {"added": came if whole[0] else {}, "removed": went if whole[1] else {}, "moved": moved,
                           "not_covered": unseen}, f"{new.name}: ids")


def releases_test():
    """Each release of db/kpep with the next: as they are, and as if each were whole."""
    releases = list(plistfacts.snapshots().values())
    with tempfile.TemporaryDirectory() as directory:
        for n, path in enumerate(releases):
            for name, (cpu, ids, _) in load(path).items():
                write_plist(pathlib.Path(directory, path.name, f"{name}.plist"),
                            {**database(), "name": name, "system": {"cpu": cpu},
                             "kpep": {"release": path.name, "cpus": ids}})
        for sides in (releases, [pathlib.Path(directory, path.name) for path in releases]):
            for old, new in zip(sides, sides[1:]):
                compare_releases(old, new, load(old), load(new))
            for side in sides:
                equal(diff(side, side), (0, f"{side.name} and {side.name} say the same\n"), "the same")
                equal(json.loads(diff(side, side, "--json")[1])["databases"], [], "the same, as JSON")


def head(data, ids, release="r", covers=None):
    kpep = {"release": release, "cpus": ids}
    return {**data, "kpep": kpep if covers is None else {**kpep, "covers": covers}}


def cases_test():
    """One change at a time, in the words of the text."""
    def changed(name, **fields):
        events = {n: dict(e) for n, e in database()["system"]["cpu"]["events"].items()}
        events[name].update(fields)
        return database(events=events)

    fixed = "FIXED_INSTRUCTIONS"
    cases = [
        ("number", changed("INST_ALL", number=8), "INST_ALL", "number", 140, 8),
        ("mask", changed("INST_ALL", counters_mask=192), "INST_ALL", "counters_mask", 128, 192),
        ("other", changed("INST_ALL", other=83), "INST_ALL", "other", None, 83),
        ("no alias", database(aliases={"Cycles": "FIXED_CYCLES"}), None, "aliases.Instructions", fixed, None),
        ("alias", database(aliases={"Cycles": "FIXED_CYCLES", "Instructions": fixed, "All": "INST_ALL"}),
         None, "aliases.All", None, "INST_ALL"),
        ("marketing name", database(marketing_name="Other"), None, "marketing_name", "Test CPU", "Other"),
        ("power mask", database(power_counters=96), None, "power_counters", 224, 96),
    ]
    with tempfile.TemporaryDirectory() as directory:
        old = pathlib.Path(directory, "old")
        write_plist(old / "t1.plist", head(database(), ["cpu_1_2_3"]))
        for number, (what, data, *change) in enumerate(cases):
            new = pathlib.Path(directory, f"new{number}")
            write_plist(new / "t1.plist", head(data, ["cpu_1_2_3"]))
            name, field, before, after = (str(text).lower() if text is None else text for text in change)
            line = f"  changed  {field if name == 'none' else name + ' ' + field}: {after}, was {before}\n"
            equal(diff(old, new), (1, f"r -> r\n\nt1: 1 changed\n{line}"), what)
            got = json.loads(diff(old, new, "--json")[1])["databases"]
            equal([c for d in got for c in d["changed"]],
                  [dict(zip(("name", "field", "old", "new"), change))], f"{what}, as JSON")

        # The database of an id has another name: compared by id, and the name is a change.
        data = database()
        data["name"] = "t2"
        write_plist(pathlib.Path(directory, "named/t2.plist"), head(data, ["cpu_1_2_3"]))
        output = diff(old, pathlib.Path(directory, "named"))[1]
        check("  changed  name: t2, was t1\n" in output and "  moved    cpu_1_2_3 is t2, was t1\n" in output,
              f"another name: {output!r}")
        got = json.loads(diff(old, pathlib.Path(directory, "named"), "--json")[1])["cpu_ids"]
        equal(got, {"added": {}, "removed": {}, "moved": {"cpu_1_2_3": {"from": "t1", "to": "t2"}},
                    "not_covered": {}}, "moved")
        # Without ids the name has to do.
        write_plist(pathlib.Path(directory, "bare/t1.plist"), database())
        output = diff(old, pathlib.Path(directory, "bare"))[1]
        equal(output, "r -> bare\n\nCPU ids\n  gone     cpu_1_2_3 was t1\n", "no ids")


def all_fields_test():
    """Every field that an event and a database can have changes at once, in every event."""
    def intel(shift):
        changes = {"number": 60 + shift, "umask": shift, "counters_mask": 8 << shift,
                   "fixed_counter": shift, "fallback": f"E{shift}", "other": 0x53 + shift}
        made = database(architecture="x86_64", fixed_counters=7 - shift, config_counters=120 + shift,
                        power_counters=32 << shift, aliases={}, marketing_name=f"CPU {shift}",
                        events={f"E{i}": {"number": 1, "umask": 0} if i < 3 else changes
                                for i in range(40)})
        return head(made, ["cpu_1_2_3"])

    event = {"number": (60, 61), "umask": (0, 1), "counters_mask": (8, 16), "fixed_counter": (0, 1),
             "fallback": ("E0", "E1"), "other": (83, 84)}
    cpu = {"marketing_name": ("CPU 0", "CPU 1"), "fixed_counters": (7, 6),
           "config_counters": (120, 121), "power_counters": (32, 64)}
    names = sorted(f"E{i}" for i in range(40))
    want = [(None, *change) for change in cpu.items()]
    for name in names:
        # what counts on any counter counts on others when these change
        changes = {"counters_mask": (120, 121)} if name in ("E0", "E1", "E2") else event
        want += [(name, *change) for change in changes.items()]
    with tempfile.TemporaryDirectory() as directory:
        for shift in range(2):
            write_plist(pathlib.Path(directory, f"{shift}/t1.plist"), intel(shift))
        old, new = pathlib.Path(directory, "0"), pathlib.Path(directory, "1")
        got = json.loads(diff(old, new, "--json")[1])["databases"][0]["changed"]
        equal([(c["name"], c["field"], (c["old"], c["new"])) for c in got], want, "all fields")
        lines = diff(old, new)[1].splitlines()
        equal(lines[3:], [f"  changed  {name + ' ' if name else ''}{field}: {now}, was {was}"
                          for name, field, (was, now) in want], "all fields, as text")


def encodings_test():
    """How an event that came or went is counted: number, number and umask, fixed counter."""
    events = database()["system"]["cpu"]["events"]
    come = {"NEW": {"number": 0x77}, "FIXED_NEW": {"fixed_counter": 1, "counters_mask": 2}}
    with tempfile.TemporaryDirectory() as directory:
        old, new = pathlib.Path(directory, "old"), pathlib.Path(directory, "new")
        write_plist(old / "t1.plist", database())
        write_plist(new / "t1.plist", database(events={**events, **come}))
        equal(diff(old, new)[1], "old -> new\n\nt1: 2 added\n  added    FIXED_NEW (fixed 1)\n"
              "  added    NEW (0x77)\n", "added")
        intel = plistlib.loads((SOURCE / "db/kpep/macos-15/icelake.plist").read_bytes())
        write_plist(old / "t1.plist", intel)
        del intel["system"]["cpu"]["events"]["BR_INST_RETIRED.COND_TAKEN"]
        write_plist(new / "t1.plist", intel)
        check("\n  removed  BR_INST_RETIRED.COND_TAKEN (0xc4/0x01)\n" in diff(old, new)[1], "removed")


def coverage_test():
    """What a side that is not whole lacks is not gone, and nothing is said to have changed."""
    events = database()["system"]["cpu"]["events"]
    other = {**database(), "name": "t2"}

    def compared(old_covers, new_covers, changes, *options):
        """Release a with t1 and t2 against b, where t1 changed and has another id, and t2 is not."""
        with tempfile.TemporaryDirectory() as directory:
            old, new = pathlib.Path(directory, "old"), pathlib.Path(directory, "new")
            write_plist(old / "t1.plist", head(database(), ["cpu_1_2_3", "cpu_1_2_4"], "a", old_covers))
            write_plist(old / "t2.plist", head(other, ["cpu_1_2_5"], "a", old_covers))
            write_plist(new / "t1.plist", head(database(**changes), ["cpu_1_2_3"], "b", new_covers))
            status, output = diff(old, new, *options)
            return status, json.loads(output) if options else output

    changes = {"marketing_name": "Other", "aliases": {}, "power_counters": 96, "events": {
        **{name: event for name, event in events.items() if name != "INST_BRANCH"},
        "INST_ALL": {"number": 8, "counters_mask": 64}, "NEW": {"number": 9}}}
    all_of_it = [("INST_ALL", "counters_mask"), ("INST_ALL", "number"), (None, "aliases.Cycles"),
                 (None, "aliases.Instructions"), (None, "marketing_name"), (None, "power_counters")]

    def said(got):
        """What is said of t1: changed, added, removed, and what each side does not cover."""
        one, = got["databases"]
        unseen = one["not_covered"]
        return (sorted(((c["name"], c["field"]) for c in one["changed"]), key=str), one["added"], one["removed"],
                unseen["old"], unseen["new"])

    status, got = compared(None, None, changes, "--json")
    equal((status, *said(got)), (1, sorted(all_of_it, key=str), ["NEW"], ["INST_BRANCH"], [], []), "both are whole")
    equal((got["only_old"], got["not_covered"]), (["t2"], {"old": [], "new": []}), "and what is gone is gone")
    equal(got["cpu_ids"]["removed"], {"cpu_1_2_4": "t1", "cpu_1_2_5": "t2"}, "with its ids")

    rest = ["counters_mask", "fixed_counter", "fallback", "marketing_name", "fixed_counters", "config_counters",
            "power_counters", "aliases"]
    status, got = compared(None, ["number", "events"], changes, "--json")
    equal((status, *said(got)), (1, [("INST_ALL", "number")], ["NEW"], ["INST_BRANCH"], [], rest), "a listing")
    equal((got["only_old"], got["not_covered"]), ([], {"old": [], "new": ["t2"]}), "its databases")
    equal((got["cpu_ids"]["removed"], got["cpu_ids"]["not_covered"]),
          ({}, {"cpu_1_2_4": "t1", "cpu_1_2_5": "t2"}), "its ids")
    status, got = compared(None, ["number"], changes, "--json")
    equal((status, *said(got)), (1, [("INST_ALL", "number")], ["NEW"], [], [], [*rest, "events"]), "not all events")
    status, got = compared(["number"], None, changes, "--json")
    equal((status, *said(got)), (1, [("INST_ALL", "number")], [], ["INST_BRANCH"], [*rest, "events"], []),
          "the older one is a listing")
    equal((got["only_old"], got["not_covered"]), (["t2"], {"old": [], "new": []}), "the newer one is whole")
    for covers in ((None, []), ([], None)):
        status, got = compared(*covers, changes, "--json")
        equal(said(got)[:3], ([], [], []), "a snapshot of which nothing was seen")
    # What neither covers is told where it differs; a key that no event has, never.
    status, got = compared(["events"], ["events"], changes, "--json")
    equal((status, *said(got)[:3]), (1, [], ["NEW"], ["INST_BRANCH"]), "both are lists of names")
    unseen = ["number", "counters_mask", "marketing_name", "power_counters", "aliases"]
    equal(said(got)[3:], (unseen, unseen), "and what they say beside them differs")

    # It is no difference that something is not known.
    status, output = compared(None, ["number"], {"marketing_name": "Other", "events": events})
    equal((status, output),
          (0, "a and b say the same of what both cover\n\nnot in this snapshot (b): t2\n\nt1: 8 unknown\n"
           f"  unknown  {', '.join(rest)}: not in this snapshot (b)\n"), "nothing changed that is known")
    status, output = compared(None, ["aliases"], {"aliases": {}, "events": {**events, "NEW": {"number": 9}}})
    lines = output.splitlines()
    equal((status, lines[0], lines[2], lines[4]),
          (1, "a -> b", "not in this snapshot (b): t2", "t1: 2 changed, 1 added, 8 unknown"), "as text")

    # An event of another name is a new one unless both lists are whole.
    renamed = {("INST_JUMP" if name == "INST_BRANCH" else name): event for name, event in events.items()}
    every = ["number", "umask", "counters_mask", "fixed_counter", "events"]
    for old, new, want in ((every, every, ([{"from": "INST_BRANCH", "to": "INST_JUMP"}], [], [])),
                           (every, every[:-1], ([], ["INST_JUMP"], [])),
                           (every[:-1], every, ([], [], ["INST_BRANCH"])),
                           (every[:-1], every[:-1], ([], [], []))):
        one, = compared(old, new, {"events": renamed}, "--json")[1]["databases"]
        equal((one["renamed"], one["added"], one["removed"]), want, f"renamed: {old} {new}")

    # A database that came in a release against one that is not whole may have been there.
    with tempfile.TemporaryDirectory() as directory:
        old, new = pathlib.Path(directory, "old"), pathlib.Path(directory, "new")
        write_plist(old / "t1.plist", head(database(), ["cpu_1_2_3"], "a", ["events"]))
        write_plist(new / "t1.plist", head(database(), ["cpu_1_2_3", "cpu_1_2_4"], "b", ["events"]))
        write_plist(new / "t2.plist", head(other, ["cpu_1_2_5"], "b", ["events"]))
        equal(diff(old, new), (0, "a and b say the same of what both cover\n\nnot in this snapshot (a): t2\n"),
              "it may have been there")
        got = json.loads(diff(old, new, "--json")[1])
        equal((got["only_new"], got["not_covered"], got["cpu_ids"]["not_covered"]),
              ([], {"old": ["t2"], "new": []}, {"cpu_1_2_4": "t1", "cpu_1_2_5": "t2"}), "as JSON")


def errors_test():
    for arguments in ((), ("a",), ("a", "b", "c")):
        status, output, errors = run(KPEPC, "diff", *arguments)
        equal((status, output, errors.count("\n")), (2, "", 1), f"{arguments}: usage")
    status, output, errors = run(KPEPC, "diff", "/nowhere", SOURCE / "db/kpep/macos-15")
    equal((status, output), (1, ""), "no such directory")
    check(errors.startswith("/nowhere: "), errors)


releases_test()
cases_test()
all_fields_test()
encodings_test()
coverage_test()
errors_test()
done()
