"""kpepc emit: every builtin output against the plists, one's own template, hostile databases.

The expected bytes are in tests/golden; `emit_test.py --update` writes them again after a change
that is meant (read the difference before committing it). It needs KPEPC, KPEP and KPEP_SOURCE in
the environment, as CTest sets them.
"""
import copy
import csv
import errno
import html
import io
import json
import os
import pathlib
import plistlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import kpeptest
import plistfacts
from kpeptest import CC, HEADERS, KPEPC, SOURCE, check, done, equal, run
from plistfacts import CHIPS, MEANINGS, NAMES, Facts

SNAPSHOTS = plistfacts.snapshots()
FACTS = Facts(SNAPSHOTS)
INTEL = plistfacts.Intel()
DATA = ["--names", NAMES, "--chips", CHIPS, "--intel", plistfacts.INTEL, "--meanings", MEANINGS]
GOLDEN = SOURCE / "tests" / "golden"
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"]
HERE = pathlib.Path(tempfile.mkdtemp(prefix="kpep-emit-"))


def emit(template, *arguments, releases=SNAPSHOTS, data=DATA):
    """What it writes when all goes well."""
    status, out, err = run(KPEPC, "emit", "-t", template, *arguments, *data,
                           *plistfacts.arguments(releases))
    equal((status, err), (0, ""), f"emit -t {template} {arguments}")
    return out


def refuses(status, arguments, *parts):
    """An exit status, nothing on stdout, and the parts among what is said."""
    got, out, err = run(KPEPC, "emit", *arguments)
    equal((got, out), (status, ""), f"emit {arguments}")
    for part in parts:
        check(part in err, f"emit {arguments}: says {part!r}\n   got {err!r}")


def chosen():
    """Every CPU in each release that has it, and the options that choose it."""
    for cpu in FACTS.cpus:
        for release in cpu.releases:
            yield cpu, release, ["--cpu", cpu.db, "--release", release]


def raw(cpu, event):
    """The event's dictionary in the newest plist that has it: what is absent is absent."""
    return cpu.history[cpu.event_releases(event)[-1]].head["events"][event]


# ---- c-header

def ident(name):
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def all_counters(cpu, release=None):
    head = cpu.history[release or cpu.releases[-1]].head
    return bits(head["fixed_counters"] | head["config_counters"] | head.get("power_counters", 0))


def any_name(facts, name, cpu, releases):
    """What a name means in the newest release where it means something."""
    events = (facts.name_on(name, cpu, release) for release in releases[::-1])
    return next((event for event in events if event is not None), None)


def versions(cpu, event, releases):
    """The event's values in the releases, newest first: (the plist's fields, meant, releases)."""
    found = []
    for release in [r for r in releases[::-1] if event in cpu.history[r].events]:
        database = cpu.history[release]
        fields, row = database.head["events"][event], database.events[event]
        same = next((v for v in found if v[:2] == (fields, row)), None)
        if same is None:
            found.append((fields, row, [release]))
        else:
            same[2].insert(0, release)
    return found


def event_constants(cpu, event, releases, prefix):
    fields, row, _ = versions(cpu, event, releases)[0]
    constants = {f"{prefix}_COUNTERS": row["counters_mask"]}
    for key, suffix in (("number", "NUMBER"), ("umask", "UMASK"), ("fixed_counter", "FIXED")):
        if key in fields:
            constants[f"{prefix}_{suffix}"] = fields[key]
    if cpu.intel and "number" in fields:
        # Without USR, OS, INT and EN: whoever programs it says when it counts.
        constants[f"{prefix}_WORD"] = (fields["number"] | fields["umask"] << 8 |
                                       (INTEL.other(cpu.db, event, fields) << 16 & ~0x530000))
    if cpu.intel and INTEL.msr(cpu, fields):
        constants[f"{prefix}_MSR"] = INTEL.msr(cpu, fields)
    if cpu.intel and INTEL.msr_value(cpu.db, event):
        constants[f"{prefix}_MSR_VALUE"] = INTEL.msr_value(cpu.db, event)
    return constants


def pmu_constants(cpu, release, prefix):
    """Of the registers: numbers, and the names of registers as texts (kernel.md 2.3, 2.4, 2.7)."""
    if cpu.intel:
        return {f"{prefix}_WORD_USR": 1 << 16, f"{prefix}_WORD_OS": 1 << 17,
                f"{prefix}_WORD_INT": 1 << 20, f"{prefix}_WORD_EN": 1 << 22}
    names = {"PMCR0": "s3_1_c15_c0_0", "PMCR1": "s3_1_c15_c1_0",
             "PMESR0": "s3_1_c15_c5_0", "PMESR1": "s3_1_c15_c6_0"}
    names |= {f"PMC{n}": f"s3_2_c15_c{n if n < 8 else n + 1}_0"
              for n in all_counters(cpu, release)}
    return {f"{prefix}_WORD_EL0": 1 << 17, f"{prefix}_WORD_EL1": 1 << 18,
            **{f"{prefix}_{name}": text for name, text in names.items()}}


def constants(facts, cpu, releases, asked):
    """Every constant the header of a CPU in some releases is to have."""
    head, prefix = cpu.history[releases[-1]].head, f"KPEP_{ident(asked)}"
    wanted = {f"{prefix}_{key.upper()}": head.get(key, 0)
              for key in ("fixed_counters", "config_counters", "power_counters")}
    wanted[f"{prefix}_EVENT_BITS"] = cpu.event_bits
    wanted |= pmu_constants(cpu, releases[-1], prefix)
    for release in releases:
        for event in cpu.history[release].events:
            wanted |= event_constants(cpu, event, releases, f"{prefix}_EVENT_{ident(event)}")
    for name in facts.names:
        event = any_name(facts, name, cpu, releases)
        if event is not None:
            wanted |= event_constants(cpu, event, releases, f"{prefix}_NAME_{ident(name)}")
    return wanted


def event_comments(facts, cpu, releases):
    """What the header says of each event: its name, what it means, where it is and is not."""
    def listed(event):
        return [r for r in releases if event in cpu.history[r].events]

    for event in sorted({event for r in releases for event in cpu.history[r].events}):
        text = event
        names = [n for n in sorted(facts.names) if any_name(facts, n, cpu, releases) == event]
        row = {**facts.meanings.row(cpu, event), "names": names}
        if facts.counts(row) is not None:
            text += f" {facts.counts(row)}" + (" (Likely.)" if row["doubted"] else "")
        if row["errata"]:
            text += f" Errata: {row['errata']}"
        if listed(event) != releases:
            text += f" In {', '.join(listed(event))} only."
        (_, newest, _), *older = versions(cpu, event, releases)
        for fields, row, these in older:
            if row | {"fallback": None} != newest | {"fallback": None}:
                text += f" Otherwise in {', '.join(these)}:"
                text += f" NUMBER {row['number']:#x}" if "number" in fields else ""
                text += f" FIXED {row['fixed_counter']}" if "fixed_counter" in fields else ""
                text += f" COUNTERS {row['counters_mask']:#x}"
        other = facts.spellings.get(event)
        if other in cpu.merged() and listed(other):
            text += f" Called {other} in {', '.join(listed(other))}."
        yield text


def cxx():
    """The C++ compiler; in CI there has to be one."""
    found = next((c for c in (os.environ.get("CXX"), shutil.which("c++"), shutil.which("g++"),
                              shutil.which("clang++")) if c), None)
    if found is None:
        print("skipped: the C headers as C++, for want of c++, g++ or clang++")
        check("CI" not in os.environ, "CI has a C++ compiler")
    return found


def compilers():
    """Each language, with each compiler that is here."""
    for cc, cxx_ in ((CC, cxx()), (shutil.which("clang"), shutil.which("clang++"))):
        if cc:
            yield from ([cc, "-std=c90"], [cc, "-std=c99"], [cc, "-std=c11", "-ffreestanding"])
        if cxx_:
            yield from ([cxx_, "-std=c++98"], [cxx_, "-std=c++20"])


def compiles(header):
    """Alone, twice over, in each language; a file of nothing but macros is no C."""
    for compiler, *options in compilers():
        suffix = "cc" if "++" in options[0] else "c"
        source = HERE / f"alone.{suffix}"
        source.write_text(f'#include "{header.name}"\n#include "{header.name}"\nextern int alone;\n')
        status, _, err = run(compiler, *options, *WARNINGS, source)
        equal((status, err), (0, ""), f"{header.name} as {options}")


def printed(headers, wanted):
    """A C program that includes all the headers prints the constants: name -> value."""
    source, program = HERE / "print.c", HERE / "print"
    lines = [f'#include "{header.name}"' for header in headers * 2]
    lines += ["#include <stdio.h>", "static const struct { const char *name, *text; "
              "unsigned long value; } all[] = {"]
    lines += [f'{{"{name}", {name}, 0}},' if isinstance(value, str) else f'{{"{name}", NULL, {name}}},'
              for name, value in wanted.items()]
    lines += ["{NULL, NULL, 0}};", "int main(void) { for (unsigned i = 0; all[i].name != NULL; i++) {",
              r'if (all[i].text != NULL) printf("%s %s\n", all[i].name, all[i].text); else '
              r'printf("%s %lu\n", all[i].name, all[i].value); } return 0; }']
    source.write_text("\n".join(lines) + "\n")
    status, _, err = run(CC, "-std=c11", *WARNINGS[:-1], source, "-o", program)
    if not equal((status, err), (0, ""), "the program of all constants compiles"):
        return {}
    return {name: value if isinstance(wanted[name], str) else int(value)
            for name, value in map(str.split, run(program)[1].splitlines())}


def check_width(what, text):
    """What is written in C is read in a terminal and in a diff; no id is a bare number for none."""
    wide = [line for line in text.splitlines() if len(line) > 100 or line != line.rstrip()]
    # A constant of a long name is one word and its number.
    wide = [line for line in wide if not re.fullmatch(r"#define \w{80,} \w+", line)]
    equal(wide[:3], [], f"{what}: lines of more than 100 columns, or with a blank at the end")
    equal(re.findall(r"\b65535\b", text), [], f"{what}: KPDB_NO_ID")


def check_header(cpu, releases, asked, *options):
    """The header of a CPU, written; and the constants that it is to have."""
    what = f"c-header of {asked} {options}"
    text = emit("c-header", "--cpu", asked, *options)
    header = HERE / f"{ident(asked)}{'_'.join(options[1:])}.h"
    header.write_text(text)
    check_width(what, text)
    own = constants(FACTS, cpu, releases, asked)
    defined = re.findall(r'^#define (\w+) (?:0x[0-9a-f]+|\d+|"\w+")$', text, re.M)
    equal(sorted(defined), sorted(own), f"{what}: its constants and no other")
    check(not re.search(r"typedef|#include|//|[ \t]$", text, re.M), f"{what}: bare")
    check(re.findall(r"^#(?!define)\w+", text, re.M) == ["#ifndef", "#endif"], f"{what}: one guard")
    comments = [" ".join(comment.replace("\n *", "").split())
                for comment in re.findall(r"/\*(.*?)\*/", text, re.S)]
    check(comments[0].startswith(
        f"Events of {', '.join(cpu.chips)} (database {cpu.db}, "
        f'"{cpu.newest.head["marketing_name"]}"), written by kpepc from '
        f"{', '.join(releases)}. "), f"{what}: whose it is: {comments[0][:200]}")
    wanted = list(event_comments(FACTS, cpu, releases))
    equal([comment for comment in comments if comment in wanted], wanted, f"{what}: its comments")
    compiles(header)
    return header, own


def check_headers():
    for release in [None, *FACTS.releases]:
        headers, wanted = [], {}
        for cpu in (cpu for cpu in FACTS.cpus if release in [None, *cpu.releases]):
            # What the user calls it: once the database, once the last of its chips.
            asked = cpu.db if release else cpu.designations()[len(cpu.chips)]
            header, own = check_header(cpu, [release] if release else cpu.releases, asked,
                                       *(["--release", release] if release else []))
            headers.append(header)
            wanted |= own
        got = printed(headers, wanted)
        equal(got.keys(), wanted.keys(), f"{release}: all constants")
        for name, value in wanted.items():
            equal(got.get(name), value, f"{release}: {name}")
        print(f"{release}: {len(headers)} headers, {len(wanted)} constants")
    check_header_names()
    check_header_of_changes()
    check_registers()


def check_header_of_changes():
    """What a release said otherwise is in the comment; the constant is what the newest says."""
    old = changed(INST_GONE={"number": 7}, INST_ALL={"number": 141, "counters_mask": 64},
                  FIXED_INSTRUCTIONS={"fallback": "INST_BRANCH"})
    middle = changed(INST_ALL={"number": 141, "counters_mask": 64})
    middle |= {"config_counters": 1020 - 512}
    new = changed(L1D_CACHE_MISS_LD={"counters_mask": 32})
    releases = {f"r-{n + 1}": {"t1": (kpeptest.database(**fields), ["cpu_100000c_2_a"])}
                for n, fields in enumerate((old, middle, new))}
    directories, _ = fixture("otherwise", releases)
    facts = Facts(directories, None, None)
    (cpu,) = facts.cpus
    for options, these in (([], list(releases)), *((["--release", r], [r]) for r in releases)):
        text = emit("c-header", *options, releases=directories, data=[])
        header = HERE / "otherwise.h"
        header.write_text(text)
        wanted = constants(facts, cpu, these, cpu.db)
        equal(printed([header], wanted), wanted, f"a header of changes {options}")
        for comment in event_comments(facts, cpu, these):
            check(comment in " ".join(text.replace("\n *", " ").split()),
                  f"a header of changes {options}: {comment}")
    check("Otherwise in r-1, r-2:\n * NUMBER 0x8d\n * COUNTERS 0x40\n" in
          emit("c-header", releases=directories, data=[]), "the fixture has an older value")
    own = template("older.txt", "{{#cpus}}{{#all_events}}{{name}}:{{#older}} {{releases_text}} "
                   "{{number}} {{counters_mask}} {{recoded}}{{/older}}\n{{/all_events}}{{/cpus}}")
    lines = emit(own, releases=directories, data=[]).splitlines()
    check("INST_ALL: r-1, r-2 141 64 true" in lines, f"older, recoded: {lines}")
    check("FIXED_INSTRUCTIONS: r-1 0 2 false" in lines, f"older, not recoded: {lines}")


def check_header_names():
    """A few by hand: what issue 11 complained of."""
    text = emit("c-header", "--cpu", "M3")
    check(text.startswith("/*\n * Events of M3\n * (database as1, "), "M3 is called M3")
    check("#define KPEP_M3_EVENT_INST_BRANCH_COND_NUMBER 0x94\n" in text,
          "macOS 26 does not list INST_BRANCH_COND, and M3 has it")
    check("INST_BRANCH_COND" not in emit("c-header", "--cpu", "m3", "--release", "macos-26.4"),
          "a release's header has that release's events")
    check("#define KPEP_M1_MAX_H\n" in emit("c-header", "--cpu", "M1 Max"), "a name of two words")


def registers(cpu, prefix):
    """Expressions of the header's macros, and what they are to be."""
    width = cpu.event_bits
    for n in all_counters(cpu):
        bit = n if n < 8 else n + 24
        yield f"{prefix}_PMCR0_ENABLE({n})", 1 << bit
        yield f"{prefix}_PMCR0_INTERRUPT({n})", 1 << bit + 12
        yield f"{prefix}_PMCR1_EL0({n})", 1 << bit + 8
        yield f"{prefix}_PMCR1_EL1({n})", 1 << bit + 16
        for register, first in ((0, 2), (1, 6)):
            mine = first <= n < first + 4
            yield (f"{prefix}_PMESR{register}_EVENT({2 ** width - 1}, {n})",
                   (2 ** width - 1) << width * (n - first) if mine else 0)


def check_registers():
    """The macros of 64 bits: in code, in #if and in constants, without a warning."""
    for asked in ("m1", "m3", "a8"):
        cpu = next(cpu for cpu in FACTS.cpus if asked in cpu.designations())
        pairs = list(registers(cpu, f"KPEP_{asked.upper()}"))
        lines = [f'#include "{asked.upper()}.h"', "#include <stdio.h>",
                 "static const unsigned long long constant[] = {",
                 *(f"{macro}," for macro, _ in pairs), "};", "int main(void) {"]
        for i, (macro, value) in enumerate(pairs):
            lines += [f"#if {macro} != {value:#x}ull", f'#error "{macro}"', "#endif",
                      f'printf("%llu\\n", constant[{i}] | {macro});']
        (HERE / f"{asked.upper()}.h").write_text(emit("c-header", "--cpu", asked))
        for suffix in ("c", "cc"):
            (HERE / f"registers.{suffix}").write_text("\n".join([*lines, "return 0; }"]) + "\n")
        for compiler, *options in compilers():
            if options[0] in ("-std=c90", "-std=c++98"):
                continue  # have no long long
            source = HERE / f"registers.{'cc' if '++' in options[0] else 'c'}"
            program = HERE / "registers"
            equal(run(compiler, *options, *WARNINGS[:-1], "-Wconversion", source, "-o", program),
                  (0, "", ""), f"{asked}: registers as {options}")
            equal(run(program)[1].split(), [str(value) for _, value in pairs],
                  f"{asked}: registers as {options}")


# ---- json, csv, markdown

def cpu_json(facts, cpu, release):
    head = cpu.history[release].head
    rows = facts.rows(cpu, release)
    return {"db": cpu.db, "arch": cpu.arch, "marketing_name": head["marketing_name"],
            "release": release, "releases": cpu.releases, "chips": cpu.chips, "cpu_ids": cpu.ids,
            **{key: head.get(key, 0) for key in ("fixed_counters", "config_counters",
                                                 "power_counters")},
            "event_bits": cpu.event_bits,
            "events": [{**{key: row[key] for key in row if key != "renamed"},
                        "summary": facts.counts(row)} for row in rows],
            "names": {name: facts.name_on(name, cpu, release) for name in facts.names}}


def check_json():
    for release in [None, *FACTS.releases]:
        whole = json.loads(emit("json", *([] if release is None else ["--release", release])))
        cpus = [cpu for cpu in FACTS.cpus if release is None or release in cpu.releases]
        equal(whole["releases"], FACTS.releases, "json: releases")
        got = {cpu["db"]: cpu for cpu in whole["cpus"]}
        equal(len(got), len(whole["cpus"]), "json: each database once")
        equal(got.keys(), {cpu.db for cpu in cpus}, f"json: the databases of {release}")
        for cpu in cpus:
            equal(got[cpu.db], cpu_json(FACTS, cpu, release or cpu.releases[-1]),
                  f"json: {cpu.db} in {release}")


def csv_row(facts, cpu, release, row):
    fields, counts = raw(cpu, row["name"]), facts.counts(row)
    return {"db": cpu.db, "release": release, "name": row["name"],
            "number": str(fields.get("number", "")), "umask": str(fields.get("umask", "")),
            "counters_mask": str(row["counters_mask"]),
            "fixed_counter": str(fields.get("fixed_counter", "")),
            "fallback": row["fallback"] or "", "aliases": " ".join(row["aliases"]),
            "names": " ".join(row["names"]), "summary": counts or "",
            "doubted": truth(row["doubted"]) if counts else "", "errata": row["errata"] or ""}


def read_csv(text):
    rows = list(csv.reader(io.StringIO(text), strict=True))
    check(all(len(row) == len(rows[0]) for row in rows), "csv: as many fields in every row")
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def check_csv():
    for release in [None, *FACTS.releases]:
        rows = read_csv(emit("csv", *([] if release is None else ["--release", release])))
        cpus = [cpu for cpu in FACTS.cpus if release is None or release in cpu.releases]
        wanted = {(cpu.db, row["name"]): csv_row(FACTS, cpu, r, row) for cpu in cpus
                  for r in [release or cpu.releases[-1]] for row in FACTS.rows(cpu, r)}
        equal(len(rows), len(wanted), f"csv: as many rows in {release}")
        for row in rows:
            equal(row, wanted.get((row["db"], row["name"])), f"csv of {release}")


def read_markdown(text):
    """The tables of a document: heading -> rows, each a list of cells."""
    tables = {}
    for line in text.splitlines():
        if line.startswith("## "):
            rows = tables.setdefault(line[3:], [])
        elif line.startswith("|"):
            rows.append([html.unescape(cell).strip() for cell in line.strip("|").split("|")])
    return tables


def check_markdown():
    for release in FACTS.releases:
        tables = read_markdown(emit("markdown", "--release", release))
        cpus = [cpu for cpu in FACTS.cpus if release in cpu.releases]
        equal(len(tables), len(cpus), "markdown: a table a database")
        for cpu in cpus:
            table = tables[f"{cpu.db}: {cpu.newest.head['marketing_name']} ({release})"]
            check(all(len(row) == len(table[0]) for row in table), f"markdown: {cpu.db}: columns")
            equal(set(table[1]), {"---"}, f"markdown: {cpu.db}: the rule")
            equal([dict(zip(table[0], row)) for row in table[2:]],
                  [markdown_row(cpu, row) for row in FACTS.rows(cpu, release)],
                  f"markdown: {cpu.db} in {release}")


def bits(mask, base=0):
    return [i - base for i in range(base, 32) if mask >> i & 1]


def markdown_row(cpu, row):
    fixed = row["fixed_counter"] is not None
    return {"event": row["name"], "number": "fixed" if fixed else hex(row["number"]),
            **({"umask": hex(row["umask"])} if cpu.intel else {}),
            "counters": ", ".join(map(str, bits(row["counters_mask"]))),
            "names": ", ".join(row["names"]),
            "counts": FACTS.counts(row) + (" (likely)" if row["doubted"] else ""),
            **({"errata": row["errata"] or ""} if cpu.intel else {})}


# ---- perf-json: linux/tools/perf/pmu-events/arch/*/*.json

def perf_event(cpu, row):
    """None for what perf cannot program: an event without a code on arm64."""
    fields, base = raw(cpu, row["name"]), 0
    if "number" not in fields and not cpu.intel:
        return None
    if cpu.intel:
        base = bits(cpu.newest.head["config_counters"])[0]
    event = {"EventName": row["name"], "EventCode": hex(row["number"]),
             "BriefDescription": FACTS.counts(row) or row["name"]}
    if row["errata"]:
        event["Errata"] = row["errata"]
    if row["fixed_counter"] is not None:
        event["Counter"] = f"Fixed counter {row['fixed_counter']}"
    else:
        event["Counter"] = ",".join(map(str, bits(row["counters_mask"], base)))
    if "umask" in fields:
        event["UMask"] = hex(fields["umask"])
    other = INTEL.other(cpu.db, row["name"], fields) << 16  # of PERFEVTSEL, Intel SDM volume 3, figure 20-1
    for bit, key in ((18, "EdgeDetect"), (21, "AnyThread"), (23, "Invert")):
        if other >> bit & 1:
            event[key] = "1"
    if other >> 24:
        event["CounterMask"] = str(other >> 24)
    if INTEL.msr(cpu, fields):
        event["MSRIndex"] = hex(INTEL.msr(cpu, fields))
    if INTEL.msr_value(cpu.db, row["name"]):
        event["MSRValue"] = hex(INTEL.msr_value(cpu.db, row["name"]))
    return event


def check_perf():
    seen = set()
    for cpu, release, options in chosen():
        text = emit("perf-json", *options)
        events = json.loads(text)
        wanted = [perf_event(cpu, row) for row in FACTS.rows(cpu, release)]
        equal(events, [event for event in wanted if event], f"perf-json {options}")
        equal(len({event["EventName"].lower() for event in events}), len(events),
              f"perf-json {options}: each once")
        check(all(re.fullmatch(r"0x[0-9a-f]+", event[key]) for event in events
                  for key in ("EventCode", "UMask") if key in event), "codes are hexadecimal")
        seen |= {key for event in events for key in event}
    equal(seen, {"EventName", "EventCode", "UMask", "Counter", "BriefDescription", "EdgeDetect",
                 "AnyThread", "Invert", "CounterMask", "MSRIndex", "MSRValue", "Errata"},
          "perf-json: every key is used")
    ice = {e["EventName"]: e for e in json.loads(emit("perf-json", "--cpu", "icelake"))}
    equal((ice["INST_RETIRED.ANY"]["Counter"], ice["BACLEARS.ANY"]["Counter"]),
          ("Fixed counter 0", "0,1,2,3"), "Intel's counters are numbered from the first general one")
    arm = {e["EventName"]: e for e in json.loads(emit("perf-json", "--cpu", "m1"))}
    check("FIXED_CYCLES" not in arm and "INST_ALL" in arm, "a fixed event without a code")


# ---- one's own template

def flat(prefix, *keys):
    return "".join(f"{prefix}.{key}={{{{{key}}}}}\n" for key in keys)


EVENT_KEYS = flat("event", "first", "name", "ident", "number", "has_number", "umask", "has_umask",
                  "other", "perfevtsel", "edge", "any_thread", "invert", "counter_mask",
                  "has_counter_mask", "msr", "has_msr", "msr_value", "has_msr_value",
                  "counters_mask", "fixed", "fixed_counter", "aliases_text",
                  "doubted") + """\
event.summary={{#summary}}{{summary}}{{/summary}}
event.errata_ids={{#errata_ids}}{{errata_ids}}{{/errata_ids}}
event.fallback={{#fallback}}{{fallback}}{{/fallback}}
event.description={{#description}}{{description}}{{/description}}
event.counters={{#counters}}{{^first}} {{/first}}{{counter}}{{/counters}}
event.perf_counters={{#perf_counters}}{{^first}} {{/first}}{{counter}}{{/perf_counters}}
event.aliases={{#aliases}}{{^first}} {{/first}}{{name}}{{/aliases}}
event.releases={{#releases}}{{^first}} {{/first}}{{name}}{{/releases}}
"""
EVENT_NAMES = """\
event.names={{#names}}{{^first}} {{/first}}{{name}}{{/names}}
"""
OWN = "releases={{#releases}}{{name}} {{/releases}}\n{{#cpus}}\n" + flat(
    "cpu", "first", "db", "ident", "asked", "arch", "intel", "arm64", "marketing_name",
    "fixed_counters", "config_counters", "power_counters", "event_bits", "release", "all_releases_text",
    ) + """\
cpu.chips_text={{#chips_text}}{{chips_text}}{{/chips_text}}
cpu.counters={{#counters}}{{^first}} {{/first}}{{counter}}:{{#sysreg}}{{sysreg}}{{/sysreg}}{{/counters}}
cpu.releases={{#releases}}{{^first}} {{/first}}{{name}}{{/releases}}
cpu.cpu_ids={{#cpu_ids}}{{^first}} {{/first}}{{name}}{{/cpu_ids}}
cpu.chips={{#chips}}{{^first}},{{/first}}{{name}}{{/chips}}
cpu.also={{#also}}{{^first}} {{/first}}{{name}}{{/also}}
{{#events}}
""" + EVENT_KEYS + EVENT_NAMES + "{{/events}}\ncpu.perf=" \
    "{{#perf_events}}{{^first}} {{/first}}{{name}}{{/perf_events}}\n{{#names}}\n" + \
    flat("name", "first", "name", "ident", "unit", "summary", "supported") + \
    "{{#supported}}\n{{#event}}\n" + EVENT_KEYS + "{{/event}}\n{{/supported}}\n{{/names}}\n" \
    "{{#all_events}}\nall={{name}} {{in_all}} {{releases_text}};{{#spellings}} {{name}} in " \
    "{{releases_text}}{{/spellings}};{{#older}} {{number}} {{counters_mask}} {{recoded}} in " \
    "{{releases_text}}{{/older}}\n{{/all_events}}\n" \
    "{{#all_names}}\nall={{name}} {{#supported}}{{event.name}}{{/supported}}\n{{/all_names}}\n" \
    "{{#metrics}}\n" + flat("metric", "first", "name", "unit", "summary", "expression",
                            "supported") + """\
metric.names={{#names}}{{^first}} {{/first}}{{name}}:{{#event}}{{event}}{{/event}}{{/names}}
{{/metrics}}
cpu.constants={{#constants}}{{^first}} {{/first}}{{constant}}{{#core}}@{{.}}{{/core}}={{value}} ({{source}}){{/constants}}
{{/cpus}}
"""


def truth(value):
    return "true" if value else "false"


def lines(prefix, fields):
    return [f"{prefix}.{key}={value}" for key, value in fields.items()]


def own_event(cpu, release, event):
    fields, means = raw(cpu, event), FACTS.meanings.row(cpu, event)
    row = cpu.history[release].events[event]
    other, msr = INTEL.other(cpu.db, event, fields), INTEL.msr(cpu, fields)
    value = INTEL.msr_value(cpu.db, event)
    base = bits(cpu.newest.head["config_counters"])[0] if cpu.intel else 0
    return {"name": event, "ident": ident(event), "number": row["number"],
            "has_number": truth("number" in fields), "umask": row["umask"],
            "has_umask": truth("umask" in fields), "other": other,
            "perfevtsel": row["number"] | row["umask"] << 8 | (other << 16 & ~0x530000),
            "edge": truth(other & 4), "any_thread": truth(other & 32), "invert": truth(other & 128),
            "counter_mask": other >> 8, "has_counter_mask": truth(other >> 8),
            "msr": msr, "has_msr": truth(msr), "msr_value": value, "has_msr_value": truth(value),
            "counters_mask": row["counters_mask"], "fixed": truth("fixed_counter" in fields),
            "fixed_counter": fields.get("fixed_counter", -1),
            "aliases_text": " ".join(cpu.aliases(event, release)), "doubted": truth(means["doubted"]),
            "summary": means["summary"], "errata_ids": means["errata"] or "",
            "fallback": row["fallback"] or "",
            "description": "", "counters": " ".join(map(str, bits(row["counters_mask"]))),
            "perf_counters": " ".join(map(str, bits(row["counters_mask"], base))),
            "aliases": " ".join(cpu.aliases(event, release)),
            "releases": " ".join(cpu.event_releases(event))}


def own_all(cpu, releases):
    """The lines that OWN gives of what any of the releases has."""
    def listed(event):
        return ", ".join(r for r in releases if event in cpu.history[r].events)

    for event in sorted({event for r in releases for event in cpu.history[r].events}):
        other = FACTS.spellings.get(event)
        other = f" {other} in {listed(other)}" if other in cpu.merged() and listed(other) else ""
        yield f"all={event} {truth(listed(event) == ', '.join(releases))} {listed(event)};{other};"
    for name in sorted(FACTS.names):
        yield f"all={name} {any_name(FACTS, name, cpu, releases) or ''}"


def own_cpu(cpu, release, first, releases):
    """The lines that OWN gives of a CPU: of one release, and of all that were asked for."""
    head, rows = cpu.history[release].head, FACTS.rows(cpu, release)
    yield from lines("cpu", {
        "first": truth(first), "db": cpu.db, "ident": ident(cpu.db),
        "asked": ident(cpu.db), "arch": cpu.arch, "intel": truth(cpu.intel),
        "arm64": truth(cpu.arch == "arm64"), "marketing_name": head["marketing_name"],
        "fixed_counters": head.get("fixed_counters", 0),
        "config_counters": head.get("config_counters", 0),
        "power_counters": head.get("power_counters", 0), "event_bits": cpu.event_bits,
        "release": release, "all_releases_text": ", ".join(releases),
        "chips_text": ", ".join(cpu.chips), "counters": " ".join(
            f"{n}:{'' if cpu.intel else 's3_2_c15_c%d_0' % (n + (n > 7))}"
            for n in all_counters(cpu, release)),
        "releases": " ".join(cpu.releases), "cpu_ids": " ".join(cpu.ids),
        "chips": ",".join(cpu.chips), "also": " ".join(cpu.also())})
    for i, row in enumerate(rows):
        names = row["names"]
        yield from lines("event", {
            "first": truth(i == 0), **own_event(cpu, release, row["name"]), "names": " ".join(names)})
    yield "cpu.perf=" + " ".join(row["name"] for row in rows if perf_event(cpu, row))
    for i, name in enumerate(sorted(FACTS.names)):
        event, facts = FACTS.name_on(name, cpu, release), FACTS.names[name]
        yield from lines("name", {"first": truth(i == 0), "name": name, "ident": ident(name),
                                  "unit": facts["unit"], "summary": facts["summary"],
                                  "supported": truth(event)})
        if event is not None:  # `first` is the name's: an event of a name is in no list
            yield from lines("event", {"first": truth(i == 0), **own_event(cpu, release, event)})
    yield from own_all(cpu, releases)
    for i, metric in enumerate(sorted(FACTS.metrics)):
        facts = FACTS.metrics[metric]
        found = FACTS.metric_on(metric, cpu, release)
        expression = found or facts["expression"]
        yield from lines("metric", {
            "first": truth(i == 0), "name": metric, "unit": facts["unit"],
            "summary": facts["summary"], "expression": expression, "supported": truth(found),
            "names": " ".join(f"{name}:{FACTS.name_on(name, cpu, release) or ''}"
                              for name in plistfacts.words_of(expression) if name in FACTS.names)})
    yield "cpu.constants=" + " ".join(
        f"{name}{'@' + core if core else ''}={value} ({source})"
        for name, core, value, source in FACTS.constants_of(cpu))


def template(name, text):
    (HERE / name).write_text(text)
    return HERE / name


def check_own_template():
    own = template("own.txt", OWN)
    ones = [(cpu, release, [release], options) for cpu, release, options in chosen()]
    alls = [(cpu, cpu.releases[-1], cpu.releases, ["--cpu", cpu.db]) for cpu in FACTS.cpus]
    for cpu, release, releases, options in ones + alls:
        got = emit(own, *options).splitlines()
        wanted = ["releases=" + " ".join(FACTS.releases) + " ",
                  *own_cpu(cpu, release, True, releases)]
        equal(len(got), len(wanted), f"own template {options}: as many lines")
        wrong = [(g, w) for g, w in zip(got, wanted) if g != w]
        equal(wrong, [], f"own template {options}")


def check_keys():
    """OWN, or the template of sources_test.py, uses every key there is: those that
    emit_model_data() and what it calls set."""
    source = (SOURCE / "gen" / "emit.c").read_text()
    part = source[source.index("static struct value *releases_data("):
                  source.index("struct value *emit_snapshot_data")]
    part = part[:part.index("a snapshot")]
    keys = set(re.findall(r'\bset(?:_\w+)?\(arena, [^"();]+, "(\w+)"', part)) | {"first", "name"}
    other = pathlib.Path(__file__).with_name("sources_test.py").read_text()
    equal(keys - set(re.findall(r"{{[#^]?(\w+)}}", OWN + other)), set(), "keys that no test uses")


def check_partials():
    (HERE / "parts").mkdir()
    template("parts/line.mustache", "{{name}} {{counters_mask | hex}}\n")
    whole = template("whole.txt", "{{#cpus}}\n{{#events}}\n{{>line}}\n{{/events}}\n{{/cpus}}\n")
    equal(emit(whole, "-p", HERE / "parts", "--cpu", "m1"),
          "".join(f"{row['name']} {row['counters_mask']:#x}\n"
                  for row in FACTS.rows(FACTS.cpu("a14"), FACTS.cpu("a14").releases[-1])), "a partial")
    refuses(1, ["-t", whole, *plistfacts.arguments(SNAPSHOTS)], "whole.txt:3:", "line")


    unreadable_partials()


def unreadable_partials():
    """What is there and cannot be read is no empty text, not even to --lenient."""
    parts = HERE / "locked"
    (parts / "directory.mustache").mkdir(parents=True)
    (parts / "loop.mustache").symlink_to("loop.mustache")
    (parts / "large.mustache").write_bytes(b"x" * ((16 << 20) + 1))
    for name, status, why in (("directory", 1, "not a regular file"),
                              ("loop", 3, os.strerror(errno.ELOOP)),
                              ("large", 1, "more than 16777216 bytes")):
        for lenient in ([], ["--lenient"]):
            equal(run(KPEPC, "render", "-t", template("part.txt", "\n{{>%s}}" % name), "-p", parts,
                      *lenient),
                  (status, "", f"kpepc: {HERE}/part.txt:2: partial '{name}': {why}\n"),
                  f"the partial {name} {lenient}")
    equal(run(KPEPC, "render", "-t", template("part.txt", "[{{>missing}}]"), "-p", parts,
              "--lenient"), (0, "[]", ""), "a partial that is not there")


def check_sizeless():
    """A file of /proc has text and no size."""
    if not os.path.exists("/proc/version"):
        print("not tested: no /proc here")
        return
    text = pathlib.Path("/proc/version").read_text()
    equal(os.stat("/proc/version").st_size, 0, "the size of a file of /proc")
    equal(run(KPEPC, "render", "-t", "/proc/version"), (0, text, ""), "render -t /proc/version")
    equal(run(KPEPC, "render", "-t", "/proc/version", "-d", "/proc/version"),
          (1, "", "/proc/version: line 1: text before <plist> (expected an XML or binary property "
           "list)\n"), "render -d /proc/version: it is read")
    (HERE / "proc").mkdir()
    (HERE / "proc/version.mustache").symlink_to("/proc/version")
    equal(run(KPEPC, "render", "-p", HERE / "proc", "-t", template("proc.txt", "{{>version}}")),
          (0, text, ""), "a partial of /proc")
    equal(emit("/proc/version", "--cpu", "m1"), text, "emit -t /proc/version")
    equal(run(KPEPC, "render", "-t", template("empty.txt", "")), (0, "", ""), "an empty template")


# ---- what is refused

def check_errors():
    both = plistfacts.arguments(SNAPSHOTS)
    for text, line, part in (("{{#cpus}}\n\n{{nope}}\n{{/cpus}}", 3, "nope"),
                             ("{{#cpus}}\n{{#nope}}{{/nope}}{{/cpus}}", 2, "nope"),
                             ("\n{{releases | nope}}", 2, "nope"),
                             ("{{#cpus}}\n{{#events}}{{/cpus}}", 2, "events"),
                             ("{{#cpus}}\n{{db | hex}}{{/cpus}}", 2, "hex"),
                             ("{{>nope}}", 1, "nope")):
        own, output = template("wrong.txt", text), HERE / "wrong.out"
        refuses(1, ["-t", own, "-o", output, *both], f"wrong.txt:{line}: ", part)
        check(not output.exists(), f"{text!r} makes no file")
        output.write_text("as it was")
        refuses(1, ["-t", own, "-o", output, *both])
        equal(output.read_text(), "as it was", f"{text!r} leaves an old file alone")
        output.unlink()
    equal(emit(template("lenient.txt", "{{nope}}{{#cpus}}{{db}}{{/cpus}}"), "--cpu", "m1",
               "--lenient"), "a14", "--lenient: what the data lacks is empty")
    check(not list(HERE.glob("wrong.out*")), "no temporary file stays")
    refuses(2, [*both], "-t")
    refuses(2, ["-t", "csv"], "RELEASE=DIR")
    refuses(2, ["-t", "csv", "x"], "'x'", "RELEASE=DIR")
    refuses(2, ["-t", "csv", both[0], both[0]], "twice")
    refuses(2, ["-t", "csv", "--escape", "nope", *both], "nope")
    refuses(2, ["-t", "csv", "--data", "x", *both], "option")
    refuses(1, ["-t", "nope", *both], "nope")
    for internal in (*(name.removesuffix(".h") for name in HEADERS), "snapshot"):
        refuses(1, ["-t", internal, *both], internal)
    for name in ("c-header", "perf-json"):
        refuses(2, ["-t", name, *both], name, "--cpu")
        refuses(2, ["-t", name, "--cpu", "a14,a15", *both], name, "--cpu")
    refuses(1, ["-t", "csv", "--release", "macos-14", *both], "macos-14")
    refuses(1, ["-t", "csv", "--cpu", "zz80", *both], "zz80")
    status, _, err = run("/bin/sh", "-c", 'exec "$0" "$@" >/dev/full', KPEPC, "emit", "-t", "csv",
                         *both)
    check(status == 1 and err.count("\n") == 1, f"a full disk: {status}, {err!r}")


def check_choice():
    """--cpu by database, chip and id, one or several; --release."""
    def dbs(*options):
        return sorted({row["db"] for row in read_csv(emit("csv", *options))})

    for cpu in FACTS.cpus:
        wanted = emit("csv", "--cpu", cpu.db)
        for other in (cpu.designations()[1], cpu.ids[-1]):
            equal(emit("csv", "--cpu", other, "--release", cpu.releases[-1]), wanted,
                  f"--cpu {other}, and the newest release is what it gives without --release")
    equal(dbs("--cpu", "m1,m2"), ["a14", "a15"], "--cpu with a list")
    equal(dbs("--cpu", "m1;cpu_7_8_38435547"), ["a14", "icelake"], "--cpu with a list of CMake's")
    equal(dbs("--cpu", "m1", "--cpu", "M1 Max,a15"), ["a14", "a15"], "--cpu repeated")
    for release in FACTS.releases:
        equal(dbs("--release", release),
              sorted(cpu.db for cpu in FACTS.cpus if release in cpu.releases), release)


def check_allow_missing():
    """One release alone lacks events that db/names.plist names."""
    for release, directory in SNAPSHOTS.items():
        one = {release: directory}
        refuses(1, ["-t", "csv", "--names", NAMES, *plistfacts.arguments(one)], "names.plist: names.",
                "nothing was written")
        facts = Facts(one)
        got = json.loads(emit("json", "--allow-missing", releases=one))
        for cpu in facts.cpus:
            shown = next(c for c in got["cpus"] if c["db"] == cpu.db)
            equal(shown, cpu_json(facts, cpu, release), f"json of {release} alone: {cpu.db}")


# ---- databases of our own: releases that differ, hostile text

def fixture(where, releases, names=None, chips=None):
    """Databases as a Mac has them: release -> name -> (plist, ids). Gives the directories."""
    directories = {}
    for release, databases in releases.items():
        directories[release] = HERE / where / release
        for name, (data, ids) in databases.items():
            kpeptest.write_plist(directories[release] / f"{name}.plist", {**data, "name": name})
            for i in ids:
                (directories[release] / f"{i}.plist").symlink_to(f"{name}.plist")
    files = [kpeptest.write_plist(HERE / where / f"{kind}.plist", data) if data else None
             for kind, data in (("names", names), ("chips", chips))]
    return directories, files


def changed(**events):
    """The database of kpeptest with other events: a dictionary changes one, None takes it away."""
    cpu = kpeptest.database()["system"]["cpu"]
    for name, fields in events.items():
        if fields is None:
            del cpu["events"][name]
        else:
            cpu["events"][name] = {**cpu["events"].get(name, {}), **fields}
    return cpu


def check_newest_wins():
    """Every field changes between releases, a name is given to another chip, events come and go."""
    old = changed(INST_GONE={"number": 7}, ST_OLD={"number": 55, "counters_mask": 16})
    new = changed(INST_ALL={"number": 141, "counters_mask": 64}, INST_BRANCH={"number": 140},
                  FIXED_INSTRUCTIONS={"fallback": "INST_BRANCH"}, INST_NEW={"number": 8},
                  L1D_CACHE_MISS_LD={"counters_mask": 32},
                  ST_NEW={"number": 55, "counters_mask": 16})
    new |= {"marketing_name": "Newer", "config_counters": 2044, "power_counters": 96,
            "aliases": {"Cycles": "FIXED_CYCLES", "Instructions": "INST_ALL"}}
    ids = [f"cpu_100000c_2_{i}" for i in "abcd"]
    releases = {
        "r-1": {"t1": (kpeptest.database(**old), ids[:2]), "t2": (kpeptest.database(), ids[2:3])},
        "r-2": {"t1": (kpeptest.database(**new), ids[:1]), "t3": (kpeptest.database(), ids[1:2]),
                "t4": (kpeptest.database(), ids[3:])}}
    names = {"names": {"stores": {"unit": "stores", "summary": "Stores.",
                                  "candidates": {"arm64": ["ST_OLD"], ids[3]: []}},
                       "some": {"unit": "loads", "summary": "One of two.",
                                "candidates": {"arm64": ["INST_NEW", "L1D_CACHE_MISS_LD"],
                                               "t2": ["INST_ALL"]}}}}
    chips = {ids[0]: {"chips": ["Old One", "Other"], "confidence": "low", "event_bits": 16}}
    directories, (names, chips) = fixture("newest", releases, names, chips)
    facts = Facts(directories, names, chips)
    equal(facts.spellings, {"ST_OLD": "ST_NEW", "ST_NEW": "ST_OLD"}, "the fixture has a rename")
    data = ["--names", names, "--chips", chips]
    for release in (None, "r-1", "r-2"):
        options = [] if release is None else ["--release", release]
        got = {cpu["cpu_ids"][0]: cpu for cpu in
               json.loads(emit("json", *options, releases=directories, data=data))["cpus"]}
        cpus = [cpu for cpu in facts.cpus if release is None or release in cpu.releases]
        equal(got.keys(), {cpu.ids[0] for cpu in cpus}, f"the CPUs of {release}")
        for cpu in cpus:
            wanted = cpu_json(facts, cpu, release or cpu.releases[-1])
            if cpu.ids[0] == ids[1]:
                wanted["db"] = "t3"  # t1 is the chip's whose id comes first
            equal(got[cpu.ids[0]], wanted, f"{cpu.ids[0]} in {release}")


MARKUP = ("[a](http://x.org)", "![a](b)", "http://x.org", "www.x.org", "a@x.org", "<b>x</b>",
          "<!--", "*a* _b_ ~~c~~", "`|`", "# x #", "- x", "1. x", "---", "    x", "$x$", "&lt;", "\\|")
HOSTILE = 'A "b" \\ */ /* // ??/ ??\' {{db}} {{{x}}} ,;|<b>&amp; `*_ %n $(x) #\\'


FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)")


def hostile_fixture(text):
    database = kpeptest.database(marketing_name=text, aliases={
        text: "FIXED_CYCLES", "a,b": "INST_ALL", 'c "d"': "INST_BRANCH"})
    newer = kpeptest.database(marketing_name=text, aliases={
        f"{text} again": "FIXED_CYCLES", "e f": "INST_ALL", '"': "INST_BRANCH"})
    ids = ["cpu_100000c_2_a"]
    names = {"names": {"cycles": {"unit": text, "summary": text,
                                  "candidates": {"arm64": ["FIXED_CYCLES"]}},
                       "all": {"unit": text, "summary": text,
                               "candidates": {"arm64": ["INST_ALL"]}}},
             "metrics": {"cpi": {"unit": text, "summary": text, "expression": "cycles / all"}}}
    chips = {ids[0]: {"chips": [text], "confidence": "low", "note": text}}
    where = f"hostile-{len(list(HERE.glob('hostile-*')))}"
    return fixture(where, {"r-1": {"t1": (database, ids)}, "r-2": {"t1": (newer, ids)}}, names,
                   chips)


def c_string(literal):
    """What a C compiler makes of the inside of a string literal."""
    source, program = HERE / "string.c", HERE / "string"
    source.write_text('#include <stdio.h>\nint main(void) { fputs("%s", stdout); return 0; }\n'
                      % literal)
    status, _, err = run(CC, "-std=c90", *WARNINGS[:-1], "-Wno-trigraphs", source, "-o", program)
    equal((status, err), (0, ""), f"a string literal of {literal!r}")
    return run(program)[1] if status == 0 else None


def in_cells(text):
    """As it is in a cell of the CSV: what would be a formula is none."""
    return f"'{text}" if text.startswith(tuple("=+-@")) else text


def readers_of_markdown(text, heading):
    """What readers make of it, where there are any: a heading and a table, and nothing in them."""
    allowed = {"h2", "p", "table", "thead", "tbody", "tr", "th", "td"}
    commands = (["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"],
                ["cmark", "--unsafe"], ["markdown_py", "-x", "extra"])
    for command in commands:
        if shutil.which(command[0]) is None:
            continue
        status, out, err = run(*command, stdin=text.encode())
        equal((status, err), (0, ""), command[0])
        tags = {tag for tag in re.findall(r"</?([^\s>]+)[^>]*>", out)}
        check(tags <= allowed, f"{command[0]} of {heading!r}: {tags - allowed}")
        got = re.search(r"<h2[^>]*>(.*?)</h2>", out, re.S)
        equal(" ".join(html.unescape(got[1]).replace("\u2060", "").split()) if got else None,
              " ".join(heading.split()), f"{command[0]}: the heading")


def hostile_csv(text, directories, data, facts):
    cpu, release = facts.cpus[0], "r-2"
    equal(read_csv(emit("csv", releases=directories, data=data)),
          [{**row, **{key: in_cells(row[key]) for key in ("aliases", "summary")}} for row in
           (csv_row(facts, cpu, release, row) for row in facts.rows(cpu, release))], f"csv of {text!r}")


def hostile_markdown(text, directories, data, facts):
    cpu, release = facts.cpus[0], "r-2"
    markdown = emit("markdown", releases=directories, data=data)
    (heading, table), = read_markdown(markdown).items()
    equal(html.unescape(heading).replace("\u2060", ""), f"t1: {text} (r-2)",
          f"markdown of {text!r}")
    readers_of_markdown(markdown, f"t1: {text} (r-2)")
    check(not re.search(r"[<>]", markdown), f"markdown of {text!r}: no HTML")
    equal([row[0] for row in table[2:]], [row["name"] for row in facts.rows(cpu, release)],
          f"markdown of {text!r}: an event a row")
    check(all(len(row) == len(table[0]) for row in table), f"markdown of {text!r}: columns")


def check_hostile():
    for text in (HOSTILE, "*/", "\\", "??/", '"', "{{/cpus}}", "|", ",", "'", "<!--", "*", "?"):
        directories, (names, chips) = hostile_fixture(text)
        facts, data = Facts(directories, names, chips), ["--names", names, "--chips", chips]
        cpu, release = facts.cpus[0], "r-2"
        header = HERE / "hostile.h"
        header.write_text(emit("c-header", releases=directories, data=data))
        compiles(header)
        wanted = constants(facts, cpu, facts.releases, cpu.db)
        equal(printed([header], wanted), wanted, f"c-header of {text!r}")
        equal(json.loads(emit("json", releases=directories, data=data))["cpus"],
              [cpu_json(facts, cpu, release)], f"json of {text!r}")
        hostile_csv(text, directories, data, facts)
        perf = json.loads(emit("perf-json", releases=directories, data=data))
        equal({e["BriefDescription"] for e in perf if e["EventName"] == "INST_ALL"}, {text},
              f"perf-json of {text!r}")
        hostile_markdown(text, directories, data, facts)
    for texts, judge in ((MARKUP, hostile_markdown), (FORMULAS, hostile_csv)):
        for text in texts:
            directories, (names, chips) = hostile_fixture(text)
            judge(text, directories, ["--names", names, "--chips", chips],
                  Facts(directories, names, chips))


def check_cells():
    """Whatever an event is called, a row of a table stays one, of as many cells."""
    texts = [f"{a}{b}" for a in MARKUP for b in ("", "\n", *MARKUP)]
    data = kpeptest.write_plist(HERE / "cells.plist", {"list": [{"text": text} for text in texts]})
    table = template("cells.md", "## t\n\n| a | b |\n| --- | --- |\n"
                     "{{#list}}\n| {{text}} | x{{text}} |\n{{/list}}\n")
    status, out, err = run(KPEPC, "render", "-t", table, "-d", data)
    equal((status, err), (0, ""), "a table of markup")
    rows = [[html.unescape(cell).replace("\u2060", "").strip() for cell in row.split("|")]
            for row in out.split("\n")[4:-1]]
    equal(len(rows), len(texts), "a table of markup: rows")
    for text, row in zip(texts, rows):
        equal(row, ["", text.strip(), ("x" + text).strip(), ""], f"a table of markup: {text!r}")
    readers_of_markdown(out, "t")


def check_escape():
    """By the template's file name, or as --escape says."""
    directories, _ = hostile_fixture(HOSTILE)
    text = "{{#cpus}}{{marketing_name}}{{/cpus}}"

    def rendered(name, *options):
        return emit(template(name, text), *options, releases=directories, data=[])

    as_c, as_json, as_html = rendered("e.c"), rendered("e.json"), rendered("e.html")
    as_markdown = rendered("e.md")
    equal(c_string(as_c), HOSTILE, "the escape of C")
    equal(json.loads(f'"{as_json}"'), HOSTILE, "the escape of JSON")
    equal(html.unescape(as_html), HOSTILE, "the escape of HTML")
    check(not re.search("[<>\"']", as_html), "the escape of HTML leaves nothing that means something")
    equal(html.unescape(as_markdown), HOSTILE, "the escape of Markdown")
    equal(len({as_c, as_json, as_html, as_markdown, HOSTILE}), 5, "five escapes")
    for wanted, names in ((as_c, ["e.h", "e.inc", "e.c.mustache", "e.h.mustache"]),
                          (as_json, ["e.json.mustache"]), (as_html, ["e.htm", "e.xml", "e.svg"]),
                          (as_markdown, ["e.markdown", "e.md.mustache"]),
                          (HOSTILE, ["e.txt", "e", "e.mustache", "e.json.txt"])):
        for name in names:
            equal(rendered(name), wanted, f"the escape of {name}")
    for kind, wanted in (("c", as_c), ("json", as_json), ("html", as_html), ("markdown", as_markdown),
                         ("none", HOSTILE)):
        for name in ("e.json", "e.txt"):
            equal(rendered(name, "--escape", kind), wanted, f"--escape {kind} of {name}")


def check_descriptions():
    """Apple's text, which may be anything, only when asked for."""
    prose = 'Two\nlines, "quoted" \\ \t é☃ */ {{x}} |'
    database = kpeptest.database(**changed(INST_ALL={"description": prose, "errata": prose}))
    directories, _ = fixture("prose", {"r-1": {"t1": (database, ["cpu_100000c_2_a"])}})
    with_prose = json.loads(emit("perf-json", "--descriptions", releases=directories, data=[]))
    without = json.loads(emit("perf-json", releases=directories, data=[]))
    equal([e["BriefDescription"] for e in with_prose], [prose, "INST_BRANCH", "L1D_CACHE_MISS_LD"],
          "perf-json --descriptions")
    equal([e["BriefDescription"] for e in without], [e["EventName"] for e in without],
          "perf-json without")
    own = template("d.c", "{{#cpus}}{{#events}}{{#description}}{{.}}{{/description}}"
                   "{{/events}}{{/cpus}}")
    equal(c_string(emit(own, "--descriptions", releases=directories, data=[])), prose,
          "a description as a C string")


# ---- the headers of libkpdb

def changed_tables():
    """What is changed -> the databases of two releases, and the other files of a compile."""
    ids = ["cpu_100000c_2_a", "cpu_100000c_2_b", "cpu_7_8_c"]
    x86 = kpeptest.database(architecture="x86_64", aliases={}, events={
        "X": {"number": 1, "umask": 1, "other": 4}, "Y": {"fixed_counter": 1, "umask": 2},
        "Z": {"number": 2, "umask": 1}})

    def base():
        return {"r-1": {"t1": (kpeptest.database(), ids[:1]), "t2": (kpeptest.database(), ids[1:2])},
                "r-2": {"t1": (kpeptest.database(), ids[:1]), "x1": (copy.deepcopy(x86), ids[2:])},
                "names": {"names": {"branches": {"unit": "branches", "summary": "Branches.",
                                                 "candidates": {"arm64": ["INST_BRANCH"]}},
                                    "cycles": {"unit": "cycles", "summary": "Cycles.",
                                               "candidates": {"arm64": ["FIXED_CYCLES"]}}},
                          "metrics": {"rate": {"unit": "x", "summary": "A rate.",
                                               "expression": "100 * width * branches / cycles"}},
                          "constants": {"width": {"summary": "A width."}}},
                "chips": {ids[0]: {"chips": ["T1"], "confidence": "high", "event_bits": 16, "constants": {
                    "width": {"P": 8, "source": "A page."}}}},
                "kernel": {"S1": {"cpus": ids[:1], "selectors": {"14.0": [140], "15.4": [141]}}},
                "intel": {"msrs": [{"number": 9, "umask": 1, "msr": 0x1A6}],
                          "bits": [{"databases": ["x1"], "events": {"Z": {"cmask": 1}}}]},
                "meanings": {"summaries": {"INST_ALL": "A."}, "doubted": {"X": "B."},
                             "errata": {"E1": {"databases": ["x1"], "events": ["X"]}}}}

    def cpu(tables, name="t1", release="r-2"):
        return tables[release][name][0]["system"]["cpu"]

    def both(tables, **event):
        for release in ("r-1", "r-2"):
            cpu(tables, release=release)["events"]["INST_BRANCH"].update(event)

    changes = {
        "nothing": lambda t: None,
        "a number": lambda t: both(t, number=142),
        "a mask": lambda t: both(t, counters_mask=96),
        "a fallback": lambda t: both(t, fallback="INST_ALL"),
        "a unit mask": lambda t: cpu(t, "x1")["events"]["X"].update(umask=2),
        "other bits": lambda t: cpu(t, "x1")["events"]["X"].update(other=0x8000),
        "a fixed counter": lambda t: cpu(t, "x1")["events"]["Y"].update(fixed_counter=0),
        "an event's release": lambda t: cpu(t, release="r-1")["events"].pop("L1D_CACHE_MISS_LD"),
        "an alias": lambda t: cpu(t, "t2", "r-1")["aliases"].update(Cycles="INST_ALL"),
        "a CPU's masks": lambda t: cpu(t, "t2", "r-1").update(power_counters=0),
        "a CPU's marketing name": lambda t: cpu(t, "t2", "r-1").update(marketing_name="Other"),
        "a CPU's id": lambda t: t["r-2"].update(x1=(t["r-2"]["x1"][0], ["cpu_7_8_d"])),
        "a chip": lambda t: t["chips"][ids[0]].update(chips=["T2"]),
        "how sure a chip is": lambda t: t["chips"][ids[0]].update(confidence="low"),
        "how that is known": lambda t: t["chips"][ids[0]].update(note="measured"),
        "the width of selectors": lambda t: t["chips"][ids[0]].update(event_bits=8),
        "Intel's bits": lambda t: t["intel"]["bits"][0]["events"]["Z"].update(inv=True),
        "an MSR": lambda t: t["intel"]["msrs"][0].update(msr=0x1A7),
        "a summary": lambda t: t["meanings"]["summaries"].update(INST_ALL="C."),
        "a doubt": lambda t: t["meanings"].update(summaries={}, doubted={"INST_ALL": "A.", "X": "B."}),
        "errata": lambda t: t["meanings"]["errata"].update(
            E2=t["meanings"]["errata"].pop("E1")),
        "a kernel's list": lambda t: t["kernel"]["S1"]["selectors"].update({"15.0": [163]}),
        "a name's candidates": lambda t: t["names"]["names"]["branches"]["candidates"].update(
            t2=["INST_ALL"]),
        "a name's unit": lambda t: t["names"]["names"]["branches"].update(unit="jumps"),
        "a metric's number": lambda t: t["names"]["metrics"]["rate"].update(
            expression="10 * width * branches / cycles"),
        "a metric's names": lambda t: t["names"]["metrics"]["rate"].update(
            expression="100 * width * cycles / cycles"),
        "a metric's operator": lambda t: t["names"]["metrics"]["rate"].update(
            expression="100 * width * branches * cycles"),
        "a metric's second expression": lambda t: t["names"]["metrics"]["rate"].update(
            otherwise=["branches / cycles"]),
        "a name's event on configurable counters": lambda t: t["names"]["names"]["cycles"].update(
            configurable={"arm64": ["INST_ALL"]}),
        "a constant": lambda t: t["chips"][ids[0]]["constants"]["width"].update(P=4),
        "a constant's core": lambda t: t["chips"][ids[0]]["constants"].update(
            width={"E": 8, "source": "A page."}),
        "a constant's source": lambda t: t["chips"][ids[0]]["constants"]["width"].update(source="B"),
    }
    for what, change in changes.items():
        tables = base()
        change(tables)
        yield what, tables


def compiled(number, tables):
    """A directory with the headers."""
    where = f"pair-{number}"
    directories, (names, chips) = fixture(where, {r: tables[r] for r in ("r-1", "r-2")},
                                          tables["names"], tables["chips"])
    facts = ["--names", names, "--chips", chips]
    for name in ("kernel", "intel", "meanings"):
        facts += [f"--{name}", kpeptest.write_plist(HERE / where / f"{name}.plist", tables[name])]
    status, _, err = run(KPEPC, "compile", "-o", HERE / where / "out", *facts,
                         *plistfacts.arguments(directories))
    equal(status, 0, f"pair {number}: {err}")
    return HERE / where / "out"


def check_pairs():
    """One header of a compile and one of another never go together."""
    def library(ids, tables):
        """Says for each header but the first whether the file that includes it compiles."""
        mixed = HERE / "mixed"
        mixed.mkdir(exist_ok=True)
        for name in HEADERS:
            shutil.copyfile((ids if name == HEADERS[0] else tables) / name, mixed / name)
        return [run(CC, "-std=c11", "-fsyntax-only", f"-I{mixed}", SOURCE / "db" / source)
                for source in sorted(sources)]

    sources = [path.name for path in (SOURCE / "db").glob("*.c")
               if any(f'#include "{name}"' in path.read_text() for name in HEADERS[1:])]
    equal(len(sources), len(HEADERS) - 1, "a file for each header")

    pairs = {what: compiled(n, tables) for n, (what, tables) in enumerate(changed_tables())}
    prints = [re.search(r"FINGERPRINT (0x\w+)", (where / "kpdb_ids.h").read_text())[1]
              for where in pairs.values()]
    equal(len(set(prints)), len(pairs), "a fingerprint for each")
    first = pairs.pop("nothing")
    equal({status for status, _, _ in library(first, first)}, {0}, "headers of one compile")
    for what, other in pairs.items():
        for ids, tables in ((first, other), (other, first)):
            for status, _, err in library(ids, tables):
                check(status != 0 and "compile the databases again" in err,
                      f"headers that differ in {what}: {status} {err[:200]}")


def long_strings():
    """A compile's arguments: strings longer than a line, one without blanks, one of escapes."""
    database = kpeptest.database(marketing_name=" ".join(["word", "*/", '??/"'] * 30))
    names = {"names": {"long": {"unit": "u" * 300, "summary": "Sentence. " * 40 + "/*.",
                                "candidates": {"arm64": ["INST_BRANCH"]}}}, "metrics": {}}
    directories, (names, _) = fixture("long-text", {"r-1": {"t1": (database, ["cpu_100000c_2_a"])}}, names)
    return ["--names", names, "--chips", CHIPS, *plistfacts.arguments(directories)]


def check_tables():
    """libkpdb's headers are for reading too."""
    to = HERE / "tables"
    for what, arguments in (("long strings", long_strings()),
                            ("the repository", [*DATA, *plistfacts.arguments(SNAPSHOTS)])):
        status, _, err = run(KPEPC, "compile", "-o", to, *arguments)
        equal(status, 0, f"compile of {what}: {err}")
        for name in HEADERS:
            check_width(f"{name} of {what}", (to / name).read_text())
        macros = re.findall(r"#define (KPDB_NAME_\w+ \d+)\n", (to / "kpdb_ids.h").read_text())
        names = sorted(plistlib.loads(pathlib.Path(arguments[1]).read_bytes())["names"])
        equal(macros, [f"KPDB_NAME_{ident(name)} {n}" for n, name in enumerate(names)],
              f"names of {what}")
        if cxx():
            equal(run(cxx(), "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                      "-D_Static_assert=static_assert", f"-I{to}", "-x", "c++",
                      SOURCE / "db/lookup.c"), (0, "", ""), f"tables of {what} as C++20")


# ---- many CPUs

def many(cpus, events, apart=""):
    """That many databases of as many events, in a directory of their own; apart: by other names."""
    where = HERE / f"many{apart}-{cpus}-{events}"
    for n in range(cpus):
        data = kpeptest.database()
        mine = f"{apart}{n}" if apart else ""
        data["system"]["cpu"]["events"].update(
            {f"E{mine}_{e}": {"number": e} for e in range(events)})
        kpeptest.write_plist(where / f"t{n}.plist", {
            **data, "name": f"t{n}", "kpep": {"release": "r-1", "cpus": [f"cpu_100000c_2_{n + 1:x}"]}})
    return f"r-1={where}"


def check_memory():
    """One CPU's data at a time, and not all of the output: the rest is the databases."""
    def limited(*command, megabytes=128):
        limit = lambda: resource.setrlimit(resource.RLIMIT_AS, 2 * (megabytes << 20,))
        return run(KPEPC, "emit", *command, preexec_fn=limit)

    if limited("-t", "json", many(1, 1))[0] != 0:
        print("NOT TESTED: memory (the command needs more than that for itself)")
        return
    databases = many(30, 1000)
    for name in ("json", "csv", "markdown"):
        status, out, err = limited("-t", name, databases)
        equal((status, err), (0, ""), f"{name} of many CPUs")
        equal(limited("-t", name, "-o", HERE / "many.out", databases), (0, "", ""),
              f"{name} of many CPUs, to a file")
        check((HERE / "many.out").read_text() == out, f"{name} of many CPUs: the same to a file")
        check(len(out) > 1000 * 30 * 20, f"{name} of many CPUs: {len(out)} bytes")


def check_limits():
    """So much output for so many events; of what is too much nothing is seen."""
    one, thirty = many(1, 1000), many(30, 1000)
    long = template("long", "{{#cpus}}" + "x" * (3 << 20) + "{{/cpus}}")
    status = subprocess.run([KPEPC, "emit", "-t", long, thirty], stdout=open(HERE / "long.out", "wb"),
                            check=False).returncode
    equal((status, (HERE / "long.out").stat().st_size), (0, 90 << 20), "3 MB for each of 30 CPUs")
    longer = template("longer", "{{#cpus}}{{#events}}" + "x" * 70000 + "{{/events}}{{/cpus}}")
    refuses(1, ["-t", longer, one], "longer:1: too much output (expected at most 67108864 bytes)")
    # What the tables cannot number can be written all the same.
    rows = read_csv(run(KPEPC, "emit", "-t", "csv", many(10, 6800, "_"))[1])
    equal(len({row["name"] for row in rows}), 68005, "68000 names")
    for file in (long, longer, HERE / "long.out"):
        file.unlink()


# ---- goldens

def golden_outputs():
    """Expected file -> what the commands write now, all of tests/golden/kpep."""
    databases = [f"r-1={GOLDEN / 'kpep'}"]
    data = [word for name in ("names", "chips", "meanings")
            for word in (f"--{name}", GOLDEN / f"{name}.plist")]
    outputs = {}
    for name, file in (("c-header", "c-header.h"), ("json", "json.json"), ("csv", "csv.csv"),
                       ("markdown", "markdown.md"), ("perf-json", "perf-json.json")):
        outputs[file] = run(KPEPC, "emit", "-t", name, *data, *databases)
    sources = ["--sources", GOLDEN / "sources.plist"]
    for command, files in ((["compile", *data, *sources, *databases], HEADERS),
                           (["snapshot", "--release", "r-1", "--source", "tests/golden/kpep",
                             GOLDEN / "kpep"], ["snapshot.plist"])):
        to = HERE / "golden"
        status, _, err = run(KPEPC, command[0], "-o", to, *command[1:])
        for file in files:
            written = to / {"snapshot.plist": "t1.plist"}.get(file, file)
            outputs[file] = (status, written.read_text() if written.exists() else "", err)
    return outputs


def check_goldens():
    for file, (status, text, err) in golden_outputs().items():
        equal((status, err), (0, ""), f"golden {file}")
        if file.endswith(".h"):
            check_width(f"tests/golden/{file}", text)
        wanted = (GOLDEN / file).read_text() if (GOLDEN / file).exists() else ""
        if not check(text == wanted, f"tests/golden/{file} is what is written; if the change is "
                     f"meant: {pathlib.Path(__file__).name} --update"):
            subprocess.run(["diff", "-u", str(GOLDEN / file), "-"], input=text.encode(),
                           stdout=sys.stderr)


def update_goldens():
    for file, (status, text, err) in golden_outputs().items():
        if status != 0:
            sys.exit(f"{file}: {err}")
        (GOLDEN / file).write_text(text)
        print(f"wrote tests/golden/{file}")


try:
    if sys.argv[1:] == ["--update"]:
        update_goldens()
        sys.exit(0)
    check_headers()
    check_json()
    check_csv()
    check_markdown()
    check_perf()
    check_own_template()
    check_keys()
    check_partials()
    check_sizeless()
    check_errors()
    check_choice()
    check_allow_missing()
    check_newest_wins()
    check_hostile()
    check_cells()
    check_escape()
    check_descriptions()
    check_pairs()
    check_tables()
    check_memory()
    check_limits()
    check_goldens()
    done()
finally:
    shutil.rmtree(HERE)
