"""Run the program: python -m millrace server."""

import os
import subprocess
import sys

from millrace import find_program


def main() -> None:
    try:
        program = find_program()
    except FileNotFoundError as error:
        sys.exit(f"millrace: {error}")
    arguments = [program, *sys.argv[1:]]
    if sys.platform != "win32":
        os.execv(program, arguments)
    # Windows has no exec. The program receives Ctrl-C itself and ends; this process waits for it.
    with subprocess.Popen(arguments) as process:
        while True:
            try:
                sys.exit(process.wait())
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    main()
