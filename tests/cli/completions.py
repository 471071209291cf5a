"""What the tests of the three shells' completions share: lines to complete, and what is expected.

A driver takes command lines and gives for each the candidates for its last word, as whole words.
It finds no program but those that the lines name, and these note that they are run.
"""
import atexit
import collections
import functools
import json
import pathlib
import re
import shutil
import tempfile

import kpeptest
from kpeptest import SOURCE, check, equal, run, sim_environment, sim_options, simulators

DIRECTORY = SOURCE / "runtime" / "completions"
MACHINE = sim_environment("m1", "macos-26.4", "gen=4")
HOME = pathlib.Path(tempfile.mkdtemp())  # fish makes directories there
atexit.register(shutil.rmtree, HOME)
RUNS = HOME / "runs"


def counted(command):
    """A command that notes each run and then is the one of the build."""
    path = HOME / pathlib.Path(command).name
    path.write_text(f'#!/bin/sh\necho "$0 $*" >>{RUNS}\nexec {command} "$@"\n')
    path.chmod(0o755)
    return path


KPEP, KPEPC = counted(kpeptest.KPEP), counted(kpeptest.KPEPC)


@functools.cache
def help_of(command, *arguments):
    return run(command, *arguments, "--help")[1]


def commands(path, tool):
    return re.findall(rf"^  {tool} (\w+) ", help_of(path), re.M)


def options(path, command):
    return re.findall(r"^  +(?:-\w, )?(--[a-z-]+)", help_of(path, command), re.M)


def values(path, *arguments):
    """What an option takes, as the message says that refuses another value."""
    _, _, err = run(path, *arguments)
    return re.split(", | or ", re.search(r"\(expected (.*)\)", err)[1])


def events(cpu, *release):
    listed = json.loads(run(KPEP, "list", "--cpu", cpu, *release, "--json")[1])
    return [name for event in listed
            for name in (event["name"], *event["aliases"], *event["names"])]


def live_events():
    """Those of the simulated Mac that the driver runs on."""
    listed = json.loads(run(KPEP, "list", "--live", *sim_options(), "--json", env=MACHINE)[1])
    return [name for event in listed for name in (event["name"], *event["aliases"])]


def names(*arguments):
    return [name["name"] for name in json.loads(run(KPEP, "names", *arguments, "--json")[1])]


def cases():
    """(command line, all candidates before a prefix is looked at)."""
    for path, tool in ((KPEP, "kpep"), (KPEPC, "kpepc")):
        yield f"{path} ", commands(path, tool)
        yield f"{path} -", ["--help", "--version"]
        for command in commands(path, tool):
            yield f"{path} {command} -", options(path, command)
    cpus = run(KPEP, "cpus", "--plain")[1].split()
    releases = {release for cpu in json.loads(run(KPEP, "cpus", "--json")[1])
                for release in cpu["releases"]}
    yield f"{KPEP} li", commands(KPEP, "kpep")
    yield f"{KPEP} list --cpu ", cpus
    yield f"{KPEP} list --cpu=m1", [f"--cpu={cpu}" for cpu in cpus]
    yield f"{KPEP} cpus --release ", releases
    yield f"{KPEP} list --cpu m1 INST_BR", events("m1")
    yield f"{KPEP} encode --cpu m1 l1-d", events("m1")
    yield f"{KPEP} encode --cpu=m4 --json cycles ", events("m4")
    yield f"{KPEP} encode --cpu m1 --release macos-15 INST_", events("m1", "--release", "macos-15")
    yield f"{KPEP} plan --cpu skylake BR_INST_RETIRED.", events("skylake")
    yield f"{KPEP} plan --cpu m1 INST_BRANCH:", [f"{name}:u" for name in events("m1")]
    yield f"{KPEP} encode --cpu nope ", []
    yield f"{KPEP} encode --cpu m1 --release nope ", []
    yield f"{KPEP} encode ", []
    yield f"{KPEP} show INST_BRANCH", {e for cpu in cpus if cpu[:4] != "cpu_" for e in events(cpu)}
    if (simulators() / "libkperf_sim.so").exists():
        libraries = " ".join(map(str, sim_options()))
        yield f"{KPEP} list --live {libraries} INST_BR", live_events()
        yield f"{KPEP} show {libraries} --live ", live_events()
    yield f"{KPEP} list --live --kperfdata=/nowhere ", []
    yield f"{KPEP} names ", names()
    yield f"{KPEP} names --metrics i", names("--metrics")
    yield f"{KPEP} measure -e inst", names()
    yield f"{KPEP} measure -e cycles,inst", [f"cycles,{name}" for name in names()]
    yield f"{KPEP} measure --events=cycles,inst", [f"--events=cycles,{name}" for name in names()]
    yield f"{KPEP} measure --repeat ", []
    yield f"{KPEP} check --kperf db/n", ["db/names.plist"]
    yield f"{KPEP} check --kperf=db/n", ["--kperf=db/names.plist"]
    yield f"{KPEP} encode --strategy ", values(KPEP, "encode", "--cpu", "m1", "--strategy", "", "x")
    yield f"{KPEP} plan --counters ", values(KPEP, "plan", "--cpu", "m1", "--counters", "", "x")
    yield f"{KPEP} measure --words ", values(KPEP, "measure", "--calibrate", "--words", "")
    yield f"{KPEPC} render --escape ", values(KPEPC, "render", "-t", SOURCE / "LICENSE",
                                              "--escape", "")
    yield f"{KPEPC} render --escape=m", ["--escape=markdown"]
    yield f"{KPEPC} snapshot --source ", []
    yield f"{KPEPC} emit --partials=gen/te", ["--partials=gen/templates", "--partials=gen/templates/"]
    templates = run(KPEPC, "emit", "-t", "nosuch", "a=b")[2]
    templates = re.search(r"of kpepc's own: (.*)", templates)[1].split(", ")
    yield f"{KPEPC} emit -t c", [*templates, "cmake/", "cmake", "common/", "common"]
    yield f"{KPEPC} compile --names db/n", ["db/names.plist"]
    yield f"{KPEPC} compile --names=db/n", ["--names=db/names.plist"]
    yield f"{KPEPC} diff db/kpep/macos-1", ["db/kpep/macos-15", "db/kpep/macos-15/"]
    yield f"{KPEPC} lint macos-26.4=db/kp", ["macos-26.4=db/kpep", "macos-26.4=db/kpep/"]
    yield "/nonexistent/kpep ", []
    yield "/nonexistent/kpep list --cpu ", []


def answers(lines, shell, *driver):
    """What a driver prints that is given the lines: candidates, one a line, and a full stop."""
    typed = "".join(f"{line}\n" for line in lines)
    homes = {name: str(HOME) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    status, out, err = run(shutil.which(shell), *driver, stdin=typed.encode(), cwd=SOURCE,
                           env={**MACHINE, **homes, "PATH": "/nonexistent"})
    equal(status, 0, shell)
    found = [[]]
    for word in out.splitlines():
        if word == ".":
            found.append([])
        else:
            found[-1].append(word)
    return found[:-1], err


def runs_of(lines):
    return collections.Counter(line.split()[0] for line in lines)


def check_shell(complete):
    """complete: lines -> (a list of candidates for each, what was said on standard error)."""
    wanted = dict(cases())
    RUNS.write_text("")
    got, errors = complete(list(wanted))
    equal(errors, "", "nothing on standard error")
    equal(runs_of(RUNS.read_text().splitlines()),
          runs_of(line for line in wanted if not line.startswith("/nonexistent/")),
          "each line runs the command that it names, once")
    equal(len(got), len(wanted), "an answer to each line")
    for (line, all_of_them), candidates in zip(wanted.items(), got):
        typed = line.rpartition(" ")[2]
        want = {word for word in all_of_them if word.startswith(typed)}
        if " -t " in line or "diff" in line or "lint " in line or "--partials" in line:
            check(candidates and set(candidates) <= want, f"{line!r}: {candidates}")
        else:
            equal(sorted(set(candidates)), sorted(want), f"{line!r}")
