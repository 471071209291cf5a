"""The command kpep: its command line, what it finds, and what it prints."""
import fnmatch
import functools
import json
import os
import pty
import re
import subprocess

import plistfacts
from kpeptest import KPEP, check, done, equal, run
from plistfacts import Facts

FACTS = Facts(plistfacts.snapshots())
OLDEST, NEWEST = FACTS.cpu("a14").releases[0], FACTS.cpu("a14").releases[-1]

# The options of each command; and a command line of it that prints something.
OPTIONS = {"cpus": ["release", "plain", "json"],
           "list": ["cpu", "live", "release", "kperf", "kperfdata", "long", "plain", "json"],
           "show": ["live", "release", "sources", "kperf", "kperfdata", "json"],
           "names": ["cpu", "release", "metrics", "plain", "json"]}
PRINTING = [["--help"], ["--version"], ["cpus"], ["cpus", "--json"], ["list", "--cpu", "m1"],
            ["list", "--cpu", "m1", "--json"], ["list", "--help"], ["show", "cycles"],
            ["show", "cycles", "--json"], ["names"], ["names", "--cpu", "m1"], ["names", "--json"],
            ["names", "--metrics"], ["names", "--metrics", "--json"]]


@functools.cache
def kpep(*arguments):
    """What it prints when all goes well."""
    status, out, err = run(KPEP, *arguments)
    equal((status, err), (0, ""), f"kpep {' '.join(arguments)}")
    return out


@functools.cache
def kpep_json(*arguments):
    return json.loads(kpep(*arguments, "--json"))


def refuses(status, arguments, *parts):
    """An exit status, nothing on stdout, one clean line on stderr that says the parts."""
    done = subprocess.run([KPEP, *arguments], capture_output=True, timeout=60)
    what = f"kpep {ascii(arguments)[:200]}"
    equal((done.returncode, done.stdout), (status, b""), what)
    line = done.stderr.decode("latin-1")
    check(re.fullmatch(r"kpep: [ -~]+\n", line) and len(line) < 5000,
          f"{what}: one line of text\n   got {line[:500]!r}")
    for part in parts:
        check(part in line, f"{what}: says {part!r}\n   got {line[:500]!r}")


# ---- the command line

def check_help():
    general = kpep("--help")
    equal(kpep("-h"), general, "-h is --help")
    for command, options in OPTIONS.items():
        text = kpep(command, "--help")
        check(text.startswith(f"usage: kpep {command} "), f"{command} --help says how it is used")
        usage = re.search(rf"^  (kpep {command} .*(?:\n    .*)*)", general, re.M)[1]
        check(usage in text, f"{command}: --help of both agree")
        for option in options + ["help"]:
            check(re.search(rf"^  --{option}\b", text, re.M), f"{command} --help has --{option}")
        listed = re.findall(r"^  --(\w+)", text, re.M)
        equal(sorted(listed), sorted(options + ["help"]), f"{command} --help and nothing else")
        equal(re.findall(r"--(\w+)", usage), options, f"kpep --help and the options of {command}")
        check(max(map(len, text.splitlines())) <= 100, f"{command} --help is 100 columns wide")
    check(re.fullmatch(r"kpep \d+\.\d+\.\d+\n", kpep("--version")), "--version")


def check_usage():
    status, out, err = run(KPEP)
    equal((status, out, err), (2, "", kpep("--help")), "no argument")
    refuses(2, ["lst"], "'lst'", "list")
    refuses(2, ["--json", "cpus"], "'--json'")
    for command in OPTIONS:
        refuses(2, [command, "--nope"], "'--nope'", f"kpep {command} --help")
        refuses(2, [command, "-x"], "'-x'")
        refuses(2, [command, "--json=1"], "--json takes no value")
        refuses(2, [command, "--release"], "--release needs a value")
        refuses(2, [command, "a", "b"], "argument", f"kpep {command} --help")
    for command, option in [("cpus", "--cpu=m1"), ("show", "--cpu=m1"), ("show", "--metrics"),
                            ("list", "--metrics"), ("cpus", "--cpu"), ("cpus", "--events")]:
        refuses(2, [command, option], f"'{option.split('=')[0]}'")
    refuses(2, ["cpus", "-e"], "cpus takes no option '--events'")
    refuses(2, ["cpus", "m1"], "no argument")
    refuses(2, ["show"], "one argument")
    refuses(2, ["list"], "--cpu", "kpep cpus")
    refuses(2, ["list", "INST_ALL"], "--cpu")
    refuses(2, ["list", "--cpu", "m1", "a", "b"], "at most one argument")
    refuses(2, ["list", "--live", "--cpu", "m1"], "--cpu", "kpep list --help")
    refuses(2, ["list", "--live", "--release", NEWEST], "--release", "kpep list --help")
    refuses(2, ["show", "--live", "cycles", "--release", NEWEST], "--release", "kpep show --help")
    for command in (["list", "--cpu", "m1"], ["show", "cycles"]):
        for option in ("--kperf", "--kperfdata"):
            refuses(2, [*command, option, "/nowhere"], option, "--live")
    refuses(2, ["reset", "m1"], "no argument")
    refuses(2, ["reset", "--live"], "'--live'")
    *commands, last = dict.fromkeys(re.findall(r"^  kpep (\w+)", kpep("--help"), re.M))
    refuses(2, ["lst"], f"(expected {', '.join(commands)} or {last})")
    refuses(2, ["plan", "--cpu", "m1", "--all", "cycles"], "plan takes events, or --all")
    refuses(2, ["measure"], "measure needs --calibrate (kpep measure --help)")
    refuses(2, ["measure", "--calibrate", "ls"], "measure takes no argument")
    refuses(2, ["measure", "--calibrate", "-r"], "--repeat needs a value")
    for number in ("0", "5x", "100001", "", "-1", "x"):
        refuses(2, ["measure", "--calibrate", "-r", number],
                f"--repeat {number} (expected a whole number from 1 to 100000)")
    events = [f"E{n}" for n in range(33)]
    refuses(2, ["measure", "--calibrate", "-e", ",".join(events)],
            "--events: 33 of them (expected at most 32)")
    refuses(3, ["measure", "--calibrate", "-r5", "-e", ",".join(events[1:]), "--kperf", "/none"])
    equal(kpep("list", "--cpu=m1", "--", "INST_ALL"), kpep("list", "INST_ALL", "--cpu", "m1"),
          "options before and behind arguments, = or not, --")


def check_unknown():
    for typed, near in [("m1-mox", "m1-max"), ("a144", "a14"), ("M2 Prp", "m2-pro"),
                        ("broadwel", "broadwell")]:
        for command in ("list", "names"):
            refuses(1, [command, "--cpu", typed], f"'{typed}'", f"did you mean '{near}'?")
    refuses(1, ["list", "--cpu", "cpu_100000c_2_ffffffff"], "no CPU")
    refuses(1, ["list", "--cpu", "qqqqqqqqqqqqqq"], "no CPU", "kpep cpus")
    for typed, near in [("INST_BRANCHH", "INST_BRANCH"), ("inst_branch", "INST_BRANCH"),
                        ("branch-mises", "branch-misses"), ("instrctions", "instructions"),
                        ("BR_MISP_RETIRED.ALL_BRANCH", "BR_MISP_RETIRED.ALL_BRANCHES")]:
        refuses(1, ["show", typed], f"no event '{typed}'", f"did you mean '{near}'?")
    refuses(1, ["show", "qqqqqqqqqqqqqqqqqqqqqqqq"], "kpep list")
    refuses(1, ["show", "ipc"], "metric", "kpep names --metrics ipc")
    for command in (["cpus"], ["list", "--cpu", "m1"], ["show", "cycles"], ["names"]):
        refuses(1, [*command, "--release", "macos-14"], "no release 'macos-14'", *FACTS.releases)
    refuses(1, ["list", "--cpu", "m5", "--release", OLDEST], f"as5 has no database in {OLDEST}",
            FACTS.cpu("as5").releases[-1])
    refuses(1, ["names", "--cpu", "m5", "--release", OLDEST], f"as5 has no database in {OLDEST}")
    # What a snapshot that is not whole lacks is not gone, and where else it is is said.
    for command in (["list"], ["names"], ["encode", "BR_INST_RETIRED.COND"], ["plan", "cycles"]):
        refuses(1, [*command, "--cpu", "haswell", "--release", "macos-26.0"],
                "haswell is not in the snapshot of macos-26.0 (macos-15 has it)")
    refuses(1, ["encode", "--cpu", "m1", "--release", "macos-26.4", "INST_BRANCH_COND"],
            "a14 has no 'INST_BRANCH_COND' in macos-26.4 (macos-15 has it)")
    refuses(1, ["show", "BR_INST_RETIRED.COND", "--release", "macos-27"],
            "no CPU has 'BR_INST_RETIRED.COND' in the snapshot of macos-27 (macos-15 has it)")
    refuses(1, ["show", "INST_SME_ENGINE_LD", "--release", "macos-15"],
            "no CPU has 'INST_SME_ENGINE_LD' in macos-15 (macos-27 has it)")
    refuses(1, ["names", "no-such-name"], "no name matches")
    refuses(1, ["names", "--metrics", "cycles"], "no metric matches")
    refuses(1, ["list", "--cpu", "m1", "NOPE*"], "no event of a14 matches 'NOPE*'")
    refuses(1, ["list", "--cpu", "m1", "BR_INST*"], "no event of a14 matches")
    refuses(1, ["list", "--cpu", "m1", "MMU_VIRTUAL_*"], f"in {NEWEST}", "1 in other releases")


# ---- patterns

def check_patterns():
    for cpu in (FACTS.cpu("a14"), FACTS.cpu("icelake")):
        rows = FACTS.rows(cpu, cpu.releases[-1])
        for pattern in ["*", "INST_*", "inst_*", "*tlb*", "?1*", "*[0-9][id]*", "[!a-m]*",
                        "Cycles", "CYCLES", "branch-misses", "*-misses", "FIXED_CYCLES", "*.any",
                        "ReferenceCycles", "br_*.[cn]*_call", "mispredicted", "miss", "Page Walk", "l1",
                        "(", "no such thing", ""]:
            names = {row["name"]: [row["name"], *row["aliases"], *row["names"]] for row in rows}
            whole = {event for event, own in names.items()
                     if any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in own)}
            word = pattern and not set(pattern) & set("*?[")
            wanted = [row["name"] for row in rows if row["name"] in whole or word and any(
                pattern.lower() in text.lower() for text in
                [row["summary"], *([] if whole else names[row["name"]])])]
            if wanted:
                listed = kpep_json("list", "--cpu", cpu.db, pattern)
                equal([row["name"] for row in listed], wanted, f"{cpu.db}: {pattern}")
            else:
                refuses(1, ["list", "--cpu", cpu.db, pattern], f"'{pattern}'")
    for pattern in ["*", "L1-*", "branch*", "*-mpki", "ipc"]:
        for names, options in ((FACTS.names, []), (FACTS.metrics, ["--metrics"])):
            wanted = sorted(n for n in names if fnmatch.fnmatchcase(n, pattern.lower()))
            if wanted:
                equal([n["name"] for n in kpep_json("names", *options, pattern)], wanted, pattern)
            else:
                refuses(1, ["names", *options, pattern], pattern)


# ---- chip-agnostic names and metrics

def check_names():
    texts = {n: (fields["unit"], fields["summary"]) for n, fields in FACTS.names.items()}
    for release in [None, *FACTS.releases]:
        options = [] if release is None else ["--release", release]
        cpus = [cpu for cpu in FACTS.cpus if release is None or release in cpu.releases]
        shown = kpep_json("names", *options)
        equal([n["name"] for n in shown], sorted(FACTS.names), f"names of {release}")
        for name in shown:
            equal((name["unit"], name["summary"]), texts[name["name"]], f"text of {name['name']}")
            equal(name["on"],
                  {cpu.db: FACTS.name_on(name["name"], cpu, release or cpu.releases[-1])
                   for cpu in cpus}, f"{name['name']} in {release}")
        for cpu in cpus:
            equal(kpep_json("names", "--cpu", cpu.db, *options),
                  [{**n, "on": {cpu.db: n["on"][cpu.db]}} for n in shown],
                  f"names --cpu {cpu.db} in {release}")


def check_metrics():
    equal([m["name"] for m in kpep_json("names", "--metrics")], sorted(FACTS.metrics), "metrics")
    for metric in kpep_json("names", "--metrics"):
        facts = FACTS.metrics[metric["name"]]
        equal([metric[key] for key in ("unit", "summary", "expression")],
              [facts[key] for key in ("unit", "summary", "expression")], f"{metric['name']}")
        equal(metric["names"], [word for word in plistfacts.words_of(metric["expression"])
                                if word in FACTS.names], f"names of {metric['name']}")
    for release in [None, *FACTS.releases]:
        options = [] if release is None else ["--release", release]
        for metric in kpep_json("names", "--metrics", *options):
            wanted = {cpu.db: FACTS.metric_on(metric["name"], cpu, release or cpu.releases[-1])
                      for cpu in FACTS.cpus if release is None or release in cpu.releases}
            equal(metric["on"], wanted, f"{metric['name']} in {release}")


# ---- show

def meant(cpu, release, typed):
    """What a name of any kind means: alias, hardware name, chip-agnostic name, in that order."""
    if typed in FACTS.names:
        return FACTS.name_on(typed, cpu, release)
    return FACTS.event_in(cpu, release, cpu.all_aliases().get(typed, typed))


def check_shown(typed, release):
    """On each CPU in that release; without one in its newest, or the newest that has it."""
    wanted = {}
    for cpu in FACTS.cpus:
        releases = cpu.releases[::-1] if release is None else {release} & set(cpu.releases)
        for r in releases:
            event = meant(cpu, r, typed)
            if event is not None:
                wanted[cpu.db] = {"db": cpu.db, **FACTS.row(cpu, r, event)}
                break
    options = [] if release is None else ["--release", release]
    if not wanted:
        status, out, err = run(KPEP, "show", typed, *options, "--json")
        equal((status, json.loads(out)["on"]), (1, []), f"show {typed} in {release}")
        check("no CPU has" in err, f"show {typed} in {release}: {err}")
        return
    shown = kpep_json("show", typed, *options)
    equal(shown["name"], typed, "show: the name as asked")
    for row in shown["on"]:
        del row["sources"], row["otherwise"]  # sources_test.py, versions_test.py
    equal({row["db"]: row for row in shown["on"]}, wanted, f"show {typed} in {release}")
    unseen = {cpu.db for cpu in FACTS.cpus if release in plistfacts.parts() and release not in cpu.releases
              and any(meant(cpu, r, typed) for r in cpu.releases)}
    equal(set(shown["not_in_snapshot"]), unseen, f"show {typed} in {release}: not in the snapshot")
    equal(set(shown["missing"]), {cpu.db for cpu in FACTS.cpus} - wanted.keys() - unseen,
          f"show {typed} in {release}: missing")


def check_show():
    events = {event for cpu in FACTS.cpus for event in cpu.merged()}
    gone = {event for cpu in FACTS.cpus for event in cpu.merged()
            if cpu.event_releases(event) != cpu.releases}
    aliases = {alias for cpu in FACTS.cpus for alias in cpu.all_aliases()}
    for typed in sorted(gone | aliases | set(FACTS.names) | set(sorted(events)[::25])):
        for release in [None, *FACTS.releases]:
            check_shown(typed, release)


def check_known_cases():
    """A few by hand, against the case that all of the above is wrong alike."""
    old, new = "ST_MEMORY_ORDER_VIOLATION_NONSPEC", "ST_MEM_ORDER_VIOL_LD_NONSPEC"
    for typed in (old, new, "memory-order-violations"):
        for release, name in (("macos-15", old), ("macos-26.4", new)):
            rows = {r["db"]: r for r in kpep_json("show", typed, "--release", release)["on"]}
            equal((rows["a14"]["name"], rows["a14"]["number"]), (name, 0xc4), f"{typed}: {release}")
    gone = kpep_json("show", "MMU_VIRTUAL_MEMORY_FAULT_NONSPEC")
    row = next(r for r in gone["on"] if r["db"] == "a14")
    equal((row["number"], row["counters_mask"], row["releases"]), (13, 1020, ["macos-15"]),
          "an event of macOS 15 only")
    check("as5" in gone["missing"], "an event that M5 never had")
    branches = {r["db"]: r["name"] for r in kpep_json("show", "branch-misses")["on"]}
    equal((branches["a14"], branches["skylake"]),
          ("BRANCH_MISPRED_NONSPEC", "BR_MISP_RETIRED.ALL_BRANCHES"), "branch-misses")
    instructions = kpep_json("list", "--cpu", "m1", "[I]nstructions")[0]
    equal((instructions["name"], instructions["fixed_counter"], instructions["fallback"]),
          ("FIXED_INSTRUCTIONS", 1, "INST_ALL"), "Instructions on M1")


# ---- text

def ranges(mask):
    """0x3fc -> 2-9, 0xa0 -> 5,7"""
    runs = re.finditer("1+", bin(mask)[:1:-1])
    return ",".join(str(r.start()) if len(r[0]) == 1 else f"{r.start()}-{r.end() - 1}"
                    for r in runs) or "-"


def table(text):
    """The rows of a table as dictionaries, after a check that its columns stand in line."""
    lines = text.split("\n\n")[0].splitlines()
    titles = [(m[0], m.start(), m.end()) for m in re.finditer(r"\S+( \S+)*", lines[0])]
    rows = []
    for line in lines[1:]:
        cells = [(m[0], m.start(), m.end()) for m in re.finditer(r"\S+( \S+)*", line)]
        check(len(titles) - 1 <= len(cells) <= len(titles) and
              all(cell[1] == title[1] or cell[2] == title[2] for cell, title in zip(cells, titles)),
              f"columns in line\n   {lines[0]}\n   {line}")
        rows.append({title[0]: cell[0] for title, cell in zip(titles, cells)})
    return rows


def event_cells(row, intel):
    cells = {"number": "fixed" if row["fixed_counter"] is not None else hex(row["number"]),
             "counters": ranges(row["counters_mask"])}
    if intel:
        cells["umask"] = f"0x{row['umask']:02x}"
    return cells


def check_plain(*arguments):
    text = kpep(*arguments)
    check(re.fullmatch(r"[ -~\n]+", text), f"{arguments}: plain text")
    check(not re.search(r" $", text, re.M), f"{arguments}: no blank at the end of a line")
    check(text.endswith("\n") and not text.endswith("\n\n"), f"{arguments}: ends with one newline")
    return text


def chips_cell(cpu):
    """A chip that is not sure has a '?', and an id of no known chip is told of once."""
    sure = {chip for sold in cpu["ids"] if sold["confidence"] == "high" for chip in sold["chips"]}
    cells = [chip if chip in sure else f"{chip}?" for chip in cpu["chips"]]
    return ", ".join(cells + ["(unnamed)"] * any(not sold["chips"] for sold in cpu["ids"]))


def check_sold():
    """A few by hand: ids with two subtypes, no chip, and a database that has another name in 27."""
    cpus = {cpu["db"]: cpu for cpu in kpep_json("cpus")}
    equal(cpus["m6"]["chips"], ["M6", "A20"], "M6 and A20: each once")
    equal([sold["id"] for sold in cpus["m6"]["ids"] if sold["chips"] == ["M6"]],
          ["cpu_100000c_2_6d0ccb0c", "cpu_100000c_c_6d0ccb0c"], "M6 has two ids")
    cells = {row["db"]: row["chips"] for row in table(kpep("cpus"))}
    equal([cells[db] for db in ("m6", "as5-1", "as5-2", "as4-2")],
          ["M6?, A20?, (unnamed)", "M5 Pro, M5 Max, (unnamed)", "A19?, A19 Pro", "A18, A18 Pro"],
          "what is not sure, and ids without a chip")
    check("also in Macs" in cpus["as4-2"]["ids"][1]["note"], "A18 Pro is in Macs too")
    for one, other in (("m5", "as12"), ("m6", "cpu_100000c_c_6d0ccb0c"), ("a20", "m6")):
        equal(kpep("list", "--cpu", one), kpep("list", "--cpu", other), f"{one} is {other}")


def check_cpus_text():
    check_sold()
    rows = {row["db"]: row for row in table(check_plain("cpus"))}
    for cpu in kpep_json("cpus"):
        equal(rows[cpu["db"]],
              {"db": cpu["db"], "chips": chips_cell(cpu), "arch": cpu["arch"],
               "events": str(cpu["events"]), "fixed": ranges(cpu["fixed_counters"]),
               "config": ranges(cpu["config_counters"]), "power": ranges(cpu["power_counters"]),
               "bits": str(cpu["event_bits"]), "releases": ", ".join(cpu["releases"]),
               "cpu ids": ", ".join(cpu["cpu_ids"])}, f"cpus: {cpu['db']}")


def check_list_text():
    for db, release, intel in (("a14", OLDEST, False), ("a14", NEWEST, False), ("a7", OLDEST, False),
                               ("as5", NEWEST, False), ("icelake", OLDEST, True)):
        arguments = ["list", "--cpu", db, "--release", release]
        text = check_plain(*arguments)
        rows, listed = table(text), kpep_json(*arguments)
        equal(len(rows), len(listed), f"list {db}: as many rows")
        for row, event in zip(rows, listed):
            wanted = {"name": event["name"], **event_cells(event, intel)}
            if len(FACTS.cpu(db).releases) > 1:
                wanted["releases"] = ", ".join(event["releases"])
            if event["aliases"] or event["names"]:
                wanted["names"] = ", ".join(event["aliases"] + event["names"])
            equal(row, wanted, f"list {db} {release}: {event['name']}")
        check(f"\n\n{len(listed)} events of {db} in {release}" in text, f"list {db}: the last line")
    check(re.search(r"^8 of the 60 events of a14 in macos-26.4$", kpep("list", "--cpu", "m1", "*tlb*"),
                    re.M), "list with a pattern says how many of how many")
    check("3 more in other releases" in kpep("list", "--cpu", "m1"), "events that are left out")


def counted(row):
    """What an event counts, as texts show it."""
    return row["summary"] + (" (likely)" if row["doubted"] else "")


def check_list_meanings():
    """Below each event: with --long, or where a word is in what one counts and in no name."""
    for db, release, *more in (("a14", NEWEST, "--long"), ("haswell", OLDEST, "--long"),
                               ("skylake", OLDEST, "--long", "INST_R*"), ("a14", NEWEST, "TLB"),
                               ("skylake", OLDEST, "retired")):
        arguments = ["list", "--cpu", db, "--release", release, *more]
        text = check_plain(*arguments)
        listed = kpep_json(*[word for word in arguments if word != "--long"])
        notes = [line.strip() for line in text.splitlines() if line.startswith("    ")]
        equal(notes, [counted(row) + (f" [errata {row['errata']}]" if row["errata"] else "")
                      for row in listed], f"{arguments}: a line below each")
        equal(len(table(re.sub(r"\n    .*", "", text))), len(listed), f"{arguments}: rows")
    check("\n    " not in check_plain("list", "--cpu", "m1", "INST_ALL"), "not where a name matches")
    equal(kpep_json("list", "--cpu", "m1", "--long", "*TLB*"), kpep_json("list", "--cpu", "m1", "*TLB*"),
          "--long adds nothing to --json")


def check_show_text():
    for typed in ("cycles", "FIXED_INSTRUCTIONS", "INST_BRANCH", "branch-misses",
                  "ST_MEMORY_ORDER_VIOLATION_NONSPEC", "MMU_VIRTUAL_MEMORY_FAULT_NONSPEC",
                  "INST_RETIRED.ANY_P", "DTLB_LOAD_MISSES.STLB_HIT"):
        text, shown = check_plain("show", typed), kpep_json("show", typed)
        first, text = text.split("\n\n", 1)
        wanted = dict.fromkeys(f"{row['name']}: {counted(row)}" for row in shown["on"])
        if typed in FACTS.names:
            facts = FACTS.names[typed]
            wanted = {f"{typed} ({facts['unit']}): {facts['summary']}": None, **wanted}
        equal(first.splitlines(), list(wanted), f"show {typed}: what it counts")
        some_intel = any(FACTS.cpu(row["db"]).intel for row in shown["on"])
        some_errata = any(row["errata"] for row in shown["on"])
        some_fallback = any(row["fallback"] for row in shown["on"])
        for row, event in zip(table(text), shown["on"], strict=True):
            wanted = {"db": event["db"], "event": event["name"],
                      **event_cells(event, FACTS.cpu(event["db"]).intel),
                      "releases": ", ".join(event["releases"])}
            others = [n for n in event["aliases"] + event["names"] if n != typed]
            wanted |= {"names": ", ".join(others)} if others else {}
            wanted |= {"umask": wanted.get("umask", "-")} if some_intel else {}
            wanted |= {"fallback": event["fallback"] or "-"} if some_fallback else {}
            wanted |= {"errata": event["errata"] or "-"} if some_errata else {}
            equal(row, wanted, f"show {typed}: {event['db']}")
        if shown["missing"]:
            check(text.endswith(f"\n\nnot on {', '.join(shown['missing'])}\n"), f"{typed}: missing")
        check(("are one event" in text) == (shown["on"][-1]["renamed"] is not None),
              f"show {typed}: says that it was renamed")


def check_unseen_text():
    """What is not in a release's snapshot, below the tables."""
    parts = plistfacts.parts()
    equal(kpep("cpus").splitlines()[-1],
          f"Known in part only: {', '.join(parts)}. A CPU without one of these may be in it all the same.", "cpus")
    for release in FACTS.releases:
        unseen = [row["db"] for row in kpep_json("cpus") if release in row["not_in_snapshot"]]
        equal(bool(unseen), release in parts, f"{release}: is it whole?")
        last = kpep("cpus", "--release", release).splitlines()[-2:]
        equal(last == ["", f"not in this snapshot: {', '.join(unseen)}"], bool(unseen), f"cpus --release {release}")
        text, shown = (kpep("show", "cycles", "--release", release, *options) for options in ([], ["--json"]))
        unseen = json.loads(shown)["not_in_snapshot"]
        equal(text.endswith(f"\n\nnot in this snapshot: {', '.join(unseen)}\n"), bool(unseen), f"show in {release}")


def check_matrix(*options):
    """kpep names without --cpu: a column a CPU, its name from top to bottom."""
    lines = check_plain("names", *options).splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("name"))
    titles, rows = [line.ljust(200) for line in lines[:head + 1]], lines[head + 1:]
    shown = kpep_json("names", *options)
    width = max(len(name["name"]) for name in shown)
    equal(len(rows), len(shown), "names: as many rows")
    check(max(map(len, lines)) <= 100, "names: fits on a terminal")
    for row, name in zip(rows, shown):
        equal(row[:width].rstrip(), name["name"], "names: the name")
        marks = {"".join(line[width + 1 + 2 * i] for line in titles).strip(): mark
                 for i, mark in enumerate(row[width + 1::2])}
        equal(marks, {db: "." if event is None else "+" for db, event in name["on"].items()},
              f"names: the marks of {name['name']}")


def check_names_text():
    check_matrix()
    check_matrix("--release", OLDEST)
    for row, name in zip(table(check_plain("names", "--cpu", "m1")),
                         kpep_json("names", "--cpu", "m1"), strict=True):
        equal(row, {"name": name["name"], "event": name["on"]["a14"] or "not supported",
                    "unit": name["unit"], "summary": name["summary"]}, "names --cpu m1")
    for row, metric in zip(table(check_plain("names", "--metrics")),
                           kpep_json("names", "--metrics"), strict=True):
        equal(row, {"metric": metric["name"], "unit": metric["unit"],
                    "CPUs": str(sum(map(bool, metric["on"].values()))), "expression": metric["expression"]}, "metrics")
    for row, metric in zip(table(check_plain("names", "--metrics", "--cpu", "m1")),
                           kpep_json("names", "--metrics", "--cpu", "m1"), strict=True):
        equal((row["supported"], row["expression"]),
              ("yes", metric["on"]["a14"]) if metric["on"]["a14"] else ("no", metric["expression"]),
              f"{metric['name']} on M1")


# ---- terminals, full disks, closed pipes

def on_terminal(arguments, **environment):
    master, slave = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in ("TERM", "NO_COLOR")} | environment
    process = subprocess.Popen([KPEP, *arguments], stdout=slave, stderr=subprocess.PIPE, env=env)
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 65536):
            text += chunk
    except OSError:  # Linux's way to say that nobody writes any more
        pass
    os.close(master)
    equal((process.wait(), process.stderr.read()), (0, b""), f"{arguments} on a terminal")
    process.stderr.close()
    return text.decode().replace("\r\n", "\n")


def check_plain_names():
    """Every name alone: all that --json knows, each of which --cpu or the pattern takes."""
    plain = kpep("cpus", "--plain").split("\n")[:-1]
    equal(len(plain), len(set(plain)), "cpus --plain: each name once")
    for cpu in kpep_json("cpus"):
        chips = [chip.lower().replace(" ", "-") for chip in cpu["chips"]]
        for name in [cpu["db"], *chips, *cpu["cpu_ids"]]:
            check(name in plain, f"cpus --plain has {name}")
        events = kpep_json("list", "--cpu", cpu["db"])
        equal(kpep("list", "--cpu", cpu["db"], "--plain").split(),
              [name for e in events for name in (e["name"], *e["aliases"], *e["names"])],
              f"list --plain of {cpu['db']}")
    for name in plain:
        kpep("list", "--cpu", name, "--plain")
    old = kpep("cpus", "--plain", "--release", OLDEST).split()
    check("a14" in old and "as5" not in old, f"cpus --plain --release {OLDEST}")
    for command in (["names"], ["names", "--metrics"]):
        equal(kpep(*command, "--plain").split(), [name["name"] for name in kpep_json(*command)],
              f"{command} --plain")
    of_one = kpep_json("names", "--cpu", "m1", "b*")
    equal(kpep("names", "--cpu", "m1", "b*", "--plain").split(),
          [name["name"] for name in of_one if name["on"]["a14"]], "names --plain: what m1 has")
    of_one = kpep_json("names", "--cpu", "a7", "--metrics")
    equal(kpep("names", "--cpu", "a7", "--metrics", "--plain").split(),
          [metric["name"] for metric in of_one if metric["on"]["a7"]], "metrics that a7 has")


def check_terminal():
    for arguments in (["cpus"], ["list", "--cpu", "m1"], ["show", "INST_BRANCH"], ["names"],
                      ["names", "--cpu", "m1"], ["names", "--metrics"]):
        plain, bold = kpep(*arguments), on_terminal(arguments, TERM="xterm")
        above = plain.find("\n\n") + 2 if arguments[0] == "show" else 0  # what the event counts
        check(bold.startswith("\033[1m", above), f"{arguments}: bold titles on a terminal")
        equal(bold.count("\033"), 2, f"{arguments}: titles alone are bold")
        equal(re.sub(r"\033\[[01]m", "", bold), plain, f"{arguments}: nothing but that differs")
        check("\033[0m" in bold[:bold.index("\n" + plain.splitlines()[-2][:10])],
              f"{arguments}: bold ends")
        for environment in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
            equal(on_terminal(arguments, **environment), plain, f"{arguments}: {environment}")
    check("\033" in on_terminal(["cpus"], TERM="xterm", NO_COLOR=""), "an empty NO_COLOR is none")
    check("\033" not in on_terminal(["cpus", "--json"], TERM="xterm"), "JSON is never bold")


def check_output_fails():
    for arguments in PRINTING:
        for where in (">/dev/full", ">&-"):
            status, _, err = run("/bin/sh", "-c", f'exec "$0" "$@" {where}', KPEP, *arguments)
            equal((status, err), (1, "kpep: cannot write to standard output\n"),
                  f"{arguments} {where}")


def check_reader_leaves():
    """A pipe whose reader goes away ends it: no message, no loop."""
    reader, writer = os.pipe()
    os.close(reader)  # before the command starts: all it prints would fit into the pipe
    process = subprocess.Popen([KPEP, "names", "--json"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    equal(process.stderr.read(), b"", "nothing is said of a reader that left")
    check(process.wait(timeout=60) != 0, "a reader that left is no success")
    process.stderr.close()


# ---- hostile arguments

def check_hostile():
    texts = [b"", b" ", b"%n%n%n%s%s", b"x" * 65536, b"*" * 65536, b"[" * 65536, b"a\nb\r\x1b[31m",
             b"\xff\xfe\x80", "é☃".encode(), b"'; rm -rf /", b"cpu_", b"cpu_1_2",
             b"cpu_100000c_2_1b588bb3_", b"cpu_1111111111_2_3", b"--", b"[a", b"[!", b"[[:alpha:",
             b"\\", b"-", b"*" + b"[a-z]*" * 41 + b"!"]
    for text in texts:
        for arguments in (["list", b"--cpu=" + text], ["names", b"--cpu=" + text],
                          ["cpus", b"--release=" + text], ["show", b"cycles", b"--release=" + text],
                          ["list", "--cpu=m1", b"--release=" + text], ["show", "--", text],
                          ["list", "--cpu=m1", "--", b"\x01" + text],
                          ["names", "--metrics", "--", b"\x01" + text]):
            refuses(1, arguments)
        for arguments in ([b"\x01" + text], ["list", b"--\x01" + text], ["list", b"-\x01" + text],
                          ["cpus", "--", text], ["show", text + b"a", text]):
            refuses(2, arguments)
    refuses(2, [""], "no command ''")
    refuses(2, ["list", "--cpu=m1"] + ["x"] * 5000)
    check(kpep("list", "--cpu=m1", "**********INST_A*L**L*****").count("INST_ALL") >= 1, "stars")


check_help()
check_usage()
check_unknown()
check_patterns()
check_names()
check_metrics()
check_show()
check_known_cases()
check_cpus_text()
check_list_text()
check_list_meanings()
check_show_text()
check_unseen_text()
check_names_text()
check_plain_names()
check_terminal()
check_output_fails()
check_reader_leaves()
check_hostile()
done()
