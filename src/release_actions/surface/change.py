"""One difference between two surfaces, in words, and what it means to those who rely on the first."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from release_actions.errors import Place
from release_actions.surface.model import Group


class Effect(str, enum.Enum):
    """What a change means to those who rely on what was."""

    BREAKING = "breaking"
    UNCLEAR = "unclear"
    COMPATIBLE = "compatible"


@dataclass(frozen=True)
class Subject:
    """What a change is about: an element, or with an empty name the whole interface."""

    address: str
    group: Group | None = None
    name: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        if self.group is None:
            return f"{self.address}"
        return f"the {self.group.noun} '{self.name}' of {self.address}"


@dataclass(frozen=True)
class Change:
    """One difference. `message` is a sentence, `hint` says what to do where it breaks somebody."""

    rule: str
    effect: Effect
    subject: Subject
    message: str
    hint: str = ""


def capitalize(sentence: str) -> str:
    """A sentence with a capital letter, the rest as it is."""
    return sentence if sentence[:1] == "." else sentence[:1].upper() + sentence[1:]


def shown(value: Any) -> str:
    """A value in a sentence."""
    text = "nothing" if value is None or value == "" else f"{value}" if isinstance(value, bool) else f"'{value}'"
    limit = 80
    return text if len(text) <= limit else f"{text[:limit]}…"
