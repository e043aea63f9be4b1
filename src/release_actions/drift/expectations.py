"""Reads a `dependencies.yaml` of zeitgeist as a second source of expectations: this version, in these lines.

Each dependency has a name, a version and `refPaths` with a file and a regular expression
(https://github.com/kubernetes-sigs/zeitgeist). Every line that matches has to hold the version.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from release_actions.config.source import MappingNode, Node, ScalarNode, SequenceNode, parse
from release_actions.drift.strangers import Stray
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.runner.patterns import Pattern

FILE = "dependencies.yaml"


@dataclass(frozen=True)
class Expectation:
    """A version that the lines of a file must hold where they match. `place` is where the expectation is written."""

    name: str
    version: str
    path: str
    pattern: Pattern
    place: Place


def read_expectations(text: str, file: str) -> tuple[Expectation, ...]:
    """What a file expects. Raises `ConfigurationError` with every mistake."""
    root = parse(text, file)
    listed = root.child("dependencies") if isinstance(root, MappingNode) else None
    if not isinstance(listed, SequenceNode):
        message = f"{file} has no list 'dependencies'."
        raise ConfigurationError(message, hint="Correct it, or set dependencies: none.", place=Place(file, 1, 1))
    problems: list[Problem] = []
    expected = [expectation for item in listed.items for expectation in _read_dependency(item, problems)]
    if problems:
        raise ConfigurationError(problems=problems)
    return tuple(expected)


def _read_dependency(node: Node, problems: list[Problem]) -> Iterator[Expectation]:
    name, version, paths = (node.child(key) for key in ("name", "version", "refPaths"))
    if not isinstance(name, ScalarNode) or not isinstance(version, ScalarNode):
        hint = "Give both; a version that is a number needs quotes."
        problems.append(Problem("A dependency needs a name and a version.", hint, node.place))
        return
    for item in paths.items if isinstance(paths, SequenceNode) else ():
        path, match = item.child("path"), item.child("match")
        if not isinstance(path, ScalarNode) or not isinstance(match, ScalarNode):
            problems.append(Problem(f"A refPath of {name.text} needs path and match.", "", item.place))
            continue
        try:
            pattern = Pattern(match.text)
        except re.error as error:
            problems.append(
                Problem(f"The expression {match.text!r} of {name.text} is wrong: {error}.", "", match.place)
            )
            continue
        yield Expectation(name.text, version.text, path.text, pattern, match.place)


def check_expectations(
    expectations: tuple[Expectation, ...],
    read: Callable[[str], str | None],
    suggest: Callable[[str], str] = lambda _: "",
) -> Iterator[Stray]:
    """What is not as expected. `read` gives the content of a file, None when there is no such file.

    `suggest` names the nearest path to one that is missing, in a sentence, empty where none is near.
    """
    for expected in expectations:
        content = read(expected.path)
        if content is None:
            message = f"{expected.name} is expected in {expected.path}, which does not exist."
            yield Stray("dependency-missing", message, suggest(expected.path) or "Correct the path.", expected.place)
            continue
        lines = [(number, line) for number, line in enumerate(content.split("\n"), 1) if expected.pattern.is_in(line)]
        if not lines:
            message = f"No line of {expected.path} matches {expected.pattern.text!r} for {expected.name}."
            yield Stray("dependency-missing", message, "Correct the expression, or the file.", expected.place)
        for number, line in lines:
            if expected.version not in line:
                message = f"{expected.name} should be {expected.version} here, as {expected.place} says."
                yield Stray("dependency-stale", message, f"Write {expected.version}.", Place(expected.path, number, 1))
