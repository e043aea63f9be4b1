"""Compares two JSON Schemas by their places: which values are refused now that were allowed, or the other way round.

A schema of files that people write must go on to accept what it accepted. One of documents that a project writes must
not allow more than readers know. What is neither clearly narrower nor wider is unclear.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from release_actions.errors import Place
from release_actions.surface.change import Change, Effect, Subject, capitalize, shown
from release_actions.surface.json_schema import (
    ANY_KEY,
    EXACTLY_ONE,
    LOWER_BOUNDS,
    ROOT,
    UPPER_BOUNDS,
    parent_of,
)
from release_actions.surface.model import Attributes, Group, Interface, Kind

Movement = Literal["narrowed", "widened", "moved"]
"""How the values that are allowed changed. `moved`: in a way that cannot be judged."""

ALL_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

Places = Mapping[str, Attributes]


def compare_keys(address: str, base: Interface, head: Interface) -> Iterator[Change]:
    """The differences of two schemas of one kind."""
    before, after = base.elements(Group.KEYS), head.elements(Group.KEYS)
    is_read = base.kind is Kind.CONFIGURATION
    for path in sorted({*before, *after}):
        subject = Subject(address, Group.KEYS, path, Place(address))
        if path not in after:
            # What was below something that is gone went with it.
            changes = [describe_gone(subject, after, is_read=is_read)] if is_kept(path, after) else []
        elif path not in before:
            changes = [describe_new(subject, before, after, is_read=is_read)] if is_kept(path, before) else []
        else:
            changes = list(compare_place(subject, before[path], after[path], is_read=is_read))
        yield from judge_overlaps(changes, before, after)


def is_kept(path: str, places: Places) -> bool:
    """Whether the place above a path is there."""
    above = parent_of(path)
    return not above or above in places


def describe_gone(subject: Subject, after: Places, *, is_read: bool) -> Change:
    """A place that is gone: a key, an alternative, or what was said about items or unnamed keys."""
    path = subject.name
    above = after.get(parent_of(path), {})
    if is_key(path):
        message = f"{capitalize(str(subject))} is gone."
        hint = "Accept it until the next major version." if is_read else "Write it until the next major version."
        return Change("key-removed", Effect.BREAKING, subject, message, hint)
    is_narrower = bool(above.get("alternatives")) if is_alternative(path) else bool(above.get("closed"))
    return describe_movement(subject, "narrowed" if is_narrower else "widened", "it", is_read=is_read)


def describe_new(subject: Subject, before: Places, after: Places, *, is_read: bool) -> Change:
    """A place that is new."""
    path = subject.name
    above = before.get(parent_of(path), {})
    if is_key(path):
        if is_read and after[path].get("required"):
            message = f"{capitalize(str(subject))} is new and required."
            return Change("key-required", Effect.BREAKING, subject, message, "Let it be left out.")
        return Change("key-added", Effect.COMPATIBLE, subject, f"{capitalize(str(subject))} is new.")
    is_wider = bool(above.get("alternatives")) if is_alternative(path) else bool(above.get("closed"))
    return describe_movement(subject, "widened" if is_wider else "narrowed", "it", is_read=is_read)


def is_key(path: str) -> bool:
    """Whether a place is that of a key by name."""
    last = max(path.rfind("."), path.rfind("["), path.rfind("?"))
    if path == ROOT:
        return False
    return (last < 0 or path[last] == ".") and path[last + 1 :] != ANY_KEY


def is_alternative(path: str) -> bool:
    """Whether a place is one of several alternatives."""
    return path.rfind("?") > max(path.rfind("."), path.rfind("["))


def compare_place(subject: Subject, before: Attributes, after: Attributes, *, is_read: bool) -> Iterator[Change]:
    """The differences of what holds at one place."""
    for name in sorted({*before, *after} - {"other"}):
        was, now = before.get(name), after.get(name)
        if was == now or (name == "required" and bool(was) == bool(now)):
            continue
        if name == "required":
            yield describe_required(subject, is_read=is_read, is_required=bool(now))
        elif name == "default":
            effect = Effect.BREAKING if is_read else Effect.COMPATIBLE
            message = f"The default of {subject} was {shown(was)} and is {shown(now)}."
            hint = "Files that leave it out mean something else now."
            yield Change("default-changed", effect, subject, message, hint)
        else:
            for movement in sorted(find_movements(name, was, now)):
                yield describe_movement(subject, movement, name, is_read=is_read)
    known, new = before.get("other", {}), after.get("other", {})
    for name in sorted({*known, *new}):
        if known.get(name) != new.get(name):
            moved: Movement = "widened" if name not in new else "narrowed" if name not in known else "moved"
            yield describe_movement(subject, moved, name, is_read=is_read)


def describe_required(subject: Subject, *, is_read: bool, is_required: bool) -> Change:
    """A key that has become required, or optional."""
    if is_required:
        effect = Effect.BREAKING if is_read else Effect.COMPATIBLE
        message = f"{capitalize(str(subject))} was optional and is required."
        return Change("key-required", effect, subject, message, "Let it be left out.")
    effect = Effect.COMPATIBLE if is_read else Effect.BREAKING
    message = f"{capitalize(str(subject))} was always there and may be left out."
    return Change("key-optional", effect, subject, message, "Write it always until the next major version.")


def describe_movement(subject: Subject, movement: Movement, keyword: str, *, is_read: bool) -> Change:
    """A change of the values that are allowed at a place."""
    what = f"at {subject}" + ("" if keyword == "it" else f" ({keyword})")
    if movement == "moved":
        message = f"What {keyword} says {what.removesuffix(f' ({keyword})')} changed, and cannot be compared."
        return Change(
            "value-changed", Effect.UNCLEAR, subject, message, "Compare by hand, and waive it if nobody breaks."
        )
    if movement == "narrowed":
        effect = Effect.BREAKING if is_read else Effect.COMPATIBLE
        message = f"Values {what} are refused that were allowed."
        return Change("value-narrowed", effect, subject, message, "Go on to accept them until the next major version.")
    effect = Effect.COMPATIBLE if is_read else Effect.BREAKING
    message = f"Values {what} are possible that readers have never met."
    return Change("value-widened", effect, subject, message, "Write them only from the next major version on.")


def find_movements(name: str, was: Any, now: Any) -> set[Movement]:
    """How a keyword's change moved what is allowed: narrower, wider, or both."""
    if name in {"type", "values"}:
        read = _types if name == "type" else _values
        return _compare_sets(read(was), read(now))
    if name in {*LOWER_BOUNDS, *UPPER_BOUNDS}:
        return _compare_bounds(was, now, sign=1 if name in LOWER_BOUNDS else -1)
    if name == "closed":
        return {"narrowed" if now else "widened"}
    if name == "alternatives":
        # That there are alternatives, or none any more, shows at the places of the alternatives.
        return set() if was is None or now is None else {"narrowed" if now == EXACTLY_ONE else "widened"}
    return {"moved"}


def _types(names: Any) -> frozenset[str] | None:
    if names is None:
        return None
    return frozenset(names) | ({"integer"} if "number" in names else set())


def _values(values: Any) -> frozenset[str] | None:
    return None if values is None else frozenset(json.dumps(value, sort_keys=True) for value in values)


def _compare_sets(was: frozenset[str] | None, now: frozenset[str] | None) -> set[Movement]:
    """None is everything."""
    movements: set[Movement] = set()
    if now is not None and (was is None or was - now):
        movements.add("narrowed")
    if was is not None and (now is None or now - was):
        movements.add("widened")
    return movements


def _compare_bounds(was: Any, now: Any, *, sign: int) -> set[Movement]:
    if was is None or now is None:
        return {"widened" if now is None else "narrowed"}
    return {"narrowed" if (now - was) * sign > 0 else "widened"}


def judge_overlaps(changes: list[Change], before: Places, after: Places) -> Iterator[Change]:
    """The same changes; one below "exactly one of" is unclear, as a value may now be of two alternatives."""
    for change in changes:
        path = change.subject.name
        above = path
        while above and change.effect is Effect.COMPATIBLE:
            above = parent_of(above)
            if EXACTLY_ONE in {places.get(above, {}).get("alternatives") for places in (before, after)}:
                message = f"{change.message} Of the alternatives of '{above}' exactly one may hold."
                change = Change("value-changed", Effect.UNCLEAR, change.subject, message, "Compare by hand.")  # noqa: PLW2901
        yield change
