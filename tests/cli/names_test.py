"""Chip-agnostic names mean what they say: perf's names what perf means, and one name one quantity.

What is expected stands here by hand, from Linux' own maps and from what the vendors say of the
events, and is no reading of names.plist. Where the facts that this rests on are beside the
repository every row of them is gone through, too.
"""
import csv
import functools
import json
import re

import plistfacts
from kpeptest import KPEP, LISTS, check, done, equal, run
from plistfacts import Facts

FACTS = Facts(plistfacts.snapshots())
INTEL = ("ivybridge", "haswell", "broadwell", "skylake", "kabylake", "cometlake", "icelake")
OLD, SKYLAKE = INTEL[:3], INTEL[3:]
A7_A8 = ("a7", "a8")
A9_A13 = ("a9", "a10", "a11", "a12", "a13")
A14_A15 = ("a14", "a15")
M3 = ("a16", "as1", "as2", "as3")
M4 = ("as4", "as4-1", "as4-2")
M5 = ("as5", "as5-1", "as5-2")
M6 = ("m6",)
APPLE = A7_A8 + A9_A13 + A14_A15 + M3 + M4 + M5 + M6
SINCE_A9, SINCE_M3 = APPLE[2:], M3 + M4 + M5 + M6
SINCE_M4, SINCE_M5 = M4 + M5 + M6, M5 + M6


@functools.cache
def names(*options):
    status, out, err = run(KPEP, "names", "--json", *options)
    equal((status, err), (0, ""), "kpep names --json")
    return {name["name"]: name for name in json.loads(out)}


def on(name):
    """Where a name is supported, in the newest release of each: database -> event."""
    return {db: event for db, event in names()[name]["on"].items() if event is not None}


# ---- what each name is, and where ------------------------------------------------------------

WHERE = (  # name, event, databases that have it; the rows of a name together are all it has
    ("ref-cycles", None, ()),
    ("cycles-configurable", "CORE_ACTIVE_CYCLE", APPLE),
    ("cycles-configurable", "CPU_CLK_UNHALTED.THREAD_P", INTEL),
    ("instructions-configurable", "INST_ALL", APPLE),
    ("instructions-configurable", "INST_RETIRED.ANY_P", INTEL),
    ("scheduler-empty-cycles", "SCHEDULE_EMPTY", SINCE_A9),
    ("scheduler-empty-cycles", "RS_EVENTS.EMPTY_CYCLES", INTEL),
    # The parts of Intel's loads that missed, and no part by the name of all.
    ("l1-dcache-load-misses", "L1D_CACHE_MISS_LD_NONSPEC", APPLE),
    ("l1-dcache-load-misses-primary", "MEM_LOAD_RETIRED.L1_MISS", SKYLAKE),
    ("l1-dcache-load-misses-secondary", "MEM_LOAD_RETIRED.FB_HIT", SKYLAKE),
    # The instruction mix.
    ("loads", "MEM_INST_RETIRED.ALL_LOADS", SKYLAKE),
    ("stores", "MEM_INST_RETIRED.ALL_STORES", SKYLAKE),
    ("loads-and-stores", "INST_LDST", APPLE),
    ("loads-integer", "INST_INT_LD", APPLE),
    ("stores-integer", "INST_INT_ST", APPLE),
    ("loads-simd", "INST_SIMD_LD", APPLE),
    ("stores-simd", "INST_SIMD_ST", APPLE),
    ("loads-sme", "INST_SME_ENGINE_LD", SINCE_M4),
    ("stores-sme", "INST_SME_ENGINE_ST", SINCE_M4),
    ("instructions-integer-alu", "INST_INT_ALU", APPLE),
    ("instructions-simd-alu", "INST_SIMD_ALU", APPLE),
    ("instructions-simd-vector-alu", "INST_SIMD_ALU_VEC", ("a15",) + SINCE_M3),
    ("instructions-sme-alu", "INST_SME_ENGINE_ALU", SINCE_M4),
    ("instructions-sme-scalar-fp", "INST_SME_ENGINE_SCALARFP", SINCE_M4),
    ("instructions-microcoded", "INST_MICROCODED", SINCE_M5),
    # The front end and the rename stage.
    ("rename-idle-cycles", "MAP_DISPATCH_BUBBLE", SINCE_A9),
    ("rename-idle-cycles-icache", "MAP_DISPATCH_BUBBLE_IC", SINCE_M3),
    ("rename-idle-cycles-itlb", "MAP_DISPATCH_BUBBLE_ITLB", SINCE_M3),
    ("rename-idle-slots", "MAP_DISPATCH_BUBBLE_SLOT", SINCE_M4),
    ("rename-idle-slots-taken-branch", "MAP_DISPATCH_BUBBLE_TAKENBR_SLOT", SINCE_M5),
    ("rename-rewind-cycles", "MAP_REWIND", APPLE),
    ("rename-recovery-cycles", "MAP_RECOVERY", SINCE_M4),
    ("rename-stall-cycles", "MAP_STALL", APPLE),
    ("rename-stall-cycles-nonrecovery", "MAP_STALL_NONRECOVERY", SINCE_M4),
    ("fetch-restarts", "FETCH_RESTART", APPLE[1:]),
    ("uops-decoded", "DECODE_UOP", SINCE_M3),
    ("uops-renamed", "MAP_UOP", SINCE_M3),
    ("uops-renamed", "UOPS_ISSUED.ANY", INTEL),
    ("uops-renamed-integer", "MAP_INT_UOP", APPLE[1:]),
    ("uops-renamed-load-store", "MAP_LDST_UOP", APPLE[1:]),
    ("uops-renamed-simd", "MAP_SIMD_UOP", APPLE[1:]),
    ("uops-retired", "RETIRE_UOP", APPLE[3:]),
    ("uops-retired", "UOPS_RETIRED.ALL", OLD),
    # Arm's own events.
    ("branches-spec", "ARM_BR_PRED", SINCE_M4),
    ("branch-misses-spec", "ARM_BR_MIS_PRED", SINCE_M4),
    ("l1-dcache-accesses-spec", "ARM_L1D_CACHE", SINCE_M4),
    ("l1-dcache-loads-spec", "ARM_L1D_CACHE_RD", SINCE_M4),
    ("l1-dcache-refills-spec", "ARM_L1D_CACHE_REFILL", SINCE_M4),
    ("l1-dcache-load-misses-long-spec", "ARM_L1D_CACHE_LMISS_RD", SINCE_M4),
    ("stalled-cycles", "ARM_STALL", SINCE_M4),
    ("stalled-cycles-frontend", "ARM_STALL_FRONTEND", SINCE_M4),
    ("stalled-cycles-backend", "ARM_STALL_BACKEND", SINCE_M4),
    ("stalled-cycles-l1-dcache-miss", "LDST_UNIT_WAITING_OLD_L1D_CACHE_MISS", SINCE_M3),
    ("stalled-slots", "ARM_STALL_SLOT", SINCE_M4),
    ("stalled-slots-frontend", "ARM_STALL_SLOT_FRONTEND", SINCE_M4),
    ("stalled-slots-backend", "ARM_STALL_SLOT_BACKEND", SINCE_M4),
    ("memory-accesses-spec", "ARM_MEM_ACCESS", SINCE_M5),
    ("memory-reads-spec", "ARM_MEM_ACCESS_RD", SINCE_M5),
    ("memory-writes-spec", "ARM_MEM_ACCESS_WR", SINCE_M5),
    ("memory-accesses-checked-spec", "ARM_MEM_ACCESS_CHECKED", SINCE_M5),
    ("memory-reads-checked-spec", "ARM_MEM_ACCESS_CHECKED_RD", SINCE_M5),
    ("memory-writes-checked-spec", "ARM_MEM_ACCESS_CHECKED_WR", SINCE_M5),
    # Who served a load, and the level before the shared L2.
    ("loads-from-stores", "LD_SRC_STORE_NONSPEC", SINCE_M5),
    ("loads-from-pl2", "LD_SRC_PL2_CACHE_NONSPEC", SINCE_M5),
    ("loads-from-shared-l2", "LD_SRC_LL_CACHE_NONSPEC", SINCE_M5),
    ("loads-from-same-cluster", "LD_SRC_CORE_SAMECLUSTER_NONSPEC", SINCE_M5),
    ("loads-from-other-cluster", "LD_SRC_OTHERCLUSTER_NONSPEC", SINCE_M5),
    ("loads-from-other-die-cluster", "LD_SRC_OTHERCLUSTER_OTHERDIE_NONSPEC", SINCE_M5),
    ("loads-from-memory-system", "LD_SRC_MEMSYS_NONSPEC", SINCE_M5),
    ("loads-from-other-die-memory", "LD_SRC_MEMSYS_OTHERDIE_NONSPEC", SINCE_M5),
    ("pl2-cache-loads", "PL2_CACHE_ACCESS_LD", ("as5",) + M6),  # macOS 27
    ("pl2-cache-load-misses", "PL2_CACHE_MISS_LD", SINCE_M5),
    ("pl2-cache-stores", "PL2_CACHE_ACCESS_ST", SINCE_M5),
    ("pl2-cache-store-misses", "PL2_CACHE_MISS_ST", SINCE_M5),
    ("pl2-cache-fetches", "PL2_CACHE_ACCESS_INSTRUCTION", SINCE_M5),
    ("pl2-cache-fetch-misses", "PL2_CACHE_MISS_INSTRUCTION", SINCE_M5),
    ("pl2-cache-walks", "PL2_CACHE_ACCESS_MMU", SINCE_M5),
    ("pl2-cache-walk-misses", "PL2_CACHE_MISS_MMU", SINCE_M5),
    ("branches-call-indirect", "INST_BRANCH_CALL_INDIR", SINCE_M5),
    ("branch-misses-jump-indirect", "BRANCH_BR_INDIR_MISPRED_NONSPEC", SINCE_M5),
    ("l1-dtlb-fills", "L1D_TLB_FILL", A14_A15 + SINCE_M3),
    ("l1-itlb-fills", "L1I_TLB_FILL", A14_A15 + SINCE_M3),
    ("memory-order-violations", "ST_MEM_ORDER_VIOL_LD_NONSPEC", APPLE),
    ("memory-order-violations-sme-loads", "LD_SME_MEM_ORDER_VIOL_LD_NONSPEC", M6),
    ("memory-order-violations-sme-stores", "ST_SME_MEM_ORDER_VIOL_LD_NONSPEC", M6),
    # Page walks: completed on all of Intel, started where a database has them.
    ("dtlb-load-misses", "DTLB_LOAD_MISSES.DEMAND_LD_WALK_COMPLETED", INTEL[:1]),
    ("dtlb-load-misses", "DTLB_LOAD_MISSES.WALK_COMPLETED", INTEL[1:]),
    ("dtlb-store-misses", "DTLB_STORE_MISSES.WALK_COMPLETED", INTEL),
    ("itlb-load-misses", "ITLB_MISSES.WALK_COMPLETED", INTEL),
    ("dtlb-load-walks-started", "DTLB_LOAD_MISSES.DEMAND_LD_MISS_CAUSES_A_WALK", INTEL[:1]),
    ("dtlb-load-walks-started", "DTLB_LOAD_MISSES.MISS_CAUSES_A_WALK", INTEL[1:5]),
    ("dtlb-store-walks-started", "DTLB_STORE_MISSES.MISS_CAUSES_A_WALK", INTEL[:5]),
    ("itlb-walks-started", "ITLB_MISSES.MISS_CAUSES_A_WALK", INTEL[:5]),
    # Top-down.
    ("topdown-fetch-bubbles", "IDQ_UOPS_NOT_DELIVERED.CORE", INTEL),
    ("topdown-slots-issued", "UOPS_ISSUED.ANY", INTEL),
    ("topdown-slots-retired", "UOPS_RETIRED.RETIRE_SLOTS", INTEL[:5]),
    ("topdown-slots-retired", "UOPS_RETIRED.SLOTS", INTEL[5:]),
    ("topdown-recovery-cycles", "INT_MISC.RECOVERY_CYCLES", SKYLAKE),
    ("topdown-total-slots", "TOPDOWN.SLOTS_P", ("icelake",)),
    ("topdown-backend-bound-slots", "TOPDOWN.BACKEND_BOUND_SLOTS", ("icelake",)),
)


def check_where():
    wanted = {}
    for name, event, databases in WHERE:
        wanted.setdefault(name, {}).update((db, event) for db in databases)
    for name, events in wanted.items():
        equal(on(name), events, f"where {name} is, and what")
    equal(sorted({db for db in names()["cycles"]["on"]}), sorted(INTEL + APPLE), "the databases")


# ---- perf's names ------------------------------------------------------------------------------

# Of arch/x86/events/intel/core.c: umask and event, by the first of INTEL that has it. Its generic
# hardware events, then the cache events but those of the last level, which need an MSR.
PERF = {
    "bus-cycles": {"ivybridge": 0x013c},
    "cache-references": {"ivybridge": 0x4f2e},
    "cache-misses": {"ivybridge": 0x412e},
    "branches": {"ivybridge": 0x00c4},
    "branch-misses": {"ivybridge": 0x00c5},
    "l1-dcache-loads": {"ivybridge": 0x81d0},
    "l1-dcache-load-misses": {"ivybridge": 0x0151},
    "l1-dcache-stores": {"ivybridge": 0x82d0},
    "l1-icache-load-misses": {"ivybridge": 0x0280, "skylake": 0x0283},
    "dtlb-load-misses": {"ivybridge": 0x8108, "haswell": 0x0108, "skylake": 0x0e08},
    "dtlb-store-misses": {"ivybridge": 0x0149, "skylake": 0x0e49},
    "itlb-load-misses": {"ivybridge": 0x0185, "skylake": 0x0e85},
    "topdown-fetch-bubbles": {"ivybridge": 0x019c},
    "topdown-slots-issued": {"ivybridge": 0x010e},
    "topdown-slots-retired": {"ivybridge": 0x02c2},
}
# Where the name is another event than perf's, and which name is perf's event then.
INSTEAD = {("dtlb-load-misses", OLD): "dtlb-load-walks-started",
           ("dtlb-store-misses", OLD): "dtlb-store-walks-started",
           ("itlb-load-misses", OLD): "itlb-walks-started",
           ("l1-dcache-load-misses", INTEL): "l1-dcache-replacements"}
# Where perf's event is not the quantity, or Apple's file has it wrong: no event, rather than that.
UNSUPPORTED = {("l1-dcache-loads", OLD), ("l1-dcache-stores", OLD),
               ("cache-misses", ("cometlake", "icelake")),
               ("cache-references", ("cometlake", "icelake"))}


@functools.cache
def encodings(name):
    status, out, err = run(KPEP, "show", name, "--json")
    equal((status, err), (0, ""), f"kpep show {name}")
    return {row["db"]: row["umask"] << 8 | row["number"] for row in json.loads(out)["on"]}


def check_perf():
    for name, maps in PERF.items():
        code = None
        for db in INTEL:
            code = maps.get(db, code)
            instead = [other for (n, where), other in INSTEAD.items() if n == name and db in where]
            if any(n == name and db in where for n, where in UNSUPPORTED):
                equal(encodings(name).get(db), None, f"{name} on {db}: not what perf takes")
            elif instead:
                equal(encodings(instead[0]).get(db), code, f"{instead[0]} on {db}: perf's {name}")
                check(encodings(name).get(db) != code, f"{name} on {db}: not perf's event")
            else:
                equal(encodings(name).get(db), code, f"{name} on {db}: perf's event")


# ---- Instruments' guided modes -----------------------------------------------------------------

# What the modes' lists have on an M4 Max; the first eight are what an M1's bottlenecks take.
GUIDED = """
    CORE_ACTIVE_CYCLE RETIRE_UOP MAP_STALL MAP_REWIND MAP_INT_UOP MAP_LDST_UOP MAP_SIMD_UOP
    MAP_DISPATCH_BUBBLE
    MAP_DISPATCH_BUBBLE_IC MAP_DISPATCH_BUBBLE_ITLB BRANCH_MISPRED_NONSPEC
    BRANCH_COND_MISPRED_NONSPEC ST_MEM_ORDER_VIOL_LD_NONSPEC BRANCH_INDIR_MISPRED_NONSPEC
    BRANCH_CALL_INDIR_MISPRED_NONSPEC BRANCH_RET_INDIR_MISPRED_NONSPEC LD_UNIT_UOP ST_UNIT_UOP
    L1D_CACHE_MISS_LD L1D_CACHE_MISS_ST L1D_CACHE_WRITEBACK L1I_CACHE_MISS_DEMAND
    L1I_TLB_MISS_DEMAND L1I_TLB_FILL L2_TLB_MISS_INSTRUCTION MMU_TABLE_WALK_INSTRUCTION
    FETCH_RESTART L1D_TLB_MISS L1D_TLB_ACCESS L1D_TLB_FILL L2_TLB_MISS_DATA MMU_TABLE_WALK_DATA
    INST_BRANCH_INDIR INST_BRANCH_CALL INST_BRANCH_COND INST_BRANCH INST_BRANCH_TAKEN
""".split()


def check_guided():
    for db, events in (("as4-1", GUIDED), ("a14", GUIDED[:8])):
        named = {name["on"][db] for name in names().values()}
        equal([event for event in events if event not in named], [], f"guided modes on {db}")


# ---- one name, one quantity --------------------------------------------------------------------

TWICE = [{"loads", "l1-dcache-loads"}, {"stores", "l1-dcache-stores"},  # perf has both names
         {"uops-renamed", "topdown-slots-issued"}]


def check_one_quantity():
    for db in INTEL + APPLE:
        seen = {}
        for name in names().values():
            if name["on"][db] is not None:
                seen.setdefault(name["on"][db], set()).add(name["name"])
        for event, several in seen.items():
            check(len(several) == 1 or several in TWICE, f"{db}: {event} is {sorted(several)}")


SAYS = (("loads", "software prefetches included"),
        ("l1-dcache-loads", "software prefetches included"),
        ("loads-and-stores", "DC ZVA left out"), ("stores-integer", "DC ZVA left out"),
        ("l1-icache-load-misses", "Apple: that needed a new line"),
        ("branches-bcond", "CBZ, TBZ and kin are not counted"),
        ("stalled-cycles-l1-dcache-miss", "one cause a cycle"),
        ("dtlb-load-misses", "Completed page walks"), ("dtlb-load-walks-started", "walks started"))


def retired(event):
    return event.startswith("INST_") or event.endswith("_NONSPEC") or "_RETIRED" in event


def check_summaries():
    """One sentence each, alike in families; what it counts of the wrong path is said."""
    said = {}
    for name, facts in names().items():
        text, unit = facts["summary"], facts["unit"]
        check(re.fullmatch(r"[A-Z][ -~]{0,97}[^. ]\.", text) and ". " not in text,
              f"{name}: one sentence: {text}")
        check(text not in said, f"{name}: says what {said.get(text)} says")
        said[text] = name
        if unit in ("cycles", "slots"):
            check(re.match(f"{unit.title()} |Core clock cycles ", text),
                  f"{name}: {unit}: {text}")
        events = set(on(name).values())
        if any(retired(event) for event in events) and not name.startswith(("topdown", "flushes")):
            check(text.startswith("Retired "), f"{name}: retired: {text}")
        wrong = text.endswith("wrong path included.")
        if not name.startswith(("uops-", "topdown-slots-issued")):
            equal(wrong, name.endswith("-spec"), f"{name}: -spec and the wrong path: {text}")
        check(not (wrong and text.startswith("Retired")), f"{name}: {text}")
    for name, words in SAYS:
        check(words in names()[name]["summary"], f"{name}: says {words!r}")


# ---- events that a Mac miscounts ---------------------------------------------------------------

PLAIN = 0x53  # `other` of an event that needs no more than number and umask (plists.md 1.4)


def candidates():
    """Every (database, event, name) of Intel that some release resolves to."""
    return {(db, event, name["name"]) for name in names().values()
            for db, event in name["on"].items() if db in INTEL and event is not None}


def rows(name):
    """The rows of a table of facts as dictionaries; None where it is not beside the repository."""
    path = LISTS / name
    if not path.exists():
        print(f"{path} is not here: not compared")
        return None
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def check_miscounted():
    for db, event, name in candidates():
        fields = FACTS.cpu(db).newest.head["events"][event]
        equal(fields.get("other", PLAIN), PLAIN, f"{name}: {event} of {db} needs no other bits")
    bits = rows("intel_bits.tsv")
    wrong = rows("intel_disagree.tsv")
    if bits is None or wrong is None:
        return
    miscounted = {(row["db"], row["event"]) for row in bits}
    miscounted |= {(row["db"], row["event"]) for row in wrong if row["kind"] == "encoding"}
    # On Comet Lake's core Skylake's RETIRE_SLOTS has the number and umask of Ice Lake's SLOTS.
    miscounted |= {(row["db"], row["event"]) for row in wrong
                   if (row["db"], row["kind"]) == ("cometlake", "absent in perfmon")
                   if row["event"] != "UOPS_RETIRED.SLOTS"}
    check(len(miscounted) > 300, f"{len(miscounted)} events that a Mac miscounts")
    for db, event, name in candidates():
        check((db, event) not in miscounted, f"{name}: {event} of {db} counts something else")


check_where()
check_perf()
check_guided()
check_one_quantity()
check_summaries()
check_miscounted()
done()
