#!/bin/sh
# Apple's events for Linux's perf, in the layout of linux/tools/perf/pmu-events:
#
#     perf-json.sh KPEPC DB DIRECTORY
#     perf-json.sh build/gen/kpepc db linux/tools/perf/pmu-events
#
# writes DIRECTORY/arch/arm64/apple/CPU/core-imp-def.json and adds what is missing to
# DIRECTORY/arch/arm64/mapfile.csv. A perf built from there knows the events by name:
# perf stat -e inst_branch. The chips are those whose counters Linux has a driver for.
set -eu
if [ $# -ne 3 ]; then
    echo "usage: perf-json.sh KPEPC DB DIRECTORY" >&2
    exit 2
fi
kpepc=$1 db=$2 arch=$3/arch/arm64
releases=$db # as installed, share/kpep; in the sources they are a level deeper
[ ! -d "$db/kpep" ] || releases=$db/kpep

# The part numbers of MIDR_EL1 (arch/arm64/include/asm/cputype.h), efficiency core and performance
# core: of M1, M1 Pro, M1 Max; of M2, M2 Pro, M2 Max.
parts() {
    case $1 in
    m1) echo 0x22 0x23 0x24 0x25 0x28 0x29 ;;
    m2) echo 0x32 0x33 0x34 0x35 0x38 0x39 ;;
    esac
}

mkdir -p "$arch"
# The first line is never read as data.
[ -s "$arch/mapfile.csv" ] || echo "#Family-model,Version,Filename,EventType" >"$arch/mapfile.csv"
for cpu in m1 m2; do
    mkdir -p "$arch/apple/$cpu"
    set --
    for release in "$releases"/macos-*; do
        set -- "$@" "${release##*/}=$release"
    done
    "$kpepc" emit -t perf-json --cpu $cpu --names "$db/names.plist" --chips "$db/chips.plist" \
        -o "$arch/apple/$cpu/core-imp-def.json" "$@"
    for part in $(parts $cpu); do
        line=$(printf '0x%016x,v1,apple/%s,core' $((0x610f0000 | part << 4)) $cpu)
        grep -qxF "$line" "$arch/mapfile.csv" || echo "$line" >>"$arch/mapfile.csv"
    done
done
