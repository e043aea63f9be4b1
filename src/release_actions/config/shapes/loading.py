"""From a text, a file or a node to the value of a shape, or every mistake at once."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from release_actions.config.shapes.base import Refused, Shape, in_file_order
from release_actions.config.source import Node, parse, read_text
from release_actions.errors import ConfigurationError, Problem

T = TypeVar("T")


def load(text: str, shape: Shape[T], *, file: str) -> T:
    """The value of a YAML text. `file` is how errors call it. Raises `ConfigurationError` with every mistake."""
    return load_node(parse(text, file), shape)


def load_file(path: Path, shape: Shape[T], *, name: str = "", hint: str = "") -> T:
    """The value of a YAML file. `name` is how errors call it; `hint` is shown when it is not there."""
    return load(read_text(path, name=name, hint=hint), shape, file=name or str(path))


def load_node(node: Node, shape: Shape[T]) -> T:
    """The value of a node that was read already. Raises `ConfigurationError` with every mistake, in file order."""
    problems: list[Problem] = []
    try:
        return shape.load(node, problems)
    except Refused:
        raise ConfigurationError(problems=in_file_order(problems)) from None
