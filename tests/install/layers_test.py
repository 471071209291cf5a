"""Which file may use which: the layers of the house, no circles, and a word at every door.

From the object files of the build: a file uses another whose function or variable its object
needs. From the sources: what they include. A finding names both files.
"""
import pathlib
import re

from installtest import BUILD
from kpeptest import SOURCE, check, done, equal, run

# A directory and those that its files may use; and the only headers of others that are taken.
LAYERS = {
    "common": {"common"},
    "gen": {"gen", "common"},
    "gen/cli": {"gen/cli", "gen", "common"},
    "db": {"db"},
    "runtime": {"runtime", "db"},
    "runtime/cli": {"runtime/cli", "runtime", "db", "common"},
}
HEADERS_OF_OTHERS = {"gen": {"db/hash.h"}}
# Targets whose objects are looked at: each source of these directories belongs to one of them.
TARGETS = {"common": ["kpep-common"], "gen": ["kpepc-steps", "kpepc"], "db": ["kpdb"],
           "runtime": ["kplive", "kpep"]}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)', re.M)


def directory(name):
    """The layer of a file: "runtime/cli/list.c" is of runtime/cli."""
    return name.rpartition("/")[0]


def objects():
    """Source, as named from the repository's root -> its object; not of sources that are gone."""
    found = {}
    for folder, targets in TARGETS.items():
        for target in targets:
            root = BUILD / folder / "CMakeFiles" / f"{target}.dir"
            for path in sorted(root.rglob("*.c.o")):
                found[f"{folder}/{path.relative_to(root)}"[:-2]] = path
    return {name: path for name, path in found.items() if (SOURCE / name).exists()}


def symbols(path):
    """Names that an object defines for others, and those that it needs."""
    status, text, errors = run("nm", "-g", path)
    equal(status, 0, f"nm {path}: {errors}")
    rows = [line.split() for line in text.splitlines()]
    return ({row[-1] for row in rows if row[-2] not in "Uwv"},
            {row[-1] for row in rows if row[-2] in "Uwv"})


def uses(names):
    """File -> {file it uses: by which symbol}."""
    tables = {name: symbols(path) for name, path in names.items()}
    owner = {}
    for name, (defined, _) in tables.items():
        for symbol in defined - {"main"}:
            check(symbol not in owner, f"{symbol} is defined by {owner.get(symbol)} and {name}")
            owner[symbol] = name
    return {name: {owner[symbol]: symbol for symbol in sorted(needed)
                   if owner.get(symbol, name) != name}
            for name, (_, needed) in tables.items()}


def circle(graph):
    """Files each of which uses the next, and the last the first; none: None."""
    done_with, path = set(), []

    def walk(name):
        if name in path:
            return path[path.index(name):]
        if name in done_with:
            return None
        path.append(name)
        for other in graph.get(name, ()):
            found = walk(other)
            if found:
                return found
        done_with.add(path.pop())
        return None

    return next((found for found in map(walk, sorted(graph)) if found), None)


def check_no_circle(graph):
    found = circle(graph)
    while found:
        edges = [f"{a} uses {b} ({graph[a][b]})" for a, b in zip(found, found[1:] + found[:1])]
        check(False, "a circle: " + ", ".join(edges))
        del graph[found[-1]][found[0]]
        found = circle(graph)


def sources():
    return sorted(str(path.relative_to(SOURCE)) for layer in LAYERS
                  for path in (SOURCE / layer).glob("*.[ch]"))


def included(name):
    """Files of the repository that a file includes."""
    for path in INCLUDE.findall((SOURCE / name).read_text()):
        for base in (SOURCE / directory(name), SOURCE, *(SOURCE / layer for layer in LAYERS)):
            if (base / path).exists():
                yield str((base / path).resolve().relative_to(SOURCE.resolve()))
                break


def check_layers(name, others, how):
    for other in others:
        own = directory(name)
        check(directory(other) in LAYERS[own] or other in HEADERS_OF_OTHERS.get(own, ()),
              f"{name} {how} {other}: {own} may use {', '.join(sorted(LAYERS[own]))}")


def check_opens_with_comment(name):
    text = (SOURCE / name).read_text()
    check(re.match(r"/\*((?!\*/).)*\*/\n(#|\n)", text, re.S),
          f"{name}: the file opens without a word of what it is")


def check_the_check():
    """It finds what it looks for."""
    equal(circle({"a": {"b": "f"}, "b": {"c": "g"}, "c": {"b": "h"}}), ["b", "c"], "a circle")
    equal(circle({"a": {"b": "f", "c": "g"}, "b": {"c": "h"}, "c": {}}), None, "no circle")
    equal(INCLUDE.findall('#include "a.h"\n # include <b/c.h>\n/* #include "d.h" */\n'),
          ["a.h", "b/c.h"], "what a text includes")


check_the_check()
built = objects()
equal(sorted(built), [name for name in sources() if name.endswith(".c")],
      "an object for every source")
graph = uses(built)
check(len(graph.get("gen/read.c", {})) > 3, "gen/read.c uses others")
for file, used in graph.items():
    check_layers(file, used, "uses")
check_no_circle(graph)
headers = {}
for file in sources():
    headers[file] = dict.fromkeys(included(file), "#include")
    check_layers(file, headers[file], "includes")
check_no_circle(headers)
for path in sorted(SOURCE.glob("[cdgrt]*/**/*.[ch]")):
    if "golden" not in path.parts:
        check_opens_with_comment(str(path.relative_to(SOURCE)))
done()
