"""What a project publishes, by every name that files use for it, and the version each should have at the release.

Built from `release.yaml` (images of the release and dev channels) and `components.yaml` (charts, repositories, earlier
names). Pure: the caller reads both files and finds the versions.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SCHEME = re.compile(r"(?:oci|https?|docker|docker-daemon|git\+https|git\+ssh|ssh)://(?:git@)?")
"""What may stand before a name and is no part of it."""


class Kind(enum.Enum):
    """What a name belongs to. It decides in which forms a version follows the name."""

    IMAGE = "image"
    CHART = "chart"
    REPOSITORY = "repository"


@dataclass(frozen=True)
class Name:
    """One name of something that the project publishes.

    `text` has no scheme: `ghcr.io/llm-d/llm-d-cuda`, `ghcr.io/llm-d/charts/router`, `llm-d/llm-d-router`. `component`
    is an id of the catalogue. `is_dev`: a package that only development builds go to. `current` is the name that
    replaced this one, empty if this is the current name.
    """

    text: str
    kind: Kind
    component: str
    is_dev: bool = False
    current: str = ""

    @property
    def basename(self) -> str:
        """The last part of the name."""
        return self.text.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """Everything before the last part: registry and namespace."""
        return self.text.rpartition("/")[0]


@dataclass(frozen=True)
class Wanted:
    """The version that a component should have at the release.

    `version` is empty when it is not known; `why` then says why, to end a sentence. The templates have `{version}` or
    `{number}` (the version without a leading v) and give an image tag, a chart version and a git tag.
    """

    component: str
    title: str
    version: str = ""
    why: str = ""
    prefix: str = "v"
    templates: Mapping[Kind, str] = field(default_factory=dict)
    is_release: bool = False

    def token(self, kind: Kind) -> str:
        """What files should write after a name of this kind; empty when the version is not known."""
        if not self.version:
            return ""
        number = self.version[1:] if re.match(r"v[0-9]", self.version) else self.version
        template = self.templates.get(kind, "{version}")
        return template.replace("{version}", self.version).replace("{number}", number)


@dataclass(frozen=True)
class Catalogue:
    """All names and wanted versions. `branch` is the release branch of the coming release, empty if there is none."""

    names: tuple[Name, ...]
    wanted: Mapping[str, Wanted]
    repository: str = ""
    branch: str = ""
    trunk: str = "main"

    def __post_init__(self) -> None:
        unknown = {name.component for name in self.names} - set(self.wanted)
        if unknown:
            raise ValueError(unknown)

    def find(self, text: str, *kinds: Kind) -> Name | None:
        """The name that a text is, whatever scheme it begins with; None for somebody else's."""
        plain = strip_scheme(text)
        return next((name for name in self.names if name.text == plain and (not kinds or name.kind in kinds)), None)

    def find_basename(self, basename: str, *kinds: Kind) -> Name | None:
        """The current name with this last part, if there is exactly one and the part is specific enough to be ours."""
        matching = [
            name
            for name in self.names
            if name.basename == basename and name.kind in kinds and not name.current and "-" in basename
        ]
        return matching[0] if len({name.component for name in matching}) == 1 else None

    def of_kind(self, kind: Kind) -> tuple[Name, ...]:
        """Names of one kind, longest first, so that no name hides a longer one that begins with it."""
        return tuple(sorted((name for name in self.names if name.kind is kind), key=lambda name: -len(name.text)))


def strip_scheme(text: str) -> str:
    """A name without its scheme, `.git` and a slash at its end."""
    return SCHEME.sub("", text, count=1).removesuffix("/").removesuffix(".git")


def list_unique(names: Iterable[Name]) -> tuple[Name, ...]:
    """Each text once per kind; a current name wins over an earlier one, a release package over a dev package."""
    best: dict[tuple[str, Kind], Name] = {}
    for name in sorted(names, key=lambda name: (bool(name.current), name.is_dev)):
        best.setdefault((name.text, name.kind), name)
    return tuple(best.values())
