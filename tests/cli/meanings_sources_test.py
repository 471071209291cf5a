"""db/meanings.plist against the lists that it was made of, where they are beside the repository."""
import csv

import plistfacts
from kpeptest import LISTS, check, done, equal, skip
from plistfacts import MEANINGS, Facts, Meanings, load


def rows(name):
    with open(LISTS / name, encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


if not LISTS.exists():
    skip("the lists are not beside the repository")
said = load(MEANINGS)
listed = {row["event"]: row for row in rows("summaries.tsv")}
check(len(listed) > 800, "the list is whole")
equal(sorted(listed.keys() - said["summaries"].keys() - said["doubted"].keys()), [],
      "events without a sentence")
equal(sorted(event for event in said["doubted"]),
      sorted(event for event, row in listed.items() if row["confidence"] == "medium"), "doubted")
has = {(cpu.db, event) for cpu in Facts(plistfacts.snapshots()).cpus for event in cpu.merged()}
equal({where: numbers for where, numbers in Meanings(MEANINGS, {}).errata.items() if where in has},
      {(row["db"], row["event"]): row["errata"] for row in rows("intel_errata.tsv")}, "errata")
done()
