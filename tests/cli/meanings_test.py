"""db/meanings.plist: every event has one sentence, and families of events say the same alike."""
import re

import plistfacts
from kpeptest import check, done, equal
from plistfacts import MEANINGS, Facts, load

SUMMARY_MAX = 100  # bytes: a line of a terminal with some before it

SAID = load(MEANINGS)
SUMMARIES = {**SAID["summaries"], **SAID["doubted"]}
EVENTS = {event for cpu in Facts(plistfacts.snapshots()).cpus for event in cpu.merged()}


def sentences():
    equal(sorted(SAID["summaries"].keys() & SAID["doubted"].keys()), [], "said twice")
    equal(sorted(SUMMARIES), sorted(EVENTS), "the events of all databases, and no other")
    for event, summary in SUMMARIES.items():
        check(re.fullmatch(r"([0-9A-Z]|x87)[ -~]*[^ .]\.", summary) and ". " not in summary and
              "  " not in summary and len(summary) <= SUMMARY_MAX,
              f"{event}: one sentence of {SUMMARY_MAX} bytes: {len(summary)}: {summary}")


sentences()
done()
