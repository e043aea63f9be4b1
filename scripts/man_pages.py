"""Write a man page for each command and one for all of them, or say which is stale: `man_pages.py [--check]`.

Made from the parsers of the commands, in the macros of man(7). By hand, because the programs that do it have no wheel,
and no lock here takes a source archive.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

from completion import PROGRAM, TEST, list_commands  # noqa: E402  # needs the line above
from generated_page import write_or_check  # noqa: E402  # needs the line above
from manifests import EXIT_CODES  # noqa: E402  # needs the line above
from release_actions.main import describe_inputs, load  # noqa: E402  # needs the line above
from release_actions.runner import inputs  # noqa: E402  # needs the line above
from release_actions.runner.flags import make_parser  # noqa: E402  # needs the line above

FOLDER = ROOT / "docs" / "man"
SITE = "https://github.com/llm-d/release-actions"


def escape(text: str) -> str:
    """Text as roff prints it: a hyphen is a minus that can be copied, and no line is taken for a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def make_head(name: str, about: str) -> list[str]:
    """The title line and the section NAME, which apropos reads."""
    return [
        f'.TH {escape(name.upper())} 1 "" {PROGRAM} "User commands"',
        ".SH NAME",
        f"{escape(name)} \\- {escape(about)}",
    ]


def describe_option(action: argparse.Action) -> Iterator[str]:
    """A flag, what follows it, and what it means."""
    value = f" \\fI{escape(str(action.metavar))}\\fR" if action.metavar else ""
    yield ".TP"
    yield ", ".join(f"\\fB{escape(flag)}\\fR" for flag in action.option_strings) + value
    yield escape((action.help or "").replace("%%", "%"))


def make_command_page(name: str) -> str:
    """The page of one command."""
    about = list_commands()[name]
    parser = make_parser(name, about, inputs.specs(load(name).Inputs), describe_inputs(name))
    lines = [*make_head(f"{PROGRAM}-{name}", about), ".SH SYNOPSIS", f".B {escape(f'{PROGRAM} {name}')}"]
    lines += ["[\\fI\\-\\-INPUT VALUE\\fR ...] [\\fB\\-\\-json\\fR]", ".SH DESCRIPTION", escape(parser.description)]
    for group in parser._action_groups:  # noqa: SLF001  # argparse has no other list of them
        options = [action for action in group._group_actions if action.option_strings]  # noqa: SLF001  # nor of these
        if options:
            lines.append(f'.SH "{escape(str(group.title).upper())}"')
            lines += [line for action in options for line in describe_option(action)]
    lines += [".SH EXIT STATUS", *list_exit_codes(), ".SH SEE ALSO", f".BR {PROGRAM} (1)"]
    return "\n".join(lines) + "\n"


def list_exit_codes() -> list[str]:
    """What a command ends with."""
    return [line for code, meaning in EXIT_CODES.items() for line in (".TP", f"\\fB{code.value}\\fR", escape(meaning))]


def make_overview() -> str:
    """The page of the program, which names the others."""
    lines = [*make_head(PROGRAM, "release container images with nothing left to chance"), ".SH SYNOPSIS"]
    lines += [f".B {escape(PROGRAM)}", "\\fICOMMAND\\fR [\\fI\\-\\-INPUT VALUE\\fR ...] [\\fB\\-\\-json\\fR]"]
    lines += [".SH COMMANDS"]
    for name, about in {**list_commands(), "test": TEST}.items():
        lines += [".TP", f"\\fB{escape(name)}\\fR", escape(f"{about[:1].upper()}{about[1:]}.")]
    lines += [".SH EXIT STATUS", *list_exit_codes(), ".SH SEE ALSO"]
    lines += [f".BR {escape(f'{PROGRAM}-{name}')} (1)," for name in list_commands()]
    return "\n".join([*lines, f".UR {SITE}", "The project's pages", ".UE"]) + "\n"


def list_pages() -> dict[str, Callable[[], str]]:
    """File -> what writes it."""
    own: dict[str, Callable[[], str]] = {
        f"{PROGRAM}-{name}.1": lambda name=name: make_command_page(name)  # type: ignore[misc]  # the loop's value
        for name in list_commands()
    }
    return {f"{PROGRAM}.1": make_overview, **own}


def main(argv: Sequence[str] | None = None, folder: Path = FOLDER) -> int:
    """Write or check each. A page of a command that is gone is stale, too."""
    folder.mkdir(exist_ok=True)
    pages = list_pages()
    status = max(write_or_check(folder / name, make, "man_pages", argv) for name, make in pages.items())
    for stray in sorted(set(folder.glob("*.1")) - {folder / name for name in pages}):
        print(f"{stray.name} is the page of no command: remove it.", file=sys.stderr)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
