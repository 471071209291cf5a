"""Facts stand in doc/; what rests on them cites them, as "kernel.md 1.4" or "kernel.md 1.2, 1.4".

Every citation has its document and section, and every numbered section of doc/ is cited by some
source: what nothing rests on is not written down. Needs nothing that is built.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTORIES = ("cmake", "common", "db", "gen", "runtime", "tests")
DATA = ("db/kpep/", "tests/fixtures/", "tests/fuzz/corpus/", "tests/golden/")  # nobody's words
SUFFIXES = (".c", ".h", ".cc", ".py", ".sh", ".txt", ".cmake", ".in", ".mustache", ".md", ".plist",
            ".1", ".3", ".5")

# A section is a heading, or a row of a table, that begins with its number.
SECTION = re.compile(r"^(?:#+|\|) (\d+\.\d+)(?: |$)", re.MULTILINE)
# Between words of a comment: where a line ends another begins with what its language has for that.
GAP = r'(?:[ \t]|\n[ \t]*(?:\*(?!/)|#|//|\.\\")?)+'
NUMBERS = rf"\d+\.\d+(?:,{GAP}\d+\.\d+)*"
# With a directory before it, another suffix behind it or quotes around it it is a file's name.
CITATION = re.compile(rf'(?<![/.\w-])([A-Za-z][\w-]*\.md)\b(?!\.\w|")(?:{GAP}({NUMBERS}))?')
# Inside a document "(1.4)" is a section of the same; "(14.4)" is a macOS.
OWN = re.compile(rf"\((?!\d\d)({NUMBERS})\)")


def numbers(text):
    return re.findall(r"\d+\.\d+", text or "")


def citations(text):
    """Of a source or document: the line, the document and the sections of each."""
    for found in CITATION.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1], numbers(found[2])


def wrong_citations(path, text, sections, files):
    """What is wrong with the citations of one text. files: those at the repository's root. A
    document may name another as a whole."""
    for line, document, cited in citations(text):
        where = f"{path}:{line}: {document}"
        if document in files:
            continue
        if document not in sections:
            yield f"{where}: no such document in doc/"
        elif not cited and sections[document] and not path.startswith("doc/"):
            yield f"{where}: without a section (expected as in {document} {sections[document][0]})"
        for number in cited:
            if number not in sections.get(document, [number]):
                yield f"{where} {number}: no such section"


def wrong_references(name, text, own):
    for found in OWN.finditer(text):
        for number in numbers(found[1]):
            if number not in own:
                line = text.count("\n", 0, found.start()) + 1
                yield f"doc/{name}:{line}: ({number}): no such section"


def problems(documents, sources, files=("README.md",)):
    """documents: those of doc/, sources: all else, texts by name. Every problem, a line each."""
    sections = {name: SECTION.findall(text) for name, text in documents.items()}
    cited = {(document, number) for text in sources.values()
             for _, document, found in citations(text) for number in found}
    for path, text in sources.items():
        yield from wrong_citations(path, text, sections, files)
    for name, text in documents.items():
        own = sections[name]
        yield from wrong_citations(f"doc/{name}", text, sections, files)
        if own:
            yield from wrong_references(name, text, own)
        for number in sorted(set(own), key=own.index):
            if own.count(number) != 1:
                yield f"doc/{name}: {number}: {own.count(number)} sections of that number"
            if (name, number) not in cited:
                yield f"doc/{name}: {number}: cited by no source"


# ---- that it finds what it is for ----------------------------------------------------------------

FACTS = {"a.md": "# A\n\n### 1.1 One\n\nSee (1.2).\n\n| n | |\n|---|---|\n| 1.2 | a row |\n",
         "plain.md": "# P\n\nFacts are in a.md.\n"}
GOOD = {"x.c": '/* As a.md 1.1,\n * 1.2 and plain.md have it; README.md. */ "b.md" c.md.mustache\n'}
CASES = (  # what is wrong, in which source or document, and what is said of it
    ({}, {}, []),
    ({}, {"y.c": "/* a.md 1.3 */"}, ["y.c:1: a.md 1.3: no such section"]),
    ({}, {"y.py": "#\n# (b.md,\n# 1.1)"}, ["y.py:2: b.md: no such document in doc/"]),
    ({}, {"y.c": "/* a.md, corrections */"},
     ["y.c:1: a.md: without a section (expected as in a.md 1.1)"]),
    ({}, {"y.c": "/* DESIGN.md */"}, ["y.c:1: DESIGN.md: no such document in doc/"]),
    ({}, {"x.c": "/* a.md 1.1; plain.md */"}, ["doc/a.md: 1.2: cited by no source"]),
    ({"a.md": FACTS["a.md"].replace("(1.2)", "(1.9)")}, {},
     ["doc/a.md:5: (1.9): no such section"]),
    ({"a.md": FACTS["a.md"] + "## 1.1 Again\n"}, {},
     ["doc/a.md: 1.1: 2 sections of that number"]),
    ({"z.md": "a.md 2.1\n"}, {}, ["doc/z.md:1: a.md 2.1: no such section"]),
)


def check_itself():
    failed = 0
    for documents, sources, want in CASES:
        got = list(problems({**FACTS, **documents}, {**GOOD, **sources}))
        if got != want:
            failed += 1
            print(f"failed: {documents} {sources}\n   got  {got}\n   want {want}", file=sys.stderr)
    return failed


# ---- the repository ------------------------------------------------------------------------------

def read_sources():
    paths = [path for directory in DIRECTORIES for path in sorted((ROOT / directory).rglob("*"))
             if path.suffix in SUFFIXES and path.is_file()]
    paths += [ROOT / "CMakeLists.txt", ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    named = {path.relative_to(ROOT).as_posix(): path for path in paths}
    named.pop(pathlib.Path(__file__).resolve().relative_to(ROOT).as_posix())
    return {name: path.read_text(encoding="utf-8", errors="replace")
            for name, path in named.items() if not name.startswith(DATA)}


def main():
    documents = {path.name: path.read_text(encoding="utf-8")
                 for path in sorted((ROOT / "doc").glob("*.md"))}
    files = {path.name for path in ROOT.glob("*.md")}
    sources = read_sources()
    failed = check_itself()
    for problem in problems(documents, sources, files):
        failed += 1
        print(f"failed: {problem}", file=sys.stderr)
    found = sum(len(cited) for text in sources.values() for _, _, cited in citations(text))
    sections = sum(len(SECTION.findall(text)) for text in documents.values())
    print(f"{found} citations of {sections} sections, {failed} failed")
    sys.exit(failed != 0 or found == 0 or sections == 0)


main()
