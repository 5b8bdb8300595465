#!/usr/bin/env bash
# with_stores.sh COMMAND...: runs a command with servers that have the APIs of S3, Google Cloud Storage and Azure Blob
# Storage. They keep their files in memory or in a temporary folder, listen on free ports and end with the command.
# MILLRACE_TEST_S3, MILLRACE_TEST_GCS and MILLRACE_TEST_AZURE have their URLs. `make .venv-stores/done` installs them. A
# server that is not installed is named and left out; with STRICT=1 that is a failure.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv-stores
dir=$(mktemp -d)
pids=()
finish() {
	for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null && wait "$pid" || true; done
	rm -rf "$dir"
}
trap finish EXIT
# shellcheck source=test/servers.sh
source "$root/test/servers.sh"

start() { # name, port, command
	local name=$1 port=$2
	shift 2
	"$@" >"$dir/$name.log" 2>&1 &
	pids+=($!)
	wait_for "$name" bash -c "</dev/tcp/127.0.0.1/$port"
}

if [ -x "$venv/bin/moto_server" ]; then
	port=$(free_port)
	start moto "$port" "$venv/bin/moto_server" -H 127.0.0.1 -p "$port"
	export MILLRACE_TEST_S3="http://127.0.0.1:$port"
else
	missing "S3" "make .venv-stores/done"
fi

fake_gcs=$(find "$venv" -type f -path '*/bin/fake-gcs-server*' -executable 2>/dev/null | head -n 1 || true)
if [ -n "$fake_gcs" ]; then
	port=$(free_port)
	start fake-gcs-server "$port" "$fake_gcs" -scheme http -host 127.0.0.1 -port "$port" -backend memory -log-level error \
		-external-url "http://127.0.0.1:$port" -public-host "127.0.0.1:$port"
	export MILLRACE_TEST_GCS="http://127.0.0.1:$port"
else
	missing "Google Cloud Storage" "make .venv-stores/done"
fi

if [ -x "$venv/node_modules/.bin/azurite-blob" ]; then
	port=$(free_port)
	# It knows the versions of the API until its release only, but later ones have the same requests.
	start azurite "$port" "$venv/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$port" --location "$dir" \
		--skipApiVersionCheck --silent
	export MILLRACE_TEST_AZURE="http://127.0.0.1:$port"
else
	missing "Azure Blob Storage" "make .venv-stores/done"
fi

"$@"
