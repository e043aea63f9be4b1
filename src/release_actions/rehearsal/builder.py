"""Stands in for the build jobs: pushes small real images over HTTP, as docker's own actions would.

Platforms are pushed by digest; only a whole image gets a tag. It pushes exactly the tags it is told to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from release_actions.errors import ActionError
from release_actions.registry import Registry
from release_actions.rehearsal.invariants import Build, Ledger
from release_actions.rehearsal.setting import make_image
from release_actions.simulator import Image
from release_actions.simulator.image_factory import attachment, attachment_tag


class Builder:
    """Builds and pushes with one registry client, and writes every image into the ledger."""

    def __init__(self, registry: Registry, ledger: Ledger, repository: str, seed: int) -> None:
        self._registry = registry
        self._ledger = ledger
        self._repository = repository
        self._seed = seed
        self._runs = 0
        self.images: dict[str, str] = {}
        """Digest -> what image it is, for people."""

    def build(
        self,
        jobs: Sequence[Mapping[str, Any]],
        publications: Sequence[Mapping[str, Any]],
        *,
        version: str,
        revision: str,
        name: str = "",
        signed: bool = False,
    ) -> int:
        """Play the jobs of `matrix` and `merge-matrix`. Returns the number of tags that were pushed.

        `name` is what people read for the image, `version` by default. Raises `ActionError` when a publication lacks a
        platform that it names: then nothing of it gets a tag.
        """
        self._runs += 1
        pushed = 0
        for publication in publications:
            path = str(publication["package"]).partition("/")[2]
            built = {str(job["platform"]) for job in jobs if job["package"] == publication["package"]}
            self._check(path, built, publication["platforms"])
            content = f"{self._seed}/{path}/{version}/{self._runs}"
            image = make_image(tuple(publication["platforms"]), self._repository, version, revision, content)
            self._push(path, image, publication["tags"])
            if signed:
                digest = image.root.digest
                signature = attachment(digest, seed=content)
                self._push(path, signature, [attachment_tag(digest, ".sig")])
                self.images[signature.root.digest] = f"signature of {name or version}"
            self._ledger.builds.append(Build(path, version, image.root.digest))
            self.images[image.root.digest] = name or version
            pushed += len(publication["tags"])
        return pushed

    def _check(self, path: str, built: Collection[str], wanted: Collection[str]) -> None:
        missing = sorted(set(wanted) - set(built))
        if missing:
            message = f"The build matrix has no job for {path} on {', '.join(missing)}."
            raise ActionError(message, hint="An image is published on all its platforms or not at all.")

    def _push(self, path: str, image: Image, tags: Collection[str]) -> None:
        for content in image.blobs.values():
            self._registry.put_blob(path, content)
        for manifest in image.manifests:
            self._registry.put_manifest(path, manifest.digest, manifest.body, manifest.media_type)
        for tag in tags:
            self._registry.put_manifest(path, tag, image.root.body, image.root.media_type)
