#!/usr/bin/env bash
# Usage: run.sh PROGRAM ADDRESS   Starts the server; on a new database, first makes an administrator and prints the password once.
set -euo pipefail
program=$1 address=$2

if ! "$program" user list | grep -q administrator; then
  echo "A new database. Its administrator (the password is shown this once):"
  "$program" user add admin --role administrator
fi
cat <<NEXT

The server listens on http://$address/ (stop it with Ctrl-C). Next, in another terminal:
  $program template enterprise enterprise.xlsx --lang zh     a blank workbook to fill in
  $program import enterprise enterprise.xlsx --dry-run       what an import would do
  $program assess --out scores.xlsx                          the scored workbook

NEXT
exec "$program" serve --listen "$address"
