"""
check_output.py DIR PAGE: what the benchmark wrote into DIR is complete and well formed, and the
tables of PAGE are the ones it prints. Says nothing about the values: no test asserts a time.
"""

import json
import math
import os
import re
import sys
import xml.etree.ElementTree

import growth
import report

SVG = "{http://www.w3.org/2000/svg}"
# Sets x units x rivals, libpfm4 in one, cold caches without libplist and counts, and two of names
# that no rival knows; libkpdb's tables twice, and four of each of gperf's; four sizes of each
# target; sizes of sets on three chips.
RECORDS = {
    **{"lookups": 6 * 2 * 7 + 2 + 6 + 2 * 2, "bytes": 3 * 2 + (2 * 2 + 2) * 4, "targets": 5 * 4},
    **{"work": 7, "refusals": 3 * 4},
}
BARS = 6 * 5 + 1 + 4 + 5 + 3 * 4
MACHINE = ["cpu", "cores", "load", "system", "compiler", "options", "kpepc_build"]
VERSIONS = ["kpep", "gperf", "libpfm4", "libplist", "valgrind"]
# Today's input and two of ten times.
RECORDS["growth"] = 3 * len(growth.COLUMNS)


def check(condition, what):
    if not condition:
        sys.exit(f"check_output: {what}")


def check_record(record):
    check(list(record) == ["name", "unit", "ours", "rival", "value", "ratio"], f"keys: {record}")
    for key in ("ours", "value", "ratio"):
        value = record[key]
        check(value is None or math.isfinite(value), f"{key}: {record}")
    check(record["ours"] is not None, f"not measured: {record}")
    check((record["rival"] is None) == (record["value"] is None), f"rival: {record}")
    if record["ratio"] is not None:
        expected = record["ours"] / record["value"]
        check(abs(record["ratio"] - expected) <= 0.0006, f"ratio: {record}")


def check_json(path):
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    check(list(result) == ["quick", "machine", "versions", "tables"], f"keys: {list(result)}")
    check(list(result["machine"]) == MACHINE, f"keys: {result['machine']}")
    check(list(result["versions"]) == VERSIONS, f"keys: {result['versions']}")
    check("" not in result["machine"].values(), f"empty: {result['machine']}")
    for version in result["versions"].values():
        check(re.match(r"\d+\.\d", version), f"no version: {result['versions']}")
    got = {table["id"]: len(table["records"]) for table in result["tables"]}
    check(got == RECORDS, f"records: {got}, expected {RECORDS}")
    for table in result["tables"]:
        for record in table["records"]:
            check_record(record)
        whole = [(r["name"], r["unit"], r["rival"]) for r in table["records"]]
        check(len(set(whole)) == len(whole), f"a record twice: {table['id']}")
    return result


def check_svg(path):
    """Well formed, and all of it inside the picture."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check("{{" not in text, "a tag of the template is left")
    try:
        root = xml.etree.ElementTree.fromstring(text.encode())
    except xml.etree.ElementTree.ParseError as error:
        sys.exit(f"check_output: {path}: {error}")
    width, height = float(root.get("width")), float(root.get("height"))
    check(root.get("viewBox") == f"0 0 {width:.0f} {height:.0f}", "viewBox")
    bars = [e for e in root.iter(f"{SVG}rect") if e.get("class") == "bar"]
    check(len(bars) == BARS, f"{len(bars)} bars, expected {BARS}")
    for element in [*bars, *root.iter(f"{SVG}text")]:
        x, y = float(element.get("x")), float(element.get("y"))
        right, bottom = x + float(element.get("width", 0)), y + float(element.get("height", 0))
        check(0 <= x <= right <= width and 0 <= y <= bottom <= height, f"outside: {element.attrib}")
    check(all(e.text for e in root.iter(f"{SVG}text")), "a text is empty")


def cells(line):
    return [cell.strip() for cell in line.strip("| \n").split("|")]


def check_page(path, tables):
    """Heads and first cells are those of the page; its numbers are of another machine."""
    with open(path, encoding="utf-8") as file:
        rows = [cells(line) for line in file if line.startswith("|")]
    firsts = [row[0] for row in rows]
    for table in tables:
        lines = [cells(line) for line in report.as_markdown(table).splitlines() if line[:1] == "|"]
        check(lines[0] in rows, f"{path} lacks the table {lines[0]}")
        for line in lines[2:]:
            check(line[0] in firsts, f"{path} lacks the row '{line[0]}'")


def main():
    directory, page = sys.argv[1:]
    result = check_json(os.path.join(directory, "bench.json"))
    check_svg(os.path.join(directory, "chart.svg"))
    check_page(page, result["tables"])
    print(f"bench.json and chart.svg are complete, and the tables of {page} are these")


main()
