"""Puts the audit together: every version in the files is judged, excepted or reported, and replaced where that is sure.

Pure. A finding keeps its reference, so that reports can sort by component; what is excepted stays in the result with
its reason, and an exception or a comment that excepts nothing is itself a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from release_actions.drift.catalogue import Catalogue
from release_actions.drift.classes import Judged, VersionClass, find_mixed, judge
from release_actions.drift.exceptions import Comment, Exemption, find_exemption, read_comments
from release_actions.drift.harmless import is_harmless
from release_actions.drift.patch import Replacement
from release_actions.drift.reference import Form, Reference, Text
from release_actions.drift.scan import Scan
from release_actions.drift.strangers import Stray
from release_actions.errors import Place
from release_actions.versions.history import Level

OTHER_LEVELS = {
    "third-party-floating": Level.INFO,
    "conflict-marker": Level.ERROR,
    "tag-exists": Level.ERROR,
    "dependency-stale": Level.ERROR,
    "dependency-missing": Level.ERROR,
    "component-without-build": Level.WARN,
    "build-without-component": Level.WARN,
    "unused-exception": Level.WARN,
    "ignore-without-reason": Level.WARN,
}
"""Levels of the rules that are not about one version, on every branch."""

HINTS = {
    VersionClass.STALE: "Write {instead}.",
    VersionClass.AHEAD: "Correct it, or the version that the release should have.",
    VersionClass.DEV_PACKAGE: "Name the package that releases go to.",
    VersionClass.DEV_TAG: "Write {instead}.",
    VersionClass.FLOATING: "Write {instead}.",
    VersionClass.CANDIDATE: "Write {instead}.",
    VersionClass.RENAMED: "Use the new name.",
    VersionClass.BRANCH: "Name a tag: {instead}.",
    VersionClass.MISSING: "Correct the version, or publish it first.",
    VersionClass.MIXED: "Use one version in all files.",
}

PATCHED = frozenset({VersionClass.STALE, VersionClass.CANDIDATE, VersionClass.FLOATING, VersionClass.DEV_TAG})
"""What a patch may put right: it writes another version and nothing else."""


@dataclass(frozen=True)
class DriftFinding:
    """A version, or something else, that is not as the release needs it. `excepted` is the reason for leaving it."""

    rule: str
    level: Level
    message: str
    hint: str
    place: Place
    component: str = ""
    excepted: str = ""


@dataclass(frozen=True)
class Unchanged:
    """A finding that the patch does not put right, and why."""

    place: Place
    token: str
    why: str


@dataclass(frozen=True)
class Audit:
    """The result. `judged` has every reference; `findings` those with a level above off, excepted ones included."""

    judged: tuple[Judged, ...]
    findings: tuple[DriftFinding, ...]
    replacements: tuple[Replacement, ...]
    unchanged: tuple[Unchanged, ...]

    @property
    def reported(self) -> tuple[DriftFinding, ...]:
        """The findings that nobody excepted."""
        return tuple(finding for finding in self.findings if not finding.excepted)

    @property
    def errors(self) -> tuple[DriftFinding, ...]:
        """What stops a release."""
        return tuple(finding for finding in self.reported if finding.level is Level.ERROR)


@dataclass(frozen=True)
class Rules:
    """Levels by rule, the exceptions, and the day they are judged on."""

    levels: Mapping[str, Level]
    exemptions: tuple[Exemption, ...] = ()
    today: date = date.max


def run_audit(
    scan: Scan,
    catalogue: Catalogue,
    rules: Rules,
    strays: Iterable[Stray] = (),
    *,
    is_missing: Callable[[Reference], bool] = lambda _: False,
) -> Audit:
    """Judge everything that a scan gave, and `strays` from elsewhere. `is_missing`: what a server does not have."""
    judged = tuple(
        Judged(reference, VersionClass.MISSING, why="no server has it")
        if is_missing(reference)
        else judge(reference, catalogue)
        for reference in scan.references
    )
    comments = {(text.path, comment.line): comment for text in scan.files.values() for comment in read_comments(text)}
    kustomized = frozenset(item.reference.name.text for item in judged if item.reference.form is Form.KUSTOMIZE)
    listed = [
        *(finding for item in judged for finding in _describe(item, scan.files, kustomized)),
        *_describe_mixed(judged, catalogue),
        *(_describe_stray(stray) for stray in (*scan.strays, *strays)),
    ]
    used: set[Place] = set()
    findings = []
    for finding in listed:
        level = rules.levels.get(finding.rule, finding.level)
        if level is Level.OFF:
            continue
        reason = _excuse(finding, comments, rules, used)
        shown = Level.INFO if finding.level is Level.INFO else level
        findings.append(_change_level(finding, shown, reason))
    findings += _check_exceptions(comments.values(), rules, used)
    excused = {finding.place for finding in findings if finding.excepted}
    replacements, unchanged = _plan_patch(judged, excused)
    return Audit(judged, tuple(sorted(findings, key=_order_key)), replacements, unchanged)


def _order_key(finding: DriftFinding) -> tuple[str, int, int, str]:
    return finding.place.file, finding.place.line, finding.place.column, finding.rule


def _change_level(finding: DriftFinding, level: Level, excepted: str) -> DriftFinding:
    return DriftFinding(finding.rule, level, finding.message, finding.hint, finding.place, finding.component, excepted)


def _describe(item: Judged, files: Mapping[str, Text], kustomized: frozenset[str]) -> Iterator[DriftFinding]:
    """A version that is not right, as a sentence."""
    if item.verdict in {VersionClass.OK, VersionClass.UNKNOWN}:
        return
    reference = item.reference
    harmless = is_harmless(item, files[reference.place.file], kustomized)
    level = Level.INFO if harmless else Level.ERROR
    hint = HINTS[item.verdict].format(instead=item.instead)
    if "{instead}" in HINTS[item.verdict] and not item.instead:
        hint = "Name the version of the release."
    yield DriftFinding(item.verdict.value, level, _sentence(item), hint, reference.place, reference.name.component)


def _sentence(item: Judged) -> str:
    reference = item.reference
    what = f"{reference.name.text}:{reference.token}" if reference.form is Form.IMAGE and reference.token else ""
    what = what or (f"{reference.token} of {reference.name.text}" if reference.token else reference.name.text)
    return f"{what} is {_WORDS[item.verdict]}: {item.why}." if item.why else f"{what} is {_WORDS[item.verdict]}."


_WORDS = {
    VersionClass.STALE: "out of date",
    VersionClass.AHEAD: "newer than the release",
    VersionClass.DEV_PACKAGE: "a development package",
    VersionClass.DEV_TAG: "a development tag",
    VersionClass.FLOATING: "a floating tag",
    VersionClass.CANDIDATE: "a candidate",
    VersionClass.MISSING: "not published",
    VersionClass.RENAMED: "an earlier name",
    VersionClass.BRANCH: "a branch",
}


def _describe_mixed(judged: tuple[Judged, ...], catalogue: Catalogue) -> Iterator[DriftFinding]:
    """One finding per component that stands in several versions, at the first place of the second version."""
    for component, versions in find_mixed(judged, catalogue).items():
        places = [item.reference.place for item in judged if item.reference.name.component == component]
        message = f"{catalogue.wanted[component].title} is named in {len(versions)} versions: {', '.join(versions)}."
        yield DriftFinding(
            VersionClass.MIXED.value, Level.WARN, message, HINTS[VersionClass.MIXED], places[0], component
        )


def _describe_stray(stray: Stray) -> DriftFinding:
    return DriftFinding(stray.rule, OTHER_LEVELS[stray.rule], stray.message, stray.hint, stray.place)


def _excuse(finding: DriftFinding, comments: Mapping[tuple[str, int], Comment], rules: Rules, used: set[Place]) -> str:
    """Why a finding is left as it is; empty when it is not."""
    comment = comments.get((finding.place.file, finding.place.line))
    if comment and comment.reason:
        used.add(comment.place)
        return comment.reason
    exemption = find_exemption(rules.exemptions, finding.place.file, finding.rule, rules.today)
    if exemption:
        used.add(exemption.place)
        return exemption.reason
    return ""


def _check_exceptions(comments: Iterable[Comment], rules: Rules, used: set[Place]) -> Iterator[DriftFinding]:
    """Exceptions that have ended or cover nothing, and comments without a reason or without effect."""
    for exemption in rules.exemptions:
        if exemption.place in used:
            continue
        ended = exemption.until is not None and rules.today > exemption.until
        why = f"ended on {exemption.until}" if ended else "covers no finding"
        yield _find_unused(f"This exception {why}.", "Remove it, or correct its paths and rules.", exemption.place)
    for comment in comments:
        if not comment.reason:
            message = "This comment gives no reason, so it excepts nothing."
            hint = "Write why: audit: ignore <reason>."
            yield DriftFinding(
                "ignore-without-reason", OTHER_LEVELS["ignore-without-reason"], message, hint, comment.place
            )
        elif comment.place not in used:
            yield _find_unused("This comment excepts nothing.", "Remove it.", comment.place)


def _find_unused(message: str, hint: str, place: Place) -> DriftFinding:
    return DriftFinding("unused-exception", OTHER_LEVELS["unused-exception"], message, hint, place)


def _plan_patch(judged: Iterable[Judged], excused: set[Place]) -> tuple[tuple[Replacement, ...], tuple[Unchanged, ...]]:
    """What a patch writes, and what it leaves to people with the reason."""
    replacements, unchanged = [], []
    for item in judged:
        reference = item.reference
        if item.verdict in {VersionClass.OK, VersionClass.UNKNOWN} or reference.place in excused:
            continue
        why = _why_not(item)
        if why:
            unchanged.append(Unchanged(reference.place, reference.token, why))
        else:
            replacements.append(Replacement(reference.place.file, reference.start, reference.end, item.instead))
    return tuple(replacements), tuple(unchanged)


def _why_not(item: Judged) -> str:
    """Why no patch changes a version; empty when one does."""
    reference = item.reference
    reasons = (
        (item.verdict not in PATCHED, "a person has to decide"),
        (not item.instead, "its version at the release is not known"),
        (reference.commented, "it is in a comment"),
        (not reference.token, "there is no tag to replace"),
        (bool(reference.digest), "the digest beside it would no longer belong to the tag"),
        (reference.form in {Form.TABLE, Form.LINK}, "it is text for readers"),
    )
    return next((reason for applies, reason in reasons if applies), "")
