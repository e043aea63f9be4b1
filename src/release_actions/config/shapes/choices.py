"""Shapes of a value that may be of several kinds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from release_actions.config.shapes.base import Schema, Shape
from release_actions.config.shapes.collections import ListOf
from release_actions.config.shapes.records import RecordOf
from release_actions.config.shapes.scalars import Choice
from release_actions.config.source import BOOLEANS, Kind, MappingNode, Node, ScalarNode
from release_actions.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class OneOf(Shape[Any]):
    """A mapping of one of several kinds. The key `chooser` names the kind, and each kind is a record with that key."""

    words: str
    chooser: str
    kinds: Mapping[str, RecordOf[Any]] = dataclasses.field(hash=False)

    def load(self, node: Node, problems: list[Problem]) -> Any:
        """The dataclass of the kind that the mapping says it is."""
        if not isinstance(node, MappingNode):
            raise self.mismatch(
                node, problems, f"Begin it with '{self.chooser}: {next(iter(self.kinds))}', for example."
            )
        kind = node.child(self.chooser)
        names = ", ".join(self.kinds)
        if kind is None:
            message = f"{self.words[0].upper()}{self.words[1:]} needs the key '{self.chooser}'."
            raise self.refuse(node, problems, message, f"Its values are {names}.")
        return self.kinds[Choice(tuple(self.kinds)).load(kind, problems)].load(node, problems)

    def schema(self) -> Schema:
        """Exactly one of the kinds; they differ in the chooser, so no value is of two."""
        return {"oneOf": [record.schema() for record in self.kinds.values()]}


@dataclass(frozen=True)
class OrFalse(Shape[T | bool]):
    """Something, or `false` to switch it off."""

    shape: Shape[T]

    @property
    def words(self) -> str:  # type: ignore[override]  # made from the shape's
        """Either."""
        return f"{self.shape.words} or false"

    def load(self, node: Node, problems: list[Problem]) -> T | bool:
        """The value, or False."""
        if isinstance(node, ScalarNode):
            if node.kind is Kind.BOOLEAN and not BOOLEANS[node.text]:
                return False
            raise self.mismatch(node, problems)
        return self.shape.load(node, problems)

    def schema(self) -> Schema:
        """Either."""
        return {"anyOf": [{"const": False}, self.shape.schema()]}


@dataclass(frozen=True)
class OneOrMore(Shape[tuple[T, ...]]):
    """A value, or a list of such values that is not empty."""

    item: Shape[T]
    several: ListOf[T]

    @property
    def words(self) -> str:  # type: ignore[override]  # made from the shape's
        """Either."""
        return f"{self.item.words} or {self.several.words}"

    def load(self, node: Node, problems: list[Problem]) -> tuple[T, ...]:
        """The values in order."""
        if isinstance(node, ScalarNode):
            return (self.item.load(node, problems),)
        return self.several.load(node, problems)

    def schema(self) -> Schema:
        """Either."""
        return {"anyOf": [self.item.schema(), self.several.schema()]}
