"""The tables hold what the plists say: every field of every event, in every release.

What kpep prints is held against db/kpep, which is always there, and against the databases as
Apple ships them (symlinks and all) where they are beside the repository. No event of these differs
between releases but in being there: emit_test.py has a database whose fields change.
"""
import functools
import json
import pathlib
import tempfile

import plistfacts
from kpeptest import KPEP, SHARED, check, done, equal, run
from plistfacts import Facts, has_shape


@functools.cache
def kpep(*arguments):
    status, out, err = run(KPEP, *arguments, "--json")
    if not equal((status, err), (0, ""), f"kpep {' '.join(arguments)}"):
        return []
    return json.loads(out)


def head(cpu):
    """One item of `kpep cpus --json`: the newest release's head, and who uses it."""
    facts = cpu.newest.head
    return {"db": cpu.db, "arch": facts["architecture"], "marketing_name": facts["marketing_name"],
            "chips": cpu.chips, "cpu_ids": cpu.ids, "ids": cpu.sold,
            "fixed_counters": facts.get("fixed_counters", 0),
            "config_counters": facts.get("config_counters", 0),
            "power_counters": facts.get("power_counters", 0), "event_bits": cpu.event_bits,
            "events": len(cpu.merged()), "releases": cpu.releases,
            "not_in_snapshot": [release for release in plistfacts.parts() if release not in cpu.releases]}


def check_cpus(facts, where):
    shown = kpep("cpus")
    check(has_shape(shown, [plistfacts.CPU]), "the shape of kpep cpus --json")
    shown = {cpu["db"]: cpu for cpu in shown}
    equal(sorted(shown), sorted(cpu.db for cpu in facts.cpus), f"{where}: the databases")
    for cpu in facts.cpus:
        equal(shown.get(cpu.db), head(cpu), f"{where}: the head of {cpu.db}")
    for release in facts.releases:
        equal({cpu["db"] for cpu in kpep("cpus", "--release", release)},
              {cpu.db for cpu in facts.cpus if release in cpu.releases},
              f"{where}: the databases of {release}")


def check_events(facts, where):
    """As seen by every name a CPU has, in every release, and without one (the newest)."""
    for cpu in facts.cpus:
        for release in cpu.releases:
            wanted = facts.rows(cpu, release)
            listed = kpep("list", "--cpu", cpu.db, "--release", release)
            check(has_shape(listed, [plistfacts.EVENT]), f"the shape of kpep list of {cpu.db}")
            equal([row["name"] for row in listed], [row["name"] for row in wanted],
                  f"{where}: the events of {cpu.db} in {release}")
            for got, want in zip(listed, wanted):
                for key in want:
                    equal(got.get(key), want[key],
                          f"{where}: {key} of {want['name']} on {cpu.db} in {release}")
            for other in cpu.designations()[1:]:
                check(kpep("list", "--cpu", other, "--release", release) == listed,
                      f"{where}: --cpu {other} is {cpu.db} in {release}")
        for other in cpu.designations():
            check(kpep("list", "--cpu", other) ==
                  kpep("list", "--cpu", cpu.db, "--release", cpu.releases[-1]),
                  f"{where}: --cpu {other} alone is {cpu.db} in its newest release")


def check_show(facts):
    """kpep show has the same rows, for every hardware event there is."""
    everywhere = {cpu.db: cpu for cpu in facts.cpus}
    for event in sorted({event for cpu in facts.cpus for event in cpu.merged()})[::7]:
        shown = kpep("show", event)
        check(has_shape(shown, plistfacts.SHOW), f"the shape of kpep show {event}")
        rows = {row.pop("db"): row for row in json.loads(json.dumps(shown))["on"]}
        equal(sorted([*rows, *shown["missing"]]), sorted(everywhere), f"kpep show {event}: the CPUs")
        for db, row in rows.items():
            del row["sources"], row["otherwise"]  # sources_test.py, versions_test.py
            cpu = everywhere[db]
            release = cpu.releases[-1]
            if row["name"] not in cpu.history[release].events:
                release = cpu.event_releases(row["name"])[-1]
            equal(row, facts.row(cpu, release, row["name"]), f"kpep show {event}: {db}")


def check_shapes():
    check(has_shape(kpep("names"), [plistfacts.NAME]), "the shape of kpep names --json")
    check(has_shape(kpep("names", "--metrics"), [plistfacts.METRIC]),
          "the shape of kpep names --metrics --json")


def check_against(releases, where):
    facts = Facts(releases)
    check_cpus(facts, where)
    check_events(facts, where)
    count = sum(len(found) for found in facts.databases.values())
    events = sum(len(d.events) for found in facts.databases.values() for d in found)
    print(f"{where}: {count} databases compared, {events} events")
    return facts


def check_originals():
    if not (SHARED / "mktree").exists():
        print(f"{SHARED} is not here: Apple's own files were not compared")
        return
    with tempfile.TemporaryDirectory() as directory:
        names = list(plistfacts.snapshots())
        status, _, err = run(SHARED / "mktree", directory, *names)
        equal((status, err), (0, ""), "mktree")
        check_against({name: pathlib.Path(directory) / name for name in names}, "as shipped")


facts = check_against(plistfacts.snapshots(), "db/kpep")
check_show(facts)
check_shapes()
check_originals()
done()
