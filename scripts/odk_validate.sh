#!/usr/bin/env bash
# Usage: odk_validate.sh   Puts ODK Validate, which has JavaRosa in it, where the tests look for it.
#
# It comes in the Python package pyxform: from the one that is installed, if it is of the right version, else from PyPI.
# Needs Python 3 with venv.
set -euo pipefail
version=4.5.0
folder=$(cd "$(dirname "$0")/.." && pwd)/target/odk_validate
[ "$(cat "$folder/version" 2>/dev/null)" = "$version" ] && [ -f "$folder/ODK_Validate.jar" ] && exit 0

inside=validators/odk_validate/bin/ODK_Validate.jar
find_in() { # a Python: the file, where it has that version of pyxform
    "$1" - "$version" "$inside" 2>/dev/null <<'PYTHON'
import importlib.metadata, importlib.util, pathlib, sys
version, inside = sys.argv[1:]
if importlib.metadata.version("pyxform") != version:
    sys.exit(1)
print(pathlib.Path(importlib.util.find_spec("pyxform").origin).parent / inside)
PYTHON
}

mkdir -p "$folder"
if ! jar=$(find_in python3); then
    [ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet "pyxform==$version"
    jar=$(find_in "$folder/venv/bin/python")
fi
cp "$jar" "$folder/ODK_Validate.jar"
echo "$version" >"$folder/version"
