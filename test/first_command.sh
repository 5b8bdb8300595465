#!/usr/bin/env bash
# Start Millrace by README's first command, in a clean copy of the checkout, and ask it for its version.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
git ls-files -z | xargs -0 cp --parents -t "$copy"
cd "$copy"
go run ./cmd/millrace server --port 5999 > server.log 2>&1 &
go_pid=$!
cleanup() { pkill -TERM -P "$go_pid" 2>/dev/null || true; wait "$go_pid" 2>/dev/null || true; rm -rf "$copy"; }
trap cleanup EXIT
for _ in $(seq 600); do
	if curl --silent --fail --max-time 2 http://127.0.0.1:5999/version; then
		echo " is the MLflow version of the API; $(head -1 server.log)"
		curl --silent --fail http://127.0.0.1:5999/ | grep -q '<div id="root"' && exit 0
		echo "the first page is not there" >&2
		exit 1
	fi
	sleep 0.5
done
cat server.log >&2
exit 1
