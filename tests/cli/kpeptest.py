"""What the command tests share: running a program, checking, fixtures, and the end.

CTest gives the programs in the environment: KPEPC and KPEP (the built commands),
KPEP_SOURCE (the repository), CC (the C compiler), LIBKPDB (the library).
A test script ends with kpeptest.done().
"""
import os
import pathlib
import plistlib
import subprocess
import sys

KPEPC = os.environ["KPEPC"]
KPEP = os.environ["KPEP"]
SOURCE = pathlib.Path(os.environ["KPEP_SOURCE"])
CC = os.environ.get("CC", "cc")

# Apple's own files are beside the repository in CI and not at all elsewhere.
SHARED = SOURCE.parent / "shared" / "kpep"

_checks = 0
_failures = 0


def run(*command, stdin=None, **options):
    """Runs a command: its exit status, standard output and standard error, as text."""
    done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True,
                          timeout=120, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check(holds, what):
    """Counts a check and says what did not hold."""
    global _checks, _failures
    _checks += 1
    if not holds:
        _failures += 1
        print(f"failed: {what}", file=sys.stderr)
    return bool(holds)


def equal(got, want, what):
    return check(got == want, f"{what}\n   got  {got!r}\n   want {want!r}")


def done():
    """The last line of a test script: the verdict. A test that checked nothing has failed."""
    print(f"{_checks} checks, {_failures} failed")
    sys.exit(_failures != 0 or _checks == 0)


def skip(why):
    """For a whole script that cannot run here; CTest shows it as skipped, not as passed."""
    print(f"skipped: {why}")
    sys.exit(77)


def database(**changes):
    """A small valid arm64 database as plistlib writes it; changes replace keys of system.cpu."""
    cpu = {
        "architecture": "arm64",
        "marketing_name": "Test CPU",
        "fixed_counters": 3,
        "config_counters": 1020,
        "power_counters": 224,
        "aliases": {"Cycles": "FIXED_CYCLES", "Instructions": "FIXED_INSTRUCTIONS"},
        "events": {
            "FIXED_CYCLES": {"fixed_counter": 0, "counters_mask": 1},
            "FIXED_INSTRUCTIONS": {"fixed_counter": 1, "counters_mask": 2, "fallback": "INST_ALL"},
            "INST_ALL": {"number": 140, "counters_mask": 128},
            "INST_BRANCH": {"number": 141, "counters_mask": 224},
            "L1D_CACHE_MISS_LD": {"number": 163},
        },
    }
    cpu.update(changes)
    return {"name": "t1", "internal": False, "version": [1, 0], "system": {"cpu": cpu}}


def write_plist(path, data):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        plistlib.dump(data, file)
    return path
