"""Millrace: an MLflow-compatible experiment tracker and model registry in one program.

The package carries the program `millrace`: run `millrace server`, or `python -m millrace server`. Its API is served to
MLflow's own client; this package has none.
"""

import os
import sys
import sysconfig

__version__ = "@VERSION@"


def find_program() -> str:
    """Return the path of the program, and raise FileNotFoundError if it is not installed with this package."""
    name = "millrace.exe" if sys.platform == "win32" else "millrace"
    here = os.path.dirname(os.path.abspath(__file__))
    folders = [
        sysconfig.get_path("scripts"),
        # pip install --user
        sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user"))
        if sys.version_info >= (3, 10)
        else sysconfig.get_path("scripts", scheme="nt_user" if os.name == "nt" else "posix_user"),
        # pip install --target
        os.path.join(os.path.dirname(here), "bin"),
    ]
    # pip install --prefix: the package is in PREFIX/lib/python3.x/site-packages, or PREFIX\Lib\site-packages.
    levels = (3, "Scripts") if os.name == "nt" else (4, "bin")
    prefix = here
    for _ in range(levels[0]):
        prefix = os.path.dirname(prefix)
    folders.append(os.path.join(prefix, levels[1]))
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"the program {name} is in none of the folders " + ", ".join(folders))
