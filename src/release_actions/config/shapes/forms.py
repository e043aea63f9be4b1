"""Files that say in which form they are written, so that a later form is refused in words and not key by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from release_actions.config.shapes.base import describe_node
from release_actions.config.shapes.records import Record, RecordOf, key
from release_actions.config.shapes.scalars import Integer
from release_actions.config.source import Kind, Node
from release_actions.errors import Problem

R = TypeVar("R", bound="FormRecord")

FORM = 1
"""The one form of every file that people write here."""

MOST = 10**15
"""No number of a form is larger."""


@dataclass(frozen=True)
class FormNumber(Integer):
    """The number of a file's form."""

    least: int = FORM
    most: int | None = FORM

    @property
    def words(self) -> str:  # type: ignore[override]  # the bounds say less
        return f"the number {FORM}"

    def load(self, node: Node, problems: list[Problem]) -> int:
        if node.kind not in {Kind.INTEGER, Kind.FLOAT}:
            hint = f"Write {FORM}: the key says the form of this file, and nothing about what is released."
            raise self.mismatch(node, problems, hint)
        number = Integer(least=-MOST, most=MOST).load(node, problems)
        if number != FORM:
            message = f"{describe_node(node)}, and this version of release-actions reads the form {FORM}."
            hint = (
                f"Use a version of release-actions that knows the form {number}, or write the file in the form {FORM}."
            )
            raise self.refuse(node, problems, message, hint)
        return number


NUMBER = FormNumber()


@dataclass(frozen=True, kw_only=True)
class FormRecord(Record):
    """Base of a whole file that may say its form."""

    version: int = key(
        NUMBER,
        "The form of this file. It changes only with a new major version of release-actions.",
        default=FORM,
    )


@dataclass(frozen=True)
class FormRecordOf(RecordOf[R]):
    """A whole file. One of another form is refused with that alone: what its keys mean is not known."""

    def load(self, node: Node, problems: list[Problem]) -> R:
        form = node.child("version")
        if form is not None:
            NUMBER.load(form, problems)
        return super().load(node, problems)
