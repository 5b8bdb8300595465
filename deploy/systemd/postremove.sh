#!/bin/sh
# Runs after the files are removed. The database and the artifacts remain.
set -e

if [ -d "${DPKG_ROOT:-}/run/systemd/system" ]; then
	systemctl daemon-reload || true
fi
case "$1" in
purge | 0)
	if [ -d "${DPKG_ROOT:-}/var/lib/private/millrace" ]; then
		echo "The database and the artifacts of Millrace remain in /var/lib/private/millrace."
	fi
	;;
esac
