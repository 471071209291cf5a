"""kpepc lint: every rule on a database that breaks it and one that does not, what it finds in
db/kpep held against the plists themselves, accepted findings, JSON, and the exit status."""
import contextlib
import copy
import itertools
import json
import pathlib
import random
import re
import subprocess
import tempfile

import plistfacts
from kpeptest import KPEP, KPEPC, SOURCE, check, database, done, equal, run, write_plist

DB = SOURCE / "db"
FILES = ["--names", DB / "names.plist", "--chips", DB / "chips.plist",
         "--kernel", DB / "kernel.plist", "--intel", DB / "intel.plist",
         "--sources", DB / "sources.plist"]
ACCEPTED = ["--accepted", DB / "lint-accepted.txt"]
RELEASES = plistfacts.arguments(plistfacts.snapshots())
ID = "cpu_100000c_2_1"
LINE = re.compile(r"(\S+): (error|warning|note): (?:([A-Za-z0-9_.-]+): )?(.*) \[([a-z-]+)\]")


def lint(*arguments):
    """Exit status, the lines of findings, the summary; nothing may go to stderr but notes."""
    status, out, err = run(KPEPC, "lint", *arguments)
    check(all(line.startswith("note: ") for line in err.splitlines()), f"stderr: {err}")
    *lines, summary = out.splitlines()
    return status, lines, summary


def lint_json(*arguments):
    status, out, err = run(KPEPC, "lint", "--json", *arguments)
    equal(err, "", "stderr of lint --json")
    return status, json.loads(out)


# ---- fixtures ----------------------------------------------------------------------------------

def arm(events=None, **changes):
    """The small database of kpeptest with other events; a value of None takes an event away."""
    made = database(**changes)
    made["system"]["cpu"]["events"].update(events or {})
    made["system"]["cpu"]["events"] = {
        name: fields for name, fields in made["system"]["cpu"]["events"].items() if fields}
    return made


def intel(events=None, **changes):
    """A small Intel database."""
    made = database(architecture="x86_64", fixed_counters=7, config_counters=120, aliases={})
    cpu = made["system"]["cpu"]
    del cpu["power_counters"]
    cpu["events"] = {
        "CLK.THREAD": {"fixed_counter": 1, "counters_mask": 2, "umask": 2, "fallback": "CLK.P"},
        "CLK.P": {"number": 60, "umask": 0},
        "INST.ANY": {"fixed_counter": 0, "counters_mask": 1, "umask": 1, "fallback": "INST.P"},
        "INST.P": {"number": 192, "umask": 0},
        "UOPS.ISSUED": {"number": 14, "umask": 1, "other": 0x53},
        **(events or {})}
    cpu.update(changes)
    return made


def used_by(made, *ids):
    """The same as a snapshot that says whose it is; its release is the one it is read as."""
    return {**made, "ids": ids or (ID,)}


@contextlib.contextmanager
def laid_out(*releases, **files):
    """Directories r1, r2 ... of databases, and plists beside them: the arguments that name them."""
    with tempfile.TemporaryDirectory() as home:
        home = pathlib.Path(home)
        arguments = []
        for number, databases in enumerate(releases, 1):
            name = f"r{number}"
            for made in databases:
                made = dict(made)
                ids = made.pop("ids", None)
                if ids:
                    made["kpep"] = {"release": name, "cpus": list(ids)}
                write_plist(home / name / f"{made['name']}.plist", made)
            arguments.append(f"{name}={home / name}")
        for option, data in files.items():
            arguments[:0] = [f"--{option}", write_plist(home / f"{option}.plist", data)]
        yield arguments


def lines_of(rule, *releases, **files):
    with laid_out(*releases, **files) as arguments:
        _, lines, _ = lint(*arguments)
        return [line for line in lines if line.endswith(f" [{rule}]")]


SEEN = set()


def rule(name, want, bad, good, **files):
    """The exact lines of a rule on the bad fixture, and none on the good one.

    A fixture is a database, or a list of them: one a release.
    """
    SEEN.add(name)
    bad, good = (fixture if isinstance(fixture, list) else [fixture] for fixture in (bad, good))
    want = [f"{line} [{name}]" for line in ([want] if isinstance(want, str) else want)]
    equal(lines_of(name, *[[made] for made in bad], **files), want, f"{name}: the bad fixture")
    equal(lines_of(name, *[[made] for made in good], **files), [], f"{name}: the good fixture")


# ---- every rule --------------------------------------------------------------------------------

def check_fixed_rules():
    rule("fixed-outside-mask",
         "t1: error: SLOTS: is on fixed counter 3, which the fixed mask 0x7 does not have, so no "
         "counter can be read for it",
         intel({"SLOTS": {"fixed_counter": 3, "counters_mask": 8, "umask": 4}}),
         intel({"SLOTS": {"fixed_counter": 2, "counters_mask": 4, "umask": 3}}))
    rule("fixed-mask-mismatch",
         ["t1: error: FIXED_CYCLES: is on fixed counter 0 but has the mask 0x3, so that kperfdata, "
          "which goes by the mask, and who goes by the index read different counters",
          "t1: error: FIXED_INSTRUCTIONS: is on fixed counter 1 but has the mask 0x3fc, so that "
          "kperfdata, which goes by the mask, and who goes by the index read different counters"],
         arm({"FIXED_CYCLES": {"fixed_counter": 0, "counters_mask": 3},
              "FIXED_INSTRUCTIONS": {"fixed_counter": 1}}),
         arm())
    rule("fixed-umask-mismatch",
         "t1: error: REF: has umask 0x3, Intel's code for fixed counter 2, but is on fixed counter "
         "1, which counts something else",
         intel({"REF": {"fixed_counter": 1, "counters_mask": 2, "umask": 3}}),
         intel({"REF": {"fixed_counter": 2, "counters_mask": 4, "umask": 3}}))
    rule("fixed-counter-shared",
         "t1: warning: INST.ANY: is on fixed counter 0 like INST.PREC, INST.PREC_2, so they count "
         "the same, whatever their names say",
         intel({"INST.PREC": {"fixed_counter": 0, "counters_mask": 1, "umask": 1},
                "INST.PREC_2": {"fixed_counter": 0, "counters_mask": 1, "umask": 1}}),
         intel({"INST.PREC": {"fixed_counter": 2, "counters_mask": 4, "umask": 1}}))
    rule("fallback-fixed",
         "t1: error: FIXED_CYCLES: has the fallback FIXED_INSTRUCTIONS, itself a fixed event, so "
         "kperfdata programs a selector that it does not have",
         arm({"FIXED_CYCLES": {"fixed_counter": 0, "counters_mask": 1,
                               "fallback": "FIXED_INSTRUCTIONS"}}),
         arm({"FIXED_CYCLES": {"fixed_counter": 0, "counters_mask": 1, "fallback": "INST_ALL"}}))
    rule("fallback-missing",
         "t1: warning: REF: is fixed and has no fallback, by which alone kperfdata counts it on "
         "x86_64, so it answers 14 (event unavailable)",
         intel({"REF": {"fixed_counter": 2, "counters_mask": 4, "umask": 3}}),
         intel({"REF": {"fixed_counter": 2, "counters_mask": 4, "umask": 3, "fallback": "CLK.P"}}))
    equal(lines_of("fallback-missing", [arm()]), [], "an Apple chip needs no fallback")


def check_mask_rules():
    rule("counter-masks-overlap",
         "t1: error: counters 0x4 are both fixed (mask 0x7) and configurable (mask 0x3fc), so what "
         "is counted on them is read from another counter's slot",
         arm(fixed_counters=7), arm(fixed_counters=3))
    rule("power-outside-config",
         "t1: error: counters 0x1c00 of the power mask 0x1c00 are not configurable (mask 0x3fc), "
         "so kperfdata holds back as many that are, until counters are forced",
         arm(power_counters=0x1C00), arm(power_counters=0x380))
    rule("counters-with-hole",
         "t1: error: the counters 0x1fb are not numbered on from 0, and kperfdata, which stops at "
         "their count 8, never uses the counters 0x100",
         arm(config_counters=0x1F8), arm(config_counters=0x1FC))
    rule("mask-empty",
         "t1: error: NOWHERE: has no counter (mask 0x0), so kperfdata answers 16 (no usable "
         "counter)",
         arm({"NOWHERE": {"number": 9, "counters_mask": 0}}),
         arm({"NOWHERE": {"number": 9, "counters_mask": 4}}))
    rule("mask-not-configurable",
         "t1: error: WIDE: has the mask 0x3ff, of which the counters 0x3 are not configurable, so "
         "kperfdata answers 16 (no usable counter) or places it where nothing is counted",
         arm({"WIDE": {"number": 9, "counters_mask": 0x3FF}}),
         arm({"WIDE": {"number": 9, "counters_mask": 0x3FC}}))
    rule("masks-not-nested",
         "t1: note: the masks of INST_BRANCH (0xe0) and LOW (0x3c) overlap and neither holds the "
         "other, so how many passes a set of events takes needs a search",
         arm({"LOW": {"number": 9, "counters_mask": 0x3C}}),
         arm({"LOW": {"number": 9, "counters_mask": 0x1C}}))
    rule("no-free-counter",
         "t1: note: 2 of 3 configurable events count on nothing but counters that the power "
         "manager holds (0xe0), so kperfdata answers 13 for them until counters are forced",
         arm(), arm({"INST_ALL": {"number": 140, "counters_mask": 0x84},
                     "INST_BRANCH": {"number": 141, "counters_mask": 0xEC}}))
    rule("unforced-misplaced",
         "t1: warning: while counters are not forced kperfdata may give 2 events (first INST_ALL, "
         "mask 0xfc) counter 5, which is counter 8 to a kernel whose power manager holds 0xe0, "
         "where nothing of use is counted",
         arm({"INST_ALL": {"number": 140, "counters_mask": 0xFC},
              "INST_BRANCH": {"number": 141, "counters_mask": 0xFC}}),
         arm({"INST_ALL": {"number": 140, "counters_mask": 0x3FC}}))
    low = {"INST_ALL": {"number": 140, "counters_mask": 0xFC}}
    equal(lines_of("unforced-misplaced", [arm(low, power_counters=0x380)]), [],
          "held counters at the end are where kperfdata takes them to be")


def check_encoding_rules():
    rule("shared-encoding",
         ["t1: warning: CLK.P: has number 0x3c and umask 0x0 like CLK.P_ANY, so they count the "
          "same",
          "t1: warning: UOPS.ISSUED: has number 0xe and umask 0x1 like UOPS.ISSUED_2, UOPS.ISSUED_3, "
          "so they count the same",
          "t1: warning: UOPS.STALLS: has number 0xe and umask 0x1 like UOPS.STALLS_2, so they count "
          "the same"],
         intel({"CLK.P_ANY": {"number": 60, "umask": 0},
                "UOPS.STALLS": {"number": 14, "umask": 1, "other": 0x1D3},
                "UOPS.STALLS_2": {"number": 14, "umask": 1, "other": 0x1C3},
                "UOPS.ISSUED_2": {"number": 14, "umask": 1, "counters_mask": 8, "other": 0x43},
                "UOPS.ISSUED_3": {"number": 14, "umask": 1}}),
         intel({"CLK.P_ANY": {"number": 60, "umask": 1},
                "UOPS.STALLS": {"number": 14, "umask": 1, "other": 0x1D3}}))
    rule("shared-encoding",
         "t1: warning: INST_ALL: has number 0x8c like INST_EVERY, so they count the same",
         arm({"INST_EVERY": {"number": 140}}), arm({"INST_EVERY": {"number": 142}}))
    renamed = arm({"INST_BRANCH": None, "INST_BR": {"number": 141, "counters_mask": 224}})
    equal(lines_of("shared-encoding", [arm()], [renamed]), [], "a new name is no second event")
    both = arm({"INST_BR": {"number": 141, "counters_mask": 224}})
    equal(lines_of("shared-encoding", [arm()], [both], [renamed]),
          ["t1: warning: INST_BR: has number 0x8d like INST_BRANCH, so they count the same "
           "[shared-encoding]"], "two names in one of the releases are")

    full = ("needs bits that kperfdata drops, and counts something else without them (kpep encode "
            "--full has them)")
    mode = "is of one mode, but kperfdata asks for both (kpep encode --user-only: for USR)"
    thread = ("is of both threads of a core, but the kernel clears the bit for it, so that one "
              "thread is counted")
    register = ("needs an MSR that no macOS programs, and counts something else or nothing without "
                "it")
    bits = {"A": 0x153, "B": 0x1D3, "C": 0x157, "D": 0x73, "E": 0x51, "F": 0x52, "G": 0x10F7}
    bad = intel({event: {"number": 9, "umask": 1, "other": other} for event, other in bits.items()})
    good = intel({event: {"number": 9, "umask": 1, "other": other}
                  for event, other in (("A", 0x53), ("B", 0x43), ("C", 0x03))})
    rule("other-dropped", f"t1: warning: A: {full}: A (CMASK 1), B (CMASK 1, INV), C (CMASK 1, EDGE)",
         bad, good)
    rule("any-thread-dropped", f"t1: warning: D: {thread}: D (ANY), G (CMASK 16, INV, EDGE, ANY)",
         bad, good)
    rule("mode-dropped", f"t1: warning: E: {mode}: E (USR without OS), F (OS without USR)", bad, good)
    needs = {"msrs": [{"number": 0xB7, "umask": 1, "msr": 0x1A6}],
             "bits": [{"databases": ["t1"],
                       "events": {"A": {"cmask": 2, "inv": True}, "B": {"edge": True, "any": False},
                                  "C": {"msr_value": 5}}}]}
    missing = {"A": {"number": 9, "umask": 1}, "B": {"number": 9, "umask": 1, "other": 0x57}}
    response = {"C": {"number": 0xB7, "umask": 1}, "D": {"number": 0xB7, "umask": 1}}
    with_needs = intel({**missing, **response})
    equal(lines_of("other-dropped", [with_needs], intel=needs),
          [f"t1: warning: A: {full}: A (CMASK 2, INV), B (EDGE) [other-dropped]"],
          "bits that the plist lacks")
    rule("msr-not-set", f"t1: warning: C: {register}: C (MSR 0x1a6), D (MSR 0x1a6)", with_needs,
         intel({**missing, "C": {"number": 0xB7, "umask": 2}}), intel={**needs, "bits": []})
    equal(lines_of("shared-encoding", [with_needs], intel=needs), [],
          "events apart by bits of another file, or by what an MSR holds")
    equal(len(lines_of("shared-encoding", [intel(response)])), 1, "which nobody else knows")
    rule("other-overruled",
         "t1: warning: A: has other bits 0x153 (CMASK 1) in the database and 0x2d3 (CMASK 2, INV) by "
         "Intel's files, which count here",
         intel({**missing, **response, "A": {"number": 9, "umask": 1, "other": 0x153}}),
         intel({**missing, **response, "A": {"number": 9, "umask": 1, "other": 0x2D3}}), intel=needs)
    names = {"names": {"stalls": {"unit": "cycles", "summary": "Stalls.",
                                  "candidates": {"x86_64": ["UOPS.STALLS", "UOPS.ISSUED"]}}}}
    rule("name-other-dropped",
         "t1: error: UOPS.STALLS: is what stalls means here, and a Mac counts something else with "
         "it, as it does not program what the event needs (CMASK 1, INV)",
         intel({"UOPS.STALLS": {"number": 14, "umask": 1, "other": 0x1D3}}),
         intel({"UOPS.STALLS": {"number": 14, "umask": 1, "other": 0x53}}), names=names)
    rule("name-other-dropped",
         "t1: error: UOPS.STALLS: is what stalls means here, and a Mac counts something else with "
         "it, as it does not program what the event needs (MSR 0x1a6)",
         intel({"UOPS.STALLS": {"number": 0xB7, "umask": 1}}),
         intel({"UOPS.STALLS": {"number": 0xB7, "umask": 2}}), names=names,
         intel={**needs, "bits": []})
    rule("selector-zero",
         "t1: error: NOTHING: has number 0x0, which is no event on an Apple chip, so its counter "
         "stays at 0",
         arm({"NOTHING": {"number": 0}}), intel({"NOTHING": {"number": 0, "umask": 0}}))
    chips = {ID: {"chips": ["T1"], "confidence": "high", "event_bits": 8}}
    rule("selector-too-wide",
         ["t1: error: FAR: has number 0x1d4, wider than the 8 bits of the chip's selectors, so "
          "what is counted is 0xd4",
          "t1: error: WIDE: has number 0x18d, wider than the 8 bits of the chip's selectors, so "
          "what is counted is 0x8d, INST_BRANCH"],
         used_by(arm({"FAR": {"number": 0x1D4}, "WIDE": {"number": 0x18D}})),
         used_by(arm({"FAR": {"number": 0xD4}})), chips=chips)
    rule("selector-too-wide",
         "t1: error: WIDE: has number 0x40e, wider than Intel's 8 bits, so what is counted is 0xe "
         "with umask 0x5",
         intel({"WIDE": {"number": 0x40E, "umask": 1}}), intel())
    wide = arm({"WIDE": {"number": 0x18D}})
    equal(lines_of("selector-too-wide", [wide]), [], "without --chips the widest selector fits")


def check_kernel_rules():
    def kernel(*lists):
        return {f"T{i}": {"cpus": [ID], "selectors": list_} for i, list_ in enumerate(lists)}

    known = [0, 140, 141, 163]
    unlisted = ("has selector 0x8d, which no public kernel lists for all chips of this CPU, so a "
                "release kernel of macOS 14 or later may answer EPERM")
    rule("not-in-kernel-list", f"t1: warning: INST_BRANCH: {unlisted}",
         used_by(arm()), arm(), kernel=kernel({"14.0": [140, 163]}))
    rule("not-in-kernel-list", f"t1: warning: INST_BRANCH: {unlisted}",
         used_by(arm()), arm(), kernel=kernel({"14.0": known}, {"15.0": [140, 163]}))
    equal(lines_of("not-in-kernel-list", [used_by(arm())], kernel=kernel({"14.0": known})), [],
          "all that the list has")
    late = ("has selector 0x8d, listed by the kernel since macOS 15.4 but not in the chip's first "
            "list of 14.0, so kernels between answer EPERM")
    rule("late-in-kernel-list", f"t1: note: INST_BRANCH: {late}",
         used_by(arm()), arm(), kernel=kernel({"14.0": [140, 163], "15.4": [141]}))
    equal(lines_of("late-in-kernel-list", [used_by(arm())], kernel=kernel({"15.4": known})), [],
          "all of them in the first list")


def check_release_rules():
    def changed(event, field, was, now, old="r1", new="r2"):
        return (f"t1: warning: {event}: has {field} {was} in {old} and {now} in {new}, so "
                f"a word or a placement that was made for one is wrong in the other")
    old = arm()
    new = arm({"INST_ALL": {"number": 8, "counters_mask": 0xE0}, "L1D_CACHE_MISS_LD": None,
               "FIXED_INSTRUCTIONS": {"fixed_counter": 1, "counters_mask": 2,
                                      "fallback": "INST_BRANCH"}})
    rule("field-changed",
         [changed("FIXED_INSTRUCTIONS", "fallback", "INST_ALL", "INST_BRANCH"),
          changed("INST_ALL", "counters_mask", "0x80", "0xe0"),
          changed("INST_ALL", "number", "0x8c", "0x8")],
         [old, new], [old, old])
    rule("field-changed", changed("L1D_CACHE_MISS_LD", "number", "0xa3", "0x5a3", "r1", "r3"),
         [old, arm({"L1D_CACHE_MISS_LD": None}), arm({"L1D_CACHE_MISS_LD": {"number": 0x5A3}})],
         [old, arm({"L1D_CACHE_MISS_LD": None}), old])
    rule("field-changed",
         [changed("CLK.P", "umask", "0x0", "0x1"),
          changed("INST.P", "counters_mask", "0x78", "0x4"),
          changed("INST.P", "fixed_counter", "absent", "2"),
          changed("INST.P", "number", "0xc0", "absent"),
          changed("UOPS.ISSUED", "other", "0x53", "absent")],
         [intel(), intel({"CLK.P": {"number": 60, "umask": 1},
                          "UOPS.ISSUED": {"number": 14, "umask": 1},
                          "INST.P": {"fixed_counter": 2, "counters_mask": 4, "umask": 0}})],
         [intel(), intel({"CLK.P": {"number": 60, "umask": 0, "counters_mask": 120}})])

    def counters(field, was, now):
        return (f"t1: warning: {field} is {was} in r1 and {now} in r2, so words and slots "
                f"that were made for one are wrong in the other")
    rule("counters-changed",
         [counters("config_counters", "0x3fc", "0x7fc"), counters("fixed_counters", "0x3", "0x803"),
          counters("power_counters", "0xe0", "0x0")],
         [arm(), arm(config_counters=0x7FC, power_counters=0, fixed_counters=0x803)],
         [arm(), arm(marketing_name="Other")])
    swapped = {"Cycles": "FIXED_INSTRUCTIONS", "Instructions": "FIXED_CYCLES"}
    follows = "so a program that asks for it counts something else after an update"
    rule("alias-moved",
         [f"t1: warning: the alias Cycles means FIXED_CYCLES in r1 and FIXED_INSTRUCTIONS in r2, "
          f"{follows}",
          f"t1: warning: the alias Instructions means FIXED_INSTRUCTIONS in r1 and FIXED_CYCLES in "
          f"r2, {follows}"],
         [arm(), arm(aliases=swapped)],
         [arm(aliases={"Branches": "INST_BRANCH"}),
          arm({"INST_BRANCH": None, "INST_BR": {"number": 141, "counters_mask": 224}},
              aliases={"Branches": "INST_BR"})])


def check_name_rules():
    def names(*candidates, **more):
        return {"names": {"loads": {"unit": "loads", "summary": "Loads.",
                                    "candidates": {"arm64": list(candidates)}}, **more}}

    def one(key, *candidates):
        return {"unit": "x", "summary": "X.", "candidates": {key: list(candidates)}}

    def metric(over, under):
        return {"unit": "%", "summary": "X.", "expression": f"{over} / {under}"}

    SEEN.add("candidate-shadowed")
    two = [[arm()], [arm({"INST_ALL": None, "FIXED_INSTRUCTIONS": None}, aliases={})]]
    for candidates, want in ((("INST_ALL", "INST_BRANCH"), []),
                             (("INST_BRANCH", "INST_ALL"), ["INST_ALL"]),
                             (("INST_BRANCH", "INST_ALL", "L1D_CACHE_MISS_LD"),
                              ["INST_ALL", "L1D_CACHE_MISS_LD"]),
                             (("L1D_CACHE_MISS_LD", "L1D_CACHE_MISS_LD"), ["L1D_CACHE_MISS_LD"])):
        equal(lines_of("candidate-shadowed", *two, names=names(*candidates)),
              [f"names: warning: loads: has the candidate {event}, which is never used because an "
               f"earlier one exists wherever it does [candidate-shadowed]" for event in want],
              f"candidates {candidates}")
    both = [used_by(arm({"INST_ALL": None, "FIXED_INSTRUCTIONS": None}, aliases={})),
            {**used_by(arm(), "cpu_100000c_2_2"), "name": "t2"}]
    equal(lines_of("candidate-shadowed", both, names=names("INST_ALL", "INST_BRANCH")), [],
          "a candidate that one CPU needs")

    SEEN.add("name-unsupported")
    more = {"empty": one("arm64"), "stores": one("arm64", "INST_BRANCH")}
    metrics = {"metrics": {"never": metric("loads", "empty"), "some": metric("loads", "stores")}}
    equal(lines_of("name-unsupported", [arm()], names={**names("INST_ALL", **more), **metrics}),
          ["names: note: empty: has no event on any CPU here, so whoever asks for it is told not "
           "supported [name-unsupported]",
           "names: note: never: needs names and constants of which no CPU here has all, so it can "
           "never be computed [name-unsupported]"], "a name and a metric that nobody has")
    apart = {"names": {"loads": one("arm64", "INST_ALL"), "uops": one("x86_64", "UOPS.ISSUED")},
             "metrics": {"mixed": metric("loads", "uops")}}
    equal(lines_of("name-unsupported", [arm(), {**intel(), "name": "t2"}], names=apart),
          ["names: note: mixed: needs names and constants of which no CPU here has all, so it can "
           "never be computed [name-unsupported]"], "a metric of names that never meet")


def check_other_files():
    """Ids of the chips and the kernel file that no database has; those that some release has are
    known."""
    SEEN.add("id-without-database")
    gone, other = "cpu_100000c_2_99", "cpu_7_4_1f65e835"

    def chip(*names):
        return {"chips": list(names), "confidence": "high"}

    files = {"chips": {ID: chip("M1"), other: chip("Ivy Bridge", "Gladden"), gone: chip()},
             "kernel": {"T1": {"cpus": [gone, ID], "selectors": {"14.0": [0]}},
                        "T2": {"cpus": [gone], "selectors": {"14.0": [0]}}}}
    with laid_out([used_by(arm())], [{**arm(), "name": "t2"}], **files) as arguments:
        paths = dict(zip((a for a in arguments if str(a).startswith("--")), arguments[1::2]))

        def line(option, event, about):
            return (f"{option}: note: {event}: is {about} in {paths[f'--{option}']}, and no "
                    f"database here has that id, so what is said of it reaches no CPU "
                    f"[id-without-database]")
        want = [line("chips", gone, "no chip"), line("chips", other, "Ivy Bridge, Gladden"),
                line("kernel", gone, "T1"), line("kernel", gone, "T2")]
        status, lines, _ = lint(*arguments)
        equal([l for l in lines if "id-without" in l], want, "ids that no database has")
        equal(lines[-4:], want, "behind all others")
        accepted = pathlib.Path(paths["--chips"]).parent / "accepted"
        accepted.write_text(f"chips id-without-database {other} # sold elsewhere\n"
                            "kernel id-without-database * # lists of all SoCs\n"
                            f"kernel id-without-database {ID} # gone\n")
        _, lines, _ = lint("--accepted", accepted, *arguments)
        equal([l for l in lines if "id-without" in l],
              [want[0], f"kernel: note: {ID}: line 3 accepts a finding of id-without-database that "
                        "is not there, and would hide it if it came back [stale-accepted]"],
              "and accepted")
    hostile = {"kernel": {"T\n\u00e9" + "x" * 200: {"cpus": [gone], "selectors": {"14.0": [0]}}}}
    lines = lines_of("id-without-database", [used_by(arm())], **hostile)
    check(len(lines) == 1 and lines[0].startswith(f"kernel: note: {gone}: is T???{'x' * 96} in "),
          f"a SoC of any name: {lines}")
    both = [used_by(arm()), {**used_by(arm(), gone), "name": "t2"},
            {**used_by(intel(), other), "name": "t3"}]
    equal(lines_of("id-without-database", both, **files), [], "ids that all have databases")


def check_source_rules():
    all_of_it = {"releases": ["r1", "r2"], "source": "apple"}
    other = {"releases": ["r1"], "databases": ["t1"], "events": ["INST_ALL"], "says": "a table",
             "field": "counters_mask", "ours": 128, "theirs": 64}
    both = [used_by(arm()), used_by(arm())]
    SEEN.add("disputed")
    equal(lines_of("disputed", both[:1], both[1:],
                   sources={"sources": [all_of_it], "disputes": [
                       {**other, "releases": ["r1", "r2"], "confirmed": "another"},
                       {**other, "releases": ["r2"], "events": ["INST_BRANCH"], "ours": -1,
                        "field": "fixed_counter", "theirs": 1}]}),
          ["t1: warning: INST_ALL: has counters_mask 0x80 in r1, r2, where a table has 0x40; 0x80 is "
           "also that of another [disputed]",
           "t1: warning: INST_BRANCH: has fixed_counter none in r2, where a table has 1 [disputed]"],
          "disputed")
    equal(lines_of("disputed", both[:1], both[1:], sources={"sources": [all_of_it]}), [],
          "nobody disagrees")
    SEEN.add("source-missing")
    equal(lines_of("source-missing", both[:1], both[1:],
                   sources={"sources": [{**all_of_it, "releases": ["r1"], "events": ["INST_ALL"],
                                         "fields": ["list"]}]}),
          ["t1: warning: has 14 values in r1 of which nothing says where they are from "
           "[source-missing]",
           "t1: warning: has 15 values in r2 of which nothing says where they are from "
           "[source-missing]"], "values from nowhere")
    equal(lines_of("source-missing", both[:1], both[1:], sources={"sources": [all_of_it]}), [],
          "every value has a source")
    equal(lines_of("source-missing", both[:1], both[1:]), [], "nobody says anything")
    SEEN.add("source-unused")
    found = lines_of("source-unused", both[:1], both[1:],
                     sources={"sources": [{**all_of_it, "events": ["INST_ALL"]}, all_of_it,
                                          {**all_of_it, "fields": ["list"]}]})
    equal([re.sub(r"of /\S+ that", "of FILE that", line) for line in found],
          ["sources: warning: sources.0: is a row of FILE that says nothing, because later rows "
           "speak of all that it is about [source-unused]"], "a row that says nothing")


# ---- db/kpep -----------------------------------------------------------------------------------

class Facts:
    """What the rules should find in db/kpep, from the plists alone."""

    def __init__(self):
        self.facts = plistfacts.Facts(plistfacts.snapshots())
        self.cpus = self.facts.cpus
        self.kernel = plistfacts.load(DB / "kernel.plist")
        self.intel = plistfacts.Intel()
        self.sources = plistfacts.load(DB / "sources.plist")

    @staticmethod
    def raw(cpu):
        """Every event of any release with its newest fields and the releases that have it."""
        events = {}
        for release, known in cpu.history.items():
            for name, fields in known.head["events"].items():
                was = events.get(name, ({}, set()))[1]
                events[name] = (fields, was | {release})
        return events

    @staticmethod
    def configurable(events):
        return {n: f for n, (f, _) in events.items() if "fixed_counter" not in f}

    def shared_encoding(self, cpu):
        groups = {}
        for name, (fields, releases) in self.raw(cpu).items():
            if "fixed_counter" not in fields:
                if self.intel.msr(cpu, fields):
                    continue
                other = self.intel.other(cpu.db, name, fields) or 3
                for release in releases:
                    key = (fields["number"], fields.get("umask", 0), other & 0xFFA7)
                    groups.setdefault((key, release), set()).add(name)
        together = {}
        for (key, _), names in groups.items():
            if len(names) > 1:
                together.setdefault(key, set()).update(names)
        return {min(names): sorted(names) for names in together.values()}

    def fixed(self, cpu):
        return {n: f for n, (f, _) in self.raw(cpu).items() if "fixed_counter" in f}

    def expected(self, cpu):
        """rule -> the events found, None for the database."""
        events = self.raw(cpu)
        head = cpu.newest.head
        fixed = self.fixed(cpu)
        config, power = head["config_counters"], head.get("power_counters", 0)
        plain = self.configurable(events)
        masks = {n: f.get("counters_mask", config) for n, f in plain.items()}
        held = [n for n in plain if masks[n] and not masks[n] & ~power]
        found = {
            "shared-encoding": list(self.shared_encoding(cpu)),
            "fixed-outside-mask": [n for n, f in fixed.items()
                                   if not head["fixed_counters"] >> f["fixed_counter"] & 1],
            "fixed-mask-mismatch": [n for n, f in fixed.items()
                                    if f["counters_mask"] != 1 << f["fixed_counter"]],
            "fixed-umask-mismatch": [n for n, f in fixed.items()
                                     if "umask" in f and f["umask"] - 1 != f["fixed_counter"]],
            "fixed-counter-shared": [min(group) for group in self.by_counter(fixed).values()
                                     if len(group) > 1],
            "fallback-fixed": [n for n, f in fixed.items() if f.get("fallback") in fixed],
            "fallback-missing": [n for n, f in fixed.items() if cpu.intel and "fallback" not in f],
            "counter-masks-overlap": [None] * bool(head["fixed_counters"] & config),
            "power-outside-config": [None] * bool(power & ~config),
            "mask-empty": [n for n in plain if masks[n] == 0],
            "mask-not-configurable": [n for n in plain if masks[n] & ~config],
            "masks-not-nested": [None] * any(a & b not in (0, a, b) for a, b in
                                             itertools.combinations(set(masks.values()), 2)),
            "no-free-counter": [None] * bool(held),
            "unforced-misplaced": [None] * any(self.misplaced(head, m) for m in masks.values()),
            **self.miscounted(cpu, plain),
            "selector-zero": [n for n, f in plain.items() if f["number"] == 0 and not cpu.intel],
            "selector-too-wide": [n for n, f in plain.items() if f["number"] >> cpu.event_bits],
        }
        found.update(self.kernel_findings(cpu, plain))
        found["field-changed"] = self.changes(cpu)
        found["disputed"] = self.disputed(cpu)
        return found, len(held), len(plain)

    def miscounted(self, cpu, plain):
        """What a Mac does not program, the first event of each kind; and where Apple differs."""
        other = {n: self.intel.other(cpu.db, n, f) for n, f in sorted(plain.items())}
        kinds = {
            "other-dropped": [n for n, bits in other.items() if bits & 0xFF84 and not bits & 0x20],
            "any-thread-dropped": [n for n, bits in other.items() if bits & 0x20],
            "mode-dropped": [n for n, bits in other.items() if bits & 3 in (1, 2)],
            "msr-not-set": [n for n, f in sorted(plain.items()) if self.intel.msr(cpu, f)]}
        self.kinds = {kind: events for kind, events in kinds.items() if events}
        return {**{kind: events[:1] for kind, events in kinds.items()},
                "other-overruled": [n for n, f in plain.items() if f.get("other", 0) not in
                                    (0, other[n])]}

    @staticmethod
    def by_counter(fixed):
        groups = {}
        for name, fields in fixed.items():
            groups.setdefault(fields["fixed_counter"], []).append(name)
        return groups

    @staticmethod
    def misplaced(head, mask):
        """Whether a counter kperfdata may choose is, for the kernel, one outside the mask."""
        config = [c for c in range(32) if head["config_counters"] >> c & 1]
        free = [c for c in config if not head.get("power_counters", 0) >> c & 1]
        chosen = zip(config, free)  # the n-th word by number, the n-th that is not held
        return any(mask >> c & 1 for c in free) and any(
            mask >> number & 1 and not mask >> real & 1 for number, real in chosen)

    def kernel_findings(self, cpu, plain):
        lists = [{s: since for since, listed in soc["selectors"].items() for s in listed}
                 for soc in self.kernel.values() if set(soc["cpus"]) & set(cpu.ids)]
        accepted = {n: max((tuple(map(int, known[f["number"]].split("."))) for known in lists),
                           default=(0,))
                    for n, f in plain.items() if all(f["number"] in known for known in lists)}
        first = min(accepted.values(), default=(0,))
        return {"not-in-kernel-list": [n for n in plain if n not in accepted],
                "late-in-kernel-list": [n for n, since in accepted.items() if since > first]}

    def disputed(self, cpu):
        names = {cpu.db, *cpu.also(), *cpu.ids}
        return [event for row in self.sources["disputes"] if names & set(row["databases"])
                for event in row["events"]
                if any(event in cpu.history[release].events
                       for release in set(row["releases"]) & set(cpu.releases))]

    @staticmethod
    def changes(cpu):
        changed = []
        for old, new in zip(list(cpu.history.values()), list(cpu.history.values())[1:]):
            for name in old.events.keys() & new.events.keys():
                changed += [name for field in old.events[name]
                            if old.events[name][field] != new.events[name][field]]
        return changed

    def shadowed(self):
        """(name, candidate): wherever a CPU of its list has it, that has an earlier one."""
        found = []
        for name, fields in self.facts.names.items():
            for key, events in fields["candidates"].items():
                cpus = [c for c in self.cpus if self.facts.candidates(name, c) is events]
                for at, event in enumerate(events):
                    have = [[self.facts.event_in(c, r, e) for e in events[:at + 1]]
                            for c in cpus for r in c.releases]
                    if not any(row[-1] and not any(row[:-1]) for row in have):
                        found.append((name, event))
        return found

    def unsupported(self):
        """Names and metrics that no CPU has in any release."""
        where = [(cpu, release) for cpu in self.cpus for release in cpu.releases]
        return sorted(
            [n for n in self.facts.names if not any(self.facts.name_on(n, *w) for w in where)] +
            [m for m in self.facts.metrics if not any(self.facts.metric_on(m, *w) for w in where)])


def check_shipped():
    """Exactly the known defects, in every database, for every rule."""
    status, found = lint_json(*FILES, *RELEASES)
    equal(status, 1, "db/kpep has findings that are not accepted here")
    facts = Facts()
    totals = {}
    for item in found:
        totals.setdefault((item["db"], item["rule"]), []).append(item["event"])
    names = totals.pop(("names", "candidate-shadowed"), [])
    shadowed = facts.shadowed()
    equal(sorted(names), sorted(name for name, _ in shadowed), "candidates never used")
    unsupported = totals.pop(("names", "name-unsupported"), [])
    equal(sorted(unsupported), facts.unsupported(), "names and metrics that no CPU has")
    check(not any(db == "names" for db, _ in totals), "nothing else of the names")
    for cpu in facts.cpus:
        expected, held, plain = facts.expected(cpu)
        for rule_name, events in expected.items():
            got = totals.pop((cpu.db, rule_name), [])
            equal(sorted(got, key=str), sorted(events, key=str), f"{rule_name} in {cpu.db}")
        counts = [i["message"] for i in found
                  if (i["db"], i["rule"]) == (cpu.db, "no-free-counter")]
        check(all(message.startswith(f"{held} of {plain} ") for message in counts),
              f"{cpu.db}: {held} held of {plain}: {counts}")
        check_groups(facts, cpu, found)
        for kind, events in facts.kinds.items():
            message = next(i["message"] for i in found if (i["db"], i["rule"]) == (cpu.db, kind))
            equal(re.findall(r"([A-Z][A-Za-z0-9_.]+) \((?!kpep)", message), events,
                  f"{cpu.db}: all events of {kind}")
    equal(totals, {}, "findings that nobody expects")
    return found


def check_groups(facts, cpu, found):
    """A finding names all events of its group, and their encoding."""
    for first, group in facts.shared_encoding(cpu).items():
        fields = facts.raw(cpu)[first][0]
        item = next((i for i in found if (i["db"], i["rule"], i["event"]) ==
                     (cpu.db, "shared-encoding", first)), {"message": ""})
        text = f"has number {fields['number']:#x}"
        text += f" and umask {fields['umask']:#x}" if cpu.intel else ""
        check(item["message"].startswith(f"{text} like {', '.join(group[1:])}, so "),
              f"{cpu.db}: the group of {first}: {item['message']}")


def check_known_defects(found):
    """Those the facts tell of, by name."""
    def has(db, rule_name, event):
        return any((i["db"], i["rule"], i["event"]) == (db, rule_name, event) for i in found)

    for db, rule_name, event in (
            ("cometlake", "fixed-outside-mask", "TOPDOWN.SLOTS"),
            ("icelake", "fixed-counter-shared", "INST_RETIRED.ANY"),
            ("cometlake", "fixed-counter-shared", "INST_RETIRED.ANY"),
            ("skylake", "fixed-counter-shared", "CPU_CLK_UNHALTED.REF_TSC"),
            ("kabylake", "fixed-umask-mismatch", "CPU_CLK_UNHALTED.REF_TSC"),
            ("icelake", "msr-not-set", "FRONTEND_RETIRED.DSB_MISS"),
            ("skylake", "other-dropped", "ARITH.DIVIDER_ACTIVE"),
            ("ivybridge", "other-overruled", "UOPS_RETIRED.TOTAL_CYCLES"),
            ("as4", "not-in-kernel-list", "ARM_STALL"),
            ("as4", "unforced-misplaced", None)):
        check(has(db, rule_name, event), f"{db} {rule_name} {event}")
    message = next(i["message"] for i in found if i["event"] == "FRONTEND_RETIRED.DSB_MISS" and
                   i["db"] == "icelake")
    equal((message.count("FRONTEND_RETIRED."), message.count("OCR.")), (16, 71), "and 94 others")


def check_clean():
    """What the repository promises: a new finding in a new release stands out."""
    for more in ([], ["--strict"]):
        status, lines, summary = lint(*FILES, *ACCEPTED, *more, *RELEASES)
        equal((status, lines), (0, []), "db/kpep with its accepted findings")
        check(re.fullmatch(r"no findings \(\d+ accepted\)", summary), summary)
    equal(lint_json(*FILES, *ACCEPTED, *RELEASES), (0, []), "db/kpep with them, as JSON")
    text = (DB / "lint-accepted.txt").read_text()
    check(" * #" in text and "+94 #" in text, "it has entries for databases and for groups")


# ---- output ------------------------------------------------------------------------------------

def check_output(found):
    """The text is the JSON, line by line, and in its order."""
    _, lines, summary = lint(*FILES, *RELEASES)
    equal(len(lines), len(found), "as many lines as objects")
    for line, item in zip(lines, found):
        equal(list(item), ["db", "severity", "rule", "event", "message"], "the keys")
        where = "" if item["event"] is None else f"{item['event']}: "
        equal(line, f"{item['db']}: {item['severity']}: {where}{item['message']} [{item['rule']}]",
              "a line")
        check(LINE.fullmatch(line) and "  " not in line and not item["message"].endswith("."),
              f"the shape of {line}")
    severities = ["error", "warning", "note"]
    counts = {s: sum(i["severity"] == s for i in found) for s in severities}
    equal(summary, ", ".join(f"{n} {s}{'s' * (n != 1)}" for s, n in counts.items() if n),
          "the summary")
    order = [cpu["db"] for cpu in json.loads(run(KPEP, "cpus", "--json")[1])]
    order += ["names", "chips", "kernel", "sources"]
    keys = [(order.index(i["db"]), severities.index(i["severity"]), i["rule"], i["event"] or "")
            for i in found]
    check(keys == sorted(keys), "by database in the model's order, severity, rule, event")


def check_determinism():
    first = run(KPEPC, "lint", *FILES, *RELEASES)
    for environment in ({}, {"LC_ALL": "tr_TR.UTF-8"}):
        equal(run(KPEPC, "lint", *FILES, *RELEASES, env=environment)[1], first[1],
              f"the same again in {environment}")
    bad = intel({f"E{i}": {"number": i % 5, "umask": 1, "other": 0x153} for i in range(40)})
    outputs = set()
    for seed in range(4):
        shuffled = copy.deepcopy(bad)
        cpu = shuffled["system"]["cpu"]
        keys = list(cpu["events"])
        random.Random(seed).shuffle(keys)
        cpu["events"] = {key: cpu["events"][key] for key in keys}
        others = [{**arm(), "name": name} for name in ("b2", "b10", "a1")]
        random.Random(seed).shuffle(others)
        with laid_out([shuffled, *others]) as arguments:
            outputs.add(run(KPEPC, "lint", *arguments)[1])
    equal(len(outputs), 1, "the order of events and files does not show")


# ---- accepted findings -------------------------------------------------------------------------

GROUP = intel({"UOPS.A": {"number": 14, "umask": 1}, "UOPS.B": {"number": 14, "umask": 1},
               "REF": {"fixed_counter": 2, "counters_mask": 4, "umask": 3},
               "STALLS": {"number": 9, "umask": 1, "other": 0x153}})
LEFT = {"other-dropped": "STALLS", "shared-encoding": "UOPS.A+2", "fallback-missing": "REF"}


def accept(text, *more, made=GROUP):
    with laid_out([made]) as arguments, tempfile.TemporaryDirectory() as home:
        path = pathlib.Path(home) / "accepted"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status, out, err = run(KPEPC, "lint", "--accepted", path, *more, *arguments)
        return status, out, err.replace(str(path), "FILE")


def rules_left(out):
    return sorted(LINE.fullmatch(line)[5] for line in out.splitlines()[:-1])


def check_accepting():
    everything = "".join(f"t1 {name} {event} # known\n" for name, event in LEFT.items())
    status, out, err = accept(everything)
    equal((status, out, err), (0, "no findings (3 accepted)\n", ""), "all accepted")
    for name in LEFT:
        rest = "".join(l for l in everything.splitlines(True) if f" {name} " not in l)
        status, out, _ = accept(rest)
        equal((status, rules_left(out)), (1, [name]), f"all but {name}")
        check(out.endswith("\n1 warning (2 accepted)\n"), out)
        status, out, _ = accept(rest + f"t1 {name} * # any\n")
        equal((status, rules_left(out)), (0, []), f"{name} by *")
    status, out, _ = accept(everything, "--json")
    equal((status, out), (0, "[]\n"), "nothing is left in JSON")
    loose = "# c\n\n \t\n" + everything.replace(" ", "\t  ").replace("\n", "\r\n").rstrip("\r\n")
    equal(accept(loose)[:2], (0, "no findings (3 accepted)\n"), "blanks, comments, no last newline")
    equal(accept("")[0], 1, "an empty file accepts nothing")


def check_stale():
    known = "".join(f"t1 {name} {event} # known\n" for name, event in LEFT.items())
    stale = known + "t1 mask-empty UOPS.ISSUED # was so\na1 other-dropped * # gone\n" \
                    "t1 shared-encoding CLK.P+1 # was so\nnames name-unsupported x # gone\n"
    status, out, _ = accept(stale)
    text = "accepts a finding of {} that is not there, and would hide it if it came back " \
           "[stale-accepted]"
    equal(status, 0, "a stale entry is a note")
    equal(out.splitlines(),
          ["t1: note: CLK.P: line 6 " + text.format("shared-encoding"),
           "t1: note: UOPS.ISSUED: line 4 " + text.format("mask-empty"),
           "names: note: x: line 7 " + text.format("name-unsupported"),
           "a1: note: line 5 " + text.format("other-dropped"), "4 notes (3 accepted)"],
          "stale entries")
    equal(accept(stale, "--strict")[0], 1, "and with --strict it counts")
    more = copy.deepcopy(GROUP)
    more["system"]["cpu"]["events"]["UOPS.C"] = {"number": 14, "umask": 1}
    status, out, _ = accept(known, made=more)
    equal((status, rules_left(out)), (1, ["shared-encoding", "stale-accepted"]),
          "a group that has grown is not the one that was accepted")
    status, out, _ = accept("t1 shared-encoding UOPS.A # not the group\n")
    check("shared-encoding" in rules_left(out), "nor is one event of it the group")


def check_malformed():
    expected = " (expected DB RULE EVENT # why)"
    for line, what in (("t1", "not an accepted finding"),
                       ("t1 other-dropped", "not an accepted finding"),
                       ("t1 other-dropped # why", "not an accepted finding"),
                       ("t1 other-dropped STALLS", "no reason"),
                       ("t1 other-dropped STALLS #  ", "no reason"),
                       ("t1 other-dropped STALLS why", "more than three fields"),
                       ("t1 other-dropped STALLS UOPS # why", "more than three fields"),
                       ("t1 other-droped STALLS # why", "no rule 'other-droped'"),
                       ("t1 stale-accepted * # why", "no rule 'stale-accepted'"),
                       ("t1 other-dropped ST\0LS # why", "a byte that is not printable ASCII"),
                       ("t1 other-dropped ST\x1bLS # why", "a byte that is not printable ASCII"),
                       ("t1 other-dropped STALLS # \u00e9", "a byte that is not printable ASCII")):
        status, out, err = accept(f"# one\n{line}\n\nt1 x\n")
        equal((status, out), (1, ""), f"{line!r} is refused")
        equal(err.splitlines(), [f"FILE:2: {what}{expected}",
                                 f"FILE:4: not an accepted finding{expected}",
                                 "kpepc: 2 errors: nothing was checked"], f"and said why: {line!r}")
    twice = "t1 other-dropped * # a\nt1 other-dropped STALLS # b\nt1 other-dropped * # c\n"
    equal(accept(twice)[2].splitlines()[0], f"FILE:3: the same as line 1{expected}", "a line twice")
    equal(accept(b"\xff\xfe" * 100)[0], 1, "bytes")
    with laid_out([GROUP]) as arguments:
        status, out, err = run(KPEPC, "lint", "--accepted", "/nonexistent", *arguments)
        equal((status, out), (1, ""), "a file that is not there")
        check(err.startswith("/nonexistent: ") and "accepted findings" in err, err)


# ---- the command line ----------------------------------------------------------------------------

def check_status():
    clean = arm(power_counters=0)
    with laid_out([clean]) as arguments:
        plain = arguments[0].partition("=")[2]
        for given in (arguments, [plain], [plain + "/"]):
            equal(run(KPEPC, "lint", *given), (0, "no findings\n", ""), f"nothing wrong: {given}")
        equal(run(KPEPC, "lint", "--strict", "--json", plain)[:2], (0, "[]\n"), "nor with --strict")
    with laid_out([arm()]) as arguments:
        status, lines, summary = lint(*arguments)
        equal((status, len(lines), summary), (0, 1, "1 note"), "a note alone is no failure")
        equal(lint(*arguments, "--strict")[0], 1, "but with --strict")
        with open("/dev/full", "wb") as full:
            failed = subprocess.run([KPEPC, "lint", *arguments], stdout=full)
            equal(failed.returncode, 1, "a full disk")
    nowhere = arm({"NOWHERE": {"number": 9, "counters_mask": 0}}, power_counters=0)
    with laid_out([nowhere]) as arguments:
        equal(lint(*arguments)[::2], (1, "1 error"), "an error")
    status, lines, _ = lint(DB / "kpep" / "macos-15")
    check(status == 1 and not any("-changed]" in line for line in lines), "a snapshot by itself")


def check_refusals():
    broken = arm()
    broken["system"]["cpu"]["aliases"]["Gone"] = "NO_SUCH_EVENT"
    with laid_out([broken]) as arguments:
        status, out, err = run(KPEPC, "lint", *arguments)
        equal((status, out), (1, ""), "bad input is refused")
        check("t1.plist: system.cpu.aliases.Gone: no event NO_SUCH_EVENT" in err and
              err.endswith("kpepc: 1 error: nothing was checked\n"), err)
    unknown = {**arm(power_counters=0), "colour": "red"}
    with laid_out([unknown]) as arguments:
        status, out, err = run(KPEPC, "lint", *arguments)
        equal((status, out), (0, "no findings\n"), "an unknown key is a warning")
        check("warning: " in err, err)
        status, out, _ = run(KPEPC, "lint", "--strict", *arguments)
        equal((status, out), (1, ""), "and refused with --strict")
    names = {"names": {"loads": {"unit": "x", "summary": "X.", "candidates": {"arm64": ["GONE"]}}}}
    with laid_out([arm(power_counters=0)], names=names) as arguments:
        equal(run(KPEPC, "lint", *arguments)[:2], (1, ""), "a candidate that no database has")
        status, out, _ = run(KPEPC, "lint", "--allow-missing", *arguments)
        equal((status, out.count("[name-unsupported]")), (0, 1), "--allow-missing")
    for arguments in (["--colour"], [], ["--cpu", "a14", "x=y"], ["a", "b"], ["a=b", "c"],
                      ["-o", "x", "a"]):
        status, out, err = run(KPEPC, "lint", *arguments)
        equal((status, out), (2, ""), f"usage: {arguments}")
        check(err != "", f"and said why: {arguments}")
    equal(run(KPEPC, "lint", "/nonexistent")[:2], (1, ""), "no such directory")


def check_help():
    status, out, err = run(KPEPC, "lint", "--help")
    equal((status, err), (0, ""), "lint --help")
    told = re.findall(r"^  (error|warning|note) +([a-z-]+) +\S", out, re.M)
    equal(sorted({name for _, name in told} - SEEN), ["stale-accepted"],
          "every rule of the help has its fixtures here")
    check(SEEN <= {name for _, name in told}, "and the help tells every rule")
    check("Exit status 1" in out and "DB RULE EVENT # why" in out, "the status and the file")


check_fixed_rules()
check_mask_rules()
check_encoding_rules()
check_kernel_rules()
check_release_rules()
check_name_rules()
check_other_files()
check_source_rules()
shipped = check_shipped()
check_known_defects(shipped)
check_clean()
check_output(shipped)
check_determinism()
check_accepting()
check_stale()
check_malformed()
check_status()
check_refusals()
check_help()
done()
