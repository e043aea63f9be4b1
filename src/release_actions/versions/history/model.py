"""What a version is judged against, what a rule is, and what a judgement says. Plain data."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from release_actions.versions.version import Version


class Level(enum.Enum):
    """What a violation does: stop the release, warn, inform, or nothing."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    OFF = "off"


class Source(enum.Enum):
    """What a rule has to know. The value is how the reference calls it."""

    TAGS = "the repository's tags"
    EVENT = "the event of the push"
    BRANCH = "the branch on GitHub"
    TAG_OBJECT = "the tag's object on GitHub"
    RELEASES = "the releases on GitHub"
    REGISTRY_TAGS = "the tags of every released package"
    IMAGES = "the image under the exact tag, in every released package"
    CHECKOUT = "the tags of the checkout and those on GitHub"


@dataclass(frozen=True)
class Violation:
    """A rule that a version does not keep, or, at level info, a remark about it.

    `offer`: the tag to push instead, which the rules accept; empty if there is none. `hint` names it.
    """

    rule: str
    level: Level
    message: str
    hint: str
    offer: str = ""


@dataclass(frozen=True)
class Push:
    """What the push event says of the tag. `before`: what it named until then, empty if nothing.

    `deleted`: GitHub has the tag no more.
    """

    created: bool = True
    forced: bool = False
    before: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Branch:
    """The branch that a version has to be on, and whether its commit is.

    `tip` is empty when there is no such branch; then `near` names branches that begin alike, and `others` the other
    names that the branch could have. `holds` is None when no
    commit is known: then only the branch itself is judged.
    """

    name: str
    tip: str = ""
    holds: bool | None = None
    near: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagObject:
    """How the tag was made. `verified`: GitHub has verified a signature; `why` is GitHub's reason when it has not."""

    annotated: bool
    verified: bool = False
    why: str = ""


@dataclass(frozen=True)
class Evidence:
    """What is known of the judged tag beyond its name. None and empty mean "not known", and no rule is judged by that.

    `pushed`: the tag is in git because this run is of its push; False where it is only asked about. `commit`: the one
    to be released. `names`: the one that the tag names in git. `images`: reference of a package -> the commit that its
    image under the exact tag says it was built from, empty if it does not say; only packages that have the tag.
    `released`: when a GitHub release of this tag was published, if before its push. `unpushed`: tags of the checkout
    that GitHub does not have. `whole`: every image of the release is published under the tag already, complete and
    built from this commit.
    """

    pushed: bool = True
    commit: str = ""
    names: str = ""
    push: Push | None = None
    branch: Branch | None = None
    tag_object: TagObject | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    released: str = ""
    unpushed: tuple[str, ...] = ()
    whole: bool = False

    @property
    def is_published(self) -> bool:
        """Whether there are images under the tag, and every one was built from this very commit."""
        return bool(self.commit and self.images and all(built == self.commit for built in self.images.values()))

    @property
    def repeats(self) -> bool:
        """Whether the run is one repeated: its tag is pushed, and its images are there."""
        return self.pushed and self.is_published


NOTHING = Evidence()


@dataclass(frozen=True)
class History:
    """What a version is judged against.

    `tags`: the versions of all git tags; the judged tag may be among them. `published`: the versions that the registry
    has under their exact tag, because candidates get deleted from git after the test. `released`: the versions that
    have a GitHub release and no git tag any more. `misspelt`: candidates in git whose spelling is refused today.
    `about`: the judged tag itself. `first_candidate`: the number that a base's candidates begin with; None if 0 and 1
    are both right. `skipped`: tags of releases that the project lists as mistakes. `with_image`: the versions that the
    registry has an image of, for what is offered in place of a refused tag; None where that is not known.
    """

    tags: tuple[Version, ...]
    published: tuple[Version, ...] = ()
    about: Evidence = NOTHING
    released: tuple[Version, ...] = ()
    misspelt: tuple[Version, ...] = ()
    first_candidate: int | None = None
    skipped: frozenset[str] = frozenset()
    with_image: tuple[Version, ...] | None = ()

    def others(self, version: Version) -> History:
        """The same without the tag itself, and without other components' tags."""

        def without(versions: Iterable[Version]) -> tuple[Version, ...]:
            return tuple(other for other in versions if other.tag != version.tag and other.prefix == version.prefix)

        return replace(
            self,
            tags=without(self.tags),
            published=without(self.published),
            released=without(self.released),
            misspelt=without(self.misspelt),
        )

    @property
    def known(self) -> tuple[Version, ...]:
        """The versions of git tags and of GitHub releases: one history, whatever became of a tag."""
        return (*self.tags, *self.released)

    @property
    def stable(self) -> tuple[Version, ...]:
        """Finals and post releases, lowest first."""
        return tuple(sorted(version for version in self.known if version.is_stable))

    def line(self, version: Version) -> tuple[Version, ...]:
        """Finals and post releases of a version's line, lowest first."""
        return tuple(other for other in self.stable if other.numbers[:2] == version.numbers[:2])

    def base(self, version: Version) -> tuple[Version, ...]:
        """Everything of a version's base, in git, released or published, each tag once, lowest first."""
        every = (*self.known, *self.published, *self.misspelt)
        own = {other for other in every if other.numbers == version.numbers}
        return tuple(sorted(own, key=lambda other: (other.order, other.tag)))

    def called(self, version: Version) -> str:
        """A version as a sentence names it: with what has become of its tag."""
        return f"{version.tag} (a GitHub release whose git tag is gone)" if version in self.released else version.tag


OFFER = "{offer}"
"""Where the hint of an objection names the tag to push instead."""


@dataclass(frozen=True)
class Objection:
    """What a rule has against a version: what is wrong, and what to do.

    `offer`: the tag to push instead, which `hint` names as `{offer}`. It is shown only if the rules accept it; if they
    do not, `otherwise` is the hint. `tag_stays`: the refused tag was there before, so the offer has to fit beside it.
    """

    message: str
    hint: str = ""
    offer: str = ""
    otherwise: str = ""
    tag_stays: bool = False


Check = Callable[[Version, History], Objection | None]


@dataclass(frozen=True)
class Rule:
    """A named check with its default level and what it reads beyond the repository's tags.

    `check` gets the history without the judged tag, the whole one if `whole`; None means that the version keeps the
    rule. Its docstring is the rule's documentation: the first line says what the rule finds, the rest why.
    """

    name: str
    level: Level
    check: Check
    reads: Source = Source.TAGS
    whole: bool = False

    @property
    def about(self) -> str:
        """What the rule finds, in a sentence."""
        return inspect.cleandoc(self.check.__doc__ or "").partition("\n")[0]

    @property
    def why(self) -> str:
        """Why the rule is there, and what to do: the rest of its documentation."""
        return " ".join(inspect.cleandoc(self.check.__doc__ or "").partition("\n")[2].split())
