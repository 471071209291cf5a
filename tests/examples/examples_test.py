"""The examples of runtime/examples: examples_test.py NAME COMMAND...

Against the simulators of tests/sim, whose system calls cost nothing here and whose threads do
UNITS of work before each read: what every event counts between two reads is in sim.h. It only
sees a thread leave its CPU, as a Mac's do all the time, where it is told to (preempt).
"""
import json
import os
import pathlib
import re
import sys
import tempfile

import plistfacts
from kpeptest import KPEPC, SOURCE, check, done, equal, run

EXAMPLE, COMMAND = sys.argv[1], sys.argv[2:]
SIM = pathlib.Path(os.environ["KPEP_SIM_DIR"])
FACTS = plistfacts.Facts(plistfacts.snapshots())
UNITS = 1000

# A chip, its database, the kernel's generation, and the release whose kperfdata goes with it.
MACHINES = [("m1", "a14", 3, "macos-15"), ("m1", "a14", 4, "macos-26.4"),
            ("m4", "as4", 4, "macos-26.4"), ("icelake", "icelake", 3, "macos-15")]


def example(machine, *arguments, sim=""):
    """Runs it on a simulated machine: status, output, and what it says of its own on stderr."""
    chip, _, gen, release = machine
    libraries = ["libkperf_sim.so",
                 "libkperfdata_sim.so" if gen == 4 else "libkperfdata_sim_old.so"]
    with tempfile.TemporaryDirectory() as directory:
        state = pathlib.Path(directory, "state")
        environment = {**os.environ, "KPEP_DB_PATH": str(SOURCE / "db/kpep" / release),
                       "KPEP_SIM": f"chip={chip} gen={gen} work={UNITS} cost=0 state={state} {sim}",
                       "KPEP_SIM_CPU": FACTS.cpu(machine[1]).ids[0]}
        status, output, errors = run(*COMMAND, *arguments, *(SIM / name for name in libraries),
                                     env=environment)
        after = state.read_text() if state.exists() else errors
        check("forced=0 counting=0x0 running=0x0 thread_counting=0x0" in after,
              f"{machine} {sim}: the counters are given back: {after}")
    ours = [line for line in errors.splitlines(True)
            if EXAMPLE != "benchmark" or line.startswith("kpep:")]
    return status, output, "".join(ours)


def counted(machine, name):
    """What one piece of work adds to the event of a chip-agnostic name: sim_count()."""
    cpu = FACTS.cpu(machine[1])
    if name in ("cycles", "instructions"):
        return UNITS * (2 if name == "cycles" else 1)
    row = cpu.merged()[FACTS.name_on(name, cpu, machine[3])]
    k = row["number"] | row["umask"] << 8
    return (k + 3) * UNITS + k % 89 + 5


def outputs(*arguments, machines=MACHINES):
    """Standard output on every machine, where all must go well."""
    for machine in machines:
        # Registers just below overflow, but on Intel, whose kernel loses a count at each.
        stale = "" if machine[0] == "icelake" else "stale=values"
        for sim in ("preempt=1", f"preempt=2 {stale} pm=1"):
            status, output, errors = example(machine, *arguments, sim=sim)
            equal((status, errors), (0, ""), f"{machine} {sim}")
            yield machine, output


def cannot_count():
    for sim, words in (("root=0", "run it as root"), ("busy=1", "another tool"),
                       ("vm=absent", "virtual machine")):
        status, output, errors = example(MACHINES[0], sim=sim)
        equal((status, output, errors.count("\n")), (1, "", 1), f"{sim}: {errors}")
        check(errors.startswith(f"{EXAMPLE}: ") and words in errors, errors)
    for read in range(3, 5):  # after the two that make the thread ready
        status, output, errors = example(MACHINES[0],
                                         sim=f"fail=kpc_get_thread_counters:{read}:err:EIO")
        equal((status, output), (1, ""), f"read {read} fails: {errors}")
        check(errors.startswith(f"{EXAMPLE}: "), errors)


def table(text):
    return [line.split() for line in text.splitlines()]


def region():
    names = ["cycles", "instructions", "branches", "branch-misses"]
    for machine, output in outputs():
        counts = {name: counted(machine, name) for name in names}
        branches, misses = counts["branches"], counts["branch-misses"]
        metrics = {"ipc": 0.5, "branch-miss-rate": 100 * misses / branches}
        if machine[0] in ("haswell", "icelake"):  # elsewhere instructions are of all modes, branches of user mode
            metrics |= {"branch-fraction": 100 * branches / UNITS,
                        "branch-mpki": 1000 * misses / UNITS}
        rows = {row[0]: row[1] for row in table(output)}
        equal(rows, {name: str(count) for name, count in counts.items()} |
              {name: f"{value:.3f}" for name, value in metrics.items()}, f"{machine}")
    cannot_count()


def threads():
    for machine, output in outputs():
        equal(table(output)[1:], [[str(i), str(i), str(2 * i * UNITS), str(i * UNITS)]
                                  for i in range(1, 5)], f"{machine}")
    cannot_count()


def passes():
    wanted = {"a14": {"each", "1", "2"}, "as4": {"each", "1"}}
    for machine, output in outputs(machines=MACHINES[:3]):
        rows = table(output)[1:]
        equal(rows[:2], [["cycles", "each", str(2 * UNITS)], ["instructions", "each", str(UNITS)]],
              f"{machine}")
        for name, _, count in rows:
            equal(int(count), counted(machine, name), f"{machine}: {name}")
        equal({row[1] for row in rows}, wanted[machine[1]], f"{machine}: passes")
    status, output, errors = example(MACHINES[3])
    equal((status, output), (1, ""), "an event that Ice Lake does not have")
    check(errors.startswith("passes: l1-dcache-load-misses: "), errors)
    cannot_count()


def benchmark():
    arguments = ["--benchmark_format=json", "--benchmark_min_time=0.001"]
    for machine, output in outputs(*arguments):
        rows = json.loads(output)["benchmarks"]
        equal(len(rows), 3, "benchmarks")
        for row in rows:
            # JSON tells the iterations of all threads together.
            for name in ("cycles", "instructions", "branch-misses"):
                total = row["threads"] * counted(machine, name)
                check(abs(row[name] * row["iterations"] - total) < 0.01 * total,
                      f"{machine}: {row['name']}: {name} {row[name]} for {row['iterations']}")
    # One of the threads cannot read its counters: no number is better than a share of it.
    one_run = ["--benchmark_format=json", "--benchmark_min_time=0", "--benchmark_filter=threads:4"]
    status, output, errors = example(MACHINES[0], *one_run,
                                     sim="preempt=1 fail=kpc_get_thread_counters:9:err:EIO")
    equal((status, errors.count("\n")), (0, 1), errors)
    check("a call failed" in errors and '"instructions": NaN' in output, errors + output)
    for sim, words in (("root=0", "run it as root"), ("vm=absent", "virtual machine")):
        status, output, errors = example(MACHINES[0], *arguments, sim=sim)
        equal((status, errors.count("\n")), (0, 1), f"said once: {errors}")
        check(errors.startswith("kpep: no counters: ") and words in errors, errors)
        rows = json.loads(output)["benchmarks"]
        check(len(rows) == 3 and all(row["real_time"] > 0 for row in rows), "benchmarks run")
        check(all(row["instructions"] != row["instructions"] for row in rows), f"nan: {rows}")


def perf_json():
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory, "pmu-events")
        arch = root / "arch/arm64"
        arch.mkdir(parents=True)
        (arch / "mapfile.csv").write_text("#MIDR,Version,Filename,EventType\n"
                                          "0x00000000410fd030,v1,arm/cortex-a53,core\n")
        for _ in range(2):  # again: nothing is added twice
            equal(run(*COMMAND, KPEPC, SOURCE / "db", root), (0, "", ""), "perf-json.sh")
        lines = (arch / "mapfile.csv").read_text().splitlines()
        equal((len(lines), lines[1]), (2 + 12, "0x00000000410fd030,v1,arm/cortex-a53,core"),
              "mapfile.csv")
        for line in lines[2:]:
            check(re.fullmatch(r"0x00000000610f0[23][2-9]0,v1,apple/m[12],core", line), line)
            check((arch / line.split(",")[2]).is_dir(), line)
        for cpu, db in (("m1", "a14"), ("m2", "a15")):
            events = json.loads((arch / "apple" / cpu / "core-imp-def.json").read_text())
            rows = FACTS.rows(FACTS.cpu(db), FACTS.cpu(db).releases[-1])
            wanted = {row["name"]: row["number"] for row in rows if row["number"] != 0}
            equal({e["EventName"]: int(e["EventCode"], 16) for e in events}, wanted, f"{cpu}")
            # Linux's driver takes eight bits, and jevents drops a key that it does not know.
            check(all(int(e["EventCode"], 16) < 256 for e in events), f"{cpu}: codes")
            equal({key for e in events for key in e},
                  {"EventName", "EventCode", "BriefDescription", "Counter"}, f"{cpu}: keys")
    equal(run(*COMMAND)[0], 2, "usage")
    check(run(*COMMAND, KPEPC, "/nowhere", directory)[0] != 0, "no databases")


{"region": region, "threads": threads, "passes": passes, "benchmark": benchmark,
 "perf-json": perf_json}[EXAMPLE]()
done()
