"""What every shape has: a way to load a node, a JSON Schema, and the words of its messages."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any, Generic, TypeVar

from release_actions.config.source import Kind, Node, ScalarNode
from release_actions.errors import Place, Problem

T = TypeVar("T")

Schema = dict[str, Any]
"""A JSON Schema, ready for `json.dumps`."""

SHOWN = 60
"""Characters of a wrong value that its message repeats."""


class Refused(Exception):  # noqa: N818  # no error that anybody sees: the problems say what is wrong
    """A value is wrong, and the list of problems says why."""


class Shape(ABC, Generic[T]):
    """What a value may be. `words` names it in a sentence and in the reference: "a list of tags"."""

    words: str

    @abstractmethod
    def load(self, node: Node, problems: list[Problem]) -> T:
        """The value, or every mistake added to `problems` and `Refused`."""

    @abstractmethod
    def schema(self) -> Schema:
        """The JSON Schema that accepts the same values."""

    def refuse(self, node: Node, problems: list[Problem], message: str, hint: str = "") -> Refused:
        """Add a problem at a node; raise what this returns."""
        problems.append(Problem(message, hint, node.place))
        return Refused()

    def mismatch(self, node: Node, problems: list[Problem], hint: str = "") -> Refused:
        """The problem of a node that is of another kind."""
        if node.kind is Kind.NULL:
            return self.refuse(
                node, problems, f"{name_node(node, 'The file')} is empty and should be {self.words}.", hint
            )
        return self.refuse(node, problems, f"{describe_node(node)}, which is not {self.words}.", hint)


def describe_node(node: Node) -> str:
    """How a message begins: the path and what stands there."""
    return f"{name_node(node, 'The file')} is {quote_node(node)}"


def name_node(node: Node, top: str = "the file") -> str:
    """The path of a node in a message."""
    return f"'{node.path}'" if node.path else top


def quote_node(node: Node) -> str:
    """A node in a message: a scalar as written, with control characters escaped; else its kind."""
    if not isinstance(node, ScalarNode):
        return node.kind.value
    text = node.text if len(node.text) <= SHOWN else node.text[:SHOWN] + "…"
    return "'" + re.sub("[\x00-\x1f\x7f-\x9f]", lambda match: repr(match.group())[1:-1], text) + "'"


def suggest_nearest(word: str, words: Collection[str]) -> str:
    """A sentence that names the nearest of the words, or all of them."""
    near = find_closest(word, words)
    if near:
        return f"Did you mean '{near}'?"
    return f"Use one of {', '.join(words)}." if words else ""


def find_closest(word: str, words: Collection[str]) -> str:
    """The one of the words that is meant, as far as spelling tells; empty if none is near."""
    import difflib  # only needed once something is wrong

    return next(iter(difflib.get_close_matches(word, words, n=1)), "")


def in_file_order(problems: Collection[Problem]) -> tuple[Problem, ...]:
    """Problems in the order of the file, as a person corrects them."""
    return tuple(sorted(problems, key=lambda problem: problem.place or Place("")))
