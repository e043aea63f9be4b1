"""Whether a label can name one of GitHub's runners: one that nobody has lets the job wait a day, and then fail.

Only warns. A label may also be one that the project gave to its own runner, and those can have any name; so what is
judged is one label alone that is spelled like one of GitHub's. A project that has such a runner says so where it says
it to actionlint: below `self-hosted-runner` in `.github/actionlint.yaml`.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from release_actions.config import Config, Package
from release_actions.config.source import NULLS, Node, ScalarNode, SequenceNode, parse, read_text
from release_actions.errors import ConfigurationError, Problem

HOSTED_LABELS = (
    *("ubuntu-latest", "ubuntu-slim", "ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"),
    *("ubuntu-22.04-arm", "ubuntu-24.04-arm", "ubuntu-26.04-arm"),
    *("windows-latest", "windows-2022", "windows-2025", "windows-2025-vs2026"),
    *("windows-11-arm", "windows-11-vs2026-arm"),
    *("macos-latest", "macos-latest-large", "macos-latest-xlarge", "macos-14", "macos-14-large", "macos-14-xlarge"),
    *("macos-15", "macos-15-intel", "macos-15-large", "macos-15-xlarge"),
    *("macos-26", "macos-26-intel", "macos-26-large", "macos-26-xlarge"),
)
"""Runners that GitHub offers to everyone, and the larger ones whose names are fixed, in November 2026. From its page
"GitHub-hosted runners reference" (https://docs.github.com/en/actions/reference/runners/github-hosted-runners) and the
list of images of https://github.com/actions/runner-images."""

HOSTED_SHAPE = re.compile(
    r"(?:ubuntu|windows|macos)-(?:latest|[0-9]+(?:\.[0-9]+)?)(?:-(?:arm|arm64|aarch64|amd64|x64|x86|intel))?"
)
"""A system, its version and a processor: no organisation names its own runners so, which have a size in their name."""

LEAST_LIKENESS = 0.9
"""How near another label has to be to count as a misspelt one: `ubunut-24.04` is, `ubuntu-24.04-16core` is not."""

RULE = "runner-label"

OWN_LABELS_FILES = (".github/actionlint.yaml", ".github/actionlint.yml")
"""Where actionlint looks for its settings; it takes the first one that is there."""

OWN_LABELS_KEY = ("self-hosted-runner", "labels")


@dataclass(frozen=True)
class OwnLabels:
    """The labels that a project lists as its own runners', as globs. `problem`: why its file could not be read."""

    globs: tuple[str, ...] = ()
    problem: Problem | None = None

    def have(self, label: str) -> bool:
        """Whether a glob matches a label, without case."""
        return any(fnmatch.fnmatchcase(label.lower(), as_python_glob(glob)) for glob in self.globs)


def as_python_glob(glob: str) -> str:
    """A glob of actionlint, which are those of Go's `path.Match`: it negates with `[^a]`, and Python with `[!a]`."""
    return glob.lower().replace("[^", "[!")


def read_own_labels(workspace: Path) -> OwnLabels:
    """The labels that the workspace's settings of actionlint list; none without such a file."""
    root = workspace.resolve()
    for name in OWN_LABELS_FILES:
        path = workspace / name
        # A link must not show what is outside: the code of a pull request may be a stranger's.
        if path.is_file() and path.resolve().is_relative_to(root):
            try:
                return OwnLabels(list_labels(parse(read_text(path, name=name), name)))
            except ConfigurationError as error:
                first = error.problems[0]
                message = f"The runners of your own that {name} lists are not known: {first.message}"
                return OwnLabels(problem=Problem(message, first.hint, first.place))
    return OwnLabels()


def list_labels(settings: Node) -> tuple[str, ...]:
    """The globs in actionlint's settings. Raises `ConfigurationError` where they are no list of texts."""
    node: Node | None = settings
    for step in OWN_LABELS_KEY:
        node = node.child(step) if node else None
    if node is None or (isinstance(node, ScalarNode) and node.text in NULLS):
        return ()
    globs = [item.text for item in node.items if isinstance(item, ScalarNode)] if isinstance(node, SequenceNode) else []
    if not isinstance(node, SequenceNode) or len(globs) < len(node.items):
        message = f"'{'.'.join(OWN_LABELS_KEY)}' is not a list of labels."
        raise ConfigurationError(message, hint="Write one label a line, each behind a dash.", place=node.place)
    return tuple(globs)


def find_unknown_runners(config: Config, packages: Collection[Package], workspace: Path) -> Iterator[Problem]:
    """A problem for each label that looks like one of GitHub's and is not, once for each place."""
    strange = tuple(dict.fromkeys(list_strange_labels(config, packages)))
    own = read_own_labels(workspace) if strange else OwnLabels()
    if own.problem:
        yield own.problem
    yield from (problem for label, problem in strange if not own.have(label))


def list_strange_labels(config: Config, packages: Iterable[Package]) -> Iterator[tuple[str, Problem]]:
    """Each label that looks like one of GitHub's and is not, with what is wrong with it."""
    for package in packages:
        for platform, label in package.runners.items():
            near = find_intended_label(label)
            if near and platform in package.platforms:
                message = f"GitHub has no runner '{label}', which is to build for {platform}."
                hint = (
                    f"Did you mean '{near}'? If a runner of your own has this label, list it below "
                    f"{'.'.join(OWN_LABELS_KEY)} in {OWN_LABELS_FILES[0]}."
                )
                yield label, Problem(message, hint, config.place_of(package, "runners", platform))


def find_intended_label(label: str) -> str:
    """The label of GitHub's that is meant; empty if the label is one, or names a runner of the project's own."""
    written = label.lower()  # GitHub compares labels without case
    if written in HOSTED_LABELS:
        return ""
    near = difflib.get_close_matches(written, HOSTED_LABELS, n=1, cutoff=LEAST_LIKENESS)
    if not near and HOSTED_SHAPE.fullmatch(written):
        near = difflib.get_close_matches(written, HOSTED_LABELS, n=1, cutoff=0.0)
    return next(iter(near), "")
