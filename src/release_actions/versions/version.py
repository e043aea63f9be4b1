"""What a tag means: parse it, class it, order it.

A release tag is the project's prefix, three numbers and at most one suffix. Everything else is refused, with the reason
and, where it can be told, the tag that was probably meant. The order is one for all classes, so that "the newest" never
depends on who asks or when. This module must never read the environment, a repository or a registry, and never take a
tag for stable because it recognises nothing in it: what is not understood is refused.

SemVer 2.0.0 covers finals and pre-releases. `.postN`, `.devN`, `aN`, `bN` and `rcN` are PEP 440's.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.errors import InputError, PolicyError

LONGEST = 128
"""Characters of a tag, distribution specification, section "Pulling manifests"."""

LARGEST = 2**53 - 1
"""Largest number in a version: above it, tools written in JavaScript refuse the tag or round it to another one."""

FLOATING_NAMES = frozenset({"latest", "stable", "edge", "nightly", "main"})
"""Names without a number that move by convention. A project's own come from its templates."""


class Kind(enum.Enum):
    """The class of a version. The value is what outputs and configuration call it."""

    STABLE = "stable"
    CANDIDATE = "candidate"
    PRERELEASE = "prerelease"
    POST = "post"
    DEV = "dev"


class Reason(enum.Enum):
    """Why a tag is refused. The value is what the JSON of a command calls it."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    NOT_A_TAG = "not-a-tag"
    BLANKS = "blanks"
    NOT_ASCII = "not-ascii"
    CHARACTERS = "characters"
    PREFIX = "prefix"
    FLOATING = "floating"
    INCOMPLETE = "incomplete"
    TRUNCATED = "truncated"
    LEADING_ZERO = "leading-zero"
    TOO_LARGE = "too-large"
    FOUR_PARTS = "four-parts"
    BUILD_METADATA = "build-metadata"
    AMBIGUOUS = "ambiguous"
    SPELLING = "spelling"
    UNKNOWN_SUFFIX = "unknown-suffix"
    NOT_A_VERSION = "not-a-version"


RANK = {Kind.DEV: 0, Kind.PRERELEASE: 1, Kind.CANDIDATE: 2, Kind.STABLE: 3, Kind.POST: 4}
"""Order of the classes within one X.Y.Z."""


class TagRefused(PolicyError):  # noqa: N818 - a refusal is an answer about the tag, not a failure of the program
    """A tag that names no version here. `meant` is the tag that was probably meant, empty when nobody can tell."""

    def __init__(self, tag: str, reason: Reason, message: str, *, meant: str = "", hint: str = "") -> None:
        super().__init__(message, hint=" ".join(filter(None, (f"Did you mean {meant}?" if meant else "", hint))))
        self.tag = tag
        self.advice = hint
        self.reason = reason
        self.rule = reason.value
        self.meant = meant

    def taken(self, following: str) -> TagRefused:
        """The same refusal where the tag that was meant exists already. `following`: the next one, if there is one."""
        instead = f"{self.meant} exists already{f', and the next one is {following}' if following else ''}."
        refused = TagRefused(self.tag, self.reason, self.problems[0].message, hint=f"{instead} {self.advice}".rstrip())
        refused.meant = following
        return refused


Identifier = tuple[int, int, str]
"""A dot-separated part of a SemVer pre-release, as it sorts: (0, number, "") below (1, 0, text)."""


@dataclass(frozen=True)
class Version:
    """A version as its tag gives it.

    `==` compares tags. `<` and its kin compare versions, so two spellings of one version are different, and neither is
    above the other: `same_version` says so. `number` is that of the candidate, post or dev release. `spelling` is what
    stands between base and number (`-rc.`, `-rc`, `rc`, `.post`, ...), and `suffix` is everything after the base.
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
        """The tag of a post release of this version's base."""
        return f"{self.release}.post{number}"


PEP440_WORDS = {"a": "alpha", "b": "beta"}
"""What PEP 440's letters stand for, so that v0.5.0a1 and v0.5.0-alpha.1 are one version."""

PREFIX = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z_-])?)?")
"""A prefix: legal at the start of an OCI tag, and ending so that the first number cannot be taken for a part of it."""

LEGAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
"""An OCI tag. Its length is checked apart."""

NUMBER = r"(0|[1-9][0-9]*)"
"""A number as SemVer writes it, in ASCII: the class for digits also matches those of other scripts."""

BASE = re.compile(rf"{NUMBER}\.{NUMBER}\.{NUMBER}(.*)")
"""Three numbers and the rest. No suffix begins with a digit, so none can hide the rest of a number."""

NUMBERED = (
    (Kind.CANDIDATE, re.compile(rf"(-rc\.|-rc|rc){NUMBER}")),
    (Kind.POST, re.compile(rf"(\.post){NUMBER}")),
    (Kind.DEV, re.compile(rf"(\.dev|-dev\.|-dev){NUMBER}")),
    (Kind.PRERELEASE, re.compile(rf"(a|b){NUMBER}")),
)
"""Suffixes with a number of their own: what stands before it, and the number."""

LOOK_ALIKE = re.compile(r"-[.-]*(?:[rR][cC]|[pP][oO][sS][tT]|[rR][eE][vV]|[rR]|[dD][eE][vV]|)[.-]*[0-9]*")
"""Valid SemVer pre-releases that are refused all the same, because people or other tools read them as something else:
-rc, -RC1, -rc-1, --rc.1 as a candidate; -1, -r1, -post1 as a release above the final, which PEP 440 makes of them;
-dev01 as a dev version."""


def _require_prefix(prefix: str) -> None:
    if not PREFIX.fullmatch(prefix):
        message = f"{prefix!r} cannot be the prefix of release tags."
        raise InputError(message, hint="Use v, nothing, or a component's name that ends in a letter or '-': router-v.")


def parse(tag: str, prefix: str = "v") -> Version:
    """Read a tag, with or without `refs/tags/`, in a project whose release tags begin with `prefix`.

    Raises `TagRefused` when it names no version, and `InputError` when the prefix could not begin a tag.
    """
    version = parse_or_none(tag, prefix)
    if version is None:
        # Imported here: explaining takes far more code than understanding, and most runs need none of it.
        from release_actions.versions.refusals import explain

        raise explain(tag, prefix)
    return version


def parse_or_none(tag: str, prefix: str = "v") -> Version | None:
    """As `parse`, but None for what names no version: for lists of tags that hold much else."""
    _require_prefix(prefix)
    name = tag.removeprefix("refs/tags/")
    if len(name) > LONGEST or not LEGAL.fullmatch(name) or not name.startswith(prefix):
        return None
    base = BASE.fullmatch(name[len(prefix) :])
    suffix = _read_suffix(base.group(4)) if base else None
    if base is None or suffix is None:
        return None
    major, minor, patch = (int(number) for number in base.groups()[:3])
    kind, number, spelling = suffix
    if max(major, minor, patch, number or 0) > LARGEST:
        return None
    return Version(name, prefix, major, minor, patch, kind, number, spelling, base.group(4))


def known(tags: Iterable[str], prefix: str = "v") -> tuple[Version, ...]:
    """The versions among tags, lowest first, each tag once. Everything that is not a version is left out."""
    _require_prefix(prefix)
    found = {version for version in (parse_or_none(tag, prefix) for tag in tags) if version}
    return tuple(sorted(found, key=lambda version: (version.order, version.tag)))


def is_floating(tag: str, prefix: str = "v") -> bool:
    """Whether a tag has the form of one that moves: vX, vX.Y, X, X.Y, or a name such as latest."""
    name = tag.removeprefix("refs/tags/")
    return name in FLOATING_NAMES or bool(re.fullmatch(r"[0-9]+(\.[0-9]+)?", name.removeprefix(prefix)))


def _read_suffix(suffix: str) -> tuple[Kind, int | None, str] | None:
    """Class, number and spelling of what follows X.Y.Z. None when it is to be refused."""
    if not suffix:
        return Kind.STABLE, None, ""
    for kind, pattern in NUMBERED:
        match = pattern.fullmatch(suffix)
        if match:
            return kind, int(match.group(2)), match.group(1)
    if suffix == "-dev":
        return Kind.DEV, None, suffix
    if not suffix.startswith("-") or LOOK_ALIKE.fullmatch(suffix):
        return None
    # Imported here: it takes as long to import as everything else that judging a final or a candidate needs.
    import semver

    return (Kind.PRERELEASE, None, "") if semver.Version.is_valid(f"0.0.0{suffix}") else None
