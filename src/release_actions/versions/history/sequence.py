"""Rules about a version's place among the others.

Every one of them is a function of versions alone. None may take an incomplete history for a complete one: the caller
passes everything or nothing.
"""

from __future__ import annotations

from release_actions.versions.grammar import Kind, post_spelling_of
from release_actions.versions.history.model import History, Level, Objection, Rule, Source
from release_actions.versions.history.neighbours import (
    FIRST_CANDIDATES,
    candidate_of_next_patch,
    candidate_spelling,
    highest_number,
    next_candidate,
    next_candidate_number,
    next_patch,
    next_post,
)
from release_actions.versions.version import Version


def _other_spelling(version: Version, history: History) -> Objection | None:
    """The same version exists in another spelling.

    Two tags of one version would give one release two images. People also write v0.6.0rc2 when they mean the next one.
    """
    twin = _find_twin(version, history)
    if twin is None:
        return None
    offer = ""
    if version.is_candidate:
        offer = next_candidate(version, history)
    elif version.kind is Kind.POST:
        offer = next_post(history.base(version), version)
    message = f"{version.tag} is the same version as {history.called(twin)}, which exists already."
    return Objection(message, "Push {offer}.", offer, "Push the next number.")


def _candidate_spelling(version: Version, history: History) -> Objection | None:
    """A candidate has another spelling than the others of its line.

    Tools sort -rc.2, -rc2 and rc2 differently from each other, so a line keeps the spelling that it began with.
    """
    spelling = candidate_spelling(version, history)
    if not version.is_candidate or version.spelling == spelling or not _may_follow(version, history):
        return None
    number = next_candidate_number(history.base(version), version, history)
    message = f"{version.tag} is spelled differently from the earlier candidates of {version.line}."
    return Objection(message, "Push {offer}.", version.candidate(number, spelling))


def _post_spelling(version: Version, history: History) -> Objection | None:
    """A post release has another spelling than the project's.

    `versions.post-spelling` says how post releases are written: `.post1`, `.patch1`, or a fourth number. `.post1` is
    always read, so that a project that changes its spelling keeps its history, but not pushed any more.
    """
    if version.kind is not Kind.POST or version.spelling == post_spelling_of(version.prefix):
        return None
    message = f"{version.tag} is not spelled as versions.post-spelling in release.yaml requires."
    return Objection(message, "Push {offer}.", next_post(history.base(version), version))


def _below_line_highest(version: Version, history: History) -> Objection | None:
    """A final, post release or candidate is below a release of its own line.

    Users who follow the line would get older code as a newer release. Dev versions and other pre-releases may be below.
    A candidate of a released version breaks `candidate-after-final` instead.
    """
    highest = max(history.line(version), default=None)
    if highest is None or version > highest or version.kind in {Kind.DEV, Kind.PRERELEASE}:
        return None
    if version.kind is Kind.CANDIDATE and _find_release(version, history):
        return None  # candidate-after-final says it better
    if version.kind is Kind.POST and version.numbers == highest.numbers:
        return None  # post-number says it better
    message = f"{version.tag} is below {history.called(highest)}, the highest release of {version.line}."
    return Objection(message, f"The next release of {version.line} is {{offer}}.", next_patch(version, history))


def _opens_line_below(version: Version, history: History) -> Objection | None:
    """A final or candidate opens a line below a released line of its major version, or a major below a released one.

    Usually a mistyped number. A patch of a released line is a backport and allowed, and so is a new minor version above
    all others of its major version. Releases under `versions.skip` do not count, so that one with a mistyped number
    does not block the numbers below it for ever.
    """
    counting = [other for other in history.stable if other.tag not in history.skipped]
    highest = max(counting, default=None)
    if (
        version.kind not in {Kind.STABLE, Kind.CANDIDATE}
        or history.line(version)
        or highest is None
        or version > highest
        or _opens_newest_line_of_older_major(version, history)
    ):
        return None
    highest = max((other for other in counting if other.major == version.major), default=highest)
    released = f"{highest.line}, which is released as {history.called(highest)}"
    message = f"{version.tag} opens line {version.line}, below {released}."
    hint = (
        "Check the number. Patches of a released line and new minors of a major are allowed. If "
        f"{highest.tag} has a wrong number, list it under versions.skip."
    )
    return Objection(message, hint)


def _candidate_after_final(version: Version, history: History) -> Objection | None:
    """A candidate of a base that has been released.

    It would suggest that the release is still to come. What is to be tested now is the next patch.
    """
    final = _find_release(version, history)
    if not version.is_candidate or final is None:
        return None
    message = (
        f"{version.tag} is a candidate of {version.release}, which is released already{_as(final, version, history)}."
    )
    offer = candidate_of_next_patch(version, history)
    return Objection(message, f"The next candidate of {version.line} is {{offer}}.", offer)


def _candidate_number(version: Version, history: History) -> Objection | None:
    """A candidate's number is not the highest so far plus one; where there is none so far, neither 0 nor 1.

    If a number is left out or used again, two people mean different images by one name. `versions.first-candidate` says
    whether a project begins with 0 or 1; without it both are right.
    """
    wrong = _find_number_after(version, history)
    if wrong is None or wrong[0] not in {None, *history.known, *history.misspelt}:
        return None
    highest, offer = wrong
    so_far = f"the highest so far is {history.called(highest)}" if highest else "there is none so far"
    message = f"{version.tag} is not the next candidate of {version.release}: {so_far}."
    return Objection(message, "Push {offer}.", offer)


def _deleted_candidate(version: Version, history: History) -> Objection | None:
    """A candidate's number does not follow one whose git tag is gone, while a released package still has its image.

    Candidates get deleted from git after the test. Their images stay, people have pulled them, and the name must not
    come to mean another build. If this rule is off, the registry is not read, and git alone decides about the number.
    """
    wrong = _find_number_after(version, history)
    if wrong is None or wrong[0] in {None, *history.known, *history.misspelt}:
        return None
    highest, offer = wrong
    so_far = f"the highest so far is {highest}, whose git tag is gone and whose image is still published"
    message = f"{version.tag} is not the next candidate of {version.release}: {so_far}."
    return Objection(message, "Push {offer}.", offer)


def _find_number_after(version: Version, history: History) -> tuple[Version | None, str] | None:
    """The highest candidate so far and the tag of the next one, if that is not the version; None if all is well."""
    if not version.is_candidate or not _may_follow(version, history):
        return None
    base = history.base(version)
    highest = max((other for other in base if other.is_candidate), default=None)
    expected = next_candidate_number(base, version, history)
    if version.number == expected:
        return None
    if highest is None and history.first_candidate is None and version.number in FIRST_CANDIDATES:
        return None
    return highest, version.candidate(expected, candidate_spelling(version, history))


def _may_follow(version: Version, history: History) -> bool:
    """Whether some candidate of a base may come next: no release is above, and this version is not there already.

    Otherwise candidate-after-final, below-line-highest or other-spelling says what is wrong, and no number is right.
    """
    return not _find_twin(version, history) and all(other.numbers < version.numbers for other in history.line(version))


def _post_without_final(version: Version, history: History) -> Objection | None:
    """A post release of a final that does not exist.

    A post release repeats a final with other packaging, so there has to be one.
    """
    if version.kind is not Kind.POST or any(other.tag == version.release for other in history.known):
        return None
    message = f"{version.tag} follows {version.release}, which has not been released."
    return Objection(message, "Release {offer} first.", version.release)


def _post_number(version: Version, history: History) -> Objection | None:
    """A post release's number is not the highest so far plus one.

    As for candidates: each number once, and none left out.
    """
    if version.kind is not Kind.POST or any(other.patch > version.patch for other in history.line(version)):
        return None  # of an older patch no number would be right: below-line-highest says so
    highest = highest_number(history.base(version), Kind.POST) or 0
    if version.number == highest + 1:
        return None
    so_far = f"the highest so far is {version.post(highest)}" if highest else "there is none so far"
    message = f"{version.tag} is not the next post release of {version.release}: {so_far}."
    return Objection(message, "Push {offer}.", version.post(highest + 1))


def _prerelease_after_final(version: Version, history: History) -> Objection | None:
    """A dev version or other pre-release of a base that has been released.

    It sorts below what people have already, so no tool would ever offer it to them.
    """
    final = _find_release(version, history)
    if version.kind not in {Kind.DEV, Kind.PRERELEASE} or final is None:
        return None
    message = f"{version.tag} comes before {version.release}, which is released already{_as(final, version, history)}."
    offer = f"{next_patch(version, history)}{version.suffix}"
    return Objection(message, "The next version of the line is {offer}.", offer)


def _gap(version: Version, history: History) -> Objection | None:
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
    message = f"{version.tag} skips {after}, which would be next."
    return Objection(message, f"Check that you skipped {after} on purpose.")


def _backport(version: Version, history: History) -> Objection | None:
    """A version of a line that is not the newest. Allowed, and reported.

    It moves only the floating tags of its own line and major version, as far as it is their newest release. Those of
    newer ones stay where they are.
    """
    highest = max(history.stable, default=None)
    if highest is None or version.numbers[:2] >= highest.numbers[:2]:
        return None
    if not history.line(version) and not _opens_newest_line_of_older_major(version, history):
        return None
    what = version.line if history.line(version) else f"{version.line}, a new line of major version {version.major},"
    message = f"{version.tag} is a backport: {what} is below {highest.line}, released as {history.called(highest)}."
    hint = (
        f"Only releases with a git tag can have floating tags. To keep them on {highest.tag}, restore its git tag "
        "first."
    )
    return Objection(message, hint if version.is_stable and highest in history.released else "")


def _opens_newest_line_of_older_major(version: Version, history: History) -> bool:
    """Whether a version opens a line of a major version that has releases, and is above all of them."""
    major = [other for other in history.stable if other.major == version.major and other.tag not in history.skipped]
    return bool(major) and version > max(major)


def _find_twin(version: Version, history: History) -> Version | None:
    """The same version under another tag, in git, released or published."""
    return next((other for other in history.base(version) if other.same_version(version)), None)


def _find_release(version: Version, history: History) -> Version | None:
    """The final or post release of a version's base."""
    return next((other for other in history.stable if other.numbers == version.numbers), None)


def _as(final: Version, version: Version, history: History) -> str:
    """How a base is released, where that is not plain: by a post release, or by a release without its tag."""
    name = history.called(final)
    return "" if name == version.release else f" as {name}"


RULES = (
    Rule("other-spelling", Level.ERROR, _other_spelling),
    Rule("candidate-spelling", Level.ERROR, _candidate_spelling),
    Rule("post-spelling", Level.ERROR, _post_spelling),
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
