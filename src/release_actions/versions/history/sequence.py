"""Rules about a version's place among the others, and what was before and comes next.

Every one of them is a function of versions alone. None may take an incomplete history for a complete one: the caller
passes everything or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.versions.history.model import History, Level, Rule, Source, Told
from release_actions.versions.version import Kind, Version


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


def following(version: Version, history: History) -> str:
    """The tag to push where a version's own is taken: of the same kind and line. Empty where people choose it."""
    if version.is_candidate:
        return next_candidate(version, history) or _candidate_of_next_patch(version, history)
    if version.kind is Kind.POST:
        return version.post(_number_of((*history.base(version), version), Kind.POST) + 1)
    return _next_patch(version, history) if version.kind is Kind.STABLE else ""


def _number_of(versions: Iterable[Version], kind: Kind) -> int:
    """The highest number among versions of a kind, 0 where there is none."""
    return max((version.number or 0 for version in versions if version.kind is kind), default=0)


def _next_patch(version: Version, history: History) -> str:
    """The tag of the next patch of a version's line, after the version itself if that is a release."""
    own = (version,) if version.is_stable else ()
    patch = max((other.patch for other in (*history.line(version), *own)), default=-1) + 1
    return f"{version.prefix}{version.line}.{patch}"


def _candidate_of_next_patch(version: Version, history: History) -> str:
    """The tag of the next candidate of a line whose releases a candidate is behind."""
    tag = _next_patch(version, history)
    so_far = [other for other in (*history.known, *history.published) if other.release == tag]
    return f"{tag}{_spelling(version, history)}{_number_of(so_far, Kind.CANDIDATE) + 1}"


def _spelling(version: Version, history: History) -> str:
    """How the version's line writes its candidates: as its newest one does, else as this one does."""
    written = [
        other
        for other in (*history.known, *history.published)
        if other.is_candidate and other.numbers[:2] == version.numbers[:2]
    ]
    newest = max(written, key=lambda other: (other.order, other.tag), default=version)
    return newest.spelling if newest.is_candidate else "-rc."


def _other_spelling(version: Version, history: History) -> Told | None:
    """The same version exists in another spelling.

    Two tags of one version would give one release two images. People also write v0.6.0rc2 when they mean the next one.
    """
    twin = _twin(version, history)
    if twin is None:
        return None
    following = next_candidate(version, history) if version.is_candidate else ""
    hint = f"Push {following}." if following else "Push the next number."
    return f"{version.tag} is the version that exists already as {history.called(twin)}.", hint


def _candidate_spelling(version: Version, history: History) -> Told | None:
    """A candidate is written in another way than the others of its line.

    Tools sort -rc.2, -rc2 and rc2 differently from each other, so a line keeps the spelling that it began with.
    """
    spelling = _spelling(version, history)
    if not version.is_candidate or version.spelling == spelling or not _may_follow(version, history):
        return None
    message = f"{version.tag} is written in another way than the candidates of {version.line} before it."
    return message, f"Push {version.candidate(_number_of(history.base(version), Kind.CANDIDATE) + 1, spelling)}."


def _below_line_highest(version: Version, history: History) -> Told | None:
    """A final, post release or candidate is below a release of its own line.

    Whoever follows the line would get older code as a newer release. Dev versions and other pre-releases may be below,
    and of a candidate whose own version is released `candidate-after-final` tells.
    """
    highest = max(history.line(version), default=None)
    if highest is None or version > highest or version.kind in {Kind.DEV, Kind.PRERELEASE}:
        return None
    if version.kind is Kind.CANDIDATE and _released(version, history):
        return None  # candidate-after-final says it better
    if version.kind is Kind.POST and version.numbers == highest.numbers:
        return None  # post-number says it better
    message = f"{version.tag} is below {history.called(highest)}, the highest release of {version.line}."
    return message, f"The next release of {version.line} is {_next_patch(version, history)}."


def _opens_line_below(version: Version, history: History) -> Told | None:
    """A final or candidate opens a line below one that is released already.

    Usually a mistyped number. A patch of a line that has been released is a backport, and allowed.
    """
    highest = max(history.stable, default=None)
    if (
        version.kind not in {Kind.STABLE, Kind.CANDIDATE}
        or history.line(version)
        or highest is None
        or version > highest
    ):
        return None
    released = f"{highest.line}, which is released as {history.called(highest)}"
    message = f"{version.tag} opens line {version.line}, below {released}."
    return message, "Check the number. A patch of a line that has been released is a backport and allowed."


def _candidate_after_final(version: Version, history: History) -> Told | None:
    """A candidate of a base that has been released.

    It would suggest that the release is still to come. What is to be tested now is the next patch.
    """
    final = _released(version, history)
    if not version.is_candidate or final is None:
        return None
    hint = f"The next candidate of {version.line} is {_candidate_of_next_patch(version, history)}."
    return (
        f"{version.tag} is a candidate of {version.release}, which is released already{_as(final, version, history)}.",
        hint,
    )


def _candidate_number(version: Version, history: History) -> Told | None:
    """A candidate's number is not the highest so far plus one; 1 where there is no trace.

    A number left out or used again makes two people talk about different images by one name.
    """
    wrong = _number_after(version, history)
    if wrong is None or wrong[0] not in {None, *history.known}:
        return None
    highest, following = wrong
    so_far = f"the highest so far is {history.called(highest)}" if highest else "there is none so far"
    return f"{version.tag} is not the next candidate of {version.release}: {so_far}.", f"Push {following}."


def _deleted_candidate(version: Version, history: History) -> Told | None:
    """A candidate's number does not follow one whose git tag is gone, while a released package still has its image.

    Candidates get deleted from git after the test. Their images stay, people have pulled them, and the name must not
    come to mean another build. If this rule is off, the registry is not read, and git alone decides about the number.
    """
    wrong = _number_after(version, history)
    if wrong is None or wrong[0] in {None, *history.known}:
        return None
    highest, following = wrong
    so_far = f"the highest so far is {highest}, whose git tag is gone and whose image is not"
    return f"{version.tag} is not the next candidate of {version.release}: {so_far}.", f"Push {following}."


def _number_after(version: Version, history: History) -> tuple[Version | None, str] | None:
    """The highest candidate so far and the tag of the next one, if that is not the version; None if all is well."""
    if not version.is_candidate or not _may_follow(version, history):
        return None
    base = history.base(version)
    expected = _number_of(base, Kind.CANDIDATE) + 1
    if version.number == expected:
        return None
    highest = max((other for other in base if other.is_candidate), default=None)
    return highest, version.candidate(expected, _spelling(version, history))


def _may_follow(version: Version, history: History) -> bool:
    """Whether some candidate of a base may come next: no release is above, and this version is not there already.

    Otherwise candidate-after-final, below-line-highest or other-spelling says what is wrong, and no number is right.
    """
    return not _twin(version, history) and all(other.numbers < version.numbers for other in history.line(version))


def _post_without_final(version: Version, history: History) -> Told | None:
    """A post release of a final that does not exist.

    A post release repeats a final with other packaging, so there has to be one.
    """
    if version.kind is not Kind.POST or any(other.tag == version.release for other in history.known):
        return None
    return f"{version.tag} follows {version.release}, which has not been released.", f"Release {version.release} first."


def _post_number(version: Version, history: History) -> Told | None:
    """A post release's number is not the highest so far plus one.

    As for candidates: each number once, and none left out.
    """
    if version.kind is not Kind.POST or any(other.patch > version.patch for other in history.line(version)):
        return None  # of an older patch no number would be right: below-line-highest says so
    highest = _number_of(history.base(version), Kind.POST)
    if version.number == highest + 1:
        return None
    so_far = f"the highest so far is {version.post(highest)}" if highest else "there is none so far"
    message = f"{version.tag} is not the next post release of {version.release}: {so_far}."
    return message, f"Push {version.post(highest + 1)}."


def _prerelease_after_final(version: Version, history: History) -> Told | None:
    """A dev version or other pre-release of a base that has been released.

    It sorts below what people have already, so nobody would ever be offered it.
    """
    final = _released(version, history)
    if version.kind not in {Kind.DEV, Kind.PRERELEASE} or final is None:
        return None
    message = f"{version.tag} comes before {version.release}, which is released already{_as(final, version, history)}."
    return message, f"The next version of the line is {_next_patch(version, history)}{version.suffix}."


def _gap(version: Version, history: History) -> Told | None:
    """A final or candidate leaves out a patch, a minor or a major version.

    Mostly a mistyped number, sometimes a version that was given up. Only a person can tell, so this is a warning.
    """
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
    """A version of a line that is not the newest. Allowed, and told.

    It moves the floating tags of its own line only, and leaves those of newer ones where they are.
    """
    highest = max(history.stable, default=None)
    if highest is None or not history.line(version) or version.numbers[:2] >= highest.numbers[:2]:
        return None
    message = (
        f"{version.tag} is a backport: {version.line} is below {highest.line}, released as {history.called(highest)}."
    )
    hint = (
        f"Floating tags count only what git has: restore the tag {highest.tag} first, if that release is to keep them."
    )
    return message, hint if version.is_stable and highest in history.released else ""


def _twin(version: Version, history: History) -> Version | None:
    """The same version under another tag, in git, released or published."""
    return next((other for other in history.base(version) if other.same_version(version)), None)


def _released(version: Version, history: History) -> Version | None:
    """The final or post release of a version's base."""
    return next((other for other in history.stable if other.numbers == version.numbers), None)


def _as(final: Version, version: Version, history: History) -> str:
    """How a base is released, where that is not plain: by a post release, or by a release without its tag."""
    name = history.called(final)
    return "" if name == version.release else f" as {name}"


RULES = (
    Rule("other-spelling", Level.ERROR, _other_spelling),
    Rule("candidate-spelling", Level.ERROR, _candidate_spelling),
    Rule("below-line-highest", Level.ERROR, _below_line_highest),
    Rule("opens-line-below", Level.ERROR, _opens_line_below),
    Rule("candidate-after-final", Level.ERROR, _candidate_after_final),
    Rule("candidate-number", Level.ERROR, _candidate_number),
    Rule("deleted-candidate", Level.ERROR, _deleted_candidate, Source.REGISTRY_TAGS),
    Rule("post-without-final", Level.ERROR, _post_without_final),
    Rule("post-number", Level.ERROR, _post_number),
    Rule("prerelease-after-final", Level.ERROR, _prerelease_after_final),
    Rule("gap", Level.WARN, _gap),
    Rule("backport", Level.INFO, _backport),
)
"""Every rule of this module with its default level, in the order they are documented."""
