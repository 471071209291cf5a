"""db/chips.plist against the lists that it was made from, where they are beside the repository:
cpus.tsv says which chips each release's CPU ids are sold in, chips_evidence.tsv what was found out
since.
"""
import csv

import plistfacts
from kpeptest import LISTS, SHARED, check, done, equal, skip

CHIPS = plistfacts.load(plistfacts.CHIPS)


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def words(text):
    return [word for word in text.split(", ") if word not in ("", "-")]


def check_listed():
    """Every id of every release: its database and its chips."""
    databases = {release: plistfacts.read_directory(directory)
                 for release, directory in plistfacts.snapshots().items()}
    listed = [row for row in rows(SHARED / "cpus.tsv") if row["release"] in databases]
    equal({(row["release"], row["cpu_id"], row["database"]) for row in listed},
          {(release, i, database.name) for release, found in databases.items()
           for database in found for i in database.ids}, "the ids of each release's databases")
    for row in listed:
        known = CHIPS.get(row["cpu_id"], {})
        equal(known.get("chips"), words(row["chips"]), f"the chips of {row['cpu_id']}")
    newest = {row["cpu_id"]: row["confidence"] for row in listed}
    equal({i: chip["confidence"] for i, chip in CHIPS.items()}, newest, "how sure they are")
    return len(listed)


def check_found():
    """What was found out: measured is sure, and why is said of whatever was in doubt."""
    wanted = {"raise to high": "high", "confirmed": "high", "SDK constant": "medium", "open": "low"}
    found = rows(LISTS / "chips_evidence.tsv")
    for row in found:
        level = next(level for begin, level in wanted.items() if row["finding"].startswith(begin))
        ids = [row["cpu_id"], row["cpu_id"].replace("_2_", "_c_")]
        for i in [i for i in ids if i in CHIPS]:
            equal(CHIPS[i]["confidence"], level, f"{i}: {row['finding']}")
            check(CHIPS[i].get("note"), f"{i}: a note of how that is known")
            equal("measured on" in CHIPS[i]["note"], "measured on" in row["finding"],
                  f"{i}: measured, and nothing else says so")
            if row["chip_in_db"] != "not in db":
                equal(CHIPS[i]["chips"], words(row["chip_in_db"]), f"the chips of {i}")
    return len(found)


if not LISTS.exists():
    skip("the lists are not beside the repository")
print(f"{check_listed()} ids in lists, {check_found()} findings")
done()
