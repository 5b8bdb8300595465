"""The archives run where they are unpacked, and the lists of their contents are right."""

import json
import tarfile

from conftest import DIST, one, run, tool


def test_checksums():
    run(tool("sha256sum"), "--check", "--strict", "SHA256SUMS", cwd=DIST)
    listed = {line.split()[1] for line in (DIST / "SHA256SUMS").read_text().splitlines()}
    assert listed == {f.name for f in DIST.iterdir()} - {"SHA256SUMS"}


def test_linux_amd64(tmp_path, check_program):
    run("tar", "-xzf", one("millrace_*_linux_amd64.tar.gz"), "-C", tmp_path)
    check_program(tmp_path / "millrace")


def test_linux_arm64(tmp_path, check_program):
    qemu = tool("qemu-aarch64", "qemu-aarch64-static")
    run("tar", "-xzf", one("millrace_*_linux_arm64.tar.gz"), "-C", tmp_path)
    program = tmp_path / "millrace-on-arm"
    program.write_text(f'#!/bin/sh\nexec {qemu} {tmp_path}/millrace "$@"\n')
    program.chmod(0o755)
    check_program(program)


def test_contents():
    """Man pages, completions, and the licenses of the pages' libraries and of all modules in the SBOM are there."""
    with tarfile.open(one("millrace_*_linux_amd64.tar.gz")) as archive:
        names = archive.getnames()
        licenses = archive.extractfile("THIRD-PARTY-LICENSES").read().decode()
        assert b"millrace-server" in archive.extractfile("man/man1/millrace-server.1").read()
        assert b"complete" in archive.extractfile("completions/millrace.bash").read()
    assert len(names) == len(set(names))
    bom = json.loads(one("millrace_*_linux_amd64.cdx.json").read_text())
    modules = [c["name"] for c in bom["components"] if c["name"] != "std"]
    others = [m for m in modules if not m.startswith("github.com/millrace-ml/")]
    assert "modernc.org/sqlite" in others and "github.com/millrace-ml/millrace/mlflow" in modules
    assert [m for m in others if f"\n{m} v" not in licenses] == []
    assert "\n## react - " in licenses and "\n## uplot - " in licenses


def test_sizes():
    """No file is larger than 25 MB; the image has the programs of two architectures."""
    for file in DIST.iterdir():
        limit = 50e6 if file.name.endswith("_image.tar") else 25e6
        assert file.stat().st_size < limit, file.name
