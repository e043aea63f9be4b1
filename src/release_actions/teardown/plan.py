"""What a release candidate left in the registry, on GitHub's releases page and in git, and what of it may go.

A candidate is removed everywhere, or, where something forbids it, nowhere. What goes is its own tag, the names that
tools make of it (`v0.5.0-rc`, `v0.5`, `v0`, `latest`, and `v0.5.0` before there is such a release) where they name the
candidate, and nothing else. This module must never select a tag of a release, the image that one names, or a candidate
that was not asked for; and never decide by a name alone where the name could be meant for something that lives.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from release_actions.cleanup import journal
from release_actions.errors import InputError, Problem
from release_actions.github.releases import Release
from release_actions.images.graph import subject_of_tag
from release_actions.registry.names import Tag
from release_actions.runner.report import counted
from release_actions.teardown.model import Names, Plan, RefChange, Refusal, World
from release_actions.versions import floating
from release_actions.versions.grammar import FLOATING_NAMES, TagRefused, image_affixes, image_tag_of
from release_actions.versions.version import Version, parse, parse_known, parse_or_none

RELEASED = "released"
"""What is asked for in place of a tag: every candidate whose final release is out."""

LONGEST_TEXT = 50_000
"""Characters of a release's text that are kept to take its deletion back. Outputs of a job end at about 500,000."""


def choose(asked: Iterable[str], world: World) -> tuple[tuple[Version, ...], tuple[str, ...]]:
    """The candidates that are asked for, and sentences about those that `released` leaves out.

    Raises `InputError` with every tag that is no candidate.
    """
    asked = tuple(dict.fromkeys(asked))
    problems, chosen, kept = [], [], []
    for tag in asked:
        if tag == RELEASED:
            continue
        try:
            version = parse(tag, world.names.prefix)
        except TagRefused as error:
            blank = any(character.isspace() for character in tag)
            hint = "Put a comma or a new line between candidates." if blank else error.hint
            problems.append(Problem(error.problems[0].message, hint))
            continue
        if version.is_stable:
            message = f"{tag} is a release, and rc-teardown only removes what comes before one."
            problems.append(Problem(message, "Name candidates such as v0.5.0-rc.1, or write released."))
        else:
            chosen.append(version)
    if problems:
        raise InputError(problems=problems)
    if RELEASED in asked:
        for version in find_candidates(world):
            if version not in chosen:
                why = explain_unreleased(version, world)
                chosen += [] if why else [version]
                kept += [f"{version} is kept: {why} Name it to remove it anyway."] if why else []
    return tuple(sorted(set(chosen), key=lambda one: (one.order, one.tag))), tuple(kept)


def find_candidates(world: World) -> tuple[Version, ...]:
    """Every numbered candidate that some system knows, lowest first."""
    tags = {
        *world.git.tags,
        *(tag for path, tags in world.images.items() for tag in world.names.list_git_tags(path, tags)),
    }
    tags |= {release.tag for release in world.releases}
    return tuple(version for version in parse_known(tags, world.names.prefix) if version.is_candidate)


def explain_unreleased(version: Version, world: World) -> str:
    """Why a candidate's release does not count as out; empty when it does."""
    if version.release not in world.git.tags:
        return f"{version.release} is not released yet."
    for package, image_tags in sorted(world.images.items()):
        tags = world.names.list_git_tags(package, image_tags)
        if package not in world.retired and version.tag in tags and version.release not in tags:
            return f"{package} holds no {version.release} yet."
    return ""


def choose_tags_to_resolve(candidates: Iterable[Version], names: Names, git: Iterable[str]) -> frozenset[str]:
    """The git tags whose commits a plan needs."""
    git = frozenset(git)
    wanted: set[str] = set()
    versions = parse_known(git, names.prefix)
    for candidate in candidates:
        wanted |= {candidate.tag, *list_cuts(candidate.tag), *list_floats(candidate, names.made_of_refs)}
        wanted |= {version.tag for version in versions if version.is_stable or version.numbers == candidate.numbers}
    return frozenset(wanted & git)


def list_cuts(tag: str) -> tuple[str, ...]:
    """What a tool makes of a tag that cuts it at its last dot, again and again: v0.5.0-rc, v0.5, v0."""
    cut_names = []
    while "." in tag:
        tag = tag.rpartition(".")[0]
        cut_names.append(tag)
    return tuple(cut_names)


def list_stumps(version: Version) -> frozenset[str]:
    """Those cuts of a candidate that can be nothing else: v0.5.0-rc is neither a version nor a floating tag."""
    base = re.escape(version.release)
    return frozenset(
        cut
        for cut in list_cuts(version.tag)
        if re.fullmatch(rf"{base}[.-]?[A-Za-z].*", cut) and parse_or_none(cut, version.prefix) is None
    )


def list_image_stumps(version: Version) -> frozenset[str]:
    """The same of the exact tag of its images. Tools that cut git's tags make those of `stumps` in packages too."""
    before, _ = image_affixes(version.prefix)
    # What follows the version ends an image's tag, so a cut tag never has it.
    return frozenset(f"{before}{cut[len(version.prefix) :]}" for cut in list_stumps(version)) | list_stumps(version)


def list_floats(version: Version, templates: Iterable[str]) -> frozenset[str]:
    """The floating tags in whose range a version is."""
    return frozenset(floating.expand_template(text, version) for text in templates)


def plan(candidates: Iterable[Version], world: World, allowed: Collection[str] = ()) -> Plan:
    """Plan over the three systems at once.

    `allowed`: tags whose GitHub release may be deleted although that cannot be taken back. A candidate that is refused
    somewhere is left out everywhere, and what that means for the others is decided anew.
    """
    going = tuple(candidates)
    refusals: dict[tuple[str, str], Refusal] = {}
    while True:
        planned = _Planner(going, world, frozenset(allowed)).plan()
        refusals |= {(refusal.candidate, refusal.message): refusal for refusal in planned.refusals}
        refused = {refusal.candidate for refusal in planned.refusals}
        if not refused:
            ordered = tuple(refusals[key] for key in sorted(refusals))
            return replace(planned, refusals=ordered)
        going = tuple(version for version in going if version.tag not in refused)


def explain_loss(release: Release) -> str:
    """Why the deletion of a release could not be taken back; empty when it could."""
    if release.immutable:
        return "is immutable: once it is deleted, GitHub never lets its tag be used again"
    if release.files and not release.draft:
        first = " first" if len(release.files) > 1 else ""
        return f"has {counted(len(release.files), 'file')}, {release.files[0]}{first}, which would be lost"
    if not release.prerelease and not release.draft:
        return "is published as a release and not as a pre-release"
    if len(release.body) > LONGEST_TEXT:
        return f"has a text of {len(release.body)} characters, too long for the undo file"
    return ""


@dataclass(frozen=True)
class _Planner:
    candidates: tuple[Version, ...]
    world: World
    allowed: frozenset[str]

    def plan(self) -> Plan:
        refusals: list[Refusal] = []
        notes: list[str] = []
        images = {}
        for package, tags in sorted(self.world.images.items()):
            selected = dict(self.select_tags(package, tags, refusals, notes))
            if selected:
                images[package] = selected
            named = self.named_images(package).keys() & tags
            parts = [
                t for t in sorted(set(tags) - selected.keys() - named) if any(t.startswith(f"{n}-") for n in named)
            ]
            notes += [f"{package}: {tag} is kept, because it was not named. Name it too to delete it." for tag in parts]
        releases = tuple(self.releases(refusals))
        going = {release.tag for release in releases}
        refs = tuple(self.refs(going, refusals, notes))
        # A name that goes takes the release on its page along: without its tag that would turn into a draft.
        stumps_gone = {change.tag for change in refs if not change.after} - self.named
        more = tuple(stump_release for stump_release in self.world.releases if stump_release.tag in stumps_gone)
        living = frozenset(self.world.git.tags) - {change.tag for change in refs if not change.after}
        told = tuple(dict.fromkeys(notes))
        shared = (
            {
                self.named_images(package)[tag]
                for tag in (self.named_images(package).keys() & tags) - {*images.get(package, ())}
            }
            for package, tags in self.world.images.items()
        )
        return Plan(
            self.candidates,
            images,
            (*releases, *more),
            refs,
            tuple(refusals),
            told,
            living,
            frozenset[str]().union(*shared),
        )

    @functools.cached_property
    def named(self) -> frozenset[str]:
        return frozenset(version.tag for version in self.candidates)

    def named_images(self, package: str) -> Mapping[str, str]:
        """Exact tag of a candidate's images in a package -> the candidate."""
        schemes = self.world.names.schemes(package)
        return {image_tag_of(one.tag, scheme): one.tag for one in self.candidates for scheme in schemes}

    def owners(self, made: str) -> tuple[str, ...]:
        """The candidates whose stump a name of git is."""
        return tuple(version.tag for version in self.candidates if made in list_stumps(version))

    def image_owners(self, made: str) -> tuple[str, ...]:
        """The candidates whose stump a tag of a package is."""
        return tuple(version.tag for version in self.candidates if made in list_image_stumps(version))

    # Images

    def select_tags(
        self, package: str, tags: Mapping[str, str], refusals: list[Refusal], notes: list[str]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The tags of a package that go, with the candidates they come from."""
        named_images = self.named_images(package)
        real_images = self.world.names.list_image_tags(package, self.world.real)
        groups: dict[str, set[str]] = {}
        for tag, digest in tags.items():
            if tag != journal.TAG and not subject_of_tag(tag):
                groups.setdefault(digest, set()).add(tag)
        own = {
            digest: tuple(sorted(named_images[name] for name in names if name in named_images))
            or tuple(sorted({owner for name in names for owner in self.image_owners(name)}))
            for digest, names in groups.items()
        }
        promoted = {digest for digest, names in groups.items() if names & real_images}
        finals = [
            version
            for version in self.world.stable
            if any(tags.get(tag) in promoted for tag in self.world.names.list_image_tags(package, [version.tag]))
        ]
        wanted = floating.choose_targets(finals, self.world.names.made_of_images, self.world.names.skip)
        for digest, owners in sorted(own.items()):
            names = groups[digest]
            if not owners or (names.isdisjoint(named_images) and self.lives(package, names)):
                continue
            if digest in promoted:
                final = min(names & real_images)
                spared = ", ".join(
                    sorted(tag for tag in names - real_images if tag in named_images or self.image_owners(tag))
                )
                notes.append(
                    f"{package}: {spared} {'are' if ',' in spared else 'is'} kept, because {final} is the same image. "
                    f"ghcr-cleanup removes tags from such an image with delete-tags: {spared} and untag: true."
                )
                continue
            objections_or_none = [self.objection(package, tag, owners, wanted) for tag in sorted(names)]
            objections = [problem for problem in objections_or_none if problem]
            if not objections:
                yield from ((tag, owners) for tag in sorted(names))
            elif not names.isdisjoint(named_images):
                refusals += [Refusal(owner, *problem) for owner in owners for problem in objections]
            else:
                spared = ", ".join(sorted(names))
                notes += [f"{package}: {spared} are kept. {message}" for message, _ in objections]

    def lives(self, package: str, names: Iterable[str]) -> bool:
        """Whether names of one image are those of a candidate that stays: then its stump is too."""
        versions = (self.world.names.read_image(package, name) for name in names)
        return any(version is not None and version.is_candidate for version in versions)

    def objection(
        self, package: str, tag: str, owners: tuple[str, ...], wanted: Mapping[str, Version]
    ) -> tuple[str, str] | None:
        """Why a tag beside a candidate's keeps the image: a sentence and a hint. None when it may go with it."""
        if tag in self.named_images(package) or self.image_owners(tag):
            return None
        here = f"{package}:{tag} names the image of {', '.join(owners)}"
        version = self.world.names.read_image(package, tag)
        of = [candidate for candidate in self.candidates if candidate.tag in owners]
        if version and not version.is_stable:
            return f"{here}, and {version} was not named.", f"To delete it, name {version} too."
        releases = self.world.names.list_image_tags(package, (candidate.release for candidate in of))
        names = self.world.names.made_of_images
        made = tag in releases or any(tag in list_floats(candidate, names) for candidate in of)
        if not made:
            hint = f"If {tag} is not needed, ghcr-cleanup removes it with delete-tags: {tag} and untag: true."
            return f"{here}, but {tag} was not made from a candidate's tag.", hint
        release = None if version else wanted.get(tag)
        if release is None:
            return None
        managed = tag in list_floats(release, self.world.names.templates)
        hint = "Run protect-latest with mode: enforce first; it moves the tag back."
        if not managed:
            hint = f"Put {tag} on {release} by hand, or add it to floating-tags and run protect-latest first."
        return f"{here}, but has to name {release}. If the image was deleted, {tag} would name nothing.", hint

    # Releases

    def releases(self, refusals: list[Refusal]) -> Iterator[Release]:
        """The GitHub releases of the candidates."""
        for release in self.world.releases:
            if release.tag in self.named:
                lost = explain_loss(release)
                if lost and release.tag not in self.allowed:
                    message = f"The GitHub release of {release.tag} {lost}."
                    hint = f"To delete it for good, name it: allow-irreversible: {release.tag}"
                    refusals.append(Refusal(release.tag, message, hint))
                else:
                    yield release

    # Git

    def refs(self, releases: Collection[str], refusals: list[Refusal], notes: list[str]) -> Iterator[RefChange]:
        """The git tags that go or move: names made from candidates first, so that a second run still knows them."""
        git = self.world.git
        for tag in sorted(self.made() & set(git.tags)):
            change = self.change(tag)
            if change is None:
                notes += self.doubt(tag)
                continue
            blocking = [
                release
                for release in self.world.releases
                if release.tag == tag and tag not in releases and explain_loss(release)
            ]
            if blocking and not change.after and tag not in self.allowed:
                message = f"The GitHub release of {tag}, which was made from it, {explain_loss(blocking[0])}."
                hint = f"To delete it for good, name it: allow-irreversible: {tag}"
                refusals += [Refusal(owner, message, hint) for owner in change.owners]
                continue
            yield change
        for version in self.candidates:
            if version.tag in git.tags:
                reason = f"{version} is one of the candidates to remove."
                yield RefChange(Tag(version.tag), git.tags[version.tag], "", reason, (version.tag,))

    def doubt(self, tag: str) -> Iterator[str]:
        """Why a name that stays may be a candidate's all the same: its git tag went before, and nothing else tells."""
        git = self.world.git
        versions = (version.tag for version in parse_known(git.tags, self.world.names.prefix))
        if git.commits[tag] in {git.commits[name] for name in versions if name in git.commits}:
            return
        lost = [
            version.tag for version in self.candidates if version.tag not in git.tags and tag in list_cuts(version.tag)
        ]
        if lost:
            yield f"The git tag {tag} is kept: it is not a version, and git has no {lost[0]} to compare it with."

    def made(self) -> frozenset[str]:
        """The names in git that tools may have made from the candidates. No version is among them."""
        names = self.world.names
        made_names = {cut for version in self.candidates for cut in list_cuts(version.tag)}
        made_names |= {tag for version in self.candidates for tag in list_floats(version, names.made_of_refs)}
        return frozenset(tag for tag in made_names if parse_or_none(tag, names.prefix) is None)

    def change(self, tag: str) -> RefChange | None:
        """What happens to such a name; nothing when it is right, or names something else."""
        git, commits = self.world.git, self.world.git.commits
        commit = commits[tag]
        pointed = tuple(version.tag for version in self.candidates if commits.get(version.tag) == commit)
        if self.owners(tag):
            lives = [
                version
                for version in parse_known(git.tags, self.world.names.prefix)
                if version.tag not in self.named and tag in list_cuts(version.tag)
            ]
            if lives and (not pointed or any(commits.get(version.tag) == commit for version in lives)):
                return None
            reason = f"{tag} is not a version: a tool made it by cutting a candidate's tag."
            return RefChange(Tag(tag), git.tags[tag], "", reason, pointed or self.owners(tag))
        if not pointed or tag in FLOATING_NAMES:
            return None
        wanted = floating.choose_targets(self.world.stable, self.world.names.made_of_refs, self.world.names.skip).get(
            tag
        )
        if wanted is None:
            reason = f"{tag} names {pointed[0]}, and no release is in its range."
            return RefChange(Tag(tag), git.tags[tag], "", reason, pointed)
        if commits[wanted.tag] == commit:
            return None
        reason = f"{tag} names {pointed[0]}, and {wanted} is the newest release in its range."
        return RefChange(Tag(tag), git.tags[tag], git.tags[wanted.tag], reason, pointed)
