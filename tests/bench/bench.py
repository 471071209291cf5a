"""
The benchmark: kpep beside GNU gperf, libpfm4, libplist and kperfdata's order. Run by CMake:

    cmake --build build --target bench

It builds everything that is compared with one compiler and one set of options, prints the tables
of doc/benchmarks.md, and writes the same as bench.json (report.py says with what keys) and chart.svg.
--quick repeats little: its times say nothing, but all of it is written.
"""

import argparse
import json
import os
import plistlib

import chart
import growth
import measure
import report
import tools
from build import OPTIMISE, Build


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    for name in (
        *("source", "out", "cc", "build-type"),
        *("kpepc", "kpdb", "kplive", "kperf", "kperfdata"),
    ):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def measure_all(build, quick):
    compared = measure.Compared(build)
    runs = 2 if quick else 41
    encode = build.program("encode", compared.objects, compared.includes, ["-lpfm"])
    return report.tables(
        measure.lookups(build, compared, runs),
        measure.sizes(build, compared),
        measure.targets(build),
        [
            *measure.compiling(build, runs),
            *measure.encoding(build, encode, runs),
            *measure.reading(build, compared),
        ],
        measure.refusals(encode, 1000 if quick else 100000),
    )


def draw(build, result, target):
    """chart.svg, by our own templater."""
    data = build.path("chart.plist")
    with open(data, "wb") as file:
        plistlib.dump(chart.layout(result["tables"]), file)
    template = os.path.join(build.here, "chart.svg.mustache")
    tools.run([build.kpepc, "render", "-t", template, "-d", data, "-o", target])


def main():
    options = parse_arguments()
    tools.require(options.cc)
    build = Build(options)
    result = {
        "quick": options.quick,
        "machine": tools.machine(options.cc, OPTIMISE, options.build_type),
        "versions": tools.versions(options.cc, build.kpepc),
        "tables": [*measure_all(build, options.quick), growth.table(build, options.quick)],
    }
    print(report.machine_line(result["machine"], result["versions"]))
    for table in result["tables"]:
        print(report.as_markdown(table))
    written, drawn = (os.path.join(options.out, name) for name in ("bench.json", "chart.svg"))
    with open(written, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    draw(build, result, drawn)
    print(f"{written}\n{drawn}")


if __name__ == "__main__":
    main()
