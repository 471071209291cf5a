"""Where values come from: what kpep says against db/sources.plist as plistlib reads it, the file
against the lists of facts it was made from, what show, encode and plan print, and refusals."""
import copy
import csv
import functools
import json
import pathlib
import re
import tempfile

import plistfacts
from kpeptest import (CC, KPEP, KPEPC, LISTS, SHARED, SOURCE, check, database, done, equal, run, write_plist)

FACTS = plistfacts.Facts(plistfacts.snapshots())
SOURCES = plistfacts.load(SOURCE / "db" / "sources.plist")
FIELDS = ("list", "number", "counters_mask")


# ---- the file, read a second time

def about(row, cpu, release, event):
    """Whether a row is about an event: its database may go by any name that only it has."""
    called = {cpu.db, *cpu.ids, *cpu.also()}
    return (release in row["releases"] and called & set(row.get("databases", called)) and
            event in row.get("events", [event]))


def value_in(cpu, release, event, field):
    fields = cpu.history[release].events[event]
    return fields[field]


@functools.cache
def wanted(cpu, release, event):
    """The item of the JSON key `sources` of an event, by its name there, and a release."""
    said = {"release": release, **dict.fromkeys(FIELDS, "unknown")}
    for row in SOURCES["sources"]:
        if about(row, cpu, release, event):
            said |= dict.fromkeys(row.get("fields", FIELDS), row["source"])
    disputes = [{"field": row["field"], "ours": value_in(cpu, release, event, row["field"]),
                 "theirs": None if row["theirs"] < 0 else row["theirs"], "says": row["says"],
                 "confirmed": row.get("confirmed")}
                for row in SOURCES["disputes"] if about(row, cpu, release, event)]
    return {**said, "disputes": disputes}


def check_everything():
    """Every event of every CPU in every release: each of its values has a source."""
    values = 0
    for cpu in FACTS.cpus:
        for listed_in in cpu.releases:
            status, out, _ = run(KPEP, "list", "--cpu", cpu.db, "--release", listed_in, "--json")
            equal(status, 0, f"kpep list of {cpu.db} in {listed_in}")
            for row in json.loads(out):
                spelt = {r: FACTS.event_in(cpu, r, row["name"]) for r in cpu.releases}
                equal(row["sources"], [wanted(cpu, r, name) for r, name in spelt.items() if name],
                      f"{row['name']} of {cpu.db} in {listed_in}")
                for said in row["sources"]:
                    check("unknown" not in said.values(),
                          f"{row['name']} of {cpu.db} in {said['release']} has values from nowhere")
                    values += 3
    print(f"{values} values have a source")


# ---- the lists of facts

def read_table(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def told_disputes():
    """(db, release, event, field) -> (ours, theirs), as kpep tells them."""
    told = {}
    for cpu in FACTS.cpus:
        for release in cpu.releases:
            for event in cpu.history[release].events:
                for dispute in wanted(cpu, release, event)["disputes"]:
                    told[cpu.db, release, event, dispute["field"]] = (dispute["ours"],
                                                                      dispute["theirs"])
    return told


def listed_disputes(data):
    listed = {}
    called = {(d.name, release): cpu.db for cpu in FACTS.cpus
              for release, d in cpu.history.items()}
    for row in read_table(data / "apple_disagree.tsv"):
        for release in re.findall(r"\d+(?:\.\d+)?", row["release"]):
            db = called.get((row["db"], f"macos-{release}"))
            if db is not None:  # "26.0 and 26.4" is said of those that one of the two has
                listed[db, f"macos-{release}", row["event"], "counters_mask"] = (
                    int(row["ours"], 16), int(row["theirs"], 16))
    for row in read_table(data / "intel_disagree.tsv"):
        where = (row["db"], "macos-15", row["event"])
        if row["kind"] == "encoding":
            equal(int(row["kpep_number"], 16), int(row["perfmon_code"], 16), f"{where}: number")
            listed[*where, "umask"] = int(row["kpep_umask"], 16), int(row["perfmon_umask"], 16)
        elif row["kind"] == "fixed counter":
            theirs = re.match(r"Fixed counter (\d+)", row["perfmon_counters"])
            listed[*where, "fixed_counter"] = (int(row["kpep_number"].removeprefix("fixed")),
                                               int(theirs[1]) if theirs else None)
    return listed


def check_releases(releases):
    """What release.tsv says of a database is what the file says of most of its events."""
    words = [("masks", "counters_mask", "as in 26.0", {"older", "twin"}),
             ("masks", "counters_mask", "macOS 15", {"older"}),
             ("masks", "counters_mask", "public table of the live database", {"live-table"}),
             ("names_and_numbers", "number", "public table of the live database", {"live-table"}),
             ("names_and_numbers", "number", "no later one seen", {"older"}),
             ("names_and_numbers", "number", "said to be the same", {"twin"}),
             ("names_and_numbers", "number", "public listing", {"listing"})]
    for release in ("macos-26.0", "macos-26.4", "macos-27"):
        for row in read_table(releases / release / "release.tsv"):
            cpu = next(c for c in FACTS.cpus if release in c.releases and
                       c.history[release].name == row["db"])
            for column, field, said, sources in words:
                if said not in row[column]:
                    continue
                got = [wanted(cpu, release, event)[field] for event in cpu.history[release].events]
                check(sum(source in sources for source in got) > len(got) / 2,
                      f"{row['db']} in {release}: {field} is from {set(got)}, not {sources}")
            if "SCHEDULE_EMPTY assumed" in row["masks"] and "SCHEDULE_EMPTY" in cpu.merged():
                equal(wanted(cpu, release, "SCHEDULE_EMPTY")["counters_mask"], "assumed", row["db"])


def check_facts():
    if not LISTS.exists():
        print("not tested: the lists are not beside the repository")
        return
    told, listed = told_disputes(), listed_disputes(LISTS)
    equal(told, listed, "the disputes and the lists of facts")
    check(len(listed) > 50, f"{len(listed)} disputes are listed")
    check_releases(SHARED)
    for row in read_table(LISTS / "macos-26.0-a7-a13.tsv"):
        cpu = FACTS.cpu(row["db"])
        want = "assumed" if row["mask_from"] == "assumed any" else "older"
        equal(wanted(cpu, "macos-26.0", row["event"])["counters_mask"], want,
              f"{row['event']} of {row['db']}: counters_mask")
        listing = "older" if row["source"].startswith("macos-15") else "listing"
        equal(wanted(cpu, "macos-26.0", row["event"])["list"], listing,
              f"{row['event']} of {row['db']}: list")


# ---- what people see

def check_show():
    status, out, err = run(KPEP, "show", "--sources", "ST_MEM_ORDER_VIOL_LD_NONSPEC")
    equal((status, err), (0, ""), "show --sources")
    for line in ("as4    macos-26.0            ST_MEM_ORDER_VIOL_LD_NONSPEC        0x8c4  2-7       "
                 "listing     listing      live-table",
                 "twin: from another database that is said to be the same",
                 "disputed: as4 on macos-26.0, macos-26.4: counters 2-7 here, 5-7 by a later public "
                 "table of the live database; 2-7 also by Apple's file of macOS 15, an earlier table "
                 "of the same kind, the Linux driver"):
        check(line in out.splitlines(), f"show --sources lacks: {line}\n{out}")
    check("assumed" in out and "unknown" not in out, "only the kinds that are used are explained")
    _, out, _ = run(KPEP, "show", "--sources", "--release", "macos-26.0", "INST_INT_ST")
    check("disputed: as4 on macos-26.0: counters" in out and "macos-15" not in out.split("\n\n")[0],
          f"of one release: {out}")
    _, out, _ = run(KPEP, "show", "--sources", "CPU_CLK_UNHALTED.REF_TSC")
    check("disputed: skylake on macos-15: fixed counter 1 here, 2 by Intel's" in out, out)
    _, out, _ = run(KPEP, "show", "--sources", "INST_RETIRED.PREC_DIST")
    check("disputed: cometlake on macos-15: fixed counter 0 here, none by Intel's" in out, out)
    _, out, _ = run(KPEP, "show", "--sources", "MOVE_ELIMINATION.INT_ELIMINATED")
    check("disputed: ivybridge on macos-15: umask 0x4 here, 0x1 by Intel's" in out, out)
    equal(run(KPEP, "show", "--sources", "--live", "INST_ALL")[0], 2, "--live has no sources")


def check_encode():
    for command in ("encode", "plan"):
        status, _, err = run(KPEP, command, "--cpu", "m6", "INST_INT_ST", "DECODE_UOP", "INST_ALL")
        equal(status, 0, f"{command}: {err}")
        check("kpep: warning: m6 on macos-27: INST_INT_ST: disputed: counters 7 here, 2-7 by a fork "
              "of the Linux driver (M6)\n" in err, f"{command}: disputed: {err}")
        check("m6 on macos-27: INST_INT_ST, INST_ALL: no source says" in err,
              f"{command}: assumed: {err}")
    status, out, _ = run(KPEP, "encode", "--cpu", "m6", "INST_INT_ST", "--user-only", "--json")
    equal(sorted(warning["warning"] for warning in json.loads(out)["warnings"]),
          ["assumed", "disputed"], "encode --json")
    for release, want in (("macos-15", 0), ("macos-26.0", 1)):
        _, _, err = run(KPEP, "encode", "--cpu", "m4", "--release", release, "--user-only",
                        "ST_MEM_ORDER_VIOL_LD_NONSPEC")
        equal(err.count("disputed"), want, f"disputed in {release} alone: {err}")


# ---- the file's refusals

ROW = {"releases": ["r1"], "source": "apple"}
DISPUTE = {"releases": ["r1"], "databases": ["t1"], "events": ["INST_ALL"],
           "field": "counters_mask", "ours": 128, "theirs": 64, "says": "them"}


def refusal(scratch, data, *lines, options=()):
    write_plist(scratch / "s.plist", data)
    status, _, err = run(KPEPC, "compile", "-o", "out", "--sources", "s.plist", *options, "r1=in",
                         cwd=scratch)
    got = err.splitlines()
    if not lines:
        equal((status, got), (0, []), f"taken: {data}")
        return
    count = f"{len(lines)} error{'s' * (len(lines) > 1)}"
    equal((status, got), (1, [*(f"s.plist: {line}" for line in lines),
                              f"kpepc: {count}: nothing was written"]), f"refused: {data}")
    check(not (scratch / "out").exists(), "something was written")


def row(**changes):
    return {"sources": [{k: v for k, v in {**ROW, **changes}.items() if v is not None}]}


def dispute(**changes):
    return {"sources": [ROW],
            "disputes": [{k: v for k, v in {**DISPUTE, **changes}.items() if v is not None}]}


def check_refusals():
    with tempfile.TemporaryDirectory() as home:
        scratch = pathlib.Path(home)
        write_plist(scratch / "in/t1.plist", database())
        for data, *lines in (
                ({}, "sources: missing (expected an array)"),
                ({"sources": {}}, "sources: dictionary (expected an array)"),
                (row(source=None), "sources.0.source: missing (expected a string)"),
                (row(source="rumour"), "sources.0.source: 'rumour' (expected apple, listing, "
                 "live-table, linux-driver, twin, older or assumed)"),
                (row(source="unknown"), "sources.0.source: 'unknown' (expected apple, listing, "
                 "live-table, linux-driver, twin, older or assumed)"),
                (row(releases=None), "sources.0.releases: missing (expected an array)"),
                (row(releases=["r2"]), "sources.0.releases.0: no release r2 (expected one of the "
                 "arguments RELEASE=DIR)"),
                (row(releases=["r1", "r1"]), "sources.0.releases.1: r1 twice (expected each once)"),
                (row(databases=[]), "sources.0.databases: empty (expected at least one, or no such "
                 "key)"),
                (row(databases=["t2"]), "sources.0.databases.0: no database t2 (expected one of the "
                 "row's releases)"),
                (row(databases=["cpu_1_2_3"]), "sources.0.databases.0: no database cpu_1_2_3 "
                 "(expected one of the row's releases)"),
                (row(events=["NO"]), "sources.0.events.0: no event NO (expected one of the row's "
                 "databases in its releases)"),
                (row(events="INST_ALL"), "sources.0.events: string (expected an array)"),
                (row(fields=["umask"]), "sources.0.fields.0: 'umask' (expected list, number or "
                 "counters_mask)"),
                ({"sources": [ROW] * 4097}, "sources: an array of 4097 (expected at most 4096)"),
                (row(databases=["t1"] * 3), *(f"sources.0.databases.{n}: t1 twice (expected each once)"
                                              for n in (1, 2))),
                ({"sources": [ROW], "disputes": [DISPUTE] * 4097},
                 "disputes: an array of 4097 (expected at most 4096)"),
                (dispute(says=None), "disputes.0.says: missing (expected a string)"),
                (dispute(databases=None), "disputes.0.databases: missing (expected an array)"),
                (dispute(events=None), "disputes.0.events: missing (expected an array)"),
                (dispute(field="list"), "disputes.0.field: 'list' (expected number, umask, "
                 "counters_mask or fixed_counter)"),
                (dispute(ours=96), "disputes.0.ours: 96, but INST_ALL of t1 has 128 in r1 (expected "
                 "its value)"),
                (dispute(theirs=128), "disputes.0.theirs: the same as ours (expected another "
                 "value)"),
                (dispute(theirs=-1), "disputes.0.theirs: -1 (expected an integer from 0 to "
                 "4294967295)"),
                (dispute(field="fixed_counter", ours=-1, theirs=32),
                 "disputes.0.theirs: 32 (expected an integer from -1 to 31)"),
                (row(),), (dispute(),), (dispute(confirmed="us"),),
                (dispute(field="fixed_counter", ours=-1, theirs=1),),
                (row(databases=["t1"], events=["INST_ALL"], fields=["list", "number"]),)):
            refusal(scratch, data, *lines)
            if not lines:
                for path in (scratch / "out").iterdir():
                    path.unlink()
                (scratch / "out").rmdir()
        missing = {"sources": [ROW, {**ROW, "releases": ["r2"], "databases": ["t9"]},
                               {**ROW, "databases": ["t9"], "events": ["NO"]}]}
        refusal(scratch, missing, options=["--allow-missing"])
        colour = copy.deepcopy(row(colour="red"))
        status, _, err = run(KPEPC, "compile", "-o", "out", "--strict", "--sources",
                             write_plist(scratch / "s.plist", colour), "r1=in", cwd=scratch)
        check(status == 1 and "sources.0.colour: unknown key" in err, f"an unknown key: {err}")
        many = {"sources": [ROW] + [{**ROW, "events": list(database()["system"]["cpu"]["events"])}]
                * 4095}
        refusal(scratch, many)


def check_header():
    """The header is C whatever its texts and numbers are, also when it has next to nothing."""
    with tempfile.TemporaryDirectory() as home:
        scratch = pathlib.Path(home)
        write_plist(scratch / "in/t1.plist", database())
        hard = {"says": '0"*/\\??/%s//', "confirmed": "12", "theirs": 0xffffffff}
        for data in ({"sources": []}, row(), dispute(**hard),
                     dispute(field="fixed_counter", ours=-1, theirs=31)):
            write_plist(scratch / "s.plist", data)
            equal(run(KPEPC, "compile", "-o", "out", "--sources", "s.plist", "r1=in", cwd=scratch),
                  (0, "", ""), f"compile {data}")
            equal(run(CC, "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Wtrigraphs", "-Werror",
                      "-fsyntax-only", "-I", "out", "-I", SOURCE / "db", SOURCE / "db/sources.c",
                      cwd=scratch), (0, "", ""), f"the header of {data}")
        header = (scratch / "out/kpdb_sources.h").read_text()
        (scratch / "out/kpdb_sources.h").write_text(header[:header.rindex("#define")])
        status, _, err = run(CC, "-fsyntax-only", "-I", "out", "-I", SOURCE / "db",
                             SOURCE / "db/sources.c", cwd=scratch)
        check(status != 0 and "cut short" in err, f"a header that is cut short: {err}")


def check_names():
    """A database that a row has by two of its names is one."""
    with tempfile.TemporaryDirectory() as home:
        scratch = pathlib.Path(home)
        cpu = "cpu_100000c_2_1b588bb3"
        write_plist(scratch / f"in/{cpu}.plist", database())
        refusal(scratch, dispute(databases=["t1", cpu]))
        header = (scratch / "out/kpdb_sources.h").read_text()
        equal(header.count(".theirs ="), 1, "disputes of one database by two names")


def check_emit():
    """What templates see: the release's own sources, and none without the file."""
    template = ("{{#cpus}}{{#events}}{{name}}{{#sources}} {{list}} {{number}} {{counters_mask}}"
                "{{/sources}}{{#disputes}} {{field}} {{ours}} {{theirs}} {{says}} {{confirmed}}"
                "{{/disputes}}\n{{/events}}{{/cpus}}")
    with tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home) / "t.txt"
        path.write_text(template)
        for release in ("macos-15", "macos-26.4"):
            command = ["emit", "-t", path, "--cpu", "as4", "--release", release,
                       *plistfacts.arguments(plistfacts.snapshots())]
            cpu = FACTS.cpu("as4")
            status, out, err = run(KPEPC, *command, "--sources", SOURCE / "db/sources.plist")
            equal((status, err), (0, ""), "emit --sources")
            for line, event in zip(out.splitlines(), sorted(cpu.history[release].events),
                                   strict=True):
                want = wanted(cpu, release, event)
                text = " ".join([event, *(want[field] for field in FIELDS),
                                 *(str(d[key]) for d in want["disputes"] for key in
                                   ("field", "ours", "theirs", "says", "confirmed"))])
                equal(line, text, f"emit: {event}")
            _, out, _ = run(KPEPC, *command)
            check("INST_ALL false false false\n" in out, "no sources without the file")


def check_steps():
    """Rows that speak of more values than any file needs are refused, and soon."""
    with tempfile.TemporaryDirectory() as home:
        scratch = pathlib.Path(home)
        events = {f"E{n}": {"number": n % 256} for n in range(20000)}
        write_plist(scratch / "in/t1.plist", database(events=events, aliases={}))
        status, _, err = run(KPEPC, "lint", "--sources",
                             write_plist(scratch / "s.plist", {"sources": [ROW] * 4096}), "r1=in",
                             cwd=scratch)
        check(status == 1 and "speak of too many values (expected at most 67108864)" in err, err)


check_everything()
check_facts()
check_show()
check_encode()
check_refusals()
check_header()
check_names()
check_emit()
check_steps()
done()
