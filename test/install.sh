#!/usr/bin/env bash
# install.sh FOLDER ARGUMENTS...: installs packages in the Python environment FOLDER; ARGUMENTS are those of `pip install`.
# uv does it in a tenth of the time. It does not read pip's settings, so pip does it where uv cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
shift
if .venv-uv/bin/uv pip install --quiet --python "$folder/bin/python" "$@"; then exit 0; fi
echo "uv could not install the packages of $folder; pip tries it, which takes longer" >&2
exec .venv-uv/bin/python -m pip --disable-pip-version-check --python "$folder/bin/python" install --quiet "$@"
