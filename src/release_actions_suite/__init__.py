"""The suite as an installed package: the command `release-actions` of `pip install`, pipx and uvx.

A wheel holds beside this module what a runner downloads of the repository, so that the rehearsal plays the same
manifests and workflows. In a checkout nothing imports it: there the launcher starts the package by path.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run a command with the arguments of the process; the exit code is the command's."""
    sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
    from release_actions.main import main as run

    return run(sys.argv[1:])
