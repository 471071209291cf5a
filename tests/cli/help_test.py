"""The man pages against --help and the public headers, and their examples against the commands.

SYNOPSIS and OPTIONS of a command's page are those of --help, and the program's page lists the
commands: with UPDATE_PAGES=1 in the environment they are written before they are compared.

Only what is written in both places is compared, in both directions: a page says what --help says,
and nothing that it does not. The examples of the pages are run. mandoc, where there is one, reads
the pages too.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import tempfile

from kpeptest import (CC, KPEP, KPEPC, SOURCE, check, done, equal, run, sim_environment,
                      sim_options, simulators)

BUILD = {"kpep": pathlib.Path(KPEP), "kpepc": pathlib.Path(KPEPC)}
PAGES = {"kpep": SOURCE / "runtime/man", "kpepc": SOURCE / "gen/man"}
HEADERS = {"kpdb": SOURCE / "db", "kplive": SOURCE / "runtime", "kperf": SOURCE / "runtime"}
TABLES = pathlib.Path(os.environ["LIBKPDB"]).parent / "tables"
MADE = TABLES.parent.parent / "man"  # of the headers: page_test.py says how
ALL_PAGES = sorted([*SOURCE.glob("*/man/*.[15]"), *MADE.iterdir()])


def one_line(text):
    return " ".join(text.split())


# ---- the pages: as much of mdoc(7) as they use

CHARACTERS = {r"\&": "", r"\e": "\\", r"\-": "-"}


def plain(text):
    return re.sub(r"\\[&e-]", lambda match: CHARACTERS[match[0]], text)


# What stands before and after what a macro marks up; Fl marks one word, and the rest a line.
AROUND = {"Fl": ("-", ""), "Op": ("[", "]"), "Oo": ("[", ""), "Pq": ("(", ")")}
OTHER = {"Nm", "Ar", "Cm", "Dv", "Xr", "It", "Fn", "Pa", "Ql", "Ev"}


def words(line):
    """What is printed of a line."""
    if not line.startswith("."):
        return plain(line)
    out, before, after, joined = [], "", "", False
    for word in re.findall(r'"[^"]*"|\S+', line[1:]):
        if word in AROUND:
            before += AROUND[word][0]
            after += AROUND[word][1]
        elif word == "Ns":
            joined = True
        elif word in (",", "Oc"):
            out[-1] += "," if word == "," else "]"
        elif word not in OTHER:
            word = before + plain(word.strip('"'))
            out[-1:] = [out[-1] + word] if joined else [*out[-1:], word]
            before, joined = "", False
    return " ".join(out) + after


class Page:
    def __init__(self, path):
        self.lines = path.read_text().splitlines()
        self.sections = {}
        for line in self.lines:
            if line.startswith(".Sh "):
                self.sections[line[4:]] = []
            elif self.sections:
                self.sections[next(reversed(self.sections))].append(line)

    def text(self, section):
        """What is printed in a section, on one line, without its lists and blocks."""
        layout = (".Bl", ".El", ".Bd", ".Ed", ".Pp")
        return one_line(" ".join(words(line) for line in self.sections[section]
                                 if not line.startswith(layout)))

    def items(self, section):
        """Every .It of a section: its title, and what it says."""
        found = []
        for line in self.sections[section]:
            if line.startswith(".It "):
                found.append([words(line), ""])
            elif line.startswith((".El", ".Bl")):
                found.append(None)
            elif found and found[-1]:
                found[-1][1] = one_line(f"{found[-1][1]} {words(line)}")
        return [tuple(item) for item in found if item]

    def literals(self, section):
        """The text of every block that is shown as it is."""
        blocks, block = [], None
        for line in self.sections.get(section, []):
            if line.startswith(".Bd"):
                block = []
            elif line.startswith(".Ed"):
                blocks.append("\n".join(block))
                block = None
            elif block is not None:
                block.append(plain(line))
        return blocks


# ---- the commands

OPTION = re.compile(r"^  +(?:(-\w), )?(--[a-z-]+)(?: ([A-Z]+))? +(.+)$", re.M)


def help_of(*command):
    status, out, err = run(*command, "--help")
    equal((status, err), (0, ""), f"{command} --help")
    check(max(map(len, out.splitlines())) <= 100, f"{command} --help: at most 100 columns")
    return out


def option_titles(text):
    """'-e, --events LIST' -> what it says."""
    found = {}
    for short, name, argument, about in OPTION.findall(text):
        title = (f"{short}, " if short else "") + name + (f" {argument}" if argument else "")
        check(title not in found and about not in found.values(), f"{title}: said once: {about}")
        found[title] = about
    return found


def usage_of(text):
    return one_line(re.match(r"usage: (.*?)\n\n", text, re.S)[1])


def pieces(usage):
    """'-o DIR [--cpu CPU]... OLD NEW' -> each option with its value, each operand."""
    return re.findall(r"\[[^]]*\](?:\.\.\.)?|--?[a-z][a-z-]*(?: [A-Z]+(?:\|\S+)?)?|\S+", usage)


def marked(text):
    """'--cpu CPU|--live' -> macros: Fl of an option, Ar of what one types in its place."""
    out = []
    for part in re.split(r"( |\|(?=--))", text):
        if part == "|":
            out.append("|")
        elif part.startswith("-"):
            out.append(f"Fl {part[1:]}")
        elif part != " ":
            out.append(f"Ar {part}")
    return " ".join(out)


def synopsis_of(text):
    """The lines of mdoc that show a usage line."""
    tool, command, *rest = usage_of(text).split(" ")
    lines = [f".Nm {tool} {command}"]
    for piece in pieces(" ".join(rest)):
        inside = piece.removesuffix("...").removeprefix("[").removesuffix("]")
        if piece.startswith("[") and piece.endswith("..."):
            lines.append(f".Oo {marked(inside)} Oc Ns ...")
        elif piece.startswith("["):
            lines.append(f".Op {marked(inside)}")
        else:
            lines.append(f".{marked(piece)}")
    return lines


def options_of(text):
    """The lines of mdoc that list the options."""
    lines = [".Bl -tag -width Ds"]
    for short, name, argument, about in OPTION.findall(text):
        title = (f"Fl {short[1]} , " if short else "") + f"Fl {name[1:]}"
        lines += [f".It {title}" + (f" Ar {argument}" if argument else ""), about]
    return [*lines, ".El"]


def derived_sections(text):
    return {"SYNOPSIS": synopsis_of(text), "OPTIONS": options_of(text)}


def derived(page, text):
    """The lines of a command's page, with the sections that --help says."""
    sections = derived_sections(text)
    lines, section = [], None
    for line in page.lines:
        if line.startswith(".Sh "):
            section = line[4:]
            lines += [line, *sections.get(section, [])]
        elif section not in sections:
            lines.append(line)
    return lines


def check_usage_has_options(tool, name, usage, options):
    short = {title.split(", ")[0]: title for title in options if ", " in title}
    named = {short[o] if o in short else next((t for t in options if f" {o} " in f" {t} "), o)
             for o in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage)}
    equal(sorted(named | {"--help"}), sorted(options), f"{tool} {name}: usage and options")


def check_statuses(tool, page, what):
    known = {"0", "1", "2", "3"}
    listed = page.items("EXIT STATUS")
    check({"0", "1", "2"} <= {title for title, _ in listed} <= known, f"{what}: exit statuses")
    check(all(about for _, about in listed), f"{what}: exit statuses say something")
    status, out, _ = run(BUILD[tool], what.partition("-")[2], "--no-such-option")
    equal((status, out), (2, ""), f"{what}: 2 is a wrong command line")


def updated(path, lines):
    """The page, which is written anew with UPDATE_PAGES."""
    if os.environ.get("UPDATE_PAGES"):
        path.write_text("\n".join(lines(Page(path))) + "\n")
    return Page(path)


def check_command(tool, name):
    text = help_of(BUILD[tool], name)
    path = PAGES[tool] / f"{tool}-{name}.1"
    if not check(path.exists(), f"{path.name} exists"):
        return ""
    page = updated(path, lambda page: derived(page, text))
    options = option_titles(text)
    for section, lines in derived_sections(text).items():
        equal(page.sections[section], lines,
              f"{path.name}: {section} as --help has it (UPDATE_PAGES=1)")
    equal(page.text("SYNOPSIS").replace(" | ", "|"), usage_of(text), f"{path.name}: SYNOPSIS")
    equal(dict(page.items("OPTIONS")), options, f"{path.name}: OPTIONS")
    check_usage_has_options(tool, name, usage_of(text), options)
    check_statuses(tool, page, path.stem)
    title, summary = page_name(page)
    equal(title, f"{tool}-{name}", f"{path.name}: NAME")
    return summary


def page_name(page):
    name, about = page.sections["NAME"]
    return name.removeprefix(".Nm "), about.removeprefix(".Nd ")


def listing(page, commands):
    """The lines of a program's page, with the list of its commands."""
    first = next(n for n, line in enumerate(page.lines) if line.startswith(".It Xr "))
    end = page.lines.index(".El", first)
    items = [line for name, about in commands for line in (f".It Xr {name} 1", about)]
    return page.lines[:first] + items + page.lines[end:]


def check_tool(tool):
    text = help_of(BUILD[tool])
    names = re.findall(rf"^  {tool} (\w+) ", text, re.M)
    commands = [(f"{tool}-{name}", check_command(tool, name)) for name in names]
    path = PAGES[tool] / f"{tool}.1"
    # while a command has no page there is nothing to list it with
    page = updated(path, lambda page: listing(page, commands)) if all(about for _, about in commands) \
        else Page(path)
    equal(page.items("DESCRIPTION"), [(f"{name} 1", about) for name, about in commands],
          f"{tool}.1: the commands, and what their pages say they are (UPDATE_PAGES=1)")
    pages = {path.stem for path in PAGES[tool].glob(f"{tool}-*.1")}
    equal(pages, {f"{tool}-{name}" for name in names}, f"a page for each command of {tool}")
    statuses = re.search(r"^Exit status: (.*)\.$", text, re.M)[1].split(", ")
    equal([" ".join(item) for item in page.items("EXIT STATUS")], statuses,
          f"{tool}.1: exit statuses")
    for name in names:
        usage = usage_of(help_of(BUILD[tool], name))
        check(usage in one_line(text), f"{tool} --help has the usage of {name}")


def check_lint_rules():
    rules = re.findall(r"^  (error|warning|note) +([a-z-]+) +(.*)$", help_of(KPEPC, "lint"), re.M)
    listed = Page(PAGES["kpepc"] / "kpepc-lint.1").items("DESCRIPTION")
    check(len(rules) > 20, f"{len(rules)} rules")
    equal(listed, [(f"{name} ({severity})", about) for severity, name, about in rules],
          "kpepc-lint.1: the rules")


def check_filters():
    """kpepc-render(1) names every filter that there is, and no other."""
    with tempfile.TemporaryDirectory() as scratch:
        template = pathlib.Path(scratch) / "t"
        template.write_text("{{x | nosuch}}")
        error = run(KPEPC, "render", "-t", template)[2]
    known = re.search(r"\(expected (.*)\)$", error.strip())[1].replace(" or ", ", ").split(", ")
    lines = Page(PAGES["kpepc"] / "kpepc-render.1").lines
    first = next(n for n, line in enumerate(lines) if line.startswith("A value through filters")) + 1
    item = lines[first:next(n for n in range(first, len(lines)) if lines[n].startswith(".It"))]
    listed = [word for line in item if line.startswith(".Cm ") for word in line.split()[1:]
              if word.isalnum()]
    equal(sorted(listed), sorted(known), "kpepc-render.1: the filters")


def check_templates():
    """kpepc-emit(1) and its help have every template that is built in."""
    known = run(KPEPC, "--complete", "emit", "-t", "")[1].split()[1:]
    page = Page(PAGES["kpepc"] / "kpepc-emit.1")
    first = next(n for n, line in enumerate(page.lines) if line.startswith(".Bl"))
    listed = [line[len(".It Cm "):] for line in page.lines[first:page.lines.index(".El", first)]
              if line.startswith(".It Cm ")]
    equal(listed, known, "kpepc-emit.1: the templates")
    text = re.search(r"template: (.*?) or a file", one_line(help_of(KPEPC, "emit")))[1]
    equal(sorted(text.split(", ")), sorted(known), "kpepc emit --help: the templates")


# ---- JSON

# Command lines that print JSON, and the other page whose objects are in it too.
MACHINE = sim_environment("m1", "macos-26.4", "gen=4")
SNAPSHOTS = [SOURCE / "db/kpep" / release for release in ("macos-15", "macos-26.4")]
PRINTING = [("kpep", ["cpus"], None), ("kpep", ["list", "--cpu", "m1"], None),
            ("kpep", ["show", "cycles"], "list"), ("kpep", ["names", "--cpu", "m1"], None),
            ("kpep", ["names", "--metrics"], None),
            ("kpep", ["encode", "--cpu", "m1", "cycles", "INST_BRANCH"], None),
            ("kpep", ["encode", "--cpu", "m1", "cycles", "cycles"], None),
            ("kpep", ["plan", "--cpu", "m1", "INST_BRANCH"], "encode"),
            ("kpep", ["list", "--live", *sim_options()], None),
            ("kpep", ["show", "--live", "INST_ALL", *sim_options()], "list"),
            ("kpep", ["check", *sim_options()], None), ("kpep", ["reset", *sim_options()], None),
            ("kpep", ["measure", "--calibrate", "-r", "1", *sim_options()], None),
            ("kpepc", ["diff", *SNAPSHOTS], None), ("kpepc", ["lint", SNAPSHOTS[1]], None)]


def keys(value):
    """Every key of a JSON value, but those that are names of databases or ids of CPUs."""
    if isinstance(value, list):
        return {key for item in value for key in keys(item)}
    if not isinstance(value, dict):
        return set()
    return set(value) | {key for name, item in value.items() if name not in ("on", "cpu_ids")
                         or isinstance(item, list) for key in keys(item)}


def check_json():
    for tool, command, other in PRINTING:
        shown = [Page(PAGES[tool] / f"{tool}-{name}.1").literals("DESCRIPTION")
                 for name in (command[0], other) if name]
        named = set(re.findall(r"\w+", " ".join(block for blocks in shown for block in blocks)))
        if "--kperf" in command and not (simulators() / "libkperf_sim.so").exists():
            continue
        printed = keys(json.loads(run(BUILD[tool], *command, "--json", env=MACHINE)[1]))
        check(printed and printed <= named, f"{command}: keys without a word: {printed - named}")


# ---- the libraries

DECLARATION = re.compile(r"^[a-z][\w *]*\b(kp(?:db|live)_\w+)\([^;{]*\);", re.M)
TYPE = re.compile(r"^enum \w+ \{[^\n]*\};|^(?:struct|enum) \w+ \{.*?^\};", re.M | re.S)
LIST = re.compile(r"^#define (KP\w+_(?:ERRORS|STATUSES|WARNINGS|SOURCES|FIELDS))\(X\)((?:.*\\\n)+.*)\n", re.M)
ROW = re.compile(r'X\((\w+), (-?\d+),(?: \d+,)?(?: "[a-z_-]+",)? "([^"]*)"\)'
                 r"(?: /\* (.*?) \*/)?")
MADE_OF_LIST = re.compile(r"enum (\w+) \{ (KP\w+)\(\w+\) \};")
ERRORS = {"kpdb": "kpdb_error", "kplive": "kplive_status", "kperf": "kplive_kperfdata_code"}
COMMENT = re.compile(r"/\*.*?\*/", re.S)
NULLABILITY = re.compile(r"\bKPLIVE_(?:NULLABLE|NONNULL)\b\s*")


def signature(text):
    """The same for the same declaration, however it is spaced."""
    return re.sub(r"\s*([*(),;])\s*", r"\1", one_line(text)).rstrip(";")


def listed_functions(page):
    """.Ft and .Fn, or .Fo with .Fa, of the synopsis as declarations."""
    found, result, name, arguments = [], "", "", []
    for line in page.sections["SYNOPSIS"]:
        macro, _, rest = line[1:].partition(" ")
        quoted = re.findall(r'"([^"]*)"', rest)
        if macro == "Ft":
            result = rest
        elif macro in ("Fn", "Fo"):
            name, arguments = rest.split()[0], quoted
        elif macro == "Fa":
            arguments += quoted
        if macro in ("Fn", "Fc"):
            found.append(signature(f"{result} {name}({', '.join(arguments)})"))
    return found


def prose(comment):
    """What a comment says, without its frame."""
    return one_line(re.sub(r"^ *\* ?", "", comment.strip()[2:-2], flags=re.M))


def check_library(library):
    """A page and its header, read here a second way; without the words for what may be NULL."""
    header = NULLABILITY.sub("", (HEADERS[library] / f"{library}.h").read_text())
    page = Page(MADE / f"{library}.3")
    says = page.text("DESCRIPTION") + page.text("ERRORS")
    declared = list(DECLARATION.finditer(header))
    equal(listed_functions(page), [signature(match[0]) for match in declared],
          f"{library}.3: the functions of {library}.h")
    items = page.items("DESCRIPTION")
    described = [title for title, _ in items if re.fullmatch("kp[a-z_]+", title)]
    equal(described, [match[1] for match in declared], f"{library}.3: each is described")
    check(items[-1][1] != "", f"{library}.3: the last one says something")
    check_types(library, page, header)
    check_constants(library, ERRORS[library], page)
    for comment in COMMENT.finditer(header):
        after = header[comment.end() + 1:]
        if DECLARATION.match(after) or TYPE.match(after):
            check(prose(comment[0]) in says, f"{library}.3 lacks: {prose(comment[0])}")


def check_types(library, page, header):
    """All types and constants are there as they are, and of enums that lists make their rows."""
    literal = one_line(" ".join(page.literals("DESCRIPTION")))
    for match in TYPE.finditer(header):
        if made := MADE_OF_LIST.match(match[0]):
            check_constants(library, made[1], page, dict(LIST.findall(header)).get(made[2]))
        else:
            check(one_line(match[0]) in literal, f"{library}.3 lacks: {match[0]}")
    for constant in re.findall(r"^#define (KP\w+ +\S.*)$", header, re.M):
        check(one_line(constant.split(" /*")[0]) in literal, f"{library}.3 lacks: {constant}")
    for name, body in LIST.findall(header):
        rows = ROW.findall(one_line(body.replace("\\\n", "\n")))
        equal(len(rows), body.count("X("), f"{library}.h: rows of {name}")
        for row, number, text, more in rows:
            check((f"{row} ({number})", more or text) in page.items("ERRORS") +
                  page.items("DESCRIPTION"), f"{library}.3 lacks: {row}: {more or text}")


def check_constants(library, enum, page, rows=None):
    """The compiler knows the constants that a page lists (of rows) by these numbers, and no other."""
    section = "ERRORS" if enum == ERRORS[library] else "DESCRIPTION"
    listed = {}
    for title, about in page.items(section):
        constant = re.fullmatch(r"(KP\w+) \((-?\d+)\)", title)
        if constant and (rows is None or f"X({constant[1]}," in rows):
            listed[constant[1]] = constant[2]
            check(about, f"{library}.3: {title} says something")
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "known.c").write_text(
            f'#include "{library}.h"\nint known(enum {enum} value);\n'
            f"int known(enum {enum} value) {{ switch (value) {{\n"
            + "".join(f"case {name}: return {number};\n" for name, number in listed.items())
            + "} return 1; }\n"
            + "".join(f'_Static_assert({name} == {number}, "");\n'
                      for name, number in listed.items()))
        equal(compile_here(directory, "-c", "known.c"), (0, "", ""), f"{library}.3: enum {enum}")


def check_codes():
    """kperfdata's codes, which kperf.h has in one list."""
    header = (HEADERS["kperf"] / "kperf.h").read_text()
    codes = re.findall(r'X\((\d+), (KPEP_CONFIG_ERROR_\w+),[\s\\]+"([^"]*)"\)', header)
    equal([int(code) for code, _, _ in codes], list(range(17)), "kperf.h: a text for every code")
    equal(len({text for _, _, text in codes}), 17, "kperf.h: the texts differ")
    equal(Page(MADE / "kperf.3").items("ERRORS"),
          [(f"{name} ({code})", text) for code, name, text in codes], "kperf.3: ERRORS")


def check_bindings():
    """kperf.h and kperf(3) say something of every function of Apple's, by its parameters' names."""
    header = NULLABILITY.sub("", (HEADERS["kperf"] / "kperf.h").read_text())
    page = Page(MADE / "kperf.3")
    titles = [title for title, _ in page.items("DESCRIPTION")]
    declared = [signature(line) for block in page.literals("DESCRIPTION")
                for line in block.splitlines()]
    lists = re.findall(r"^/\*((?:(?!\*/)[\s\S])*)\*/\n#define KPERF\w+\(X\)((?:.*\\\n)+.*\n)",
                       header, re.M)
    count = 0
    for comment, body in lists:
        for result, name, parameters in re.findall(r"X\(([^,]+), (\w+), \(([^()]*)\)\)",
                                                   one_line(body.replace("\\\n", ""))):
            names = re.findall(r"(\w+)(?:,|$)", parameters.replace("void", ""))
            said = (f"{name}({', '.join(names)})", f"{name}(...)")
            check(any(text in one_line(comment) for text in said), f"kperf.h is silent on {said[0]}")
            check(any(text in titles for text in said), f"kperf.3 is silent on {said[0]}")
            check(signature(f"{result} {name}({parameters})") in declared,
                  f"kperf.3: {name}'s declaration")
            count += 1
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "count.c").write_text(  # two handles and sysctlbyname beside them
            '#include "kperf.h"\n_Static_assert(sizeof(struct kplive_frameworks) == '
            f'{count + 3} * sizeof(void *), "");\n')
        equal(compile_here(directory, "-c", "count.c"), (0, "", ""), f"kperf.h: {count} functions")


# ---- the examples

def examples(block):
    """'$ command' lines and what the page shows of each."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.rstrip("\n")


def environment():
    path = os.pathsep.join([*(str(tool.parent) for tool in BUILD.values()), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "NO_COLOR": "1"}


def check_example(page, before, command, shown, directory):
    if command.startswith("sudo "):
        status, _, _ = run(*shlex.split(command)[1:], "--kperf", "/none/kperf", "--kperfdata",
                           "/none/kperfdata", cwd=directory, env=environment())
        equal((status, shown), (3, ""), f"{page}: {command}: the command line is right")
        return
    status, out, err = run("sh", "-c", f"{before}{command}", cwd=directory, env=environment())
    printed = (out + err).rstrip("\n")  # as on a terminal
    check(status in (0, 1), f"{page}: {command}: exit status {status}")
    if os.environ.get("UPDATE_PAGES") and printed != shown and shown:
        path = next(path for path in ALL_PAGES if path.name == page)
        path.write_text(path.read_text().replace(f"$ {command}\n{shown}\n",
                                                 f"$ {command}\n{printed}\n"))
        return
    equal(printed, shown, f"{page}: {command} (UPDATE_PAGES=1)")


def check_examples():
    count = 0
    for path in ALL_PAGES:
        blocks = Page(path).literals("EXAMPLES")
        check(path.suffix != ".1" or blocks, f"{path.name} has examples")
        with tempfile.TemporaryDirectory() as directory:
            os.symlink(SOURCE / "db", f"{directory}/db")
            os.makedirs(f"{directory}/build/tests")
            os.symlink(simulators(), f"{directory}/build/tests/sim")
            before = ""
            for command, shown in (example for block in blocks for example in examples(block)):
                if command.startswith("export "):
                    before += f"{command}\n"
                elif "_sim.so" not in command or (simulators() / "libkperf_sim.so").exists():
                    check_example(path.name, before, command, shown, directory)
                    count += 1
    check(count > 20, f"{count} examples")


def compile_here(directory, *arguments):
    """As the tests' own compiler does, which need not be what the libraries were built with."""
    includes = (f"-I{path}" for path in (*sorted(set(HEADERS.values())), TABLES))
    return run(CC, "-std=gnu11", "-Wall", "-Wextra", "-Werror", *includes, *arguments,
               cwd=directory)


def check_programs():
    with tempfile.TemporaryDirectory() as objects:
        sources = [path for part in set(HEADERS.values()) for path in sorted(part.glob("*.c"))]
        equal(compile_here(objects, "-c", *sources), (0, "", ""), "the libraries compile")
        for library in HEADERS:
            check_program(library, sorted(pathlib.Path(objects).iterdir()))


def check_program(library, objects):
    """The program of a library's page: compiled without a warning, run, and what it prints."""
    program, *output = Page(MADE / f"{library}.3").literals("EXAMPLES")
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "example.c").write_text(program + "\n")
        made = compile_here(directory, "example.c", *objects, "-ldl", "-lpthread", "-o", "example")
        if equal(made, (0, "", ""), f"{library}.3: the program compiles"):
            status, out, err = run(f"{directory}/example")
            equal((status, out), (0, output[0] + "\n") if output else (1, ""),
                  f"{library}.3: the program runs")
            check(bool(err) != bool(output), f"{library}.3: {err}")


# ---- data, and form

def check_data_page():
    """The example of kpep-data(5) compiles, and what it does not name is warned of."""
    example, = Page(SOURCE / "gen/man/kpep-data.5").literals("EXAMPLES")
    with tempfile.TemporaryDirectory() as directory:
        for text, status in ((example, 0), (example.replace("<key>expression", "<key>expressions"), 1)):
            pathlib.Path(directory, "names.plist").write_text(text)
            got, _, err = run(KPEPC, "compile", "-o", f"{directory}/out", "--strict",
                              "--names", f"{directory}/names.plist", "--cpu", "m1",
                              "--chips", SOURCE / "db/chips.plist",
                              f"macos-26.4={SOURCE / 'db/kpep/macos-26.4'}")
            equal(got, status, f"kpep-data.5: the example compiles: {err}")


def check_references():
    known = {path.name for path in ALL_PAGES} | {"perf.1", "sysctl.8"}
    for path in ALL_PAGES:
        for name, section in re.findall(r"^\.(?:It )?Xr (\S+) (\d)", path.read_text(), re.M):
            check(f"{name}.{section}" in known, f"{path.name} refers to {name}({section})")
        lines = path.read_text().splitlines()
        check(lines[1] == f".Dt {path.stem.upper()} {path.suffix[1:]}", f"{path.name}: .Dt")
        equal(page_name(Page(path))[0], path.stem, f"{path.name}: .Nm")


def check_mandoc():
    if shutil.which("mandoc") is None:
        print("no mandoc: the form of the pages was not checked")
        return
    status, out, err = run("mandoc", "-Tlint", "-Wwarning", *ALL_PAGES)
    equal((status, out, err), (0, "", ""), "mandoc -Tlint")


check_tool("kpep")
check_tool("kpepc")
check_lint_rules()
check_filters()
check_templates()
check_json()
for library in HEADERS:
    check_library(library)
check_codes()
check_bindings()
check_examples()
check_programs()
check_data_page()
check_references()
check_mandoc()
done()
