"""What a check comes to: exit code, sentences, the summary, and outputs that stay within the platform's limits."""

from __future__ import annotations

import json

import pytest
from tests.notes import cleaned

from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.errors import ExitCode, Place
from release_actions.notes import lint_report
from release_actions.notes.evidence import EvidenceKind, NotesEvidence
from release_actions.notes.lint import RULES, lint
from release_actions.notes.lint_report import LintResult
from release_actions.runner.report import Level
from release_actions.runner.workflow import OUTPUT_LIMIT

SURE = ComponentFinding(
    "placeholder", Certainty.CERTAIN, "It is left.", "Remove it.", Place("n.md", 3, 1), Place("n.md", 1, 1)
)
MAYBE = ComponentFinding("task-open", Certainty.SUSPICIOUS, "It is open.", "Do it.", Place("n.md", 4, 1))
UNREAD = ComponentFinding(UNKNOWN, Certainty.SUSPICIOUS, "It could not be read.", "Try again.", Place("n.md"))


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((), ExitCode.PASS),
        ((MAYBE,), ExitCode.PASS),
        ((MAYBE, SURE), ExitCode.REFUSED),
        ((SURE, UNREAD), ExitCode.UNKNOWN),
    ],
)
def test_the_exit_code(found: tuple[ComponentFinding, ...], code: ExitCode) -> None:
    assert lint_report.make_report(LintResult("n.md", cleaned.evidence(), found)).exit_code is code


def test_how_loud_each_is() -> None:
    report = lint_report.make_report(LintResult("n.md", cleaned.evidence(), (SURE, MAYBE, UNREAD)))
    assert [one.level for one in report.findings] == [Level.ERROR, Level.WARNING, Level.ERROR]
    assert report.findings[0].problem.place == Place("n.md", 3, 1)


def test_the_verdict_counts_each_once() -> None:
    checked = LintResult("n.md", cleaned.evidence(), (SURE, SURE, MAYBE, UNREAD))
    words = "n.md has 2 errors and 1 possible error, 1 question without an answer"
    assert lint_report.summarize(checked) == f"{words}; {len(RULES)} of {len(RULES)} rules ran."


def test_the_summary_shows_what_disagrees_and_what_did_not_run() -> None:
    evidence = NotesEvidence(why={EvidenceKind.TAG: "no tag was given"})
    summary = lint_report.write_summary(LintResult("n.md", evidence, (SURE, UNREAD)))
    assert "| certain | `placeholder` | 3 | It is left. Remove it. | n.md\\:1:1 |" in summary
    assert "| unknown | `upstream-unknown` |  |" in summary.replace("|   |", "|  |")
    assert "- Not checked without the release's tag (no tag was given): heading-version" in summary


def test_every_rule_that_did_not_run_is_named_once() -> None:
    checked = LintResult("n.md", NotesEvidence(), ())
    lines = " ".join(lint_report.describe_unrun(checked.idle, checked.evidence))
    for one in checked.idle:
        assert lines.count(f" {one.rule.name},") + lines.count(f" {one.rule.name}.") == 1


def test_nothing_of_the_notes_becomes_markup_of_the_summary() -> None:
    found = lint("[a|b`<x>](#)\n", "n|.md", NotesEvidence())
    summary = lint_report.write_summary(LintResult("n|.md", NotesEvidence(), found))
    assert [one.rule for one in found] == ["link-empty"]
    assert "<x>" not in summary
    row = next(line for line in summary.splitlines() if "link-empty" in line)
    assert row.replace("\\|", "").count("|") == 6


def test_outputs_stay_within_what_the_platform_takes() -> None:
    found = lint("\n\n".join(f"[{'é' * 4_000}](#)" for _ in range(400)), "n.md", NotesEvidence())
    assert [one.rule for one in found].count("link-empty") == 400
    report = lint_report.make_report(LintResult("n.md", NotesEvidence(), found))
    findings = report.outputs["findings"]
    assert isinstance(findings, list)
    assert len(findings) == lint_report.OUTPUT_FINDINGS
    assert len(json.dumps(report.outputs, ensure_ascii=False)) < OUTPUT_LIMIT
