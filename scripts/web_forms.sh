#!/usr/bin/env bash
# Usage: web_forms.sh PROGRAM [ADDRESS]
#
# Holds the XForm of each survey of survey_defs against the browser form component of ODK (tests/web_forms): it must load
# in a headless Chromium without an error, be filled in, and be sent. With ADDRESS, such as http://127.0.0.1:8080/key/TOKEN,
# what is sent must be accepted there. Needs Node.js with npm, and Chromium.
set -euo pipefail
program=$(realpath "$1") address=${2:-}
root=$(cd "$(dirname "$0")/.." && pwd)
test=$root/tests/web_forms

folder=$(mktemp -d "${TMPDIR:-/tmp}/innogauge-web-forms.XXXXXX")
trap 'rm -rf "$folder"' EXIT

if ! [ "$test/node_modules/.package-lock.json" -nt "$test/package-lock.json" ]; then
    (cd "$test" && npm ci --no-audit --no-fund --loglevel=error)
fi
forms=()
for definition in "$root"/survey_defs/*.yaml; do
    grep -q '^questions:' "$definition" || continue
    form=$folder/$(basename "$definition" .yaml).xml
    "$program" convert "$definition" "$form"
    media=${definition%.yaml}-media
    if [ -d "$media" ]; then cp -r "$media" "${form%.xml}-media"; fi
    forms+=("$form")
done
node "$test/run.mjs" --out "$folder" ${address:+--post "$address"} "${forms[@]}"
