#!/usr/bin/env bash
# Usage: with_numpy.sh COMMAND…   Runs a command with a Python that has numpy, which peers of benches/peers are written in.
#
# The Python of the machine is taken where it has numpy; else one is installed into target/numpy. It is named in
# INNOGAUGE_BENCH_NUMPY. Needs Python 3 with venv.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

has() { "$1" -c "import numpy" 2>/dev/null; }

python=${INNOGAUGE_BENCH_NUMPY:-python3}
if ! has "$python"; then
    venv=$root/target/numpy python=$root/target/numpy/bin/python
    has "$python" || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet numpy; }
fi
export INNOGAUGE_BENCH_NUMPY=$python
exec "$@"
