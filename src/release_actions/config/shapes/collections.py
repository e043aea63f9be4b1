"""Shapes of lists, and of mappings whose keys the user chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from release_actions.config.shapes.base import Refused, Schema, Shape, describe_node, name_node, quote_node
from release_actions.config.shapes.scalars import Text
from release_actions.config.source import Kind, MappingNode, Node, ScalarNode, SequenceNode
from release_actions.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class ListOf(Shape[tuple[T, ...]]):
    """A list, of at least `least` items, in which none is given twice if they are to be `unique`.

    `words` names it: "a list of tags".
    """

    words: str
    item: Shape[T]
    least: int = 0
    unique: bool = False

    def load(self, node: Node, problems: list[Problem]) -> tuple[T, ...]:
        """The items in order."""
        if not isinstance(node, SequenceNode):
            hint = ""
            if isinstance(node, ScalarNode) and node.kind is not Kind.NULL:
                hint = f"Write [{node.text}], or one item a line after a dash."
            raise self.mismatch(node, problems, hint)
        before = len(problems)
        if len(node.items) < self.least:
            raise self.refuse(node, problems, f"{name_node(node, 'The file')} is an empty list.", "Name at least one.")
        values: list[T] = []
        for item in node.items:
            try:
                value = self.item.load(item, problems)
            except Refused:
                continue
            if self.unique and value in values:
                problems.append(
                    Problem(f"{describe_node(item)}, which the list has already.", "Remove it.", item.place)
                )
            values.append(value)
        if len(problems) > before:
            raise Refused
        return tuple(values)

    def schema(self) -> Schema:
        """An array."""
        schema: Schema = {"type": "array", "items": self.item.schema()}
        if self.least:
            schema["minItems"] = self.least
        if self.unique:
            schema["uniqueItems"] = True
        return schema


@dataclass(frozen=True)
class MapOf(Shape[Mapping[str, T]]):
    """A mapping whose keys the user chooses: each fits `key`, each value fits `value`. `words` names what it maps."""

    words: str
    key: Text
    value: Shape[T]
    least: int = 0

    def load(self, node: Node, problems: list[Problem]) -> Mapping[str, T]:
        """Key -> value, in file order."""
        if not isinstance(node, MappingNode):
            raise self.mismatch(node, problems, f"Write 'key: value' below '{node.path}:'." if node.path else "")
        before = len(problems)
        if len(node.entries) < self.least:
            raise self.refuse(
                node, problems, f"{name_node(node, 'The file')} is an empty mapping.", "Name at least one."
            )
        values: dict[str, T] = {}
        for name, (key, below) in node.entries.items():
            if not re.fullmatch(self.key.pattern or r"(?s).+", name):
                message = f"The key {quote_node(key)} of {name_node(node)} is not {self.key.words}."
                problems.append(Problem(message, self.key.hint, key.place))
            try:
                values[name] = self.value.load(below, problems)
            except Refused:
                continue
        if len(problems) > before:
            raise Refused
        return values

    def schema(self) -> Schema:
        """An object."""
        schema: Schema = {"type": "object", "additionalProperties": self.value.schema()}
        schema["propertyNames"] = {"pattern": f"^(?:{self.key.pattern})$"} if self.key.pattern else {"minLength": 1}
        if self.least:
            schema["minProperties"] = self.least
        return schema
