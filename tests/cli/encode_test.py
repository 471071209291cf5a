"""kpep encode and kpep plan: text, JSON, options and messages; the words are unit.encode's."""
import json

from kpeptest import KPEP, check, done, equal, run


def kpep(*arguments):
    return run(KPEP, *arguments)


def encode(*arguments):
    status, output, errors = kpep("encode", "--json", *arguments)
    return status, json.loads(output) if output else None, errors


def words_test():
    status, got, errors = encode("--cpu", "m1", "--release", "macos-15", "cycles", "instructions",
                                 "branches:u", "L1D_CACHE_MISS_LD")
    equal(status, 0, errors)
    equal([got[k] for k in ("db", "arch", "strategy", "counters", "classes", "slots")],
          ["a14", "arm64", "optimal", "forced", 3, 10], "the head")
    equal(got["config"], [0xa3, 0, 0, 0x3008d, 0, 0, 0, 0], "the words")
    equal(got["map"], [0, 1, 5, 2], "the map")
    equal([(e["asked"], e["name"], e["counter"], e["user_only"]) for e in got["events"]],
          [("cycles", "FIXED_CYCLES", 0, False), ("instructions", "FIXED_INSTRUCTIONS", 1, False),
           ("branches", "INST_BRANCH", 5, True), ("L1D_CACHE_MISS_LD", "L1D_CACHE_MISS_LD", 2, False)],
          "the events")
    equal([(w["event"], w["warning"]) for w in got["warnings"]], [("L1D_CACHE_MISS_LD", "user-mode")],
          "the warnings")
    equal(encode("--cpu", "m1", "--user-only", "branches")[1]["config"][3], 0x2008d, "macOS 26's user bit")
    equal(encode("--cpu", "haswell", "branches")[1]["config"], [0x4300c4, 0, 0, 0], "an Intel word")
    equal(encode("--cpu", "haswell", "--user-only", "branches")[1]["config"][0], 0x4100c4, "user only")


def strategies_test():
    """Six that go anywhere, then one that does not: kperfdata gives up, a placement exists."""
    events = ["L1D_CACHE_MISS_LD", "L1D_CACHE_MISS_ST", "L1D_TLB_MISS", "L1D_TLB_FILL", "L1I_TLB_FILL",
              "MAP_STALL", "INST_BRANCH"]
    status, got, errors = encode("--cpu", "a14", "--strategy", "kperfdata", *events)
    equal(status, 1, "kperfdata's greedy order fails")
    equal((got["error"], got["kperfdata_code"], got["asked"]), ("conflict", 12, "INST_BRANCH"), "the error")
    equal(got["conflicts"], ["L1D_TLB_FILL", "L1I_TLB_FILL", "MAP_STALL"], "who holds 5, 6 and 7")
    check("1 pass would do" in errors and "counters 5-7" in errors, errors)
    status, got, _ = encode("--cpu", "a14", *events)
    equal((status, len(set(e["counter"] for e in got["events"]))), (0, 7), "optimal finds a place")
    again = encode("--cpu", "a14", *reversed(events))[1]
    equal(again["config"], got["config"], "in any order the same words")


def errors_test():
    cases = [
        (["--cpu", "a14", "INST_BRANCH", "INST_BRANCH"], "duplicate"),
        (["--cpu", "a14", "INST_BRANCH", "branches"], "duplicate"),
        (["--cpu", "a14", "NO_SUCH"], "not-found"),
        (["--cpu", "a14", "BACLEARS.ANY"], "not-on-cpu"),
        (["--cpu", "a14", "--release", "macos-15", "SCHEDULE_EMPTY"], "not-in-release"),
        (["--cpu", "a14", "--counters", "unforced", "INST_BRANCH"], "not-forced"),
        (["--cpu", "skylake", "CPU_CLK_UNHALTED.REF_TSC"], "unavailable"),
        (["--cpu", "skylake", "BACLEARS.ANY", "branches", "branch-misses", "DSB2MITE_SWITCHES.PENALTY_CYCLES",
          "LD_BLOCKS.NO_SR"], "too-many"),
        (["--cpu", "a14", "INST_BRANCH", "INST_BRANCH_RET", "INST_BRANCH_CALL", "INST_BRANCH_TAKEN"], "conflict"),
    ]
    for arguments, word in cases:
        status, got, errors = encode(*arguments)
        equal((status, got["error"]), (1, word), f"{arguments}")
        equal((errors.startswith("kpep: "), errors.count("\n")), (True, 1), f"{arguments}: {errors!r}")
    for arguments in (["--cpu", "a14"], ["INST_ALL"], ["--cpu", "a14", "--strategy", "best", "INST_ALL"],
                      ["--cpu", "a14", "--counters", "all", "INST_ALL"]):
        status, output, errors = kpep("encode", *arguments)
        equal((status, output, errors.count("\n")), (2, "", 1), f"{arguments}: {errors!r}")
    many = ["INST_ALL"] * 33
    equal(encode("--cpu", "a14", *many)[1]["error"], "too-many", "more than fit a request")


def text_test():
    status, output, errors = kpep("encode", "--cpu", "m4", "--release", "macos-26.4", "INST_ALL",
                                  "ARM_STALL", "cycles")
    equal(status, 0, errors)
    lines = output.splitlines()
    equal(lines[:3], ["counter   0   1  |  2   3   4   5*  6*  7*  8   9",
                      "event     c   -  |  a   b   -   -   -   -   -   -",
                      "        * held by the power manager until forced"], "the row of counters")
    check(all(line == line.rstrip() for line in lines), "no blanks at the end of lines")
    check("ARM_STALL" in errors and "public" in errors, f"what the kernel may refuse: {errors}")
    status, output, errors = kpep("encode", "--cpu", "ivybridge", "UOPS_ISSUED.STALL_CYCLES")
    check("--full" in errors, f"bits that kperfdata drops: {errors}")
    word = encode("--cpu", "ivybridge", "UOPS_ISSUED.STALL_CYCLES")[1]["config"][0]
    full = encode("--cpu", "ivybridge", "--full", "UOPS_ISSUED.STALL_CYCLES")[1]
    equal(full["config"][0] & 0xffffff & ~0xa40000, word & ~0xa40000, "--full keeps modes, enable and event")
    equal((full["config"][0] >> 24, full["config"][0] >> 23 & 1), (1, 1), "--full adds CMASK 1 and INV")
    equal(full["full"], True, "and says so")


def plan_test():
    for cpu, release, passes, events in (("a14", "macos-15", 9, 59), ("as4", "macos-15", 8, 61),
                                         ("skylake", "macos-15", 63, 250), ("icelake", "macos-15", 48, 316)):
        status, output, errors = kpep("plan", "--cpu", cpu, "--release", release, "--all", "--json")
        equal(status, 0, errors)
        got = json.loads(output)
        equal((got["db"], len(got["passes"])), (cpu, passes), "passes")
        fixed = {e["name"] for p in got["passes"] for e in p["events"] if e["counter"] < 2 and cpu[0] == "a"}
        counted = [e["name"] for p in got["passes"] for e in p["events"] if e["name"] not in fixed]
        equal((len(counted), len(set(counted))), (events, events), f"{cpu}: every event once")
        if cpu[0] == "a":
            check(all({e["name"] for e in p["events"]} >= fixed for p in got["passes"]),
                  "fixed events go along in every pass")
        bound = got["bottleneck"]
        equal(-(-bound["events"] // bound["counters"]), passes, f"{cpu}: the bottleneck proves it")
    status, output, errors = kpep("plan", "--cpu", "m1", "cycles")
    equal((status, output.splitlines()[0]), (0, "1 pass: only fixed counters count"), errors)
    lines = kpep("plan", "--cpu", "m1", "cycles", "branches", "branch-misses", "INST_BRANCH_CALL",
                 "INST_BRANCH_RET")[1].splitlines()
    equal(lines[0], "2 passes: 4 events can be counted on counters 5-7 alone, 3 at a time", "why two")
    lines = kpep("plan", "--cpu", "m1", "INST_ALL")[1].splitlines()
    equal(lines[0], "1 pass: 1 event can be counted on counter 7 alone, 1 at a time", "the singular")
    status, output, errors = kpep("plan", "--cpu", "m1", "INST_BRANCH", "NO_SUCH_EVENT")
    equal((status, output, errors.count("\n")), (1, "", 1), errors)
    status, output, errors = kpep("plan", "--cpu", "m1")
    equal((status, output, errors),
          (2, "", "kpep: plan takes events, or --all (kpep plan --help)\n"), "no events")


words_test()
strategies_test()
errors_test()
text_test()
plan_test()
done()
