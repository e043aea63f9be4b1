"""Puts the bytes of candidates under final tags: the parts of all packages, then the tags, each read again.

A tag is the last write of its package, so that nobody can pull a release that is not whole. What was written stays: a
registry such as GHCR takes no tag off again, and the same run repeated ends where this one would have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from release_actions.errors import ActionError, PartialError
from release_actions.images.publish import PAUSES
from release_actions.promotion.subject import Promotion
from release_actions.registry.client import LONGEST_BLOB, Registry
from release_actions.registry.names import Digest
from release_actions.registry.registries import Registries


@dataclass
class Written:
    """How far writing came. `tagged`: packages whose final tag names the candidate now. `error`: what ended it."""

    tagged: list[str] = field(default_factory=list)
    kept: dict[str, tuple[str, ...]] = field(default_factory=dict)
    error: ActionError | None = None


@dataclass(frozen=True)
class Writer:
    """Writes to packages, each of its registry."""

    registries: Registries
    sleep: Callable[[float], None] = time.sleep

    def write(self, promotions: Iterable[Promotion]) -> Written:
        """Write what the plans need. Stops at the first error, which says nothing about the packages before it."""
        plans = tuple(promotions)
        written = Written([plan.subject.target.package for plan in plans if plan.is_done])
        try:
            for plan in plans:
                if plan.subject.is_copied:
                    written.kept[plan.subject.target.package] = self.copy_content(plan)
            for plan in plans:
                if not plan.is_done:
                    self.put_tag(plan)
                    written.tagged.append(plan.subject.target.package)
        except ActionError as error:
            written.error = error
        return written

    def copy_content(self, plan: Promotion) -> tuple[str, ...]:
        """Copy an image and its attachments to another package, without its tag.

        Returns the tags of attachments that are there already and name something else. They are not changed: somebody
        else attached more there, and one tag holds the list of all.
        """
        source, target = plan.subject.source.name, plan.subject.target.name
        registry = self.registries.of(plan.subject.target.registry)
        for digest, size in plan.content.sizes.items():
            copy_blob(registry, source, target, digest, size)
        for manifest in plan.content.manifests:
            if registry.head_manifest(target, manifest.digest) is None:
                registry.put_manifest(target, manifest.digest, manifest.body, manifest.media_type)
        bodies = {manifest.digest: manifest for manifest in plan.content.manifests}
        kept = []
        for tag, digest in plan.content.attachments.items():
            there = registry.head_manifest(target, tag)
            if there is None:
                registry.put_manifest(target, tag, bodies[digest].body, bodies[digest].media_type)
            elif there.digest != digest:
                kept.append(tag)
        return tuple(kept)

    def put_tag(self, plan: Promotion) -> None:
        """Put the final tag, and read it again. Raises `PartialError` when it names something else.

        A registry cannot be asked to make a tag only if it is not there, so another program that pushes the same tag
        between the two requests is noticed afterwards.
        """
        name, tag = plan.subject.target.name, plan.subject.final_tag
        registry = self.registries.of(plan.subject.target.registry)
        shown = registry.head_manifest(name, tag)
        if shown is None:
            registry.put_manifest(name, tag, plan.root.body, plan.root.media_type)
            digest = self.read_tag(registry, name, tag, plan.root.digest)
        else:
            digest = shown.digest
        if digest != plan.root.digest:
            message = (
                f"{plan.subject.target.package}:{tag} names {digest or 'nothing'} and not the candidate's "
                f"{plan.root.digest}."
            )
            hint = "Another program pushes there too, or the registry is slow. Find out which, and run this again."
            raise PartialError(message, done=0, total=1, hint=hint)

    def read_tag(self, registry: Registry, name: str, tag: str, expected: str) -> str:
        """What a tag names after it was written: the last answer, as a read may lag behind."""
        digest = ""
        for pause in PAUSES:
            if pause:
                self.sleep(pause)
            answer = registry.get_manifest(name, tag)
            digest = answer.digest if answer else ""
            if digest == expected:
                break
        return digest


def copy_blob(registry: Registry, source: str, target: str, digest: str, size: int) -> None:
    """Make a blob of one package one of another. Raises `PartialError` when it would have to be moved by hand."""
    if registry.has_blob(target, Digest(digest)) or registry.mount_blob(target, Digest(digest), source):
        return
    content = registry.get_blob(source, Digest(digest)) if size <= LONGEST_BLOB else None
    if content is None:
        message = f"The registry did not mount the layer {digest} of {source} into {target}."
        hint = "Copy the candidate there with another tool, by digest, and run this again."
        raise PartialError(message, done=0, total=1, hint=hint)
    registry.put_blob(target, content)
