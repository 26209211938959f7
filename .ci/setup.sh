#!/usr/bin/env bash
# Installs what .ci/packages lists for the named groups and is not installed yet; silent when nothing is missing.
#   .ci/setup.sh build run test
set -euo pipefail
list="$(dirname "$(readlink -f "$0")")/packages"

missing=()
for group in "$@"; do
  while read -r package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done < <(sed -n "s/^$group: *//p" "$list")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system; please install by hand: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: packages are missing and only root may install them: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Some packages start a service when they are installed (prometheus takes port 9090); a set-up for building must not.
policy=/usr/sbin/policy-rc.d
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
  trap 'rm -f "$log" "$policy"' EXIT
fi
apt_options=(-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)
if ! { apt-get "${apt_options[@]}" update &&
       apt-get "${apt_options[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  why=$(grep -m1 '^E: ' "$log" || tail -n 1 "$log")
  echo "setup: apt-get could not install ${missing[*]}; is there a network, and a Debian 12 package source? It says: $why" >&2
  exit 1
fi
