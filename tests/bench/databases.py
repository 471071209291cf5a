"""The event databases as the benchmark needs them: read with plistlib, not with kpep."""

import collections
import os
import plistlib
import random
import string

# Number, unit mask, counter mask and fixed counter (-1: none): what a lookup asks for.
Row = collections.namedtuple("Row", "number umask mask fixed")
# The `rows` by name of the CPU of `cpu_id`, in `plists` the newest file that has each name, and in
# `passing` those that some release of it has and another has not, which may be renamed, and aliases.
Cpu = collections.namedtuple("Cpu", "name cpu_id plists rows passing")


def read_rows(path):
    """The name and rows of one plist, the ids of the CPUs that it is for, and its aliases."""
    with open(path, "rb") as file:
        plist = plistlib.load(file)
    cpu = plist["system"]["cpu"]
    rows = {
        name: Row(
            event.get("number", 0),
            event.get("umask", 0),
            event.get("counters_mask", cpu.get("config_counters", 0)),
            event.get("fixed_counter", -1),
        )
        for name, event in cpu["events"].items()
    }
    return plist["name"], rows, plist["kpep"]["cpus"], cpu.get("aliases", {})


def read_files(directory):
    """{release: {path: (name, rows, ids, aliases)}} of a directory of snapshots."""
    releases = {}
    for release in sorted(os.listdir(directory)):
        folder = os.path.join(directory, release)
        paths = sorted(os.path.join(folder, file) for file in os.listdir(folder))
        releases[release] = {path: read_rows(path) for path in paths}
    return releases


def read_cpus(directory):
    """
    The CPUs of all releases: ids that use the same file in every release are one CPU. It has the
    events of all its releases, each as the newest says, as kpdb_find() with KPDB_ANY_RELEASE.
    """
    used = collections.defaultdict(list)
    for files in read_files(directory).values():
        for path, (name, rows, ids, aliases) in files.items():
            for cpu_id in ids:
                used[cpu_id].append((path, name, rows, aliases))
    cpus = {}
    for cpu_id, files in sorted(used.items()):
        rows, plists = {}, {}
        for path, _, newer, _ in files:
            rows.update(newer)
            plists.update(dict.fromkeys(newer, path))
        passing = {name for name in rows if any(name not in file[2] for file in files)}
        passing.update(*(file[3] for file in files))
        key = tuple(file[0] for file in files)
        cpus.setdefault(key, Cpu(files[0][1], cpu_id, plists, rows, passing))
    return sorted(cpus.values(), key=lambda cpu: cpu.name)


def distinct(tables):
    """The tables, equal ones once, and the place of each in them."""
    unique, places = [], []
    for rows in tables:
        if rows not in unique:
            unique.append(rows)
        places.append(unique.index(rows))
    return unique, places


def gperf_input(rows, function, row, pool):
    """A file for gperf, whose rows are struct `row`; `pool`: the name is an offset, as with -P."""
    lines = [
        "%{",
        '#include "gperf_row.h"',
        "%}",
        f"struct gperf{'_pool' if pool else ''}_{row};",
        f"%define lookup-function-name {function}",
        f"%define hash-function-name {function}_hash",
        f"%define string-pool-name {function}_pool",
        "%%",
    ]
    lines += [f"{name}, {', '.join(map(str, values))}" for name, values in sorted(rows.items())]
    return "\n".join(lines) + "\n"


def gperf_rows(rows):
    return {
        name: (f"{row.mask:#x}", f"{row.number:#x}", f"{row.umask:#x}", row.fixed)
        for name, row in rows.items()
    }


def in_one_table(tables):
    """
    What gperf's one table for all CPUs needs beside it: numbers of the names, each name's distinct
    rows one behind the other, where a name's begin, and which of them, from 1, a table has.
    """
    numbers = {name: n for n, name in enumerate(sorted({name for rows in tables for name in rows}))}
    values, begins, which = [], [], []
    for name in numbers:
        own = list(dict.fromkeys(rows[name] for rows in tables if name in rows))
        begins.append(len(values))
        values += own
        which.append([own.index(rows[name]) + 1 if name in rows else 0 for rows in tables])
    return numbers, values, begins, which


def misspell(rng, name, known):
    """The name with one letter changed, which is no name of any database."""
    while True:
        at = rng.randrange(len(name))
        other = name[:at] + rng.choice(string.ascii_uppercase) + name[at + 1 :]
        if other not in known:
            return other


def libpfm4_name(pmu, name):
    """libpfm4's spelling of Intel's: the unit mask behind a colon."""
    return f"{pmu}::{name.replace('.', ':', 1)}"


def queries(cpus, places, seed=1):
    """
    Lines for lookup.c: the CPU, the number of its gperf table, its plist, the name and libpfm4's
    name ('-' for none), and what is to be found. An event comes as `hit`, then as `misspelt`,
    and then another CPU's event, which this one has not, as `foreign`.
    """
    pmus = {
        "ivybridge": "ivb",
        "haswell": "hsw",
        "broadwell": "bdw",
        "skylake": "skl",
        "kabylake": "skl",
        "icelake": "icl",
    }
    rng = random.Random(seed)
    known = {name for cpu in cpus for name in cpu.rows}
    passing = {name for cpu in cpus for name in cpu.passing}
    lines = []
    for cpu, place in zip(cpus, places):
        pmu = pmus.get(cpu.name)
        foreign = sorted(known - passing - set(cpu.rows))
        for name, row in sorted(cpu.rows.items()):
            miss = misspell(rng, name, known)
            spellings = [libpfm4_name(pmu, n) if pmu else "-" for n in (name, miss)]
            head = [cpu.name, cpu.cpu_id, place, cpu.plists[name]]
            lines.append([*head, name, spellings[0], "hit", *row])
            lines.append([*head, miss, spellings[1], "misspelt", 0, 0, 0, 0])
            lines.append([*head, rng.choice(foreign), "-", "foreign", 0, 0, 0, 0])
    return "".join("\t".join(map(str, line)) + "\n" for line in lines)
