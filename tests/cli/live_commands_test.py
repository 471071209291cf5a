"""kpep list --live, show --live and reset against the simulators; and what root may load."""
import json
import os
import pathlib
import plistlib
import re
import shutil
import tempfile

from kpeptest import (KPEP, SOURCE, check, database, done, equal, run, sim_environment, sim_options,
                      simulators, skip, write_plist)

OLD = sim_options("libkperfdata_sim_old.so")
TAKEN = re.compile(r"forced=\d counting=\S+ running=\S+ thread_counting=\S+")


def kpep(*arguments, chip="m1", release="macos-26.4", sim="gen=4", data="", options=None):
    return run(KPEP, *arguments, *(sim_options() if options is None else options),
               env=sim_environment(chip, release, sim, data))


def good(*arguments, **machine):
    status, output, errors = kpep(*arguments, **machine)
    equal((status, errors), (0, ""), f"kpep {arguments}")
    return output


def refuses(status, *parts, what, got):
    equal((got[0], got[1], got[2].count("\n"), got[2][:6]), (status, "", 1, "kpep: "), f"{what}: {got[2]}")
    for part in parts:
        check(part in got[2], f"{what}: says {part!r}: {got[2]}")


def facts(release, name):
    """Of a database in db/kpep, as plistlib reads it: events and aliases."""
    with open(SOURCE / f"db/kpep/{release}/{name}.plist", "rb") as file:
        cpu = plistlib.load(file)["system"]["cpu"]
    return cpu["events"], {event: alias for alias, event in cpu["aliases"].items()}


# ---- list --live, show --live

def check_listed():
    """Every event of the database, with what the file says of it."""
    for chip, name, release, gen, options in (("m1", "a14", "macos-26.4", 4, None),
                                              ("m1", "a14", "macos-15", 3, OLD),
                                              ("m5", "as5", "macos-26.4", 4, None),
                                              ("icelake", "icelake", "macos-15", 3, OLD)):
        machine = {"chip": chip, "release": release, "sim": f"gen={gen}", "options": options}
        rows = {row["name"]: row for row in json.loads(good("list", "--live", "--json", **machine))}
        events, aliases = facts(release, name)
        equal(sorted(rows), sorted(events), f"{name} of {release}: all events")
        for event, row in rows.items():
            fixed = events[event].get("fixed_counter")
            equal(row["aliases"], [aliases[event]] if event in aliases else [], f"{name} {event}")
            if fixed is not None and chip == "icelake":  # kperfdata puts what it falls back on in its place
                check(row["fixed_counter"] is None and (row["code"] == 0) == ("fallback" in events[event]),
                      f"{name}: {row}")
                continue
            equal(row["fixed_counter"], fixed, f"{name} {event}")
            if fixed is None and row["code"] == 0:
                equal((row["number"], row["umask"]),
                      (events[event].get("number", 0), events[event].get("umask", 0)), f"{name} {event}")
            if "counters_mask" in events[event] and row["code"] == 0:
                check(row["counters_mask"] & events[event]["counters_mask"] == row["counters_mask"] != 0,
                      f"{name} {event}: {row}")
        equal(good("list", "--live", "--plain", **machine).split(),
              [n for row in rows.values() for n in (row["name"], *row["aliases"])], f"{name}: --plain")


def check_text():
    lines = good("list", "--live", "*BRANCH_CALL*").splitlines()
    equal([line.split() for line in lines[:1]], [["name", "number", "counters"]], "columns in use")
    check(["INST_BRANCH_CALL", "0x8e", "5-7"] in [line.split() for line in lines[1:-2]], lines)
    check(re.fullmatch(r"\d of the 60 events of cpu_100000c_2_1b588bb3, macOS 26\.0", lines[-1]), lines)
    lines = good("list", "--live", "Cycles").splitlines()
    equal(lines[1].split(), ["FIXED_CYCLES", "fixed", "0", "Cycles"], "found by its alias")
    check(good("list", "--live").endswith("\n\n60 events of cpu_100000c_2_1b588bb3, macOS 26.0\n"),
          "the last line")
    intel = good("list", "--live", "INST_RETIRED.ANY*", "--json", chip="icelake", release="macos-15",
                 sim="gen=3", options=OLD)
    check(len(json.loads(intel)) >= 1, "Intel's")
    lines = good("list", "--live", chip="icelake", release="macos-15", sim="gen=3", options=OLD).splitlines()
    equal(lines[0].split()[:4], ["name", "number", "umask", "counters"], "Intel has a unit mask")
    refuses(1, "'NOPE*'", what="nothing matches", got=kpep("list", "--live", "NOPE*"))
    refuses(1, "did you mean 'INST_BRANCH'?", what="near", got=kpep("show", "--live", "INST_BRANCHH"))
    refuses(1, "did you mean 'Cycles'?", what="near an alias", got=kpep("show", "--live", "Cycle"))
    refuses(1, "kpep list --live", what="far", got=kpep("show", "--live", "q" * 30))
    refuses(1, what="no name", got=kpep("show", "--live", ""))
    equal(good("show", "--live", "Cycles"), good("show", "--live", "FIXED_CYCLES"), "by name and alias")


def check_described(directory):
    """Texts that only a Mac's own databases have; one that no counter can count; odd ones."""
    made = database()
    events = made["system"]["cpu"]["events"]
    events["INST_BRANCH"] |= {"description": "Branches\nretired \u00b5 \x7f.", "errata": "Some."}
    events["NOWHERE"] = {"number": 99, "counters_mask": 1 << 30}
    made["kpep"] = {"release": "macos-26.4", "cpus": ["cpu_100000c_2_1b588bb3"], "source": "made up"}
    write_plist(directory / "t1.plist", made)
    machine = {"release": directory}
    row = json.loads(good("show", "--live", "--json", "INST_BRANCH", **machine))
    equal((row["number"], row["counters_mask"], row["errata"], row["code"]), (141, 224, "Some.", 0), "described")
    check(re.fullmatch(r"Branches retired \?+ \?\.", row["description"]), row)
    text = good("show", "--live", "INST_BRANCH", **machine)
    for line in ("  number        0x8d", "  counters      5-7", "  errata        Some."):
        check(f"{line}\n" in text, f"{line}: {text}")
    check(re.fullmatch(r"[ -~\n]+", text), "printable")
    row = json.loads(good("show", "--live", "--json", "NOWHERE", **machine))
    check(row["code"] != 0 and row["counters_mask"] == 0, row)
    for text in (good("show", "--live", "NOWHERE", **machine), good("list", "--live", **machine)):
        check(f"({row['code']})" in text and "not counted" in text, f"the reason: {text}")


def check_unknown_cpu(directory):
    """A chip that the tables do not know, and no name of a CPU."""
    with open(SOURCE / "db/kpep/macos-26.4/a14.plist", "rb") as file:
        made = plistlib.load(file)
    made["kpep"]["cpus"] = ["cpu_100000c_2_12345678"]
    write_plist(directory / "t1.plist", made)
    environment = {**sim_environment("m1", directory, "gen=4 cpuid=100000c_2_12345678"),
                   "KPEP_SIM_CPU": "cpu_100000c_2_12345678"}
    status, output, errors = run(KPEP, "list", "--live", *sim_options(), env=environment)
    equal((status, errors), (0, ""), "a CPU that the tables do not know")
    check("\n\n60 events of cpu_100000c_2_12345678, macOS 26.0\n" in output, output)
    for events, names in (([], ["cycles", "instructions", "branches", "branch-misses"]),
                          (["-e", "Cycles,INST_BRANCH"], ["Cycles", "INST_BRANCH"])):
        status, output, errors = run(KPEP, "measure", "--calibrate", "-r", "1", *events, "--words", "kperfdata",
                                     "--json", *sim_options(), env=environment)
        check(status in (0, 1) and errors == "", f"measured on it: {status} {errors}")
        equal([e["name"] for e in json.loads(output)["events"]], names, "what is measured on it")
    refuses(3, "kperfdata", what="the tables know no words of it",
            got=run(KPEP, "measure", "--calibrate", *sim_options(), env=environment))


def check_live_fails():
    refuses(3, "/nowhere", what="no framework",
            got=run(KPEP, "list", "--live", *sim_options()[:2], "--kperfdata", "/nowhere/kperfdata"))
    for data in ("fail=kpep_db_create:1+:7", "fail=kpep_db_events:1+:2", "lie=events_count:-1"):
        refuses(3, what=data, got=kpep("list", "--live", data=data))
    for data in ("lie=name:null", "lie=name:bytes", "lie=name:long", "lie=name:empty", "lie=alias:null",
                 "lie=alias:bytes", "lie=description:null", "lie=description:bytes", "lie=description:long",
                 "lie=events:null", "lie=events:same", "lie=event:null", "fail=kpep_config_add_event:1+:-5",
                 "fail=kpep_config_create:1+:2", "lie=kpc_count:-1", "lie=map:-1"):
        for arguments in (["list", "--live"], ["list", "--live", "--json"], ["show", "--live", "INST_BRANCH"]):
            status, output, errors = kpep(*arguments, data=data)
            check(status in (0, 1, 3) and (status == 0) == (output != "") == (errors == ""),
                  f"{data}: {status} {output[:80]} {errors}")
            check(re.fullmatch(r"[ -~\n]*", output + errors), f"{data}: printable: {output[:300]!r}")


# ---- reset

def reset(directory, *arguments, sim):
    """Status, output, errors, and how the machine is then."""
    state = directory / "state"
    state.unlink(missing_ok=True)
    status, output, errors = kpep("reset", *arguments, sim=f"{sim} state={state}", release="macos-15",
                                  options=OLD)
    return status, output, errors, TAKEN.match(state.read_text())[0] if state.exists() else ""


IDLE = "forced=0 counting=0x0 running=0x0 thread_counting=0x0"


def check_reset(directory):
    for gen in (1, 2, 3, 4):
        equal(reset(directory, sim=f"gen={gen}"), (0, "nothing is taken\n", "", IDLE), "an idle machine")
        got = reset(directory, sim=f"gen={gen} stale=counting+threads")
        equal((got[0], got[2:]), (0, ("", IDLE)), f"left by a program that is gone: {got}")
        equal(got[1].splitlines(), ["counting         fixed, configurable",
                                    "thread counting  fixed, configurable", "given back"], "what was found")
    got = reset(directory, "--json", sim="gen=3 stale=all")
    equal((got[0], got[2:]), (0, ("", IDLE)), f"all that can be left: {got}")
    equal(json.loads(got[1]),
          {"taken": True, "forced": False, "counting": ["fixed", "configurable"],
           "thread_counting": ["fixed", "configurable"], "owner": None, "owner_lives": False,
           "configured_by": None, "given_back": True}, "as JSON")
    got = reset(directory, "--json", sim="gen=3")
    equal((json.loads(got[1])["taken"], json.loads(got[1])["given_back"]), (False, False), "JSON of an idle one")


def check_reset_owner(directory):
    """Somebody owns ktrace: refused while that process lives, unless it is forced."""
    machine = f"gen=3 stale=counting ktrace=1 ktracepid={os.getpid()} configuredby=profiler"
    found = f"counting         fixed, configurable\nowner of ktrace  process {os.getpid()}, which lives\n" \
            "configured by    profiler\n"
    status, output, errors, state = reset(directory, sim=machine)
    equal((status, output, errors.count("\n")), (3, f"{found}not given back\n", 1), errors)
    check(str(os.getpid()) in errors and "profiler" in errors and "counting=0x3" in state, errors + state)
    equal(reset(directory, "--force", sim=machine), (0, f"{found}given back\n", "", IDLE), "--force")
    status, output, errors, state = reset(directory, "--json", sim=machine)
    told = json.loads(output)
    equal((status, told["owner"], told["owner_lives"], told["configured_by"], told["given_back"]),
          (3, os.getpid(), True, "profiler", False), "as JSON")
    equal(reset(directory, sim=machine.replace("stale=counting", "")), (0, "nothing is taken\n", "", IDLE),
          "ktrace alone is none of ours")


def check_reset_refused(directory):
    status, output, errors, _ = reset(directory, sim="gen=3 otherforce=1 stale=counting")
    equal((status, errors.count("\n")), (3, 1), "another process has forced the counters")
    check("forced           all counters\n" in output and output.endswith("not given back\n"), output)
    status, output, errors, _ = reset(directory, "--force", sim="gen=3 otherforce=1 stale=counting")
    equal((status, errors.count("\n")), (3, 1), f"which the kernel does not take from it: {output}{errors}")
    check(output.endswith("\nnot all given back\n") and "still on: force 1, counting 0x0" in errors, output + errors)
    for sim, words in (("root=0", "root"), ("busy=1", ""), ("vm=absent", "virtual machine")):
        status, output, errors, _ = reset(directory, sim=f"gen=3 {sim}")
        equal((status, output, errors.count("\n")), (3, "", 1), f"{sim}: {errors}")
        check(words in errors, f"{sim}: {errors}")
    equal(run(KPEP, "reset", "--kperf", "/nowhere")[0], 3, "no framework")


# ---- what root may load

class Place:
    """A directory that is root's alone, with a library that can be opened and one in a subdirectory."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.root.chmod(0o755)
        self.library = self.copy("libkperfdata.so")
        (self.root / "sub").mkdir(mode=0o755)
        self.lower = self.copy("sub/libkperfdata.so")

    def copy(self, name):
        path = self.root / name
        shutil.copyfile(simulators() / "libkperfdata_sim.so", path)
        path.chmod(0o755)
        return path


def loads(path, **how):
    return kpep("list", "--live", "--plain", "Cycles",
                options=[*sim_options()[:2], "--kperfdata", path], **how)


def trusts(path, what):
    equal(loads(path), (0, "FIXED_CYCLES\nCycles\n", ""), what)


def distrusts(path, part, why, what):
    refuses(2, f"--kperfdata {path}: {part} {why}", what=what, got=loads(path))


def check_owners(place):
    os.chown(place.library, 1000, 0)
    distrusts(place.library, place.library, "does not belong to root", "another's file")
    os.chown(place.library, 0, 0)
    os.chown(place.root / "sub", 1000, 0)
    distrusts(place.lower, place.root / "sub", "does not belong to root", "another's directory")
    os.chown(place.root / "sub", 0, 0)


def check_modes(place):
    sub = place.root / "sub"
    cases = ((place.library, 0o757, 0, "can be written by anybody"),
             (place.library, 0o777, 0, "can be written by anybody"),
             (place.library, 0o1757, 0, "can be written by anybody"),  # sticky says nothing of a file
             (place.library, 0o775, 0, ""), (place.library, 0o775, 1000, "can be written by its group"),
             (place.library, 0o755, 1000, ""), (place.library, 0o600, 0, ""),
             (sub, 0o757, 0, "can be written by anybody"), (sub, 0o1777, 0, ""), (sub, 0o775, 0, ""),
             (sub, 0o775, 1000, "can be written by its group"), (sub, 0o1775, 1000, ""))
    for path, mode, group, why in cases:
        os.chown(path, 0, group)
        path.chmod(mode)
        library = place.lower if path == sub else path
        if why:
            distrusts(library, path, why, f"{path} {mode:o} of group {group}")
        else:
            trusts(library, f"{path} {mode:o} of group {group}")
        os.chown(path, 0, 0)
        path.chmod(0o755)


def check_links(place):
    """A link is followed: what counts is where the library is, and that path is what is loaded."""
    link, sub = place.root / "link.so", place.root / "sub"
    link.symlink_to(place.lower)
    trusts(link, "a link")
    sub.chmod(0o777)
    distrusts(link, sub, "can be written by anybody", "a link into a directory of everybody's")
    (sub / "back.so").symlink_to(place.library)
    trusts(sub / "back.so", "a link out of one")
    trusts(place.root / "sub/../libkperfdata.so", "what is passed through does not count")
    sub.chmod(0o755)
    (place.root / "dangling.so").symlink_to("nowhere")
    refuses(3, "No such file", what="a link to nothing", got=loads(place.root / "dangling.so"))
    (place.root / "loop").symlink_to("loop")
    refuses(3, "--kperfdata", what="a loop", got=loads(place.root / "loop"))


def check_kinds(place):
    refuses(2, "libkperfdata.so", "absolute", what="relative", got=loads("libkperfdata.so"))
    refuses(2, "absolute", what="relative", got=loads("./sub/libkperfdata.so"))
    refuses(2, "absolute", what="empty", got=loads(""))
    distrusts(place.root, place.root, "is no regular file", "a directory")
    distrusts("/", "/", "is no regular file", "the root directory")
    os.mkfifo(place.root / "fifo")
    distrusts(place.root / "fifo", place.root / "fifo", "is no regular file", "a pipe")
    refuses(3, "/nowhere/kperfdata", "No such file", what="nothing", got=loads("/nowhere/kperfdata"))
    refuses(3, what="too long", got=loads("/" + "a/" * 4000))
    refuses(3, what="a part too long", got=loads("/" + "a" * 300))
    kperf = run(KPEP, "check", "--kperf", "kperf", *sim_options()[2:])
    refuses(2, "--kperf kperf: ", "absolute", what="the other library", got=kperf)
    # Apple's own are in no file system: the loader looks for them, and says so.
    for framework in ("kperf", "kperfdata"):
        path = f"/System/Library/PrivateFrameworks/{framework}.framework/{framework}"
        status, output, errors = run(KPEP, "check", f"--{framework}", path)
        check(status != 2 and (status, output) == run(KPEP, "check")[:2], f"{path}: {errors}")


def check_root():
    with tempfile.TemporaryDirectory() as root:
        place = Place(root)
        trusts(place.library, "root's alone")
        if os.geteuid() == 0:
            check_owners(place)
            check_modes(place)
            check_links(place)
            check_kinds(place)
            return
        print("not root: not checked is what root refuses to load")
        place.root.chmod(0o777)
        place.library.chmod(0o777)
        trusts(place.library, "who is not root loads what they like")


if not (simulators() / "libkperf_sim.so").exists():
    skip("no simulators")
check_listed()
check_text()
with tempfile.TemporaryDirectory() as made_up:
    check_described(pathlib.Path(made_up))
with tempfile.TemporaryDirectory() as made_up:
    check_unknown_cpu(pathlib.Path(made_up))
check_live_fails()
with tempfile.TemporaryDirectory() as states:
    check_reset(pathlib.Path(states))
    check_reset_owner(pathlib.Path(states))
    check_reset_refused(pathlib.Path(states))
check_root()
done()
