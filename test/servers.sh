# Functions of the scripts that start servers for tests. They need $dir, a temporary folder with the logs of the servers.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for() { # name, command
	local name=$1
	shift
	for _ in $(seq 300); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	echo "$name did not start:" >&2
	cat "$dir/$name.log" >&2
	exit 1
}

missing() { # server, command that installs it
	echo "skipped: tests on $1, because it is not installed ($2)"
	[ -z "${STRICT:-}" ]
}
