"""kpepc diff: against a second implementation over plistlib, and case by case."""
import json
import pathlib
import plistlib
import tempfile

from kpeptest import KPEPC, SOURCE, check, database, done, equal, run, write_plist

FIELDS = ("number", "umask", "fixed_counter", "other", "fallback")


def load(directory):
    """name -> (cpu dictionary, ids), of a directory of snapshots."""
    found = {}
    for path in sorted(pathlib.Path(directory).glob("*.plist")):
        data = plistlib.loads(path.read_bytes())
        found[data["name"]] = (data["system"]["cpu"], data.get("kpep", {}).get("cpus", []))
    return found


def encoding(cpu, event):
    return (event.get("number"), event.get("umask"), event.get("fixed_counter"),
            event.get("counters_mask", cpu["config_counters"]))


def compare(old, new):
    """What DESIGN's JSON says of two databases, renames by a count of encodings."""
    a, b = old["events"], new["events"]
    gone, come = set(a) - set(b), set(b) - set(a)
    renamed = []
    for name in sorted(gone):
        like = encoding(old, a[name])
        fits = [n for n in b if encoding(new, b[n]) == like]
        if len(fits) == 1 and fits[0] in come and [encoding(old, e) for e in a.values()].count(like) == 1:
            renamed.append({"from": name, "to": fits[0]})
    gone -= {r["from"] for r in renamed}
    come -= {r["to"] for r in renamed}
    changed = []
    for name in sorted(set(a) & set(b)):
        for field in FIELDS:
            if a[name].get(field) != b[name].get(field):
                changed.append((name, field, a[name].get(field), b[name].get(field)))
        if encoding(old, a[name])[3] != encoding(new, b[name])[3]:
            changed.append((name, "counters_mask", encoding(old, a[name])[3], encoding(new, b[name])[3]))
    return {"added": sorted(come), "removed": sorted(gone), "renamed": renamed, "changed": sorted(changed, key=str)}


def diff(old, new, *options):
    status, output, errors = run(KPEPC, "diff", *options, old, new)
    equal(errors, "", "nothing on stderr")
    return status, output


def releases_test():
    old, new = SOURCE / "db/kpep/macos-15", SOURCE / "db/kpep/macos-26.4"
    status, output = diff(old, new, "--json")
    equal(status, 1, "two releases differ")
    got, before, after = json.loads(output), load(old), load(new)
    by_db = {d["db"]: d for d in got["databases"]}
    for name in sorted(set(before) & set(after)):
        want = compare(before[name][0], after[name][0])
        have = by_db.pop(name, {"added": [], "removed": [], "renamed": [], "changed": []})
        for key in ("added", "removed", "renamed"):
            equal(have[key], want[key], f"{name} {key}")
        equal(sorted(((c["name"], c["field"], c["old"], c["new"]) for c in have["changed"]), key=str),
              want["changed"], f"{name} changed")
    equal(by_db, {}, "no other database is compared")
    equal(sorted(got["only_old"]), sorted(set(before) - set(after)), "databases gone")
    equal(sorted(got["only_new"]), sorted(set(after) - set(before)), "new databases")
    ids = [{i: n for n, (_, l) in side.items() for i in l} for side in (before, after)]
    equal(got["cpu_ids"]["added"], {i: n for i, n in ids[1].items() if i not in ids[0]}, "ids that came")
    equal(got["cpu_ids"]["removed"], {i: n for i, n in ids[0].items() if i not in ids[1]}, "ids that went")
    equal(got["cpu_ids"]["moved"], {}, "ids that moved")
    for side in (old, new):
        equal(diff(side, side), (0, f"{side.name} and {side.name} say the same\n"), "the same")
        equal(json.loads(diff(side, side, "--json")[1])["databases"], [], "the same, as JSON")


def head(data, ids):
    return {**data, "kpep": {"release": "r", "cpus": ids}}


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
        equal(got, {"added": {}, "removed": {}, "moved": {"cpu_1_2_3": {"from": "t1", "to": "t2"}}}, "moved")
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
errors_test()
done()
