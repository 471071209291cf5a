"""Where everything of chart.svg.mustache goes: templates do not calculate."""

from report import GPERF_BEST, GPERF_ONE, find, number

WIDTH, LEFT, ROOM = 800, 190, 500  # of the picture; where bars begin; of the longest
BAR, STEP, GAP, TITLE = 13, 17, 8, 26  # heights: a bar, to the next; between groups; a heading

RIVALS = (
    ("gperf", ("gperf",)),
    ("gperf, best options", GPERF_BEST),
    ("gperf, one table", GPERF_ONE),
    ("libplist", ("libplist",)),
    ("libpfm4", ("libpfm4",)),
)
OURS, CUT = "libkpdb", ("libplist", "libpfm4")


def lookups(records):
    """[(group, [(who, value)])], as the two below."""
    groups = []
    for name in dict.fromkeys(r["name"] for r in records):
        found = [(who, find(records, name, "ns", rivals)) for who, rivals in RIVALS]
        bars = [(who, r["value"]) for who, r in found if r["value"] is not None]
        if bars:
            groups.append((name, [(OURS, found[0][1]["ours"]), *bars]))
    return groups


def relocated_bytes(records):
    """Of the tables with most in them; the others would not be seen beside them."""
    found = [r for r in records if r["unit"] == "bytes with relocations"]
    name = found[-1]["name"]
    bars = [(r["rival"], r["value"]) for r in found if r["name"] == name]
    return [(name, [(OURS, found[-1]["ours"]), *bars])]


def refusals(records):
    groups = {}
    for r in records:
        cpu, _, events = r["name"].rpartition(", ")
        groups.setdefault(cpu, []).append((events, r["value"]))
    return list(groups.items())


PANELS = {
    "lookups": ("A lookup, nanoseconds (a broken bar is longer)", lookups),
    "bytes": ("Tables for lookups: read-only bytes and relocations", relocated_bytes),
    "refusals": ("Sets that fit, refused by kperfdata, per cent (libkpdb: none)", refusals),
}


def text(x, y, content):
    return {"x": x, "y": y, "text": content}


def draw_bar(y, who, value, limit):
    cut = value > limit
    width = round(ROOM * min(max(value / limit, 0), 1))
    return {
        "y": y,
        "width": width,
        "height": BAR,
        "ours": who == OURS,
        "cut": LEFT + width - 24 if cut else False,
        "label": text(LEFT - 8, y + BAR - 2, who),
        "value": text(LEFT + width + 6, y + BAR - 2, number(value)),
    }


def draw_panel(y, title, groups):
    """Its heading, groups and bars, and where the next begins."""
    limit = max(value for _, bars in groups for who, value in bars if who not in CUT)
    panel = {"title": text(20, y, title), "groups": [], "bars": []}
    y += TITLE
    for name, bars in groups:
        panel["groups"].append(text(LEFT, y, name))
        y += GAP
        for who, value in bars:
            panel["bars"].append(draw_bar(y, who, value, limit))
            y += STEP
        y += GAP + BAR
    return panel, y + TITLE


def layout(tables):
    panels, y = [], 36
    for table in tables:
        if table["id"] in PANELS:
            title, arrange = PANELS[table["id"]]
            panel, y = draw_panel(y, title, arrange(table["records"]))
            panels.append(panel)
    return {"width": WIDTH, "height": y - TITLE, "left": LEFT, "panels": panels}
