"""What Intel's events need, as kpep programs it and warns of it: against the list that db/intel.plist
was made from, and against libpfm4, where they are there.
"""
import csv
import json
import os
import pathlib
import tempfile

import plistfacts
from kpeptest import CC, KPEP, KPEPC, LISTS, check, database, done, equal, run, write_plist

PLAIN = 0x430000  # USR, OS and EN: what kperfdata's words have
FIELDS = {"edge": 1 << 18, "any": 1 << 21, "inv": 1 << 23}

# libpfm4's model of each database. Kaby Lake's and Comet Lake's core is Skylake's.
MODELS = {"ivybridge": "ivb", "haswell": "hsw", "broadwell": "bdw", "skylake": "skl",
          "kabylake": "skl", "cometlake": "skl", "icelake": "icl"}
ASK = r"""
#include <perfmon/pfmlib.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char name[256];

    if (pfm_initialize() != PFM_SUCCESS)
        return 1;
    while (scanf("%255s", name) == 1) {
        pfm_pmu_encode_arg_t got = {.size = sizeof got};

        if (pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3, PFM_OS_NONE, &got) != PFM_SUCCESS)
            puts("-");
        else
            printf("%llu %llu\n", (unsigned long long)got.codes[0],
                   (unsigned long long)(got.count > 1 ? got.codes[1] : 0));
        free(got.codes);
    }
    return 0;
}
"""


def encoded(db, events, *options):
    """Event -> its word and its warnings; all of one database in one plan."""
    status, out, err = run(KPEP, "plan", "--json", "--cpu", db, *options, *events)
    equal(status, 0, err)
    found = {}
    for one in json.loads(out)["passes"]:
        for slot, event in zip(one["map"], one["events"]):
            found[event["name"]] = (one["config"][slot],
                                    {w["warning"] for w in one["warnings"]
                                     if w["event"] == event["name"]} - {"disputed"})
    return found


def bits_of(row):
    """Fields of PERFEVTSEL above the unit mask, as the list has them."""
    return (int(row["cmask"] or 0) << 24) + sum(bit for key, bit in FIELDS.items() if row[key])


def check_list(path):
    """Every row, with and without --full, and the value of its MSR."""
    with open(path, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    intel = plistfacts.Intel()
    for db in sorted({row["db"] for row in rows}):
        own = [row for row in rows if row["db"] == db]
        events = [row["event"] for row in own]
        plain, full = encoded(db, events), encoded(db, events, "--full")
        for row in own:
            event, bits = row["event"], bits_of(row)
            word = int(row["number"]) | int(row["umask"]) << 8 | PLAIN
            lost = {"any-thread"} if row["any"] else set()
            lost |= {"msr"} if row["msr"] else set()
            programmed = bits & ~FIELDS["any"]
            equal(full[event], (word | programmed, lost), f"{db} --full: {event}")
            equal(plain[event], (word, lost | ({"other-bits"} if programmed else set())),
                  f"{db}: {event}")
            equal(intel.msr_value(db, event), int(row["msr_value"] or "0", 0), f"{db}: {event}")
    check(len(intel.needs) == len(rows), f"{len(intel.needs)} of {len(rows)} events have needs")
    return len(rows)


def libpfm4(names):
    """Its word and the value of an MSR for each name, None for one it has not; None without it."""
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        (home / "ask.c").write_text(ASK)
        if run(CC, "-o", home / "ask", home / "ask.c", "-lpfm")[0] != 0:
            return None
        status, out, err = run(home / "ask", stdin="\n".join(names).encode(),
                               env=dict(os.environ, LIBPFM_ENCODE_INACTIVE="1"))
        equal(status, 0, f"libpfm4: {err}")
        return [None if line == "-" else tuple(map(int, line.split()))
                for line in out.splitlines()]


def check_libpfm4():
    """Every event that it knows by the same number and unit mask, those that need nothing too."""
    facts = plistfacts.Facts(plistfacts.snapshots())
    intel = plistfacts.Intel()
    cpus = {cpu.db: {name: fields for name, fields in cpu.newest.head["events"].items()
                     if "fixed_counter" not in fields} for cpu in facts.cpus if cpu.intel}
    asked = [(db, name) for db, events in sorted(cpus.items()) for name in sorted(events)]
    answers = libpfm4([f"{MODELS[db]}::{name.replace('.', ':', 1)}" for db, name in asked])
    if answers is None:
        print("not tested: no libpfm4 here")
        return 0
    compared = 0
    for db, events in sorted(cpus.items()):
        full = encoded(db, sorted(events), "--full")
        for (_, name), answer in ((a, b) for a, b in zip(asked, answers) if a[0] == db):
            fields = events[name]
            if answer is None or answer[0] & 0xFFFF != fields["number"] | fields["umask"] << 8:
                continue
            word, warnings = full[name]
            word |= FIELDS["any"] if "any-thread" in warnings else 0
            compared += 1
            same = 0xFFA4FFFF
            if name == "UOPS_RETIRED.TOTAL_CYCLES":
                check(min(word, answer[0]) >> 24 >= 10, f"{db}: more uops than a cycle retires")
                same = 0x00A4FFFF
            equal((hex(word & same), hex(intel.msr_value(db, name))),
                  (hex(answer[0] & same), hex(answer[1])), f"{db}: {name}")
    return compared


def check_releases():
    """As each release has and calls an event, it needs the same; an MSR is of a selector."""
    def made(umask, number, renamed, **other):
        return database(architecture="x86_64", aliases={}, events={
            "A": {"number": 9, "umask": umask, **other}, "B": {"number": number, "umask": 1},
            renamed: {"number": 0x55, "umask": 1}})

    needs = {"msrs": [{"number": 0xB7, "umask": 1, "msr": 0x1A6}],
             "bits": [{"databases": ["t1"], "events": {"A": {"cmask": 2, "inv": True},
                                                       "B": {"msr_value": 5},
                                                       "C": {"edge": True}}}]}
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        write_plist(home / "r1/t1.plist", made(1, 0xB8, "C", other=0x157))
        write_plist(home / "r2/t1.plist", made(2, 0xB7, "D"))
        write_plist(home / "intel.plist", needs)
        for release, umask, more in (("r1", "0x1", {}),
                                     ("r2", "0x2", {"MSRIndex": "0x1a6", "MSRValue": "0x5"})):
            status, out, err = run(KPEPC, "emit", "-t", "perf-json", "--cpu", "t1", "--release",
                                   release, "--intel", home / "intel.plist", f"r1={home / 'r1'}",
                                   f"r2={home / 'r2'}")
            equal(status, 0, err)
            a, b, renamed = json.loads(out)
            equal(renamed["EdgeDetect"], "1", f"C or D in {release}")
            equal({key: a.get(key) for key in ("UMask", "CounterMask", "Invert", "EdgeDetect")},
                  {"UMask": umask, "CounterMask": "2", "Invert": "1", "EdgeDetect": None},
                  f"A in {release}")
            equal({key: b[key] for key in ("MSRIndex", "MSRValue") if key in b}, more,
                  f"B in {release}")


check_releases()
if LISTS.exists():
    print(f"{check_list(LISTS / 'intel_bits.tsv')} rows of the list")
else:
    print("not tested: the list is not beside the repository")
print(f"{check_libpfm4()} events of libpfm4")
done()
