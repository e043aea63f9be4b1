"""What was done to the tags of one package, as it happened: so that a failure in between loses nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from release_actions.registry.client import Manifest


class TagChange(Protocol):
    """A tag to be put on another digest. `before` is empty when the tag does not exist."""

    @property
    def tag(self) -> str: ...

    @property
    def before(self) -> str: ...

    @property
    def after(self) -> str: ...


@dataclass(frozen=True)
class TagRead:
    """What a tag named before it was changed for the first time; None where there was no such tag."""

    tag: str
    manifest: Manifest | None


@dataclass(frozen=True)
class WriteBegun:
    """A tag is being put on another digest. If the answer is lost, it may have been."""

    change: TagChange


@dataclass(frozen=True)
class WriteRefused:
    """The registry refused the write that was begun last, so nothing was changed."""


@dataclass(frozen=True)
class WriteDone:
    """The write that was begun last was confirmed at a moment of the run's clock."""

    moment: float


@dataclass(frozen=True)
class TagObserved:
    """A sentence about what others did to a tag after it was put."""

    sentence: str


Event = TagRead | WriteBegun | WriteRefused | WriteDone | TagObserved


@dataclass
class Journal:
    """The events of one package in order. `keeps_olds`: what tags named before is read, so that it can be put back."""

    keeps_olds: bool = False
    events: list[Event] = field(default_factory=list)

    def record(self, event: Event) -> None:
        """Add what has just happened."""
        self.events.append(event)

    @property
    def done(self) -> list[TagChange]:
        """Every change that was made, or may have been."""
        changes: list[TagChange] = []
        for event in self.events:
            if isinstance(event, WriteBegun):
                changes.append(event.change)
            elif isinstance(event, WriteRefused):
                changes.pop()
        return changes

    @property
    def last(self) -> dict[str, TagChange]:
        """The last change of each tag."""
        return {change.tag: change for change in self.done}

    @property
    def olds(self) -> Mapping[str, Manifest | None]:
        """Tag -> what it named before its first change."""
        return {event.tag: event.manifest for event in self.events if isinstance(event, TagRead)}

    @property
    def written(self) -> float:
        """When the last write was confirmed; minus infinity before the first."""
        return max((event.moment for event in self.events if isinstance(event, WriteDone)), default=-math.inf)

    @property
    def notes(self) -> list[str]:
        """Sentences about what others did meanwhile."""
        return [event.sentence for event in self.events if isinstance(event, TagObserved)]
