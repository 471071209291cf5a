#!/bin/sh
# valgrind.sh BUILD_DIR: the commands and the unit tests of a build under valgrind. A read or write
# out of bounds, a jump on what was never set, a block that nothing points to any more: all fail.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# clean STATUS COMMAND...: the exit status it must have.
clean() {
    want=$1
    shift
    got=0
    valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
        --error-exitcode=99 "$@" >out 2>err || got=$?
    if [ "$got" != "$want" ]; then
        echo "valgrind: exit status $got, not $want: $*" >&2
        cat err >&2
        failed=1
    fi
    runs=$((runs + 1))
}
failed=0
runs=0

kpepc=$build/gen/kpepc
kpep=$build/runtime/kpep
facts=""
for name in names chips kernel intel sources meanings; do
    facts="$facts --$name $source/db/$name.plist"
done
releases=""
for name in macos-15 macos-26.0 macos-26.4 macos-27; do
    releases="$releases $name=$source/db/kpep/$name"
done
golden=$source/tests/golden
# shellcheck disable=SC2086
{
    clean 0 "$kpepc" compile -o tables $facts $releases
    clean 0 "$kpepc" snapshot -o facts --release macos-15 "$golden/kpep"
    clean 1 "$kpepc" diff "$source/db/kpep/macos-15" "$source/db/kpep/macos-26.4"
    clean 0 "$kpepc" lint $facts --accepted "$source/db/lint-accepted.txt" $releases
    for template in c-header csv json markdown perf-json; do
        clean 0 "$kpepc" emit -t $template --cpu m1 -o "$template" $facts $releases
    done
    clean 0 "$kpepc" render -t "$source/gen/templates/csv.csv.mustache" --lenient \
        -d "$source/db/names.plist"
    clean 1 "$kpepc" compile -o tables macos-15="$source/db"
    clean 2 "$kpepc" compile --nonsense
}
for words in "cpus" "list --cpu m4" "show branch-misses" "names" "names --metrics" \
    "encode --cpu m1 cycles INST_BRANCH:u" "plan --cpu icelake --all"; do
    # shellcheck disable=SC2086
    clean 0 "$kpep" $words
    # shellcheck disable=SC2086
    clean 0 "$kpep" $words --json
done
clean 1 "$kpep" encode --cpu m1 INST_BRANCH INST_BRANCH_CALL INST_BRANCH_RET INST_BRANCH_TAKEN
clean 1 "$kpep" show INST_BRNCH
clean 2 "$kpep" encode

sim=$build/tests/sim
if [ -e "$sim/libkperf_sim.so" ]; then
    export KPEP_SIM="chip=m1 gen=4" KPEP_SIM_CPU=cpu_100000c_2_1b588bb3
    export KPEP_DB_PATH="$source/db/kpep/macos-26.4"
    # Copies: as root kpep loads only what nobody else can change.
    install -m 755 "$sim"/lib*.so .
    libraries="--kperf $scratch/libkperf_sim.so --kperfdata $scratch/libkperfdata_sim.so"
    # shellcheck disable=SC2086
    clean 0 "$kpep" check --json $libraries
    for words in "list --live" "list --live --json" "show --live Cycles" "reset"; do
        # shellcheck disable=SC2086
        clean 0 "$kpep" $words $libraries
    done
    # shellcheck disable=SC2086
    clean 1 "$kpep" measure --calibrate -r 1 $libraries
    # shellcheck disable=SC2086
    KPEP_SIM="$KPEP_SIM busy=1" clean 3 "$kpep" measure --calibrate $libraries
    clean 0 "$build/tests/fault/live_fault_test" "$sim/libkperf_sim.so" "$sim/libkperfdata_sim.so" \
        "$source/db/kpep"
fi
for test in template_test kpdb_test kpdb_test_named; do
    clean 0 "$build/tests/unit/$test"
done
echo "valgrind: $runs runs, $([ $failed = 0 ] && echo all clean || echo some not)"
exit $failed
