#!/bin/sh
# Runs after the files are installed. dpkg calls it with "configure" and the version before, rpm with the number of
# installed versions.
set -e

upgrade=no
case "$1" in
configure) if [ -n "$2" ]; then upgrade=yes; fi ;;
1) ;;
[0-9]*) upgrade=yes ;;
*) exit 0 ;;
esac

# In a container or a chroot, systemd is not running.
if [ -d "${DPKG_ROOT:-}/run/systemd/system" ]; then
	systemctl daemon-reload || true
	if [ "$upgrade" = yes ]; then
		systemctl try-restart millrace.service || true
	fi
fi
if [ "$upgrade" = no ]; then
	echo "Millrace is not started yet. Its settings are in /etc/millrace/millrace.env; to start it, run:"
	echo "  systemctl enable --now millrace"
fi
