"""kpep check and kpep measure against the simulators of tests/sim."""
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

from kpeptest import KPEP, SIM_CPUS as CPUS, check, done, equal, run, sim_environment, sim_options

LIBRARIES = sim_options()


def kpep(chip, release, *arguments, sim="", data="", libraries=LIBRARIES):
    return run(KPEP, *arguments, *libraries, env=sim_environment(chip, release, sim, data))


def equal_tables():
    old = sim_options("libkperfdata_sim_old.so")
    for chip, release, gen, libraries in (("m1", "macos-15", 3, old), ("m1", "macos-26.0", 4, LIBRARIES),
                                          ("m4", "macos-26.0", 4, LIBRARIES), ("m5", "macos-26.0", 4, LIBRARIES),
                                          ("haswell", "macos-15", 3, old), ("icelake", "macos-15", 3, old)):
        status, output, errors = kpep(chip, release, "check", "--json", sim=f"gen={gen}", libraries=libraries)
        equal((status, errors), (0, ""), f"{chip} {release}")
        got = json.loads(output)
        equal((got["cpu_id"], got["release"], got["changed"], got["encodings"]),
              (CPUS[chip], release, [], 1000), f"{chip} {release}")
    status, output, _ = kpep("m1", "macos-26.0", "check", sim="gen=4")
    check(output.endswith("macos-26.0, which fits best: 0 differences\nkpep_event is 56 bytes here (never used)\n"),
          output)


def drifted():
    """A live database that differs: each change said once, and where."""
    cases = {
        "drift=number:INST_BRANCH:142": [("INST_BRANCH", "number", "141", "142")],
        "drift=mask:L1D_CACHE_MISS_LD:4": [("L1D_CACHE_MISS_LD", "counters_mask", "1020", "4")],
        "drift=missing:INST_BARRIER": [("INST_BARRIER", "removed", "present", "absent")],
        "drift=added:NEW_EVENT:77": [("NEW_EVENT", "added", "absent", "present")],
        "drift=added:N1:77,drift=added:N2:78,drift=added:N3:79":
            [(name, "added", "absent", "present") for name in ("N1", "N2", "N3")],
        "drift=alias:Cycles:INST_ALL": [("Cycles", "alias", "FIXED_CYCLES", "INST_ALL")],
        "drift=config_counters:0x1fc": [(None, "config_counters", "8", "7")],
        "lie=user_bits:0x30000": [(None, "user_bits", "0x20000", "0x30000")],
        "lie=words:0x400000": [(None, "word_bits", "0x0", "0x400000")],
        "drift=apart:INST_BRANCH:INST_BARRIER": [("INST_BRANCH INST_BARRIER", "code", "0", "12")],
    }
    for data, want in cases.items():
        status, output, errors = kpep("m1", "macos-26.0", "check", "--json", sim="gen=4", data=data)
        equal((status, errors), (1, ""), data)
        got = json.loads(output)
        equal([(c["name"], c["field"], c["table"], c["live"]) for c in got["changed"]], want, data)
        equal(got["drifts"], len(want), data)
    status, output, _ = kpep("m1", "macos-26.0", "check", sim="gen=4", data="lie=user_bits:0x30000,lie=layout:apart")
    equal(output.splitlines()[1:], ["  changed  user_bits: 0x30000, the tables say 0x20000",
                                    "60 events and 1000 encodings compared with macos-26.0, which fits best: 1 difference"],
          "as text, and without a size of an event that cannot be told")
    # The other release's framework: the tables of that release fit best.
    status, output, _ = kpep("m1", "macos-15", "check", "--json", sim="gen=4")
    equal(json.loads(output)["release"], "macos-15", "the release that fits best")
    # Tables and framework that differ are not programmed.
    status, output, errors = kpep("m1", "macos-26.0", "measure", "--calibrate", "-e", "INST_BRANCH",
                                  sim="gen=4", data="drift=number:INST_BRANCH:142")
    equal((status, output), (1, ""), "verify refuses")
    check(all(word in errors for word in ("INST_BRANCH", "0x8d", "0x8e", "kpep check")), errors)
    status, output, errors = kpep("m1", "macos-26.0", "measure", "--calibrate", "-e", "INST_BRANCH,L1D_CACHE_MISS_LD",
                                  sim="gen=4", data="drift=number:INST_BRANCH:142")
    check("INST_BRANCH" in errors and "L1D" not in errors, f"the event that differs is blamed, not the last: {errors}")


def minors():
    """The release is found by its minor: the running one, and where they differ, that which fits best."""
    for chip, live, macos, fits in (("m1", "macos-26.0", "26.2", "macos-26.0"), ("m1", "macos-26.4", "26.6", "macos-26.4"),
                                    ("m4", "macos-26.0", "26.4", "macos-26.0"), ("m4", "macos-26.4", "26.2", "macos-26.4"),
                                    ("m5", "macos-27", "27.1", "macos-27"), ("m5", "macos-26.4", "27.1", "macos-26.4")):
        status, output, errors = kpep(chip, live, "check", sim=f"gen=4 os={macos}")
        first, *_, last, _ = output.splitlines() or [""] * 3
        equal((status, errors), (0, ""), f"{chip}, macOS {macos} with the databases of {live}")
        check(first.endswith(f"macOS {macos}") and f"compared with {fits}, which fits best: 0 differences" in last, output)


def cannot():
    status, output, errors = run(KPEP, "check", "--kperf", "/nowhere/kperf")
    equal((status, output, errors.count("\n")), (3, "", 1), "no framework")
    check("/nowhere/kperf" in errors, errors)
    for sim, words in (("root=0", "run it as root"), ("busy=1", "another tool"),
                       ("otherforce=1", "another tool"), ("vm=absent", "virtual machine"),
                       ("vm=empty", "virtual machine")):
        status, output, errors = kpep("m1", "macos-15", "measure", "--calibrate", "--words", "static",
                                      sim=f"gen=3 {sim}")
        equal((status, output, errors.count("\n")), (3, "", 1), f"{sim}: {errors}")
        check(words in errors, f"{sim}: {errors}")
    # macOS 26 says "forced" also where nobody holds them: taken only by who insists.
    for arguments, wanted in (([], 3), (["--insist"], 1)):
        status, output, errors = kpep("m1", "macos-26.0", "measure", "--calibrate", "-r", "1", *arguments,
                                      sim="gen=4 otherforce=1")
        equal((status, output == "", "--insist" in errors), (wanted, wanted == 3, wanted == 3), f"{arguments}: {errors}")
    status, output, errors = kpep("m1", "macos-26.0", "check", sim="gen=4 translated=1")
    equal(status, 3, "under Rosetta")
    check("Rosetta" in errors, errors)
    for lie in ("lie=events_count:0", "lie=events_count:-1", "lie=name:null", "lie=name:long", "lie=map:-1",
                "lie=kpc_count:-1", "lie=events:null", "lie=event:null", "lie=name:empty"):
        status, output, errors = kpep("m1", "macos-26.0", "check", sim="gen=4", data=lie)
        check(status in (1, 3), f"{lie}: {status} {errors}")


def measured():
    status, output, errors = kpep("m1", "macos-26.0", "measure", "--calibrate", "-r", "5", "--json",
                                  sim="gen=4 work=1000")
    equal((status, errors), (1, ""), "the simulator does not see the loop's own work")
    got = {e["name"]: e for e in json.loads(output)["events"]}
    equal(sorted(got), ["INST_ALL", "branch-misses", "branches", "cycles", "instructions"], "what is measured")
    check(all(e["read"] > 0 for e in got.values()), f"reads cost something: {got}")
    lines = kpep("m1", "macos-26.0", "measure", "--calibrate", "-r", "5", "-e", "cycles,INST_BRANCH",
                 sim="gen=4 work=1000")[1].splitlines()
    equal(lines[2].split(), ["event", "a", "read", "costs", "with", "work", "moves"], "the text's head")
    equal([(line.split()[0], line.split()[-1]) for line in lines[3:]],
          [("cycles", "no"), ("INST_BRANCH", "no")], "the text's rows")
    for calls in (["kpc_get_thread_counters:8"], ["kpc_get_thread_counters:9"],
                  ["kpc_set_counting:2", "kpc_set_counting:3"]):  # to stop, which is tried twice
        status, output, errors = kpep("m1", "macos-15", "measure", "--calibrate", "-r", "2", "--words",
                                      "static", sim=" ".join(["gen=3", *(f"fail={c}:err:EIO" for c in calls)]))
        equal((status, output, errors.count("\n")), (3, "", 1), f"{calls} fail: {errors}")
    for arguments in (["measure"], ["measure", "--calibrate", "-r", "0"], ["measure", "-e", "x", "--", "true"],
                      ["measure", "--calibrate", "--words", "none"]):
        equal(run(KPEP, *arguments)[0], 2, f"{arguments}")


# Tables' release, kernel's generation, and the counters of cycles and instructions that a metric of
# configurable counters has: the kernel of macOS 14 lets these count kernel mode (kernel.md 2.3).
MODES = [("macos-15", "gen=2", ("cycles", "instructions")), ("macos-15", "gen=3", ("CORE_ACTIVE_CYCLE", "INST_ALL")),
         ("macos-26.4", "gen=4", ("CORE_ACTIVE_CYCLE", "INST_ALL"))]
OLD = {"macos-15": sim_options("libkperfdata_sim_old.so")}


def measure(release, sim, *arguments, chip="m1"):
    """The counts with work, and the metrics: value or reason."""
    status, output, errors = kpep(chip, release, "measure", "--calibrate", "-r", "2", "--json", *arguments,
                                  sim=f"{sim} work=1000", libraries=OLD.get(release, LIBRARIES))
    check(status in (0, 1) and errors == "", f"{release} {sim} {arguments}: {status} {errors}")
    got = json.loads(output)
    return ({e["name"]: e["work"] for e in got["events"]},
            {m["name"]: m["value"] if m["reason"] is None else m["reason"] for m in got["metrics"]})


def near(a, b):
    return isinstance(a, float | int) and abs(a - b) <= 1e-12 * max(1, abs(b))


def modes():
    """A metric is of counts in the same modes, or is not printed, and why."""
    mixed = "some of the counts have kernel mode and others do not"
    no_room = "the events do not fit the counters at once"
    for release, sim, (cycles, instructions) in MODES:
        what = f"{release} {sim}"
        counts, metrics = measure(release, sim)
        check(near(metrics["ipc"], counts["instructions"] / counts["cycles"]), f"{what}: ipc stays on fixed counters")
        check(near(metrics["branch-mpki"], 1000 * counts["branch-misses"] / counts[instructions]), f"{what}: {metrics}")
        events = "cycles,instructions,branches,branch-misses"
        counts, metrics = measure(release, sim, "-e", events)
        equal(sorted(counts), sorted(events.split(",")), f"{what}: nothing but what was asked for")
        if instructions == "instructions":
            check(near(metrics["branch-mpki"], 1000 * counts["branch-misses"] / counts["instructions"]), metrics)
        else:
            equal((metrics["branch-mpki"], metrics["branch-fraction"]), (mixed, mixed), what)
        counts, metrics = measure(release, sim, "-e", events, "--user-only")
        equal((metrics["branch-mpki"], metrics["branch-fraction"]), (mixed, mixed), f"{what}, user mode")
        counts, metrics = measure(release, sim, "-e", "ipc,branch-mpki", "--user-only")
        equal(sorted(counts), ["BRANCH_MISPRED_NONSPEC", "CORE_ACTIVE_CYCLE", "INST_ALL"], f"{what}, user mode")
        check(near(metrics["ipc"], counts["INST_ALL"] / counts["CORE_ACTIVE_CYCLE"]), f"{what}: {metrics}")
        # Both INST_LDST and INST_ALL are for one and the same counter.
        counts, metrics = measure(release, sim, "-e", "INST_LDST,instructions,branch-misses,branch-mpki")
        if instructions == "instructions":
            check(near(metrics["branch-mpki"], 1000 * counts["branch-misses"] / counts["instructions"]), metrics)
        else:
            equal((sorted(counts), metrics["branch-mpki"]), (["INST_LDST", "branch-misses", "instructions"], no_room),
                  f"{what}: INST_ALL does not fit")
        counts, metrics = measure(release, sim, "-e", "bottleneck-useful,rename-stall-fraction,cache-miss-rate")
        check(near(metrics["rename-stall-fraction"], 100 * counts["MAP_STALL"] / counts[
            {"cycles": "FIXED_CYCLES"}.get(cycles, cycles)]), f"{what}: {metrics}")
        equal((metrics["bottleneck-useful"], metrics["cache-miss-rate"]),
              ("it depends on the kind of core, which is not known", "not supported on this CPU"), what)
    counts, metrics = measure("macos-15", "gen=3", "-e", "ipc,branch-mpki", chip="haswell")
    check(near(metrics["ipc"], counts["INST_RETIRED.ANY"] / counts["CPU_CLK_UNHALTED.THREAD"]), f"Intel: {metrics}")
    status, output, errors = kpep("m1", "macos-26.4", "measure", "--calibrate", "-e", "cache-miss-rate", sim="gen=4")
    equal((status, output), (1, ""), "a metric that no counter of this CPU is for")
    check("cache-miss-rate" in errors and errors.count("\n") == 1, errors)
    lines = kpep("m1", "macos-26.4", "measure", "--calibrate", "-r", "1", sim="gen=4 work=1000")[1].splitlines()
    equal([line.split()[0] for line in lines if line.startswith(("metric ", "ipc "))], ["metric", "ipc"],
          "metrics as text")


# What ends a process unless it is caught, and can be; XCPU is there for all that one never thinks of.
ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGALRM,
          signal.SIGABRT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF]
# Kernels that take the counters in different ways; and foreign events that were there before.
MACHINES = ["gen=3 seed=1", "gen=4 seed=1", "gen=3 seed=1 stale=config"]


def lasting(state):
    """What lasts of a machine: what is forced, counting, and the configuration."""
    return state.read_text().split(" periods=")[0] if state.exists() else ""


# Python 3.11 can without a copy of itself.
OWN_GROUP = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}


def calibration(sim, rounds=1):
    return subprocess.Popen([KPEP, "measure", "--calibrate", "-r", str(rounds), "--words", "static",
                             *map(str, LIBRARIES)], env=sim_environment("m1", "macos-15", sim),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **OWN_GROUP)


def interrupted():
    """A signal after any call: the process ends by it, and the counters are as they were."""
    with tempfile.TemporaryDirectory() as directory:
        state, log = pathlib.Path(directory, "state"), pathlib.Path(directory, "log")
        for machine in MACHINES:
            calibration(f"{machine} state={state} log={log}").communicate()
            before, calls = lasting(state), len(log.read_text().splitlines())
            check("forced=0 counting=0x0 running=0x0 thread_counting=0x0" in before, f"{machine}: {before}")
            check(calls > 30, f"{machine}: {calls} calls")
            log.unlink()
            for call in range(1, calls + 1):
                for which in ENDING if machine == MACHINES[0] else ENDING[call % 4::4]:
                    sim = f"{machine} state={state} signal=*:{call}:{int(which)}"
                    process = calibration(sim)
                    process.communicate(timeout=30)
                    equal((process.returncode, lasting(state)), (-which, before), f"{sim}: {which.name}")
                suspended(machine, call, state, before)


def suspended(machine, call, state, before):
    """Suspended after a call: the counters are given back meanwhile, and that is said."""
    process = calibration(f"{machine} state={state} signal=*:{call}:{int(signal.SIGTSTP)}")
    what = f"{machine}: suspended after call {call}"
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if check(os.WIFSTOPPED(status), what):
        equal(lasting(state), before, f"{what}: given back")
        process.send_signal(signal.SIGCONT)
    output, errors = process.communicate(timeout=30)
    equal(lasting(state), before, f"{what} and continued")
    if process.returncode == 1:  # before it had the counters, or after
        check(output != b"" and errors == b"", f"{what}: all measured")
    else:
        equal((process.returncode, output, errors.count(b"\n")), (3, b"", 1), f"{what}: {errors}")
        check(b"given back" in errors, f"{what}: {errors}")


def interrupted_anywhere(runs):
    """The same at a moment that no call knows of."""
    with tempfile.TemporaryDirectory() as directory:
        states = set()
        for number in range(runs):
            state = pathlib.Path(directory, f"state{number}")
            chooser = random.Random(number)
            process = calibration(f"gen={chooser.choice([1, 2, 3, 4])} seed=1 state={state}", 2000)
            while lasting(state) == "" and process.poll() is None:  # until the library is loaded
                time.sleep(0.001)
            time.sleep(chooser.random() * 0.005)  # rounds are of microseconds
            process.send_signal(chooser.choice(ENDING))
            process.communicate(timeout=30)
            states.add(lasting(state))
        equal(len(states), 1, f"the same state after every run: {states}")
        check("forced=0 counting=0x0 running=0x0 thread_counting=0x0" in states.pop(), "and it is the first")


equal_tables()
drifted()
minors()
cannot()
measured()
modes()
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
for ignored in ENDING:  # by whoever started this: a program inherits that
    signal.signal(ignored, signal.SIG_DFL)
interrupted()
interrupted_anywhere(200)
done()
