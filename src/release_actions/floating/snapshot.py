"""What releases and floating tags name at one moment, as a file, and how to put exactly that back.

A snapshot holds the bytes, media type and digest of everything that a release tag or a floating tag names. It decides
nothing: what it recorded is put back also where no version explains it. This module must never delete a tag, never
take bytes whose digest is not the recorded one, and never put a tag on an image that has lost a part.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from release_actions.config import Package, grammar, shapes
from release_actions.config.shapes import Choice, ListOf, MapOf, Record, RecordOf, Text, key
from release_actions.errors import ActionError, ConfigurationError
from release_actions.floating.git_versions import GitVersions
from release_actions.floating.journal import Journal
from release_actions.floating.package_state import PackageState
from release_actions.floating.reconcile import Reconciler
from release_actions.floating.rules import FloatingRules
from release_actions.registry.client import Manifest
from release_actions.registry.media_types import MEDIA_TYPES
from release_actions.registry.names import DIGEST, Digest, digest_of
from release_actions.versions.floating import choose_targets, find_floating
from release_actions.versions.version import Version, read_image_tags

FORMAT = "release-actions snapshot 1"

PACKAGE = f"(?:{grammar.HOST}/)?(?:{grammar.NAME})"

SHA256 = Text("a digest", pattern="sha256:[0-9a-f]{64}")
TAGS = MapOf("a mapping of tags to digests", key=Text("a tag", pattern=grammar.TAG), value=SHA256)


@dataclass(frozen=True, kw_only=True)
class ManifestContent(Record):
    """The bytes under a digest."""

    media_type: str = key(Choice(MEDIA_TYPES), "Media type that they were served with.")
    base64: str = key(Text("bytes in base64", pattern="[A-Za-z0-9+/]+={0,2}"), "The bytes.")


@dataclass(frozen=True, kw_only=True)
class SnapshotFile(Record):
    """A snapshot as it is written."""

    format: str = key(Choice((FORMAT,)), "What this file is.")
    registry: str = key(Text("a registry's host", pattern=grammar.HOST), "Host of the registry.")
    taken: str = key(Text("a time", pattern=r"[0-9TZ:+.-]+"), "When it was taken.")
    packages: Mapping[str, Mapping[str, str]] = key(
        MapOf("a mapping of packages", key=Text("a package", pattern=PACKAGE), value=TAGS),
        "Package -> tag -> digest. One in another registry is named with that.",
    )
    manifests: Mapping[str, ManifestContent] = key(
        MapOf("a mapping of digests", key=SHA256, value=RecordOf("the bytes of a manifest", ManifestContent)),
        "Digest -> bytes, of everything that a tag names.",
    )
    releases: tuple[str, ...] = key(
        ListOf("a list of tags", Text("a tag", pattern=r"\S+")),
        "Releases that had a git tag or a release on GitHub. All others were published later.",
    )
    digest: str = key(SHA256, "Digest of all the rest, as canonical JSON.")


SHAPE = RecordOf("a snapshot", SnapshotFile)


@dataclass(frozen=True)
class Snapshot:
    """Package -> tag -> what it named. `taken` is a time as RFC 3339 writes it.

    `releases`: tags of the releases that git or GitHub had. An image under another release tag was not released yet.
    """

    registry: str
    taken: str
    packages: Mapping[str, Mapping[str, Manifest]]
    releases: tuple[str, ...] = ()

    def key_of(self, package: Package) -> str:
        """What a package is called here: without the registry if it is the snapshot's."""
        return name_package(package, self.registry)

    def document(self) -> dict[str, Any]:
        """The snapshot as JSON values, without its digest."""
        manifests = {item.digest: item for tags in self.packages.values() for item in tags.values()}
        return {
            "format": FORMAT,
            "registry": self.registry,
            "taken": self.taken,
            "packages": {
                name: {tag: tags[tag].digest for tag in sorted(tags)} for name, tags in sorted(self.packages.items())
            },
            "manifests": {
                digest: {"media-type": item.media_type, "base64": base64.b64encode(item.body).decode()}
                for digest, item in sorted(manifests.items())
            },
            "releases": sorted(self.releases),
        }

    @property
    def digest(self) -> str:
        """Digest over everything in it: the same tags on the same bytes, taken at the same time, give the same."""
        return digest_of_document(self.document())

    def text(self) -> str:
        """The file."""
        return json.dumps({**self.document(), "digest": self.digest}, indent=2) + "\n"


def name_package(package: Package, registry: str) -> str:
    """What a package is called in a snapshot of a registry."""
    return package.name if package.registry == registry else package.reference


def digest_of_document(document: Mapping[str, Any]) -> str:
    """The digest of JSON values, without blanks and with sorted keys."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def read(text: str, *, file: str, digest: str = "") -> Snapshot:
    """The snapshot in a file's text. `file` is how errors call it; `digest`, where given, is the one it must have.

    Raises `ConfigurationError` when it is not a whole, unchanged snapshot.
    """
    document: SnapshotFile = shapes.load(text, SHAPE, file=file)
    manifests = {name: _make_manifest(name, content, document) for name, content in document.manifests.items()}
    unknown = {value for tags in document.packages.values() for value in tags.values()} - set(manifests)
    if unknown:
        message = f"The snapshot names {min(unknown)} but does not contain its bytes."
        raise ConfigurationError(message, hint=CHANGED, place=document.origin.at("packages"))
    snapshot = Snapshot(
        document.registry,
        document.taken,
        {name: {tag: manifests[value] for tag, value in tags.items()} for name, tags in document.packages.items()},
        document.releases,
    )
    if snapshot.digest != document.digest:
        message = f"The content of the snapshot has the digest {snapshot.digest}, but the file says {document.digest}."
        raise ConfigurationError(message, hint=CHANGED, place=document.origin.at("digest"))
    if digest and snapshot.digest != digest:
        message = f"The snapshot's digest is {snapshot.digest}, and {digest} was asked for."
        raise ConfigurationError(message, hint=CHANGED, place=document.origin.at("digest"))
    return snapshot


CHANGED = "The file was changed since it was taken. Use the one that the snapshot run wrote."


def _make_manifest(name: str, content: ManifestContent, document: SnapshotFile) -> Manifest:
    place = document.origin.at("manifests", name, "base64")
    try:
        body = base64.b64decode(content.base64, validate=True)
    except binascii.Error:
        message = f"The bytes of {name} are not base64."
        raise ConfigurationError(message, hint=CHANGED, place=place) from None
    if not DIGEST.fullmatch(name) or digest_of(body) != name:
        message = f"The bytes under {name} have the digest {digest_of(body)}."
        raise ConfigurationError(message, hint=CHANGED, place=place)
    return Manifest(body, content.media_type, Digest(name))


@dataclass(frozen=True)
class TagReturn:
    """A tag to be put back. `before` is what it names now; empty when there is no such tag."""

    tag: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """How a package differs from its snapshot.

    `changes`: what can be put back. `refused`: sentences about tags that cannot. `since`: release and floating tags
    that the snapshot does not know, which only a deletion would take back. `newer`: sentences about tags that are not
    put back: exact tags of releases that were published after the snapshot, and floating tags that would move below
    one.
    """

    changes: Sequence[TagReturn]
    refused: tuple[str, ...]
    since: tuple[str, ...]
    state: PackageState
    newer: tuple[str, ...]


class SnapshotRestorer:
    """Compares packages with a snapshot, and puts back what it recorded.

    Without `force` no release that was published after the snapshot is overwritten, and no floating tag is put below
    one. `git`: what is released now. A package may hold the image of a release at the snapshot that was tagged later,
    or another image under its tag that a stopped build left.
    """

    def __init__(
        self, reconciler: Reconciler, snapshot: Snapshot, rules: FloatingRules, git: GitVersions, *, force: bool = False
    ) -> None:
        self._reconciler = reconciler
        self._snapshot = snapshot
        self._rules = rules
        self._git = git
        self._force = force

    def compare(self, package: Package) -> Difference:
        """How a package differs now. Raises `ActionError` when the package is gone."""
        everything = self._snapshot.packages[self._snapshot.key_of(package)]
        own = everything if package.scheme is None else self._reconciler.own_tags(package, everything)
        recorded = {tag: everything[tag] for tag in own}
        names = self._reconciler.tags(package)
        if names is None and not recorded:
            return Difference((), (), (), PackageState(), ())
        if names is None:
            message = (
                f"{package.reference} does not exist any more, and the snapshot holds {len(recorded)} of its tags."
            )
            raise ActionError(message, hint="Restore the package on GitHub first: its images were deleted with it.")
        since = tuple(sorted(set(names) - set(recorded)))
        now = self._reconciler.digests(package, sorted({*recorded, *since}))
        manifests: dict[str, Manifest] = {manifest.digest: manifest for manifest in recorded.values()}
        wrong = {tag: manifest for tag, manifest in recorded.items() if now.get(tag) != manifest.digest}
        lost = {
            digest: self._reconciler.find_lost_part(package, manifests[digest])
            for digest in {m.digest for m in wrong.values()}
        }
        refused = tuple(
            f"{package.reference}:{tag} cannot be put back on {manifest.digest}: {lost[manifest.digest]}."
            for tag, manifest in sorted(wrong.items())
            if lost[manifest.digest]
        )
        newer = {} if self._force else self._find_newer(package, recorded, wrong, since)
        reasons = tuple(
            f"{package.reference}:{tag} would move back to {named}, but {release} was published after the snapshot."
            for tag, (named, release) in sorted(newer.items())
        )
        changes = tuple(
            TagReturn(tag, now.get(tag, ""), manifest.digest)
            # The more numbers a tag has, the narrower it is: releases first, `latest` last.
            for tag, manifest in sorted(
                wrong.items(), key=lambda item: (-item[0].count("."), item[0] == "latest", item[0])
            )
            if not lost[manifest.digest] and tag not in newer
        )
        state = PackageState(names=set(names), tags=now, manifests=manifests)
        return Difference(changes, refused, since, state, reasons)

    def _find_newer(
        self, package: Package, recorded: Mapping[str, Manifest], wrong: Collection[str], since: Collection[str]
    ) -> dict[str, tuple[str, Version]]:
        """Tag -> what it named in the snapshot, and the release published since that prevents it from naming that."""
        rules = self._rules.for_package(package)
        templates, prefix = rules.templates, rules.prefix
        exact = [each for each in read_image_tags(recorded, prefix) if each.is_stable]
        # Its tag was there at the snapshot already, on this image or on another one, and did not mean a release.
        released = [each for each in exact if each.tag not in self._snapshot.releases and self._git.has_release(each)]
        added = [each for each in read_image_tags(since, prefix) if each.is_stable]
        newest = choose_targets((*released, *added), templates, self._rules.skip)
        newer: dict[str, tuple[str, Version]] = {
            each.image_tag: (recorded[each.image_tag].digest, each) for each in released if each.image_tag in wrong
        }
        for tag in find_floating(wrong, templates):
            digest = recorded[tag].digest
            # An image under a tag that meant no release yet is not what people got as that release.
            named = [each for each in exact if each not in released and recorded[each.image_tag].digest == digest]
            best = max(named, default=None)
            release = newest.get(tag)
            if release is not None and (best is None or best < release):
                newer[tag] = (best.tag if best else digest, release)
        return newer

    def restore(self, package: Package, first: Difference, journal: Journal) -> Difference:
        """Put back what a package's difference can be undone of; the last look. Raises what `converge` raises."""
        return self._reconciler.converge(package, first, lambda: self.compare(package), journal)
