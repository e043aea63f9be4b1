"""The shape of `gate` in `release.yaml`: what must be known and approved before a release, for `release-gate`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from release_actions.config.drift import DAY
from release_actions.config.shapes import Boolean, Integer, ListOf, Record, RecordOf, Text, key, make_duration

REPORT_NAME = Text("the name of a report", pattern="[a-z][a-z0-9-]*", example="branch-audit")
AGE = make_duration()
WHO = Text("a login", pattern="[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:\\[bot\\])?", example="octocat")


ARTIFACT_NAME = r"[ !#-)+-.0-9;=@-\[\]-{}~\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]+"
"""What GitHub takes as an artifact's name: no quotes, colons, angle brackets, bars, stars, question marks, slashes or
control characters."""


@dataclass(frozen=True, kw_only=True)
class RequiredReport(Record):
    """A report without which there is no go."""

    report: str = key(REPORT_NAME, "Name of the check, as its report has it.")
    workflow: str = key(
        Text("a workflow file", pattern=r"[A-Za-z0-9_.-]+\.ya?ml", example="audit.yml"),
        "Workflow file whose runs make the report. Without it, the report is made in the run of the gate itself.",
        default="",
    )
    ref: str = key(
        Text("a branch or tag", pattern=r"(?:[A-Za-z0-9_./-]|\{tag\})+", example="main"),
        "Branch or tag that the workflow runs on; `{tag}` is the tag that is judged, and the default.",
        default="",
    )
    artifact: str = key(
        Text("the name of an artifact", pattern=ARTIFACT_NAME, example="branch-audit"),
        "Artifact that holds the report. Without it, the report's name.",
        default="",
    )
    max_age: timedelta | None = key(AGE, "How old the report may be. Without it, of any age.", default=None)
    candidates: bool = key(
        Boolean(), "Whether a report about a candidate of this release counts, if it is of this commit.", default=False
    )


@dataclass(frozen=True, kw_only=True)
class RequiredApprovals(Record):
    """Approvals without which there is no go."""

    role: str = key(
        Text("a role", pattern="[a-z][a-z0-9-]*", example="release-leader"), "The role, as reports name it."
    )
    count: int = key(Integer(1, 20), "How many different people with that role have to approve.", default=1)


@dataclass(frozen=True, kw_only=True)
class Waiver(Record):
    """A report that does not stop this release, and who answers for it."""

    report: str = key(REPORT_NAME, "Name of the check.")
    rules: tuple[str, ...] = key(
        ListOf("a list of rules", Text("a rule", pattern="[a-z][a-z0-9-]*", example="feature"), unique=True),
        "Rules whose findings are waived. Without it, whatever the report says or lacks.",
        default=(),
    )
    tag: str = key(
        Text("a tag", pattern=r"[A-Za-z0-9_][A-Za-z0-9_.+/-]*", example="v0.5.0"), "The tag it is for, no other."
    )
    who: str = key(WHO, "Who answers for it.")
    why: str = key(Text("a reason", example="measured by hand, see #123"), "Why, for whoever reads the release's log.")
    until: date = key(DAY, "The last day on which it holds.")


@dataclass(frozen=True, kw_only=True)
class GateForm(Record):
    """What must be known and approved before a release."""

    before_floating_tags: bool = key(
        Boolean(),
        "Whether `ci-release.yaml` asks the gate before it moves floating tags. A no-go moves none and fails the run.",
        default=False,
    )
    required: tuple[RequiredReport, ...] = key(
        ListOf("a list of reports", RecordOf("a required report", RequiredReport)),
        "Reports without which there is no go.",
        default=(),
    )
    approvals: tuple[RequiredApprovals, ...] = key(
        ListOf("a list of approvals", RecordOf("required approvals", RequiredApprovals)),
        "Approvals without which there is no go. They are in the reports; the author's own never counts.",
        default=(),
    )
    waivers: tuple[Waiver, ...] = key(
        ListOf("a list of waivers", RecordOf("a waiver", Waiver)),
        "What does not stop a release for once. A waiver that changes nothing is a finding itself.",
        default=(),
    )
