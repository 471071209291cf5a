"""db/meanings.plist: every event has one sentence, and families of events say the same alike."""
import re

import plistfacts
from kpeptest import check, done, equal
from plistfacts import MEANINGS, Facts, load

SUMMARY_MAX = 120  # bytes; most have fewer than 100
WRONG_PATH, PRECISE = ", wrong path included", ", for precise sampling"
# What retires without being an instruction, uop, load, store or branch.
OTHERS = ("MMU_VIRTUAL_MEMORY_FAULT_NONSPEC", "FLUSH_RESTART_OTHER_NONSPEC", "HLE_RETIRED.",
          "RTM_RETIRED.", "MISC_RETIRED.LBR_INSERTS")

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


def retired():
    """What retired says so and nothing of a wrong path; all else says the first of no event."""
    for event, summary in SUMMARIES.items():
        retires = bool(re.search(r"_NONSPEC$|^(INST|RETIRE|FIXED_INST)|RETIRED", event))
        cycles = summary.startswith("Cycles")
        if not event.startswith(OTHERS) and not cycles:
            slots = summary.startswith("Retirement slots")
            equal(summary.startswith("Retired ") or slots, retires, f"{event}: {summary}")
        check(not retires or "wrong path" not in summary, f"{event}: retired, {summary}")
        check("wrong path" not in summary or not cycles, f"{event}: cycles are of no path")


def alike(one, other, *words):
    """Two events whose sentences differ in these words alone."""
    text = SUMMARIES[one]
    for word, instead in words:
        text = re.sub(word, instead, text)
    equal(SUMMARIES[other], text, f"{one} and {other}")


def families():
    loads = (r"\bLoads\b", "Stores"), (r"\bloads\b", "stores"), (r"\bload\b", "store")
    for event in sorted(SUMMARIES):
        precise = re.sub("_(PS|PEBS)$", "", event)
        if precise != event:
            equal(SUMMARIES[event], f"{SUMMARIES[precise][:-1]}{PRECISE}.", event)
        if event.startswith("OFFCORE_RESPONSE.") and event[:-1] + "1" in SUMMARIES:
            alike(event[:-1] + "1", event)
        for name, instead, words in (
                ("DTLB_LOAD_MISSES.", "DTLB_STORE_MISSES.", loads),
                ("DTLB_LOAD_MISSES.", "ITLB_MISSES.", ((r"\bLoads\b", "Fetches"), ("loads", "fetches"))),
                ("HLE_RETIRED.", "RTM_RETIRED.", (("HLE", "RTM"),)),
                ("OCR.DEMAND_CODE_RD.", "OCR.DEMAND_DATA_RD.", (("code", "data"),)),
                ("_LD", "_ST", loads), ("_LD_NONSPEC", "_ST_NONSPEC", loads),
                ("L1D_TLB_FILL", "L1I_TLB_FILL", (("data", "instruction"),)),
                ("SIMD_ELIMINATED", "INT_ELIMINATED", (("SIMD", "Integer"),)),
                ("_ACCESS", "_MISS", (("looked up", "missed"),))):
            other = event.replace(name, instead)
            if other != event and other in SUMMARIES and event.startswith(
                    ("DTLB_", "HLE_", "OCR.", "L1D_CACHE_", "L1D_TLB_FILL", "PL2_", "MOVE_")):
                alike(event, other, *words)


def causes():
    """What Apple's stall counters of one cause each say."""
    for event, summary in SUMMARIES.items():
        if re.search(r"_WAITING_|MTE_TAG_CHECK_CYCLE|ARM_STALL_(FRONT|BACK)END", event):
            check(", one cause a cycle" in summary, f"{event}: {summary}")


sentences()
retired()
families()
causes()
done()
