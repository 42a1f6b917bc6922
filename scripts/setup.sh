#!/usr/bin/env bash
# Usage: setup.sh PACKAGE…   Installs the Debian packages that are missing when root, else names them in one line.
set -euo pipefail

command -v cargo >/dev/null || { echo "Rust is missing: install it as https://rustup.rs says, then run this again." >&2; exit 1; }

missing=()
for package in "$@"; do
  case "$package" in
    jdk) command -v javac >/dev/null || missing+=(default-jdk-headless) ;;
    gcc) command -v cc >/dev/null || missing+=(gcc libc6-dev) ;;
    *) dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package") ;;
  esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]}. Install with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
