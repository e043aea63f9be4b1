"""Takes the place of the build jobs: pushes small real images over HTTP, as docker's own actions would.

A job of this suite's workflow pushes one platform by digest, and nothing gets a tag before merge-digests gives it one.
Today's workflow pushes whole images with every tag that the scenario gives it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import ActionError
from release_actions.registry.client import Registry
from release_actions.rehearsal.invariants import Build, Ledger
from release_actions.rehearsal.pull import Client
from release_actions.rehearsal.rehearsal_world import build_platform, make_image
from release_actions.simulator import Image, World
from release_actions.simulator.image_factory import attachment, attachment_tag


@dataclass(frozen=True)
class Pushed:
    """What the build jobs of one package pushed: platform -> digest, and all manifests that these list."""

    digests: dict[str, str] = field(default_factory=dict)
    manifests: set[str] = field(default_factory=set)


class Builder:
    """Builds and pushes with one registry client, and writes every image into the ledger."""

    def __init__(self, registry: Registry, client: Client, ledger: Ledger, repository: str, seed: int) -> None:
        self._registry = registry
        self._ledger = ledger
        self._repository = repository
        self._seed = seed
        self._runs = 0
        self._client = client
        self.pushed: dict[str, Pushed] = {}
        """Package -> what the build jobs of this workflow run pushed."""
        self._signed: set[str] = set()
        self.attested: set[tuple[str, str, str]] = set()
        """Package, digest and ref of every image that a workflow run attested."""
        self.images: dict[str, str] = {}
        """Digest -> what image it is, for people."""

    def begin_run(self) -> None:
        """Begin a workflow run: what it builds differs from what any other run builds."""
        self._runs += 1
        self.pushed = {}

    def push_platform(self, package: str, platform: str, version: str, labels: Mapping[str, str]) -> str:
        """Push one platform of a package by digest, as a build job does. Returns the digest."""
        # A small index over the image and its attestation, as buildx pushes a single platform today.
        image = build_platform(platform, labels, self._seed_text(package, version))
        self._push(_get_path(package), image)
        pushed = self.pushed.setdefault(package, Pushed())
        pushed.digests[platform] = image.root.digest
        pushed.manifests.update(child.digest for child in image.manifests[:-1])
        return image.root.digest

    def push_signature(self, image: str, version: str) -> None:
        """Push a signature of `registry/owner/name@digest`, as cosign does."""
        package, _, digest = image.partition("@")
        signature = self._make_signature(_get_path(package), digest, version)
        self._push(_get_path(package), signature, [attachment_tag(digest, ".sig")])
        self._signed.add(image)

    def has_signature(self, image: str) -> bool:
        """Whether `registry/owner/name@digest` was signed."""
        return image in self._signed

    def check_published(self, publications: Iterable[Mapping[str, Any]], *, version: str) -> None:
        """Pull what was published, with the judge's own client, and write it into the ledger.

        Raises `ActionError` when a tag does not pull as exactly what the jobs pushed for it, on all its platforms.
        """
        different = []
        for publication in publications:
            package, path = str(publication["package"]), _get_path(str(publication["package"]))
            wanted = tuple(sorted(publication["platforms"]))
            images = self._client.pull(path, publication["tags"])
            right = {
                tag: image
                for tag, image in images.items()
                if image.manifests - {image.digest} == self.pushed[package].manifests and image.platforms == wanted
            }
            # Into the ledger first: what a tag names by mistake is judged by what the ledger knows.
            for digest in {image.digest for image in right.values()}:
                self._note(path, version, digest, version)
            different += [f"{path}:{tag}" for tag in images if tag not in right]
        if different:
            verb = "pulls" if len(different) == 1 else "pull"
            message = f"{', '.join(different)} {verb} as something else than what the build jobs pushed."
            raise ActionError(message, hint="An image is published on all its platforms or not at all.")

    def check_promoted(self, publications: Iterable[Mapping[str, Any]], *, candidate: str, version: str) -> None:
        """Pull what was promoted, with the judge's own client, and write it into the ledger.

        Raises `ActionError` when a tag names another image than the one that was built as the candidate.
        """
        different = []
        for publication in publications:
            path = _get_path(str(publication["package"]))
            digest = self._client.pull(path, [version])[version].digest
            if digest and digest == self._ledger.digest(path, candidate):
                self._note(path, version, digest, version)
            else:
                different.append(f"{path}:{version}")
        if different or self.pushed:
            message = f"{', '.join(different) or version} is another image than {candidate}."
            raise ActionError(message, hint="With versions.final: promote, a final is what was tested, byte by byte.")

    def find_digest(self, package: str, tag: str) -> str:
        """What a tag of `registry/owner/name` names, empty for nothing; read by the judge's own client."""
        return self._client.pull(_get_path(package), [tag])[tag].digest

    def put_night(
        self, world: World, publications: Sequence[Mapping[str, Any]], *, version: str, revision: str
    ) -> None:
        """Put the signed images of a night into the world as if they had been pushed."""
        self.begin_run()
        for publication in publications:
            path = _get_path(str(publication["package"]))
            image = self._image(str(publication["package"]), publication["platforms"], version, revision)
            world.push(path, image, publication["tags"])
            self._note(path, version, image.root.digest, version)
            signature = self._make_signature(path, image.root.digest, version)
            world.push(path, signature, [attachment_tag(image.root.digest, ".sig")])

    def push_tagged(self, publications: Sequence[Mapping[str, Any]], *, version: str, revision: str, name: str) -> int:
        """Push whole images with all their tags, as today's workflow does. Returns the number of tags.

        `name` is what people read for the images.
        """
        self.begin_run()
        for publication in publications:
            path = _get_path(str(publication["package"]))
            image = self._image(str(publication["package"]), publication["platforms"], version, revision)
            self._push(path, image, publication["tags"])
            self._note(path, version, image.root.digest, name)
        return sum(len(publication["tags"]) for publication in publications)

    def _image(self, package: str, platforms: Sequence[str], version: str, revision: str) -> Image:
        content = self._seed_text(package, version)
        return make_image(tuple(platforms), self._repository, version, revision, content)

    def _make_signature(self, path: str, digest: str, version: str) -> Image:
        signature = attachment(digest, seed=f"{self._seed}/{path}/{version}/{self._runs}")
        self.images[signature.root.digest] = f"signature of {version}"
        return signature

    def _seed_text(self, package: str, version: str) -> str:
        """What makes an image of this run another one than that of any other run."""
        return f"{self._seed}/{_get_path(package)}/{version}/{self._runs}"

    def _note(self, path: str, version: str, digest: str, name: str) -> None:
        self._ledger.builds.append(Build(path, version, digest))
        self.images[digest] = name

    def _push(self, path: str, image: Image, tags: Collection[str] = ()) -> None:
        for content in image.blobs.values():
            self._registry.put_blob(path, content)
        for manifest in image.manifests:
            self._registry.put_manifest(path, manifest.digest, manifest.body, manifest.media_type)
        for tag in tags:
            self._registry.put_manifest(path, tag, image.root.body, image.root.media_type)


def _get_path(package: str) -> str:
    """The repository in the registry."""
    return package.partition("/")[2]
