"""kpep check and kpep measure against the simulators of tests/sim."""
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time

from kpeptest import KPEP, SOURCE, check, done, equal, run

SIM = pathlib.Path(os.environ["KPEP_SIM_DIR"])
LIBRARIES = ["--kperf", SIM / "libkperf_sim.so", "--kperfdata", SIM / "libkperfdata_sim.so"]
CPUS = {"m1": "cpu_100000c_2_1b588bb3", "m4": "cpu_100000c_2_6f5129ac", "m5": "cpu_100000c_2_1d5a87e8",
        "haswell": "cpu_7_8_10b282dc", "icelake": "cpu_7_8_38435547"}


def environment(chip, release, sim="", data=""):
    return {**os.environ, "KPEP_SIM": f"chip={chip} {sim}", "KPEP_SIM_CPU": CPUS[chip],
            "KPEP_DB_PATH": str(SOURCE / "db/kpep" / release), "KPEP_SIM_DATA": data}


def kpep(chip, release, *arguments, sim="", data="", libraries=LIBRARIES):
    return run(KPEP, *arguments, *libraries, env=environment(chip, release, sim, data))


def equal_tables():
    old = LIBRARIES[:3] + [SIM / "libkperfdata_sim_old.so"]
    for chip, release, gen, libraries in (("m1", "macos-15", 3, old), ("m1", "macos-26", 4, LIBRARIES),
                                          ("m4", "macos-26", 4, LIBRARIES), ("m5", "macos-26", 4, LIBRARIES),
                                          ("haswell", "macos-15", 3, old), ("icelake", "macos-15", 3, old)):
        status, output, errors = kpep(chip, release, "check", "--json", sim=f"gen={gen}", libraries=libraries)
        equal((status, errors), (0, ""), f"{chip} {release}")
        got = json.loads(output)
        equal((got["cpu_id"], got["release"], got["changed"], got["encodings"]),
              (CPUS[chip], release, [], 1000), f"{chip} {release}")
    status, output, _ = kpep("m1", "macos-26", "check", sim="gen=4")
    check(output.endswith("macos-26, which fits best: 0 differences\nkpep_event is 56 bytes here (never used)\n"),
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
        status, output, errors = kpep("m1", "macos-26", "check", "--json", sim="gen=4", data=data)
        equal((status, errors), (1, ""), data)
        got = json.loads(output)
        equal([(c["name"], c["field"], c["table"], c["live"]) for c in got["changed"]], want, data)
        equal(got["drifts"], len(want), data)
    status, output, _ = kpep("m1", "macos-26", "check", sim="gen=4", data="lie=user_bits:0x30000,lie=layout:apart")
    equal(output.splitlines()[1:], ["  changed  user_bits: 0x30000, the tables say 0x20000",
                                    "60 events and 1000 encodings compared with macos-26, which fits best: 1 difference"],
          "as text, and without a size of an event that cannot be told")
    # The other release's framework: the tables of that release fit best.
    status, output, _ = kpep("m1", "macos-15", "check", "--json", sim="gen=4")
    equal(json.loads(output)["release"], "macos-15", "the release that fits best")
    # Tables and framework that differ are not programmed.
    status, output, errors = kpep("m1", "macos-26", "measure", "--calibrate", "-e", "INST_BRANCH",
                                  sim="gen=4", data="drift=number:INST_BRANCH:142")
    equal((status, output), (1, ""), "verify refuses")
    check(all(word in errors for word in ("INST_BRANCH", "0x8d", "0x8e", "kpep check")), errors)
    status, output, errors = kpep("m1", "macos-26", "measure", "--calibrate", "-e", "INST_BRANCH,L1D_CACHE_MISS_LD",
                                  sim="gen=4", data="drift=number:INST_BRANCH:142")
    check("INST_BRANCH" in errors and "L1D" not in errors, f"the event that differs is blamed, not the last: {errors}")


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
    status, output, errors = kpep("m1", "macos-26", "check", sim="gen=4 translated=1")
    equal(status, 3, "under Rosetta")
    check("Rosetta" in errors, errors)
    for lie in ("lie=events_count:0", "lie=events_count:-1", "lie=name:null", "lie=name:long", "lie=map:-1",
                "lie=kpc_count:-1", "lie=events:null", "lie=event:null", "lie=name:empty"):
        status, output, errors = kpep("m1", "macos-26", "check", sim="gen=4", data=lie)
        check(status in (1, 3), f"{lie}: {status} {errors}")


def measured():
    status, output, errors = kpep("m1", "macos-26", "measure", "--calibrate", "-r", "5", "--json",
                                  sim="gen=4 work=1000")
    equal((status, errors), (1, ""), "the simulator does not see the loop's own work")
    got = {e["name"]: e for e in json.loads(output)["events"]}
    equal(sorted(got), ["branch-misses", "branches", "cycles", "instructions"], "what is measured")
    check(all(e["read"] > 0 for e in got.values()), f"reads cost something: {got}")
    lines = kpep("m1", "macos-26", "measure", "--calibrate", "-r", "5", "-e", "cycles,INST_BRANCH",
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


def interrupted(runs):
    """A signal at any moment: the counters are given back, whatever was going on."""
    with tempfile.TemporaryDirectory() as directory:
        states = set()
        for number in range(runs):
            state = pathlib.Path(directory, f"state{number}")
            chooser = random.Random(number)
            which = chooser.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
            name = {signal.SIGINT: "INT", signal.SIGTERM: "TERM", signal.SIGHUP: "HUP"}[which]
            sim = f"gen={chooser.choice([1, 2, 3])} seed=1 state={state}"
            if number % 2 == 0:  # in the middle of a call, exactly
                sim += f" signal=*:{chooser.randint(8, 60)}:{name}"
            process = subprocess.Popen([KPEP, "measure", "--calibrate", "-r", "2000", "--words", "static",
                                        *map(str, LIBRARIES)], env=environment("m1", "macos-15", sim),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if number % 2 == 1:
                time.sleep(chooser.random() * 0.02)
                process.send_signal(which)
            process.wait(timeout=30)
            text = state.read_text() if state.exists() else ""
            # A timed signal may come before the library is loaded and has a state to tell.
            check(text != "" or number % 2 == 1, f"run {number} tells its state")
            if text != "":
                states.add(text.split(" periods=")[0])
        equal(len(states), 1, f"the same state after every run: {states}")
        check("forced=0 counting=0x0 running=0x0 thread_counting=0x0" in states.pop(), "and it is the first")


equal_tables()
drifted()
cannot()
measured()
interrupted(1000)
done()
