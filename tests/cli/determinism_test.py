#!/usr/bin/env python3
"""The same facts give the same bytes: run again, elsewhere, in another locale, from another
directory order, from XML, binary plists or snapshots. Nothing of the machine shows in them.
"""
import copy
import os
import pathlib
import plistlib
import random
import re
import shutil
import socket
import subprocess
import tempfile

import kpeptest
from kpeptest import KPEPC, SHARED, SOURCE, check, equal, run

FACTS = SOURCE / "db/kpep"
DATA = [item for kind in ("names", "chips", "kernel", "meanings") if (SOURCE / f"db/{kind}.plist").exists()
        for item in (f"--{kind}", SOURCE / f"db/{kind}.plist")]
RELEASES = ("r1", "r2")

# A tmpfs lists a directory in the order it was made in; ext4 has one order for the same names.
kpeptest.in_memory()


# ---- random databases ------------------------------------------------------------------

TEXT = 'plain, & < > " \' ]]> <!-- &amp; \u00e9\u4e2d\U0001f34e tab\tline\nend'


def submask(rng, mask):
    """Some of the counters, at least one."""
    bits = [1 << bit for bit in range(32) if mask >> bit & 1]
    return sum(rng.sample(bits, rng.randint(1, len(bits))))


def random_event(rng, intel, cpu, names):
    every = cpu["config_counters"] | cpu.get("fixed_counters", 0)
    event = {"number": rng.choice([0, rng.randrange(256), rng.randrange(65536)])}
    if cpu.get("fixed_counters") and rng.random() < 0.1:
        event["fixed_counter"] = rng.randrange(4)
        if rng.random() < 0.5:
            del event["number"]
        if rng.random() < 0.5:
            event["fallback"] = rng.choice(names)
    if intel:
        event["umask"] = rng.randrange(256)
        if rng.random() < 0.2:
            event["other"] = rng.choice([83, 0x153, 65535])
    if rng.random() < 0.6:
        event["counters_mask"] = submask(rng, every)
    if rng.random() < 0.5:
        event["description"] = TEXT[:rng.randint(1, len(TEXT))]
    if rng.random() < 0.1:
        event["errata"] = TEXT
    return event


def random_database(rng, name):
    intel = rng.random() < 0.3
    cpu = {"architecture": rng.choice(["x86_64", "i386"] if intel else ["arm64", "arm"]),
           "marketing_name": 'Chip & "Sons" <%s>' % name,
           "config_counters": rng.choice([120, 4080] if intel else [1020, 252])}
    if rng.random() < 0.9:
        cpu["fixed_counters"] = 7 if intel else 3
    if rng.random() < 0.5:
        cpu["power_counters"] = 224 & cpu["config_counters"]
    # One pool for all, so that databases share names; of "X.1" and "X_1" there is only one.
    pool = [f"EV{n}{'.' if n % 5 == 0 else '_'}{n % 7}" for n in range(300)]
    names = rng.sample(pool, rng.randint(1, 60))
    cpu["events"] = {event: random_event(rng, intel, cpu, names) for event in names}
    if rng.random() < 0.8:
        owners = rng.sample(names, min(len(names), rng.randint(0, 5)))
        cpu["aliases"] = {f'Alias "{event}" \\ & <{rng.randrange(9)}>': event for event in owners}
    data = {"name": name, "version": [1, rng.randrange(3)], "system": {"cpu": cpu}}
    if rng.random() < 0.7:
        data["internal"] = rng.random() < 0.5
    return data


def next_release(rng, data):
    """The same chip a release later: some events gone, some come, some renamed, some changed."""
    data = copy.deepcopy(data)
    cpu = data["system"]["cpu"]
    for name in rng.sample(sorted(cpu["events"]), len(cpu["events"]) // 5):
        event = cpu["events"].pop(name)
        if rng.random() < 0.5:
            cpu["events"][f"RENAMED_{name.replace('.', '_')}"] = event
    gone = lambda name: name not in cpu["events"]
    for event in cpu["events"].values():
        if gone(event.get("fallback")):
            event.pop("fallback", None)
        if rng.random() < 0.1 and "number" in event:
            event["number"] = rng.randrange(65536)
    cpu["aliases"] = {alias: name for alias, name in cpu.get("aliases", {}).items()
                      if not gone(name)}
    return data


def random_world(seed):
    """{release: {file name: data, or the name a link leads to}}"""
    rng = random.Random(seed)
    ids = iter(f"cpu_{rng.randrange(1, 2**28):x}_{n}_{rng.randrange(1, 2**32):x}"
               for n in range(1, 100))
    old, new = {}, {}
    for n in range(rng.randint(1, 4)):
        data = random_database(rng, f"db{n}")
        later = next_release(rng, data) if rng.random() < 0.8 else None
        links = [next(ids) for _ in range(rng.randint(0, 3))]
        for world, facts in ((old, data), (new, later)):
            if facts is None:
                continue
            world[f"db{n}.plist"] = facts
            world.update({f"{cpu_id}.plist": f"db{n}.plist" for cpu_id in links})
    real = f"{next(ids)}.plist"  # as from macOS 27: a file, no link
    new[real] = random_database(rng, "real")
    return dict(zip(RELEASES, (old, new)))


def lay_out(directory, world, fmt=plistlib.FMT_XML, backwards=False):
    for release, files in world.items():
        (directory / release).mkdir(parents=True)
        for name in sorted(files, reverse=backwards):
            path = directory / release / name
            if isinstance(files[name], str):
                path.symlink_to(files[name])
            else:
                path.write_bytes(plistlib.dumps(files[name], fmt=fmt, sort_keys=not backwards))


# ---- runs ------------------------------------------------------------------------------

def contents(directory):
    return {path.name: path.read_bytes() for path in sorted(pathlib.Path(directory).iterdir())}


def must(*command, **options):
    status, out, err = run(KPEPC, *command, **options)
    check(status == 0, f"{command}: {err}")
    return out


def compiled(*arguments, **options):
    with tempfile.TemporaryDirectory() as out:
        must("compile", "-o", out, *arguments, **options)
        return contents(out)


def snapshot(directory, release, *arguments, **options):
    with tempfile.TemporaryDirectory() as out:
        must("snapshot", "-o", out, "--release", release, *arguments, directory, **options)
        return contents(out)


def everything(spelling, data=(), **options):
    """All that kpepc makes of a tree of RELEASES whose directories are spelling.format(release)."""
    arguments = [*data, *(f"{release}={spelling.format(release)}" for release in RELEASES)]
    made = {"json": must("emit", "-t", "json", *arguments, **options).encode()}
    made.update(compiled(*arguments, **options))
    for release in RELEASES:
        made.update({f"{release}/{name}": text for name, text in
                     snapshot(spelling.format(release), release, **options).items()})
    return made


def same(got, want, what):
    """Byte by byte, without printing them."""
    check(got.keys() == want.keys(), f"{what}: other files: {sorted(got)}, {sorted(want)}")
    for name in got.keys() & want.keys():
        check(got[name] == want[name], f"{what}: {name} differs")


# ---- environments ----------------------------------------------------------------------

def environments():
    world = random_world(0)
    with tempfile.TemporaryDirectory(prefix="kpep-somewhere-") as scratch:
        scratch = pathlib.Path(scratch)
        tree, copied = scratch / "tree", scratch / "copy of it"
        lay_out(tree, world)
        lay_out(copied, world, backwards=True)
        if os.listdir(tree / "r1") == os.listdir(copied / "r1"):
            print("not tested: this file system has one directory order only")
        want = everything(f"{tree}/{{}}")
        check(len(want) >= 7, f"too little was made: {sorted(want)}")
        same(everything(f"{tree}/{{}}"), want, "a second run")
        for what, spelling in [("a trailing slash", f"{tree}/{{}}/"), ("/./", f"{tree}/./{{}}/."),
                               ("//", f"{tree}//{{}}"), ("..", f"{tree}/r1/../{{}}"),
                               ("made in another order", f"{copied}/{{}}")]:
            same(everything(spelling), want, what)
        for what, spelling, cwd in [("relative", "{}", tree), ("./", "./{}", tree),
                                    ("from above", "tree/{}", scratch),
                                    ("from beside", "../tree/{}", copied)]:
            same(everything(spelling, cwd=cwd), want, f"{what}, another working directory")
        for locale in ("C", "C.UTF-8", "de_DE.UTF-8", "tr_TR.UTF-8", "tr_TR.ISO-8859-9", "none"):
            env = dict(os.environ, LC_ALL=locale, LANG=locale, LANGUAGE="de", TZ="Asia/Tokyo",
                       POSIXLY_CORRECT="1", COLUMNS="20", HOME="/nowhere", USER="someone")
            same(everything(f"{tree}/{{}}", env=env), want, f"LC_ALL={locale}")
        same(everything(f"{tree}/{{}}", env={}), want, "no environment")
        for mask in (0o077, 0o000):
            same(everything(f"{tree}/{{}}", preexec_fn=lambda: os.umask(mask)), want,
                 f"umask {mask:o}")
        linked = scratch / "linked"
        linked.symlink_to(tree)
        same(everything(f"{linked}/{{}}"), want, "through a link to the directory")
        nothing_of_the_machine(want, scratch)


def nothing_of_the_machine(made, scratch):
    hidden = [str(scratch), str(SOURCE), tempfile.gettempdir() + "/", "kpep-somewhere"]
    if len(socket.gethostname()) > 3:
        hidden.append(socket.gethostname())
    for name, text in made.items():
        for word in hidden:
            check(word.encode() not in text, f"{name} shows {word}")
        found = re.search(rb"\b20\d\d[-/.]\d\d[-/.]\d\d|\b\d\d:\d\d:\d\d\b|"
                          rb"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z][a-z] ", text)
        check(found is None, f"{name} shows a date: {found}")


def the_default_build():
    """The committed facts with the committed names: what every build compiles."""
    releases = [f"{path.name}={path}" for path in sorted(FACTS.iterdir())]
    want = compiled(*DATA, *releases)
    nothing_of_the_machine(want, SOURCE)
    with tempfile.TemporaryDirectory() as scratch:
        # The data by another path, the databases made backwards.
        data, copied = [], pathlib.Path(scratch)
        for item in DATA:
            data.append(shutil.copy(item, copied) if isinstance(item, pathlib.Path) else item)
        for path in sorted(FACTS.iterdir()):
            (copied / path.name).mkdir()
            for file in sorted(path.iterdir(), reverse=True):
                shutil.copy(file, copied / path.name)
        got = compiled(*data, *(f"{path.name}={path.name}" for path in sorted(FACTS.iterdir())),
                       cwd=copied, env=dict(os.environ, LC_ALL="tr_TR.UTF-8"))
        same(got, want, "the default build, elsewhere")
    for path in sorted(FACTS.iterdir()):
        same(snapshot(path, path.name), contents(path), f"a snapshot of db/kpep/{path.name}")


# ---- snapshots and formats -------------------------------------------------------------

def facts_of(data, keep_text):
    """What a snapshot is to hold of a database as plistlib reads it."""
    data = copy.deepcopy(data)
    data.pop("kpep", None)
    if not data["system"]["cpu"].get("aliases"):
        data["system"]["cpu"].pop("aliases", None)
    for event in data["system"]["cpu"]["events"].values():
        for prose in () if keep_text else ("description", "errata"):
            event.pop(prose, None)
    return data


def check_order(data, what):
    if isinstance(data, dict):
        check(list(data) == sorted(data), f"{what}: keys not in order")
        for key, item in data.items():
            check_order(item, f"{what}.{key}")


def check_snapshot(files, taken, release, what, keep_text=False):
    """Every fact and every CPU id of the originals, and nothing else."""
    originals = {name: data for name, data in files.items() if isinstance(data, dict)}
    seen = {data["name"]: data for data in map(plistlib.loads, taken.values())}
    equal(sorted(seen), sorted(data["name"] for data in originals.values()), f"{what}: databases")
    for name, data in originals.items():
        got = seen[data["name"]]
        equal(facts_of(got, True), facts_of(data, keep_text), f"{what}: {name}")
        ids = sorted((link[:-6] for link, target in files.items()
                      if target == name or (link == name and link.startswith("cpu_"))),
                     key=lambda text: [int(part, 16) for part in text.split("_")[1:]])
        head = got["kpep"]
        equal((head["release"], head["cpus"]), (release, ids), f"{what}: {name}: head")
        check_order(got, f"{what}: {name}")
        if not keep_text:
            check(b"description" not in taken[f"{data['name']}.plist"], f"{what}: {name}: prose")


def check_formats(seed):
    """XML, binary, and the snapshots of either: the same tables."""
    world = random_world(seed)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        trees = {"XML": {}, "binary": {"fmt": plistlib.FMT_BINARY, "backwards": True}}
        tables, facts = {}, {}
        for kind, options in trees.items():
            lay_out(scratch / kind, world, **options)
            tables[kind] = compiled(*(f"{r}={scratch / kind / r}" for r in RELEASES))
        same(tables["binary"], tables["XML"], f"seed {seed}: binary plists")
        for release in RELEASES:
            facts[release] = snapshot(scratch / "XML" / release, release)
            check_snapshot(world[release], facts[release], release, f"seed {seed}, {release}")
            (scratch / "facts" / release).mkdir(parents=True)
            for name, text in facts[release].items():
                (scratch / "facts" / release / name).write_bytes(text)
        same(compiled(*(f"{r}={scratch / 'facts' / r}" for r in RELEASES)), tables["XML"],
             f"seed {seed}: the snapshot's tables")
        release = RELEASES[seed % 2]
        same(snapshot(scratch / "facts" / release, release), facts[release],
             f"seed {seed}: a snapshot of a snapshot")
        same(snapshot(scratch / "binary" / release, release), facts[release],
             f"seed {seed}: a snapshot of binary plists")
        kept = snapshot(scratch / "binary" / release, release, "--descriptions")
        check_snapshot(world[release], kept, release, f"seed {seed}, text kept", keep_text=True)


def source_is_kept():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        lay_out(scratch / "tree", random_world(1))
        source = 'by hand, <& "so"'
        first = snapshot(scratch / "tree/r1", "r1", "--source", source)
        (scratch / "r1").mkdir()
        for name, text in first.items():
            (scratch / "r1" / name).write_bytes(text)
            equal(plistlib.loads(text)["kpep"].get("source"), source, f"{name}: source")
        same(snapshot(scratch / "r1", "r1"), first, "a snapshot of it has the same source")


def coverage_is_kept():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        lay_out(scratch / "tree", random_world(1))
        whole = snapshot(scratch / "tree/r1", "r1")
        for number, (given, kept) in enumerate([
                (["--covers", "events,number", "--covers", "aliases"], ["number", "aliases", "events"]),
                (["--covers", "none"], [])]):
            first = snapshot(scratch / "tree/r1", "r1", *given)
            directory = scratch / f"r1-{number}"
            directory.mkdir()
            for name, text in first.items():
                (directory / name).write_bytes(text)
                equal(plistlib.loads(text)["kpep"].get("covers"), kept, f"{name}: {given}")
            same(snapshot(directory, "r1"), first, "a snapshot of it covers the same")
        check(b"covers" not in b"".join(whole.values()), "a whole snapshot says nothing of it")
        for given in ("numbers", "none,number"):
            status, output, errors = run(KPEPC, "snapshot", "-o", scratch / "none", "--release", "r1",
                                         "--covers", given, scratch / "tree/r1")
            equal((status, output, errors.count("\n")), (2, "", 1), f"--covers '{given}': {errors}")


# ---- Apple's own files -----------------------------------------------------------------

def covered(release, names):
    """What release.tsv says was seen in the release itself, by file; a whole release has none."""
    table = SHARED / release / "release.tsv"
    if not table.exists():
        return dict.fromkeys(names)
    rows = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return {f"{name}.plist": [key for key, seen in (("number", "no later one seen" not in numbers),
                                                    ("counters_mask", masks == "public table of the live database"),
                                                    ("events", events == "whole")) if seen]
            for name, numbers, masks, events in rows}


def shared_files():
    if not SHARED.exists():
        print(f"not here, not compared: {SHARED}")
        return
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        subprocess.run(["sh", SHARED / "mktree", scratch], check=True)
        count = 0
        for path in sorted(FACTS.iterdir()):
            release = path.name
            files = {file.name: os.readlink(file) if file.is_symlink()
                     else plistlib.loads(file.read_bytes())
                     for file in (scratch / release).iterdir()}
            sources = {plistlib.loads(file.read_bytes())["kpep"].get("source")
                       for file in path.iterdir()}
            equal(len(sources), 1, f"sources of {release}")
            taken = snapshot(scratch / release, release, "--source", sources.pop())
            check_snapshot(files, taken, release, release)
            facts = {name: re.sub(rb"\t\t<key>covers</key>\n\t\t<array>\n.*?\t\t</array>\n", b"", text, flags=re.S)
                     for name, text in contents(path).items()}
            (scratch / "facts" / release).mkdir(parents=True)
            for name, text in facts.items():
                (scratch / "facts" / release / name).write_bytes(text)
            same(taken, facts, f"db/kpep/{release} is the snapshot of Apple's files")
            equal({name: plistlib.loads(text)["kpep"].get("covers") for name, text in contents(path).items()},
                  covered(release, contents(path)), f"what db/kpep/{release} covers")
            kept = snapshot(scratch / release, release, "--descriptions")
            check_snapshot(files, kept, release, f"{release}, text kept", keep_text=True)
            count += len(taken)
        equal(count, len(list((SOURCE / "db/kpep").glob("*/*.plist"))), "databases")
        releases = [path.name for path in sorted(FACTS.iterdir())]
        same(compiled(*DATA, *(f"{r}={scratch / r}" for r in releases)),
             compiled(*DATA, *(f"{r}={scratch / 'facts' / r}" for r in releases)),
             "the tables of Apple's files and of db/kpep")


environments()
the_default_build()
for number in range(30):
    check_formats(number)
source_is_kept()
coverage_is_kept()
shared_files()
kpeptest.done()
