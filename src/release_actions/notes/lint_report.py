"""What a check of release notes comes to: the verdict, the findings for people and programs, what did not run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from release_actions.components.finding import UNKNOWN, Certainty, ComponentFinding
from release_actions.errors import ExitCode
from release_actions.notes.evidence import EvidenceKind, NotesEvidence
from release_actions.notes.lint import RULES, UnrunRule, list_unrun
from release_actions.runner import markdown
from release_actions.runner.report import Output, Report, counted
from release_actions.runner.workflow import shorten

OUTPUT_FINDINGS = 300
"""Findings in the output; the job summary and the SARIF file have more."""

OUTPUT_CHARACTERS = 500
"""Characters of a sentence in the output: what notes hold may be long, and all outputs together may not."""


@dataclass(frozen=True)
class LintResult:
    """Notes that were checked. `path` is what findings call them."""

    path: str
    evidence: NotesEvidence
    found: tuple[ComponentFinding, ...]
    sarif_file: str = ""

    @property
    def idle(self) -> tuple[UnrunRule, ...]:
        """The rules that did not run."""
        return list_unrun(self.evidence)


def make_report(checked: LintResult) -> Report:
    """The findings for people and for later steps."""
    previous = checked.evidence.previous_tag
    outputs: dict[str, Output] = {
        "file": checked.path,
        "previous-tag": previous if isinstance(previous, str) else "",
        "findings": [finding_as_json(finding) for finding in checked.found[:OUTPUT_FINDINGS]],
        "sarif-file": checked.sarif_file,
    }
    return Report(
        outputs=outputs,
        summary=write_summary(checked),
        lines=(*describe_unrun(checked.idle, checked.evidence), summarize(checked)),
        findings=tuple(finding.annotation() for finding in checked.found),
        exit_code=exit_code(checked.found),
    )


def exit_code(listed: Iterable[ComponentFinding]) -> ExitCode:
    """Whether the notes are right, wrong, or not known to be either."""
    findings = tuple(listed)
    if any(finding.rule == UNKNOWN for finding in findings):
        return ExitCode.UNKNOWN
    certain = any(finding.certainty is Certainty.CERTAIN for finding in findings)
    return ExitCode.REFUSED if certain else ExitCode.PASS


def finding_as_json(finding: ComponentFinding) -> Output:
    """A finding as JSON. `other` is the place that disagrees, empty where there is none."""
    return {
        "rule": finding.rule,
        "certainty": finding.certainty.value,
        "level": finding.level.value,
        "message": shorten(finding.message, OUTPUT_CHARACTERS),
        "hint": shorten(finding.hint, OUTPUT_CHARACTERS),
        "file": finding.place.file if finding.place else "",
        "line": finding.place.line if finding.place else 0,
        "column": finding.place.column if finding.place else 0,
        "other": str(finding.other or ""),
    }


def summarize(checked: LintResult) -> str:
    """The whole in one sentence."""
    unknown = sum(finding.rule == UNKNOWN for finding in checked.found)
    certain = sum(finding.certainty is Certainty.CERTAIN for finding in checked.found)
    rest = len(checked.found) - unknown - certain
    ran = f"{len(RULES) - len(checked.idle)} of {len(RULES)} rules ran"
    asked = f", {counted(unknown, 'question')} without an answer" if unknown else ""
    return f"{checked.path} has {counted(certain, 'error')} and {counted(rest, 'possible error')}{asked}; {ran}."


def describe_unrun(resting: Iterable[UnrunRule], evidence: NotesEvidence) -> tuple[str, ...]:
    """What was not offered, and the rules that did not run for it, a line each."""
    rules: dict[EvidenceKind, list[str]] = {}
    for rule in resting:
        rules.setdefault(rule.needs[0], []).append(rule.rule.name)
    texts = []
    for need, names in rules.items():
        why = f" ({evidence.why[need]})" if need in evidence.why else ""
        texts.append(f"Not checked without {need.value}{why}: {', '.join(names)}.")
    return tuple(texts)


def write_summary(checked: LintResult) -> str:
    """The job summary: verdict, findings, what did not run."""
    parts = [f"## Check of {markdown.plain(checked.path)}\n", f"{markdown.plain(summarize(checked))}\n"]
    rows = (
        [
            "unknown" if finding.rule == UNKNOWN else finding.certainty.value,
            markdown.code(finding.rule),
            str(finding.place.line) if finding.place and finding.place.line else "",
            markdown.plain(f"{finding.message} {finding.hint}".strip()),
            markdown.plain(str(finding.other)) if finding.other else "",
        ]
        for finding in checked.found
    )
    if checked.found:
        parts.append(markdown.table(["How sure", "Rule", "Line", "What", "Disagrees with"], rows))
    resting = [f"- {markdown.plain(line)}" for line in describe_unrun(checked.idle, checked.evidence)]
    if resting:
        parts.append("\n".join(["### What was not checked\n", *resting, ""]))
    return "\n".join(parts)
