"""The packages of Linux are installed, upgraded and removed in an empty root."""

import re

import pytest

from conftest import one, root_command, run, tool

PROGRAM = "usr/bin/millrace"
SETTINGS = "etc/millrace/millrace.env"
UNIT = "usr/lib/systemd/system/millrace.service"
# Go raises the limit of open files, which the unit sets already, and continues with the present one.
MAY_FAIL = {"setrlimit", "prlimit64"}


@pytest.fixture
def root(tmp_path):
    """An empty root. Its files belong to root, so that pytest cannot remove them."""
    folder = tmp_path / "root"
    yield folder
    run(*root_command("rm", "-rf", folder))


def check_installed(root):
    mode = lambda name: run(*root_command("stat", "-c", "%a %U:%G", root / name)).strip()  # noqa: E731
    assert mode(PROGRAM) == "755 root:root"
    assert mode(SETTINGS) == "640 root:root"
    assert mode(UNIT) == "644 root:root"
    assert "ExecStart=/usr/bin/millrace server\n" in (root / UNIT).read_text()
    assert "MILLRACE-SERVER" in run("gzip", "-dc", root / "usr/share/man/man1/millrace-server.1.gz").upper()
    for completion in ("bash-completion/completions/millrace", "zsh/site-functions/_millrace",
                       "fish/vendor_completions.d/millrace.fish"):
        assert "millrace" in (root / "usr/share" / completion).read_text()


def test_deb(root, tmp_path, check_program):
    tool("dpkg")
    for folder in ("info", "updates", "triggers"):
        (root / "var/lib/dpkg" / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    # The scripts run outside of the root, which has no shell, and find it in DPKG_ROOT.
    dpkg = root_command("dpkg", f"--root={root}", "--force-script-chrootless", f"--log={tmp_path}/dpkg.log")
    package = one("millrace*_amd64.deb")
    said = run(*dpkg, "--install", package)
    assert "Millrace is not started yet" in said
    check_installed(root)
    assert "Apache-2.0" in (root / "usr/share/doc/millrace/copyright").read_text()
    check_program(root / PROGRAM)

    # A newer version keeps the changed settings, and does not ask.
    run(*root_command("sh", "-c", f"echo MLFLOW_PORT=5001 >> {root / SETTINGS}"))
    run("dpkg-deb", "--raw-extract", package, tmp_path / "newer")
    control = tmp_path / "newer/DEBIAN/control"
    control.write_text(re.sub("(?m)^Version: .*$", "Version: 999", control.read_text()))
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tmp_path / "newer", tmp_path / "newer.deb")
    said = run(*dpkg, "--install", tmp_path / "newer.deb")
    assert "not started" not in said
    check_installed(root)
    settings = run(*root_command("cat", root / SETTINGS))
    assert settings.endswith("\nMLFLOW_PORT=5001\n")

    run(*dpkg, "--remove", "millrace")
    assert not (root / PROGRAM).exists() and (root / SETTINGS).exists()
    run(*dpkg, "--purge", "millrace")
    assert not (root / "etc/millrace").exists()


def test_deb_arm64(tmp_path):
    tool("dpkg-deb")
    package = one("millrace*_arm64.deb")
    assert run("dpkg-deb", "--field", package, "Architecture").strip() == "arm64"
    run("dpkg-deb", "--extract", package, tmp_path / "root")
    with (tmp_path / "root" / PROGRAM).open("rb") as program:
        assert program.read(20)[18:] == b"\xb7\x00"  # EM_AARCH64


def test_rpm(root, tmp_path, check_program):
    rpm = tool("rpm")
    package = one("millrace-*.x86_64.rpm")
    assert "digests OK" in run(rpm, "--checksig", "--nosignature", package)
    flags = run(rpm, "-qp", "--nosignature", "--qf", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", package).splitlines()
    assert f"/{SETTINGS} cn" in flags  # c is a configuration file, n keeps a changed one.
    scripts = run(rpm, "-qp", "--nosignature", "--scripts", package)
    assert "postinstall scriptlet" in scripts and "preuninstall scriptlet" in scripts
    assert run(rpm, "-qp", "--nosignature", "--qf", "%{BUILDHOST} %{LICENSE}", package) == "millrace Apache-2.0"
    # The root has no shell for the scripts; release/dist tests them.
    root.mkdir()
    run(*root_command(rpm, "--root", root, "--initdb"))
    run(*root_command(rpm, "--root", root, "--install", "--nodeps", "--noscripts", "--nosignature", package))
    run(*root_command(rpm, "--root", root, "--verify", "--nodeps", "--noscripts", "millrace"))
    check_installed(root)
    assert "Apache License" in (root / "usr/share/licenses/millrace/LICENSE").read_text()
    check_program(root / PROGRAM)
    run(*root_command(rpm, "--root", root, "--erase", "--noscripts", "millrace"))
    assert not (root / PROGRAM).exists()


def test_rpm_arm64():
    rpm = tool("rpm")
    package = one("millrace-*.aarch64.rpm")
    assert run(rpm, "-qp", "--nosignature", "--qf", "%{ARCH}", package) == "aarch64"
    assert f"/{PROGRAM}" in run(rpm, "-qlp", "--nosignature", package).splitlines()


def test_system_calls(tmp_path, check_program):
    """The server makes only calls that the unit allows, and no memory becomes executable while it runs."""
    strace, analyze = tool("strace"), tool("systemd-analyze")
    run("tar", "-xzf", one("millrace_*_linux_amd64.tar.gz"), "-C", tmp_path)
    trace = tmp_path / "trace"
    program = tmp_path / "traced"
    program.write_text(f'#!/bin/sh\nexec {strace} -D -f -qq -o {trace} {tmp_path}/millrace "$@"\n')
    program.chmod(0o755)
    check_program(program)
    calls = re.findall(r"(?m)^\d+ +(\w+)\((.*)$", trace.read_text(errors="replace"))

    def members(group):
        names = set()
        for line in run(analyze, "syscall-filter", group).splitlines()[1:]:
            name = line.partition("#")[0].strip()
            if name.startswith("@"):
                names |= members(name)
            elif name:
                names.add(name)
        return names

    allowed = members("@system-service") - members("@privileged") - members("@resources")
    used = {name for name, _ in calls}
    assert {"futex", "accept4", "pwrite64"} <= used
    # systemd runs the program; the others of these may fail with EPERM.
    assert used - allowed <= {"execve"} | MAY_FAIL
    executable = [c for c in calls if c[0] in ("mmap", "mprotect") and "PROT_EXEC" in c[1]]
    assert executable == []

