"""What the benchmark runs with: the tools it needs, their versions, and the machine."""

import os
import platform
import re
import shutil
import subprocess
import sys

TOOLS = {
    "gperf": "gperf",
    "valgrind": "valgrind",
    "readelf": "binutils",
    "objcopy": "binutils",
    "pkg-config": "pkg-config",
}
HEADERS = {
    "perfmon/pfmlib.h": "libpfm4-dev",
    "plist/plist.h": "libplist-dev",
    "valgrind/callgrind.h": "valgrind",
}


def run(command, **options):
    """What it prints; what it says otherwise is shown only if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def plist_flags(kind):
    """For the compiler, --cflags, or the linker, --libs."""
    asked = ["pkg-config", kind, "libplist-2.0"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.split()


def has_header(cc, header):
    flags = plist_flags("--cflags") if shutil.which("pkg-config") else []
    command = [cc, *flags, "-fsyntax-only", "-x", "c", "-include", header, "/dev/null"]
    return subprocess.run(command, capture_output=True).returncode == 0


def require(cc):
    """Exit 1 and one line for each thing that is missing."""
    missing = [(tool, TOOLS[tool]) for tool in TOOLS if shutil.which(tool) is None]
    missing += [(header, HEADERS[header]) for header in HEADERS if not has_header(cc, header)]
    if missing:
        sys.exit(
            "\n".join(
                f"bench: {what} is missing: Debian package {package}" for what, package in missing
            )
        )


def machine(cc, options, build_type):
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{distribution()}, {platform.system()} {platform.machine()}",
        "compiler": run([cc, "--version"]).stdout.splitlines()[0],
        "options": " ".join(options),
        "kpepc_build": build_type,
    }


def distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.platform()


def versions(cc, kpepc):
    library = run([cc, "-print-file-name=libpfm.so"]).stdout.strip()
    return {
        "kpep": last_word([kpepc, "--version"]),
        "gperf": last_word(["gperf", "--version"]),
        "libpfm4": os.path.realpath(library).partition(".so.")[2],
        "libplist": last_word(["pkg-config", "--modversion", "libplist-2.0"]),
        "valgrind": last_word(["valgrind", "--version"]).removeprefix("valgrind-"),
    }


def last_word(command):
    return run(command).stdout.splitlines()[0].split()[-1]
