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
    package = os.path.dirname(os.path.abspath(__file__))
    user = "nt_user" if os.name == "nt" else "posix_user"
    if sys.version_info >= (3, 10):
        user = sysconfig.get_preferred_scheme("user")
    # In an environment and after pip install --prefix, the package is in PREFIX/lib/python3.x/site-packages, or in
    # PREFIX\Lib\site-packages.
    up, scripts = (3, "Scripts") if os.name == "nt" else (4, "bin")
    prefix = package
    for _ in range(up):
        prefix = os.path.dirname(prefix)
    folders = [
        os.path.join(prefix, scripts),
        os.path.join(os.path.dirname(package), "bin"),  # pip install --target
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", scheme=user),
    ]
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"the program {name} is in none of the folders " + ", ".join(folders))
