"""Judges one version in a file: is it what the release should name? Pure; never asks whether a tag exists.

A version that cannot be compared is never called older or newer: it is reported as a dev tag, or not at all.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from release_actions.components import version_order
from release_actions.drift.catalogue import Catalogue, Kind, Wanted
from release_actions.drift.reference import Form, Reference
from release_actions.versions.grammar import Kind as VersionKind
from release_actions.versions.history import Level


class VersionClass(enum.Enum):
    """What a version in a file is. The value is the name of the rule."""

    OK = "ok"
    STALE = "stale"
    AHEAD = "ahead"
    DEV_PACKAGE = "dev-package"
    DEV_TAG = "dev-tag"
    FLOATING = "floating"
    CANDIDATE = "candidate"
    MISSING = "missing"
    RENAMED = "renamed"
    MIXED = "mixed"
    BRANCH = "branch"
    UNKNOWN = "unknown"


ON_RELEASE_BRANCH = {
    VersionClass.STALE: Level.ERROR,
    VersionClass.AHEAD: Level.WARN,
    VersionClass.DEV_PACKAGE: Level.ERROR,
    VersionClass.DEV_TAG: Level.ERROR,
    VersionClass.FLOATING: Level.ERROR,
    VersionClass.CANDIDATE: Level.ERROR,
    VersionClass.MISSING: Level.ERROR,
    VersionClass.RENAMED: Level.WARN,
    VersionClass.MIXED: Level.WARN,
    VersionClass.BRANCH: Level.ERROR,
}
"""Levels of the rules on a release branch."""

ON_TRUNK = {
    **ON_RELEASE_BRANCH,
    VersionClass.DEV_PACKAGE: Level.INFO,
    VersionClass.DEV_TAG: Level.INFO,
    VersionClass.FLOATING: Level.INFO,
    VersionClass.BRANCH: Level.INFO,
}
"""Levels on trunk, which may use what trunk builds."""

COMMIT = re.compile(r"[0-9a-f]{7,40}|[0-9a-f]{64}")
DEV_TAG = re.compile(r"(?i)(?:sha|pr|dev|nightly|snapshot|canary|edge|test|ci|branch)(?:[-_.].*)?")
FLOATING = re.compile(r"(?i)latest|stable|main|master|v?[0-9]+(?:\.[0-9]+)?")
RELEASE_BRANCH = re.compile(r"(?:refs/heads/)?releases?[-/]v?(?P<version>[0-9]+\.[0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True)
class Judged:
    """A reference with its verdict. `instead`: the token to write, empty when none can be offered."""

    reference: Reference
    verdict: VersionClass
    instead: str = ""
    why: str = ""


def judge(reference: Reference, catalogue: Catalogue) -> Judged:
    """What a version is. Templates and digests alone have the verdict `unknown` with the reason."""
    wanted = catalogue.wanted[reference.name.component]
    if reference.is_template:
        return Judged(reference, VersionClass.UNKNOWN, why="a template fills it in")
    if reference.name.is_dev:
        return Judged(reference, VersionClass.DEV_PACKAGE, why="only development builds go to this package")
    verdict = _judge_repository(reference, wanted, catalogue) if _is_git(reference) else _judge_tag(reference, wanted)
    if reference.name.current and verdict.verdict in {VersionClass.OK, VersionClass.STALE}:
        return Judged(reference, VersionClass.RENAMED, why=f"its name is {reference.name.current} now")
    return verdict


def _is_git(reference: Reference) -> bool:
    return reference.name.kind is Kind.REPOSITORY and reference.form is not Form.VARIABLE


FLAVOUR = re.compile(r"(?P<version>latest|v?[0-9]+\.[0-9]+\.[0-9]+(?:-?rc\.?[0-9]+)?)(?P<flavour>-[a-z][a-z0-9]*)")
"""A tag of a variant: the version, then the variant's name."""

UNFINISHED_WORDS = re.compile(r"-(?:alpha|beta|dev|rc|pre|preview|snapshot|nightly|post)[0-9]*")


def _split_flavour(reference: Reference, wanted: Wanted) -> tuple[str, str, str]:
    """The token without the name of a variant, what to write there, and the name with its hyphen."""
    token, instead = reference.token, spell(reference, wanted)
    match = FLAVOUR.fullmatch(token) if reference.name.kind is Kind.IMAGE else None
    if match is None or UNFINISHED_WORDS.fullmatch(match["flavour"]):
        return token, instead, ""
    return match["version"], instead and f"{instead}{match['flavour']}", match["flavour"]


def _judge_tag(reference: Reference, wanted: Wanted) -> Judged:
    token, instead, flavour = _split_flavour(reference, wanted)
    if token and f"{token}{flavour}" == instead:
        return Judged(reference, VersionClass.OK)
    if not token:
        return Judged(reference, VersionClass.FLOATING, instead, "without a tag, latest is pulled")
    if FLOATING.fullmatch(token) and not _is_chart_number(reference):
        return Judged(reference, VersionClass.FLOATING, instead, "the tag moves")
    if version_order.read(token) is None:
        return _judge_word(reference, instead)
    return _compare(reference, wanted, token, instead)


def _judge_word(reference: Reference, instead: str) -> Judged:
    """What is no version. In a variable or a table it need not be a tag at all."""
    token = reference.token
    is_dev = DEV_TAG.fullmatch(token) or version_order.is_moving(token)
    if reference.form in {Form.VARIABLE, Form.TABLE} and not is_dev:
        is_commit = COMMIT.fullmatch(token) and not token.isdecimal()
        return Judged(reference, VersionClass.UNKNOWN, why="it is a commit" if is_commit else "it is not a version")
    return Judged(reference, VersionClass.DEV_TAG, instead, "no release has this tag")


def _compare(reference: Reference, wanted: Wanted, token: str, instead: str) -> Judged:
    target = wanted.token(reference.name.kind)
    is_final = not version_order.is_unfinished(target or token)
    if is_final and version_order.is_unfinished(token):
        is_candidate = (reading := version_order.read(token)) and reading.version.kind is VersionKind.CANDIDATE
        return Judged(
            reference, VersionClass.CANDIDATE if is_candidate else VersionClass.DEV_TAG, instead, "it is not final"
        )
    if not instead:
        return Judged(reference, VersionClass.UNKNOWN, why=wanted.why or "its version at the release is not known")
    order = version_order.compare(token, target)
    if order is None:
        return Judged(reference, VersionClass.UNKNOWN, instead, f"it cannot be compared with {instead}")
    if order > 0:
        return Judged(reference, VersionClass.AHEAD, why=f"the release has {instead}")
    # The same version in another spelling is a tag that nothing was published under.
    return Judged(reference, VersionClass.STALE, instead, f"the release has {instead}")


def _is_chart_number(reference: Reference) -> bool:
    """Whether a short number is a whole version: the charts of some projects have two numbers."""
    return reference.form is Form.CHART_FILE or (
        reference.name.kind is Kind.CHART and bool(re.fullmatch(r"v?[0-9]+\.[0-9]+", reference.token))
    )


def _judge_repository(reference: Reference, wanted: Wanted, catalogue: Catalogue) -> Judged:
    token = reference.token.removeprefix("refs/tags/").removeprefix("refs/heads/")
    if token in {catalogue.trunk, "main", "master", "HEAD"}:
        # A link for readers may lead to the newest page; what a program fetches is another thing tomorrow.
        verdict = VersionClass.UNKNOWN if reference.form is Form.LINK else VersionClass.BRANCH
        return Judged(reference, verdict, spell(reference, wanted), "a branch moves")
    if COMMIT.fullmatch(token) and not token.isdecimal():
        return Judged(reference, VersionClass.UNKNOWN, why="it is a commit")
    branch = RELEASE_BRANCH.fullmatch(token)
    if branch:
        return _judge_branch(reference, wanted, catalogue, branch["version"])
    if version_order.read(token) is None:
        return Judged(reference, VersionClass.UNKNOWN, why="it is not a version")
    if token == wanted.token(Kind.REPOSITORY):
        return Judged(reference, VersionClass.OK)
    return _compare(reference, wanted, token, spell(reference, wanted))


def _judge_branch(reference: Reference, wanted: Wanted, catalogue: Catalogue, version: str) -> Judged:
    """A release branch: right if it is the one of the wanted version's line."""
    instead = ""
    if wanted.is_release and catalogue.branch:
        instead = catalogue.branch
        if reference.token.endswith(catalogue.branch):
            return Judged(reference, VersionClass.OK)
    reading = version_order.read(wanted.version) if wanted.version else None
    if reading is None:
        return Judged(reference, VersionClass.UNKNOWN, why=wanted.why or "its version at the release is not known")
    numbers = tuple(map(int, version.split(".")))
    line = reading.numbers[: len(numbers)]
    if numbers == line:
        return Judged(reference, VersionClass.OK)
    verdict = VersionClass.STALE if numbers < line else VersionClass.AHEAD
    return Judged(
        reference, verdict, instead if verdict is VersionClass.STALE else "", f"the release is {wanted.version}"
    )


def spell(reference: Reference, wanted: Wanted) -> str:
    """What should be written there: as the component's template says; in charts a leading v stays or stays away."""
    token = wanted.token(reference.name.kind)
    if reference.form is Form.CHART_FILE or reference.name.kind is Kind.CHART:
        # Helm takes both spellings (SemVer 2.0.0 has no v), and a chart's file keeps its own.
        plain = token[1:] if re.match(r"v[0-9]", token) else token
        if not plain:
            return ""
        return f"v{plain}" if re.match(r"v[0-9]", reference.token) else plain if reference.token else token
    return token


def find_mixed(judged: tuple[Judged, ...], catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Components whose version at the release is not known and that files name in several versions."""
    versions: dict[str, dict[str, None]] = {}
    for item in judged:
        component = item.reference.name.component
        readable = version_order.read(item.reference.token) is not None and not item.reference.commented
        if readable and not catalogue.wanted[component].version and item.reference.name.kind is not Kind.REPOSITORY:
            number = re.sub(r"^v(?=[0-9])", "", item.reference.token)
            versions.setdefault(component, {}).setdefault(number)
    return {component: tuple(sorted(texts)) for component, texts in versions.items() if len(texts) > 1}
