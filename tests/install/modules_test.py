"""The installed module map: clang, and so Swift, imports the headers as Kpdb and Kplive.

Where the system has no module map of its own for <stdint.h> and its like, as Apple's has, one is
made for the test: a header of ours must not drag in what no module has.
"""
import os
import pathlib
import shutil
import tempfile

from installtest import TREE
from kpeptest import check, done, equal, run, skip

INCLUDE = TREE / "include" / "kpep"
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wnon-modular-include-in-module", "-Wmodule-conflict",
            "-Wincomplete-umbrella", "-Wincomplete-module", "-Wnullability-completeness")

STANDARD = """module Standard [system] [extern_c] {{
    module bool {{ header "{0}/stdbool.h" export * }}
    module def {{ header "{0}/stddef.h" export * }}
    module int {{ header "{0}/stdint.h" export * }}
}}
"""
# Every header's names by one import, and kpdb's by way of Kplive.
PROGRAM = """
int main(void)
{
    struct kpdb_request request = {"cycles", 6, 0};
    static struct kplive_frameworks frameworks;
    static struct kplive_options options;
    struct kplive *sampler;

    kplive_open(&options, &sampler, 0);
    return frameworks.kpc_pmu_version == 0 && kplive_has(&frameworks, request.name) &&
           KPDB_OK == KPC_CLASS_FIXED && KPEP_CONFIG_ERROR_NONE == 0 && KPLIVE_VERSION_MAJOR == 0;
}
"""
ONLY_KPDB = "int main(void) { return kpdb_cpu_count() == 0 || KPDB_FINGERPRINT == 0; }"
NOT_IN_KPDB = "int main(void) { return kplive_missing(0, 0) != 0; }"


class Clang:
    def __init__(self, work):
        self.program = shutil.which("clang") or skip("no clang: nothing imported the modules")
        self.work = work
        resources = pathlib.Path(run(self.program, "-print-resource-dir")[1].strip())
        check((resources / "include/stdint.h").exists(), f"clang's own headers: {resources}")
        self.standard = work / "standard.modulemap"
        self.standard.write_text(STANDARD.format(resources / "include"))

    def __call__(self, language, text, *options):
        """Status and errors of compiling text with the modules."""
        status, _, errors = run(
            self.program, "-x", language, "-fsyntax-only", "-fmodules",
            f"-fmodules-cache-path={self.work / 'cache'}", *WARNINGS, *options, "-I", INCLUDE, "-",
            stdin=text.encode())
        return status, errors


def check_imports(clang):
    standard = f"-fmodule-map-file={clang.standard}"
    found = f"-fmodule-map-file={INCLUDE / 'module.modulemap'}"
    for language in ("objective-c", "objective-c++"):
        also = ["-fcxx-modules"] if language.endswith("++") else []
        for options in ([standard], [standard, found]):
            equal(clang(language, f"@import Kplive;{PROGRAM}", *also, *options), (0, ""),
                  f"{language}: @import Kplive")
            equal(clang(language, f"@import Kpdb;{ONLY_KPDB}", *also, *options), (0, ""),
                  f"{language}: @import Kpdb")
    check(clang("objective-c", f"@import Kpdb;{NOT_IN_KPDB}", standard)[0] != 0,
          "Kpdb has nothing of Kplive")
    check(clang("objective-c", "@import Kperf;", standard)[0] != 0, "there is no module Kperf")


def check_includes(clang):
    """In C an #include is the import; one that another module does not declare is an error."""
    standard = f"-fmodule-map-file={clang.standard}"
    text = f"#include <kperf.h>\n#include <kplive.h>{PROGRAM}"
    status, said = clang("c", text, standard, "-Rmodule-build",
                         f"-fmodules-cache-path={clang.work / 'other'}")
    equal(status, 0, said)
    for module in ("Kpdb", "Kplive"):
        check(f"building module '{module}'" in said, f"#include builds {module}: {said}")
    equal(clang("c", text, "-fmodules-decluse", "-Wno-non-modular-include-in-module"), (0, ""),
          "Kplive declares that it uses Kpdb")


def main():
    with tempfile.TemporaryDirectory() as directory:
        clang = Clang(pathlib.Path(os.path.realpath(directory)))
        check_imports(clang)
        check_includes(clang)
    done()


main()
