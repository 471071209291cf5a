#!/usr/bin/env python3
"""Every call of the system that a command makes fails once, or is where it ends. What came
before is whole, what it says is true, and nothing is left behind.

inject.c says what can be made to happen. Long runs are sampled, unless KPEP_FAULT_ALL is set.
"""
import collections
import os
import pathlib
import plistlib
import re
import shutil
import signal
import subprocess
import tempfile

import kpeptest
from kpeptest import HEADERS, KPEP, KPEPC, SOURCE, check, database, equal, write_plist

INJECT = os.environ["KPEP_INJECT"]
EVERY = "KPEP_FAULT_ALL" in os.environ
OLD = "the old file\n"
PATIENCE = 120  # seconds, for what takes milliseconds
DATABASES = SOURCE / "db"
SIMULATORS = kpeptest.sim_options()
kpeptest.in_memory()
MEMORY = re.compile(r"out of memory|Cannot allocate memory")
CRASH = "libplist broke down while it read this (out of memory?)"

tally = collections.Counter()


class Case:
    """A command, run in a directory of its own over older outputs."""

    def __init__(self, name, *command, outputs=(), at=None, environment=None):
        self.name = name
        self.at = at
        self.command = [str(word) for word in command]
        self.outputs = outputs
        self.environment = environment or {}
        self.calls = {}
        self.good = self.count("none")
        check(self.good.status in (0, 1), f"{name}: {self.good.status} {self.good.err!r}")

    def prepare(self, directory):
        """The older outputs; and what reads what the command writes to, or None."""
        directory.mkdir(exist_ok=True)
        for output in self.outputs:
            path = directory / output
            path.parent.mkdir(exist_ok=True)
            path.write_text(OLD)
        return self.at(directory / "at") if self.at else None

    def start(self, directory, kind, action, at, **more):
        environment = {**os.environ, **self.environment, **more, "LD_PRELOAD": INJECT,
                       "FAULT_KIND": kind, "FAULT_DO": action, "FAULT_AT": at}
        return subprocess.Popen(self.command, cwd=directory, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def count(self, kind, **more):
        """Without a fault."""
        with tempfile.TemporaryDirectory() as name:
            directory = pathlib.Path(name)
            reader = self.prepare(directory)
            process = self.start(directory, kind, "fail", "0", **more)
            out, err = process.communicate(timeout=PATIENCE)
            return result_in(directory, process.returncode, out, err, reader)

    def run(self, kind, action, numbers):
        """With a fault at each of the numbers: so many results."""
        for some in (numbers[n:n + 500] for n in range(0, len(numbers), 500)):
            with tempfile.TemporaryDirectory() as name:
                directory = pathlib.Path(name)
                readers = [self.prepare(directory / str(at)) for at in some]
                # The blank at the end: one number too is a list.
                process = self.start(directory, kind, action, "".join(f"{at} " for at in some))
                statuses, _ = process.communicate(timeout=PATIENCE)
                for at, status, reader in zip(some, statuses.split(), readers, strict=True):
                    out, err = ((directory / f"{at}.{end}").read_bytes() for end in ("out", "err"))
                    yield result_in(directory / str(at), os.waitstatus_to_exitcode(int(status)),
                                    out, err, reader)

    def names(self, kind):
        """The calls of a kind that it makes, by name."""
        if kind not in self.calls:
            with tempfile.NamedTemporaryFile("r") as log:
                equal(self.count(kind, FAULT_LOG=log.name), self.good,
                      f"{self.name}: only counted")
                self.calls[kind] = log.read().split()
        return self.calls[kind]


Result = collections.namedtuple("Result", "status out err files")


def result_in(directory, status, out, err, reader):
    out += reader.read() or b"" if reader else b""
    return Result(status, out.decode(), err.decode(), files(directory))


def make_fifo(path):
    """One that takes what is written to it, up to 64 KB, while nobody reads; its reader."""
    os.mkfifo(path)
    return open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0)


def make_link(path):
    path.symlink_to("out")


def files(directory):
    return {str(path.relative_to(directory)): path.read_text()
            for path in directory.rglob("*") if path.is_file() and not path.is_symlink()}


def chosen(count, most):
    """Numbers from 1 to count: all, or about that many, and the last ones, where outputs are."""
    if EVERY or count <= most:
        return list(range(1, count + 1))
    step = count // (most // 2) + 1
    return sorted({*range(1, count + 1, step), *range(max(1, count - most // 2), count + 1)})


def each(case, kind, action, most, judge):
    """Runs the case with that fault at each of its calls; judge says what is wrong, or None."""
    numbers = chosen(len(case.names(kind)), most)
    for at, result in zip(numbers, case.run(kind, action, numbers), strict=True):
        wrong = judge(case, result)
        tally[f"{kind} {action}"] += 1
        tally["libplist broke down"] += CRASH in result.err
        check(wrong is None, f"{case.name}, {kind} {action} at {at} "
              f"({case.names(kind)[at - 1]}): {wrong}: {result.status} {result.err!r}")


# ---- judges ----------------------------------------------------------------------------

def said(case, result):
    """The lines that it does not print when all is well."""
    return [line for line in result.err.splitlines() if line not in case.good.err.splitlines()]


def untouched(case, result):
    return result.files == {output: OLD for output in case.outputs}


def whole(case, result):
    """Each file is the old or the new one; what else is there is a temporary file."""
    return all(result.files.get(name) in (OLD, text) for name, text in case.good.files.items())


def without_memory(case, result):
    lines = said(case, result)
    if result == case.good:
        return None
    if result.status != 3:
        return "exit status"
    if not lines or not MEMORY.search(lines[-1]):
        return "does not say why"
    if len(lines) != 1 and CRASH not in lines[-1]:
        return "more than one line"
    return None if untouched(case, result) else "files changed"


def refused_write(case, result):
    if result == case.good:
        return None
    if result.status not in (1, 3):
        return "exit status"
    if len(said(case, result)) != 1:
        return "not one line"
    if set(result.files) != set(case.outputs):
        return "files left"
    return None if whole(case, result) else "half a file"


def refused_read(case, result):
    if result == case.good:
        return None
    if result.status not in (1, 3) or not said(case, result):
        return "exit status"
    if len(said(case, result)) > 2:  # the fault, and that nothing was done
        return "more than one line"
    return None if untouched(case, result) else "files changed"


def unharmed(case, result):
    return None if result == case.good else "not as without it"


def ended_by(number):
    def judge(case, result):
        if result.status not in (-number, case.good.status):
            return "exit status"
        if not whole(case, result):
            return "half a file"
        if number != signal.SIGKILL and set(result.files) != set(case.outputs):
            return "files left"
        return None
    return judge


# ---- cases -----------------------------------------------------------------------------

def inputs(directory):
    """Small databases, XML and binary, names, chips, a template and its data."""
    first, second = database(), database()
    first["system"]["cpu"]["events"]["INST_ALL"]["description"] = "<&> \u00e4 and \"more\""
    del second["system"]["cpu"]["events"]["L1D_CACHE_MISS_LD"]
    second["name"] = "t2"
    write_plist(directory / "old/t1.plist", first)
    write_plist(directory / "new/t1.plist", first)
    (directory / "new/t2.plist").write_bytes(plistlib.dumps(second, fmt=plistlib.FMT_BINARY))
    (directory / "new/cpu_100000c_2_1234abcd.plist").symlink_to("t2.plist")
    write_plist(directory / "data.plist", {"list": [{"a": 1}, {"a": 2}], "text": "x" * 300})
    (directory / "text.mustache").write_text("{{#list}}{{a}} {{text}}\n{{>part}}{{/list}}")
    (directory / "part.mustache").write_text("part {{a}}\n")
    (directory / "long.txt").write_text("{{#cpus}}{{#events}}" + "x" * 300000 + "{{/events}}{{/cpus}}")
    golden = SOURCE / "tests/golden"
    for name in ("names.plist", "chips.plist"):
        shutil.copy(golden / name, directory / name)


def compiler_cases(d):
    headers = tuple(f"out/{name}" for name in HEADERS)
    release = f"macos-15={d / 'new'}"
    yield Case("compile", KPEPC, "compile", "-o", "out", release, outputs=headers)
    yield Case("compile --names", KPEPC, "compile", "-o", "out", "--names", d / "names.plist",
               "--allow-missing", "--chips", d / "chips.plist", release, outputs=headers)
    yield Case("snapshot", KPEPC, "snapshot", "-o", "out", "--release", "macos-15", d / "new",
               outputs=("out/t1.plist", "out/t2.plist"))
    yield Case("snapshot beside another's", KPEPC, "snapshot", "-o", "out", "--release", "macos-15",
               d / "new", outputs=("out/stale.plist",))
    yield Case("diff", KPEPC, "diff", d / "old", d / "new")
    yield Case("diff --json", KPEPC, "diff", "--json", d / "old", d / "new")
    yield Case("lint", KPEPC, "lint", d / "new")
    yield Case("lint --json", KPEPC, "lint", "--json", d / "new")
    for name in ("c-header", "csv", "json", "markdown", "perf-json"):
        yield Case(f"emit {name}", KPEPC, "emit", "-t", name, "--cpu", "t2", "-o", "out", release,
                   outputs=("out",))
    yield Case("emit to stdout", KPEPC, "emit", "-t", "json", release)
    yield Case("emit much to stdout", KPEPC, "emit", "-t", d / "long.txt", release)
    yield Case("emit to a FIFO", KPEPC, "emit", "-t", "json", "-o", "at", release, at=make_fifo)
    yield Case("emit through a link", KPEPC, "emit", "-t", "json", "-o", "at", release, at=make_link,
               outputs=("out",))
    yield Case("render", KPEPC, "render", "-t", d / "text.mustache", "-d", d / "data.plist",
               "-p", d, "-o", "out", outputs=("out",))


def command_cases():
    for words in ("cpus", "cpus --json", "list --cpu m1", "list --cpu m1 --json", "show INST_ALL",
                  "show INST_ALL --json", "names", "names --json", "names --metrics",
                  "encode --cpu m1 cycles INST_BRANCH", "encode --cpu m1 --json cycles branches",
                  "plan --cpu m1 --all", "plan --cpu m1 --json INST_BRANCH INST_BRANCH_CALL "
                  "INST_BRANCH_RET INST_BRANCH_TAKEN"):
        yield Case(f"kpep {words}", KPEP, *words.split())


def live_cases():
    environment = {"KPEP_SIM": "chip=m1 gen=4", "KPEP_SIM_CPU": "cpu_100000c_2_1b588bb3",
                   "KPEP_DB_PATH": str(DATABASES / "kpep/macos-26.4"), "FAULT_OWN": "1"}
    for words in ("check", "check --json", "measure --calibrate -r 1 --words static",
                  "measure --calibrate -r 1 --json", "list --live", "list --live --json",
                  "show --live Cycles", "reset", "reset --json"):
        yield Case(f"kpep {words}", KPEP, *words.split(), *SIMULATORS, environment=environment)


# ---- tests -----------------------------------------------------------------------------

def compiler(directory):
    for case in compiler_cases(directory):
        first = case.name == "compile"
        check(len(case.names("memory")) > 50, f"{case.name}: {len(case.names('memory'))} of memory")
        each(case, "memory", "fail", 10000 if first else 30, without_memory)
        each(case, "memory", "from", 100 if first else 12, without_memory)
        for action in ("fail", "from"):
            each(case, "write", action, 100, refused_write)
        if case.outputs or case.name.startswith("emit"):  # what is written by write(), not stdio
            for action in ("short", "again"):
                each(case, "write", action, 100, unharmed)
        each(case, "read", "fail", 30, refused_read)
        if case.outputs:
            for number in (signal.SIGTERM, signal.SIGKILL):
                each(case, "write", number.name[3:].lower(), 100, ended_by(number))
        if first:
            equal(set(case.names("write")),
                  {"mkdir", "mkstemp", "write", "fchmod", "fsync", "close", "rename"},
                  "calls that write")
            syncs(case)
            each(case, "memory", "term", 60, ended_by(signal.SIGTERM))
            rivals(case, directory)
        if case.name == "emit much to stdout":
            spooled(case)


def syncs(case):
    """Each file before any gets its name, then their directory; --no-sync does without."""
    names = case.names("write")
    equal([name for name in names if name in ("fsync", "rename")],
          [*["fsync"] * len(HEADERS), *["rename"] * len(HEADERS), "fsync"], "the order of fsync() and rename()")
    at = [number for number, name in enumerate(names, 1) if name == "fsync"]
    *files_fail, result = case.run("write", "fail", at)
    equal((result.status, result.files), (3, case.good.files), "the directory's fsync() fails")
    for result in files_fail:
        check(result.status == 1 and untouched(case, result), f"a file's fsync() fails: {result}")
    quick = Case("compile --no-sync", *case.command, "--no-sync", outputs=case.outputs)
    equal(quick.good, case.good, "--no-sync: what is written")
    check("fsync" not in quick.names("write"), "--no-sync: fsync()")


def spooled(case):
    """What waits in a file is seen when it is whole, or not at all; then reading it may fail."""
    names = case.names("write")
    check(names.index("mkstemp") < names.index("dup"), f"{case.name}: {names}")
    numbers = list(range(1, names.index("dup") + 2))
    for at, result in zip(numbers, case.run("write", "fail", numbers)):
        check(result.out == "" or result == case.good, f"{case.name}: half seen at {at}")
    for kind, count in (("memory", 40), ("read", 20)):
        numbers = [at for at in chosen(len(case.names(kind)), count)
                   if case.names(kind)[at - 1] != "read"]
        for at, result in zip(numbers, case.run(kind, "fail", numbers)):
            check(result.out in ("", case.good.out), f"{case.name}: half seen, {kind} at {at}")


def rivals(case, directory):
    """Another writes the same files while this one waits before each of its calls."""
    other = Case("rival", *case.command[:-1], f"macos-15={directory / 'old'}", outputs=case.outputs)
    check(other.good.files != case.good.files, "the rival writes the same")
    for at in range(1, len(case.names("write")) + 1):
        with tempfile.TemporaryDirectory() as name:
            out = pathlib.Path(name)
            case.prepare(out)
            process = case.start(out, "write", "stop", str(at))
            stopped = os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
            status = subprocess.run(other.command, cwd=out).returncode if stopped else None
            process.send_signal(signal.SIGCONT)
            process.communicate(timeout=PATIENCE)
            equal((stopped, status, process.returncode), (True, 0, 0), f"rivals, stopped at {at}")
            made = files(out)
            equal(set(made), set(case.outputs), f"rivals, stopped at {at}: files left")
            for path, text in made.items():
                check(text in (case.good.files[path], other.good.files[path]),
                      f"rivals, stopped at {at}: {path} is not whole")
            tally["rivals"] += 1


def real_databases():
    """All of the default build's, sampled."""
    facts = [word for name in ("names", "chips", "kernel", "intel", "sources", "meanings")
             for word in (f"--{name}", DATABASES / f"{name}.plist")]
    releases = [f"{name}={DATABASES / 'kpep' / name}" for name in
                ("macos-15", "macos-26.0", "macos-26.4", "macos-27")]
    case = Case("all databases", KPEPC, "compile", "-o", "out", *facts, *releases,
                outputs=tuple(f"out/{name}" for name in HEADERS))
    numbers = len(case.names("memory"))
    for action in ("fail", "from"):
        at = [1 + numbers * part // 12 for part in range(12)]
        for number, result in zip(at, case.run("memory", action, at), strict=True):
            wrong = without_memory(case, result)
            tally[f"memory {action}"] += 1
            check(wrong is None, f"all databases, {action} at {number} of {numbers}: {wrong}: "
                  f"{result.status} {result.err!r}")


def command():
    for case in command_cases():
        each(case, "memory", "fail", 24, without_memory)
        each(case, "memory", "from", 8, without_memory)
        each(case, "write", "fail", 24, refused_write)
    for case in live_cases():
        each(case, "memory", "fail", 24, without_memory)
        each(case, "write", "fail", 8, refused_write)


if not Case("lint", KPEPC, "lint", DATABASES / "kpep/macos-15").names("memory"):
    kpeptest.skip("nothing can be preloaded into the commands")
with tempfile.TemporaryDirectory() as scratch:
    inputs(pathlib.Path(scratch))
    compiler(pathlib.Path(scratch))
real_databases()
command()
for what, number in sorted(tally.items()):
    print(f"{what}: {number}")
kpeptest.done()
