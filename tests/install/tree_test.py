"""The installed tree: what is in it, that it can be moved, and that its commands work."""
import os
import pathlib
import re
import shutil
import tempfile

from installtest import BUILD, CMAKE, TREE, files, library_directory
from kpeptest import KPEP, SOURCE, check, done, equal, run

COMPLETIONS = {".bash": "bash-completion/completions/{}", "": "zsh/site-functions/_{}",
               ".fish": "fish/vendor_completions.d/{}.fish"}


def expected():
    """Every file there has to be, by what the source directory has."""
    library = library_directory(TREE).relative_to(TREE)
    found = ["bin/kpep", "bin/kpepc"]
    found += [f"include/kpep/{name}" for name in (
        "kpdb.h", "kpdb_ids.h", "kperf.h", "kplive.h", "module.modulemap")]
    for name in ("libkpdb", "libkplive"):
        found += [f"{library}/{name}{end}" for end in (".a", ".so", ".so.0.1", ".so.0.1.0")]
    found += [f"{library}/pkgconfig/{name}.pc" for name in ("kpdb", "kplive")]
    found += [f"share/doc/kpep/{name}" for name in ("README.md", "CHANGELOG.md", "LICENSE")]
    found += [f"share/doc/kpep/doc/{name}" for name in files(SOURCE / "doc")]
    found += [f"share/kpep/{path.name}" for path in (SOURCE / "db").glob("*.plist")]
    found += [f"share/kpep/{name}" for name in files(SOURCE / "db" / "kpep")]
    for part in ("db", "gen", "runtime"):
        for page in (SOURCE / part / "man").iterdir():
            name = page.name.removesuffix(".in")  # made of a header
            found.append(f"share/man/man{name[-1]}/{name}")
    for command in ("kpep", "kpepc"):
        for suffix, target in COMPLETIONS.items():
            name = f"{command}{suffix}" if suffix else f"_{command}"
            if (SOURCE / "runtime" / "completions" / name).exists():
                found.append("share/" + target.format(command))
    return sorted(found)


def check_files():
    installed = files(TREE)
    package = [name for name in installed if "/cmake/kpep/" in name]
    equal([name for name in installed if name not in package], expected(), "installed files")
    names = {pathlib.Path(name).name for name in package}
    check({"kpepConfig.cmake", "kpepConfigVersion.cmake", "kpepTargets.cmake"} <= names,
          "the CMake package")


def check_no_build_path():
    """Neither in text nor in programs; a run path is of the tree or there is none."""
    for name in files(TREE):
        content = (TREE / name).read_bytes()
        for directory in (BUILD, SOURCE, TREE):
            check(str(directory).encode() not in content, f"{name} tells {directory}")
        if content.startswith(b"\x7fELF"):
            paths = re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", run("readelf", "-dW", TREE / name)[1])
            check(all(path == "$ORIGIN" for path in paths), f"{name}: run path {paths}")


def check_commands(tree):
    """From anywhere, the tree answers what the build answers, and compiles its own databases."""
    arguments = ("show", "--json", "branch-misses")
    equal(run(tree / "bin" / "kpep", *arguments), run(KPEP, *arguments), "the installed kpep")
    data = tree / "share" / "kpep"
    status, text, errors = run(
        tree / "bin" / "kpepc", "emit", "-t", "c-header", "--cpu", "m1", "--names",
        data / "names.plist", "--chips", data / "chips.plist", "--intel", data / "intel.plist",
        *(f"{name}={data / name}" for name in ("macos-15", "macos-26.4", "macos-27")))
    equal(status, 0, f"the installed kpepc: {errors}")
    check("INST_BRANCH" in text, "the installed kpepc and databases")


def install_to(root, *arguments):
    status, _, errors = run(CMAKE, "--install", BUILD, "--prefix", "/opt/kpep", *arguments,
                            env=dict(os.environ, DESTDIR=str(root)))
    equal(status, 0, f"DESTDIR and {arguments}: {errors}")
    return files(root / "opt" / "kpep")


def check_components(directory):
    """DESTDIR is obeyed; the components are the tree, each file in one of them."""
    equal(install_to(directory / "all"), files(TREE), "with DESTDIR")
    runtime = install_to(directory / "runtime", "--component", "runtime")
    dev = install_to(directory / "dev", "--component", "dev")
    equal(sorted(runtime + dev), files(TREE), "runtime and dev")
    for name in dev:
        check(re.match(r"include/|.*\.(a|so|pc|cmake|3)$", name), f"dev has {name}")


def main():
    check_files()
    check_no_build_path()
    with tempfile.TemporaryDirectory() as directory:
        moved = pathlib.Path(directory) / "moved"
        shutil.copytree(TREE, moved, symlinks=True)
        check_commands(moved)
        check_components(pathlib.Path(directory))
    done()


main()
