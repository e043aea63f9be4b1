"""Runs a command that is not an action, by path: `python -I src/release_actions COMMAND`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from release_actions.main import main  # the package is found by the line above

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
