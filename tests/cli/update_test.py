"""The target db-update: a new release is in the tables after one command, and said."""
import pathlib
import plistlib
import shutil
import tempfile

from kpeptest import KPEPC, SOURCE, check, done, equal, run


def build(directory, target):
    return run("cmake", "--build", directory, "--target", target)


def main():
    with tempfile.TemporaryDirectory() as directory:
        source, built = pathlib.Path(directory, "source"), pathlib.Path(directory, "build")
        new = pathlib.Path(directory, "usr share kpep")
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", ".git"))
        # The "new release" is the newest one, as a Mac has it but for one number.
        status, _, errors = run(KPEPC, "snapshot", "-o", new, "--release", "macos-27",
                                SOURCE / "db/kpep/macos-27")
        equal(status, 0, errors)
        for path in new.glob("*.plist"):
            text = path.read_text().replace("<string>macos-27</string>", "<string>macos-28</string>")
            path.write_text(text)
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
              sorted(p.name for p in new.iterdir()), "the snapshot is in db/kpep")

        status, output, errors = build(built, "kpdb-tables")
        equal(status, 0, output + errors)
        check("macos-28" in (built / "db/tables/kpdb_tables.h").read_text(),
              "the next build compiles it")

        (new / "as12.plist").unlink()
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
