#!/usr/bin/env bash
# Usage: with_pyxform.sh COMMAND…   Runs a command with a Python that has pyxform, the reference converter of XLSForm.
#
# The Python of the machine is taken where it has this version; else one is installed into target/pyxform. It is named in
# INNOGAUGE_TEST_PYXFORM. Needs Python 3 with venv.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
version=4.5.0

has() { "$1" -c "import pyxform, sys; sys.exit(pyxform.__version__ != '$version')" 2>/dev/null; }

python=${INNOGAUGE_TEST_PYXFORM:-python3}
if ! has "$python"; then
    venv=$root/target/pyxform python=$root/target/pyxform/bin/python
    has "$python" || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet "pyxform==$version"; }
fi
export INNOGAUGE_TEST_PYXFORM=$python
exec "$@"
