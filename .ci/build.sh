#!/usr/bin/env bash
# Configures and builds one preset into build/PRESET, showing progress.
#   .ci/build.sh PRESET [-DNAME=VALUE...] [TARGET...]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
preset=$1
shift

options=()
command -v ccache >/dev/null && options=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
# KiB, of the machine or, in a container, of what it is allowed.
memory=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
[ "$limit" = max ] || [ $((limit / 1024)) -ge "$memory" ] || memory=$((limit / 1024))
[ $((memory / $(nproc))) -lt 3000000 ] || options+=(-DWEIR_AMPLE_MEMORY=ON)
while [[ ${1:-} == -D* ]]; do options+=("$1"); shift; done
# What one checkout has compiled another need not; the tests have a precompiled header, which no macro of theirs changes.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! cmake --preset "$preset" "${options[@]}" >"$log" 2>&1; then
  cat "$log" >&2
  echo "build: cmake could not configure '$preset'; the messages above say why" >&2
  exit 1
fi

targets=()
[ $# -eq 0 ] || targets=(--target "$@")
echo "build: $preset (in build/$preset)"
# On a terminal ninja rewrites one line; in a log every twentieth step is enough.
if [ -t 1 ]; then
  cmake --build "build/$preset" "${targets[@]}"
else
  set +e
  cmake --build "build/$preset" "${targets[@]}" 2>&1 | tee "$log" | awk '/^\[[0-9]+\/[0-9]+\]/ { if (++n % 20 == 0) print; fflush(); next } { print; fflush() }'
  status=${PIPESTATUS[0]}
  exit "$status"
fi
