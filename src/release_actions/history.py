"""Whether a version fits what has been released before: one rule, one function.

Each rule has a name, a default level, and a docstring that says what it refuses. A project can set each level in its
configuration. The rules here need only tags; those about branches, signatures and events are judged where these are
read. This module must never take an incomplete history for a complete one: the caller passes everything or nothing.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from release_actions.versions import Kind, Version


class Level(enum.Enum):
    """What a violation does: stop the release, warn, inform, or nothing."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"
    OFF = "off"


@dataclass(frozen=True)
class Violation:
    """A rule that a version does not keep, or of level info something to tell about it."""

    rule: str
    level: Level
    message: str
    hint: str


@dataclass(frozen=True)
class History:
    """What a version is judged against.

    `tags`: the versions of all git tags; the judged tag may be among them. `published`: the versions that the registry
    has under their exact tag, because candidates get deleted from git after the test. `commits`: git tag -> commit.
    `revisions`: published image tag -> the commit that its label names, empty without one. `commit`: that of the judged
    tag, empty if unknown.
    """

    tags: tuple[Version, ...]
    published: tuple[Version, ...] = ()
    commit: str = ""
    commits: Mapping[str, str] = field(default_factory=dict)
    revisions: Mapping[str, str] = field(default_factory=dict)

    def others(self, version: Version) -> History:
        """The same without the tag itself, and without other components' tags."""
        return History(
            tuple(other for other in self.tags if other.tag != version.tag and other.prefix == version.prefix),
            tuple(other for other in self.published if other.tag != version.tag and other.prefix == version.prefix),
            self.commit,
            self.commits,
            self.revisions,
        )

    @property
    def stable(self) -> tuple[Version, ...]:
        """Finals and post releases, lowest first."""
        return tuple(sorted(version for version in self.tags if version.is_stable))

    def line(self, version: Version) -> tuple[Version, ...]:
        """Finals and post releases of a version's line, lowest first."""
        return tuple(other for other in self.stable if other.numbers[:2] == version.numbers[:2])

    def base(self, version: Version) -> tuple[Version, ...]:
        """Everything of a version's base, in git or published, each tag once, lowest first."""
        every = {other for other in (*self.tags, *self.published) if other.numbers == version.numbers}
        return tuple(sorted(every, key=lambda other: (other.order, other.tag)))


Told = tuple[str, str]
"""Message and hint."""

Check = Callable[[Version, History], Told | None]


@dataclass(frozen=True)
class Rule:
    """A named check. `check` gets the history without the judged tag; None means that the version keeps the rule."""

    name: str
    level: Level
    check: Check

    @property
    def about(self) -> str:
        """What the rule refuses, in a sentence."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]


NO_LEVELS: Mapping[str, Level] = MappingProxyType({})


def judge(version: Version, history: History, levels: Mapping[str, Level] = NO_LEVELS) -> tuple[Violation, ...]:
    """Every rule that a version does not keep, errors first. `levels` overrides the defaults by rule name.

    A tag whose published image was built from the same commit is a run repeated: it is judged by no rule but that.
    """
    if version.tag in history.revisions and history.commit and history.revisions[version.tag] == history.commit:
        return ()
    others = history.others(version)
    found = []
    for each in RULES:
        level = levels.get(each.name, each.level)
        told = (
            each.check(version, history if each.name == ALREADY_RELEASED else others)
            if level is not Level.OFF
            else None
        )
        if told:
            found.append(Violation(each.name, level, *told))
    return tuple(sorted(found, key=lambda violation: list(Level).index(violation.level)))


def previous_stable(version: Version, existing: Iterable[Version]) -> Version | None:
    """The highest final or post release below a version: what its changes are counted from."""
    return max((other for other in existing if other.is_stable and other < version), default=None)


def previous_candidate(version: Version, existing: Iterable[Version]) -> Version | None:
    """The highest candidate of the same base below a version."""
    candidates = (other for other in existing if other.is_candidate and other.numbers == version.numbers)
    return max((other for other in candidates if other < version), default=None)


def next_candidate(version: Version, history: History) -> str:
    """The tag of the candidate to push after this version; empty once its base is released."""
    base = (*history.base(version), version)
    if any(other.is_stable for other in base):
        return ""
    return version.candidate(_number_of(base, Kind.CANDIDATE) + 1, _spelling(version, history))


def _number_of(versions: Iterable[Version], kind: Kind) -> int:
    """The highest number among versions of a kind, 0 where there is none."""
    return max((version.number or 0 for version in versions if version.kind is kind), default=0)


def _next_patch(version: Version, history: History) -> str:
    """The tag of the next patch of a version's line."""
    patch = max((other.patch for other in history.line(version)), default=-1) + 1
    return f"{version.prefix}{version.line}.{patch}"


def _spelling(version: Version, history: History) -> str:
    """How the version's line writes its candidates: as its newest one does, else as this one does."""
    written = [
        other
        for other in (*history.tags, *history.published)
        if other.is_candidate and other.numbers[:2] == version.numbers[:2]
    ]
    newest = max(written, key=lambda other: (other.order, other.tag), default=version)
    return newest.spelling if newest.is_candidate else "-rc."


ALREADY_RELEASED = "already-released"
"""The one rule that looks at the judged tag itself."""


def _already_released(version: Version, history: History) -> Told | None:
    """The tag exists already, or its image was built from another commit."""
    tag = version.tag
    hint = "A published version never changes. Push the next one."
    if history.commit and tag in history.revisions:
        built = history.revisions[tag]
        if not built:
            return f"{tag} is already published, and its image does not say from which commit.", hint
        if built != history.commit:
            return f"{tag} is already published, built from {built[:12]}, and this is {history.commit[:12]}.", hint
    if all(other.tag != tag for other in history.tags):
        return None
    commit = history.commits.get(tag, "")
    if not commit or not history.commit:
        return f"{tag} exists already.", hint
    if commit != history.commit:
        return f"{tag} exists already, on commit {commit[:12]}, and this is {history.commit[:12]}.", hint
    return None


def _other_spelling(version: Version, history: History) -> Told | None:
    """The same version exists in another spelling."""
    twin = _twin(version, history)
    if twin is None:
        return None
    following = next_candidate(version, history) if version.is_candidate else ""
    hint = f"Push {following}." if following else "Push the next number."
    return f"{version.tag} is the version that exists already as {twin.tag}.", hint


def _candidate_spelling(version: Version, history: History) -> Told | None:
    """A candidate is written in another way than the others of its line."""
    spelling = _spelling(version, history)
    if not version.is_candidate or version.spelling == spelling or _twin(version, history):
        return None
    message = f"{version.tag} is written in another way than the candidates of {version.line} before it."
    return message, f"Push {version.candidate(version.number or 0, spelling)}."


def _below_line_highest(version: Version, history: History) -> Told | None:
    """A final, post release or candidate is below a release of its own line."""
    highest = max(history.line(version), default=None)
    if highest is None or version > highest or version.kind in {Kind.DEV, Kind.PRERELEASE}:
        return None
    if version.kind is Kind.CANDIDATE and _released(version, history):
        return None  # candidate-after-final says it better
    if version.kind is Kind.POST and version.numbers == highest.numbers:
        return None  # post-number says it better
    message = f"{version.tag} is below {highest.tag}, the highest release of {version.line}."
    return message, f"The next release of {version.line} is {_next_patch(version, history)}."


def _opens_line_below(version: Version, history: History) -> Told | None:
    """A final or candidate opens a line below one that is released already."""
    highest = max(history.stable, default=None)
    if (
        version.kind not in {Kind.STABLE, Kind.CANDIDATE}
        or history.line(version)
        or highest is None
        or version > highest
    ):
        return None
    message = f"{version.tag} opens line {version.line}, below {highest.line}, which is released as {highest.tag}."
    return message, "Check the number. A patch of a line that has been released is a backport and allowed."


def _candidate_after_final(version: Version, history: History) -> Told | None:
    """A candidate of a base that has been released."""
    if not version.is_candidate or _released(version, history) is None:
        return None
    hint = f"The first candidate of the next patch is {_next_patch(version, history)}{version.spelling}1."
    return f"{version.tag} is a candidate of {version.release}, which is released already.", hint


def _candidate_number(version: Version, history: History) -> Told | None:
    """A candidate's number is not the highest so far plus one, over git and registry; 1 where there is no trace."""
    if not version.is_candidate or _twin(version, history):
        return None
    if any(other.numbers >= version.numbers for other in history.line(version)):
        return None  # no number would be right: candidate-after-final or below-line-highest says so
    base = history.base(version)
    expected = _number_of(base, Kind.CANDIDATE) + 1
    if version.number == expected:
        return None
    highest = max((other for other in base if other.is_candidate), default=None)
    so_far = "there is none so far"
    if highest:
        where = "" if highest in history.tags else " (its git tag is gone, its image is not)"
        so_far = f"the highest so far is {highest.tag}{where}"
    message = f"{version.tag} is not the next candidate of {version.release}: {so_far}."
    return message, f"Push {version.candidate(expected, _spelling(version, history))}."


def _post_without_final(version: Version, history: History) -> Told | None:
    """A post release of a final that does not exist."""
    if version.kind is not Kind.POST or any(other.tag == version.release for other in history.tags):
        return None
    return f"{version.tag} follows {version.release}, which has not been released.", f"Release {version.release} first."


def _post_number(version: Version, history: History) -> Told | None:
    """A post release's number is not the highest so far plus one."""
    if version.kind is not Kind.POST or any(other.patch > version.patch for other in history.line(version)):
        return None  # of an older patch no number would be right: below-line-highest says so
    highest = _number_of(history.base(version), Kind.POST)
    if version.number == highest + 1:
        return None
    so_far = f"the highest so far is {version.post(highest)}" if highest else "there is none so far"
    message = f"{version.tag} is not the next post release of {version.release}: {so_far}."
    return message, f"Push {version.post(highest + 1)}."


def _prerelease_after_final(version: Version, history: History) -> Told | None:
    """A dev version or other pre-release of a base that has been released."""
    if version.kind not in {Kind.DEV, Kind.PRERELEASE} or _released(version, history) is None:
        return None
    message = f"{version.tag} comes before {version.release}, which is released already."
    return message, f"The next version of the line is {_next_patch(version, history)}{version.suffix}."


def _gap(version: Version, history: History) -> Told | None:
    """A final or candidate leaves out a patch, a minor or a major version."""
    if version.kind not in {Kind.STABLE, Kind.CANDIDATE} or not history.stable:
        return None
    line = history.line(version)
    if line:
        expected = (version.major, version.minor, line[-1].patch + 1)
        skipped = version.patch > expected[2]
    else:
        major = [other for other in history.stable if other.major == version.major]
        newest = history.stable[-1]
        expected = (major[-1].major, major[-1].minor + 1, 0) if major else (newest.major + 1, 0, 0)
        skipped = version.numbers > expected
    if not skipped:
        return None
    after = f"{version.prefix}{'.'.join(str(number) for number in expected)}"
    return f"{version.tag} leaves out {after}, which would be next.", f"Check that {after} was left out on purpose."


def _backport(version: Version, history: History) -> Told | None:
    """A version of a line that is not the newest. Allowed, and told."""
    highest = max(history.stable, default=None)
    if highest is None or not history.line(version) or version.numbers[:2] >= highest.numbers[:2]:
        return None
    return f"{version.tag} is a backport: {version.line} is below {highest.line}, released as {highest.tag}.", ""


def _twin(version: Version, history: History) -> Version | None:
    """The same version under another tag, in git or published."""
    return next((other for other in history.base(version) if other.same_version(version)), None)


def _released(version: Version, history: History) -> Version | None:
    """The final or post release of a version's base, in git."""
    return next((other for other in history.stable if other.numbers == version.numbers), None)


RULES = (
    Rule(ALREADY_RELEASED, Level.ERROR, _already_released),
    Rule("other-spelling", Level.ERROR, _other_spelling),
    Rule("candidate-spelling", Level.ERROR, _candidate_spelling),
    Rule("below-line-highest", Level.ERROR, _below_line_highest),
    Rule("opens-line-below", Level.ERROR, _opens_line_below),
    Rule("candidate-after-final", Level.ERROR, _candidate_after_final),
    Rule("candidate-number", Level.ERROR, _candidate_number),
    Rule("post-without-final", Level.ERROR, _post_without_final),
    Rule("post-number", Level.ERROR, _post_number),
    Rule("prerelease-after-final", Level.ERROR, _prerelease_after_final),
    Rule("gap", Level.WARN, _gap),
    Rule("backport", Level.INFO, _backport),
)
"""Every rule with its default level, in the order they are documented."""
