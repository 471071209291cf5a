#!/usr/bin/env python3
"""kpep of made-up releases in which one event has other values, as Apple's have none yet: what is
shown of a release is that release's, in rows, words, masks and numbers of counters."""
import json
import pathlib
import subprocess
import tempfile

import kpeptest
from kpeptest import CC, KPEPC, SOURCE, check, equal, run, write_plist

ID = "cpu_100000c_2_1"
# The counters of the CPU, of those the power manager's, and the number and counters of an event.
RELEASES = {"macos-15": (0x3c, 0x20, 0x10, 0x4), "macos-26": (0xfc, 0xe0, 0x20, 0x18),
            "macos-27": (0x3c, 0x20, 0x10, 0x4), "macos-28": (0x3fc, 0xe0, 0x30, 0x300)}


def compile_tables(scratch):
    for release, (config, power, number, mask) in RELEASES.items():
        events = {"KEPT": {"number": 1}, "MOVED": {"number": number, "counters_mask": mask},
                  "FIXED_CYCLES": {"fixed_counter": 0, "counters_mask": 1, "fallback": "KEPT"}}
        if release == "macos-28":
            events["NEW"] = {"number": 2}
        write_plist(scratch / release / "t1.plist", kpeptest.database(
            architecture="arm64", fixed_counters=3, config_counters=config, power_counters=power,
            marketing_name=f"Apple of {release}", aliases={}, events=events))
        (scratch / release / f"{ID}.plist").symlink_to("t1.plist")
    made = run(KPEPC, "compile", "-o", scratch / "out", *(f"{r}={scratch / r}" for r in RELEASES))
    return equal(made[0], 0, f"compile: {made[2]}")


def build_kpep(scratch):
    """The command with these tables."""
    sources = [path for part in ("common", "db", "runtime", "runtime/cli")
               for path in sorted((SOURCE / part).glob("*.c"))]
    done = subprocess.run(
        [CC, "-std=c11", "-D_XOPEN_SOURCE=700", "-D_DARWIN_C_SOURCE", '-DKPEP_VERSION="0"',
         *(f"-I{path}" for path in (scratch / "out", SOURCE / "db", SOURCE / "runtime", SOURCE)),
         *sources, "-o", scratch / "kpep", "-lpthread", "-ldl"], capture_output=True, text=True)
    return check(done.returncode == 0, f"kpep does not compile: {done.stderr[:2000]}")


def bits(mask):
    return [n for n in range(32) if mask >> n & 1]


def ranges(mask):
    numbers = bits(mask)
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"


def good(kpep, *arguments):
    status, out, err = run(kpep, *arguments)
    equal(status, 0, f"{arguments}: {err}")
    return out


def check_release(kpep, release):
    """What is said of the event and the CPU in one release."""
    config, power, number, mask = RELEASES[release]
    text = good(kpep, "encode", "--cpu", "t1", "--release", release, "MOVED")
    lines = text.splitlines()
    row = next(line for line in lines if line.startswith("a  "))
    counter = bits(mask)[0]
    equal(row.split(), ["a", "MOVED", str(counter), str(counter - 2), f"0x{number:x}", ranges(mask)],
          f"encode in {release}")
    numbers = lines[0].replace("counter", "").replace("|", "").split()
    equal(numbers, ["0", "1"] + [f"{n}*" if power >> n & 1 else str(n) for n in bits(config)],
          f"the counters that encode shows in {release}")
    head = json.loads(good(kpep, "cpus", "--release", release, "--json"))[0]
    equal((head["config_counters"], head["power_counters"], head["marketing_name"], head["events"]),
          (config, power, f"Apple of {release}", 4 if release == "macos-28" else 3),
          f"cpus --release {release}")
    alike = [r for r in RELEASES if RELEASES[r][2:] == (number, mask)]
    row = good(kpep, "show", "--release", release, "MOVED").splitlines()[1]
    equal(row.split(), ["t1", "MOVED", f"0x{number:x}", ranges(mask), *", ".join(alike).split()],
          f"show --release {release}")
    event = json.loads(good(kpep, "list", "--cpu", "t1", "--release", release, "--json", "MOVED"))[0]
    equal((event["number"], event["counters_mask"], event["releases"]),
          (number, mask, list(RELEASES)), f"list --release {release}")
    others = {RELEASES[r][2:] for r in RELEASES} - {(number, mask)}
    equal({(other["number"], other["counters_mask"]): other["releases"] for other in event["otherwise"]},
          {values: [r for r in RELEASES if RELEASES[r][2:] == values] for values in others},
          f"what other releases have, listed in {release}")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        if not compile_tables(scratch) or not build_kpep(scratch):
            return
        kpep = scratch / "kpep"
        for release in RELEASES:
            check_release(kpep, release)
        rows = [line.split() for line in good(kpep, "show", "MOVED").splitlines()[1:4]]
        equal(rows, [["t1", "MOVED", "0x30", "8-9", "macos-28"],
                     ["t1", "MOVED", "0x10", "2", "macos-15,", "macos-27"],
                     ["t1", "MOVED", "0x20", "3-4", "macos-26"]], "show: a row for each set of values")


main()
kpeptest.done()
