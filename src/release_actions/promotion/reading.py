"""Reads everything about one package that has to be known before a tag is written. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from release_actions.config.grammar import BUILT_AS
from release_actions.errors import PartialError
from release_actions.images import inspection
from release_actions.images import manifests as image_manifests
from release_actions.images.assembly import RawManifest
from release_actions.images.attested import Attestations
from release_actions.images.graph import subject_of_tag
from release_actions.images.inspection import Expectation
from release_actions.images.manifests import Index
from release_actions.images.provenance import Source
from release_actions.promotion.candidate import Lock
from release_actions.promotion.subject import VERSION, Content, Knowledge, Subject
from release_actions.registry.client import Registry
from release_actions.registry.registries import Registries


@dataclass(frozen=True)
class Reader:
    """Reads packages, each of its registry. `source`: what the attestation of every candidate has to say."""

    registries: Registries
    attestations: Attestations
    source: Source
    lock: Lock | None = None

    def read(self, subject: Subject) -> Knowledge:
        """What is known about one package. Raises `ActionError` when something could not be found out."""
        name, package = subject.source.name, subject.source.package
        registry = self.registries.of(subject.source.registry)
        answer = registry.get_manifest(name, subject.candidate_tag)
        head = registry.head_manifest(subject.target.name, subject.final_tag)
        before = head.digest if head else ""
        locked = self.lock.digests.get(package) if self.lock else ""
        if answer is None:
            return Knowledge(before=before, locked=locked)
        root = RawManifest(answer.body, answer.media_type, answer.digest)
        reading = inspection.read_image(registry, subject.source)
        expected = Expectation(self.source.commit, ("revision",))
        labels = inspection.list_platform_labels(reading)
        level, words = self.attestations.find_level(root.body, root.digest, package, self.source)
        return Knowledge(
            root=root,
            inspection=inspection.judge_image(subject.source, reading, expected),
            before=before,
            locked=locked,
            provenance=level,
            words=words,
            labels=frozenset(each.get(VERSION, "") for each in labels),
            built_as=frozenset(each.get(BUILT_AS, "") for each in labels),
            content=collect_content(registry, name, root) if subject.is_copied else Content(),
        )


def collect_content(registry: Registry, name: str, root: RawManifest) -> Content:
    """The image and all that is attached to it or to a part of it, by the tags of OCI referrers and of cosign.

    Raises `PartialError` when a part does not answer.
    """
    content = _Collected(registry, name)
    content.add(root.digest)
    attachments: dict[str, str] = {}
    tags = registry.tags(name) or ()
    # An attachment may have attachments of its own, so this goes on until a round finds nothing. It ends, as every
    # round takes at least one of the tags.
    while True:
        more = [tag for tag in tags if tag not in attachments and subject_of_tag(tag) in content.manifests]
        if not more:
            return Content(tuple(content.manifests.values()), content.sizes, attachments)
        for tag in more:
            attachments[tag] = content.add(tag)


@dataclass
class _Collected:
    """What was read so far. `manifests`: digest -> manifest, each child before its index."""

    registry: Registry
    name: str
    manifests: dict[str, RawManifest] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def add(self, reference: str) -> str:
        """Read a manifest and all that it lists; its digest."""
        if reference in self.manifests:
            return reference
        answer = self.registry.get_manifest(self.name, reference)
        if answer is None:
            message = f"{self.name} has no {reference}, which belongs to the candidate."
            raise PartialError(message, done=0, total=1, hint="Nothing was written. Push the candidate's parts again.")
        parsed = image_manifests.parse(answer.body, answer.digest, answer.media_type)
        if isinstance(parsed, Index):
            for child in parsed.children:
                if child.is_manifest:
                    self.add(child.digest)
        self.sizes |= {blob.digest: blob.size for blob in parsed.blobs}
        self.manifests[answer.digest] = RawManifest(answer.body, answer.media_type, answer.digest)
        return answer.digest
