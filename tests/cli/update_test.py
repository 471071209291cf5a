"""The target db-update: a new release is in the tables after one command, and said."""
import pathlib
import plistlib
import re
import shutil
import tempfile

from kpeptest import KPEPC, SOURCE, check, done, equal, run, write_plist


def build(directory, target):
    return run("cmake", "--build", directory, "--target", target)


def main():
    with tempfile.TemporaryDirectory() as directory:
        source, built = pathlib.Path(directory, "source"), pathlib.Path(directory, "build")
        new = pathlib.Path(directory, "usr share kpep")
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", ".git"))
        # The "new release" is the newest one, as a Mac has it but for one number.
        for path in (SOURCE / "db/kpep/macos-27").glob("*.plist"):
            facts = plistlib.loads(path.read_bytes())
            ids = facts.pop("kpep")["cpus"]
            write_plist(new / path.name, facts)
            for cpu_id in ids:
                (new / f"{cpu_id}.plist").symlink_to(path.name)
        m6 = new / "m6.plist"
        facts = plistlib.loads(m6.read_bytes())
        branch = facts["system"]["cpu"]["events"]["INST_BRANCH"]
        branch["number"] += 1
        m6.write_bytes(plistlib.dumps(facts))

        def configure(*options):
            status, output, errors = run("cmake", "-S", source, "-B", built, "-DKPEP_TESTS=OFF",
                                         f"-DKPEPC_EXECUTABLE={KPEPC}", *options)
            equal(status, 0, output + errors)

        configure()
        status, output, errors = build(built, "db-update")
        check(status != 0 and "KPEP_RELEASE" in output + errors, "without a release it says what it needs")

        configure("-DKPEP_RELEASE=macos-28", f"-DKPEP_DIR={new}")
        status, output, errors = build(built, "db-update")
        equal(status, 0, output + errors)
        check("macos-27 -> macos-28" in output, "the diff is printed")
        number = branch["number"]
        check(f"changed  INST_BRANCH number: {number}, was {number - 1}" in output,
              "and says what changed")
        equal(sorted(p.name for p in (source / "db/kpep/macos-28").iterdir()),
              ["as12.plist", "m6.plist"], "the snapshot is in db/kpep")

        status, output, errors = build(built, "kpdb-tables")
        equal(status, 0, output + errors)
        check("macos-28" in (built / "db/tables/kpdb_tables.h").read_text(),
              "the next build compiles it")

        for name, before in (("macos-26.5", "macos-26.4"), ("macos-28.1", "macos-28"), ("macos-100", "macos-28.1"),
                             ("macos-9", "macos-15")):
            configure(f"-DKPEP_RELEASE={name}")
            status, output, errors = build(built, "db-update")
            equal((status, f"{before} -> {name}" in output or f"{before} and {name} say" in output), (0, True),
                  f"{name} is compared with {before}: {output} {errors}")
        status, output, errors = build(built, "kpdb-tables")
        equal(status, 0, output + errors)
        head = (built / "db/tables/kpdb_tables.h").read_text().split("*/")[0]
        equal(re.findall(r"macos-[\d.]+", head)[:9],
              ["macos-9", "macos-15", "macos-26.0", "macos-26.4", "macos-26.5", "macos-27", "macos-28", "macos-28.1",
               "macos-100"], "the releases are in order")
        configure("-DKPEP_RELEASE=macos-28")

        for path in list(new.iterdir()):
            if path.resolve().name == "as12.plist":
                path.unlink()
        status, output, errors = build(built, "db-update")
        equal(status, 0, output + errors)
        check("databases gone: as12" in output, "again: against the same release as it was")
        check(not (source / "db/kpep/macos-28/as12.plist").exists(), "and what is gone goes")

        m6.write_text("<plist>")
        before = sorted(p.name for p in (source / "db/kpep/macos-28").iterdir())
        status, output, errors = build(built, "db-update")
        check(status != 0, "a bad database is refused")
        equal(sorted(p.name for p in (source / "db/kpep/macos-28").iterdir()), before,
              "and nothing has changed")
    done()


main()
