"""What CI runs of others is what was looked at: actions by commit, the packages of npm by hash."""
import json
import re

from kpeptest import SOURCE, check, done, equal

WORKFLOWS = SOURCE / ".github/workflows"
ZIG = SOURCE / "tests/packaging/zig"


def check_workflow(path):
    text = path.read_text()
    used = re.findall(r"^[ -]*uses:\s*(.*)$", text, re.M)
    check(used, f"{path.name} uses nothing")
    for action in used:
        check(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[0-9.]+", action),
              f"{path.name}: {action} is no commit with its version")
    check(re.search(r"^permissions: \{\}$", text, re.M), f"{path.name}: a job has what it names")
    equal(re.findall(r"^ +(\S+: write\S*)$", text, re.M), [], f"{path.name}: nothing may write")


def check_lock():
    """Integrity of every package; no address, which is the business of who installs."""
    text = (ZIG / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    wanted = json.loads((ZIG / "package.json").read_text())["dependencies"]
    equal(packages.pop("")["dependencies"], wanted, "the lock is of package.json")
    equal({name.removeprefix("node_modules/"): package["version"]
           for name, package in packages.items()}, wanted, "its packages and no other")
    for name, package in packages.items():
        check(re.fullmatch(r"sha512-[\w+/]{86}==", package.get("integrity", "")),
              f"{name}: integrity")
        check("hasInstallScript" not in package, f"{name} runs nothing when it is installed")
    check("://" not in text and "resolved" not in text, "no address")


def main():
    for path in sorted(WORKFLOWS.iterdir()):
        check_workflow(path)
    check_lock()
    run_by_ci = (SOURCE / ".ci/run").read_text()
    equal(re.findall(r"npm (\S+)", re.sub(r"^ *#.*$", "", run_by_ci, flags=re.M)), ["ci"],
          "npm installs what the lock says")
    done()


main()
