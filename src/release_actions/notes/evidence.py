"""What is known beside the notes: tags, the previous release, what was merged, what is built and what exists.

Each piece is known, was not available (`None`), or could not be read (`Unreadable`). The three are never
mixed up: a rule without its evidence reports that it did not run, and evidence that could not be read ends the run
with 3. Pure data.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from release_actions.changes.model import MergedChange
from release_actions.components.assemble import PublishedComponent
from release_actions.components.document import ComponentsFile
from release_actions.components.manifest import ComponentManifest
from release_actions.config.notes import NotesForm
from release_actions.versions.version import Version


class EvidenceKind(enum.Enum):
    """A piece of evidence. The value says what it is, for people."""

    TAG = "the release's tag"
    REPOSITORY = "the repository"
    TAGS = "the repository's git tags"
    PREVIOUS_TAG = "the previous full release's tag"
    PREVIOUS = "what the previous release published"
    ANNOUNCED = "the notes of earlier releases"
    CHANGES = "what was merged since the previous release"
    EARLIER = "what contributors had merged before"
    BUILT = "the images of release.yaml"
    COMPONENTS = "components.yaml"
    MANIFEST = "components.json"
    REGISTRY = "registries"
    UPSTREAM = "the repositories of components"


@dataclass(frozen=True)
class Unreadable:
    """Something that was to be read and could not be. Both are for people."""

    message: str
    hint: str = ""


@dataclass(frozen=True)
class PreviousTables:
    """The previous full release. `rows` is empty where it published no table of components."""

    tag: str
    rows: tuple[PublishedComponent, ...] = ()


@dataclass(frozen=True)
class TagComparison:
    """A question about two tags of a repository."""

    repository: str
    base: str
    head: str


@dataclass(frozen=True)
class RetiredImage:
    """The first release without an image, and why it is not published any more."""

    since: Version
    reason: str


@dataclass(frozen=True)
class NotesEvidence:
    """All that notes are held against.

    `previous_tag` is empty where there is no release before. `changes`: what was merged since the previous release.
    `announced`: login in lower case -> tag of the release that welcomed it first. `earlier`: login in lower case ->
    whether it had something merged before, None where that is not known. `built`: names of the images that
    the build matrix publishes, by name without a tag. `images`, `compares` and `upstream` hold answers: an image with
    its tag as `name:tag`, two tags of a repository, a repository's tag as `owner/name@tag`.
    """

    server: str = "https://github.com"
    version: Version | None = None
    repository: str = ""
    tags: frozenset[str] | Unreadable | None = None
    previous_tag: str | Unreadable | None = None
    previous: PreviousTables | Unreadable | None = None
    announced: Mapping[str, str] | Unreadable | None = None
    listed: Mapping[int, str] = field(default_factory=dict)
    """Number of a change -> the newest release below this one that lists it, of those that this one contains."""
    changes: tuple[MergedChange, ...] | Unreadable | None = None
    from_git: bool = False
    """Whether `changes` is what git alone says: not every number is known then, and authors are those of commits."""
    earlier: Mapping[str, bool | None] | Unreadable | None = None
    built: frozenset[str] | Unreadable | None = None
    retired: Mapping[str, RetiredImage] = field(default_factory=dict)
    """Name of an image that is not published any more, without a tag -> since when and why."""
    exact_tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of an image -> the exact tags that the release has there, one of each flavour."""
    document: ComponentsFile | None = None
    manifest: ComponentManifest | None = None
    images: Mapping[str, bool | Unreadable] | None = None
    compares: Mapping[TagComparison, bool | Unreadable] | None = None
    upstream: Mapping[str, bool | Unreadable] | None = None
    form: NotesForm = field(default_factory=NotesForm)
    """What the configuration says of notes: bots beside the usual ones, labels of breaking changes."""
    why: Mapping[EvidenceKind, str] = field(default_factory=dict)
    """Why a piece was not offered, for people."""

    def piece(self, need: EvidenceKind) -> object:
        """A piece of evidence; None where it was not offered."""
        return {
            EvidenceKind.TAG: self.version,
            EvidenceKind.REPOSITORY: self.repository or None,
            EvidenceKind.TAGS: self.tags,
            EvidenceKind.PREVIOUS_TAG: self.previous_tag,
            EvidenceKind.PREVIOUS: self.previous,
            EvidenceKind.ANNOUNCED: self.announced,
            EvidenceKind.CHANGES: self.changes,
            EvidenceKind.EARLIER: self.earlier,
            EvidenceKind.BUILT: self.built,
            EvidenceKind.COMPONENTS: self.document,
            EvidenceKind.MANIFEST: self.manifest,
            EvidenceKind.REGISTRY: self.images,
            EvidenceKind.UPSTREAM: self.upstream,
        }[need]
