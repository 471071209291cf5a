"""The installed headers alone, with every compiler at hand, in every dialect from C99 and C++11.

headers_test.py c|cxx
"""
import sys

from installtest import TREE, compilers, cxx
from kpeptest import CC, check, done, equal, run

DIALECTS = {"c": ("c99", "c11", "c17"), "cxx": ("c++11", "c++17", "c++20")}
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")


def main():
    language = sys.argv[1]
    include = TREE / "include" / "kpep"
    headers = sorted(path.name for path in include.iterdir())
    equal(headers, ["kpdb.h", "kpdb_ids.h", "kplive.h"], "installed headers")
    names = (CC, "gcc", "clang") if language == "c" else (cxx(), "g++", "clang++")
    for compiler in compilers(*names):
        for dialect in DIALECTS[language]:
            for header in headers:
                status, _, errors = run(
                    compiler, "-x", language.replace("xx", "++"), f"-std={dialect}", *WARNINGS,
                    "-fsyntax-only", "-I", include, "-",
                    stdin=f"#include <{header}>\nextern int not_empty;\n".encode())
                check(status == 0, f"{compiler} {dialect} {header}: {errors}")
    done()


main()
