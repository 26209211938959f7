#!/usr/bin/env bash
# Sets up, builds and runs the benchmarks; README.md says what each measures.
#   tests/bench/run.sh [--quick] [--only NAME] [--json FILE] [--dir DIR]
# --quick: fewer and shorter repetitions, about two minutes. --only: call_site, text_to_file, json_to_file,
# lone_record, durable, flush, memory, idle, steady_state, compile_time, context, metrics, scrape, http or client_gone.
# --json: writes the medians there, one JSON object a line. --dir: where log files go while measuring; by default a new
# directory in /dev/shm.
# Quill, glog and Boost.Log are measured too where they are installed; CMAKE_PREFIX_PATH is looked at.
# The tables go to standard output, progress to standard error.
set -euo pipefail
# No change of directory: relative paths are the caller's.
root=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")

for argument in "$@"; do
  case "$argument" in
    -h|--help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
  esac
done
export PYTHONDONTWRITEBYTECODE=1
python3 -c '' 2>/dev/null || "$root/.ci/setup.sh" run >&2
# Mistakes on the command line are told before minutes of building.
python3 "$root/tests/bench/main.py" --check "$@"

"$root/.ci/setup.sh" build run test >&2
"$root/.ci/build.sh" release weir_bench >&2
exec python3 "$root/tests/bench/main.py" --build "$root/build/release" "$@"
