"""What a shell's text does to variables, as a list of events."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Touch:
    """Something that may give a variable another value; without a name, any variable. `text` is what is written."""

    line: int
    name: str
    text: str


@dataclass(frozen=True)
class Assignment:
    """A variable that is set. `value` is None where a shell would make it, from `expanded_at` in the text on.

    `condition` is empty where every run of the text sets it; else, in words, when. What `is_apart` is set in another
    shell or later, and changes nothing here.
    """

    line: int
    name: str
    value: str | None
    expanded_at: int = -1
    condition: str = ""
    is_apart: bool = False


@dataclass(frozen=True)
class Stop:
    """From here on, it is not known whether or how the text is read."""

    line: int
    text: str


Event = Assignment | Touch | Stop
