#!/usr/bin/env bash
# Usage: with_pyxform.sh odk_validate.sh   Puts ODK Validate, which has JavaRosa in it, where the tests look for it.
#
# It comes in the Python package pyxform.
set -euo pipefail
folder=$(cd "$(dirname "$0")/.." && pwd)/target/odk_validate
[ -f "$folder/ODK_Validate.jar" ] && exit 0

jar=$("${INNOGAUGE_TEST_PYXFORM:-python3}" - <<'PYTHON'
import importlib.util, pathlib
package = pathlib.Path(importlib.util.find_spec("pyxform").origin).parent
print(package / "validators/odk_validate/bin/ODK_Validate.jar")
PYTHON
)
mkdir -p "$folder"
cp "$jar" "$folder/ODK_Validate.jar"
