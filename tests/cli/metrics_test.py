"""Every metric on every CPU in every release: what libkpdb computes is what Python does."""
import os
import pathlib
import re
import tempfile

import plistfacts
from kpeptest import CC, SOURCE, check, done, equal, run
from plistfacts import FIXED_MODES_FROM, Facts

FACTS = Facts(plistfacts.snapshots())
TABLES = pathlib.Path(os.environ["LIBKPDB"]).parent / "tables"


def built(directory):
    program = directory / "metric_values"
    status, _, errors = run(CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", SOURCE / "db", "-I", TABLES,
                            SOURCE / "tests/cli/metric_values.c", *sorted((SOURCE / "db").glob("*.c")),
                            "-o", program)
    equal(status, 0, f"metric_values compiles: {errors}")
    return program


def wanted_value(cpu, expression, counts, core):
    """As text: a number, "none" for a division by 0, "unknown" for a constant of no such core."""
    constants = {word: FACTS.constant(word, cpu, core)
                 for word in plistfacts.words_of(expression) if word in FACTS.constants}
    if None in constants.values():
        return "unknown"
    try:
        return plistfacts.evaluate(expression, {**counts, **constants})
    except ZeroDivisionError:
        return "none"


def check_value(got, want, what):
    if isinstance(want, str) or got in ("none", "unknown"):
        equal(got, want, what)
    else:
        check(abs(float(got) - want) <= 1e-12 * max(1, abs(want)), f"{what}: {got}, and not {want}")


def is_fixed(cpu, release, event):
    return cpu.history[release].events[event]["fixed_counter"] is not None


def wanted_events(cpu, release, names, user_only):
    """A metric's events: on arm64 all fixed, or none where configurable ones are of user mode."""
    events = [FACTS.name_on(name, cpu, release) for name in names]
    fixed = [is_fixed(cpu, release, event) for event in events]
    stripped = plistfacts.macos(release) >= FIXED_MODES_FROM
    if cpu.intel or not any(fixed) or (not user_only and (all(fixed) or not stripped)):
        return " ".join(events)
    events = [FACTS.configurable(name, cpu, release) if is_fixed(cpu, release, event) else event
              for name, event in zip(names, events)]
    return "mixed" if None in events else " ".join(events)


def check_metrics(program):
    seen, values = set(), {}
    for seed in range(1, 4):
        for line in run(program, seed)[1].splitlines():
            db, release, metric, expression, counts, results, *events = line.split("\t")
            cpu = FACTS.cpu(db)
            what = f"{metric} on {db} in {release}"
            seen.add((db, release, metric))
            equal(expression, FACTS.metric_on(metric, cpu, release), what)
            counts = dict(count.split("=") for count in counts.split())
            equal(list(counts), [word for word in plistfacts.words_of(expression) if word in FACTS.names], what)
            counts = {name: float(count) for name, count in counts.items()}
            for core, got in zip(["", "P", "E", "M"], results.split(" "), strict=True):
                check_value(got, wanted_value(cpu, expression, counts, core), f"{what}, core {core!r}")
                values.setdefault(got in ("none", "unknown"), []).append(got)
            for user_only, got in enumerate(events):
                equal(got, wanted_events(cpu, release, list(counts), user_only), f"{what}: events, {user_only}")
    equal(seen, {(cpu.db, release, metric) for cpu in FACTS.cpus for release in cpu.releases
                 for metric in FACTS.metrics if FACTS.metric_on(metric, cpu, release)}, "what is supported where")
    check(len(values[False]) > 1000 and {"none", "unknown"} <= set(values[True]), "all kinds of answer were seen")


def check_one_file(directory):
    """Floating point is in metrics.c alone, and a program without a metric links none of it."""
    source = directory / "lookup_only.c"
    source.write_text('#include <kpdb.h>\nint main(void) { struct kpdb_event e; '
                      'return kpdb_find(0, -1, "cycles", 6, &e); }\n')
    status, _, errors = run(CC, "-std=c11", "-I", SOURCE / "db", "-I", TABLES, source,
                            SOURCE / "db/lookup.c", "-o", directory / "lookup_only")
    equal(status, 0, f"a program that only looks up needs lookup.c alone: {errors}")
    check(not re.search(r"\bkpdb_(metric|constant)|\bmetric_", run("nm", directory / "lookup_only")[1]),
          "a program that only looks up has no metric in it")
    for file in sorted((SOURCE / "db").glob("*.c")):
        if file.name != "metrics.c":
            check("double" not in file.read_text(), f"{file.name} has no floating point")


with tempfile.TemporaryDirectory() as scratch:
    check_metrics(built(pathlib.Path(scratch)))
    check_one_file(pathlib.Path(scratch))
done()
