"""Changes that people have decided to make all the same: who, why, and until when."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from release_actions.config.drift import DAY
from release_actions.config.shapes import ListOf, Record, RecordOf, Text, key
from release_actions.errors import Place
from release_actions.runner.report import Finding, Level
from release_actions.surface.change import Change, Effect

FILE = "api-waivers.yaml"
"""The usual name of the file."""

GLOB = Text("a glob over names", pattern="[^\n]+", example="'history*'")


@dataclass(frozen=True, kw_only=True)
class Waiver(Record):
    """A change that is made although it breaks somebody."""

    change: str = key(Text("a rule", pattern="[a-z]+(?:-[a-z]+)*", example="input-removed"), "The rule that found it.")
    file: str = key(GLOB, "The file that has it, as a glob.")
    name: str = key(
        GLOB, "What it is about, as a glob: the input, output or key. All if this is left out.", default="*"
    )
    who: str = key(
        Text("a GitHub user or team", pattern="@?[A-Za-z0-9][A-Za-z0-9/_-]*", example="octocat"), "Who decided it."
    )
    why: str = key(Text("a reason", example="'never worked'"), "Why, for whoever reads the report.")
    until: date = key(DAY, "The last day on which it holds.")

    def covers(self, change: Change) -> bool:
        """Whether it is about a change."""
        subject = change.subject
        return (
            change.rule == self.change
            and fnmatch.fnmatchcase(subject.address, self.file)
            and fnmatch.fnmatchcase(subject.name, self.name)
        )


@dataclass(frozen=True, kw_only=True)
class Waivers(Record):
    """The changes that are made although they break somebody."""

    waivers: tuple[Waiver, ...] = key(ListOf("a list of waivers", RecordOf("a waiver", Waiver)), "The changes.")


SHAPE = RecordOf("the file", Waivers)


@dataclass(frozen=True)
class Judged:
    """A change with the waiver that covers it, None without one."""

    change: Change
    waiver: Waiver | None = None

    @property
    def effect(self) -> Effect:
        """What it means, the waiver aside."""
        return self.change.effect

    @property
    def stops(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.effect is not Effect.COMPATIBLE and self.waiver is None


def apply_waivers(changes: Iterable[Change], waivers: tuple[Waiver, ...], today: date) -> tuple[Judged, ...]:
    """The changes, each with the first waiver that covers it and has not ended."""
    valid = [waiver for waiver in waivers if today <= waiver.until]

    def find(change: Change) -> Waiver | None:
        if change.effect is Effect.COMPATIBLE:
            return None
        return next((waiver for waiver in valid if waiver.covers(change)), None)

    return tuple(Judged(change, find(change)) for change in changes)


def check_waivers(judged: tuple[Judged, ...], waivers: tuple[Waiver, ...], today: date) -> Iterator[Finding]:
    """Waivers that have ended, or that nothing needs any more."""
    used = {id(item.waiver) for item in judged if item.waiver}
    for waiver in waivers:
        place = waiver.origin.place if waiver.origin.place != Place("") else None
        if today > waiver.until:
            message = f"The waiver of {waiver.change} in {waiver.file} ended on {waiver.until}."
            hint = "Take the change back, or decide again until when it holds."
            yield Finding.of(Level.WARNING, message, hint=hint, place=place, rule="waiver-expired")
        elif id(waiver) not in used:
            message = f"The waiver of {waiver.change} in {waiver.file} covers nothing."
            yield Finding.of(Level.WARNING, message, hint="Remove it.", place=place, rule="waiver-unused")
