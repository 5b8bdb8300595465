"""The wheel puts the program on the PATH of a new virtual environment."""

import os
import subprocess
import sys
import zipfile

import pytest

from conftest import DIST, one, run

WHEEL = "millrace-*-manylinux*x86_64*.whl"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python of a new virtual environment with the wheel."""
    folder = tmp_path_factory.mktemp("venv")
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin/python"
    pip(python, "install", "--no-index", one(WHEEL))
    return python


def pip(python, *args):
    return run(python, "-m", "pip", "--disable-pip-version-check", *args)


def test_quickstart(python, check_program):
    check_program(python.parent / "millrace")


def test_module(python, version):
    """`python -m millrace` passes arguments, the exit code and the environment."""
    assert run(python, "-m", "millrace", "--version").startswith(f"millrace version v{version}, ")
    failed = subprocess.run([python, "-m", "millrace", "no-such-command"], capture_output=True, text=True, check=False)
    assert failed.returncode == 1 and "no-such-command" in failed.stderr
    code = "import millrace; print(millrace.__version__, millrace.find_program())"
    found = run(python, "-c", code).split()
    assert found == [one(WHEEL).name.split("-")[1], str(python.parent / "millrace")]


@pytest.mark.parametrize("option", ["--target", "--prefix"])
def test_other_folders(python, tmp_path, option, version):
    """The program is found where pip installs packages outside of an environment."""
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "empty")
    empty = tmp_path / "empty/bin/python"
    other = tmp_path / "other"
    pip(python, "install", "--no-index", "--ignore-installed", option, other, one(WHEEL))
    (package,) = other.rglob("millrace/__main__.py")
    env = {**os.environ, "PYTHONPATH": str(package.parent.parent)}
    assert run(empty, "-m", "millrace", "--version", env=env).startswith(f"millrace version v{version}, ")
    # The program of the same installation has precedence over another one in the environment.
    found = run(python, "-c", "import millrace; print(millrace.find_program())", env=env).strip()
    assert found == str(other / "bin/millrace")
    (other / "bin/millrace").unlink()
    failed = subprocess.run([empty, "-m", "millrace"], env=env, capture_output=True, text=True, check=False)
    assert failed.returncode == 1 and "in none of the folders" in failed.stderr


def test_all_wheels():
    """Each wheel is complete, and Python's own zip reader can read it."""
    wheels = list(DIST.glob("*.whl"))
    assert wheels
    for path in wheels:
        with zipfile.ZipFile(path) as wheel:
            assert wheel.testzip() is None
            programs = [i for i in wheel.infolist() if ".data/scripts/" in i.filename]
            assert len(programs) == 1 and programs[0].external_attr >> 16 & 0o777 == 0o755
            assert len([n for n in wheel.namelist() if n.endswith("RECORD")]) == 1
