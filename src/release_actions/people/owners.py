"""OWNERS files as Prow reads them: who may approve or review a path. Pure.

A file speaks for its folder and all below. For a path every file on the way up to the root counts, up to one that says
`no_parent_owners` and names somebody. Logins are compared in small letters and without `@`.

The files have to be those of the branch that a change goes to, never the change's own: its author may write there what
he likes. A file that cannot be read is an error, since going on with those above it could let more people approve than
it does. https://www.kubernetes.dev/docs/guide/owners/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.config.source import Kind, MappingNode, Node, ScalarNode, SequenceNode, parse
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.runner.patterns import Pattern

OWNERS = "OWNERS"
ALIASES = "OWNERS_ALIASES"
LONGEST_FILTER = 500
"""Characters of a filter's pattern."""

OWNERS_KEYS = ("approvers", "reviewers", "required_reviewers", "labels")
"""What makes a file a simple one, whose filters Prow does not read."""


@dataclass(frozen=True)
class OwnersEntry:
    """People for the paths that match `pattern`, relative to the file's folder; for all without one."""

    approvers: frozenset[str]
    reviewers: frozenset[str]
    pattern: Pattern | None = None

    def covers(self, relative: str) -> bool:
        """Whether the entry is about a path."""
        return self.pattern is None or self.pattern.is_in(relative)


@dataclass(frozen=True)
class OwnersFile:
    """One file. `folder` is empty for the root of the repository."""

    folder: str
    entries: tuple[OwnersEntry, ...]
    no_parent_owners: bool = False


@dataclass(frozen=True)
class Owners:
    """All OWNERS files of a commit by folder, with every alias in place of its name. `aliases`: name -> logins."""

    files: Mapping[str, OwnersFile] = field(default_factory=dict)
    aliases: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def find_approvers(self, path: str) -> frozenset[str]:
        """Logins in small letters of those who may approve a path. Empty when no file names anybody."""
        return frozenset().union(*(entry.approvers for entry in self._walk(path, "approvers")))

    def find_reviewers(self, path: str) -> frozenset[str]:
        """Logins in small letters of those who may review a path; who may approve it may review it, too."""
        reviewers = frozenset[str]().union(*(entry.reviewers for entry in self._walk(path, "reviewers")))
        return reviewers | self.find_approvers(path)

    def _walk(self, path: str, kind: str) -> Iterator[OwnersEntry]:
        has_people = False
        for folder in list_folders(path):
            file = self.files.get(folder)
            if file is None:
                continue
            relative = make_relative(path, folder)
            for entry in file.entries:
                if entry.covers(relative):
                    has_people = has_people or bool(entry.approvers if kind == "approvers" else entry.reviewers)
                    yield entry
            if file.no_parent_owners and has_people:
                return


def parse_owners(files: Mapping[str, str]) -> Owners:
    """The owners of a repository from its OWNERS and OWNERS_ALIASES files: path -> text.

    Files of other names are skipped, and aliases count at the root only, as in Prow. Raises `ConfigurationError` with
    every mistake.
    """
    problems: list[Problem] = []
    aliases = parse_aliases(files[ALIASES], problems) if ALIASES in files else {}
    parsed: dict[str, OwnersFile] = {}
    for path, text in sorted(files.items()):
        folder, _, name = path.rpartition("/")
        if name == OWNERS:
            parsed[folder] = parse_file(path, text, aliases, problems)
    if problems:
        raise ConfigurationError(problems=problems)
    return Owners(parsed, aliases)


def parse_aliases(text: str, problems: list[Problem]) -> dict[str, frozenset[str]]:
    """Alias in small letters -> logins. An alias in an alias is a login, as in Prow."""
    top = _parse_mapping(text, ALIASES, problems)
    below = top.child("aliases") if top else None
    if below is None or below.kind is Kind.NULL:
        return {}
    if not isinstance(below, MappingNode):
        problems.append(_refuse(below, "a mapping of aliases to lists of logins"))
        return {}
    return {normalize_login(name): frozenset(_list_names(node, problems)) for name, (_, node) in below.entries.items()}


def parse_file(path: str, text: str, aliases: Mapping[str, frozenset[str]], problems: list[Problem]) -> OwnersFile:
    """One OWNERS file."""
    folder = path.rpartition("/")[0]
    top = _parse_mapping(text, path, problems)
    if top is None:
        return OwnersFile(folder, ())
    options = top.child("options")
    alone = options.child("no_parent_owners") if options else None
    no_parent = isinstance(alone, ScalarNode) and alone.text.lower() == "true"
    is_simple = any(_list_names(top.child(key), problems) for key in OWNERS_KEYS)
    filters = top.child("filters")
    if is_simple or filters is None or filters.kind is Kind.NULL:
        return OwnersFile(folder, (_parse_entry(top, None, aliases, problems),), no_parent)
    if not isinstance(filters, MappingNode):
        problems.append(_refuse(filters, "a mapping of patterns to owners"))
        return OwnersFile(folder, ())
    entries = []
    for key, (name, node) in filters.entries.items():
        pattern = _parse_pattern(key, name.place, problems)
        if pattern is not None:
            entries.append(_parse_entry(node, pattern, aliases, problems))
    return OwnersFile(folder, tuple(entries), no_parent)


def normalize_login(login: str) -> str:
    """A login as it is compared."""
    return login.strip().lower().removeprefix("@")


def list_folders(path: str) -> Iterator[str]:
    """The folders that hold a path, the nearest first, and at last the root as an empty text."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def make_relative(path: str, folder: str) -> str:
    """A path as seen from a folder that holds it."""
    return path[len(folder) + 1 :] if folder else path


def _parse_mapping(text: str, path: str, problems: list[Problem]) -> MappingNode | None:
    try:
        top = parse(text, path)
    except ConfigurationError as error:
        problems += error.problems
        return None
    if isinstance(top, MappingNode):
        return top
    if top.kind is not Kind.NULL:
        problems.append(_refuse(top, "a mapping such as approvers: [octocat]"))
    return None


def _parse_entry(
    node: Node, pattern: Pattern | None, aliases: Mapping[str, frozenset[str]], problems: list[Problem]
) -> OwnersEntry:
    def expand(key: str) -> frozenset[str]:
        names = _list_names(node.child(key), problems)
        return frozenset().union(*(aliases.get(name, frozenset({name})) for name in names))

    return OwnersEntry(expand("approvers"), expand("reviewers"), pattern)


def _parse_pattern(text: str, place: Place, problems: list[Problem]) -> Pattern | None:
    try:
        if len(text) <= LONGEST_FILTER:
            return Pattern(text)
        why = f"it has more than {LONGEST_FILTER} characters"
    except re.error as error:
        why = str(error)
    hint = "Mend the filter: a file whose owners are not known has none."
    problems.append(Problem(f"The filter {text[:80]!r} is not a regular expression: {why}.", hint, place))
    return None


def _list_names(node: Node | None, problems: list[Problem]) -> tuple[str, ...]:
    if node is None or node.kind is Kind.NULL:
        return ()
    items = node.items if isinstance(node, SequenceNode) else ()
    if not isinstance(node, SequenceNode) or not all(isinstance(item, ScalarNode) for item in items):
        refusal = _refuse(node, "a list of logins")
        if refusal not in problems:
            problems.append(refusal)
        return ()
    return tuple(normalize_login(item.text) for item in items if isinstance(item, ScalarNode))


def _refuse(node: Node, expected: str) -> Problem:
    return Problem(f"{node.path or 'The file'} is not {expected}.", "See the guide to OWNERS files.", node.place)
