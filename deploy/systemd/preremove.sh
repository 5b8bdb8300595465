#!/bin/sh
# Runs before the files are removed. dpkg calls it with "remove" or "upgrade", rpm with the number of versions that
# remain.
set -e

case "$1" in
remove | deconfigure | 0) ;;
*) exit 0 ;;
esac
if [ -d "${DPKG_ROOT:-}/run/systemd/system" ]; then
	systemctl disable --now millrace.service || true
fi
