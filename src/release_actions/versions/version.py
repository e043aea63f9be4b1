"""What a tag means: parse it, class it, order it.

A release tag is the project's prefix, three numbers and at most one suffix. Everything else is refused, with the reason
and, where that is clear, the tag that was probably meant. The order is one for all classes, so that "the newest" never
depends on who asks or when. This module must never read the environment, a repository or a registry, and never take a
tag for stable because it recognises nothing in it: what is not understood is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.versions.grammar import (
    BASE,
    LARGEST,
    LEGAL,
    LONGEST,
    LOOK_ALIKE,
    MISSPELT_CANDIDATE,
    NUMBERED,
    OTHER_POSTS,
    PEP440_WORDS,
    RANK,
    Kind,
    TagRefused,
    git_tag_of,
    image_tag_of,
    path_of,
    post_spelling_of,
    require_prefix,
)

Identifier = tuple[int, int, str]
"""A dot-separated part of a SemVer pre-release, as it sorts: (0, number, "") below (1, 0, text)."""


@dataclass(frozen=True)
class Version:
    """A version as its tag gives it.

    `==` compares tags. `<`, `<=`, `>` and `>=` compare versions, so two spellings of one version are
    different, and neither is above the other: `same_version` says so. `number` is that of the candidate, post or dev
    release. `spelling` is what stands between base and number (`-rc.`, `-rc`, `rc`, `.post`, ...), and `suffix` is
    everything after the base.
    """

    tag: str
    prefix: str
    major: int
    minor: int
    patch: int
    kind: Kind
    number: int | None = None
    spelling: str = ""
    suffix: str = ""

    @property
    def is_stable(self) -> bool:
        """A release that floating tags may name: a final, or a post release of one."""
        return self.kind in {Kind.STABLE, Kind.POST}

    @property
    def is_candidate(self) -> bool:
        """A numbered release candidate, and nothing that merely looks like one."""
        return self.kind is Kind.CANDIDATE

    @property
    def text(self) -> str:
        """The version without the prefix: 0.5.0-rc.1."""
        return self.base + self.suffix

    @property
    def image_tag(self) -> str:
        """The exact tag of its images, which is the git tag unless the project has a template: 0.5.0-rc.1."""
        return image_tag_of(self.tag, self.prefix)

    @property
    def base(self) -> str:
        """The three numbers: 0.5.0."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def line(self) -> str:
        """The line of releases that share a release branch: 0.5."""
        return f"{self.major}.{self.minor}"

    @property
    def release(self) -> str:
        """Tag of the final that this leads up to, is, or follows: v0.5.0."""
        return self.prefix + self.base

    @property
    def numbers(self) -> tuple[int, int, int]:
        """X, Y and Z."""
        return self.major, self.minor, self.patch

    @functools.cached_property
    def order(self) -> tuple[tuple[int, int, int], int, int, tuple[Identifier, ...]]:
        """What versions are ordered by: X, Y, Z, then dev < prerelease < rc < final < post, then the number.

        Pre-releases of one base follow SemVer 2.0.0, section 11. A dev version without a number is below number 0.
        """
        if self.kind is Kind.PRERELEASE:
            return self.numbers, RANK[self.kind], 0, self._identifiers()
        return self.numbers, RANK[self.kind], -1 if self.number is None else self.number, ()

    def _identifiers(self) -> tuple[Identifier, ...]:
        word = PEP440_WORDS.get(self.spelling)
        if word:
            return (1, 0, word), (0, self.number or 0, "")
        return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.suffix[1:].split("."))

    def __lt__(self, other: Version) -> bool:
        return self.order < other.order

    def __le__(self, other: Version) -> bool:
        return self.order <= other.order

    def __gt__(self, other: Version) -> bool:
        return self.order > other.order

    def __ge__(self, other: Version) -> bool:
        return self.order >= other.order

    def __str__(self) -> str:
        return self.tag

    def same_version(self, other: Version) -> bool:
        """Whether both tags name one version, in whatever spelling: v0.5.0-rc.1 and v0.5.0rc1."""
        return self.order == other.order

    def candidate(self, number: int, spelling: str = "-rc.") -> str:
        """The tag of a candidate of this version's base."""
        return f"{self.release}{spelling}{number}"

    def post(self, number: int) -> str:
        """The tag of a post release of this version's base, as the project writes it."""
        return f"{self.release}{post_spelling_of(self.prefix)}{number}"


def parse(tag: str, prefix: str = "v") -> Version:
    """Read a tag, with or without `refs/tags/`, in a project whose release tags begin with `prefix`.

    Raises `TagRefused` when it names no version, and `InputError` when the prefix could not begin a tag.
    """
    version = parse_or_none(tag, prefix)
    if version is None:
        raise explain_refusal(tag, prefix)
    return version


def explain_refusal(tag: str, prefix: str = "v") -> TagRefused:
    """Why a tag names no version, for a tag that `parse_or_none` does not take."""
    # Imported here: explaining takes far more code than understanding, and most runs need none of it.
    from release_actions.versions.refusals import explain

    return explain(tag, prefix, lambda name: parse_or_none(name, prefix) is not None)


def parse_or_none(tag: str, prefix: str = "v") -> Version | None:
    """As `parse`, but None for what names no version: for lists of tags that hold much else."""
    require_prefix(prefix)
    name = tag.removeprefix("refs/tags/")
    if len(name) > LONGEST or not name.startswith(prefix) or not LEGAL.fullmatch(name[len(path_of(prefix)) :]):
        return None
    base = BASE.fullmatch(name[len(prefix) :])
    suffix = _read_suffix(base.group(4), post_spelling_of(prefix)) if base else None
    if base is None or suffix is None:
        return None
    major, minor, patch = (int(number) for number in base.groups()[:3])
    kind, number, spelling = suffix
    if max(major, minor, patch, number or 0) > LARGEST:
        return None
    return Version(name, prefix, major, minor, patch, kind, number, spelling, base.group(4))


def parse_known(tags: Iterable[str], prefix: str = "v") -> tuple[Version, ...]:
    """The versions among tags, lowest first, each tag once. Everything that is not a version is left out."""
    require_prefix(prefix)
    read = {version for version in (parse_or_none(tag, prefix) for tag in tags) if version}
    return tuple(sorted(read, key=lambda version: (version.order, version.tag)))


def read_image_tag(image_tag: str, prefix: str = "v") -> Version | None:
    """The version whose images have this exact tag; None if there is no such version."""
    git_tag = git_tag_of(image_tag, prefix)
    return None if git_tag is None else parse_or_none(git_tag, prefix)


def read_image_tags(image_tags: Iterable[str], prefix: str = "v") -> tuple[Version, ...]:
    """The versions whose images have one of these exact tags, lowest first."""
    return parse_known(filter(None, (git_tag_of(tag, prefix) for tag in image_tags)), prefix)


def read_misspelt_candidates(tags: Iterable[str], prefix: str = "v") -> tuple[Version, ...]:
    """The candidates among tags whose spelling is refused, lowest first: v0.2.0-RC1.

    Nobody may push such a tag, but many repositories have some. Their numbers are taken.
    """
    refused = (tag.removeprefix("refs/tags/") for tag in set(tags) if parse_or_none(tag, prefix) is None)
    candidates = (_read_misspelt(tag, prefix) for tag in refused if tag.startswith(prefix) and len(tag) <= LONGEST)
    return tuple(sorted(filter(None, candidates), key=lambda version: (version.order, version.tag)))


def _read_misspelt(tag: str, prefix: str) -> Version | None:
    base = BASE.fullmatch(tag[len(prefix) :])
    suffix = MISSPELT_CANDIDATE.fullmatch(base.group(4)) if base else None
    if base is None or suffix is None:
        return None
    major, minor, patch, number = (int(text) for text in (*base.groups()[:3], suffix.group(2)))
    if max(major, minor, patch, number) > LARGEST:
        return None
    return Version(tag, prefix, major, minor, patch, Kind.CANDIDATE, number, suffix.group(1), base.group(4))


def _read_suffix(suffix: str, post_spelling: str) -> tuple[Kind, int | None, str] | None:
    """Class, number and spelling of what follows X.Y.Z. None when it is to be refused."""
    if not suffix:
        return Kind.STABLE, None, ""
    for kind, pattern in NUMBERED:
        match = pattern.fullmatch(suffix)
        if match:
            return kind, int(match.group(2)), match.group(1)
    # `.post1` is read in every project, so that one which changes its spelling keeps its history.
    other_post = OTHER_POSTS[post_spelling].fullmatch(suffix) if post_spelling in OTHER_POSTS else None
    if other_post:
        return Kind.POST, int(other_post.group(2)), post_spelling
    if suffix == "-dev":
        return Kind.DEV, None, suffix
    if not suffix.startswith("-") or LOOK_ALIKE.fullmatch(suffix):
        return None
    # Imported here: it takes as long to import as everything else that judging a final or a candidate needs.
    import semver

    return (Kind.PRERELEASE, None, "") if semver.Version.is_valid(f"0.0.0{suffix}") else None
