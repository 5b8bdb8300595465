#!/usr/bin/env bash
# with_stores.sh COMMAND...: runs a command with servers that have the APIs of S3, Google Cloud Storage and Azure Blob
# Storage. They keep their files in memory or in a temporary folder, listen on free ports and end with the command.
# MILLRACE_TEST_S3, MILLRACE_TEST_S3_SIGNED, MILLRACE_TEST_GCS and MILLRACE_TEST_AZURE have their URLs. There are two
# servers of S3, because the one that is most like Amazon's (moto) accepts all credentials; the other (SeaweedFS) checks
# signatures, with the key millrace and the secret millrace-secret. `make .venv-stores/done` installs the servers. One
# that is not installed is named and left out; with STRICT=1 that is a failure.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.venv-stores
dir=$(mktemp -d)
pids=()
grpc=() # Ports of SeaweedFS, after which it names sockets in /tmp.
finish() {
	# SeaweedFS waits two minutes for its clients before it ends, and no file is to be kept.
	for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	for port in "${grpc[@]}"; do rm -f /tmp/seaweedfs-*-grpc-"$port".sock; done
	rm -rf "$dir"
}
trap finish EXIT
# shellcheck source=test/servers.sh
source "$root/test/servers.sh"

declare -A ports
start() { # name, port, command
	local name=$1 port=$2
	shift 2
	"$@" >"$dir/$name.log" 2>&1 &
	pids+=($!)
	ports[$name]=$port
}

if [ -x "$venv/bin/weed" ]; then
	port=$(free_port)
	echo '{"identities": [{"name": "millrace", "credentials": [{"accessKey": "millrace", "secretKey": "millrace-secret"}],
		"actions": ["Admin"]}]}' >"$dir/identities.json"
	mkdir "$dir/seaweedfs"
	for _ in 1 2 3 4; do grpc+=("$(free_port)"); done
	# Without -*.port.grpc it uses the ports 10,000 above the others, which may be taken.
	start seaweedfs "$port" "$venv/bin/weed" server -dir="$dir/seaweedfs" -ip=127.0.0.1 -master.telemetry=false \
		-master.port="$(free_port)" -master.port.grpc="${grpc[0]}" -master.electionTimeout=1s -volume.max=1000 \
		-volume.port="$(free_port)" -volume.port.grpc="${grpc[1]}" -volume.preStopSeconds=0 -master.volumeSizeLimitMB=64 \
		-filer -filer.port="$(free_port)" -filer.port.grpc="${grpc[2]}" -filer.localSocket="$dir/filer.sock" \
		-s3 -s3.port="$port" -s3.port.grpc="${grpc[3]}" -s3.port.iceberg=0 -s3.port.lance=0 -s3.localSocket="$dir/s3.sock" \
		-s3.config="$dir/identities.json" -s3.autoCreateBucket=false
	export MILLRACE_TEST_S3_SIGNED="http://127.0.0.1:$port"
else
	missing "S3 with signatures" "make .venv-stores/done"
fi

if [ -x "$venv/bin/moto_server" ]; then
	port=$(free_port)
	start moto "$port" "$venv/bin/moto_server" -H 127.0.0.1 -p "$port"
	export MILLRACE_TEST_S3="http://127.0.0.1:$port"
else
	missing "S3" "make .venv-stores/done"
fi

fake_gcs=$(find "$venv/" -type f -path '*/bin/fake-gcs-server*' -executable 2>/dev/null | head -n 1 || true)
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

for name in "${!ports[@]}"; do wait_for "$name" bash -c "</dev/tcp/127.0.0.1/${ports[$name]}"; done

"$@"
