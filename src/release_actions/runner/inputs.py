"""Typed inputs: a frozen dataclass per command, read from text, with every mistake reported at once.

An input is declared once, as a field made by `option`. Its name is the field's with hyphens (`dry_run` is the input
`dry-run`, the flag `--dry-run` and the variable `INPUT_DRY_RUN`); the field `from_` is the input `from`, as Python
reserves that word. The platform passes every input as text and does not enforce `required`, so both are done here.
Nothing here reads the environment: the caller passes the texts.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

from release_actions.errors import InputError, Problem

T = TypeVar("T")
AnyEnum = TypeVar("AnyEnum", bound=enum.Enum)

Parser = Callable[[str], T]
"""Text to value. Raises `ValueError` with the end of the sentence "Input 'x' is 'y', …"."""


@dataclass(frozen=True)
class FormParser(Generic[T]):
    """A parser that says what it takes, in a few words for help: `error|warn|off`, `NUMBER`."""

    read: Parser[T]
    form: str

    def __call__(self, value: str) -> T:
        return self.read(value)


@dataclass(frozen=True)
class Spec(Generic[T]):
    """How one input is read. `about` describes it where no manifest does: commands that are not actions.

    `empty_flag`: the text that an empty flag on the command line means. In a workflow an empty input was not given.
    """

    name: str
    parse: Parser[T]
    default: T
    required: bool
    secret: bool
    field: str = ""
    about: str = ""
    empty_flag: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that a composite step passes the input in."""
        return variable_of(self.name)


def variable_of(name: str) -> str:
    """`INPUT_*` of an input. Underscores, because `sh` drops variables with a hyphen in their name."""
    return "INPUT_" + name.replace("-", "_").upper()


def option(
    parse: Parser[T], default: T, *, required: bool = False, secret: bool = False, about: str = "", empty_flag: str = ""
) -> T:
    """Declare an input as a dataclass field. An empty text means "not given" and yields `default`."""
    field: T = dataclasses.field(
        default=default,
        repr=not secret,
        metadata={"parse": parse, "required": required, "secret": secret, "about": about, "empty_flag": empty_flag},
    )
    return field


def specs(inputs: type[Any]) -> tuple[Spec[Any], ...]:
    """The inputs that a dataclass declares, in order."""
    return tuple(
        Spec(
            name=field.name.rstrip("_").replace("_", "-"),
            field=field.name,
            parse=field.metadata["parse"],
            default=field.default,
            required=field.metadata["required"],
            secret=field.metadata["secret"],
            about=field.metadata["about"],
            empty_flag=field.metadata.get("empty_flag", ""),
        )
        for field in dataclasses.fields(inputs)
    )


def read(inputs: type[T], texts: Mapping[str, str]) -> T:
    """Build the dataclass from input name -> text. Missing names are not given.

    Raises `InputError` with one problem per input that is missing or malformed.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for spec in specs(inputs):
        text = texts.get(spec.name, "")
        if spec.parse is not verbatim:
            text = text.strip()
        if not text:
            if spec.required:
                problems.append(
                    Problem(
                        f"Input '{spec.name}' is required and was not given.",
                        f"Set '{spec.name}:' under 'with:', or pass --{spec.name} on the command line.",
                    )
                )
            continue
        try:
            values[spec.field] = spec.parse(text)
        except ValueError as error:
            shown = "***" if spec.secret else repr(text if len(text) <= SHOWN else text[:SHOWN] + "…")
            problems.append(Problem(f"Input '{spec.name}' is {shown}, {error}"))
    if problems:
        raise InputError(problems=problems)
    return inputs(**values)


def text(value: str) -> str:
    """Any text, without the blanks around it."""
    return value


def verbatim(value: str) -> str:
    """Any text as it is, for what is to be judged by its last character."""
    return value


def written_file(value: str) -> str:
    """The path of a file that the command writes: whether it can be written is found out before anything is changed."""
    return value


def boolean(value: str) -> bool:
    """A boolean of YAML 1.2's core schema, the only spellings the platform's own actions take."""
    if value in {"true", "True", "TRUE"}:
        return True
    if value in {"false", "False", "FALSE"}:
        return False
    message = "which is not a YAML 1.2 boolean. Write true or false."
    raise ValueError(message)


def items(value: str) -> tuple[str, ...]:
    """A list, one item a line or separated by commas. `#` at the start of an item or after a blank begins a comment."""
    parts: list[str] = []
    for line in value.splitlines():
        kept = re.sub(r"(^|\s)#.*", "", line)
        parts += (part.strip() for part in kept.split(","))
    return tuple(item for item in parts if item)


def lines(value: str) -> tuple[str, ...]:
    """A list, one item a line, for items that may contain commas. Comments as in `items`."""
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in value.splitlines())
    return tuple(item for item in stripped if item)


def integer(least: int = 0) -> Parser[int]:
    """A whole number in ASCII digits, not below `least`."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,15}", value) or int(value) < least:
            message = f"which is not a whole number of at least {least}."
            raise ValueError(message)
        return int(value)

    return FormParser(parse, "NUMBER")


ISSUE_NUMBER = re.compile(r"#?([0-9]{1,9})")


def issue_numbers(value: str) -> tuple[int, ...]:
    """Numbers of issues or pull requests, one a line or separated by commas: `#12, #34`. Raises `ValueError`."""
    matches = [ISSUE_NUMBER.fullmatch(item) for item in re.split(r"[\s,]+", value.strip())]
    if not all(matches):
        message = "which is not a list of numbers such as #12, #34."
        raise ValueError(message)
    return tuple(int(match[1]) for match in matches if match)


def choice(*names: str) -> Parser[str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value not in names:
            message = f"which is not one of {', '.join(names)}."
            raise ValueError(message)
        return value

    return FormParser(parse, "|".join(names))


def member(enumeration: type[AnyEnum]) -> Parser[AnyEnum]:
    """A value of an enum whose values are texts."""
    names = [str(each.value) for each in enumeration]

    def parse(value: str) -> AnyEnum:
        if value not in names:
            message = f"which is not one of {', '.join(names)}."
            raise ValueError(message)
        return enumeration(value)

    return FormParser(parse, "|".join(names))


SHOWN = 80
"""Characters of a malformed value that its error repeats."""

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit of a duration."""

UNIT_WORDS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}

DURATION = re.compile("".join(f"(?:(?P<{unit}>[0-9]{{1,6}})(?:{unit}|{UNIT_WORDS[unit]}s?))?" for unit in UNITS))


def duration(value: str) -> timedelta:
    """A length of time: `30d`, `15 days`, `12h`, `1w2d`. A bare number is refused: days and seconds look alike."""
    match = DURATION.fullmatch(value.replace(" ", "").lower())
    if match is None or not match.group(0):
        message = "which is not a duration. Write for example 30d, 12h, 90m or 1w2d."
        raise ValueError(message)
    return timedelta(seconds=sum(int(count or 0) * UNITS[unit] for unit, count in match.groupdict().items()))


def describe_form(spec: Spec[Any]) -> str:
    """What an input takes, for help."""
    if isinstance(spec.parse, FormParser):
        return spec.parse.form
    if spec.secret:
        return "SECRET"
    known: Mapping[Parser[Any], str] = {boolean: "true|false", duration: "DURATION", items: "LIST", lines: "LINES"}
    return known.get(spec.parse, "TEXT")
