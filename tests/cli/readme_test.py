"""README.md: short, true and connected. Its examples are run; the links of every *.md lead somewhere."""
import json
import os
import re
import shlex

from kpeptest import KPEP, KPEPC, SOURCE, check, done, equal, run

README = (SOURCE / "README.md").read_text()
TOOLS = {"kpep": KPEP, "kpepc": KPEPC}


def check_form():
    check(len(README.split()) < 1500, f"README.md has {len(README.split())} words")
    for number, line in enumerate(README.splitlines(), 1):
        check(len(line) <= 140, f"README.md:{number} has {len(line)} characters")


def check_links():
    """Relative links, with the headings they name, and the manual pages."""
    pages = [*SOURCE.glob("*.md"), *SOURCE.glob("doc/*.md")]
    count = 0
    for page in pages:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
            path, _, heading = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            found = page.parent / path if path else page
            if check(found.exists(), f"{page.name} links to {target}") and heading:
                titles = re.findall(r"^#+ (.*)$", found.read_text(), re.M)
                check(heading in [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
                                  for title in titles], f"{page.name} links to {target}")
            count += 1
    check(count > 5, f"{count} links")
    for name in re.findall(r"`man ([\w-]+)`", README):
        check(any(SOURCE.glob(f"*/man/{name}.[135]*")), f"README.md refers to man {name}")


def check_console():
    """What it shows of the commands is what they print, as on a terminal."""
    examples = re.split(r"^\$ ", re.search(r"```console\n(.*?)```", README, re.S)[1], flags=re.M)
    for example in examples[1:]:
        command, _, shown = example.partition("\n")
        tool, *arguments = shlex.split(command)
        _, out, err = run(TOOLS[tool], *arguments, env={**os.environ, "NO_COLOR": "1"})
        equal((out + err).strip(), shown.strip(), f"README.md: {command}")
    check(len(examples) > 2, "README.md has examples")


def check_numbers():
    names, metrics = re.search(r"names \((\d+)\) and metrics \((\d+)\)", README).groups()
    for shown, arguments in ((names, []), (metrics, ["--metrics"])):
        equal(len(json.loads(run(KPEP, "names", *arguments, "--json")[1])), int(shown),
              f"README.md: kpep names {arguments}")


def check_diff():
    """The lines of the excerpt are lines of the diff, in its order."""
    shown = re.search(r"```\n(macos-15 -> .*?)```", README, re.S)[1].splitlines()
    printed = run(KPEPC, "diff", *(f"{name}={SOURCE / 'db/kpep' / name}"
                                   for name in ("macos-15", "macos-26.0")))[1].splitlines()
    at = 0
    for line in shown:
        check(line in printed[at:], f"README.md: the diff has no such line here: {line}")
        at = printed.index(line, at) + 1 if line in printed[at:] else at


def check_commands():
    """Every command in a block is one; what needs neither a Mac nor an argument of one's own runs."""
    blocks = "\n".join(re.findall(r"^    \S.*$", README, re.M))
    known = {tool: re.findall(rf"^  {tool} (\w+) ", run(path, "--help")[1], re.M)
             for tool, path in TOOLS.items()}
    named = re.findall(r"\b(kpepc?) ([a-z]+)", blocks)
    for tool, name in named:
        check(name in known[tool], f"README.md: {tool} {name}")
    check(len(named) > 10, f"README.md names {len(named)} commands")
    for line in re.findall(r"^    (kpepc .*)$", README, re.M):
        tool, *arguments = shlex.split(line)
        status, out, err = run(TOOLS[tool], *arguments, cwd=SOURCE)
        check(status == 0 and out, f"README.md: {line}: {err}")
    for path in re.findall(r"(?<![\w/])(?:runtime|tests|db|cmake)/[\w./-]+\w", README):
        check((SOURCE / path).exists() or path == "db/kpep/macos-27", f"README.md names {path}")


check_form()
check_links()
check_console()
check_numbers()
check_diff()
check_commands()
done()
