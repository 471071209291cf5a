"""What the command tests share: running a program, checking, fixtures, and the end.

CTest gives the programs in the environment: KPEPC and KPEP (the built commands),
KPEP_SOURCE (the repository), CC (the C compiler), LIBKPDB (the library), KPEP_SIM_DIR (tests/sim).
A test script ends with kpeptest.done().
"""
import atexit
import functools
import os
import pathlib
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile

KPEPC = os.environ["KPEPC"]
KPEP = os.environ["KPEP"]
SOURCE = pathlib.Path(os.environ["KPEP_SOURCE"])
CC = os.environ.get("CC", "cc")
SANITIZED = b"__asan_init" in pathlib.Path(KPEPC).read_bytes()  # takes memory of its own

# Apple's own files, and the lists that data was made from, are beside the repository in CI and not
# at all elsewhere.
SHARED = SOURCE.parent / "shared" / "kpep"
LISTS = SHARED.parent / "facts" / "data"

# What one compile writes: TABLE_HEADERS, the first being the public one.
HEADERS = [f"{name}.h" for name in re.findall(r"^    X\((\w+)\)",
                                              (SOURCE / "gen" / "emit.h").read_text(), re.M)]

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


def in_memory():
    """For a script that makes many files and runs none of them, which may not be allowed there:
    temporary ones are in memory from here on. A disk's file system has more to do for each."""
    if os.access("/dev/shm", os.W_OK | os.X_OK):
        tempfile.tempdir = "/dev/shm"


@functools.cache
def simulators():
    """Where the simulators are, for kpep: as root it loads only what root alone can change, which
    those of a build need not be, so these are copies then."""
    built = pathlib.Path(os.environ["KPEP_SIM_DIR"])
    if os.geteuid() != 0:
        return built
    copies = pathlib.Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, copies)
    copies.chmod(0o755)
    for library in built.glob("lib*.so"):
        shutil.copyfile(library, copies / library.name)
        (copies / library.name).chmod(0o755)
    return copies


def sim_options(kperfdata="libkperfdata_sim.so"):
    """The options of kpep that name them."""
    return ["--kperf", simulators() / "libkperf_sim.so", "--kperfdata", simulators() / kperfdata]


SIM_CPUS = {"m1": "cpu_100000c_2_1b588bb3", "m4": "cpu_100000c_2_6f5129ac", "m5": "cpu_100000c_2_1d5a87e8",
            "haswell": "cpu_7_8_10b282dc", "icelake": "cpu_7_8_38435547"}


def sim_environment(chip, release, sim="", data=""):
    """A machine of theirs, with the databases of a release of db/kpep or of a directory."""
    return {**os.environ, "KPEP_SIM": f"chip={chip} {sim}", "KPEP_SIM_CPU": SIM_CPUS[chip],
            "KPEP_DB_PATH": str(SOURCE / "db/kpep" / release), "KPEP_SIM_DATA": data}


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
