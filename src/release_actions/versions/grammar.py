"""The grammar of release tags: its words, limits and patterns, and the refusal of a tag that does not follow it.

A release tag is the project's prefix, three numbers and at most one suffix. SemVer 2.0.0 covers finals and
pre-releases; `.postN`, `.devN`, `aN`, `bN` and `rcN` are PEP 440's. Nothing here reads a tag: `version` does, and
`refusals` finds the words for what `version` does not accept. Both need this module, and neither needs the other.
"""

from __future__ import annotations

import enum
import re

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


class FinalImages(enum.Enum):
    """Where the images of a final come from. The value is what `versions.final` calls it."""

    REBUILD = "rebuild"
    PROMOTE = "promote"


class WithoutCandidate(enum.Enum):
    """What happens to a final whose commit no candidate is on. The value is that of `versions.without-candidate`."""

    REFUSE = "refuse"
    REBUILD = "rebuild"


class Reason(enum.Enum):
    """Why a tag is refused. The value is what the JSON of a command calls it."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    NOT_A_TAG = "not-a-tag"
    SPACES = "spaces"
    NOT_ASCII = "not-ascii"
    CHARACTERS = "characters"
    PREFIX = "prefix"
    FLOATING = "floating"
    INCOMPLETE = "incomplete"
    TRUNCATED = "truncated"
    LEADING_ZERO = "leading-zero"
    TOO_LARGE = "too-large"
    DATE = "date"
    LETTERS = "letters-for-digits"
    FOUR_PARTS = "four-parts"
    BUILD_METADATA = "build-metadata"
    AMBIGUOUS = "ambiguous"
    SPELLING = "spelling"
    UNKNOWN_SUFFIX = "unknown-suffix"
    NOT_A_VERSION = "not-a-version"


RANK = {Kind.DEV: 0, Kind.PRERELEASE: 1, Kind.CANDIDATE: 2, Kind.STABLE: 3, Kind.POST: 4}
"""Order of the classes within one X.Y.Z."""


class TagRefused(PolicyError):  # noqa: N818 - a refusal is an answer about the tag, not a failure of the program
    """A tag that names no version here. `meant` is the tag that was probably meant, empty when that is not clear."""

    def __init__(self, tag: str, reason: Reason, message: str, *, meant: str = "", hint: str = "") -> None:
        super().__init__(message, hint=" ".join(filter(None, (f"Did you mean {meant}?" if meant else "", hint))))
        self.tag = tag
        self.advice = hint
        self.reason = reason
        self.rule = reason.value
        self.meant = meant

    def offering(self, tag: str, advice: str = "") -> TagRefused:
        """The same refusal that offers another tag, or none if it is empty. `advice` takes the place of the hint."""
        return TagRefused(self.tag, self.reason, self.problems[0].message, meant=tag, hint=advice or self.advice)


PEP440_WORDS = {"a": "alpha", "b": "beta"}
"""What PEP 440's letters stand for, so that v0.5.0a1 and v0.5.0-alpha.1 are one version."""

PREFIX = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_-]*/)*(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z_-])?)?")
"""A prefix: legal at the start of an OCI tag, and ending so that the first number cannot be taken for a part of it.

A path may stand before it, as in `cli/v`. No tag of an image has it: `cli/v1.2.3` is published as `v1.2.3`.
"""

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

CANDIDATE_SPELLINGS = ("-rc.", "-rc", "rc")
"""What may stand between the base and the number of a candidate."""

MISSPELT_CANDIDATE = re.compile(r"([-._]*[rR][cC][-._]*)([0-9]+)[-._]*")
"""The suffix of a candidate in a spelling that is refused: -RC1, -rc-1, .rc1. Such tags are in many histories."""

POST_SPELLINGS = {"post": ".post", "patch": ".patch", "four-numbers": "."}
"""Value of `versions.post-spelling` -> what stands between the base and the number of a post release."""

OTHER_POSTS = {spelling: re.compile(rf"({re.escape(spelling)}){NUMBER}") for spelling in (".patch", ".")}
"""Spellings of post releases that are read only where the project writes them so."""

LOOK_ALIKE = re.compile(
    r"-[.-]*(?:"
    r"(?:[rR][cC]|[pP][oO][sS][tT]|[rR][eE][vV]|[pP][aA][tT][cC][hH]|[rRpP]|[dD][eE][vV]|)[.-]*[0-9]*"
    r"|[rR][cC][.-]*[0-9lIOo]+"
    r"|(?:[fF][iI][nN][aA][lL]|[gG][aA]|[rR][eE][lL][eE][aA][sS][eE]|[sS][tT][aA][bB][lL][eE])[.-]*[0-9]*"
    r")"
)
"""Valid SemVer pre-releases that are refused all the same, because people or other tools read them as something else:
-rc, -RC1, -rc-1, --rc.1, -rc.l as a candidate; -1, -r1, -post1, -patch1 as a release above the final, which PEP 440
makes of some of them; -dev01 as a dev version; -final, -GA as the final itself."""


GIT_TAG, VERSION = "{tag}", "{version}"
"""What a template of exact image tags names a release by: its git tag, or its version without the prefix."""


class TagScheme(str):
    """How a project writes its release tags, and the exact tags of their images.

    It is the prefix, so it goes wherever a prefix goes, and takes along what else is needed to read a tag. A plain text
    is the scheme of a project that writes `.postN`, and whose images have the git tag.
    """

    __slots__ = ("image_tag", "post_spelling")

    post_spelling: str
    image_tag: str

    def __new__(  # noqa: PYI034  # typing.Self needs Python 3.11
        cls, prefix: str = "v", post_spelling: str = POST_SPELLINGS["post"], image_tag: str = GIT_TAG
    ) -> TagScheme:
        """`post_spelling` is one of the values of `POST_SPELLINGS`; `image_tag` has `{tag}` or `{version}` once."""
        scheme = super().__new__(cls, prefix)
        scheme.post_spelling = post_spelling
        scheme.image_tag = image_tag
        return scheme


def path_of(prefix: str) -> str:
    """The path that a prefix begins with, its last slash included; empty without one."""
    return prefix[: prefix.rfind("/") + 1]


def image_affixes(prefix: str) -> tuple[str, str]:
    """What is before and after the version in the exact tag of a release's images."""
    template = prefix.image_tag if isinstance(prefix, TagScheme) else GIT_TAG
    before, _, after = template.replace(GIT_TAG, f"{prefix[len(path_of(prefix)) :]}{VERSION}").partition(VERSION)
    return before, after


def image_tag_of(git_tag: str, prefix: str) -> str:
    """The exact tag of a release's images. `git_tag` is that of a version, so it begins with the prefix."""
    before, after = image_affixes(prefix)
    return f"{before}{git_tag[len(prefix) :]}{after}"


def git_tag_of(image_tag: str, prefix: str) -> str | None:
    """The git tag whose images would have this exact tag, whether it names a version or not; None if none would."""
    before, after = image_affixes(prefix)
    if len(image_tag) < len(before) + len(after) or not image_tag.startswith(before) or not image_tag.endswith(after):
        return None
    return prefix + image_tag[len(before) : len(image_tag) - len(after)]


def post_spelling_of(prefix: str) -> str:
    """What stands between base and number in the post releases of a project."""
    return prefix.post_spelling if isinstance(prefix, TagScheme) else POST_SPELLINGS["post"]


def require_prefix(prefix: str) -> None:
    """Raise `InputError` for what could not begin a release tag."""
    if not PREFIX.fullmatch(prefix):
        message = f"{prefix!r} cannot be the prefix of release tags."
        raise InputError(message, hint="Use v, nothing, or a component's name that ends in a letter or '-': router-v.")


def is_floating(tag: str, prefix: str = "v") -> bool:
    """Whether a tag has the form of one that moves: vX, vX.Y, X, X.Y, or a name such as latest."""
    name = tag.removeprefix("refs/tags/")
    number = name.removeprefix(path_of(prefix)).removeprefix(prefix[len(path_of(prefix)) :])
    return name in FLOATING_NAMES or bool(re.fullmatch(r"[0-9]+(\.[0-9]+)?", number))
