"""Runs cut-branch from a workflow step or the launcher."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from release_actions.main import main

if __name__ == "__main__":
    sys.exit(main(["cut-branch", *sys.argv[1:]]))
