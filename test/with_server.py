"""Run a command against a fresh server: with_server.py BINARY -- COMMAND...

The server gets a free port and a folder that is removed afterwards; the command finds its URL in MILLRACE_URL.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent / "seeds"))
from run_seeds import start_server  # noqa: E402


def main():
    binary, dashes, *command = sys.argv[1:]
    if dashes != "--" or not command:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(prefix="millrace-") as folder:
        server, url = start_server(os.path.abspath(binary), folder)
        try:
            code = subprocess.run(command, env={**os.environ, "MILLRACE_URL": url}, check=False).returncode
        finally:
            server.terminate()
            server.wait(30)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
