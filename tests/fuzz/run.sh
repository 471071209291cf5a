#!/bin/sh
# tests/fuzz/run.sh BUILD_DIR [TIMES]
#
# Fuzzes every target for a fixed number of executions, times TIMES (default 1, about six minutes
# on two cores), from a copy of the corpus, and fails on anything found: the input is kept in
# BUILD_DIR/found. Each run begins at another seed, which it prints: KPEP_SEED=N in the environment
# repeats it. BUILD_DIR is of the preset fuzz. To make what was learnt part of the corpus:
# BUILD_DIR/tests/fuzz/fuzz_NAME -merge=1 NEW_DIR OLD_DIR...
set -eu

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
build=$1
times=${2:-1}
# In memory where that can be: the compiler's targets write files.
for place in /dev/shm "${TMPDIR:-/tmp}"; do
    [ -d "$place" ] && [ -w "$place" ] && break
done
work=$(mktemp -d "$place/kpep-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export TMPDIR="$work"
mkdir -p "$build/found"

# 0 would make libFuzzer choose one that nobody sees.
seed=${KPEP_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
[ "$seed" != 0 ] || seed=1
# The same addresses too, which libFuzzer's choices depend on; and no look at the clock (-reload=0).
same=""
! setarch -R true 2>/dev/null || same="setarch -R"
echo "the seed: KPEP_SEED=$seed tests/fuzz/run.sh $* repeats this run"

# NAME RUNS LONGEST_INPUT
fuzz() {
    cp -r "$here/corpus/$1" "$work/$1"
    name=$1
    # shellcheck disable=SC2086
    set -- $same "$build/tests/fuzz/fuzz_$1" -runs=$(($2 * times)) -seed="$seed" -reload=0 \
        -max_len="$3" -timeout=60 -rss_limit_mb=2048 -dict="$here/$1.dict"
    if ! "$@" -artifact_prefix="$build/found/$name-" "$work/$name" >"$work/$name.log" 2>&1; then
        grep -v '^#' "$work/$name.log" >&2
        echo "fuzz_$name: found something; the same again: $* COPY_OF_$here/corpus/$name" >&2
        return 1
    fi
    sed -n -e '/^fuzz_/p' -e 's/^#\([0-9]*\)\tDONE *cov: \([0-9]*\) ft: \([0-9]*\) corp: \([^ ]*\).*/'"fuzz_$name"': \1 executions, \2 edges, \3 features, \4 inputs/p' "$work/$name.log"
}

fuzz compile 24000 6144 & first=$!
fuzz render 60000 1500 & second=$!
wait $first || failed=1
wait $second || failed=1
fuzz kpdb 300000 600 & first=$!
fuzz live 100000 600 & second=$!
wait $first || failed=1
wait $second || failed=1
fuzz plist 200000 4096 || failed=1
exit "${failed:-0}"
