"""What stands on the page of a release, in the order in which a release leader asks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from release_actions.gate.board import CALENDAR, TRACKER, BoardRow, list_board, list_planned
from release_actions.gate.deciding import ADMITTED, Decision, ReportRow, describe_age
from release_actions.gate.drawings import (
    Event,
    Graph,
    Intervals,
    Timeline,
    draw_branch,
    draw_intervals,
    draw_timeline,
)
from release_actions.gate.log import DECISION, Log
from release_actions.gate.reports import CheckReport
from release_actions.gate.summary import HINTS, describe_reasons
from release_actions.runner.envelope import Verdict
from release_actions.runner.report import Level, counted

BRANCH, PERFORMANCE, IMAGES = "branch-audit", "perf-gate", "verify-images"


@dataclass(frozen=True)
class Objection:
    """A point that stands against the release. `link` is empty when there is nothing to open."""

    name: str
    state: str
    why: str
    hint: str
    link: str


@dataclass(frozen=True)
class FindingRow:
    """A finding with the check that has it."""

    report: str
    rule: str
    level: str
    message: str
    hint: str
    place: str


@dataclass(frozen=True)
class CheckCard:
    """A check as the page shows it."""

    name: str
    state: str
    is_admitted: bool
    is_required: bool
    words: str
    age: str
    link: str
    findings: int
    waived_by: str


@dataclass(frozen=True)
class ImageRow:
    """An image with a digest for each platform."""

    package: str
    tags: str
    digest: str
    platforms: Mapping[str, str]


@dataclass(frozen=True)
class PageView:
    """The page. `is_go` is None where no gate is configured, so that nothing was decided."""

    repository: str
    tag: str
    commit: str
    made: datetime
    is_go: bool | None
    headline: str
    objections: tuple[Objection, ...]
    checks: tuple[CheckCard, ...]
    approvals: tuple[tuple[str, str, str, bool], ...]
    findings: tuple[FindingRow, ...]
    timeline: Timeline
    board: tuple[BoardRow, ...]
    branch: Graph | None
    branch_name: str
    commands: tuple[str, ...]
    images: tuple[ImageRow, ...]
    platforms: tuple[str, ...]
    intervals: Intervals | None
    log: tuple[tuple[str, str, str, str], ...]
    log_head: str


def build_view(repository: str, decision: Decision, reports: Sequence[CheckReport], log: Log) -> PageView:
    """The page of a decision, of all reports about its commit, and of the log so far."""
    subject = decision.subject
    is_decided = bool(decision.reports or decision.approvals)
    about = _newest_of_each(report for report in reports if report.commit == subject.commit)
    branch = about.get(BRANCH)
    performance = about.get(PERFORMANCE)
    images = tuple(_read_images(about.get(IMAGES)))
    planned = list_planned(subject.tag, about.get(CALENDAR), about.get(TRACKER))
    return PageView(
        repository=repository,
        tag=subject.tag,
        commit=subject.commit,
        made=subject.now,
        is_go=decision.is_go if is_decided else None,
        headline=_begin_sentence(describe_reasons(decision))
        if is_decided
        else f"Nothing is required of {subject.tag}.",
        objections=tuple(_list_objections(decision)),
        checks=tuple(_list_checks(decision, about)),
        approvals=tuple(
            (row.required.role, f"{len(row.people)} of {row.required.count}", ", ".join(row.people), row.is_admitted)
            for row in decision.approvals
        ),
        findings=tuple(_list_findings(about.values())),
        timeline=draw_timeline([*_list_events(about.values(), log), *planned]),
        board=tuple(_link_rows(list_board(about.get(TRACKER)))),
        branch=draw_branch(branch.details) if branch else None,
        branch_name=str(branch.details.get("branch", "")) if branch else "",
        commands=_read_texts(branch.details.get("commands")) if branch else (),
        images=images,
        platforms=tuple(dict.fromkeys(name for image in images for name in image.platforms)),
        intervals=draw_intervals(performance.details.get("comparisons")) if performance else None,
        log=tuple(_list_lines(log)),
        log_head=log.head if log.lines else "",
    )


def keep_web_address(text: str) -> str:
    """An address that a page may link to: https, or http on the own machine; else empty."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    return text if (parts.scheme == "https" and parts.hostname) or is_local else ""


def _link_rows(rows: Iterable[BoardRow]) -> Iterable[BoardRow]:
    """Rows whose links are addresses of the web."""
    return (replace(row, link=keep_web_address(row.link)) for row in rows)


def _begin_sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _newest_of_each(reports: Iterable[CheckReport]) -> dict[str, CheckReport]:
    newest: dict[str, CheckReport] = {}
    for report in sorted(reports, key=lambda report: report.as_of):
        newest[report.name] = report
    return newest


def _list_objections(decision: Decision) -> Iterable[Objection]:
    for row in decision.reports:
        if not row.is_admitted:
            link = keep_web_address(row.report.run.url) if row.report else ""
            yield Objection(row.required.report, row.state.value, row.why, HINTS[row.state], link)
    for approval in decision.approvals:
        if not approval.is_admitted:
            why = f"{len(approval.people)} of {counted(approval.required.count, 'approval')}"
            yield Objection(approval.required.role, "missing", why, "Ask somebody with that role to approve.", "")


def _list_checks(decision: Decision, about: Mapping[str, CheckReport]) -> Iterable[CheckCard]:
    """The required checks, what stands against the release first, then all others."""
    required = sorted(decision.reports, key=lambda row: row.is_admitted)
    yield from (_describe_row(row, decision) for row in required)
    names = {row.required.report for row in required}
    for report in about.values():
        if report.name not in names:
            state = report.verdict.value
            is_good = report.verdict in {Verdict.PASS, Verdict.WARN}
            age = describe_age(decision.subject.now - report.as_of)
            link = keep_web_address(report.run.url)
            words = f"{counted(len(report.findings), 'finding')}"
            yield CheckCard(report.name, state, is_good, False, words, age, link, len(report.findings), "")  # noqa: FBT003


def _describe_row(row: ReportRow, decision: Decision) -> CheckCard:
    report = row.report
    return CheckCard(
        name=row.required.report,
        state=row.state.value,
        is_admitted=row.is_admitted,
        is_required=True,
        words=row.why or ("passes" if row.state in ADMITTED else ""),
        age=describe_age(decision.subject.now - report.as_of) if report else "",
        link=keep_web_address(report.run.url) if report else "",
        findings=len(report.findings) if report else 0,
        waived_by=row.waiver.who if row.waiver else "",
    )


def _list_findings(reports: Iterable[CheckReport]) -> Iterable[FindingRow]:
    """All findings, errors first."""
    weight = {Level.ERROR: 0, Level.WARNING: 1, Level.NOTICE: 2}
    pairs = [(finding, report) for report in reports for finding in report.findings]
    for finding, report in sorted(pairs, key=lambda pair: weight[pair[0].level]):
        yield FindingRow(report.name, finding.rule, finding.level.value, finding.message, finding.hint, finding.place)


def _list_events(reports: Iterable[CheckReport], log: Log) -> Iterable[Event]:
    for report in reports:
        yield Event(report.as_of, f"{report.name}: {report.verdict.value}", report.verdict.value)
    for document in log.documents:
        if document["kind"] == DECISION:
            at = datetime.fromisoformat(str(document["time"]).replace("Z", "+00:00"))
            verdict = str(document["verdict"])
            yield Event(at, f"{document['tag']}: {verdict}", "pass" if verdict == "go" else "fail")


def _list_lines(log: Log) -> Iterable[tuple[str, str, str, str]]:
    for document in log.documents:
        what = str(document["run"].get("report") or document["kind"])
        yield str(document["time"]), what, str(document["verdict"]), str(document["actor"])


def _read_images(report: CheckReport | None) -> Iterable[ImageRow]:
    """The images of the lock that `verify-images` reports."""
    outputs = report.details.get("outputs") if report else None
    lock = outputs.get("lock") if isinstance(outputs, Mapping) else None
    images = lock.get("images") if isinstance(lock, Mapping) else None
    for package, image in images.items() if isinstance(images, Mapping) else ():
        if isinstance(image, Mapping):
            platforms = image.get("platforms")
            found: Mapping[str, Any] = platforms if isinstance(platforms, Mapping) else {}
            names = {str(name): str(digest) for name, digest in found.items()}
            yield ImageRow(str(package), ", ".join(_read_texts(image.get("tags"))), str(image.get("digest", "")), names)


def _read_texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()
