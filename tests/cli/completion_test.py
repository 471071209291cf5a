"""kpep --complete and kpepc --complete: what the shells' completions are told."""
import re

from kpeptest import KPEP, KPEPC, check, done, equal, run


def complete(*words, command=KPEP):
    """Exit status; what is typed; candidates, whole lines."""
    status, out, _ = run(command, "--complete", *words)
    kind, *candidates = out.splitlines() or [None]
    return status, kind, candidates


def test_kinds():
    for words, want in (
            (("",), "COMMAND"), (("list", ""), "ARGUMENT"), (("list", "-"), "OPTION"),
            (("list", "--cpu", ""), "CPU"), (("list", "--cpu=", ""), "ARGUMENT"),
            (("list", "--cpu=m1"), "CPU"), (("list", "--live=m1"), "OPTION"),
            (("measure", "-e", ""), "LIST"), (("measure", "-r", ""), "N"),
            (("list", "-e", ""), "ARGUMENT"), (("reset", "--kperf", "x"), "PATH"),
            (("list", "--cp", ""), "ARGUMENT"), (("list", "--live", ""), "ARGUMENT")):
        equal(complete(*words)[1], want, f"what is typed: {words}")
    equal(complete(), (2, None, []), "no word")
    equal(complete("nosuch", ""), (1, None, []), "no command")


def test_candidates():
    for words, want in (
            (("e",), ["encode"]),
            (("-",), ["--help", "--version"]),
            (("list", "--cpu=m1-u"), ["--cpu=m1-ultra"]),
            (("cpus", "--pl"), ["--plain\tevery name, one a line, and nothing else"]),
            (("list", "-c"), []),
            (("plan", "--strategy", ""), []),
            (("encode", "--strategy", "k"), ["kperfdata"]),
            (("encode", "--cpu", "m4", "--cpu=m1", "INST_BRANCH_C"), ["INST_BRANCH_CALL"]),
            (("encode", "--cpu", "m1", "INST_BRANCH:"), ["INST_BRANCH:u"]),
            (("encode", "--cpu", "m1", "INST_BRANCH:u"), ["INST_BRANCH:u"]),
            (("encode", "--cpu", "m1", "INST_BRANCH:k"), []),
            (("encode", "--cpu", "m1", "NOSUCH:"), []),
            (("list", "--cpu", "m1", "INST_BRANCH:"), []),
            (("measure", "-e", "cycles,l1-dcache-stores"), ["cycles,l1-dcache-stores"]),
            (("cpus", ""), []), (("cpus", "--cpu", "m1", ""), []), (("reset", ""), []), (("check", "x"), [])):
        equal(complete(*words)[2], want, f"candidates: {words}")


def test_kpepc():
    for words, want in (
            (("",), ("COMMAND", re.findall(r"^  kpepc (\w+) ", run(KPEPC, "--help")[1], re.M))),
            (("diff", "-"), ("OPTION", ["--json\tJSON instead of text",
                                        "--strict\ta warning is an error",
                                        "--help\tthis text"])),
            (("lint", ""), ("DIR", [])), (("compile", "macos-26.4="), ("DIR", [])),
            (("render", ""), ("ARGUMENT", [])),
            (("emit", "-p", ""), ("DIR", [])), (("emit", "-o", ""), ("PATH", [])),
            (("compile", "--names=d"), ("FILE", [])),
            (("emit", "--cpu", "a,"), ("CPU", [])),
            (("emit", "-e", "j"), ("KIND", ["json"])),
            (("emit", "--escape=m"), ("KIND", ["--escape=markdown"])),
            (("emit", "-t", ""),
             ("TEMPLATE", ["c-header", "csv", "json", "markdown", "perf-json"]))):
        equal(complete(*words, command=KPEPC)[1:], want, f"kpepc: {words}")
    equal(complete(command=KPEPC), (2, None, []), "kpepc: no word")


def test_spelling():
    """Of an event that was renamed, the spelling of the release."""
    for release in ("macos-15", "macos-26.4"):
        listed = run(KPEP, "list", "--cpu", "m4", "--release", release, "--plain")[1].split()
        equal(sorted(complete("plan", "--cpu", "m4", "--release", release, "")[2]), sorted(listed),
              f"the names of {release}")


def test_odd_words():
    """Whatever is typed, what is offered begins so."""
    for word in ("=", "--=", "--", ":", ",", ":u", "%s%n", "--events=,,", "\xff\n", "x" * 100000):
        for command in ("show", "measure", "encode", "names", ""):
            for before in ((), ("--cpu",), ("--cpu", "m1"), ("--cpu=", "--release="), ("-e",)):
                status, _, candidates = complete(command, *before, word)
                check(status in (0, 1) and all(c.startswith(word) for c in candidates),
                      f"{command} {before} {word[:20]!r}: {status} {candidates[:3]}")


test_kinds()
test_candidates()
test_kpepc()
test_spelling()
test_odd_words()
done()
