"""
The report as records, and as Markdown as doc/benchmarks.md quotes it.

bench.json: {"quick", "machine": {...}, "versions": {...}, "tables": [{"id", "title", "records"}]},
in this order. A record is {"name", "unit", "ours", "rival", "value", "ratio"}: what was measured,
in what unit, ours (libkpdb's, kpepc's or libkplive's), the rival and its value, and ours / value;
rival, value and ratio are null where there is no rival, ratio where its value is 0.
"""

from build import GPERF_KINDS, GPERF_ONE_KINDS

LOOKUPS = (
    "A lookup, name to number, unit mask and counters. gperf: one perfect hash a CPU, hardware "
    "names only, or one for all CPUs' names and an array by name and CPU; libplist: in a file "
    "parsed before. Least of repeated runs, less the empty loop; cold caches: all of the program "
    "is flushed before each lookup."
)
BYTES = (
    "Read-only bytes, linked as a shared object: for lookups alone, and whole, with summaries, "
    "units, metrics and error texts for people."
)
TARGETS = (
    "Bytes of libkpdb by target, -Os, constants included; data and bss are 0. native is this machine."
)
WORK = "Compiling, encoding, planning and reading."
REFUSALS = (
    "Random sets of configurable events that fit, refused by kperfdata, which places events in the "
    "order given and moves none; libkpdb refuses none."
)
GPERF_BEST, GPERF_ONE = tuple(GPERF_KINDS), tuple(GPERF_ONE_KINDS)


def record(name, unit, ours, rival=None, value=None):
    ratio = round(ours / value, 3) if value else None
    return dict(name=name, unit=unit, ours=ours, rival=rival, value=value, ratio=ratio)


def tables(lookups, sizes, targets, work, refusals):
    return [
        {"id": "lookups", "title": LOOKUPS, "records": lookups},
        {"id": "bytes", "title": BYTES, "records": sizes},
        {"id": "targets", "title": TARGETS, "records": targets},
        {"id": "work", "title": WORK, "records": work},
        {"id": "refusals", "title": REFUSALS, "records": refusals},
    ]


# ---- Markdown -----------------------------------------------------------------------------------


def number(value, digits=None):
    """12 345, 144, 13.9, 0.04; - for none."""
    if value is None:
        return "-"
    if digits is None:
        whole = isinstance(value, int) or value >= 100 or value == 0
        digits = 0 if whole else 1 if value >= 1 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def ratio(value):
    return number(value, 3 if value is not None and value < 0.1 else 2)


def markdown(head, rows):
    """A table with columns of one width; the first is text, the others are numbers."""
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:])) + "\n"


def find(records, name, unit, rivals):
    """The record with the least value of the rivals, or one with nothing in it."""
    found = [
        r for r in records if (r["name"], r["unit"]) == (name, unit) and r["rival"] in rivals
    ]
    return min(found, key=lambda r: r["value"] or 0, default=record(name, unit, None))


def ours(records, name, unit):
    return next(r["ours"] for r in records if (r["name"], r["unit"]) == (name, unit))


def lookup_rows(records):
    """Of the instructions, which are much alike for all CPUs, those for all databases."""
    rows = []
    for name, unit in dict.fromkeys((r["name"], r["unit"]) for r in records):
        if unit == "ns" or name.startswith("all "):
            usual, best, one, plist, pfm = (
                find(records, name, unit, rivals)
                for rivals in (("gperf",), GPERF_BEST, GPERF_ONE, ("libplist",), ("libpfm4",))
            )
            values = [ours(records, name, unit)]
            values += [r["value"] for r in (usual, best, one, plist, pfm)]
            ratios = [ratio(r["ratio"]) for r in (usual, best, one)]
            rows.append([f"{name}, {unit}", *map(number, values), *ratios])
    return rows


def byte_rows(records):
    rows = []
    for name in dict.fromkeys(r["name"] for r in records):

        def get(unit, rival, name=name):
            return find(records, name, unit, (rival,))

        values = [
            get("bytes", None)["ours"],
            get("bytes, whole", None)["ours"],
            *(get(u, "gperf")["value"] for u in ("bytes", "bytes of relocations")),
            get("bytes", "gperf -P")["value"],
            get("bytes", "gperf -P, one table")["value"],
        ]
        rivals = ("gperf", "gperf -P", "gperf -P, one table")
        ratios = [get("bytes with relocations", rival)["ratio"] for rival in rivals]
        rows.append([name, *map(number, values), *map(ratio, ratios)])
    return rows


def target_rows(records):
    rows = {}
    for r in records:
        target = r["name"].partition(", ")[0]
        rows.setdefault(target, [target]).append(number(r["ours"]))
    return list(rows.values())


def work_rows(records):
    return [
        [
            f"{r['name']}, {r['unit']}",
            number(r["ours"]),
            r["rival"] or "-",
            number(r["value"]),
            ratio(r["ratio"]),
        ]
        for r in records
    ]


def refusal_rows(records):
    rows = {}
    for r in records:
        cpu = r["name"].rpartition(", ")[0]
        rows.setdefault(cpu, [cpu]).append(f"{r['value']:.0f} %")
    return list(rows.values())


LAYOUTS = {
    "lookups": (
        "lookup|libkpdb|gperf|gperf, best options|gperf, one table|libplist|libpfm4|"
        "ratio to gperf|to its best|to one table",
        lookup_rows,
    ),
    "bytes": (
        "read-only bytes|libkpdb, lookups|libkpdb, whole|gperf|its relocations|gperf -P|"
        "gperf -P, one table|ratio to gperf with relocations|to gperf -P|to one table",
        byte_rows,
    ),
    "targets": ("bytes|code alone|a14, lookup only|a14, all of it|all databases", target_rows),
    "work": ("what|kpep|rival|its|ratio", work_rows),
    "refusals": ("events that fit, refused|5|6|7|8", refusal_rows),
}


def as_markdown(table):
    head, rows = LAYOUTS[table["id"]]
    return f"{table['title']}\n\n{markdown(head.split('|'), rows(table['records']))}"


def machine_line(machine, versions):
    rivals = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores (load {machine['load']}), "
        f"{machine['system']}; {machine['compiler']}, {machine['options']}; "
        f"kpepc as {machine['kpepc_build']}; {rivals}.\n"
    )
