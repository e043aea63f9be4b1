"""Publishes one image: reads what was built for each platform, assembles it, and puts it under its exact tags.

Everything is read and judged before anything is written. It must never put a floating tag of a release, never replace a
published release by another commit's build unless told to, and never believe a write: every tag is read again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from release_actions.errors import PartialError, PolicyError, Problem, RemoteError
from release_actions.images import assembly, built_digests
from release_actions.images import manifests as image_manifests
from release_actions.images.assembly import REVISION, Assembly, AssemblyError, Part, RawManifest
from release_actions.images.built_digests import Claim
from release_actions.images.copying import copy_parts
from release_actions.images.image_list import ListedImage
from release_actions.images.manifests import Index, Platform
from release_actions.registry.client import Registry
from release_actions.registry.registries import Registries
from release_actions.versions import floating
from release_actions.versions.grammar import FLOATING_NAMES, is_floating
from release_actions.versions.version import read_image_tag

PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each read of what was just written: a read of GHCR may lag a few seconds behind."""

ReadManifest = Callable[[], "RawManifest | None"]


@dataclass(frozen=True)
class TagRules:
    """What a project says about tags: prefix and templates of floating ones.

    `flavours`: how exact tags of flavours are written. `dev`: packages that hold builds which are no release. `shared`:
    those of them that hold releases too.
    """

    prefix: str = "v"
    templates: tuple[str, ...] = floating.DEFAULT_TEMPLATES
    flavours: tuple[str, ...] = ()
    dev: Collection[str] = ()
    shared: Collection[str] = ()

    def is_release(self, tag: str) -> bool:
        """Whether a tag is the exact one of a version."""
        return any(read_image_tag(tag, scheme) for scheme in (self.prefix, *self.flavours))

    def refused(self, package: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Those of a package's tags that float, and are `protect-latest`'s to move.

        A dev package may have names such as `latest`: nothing else moves them, unless releases are there too. `v0` and
        `v0.5` are a release's.
        """
        names = tuple(tags)
        made = {*floating.find_floating(names, self.templates)}
        prefixes = (self.prefix, *self.flavours)
        floats = {name for name in names if any(is_floating(name, prefix) for prefix in prefixes)} | made
        if package not in self.dev:
            return tuple(sorted(floats))
        return tuple(sorted(floats - (FLOATING_NAMES - made if package in self.shared else FLOATING_NAMES)))


@dataclass(frozen=True)
class PublishPlan:
    """What publishing an image comes to. `before`: tag -> digest it names now, "" for a tag that is not there."""

    image: ListedImage
    assembly: Assembly
    before: Mapping[str, str]

    @property
    def digest(self) -> str:
        """What every tag is to name."""
        return self.assembly.document.digest

    @property
    def changes(self) -> tuple[str, ...]:
        """The tags that do not name it yet, in the order of the list."""
        return tuple(tag for tag in self.image.tags if self.before[tag] != self.digest)


@dataclass
class Publisher:
    """Plans and publishes images, each in its registry. `overwrite` lets a release tag go to another commit's build."""

    registries: Registries
    rules: TagRules = field(default_factory=TagRules)
    overwrite: bool = False
    sleep: Callable[[float], None] = time.sleep

    def plan(self, image: ListedImage, claims: Iterable[Claim]) -> PublishPlan:
        """Read and judge everything about one image. Writes nothing.

        Raises `PolicyError` when it may not be published, `ManifestError` when a part cannot be read as an image, and
        `RemoteError` when the registry does not say.
        """
        self._refuse_floats(image)
        digests = assembly.choose_digests(
            image.package, image.platforms, built_digests.select_package(claims, image.package, image.label)
        )
        parts = self._parts(image, digests)
        assembly.require_labels(image.package, image.promised_labels, parts)
        return self._judge(image, assembly.assemble(image.package, parts))

    def plan_copy(self, image: ListedImage, source: PublishPlan) -> PublishPlan:
        """What putting the bytes of a planned image into another package comes to. Writes nothing. Raises as `plan`."""
        self._refuse_floats(image)
        return self._judge(image, source.assembly)

    def copy(self, plan: PublishPlan, source: ListedImage) -> None:
        """Copy all that the image of a plan needs from the package that has it, without a tag.

        Also where every tag names the image: GHCR keeps an index that has lost a part.
        """
        copy_parts(self.registries, source, plan.image, plan.assembly.document)

    def _refuse_floats(self, image: ListedImage) -> None:
        floats = self.rules.refused(image.package, image.tags)
        if floats:
            kind = "is a floating tag" if len(floats) == 1 else "are floating tags"
            message = (
                f"{image.package} is not published: {', '.join(floats)} {kind}, and only exact tags are published here."
            )
            raise PolicyError(message, hint="Remove it from the tags: only protect-latest moves floating tags.")

    def _judge(self, image: ListedImage, made: Assembly) -> PublishPlan:
        """The plan of an image: what its tags name now. Raises `PolicyError` where one may not be put."""
        before = {tag: self._digest(image, tag) for tag in image.tags}
        plan = PublishPlan(image, made, MappingProxyType(before))
        if not self.overwrite:
            self._spare_releases(plan)
        return plan

    def publish(self, plan: PublishPlan) -> None:
        """Put the image under every tag that does not name it, and read each tag again.

        Raises `PartialError` when the registry does not show a tag as it was written, and what writing raises.
        """
        for done, tag in enumerate(plan.changes):
            self._put(plan, tag, plan.changes[:done])
        shown = {tag: self._shown(plan, tag) for tag in plan.changes}
        wrong = {tag: digest for tag, digest in shown.items() if digest != plan.digest}
        if wrong:
            said = ", ".join(f"{tag} names {digest or 'nothing'}" for tag, digest in wrong.items())
            message = f"{plan.image.package} was pushed as {plan.digest}, and afterwards {said}."
            hint = "Another program pushes there too, or the registry is slow. Run this again."
            raise PartialError(message, done=len(shown) - len(wrong), total=len(shown), hint=hint)

    def _put(self, plan: PublishPlan, tag: str, done: tuple[str, ...]) -> None:
        """Put one tag. A failure after others says which: those are kept."""
        document = plan.assembly.document
        try:
            self._registry(plan.image).put_manifest(plan.image.name, tag, document.body, document.media_type)
        except RemoteError as error:
            if not done:
                raise
            message = (
                f"{plan.image.package} is published as {', '.join(done)} only, and not as {tag}. "
                f"{error.problems[0].message}"
            )
            raise PartialError(message, done=len(done), total=len(plan.changes), hint=error.hint) from error

    def _registry(self, image: ListedImage) -> Registry:
        return self.registries.of(image.registry)

    def _parts(self, image: ListedImage, digests: Mapping[Platform, str]) -> list[Part]:
        parts: list[Part] = []
        problems: list[Problem] = []
        for platform, digest in digests.items():
            try:
                parts.append(self._part(image, platform, digest))
            except AssemblyError as error:  # noqa: PERF203  # every platform is asked for before giving up
                problems += error.problems
        if problems:
            raise AssemblyError(problems=problems)
        return parts

    def _part(self, image: ListedImage, platform: Platform, digest: str) -> Part:
        """What was pushed under a digest, with all that it lists there and readable."""
        root = self._document(image, platform, digest)
        read = image_manifests.parse(root.body, digest, root.media_type)
        manifests: dict[str, RawManifest] = {}
        parsed = [read]
        if isinstance(read, Index):
            parsed = []
            for child in read.children:
                if not child.is_manifest:
                    continue
                document = self._document(image, platform, child.digest)
                if not child.is_attestation:
                    manifests[child.digest] = document
                    parsed.append(image_manifests.parse(document.body, child.digest, document.media_type))
        configs: dict[str, bytes] = {}
        for manifest in parsed:
            if isinstance(manifest, image_manifests.Manifest) and (manifest.is_image or manifest is read):
                config = self._registry(image).get_blob(image.name, manifest.config.digest)
                if config is None:
                    raise _make_gone_error(image, f"the configuration {manifest.config.digest}", platform)
                configs[manifest.config.digest] = config
        return Part(platform, root, manifests, configs)

    def _document(self, image: ListedImage, platform: Platform, digest: str) -> RawManifest:
        body = self._patiently(lambda: self._read(image, digest))
        if body is None:
            raise _make_gone_error(image, digest, platform)
        return body

    def _read(self, image: ListedImage, reference: str) -> RawManifest | None:
        body = self._registry(image).get_manifest(image.name, reference)
        return RawManifest(body.body, body.media_type, body.digest) if body else None

    def _patiently(self, look: ReadManifest, digest: str = "") -> RawManifest | None:
        """The last answer about something that was just written: with the digest, if one is given."""
        answer = None
        for pause in PAUSES:
            if pause:
                self.sleep(pause)
            answer = look()
            if answer and digest in {"", answer.digest}:
                break
        return answer

    def _shown(self, plan: PublishPlan, tag: str) -> str:
        shown = self._patiently(lambda: self._read(plan.image, tag), plan.digest)
        return shown.digest if shown else ""

    def _digest(self, image: ListedImage, tag: str) -> str:
        manifest = self._registry(image).head_manifest(image.name, tag)
        return manifest.digest if manifest else ""

    def _spare_releases(self, plan: PublishPlan) -> None:
        """Refuse to put a release tag that names another commit's build, or whose commit is not known."""
        problems = []
        for tag in plan.changes:
            if not plan.before[tag] or not self.rules.is_release(tag):
                continue
            there, ours = self._revision(plan.image, plan.before[tag]), plan.assembly.revision
            if there != ours or not ours:
                message = (
                    f"{plan.image.package}:{tag} is published already, built from {there or 'an unknown commit'}, and "
                    f"this build is from {ours or 'an unknown commit'}."
                )
                problems.append(Problem(message, "Release under a new tag, or set overwrite: true."))
        if problems:
            raise PolicyError(problems=problems)

    def _revision(self, image: ListedImage, digest: str) -> str:
        """The commit that a published image says it was built from; empty if it does not say, or not one."""
        root = self._registry(image).get_manifest(image.name, digest)
        if root is None:
            return ""
        read = image_manifests.parse(root.body, digest, root.media_type)
        manifests = [read]
        if isinstance(read, Index):
            bodies = [
                self._registry(image).get_manifest(image.name, child.digest)
                for child in read.children
                if child.can_be_image
            ]
            manifests = [image_manifests.parse(body.body, body.digest, body.media_type) for body in bodies if body]
        configs = [
            self._registry(image).get_blob(image.name, manifest.config.digest)
            for manifest in manifests
            if isinstance(manifest, image_manifests.Manifest)
        ]
        said = {assembly.read_labels(config).get(REVISION, "") for config in configs if config}
        return said.pop() if len(said) == 1 else ""


def _make_gone_error(image: ListedImage, what: str, platform: Platform) -> AssemblyError:
    message = f"{image.package} is not published: it has no {what}, which was pushed for {platform}."
    return AssemblyError(message, hint="Check that the build job pushed to this package, and run it again.")
