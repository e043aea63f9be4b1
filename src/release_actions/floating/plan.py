"""Compares what a package's floating tags name with what they must name: what is right, what moves, what is left.

Releases are the finals and post releases that git has a tag for and that the package holds complete. Git alone gets
stuck on a release that was never published; a registry alone believes any image. This module must never take a tag's
present target as a reason to move it, never move a tag for which it knows no release, and never move one to an image of
which somebody has said that it is not what git's tag says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import ActionError
from release_actions.floating.release_findings import (
    ReleaseFinding,
    find_doubted,
    find_missing,
    find_unknown_skips,
    find_untagged,
    find_unverified,
)
from release_actions.floating.rules import DEFAULTS, FloatingRules
from release_actions.versions.floating import (
    ROLES,
    choose_targets,
    expand_template,
    find_floating,
    join_words,
)
from release_actions.versions.version import Version, read_image_tags

SHORT = 19
"""Characters of a digest that a sentence repeats: the algorithm and twelve digits."""


@dataclass(frozen=True)
class Keep:
    """A floating tag that is right."""

    tag: str
    digest: str
    version: Version


@dataclass(frozen=True)
class Move:
    """A floating tag to be put on another digest. `before` is empty when the tag does not exist."""

    tag: str
    before: str
    after: str
    version: Version
    reason: str


@dataclass(frozen=True)
class Orphan:
    """A floating tag without any release in its range. It stays where it is: any target would be a guess."""

    tag: str
    digest: str
    message: str
    hint: str


@dataclass(frozen=True)
class Stuck:
    """A floating tag whose release is not fit to be named: broken, or built from another commit than its git tag's.

    It stays where it is, `digest`, which is empty when it does not exist: what to do is for a person to say.
    """

    tag: str
    digest: str
    version: Version
    message: str
    hint: str


@dataclass(frozen=True)
class FloatingPlan:
    """Every floating tag of one package, and what was found on the way. Sorted, so that equal plans print alike."""

    floats: tuple[Keep | Move | Orphan | Stuck, ...]
    findings: tuple[ReleaseFinding, ...]

    @property
    def moves(self) -> tuple[Move, ...]:
        """What is to be done, in the order to do it: narrow ranges before `latest`, so that it never leads."""
        moves = [item for item in self.floats if isinstance(item, Move)]
        return tuple(sorted(moves, key=lambda move: (-len(re.findall(r"[0-9]+", move.tag)), move.tag)))

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """Floating tags that nothing explains."""
        return tuple(item for item in self.floats if isinstance(item, Orphan))

    @property
    def stuck(self) -> tuple[Stuck, ...]:
        """Floating tags whose release is not fit to be named."""
        return tuple(item for item in self.floats if isinstance(item, Stuck))

    def document(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return {
            "keep": {item.tag: item.digest for item in self.floats if isinstance(item, Keep)},
            "move": [
                {"tag": move.tag, "from": move.before, "to": move.after, "version": move.version.tag}
                for move in self.moves
            ],
            "orphan": {item.tag: item.digest for item in self.orphans},
            **({"stuck": {item.tag: item.digest for item in self.stuck}} if self.stuck else {}),
            "findings": [[item.name, item.version, *item.floats] for item in self.findings],
        }

    @property
    def digest(self) -> str:
        """What the plan does, as `sha256:` over canonical JSON. Its sentences do not count."""
        # Imported here: it loads OpenSSL, and judging a tag prints no plan.
        import hashlib

        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class PackageContents:
    """What one package holds, as far as its floating tags depend on it.

    `tags`: every tag that was read -> digest, so that a sentence can say what a wrong tag names. `releases`: the
    versions that it holds complete, on all platforms -> digest; only those that a floating tag must name need one.
    `broken`: the versions that it holds and that are not complete -> digest; a floating tag of their range that names
    one stays. `doubts`: versions -> why their image is not what git's tag says; no floating tag is moved to one.
    """

    tags: Mapping[str, str]
    releases: Mapping[Version, str]
    broken: Mapping[Version, str] = field(default_factory=dict)
    doubts: Mapping[Version, str] = field(default_factory=dict)


def plan_package(
    package: PackageContents, git: Iterable[Version], rules: FloatingRules = DEFAULTS, announced: Iterable[Version] = ()
) -> FloatingPlan:
    """Compare what a package's floating tags name with what they must name.

    `git`: the versions of the repository's tags. `announced`: those that GitHub has a published release of. Raises
    `ActionError` when git has no release at all and the package has: that is an incomplete list, not a reason to move
    anything.
    """
    tagged = {version.tag: version for version in git if version.is_stable}
    stable = {version: digest for version, digest in package.releases.items() if version.is_stable}
    if stable and not tagged:
        newest = max(stable)
        message = f"The repository has no release tag, while the package holds {len(stable)}, {newest.tag} the newest."
        raise ActionError(message, hint="Read all tags of the repository: a shallow checkout has none.")
    usable = {version: digest for version, digest in stable.items() if version.tag in tagged}
    target = choose_targets(usable, rules.templates, rules.skip)
    explainer = _Explainer(package, stable, frozenset(tagged), rules, read_image_tags(package.tags, rules.prefix))
    items: list[Keep | Move | Orphan | Stuck] = []
    unverified: dict[Version, list[str]] = {}
    counting = [version for version in package.broken if version.tag in tagged and version.tag not in rules.skip]
    # Tags that should exist and tags that do: a floating tag without a release in its range is reported as well.
    for tag in sorted({*target, *find_floating(package.tags, rules.templates)}):
        version, before = target.get(tag), package.tags.get(tag, "")
        # A release that broke after a tag was put on it: going back without a word would hide that, so it is reported.
        stuck = max(
            (bad for bad in counting if package.broken[bad] == before and tag in explainer.list_floats(bad)),
            default=None,
        )
        if stuck is not None and (version is None or version < stuck):
            items.append(explainer.describe_stuck(tag, stuck))
        elif version is None:
            items.append(explainer.describe_orphan(tag))
        elif version in package.doubts and rules.held_by_doubt:
            items.append(explainer.describe_doubted(tag, version))
        elif usable[version] == before:
            items.append(Keep(tag, before, version))
        elif not rules.may_name(version):
            unverified.setdefault(version, []).append(tag)
        else:
            items.append(Move(tag, before, usable[version], version, explainer.explain_move(tag, version)))
    released = {version.tag: version for version in announced if version.is_stable}
    findings = (
        *find_missing(tagged, released, stable, package.broken, target, rules),
        *find_untagged(stable, tagged, released, rules),
        *find_doubted(package.doubts, usable, () if not rules.held_by_doubt else target.values()),
        *find_unverified(unverified),
        *find_unknown_skips(
            # Releases since a package's retirement are not counted here, and other packages report the entry.
            rules.skip if rules.retirement is None else (),
            {*tagged, *released, *(version.tag for version in stable)},
        ),
    )
    return FloatingPlan(tuple(items), findings)


@dataclass(frozen=True)
class _Explainer:
    """What sentences about a tag's present target are made from."""

    package: PackageContents
    held: Mapping[Version, str]
    tagged: frozenset[str]
    rules: FloatingRules
    exact: tuple[Version, ...]

    def explain_move(self, tag: str, version: Version) -> str:
        """Why a floating tag must move to a version."""
        if tag not in self.package.tags:
            return f"{tag} does not exist yet, and {version.tag} is the highest release in its range."
        return f"{tag} names {self._describe_target(tag)}, and {version.tag} is the highest release in its range."

    def describe_orphan(self, tag: str) -> Orphan:
        """A floating tag that no release explains."""
        retirement = self.rules.retirement
        if retirement is not None and retirement.removes:
            message = f"{tag} names {self._describe_target(tag)}, and the package is retired since {retirement.since}."
            hint = f"Name {tag} under delete-tags in a clean-up rule with untag: true, and run ghcr-cleanup with it."
            return Orphan(tag, self.package.tags[tag], message, hint)
        message = f"{tag} names {self._describe_target(tag)}, and there is no release in its range that it could name."
        hint = "It was not changed. Publish a release of its range, or delete the tag if it is not needed."
        return Orphan(tag, self.package.tags[tag], message, hint)

    def list_floats(self, version: Version) -> Collection[str]:
        """The floating tags in whose range a version is."""
        return {expand_template(text, version) for text in self.rules.templates}

    def describe_stuck(self, tag: str, version: Version) -> Stuck:
        """A floating tag on a release that is broken."""
        message = f"{tag} names {version.tag}, which is not complete."
        hint = f"It was not changed. Publish {version.tag} whole, or list it under skip to move {tag} back."
        return Stuck(tag, self.package.tags[tag], version, message, hint)

    def describe_doubted(self, tag: str, version: Version) -> Stuck:
        """A floating tag whose release is another image than git's tag says."""
        before = self.package.tags.get(tag, "")
        verb = "names" if before == self.package.releases[version] else "has to name"
        message = f"{tag} {verb} {version.tag}, whose image {self.package.doubts[version]}."
        hint = f"It was not changed. Publish {version.tag} again from its git tag, or list it under skip."
        return Stuck(tag, before, version, message, hint)

    def _explain_retirement(self) -> str:
        """Why a release does not count in a package that is retired."""
        retirement = self.rules.retirement
        if retirement is None:
            return ""
        return f"published although the package is retired since {retirement.since}"

    def _describe_target(self, tag: str) -> str:
        """What a tag names, its other tags, and why it may not name it."""
        digest = self.package.tags[tag]
        # The highest, because a final is often the same image as its last candidate.
        here = [version for version in self.exact if self.package.tags[version.image_tag] == digest]
        version = max(here, default=None)
        if version is None:
            return f"{digest[:SHORT]}, an image without a version tag"
        objections = (
            (not version.is_stable, ROLES.get(version.kind, "")),
            (version.tag in self.rules.skip, "which versions.skip in release.yaml lists"),
            (not self.rules.counts(version), self._explain_retirement()),
            (version.tag not in self.tagged, "which has no tag in git"),
            (version not in self.held, "which is not complete"),
            (tag not in self.list_floats(version), "which is not in its range"),
        )
        also = [other.tag for other in here if other != version]
        name = f"{version.tag} (also tagged {join_words(also)})" if also else version.tag
        if self.rules.retirement is not None and self.rules.retirement.removes:
            return name
        return ", ".join([name, *[objection for holds, objection in objections if holds and objection][:1]])
