"""Names of the libraries: the public functions and nothing else, prefixes even inside."""
import re
import shutil

from installtest import BUILD
from kpeptest import SOURCE, check, done, equal, run, skip

HEADERS = {"kpdb": [SOURCE / "db" / "kpdb.h"],
           "kplive": [SOURCE / "runtime" / "kplive.h", SOURCE / "runtime" / "kperf.h"]}
DIRECTORIES = {"kpdb": BUILD / "db", "kplive": BUILD / "runtime"}
NEEDED = {"kpdb": [], "kplive": ["libkpdb.so.0.1"]}


def symbols(*arguments):
    """Names in the output of nm."""
    status, text, errors = run("nm", *arguments)
    equal(status, 0, f"nm: {errors}")
    return {line.split()[-1] for line in text.splitlines() if " " in line.strip()}


def declared(library):
    """Functions of the public headers."""
    code = re.sub(r"/\*.*?\*/", "", "".join(path.read_text() for path in HEADERS[library]),
                  flags=re.S)
    return set(re.findall(rf"\b({library}_\w+)\(", code))


def check_library(library):
    shared = DIRECTORIES[library] / f"lib{library}.so"
    static = DIRECTORIES[library] / f"lib{library}.a"
    equal(symbols("-D", "--defined-only", shared), declared(library), f"{shared.name} exports")
    for name in symbols("-g", "--defined-only", static):
        check(name.startswith(f"{library}_"), f"{static.name} defines {name}")
    _, dynamic, _ = run("readelf", "-dW", shared)
    equal(re.findall(r"SONAME.*\[(.*)\]", dynamic), [f"lib{library}.so.0.1"], "soname")
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    equal([name for name in needed if name.startswith("libkp")], NEEDED[library], "needs")
    return shared, needed


def main():
    if not shutil.which("nm") or not shutil.which("readelf"):
        skip("no binutils")
    check_library("kplive")
    shared, needed = check_library("kpdb")
    equal(needed, [], "libkpdb.so needs no library")
    equal(symbols("-D", "--undefined-only", shared), set(), "libkpdb.so is complete")
    check("no relocations" in run("readelf", "-rW", shared)[1], "libkpdb.so is not relocated")
    done()


main()
