"""Tables of a test's own: compiled by kpepc and the C compiler, then read back through kpdb.h."""
import subprocess

from kpeptest import CC, SOURCE, check


def build(directory, program="dump"):
    """Compiles directory/out (kpepc's headers), libkpdb and the program's source."""
    done = subprocess.run([CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", directory / "out",
                           "-I", SOURCE / "db", SOURCE / f"tests/cli/{program}.c",
                           *sorted((SOURCE / "db").glob("*.c")),
                           "-o", directory / program],
                          capture_output=True, text=True)
    check(done.returncode == 0, f"the tables do not compile: {done.stderr[:2000]}")
    return directory / program


def word(text):
    """A word of dump.c: a number, a name, None, or a string of any bytes."""
    if text.startswith("="):
        return bytes.fromhex(text[1:]).decode()
    if text == "-":
        return None
    return int(text) if text.lstrip("-").isdigit() else text


def read(directory):
    """What dump.c prints: [kind, word...] a line."""
    done = subprocess.run([build(directory)], capture_output=True, text=True)
    check(done.returncode == 0, f"dump: exit status {done.returncode}")
    return [[word(text) for text in line.split(" ")] for line in done.stdout.splitlines()]
