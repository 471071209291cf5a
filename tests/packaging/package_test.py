"""The .tar.gz and the .deb that cpack makes: their files, the control fields, a run from each."""
import os
import pathlib
import re
import shutil
import tarfile
import tempfile

from kpeptest import KPEP, check, done, equal, run, skip

BUILD = pathlib.Path(os.environ["KPEP_BUILD"])

# What lintian says of a package that is for people, not for Debian's archive.
ACCEPTED = {
    "malformed-contact",  # no address to write to
    "no-changelog",  # in Debian's format
    "lacks-ldconfig-trigger", "maintscript-calls-ldconfig",  # CPack's way
    "link-to-shared-library-in-wrong-package", "package-name-doesnt-match-sonames",  # one package
    "pkg-config-unavailable-for-cross-compilation",  # /usr/lib, not of one architecture
    "shared-library-lacks-prerequisites",  # libkpdb needs no other
}


def installed(work):
    """What `cmake --install` installs: files and links, as relative names."""
    tree = work / "tree"
    equal(run(os.environ["CMAKE"], "--install", BUILD, "--prefix", tree)[0], 0, "cmake --install")
    return names_below(tree)


def names_below(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


def as_in_debian(name):
    """Where package-debian.cmake puts a file of the tree."""
    name = name.replace("zsh/site-functions", "zsh/vendor-completions")
    name = name.replace("doc/kpep/LICENSE", "doc/kpep/copyright")
    return "usr/" + re.sub(r"^(share/man/.*)$", r"\1.gz", name)


def check_runs(kpep, what):
    arguments = ("encode", "--cpu", "m1", "cycles", "branch-misses", "--json")
    equal(run(kpep, *arguments), run(KPEP, *arguments), f"kpep of the {what}")


def check_archive(path, tree, work):
    with tarfile.open(path) as archive:
        archive.extractall(work / "unpacked")
    root = work / "unpacked" / path.name.removesuffix(".tar.gz")
    equal(names_below(root), tree, "files of the .tar.gz")
    check_runs(root / "bin" / "kpep", ".tar.gz")


def check_debian(path, tree, work):
    fields = dict(re.findall(r"^([\w-]+): (.*)$", run("dpkg-deb", "-f", path)[1], re.M))
    for field, value in (("Package", "kpep"), ("Version", "0.1.0"), ("Priority", "optional"),
                         ("Section", "devel"), ("Maintainer", "kpep developers"),
                         ("Architecture", run("dpkg", "--print-architecture")[1].strip())):
        equal(fields.get(field), value, f"control field {field}")
    check({"libc6", "libplist3"} <= set(re.findall(r"[\w.-]+", fields.get("Depends", ""))),
          f"depends: {fields.get('Depends')}")
    equal(run("dpkg-deb", "-x", path, work / "root")[0], 0, "dpkg-deb -x")
    equal(names_below(work / "root"), {as_in_debian(name) for name in tree}, "files of the .deb")
    check_runs(work / "root" / "usr" / "bin" / "kpep", ".deb")
    equal(run("dpkg-deb", "-e", path, work / "control")[0], 0, "dpkg-deb -e")
    check("libkpdb 0.1" in (work / "control" / "shlibs").read_text(), "shlibs")
    check("ldconfig" in (work / "control" / "postinst").read_text(), "ldconfig runs")
    if shutil.which("lintian"):
        said = run("lintian", "--allow-root", path)[1]
        check(not set(re.findall(r"^[EW]: \S+ (\S+)", said, re.M)) - ACCEPTED, said)


def main():
    if not shutil.which("dpkg-deb"):
        skip("no dpkg")
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        status, output, errors = run(os.environ["CPACK"], "--config", BUILD / "CPackConfig.cmake",
                                     "-B", work / "packages")
        equal(status, 0, f"cpack: {output}{errors}")
        tree = installed(work)
        packages = [path for path in (work / "packages").iterdir() if path.is_file()]
        equal(sorted(path.suffix for path in packages), [".deb", ".gz"], "packages")
        for path in packages:
            print(path.name, path.stat().st_size, "bytes")
            {".gz": check_archive, ".deb": check_debian}[path.suffix](path, tree, work)
    done()


main()
