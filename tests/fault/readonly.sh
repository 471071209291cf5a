#!/bin/sh
# readonly.sh: builds a copy of the source tree that nobody may write to, as a user who may not,
# and compiles its databases again. What was committed is all that is in the copy.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir "$scratch/source" "$scratch/build"
git archive HEAD | tar -x -C "$scratch/source"
chmod -R a-w,a+rX "$scratch/source"
if [ "$(id -u)" = 0 ]; then # whom permissions do not hold back
    chown 65534:65534 "$scratch/build"
    as_user="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$scratch/build"
else
    as_user=
fi
cd "$scratch/build"
if $as_user touch "$scratch/source/written" 2>/dev/null; then
    echo "readonly: the tree can be written to" >&2
    exit 1
fi
$as_user cmake -S "$scratch/source" -B . -DKPEP_TESTS=OFF >/dev/null
$as_user cmake --build . --parallel 2 >/dev/null
$as_user gen/kpepc compile -o tables "macos-15=$scratch/source/db/kpep/macos-15"
$as_user runtime/kpep show INST_BRANCH >/dev/null
[ -s tables/kpdb_tables.h ]
echo "readonly: built and compiled"
