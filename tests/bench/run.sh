#!/usr/bin/env bash
# Sets up, builds and runs the benchmarks; README.md says what each measures.
#   tests/bench/run.sh [--quick] [--only NAME] [--json FILE] [--dir DIR]
# --quick: fewer and shorter repetitions, under a minute. --only: call_site, text_to_file, http or steady_state.
# --json: writes the medians there, one JSON object a line. --dir: where log files go while measuring; by default a
# new directory in /dev/shm. The tables go to standard output, progress to standard error.
set -euo pipefail
started_in=$PWD
cd "$(dirname "$(readlink -f "$0")")/../.."

for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  esac
done
export PYTHONDONTWRITEBYTECODE=1
python3 -c '' 2>/dev/null || .ci/setup.sh run >&2
# Mistakes on the command line are told before minutes of building.
python3 tests/bench/main.py --check "$@"

.ci/setup.sh build run test >&2
.ci/build.sh release weir_bench >&2
cd "$started_in"
exec python3 "$OLDPWD/tests/bench/main.py" --programs "$OLDPWD/build/release/tests/bench" "$@"
