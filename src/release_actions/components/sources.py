"""Finds the version of a component where `components.yaml` says it is.

Everything is read as data: no file is run, sourced or imported. A source has to give one version. Nothing, several
different ones, or a file that is not there is said in words, and no version is made up. What is read comes from the
caller, so this module itself never opens a file and never uses the network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from release_actions.builds import version_file
from release_actions.components.version_source import (
    VERSION,
    FromChart,
    FromFile,
    FromGitTag,
    FromImageTag,
    FromLiteral,
    FromRelease,
    FromToml,
    FromVersionFile,
    FromYaml,
    Source,
)
from release_actions.config.source import Node, ScalarNode, parse
from release_actions.errors import Place, Problem
from release_actions.runner.patterns import Pattern
from release_actions.versions import version as versions

NOT_FOUND = "source-not-found"
AMBIGUOUS = "source-ambiguous"
NO_VERSION = "source-no-version"

STEP = re.compile(r"\[([0-9]+)\]|((?:[^.\[\]]|\[(?![0-9]+\]))+)")
"""One step of a path of keys."""


@dataclass(frozen=True)
class FoundVersion:
    """A version and where it stands. `others`: further places that say the same, when the source matched again."""

    version: str
    place: Place
    others: tuple[Place, ...] = ()


@dataclass(frozen=True)
class MissingVersion:
    """Why a source gives no version: the rule that says so, a sentence, what to do, and where to look."""

    rule: str
    message: str
    hint: str
    place: Place


@dataclass(frozen=True)
class VersionSources:
    """What versions are read from.

    `release` is the tag that is being released. `text` gives a file's content, None when there is no such file.
    `git_tags` and `image_tags` give every tag of a repository and of an image, None when there is no such thing.
    `suggest` names the path nearest to one that is missing, in a sentence, empty where none is near.
    """

    release: str
    text: Callable[[str], str | None]
    git_tags: Callable[[str], Iterable[str] | None]
    image_tags: Callable[[str], Iterable[str] | None]
    suggest: Callable[[str], str] = lambda _: ""

    def find(self, source: Source) -> FoundVersion | MissingVersion:
        """The version that a source gives. Raises `ConfigurationError` for a file that cannot be read."""
        place = source.origin.place
        match source:
            case FromRelease():
                return FoundVersion(self.release, place)
            case FromLiteral():
                return FoundVersion(source.version, source.origin.at("version"))
            case FromGitTag():
                what = f"the repository {source.repository}"
                return _choose_newest(self.git_tags(source.repository), source.prefix, what, place)
            case FromImageTag():
                return _choose_newest(self.image_tags(source.image), source.prefix, f"the image {source.image}", place)
            case _:
                pass
        text = self.text(source.file)
        if text is None:
            message = f"{source.file} does not exist."
            hint = self.suggest(source.file) or "Correct the path, or check the file out."
            return MissingVersion(NOT_FOUND, message, hint, source.origin.at("file"))
        return self._checked(source, self._in_text(source, text))

    def _in_text(
        self, source: FromFile | FromYaml | FromToml | FromVersionFile | FromChart, text: str
    ) -> FoundVersion | MissingVersion:
        match source:
            case FromFile():
                result = find_by_pattern(text, source.pattern, source.file)
                return _require_single(
                    result, f"The pattern {source.pattern!r}", source.file, source.origin.at("pattern")
                )
            case FromVersionFile():
                values = version_file.parse(text, source.file)
                if source.key in values.values:
                    return FoundVersion(values.values[source.key], values.at(source.key))
                missing = Problem(f"{source.file} has no key {source.key}.", "Correct the key, or the file.")
                problem = values.unreadable.get(source.key, missing)
                place = problem.place or source.origin.at("key")
                return MissingVersion(NOT_FOUND, problem.message, problem.hint, place)
            case FromToml():
                return find_in_toml(text, source)
            case FromYaml():
                return _find_in_yaml(text, source.file, source.key, source.origin.at("key"))
            case FromChart():
                return _find_in_yaml(text, source.file, source.field, source.origin.at("file"))

    def _checked(self, source: Source, result: FoundVersion | MissingVersion) -> FoundVersion | MissingVersion:
        if isinstance(result, FoundVersion) and not re.fullmatch(VERSION, result.version):
            message = f"{result.place} gives {result.version[:60]!r}, which is not a version."
            hint = f"The source is described at {source.origin.place}. Make it lead to the version alone."
            return MissingVersion(NO_VERSION, message, hint, result.place)
        return result


def find_by_pattern(text: str, pattern: str, file: str) -> tuple[FoundVersion, ...]:
    """Every match of a pattern: its group, and where that stands."""
    matches = Pattern(pattern, re.MULTILINE).find(text)
    return tuple(FoundVersion(groups[0], _place(text, start, file)) for start, groups in matches)


def _require_single(
    versions: tuple[FoundVersion, ...], what: str, file: str, place: Place
) -> FoundVersion | MissingVersion:
    if not versions:
        message = f"{what} finds nothing in {file}."
        return MissingVersion(NOT_FOUND, message, "Correct it, or the file.", place)
    first, *rest = versions
    other = next((again for again in rest if again.version != first.version), None)
    if other:
        message = (
            f"{what} finds {len(versions)} versions in {file}: {first.version!r} in line {first.place.line} and "
            f"{other.version!r} in line {other.place.line}."
        )
        return MissingVersion(AMBIGUOUS, message, "Make it lead to one of them.", place)
    return FoundVersion(first.version, first.place, tuple(again.place for again in rest))


def _find_in_yaml(text: str, file: str, path: str, place: Place) -> FoundVersion | MissingVersion:
    node: Node | None = parse(text, file)
    for index, name in STEP.findall(path):
        node = node.child(int(index) if index else name) if node else None
    if node is None:
        message = f"{file} has no key {path}."
        return MissingVersion(NOT_FOUND, message, "Correct the key, or the file.", place)
    if not isinstance(node, ScalarNode):
        message = f"The key {path} of {file} is {node.kind.value}."
        return MissingVersion(NO_VERSION, message, "Name the key of the version itself.", node.place)
    return FoundVersion(node.text, node.place)


TOML_TABLE = re.compile(r"\[\s*([A-Za-z0-9_.\-\"' \t]+?)\s*\]\s*(?:#.*)?")
TOML_VALUE = re.compile(r"""([A-Za-z0-9_.\-"' \t]+?)\s*=\s*(.*)""")
TOML_TEXT = re.compile(r"""(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?""")
TOML_OPAQUE = re.compile(r""""(?:[^"\\]|\\.)*"|'[^']*'|#.*""")
"""Strings and comments, in which brackets mean nothing."""


def find_in_toml(text: str, source: FromToml) -> FoundVersion | MissingVersion:
    """A text of a TOML file: `key = "value"` below `[table]`.

    Python has a TOML parser from 3.11 on only, and it gives no lines, so this reads the one form that versions have. A
    value in another form, and a file with strings of several lines, are refused in words and never misread.
    """
    simpler = "Use 'kind: file' with a pattern for it."
    quotes = re.search("\"\"\"|'''", text)
    if quotes:
        message = f"{source.file} has a string of several lines, which is not read here."
        return MissingVersion(NO_VERSION, message, simpler, _place(text, quotes.start(), source.file))
    table = ""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        inside = depth > 0
        header = None if inside else TOML_TABLE.fullmatch(stripped)
        value = None if inside else TOML_VALUE.fullmatch(stripped)
        if header:
            table = _toml_key(header.group(1))
            continue
        if not inside and stripped.startswith("[["):
            table = "\0"
            continue
        code = TOML_OPAQUE.sub("", stripped)
        depth += code.count("[") + code.count("{") - code.count("]") - code.count("}")
        if value is None or ".".join(filter(None, (table, _toml_key(value.group(1))))) != source.key:
            continue
        place = Place(source.file, number, line.index(value.group(2), line.index("=")) + 1)
        simple = TOML_TEXT.fullmatch(value.group(2))
        if simple is None:
            message = f"The key {source.key} of {source.file} is not a text in quotes without escapes."
            return MissingVersion(NO_VERSION, message, simpler, place)
        return FoundVersion(simple.group(1) or simple.group(2) or "", Place(place.file, place.line, place.column + 1))
    message = f"{source.file} has no key {source.key}."
    return MissingVersion(NOT_FOUND, message, f"Correct the key. {simpler}", source.origin.at("key"))


def _toml_key(text: str) -> str:
    """A key as dots join it, without quotes and blanks."""
    return re.sub(r"[\"'\s]", "", text)


def _choose_newest(tags: Iterable[str] | None, prefix: str, what: str, place: Place) -> FoundVersion | MissingVersion:
    if tags is None:
        hint = "Correct the name, or pass a token that may read it."
        return MissingVersion(NOT_FOUND, f"{what[0].upper()}{what[1:]} cannot be seen.", hint, place)
    stable = [version for version in versions.parse_known(tags, prefix) if version.is_stable]
    if not stable:
        hint = "Set 'prefix' to what its release tags begin with, or use another kind of source."
        begins = f"beginning with {prefix}" if prefix else "of the form X.Y.Z"
        return MissingVersion(NOT_FOUND, f"{what[0].upper()}{what[1:]} has no stable tag {begins}.", hint, place)
    return FoundVersion(stable[-1].tag, place)


def _place(text: str, position: int, file: str) -> Place:
    before = text[: max(position, 0)]
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
