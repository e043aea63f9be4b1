"""Which floating tag must name which release.

A floating tag names the highest stable release in its range, and nothing else: not a candidate, not the release that
was built last, not a backport of an older line. The range of `v0.5` are the releases 0.5.x, that of `latest` is
everything. So the right state follows from the releases alone, and whoever computes it gets the same. This module must
never take the version that started a run as a reason to move a tag, and never name a release for a range without one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from release_actions.versions.grammar import Kind
from release_actions.versions.version import Version

DEFAULT_TEMPLATES = ("v{major}.{minor}", "v{major}", "latest")
"""The floating tags of a project that names none. A template is a tag with `{major}` and `{minor}` where numbers go."""


def expand_template(text: str, version: Version) -> str:
    """The floating tag that a template makes for a version."""
    return text.replace("{major}", str(version.major)).replace("{minor}", str(version.minor))


def find_floating(tags: Iterable[str], templates: Iterable[str]) -> tuple[str, ...]:
    """Those of the tags that some template could have made, sorted."""
    number = r"(?:0|[1-9][0-9]*)"
    patterns = [re.sub(r"\\\{(?:major|minor)\\\}", lambda _: number, re.escape(text)) for text in templates]
    pattern = re.compile("|".join(patterns)) if patterns else None
    return tuple(sorted(tag for tag in tags if pattern and pattern.fullmatch(tag)))


def choose_targets(
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
                tag = expand_template(text, version)
                state[tag] = max(state.get(tag, version), version, key=lambda release: (release.order, release.tag))
    return state


def is_newest(version: Version, existing: Iterable[Version], skip: Collection[str] = ()) -> bool:
    """Whether GitHub's release of this version is the one to carry the "Latest" badge: when `latest` would move to it.

    Always pass the answer to GitHub. Left out, it gives the badge to whatever was published last.
    """
    return choose_targets((*existing, version), ("latest",), skip).get("latest") == version


@dataclass(frozen=True)
class Effect:
    """What a new version does to one floating tag of its range. `before`: the release that it names without it."""

    tag: str
    before: Version | None
    moves: bool


def list_effects(
    version: Version,
    existing: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Collection[str] = (),
) -> tuple[Effect, ...]:
    """The floating tags in whose range a version is, narrowest range first. `existing` may hold the version itself."""
    others = [other for other in existing if other.tag != version.tag]
    templates = sorted(dict.fromkeys(templates), key=lambda text: -text.count("{"))
    before = choose_targets(others, templates, skip)
    after = choose_targets((*others, version), templates, skip)
    tags = dict.fromkeys(expand_template(text, version) for text in templates)
    return tuple(Effect(tag, before.get(tag), moves=after.get(tag) == version) for tag in tags)


def explain_effects(
    version: Version,
    existing: Iterable[Version],
    templates: Iterable[str] = DEFAULT_TEMPLATES,
    skip: Collection[str] = (),
) -> str:
    """What `list_effects` found, as a person would say it.

    For example "v0.4.3 is a backport: it moves v0.4 and leaves v0 and latest on v0.5.1."
    """
    existing = tuple(existing)
    effects = list_effects(version, existing, templates, skip)
    moved = [effect.tag for effect in effects if effect.moves and effect.before]
    created = [effect.tag for effect in effects if effect.moves and not effect.before]
    remaining: dict[str, list[str]] = {}
    for effect in effects:
        if effect.before and not effect.moves:
            remaining.setdefault(effect.before.tag, []).append(effect.tag)
    parts = [f"creates {join_words(created)}"] if created else []
    parts += [f"moves {join_words(moved)}"] if moved else []
    parts += [] if moved or created else ["moves no floating tag"]
    if remaining:
        parts.append(
            "leaves " + ", and ".join(f"{join_words(tags)} on {release}" for release, tags in remaining.items())
        )
    return f"{version.tag} is {_describe_role(version, existing, skip)}: it {join_words(parts)}."


def _describe_role(version: Version, existing: Iterable[Version], skip: Collection[str]) -> str:
    if version.tag in skip:
        return "listed under versions.skip"
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


def join_words(words: list[str]) -> str:
    """Words as a person lists them: "v0.5, v0 and latest"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
