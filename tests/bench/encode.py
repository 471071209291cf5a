#!/usr/bin/env python3
"""The benchmark of encoding and planning: encode.py --cc CC --library LIBKPDB --include DIR... --out DIR"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time


def instructions(program, *arguments):
    """All that one run executes, as callgrind counts it."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program,
                           *arguments], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def each(program, mode, rounds):
    """Instructions of one round: the difference of two runs."""
    return (instructions(program, mode, str(rounds + 1)) - instructions(program, mode, "1")) / rounds


def milliseconds(program, mode, rounds):
    def run(count):
        begin = time.monotonic()
        subprocess.run([program, mode, str(count)], check=True)
        return time.monotonic() - begin

    return sorted(run(rounds + 1) - run(1) for _ in range(5))[2] / rounds * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cc", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    if shutil.which("valgrind") is None or not pathlib.Path("/usr/include/perfmon/pfmlib.h").exists():
        sys.exit("bench: valgrind and libpfm4-dev are needed")
    program = str(pathlib.Path(options.out, "encode"))
    subprocess.run([options.cc, "-std=c11", "-O2", *(f"-I{d}" for d in options.include), options.source,
                    options.library, "-lpfm", "-o", program], check=True)
    results = {"encode": each(program, "encode", 100), "libpfm4": each(program, "pfm", 20),
               "plan": each(program, "plan", 20), "plan_ms": milliseconds(program, "plan", 200)}
    print("\nd) Encoding and planning\n")
    print(f"one encode of 8 events, M1           {results['encode']:10.0f} instructions (aim: under 2000)")
    print(f"libpfm4, 8 events of Ice Lake        {results['libpfm4']:10.0f} instructions, no placement")
    print(f"one plan of Ice Lake's 316 events    {results['plan']:10.0f} instructions, "
          f"{results['plan_ms']:.2f} ms (aim: under 5 ms)\n", flush=True)
    subprocess.run([program, "order"], check=True)
    pathlib.Path(options.out, "encode.json").write_text(json.dumps(results, indent=2) + "\n")


main()
