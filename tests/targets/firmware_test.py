"""The example firmware: what it writes is what kpep says, and it needs nothing to link.

    firmware_test.py SOURCE HEADER PROGRAM...

Its bare builds are tried with those cross compilers that are here.
"""
import json
import shutil
import sys
import tempfile
from pathlib import Path

from kpeptest import KPEP, check, done, equal, run

SOURCE, HEADER, *PROGRAM = sys.argv[1:]
BARE = [["aarch64-linux-gnu-gcc"], ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"]]


def registers(placed):
    """What the M1's registers have to be for (selector, counter) and the fixed counters."""
    words = {"PMESR0": 0, "PMESR1": 0, "PMCR1": 0x30300, "PMCR0": 3}
    for selector, counter in placed:
        words["PMESR0" if counter < 6 else "PMESR1"] |= selector << 8 * ((counter - 2) % 4)
        words["PMCR0"] |= 1 << counter
        words["PMCR1"] |= 0x101 << counter + 8
    return {name: hex(word) for name, word in words.items()}


def hosted():
    status, out, err = run(*PROGRAM)
    equal((status, err), (0, ""), "it runs")
    lines = [line.split() for line in out.splitlines()]
    events = [(name, int(number), int(counter)) for name, number, counter in lines[:-4]]
    status, text, _ = run(KPEP, "list", "--cpu", "m1", "--json")
    equal(status, 0, "kpep list")
    rows = {row["name"]: row for row in json.loads(text)}
    for name, number, counter in events:
        equal(number, rows[name]["number"], f"{name}: its number")
        check(rows[name]["counters_mask"] >> counter & 1, f"{name} can be counted on {counter}")
    equal(len(events), 3, "three events")
    equal(dict(lines[-4:]), registers([event[1:] for event in events]), "the registers")


def bare(compiler, directory):
    program = Path(directory, "firmware")
    status, _, err = run(*compiler, "-std=c11", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Werror",
                         "-ffreestanding", "-nostdlib", "-static", "-I", Path(HEADER).parent,
                         SOURCE, "-Wl,-e,entry", "-o", program)
    equal((status, err), (0, ""), f"{compiler[0]}: links without a library")


def main():
    hosted()
    with tempfile.TemporaryDirectory() as directory:
        for compiler in BARE:
            if shutil.which(compiler[0]):
                bare(compiler, directory)
    done()


main()
