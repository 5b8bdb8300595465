#!/bin/sh
# Fills the server at MILLRACE_URL by the Python client, and runs a command that finds the ids in the file IDS:
#   fill.sh PYTHON COMMAND...
set -eu
python=$1
shift
IDS=$(mktemp)
export IDS
trap 'rm -f "$IDS"' EXIT
MLFLOW_TRACKING_USERNAME=admin MLFLOW_TRACKING_PASSWORD="$MLFLOW_AUTH_ADMIN_PASSWORD" \
	"$python" "$(dirname "$0")/seed.py" "$MILLRACE_URL" >"$IDS" 2>"$IDS.log" || { cat "$IDS.log" >&2; rm -f "$IDS.log"; exit 1; }
rm -f "$IDS.log"
"$@"
