"""The frame of every verdict of this suite: which report says what about which commit, and on which knowledge.

Each check writes its own details; this part is the same for all, so that a gate can read reports of checks that it has
never heard of. The form is published as `schema/report.schema.json` and is an API: keys are added, never changed.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from release_actions.errors import ExitCode, Place
from release_actions.runner.context import COMMIT, TAG_REF, Context
from release_actions.runner.files import write_workspace_file
from release_actions.runner.report import Finding, Level, Report

SCHEMA_VERSION = 1
REPORT_OUTPUTS = ("report", "report-digest")
"""What every action whose result is a report gives besides: the file, and the digest that proves who wrote it."""


class Verdict(str, enum.Enum):
    """What a check says.

    `warn` passes, and a person should look. `inconclusive` is no pass: what it needs could not be found out.
    """

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class RunOfWorkflow:
    """The workflow run that made a report. Empty, and 0, away from a runner."""

    repository: str = ""
    workflow: str = ""
    id: str = ""
    attempt: int = 0
    url: str = ""

    @classmethod
    def of(cls, context: Context) -> RunOfWorkflow:
        """The run that this process belongs to."""
        environ = context.environ
        number, attempt = environ.get("GITHUB_RUN_ID", ""), environ.get("GITHUB_RUN_ATTEMPT", "")
        has_address = bool(number and context.repository)
        return cls(
            repository=context.repository,
            workflow=environ.get("GITHUB_WORKFLOW", ""),
            id=number,
            attempt=int(attempt) if attempt.isdigit() else 0,
            url=f"{context.server_url}/{context.repository}/actions/runs/{number}" if has_address else "",
        )


@dataclass(frozen=True)
class Envelope:
    """A verdict with what it is about.

    `report`: the name of the check. `tag` and `commit`: what was judged, empty when it is none of them. `as_of`: when
    the world was read. `configuration`: digest of the configuration that was in force, empty without one. `details`:
    what only this check says, as JSON values.
    """

    report: str
    verdict: Verdict
    as_of: datetime
    tag: str = ""
    commit: str = ""
    configuration: str = ""
    run: RunOfWorkflow = RunOfWorkflow()
    findings: tuple[Finding, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The envelope as JSON values, in the order of the schema."""
        return {
            "report": self.report,
            "schema-version": SCHEMA_VERSION,
            "verdict": self.verdict.value,
            "tag": self.tag,
            "commit": self.commit,
            "as-of": self.as_of.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "configuration": self.configuration,
            "run": {
                "repository": self.run.repository,
                "workflow": self.run.workflow,
                "id": self.run.id,
                "attempt": self.run.attempt,
                "url": self.run.url,
            },
            "findings": [document_of(finding) for finding in self.findings],
            **self.details,
        }

    def text(self) -> str:
        """The document as a file."""
        return json.dumps(self.document(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    def digest(self) -> str:
        """The digest of that file: as an output of a job, it proves to the gate that the job wrote the file."""
        return digest_of(self.text().encode())


def document_of(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    problem = finding.problem
    return {
        "rule": finding.rule,
        "level": finding.level.value,
        "message": problem.message,
        "hint": problem.hint,
        "place": None if problem.place is None else place_of(problem.place),
    }


def place_of(place: Place) -> dict[str, Any]:
    """A place as JSON values; line and column are 0 when they are not known."""
    return {"file": place.file, "line": place.line, "column": place.column}


def digest_of(content: bytes) -> str:
    """The digest of a file."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def verdict_of(findings: tuple[Finding, ...]) -> Verdict:
    """The verdict of a check that knows everything it needs: errors fail, warnings warn, notices pass."""
    levels = {finding.level for finding in findings}
    if Level.ERROR in levels:
        return Verdict.FAIL
    return Verdict.WARN if Level.WARNING in levels else Verdict.PASS


def write_report(name: str, report: Report, file: str, texts: Mapping[str, str], context: Context) -> str:
    """Write the result of a command as a report, and return its digest. `texts`: the command's inputs as given.

    Raises `InputError` when the file cannot be written.
    """
    passed = verdict_of(report.findings)
    verdicts = {ExitCode.PASS: passed, ExitCode.REFUSED: Verdict.FAIL}
    configuration = context.path(texts.get("config", "")) if texts.get("config") else None
    has_file = configuration is not None and configuration.is_file()
    on_tag = context.ref.removeprefix(TAG_REF) if context.ref.startswith(TAG_REF) else ""
    made = Envelope(
        name,
        verdicts.get(report.exit_code, Verdict.INCONCLUSIVE),
        context.now,
        tag=(texts.get("tag") or texts.get("to") or "").strip().removeprefix(TAG_REF) or on_tag,
        commit=keep_commit(texts.get("commit") or texts.get("revision") or context.sha),
        configuration=digest_of(configuration.read_bytes()) if configuration and has_file else "",
        run=RunOfWorkflow.of(context),
        findings=report.findings,
        details={"outputs": dict(report.outputs)},
    )
    write_workspace_file(context.path(file), file, made.text())
    return made.digest()


def keep_commit(text: str) -> str:
    """A whole commit id in lower case; empty for any other text, as the report is then about no commit."""
    return text.lower() if COMMIT.fullmatch(text.lower()) else ""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of every report. A report may have more keys: its own details."""
    text = {"type": "string"}
    count = {"type": "integer", "minimum": 0}
    place = close_object({"file": text, "line": count, "column": count})
    finding = close_object(
        {
            "rule": text,
            "level": {"enum": [level.value for level in Level]},
            "message": {"type": "string", "minLength": 1},
            "hint": text,
            "place": {"oneOf": [{"type": "null"}, place]},
        }
    )
    run = close_object({"repository": text, "workflow": text, "id": text, "attempt": count, "url": text})
    keys = {
        "report": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "description": "The check that wrote the report."},
        "schema-version": {"const": SCHEMA_VERSION},
        "verdict": {"enum": [verdict.value for verdict in Verdict]},
        "tag": {**text, "description": "The tag that was judged, or empty."},
        "commit": {"type": "string", "pattern": "^([0-9a-f]{40}([0-9a-f]{24})?)?$"},
        "as-of": {"type": "string", "format": "date-time", "description": "When the world was read, in UTC."},
        "configuration": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
        "run": {**run, "description": "The workflow run that made the report; empty texts away from a runner."},
        "findings": {"type": "array", "items": finding},
    }
    approval = close_object(
        {"who": text, "role": text, "at": {"type": "string", "format": "date-time"}, "review": text}
    )
    optional = {
        "author": {**text, "description": "Who made what was approved: the own approval does not count."},
        "approvals": {"type": "array", "items": approval},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Report of a check of release-actions",
        "type": "object",
        "required": list(keys),
        "properties": {**keys, **optional},
    }


def close_object(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object that has exactly these keys."""
    return {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}
