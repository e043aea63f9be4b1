"""The command line of one command: a flag for every input, for every value of the run, and --json."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release_actions.errors import InputError
from release_actions.runner import inputs
from release_actions.runner.context import DESCRIPTIONS, VARIABLES
from release_actions.runner.workflow import print_or_not


@dataclass(frozen=True)
class Flags:
    """A parsed command line: texts of inputs and context by name, and whether JSON is wanted."""

    inputs: Mapping[str, str]
    context: Mapping[str, str]
    json: bool


def parse_flags(
    name: str,
    purpose: str,
    specs: Sequence[inputs.Spec[Any]],
    describe: Callable[[], Mapping[str, str]],
    argv: Sequence[str],
) -> Flags:
    """The flags of a command line. `describe` gives input -> description, and is called for --help only.

    Raises `InputError` for a flag that does not exist, and `SystemExit` after --help.
    """
    if not argv:
        return Flags({}, {}, json=False)
    descriptions = describe() if {"-h", "--help"} & set(argv) else {}
    given = vars(make_parser(name, purpose, specs, descriptions).parse_args(argv))
    texts = {key: value for key, value in given.items() if value is not None}
    return Flags(
        inputs={key.removeprefix("input "): text for key, text in texts.items() if key.startswith("input ")},
        context={key.removeprefix("context "): text for key, text in texts.items() if key.startswith("context ")},
        json=given["json"],
    )


def make_parser(name: str, purpose: str, specs: Sequence[inputs.Spec[Any]], descriptions: Mapping[str, str]) -> Any:
    """The parser of a command, whose errors are `InputError`; completions and man pages are made of it, too."""
    import argparse  # an action is called without flags

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> Any:
            hint = f"Run release-actions {name} --help to see the flags."
            near = nearest_flag(message, self._option_string_actions)
            hint = f"Did you mean {near}? {hint}" if near else hint
            sentence = f"release-actions {name}: {message}."
            raise InputError(sentence, hint=hint)

        def print_help(self, file: Any = None) -> None:  # noqa: ARG002  # the library's parameter
            print_or_not(self.format_help())

    parser = Parser(
        prog=f"release-actions {name}",
        usage=f"release-actions {name} [--INPUT VALUE ...] [--json]",
        description=purpose[:1].upper() + purpose[1:] + ".",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    own = parser.add_argument_group("inputs (without a flag the variable INPUT_NAME is read)")
    for spec in specs:
        # `--dry-run` alone means true.
        nargs, const = ("?", "true") if spec.parse is inputs.boolean else (None, None)
        text = descriptions.get(spec.name, spec.about).replace("%", "%%")
        own.add_argument(
            f"--{spec.name}",
            dest=f"input {spec.name}",
            metavar=inputs.describe_form(spec),
            nargs=nargs,
            const=const,
            help=text,
        )
    run = parser.add_argument_group("advanced: what the platform says about a run, by hand")
    taken = {spec.name for spec in specs}
    for flag, variable in VARIABLES.items():
        if flag not in taken:
            text = f"{DESCRIPTIONS[flag]} ({variable})"
            run.add_argument(f"--{flag}", dest=f"context {flag}", metavar="VALUE", help=text)
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the outputs, and errors if there are any, as one JSON object, and the log to stderr",
    )
    return parser


def nearest_flag(message: str, flags: Iterable[str]) -> str:
    """The flag that was probably meant by one that argparse does not know; empty when none is similar."""
    import difflib  # only for a mistake

    unknown = re.search(r"unrecognized arguments: (--[^ =]+)", message)
    return next(iter(difflib.get_close_matches(unknown[1], flags, n=1)), "") if unknown else ""
