"""Releases that a person should look into: missing, without a tag, built from another commit, or skipped by mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from release_actions.floating.rules import FloatingRules
from release_actions.versions.floating import choose_targets, join_words
from release_actions.versions.version import Version


@dataclass(frozen=True)
class ReleaseFinding:
    """Something that a person should look at and that no move mends. `floats` are the floating tags it holds back."""

    name: str
    version: str
    floats: tuple[str, ...]
    message: str
    hint: str


def find_missing(
    tagged: Mapping[str, Version],
    released: Mapping[str, Version],
    published: Collection[Version],
    broken: Collection[Version],
    target: Mapping[str, Version],
    rules: FloatingRules,
) -> Iterable[ReleaseFinding]:
    """Releases that git or GitHub has and the package does not, from its first on: older ones had no such image.

    Of a package without any release only the newest is told, not the project's whole past.
    """
    every = {**released, **tagged}
    counting = [version for version in every.values() if version.tag not in rules.skip]
    first = min((known for known in (*published, *broken) if known.tag in tagged), default=max(counting, default=None))
    wanted = choose_targets(tagged.values(), rules.templates, rules.skip)
    for version in sorted(counting):
        if version in published or first is None or version < first:
            continue
        floats = tuple(sorted(tag for tag, release in wanted.items() if release == version))
        names: dict[str, list[str]] = {}
        for tag in floats:
            if tag in target:
                names.setdefault(target[tag].tag, []).append(tag)
        until = "".join(f" Until then, {join_words(tags)} must name {release}." for release, tags in names.items())
        if version.tag in tagged:
            message = f"Release {version.tag} is in git, but its image is missing or incomplete in the package.{until}"
            hint = f"Build {version.tag} again, or list it under skip with the reason."
        else:
            message = f"GitHub has a release {version.tag}, but it has no tag in git, and no floating tag may name it."
            hint = f"Restore the git tag if it was lost, or list {version.tag} under skip with the reason."
        yield ReleaseFinding("missing-release", version.tag, floats, message, hint)


def find_untagged(
    published: Collection[Version], tagged: Collection[str], released: Collection[str], rules: FloatingRules
) -> Iterable[ReleaseFinding]:
    """Releases that the package holds and git has no tag for. They do not count."""
    wanted = choose_targets(published, rules.templates, rules.skip)
    for version in sorted(
        version for version in published if version.tag not in tagged and version.tag not in rules.skip
    ):
        floats = tuple(sorted(tag for tag, release in wanted.items() if release == version))
        where = "The package holds" if version.tag not in released else "GitHub has a release and the package holds"
        message = f"{where} {version.tag}, which has no tag in git: no floating tag may name it."
        hint = f"Restore the git tag if it was lost, or list {version.tag} under skip with the reason."
        yield ReleaseFinding("untagged-release", version.tag, floats, message, hint)


def find_doubted(
    doubts: Mapping[Version, str], usable: Collection[Version], told: Collection[Version]
) -> Iterable[ReleaseFinding]:
    """Releases whose image is not what git's tag says, but for those that a floating tag has told of."""
    for version in sorted(version for version in doubts if version in usable and version not in told):
        message = f"The image of {version.tag} {doubts[version]}."
        hint = f"Publish {version.tag} again from its git tag, or list it under skip with the reason."
        yield ReleaseFinding("other-commit", version.tag, (), message, hint)


def find_unverified(unverified: Mapping[Version, Collection[str]]) -> Iterable[ReleaseFinding]:
    """Releases that floating tags would have to name, and that this run did not verify."""
    for version, tags in sorted(unverified.items()):
        message = f"{join_words(list(tags))} would have to name {version.tag}, which this run did not verify."
        hint = f"It was not changed: let the run of {version.tag} end, or run protect-latest without a lock."
        yield ReleaseFinding("unverified-release", version.tag, (), message, hint)


def find_unknown_skips(skip: Collection[str], releases: Collection[str]) -> Iterable[ReleaseFinding]:
    """Entries of the skip list that name no release: probably mistyped, and the release that was meant counts."""
    for tag in sorted(skip):
        if tag not in releases:
            message = f"The list of releases to skip names {tag!r}, which is not a release here."
            yield ReleaseFinding(
                "unknown-skip", tag, (), message, "Write the tag as it is in git, or remove the entry."
            )
