"""Runs a command that is not an action, by path: `python -I src/release_actions/__main__.py COMMAND`."""

import sys
from pathlib import Path

# Python puts a script's own folder on the path, where our http.py would be taken for the standard library's.
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(entry for entry in sys.path if Path(entry).resolve() != HERE)]

from release_actions.main import main  # noqa: E402  # the package is found by the lines above

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
