"""Write the completions for bash, zsh and fish, or say that they are stale: `completion.py [--check]`.

shtab makes them from the parsers of the commands. They are static: a Tab starts no Python.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import shtab

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from generated_page import write_or_check  # noqa: E402  # needs the line above
from release_actions.main import ACTIONS, GROUPS, TOOLS, describe_inputs, load  # noqa: E402  # needs the line above
from release_actions.runner import inputs  # noqa: E402  # needs the line above
from release_actions.runner.flags import make_parser  # noqa: E402  # needs the line above

FOLDER = ROOT / "docs" / "completion"
PROGRAM = "release-actions"
SHELLS = ("bash", "zsh", "fish")
TEST = "run the project's tests"


def list_commands() -> dict[str, str]:
    """What people type, each with what it is for: no part of our own workflows."""
    public = {name for names in GROUPS.values() for name in names}
    return {**{name: about for name, about in ACTIONS.items() if name in public}, **TOOLS}


def shorten(text: str) -> str:
    """The first sentence of a description, which is all that a list beside the cursor has room for."""
    return text.partition(". ")[0].removesuffix(".")


@functools.cache
def make_command(name: str) -> Any:
    """The parser of a command, with the words that each flag takes."""
    descriptions = {flag: shorten(text) for flag, text in describe_inputs(name).items()}
    parser = make_parser(name, list_commands()[name], inputs.specs(load(name).Inputs), descriptions)
    for action in parser._actions:  # noqa: SLF001  # argparse has no other list of them
        form = action.metavar if isinstance(action.metavar, str) else ""
        if "|" in form:
            action.choices = form.split("|")
        elif form:
            action.complete = shtab.FILE  # a path is the only text that a shell can help with
    return parser


def write(shell: str) -> str:
    """The completion for a shell."""
    whole = argparse.ArgumentParser(prog=PROGRAM)
    whole.add_argument("--version", action="store_true", help="print the version")
    commands = whole.add_subparsers(metavar="COMMAND")
    for name, about in list_commands().items():
        commands.add_parser(name, parents=[make_command(name)], add_help=False, help=about)
    commands.add_parser("test", help=TEST)
    return str(shtab.complete(whole, shell))


def main(argv: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write or check each."""
    folder.mkdir(exist_ok=True)
    return max(
        write_or_check(folder / f"{PROGRAM}.{shell}", functools.partial(write, shell), "completion", argv)
        for shell in SHELLS
    )


if __name__ == "__main__":
    sys.exit(main())
