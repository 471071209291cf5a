"""Databases of CPUs that Apple never made, for the tests of kpdb_encode() and kpdb_plan().

usage: random_databases.py DIR

Writes DIR/macos-14, DIR/macos-15.3, DIR/macos-26 and DIR/chips.plist, DIR/kernel.plist: the same
bytes every time. Masks are drawn at random, nested, free, narrow or of a few kinds, on counters of
several layouts; a "quirky" CPU has what the schema allows and Apple's files do not hold, as an
event on no counter, on a fixed counter or a fallback that is itself fixed.
"""
import pathlib
import plistlib
import random
import sys

SEED = 20260917
RELEASES = ["macos-14", "macos-15.3", "macos-26"]

# Architecture, fixed counters, configurable ones (right above), mask of those of the power manager.
LAYOUTS = [
    ("arm64", 2, 8, 0xE0),
    ("arm64", 2, 8, 0xE0),
    ("arm64", 2, 8, 0x3C),
    ("arm64", 2, 6, 0xE0),
    ("arm64", 2, 4, 0x0C),
    ("arm64", 2, 12, 0x2A50),
    ("arm64", 2, 30, 0xE0000000),
    ("arm64", 1, 5, 0),
    ("arm64", 3, 8, 0x7F8),
    ("x86_64", 3, 4, 0),
    ("x86_64", 4, 8, 0),
    ("x86_64", 2, 8, 0x118),
    ("i386", 3, 2, 0),
]
KINDS = ["nested", "free", "narrow", "few", "quirky"]


def bits(first, count):
    return ((1 << count) - 1) << first


def subset(rng, mask, most):
    """A random part of a mask: 1 to `most` counters of it."""
    counters = [n for n in range(32) if mask >> n & 1]
    return sum(1 << n for n in rng.sample(counters, rng.randint(1, min(most, len(counters)))))


def nested(rng, config):
    """Masks any two of which are disjoint or one in the other: a tree of random halves."""
    masks, open_masks = [], [config]
    while open_masks:
        mask = open_masks.pop()
        masks.append(mask)
        if mask & (mask - 1):
            part = subset(rng, mask, 31)
            open_masks += [half for half in (part, mask & ~part) if half and half != mask]
    return masks


def masks_of(rng, kind, config):
    """A function that draws a mask."""
    if kind == "nested":
        tree = nested(rng, config)
        return lambda: rng.choice(tree)
    if kind == "few":
        pool = [config] + [subset(rng, config, 5) for _ in range(7)]
        return lambda: rng.choice(pool)
    if kind == "narrow":
        return lambda: subset(rng, config, 3)
    return lambda: subset(rng, config, 31)


def configurable_events(rng, arch, kind, config, count):
    events, draw = {}, masks_of(rng, kind, config)
    for n in range(count):
        event = {"number": rng.randrange(1, 256)}
        if arch != "arm64":
            event["umask"] = rng.randrange(256)
        elif rng.random() < 0.3:
            event["number"] = rng.randrange(256, 65536)
        if rng.random() < 0.85:
            event["counters_mask"] = draw()
        events[f"EVENT_{n:03}"] = event
    return events


def fixed_events(rng, arch, fixed, events):
    """One or two a fixed counter, with and without a fallback."""
    names = list(events)
    return {
        f"FIXED_{n}{letter}": {"fixed_counter": n, "counters_mask": 1 << n}
        | ({"umask": 0} if arch != "arm64" else {})
        | ({"fallback": rng.choice(names)} if rng.random() < 0.7 else {})
        for n in range(fixed)
        for letter in ("A", "B")
        if letter == "A" or rng.random() < 0.5
    }


def quirks(rng, fixed, config, events):
    """Changes some events to what no file of Apple's has."""
    for name, event in events.items():
        odd = rng.random()
        if name.startswith("FIXED"):
            if odd < 0.3 and fixed > 1:
                event["counters_mask"] = subset(rng, bits(0, fixed), 31)
            elif odd < 0.5:
                event["fallback"] = rng.choice([n for n in events if n.startswith("FIXED")])
        elif odd < 0.1:
            event["counters_mask"] = 0
        elif odd < 0.2:
            event["counters_mask"] = subset(rng, bits(0, fixed), 31)
        elif odd < 0.4:
            event["counters_mask"] = subset(rng, bits(0, fixed), 31) | subset(rng, config, 31)


def database(rng, name, cpu_id, layout, kind, count):
    arch, fixed, configurable, power = layout
    config = bits(fixed, configurable)
    events = configurable_events(rng, arch, kind, config, count)
    events |= fixed_events(rng, arch, fixed, events)
    if kind == "quirky":
        quirks(rng, fixed, config, events)
    aliased = rng.sample(sorted(events), 4)
    cpu = {
        "architecture": arch,
        "marketing_name": f"Fixture {name}",
        "fixed_counters": bits(0, fixed),
        "config_counters": config,
        "power_counters": power,
        "aliases": {f"Alias {n}": event for n, event in enumerate(aliased)},
        "events": events,
    }
    return {
        "name": name,
        "version": [1, 0],
        "kpep": {"cpus": [cpu_id]},
        "system": {"cpu": cpu},
    }


def in_release(plist, release):
    """The database as an older release has it: without some events that nothing refers to."""
    cpu = plist["system"]["cpu"]
    needed = set(cpu["aliases"].values()) | {e.get("fallback") for e in cpu["events"].values()}
    shift = len(RELEASES) - 1 - RELEASES.index(release)
    events = {
        name: event
        for number, (name, event) in enumerate(cpu["events"].items())
        if shift == 0 or name in needed or (number + shift) % 5 != 0
    }
    kpep = plist["kpep"] | {"release": release}
    return plist | {"kpep": kpep, "system": {"cpu": cpu | {"events": events}}}


def kernel(plists):
    """Of every other CPU: half the selectors listed since 14.0, a quarter since 15.4."""
    lists = {}
    for cpu_id, plist in list(plists.items())[::2]:
        numbers = {e["number"] for e in plist["system"]["cpu"]["events"].values() if "number" in e}
        numbers = sorted(numbers)
        lists[f"T{len(lists)}"] = {
            "cpus": [cpu_id],
            "selectors": {
                "14.0": [0] + [n for n in numbers if n % 2 == 0],
                "15.4": [n for n in numbers if n % 4 == 1],
            },
        }
    return lists


def write(path, plist):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        plistlib.dump(plist, file)


def main(directory):
    rng = random.Random(SEED)
    plists = {}
    for layout in LAYOUTS:
        for kind in KINDS:
            number = len(plists)
            kind_here = "few" if layout[2] > 12 and kind not in ("nested", "quirky") else kind
            count = 150 if number % 13 == 0 else 24
            cpu_id = f"cpu_100000c_2_{0xF1000000 + number:x}"
            name = f"fake{number}-{kind_here}"
            plists[cpu_id] = database(rng, name, cpu_id, layout, kind_here, count)
    for number, plist in enumerate(plists.values()):
        for release in RELEASES[number % len(RELEASES) :]:
            write(directory / release / f"{plist['name']}.plist", in_release(plist, release))
    chips = {
        cpu_id: {"chips": [f"F{n}"], "confidence": "high", "event_bits": 8 if n % 3 == 0 else 16}
        for n, cpu_id in enumerate(plists)
    }
    write(directory / "chips.plist", chips)
    write(directory / "kernel.plist", kernel(plists))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
