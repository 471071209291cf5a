#!/usr/bin/env python3
"""Output faults: full disks, closed doors, interrupts, rivals. A file is the old one or the new
one, whole; nothing else is left; the exit status and one line say what happened.
"""
import errno
import os
import pathlib
import re
import resource
import select
import signal
import stat
import subprocess
import tempfile
import time

import kpeptest
from kpeptest import CC, HEADERS, KPEPC, SOURCE, check, database, equal, run, write_plist

OLD = "the old file\n"
NOBODY = 65534
OUTPUTS = [f"out/{name}" for name in HEADERS]
PATIENCE = 20  # seconds, for what takes milliseconds


def says(code):
    return os.strerror(code)


def big(number):
    """A database whose outputs are larger than any pipe."""
    data = database()
    data["system"]["cpu"]["events"].update(
        {f"QUITE_A_LONG_NAME_OF_AN_EVENT_{n}": {"number": number + n} for n in range(2000)})
    return data


class Scratch:
    """A directory that other users can read, with databases in `in` and `in2`."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.holder.name)
        self.path.chmod(0o755)
        write_plist(self.path / "in/t1.plist", big(100))
        write_plist(self.path / "in2/t1.plist", big(200))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.holder.cleanup()

    def __truediv__(self, name):
        return self.path / name

    def command(self, command, output, source="in"):
        first = {"emit": ["emit", "-t", "json"], "compile": ["compile"],
                 "snapshot": ["snapshot", "--release", "r1"]}[command]
        where = [] if output is None else ["-o", str(output)]
        return [KPEPC, *first, *where, source if command == "snapshot" else f"r1={source}"]

    def run(self, command, output, source="in", **options):
        return run(*self.command(command, output, source), cwd=self.path, **options)

    def start(self, command, output, source="in", **options):
        return subprocess.Popen(self.command(command, output, source), cwd=self.path,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)

    def old(self, *names):
        for name in names:
            (self / name).parent.mkdir(exist_ok=True)
            (self / name).write_text(OLD)

    def is_old(self, *names):
        return all((self / name).read_text() == OLD for name in names)

    def expect(self, names, what):
        """What is there, but for the databases: so, no temporary file."""
        found = sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*")
                       if not path.is_dir() or path.is_symlink())
        equal([name for name in found if not name.startswith(("in/", "in2/"))], sorted(names),
              f"{what}: files left")


# ---- the disk --------------------------------------------------------------------------

def full_disk():
    if not os.path.exists("/dev/full"):
        print("not tested: no /dev/full here")
        return
    with Scratch() as s:
        line = f"{says(errno.ENOSPC)}\n"
        equal(s.run("emit", "/dev/full"), (1, "", f"/dev/full: {line}"), "-o /dev/full")
        check(stat.S_ISCHR(os.stat("/dev/full").st_mode), "/dev/full is not what it was")
        with open("/dev/full", "w") as full:
            done = subprocess.run(s.command("emit", None), cwd=s.path, stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        equal((done.returncode, done.stderr), (1, f"standard output: {line}"), "> /dev/full")
        # One of several files on a full disk: the others must not change either.
        s.old(*OUTPUTS[1:])
        (s / "out/kpdb_ids.h").symlink_to("/dev/full")
        equal(s.run("compile", "out"), (1, "", f"out/kpdb_ids.h: {line}"), "one of several")
        check(s.is_old(*OUTPUTS[1:]), "one of several: another is not the old one")
        s.expect(OUTPUTS, "one of several")


def limited(action):
    """Files of 1000 bytes at the most; past that, SIGXFSZ or, when it is ignored, an error."""
    def limit():
        signal.signal(signal.SIGXFSZ, action)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    return limit


def too_large():
    for how, action in (("ignored", signal.SIG_IGN), ("not ignored", signal.SIG_DFL)):
        for command, output, written in [("emit", "out.json", ["out.json"]),
                                         ("compile", "out", OUTPUTS),
                                         ("snapshot", "out", ["out/t1.plist"])]:
            what = f"{command}, SIGXFSZ {how}"
            with Scratch() as s:
                s.old(*written)
                equal(s.run(command, output, preexec_fn=limited(action)),
                      (1, "", f"{written[0]}: {says(errno.EFBIG)}\n"), what)
                check(s.is_old(*written), f"{what}: not the old file")
                s.expect(written, what)
    # Some fit and one does not: none is written.
    with Scratch() as s:
        for number in range(5):
            small = database()
            small["name"] = f"a{number}"
            write_plist(s / f"in/a{number}.plist", small)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
        equal(s.run("snapshot", "out", preexec_fn=limit),
              (1, "", f"out/t1.plist: {says(errno.EFBIG)}\n"), "the last of six")
        s.expect([], "the last of six")


# ---- doors -----------------------------------------------------------------------------

def nobody():
    """Permissions do not apply to root: become someone to whom they do."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def read_only_directory():
    with Scratch() as s:
        try:
            able = subprocess.run([KPEPC, "--version"], preexec_fn=nobody, capture_output=True,
                                  cwd=s.path).returncode == 0
        except (OSError, subprocess.SubprocessError) as why:
            able = False
            print(f"cannot become user {NOBODY}: {why}")
        if not able:
            print("NOT TESTED: read-only directories (the command does not run as another user)")
            return
        denied = says(errno.EACCES)
        s.old("ro/out.json", *(f"ro/{name}" for name in HEADERS))
        (s / "ro").chmod(0o555)
        for command, output, line in [
                ("emit", "ro/out.json", f"ro/out.json: {denied}"),
                ("emit", "ro/new.json", f"ro/new.json: {denied}"),
                ("compile", "ro", f"ro/kpdb_ids.h: {denied}"),
                ("compile", "ro/new", f"ro/new: {denied} (expected a directory to write to)"),
                ("snapshot", "ro", f"ro/t1.plist: {denied}")]:
            equal(s.run(command, output, preexec_fn=nobody), (3, "", line + "\n"),
                  f"read-only: {command} -o {output}")
        check(s.is_old("ro/out.json", *(f"ro/{name}" for name in HEADERS)), "read-only: changed")
        s.expect(["ro/out.json", *(f"ro/{name}" for name in HEADERS)], "read-only")
        (s / "ro").chmod(0o755)
        # What cannot be read is said too.
        (s / "in/t1.plist").chmod(0)
        status, _, err = s.run("emit", None, preexec_fn=nobody)
        equal(err.splitlines()[0], f"in/t1.plist: {denied} (expected a property list)",
              "unreadable")
        check(status != 0, "unreadable: exit status")


def no_directory():
    with Scratch() as s:
        s.old("file")
        (s / "directory").mkdir()
        enotdir, enoent = says(errno.ENOTDIR), says(errno.ENOENT)
        expected = " (expected a directory to write to)"
        for command, output, line in [
                ("emit", "file/out.json", f"file/out.json: {enotdir}"),
                ("emit", "file/", f"file/: {enotdir}"),
                ("emit", "nowhere/out.json", f"nowhere/out.json: {enoent}"),
                ("emit", "directory", f"directory: {says(errno.EISDIR)}"),
                ("compile", "file", f"file/kpdb_ids.h: {enotdir}"),
                ("compile", "file/out", f"file/out: {enotdir}{expected}"),
                ("compile", "nowhere/out", f"nowhere/out: {enoent}{expected}"),
                ("snapshot", "file", f"file/t1.plist: {enotdir}")]:
            equal(s.run(command, output), (3, "", line + "\n"), f"{command} -o {output}")
        check(s.is_old("file"), "the file for a directory changed")
        s.expect(["file"], "no directory")


# ---- standard output -------------------------------------------------------------------

def standard_output():
    with Scratch() as s:
        whole = s.run("emit", None)
        equal((whole[0], whole[2]), (0, ""), "to standard output")
        check(len(whole[1]) > 100000, "too little to fill a pipe")
        for how, before, want in [
                ("| head", None, (-signal.SIGPIPE, b"")),
                ("| head, SIGPIPE ignored", lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN),
                 (1, f"standard output: {says(errno.EPIPE)}\n".encode()))]:
            process = subprocess.Popen(s.command("emit", None), cwd=s.path, preexec_fn=before,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.read(1)
            process.stdout.close()
            err = process.stderr.read()
            process.stderr.close()
            equal((process.wait(PATIENCE), err), want, how)
        closed = lambda: os.close(1)
        equal(subprocess.run(s.command("emit", None), cwd=s.path, preexec_fn=closed,
                             stderr=subprocess.PIPE, text=True).stderr,
              f"standard output: {says(errno.EBADF)}\n", ">&-")
        for what, close in (("stdout", [1]), ("all three", [0, 1, 2])):
            done = subprocess.run(s.command("emit", "out.json"), cwd=s.path,
                                  preexec_fn=lambda: [os.close(fd) for fd in close])
            equal(done.returncode, 0, f"{what} closed, -o")
            equal((s / "out.json").read_text(), whole[1], f"{what} closed, -o: the text")
            (s / "out.json").unlink()


def wrong_at_the_end():
    """Much is rendered before the error is met: nothing of it is seen."""
    with Scratch() as s:
        (s / "t").write_text("{{#cpus}}{{#events}}" + "x" * 2000 + "{{/events}}{{/cpus}}{{nope}}")
        (s / "spool").mkdir()
        s.old("out", "t.txt")
        for output, temporary in ((None, "spool"), ("out", "nowhere")):
            where = [] if output is None else ["-o", output]
            status, out, err = run(KPEPC, "emit", "-t", "t", *where, "r1=in", cwd=s.path,
                                   env={**os.environ, "TMPDIR": str(s / temporary)})
            equal((status, out, err.count("\n")), (1, "", 1), f"an error at the end, -o {output}")
            check(err.startswith("kpepc: t:1: unknown name 'nope'"), f"an error at the end: {err!r}")
            check(s.is_old("out"), f"an error at the end, -o {output}: not the old file")
            s.expect(["out", "t", "t.txt"], f"an error at the end, -o {output}")
        (s / "t").write_text("{{#cpus}}{{#events}}" + "x" * 2000 + "{{/events}}{{/cpus}}")
        no_spool(s)


def no_spool(s):
    """What does not fit waits in a file: where that cannot be made or is full, that is said."""
    command = [KPEPC, "emit", "-t", "t", "r1=in"]
    status, out, err = run(*command, cwd=s.path, env={**os.environ, "TMPDIR": str(s / "nowhere")})
    equal((status, out), (3, ""), "no directory to spool in")
    check(err.startswith(f"{s.path}/nowhere/kpepc.") and err.endswith(f": {says(errno.ENOENT)}\n"),
          f"no directory to spool in: {err!r}")
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 21, 1 << 21))
    equal(run(*command, cwd=s.path, preexec_fn=limit),
          (1, "", f"standard output: {says(errno.EFBIG)}\n"), "too large to spool")
    # A closed standard output is not taken for the file it waits in.
    closed = lambda: os.close(1)
    done = subprocess.run(command, cwd=s.path, preexec_fn=closed, stderr=subprocess.PIPE, text=True)
    equal((done.returncode, done.stderr), (1, f"standard output: {says(errno.EBADF)}\n"),
          "much to a closed standard output")
    (s / "spool").mkdir(exist_ok=True)
    status, out, err = run(*command, cwd=s.path, env={**os.environ, "TMPDIR": str(s / "spool")})
    equal((status, err, len(out)), (0, "", 2000 * 2005), "spooled")
    s.expect(["out", "t", "t.txt"], "spooled")


# ---- interrupts ------------------------------------------------------------------------

def standard_output_by_name():
    """/dev/stdout leads to the file it goes to: what stands there stays."""
    for name in filter(os.path.exists, ("/dev/stdout", "/proc/self/fd/1")):
        with Scratch() as s:
            with open(s / "log", "a", encoding="utf-8") as log:
                log.write("before\n")
                log.flush()
                process = subprocess.Popen(s.command("emit", name), cwd=s.path, stdout=log)
                equal(process.wait(PATIENCE), 0, f"-o {name}")
            text = (s / "log").read_text()
            check(text.startswith("before\n") and len(text) > 100, f"-o {name}: {text[:40]!r}")


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return check(False, f"{what}: waited {PATIENCE} s")
        time.sleep(0.002)
    return True


def stopped(process, number, what):
    process.send_signal(number)
    try:
        equal(process.wait(PATIENCE), -number, f"{what}: how it ended")
        said = [line for line in process.stderr if not line.startswith(b"qemu: ")]
        equal(said, [], f"{what}: stderr")
    except subprocess.TimeoutExpired:
        check(False, f"{what}: it went on")
        process.kill()
        process.wait()
    process.stderr.close()


SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def blocked_pair(s):
    """kpdb_ids.h is a FIFO without a reader: compile waits, its tables in a temporary file."""
    s.old(*OUTPUTS[1:])
    if not (s / "out/kpdb_ids.h").exists():
        os.mkfifo(s / "out/kpdb_ids.h")
    return OUTPUTS


def has_temporary(s):
    """One that is written to, so that its name is known to the program."""
    return any(path.stat().st_size for path in (s / "out").glob("kpdb_tables.h.*"))


def interrupted():
    quiet = lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # SIGQUIT dumps
    for number in SIGNALS:
        what = f"{number.name} while a FIFO has no reader"
        with Scratch() as s:
            os.mkfifo(s / "fifo")
            process = s.start("emit", "fifo", preexec_fn=quiet)
            time.sleep(0.05)  # wherever it is then
            stopped(process, number, what)
            s.expect(["fifo"], what)
            left = blocked_pair(s)
            process = s.start("compile", "out", preexec_fn=quiet)
            if wait_for(lambda: has_temporary(s), what):
                stopped(process, number, f"{what}: a pair")
            check(s.is_old(*OUTPUTS[1:]), f"{what}: not the old file")
            s.expect(["fifo", *left], f"{what}: a pair")
    reader_goes()
    ignored_stays_ignored()


def reader_goes():
    """A reader that goes away after a byte: SIGPIPE is the end, the temporary file's too."""
    with Scratch() as s:
        left = blocked_pair(s)
        process = s.start("compile", "out")
        with open_reader(process, s / "out/kpdb_ids.h") as fifo:
            fifo.read(1)
        equal(process.wait(PATIENCE), -signal.SIGPIPE, "the reader goes")
        process.stderr.close()
        check(s.is_old(*OUTPUTS[1:]), "the reader goes: not the old file")
        s.expect(left, "the reader goes")


def open_reader(process, fifo):
    """For reading, once the process has written to it or has ended."""
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    writes = lambda: select.select([fd], [], [], 0)[0] or process.poll() is not None
    wait_for(writes, f"{fifo.name} is written to")
    os.set_blocking(fd, True)
    return open(fd, "rb", buffering=0)


def ignored_stays_ignored():
    """As under nohup."""
    with Scratch() as s:
        blocked_pair(s)
        process = s.start("compile", "out",
                          preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        wait_for(lambda: has_temporary(s), "nohup")
        process.send_signal(signal.SIGHUP)
        with open_reader(process, s / "out/kpdb_ids.h") as fifo:
            fifo.read()
        equal(process.wait(PATIENCE), 0, "nohup: exit status")
        process.stderr.close()
        check(not s.is_old("out/kpdb_tables.h"), "nohup: nothing written")
        s.expect(OUTPUTS, "nohup")


def killed_at_any_time():
    """Wherever it stops, each file is the old or the new one; SIGKILL may leave a temporary."""
    with Scratch() as s:
        began = time.monotonic()
        equal(s.run("compile", "out"), (0, "", ""), "not killed")
        took = time.monotonic() - began
        new = {name: (s / "out" / name).read_text() for name in HEADERS}
        for number in (signal.SIGTERM, signal.SIGKILL):
            for part in range(0, 24, 2):
                what = f"{number.name} after {part}/20 of a run"
                s.old(*OUTPUTS)
                process = s.start("compile", "out")
                time.sleep(took * part / 20)
                process.send_signal(number)
                check(process.wait(PATIENCE) in (0, -number), f"{what}: how it ended")
                process.stderr.close()
                for name in HEADERS:
                    check((s / "out" / name).read_text() in (OLD, new[name]), f"{what}: {name}")
                if number == signal.SIGTERM:
                    s.expect(OUTPUTS, what)


# ---- rivals ----------------------------------------------------------------------------

def compiles(s, ids, tables):
    """Whether libkpdb's lookup.c can be built of the two."""
    directory = s / "pair"
    directory.mkdir(exist_ok=True)
    (directory / "kpdb_ids.h").write_text(ids)
    (directory / "kpdb_tables.h").write_text(tables)
    return subprocess.run([CC, "-fsyntax-only", "-I", directory, "-I", SOURCE / "db",
                           SOURCE / "db/lookup.c"], capture_output=True).returncode == 0


def rivals():
    with Scratch() as s:
        versions = {}
        for source in ("in", "in2"):
            s.run("compile", source + ".out", source)
            versions[source] = [(s / f"{source}.out" / name).read_text() for name in HEADERS]
        ids, tables, *_ = zip(versions["in"], versions["in2"])
        check(compiles(s, ids[0], tables[0]), "a pair does not compile")
        check(compiles(s, ids[1], tables[1]), "the other pair does not compile")
        check(not compiles(s, ids[0], tables[1]), "a mixed pair compiles")
        for what, sources in (("the same", ["in"] * 20), ("two", ["in", "in2"] * 10)):
            running = [s.start("compile", "out", source) for source in sources]
            equal([process.wait(PATIENCE) for process in running], [0] * 20, f"20 of {what}")
            for process in running:
                process.stderr.close()
            made = [(s / "out" / name).read_text() for name in HEADERS]
            if len(set(sources)) == 1:
                equal(made == versions["in"], True, f"20 of {what}: the files")
            check(all(text in both for text, both in zip(made, zip(*versions.values()))),
                  f"20 of {what}: a file is not whole")
            equal(sorted(os.listdir(s / "out")), sorted(HEADERS), f"20 of {what}: files left")


# ---- places ----------------------------------------------------------------------------

def mode(path):
    return oct(path.stat().st_mode & 0o7777)


def permissions():
    """A new file has the umask's, one that replaces another that one's."""
    for mask in (0o022, 0o077, 0o002, 0o000):
        with Scratch() as s:
            for command, output in (("emit", "out.json"), ("compile", "out"),
                                    ("snapshot", "facts")):
                equal(s.run(command, output, preexec_fn=lambda: os.umask(mask))[0], 0, command)
            for name in ("out.json", *OUTPUTS, "facts/t1.plist"):
                equal(mode(s / name), oct(0o666 & ~mask), f"umask {mask:03o}: {name}")
            for old in (0o400, 0o640, 0o666, 0o755):
                (s / "out.json").chmod(old)
                equal(s.run("emit", "out.json", preexec_fn=lambda: os.umask(mask))[0], 0, "again")
                equal(mode(s / "out.json"), oct(old), f"umask {mask:03o}: a file of {old:03o}")
    if os.geteuid() == 0:
        owners()
    else:
        print("not tested: owners (needs root)")


def owners():
    """They stay, where they may; a group that does not gives no other one its rights."""
    with Scratch() as s:
        s.old("out.json")
        os.chown(s / "out.json", NOBODY, NOBODY)
        (s / "out.json").chmod(0o640)
        equal(s.run("emit", "out.json"), (0, "", ""), "root over another's")
        there = (s / "out.json").stat()
        equal((there.st_uid, there.st_gid, mode(s / "out.json")), (NOBODY, NOBODY, "0o640"),
              "root over another's")
        s.path.chmod(0o777)
        for old, new in ((0o640, "0o600"), (0o664, "0o644"), (0o666, "0o666")):
            os.chown(s / "out.json", 0, 0)
            (s / "out.json").chmod(old)
            status, _, err = s.run("emit", "out.json", preexec_fn=nobody)
            there = (s / "out.json").stat()
            equal((status, err, there.st_uid, there.st_gid, mode(s / "out.json")),
                  (0, "", NOBODY, NOBODY, new), f"another over root's of {old:03o}")
        s.path.chmod(0o333)  # what cannot be read cannot be synced
        os.chown(s.path, NOBODY, NOBODY)
        equal(run(KPEPC, "emit", "-t", "json", "-o", s / "out.json", "r1=" + str(s / "in"),
                  preexec_fn=nobody), (0, "", ""), "into a directory that cannot be read")
        s.path.chmod(0o755)


def existing_directory():
    with Scratch() as s:
        s.old("out/other.h", *OUTPUTS)
        equal(s.run("compile", "out"), (0, "", ""), "an existing directory")
        check(s.is_old("out/other.h"), "another file changed")
        check(not any(s.is_old(f"out/{name}") for name in HEADERS), "one was not replaced")
        first = [(s / "out" / name).read_text() for name in HEADERS]
        s.run("compile", "out", "in2")
        check(not any((s / "out" / name).read_text() == text for name, text in zip(HEADERS, first)),
              "one was not replaced by another's")
        s.expect(["out/other.h", *OUTPUTS], "an existing directory")


def links():
    """A link stays one: what it leads to is written."""
    with Scratch() as s:
        want = s.run("emit", None)[1]
        s.old("elsewhere/real.json")
        (s / "link").symlink_to("elsewhere/real.json")
        (s / "link to it").symlink_to("link")
        for output in ("link", "link to it"):
            s.old("elsewhere/real.json")
            equal(s.run("emit", output), (0, "", ""), output)
            check((s / output).is_symlink(), f"{output} is none any more")
            equal((s / "elsewhere/real.json").read_text() == want, True, f"{output}: the text")
        s.expect(["elsewhere/real.json", "link", "link to it"], "links")
        (s / "dangling").symlink_to("nowhere.json")
        equal(s.run("emit", "dangling"), (3, "", f"dangling: {says(errno.ENOENT)}\n"), "dangling")
        check((s / "dangling").is_symlink() and not (s / "nowhere.json").exists(), "dangling")
        (s / "elsewhere link").symlink_to("elsewhere")
        equal(s.run("compile", "elsewhere link"), (0, "", ""), "a linked directory")
        check((s / "elsewhere link").is_symlink(), "the linked directory is none any more")
        check((s / "elsewhere/kpdb_ids.h").is_file(), "a linked directory: nothing there")
        if os.path.exists("/proc/self/fd"):  # what /dev/stdout is
            (s / "stdout").symlink_to("/proc/self/fd/1")
            with open(s / "redirected", "w") as file:
                subprocess.run(s.command("emit", "stdout"), cwd=s.path, stdout=file, check=True)
            equal((s / "redirected").read_text() == want, True, "-o /dev/stdout > file")
            equal(s.run("emit", "stdout"), (0, want, ""), "-o /dev/stdout | cat")
            check((s / "stdout").is_symlink(), "/dev/stdout is gone")


def strange_paths():
    names = ["with space", "it's \"quoted\"", "new\nline", "\\n%s%n", "tab\t", "\u00fcml\u00e4ut",
             "-o", "*", "x" * 200, "\udcff\udcfe"]
    with Scratch() as s:
        want = s.run("emit", None)[1]
        for name in names:
            os.rename(s / "in", s / name)
            (s / f"out {name}").mkdir()
            for command, output in (("emit", f"out {name}/{name}"), ("compile", f"out {name}/c"),
                                    ("snapshot", f"./out {name}/s")):
                equal(s.run(command, output, f"./{name}"), (0, "", ""), f"{command} {name!r}")
            equal((s / f"out {name}" / name).read_text() == want, True, f"{name!r}: the text")
            equal(sorted(os.listdir(s / f"out {name}")), sorted([name, "c", "s"]),
                  f"{name!r}: files left")
            os.rename(s / name, s / "in")
        equal(s.run("emit", "no\nwhere/\x1b[31m\udcff"),
              (3, "", f"no\\x0awhere/\\x1b[31m\\xff: {says(errno.ENOENT)}\n"), "in a message")


def stale_snapshot():
    """A database left from another snapshot would be read as one of this."""
    with Scratch() as s:
        equal(s.run("snapshot", "snap"), (0, "", ""), "the first time")
        equal(s.run("snapshot", "snap"), (0, "", ""), "again, over itself")
        (s / "snap" / "old.plist").write_text("<plist/>")
        (s / "snap" / "README").write_text("no database")
        before = {p.name: p.read_bytes() for p in (s / "snap").iterdir()}
        equal(s.run("snapshot", "snap"),
              (1, "", "snap/old.plist: not of this snapshot (expected a directory without other "
                      "databases)\nkpepc: 1 error: nothing was written\n"), "a stale database")
        equal({p.name: p.read_bytes() for p in (s / "snap").iterdir()}, before, "nothing changed")


def case_does_not_count():
    """Two databases that would be one file on such a file system; ASCII's case is meant."""
    for names, wrong in ((("a14", "A14"), True), (("m1-Max", "m1-mAX"), True),
                         (("a14", "a15"), False)):
        with Scratch() as s:
            for number, name in enumerate(names):
                write_plist(s / f"in/{number}.plist", {**database(), "name": name})
            s.old("out/t1.plist")
            status, out, err = s.run("snapshot", "out")
            equal((status, out), (int(wrong), ""), f"snapshot of {names}")
            if wrong:
                check(re.fullmatch(r"out/(.*)\.plist: the same file as out/(.*)\.plist where case does "
                                   r"not count \(.*\)\nkpepc: 1 error: nothing was written\n", err),
                      f"snapshot of {names}: {err!r}")
                check(s.is_old("out/t1.plist"), f"snapshot of {names}: written")
                s.expect(["out/t1.plist"], f"snapshot of {names}")


signal.alarm(300)  # nothing here waits for ever: a FIFO that nobody opens ends the test
for test in (full_disk, too_large, read_only_directory, no_directory, standard_output,
             wrong_at_the_end, standard_output_by_name, interrupted, killed_at_any_time, rivals, permissions, existing_directory, links, strange_paths, stale_snapshot,
             case_does_not_count):
    test()
kpeptest.done()
