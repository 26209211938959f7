#!/usr/bin/env bash
# Sets up, builds and runs the tests.
#   tests/run.sh [--preset release|asan|tsan] [CTEST ARGS...]
# Without --preset: all tests in release and with AddressSanitizer + UndefinedBehaviorSanitizer, and those labelled
# `concurrent` with ThreadSanitizer. CTEST ARGS go to ctest, e.g. -R 'chunk:'.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0"; }

presets=()
while [ $# -gt 0 ]; do
  case "$1" in
    --preset)
      [ $# -ge 2 ] || { echo "tests/run.sh: --preset wants release, asan or tsan" >&2; exit 2; }
      presets=("$2"); shift 2 ;;
    --preset=*) presets=("${1#*=}"); shift ;;
    -h|--help) usage; exit 0 ;;
    *) break ;;
  esac
done
default_run=no
if [ ${#presets[@]} -eq 0 ]; then
  default_run=yes
  presets=(release asan tsan)
fi
for preset in "${presets[@]}"; do
  case "$preset" in
    release|asan|tsan) ;;
    *) echo "tests/run.sh: unknown preset '$preset': release, asan or tsan" >&2; exit 2 ;;
  esac
done

.ci/setup.sh build run test

jobs=$(nproc)
passed=0
failed=0
for preset in "${presets[@]}"; do
  started=$(date +%s)
  .ci/build.sh "$preset"
  built=$(date +%s)
  select=()
  [ "$default_run" = yes ] && [ "$preset" = tsan ] && select=(-L concurrent)
  echo "tests: $preset"
  log=$(mktemp)
  status=0
  # One job: the tests start servers and clients of their own, and there are few cores.
  ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$jobs" "${select[@]}" "$@" 2>&1 | tee "$log" || status=$?
  # "97% tests passed, 3 tests failed out of 120"
  read -r f n < <(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests\{0,1\} failed out of \([0-9]*\)$/\1 \2/p' "$log") || { f=1; n=1; }
  rm -f "$log"
  [ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
  failed=$((failed + f))
  passed=$((passed + n - f))
  echo "tests: $preset built in $((built - started)) s, ran in $(($(date +%s) - built)) s"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
