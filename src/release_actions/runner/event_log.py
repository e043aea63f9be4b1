"""What a run did, as a list of frozen events that is only ever added to; what they add up to is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

Event = TypeVar("Event")
Kind = TypeVar("Kind")


class EventLog(Generic[Event]):
    """Events in the order in which they happened. True at every moment in which a run may be stopped."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: list[Event] = [*events]

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(self._events)

    def add(self, *events: Event) -> None:
        """Note that something happened."""
        self._events += events

    def select(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind."""
        return [event for event in self._events if isinstance(event, kind)]
