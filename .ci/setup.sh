#!/usr/bin/env bash
# Installs what .ci/packages lists for the named groups and is not installed yet; silent when nothing is missing.
#   .ci/setup.sh build run test
set -euo pipefail
list="$(dirname "$(readlink -f "$0")")/packages"

missing=()
optional=()
for group in "$@"; do
  while read -r mark package; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed && continue
    # npm may have come with a Node.js from elsewhere, which Debian's package would not go together with.
    [ "$package" = npm ] && command -v npm >/dev/null && continue
    [ "$mark" = : ] && missing+=("$package") || optional+=("$package")
  done < <(sed -n "s/^$group\(?\?:\) */\1 /p" "$list")
done
if [ ${#missing[@]} -eq 0 ]; then
  [ ${#optional[@]} -eq 0 ] && exit 0
  if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "setup: not installed, so the parts that need it are left out: ${optional[*]}" >&2
    exit 0
  fi
fi

if ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system; please install by hand: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: packages are missing and only root may install them: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "setup: installing ${missing[*]} ${optional[*]}"
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
install() { apt-get "${apt_options[@]}" install -y --no-install-recommends "$@" >>"$log" 2>&1; }
why() { grep -m1 '^E: ' "$log" || tail -n 1 "$log"; }

updated=yes
apt-get "${apt_options[@]}" update >"$log" 2>&1 || updated=no
if [ ${#missing[@]} -ne 0 ] && { [ "$updated" = no ] || ! install "${missing[@]}"; }; then
  echo "setup: apt-get could not install ${missing[*]}; is there a network, and a Debian 12 package source? It says: $(why)" >&2
  exit 1
fi
if [ ${#optional[@]} -ne 0 ] && { [ "$updated" = no ] || ! install "${optional[@]}"; }; then
  echo "setup: could not be installed, so the parts that need it are left out: ${optional[*]} ($(why))" >&2
fi
