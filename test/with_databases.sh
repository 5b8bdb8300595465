#!/usr/bin/env bash
# with_databases.sh COMMAND...: runs a command with a PostgreSQL and a MariaDB of its own, which it makes in a temporary
# folder, starts on free ports and ends with the command. MILLRACE_TEST_POSTGRES and MILLRACE_TEST_MYSQL say where they are.
# A server that is not installed is named and left out; with STRICT=1 that is a failure.
set -euo pipefail

dir=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d) # In memory, if there is room: tests make hundreds of databases.
chmod 755 "$dir"
postgres_pid= mysql_pid=
finish() {
	if [ -n "$postgres_pid" ]; then kill -INT "$postgres_pid" && wait "$postgres_pid" || true; fi # Does not wait for its clients.
	if [ -n "$mysql_pid" ]; then kill -TERM "$mysql_pid" && wait "$mysql_pid" || true; fi
	rm -rf "$dir"
}
trap finish EXIT

# shellcheck source=test/servers.sh
source "$(dirname "$0")/servers.sh"

# The servers refuse to run as root.
as() {
	local user=$1
	shift
	if [ "$(id -u)" = 0 ]; then exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; else exec "$@"; fi
}
folder_of() {
	mkdir "$dir/$2"
	if [ "$(id -u)" = 0 ]; then chown "$1" "$dir/$2"; fi
}

postgres=$(find /usr/lib/postgresql /usr/local/pgsql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ -n "$postgres" ]; then
	port=$(free_port)
	folder_of postgres postgres
	(cd / && as postgres "$postgres/initdb" -D "$dir/postgres" -A trust -U millrace -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/postgres.log")
	(cd / && as postgres "$postgres/postgres" -D "$dir/postgres" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
		-c max_connections=500 -c fsync=off) >>"$dir/postgres.log" 2>&1 &
	postgres_pid=$!
	wait_for postgres "$postgres/pg_isready" -h 127.0.0.1 -p "$port" -U millrace -d postgres
	export MILLRACE_TEST_POSTGRES="postgresql://millrace@127.0.0.1:$port/postgres"
else
	missing PostgreSQL "apt-get install postgresql"
fi

if command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ]; then
	mariadbd=$(command -v mariadbd || echo /usr/sbin/mariadbd)
	port=$(free_port)
	folder_of mysql mysql
	folder_of mysql tmp # Its own: a MariaDB that starts deletes the temporary tables of all others that share the folder.
	(cd / && as mysql mariadb-install-db --no-defaults --datadir="$dir/mysql" --auth-root-authentication-method=normal --skip-test-db >"$dir/mysql.log" 2>&1)
	(cd / && as mysql "$mariadbd" --no-defaults --datadir="$dir/mysql" --tmpdir="$dir/tmp" --socket="$dir/mysql/socket" --bind-address=127.0.0.1 --port="$port" \
		--max-connections=500 --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync --innodb-doublewrite=0) >>"$dir/mysql.log" 2>&1 &
	mysql_pid=$!
	wait_for mysql mariadb --no-defaults --socket="$dir/mysql/socket" -u root -e "CREATE USER IF NOT EXISTS millrace@'127.0.0.1' IDENTIFIED BY 'millrace'; GRANT ALL ON *.* TO millrace@'127.0.0.1'"
	export MILLRACE_TEST_MYSQL="mysql://millrace:millrace@127.0.0.1:$port/mysql"
else
	missing MariaDB "apt-get install mariadb-server"
fi

"$@"
