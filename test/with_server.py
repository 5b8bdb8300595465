"""Run a command against a fresh server: with_server.py BINARY [ARGUMENTS OF THE SERVER...] -- COMMAND...

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
    if "--" not in sys.argv[2:-1]:
        raise SystemExit(__doc__)
    dashes = sys.argv.index("--", 2)
    binary, *arguments = sys.argv[1:dashes]
    command = sys.argv[dashes + 1 :]
    with tempfile.TemporaryDirectory(prefix="millrace-") as folder:
        server, url = start_server(os.path.abspath(binary), folder, arguments)
        try:
            code = subprocess.run(command, env={**os.environ, "MILLRACE_URL": url}, check=False).returncode
        finally:
            server.terminate()
            server.wait(30)
    raise SystemExit(code)


if __name__ == "__main__":
    main()
