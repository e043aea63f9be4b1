"""One package to promote: from what is known about it to a plan, or to the problems that forbid it. Pure.

It must never plan a write for a package that is not complete, from another commit, changed since it was locked, not
proved, or already released as something else.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.config.grammar import OCI_LABELS
from release_actions.errors import Problem
from release_actions.images.assembly import RawManifest
from release_actions.images.image_list import ListedImage
from release_actions.images.inspection import Inspection
from release_actions.images.provenance import Level as Provenance
from release_actions.versions.version import Version

VERSION = f"{OCI_LABELS}version"


class CandidateLabel(enum.Enum):
    """What follows from a label in the image that names the candidate. The bytes cannot be changed to say otherwise."""

    ALLOW = "allow"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Subject:
    """One package to promote: where the candidate is, and where the release goes. Often both are one package.

    `built_as`: what an image of the candidate says that it was built as.
    """

    source: ListedImage
    target: ListedImage
    built_as: str = ""

    @property
    def is_copied(self) -> bool:
        """Whether the release is in another package than the candidate."""
        return self.source.package != self.target.package

    @property
    def candidate_tag(self) -> str:
        """The tag of the candidate."""
        return self.source.tags[0]

    @property
    def final_tag(self) -> str:
        """The tag of the release."""
        return self.target.tags[0]


@dataclass(frozen=True)
class Content:
    """Everything to copy for a package: manifests with each child before its index, blobs, and tags of attachments.

    `attachments`: tag -> its digest. `sizes`: digest of a blob -> bytes.
    """

    manifests: tuple[RawManifest, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    attachments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Knowledge:
    """What was read about a package.

    `root`: what the candidate's tag names, None if nothing. `before`: what the final tag names, "" if nothing.
    `locked`: the digest of the lock, "" without a lock, None for a package that the lock does not have. `labels`: the
    label version of every platform, "" for one without. `built_as`: the label of that name of every platform, "" for
    one without, as other workflows than ours build it.
    """

    root: RawManifest | None = None
    inspection: Inspection | None = None
    before: str = ""
    locked: str | None = ""
    provenance: Provenance = Provenance.NONE
    words: str = ""
    labels: frozenset[str] = frozenset()
    built_as: frozenset[str] = frozenset()
    content: Content = field(default_factory=Content)


@dataclass(frozen=True)
class Promotion:
    """The plan for one package. `warnings` stop nothing. `built_as`: what all platforms say that they were built as."""

    subject: Subject
    root: RawManifest
    before: str = ""
    content: Content = field(default_factory=Content)
    warnings: tuple[Problem, ...] = ()
    built_as: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the final tag names the candidate's bytes already."""
        return self.before == self.root.digest


def find_problems(subject: Subject, known: Knowledge) -> Iterator[Problem]:
    """Why a package may not be promoted, all of it."""
    candidate = f"{subject.source.package}:{subject.candidate_tag}"
    if known.root is None:
        yield Problem(f"There is no {candidate}.", "Publish the candidate in every package, or name another candidate.")
        return
    if known.inspection:
        yield from known.inspection.problems
    digest = known.root.digest
    if known.inspection and known.inspection.digest not in {"", digest}:
        message = f"{candidate} named {digest} and then {known.inspection.digest}: it moved while it was read."
        yield Problem(message, "Another program pushes there. Find out which, and run this again.")
    if known.locked is None:
        yield Problem(f"The lock does not have {subject.source.package}.", "Lock all images of the candidate.")
    elif known.locked and known.locked != digest:
        message = f"{candidate} names {digest}, and the lock has {known.locked}."
        yield Problem(message, "The candidate was pushed again after it was locked. Test what is there, and lock that.")
    if known.before and known.before != digest:
        message = (
            f"{subject.target.package}:{subject.final_tag} is published already as {known.before}, not as {digest}."
        )
        yield Problem(message, "Released images are not replaced. Release under a new tag.")
    if known.provenance is not Provenance.VERIFIED:
        said = f": {known.words}" if known.words else ""
        message = f"Nothing proves that {candidate} was built from the tag {subject.candidate_tag}{said}."
        yield Problem(message, "Build the candidate with attestations, by the workflow that the input signer names.")
    others = sorted(known.built_as - {"", subject.built_as})
    if others and subject.built_as:
        message = f"{candidate} was built as {' and '.join(others)}, and not as {subject.built_as}."
        yield Problem(message, "Find out who moved the tag, and build the candidate again.")


def find_label_problems(subject: Subject, known: Knowledge, final: Version) -> Iterator[Problem]:
    """What the labels of the platforms say that is not the release's version."""
    others = sorted(known.labels - {"", final.tag, final.text})
    if others:
        message = f"{subject.source.package} says in its label {VERSION} that it is {' and '.join(others)}."
        yield Problem(message, "The bytes are those that were tested, so the label keeps the candidate's name.")
