"""YAML that a runner reads, with the line of every key. Values stay the texts that were written.

Workflows and manifests of strangers may have anchors, so the stricter reader of our own files does not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from release_actions.errors import ConfigurationError, Place

_LOADER: Any = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
"""Keeps every scalar a text. libyaml where the wheel has it: ten times as fast."""


class Tree:
    """A mapping of a file; empty for anything else. `mark` is where a key stands."""

    def __init__(self, node: Any, file: str) -> None:
        self._file = file
        self.node = node
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        self._pairs = {key.value: (key, value) for key, value in pairs if isinstance(key, yaml.ScalarNode)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __contains__(self, name: str) -> bool:
        return name in self._pairs

    def below(self, name: str) -> Tree:
        """The mapping of a key."""
        return Tree(self._pairs[name][1] if name in self._pairs else None, self._file)

    def text(self, name: str, default: str = "") -> str:
        """The scalar of a key as written. A boolean in capitals is written small, as runners take both."""
        node = self._pairs[name][1] if name in self._pairs else None
        if not isinstance(node, yaml.ScalarNode):
            return default
        text = str(node.value)
        if node.style:
            return text
        return text.lower() if text.lower() in {"true", "false"} else "" if text in {"~", "null", "Null"} else text

    def scalar(self) -> str:
        """The mapping's own text where it is a scalar in truth."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else ""

    def items(self) -> list[str]:
        """The texts of a list."""
        nodes = self.node.value if isinstance(self.node, yaml.SequenceNode) else []
        return [str(node.value) for node in nodes if isinstance(node, yaml.ScalarNode)]

    def trees(self) -> list[Tree]:
        """The mappings of a list."""
        nodes = self.node.value if isinstance(self.node, yaml.SequenceNode) else []
        return [Tree(node, self._file) for node in nodes]

    def place(self, name: str) -> Place:
        """Where a key stands."""
        mark = self._pairs[name][0].start_mark if name in self._pairs else None
        return Place(self._file, mark.line + 1, mark.column + 1) if mark else Place(self._file)


def read_tree(text: str, file: str) -> Tree:
    """The mapping of a YAML text. Raises `ConfigurationError` with the place for a text that is not YAML."""
    try:
        return Tree(yaml.compose(text, Loader=_LOADER), file)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        message = f"This is not YAML: {error.problem}."
        raise ConfigurationError(message, place=place) from error
    except (yaml.YAMLError, RecursionError) as error:
        message = f"This is not YAML: {str(error)[:120]!r}."
        raise ConfigurationError(message, place=Place(file)) from error
