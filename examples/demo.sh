#!/usr/bin/env bash
# Builds the download server, drives real clients against it, and compares what they did with what weir counted.
#   examples/demo.sh [--seconds N] [--port P] [--keep] [--stack]
# --seconds N  how long the traffic lasts, 1 to 3600 (default 20)
# --port P     the port on 127.0.0.1 (default 8080)
# --keep       leaves the server running afterwards, until Ctrl-C
# --stack      also starts a Prometheus that scrapes it, with the project's rules, and holds its answers against the clients'
# Exits with 0 only if all counts agree.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

fail() { echo "demo: $*" >&2; exit 1; }
number() { # name value least most
  [[ "$2" =~ ^[0-9]{1,5}$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || fail "$1 wants a number from $3 to $4, not '$2'"
}

seconds=20 port=8080 keep=() stack=()
while [ $# -gt 0 ]; do
  case "$1" in
    --seconds) number --seconds "${2-}" 1 3600; seconds=$2; shift 2 ;;
    --port) number --port "${2-}" 1 65535; port=$2; shift 2 ;;
    --keep) keep=(--keep); shift ;;
    --stack) stack=(--stack); shift ;;
    -h|--help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) fail "unknown option '$1' (try --help)" ;;
  esac
done
[ -w . ] || fail "no right to write in $PWD, where it builds; check who owns it"
# Said before minutes are spent on building; the server says it again if somebody takes the port meanwhile.
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  fail "port $port on 127.0.0.1 is taken; stop what listens there or choose another with --port"
fi

.ci/setup.sh build run ${stack:+stack}
.ci/build.sh demo example_02_download_server
export no_proxy=127.0.0.1
exec python3 -B examples/demo/traffic.py --server build/demo/examples/02_download_server --directory build/demo/run \
  --seconds "$seconds" --port "$port" "${keep[@]}" "${stack[@]}"
