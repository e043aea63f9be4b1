"""Which floating tag must name which release, and what has to move.

A floating tag names the highest stable release in its range, and nothing else: not a candidate, not the release that
was built last, not a backport of an older line. The range of `v0.5` are the releases 0.5.x, that of `latest` is
everything. So the right state follows from the releases alone, and whoever computes it gets the same. This module must
never take a tag's present target, or the version that started a run, as a reason to move it, and never move a tag for
which it knows no release.

Releases are the finals and post releases that git has a tag for and that the package holds complete. Git alone gets
stuck on a release that was never published; a registry alone believes any image.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from release_actions.errors import ActionError
from release_actions.versions import Kind, Version, known

DEFAULT_TEMPLATES = ("v{major}.{minor}", "v{major}", "latest")
"""The floating tags of a project that names none. A template is a tag with `{major}` and `{minor}` where numbers go."""

SHORT = 19
"""Characters of a digest that a sentence repeats: the algorithm and twelve digits."""


def expand(text: str, version: Version) -> str:
    """The floating tag that a template makes for a version."""
    return text.replace("{major}", str(version.major)).replace("{minor}", str(version.minor))


def floating(tags: Iterable[str], templates: Iterable[str]) -> tuple[str, ...]:
    """Those of the tags that some template could have made, sorted."""
    number = r"(?:0|[1-9][0-9]*)"
    patterns = [re.sub(r"\\\{(?:major|minor)\\\}", lambda _: number, re.escape(text)) for text in templates]
    pattern = re.compile("|".join(patterns)) if patterns else None
    return tuple(sorted(tag for tag in tags if pattern and pattern.fullmatch(tag)))


def desired(
    releases: Iterable[Version], templates: Iterable[str] = DEFAULT_TEMPLATES, skip: Collection[str] = ()
) -> dict[str, Version]:
    """Floating tag -> the highest stable release in its range.

    `skip` holds tags of releases that no floating tag may name. A floating tag without a release is absent.
    """
    state: dict[str, Version] = {}
    templates = tuple(templates)
    for version in releases:
        if version.is_stable and version.tag not in skip:
            for text in templates:
                tag = expand(text, version)
                state[tag] = max(state.get(tag, version), version, key=lambda release: (release.order, release.tag))
    return state


def make_latest(version: Version, existing: Iterable[Version], skip: Collection[str] = ()) -> bool:
    """Whether GitHub's release of this version is the one to carry the "Latest" badge: when `latest` would move to it.

    Always pass the answer to GitHub. Left out, it gives the badge to whatever was published last.
    """
    return desired((*existing, version), ("latest",), skip).get("latest") == version


@dataclass(frozen=True)
class Effect:
    """What a new version does to one floating tag of its range. `before`: the release that it names without it."""

    tag: str
    before: Version | None
    moves: bool


def moves(
    version: Version,
    existing: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Collection[str] = (),
) -> tuple[Effect, ...]:
    """The floating tags in whose range a version is, narrowest range first. `existing` may hold the version itself."""
    others = [other for other in existing if other.tag != version.tag]
    templates = sorted(dict.fromkeys(templates), key=lambda text: -text.count("{"))
    before = desired(others, templates, skip)
    after = desired((*others, version), templates, skip)
    tags = dict.fromkeys(expand(text, version) for text in templates)
    return tuple(Effect(tag, before.get(tag), moves=after.get(tag) == version) for tag in tags)


def explain(
    version: Version,
    existing: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Collection[str] = (),
) -> str:
    """What `moves` found, as a person would say it.

    For example "v0.4.3 is a backport: it moves v0.4 and leaves v0 and latest on v0.5.1."
    """
    existing = tuple(existing)
    effects = moves(version, existing, templates, skip)
    moved = [effect.tag for effect in effects if effect.moves and effect.before]
    created = [effect.tag for effect in effects if effect.moves and not effect.before]
    left: dict[str, list[str]] = {}
    for effect in effects:
        if effect.before and not effect.moves:
            left.setdefault(effect.before.tag, []).append(effect.tag)
    parts = [f"creates {_and(created)}"] if created else []
    parts += [f"moves {_and(moved)}"] if moved else []
    parts += [] if moved or created else ["moves no floating tag"]
    if left:
        parts.append("leaves " + ", and ".join(f"{_and(tags)} on {release}" for release, tags in left.items()))
    return f"{version.tag} is {_role(version, existing, skip)}: it {_and(parts)}."


def _role(version: Version, existing: Iterable[Version], skip: Collection[str]) -> str:
    if version.tag in skip:
        return "skipped by the configuration"
    if not version.is_stable:
        return ROLES[version.kind]
    higher = [other for other in existing if other.is_stable and version < other and other.tag not in skip]
    own = max((other for other in higher if other.line == version.line), default=None)
    if own:
        return f"below {own.tag} of its own line"
    if version.kind is Kind.POST:
        return "a post release of an older line" if higher else ROLES[Kind.POST]
    return "a backport" if higher else "the newest release"


ROLES = {
    Kind.CANDIDATE: "a release candidate",
    Kind.PRERELEASE: "a pre-release",
    Kind.DEV: "a dev version",
    Kind.POST: "a post release",
}
"""What a class is called in a sentence."""


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


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
    """A floating tag on its release, which is broken. It stays: whether to go back is for a person to say."""

    tag: str
    digest: str
    version: Version
    message: str
    hint: str


@dataclass(frozen=True)
class Finding:
    """Something that a person should look at and that no move mends. `floats` are the floating tags it holds back."""

    name: str
    version: str
    floats: tuple[str, ...]
    message: str
    hint: str


@dataclass(frozen=True)
class FloatingPlan:
    """Every floating tag of one package, and what was found on the way. Sorted, so that equal plans print alike."""

    floats: tuple[Keep | Move | Orphan | Stuck, ...]
    findings: tuple[Finding, ...]

    @property
    def moves(self) -> tuple[Move, ...]:
        """What is to be done, in the order to do it: narrow ranges before `latest`, so that it never leads."""
        found = [item for item in self.floats if isinstance(item, Move)]
        return tuple(sorted(found, key=lambda move: (-len(re.findall(r"[0-9]+", move.tag)), move.tag)))

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """Floating tags that nothing explains."""
        return tuple(item for item in self.floats if isinstance(item, Orphan))

    @property
    def stuck(self) -> tuple[Stuck, ...]:
        """Floating tags on a broken release."""
        return tuple(item for item in self.floats if isinstance(item, Stuck))

    @property
    def is_right(self) -> bool:
        """Whether every floating tag is where it must be and nothing is left to look at."""
        return not self.moves and not self.orphans and not self.stuck and not self.findings

    def applied(self, current: Mapping[str, str]) -> dict[str, str]:
        """Tag -> digest after the moves."""
        return {**current, **{move.tag: move.after for move in self.moves}}

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


NONE_BROKEN: Mapping[Version, str] = MappingProxyType({})


def plan(
    current: Mapping[str, str],
    releases: Mapping[Version, str],
    git: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Collection[str] = (),
    *,
    prefix: str = "v",
    broken: Mapping[Version, str] = NONE_BROKEN,
) -> FloatingPlan:
    """Compare what a package's floating tags name with what they must name.

    `current`: every tag of the package -> digest, so that a sentence can say what a wrong tag names. `releases`: the
    versions that the package holds complete, on all platforms -> digest; only those that a floating tag must name need
    one. `git`: the versions of the repository's tags. `broken`: the versions that it holds and that are not complete
    -> digest; a floating tag of their range that names one stays. Raises `ActionError` when git has no release at all
    and the package has: that is an incomplete list, not a reason to move anything.
    """
    templates = tuple(templates)
    tagged = {version.tag: version for version in git if version.is_stable}
    held = {version: digest for version, digest in releases.items() if version.is_stable}
    if held and not tagged:
        newest = max(held)
        message = f"The repository has no release tag, while the package holds {len(held)}, {newest.tag} the newest."
        raise ActionError(message, hint="Read all tags of the repository: a shallow checkout has none.")
    usable = {version: digest for version, digest in held.items() if version.tag in tagged}
    target = desired(usable, templates, skip)
    world = _World(current, held, frozenset(tagged), frozenset(skip), templates, known(current, prefix))
    items: list[Keep | Move | Orphan | Stuck] = []
    counting = [version for version in broken if version.tag in tagged and version.tag not in skip]
    for tag in sorted({*target, *floating(current, templates)}):
        version, before = target.get(tag), current.get(tag, "")
        stuck = max((bad for bad in counting if broken[bad] == before and tag in world.range(bad)), default=None)
        if stuck is not None and (version is None or version < stuck):
            items.append(world.stuck(tag, stuck))
        elif version is None:
            items.append(world.orphan(tag))
        elif usable[version] == before:
            items.append(Keep(tag, before, version))
        else:
            items.append(Move(tag, before, usable[version], version, world.reason(tag, version)))
    findings = (*_missing(tagged.values(), usable, target, templates, skip), *_untagged(held, tagged, templates, skip))
    return FloatingPlan(tuple(items), (*findings, *_unknown_skips(skip, {*tagged, *(version.tag for version in held)})))


@dataclass(frozen=True)
class _World:
    """What sentences about a tag's present target are made from."""

    current: Mapping[str, str]
    held: Mapping[Version, str]
    tagged: frozenset[str]
    skip: frozenset[str]
    templates: tuple[str, ...]
    exact: tuple[Version, ...]

    def reason(self, tag: str, version: Version) -> str:
        """Why a floating tag must move to a version."""
        if tag not in self.current:
            return f"{tag} does not exist yet, and {version.tag} is the highest release in its range."
        return f"{tag} names {self._holder(tag)}, and {version.tag} is the highest release in its range."

    def orphan(self, tag: str) -> Orphan:
        """A floating tag that no release explains."""
        message = f"{tag} names {self._holder(tag)}, and there is no release in its range that it could name."
        hint = "It was left alone. Publish a release of its range, or delete the tag if nobody should use it."
        return Orphan(tag, self.current[tag], message, hint)

    def range(self, version: Version) -> Collection[str]:
        """The floating tags in whose range a version is."""
        return {expand(text, version) for text in self.templates}

    def stuck(self, tag: str, version: Version) -> Stuck:
        """A floating tag on a release that is broken."""
        message = f"{tag} names {version.tag}, which is not complete."
        hint = f"It was left alone. Publish {version.tag} whole, or list it under skip to move {tag} back."
        return Stuck(tag, self.current[tag], version, message, hint)

    def _holder(self, tag: str) -> str:
        digest = self.current[tag]
        # The highest, because a final is often the same image as its last candidate.
        version = max((version for version in self.exact if self.current[version.tag] == digest), default=None)
        if version is None:
            return f"{digest[:SHORT]}, an image without a version tag"
        objections = (
            (not version.is_stable, ROLES.get(version.kind, "")),
            (version.tag in self.skip, "which the configuration skips"),
            (version.tag not in self.tagged, "which has no tag in git"),
            (version not in self.held, "which is not complete"),
            (tag not in self.range(version), "which is not in its range"),
        )
        return ", ".join([version.tag, *[objection for holds, objection in objections if holds][:1]])


def _missing(
    tagged: Collection[Version],
    usable: Collection[Version],
    target: Mapping[str, Version],
    templates: tuple[str, ...],
    skip: Collection[str],
) -> tuple[Finding, ...]:
    """Releases that git has and the package does not, from the package's first on: older ones had no such image.

    Of a package without any release only the newest is told, not the project's whole past.
    """
    first = min(usable, default=max((version for version in tagged if version.tag not in skip), default=None))
    wanted = desired(tagged, templates, skip)
    missing = sorted(
        version
        for version in tagged
        if version not in usable and version.tag not in skip and first is not None and first <= version
    )
    found = []
    for version in missing:
        floats = tuple(sorted(tag for tag, release in wanted.items() if release == version))
        names: dict[str, list[str]] = {}
        for tag in floats:
            if tag in target:
                names.setdefault(target[tag].tag, []).append(tag)
        until = "".join(f" {_and(tags)} must name {release} until it does." for release, tags in names.items())
        message = f"Release {version.tag} is in git, but the package does not hold it complete.{until}"
        hint = f"Build {version.tag} again, or list it under skip with the reason."
        found.append(Finding("missing-release", version.tag, floats, message, hint))
    return tuple(found)


def _untagged(
    held: Collection[Version], tagged: Collection[str], templates: tuple[str, ...], skip: Collection[str]
) -> tuple[Finding, ...]:
    """Releases that the package holds and git has no tag for. They do not count."""
    wanted = desired(held, templates, skip)
    found = []
    for version in sorted(version for version in held if version.tag not in tagged and version.tag not in skip):
        floats = tuple(sorted(tag for tag, release in wanted.items() if release == version))
        message = f"The package holds {version.tag}, which has no tag in git: no floating tag may name it."
        hint = f"Restore the git tag if it was lost, or list {version.tag} under skip with the reason."
        found.append(Finding("untagged-release", version.tag, floats, message, hint))
    return tuple(found)


def _unknown_skips(skip: Collection[str], releases: Collection[str]) -> tuple[Finding, ...]:
    """Entries of the skip list that name no release: probably mistyped, and the release that was meant counts."""
    return tuple(
        Finding(
            "unknown-skip",
            tag,
            (),
            f"The list of releases to skip names {tag!r}, which is no release here.",
            "Write the tag as git has it, or take the entry out.",
        )
        for tag in sorted(skip)
        if tag not in releases
    )
