"""The installed headers alone, with every compiler at hand, in every dialect from C99 and C++11.

headers_test.py c|cxx
"""
import sys

from installtest import TREE, compilers, cxx
from kpeptest import CC, check, done, equal, run

DIALECTS = {"c": ("c99", "c11", "c17"), "cxx": ("c++11", "c++17", "c++20")}
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")

# As Apple's own headers have them, with what is missing of a group that they have in part.
APPLE = """
#define KPC_CLASS_FIXED (0)
#define KPC_CLASS_CONFIGURABLE (1)
#define KPC_CLASS_POWER (2)
#define KPC_CLASS_RAWPMU (3)
#define KPC_CLASS_FIXED_MASK (1u << KPC_CLASS_FIXED)
#define KPC_CLASS_CONFIGURABLE_MASK (1u << KPC_CLASS_CONFIGURABLE)
#define KPC_CLASS_POWER_MASK (1u << KPC_CLASS_POWER)
#define KPC_CLASS_RAWPMU_MASK (1u << KPC_CLASS_RAWPMU)
#define KPC_PMU_ERROR (0)
#define KPC_MAX_COUNTERS (2 + 8 + 1)
#define CFGWORD_EL0A32EN_MASK (0x10000)
#define KPERF_SAMPLER_TH_INFO (1 << 0)
#define KPERF_ACTION_MAX 32
#define KPERF_TIMER_MAX 8
"""


def compile_text(compiler, language, dialect, text):
    return run(compiler, "-x", language.replace("xx", "++"), f"-std={dialect}", *WARNINGS,
               "-fsyntax-only", "-I", TREE / "include" / "kpep", "-",
               stdin=f"{text}\nextern int not_empty;\n".encode())


def main():
    language = sys.argv[1]
    headers = sorted(path.name for path in (TREE / "include" / "kpep").glob("*.h"))
    equal(headers, ["kpdb.h", "kpdb_ids.h", "kperf.h", "kplive.h"], "installed headers")
    names = (CC, "gcc", "clang") if language == "c" else (cxx(), "g++", "clang++")
    for compiler in compilers(*names):
        for dialect in DIALECTS[language]:
            for header in headers:
                status, _, errors = compile_text(compiler, language, dialect,
                                                 f"#include <{header}>")
                check(status == 0, f"{compiler} {dialect} {header}: {errors}")
            status, _, errors = compile_text(compiler, language, dialect,
                                             f"{APPLE}#include <kperf.h>")
            check(status == 0, f"{compiler} {dialect} kperf.h after Apple's: {errors}")
    done()


main()
